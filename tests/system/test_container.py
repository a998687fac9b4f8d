"""The root file system of the container that ./package root makes: it runs the host as one user, in
namespaces, with nothing of the real host's files."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from host import BINARY, ROOT, Host

OWNER = 10001
PORTS = {"smtp": 2525, "pop3": 2110, "submission": 2587, "submissions": 2465, "pop3s": 2995}
ME = "mx.example"

# /proc is its own; the binary finds its words there. The volume is the home.
SCRIPT = r"""
set -e
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount --bind "$VOLUME" "$ROOT/var/qmail"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=0755 dev "$ROOT/dev"
for name in null zero urandom random; do
    touch "$ROOT/dev/$name"
    mount --bind /dev/$name "$ROOT/dev/$name"
done
hostname "$ME"
ip link set lo up
exec env -i "$@"
"""
CLIENT = r"""
import smtplib, ssl, sys
trust = ssl.create_default_context()
trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
with smtplib.SMTP("127.0.0.1", 2587, timeout=30) as client:
    client.starttls(context=trust)
    client.login("ada@mx.example", "correct-horse")
    client.sendmail("ada@mx.example", ["ada@mx.example", "ada-run@mx.example"],
                    "Subject: by submission\r\n\r\nbody\r\n")
"""


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "needs root and namespaces")
class Container(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-container-"))
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        subprocess.run([ROOT / "package", "root", "--binary", BINARY, "--output", cls.base],
                       check=True, stdout=subprocess.DEVNULL, timeout=300)
        cls.root = cls.base / "root"

    def setUp(self):
        self.volume = self.base / f"volume-{self.id().rsplit('.', 1)[1]}"
        self.volume.mkdir()
        os.chown(self.volume, OWNER, OWNER)
        self.text, self.changed = "", threading.Condition()

    def words(self):
        """What the Containerfile runs."""
        lines = (self.base / "Containerfile").read_text().splitlines()
        found = []
        for key in ("ENTRYPOINT", "CMD"):
            [line] = [line for line in lines if line.startswith(key + " ")]
            found += [word.strip(' "') for word in line.split("[", 1)[1].rsplit("]", 1)[0].split(", ")]
        return found

    def environment(self):
        [line] = [line for line in (self.base / "Containerfile").read_text().splitlines()
                  if line.startswith("ENV ")]
        return line.split()[1:]

    def start(self):
        self.text = ""
        self.outside = subprocess.Popen(
            ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
             "sh", "-c", SCRIPT, "sh", *self.environment(), shutil.which("chroot"),
             f"--userspec={OWNER}:{OWNER}", self.root, *self.words()],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "ROOT": str(self.root),
                 "VOLUME": str(self.volume), "ME": ME}, cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        children = pathlib.Path(f"/proc/{self.outside.pid}/task/{self.outside.pid}/children")
        Host.wait_until(lambda: children.read_text().split())
        [self.inside] = map(int, children.read_text().split())
        self.addCleanup(self.close, self.outside, self.inside)
        threading.Thread(target=self.read, args=(self.outside,), daemon=True).start()
        self.wait_log("\nready\n")

    def read(self, process):
        for line in process.stdout:
            with self.changed:
                self.text += line.decode("latin-1")
                self.changed.notify_all()

    def wait_log(self, text, count=1):
        with self.changed:
            self.assertTrue(self.changed.wait_for(
                lambda: self.text.count(text) >= count, timeout=60), self.text)

    @staticmethod
    def close(process, inside):
        """Process 1 there has become another user, so that it does not end with its parent."""
        if process.poll() is None:
            os.kill(inside, signal.SIGKILL)
        process.wait()
        process.stdout.close()

    def outer(self, *words, **options):
        """A program of the real host in its network."""
        return subprocess.run(["nsenter", "-t", str(self.inside), "-n", "--", *map(str, words)],
                              capture_output=True, timeout=60, **options)

    def inner(self, *words, stdin=b""):
        """A program of its own, as its user."""
        return subprocess.run(
            ["nsenter", "-t", str(self.inside), "-m", "-n", "-u", "-i", "-p", "-r", "-w",
             "-S", str(OWNER), "-G", str(OWNER), "--", *words],
            input=stdin, capture_output=True, timeout=60,
            env=dict(line.split("=", 1) for line in self.environment()))

    def test_it_is_small_and_has_no_more_than_it_needs(self):
        files = [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]
        self.assertLess(len(files), 40, files)
        self.assertLess(sum(path.stat().st_size for path in files), 60 << 20)
        self.assertEqual([], [path for path in files if path.stat().st_mode & 0o6000])
        self.assertEqual(BINARY.read_bytes(), (self.root / "usr/bin/kopis").read_bytes())

    def test_mail_flows_as_one_user_and_stays_in_the_volume(self):
        self.start()
        status = pathlib.Path(f"/proc/{self.inside}/status").read_text()
        self.assertIn(f"\nUid:\t{OWNER}\t{OWNER}\t{OWNER}\t{OWNER}\n", status)
        self.assertEqual(f"{ME}\n", (self.volume / "control/me").read_text())
        added = self.inner("kopis", "user", "add", f"ada@{ME}", "--password-file", "-",
                           stdin=b"correct-horse\n")
        self.assertEqual(0, added.returncode, added)
        home = self.volume / f"users/mail/{ME}/ada"
        (home / ".qmail-run").write_text("|echo ran > ran\n")
        os.chown(home / ".qmail-run", OWNER, OWNER)
        sent = self.outer("python3", "-c", CLIENT)
        self.assertEqual(0, sent.returncode, sent)
        Host.wait_until(lambda: (home / "ran").exists() and (home / "ran").read_text() == "ran\n",
                        why=lambda: self.text)
        Host.wait_until(lambda: list((home / "Maildir/new").glob("*")), why=lambda: self.text)
        for url in ("pop3://127.0.0.1:2110/1", "pop3s://127.0.0.1:2995/1"):
            Host.wait_until(lambda: b"Subject: by submission" in self.outer(
                "curl", "-sS", "--insecure", "--ssl-reqd", "-u", f"ada@{ME}:correct-horse",
                url).stdout, why=lambda: self.text)
        os.kill(self.inside, signal.SIGTERM)
        self.assertEqual(0, self.outside.wait(20))
        self.start()  # Another container with the same volume.
        listed = self.inner("kopis", "user", "list")
        self.assertIn(f"ada@{ME}", listed.stdout.decode(), listed)

    def test_a_program_that_ends_is_started_again(self):
        """Of process 1 the runtime waits for every child, and the supervisor heard of none."""
        self.start()
        [listener] = [int(pid) for pid in os.listdir("/proc") if pid.isdigit()
                      and self.serves(int(pid), b"2525")]
        os.kill(listener, signal.SIGKILL)
        self.wait_log("kopis: warning: tcpserver ")
        self.wait_log("; starting again in ")
        self.assertEqual(0, self.outer("curl", "-sS", "smtp://127.0.0.1:2525", "-X", "NOOP").returncode)

    def serves(self, pid, port):
        """Whether it is a listener of this container's."""
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return words[0] == b"tcpserver" and port in words and os.readlink(
                f"/proc/{pid}/ns/net") == os.readlink(f"/proc/{self.inside}/ns/net")
        except OSError:
            return False

    def test_process_1_waits_for_orphans(self):
        """What loses its parent becomes a child of process 1; when it ends it is a zombie until that waits."""
        self.start()
        home = self.volume / "users"
        os.mkfifo(home / "end")
        os.chown(home / "end", OWNER, OWNER)
        made = self.inner("/bin/sh", "-c", "(read x </var/qmail/users/end) >/dev/null 2>&1 & echo $!")
        self.assertEqual(0, made.returncode, made)
        [orphan] = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
                    if self.pid_inside(pid) == made.stdout.decode().strip()]
        Host.wait_until(lambda: self.status(orphan, "PPid") == str(self.inside))
        (home / "end").write_text("now\n")
        Host.wait_until(lambda: self.status(orphan, "State") is None,
                        why=lambda: pathlib.Path(f"/proc/{orphan}/status").read_text())
        self.assertIsNone(self.outside.poll())

    def status(self, pid, key):
        try:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return None
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line).get(key)

    def pid_inside(self, pid):
        """Its number in the container; None if it is in none of ours."""
        try:
            if os.readlink(f"/proc/{pid}/ns/pid") != os.readlink(f"/proc/{self.inside}/ns/pid"):
                return None
        except OSError:
            return None
        numbers = self.status(pid, "NSpid")
        return numbers and numbers.split()[-1]

    def test_no_signal_is_lost_or_ends_it_while_it_starts(self):
        """Each is held until the host hears it: also while it becomes another program."""
        self.start()
        control, failed = self.volume / "control", "deferral: Sorry,_I_wasn't_able_to_establish"
        (control / "concurrencyremote").write_text("many\n")
        os.kill(self.inside, signal.SIGHUP)
        self.wait_log("alert: unable to reread controls")
        (control / "concurrencyremote").unlink()
        (control / "smtproutes").write_text("later.example:127.0.0.1:1\n")
        sent = self.inner("/var/qmail/bin/sendmail", "x@later.example", stdin=b"Subject: later\n\n")
        self.assertEqual(0, sent.returncode, sent)
        self.wait_log(failed)
        os.kill(self.inside, signal.SIGALRM)  # By itself the next try would come minutes later.
        self.wait_log(failed, 2)
        for count in range(2, 5):
            for _ in range(20):
                for number in (signal.SIGHUP, signal.SIGALRM):
                    os.kill(self.inside, number)
            os.kill(self.inside, signal.SIGUSR2)
            for _ in range(20):
                for number in (signal.SIGHUP, signal.SIGALRM):
                    os.kill(self.inside, number)
            self.wait_log("\nready\n", count)
            tries = self.text.count(failed)
            os.kill(self.inside, signal.SIGALRM)
            self.wait_log(failed, tries + 1)
        os.kill(self.inside, signal.SIGUSR2)
        os.kill(self.inside, signal.SIGTERM)
        self.assertEqual(0, self.outside.wait(20))

    def test_it_starts_anew_as_the_same_process(self):
        self.start()
        before = self.inner("kopis", "restart")
        self.assertEqual(0, before.returncode, before)
        self.wait_log("\nready\n", 2)
        os.kill(self.inside, signal.SIGUSR2)
        self.wait_log("\nready\n", 3)
        self.assertIsNone(self.outside.poll())
        self.assertEqual(0, self.outer("curl", "-sS", "smtp://127.0.0.1:2525", "-X", "NOOP").returncode)


if __name__ == "__main__":
    unittest.main()

"""Who may do what: each process runs as its user, and that user can do what the table of
docs/ARCHITECTURE.md gives it and no more. Tried by doing it."""

import os
import pathlib
import re
import socket
import stat
import subprocess
import unittest

from installed import InstalledCase

# Tries each thing and prints what worked. Paths are relative to the home.
TRIES = r"""
import os, socket, sys
home, joe = sys.argv[1:3]
def can(action):
    try:
        action()
        return True
    except OSError:
        return False
def opened(path, flags):
    os.close(os.open(path, flags | os.O_NONBLOCK))
def connect():
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{home}/queue/intake")
def make(directory):
    path = f"{directory}/tried-{os.getuid()}"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path)
if can(connect):
    print("submit")
for name in sys.argv[3:]:
    path = os.path.join(joe if name.startswith("~joe") else home, name.replace("~joe", "."))
    if os.path.isdir(path) or name.endswith("/"):
        if can(lambda: os.listdir(path)):
            print("list", name)
        if can(lambda: make(path)):
            print("make in", name)
    else:
        if can(lambda: opened(path, os.O_RDONLY)):
            print("read", name)
        if can(lambda: opened(path, os.O_WRONLY)):
            print("write", name)
"""

DIRECTORIES = ["./", "alias/", "auth/", "bin/", "control/", "dkim/", "dmarc/", "greylist/", "journal/", "mta-sts/",
               "srs/", "tls/", "tlsrpt/", "users/", "users/mail/", "web/",
               "queue/", "queue/command/", "queue/mess/", "queue/mess/incoming/", "queue/state/", "queue/bounce/", "queue/lock/",
               "~joe/", "~joe/Maildir/", "~joe/Maildir/new/"]
FILES = ["bin/kopis", "control/me", "control/tcprules.dat", "control/servercert.pem", "users/virtual", "alias/.qmail-root",
         "queue/lock/sendmutex", "queue/lock/tcpto", "queue/lock/trigger", "queue/lock/writer",
         "~joe/.qmail-secret"]

# What everybody may: the suite's programs and settings are no secret, and mail may be sent.
EVERYBODY = {"submit", "list ./", "list alias/", "list bin/", "list control/", "list users/",
             "list queue/", "read bin/kopis", "read control/me", "read control/tcprules.dat",
             "read alias/.qmail-root", "list ~joe/"}
# What the group qmail may: read messages. Its locks can be seen, and the trigger be pulled.
QUEUE = {"list queue/mess/", "read SEGMENT", "list queue/lock/", "read queue/lock/tcpto",
         "write queue/lock/trigger"}
MAY = {
    "qmaild": {"read control/servercert.pem", "list tls/", "make in tls/", "list dmarc/", "make in dmarc/",
               "list greylist/", "make in greylist/"},
    "qmaill": {"list journal/", "make in journal/"},
    "qmailw": {"list journal/", "list queue/command/", "list web/", "make in web/"},
    "qmailp": set(),
    "qmailr": QUEUE | {"write queue/lock/tcpto", "list auth/", "make in auth/",
                       "list dkim/", "make in dkim/", "list srs/", "make in srs/",
                       "list mta-sts/", "make in mta-sts/", "list tlsrpt/", "make in tlsrpt/"},
    "qmails": QUEUE | {
        "list queue/state/", "make in queue/state/", "read STATE", "write STATE",
        "list queue/command/", "make in queue/command/",
        "list queue/bounce/", "make in queue/bounce/", "read queue/lock/sendmutex",
        "write queue/lock/sendmutex", "read queue/lock/trigger"},
    "qmailq": QUEUE | {
        "make in queue/", "make in queue/mess/", "write SEGMENT", "list queue/mess/incoming/",
        "make in queue/mess/incoming/", "make in queue/lock/", "read queue/lock/writer",
        "write queue/lock/writer"},
    "alias": {"make in alias/", "write alias/.qmail-root", "list users/mail/",
              "make in users/mail/"},
    "joe": {"make in ~joe/", "list ~joe/Maildir/", "make in ~joe/Maildir/",
            "list ~joe/Maildir/new/", "make in ~joe/Maildir/new/", "read ~joe/.qmail-secret",
            "write ~joe/.qmail-secret", "read MAIL", "write MAIL"},
}

READ_SEARCH = 1 << 2  # CAP_DAC_READ_SEARCH: qmail-lookup reads what its user could not.


def status(pid):
    """The lines of /proc/PID/status, by name."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


class Rights(InstalledCase):
    @classmethod
    def prepare(cls):
        host = cls.host
        cls.joe = host.add_user("joe", "--groups", "audio")
        host.dot("joe", "secret", "./Maildir/")
        (cls.joe / ".qmail-secret").chmod(0o600)
        host.dot("joe", "wait", f"|mkfifo {cls.joe}/fifo; cat {cls.joe}/fifo")
        host.dot("joe", "who", "|(id -u; id -ru; id -g; id -rg; id -G; umask) > who",
                 "|grep -E '^(Cap|NoNew|Groups)' /proc/self/status > caps")
        host.run(host.home / "bin/kopis", "user", "add", "eva@virtual.example", "--generate",
                 "--new-domain")
        host.start("./Maildir/", "splogger", "qmail")
        host.spawn(host.home / "bin/tcpserver", "-u", host.uid("qmaild"), "-g",
                   host.gid("qmaild"), "-H", "-R", "-l0", "127.0.0.1", "smtp",
                   host.home / "bin/qmail-smtpd", stderr=subprocess.DEVNULL)
        host.wait_listening(25)

    def queue(self, recipient, sender="x@example.net"):
        self.host.shell(f"printf 'Subject: try\n\nhello\n' | {self.host.home}/bin/sendmail"
                        f" -f '{sender}' {recipient}")

    # Who ------------------------------------------------------------------------------------

    def test_each_process_runs_as_its_user(self):
        self.queue("joe")  # So that there is a qmail-local.
        self.host.wait_mail(self.joe / "Maildir")
        expected = {
            "qmail-start": ("root", 0, None), "qmail-lspawn": ("root", 0, None),
            "qmail-popspawn": ("root", 0, None),
            "qmail-lspawn --orders": ("qmails", "qmail", ["qmail"]),
            "qmail-lookup": ("qmailp", "nofiles", ["nofiles"]),
            "qmail-getpw": ("qmailp", "nofiles", ["nofiles"]),
            "qmail-queue": ("qmailq", "qmail", ["qmail"]),
            "qmail-clean": ("qmailq", "qmail", ["qmail"]),
            "qmail-send": ("qmails", "qmail", ["qmail"]),
            "qmail-rspawn": ("qmailr", "qmail", ["qmail"]),
            "splogger": ("qmaill", "nofiles", ["nofiles"]),
            "qmail-journal": ("qmaill", "nofiles", ["nofiles"]),
            "tcpserver": ("qmaild", "nofiles", ["nofiles"]),
            "qmail-local": ("joe", "joe", ["joe"]),
        }
        pids = self.host.pids()
        for pid in list(pids["qmail-lspawn"]):
            if b"--orders" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                pids["qmail-lspawn"].remove(pid)
                pids["qmail-lspawn --orders"] = [pid]
        self.assertEqual(set(expected), set(pids))
        for name, (user, group, groups) in expected.items():
            uid = 0 if user == "root" else self.host.uid(user)
            gid = self.group(group) if isinstance(group, str) else group
            for pid in pids[name]:
                found = status(pid)
                self.assertEqual(name.split()[0], found["Name"])
                self.assertEqual([str(uid)] * 4, found["Uid"].split(), name)
                self.assertEqual([str(gid)] * 4, found["Gid"].split(), name)
                if groups is not None:
                    self.assertEqual([str(self.group(g)) for g in groups],
                                     found["Groups"].split(), name)
                    may = READ_SEARCH if name == "qmail-lookup" else 0
                    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                        self.assertEqual(may, int(found[kind], 16), (name, kind))

    def group(self, name):
        return int(self.host.run("getent", "group", name).stdout.split(b":")[2])

    def test_a_delivery_has_the_users_uid_gid_and_no_group_but_that(self):
        self.queue("joe-who")
        path = self.joe / "caps"
        self.host.wait_until(lambda: path.exists() and path.stat().st_size > 150, "it never ran")
        uid, gid = str(self.host.uid("joe")), str(self.host.gid("joe"))
        self.assertIn("audio", self.host.run("id", "-nG", "joe").stdout.decode())
        self.assertEqual([uid, uid, gid, gid, gid, "0077"],
                         (self.joe / "who").read_text().splitlines())
        caps = dict(line.split(":\t") for line in path.read_text().splitlines())
        self.assertEqual(gid, caps["Groups"].strip())
        self.assertEqual(0, int(caps["CapEff"], 16) | int(caps["CapPrm"], 16))

    def test_no_file_is_setuid_or_setgid(self):
        odd = [path for path in self.host.home.rglob("*")
               if path.is_file() and path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)]
        self.assertEqual([], odd)

    # What -----------------------------------------------------------------------------------

    def test_each_user_can_do_what_the_table_gives_it_and_no_more(self):
        self.queue("joe-wait")  # In the queue for as long as nobody writes to the FIFO.
        self.queue("joe")
        fifo = self.joe / "fifo"
        self.host.wait_until(fifo.exists, "the program never ran")
        mail = self.host.wait_mail(self.joe / "Maildir")[0]
        home = self.host.home
        segment = max((home / "queue/mess").glob("seg-*"))
        [state] = (home / "queue/state").glob("log-*")
        names = {"SEGMENT": segment.relative_to(home), "STATE": state.relative_to(home),
                 "MAIL": f"~joe/Maildir/new/{mail.name}"}
        tried = [*DIRECTORIES, *FILES, *map(str, names.values())]
        script = self.host.base / "tries.py"
        script.write_text(TRIES)
        for user, may in MAY.items():
            [uid, gid] = self.host.uid(user), self.host.gid(user)
            out = self.host.run("setpriv", "--reuid", uid, "--regid", gid, "--clear-groups",
                                "python3", script, home, self.joe, *tried).stdout.decode()
            for word, name in names.items():
                out = re.sub(rf" {re.escape(str(name))}$", f" {word}", out, flags=re.M)
            self.assertEqual(sorted(EVERYBODY | may), sorted(set(out.splitlines())), user)
        with open(fifo, "w"):
            pass

    def test_nobody_but_root_reads_the_virtual_users_hashes(self):
        found = (self.host.home / "users/virtual").stat()
        self.assertEqual((0, 0o600), (found.st_uid, stat.S_IMODE(found.st_mode)))


class Root(InstalledCase):
    @classmethod
    def prepare(cls):
        cls.homes = {name: cls.host.add_user(name) for name in ("joe", "eva")}
        cls.qmail = cls.host.start("./Maildir/", "splogger", "qmail")

    def queue(self, recipient):
        self.host.shell(f"printf 'Subject: try\n\nhello\n' | {self.host.home}/bin/sendmail"
                        f" -f '' {recipient}")

    def roots(self):
        """The processes of root's code that are root's now."""
        found = self.host.pids()
        return [pid for name in ("qmail-start", "qmail-lspawn", "qmail-popspawn")
                for pid in found.get(name, []) if status(pid)["Uid"].startswith("0\t")]

    @staticmethod
    def holds_nothing(pid):
        """Whether it has opened /dev/null, for those that it will start: the last that it does before it serves."""
        links = [os.readlink(path) for path in pathlib.Path(f"/proc/{pid}/fd").iterdir() if int(path.name) > 2]
        return "/dev/null" in links

    def test_root_opens_nothing_for_writing_and_starts_nothing_as_root(self):
        traced = self.host.base / "trace"
        traced.mkdir()
        # A process that is being started is still qmail-start, and root's.
        self.host.wait_until(lambda: len(self.roots()) == 3 and {
            "qmail-send", "qmail-rspawn", "qmail-clean", "qmail-queue", "qmail-lookup",
            "qmail-journal"} <= set(self.host.pids()), "not all processes have started")
        roots = self.roots()
        self.queue("joe")
        self.host.wait_mail(self.homes["joe"] / "Maildir")
        [readers] = [pid for pid in self.host.pids()["qmail-popspawn"] if pid in roots]
        self.host.wait_until(lambda: self.holds_nothing(readers), "qmail-popspawn has not begun")
        tracer = subprocess.Popen(
            ["strace", "-ff", "-qq", "-o", traced / "t", "-e",
             "trace=%file,%process,%creds,ftruncate,fallocate,fchmod,fchown",
             *[word for pid in roots for word in ("-p", str(pid))]],
            stderr=subprocess.DEVNULL)
        self.addCleanup(tracer.wait, 20)
        self.addCleanup(tracer.kill)
        self.host.wait_until(lambda: all(self.is_traced(pid) for pid in roots), "strace is not there")
        for user in ("joe", "eva", "nobody-there", "root", "postmaster"):
            self.queue(user)
        for name, count in (("joe", 2), ("eva", 1)):
            self.host.wait_mail(self.homes[name] / "Maildir", count)
        self.host.wait_mail(self.host.home / "alias/Maildir")
        self.host.syslog.wait(rb"failure: Sorry,_no_mailbox")
        tids = {int(path.name) for pid in roots
                for path in pathlib.Path(f"/proc/{pid}/task").iterdir()}
        self.assertEqual(0, self.host.stop(self.qmail))  # All that is traced ends by that.
        tracer.wait(20)
        threads = self.root_threads(traced, tids)
        self.assertGreaterEqual(len(threads), 2)
        opens, starts, written, read = 0, [], [], set()
        for tid in threads:
            for line in (traced / f"t.{tid}").read_text("latin-1").splitlines():
                if re.match(r"set\w*[ug]id\(", line):
                    written.append(line)  # No thread of root's is ever another.
                elif re.match(r"(clone3?|vfork|fork)\(", line) and "CLONE_THREAD" not in line:
                    starts.append(self.uid_of_child(traced, line))
                elif re.match(r"open(at2?)?\(", line):
                    opens += 1
                    read.update(re.search(r'"(.*?)"', line).group(1).split("/"))
                    if re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", line):
                        written.append(line)
                elif re.match(r"(creat|mk|unlink|rename|link|symlink|chmod|fchmod|chown|lchown|"
                              r"fchown|truncate|ftruncate|fallocate|utime|setxattr|mount)", line):
                    written.append(line)
                elif line.startswith("execve"):
                    starts.append(("execve", line))
        self.assertGreater(opens, 1)  # It has looked users up.
        self.assertEqual([], written)
        self.assertEqual(set(), read & {"queue", "mess"})  # No message, nor anything near one.
        self.assertNotEqual([], starts)
        self.assertTrue(all(isinstance(uid, int) and uid != 0 for uid in starts), starts)

    @staticmethod
    def uid_of_child(traced, line):
        """What it had become when it ran a program; all that it did as root lies in one process."""
        lines = (traced / f"t.{line.split()[-1]}").read_text("latin-1").splitlines()
        before = lines[:next(i for i, line in enumerate(lines) if line.startswith("execve"))]
        return int(re.search(r"^setresuid\((\d+), \1, \1\) += 0$", "\n".join(before), re.M).group(1))

    @staticmethod
    def is_traced(pid):
        return all(int(re.search(r"TracerPid:\t(\d+)", path.read_text()).group(1))
                   for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status"))

    @staticmethod
    def root_threads(traced, tids):
        """These threads, and those they made."""
        todo = [tid for tid in tids if (traced / f"t.{tid}").exists()]
        seen = set()
        while todo:
            tid = todo.pop()
            if tid in seen:
                continue
            seen.add(tid)
            for line in (traced / f"t.{tid}").read_text("latin-1").splitlines():
                made = re.match(r"clone3?\(.*CLONE_THREAD.* = (\d+)", line)
                if made and (traced / f"t.{made.group(1)}").exists():
                    todo.append(int(made.group(1)))
        return seen


if __name__ == "__main__":
    unittest.main()

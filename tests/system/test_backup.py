"""kopis backup of a host under load, its restore on another, and backups that are killed."""

import json
import pathlib
import random
import re
import shutil
import signal
import smtplib
import subprocess
import threading
import time
import unittest

from host import Host, HostCase

LARGE = "x" * 70 + "\n"


class Load:
    """Senders that note each message when it is accepted: half to the mailbox, some of it
    forwarded, half to a host that does not answer."""

    def __init__(self, host, senders=3):
        self.host, self.stopped = host, threading.Event()
        self.accepted = []  # (id, recipient's kind), in the order of the replies.
        self.threads = [threading.Thread(target=self._send, args=(i,), daemon=True)
                        for i in range(senders)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)

    def _send(self, sender):
        count = 0
        while not self.stopped.is_set():
            with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as smtp:
                for _ in range(20):
                    count += 1
                    name, kind = f"m{sender}-{count}", ("near", "far", "on")[count % 3]
                    to = {"near": self.host.address, "on": f"on@{self.host.me}",
                          "far": f"{name}@far.example"}[kind]
                    body = LARGE * 5000 if count % 25 == 0 else "text\n"
                    smtp.sendmail("s@else.example", [to], f"Subject: {name}\n\n{body}")
                    self.accepted.append((name, kind))
                    if self.stopped.is_set():
                        return


class BackupTest(HostCase):
    def setUp(self):
        super().setUp()
        self.host.control("smtproutes", "far.example:127.0.0.1:1")
        self.host.control("rcpthosts", self.host.me, "far.example")
        result = self.host.run("alias", "add", f"on@{self.host.me}", self.host.address)
        self.assertEqual(result.returncode, 0, result)
        self.place = self.host.base / "backup"

    def subjects(self, host):
        """How often each message is in the mailbox."""
        counts = {}
        for path in host.mail_files(self.host.address):
            with open(path, "rb") as file:
                found = re.search(rb"^Subject: (.*)$", file.read(4000), re.M)
            name = found.group(1).decode()
            counts[name] = counts.get(name, 0) + 1
        return counts

    def backup(self, *options):
        result = self.host.run("backup", "--json", *options, self.place)
        self.assertEqual((result.returncode, result.stderr), (0, b""), result)
        return json.loads(result.stdout)

    def verify(self, place=None):
        return self.host.run("verify", place or self.place).returncode

    def other(self, *words, **options):
        """A second host, made of the backup."""
        other = Host(me=self.host.me)
        self.addCleanup(other.close)
        shutil.rmtree(other.home)
        other.address = self.host.address
        result = other.run("restore", *(words or (self.place,)), **options)
        self.assertEqual(result.returncode, 0, result)
        return other

    def test_under_load_nothing_is_lost_and_nothing_old_comes_twice(self):
        with Load(self.host) as load:
            self.host.wait_mail(self.host.address, 30, timeout=60)
            self.backup("--mail")
            count = len(load.accepted)
            self.host.wait_until(lambda: len(load.accepted) > count + 60, timeout=60)
            before = list(load.accepted)
            delivered = set(self.subjects(self.host))
            said = self.backup("--mail")
        self.assertEqual(self.verify(), 0)
        self.assertGreater(said["unfinished"], 10)
        self.assertEqual(self.host.stop(), 0)
        other = self.other()
        other.start()
        waiting = other.run("queue", "list").stdout.decode()
        for name, kind in before:
            if kind == "far":
                self.assertIn(f"{name}@far.example", waiting)
        wanted = {name for name, kind in before if kind != "far"}
        other.wait_until(lambda: wanted <= set(self.subjects(other)), timeout=60,
                         why=lambda: f"lost: {sorted(wanted - set(self.subjects(other)))[:9]}")
        other.wait_until(lambda: not re.search(
            re.escape(self.host.address), other.run("queue", "list").stdout.decode()))
        counts = self.subjects(other)
        self.assertEqual([name for name in delivered if counts[name] != 1], [])
        self.assertEqual(other.stop(), 0)

    def test_a_backup_that_is_killed_is_whole_or_refused(self):
        chance = random.Random(7)
        whole = 0
        with Load(self.host, senders=2) as load:
            self.host.wait_until(lambda: len(load.accepted) > 20, timeout=60)
            for i in range(8):
                process = subprocess.Popen(
                    self.host.command("backup", "--mail", self.place),
                    env=self.host.environment(), stdout=subprocess.DEVNULL)
                try:
                    process.wait(chance.uniform(0.02, 0.3))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                code = self.verify()
                begun = self.place.is_dir()  # What was killed before that has left nothing.
                self.assertIn(code, (0,) if whole else (0, 100) if begun else (111,))
                whole += code == 0
        self.backup("--mail")
        self.assertEqual(self.verify(), 0)
        leftover = [path for path in self.place.iterdir()
                    if path.name not in ("data", "manifest", "lock")]
        self.assertEqual(leftover, [])

    def test_a_restore_that_is_killed_is_run_again(self):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as smtp:
            for i in range(40):
                smtp.sendmail("s@else.example", [f"m{i}@far.example"], "Subject: x\n\nx\n")
        self.backup("--mail")
        self.assertEqual(self.host.stop(), 0)
        other = Host(me=self.host.me)
        self.addCleanup(other.close)
        chance, halves = random.Random(3), 0
        for _ in range(12):
            shutil.rmtree(other.home, ignore_errors=True)
            process = subprocess.Popen(
                other.command("restore", self.place), env=other.environment(),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.host.wait_until(lambda: (other.home / "restoring").exists()
                                 or process.poll() is not None)
            time.sleep(chance.uniform(0, 0.01))
            process.kill()
            process.wait()
            if (other.home / "restoring").exists():
                halves += 1
                started = other.run("run", "--home", other.home)
                self.assertEqual(111, started.returncode, started)
                self.assertIn(b"its restore was interrupted", started.stderr)
                again = other.run("restore", self.place)
                self.assertEqual(0, again.returncode, again)
            self.assertEqual((other.home / "control/me").read_text(), f"{self.host.me}\n")
            self.assertFalse((other.home / "restoring").exists())
        self.assertGreater(halves, 0)
        other.start()
        waiting = other.run("queue", "list").stdout.decode()
        self.assertEqual(40, len(set(re.findall(r"m\d+@far\.example", waiting))))
        self.assertEqual(other.stop(), 0)

    def test_a_home_in_use_is_refused_and_stays(self):
        self.backup()
        result = self.host.run("restore", self.place)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(b"another qmail-start or kopis run has it", result.stderr)
        self.assertEqual(self.host.stop(), 0)
        me = (self.host.home / "control/me").read_bytes()
        result = self.host.run("restore", self.place)
        self.assertEqual(result.returncode, 100, result)
        self.assertIn(b"is in use: it has ", result.stderr)
        self.assertEqual((self.host.home / "control/me").read_bytes(), me)

    def test_what_is_damaged_is_found(self):
        self.backup("--mail")
        for path in [self.place / "manifest", *self.place.glob("data/*/*")]:
            content = path.read_bytes()
            path.write_bytes(content[:-1] or b"x")
            self.assertEqual(self.verify(), 100, path)
            path.write_bytes(content)
        self.assertEqual(self.verify(), 0)

    def test_a_stream_has_the_same(self):
        result = self.host.run("backup", "--mail", "-")
        self.assertEqual(result.returncode, 0, result)
        verified = self.host.run("verify", "-", input=result.stdout)
        self.assertEqual(verified.returncode, 0, verified)
        for end in (0, 512, len(result.stdout) // 2, len(result.stdout) - 2048):
            cut = self.host.run("verify", "-", input=result.stdout[:end])
            self.assertEqual(cut.returncode, 100, (end, cut))
        self.assertEqual(self.host.stop(), 0)
        other = self.other("-", input=result.stdout)
        other.start()
        for path in ("control/me", "users/virtual"):
            self.assertEqual(
                [(home / path).read_bytes() for home in (self.host.home, other.home)],
                [(self.host.home / path).read_bytes()] * 2)
            self.assertEqual((self.host.home / path).stat().st_mode,
                             (other.home / path).stat().st_mode)
        self.assertEqual(other.stop(), 0)

    def test_a_second_backup_reads_what_is_new(self):
        box = self.host.maildir(self.host.address)
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as smtp:
            smtp.sendmail("s@else.example", [self.host.address], "Subject: a\n\n" + LARGE * 9000)
        (path,) = self.host.wait_mail(self.host.address, 1)
        first = self.backup("--mail")
        self.assertGreater(first["bytes_read"], len(LARGE) * 9000)
        path.rename(box / "cur" / f"{path.name}:2,S")  # A reader has seen it.
        second = self.backup("--mail")
        self.assertLess(second["bytes_read"], len(LARGE) * 1000)
        self.assertEqual(self.verify(), 0)
        self.assertEqual(self.host.stop(), 0)
        other = self.other()
        self.assertEqual([found.name for found in other.mail_files(self.host.address)],
                         [f"{path.name}:2,S"])

    def test_mailboxes_of_an_earlier_backup_are_not_taken_out(self):
        self.backup("--mail")
        kept = {path: path.read_bytes() for path in self.place.rglob("*") if path.is_file()}
        result = self.host.run("backup", self.place)
        self.assertEqual(result.returncode, 100, result)
        self.assertIn(b"has mailboxes, which a backup without --mail would take out: add --mail", result.stderr)
        self.assertEqual(kept, {path: path.read_bytes() for path in self.place.rglob("*") if path.is_file()})
        self.backup("--mail")

    def test_links_of_users_bring_nothing_in(self):
        secret = self.host.base / "secret"
        secret.write_text("only root's\n")
        secret.chmod(0o600)
        box = self.host.maildir(self.host.address)
        (box / "cur/link:2,").symlink_to(secret)
        (self.host.home / "users/mail/elsewhere").symlink_to("/etc")
        result = subprocess.run(
            [self.host.binary, "backup", "--mail", self.place], capture_output=True, timeout=60,
            env=self.host.environment())
        self.assertEqual(result.returncode, 0, result)
        contents = [path.read_bytes() for path in self.place.glob("data/*/*")]
        self.assertNotIn(b"only root's\n", contents)
        self.assertNotIn(pathlib.Path("/etc/hostname").read_bytes(), contents)


if __name__ == "__main__":
    unittest.main()

"""Debian's filters behind a real listener, set up by the files and commands of docs/FILTERING.md: as
milters, and by QMAILQUEUE. Each adds, refuses and rewrites, and is missed without loss."""

import os
import pathlib
import random
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/programs"), str(ROOT / "tests")]
sys.path.append("/usr/lib/python3/dist-packages")

import pages
from host import HostCase
from milter import CONTINUE, CRASH, Milter, packet, text
from nameserver import NameServer
from test_qmail_smtpd_milters import MilterCase

GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def block(heading, name):
    return pages.block("docs/FILTERING.md", heading, name)


def mail(body):
    return (b"From: a@far.example\r\nTo: a@mx.example\r\nDate: Mon, 30 Nov 2026 00:00:00 +0000\r\n"
            b"Message-ID: <a@far.example>\r\nSubject: hi\r\n\r\n" + body + b"\r\n")


class FilterCase(MilterCase):
    """A place for the filters of a class, which may take long to start."""

    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-filters-"))
        cls.place.chmod(0o755)
        cls.running = []
        cls.addClassCleanup(subprocess.run, ["rm", "-rf", cls.place], check=True)
        cls.addClassCleanup(cls.stop)

    @classmethod
    def start(cls, *command, ready):
        """Runs a filter; READY is a port or a socket's path."""
        with open(cls.place / "output", "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        cls.running.append(process)
        deadline = time.monotonic() + 120
        while not cls.listens(ready):
            if time.monotonic() > deadline or process.poll():
                raise AssertionError((cls.place / "output").read_text()[-2000:])
            time.sleep(0.05)
        return process

    @staticmethod
    def listens(ready):
        try:
            with socket.socket(socket.AF_INET if isinstance(ready, int) else socket.AF_UNIX) as one:
                one.connect(("127.0.0.1", ready) if isinstance(ready, int) else str(ready))
            return True
        except OSError:
            return False

    @classmethod
    def stop(cls):
        for process in cls.running:
            process.terminate()
        for process in cls.running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        cls.running = []

    def milters(self, *lines):
        """The listener with control/milters; clients are another host's."""
        self.control("milters", *lines)
        self.control("xclients", "127.0.0.1")
        if not self.process:
            self.serve("-vHR", "-l0")

    def queue_by(self, name, section, **paths):
        """The page's program in qmail-queue's place."""
        text = block(section, f"`/var/qmail/bin/{name}`")
        text = text.replace("/var/qmail/bin/qmail-queue", self.queue)
        for old, new in paths.items():
            text = text.replace(old, new)
        program = self.home / name
        program.write_text(text)
        program.chmod(0o755)
        self.control("xclients", "127.0.0.1")
        self.serve("-vHR", "-l0", QMAILQUEUE=str(program))

    def deliver(self, body):
        """What a client of another host gets for a message."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=90) as client:
            client.ehlo("proxy.example")
            client.docmd("XCLIENT", "ADDR=192.0.2.7 NAME=far.example HELO=far.example")
            client.ehlo("far.example")
            client.mail("a@far.example")
            client.rcpt("a@mx.example")
            return client.data(mail(body))


class Rspamd(FilterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        local = cls.place / "conf/local.d"
        local.mkdir(parents=True)
        (cls.place / "conf/override.d").mkdir()
        for name in ("worker-proxy.inc", "milter_headers.conf", "actions.conf"):
            (local / name).write_text(block("rspamd\n", f"`/etc/rspamd/local.d/{name}`"))
        # GTUBE with Y is marked and with Z gets another subject.
        (local / "options.inc").write_text("enable_test_patterns = true;\n")
        for name in ("db", "run", "log"):
            (cls.place / name).mkdir()
            subprocess.run(["chown", "_rspamd:", cls.place / name], check=True)
        cls.start("rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf",
                  f"--var=LOCAL_CONFDIR={cls.place}/conf", f"--var=DBDIR={cls.place}/db",
                  f"--var=RUNDIR={cls.place}/run", f"--var=LOGDIR={cls.place}/log", ready=11332)

    def connections(self):
        log = (self.place / "log/rspamd.log").read_text()
        return log.count("accepted milter connection")

    def test_it_adds_refuses_and_rewrites(self):
        self.milters(*block("rspamd\n", "`/var/qmail/control/milters`").splitlines())
        before = self.connections()
        self.assertEqual(250, self.deliver(b"hello")[0])
        message = self.taken()[0]
        self.assertIn("\nX-Spamd-Bar: ", message)
        self.assertRegex(message, r"(?m)^Authentication-Results: mx.example;")
        self.assertTrue(message.endswith("\n\nhello\n"))
        self.assertEqual(554, self.deliver(GTUBE)[0])
        self.wait_log("filter inet:127.0.0.1:11332: 554 Gtube")
        self.assertEqual(250, self.deliver(GTUBE.replace(b"X", b"Y", 1))[0])
        self.assertIn("\nX-Spam: Yes\n", self.taken()[0])
        self.assertEqual(250, self.deliver(GTUBE.replace(b"X", b"Z", 1))[0])
        self.assertIn("\nSubject: [spam] hi\n", self.taken()[0])
        self.assertEqual(before + 1, self.connections(), "one connection for all of them")

    def test_as_a_queue(self):
        self.queue_by("queue-rspamd", "rspamd: ")
        self.assertEqual(250, self.deliver(b"hello")[0])
        self.assertRegex((self.home / "message").read_text(), r"\nX-Spam-Action: (?!reject)")
        self.assertEqual(b"Fa@far.example\0Ta@mx.example\0\0",
                         (self.home / "envelope").read_bytes())
        self.assertEqual(554, self.deliver(GTUBE)[0])

    def test_as_a_queue_without_it(self):
        self.queue_by("queue-rspamd", "rspamd: ", **{"rspamc ": "rspamc -h 127.0.0.1:9 "})
        self.assertEqual(451, self.deliver(b"hello")[0])
        self.assertEqual(0, self.queued())


class Clam(FilterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.place / "db").mkdir()
        (cls.place / "db/test.ndb").write_text(f"Eicar-Test:0:*:{EICAR.hex()}\n")
        (cls.place / "clamd.conf").write_text(
            f"DatabaseDirectory {cls.place}/db\nLocalSocket {cls.place}/clamd.ctl\n"
            "Foreground true\nUser root\n")
        (cls.place / "milter.conf").write_text(
            block("ClamAV\n", "`/etc/clamav/clamav-milter.conf`").replace(
                "/var/run/clamav", str(cls.place)) + "Foreground true\n")
        cls.start("clamd", "-c", cls.place / "clamd.conf", ready=cls.place / "clamd.ctl")
        cls.start("clamav-milter", "-c", cls.place / "milter.conf", ready=7357)

    def test_a_virus_is_refused_and_other_mail_marked(self):
        self.milters(*block("ClamAV\n", "`/var/qmail/control/milters`").splitlines())
        for _ in range(2):
            self.assertEqual(250, self.deliver(b"hello")[0])
            self.assertIn("\nX-Virus-Status: Clean\n", self.taken()[0])
            code, words = self.deliver(EICAR)
            self.assertEqual(550, code, words)
            self.assertIn(b"this message has a virus: Eicar-Test", words)
        self.assertEqual(2, self.queued())

    def test_as_a_queue(self):
        config = f"clamdscan -c {self.place}/clamd.conf "
        self.queue_by("queue-clamav", "ClamAV: ", **{"clamdscan ": config})
        self.assertEqual(250, self.deliver(b"hello")[0])
        self.assertTrue((self.home / "message").read_bytes().endswith(b"\n\nhello\n"))
        self.assertEqual(554, self.deliver(EICAR)[0])
        self.assertEqual(1, self.queued())

    def test_as_a_queue_without_it(self):
        (self.home / "clamd.conf").write_text(f"LocalSocket {self.home}/nowhere\n")
        config = f"clamdscan -c {self.home}/clamd.conf "
        self.queue_by("queue-clamav", "ClamAV: ", **{"clamdscan ": config})
        self.assertEqual(451, self.deliver(b"hello")[0])
        self.assertEqual(0, self.queued())


class SpamAssassin(FilterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start("spamd", "-L", "-x", "-i", "127.0.0.1", "-p", "783", ready=783)
        words = block("SpamAssassin\n", "points on").split()
        words[words.index("/run/spamass.sock")] = str(cls.place / "sock")
        subprocess.run([*words, "-P", cls.place / "pid"], check=True, timeout=20)
        cls.addClassCleanup(lambda: os.kill(int((cls.place / "pid").read_text()), 15))

    def test_it_marks_and_refuses(self):
        self.milters(block("SpamAssassin\n", "`/var/qmail/control/milters`").replace(
            "/run/spamass.sock", str(self.place / "sock")).strip())
        for _ in range(2):
            self.assertEqual(250, self.deliver(b"hello")[0])
            self.assertIn("\nX-Spam-Status: No, ", self.taken()[0])
            self.assertEqual(550, self.deliver(GTUBE)[0])
        self.assertEqual(2, self.queued())

    def test_as_a_queue(self):
        self.queue_by("queue-spamassassin", "SpamAssassin: ")
        self.assertEqual(250, self.deliver(b"hello")[0])
        self.assertIn(b"\nX-Spam-Status: No, ", (self.home / "message").read_bytes())
        self.assertEqual(554, self.deliver(GTUBE)[0])
        self.assertEqual(1, self.queued())

    def test_as_a_queue_without_it(self):
        self.queue_by("queue-spamassassin", "SpamAssassin: ", **{
            "spamc ": "spamc -p 9 --connect-retries 1 "})
        self.assertEqual(451, self.deliver(b"hello")[0])
        self.assertEqual(0, self.queued())


class OpenDkim(FilterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        key = cls.place / "mail.private"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True,
                       capture_output=True)
        key.chmod(0o600)
        (cls.place / "conf").write_text(block("OpenDKIM\n", "`/etc/opendkim.conf`").replace(
            "/etc/dkimkeys", str(cls.place)) + "UserID root\nRequireSafeKeys false\n")
        cls.start("opendkim", "-f", "-x", cls.place / "conf", ready=8891)

    def test_it_signs_and_the_signature_is_right(self):
        import base64

        import dkim
        self.milters(*block("OpenDKIM\n", "`/var/qmail/control/milters`").splitlines())
        public = subprocess.run(
            ["openssl", "rsa", "-in", self.place / "mail.private", "-pubout", "-outform", "DER"],
            check=True, capture_output=True).stdout
        record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
        for body in (b"hello", b"x\r\n\r\n" * 3000):
            self.assertEqual(250, self.send(mail(body), "a@far.example")[0])
            message = self.taken()[0]
            self.assertTrue(message.startswith("DKIM-Signature: v=1; "), message[:300])
            self.assertTrue(dkim.verify(
                message.replace("\n", "\r\n").encode(), dnsfunc=lambda name, **_: record))

    def test_it_may_be_first_of_two(self):
        """The second sees the signature of the first."""
        second = Milter(self)
        self.milters(block("OpenDKIM\n", "`/var/qmail/control/milters`").strip(), second.place)
        self.assertEqual(250, self.send(mail(b"hello"), "a@far.example")[0])
        self.assertTrue(second.data("L")[0].startswith(b"DKIM-Signature\0"))


@unittest.skipUnless(os.geteuid() == 0, "mounts a disk")
class Room(FilterCase):
    def test_a_message_that_finds_no_room_to_wait_comes_again(self):
        small = self.home / "tmp"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=70m", "none", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        self.control("milters", Milter(
            self, E=packet("h", text("X", "y")) + CONTINUE).place)
        self.control("xclients", "127.0.0.1")
        self.serve("-vHR", "-l0", TMPDIR=str(small))
        line = b"x" * 70 + b"\r\n"
        self.assertEqual(250, self.deliver(line * 50_000)[0])  # 3.6 MB: a file.
        code, words = self.deliver(line * 150_000)  # 10.8 MB: 64 are to stay free.
        self.assertEqual((451, 1), (code, self.queued()), words)
        self.assertEqual(250, self.deliver(b"hello")[0])
        self.assertEqual([], list(small.iterdir()))


class WholeHost(HostCase):
    """From SMTP through a filter and the queue to the mailbox."""

    def send(self, size, sender="s@far.example"):
        lines = b"".join(b"%070d\r\n" % number for number in range(size // 72))
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=60) as client:
            client.sendmail(sender, [self.host.address],
                            b"From: a@far.example\r\nSubject: %d\r\n\r\n" % size + lines)
        return lines.replace(b"\r\n", b"\n")

    def test_messages_of_any_size_arrive_changed_and_checked(self):
        self.host.rules(":allow")  # Nobody may relay.
        self.host.control("checkloopback", "1")
        self.host.control("resolvers", NameServer(
            self, "txt-record=far.example,v=spf1 ip4:127.0.0.1 -all").address)
        milter = Milter(self, E=packet("h", text("X-End", "end")) + CONTINUE)
        self.host.control("milters", milter.place)
        sizes = (10, 3_000, 60_000, 200_000, 262_144, 300_000, 3_000_000)
        sent = {size: self.send(size) for size in sizes}
        for path in self.host.wait_mail(self.host.address, len(sizes), timeout=60):
            head, body = path.read_bytes().split(b"\n\n", 1)
            size = int(head.split(b"\nSubject: ")[1].split(b"\n")[0])
            self.assertEqual(sent.pop(size), body)
            self.assertRegex(head.decode(), r"(?s)Received: \(qmail \d+ invoked from network\); .*"
                             r"\nAuthentication-Results: .*spf=pass .*\nReceived: from .*"
                             r"\nFrom: a@far.example\nSubject: \d+\nX-End: end$")
        self.assertEqual({}, sent)

    def test_a_filter_that_dies_over_and_over_loses_and_doubles_nothing(self):
        milter = Milter(self, E=lambda data: CRASH if random.random() < 0.3 else CONTINUE)
        self.host.control("milters", f"{milter.place} message=5")
        left = set(range(1, 41))
        deadline = time.monotonic() + 120
        while left and time.monotonic() < deadline:
            for size in sorted(left):
                try:
                    self.send(size)
                    left.discard(size)
                except smtplib.SMTPDataError as fault:
                    self.assertEqual(451, fault.smtp_code, fault)
        self.assertEqual(set(), left)
        subjects = sorted(int(path.read_bytes().split(b"\nSubject: ")[1].split(b"\n")[0])
                          for path in self.host.wait_mail(self.host.address, 40, timeout=60))
        self.assertEqual(list(range(1, 41)), subjects)


if __name__ == "__main__":
    unittest.main()

"""qmail-showctl, qmail-tcpto, qmail-tcpok, and an empty queue's lists (contract §11)."""

import os
import struct
import subprocess
import time
import unittest

from harness import BIN, ProgramCase


class Readers(ProgramCase):
    def test_readers_that_have_enough(self):
        """What prints into a pipe that nobody reads ends by SIGPIPE, in silence."""
        (self.home / "list").write_text("x@y\n" * 1000)
        for name, *words in (("qmail-showctl",), ("tai64n",), ("addcr",), ("delcr",),
                             ("kopis", "user", "--help")):
            with self.subTest(name=name):
                read, write = os.pipe()
                os.close(read)
                with open(self.home / "list", "rb") as text:
                    result = subprocess.run(
                        [BIN / name, *words], stdin=text, stdout=write, stderr=subprocess.PIPE,
                        timeout=60, env=self.environment())
                os.close(write)
                self.assertNotEqual(0, result.returncode)
                self.assertNotIn(b"fatal", result.stderr)


class ShowControls(ProgramCase):
    def show(self):
        result = self.run_program("qmail-showctl")
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        return result.stdout.decode("latin-1")

    def test_the_host_comes_first(self):
        self.assertRegex(self.show(), (
            rf"\Aqmail home directory: {self.home}\.\nuser-ext delimiter: -\.\n"
            r"paternalism \(in decimal\): 2\.\nsilent concurrency limit: \d+\.\n"
            r"subdirectory split: 23\.\nuser ids: (\w+, ){7}\w+\.\ngroup ids: \w+, \w+\.\n"
            r"\nbadmailfrom: \(Default\.\) Any MAIL FROM is allowed\.\n"))

    def test_defaults(self):
        text = self.show()
        for line in (
                "bouncefrom: (Default.) Bounce user name is MAILER-DAEMON.",
                "bouncehost: (Default.) Bounce host name is mx.example.",
                "databytes: (Default.) SMTP DATA limit is 52428800 bytes.",
                "maxperaddress: (Default.) A client's address may have 50 connections to a listener.",
                "maxpernetwork: (Default.) A client's network may have 100 connections to a listener.",
                "maxrcpt: (Default.) SMTP messages may have 100 recipients.",
                "maxrcptrelay: (Default.) Messages of users and of clients that may relay may have "
                "40000 recipients.",
                "locals: (Default.) Messages for me are delivered locally.",
                "me: My name is mx.example.",
                "morercpthosts: (Default.) No rcpthosts; morercpthosts is irrelevant.",
                "morercpthosts.cdb: (Default.) No effect.",
                "servercert.pem: (Default.) TLS is not offered.",
                "smtpgreeting: (Default.) SMTP greeting: 220 mx.example.",
                "virtualdomains: (Default.) No virtual domains."):
            self.assertIn(f"\n\n{line}\n", text)

    def test_what_is_there(self):
        self.control("locals", "a.example", "# no", "b\x7f.example")
        self.control("rcpthosts", "a.example")
        self.control("morercpthosts", "c.example")
        self.control("timeoutsmtpd", "30")
        self.control("concurrencylocal", "many")
        self.control("surprise", "x")
        text = self.show()
        for block in (
                "locals: \nMessages for a.example are delivered locally.\n"
                "Messages for b?.example are delivered locally.\n",
                "rcpthosts: \nSMTP clients may send messages to recipients at a.example.\n",
                "morercpthosts: \nSMTP clients may send messages to recipients at c.example.\n",
                "morercpthosts.cdb: Oops! morercpthosts exists but morercpthosts.cdb doesn't.\n",
                "timeoutsmtpd: SMTP server data timeout is 30 seconds.\n",
                "concurrencylocal: Oops! Trouble reading this file.\n",
                "surprise: I have no idea what this file does.\n"):
            self.assertIn("\n" + block, text)

    def test_without_control_files(self):
        for file in (self.home / "control").iterdir():
            file.unlink()
        (self.home / "control").rmdir()
        result = self.run_program("qmail-showctl")
        self.assertEqual(111, result.returncode)
        self.assertTrue(result.stdout.endswith(b".\nOops! Unable to chdir to control.\n"))


class Timeouts(ProgramCase):
    def table(self, *entries):
        """queue/lock/tcpto as qmail lays it out: entries of (IPv4 bytes, count, Unix time)."""
        records = b"".join(struct.pack("<4sB3xI4x", *entry) for entry in entries)
        (self.home / "queue/lock/tcpto").write_bytes(records.ljust(1024, b"\0"))

    def test_entries_with_timeouts_are_shown(self):
        now = int(time.time())
        self.table((b"\xc0\0\2\1", 2, now - 100), (b"\xc0\0\2\2", 0, now), (b"\xc0\0\2\3", 10, 5))
        result = self.run_program("qmail-tcpto")
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        self.assertRegex(result.stdout, (
            rb"\A192\.0\.2\.1 timed out 1\d\d seconds ago; # recent timeouts: 2\n"
            rb"192\.0\.2\.3 timed out \d{10} seconds ago; # recent timeouts: 10\n\Z"))

    def test_qmail_tcpok_forgets_them(self):
        self.table((b"\xc0\0\2\1", 2, 1))
        result = self.run_program("qmail-tcpok")
        self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
        self.assertEqual(bytes(1024), (self.home / "queue/lock/tcpto").read_bytes())
        self.assertEqual(b"", self.run_program("qmail-tcpto").stdout)


class EmptyQueue(ProgramCase):
    def test_nothing_is_listed_and_nothing_made(self):
        self.assertEqual(b"", self.run_program("qmail-qread").stdout)
        self.assertEqual(
            b"messages in queue: 0\nmessages in queue but not yet preprocessed: 0\n",
            self.run_program("qmail-qstat").stdout)
        self.assertEqual([], list((self.home / "queue/state").iterdir()))

    def test_no_queue_is_an_error(self):
        (self.home / "queue/state").rmdir()
        for name in ("qmail-qread", "qmail-qstat"):
            result = self.run_program(name)
            self.assertEqual((111, b""), (result.returncode, result.stdout))
            self.assertIn(b"unable to read the queue", result.stderr)


if __name__ == "__main__":
    unittest.main()

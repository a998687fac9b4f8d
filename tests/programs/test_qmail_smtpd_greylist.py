"""Greylisting by a real listener: what it keeps on the disk outlives it, and damage of that stops no mail."""

import os
import struct
import time
import unittest

from test_qmail_smtpd_policy import OTHER, PolicyCase

RECORD = struct.Struct("<HBBIQ16s")


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Greylist(PolicyCase):
    def setUp(self):
        super().setUp()
        (self.home / "greylist").mkdir(mode=0o700)
        self.table = self.home / "greylist/table"
        self.control("greylist", "on")

    def wait_records(self, count):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.table.exists() and self.table.stat().st_size >= count * 36:
                return
            time.sleep(0.01)
        self.fail(f"{self.table} has no {count} records")

    def shift(self, seconds):
        """Makes all that is remembered older."""
        data, changed = self.table.read_bytes(), b""
        for at in range(0, len(data) - 35, 36):
            mark, kind, none, when, network, key = RECORD.unpack(data[at:at + 32])
            body = RECORD.pack(mark, kind, none, when - seconds, network, key)
            changed += body + struct.pack("<I", crc32c(body))
        self.table.write_bytes(changed)

    def restart(self):
        self.process.terminate()
        self.assertEqual(0, self.process.wait(20))
        self.serve("-vHR", "-l0")

    def test_a_restart_keeps_it(self):
        self.serve("-vHR", "-l0")
        code, text = self.rcpt()
        self.assertEqual((451, True), (code, b"try again in 5 minutes (#4.7.1)" in text), text)
        self.wait_log(rf"^qmail-smtpd: 1 {OTHER}: refused by greylist: helo=c\.example "
                      r"<s@far\.example> <a@mx\.example>: 451 sorry, I have not seen you")
        self.wait_records(1)
        self.assertEqual(0o600, self.table.stat().st_mode & 0o777)
        self.restart()
        self.assertEqual(451, self.rcpt()[0])
        self.process.terminate()
        self.process.wait(20)
        self.shift(301)
        self.serve("-vHR", "-l0")
        self.assertEqual(250, self.rcpt()[0])  # As if five minutes had gone by.
        self.wait_records(2)
        self.restart()
        self.assertEqual(250, self.rcpt("new@mx.example")[0])  # The sender's domain is known.
        self.assertEqual(451, self.rcpt(sender="s@other.example")[0])

    def test_listeners_share_it(self):
        self.serve("-vHR", "-l0")
        self.assertEqual(451, self.rcpt()[0])
        self.wait_records(1)
        self.shift(301)  # In the same file.
        first = self.port
        self.serve("-vHR", "-l0")
        self.assertNotEqual(first, self.port)
        self.assertEqual(250, self.rcpt()[0])
        self.wait_records(2)
        self.port = first
        deadline = time.monotonic() + 20
        while self.rcpt("new@mx.example")[0] != 250:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def test_damage_stops_no_mail(self):
        self.table.write_bytes(os.urandom(100_000) + b"gr" * 1000)
        self.serve("-vHR", "-l0")
        self.assertEqual(451, self.rcpt()[0])
        self.wait_records(2778)
        self.restart()
        self.assertEqual(451, self.rcpt()[0])

    def test_no_directory_and_links(self):
        (self.home / "greylist").rmdir()
        self.serve("-vHR", "-l0")
        self.assertEqual(451, self.rcpt()[0])
        self.wait_log(r"^qmail-smtpd: warning: greylist is kept in memory only: ")
        victim = self.home / "victim"
        victim.write_bytes(b"")
        (self.home / "greylist").mkdir()
        self.table.symlink_to(victim)
        time.sleep(1.1)  # It looks again once a second.
        self.assertEqual(451, self.rcpt(sender="s@other.example")[0])
        self.restart()
        self.assertEqual(451, self.rcpt()[0])
        self.assertEqual(b"", victim.read_bytes())

    def test_by_hand(self):
        """A process a session, as below inetd."""
        for step, code in (("first", b"451 "), ("again", b"250 ")):
            run = self.run_program(
                "qmail-smtpd", stdin=b"HELO c.example\r\nMAIL FROM:<s@far.example>\r\n"
                b"RCPT TO:<a@mx.example>\r\nQUIT\r\n",
                env=self.environment(TCPREMOTEIP=OTHER))
            replies = run.stdout.splitlines()
            self.assertEqual(code, replies[3][:4], replies)
            self.wait_records(1)
            if step == "first":
                self.shift(301)


if __name__ == "__main__":
    unittest.main()

"""Load: Postfix's smtp-source at the running system, exactly once, in flat memory."""

import os
import re
import subprocess
import smtplib
import unittest

from host import HostCase

MESSAGES = int(os.environ.get("KOPIS_LOAD_MESSAGES", "10000"))
SESSIONS = 50
MEMORY_KIB_MAX = 100 * 1024


class Load(HostCase):
    def test_each_accepted_message_arrives_exactly_once_and_memory_stays_flat(self):
        """10,000 messages of 4 KiB over 50 sessions; the recipient is numbered by smtp-source."""
        box = self.host.home / "alias" / "Maildir"
        self.host.make_maildir(box)
        self.host.write("alias/.qmail-default", "./Maildir/\n")
        subprocess.run(
            ["smtp-source", "-N", "-s", str(SESSIONS), "-m", str(MESSAGES), "-l", "4096",
             "-f", "load@client.example", "-t", f"load@{self.host.me}",
             f"127.0.0.1:{self.host.smtp_port}"],
            check=True, timeout=600)
        self.host.wait_until(lambda: len(os.listdir(box / "new")) >= MESSAGES, timeout=240)
        self.host.wait_log_count(r"^end msg ", MESSAGES, timeout=120)
        recipients, bodies = set(), set()
        for path in (box / "new").iterdir():
            header, _, body = path.read_bytes().partition(b"\n\n")
            recipients.add(re.search(rb"^Delivered-To: (.*)$", header, re.M).group(1))
            bodies.add(body)
        self.assertEqual(MESSAGES, len(os.listdir(box / "new")), "exactly once")
        self.assertEqual(MESSAGES, len(recipients), "every one of them")
        self.assertEqual(1, len(bodies), "byte-identical bodies")
        self.assertEqual([], os.listdir(box / "tmp"))
        self.assert_memory()

    def test_a_message_of_100_mb_passes_in_the_same_memory(self):
        self.host.control("databytes", str(200_000_000))
        line = b"x" * 998 + b"\r\n"
        body = line * 100_000
        message = b"Subject: large\r\n\r\n" + body
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=120) as client:
            client.sendmail("joe@client.example", [self.host.address], message)
        files = self.host.wait_mail(self.host.address, 1, timeout=120)
        received = files[0].read_bytes().partition(b"\n\n")[2]
        self.assertEqual(body.replace(b"\r\n", b"\n"), received)
        self.assert_memory()

    def assert_memory(self):
        for name, pid, peak in self.host.memory_peaks():
            self.assertLess(peak, MEMORY_KIB_MAX, f"{name} ({pid}) peaked at {peak} KiB")
        print("peak KiB: " + ", ".join(f"{n} {p}" for n, _, p in self.host.memory_peaks()))


if __name__ == "__main__":
    unittest.main()

"""One message to 1,000 recipients; one in ten refuses for good, one in ten only at first."""

import pathlib
import re
import shutil
import smtplib
import subprocess
import tempfile
import unittest

from host import HostCase, free_port, wait_port

RECIPIENTS = 1000


class List(HostCase):
    def setUp(self):
        self.dumps = pathlib.Path(tempfile.mkdtemp(prefix="kopis-sink-"))
        self.addCleanup(shutil.rmtree, self.dumps)
        super().setUp()

    def sink(self, kind, port, *options):
        """Starts Postfix's smtp-sink; every accepted transaction becomes a file."""
        process = subprocess.Popen(
            ["smtp-sink", *(["-u", "nobody"] if self.is_root else []), *options,
             "-d", f"{self.dumps}/{kind}.", f"127.0.0.1:{port}", "100"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, process)
        wait_port(port)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()

    def taken(self):
        """Every recipient that a sink took, as often as it took it."""
        found = []
        for path in self.dumps.iterdir():
            found += re.findall(r"^X-Rcpt-Args: <([^>]*)>", path.read_text("latin-1"), re.M)
        return found

    def test_each_ends_delivered_or_in_one_readable_bounce(self):
        self.dumps.chmod(0o777)
        good, bad, late = free_port(), free_port(), free_port()
        self.sink("good", good)
        self.sink("bad", bad, "-f", "RCPT")
        refusing = self.sink("late", late, "-r", "RCPT")
        self.host.control("smtproutes", f"good.example:127.0.0.1:{good}",
                          f"bad.example:127.0.0.1:{bad}", f"late.example:127.0.0.1:{late}")
        domains = ["good"] * 8 + ["bad", "late"]
        everyone = [f"r{n}@{domains[n % 10]}.example" for n in range(RECIPIENTS)]
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=60) as client:
            client.sendmail(self.host.address, everyone, "Subject: list\r\n\r\nnews\r\n")
        self.host.wait_log_count(r"^delivery \d+: (success|failure|deferral): ", RECIPIENTS,
                                 timeout=120)
        self.host.wait_log_count(r"^delivery \d+: deferral: ", RECIPIENTS // 10, timeout=10)
        self.end(refusing)
        self.sink("late", late)
        self.host.alarm()
        self.host.wait_log_count(r"^delivery \d+: success: ", RECIPIENTS * 9 // 10, timeout=120)
        bounce = self.host.wait_mail(self.host.address, 1, timeout=60)[0].read_text("latin-1")
        refused = re.findall(r"^<(\S+)>:$", bounce, re.M)
        self.assertEqual(sorted(r for r in everyone if "@bad." in r), sorted(refused))
        self.assertIn("127.0.0.1 does not like recipient.\nRemote host said: 5", bounce)
        self.assertEqual(sorted(r for r in everyone if "@bad." not in r), sorted(self.taken()))
        self.assertEqual(1, len(self.host.mail_files(self.host.address)), "one bounce")


if __name__ == "__main__":
    unittest.main()

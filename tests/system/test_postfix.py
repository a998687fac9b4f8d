"""Mail from and to a real Postfix, in both directions."""

import smtplib
import unittest

from host import HostCase
from postfix import Postfix

BODY = "line\r\n.dot\r\n..dots\r\n\r\nfrom æøå\r\n" + "x" * 990 + "\r\n"


@unittest.skipUnless(HostCase.is_root, "Postfix's master needs root")
class WithPostfix(HostCase):
    def setUp(self):
        super().setUp()
        self.postfix = Postfix(self.host.smtp_port)
        self.addCleanup(self.postfix.stop)
        self.postfix.start()
        self.host.control("smtproutes", f"postfix.example:127.0.0.1:{self.postfix.port}")

    def send(self, port, sender, recipients):
        message = ("Subject: both ways\r\nFrom: x@y.example\r\n\r\n" + BODY).encode()
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
            client.sendmail(sender, recipients, message)

    def test_from_postfix(self):
        self.send(self.postfix.port, "joe@postfix.example", [self.host.address])
        text = self.host.wait_mail(self.host.address, 1, timeout=60)[0].read_bytes()
        self.assertEqual(BODY.encode().replace(b"\r\n", b"\n"), text.partition(b"\n\n")[2])
        self.assertIn(b"Received: from localhost (HELO postfix.example) (127.0.0.1)"
                      if b"localhost (HELO" in text else b"(HELO postfix.example) (127.0.0.1)",
                      text)
        self.postfix.wait_log(r"status=sent \(250 2\.0\.0 ok \d+ qp \d+\)")

    def test_to_postfix(self):
        self.send(self.host.smtp_port, self.host.address,
                  [f"r{n}@postfix.example" for n in range(20)])
        self.host.wait_log_count(r"^delivery \d+: success: 127\.0\.0\.1_accepted_message\./Remote_"
                                 r"host_said:_250_2\.0\.0_Ok:_(\d+_bytes_)?queued_as_", 20, timeout=60)
        self.host.wait_until(lambda: len(self.postfix.mail()) == 20, timeout=60)
        for path in self.postfix.mail():
            received = path.read_bytes().partition(b"\n\n")[2]
            self.assertEqual(BODY.encode().replace(b"\r\n", b"\n").rstrip(), received.rstrip())

    def test_what_postfix_refuses_bounces_with_its_words(self):
        self.send(self.host.smtp_port, self.host.address, ["refused@postfix.example"])
        text = self.host.wait_mail(self.host.address, 1, timeout=60)[0].read_text("latin-1")
        self.assertRegex(text, r"<refused@postfix\.example>:\n127\.0\.0\.1 does not like "
                               r"recipient\.\nRemote host said: 554 .*no such box\n")

    def test_a_bounce_by_postfix_comes_back(self):
        """Postfix cannot deliver to a host that we refuse to relay for, and says so."""
        self.host.control("rcpthosts", self.host.me)
        self.host.rules(":allow")
        self.send(self.postfix.port, self.host.address, ["x@elsewhere.example"])
        text = self.host.wait_mail(self.host.address, 1, timeout=60)[0].read_text("latin-1")
        self.assertIn("553 5.7.1 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
                      " ".join(text.split()))


if __name__ == "__main__":
    unittest.main()

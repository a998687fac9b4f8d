"""TLS and delivery status with a real Postfix: what each says to the other, and is told."""

import email
import email.policy
import os
import pathlib
import shutil
import smtplib
import subprocess
import tempfile
import unittest

from host import HostCase
from postfix import Postfix

MESSAGE = b"From: x@y.example\nSubject: both ways\n\nhello\n"


def make_certificate(path, name):
    """A key and a certificate for one name that signs itself, in one file."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", "-", "-out", "-", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}"], capture_output=True, check=True).stdout
    path.write_bytes(made)
    return path


@unittest.skipUnless(HostCase.is_root, "Postfix's master needs root")
class WithPostfix(HostCase):
    def setUp(self):
        super().setUp()
        self.pems = pathlib.Path(tempfile.mkdtemp(prefix="kopis-pems-"))
        self.addCleanup(shutil.rmtree, self.pems)
        self.pem = make_certificate(self.pems / "postfix.pem", "postfix.example")

    def start_postfix(self, *settings):
        self.postfix = Postfix(
            self.host.smtp_port, f"smtpd_tls_cert_file = {self.pem}",
            "smtpd_tls_security_level = may", "smtpd_tls_received_header = yes",
            "smtpd_tls_loglevel = 1", "smtp_tls_loglevel = 1", *settings)
        self.addCleanup(self.postfix.stop)
        self.postfix.start()
        self.host.control("smtproutes", f"postfix.example:127.0.0.1:{self.postfix.port}")

    def queue(self, mail, *pairs, message=MESSAGE):
        """By qmail-queue, with parameters."""
        envelope = b"F" + self.host.address.encode() + b"\0" + (b"P" + mail + b"\0" if mail else b"")
        for address, parameters in pairs:
            envelope += b"T" + address + b"\0" + (b"P" + parameters + b"\0" if parameters else b"")
        files = []
        for content in (message, envelope + b"\0"):
            fd, path = tempfile.mkstemp(dir=self.pems)
            os.write(fd, content)
            files.append(os.open(path, os.O_RDONLY))
            os.close(fd)
        result = subprocess.run(self.host.command("qmail-queue"), stdin=files[0], stdout=files[1],
                                env=self.host.environment(), timeout=60)
        for fd in files:
            os.close(fd)
        self.assertEqual(0, result.returncode)

    def notice(self, number=1):
        """What came to the sender, read by Python's email package."""
        path = self.host.wait_mail(self.host.address, number, timeout=90)[number - 1]
        notice = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        self.assertEqual(("multipart/report", "delivery-status"),
                         (notice.get_content_type(), notice.get_param("report-type")))
        text, status, message = notice.iter_parts()
        return notice, text.get_content(), status.get_payload(), message

    # TLS --------------------------------------------------------------------------------------

    def test_to_postfix_over_tls(self):
        self.start_postfix()
        shutil.copy(self.pem, self.host.home / "control/serverca.pem")
        for level in ("may", "encrypt", "verify"):
            self.host.control("tlspolicy", f"postfix.example:{level}")
            before = len(self.postfix.mail())
            self.queue(b"", (b"r@postfix.example", b""))
            self.host.wait_until(lambda n=before: len(self.postfix.mail()) > n, timeout=90)
            text = self.postfix.mail()[-1].read_text("latin-1")
            self.assertRegex(text, r"\(using TLSv1\.3 with cipher \S+ ")
            self.assertRegex(text, r"with ESMTPS id ")

    def test_a_postfix_of_another_name_gets_nothing(self):
        self.pem = make_certificate(self.pems / "other.pem", "other.example")
        self.start_postfix()
        shutil.copy(self.pem, self.host.home / "control/serverca.pem")
        self.host.control("tlspolicy", "postfix.example:verify")
        self.queue(b"", (b"r@postfix.example", b""))
        self.host.wait_log(r"deferral: Connected_to_127\.0\.0\.1_but_its_certificate_does_not_name_"
                           r"127\.0\.0\.1\._\(#4\.7\.5\)/", timeout=90)
        self.assertFalse(self.postfix.mail())

    def test_from_postfix_over_tls_alone(self):
        self.start_postfix("smtp_tls_security_level = encrypt")
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=30) as client:
            client.sendmail("x@y.example", [self.host.address], MESSAGE)
        text = self.host.wait_mail(self.host.address, 1, timeout=90)[0].read_text("latin-1")
        self.assertRegex(text, r"\n  by \S+ with ESMTPS \(TLSv1\.3 ")

    # Delivery status --------------------------------------------------------------------------

    def test_postfix_takes_over_what_was_asked_and_tells_of_its_delivery(self):
        self.start_postfix()
        self.queue(b"RET=HDRS ENVID=QQ+2B7", (
            b"r@postfix.example", b"NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Old+40there.example"))
        notice, _, (about, one), _ = self.notice()
        self.assertIn("postfix.example", notice["From"])  # Its word, not ours.
        self.assertEqual("QQ+7", about["Original-Envelope-Id"].strip())
        self.assertEqual("rfc822;Old@there.example", one["Original-Recipient"].replace(" ", ""))
        self.assertEqual("delivered", one["Action"])
        self.assertNotIn("notice msg", self.host.log())

    def test_without_its_dsn_we_tell_that_it_was_relayed(self):
        self.start_postfix("smtpd_discard_ehlo_keywords = dsn, silent-discard")
        self.queue(b"ENVID=9", (b"r@postfix.example", b"NOTIFY=SUCCESS"))
        notice, text, (about, one), _ = self.notice()
        self.assertEqual("delivery notice", notice["Subject"])
        self.assertEqual(("9", "relayed"), (about["Original-Envelope-Id"], one["Action"]))
        self.assertIn("<r@postfix.example>:\n127.0.0.1 accepted message.\n", text)

    def test_what_postfix_refuses_comes_back_with_its_status(self):
        self.start_postfix()
        self.queue(b"ENVID=1", (b"refused@postfix.example", b"NOTIFY=FAILURE"),
                   (b"r@postfix.example", b"NOTIFY=NEVER"))
        notice, text, statuses, message = self.notice()
        self.assertEqual("failure notice", notice["Subject"])
        self.assertIn("This is a permanent error; I've given up.", text)
        self.assertEqual([None, "rfc822; refused@postfix.example"],
                         [one["Final-Recipient"] for one in statuses])
        self.assertEqual(("failed", "5.7.1"), (statuses[1]["Action"], statuses[1]["Status"]))
        self.assertRegex(statuses[1]["Diagnostic-Code"], r"\Asmtp; 554 5\.7\.1 .*no such box")
        self.assertEqual("both ways", message.get_content()["Subject"])
        self.host.wait_until(lambda: len(self.postfix.mail()) == 1, timeout=90)


if __name__ == "__main__":
    unittest.main()

"""docs/OPERATING.md: its commands, as they stand there, on a host; and the filter for fail2ban."""

import os
import shutil
import smtplib
import ssl
import subprocess
import sys
import unittest

from host import ROOT, HostCase

sys.path.append(str(ROOT / "tests"))

import pages  # noqa: E402

PAGE = "docs/OPERATING.md"


class Operating(HostCase):
    def make_certificate(self):
        """privkey.pem and fullchain.pem for the host's name, in the place of the commands."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=new", "-addext",
             f"subjectAltName=DNS:{self.host.me}", "-keyout", self.place / "privkey.pem",
             "-out", self.place / "fullchain.pem"], check=True, capture_output=True)
        for name in ("privkey.pem", "fullchain.pem"):
            os.chmod(self.place / name, 0o644)

    def setUp(self):
        super().setUp()
        self.place = self.host.base / "place"
        self.place.mkdir(mode=0o777)
        self.place.chmod(0o777)
        self.make_certificate()
        links = self.host.base / "bin"
        links.mkdir()
        names = subprocess.run([self.host.binary, "--programs"], capture_output=True, text=True,
                               check=True).stdout.split()
        for name in names:
            (links / name).symlink_to(self.host.binary)
        self.path = f"{links}:/usr/bin:/bin"

    def shell(self, text):
        text = text.replace("/var/qmail", str(self.host.home))
        text = text.replace("/var/backups", str(self.place))
        words = self.host.command("x")[:-2]
        return subprocess.run([*words, "/bin/sh", "-ec", text], capture_output=True, text=True,
                              timeout=120, cwd=self.place,
                              env={**self.host.environment(), "PATH": self.path})

    def test_its_commands(self):
        blocks = pages.commands(PAGE)
        self.assertGreater(len(blocks), 6)
        said = {}
        for title, block in blocks:
            if "check-install" in block:
                block = block.replace("kopis check-install\n", "")  # Of an installed host.
            result = self.shell(block)
            self.assertEqual((title, 0), (title, result.returncode), result)
            said[title] = said.get(title, "") + result.stdout
        self.assertIn(self.host.me, said["First day"])
        self.assertIn("imported into ", said["TLS"])
        self.assertIn("locked ada@example.test", said["Users"])
        self.assertIn("info@example.test", said["Aliases and lists"])
        self.assertIn("messages in queue: 0", said["Monitoring"])
        self.assertIn("whole: ", said["Backup"])

    def test_an_imported_certificate_is_used_for_the_next_connection(self):
        def certificate():
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with smtplib.SMTP("127.0.0.1", self.host.submission_port, timeout=20) as smtp:
                smtp.starttls(context=context)
                return smtp.sock.getpeercert(binary_form=True)

        before = certificate()
        result = self.shell("kopis certificate import privkey.pem fullchain.pem")
        self.assertEqual(0, result.returncode, result)
        wanted = ssl.PEM_cert_to_DER_cert((self.place / "fullchain.pem").read_text())
        self.assertNotEqual(before, wanted)
        self.host.wait_until(lambda: certificate() == wanted)
        file = self.host.home / "control/servercert.pem"
        content, mode = file.read_bytes(), file.stat().st_mode
        for words in ("fullchain.pem privkey.pem", "privkey.pem /dev/null", "none fullchain.pem"):
            result = self.shell(f"kopis certificate import {words}")
            self.assertEqual(100, result.returncode, result)
        self.assertEqual((content, mode), (file.read_bytes(), file.stat().st_mode))

    @unittest.skipUnless(shutil.which("fail2ban-regex"), "fail2ban is not installed")
    def test_fail2ban_finds_failed_logins_and_nothing_else(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with smtplib.SMTP("127.0.0.1", self.host.submission_port, timeout=30) as smtp:
            smtp.starttls(context=context)
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                smtp.login("qmail-popup: authorization failed for 192.0.2.66", "wrong-word")
        line = self.host.wait_log(r"^.*qmail-smtpd: \d+ 127\.0\.0\.1: login failed by \S+ for \S+$")
        self.assertNotIn("for 192.0.2.66", line.group(0))
        log = self.place / "log"
        stamp = "Nov 30 01:02:03 mx "
        lines = [stamp + line.group(0),
                 f"{stamp}qmail-popup: authorization failed for 192.0.2.7",
                 f"{stamp}qmail-popup: authorization failed for 2001:db8::7",
                 f"{stamp}qmail-smtpd: 3 192.0.2.8: refused by badhelo: helo=x_qmail-smtpd: 5 "
                 "192.0.2.66: login failed by PLAIN",
                 f"{stamp}delivery 1: deferral: qmail-popup: authorization failed for 192.0.2.66",
                 f"{stamp}qmail-smtpd: 4 192.0.2.9: login failed by PLAIN",
                 f"{stamp}kopis-pop3[7]: qmail-popup: authorization failed for 192.0.2.7"]
        log.write_text("\n".join(lines) + "\n")
        result = subprocess.run(
            ["fail2ban-regex", log, ROOT / "docs/fail2ban/kopis.conf"], capture_output=True,
            text=True, timeout=60)
        self.assertRegex(result.stdout, r"Lines: 7 lines, 0 ignored, 5 matched, 2 missed", result)


if __name__ == "__main__":
    unittest.main()

"""What users run, against a host with nothing configured: each sends by submission and fetches by POP3,
over STARTTLS or STLS and over TLS from the start, by each mechanism that it knows."""

import hashlib
import os
import pathlib
import subprocess
import sys
import time
import unittest

from host import NOBODY, ROOT, Host, HostCase

sys.path.append(str(ROOT / "tests/programs"))
from tokens import Issuer  # noqa: E402

MAILKIT = ROOT / "artifacts/bin/Kopis.MailClient/debug/Kopis.MailClient"
TEXT = "From: {0}\nTo: {0}\nSubject: by {1}\n\nline\n.dot\n\nend\n"


class UserCase(HostCase):
    def setUp(self):
        super().setUp()
        self.certificate = str(self.host.home / "control/servercert.pem")
        self.sent = 0

    def tool(self, *command, stdin=b"", code=0):
        """Runs a client as an ordinary user; what it printed, both ways."""
        home = self.host.base / "client"
        home.mkdir(exist_ok=True)
        result = subprocess.run(
            [str(word) for word in command], input=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60, cwd=home,
            env={"PATH": "/usr/bin:/bin", "HOME": str(home), "FETCHMAILHOME": str(home)})
        if code is not None:
            self.assertEqual(code, result.returncode, result.stdout.decode("latin-1"))
        return result.stdout.decode("latin-1")

    def write(self, name, text):
        path = self.host.base / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def secret(self, secret):
        """A token is longer than a line of these clients' files may be."""
        self.write("secret", secret)

    def text(self, name):
        return TEXT.format(self.host.address, name).encode()

    def arrived(self, name):
        """One message more than before, sent by a user who had logged in, over TLS."""
        self.sent += 1
        text = self.host.wait_mail(self.host.address, self.sent)[-1].read_text("latin-1")
        self.assertIn(f"\nSubject: by {name}\n", text)
        self.assertIn("\nline\n.dot\n\nend\n", text)
        self.assertRegex(text, r"with ESMTPSA \(TLSv1\.3 ")

    def let_tokens_in(self):
        (self.host.base / "issuer").mkdir()
        issuer = Issuer(self.host.base / "issuer")
        for name in ("oauthissuer", "oauthaudience", "oauthkeys"):
            self.host.write(f"control/{name}", (self.host.base / "issuer" / name).read_text())
        self.assertEqual(0, self.host.stop())  # An issuer is asked about at the start.
        self.host.start()
        return issuer.token(self.host.address)


class Sending(UserCase):
    def test_swaks(self):
        for mechanism in ("PLAIN", "LOGIN"):
            for port, tls in ((self.host.submission_port, ("-tls",)),
                              (self.host.submissions_port, ("--tls-on-connect",))):
                login = ("--auth", mechanism, "--auth-user", self.host.address, "--auth-password")
                words = ("swaks", "--server", f"127.0.0.1:{port}", *tls, "--tls-verify",
                         "--tls-ca-path", self.certificate, "--helo", "client.example", "--from",
                         self.host.address, "--to", self.host.address, "--data", "-")
                said = self.tool(*words, *login, self.host.password, stdin=self.text("swaks"))
                self.assertRegex(said, r"<~  235 2\.7\.0 ok")
                self.arrived("swaks")
        self.assertIn("535 5.7.8", self.tool(*words, *login, "wrong", stdin=self.text("x"), code=28))
        self.assertIn("530 5.7.0", self.tool(*words, stdin=self.text("x"), code=23))

    def test_msmtp(self):
        token = self.let_tokens_in()
        for port, starttls in ((self.host.submission_port, "on"),
                               (self.host.submissions_port, "off")):
            for mechanism in ("on", "plain", "login", "scram-sha-256", "oauthbearer", "xoauth2"):
                self.secret(token if mechanism in ("oauthbearer", "xoauth2") else self.host.password)
                config = self.write("msmtprc", (
                    f"account x\nhost localhost\nport {port}\ntls on\ntls_starttls {starttls}\n"
                    f"tls_trust_file {self.certificate}\nauth {mechanism}\n"
                    f"user {self.host.address}\npasswordeval cat {self.host.base}/secret\n"
                    f"from {self.host.address}\n"))
                self.tool("msmtp", "-C", config, "-a", "x", self.host.address,
                          stdin=self.text(f"msmtp {mechanism}"))
                self.arrived(f"msmtp {mechanism}")

    def test_mutt(self):
        for scheme, port in (("smtp", self.host.submission_port),
                             ("smtps", self.host.submissions_port)):
            user = self.host.address.replace("@", "%40")
            config = self.write("muttrc", (
                f'set smtp_url="{scheme}://{user}@localhost:{port}/"\n'
                f'set smtp_pass="{self.host.password}"\nset ssl_force_tls=yes\n'
                # Left to itself mutt takes SCRAM-SHA-256-PLUS, and has no channel binding for it.
                'set smtp_authenticators="scram-sha-256"\n'
                f'set certificate_file="{self.certificate}"\nset from="{self.host.address}"\n'
                'set use_envelope_from=yes\nset copy=no\nset ssl_ca_certificates_file=""\n'))
            self.tool("mutt", "-F", config, "-s", "by mutt", "--", self.host.address,
                      stdin=b"line\n.dot\n\nend\n")
            self.arrived("mutt")

    def test_curl(self):
        for url in (f"smtp://localhost:{self.host.submission_port}/client.example",
                    f"smtps://localhost:{self.host.submissions_port}/client.example"):
            words = ("curl", "-sS", "--ssl-reqd", "--cacert", self.certificate, url, "--mail-from",
                     self.host.address, "--mail-rcpt", self.host.address, "-T", "-", "-u")
            text = self.text("curl").replace(b"\n", b"\r\n")
            self.tool(*words, f"{self.host.address}:{self.host.password}", stdin=text)
            self.arrived("curl")
            self.assertIn("(67)", self.tool(*words, f"{self.host.address}:wrong", stdin=text,
                                            code=67))

    @unittest.skipUnless(MAILKIT.exists(), "tests/Kopis.MailClient is not built")
    def test_mailkit(self):
        token = self.let_tokens_in()
        for port, tls in ((self.host.submission_port, "start"),
                          (self.host.submissions_port, "tls")):
            for mechanism in ("PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
                              "OAUTHBEARER", "XOAUTH2"):
                secret = token if "OAUTH" in mechanism else self.host.password
                words = (MAILKIT, "send", f"localhost:{port}", tls, self.certificate, mechanism,
                         self.host.address, self.host.address)
                self.tool(*words, stdin=secret.encode() + b"\n" + self.text(mechanism))
                self.arrived(mechanism)
        refused = self.tool(*words[:5], "PLAIN", *words[6:], stdin=b"wrong\n" + self.text("x"),
                            code=None)
        self.assertIn("AuthenticationException", refused)


class Fetching(UserCase):
    def setUp(self):
        super().setUp()
        for number in range(2):
            result = self.host.run("qmail-inject", "-f", self.host.address, self.host.address,
                                   input=self.text(f"number {number}"))
            self.assertEqual(0, result.returncode, result)
        files = self.host.wait_mail(self.host.address, 2)
        newest = max(int(path.stat().st_mtime) for path in files)
        Host.wait_until(lambda: int(time.time()) > newest)
        self.inbox = self.host.base / "inbox"

    def fetched(self, name):
        self.assertEqual(2, self.inbox.read_bytes().count(b"Subject: by number"), name)
        self.inbox.unlink()
        self.assertEqual(2, len(self.host.mail_files(self.host.address)))

    def keep_for_apop(self):
        result = self.host.run("user", "password", self.host.address, "--password-file", "-",
                               "--apop", input=self.host.password.encode() + b"\n")
        self.assertEqual(0, result.returncode, result)

    def test_mpop(self):
        token = self.let_tokens_in()
        self.keep_for_apop()
        for port, starttls in ((self.host.pop3_port, "on"), (self.host.pop3s_port, "off")):
            for mechanism in ("on", "user", "apop", "plain", "login", "scram-sha-256",
                              "oauthbearer", "xoauth2"):
                self.secret(token if mechanism in ("oauthbearer", "xoauth2") else self.host.password)
                config = self.write("mpoprc", (
                    f"account x\nhost localhost\nport {port}\ntls on\ntls_starttls {starttls}\n"
                    f"tls_trust_file {self.certificate}\nauth {mechanism}\n"
                    f"user {self.host.address}\npasswordeval cat {self.host.base}/secret\n"
                    f"delivery mbox {self.inbox}\n"
                    f"uidls_file {self.host.base}/uidls-{port}-{mechanism}\nkeep on\n"))
                self.tool("mpop", "-C", config, "x")
                self.fetched(mechanism)

    def test_fetchmail(self):
        for port, words in ((self.host.pop3_port, "sslproto 'tls1.2+'"),
                            (self.host.pop3s_port, "ssl sslproto 'tls1.2+'")):
            config = self.write("fetchmailrc", (
                f"poll localhost service {port} protocol pop3 user '{self.host.address}' password "
                f"'{self.host.password}' {words} sslcertfile '{self.certificate}' sslcertck "
                f"mda 'cat >> {self.inbox}' keep fetchall\n"))
            self.tool("fetchmail", "-f", config, "--pidfile", self.host.base / "pid")
            self.fetched(words)
        self.write("fetchmailrc", config.read_text().replace(self.host.password, "wrong"))
        said = self.tool("fetchmail", "-f", config, "--pidfile", self.host.base / "pid", code=3)
        self.assertRegex(said, "(?i)auth")

    def test_curl(self):
        login = f"{self.host.address}:{self.host.password}"
        for url in (f"pop3://localhost:{self.host.pop3_port}/",
                    f"pop3s://localhost:{self.host.pop3s_port}/"):
            words = ("curl", "-sS", "--ssl-reqd", "--cacert", self.certificate)
            self.assertIn("Subject: by number", self.tool(*words, "-u", login, url + "1"))
            self.assertIn("(67)", self.tool(*words, "-u", f"{self.host.address}:wrong", url,
                                            code=67))

    @unittest.skipUnless(MAILKIT.exists(), "tests/Kopis.MailClient is not built")
    def test_mailkit(self):
        token = self.let_tokens_in()
        self.keep_for_apop()
        seen = set()
        for port, tls in ((self.host.pop3_port, "start"), (self.host.pop3s_port, "tls")):
            for mechanism in ("USER", "APOP", "PLAIN", "LOGIN", "SCRAM-SHA-256",
                              "SCRAM-SHA-256-PLUS", "OAUTHBEARER", "XOAUTH2"):
                secret = token if "OAUTH" in mechanism else self.host.password
                words = (MAILKIT, "fetch", f"localhost:{port}", tls, self.certificate, mechanism,
                         self.host.address)
                said = self.tool(*words, stdin=secret.encode() + b"\n")
                self.assertEqual(2, said.count(" by number "), said)
                seen.add(said)
        self.assertEqual(1, len(seen), seen)  # UIDL says the same each time.
        refused = self.tool(*words[:5], "PLAIN", *words[6:], stdin=b"wrong\n", code=None)
        self.assertIn("AuthenticationException", refused)


class Certificates(UserCase):
    """What clients that look at certificates make of ours, on the ports of users."""

    def make(self, *names, days="30"):
        made = self.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-", "-out", "-", "-days",
                         days, "-subj", f"/CN={names[0]}", "-addext",
                         "subjectAltName=" + ",".join(f"DNS:{name}" for name in names))
        made = made[made.index("-----BEGIN"):]
        self.host.write("control/servercert.new", made)
        os.chown(self.host.home / "control/servercert.new",
                 *((NOBODY, NOBODY) if self.is_root else (-1, -1)))
        os.rename(self.host.home / "control/servercert.new", self.certificate)
        return hashlib.sha256(made.encode()).hexdigest()

    def curl_codes(self, trusted):
        """curl's exit codes on 587, 465, 110 and 995."""
        urls = (f"smtp://localhost:{self.host.submission_port}/x",
                f"smtps://localhost:{self.host.submissions_port}/x",
                f"pop3://localhost:{self.host.pop3_port}/", f"pop3s://localhost:{self.host.pop3s_port}/")
        codes = []
        for url in urls:
            result = subprocess.run(
                ["curl", "-sS", "--ssl-reqd", "--cacert", trusted, "-u",
                 f"{self.host.address}:{self.host.password}", url],
                capture_output=True, timeout=60)
            codes.append(result.returncode)
        return codes

    def served(self, cert):
        """Until all listeners have the certificate that is there now."""
        expected = self.tool("openssl", "x509", "-in", cert, "-noout", "-fingerprint", "-sha256")
        for port, options in ((self.host.submission_port, ("-starttls", "smtp")),
                              (self.host.submissions_port, ()),
                              (self.host.pop3_port, ("-starttls", "pop3")),
                              (self.host.pop3s_port, ())):
            def has_it(port=port, options=options):
                shown = self.tool("openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options,
                                  stdin=b"QUIT\r\n", code=None)
                begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
                if begin not in shown:
                    return False
                pem = begin + shown.split(begin)[1].split(end)[0] + end + "\n"
                return self.tool("openssl", "x509", "-noout", "-fingerprint", "-sha256",
                                 stdin=pem.encode()) == expected
            Host.wait_until(has_it, why=lambda port=port: f"{port} has another certificate")

    def test_good_renewed_and_bad_ones(self):
        trusted = pathlib.Path(self.certificate)
        self.assertEqual([0] * 4, self.curl_codes(trusted))
        old = self.write("old.pem", trusted.read_text())
        self.make("localhost", "mx.example")
        self.served(trusted)
        self.assertEqual([0] * 4, self.curl_codes(trusted), "renewed, without a restart")
        self.assertEqual([60] * 4, self.curl_codes(old), "the old one is not trusted for it")
        self.make("other.example")
        self.served(trusted)
        self.assertEqual([60] * 4, self.curl_codes(trusted), "of another name")

    def test_an_expired_one_is_served_and_refused_by_clients(self):
        faketime = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        if faketime is None:
            self.skipTest("needs libfaketime")
        environment = {"LD_PRELOAD": str(faketime), "FAKETIME": "-90d", "PATH": "/usr/bin:/bin"}
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "-", "-out", "-",
             "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
            env=environment, capture_output=True, check=True).stdout.decode()
        self.host.write("control/servercert.new", made)
        os.rename(self.host.home / "control/servercert.new", self.certificate)
        trusted = pathlib.Path(self.certificate)
        self.served(trusted)
        self.assertEqual([60] * 4, self.curl_codes(trusted))
        for port, options in ((self.host.submissions_port, ()), (self.host.pop3s_port, ()),
                              (self.host.pop3_port, ("--starttls-proto=pop3",))):
            said = self.tool("gnutls-cli", *options, "--x509cafile", self.certificate,
                             "--verify-hostname=localhost", "-p", port, "127.0.0.1",
                             stdin=b"QUIT\r\n", code=1)
            self.assertIn("expired", said)


if __name__ == "__main__":
    unittest.main()

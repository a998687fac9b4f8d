"""The listeners that `./install --systemd` describes, run as their units say: users of the host send by
587 and 465 and fetch by 110 and 995, and no password is taken in the clear."""

import unittest

from installed import ME, InstalledCase, unit_command

PASSWORD = "right horse"
NAMES = ("smtp", "submission", "submissions", "pop3", "pop3s")


class UnitsCase(InstalledCase):
    """An installed host whose listeners run as their units say."""

    @classmethod
    def prepare(cls):
        cls.host.install("--systemd")
        cls.joe = cls.host.add_user("joe")
        cls.host.run("chpasswd", stdin=f"joe:{PASSWORD}\n".encode())
        cls.start_host()
        for name in NAMES:
            cls.start_unit(name)
        for port in (25, 587, 465, 110, 995):
            cls.host.wait_listening(port)

    @classmethod
    def start_host(cls):
        cls.host.start()

    @classmethod
    def start_unit(cls, name):
        """What systemd would start: user, capabilities, environment and command line of the unit."""
        unit = (cls.host.base / f"etc/systemd/system/kopis-{name}.service").read_text()
        lines, variables, words = unit_command(unit)
        capabilities = "+" + ",+".join(
            word.removeprefix("CAP_").lower() for word in lines["CapabilityBoundingSet"].split())
        wrapper = ["setpriv", "--bounding-set", f"-all,{capabilities}", "--no-new-privs"]
        if "User" in lines:
            wrapper += ["--reuid", lines["User"], "--regid", lines["Group"], "--clear-groups",
                        "--inh-caps", f"-all,{capabilities}", "--ambient-caps", f"-all,{capabilities}"]
        with open(cls.host.base / f"log-{name}", "wb") as log:
            cls.host.spawn(*wrapper, "env", *variables, *words,
                           stdout=log, stderr=log)

    def certificate(self):
        return self.host.home / "control/servercert.pem"


class Listeners(UnitsCase):
    def swaks(self, port, *options, code=0, recipient=f"joe@{ME}"):
        result = self.host.run(
            "swaks", "--server", "127.0.0.1", "--port", port, "--helo", "client.example",
            "--from", f"joe@{ME}", "--to", recipient, *options, check=False)
        said = (result.stdout + result.stderr).decode("latin-1")
        self.assertEqual(code, result.returncode, said)
        return said

    def login(self, password=PASSWORD):
        return ("--auth", "PLAIN", "--auth-user", "joe", "--auth-password", password)

    def test_submission(self):
        said = self.swaks(587, "-tls", *self.login())
        self.assertRegex(said, r"<~  235 2\.7\.0 ok")
        [letter] = self.host.wait_mail(self.joe / "Maildir")
        self.assertRegex(letter.read_text(), r"with ESMTPSA ")
        letter.unlink()
        self.assertIn("535 5.7.8", self.swaks(587, "-tls", *self.login("wrong"), code=28))

    def test_submission_takes_no_password_in_the_clear(self):
        self.assertIn("Host did not advertise authentication",
                      self.swaks(587, *self.login(), code=28))
        self.assertIn("530 5.7.0", self.swaks(587, code=23))
        self.assertIn("530 5.7.0", self.swaks(587, "-tls", code=23))

    def test_submissions(self):
        said = self.swaks(465, "--tls-on-connect", *self.login(), recipient="x@elsewhere.example")
        self.assertRegex(said, r"<~  235 2\.7\.0 ok")
        self.assertIn("530 5.7.0", self.swaks(465, "--tls-on-connect", code=23))

    def test_port_25_knows_no_logins(self):
        self.assertNotIn("AUTH", self.swaks(25, "-tls", "--quit-after", "RCPT"))

    def curl(self, url, *options, user=f"joe:{PASSWORD}"):
        return self.host.run("curl", "-sS", "-m", "20", "--cacert", self.certificate(), "--resolve",
                             f"{ME}:{url.rsplit(':', 1)[1].rstrip('/')}:127.0.0.1", "-u", user,
                             *options, url, check=False)

    def test_pop3(self):
        for url, options in ((f"pop3://{ME}:110/", ["--ssl-reqd"]), (f"pop3s://{ME}:995/", [])):
            fetched = self.curl(url, *options)
            self.assertEqual((0, b""), (fetched.returncode, fetched.stderr), fetched)
            refused = self.curl(url, *options, user="joe:wrong")
            self.assertEqual(67, refused.returncode, refused)

    def test_old_protocols_are_refused_everywhere(self):
        for port, options in ((25, ["-starttls", "smtp"]), (587, ["-starttls", "smtp"]), (465, []),
                              (110, ["-starttls", "pop3"]), (995, [])):
            for version in ("-tls1", "-tls1_1", "-tls1_2", "-tls1_3"):
                said = self.host.run(
                    "openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options, version,
                    "-cipher", "ALL:@SECLEVEL=0", stdin=b"QUIT\r\n", check=False)
                old = version in ("-tls1", "-tls1_1")
                self.assertEqual(1 if old else 0, said.returncode, (port, version, said))
                self.assertEqual(old, b"Cipher is (NONE)" in said.stdout, (port, version))

    def test_gnutls_cli_trusts_each_of_them(self):
        for port, options in ((25, ["--starttls-proto=smtp"]), (587, ["--starttls-proto=smtp"]),
                              (465, []), (110, ["--starttls-proto=pop3"]), (995, [])):
            said = self.host.run(
                "gnutls-cli", *options, "--x509cafile", self.certificate(),
                f"--verify-hostname={ME}", "-p", port, "127.0.0.1", stdin=b"QUIT\r\n", check=False)
            self.assertEqual(0, said.returncode, said)
            self.assertIn(b"The certificate is trusted", said.stdout)


if __name__ == "__main__":
    unittest.main()

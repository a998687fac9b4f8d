"""The session of today, probed from outside with the tools that postmasters use."""

import subprocess
import unittest

from host import HostCase, free_port, wait_port

TEXT = "Subject: from {name}\nFrom: joe@client.example\n\nline\n.dot\n\nend\n"


class Session(HostCase):
    def setUp(self):
        super().setUp()
        self.place = f"127.0.0.1:{self.host.smtp_port}"
        self.certificate = str(self.host.home / "control/servercert.pem")

    def tool(self, *command, stdin=b"", code=0):
        """Runs a client; what it printed, both ways."""
        result = subprocess.run(command, input=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=60, cwd=self.host.base)
        if code is not None:
            self.assertEqual(code, result.returncode, result.stdout.decode("latin-1"))
        return result.stdout.decode("latin-1")

    def arrived(self, name, *header):
        """The one message that is there, which came encrypted."""
        text = self.host.wait_mail(self.host.address, 1)[0].read_text("latin-1")
        self.assertIn(f"from {name}", text)
        self.assertIn("\nline\n.dot\n\nend\n", text)
        for pattern in header or (r"with ESMTPS \(TLSv1\.[23] TLS_\w+\)",):
            self.assertRegex(text, pattern)

    def test_the_first_start_says_what_it_made(self):
        self.assertIn("TLS is offered with control/servercert.pem, which was made now",
                      self.host.log())

    # Mail over TLS ----------------------------------------------------------------------------

    def test_swaks(self):
        for option in ("--tls-protocol=tlsv1_2", "--tls-protocol=tlsv1_3"):
            said = self.tool("swaks", "--server", self.place, "-tls", option, "--tls-verify",
                             "--tls-ca-path", self.certificate, "--from", "joe@client.example",
                             "--to", self.host.address, "--helo", "client.example",
                             "--data", "-", stdin=TEXT.format(name="swaks").encode())
            self.assertIn("=== TLS started with cipher TLSv1." + option[-1], said)
            self.assertRegex(said, r"<~  250 2\.1\.5 ok")
        self.host.wait_mail(self.host.address, 2)
        self.arrived("swaks")

    def test_msmtp(self):
        self.tool("msmtp", "--host=localhost", f"--port={self.host.smtp_port}", "--tls=on",
                  f"--tls-trust-file={self.certificate}", "--auth=off",
                  "--from=joe@client.example", self.host.address,
                  stdin=TEXT.format(name="msmtp").encode())
        self.arrived("msmtp")

    def test_curl(self):
        self.tool("curl", "-sS", "--ssl-reqd", "--cacert", self.certificate,
                  f"smtp://localhost:{self.host.smtp_port}/client.example",
                  "--mail-from", "joe@client.example", "--mail-rcpt", self.host.address,
                  "-T", "-", stdin=TEXT.format(name="curl").replace("\n", "\r\n").encode())
        self.arrived("curl")

    # Probes -----------------------------------------------------------------------------------

    def s_client(self, *options, stdin=b"QUIT\r\n", code=0):
        return self.tool("openssl", "s_client", "-connect", self.place, "-starttls", "smtp",
                         *options, stdin=stdin, code=code)

    def test_openssl_resumes_sessions(self):
        for version in ("-tls1_2", "-tls1_3"):
            file = str(self.host.base / f"session{version}")
            # A command whose answer comes back, so that the tickets of 1.3 have come before it.
            fresh = self.s_client(version, "-ign_eof", "-sess_out", file,
                                  stdin=b"NOOP\r\nquit\r\n")
            self.assertRegex(fresh, r"\nNew, TLSv1\.[23], Cipher is")
            again = self.s_client(version, "-ign_eof", "-sess_in", file, stdin=b"quit\r\n")
            self.assertRegex(again, r"\nReused, TLSv1\.[23], Cipher is")

    def test_openssl_is_refused_old_protocols(self):
        for version in ("-tls1", "-tls1_1"):
            said = self.s_client(version, "-cipher", "ALL:@SECLEVEL=0", code=1)
            self.assertIn("Cipher is (NONE)", said)
        self.host.wait_log(r"no TLS: ")

    def test_openssl_asks_for_a_name(self):
        folder = self.host.home / "control/servercerts"
        made = self.tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                         "-", "-out", "-", "-days", "2", "-subj", "/CN=two.example",
                         "-addext", "subjectAltName=DNS:two.example,DNS:*.three.example")
        self.host.write("control/servercerts/two.pem", made)
        self.host.wait_until(
            lambda: "CN = two.example" in self.s_client("-servername", "two.example"),
            why=lambda: f"{folder} is not looked at")
        self.assertIn("CN = two.example", self.s_client("-servername", "a.three.example"))
        self.assertIn("CN = mx.example", self.s_client("-servername", "mx.example"))
        self.assertIn("CN = mx.example", self.s_client("-noservername"))

    def test_gnutls_cli(self):
        said = self.tool("gnutls-cli", "--starttls-proto=smtp", "--x509cafile",
                         self.certificate, "--verify-hostname=mx.example", "-p",
                         str(self.host.smtp_port), "127.0.0.1", stdin=b"QUIT\r\n")
        self.assertIn("The certificate is trusted", said)
        self.assertIn("221 ", said)
        said = self.tool("gnutls-cli", "--starttls-proto=smtp", "--x509cafile",
                         self.certificate, "--verify-hostname=other.example", "-p",
                         str(self.host.smtp_port), "127.0.0.1", stdin=b"QUIT\r\n", code=1)
        self.assertIn("does not match", said)

    def test_posttls_finger(self):
        said = self.tool("posttls-finger", "-c", "-l", "secure", "-F", self.certificate,
                         f"[127.0.0.1]:{self.host.smtp_port}", "mx.example")
        self.assertRegex(said, r"Verified TLS connection established to .*: TLSv1\.3")

    # A proxy in front -------------------------------------------------------------------------

    def test_haproxy(self):
        front = free_port()
        config = self.host.base / "haproxy.cfg"
        config.write_text(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
            f"listen smtp\n bind 127.0.0.1:{front}\n"
            f" server kopis {self.place} send-proxy-v2\n")
        self.host.control("proxyclients", "127.0.0.1")
        self.host.rules('127.0.0.9:allow,RELAYCLIENT=""', ":allow")
        haproxy = subprocess.Popen(["haproxy", "-db", "-f", config], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(haproxy.wait, 20)
        self.addCleanup(haproxy.terminate)
        wait_port(front)
        send = ("swaks", "--server", f"127.0.0.1:{front}", "-tls", "--from",
                "joe@client.example", "--helo", "client.example")
        self.tool(*send, "--local-interface", "127.0.0.8", "--to", self.host.address,
                  "--data", "-", stdin=TEXT.format(name="swaks").encode())
        self.arrived("swaks", r"Received: from unknown \(HELO client\.example\) \(127\.0\.0\.8\)",
                     r"with ESMTPS")

        # The rules are the client's, not the proxy's.
        said = self.tool(*send, "--local-interface", "127.0.0.8", "--to", "x@elsewhere.example",
                         "--quit-after", "RCPT", code=None)
        self.assertRegex(said, r"553 5\.7\.1 sorry, that domain")
        said = self.tool(*send, "--local-interface", "127.0.0.9", "--to", "x@elsewhere.example",
                         "--quit-after", "RCPT")
        self.assertRegex(said, r"250 2\.1\.5 ok")


if __name__ == "__main__":
    unittest.main()

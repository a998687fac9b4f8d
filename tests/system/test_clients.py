"""Real clients against the running system: in by SMTP, out by POP3."""

import poplib
import smtplib
import subprocess
import time
import unittest

from host import Host, HostCase

TEXT = "Subject: from {name}\r\nFrom: joe@client.example\r\n\r\nline\r\n.dot\r\n\r\nend\r\n"


class Clients(HostCase):
    def deliver_some(self, count):
        """Messages in the mailbox, old enough for qmail-pop3d to show."""
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            for n in range(count):
                client.sendmail("joe@client.example", [self.host.address],
                                TEXT.format(name=f"message {n}"))
        files = self.host.wait_mail(self.host.address, count)
        newest = max(int(path.stat().st_mtime) for path in files)
        Host.wait_until(lambda: int(time.time()) > newest)
        return files

    def arrived(self, name):
        text = self.host.wait_mail(self.host.address, 1)[0].read_text("latin-1")
        self.assertIn(f"from {name}", text)
        self.assertIn("\nline\n.dot\n\nend\n", text)

    def run_client(self, *command, stdin=None, **options):
        result = subprocess.run(command, input=stdin, capture_output=True, timeout=60, **options)
        self.assertEqual(0, result.returncode, result)
        return result.stdout

    def write(self, name, text):
        path = self.host.base / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def test_smtplib(self):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.ehlo()
            for extension in ("pipelining", "8bitmime", "size"):
                self.assertTrue(client.has_extn(extension), extension)
            client.sendmail("joe@client.example", [self.host.address],
                            TEXT.format(name="smtplib"))
            self.assertEqual(250, client.noop()[0])
            self.assertEqual(252, client.vrfy("x")[0])
            self.assertEqual(250, client.rset()[0])
        self.arrived("smtplib")

    def test_swaks(self):
        self.run_client("swaks", "--server", f"127.0.0.1:{self.host.smtp_port}",
                        "--from", "joe@client.example", "--to", self.host.address,
                        "--helo", "client.example", "--data", "-",
                        stdin=TEXT.format(name="swaks").replace("\r\n", "\n").encode())
        text = self.host.wait_mail(self.host.address, 1)[0].read_text("latin-1")
        self.assertIn("from swaks", text)

    def test_swaks_pipelined(self):
        self.run_client("swaks", "--pipeline", "--server", f"127.0.0.1:{self.host.smtp_port}",
                        "--from", "joe@client.example", "--to", self.host.address,
                        "--helo", "client.example", "--body", "pipelined body")
        text = self.host.wait_mail(self.host.address, 1)[0].read_text("latin-1")
        self.assertIn("pipelined body", text)

    def test_msmtp(self):
        self.run_client("msmtp", "--host=127.0.0.1", f"--port={self.host.smtp_port}",
                        "--from=joe@client.example", self.host.address,
                        stdin=TEXT.format(name="msmtp").replace("\r\n", "\n").encode())
        self.arrived("msmtp")

    def test_curl_smtp(self):
        mail = self.write("mail", TEXT.format(name="curl"))
        self.run_client("curl", "-sS", "--url", f"smtp://127.0.0.1:{self.host.smtp_port}",
                        "--mail-from", "joe@client.example", "--mail-rcpt", self.host.address,
                        "--upload-file", mail)
        self.arrived("curl")

    def test_curl_pop3(self):
        self.deliver_some(2)
        login = ["-u", f"{self.host.address}:{self.host.password}"]
        url = f"pop3://127.0.0.1:{self.host.pop3_port}/"
        listing = self.run_client("curl", "-sS", *login, url).decode().split()
        self.assertEqual(["1", "2"], listing[::2])
        self.assertIn(b"from message 1", self.run_client("curl", "-sS", *login, url + "2"))

    def test_poplib(self):
        self.deliver_some(3)
        client = poplib.POP3("127.0.0.1", self.host.pop3_port, timeout=20)
        self.assertIn("TOP", client.capa())
        client.user(self.host.address)
        client.pass_(self.host.password)
        count, size = client.stat()
        self.assertEqual(3, count)
        self.assertEqual(size, sum(int(line.split()[1]) for line in client.list()[1]))
        self.assertEqual(3, len({line.split()[1] for line in client.uidl()[1]}))
        lines = client.retr(1)[1]
        self.assertEqual([b"line", b".dot", b"", b"end", b""], lines[-5:])
        self.assertEqual(b"line", client.top(2, 1)[1][-2])
        client.dele(1)
        with self.assertRaises(poplib.error_proto):
            client.retr(1)
        client.rset()
        client.dele(2)
        client.noop()
        client.quit()
        self.assertEqual(2, len(self.host.mail_files(self.host.address)))
        names = sorted(p.parent.name for p in self.host.mail_files(self.host.address))
        self.assertEqual(["cur", "cur"], names)

    def test_fetchmail(self):
        self.deliver_some(2)
        inbox = self.host.base / "inbox"
        config = self.write("fetchmailrc", (
            f"poll 127.0.0.1 service {self.host.pop3_port} protocol pop3 "
            f"user '{self.host.address}' password '{self.host.password}' sslproto '' "
            f"mda 'cat >> {inbox}' nokeep\n"))
        self.run_client("fetchmail", "-f", config, "--pidfile", str(self.host.base / "pid"),
                        env={"PATH": "/usr/bin:/bin", "HOME": str(self.host.base),
                             "FETCHMAILHOME": str(self.host.base)})
        self.assertEqual(2, inbox.read_bytes().count(b"Subject: from message"))
        self.assertEqual([], self.host.mail_files(self.host.address))

    def test_mpop(self):
        self.deliver_some(2)
        inbox = self.host.base / "mbox"
        config = self.write("mpoprc", (
            f"account x\nhost 127.0.0.1\nport {self.host.pop3_port}\ntls off\nauth user\n"
            f"user {self.host.address}\npassword {self.host.password}\n"
            f"delivery mbox {inbox}\nuidls_file {self.host.base}/uidls\nkeep on\n"))
        self.run_client("mpop", "-C", config, "x")
        self.assertEqual(2, inbox.read_bytes().count(b"Subject: from message"))
        self.assertEqual(2, len(self.host.mail_files(self.host.address)))

    def test_a_wrong_password_waits_and_one_address_cannot_go_on_guessing(self):
        refusals = []
        for _ in range(2):
            began = time.monotonic()
            client = poplib.POP3("127.0.0.1", self.host.pop3_port, timeout=30)
            client.user(self.host.address)
            with self.assertRaisesRegex(poplib.error_proto, "authorization failed"):
                client.pass_("not the password")
            refusals.append(time.monotonic() - began)
            client.close()
        self.assertGreater(refusals[0], 1.9)
        self.assertGreater(refusals[1], 3.9)


if __name__ == "__main__":
    unittest.main()

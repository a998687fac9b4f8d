"""Dovecot beside a whole host, by the files and commands of docs/IMAP.md: one store of passwords,
mail by SMTP to LMTP to Sieve to IMAP, and what becomes of mail that Dovecot does not take."""

import grp
import imaplib
import os
import re
import shutil
import smtplib
import ssl
import subprocess
import sys
import unittest

from host import NOBODY, ROOT, Host, HostCase, free_port, wait_port

sys.path.append(str(ROOT / "tests"))

import pages  # noqa: E402


def blocks(heading):
    """The blocks of code in a section of the page, in order."""
    section = pages.section("docs/IMAP.md", f"{heading}\n", 2)
    return re.findall(r"^```(?:sh)?\n(.*?)^```$", section, re.M | re.S)


class Dovecot:
    """Debian's Dovecot with the page's configuration, in a place of its own."""

    ssl = "ssl = no\n"

    def __init__(self, host):
        self.host = host
        self.base = host.base / "dovecot"
        self.port, self.process = free_port(), None
        self.etc = self.base / "etc"
        self.base.mkdir()
        shutil.copytree("/etc/dovecot", self.etc, ignore=shutil.ignore_patterns("private"))
        for path in self.etc.rglob("*.conf*"):
            path.write_text(self.here(path.read_text()))
        (self.etc / "conf.d/10-ssl.conf").unlink()  # Its certificate may not be there.
        # What is not in the page: ports and places, and the host's one user for `alias`.
        (self.etc / "test.conf").write_text(f"""\
base_dir = {self.base}/run
state_dir = {self.base}/run
log_path = {self.base}/log
{self.ssl}disable_plaintext_auth = no
service imap-login {{
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")

    def here(self, text):
        for place, own in (("/etc/dovecot", self.etc), ("/run/dovecot", self.base / "run"),
                           ("/var/qmail", self.host.home), ("user = alias", "user = nobody")):
            text = text.replace(place, str(own))
        return text

    def configure(self, *parts):
        (self.etc / "local.conf").write_text(
            "".join(map(self.here, parts)) + f"!include {self.etc}/test.conf\n")

    def start(self):
        self.process = subprocess.Popen(["dovecot", "-F", "-c", self.etc / "dovecot.conf"],
                                        stdout=subprocess.DEVNULL)
        wait_port(self.port, timeout=20)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def log(self):
        path = self.base / "log"
        return path.read_text() if path.exists() else ""

    def imap(self, address, password):
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(address, password)
        return client


@unittest.skipUnless(os.geteuid() == 0 and os.path.exists("/usr/lib/dovecot/lmtp")
                     and os.path.exists("/usr/lib/dovecot/modules/lib90_sieve_plugin.so"),
                     "needs root, dovecot-imapd, dovecot-lmtpd and dovecot-sieve")
class Imap(HostCase):
    """A host with the page's users and passwords, and a Dovecot."""

    delivery, dovecot_of = (), Dovecot

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        # Its one user does root's work, and may give files to Dovecot's group.
        groups = f"--groups={grp.getgrnam('dovecot').gr_gid}"
        command, popen = self.host.command, self.host.popen
        self.host.command = lambda *words: [
            groups if word == "--clear-groups" else word for word in command(*words)]
        self.host.popen = lambda *words, **more: popen(*self.delivery, *words, **more)
        self.dovecot = self.dovecot_of(self.host)
        self.addCleanup(self.dovecot.stop)
        self.host.start()
        self.host.add_mailbox()
        self.prepare()

    def prepare(self):
        (self.host.home / "users").chmod(0o755)  # As an installed host has it.
        commands, local_conf = blocks("Users and passwords")[1:3]
        commands = self.dovecot.here(commands).replace("kopis user", " ".join(
            ["env", f"KOPIS_HOME={self.host.home}", *self.host.command("user")]))
        subprocess.run(["sh", "-ec", commands], check=True, timeout=60, capture_output=True)
        self.configure(local_conf)
        self.dovecot.start()

    def configure(self, local_conf):
        self.dovecot.configure(local_conf)

    def ok(self, *words, **options):
        result = self.host.run(*words, **options)
        self.assertEqual(0, result.returncode, result)
        return result.stdout.decode()

    def send(self, subject, recipient=None, body="hello"):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=30) as client:
            client.sendmail("s@far.example", [recipient or self.host.address],
                            f"From: s@far.example\r\nSubject: {subject}\r\n\r\n{body}\r\n")

    def fetch(self, folder, count=1, address=None, password=None):
        """The messages of a folder, once there are so many."""
        client = self.dovecot.imap(address or self.host.address, password or self.host.password)
        self.addCleanup(client.shutdown)

        def there():
            code, _ = client.select(folder, readonly=True)
            return code == "OK" and len(client.search(None, "ALL")[1][0].split()) >= count
        self.host.wait_until(there, why=lambda: self.host.log()[-2000:] + self.dovecot.log())
        return [client.fetch(number, "(RFC822)")[1][0][1]
                for number in client.search(None, "ALL")[1][0].split()]


class Encrypted(Dovecot):
    ssl = ""  # As the page has it.


class Certificate(Imap):
    dovecot_of = Encrypted

    def configure(self, local_conf):
        self.dovecot.configure(local_conf, blocks("The certificate")[0])

    def test_it_is_that_of_kopis(self):
        client = imaplib.IMAP4("127.0.0.1", self.dovecot.port)
        self.addCleanup(client.shutdown)
        context = ssl.create_default_context(cafile=self.host.home / "control/servercert.pem")
        context.check_hostname = False
        client.starttls(context)
        pem = (self.host.home / "control/servercert.pem").read_text()
        [ours] = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", pem, re.S)
        self.assertEqual(ssl.PEM_cert_to_DER_cert(ours), client.sock.getpeercert(binary_form=True))
        client.login(self.host.address, self.host.password)


class Passwords(Imap):
    def test_users_change_in_kopis_and_dovecot_knows(self):
        self.send("by Maildir")
        [message] = self.fetch("INBOX")
        self.assertIn(b"Subject: by Maildir", message)
        path = self.host.home / "users/dovecot.passwd"
        kept = path.stat()
        self.assertEqual((0o640, grp.getgrnam("dovecot").gr_gid),
                         (kept.st_mode & 0o777, kept.st_gid))
        self.ok("user", "password", self.host.address, "--password-file", "-", input=b"new horse\n")
        self.refuse(self.host.address, self.host.password)
        self.enter(self.host.address, "new horse")
        self.ok("user", "add", "ann@" + self.host.me, "--password-file", "-",
                input=b"ann's horse\n")
        self.enter("Ann@" + self.host.me, "ann's horse")
        self.ok("user", "remove", "ann@" + self.host.me)
        self.refuse("ann@" + self.host.me, "ann's horse")
        now = path.stat()
        self.assertEqual((kept.st_mode, kept.st_gid), (now.st_mode, now.st_gid))
        self.assertNotEqual(kept.st_ino, now.st_ino)
        client = self.dovecot.imap(self.host.address, "new horse")
        self.assertIn("AUTH=SCRAM-SHA-256", client.capabilities)
        client.logout()

    # Dovecot looks at the file once a second at most.

    def may_enter(self, address, password):
        try:
            self.dovecot.imap(address, password).logout()
            return True
        except imaplib.IMAP4.error:
            return False

    def enter(self, address, password):
        self.host.wait_until(lambda: self.may_enter(address, password))

    def refuse(self, address, password):
        self.host.wait_until(lambda: not self.may_enter(address, password))


class Lmtp(Imap):
    def setUp(self):
        text = re.search(r"KOPIS_DELIVERY=(lmtp:\S+)", blocks("Delivery by LMTP, with Sieve")[1])[1]
        self.instruction = text
        super().setUp()

    @property
    def delivery(self):
        return ("--delivery", self.dovecot.here(self.instruction))

    def configure(self, local_conf):
        self.dovecot.configure(local_conf, blocks("Delivery by LMTP, with Sieve")[0])

    def sieve(self):
        path = self.host.maildir(self.host.address).parent / ".dovecot.sieve"
        path.write_text(blocks("Delivery by LMTP, with Sieve")[3])
        os.chown(path, NOBODY, NOBODY)

    def test_smtp_to_lmtp_to_sieve_to_imap(self):
        self.sieve()
        self.send("[list] one")
        self.send("other")
        [filed] = self.fetch("Lists")
        [other] = self.fetch("INBOX")
        self.assertIn(b"Subject: [list] one\r\n", filed)
        self.assertIn(b"Subject: other\r\n", other)
        self.assertIn(b"Delivered-To: " + self.host.address.encode(), filed)
        self.assertIn(b"Return-Path: <s@far.example>", filed)

    def test_aliases_come_before_it_and_unknown_names_are_refused_at_rcpt(self):
        self.ok("alias", "add", "all@" + self.host.me, self.host.address)
        self.send("to all", "all@" + self.host.me)
        [message] = self.fetch("INBOX")
        self.assertIn(f"Delivered-To: all@{self.host.me}".encode(), message)
        self.host.rules(":allow")  # Nobody may relay.
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.send("nobody", "nosuch@" + self.host.me)

    def test_without_dovecot_mail_waits(self):
        self.dovecot.stop()
        self.send("later")
        self.host.wait_log(r"deferral: Unable_to_deliver_to_\S+/lmtp:")
        self.dovecot.start()
        self.host.alarm()
        [message] = self.fetch("INBOX")
        self.assertIn(b"Subject: later\r\n", message)

    def test_what_dovecot_does_not_take_bounces_with_its_words(self):
        self.ok("user", "add", "ann@" + self.host.me, "--password-file", "-",
                input=b"ann's horse\n")
        (self.host.home / "users/dovecot.passwd").write_text("".join(
            line for line in (self.host.home / "users/dovecot.passwd").read_text().splitlines(True)
            if not line.startswith(self.host.user)))
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=30) as client:
            client.sendmail("ann@" + self.host.me, [self.host.address], "Subject: s\r\n\r\nx\r\n")
        self.host.wait_log(r"failure: \S+/lmtp_said:_550_5\.1\.1_")
        [bounce] = self.fetch("INBOX", address="ann@" + self.host.me, password="ann's horse")
        self.assertRegex(bounce, rb"/lmtp said: 550 5\.1\.1 ")

    def test_over_quota(self):
        self.ok("user", "quota", self.host.address, "3K")
        self.send("large", body=("x" * 60 + "\r\n") * 100)
        self.host.wait_log(r"failure: \S+/lmtp_said:_552_5\.2\.2_")
        self.send("small")
        [message] = self.fetch("INBOX")
        self.assertIn(b"Subject: small\r\n", message)


class Routes(Imap):
    """Several recipients of one message, of a domain in lmtproutes."""

    def configure(self, local_conf):
        self.dovecot.configure(local_conf, blocks("Delivery by LMTP, with Sieve")[0])

    def test_each_recipient_has_a_verdict_of_its_own(self):
        self.ok("user", "add", "ann@box.example", "--new-domain", "--password-file", "-",
                input=b"ann's horse\n")
        self.ok("user", "add", "ben@box.example", "--password-file", "-", input=b"ben's horse\n")
        self.ok("user", "quota", "ben@box.example", "1K")
        route = self.dovecot.here(blocks("A domain of Dovecot's")[0].splitlines()[0])
        self.host.control("lmtproutes", route)
        self.host.control("locals", self.host.me)  # The domain is Dovecot's alone.
        self.host.stop()
        self.host.start()
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=30) as client:
            client.sendmail(
                self.host.address,
                [f"{name}@box.example" for name in ("ann", "ben", "nobody")],
                "Subject: batch\r\n\r\n" + ("x" * 60 + "\r\n") * 40)
        socket = re.escape(route.split(":")[1])
        self.host.wait_log(rf"success: {socket}_accepted_message\./Remote_host_said:_250_2\.0\.0")
        self.host.wait_log(rf"failure: {socket}_failed_after_I_sent_the_message\./"
                           r"Remote_host_said:_552_5\.2\.2")
        self.host.wait_log(rf"failure: {socket}_does_not_like_recipient\./"
                           r"Remote_host_said:_550_5\.1\.1")
        [message] = self.fetch("INBOX", address="ann@box.example", password="ann's horse")
        self.assertIn(b"Subject: batch\r\n", message)
        bounces = self.fetch("INBOX")
        self.assertRegex(b"".join(bounces), rb"(?s)<ben@box\.example>.*<nobody@box\.example>")


if __name__ == "__main__":
    unittest.main()

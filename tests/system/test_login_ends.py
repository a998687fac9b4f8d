"""Who is locked, removed or has a new password: sessions that are logged in end, mail is held."""

import os
import poplib
import smtplib
import ssl
import sys
import threading
import time
import unittest

from host import ROOT, HostCase
from installed import ME
from test_listeners import PASSWORD
from test_pop3_rights import Pop3Case

sys.path.append(str(ROOT / "tests/programs"))

from milter import CONTINUE, Milter  # noqa: E402


def trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class LoginEnds(HostCase):
    def setUp(self):
        super().setUp()
        for name in ("ann", "ben"):
            self.ok("user", "add", f"{name}@{self.host.me}", "--password-file", "-",
                    input=b"correct horse\n")

    def ok(self, *words, **options):
        result = self.host.run(*words, **options)
        self.assertEqual((0, b""), (result.returncode, result.stderr), result)
        return result.stdout.decode()

    def smtp(self, name):
        client = smtplib.SMTP("127.0.0.1", self.host.submission_port, timeout=20)
        self.addCleanup(client.close)
        client.starttls(context=trusting())
        client.login(f"{name}@{self.host.me}", "correct horse")
        return client

    def pop3(self, name):
        client = poplib.POP3_SSL(
            "127.0.0.1", self.host.pop3s_port, timeout=20, context=trusting())
        self.addCleanup(client.close)
        client.user(f"{name}@{self.host.me}")
        client.pass_("correct horse")
        return client

    def assert_ended(self, smtp, pop3):
        """They end though they say nothing."""
        self.assertRegex(smtp.sock.recv(1000), br"\A421 4\.7\.0 your login holds no more")
        self.assertEqual(b"", smtp.sock.recv(1000))
        self.assertEqual(b"", pop3.sock.recv(1000))

    def change(self, *words, **options):
        sessions = self.smtp("ann"), self.pop3("ann")
        others = self.smtp("ben"), self.pop3("ben")
        began = len(self.host.log())
        self.ok("user", *words, **options)
        self.assert_ended(*sessions)
        self.assertEqual(250, others[0].noop()[0])
        self.assertTrue(others[1].noop().startswith(b"+OK"))
        for program in ("qmail-smtpd", "qmail-popup"):
            self.host.wait_log(
                rf"{program}: \d+ 127\.0\.0\.1: session ended: the login of ann@{self.host.me} "
                "holds no more", since=began)
        self.assertNotIn("the login of ben", self.host.log())

    def test_a_lock(self):
        self.change("lock", f"ann@{self.host.me}")
        for log_in in (self.smtp, self.pop3):
            with self.assertRaises((smtplib.SMTPAuthenticationError, poplib.error_proto)):
                log_in("ann")
        self.ok("user", "unlock", f"ann@{self.host.me}")
        self.assertEqual(250, self.smtp("ann").noop()[0])

    def test_a_new_password(self):
        self.change("password", f"ann@{self.host.me}", "--password-file", "-", input=b"other horse\n")

    def test_a_removal(self):
        self.change("remove", f"ann@{self.host.me}")

    def test_a_restart_of_qmail_lookup_ends_nothing(self):
        smtp, pop3 = self.smtp("ann"), self.pop3("ann")
        [before] = self.host.pids("qmail-lookup")
        os.kill(before, 9)
        self.host.wait_until(lambda: self.host.pids("qmail-lookup") not in ([], [before]))
        other = self.smtp("ben")
        self.ok("user", "password", f"ben@{self.host.me}", "--password-file", "-", input=b"other horse\n")
        self.assertRegex(other.sock.recv(1000), br"\A421 ")  # All were asked about by then.
        self.assertEqual(250, smtp.noop()[0])
        self.assertTrue(pop3.noop().startswith(b"+OK"))

    def test_a_message_under_way_is_not_taken(self):
        client = self.smtp("ann")
        client.mail(f"ann@{self.host.me}")
        client.rcpt(f"ben@{self.host.me}")
        self.assertEqual(354, client.docmd("DATA")[0])
        client.send(b"Subject: late\r\n\r\nhello\r\n")
        began = len(self.host.log())
        self.ok("user", "lock", f"ann@{self.host.me}")
        self.host.wait_log(r"session ended: the login of ann@", since=began)
        client.send(b".\r\n")
        self.assertEqual(421, client.getreply()[0])
        self.assertEqual([], self.host.mail_files(f"ben@{self.host.me}"))

    def test_a_message_that_a_filter_has_when_the_login_ends_is_not_taken(self):
        locked = threading.Event()
        self.addCleanup(locked.set)
        milter = Milter(self, E=lambda data: CONTINUE if locked.wait(60) else None)
        self.host.write("control/milters", f"{milter.place}\n")
        client = self.smtp("ann")
        client.mail(f"ann@{self.host.me}")
        client.rcpt(f"ben@{self.host.me}")
        self.assertEqual(354, client.docmd("DATA")[0])
        client.send(b"Subject: late\r\n\r\nhello\r\n.\r\n")
        self.assertTrue(milter.wait_for("E"), milter.letters())
        began = len(self.host.log())
        self.ok("user", "lock", f"ann@{self.host.me}")
        self.host.wait_log(r"session ended: the login of ann@", since=began)
        locked.set()
        client.sock.settimeout(20)
        self.assertRegex(client.file.readline(), br"\A421 4\.7\.0 your login holds no more")
        self.assertEqual(b"", client.file.readline())  # One reply, and the end.
        other = self.smtp("ben")
        other.sendmail(f"ben@{self.host.me}", [f"ben@{self.host.me}"], "Subject: in time\r\n\r\n")
        self.host.wait_mail(f"ben@{self.host.me}", 1)
        self.assertEqual(1, len(self.host.mail_files(f"ben@{self.host.me}")))

    def test_what_is_in_the_queue_is_held(self):
        self.host.write("alias/.qmail-later", "|exit 111\n")
        began = len(self.host.log())
        for name in ("ann", "ben"):
            self.smtp(name).sendmail(
                f"{name}@{self.host.me}", [f"later@{self.host.me}"], "Subject: x\r\n\r\n")
        self.host.wait_until(lambda: self.host.log()[began:].count("deferral") >= 2)
        text = self.ok("user", "lock", f"ann@{self.host.me}")
        self.assertEqual(
            f"locked ann@{self.host.me}\n1 recipients of 1 messages held\n"
            f"kopis queue release --sender ann@{self.host.me} ends that\n", text)
        self.assertIn("held", self.ok("queue", "list", "--sender", f"ann@{self.host.me}"))
        self.assertNotIn("held", self.ok("queue", "list", "--sender", f"ben@{self.host.me}"))


class OnAnInstalledHost(Pop3Case):
    """Listeners may not read passwords there, and other processes serve the mailboxes."""

    def assert_ends(self, session, others, *words, **options):
        self.host.run(*words, **options)
        session[0].settimeout(30)
        self.assertEqual(b"", session[1].read(1), words)  # Though it says nothing.
        for other in others:
            self.assertTrue(self.ask(other, b"NOOP").startswith(b"+OK"))

    def test_sessions_of_virtual_users_and_of_users_of_the_host(self):
        kopis = self.host.home / "bin/kopis"
        others = [self.login("joe"), self.login("ann")]
        self.assert_ends(self.login("vic"), others, kopis, "user", "lock", f"vic@{ME}")
        self.assertIn(b"-ERR", self.login("vic"))
        self.host.run(kopis, "user", "unlock", f"vic@{ME}")
        others = [self.login("joe"), self.login("vic")]
        self.assert_ends(self.login("ann"), others, "usermod", "--lock", "ann")
        self.host.run("usermod", "--unlock", "ann")
        self.assert_ends(self.login("ann"), others, "chpasswd", stdin=b"ann:other-horse\n")
        self.host.run("chpasswd", stdin=f"ann:{PASSWORD}\n".encode())

    def test_a_transfer_ends_too(self):
        """A client that takes a large message slowly has no more than the connection holds."""
        self.letter("vic", b"Subject: large\n\n" + b"x" * 70 * 1024 * 1024)
        session = self.login("vic")
        session[0].sendall(b"RETR 1\r\n")
        session[1].read(100)
        self.host.run(self.host.home / "bin/kopis", "user", "lock", f"vic@{ME}")
        self.addCleanup(self.host.run, self.host.home / "bin/kopis", "user", "unlock", f"vic@{ME}")
        session[0].settimeout(60)
        time.sleep(12)  # What carries it is let go on for 10 s, for the last replies of a QUIT.
        got = 0
        try:
            while block := session[1].read(65536):
                got += len(block)
        except OSError:
            pass
        self.assertLess(got, 60 * 1024 * 1024)


if __name__ == "__main__":
    unittest.main()

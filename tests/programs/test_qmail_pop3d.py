"""qmail-pop3d by hand, and the whole chain in tcpserver: fused, foreign, as another user."""

import os
import pathlib
import poplib
import shutil
import subprocess
import time
import unittest

from harness import BIN, ProgramCase

PASSWORD = "correct horse"
NOBODY = 65534


def nobody():
    """The options that make a child a normal user where we are root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class QmailPop3d(ProgramCase):
    def setUp(self):
        super().setUp()
        self.maildir = self.home / "Maildir"
        for name in ("tmp", "new", "cur"):
            (self.maildir / name).mkdir(parents=True)
        self.mine(self.home)

    def mine(self, top):
        """Gives files to the user that the program runs as."""
        if os.geteuid() == 0:
            for path in [top, *top.rglob("*")]:
                os.lchown(path, NOBODY, NOBODY)

    def mail(self, name, text, age=10):
        path = self.maildir / name
        path.write_bytes(text)
        os.utime(path, (time.time() - age,) * 2)
        self.mine(self.maildir)

    def pop3d(self, commands, *arguments):
        return self.run_program("qmail-pop3d", *(arguments or ("Maildir",)), stdin=commands,
                                cwd=self.home, **nobody())

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_is_refused(self):
        result = self.run_program("qmail-pop3d", "Maildir", cwd=self.home)
        self.assertEqual((1, b"", b"qmail-pop3d invoked as uid 0, terminating\n"),
                         (result.returncode, result.stdout, result.stderr))

    def test_no_maildir(self):
        for arguments in (("None",), ("",)):
            result = self.pop3d(b"", *arguments)
            self.assertEqual((0, b"-ERR this user has no $HOME/Maildir\r\n"),
                             (result.returncode, result.stdout))
        result = self.run_program("qmail-pop3d", cwd=self.home, **nobody())
        self.assertEqual(b"-ERR this user has no $HOME/Maildir\r\n", result.stdout)
        (self.maildir / "cur").rmdir()
        result = self.pop3d(b"")
        self.assertEqual((0, b"-ERR unable to scan $HOME/Maildir\r\n"),
                         (result.returncode, result.stdout))

    def test_a_session(self):
        self.mail("new/b", b"Subject: b\n\n.\n", age=20)
        self.mail("cur/a:2,S", b"Subject: a\n", age=30)
        result = self.pop3d(b"UIDL\r\nRETR 2\r\nDELE 1\r\nSTAT\r\nQUIT\r\nNOOP\r\n")
        self.assertEqual(
            b"+OK \r\n+OK \r\n1 a\r\n2 b\r\n.\r\n"
            b"+OK \r\nSubject: b\r\n\r\n..\r\n\r\n.\r\n+OK \r\n+OK 2 14\r\n+OK \r\n",
            result.stdout)
        self.assertEqual(0, result.returncode)
        self.assertEqual(["b:2,"], [path.name for path in self.maildir.rglob("*/*")])

    def test_end_of_input_changes_nothing(self):
        self.mail("new/a", b"a\n")
        result = self.pop3d(b"DELE 1\r\nQUIT")
        self.assertEqual((0, b"+OK \r\n+OK \r\n"), (result.returncode, result.stdout))
        self.assertTrue((self.maildir / "new/a").exists())

    def test_a_message_of_this_second_is_not_shown(self):
        self.mail("new/later", b"a\n", age=-3600)
        self.assertEqual(b"+OK \r\n+OK 0 0\r\n", self.pop3d(b"STAT\r\n").stdout)

    def test_two_sessions_of_one_mailbox(self):
        """What the first moves to cur, and gives flags as an IMAP server would, the second has."""
        for name in ("a", "b", "c"):
            self.mail(f"new/{name}", b"Subject: " + name.encode() + b"\n")
        second = subprocess.Popen(
            [BIN / "qmail-pop3d", "Maildir"], cwd=self.home, env=self.environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **nobody())
        self.addCleanup(second.wait)
        self.addCleanup(second.stdin.close)
        self.addCleanup(second.stdout.close)
        self.assertEqual(b"+OK \r\n", second.stdout.readline())
        self.assertEqual(b"+OK \r\n" * 3, self.pop3d(b"DELE 3\r\nQUIT\r\n").stdout)
        (self.maildir / "cur/b:2,").rename(self.maildir / "cur/b:2,FS")
        second.stdin.write(
            b"RETR 1\r\nRETR 2\r\nRETR 3\r\nUIDL 2\r\nDELE 2\r\nDELE 3\r\nQUIT\r\n")
        second.stdin.flush()
        self.assertEqual(
            b"+OK \r\nSubject: a\r\n\r\n.\r\n+OK \r\nSubject: b\r\n\r\n.\r\n"
            b"-ERR unable to open that message\r\n+OK 2 b\r\n+OK \r\n+OK \r\n"
            b"-ERR unable to unlink all deleted messages\r\n+OK \r\n", second.stdout.read())
        self.assertEqual(["a:2,"], [path.name for path in self.maildir.rglob("*/*")])

    def test_a_large_message(self):
        text = b"Subject: large\n\n" + b".line of some length\n" * 200_000
        self.mail("new/large", text)
        result = self.pop3d(b"RETR 1\r\nTOP 1 2147483648\r\nTOP 1 1\r\nQUIT\r\n")
        whole = text.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n") + b"\r\n.\r\n"
        self.assertEqual(
            b"+OK \r\n" + (b"+OK \r\n" + whole) * 2
            + b"+OK \r\nSubject: large\r\n\r\n..line of some length\r\n\r\n.\r\n+OK \r\n",
            result.stdout)


class Chain(ProgramCase):
    """tcpserver … qmail-popup HOST checkpassword qmail-pop3d Maildir."""

    def setUp(self):
        super().setUp()
        self.options = {}
        self.add_user("joe@mx.example", PASSWORD.encode())
        self.maildir = self.home / "users/mail/mx.example/joe/Maildir"
        path = self.maildir / "new/a"
        path.write_bytes(b"Subject: a\n\nbody\n")
        os.utime(path, (time.time() - 10,) * 2)

    def of_nobody(self):
        """Makes the mailbox another user's, as on an installed host."""
        box = self.maildir.parent
        mail = self.home / "users/mail"
        for path in [mail, *mail.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        for path in (self.home / "users", mail, box.parent):
            path.chmod(0o755)

    def serve(self, *before):
        process = subprocess.Popen(
            [BIN / "tcpserver", "-1", "127.0.0.1", "0", *before, "qmail-popup", "mx.example",
             "checkpassword", "qmail-pop3d", "Maildir"],
            env=self.environment(), cwd=self.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **self.options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.process = process
        self.port = int(process.stdout.readline())

    def children(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return pathlib.Path(path).read_text().split()

    def client(self):
        client = poplib.POP3("127.0.0.1", self.port, timeout=20)
        self.addCleanup(client.close)
        return client

    def read_mail(self):
        client = self.client()
        client.user("joe")
        client.pass_(PASSWORD)
        self.assertEqual((1, 17), client.stat())
        self.assertEqual([b"Subject: a", b"", b"body", b""], client.retr(1)[1])
        return client

    def test_our_own_mailbox_needs_no_process(self):
        self.serve()
        client = self.read_mail()
        self.assertEqual([], self.children())
        client.dele(1)
        client.quit()
        self.assertEqual([], list(self.maildir.rglob("*/*")))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_anothers_mailbox_is_not_roots_to_serve(self):
        """Without a user qmaild all is one user, root too. Of an installed host: system/test_pop3_rights."""
        self.of_nobody()
        self.serve()
        client = self.client()
        client.user("joe")
        with self.assertRaisesRegex(poplib.error_proto, "-ERR authorization failed"):
            client.pass_(PASSWORD)
        self.assertIn(b"joe@mx.example logged in", self.process.stderr.readline())
        self.assertIn(b"unable to become the owner of the mailbox of joe@mx.example",
                      self.process.stderr.readline())

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_by_hand_behind_a_foreign_program(self):
        self.of_nobody()
        self.serve("env")
        self.read_mail().quit()
        self.assertTrue((self.maildir / "cur/a:2,").exists())

    def test_by_hand_as_a_normal_user(self):
        self.options = nobody()
        if os.geteuid() == 0:
            for path in [self.home, *self.home.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
        self.serve("env")
        self.read_mail().quit()
        self.assertTrue((self.maildir / "cur/a:2,").exists())

    def test_failures_are_logged_with_the_address_and_not_with_the_name(self):
        self.serve()
        client = self.client()
        client.user("PASSWORD-TYPED-AS-NAME")
        with self.assertRaisesRegex(poplib.error_proto, "-ERR authorization failed"):
            client.pass_("wrong password")
        self.assertEqual(b"qmail-popup: authorization failed for 127.0.0.1\n",
                         self.process.stderr.readline())
        self.assertRegex(self.process.stderr.readline(),
                         rb"\Aqmail-popup: \d+ 127.0.0.1: login failed for -\n\Z")

    def test_a_wrong_line_of_users_keeps_no_other_from_his_mail(self):
        with open(self.home / "users/virtual", "a") as file:
            file.write("damage\n")
        self.serve()
        self.read_mail().quit()

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_curl(self):
        self.serve()
        result = subprocess.run(
            ["curl", "-sS", "-u", f"joe@mx.example:{PASSWORD}", f"pop3://127.0.0.1:{self.port}/1"],
            capture_output=True, timeout=30)
        self.assertEqual((0, b"Subject: a\r\n\r\nbody\r\n\r\n"), (result.returncode, result.stdout))


if __name__ == "__main__":
    unittest.main()

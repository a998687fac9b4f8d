"""What a client hears while something that a listener asks is slow, stopped or being rewritten: never
that a password is wrong, never that there is no such address, and never a way in."""

import base64
import os
import signal
import smtplib
import threading
import time
import unittest

from listener import ListenerCase
from test_qmail_lookup import Service

PASSWORD = "right horse"
LOGIN = "AUTH PLAIN " + base64.b64encode(b"\0joe\0" + PASSWORD.encode()).decode()
POP3 = ("qmail-popup", "mx.example", "checkpassword", "qmail-pop3d", "Maildir")


class FailingHelpers(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.control("authloopback", "1")
        self.add_user("joe@mx.example", PASSWORD.encode())
        queue = self.script("cat > /dev/null; cat <&1 > /dev/null\n")
        self.env = {"QMAILQUEUE": queue}

    def client(self):
        client = smtplib.SMTP("127.0.0.1", self.port, "c.example", timeout=60)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def rcpt(self, client, address="joe@mx.example"):
        client.docmd("RSET")
        client.docmd("MAIL FROM:<a@b.example>")
        return client.docmd(f"RCPT TO:<{address}>")[0]

    def fetch(self, port):
        """The last reply of a POP3 login."""
        peer, replies = self.connect_to(port)
        replies.readline()
        peer.sendall(b"CAPA\r\n")
        while replies.readline() != b".\r\n":
            pass
        peer.sendall(b"USER joe\r\nPASS " + PASSWORD.encode() + b"\r\nQUIT\r\n")
        return replies.readlines()[1]

    def connect_to(self, port):
        self.port, kept = port, self.port
        try:
            return self.connect()
        finally:
            self.port = kept

    def serve_both(self):
        """SMTP on self.port; the result is POP3's."""
        self.serve(chain=POP3)
        pop3 = self.port
        self.serve(chain=("qmail-smtpd", "mx.example", "checkpassword", "true"), **self.env)
        return pop3

    def test_users_that_are_rewritten_all_the_while(self):
        Service(self, "--single-user")
        pop3 = self.serve_both()
        users = self.home / "users/virtual"
        text = users.read_bytes()
        over = threading.Event()

        def rewrite():
            number = 0
            while not over.is_set():
                number += 1
                users.with_suffix(".new").write_bytes(text + b"# change %d\n" % number)
                os.replace(users.with_suffix(".new"), users)

        writer = threading.Thread(target=rewrite)
        writer.start()
        self.addCleanup(writer.join)
        self.addCleanup(over.set)
        for _ in range(20):
            self.assertEqual(235, self.client().docmd(LOGIN)[0])
            client = self.client()
            self.assertEqual(250, self.rcpt(client))
            self.assertEqual(550, self.rcpt(client, "nobody@mx.example"))
            self.assertEqual(b"+OK \r\n", self.fetch(pop3))

    def test_users_that_are_written_in_place(self):
        """As an editor may: for a moment the file is empty, or half. That is no answer about anybody."""
        Service(self, "--single-user")
        pop3 = self.serve_both()
        users = self.home / "users/virtual"
        text = users.read_bytes()
        for content in (text[:len(text) // 2], b"joe@mx.ex", text + b"ann"):
            users.write_bytes(content)
            self.assertEqual(454, self.client().docmd(LOGIN)[0], content)
            self.assertEqual(451, self.rcpt(self.client(), "joe-x@mx.example"), content)
            self.assertRegex(self.fetch(pop3), rb"\A-ERR \[SYS/TEMP\] ")
        users.write_bytes(text)
        self.assertEqual(235, self.client().docmd(LOGIN)[0])
        self.assertEqual(b"+OK \r\n", self.fetch(pop3))

    def test_helpers_that_do_not_answer(self):
        """qmail-lookup is stopped, and a checkpassword sleeps: each has its time, all at once here."""
        service = Service(self, "--single-user")
        hanging = self.home / "hangs"
        hanging.write_text("#!/bin/sh\nexec sleep 1000\n")
        hanging.chmod(0o755)
        self.serve(chain=("qmail-smtpd", "mx.example", str(hanging), "true"), **self.env)
        slow = self.client()
        self.serve(chain=("qmail-smtpd", "mx.example", "checkpassword", "true"), SUBMISSION="",
                   **self.env)
        stopped, scram = self.client(), self.client()
        self.serve(chain=("qmail-smtpd",), **self.env)
        stranger = self.client()
        os.kill(service.process.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, service.process.pid, signal.SIGCONT)
        answers = {}

        def ask(name, action):
            began = time.monotonic()
            answers[name] = (action(), time.monotonic() - began)

        def scram_login():
            scram.docmd("AUTH SCRAM-SHA-256")
            return scram.docmd(base64.b64encode(b"n,,n=joe,r=x").decode())[0]

        threads = [threading.Thread(target=ask, args=pair) for pair in (
            ("checkpassword", lambda: slow.docmd(LOGIN)[0]),
            ("lookup", lambda: stopped.docmd(LOGIN)[0]), ("scram", scram_login),
            ("recipient", lambda: self.rcpt(stranger)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({"checkpassword": 454, "lookup": 454, "scram": 454, "recipient": 451},
                         {name: code for name, (code, _) in answers.items()})
        for name, (_, seconds) in answers.items():
            self.assertLess(seconds, 45, name)
        self.assertEqual(530, stopped.docmd("MAIL FROM:<joe@mx.example>")[0])  # And no way in.
        os.kill(service.process.pid, signal.SIGCONT)
        self.assertEqual(235, stopped.docmd(LOGIN)[0])


if __name__ == "__main__":
    unittest.main()

"""Bad input at the running system: a clear error, limits hold, other sessions do not notice."""

import random
import smtplib
import socket
import threading
import time
import unittest

from host import HostCase

COMMANDS = [b"HELO x", b"EHLO x", b"MAIL FROM:<a@b.example>", b"RCPT TO:<%s>", b"DATA", b"RSET",
            b"NOOP", b"VRFY x", b"HELP", b"TURN", b"", b"\xff\xfe", b"MAIL", b"RCPT", b"DATA x"]


class Hostile(HostCase):
    def connect(self, port=None):
        s = socket.create_connection(("127.0.0.1", port or self.host.smtp_port), timeout=20)
        self.addCleanup(s.close)
        return s, s.makefile("rb")

    def assert_served(self):
        """Another client is served at once, and its mail arrives."""
        before = len(self.host.mail_files(self.host.address))
        began = time.monotonic()
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=10) as client:
            client.sendmail("a@b.example", [self.host.address], "Subject: still here\r\n\r\n")
        self.assertLess(time.monotonic() - began, 5)
        self.host.wait_mail(self.host.address, before + 1, timeout=20)

    def assert_no_process_died(self):
        self.assertNotRegex(self.host.log(), r"ended by signal|starting again")

    def test_every_command_in_every_order(self):
        """Random walks over all commands: each line gets exactly one well-formed reply."""
        dice = random.Random(1)
        for _ in range(200):
            s, replies = self.connect()
            self.assertRegex(replies.readline(), rb"^220 ")
            for _ in range(12):
                line = dice.choice(COMMANDS)
                s.sendall(line.replace(b"%s", self.host.address.encode()) + b"\r\n")
                code = self.reply(replies)
                if code is None:
                    break  # A limit on errors may close, after saying so.
                if code == 354:
                    s.sendall(b"Subject: walk\r\n\r\n.\r\n")
                    self.assertEqual(250, self.reply(replies))
            s.close()
        self.assert_served()
        self.assert_no_process_died()

    def reply(self, replies):
        while True:
            line = replies.readline()
            if not line:
                return None
            self.assertRegex(line, rb"^[2-5]\d\d[ -][^\r\n]*\r\n$")
            if line[3:4] == b" ":
                return int(line[:3])

    def test_lines_and_addresses_without_end(self):
        for start in (b"HELO ", b"MAIL FROM:<", b"", b"RCPT TO:<" + b"\0" * 10):
            s, replies = self.connect()
            replies.readline()
            answers = b""
            try:
                for _ in range(160):
                    s.sendall(start + b"x" * 65536)
                    start = b""
                s.sendall(b"\r\nNOOP\r\n")
            except OSError:
                pass  # Closed in our face: fine.
            try:
                s.shutdown(socket.SHUT_WR)
                answers = replies.read()
            except OSError:
                pass
            self.assertNotIn(b"x" * 100, answers)
        self.assert_served()
        self.assert_no_process_died()
        for name, _, peak in self.host.memory_peaks():
            self.assertLess(peak, 100 * 1024, name)

    def test_a_long_address_gets_its_own_answer(self):
        s, replies = self.connect()
        replies.readline()
        s.sendall(b"MAIL FROM:<" + b"a" * 950 + b"@b.example>\r\n")
        self.assertRegex(replies.readline(), rb"^555 syntax error \(#5\.5\.4\)\r\n")
        s.sendall(b"MAIL FROM:<a\0b@c.example>\r\n")
        self.assertRegex(replies.readline(), rb"^555 ")

    def test_binary_junk_on_both_ports(self):
        dice = random.Random(2)
        for port in (self.host.smtp_port, self.host.pop3_port):
            for _ in range(30):
                s, replies = self.connect(port)
                try:
                    s.sendall(dice.randbytes(20000) + b"\r\nQUIT\r\n")
                    s.shutdown(socket.SHUT_WR)
                    replies.read()
                except OSError:
                    pass
                s.close()
        self.assert_served()
        self.assert_no_process_died()

    def test_half_open_connections_and_silent_ones_cost_others_nothing(self):
        sockets = [self.connect()[0] for _ in range(200)]
        for n, s in enumerate(sockets):
            if n % 2:
                s.sendall(b"MAIL FROM:<a@b.example>\r\nRCP"[: n % 30])
        self.assert_served()
        for s in sockets:
            s.close()
        self.assert_served()
        self.assert_no_process_died()

    def test_a_client_of_one_byte_a_second_is_ended_by_the_timeout(self):
        self.host.control("timeoutsmtpd", "3")
        s, replies = self.connect()
        replies.readline()
        ended = threading.Event()

        def drip():
            try:
                while not ended.is_set():
                    s.sendall(b"N")
                    ended.wait(1)
            except OSError:
                pass

        dripper = threading.Thread(target=drip)
        began = time.monotonic()
        dripper.start()
        try:
            answer = replies.readline()
        except ConnectionResetError:
            answer = b""
        ended.set()
        dripper.join()
        self.assertLess(time.monotonic() - began, 15)
        self.assertIn(answer, (b"451 timeout (#4.4.2)\r\n", b""))

    def test_smuggling_gives_one_message_or_a_refusal(self):
        sequences = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r",
                     b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\r\n.\r\r\n"]
        inner = f"MAIL FROM:<evil@b.example>\r\nRCPT TO:<{self.host.address}>\r\nDATA\r\n".encode()
        for sequence in sequences:
            s, replies = self.connect()
            replies.readline()
            s.sendall(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<" + self.host.address.encode()
                      + b">\r\nDATA\r\n")
            self.assertEqual([250, 250, 354], [self.reply(replies) for _ in range(3)])
            s.sendall(b"Subject: smuggle\r\n\r\nbody" + sequence + inner
                      + b"Subject: smuggled\r\n\r\nevil\r\n.\r\nQUIT\r\n")
            codes = []
            try:
                while (code := self.reply(replies)) is not None:
                    codes.append(code)
            except ConnectionResetError:
                pass
            self.assertIn(codes, ([451], [250, 221], []), sequence)
        self.assert_served()
        for path in self.host.mail_files(self.host.address):
            self.assertNotIn(b"Return-Path: <evil@", path.read_bytes())


if __name__ == "__main__":
    unittest.main()

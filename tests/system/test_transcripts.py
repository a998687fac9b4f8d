"""The two transcripts of the magazine article that asked for this system, word for word."""

import re
import socket
import time
import unittest

from host import Host, HostCase

BODY = b"Subject: test\r\nFrom: postmaster@gcd.org\r\n\r\n\x1b$B%F%9%H\x1b(B\r\n"


class Line:
    """A telnet-like client: sends lines, expects lines."""

    def __init__(self, case, port):
        self.case = case
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        case.addCleanup(self.socket.close)
        self.lines = self.socket.makefile("rb")
        case.addCleanup(self.lines.close)

    def send(self, line):
        self.socket.sendall(line + b"\r\n")

    def expect(self, pattern):
        line = self.lines.readline()
        self.case.assertRegex(line, b"^" + pattern + b"\r\n$")
        return line


class Transcripts(HostCase):
    def setUp(self):
        self.host = Host(me="toyokawa.gcd.org")
        self.addCleanup(self.host.close)
        self.host.control("locals", "toyokawa.gcd.org", "gcd.org")
        self.host.control("rcpthosts", "toyokawa.gcd.org", "gcd.org", ".gcd.org")
        self.host.address = "sengoku@gcd.org"
        self.host.add_mailbox()
        self.host.start()

    def smtp(self):
        client = Line(self, self.host.smtp_port)
        client.expect(rb"220 toyokawa\.gcd\.org ESMTP")
        for command, reply in (
                (b"HELO ozenji.gcd.org", rb"250 toyokawa\.gcd\.org"),
                (b"MAIL FROM:<postmaster@gcd.org>", rb"250 ok"),
                (b"RCPT TO:<sengoku@gcd.org>", rb"250 ok"),
                (b"DATA", rb"354 go ahead")):
            client.send(command)
            client.expect(reply)
        client.socket.sendall(BODY)
        client.send(b".")
        client.expect(rb"250 ok \d{9,10} qp \d+")
        client.send(b"QUIT")
        client.expect(rb"221 toyokawa\.gcd\.org")
        self.assertEqual(b"", client.lines.read())

    def test_transcript_1_smtp(self):
        self.smtp()
        text = self.host.wait_mail("sengoku@gcd.org", 1)[0].read_bytes()
        self.assertTrue(text.endswith(BODY.replace(b"\r\n", b"\n")))

    def test_transcript_2_pop3(self):
        self.smtp()
        path = self.host.wait_mail("sengoku@gcd.org", 1)[0]
        size = path.stat().st_size
        # qmail-pop3d does not show messages of the current second (contract §10.3).
        Host.wait_until(lambda: int(time.time()) > int(path.stat().st_mtime))
        client = Line(self, self.host.pop3_port)
        client.expect(rb"\+OK <\d+\.\d{9,10}@toyokawa\.gcd\.org>")
        client.send(b"USER sengoku@gcd.org")
        client.expect(rb"\+OK ")
        client.send(b"PASS " + self.host.password.encode())
        client.expect(rb"\+OK ")
        client.send(b"LIST")
        client.expect(rb"\+OK ")
        client.expect(b"1 %d" % size)
        client.expect(rb"\.")
        client.send(b"RETR 1")
        client.expect(rb"\+OK ")
        client.expect(rb"Return-Path: <postmaster@gcd\.org>")
        client.expect(rb"Delivered-To: sengoku@gcd\.org")
        date = rb"\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000"
        client.expect(rb"Received: \(qmail \d+ invoked from network\); " + date)
        client.expect(rb"Received: from unknown \(HELO ozenji\.gcd\.org\) \(127\.0\.0\.1\)")
        client.expect(rb"  by toyokawa\.gcd\.org with SMTP; " + date)
        for line in BODY.split(b"\r\n")[:-1]:
            client.expect(re.escape(line))
        client.expect(b"")
        client.expect(rb"\.")
        client.send(b"QUIT")
        client.expect(rb"\+OK ")


if __name__ == "__main__":
    unittest.main()

"""POP3 over TLS in a listener: STLS (RFC 2595), and TLS from the start (RFC 8314)."""

import os
import poplib
import socket
import subprocess
import unittest

from harness import BIN
from listener import ListenerCase

CHAIN = ("qmail-popup", "mx.example", "checkpassword", "qmail-pop3d", "Maildir")
LETTER = b"Subject: one\n\n" + b"".join(b"line %d\n" % n for n in range(20_000))


class OverTls(ListenerCase):
    """A virtual user with one letter that does not fit in any buffer."""

    def setUp(self):
        super().setUp()
        self.certificate("servercert.pem", "mx.example")
        self.add_user("joe@mx.example", b"long secret")
        [box] = self.home.glob("users/mail/*/joe/Maildir")
        letter = box / "new/1.M1P1Q1.host"
        letter.write_bytes(LETTER)
        os.utime(letter, (1, 1))  # Mail of this second waits for the next.

    def client(self):
        client = poplib.POP3("127.0.0.1", self.port, timeout=20)
        self.addCleanup(client.close)
        return client

    def read_all(self, client):
        client.user("joe@mx.example")
        client.pass_("long secret")
        self.assertEqual(1, client.stat()[0])
        lines = client.retr(1)[1]
        self.assertEqual(LETTER.splitlines(), lines[:-1])  # The extra line is qmail's.
        self.assertEqual([b"1 1.M1P1Q1.host"], client.uidl()[1])
        client.dele(1)
        client.quit()
        self.assertEqual([], list(self.home.glob("users/mail/*/joe/Maildir/*/1.*")))

    def test_stls(self):
        self.serve(chain=CHAIN)
        client = self.client()
        self.assertIn("STLS", client.capa())
        client.stls(self.client_context())
        self.assertNotIn("STLS", client.capa())  # RFC 2595 §4: not over TLS.
        self.assertIn(b"-ERR", self.error(client._shortcmd, "STLS"))
        self.read_all(client)

    def test_from_the_start(self):
        self.serve(chain=CHAIN, POP3S="")
        client = poplib.POP3_SSL("127.0.0.1", self.port, timeout=20,
                                 context=self.client_context(str(self.home / "control/servercert.pem"),
                                                             check_hostname=False))
        self.addCleanup(client.close)
        self.read_all(client)

    def test_a_client_that_leaves_in_the_middle(self):
        self.serve("-v", chain=CHAIN)
        client = self.client()
        client.stls(self.client_context())
        client.user("joe@mx.example")
        client.pass_("long secret")
        client._putcmd("RETR 1")
        client.sock.recv(1000)
        client.sock.shutdown(socket.SHUT_RDWR)
        self.wait_log(r"^tcpserver: status: 0/")  # First of all none, then again.
        self.wait_log(r"(?s)status: 1/.*status: 0/")
        self.assertTrue(list(self.home.glob("users/mail/*/joe/Maildir/*/1.*")))

    @staticmethod
    def error(call, *words):
        try:
            return call(*words)
        except poplib.error_proto as error:
            return error.args[0]


class Refusals(ListenerCase):
    def greet(self):
        peer, replies = self.connect()
        self.assertRegex(replies.readline(), rb"^\+OK <.*@mx\.example>\r\n$")
        return peer, replies

    def test_without_a_certificate_nothing_is_offered(self):
        self.serve(chain=CHAIN)
        peer, replies = self.greet()
        peer.sendall(b"STLS\r\nCAPA\r\nQUIT\r\n")
        said = replies.read()
        self.assertTrue(said.startswith(b"-ERR authorization first\r\n"), said)
        self.assertNotIn(b"STLS", said)

    def test_a_certificate_that_cannot_be_used_stops_the_start(self):
        (self.home / "control/servercert.pem").write_text("nothing\n")
        self.serve(chain=CHAIN)
        self.assertEqual(111, self.process.wait(20))
        self.wait_log("servercert.pem")

    def test_words_that_come_along_with_stls(self):
        """CVE-2011-0411: what came in the clear must not be taken for encrypted words."""
        self.certificate("servercert.pem", "mx.example")
        self.serve(chain=CHAIN)
        for ahead in (b"USER joe\r\n", b"C", b"\x16\x03\x01"):
            peer, replies = self.greet()
            peer.sendall(b"STLS\r\n" + ahead)
            self.assertEqual(b"-ERR nothing may follow STLS before its reply\r\n", replies.read())

    def test_what_was_said_before_is_forgotten(self):
        self.certificate("servercert.pem", "mx.example")
        self.serve(chain=CHAIN)
        peer, replies = self.greet()
        peer.sendall(b"USER joe\r\n")
        self.assertEqual(b"+OK \r\n", replies.readline())
        peer.sendall(b"STLS\r\n")
        self.assertEqual(b"+OK begin TLS\r\n", replies.readline())
        tls, replies = self.encrypt(peer)
        tls.sendall(b"PASS long secret\r\n")
        self.assertEqual(b"-ERR USER first\r\n", replies.readline())


if __name__ == "__main__":
    unittest.main()

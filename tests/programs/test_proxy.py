"""The PROXY protocol in front of tcpserver's chains (hostile inputs, class 12)."""

import socket
import struct
import unittest

from listener import ListenerCase

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LINE = b"PROXY TCP4 192.0.2.9 198.51.100.1 4711 25\r\n"


def binary(command=0x21, source="192.0.2.9", more=b""):
    """A header of version 2 for a client of IPv4."""
    rest = (socket.inet_aton(source) + socket.inet_aton("198.51.100.1")
            + struct.pack("!HH", 4711, 25) + more)
    return SIGNATURE + struct.pack("!BBH", command, 0x11, len(rest)) + rest


class Proxy(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.control("proxyclients", "127.0.0.0/8")

    def printing(self):
        """A chain that prints what it is told of its client."""
        return ("sh", "-c", "echo $TCPREMOTEIP:$TCPREMOTEPORT $TCPLOCALIP:$TCPLOCALPORT; "
                            "head -c 4; echo; echo $RELAYCLIENT-")

    def test_the_client_is_who_the_proxy_says(self):
        self.serve(chain=self.printing())
        for header, client in (
                (LINE, b"192.0.2.9:4711 198.51.100.1:25"),
                (binary(), b"192.0.2.9:4711 198.51.100.1:25"),
                (binary(more=b"\x04\0\x03abc" + b"\x20\0\x10" + b"x" * 16),
                 b"192.0.2.9:4711 198.51.100.1:25"),
                (b"PROXY TCP6 2001:db8::9 ::1 1 25\r\n", b"2001:db8::9:1 ::1:25"),
                (b"PROXY UNKNOWN\r\n", b"0.0.0.0:0 0.0.0.0:0")):
            peer, replies = self.connect()
            peer.sendall(header + b"rest")
            self.assertEqual(client + b"\n", replies.readline())
            self.assertEqual(b"rest\n", replies.readline())  # Not a byte of it was read by us.

    def test_a_proxy_that_speaks_for_itself(self):
        self.serve(chain=self.printing())
        peer, replies = self.connect()
        peer.sendall(binary(command=0x20) + b"rest")
        self.assertRegex(replies.readline(), rb"\A127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+\n")

    def test_rules_and_limits_are_the_clients(self):
        """A proxy on this host must not make us an open relay."""
        self.rules('127.0.0.1:allow,RELAYCLIENT=""\n192.0.2.10:deny\n:allow\n')
        self.serve("-v", "-C", "1", "-x", str(self.home / "rules"))
        peer, replies = self.greeted(LINE)
        self.say(peer, replies, b"MAIL FROM:<a@b.example>")
        self.assertEqual(b"553", self.say(peer, replies, b"RCPT TO:<x@elsewhere.example>")[:3])
        self.wait_log(r"^tcpserver: pid \d+ from 192\.0\.2\.9$")
        self.assertEqual(b"421 too many", self.greeting(LINE)[:12])  # A second one of that address.
        self.assertEqual(b"", self.greeting(binary(source="192.0.2.10")))
        self.wait_log(r"^tcpserver: deny \d+ :198\.51\.100\.1:25 :192\.0\.2\.10::4711$")
        self.assertEqual(b"220 mx.example ESMTP\r\n", self.greeting(binary(source="192.0.2.11")))

    def test_what_is_no_header_is_not_served(self):
        self.serve()
        for words in (b"EHLO client.example\r\nNOOP\r\n", b"PROXY TCP4 ::1 ::1 1 2\r\n",
                      b"PROXY " + b"x" * 200 + b"\r\n", b"PROXY TCP4 192.0.2.1 1.2.3.4 1 2\n",
                      SIGNATURE + b"\x21\x11\xff\xff" + b"x" * 65535,
                      SIGNATURE + b"\x21\x11\0\x04abcd", b"\x16\x03\x01" + b"\0" * 50):
            self.assertEqual(b"", self.greeting(words), words[:40])
        self.wait_log(r"^tcpserver: warning: dropping connection, no PROXY header from 127")

    def test_a_header_that_does_not_come_has_five_seconds(self):
        self.serve()
        for part in (b"", b"PROXY TCP4 192.0", SIGNATURE + b"\x21\x11\0\x0c12"):
            peer, replies = self.connect()
            peer.sendall(part)
            self.assertEqual(b"", replies.readline())
        self.wait_log(r"no PROXY header in time from 127\.0\.0\.1$")

    def test_once_and_from_no_one_else(self):
        self.serve()
        peer, replies = self.greeted(binary())
        self.assertEqual(b"502 unimplemented (#5.5.1)\r\n", self.say(peer, replies, LINE.strip()))
        self.control("proxyclients", "192.0.2.0/24")
        peer, replies = self.connect()
        peer.sendall(LINE)
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
        self.assertEqual(b"502 unimplemented (#5.5.1)\r\n", replies.readline())

    def test_whom_a_wrong_line_may_mean_comes_again(self):
        """A proxy that is taken for a client would give its clients its own rights."""
        self.control("proxyclients", "127.0.0.2", "10.1")
        self.serve()
        peer, replies = self.connect(source=("127.0.0.2", 0))
        peer.sendall(binary())
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
        for source in ("127.0.0.1", "127.0.0.3"):
            self.assertEqual(b"", self.connect(source=(source, 0))[1].read())
        self.wait_log(r'proxyclients: line 2: "10.1" is not an address or a network; ignored')
        self.wait_log(r"dropping connection, .*proxyclients: line 2: ")
        self.control("proxyclients", "127.0.0.2")
        self.assertEqual(b"220 mx.example ESMTP\r\n", self.connect()[1].readline())

    def test_tls_follows_the_header(self):
        cert = self.certificate("servercert.pem", "mx.example")
        self.serve(SMTPS="1")
        peer, _ = self.connect()
        peer.sendall(binary())
        _, replies = self.encrypt(peer, self.client_context(cert))
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())

    def test_xclient_asks_the_listeners_rules(self):
        (self.home / "control/proxyclients").unlink()
        self.control("xclients", "127.0.0.1")
        self.rules('127.0.0.1:allow,RELAYCLIENT=""\n192.0.2.10:deny\n'
                   '192.0.2.11:allow,RELAYCLIENT=".relay"\n:allow\n')
        self.serve("-x", str(self.home / "rules"))
        for client, reply in ((b"192.0.2.9", b"553"), (b"192.0.2.11", b"250")):
            peer, replies = self.greeted(b"")
            self.assertIn(b"XCLIENT NAME ADDR", self.say(peer, replies, b"EHLO front.example"))
            self.assertEqual(b"220 mx.example ESMTP\r\n",
                             self.say(peer, replies, b"XCLIENT ADDR=" + client))
            self.say(peer, replies, b"MAIL FROM:<a@b.example>")
            self.assertEqual(
                reply, self.say(peer, replies, b"RCPT TO:<x@elsewhere.example>")[:3])
        peer, replies = self.greeted(b"")
        self.assertEqual(b"421", self.say(peer, replies, b"XCLIENT ADDR=192.0.2.10")[:3])
        self.assertEqual(b"", replies.read())

    def greeted(self, header):
        peer, replies = self.connect()
        peer.sendall(header)
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
        return peer, replies

    def greeting(self, words):
        """What a connection that begins so is told first."""
        peer, replies = self.connect()
        try:
            peer.sendall(words)
            return replies.readline()
        except ConnectionError:
            return b""


if __name__ == "__main__":
    unittest.main()

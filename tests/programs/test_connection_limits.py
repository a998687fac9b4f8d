"""tcpserver: how many connections a client may have, and what is said and logged of more."""

import re
import socket
import time

from listener import ListenerCase

SMTP_WORDS = b"421 too many connections from you, try again later (#4.7.0)\r\n"
POP3_WORDS = b"-ERR too many connections from you, try again later\r\n"


class ConnectionLimits(ListenerCase):
    """Clients of several addresses come through a proxy of the loopback; the limits are theirs."""

    POP3 = ("qmail-popup", "mx.example", "checkpassword", "qmail-pop3d", "Maildir")

    def setUp(self):
        super().setUp()
        self.control("proxyclients", "127.0.0.1")

    def client(self, address):
        """A connection of that address."""
        family = b"TCP6" if ":" in address else b"TCP4"
        here = b"2001:db8::ff" if ":" in address else b"198.51.100.1"
        peer, replies = self.connect()
        peer.sendall(b"PROXY %s %s %s 4711 25\r\n" % (family, address.encode(), here))
        return peer, replies

    def fill(self, address, count):
        """So many connections, and of how many of them the session began."""
        clients = [self.client(address) for _ in range(count)]
        greetings = [replies.readline() for _, replies in clients]
        return clients, sum(greeting[:3] in (b"220", b"+OK") for greeting in greetings)

    def assert_served(self, address, first=b"220"):
        self.assertTrue(self.client(address)[1].readline().startswith(first))

    def serve_at_last(self, address, words):
        """The end is logged just before the place is given back."""
        deadline = time.monotonic() + 20
        while True:
            peer, replies = self.client(address)
            try:
                peer.sendall(words)
                if replies.readline()[:3] in (words, b"220"):
                    return
            except ConnectionError:
                pass
            self.assertLess(time.monotonic(), deadline, "the place is not given back")

    def test_one_address_leaves_places_to_others(self):
        """Before, one address had all of them."""
        self.serve("-v", "-c", "200")
        clients, served = self.fill("192.0.2.1", 200)
        self.assertEqual(50, served)
        self.assertEqual(SMTP_WORDS, self.client("192.0.2.1")[1].read())
        self.assert_served("192.0.2.2")
        self.assert_served("2001:db8::1")
        clients[0][0].sendall(b"QUIT\r\n")
        self.wait_log(r"^tcpserver: end \d+ status 0$")
        self.serve_at_last("192.0.2.1", b"QUIT\r\n")

    def test_a_network_leaves_places_to_others(self):
        self.control("maxpernetwork", "8")
        self.serve("-c", "100")
        served = sum(self.fill(f"192.0.2.{host}", 5)[1] for host in range(1, 5))
        served += sum(self.fill(f"2001:db8:0:{net}::1", 5)[1] for net in range(1, 5))
        self.assertEqual(16, served)
        self.assert_served("198.51.100.1")

    def test_a_few_clients_never_fill_a_listener(self):
        """Whatever is allowed, nobody takes more places than he leaves free."""
        self.control("maxperaddress", "1000")
        self.control("maxpernetwork", "1000")
        self.serve("-c", "20")
        served = [self.fill(f"10.0.{net}.1", 20)[1] for net in range(3)]
        self.assertEqual([10, 5, 3], served)
        self.assert_served("192.0.2.1")

    def test_addresses_of_one_customer_count_together(self):
        self.control("maxperaddress", "2")
        self.serve()
        self.assertEqual(2, self.fill("2001:db8::1", 2)[1])
        self.assertEqual(SMTP_WORDS, self.client("2001:db8::2:2")[1].read())
        self.assert_served("2001:db8:0:1::1")

    def test_pop3_has_words_of_its_own(self):
        self.control("maxperaddress", "1")
        self.serve("-c", "200", chain=self.POP3)
        self.assertEqual(1, self.fill("192.0.2.1", 1)[1])
        self.assertEqual(POP3_WORDS, self.client("192.0.2.1")[1].read())
        self.assert_served("192.0.2.2", b"+OK")

    def test_others_are_just_hung_up_on(self):
        """QMTP has no word for it, nor is there one in the clear where TLS comes first."""
        self.control("maxperaddress", "1")
        for chain, variables in ((("qmail-qmtpd",), {}), (("cat",), {}),
                                 (("qmail-smtpd",), {"SMTPS": ""})):
            if variables:
                self.certificate("servercert.pem", "mx.example")
            self.serve(chain=chain, **variables)
            first, _ = self.client("192.0.2.1")
            first.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                first.recv(1)
            self.assertEqual(b"", self.client("192.0.2.1")[1].read(), chain)

    def test_processes_are_counted_to_their_end(self):
        self.control("maxperaddress", "1")
        self.serve("-v", chain=("cat",))
        peer, replies = self.client("192.0.2.1")
        peer.sendall(b"x\n")
        self.assertEqual(b"x\n", replies.readline())
        self.assertEqual(b"", self.client("192.0.2.1")[1].read())
        peer.shutdown(socket.SHUT_WR)
        self.wait_log(r"^tcpserver: end \d+ status 0$")
        self.serve_at_last("192.0.2.1", b"y\n")

    def test_rules_and_files_say_otherwise(self):
        rules = self.rules('192.0.2.1:allow,MAXPERADDRESS="3"\n'
                           '192.0.2.2:allow,MAXPERADDRESS="0",MAXPERNETWORK="0"\n'
                           '192.0.2.3:allow,MAXPERADDRESS="some"\n:allow\n')
        self.control("maxperaddress", "1")
        self.serve("-c", "200", "-x", rules)
        self.assertEqual(3, self.fill("192.0.2.1", 5)[1])
        self.assertEqual(120, self.fill("192.0.2.2", 120)[1])
        self.assertEqual(0, self.fill("192.0.2.3", 1)[1])
        self.wait_log("MAXPERADDRESS is not a whole number")
        self.control("maxperaddress", "2")
        self.assertEqual(2, self.fill("198.51.100.4", 5)[1])

    def test_the_host_itself_and_who_speaks_for_others_are_not_limited(self):
        self.control("proxyclients")
        self.control("maxperaddress", "1")
        self.control("xclients", "192.0.2.0/24")
        self.serve("-c", "100")
        for _ in range(3):
            self.assertTrue(self.connect()[1].readline().startswith(b"220 "))
        self.control("proxyclients", "127.0.0.1")
        self.assertEqual(5, self.fill("192.0.2.1", 5)[1])

    def test_a_bad_file_stops_the_start(self):
        self.control("maxperaddress", "many")
        result = self.run_program("tcpserver", "127.0.0.1", "0", "cat")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"maxperaddress", result.stderr)

    # The log ----------------------------------------------------------------------------------

    def flood(self, address, count):
        for _ in range(count):
            peer, replies = self.client(address)
            self.assertIn(replies.read(), (b"", SMTP_WORDS))
            peer.close()

    def test_a_flood_of_refused_connections_is_a_few_lines(self):
        """Before, each was four to five lines."""
        self.control("maxperaddress", "1")
        self.serve("-v", "-c", "40")
        self.fill("192.0.2.1", 1)
        self.flood("192.0.2.1", 300)
        self.wait_log(r"^tcpserver: warning: refused connection, too many from 192\.0\.2\.1 ")
        self.assert_served("192.0.2.2")
        self.wait_log(r"^tcpserver: ok \d+ :.*192\.0\.2\.2:")
        self.assertLess(len(self.lines), 25, self.lines)

    def test_a_flood_of_denied_connections_is_a_few_lines(self):
        self.serve("-v", "-x", self.rules("192.0.2.1:deny\n:allow\n"))
        self.flood("192.0.2.1", 300)
        self.assert_served("192.0.2.2")
        self.wait_log(r"^tcpserver: ok \d+ :.*192\.0\.2\.2:")
        denied = [line for line in self.lines if re.match("tcpserver: deny ", line)]
        self.assertEqual(5, len(denied))
        self.assertLess(len(self.lines), 40, self.lines)

    def test_a_flood_of_failed_handshakes_is_a_few_lines(self):
        self.certificate("servercert.pem", "mx.example")
        self.serve(SMTPS="")
        for _ in range(40):
            peer, replies = self.client("192.0.2.1")
            peer.sendall(b"this is no handshake\r\n")
            replies.read()
            peer.close()
        self.wait_log("no TLS: ")
        self.assertEqual(5, sum("no TLS: " in line for line in self.lines), self.lines)

    def test_another_client_is_served_while_one_has_a_thousand_connections(self):
        """The figure of it is in tests/system/test_bounds.py."""
        self.serve("-c", "200", "-b", "1024", chain=self.POP3)
        flood = [self.client("192.0.2.1") for _ in range(1000)]
        began = time.monotonic()
        # Of another network: its own has its share of what is free, and refusals take places, too.
        self.assert_served("203.0.113.2", b"+OK")
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(1000, len(flood))

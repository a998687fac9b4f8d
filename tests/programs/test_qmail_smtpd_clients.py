"""What qmail-smtpd holds against a client: lists in DNS, names, haste, and limits."""

import pathlib
import time
import unittest

from listener import ListenerCase
from nameserver import NameServer, SilentServer

SIX = ".".join("1" + "0" * 31)
RECORDS = [
    "host-record=3.0.0.127.block.example,127.0.0.2",
    "host-record=4.0.0.127.block.example,127.0.0.2",
    "host-record=4.0.0.127.pardon.example,127.0.9.1",
    "host-record=6.0.0.127.block.example,127.0.0.11",
    "host-record=7.0.0.127.block.example,127.255.255.254",
    f"host-record={SIX}.block.example,127.0.0.2",
    "address=/lie.example/127.0.0.2",
    "ptr-record=5.0.0.127.in-addr.arpa,good.example", "host-record=good.example,127.0.0.5",
    "ptr-record=6.0.0.127.in-addr.arpa,good.example",
]


class Clients(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.queue = self.script(f"cat > {self.home}/message; cat <&1 > {self.home}/envelope\n")

    def environment(self, **more):
        return {"QMAILQUEUE": self.queue, **super().environment(**more)}

    def names(self, *lists, **files):
        """A listener with lists, and a name server that knows them."""
        self.control("resolvers", NameServer(self, *RECORDS).address)
        self.start(*lists, **files)

    def start(self, *lists, host="127.0.0.1", rules=None, **files):
        if lists:
            self.control("dnslists", *lists)
        for name, value in files.items():
            self.control(name, *([value] if isinstance(value, str) else value))
        self.serve("-vHR", "-l0", *(["-x", self.rules(rules)] if rules else []), host=host)

    def verdict(self, source, host="127.0.0.1"):
        """What the recipient is told; first the one who is not ours, who never is taken."""
        peer, replies = self.connect(host=host, source=(source, 0))
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
        peer.sendall(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@elsewhere>\r\nRCPT TO:<a@mx.example>\r\n"
                     b"QUIT\r\n")
        lines = replies.read().decode().splitlines()
        self.assertTrue(lines[-4].startswith("250 2.1.0 "), lines)
        self.assertTrue(lines[-3].startswith("553 5.7.1 "), lines)
        return lines[-2]

    def send(self, source):
        (self.home / "message").unlink(missing_ok=True)
        peer, replies = self.connect(source=(source, 0))
        peer.sendall(b"MAIL FROM:<>\r\nRCPT TO:<a@mx.example>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n")
        self.assertIn(b"\r\n250 ok ", replies.read())
        return (self.home / "message").read_bytes()

    # Lists ------------------------------------------------------------------------------------

    def test_lists(self):
        self.names("block.example:1:127.0.0.2-4", "pardon.example:-1")
        self.assertEqual(
            "550 5.7.1 sorry, 127.0.0.3 is listed by block.example (#5.7.1)",
            self.verdict("127.0.0.3"))
        self.wait_log(r"^qmail-smtpd: 1 127\.0\.0\.3: 550 sorry, 127\.0\.0\.3 is listed")
        for source in ("127.0.0.2", "127.0.0.4", "127.0.0.6", "127.0.0.7"):
            with self.subTest(source):
                self.assertTrue(self.verdict(source).startswith("250 2.1.5 "))

    def test_a_client_by_ipv6(self):
        self.names("block.example", host="::1")
        self.assertEqual("550 5.7.1 sorry, ::1 is listed by block.example (#5.7.1)",
                         self.verdict("::1", host="::1"))

    def test_rules_let_clients_be(self):
        self.names("block.example", rules='127.0.0.3:allow,RBLSMTPD=""\n'
                   '127.0.0.4:allow,RELAYCLIENT=""\n:allow\n')
        for source in ("127.0.0.3", "127.0.0.4"):
            self.assertNotIn(b"X-Client-Check", self.send(source))

    def test_a_mark(self):
        self.names("block.example:3", dnslistreject="0", dnslisttag="2", clientname="tag")
        head = self.send("127.0.0.3").split(b"\n")
        self.assertTrue(head[0].startswith(b"Received: from "))
        self.assertEqual(
            b"X-Client-Check: 127.0.0.3 score=3 lists=block.example name=unproven", head[2])
        self.assertNotIn(b"X-Client-Check", self.send("127.0.0.5"))

    def test_a_list_that_lists_everyone(self):
        self.names("lie.example", "block.example")
        self.assertTrue(self.verdict("127.0.0.2").startswith("250 "))
        self.wait_log(r"^qmail-smtpd: warning: lie\.example lists everyone")
        self.assertTrue(self.verdict("127.0.0.3").endswith("is listed by block.example (#5.7.1)"))

    def test_a_zone_that_is_gone(self):
        """dnsmasq has nobody to ask for it, and refuses. What might have pardoned did not say so:
        nothing is for good."""
        self.names("away.test", "block.example", "gone.test:-1")
        self.assertTrue(self.verdict("127.0.0.2").startswith("250 "))
        self.assertEqual(
            "451 4.7.1 sorry, 127.0.0.3 is listed by block.example; try again later (#4.7.1)",
            self.verdict("127.0.0.3"))

    def test_a_resolver_that_is_silent(self):
        self.control("resolvers", SilentServer(self).address)
        self.start("block.example", "pardon.example:-1", "other.example", dnslisttimeout="1")
        began = time.monotonic()
        self.assertTrue(self.verdict("127.0.0.3").startswith("250 "))
        # One bound for all lists, and not the 20 s that a resolver gets elsewhere.
        self.assertGreaterEqual(time.monotonic() - began, 1)
        self.assertLess(time.monotonic() - began, 15)

    def test_by_hand(self):
        self.control("resolvers", NameServer(self, *RECORDS).address)
        self.control("dnslists", "block.example")
        result = self.run_program(
            "qmail-smtpd", stdin=b"MAIL FROM:<>\r\nRCPT TO:<a@mx.example>\r\nQUIT\r\n",
            env=self.environment(TCPREMOTEIP="127.0.0.3"))
        self.assertEqual(
            b"550 sorry, 127.0.0.3 is listed by block.example (#5.7.1)",
            result.stdout.splitlines()[2])

    # Names ------------------------------------------------------------------------------------

    def test_names(self):
        self.names(clientname="require")
        self.assertTrue(self.verdict("127.0.0.5").startswith("250 "))
        for source in ("127.0.0.6", "127.0.0.7"):  # A name of somebody else; none.
            self.assertEqual(f"550 5.7.25 sorry, {source} has no name that resolves back to it "
                             "(#5.7.25)", self.verdict(source))

    def test_names_when_dns_is_silent(self):
        self.control("resolvers", SilentServer(self).address)
        self.start(clientname="require", dnslisttimeout="1")
        self.assertTrue(self.verdict("127.0.0.5").startswith("451 4.7.25 "))

    # Haste ------------------------------------------------------------------------------------

    def test_an_early_talker(self):
        self.start(greetdelay="1")
        early, replies = self.connect()
        early.sendall(b"EHLO x\r\n")
        self.assertEqual(b"554 sorry, you must wait for my greeting (#5.5.0)\r\n",
                         replies.read())
        began = time.monotonic()
        _, replies = self.connect()
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
        self.assertGreaterEqual(time.monotonic() - began, 1)

    def test_an_early_talker_by_hand(self):
        self.control("greetdelay", "1")
        result = self.run_program("qmail-smtpd", stdin=b"QUIT\r\n",
                                  env=self.environment(TCPREMOTEIP="127.0.0.3"))
        self.assertEqual((1, b"554 sorry"), (result.returncode, result.stdout[:9]))

    def test_tarpits_cost_no_threads(self):
        self.start(tarpitcount="1", tarpitdelay="3")
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        peers = [self.connect() for _ in range(40)]
        for peer, replies in peers:
            replies.readline()
            peer.sendall(b"WHAT\r\n")
            self.assertEqual(b"502 unimplemented (#5.5.1)\r\n", replies.readline())
        before = len(list(tasks.iterdir()))
        began = time.monotonic()
        for peer, _ in peers:
            peer.sendall(b"WHAT\r\nQUIT\r\n")
        most = before
        while time.monotonic() - began < 1:
            most = max(most, len(list(tasks.iterdir())))
        for _, replies in peers:
            self.assertEqual(b"502 unimplemented (#5.5.1)\r\n221 mx.example\r\n", replies.read())
        self.assertGreaterEqual(time.monotonic() - began, 3)
        self.assertLess(most - before, 20)

    # Limits -----------------------------------------------------------------------------------

    def test_connections(self):
        self.start(clientlimits=["connections:address:2", "connections:network:3"])
        over = b"421 sorry, too many connections from you, try again later (#4.7.0)\r\n"
        first, _ = self.connect(source=("127.0.0.2", 0))
        second, replies = self.connect(source=("127.0.0.2", 0))
        self.assertTrue(replies.readline().startswith(b"220 "))
        self.assertEqual(over, self.connect(source=("127.0.0.2", 0))[1].read())
        self.wait_log(r"^qmail-smtpd: 421 too many connections of 127\.0\.0\.2$")
        third, replies = self.connect(source=("127.0.0.3", 0))
        self.assertTrue(replies.readline().startswith(b"220 "))
        self.assertEqual(over, self.connect(source=("127.0.0.4", 0))[1].read())
        self.wait_log(r"^qmail-smtpd: 421 too many connections of 127\.0\.0\.0/24$")
        second.sendall(b"QUIT\r\n")
        self.wait_log(r"^tcpserver: end 2 status 0$")
        self.assertTrue(self.verdict("127.0.0.2").startswith("250 "))

    def test_messages(self):
        self.start(clientlimits=["messages:address:2/3600"])
        self.send("127.0.0.2")
        self.send("127.0.0.2")
        peer, replies = self.connect(source=("127.0.0.2", 0))
        replies.readline()
        self.assertEqual(b"450 sorry, too many messages from you, try again later (#4.7.1)\r\n",
                         self.say(peer, replies, b"MAIL FROM:<>"))
        self.send("127.0.0.3")

    def test_errors_are_remembered(self):
        self.start(clientlimits=["errors:address:3/3600"])
        peer, replies = self.connect(source=("127.0.0.2", 0))
        peer.sendall(b"WHAT\r\n" * 5)
        said = replies.read().splitlines()
        self.assertEqual([b"220", b"502", b"502", b"502", b"421"], [line[:3] for line in said])
        self.assertTrue(self.connect(source=("127.0.0.2", 0))[1].read().startswith(b"421 "))
        self.assertTrue(self.verdict("127.0.0.3").startswith("250 "))

    def test_a_wrong_line_harms_no_other(self):
        self.control("dnslists", "block.example", "nonsense")
        self.start(clientlimits=["messages:world:5/60", "connections:address:1"],
                   smtpextensions=["-NONE", "-CHUNKING"])
        peer, replies = self.connect(source=("127.0.0.2", 0))
        self.assertTrue(replies.readline().startswith(b"220 "))
        self.assertTrue(self.connect(source=("127.0.0.2", 0))[1].read().startswith(b"421 "))
        offered = self.say(peer, replies, b"EHLO c.example")
        self.assertNotIn(b"CHUNKING", offered)
        for fault in (r'clientlimits: line 1: "messages:world:5/60" is not subject:scope:count/sec',
                      r'dnslists: line 2: "nonsense" is not zone:weight:codes:families',
                      r'smtpextensions: line 1: "-NONE" is not -NAME of an extension'):
            self.wait_log(fault)

    def test_whom_a_wrong_line_of_xclients_may_mean_comes_again(self):
        self.start(xclients=["127.0.0.2", "10.1", "127.0.0.0/33"])
        self.assertTrue(self.connect(source=("127.0.0.2", 0))[1].readline().startswith(b"220 "))
        for _ in range(2):
            self.assertEqual(b"421 unable to read controls (#4.3.0)\r\n",
                             self.connect(source=("127.0.0.3", 0))[1].read())
        self.wait_log(r'xclients: line 2: "10.1" is not an address or a network; ignored')
        self.control("xclients", "127.0.0.2")
        self.assertTrue(self.connect(source=("127.0.0.3", 0))[1].readline().startswith(b"220 "))


if __name__ == "__main__":
    unittest.main()

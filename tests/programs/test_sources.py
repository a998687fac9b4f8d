"""From which of a host's addresses mail is sent, by which name, and which server gets it: source
addresses, relays in order, both families, addresses that are ours."""

import os
import time
import unittest

import test_qmail_remote
from answers import A, AAAA, MX
from harness import ProgramCase
from test_qmail_remote_qmtp import QmtpServer
from test_qmail_remote_ways import FIRST, HOSTS, Network, SECOND, SELF
from test_wide_rspawn import WideCase
import own_network  # Where harness finds it.

SILENT = "198.51.100.1"     # Nobody is there, and nobody says so.


class Server(test_qmail_remote.Server):
    """Who came, too."""

    def __init__(self, **more):
        self.clients = []
        super().__init__(**more)

    def serve(self, client, lines):
        self.clients.append(client.getpeername()[0])
        super().serve(client, lines)

    def close(self):
        if self.listener.fileno() >= 0:
            super().close()


class OwnNetwork(Network):
    def setUp(self):
        super().setUp()
        own_network.enter(
            self, "route add local 192.0.2.0/24 dev lo", "-6 address add 2001:db8::9/128 dev lo",
            "-6 address add 2001:db8::21/128 dev lo",
            # Packets come back, are nobody's, and vanish.
            "route add 198.51.100.0/24 dev lo", "address add 198.51.100.254/32 dev lo")
        self.control("notipme", "2001:db8::9")  # It is an interface's, where one can listen.
        self.names()

    def at(self, address, port=25, **replies):
        peer = Server(address=address, port=port, **replies)
        self.addCleanup(peer.close)
        return peer

    def source(self, peer, host="far.example", **more):
        """The address that a message came from."""
        self.assertIn("K", self.remote(host=host, **more)[-1][:1])
        return peer.clients[-1]


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class Sources(OwnNetwork, ProgramCase):
    def test_by_sender_by_domain_by_server_and_for_all(self):
        peer = self.at(FIRST)
        self.control("sourceaddresses", "joe@shop.example 192.0.2.11", "@shop.example 192.0.2.12",
                     "@.shop.example 192.0.2.13", "far.example 192.0.2.14",
                     "mx:.example 192.0.2.15", "* 192.0.2.16")
        self.control("outgoingip", "192.0.2.17")
        self.names(own_example=HOSTS["far_example"], direct_test=[(A, FIRST)])
        for sender, host, source in (
                ("Joe@shop.example", "own.example", 11), ("ann@Shop.example", "own.example", 12),
                ("ann@sub.shop.example", "own.example", 13), ("", "FAR.example", 14),
                ("ann@x.example", "own.example", 15), ("ann@x.example", "direct.test", 16)):
            with self.subTest(sender=sender, host=host):
                self.assertEqual(f"192.0.2.{source}", self.source(peer, host=host, sender=sender))

    def test_the_files_of_patches(self):
        peer = self.at(FIRST)
        self.control("outgoingip", "192.0.2.17")
        self.assertEqual("192.0.2.17", self.source(peer))
        self.control("bindroutes", "own.example:192.0.2.18", ".example:", ":192.0.2.19")
        self.names(own_example=HOSTS["far_example"], direct_test=[(A, FIRST)])
        self.assertEqual("192.0.2.18", self.source(peer, host="own.example"))
        self.assertEqual("192.0.2.19", self.source(peer, host="direct.test"))
        self.assertNotIn(self.source(peer), ("192.0.2.17", "192.0.2.18", "192.0.2.19"))

    def test_a_pool_has_both_families_and_gives_a_sender_and_domain_the_same_one_each_time(self):
        peer, peer6 = self.at(FIRST), self.at("2001:db8::9")
        self.control("sourceaddresses", "* 192.0.2.21 2001:db8::21 192.0.2.22 192.0.2.23")
        self.names(six_example=[(AAAA, "2001:db8::9")])
        self.assertEqual("2001:db8::21", self.source(peer6, host="six.example"))
        used = {self.source(peer, sender=f"s{i}@x.example") for i in range(12)}
        self.assertLessEqual(used, {"192.0.2.21", "192.0.2.22", "192.0.2.23"})
        self.assertGreater(len(used), 1)
        self.assertEqual(1, len({self.source(peer) for _ in range(4)}))

    def test_the_name_in_ehlo_is_that_of_the_address(self):
        peer = self.at(FIRST)
        self.control("sourceaddresses", "@a.example 192.0.2.31", "@b.example 192.0.2.32")
        self.control("helohosts", "192.0.2.31 out1.example", "2001:db8::1 six.example")
        self.source(peer, sender="x@a.example")
        self.assertIn(b"EHLO out1.example\r\n", peer.lines)
        del peer.lines[:]
        self.source(peer, sender="x@b.example")
        self.assertNotIn(b"EHLO out1.example\r\n", peer.lines)

    def test_an_address_that_is_not_this_hosts_is_passed_by(self):
        peer = self.at(FIRST)
        self.control("sourceaddresses", "far.example 203.0.113.1 192.0.2.41 203.0.113.2")
        for i in range(6):
            self.assertEqual("192.0.2.41", self.source(peer, sender=f"s{i}@x.example"))
        self.control("sourceaddresses", "far.example 203.0.113.1")
        self.assertEqual(["ZSorry, mail cannot be sent from 203.0.113.1, as control files have it: "
                          "address not available. (#4.3.5)\n"], self.remote())

    def test_a_server_of_a_family_without_an_address_is_not_used(self):
        self.at("2001:db8::9")
        peer = self.at(FIRST)
        self.names(six_example=[(AAAA, "2001:db8::9")],
                   both_example=[(AAAA, "2001:db8::9"), (A, FIRST)])
        self.control("sourceaddresses", "* 192.0.2.21")
        self.assertEqual(["ZSorry, mail cannot be sent to 2001:db8::9: control files name no address "
                          "of its family to send from. (#4.3.5)\n"],
                         self.remote(host="six.example"))
        self.assertEqual("192.0.2.21", self.source(peer, host="both.example"))
        # The file of the patch says nothing of it.
        (self.home / "control/sourceaddresses").unlink()
        self.control("outgoingip", "192.0.2.17")
        self.assertIn("K2001:db8::9 accepted", self.remote(host="six.example")[-1])
        self.control("outgoingip", "0.0.0.0")
        self.assertNotEqual("192.0.2.17", self.source(peer))

    def test_a_line_for_a_server_that_cannot_be_understood_stops_that_server_alone(self):
        first, second = self.at(FIRST), self.at(SECOND)
        self.control("sourceaddresses", "mx:other.example 192.0.2", "mx:first.example 192.0.3",
                     "* 192.0.2.51")
        self.assertEqual("192.0.2.51", self.source(second))
        self.assertEqual(0, first.sessions)
        second.close()
        self.assertIn('ZUnable to read control files. (#4.3.0)\ncontrol/sourceaddresses: "192.0.3" '
                      'is not an address\n', self.remote())
        self.names(own_example=[(A, FIRST)])
        self.assertEqual("192.0.2.51", self.source(first, host="own.example"))

    def test_where_a_line_cannot_be_understood_its_mail_waits_and_no_other(self):
        peer = self.at(FIRST)
        self.control("sourceaddresses", "far.example 192.0.2", "* 192.0.2.51")
        self.assertEqual(
            ['ZUnable to read control files. (#4.3.0)\ncontrol/sourceaddresses: "192.0.2" is not '
             'an address\n'], self.remote())
        self.names(own_example=HOSTS["far_example"])
        self.assertEqual("192.0.2.51", self.source(peer, host="own.example"))


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class Relays(OwnNetwork, ProgramCase):
    def test_the_next_relay_where_the_first_does_not_serve(self):
        first, second = self.at(FIRST, port=2525), self.at(SECOND, port=2526)
        self.control("smtproutes", f"far.example:{FIRST}:2525,second.example:2526")
        self.assertIn(f"K{FIRST} accepted", self.remote()[-1])
        first.replies["greeting"] = b"421 busy\r\n"
        self.assertIn(f"K{SECOND} accepted", self.remote()[-1])
        self.control("smtproutes", "far.example:gone.example:2525,second.example:2526")
        self.assertIn(f"K{SECOND} accepted", self.remote()[-1])
        first.close()
        second.close()
        self.control("smtproutes", f"far.example:{FIRST}:2525,{SECOND}:2526")
        [report] = self.remote()
        self.assertIn(f"[{FIRST}]:2525: connection refused", report)

    def test_a_list_that_makes_no_sense_delays_its_mail(self):
        for relays in (f"{FIRST}:25,", f",{FIRST}:25", f"{FIRST}:465,{SECOND}:25",
                       f"{FIRST}:25,{SECOND}", ",".join([f"{FIRST}:25"] * 9)):
            with self.subTest(relays=relays):
                self.control("smtproutes", f"far.example:{relays}")
                self.assertRegex(self.remote()[-1], r"\AZUnable to read control files")


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class Families(OwnNetwork, ProgramCase):
    def test_the_other_family_is_tried_beside_one_that_is_silent(self):
        four, six = self.at(FIRST), self.at("2001:db8::9")
        for addresses, served in (([(A, SILENT), (AAAA, "2001:db8::9")], "2001:db8::9"),
                                  ([(A, FIRST), (AAAA, "2001:db8::a")], FIRST),
                                  ([(A, SILENT), (A, SILENT), (AAAA, "2001:db8::9")],
                                   "2001:db8::9")):
            self.names(multi_example=addresses)
            start = time.monotonic()
            self.assertIn(f"K{served} accepted", self.remote(host="multi.example")[-1])
            self.assertLess(time.monotonic() - start, 30)   # timeoutconnect is 60.
        self.assertEqual((1, 2), (four.sessions, six.sessions))

    def test_one_that_answers_at_once_is_the_only_one(self):
        four, six = self.at(FIRST), self.at("2001:db8::9")
        self.names(multi_example=[(A, FIRST), (AAAA, "2001:db8::9")])
        for _ in range(3):
            self.assertIn(f"K{FIRST} accepted", self.remote(host="multi.example")[-1])
        self.assertEqual((3, 0), (four.sessions, six.sessions))

    def test_who_does_not_serve_leaves_the_silent_one_to_be_tried(self):
        self.control("timeoutconnect", "2")
        self.at("2001:db8::9", greeting=b"421 busy\r\n")
        self.names(multi_example=[(A, SILENT), (AAAA, "2001:db8::9")])
        [report] = self.remote(host="multi.example")
        self.assertIn("421 busy", report)
        self.assertRegex(self.run_program("qmail-tcpto").stdout, rb"\A198\.51\.100\.1 timed out")


    def test_the_silent_one_is_tried_where_the_other_has_no_ear_for_the_sender(self):
        self.control("timeoutconnect", "2")
        for reply in (b"421 busy\r\n", None):
            peer = self.at("2001:db8::9", MAIL=reply)
            self.names(multi_example=[(A, SILENT), (AAAA, "2001:db8::9")])
            [report] = self.remote(host="multi.example")
            self.assertRegex(report, "421 busy|connection died")
            self.assertEqual(1, peer.sessions)
            self.assertRegex(
                self.run_program("qmail-tcpto").stdout, rb"\A198\.51\.100\.1 timed out")
            self.run_program("qmail-tcpok")
            peer.close()

    def test_both_families_by_qmtp(self):
        server = QmtpServer("2001:db8::9")
        self.addCleanup(server.close)
        self.control("mxps", "1")
        self.names(multi_example=[(MX, (12801, "both.example"))],
                   both_example=[(A, SILENT), (AAAA, "2001:db8::9")])
        start = time.monotonic()
        self.assertIn("K2001:db8::9 accepted", self.remote(host="multi.example")[-1])
        self.assertLess(time.monotonic() - start, 30)   # timeoutconnect is 60.
        self.assertEqual(1, len(server.taken))


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class OwnAddresses(OwnNetwork, ProgramCase):
    def test_addresses_that_lead_here_though_no_interface_has_them(self):
        second = self.at(SECOND)
        self.control("moreipme", "192.0.2.0/30", "2001:db8::/64")
        self.assertEqual([SELF], self.remote())
        self.control("notipme", FIRST)
        first = self.at(FIRST)
        self.assertIn(f"K{FIRST} accepted", self.remote()[-1])
        self.assertEqual((1, 0), (first.sessions, second.sessions))

    def test_an_interfaces_address_that_another_server_answers_at(self):
        own_network_address = "198.51.100.254"
        peer = self.at(own_network_address)
        self.names(multi_example=[(A, own_network_address)])
        self.assertEqual([SELF], self.remote(host="multi.example"))
        self.control("notipme", own_network_address)
        self.assertIn("K", self.remote(host="multi.example")[-1])
        self.assertEqual(1, peer.sessions)


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class Rested(OwnNetwork, WideCase):
    def test_a_connection_serves_mail_that_its_address_is_chosen_for(self):
        """Two senders whose mail goes from different addresses of one pool."""
        peer = self.at(FIRST)
        self.control("sourceaddresses", "* 192.0.2.61 192.0.2.62")
        self.start_spawner()
        number = self.number()
        chosen = {}
        for turn in range(3):
            for i in range(8):
                sender = b"s%d@x.example" % i
                sessions = len(peer.clients)
                self.order(1, number, b"r@far.example", sender=sender)
                self.assertEqual("K", self.reports()[0].letter)
                if len(peer.clients) > sessions:
                    chosen.setdefault(sender, set()).add(peer.clients[-1])
        self.assertEqual({"192.0.2.61", "192.0.2.62"}, set().union(*chosen.values()))
        self.assertEqual({1}, {len(one) for one in chosen.values()})

    def test_a_source_that_a_receiver_refuses_is_rested_there(self):
        peer = self.at(FIRST, RCPT=b"554 5.7.1 listed\r\n")
        other = self.at(SECOND)
        self.names(other_example=[(A, SECOND)])
        self.control("sourceaddresses", "* 192.0.2.61 192.0.2.62")
        self.control("timeoutidle", "0")
        self.control("replies", "* status=5.7.1 source for=600 text=listed")
        self.start_spawner()
        number = self.number()
        for action in ((5, 30), (4, 600)):
            self.order(1, number, b"r@far.example")
            [report] = self.reports()
            self.assertEqual(("D", *action), (
                report.letter, report.action, report.action_seconds))
        self.assertEqual({"192.0.2.61", "192.0.2.62"}, set(peer.clients))
        for slot in range(8):
            self.order(slot, number, b"r@other.example", sender=b"s%d@x.example" % slot)
        self.assertEqual({"K"}, {report.letter for report in self.reports(8)})
        self.assertLessEqual(set(other.clients), {"192.0.2.61", "192.0.2.62"})


if __name__ == "__main__":
    unittest.main()

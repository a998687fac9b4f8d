"""qmail-remote's ways round what does not answer, and back to ourselves: next addresses, odd
answers of DNS, own addresses in every notation, bad lines of control files."""

import os
import subprocess
import unittest

import test_qmail_remote
from answers import (A, AAAA, CNAME, FORMERR, MX, NOTIMP, NS, NXDOMAIN, REFUSED, SERVFAIL, SOA,
                     Answers, zone)
from harness import BIN, ProgramCase
from test_qmail_rspawn import RspawnCase
import own_network  # Where harness finds it.

FIRST, SECOND, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"
TWO_MX = [(MX, (10, "first.example")), (MX, (20, "second.example"))]
HOSTS = {"far_example": TWO_MX, "first_example": [(A, FIRST)], "second_example": [(A, SECOND)]}
SELF = ("DSorry. Although I'm listed as a best-preference MX or A for that host,\nit isn't in my "
        "control/locals file, so I don't treat it as local. (#5.4.6)\n")


class Network:
    """A network of the test's own, where 192.0.2.0/24 comes back without being an interface's."""

    remote = test_qmail_remote.QmailRemote.remote

    def enter_network(self):
        own_network.enter(self, "route add local 192.0.2.0/24 dev lo",
                          "-6 route add local 2001:db8::/32 dev lo")

    def names(self, talk=None, **more):
        answers = Answers(self, talk or zone(**(HOSTS | more)))
        self.control("resolvers", answers.address)
        return answers

    def at(self, address, port=25, **replies):
        peer = test_qmail_remote.Server(address=address, port=port, **replies)
        self.addCleanup(peer.close)
        return peer


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class NextAddress(Network, ProgramCase):
    def setUp(self):
        super().setUp()
        self.enter_network()
        self.names()

    def test_the_next_mx_where_the_best_does_not_serve(self):
        self.control("timeoutremote", "3")
        second = self.at(SECOND)
        for replies in (
                {"greeting": b"421 busy\r\n"}, {"greeting": b"554 no\r\n"}, {"greeting": None},
                {"greeting": b"what?\r\n"}, {"greeting": b"220-half"}, {"greeting": b""},
                {"greeting": b"450 no\r\n"}, {"greeting": b"250 no\r\n"},
                {"EHLO": b"421 busy\r\n"}, {"EHLO": b"554 no\r\n", "HELO": b"554 no\r\n"},
                {"EHLO": None}, {"EHLO": b"502 what?\r\n", "HELO": None}, {"EHLO": b""},
                {"EHLO": b"250-server\r\n550 mixed\r\n"},
                {"MAIL": b"421 busy\r\n"}, {"MAIL": b"451 no\r\n"}, {"MAIL": None}, {"MAIL": b""},
                {"RCPT": b"421 busy\r\n"}, {"RCPT": None}, {"RCPT": b"hm\r\n"}, {"RCPT": b""}):
            with self.subTest(replies=replies):
                first = test_qmail_remote.Server(address=FIRST, port=25, **replies)
                sessions = second.sessions
                self.assertIn(f"K{SECOND} accepted message.", self.remote()[-1])
                self.assertEqual((1, sessions + 1), (first.sessions, second.sessions))
                first.close()

    def test_what_a_server_says_of_the_mail_is_not_asked_of_another(self):
        second = self.at(SECOND)
        for replies, letter in (({"MAIL": b"550 no\r\n"}, "D"), ({"RCPT": b"550 no\r\n"}, "h"),
                                ({"RCPT": b"451 no\r\n"}, "s"), ({"DATA": b"451 no\r\n"}, "r"),
                                ({".": b"554 no\r\n"}, "r"), ({".": None}, "r")):
            with self.subTest(replies=replies):
                first = test_qmail_remote.Server(address=FIRST, port=25, **replies)
                self.assertEqual(letter, self.remote()[0][0])
                self.assertEqual(0, second.sessions)
                first.close()

    def test_the_next_mx_after_replies_for_which_control_replies_has_it_tried(self):
        self.control("replies", "mx:first.example code=4xx next text=full here")
        second = test_qmail_remote.Server(address=SECOND, port=25)
        for replies in ({"RCPT": b"452 Full HERE\r\n"}, {"DATA": b"451 4.3.2 full here\r\n"},
                        {".": b"452 full here\r\n"}):
            with self.subTest(replies=replies):
                first = test_qmail_remote.Server(address=FIRST, port=25, **replies)
                sessions = second.sessions
                self.assertIn(f"K{SECOND} accepted message.", self.remote()[-1])
                self.assertEqual((1, sessions + 1), (first.sessions, second.sessions))
                first.close()
        self.assertEqual(b"", self.run_program("qmail-tcpto").stdout)
        second.close()
        for replies, letter in (({"RCPT": b"452 full here\r\n"}, "s"),
                                ({"RCPT": b"552 full here\r\n"}, "h"), ({".": None}, "r")):
            with self.subTest(replies=replies):
                first = test_qmail_remote.Server(address=FIRST, port=25, **replies)
                self.assertEqual(letter, self.remote()[0][0])
                self.assertEqual(1, first.sessions)
                first.close()

    def test_where_none_serves_the_best_one_says_why(self):
        self.at(FIRST, greeting=b"421 the best is busy\r\n")
        self.at(SECOND, greeting=b"554 go away\r\n")
        self.assertEqual([f"ZConnected to {FIRST} but greeting failed.\n"
                          "Remote host said: 421 the best is busy\n"], self.remote())

    def test_the_memory_notes_an_address_that_another_stood_in_for_and_no_other(self):
        first = self.at(FIRST, greeting=b"421 busy\r\n")
        self.remote()
        self.assertEqual(b"", self.run_program("qmail-tcpto").stdout)
        self.at(SECOND)
        self.remote()
        self.assertRegex(self.run_program("qmail-tcpto").stdout,
                         rb"\A192\.0\.2\.1 timed out \d+ seconds ago; # recent timeouts: 1\n\Z")
        first.replies["greeting"] = b"220 server\r\n"
        self.remote()
        self.assertEqual(b"", self.run_program("qmail-tcpto").stdout)

    def test_all_addresses_of_a_name_and_of_both_families(self):
        self.names(multi_example=[(A, FIRST), (A, SECOND), (AAAA, "2001:db8::9")])
        self.at(FIRST, greeting=b"421 busy\r\n")
        self.at(SECOND, greeting=None)
        self.assertRegex(self.remote(host="multi.example")[-1], r"\AZConnected to 192\.0\.2\.1 but")
        self.at("::")
        self.assertIn("K2001:db8::9 accepted", self.remote(host="multi.example")[-1])


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class Names(Network, ProgramCase):
    def setUp(self):
        super().setUp()
        self.enter_network()
        self.first, self.second = self.at(FIRST), self.at(SECOND)

    def test_resolvers_that_do_not_know_edns(self):
        sound = zone(**HOSTS)
        for odd in (lambda q: q.reply(code=FORMERR), lambda q: q.reply(code=NOTIMP),
                    lambda q: q.reply(code=SERVFAIL), lambda q: q.reply(code=REFUSED),
                    lambda q: q.packet[:2] + b"\x81\x81" + b"\0" * 8,  # FORMERR, a header alone.
                    lambda q: q.reply()[:-3], lambda q: b"junk", lambda q: q.reply(code=11)):
            with self.subTest(odd=odd):
                answers = self.names(lambda q, odd=odd: odd(q) if q.has_opt else sound(q))
                self.assertIn(f"K{FIRST} accepted", self.remote()[-1])
                self.assertFalse(answers.asked[-1].has_opt)

    def test_a_resolver_that_is_silent_to_edns(self):
        sound = zone(**HOSTS)
        self.names(lambda q: None if q.has_opt else sound(q))
        self.assertIn(f"K{FIRST} accepted", self.remote()[-1])

    def test_a_resolver_that_fails_to_check_signatures(self):
        """Of the root zone, which is signed: what it says of MX may be an attacker's wish."""
        sound = zone(**HOSTS)
        self.names(lambda q: q.reply(code=SERVFAIL) if q.kind == SOA else sound(q))
        self.assertEqual(["ZSorry, I couldn't find any host by that name. (#4.1.2)\n"],
                         self.remote())

    def test_a_truncated_answer_is_asked_for_by_tcp(self):
        sound = zone(**HOSTS)
        answers = self.names(
            lambda q: sound(q) if q.transport == "tcp" else q.reply(flags=0x8380))
        self.assertIn(f"K{FIRST} accepted", self.remote()[-1])
        self.assertIn("tcp", [q.transport for q in answers.asked])

    def test_the_next_resolver_where_one_fails(self):
        sound = Answers(self, zone(**HOSTS))
        referral = {"flags": 0x8000, "authority": [("example", NS, "ns.example")]}
        for name, odd, times in (
                ("SERVFAIL", lambda q: q.reply(code=SERVFAIL), 5),
                ("REFUSED", lambda q: q.reply(code=REFUSED), 5), ("silence", lambda q: None, 1),
                ("junk", lambda q: b"junk", 5), ("a referral", lambda q: q.reply(**referral), 5)):
            with self.subTest(name):
                bad = Answers(self, odd)
                # Again and again: nothing may hang on the order in which they are asked.
                for _ in range(times):
                    self.control("resolvers", bad.address, sound.address)
                    self.assertIn(f"K{FIRST} accepted", self.remote(timeout=120)[-1])
                    self.control("resolvers", sound.address, bad.address)
                    self.assertIn(f"K{FIRST} accepted", self.remote(timeout=120)[-1])
        self.control("resolvers", "127.0.0.1:1", sound.address)
        self.assertIn(f"K{FIRST} accepted", self.remote()[-1])

    def test_a_resolver_that_says_nothing_is_waited_for_once(self):
        """By what is asked at once at the beginning; nothing that is asked later."""
        sound, silent = Answers(self, zone(**HOSTS)), Answers(self, lambda q: None)
        self.control("resolvers", silent.address, sound.address)
        self.assertIn(f"K{FIRST} accepted", self.remote(timeout=120)[-1])
        asked = [(q.kind, q.name) for q in silent.asked]
        self.assertIn((MX, "far.example"), asked)
        self.assertEqual(len(set(asked)), len(asked))
        self.assertNotIn("first.example", [name for _, name in asked])

    def test_an_answer_to_some_other_question_is_none(self):
        sound = zone(**HOSTS)
        for wrong in (lambda q: q.reply([("far.example", A, SECOND)], add=1),
                      lambda q: q.reply(code=NXDOMAIN, add=7)):
            self.names(lambda q, wrong=wrong:
                       [wrong(q), sound(q)] if q.transport == "udp" else sound(q))
            self.assertIn(f"K{FIRST} accepted", self.remote()[-1])
            self.names(wrong)
            self.assertEqual(["ZSorry, I couldn't find any host by that name. (#4.1.2)\n"],
                             self.remote())

    def test_no_such_name_for_mx_and_yet_an_address(self):
        sound = zone(**HOSTS)
        self.names(lambda q: q.reply(code=NXDOMAIN) if q.kind == MX else sound(q))
        self.assertIn(f"K{FIRST} accepted", self.remote(host="first.example")[-1])
        self.assertEqual(["DSorry, I couldn't find any host named missing.example. (#5.1.2)\n"],
                         self.remote(host="missing.example"))

    def test_aliases_are_followed_whoever_follows_them(self):
        self.names(alias_example=[(CNAME, "second.alias.example")],
                   second_alias_example=[(CNAME, "far.example")])
        self.assertIn(f"K{FIRST} accepted", self.remote(host="alias.example")[-1])
        self.names(alias_example=[(CNAME, "second.example")])
        self.assertIn(f"K{SECOND} accepted", self.remote(host="alias.example")[-1])

    def test_what_says_neither_yes_nor_no_is_asked_again_later(self):
        later = ["ZSorry, I couldn't find any host by that name. (#4.1.2)\n"]
        for odd in (
                zone(far_example=[(CNAME, "b.example")], b_example=[(CNAME, "far.example")]),
                zone(far_example=[(CNAME, "far.example")]),
                lambda q: q.reply([("far.example", CNAME, "b.example"),
                                   ("b.example", CNAME, "far.example")]),
                lambda q: q.reply(flags=0x8000, authority=[("example", NS, "ns.example")]),
                lambda q: q.reply(code=SERVFAIL), lambda q: q.reply(code=REFUSED),
                lambda q: b"", lambda q: q.reply()[:11],
                lambda q: q.reply(code=SERVFAIL) if q.kind != MX
                else q.reply([("far.example", MX, (10, "first.example"))])):
            with self.subTest(odd=odd):
                self.names(odd)
                self.assertEqual(later, self.remote())

    def test_an_empty_answer_that_says_so_is_a_no(self):
        self.names(lambda q: q.reply(authority=[("example", SOA, None)]))
        self.assertEqual(["DSorry, I couldn't find a mail exchanger or IP address. (#5.4.4)\n"],
                         self.remote())

    def test_an_aaaa_that_fails_does_not_matter_where_there_is_an_a(self):
        sound = zone(**HOSTS)
        for code in (SERVFAIL, NOTIMP, NXDOMAIN):
            self.names(lambda q, code=code: q.reply(code=code) if q.kind == AAAA else sound(q))
            self.assertIn(f"K{FIRST} accepted", self.remote()[-1])


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class Ourselves(Network, ProgramCase):
    def setUp(self):
        super().setUp()
        self.enter_network()
        for words in ("address add 10.9.8.7/24 dev lo", "-6 address add fd00::7/64 dev lo nodad"):
            subprocess.run(["ip", *words.split()], check=True)

    def test_literals(self):
        self.names()
        for host in ("127.0.0.1", "[127.0.0.1]", "0.0.0.0", "[0.0.0.0]", "10.9.8.7", "[10.9.8.7]",
                     "[IPv6:::1]", "[::1]", "[IPv6:::]", "[IPv6:fd00::7]", "[IPv6:FD00:0:0::7]",
                     "[IPv6:::ffff:10.9.8.7]", "[IPv6:::ffff:127.0.0.1]", "[::ffff:7f00:1]",
                     "[IPv6:::127.0.0.1]", "[IPv6:64:ff9b::127.0.0.1]", "[IPv6:64:ff9b::a09:807]",
                     "[IPv6:2002:a09:807::1]", "[IPv6:2002:7f00:1::]", "[IPv6:::ffff:0:10.9.8.7]",
                     "[IPv6:fe80::5efe:10.9.8.7]", "[IPv6:::ffff:0.0.0.0]"):
            with self.subTest(host=host):
                self.assertEqual([SELF], self.remote(host=host))

    def test_numbers_in_other_forms_are_names(self):
        answers = self.names()
        for host in ("0x7f.0.0.1", "0177.0.0.1", "127.1", "2130706433", "127.0.0.01", "0x7f000001",
                     "[0x7f.0.0.1]", "127.0.0.1.", "127.0.0"):
            with self.subTest(host=host):
                self.assertRegex(self.remote(host=host)[0], r"\ADSorry, I couldn't find ")
        self.assertIn("0x7f.0.0.1", [q.name for q in answers.asked])

    def test_as_an_mx(self):
        for kind, address in ((A, "127.0.0.1"), (A, "10.9.8.7"), (A, "0.0.0.0"), (AAAA, "::"),
                              (AAAA, "::1"), (AAAA, "fd00::7"), (AAAA, "::ffff:127.0.0.1"),
                              (AAAA, "::ffff:0.0.0.0"), (AAAA, "::ffff:10.9.8.7"),
                              (AAAA, "64:ff9b::10.9.8.7"), (AAAA, "::127.0.0.1"),
                              (AAAA, "2002:a09:807::25")):
            with self.subTest(address=address):
                self.names(own_example=[(MX, (10, "mx.own.example"))],
                           mx_own_example=[(kind, address)])
                self.assertEqual([SELF], self.remote(host="own.example"))

    def test_another_address_in_ipv6_notation_is_another(self):
        other = self.at(FIRST)
        self.names(other_example=[(AAAA, f"::ffff:{FIRST}")])
        self.assertIn(f"K{FIRST} accepted", self.remote(host="other.example")[-1])
        self.assertIn(f"K{FIRST} accepted", self.remote(host=f"[IPv6:::ffff:{FIRST}]")[-1])
        self.assertEqual(2, other.sessions)

    def test_127_8_is_ours_as_far_as_we_listen_there(self):
        self.names(two_example=[(A, "127.0.0.2")], six_example=[(AAAA, "::ffff:127.0.0.2")])
        no_connection = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
        hosts = ("two.example", "six.example", "127.0.0.2", "[127.0.0.2]")
        for host in hosts:
            name = host + " " if host[0] in "ts" else ""
            self.assertEqual(
                [f"{no_connection}{name}[127.0.0.2]:25: connection refused\n"],
                self.remote(host=host))
        other = self.at("127.0.0.2")
        for host in hosts:
            self.assertIn("K127.0.0.2 accepted", self.remote(host=host)[-1])
        other.replies["greeting"] = b"220 MX.example ESMTP\r\n"  # That is our own name.
        for host in hosts:
            self.assertEqual([SELF], self.remote(host=host))
        other.close()
        self._cleanups = [one for one in self._cleanups if one[0] != other.close]
        everywhere = self.at("0.0.0.0")
        for host in hosts:
            self.assertEqual([SELF], self.remote(host=host))
        self.assertEqual(0, everywhere.sessions)

    def test_a_route_to_ourselves_is_what_a_person_wants(self):
        peer = self.at("127.0.0.1", port=0, greeting=b"220 mx.example ESMTP\r\n")
        self.control("smtproutes", f":127.0.0.1:{peer.port}")
        self.assertEqual("K", self.remote()[-1][0])


class BadLines(RspawnCase):
    def test_a_bad_line_harms_its_own_route_and_says_so(self):
        peer = test_qmail_remote.Server()
        self.addCleanup(peer.close)
        for file, bad, good in (
                ("smtproutes", "bad.example:127.0.0.1:x", f":127.0.0.1:{peer.port}"),
                ("smtproutes", "bad.example:[::1", f":127.0.0.1:{peer.port}"),
                ("tlspolicy", "bad.example:secure", ":may"),
                ("tlspolicy", "bad.example verify", ":may")):
            for lines in ((bad, good), (good, bad)):
                self.control("smtproutes", f":127.0.0.1:{peer.port}")
                self.control("tlspolicy", ":may")
                self.control(file, *lines)
                log = open(self.home / "log", "wb+")  # pylint: disable=consider-using-with
                self.addCleanup(log.close)
                self.spawner = subprocess.Popen(
                    [BIN / "qmail-rspawn"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=log, bufsize=0, env=self.environment())
                self.assertEqual(b"\xff", self.spawner.stdout.read(1))
                with self.subTest(bad=bad, good=good):
                    self.assertEqual(b"K", self.deliver(b"u@good.example")[0][:1])
                    where = f"control/{file}: line {1 + lines.index(bad)}: "
                    said = f"{where}\"{bad.replace(' ', '_')}\" is not domain:".encode()
                    [text] = self.deliver(b"u@bad.example")
                    self.assertTrue(text.startswith(
                        b"ZUnable to read control files. (#4.3.0)\n" + said), text)
                    log.seek(0)
                    self.assertIn(b"qmail-rspawn: warning: " + said, log.read())
                self.close()

    def test_a_bad_resolver_is_left_out_and_none_at_all_is_an_error(self):
        sound = Answers(self, zone(x_example=[(MX, (0, "."))]))
        self.control("resolvers", "no address", sound.address)
        self.start_spawner()
        self.assertRegex(self.deliver(b"u@x.example")[0], rb"null MX")
        self.control("resolvers", "no address")
        self.assertRegex(self.deliver(b"u@x.example")[0],
                         rb"\AZUnable to read control files\. .*\n.*no_address")


if __name__ == "__main__":
    unittest.main()

"""What qmail-remote makes of what a server offers, by itself and in qmail-rspawn."""

import os
import ssl
import unittest

from peer import NameServer, Peer, make_certificate, server
from test_qmail_remote_tls import FINE, TlsCase
from test_qmail_rspawn import RspawnCase


def offer(*words):
    lines = [b"server", *words]
    return b"".join(b"250-" + line + b"\r\n" for line in lines[:-1]) + b"250 " + lines[-1] + b"\r\n"


class Extensions(TlsCase):
    def test_chunks_of_any_message_are_whole_and_need_no_dots(self):
        for message in (b"\n", b".\n..\n", b"Subject: x\n\nline\n.\n",
                        b"x" * 70 + b"\n" + os.urandom(200_000).replace(b"\r", b"") + b"\n",
                        b"0123456789abcde\n" * 8192, b"y\n" * 700_000):
            peer = self.peer(ehlo=offer(b"CHUNKING", b"8BITMIME"))
            self.assertEqual(FINE, self.remote(message=message)[-1])
            session, = peer.sessions
            self.assertEqual(message.replace(b"\n", b"\r\n"), session.messages[0])
            bdats = [line for line in session.lines if line.startswith(b"BDAT")]
            self.assertTrue(bdats[-1].endswith(b" LAST\r\n"))
            self.assertEqual(1, sum(b"LAST" in line for line in bdats))
            self.assertNotIn(b"DATA\r\n", session.lines)

    def test_no_bare_line_end_in_a_chunk(self):
        peer = self.peer(ehlo=offer(b"CHUNKING"))
        self.remote(message=b"a\rb\r\nc\n\r.\r\nMAIL FROM:<x>\r\n\n")
        self.assertEqual([b"a\r\nb\r\nc\r\n\r\n.\r\nMAIL FROM:<x>\r\n\r\n"],
                         peer.sessions[0].messages)

    def test_chunks_wait_for_the_recipients(self):
        """A server that does not pass over what it refuses would read it as commands."""
        peer = self.peer(ehlo=offer(b"CHUNKING", b"PIPELINING"), RCPT=b"550 no\r\n")
        reports = self.remote(message=b"MAIL FROM:<evil@x>\n")
        self.assertEqual("h127.0.0.1 does not like recipient.\nRemote host said: 550 no\n",
                         reports[0])
        self.assertEqual("DGiving up on 127.0.0.1.\n", reports[1])
        lines = peer.sessions[0].lines
        self.assertFalse([line for line in lines if b"BDAT" in line or b"evil" in line], lines)

    def test_a_chunk_that_is_refused_ends_it(self):
        big = b"z" * 70 + b"\n"
        for reply, letter in ((b"452 full\r\n", "Z"), (b"552 too much\r\n", "D")):
            self.peer(ehlo=offer(b"CHUNKING"), BDAT=[b"250 ok\r\n", reply, reply, reply])
            report = self.remote(message=big * 3000)[-1]
            self.assertEqual(f"{letter}127.0.0.1 failed after I sent the message.\n"
                             f"Remote host said: {reply[:-2].decode()}\n", report)

    def test_a_message_known_to_be_too_large_is_refused_here(self):
        peer = self.peer(ehlo=offer(b"SIZE 20"))
        self.assertRegex(self.remote(message=b"123456789\n" * 2)[-1],
                         r"\ADSorry, that message of 22 bytes is larger .*20\. \(#5\.3\.4\)\n")
        self.assertFalse([line for line in peer.sessions[0].lines if b"MAIL" in line])
        for words in (b"SIZE 22", b"SIZE 0", b"SIZE", b"SIZE -1", b"SIZE 99999999999999999999"):
            peer = self.peer(ehlo=offer(words))
            self.assertEqual(FINE, self.remote(message=b"123456789\n" * 2)[-1])
            self.assertIn(b"MAIL FROM:<s@x.example> SIZE=22\r\n", peer.sessions[0].lines)

    def test_addresses_of_utf_8_need_smtputf8(self):
        address = "jürgen@far.example"
        peer = self.peer(ehlo=offer(b"SMTPUTF8", b"8BITMIME"))
        self.assertEqual(FINE, self.remote(address)[-1])
        self.assertIn(b"MAIL FROM:<s@x.example> SMTPUTF8\r\n", peer.sessions[0].lines)
        peer = self.peer(ehlo=offer(b"8BITMIME", b"PIPELINING"))
        reports = self.remote(address, "a@far.example")
        self.assertRegex(reports[0], r"\Ah127\.0\.0\.1 does not offer SMTPUTF8.*\(#5\.6\.7\)\n")
        self.assertEqual(["r", FINE], reports[1:])
        self.assertRegex("".join(self.remote(address)), r"\(#5\.6\.7\)\n.*Giving up")

    def test_limits_of_recipients_are_kept(self):
        peer = self.peer(ehlo=offer(b"PIPELINING", b"LIMITS RCPTMAX=2"),
                         RCPT=[b"250 ok\r\n"] * 3 + [b"550 no\r\n"])
        people = [f"{name}@far.example" for name in "abcde"]
        reports = self.remote(*people)
        self.assertEqual(["r", "r", "r", "h", "r", "K"], [report[0] for report in reports])
        session, = peer.sessions
        verbs = [line.split()[0] for line in session.lines[1:]]
        self.assertEqual([b"MAIL", b"RCPT", b"RCPT", b"DATA"] * 2 + [b"MAIL", b"RCPT", b"DATA",
                         b"QUIT"], verbs)
        self.assertEqual(3, len(session.messages))

    def test_replies_without_sense_or_end(self):
        mixed = b"250-fine\r\n550 or not\r\n"
        for verb in ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "."):
            peer = self.peer(**{verb: mixed.replace(b"250", b"220") if verb == "greeting"
                                else mixed})
            report = self.remote()[-1]
            self.assertRegex(report, r"\AZConnected to 127\.0\.0\.1 but connection died\.", verb)
            self.assertEqual(verb == ".", "Possible duplicate" in report)
        for banner in (b"220-" + b"x" * 200_000, b"220-again\r\n" * 20_000):
            self.peer(greeting=banner)
            self.assertEqual("ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n"
                             "[127.0.0.1]: A reply without end.\n", self.remote()[-1])

    def test_a_reply_that_drips_is_waited_for_no_longer_than_timeoutremote(self):
        self.control("timeoutremote", "2")

        def talk(session):
            while not session.over.wait(0.3):
                session.say(b"2")
        self.peer(talk)
        self.assertEqual("ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n"
                         "[127.0.0.1]: timed out\n", self.remote()[-1])


class InRspawn(RspawnCase):
    """Orders with parameters, and connections that are used again."""

    def peer(self, talk=None, context=None, **replies):
        peer = Peer(talk or server(**replies), context)
        self.addCleanup(peer.close)
        self.control("smtproutes", f":127.0.0.1:{peer.port}")
        return peer

    def long_order(self, parameters, *pairs, message=b"Subject: s\n\nbody\n", slot=5):
        number = self.number(message)
        self.spawner.stdin.write(
            bytes([slot]) + b"%d/%d\0" % (number % 23, number) + b"s@x.example\0\0\0"
            + parameters + b"\0" + b"".join(r + b"\0" + p + b"\0" for r, p in pairs) + b"\0")
        return [text for _, text in self.reports(len(pairs))]

    def test_dsn_is_passed_on_where_it_is_offered(self):
        peer = self.peer(ehlo=offer(b"DSN", b"SIZE"))
        self.start_spawner()
        order = (b"RET=HDRS ENVID=7+2B", (b"a@far.example", b"NOTIFY=SUCCESS ORCPT=rfc822;A@b"),
                 (b"b@far.example", b""))
        self.assertEqual([b"P"] * 2, [text[:1] for text in self.long_order(*order)])
        lines = peer.sessions[0].lines
        self.assertRegex(lines[1], rb"\AMAIL FROM:<s@x\.example> SIZE=\d+ RET=HDRS ENVID=7\+2B\r\n")
        self.assertEqual([b"RCPT TO:<a@far.example> NOTIFY=SUCCESS ORCPT=rfc822;A@b\r\n",
                          b"RCPT TO:<b@far.example>\r\n"], lines[2:4])

    def test_dsn_is_kept_where_it_is_not_offered(self):
        peer = self.peer(ehlo=offer(b"8BITMIME"))
        self.start_spawner()
        text, = self.long_order(b"RET=HDRS ENVID=7", (b"a@far.example", b"NOTIFY=SUCCESS"))
        self.assertEqual(b"K", text[:1])
        self.assertEqual([b"MAIL FROM:<s@x.example>\r\n", b"RCPT TO:<a@far.example>\r\n"],
                         peer.sessions[0].lines[1:3])

    def test_smtputf8_is_for_headers_too(self):
        self.peer(ehlo=offer(b"8BITMIME"))
        self.start_spawner()
        pair = (b"a@far.example", b"")
        self.assertRegex(self.long_order(b"SMTPUTF8", pair, message="Subject: ü\n\n".encode())[0],
                         rb"\AD127\.0\.0\.1 does not offer SMTPUTF8.*\(#5\.6\.7\)")
        self.assertEqual(b"K", self.long_order(b"SMTPUTF8", pair)[0][:1])

    def test_binary_goes_only_where_it_is_taken(self):
        self.peer(ehlo=offer(b"CHUNKING"))
        self.start_spawner()
        pair, binary = (b"a@far.example", b""), b"Subject: x\n\n\0\n"
        self.assertRegex(self.long_order(b"BODY=BINARYMIME", pair, message=binary)[0],
                         rb"\AD.*BINARYMIME.*\(#5\.6\.3\)")
        self.assertEqual(b"K", self.long_order(b"BODY=BINARYMIME", pair)[0][:1])
        peer = self.peer(ehlo=offer(b"CHUNKING", b"BINARYMIME"))
        self.assertEqual(b"K", self.long_order(b"BODY=BINARYMIME", pair, message=binary)[0][:1])
        self.assertIn(b"MAIL FROM:<s@x.example> BODY=BINARYMIME\r\n", peer.sessions[0].lines)

    def test_what_requires_tls_does_not_leave_without(self):
        self.start_spawner()
        for talk in (dict(ehlo=offer(b"SIZE")), dict(ehlo=offer(b"STARTTLS"), STARTTLS=b"454 no\r\n")):
            peer = self.peer(**talk)
            text, = self.long_order(b"REQUIRETLS", (b"a@far.example", b""))
            self.assertRegex(text, rb"\AD.*requires TLS\. \(#5\.7\.30\)")
            self.assertFalse([line for line in peer.sessions[0].lines if b"MAIL" in line])

    def test_another_qmail_remote_cannot_be_told_to_require_tls(self):
        self.peer()
        self.start_spawner(QMAILREMOTE="/bin/false")
        text, = self.long_order(b"REQUIRETLS", (b"a@far.example", b""))
        self.assertRegex(text, rb"\ADSorry, this message requires TLS.*\(#5\.7\.30\)")

    def test_tls_sessions_are_resumed(self):
        self.control("timeoutidle", "0")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(make_certificate(self.home / "alone.pem", "far.example"))
        names = NameServer()
        self.addCleanup(names.close)
        peer = self.peer(context=context)
        self.control("resolvers", f"127.0.0.1:{names.port}")
        self.control("smtproutes", f":relay.example:{peer.port}")
        self.start_spawner()
        for _ in range(3):
            self.assertEqual(b"K", self.deliver(b"r@far.example")[0][:1])
        self.assertEqual([False, True, True],
                         [session.tls_resumed for session in peer.sessions])
        self.control("tlspolicy", "far.example:verify")  # What was no matter then is one now.
        self.assertRegex(self.deliver(b"r@far.example")[0], rb"\AZ.*not trusted\. \(#4\.7\.5\)")

    # Connections that are used again ------------------------------------------------------------

    def test_the_next_message_goes_over_the_same_connection(self):
        peer = self.peer()
        self.start_spawner()
        for _ in range(4):  # The first one is alone there, as far as is known.
            self.assertEqual(b"K", self.deliver(b"r@far.example")[0][:1])
        _, session = peer.sessions
        self.assertEqual(3, len(session.messages))
        self.assertEqual(1, sum(line.startswith(b"EHLO") for line in session.lines))
        self.close()
        self.assertTrue(session.over.wait(20))
        self.assertEqual(b"QUIT\r\n", session.lines[-1])

    def test_an_idle_connection_is_closed_in_good_order(self):
        self.control("timeoutidle", "1")
        peer = self.peer()
        self.start_spawner()
        self.deliver(b"r@far.example")
        self.assertTrue(peer.sessions[0].over.wait(20))
        self.assertEqual(b"QUIT\r\n", peer.sessions[0].lines[-1])

    def test_timeoutidle_0_means_a_connection_a_message(self):
        self.control("timeoutidle", "0")
        peer = self.peer()
        self.start_spawner()
        for _ in range(2):
            self.deliver(b"r@far.example")
        self.assertEqual(2, len(peer.sessions))

    def test_a_server_that_closed_meanwhile_costs_nothing_but_a_connection(self):
        for reply in (None, b"421 enough\r\n", b"451 not twice\r\n"):
            peer = self.peer(MAIL=[b"250 ok\r\n", b"250 ok\r\n", reply])
            self.start_spawner()
            for _ in range(3):
                self.assertEqual(b"K", self.deliver(b"r@far.example")[0][:1])
            self.assertEqual([1, 1, 1], [len(session.messages) for session in peer.sessions])
            self.close()

    def test_a_server_that_closes_right_after_the_message(self):
        def once(session):
            session.say(b"220 server\r\n")
            for reply in (b"250 server\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
                session.read_line()
                session.say(reply)
            session.read_data()
            session.say(b"250 taken\r\n421 idle for too long\r\n" if talker["late"]
                        else b"250 taken\r\n")
        for late in (False, True):
            talker = {"late": late}
            peer = self.peer(once)
            self.start_spawner()
            for _ in range(2):
                self.assertEqual(b"K", self.deliver(b"r@far.example")[0][:1])
                self.assertTrue(peer.sessions[-1].over.wait(20))
            self.assertEqual([1, 1], [len(session.messages) for session in peer.sessions])
            self.close()

    def test_mailmax_is_kept(self):
        peer = self.peer(ehlo=offer(b"LIMITS MAILMAX=2"))
        self.start_spawner()
        for _ in range(5):
            self.assertEqual(b"K", self.deliver(b"r@far.example")[0][:1])
        self.assertEqual([1, 2, 2], [len(session.messages) for session in peer.sessions])

    def test_a_refused_message_does_not_harm_the_next(self):
        peer = self.peer(RCPT=[b"550 no\r\n"])
        self.start_spawner()
        self.assertEqual(b"D", self.deliver(b"r@far.example")[0][:1])
        self.assertEqual(b"K", self.deliver(b"r@far.example")[0][:1])
        whole = [text for session in peer.sessions for text in session.messages if len(text) > 3]
        self.assertEqual(1, len(whole))


if __name__ == "__main__":
    unittest.main()

"""LMTP to a strict server: qmail-rspawn with batches, and qmail-remote (RFC 2033)."""

import unittest

from lmtp_peer import LmtpServer
from test_qmail_rspawn import RspawnCase


class Lmtp(RspawnCase):
    def lmtp(self, **behaviour):
        path = self.home / "lmtp"
        path.unlink(missing_ok=True)
        server = LmtpServer(path, **behaviour)
        self.addCleanup(server.close)
        self.addCleanup(lambda: self.assertEqual([], server.faults))
        self.control("lmtproutes", f"box.example:{path}", f".box.example:{path}")
        self.control("smtproutes", ":127.0.0.1:9")
        return server

    def letters(self, texts):
        return b"".join(text[:1] for text in texts).decode()

    def test_each_of_a_batch_has_a_verdict_of_its_own(self):
        server = self.lmtp(
            rcpt={"nobody": b"550 5.1.1 no such user\r\n"},
            verdicts={"full": b"552 5.2.2 full\r\n", "busy": b"450-4.3.0 not\r\n450 4.3.0 now\r\n"})
        self.start_spawner()
        texts = self.deliver(*(b"%s@box.example" % who for who in
                               (b"a", b"full", b"nobody", b"busy", b"b")))
        self.assertEqual("KDDZK", self.letters(texts), texts)
        path = str(self.home / "lmtp").encode()
        self.assertEqual(b"K%s accepted message.\nRemote host said: "
                         b"250 2.0.0 <a@box.example> saved\n" % path, texts[0])
        self.assertEqual(b"D%s failed after I sent the message.\nRemote host said: "
                         b"552 5.2.2 full\n" % path, texts[1])
        self.assertIn(b"5.1.1 no such user", texts[2])
        self.assertEqual((1, 1), (len(server.sessions), len(server.messages)))
        self.assertRegex(server.messages[0], rb"\r\nSubject: s\r\n\r\nbody\r\n\.\r\n\Z")

    def test_a_connection_serves_the_next_message_whatever_the_verdicts(self):
        server = self.lmtp(verdicts={"full": b"552 5.2.2 full\r\n"})
        self.control("timeoutidle", "60")
        self.start_spawner()
        self.assertEqual("KD", self.letters(self.deliver(b"a@box.example", b"full@box.example")))
        self.assertEqual("D", self.letters(self.deliver(b"full@box.example")))
        self.assertEqual("K", self.letters(self.deliver(b"a@sub.box.example")))
        # The first is not kept: nothing says that there will be more mail.
        self.assertEqual((2, 3), (len(server.sessions), len(server.messages)))

    def test_sockets_do_not_share_connections(self):
        server = self.lmtp()
        other = LmtpServer()
        self.addCleanup(other.close)
        self.control("timeoutidle", "60")
        self.control("lmtproutes", f"box.example:{server.path}",
                     f"b.example:127.0.0.1:{other.port}")
        self.start_spawner()
        for host in 4 * (b"box.example", b"b.example"):
            [text] = self.deliver(b"a@" + host)
            self.assertEqual(b"K", text[:1])
        self.assertEqual([(2, 4)] * 2, [(len(one.sessions), len(one.messages))
                                        for one in (server, other)])

    def test_who_was_answered_before_the_end_is_delivered_and_others_come_again(self):
        server = self.lmtp(verdicts={"b": None})
        self.start_spawner()
        texts = self.deliver(b"a@box.example", b"b@box.example", b"c@box.example")
        self.assertEqual("KZZ", self.letters(texts), texts)
        self.assertIn(b"lmtp but connection died. Possible duplicate! (#4.4.2)", texts[1])
        del server.verdicts["b"]
        self.assertEqual("KK", self.letters(self.deliver(b"b@box.example", b"c@box.example")))

    def test_one_reply_too_few_costs_those_without_one_a_timeout(self):
        self.lmtp(verdicts={"c": b""})
        self.control("timeoutremote", "1")
        self.start_spawner()
        texts = self.deliver(b"a@box.example", b"b@box.example", b"c@box.example")
        self.assertEqual("KKZ", self.letters(texts), texts)

    def test_one_reply_too_many_is_nobodys(self):
        server = self.lmtp(late=b"550 5.0.0 one more\r\n")
        self.control("timeoutidle", "60")
        self.start_spawner()
        for _ in range(2):
            self.assertEqual("K", self.letters(self.deliver(b"a@box.example")))
        self.assertEqual(2, len(server.sessions))

    def test_a_giant_reply_costs_its_recipient(self):
        self.lmtp(verdicts={"b": b"250 " + b"x" * 200_000 + b"\r\n"})
        self.start_spawner()
        texts = self.deliver(b"a@box.example", b"b@box.example")
        self.assertEqual("KZ", self.letters(texts))
        self.assertLess(max(map(len, texts)), 8000)

    def test_without_the_server_mail_waits(self):
        path = self.home / "lmtp"
        self.control("lmtproutes", f"box.example:{path}")
        self.start_spawner()
        [text] = self.deliver(b"a@box.example")
        self.assertEqual(b"ZSorry, I wasn't able to connect to %s: file does not exist. "
                         b"(#4.4.1)\n" % str(path).encode(), text)
        self.lmtp().close()
        [text] = self.deliver(b"a@box.example")
        self.assertEqual(b"ZSorry, I wasn't able to connect to %s: connection refused. "
                         b"(#4.4.1)\n" % str(path).encode(), text)

    def test_a_wrong_line_delays_its_own_domain(self):
        server = self.lmtp()
        self.control("lmtproutes", f"box.example:{server.path}", "bad.example:lmtp")
        self.start_spawner()
        [text] = self.deliver(b"a@bad.example")
        self.assertRegex(text, rb"\AZUnable to read control files.*\ncontrol/lmtproutes: line 2: ")
        self.assertEqual("K", self.letters(self.deliver(b"a@box.example")))

    def test_what_is_not_offered_is_not_used(self):
        server = self.lmtp(offers=(b"PIPELINING",))
        self.start_spawner()
        self.assertEqual("K", self.letters(self.deliver(b"a@box.example")))
        self.assertEqual(b"MAIL FROM:<s@x.example>\r\n", server.envelopes[0][0])
        [text] = self.deliver("ä@box.example".encode())
        self.assertIn(b"does not offer SMTPUTF8", text)

    def test_too_large_for_the_server(self):
        self.lmtp(offers=(b"PIPELINING", b"SIZE 10"))
        self.start_spawner()
        [text] = self.deliver(b"a@box.example")
        self.assertRegex(text, rb"\ADSorry, that message of \d+ bytes is larger than .*/lmtp ")

    def test_qmail_remote_by_hand(self):
        server = self.lmtp(verdicts={"b": b"450 4.2.1 later\r\n"})
        result = self.run_program("qmail-remote", "box.example", "s@x.example", "a@box.example",
                                  "b@box.example", stdin=b"Subject: s\n\nbody\n")
        self.assertEqual([b"r", b"s", b"K"], [part[:1] for part in result.stdout.split(b"\0")[:-1]])
        self.assertEqual(1, len(server.messages))


if __name__ == "__main__":
    unittest.main()

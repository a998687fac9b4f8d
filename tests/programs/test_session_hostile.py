"""Hostile inputs around STARTTLS, BDAT, AUTH, PROXY and XCLIENT, over TLS where they have not been tried
so in the clear. Each class of what broke other servers, and the test that tries it here:

| input | test |
|---|---|
| STARTTLS with more in its segment (CVE-2011-0411, CVE-2021-38542) | test_qmail_smtpd_tls `plaintext_after_starttls_is_refused`, s/test_known_holes; POP3: test_qmail_popup_tls `words_that_come_along_with_stls` |
| state kept over STARTTLS, a second one, one within a transaction | test_qmail_smtpd_tls `nothing_is_kept_over_the_switch`; AUTH: here `a_login_does_not_outlive` |
| the same of a server to us as client (CVE-2021-38371) | test_qmail_remote_tls `plain_text_after_the_220…`, `replies_nobody_asked_for…` |
| smuggling of messages (CVE-2023-51764 to -51766) | s/test_known_holes `smuggling_at_every_cut`; over TLS: here `smuggling_over_tls` |
| BDAT: nothing, no recipient, half a chunk, RSET between, DATA after it, too large | u/ `chunks.talk`, SmtpChunkTests; here `chunks_that_end_early`, `chunks_that_are_too_large` |
| BDAT: a TLS alert in the middle (EXIM-Security-2026-05-01.1) | here `an_alert_in_the_middle_of_a_chunk` |
| BDAT with bare line ends | u/ SmtpChunkTests; over TLS: here `smuggling_in_a_chunk` |
| BDAT of a server's replies, to us as client | test_qmail_remote_extensions `a_chunk_that_is_refused_ends_it`, `no_bare_line_end_in_a_chunk` |
| AUTH of a megabyte, cut short, NTLM and EXTERNAL (CVE-2023-42114 to -42116) | here `auth_without_end`, `auth_that_is_none`; POP3: here `pop3_auth…` |
| AUTH within a transaction, twice, cancelled | test_qmail_smtpd_auth `what_is_no_auth`, `every_mechanism` |
| PROXY from a stranger, twice, after EHLO, families mixed, overlong, lengths that lie | test_proxy `once_and_from_no_one_else`, `what_is_no_header…`; u/ ProxyHeaderTests; here `a_proxy_header_within_tls` |
| XCLIENT from a stranger, with line ends in its values, in a transaction, after AUTH | u/ XClientTests, test_proxy; here `xclient_where_it_does_not_belong` |
"""

import base64
import socket
import ssl
import subprocess
import time
import unittest

from harness import BIN
from listener import ListenerCase
from test_qmail_lookup import Service

# End-of-data as some server somewhere takes it: smtpsmuggling.com, VU#302671.
SEQUENCES = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r",
             b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\r\n.\r\r\n"]
INNER = (b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\nSubject: in\r\n\r\nx\r\n.\r\n")
PASSWORD = "right horse"


class Hostile(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.certificate("servercert.pem", "mx.example")
        self.messages = self.home / "messages"
        self.messages.mkdir()
        queue = self.home / "queue-program"
        queue.write_text(f"#!/bin/sh\ncat > $(mktemp {self.messages}/m.XXXXXX)\n"
                         "cat <&1 > /dev/null\n")
        queue.chmod(0o755)
        self.queue = str(queue)

    def open_message(self, *more, ehlo=True):
        """A session over TLS that has said EHLO, MAIL and RCPT."""
        tls, replies = self.starttls()
        if ehlo:
            self.assertEqual(b"250", self.say(tls, replies, b"EHLO client.example")[:3])
        self.assertEqual(b"250", self.say(tls, replies, b"MAIL FROM:<a@b.example>" + b"".join(more))[:3])
        self.assertEqual(b"250", self.say(tls, replies, b"RCPT TO:<joe@mx.example>")[:3])
        return tls, replies

    def queued(self):
        return [path.read_bytes() for path in self.messages.iterdir()]

    @staticmethod
    def leave(tls):
        """Says that all has been said, whatever the server says meanwhile, and hangs up."""
        try:
            tls.unwrap()
        except (ssl.SSLError, OSError):
            pass
        tls.close()

    def works(self):
        """The listener still takes a message."""
        before = len(self.queued())
        tls, replies = self.open_message()
        self.assertEqual(b"354", self.say(tls, replies, b"DATA")[:3])
        self.assertEqual(b"250", self.say(tls, replies, b"Subject: x\r\n\r\nx\r\n.")[:3])
        self.assertEqual(before + 1, len(self.queued()))

    # Smuggling --------------------------------------------------------------------------------

    def test_smuggling_over_tls(self):
        self.serve(QMAILQUEUE=self.queue)
        taken = 0
        for sequence in SEQUENCES:
            text = b"Subject: out\r\n\r\nbody" + sequence + INNER
            start = text.index(sequence)
            for cut in range(start, start + len(sequence) + 1):
                tls, replies = self.open_message()
                self.say(tls, replies, b"DATA")
                tls.sendall(text[:cut])  # A record of its own.
                tls.sendall(text[cut:])
                said = self.read_reply(replies)
                self.assertIn(said[:3], (b"250", b"451"), sequence)
                taken += said[:3] == b"250"
                if said[:3] == b"250":
                    self.assertEqual(b"221", self.say(tls, replies, b"QUIT")[:3], sequence)
                self.assertEqual(b"", replies.read(), sequence)
        self.assertEqual(taken, len(self.queued()))
        self.works()

    def test_smuggling_in_a_chunk(self):
        self.serve(QMAILQUEUE=self.queue)
        for sequence in SEQUENCES:
            chunk = b"Subject: out\r\n\r\nbody" + sequence + INNER
            tls, replies = self.open_message()
            tls.sendall(b"BDAT %d LAST\r\n" % len(chunk) + chunk)
            said = self.read_reply(replies)
            self.assertIn(said[:3], (b"250", b"451"), sequence)
            if said[:3] == b"250":
                self.assertEqual(b"221", self.say(tls, replies, b"QUIT")[:3], sequence)
            self.assertEqual(b"", replies.read(), sequence)
        for message in self.queued():
            self.assertIn(b"\nMAIL FROM:<evil@b.example>\n", message)  # Text, in one message.

    # BDAT -------------------------------------------------------------------------------------

    def test_chunks_that_end_early(self):
        self.serve("-v", QMAILQUEUE=self.queue)
        for words in (b"BDAT 5 LAST\r\n1234", b"BDAT 5\r\n12345BDAT 5 LAST\r\n1", b"BDAT 99999999 LAST\r\n",
                      b"BDAT 3\r\n1\r\n", b"BDAT"):
            tls, replies = self.open_message()
            tls.sendall(words)
            self.leave(tls)
        for number in range(1, 6):
            self.wait_log(rf"^tcpserver: end {number} ")
        self.assertEqual([], self.queued())
        self.works()

    def test_an_alert_in_the_middle_of_a_chunk(self):
        self.serve("-v", QMAILQUEUE=self.queue)
        fatal = b"\x15\x03\x03\0\x02\x02\x28"  # handshake_failure, in the clear.
        for tail in (None, fatal, b"\x17\x03\x03\0\x05junk!", b"\x16\x03\x01\0\x04\x01\0\0\0", b"QUIT\r\n"):
            for words in (b"BDAT 100 LAST\r\nSubject: x\r\n", b"BDAT 4\r\na\r\n\r", b"DATA\r\n"):
                tls, replies = self.open_message()
                tls.sendall(words)
                if tail is None:
                    self.leave(tls)  # close_notify is one too.
                    continue
                raw = tls.detach()
                with socket.socket(fileno=raw) as bare:
                    bare.settimeout(20)
                    bare.sendall(tail)
                    while bare.recv(4096):  # To the server's end of it.
                        pass
        self.assertEqual([], self.queued())
        self.works()

    def test_chunks_that_are_too_large(self):
        self.control("databytes", "1000")
        self.serve(QMAILQUEUE=self.queue)
        tls, replies = self.open_message()
        tls.sendall(b"BDAT 2000 LAST\r\n" + b"x" * 1998 + b"\r\nNOOP\r\n")
        self.assertEqual([b"552", b"250"], [self.read_reply(replies)[:3] for _ in range(2)])
        for size in (b"-1", b"99999999999999999999", b"1e3", b"+5", b"0x10", b""):
            tls, replies = self.open_message()
            self.assertEqual(b"501", self.say(tls, replies, b"BDAT " + size + b" LAST")[:3], size)
            self.assertEqual(b"", replies.read())
        self.assertEqual([], self.queued())

    # REQUIRETLS -------------------------------------------------------------------------------

    def test_requiretls_is_of_tls(self):
        self.serve()
        peer, replies = self.connect()
        replies.readline()
        self.assertNotIn(b"REQUIRETLS", self.say(peer, replies, b"EHLO client.example"))
        tls, replies = self.starttls()
        self.assertIn(b"REQUIRETLS", self.say(tls, replies, b"EHLO client.example"))
        self.assertEqual(b"501", self.say(tls, replies, b"MAIL FROM:<a@b.example> REQUIRETLS=1")[:3])
        writer = subprocess.Popen([BIN / "qmail-queue", "--serve"], env=self.environment(),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(writer.wait, 20)
        self.addCleanup(writer.terminate)
        deadline = time.monotonic() + 20
        while not (self.home / "queue/intake").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        tls, replies = self.open_message(b" REQUIRETLS")
        self.say(tls, replies, b"DATA")
        self.assertEqual(b"250", self.say(tls, replies, b"Subject: x\r\n\r\nx\r\n.")[:3])
        [segment] = [path for path in (self.home / "queue/mess").iterdir() if path.is_file()]
        self.assertIn(b"REQUIRETLS", segment.read_bytes())  # It goes on with the message.

    # AUTH -------------------------------------------------------------------------------------

    def with_users(self):
        self.add_user("joe@mx.example", PASSWORD.encode())
        Service(self, "--single-user")
        self.control("authloopback", "1")
        self.serve(chain=("qmail-smtpd", "mx.example", "checkpassword", "true"),
                   QMAILQUEUE=self.queue)

    def test_auth_without_end(self):
        self.with_users()
        tls, replies = self.starttls()
        self.say(tls, replies, b"EHLO client.example")
        for mechanism in (b"PLAIN", b"LOGIN", b"SCRAM-SHA-256", b"SCRAM-SHA-256-PLUS"):
            self.assertEqual(b"500", self.say(
                tls, replies, b"AUTH " + mechanism + b" " + b"A" * 1_000_000)[:3])
        for mechanism in (b"PLAIN", b"LOGIN", b"SCRAM-SHA-256"):
            self.assertEqual(b"334", self.say(tls, replies, b"AUTH " + mechanism)[:3])
            self.assertEqual(b"500", self.say(tls, replies, b"A" * 1_000_000)[:3])
        self.assertEqual(b"250", self.say(tls, replies, b"NOOP")[:3])

    def test_auth_that_is_none(self):
        self.with_users()
        for words, codes in (
                (b"AUTH NTLM", b"504"), (b"AUTH NTLM TlRMTVNTUAABAAAA", b"504"),
                (b"AUTH EXTERNAL =", b"504"), (b"AUTH EXTERNAL", b"504"), (b"AUTH PLAIN =", b"501"),
                (b"AUTH PLAIN AA", b"501"), (b"AUTH PLAIN AAA=", b"501"), (b"AUTH PLAIN AAAA", b"501"),
                (b"AUTH LOGIN =", b"501 334"), (b"AUTH SCRAM-SHA-256 biws", b"501"),
                (b"AUTH SCRAM-SHA-256 " + base64.b64encode(b"n,,n=" + b"x" * 2000 + b",r=a"), b"501"),
                (b"AUTH SCRAM-SHA-256-PLUS " + base64.b64encode(b"p=tls-unique,,n=joe,r=a"), b"535"),
                (b"AUTH\tPLAIN", b"502 504"), (b"AUTH PLAIN \0", b"501"), (b"AUTH " + b"X" * 300, b"504")):
            tls, replies = self.starttls()
            self.say(tls, replies, b"EHLO client.example")
            self.assertIn(self.say(tls, replies, words)[:3], codes.split(), words)
            tls.close()

    def test_auth_cut_short(self):
        self.with_users()
        for part in (b"AUTH PLAIN", b"AUTH PLAIN\r\n", b"AUTH PLAIN\r\nAGpv", b"AUTH LOGIN\r\nam9l\r\n"):
            tls, replies = self.starttls()
            self.say(tls, replies, b"EHLO client.example")
            tls.sendall(part)
            self.leave(tls)
        self.works()

    def test_a_login_does_not_outlive_starttls(self):
        self.with_users()
        peer, replies = self.connect()
        replies.readline()
        self.say(peer, replies, b"EHLO client.example")
        login = b"AUTH PLAIN " + base64.b64encode(b"\0joe\0" + PASSWORD.encode())
        self.assertEqual(b"235", self.say(peer, replies, login)[:3])
        self.assertEqual(b"220", self.say(peer, replies, b"STARTTLS")[:3])
        tls, replies = self.encrypt(peer)
        self.say(tls, replies, b"EHLO client.example")
        self.say(tls, replies, b"MAIL FROM:<joe@mx.example>")
        self.assertEqual(b"553", self.say(tls, replies, b"RCPT TO:<x@elsewhere.example>")[:3])

    def test_pop3_auth_that_is_none_and_without_end(self):
        self.control("saslmechanisms", "PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")
        self.serve(chain=("qmail-popup", "mx.example", "checkpassword", "qmail-pop3d", "Maildir"),
                   POP3S="")
        peer, _ = self.connect()
        tls, replies = self.encrypt(peer)
        replies.readline()
        for words in (b"AUTH NTLM", b"AUTH EXTERNAL =", b"AUTH PLAIN AA", b"AUTH PLAIN =",
                      b"AUTH SCRAM-SHA-256 biws", b"AUTH PLAIN " + b"A" * 1_000_000,
                      b"AUTH SCRAM-SHA-256 " + b"A" * 900, b"AUTH\tPLAIN"):
            tls.sendall(words + b"\r\n")
            self.assertTrue(replies.readline().startswith(b"-ERR "), words[:30])
        for mechanism in (b"PLAIN", b"LOGIN", b"SCRAM-SHA-256", b"SCRAM-SHA-256-PLUS"):
            tls.sendall(b"AUTH " + mechanism + b"\r\n")
            self.assertTrue(replies.readline().startswith(b"+ "), mechanism)
            tls.sendall(b"A" * 1_000_000 + b"\r\n")
            self.assertEqual(b"-ERR syntax error\r\n", replies.readline(), mechanism)
        tls.sendall(b"QUIT\r\n")
        self.assertEqual(b"+OK \r\n", replies.readline())

    # PROXY, XCLIENT ---------------------------------------------------------------------------

    def test_a_proxy_header_within_tls(self):
        """Only before all else, and only in the clear from who may: else it is an unknown command."""
        self.control("proxyclients", "127.0.0.1")
        self.serve(QMAILQUEUE=self.queue)
        line = b"PROXY TCP4 192.0.2.9 198.51.100.1 4711 25"
        peer, replies = self.connect()
        peer.sendall(line + b"\r\n")
        replies.readline()
        self.assertEqual(b"502", self.say(peer, replies, line)[:3])
        self.assertEqual(b"220", self.say(peer, replies, b"STARTTLS")[:3])
        tls, replies = self.encrypt(peer)
        self.assertEqual(b"502", self.say(tls, replies, line)[:3])

    def test_xclient_where_it_does_not_belong(self):
        self.serve(QMAILQUEUE=self.queue)
        tls, replies = self.starttls()
        self.assertNotIn(b"XCLIENT", self.say(tls, replies, b"EHLO client.example"))
        self.assertEqual(b"5", self.say(tls, replies, b"XCLIENT ADDR=192.0.2.1")[:1])
        self.control("xclients", "127.0.0.1")
        tls, replies = self.open_message()
        self.assertEqual(b"503", self.say(tls, replies, b"XCLIENT ADDR=192.0.2.1")[:3])
        for words in (b"ADDR=192.0.2.1+0D+0ARCPT", b"ADDR=[UNAVAILABLE", b"ADDR=1.2.3.4.5", b"NAME=a+00b",
                      b"ADDR", b"ADDR=" + b"1" * 300, b"WHAT=1"):
            tls, replies = self.starttls()
            self.say(tls, replies, b"EHLO client.example")
            self.assertEqual(b"501", self.say(tls, replies, b"XCLIENT " + words)[:3], words)
        self.works()


if __name__ == "__main__":
    unittest.main()

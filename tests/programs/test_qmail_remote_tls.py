"""qmail-remote and TLS: what is offered and what is asked, certificates, and who sits between."""

import pathlib
import shutil
import ssl
import tempfile
import unittest

from harness import ProgramCase
from peer import EHLO, EHLO_PLAIN, NameServer, Peer, make_certificate, server

MESSAGE = b"Subject: secret\n\nbody\n"
FINE = "K127.0.0.1 accepted message.\nRemote host said: 250 taken\n"


class TlsCase(ProgramCase):
    """Certificates, made once: an authority, and servers that it and nobody vouches for."""

    @classmethod
    def setUpClass(cls):
        cls.pems = pathlib.Path(tempfile.mkdtemp(prefix="kopis-pems-"))
        cls.authority = make_certificate(cls.pems / "ca.pem")
        cls.good = make_certificate(
            cls.pems / "good.pem", "far.example", "mx.out.example", ca=cls.authority)
        cls.expired = make_certificate(cls.pems / "expired.pem", "far.example", ca=cls.authority,
                                       days=-1)
        cls.alone = make_certificate(cls.pems / "alone.pem", "far.example")
        cls.wrong = make_certificate(cls.pems / "wrong.pem", "other.example", ca=cls.authority)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.pems)

    def setUp(self):
        super().setUp()
        shutil.copy(self.authority, self.home / "control/serverca.pem")

    @staticmethod
    def context(pem, **settings):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        for name, value in settings.items():
            setattr(context, name, value)
        return context

    def peer(self, talk=None, pem=None, context=None, relay="127.0.0.1", **replies):
        """A server to which all mail goes."""
        peer = Peer(talk or server(**replies), context or self.context(pem or self.good))
        self.addCleanup(peer.close)
        self.control("smtproutes", f":{relay}:{peer.port}")
        return peer

    def policy(self, *lines):
        self.control("tlspolicy", *lines)

    def remote(self, *recipients, host="far.example", message=MESSAGE):
        result = self.run_program("qmail-remote", host, "s@x.example",
                                  *(recipients or ["a@far.example"]), stdin=message)
        self.assertEqual(0, result.returncode, result.stderr)
        return result.stdout[:-1].decode("latin-1").split("\0")

    def assert_nothing_said(self, peer):
        for session in peer.sessions:
            self.assertFalse([line for line in session.lines if line.startswith(b"MAIL")])

    def assert_deferred(self, code, words, peer):
        report = self.remote()[-1]
        self.assertRegex(report, rf"\AZConnected to 127\.0\.0\.1 but .*{words}.*\(#{code}\)")
        self.assert_nothing_said(peer)


class QmailRemoteTls(TlsCase):
    def test_it_is_used_where_offered_and_the_session_begins_anew(self):
        inside = b"250-server\r\n250 8BITMIME\r\n"
        peer = self.peer(inside=inside)
        self.assertEqual(FINE, self.remote()[-1])
        session, = peer.sessions
        self.assertIn(session.tls_version, ("TLSv1.2", "TLSv1.3"))
        # What was offered outside does not count inside: no SIZE here.
        self.assertEqual([b"EHLO mx.example\r\n", b"STARTTLS\r\n", b"EHLO mx.example\r\n",
                          b"MAIL FROM:<s@x.example>\r\n"], session.lines[:4])
        self.assertEqual([b"Subject: secret\r\n\r\nbody\r\n.\r\n"], session.messages)

    def test_tls_1_2(self):
        peer = self.peer(context=self.context(
            self.good, maximum_version=ssl.TLSVersion.TLSv1_2))
        self.assertEqual(FINE, self.remote()[-1])
        self.assertEqual("TLSv1.2", peer.sessions[0].tls_version)

    def test_the_relays_name_is_told_and_no_name_of_an_address(self):
        names = NameServer()
        self.addCleanup(names.close)
        self.control("resolvers", f"127.0.0.1:{names.port}")
        for relay, told in (("relay.example", "relay.example"), ("127.0.0.1", None)):
            heard = []
            context = self.context(self.good)
            context.sni_callback = lambda _, name, __, heard=heard: heard.append(name)
            self.peer(context=context, relay=relay)
            self.assertEqual("K", self.remote()[-1][0])
            self.assertEqual([told], heard)

    def test_a_relays_own_name_verifies_it(self):
        names = NameServer()
        self.addCleanup(names.close)
        self.control("resolvers", f"127.0.0.1:{names.port}")
        self.policy(":verify")
        self.peer(pem=self.wrong, relay="other.example")
        self.assertEqual(FINE, self.remote()[-1])
        self.assert_deferred(
            r"4\.7\.5", "does not name", self.peer(pem=self.wrong, relay="another.example"))

    def test_none_means_none(self):
        self.policy("far.example:none")
        peer = self.peer()
        self.assertEqual(FINE, self.remote()[-1])
        self.assertNotIn(b"STARTTLS\r\n", peer.sessions[0].lines)

    def test_any_certificate_does_unless_it_is_to_be_verified(self):
        for level in ("may", "encrypt"):
            self.policy(f"far.example:{level}")
            for pem in (self.expired, self.alone, self.wrong):
                peer = self.peer(pem=pem)
                self.assertEqual(FINE, self.remote()[-1])
                self.assertEqual(1, len(peer.sessions))
                self.assertTrue(peer.sessions[0].tls)

    def test_certificates_are_verified_where_that_is_asked(self):
        self.policy("far.example:verify")
        self.peer(pem=self.good)
        self.assertEqual(FINE, self.remote()[-1])
        for pem, words in ((self.expired, "expired"), (self.alone, "not trusted"),
                           (self.wrong, "does not name")):
            with self.subTest(words):
                self.assert_deferred(r"4\.7\.5", words, self.peer(pem=pem))

    def test_the_names_to_be_found_can_be_said(self):
        for names, good in (("mx.out.example", True), (".out.example", True),
                            ("far.example", True), ("out.example", False),
                            (".mx.out.example", False), ("no.example:.example", True)):
            with self.subTest(names):
                self.policy(f"far.example:verify:{names}")
                peer = self.peer(pem=self.good)
                if good:
                    self.assertEqual(FINE, self.remote()[-1])
                else:
                    self.assert_deferred(r"4\.7\.5", "does not name", peer)

    def test_without_an_authority_of_ours_nobody_trusts_this_one(self):
        (self.home / "control/serverca.pem").unlink()
        self.policy("far.example:verify")
        self.assert_deferred(r"4\.7\.5", "not trusted", self.peer(pem=self.good))

    def test_our_certificate_is_shown_where_one_is_asked_for(self):
        shutil.copy(self.good, self.home / "control/clientcert.pem")
        context = self.context(self.good, verify_mode=ssl.CERT_REQUIRED)
        context.load_verify_locations(self.authority)
        self.policy(":encrypt")
        peer = self.peer(context=context)
        self.assertEqual(FINE, self.remote()[-1])
        self.assertIn(("DNS", "far.example"), peer.sessions[0].certificate["subjectAltName"])

    def test_bad_control_files_are_told_apart_from_missing_ones(self):
        self.peer()
        for file in ("clientcert.pem", "serverca.pem", "tlspolicy"):
            (self.home / "control" / file).write_text("nonsense\n")
            self.assertRegex(self.remote()[0], r"\AZUnable to read control files\. "
                                               rf"\(#4\.3\.0\)\n.*{file}")
            (self.home / "control" / file).unlink()


class Downgrades(TlsCase):
    """What a server that lost its TLS does, and whoever sits between."""

    def test_without_an_offer_it_is_plain_text_or_nothing(self):
        for talk in (dict(ehlo=EHLO_PLAIN),
                     dict(EHLO=b"502 what?\r\n"), dict(STARTTLS=b"454 not now\r\n"),
                     dict(STARTTLS=b"501 what?\r\n")):
            self.policy()
            self.peer(**talk)
            self.assertEqual(FINE, self.remote()[-1], talk)
            self.policy("far.example:encrypt")
            self.assert_deferred(r"4\.7\.4", "requires it", self.peer(**talk))

    @staticmethod
    def broken(after_220):
        """STARTTLS is answered by 220, and then by no TLS; the next session is sound."""
        plain = server()

        def talk(session):
            if peer.sessions[0] is session:
                session.say(b"220 server\r\n")
                while line := session.read_line():
                    if line == b"STARTTLS\r\n":
                        session.say(b"220 go\r\n")
                        session.more()  # The ClientHello: so this is another segment.
                        session.say(after_220)
                        return
                    session.say(EHLO)
            plain(session)

        peer = Peer(talk)
        return peer

    def test_a_handshake_that_fails_means_plain_text_only_where_that_may_be(self):
        for junk in (b"", b"250-AUTH PLAIN\r\n250 ok\r\n", b"\x15\x03\x03\x00\x02\x02\x28"):
            for level, sent in (("may", True), ("encrypt", False), ("verify", False)):
                with self.subTest(junk=junk, level=level):
                    peer = self.broken(junk)
                    self.addCleanup(peer.close)
                    self.control("smtproutes", f":127.0.0.1:{peer.port}")
                    self.policy(f"far.example:{level}")
                    if sent:
                        self.assertEqual(FINE, self.remote()[-1])
                        self.assertEqual(2, len(peer.sessions))
                        self.assertNotIn(b"STARTTLS\r\n", peer.sessions[1].lines)
                    else:
                        self.assert_deferred(r"4\.7\.5", "TLS failed", peer)
                        self.assertEqual(1, len(peer.sessions))

    def test_tls_that_brings_no_reply_means_plain_text_only_where_that_may_be(self):
        """Up to the first reply within TLS; also where STARTTLS itself has none."""
        self.control("timeoutremote", "3")
        for where in ("STARTTLS", "EHLO"):
            for said in (None, b"421 busy\r\n", b"502 what?\r\n", b"what?\r\n", b"25",
                         b"250-server\r\n550 mixed\r\n"):
                for level in ("may", "encrypt", "verify"):
                    if (where, level, said) == ("STARTTLS", "may", b"502 what?\r\n"):
                        continue  # A refusal: it goes on as it was.
                    with self.subTest(where=where, said=said, level=level):
                        self.policy(f"far.example:{level}")
                        peer = self.peer(self.useless(where, said))
                        if level == "may":
                            self.assertEqual(FINE, self.remote()[-1])
                            self.assertEqual(2, len(peer.sessions))
                            self.assertIsNone(peer.sessions[1].tls)
                        else:
                            self.assertEqual("Z", self.remote()[-1][0])
                            self.assert_nothing_said(peer)
                            self.assertEqual(1, len(peer.sessions))

    @staticmethod
    def useless(where, said):
        """The first session has this instead of a reply to the verb, within TLS if that is EHLO."""
        plain = server(ehlo=EHLO)

        def talk(session):
            session.count = talk.count
            talk.count += 1
            if session.count:
                return plain(session)
            session.say(b"220 server\r\n")
            session.read_line()
            session.say(EHLO)
            session.read_line()
            if where == "EHLO":
                session.say(b"220 go\r\n")
                session.start_tls()
                session.read_line()
            if said is None:
                return None
            session.say(said)
            return session.read_line()
        talk.count = 0
        return talk

    def test_plain_text_after_the_220_is_no_reply_of_the_server(self):
        """CVE-2021-38371, CVE-2026-41319, nodemailer#1835: in the same segment as the 220."""
        for injected in (b"250-AUTH PLAIN\r\n250 ok\r\n", b"250 fragment without an end", b"2"):
            for level in ("may", "encrypt", "verify"):
                with self.subTest(injected=injected, level=level):
                    self.policy(f"far.example:{level}")
                    peer = self.peer(STARTTLS=b"220 go\r\n" + injected)
                    self.assert_deferred(r"4\.7\.5", "plain text", peer)
                    self.assertEqual(1, len(peer.sessions))

    def test_replies_nobody_asked_for_before_starttls(self):
        peer = self.peer(EHLO=EHLO + b"220 go\r\n")
        self.assert_deferred(r"4\.7\.5", "plain text", peer)
        self.assertNotIn(b"STARTTLS\r\n", peer.sessions[0].lines)


if __name__ == "__main__":
    unittest.main()

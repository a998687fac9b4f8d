"""Logins at relays: each mechanism against a strict relay, what a login asks of TLS, whose route it
is, and that no password goes where it does not belong."""

import os
import pathlib
import time
import unittest

from harness import NOBODY
from peer import NameServer, Peer, make_certificate
from sasl_peer import ALL, PASSWORD_MECHANISMS, SaslRelay
from test_qmail_remote_tls import TlsCase
from test_kopis_srs import LOCAL, MAIL, NETWORK, NETWORK_ORIGIN, QUEUE, SUBMITTED
from test_qmail_rspawn import RspawnCase

FINE = "K127.0.0.1 accepted message.\nRemote host said: 250 taken\n"
MESSAGE = b"Subject: s\n\nbody\n"


class LoginCase(TlsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.relays = make_certificate(cls.pems / "relay.pem", "relay.example", ca=cls.authority)

    def setUp(self):
        super().setUp()
        self.names = NameServer()
        self.addCleanup(self.names.close)
        self.control("resolvers", f"127.0.0.1:{self.names.port}")
        (self.home / "auth").mkdir(mode=0o711)

    def auth(self, name, *lines):
        """Writes a file of auth, one line each."""
        path = self.home / "auth" / name
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text("".join(line + "\n" for line in lines))

    def relay(self, *mechanisms, pem=None, route=":relay.example:{port}|user|pencil", **more):
        """A strict relay, and a route to it."""
        talk = SaslRelay(*mechanisms, **more)
        peer = Peer(talk, self.context(pem or self.relays))
        peer.talk = talk
        self.addCleanup(peer.close)
        if route:
            self.auth("smtproutes", route.format(port=peer.port))
        return peer

    def send(self, sender="s@x.example", **options):
        result = self.run_program("qmail-remote", "far.example", sender, "a@far.example",
                                  stdin=MESSAGE, **options)
        self.assertEqual(0, result.returncode, result.stderr)
        self.log = result.stderr.decode()
        return result.stdout[:-1].decode("latin-1").split("\0")[-1]

    def assert_taken(self, peer, mechanism, **options):
        self.assertEqual(FINE, self.send(**options), self.log)
        self.assertEqual([], peer.talk.faults)
        self.assertEqual(mechanism, peer.talk.logins[-1])

    def assert_nothing_secret(self, peer, secret=b"pencil"):
        """No AUTH was begun, and no mail."""
        for session in peer.sessions:
            session.over.wait(10)
            for line in session.lines:
                self.assertNotRegex(line, rb"(?i)\A(AUTH|MAIL)\b")
        self.assertEqual([], peer.talk.secrets)
        self.assertNotIn(secret.decode(), self.log)


class QmailRemoteLogin(LoginCase):
    def test_each_mechanism_whole_and_by_the_byte(self):
        for cut in (False, True):
            for mechanism in PASSWORD_MECHANISMS:
                with self.subTest(mechanism, cut=cut):
                    self.assert_taken(self.relay(mechanism, cut=cut), mechanism)
            self.auth("t", "tok.en~1")
            for mechanism in ("XOAUTH2", "OAUTHBEARER"):
                with self.subTest(mechanism, cut=cut):
                    # The name of the server is in OAUTHBEARER.
                    self.assert_taken(self.relay(
                        mechanism, cut=cut, route=":relay.example:{port}|user||token=t"), mechanism)

    def two_relays(self, first, login="user|pencil"):
        """The second one takes the login."""
        pem = make_certificate(self.pems / "second.pem", "second.example", ca=self.authority)
        peer = self.relay(pem=pem, route=None, name="second.example")
        self.auth("smtproutes",
                  f":relay.example:{first.port},second.example:{peer.port}|{login}")
        return peer

    def test_the_next_relay_where_the_login_fails_at_the_first(self):
        for lie in ({"early": b"454 4.7.0 Temporary authentication failure"}, {"early": b""},
                    {"password": b"another"}):
            with self.subTest(lie=lie):
                first = self.relay("PLAIN", route=None, **lie)
                second = self.two_relays(first)
                self.assertEqual(FINE, self.send(), self.log)
                self.assertEqual((1, 1), (len(first.sessions), len(second.sessions)))
        self.auth("t", "tok.en~1")
        first = self.relay("OAUTHBEARER", early=b"454 4.7.0 not now", route=None)
        second = self.two_relays(first, login="user||token=t")
        self.assert_taken(second, "OAUTHBEARER")    # With its own name and port.

    def test_another_port_of_a_relay_where_the_connection_dies_in_the_login(self):
        for lie, sessions in (({"early": b""}, 1), ({"password": b"another"}, 0)):
            with self.subTest(lie=lie):
                first = self.relay("PLAIN", route=None, **lie)
                second = self.relay("PLAIN", route=None)
                self.auth("smtproutes", f":relay.example:{first.port},"
                          f"relay.example:{second.port}|user|pencil")
                said = self.send()
                # What refuses the login knows the same users at each port.
                self.assertRegex(said, r"\AK" if sessions else r"\AZ.*the login was refused")
                self.assertEqual((1, sessions), (len(first.sessions), len(second.sessions)))

    def test_a_password_is_for_the_relay_whose_name_is_in_the_certificate(self):
        first = self.relay(pem=make_certificate(
            self.pems / "second.pem", "second.example", ca=self.authority), route=None)
        second = self.two_relays(first)
        self.assertEqual(FINE, self.send(), self.log)
        self.assert_nothing_secret(first)
        self.assertEqual(1, len(second.talk.logins))

    def test_the_strongest_that_is_offered_or_the_one_that_is_named(self):
        self.assert_taken(self.relay(*ALL), "SCRAM-SHA-256")
        self.assert_taken(self.relay("LOGIN", "PLAIN"), "PLAIN")
        self.assert_taken(
            self.relay(*ALL, route=":relay.example:{port}|user|pencil|login"), "LOGIN")
        self.auth("t", "tok.en~1")
        self.assert_taken(
            self.relay(*ALL, route=":relay.example:{port}|user||token=t"), "OAUTHBEARER")
        self.assert_taken(
            self.relay(*ALL, route=":relay.example:{port}|user||xoauth2|token=t"), "XOAUTH2")

    def test_names_and_passwords_of_all_kinds(self):
        user, password = "a,b=c@x.example", "p|w d \u00e4"
        for mechanism in PASSWORD_MECHANISMS:
            with self.subTest(mechanism):
                self.assert_taken(self.relay(
                    mechanism, user=user.encode(), password=password.encode(),
                    route=f":relay.example:{{port}} {user} {password}"), mechanism)

    def test_tls_from_the_start(self):
        peer = self.relay(starts_in_tls=True, route=":relay.example:{port}|user|pencil|tls")
        self.assert_taken(peer, "SCRAM-SHA-256")
        self.assertNotIn(b"STARTTLS\r\n", peer.sessions[0].lines)
        # Without a login, from the public file, with any certificate.
        (self.home / "auth/smtproutes").unlink()
        peer = self.relay(starts_in_tls=True, pem=self.alone, route=None)
        self.control("smtproutes", f":127.0.0.1:{peer.port}|||tls")
        self.assertRegex(self.send(), "530 5.7.0")
        self.assertTrue(peer.sessions[0].tls)
        self.control("tlspolicy", ":verify")
        self.assertRegex(self.send(), r"\AZ.*not trusted. \(#4.7.5\)")

    def test_nothing_secret_goes_without_verified_tls(self):
        for words, more, code in (
                ("TLS is not offered, and (the login|control/tlspolicy) requires it",
                 dict(offers_tls=False), "4.7.4"),
                ("TLS is not offered", dict(offers_tls=False, outside=True), "4.7.4"),
                ("does not name relay.example", dict(pem=self.good), "4.7.5"),  # far.example
                ("does not name relay.example", dict(pem=self.wrong), "4.7.5"),
                ("not trusted", dict(pem=self.alone), "4.7.5"),
                ("expired", dict(pem=self.expired), "4.7.5"),
                ("does not name", dict(pem=self.wrong, starts_in_tls=True), "4.7.5"),
                ("offers no AUTH that the login can use", dict(mechanisms=()), "4.7.0")):
            for policy in ("", ":none", "far.example:may", "far.example:verify:other.example"):
                with self.subTest(words, policy=policy, **{
                        name: value for name, value in more.items() if name != "pem"}):
                    self.control("tlspolicy", policy)
                    begin = "|tls" if more.get("starts_in_tls") else ""
                    none = ("none",) if "mechanisms" in more else ()
                    peer = self.relay(
                        *none, route=":relay.example:{port}|user|pencil" + begin,
                        **{name: value for name, value in more.items() if name != "mechanisms"})
                    report = self.send()
                    self.assertRegex(
                        report, rf"\AZConnected to 127\.0\.0\.1 but .*{words}.*\(#{code}\)")
                    self.assertTrue(peer.sessions)
                    self.assert_nothing_secret(peer)

    def test_unless_the_route_says_so(self):
        for more, word in ((dict(pem=self.alone), "unverified"), (dict(pem=self.wrong), "unverified"),
                           (dict(offers_tls=False, outside=True), "plaintext"),
                           (dict(pem=self.alone), "plaintext"),
                           (dict(pem=self.wrong), "name=other.example")):
            with self.subTest(word):
                self.assert_taken(self.relay(
                    route=":relay.example:{port}|user|pencil|" + word, **more), "SCRAM-SHA-256")
        peer = self.relay(route=":relay.example:{port}|user|pencil|unverified", offers_tls=False,
                          outside=True)
        self.assertRegex(self.send(), r"\AZ.*the login requires it. \(#4.7.4\)")
        self.assert_nothing_secret(peer)

    def test_a_refused_login_delays_and_is_logged(self):
        for mechanism in PASSWORD_MECHANISMS:
            with self.subTest(mechanism):
                peer = self.relay(mechanism, password=b"another")
                self.assertEqual(
                    "ZConnected to 127.0.0.1 but the login was refused. (#4.7.8)\n"
                    "Remote host said: 535 5.7.8 no\n", self.send())
                self.assertRegex(
                    self.log, rf"\Aqmail-remote: warning: login at relay\.example:{peer.port} as "
                    r"user: refused: 535_5\.7\.8_no; not tried before 20.* UTC\n\Z")
                self.assertEqual(([], []), (peer.talk.faults, peer.talk.logins))
                self.assertFalse([line for line in peer.sessions[0].lines if b"MAIL" in line])
        self.auth("t", "wrong")
        for mechanism in ("XOAUTH2", "OAUTHBEARER"):
            with self.subTest(mechanism):
                peer = self.relay(mechanism, route=":relay.example:{port}|user||token=t")
                self.assertRegex(self.send(), r"\AZ.*the login was refused. \(#4.7.8\)\n.*535")
                self.assertEqual([], peer.talk.faults)

    def test_what_repeats_a_secret_is_not_shown(self):
        for said in (b"535 5.7.8 pencil2 is wrong", b"501 5.5.2 AHVzZXIAcGVuY2lsMg== what?"):
            with self.subTest(said):
                self.relay("PLAIN", reply=said, route=":relay.example:{port}|user|pencil2")
                report = self.send()
                self.assertRegex(report, rf"Remote host said: {said[:3].decode()}\n\Z")
                for text in (report, self.log):
                    self.assertNotIn("pencil2", text)
                    self.assertNotIn("AHVzZXI", text)

    def test_a_relay_that_lies_or_makes_no_sense(self):
        for mechanism, lies, words in (
                ("SCRAM-SHA-256", dict(signature=b"\0" * 32), "prove that it knows the password"),
                ("SCRAM-SHA-256", dict(signature=None), "yes to a login that is not complete"),
                ("SCRAM-SHA-256", dict(nonce=b"another"), "makes no sense"),
                ("SCRAM-SHA-256", dict(iterations=4095), "4095 iterations"),
                ("SCRAM-SHA-256", dict(iterations=100_000_000), "100000000 iterations"),
                ("SCRAM-SHA-256", dict(challenge=b"334 not base64"), "makes no sense"),
                ("LOGIN", dict(challenge=b"334-VXNlcm5hbWU6\r\n334 x"), "makes no sense"),
                ("LOGIN", dict(challenge=b"334 " + b"A" * 9000), "makes no sense"),
                ("LOGIN", dict(early=b"235 welcome"), "not complete"),
                ("SCRAM-SHA-256", dict(early=b"235 welcome"), "not complete"),
                ("PLAIN", dict(early=b"334 VGhpcw=="), "makes no sense"),
                ("PLAIN", dict(early=b"250 ok"), "connection died"),
                ("PLAIN", dict(early=b"235 a\r\n250 b"), "more than was asked"),
                ("PLAIN", dict(early=b"454 4.7.0 later"), "the login was refused")):
            with self.subTest(mechanism, **lies):
                peer = self.relay(mechanism, **lies)
                self.assertRegex(self.send(), rf"\AZConnected to 127.0.0.1 but .*{words}")
                session = peer.sessions[0]
                session.over.wait(10)
                self.assertFalse([line for line in session.lines if line.startswith(b"MAIL")])
                self.assertNotIn("pencil", self.log)

    def test_a_long_token_waits_until_it_is_asked_for(self):
        token = "t" * 3000
        self.auth("t", token)
        for mechanism in ("XOAUTH2", "OAUTHBEARER"):
            with self.subTest(mechanism):
                peer = self.relay(mechanism, token=token.encode(),
                                  route=":relay.example:{port}|user||token=t")
                self.assert_taken(peer, mechanism)
                self.assertIn(f"AUTH {mechanism}\r\n".encode(), peer.sessions[0].lines)

    def test_a_token_that_is_no_good_is_not_sent(self):
        good = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        past = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
        peer = self.relay("XOAUTH2", route=":relay.example:{port}|user||token=t")
        for lines, words in (((), "not a token"), (("a b",), "not a token"),
                             (("x" * 9000,), "not a token"), (("tok.en~1", "Expires: soon"), "date"),
                             (("tok.en~1", f"Expires: {past}"), f"expired: {past}")):
            self.auth("t", *lines)
            with self.subTest(lines):
                self.assertRegex(self.send(), rf"\AZUnable to read control files. \(#4.3.0\)\n"
                                 rf"auth/t: .*{words}")
        (self.home / "auth/t").unlink()
        self.assertIn("auth/t: there is no token", self.send())
        self.auth("t", "tok.en~1")
        (self.home / "auth/t").chmod(0o644)
        self.assertIn("auth/t: other users have rights to it", self.send())
        self.assertEqual([], peer.sessions)
        self.auth("t", "tok.en~1", f"Expires: {good}")
        self.assert_taken(peer, "XOAUTH2")

    def test_by_sender(self):
        all_ = self.relay(user=b"all", route=None)
        one = self.relay(user=b"one", route=None)
        self.control("smtproutes", f":relay.example:{all_.port}")
        self.auth("authsenders", f"one@x.example:relay.example:{one.port}|one|pencil",
                  "@x.example|all|pencil", "@open.example:")
        self.assert_taken(one, "SCRAM-SHA-256", sender="One@x.example")
        self.assert_taken(all_, "SCRAM-SHA-256", sender="s@x.example")
        for sender in ("s@open.example", "s@other.example", ""):
            self.assertIn("530 5.7.0 log in first", self.send(sender=sender))

    def test_a_password_in_control_delays_mail_and_is_told_of(self):
        peer = self.relay(route=None)
        self.control("smtproutes", f"far.example:relay.example:{peer.port}|user|pencil",
                     ":127.0.0.1:1")
        self.assertRegex(self.send(), r"\AZUnable to read control files.*\n.*"
                         r'"far\.example:\.\.\." has a login.*auth/smtproutes')
        self.assertEqual([], peer.sessions)
        result = self.run_program("kopis", "config", "check", "smtproutes")
        self.assertEqual(100, result.returncode)
        self.assertRegex(result.stdout, rb'\Acontrol/smtproutes: "far\.example:\.\.\." has a login')
        self.assertNotIn(b"pencil", result.stdout + result.stderr)
        for words in (("kopis", "config", "explain", "smtproutes"), ("qmail-showctl",)):
            shown = self.run_program(*words)
            self.assertRegex(shown.stdout.decode(), rf"far\.example:relay\.example:{peer.port}\|\.\.\.")
            self.assertNotIn(b"pencil", shown.stdout + shown.stderr)
        self.control("smtproutes")
        self.control("authsenders", "s@x.example:relay.example|user|pencil")
        self.assertRegex(self.send(), r"\AZUnable to read control.*\n.*move them to auth/authsend")
        result = self.run_program("kopis", "config", "check")
        self.assertRegex(result.stdout, rb"control/authsenders: logins are not read here")
        self.assertNotIn(b"pencil", result.stdout + result.stderr)

    def test_kopis_config_and_files_that_are_not_right(self):
        self.auth("smtproutes", "a.example:relay:0|user|pencil", "b.example:relay|user|pencil")
        self.auth("authsenders", "@a.example|user")
        result = self.run_program("kopis", "config", "check")
        self.assertEqual(100, result.returncode)
        self.assertRegex(result.stdout.decode(), r'auth/smtproutes: line 1: what follows "a\.exam')
        self.assertRegex(result.stdout.decode(), r'auth/authsenders: line 1: what follows "@a\.ex')
        explained = self.run_program("kopis", "config", "explain", "auth/smtproutes")
        self.assertIn(b"here: it is there", explained.stdout)
        for shown in (result, explained, self.run_program("qmail-showctl")):
            self.assertNotIn(b"pencil", shown.stdout + shown.stderr)
        self.auth("smtproutes", ":relay.example|user|pencil")
        (self.home / "auth/smtproutes").chmod(0o640)
        result = self.run_program("kopis", "config", "check", "auth/smtproutes")
        self.assertIn(b"auth/smtproutes: other users have rights to it", result.stdout)
        self.assertIn("auth/smtproutes: other users have rights to it", self.send())
        (self.home / "auth/smtproutes").chmod(0o600)
        (self.home / "auth").chmod(0o777)
        self.assertRegex(self.send(), "auth/smtproutes: permission denied")

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_root_is_told_of_a_file_that_its_reader_cannot_read(self):
        self.relay()
        os.chown(self.home / "auth", NOBODY, NOBODY)
        result = self.run_program("kopis", "config", "check")
        self.assertIn(b"auth/smtproutes: it does not belong to the owner of the directory",
                      result.stdout)
        self.assertIn("does not belong", self.send(user=NOBODY, group=NOBODY))
        os.chown(self.home / "auth/smtproutes", NOBODY, NOBODY)
        self.assertEqual(FINE, self.send(user=NOBODY, group=NOBODY))

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_another_user_sends_nothing_while_there_is_a_file_that_it_may_not_read(self):
        peer = self.relay()
        self.control("smtproutes", f":127.0.0.1:{peer.port}")
        self.assertRegex(self.send(user=NOBODY, group=NOBODY), r"auth/smtproutes: access denied")
        self.assertEqual([], peer.sessions)
        for name in ("smtproutes", "t"):
            (self.home / "auth" / name).unlink(missing_ok=True)
        self.assertIn("530 5.7.0", self.send(user=NOBODY, group=NOBODY))


class QmailRspawnLogin(LoginCase, RspawnCase):
    def wait_for(self, condition):
        end = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def auth(self, name, *lines):
        super().auth(name, *lines)
        if getattr(self, "spawner", None):
            time.sleep(0.12)  # As with control files.

    def test_a_refused_login_pauses_and_a_new_password_is_tried_at_once(self):
        peer = self.relay(password=b"another")
        self.start_spawner()
        report, = self.deliver(b"a@far.example")
        self.assertRegex(report, rb"\AZ.*the login was refused")
        for _ in range(3):
            report, = self.deliver(b"a@far.example")
            self.assertRegex(report, rb"\AZThe login at relay.example was refused, and is not "
                             rb"tried before 20[0-9: -]+ UTC\. \(#4\.7\.8\)")
        self.assertEqual(1, len(peer.sessions))
        self.auth("smtproutes", f":relay.example:{peer.port}|user|another")
        report, = self.deliver(b"a@far.example")
        self.assertRegex(report, rb"\AK", peer.talk.faults)
        self.assertEqual(2, len(peer.sessions))

    def test_many_at_once_try_a_wrong_password_once(self):
        peer = self.relay(password=b"another")
        self.start_spawner()
        number = self.number()
        for slot in range(8):
            self.order(slot, number, b"%d@far.example" % slot)
        reports = self.reports(8)
        self.assertTrue(all(text.startswith(b"Z") for _, text in reports))
        tries = [line for session in peer.sessions for line in session.lines
                 if line.startswith(b"AUTH")]
        self.assertEqual(1, len(tries))

    def test_a_login_by_sender_is_not_lent_to_mail_of_others(self):
        """What comes from outside, or was delivered here, may name any sender."""
        one, rest = self.relay(user=b"one", route=None), self.relay(user=b"rest", route=None)
        self.auth("authsenders", f"one@x:relay.example:{one.port}|one|pencil",
                  f":relay.example:{rest.port}|rest|pencil")
        self.start_spawner()
        own, passed_on = MAIL, b"Delivered-To: joe@mx.example\n" + QUEUE + NETWORK + MAIL
        for message, origin in ((passed_on, LOCAL), (passed_on, SUBMITTED),
                                (NETWORK + own, NETWORK_ORIGIN)):
            self.order(1, self.intake(message, origin), b"r@far.example", sender=b"one@x")
            self.assertEqual(b"K", self.reports()[0][1][:1])
        self.assertEqual([], one.sessions)
        for message, origin in ((own, LOCAL), (NETWORK + own, SUBMITTED)):
            self.order(1, self.intake(message, origin), b"r@far.example", sender=b"one@x")
            self.assertEqual(b"K", self.reports()[0][1][:1])
        self.assertEqual(2, sum(len(session.messages) for session in one.sessions))

    def test_a_connection_serves_one_login_alone(self):
        class Both(SaslRelay):
            """Takes two users, and keeps who sent what."""
            def scram(self, session, given):
                self.user = b"one" if b"n=one" in given else b"two"
                session.user = self.user
                return super().scram(session, given)

        peer = Peer(Both("SCRAM-SHA-256"), self.context(self.relays))
        self.addCleanup(peer.close)
        self.auth("authsenders", f"one@x:relay.example:{peer.port}|one|pencil",
                  f"two@x:relay.example:{peer.port}|two|pencil")
        self.control("timeoutidle", "60")
        self.start_spawner()
        for sender in (b"one@x", b"two@x", b"one@x", b"two@x", b"one@x"):
            report, = self.deliver(b"a@far.example", sender=sender)
            self.assertTrue(report.startswith(b"K"), report)
        # The first of each destination is not kept: nothing says that there will be more mail.
        self.assertEqual([1, 1, 2, 1], [len(session.messages) for session in peer.sessions])
        for session in peer.sessions:
            senders = {line for line in session.lines if line.startswith(b"MAIL")}
            self.assertEqual({b"MAIL FROM:<%s@x>\r\n" % session.user}, senders)
            self.assertEqual(1, len([line for line in session.lines if line[:4] == b"AUTH"]))

    def test_a_renewed_token_is_read_for_the_next_connection(self):
        peer = self.relay("XOAUTH2", route=":relay.example:{port}|user||token=t")
        self.control("timeoutidle", "0")
        self.auth("t", "old")
        self.start_spawner()
        report, = self.deliver(b"a@far.example")
        self.assertRegex(report, rb"\AZ.*the login was refused")
        new = pathlib.Path(self.home / "auth/t.new")
        new.touch(mode=0o600)
        new.write_text("tok.en~1\n")
        new.rename(self.home / "auth/t")
        report, = self.deliver(b"a@far.example")
        self.assertTrue(report.startswith(b"K"), report)


if __name__ == "__main__":
    unittest.main()

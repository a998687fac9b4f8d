"""POP3 logins of today: SASL, APOP, response codes, UTF8, and what is not taken in the clear."""

import base64
import hashlib
import re
import ssl
import time
import unittest

from harness import ProgramCase
from listener import ListenerCase
from test_qmail_smtpd_auth import scram
from tokens import Issuer

PASSWORD = "right horse"
CHAIN = ("qmail-popup", "mx.example", "checkpassword", "qmail-pop3d", "Maildir")
MECHANISMS = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN")
FAILED = b"-ERR [AUTH] authorization failed\r\n"


class AuthCase(ListenerCase):
    def setUp(self):
        super().setUp()
        self.cert = self.certificate("servercert.pem", "mx.example")
        self.add_user("joe@mx.example", PASSWORD.encode())

    def user(self, *words, **options):
        result = self.run_program("kopis", "user", *words, **options)
        self.assertEqual(0, result.returncode, result)
        return result.stdout.decode()

    def client(self, tls=True, source="127.0.0.1"):
        """A session that has asked for our capabilities; they are in `capabilities`."""
        peer, replies = self.connect(source=(source, 0))
        self.stamp = re.match(rb"\+OK (<.*>)\r\n", replies.readline()).group(1)
        if tls:
            self.assertEqual(b"+OK begin TLS\r\n", self.ask((peer, replies), b"STLS"))
            peer, replies = self.encrypt(peer)
        self.capabilities = self.capa((peer, replies))
        return peer, replies

    def capa(self, session):
        self.assertEqual(b"+OK \r\n", self.ask(session, b"CAPA"))
        return [line.decode().strip() for line in iter(session[1].readline, b".\r\n")]

    @staticmethod
    def ask(session, line):
        session[0].sendall(line + b"\r\n")
        return session[1].readline()

    def auth(self, mechanism, step, session=None):
        """An exchange to its end; what the server says last."""
        session = session or self.client()
        reply = self.ask(session, b"AUTH " + mechanism.encode())
        challenge = None if reply == b"+ \r\n" else base64.b64decode(reply[2:])
        while reply.startswith(b"+ "):
            said = step(challenge) if challenge is not None else step()
            reply = self.ask(session, base64.b64encode(said.encode()))
            challenge = base64.b64decode(reply[2:]) if reply.startswith(b"+ ") else None
        return reply

    def plain(self, password=PASSWORD, session=None):
        return self.auth("PLAIN", lambda _=None: f"\0joe\0{password}", session)


class Mechanisms(AuthCase):
    def setUp(self):
        super().setUp()
        self.issuer = Issuer(self.home / "control")
        self.control("saslmechanisms", *MECHANISMS)

    def attempts(self, password, token):
        binding = hashlib.sha256(ssl.PEM_cert_to_DER_cert(
            "-----BEGIN CERT" + self.cert.read_text().split("-----BEGIN CERT")[1])).digest()
        return (("PLAIN", lambda _=None: f"\0joe@mx.example\0{password}"),
                ("LOGIN", lambda c: "joe" if c == b"Username:" else password),
                ("SCRAM-SHA-256", scram("joe", password)),
                ("SCRAM-SHA-256-PLUS", scram("joe@mx.example", password, binding)),
                ("OAUTHBEARER", lambda _=None: f"n,a=joe@mx.example,\1auth=Bearer {token}\1\1"),
                ("XOAUTH2", lambda _=None: f"user=joe@mx.example\1auth=Bearer {token}\1\1"))

    def test_each_lets_in(self):
        self.serve(chain=CHAIN)
        for mechanism, step in self.attempts(PASSWORD, self.issuer.token("joe@mx.example")):
            session = self.client()
            self.assertIn("SASL " + " ".join(MECHANISMS), self.capabilities)
            self.assertEqual(b"+OK \r\n", self.auth(mechanism, step, session), mechanism)
            self.assertEqual(b"+OK 0 0\r\n", self.ask(session, b"STAT"), mechanism)
            session[0].close()

    def test_each_refuses(self):
        self.serve(chain=CHAIN)
        token = self.issuer.token("joe@mx.example", audience="another")
        for number, (mechanism, step) in enumerate(self.attempts("wrong", token), start=2):
            began = time.monotonic()
            session = self.client(source=f"127.0.0.{number}")  # Another's wait would be longer.
            said = self.auth(mechanism, lambda c=None: "" if c and b"status" in c else (
                step(c) if c is not None else step()), session)
            self.assertEqual(FAILED, said, mechanism)
            self.assertGreater(time.monotonic() - began, 1.5, mechanism)
            self.assertEqual(b"", session[1].read(), mechanism)  # One try.
            self.wait_log(rf"^qmail-popup: authorization failed for 127\.0\.0\.{number}\n")

    def test_a_token_of_one_without_a_mailbox(self):
        self.serve(chain=CHAIN)
        token = self.issuer.token("ann@mx.example")
        self.assertEqual(FAILED, self.auth(
            "OAUTHBEARER", lambda _=None: f"n,,\1auth=Bearer {token}\1\1"))

    def test_what_is_offered_by_default(self):
        (self.home / "control/saslmechanisms").unlink()
        for name in ("oauthissuer", "oauthaudience", "oauthkeys"):
            (self.home / "control" / name).unlink()
        self.serve(chain=CHAIN)
        self.client()
        # All users are virtual ones; those of an installed host have no keys for SCRAM.
        self.assertIn("SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN", self.capabilities)
        self.control("saslmechanisms", "PLAIN")
        self.client()
        self.assertIn("SASL PLAIN", self.capabilities)
        self.control("saslmechanisms", "LOGIN", "CRAM-MD5")
        self.client()
        self.assertIn("SASL LOGIN", self.capabilities)
        self.wait_log(r'saslmechanisms: line 2: "CRAM-MD5" is not one of .*; ignored')
        self.control("saslmechanisms", "CRAM-MD5")
        peer, replies = self.connect()
        self.assertEqual(b"-ERR unable to check that now, try again later\r\n", replies.readline())

    def test_a_wrong_line_of_users_is_logged_once(self):
        """By the listener, where no qmail-lookup does it."""
        with open(self.home / "users/virtual", "a") as file:
            file.write("damage\n")
        with open(self.home / "users/apop", "a") as file:
            file.write("ann@mx.example\n")
        self.serve(chain=CHAIN)
        for _ in range(3):
            self.assertEqual(b"+OK \r\n", self.plain())
        session = self.client()
        session[0].sendall(b"APOP joe@mx.example 00000000000000000000000000000000\r\n")
        session[1].readline()
        self.wait_log(r"^qmail-popup: warning: .*/users/apop: line \d+ is not address:secret")
        log = "".join(self.lines)
        self.assertEqual(1, log.count("users/virtual: line "), log)
        self.assertEqual(1, log.count("users/apop: line "), log)

    def test_a_file_that_cannot_be_understood_stops_the_start(self):
        self.control("saslmechanisms", "CRAM-MD5")
        self.serve(chain=CHAIN)
        self.assertEqual(111, self.process.wait(20))
        self.wait_log('control/saslmechanisms: line 1: "CRAM-MD5" is not one of SCRAM-SHA-256-PLUS, ')


class Codes(AuthCase):
    def test_capa_lists_them(self):
        self.serve(chain=CHAIN)
        session = self.client()
        for word in ("RESP-CODES", "AUTH-RESP-CODE", "UTF8 USER", "PIPELINING", "UIDL", "TOP"):
            self.assertIn(word, self.capabilities)
        self.assertEqual(b"+OK \r\n", self.plain(session=session))
        self.assertIn("RESP-CODES", self.capa(session))

    def test_who_does_not_know_of_codes_gets_none(self):
        self.serve(chain=CHAIN)
        peer, replies = self.connect()
        replies.readline()
        peer.sendall(b"USER joe\r\nPASS wrong\r\n")
        self.assertEqual([b"+OK \r\n", b"-ERR authorization failed\r\n"], replies.readlines())

    def test_users_that_cannot_be_read_are_no_wrong_password(self):
        self.serve(chain=CHAIN)
        users = self.home / "users/virtual"
        text = users.read_bytes()
        users.write_text("half a line")
        for _ in range(12):  # More than wrong passwords may be.
            self.assertEqual(
                b"-ERR [SYS/TEMP] unable to check that now, try again later\r\n", self.plain())
        self.wait_log(r"^qmail-popup: alert: unable to check a password: .*/users/virtual: ")
        users.write_bytes(text)
        self.assertEqual(b"+OK \r\n", self.plain())

    def test_a_mailbox_that_is_gone(self):
        self.serve(chain=CHAIN)
        maildir = self.home / "users/mail/mx.example/joe/Maildir"
        maildir.rename(maildir.with_name("elsewhere"))
        self.assertEqual(b"-ERR [SYS/PERM] this user has no $HOME/Maildir\r\n", self.plain())
        maildir.mkdir()
        self.assertEqual(b"-ERR [SYS/TEMP] unable to scan $HOME/Maildir\r\n", self.plain())

    def test_guessing_ends_with_the_right_password_refused(self):
        self.serve(chain=CHAIN)
        self.control("proxyclients", "127.0.0.1")
        self.control("pop3cleartext", "1")
        sessions = []
        for _ in range(11):
            peer, replies = self.connect()
            peer.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 110\r\nCAPA\r\n"
                         b"USER joe\r\nPASS wrong\r\n")
            sessions.append(replies)
        for replies in sessions:
            self.assertIn(FAILED, replies.readlines())
        peer, replies = self.connect()
        peer.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 110\r\nCAPA\r\nUSER joe\r\nPASS "
                     + PASSWORD.encode() + b"\r\n")
        self.assertIn(FAILED, replies.readlines())


class InTheClear(AuthCase):
    def far_client(self):
        """A session of a client that is not of this host."""
        peer, replies = self.connect()
        peer.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 110\r\n")
        self.stamp = re.match(rb"\+OK (<.*>)\r\n", replies.readline()).group(1)
        return peer, replies

    def test_no_password_of_others_where_there_is_tls(self):
        self.control("proxyclients", "127.0.0.1")
        self.serve(chain=CHAIN)
        session = self.far_client()
        offered = self.capa(session)
        self.assertIn("STLS", offered)
        self.assertFalse([word for word in offered if word.startswith(("USER", "SASL"))], offered)
        for line in (b"USER joe", b"PASS x", b"AUTH PLAIN AGpvZQB4"):
            self.assertEqual(b"-ERR STLS first\r\n", self.ask(session, line))
        self.assertEqual(b"+OK begin TLS\r\n", self.ask(session, b"STLS"))
        self.assertEqual(b"+OK \r\n", self.plain(session=self.encrypt(session[0])))

    def test_where_a_site_wants_it(self):
        self.control("proxyclients", "127.0.0.1")
        self.control("pop3cleartext", "1")
        self.serve(chain=CHAIN)
        session = self.far_client()
        self.assertIn("USER", self.capa(session))
        self.assertEqual(b"+OK \r\n", self.plain(session=session))

    def test_where_there_is_no_tls(self):
        self.cert.unlink()
        self.control("proxyclients", "127.0.0.1")
        self.serve(chain=CHAIN)
        self.assertEqual(b"+OK \r\n", self.plain(session=self.far_client()))


class Apop(AuthCase):
    def apop(self, password=PASSWORD, name=b"joe", session=None):
        session = session or self.client(tls=False)
        digest = hashlib.md5(self.stamp + password.encode()).hexdigest()
        return self.ask(session, b"APOP " + name + b" " + digest.encode())

    def test_without_a_secret_no_digest_is_right(self):
        self.serve(chain=CHAIN)
        self.assertEqual(FAILED, self.apop())

    def test_with_one(self):
        self.user("password", "joe@mx.example", "--password-file", "-", "--apop",
                  stdin=PASSWORD.encode() + b"\n")
        secrets = self.home / "users/apop"
        self.assertEqual(0o600, secrets.stat().st_mode & 0o7777)
        self.assertEqual(f"joe@mx.example:{PASSWORD}\n", secrets.read_text())
        self.serve(chain=CHAIN)
        self.assertEqual(b"+OK \r\n", self.apop())
        self.assertEqual(b"+OK \r\n", self.apop(name=b"Joe@MX.example"))
        began = time.monotonic()
        self.assertEqual(FAILED, self.apop("wrong"))
        self.assertGreater(time.monotonic() - began, 1.5)
        self.assertEqual(FAILED, self.apop(name=b"nobody"))
        self.assertEqual(b"+OK \r\n", self.plain())

    def test_a_digest_is_of_one_session(self):
        self.user("password", "joe", "--password-file", "-", "--apop",
                  stdin=PASSWORD.encode() + b"\n")
        self.serve(chain=CHAIN)
        self.client(tls=False)
        heard = self.stamp
        session = self.client(tls=False)
        self.assertNotEqual(heard, self.stamp)
        self.stamp = heard
        self.assertEqual(FAILED, self.apop(session=session))

    def test_the_secret_goes_with_the_password(self):
        self.user("password", "joe", "--generate", "--apop")
        self.assertTrue((self.home / "users/apop").read_text())
        self.user("password", "joe", "--generate")
        self.assertEqual("", (self.home / "users/apop").read_text())
        self.user("password", "joe", "--generate", "--apop")
        self.user("remove", "joe")
        self.assertEqual("", (self.home / "users/apop").read_text())

    def test_a_locked_user(self):
        self.user("password", "joe", "--password-file", "-", "--apop",
                  stdin=PASSWORD.encode() + b"\n")
        users = self.home / "users/virtual"
        users.write_text(re.sub(r":[^:]*:", ":!:", users.read_text()))
        self.serve(chain=CHAIN)
        self.assertEqual(FAILED, self.apop())

    def test_a_user_locked_by_a_command(self):
        self.user("password", "joe", "--password-file", "-", "--apop",
                  stdin=PASSWORD.encode() + b"\n")
        self.serve(chain=CHAIN)
        right = self.apop()
        self.user("lock", "joe")
        self.assertEqual(FAILED, self.apop())
        self.wait_log(r"^qmail-popup: authorization failed for 127\.0\.0\.1\n")
        self.user("unlock", "joe")
        self.assertEqual(right, self.apop())

    def test_secrets_that_cannot_be_read(self):
        (self.home / "users/apop").write_text("half a line")
        self.serve(chain=CHAIN)
        self.assertEqual(b"-ERR [SYS/TEMP] unable to check that now, try again later\r\n",
                         self.apop())


class ByHand(ProgramCase):
    """With any checkpassword, by descriptor 3."""

    def popup(self, commands, script):
        path = self.home / "script"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return self.run_program("qmail-popup", "pop.example", str(path), stdin=commands).stdout

    def test_what_it_can_serve(self):
        said = self.popup(b"CAPA\r\nQUIT\r\n", "").decode().split("\r\n")
        self.assertIn("SASL PLAIN LOGIN", said)
        self.assertNotIn("STLS", said)

    def test_login_is_a_name_and_a_password(self):
        self.popup(b"AUTH LOGIN\r\nam9l\r\ncmlnaHQ=\r\n", f"cat <&3 > {self.home}/fields\n")
        self.assertRegex((self.home / "fields").read_bytes(), rb"\Ajoe\0right\0<[^>]*>\0\Z")

    def test_codes(self):
        for script, code in (("exit 1", b"AUTH"), ("exit 111", b"SYS/TEMP"), ("exit 2", b"SYS/TEMP")):
            said = self.popup(b"CAPA\r\nUSER joe\r\nPASS x\r\n", script)
            self.assertTrue(said.endswith(b"-ERR [" + code + b"] authorization failed\r\n"), said)
        said = self.popup(b"CAPA\r\nUSER joe\r\nPASS x\r\n", "kill -9 $$")
        self.assertTrue(said.endswith(b"-ERR [SYS/TEMP] aack, child crashed\r\n"), said)

    def test_qmail_pop3d_hears_of_them(self):
        said = self.popup(b"CAPA\r\nUSER joe\r\nPASS x\r\n", 'echo "${POP3CODES-no}"')
        self.assertTrue(said.endswith(b"+OK \r\n\n"), said)
        said = self.popup(b"USER joe\r\nPASS x\r\n", 'echo "${POP3CODES-no}"')
        self.assertTrue(said.endswith(b"+OK \r\nno\n"), said)


if __name__ == "__main__":
    unittest.main()

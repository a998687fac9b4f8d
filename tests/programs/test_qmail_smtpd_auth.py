"""qmail-smtpd with users: AUTH by each mechanism and judge, submission, recipients at RCPT."""

import base64
import concurrent.futures
import hashlib
import hmac
import os
import shutil
import smtplib
import ssl
import subprocess
import time
import unittest

from listener import ListenerCase
from test_qmail_lookup import Service

PASSWORD = "right horse"
CHAIN = ("qmail-smtpd", "mx.example", "checkpassword", "true")


def scram(user, password, binding=None):
    """An auth object for smtplib: SCRAM-SHA-256, with a channel binding -PLUS (RFC 5802)."""
    header = b"n,," if binding is None else b"p=tls-server-end-point,,"
    first = b"n=" + user.encode() + b",r=clientnonce"
    state = {}

    def step(challenge=None):
        if challenge is None:
            return (header + first).decode()
        if b"v=" == challenge[:2]:
            assert base64.b64decode(challenge[2:]) == state["signature"], "not the server"
            return ""
        fields = dict(part.split(b"=", 1) for part in challenge.split(b","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields[b"s"]),
                                     int(fields[b"i"]))
        bound = base64.b64encode(header + (binding or b""))
        final = b"c=" + bound + b",r=" + fields[b"r"]
        message = first + b"," + challenge + b"," + final
        client = hmac.digest(salted, b"Client Key", "sha256")
        stored = hashlib.sha256(client).digest()
        proof = bytes(a ^ b for a, b in zip(client, hmac.digest(stored, message, "sha256")))
        state["signature"] = hmac.digest(
            hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        return (final + b",p=" + base64.b64encode(proof)).decode()

    return step


class AuthCase(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.cert = self.certificate("servercert.pem", "mx.example")
        queue = self.home / "queue-program"
        queue.write_text(f"#!/bin/sh\ncat > {self.home}/message\ncat <&1 > {self.home}/envelope\n")
        queue.chmod(0o755)
        self.add_user("joe@mx.example", PASSWORD.encode())
        (self.home / "users/mail/mx.example/joe/.qmail-list").write_text("&x@y\n")

    def listen(self, chain=CHAIN, **more):
        self.serve(chain=chain, QMAILQUEUE=str(self.home / "queue-program"), **more)

    def client(self, tls=True):
        client = smtplib.SMTP("127.0.0.1", self.port, "c.example", timeout=30)
        self.addCleanup(client.close)
        client.ehlo()
        if tls:
            client.starttls(context=self.client_context(self.cert, check_hostname=False))
            client.ehlo()
        return client

    def refused(self, code, action, *arguments):
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            action(*arguments)
        self.assertEqual(code, caught.exception.smtp_code, caught.exception)
        return caught.exception.smtp_error

    def envelope(self):
        return (self.home / "envelope").read_bytes()


class Logins(AuthCase):
    def setUp(self):
        super().setUp()
        self.service = Service(self, "--single-user")

    def test_every_mechanism(self):
        self.listen()
        binding = hashlib.sha256(ssl.PEM_cert_to_DER_cert(
            "-----BEGIN CERT" + self.cert.read_text().split("-----BEGIN CERT")[1])).digest()
        for mechanism, auth in (
                ("PLAIN", lambda _=None: f"\0joe@mx.example\0{PASSWORD}"),
                ("LOGIN", lambda c: "joe" if c == b"Username:" else PASSWORD),
                ("SCRAM-SHA-256", scram("joe", PASSWORD)),
                ("SCRAM-SHA-256-PLUS", scram("joe@mx.example", PASSWORD, binding))):
            client = self.client()
            self.assertEqual("SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN",
                             client.esmtp_features["auth"].strip())
            self.assertEqual(235, client.auth(mechanism, auth,
                                              initial_response_ok=mechanism != "LOGIN")[0])
            self.assertEqual(503, client.docmd("AUTH PLAIN AGEAYg==")[0])
            client.sendmail("joe@mx.example", ["x@elsewhere.example"], b"Subject: x\r\n\r\nx\r\n")
            self.assertEqual(b"Fjoe@mx.example\0Tx@elsewhere.example\0\0", self.envelope())
            self.assertRegex((self.home / "message").read_bytes(), rb"with ESMTPSA \(TLSv1.3 ")

    def test_by_hand(self):
        self.listen(chain=("env", "X=1", *CHAIN))
        client = self.client()
        client.login("joe@mx.example", PASSWORD)
        client.sendmail("joe@mx.example", ["x@elsewhere.example"], b"Subject: x\r\n\r\nx\r\n")

    def test_wrong(self):
        self.listen()
        for mechanism, auth in (
                ("PLAIN", lambda _=None: "\0joe@mx.example\0wrong"),
                ("PLAIN", lambda _=None: f"\0nobody@mx.example\0{PASSWORD}"),
                ("SCRAM-SHA-256", scram("joe", "wrong")),
                ("SCRAM-SHA-256", scram("nobody", PASSWORD)),
                ("SCRAM-SHA-256-PLUS", scram("joe", PASSWORD, b"another certificate"))):
            client = self.client()
            began = time.monotonic()
            text = self.refused(535, client.auth, mechanism, auth)
            self.assertEqual(b"5.7.8 authorization failed (#5.7.8)", text)
            if mechanism == "PLAIN":
                self.assertGreater(time.monotonic() - began, 1.5)
            client.docmd("MAIL FROM:<joe@mx.example>")
            self.assertEqual(553, client.docmd("RCPT TO:<x@elsewhere.example>")[0])

    def test_three_failures_end_the_session(self):
        self.listen()
        client = self.client()
        for _ in range(3):
            self.assertEqual(535, client.docmd("AUTH PLAIN AGpvZQB3cm9uZw==")[0])
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            client.noop()

    def test_what_is_no_auth(self):
        self.listen()
        client = self.client()
        self.assertEqual(504, client.docmd("AUTH CRAM-MD5")[0])
        self.assertEqual(504, client.docmd("AUTH")[0])
        self.assertEqual(501, client.docmd("AUTH PLAIN !")[0])
        self.assertEqual((334, b""), client.docmd("AUTH PLAIN"))
        self.assertEqual(501, client.docmd("*")[0])
        self.assertEqual(334, client.docmd("AUTH LOGIN")[0])
        self.assertEqual(500, client.docmd("A" * 12_300)[0])
        client.docmd("MAIL FROM:<a@b.example>")
        self.assertEqual(503, client.docmd("AUTH PLAIN AGEAYg==")[0])
        client.rset()
        client.login("joe", PASSWORD)

    def test_not_in_the_clear(self):
        self.listen()
        client = self.client(tls=False)
        self.assertNotIn("auth", client.esmtp_features)
        self.assertEqual(502, client.docmd("AUTH PLAIN AGEAYg==")[0])
        self.control("authloopback", "1")
        client = self.client(tls=False)
        self.assertEqual("SCRAM-SHA-256 PLAIN LOGIN", client.esmtp_features["auth"].strip())
        client.login("joe", PASSWORD)
        self.control("saslmechanisms", "PLAIN")
        self.assertEqual("PLAIN", self.client().esmtp_features["auth"].strip())

    def test_without_a_judge_there_is_no_auth(self):
        self.listen(chain=("qmail-smtpd",))
        self.assertNotIn("auth", self.client().esmtp_features)
        result = self.run_program("tcpserver", "127.0.0.1", "0", "qmail-smtpd",
                                  env=self.environment(SUBMISSION=""))
        self.assertEqual(111, result.returncode)
        self.assertIn(b"SUBMISSION is set", result.stderr)

    def test_a_dead_service_is_no_wrong_password_and_no_way_in(self):
        self.listen(SUBMISSION="")
        client = self.client()
        self.service.process.kill()
        self.service.process.wait(30)
        for _ in range(5):
            self.assertEqual(454, client.docmd("AUTH PLAIN AGpvZQByaWdodA==")[0])
        self.assertEqual(334, client.docmd("AUTH SCRAM-SHA-256")[0])
        self.assertEqual(454, client.docmd(base64.b64encode(b"n,,n=joe,r=x").decode())[0])
        self.assertEqual(530, client.docmd("MAIL FROM:<joe@mx.example>")[0])
        Service(self, "--single-user")
        client.login("joe", PASSWORD)


class Submission(AuthCase):
    def setUp(self):
        super().setUp()
        self.service = Service(self, "--single-user")

    def test_nobody_sends_before_he_has_logged_in(self):
        self.listen(SUBMISSION="", RELAYCLIENT="")
        client = self.client()
        self.assertEqual((530, b"5.7.0 authentication required (#5.7.0)"),
                         client.docmd("MAIL FROM:<joe@mx.example>"))
        self.assertEqual(503, client.docmd("RCPT TO:<joe@mx.example>")[0])
        client.login("joe", PASSWORD)
        self.assertEqual(250, client.docmd("MAIL FROM:<joe@mx.example>")[0])

    def test_what_a_program_left_out_of_the_header(self):
        self.listen(SUBMISSION="")
        client = self.client()
        client.login("joe", PASSWORD)
        client.sendmail("joe@mx.example", ["x@y.example"], b"Subject: x\r\n\r\nDate: no\r\n")
        message = (self.home / "message").read_bytes()
        self.assertRegex(message, rb"\AReceived: from [^\n]*\n  by [^\n]*\nDate: \d+ \w+ \d+ [\d:]+ "
                         rb"-0000\nMessage-ID: <\d{14}\.\w+\.kopis@mx\.example>\nSubject: x\n\nDate")
        whole = b"Date: 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <a@b>\r\n\r\n" + b"x\r\n" * 50_000
        client.sendmail("joe@mx.example", ["x@y.example"], whole)
        message = (self.home / "message").read_bytes()
        self.assertEqual((1, 1), (message.count(b"\nDate:"), message.count(b"\nMessage-ID:")))
        self.assertTrue(message.endswith(whole.replace(b"\r\n", b"\n")))

    def test_where_a_user_is_stays_with_us_where_asked(self):
        for asked, head in (("0", rb"\AReceived: from [^\n]*127\.0\.0\.1[^\n]*\n  by "),
                            ("1", rb"\AReceived: \(submission of a user\)\n  by [\w.]+ with "
                                  rb"ESMTPSA \(TLSv1[^\n]*\); \d+ \w+ \d+ [\d:]+ -0000\nDate: ")):
            self.control("hidesubmitter", asked)
            self.listen(SUBMISSION="")
            client = self.client()
            client.login("joe", PASSWORD)
            client.sendmail("joe@mx.example", ["x@y.example"], b"Subject: x\r\n\r\nx\r\n")
            message = (self.home / "message").read_bytes()
            self.assertRegex(message, head)
            self.assertEqual(asked == "0", b"127.0.0.1" in message.replace(b"by 127.0.0.1", b""), message)

    def test_submissions(self):
        self.listen(SUBMISSION="", SMTPS="")
        client = smtplib.SMTP_SSL("127.0.0.1", self.port, "c.example", timeout=30,
                                  context=self.client_context(self.cert, check_hostname=False))
        self.addCleanup(client.close)
        client.login("joe", PASSWORD)
        client.sendmail("joe@mx.example", ["x@elsewhere.example"], b"Subject: x\r\n\r\nx\r\n")

    def test_as_whom_a_user_sends(self):
        self.control("senders", "joe@mx.example:sales@mx.example", "joe@mx.example:@joe.example",
                     "ann@mx.example:*")
        self.listen(SUBMISSION="")
        client = self.client()
        client.login("joe", PASSWORD)
        for sender, code in (("joe@mx.example", 250), ("JOE-shop@MX.example", 250), ("", 250),
                             ("Sales@mx.example", 250), ("any@joe.example", 250),
                             ("joes@mx.example", 553), ("ann@mx.example", 553),
                             ("joe@other.example", 553), ("joe", 553), ("x@y@joe.example", 250),
                             ("sales-x@mx.example", 553)):
            self.assertEqual(code, self.send_as(client, sender), sender)

    def test_a_wrong_line_of_senders_allows_nothing_and_harms_no_other(self):
        self.control("senders", "joe@mx.example:sales@mx.example", "joe@mx.example:shop",
                     "ann@mx.example *", "joe@mx.example:@joe.example")
        self.listen(SUBMISSION="")
        client = self.client()
        client.login("joe", PASSWORD)
        for sender, code in (("joe@mx.example", 250), ("sales@mx.example", 250),
                             ("any@joe.example", 250), ("shop@mx.example", 451), ("", 250)):
            self.assertEqual(code, self.send_as(client, sender), sender)
        self.wait_log(r'senders: line 2: "joe@mx.example:shop" is not ACCOUNT:ADDRESS; ignored')
        self.wait_log(r"senders: line 3: ")
        self.control("senders", "joe@mx.example:sales@mx.example", "ann@mx.example=*")
        other = self.client()
        other.login("joe", PASSWORD)
        self.assertEqual(553, self.send_as(other, "ann@mx.example"))
        self.assertEqual(250, self.send_as(other, "sales@mx.example"))

    def send_as(self, client, sender):
        """The reply to MAIL or, where that is yes, to RCPT."""
        client.docmd("RSET")
        code = client.docmd(f"MAIL FROM:<{sender}>")[0]
        return client.docmd("RCPT TO:<x@elsewhere.example>")[0] if code == 250 else code

    def test_aliases_are_their_owners(self):
        for words in (("info@mx.example", "joe@mx.example"),
                      ("team@mx.example", "ann@mx.example", "joe@mx.example"),
                      ("boss@mx.example", "ann@mx.example")):
            result = self.run_program("kopis", "alias", "add", *words)
            self.assertEqual(0, result.returncode, result)
        self.listen(SUBMISSION="")
        client = self.client()
        client.login("joe", PASSWORD)
        for sender, code in (("info@mx.example", 250), ("Team@MX.example", 250),
                             ("boss@mx.example", 553), ("any@mx.example", 553),
                             ("info-x@mx.example", 553)):
            self.assertEqual(code, self.send_as(client, sender), sender)

        # No message without a yes, however the client goes on; and a proof is of one message.
        self.assertEqual(250, client.docmd("MAIL FROM:<boss@mx.example>")[0])
        for _ in range(2):
            self.assertEqual(553, client.docmd("RCPT TO:<joe@mx.example>")[0])
        self.assertEqual(503, client.docmd("DATA")[0])
        for refused in ("MAIL FROM:<nobody>", "MAIL FROM:<joe@mx.example> BODY=X", "BDAT 0"):
            client.docmd(refused)
            self.assertIn(client.docmd("RCPT TO:<joe@mx.example>")[0], (503, 553), refused)
        self.assertEqual(250, self.send_as(client, "info@mx.example"))
        self.assertEqual(250, client.docmd("MAIL FROM:<boss@mx.example>")[0])
        self.assertEqual(553, client.docmd("RCPT TO:<joe@mx.example>")[0])
        client.sendmail("info@mx.example", ["x@elsewhere.example"], b"Subject: x\r\n\r\nx\r\n")
        self.assertEqual(b"Finfo@mx.example\0Tx@elsewhere.example\0\0", self.envelope())

        aliases = self.home / "users/aliases"
        text = aliases.read_bytes()
        aliases.write_text("half a line")
        self.assertEqual(451, self.send_as(client, "info@mx.example"))
        aliases.write_bytes(text)
        self.assertEqual(250, self.send_as(client, "info@mx.example"))
        self.service.process.kill()
        self.service.process.wait(30)
        self.assertEqual(451, self.send_as(client, "info@mx.example"))
        self.assertEqual(250, self.send_as(client, "joe@mx.example"))

    def test_how_much_a_user_sends(self):
        self.control("submissionrate", "3")
        self.control("submissionrecipients", "5")
        self.listen(SUBMISSION="")
        client = self.client()
        client.login("joe", PASSWORD)
        for _ in range(3):
            self.assertEqual(250, client.docmd("MAIL FROM:<joe@mx.example>")[0])
        self.assertEqual(450, client.docmd("MAIL FROM:<joe@mx.example>")[0])
        codes = [client.docmd(f"RCPT TO:<x{i}@elsewhere.example>")[0] for i in range(7)]
        self.assertEqual([250] * 5 + [450] * 2, codes)
        self.wait_log(r"qmail-smtpd: 450 too many messages of joe@mx.example")
        self.wait_log(r"qmail-smtpd: 450 too many recipients of joe@mx.example")


class Recipients(AuthCase):
    def codes(self, *addresses, client=None, sender="a@b.example"):
        client = client or self.client(tls=False)
        client.docmd("RSET")
        client.docmd(f"MAIL FROM:<{sender}>")
        return [client.docmd(f"RCPT TO:<{address}>")[0] for address in addresses]

    def test_who_is_there(self):
        Service(self, "--single-user")
        self.listen()
        self.assertEqual(
            [250, 250, 550, 550, 553], self.codes(
                "joe@mx.example", "joe-list@mx.example", "joe-x@mx.example", "nobody@mx.example",
                "x@elsewhere.example"))
        (self.home / "users/mail/mx.example/joe/Maildir/maildirsize").write_text("1S\n2 1\n")
        self.assertEqual([452], self.codes("Joe@mx.example"))
        self.control("norcptcheck", "mx.example")
        self.assertEqual([250], self.codes("nobody2@mx.example"))

    def test_nobody_is_asked_where_there_is_no_service(self):
        self.listen()
        self.assertEqual([250], self.codes("nobody@mx.example"))

    def test_faults_are_temporary_and_users_mail_is_taken(self):
        service = Service(self, "--single-user")
        self.listen()
        (self.home / "users/virtual.saved").write_bytes(
            (self.home / "users/virtual").read_bytes())
        (self.home / "users/virtual").write_text("half a line")
        self.assertEqual([451], self.codes("joe@mx.example"))
        os.replace(self.home / "users/virtual.saved", self.home / "users/virtual")
        client = self.client()
        client.login("joe", PASSWORD)
        service.process.kill()
        service.process.wait(30)
        self.assertEqual([451], self.codes("nobody@mx.example"))
        self.assertEqual([250], self.codes("nobody@mx.example", client=client,
                                           sender="joe@mx.example"))


class OtherJudges(AuthCase):
    def script(self, body):
        path = self.home / "check"
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(0o755)
        return str(path)

    def login(self, password=PASSWORD):
        return self.client().docmd("AUTH PLAIN " + base64.b64encode(
            b"\0joe\0" + password.encode()).decode())[0]

    def test_any_checkpassword(self):
        check = self.script(f"""
            tr '\\0' ':' <&3 | grep -qx 'joe:{PASSWORD}::' || exit 1
            exec "$@"
            """)
        self.listen(chain=("qmail-smtpd", "mx.example", check, "true"))
        self.assertEqual("PLAIN LOGIN", self.client().esmtp_features["auth"].strip())
        self.assertEqual(235, self.login())
        self.assertEqual(535, self.login("wrong"))

    def test_a_broken_checkpassword_is_a_later(self):
        for body in ("exit 111\n", "exit 2\n", "kill -9 $$\n"):
            self.listen(chain=("qmail-smtpd", "mx.example", self.script(body), "true"))
            self.assertEqual(454, self.login(), body)
        self.listen(chain=("qmail-smtpd", "mx.example", "/no/such/check", "true"))
        self.assertEqual(454, self.login())

    def guess(self, password, source, port):
        """The reply to one try, from an address of the loopback."""
        with smtplib.SMTP("127.0.0.1", port, "c.example", timeout=60,
                          source_address=(source, 0)) as client:
            client.ehlo()
            return client.docmd("AUTH PLAIN " + base64.b64encode(
                b"\0joe\0" + password.encode()).decode())[0]

    def judged(self):
        tries = self.home / "tries"
        return tries.read_text().count("x") if tries.exists() else 0

    def test_guesses_at_once_reach_a_judge_as_often_as_may_fail(self):
        """With the binary of before 12 to 15 of the 200 reached it here, in four runs."""
        self.control("authloopback", "1")
        self.control("maxperaddress", "300")
        self.control("maxpernetwork", "300")
        check = self.script(f"""
            printf x >> {self.home}/tries
            tr '\\0' ':' <&3 | grep -qx 'joe:{PASSWORD}::' || exit 1
            exec "$@"
            """)
        Service(self, "--single-user")
        chain = ("qmail-smtpd", "mx.example", check, "true")
        self.serve("-c", "1000", "-b", "300", chain=chain)
        first = self.port
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            codes = list(pool.map(lambda _: self.guess("wrong", "127.0.0.1", first), range(200)))
        self.assertEqual({535}, set(codes))
        self.assertEqual(10, self.judged())

        # The next listener knows of it; another address is let in.
        self.serve("-c", "1000", "-b", "300", chain=chain)
        self.assertEqual(535, self.guess(PASSWORD, "127.0.0.1", self.port))
        self.assertEqual(10, self.judged())
        self.assertEqual(235, self.guess(PASSWORD, "127.0.1.1", self.port))
        self.assertEqual(11, self.judged())
        print("200 guesses at once: 10 reached a judge; the owner logs in from another address")

    def test_without_a_qmail_lookup_the_listener_counts(self):
        self.control("authloopback", "1")
        self.control("logintries", "3")
        check = self.script(f"printf x >> {self.home}/tries; exit 1\n")
        self.listen(chain=("qmail-smtpd", "mx.example", check, "true"))
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda _: self.guess("wrong", "127.0.0.1", self.port), range(20)))
        self.assertEqual(3, self.judged())

    @unittest.skipUnless(shutil.which("doveconf") and os.getuid() == 0, "needs root, dovecot-core")
    def test_dovecot(self):
        base = self.home / "dovecot"
        base.mkdir(mode=0o755)
        (base / "users").write_text(f"joe:{{PLAIN}}{PASSWORD}::::::\n")
        (base / "conf").write_text(dovecot_configuration(base))
        process = subprocess.Popen(["dovecot", "-F", "-c", base / "conf"])
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.terminate)
        deadline = time.monotonic() + 30
        while not (base / "auth").exists():
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        self.control("dovecotauth", str(base / "auth"))
        self.listen(chain=("qmail-smtpd",))
        self.assertEqual(235, self.login())
        self.assertEqual(535, self.login("wrong"))
        process.terminate()
        process.wait(30)
        self.assertEqual(454, self.login())


def dovecot_configuration(base):
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True,
                             check=True).stdout
    new = tuple(map(int, version.split(".")[:2])) >= (2, 4)
    head = (f"dovecot_config_version = {version.split()[0]}\ndovecot_storage_version = 2.4.0\n"
            if new else "")
    users = (f"passdb passwd-file {{\n  passwd_file_path = {base}/users\n}}\n" if new else
             f"passdb {{\n  driver = passwd-file\n  args = {base}/users\n}}\n")
    static = ("userdb static {\n}\n" if new else "userdb {\n  driver = static\n}\n")
    return f"""{head}
base_dir = {base}/run
log_path = {base}/log
ssl = no
protocols =
auth_mechanisms = plain
{users}{static}
service auth {{
  unix_listener {base}/auth {{
    mode = 0666
  }}
}}
"""


if __name__ == "__main__":
    unittest.main()

"""kopis token against a provider of the test's own: what it asks, what it keeps, and what it makes
of answers that are wrong."""

import http.server
import json
import os
import pathlib
import re
import shutil
import ssl
import tempfile
import threading
import time
import unittest
import urllib.parse

from harness import NOBODY, ProgramCase
from peer import make_certificate

GOOD = {"access_token": "ya29.new", "token_type": "Bearer", "expires_in": 3600}


class Provider(threading.Thread):
    """Answers each form by the next of `answers`: JSON, bytes, or (code, bytes); keeps the forms."""

    def __init__(self, pem):
        super().__init__(daemon=True)
        self.answers, self.forms, provider = [], [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
                assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
                provider.forms.append((self.path, dict(
                    urllib.parse.parse_qsl(body, strict_parsing=True, keep_blank_values=True))))
                answer = provider.answers.pop(0)
                code, answer = answer if isinstance(answer, tuple) else (200, answer)
                if isinstance(answer, dict):
                    code = 400 if "error" in answer else code
                    answer = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(answer)))
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        self.start()

    def run(self):
        self.server.serve_forever()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.join()


class KopisToken(ProgramCase):
    @classmethod
    def setUpClass(cls):
        cls.pems = pathlib.Path(tempfile.mkdtemp(prefix="kopis-pems-"))
        cls.pems.chmod(0o755)
        cls.authority = make_certificate(cls.pems / "ca.pem")
        cls.pem = make_certificate(cls.pems / "localhost.pem", "localhost", ca=cls.authority)
        os.chmod(f"{cls.authority}.crt", 0o644)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.pems)

    def setUp(self):
        super().setUp()
        self.provider = Provider(self.pem)
        self.addCleanup(self.provider.close)
        self.auth = self.home / "auth"
        self.auth.mkdir(mode=0o711)
        self.url = f"https://localhost:{self.provider.port}"

    def client(self, *lines, name="mail"):
        path = self.auth / f"{name}.client"
        path.touch(mode=0o600)
        path.write_text("".join(line + "\n" for line in lines or (
            "# of ours", f"token-endpoint {self.url}/token", f"device-endpoint {self.url}/device",
            "client-id us & them", "client-secret s3cret", "scope one two",
            "refresh-token r/1", "# end")))
        return path

    def token(self, *words, code=0, trusts=True, **options):
        trusted = {"SSL_CERT_FILE": f"{self.authority}.crt"} if trusts else {}
        result = self.run_program("kopis", "token", *words, env=self.environment(**trusted),
                                  **options)
        self.assertEqual(code, result.returncode, result)
        self.said = (result.stdout + result.stderr).decode()
        for secret in ("s3cret", "r/1", "r/2", "ya29.new"):
            self.assertNotIn(secret, self.said)
        return self.said

    def assert_kept(self, token="old\n"):
        self.assertEqual(token, (self.auth / "mail").read_text())

    def test_it_is_renewed_when_it_ends_soon(self):
        settings = self.client().read_text()
        self.provider.answers = [GOOD]
        before = time.time()
        self.assertRegex(self.token("renew"), r"\Amail: a new token, expires 20.*Z\n\Z")
        self.assertEqual([("/token", {
            "grant_type": "refresh_token", "refresh_token": "r/1", "client_id": "us & them",
            "client_secret": "s3cret", "scope": "one two"})], self.provider.forms)
        kept = self.auth / "mail"
        self.assertEqual(0o600, kept.stat().st_mode & 0o777)
        match = re.fullmatch(r"ya29\.new\nExpires: (\S+Z)\n", kept.read_text())
        ends = time.strptime(match[1], "%Y-%m-%dT%H:%M:%SZ")
        self.assertTrue(3595 <= (time.mktime(ends) - time.timezone) - before <= 3660, match[1])
        self.assertEqual(settings, (self.auth / "mail.client").read_text())
        self.assertEqual("", self.token("renew"))  # It is good for an hour.
        self.provider.answers = [{**GOOD, "access_token": "ya30"}, GOOD]
        self.token("renew", "--now", "mail")
        self.assertTrue(kept.read_text().startswith("ya30\n"))
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 19 * 60))
        kept.write_text(f"old\nExpires: {soon}\n")
        self.token("renew")
        self.assertEqual(3, len(self.provider.forms))
        self.assertEqual({"mail", "mail.client", ".token.lock"}, {p.name for p in self.auth.iterdir()})

    def test_a_new_refresh_token_is_kept_and_all_else_in_the_file(self):
        path = self.client()
        settings = path.read_text()
        self.provider.answers = [{**GOOD, "refresh_token": "r/2"}]
        self.token("renew")
        self.assertEqual(settings.replace("r/1", "r/2"), path.read_text())
        self.assertEqual(0o600, path.stat().st_mode & 0o777)

    def test_a_refusal_is_told_and_the_old_token_stays(self):
        self.client()
        (self.auth / "mail").write_text("old\n")
        self.provider.answers = [
            {"error": "invalid_grant", "error_description": "gone \x1b[31m " + "x" * 500}]
        said = self.token("renew", code=100)
        self.assertRegex(said, r"auth/mail: the provider says: invalid_grant: gone \?\[31m x+\n")
        self.assertLess(len(said), 400)
        self.assert_kept()

    def test_answers_that_make_no_sense(self):
        self.client()
        (self.auth / "mail").write_text("old\n")
        for answer, code in (
                (b"", 111), (b"no", 111), (b"[]", 111), (b"\xff\xfe", 111),
                (b'{"a":' * 20 + b"1" + b"}" * 20, 111), (b'{"error":"a","error":"b"}', 111),
                (b" " * 70000 + b"{}", 111), ((500, b'{"error":"x"}'), 111), ((302, b"{}"), 111),
                ((404, b"{}"), 111), (b"{}", 100), ({**GOOD, "token_type": "mac"}, 100),
                ({"access_token": "a"}, 100), ({**GOOD, "access_token": "a b"}, 100),
                ({**GOOD, "access_token": "a\nExpires: never"}, 100),
                ({**GOOD, "access_token": "a" * 9000}, 100), ({**GOOD, "access_token": 7}, 100)):
            with self.subTest(answer):
                self.provider.answers = [answer]
                self.token("renew", code=code)
                self.assert_kept()
        self.assertEqual({"/token"}, {path for path, _ in self.provider.forms})

    def test_nothing_is_sent_to_who_is_not_the_provider(self):
        self.client()
        (self.auth / "mail").write_text("old\n")
        self.assertIn("/token: ", self.token("renew", code=111, trusts=False))
        self.assertEqual([], self.provider.forms)
        self.client(f"token-endpoint https://127.0.0.1:{self.provider.port}/token", "client-id c",
                    "refresh-token r")
        self.token("renew", code=111)
        self.assertEqual([], self.provider.forms)
        self.provider.close()
        self.client()
        self.assertIn("refused", self.token("renew", code=111))
        self.assert_kept()
        self.provider = Provider(self.pem)

    def test_settings_that_are_wrong(self):
        token = f"token-endpoint {self.url}/token"
        for lines, words in (
                (("client-id c",), "no provider or token-endpoint"),
                (("provider other", "client-id c"), "provider is not microsoft or google"),
                ((token,), "no client-id"), ((token, "client-id"), "line 2 is not a word"),
                ((token, "client-id a", "client-id b"), "line 3 .* the second"),
                (("token-endpoint http://localhost/", "client-id c"), "not an https URL"),
                (("token-endpoint https://u@localhost/", "client-id c"), "not an https URL"),
                ((token, "client-id c", "refresh s3cret"), "line 3 is not"),
                ((token, "client-id c"), "no refresh-token: kopis token new mail")):
            with self.subTest(lines):
                self.client(*lines)
                self.assertRegex(self.token("renew", code=100), rf"auth/mail\.client: .*{words}")
        self.client("provider google", "client-id c")
        self.assertIn("there is no device-endpoint", self.token("new", "mail", code=100))
        self.assertIn("there is no auth/other.client", self.token("new", "other", code=100))
        for words in ((), ("new",), ("new", "../x"), ("renew", "a", "b"), ("show", "x"), ("x",)):
            self.assertIn("usage: kopis token", self.token(*words, code=100))
        self.assertEqual([], self.provider.forms)

    def test_one_that_fails_does_not_keep_the_others(self):
        self.client("client-id c", name="a")
        self.client(name="b")
        self.provider.answers = [GOOD]
        self.assertIn("b: a new token", self.token("renew", code=100))

    def test_somebody_authorizes_the_host(self):
        device = {"device_code": "d c", "user_code": "ABCD-EFGH", "interval": 1, "expires_in": 60,
                  "verification_uri": "https://login.example/device"}
        path = self.client(f"token-endpoint {self.url}/token",
                           f"device-endpoint {self.url}/device", "client-id us", "scope one")
        self.provider.answers = [device, {"error": "authorization_pending"},
                                 {**GOOD, "refresh_token": "r/2"}]
        self.assertRegex(self.token("new", "mail"), r"\AOpen https://login\.example/device and "
                         r"enter the code ABCD-EFGH\nmail: a new token")
        poll = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code",
                "device_code": "d c", "client_id": "us"}
        self.assertEqual([("/device", {"client_id": "us", "scope": "one"}), ("/token", poll),
                          ("/token", poll)], self.provider.forms)
        self.assertTrue(path.read_text().endswith("scope one\nrefresh-token r/2\n"))
        for answers, words in (
                ([{"error": "invalid_client"}], "invalid_client"),
                ([{**device, "user_code": "a\nb"}], "has no code"),
                ([device, {"error": "access_denied"}], "access_denied"),
                ([device, GOOD], "gives no refresh token"),
                ([{**device, "expires_in": 1}, {"error": "authorization_pending"}], "in time")):
            with self.subTest(words):
                self.provider.answers = answers
                self.assertIn(words, self.token("new", "mail", code=100))

    def test_show(self):
        self.client(name="a")
        self.client(name="b")
        self.client(name="c")
        (self.auth / "b").write_text("token\nExpires: 2000-01-01T00:00:00Z\n")
        (self.auth / "c").write_text("token\n")
        self.assertEqual("a: no token\nb: expired 2000-01-01T00:00:00Z\nc: a token\n",
                         self.token("show"))

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_for_root_it_works_as_the_owner_of_the_directory(self):
        path = self.client()
        for one in (self.auth, path):
            os.chown(one, NOBODY, NOBODY)
        self.provider.answers = [{**GOOD, "refresh_token": "r/2"}]
        self.token("renew")
        for name in ("mail", "mail.client"):
            self.assertEqual(NOBODY, (self.auth / name).stat().st_uid)
        os.chown(path, 0, 0)  # Not the owner's: it cannot replace what root has put there.
        self.assertIn("auth/mail.client: ", self.token("renew", "--now", code=100))


if __name__ == "__main__":
    unittest.main()

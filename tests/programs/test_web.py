"""kopis-web(8) by HTTP: who gets in, what a foreign page can make a browser do, what foreign mail can
put on a page, and what a client can cost. Each class of the OWASP Top 10 (2021) that applies is named
where it is tested."""

import os
import queue
import re
import socket
import subprocess
import threading
import time
import unittest

import dashboard
from dashboard import PROGRAM, Browser
from harness import BIN, NOBODY
from test_qmail_queue import WAIT
from test_qmail_send import SendCase

PASSWORD = "correct horse"
PAGES = ("/", "/queue", "/deliveries", "/destinations", "/refusals", "/trace", "/users", "/checks",
         "/config", "/config?name=control/me")


class Web(SendCase):
    def setUp(self):
        super().setUp()
        (self.home / "journal").mkdir(exist_ok=True)
        self.port, self.process, self.log = dashboard.start(self, self.home, PASSWORD)
        self.browser = Browser(self.port)

    def sign_in(self, browser=None):
        answer = (browser or self.browser).login(PASSWORD)
        self.assertEqual((303, "/"), (answer.status, answer.header("Location")), answer.text)
        return browser or self.browser

    def start_queue(self):
        self.start_send()
        self.wait_log(rb"\Astatus: .*\n")

    def queued(self, *recipients, **options):
        self.send(*(recipients or (b"r@far.example",)), **options)
        return self.wait_log(rb"^new msg (\d+)\n")[1].decode()

    def deferred(self):
        """One that was tried once."""
        number = self.queued()
        self.remote.report(self.remote.order()[0], b"Z192.0.2.1 said: 451 later\n")
        self.wait_log(rb"^delivery \d+: deferral: ")
        return number

    def wait_health(self, status):
        deadline = time.monotonic() + WAIT
        while self.browser.get("/health").status != status:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def act(self, verb, *numbers, **more):
        token = more.pop("token", None) or self.browser.get("/config?name=me").text
        token = re.search(r'name="csrf" value="([^"]+)"', token)[1] if "<" in token else token
        return self.browser.post("/act", ("csrf", token), ("verb", verb),
                                 *(("n", number) for number in numbers), *more.items())


class Access(Web):
    """A01 broken access control, A07 identification and authentication failures."""

    def test_no_page_without_a_session(self):
        for path in (*PAGES, "/message?n=1", "/nothing"):
            answer = self.browser.get(path)
            self.assertEqual((303, "/login"), (answer.status, answer.header("Location")), path)
            self.assertEqual(b"", answer.body)
        for path in ("/act", "/destination", "/checks", "/logout"):
            self.assertEqual(401, self.browser.post(path, ("verb", "remove"), ("n", "1")).status)
        self.assertEqual(401, self.browser.get("/live").status)
        self.browser.jar["kopis-session"] = "A" * 43
        self.assertEqual(303, self.browser.get("/queue").status)

    def test_the_right_password_lets_in_and_the_end_of_the_session_out(self):
        self.sign_in()
        cookie = self.browser.jar["kopis-session"]
        page = self.browser.get("/config")
        self.assertEqual(200, page.status)
        self.assertEqual(303, self.browser.post("/logout", ("csrf", page.token)).status)
        self.browser.jar["kopis-session"] = cookie
        self.assertEqual(303, self.browser.get("/config").status)

    def test_a_session_is_a_new_one_with_each_login(self):
        """No fixation: a value that somebody planted is no session."""
        self.browser.jar["kopis-session"] = "planted"
        self.sign_in()
        first = self.browser.jar["kopis-session"]
        self.assertNotEqual("planted", first)
        self.sign_in()
        self.assertNotEqual(first, self.browser.jar["kopis-session"])
        self.browser.jar["kopis-session"] = first
        self.assertEqual(303, self.browser.get("/config").status)

    def test_cookies_are_for_this_host_and_no_script(self):
        answer = self.browser.login(PASSWORD)
        self.assertEqual(2, len(answer.cookies()))
        for line in answer.cookies():
            words = [word.strip().lower() for word in line.split(";")]
            self.assertIn("httponly", words)
            self.assertIn("samesite=strict", words)
            self.assertIn("path=/", words)
            self.assertFalse([word for word in words if word.startswith("domain")])

    def test_behind_tls_cookies_are_host_cookies(self):
        self.control("webnames", "mail.example")
        port, _, _ = dashboard.start(self, self.home, PASSWORD)
        browser = Browser(port, "mail.example")
        answer = browser.post("/login", ("password", PASSWORD), origin="https://mail.example")
        self.assertEqual(303, answer.status)
        for line in answer.cookies():
            self.assertTrue(line.startswith("__Host-"), line)
            self.assertIn("secure", line.lower())
        self.assertEqual(200, browser.get("/config").status)
        self.assertEqual(403, browser.post(
            "/login", ("password", PASSWORD), origin="http://mail.example").status)

    def test_guesses_are_bounded_and_a_known_browser_gets_in(self):
        known = self.sign_in(Browser(self.port))
        del known.jar["kopis-session"]
        seen = [self.browser.login(f"guess {i}").status for i in range(12)]
        self.assertEqual([403] * 10 + [429] * 2, seen)
        self.assertEqual(429, Browser(self.port).login(PASSWORD).status)
        self.assertEqual(303, known.login(PASSWORD).status)
        log = dashboard.read(self.log)
        who = b"kopis-web: login by uid %d: " % os.getuid()
        self.assertEqual((5, 3), (log.count(who + b"failed\n"), log.count(who + b"refused\n")), log)
        self.assertNotIn(PASSWORD.encode(), dashboard.read(self.log))

    def test_a_new_password_ends_sessions_and_forgets_browsers(self):
        self.sign_in()
        dashboard.set_password(self, self.home, "another password")
        self.assertEqual(303, self.browser.get("/config").status)
        self.assertEqual(403, self.browser.login(PASSWORD).status)
        self.assertEqual(303, self.browser.login("another password").status)

    def test_without_a_password_of_our_own_nobody_gets_in(self):
        path = self.home / "web/password"
        known = path.read_bytes()
        path.unlink()
        self.assertIn("kopis web password", self.browser.get("/login").text)
        self.assertEqual(200, self.browser.login(PASSWORD).status)
        self.assertEqual({}, self.browser.jar)
        for content in (b"", b"!\n", b"!" + known, b"plain\n"):
            path.write_bytes(content)
            self.browser.login("plain")
            self.assertEqual({}, self.browser.jar, content)
        if os.getuid() == 0:
            path.write_bytes(known)
            os.chown(path, NOBODY, NOBODY)  # Somebody else's file.
            self.browser.login(PASSWORD)
            self.assertEqual({}, self.browser.jar)

    def test_the_hash_is_slow_and_salted(self):
        """A02 cryptographic failures."""
        first = (self.home / "web/password").read_text()
        dashboard.set_password(self, self.home, PASSWORD)
        self.assertRegex(first, r"\Ascram-sha-256\$600000\$")
        self.assertNotEqual(first, (self.home / "web/password").read_text())

    def test_an_address_that_others_reach_is_refused(self):
        for place in ("0.0.0.0:2580", "192.0.2.1:2580", "[::]:2580", "localhost", "127.0.0.1:0", ""):
            result = subprocess.run([PROGRAM, "--listen", place], env=self.environment(),
                                    capture_output=True, timeout=WAIT)
            self.assertEqual((100, 1), (result.returncode, result.stderr.count(b"\n")), place)

    def test_sigterm_ends_it(self):
        self.process.terminate()
        self.assertEqual(0, self.process.wait(WAIT))


    def test_metrics_are_for_who_has_the_token(self):
        self.start_queue()
        for given in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"},
                      {"Authorization": "Basic eDp4"}):
            answer = self.browser.get("/metrics", headers=given)
            self.assertEqual((401, "Bearer", b""),
                             (answer.status, answer.header("WWW-Authenticate"), answer.body))
        first = self.run_program("kopis", "web", "token").stdout.decode().strip()
        token = self.run_program("kopis", "web", "token").stdout.decode().strip()
        self.assertEqual(43, len(token))
        self.assertNotIn(token, (self.home / "web/token").read_text())
        self.assertEqual(401, self.browser.get(
            "/metrics", headers={"Authorization": f"Bearer {first}"}).status)
        answer = self.browser.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        self.assertEqual(200, answer.status)
        self.assertIn('\nkopis_up{part="qmail-send"} 1\n', answer.text)
        self.sign_in()
        self.assertEqual(401, self.browser.get("/metrics").status)


class Forgery(Web):
    """A01: cross-site request forgery, DNS rebinding; A05 security misconfiguration."""

    def test_a_form_without_its_token_does_nothing(self):
        self.start_queue()
        number = self.deferred()
        self.sign_in()
        for token in ("", "wrong", "A" * 43):
            answer = self.act("hold", number, token=token or "x")
            self.assertEqual(403, answer.status)
        other = self.sign_in(Browser(self.port)).get("/config").token
        self.assertEqual(403, self.act("hold", number, token=other).status)
        self.assertNotIn("held", self.browser.get(f"/message?n={number}").text)
        self.assertEqual(303, self.act("hold", number).status)
        self.assertIn(">held<", self.browser.get(f"/message?n={number}").text)

    def test_a_form_of_another_origin_does_nothing(self):
        self.sign_in()
        token = self.browser.get("/config").token
        for origin in (None, "null", "http://evil.example", f"https://127.0.0.1:{self.port}",
                       f"http://localhost:{self.port}", f"http://127.0.0.1:{self.port}.evil.example"):
            answer = self.browser.post("/logout", ("csrf", token), origin=origin)
            self.assertEqual(403, answer.status, origin)
        answer = self.browser.post("/logout", ("csrf", token), headers={"Sec-Fetch-Site": "cross-site"})
        self.assertEqual(403, answer.status)
        for origin in (None, "http://evil.example"):  # Nor does another site sign anybody in.
            self.assertEqual(403, Browser(self.port).post(
                "/login", ("password", PASSWORD), origin=origin).status)
        self.assertEqual(200, self.browser.get("/config").status)

    def test_no_get_changes_anything(self):
        self.start_queue()
        number = self.queued()
        self.sign_in()
        token = self.browser.get("/config").token
        for path in ("/act", "/destination", "/logout"):
            answer = self.browser.get(f"{path}?csrf={token}&verb=hold&n={number}&name=x")
            self.assertEqual(404, answer.status, path)
        self.assertNotIn(">held<", self.browser.get(f"/message?n={number}").text)

    def test_another_name_is_refused(self):
        self.sign_in()
        for host in ("evil.example", f"evil.example:{self.port}", "127.0.0.1", "127.0.0.1:1", "",
                     f"127.0.0.1:{self.port}.evil.example", f"127.0.0.2:{self.port}"):
            for path in ("/", "/login", "/style.css", "/health"):
                status = self.browser.get(path, headers={"Host": host}).status
                self.assertIn(status, (400, 421), (host, path))
        for host in ("localhost", "[::1]"):  # There another user may listen.
            self.assertEqual(421, self.browser.get(
                "/config", headers={"Host": f"{host}:{self.port}"}).status)
        self.assertEqual(200, self.browser.get(
            "/config", headers={"Host": "127.0.0.1:2580"}).status)  # By a tunnel of ssh.
        raw = self.raw(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nHost: evil.example\r\n\r\n"
                       % self.port)
        self.assertRegex(raw, rb"\AHTTP/1.1 4\d\d ")

    def test_sockets_that_are_lent_stay_through_a_restart_and_localhost_is_ours(self):
        port, sockets = dashboard.held()
        self.addCleanup(lambda: [one.close() for one in sockets])
        for _ in range(2):
            _, process, log = dashboard.start(self, self.home, PASSWORD, sockets=sockets)
            for address in ("127.0.0.1", "::1"):
                for host in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]"):
                    with socket.create_connection((address, port), timeout=WAIT) as one:
                        one.sendall(b"GET /login HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n"
                                    % (host.encode(), port))
                        self.assertTrue(one.recv(100).startswith(b"HTTP/1.1 200 "), (address, host))
            process.terminate()
            process.wait(WAIT)
            with self.assertRaises(OSError):  # Nobody gets it meanwhile.
                dashboard.held(port)
            waiting = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
            self.addCleanup(waiting.close)

    def test_the_service_manager_gives_sockets_and_hears_when_it_serves(self):
        port, sockets = dashboard.held()
        self.addCleanup(lambda: [one.close() for one in sockets])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(self.home / "notify"))
            manager.settimeout(WAIT)
            text = ('exec 3<&%d 4<&%d; export LISTEN_PID=$$; exec "$1"'
                    % tuple(one.fileno() for one in sockets))
            process = subprocess.Popen(
                ["/bin/bash", "-c", text, "bash", PROGRAM], stdin=subprocess.DEVNULL,
                env=self.environment(NOTIFY_SOCKET=str(self.home / "notify"), LISTEN_FDS="2"),
                pass_fds=[one.fileno() for one in sockets])
            self.addCleanup(process.wait, WAIT)
            self.addCleanup(process.kill)
            self.assertEqual(b"READY=1", manager.recv(100))
        self.assertEqual(200, Browser(port, f"localhost:{port}").get("/login").status)

    def test_a_socket_that_others_reach_is_refused(self):
        with socket.socket() as everywhere, socket.socket() as idle:
            everywhere.bind(("0.0.0.0", 0))
            everywhere.listen(1)
            idle.bind(("127.0.0.1", 0))
            for fd in (everywhere.fileno(), idle.fileno(), 2, 99, "x"):
                result = subprocess.run(
                    [PROGRAM, "--socket", str(fd)], env=self.environment(), capture_output=True,
                    timeout=WAIT, pass_fds=[everywhere.fileno(), idle.fileno()])
                self.assertEqual((100, 1), (result.returncode, result.stderr.count(b"\n")), fd)

    def test_each_answer_has_the_headers(self):
        self.sign_in()
        answers = [self.browser.get(path) for path in (
            *PAGES, "/nothing", "/live", "/health", "/style.css", "/app.js", "/icon.svg", "/login")]
        answers += [self.browser.post("/act"), self.browser.get("/", headers={"Host": "evil.example"}),
                    self.browser.ask("DELETE", "/")]
        for answer in answers:
            policy = answer.header("Content-Security-Policy")
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual("nosniff", answer.header("X-Content-Type-Options"))
            self.assertEqual("DENY", answer.header("X-Frame-Options"))
            self.assertEqual("same-origin", answer.header("Referrer-Policy"))
            self.assertEqual("same-origin", answer.header("Cross-Origin-Resource-Policy"))
            self.assertIn(answer.header("Cache-Control"), ("no-store", "no-cache"))
            self.assertIsNone(answer.header("Server"))
            self.assertIsNone(answer.header("Access-Control-Allow-Origin"))

    def test_pages_have_nothing_inline_and_nothing_from_outside(self):
        self.sign_in()
        for path in (*PAGES, "/login"):
            text = self.browser.get(path).text
            self.assertNotRegex(text, r"(?i)<script(?! src=\"/app\.js\" defer></script>)", path)
            self.assertNotRegex(text, r"(?i)<style|\sstyle=|\son\w+=|javascript:", path)
            for target in re.findall(r'(?:src|href|action)="([^"]*)"', text):
                self.assertRegex(target, r"\A[/#](?!/)", path)

    def raw(self, data):
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT) as one:
            one.sendall(data)
            got = b""
            while piece := one.recv(65536):
                got += piece
                if b"\r\n\r\n" in got:
                    break
            return got


class Injection(Web):
    """A03 injection: what mail, the journal and a browser's words can put on a page."""

    HOSTILE = b'"<script>alert(1)</script>\'&"@far.example'

    def test_hostile_addresses_and_reports_are_text(self):
        self.start_queue()
        number = self.queued(self.HOSTILE, sender=b"<img src=x onerror=alert(2)>@evil.example")
        self.remote.report(self.remote.order()[0],
                           b"Z192.0.2.1 said: 451 </td><script>alert(3)</script>\n")
        self.wait_log(rb"^delivery \d+: deferral: ")
        self.sign_in()
        for path in ("/queue", f"/message?n={number}", "/destinations"):
            text = self.browser.get(path).text
            self.assertNotRegex(text, r"<script>|<img", path)
        text = self.browser.get("/queue").text
        for shown in ("&lt;script&gt;alert(1)", "&lt;img src=x onerror", "&lt;script&gt;alert(3)"):
            self.assertIn(shown, text)
        for target in re.findall(r'href="([^"]*)"', self.browser.get(f"/message?n={number}").text):
            self.assertRegex(target, r"\A[/#](?!/)[A-Za-z0-9/?=&;%._~-]*\Z")

    def test_what_a_browser_says_comes_back_as_text(self):
        self.start_queue()
        self.sign_in()
        word = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
        for path in (f"/trace?q={word}", f"/queue?sender={word}", f"/queue?domain={word}&state={word}",
                     f"/destinations?name={word}", f"/config?name={word}", f"/refusals?check={word}",
                     f"/message?n={word}", f"/queue?did={word}&count={word}", f"/{word}",
                     f"/users?find={word}", f"/trace?q=a@b&since={word}"):
            self.assertNotIn("<script>", self.browser.get(path).text, path)

    def test_hostile_records_of_the_journal_are_text(self):
        record = ('{"t":"2026-11-30T06:05:20.1Z","by":"qmaild","pid":1,"e":"refuse","proto":"SMTP",'
                  '"session":1,"ip":"<b>1</b>","check":"<script>alert(1)</script>","helo":"x",'
                  '"from":"\\"><svg onload=alert(1)>","to":["<script>"],"text":"</table><script>"}\n')
        (self.home / "journal/2026-11-30T060500.000000.jsonl").write_text(record)
        self.sign_in()
        deadline = time.monotonic() + WAIT
        while "alert(1)" not in (text := self.browser.get("/refusals").text):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        for path in ("/", "/refusals", "/trace?q=%3Cb%3E1%3C/b%3E"):
            self.assertNotRegex(self.browser.get(path).text, r"<script>|<svg onload|<b>", path)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", text)

    def test_records_of_another_time_do_not_end_it(self):
        """Programs of users write records too."""
        line = '{"t":"%s","by":"x","pid":1,"e":"refuse","check":"%s","ip":"192.0.2.1"}\n'
        (self.home / "journal/2026-11-30T060500.000000.jsonl").write_text("".join(
            line % (time, "odd") for time in ("1960-01-01T00:00:00Z", "1970-01-01T00:00:01Z",
                                              "2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z"))
            + line % ("2026-11-30T06:05:20Z", "thelast"))
        self.sign_in()
        deadline = time.monotonic() + WAIT
        while "thelast" not in self.browser.get("/refusals").text:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertEqual(200, self.browser.get("/live").status)
        self.assertIsNone(self.process.poll())

    def test_no_path_leads_out_of_the_catalogue(self):
        self.sign_in()
        (self.home / "control/secret").write_text("unguessable\n")
        for name in ("../web/password", "web/password", "control/../web/password", "/etc/passwd",
                     "control/secret", "..%2fweb%2fpassword", "me%00", ""):
            text = self.browser.get(f"/config?name={name}").text
            self.assertNotIn("unguessable", text)
            self.assertNotIn("scram-sha-256", text)
        for path in ("/../control/me", "/..%2f..%2fetc/passwd", "/style.css/../../me", "//etc/passwd"):
            self.assertNotIn("root:", self.browser.get(path).text)

    def test_words_of_a_trace_are_no_options(self):
        self.sign_in()
        for words in ("--follow", "--json+a@b", "-f", "a@b+--limit+100000", "a+b+c+d+e+f"):
            answer = self.browser.get(f"/trace?q={words}")
            self.assertEqual(200, answer.status)
            self.assertIn("Enter an address, a message number", answer.text, words)


class Verbs(Web):
    """What buttons do is what kopis queue does, and is logged (A09 logging and monitoring)."""

    def test_hold_release_retry(self):
        self.start_queue()
        number = self.queued()
        slot = self.remote.order()[0]
        self.remote.report(slot, b"Z192.0.2.1 said: 451 later\n")
        self.wait_log(rb"^delivery \d+: deferral: ")
        self.sign_in()
        self.assertIn("192.0.2.1 said: 451 later", self.browser.get(f"/message?n={number}").text)
        answer = self.act("hold", number)
        self.assertEqual((303, f"/message?n={number}&did=hold&count=1&running=0"),
                         (answer.status, answer.header("Location")))
        self.wait_log(rb"^command hold by uid \d+")
        self.assertIn("hold: 1 recipients", self.browser.get(answer.header("Location")).text)
        self.assertIn(">held<", self.browser.get("/queue?state=held").text)
        self.act("release", number)
        slot = self.remote.order()[0]
        self.assertIn(number, self.browser.get("/deliveries").text)
        self.remote.report(slot, b"Z192.0.2.1 said: 451 later\n")
        self.wait_log(rb"^delivery \d+: deferral: ")
        self.act("retry", number)
        self.remote.order()
        self.assertIn(b"kopis-web: hold %s: 1 recipients of 1 messages\n" % number.encode(),
                      dashboard.read(self.log))

    def test_removal_and_return_are_asked_for_twice(self):
        self.start_queue()
        self.sign_in()
        for verb, word in (("remove", "Remove"), ("bounce", "Return")):
            number = self.deferred()
            self.act("hold", number)
            page = self.act(verb, number)
            self.assertEqual(200, page.status)
            self.assertIn(f">{word}</button>", page.text)
            self.assertIn(number, self.browser.get("/queue").text)
            answer = self.act(verb, number, sure="yes")
            self.assertEqual(303, answer.status)
            self.wait_log(rb"^end %s: 1 recipients of 1 messages\n" % verb.encode())

    def test_odd_forms_do_nothing(self):
        self.start_queue()
        number = self.queued()
        self.sign_in()
        for verb, numbers in (("reroute", [number]), ("list", [number]), ("", [number]), ("hold", []),
                              ("hold", ["x"]), ("hold", ["-1"]), ("hold", [number] + ["1"] * 60)):
            self.assertEqual(400, self.act(verb, *numbers).status, (verb, numbers))
        self.assertEqual(400, self.browser.post(
            "/destination", ("csrf", self.browser.get("/config").token), ("verb", "pause"),
            ("name", "a\nb")).status)

    def test_a_list_comes_in_pages(self):
        self.start_queue()
        self.send(*[b"r%03d@far.example" % i for i in range(120)])
        self.wait_log(rb"^new msg (\d+)\n")
        self.sign_in()
        seen, path, pages = [], "/queue", 0
        while path:
            text = self.browser.get(path).text
            seen += re.findall(r"<td>(r\d\d\d@far\.example)</td>", text)
            following = re.search(r'rel="next" href="([^"]+)"', text)
            path = following and following[1].replace("&amp;", "&")
            pages += 1
        self.assertEqual([f"r{i:03}@far.example" for i in range(120)], seen)
        self.assertEqual(3, pages)

    def test_a_condition_that_cannot_be_parsed_is_refused(self):
        self.start_queue()
        self.queued()
        self.sign_in()
        for query in ("number=x", "number=1&number=2", "number=-1", "state=nonsense", "from=x", "at=x",
                      "destination=%C3%A4", f"sender={'x' * 1001}", "domain=a&domain=b"):
            for path in ("/queue", "/deliveries"):
                answer = self.browser.get(f"{path}?{query}")
                self.assertEqual(400, answer.status, query)
                self.assertNotIn("far.example", answer.text)
        self.assertEqual(400, self.browser.get("/destinations?name=%C3%A4").status)
        self.assertIn("far.example", self.browser.get("/queue?number=&state=any&from=").text)

    def test_the_next_page_keeps_the_number(self):
        self.start_queue()
        number = self.queued(*(b"r%d@far.example" % i for i in range(60)))
        self.queued(b"other@far.example")
        self.sign_in()
        first = self.browser.get(f"/queue?number={number}").text
        link = re.search(r'class="next" rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
        self.assertIn(f"number={number}", link)
        self.assertNotIn("other@", self.browser.get(link).text)

    def test_without_qmail_send_pages_say_so(self):
        self.sign_in()
        answer = self.browser.get("/queue")
        self.assertEqual(503, answer.status)
        self.assertIn("no qmail-send runs", answer.text)
        self.assertEqual(503, self.browser.get("/health").status)
        self.start_queue()
        self.assertEqual(200, self.browser.get("/queue").status)

    def test_health_is_that_of_qmail_send_and_of_qmail_journal(self):
        self.sign_in()
        self.start_queue()
        journal = subprocess.Popen(
            [BIN / "qmail-journal"], env=self.environment(), stderr=subprocess.DEVNULL)
        self.addCleanup(journal.wait, WAIT)
        self.addCleanup(journal.kill)
        self.wait_health(200)
        journal.kill()
        journal.wait(WAIT)
        self.wait_health(503)  # Its files are still there.
        self.assertIn("qmail-journal does not answer", self.browser.get("/").text)
        self.control("journalbytes", "0")
        self.wait_health(200)  # No journal is kept: nothing is missing.

    def test_configuration_says_what_counts(self):
        self.control("databytes", "12345")
        self.sign_in()
        text = self.browser.get("/config?name=databytes").text
        self.assertIn("<pre>12345</pre>", text)
        self.control("databytes", "many")
        self.assertIn("is not a whole number", self.browser.get("/config?name=databytes").text)


class SlowSend:
    """Stands before a qmail-send: hands on all questions but searches, which it does not answer."""

    def __init__(self, case, home):
        self.path, self.real = home / "queue/command/send", home / "queue/command/real"
        self.path.rename(self.real)
        self.searches, self.summaries, self.ended = queue.Queue(), queue.Queue(), queue.Queue()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(self.path))
        self.server.listen(16)
        case.addCleanup(self.server.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as real:
            request = client.recv(65536)
            if request[4:5] == b"L":
                self.searches.put(request)
                self.ended.put(client.recv(1))
                return
            real.connect(str(self.real))
            real.sendall(request)
            while answer := real.recv(65536):
                client.sendall(answer)
            self.summaries.put(request)


class Costs(Web):
    """A04 insecure design: bounds on all that a client can ask for."""

    def test_a_search_that_nobody_waits_for_ends_and_health_needs_no_place(self):
        self.control("journalbytes", "0")
        self.start_queue()
        send = SlowSend(self, self.home)
        self.sign_in()
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.jar.items())

        def search():
            one = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
            self.addCleanup(one.close)
            one.sendall(b"GET /queue?sender=x HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: %s\r\n\r\n"
                        % (self.port, cookies.encode()))
            return one

        gone = [search(), search()]
        for _ in gone:
            send.searches.get(timeout=WAIT)
        while not send.summaries.empty():
            send.summaries.get()
        send.summaries.get(timeout=WAIT)  # The plots go on meanwhile.
        self.wait_health(200)
        for one in gone:
            one.close()
        for _ in gone:
            self.assertEqual(b"", send.ended.get(timeout=4))  # Before any limit of time.
        self.assertTrue(send.searches.empty())
        search()
        send.searches.get(timeout=4)

    def test_a_search_without_an_answer_is_given_up(self):
        self.start_queue()
        SlowSend(self, self.home)
        self.sign_in()
        answer = self.browser.get("/queue")
        self.assertEqual(503, answer.status)
        self.assertIn("no answer from qmail-send", answer.text)

    def status(self, data, patience=WAIT):
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as one:
            try:
                one.sendall(data)
                got = one.recv(65536)
            except ConnectionError:
                return 0
            return int(got.split(b" ")[1]) if got.startswith(b"HTTP/1.1 ") else 0

    def test_sizes_are_bounded(self):
        self.sign_in()
        head = b"Host: 127.0.0.1:%d\r\n" % self.port
        self.assertEqual(414, self.status(b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\n" + head + b"\r\n"))
        self.assertEqual(431, self.status(
            b"GET /login HTTP/1.1\r\n" + head + b"X: " + b"a" * 20000 + b"\r\n\r\n"))
        self.assertEqual(431, self.status(
            b"GET /login HTTP/1.1\r\n" + head + b"X: a\r\n" * 60 + b"\r\n"))
        form = (head + b"Origin: http://127.0.0.1:%d\r\n" % self.port
                + b"Content-Type: application/x-www-form-urlencoded\r\n")
        self.assertEqual(413, self.status(
            b"POST /login HTTP/1.1\r\n" + form + b"Content-Length: 100000\r\n\r\n" + b"a" * 20000))
        many = b"&".join(b"a=1" for _ in range(500))
        self.assertEqual(400, self.status(
            b"POST /login HTTP/1.1\r\n" + form + b"Content-Length: %d\r\n\r\n" % len(many) + many))
        self.assertEqual(415, self.browser.post(
            "/login", headers={"Content-Type": "application/json"}).status)
        self.assertEqual(405, self.browser.ask("PUT", "/login").status)

    def test_a_slow_client_is_let_go_and_keeps_nobody_waiting(self):
        slow = [socket.create_connection(("127.0.0.1", self.port), timeout=WAIT) for _ in range(30)]
        for one in slow:
            one.sendall(b"GET /login HTTP/1.1\r\nHost:")
        self.assertEqual(200, self.browser.get("/login").status)
        for one in slow:
            while one.recv(4096):
                pass
            one.close()

    def test_connections_are_bounded(self):
        many, closed = [], 0
        for _ in range(150):
            try:
                many.append(socket.create_connection(("127.0.0.1", self.port), timeout=WAIT))
            except ConnectionError:
                closed += 1
        if os.geteuid() == 0:  # Another user has places of his own.
            other = subprocess.run(
                ["setpriv", "--reuid", str(NOBODY), "--clear-groups", "curl", "-sS", "-o", "/dev/null",
                 "-w", "%{http_code}", f"http://127.0.0.1:{self.port}/login"],
                capture_output=True, timeout=WAIT)
            self.assertEqual(b"200", other.stdout, other.stderr)
        for one in many:
            one.settimeout(0.2)
            try:
                closed += one.recv(1) == b""
            except TimeoutError:
                pass
            except ConnectionError:
                closed += 1
        self.assertIn(closed, (118, 119))  # Of 150; the test's own first one may be there yet.
        for one in many:
            one.close()
        deadline = time.monotonic() + WAIT
        while True:
            try:
                self.assertEqual(200, self.browser.get("/login").status)
                return
            except ConnectionError:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)

    def test_odd_types_of_a_form_do_not_end_it(self):
        form = "application/x-www-form-urlencoded"
        for kind in (form + ";;;", form + ";charset=utf-7", form + "; charset=\"", form + "x", "/", ";",
                     "multipart/form-data", "multipart/form-data; boundary=x", form + ";charset=nonsense"):
            answer = self.browser.post("/login", ("password", "x"), headers={"Content-Type": kind})
            self.assertIn(answer.status, (400, 403, 415), kind)
        self.assertIsNone(self.process.poll(), dashboard.read(self.log))

    def test_nonsense_does_not_end_it(self):
        for data in (b"\0" * 100, b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n"
                     b"\r\nSM\r\n\r\n", b"POST /login HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: "
                     b"chunked\r\nHost: 127.0.0.1\r\n\r\n0\r\n\r\n"):
            self.assertIn(self.status(data), (0, 400, 413, 421, 505), data)
        self.assertIsNone(self.process.poll())
        self.assertEqual(200, self.browser.get("/login").status)


class Rights(Web):
    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_the_password_file_is_read_by_its_owner_alone(self):
        self.assertEqual(0o700, (self.home / "web").stat().st_mode & 0o777)
        result = subprocess.run(["cat", self.home / "web/password"], user=NOBODY, group=NOBODY,
                                capture_output=True, timeout=WAIT)
        self.assertNotEqual(0, result.returncode)


if __name__ == "__main__":
    unittest.main()

"""The dashboard in a browser: headless Chromium by Playwright, on a host of `kopis run`.

Screenshots of each page, at the desk and on a phone, in the light and in the dark, go to `KOPIS_SHOTS`
(out/screenshots).
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import smtplib
import subprocess
import time
import unittest
import urllib.parse

from host import BINARY, ROOT, Host, free_port

SHOTS = pathlib.Path(os.environ.get("KOPIS_SHOTS", ROOT / "out/screenshots"))
BROWSER = ROOT / "tests/system/browser"
CHROMIUM = shutil.which("chromium")
PAGES = ("/", "/queue", "/deliveries", "/destinations", "/refusals", "/trace", "/users", "/checks",
         "/config", "/config?name=control/destinations")
DESK, PHONE = (1280, 900), (360, 740)


class Driver:
    """One browser."""

    def __init__(self, base):
        self.base = base
        self.process = subprocess.Popen(
            ["node", BROWSER / "driver.mjs", CHROMIUM], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def __call__(self, action, **options):
        self.process.stdin.write(json.dumps({"do": action, **options}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line or '{"error": "the browser ended"}')
        if "error" in answer:
            raise AssertionError(f"{action} {options}: {answer['error']}")
        return answer["ok"]

    def open(self, size=DESK, scheme="light", script=True):
        self("open", base=self.base, width=size[0], height=size[1], scheme=scheme, script=script)

    def sign_in(self, password):
        self("goto", path="/login")
        self("fill", label="Password", value=password)
        self("press", key="Enter")
        self("wait", text="Oldest message")

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


class WebHost(Host):
    """A host with a dashboard: its binary lies beside."""

    def __init__(self, **options):
        super().__init__(**options)
        shutil.copy(BINARY.parent / "kopis-web", self.base)
        self.web_port = free_port()

    def popen(self, *arguments, **options):
        return super().popen("--web", f"127.0.0.1:{self.web_port}", *arguments, **options)

    def start(self):
        super().start()
        if found := re.search(r"^  web +(http://\S+) +password (\S+) ", self.log(), re.M):
            self.web, self.web_password = found.groups()


@unittest.skipUnless(CHROMIUM and shutil.which("node") and (BROWSER / "node_modules").exists(),
                     "needs chromium and node; in tests/system/browser: npm ci --ignore-scripts")
class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = WebHost()
        cls.addClassCleanup(cls.host.close)
        cls.sink_port = free_port()
        cls.host.control("smtproutes", f":127.0.0.1:{cls.sink_port}")
        cls.host.start()
        cls.host.add_mailbox()
        cls.browser = Driver(cls.host.web.rstrip("/"))
        cls.addClassCleanup(cls.browser.close)
        SHOTS.mkdir(parents=True, exist_ok=True)

    def setUp(self):
        self.browser.open()
        self.browser.sign_in(self.host.web_password)

    def send(self, count=1, subject="s", recipients=None):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=30) as client:
            for _ in range(count):
                client.sendmail("joe@far.example", recipients or [self.host.address],
                                f"Subject: {subject}\r\n\r\n")

    def check_quiet(self):
        self.assertEqual([], self.browser("said"))
        self.assertEqual([], self.browser("foreign"))

    def test_1_every_page_at_the_desk_and_on_a_phone_in_the_light_and_in_the_dark(self):
        self.send(3)
        self.host.wait_mail(self.host.address, 3)
        with contextlib.suppress(smtplib.SMTPException):
            self.send(recipients=["nobody@elsewhere.example"])
        self.assertEqual(0, self.host.run(
            "destinations", "pause", f"relay [127.0.0.1]:{self.sink_port}").returncode)
        self.host.run("qmail-inject", "late@later.example", input=b"Subject: late\n\n")
        self.wait_text("/queue", "late@later.example")
        address = urllib.parse.quote(self.host.address)
        for path in (*PAGES, f"/trace?q={address}", "/login"):
            backgrounds = set()
            for size, name in ((DESK, "desk"), (PHONE, "phone")):
                for scheme in ("light", "dark"):
                    with self.subTest(path=path, size=name, scheme=scheme):
                        self.browser("size", width=size[0], height=size[1])
                        self.browser("scheme", scheme=scheme)
                        self.assertEqual(200, self.browser("goto", path=path))
                        self.assertLessEqual(self.browser("overflow"), 0)
                        self.assertEqual([], self.browser("axe"))
                        backgrounds.add(self.browser("background"))
                        shot = re.sub(r"\W+", "-", path.strip("/")) or "overview"
                        self.browser("screenshot",
                                     path=str(SHOTS / f"{shot[:40]}-{name}-{scheme}.png"))
            self.assertEqual(2, len(backgrounds), path)
        self.check_quiet()

    def test_5_own_page_of_a_mail_user(self):
        """At each size and in each scheme, as the pages of the administrator; and without a script."""
        self.browser.open()
        for path in ("/own/login", "/own", "/own?did=mail"):
            if path == "/own":
                self.browser("fill", label="Address", value=self.host.address)
                self.browser("fill", label="Password of your mail", value=self.host.password)
                self.browser("press", key="Enter")
                self.browser("wait", text="While you are away")
            for size, name in ((DESK, "desk"), (PHONE, "phone")):
                for scheme in ("light", "dark"):
                    with self.subTest(path=path, size=name, scheme=scheme):
                        self.browser("size", width=size[0], height=size[1])
                        self.browser("scheme", scheme=scheme)
                        self.assertEqual(200, self.browser("goto", path=path))
                        self.assertLessEqual(self.browser("overflow"), 0)
                        self.assertEqual([], self.browser("axe"))
                        shot = re.sub(r"\W+", "-", path.strip("/"))
                        self.browser("screenshot", path=str(SHOTS / f"{shot}-{name}-{scheme}.png"))
        self.browser("fill", label="Addresses that each message goes to, one a line",
                     value="joe@far.example")
        self.browser("check", name="Answer who writes to you, once in seven days")
        self.browser("fill", label="The answer", value="I am away until Monday.")
        self.browser("click", role="button", name="Save")
        self.browser("wait", text="Saved.")
        dot = self.host.home / "users/mail" / self.host.me / self.host.address.partition("@")[0]
        self.assertEqual("./Maildir/\n&joe@far.example\n|vacation\n", (dot / ".qmail").read_text())
        self.assertEqual([], self.browser("said"))
        self.browser("fill", label="Addresses that each message goes to, one a line", value="|id")
        self.browser("click", role="button", name="Save")
        self.browser("wait", text="not an address to forward to")
        self.assertEqual([], self.browser("axe"))
        self.assertEqual([], self.browser("foreign"))
        self.browser.open(script=False)
        self.browser("goto", path="/own/login")
        self.browser("fill", label="Address", value=self.host.address)
        self.browser("fill", label="Password of your mail", value=self.host.password)
        self.browser("press", key="Enter")
        self.browser("wait", text="While you are away")
        (dot / ".qmail").unlink()

    def test_2_plots_move_under_load(self):
        line = '[data-line="rates.delivered"]'
        before = self.browser("attribute", selector=line, name="points")
        self.send(20)
        deadline = time.monotonic() + 60
        while True:
            now = self.browser("attribute", selector=line, name="points")
            top = int(self.browser("content", selector='[data-top="rates"]'))
            if now != before and top > 1:
                break
            self.assertLess(time.monotonic(), deadline, "the plot stands still")
            time.sleep(0.5)
        self.browser("screenshot", path=str(SHOTS / "overview-under-load.png"))
        self.check_quiet()

    def test_3_search_hold_and_release_a_message(self):
        self.host.run("qmail-inject", "found@later.example", input=b"Subject: found\n\n")
        self.wait_text("/queue", "found@later.example")
        self.browser("fill", label="Recipient", value="found@later.example")
        self.browser("click", role="button", name="Search")
        text = self.browser("text")
        self.assertIn("found@later.example", text)
        self.assertNotIn("late@later.example", text)
        number = re.search(r"\b(\d{5,})\b", text)[1]
        self.browser("click", role="link", name=number)
        self.browser("click", role="button", name="Hold")
        self.browser("wait", text="hold: 1 recipients.")
        self.assertIn("held", self.browser("text"))
        self.host.wait_log(rf"^command hold by uid \d+.*\n(.*\n)*?hold msg {number}: 1 recipients")
        self.browser("click", role="button", name="Release")
        self.browser("wait", text="release: 1 recipients.")
        self.assertNotIn("\theld", self.browser("text"))
        self.browser("click", role="button", name="Remove…")
        self.browser("wait", text="This cannot be taken back")
        self.browser("click", role="button", name="Remove")
        self.browser("wait", text="remove: 1 recipients.")
        self.assertNotIn("found@later.example", self.browser("text"))
        self.check_quiet()

    def test_4_by_keyboard_with_a_focus_that_shows(self):
        self.browser("goto", path="/queue")
        seen = []
        for _ in range(14):
            self.browser("press", key="Tab")
            tag, name, outline = self.browser("focused")
            seen.append(name)
            self.assertNotEqual("none", outline, (tag, name))
        self.assertEqual("Skip to content", seen[0])
        self.assertEqual(["Overview", "Queue"], seen[1:3])
        self.assertIn("Sign out", seen)

    def test_5_it_reads_without_a_script(self):
        self.browser.open(script=False)
        self.browser.sign_in(self.host.web_password)
        for path in PAGES:
            self.assertEqual(200, self.browser("goto", path=path), path)
        self.browser("goto", path="/")
        self.assertRegex(self.browser("attribute", selector='[data-line="rates.received"]',
                                      name="points"), r"\A0,[\d., ]+\Z")

    def test_6_wrong_passwords_are_throttled(self):
        self.browser.open()
        for _ in range(11):
            self.browser("goto", path="/login")
            self.browser("fill", label="Password", value="wrong")
            self.browser("press", key="Enter")
            self.browser("wait", text="rong password" if _ == 10 else "The password is wrong.")
        self.browser("wait", text="Too many wrong passwords")
        self.browser("screenshot", path=str(SHOTS / "login-throttled.png"))

    def wait_text(self, path, text):
        deadline = time.monotonic() + 30
        while True:
            self.browser("goto", path=path)
            if text in self.browser("text"):
                return
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)


if __name__ == "__main__":
    unittest.main()

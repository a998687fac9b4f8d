"""A mail user's own page of kopis-web(8), where all of Kopis is one user: who gets in, what is written,
and what is not. On an installed host: system/test_dashboard_own."""

import os
import subprocess
import time
import unittest

import dashboard
from dashboard import Browser
from harness import BIN, NOBODY
from test_qmail_queue import WAIT
from test_web import PAGES, Web

VERA, PAUL = "vera@virtual.example", "paul@virtual.example"
SECRET = "battery staple"
FORM = {"forwards": "", "copy": "yes", "away": "", "text": ""}


class Own(Web):
    def setUp(self):
        super().setUp()
        self.control("logintries", "2")
        for name in (VERA, PAUL):
            result = self.kopis("add", name, "--password-file", "-", "--new-domain",
                                stdin=SECRET.encode() + b"\n")
            self.assertEqual(0, result.returncode, result)
        self.mailbox = self.home / "users/mail/virtual.example/vera"
        self.start_lookup()

    def start_lookup(self):
        lookup = subprocess.Popen(
            [BIN / "qmail-lookup", "--single-user", "--serve"], env=self.environment(),
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lookup.wait, WAIT)
        self.addCleanup(lookup.kill)
        deadline = time.monotonic() + WAIT
        while not (self.home / "users/lookup").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def kopis(self, *words, **options):
        return self.run_program("kopis", "user", *words, **options)

    def enter(self, name=VERA, password=SECRET, browser=None):
        browser = browser or Browser(self.port)
        answer = browser.post("/own/login", ("name", name), ("password", password))
        return browser, answer

    def user(self, **options):
        browser, answer = self.enter(**options)
        self.assertEqual((303, "/own"), (answer.status, answer.header("Location")), answer.text)
        return browser

    def save(self, browser, **fields):
        token = browser.get("/own").token
        given = {**FORM, **fields}
        return browser.post("/own/mail", ("csrf", token),
                            *((name, value) for name, value in given.items() if value))

    def dot(self):
        path = self.mailbox / ".qmail"
        return path.read_text() if path.exists() else None


class Access(Own):
    """A01, A07."""

    def test_a_user_is_no_administrator_nor_the_other_way_round(self):
        user = self.user()
        self.assertIn(VERA, user.get("/own").text)
        for path in (*PAGES, "/message?n=1"):
            answer = user.get(path)
            self.assertEqual((303, "/login"), (answer.status, answer.header("Location")), path)
        token = user.get("/own").token
        for path in ("/act", "/destination", "/checks", "/logout"):
            self.assertEqual(401, user.post(path, ("csrf", token), ("verb", "remove")).status, path)
        self.assertEqual(401, user.get("/live").status)
        user.jar["kopis-session"] = user.jar["kopis-own-session"]
        self.assertEqual(303, user.get("/config").status)
        self.sign_in()
        self.browser.jar["kopis-own-session"] = self.browser.jar["kopis-session"]
        self.assertEqual("/own/login", self.browser.get("/own").header("Location"))
        self.assertEqual(401, self.browser.post("/own/mail", ("forwards", "x@y.example")).status)

    def test_forms_need_their_token_and_our_origin(self):
        user, other = self.user(), self.user(name=PAUL)
        for token in ("", "x", other.get("/own").token):
            for path in ("/own/mail", "/own/password", "/own/logout"):
                self.assertEqual(403, user.post(
                    path, ("csrf", token), ("forwards", "x@far.example"), ("copy", "yes")).status)
        token = user.get("/own").token
        self.assertEqual(403, user.post(
            "/own/mail", ("csrf", token), ("forwards", "x@far.example"),
            origin="http://evil.example").status)
        self.assertIsNone(self.dot())
        for path in ("/own/mail", "/own/password", "/own/logout", "/own/x"):
            self.assertEqual(404, user.get(f"{path}?csrf={token}&forwards=x@y.example").status)
        self.assertEqual(303, user.post("/own/logout", ("csrf", token)).status)
        self.assertEqual(303, user.get("/own").status)

    def test_guesses_are_slowed_down_and_bounded_and_a_known_browser_gets_in(self):
        known = self.user()
        del known.jar["kopis-own-session"]
        began = time.monotonic()
        seen = [self.enter(password=f"guess {i}")[1].status for i in range(4)]
        self.assertEqual([403, 403, 403, 403], seen)  # Refused looks like wrong.
        self.assertGreater(time.monotonic() - began, 4)
        self.assertEqual(403, self.enter()[1].status)
        # Another name has no use for that cookie.
        self.assertEqual(403, self.enter(name=PAUL, browser=known)[1].status)
        self.assertEqual(303, self.enter(browser=known)[1].status)
        log = dashboard.read(self.log)
        self.assertIn(b"kopis-web: login of %s by uid %d: failed\n" % (VERA.encode(), os.getuid()), log)
        self.assertNotIn(SECRET.encode(), log)

    def test_a_name_is_taken_as_pop3_takes_it(self):
        known = self.user(name=" Vera@Virtual.example ")
        del known.jar["kopis-own-session"]
        for i in range(2):
            self.enter(password=f"guess {i}")
        self.assertEqual(303, self.enter(browser=known)[1].status)

    def test_names_that_are_none_are_wrong_passwords(self):
        for name in ("", "nobody@virtual.example", "../vera", "x" * 500, "a\0b", "<script>"):
            browser, answer = self.enter(name=name)
            self.assertIn(answer.status, (400, 403, 429), name)
            self.assertNotIn("<script>", answer.text)
            self.assertNotIn("kopis-own-session", browser.jar)
        self.assertIsNone(self.process.poll())

    def test_a_lock_ends_the_session(self):
        user = self.user()
        self.assertEqual(0, self.kopis("lock", VERA).returncode)
        page = user.get(user.get("/own").header("Location"))
        self.assertIn("Your session has ended: the account was locked", page.text)
        self.assertEqual(403, self.enter()[1].status)
        self.kopis("unlock", VERA)
        self.assertEqual("/own/login", user.get("/own").header("Location"))

    def test_after_a_lock_or_a_new_password_the_next_save_is_refused_and_says_why(self):
        for words, stdin in ((("lock", VERA), b""),
                             (("password", VERA, "--password-file", "-"), b"another secret\n")):
            user = self.user()
            token = user.get("/own").token
            result = self.kopis(*words, stdin=stdin)
            self.assertEqual(0, result.returncode, result)
            answer = user.post("/own/mail", ("csrf", token), ("forwards", "x@far.example"),
                               ("copy", "yes"))
            self.assertEqual(401, answer.status)
            self.assertIn("Nothing was done. Your session has ended: the account was locked or removed, or "
                          "its password was changed", answer.text)
            self.assertIsNone(self.dot())
            self.kopis("unlock", VERA)

    def test_a_user_who_signs_in_often_ends_his_own_sessions(self):
        self.sign_in()
        other = self.user(name=PAUL)
        many = [self.user() for _ in range(5)]
        self.assertEqual([303, 200, 200, 200, 200], [one.get("/own").status for one in many])
        self.assertEqual(200, other.get("/own").status)
        self.assertEqual(200, self.browser.get("/config").status)

    def test_cookies_are_for_this_host_and_no_script(self):
        _, answer = self.enter()
        self.assertEqual(2, len(answer.cookies()))
        for line in answer.cookies():
            words = [word.strip().lower() for word in line.split(";")]
            self.assertTrue({"httponly", "samesite=strict", "path=/"} <= set(words), line)

    def test_without_qmail_lookup_nobody_gets_in(self):
        (self.home / "users/lookup").unlink()
        self.assertEqual(429, self.enter()[1].status)


class Mail(Own):
    def test_forwards_and_answers_become_instructions(self):
        user = self.user()
        # Before the @ case is the other host's.
        self.assertEqual(303, self.save(user, forwards=" Joe@Far.example \r\n\r\nb@far.example").status)
        self.assertEqual("./Maildir/\n&Joe@far.example\n&b@far.example\n", self.dot())
        self.assertEqual(0o600, (self.mailbox / ".qmail").stat().st_mode & 0o777)
        self.assertIn("Joe@far.example\nb@far.example</textarea>", user.get("/own").text)
        self.assertEqual(303, self.save(user, copy="", forwards="b@far.example").status)
        self.assertEqual("&b@far.example\n", self.dot())
        (self.mailbox / ".vacation.senders").write_text("1 a@b.example\n")
        text = "To: be honest,\r\nI am away. \u2603"
        self.assertEqual(303, self.save(user, away="yes", text=text).status)
        self.assertEqual("./Maildir/\n|vacation\n", self.dot())
        self.assertEqual("Subject: Auto: $SUBJECT\n\nTo: be honest,\nI am away. \u2603\n",
                         (self.mailbox / ".vacation.msg").read_text())
        self.assertFalse((self.mailbox / ".vacation.senders").exists())
        self.assertIn("To: be honest,\nI am away. \u2603</textarea>", user.get("/own").text)
        self.assertEqual(303, self.save(user, text=text).status)
        self.assertIsNone(self.dot())  # The default delivery.
        self.assertIn(b"kopis-web: mail of vera@virtual.example: 0 forwards, a copy, not answered\n",
                      dashboard.read(self.log))

    def test_only_addresses_are_forwarded_to(self):
        user = self.user()
        for line in ("|id", "&|id", "./Maildir/", "/tmp/x", "a@b.example\n|id", "#a@b.example", "a", "a@",
                     "a@b.example |id", "a@b\u00e4.example", "\"|id\"@b.example", "a@b.example\0x",
                     "\n".join(f"a{i}@b.example" for i in range(11)), VERA, VERA.title(), "x" * 300 + "@b.example"):
            answer = self.save(user, forwards=line)
            self.assertEqual(400, answer.status, line)
            self.assertIsNone(self.dot(), line)
        self.assertEqual(400, self.save(user, copy="").status)  # Nobody throws mail away here.
        self.assertEqual(400, self.save(user, away="yes", text=" \n").status)
        self.assertEqual(400, self.save(user, away="yes", text="a\x1b[2Jb").status)
        self.assertEqual(400, self.save(user, away="yes", text="x" * 2001).status)
        self.assertIsNone(self.dot())

    def test_instructions_that_it_does_not_know_stay(self):
        user = self.user()
        token = user.get("/own").token
        path = self.mailbox / ".qmail"
        for text in ("|bouncesaying no\n", "./Mailbox\n", "|vacation; id\n", "|vacation `id`\n",
                     "|vacationx\n", "./Maildir/\n./Maildir/\n", "&joe\n", "+list\n"):
            path.write_text(text)
            page = user.get("/own").text
            self.assertIn("instructions that this page does not know", page, text)
            self.assertNotIn('name="forwards"', page)
            self.assertIn('name="current"', page)
            answer = user.post("/own/mail", ("csrf", token), ("forwards", "x@far.example"))
            self.assertEqual(400, answer.status)
            self.assertEqual(text, path.read_text())
        path.write_text("# mine\n./Maildir/ \t\n|vacation -a v@virtual.example -t 3\n")
        (self.mailbox / ".vacation.msg").write_text("away\n")
        self.assertEqual(
            303, self.save(user, forwards="x@far.example", away="yes", text="away").status)
        self.assertEqual("# mine\n./Maildir/\n&x@far.example\n|vacation -a v@virtual.example -t 3\n",
                         path.read_text())
        answer = self.save(user, forwards="x@far.example", text="away")  # Its options would be lost.
        self.assertEqual(400, answer.status)
        self.assertIn("|vacation -a v@virtual.example -t 3\n", path.read_text())

    def test_an_answer_that_was_written_by_hand_stays(self):
        user = self.user()
        path = self.mailbox / ".vacation.msg"
        for text in ("Subject: Away\nFrom: v@virtual.example\n\nI am away.\n", "x" * 3000, "x" * 100_000):
            path.write_text(text)
            page = user.get("/own").text
            self.assertIn("written by hand", page)
            self.assertNotIn('name="text"', page)
            self.assertEqual(303, self.save(user, forwards="x@far.example", byhand="yes").status)
            self.assertEqual("./Maildir/\n&x@far.example\n", self.dot())
            self.assertEqual(400, self.save(user, text="another").status)
            self.assertEqual(text, path.read_text())

    def test_the_mode_of_instructions_stays(self):
        user = self.user()
        path = self.mailbox / ".qmail"
        path.write_text("&a@far.example\n")
        path.chmod(0o744)
        self.assertEqual(303, self.save(user, copy="", forwards="b@far.example").status)
        self.assertEqual(("&b@far.example\n", 0o744), (self.dot(), path.stat().st_mode & 0o777))
        # By the x bit it only forwards: mail to a mailbox would be put off.
        self.assertEqual(400, self.save(user, forwards="b@far.example").status)
        self.assertEqual("&b@far.example\n", self.dot())

    def test_a_hostile_home_is_left_alone(self):
        user = self.user()
        token = user.get("/own").token
        secret = self.home / "control/secret"
        secret.write_text("unguessable\n")
        for name in (".qmail", ".vacation.msg"):
            path = self.mailbox / name
            for make in (lambda: path.symlink_to(secret), lambda: os.mkfifo(path), path.mkdir,
                         lambda: path.write_bytes(bytes(100_000))):
                make()
                self.assertNotIn("unguessable", user.get("/own").text)
                answer = user.post("/own/mail", ("csrf", token), ("forwards", "x@far.example"),
                                   ("copy", "yes"))
                self.assertEqual(400, answer.status)
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        if os.geteuid() == 0:
            (self.mailbox / ".qmail").write_text("&x@far.example\n")
            os.chown(self.mailbox / ".qmail", NOBODY, NOBODY)
            self.assertNotIn("x@far.example", user.get("/own").text)
            (self.mailbox / ".qmail").unlink()
        self.mailbox.chmod(0o777)
        self.assertIn("alone", user.get("/own").text)
        self.mailbox.chmod(0o700)
        guard = self.mailbox / ".vacation.lock"
        guard.unlink(missing_ok=True)
        guard.symlink_to(secret)
        self.assertEqual(400, self.save(user, away="yes", text="away").status)
        guard.unlink()
        for name in (".qmail.kopis-new", ".vacation.msg.kopis-new"):  # Where the new file is made.
            (self.mailbox / name).symlink_to(secret)
        self.assertEqual(303, self.save(user, away="yes", text="away").status)
        self.assertEqual("unguessable\n", secret.read_text())

    def test_what_the_files_say_is_text(self):
        """A03 injection."""
        (self.mailbox / ".vacation.msg").write_text(
            "</textarea><script>alert(1)</script>\n")
        text = self.user().get("/own").text
        self.assertNotIn("<script>alert", text)
        self.assertIn("&lt;/textarea&gt;&lt;script&gt;alert(1)", text)


class Passwords(Own):
    def change(self, browser, current=SECRET, wanted="another staple", again=None):
        return browser.post(
            "/own/password", ("csrf", browser.get("/own").token), ("current", current),
            ("wanted", wanted), ("again", wanted if again is None else again))

    def test_a_user_changes_his_own(self):
        user, elsewhere, other = self.user(), self.user(), self.user(name=PAUL)
        before = (self.home / "users/virtual").read_text()
        for fields in ({"current": "wrong"}, {"again": "differs"}, {"wanted": "short"}, {"wanted": ""},
                       {"wanted": "new\nline here"}, {"wanted": "x" * 200}):
            answer = self.change(user, **fields)
            self.assertEqual(400, answer.status, fields)
            self.assertIn('role="status"', answer.text)
        self.assertEqual(before, (self.home / "users/virtual").read_text())
        answer = self.change(user)
        self.assertEqual((303, "/own/login?did=password"), (answer.status, answer.header("Location")))
        for browser in (user, elsewhere):  # Sessions end, as with kopis user password.
            self.assertEqual(303, browser.get("/own").status)
        self.assertEqual(200, other.get("/own").status)
        self.assertEqual(403, self.enter()[1].status)
        self.user(password="another staple")
        log = dashboard.read(self.log)
        self.assertIn(b"kopis-web: password of vera@virtual.example: changed\n", log)
        self.assertNotIn(b"staple", log)

    def test_who_does_not_know_the_current_one_has_to_sign_in_again(self):
        user = self.user()
        seen = [self.change(user, current="wrong").header("Location") for _ in range(3)]
        self.assertEqual([None, None, "/own/login"], seen)
        self.assertEqual(303, user.get("/own").status)
        self.user()

    def test_the_program_asks_for_the_current_one_and_takes_its_time(self):
        for lines in (b"", b"x\n", b"\n\n\n", b"%s\nwrong\nlong enough\n" % VERA.encode(),
                      b"%s\n%s\nlong enough\nmore\n" % (VERA.encode(), SECRET.encode()),
                      b"nobody@virtual.example\nx\nlong enough\n", b"\0" * 3000):
            result = self.kopis("change-password", stdin=lines)
            self.assertNotEqual(b"changed\n", result.stdout, lines)
        began = time.monotonic()
        result = self.kopis("change-password", stdin=b"%s\nwrong\nlong enough\n" % VERA.encode())
        self.assertEqual(b"kopis user: change-password: wrong password for %s\n" % VERA.encode(),
                         result.stderr)
        self.assertGreater(time.monotonic() - began, 3)
        result = self.kopis("change-password", stdin=b"\x1b[2J%s\nwrong\nlong enough\n" % (b"x" * 500))
        self.assertRegex(
            result.stderr, rb"\Akopis user: change-password: wrong password for _\[2Jx{316}\n\Z")
        self.kopis("lock", VERA)
        result = self.kopis("change-password",
                            stdin=b"%s\n%s\nlong enough\n" % (VERA.encode(), SECRET.encode()))
        self.assertEqual(b"the current password is wrong\n", result.stdout)
        self.kopis("unlock", VERA)
        result = self.kopis("change-password",
                            stdin=b"%s\n%s\nlong enough\n" % (VERA.encode(), SECRET.encode()))
        self.assertEqual((0, b"changed\n"), (result.returncode, result.stdout))

    def test_the_old_password_opens_nothing_whatever_becomes_of_other_files(self):
        secrets = self.home / "users/apop"
        secrets.write_text(f"{VERA}:{SECRET}\n")
        secrets.chmod(0o600)
        (self.home / "users/dovecot.passwd").mkdir()  # It cannot be written.
        result = self.kopis("change-password",
                            stdin=b"%s\n%s\nlong enough\n" % (VERA.encode(), SECRET.encode()))
        self.assertRegex(result.stdout, rb"\A[^\n]+\n\Z")
        self.assertNotEqual(b"changed\n", result.stdout)
        self.assertNotIn(VERA, secrets.read_text())


if __name__ == "__main__":
    unittest.main()

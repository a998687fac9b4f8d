"""kopis config: all that is wrong with the control files at once, and what each file means."""

import pathlib
import re
import subprocess
import unittest

from harness import BIN, ProgramCase

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Config(ProgramCase):
    def config(self, *words, code=0):
        result = self.run_program("kopis", "config", *words)
        self.assertEqual((code, b""), (result.returncode, result.stderr))
        return result.stdout.decode()


class Check(Config):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")

    def problems(self, *words):
        return self.config("check", *words, code=100).splitlines()

    def test_nothing_is_wrong_and_nothing_is_said(self):
        self.assertEqual("", self.config("check"))

    def test_all_that_is_wrong_is_said_at_once(self):
        """Before, a program named the first thing that stopped it; the next came after the next
        start."""
        for name, *lines in (
                ("concurrencylocal", "many"), ("maxrcpt", "0"), ("queuelifetime", "-1"),
                ("queuememory", "1"), ("loginwindow", "1.5"), ("queueshare", "0"),
                ("dnslists", "zen.example", "zen.example:x"), ("clientlimits", "# no", "all:1"),
                ("xclients", "10.1"), ("proxyclients", "::1", "nobody"),
                ("smtpextensions", "-PIPELINING", "SIZE"), ("senders", "joe"),
                ("clientname", "perhaps"), ("saslmechanisms", "MAGIC"),
                ("smtproutes", "a.example:b.example:99999", "x.example:y", "c.example::25"),
                ("tlspolicy", "a.example:always"), ("resolvers", "127.0.0.1", "ns.example"),
                ("tcprules.txt", ":allow", ":perhaps"), ("acme", "agree", "please"),
                ("oauthissuer", "https://issuer.example"), ("clientcert.pem", "no key"),
                ("serverca.pem", "no certificate"), ("servercert.pem", "no key"),
                ("acmeca.pem", "no certificate"), ("morercpthosts.cdb", "no cdb"),
                ("helohost", "two words"), ("replies", "* code=421 pause=9", "* pause=9"),
                ("retryschedule", "quota 10"), ("sourceaddresses", "* 192.0.2", "192.0.2.1"),
                ("helohosts", "mx.example 192.0.2.1"), ("bindroutes", "192.0.2.1"),
                ("moreipme", "10.1"), ("notipme", "here"), ("mxps", "yes")):
            self.control(name, *lines)
        (self.home / "control/locals").unlink(missing_ok=True)
        (self.home / "control/locals").mkdir()
        lines = self.problems()
        for start in (
                'concurrencylocal: "many" is not a whole number from 0 to 255',
                'maxrcpt: "0" is not a whole number from 1 to 40000',
                'queuelifetime: "-1" is not a whole number',
                'queuememory: "1" is not a whole number from 1048576',
                'loginwindow: "1.5" is not', 'queueshare: "0" is not',
                'dnslists: line 2: "zen.example:x" is not zone:weight:codes:families',
                'clientlimits: line 2: "all:1" is not subject:scope:count/seconds',
                'xclients: line 1: "10.1" is not an address',
                'proxyclients: line 2: "nobody" is not an address',
                'smtpextensions: line 2: "SIZE" is not -NAME',
                'senders: line 1: "joe" is not ACCOUNT:ADDRESS', "clientname: neither tag",
                "saslmechanisms: no mechanism is known", 'smtproutes: line 1: "a.example:b.example:99999"',
                'smtproutes: line 3: "c.example::25"', 'tlspolicy: line 1: "a.example:always"',
                'resolvers: line 2: "ns.example" is not IP or IP:port',
                "tcprules.txt: line 2: unable to parse this line: :perhaps",
                'acme: line 2: "please" is not understood',
                "oauthaudience: must exist if oauthissuer does",
                "clientcert.pem: no certificate and key", "serverca.pem: no certificates",
                "servercert.pem: ", "acmeca.pem: no certificates",
                "morercpthosts.cdb: damaged cdb", "helohost: a host name has no blanks",
                'replies: line 2: "*_pause=9" is not PATTERN', 'retryschedule: line 1: "quota_10"',
                'sourceaddresses: "192.0.2" is not an address',
                'sourceaddresses: line 2: "192.0.2.1" is not PATTERN and addresses',
                'helohosts: line 1: "mx.example_192.0.2.1" is not ADDRESS NAME',
                'bindroutes: line 1: "192.0.2.1" is not domain:address',
                'moreipme: line 1: "10.1" is not an address', 'notipme: line 1: "here"',
                'mxps: "yes" is not a whole number from 0 to 1',
                "locals: "):
            self.assertEqual(
                1, len([line for line in lines if line.startswith(f"control/{start}")]),
                (start, lines))
        for line in lines:
            self.assertRegex(line, r"^control/[\w.]+: \S")
        self.assertEqual(len(set(lines)), len(lines))

    def test_one_file(self):
        self.control("maxrcpt", "0")
        self.control("databytes", "x")
        self.assertEqual(1, len(self.problems("maxrcpt")))
        self.assertEqual(1, len(self.problems("control/databytes")))
        self.assertEqual("", self.config("check", "maxrcptrelay"))

    def test_warnings(self):
        """What a program would warn of is wrong too."""
        self.control("concurrencyremote", "100000")
        self.assertEqual(
            ["control/concurrencyremote: 100000 is too large, 10000 is used"], self.problems())
        (self.home / "control/concurrencyremote").unlink()
        (self.home / "control/rcpthosts").unlink()
        (self.home / "installed").write_text("")
        self.assertRegex("\n".join(self.problems()), "^control/rcpthosts: missing, so mail ")

    def test_files_that_nobody_reads(self):
        self.control("spamd.conf", "x")
        self.assertEqual(
            "control/spamd.conf: no program reads this file\n", self.config("check"))
        for name, meant in (("concurencylocal", "concurrencylocal"), ("rcpthosts~", "rcpthosts"),
                            ("virtualdomain", "virtualdomains"), ("locals.bak", "locals")):
            with self.subTest(name=name):
                self.control(name, "1")
                self.assertIn(
                    f"control/{name}: no program reads this file; did you mean {meant}?",
                    self.problems())
                (self.home / "control" / name).unlink()

    def test_a_name_with_escapes_is_shown_without(self):
        self.control("a\x1b[2Jb\n", "x")
        text = self.config("check")
        self.assertNotIn("\x1b", text)
        self.assertEqual(1, text.count("\n"))

    def test_users(self):
        (self.home / "users").mkdir(exist_ok=True)
        (self.home / "users/virtual").write_text("joe@mx.example\nann@mx.example:x:y\n")
        (self.home / "users/aliases").write_text("nonsense\n")
        (self.home / "users/cdb").write_text("no cdb")
        (self.home / "users/exclude").mkdir()
        lines = self.problems()
        for start in ("virtual: line 1 ", "virtual: line 2 ", "aliases: line 1 ", "cdb: damaged",
                      "exclude: "):
            self.assertEqual(
                1, len([line for line in lines if line.startswith(f"users/{start}")]),
                (start, lines))
        self.assertEqual(1, len(self.problems("users/cdb")))

    def test_odd_contents(self):
        """Nothing that a file may hold makes a trace, a hang or silence about it."""
        names = re.findall(r"^. (\S+/\S+)", self.config("explain"), re.M)
        self.assertGreater(len(names), 100)
        for folder in ("users", "auth"):
            (self.home / folder).mkdir(exist_ok=True)
        for content in (b"", b"\0", bytes(range(256)), b"9" * 100, b"a:" * 50000, b"\xff\n" * 9):
            for name in names:
                if name not in ("users/mail", "users/lookup", "users/readers",
                                "control/servercerts"):
                    (self.home / name).write_bytes(content)
                    (self.home / name).chmod(0o600)
            with self.subTest(content=content[:9]):
                result = self.run_program("kopis", "config", "check")
                self.assertIn(result.returncode, (0, 100))
                self.assertEqual(b"", result.stderr)
                for line in result.stdout.splitlines():
                    self.assertRegex(line, rb"^(auth|control|users)/[\w.]+: [ -~]+$")

    def test_no_control_directory(self):
        for file in (self.home / "control").iterdir():
            file.unlink()
        (self.home / "control").rmdir()
        result = self.run_program("kopis", "config", "check")
        self.assertEqual((111, b""), (result.returncode, result.stdout))
        self.assertRegex(result.stderr, rb"\Aconfig: fatal: [^\n]+\n\Z")


class Explain(Config):
    def test_all_files_in_a_line_each(self):
        lines = self.config("explain").splitlines()
        self.assertGreater(len(lines), 100)
        self.assertIn("* control/me ", "\n".join(lines))
        self.assertIn("  control/locals ", "\n".join(lines))
        for line in lines:
            self.assertRegex(line, r"^[ *] (auth|control|users)/[\w.]+ +[A-Z0-9].*\.$")

    def test_a_number(self):
        text = self.config("explain", "queuelifetime")
        self.assertIn("A number of seconds, 0 or more. Default: 604800.", text)
        self.assertIn("here: 604800 (default)\n", text)
        self.assertIn("read by: qmail-send(8)\n", text)
        self.assertIn("takes effect: in qmail-send(8) on SIGHUP\n", text)
        self.control("queuelifetime", "60")
        self.assertIn("here: 60\n", self.config("explain", "control/queuelifetime"))
        self.control("queuelifetime", "long")
        self.assertIn('"long" is not a whole number', self.config("explain", "queuelifetime"))

    def test_a_line_a_list_and_others(self):
        self.assertIn('here: "mx.example" (default)\n', self.config("explain", "bouncehost"))
        self.assertIn("qmail does not have it", self.config("explain", "maxrcpt"))
        self.control("locals", "a.example", "# no", "b\x1b.example")
        self.assertRegex(
            self.config("explain", "locals"), r"here: 2 lines\n  a\.example\n  b[ -~]+\.example\n")
        self.assertIn("here: it is not there\n", self.config("explain", "servercert.pem"))

    def test_a_password_is_not_shown(self):
        (self.home / "users").mkdir(exist_ok=True)
        (self.home / "users/apop").write_text("joe@mx.example:secret\n")
        self.assertNotIn("secret", self.config("explain", "users/apop"))

    def test_a_name_that_is_none(self):
        result = self.run_program("kopis", "config", "explain", "lokals")
        self.assertEqual((100, b""), (result.returncode, result.stdout))
        self.assertEqual(
            b"config: lokals: no program reads this file; did you mean locals?\n", result.stderr)

    def test_what_follows_from_replies_without_a_line(self):
        self.control("replies", "far.example code=421 pause=9")
        self.assertRegex(
            self.config("explain", "replies"),
            r"(?s)here: 1 lines\n  far\.example_code=421_pause=9\nafter them: \d+ lines\n.*"
            r"\n  \* code=4xx class=greylisted retry=300 said\n")

    def test_every_file_can_be_explained(self):
        names = re.findall(r"^. (\S+/\S+)", self.config("explain"), re.M)
        for name in names[::7]:
            self.assertIn(f"{name}", self.config("explain", name))


class Manual(Config):
    def test_it_is_the_page_in_the_tree(self):
        self.assertEqual((ROOT / "docs/man/qmail-control.5").read_text(), self.config("manual"))


class Words(ProgramCase):
    def test_usage(self):
        for words, code, to in ((["--help"], 0, "stdout"), ([], 100, "stderr"),
                                (["check", "a", "b"], 100, "stderr"), (["x"], 100, "stderr")):
            result = self.run_program("kopis", "config", *words)
            self.assertEqual(code, result.returncode, words)
            self.assertTrue(getattr(result, to).startswith(b"usage: kopis config check"), words)


if __name__ == "__main__":
    unittest.main()

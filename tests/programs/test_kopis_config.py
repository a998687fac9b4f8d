"""kopis config: all that is wrong with the control files at once, and what each file means."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import BIN, NOBODY, ProgramCase

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

    def test_the_same_as_json(self):
        def found(*words, code):
            said = json.loads(self.config("check", "--json", *words, code=code))
            self.assertEqual(code, said["exit"])
            return [(one["file"], one["text"], one["wrong"]) for one in said["findings"]]
        self.assertEqual([], found(code=0))
        (self.home / "control/mine\x1b[2J\udcff").write_text("x\n")
        nobody = ("control/mine_[2J___", "no program reads this file", False)
        self.assertEqual([nobody], found(code=0))
        self.control("queuelifetime", "-1")
        self.control("maxrcpt", "0")
        wrong = found(code=100)
        self.assertEqual(["control/maxrcpt", "control/queuelifetime", nobody[0]], [one[0] for one in wrong])
        self.assertEqual([True, True, False], [one[2] for one in wrong])
        self.assertRegex(wrong[0][1], '^"0" is not a whole number from 1 to 40000')
        self.assertEqual(wrong[:1], found("maxrcpt", code=100))
        self.assertEqual(wrong[1:2], found("--start", "qmail-send", code=100))
        self.assertEqual([], found("locals", code=0))

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

    def test_what_is_not_compiled_yet(self):
        """Programs read the compiled file: a change of its source does nothing, and nobody says so."""
        for source, compiled, command in (
                ("control/tcprules.txt", "control/tcprules.dat", "tcprules control/tcprules.dat "
                 "control/tcprules.tmp < control/tcprules.txt"),
                ("control/morercpthosts", "control/morercpthosts.cdb", "qmail-newmrh"),
                ("users/assign", "users/cdb", "qmail-newu")):
            with self.subTest(source):
                (self.home / source).parent.mkdir(exist_ok=True)
                (self.home / source).write_text("." if source == "users/assign" else "")
                self.assertEqual("", self.config("check"), "it may be made for another place")
                environment = {"PATH": f"{BIN}:/usr/bin:/bin", "KOPIS_HOME": str(self.home)}
                subprocess.run(["sh", "-c", command], cwd=self.home, env=environment, check=True)
                self.assertEqual("", self.config("check"))
                status = (self.home / compiled).stat()
                os.utime(self.home / source, ns=(status.st_mtime_ns + 1000,) * 2)
                wrong = [f"{source}: newer than {compiled}, which programs read; compile it: "
                         f"cd {self.home} && {command}"]
                self.assertEqual(wrong, self.problems())
                self.assertEqual(wrong, self.problems(source))
                os.utime(self.home / source, ns=(status.st_mtime_ns, status.st_mtime_ns))
                self.assertEqual("", self.config("check"))

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


class Get(Config):
    def test_values_and_defaults(self):
        self.assertEqual("604800\n", self.config("get", "queuelifetime"))
        self.assertEqual("mx.example\n", self.config("get", "bouncehost"))
        self.control("queuelifetime", "60", "more")
        self.control("locals", "a.example", "# no", "", "b.example ")
        self.assertEqual("60\n", self.config("get", "control/queuelifetime"))
        self.assertEqual("a.example\nb.example\n", self.config("get", "locals"))
        self.control("tcprules.txt", "# rules", ":allow")
        self.assertEqual("# rules\n:allow\n", self.config("get", "tcprules.txt"))

    def test_what_is_not_there_or_not_for_eyes(self):
        for name, why in (("badmailfrom", b"is not there. Without it: Any MAIL FROM is allowed."),
                          ("servercert.pem", b"it has a private key"),
                          ("tcprules.dat", b"a constant database"), ("users/apop", b"only files of"),
                          ("auth/smtproutes", b"only files of"), ("lokals", b"did you mean locals")):
            result = self.run_program("kopis", "config", "get", name)
            self.assertEqual((100, b""), (result.returncode, result.stdout), name)
            self.assertIn(why, result.stderr)
            self.assertNotIn(b"fatal", result.stderr)


class Set(Config):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")

    def file(self, name):
        return self.home / "control" / name

    def refused(self, *words, stdin=b""):
        """What is said; nothing is written."""
        before = self.contents()
        result = self.run_program("kopis", "config", *words, stdin=stdin)
        self.assertEqual((100, b""), (result.returncode, result.stdout), result.stderr)
        self.assertEqual(before, self.contents())
        return result.stderr.decode()

    def contents(self):
        return {path.name: (path.read_bytes(), path.lstat().st_ino)
                for path in (self.home / "control").iterdir()}

    def test_a_number_a_line_a_list_and_a_text(self):
        text = self.config("set", "queuelifetime", "60")
        self.assertEqual(
            "control/queuelifetime: written\n"
            "a change takes effect: in qmail-send(8) on SIGHUP\nqmail-send is not running\n", text)
        self.assertEqual("60\n", self.file("queuelifetime").read_text())
        self.assertEqual(0o644, self.file("queuelifetime").stat().st_mode & 0o777)
        self.config("set", "smtpgreeting", "mx.example at your service")
        self.assertEqual("mx.example at your service\n", self.file("smtpgreeting").read_text())
        self.config("set", "smtpextensions", "-PIPELINING", "-CHUNKING")
        self.assertEqual("-PIPELINING\n-CHUNKING\n", self.file("smtpextensions").read_text())
        result = self.run_program(
            "kopis", "config", "set", "rcpthosts", "-", stdin=b"# ours\nmx.example\n.b.example\n")
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        self.assertEqual("# ours\nmx.example\n.b.example\n", self.file("rcpthosts").read_text())
        self.assertIn("tcprules control/tcprules.dat", self.config("set", "tcprules.txt", ":allow"))
        self.assertIn("systemctl restart kopis-queue", self.config("set", "queueshare", "10"))

    def test_the_same_again_and_a_dry_run_write_nothing(self):
        before = self.contents()
        self.assertEqual("control/rcpthosts: nothing to change\n",
                         self.config("set", "rcpthosts", "mx.example"))
        self.assertIn("control/databytes: would be written\n",
                      self.config("set", "--dry-run", "databytes", "1000"))
        self.assertIn("control/rcpthosts: would be removed\n",
                      self.config("unset", "--dry-run", "rcpthosts"))
        self.assertIn("qmail-send would be notified",
                      self.config("set", "--dry-run", "queuelifetime", "1"))
        self.assertEqual("control/databytes: nothing to change\n",
                         self.config("unset", "databytes"))
        self.assertEqual(before, self.contents())

    def test_what_would_be_wrong_is_refused_with_line_and_reason(self):
        self.assertEqual(
            'control/maxrcpt: "0" is not a whole number from 1 to 40000\n'
            "config: control/maxrcpt stays as it is\n", self.refused("set", "maxrcpt", "0"))
        self.assertIn(
            'control/smtproutes: line 2: "a.example:b.example:99999"',
            self.refused("set", "smtproutes", "-",
                         stdin=b"c.example:d.example\na.example:b.example:99999\n"))
        self.assertIn('control/xclients: line 1: "10.1" is not an address',
                      self.refused("set", "xclients", "10.1"))
        self.assertIn("10000 is used", self.refused("set", "concurrencyremote", "100000"))
        self.assertIn("control/tcprules.txt: line 1: ", self.refused("set", "tcprules.txt", ":perhaps"))
        self.assertIn("control/serverca.pem: no certificates",
                      self.refused("set", "serverca.pem", "-", stdin=b"no certificate"))

    def test_what_would_make_another_file_wrong_is_refused(self):
        self.assertIn("control/oauthaudience: must exist if oauthissuer does",
                      self.refused("set", "oauthissuer", "https://issuer.example"))
        self.config("set", "oauthaudience", "mail")
        self.control("databytes", "x")  # It is wrong already, and is in nobody's way.
        self.config("set", "maxrcpt", "7")

    def test_what_may_not_be_set(self):
        for words, why in ((("set", "servercert.pem", "x"), "it has a private key"),
                           (("set", "morercpthosts.cdb", "x"), "a constant database"),
                           (("set", "users/assign", "x"), "only files of control"),
                           (("unset", "servercerts"), "it is a directory"),
                           (("set", "queuelifetime", "1", "2"), "has one line"),
                           (("set", "databytes", "1\n2"), "a value is one line")):
            self.assertIn(why, self.refused(*words))
        self.file("badhelo").symlink_to("me")
        self.assertIn("no plain file", self.refused("set", "badhelo", "x.example"))

    def test_owner_and_mode_stay(self):
        self.control("senders")
        path = self.file("senders")
        path.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(path, 12, NOBODY)
        self.config("set", "senders", "joe@mx.example:ann@mx.example")
        status = path.stat()
        self.assertEqual(0o640, status.st_mode & 0o777)
        if os.geteuid() == 0:
            self.assertEqual((12, NOBODY), (status.st_uid, status.st_gid))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_writes_in_anothers_home_as_that_user(self):
        """What he puts there leads root nowhere."""
        os.chown(self.home / "control", NOBODY, NOBODY)
        secret = self.home / "secret"
        secret.write_text("root's")
        secret.chmod(0o600)
        for number in range(os.getpid(), os.getpid() + 2000):
            self.file(f"databytes.tmp{number}").symlink_to(secret)
        self.config("set", "databytes", "1000")
        self.assertEqual("root's", secret.read_text())
        self.assertEqual(NOBODY, self.file("databytes").stat().st_uid)

    def test_a_file_is_whole_at_each_moment(self):
        """Who reads meanwhile sees the old or the new."""
        writers = []
        for values in (["a.example"] * 3000, ["b.example"] * 3000):
            content = "".join(value + "\n" for value in values).encode()
            writers.append((content, subprocess.Popen(
                [BIN / "kopis", "config", "set", "badhelo", "-"], stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, env=self.environment())))
        self.addCleanup(lambda: [process.wait(30) for _, process in writers])
        seen, whole = set(), {b"", *(content for content, _ in writers)}
        for content, process in writers:
            process.stdin.write(content)
            process.stdin.close()
        while any(process.poll() is None for _, process in writers):
            if self.file("badhelo").exists():
                seen.add(self.file("badhelo").read_bytes())
        self.assertEqual([0, 0], [process.returncode for _, process in writers])
        self.assertLessEqual(seen, whole)
        self.assertEqual([], list((self.home / "control").glob("*.tmp*")))
        self.assertIn(self.file("badhelo").read_bytes(), whole)

    def test_no_control_directory(self):
        shutil.rmtree(self.home / "control")
        result = self.run_program("kopis", "config", "set", "databytes", "1")
        self.assertEqual((111, b""), (result.returncode, result.stdout))


class Start(Config):
    """What a unit runs before its start."""

    def test_what_stops_a_program_and_nothing_else(self):
        self.control("rcpthosts", "mx.example")
        self.control("queuelifetime", "long")
        self.control("databytes", "much")
        self.control("concurrencyremote", "100000")  # A warning.
        self.control("proxyclients", "nobody")  # Ignored.
        self.control("rcpthosts~", "x")
        line = 'control/queuelifetime: "long" is not a whole number from 0 to 2147483647\n'
        self.assertEqual(line, self.config("check", "--start", "qmail-send", code=100))
        self.assertIn("control/databytes: ",
                      self.config("check", "--start", "tcpserver", "qmail-smtpd", code=100))
        for programs in (("qmail-queue", "qmail-lookup"), ("tcpserver", "qmail-popup"),
                         ("kopis-acme",)):
            self.assertEqual("", self.config("check", "--start", *programs), programs)

    def test_each_unit_names_programs_that_are(self):
        names = set()
        for unit in (ROOT / "src/Kopis.Host/Install/Units").iterdir():
            for words in re.findall(r"^(?:@ENVIRONMENT@)?ExecStartPre=.* --start (.+)$",
                                    unit.read_text(), re.M):
                names |= set(words.split())
        self.assertLessEqual({"qmail-send", "qmail-queue", "qmail-smtpd", "qmail-popup"}, names)
        self.control("rcpthosts", "mx.example")
        self.assertEqual("", self.config("check", "--start", *names))

    def test_a_program_that_reads_nothing(self):
        result = self.run_program("kopis", "config", "check", "--start", "qmail-sand")
        self.assertEqual((100, b""), (result.returncode, result.stdout))
        self.assertIn(b"qmail-sand: no program of this name", result.stderr)


class Manual(Config):
    def test_it_is_the_page_in_the_tree(self):
        self.assertEqual((ROOT / "docs/man/qmail-control.5").read_text(), self.config("manual"))


class Words(ProgramCase):
    def test_usage(self):
        for words, code, to in ((["--help"], 0, "stdout"), ([], 100, "stderr"),
                                (["check", "a", "b"], 100, "stderr"), (["x"], 100, "stderr"),
                                (["check", "--start"], 100, "stderr"), (["set"], 100, "stderr"),
                                (["set", "me"], 100, "stderr"), (["unset"], 100, "stderr"),
                                (["unset", "me", "x"], 100, "stderr"), (["get"], 100, "stderr"),
                                (["set", "--dry-run", "me"], 100, "stderr")):
            result = self.run_program("kopis", "config", *words)
            self.assertEqual(code, result.returncode, words)
            self.assertTrue(getattr(result, to).startswith(b"usage: kopis config check"), words)


if __name__ == "__main__":
    unittest.main()

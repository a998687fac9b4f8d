"""dot-forward and fastforward with what makes their files (fastforward 0.51, dot-forward 0.71)."""

import os
import pwd
import shutil
import subprocess
import unittest

from harness import BIN, ProgramCase

THEIRS = {name: shutil.which(name, path="/usr/bin:/usr/sbin") for name in (
    "fastforward", "setforward", "printforward", "setmaillist", "printmaillist", "newinclude",
    "dot-forward", "qmail-newaliases")}
DEBIAN = unittest.skipUnless(all(THEIRS.values()), "no fastforward and dot-forward of Debian")
ROOT_ONLY = unittest.skipUnless(os.geteuid() == 0, "a mount namespace")
MESSAGE = b"Subject: x\n\nbody\n"
TABLE = b"""# comment; with: all, signs
Root@yp.to: god@heaven.af.mil, &staff@af.mil, ?owner@x.y;
@wild.dom: a\\,b\\ c@x.y ; dew@: |dew-monitor \\; ls, !pre, /etc/lists/sos.bin, ./x.bin, ?;
root@yp.to: second@x.y; empty@x.y: ; ownerless@x.y: ?;
?odd@x: "q@x # hidden
  , z\\#\xff@y;
"""


class AliasCase(ProgramCase):
    def setUp(self):
        super().setUp()
        self.control("defaulthost", "dh")
        self.control("defaultdomain", "dom.ain")
        self.control("plusdomain", "plus.dom")

    def ours(self, name, *arguments, stdin=b"", **env):
        return self.run_program(name, *arguments, stdin=stdin, cwd=self.home,
                                env=self.environment(**env))

    def ok(self, name, *arguments, stdin=b"", **env):
        result = self.ours(name, *arguments, stdin=stdin, **env)
        self.assertEqual(0, result.returncode, result)
        return result.stdout

    def table(self, text):
        self.ok("setforward", "t.cdb", "t.tmp", stdin=text.encode())
        return str(self.home / "t.cdb")

    def file(self, name, text):
        (self.home / name).write_text(text)
        return name

    def queue(self, code=0):
        """A queue program that keeps what it gets."""
        script = self.home / "queue-program"
        script.write_text(f"#!/bin/sh\ncat > {self.home}/message\n"
                          f"cat <&1 > {self.home}/envelope\nexit {code}\n")
        script.chmod(0o755)
        return str(script)

    def deliver(self, program, *arguments, queue=0, message=MESSAGE, **env):
        """As qmail-local would run it: the message is a file on descriptor 0."""
        mail = self.home / "mail"
        mail.write_bytes(message)
        for name in ("message", "envelope"):
            (self.home / name).unlink(missing_ok=True)
        variables = {"SENDER": "s@s", "NEWSENDER": "n@n", "USER": "joe", "HOST": "h.dom",
                     "RECIPIENT": "t@x", "DEFAULT": "t", "DTLINE": "Delivered-To: d\n",
                     "RPLINE": "Return-Path: <r>\n", "UFLINE": "From u\n",
                     "QMAILQUEUE": self.queue(queue), **env}
        with mail.open("rb") as stdin:
            result = subprocess.run(
                [BIN / program, *arguments], stdin=stdin, capture_output=True, timeout=30,
                cwd=self.home, env=self.environment(**variables))
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def queued(self):
        """Sender and sorted recipients; the message has its line before it."""
        self.assertEqual(b"Delivered-To: d\n" + MESSAGE, (self.home / "message").read_bytes())
        sender, *recipients = (self.home / "envelope").read_bytes().decode().split("\0")[:-2]
        return sender[1:], sorted(name[1:] for name in recipients)

    def nothing_queued(self):
        self.assertFalse((self.home / "envelope").exists())


class DotForward(AliasCase):
    CASES = [
        ("bob (Bob, the postmaster) @heaven.af.mil\n", ["bob@heaven.af.mil"], 99),
        ('"spaced out mailbox"@heaven.af.mil\n', ["spaced out mailbox@heaven.af.mil"], 99),
        ("bob, fred susan\nJoe Shmoe <shmoe@heaven.af.mil>",
         ["bob@dh.dom.ain", "fred@dh.dom.ain", "shmoe@heaven.af.mil", "susan@dh.dom.ain"], 99),
        ("a@b c@d+, <@r,@s:e@f.g>\n", ["a@b.dom.ain", "c@d.plus.dom", "e@f.g"], 99),
        ("a@[127.0.0.1], b@\n", ["a@[127.0.0.1]", "b@dh.dom.ain"], 99),
        ("# all@a.b\nx@a.b # b\n", ["#@dh.dom.ain", "b@dh.dom.ain", "x@a.b"], 99),
        ("JOE\n", [], 0), ("\\joe\n", [], 0), ('"joe"\n', [], 0), ("joe@H.dom\n", [], 0),
        ("joe@other.dom\n", ["joe@other.dom"], 99),
        ("joe, keep@a.b\n", ["keep@a.b"], 0),
        ("", [], 0), ("# only\n\n(a comment)\n<>\n", [], 0),
    ]

    def test_who_gets_it(self):
        for text, recipients, code in self.CASES:
            with self.subTest(text):
                self.file("fw", text)
                result = self.deliver("dot-forward", "fw")
                self.assertEqual((code, ""), result[:2], result)
                if recipients:
                    self.assertEqual(("n@n", recipients), self.queued())
                else:
                    self.nothing_queued()

    @DEBIAN
    @ROOT_ONLY
    def test_debians_says_the_same(self):
        # Theirs keeps source routes, and makes b@ to b@.dom.ain.
        texts = [text for text, _, _ in self.CASES if "@r," not in text and "b@\n" not in text] + [
            "bob, |vacation, \"|vacation bob\"\n", "|\"x y\"\n", "x <\"|y z\">\n", "a:b;\n",
            "|x@y\n", "\"|x@y\"\n"]
        for text in texts:
            with self.subTest(text):
                self.file("fw", text)
                env = {"USER": "joe", "HOST": "h.dom"}
                ours = self.ours("dot-forward", "-n", "fw", **env)
                theirs = their(self, "dot-forward", "-n", "fw", **env)
                if text.startswith('|"'):  # They run nothing; ours does not take it.
                    self.assertEqual(111, ours.returncode)
                    continue
                self.assertEqual((theirs.returncode, sorted(theirs.stderr.splitlines())),
                                 (ours.returncode, sorted(ours.stderr.splitlines())))

    def test_commands(self):
        self.file("fw", 'keep@a.b, "|cat; echo $USER; exit 0"\n')
        code, out, _ = self.deliver("dot-forward", "fw")
        self.assertEqual((99, "From u\nReturn-Path: <r>\nDelivered-To: d\n" + MESSAGE.decode()
                          + "joe\n"), (code, out))
        self.assertEqual(("n@n", ["keep@a.b"]), self.queued())

    def test_a_command_that_fails(self):
        for command, code in (("exit 1", 111), ("exit 77", 100), ("exit 99", 111),
                              ("exit 100", 100), ("kill -9 $$", 111), ("exec /no/such", 111)):
            with self.subTest(command):
                self.file("fw", f'keep@a.b, "|{command}"\n')
                self.assertEqual(code, self.deliver("dot-forward", "fw")[0])
                self.nothing_queued()

    def test_files(self):
        self.assertEqual((0, "", ""), self.deliver("dot-forward", "none", "neither"))
        self.assertEqual((0, "", ""), self.deliver("dot-forward"))
        self.file("empty", "# nothing\n")
        self.file("fw", "a@b.c\n")
        code, _, error = self.deliver("dot-forward", "none", "empty", "fw", "none")
        self.assertEqual(99, code)
        self.assertIn("skipping empty file empty\n", error)
        self.assertEqual(("n@n", ["a@b.c"]), self.queued())
        self.assertEqual(111, self.deliver("dot-forward", str(self.home))[0])
        self.assertEqual(100, self.deliver("dot-forward", "-x", "fw")[0])

    def test_what_is_not_done(self):
        for text in ("/var/mail/joe\n", "./Mailbox\n", ":include:/etc/list\n", "a@b(\n",
                     "<a@b\n", "a@b.c\0d\n"):
            with self.subTest(text):
                self.file("fw", f"first@a.b\n{text}")
                self.assertEqual(111, self.deliver("dot-forward", "fw")[0])
                self.nothing_queued()

    def test_a_queue_that_refuses(self):
        self.file("fw", "a@b.c\n")
        self.assertEqual(100, self.deliver("dot-forward", "fw", queue=31)[0])
        self.assertEqual(111, self.deliver("dot-forward", "fw", queue=53)[0])


def their(case, name, *arguments, stdin=b"", **env):
    """Debian's program, with this test's control files where it looks for them, and with the
    home as /etc."""
    home = case.home
    inside = (f"mkdir -p /var/lib/qmail/control && mount --bind {home}/control "
              f"/var/lib/qmail/control && cd {home} && mount --bind {home} /etc && exec \"$@\"")
    return subprocess.run(["unshare", "-m", "sh", "-c", inside, "sh", THEIRS[name], *arguments],
                          input=stdin, capture_output=True, timeout=30,
                          env=case.environment(**env))


class FastForward(AliasCase):
    TEXT = """root@x: god@heaven.af.mil, staff@af.mil, ?owner@x.y;
@wild.dom: cat@x.y; dew@: |cat, !cat; box@wild.dom: exact@x.y;
both@x: &a@b.c, |echo\\ one, |echo\\ one;
all@x: programmers@x, testers@x; programmers@x: joe@y, bob@y; testers@x: joe@y, Fred@y;
loop@x: loop2@x; loop2@x: loop@x, real@y;
mixed@x: root@x, loop@x, sub@wild.dom;
list@x: ./list.bin, a@b.c; empty@x: ?;
"""
    CASES = [
        ("Root@X", "owner@x.y", ["god@heaven.af.mil", "staff@af.mil"]),
        ("any@WILD.dom", "s@s", ["cat@x.y"]), ("Box@wild.dom", "s@s", ["exact@x.y"]),
        ("all@x", "s@s", ["Fred@y", "bob@y", "joe@y"]),
        ("loop@x", "s@s", ["real@y"]),
        # A list with an owner is sent to as such; wildcards are for what comes in.
        ("mixed@x", "s@s", ["real@y", "root@x", "sub@wild.dom"]),
        ("list@x", "s@s", ["a@b.c", "l@m", "n@o"]),
    ]

    def setUp(self):
        super().setUp()
        self.cdb = self.table(self.TEXT)
        self.ok("setmaillist", "list.bin", "list.tmp", stdin=b"l@m\n./more.bin\n&a@b.c\n")
        self.ok("setmaillist", "more.bin", "list.tmp", stdin=b"n@o\n./list.bin\n")

    def test_who_gets_it(self):
        for address, sender, recipients in self.CASES:
            with self.subTest(address):
                self.assertEqual(
                    0, self.deliver("fastforward", self.cdb, RECIPIENT=address)[0])
                self.assertEqual((sender, recipients), self.queued())

    @DEBIAN
    def test_debians_follows_ours_and_ours_theirs(self):
        their_cdb = self.home / "their.cdb"
        subprocess.run([THEIRS["setforward"], their_cdb, self.home / "tmp"],
                       input=self.TEXT.encode(), check=True)
        for address in [case[0] for case in self.CASES] + ["dew@q", "both@x", "no@x", "empty@x"]:
            for sender in ("s@s", "", "#@[]"):
                with self.subTest(address, sender=sender):
                    results = []
                    for program, cdb in ((THEIRS["fastforward"], self.cdb),
                                         (BIN / "fastforward", their_cdb)):
                        result = subprocess.run(
                            [program, "-n", cdb], capture_output=True, cwd=self.home,
                            env=self.environment(RECIPIENT=address, SENDER=sender))
                        results.append((result.returncode, sorted(result.stderr.splitlines())))
                    self.assertEqual(*results)

    def test_bounces_stay_bounces(self):
        for sender in ("", "#@[]"):
            self.deliver("fastforward", self.cdb, RECIPIENT="root@x", SENDER=sender)
            self.assertEqual(sender, self.queued()[0])

    def test_nobody(self):
        sorry = "Sorry, no mailbox here by that name. (#5.1.1)\n"
        for address in ("no@x", "noat", "empty@x"):
            self.assertEqual((100, "", sorry),
                             self.deliver("fastforward", self.cdb, RECIPIENT=address))
            self.assertEqual((0, "", ""),
                             self.deliver("fastforward", "-p", self.cdb, RECIPIENT=address))
        self.assertEqual(99, self.deliver("fastforward", "-p", self.cdb, RECIPIENT="root@x")[0])
        self.assertEqual(
            0, self.deliver("fastforward", "-pP", self.cdb, RECIPIENT="root@x")[0])

    def test_programs(self):
        code, out, _ = self.deliver("fastforward", self.cdb, RECIPIENT="dew@anywhere")
        head = "From u\nReturn-Path: <r>\nDelivered-To: d\n"
        self.assertEqual((0, MESSAGE.decode() + head + MESSAGE.decode()), (code, out))
        self.nothing_queued()
        for command, code in (("exit 1", 111), ("exit 100", 100), ("exit 99", 111),
                              ("kill -9 $$", 111)):
            cdb = self.table("t@x: a@b.c, |" + command.replace(" ", "\\ ") + ";")
            self.assertEqual(code, self.deliver("fastforward", cdb)[0], command)
            self.nothing_queued()

    def test_the_address(self):
        env = {"HOST": "x", "DEFAULT": "root"}
        self.assertEqual(0, self.deliver("fastforward", "-d", self.cdb, **env)[0])
        self.assertEqual("owner@x.y", self.queued()[0])
        result = self.ours("fastforward", "-nd", self.cdb, HOST="x", EXT="loop", SENDER="s")
        self.assertEqual((0, b"from <s>\nto <real@y>\n"), (result.returncode, result.stderr))
        for options, env in (("-nd", {"HOST": "x"}), ("-nd", {"EXT": "x"}), ("-n", {})):
            self.assertEqual(100, self.ours("fastforward", options, self.cdb, **env).returncode)
        self.assertEqual(100, self.ours("fastforward").returncode)
        self.assertEqual(100, self.ours("fastforward", "-z", self.cdb).returncode)

    def test_files_that_cannot_be_read_delay(self):
        (self.home / "list.bin").chmod(0o600)  # It may be another user's that we read for him.
        code, _, error = self.deliver("fastforward", self.cdb, RECIPIENT="list@x")
        self.assertEqual((111, "fastforward: fatal: ./list.bin is not world-readable\n"),
                         (code, error))
        (self.home / "list.bin").write_bytes(b"l@m\n")
        (self.home / "list.bin").chmod(0o644)
        self.assertEqual(111, self.deliver("fastforward", self.cdb, RECIPIENT="list@x")[0])
        (self.home / "list.bin").unlink()
        self.assertEqual(111, self.deliver("fastforward", self.cdb, RECIPIENT="list@x")[0])
        for name in ("no.cdb", self.file("cut.cdb", "x" * 3000), str(self.home)):
            self.assertEqual(111, self.deliver("fastforward", name)[0], name)
        self.nothing_queued()

    def test_a_queue_that_refuses(self):
        self.assertEqual(100, self.deliver("fastforward", self.cdb, queue=31,
                                           RECIPIENT="root@x")[0])
        self.assertEqual(111, self.deliver("fastforward", self.cdb, queue=53,
                                           RECIPIENT="root@x")[0])


class Files(AliasCase):
    """What makes and shows fastforward's files; the same bytes as Debian's."""

    ALIASES = (b"# a comment\n goes on: here\n\nRoot@Heaven: bob (Bob, the postmaster)\n"
               b"joe: Joe Shmoe <shmoe@heaven.af.mil>\nfred: \"spaced out mailbox\"@heaven.af.mil\n"
               b"@host.dom: x@y.z, c@d+\nweather: \"|weather-server a b\", |bare\n"
               b"l: :include:/etc/list\nnocolon alice, bill\n"
               b"hostmaster:\n   fred,\n\n   joe\nlist: a@b.c\nowner-list: me@x.y, you@x.y\n"
               b"list@h.d: a\nowner-list@h.d: b\nx: a@[1.2.3.4], b@\nx: second\n"
               b"(anything)@virt.dom: joe\n")

    def setforward(self, text):
        return self.ours("setforward", "s.cdb", "s.tmp", stdin=text)

    def test_nobody_is_no_recipient(self):
        for text in (b"joe@h: &;", b"joe@h: ann@h, &;"):
            result = self.setforward(text)
            self.assertEqual(100, result.returncode, text)
            self.assertIn(b"empty recipient addresses", result.stderr)
        result = self.ours("setmaillist", "l.bin", "l.tmp", stdin=b"joe@h\n&\n")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"empty recipient addresses", result.stderr)

    def test_setforward_and_back(self):
        self.assertEqual(0, self.setforward(TABLE).returncode)
        shown = self.ok("printforward", stdin=(self.home / "s.cdb").read_bytes())
        self.assertEqual(b"""root@yp.to: ?owner@x.y;
root@yp.to:
, &god@heaven.af.mil
, &staff@af.mil
;
@wild.dom:
, &a\\,b\\ c@x.y
;
dew@: ?;
dew@:
, |dew-monitor\\;ls
, !pre
, /etc/lists/sos.bin
, ./x.bin
;
root@yp.to:
, &second@x.y
;
ownerless@x.y: ?;
?odd@x:
, &"q@x
, &z\\#\\\xff@y
;
""", shown)
        before = (self.home / "s.cdb").read_bytes()
        self.assertEqual(0, self.setforward(shown).returncode)
        self.assertEqual(before, (self.home / "s.cdb").read_bytes())

    def test_setforward_refuses(self):
        self.setforward(b"a@b: c@d;")
        before = (self.home / "s.cdb").read_bytes()
        for text, reason in ((b"a@b: c@d", b"semicolon"), (b"a@b c@d;", b"commas"),
                             (b"a: b: c;", b"double colons"), (b"a: b\0;", b"NUL"),
                             (b"a: " + b"x" * 801 + b";", b"800"), (b"a, b: c;", b"commas")):
            result = self.setforward(text)
            self.assertEqual(100, result.returncode, text)
            self.assertIn(reason, result.stderr)
        self.assertEqual(before, (self.home / "s.cdb").read_bytes())
        for name in ("setforward", "setmaillist", "newinclude"):
            self.assertEqual(100, self.ours(name).returncode)
        for name in ("printforward", "printmaillist"):
            self.assertEqual(100, self.ours(name, stdin=b"garbage").returncode)

    @DEBIAN
    def test_the_bytes_are_debians(self):
        self.setforward(TABLE)
        subprocess.run([THEIRS["setforward"], self.home / "d.cdb", self.home / "d.tmp"],
                       input=TABLE, check=True)
        ours = (self.home / "s.cdb").read_bytes()
        self.assertEqual((self.home / "d.cdb").read_bytes(), ours)
        theirs = subprocess.run([THEIRS["printforward"]], input=ours, capture_output=True)
        self.assertEqual(theirs.stdout, self.ok("printforward", stdin=ours))
        every = b"t: " + b"".join(b"\\" + bytes([b]) for b in range(1, 256)) + b";"
        self.setforward(every)
        ours = (self.home / "s.cdb").read_bytes()
        theirs = subprocess.run([THEIRS["printforward"]], input=ours, capture_output=True)
        self.assertEqual(theirs.stdout, self.ok("printforward", stdin=ours))
        lines = b"# c\na@b.c\n\n&Foo@x.y \t\n/etc/x.bin\n./rel\n  sp@x.y\n|prog\nlast"
        self.ok("setmaillist", "m.bin", "m.tmp", stdin=lines)
        subprocess.run([THEIRS["setmaillist"], self.home / "n.bin", self.home / "n.tmp"],
                       input=lines, check=True)
        ours = (self.home / "m.bin").read_bytes()
        self.assertEqual((self.home / "n.bin").read_bytes(), ours)
        theirs = subprocess.run([THEIRS["printmaillist"]], input=ours, capture_output=True)
        self.assertEqual(theirs.stdout, self.ok("printmaillist", stdin=ours))

    def test_newaliases(self):
        (self.home / "aliases").write_bytes(self.ALIASES)
        self.ok("newaliases", "aliases")
        self.assertEqual(0o644, (self.home / "aliases.cdb").stat().st_mode & 0o777)
        shown = self.ok("printforward", stdin=(self.home / "aliases.cdb").read_bytes()).decode()
        for instruction in ("root@heaven:\n, &bob@dh.dom.ain\n;\n",
                            "weather@:\n, !bare\n, !weather-server\\ a\\ b\n;\n",
                            "l@:\n, /etc/list.bin\n;\n", "list@: ?owner-list@dh.dom.ain;\n",
                            "list@h.d: ?owner-list@h.d;\n", "@host.dom:\n, &c@d.plus.dom\n",
                            "hostmaster@:\n, &joe@dh.dom.ain\n, &fred@dh.dom.ain\n;\n",
                            "@virt.dom:\n, &joe@dh.dom.ain\n;\n"):
            self.assertIn(instruction, shown)
        code, out, _ = self.deliver(
            "fastforward", "-d", "aliases.cdb", DEFAULT="list", HOST="anywhere")
        self.assertEqual(("owner-list@dh.dom.ain", ["a@b.c"]), self.queued())

    @DEBIAN
    @ROOT_ONLY
    def test_newaliases_makes_debians_bytes(self):
        (self.home / "aliases").write_bytes(self.ALIASES)
        result = their(self, "qmail-newaliases")
        self.assertEqual(0, result.returncode, result)
        (self.home / "aliases.cdb").rename(self.home / "theirs.cdb")
        self.ok("newaliases", str(self.home / "aliases"))
        self.assertEqual((self.home / "theirs.cdb").read_bytes(),
                         (self.home / "aliases.cdb").read_bytes())

    def test_newaliases_refuses_and_leaves_the_old(self):
        path = self.home / "aliases"
        path.write_text("a: b\nlast: without a line end")
        self.ok("newaliases", "aliases")
        before = (self.home / "aliases.cdb").read_bytes()
        self.assertIn(b":last@", before)
        for text in ("x:\n", "f: /var/mail/file\n", "f: ./rel\n", "x: <>\n", "x@: b\n",
                     "x: (only comment)\n", "x: y(\n", "|x: b\n", ":include:x: b\n",
                     "x: |\n", "x: :include:\n", "x: a\0b\n", f"x: {'y' * 801}@z\n"):
            with self.subTest(text):
                path.write_text("ok: fine\n" + text)
                self.assertEqual(111, self.ours("newaliases", "aliases").returncode)
                self.assertEqual(before, (self.home / "aliases.cdb").read_bytes())
        self.assertEqual(111, self.ours("newaliases", "nofile").returncode)

    def test_newaliases_names_all_lines_and_aliases_that_are_wrong(self):
        self.file("aliases", "ok: fine\n# c\nf: /var/mail/file,\n  more\n\nx@y: z, <>\nx: y(\n")
        result = self.ours("newaliases", "aliases")
        self.assertEqual((111, b"newaliases: fatal: line 3: f: file delivery /var/mail/file not "
                               b"supported; line 6: x@y: empty recipient addresses not permitted; "
                               b"line 7: unable to parse this line: x: y(\n"),
                         (result.returncode, result.stderr))

    def test_dev_null_is_nowhere(self):
        """BSD's /etc/aliases has it, as :include: files and .forward files may."""
        self.file("list", "a@b.c, /dev/null\n:include:/dev/null\n")
        self.ok("newinclude", "list")
        self.file("aliases", f'bitbucket: /dev/null\nquoted: "/dev/null"\nboth: /dev/null, x@y.z\n'
                  f"inc: :include:/dev/null\nlist: :include:{self.home}/list\ndecode: bitbucket\n")
        self.ok("newaliases", "aliases")
        for box in ("bitbucket", "quoted", "inc"):
            result = self.deliver("fastforward", "-d", "aliases.cdb", DEFAULT=box)
            self.assertEqual((0, "", ""), result, box)
            self.nothing_queued()
        for box, recipient in (("both", "x@y.z"), ("list", "a@b.c"),
                               ("decode", "bitbucket@dh.dom.ain")):
            self.assertEqual(0, self.deliver("fastforward", "-d", "aliases.cdb", DEFAULT=box)[0])
            self.assertEqual(("s@s", [recipient]), self.queued(), box)
        self.assertEqual(99, self.deliver("fastforward", "-pd", "aliases.cdb", DEFAULT="inc")[0])
        self.ok("setmaillist", "m.bin", "m.tmp", stdin=b"/dev/null\nq@x.y\n")
        self.table(f"m@x: {self.home}/m.bin, /dev/null;")
        self.assertEqual(0, self.deliver("fastforward", "t.cdb", RECIPIENT="m@x")[0])
        self.assertEqual(("s@s", ["q@x.y"]), self.queued())
        for text, recipients, code in (("/dev/null\n", [], 99), ("/dev/null, joe\n", [], 0),
                                       ("x@y.z, /dev/null\n", ["x@y.z"], 99)):
            self.file("fw", text)
            self.assertEqual((code, ""), self.deliver("dot-forward", "fw")[:2], text)
            if recipients:
                self.assertEqual(("n@n", recipients), self.queued())
            else:
                self.nothing_queued()

    @ROOT_ONLY
    def test_newaliases_says_what_no_mail_reaches(self):
        name = self.some_user()
        self.file("aliases", f"{name}: erin@x.y\n{name}-list: erin@x.y\nnosuch-name: erin@x.y\n"
                             f"{name}@elsewhere.example: erin@x.y\n")
        result = self.ours("newaliases", "aliases")
        self.assertEqual(0, result.returncode, result)
        lines = result.stderr.decode().splitlines()
        self.assertEqual(2, len(lines), lines)
        for number, (line, alias) in enumerate(zip(lines, (name, f"{name}-list"))):
            self.assertRegex(line, rf"\Anewaliases: warning: line {number + 1}: {alias}: the mail "
                                   rf"goes to the user {name} of this host")

    @ROOT_ONLY
    def test_aliases_come_first_where_that_is_asked_for(self):
        name = self.some_user()
        self.file("aliases", f"{name}: erin@x.y\n")
        self.ok("newaliases", "aliases")

        def owner(local):
            return self.ok("qmail-getpw", local).split(b"\0")[0].decode()

        self.assertEqual(name, owner(name))
        self.control("aliasesfirst", str(self.home / "aliases.cdb"))
        self.assertEqual(b"", self.ours("newaliases", "aliases").stderr)
        self.assertEqual(name, owner(f"{name}-list"))  # Has no alias.
        found = self.ours("qmail-getpw", name.upper())
        if found.returncode:  # A host without the user alias.
            self.assertEqual(116, found.returncode)
        else:
            self.assertEqual([b"alias", b"-", name.upper().encode()],
                             [found.stdout.split(b"\0")[i] for i in (0, 4, 5)])
        for text in (f"{name}: {name}, erin@x.y\n", "other: erin@x.y\n"):
            self.file("aliases", text)
            self.ours("newaliases", "aliases")
            self.assertEqual(name, owner(name), text)
        self.assertIn(b": warning: ", self.ours_warning(name))
        (self.home / "aliases.cdb").write_bytes(b"damage")
        self.assertEqual(118, self.ours("qmail-getpw", name).returncode)
        (self.home / "aliases.cdb").unlink()
        self.assertEqual(name, owner(name))

    def ours_warning(self, name):
        self.file("aliases", f"{name}: {name}, erin@x.y\n")
        return self.ours("newaliases", "aliases").stderr

    @staticmethod
    def some_user():
        """A user of this host who gets mail by qmail-getpw's rules."""
        for user in pwd.getpwall():
            if (user.pw_uid and len(user.pw_name) < 32 and user.pw_name != "alias"
                    and user.pw_name.islower() and "-" not in user.pw_name
                    and os.path.isdir(user.pw_dir) and os.stat(user.pw_dir).st_uid == user.pw_uid):
                return user.pw_name
        raise unittest.SkipTest("no user with a home of his own")

    def test_newinclude(self):
        self.file("list", "# c\nalice, Bob <bob@x.y>\n  c@d+\n:include:sub\n:include:/abs/s, e@f.g")
        self.ok("newinclude", "list")
        self.assertEqual(0o644, (self.home / "list.bin").stat().st_mode & 0o777)
        self.assertEqual(
            ["&alice@dh.dom.ain", "&bob@x.y", "&c@d.plus.dom", "./sub.bin", "/abs/s.bin",
             "&e@f.g"],
            self.ok("printmaillist", stdin=(self.home / "list.bin").read_bytes())
            .decode().splitlines())
        for text in ("/file\n", '"|p"\n', "a(\n", ":include:\n"):
            self.file("list", text)
            self.assertEqual(111, self.ours("newinclude", "list").returncode, text)

    def test_an_include_file_in_use(self):
        self.file("staff", "ann@a.b\n:include:./more\n")
        self.file("more", "ben@a.b, ann@a.b\n")
        self.file("aliases", f"staff: :include:{self.home}/staff\nowner-staff: boss@a.b\n")
        for name, argument in (("newinclude", "staff"), ("newinclude", "more"),
                               ("newaliases", "aliases")):
            self.ok(name, argument)
        self.assertEqual(0, self.deliver("fastforward", "-d", "aliases.cdb", DEFAULT="Staff")[0])
        self.assertEqual(("owner-staff@dh.dom.ain", ["ann@a.b", "ben@a.b"]), self.queued())


if __name__ == "__main__":
    unittest.main()

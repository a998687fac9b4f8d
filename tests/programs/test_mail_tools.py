"""forward, condredirect, bouncesaying, except, preline, predate, datemail, mailsubj, maildir2mbox
and its readers, splogger (contract §5.4, §11); the queue is a program in qmail-queue's place."""

import os
import re
import socket
import subprocess
import tempfile
import unittest

from harness import BIN, ProgramCase
from test_qmail_lspawn import can_unshare

MESSAGE = b"Subject: s\n\nbody\n"
LINES = {"DTLINE": "Delivered-To: joe@x\n", "RPLINE": "Return-Path: <s@y>\n",
         "UFLINE": "From s@y Tue Nov 24 00:00:00 2026\n"}


class ToolCase(ProgramCase):
    def setUp(self):
        super().setUp()
        self.queue = self.home / "queue-stand-in"
        self.queue.write_text(
            '#!/bin/sh\ncat > "$KOPIS_HOME/message"\ncat <&1 > "$KOPIS_HOME/envelope"\n'
            "exit ${QUEUE_EXIT:-0}\n")
        self.queue.chmod(0o755)

    def tool(self, name, *arguments, message=MESSAGE, **more):
        """Runs it with the message as a file, as qmail-local does."""
        with tempfile.TemporaryFile() as file:
            file.write(message)
            file.seek(0)
            environment = self.environment(**{"QMAILQUEUE": str(self.queue), **more})
            environment = {k: v for k, v in environment.items() if v is not None}
            return subprocess.run([BIN / name, *arguments], stdin=file, capture_output=True,
                                  timeout=30, env=environment, check=False)

    def queued(self):
        message = self.home / "message"
        return message.read_bytes() if message.exists() else None

    def envelope(self):
        return (self.home / "envelope").read_bytes()


class DotQmailTools(ToolCase):
    def test_forward(self):
        result = self.tool("forward", "a@b", "c@d", NEWSENDER="s@y", **LINES)
        self.assertEqual((0, b""), (result.returncode, result.stdout))
        self.assertRegex(result.stderr, rb"\Aforward: qp \d+\n\Z")
        self.assertEqual(b"Delivered-To: joe@x\n" + MESSAGE, self.queued())
        self.assertEqual(b"Fs@y\0Ta@b\0Tc@d\0\0", self.envelope())

    def test_forward_lacks_what_qmail_local_sets(self):
        for name in ("NEWSENDER", "DTLINE"):
            result = self.tool("forward", "a@b", **{"NEWSENDER": "s@y", **LINES, name: None})
            self.assertEqual((100, b"forward: fatal: %s not set\n" % name.encode()),
                             (result.returncode, result.stderr))
        self.assertIsNone(self.queued())

    def test_forward_tells_what_the_queue_says(self):
        for code, exit_code, text in (
                (11, 100, b"envelope address too long for qq (#5.1.3)"),
                (53, 111, b"qq write error or disk full (#4.3.0)")):
            result = self.tool("forward", "a@b", NEWSENDER="", QUEUE_EXIT=str(code), **LINES)
            self.assertEqual((exit_code, b"forward: fatal: " + text + b"\n"),
                             (result.returncode, result.stderr))

    def test_condredirect(self):
        result = self.tool("condredirect", "a@b", "sh", "-c", "cat > /dev/null", SENDER="s@y",
                           **LINES)
        self.assertEqual(99, result.returncode, result)
        self.assertRegex(result.stderr, rb"\Acondredirect: qp \d+\n\Z")
        self.assertEqual(b"Delivered-To: joe@x\n" + MESSAGE, self.queued())  # It was rewound.
        self.assertEqual(b"Fs@y\0Ta@b\0\0", self.envelope())

    def test_condredirect_goes_on_or_waits(self):
        for command, code, text in (
                ("exit 1", 0, b""), ("exit 99", 0, b""), ("exit 100", 0, b""),
                ("exit 111", 111, b"condredirect: fatal: temporary child error\n"),
                ("kill -9 $$", 111, b"condredirect: fatal: child crashed\n")):
            with self.subTest(command):
                result = self.tool("condredirect", "a@b", "sh", "-c", command, SENDER="s@y",
                                   **LINES)
                self.assertEqual((code, text), (result.returncode, result.stderr))
        self.assertEqual(
            0, self.tool("condredirect", "a@b", "no-such-program", SENDER="s", **LINES).returncode)
        self.assertIsNone(self.queued())

    def test_bouncesaying(self):
        for arguments, code, text in (
                (["no"], 100, b"no\n"), (["no", "true"], 100, b"no\n"),
                (["no", "false"], 0, b""),
                (["no", "sh", "-c", "exit 111"], 111,
                 b"bouncesaying: fatal: temporary child error\n"),
                (["no", "sh", "-c", "kill -9 $$"], 111, b"bouncesaying: fatal: child crashed\n"),
                ([], 100, b"bouncesaying: usage: bouncesaying error "
                          b"[ program [ arg ... ] ]\n")):
            with self.subTest(arguments):
                result = self.tool("bouncesaying", *arguments)
                self.assertEqual((code, text), (result.returncode, result.stderr))

    def test_except(self):
        for arguments, code in ((["true"], 100), (["false"], 0), (["sh", "-c", "exit 111"], 111),
                                (["sh", "-c", "kill -9 $$"], 111), (["no-such-program"], 0),
                                ([], 100)):
            with self.subTest(arguments):
                self.assertEqual(code, self.tool("except", *arguments).returncode)
        self.assertEqual(100, self.tool("except", "grep", "-q", "body").returncode)

    def test_preline(self):
        for options, head in (
                ([], "UFLINE RPLINE DTLINE"), (["-f"], "RPLINE DTLINE"), (["-d"], "UFLINE RPLINE"),
                (["-r"], "UFLINE DTLINE"), (["-frd"], ""), (["-fF"], "UFLINE RPLINE DTLINE"),
                (["-f", "-d", "--"], "RPLINE")):
            with self.subTest(options):
                result = self.tool("preline", *options, "cat", **LINES)
                expected = "".join(LINES[name] for name in head.split()).encode() + MESSAGE
                self.assertEqual((0, expected, b""),
                                 (result.returncode, result.stdout, result.stderr))

    def test_prelines_exit_code(self):
        self.assertEqual(7, self.tool(
            "preline", "sh", "-c", "cat >/dev/null; exit 7", **LINES).returncode)
        self.assertEqual(111, self.tool(
            "preline", "sh", "-c", "cat >/dev/null; kill -9 $$", **LINES).returncode)
        result = self.tool("preline", "no-such-program", **LINES)
        self.assertEqual(100, result.returncode)
        self.assertRegex(result.stderr, rb"\Apreline: fatal: unable to run no-such-program: .*\n")
        self.assertEqual(100, self.tool("preline", "-x", "cat", **LINES).returncode)
        self.assertEqual(100, self.tool("preline", **LINES).returncode)
        for name in LINES:
            result = self.tool("preline", "cat", **{**LINES, name: None})
            self.assertEqual(b"preline: fatal: %s not set\n" % name.encode(), result.stderr)

    def test_from_a_qmail_file(self):
        home = self.home / "joe"
        home.mkdir(mode=0o755)
        for ext, lines in {
                "fwd": "|forward a@b\n", "cond": "|condredirect c@d grep -q body\n|exit 100\n",
                "say": "|bouncesaying 'no such' grep -q body\n",
                "not": "|except grep -q body\n", "pre": "|preline cat > pre\n"}.items():
            path = home / f".qmail-{ext}"
            path.write_text(lines)
            path.chmod(0o600)
        for ext, code in (("fwd", 0), ("cond", 0), ("say", 100), ("not", 100), ("pre", 0)):
            with self.subTest(ext):
                result = self.tool("qmail-local", "joe", str(home), f"joe-{ext}", "-", ext, "x",
                                   "s@y", "./Mailbox")
                self.assertEqual(code, result.returncode, result)
                self.assertIn({"fwd": b"Ta@b\0", "cond": b"Tc@d\0"}.get(ext, b""), self.envelope())
        self.assertRegex((home / "pre").read_bytes(), re.compile(
            rb"\AFrom s@y .*\nReturn-Path: <s@y>\nDelivered-To: joe-pre@x\n" + MESSAGE + rb"\Z"))


class MailingTools(ToolCase):
    DATE = rb"Date: \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d %s\n"

    def test_predate(self):
        for zone, shown in (("UTC0", rb"\+0000"), ("XXX-5:30", rb"\+0530"), ("XXX8", rb"-0800")):
            result = self.tool("predate", "cat", TZ=zone)
            self.assertRegex(result.stdout, rb"\A" + self.DATE % shown + MESSAGE + rb"\Z")
        self.assertEqual(3, self.tool("predate", "sh", "-c", "cat >/dev/null; exit 3").returncode)
        self.assertEqual(100, self.tool("predate").returncode)

    def test_what_predate_cannot_run_may_come_back(self):
        """As in qmail, whatever the reason; who runs a delivery is to try again."""
        (self.home / "closed").touch()
        (self.home / "tree").mkdir()
        for word in ("no-such-program", "/no/such", self.home / "closed", self.home / "tree",
                     "x" * 300, ""):
            self.assertEqual(111, self.tool("predate", str(word)).returncode, word)

    def own_programs(self):
        (self.home / "bin").mkdir()
        for name in ("sendmail", "qmail-inject"):
            (self.home / "bin" / name).symlink_to(BIN / name)

    def test_datemail(self):
        self.own_programs()
        result = self.tool("datemail", "-f", "s@y.z", "a@b.c", TZ="UTC0")
        self.assertEqual(0, result.returncode, result)
        self.assertEqual(1, self.queued().count(b"Date: "))
        self.assertRegex(self.queued(), rb"(?m)^" + self.DATE % rb"\+0000")
        self.assertEqual(b"Fs@y.z\0Ta@b.c\0\0", self.envelope())

    def test_mailsubj(self):
        self.own_programs()
        result = self.tool("mailsubj", "two words", "a@b.c", "c@d.e", message=b"text\n", QMAILUSER="u",
                           QMAILHOST="h.example")
        self.assertEqual(0, result.returncode, result)
        self.assertIn(b"Subject: two words\n", self.queued())
        self.assertTrue(self.queued().endswith(b"\n\ntext\n"))
        self.assertEqual(b"Fu@h.example\0Ta@b.c\0Tc@d.e\0\0", self.envelope())
        self.assertEqual(100, self.tool("mailsubj", "s").returncode)


class Maildir2mbox(ToolCase):
    def setUp(self):
        super().setUp()
        self.box = self.home / "Maildir"
        for part in ("new", "cur", "tmp"):
            (self.box / part).mkdir(parents=True)
        self.mbox = self.home / "mbox"
        self.variables = {"MAILDIR": str(self.box), "MAIL": str(self.mbox),
                          "MAILTMP": str(self.home / "mbox.tmp")}

    def put(self, name, content, when):
        path = self.box / name
        path.write_bytes(content)
        os.utime(path, (when, when))

    def test_moves_all_the_oldest_first(self):
        self.mbox.write_bytes(b"From old Thu Jan 01 00:00:00 1970\n\nold\n\n")
        self.put("new/1", b"Return-Path: <a b@c>\n\nFrom here\n>From there\n", 86400 * 2)
        self.put("cur/2:2,S", b"Subject: no path\n\nlast line", 86400)
        self.put("new/.hidden", b"not mail", 0)
        result = self.tool("maildir2mbox", **self.variables)
        self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
        self.assertEqual(
            b"From old Thu Jan 01 00:00:00 1970\n\nold\n\n"
            b"From MAILER-DAEMON Fri Jan 02 00:00:00 1970\nSubject: no path\n\nlast line\n\n"
            b"From a-b@c Sat Jan 03 00:00:00 1970\nReturn-Path: <a b@c>\n\n>From here\n"
            b">>From there\n\n", self.mbox.read_bytes())
        self.assertEqual(0o600, self.mbox.stat().st_mode & 0o777)
        self.assertEqual([".hidden"], [path.name for path in self.box.glob("*/*")] or [])
        self.assertFalse((self.home / "mbox.tmp").exists())

    def test_nothing_to_move_changes_nothing(self):
        self.assertEqual(0, self.tool("maildir2mbox", **self.variables).returncode)
        self.assertFalse(self.mbox.exists())

    def test_trouble_is_111_and_loses_nothing(self):
        self.put("new/1", b"x\n", 0)
        for name in self.variables:
            result = self.tool("maildir2mbox", **{**self.variables, name: None})
            self.assertEqual((111, b"maildir2mbox: fatal: %s not set\n" % name.encode()),
                             (result.returncode, result.stderr))
        for change in ({"MAILDIR": "/no/such"}, {"MAILTMP": "/no/such/tmp"},
                       {"MAIL": str(self.home)}):
            self.assertEqual(111, self.tool(
                "maildir2mbox", **{**self.variables, **change}).returncode, change)
        self.assertTrue((self.box / "new/1").exists())

    def test_readers(self):
        self.put("new/1", b"x\n", 0)
        for name, reader in (("elq", "elm"), ("pinq", "pine"), ("qail", "Mail")):
            path = self.home / reader
            path.write_text('#!/bin/sh\necho "$0 $*"; cat "$MAIL"\n')
            path.chmod(0o755)
            result = self.tool(name, "-x", PATH=f"{self.home}:/usr/bin:/bin", **self.variables)
            self.assertEqual(0, result.returncode, result)
            self.assertIn(f"{path} -x\n".encode(), result.stdout)
            self.assertIn(b"\nx\n", result.stdout)


@unittest.skipUnless(can_unshare(), "needs root and a mount namespace")
class Splogger(ToolCase):
    def log(self, text, *arguments):
        """The datagrams that reach /dev/log; a private /dev has the test's socket there."""
        path = self.home / "log"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(str(path))
            server.settimeout(30)
            target = "/dev/log"
            result = subprocess.run(
                ["unshare", "-m", "sh", "-c",
                 f"mount -t tmpfs none /dev && ln -s {path} {target} && exec \"$@\"", "sh",
                 BIN / "splogger", *arguments], input=text, capture_output=True, timeout=30,
                env=self.environment(TZ="UTC0"), check=False)
            self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
            server.setblocking(False)
            found = []
            try:
                while True:
                    found.append(server.recv(65536))
            except BlockingIOError:
                return found

    def test_lines_and_levels(self):
        found = self.log(b"status: local 0/10\nwarning: w\nalert: a\nlast \x1b[2J\xff\ttab")
        shapes = [rb"<22>%s splogger: \d+\.\d{6} status: local 0/10\Z",
                  rb"<20>%s splogger: \d+\.\d{6} warning: w\Z",
                  rb"<17>%s splogger: \d+\.\d{6} alert: a\Z",
                  rb"<22>%s splogger: \d+\.\d{6} last \?\[2J\?\?tab\Z"]
        self.assertEqual(len(shapes), len(found), found)
        for shape, datagram in zip(shapes, found):
            self.assertRegex(datagram, shape % rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d")

    def test_tag_and_facility(self):
        [datagram] = self.log(b"x\n", "qmail", "3")
        self.assertRegex(datagram, rb"\A<30>.* qmail: \d+\.\d{6} x\Z")

    def test_a_long_line_goes_on(self):
        first, second, third = self.log(b"alert: " + b"x" * 1793 + b"\n")
        stamp = re.search(rb" (\d+\.\d{6}) ", first)[1]
        self.assertTrue(first.endswith(stamp + b" alert: " + b"x" * 793), first)
        self.assertTrue(second.endswith(stamp + b"+" + b"x" * 800), second)
        self.assertTrue(third.endswith(stamp + b"+" + b"x" * 200), third)
        self.assertTrue(all(one.startswith(b"<17>") for one in (first, second, third)))

    def test_usage_and_nobody_there(self):
        self.assertEqual(100, self.run_program("splogger", "tag", "mail").returncode)
        result = subprocess.run(
            ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev && exec \"$@\"", "sh",
             BIN / "splogger"], input=b"x\n" * 1000, capture_output=True, timeout=30,
            env=self.environment(), check=False)
        self.assertEqual(0, result.returncode, result)


if __name__ == "__main__":
    unittest.main()

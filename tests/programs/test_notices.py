"""qreceipt, qbiff, qsmhook, maildirwatch (contract §11)."""

import os
import pty
import select
import subprocess
import sys
import unittest

from harness import BIN, ProgramCase
from test_mail_tools import LINES, MESSAGE, ToolCase
from test_qmail_lspawn import can_unshare


class Qreceipt(ToolCase):
    ASKING = (b"Received: x\nMessage-ID: <1@y>\nNOTICE-Requested-upon-delivery-to: z@y,\n"
              b"  Joe <\"JOE\"@x.Example> (me)\nSubject: s\n\nbody\n")

    def test_a_request_is_answered(self):
        result = self.tool("qreceipt", "joe@x.example", message=self.ASKING, SENDER="a b@y")
        self.assertEqual((0, b""), (result.returncode, result.stdout))
        self.assertRegex(result.stderr, rb"\Aqreceipt: qp \d+\n\Z")
        self.assertEqual(b"F\0Ta b@y\0\0", self.envelope())
        head, text = self.queued().split(b"\n\n", 1)
        self.assertRegex(
            head, rb'\AFrom: DELIVERY NOTICE SYSTEM <joe@x\.example>\nTo: <"a b"@y>\n'
            rb"Subject: success notice\nDate: \d+ \w+ \d{4} [\d:]{8} -0000\n"
            rb"Message-ID: <[0-9a-f.]+\.bounce@x\.example>\nAuto-Submitted: auto-replied\Z")
        self.assertIn(b"following address: joe@x.example.", text)
        self.assertIn(b"<1@y>", text)
        self.assertNotIn(b"body", text)

    def test_nobody_asks(self):
        for message, sender in (
                (MESSAGE, "a@y"), (self.ASKING, ""), (self.ASKING, "#@[]"),
                (self.ASKING.replace(b"x.Example", b"x"), "a@y"),
                (b"Subject: s\n\n" + self.ASKING, "a@y"), (b"", "a@y"),
                (b"Notice-Requested-Upon-Delivery-To: ((\n\n", "a@y")):
            result = self.tool("qreceipt", "joe@x.example", message=message, SENDER=sender)
            self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
        self.assertIsNone(self.queued())

    def test_trouble(self):
        self.assertEqual(100, self.tool("qreceipt", SENDER="a").returncode)
        self.assertEqual(100, self.tool("qreceipt", "j@x", SENDER=None).returncode)
        for code, exit_code in ((31, 100), (53, 111)):
            result = self.tool("qreceipt", "joe@x.example", message=self.ASKING, SENDER="a",
                               QUEUE_EXIT=str(code))
            self.assertEqual(exit_code, result.returncode)


class Qsmhook(ToolCase):
    SHOW = ["sh", "-c", 'printf "%s|" "$@"; echo; cat', "sh"]

    def hook(self, *arguments, **more):
        return self.tool("qsmhook", *arguments, **{
            **LINES, "SENDER": "S@y", "LOCAL": "alias-Joe", "HOST": "X.Example", **more})

    def test_the_examples_of_its_manual(self):
        for flags, head in (("-lsDFMPmn", "RPLINE"), ("-lsDFMmnP", "RPLINE"),
                            ("-lsSDFMm", "UFLINE"), ("-P", "UFLINE RPLINE")):
            result = self.hook("-x", "alias-", flags, *self.SHOW, "-r", "%g", "-d", "%u", "%h%%%")
            lines = "".join(LINES[name] for name in head.split()).encode()
            self.assertEqual((0, b"-r|S@y|-d|joe|x.example%%|\n" + lines + MESSAGE, b""),
                             (result.returncode, result.stdout, result.stderr))

    def test_case_and_bounces(self):
        result = self.hook("-nuhxalias-", *self.SHOW, "%u@%h", "%g", SENDER="")
        self.assertEqual(b"Joe@X.Example|MAILER-DAEMON|\n" + MESSAGE, result.stdout)

    def test_exit_codes(self):
        for arguments, code in ((["sh", "-c", "cat >/dev/null; exit 7"], 7),
                                (["sh", "-c", "cat >/dev/null; kill -9 $$"], 111),
                                (["no-such-program"], 100), ([], 100), (["-z", "true"], 100),
                                (["-x"], 100), (["-x", "other-", "true"], 100)):
            self.assertEqual(code, self.hook(*arguments).returncode, arguments)
        for name in ("UFLINE", "RPLINE", "SENDER", "LOCAL", "HOST"):
            self.assertEqual(100, self.hook("true", **{name: None}).returncode)


BIFF = r"""
import os, struct, subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
def entry(kind, line, user):
    return struct.pack("hi32s4s32s", kind, 1, line, b"", user).ljust(384, b"\0")
with open("/run/utmp", "wb") as file:
    file.write(entry(8, sys.argv[1].encode(), b"joe") + entry(7, b"../etc/passwd", b"joe")
               + entry(7, b"null", b"joe") + entry(7, sys.argv[1].encode(), b"joe")
               + entry(7, sys.argv[1].encode(), b"ann"))
sys.exit(subprocess.run(sys.argv[2:]).returncode)
"""


class Qbiff(ToolCase):
    def announce(self, mode=0o720, message=MESSAGE, **more):
        """What appears on a terminal where joe is logged in; also the result."""
        master, slave = pty.openpty()
        try:
            name = os.ttyname(slave)
            os.chmod(name, mode)
            environment = self.environment(**{"USER": "joe", "LOCAL": "joe-x", "SENDER": "s@y",
                                              **more})
            result = subprocess.run(
                ["unshare", "-m", sys.executable, "-c", BIFF, name.removeprefix("/dev/"),
                 BIN / "qbiff"], input=message, capture_output=True, timeout=60, env=environment,
                check=False)
            got = b""
            while select.select([master], [], [], 0)[0]:
                got += os.read(master, 4096)
        finally:
            os.close(master)
            os.close(slave)
        self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
        return got.replace(b"\r\r\n", b"\r\n")

    @unittest.skipUnless(can_unshare(), "needs a mount namespace")
    def test_a_terminal_that_asked(self):
        self.assertEqual(b"\r\n*** TO <joe-x> FROM <s@y>\r\n  s body \r\n", self.announce())
        self.assertEqual(
            b"\r\n*** TO <joe__> FROM <>\r\n  a b _[2J two three" + b"y" * 60 + b"\r\n",
            self.announce(LOCAL="joe\x1b\x07", SENDER="",
                          message=b"Subject: a\n b\n\n\x1b[2J two\nthree" + b"y" * 900))

    @unittest.skipUnless(can_unshare(), "needs a mount namespace")
    def test_terminals_that_did_not(self):
        self.assertEqual(b"", self.announce(mode=0o620))
        self.assertEqual(b"", self.announce(USER="jo"))
        self.assertEqual(b"", self.announce(USER=""))

    def test_it_never_fails(self):
        for more in ({}, {"USER": "joe"}, {"USER": "x" * 1000, "LOCAL": "l", "SENDER": "s"}):
            result = self.tool("qbiff", **more)
            self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))


class Maildirwatch(ProgramCase):
    def test_a_summary(self):
        box = self.home / "Maildir"
        for part in ("new", "cur", "tmp"):
            (box / part).mkdir(parents=True)
        (box / "cur/1:2,S").write_text("Subject: old\n\n")
        for number in range(25):
            path = box / "new" / f"{number:02}"
            path.write_bytes(b"From: \"A\" <a@b>\x1b[2J\nSubject: number\n  %d\n\n" % number)
            os.utime(path, (1000 + number,) * 2)
        (box / "new/.hidden").write_text("Subject: hidden\n\n")
        process = subprocess.Popen([BIN / "maildirwatch"], stdout=subprocess.PIPE,
                                   env=self.environment(MAILDIR=str(box)))
        with process.stdout:
            got = b""
            while b"number  24" not in got:
                got += process.stdout.read1(4096)
            process.terminate()
            process.wait(20)
        lines = got.split(b"\n")
        self.assertEqual([b"\x1b[;H\x1b[;J25 new, 1 other", b""], lines[:2])
        self.assertEqual(b'"A" <a@b>?[2J' + b" " * 17 + b"number  5" + b" " * 41, lines[2])
        self.assertEqual(20, got.count(b"number"))

    def test_no_maildir(self):
        for more in ({}, {"MAILDIR": ""}, {"MAILDIR": "/no/such"}):
            result = self.run_program("maildirwatch", env=self.environment(**more))
            self.assertEqual((111, b""), (result.returncode, result.stdout))
            self.assertIn(b"maildirwatch: fatal: ", result.stderr)


if __name__ == "__main__":
    unittest.main()

"""kopis srs: secrets; and the senders and recipients of SRS as qmail-rspawn gives them to other hosts."""

import fcntl
import os
import re
import stat
import subprocess
import unittest

from harness import BIN, ProgramCase
from test_qmail_rspawn import RspawnCase

QUEUE = b"Received: (qmail 1 invoked from network); x\n"
NETWORK = b"Received: from a.example by mx.example with SMTP; x\n"
MAIL = b"From: Ann <ann@a.example>\nDKIM-Signature: v=1; x\nSubject: s\n\nbody\n"
PASSED_ON = b"Delivered-To: joe@mx.example\n" + QUEUE + NETWORK + MAIL
LOCAL, NETWORK_ORIGIN, BOUNCE, SUBMITTED = range(4)


class SrsCase:
    def srs(self, *words, code=0):
        result = self.run_program("kopis", "srs", *words)
        self.assertEqual(code, result.returncode, result)
        return (result.stderr if code else result.stdout).decode()

    @property
    def path(self):
        return self.home / "srs/secrets"

    def secrets(self):
        return [line for line in self.path.read_text().splitlines() if not line.startswith("#")]


class KopisSrs(SrsCase, ProgramCase):
    def test_a_secret_is_for_its_owner_alone(self):
        self.assertIn("domain: none", self.srs("new"))
        self.assertEqual(0o700, stat.S_IMODE(self.path.parent.stat().st_mode))
        self.assertEqual(0o600, stat.S_IMODE(self.path.stat().st_mode))
        self.assertRegex(self.secrets()[0], "^[0-9a-f]{64}$")
        self.control("srsdomain", "SRS.example")
        self.assertEqual("domain: srs.example\nsecrets: 1\n", self.srs("show"))
        self.assertNotIn(self.secrets()[0], self.srs("show") + self.srs("new"))

    def test_new_ones_go_before_the_others_which_go_on_to_check(self):
        seen = []
        for count in range(1, 11):
            self.assertIn(f"made a secret; {min(count, 8)} check addresses\n", self.srs("new"))
            seen.insert(0, self.secrets()[0])
            self.assertEqual(seen[:8], self.secrets())
        self.assertEqual(10, len(set(seen)))
        self.assertIn("made a secret; 1 check addresses\n", self.srs("new", "--only"))
        self.assertEqual(1, len(self.secrets()))
        self.assertNotIn(self.secrets()[0], seen)
        self.assertEqual(["secrets"], [path.name for path in self.path.parent.iterdir()])

    def test_two_at_once_lose_no_secret(self):
        self.srs("new")
        kept = self.path.read_bytes()
        other = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(other, fcntl.LOCK_EX)
            self.assertIn("another kopis srs new is running", self.srs("new", code=100))
            self.assertEqual(kept, self.path.read_bytes())
        finally:
            os.close(other)
        self.assertIn("2 check addresses", self.srs("new"))

    def test_what_makes_no_sense(self):
        for words in ((), ("old",), ("new", "x"), ("show", "x")):
            self.assertIn("usage: kopis srs new", self.srs(*words, code=100))
        self.assertIn("no such file: kopis srs new makes it", self.srs("show", code=100))
        self.srs("new")
        self.path.chmod(0o640)
        kept = self.path.read_bytes()
        for word in ("show", "new"):
            self.assertIn("srs/secrets: other users have rights to it", self.srs(word, code=100))
        self.assertEqual(kept, self.path.read_bytes())
        self.path.chmod(0o600)
        self.path.write_text("short\n")
        self.assertIn("--only makes a new file", self.srs("new", code=100))
        self.assertNotIn("short", self.srs("show", code=100))
        self.srs("new", "--only")
        self.assertEqual(0o600, stat.S_IMODE(self.path.stat().st_mode))
        self.control("srsdomain", "a@b")
        self.assertIn('"a@b" is not a domain', self.srs("show", code=111))

    def test_config_check_names_secrets_that_are_missing(self):
        self.control("srsdomain", "srs.example")
        done = self.run_program("kopis", "config", "check")
        self.assertIn(b"no such file: kopis srs new makes it", done.stdout + done.stderr)
        self.srs("new")
        done = self.run_program("kopis", "config", "check")
        self.assertNotIn(b"srs", done.stdout + done.stderr)


class Rewritten(SrsCase, RspawnCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.control("srsdomain", "srs.example")
        self.srs("new")

    def send(self, message=PASSED_ON, origin=LOCAL, sender=b"ann@a.example",
             recipients=(b"r@far.example",), **replies):
        """The lines that a server gets, and the reports."""
        server = self.server(**replies)
        self.order(1, self.intake(message, origin), *recipients, sender=sender)
        reports = [text for _, text in self.reports(len(recipients))]
        self.data = server.data
        return b"".join(server.lines).decode(), reports

    def mail_from(self, *arguments, **more):
        lines, [report] = self.send(*arguments, **more)
        self.assertEqual(b"K", report[:1], report)
        return re.findall(r"MAIL FROM:<(\S*)>", lines)[-1]

    def address(self, sender=b"ann@a.example"):
        return self.mail_from(sender=sender)

    def test_foreign_senders_of_forwarded_mail_alone(self):
        self.start_spawner()
        self.assertRegex(self.address(), "^SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=a.example=ann@srs.example$")
        sent = self.data
        self.control("srsdomain")
        self.assertEqual("ann@a.example", self.address())
        self.assertIn(PASSED_ON.replace(b"\n", b"\r\n"), sent)  # Nothing is changed in the message.
        self.assertIn(PASSED_ON.replace(b"\n", b"\r\n"), self.data)
        self.control("srsdomain", "srs.example")
        for message, origin, sender in (
                (MAIL, LOCAL, b"ann@a.example"), (NETWORK + MAIL, SUBMITTED, b"ann@a.example"),
                (NETWORK + MAIL, NETWORK_ORIGIN, b"ann@a.example"), (PASSED_ON, BOUNCE, b"ann@a.example"),
                (PASSED_ON, LOCAL, b""), (PASSED_ON, LOCAL, b"joe@mx.example"),
                (PASSED_ON, LOCAL, b"SRS0=x=y=z=a@srs.example")):
            with self.subTest(origin=origin, message=message, sender=sender):
                self.assertEqual(sender.decode(), self.mail_from(message, origin, sender))
        self.assertIn("SRS0=", self.mail_from(QUEUE + NETWORK + MAIL))  # |sendmail address
        self.assertIn("SRS0=", self.mail_from(NETWORK + b"Delivered-To: x\n" + MAIL, SUBMITTED))
        self.assertRegex(self.mail_from(sender=b"SRS0=h=TT=b.example=bo@fwd.example"),
                         "^SRS1=[A-Z2-7]{6}=fwd.example==h=TT=b.example=bo@srs.example$")

    def test_programs_of_qmail_files(self):
        self.start_spawner()
        path = self.home / "message"
        path.write_bytes(QUEUE + NETWORK + MAIL)
        more = {"DTLINE": "Delivered-To: joe@mx.example\n", "SENDER": "ann@a.example",
                "NEWSENDER": "ann@a.example", "RECIPIENT": "joe@mx.example", "LOCAL": "joe",
                "HOST": "mx.example", "EXT": "", "USER": "joe"}
        for words in (("forward", "r@far.example"), ("condredirect", "r@far.example", "true"),
                      ("sendmail", "-f", "ann@a.example", "r@far.example")):
            with self.subTest(words):
                with open(path, "rb") as message:
                    done = subprocess.run([BIN / words[0], *words[1:]], stdin=message, check=False,
                                          capture_output=True, env=self.environment(**more))
                self.assertIn(done.returncode, (0, 99), done)
                listed = self.run_program("qmail-qread").stdout
                server = self.server()
                self.order(1, int(re.findall(rb"  #(\d+)  ", listed)[-1]), b"r@far.example",
                           sender=b"ann@a.example")
                self.reports()
                self.assertIn(b"MAIL FROM:<SRS0=", b"".join(server.lines))

    def test_a_bounce_goes_to_the_sender_whatever_became_of_the_letters(self):
        self.start_spawner()
        address = self.address()
        for recipient in (address, address.lower(), address.upper()):
            lines, [report] = self.send(MAIL, NETWORK_ORIGIN, b"", (recipient.encode(),))
            self.assertEqual(b"K", report[:1], report)
            self.assertIn("rcpt to:<ann@a.example>\r\n", lines.lower())
            self.assertIn("MAIL FROM:<>", lines)
        lines, _ = self.send(MAIL, NETWORK_ORIGIN, b"b@b.example", (address.encode(),))
        self.assertIn("=b.example=b@srs.example>", lines)

    def test_what_was_not_made_here_fails_and_the_others_of_a_batch_do_not(self):
        self.start_spawner()
        ann, bo = (self.address(sender).encode() for sender in (b"ann@a.example", b"bo@b.example"))
        eve = ann.replace(b"=ann@", b"=eve@")
        self.srs("new")
        cat = self.address(b"cat@c.example").encode()
        lines, reports = self.send(MAIL, NETWORK_ORIGIN, b"", (ann, eve, b"SRS0=x@srs.example", bo, cat))
        self.assertEqual(b"KDDKK", b"".join(report[:1] for report in reports), reports)
        self.assertEqual(b"DSorry, that address of SRS was not made here. (#5.1.1)\n", reports[1])
        self.assertEqual(["ann@a.example", "bo@b.example", "cat@c.example"],
                         re.findall("RCPT TO:<(.*?)>", lines))
        self.srs("new", "--only")
        _, [report] = self.send(MAIL, NETWORK_ORIGIN, b"", (ann,))
        self.assertEqual(b"D", report[:1], report)

    def test_another_qmail_remote_gets_them_too(self):
        self.start_spawner()
        address = self.address()
        self.close()
        script = self.home / "remote"
        script.write_text("#!/bin/sh\nprintf 'r\\0K%s %s %s\\n\\0' \"$1\" \"$2\" \"$3\"\n")
        script.chmod(0o755)
        self.start_spawner(QMAILREMOTE=str(script))
        _, [report] = self.send()
        self.assertEqual(f"Kfar.example {address} r@far.example\n", report.decode())
        _, [report] = self.send(MAIL, NETWORK_ORIGIN, b"", (address.encode(),))
        self.assertEqual(b"Ka.example  ann@a.example\n", report)

    def test_without_the_domain_the_log_says_once_what_would_help(self):
        (self.home / "control/srsdomain").unlink()
        log = self.home / "log"
        with open(log, "wb") as errors:
            self.spawner = subprocess.Popen(
                [BIN / "qmail-rspawn"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                bufsize=0, env=self.environment())
        self.addCleanup(self.close)
        self.assertEqual(b"\xff", self.spawner.stdout.read(1))
        self.assertEqual("joe@mx.example", self.mail_from(sender=b"joe@mx.example"))
        self.assertEqual("ann@a.example", self.mail_from(MAIL))
        self.assertEqual(b"", log.read_bytes())
        for _ in range(3):
            self.assertEqual("ann@a.example", self.address())
        self.assertRegex(log.read_text(), r"\Aqmail-rspawn: warning: .*control/srsdomain.*\n\Z")


if __name__ == "__main__":
    unittest.main()

"""qmail-inject and sendmail by themselves (contract §5.2, §5.3); the queue is a program of the
test's own in qmail-queue's place, as qmail allows (QMAILQUEUE)."""

import re
import unittest

from harness import ProgramCase


class Inject(ProgramCase):
    def setUp(self):
        super().setUp()
        self.control("defaulthost", "host")
        self.control("defaultdomain", "example.net")
        self.queue = self.home / "queue-stand-in"
        self.queue.write_text("#!/bin/sh\ncat > \"$KOPIS_HOME/message\"\n"
                              "cat <&1 > \"$KOPIS_HOME/envelope\"\nexit ${QUEUE_EXIT:-0}\n")
        self.queue.chmod(0o755)

    def inject(self, *arguments, message=b"Subject: s\n\nbody\n", program="qmail-inject", **more):
        environment = self.environment(USER="joe", QMAILQUEUE=str(self.queue), **more)
        return self.run_program(program, *arguments, stdin=message, env=environment)

    def queued(self):
        return ((self.home / "message").read_bytes(),
                (self.home / "envelope").read_bytes().split(b"\0"))

    def test_a_message_is_completed_and_queued(self):
        result = self.inject("a@b.example", "fred")
        self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
        message, envelope = self.queued()
        self.assertRegex(message, re.compile(
            rb"\ADate: \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000\n"
            rb"Message-ID: <\d{14}\.\d+\.qmail@mx\.example>\n"
            rb"From: joe@host\.example\.net\n"
            rb"Cc: recipient list not shown: ;\n"
            rb"Subject: s\n\nbody\n\Z"))
        self.assertEqual([b"Fjoe@host.example.net", b"Ta@b.example", b"Tfred@host.example.net",
                          b"", b""], envelope)

    def test_recipients_of_the_header_and_no_bcc(self):
        self.inject(message=b"To: a@b.c, d\nBcc: secret@e.f\nFrom: x@y.z\nDate: d\n\n")
        message, envelope = self.queued()
        self.assertNotIn(b"secret", message)
        self.assertIn(b"To: a@b.c, d@host.example.net\n", message)
        self.assertEqual([b"Ta@b.c", b"Td@host.example.net", b"Tsecret@e.f"], envelope[1:4])

    def test_the_options_choose_the_recipients(self):
        message = b"To: header@b.c\n\n"
        for option, expected in (("-a", [b"Targ@b.c"]), ("-h", [b"Theader@b.c"]),
                                 ("-A", [b"Targ@b.c"]), ("-H", [b"Targ@b.c", b"Theader@b.c"])):
            self.inject(option, "arg@b.c", message=message)
            self.assertEqual(expected, self.queued()[1][1:-2], option)

    def test_the_sender(self):
        for arguments, extra, header, sender in (
                (["-fme@x.y"], {}, b"Return-Path: <r@p.q>\n", b"Fme@x.y"),
                (["-f", ""], {}, b"", b"F"),
                ([], {}, b"Return-Path: <r@p.q>\n", b"Fr@p.q"),
                ([], {"QMAILINJECT": "s"}, b"Return-Path: <r@p.q>\n", b"Fjoe@host.example.net"),
                ([], {"QMAILSUSER": "bounce", "QMAILSHOST": "l.m"}, b"", b"Fbounce@l.m"),
                ([], {"QMAILINJECT": "r"}, b"", b"Fjoe-@host.example.net-@[]")):
            self.inject(*arguments, message=header + b"To: a@b.c\n\n", **extra)
            self.assertEqual(sender, self.queued()[1][0], (arguments, extra))

    def test_a_resent_message_goes_only_to_whom_it_is_resent(self):
        self.inject(message=b"To: old@b.c\nResent-To: new@d.e\n\n")
        message, envelope = self.queued()
        self.assertEqual([b"Tnew@d.e"], envelope[1:-2])
        self.assertRegex(message, rb"\AResent-Date: .*\nResent-Message-ID: .*\nResent-From: ")

    def test_what_ends_a_header_and_what_it_lacks(self):
        for message, body in ((b"Subject: s", b""), (b"Subject: s\n\nlast", b"\nlast\n"),
                              (b"Subject: s\nno field\nx\n", b"\nno field\nx\n"),
                              (b"From joe\nSubject: s\n\n", b"\n")):
            self.inject("a@b.c", message=message)
            self.assertTrue(self.queued()[0].endswith(b"Subject: s\n" + body), message)

    def test_print_only(self):
        result = self.inject("-n", "a@b.c")
        self.assertTrue(result.stdout.startswith(b"Return-Path: <joe@host.example.net>\nDate: "))
        self.assertFalse((self.home / "message").exists())

    def test_names_in_from(self):
        self.inject("a@b.c", QMAILNAME='Joe "D" Doe')
        self.assertIn(b'From: "Joe \\"D\\" Doe" <joe@host.example.net>\n', self.queued()[0])
        self.inject("a@b.c", QMAILNAME="Joe (D)", QMAILINJECT="c")
        self.assertIn(b"From: joe@host.example.net (Joe \\(D\\))\n", self.queued()[0])
        self.inject("a@b.c", QMAILNAME="Joe\nBcc: x@y.z")
        self.assertNotIn(b"\nBcc:", self.queued()[0])

    def test_what_is_refused(self):
        for arguments, message in ((["-z"], b""), (["a\nb@c.d"], b""),
                                   ([], b"From: (no end\n\n")):
            result = self.inject(*arguments, message=message)
            self.assertEqual(100, result.returncode, arguments)
            self.assertTrue(result.stderr.startswith(b"qmail-inject: fatal: "), result.stderr)

    def test_the_queues_failures_are_told(self):
        for code, exit_code, text in ((53, 111, b"qq write error or disk full (#4.3.0)"),
                                      (11, 100, b"envelope address too long for qq (#5.1.3)"),
                                      (31, 100, b"mail server permanently rejected message")):
            result = self.inject("a@b.c", QUEUE_EXIT=str(code))
            self.assertEqual(exit_code, result.returncode)
            self.assertIn(text, result.stderr)

    def test_a_header_of_a_million_continuation_lines(self):
        result = self.inject("a@b.c", message=b"X: y\n" + b" more\n" * 1_000_000 + b"\nbody\n")
        self.assertEqual(0, result.returncode)
        self.assertEqual(1_000_000, self.queued()[0].count(b"\n more"))

    def test_sendmail_as_cron_and_mail_readers_call_it(self):
        for arguments in (["-FCronDaemon", "-i", "-odi", "-oem", "-oi", "root"],
                          ["-oi", "-f", "me@x.y", "--", "root"],
                          ["-bm", "-v", "-N", "never", "root"]):
            result = self.inject(*arguments, program="sendmail")
            self.assertEqual(0, result.returncode, result.stderr)
            self.assertIn(b"Troot@host.example.net", self.queued()[1], arguments)
        self.inject("-t", "-f", "me@x.y", message=b"To: a@b.c\n\n", program="sendmail")
        self.assertEqual([b"Fme@x.y", b"Ta@b.c", b"", b""], self.queued()[1])

    def test_sendmail_says_what_it_does_not_know(self):
        for arguments in (["-bz"], ["-Y"]):
            result = self.inject(*arguments, program="sendmail")
            self.assertEqual(100, result.returncode)
            self.assertIn(b"usage", result.stderr)

    def test_sendmail_bs_speaks_smtp(self):
        result = self.inject("-bs", message=b"EHLO x\r\nQUIT\r\n", program="sendmail")
        self.assertTrue(result.stdout.startswith(b"220 mx.example ESMTP\r\n"), result)
        self.assertTrue(result.stdout.endswith(b"221 2.0.0 mx.example\r\n"), result)


if __name__ == "__main__":
    unittest.main()

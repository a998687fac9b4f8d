"""qmail-inject and sendmail by themselves (contract §5.2, §5.3); the queue is a program of the
test's own in qmail-queue's place, as qmail allows (QMAILQUEUE)."""

import fcntl
import os
import pwd
import re
import subprocess
import sys
import unittest

from harness import BIN, NOBODY, ProgramCase


class Inject(ProgramCase):
    def setUp(self):
        super().setUp()
        self.control("defaulthost", "host")
        self.control("defaultdomain", "example.net")
        self.queue = self.home / "queue-stand-in"
        self.queue.write_text("#!/bin/sh\ncat > \"$KOPIS_HOME/message\"\n"
                              "cat <&1 > \"$KOPIS_HOME/envelope\"\nexit ${QUEUE_EXIT:-0}\n")
        self.queue.chmod(0o755)

    def inject(self, *arguments, message=b"Subject: s\n\nbody\n", program="qmail-inject", user=None,
               **more):
        environment = self.environment(USER="joe", QMAILQUEUE=str(self.queue), **more)
        return self.run_program(program, *arguments, stdin=message, env=environment, user=user)

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

    def test_whom_a_header_names_has_it(self):
        for to, expected in (
                (b'"A" <u1@h.i> "B" <u2@h.i>', [b"u1@h.i", b"u2@h.i"]),
                (b"<a@b.c>\n <d@e.f>", [b"a@b.c", b"d@e.f"]),
                (b"a@h <b@h.i> c@h.i", [b"b@h.i", b"c@h.i"]),
                (b"u1@h.i>", [b"u1@h.i"]), (b"Joe) <joe@x.y>", [b"joe@x.y"]),
                (b"@a,@b:joe@x.y", [b"joe@x.y"]), (b"a:b:c@x.y;", [b"c@x.y"]),
                (b"x@y: joe@x.y;", [b"joe@x.y"]), (b"joe(c)@x.y", [b"joe@x.y"]),
                (b"joe@(c)x.y", [b"joe@x.y"]), (b"a@b.c; d@e.f; g@h.i",
                                                [b"a@b.c", b"d@e.f", b"g@h.i"])):
            for field in (b"To", b"Cc", b"Bcc", b"Resent-To"):
                result = self.inject("-h", message=field + b": " + to + b"\n\n")
                self.assertEqual((0, b""), (result.returncode, result.stderr), to)
                self.assertEqual([b"T" + one for one in expected], self.queued()[1][1:-2], to)
        self.inject("-h", message=b"To: u1@h.i>\n\n")
        self.assertIn(b"\nTo: u1@h.i>\n", self.queued()[0])

    def test_what_cannot_be_understood_is_named(self):
        for bad in (b"a@b.c, Joe <", b"<a@b, c@d>", b"<joe bloggs@x.y>", b"a@b.c, (no end"):
            result = self.inject("-t", message=b"To: " + bad + b"\n\n", program="sendmail")
            self.assertEqual(100, result.returncode, bad)
            self.assertEqual(b"qmail-inject: fatal: unable to parse this line:\nTo: " + bad
                             + b"\n", result.stderr)
            self.assertFalse((self.home / "envelope").exists(), bad)
            # Where the arguments say who has it, the field is text.
            result = self.inject("joe@x.y", message=b"To: " + bad + b"\n\n")
            self.assertEqual(0, result.returncode, result.stderr)
            self.assertEqual([b"Tjoe@x.y"], self.queued()[1][1:-2])
            (self.home / "envelope").unlink()

    def test_nobody_is_no_recipient(self):
        for arguments, message, program in (
                (["-t"], b"Subject: s\n\nbody\n", "sendmail"),
                (["-t"], b">From x\nTo: a@b.c\n\n", "sendmail"),
                (["-t"], b"", "sendmail"), ([], b"Subject: s\n\n", "sendmail"),
                (["-t"], b"To: (undisclosed recipients)\nCc: nobody: ;\n\n", "sendmail"),
                (["-t"], b"To: Joe <>\n\n", "sendmail"),
                (["-t"], b"To: a@b.c\nResent-From: d@e.f\n\n", "sendmail"),
                (["-a"], b"To: a@b.c\n\n", "qmail-inject"), ([], b"\n", "qmail-inject")):
            result = self.inject(*arguments, message=message, program=program)
            self.assertEqual((100, b"qmail-inject: fatal: no recipients are named\n"),
                             (result.returncode, result.stderr), message)
            self.assertFalse((self.home / "message").exists(), message)
        result = self.inject("-n", message=b"To: (undisclosed recipients)\n\n")
        self.assertEqual(0, result.returncode)
        self.assertIn(b"\nTo: (undisclosed recipients)\n", result.stdout)
        for word in ("", " ", "<>", "Joe <>", "a@b>"):
            result = self.inject("a@b.c", word)
            self.assertEqual(100, result.returncode, word)
            self.assertIn(b"unable to parse address: ", result.stderr)

    def test_brackets_around_an_argument(self):
        for word in ("<a@b.c>", "Joe <a@b.c>", " a@b.c "):
            self.inject(word, program="sendmail")
            self.assertEqual([b"Ta@b.c"], self.queued()[1][1:-2], word)
        for sender, expected in (("<>", b"F"), ("<a@b.c>", b"Fa@b.c"), ("", b"F"),
                                 ("Joe <a@b.c>", b"Fa@b.c")):
            for arguments in (["-f", sender], ["-f" + sender], ["-r", sender]):
                if arguments[0] == "-f" and len(arguments) == 1:
                    continue
                result = self.inject(*arguments, "x@y.z", program="sendmail")
                self.assertEqual((0, b""), (result.returncode, result.stderr), arguments)
                message, envelope = self.queued()
                self.assertEqual(expected, envelope[0])
                self.assertIn(b"\nFrom: " + (b"a@b.c" if expected != b"F"
                                             else b"joe@host.example.net") + b"\n", message)

    def test_a_message_with_crlf_is_stored_with_lf(self):
        body = b"line\r\n.\r\n\r\ncr\rin a line\r\nend"
        crlf = b"To: a@b.c,\r\n d@e.f\r\nSubject: s\r\n\r\n" + body
        expected = b"Subject: s\n\nline\n.\n\ncr\rin a line\nend\n"
        for program, arguments in (("sendmail", ["-t"]), ("qmail-inject", []),
                                   ("datemail", ["-t"]), ("predate", ["sendmail", "-t"])):
            (self.home / "bin").mkdir(exist_ok=True)
            for name in ("sendmail", "qmail-inject"):
                (self.home / "bin" / name).unlink(missing_ok=True)
                (self.home / "bin" / name).symlink_to(BIN / name)
            result = self.inject(*arguments, message=crlf, program=program)
            self.assertEqual(0, result.returncode, result.stderr)
            message, envelope = self.queued()
            self.assertTrue(message.endswith(b"To: a@b.c, d@e.f\n" + expected), message)
            self.assertEqual([b"Ta@b.c", b"Td@e.f"], envelope[1:-2], program)
        for message, stored in (
                # The header says which it is.
                (b"To: a@b.c\nSubject: s\n\nx\r\ny\r", b"Subject: s\n\nx\r\ny\r\n"),
                (b"To: a@b.c\r\nSubject: s\n\nx\r\n", b"Subject: s\n\nx\r\n"),
                (b"To: a@b.c\r\nSubject: s\r\nno field\r\nx\r\n",
                 b"Subject: s\n\nno field\nx\n"),
                (b"To: a@b.c\nSubject: s\nno field\r\nx\r\n",
                 b"Subject: s\n\nno field\r\nx\r\n"),
                (b"To: a@b.c\r\nSubject: s\r\n", b"Subject: s\n"),
                (b"To: a@b.c\r\nSubject: s\r", b"Subject: s\n"),
                (b"To: a@b.c\r\nSubject: s\r\n\r\nx\r", b"Subject: s\n\nx\n")):
            self.inject(message=message)
            self.assertTrue(self.queued()[0].endswith(b"\nTo: a@b.c\n" + stored), message)

    def test_crlf_at_the_borders_of_blocks(self):
        for length in range(65_480, 65_540):
            line = b"x" * length
            self.inject("a@b.c", message=b"Subject: s\r\n\r\n" + line + b"\r\n\r\n\ry\r\n")
            self.assertTrue(
                self.queued()[0].endswith(b"\n\n" + line + b"\n\n\ry\n"), length)

    def test_mailsubj_leaves_what_the_body_has(self):
        (self.home / "bin").mkdir()
        (self.home / "bin/qmail-inject").symlink_to(BIN / "qmail-inject")
        self.inject("s", "a@b.c", message=b"x\r\ny\r\n", program="mailsubj")
        self.assertTrue(self.queued()[0].endswith(
            b"Subject: s\nTo: a@b.c\n\nx\r\ny\r\n"), self.queued()[0])

    def test_sendmail_takes_what_others_take(self):
        for words in (
                "-ba", "-bm", "-U", "-Ac", "-Am", "-A c", "-h 5", "-h5", "-N never", "-Nnever",
                "-N success,failure", "-R hdrs", "-Rfull", "-V id", "-Vid", "-d", "-d0.1",
                "-d0-99.1", "-i", "-oi", "-oem", "-oee", "-odq", "-odb", "-om", "-o i", "-oMr smtp",
                "-oMrESMTP", "-oMa 127.0.0.1", "-O DeliveryMode=b", "-ODeliveryMode=q", "-v", "-n",
                "-m", "-G", "-L tag", "-Ltag", "-B8BITMIME", "-B 8BITMIME", "-C/etc/x.cf",
                "-C /etc/x.cf", "-X /dev/null", "-p smtp", "-pSMTP:host", "-em", "-e m", "-x",
                "-F Name", "-FName", "-iv", "-ivm -h 3", "-s", "-T", "-Q x", "-D /dev/null"):
            result = self.inject(*words.split(), "root", program="sendmail")
            self.assertEqual((0, b"", b""),
                             (result.returncode, result.stdout, result.stderr), words)
            self.assertEqual([b"Troot@host.example.net"], self.queued()[1][1:-2], words)

    def test_sendmail_says_what_it_does_not_know(self):
        for words, named in (("-bz", b"-bz"), ("-Y", b"-Y"), ("-bt", b"-bt"), ("-bpc", b"-bpc"),
                             ("-b h", b"-b"), ("-iZ", b"-iZ"), ("--help", b"--help"),
                             ("-f", b"-f"), ("-oA", b"-oA"), ("-h", b"-h")):
            result = self.inject(*words.split(), program="sendmail")
            self.assertEqual(100, result.returncode, words)
            self.assertEqual(1, result.stderr.count(b"\n"), result.stderr)
            self.assertIn(b" option " + named, result.stderr)

    def test_sendmail_names_others_that_do_its_work(self):
        result = self.inject("-bd", program="sendmail")
        self.assertEqual(100, result.returncode)
        self.assertIn(b"kopis run", result.stderr)
        for words in ("-q30m", "-q1h", "-qp30m"):
            result = self.inject(*words.split(), program="sendmail")
            self.assertEqual((0, b""), (result.returncode, result.stderr), words)
        result = self.inject("-q", program="sendmail")
        self.assertEqual((111, b"sendmail: fatal: -q: no qmail-send runs\n"),
                         (result.returncode, result.stderr))
        aliases = self.home / "aliases"
        aliases.write_text("joe: ann\n")
        for words in (["-bi", f"-oA{aliases}"], ["-bi", "-oA", str(aliases)],
                      ["-I", f"-oA{aliases}"]):
            result = self.inject(*words, program="sendmail")
            self.assertEqual((0, b""), (result.returncode, result.stderr), words)
            (self.home / "aliases.cdb").unlink()

    def test_sendmail_q_wakes_the_holder_of_the_lock(self):
        lock = self.home / "queue/lock/sendmutex"
        lock.touch()
        holder = subprocess.Popen(
            [sys.executable, "-c", "import fcntl, signal, sys\n"
             "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\n"
             "lock = open(sys.argv[1]); fcntl.flock(lock, fcntl.LOCK_EX)\n"
             "print('held', flush=True); signal.sigwait([signal.SIGALRM])\n", lock],
            stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.kill)
        self.assertEqual(b"held\n", holder.stdout.readline())
        for words in ("-q", "-qf", "-qRx"):
            if holder.poll() is not None:
                break
            result = self.inject(words, program="sendmail")
            self.assertEqual((0, b""), (result.returncode, result.stderr))
            self.assertEqual(0, holder.wait(30))

    def test_sendmail_q_by_who_may_not(self):
        """Programs and their users call it after a change of the network, say; it is not their
        business that qmail-send is another's, and mail goes by its own schedule."""
        if os.geteuid() != 0:
            self.skipTest("needs a qmail-send of another user")
        lock = self.home / "queue/lock/sendmutex"
        lock.touch(mode=0o600)
        with open(lock, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            for mode in (0o755, 0o750):  # As an installed host has it: nobody looks in.
                lock.parent.chmod(mode)
                for words in ("-q", "-qf", "-qRx", "-qSx", "-q -v", "-v -q"):
                    result = self.inject(*words.split(), program="sendmail", user=NOBODY)
                    self.assertEqual((0, b""), (result.returncode, result.stdout), words)
                    self.assertEqual(b"sendmail: warning: -q: only root may ask; qmail-send tries "
                                     b"all messages again by its own schedule\n", result.stderr)
                for words in ("-q15m", "-q1h30m", "-qp15m"):
                    result = self.inject(*words.split(), program="sendmail", user=NOBODY)
                    self.assertEqual((0, b"", b""),
                                     (result.returncode, result.stdout, result.stderr), words)

    def test_sendmail_bv_says_what_qmail_lookup_says_of_each(self):
        self.control("locals", "mx.example")
        user = None
        if os.geteuid() == 0:  # Root asks as a user that this host does not have.
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", self.home], check=True)
            user = NOBODY
        result = self.run_program("kopis", "user", "add", "joe@mx.example", "--generate", user=user)
        self.assertEqual(0, result.returncode, result)

        def lookup(address):
            return self.run_program("qmail-lookup", address, user=user)

        known, unknown, far = map(lookup, ("joe@mx.example", "no.such@mx.example", "x@far.example"))
        self.assertEqual((0, 100), (known.returncode, unknown.returncode), (known, unknown))
        for words, said in (("joe@mx.example", (known,)), ("no.such@mx.example", (unknown,)),
                            ("joe@mx.example,x@far.example", (known, far)),
                            ("x@far.example no.such@mx.example joe@mx.example",
                             (far, unknown, known))):
            result = self.inject("-bv", *words.split(), program="sendmail", user=user)
            self.assertEqual(
                (max(one.returncode for one in said), b"".join(one.stdout for one in said)),
                (result.returncode, result.stdout), words)
        result = self.inject("-bv", program="sendmail")
        self.assertEqual((100, b"sendmail: fatal: no recipients are named\n"),
                         (result.returncode, result.stderr))

    def test_sendmail_without_an_environment_is_from_the_user(self):
        user = pwd.getpwuid(os.getuid()).pw_name.encode()
        environment = {"KOPIS_HOME": str(self.home), "QMAILQUEUE": str(self.queue)}
        result = self.run_program("sendmail", "-t", stdin=b"To: a@b.c\n\n", env=environment)
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        message, envelope = self.queued()
        self.assertEqual(b"F" + user + b"@host.example.net", envelope[0])
        self.assertIn(b"\nFrom: " + user + b"@host.example.net\n", message)
        self.run_program("qmail-inject", "a@b.c", env=environment)
        self.assertEqual(b"Fanonymous@host.example.net", self.queued()[1][0])

    def test_sendmail_keeps_the_name_beside_the_sender(self):
        for arguments in (["-F", "Joe D", "-f", "a@b.c"], ["-f", "a@b.c", "-F", "Joe D"]):
            self.inject(*arguments, "x@y.z", program="sendmail")
            self.assertIn(b'\nFrom: "Joe D" <a@b.c>\n', self.queued()[0])

    def test_mail_followup_to_is_as_qmail_orders_it(self):
        (self.home / "lists").write_text("l@m.n\n")
        self.inject(message=b"To: a@b.c, d@e.f\nCc: l@m.n, g@h.i\n\n",
                    QMAILMFTFILE=str(self.home / "lists"))
        self.assertIn(b"Mail-Followup-To: l@m.n,\n  g@h.i,\n  a@b.c,\n  d@e.f\n",
                      self.queued()[0])

    def test_sendmail_bs_speaks_smtp(self):
        result = self.inject("-bs", message=b"EHLO x\r\nQUIT\r\n", program="sendmail")
        self.assertTrue(result.stdout.startswith(b"220 mx.example ESMTP\r\n"), result)
        self.assertTrue(result.stdout.endswith(b"221 2.0.0 mx.example\r\n"), result)


if __name__ == "__main__":
    unittest.main()

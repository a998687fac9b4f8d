"""qmail-smtpd by hand: descriptors 0 and 1 as pipes, sockets and files; its queue programs."""

import os
import re
import socket
import subprocess
import time
import unittest

from harness import BIN, ProgramCase

MAIL = (b"HELO client.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\n"
        b"Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n")


class QmailSmtpd(ProgramCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        for check in ("checkspf", "checkdkim", "checkdmarc", "checkiprev"):
            self.control(check, "off")  # Those are test_qmail_smtpd_checks'.
        self.message, self.envelope = self.home / "message", self.home / "envelope"

    def queue_program(self, script):
        """A program in qmail-queue's place."""
        path = self.home / "queue-program"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return str(path)

    def keeping(self):
        return self.queue_program(f"cat > {self.message}\ncat <&1 > {self.envelope}\n")

    def talk(self, data=MAIL, queue=None, **more):
        env = self.environment(QMAILQUEUE=queue or self.keeping(), TCPREMOTEIP="192.0.2.7", **more)
        return self.run_program("qmail-smtpd", stdin=data, env=env)

    def test_a_message_reaches_the_queue_program(self):
        result = self.talk()
        self.assertEqual(0, result.returncode, result)
        self.assertRegex(
            result.stdout,
            rb"\A220 mx.example ESMTP\r\n250 mx.example\r\n250 ok\r\n250 ok\r\n354 go ahead\r\n"
            rb"250 ok \d+ qp \d+\r\n221 mx.example\r\n\Z")
        self.assertEqual(b"Fa@b.example\0Tx@mx.example\0\0", self.envelope.read_bytes())
        self.assertRegex(
            self.message.read_bytes(),
            rb"\AReceived: from unknown \(HELO client.example\) \(192.0.2.7\)\n"
            rb"  by unknown with SMTP; \d+ \w+ \d+ \d\d:\d\d:\d\d -0000\nSubject: x\n\n.dot\n\Z")

    def test_qp_is_the_queue_programs_pid(self):
        queue = self.queue_program(
            f"echo $$ > {self.message}\ncat > /dev/null\ncat <&1 > /dev/null\n")
        qp = re.search(rb"qp (\d+)", self.talk(queue=queue).stdout).group(1)
        self.assertEqual(qp, self.message.read_bytes().strip())

    def test_refusals_of_the_queue_program(self):
        read = "cat > /dev/null; cat <&1 > /dev/null; "
        for script, reply in (
                (read + "exit 31", b"554 mail server permanently rejected message (#5.3.0)"),
                (read + "exit 53", b"451 qq write error or disk full (#4.3.0)"),
                (read + "printf 'Dno spam (#5.7.1)' >&6; exit 82", b"554 no spam (#5.7.1)"),
                (read + "exit 200", b"451 qq temporary problem (#4.3.0)"),
                ("exit 0", b"451 qq read error (#4.3.0)|250 ok .*")):
            result = self.talk(queue=self.queue_program(script))
            self.assertRegex(result.stdout, rb"354 go ahead\r\n(%s)\r\n221 " % reply.replace(
                b"(#", rb"\(#").replace(b".0)", rb".0\)").replace(b".1)", rb".1\)"))
        result = self.talk(queue=str(self.home / "no-such-program"))
        self.assertIn(b"\r\n451 unable to exec qq (#4.3.0)\r\n", result.stdout)

    def test_no_queue_is_a_temporary_refusal(self):
        env = self.environment()
        result = self.run_program("qmail-smtpd", stdin=MAIL, env=env)
        self.assertRegex(result.stdout, rb"354 go ahead\r\n451 [^\r\n]+\r\n221 ")

    def test_the_queue_writer_takes_it(self):
        env = self.environment()
        writer = subprocess.Popen([BIN / "qmail-queue", "--serve"], env=env,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(writer.wait, 20)
        self.addCleanup(writer.terminate)
        deadline = time.monotonic() + 20
        while not (self.home / "queue/intake").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        result = self.run_program("qmail-smtpd", stdin=MAIL, env=env)
        self.assertRegex(result.stdout, rb"\r\n250 ok \d+ qp [1-9]\d*\r\n")

    def test_missing_controls(self):
        (self.home / "control/me").unlink()
        result = self.talk()
        self.assertEqual(1, result.returncode)
        self.assertEqual(b"421 unable to read controls (#4.3.0)\r\n", result.stdout)
        self.assertIn(b"smtpgreeting", result.stderr)

    def test_end_of_input_is_silent(self):
        result = self.talk(b"NOOP\r\nNOO")
        self.assertEqual((1, b"220 mx.example ESMTP\r\n250 ok\r\n", b""),
                         (result.returncode, result.stdout, result.stderr))

    def test_a_bare_lf_in_data(self):
        result = self.talk(MAIL.replace(b"dot\r\n", b"dot\n"))
        self.assertEqual(1, result.returncode)
        self.assertTrue(result.stdout.endswith(
            b"354 go ahead\r\n451 See https://cr.yp.to/docs/smtplf.html.\r\n"), result.stdout)
        self.assertFalse(self.envelope.exists())

    def test_timeout(self):
        self.control("timeoutsmtpd", "1")
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        with os.fdopen(reading) as stdin:
            result = subprocess.run([BIN / "qmail-smtpd"], stdin=stdin, capture_output=True,
                                    timeout=30, env=self.environment())
        self.assertEqual((1, b"220 mx.example ESMTP\r\n451 timeout (#4.4.2)\r\n"),
                         (result.returncode, result.stdout))

    def test_a_socket_keeps_its_mode(self):
        """The descriptor is shared with who started us, who may expect it to block."""
        ours, theirs = socket.socketpair()
        process = subprocess.Popen([BIN / "qmail-smtpd"], stdin=theirs, stdout=theirs,
                                   env=self.environment())
        try:
            replies = ours.makefile("rb")
            self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
            self.assertTrue(os.get_blocking(theirs.fileno()))
            ours.sendall(b"QUIT\r\n")
            self.assertEqual(b"221 mx.example\r\n", replies.readline())
            self.assertEqual(0, process.wait(20))
        finally:
            process.kill()
            ours.close()
            theirs.close()

    def test_a_large_message_streams(self):
        body = (b"x" * 70 + b"\r\n") * 30_000
        result = self.talk(MAIL.replace(b"..dot\r\n", body))
        self.assertEqual(0, result.returncode)
        stored = self.message.read_bytes()
        self.assertEqual(30_000, stored.count(b"x" * 70 + b"\n"))
        self.assertNotIn(b"\r", stored)


if __name__ == "__main__":
    unittest.main()

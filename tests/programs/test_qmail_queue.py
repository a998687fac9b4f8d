"""qmail-queue: message on fd 0, envelope on fd 1, exit code (contract §5.1, §13 traps 2, 3, 31)."""

import os
import pathlib
import select
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import BIN, ProgramCase

WAIT = 30
GOOD = b"Fs@x.example\0Tr@y.example\0\0"


class QueueCase(ProgramCase):
    """A home with a queue writer of its own."""

    def setUp(self):
        super().setUp()
        self.start_writer()
        self.addCleanup(self.stop_writer)

    def start_writer(self):
        self.writer = subprocess.Popen([BIN / "qmail-queue", "--serve"], env=self.environment())
        deadline = time.monotonic() + WAIT
        while not self.is_served():
            self.assertLess(time.monotonic(), deadline, "the queue writer did not begin")
            select.select([], [], [], 0.01)

    def is_served(self):
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.home / "queue/intake"))
            return True
        except OSError:
            return False

    def stop_writer(self):
        if self.writer.poll() is None:
            self.writer.terminate()
        self.writer.wait(WAIT)

    def start(self, *arguments, **options):
        """qmail-queue with a pipe on fd 0 and one on fd 1: the process and both write ends."""
        message, self.message = os.pipe()
        envelope, self.envelope = os.pipe()
        process = subprocess.Popen(
            [BIN / "qmail-queue", *arguments], stdin=message, stdout=envelope,
            stderr=subprocess.PIPE, env=options.pop("env", self.environment()), **options)
        os.close(message)
        os.close(envelope)
        self.addCleanup(process.stderr.close)
        return process

    def put(self, fd, content):
        """Writes and closes; a program that has had enough is no error here."""
        def write():
            try:
                rest = content
                while rest:
                    rest = rest[os.write(fd, rest):]
            except BrokenPipeError:
                pass
            finally:
                os.close(fd)
        writer = threading.Thread(target=write)
        writer.start()
        self.addCleanup(writer.join)

    def queue(self, message=b"Subject: s\n\nbody\n", envelope=GOOD, **options):
        """The exit code; it must not print anything."""
        process = self.start(**options)
        self.pid = process.pid
        self.put(self.message, message)
        self.put(self.envelope, envelope)
        code = process.wait(WAIT)
        self.assertEqual(b"", process.stderr.read())
        return code

    def stored(self):
        """All bytes of all segments."""
        return b"".join(path.read_bytes()
                        for path in sorted((self.home / "queue/mess").glob("seg-*")))


class QmailQueue(QueueCase):
    def test_a_message_is_in_the_queue_when_it_exits_0(self):
        self.assertEqual(0, self.queue())
        stored = self.stored()
        self.assertIn(GOOD, stored)
        who = b"by uid %d" % os.getuid()
        self.assertRegex(
            stored, rb"Received: \(qmail %d invoked %s\); \d{1,2} [A-Z][a-z]{2} \d{4} "
                    rb"\d\d:\d\d:\d\d -0000\nSubject: s\n\nbody\n" % (self.pid, who))

    def test_nothing_is_queued_without_the_final_nul(self):
        for envelope in (b"", b"F", b"Fs@x\0", b"Fs@x\0Tr@y\0", b"Fs@x\0Tr@y"):
            with self.subTest(envelope):
                self.assertEqual(54, self.queue(b"lost\n", envelope))
        self.assertNotIn(b"lost", self.stored())

    def test_bad_envelopes(self):
        for envelope in (b"s@x\0\0", b"Ts@x\0\0", b"Fs@x\0r@y\0\0", b"Fs@x\0Fr@y\0\0", b"\0"):
            with self.subTest(envelope):
                self.assertEqual(91, self.queue(b"lost\n", envelope))
        self.assertNotIn(b"lost", self.stored())

    def test_parameters_of_esmtp_stand_after_the_address_that_they_are_about(self):
        envelope = (b"Fs@x.example\0PBODY=8BITMIME RET=HDRS ENVID=1+2B2\0"
                    b"Tr@y.example\0PNOTIFY=SUCCESS,DELAY ORCPT=rfc822;R+40y\0Tq@y.example\0\0")
        self.assertEqual(0, self.queue(envelope=envelope))
        self.assertIn(envelope, self.stored())
        for bad in (b"PRET=FULL\0Fs@x\0\0", b"Fs@x\0PRET=HALF\0\0", b"Fs@x\0Pret=full\0\0",
                    b"Fs@x\0Tr@y\0PORCPT=rfc822;a+0AT\0\0", b"Fs@x\0P\0\0",
                    b"Fs@x\0PENVID=" + b"a" * 101 + b"\0\0"):
            with self.subTest(bad):
                self.assertEqual(91, self.queue(b"lost\n", bad))
        self.assertEqual(11, self.queue(b"lost\n", b"Fs@x\0PENVID=" + b"a" * 1000 + b"\0\0"))
        self.assertNotIn(b"lost", self.stored())

    def test_an_address_that_is_too_long(self):
        self.assertEqual(0, self.queue(envelope=b"F" + b"s" * 1000 + b"\0Tr@y\0\0"))
        self.assertEqual(11, self.queue(b"lost\n", b"F" + b"s" * 1004 + b"\0Tr@y\0\0"))
        self.assertEqual(11, self.queue(b"lost\n", b"Fs@x\0T" + b"r" * 1004 + b"\0\0"))
        self.assertNotIn(b"lost", self.stored())

    def test_no_recipients_and_no_sender_are_taken(self):
        self.assertEqual(0, self.queue(envelope=b"Fs@x\0\0"))
        self.assertEqual(0, self.queue(envelope=b"F\0Tr@y\0\0"))

    def test_an_empty_message_and_any_bytes(self):
        self.assertEqual(0, self.queue(b""))
        message = bytes(range(256)) * 20 + b"no line end"
        self.assertEqual(0, self.queue(message))
        self.assertIn(message, self.stored())

    def test_a_large_message_has_a_file_of_its_own(self):
        message = os.urandom(400_000)
        self.assertEqual(0, self.queue(message))
        [own] = [path for path in (self.home / "queue/mess").iterdir() if path.name.isdigit()]
        self.assertTrue(own.read_bytes().endswith(message))

    def test_the_envelope_ends_at_its_nul_whatever_stays_open(self):
        process = self.start()
        self.put(self.message, b"x\n")
        os.write(self.envelope, GOOD)  # And is not closed.
        self.assertEqual(0, process.wait(WAIT))
        os.close(self.envelope)

    def test_the_message_is_read_before_the_envelope(self):
        process = self.start()
        self.put(self.envelope, GOOD)
        self.assertIsNone(process.poll())
        self.put(self.message, b"late\n")
        self.assertEqual(0, process.wait(WAIT))
        self.assertIn(b"late\n", self.stored())

    def test_a_descriptor_that_does_not_block_loses_nothing(self):
        message, shared = socket.socketpair()
        shared.setblocking(False)
        envelope, self.envelope = os.pipe()
        process = subprocess.Popen([BIN / "qmail-queue"], stdin=shared, stdout=envelope,
                                   env=self.environment())
        os.close(envelope)
        shared.close()
        for _ in range(5):
            message.sendall(b"piece\n")
            select.select([], [], [], 0.02)  # So that it finds nothing there, now and then.
        message.close()
        self.put(self.envelope, GOOD)
        self.assertEqual(0, process.wait(WAIT))
        self.assertIn(b"piece\n" * 5, self.stored())

    def test_signals_that_a_terminal_sends_are_ignored(self):
        process = self.start()
        os.write(self.message, b"begun\n")
        self.wait_ignored(process.pid)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            process.send_signal(number)
        self.put(self.message, b"done\n")
        self.put(self.envelope, GOOD)
        self.assertEqual(0, process.wait(WAIT))
        self.assertIn(b"begun\ndone\n", self.stored())

    def wait_ignored(self, pid):
        deadline = time.monotonic() + WAIT
        while True:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
            if ignored >> (signal.SIGHUP - 1) & 1 and ignored >> (signal.SIGQUIT - 1) & 1:
                return
            self.assertLess(time.monotonic(), deadline, "signals are not ignored")

    def test_without_a_home_or_a_queue_writer(self):
        self.assertEqual(61, self.queue(env=self.environment(KOPIS_HOME="/no/such/home")))
        self.stop_writer()
        self.assertIn(self.queue(), range(51, 82))
        self.assertNotEqual(0, self.queue())

    def test_it_takes_nothing_from_its_environment(self):
        before = self.environment()
        self.assertEqual(0, self.queue(env={
            **before, "QMAILQUEUE": "/bin/false", "DOTNET_gcServer": "1", "QMAILUSER": "x"}))

    def test_a_message_waits_for_a_qmail_send_that_comes_later(self):
        self.assertEqual(0, self.queue())
        result = self.run_program("qmail-qread")
        self.assertEqual(0, result.returncode, result)
        self.assertRegex(result.stdout, rb"  #\d+  \d+  <s@x\.example> ?\n")
        self.assertIn(b"\tremote\tr@y.example\n", result.stdout)

    def test_many_at_once(self):
        processes = []
        for i in range(20):
            process = self.start()
            self.put(self.message, b"number %03d\n" % i)
            self.put(self.envelope, GOOD)
            processes.append(process)
        self.assertEqual([0] * 20, [process.wait(WAIT) for process in processes])
        stored = self.stored()
        for i in range(20):
            self.assertEqual(1, stored.count(b"number %03d\n" % i))


if __name__ == "__main__":
    unittest.main()

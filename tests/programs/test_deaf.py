"""Programs that run and do not answer: the log says so within ten seconds."""

import platform
import socket
import struct
import subprocess
import threading
import time
import unittest

from harness import BIN, ProgramCase
from test_qmail_send import SendCase
import tracer

PREAD, FSYNC, FDATASYNC = 17, 74, 75
NOTICED_SECONDS = 10


@unittest.skipUnless(platform.machine() == "x86_64", "the tracer knows x86-64 alone")
class Deaf(ProgramCase):
    """Before: nothing was written; who asked waited until he gave up."""

    def start(self, *words, **descriptors):
        process = subprocess.Popen(
            [BIN / words[0], *words[1:]], env=self.environment(), stderr=subprocess.PIPE, **descriptors)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def expect(self, process, pattern, since):
        """The next line of its standard error, in time."""
        line = process.stderr.readline().decode()
        self.assertRegex(line, pattern)
        self.assertLess(time.monotonic() - since, NOTICED_SECONDS, line)

    def test_the_thread_that_writes_the_queue_spins(self):
        writer = self.start("qmail-queue", "--serve")
        while not (self.home / "queue/intake").exists():
            self.assertIsNone(writer.poll())
            time.sleep(0.01)
        spinner = tracer.Spinner(writer.pid, tracer.thread_named(writer.pid, "committer"))
        message = b"x\n"
        envelope = b"Fa@b.example\0Tc@d.example\0\0"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.home / "queue/intake"))
            client.sendall(struct.pack("<cBI", b"B", 0, 0)
                           + struct.pack("<cI", b"M", len(message)) + message
                           + struct.pack("<cI", b"E", len(envelope)) + envelope)
            spinner.spin_in_place_of(FSYNC, FDATASYNC)
            self.expect(writer, r"^qmail-queue: alert: no answer for [789] s: it is at work\n$",
                        time.monotonic())


@unittest.skipUnless(platform.machine() == "x86_64", "the tracer knows x86-64 alone")
class DeafSend(SendCase):
    def test_the_loop_of_qmail_send_spins(self):
        self.start_send()
        self.wait_log(rb"\Astatus: local 0/10 remote 0/20\n")
        spinner = tracer.Spinner(self.sender.pid, self.sender.pid)
        queue = threading.Thread(target=self.send, args=(b"joe@mx.example",))
        queue.start()
        self.addCleanup(queue.join)
        spinner.spin_in_place_of(PREAD)  # It reads the new message.
        since = time.monotonic()
        self.wait_log(rb"^alert: no answer for [789] s: it is at work\n")
        self.assertLess(time.monotonic() - since, NOTICED_SECONDS)


if __name__ == "__main__":
    unittest.main()

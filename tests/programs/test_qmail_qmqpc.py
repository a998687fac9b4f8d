"""qmail-qmqpc against a server of the test's own (contract §9.3)."""

import os
import resource
import shutil
import socket
import subprocess
import threading
import time
import unittest

from harness import BIN, ProgramCase


class Client(ProgramCase):
    def submit(self, message=b"Subject: s\n\nbody\n", envelope=b"Fa@b\0Tc@d\0Te@f\0\0"):
        """The exit code; envelope on fd 1 as for qmail-queue."""
        read, write = os.pipe()
        os.write(write, envelope)
        os.close(write)
        try:
            return subprocess.run([BIN / "qmail-qmqpc"], input=message, stdout=read,
                                  env=self.environment(), timeout=30).returncode
        finally:
            os.close(read)

    def serve(self, answer, address="127.0.0.77"):
        """Takes one request whole, then answers; the request comes out of the list."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, 628))
        except PermissionError:
            self.skipTest("port 628 needs root")
        listener.listen()
        requests = []

        def run():
            connection, _ = listener.accept()
            with connection:
                data = b""
                while b":" not in data or len(data) < self.total(data):
                    data += connection.recv(65536)
                requests.append(data)
                for byte in answer:
                    connection.sendall(bytes([byte]))
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread, requests

    @staticmethod
    def total(data):
        head, _, _ = data.partition(b":")
        return len(head) + 1 + int(head) + 1

    def test_the_server_decides(self):
        for number, (answer, code) in enumerate((
                (b"5:Kokay,", 0), (b"6:Zlater,", 71), (b"3:Dno,", 31), (b"1:x,", 74),
                (b"5:Kok", 74), (b"junk", 74), (b"", 74))):
            address = f"127.0.0.{80 + number}"
            self.control("qmqpservers", "not-an-ip", "127.0.0.79", address)
            thread, requests = self.serve(answer, address)
            self.assertEqual(code, self.submit(), answer)
            thread.join(10)
            self.assertEqual(
                [b"39:17:Subject: s\n\nbody\n,3:a@b,3:c@d,3:e@f,,"], requests)

    def test_what_keeps_it_from_trying(self):
        self.assertEqual(55, self.submit())
        self.control("qmqpservers", "127.0.0.79")
        self.assertEqual(73, self.submit())
        self.assertEqual(54, self.submit(envelope=b"Fa@b\0Tc@d\0"))
        self.assertEqual(91, self.submit(envelope=b"Xa@b\0\0"))

    def test_no_home(self):
        shutil.rmtree(self.home)
        self.assertEqual(61, self.submit())

    def start(self, **options):
        """The program, waiting for its message."""
        process = subprocess.Popen([BIN / "qmail-qmqpc"], stdin=subprocess.PIPE,
                                   env=self.environment(), **options)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.kill)
        return process

    def test_an_envelope_over_the_limit(self):
        self.control("qmqpservers", "127.0.0.79")
        read, write = os.pipe()
        with os.fdopen(read) as source:
            process = self.start(stdout=source)
        process.stdin.close()
        with os.fdopen(write, "wb") as envelope:
            envelope.write(b"Fa@b\0")
            try:
                while process.poll() is None:
                    envelope.write((b"T" + b"x" * 900 + b"\0") * 1000)
            except BrokenPipeError:
                envelope.raw.close()
        self.assertEqual(51, process.wait(30))

    @unittest.skipIf((BIN / "kopis").resolve().with_suffix(".dll").exists(),
                     "a build whose code is in files needs descriptors for them")
    def test_no_descriptor_is_left(self):
        self.control("qmqpservers", "127.0.0.79")
        read, write = os.pipe()
        os.write(write, b"Fa@b\0Tc@d\0\0")
        os.close(write)
        with os.fdopen(read) as source:
            process = self.start(stdout=source)
        process.stdin.write(b"x" * 200_000)  # More than a pipe holds: by now it is reading.
        process.stdin.flush()
        used = {int(name) for name in os.listdir(f"/proc/{process.pid}/fd")}
        free = min(set(range(len(used) + 1)) - used)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (free, free))
        process.stdin.close()
        self.assertEqual(56, process.wait(30))

    @unittest.skipUnless(os.geteuid() == 0, "port 628 needs root")
    def test_a_server_that_does_not_answer(self):
        """Its backlog is full, so that the kernel lets further calls wait."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.78", 628))
            listener.listen(0)
            waiting = []
            try:
                while len(waiting) < 10:
                    waiting.append(socket.create_connection(("127.0.0.78", 628), timeout=0.3))
            except TimeoutError:
                pass
            self.control("qmqpservers", "127.0.0.79", "127.0.0.78")
            begun = time.monotonic()
            self.assertEqual(72, self.submit())
            self.assertGreaterEqual(time.monotonic() - begun, 9.9)
            for connection in waiting:
                connection.close()


if __name__ == "__main__":
    unittest.main()

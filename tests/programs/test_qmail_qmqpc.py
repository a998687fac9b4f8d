"""qmail-qmqpc against a server of the test's own (contract §9.3)."""

import os
import socket
import subprocess
import threading
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


if __name__ == "__main__":
    unittest.main()

"""kopis run is updated while clients send: by SIGUSR2, as the same process, with its ports."""

import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

from host import HostCase
from restarts import Load, subjects


class Restart(HostCase):
    def replace_binary(self):
        """Another file at its place, as an update leaves it."""
        new = self.host.binary.with_suffix(".new")
        shutil.copy(self.host.binary, new)
        new.chmod(0o755)
        os.replace(new, self.host.binary)

    def inode(self, pid):
        return os.stat(f"/proc/{pid}/exe").st_ino

    def restart(self):
        """kopis restart, until the host says that it is ready again."""
        began = len(self.host.log())
        result = self.host.run("restart")
        self.assertEqual(0, result.returncode, result)
        self.assertEqual(f"told process {self.host.process.pid} to start anew\n",
                         result.stdout.decode())
        self.host.wait_log(r"^ready\b", since=began)

    def test_no_client_is_refused_and_no_message_lost(self):
        load = Load(self.host.smtp_port, self.host.address)
        self.addCleanup(load.close)
        self.host.wait_mail(self.host.address, 20)
        pids = self.host.all_pids()
        for _ in range(2):
            self.replace_binary()
            self.restart()
            self.host.wait_mail(self.host.address, len(self.host.mail_files(self.host.address)) + 20)
        told = load.stop()
        self.assertEqual([], told["refused"], told["put off"])
        self.assertGreater(len(told["accepted"]), 60)
        self.host.wait_until(
            lambda: set(told["accepted"]) <= set(subjects(self.host.maildir(self.host.address))),
            why=lambda: f"lost: {set(told['accepted']) - set(subjects(self.host.maildir(self.host.address)))}")
        self.assertFalse([pid for pid in pids - {self.host.process.pid} if self.host.is_ours(pid)])
        wanted = os.stat(self.host.binary).st_ino
        for pid in self.host.all_pids():
            if self.host.is_ours(pid):
                self.assertEqual(wanted, self.inode(pid))
        self.assertEqual(0, self.host.stop())

    def test_all_ports_wait_for_it(self):
        ports = (self.host.smtp_port, self.host.pop3_port, self.host.submission_port)
        began = len(self.host.log())
        self.host.process.send_signal(signal.SIGUSR2)
        self.host.wait_until(lambda: not self.host.pids("tcpserver"))
        clients = [socket.create_connection(("127.0.0.1", port), timeout=30) for port in ports]
        self.host.wait_log(r"^ready\b", since=began)
        for client, word in zip(clients, (b"220 ", b"+OK ", b"220 ")):
            with client, client.makefile("rb") as lines:
                self.assertEqual(word, lines.readline()[:4])

    def test_a_stop_while_all_ends_is_for_good(self):
        """Whoever stops it meanwhile does not find it running again."""
        process = self.host.process
        with socket.create_connection(("127.0.0.1", self.host.smtp_port), timeout=30) as client, \
                client.makefile("rb") as lines:
            client.sendall(f"MAIL FROM:<>\r\nRCPT TO:<{self.host.address}>\r\nDATA\r\n".encode())
            self.assertEqual([b"220", b"250", b"250", b"354"], [lines.readline()[:3] for _ in range(4)])
            process.send_signal(signal.SIGUSR2)  # The message under way keeps it from ending at once.
            with self.assertRaises(ConnectionError):
                while True:
                    self.probe()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(0, process.wait(30))

    def probe(self):
        """A session that begins; it cannot once the listener ends."""
        with socket.create_connection(("127.0.0.1", self.host.smtp_port), timeout=0.5) as other, \
                other.makefile("rb") as said:
            try:
                if not said.readline().startswith(b"220 "):
                    raise ConnectionError("turned away")
            except TimeoutError as e:
                raise ConnectionError("waits for the next listener") from e
            time.sleep(0.01)

    def test_without_a_program_in_its_place_it_runs_on(self):
        os.replace(self.host.binary, self.host.base / "away")
        self.host.process.send_signal(signal.SIGUSR2)
        self.host.wait_log(r"^kopis: there is no program .*; nothing is started anew$")
        os.replace(self.host.base / "away", self.host.binary)
        with socket.create_connection(("127.0.0.1", self.host.smtp_port), timeout=30) as client, \
                client.makefile("rb") as lines:
            self.assertTrue(lines.readline().startswith(b"220 "))

    def test_what_the_new_program_would_refuse_stops_nothing(self):
        before = self.host.all_pids()
        self.host.write("control/concurrencyremote", "many\n")
        result = self.host.run("restart")
        self.assertEqual(111, result.returncode, result)
        self.assertIn(b"concurrencyremote", result.stderr)
        self.assertLessEqual(before, self.host.all_pids())

    def test_nothing_runs(self):
        self.host.stop()
        result = self.host.run("restart")
        self.assertEqual(100, result.returncode, result)
        self.assertIn(f"nothing runs in {self.host.home}", result.stderr.decode())
        for words in (["--what"], ["--home"], ["--home", "relative"]):
            result = self.host.run("restart", *words)
            self.assertEqual((100, b""), (result.returncode, result.stdout), words)
        self.assertIn("usage: kopis restart", subprocess.run(
            [self.host.binary, "restart", "--help"], capture_output=True, text=True).stdout)


if __name__ == "__main__":
    unittest.main()

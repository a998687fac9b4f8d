"""kopis run is updated while clients send: by SIGUSR2, as the same process, with its ports; to an earlier
version and back."""

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import time
import unittest

from host import BINARY, ROOT, HostCase, free_port
from restarts import Load, subjects

DRAINS = r"^kopis: starts anew once deliveries that are under way have ended"


class Restart(HostCase):
    def replace_binary(self, other=None):
        """Another file at its place, as an update leaves it."""
        new = self.host.binary.with_suffix(".new")
        shutil.copy(other or self.host.binary, new)
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

    def version(self):
        return self.host.run("--version").stdout.decode()

    def test_no_client_is_refused_and_no_message_lost(self):
        """To another version, whose code differs, and back."""
        earlier = subprocess.run([ROOT / "tests/earlier_binary"], stdout=subprocess.PIPE, text=True,
                                 check=True).stdout.strip()
        load = Load(self.host.smtp_port, self.host.address)
        self.addCleanup(load.close)
        self.host.wait_mail(self.host.address, 20)
        pids = self.host.all_pids()
        versions = [self.version()]
        for binary in (earlier, BINARY):
            self.replace_binary(binary)
            versions.append(self.version())
            self.restart()
            self.host.wait_mail(self.host.address, len(self.host.mail_files(self.host.address)) + 20)
        self.assertNotEqual(versions[0], versions[1])
        self.assertEqual(versions[0], versions[2])
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

    def begin_delivery(self):
        """One that goes on until `out` has a reader; the name of that."""
        fifo = self.host.base / "out"
        os.mkfifo(fifo)
        os.chmod(fifo, 0o666)
        self.addCleanup(lambda: os.close(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)))  # Whoever waits is let go.
        self.host.write("alias/.qmail-slow", f"|echo done >{fifo}\n")
        self.send("slow")
        self.host.wait_log(r"starting delivery \d+: msg \d+ to local slow@")
        return fifo

    def send(self, user, subject="s"):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=30) as client:
            client.sendmail("a@b.example", [f"{user}@{self.host.me}"], f"Subject: {subject}\r\n\r\n")

    def test_deliveries_that_are_under_way_end_while_mail_is_taken(self):
        """A message that was killed behind its dot would come twice."""
        fifo = self.begin_delivery()
        began = len(self.host.log())
        self.replace_binary()
        self.assertEqual(0, self.host.run("restart").returncode)
        until = time.monotonic() + 7  # A stop would have killed it after 4.5.
        count = 0
        while time.monotonic() < until:
            count += 1
            self.send(self.host.user, f"meanwhile {count}")
            time.sleep(0.5)
        self.assertNotIn("\nready", self.host.log()[began:])
        self.assertEqual("done\n", fifo.read_text())
        self.host.wait_log(r"delivery \d+: success: did_0\+0\+1/", since=began)
        self.host.wait_log(r"^ready\b", since=began)
        self.host.wait_mail(self.host.address, count)
        self.assertEqual(os.stat(self.host.binary).st_ino, self.inode(self.host.process.pid))

    def test_a_stop_while_deliveries_end_is_for_good(self):
        self.begin_delivery()
        self.host.process.send_signal(signal.SIGUSR2)
        self.host.wait_log(DRAINS)
        self.assertEqual(0, self.host.stop())
        self.assertLess(self.host.stopping, 6)

    def test_an_alarm_meanwhile_is_for_the_next_qmail_send(self):
        port = free_port()
        self.host.control("smtproutes", f"later.example:127.0.0.1:{port}")
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=30) as client:
            client.sendmail(self.host.address, ["x@later.example"], "Subject: later\r\n\r\n")
        failed = r"deferral: Sorry,_I_wasn't_able_to_establish"
        self.host.wait_log(failed)
        fifo = self.begin_delivery()
        began = len(self.host.log())
        self.host.process.send_signal(signal.SIGUSR2)
        self.host.wait_log(DRAINS, since=began)
        self.host.process.send_signal(signal.SIGALRM)
        fifo.read_text()
        self.host.wait_log(r"^ready\b", since=began)
        self.host.wait_log(failed, since=began)  # By itself it would come minutes later.

    def test_a_message_that_is_coming_in_has_more_time_than_at_a_stop(self):
        with socket.create_connection(("127.0.0.1", self.host.smtp_port), timeout=30) as client, \
                client.makefile("rb") as lines:
            client.sendall(f"MAIL FROM:<>\r\nRCPT TO:<{self.host.address}>\r\nDATA\r\n".encode())
            self.assertEqual([b"220", b"250", b"250", b"354"], [lines.readline()[:3] for _ in range(4)])
            began = len(self.host.log())
            self.host.process.send_signal(signal.SIGUSR2)
            self.wait_no_session_begins()
            time.sleep(4)  # A stop would have cut it off after 2.
            client.sendall(b"Subject: slow\r\n\r\n.\r\n")
            self.assertEqual(b"250", lines.readline()[:3])
        self.host.wait_log(r"^ready\b", since=began)
        self.host.wait_mail(self.host.address, 1)

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
            self.wait_no_session_begins()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(0, process.wait(30))

    def test_signals_do_no_harm_before_it_becomes_another_program(self):
        """Who sends one looks whether the process hears it, and then sends it: in between it does not become
        one that does not yet."""
        pid, before, began = self.host.process.pid, self.inode(self.host.process.pid), len(self.host.log())
        others = (signal.SIGHUP, signal.SIGUSR2, signal.SIGALRM)
        self.assertEqual([True] * 3, self.has(pid, "SigCgt", others))
        self.replace_binary()
        self.host.process.send_signal(signal.SIGUSR2)
        self.host.wait_until(lambda: not any(self.has(pid, "SigCgt", others)))
        self.assertEqual([True] * 3, self.has(pid, "SigIgn", others))
        for number in others:
            self.host.process.send_signal(number)
        self.assertEqual(before, self.inode(pid))
        self.host.wait_log(r"^ready\b", since=began)
        self.assertNotEqual(before, self.inode(pid))
        self.assertEqual([True] * 3, self.has(pid, "SigCgt", others))
        self.assertEqual(0, self.host.stop())

    @staticmethod
    def has(pid, key, numbers):
        """Whether a mask of proc(5)'s status has each of these."""
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            [mask] = [int(line.split()[1], 16) for line in file if line.startswith(key + ":")]
        return [bool(mask >> (number - 1) & 1) for number in numbers]

    def wait_no_session_begins(self):
        with self.assertRaises(ConnectionError):
            while True:
                self.probe()

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
        self.host.wait_log(r"^kopis: warning: there is no program .*; nothing is started anew$")
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

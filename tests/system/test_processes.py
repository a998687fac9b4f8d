"""Processes that are stopped, cannot start, or whose peers are cut off in SMTP's weak minute."""

import fcntl
import os
import re
import signal
import smtplib
import socket
import socketserver
import threading
import time
import unittest

from figures import tell
from host import HostCase
from traffic import Client, numbered

STOP_SECONDS = float(os.environ.get("KOPIS_STOP_SECONDS", "2"))
WEAK_MINUTES = int(os.environ.get("KOPIS_WEAK_MINUTES", "50"))


class Stopped(HostCase):
    """SIGSTOP of each process under load: clients wait or get a 4xx, nothing is lost."""

    VICTIMS = ("qmail-send", "qmail-lspawn", "qmail-queue", "qmail-local", "qmail-clean")

    def test_each_process_stopped_under_load(self):
        stop = threading.Event()
        # As many messages however long the stops are: what waits is delivered after them.
        clients = [Client(self.host, n, stop, pause=STOP_SECONDS / 300) for n in range(4)]
        for client in clients:
            client.start()
        for name in self.VICTIMS:
            self.wait_progress(clients)
            pids = self.host.pids(name)
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(STOP_SECONDS)  # The stop itself is what is tried: it has to last.
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            self.assertTrue(pids, name)
        self.wait_progress(clients)
        stop.set()
        for client in clients:
            client.join()
        accepted = {name for client in clients for name in client.accepted}
        self.host.alarm()  # What was put off meanwhile need not wait for its time.
        self.host.wait_until(
            lambda: len(self.host.mail_files(self.host.address)) >= len(accepted), timeout=120,
            why=lambda: f"{len(self.host.mail_files(self.host.address))} of {len(accepted)} came; "
                        f"log ends: {self.host.log()[-1500:]}")
        self.host.wait_until(
            lambda: accepted <= numbered(self, self.host).keys(),
            why=lambda: f"missing: {sorted(accepted - numbered(self, self.host).keys())[:5]}")
        copies = numbered(self, self.host)
        duplicates = sum(count - 1 for count in copies.values())
        tell(f"stops: {len(self.VICTIMS)} processes for {STOP_SECONDS:g} s each under load: "
             f"{len(accepted)} accepted, 0 lost, {duplicates} second copies")

    def wait_progress(self, clients):
        before = sum(len(client.accepted) for client in clients)
        self.host.wait_until(
            lambda: sum(len(client.accepted) for client in clients) >= before + 20, timeout=120,
            why=lambda: f"no progress after {before}; log ends: {self.host.log()[-1500:]}")


class Supervision(HostCase):
    STARTS_MAX = 9  # After 0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3 and 11.3 s, and one for good measure.
    WATCH_SECONDS = 12

    def test_what_cannot_start_is_tried_ever_more_seldom_and_runs_once_it_can(self):
        with open(self.host.home / "queue/lock/writer", "rb+") as lock:
            began = len(self.host.log())
            os.kill(self.host.pids("qmail-queue")[0], signal.SIGKILL)
            fcntl.flock(lock, fcntl.LOCK_EX)  # Another writer, as it seems.
            time.sleep(self.WATCH_SECONDS)  # How often it is tried in this time is the question.
            starts = len(re.findall(r"^kopis: warning: qmail-queue .*starting again in",
                                    self.host.log()[began:], re.M))
            self.assertGreaterEqual(starts, 3)
            self.assertLessEqual(starts, self.STARTS_MAX)
            with self.assertRaises(smtplib.SMTPResponseException) as refusal:
                self.send()
            self.assertEqual(4, refusal.exception.smtp_code // 100)
        self.host.wait_until(lambda: self.is_accepted(), timeout=30)
        self.host.wait_mail(self.host.address, 1)
        tell(f"supervision: {starts} starts in {self.WATCH_SECONDS} s of a program that "
             "ends at once; back when it can run")

    def send(self):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.sendmail("a@b.example", [self.host.address], "Subject: x\r\n\r\n")

    def is_accepted(self):
        try:
            self.send()
            return True
        except smtplib.SMTPException:
            return False


class Forgetful(socketserver.StreamRequestHandler):
    """A server that takes each message twice: of the first time its client never hears."""

    def handle(self):
        self.wfile.write(b"220 forgetful.example\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    text += line
                name = text.partition(b"X-Number: ")[2].partition(b"\r\n")[0]
                with self.server.lock:
                    self.server.copies[name] = self.server.copies.get(name, 0) + 1
                    is_first = self.server.copies[name] == 1
                if is_first:
                    return
                self.wfile.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class ForgetfulServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Forgetful)
        self.copies, self.lock = {}, threading.Lock()


class WeakMinute(HostCase):
    """RFC 1047: the reply to the final dot is lost. One second copy for each that is, no more."""

    def test_as_a_client(self):
        server = ForgetfulServer()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.host.control("smtproutes", f":127.0.0.1:{server.server_address[1]}")
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=60) as client:
            for n in range(WEAK_MINUTES):
                client.sendmail("a@b.example", ["x@forgetful.example"],
                                f"Subject: weak\r\nX-Number: {n}\r\n\r\ntext\r\n")
        self.host.wait_log_count(r"^delivery \d+: deferral: ", WEAK_MINUTES, timeout=90)
        self.host.alarm()
        self.host.wait_log_count(r"^delivery \d+: success: ", WEAK_MINUTES, timeout=90)
        self.assertEqual({2}, set(server.copies.values()))
        self.assertEqual(WEAK_MINUTES, len(server.copies))
        tell(f"weak minute as client: {WEAK_MINUTES} replies lost, "
             f"{sum(server.copies.values()) - WEAK_MINUTES} second copies, 0 lost")

    def test_as_a_server(self):
        for n in range(WEAK_MINUTES):
            self.offer(n, lose_reply=True)
            self.offer(n, lose_reply=False)  # What a client does that heard nothing.
        self.host.wait_until(lambda: len(self.copies()) == WEAK_MINUTES)
        self.host.wait_log_count(r"^end msg ", len(self.host.mail_files(self.host.address)))
        copies = self.copies()
        self.assertLessEqual(set(copies.values()), {1, 2})
        tell(f"weak minute as server: {WEAK_MINUTES} replies lost, "
             f"{sum(copies.values()) - WEAK_MINUTES} second copies, 0 lost")

    def copies(self):
        copies = {}
        for path in self.host.mail_files(self.host.address):
            name = path.read_bytes().partition(b"X-Number: ")[2].partition(b"\n")[0]
            copies[name] = copies.get(name, 0) + 1
        return copies

    def offer(self, n, lose_reply):
        with socket.create_connection(("127.0.0.1", self.host.smtp_port), 20) as s:
            replies = s.makefile("rb")
            replies.readline()
            for line in ("HELO a", "MAIL FROM:<a@b.example>", f"RCPT TO:<{self.host.address}>",
                         "DATA"):
                s.sendall(f"{line}\r\n".encode())
                self.assertRegex(replies.readline(), rb"^[23]")
            s.sendall(f"X-Number: {n}\r\n\r\ntext\r\n.\r\n".encode())
            if not lose_reply:
                self.assertRegex(replies.readline(), rb"^250 ")
            replies.close()


if __name__ == "__main__":
    unittest.main()

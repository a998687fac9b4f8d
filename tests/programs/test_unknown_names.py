"""Names that nobody has: what they cost us, and whom else they delay."""

import os
import pathlib
import socket
import struct
import threading
import time
import unittest

from harness import BIN
from listener import ListenerCase
from test_qmail_lookup import NO, Service, ask, can_unshare

NAMES = 1000
RCPT_MAX = 0.05
CPU_MAX = 1.0
GUESSER, OTHER = "127.0.0.1", "127.0.9.1"


@unittest.skipUnless(can_unshare(), "needs root and a mount namespace")
class UnknownNames(ListenerCase):
    """qmail-lookup and qmail-getpw of an installed host, and a listener."""

    def setUp(self):
        super().setUp()
        for name, lines in (("locals", "mx.example"), ("rcpthosts", "mx.example"),
                            ("maxrcpt", "40000"), ("tarpitcount", "0")):
            self.control(name, lines)
        os.chmod(self.home / "users", 0o755)
        (self.home / "bin").mkdir()
        (self.home / "bin/qmail-getpw").symlink_to(BIN / "qmail-getpw")
        users = [("root", 0, "/root"), ("qmaild", 61000, "/none"), ("qmailp", 61005, "/none")]
        for name, uid in (("alias", 61003), ("joe", 61001)):
            home = self.home / "homes" / name
            home.mkdir(parents=True)
            os.chown(home, uid, uid)
            users.append((name, uid, home))
        (self.home / "passwd").write_text("".join(
            f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n" for name, uid, home in users))

    def begin(self):
        self.service = Service(self, prefix=(
            "unshare", "-m", "sh", "-c",
            f"mount --bind {self.home}/passwd /etc/passwd && exec \"$@\"", "sh"))
        self.serve("-c", "200")

    def session(self, source):
        peer = socket.create_connection(
            ("127.0.0.1", self.port), timeout=60, source_address=(source, 0))
        self.addCleanup(peer.close)
        replies = peer.makefile("rb")
        self.addCleanup(replies.close)
        self.assertEqual(b"220", replies.readline()[:3])
        peer.sendall(b"HELO x\r\nMAIL FROM:<a@b.example>\r\n")
        self.assertEqual(b"250", replies.readline()[:3])
        self.assertEqual(b"250", replies.readline()[:3])
        return peer, replies

    @staticmethod
    def rcpt(session, name):
        peer, replies = session
        peer.sendall(b"RCPT TO:<%s@mx.example>\r\n" % name)
        return replies.readline()[:3]

    def cpu(self):
        """Seconds of the listener, qmail-lookup, qmail-getpw and all that these waited for."""
        total = 0
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text(encoding="ascii").rsplit(")", 1)[1].split()
            except OSError:
                continue
            ours = {self.process.pid, self.service.process.pid}
            if int(path.parent.name) in ours or int(fields[1]) in ours:
                total += sum(int(field) for field in fields[11:15])
        return total / os.sysconf("SC_CLK_TCK")

    def test_what_they_cost(self):
        """The binary of before started a process for each."""
        self.control("unknownrcpt", "0")
        self.begin()
        other = self.session(OTHER)
        self.assertEqual(b"550", self.rcpt(other, b"nobody"))  # All have been started.
        # A host that is busy with something else takes longer for the same; it is never too fast.
        for turn in b"1", b"2", b"3", b"4", b"5", b"6":
            spent, waits = self.cost(turn)
            middle = sorted(waits)[len(waits) // 2]
            if spent < CPU_MAX and middle < RCPT_MAX:
                break
        print(f"{NAMES} unknown names: {spent:.2f} s of CPU, another client's RCPT "
              f"{1000 * middle:.1f} ms, at most {1000 * max(waits):.1f} ms")
        self.assertLess(spent, CPU_MAX)
        self.assertLess(middle, RCPT_MAX)

    def cost(self, turn):
        """Seconds of CPU for NAMES names of nobody's, and how long each RCPT of another client took
        meanwhile."""
        began, waits, refused, other = self.cpu(), [], [], self.session(OTHER)

        def guess():
            session = self.session(GUESSER)
            while len(refused) < NAMES:
                if (code := self.rcpt(session, b"no%s-%d" % (turn, len(refused)))) == b"421":
                    session = self.session(GUESSER)  # Too many errors for one.
                else:
                    refused.append(code)
        thread = threading.Thread(target=guess)
        thread.start()
        while thread.is_alive():
            start = time.monotonic()
            code = self.rcpt(other, b"other%s-%d" % (turn, len(waits)))
            waits.append(time.monotonic() - start)
            if code == b"421":
                other = self.session(OTHER)
            time.sleep(0.01)
        thread.join()
        self.assertEqual([b"550"] * NAMES, refused)

        # The other asks for names of nobody's too, and for more of them the slower the host is.
        return (self.cpu() - began) * NAMES / (NAMES + len(waits)), waits

    def test_who_asks_for_many_waits_and_no_other(self):
        self.control("unknownrcpt", "5")
        self.begin()
        sessions = [self.session(GUESSER) for _ in range(40)]
        times = []
        for number in range(8):
            start = time.monotonic()
            self.assertEqual(b"550", self.rcpt(sessions[0], b"n%d" % number))
            times.append(time.monotonic() - start)
        self.assertGreater(times[7], 0.25)
        self.assertGreater(times[7], times[5])
        for number, (peer, _) in enumerate(sessions):
            peer.sendall(b"".join(
                b"RCPT TO:<m%d-%d@mx.example>\r\n" % (number, n) for n in range(20)))
        other = self.session(OTHER)
        waits = []
        for number in range(5):
            start = time.monotonic()
            self.assertEqual(b"550", self.rcpt(other, b"o%d" % number))
            waits.append(time.monotonic() - start)
        self.assertLess(sorted(waits)[2], RCPT_MAX)

    def test_the_count_is_of_all_listeners(self):
        self.control("unknownrcpt", "3")
        self.begin()
        peer = socket.inet_aton("192.0.2.1")
        delays = []
        for number in range(6):
            verdict, fields = self.service.ask(b"R", b"n%d" % number, b"mx.example", peer)
            self.assertEqual(NO, verdict)
            delays.append(struct.unpack("<i", fields[0])[0])
        self.assertEqual([0, 0, 0, 100, 200, 300], delays)
        verdict, fields = self.service.ask(
            b"R", b"x", b"mx.example", socket.inet_aton("198.51.100.1"))
        self.assertEqual((NO, [bytes(4)]), (verdict, fields))

    def test_a_process_has_so_many_connections(self):
        self.begin()
        kept = []
        for _ in range(140):
            client = self.service.connect()
            self.addCleanup(client.close)
            kept.append(client)
        answers = []
        for client in kept:
            try:
                answers.append(ask(client, b"R", b"joe", b"mx.example"))
            except OSError:
                answers.append(None)
        self.assertEqual(128, len([answer for answer in answers if answer]))
        self.assertEqual(b"250", self.rcpt(self.session(OTHER), b"joe"))


if __name__ == "__main__":
    unittest.main()

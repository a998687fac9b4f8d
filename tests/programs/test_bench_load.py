"""bench/Load: the bench's clients and its sink send and count what they say."""

import pathlib
import socket
import subprocess
import sys
import time
import unittest

from peer import Peer

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "bench"))

import load  # noqa: E402
import sink  # noqa: E402

load.LOAD = sink.LOAD = ROOT / "artifacts/bin/Load/debug/load"


class Send(unittest.TestCase):
    """`load send` to `load sink`."""

    def sink(self, delay=0.0):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        taken = sink.Sink(port, delay)
        self.addCleanup(taken.close)
        return port, taken

    def test_a_connection_for_each_message(self):
        port, taken = self.sink()
        told = load.send(port, 200, 20, ["a@x.test", "b@x.test"])
        self.assertEqual(200, told["accepted"])
        self.assertEqual([200, 200, 200], list(taken.counters()[:3]))
        self.assertLessEqual(taken.counters()[3], 20)
        self.assertLessEqual(told["p50"], told["max"])

    def test_connections_are_kept(self):
        port, taken = self.sink()
        load.send(port, 200, 20, ["a@x.test"], keep=True)
        self.assertEqual([200, 200, 20], list(taken.counters()[:3]))

    def test_dots_are_answered_late_and_at_once(self):
        port, taken = self.sink(0.2)
        began = time.monotonic()
        told = load.send(port, 100, 100, ["a@x.test"])
        self.assertGreaterEqual(told["p50"], 200)
        self.assertLess(time.monotonic() - began, 100 * 0.2)  # Not one after another.
        self.assertEqual(100, taken.counters()[3])

    def test_a_large_message_comes_whole(self):
        port, taken = self.sink()
        load.send(port, 5, 5, ["a@x.test"], size=1 << 20)
        self.assertEqual(5, taken.counters()[0])

    def test_a_refusal_is_an_error(self):
        def talk(session):
            session.say(b"220 hi\r\n")
            session.read_line().rstrip(b"\r\n")
            session.say(b"451 no\r\n")
        done = subprocess.run(
            [load.LOAD, "send", f"127.0.0.1:{Peer(talk).port}", "a@x.test"],
            capture_output=True, timeout=30)
        self.assertEqual(1, done.returncode)
        self.assertIn(b"451 no", done.stderr)

    def test_what_is_sent(self):
        lines = []

        def talk(session):
            session.say(b"220-one\r\n220 hi\r\n")
            for reply in (b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
                lines.append(session.read_line().rstrip(b"\r\n"))
                session.say(reply)
            while (line := session.read_line().rstrip(b"\r\n")) != b".":
                lines.append(line)
            session.say(b"250 ok\r\n")
            lines.append(session.read_line().rstrip(b"\r\n"))
            session.say(b"221 bye\r\n")
        load.send(Peer(talk).port, 1, 1, ["a@x.test"], size=100)
        self.assertEqual([b"HELO client.test", b"MAIL FROM:<sender@src.test>",
                          b"RCPT TO:<a@x.test>", b"DATA"], lines[:4])
        self.assertEqual(b"QUIT", lines[-1])
        payload = lines[lines.index(b"") + 1:-1]
        self.assertEqual(100, sum(len(line) + 2 for line in payload))

    def test_cut_anywhere_the_sink_counts_the_same(self):
        whole = (b"EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nrcpt to:<c@x>\r\nDATA\r\n"
                 b"Subject: x\r\n\r\n..\r\n.x\r\n.\r\n"
                 b"MAIL FROM:<>\r\nRCPT TO:<b@x>\r\nDATA\r\n.\r\n"
                 b"MAIL FROM:<>\r\nDATA\r\nRSET\r\nQUIT\r\n")
        replies = None
        for delay in (0.0, 0.02):
            for cut in (len(whole), 1, 3):
                port, taken = self.sink(delay)
                with socket.create_connection(("127.0.0.1", port), 30) as client:
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for i in range(0, len(whole), cut):
                        client.sendall(whole[i:i + cut])
                    answer = client.makefile("rb").read()
                replies = replies or answer
                self.assertEqual(replies, answer)
                self.assertEqual([2, 3, 1], list(taken.counters()[:3]))
        self.assertEqual(1, replies.count(b"503 "))


if __name__ == "__main__":
    unittest.main()

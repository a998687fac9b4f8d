"""qmail-journal: what it takes from whom, and what becomes of it; kopis trace on what it wrote."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import BIN, NOBODY, ProgramCase

FLUSHED = 10  # Seconds: it writes within 0.2.


class JournalCase(ProgramCase):
    def setUp(self):
        super().setUp()
        self.journal = self.home / "journal"
        self.journal.mkdir()
        self.writer = None

    def start(self):
        self.writer = subprocess.Popen([BIN / "qmail-journal"], env=self.environment(),
                                       stderr=subprocess.PIPE)
        self.addCleanup(self.end, self.writer)
        self.until(lambda: self.can_connect(), "it does not listen")

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        process.stderr.close()

    def can_connect(self):
        try:
            self.sender().close()
            return True
        except OSError:
            return False

    def sender(self):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        peer.settimeout(20)
        try:
            peer.connect(str(self.journal / "socket"))
        except OSError:
            peer.close()
            raise
        self.addCleanup(peer.close)
        return peer

    def until(self, condition, what):
        deadline = time.monotonic() + FLUSHED
        while not (result := condition()):
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)
        return result

    def files(self):
        return sorted(self.journal.glob("*.jsonl"))

    def records(self):
        return [json.loads(line) for line in self.text().splitlines()]

    def text(self):
        """All files that are there; the oldest may go meanwhile."""
        whole = b""
        for path in self.files():
            try:
                whole += path.read_bytes()
            except FileNotFoundError:
                pass
        return whole

    def wait_records(self, count):
        self.until(lambda: len(self.records()) >= count, "the records are not there")
        return self.records()

    def trace(self, *words, **options):
        return self.run_program("kopis", "trace", *words, **options)


class Writer(JournalCase):
    def test_a_record_is_stamped_by_the_kernels_word(self):
        self.start()
        peer = self.sender()
        peer.send(b'{"e":"new","msg":8}\n{"e":"end","msg":8}\n')
        records = self.wait_records(2)
        self.assertEqual(["new", "end"], [record["e"] for record in records])
        self.assertEqual({os.getpid()}, {record["pid"] for record in records})
        self.assertRegex(records[0]["t"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z\Z")
        self.assertEqual(0o640, self.files()[0].stat().st_mode & 0o777)

    def test_who_sends_anything_else_is_not_heard_any_more(self):
        self.start()
        for packet in (b"nonsense\n", b'{"e":"new"}', b'{"e":"new","by":"qmails"}\n', b"\0" * 9000,
                       b'{"e":"new"}\n\xff\n', b'{"e":"new","a":"\x1b"}\n', b"{" * 30000 + b"\n"):
            with self.subTest(packet=packet[:30]):
                peer = self.sender()
                peer.send(packet)
                self.assertEqual(b"", peer.recv(1))  # Closed.
        good = self.sender()
        good.send(b'{"e":"end"}\n')
        self.until(lambda: any(record["e"] == "end" for record in self.records()), "it is deaf")
        self.assertNotIn("qmails", [record["by"] for record in self.records()])

    @unittest.skipUnless(os.geteuid() == 0, "no other user can be tried")
    def test_other_users_are_not_heard(self):
        self.start()
        code = ("import socket; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); "
                f"s.settimeout(20); s.connect('{self.journal}/socket')\n"
                "try: s.send(b'{\"e\":\"forged\"}\\n'); print(s.recv(1))\n"
                "except OSError: print(b'')")
        said = subprocess.run(
            ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
             "python3", "-c", code], capture_output=True, timeout=30)
        self.assertEqual(b"b''\n", said.stdout, said.stderr)
        self.sender().send(b'{"e":"end"}\n')
        self.assertEqual(["end"], [record["e"] for record in self.wait_records(1)])

    def test_a_flood_costs_its_sender_alone(self):
        self.start()
        flood, good = self.sender(), self.sender()
        flood.setblocking(False)
        line = b'{"e":"flood","a":"' + b"x" * 900 + b'"}\n'
        sent, end = 0, time.monotonic() + 2
        while time.monotonic() < end:
            try:
                flood.send(line * 30)
                sent += 30
            except BlockingIOError:
                good.setblocking(False)
                good.send(b'{"e":"good"}\n')  # Its own buffer has room: it never waits.
                time.sleep(0.01)
        self.assertGreater(sent, 1000)
        good.send(b'{"e":"last"}\n')
        self.until(lambda: b'"e":"last"' in self.text(),
                   "others are not heard")

    def test_killed_it_loses_no_record_of_a_second_ago(self):
        self.start()
        for number in range(3):
            peer = self.sender()
            peer.send(b'{"e":"n%d"}\n' % number)
            self.wait_records(number + 1)
            self.writer.send_signal(signal.SIGKILL)
            self.writer.wait()
            self.start()
        self.assertEqual(["n0", "n1", "n2"], [record["e"] for record in self.records()])
        self.assertEqual(3, len(self.files()))  # Nothing is appended to what may be cut.

    def test_told_to_end_it_writes_all(self):
        self.start()
        self.sender().send(b'{"e":"end"}\n')
        time.sleep(0.05)
        self.writer.terminate()
        self.assertEqual(0, self.writer.wait(20))
        self.assertEqual(["end"], [record["e"] for record in self.records()])

    def test_the_oldest_goes_and_the_bound_holds(self):
        self.control("journalbytes", "1000000")
        self.start()
        peer = self.sender()
        line = b'{"e":"new","a":"' + b"x" * 900 + b'"}\n'
        for _ in range(100):
            peer.send(line * 30)
            time.sleep(0.005)
        peer.send(b'{"e":"last"}\n')
        self.until(lambda: b'"last"' in self.text(),
                   "it is not there")
        total = sum(path.stat().st_size for path in self.journal.iterdir() if path.is_file())
        self.assertLess(total, 1_300_000)
        self.assertGreater(total, 500_000)

    def test_without_a_journal(self):
        self.control("journalbytes", "0")
        self.writer = subprocess.Popen([BIN / "qmail-journal"], env=self.environment(),
                                       stderr=subprocess.PIPE)
        self.addCleanup(self.end, self.writer)
        time.sleep(0.3)
        self.assertIsNone(self.writer.poll())
        self.assertFalse((self.journal / "socket").exists())
        self.writer.terminate()
        self.assertEqual(0, self.writer.wait(20))


class FullDisk(JournalCase):
    @unittest.skipUnless(os.geteuid() == 0, "only root can mount")
    def test_a_full_disk_costs_records_and_says_so(self):
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "t", self.journal],
                              capture_output=True)
        if made.returncode:
            self.skipTest("no tmpfs can be mounted")
        self.addCleanup(subprocess.run, ["umount", "-l", self.journal])
        self.start()
        peer = self.sender()
        peer.send(b'{"e":"before"}\n')
        self.wait_records(1)
        ballast = self.journal / "ballast"
        with open(ballast, "wb") as out:
            out.write(b"\0" * 60_000_000)  # Less is free than mail is to have.
        peer.send(b'{"e":"during"}\n')
        said = self.writer.stderr.readline()
        self.assertEqual(
            b"qmail-journal: warning: no room in the journal: 1 records lost\n", said)
        ballast.unlink()
        peer.send(b'{"e":"after"}\n')
        self.until(lambda: {"after", "lost"} <= {record["e"] for record in self.records()}, "no record")
        self.assertNotIn("during", [record["e"] for record in self.records()])
        self.assertEqual([1], [record["n"] for record in self.records() if record["e"] == "lost"])


class Trace(JournalCase):
    def write(self, *records):
        lines = [json.dumps({"t": f"2026-11-30T06:00:{n:02}.0000000Z", "by": "q", "pid": 1, **record})
                 for n, record in enumerate(records)]
        (self.journal / "2026-11-30T060000.000000.jsonl").write_text("\n".join(lines) + "\n")

    def story(self):
        self.write(
            {"e": "connect", "proto": "smtp", "session": 1, "ip": "192.0.2.1"},
            {"e": "refuse", "proto": "smtp", "session": 1, "ip": "192.0.2.1", "check": "rcpthosts",
             "helo": "h", "from": "a@x", "to": "no@y", "text": "553 sorry"},
            {"e": "accept", "proto": "smtp", "session": 1, "ip": "192.0.2.1", "msg": 8, "qp": 70,
             "helo": "h", "size": 5, "mid": "<i@x>", "from": "a@x", "rcpts": 1, "to": ["b@y"]},
            {"e": "new", "msg": 8, "qp": 70, "uid": 1, "size": 5, "rcpts": 1, "from": "a@x"},
            {"e": "queued", "msg": 16, "qp": 71, "uid": 9, "size": 5, "mid": "<i@x>", "from": "a@x",
             "rcpts": 1, "to": ["c@z"]},
            {"e": "attempt", "msg": 8, "delivery": 1, "channel": "local", "to": "b@y",
             "verdict": "success", "ms": 4, "fwd": ["71"], "text": "did 0+1+0\nqp 71"},
            {"e": "end", "msg": 8},
            {"e": "new", "msg": 16, "qp": 71, "uid": 9, "size": 5, "rcpts": 1, "from": "a@x"},
            {"e": "attempt", "msg": 16, "delivery": 2, "channel": "remote", "to": "c@z",
             "verdict": "failure", "ms": 9, "host": "192.0.2.9", "text": "no\x1b[2J\u202e"},
            {"e": "bounce", "msg": 16, "child": 24, "qp": 72},
            {"e": "end", "msg": 16},
            {"e": "new", "msg": 24, "qp": 72, "uid": 3, "size": 9, "rcpts": 1, "from": ""},
            {"e": "end", "msg": 24})

    def test_a_story_is_whole_wherever_it_is_entered(self):
        self.story()
        for words in (["b@y"], ["C@Z"], ["8"], ["16"], ["24"], ["<I@x>"], ["--id", "i@x"],
                      ["--qp", "71"], ["192.0.2.1"], ["--since", "2026-11-30T05:00:00Z"]):
            with self.subTest(words=words):
                result = self.trace(*words)
                self.assertEqual((0, b""), (result.returncode, result.stderr))
                text = result.stdout.decode()
                for part in ("Message 8 from <a@x> to <b@y>", "forwarded as message 16",
                             "Message 16 from <a@x> to <c@z>", "failure after 9 ms at 192.0.2.9",
                             "bounce to the sender, as message 24", "it is the bounce of message 16"):
                    self.assertIn(part, text)
                self.assertNotIn("\x1b", text)
                self.assertNotIn("\u202e", text)

    def test_refusals_are_told_of_addresses_and_clients(self):
        self.story()
        for word in ("no@y", "192.0.2.1"):
            self.assertIn(b"refused by rcpthosts", self.trace(word).stdout)
        self.assertNotIn(b"refused", self.trace("8").stdout)

    def test_json_and_exit_codes(self):
        self.story()
        result = self.trace("--json", "8")
        kinds = [json.loads(line)["e"] for line in result.stdout.splitlines()]
        self.assertEqual(2, kinds.count("attempt"))
        self.assertEqual(3, kinds.count("new"))
        self.assertEqual(1, self.trace("nobody@y").returncode)
        self.assertEqual(1, self.trace("b@y", "--since", "2026-12-01").returncode)
        self.assertEqual(0, self.trace("b@y", "192.0.2.1").returncode)
        self.assertEqual(1, self.trace("c@z", "192.0.2.1").returncode)
        self.assertEqual(100, self.trace().returncode)
        self.assertEqual(100, self.trace("bob").returncode)
        help_text = self.trace("--help")
        self.assertEqual(0, help_text.returncode)
        self.assertTrue(help_text.stdout.startswith(b"usage: kopis trace"))
        self.journal.rename(self.home / "away")
        result = self.trace("b@y")
        self.assertEqual(111, result.returncode)
        self.assertEqual(1, len(result.stderr.splitlines()), result.stderr)

    def test_follow(self):
        self.start()
        peer = self.sender()
        follower = subprocess.Popen([BIN / "kopis", "trace", "--follow", "--json", "b@y"],
                                    env=self.environment(), stdout=subprocess.PIPE)
        self.addCleanup(follower.stdout.close)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)
        said = []
        reader = threading.Thread(target=lambda: said.append(follower.stdout.readline()), daemon=True)
        reader.start()
        deadline = time.monotonic() + 20
        while reader.is_alive() and time.monotonic() < deadline:
            peer.send(b'{"e":"new","msg":9,"from":"other@y"}\n{"e":"new","msg":8,"from":"b@y"}\n')
            reader.join(0.2)  # It may have begun to look only now.
        self.assertEqual(8, json.loads(said[0])["msg"])

    def test_files_that_are_none_are_not_waited_for(self):
        self.story()
        os.mkfifo(self.journal / "2026-11-30T050000.000000.jsonl")
        (self.journal / "2026-11-30T040000.000000.jsonl").symlink_to("/etc/passwd")
        self.assertEqual(0, self.trace("b@y").returncode)

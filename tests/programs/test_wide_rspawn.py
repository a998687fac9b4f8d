"""qmail-rspawn --wide with the test as qmail-send: frames, destinations, their limits."""

import os
import select
import struct
import subprocess
import time
import unittest

from harness import BIN
from peer import Peer, server
from strict_sink import Limits, StrictSink
from test_qmail_queue import WAIT
from test_qmail_rspawn import RspawnCase

CLASS_GREYLISTED, CLASS_CONNECTION = 8, 10
STAGE_CONNECT, STAGE_RCPT, STAGE_MESSAGE = 2, 8, 10
REUSED, REACHED = 4, 8


class Report:
    def __init__(self, body):
        (self.slot, self.place, letter, self.bounce_class, self.stage, self.code, self.ms,
         self.flags, self.action, self.action_seconds, self.action_value) = (
             struct.unpack_from("<IHBBBHIBBIH", body))
        self.letter, rest, self.texts = chr(letter), body[struct.calcsize("<IHBBBHIBBIH"):], []
        for _ in range(4):
            self.texts.append(rest[1:1 + rest[0]].decode("ascii"))
            rest = rest[1 + rest[0]:]
        self.host, self.address, self.tls, self.status = self.texts
        self.text = rest


class WideCase(RspawnCase):
    def start_spawner(self, **more):
        self.spawner = subprocess.Popen(
            [BIN / "qmail-rspawn", "--wide"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            bufsize=0, env=self.environment(**more))
        self.addCleanup(self.close)
        greeting = self.spawner.stdout.read(5)
        self.assertEqual(255, greeting[0])
        self.slots, = struct.unpack("<I", greeting[1:])
        self.rest = b""

    def frame(self, kind, body):
        self.spawner.stdin.write(struct.pack("<I", 1 + len(body)) + kind + body)

    def order(self, slot, number, *recipients, sender=b"s@x.example"):
        path = b"%d/%d" % (number % 23, number)
        self.frame(b"D", struct.pack("<I", slot) + path + b"\0" + sender + b"\0" + (
            recipients[0] + b"\0" if len(recipients) == 1
            else b"\0" + b"".join(r + b"\0" for r in recipients) + b"\0"))

    def frames(self, count):
        got = []
        while len(got) < count:
            while len(self.rest) >= 4 and len(got) < count:
                length, = struct.unpack_from("<I", self.rest)
                if len(self.rest) < 4 + length:
                    break
                body, self.rest = self.rest[4:4 + length], self.rest[4 + length:]
                got.append((body[:1], body[1:]))
            if len(got) < count:
                ready, _, _ = select.select([self.spawner.stdout], [], [], WAIT)
                self.assertTrue(ready, f"only {len(got)} of {count} frames came")
                piece = os.read(self.spawner.stdout.fileno(), 1 << 20)
                self.assertTrue(piece, "qmail-rspawn ended")
                self.rest += piece
        return got

    def reports(self, count=1):
        frames = self.frames(count)
        self.assertEqual({b"R"}, {kind for kind, _ in frames})
        return [Report(body) for _, body in frames]

    def ask(self, identity, domain, sender=b"s@x.example"):
        self.frame(b"Q", struct.pack("<I", identity) + domain + b"\0" + sender + b"\0")
        [(kind, body)] = self.frames(1)
        self.assertEqual(b"A", kind)
        number, flags, seconds = struct.unpack_from("<IBI", body)
        self.assertEqual(identity, number)
        self.assertTrue(60 <= seconds <= 3600)
        return body[9:].decode("ascii"), flags

    def sink(self, limits=None, rest=Limits()):
        sink = StrictSink(limits, rest)
        self.addCleanup(sink.close)
        return sink


class Wide(WideCase):
    def test_a_delivery_and_what_is_known_of_it(self):
        peer = Peer(server())
        self.addCleanup(peer.close)
        self.control("smtproutes", f":127.0.0.1:{peer.port}")
        self.start_spawner()
        number = self.number()
        # A destination that had a delivery just now keeps its connection.
        for slot, flags in ((self.slots - 1, REACHED), (7, REACHED), (256, REACHED | REUSED)):
            self.order(slot, number, b"r@far.example")
            [report] = self.reports()
            self.assertEqual(
                (slot, 0, "K", 0, STAGE_MESSAGE, 250, flags, "", "127.0.0.1"),
                (report.slot, report.place, report.letter, report.bounce_class, report.stage,
                 report.code, report.flags, report.host, report.address))
            self.assertTrue(report.text.startswith(b"127.0.0.1 accepted message.\n"))
        self.assertEqual(2, len(peer.sessions))

    def test_a_relay_that_an_administrator_has_chosen(self):
        """It counts before all routes, for its own order alone."""
        usual, chosen = Peer(server()), Peer(server())
        for peer in (usual, chosen):
            self.addCleanup(peer.close)
        self.control("smtproutes", f":127.0.0.1:{usual.port}")
        self.start_spawner()
        number, relay = self.number(), b"127.0.0.1:%d" % chosen.port
        for slot, sessions in ((1, [0, 1]), (2, [1, 1])):
            if slot == 1:
                self.frame(b"V", struct.pack("<IB", slot, len(relay)) + relay
                           + b"%d/%d\0s@x.example\0r@far.example\0" % (number % 23, number))
            else:
                self.order(slot, number, b"r@far.example")
            [report] = self.reports()
            self.assertEqual((slot, "K"), (report.slot, report.letter))
            self.assertEqual(sessions, [len(usual.sessions), len(chosen.sessions)])
        self.assertEqual((f"relay [127.0.0.1]:{chosen.port}", 0), self.ask(3, b"via " + relay))

    def test_a_relay_that_is_none_ends_it(self):
        self.start_spawner()
        self.frame(b"V", struct.pack("<IB", 1, 4) + b"a b\0" + b"1/1\0s@x.example\0r@y.example\0")
        self.assertEqual(0, self.spawner.wait(WAIT))

    def test_a_connection_to_each_of_many_destinations_is_not_kept(self):
        peers = [Peer(server()) for _ in range(3)]
        for peer in peers:
            self.addCleanup(peer.close)
        self.control("timeoutidle", "600")
        self.control("smtproutes", *(
            f"d{i}.example:127.0.0.1:{peer.port}" for i, peer in enumerate(peers)))
        self.start_spawner()
        number = self.number()
        for i, peer in enumerate(peers):
            self.order(i, number, b"r@d%d.example" % i)
        self.assertEqual(["K"] * 3, [report.letter for report in self.reports(3)])
        for peer in peers:
            [session] = peer.sessions
            self.assertTrue(session.over.wait(WAIT))
            self.assertEqual(b"QUIT\r\n", session.lines[-1])

    def test_deliveries_at_once_keep_their_connections(self):
        peer = Peer(server())
        self.addCleanup(peer.close)
        self.control("timeoutidle", "600")
        self.control("smtproutes", f":127.0.0.1:{peer.port}")
        self.start_spawner()
        number = self.number()
        for turn in range(2):
            for slot in range(4):
                self.order(slot, number, b"r@far.example")
            self.reports(4)
        self.assertLess(len(peer.sessions), 8)
        self.assertFalse(all(session.over.is_set() for session in peer.sessions))

    def test_each_recipient_has_its_own(self):
        peer = Peer(server(RCPT=[b"250 ok\r\n", b"450 4.7.1 Greylisted\r\n", b"550 no\r\n"]))
        self.addCleanup(peer.close)
        self.control("smtproutes", f":127.0.0.1:{peer.port}")
        self.start_spawner()
        self.order(5, self.number(), *(b"%d@far.example" % i for i in range(3)))
        reports = self.reports(3)
        self.assertEqual([(0, "K", 0, 250, ""), (1, "Z", CLASS_GREYLISTED, 450, "4.7.1"),
                          (2, "D", 1, 550, "")],
                         [(r.place, r.letter, r.bounce_class, r.code, r.status) for r in reports])
        self.assertEqual((5, 300), (reports[1].action, reports[1].action_seconds))
        self.assertEqual([STAGE_MESSAGE, STAGE_RCPT, STAGE_RCPT], [r.stage for r in reports])

    def test_what_follows_from_a_reply_changes_with_its_file_at_once(self):
        peer = Peer(server(RCPT=b"421 4.3.2 Closing\r\n"))
        self.addCleanup(peer.close)
        self.control("smtproutes", f":127.0.0.1:{peer.port}")
        self.start_spawner()
        number = self.number()
        for line, action in ((None, (0, 0, 0)),
                             ("far.example status=4.3.2 slow=6/m for=40", (1, 40, 6)),
                             ("mx:127.0.0.1 code=421 pause=50", (2, 50, 0)),
                             ("* code=4xx fewer=2 for=30 text=closing", (3, 30, 2)),
                             ("* class=server-trouble retry=70", (5, 70, 0))):
            if line:
                self.control("replies", line)
                time.sleep(0.2)     # Files are looked at ten times a second.
            self.order(1, number, b"r@far.example")
            [report] = self.reports()
            self.assertEqual((*action, "Z"), (report.action, report.action_seconds,
                                              report.action_value, report.letter))

    def test_no_connection_names_address_and_error(self):
        self.control("smtproutes", ":127.0.0.9:1")
        self.start_spawner()
        self.order(1, self.number(), b"r@far.example")
        [report] = self.reports()
        self.assertEqual(
            ("Z", CLASS_CONNECTION, STAGE_CONNECT, 0, 0, "127.0.0.9"),
            (report.letter, report.bounce_class, report.stage, report.code, report.flags,
             report.address))
        self.assertEqual(
            b"Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
            b"[127.0.0.9]:1: connection refused\n", report.text)

    def test_what_a_destination_is_called(self):
        self.control("smtproutes", "a.example:Smart.example:587", "b.example:192.0.2.1",
                     "own.example:192.0.2.1")
        self.control("destinations", "own.example concurrency=2", ".lan rate=1/s")
        self.start_spawner()
        for domain, name in ((b"a.example", "relay [smart.example]:587"),
                             (b"B.example", "relay [192.0.2.1]:25"),
                             (b"Own.example", "domain own.example"),
                             (b"x.y.lan", "domain .lan"), (b"[192.0.2.7]", "192.0.2.7")):
            self.assertEqual((name, 0), self.ask(7, domain))

    def test_a_frame_that_is_none_ends_it(self):
        self.start_spawner()
        self.spawner.stdin.write(b"\xff\xff\xff\xff")
        self.assertEqual(0, self.spawner.wait(WAIT))


class Limited(WideCase):
    def test_a_destination_never_has_more_connections_than_its_rule(self):
        sink = self.sink(rest=Limits(connections=3, messages=4, tarpit=0.02))
        self.control("smtproutes", f":127.0.3.1:{sink.port}")
        self.control("destinations", "relay:127.0.3.1 concurrency=3 messages=4")
        self.start_spawner()
        number = self.number()
        for slot in range(40):
            self.order(slot, number, b"%d@d%d.example" % (slot, slot % 5))
        self.assertEqual({"K"}, {report.letter for report in self.reports(40)})
        self.assertEqual({}, sink.violations())
        self.assertEqual(3, sink.counts["127.0.3.1"].most_open)

    def test_idle_connections_count_and_make_room(self):
        sink = self.sink(rest=Limits(connections=1))
        self.control("smtproutes", f":127.0.3.2:{sink.port}")
        self.control("destinations", "* concurrency=1 idle=60")
        self.control("tlspolicy", "b.example:none")  # Not the same connections, then.
        self.start_spawner()
        number = self.number()
        for domain in (b"a", b"b", b"b", b"a"):
            self.order(1, number, b"r@%s.example" % domain)
            self.assertEqual("K", self.reports()[0].letter)
        self.assertEqual({}, sink.violations())
        self.assertEqual(3, sink.counts["127.0.3.2"].sessions)

    def test_recipients_of_a_transaction(self):
        sink = self.sink(rest=Limits(recipients=2))
        self.control("smtproutes", f":127.0.3.3:{sink.port}")
        self.control("destinations", "* recipients=2")
        self.start_spawner()
        self.order(1, self.number(), *(b"%d@a.example" % i for i in range(7)))
        self.assertEqual("KKKKKKK", "".join(report.letter for report in self.reports(7)))
        self.assertEqual(0, sink.counts["127.0.3.3"].deferred)
        self.assertEqual([2, 2, 2, 1], [len(to) for _, _, to in sink.taken])

    def test_control_files_change_and_limits_stay(self):
        sink = self.sink(rest=Limits(connections=1))
        self.control("smtproutes", f":127.0.3.4:{sink.port}")
        self.control("destinations", "* concurrency=1 idle=60")
        self.start_spawner()
        number = self.number()
        for turn in range(3):
            self.order(1, number, b"r@a.example")
            self.assertEqual("K", self.reports()[0].letter)
            self.control("helohost", f"mx{turn}.example")
        self.assertEqual({}, sink.violations())
        self.assertEqual(3, sink.counts["127.0.3.4"].sessions)

    def test_thousands_at_once(self):
        """Each at a silent server of its own: what they take, and that nobody else waits."""
        count = int(os.environ.get("KOPIS_WIDE", "2000"))
        alive = "127.0.200.1"
        sink = self.sink({alive: Limits()}, rest=Limits(is_silent=True))
        self.control("smtproutes", *(
            f"d{i}.example:127.1.{i // 250}.{i % 250 + 1}:{sink.port}" for i in range(count)),
            f"alive.example:{alive}:{sink.port}")
        self.start_spawner()
        self.assertGreater(self.slots, count)
        number = self.number()
        self.order(0, number, b"r@alive.example")
        self.reports()
        before = self.resident()
        start = time.monotonic()
        for slot in range(count):
            self.order(slot, number, b"r@d%d.example" % slot)
        while sum(one.open for one in list(sink.counts.values())) < count:
            self.assertLess(time.monotonic() - start, 60)
            time.sleep(0.01)
        took = time.monotonic() - start
        each = (self.resident() - before) / count
        began = time.monotonic()
        self.order(count, number, b"r@alive.example")
        self.assertEqual("K", self.reports()[0].letter)
        print(f"{count} sessions: {each:.1f} KiB each, in {took:.1f} s; one beside them "
              f"{(time.monotonic() - began) * 1000:.0f} ms")
        self.assertLess(each, 40)
        self.spawner.kill()

    def resident(self):
        with open(f"/proc/{self.spawner.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


if __name__ == "__main__":
    unittest.main()

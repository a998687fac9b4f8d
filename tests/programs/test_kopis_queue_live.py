"""kopis queue while qmail-send runs: commands over its socket (kopis-queue(1), ARCHITECTURE.md)."""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

from harness import NOBODY
from test_qmail_queue import WAIT
from test_qmail_send import SendCase


class LiveQueue(SendCase):
    def kopis(self, *words, **options):
        return self.run_program("kopis", "queue", *map(str, words), **options)

    def give(self, *words):
        """What a command came to."""
        result = self.kopis(*words, "--json")
        self.assertEqual((0, b""), (result.returncode, result.stderr), result)
        return json.loads(result.stdout)

    def list(self, *words):
        """Messages, each with its recipients."""
        result = self.kopis("list", *words, "--json")
        self.assertEqual(0, result.returncode, result)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def wait_started(self):
        """Until it takes commands."""
        deadline = time.monotonic() + WAIT
        while not (self.home / "queue/command/send").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def number(self):
        return self.wait_log(rb"^new msg (\d+)\n")[1].decode()

    def deferred(self, recipient=b"r@far.example", text=b"Z192.0.2.1 said: 451 later\n"):
        """The number of a message that was tried once."""
        self.send(recipient)
        number = self.number()
        self.remote.report(self.remote.order()[0], text)
        self.wait_log(rb"^delivery \d+: deferral: ")
        return number

    # What a recipient waits for ---------------------------------------------------------------

    def test_show_says_why_a_recipient_is_still_here(self):
        self.start_send()
        number = self.deferred()
        shown = self.kopis("show", number).stdout
        self.assertRegex(shown, rb"\nto do <r@far\.example>\n  next try \d+ \w+ \d+ [\d:]+ GMT\n"
                                rb"  1 tries, last .* GMT: 192\.0\.2\.1 said: 451 later\n")
        [message] = self.list(number)
        [recipient] = message["recipients"]
        self.assertEqual(("waiting", 1, "192.0.2.1 said: 451 later\n"),
                         (recipient["state"], recipient["tries"], recipient["last_report"]))
        self.assertGreater(recipient["next_try"], time.time())
        self.kopis("retry", number)
        self.remote.order()
        self.assertEqual("running", self.list(number)[0]["recipients"][0]["state"])
        self.assertIn(b"\n  a delivery runs\n", self.kopis("show", number).stdout)

    def test_a_recipient_that_waits_for_a_place(self):
        self.control("concurrencyremote", "1")
        self.start_send()
        self.send(b"a@far.example", b"b@far.example")
        self.remote.order()
        states = {one["address"]: one["state"] for one in self.list()[0]["recipients"]}
        self.assertEqual({"a@far.example": "running", "b@far.example": "due"}, states)

    # Changes ----------------------------------------------------------------------------------

    def test_a_hold_outlives_kill_9(self):
        self.start_send()
        number = self.deferred()
        said = self.give("hold", number)
        self.assertEqual((1, 1), (said["messages"], said["recipients"]))
        self.assertRegex(self.wait_log(rb"^command hold by .*\n")[0],
                         rb"command hold by uid %d( \(\w+\))?\n" % os.getuid())
        self.wait_log(rb"^hold msg %s: 1 recipients\n" % number.encode())
        self.restart()
        os.kill(self.sender.pid, signal.SIGALRM)
        self.assertTrue(self.remote.is_silent())
        self.assertEqual("held", self.list(number)[0]["recipients"][0]["state"])
        self.assertEqual(1, self.give("release", number)["recipients"])
        self.assertEqual(b"r@far.example", self.remote.order()[3])

    def test_remove_while_a_delivery_runs(self):
        self.start_send()
        self.send(b"r@far.example", b"q@far.example")
        number = self.number()
        first, second = self.remote.order(), self.remote.order()
        result = self.kopis("remove", number)
        self.assertEqual((0, b"2 recipients of 1 messages removed\n2 have a delivery that runs: "
                             b"it is let finish, its result is only logged\n"),
                         (result.returncode, result.stdout))
        self.remote.report(first[0], b"Dno such user\n")
        self.wait_log(rb"^delivery 1: failure: no_such_user/\n")
        self.remote.report(second[0], b"Zlater\n")
        self.wait_log(rb"^delivery 2: deferral: later/\n")
        self.wait_log(rb"^end msg %s\n" % number.encode())
        self.assertEqual([], os.listdir(self.home / "queue/bounce"))
        self.restart()
        self.assertEqual([], self.list())

    def test_a_removed_recipient_stays_removed_after_kill_9_amid_its_delivery(self):
        self.start_send()
        self.send(b"r@far.example", b"joe@mx.example")
        number = self.number()
        self.remote.order()
        self.local.order()
        self.assertEqual(1, self.give("remove", number, "--domain", "far.example")["recipients"])
        self.restart()
        self.assertEqual(b"joe@mx.example", self.local.order()[3])
        self.assertTrue(self.remote.is_silent())

    def test_bounce_with_a_text(self):
        self.start_send()
        self.send(b"r@far.example", sender=b"joe@mx.example")
        number = self.number()
        slot = self.remote.order()[0]
        result = self.kopis("bounce", number)
        self.assertIn(b"0 recipients of 0 messages bounced\n1 have a delivery that runs",
                      result.stdout)
        self.remote.report(slot, b"Zlater\n")
        self.wait_log(rb"^delivery 1: deferral: ")
        self.assertEqual(1, self.give("bounce", number, "--text", "we moved")["recipients"])
        self.wait_log(rb"^bounce msg %s qp \d+\n" % number.encode())
        self.assertEqual(b"joe@mx.example", self.local.order()[3])
        self.assertIn(b"\n<r@far.example>:\nwe moved\n\n", self.stored())

    def test_reroute(self):
        self.start_send()
        number = self.deferred()
        self.assertEqual(1, self.give("reroute", number, "--to", "joe@mx.example")["recipients"])
        self.wait_log(rb"^reroute msg %s qp \d+ to joe@mx\.example\n" % number.encode())
        self.wait_log(rb"^end msg %s\n" % number.encode())
        _, _, sender, recipient = self.local.order()
        self.assertEqual((b"s@far.example", b"joe@mx.example"), (sender, recipient))

    def test_a_relay_needs_our_spawner_in_frames(self):
        self.start_send()
        number = self.deferred()
        result = self.kopis("reroute", number, "--via", "relay.example")
        self.assertEqual(100, result.returncode)
        self.assertIn(b"qmail-rspawn takes no relays", result.stderr)
        self.assertEqual(0, self.give("reroute", number, "--via", "")["recipients"])
        for words in (("--via", "a b"), ("--via", "a:0"), ("--via", "a", "--to", "x@y.example")):
            self.assertEqual(100, self.kopis("reroute", number, *words).returncode, words)

    def test_selections(self):
        self.start_send()
        for recipient, sender in ((b"a@one.example", b"x@s.example"),
                                  (b"b@two.example", b"x@s.example"),
                                  (b"c@one.example", b"y@s.example")):
            self.send(recipient, sender=sender)
            self.number()
            self.remote.order()
        def found(*words):
            return sorted(one["address"][0] for message in self.list(*words)
                          for one in message["recipients"])
        self.assertEqual(["a", "b", "c"], found("--all"))
        self.assertEqual(["a", "c"], found("--domain", "ONE.example"))
        self.assertEqual(["a"], found("--domain", "one.example", "--sender", "x@s.example"))
        self.assertEqual(["b"], found("--recipient", "b@two.example"))
        self.assertEqual([], found("--older-than", "1h"))
        self.assertEqual(["a", "b", "c"], found("--younger-than", "1h"))
        self.assertEqual(2, self.give("remove", "--dry-run", "--sender", "x@s.example")["messages"])
        self.assertEqual(["a", "b", "c"], found())
        for words in (("remove",), ("hold", "--json"), ("bounce", "--older-than", "x"),
                      ("reroute", "--all"), ("retry", "--to", "x@y", "--all"),
                      ("hold", "--all", "--domain", "one.example"), ("remove", "--text", "x")):
            self.assertEqual(100, self.kopis(*words).returncode, words)

    def test_a_number_that_is_not_there_and_nothing_is_done(self):
        self.start_send()
        number = self.deferred()
        result = self.kopis("remove", number, int(number) + 8)
        self.assertEqual(100, result.returncode)
        self.assertIn(b"is not in the queue", result.stderr)
        self.assertEqual(1, len(self.list()))

    # Without qmail-send -----------------------------------------------------------------------

    def test_without_qmail_send(self):
        self.start_send()
        first, second = self.deferred(b"a@far.example"), self.deferred(b"b@far.example")
        self.sender.terminate()
        self.assertEqual(0, self.wait_exit())
        for words in (("retry", first), ("bounce", first), ("reroute", first, "--to", "x@y.z")):
            result = self.kopis(*words)
            self.assertEqual(100, result.returncode)
            self.assertIn(b"start Kopis, and give the command again", result.stderr)
        self.assertEqual(1, self.give("hold", "--recipient", "a@far.example")["recipients"])
        self.assertEqual(1, self.give("remove", second)["messages"])
        self.assertEqual([("a@far.example", "held")],
                         [(one["address"], one["state"]) for message in self.list()
                          for one in message["recipients"]])
        self.assertIn(b"\n  held\n", self.kopis("show", first).stdout)
        self.text = b""
        self.start_send()
        self.wait_log(rb"\Astatus: .*\n")
        os.kill(self.sender.pid, signal.SIGALRM)
        self.assertTrue(self.remote.is_silent())
        self.give("release", "--all")
        self.assertEqual(b"a@far.example", self.remote.order()[3])

    def test_a_later_version_is_refused_with_one_line(self):
        self.start_send()
        self.wait_log(rb"\Astatus: .*\n")
        self.sender.terminate()
        self.assertEqual(0, self.wait_exit())
        [log] = (self.home / "queue/state").glob("log-*")
        record = struct.pack("<IQq", 7, 99, 1)
        log.write_bytes(struct.pack("<I", crc32c(record)) + record)
        self.text = b""
        self.start_send()
        self.wait_log(rb"^alert: cannot start: queue/state/log-\w+: written by a later Kopis\n")

    # Hostile callers --------------------------------------------------------------------------

    def connect(self):
        self.wait_started()
        deadline = time.monotonic() + WAIT
        while True:
            one = socket.socket(socket.AF_UNIX)
            one.settimeout(WAIT)
            self.addCleanup(one.close)
            try:
                one.connect(str(self.home / "queue/command/send"))
                return one
            except ConnectionRefusedError:  # It has a name, and is not listened to yet.
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)

    def test_garbage(self):
        self.start_send()
        number = self.deferred()
        for garbage in (b"GET / HTTP/1.0\r\n\r\n", b"\0" * 100, b"\xff" * 100,
                        struct.pack("<I", 2**31) + b"X", struct.pack("<I", 3) + b"Xn\0",
                        struct.pack("<I", 1) + b"?", struct.pack("<I", 2) + b"Xz",
                        struct.pack("<I", 1) + b"R", struct.pack("<I", 1) + b"L" + b"more"):
            with self.subTest(garbage):
                one = self.connect()
                one.sendall(garbage)
                self.assertEqual(b"N", one.recv(65536)[4:5])
                self.assertEqual(b"", one.recv(1))
        self.assertEqual(1, len(self.list(number)))

    def test_a_caller_that_goes_away_or_stays_silent(self):
        self.start_send()
        silent = [self.connect() for _ in range(5)]
        for command in (struct.pack("<I", 2) + b"X", struct.pack("<I", 1) + b"L"):  # Half of one; all of one.
            gone = self.connect()
            gone.sendall(command)
            gone.close()
        self.deferred()
        self.assertEqual(1, len(self.list()))
        self.assertEqual(5, len(silent))

    def test_a_thousand_connections(self):
        self.start_send()
        self.wait_started()
        many, refused = [], 0
        for _ in range(1000):
            one = socket.socket(socket.AF_UNIX)
            many.append(one)
            one.connect(str(self.home / "queue/command/send"))  # Without a timeout it waits its turn.
            one.settimeout(WAIT)
        self.deferred()  # Mail goes on.
        for one in many[16:]:
            refused += one.recv(1000)[4:] == b"Ntoo many commands at once"
        self.assertEqual(1000 - 16, refused)
        for one in many:
            one.close()
        self.assertEqual(1, len(self.list()))

    def test_another_user_is_refused(self):
        if os.getuid() != 0:
            self.skipTest("needs root")
        self.start_send()
        self.wait_log(rb"\Astatus: .*\n")
        for name in ("queue", "queue/command"):
            (self.home / name).chmod(0o755)
        program = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
                   "sys.stdout.buffer.write(s.recv(100))")
        result = subprocess.run(
            ["python3", "-c", program, self.home / "queue/command/send"], capture_output=True,
            timeout=WAIT, user=NOBODY, group=NOBODY)
        self.assertEqual(b"Nuid %d may not give commands" % NOBODY, result.stdout[4:], result)

    def test_a_slow_reader_of_a_long_list_keeps_nobody_waiting(self):
        self.start_send()
        self.send(*[b"recipient-%d@far.example" % i for i in range(20_000)])
        slow = self.connect()
        slow.sendall(struct.pack("<I", 1) + b"L")
        self.assertTrue(slow.recv(1))
        slot = self.remote.order()[0]
        self.remote.report(slot, b"Kok\n")
        self.wait_log(rb"^delivery 1: success: ")
        slow.close()
        self.assertEqual(19_999, sum(len(one["recipients"]) for one in self.list()))

    # Control files that are read again --------------------------------------------------------

    def test_sighup_changes_limits_while_deliveries_run(self):
        self.control("concurrencyremote", "3")
        self.start_send()
        self.send(*[b"r%d@far.example" % i for i in range(8)])
        slots = [self.remote.order()[0] for _ in range(3)]
        self.control("concurrencyremote", "1")
        os.kill(self.sender.pid, signal.SIGHUP)
        self.wait_log(rb"^status: local 0/10 remote 3/1\n")
        self.remote.report(slots[0], b"Kok\n")
        self.remote.report(slots[1], b"Kok\n")
        self.wait_log(rb"^delivery 2: success: ")
        self.assertTrue(self.remote.is_silent())
        self.remote.report(slots[2], b"Kok\n")
        self.remote.report(self.remote.order()[0], b"Kok\n")
        self.control("concurrencyremote", "200")  # The spawner has 120.
        os.kill(self.sender.pid, signal.SIGHUP)
        self.wait_log(rb"^status: local 0/10 remote \d/120\n")
        for _ in range(4):
            self.remote.order()

    def test_sighup_rereads_queuelifetime_and_keeps_all_where_a_file_is_bad(self):
        self.start_send()
        number = self.deferred()
        self.control("queuelifetime", "many")
        os.kill(self.sender.pid, signal.SIGHUP)
        self.wait_log(rb"^alert: unable to reread controls: .*queuelifetime.*\n")
        self.control("queuelifetime", "0")
        os.kill(self.sender.pid, signal.SIGHUP)
        self.wait_log(rb"^status: ")
        select.select([], [], [], 1.1)  # Until it is older than that.
        self.give("retry", number)
        self.remote.report(self.remote.order()[0], b"Zlater\n")
        self.wait_log(rb"^delivery 2: failure: later/")

    # Under load -------------------------------------------------------------------------------

    def test_under_load_each_recipient_is_delivered_or_removed(self):
        """Commands while messages come and are delivered, and one kill -9."""
        self.start_send(20, 20)
        delivered, stop = set(), threading.Event()

        def serve(peer):
            while not stop.is_set():
                if peer.buffer or select.select([peer.orders], [], [], 0.1)[0]:
                    try:
                        slot, _, _, recipient = peer.order()
                        delivered.add(recipient)
                        peer.report(slot, b"Kok\n")
                    except (AssertionError, OSError):
                        return
        threads = [threading.Thread(target=serve, args=(self.remote,))]
        threads[0].start()
        for i in range(60):
            self.send(b"keep-%d@far.example" % i, b"drop-%d@drop.example" % i)
            if i % 10 == 0:
                self.kopis("hold", "--domain", "drop.example")
        self.give("hold", "--domain", "drop.example")
        held = {one["address"] for message in self.list("--domain", "drop.example")
                for one in message["recipients"] if one["state"] == "held"}
        self.kopis("remove", "--domain", "drop.example")
        stop.set()
        threads[0].join(WAIT)
        self.restart()
        stop.clear()
        threads = [threading.Thread(target=serve, args=(self.remote,))]
        threads[0].start()
        deadline = time.monotonic() + WAIT
        while self.list():
            self.assertLess(time.monotonic(), deadline)
        stop.set()
        threads[0].join(WAIT)
        self.assertEqual({b"keep-%d@far.example" % i for i in range(60)},
                         {one for one in delivered if one.startswith(b"keep")})
        self.assertEqual(set(), {one.decode() for one in delivered} & held)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


if __name__ == "__main__":
    unittest.main()

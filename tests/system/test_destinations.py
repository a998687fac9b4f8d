"""Mail for many destinations: who waits for whom, and whether receivers' limits are kept.

`KOPIS_LIST` is how many recipients the list has (2,000; bench: 100,000), `KOPIS_SILENT` how many
hosts accept and never answer. What was measured is printed.
"""

import os
import re
import statistics
import time
import unittest

from host import HostCase

from strict_sink import Limits, StrictSink

LIST = int(os.environ.get("KOPIS_LIST", "2000"))
SILENT = int(os.environ.get("KOPIS_SILENT", "200"))
DOMAINS = 1000
FRIEND = "127.9.0.1"
LIMITED = "127.8.0.1"
ENDING = "127.8.0.2"
REPLY = 0.015       # Six or seven replies are a tenth of a second.
PATIENCE = 10       # A busy machine is slow; a personal mail behind a list would take minutes.


def list_address(i):
    return f"127.1.{i // 250}.{i % 250 + 1}"


def silent_address(i):
    return f"127.2.{i // 250}.{i % 250 + 1}"


class Destinations(HostCase):
    slots = int(os.environ.get("KOPIS_SLOTS", "120"))

    def setUp(self):
        limits = {silent_address(i): Limits(is_silent=True) for i in range(SILENT)}
        limits[LIMITED] = Limits(connections=3, rate=5, window=5, messages=10)
        limits[ENDING] = Limits(closes_after=5)
        self.sink = StrictSink(limits, Limits(tarpit=REPLY))
        self.addCleanup(self.sink.close)
        super().setUp()
        port = self.sink.port
        self.host.stop()
        self.host.control("concurrencyremote", str(self.slots))
        self.host.control("destinations", f"relay:{LIMITED} concurrency=3 rate=5/s messages=10")
        self.host.control(
            "smtproutes",
            *(f"d{i}.example:{list_address(i)}:{port}" for i in range(DOMAINS)),
            *(f"s{i}.example:{silent_address(i)}:{port}" for i in range(SILENT)),
            f"friend.example:{FRIEND}:{port}", f"limited.example:{LIMITED}:{port}",
            f"ending.example:{ENDING}:{port}")
        self.host.start()

    def remote_wait(self, number):
        """Seconds until a personal mail is at its receiver."""
        start, before = time.monotonic(), self.sink.counts[FRIEND].recipients
        self.host.queue(f"joe{number}@{self.host.me}", [f"alice{number}@friend.example"])
        self.host.wait_until(lambda: self.sink.counts[FRIEND].recipients > before)
        return time.monotonic() - start

    def local_wait(self, number):
        start, before = time.monotonic(), len(self.host.mail_files(self.host.address))
        self.host.queue(f"ann{number}@{self.host.me}", [self.host.address])
        self.host.wait_until(
            lambda: len(self.host.mail_files(self.host.address)) > before)
        return time.monotonic() - start

    def test_personal_mail_waits_neither_for_a_list_nor_for_silent_hosts(self):
        self.remote_wait(0)     # It answers: that is known from now on.
        idle = [self.remote_wait(i) for i in range(1, 6)]
        idle_local = [self.local_wait(i) for i in range(1, 6)]
        for i in range(SILENT):
            self.host.queue(f"hopeful@{self.host.me}", [f"bob@s{i}.example"])
        self.host.queue(f"list-owner@{self.host.me}",
                   [f"m{i}@d{i % DOMAINS}.example" for i in range(LIST)])
        self.host.wait_log(r"^status: .* remote [1-9]\d\d/", timeout=60)
        busy, busy_local = [], []
        for i in range(10, 20):
            busy.append(self.remote_wait(i))
            busy_local.append(self.local_wait(i))
        taken = sum(one.recipients for one in self.sink.counts.values())
        for what, before, now in (("remote", idle, busy), ("local", idle_local, busy_local)):
            before, now = statistics.median(before), statistics.median(now)
            print(f"personal mail, {what}: {before * 1000:.0f} ms on an idle host, "
                  f"{now * 1000:.0f} ms beside {LIST} recipients of a list ({taken} taken then) "
                  f"and {SILENT} silent hosts: {now / before:.2f} times")
        self.assertLess(max(busy + busy_local), PATIENCE)
        shown = self.host.run("destinations").stdout.decode()
        self.assertIn(f"relay [{silent_address(0)}]:{self.sink.port}: ", shown)
        self.host.kill_everything()     # Silent hosts would be waited for.

    def test_a_list_to_a_thousand_domains_goes_as_fast_as_slots_allow(self):
        self.host.queue(f"x@{self.host.me}", ["m@d0.example"])
        self.sink.wait(1)
        start = time.monotonic()
        self.host.queue(f"x@{self.host.me}", ["n@d0.example"])
        self.sink.wait(2)
        each = time.monotonic() - start
        start = time.monotonic()
        self.host.queue(f"list-owner@{self.host.me}", [f"m@d{i}.example" for i in range(DOMAINS)])
        self.sink.wait(2 + DOMAINS, timeout=120)
        took, bound = time.monotonic() - start, DOMAINS / self.slots * each
        print(f"{DOMAINS} recipients at {DOMAINS} domains, {self.slots} slots, {each * 1000:.0f} "
              f"ms each: {took:.2f} s, {took / bound:.2f} times the bound")
        self.assertEqual({}, self.sink.violations())

    def test_limits_of_a_receiver_are_kept_and_used(self):
        count = 60
        for i in range(count):
            self.host.queue(f"joe@{self.host.me}", [f"m{i}@limited.example"])
        start = time.monotonic()
        self.sink.wait(count, timeout=120)
        took = time.monotonic() - start
        print(f"{count} messages at 5 a second: {took:.1f} s, {count / took:.2f} a second, "
              f"violations: {self.sink.violations()}, most open "
              f"{self.sink.counts[LIMITED].most_open}")
        self.assertEqual({}, self.sink.violations())

    def test_a_receiver_that_ends_connections_delays_nothing(self):
        """With 421 after some messages, of which nobody was told: the message goes by a new one."""
        count = 40
        for i in range(count):
            self.host.queue(f"joe@{self.host.me}", [f"m{i}@ending.example"])
        start = time.monotonic()
        self.sink.wait(count, timeout=60)
        print(f"{count} messages in {time.monotonic() - start:.1f} s, by "
              f"{self.sink.counts[ENDING].sessions} connections that end after 5")
        self.assertLessEqual(count // 5, self.sink.counts[ENDING].sessions)
        self.assertNotIn("deferral", self.host.log())

    def test_a_destination_is_listed_paused_and_resumed(self):
        name = f"relay [{FRIEND}]:{self.sink.port}"
        self.remote_wait(0)
        up = re.compile(r"\Arelay \[127\.9\.0\.1\]:\d+: up, 0 of \d+ running, 0 waiting\n")
        # The receiver has it before qmail-send has the report.
        self.host.wait_until(lambda: up.match(self.host.run("destinations", name).stdout.decode()))
        self.assertEqual(0, self.host.run("destinations", "pause", name).returncode)
        self.host.queue(f"joe@{self.host.me}", ["bob@friend.example"])
        self.host.wait_until(lambda: b": held, 0 of " in self.host.run("destinations", name).stdout
                             and b" 1 waiting" in self.host.run("destinations", name).stdout)
        self.assertEqual(1, self.sink.counts[FRIEND].recipients)
        listed = self.host.run("queue", "list", "--destination", name).stdout
        self.assertIn(b"bob@friend.example", listed)
        self.assertEqual(0, self.host.run("destinations", "resume", name).returncode)
        self.host.wait_until(lambda: self.sink.counts[FRIEND].recipients == 2)
        self.assertNotEqual(0, self.host.run("destinations", "resume", "nobody").returncode)


if __name__ == "__main__":
    unittest.main()

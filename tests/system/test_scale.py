"""What qmail-send says of a large queue, as whoever runs the host asks: `kopis destinations`, `kopis queue
show`, with `KOPIS_SCALE` recipients (20,000; bench/scale: 1,000,000) of lists, of which a twentieth are
destinations, all of them silent. What was measured is printed."""

import os
import pathlib
import re
import statistics
import time
import unittest

from host import HostCase

from strict_sink import Limits, StrictSink

SCALE = int(os.environ.get("KOPIS_SCALE", "20000"))
EACH = 20           # Recipients at each destination.
LIST = 10_000       # Recipients of each message.
RUNS = 9
SLOTS = 20
BAR = 0.050         # Seconds for an answer, the program's start included.
START_BAR = 10.0    # Seconds from the start until all recipients are known.
PATIENCE = 300


def address(i):
    return f"127.{1 + i // 62500}.{i // 250 % 250}.{i % 250 + 1}"


class LargeQueue(HostCase):
    def setUp(self):
        self.sink = StrictSink(rest=Limits(is_silent=True))
        self.addCleanup(self.sink.close)
        super().setUp()
        self.host.stop()
        self.destinations = SCALE // EACH
        self.host.control("concurrencyremote", str(SLOTS))
        self.host.control("queuememory", str(2 * 1024**3))
        self.host.control("smtproutes", *(
            f"d{i}.example:{address(i)}:{self.sink.port}" for i in range(self.destinations)))
        self.host.start()

    def queue(self, recipients):
        self.host.queue(f"list-owner@{self.host.me}", recipients)

    def waiting(self):
        shown = self.host.run("destinations").stdout.decode()
        return sum(int(one) for one in re.findall(r" (\d+) waiting", shown))

    def timed(self, *words):
        """Seconds of the program, the median and the most; and what it says."""
        took = []
        for _ in range(RUNS):
            start = time.monotonic()
            done = self.host.run(*words)
            took.append(time.monotonic() - start)
            self.assertEqual(0, done.returncode, done.stderr)
        return statistics.median(took), max(took), done.stdout

    def resident(self):
        """KiB of qmail-send."""
        status = pathlib.Path(f"/proc/{self.host.pids('qmail-send')[0]}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def test_answers_about_a_large_queue(self):
        before, start = self.resident(), time.monotonic()
        for first in range(0, SCALE, LIST):
            self.queue([f"recipient{i:07}@d{i % self.destinations}.example"
                        for i in range(first, min(first + LIST, SCALE))])
        self.queue(["one@d0.example"])
        queued = time.monotonic() - start
        running = SLOTS * EACH      # Recipients of the deliveries that never end.
        self.host.wait_until(lambda: self.waiting() >= SCALE - running, timeout=PATIENCE,
                             why=lambda: f"{self.waiting()} wait")
        print(f"\n{SCALE} recipients at {self.destinations} destinations: queued in {queued:.1f} s, "
              f"all known after {time.monotonic() - start:.1f} s, "
              f"{(self.resident() - before) * 1024 / SCALE:.0f} bytes of memory each")
        numbers = re.findall(r"#(\d+)", self.host.run("queue", "list").stdout.decode())
        self.assertEqual(SCALE // LIST + 1, len(numbers))
        shown, whole = {}, f"kopis queue show, of {LIST}"
        for what, words in (
                ("kopis queue show, of one recipient", ("queue", "show", numbers[-1])),
                (whole, ("queue", "show", numbers[0])),
                ("kopis destinations NAME",
                 ("destinations", f"relay [{address(1)}]:{self.sink.port}")),
                (f"kopis destinations, all {self.destinations}", ("destinations",))):
            median, most, said = self.timed(*words)
            shown[what] = median
            print(f"{what}: {median * 1000:.0f} ms, at most {most * 1000:.0f} ms, "
                  f"{len(said)} bytes")
        started, _, _ = self.timed("destinations", "--help")
        print(f"a program that only starts: {started * 1000:.0f} ms")
        del shown[whole]    # What it prints is the most of it.
        self.assertEqual([], [what for what, took in shown.items() if took > BAR])
        self.host.kill_everything()     # Silent hosts would be waited for.
        start = time.monotonic()
        self.host.start()
        self.host.wait_until(lambda: self.waiting() >= SCALE - running, timeout=PATIENCE,
                             why=lambda: f"{self.waiting()} wait")
        started = time.monotonic() - start
        print(f"started again after a kill: all known after {started:.1f} s")
        self.assertLess(started, START_BAR)
        self.host.kill_everything()


if __name__ == "__main__":
    unittest.main()

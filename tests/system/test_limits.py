"""Receivers that enforce limits, each of another kind, at the same time.

What was delivered, in how many connections, with how many refusals, and at which part of the rate that
the limits allow is printed. Greylisting is not here, since a test that waits for 300 seconds is none:
bench/limits runs it in virtual time, with the rest.
"""

import dataclasses
import unittest

from host import HostCase

from strict_sink import Limits, StrictSink

REPLY = 0.1        # The sink's time for each reply of those that are slow.
REPLIES = 4         # Of one message with one recipient: MAIL, RCPT, DATA, its end.
OPENING = 2         # The banner and EHLO's.
USUAL = 20          # Connections at once where no line says otherwise.
LEAST = 0.9         # Of the rate that the limits allow.


@dataclasses.dataclass(frozen=True)
class Kind:
    limits: Limits
    rule: str = ""          # The line of control/destinations.
    messages: int = 60
    recipients: int = 1     # Of each message.
    allowed: float = 0      # Messages a second; 0: no limit is one of the rate.
    warm: float = 0.2       # This part of the messages comes before that is measured: windows open.


KINDS = {
    "connections": Kind(Limits(connections=3, tarpit=REPLY), "concurrency=3", 100,
                        allowed=3 / (REPLIES * REPLY)),
    "messages": Kind(Limits(connections=3, messages=10, tarpit=REPLY),
                     "concurrency=3 messages=10", 100,
                     allowed=3 * 10 / ((10 * REPLIES + OPENING) * REPLY)),
    "rate": Kind(Limits(rate=5, window=5), "rate=5/s", 75, allowed=5, warm=0),
    "421 after 5": Kind(Limits(closes_after=5)),
    "452 after 5": Kind(Limits(recipients=5), messages=3, recipients=100),
    "tarpit": Kind(Limits(tarpit=2 * REPLY), messages=200),
}
HOSTS = {kind: f"127.8.1.{i + 1}" for i, kind in enumerate(KINDS)}
DOMAINS = {kind: f"k{i}.example" for i, kind in enumerate(KINDS)}


class ReceiversWithLimits(HostCase):
    def setUp(self):
        self.sink = StrictSink({HOSTS[kind]: one.limits for kind, one in KINDS.items()})
        self.addCleanup(self.sink.close)
        super().setUp()
        self.host.stop()
        self.host.control("concurrencyremote", "120")
        self.host.control("destinations", *(
            f"relay:{HOSTS[kind]} {one.rule}" for kind, one in KINDS.items() if one.rule))
        self.host.control("smtproutes", *(
            f"{DOMAINS[kind]}:{HOSTS[kind]}:{self.sink.port}" for kind in KINDS))
        self.host.start()

    def send(self, kind, number):
        self.host.queue(f"joe@{self.host.me}", [
            f"m{number}.{i}@{DOMAINS[kind]}" for i in range(KINDS[kind].recipients)])

    def wait(self, kind, messages):
        wanted = messages * KINDS[kind].recipients
        self.host.wait_until(lambda: self.sink.counts[HOSTS[kind]].recipients >= wanted,
                             timeout=120)

    def test_limits_are_kept_and_used(self):
        left = {kind: list(range(one.messages)) for kind, one in KINDS.items()}
        few = "452 after 5"
        self.send(few, left[few].pop(0))    # It finds the limit: the probe.
        self.wait(few, 1)
        probe = dataclasses.replace(self.sink.counts[HOSTS[few]])
        while any(left.values()):
            for kind in KINDS:
                if left[kind]:
                    self.send(kind, left[kind].pop(0))
        for kind, one in KINDS.items():
            self.wait(kind, one.messages)
        print(f"\n{'limit':13}{'recipients':>11}{'messages':>9}{'connections':>12}{'at once':>8}"
              f"{'refusals':>9}{'violations':>11}{'a second':>9}{'of allowed':>11}")
        shares = {}
        for kind, one in KINDS.items():
            seen = self.sink.counts[HOSTS[kind]]
            first = int(len(seen.taken_at) * one.warm)
            took = seen.taken_at[-1] - seen.taken_at[first]
            rate = (len(seen.taken_at) - first) / took if took else 0
            shares[kind] = rate / one.allowed if one.allowed else None
            share = f"{shares[kind]:.0%}" if one.allowed else "-"
            print(f"{kind:13}{seen.recipients:11}{seen.messages:9}{seen.sessions:12}"
                  f"{seen.most_open:8}{seen.refusals:9}{sum(seen.violations.values()):11}"
                  f"{rate:9.1f}{share:>11}")
        self.assertEqual({}, self.sink.violations())
        for kind, one in KINDS.items():
            taken = [person for address, _, people in self.sink.taken if address == HOSTS[kind]
                     for person in people]
            self.assertEqual(one.messages * one.recipients, len(taken))
            self.assertEqual(len(taken), len(set(taken)), kind)
        for kind, share in shares.items():
            self.assertTrue(share is None or share >= LEAST, f"{kind}: {share}")

        # The first message is one transaction too full, and all others know.
        seen = self.sink.counts[HOSTS[few]]
        self.assertEqual((1, 95), (probe.overfull, probe.deferred))
        self.assertEqual((1, 95), (seen.overfull, seen.deferred))
        self.assertEqual(seen.recipients // 5, seen.messages)
        ending = self.sink.counts[HOSTS["421 after 5"]]
        self.assertLessEqual(ending.sessions, ending.messages // 5 + USUAL)
        self.assertNotIn("deferral", self.host.log())


if __name__ == "__main__":
    unittest.main()

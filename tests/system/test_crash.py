"""kill -9 of each process in turn, of groups, and of all at once, under load: nothing accepted is
missing."""

import os
import random
import signal
import threading
import time
import unittest

from figures import tell
from host import HostCase
from traffic import Client, numbered

ROUNDS = int(os.environ.get("KOPIS_KILL_ROUNDS", "20"))
CLIENTS = 8
VICTIMS = ["qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean", "qmail-queue",
           "qmail-local", "tcpserver", "qmail-start", "delivery", "some", "all"]
DELIVERY = ["qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean", "qmail-local"]


class Crash(HostCase):
    def test_what_got_250_is_delivered_whatever_is_killed(self):
        stop = threading.Event()
        clients = [Client(self.host, n, stop) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        dice = random.Random(2026)
        killed = []
        for round_number in range(ROUNDS):
            self.wait_progress(clients)
            time.sleep(dice.uniform(0, 0.1))  # At any moment of the traffic, not a fixed one.
            victim = VICTIMS[round_number % len(VICTIMS)]
            killed.append(f"{victim} {self.kill(victim, dice)}")
        self.wait_progress(clients)
        stop.set()
        for client in clients:
            client.join()
        accepted = {name for client in clients for name in client.accepted}
        self.assertGreater(len(accepted), ROUNDS)
        self.host.wait_until(
            lambda: accepted <= numbered(self, self.host).keys(), timeout=120,
            why=lambda: f"missing {len(accepted - numbered(self, self.host).keys())} of {len(accepted)}: "
                        f"{sorted(accepted - numbered(self, self.host).keys())[:5]}; killed {killed}")
        copies = numbered(self, self.host)
        duplicates = sum(count - 1 for count in copies.values())
        tell(f"kills: {ROUNDS} under load: {len(accepted)} accepted, "
             f"{len(accepted - copies.keys())} lost, {duplicates} second copies")

    def wait_progress(self, clients):
        """Until the host has accepted 30 more, so that each kill hits a working system."""
        before = sum(len(client.accepted) for client in clients)
        self.host.wait_until(
            lambda: sum(len(client.accepted) for client in clients) >= before + 30, timeout=60,
            why=lambda: f"no progress after {before}; log ends: {self.host.log()[-1500:]}")

    def kill(self, victim, dice):
        if victim == "all":
            self.host.kill_everything()
            self.host.start()
            return "restarted"
        if victim == "delivery":
            pids = [pid for name in DELIVERY for pid in self.host.pids(name)]
        elif victim == "some":
            children = sorted(self.host.all_pids() - {self.host.process.pid})
            pids = dice.sample(children, len(children) // 2)
        else:
            pids = self.host.pids(victim)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return str(len(pids))


if __name__ == "__main__":
    unittest.main()

"""Power cuts on a real ext4: whatever was in no sync is gone, and nothing accepted is.

EXT4_IOC_SHUTDOWN without a flush of the journal is what a power cut is to the file system: from that
moment nothing more reaches the disk, and the next mount finds what an unplugged disk would hold.
Only a 250 from before the cut counts: a sync that the cut overtakes may return 0 for bytes that never
got there (seen of a bare pwrite and fdatasync, 7 times in 120), which no disk without power can do.
"""

import os
import random
import threading
import time
import unittest

from disk import Disk, can_mount
from figures import tell
from host import Host
from traffic import Client, numbered

CUTS = int(os.environ.get("KOPIS_POWER_CUTS", "20"))
CLIENTS = 8

@unittest.skipUnless(can_mount(), "needs root and loop devices")
class Power(unittest.TestCase):
    def test_what_got_250_is_delivered_whenever_the_power_goes(self):
        disk = Disk()
        self.addCleanup(disk.close)
        host = Host(base=disk.mount_point, binary=disk.directory / "kopis")
        self.addCleanup(host.close)
        host.add_mailbox()
        host.start()
        os.sync()  # What the test itself wrote is not what is on trial.
        seed = int(os.environ.get("KOPIS_SEED", time.time_ns() % 1_000_000))
        dice = random.Random(seed)
        accepted = set()
        for cut in range(CUTS):
            accepted |= self.one_life(host, disk, cut, dice)
        host.wait_until(
            lambda: accepted <= numbered(self, host).keys(), timeout=120,
            why=lambda: f"seed {seed}: missing {len(accepted - numbered(self, host).keys())} of "
                        f"{len(accepted)}: {sorted(accepted - numbered(self, host).keys())}; "
                        f"log ends: {host.log()[-2000:]}")
        copies = numbered(self, host)
        duplicates = sum(count - 1 for count in copies.values())
        tell(f"power cuts: {CUTS} under load, seed {seed}: {len(accepted)} accepted, "
             f"{len(accepted - copies.keys())} lost, {duplicates} second copies")

    def one_life(self, host, disk, cut, dice):
        """Load, a power cut in its midst, a new start; the messages that had their 250."""
        stop = threading.Event()
        clients = [Client(host, f"{cut}.{n}", stop) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        host.wait_until(
            lambda: sum(len(client.accepted) for client in clients) >= 30, timeout=60,
            why=lambda: f"no progress in life {cut}; log ends: {host.log()[-1500:]}")
        time.sleep(dice.uniform(0, 0.1))  # At any moment of the traffic, not a fixed one.
        cut_at = time.monotonic()
        disk.cut()
        host.kill_everything()
        stop.set()
        for client in clients:
            client.join()
        disk.unmount()
        disk.mount()
        numbered(self, host)  # No partial file, before anything could mend it.
        host.start()
        return {name for client in clients
                for name, at in zip(client.accepted, client.times) if at < cut_at}


if __name__ == "__main__":
    unittest.main()

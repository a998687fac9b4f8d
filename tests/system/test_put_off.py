"""A local user's mail that he puts off himself, more of it than queuememory holds, on an installed host."""

import time
import unittest

import test_local_bounds
from figures import tell


class PutOff(test_local_bounds.BoundsCase):
    def test_messages_that_their_user_puts_off_fill_no_memory_but_his(self):
        """Before: what filled queuememory kept all new mail on the disk for a week."""
        count = 12_000
        control = self.host.home / "control/queuememory"
        control.write_text(f"{1 << 20}\n")
        self.addCleanup(control.unlink)
        self.restart()
        self.delivery_seconds()
        self.host.dot("mallory2", "put-off", "#")  # Thrown away, were it not writable by all.
        dot = self.host.base / "mallory2/.qmail-put-off"
        dot.chmod(0o666)
        flood = self.client("mallory2", "small_messages", count)
        slowest = 0
        while flood.poll() is None:
            slowest = max(slowest, self.delivery_seconds())
        self.assertEqual(0, flood.returncode)
        self.host.wait_log(r"^warning: messages of uid \d+ fill its part of queuememory")
        slowest = max(slowest, *(self.delivery_seconds() for _ in range(5)))
        self.restart()
        again = self.delivery_seconds()
        dot.chmod(0o644)
        began = time.monotonic()
        while (queued := self.host.run(self.host.home / "bin/qmail-qstat").stdout) \
                .split(b"\n")[0] != b"messages in queue: 0":
            self.assertLess(time.monotonic() - began, 200, queued)
            self.host.run(self.host.home / "bin/kopis", "queue", "retry")
            time.sleep(1)
        tell(f"{count:,} messages put off, memory for 4,000: another's mail took {slowest:.2f} s "
             f"at most, after a restart {again:.2f} s")
        self.assertLess(slowest, 5)


if __name__ == "__main__":
    unittest.main()

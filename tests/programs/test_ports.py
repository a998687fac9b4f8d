"""tests/ports.py: what it gives is taken by no outgoing connection, and given once."""

import pathlib
import subprocess
import sys
import unittest

import harness  # Finds it.
import ports


class Ports(unittest.TestCase):
    def test_none_is_the_kernels_to_give(self):
        low, high = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
        mine = [ports.free_port() for _ in range(2 * ports.BLOCK)]
        self.assertEqual(len(mine), len(set(mine)))
        self.assertEqual([], [port for port in mine if low <= port <= high])

    def test_a_kernel_that_has_all_of_them_leaves_some(self):
        for low, high, least in ((1024, 65535, 0), (32768, 60999, 200), (32768, 60998, 200), (32700, 60900, 200)):
            blocks = ports._blocks(low, high)
            self.assertEqual(list(range(ports.LEAST, 65500, ports.BLOCK)), sorted(blocks))
            outside = [not (block + ports.BLOCK > low and block <= high) for block in blocks]
            self.assertEqual(sorted(outside, reverse=True), outside)
            self.assertGreaterEqual(sum(outside), least)

    def test_processes_have_different_ones(self):
        code = (f"import ports, sys; print(*(ports.free_port() for _ in range({ports.BLOCK})), flush=True);"
                "sys.stdin.read()")  # Who has ended has none.
        others = [subprocess.Popen([sys.executable, "-c", code], cwd=harness.ROOT / "tests", text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)]
        found = [ports.free_port()]
        for other in others:
            found += map(int, other.stdout.readline().split())
        for other in others:
            other.communicate(timeout=60)
        self.assertEqual(1 + 4 * ports.BLOCK, len(set(found)))

    def test_one_that_is_in_use_is_passed_over(self):
        """Whether a socket is bound there by UDP or TCP, at this address or at all."""
        port = ports.free_port()
        following = iter([port, port + 1])
        before, ports._own = ports._own, following
        self.addCleanup(setattr, ports, "_own", before)
        with ports.socket.socket(ports.socket.AF_INET, ports.socket.SOCK_DGRAM) as taken:
            taken.bind(("0.0.0.0", port))
            self.assertEqual(port + 1, ports.free_port())


if __name__ == "__main__":
    unittest.main()

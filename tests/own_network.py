"""A network of a test's own."""

import ctypes
import os
import subprocess

NEW_NETWORK = 0x40000000  # CLONE_NEWNET


def enter(case, *commands):
    """For this thread, and what it starts, until the test ends: loopback, and what ip(8) does with
    these words."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    case.addCleanup(os.close, before)
    case.assertEqual(0, libc.unshare(NEW_NETWORK), os.strerror(ctypes.get_errno()))
    case.addCleanup(libc.setns, before, NEW_NETWORK)
    for words in ("link set lo up", *commands):
        subprocess.run(["ip", *words.split()], check=True)

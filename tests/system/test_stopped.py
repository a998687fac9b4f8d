"""Processes that somebody stops and leaves stopped: the supervisor sees it, and mail goes on."""

import os
import pathlib
import signal
import time
import unittest

from host import HostCase

NOTICED_SECONDS = 10


class LeftStopped(HostCase):
    """The binary of before left them so: mail stood still, and the log said nothing."""

    def is_stopped(self, pid):
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        return stat[stat.rindex(")") + 2] == "T"

    def test_each_is_continued(self):
        for name in ("qmail-queue", "qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean",
                     "qmail-lookup", "tcpserver"):
            pids = self.host.pids(name)
            self.assertTrue(pids, name)
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            stopped = time.monotonic()
            self.host.wait_until(
                lambda: not any(self.is_stopped(pid) for pid in pids), timeout=60,
                why=lambda: f"{name} is still stopped; the log ends: {self.host.log()[-500:]}")
            self.assertLess(time.monotonic() - stopped, NOTICED_SECONDS, name)
        self.assertIn("was stopped; continued", self.host.log())

    def test_one_that_is_stopped_each_time_is_ended_and_started_again(self):
        [clean] = self.host.pids("qmail-clean")

        def stop_again():
            try:
                os.kill(clean, signal.SIGSTOP)
            except ProcessLookupError:
                return True
            return False

        self.host.wait_until(stop_again, timeout=60)
        self.assertRegex(self.host.log(), rf"qmail-clean .*{clean}.* was stopped; ended")
        self.host.wait_until(
            lambda: self.host.pids("qmail-clean") not in ([], [clean]), timeout=60)


if __name__ == "__main__":
    unittest.main()

"""qmail-start where it cannot start (contract §6.1); tests/system/test_install.py runs the rest of
it on a host with the users of qmail."""

import fcntl
import os
import unittest

from harness import ProgramCase


class QmailStart(ProgramCase):
    @unittest.skipUnless(os.geteuid() == 0, "who is not root starts all as himself")
    def test_without_qmails_users(self):
        result = self.run_program("qmail-start", "./Mailbox")
        self.assertEqual((111, b""), (result.returncode, result.stdout))
        self.assertRegex(result.stderr, rb"\Aqmail-start: fatal: unable to find user qmail\w\n\Z")

    def test_without_a_home(self):
        result = self.run_program(
            "qmail-start", env=self.environment(KOPIS_HOME="/no/such/home"))
        self.assertEqual((111, b""), (result.returncode, result.stdout))
        self.assertRegex(result.stderr, rb"\Aqmail-start: fatal: [^\n]+\n\Z")

    def test_where_another_runs(self):
        """Before: it started, took the sockets away, and qmail-send was tried for ever."""
        with open(self.home / "queue/lock/sendmutex", "wb") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            result = self.run_program("qmail-start", "./Mailbox")
            self.assertEqual((111, b""), (result.returncode, result.stdout))
            self.assertEqual(f"qmail-start: fatal: {self.home}: qmail-send is already running\n",
                             result.stderr.decode())
        result = self.run_program("qmail-start", "--readers", timeout=20)
        self.assertNotIn(b"already", result.stderr)


if __name__ == "__main__":
    unittest.main()

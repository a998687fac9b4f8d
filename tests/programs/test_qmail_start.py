"""qmail-start where it cannot start (contract §6.1); tests/system/test_install.py runs the rest of
it on a host with the users of qmail."""

import fcntl
import os
import subprocess
import time
import unittest

from harness import BIN, NOBODY, ProgramCase


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

    def test_without_the_directories_of_a_home(self):
        """Before: who is not root had each program started again and again, for ever."""
        (self.home / "users").rmdir()
        for part in ((), ("--queue",), ("--delivery",)):
            result = self.as_nobody("qmail-start", *part)
            out, err = result.communicate(timeout=60)
            self.assertEqual((111, b""), (result.returncode, out))
            self.assertRegex(err.decode(), rf"\Aqmail-start: fatal: home {self.home}: [^\n]+\n\Z")

    def test_of_those_that_start_at_one_instant_one_stays(self):
        """Before: all did, and the last took the sockets of the others away."""
        for parts in ([()] * 5, [("--queue",)] * 3 + [()] * 2, [("--delivery",)] * 3 + [()] * 2,
                      [("--readers",), ("--queue",)] * 2):
            with self.subTest(parts=parts):
                self.one_stays(parts)

    def one_stays(self, parts):
        signs = (self.home / "users/lookup", self.home / "queue/lock/sendmutex")
        for sign in signs:
            sign.unlink(missing_ok=True)
        processes = [self.as_nobody("qmail-start", *part) for part in parts]
        deadline = time.monotonic() + 120
        while len(left := [one for one in processes if one.poll() is None]) > 1:
            self.assertLess(time.monotonic(), deadline, "more than one stays")
            time.sleep(0.02)
        for one in processes:
            if one not in left:
                self.assertEqual((111, b""), (one.returncode, one.stdout.read()))
                self.assertRegex(one.stderr.read().decode(), r"\Aqmail-start: fatal: [^\n]*: (another "
                                 r"qmail-start or kopis run has it|qmail-send is already running)\n\Z")
        self.assertEqual(1, len(left))
        while not any(sign.exists() for sign in signs):  # Then it has begun, and hears signals.
            self.assertIsNone(left[0].poll())
            self.assertLess(time.monotonic(), deadline, "it does not begin")
            time.sleep(0.02)
        left[0].terminate()
        out, err = left[0].communicate(timeout=60)
        self.assertEqual(0, left[0].returncode, err)
        self.assertNotIn(b"already", out + err)

    def test_the_parts_do_not_shut_each_other_out(self):
        queue, delivery = self.as_nobody("qmail-start", "--queue"), None
        try:
            self.wait_for(self.home / "users/lookup", queue)
            delivery = self.as_nobody("qmail-start", "--delivery")
            self.wait_for(self.home / "queue/lock/sendmutex", delivery)
            second = self.as_nobody("qmail-start")
            self.assertIn(b"fatal", second.communicate(timeout=60)[1])
            self.assertEqual((111, None, None), (second.returncode, queue.poll(), delivery.poll()))
        finally:
            for one in (queue, delivery):
                if one:
                    one.terminate()
                    one.communicate(timeout=60)

    def wait_for(self, path, process):
        deadline = time.monotonic() + 60
        while not path.exists():
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline, f"no {path}")
            time.sleep(0.02)

    def as_nobody(self, *words):
        """One that has the home to himself."""
        options = {}
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", self.home], check=True)
            options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        process = subprocess.Popen(
            [BIN / words[0], *words[1:]], env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


if __name__ == "__main__":
    unittest.main()

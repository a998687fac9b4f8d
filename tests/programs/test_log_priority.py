"""Lines in the journal of systemd have a priority (sd-daemon(3), JOURNAL_STREAM), and no other log has."""

import os
import subprocess

from harness import BIN, ProgramCase


class LogPriority(ProgramCase):
    def fail(self, stream):
        """What qmail-start says that cannot start, on a pipe that JOURNAL_STREAM names, or not."""
        read, write = os.pipe()
        named = os.fstat(write)
        env = self.environment(KOPIS_HOME="/no/such/home")
        if stream:
            env["JOURNAL_STREAM"] = f"{named.st_dev}:{named.st_ino + (stream == 'another')}"
        done = subprocess.run([BIN / "qmail-start"], env=env, stderr=write, timeout=30)
        os.close(write)
        with os.fdopen(read, "rb") as said:
            text = said.read()
        self.assertEqual(111, done.returncode)
        return text

    def test_a_fatal_line(self):
        self.assertRegex(self.fail("this"), rb"\A<3>qmail-start: fatal: [^\n]+\n\Z")
        self.assertRegex(self.fail("another"), rb"\Aqmail-start: fatal: [^\n]+\n\Z")
        self.assertRegex(self.fail(None), rb"\Aqmail-start: fatal: [^\n]+\n\Z")

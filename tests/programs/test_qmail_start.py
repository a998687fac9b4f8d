"""qmail-start where it cannot start (contract §6.1); tests/system/test_install.py runs the rest of
it on a host with the users of qmail."""

import pwd
import unittest

from harness import ProgramCase


def has_users():
    """Whether this host has qmail's users."""
    try:
        pwd.getpwnam("qmailq")
        return True
    except KeyError:
        return False


class QmailStart(ProgramCase):
    @unittest.skipIf(has_users(), "this host has the users")
    def test_without_qmails_users(self):
        result = self.run_program("qmail-start", "./Mailbox")
        self.assertEqual((111, b""), (result.returncode, result.stdout))
        self.assertRegex(result.stderr, rb"\Aqmail-start: fatal: unable to find user qmail\w\n\Z")

    def test_without_a_home(self):
        result = self.run_program(
            "qmail-start", env=self.environment(KOPIS_HOME="/no/such/home"))
        self.assertEqual((111, b""), (result.returncode, result.stdout))
        self.assertRegex(result.stderr, rb"\Aqmail-start: fatal: [^\n]+\n\Z")


if __name__ == "__main__":
    unittest.main()

"""tests/accounts.py: the suites see no users of qmail's, whichever the host has."""

import os
import pathlib
import pwd
import subprocess
import sys
import tempfile
import unittest

import harness  # It finds what lies beside the suites.
import accounts

PASSWD = "root:x:0:0::/root:/bin/sh\nalias:x:7790:2108::/elsewhere:/bin/false\n" \
    "qmailq:x:7794:2107::/nowhere:/bin/false\nqmailer:x:8000:8000::/home/q:/bin/sh\n"


class Accounts(unittest.TestCase):
    def test_lines_of_others_stay(self):
        self.assertEqual("root:x:0:0::/root:/bin/sh\nqmailer:x:8000:8000::/home/q:/bin/sh\n",
                         accounts.without(PASSWD, accounts.USERS))

    @unittest.skipUnless(os.geteuid() == 0, "who is not root has no view to change")
    def test_this_suite_sees_none(self):
        self.assertEqual(set(), accounts.USERS & {user.pw_name for user in pwd.getpwall()})

    @unittest.skipUnless(os.geteuid() == 0, "needs a mount namespace")
    def test_a_host_that_has_them(self):
        with tempfile.TemporaryDirectory() as place:
            passwd = pathlib.Path(place) / "passwd"
            passwd.write_text(pathlib.Path("/etc/passwd").read_text() + PASSWD)
            script = ("import pwd, harness; print(sorted(u.pw_name for u in pwd.getpwall() "
                      "if u.pw_name in ('alias', 'qmailq', 'qmailer', 'root')))")
            said = subprocess.run(
                ["unshare", "-m", "sh", "-c",
                 "mount --bind \"$0\" /etc/passwd && exec \"$@\"", passwd,
                 sys.executable, "-c", script], capture_output=True, timeout=60, check=True,
                cwd=pathlib.Path(harness.__file__).parent).stdout.decode()
        self.assertEqual("['qmailer', 'root', 'root']\n", said)


if __name__ == "__main__":
    unittest.main()

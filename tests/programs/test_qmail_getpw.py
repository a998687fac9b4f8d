"""qmail-getpw: the user that an address belongs to (contract §7.3, traps 8 and 27)."""

import os
import subprocess
import unittest

from harness import BIN, ProgramCase
from test_qmail_lspawn import can_unshare


@unittest.skipUnless(can_unshare(), "needs root and a mount namespace")
class QmailGetpw(ProgramCase):
    def setUp(self):
        super().setUp()
        users = [("root", 0, "/root"), ("alias", 61003, self.make("alias", 61003)),
                 ("joe", 61001, self.make("joe", 61001)),
                 ("joe-x", 61002, self.make("joe-x", 61002)),
                 ("ann", 61004, self.make("ann", 61001)),
                 ("gone", 61005, str(self.home / "homes/none")),
                 ("Upper", 61006, self.make("upper", 61006)),
                 ("n" * 31, 61007, self.make("long", 61007)),
                 ("m" * 32, 61008, self.make("longer", 61008))]
        self.passwd(users)

    def passwd(self, users):
        (self.home / "passwd").write_text("".join(
            f"{name}:x:{uid}:{uid + 1000}::{home}:/bin/sh\n" for name, uid, home in users))

    def make(self, name, uid):
        path = self.home / "homes" / name
        path.mkdir(parents=True)
        os.chown(path, uid, uid)
        return str(path)

    def getpw(self, local):
        return self.run_program("qmail-getpw", local, prefix=(
            "unshare", "-m", "sh", "-c",
            f"mount --bind {self.home}/passwd /etc/passwd && exec \"$@\"", "sh"))

    def run_program(self, name, *arguments, prefix=(), **options):
        return subprocess.run([*prefix, BIN / name, *arguments], capture_output=True, timeout=30,
                              env=self.environment(), check=False)

    def expect(self, local, user, uid, home, dash, ext):
        result = self.getpw(local)
        fields = [user, str(uid), str(uid + 1000), str(self.home / "homes" / home), dash, ext]
        self.assertEqual((0, b"".join(f.encode() + b"\0" for f in fields)),
                         (result.returncode, result.stdout), result)

    def test_users_and_extensions(self):
        self.expect("joe", "joe", 61001, "joe", "", "")
        self.expect("JOE", "joe", 61001, "joe", "", "")
        self.expect("joe-List", "joe", 61001, "joe", "-", "List")
        self.expect("joe-a-b", "joe", 61001, "joe", "-", "a-b")
        self.expect("joe-", "joe", 61001, "joe", "-", "")

    def test_the_longest_user_wins(self):
        self.expect("joe-x", "joe-x", 61002, "joe-x", "", "")
        self.expect("joe-x-y", "joe-x", 61002, "joe-x", "-", "y")

    def test_whom_mail_is_not_for_goes_to_alias(self):
        for local in ("root", "ann", "gone", "nobody-here", "Upper", "upper", "m" * 32):
            with self.subTest(local):
                self.expect(local, "alias", 61003, "alias", "-", local)
        self.expect("n" * 31, "n" * 31, 61007, "long", "", "")

    def test_without_an_alias(self):
        self.passwd([("root", 0, "/root")])
        self.assertEqual((116, b""), (self.getpw("joe").returncode, self.getpw("joe").stdout))

    def test_without_an_address(self):
        self.assertEqual(100, ProgramCase.run_program(self, "qmail-getpw").returncode)


if __name__ == "__main__":
    unittest.main()

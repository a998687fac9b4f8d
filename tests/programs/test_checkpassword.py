"""checkpassword: descriptor 3, exit codes, the program it runs and as whom."""

import os
import subprocess
import unittest

from harness import BIN, ProgramCase

PASSWORD = b"correct horse"
OWNER = 61001


class Checkpassword(ProgramCase):
    def setUp(self):
        super().setUp()
        self.add_user("joe@mx.example", PASSWORD)
        self.mailbox = self.home / "users/mail/mx.example/joe"
        if os.geteuid() == 0:
            # As on an installed host: nobody's mailbox is root's.
            (self.home / "users").chmod(0o755)
            for place in [self.home / "users/mail", *(self.home / "users/mail").rglob("*")]:
                os.chown(place, OWNER, OWNER)

    def check(self, fields, *program, env=None):
        """Runs checkpassword with these bytes on descriptor 3; None leaves it closed."""
        reading, writing = os.pipe()
        if fields is not None:
            os.write(writing, fields)
        os.close(writing)

        source = "-" if fields is None else reading
        try:
            return subprocess.run(
                ["sh", "-c", f'exec "$@" 3<&{source}', "sh", BIN / "checkpassword", *program],
                pass_fds=[reading], env=env or self.environment(), capture_output=True, timeout=30)
        finally:
            os.close(reading)

    def login(self, name, password, *program):
        return self.check(name + b"\0" + password + b"\0<1.2@mx.example>\0", *program or ("true",))

    def test_right(self):
        for name in (b"joe@mx.example", b"JOE@MX.EXAMPLE", b"joe"):
            result = self.login(name, PASSWORD, "sh", "-c",
                                'pwd; echo "$USER $HOME $SHELL $1"; test -e /proc/self/fd/3; echo $?',
                                "sh", "an argument")
            self.assertEqual(f"{self.mailbox}\njoe@mx.example {self.mailbox} /bin/sh an argument\n1\n",
                             result.stdout.decode(), result)
            self.assertEqual(0, result.returncode)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_who_the_program_is(self):
        ids = b"Uid:\t61001\t61001\t61001\t61001\nGid:\t61001\t61001\t61001\t61001\n"
        result = self.login(b"joe", PASSWORD, "grep", "-E", "^([UG]id|Groups)", "/proc/self/status")
        self.assertEqual(ids + b"Groups:\t61001 \n", result.stdout)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_nothing_is_run_as_root(self):
        # The binary of before ran the program as root where the mailbox was root's.
        os.chown(self.mailbox, 0, 0)
        result = self.login(b"joe", PASSWORD, "echo", "ran")
        self.assertEqual((111, b""), (result.returncode, result.stdout))

    def test_the_exit_code_is_the_programs(self):
        self.assertEqual(7, self.login(b"joe", PASSWORD, "sh", "-c", "exit 7").returncode)

    def test_wrong(self):
        for name, password in ((b"joe", b"wrong"), (b"joe", b""), (b"nobody", PASSWORD),
                               (b"", b""), (b"joe@elsewhere.example", PASSWORD),
                               (b"../joe", PASSWORD), (b"root", b""), (b"\xff\xfe", PASSWORD)):
            result = self.login(name, password, "echo", "ran")
            self.assertEqual((1, b"", b""), (result.returncode, result.stdout, result.stderr), name)

    def test_misuse(self):
        whole = b"joe\0" + PASSWORD + b"\0stamp\0"
        self.assertEqual(2, self.check(whole).returncode)
        self.assertEqual(2, self.check(None, "true").returncode)
        for fields in (b"", b"joe", b"joe\0" + PASSWORD, b"joe\0" + PASSWORD + b"\0",
                       b"joe\0" + PASSWORD + b"\0stamp", whole + b"x" * (513 - len(whole))):
            self.assertEqual(2, self.check(fields, "true").returncode, fields)
        self.assertEqual(0, self.check(whole + b"x" * (512 - len(whole)), "true").returncode)

    def test_trouble_is_111(self):
        result = self.login(b"joe", PASSWORD, "no-such-program")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"no-such-program", result.stderr)
        with open(self.home / "users/virtual", "a") as file:
            file.write("eva@mx.example:damage\n")
        self.assertEqual(0, self.login(b"joe", PASSWORD, "true").returncode)
        result = self.login(b"eva@mx.example", PASSWORD, "true")
        self.assertEqual(111, result.returncode)
        self.assertRegex(result.stderr, rb"\Acheckpassword: fatal: \S+/users/virtual: the line of eva@")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_becomes_the_owner_of_all_virtual_mailboxes(self):
        mail = self.home / "users/mail"
        for path in [mail, *mail.rglob("*")]:
            os.chown(path, 65534, 65533)
        result = self.login(b"joe", PASSWORD, "sh", "-c", "id -u; id -ru; id -g; id -G; umask")
        self.assertEqual([b"65534", b"65534", b"65533", b"65533"], result.stdout.split()[:4], result)


if __name__ == "__main__":
    unittest.main()

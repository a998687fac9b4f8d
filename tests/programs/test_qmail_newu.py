"""qmail-newu and qmail-getpw: users/assign to users/cdb, and the host's own users."""

import os
import pwd
import struct
import unittest

from harness import ProgramCase


def records(image):
    """Key and data of each record of a cdb, in the order of the file."""
    end = min(struct.unpack_from("<I", image, 8 * i)[0] for i in range(256))
    at, found = 2048, []
    while at < end:
        key, data = struct.unpack_from("<II", image, at)
        found.append((image[at + 8:at + 8 + key], image[at + 8 + key:at + 8 + key + data]))
        at += 8 + key + data
    return found


class QmailNewu(ProgramCase):
    def compile(self, assign):
        (self.home / "users/assign").write_bytes(assign)
        return self.run_program("qmail-newu")

    def assert_fatal(self, result, text):
        self.assertEqual((111, b"", b"qmail-newu: fatal: " + text + b"\n"),
                         (result.returncode, result.stdout, result.stderr))

    def test_compiles(self):
        result = self.compile(
            b"=Joe:joe:101:102:/home/joe:::\n+joe-:joe:101:102:/home/joe:-:pre:\n"
            b"+X-:x:1:2:/x:-:::more\n+:alias:7:8:/a:-::\nxodd:o:1:1:/o:::\n.\nignored\n")
        self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
        path = self.home / "users/cdb"
        self.assertEqual(
            [(b"!joe\0", b"joe\x00101\x00102\0/home/joe\0\0"),
             (b"!joe-", b"joe\x00101\x00102\0/home/joe\0-\0pre"),
             (b"!x-", b"x\x001\x002\0/x\0-\0"), (b"!", b"alias\x007\x008\0/a\0-\0"),
             (b"!odd\0", b"o\x001\x001\0/o\0\0"), (b"", b"-")],
            records(path.read_bytes()))
        self.assertEqual(0o644, path.stat().st_mode & 0o777)
        self.assertFalse((self.home / "users/cdb.tmp").exists())

    def test_bad_format(self):
        self.assertEqual(0, self.compile(b".").returncode)
        good = (self.home / "users/cdb").read_bytes()
        end, few = b"the file ends, without a line of a dot", b"it has fewer than seven colons"
        line = b"=a:a:1:1:/a:::\n"
        for assign, number, reason in (
                (b"", 1, end), (line, 2, end), (line + b"=a:", 2, end), (b"=a:a:1:1:/a:::", 1, end),
                (b"=a:a:1:1:/a::\n.\n", 1, few), (line + b"# who\n.\n", 2, few),
                (b"=a\n.\n", 1, few), (line * 8 + b"=b:b:1:1\n.\n", 9, few),
                (b":a:\n.\n", 1, b"it begins with a colon"), (line + b"\n.\n", 2, b"empty"),
                (b"=a\0:a:1:1:/a:::\n.\n", 1, b"it has a NUL")):
            self.assert_fatal(self.compile(assign), b"bad format in users/assign: line %d: %s"
                              % (number, reason))
            self.assertEqual(good, (self.home / "users/cdb").read_bytes())

    def test_ids_that_no_delivery_may_have(self):
        # The binary of before compiled them, and delivered as root for 4294967295.
        for ids in (b"0:1", b"1:0", b"4294967295:1", b"1:4294967295", b"x:1", b"1:"):
            self.assert_fatal(
                self.compile(b"=a:a:1:1:/a:::\n=b:b:" + ids + b":/b:::\n.\n"),
                b"bad format in users/assign: line 2: a user or group id is not from 1 to "
                b"4294967294")

    def test_no_file(self):
        self.assert_fatal(self.run_program("qmail-newu"), b"unable to read users/assign")


class QmailGetpw(ProgramCase):
    def ask(self, local):
        return self.run_program("qmail-getpw", local)

    def owner_of_home(self):
        """A user of this host who gets mail: not root, with a home of his own."""
        for user in pwd.getpwall():
            try:
                if user.pw_uid and os.stat(user.pw_dir).st_uid == user.pw_uid \
                        and user.pw_name.islower() and len(user.pw_name) < 20:
                    return user
            except OSError:
                pass
        self.skipTest("this host has no user with a home")

    def test_usage(self):
        self.assertEqual(100, self.run_program("qmail-getpw").returncode)

    def test_a_user_and_an_extension(self):
        user = self.owner_of_home()
        who = f"{user.pw_name}\0{user.pw_uid}\0{user.pw_gid}\0{user.pw_dir}\0"
        for local, rest in ((user.pw_name, "\0\0"), (user.pw_name.upper(), "\0\0"),
                            (user.pw_name + "-A-b", "-\0A-b\0"), (user.pw_name + "-", "-\0\0")):
            result = self.ask(local)
            self.assertEqual((0, who + rest), (result.returncode, result.stdout.decode()))

    def test_nobody(self):
        for local in ("no.such.user", "root", "root-x", "x" * 2000, b"\xff"):
            result = self.ask(local)
            if any(user.pw_name == "alias" for user in pwd.getpwall()):
                self.assertTrue(result.stdout.startswith(b"alias\0"), local)
            else:
                self.assertEqual((116, b""), (result.returncode, result.stdout), local)


if __name__ == "__main__":
    unittest.main()

"""qmail-pw2u: passwd(5) to users/assign, and on through qmail-newu (contract §7.4)."""

import os
import pwd
import struct
import unittest

from harness import ProgramCase


class QmailPw2u(ProgramCase):
    def setUp(self):
        super().setUp()
        self.uid = os.getuid() or 1000  # The owner of the homes; never 0, which is skipped.
        self.homes = self.home / "homes"
        self.homes.mkdir()
        for name in ("joe", "ann", "alias", "Big"):
            (self.homes / name).mkdir()
            os.chown(self.homes / name, self.uid, -1)
        self.passwd = "".join(f"{name}:x:{uid}:{gid}:A, B:{self.homes / name}:/bin/sh\n"
                              for name, uid, gid in (
                                  ("root", 0, 0), ("joe", self.uid, 7), ("away", 4242, 8),
                                  ("alias", self.uid, 9), ("Big", self.uid, 10),
                                  ("ann", self.uid, 11))) + "+::::::\nno passwd line\n\n"

    def users(self, name, text):
        (self.home / "users" / name).write_text(text)

    def make(self, *options, passwd=None):
        return self.run_program("qmail-pw2u", *options,
                                stdin=(self.passwd if passwd is None else passwd).encode())

    def lines(self, *options, **more):
        """The lines, shortened: home directories by their name, the uid by U."""
        result = self.make(*options, **more)
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        text = result.stdout.decode().replace(f"{self.homes}/", "~").replace(f":{self.uid}:", ":U:")
        self.assertTrue(text.endswith("\n"))
        return text.split("\n")[:-1]

    JOE = ["=joe:joe:U:7:~joe:::", "+joe-:joe:U:7:~joe:-::"]
    ANN = ["=ann:ann:U:11:~ann:::", "+ann-:ann:U:11:~ann:-::"]
    REST = ["+:alias:U:9:~alias:-::"]
    ALIAS = [*REST, "=alias:alias:U:9:~alias:::", "+alias-:alias:U:9:~alias:-::"]

    def test_the_rules_of_getpw(self):
        for options in ([], ["-o"], ["-U"], ["-HoU"], ["--"]):
            self.assertEqual([*self.JOE, *self.ALIAS, *self.ANN, "."], self.lines(*options))

    def test_options(self):
        self.assertIn("=Big:Big:U:10:~Big:::", self.lines("-u"))
        self.assertIn("=away:away:4242:8:~away:::", self.lines("-H"))
        self.assertEqual(["=joe:joe:U:7:~joe:::", *self.ALIAS[:2], "=ann:ann:U:11:~ann:::", "."],
                         self.lines("-C"))
        for option in (["-c+"], ["-c", "+"], ["-Uc", "+"]):
            self.assertIn("+joe+:joe:U:7:~joe:-::", self.lines(*option))
        self.assertEqual(["=joe:joe:U:7:~joe:::", "+joe-:joe:U:7:~joe:-/::",
                          "+:alias:U:9:~alias:-/::"], self.lines("-/")[:3])

    def test_homes(self):
        result = self.make("-h")
        self.assertEqual((111, b""), (result.returncode, result.stdout))
        self.assertRegex(result.stderr, rb"\Aqmail-pw2u: fatal: unable to find home .*away")
        (self.homes / "away").mkdir()  # There, and not away's own.
        self.assertEqual([*self.JOE, *self.ALIAS, *self.ANN, "."], self.lines("-h"))
        self.assertEqual([*self.JOE, *self.ALIAS, *self.ANN, "."], self.lines())

    def test_include_and_exclude(self):
        self.users("include", "# some\nJOE \n")
        self.assertEqual([*self.JOE, *self.REST, "."], self.lines())
        self.users("include", "")
        self.assertEqual([*self.REST, "."], self.lines())
        (self.home / "users/include").unlink()
        self.users("exclude", "joe\nno-such-user\n")
        self.assertEqual([*self.ALIAS, *self.ANN, "."], self.lines())
        self.users("exclude", "joe\nalias\n")
        self.assertEqual([*self.REST, *self.ANN, "."], self.lines())

    def test_mailnames(self):
        self.users("mailnames", "joe:Joe.Public::j\nnobody:x\nann:\nalias:Other\n")
        self.assertEqual(
            ["=Joe.Public:joe:U:7:~joe:::", "+Joe.Public-:joe:U:7:~joe:-::",
             "=j:joe:U:7:~joe:::", "+j-:joe:U:7:~joe:-::", *self.REST,
             "=Other:alias:U:9:~alias:::", "+Other-:alias:U:9:~alias:-::", "."], self.lines())

    def test_subusers_and_append(self):
        self.users("subusers", "sales:joe:shop:\nhelp:alias:help:\nno colons\n")
        self.users("append", "=extra:e:1:1:/e:::\n# as it is")
        self.assertEqual(
            [*self.JOE, *self.ALIAS, *self.ANN,
             "=sales:joe:U:7:~joe:-:shop:", "+sales-:joe:U:7:~joe:-:shop-:",
             "=help:alias:U:9:~alias:-:help:", "+help-:alias:U:9:~alias:-:help-:",
             "=extra:e:1:1:/e:::", "# as it is", "."], self.lines())
        self.assertIn("=sales:joe:U:7:~joe:-/:shop:", self.lines("-/"))
        self.users("subusers", "sales:away:shop:\n")
        result = self.make()
        self.assertEqual(
            (111, b"", b"qmail-pw2u: fatal: unable to find away user for subuser sales\n"),
            (result.returncode, result.stdout, result.stderr))

    def test_no_alias(self):
        for passwd in ("", "alias:x:0:0::/:\n", f"joe:x:{self.uid}:1::{self.homes}/joe:\n"):
            result = self.make(passwd=passwd)
            self.assertEqual((111, b"", b"qmail-pw2u: fatal: unable to find alias user\n"),
                             (result.returncode, result.stdout, result.stderr))

    def test_usage(self):
        for options in (["-x"], ["-c"], ["-c", ""]):
            self.assertEqual(100, self.make(*options).returncode, options)

    def test_on_to_qmail_newu(self):
        self.users("mailnames", "joe:Joe:J.P\n")
        self.users("subusers", "sales:joe:shop:\n")
        self.users("assign", self.make().stdout.decode())
        self.assertEqual(0, self.run_program("qmail-newu").returncode)
        image = (self.home / "users/cdb").read_bytes()
        who = f"joe\0{self.uid}\x007\0{self.homes}/joe\0".encode()
        for key, rest in ((b"!joe\0", b"\0"), (b"!joe-", b"-\0"), (b"!j.p\0", b"\0"),
                          (b"!j.p-", b"-\0"), (b"!sales\0", b"-\0shop"), (b"!sales-", b"-\0shop-")):
            self.assertEqual(who + rest, self.find(image, key), key)
        self.assertEqual(f"alias\0{self.uid}\x009\0{self.homes}/alias\0-\0".encode(),
                         self.find(image, b"!"))
        self.assertEqual(b"-", self.find(image, b""))

    def test_this_hosts_own_users(self):
        """The rules of qmail-getpw give the same user for the same name."""
        users = [user for user in pwd.getpwall() if user.pw_uid]
        passwd = "".join(":".join(map(str, user)) + "\n" for user in users)
        result = self.make(passwd=self.passwd + passwd)
        named = {line.split(":")[0][1:]: line.split(":")[2:5]
                 for line in result.stdout.decode().splitlines() if line[0] == "="}
        for user in users:
            if user.pw_name in ("alias", "joe", "ann"):
                continue
            got = self.run_program("qmail-getpw", user.pw_name).stdout.decode().split("\0")
            expected = got[1:4] if got[0] == user.pw_name else None
            self.assertEqual(expected, named.get(user.pw_name), user)

    @staticmethod
    def find(image, key):
        """A look-up as cdb(5) has it."""
        hashed = 5381
        for byte in key:
            hashed = ((hashed << 5) + hashed & 0xFFFFFFFF) ^ byte
        table, slots = struct.unpack_from("<II", image, hashed % 256 * 8)
        for turn in range(slots):
            slot = table + ((hashed >> 8) + turn) % slots * 8
            found, record = struct.unpack_from("<II", image, slot)
            if not record:
                return None
            size, data = struct.unpack_from("<II", image, record)
            if found == hashed and image[record + 8:record + 8 + size] == key:
                return image[record + 8 + size:record + 8 + size + data]
        return None


if __name__ == "__main__":
    unittest.main()

"""Ids that are root's (0) or mean "leave it as it is" (4294967295), by each way that a user's ids come to
qmail-lspawn: no delivery runs with them, as user or as group."""

import itertools
import os
import re
import struct
import unittest

from installed import ME, InstalledCase

ROOT, NONE = 0, 4294967295


def cdb(records):
    """A constant database, as any program may have made it."""
    def hashed(key):
        value = 5381
        for byte in key:
            value = ((value << 5) + value & 0xffffffff) ^ byte
        return value

    body, tables, at = b"", [[] for _ in range(256)], 2048
    for key, data in records:
        tables[hashed(key) % 256].append((hashed(key), at + len(body)))
        body += struct.pack("<II", len(key), len(data)) + key + data
    head, at = b"", 2048 + len(body)
    for table in tables:
        slots = [(0, 0)] * (2 * len(table))
        for value, place in table:
            first = (value >> 8) % len(slots)
            free = next(i % len(slots) for i in range(first, first + len(slots))
                        if slots[i % len(slots)] == (0, 0))
            slots[free] = (value, place)
        head += struct.pack("<II", at, len(slots))
        body += b"".join(struct.pack("<II", *slot) for slot in slots)
        at += 8 * len(slots)
    return head + body


class RootIds(InstalledCase):
    """The binary of before delivered as root for the uid 4294967295, into a directory that only root may
    enter, and with root's group for the gid."""

    @classmethod
    def prepare(cls):
        host = cls.host
        cls.joe = host.add_user("joe")
        cls.roots, cls.ids = host.base / "roots", host.base / "ids"
        cls.roots.mkdir(mode=0o700)
        cls.ids.touch()
        cls.ids.chmod(0o666)
        host.dot("joe", "box", f"{cls.roots}/box")
        host.dot("joe", "id", f"|(id -u; id -ru; id -g; id -rg; id -G) >> {cls.ids}")
        cls.uid, cls.gid = host.uid("joe"), host.gid("joe")
        cls.pairs = [pair for pair in itertools.product((cls.uid, ROOT, NONE), (cls.gid, ROOT, NONE))
                     if pair != (cls.uid, cls.gid)]
        host.start()

    def ended(self):
        """Attempts that have ended, as the log says."""
        return re.findall(r"^delivery \d+: \w+: .*", (self.host.base / "lines").read_text(), re.M)

    def deliver(self):
        """To both addresses; what was said of them."""
        had = len(self.ended())
        for name in ("evil-box", "evil-id"):
            self.host.run(self.host.home / "bin/sendmail", "-f", "", f"{name}@{ME}",
                          stdin=b"Subject: x\n\n")
        self.host.wait_until(lambda: len(self.ended()) >= had + 2, self.host.log)
        return self.ended()[had:]

    def check(self, pair):
        said = self.deliver()
        self.assertEqual([], os.listdir(self.roots), (pair, said))
        self.assertEqual("", self.ids.read_text(), (pair, said))
        return said

    def tearDown(self):
        """With ids of a user the same is delivered: there is something to be seen."""
        if not hasattr(self, "give"):
            return
        self.give(self.uid, self.gid)
        self.deliver()
        seen = self.ids.read_text().split()
        self.ids.write_text("")
        self.assertEqual({str(self.uid), str(self.gid)}, set(seen))
        self.assertEqual([], os.listdir(self.roots))
        for name in ("assign", "cdb"):
            (self.host.home / "users" / name).unlink(missing_ok=True)

    def test_by_users_assign(self):
        self.give = self.assign
        for pair in self.pairs:
            with self.subTest(pair):
                result = self.assign(*pair)
                self.assertEqual(111, result.returncode, result)
                self.assertIn(b"a user or group id is not from", result.stderr)
                self.check(pair)

    def assign(self, uid, gid):
        (self.host.home / "users/assign").write_text(f"+evil-:joe:{uid}:{gid}:{self.joe}:-::\n.\n")
        return self.host.run(self.host.home / "bin/qmail-newu", check=False)

    def test_by_users_cdb(self):
        self.give = self.write_cdb
        for pair in self.pairs:
            with self.subTest(pair):
                self.write_cdb(*pair)
                for line in self.check(pair):
                    self.assertRegex(line, r": deferral: Not_allowed_to_perform_deliveries_as_root")

    def write_cdb(self, uid, gid):
        path = self.host.home / "users/cdb"
        path.with_suffix(".tmp").write_bytes(cdb([
            (b"!evil-", f"joe\0{uid}\0{gid}\0{self.joe}\0-\0".encode()), (b"", b"-")]))
        path.with_suffix(".tmp").rename(path)

    def test_by_qmail_getpw(self):
        self.give = self.lie
        program = self.host.home / "bin/qmail-getpw"
        program.rename(self.host.base / "own")
        self.addCleanup((self.host.base / "own").rename, program)
        self.addCleanup(program.unlink)
        for pair in self.pairs:
            with self.subTest(pair):
                self.lie(*pair)
                for line in self.check(pair):
                    self.assertRegex(line, r": deferral: ")

    def lie(self, uid, gid):
        program = self.host.home / "bin/qmail-getpw"
        new = program.with_name("qmail-getpw.new")
        new.write_text(f"#!/bin/sh\nprintf 'joe\\0%s\\0%s\\0%s\\0-\\0%s\\0' {uid} {gid} {self.joe}"
                       ' "${1#evil-}"\n')
        new.chmod(0o755)
        new.rename(program)


if __name__ == "__main__":
    unittest.main()

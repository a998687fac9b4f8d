"""qmail-lookup: what it tells by hand, whom it answers, and what it cannot be made to do."""

import os
import pathlib
import re
import socket
import struct
import subprocess
import time
import unittest

from harness import BIN, ProgramCase
from test_qmail_lspawn import can_unshare

LATER, YES, NO, FULL = range(4)
NOBODY = 65534
READ_SEARCH = 1 << 2  # CAP_DAC_READ_SEARCH


class Service:
    """A running qmail-lookup --serve, and questions to it over its socket."""

    def __init__(self, case, *arguments, prefix=()):
        self.path = case.home / "users/lookup"
        self.process = subprocess.Popen(
            [*prefix, BIN / "qmail-lookup", *arguments, "--serve"], env=case.environment(),
            stderr=subprocess.PIPE)
        case.addCleanup(self.process.stderr.close)
        case.addCleanup(self.process.wait, 30)
        case.addCleanup(self.process.kill)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect().close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.01)

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(30)
        try:
            client.connect(str(self.path))
        except OSError:
            client.close()
            raise
        return client

    def ask(self, kind, *fields):
        """The verdict and its fields; None where the connection is closed instead."""
        with self.connect() as client:
            return ask(client, kind, *fields)


def ask(client, kind, *fields):
    frame = kind + b"".join(struct.pack("<H", len(field)) + field for field in fields)
    client.sendall(struct.pack("<H", len(frame)) + frame)
    head = receive(client, 2)
    if head is None:
        return None
    answer = receive(client, struct.unpack("<H", head)[0])
    found, at = [], 1
    while at < len(answer):
        length = struct.unpack_from("<H", answer, at)[0]
        found.append(answer[at + 2:at + 2 + length])
        at += 2 + length
    return answer[0], found


def receive(client, length):
    data = b""
    while len(data) < length:
        piece = client.recv(length - len(data))
        if not piece:
            return None
        data += piece
    return data


class QmailLookup(ProgramCase):
    def setUp(self):
        super().setUp()
        result = self.run_program("kopis", "user", "add", "joe@mx.example", "--password-file", "-",
                                  stdin=b"right horse\n")
        self.assertEqual(0, result.returncode, result)
        (self.home / "users/mail/mx.example/joe/.qmail-list").write_text("&x@y\n")

    def tell(self, address, *more):
        result = self.run_program("qmail-lookup", "--single-user", address)
        return result.returncode, result.stdout.decode()

    def test_by_hand(self):
        home = self.home / "users/mail/mx.example/joe"
        self.assertEqual((0, f"yes: joe@mx.example, {home}/.qmail\n"), self.tell("joe@mx.example"))
        self.assertEqual((0, f"yes: joe@mx.example, {home}/.qmail-list\n"),
                         self.tell("joe-list@mx.example"))
        self.assertEqual((100, f"no: alias, {self.home}/alias/.qmail-a:b\n"),
                         self.tell("a.b@mx.example"))
        self.assertEqual((0, "yes: not a local address\n"), self.tell("a@elsewhere.example"))
        (home / "Maildir/maildirsize").write_text("10S\n10 1\n")
        self.assertEqual((111, f"full: joe@mx.example, {home}/.qmail\n"),
                         self.tell("joe@mx.example"))
        (self.home / "users/virtual").write_text("half")
        self.assertEqual((111, "later: nobody's\n"), self.tell("joe@mx.example"))

    def test_an_alias_has_targets_and_no_file(self):
        for alias, *targets in (("sales", "joe@mx.example"),
                                ("all", "joe@mx.example", "ann@far.example"),
                                ("lost", "nobody@mx.example")):
            result = self.run_program("kopis", "alias", "add", alias, *targets)
            self.assertEqual(0, result.returncode, result)
        for alias, code, said in (
                ("sales", 0, "yes: alias, an alias for joe@mx.example\n"),
                ("all", 0, "yes: alias, an alias for joe@mx.example, ann@far.example\n"),
                ("lost", 100, "no: alias, an alias for nobody@mx.example\n")):
            self.assertEqual((code, said), self.tell(f"{alias}@mx.example"))

    def test_misuse(self):
        for words in ((), ("--serve", "x"), ("-x",), ("a", "b")):
            result = self.run_program("qmail-lookup", *words)
            self.assertEqual((100, b"usage: qmail-lookup ADDRESS\n"),
                             (result.returncode, result.stderr), words)

    def test_answers(self):
        service = Service(self, "--single-user")
        with service.connect() as client:
            for local, verdict in ((b"joe", YES), (b"joe-list", YES), (b"joe-x", NO),
                                   (b"nobody", NO), (b"x" * 1000, NO)):
                self.assertEqual((verdict, []), ask(client, b"R", local, b"mx.example"), local)
            verdict, (wait, account, signature) = ask(client, b"P", b"", b"joe", b"right horse")
            self.assertEqual((YES, b"joe@mx.example", b""), (verdict, account, signature))
            for name in (b"joe", b"nobody", b"root", b"\xff\x00\n"):
                verdict, (wait, account, _) = ask(client, b"P", b"\x7f\0\0\1", name, b"wrong")
                self.assertEqual((NO, b""), (verdict, account))
                self.assertGreater(struct.unpack("<i", wait)[0], 500)
                verdict, (salt, number) = ask(client, b"S", name)
                self.assertEqual((YES, 16, 600_000),
                                 (verdict, len(salt), struct.unpack("<i", number)[0]))

    def test_nonsense_ends_its_connection_only(self):
        service = Service(self, "--single-user")
        for bytes_ in (b"\0\0", b"\xff\xff", b"\1\0X", b"\3\0R\xff\xff", b"\3\0R\0\0",
                       b"\xff\x3fR" + b"A" * 17_000):
            with service.connect() as client:
                try:
                    client.sendall(bytes_)
                    client.shutdown(socket.SHUT_WR)
                    self.assertEqual(b"", client.recv(1), bytes_)
                except ConnectionError:
                    pass
        self.assertEqual((YES, []), service.ask(b"R", b"joe", b"mx.example"))

    def test_a_start_over_a_killed_one(self):
        first = Service(self, "--single-user")
        first.process.kill()
        first.process.wait(30)
        self.assertTrue(first.path.exists())
        self.assertEqual((NO, []), Service(self, "--single-user").ask(b"R", b"x", b"mx.example"))

    def test_a_table_that_cannot_be_read_is_an_alert(self):
        """Before, all recipients were put off, and no line said why."""
        for name in ("virtual", "aliases", "cdb"):
            with self.subTest(name):
                table = self.home / "users" / name
                kept = table.read_bytes() if table.exists() else None
                table.unlink(missing_ok=True)
                table.mkdir()
                service = Service(self, "--single-user")
                for _ in range(20):
                    self.assertEqual((LATER, []), service.ask(b"R", b"nobody", b"mx.example"))
                service.process.kill()
                lines = service.process.stderr.read().decode().splitlines()
                self.assertEqual(5, len(lines), lines)
                for line in lines:
                    self.assertRegex(line, rf"^qmail-lookup: alert: .*users/{name}: .+")
                table.rmdir()
                if kept is not None:
                    table.write_bytes(kept)

    def test_it_ends_when_told(self):
        service = Service(self, "--single-user")
        service.process.terminate()
        self.assertEqual(0, service.process.wait(10))


@unittest.skipUnless(can_unshare(), "needs root and a mount namespace")
class QmailLookupAsRoot(ProgramCase):
    """The service of an installed host, with users of its own in a namespace's passwd."""

    def setUp(self):
        super().setUp()
        os.chmod(self.home / "users", 0o755)
        (self.home / "bin").mkdir()
        (self.home / "bin/qmail-getpw").symlink_to(BIN / "qmail-getpw")
        users = [("root", 0, "/root"), ("qmaild", 61000, "/none"), ("qmailp", 61005, "/none"),
                 ("alias", 61003, self.make("alias", 61003)),
                 ("joe", 61001, self.make("joe", 61001))]
        (self.home / "passwd").write_text("".join(
            f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n" for name, uid, home in users))
        self.service = Service(self, prefix=(
            "unshare", "-m", "sh", "-c",
            f"mount --bind {self.home}/passwd /etc/passwd && exec \"$@\"", "sh"))

    def make(self, name, uid):
        path = self.home / "homes" / name
        path.mkdir(parents=True)
        os.chown(path, uid, uid)
        path.chmod(0o700)
        return str(path)

    def put(self, home, name, target=None):
        path = self.home / "homes" / home / name
        if target is None:
            path.write_text("&x@y\n")
        else:
            path.symlink_to(target)

    def judge(self, local):
        return self.service.ask(b"R", local, b"mx.example")

    def test_the_hosts_users(self):
        self.put("joe", ".qmail-list")
        self.put("alias", ".qmail-postmaster")
        self.assertEqual((YES, []), self.judge(b"joe"))
        self.assertEqual((YES, []), self.judge(b"Joe-List"))
        self.assertEqual((NO, []), self.judge(b"joe-other"))
        self.assertEqual((YES, []), self.judge(b"postmaster"))
        self.assertEqual((NO, []), self.judge(b"nobody"))
        self.assertEqual((NO, []), self.judge(b"root"))

    def test_a_link_shows_nothing_of_what_it_points_to(self):
        secret = self.home / "secret"
        secret.mkdir(mode=0o700)
        (secret / "file").write_text("x")
        self.put("joe", ".qmail-spy", secret / "file")
        self.put("joe", ".qmail-spy2", secret / "none")
        self.assertEqual((YES, []), self.judge(b"joe-spy"))
        self.assertEqual((YES, []), self.judge(b"joe-spy2"))
        secret.rename(self.home / "homes/joe/Maildir")
        (self.home / "homes/joe/Maildir/maildirsize").write_text("1C\n1 1\n")
        self.assertEqual((FULL, []), self.judge(b"joe"))
        (self.home / "homes/joe/Maildir").rename(secret)
        self.put("joe", "Maildir", secret)
        self.assertEqual((YES, []), self.judge(b"joe"))

    def test_it_may_read_every_file_and_nothing_else(self):
        self.assertEqual((YES, []), self.judge(b"joe"))
        for task in pathlib.Path(f"/proc/{self.service.process.pid}/task").iterdir():
            found = dict(line.split(":\t", 1)
                         for line in (task / "status").read_text().splitlines() if ":\t" in line)
            self.assertEqual(["61005"] * 4, found["Uid"].split())
            self.assertEqual(["61005"] * 4, found["Gid"].split())
            self.assertEqual("61005", found["Groups"].strip())
            for kind in ("CapPrm", "CapEff"):
                self.assertEqual(READ_SEARCH, int(found[kind], 16), (task, kind))

    def test_what_looks_users_up_may_not(self):
        (self.home / "bin/qmail-getpw").unlink()
        program = self.home / "bin/qmail-getpw"
        program.write_text(f"#!/bin/sh\nif [ -r {self.home}/homes/joe/. ]; then exit 111; fi\n"
                           "grep -q 'CapEff:.*0000000000000000' /proc/self/status || exit 111\n"
                           "exit 100\n")
        program.chmod(0o755)
        self.assertEqual((NO, []), self.judge(b"joe"))

    def test_mailboxes_that_only_their_owner_reads(self):
        joe = self.home / "homes/joe"
        joe.joinpath(".qmail-list").write_text("&x@y\n")
        joe.joinpath(".qmail-list").chmod(0o600)
        os.chown(joe / ".qmail-list", 61001, 61001)
        self.assertEqual((YES, []), self.judge(b"joe-list"))
        result = self.run_program("kopis", "user", "add", "eva@mx.example", "--password-file", "-",
                                  stdin=b"right horse\n")
        self.assertEqual(0, result.returncode, result)
        self.assertEqual(0o600, (self.home / "users/virtual").stat().st_mode & 0o777)
        mailbox = self.home / "users/mail/mx.example/eva"
        for path in (self.home / "users/mail", *(self.home / "users/mail").rglob("*")):
            os.chown(path, 61003, 61003)
        mailbox.chmod(0o700)
        self.assertEqual((YES, []), self.judge(b"eva"))
        verdict, (_, account, _) = self.service.ask(
            b"P", b"", b"eva@mx.example", b"right horse")
        self.assertEqual((YES, b"eva@mx.example"), (verdict, account))

    def test_who_may_ask(self):
        client = ("import socket,sys; s=socket.socket(socket.AF_UNIX); s.settimeout(30); "
                  "s.connect(sys.argv[1]); s.sendall(b'\\x12\\0R\\3\\0joe\\x0a\\0mx.example'); "
                  "print(len(s.recv(9)))")
        for uid, expected in ((NOBODY, b"0\n"), (61001, b"0\n"), (61000, b"3\n"), (0, b"3\n")):
            result = subprocess.run(
                ["python3", "-c", client, self.service.path], user=uid, group=uid, extra_groups=[],
                capture_output=True, timeout=30, check=False, cwd="/")
            # Closed before, while or after we asked: three ways to see that there is no answer.
            refused = re.search(rb"BrokenPipe|ConnectionReset", result.stderr)
            self.assertEqual(expected, b"0\n" if refused else result.stdout, (uid, result))


if __name__ == "__main__":
    unittest.main()

"""Each process with a hostile peer in place of its real one: it refuses, says so, lives on, and
does nothing that it has no right to (docs/ARCHITECTURE.md, the rights of each process)."""

import contextlib
import ctypes
import os
import pathlib
import random
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import time
import unittest

from harness import BIN
from test_qmail_lspawn import SpawnCase
from test_qmail_queue import WAIT, QueueCase
from test_qmail_rspawn import RspawnCase
from test_qmail_send import SendCase

NOBODY = 65534
MEMORY_MAX_KIB = 100 * 1024
libc = ctypes.CDLL(None, use_errno=True)


def peak(pid):
    """Greatest resident memory so far, KiB."""
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def wait_until(condition, what):
    """Polls, for what has no event of its own."""
    deadline = time.monotonic() + WAIT
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(what)
        time.sleep(0.01)
    return result


def taken_descriptor(pid, number):
    """A copy of another process's descriptor (pidfd_getfd)."""
    pidfd = libc.syscall(434, pid, 0)
    try:
        fd = libc.syscall(438, pidfd, number, 0)
        if fd < 0:
            raise OSError(ctypes.get_errno(), "pidfd_getfd")
        return fd
    finally:
        os.close(pidfd)


class Intake(QueueCase):
    """The queue writer and clients that lie."""

    def talk(self, *pieces, shut=True):
        """Sends; all that is answered until the writer hangs up."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(WAIT)
            client.connect(str(self.home / "queue/intake"))
            answers = b""
            try:
                for piece in pieces:
                    client.sendall(piece)
                if shut:
                    client.shutdown(socket.SHUT_WR)
                while got := client.recv(65536):
                    answers += got
            except (BrokenPipeError, ConnectionResetError):
                pass
            return answers

    @staticmethod
    def frames(body=b"lost\n", envelope=b"Fs@x\0Tr@y\0\0", begin=b"B\0\0\0\0\0"):
        return (begin + struct.pack("<cI", b"M", len(body)) + body
                + struct.pack("<cI", b"E", len(envelope)) + envelope)

    def assert_serves(self):
        self.assertEqual(0, self.queue(b"Subject: good\n\nbody\n"))
        self.assertNotIn(b"lost", self.stored())
        self.assertIsNone(self.writer.poll())
        self.assertLess(peak(self.writer.pid), MEMORY_MAX_KIB)

    def test_lengths_that_lie(self):
        begin = b"B\0\0\0\0\0"
        for frame in (b"M\xff\xff\xff\xff", b"M\1\0\1\0", b"M\0\0\0\x80", b"E\xff\xff\xff\xff",
                      b"E\1\0\0\1", b"E\0\0\0\x80", b"Q\0\0\0\0"):
            with self.subTest(frame):
                self.assertEqual(b"", self.talk(begin + frame, b"x" * 70_000, shut=False))
        for start in (b"B\4\0\0\0\0", b"B\x84\0\0\0\0", b"X\0\0\0\0\0", b"\0" * 6, b"EHLO x\r\n"):
            with self.subTest(start):
                self.assertEqual(b"", self.talk(self.frames(begin=start)))
        self.assert_serves()

    def test_cut_at_each_byte(self):
        whole = self.frames()
        for length in range(len(whole)):
            self.assertEqual(b"", self.talk(whole[:length]), length)
        self.assert_serves()

    def test_envelopes_that_lie(self):
        for code, envelope in ((54, b""), (54, b"F"), (91, b"T\0\0"), (91, b"Fs\0\0\0"),
                               (91, b"Fs\0Xr\0\0"), (11, b"F" + b"s" * 2000 + b"\0\0"),
                               (91, b"Fs\0Tr\0\0Tmore\0\0")):
            with self.subTest(envelope[:20]):
                self.assertEqual(code, self.talk(self.frames(envelope=envelope))[0])
        self.assert_serves()

    def test_counts_without_end(self):
        """Half a million recipients fit; past the limit nothing is kept."""
        many = b"Fs@x\0" + b"Tr@y\0" * 3_000_000 + b"\0"
        answer = self.talk(b"B\0\0\0\0\0" + struct.pack("<cI", b"E", len(many)) + many)
        self.assertIn(answer[:1], (b"\0", b"\x33"))  # Queued, or out of memory (51).
        over = 16 * 1024 * 1024 + 1
        self.assertEqual(b"", self.talk(b"B\0\0\0\0\0" + struct.pack("<cI", b"E", over) + b"F"))
        self.assert_serves()

    def test_garbage_and_floods(self):
        dice = random.Random(3)
        for _ in range(100):
            self.talk(dice.randbytes(dice.randrange(1, 3000)))
            self.talk(b"B\0\0\0\0\0" + dice.choice([b"M", b"E"])
                      + dice.randbytes(dice.randrange(1, 200)))
        clients = []
        self.addCleanup(lambda: [client.close() for client in clients])
        for _ in range(400):
            clients.append(socket.socket(socket.AF_UNIX))
            clients[-1].connect(str(self.home / "queue/intake"))
            clients[-1].sendall(b"B\0\0\0\0\0M\0\0\1\0")
        self.assert_serves()

    @unittest.skipUnless(os.geteuid() == 0, "needs two users")
    def test_who_it_is_says_the_kernel(self):
        """A client that claims to be qmail-send is written down as who it is."""
        os.chmod(self.home / "queue", 0o755)
        script = (f"import socket; c = socket.socket(socket.AF_UNIX); "
                  f"c.connect({str(self.home / 'queue/intake')!r}); "
                  f"c.sendall({self.frames(b'claim', begin=bytes([66, 2, 0, 0, 0, 0]))!r}); "
                  f"assert c.recv(13)[0] == 0")
        subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
                        "--clear-groups", "python3", "-c", script], check=True, timeout=WAIT)
        self.assertRegex(self.stored(), rb"invoked by uid 65534\); [^\n]*\nclaim")
        self.assertNotIn(b"for bounce", self.stored())


class OrdersToLspawn(SpawnCase):
    """qmail-lspawn and a qmail-send that lies."""

    def setUp(self):
        super().setUp()
        self.joe = self.user("joe@v.example")
        self.start("--single-user", "./Maildir/")

    def test_ids_that_are_paths(self):
        number = self.queue()
        (self.home / "queue/mess/evil").write_bytes(b"x")
        for path in (b"../../../etc/passwd", b"/etc/passwd", b"0/../evil", b"%d/%d/x" % (
                         number % 23, number), b"1/evil", b"%d" % number, b"/%d" % number,
                     b"%d/-1" % (number % 23), b"%d/0%d" % (number % 23, number),
                     b"%d/%d " % (number % 23, number), b"%d/%d" % (number % 23 + 1, number),
                     b"%d/+%d" % (number % 23, number), b"\n", b"%s", b"9" * 200):
            with self.subTest(path):
                self.assertEqual(b"DInternal error: messid has nonnumerics. (#5.3.5)\n",
                                 self.deliver(b"joe@v.example", number=path))
        self.assertEqual(b"Zqmail-spawn unable to open message. (#4.3.0)\n",
                         self.deliver(b"joe@v.example", number=number + 23))
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"joe@v.example", number=number))

    def test_recipients_that_are_paths_commands_and_options(self):
        """CVE-2020-7247, CVE-2019-10149, the article's sendmail 4: an address is only looked up."""
        for recipient in (b"|id@v.example", b"/etc/passwd@v.example", b"../../root@v.example",
                          b"root@v.example", b"-froot@v.example", b";id;@v.example",
                          b"${run{/bin/sh}}@v.example", b"`id`@v.example", b":include:/x@v.example",
                          b"joe@v.example\n.@v.example", b"0@v.example", b"%00@v.example"):
            with self.subTest(recipient):
                self.assertEqual(b"DSorry, no mailbox here by that name. (#5.1.1)\n",
                                 self.deliver(recipient))
        self.assertEqual([], list((self.joe / "Maildir/new").iterdir()))

    def test_an_order_for_nobody(self):
        """The next order cannot be told from it: what runs is finished, then it ends."""
        number = self.queue()
        self.order(3, number, b"joe@v.example")
        self.spawner.stdin.write(b"\1%d/%d\0s@x\0\0\0\0\0" % (number % 23, number))
        self.assertEqual({3: b"Kdid 1+0+0\n"}, self.reports())
        self.assertEqual(0, self.spawner.wait(WAIT))

    def test_a_field_without_end(self):
        """What runs is finished; then it ends, since the next order cannot be found."""
        self.order(3, self.queue(), b"joe@v.example")
        try:
            self.spawner.stdin.write(b"\1" + b"x" * 1_000_000)
        except BrokenPipeError:
            pass
        self.assertEqual(0, self.spawner.wait(WAIT))
        self.assertEqual(1, len(list((self.joe / "Maildir/new").iterdir())))

    def test_garbage(self):
        dice = random.Random(4)
        before = sorted(path for path in self.home.rglob("*"))
        for _ in range(30):
            self.spawner.stdin.write(dice.randbytes(50).replace(b"\0", b"x") + b"\0a\0b@v.example\0")
        wait_until(lambda: select.select([self.spawner.stdout], [], [], 0)[0], "no report at all")
        self.assertIsNone(self.spawner.poll())
        self.assertLess(peak(self.spawner.pid), MEMORY_MAX_KIB)
        self.assertEqual(before, sorted(path for path in self.home.rglob("*")))


class LyingLocal(SpawnCase):
    """qmail-lspawn and a qmail-local that lies: its descriptor is taken while it stands still."""

    def setUp(self):
        super().setUp()
        self.joe = self.user("joe@v.example")
        self.start("--single-user", "./Maildir/")

    def lie(self, lie):
        """The report for a delivery whose qmail-local says this instead."""
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"joe@v.example"))
        [pid] = self.children()
        os.kill(pid, signal.SIGSTOP)
        fd = taken_descriptor(pid, 3)
        try:
            self.order(9, self.queue(), b"joe@v.example")
            select.select([fd], [], [], WAIT)  # It has got the order.
            os.write(fd, lie)
            return self.reports()[9]
        finally:
            os.close(fd)
            watch = os.pidfd_open(pid)
            os.kill(pid, signal.SIGKILL)
            select.select([watch], [], [], WAIT)
            os.close(watch)

    def test_lies(self):
        for lie in (struct.pack("<I", 0xFFFFFFFF), struct.pack("<I", 4) + b"abcd",
                    struct.pack("<IIB", 5, 4_000_000_000, 0), b"\0\0\0\0", b"HTTP/1.0 200\r\n",
                    struct.pack("<I", 0x7FFFFFFF) + b"x" * 5000):
            with self.subTest(lie[:12]):
                self.assertRegex(self.lie(lie), rb"\AZqmail-local crashed")
                # The next one has a new process and no memory of this.
                self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"joe@v.example"))
        for pid in self.offspring(b""):
            self.assertLess(peak(pid), MEMORY_MAX_KIB)

    def test_what_it_says_is_a_report_and_no_more(self):
        """NULs and control bytes in its words cannot become another report."""
        text = b"words\0\x07Kforged\0"
        frame = struct.pack("<IIB", 5 + len(text), 1, 0) + text
        report = self.lie(frame)
        self.assertEqual(b"K", report[:1])
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"joe@v.example"))


class LyingLspawn(SpawnCase):
    """A warm qmail-local and somebody else in the place of each half of qmail-lspawn."""

    FIELDS = [b"joe", b"HOME", b"joe", b"", b"", b"v.example", b"", b"./box\n"]

    def serve(self, grant, order=b"", close=True):
        """Grants and orders a delivery; the exit code."""
        root, grants = socket.socketpair(type=socket.SOCK_SEQPACKET)
        ours, orders = socket.socketpair()
        script = 'exec 3<&"$1"; exec "$2" --serve'
        with root, ours:
            process = subprocess.Popen(
                ["bash", "-c", script, "bash", str(orders.fileno()), BIN / "qmail-local"],
                stdin=grants, pass_fds=[orders.fileno()], env=self.environment(),
                stderr=subprocess.DEVNULL)
            self.addCleanup(self.end, process)
            grants.close()
            orders.close()
            try:
                if grant:
                    root.send(grant)
                ours.sendall(order)
                if close:
                    ours.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return process.wait(WAIT)

    def grant(self, **more):
        fields = [str(self.home).encode() if f == b"HOME" else f for f in self.FIELDS]
        for place, value in more.items():
            fields[int(place[1:])] = value
        return struct.pack("<I", 1) + b"".join(field + b"\0" for field in fields)

    @staticmethod
    def frame(content):
        return struct.pack("<I", len(content)) + content

    def order(self, flag=0, content=b"s@x\0Subject: x\n\nbody\n", number=1):
        return self.frame(struct.pack("<IB", number, flag) + content)

    def test_what_is_no_grant_ends_it(self):
        for name, grant in (
                ("too long", self.grant(f4=b"x" * 140_000)),
                ("few fields", b"\1\0\0\0a\0b\0"),
                ("many fields", self.grant() + b"\0"),
                ("relative home", self.grant(f1=b"etc")),
                ("a sender", self.grant(f6=b"s@x"))):
            with self.subTest(name):
                self.assertEqual(100, self.serve(grant, close=False))
        self.assertFalse((self.home / "box").exists())

    def test_what_is_no_order_ends_it(self):
        for name, order in (
                ("too long", struct.pack("<I", 0x7FFFFFFF)),
                ("too short", self.frame(b"\1\0")),
                ("no sender", self.order(content=b"s@x")),
                ("no such flag", self.order(flag=7)),
                ("no descriptor", self.order(flag=1, content=b"s@x\0")),
                ("both", self.order(flag=1))):
            with self.subTest(name):
                self.assertEqual(100, self.serve(self.grant(), order, close=False))
        self.assertFalse((self.home / "box").exists())

    def test_half_an_order_delivers_nothing(self):
        whole = self.order()
        for length in range(0, len(whole), 5):
            self.assertEqual(0, self.serve(self.grant(), whole[:length]), length)
        self.assertFalse((self.home / "box").exists())
        self.assertEqual(0, self.serve(self.grant(), whole))
        self.assertIn(b"Subject: x\n", (self.home / "box").read_bytes())

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_as_root_it_runs_no_program(self):
        self.serve(self.grant(f7=b"|touch ran\n"), self.order())
        self.assertFalse((self.home / "ran").exists())


class LyingOrders(SpawnCase):
    """Root's half of qmail-lspawn, and a talking half that was taken over: it may mail local users
    and get no other right of theirs."""

    def setUp(self):
        super().setUp()
        self.joe = self.user("joe@v.example", dot="./box\n")
        self.start("--single-user", "./Maildir/")
        [self.talker] = self.offspring(b"qmail-lspawn\0")
        os.kill(self.talker, signal.SIGSTOP)
        self.root = socket.socket(fileno=taken_descriptor(self.talker, 3))
        self.root.settimeout(WAIT)
        self.local = None
        self.addCleanup(self.root.close)
        self.addCleanup(self.release)

    def release(self):
        if self.local:
            self.local.close()
        with contextlib.suppress(ProcessLookupError):  # It ends when root's half has ended.
            os.kill(self.talker, signal.SIGKILL)

    def ask(self, address, number=1):
        """Root's code."""
        self.root.send(struct.pack("<I", number) + address)
        reply, fds, _, _ = socket.recv_fds(self.root, 100, 1)
        for fd in fds:
            self.local = socket.socket(fileno=fd)
            self.local.settimeout(WAIT)
        got, _, code = struct.unpack("<IIB", reply)
        self.assertEqual(number, got)
        return code

    def mail(self, content, number=1):
        self.local.sendall(LyingLspawn.frame(struct.pack("<IB", number, 0) + content))
        return self.local.recv(1000)

    def test_it_may_mail_a_local_user(self):
        self.assertEqual(0, self.ask(b"joe@v.example"))
        self.assertEqual(LyingLspawn.frame(b"\1\0\0\0\0did 1+0+0\n"), self.mail(b"s@x\0hello\n"))
        self.assertIn(b"hello\n", (self.joe / "box").read_bytes())
        self.assertEqual(0, self.ask(b"nobody@v.example", 2))  # As alias says.
        self.assertEqual(b"\2\0\0\0\x64Sorry, no mailbox", self.mail(b"s@x\0x\n", 2)[4:26])

    def test_the_instructions_are_not_its_to_say(self):
        for number, content in enumerate(
                (b"s@x\0./evil\n", b"s@x\0\0./evil\n\0", b"./evil\n\0hello\n")):
            self.assertEqual(0, self.ask(b"joe@v.example", number))
            self.assertIn(b"did 1+0+0\n", self.mail(content, number))
        self.assertEqual([], list(self.home.rglob("evil")))

    def test_without_a_grant_it_orders_nothing(self):
        self.assertEqual(0, self.ask(b"joe@v.example"))
        self.assertIn(b"did 1+0+0\n", self.mail(b"s@x\0hello\n"))
        self.local.sendall(LyingLspawn.frame(struct.pack("<IB", 1, 0) + b"s@x\0again\n"))
        self.root.send(b"1")
        os.kill(self.talker, signal.SIGCONT)
        self.assertEqual(b"", self.local.recv(1000))  # The same grant again is none.
        self.assertNotIn(b"again", (self.joe / "box").read_bytes())

    def test_what_is_no_question_ends_it(self):
        for question in (b"\1\0\0\0joe@v.example\0/tmp\0|touch evil\0", b"\1\0\0\0", b"1",
                         b"\1\0\0\0" + b"x" * 5000 + b"@v.example"):
            with self.subTest(question[:20]):
                self.root.send(question)
                self.assertEqual(b"", self.root.recv(10))
                os.kill(self.talker, signal.SIGCONT)
                self.assertEqual(111, self.spawner.wait(WAIT))
                self.assertEqual([], list(self.home.rglob("evil")))
                self.doCleanups()
                self.setUp()


class LyingSpawners(SendCase):
    """qmail-send and spawners that lie."""

    def test_floods_of_reports(self):
        self.start_send()
        self.send(b"a@mx.example")
        slot = self.local.order()[0]
        junk = bytes((slot + 1 + i % 100) % 256 for i in range(3)) + b"Kx\0"
        for _ in range(200):
            os.write(self.local.reports, bytes([slot + 1]) + b"Knever ordered\0" + b"\xffD\0")
        os.write(self.remote.reports, b"\0K\0" * 200)
        for _ in range(20):  # Few enough that what is logged of them fits in the log's pipe.
            os.write(self.remote.reports, b"\1K" + b"x" * 50_000)
        os.write(self.remote.reports, b"\0" + junk)
        self.wait_log(rb"^warning: internal error: delivery report out of range\n")
        # The delivery in flight is still its own: nothing said about others has ended it.
        self.local.report(slot, b"Kdone\n")
        self.wait_log(rb"^delivery 1: success: done/\n")
        self.wait_log(rb"^end msg ")
        self.assertLess(peak(self.sender.pid), MEMORY_MAX_KIB)

    def test_more_reports_than_recipients(self):
        self.start_send()
        self.send(b"a@mx.example")
        slot = self.local.order()[0]
        os.write(self.local.reports, (bytes([slot]) + b"Kdone\n\0") * 3)
        self.wait_log(rb"^delivery 1: success: done/\n")
        self.wait_log(rb"^warning: internal error: delivery report out of range\n")
        self.wait_log(rb"^end msg ")

    def test_a_qmail_clean_that_lies(self):
        self.start_send()
        os.write(self.clean.reports, b"+!x\0\xff" * 1000)
        self.send(b"a@mx.example")
        self.local.report(self.local.order()[0], b"Kdone\n")
        self.wait_log(rb"^end msg ")
        self.assertIsNone(self.sender.poll())

    def test_reports_cannot_forge_log_lines(self):
        """Terminal escapes and line ends in a report, class 4."""
        self.start_send()
        self.send(b"a@mx.example")
        self.local.report(
            self.local.order()[0], b"Zbad\r\nend msg 1\n\x1b[2J\x1b]0;x\x07\x9b31m\n")
        line = self.wait_log(rb"^delivery 1: deferral: (.*)\n")[1]
        self.assertEqual(b"bad_/end_msg_1/_[2J_]0;x__31m/", line)


class OrdersToRspawn(RspawnCase):
    """qmail-rspawn and a qmail-send that lies."""

    def test_an_order_for_nobody(self):
        self.server()
        self.start_spawner()
        number = self.number()
        self.order(3, number, b"r@far.example")
        self.spawner.stdin.write(b"\7%d/%d\0s@x\0\0\0\0\0" % (number % 23, number))
        [(slot, text)] = self.reports()
        self.assertEqual((3, b"K"), (slot, text[:1]))
        self.assertEqual(0, self.spawner.wait(WAIT))

    def test_parameters_that_are_commands(self):
        """What qmail-send says of a message is parsed before it is said to a server."""
        server = self.server(EHLO=b"250-x\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE\r\n")
        self.start_spawner()
        number = self.number()
        for of_message, of_recipient in ((b"ENVID=x\r\nRCPT TO:<evil@x>", b""),
                                         (b"", b"NOTIFY=NEVER\r\nRCPT TO:<evil@x>"),
                                         (b"RET=HDRS\nRSET", b"ORCPT=rfc822;a b"),
                                         (b"AUTH=<>", b"X=Y")):
            self.spawner.stdin.write(
                b"\1%d/%d\0s@x.example\0\0\0%s\0r@far.example\0%s\0\0" % (
                    number % 23, number, of_message, of_recipient))
            self.assertEqual(1, self.reports()[0][0])
        for line in server.lines:
            self.assertNotRegex(line, rb"evil|RSET|AUTH|X=Y|[^\r]\n.|\r[^\n]")

    def test_ids_that_are_paths(self):
        self.start_spawner()
        for path in (b"../../etc/passwd", b"/etc/passwd", b"0/../1", b"1/1 ", b"", b"0/x"):
            self.order(1, path, b"r@far.example")
            self.assertEqual([(1, b"DInternal error: message id is not a number. (#5.3.5)\n")],
                             self.reports())

    def test_a_field_without_end_lets_what_runs_finish(self):
        server = self.server()
        self.start_spawner()
        self.order(2, self.number(), b"r@far.example")
        try:
            self.spawner.stdin.write(b"\1" + b"x" * 100_000)
        except BrokenPipeError:
            pass
        [(slot, text)] = self.reports()
        self.assertEqual((2, b"K"), (slot, text[:1]))
        self.assertIn(b"RCPT TO:<r@far.example>\r\n", server.lines)
        self.assertEqual(0, self.spawner.wait(WAIT))

    def test_addresses_that_would_be_parameters_or_commands(self):
        """CVE-2020-28021, CVE-2020-28026 and their like: nothing of it reaches the server."""
        server = self.server()
        self.start_spawner()
        number = self.number()
        for bad in (b"r@far.example> NOTIFY=NEVER", b"r@far.example>\r\nRCPT TO:<x@y",
                    b"r@far.example\n", b"r@far.example <", b"\"r\"@far.example\"x"):
            with self.subTest(bad):
                self.order(1, number, bad)
                [(_, text)] = self.reports()
                self.assertRegex(text, rb"\ADSorry, .*\(#5\.1\.[23]\)\n\Z")
                self.order(1, number, b"r@far.example", sender=bad)
                [(_, text)] = self.reports()
                self.assertRegex(text, rb"\ADSorry, .*\(#5\.1\.3\)\n\Z")
        self.assertEqual(0, server.sessions)


class Clean(QueueCase):
    """qmail-clean and a qmail-send that lies."""

    def test_floods_paths_and_links(self):
        mess = self.home / "queue/mess"
        outside = self.home / "control/me"
        (mess / "8").symlink_to(outside)
        dice = random.Random(5)
        bad = [b"foop/../../control/me", b"foop//etc/passwd", b"segm/../7", b"x" * 100_000, b"",
               b"foop/8/../9", b"hole/1/0/99999999999", b"hole/9/16/-1", b"foop/8\n"]
        bad += [dice.randbytes(60).replace(b"\0", b"/") for _ in range(500)]
        result = self.run_program("qmail-clean", stdin=b"\0".join(bad) + b"\0foop/8\0")
        self.assertEqual((0, b"x" * len(bad) + b"+"), (result.returncode, result.stdout))
        self.assertEqual("mx.example\n", outside.read_text())  # The link went, not the file.
        self.assertFalse((mess / "8").is_symlink())


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    unittest.main()

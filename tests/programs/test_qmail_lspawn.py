"""qmail-lspawn with real pipes and a real queue: whose mail it is, reports, warm qmail-locals."""

import fcntl
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

from harness import BIN, ProgramCase

LARGE = 300 * 1024  # Over the queue's inline limit: a file of its own.
WAIT = 30


class SpawnCase(ProgramCase):
    """A queue writer, and qmail-lspawn as qmail-send would hold it."""

    def setUp(self):
        super().setUp()
        self.maxDiff = None
        self.spawner = None
        self.writer = None
        self.start_writer()

    def start_writer(self):
        # A socket's path has 108 bytes at most; the writer's own check is not our matter here.
        self.writer = subprocess.Popen([BIN / "qmail-queue", "--serve"], env=self.environment())
        self.addCleanup(self.end, self.writer)
        intake = self.home / "queue/intake"
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(intake))
                    return
            except OSError:
                select.select([], [], [], 0.01)
        self.fail("the queue writer did not begin")

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
        process.wait(WAIT)

    def queue(self, body=b"Subject: x\n\nbody\n", sender=b"s@x", recipient=b"r@x"):
        """Queues a message; its number."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.home / "queue/intake"))
            client.sendall(struct.pack("<cBI", b"B", 0, 0))
            for at in range(0, len(body), 65536):
                piece = body[at:at + 65536]
                client.sendall(struct.pack("<cI", b"M", len(piece)) + piece)
            envelope = b"F" + sender + b"\0T" + recipient + b"\0\0"
            client.sendall(struct.pack("<cI", b"E", len(envelope)) + envelope)
            answer = b""
            while len(answer) < 13:
                piece = client.recv(13 - len(answer))
                self.assertTrue(piece)
                answer += piece
        code, _, number = struct.unpack("<BIQ", answer)
        self.assertEqual(0, code)
        return number

    def start(self, *arguments, prefix=(), env=None):
        self.spawner = subprocess.Popen(
            [*prefix, BIN / "qmail-lspawn", *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=env or self.environment(), bufsize=0)
        self.addCleanup(self.close)
        self.assertEqual(b"\x78", self.spawner.stdout.read(1))  # 120: conf-spawn.

    def close(self):
        """Hangs up; the exit code."""
        if self.spawner.stdin:
            self.spawner.stdin.close()
            self.spawner.stdin = None
        code = self.spawner.wait(WAIT)
        self.spawner.stdout.close()
        return code

    def order(self, slot, number, recipient, sender=b"s@x"):
        path = number if isinstance(number, bytes) else b"%d/%d" % (number % 23, number)
        self.spawner.stdin.write(
            bytes([slot]) + path + b"\0" + sender + b"\0" + recipient + b"\0")

    def reports(self, count=1):
        """The next reports, by slot."""
        got, rest = {}, b""
        while len(got) < count:
            ready, _, _ = select.select([self.spawner.stdout], [], [], WAIT)
            self.assertTrue(ready, f"no report came, only {got} {rest}")
            piece = os.read(self.spawner.stdout.fileno(), 65536)
            self.assertTrue(piece, "qmail-lspawn ended")
            rest += piece
            while (end := rest.find(b"\0", 1)) >= 0:
                self.assertNotIn(rest[0], got)
                got[rest[0]] = rest[1:end]
                rest = rest[end + 1:]
        self.assertEqual(b"", rest)
        return got

    def deliver(self, recipient, number=None, **more):
        """Orders one delivery and waits for its report."""
        self.order(7, self.queue() if number is None else number, recipient, **more)
        return self.reports()[7]

    def children(self):
        """Process ids of the qmail-locals that run."""
        return self.offspring(b"qmail-local\0")

    def offspring(self, name):
        """Process ids of qmail-lspawn's children by that name that still run."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if (int(fields[1]) == self.spawner.pid and fields[0] != "Z"
                    and path.with_name("cmdline").read_bytes().startswith(name)):
                found.append(int(path.parent.name))
        return found

    def user(self, address, dot=None, **dots):
        """A virtual user with a Maildir."""
        local, domain = address.split("@")
        home = self.home / "users/mail" / domain / local
        for part in ("tmp", "new", "cur"):
            (home / "Maildir" / part).mkdir(parents=True, mode=0o700)
        with open(self.home / "users/virtual", "a", encoding="ascii") as file:
            file.write(f"{address}:!:mail/{domain}/{local}\n")
        for name, content in dots.items():
            self.dot(home / (".qmail-" + name.replace("_", "-")), content)
        if dot is not None:
            self.dot(home / ".qmail", dot)
        return home

    @staticmethod
    def dot(path, content):
        path.write_text(content)
        path.chmod(0o600)


class SingleUser(SpawnCase):
    def setUp(self):
        super().setUp()
        self.start("--single-user", "./Maildir/")

    def test_a_virtual_user(self):
        home = self.user("joe@virt.example")
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"Joe@Virt.example", sender=b"a b@c"))
        [message] = (home / "Maildir/new").iterdir()
        self.assertRegex(
            message.read_bytes(),
            rb'\AReturn-Path: <"a b"@c>\nDelivered-To: Joe@Virt.example\n'
            rb"Received: \(qmail \d+ invoked by uid \d+\); .* -0000\nSubject: x\n\nbody\n\Z")

    def test_extensions_of_a_virtual_user(self):
        home = self.user("joe@v.example", list_default="./list\n")
        self.user("joe-list-sub@v.example")
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"joe-list-X@v.example"))
        self.assertIn(b"Delivered-To: joe-list-X@v.example\n", (home / "list").read_bytes())
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"joe-list-sub@v.example"))
        self.assertEqual(
            b"DSorry, no mailbox here by that name. (#5.1.1)\n",
            self.deliver(b"joe-other@v.example"))

    def test_alias_takes_the_rest(self):
        self.dot(self.home / "alias/.qmail-postmaster", "./box\n")
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"Postmaster@mx.example"))
        self.assertEqual(
            b"DSorry, no mailbox here by that name. (#5.1.1)\n", self.deliver(b"no@mx.example"))
        shutil.rmtree(self.home / "alias")
        self.assertEqual(b"ZUnable to find alias user!\n", self.deliver(b"no@mx.example"))

    def test_what_is_refused_at_once(self):
        number = self.queue()
        for path, recipient, report in (
                (number, b"nohost", b"DSorry, address must include host name. (#5.1.3)\n"),
                (number, b"@host", b"K"),
                (b"1/../1", b"a@b", b"DInternal error: messid has nonnumerics. (#5.3.5)\n"),
                (b"", b"a@b", b"DInternal error: messid has nonnumerics. (#5.3.5)\n")):
            self.order(5, path, recipient)
            self.assertEqual({5: report}, self.reports(), recipient)
        self.order(120, number, b"a@b")
        self.assertEqual({120: b"ZInternal error: delnum too big. (#4.3.5)\n"}, self.reports())
        self.user("joe@v.example")
        gone = number + 8
        self.assertEqual(b"Zqmail-spawn unable to open message. (#4.3.0)\n",
                         self.deliver(b"joe@v.example", number=gone))

    def test_a_slot_in_use(self):
        home = self.user("joe@v.example", dot="./held-box\n")
        self.block(home)
        number = self.queue()
        self.order(1, number, b"joe@v.example")
        self.order(1, number, b"joe@v.example")
        self.assertEqual({1: b"ZInternal error: delnum in use. (#4.3.5)\n"}, self.reports())
        self.held.close()
        self.assertEqual({1: b"Kdid 1+0+0\n"}, self.reports())

    def block(self, home):
        """Holds the lock of an mbox, so that deliveries there wait."""
        self.held = open(home / "held-box", "ab")
        fcntl.flock(self.held, fcntl.LOCK_EX)

    def test_many_at_once_by_one_process(self):
        home = self.user("joe@v.example")
        waiting = self.user("ann@v.example", dot="./held-box\n")
        self.block(waiting)
        number = self.queue()
        for slot in range(100):
            self.order(slot, number, b"ann@v.example" if slot < 10 else b"joe@v.example")
        done = self.reports(90)
        self.assertEqual(set(range(10, 100)), set(done))
        self.assertEqual({b"Kdid 1+0+0\n"}, set(done.values()))
        self.assertEqual(90, len(list((home / "Maildir/new").iterdir())))
        self.assertEqual(1, len(self.children()))
        self.held.close()
        self.assertEqual({b"Kdid 1+0+0\n"}, set(self.reports(10).values()))
        self.assertEqual(10, (waiting / "held-box").read_bytes().count(b"\nReturn-Path: <s@x>\n"))

    def test_a_large_message_goes_by_descriptor(self):
        home = self.user("joe@v.example")
        body = b"Subject: large\n\n" + b"".join(b"%0998d\n" % i for i in range(LARGE // 999))
        number = self.queue(body)
        for slot in range(20):  # Small and large ones in turn over one socket.
            self.order(slot, number if slot % 2 else self.queue(), b"joe@v.example")
        self.assertEqual({b"Kdid 1+0+0\n"}, set(self.reports(20).values()))
        whole = [m for m in (home / "Maildir/new").iterdir() if m.read_bytes().endswith(body)]
        self.assertEqual(10, len(whole))

    def test_messages_of_all_sizes_arrive_whole(self):
        """In the frame, by a copy in memory, by the queue's own file; two deliveries each."""
        home = self.user("joe@v.example")
        sizes = (0, 65_000, 66_000, 150_000, 262_000, 263_000)
        bodies = [b"Subject: %d\n\n" % size + os.urandom(size) for size in sizes]
        for slot, body in enumerate(bodies + bodies):
            self.order(slot, self.queue(body), b"joe@v.example")
        self.assertEqual({b"Kdid 1+0+0\n"}, set(self.reports(2 * len(sizes)).values()))
        arrived = [path.read_bytes() for path in (home / "Maildir/new").iterdir()]
        for body in bodies:
            self.assertEqual(2, sum(one.endswith(b"\n" + body) for one in arrived))

    def test_programs(self):
        home = self.user("joe@v.example", dot="|echo hello; head -c 9; exit 100\n")
        report = self.deliver(b"joe@v.example")
        if os.getuid() == 0:
            self.assertEqual(b"ZNot allowed to run programs as root. (#4.7.0)\n", report)
            return
        self.assertEqual(b"Dhello\nReceived:", report)
        self.dot(home / ".qmail", "|yes | head -n 5000; exit 111\n")
        report = self.deliver(b"joe@v.example")
        self.assertTrue(report.endswith(b"y\n\nError report too long, sorry.\n"), report[-60:])
        self.assertLessEqual(len(report), 3000)

    def test_forward(self):
        self.user("joe@v.example", dot="&else@where.example\n")
        self.assertRegex(self.deliver(b"joe@v.example"), rb"\AKdid 0\+1\+0\nqp \d+\n\Z")

    def test_a_qmail_local_that_dies(self):
        home = self.user("joe@v.example", dot="./held-box\n")
        self.block(home)
        number = self.queue()
        for slot in (0, 1):
            self.order(slot, number, b"joe@v.example")
        self.order(2, number, b"nobody@v.example")
        self.assertEqual(b"D", self.reports()[2][:1])
        [child] = self.children()
        os.kill(child, signal.SIGKILL)
        self.assertEqual({0: b"Zqmail-local crashed.\n", 1: b"Zqmail-local crashed.\n"},
                         self.reports(2))
        self.held.close()
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"joe@v.example"))

    def test_the_end_of_orders(self):
        home = self.user("joe@v.example", dot="./held-box\n")
        self.block(home)
        self.order(0, self.queue(), b"joe@v.example")
        self.order(1, self.queue(), b"nobody@v.example")
        self.assertEqual(b"D", self.reports()[1][:1])
        self.spawner.stdin.close()
        self.spawner.stdin = None
        self.held.close()
        self.assertEqual({0: b"Kdid 1+0+0\n"}, self.reports())  # What ran is finished.
        self.assertEqual(0, self.spawner.wait(WAIT))

    def test_qmail_locals_end_with_qmail_lspawn(self):
        self.user("joe@v.example")
        self.deliver(b"joe@v.example")
        [child] = self.children()
        watch = os.pidfd_open(child)
        self.spawner.kill()
        ready, _, _ = select.select([watch], [], [], WAIT)
        os.close(watch)
        self.assertTrue(ready)

    @unittest.skipIf(os.getuid() == 0, "root is nobody's to deliver as")
    def test_assigned_users(self):
        me = f"{os.getuid()}:{os.getgid()}"
        box = self.home / "assigned"
        box.mkdir(mode=0o755)
        self.dot(box / ".qmail-pre-ext", "./here\n")
        (self.home / "users/assign").write_text(
            f"=joe:j:{me}:{box}:::\n+list-:j:{me}:{box}:-:pre-:\n=other:o:1234:1:{box}:::\n"
            "=odd:o:x:1:/x:::\n.\n")
        self.assertEqual(0, self.run_program("qmail-newu").returncode)
        self.assertEqual(b"ZUnable to chdir to maildir. (#4.2.1)\n",
                         self.deliver(b"JOE@anywhere.example"))
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"List-EXT@anywhere.example"))
        self.assertTrue((box / "here").exists())
        self.assertEqual(b"ZInternal qmail-lspawn bug.\n", self.deliver(b"other@x"))
        self.assertEqual(b"ZInternal qmail-lspawn bug.\n", self.deliver(b"odd@x"))
        (self.home / "users/cdb").write_bytes(b"x" * 3000)
        self.assertEqual(b"ZTrouble reading users/cdb in qmail-lspawn.\n", self.deliver(b"joe@x"))

    def test_trouble_with_the_virtual_users_is_no_bounce(self):
        (self.home / "users/virtual").write_text("joe@x:nonsense\n")
        self.assertEqual(b"ZTemporary failure in qmail-lspawn.\n", self.deliver(b"joe@x"))
        self.assertEqual(b"DSorry, no mailbox here by that name. (#5.1.1)\n",
                         self.deliver(b"ann@x"))
        (self.home / "users/virtual").unlink()
        (self.home / "users/virtual").mkdir()
        self.assertEqual(b"ZTemporary failure in qmail-lspawn.\n", self.deliver(b"ann@x"))


class Usage(ProgramCase):
    def test_usage(self):
        for arguments in ((), ("--single-user",), ("a", "b"), ("--single-user", "a", "b")):
            result = self.run_program("qmail-lspawn", *arguments)
            self.assertEqual((100, b""), (result.returncode, result.stdout), arguments)

    def test_no_queue(self):
        shutil.rmtree(self.home / "queue")
        self.assertEqual(111, self.run_program("qmail-lspawn", "./Mailbox").returncode)


def can_unshare():
    """Whether a test may have an /etc/passwd of its own."""
    return os.getuid() == 0 and subprocess.run(
        ["unshare", "-m", "mount", "--bind", "/etc/passwd", "/etc/passwd"],
        capture_output=True, check=False).returncode == 0


@unittest.skipUnless(can_unshare(), "needs root and a mount namespace")
class Installed(SpawnCase):
    """As root, with users of its own in a private /etc/passwd."""

    JOE, ANN, ALIAS, QMAILP, QMAILS = 61001, 61002, 61003, 61004, 61005

    def start_writer(self):
        super().start_writer()
        # Here the queue belongs to uid 0, so that is qmailq.
        users = [("root", 0, "/root"), ("qmailq", 0, "/")]
        os.chown(self.home / "queue/mess", 0, self.QMAILS)
        (self.home / "queue/mess").chmod(0o2750)  # qmails is in the group of what is made there.
        for name, uid in (("joe", self.JOE), ("ann", self.ANN), ("alias", self.ALIAS)):
            home = self.home / "homes" / name
            home.mkdir(parents=True, mode=0o755)
            os.chown(home, uid, uid)
            users.append((name, uid, str(home)))
        os.chown(self.home / "homes/ann", self.JOE, self.JOE)  # So ann gets no mail.
        self.passwd(users + [("qmailp", self.QMAILP, "/"), ("qmails", self.QMAILS, "/")])
        (self.home / "bin").mkdir()
        (self.home / "bin/qmail-getpw").symlink_to(BIN / "qmail-getpw")
        self.user_files()

    def passwd(self, users):
        (self.home / "passwd").write_text("".join(
            f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n"
            for name, uid, home in users))

    def user_files(self):
        self.joe = self.home / "homes/joe"
        self.own_dot(self.joe / ".qmail", "|id -u; id -g; id -G; umask; exit 100\n", self.JOE)
        self.own_dot(self.home / "homes/alias/.qmail-default", "|id -u; exit 100\n", self.ALIAS)
        (self.home / "control").mkdir(exist_ok=True)
        self.control("concurrencylocal", "4")
        os.mkfifo(self.joe / "hold")
        os.chown(self.joe / "hold", self.JOE, self.JOE)
        self.own_dot(self.joe / ".qmail-box", "./box\n", self.JOE)
        self.own_dot(self.joe / ".qmail-hang",
                     "|echo x >>started; cat hold\n|echo y >>started\n", self.JOE)

    def own_dot(self, path, content, uid):
        self.dot(path, content)
        os.chown(path, uid, uid)

    def setUp(self):
        super().setUp()
        self.start_installed()

    def start_installed(self):
        self.start("./Mailbox", prefix=(
            "unshare", "-m", "sh", "-c",
            f"mount --bind {self.home}/passwd /etc/passwd && exec \"$@\"", "sh"))

    def test_deliveries_run_as_their_users(self):
        self.assertEqual(b"D61001\n61001\n61001\n0077\n", self.deliver(b"JOE@mx.example"))
        self.assertEqual(b"D61003\n", self.deliver(b"root@mx.example"))
        self.assertEqual(b"D61003\n", self.deliver(b"ann@mx.example"))
        self.assertEqual(
            b"DSorry, no mailbox here by that name. (#5.1.1)\n", self.deliver(b"joe-x@mx.example"))
        self.assertEqual(2, len(self.children()))  # One for joe, one for alias.

    def test_roots_mail_by_users_cdb_is_refused(self):
        # As a qmail-newu of another make leaves it. As 4294967295 that of before delivered as root.
        (self.home / "users/assign").write_text(
            f"=boss:root:1:1:{self.joe}:::\n=odd:root:4294967294:4294967294:{self.joe}:::\n"
            f"=joe2:joe:{self.JOE}:{self.JOE}:{self.joe}:::\n.\n")
        self.assertEqual(0, self.run_program("qmail-newu").returncode)
        image = (self.home / "users/cdb").read_bytes()
        (self.home / "users/cdb").write_bytes(
            image.replace(b"root\x001\x001\0", b"root\x000\x000\0").replace(
                b"\x004294967294", b"\x004294967295"))
        for local in (b"boss", b"odd"):
            self.assertEqual(
                b"ZNot allowed to perform deliveries as root.\n", self.deliver(local + b"@x"))
        self.assertEqual(b"D61001\n61001\n61001\n0077\n", self.deliver(b"joe2@x"))

    def test_virtual_users_are_the_owner_of_users_mail(self):
        """Before: the owner of what the home's name led to, another user perhaps."""
        mail = self.home / "users/mail"
        home = self.user("v@v.example", dot="|id -u; exit 100\n")
        os.chown(mail, 0, 0)
        self.assertEqual(
            b"ZNot allowed to perform deliveries as root.\n", self.deliver(b"v@v.example"))
        for path in [mail, *mail.rglob("*")]:
            os.chown(path, 61009, 61009)
        self.assertEqual(b"D61009\n", self.deliver(b"v@v.example"))
        os.chown(home, self.JOE, self.JOE)
        home.chmod(0o755)
        self.dot(home / ".qmail", "|id -u; exit 100\n")
        (home / ".qmail").chmod(0o644)
        self.assertEqual(b"D61009\n", self.deliver(b"v@v.example"))
        home.rename(home.with_name("elsewhere"))
        home.symlink_to(home.with_name("elsewhere"))
        self.assertEqual(b"D61009\n", self.deliver(b"v@v.example"))
        home.unlink()
        self.assertRegex(self.deliver(b"v@v.example"), rb"^ZUnable to switch to ")
        mail.rename(self.home / "moved")
        mail.symlink_to(self.home / "moved")
        self.assertEqual(b"ZTemporary failure in qmail-lspawn.\n", self.deliver(b"v@v.example"))

    def test_aliases_of_virtual_users_by_the_owner_of_the_alias_directory(self):
        (self.home / "users/aliases").write_text("a@v.example:b@y.example\n@v.example:c@y.example\n")
        self.assertEqual(
            b"ZNot allowed to perform deliveries as root.\n", self.deliver(b"a@v.example"))
        os.chown(self.home / "alias", self.ALIAS, self.ALIAS)
        for recipient in (b"a@v.example", b"whoever@v.example"):
            self.assertRegex(self.deliver(recipient), rb"^Kdid 0\+1\+0\nqp \d+\n$")
        segments = b"".join(path.read_bytes() for path in (self.home / "queue/mess").glob("*")
                            if path.is_file())
        self.assertEqual(2, segments.count(b"invoked by uid %d)" % self.ALIAS))
        self.assertIn(b"Tc@y.example\0", segments)

    def test_a_user_gets_no_descriptor_but_his_messages(self):
        self.own_dot(self.joe / ".qmail", "|ls -l /proc/$PPID/fd; exit 100\n", self.JOE)
        for body in (b"small\n", b"x" * LARGE + b"\n"):
            report = self.deliver(b"joe@mx.example", number=self.queue(body))
            names = re.findall(rb"-> (\S+)", report)
            queue = [n for n in names if b"/queue/mess/" in n]
            self.assertEqual([], [n for n in queue if re.search(rb"/seg", n)], report)
            self.assertLessEqual(len(queue), 1)

    def test_getpw_codes_are_taken_over(self):
        path = self.home / "bin/qmail-getpw"
        path.unlink()
        for code, report in {
                111: b"Z", 100: b"D", 112: b"ZInternal qmail-lspawn bug.\n",
                115: b"ZNFS failure in qmail-local.\n", 116: b"ZUnable to find alias user!\n",
                118: b"ZTemporary failure in qmail-lspawn.\n",
                119: b"ZOut of memory in qmail-lspawn.\n", 120: b"ZUnable to run qmail-local.\n",
                126: b"DUnable to run qmail-local.\n"}.items():
            path.write_text(f"#!/bin/sh\nexit {code}\n")
            path.chmod(0o755)
            self.assertEqual(report, self.deliver(b"joe@mx.example"), code)
        path.write_text("#!/bin/sh\nprintf 'joe\\0%s\\0' 5\n")
        self.assertEqual(b"ZInternal qmail-lspawn bug.\n", self.deliver(b"joe@mx.example"))
        path.write_text("#!/bin/sh\nprintf 'root\\0000\\0000\\0/root\\000\\000\\000'\n")
        self.assertEqual(
            b"ZNot allowed to perform deliveries as root.\n", self.deliver(b"joe@mx.example"))
        path.unlink()
        self.assertEqual(b"ZUnable to run qmail-getpw.\n", self.deliver(b"joe@mx.example"))

    def lie(self, *fields, before=""):
        """A program of the site's in qmail-getpw's place that says this of every address."""
        path = self.home / "bin/qmail-getpw"
        path.unlink()
        text = "".join(f"{field}\\000" for field in fields)
        path.write_text(f"#!/bin/sh\n{before}\nprintf '{text}'\n")
        path.chmod(0o755)

    def test_who_lies_about_a_user_makes_no_delivery_run(self):
        """The binary of before ran these as root (4294967295), as qmailp, alias and joe."""
        bob, home = 61006, self.home / "homes/bob"
        home.mkdir(mode=0o755)
        self.own_dot(home / ".qmail", "|id -u; exit 100\n", bob)
        os.chown(home, bob, bob)
        with open(self.home / "passwd", "a", encoding="ascii") as file:
            file.write(f"bob:x:{bob}:{bob}::{home}:/bin/sh\n")
        refused = b"ZThe user is not as in /etc/passwd. (#4.3.0)\n"
        for name, uid, gid, where, report in (
                ("bob", 0, bob, home, b"ZNot allowed to perform deliveries as root.\n"),
                ("bob", bob, 0, home, b"ZNot allowed to perform deliveries as root.\n"),
                ("bob", self.QMAILP, bob, home, refused),
                ("bob", self.ALIAS, self.ALIAS, home, refused),
                ("bob", self.JOE, self.JOE, self.joe, refused),
                ("bob", self.JOE, self.JOE, home, refused),
                ("qmailp", self.QMAILP, self.QMAILP, "/", refused),
                ("nobody-knows", self.QMAILP, self.QMAILP, home, refused),
                ("bob", bob, bob, self.joe, refused),
                ("bob", bob, bob, "/", refused),
                ("bob", bob, bob, "home", b"ZInternal qmail-lspawn bug.\n"),
                ("bo\\000b", bob, bob, home, b"ZInternal qmail-lspawn bug.\n"),
                ("ldap", 999, 70001, home, refused), ("ldap", 70001, 42, home, refused),
                ("bob", bob, bob, home, b"D61006\n")):
            with self.subTest(name=name, uid=uid, gid=gid, home=where):
                self.lie(name, uid, gid, where, "", "")
                self.assertEqual(report, self.deliver(b"bob@mx.example"))
        for uid, gid in ((4294967295, bob), (bob, 4294967295), (4294967296, bob), (-1, bob)):
            with self.subTest(uid=uid, gid=gid):
                self.lie("bob", uid, gid, home, "", "")
                self.assertEqual(b"Z", self.deliver(b"bob@mx.example")[:1])
        self.assertEqual(1, len(self.children()))  # bob's.

    def test_a_user_that_only_the_name_service_knows(self):
        home = self.home / "homes/ldap"
        home.mkdir(mode=0o755)
        self.own_dot(home / ".qmail", "|id -u; id -g; exit 100\n", 70001)
        os.chown(home, 70001, 70001)
        self.lie("ldap", 70001, 70001, home, "", "")
        self.assertEqual(b"D70001\n70001\n", self.deliver(b"ldap@mx.example"))

    def test_one_getpw_serves_all_and_is_started_again(self):
        for local in (b"joe", b"a", b"b", b"c"):
            self.deliver(local + b"@mx.example")
        [pid] = self.offspring(b"qmail-getpw\0")
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        self.assertRegex(status, rf"(?m)^Uid:\t{self.QMAILP}\t{self.QMAILP}\t{self.QMAILP}\t")
        self.assertRegex(status, r"(?m)^CapEff:\t0+$")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(b"D61003\n", self.deliver(b"d@mx.example"))
        self.assertNotEqual([pid], self.offspring(b"qmail-getpw\0"))

    def test_a_getpw_that_hangs_delays_its_names_alone(self):
        self.lie("joe", self.JOE, self.JOE, self.joe, "", "",
                 before="case $1 in slow*) sleep 1000;; esac")
        for slot in range(40):
            self.order(slot, self.queue(), b"slow%d@mx.example" % slot)
        began = time.monotonic()
        self.assertEqual(b"D61001\n61001\n61001\n0077\n", self.deliver_at(77, b"joe@mx.example"))
        self.assertLess(time.monotonic() - began, 7)  # Before the programs are ended, after 8 s.
        self.assertEqual({b"ZTemporary failure in qmail-lspawn.\n"},
                         set(self.reports(40).values()))

    def test_a_getpw_that_is_stopped_is_replaced(self):
        self.deliver(b"joe@mx.example")
        [pid] = self.offspring(b"qmail-getpw\0")
        os.kill(pid, signal.SIGSTOP)
        self.assertEqual(b"ZTemporary failure in qmail-lspawn.\n", self.deliver(b"a@mx.example"))
        self.assertEqual(b"D61003\n", self.deliver(b"a@mx.example"))
        self.assertFalse(pathlib.Path(f"/proc/{pid}/fd/0").exists())

    def deliver_at(self, slot, recipient):
        self.order(slot, self.queue(), recipient)
        return self.reports()[slot]

    def test_a_huge_answer_is_cut_off(self):
        self.lie("joe", before="head -c 3000000 /dev/zero; sleep 100 &")
        self.assertEqual(b"Z", self.deliver(b"joe@mx.example")[:1])

    # Places of programs: four, of which one user has two ------------------------------

    def started(self, count):
        """Until so many of joe's programs have begun."""
        path = self.joe / "started"
        deadline = time.monotonic() + WAIT
        while not path.exists() or path.read_text().count("x") < count:
            self.assertLess(time.monotonic(), deadline)
            select.select([], [], [], 0.01)
        self.assertEqual(count, path.read_text().count("x"))

    def let_go(self):
        """What waits for the FIFO now ends."""
        try:
            os.close(os.open(self.joe / "hold", os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass  # Nothing waits there.

    def let_go_until(self, done):
        deadline = time.monotonic() + WAIT
        while not done():
            self.assertLess(time.monotonic(), deadline)
            self.let_go()
            select.select([], [], [], 0.01)

    def test_programs_that_hang_keep_no_delivery_of_others_waiting_nor_to_a_mailbox(self):
        number = self.queue()
        for slot in range(5):
            self.order(slot, number, b"joe-hang@mx.example")
        self.started(2)
        self.assertEqual(b"D61003\n", self.deliver(b"root@mx.example"))
        self.assertEqual(b"Kdid 1+0+0\n", self.deliver(b"joe-box@mx.example"))
        self.started(2)
        self.let_go_until(lambda: (self.joe / "started").read_text().count("y") == 5)
        self.assertEqual({b"Kdid 0+0+2\n"}, set(self.reports(5).values()))
        self.assertEqual((5, 5), tuple(
            (self.joe / "started").read_text().count(what) for what in "xy"))

    def test_the_places_of_a_process_that_dies_are_free(self):
        number = self.queue()
        for slot in range(5):
            self.order(slot, number, b"joe-hang@mx.example")
        self.started(2)
        [child] = self.children()
        os.kill(child, signal.SIGKILL)
        self.assertEqual({b"Zqmail-local crashed.\n"}, set(self.reports(5).values()))
        while self.deliver(b"joe-box@mx.example") == b"Zqmail-local crashed.\n":
            pass  # Root has not seen the end of the old one yet.
        for slot in range(2):
            self.order(slot, number, b"joe-hang@mx.example")
        self.started(4)
        self.let_go_until(lambda: (self.joe / "started").read_text().count("y") == 2)

    def test_a_number_that_cannot_be_understood(self):
        self.control("concurrencymailbox", "many")
        result = self.run_program("qmail-lspawn", "--single-user", "./Maildir/")
        self.assertEqual((111, b""), (result.returncode, result.stdout))

    def test_the_byte_is_concurrencymailbox(self):
        self.control("concurrencymailbox", "200")
        with subprocess.Popen(
                [BIN / "qmail-lspawn", "--single-user", "./Maildir/"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, env=self.environment(), bufsize=0) as spawner:
            self.assertEqual(b"\xc8", spawner.stdout.read(1))
            spawner.stdin.close()


if __name__ == "__main__":
    unittest.main()

"""POP3 without root on the network: what /proc shows under traffic, and what becomes of packets that no
listener of ours would send."""

import base64
import ctypes
import hashlib
import os
import pathlib
import re
import signal
import smtplib
import socket
import ssl
import struct
import sys
import threading
import time

from host import ROOT
from installed import ME, InstalledCase
from test_listeners import PASSWORD, UnitsCase

sys.path.append(str(ROOT / "tests/programs"))
from test_qmail_smtpd_auth import scram  # noqa: E402
from tokens import Issuer  # noqa: E402

LATER = b"-ERR [SYS/TEMP] unable to check that now, try again later\r\n"
MECHANISMS = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN")
LIBC = ctypes.CDLL(None, use_errno=True)
TO_ROOT = 4  # qmail-lookup's descriptor.
WATCH_SECONDS = float(os.environ.get("KOPIS_WATCH_SECONDS", "6"))
LOOKS_LEAST = 10

# What sends packets as another user: "COUNT KIND HEX" a line, then it prints what became of it.
SENDER = r"""
import array, os, socket, sys
path = sys.argv[1]
for line in sys.stdin:
    count, kind, text = line.rstrip("\n").split(" ")
    for _ in range(int(count)):
        said = b""
        ours, theirs = socket.socketpair()
        ours.settimeout(20)
        tcp = socket.socket()
        pipe = os.pipe()
        with open("/dev/null") as null:
            passed = {"one": [theirs], "none": [], "two": [theirs, theirs], "many": [theirs] * 60,
                      "tcp": [tcp], "pipe": [pipe[0]], "file": [null]}[kind]
            passed = [p if isinstance(p, int) else p.fileno() for p in passed]
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as post:
                    post.connect(path)
                    post.sendmsg([bytes.fromhex(text)], [
                        (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", passed))]
                        if passed else [])
                    theirs.close()
                    said = ours.recv(1) and ours.makefile("rb").readline() if kind == "one" else b""
            except OSError as error:
                said = type(error).__name__.encode()
        for one in (ours, theirs, tcp):
            one.close()
        for one in pipe:
            os.close(one)
    print(said.hex(), flush=True)
"""

# A question to qmail-lookup as a listener asks it; prints the ticket.
ASK = r"""
import socket, struct, sys
def field(b): return struct.pack("<H", len(b)) + b
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
text = bytes([ord("P") | 0x80]) + field(bytes([127, 0, 0, 1])) + field(sys.argv[2].encode()) \
    + field(sys.argv[3].encode())
s.sendall(field(text))
f = s.makefile("rb")
f.read(2)
assert f.read(1) == b"\1"
for _ in range(4):
    last = f.read(struct.unpack("<H", f.read(2))[0])
print(last.hex())
"""


def ids(task):
    """The four uids and the four gids of a thread."""
    text = (task / "status").read_text()
    return re.search(r"^Uid:\s*(.*)$", text, re.M)[1].split(), \
        re.search(r"^Gid:\s*(.*)$", text, re.M)[1].split()


class Pop3Case(UnitsCase):
    @classmethod
    def prepare(cls):
        host = cls.host
        control = host.home / "control"
        (control / "saslmechanisms").write_text("".join(f"{name}\n" for name in MECHANISMS))
        cls.issuer = Issuer(control)
        for name in ("oauthissuer", "oauthaudience", "oauthkeys"):
            (control / name).chmod(0o644)
        super().prepare()
        cls.ann = host.add_user("ann")
        host.run("chpasswd", stdin=f"ann:{PASSWORD}\n".encode())
        host.run(host.home / "bin/kopis", "user", "add", f"vic@{ME}", "--password-file", "-", "--apop",
                 stdin=PASSWORD.encode() + b"\n")

    def setUp(self):
        self.maildir = {"joe": self.joe / "Maildir", "ann": self.ann / "Maildir",
                        "vic": self.host.home / f"users/mail/{ME}/vic/Maildir"}

    def letter(self, name, text=b"Subject: one\n\nbody\n"):
        """A letter that is old enough to be shown."""
        maildir = self.maildir[name]
        path = maildir / "new" / f"1.M{time.monotonic_ns()}.host"
        path.write_bytes(text)
        os.chown(path, maildir.stat().st_uid, maildir.stat().st_gid)
        os.utime(path, (1, 1))
        self.addCleanup(lambda: [p.unlink() for p in maildir.glob("*/1.*")])
        return path

    # Clients ----------------------------------------------------------------------------------

    def connect(self, port):
        """A connection from within the host's namespace."""
        previous = os.open("/proc/self/task/%d/ns/net" % threading.get_native_id(), os.O_RDONLY)
        there = os.open(f"/proc/{self.host.holder.pid}/ns/net", os.O_RDONLY)
        try:
            setns(there)
            return socket.create_connection(("127.0.0.1", port), timeout=30)
        finally:
            setns(previous)
            os.close(previous)
            os.close(there)

    def client(self, port=110, tls=True):
        """A session that has asked for capabilities: socket, file and stamp."""
        peer = self.connect(port)
        context = ssl._create_unverified_context()
        if port in (995, 1995):
            peer = context.wrap_socket(peer)
        replies = peer.makefile("rb")
        stamp = re.match(rb"\+OK (<.*>)\r\n", replies.readline())[1]
        if port == 110 and tls:
            peer.sendall(b"STLS\r\n")
            self.assertEqual(b"+OK begin TLS\r\n", replies.readline())
            peer = context.wrap_socket(peer)
            replies = peer.makefile("rb")
        peer.sendall(b"CAPA\r\n")
        while replies.readline() != b".\r\n":
            pass
        self.addCleanup(peer.close)
        return peer, replies, stamp

    @staticmethod
    def ask(session, line):
        session[0].sendall(line + b"\r\n")
        return session[1].readline()

    def login(self, name, port=995, password=PASSWORD, **options):
        """A session of a user, or the refusal."""
        session = self.client(port, **options)
        session[0].sendall(b"USER %s\r\n" % name.encode())
        session[1].readline()
        said = self.ask(session, b"PASS " + password.encode())
        return session if said == b"+OK \r\n" else said

    def auth(self, session, mechanism, step):
        reply = self.ask(session, b"AUTH " + mechanism.encode())
        challenge = None if reply == b"+ \r\n" else base64.b64decode(reply[2:])
        while reply.startswith(b"+ "):
            said = step(challenge) if challenge is not None else step()
            reply = self.ask(session, base64.b64encode(said.encode()))
            challenge = base64.b64decode(reply[2:]) if reply.startswith(b"+ ") else None
        return reply

    def ways(self, session, plus):
        """Each way to log in: a name, and what does it and returns the last reply."""
        token = self.issuer.token(f"vic@{ME}")
        binding = hashlib.sha256(ssl.PEM_cert_to_DER_cert(
            "-----BEGIN CERT" + self.certificate().read_text().split("-----BEGIN CERT")[1])).digest()
        steps = {
            "PLAIN": lambda _=None: f"\0joe\0{PASSWORD}",
            "LOGIN": lambda c: "ann" if c == b"Username:" else PASSWORD,
            "SCRAM-SHA-256": scram("vic", PASSWORD),
            "OAUTHBEARER": lambda _=None: f"n,,\1auth=Bearer {token}\1\1",
            "XOAUTH2": lambda _=None: f"user=vic@{ME}\1auth=Bearer {token}\1\1"}
        if plus:
            steps["SCRAM-SHA-256-PLUS"] = scram(f"vic@{ME}", PASSWORD, binding)
        digest = hashlib.md5(session[2] + PASSWORD.encode()).hexdigest().encode()
        return {"APOP": lambda: self.ask(session, b"APOP vic " + digest),
                "USER": lambda: (self.ask(session, b"USER joe"),
                                 self.ask(session, b"PASS " + PASSWORD.encode()))[1],
                **{name: (lambda name=name, step=step: self.auth(session, name, step))
                   for name, step in steps.items()}}

    # Processes --------------------------------------------------------------------------------

    def readers(self, name):
        """The qmail-pop3ds of a user."""
        uid = self.maildir[name].stat().st_uid
        return [pid for pid in self.host.pids().get("qmail-pop3d", [])
                if pathlib.Path(f"/proc/{pid}").stat().st_uid == uid]

    def popspawn(self):
        [pid] = self.host.pids()["qmail-popspawn"]
        return pid


def call(number, *arguments):
    """A system call that Python has no name for."""
    result = LIBC.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result


def setns(fd):
    call(308 if os.uname().machine == "x86_64" else 268, fd, 0)


class Traffic(Pop3Case):
    def test_what_proc_shows(self):
        """Before, the listeners of 110 and 995 were root's, and a thread of theirs was each user."""
        stop, done, failed = threading.Event(), {}, []

        def read(port, tls):
            while not stop.is_set():
                names = list(self.ways((None, None, b""), plus=port == 995 or tls))
                for name in names:
                    session = self.client(port, tls=tls)
                    said = self.ways(session, plus=port == 995 or tls)[name]()
                    said += self.ask(session, b"STAT") + self.ask(session, b"QUIT")
                    if not re.fullmatch(rb"\+OK \r\n\+OK \d+ \d+\r\n\+OK \r\n", said):
                        failed.append((port, name, said))
                    session[1].close()
                    session[0].close()
                    done[port, name] = done.get((port, name), 0) + 1

        def send(port):
            context = ssl._create_unverified_context()
            while not stop.is_set():
                client = smtplib.SMTP(timeout=30)
                client.sock = self.connect(port)
                if port == 465:
                    client.sock = context.wrap_socket(client.sock)
                client.file = None
                client.getreply()
                client._host = ME
                client.ehlo()
                if port == 587:
                    client.starttls(context=context)
                    client.ehlo()
                if port != 25:
                    client.login("joe", PASSWORD)
                try:
                    client.sendmail(f"joe@{ME}", [f"joe@{ME}", f"vic@{ME}"], "Subject: x\n\n")
                except smtplib.SMTPSenderRefused:
                    stop.wait(1)  # joe has sent what he may within an hour.
                client.close()
                done[port, "sent"] = done.get((port, "sent"), 0) + 1

        threads = [threading.Thread(target=read, args=words)
                   for words in ((110, True), (110, False), (995, True))]
        threads += [threading.Thread(target=send, args=(port,)) for port in (25, 465, 587)]
        for thread in threads:
            thread.start()
        names, looks = set(), 0
        end = time.monotonic() + WATCH_SECONDS
        try:
            while time.monotonic() < end or time.monotonic() < end + 120 and (
                    looks <= LOOKS_LEAST or not self.all_done(done) and threads[0].is_alive()):
                names |= self.look()
                looks += 1
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual([], failed)
        self.assertTrue(self.all_done(done), done)
        self.assertEqual({"qmail-start", "qmail-lspawn", "qmail-popspawn"}, names)
        self.assertGreater(looks, LOOKS_LEAST)

    def all_done(self, done):
        wanted = {(port, name) for port in (110, 995) for name in (*MECHANISMS, "APOP", "USER")}
        return wanted | {(port, "sent") for port in (25, 465, 587)} <= done.keys()

    def look(self):
        """The programs that are root now, none of which has a socket of a network."""
        found = set()
        for name, pids in self.host.pids().items():
            for pid in pids:
                process = pathlib.Path(f"/proc/{pid}")
                try:
                    own = ids(process)
                    for task in (process / "task").iterdir():
                        self.assertEqual(own, ids(task), (name, pid, task.name))
                    self.assertEqual(1, len(set(own[0])), (name, own))
                    if own[0][0] != "0":
                        continue
                    links = [os.readlink(fd) for fd in (process / "fd").iterdir()]
                except OSError:
                    continue  # It has ended meanwhile.
                found.add(name)
                network = self.network_sockets()
                self.assertFalse([link for link in links if link in network], (name, links))
        return found

    def network_sockets(self):
        return {f"socket:[{line.split()[9]}]" for kind in ("tcp", "tcp6", "udp", "udp6")
                for line in pathlib.Path(f"/proc/{self.host.holder.pid}/net/{kind}")
                .read_text().splitlines()[1:]}


class Sessions(Pop3Case):
    def test_each_user_has_one_process_and_it_is_he(self):
        for name in ("joe", "ann", "vic"):
            self.letter(name)
            first, second = self.login(name), self.login(name, port=110)
            [reader] = self.readers(name)
            box = self.maildir[name].stat()
            self.assertEqual(([str(box.st_uid)] * 4, [str(box.st_gid)] * 4),
                             ids(pathlib.Path(f"/proc/{reader}")))
            # As two processes did: the letter is there for both, and one of them removes it.
            for session in (first, second):
                self.assertEqual(b"+OK 1 19\r\n", self.ask(session, b"STAT"))
                self.assertEqual(b"+OK \r\n", self.ask(session, b"DELE 1"))
            self.assertEqual(b"+OK \r\n", self.ask(first, b"QUIT"))
            second[0].sendall(b"QUIT\r\n")
            self.assertEqual(b"-ERR unable to unlink all deleted messages\r\n+OK \r\n",
                             second[1].read())
            self.assertEqual([], list(self.maildir[name].glob("*/1.*")))

    def test_what_follows_pass_in_one_write_reaches_that_process(self):
        self.letter("joe")
        session = self.client(110, tls=False)
        session[0].sendall(b"USER joe\r\nPASS " + PASSWORD.encode() + b"\r\nSTAT\r\nUIDL 1\r\nQU")
        self.assertEqual([b"+OK \r\n", b"+OK \r\n", b"+OK 1 19\r\n"],
                         [session[1].readline() for _ in range(3)])
        session[1].readline()
        session[0].sendall(b"IT\r\n")
        self.assertEqual(b"+OK \r\n", session[1].read())

    def test_a_large_letter_and_a_client_that_leaves(self):
        lines = b"".join(b"line %d\n" % n for n in range(200_000))
        self.letter("ann", b"Subject: large\n\n" + lines)
        for port, tls in ((995, True), (110, True), (110, False)):
            session = self.login("ann", port, tls=tls)
            session[0].sendall(b"RETR 1\r\n")
            self.assertEqual(b"+OK \r\n", session[1].readline())
            text = b"".join(iter(session[1].readline, b".\r\n"))
            self.assertEqual(b"Subject: large\r\n\r\n" + lines.replace(b"\n", b"\r\n") + b"\r\n", text)
            session[0].sendall(b"DELE 1\r\nRETR 1\r\n")
            session[0].close()
        self.assertTrue(list(self.maildir["ann"].glob("new/1.*")))

    def test_a_mailbox_has_so_many_sessions(self):
        limit = self.host.home / "control/concurrencypop3"
        limit.write_text("2\n")
        self.addCleanup(time.sleep, 0.2)
        self.addCleanup(limit.unlink)
        time.sleep(0.2)  # Files are looked at again after a tenth of a second.
        sessions = [self.login("joe"), self.login("joe")]
        self.assertEqual(b"-ERR [IN-USE] too many sessions of this mailbox, try again later\r\n",
                         self.login("joe"))
        self.assertIsInstance(self.login("ann"), tuple)
        sessions[0][1].close()
        sessions[0][0].close()
        self.host.wait_until(lambda: isinstance(self.login("joe"), tuple), "the place stays taken")

    def test_a_user_who_ends_or_stops_his_process(self):
        self.letter("joe")
        session = self.login("joe")
        [reader] = self.readers("joe")
        os.kill(reader, signal.SIGKILL)
        self.assertEqual(b"", session[1].read())
        self.assertEqual(b"+OK 1 19\r\n", self.ask(self.login("joe"), b"STAT"))
        [reader] = self.readers("joe")
        os.kill(reader, signal.SIGSTOP)
        began, waiting = time.monotonic(), []
        thread = threading.Thread(target=lambda: waiting.append(self.login("joe")))
        thread.start()
        time.sleep(0.5)  # So that joe's is under way when ann comes.
        self.assertIsInstance(self.login("ann"), tuple)
        self.assertLess(time.monotonic() - began, 5)
        thread.join()
        # qmail-start makes it go on within some seconds, or joe is told to come later.
        self.assertTrue(waiting == [LATER] or isinstance(waiting[0], tuple), waiting)
        self.assertLess(time.monotonic() - began, 20)
        self.host.wait_until(lambda: isinstance(self.login("joe"), tuple), "joe has none")

    def test_a_mailbox_that_is_gone(self):
        for name in ("ann", "vic"):
            box = self.maildir[name]
            box.rename(box.with_name("elsewhere"))
            self.addCleanup(box.with_name("elsewhere").rename, box)
            said = self.login(name)
            self.assertEqual(b"-ERR [SYS/PERM] this user has no $HOME/Maildir\r\n", said)
        peer = self.connect(110)  # That has not asked for capabilities.
        peer.sendall(b"USER ann\r\nPASS " + PASSWORD.encode() + b"\r\n")
        self.assertEqual(b"-ERR this user has no $HOME/Maildir\r\n",
                         peer.makefile("rb").readlines()[-1])

    def test_the_listeners_end_ends_its_sessions(self):
        with open(self.host.base / "log-other", "wb") as log:
            other = self.host.spawn(
                "env", "POP3S=", self.host.home / "bin/tcpserver", "-H", "-R", "-l", ME, "0", "1995",
                "qmail-popup", ME, "checkpassword", "qmail-pop3d", "Maildir", stdout=log, stderr=log)
        self.host.wait_listening(1995)
        self.letter("joe")
        session = self.login("joe", 1995)
        self.assertEqual(b"+OK \r\n", self.ask(session, b"DELE 1"))
        began = time.monotonic()
        self.assertEqual(0, self.host.stop(other))
        self.assertEqual(b"", session[1].read())
        self.assertLess(time.monotonic() - began, 3)
        self.assertTrue(list(self.maildir["joe"].glob("new/1.*")))

    def test_a_listener_that_is_stopped_goes_on(self):
        """Nobody waits for it: the binary of before left it so, and only qmail-start can see it."""
        uid = self.host.uid("qmaild")
        listeners = [pid for pid in self.host.pids().get("tcpserver", [])
                     if os.stat(f"/proc/{pid}").st_uid == uid]
        self.assertTrue(listeners)
        for pid in listeners:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        self.assertIsInstance(self.login("joe"), tuple)
        self.assertLess(time.monotonic() - began, 10)

    def test_the_starter_is_started_again(self):
        session = self.login("joe")
        before = self.popspawn()
        os.kill(before, signal.SIGKILL)
        self.host.wait_log("qmail-popspawn ended by signal 9; starting again")
        self.assertEqual(b"+OK \r\n", self.ask(session, b"NOOP"))
        self.host.wait_until(lambda: isinstance(self.login("joe"), tuple), "no login any more")
        self.assertEqual(b"+OK \r\n", self.ask(session, b"QUIT"))


class Packets(Pop3Case):
    def post(self, user, *lines):
        """What became of packets of a user: what came back over the descriptor."""
        words = ["setpriv", "--reuid", user, "--regid", str(self.host.gid(user)), "--clear-groups"] \
            if user != "root" else []
        said = self.host.run(*words, "python3", "-c", SENDER, self.host.home / "users/readers",
                             stdin="".join(line + "\n" for line in lines).encode(), timeout=120)
        return [bytes.fromhex(line) for line in said.stdout.decode().split("\n")[:-1]]

    def ticket(self, name):
        said = self.host.run("setpriv", "--reuid", "qmaild", "--regid", "nofiles", "--clear-groups",
                             "python3", "-c", ASK, self.host.home / "users/lookup", name, PASSWORD)
        return bytes.fromhex(said.stdout.decode())

    @staticmethod
    def packet(ticket, maildir=b"Maildir", codes=0):
        return (bytes([codes, len(maildir)]) + maildir + ticket).hex()

    def as_lookup(self, packet, passed=None):
        """What becomes of a packet that comes to root from qmail-lookup, taken over."""
        [pid] = self.host.pids()["qmail-lookup"]
        pidfd = os.pidfd_open(pid)
        fd = call(438, pidfd, TO_ROOT, 0)  # pidfd_getfd(2)
        os.close(pidfd)
        ours, theirs = socket.socketpair()
        ours.settimeout(20)
        with ours, theirs, socket.socket(fileno=fd) as root:
            socket.send_fds(root, [packet], [theirs.fileno()] if passed is None else passed)
            theirs.close()
            return ours.makefile("rb").readline() if passed is None else b""

    @staticmethod
    def grant(name, uid, gid, home):
        return struct.pack("<II", uid, gid) + name.encode() + b"\0\0Maildir\0" \
            + str(home).encode() + b"\0"

    def descriptors(self):
        return [len(os.listdir(f"/proc/{self.host.pids()[name][0]}/fd"))
                for name in ("qmail-popspawn", "qmail-lookup")]

    def test_a_ticket_is_good_once(self):
        packet = self.packet(self.ticket("joe"))
        self.assertEqual([b"+OK \r\n", b""],
                         self.post("qmaild", f"1 one {packet}", f"1 one {packet}"))

    def test_a_ticket_cannot_be_made_another(self):
        ticket = bytearray(self.ticket("joe"))
        ticket[24] ^= 1  # The uid's first byte.
        self.assertEqual([b""], self.post("qmaild", "1 one " + self.packet(bytes(ticket))))

    def test_root_believes_its_own_files_more_than_qmail_lookup(self):
        uid, gid = self.host.uid, self.host.gid
        alias = (uid("alias"), gid("alias"))
        mail = self.host.home / "users/mail"
        right = [("joe", uid("joe"), gid("joe"), self.joe), (f"vic@{ME}", *alias, mail / ME / "vic")]
        wrong = [("root", 0, 0, "/root"), ("joe", 0, gid("joe"), self.joe),
                 ("joe", uid("joe"), 0, self.joe), ("joe", uid("ann"), gid("ann"), self.joe),
                 ("joe", uid("joe"), gid("ann"), self.joe), ("joe", uid("joe"), gid("joe"), self.ann),
                 ("joe", 2**32 - 1, gid("joe"), self.joe), ("joe", uid("joe"), 2**32 - 1, self.joe),
                 ("nobody2", 999, 999, "/home/x"), ("nobody2", uid("joe"), gid("joe"), self.joe),
                 (f"vic@{ME}", uid("joe"), gid("joe"), mail / ME / "vic"),
                 (f"vic@{ME}", *alias, mail / ".." / ".." / "control"), (f"vic@{ME}", *alias, "/etc")]
        wrong += [(name, uid(name), gid(name), self.host.run("sh", "-c", f"echo ~{name}")
                   .stdout.decode().strip())
                  for name in ("qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails")]
        for user in right:
            self.assertEqual(b"T+OK \r\n", self.as_lookup(self.grant(*user)), user)
        for user in wrong:
            self.assertEqual(b"", self.as_lookup(self.grant(*user)), user)

    def test_what_qmail_lookup_sends_of_another_form(self):
        self.login("joe")
        before = self.descriptors()
        right = self.grant("joe", self.host.uid("joe"), self.host.gid("joe"), self.joe)
        with open("/dev/null") as null, socket.socket() as tcp:
            pipe = os.pipe()
            for passed in ([], [null.fileno()], [tcp.fileno()], [pipe[0]], [tcp.fileno()] * 2,
                           [tcp.fileno()] * 50):
                self.as_lookup(right, passed)
            for fd in pipe:
                os.close(fd)
        for packet in (b"x", right[:-1], right[:9], right + b"\0", os.urandom(6000), b"\0" * 300):
            self.assertEqual(b"", self.as_lookup(packet))
        self.assertEqual(b"T+OK \r\n", self.as_lookup(right))
        self.host.wait_until(lambda: before == self.descriptors(),
                             lambda: f"{self.descriptors()} descriptors, {before} before")

    def test_floods_of_every_user_do_nothing(self):
        self.login("joe")
        before = self.descriptors()
        forged = self.packet(os.urandom(90))
        for user in ("qmaild", "alias", "qmaill", "qmailp", "qmailq", "qmailr", "qmails", "joe", "root"):
            lines = [f"40 {kind} {forged}"
                     for kind in ("one", "none", "two", "many", "tcp", "pipe", "file")]
            lines += [f"40 one {bytes(size).hex() or '00'}" for size in (1, 2, 3, 600, 5257, 5300)]
            said = self.post(user, *lines)
            self.assertFalse([text for text in said if text.startswith(b"+OK")], (user, said))
        self.assertIsInstance(self.login("joe"), tuple)
        self.host.wait_until(lambda: sum(self.descriptors()) <= sum(before) + 2,
                             lambda: f"{self.descriptors()} descriptors, {before} before")
        lines = (self.host.base / "lines").read_text("latin-1").count(": refused:")
        self.assertLessEqual(lines, 8, "at most one a minute of each of the two")


class ByHand(InstalledCase):
    """The article's line by root, where nothing else runs."""

    @classmethod
    def prepare(cls):
        cls.joe = cls.host.add_user("joe")
        cls.host.run("chpasswd", stdin=f"joe:{PASSWORD}\n".encode())

    def listen(self, *before):
        process = self.host.spawn(
            self.host.home / "bin/tcpserver", "-v", ME, "10110", *before,
            self.host.home / "bin/qmail-popup", ME, "checkpassword",
            self.host.home / "bin/qmail-pop3d", "Maildir")
        self.host.wait_listening(10110)
        return process

    def fetch(self, password=PASSWORD):
        return self.host.run("curl", "-sS", "-m", "20", "-u", f"joe:{password}",
                             f"pop3://{ME}:10110/", check=False).returncode

    def test_the_listener_is_qmaild_and_what_it_needs_ends_with_it(self):
        for end in (signal.SIGTERM, signal.SIGKILL):
            process = self.listen()
            self.assertEqual([0, 67, 0], [self.fetch(), self.fetch("wrong"), self.fetch()])
            pids = self.host.pids()
            self.assertEqual({"tcpserver", "qmail-start", "qmail-lookup", "qmail-popspawn",
                              "qmail-pop3d"}, set(pids))
            uids = {name: pathlib.Path(f"/proc/{pid}").stat().st_uid for name, [pid] in pids.items()}
            self.assertEqual([self.host.uid("qmaild"), 0, 0, self.host.uid("joe")],
                             [uids[name] for name in ("tcpserver", "qmail-start", "qmail-popspawn",
                                                      "qmail-pop3d")])
            os.kill(pids["tcpserver"][0], end)
            self.assertEqual(0 if end == signal.SIGTERM else -end, process.wait(20))
            self.host.wait_until(lambda: not self.host.pids(), lambda: f"still {self.host.pids()}")

    def test_behind_our_own_programs_it_is_no_other(self):
        for before in ((self.host.home / "bin/rblsmtpd",),
                       (self.host.home / "bin/kopis",)):
            if "kopis" in str(before[-1]):
                process = self.host.spawn(
                    self.host.home / "bin/tcpserver", ME, "10110", before[0], "qmail-popup", ME,
                    "checkpassword", "qmail-pop3d", "Maildir")
                self.host.wait_listening(10110)
            else:
                process = self.listen(*before)
            [pid] = self.host.pids()["tcpserver"]
            # Root has the port first, and then becomes the user.
            self.host.wait_until(lambda: pathlib.Path(f"/proc/{pid}").stat().st_uid == self.host.uid("qmaild"),
                                 lambda: f"{pid} is still {pathlib.Path(f'/proc/{pid}').stat().st_uid}")
            if "kopis" in str(before[-1]):  # The other would ask for a list in DNS, and wait.
                self.assertEqual(0, self.fetch())
            self.assertEqual(0, self.host.stop(process))
            self.host.wait_until(lambda: not self.host.pids(), lambda: f"still {self.host.pids()}")

    def test_where_the_host_runs_nothing_more_is_started(self):
        self.host.start()
        process = self.listen()
        self.assertEqual(0, self.fetch())
        self.assertEqual(1, len(self.host.pids()["qmail-start"]))
        self.assertEqual(1, len(self.host.pids()["qmail-popspawn"]))
        self.assertEqual(0, self.host.stop(process))
        self.assertEqual(0, self.host.stop(self.host.started[-2]))

    def test_with_a_foreign_checkpassword_each_connection_is_a_process(self):
        judge = self.host.base / "checkpassword"
        judge.write_text("#!/bin/sh\nread fields <&3; exec 3<&-; cd ~joe\n"
                         "exec setpriv --reuid joe --regid joe --clear-groups -- \"$@\"\n")
        judge.chmod(0o755)
        process = self.host.spawn(
            self.host.home / "bin/tcpserver", ME, "10110", self.host.home / "bin/qmail-popup", ME,
            judge, self.host.home / "bin/qmail-pop3d", "Maildir")
        self.host.wait_listening(10110)
        self.assertEqual(0, self.fetch())
        self.host.wait_until(lambda: set(self.host.pids()) == {"tcpserver"},
                             lambda: f"still there: {self.host.pids()}")
        self.assertEqual(0, self.host.stop(process))

    def test_behind_a_foreign_program_it_is_qmails_chain(self):
        process = self.listen("env")
        self.assertEqual([0, 67], [self.fetch(), self.fetch("wrong")])
        self.assertEqual(0, self.host.stop(process))


if __name__ == "__main__":
    import unittest
    unittest.main()

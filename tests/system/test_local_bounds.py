"""What one local user can take from the others, on an installed host: programs that hang, envelopes
of 16 MiB, a flood at the intake."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

from figures import tell
from installed import ME, InstalledCase
from memory_limit import MemoryLimit

HOSTILE = [f"mallory{i}" for i in range(5)]
HANGING = 14
MEMORY_BYTES = 512 << 20  # Of all processes that qmail-start starts, with it.
LONG_ENVELOPES = int(os.environ.get("KOPIS_LONG_ENVELOPES") or 40)  # More of them than memory.

# A client of queue/intake: arguments are the socket and what to do.
CLIENT = r"""
import socket, struct, sys, time

def connect():
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(sys.argv[1])
    return client

def begin():
    return b"B" + struct.pack("<BI", 0, 0) + b"M" + struct.pack("<I", 14) + b"Subject: x\n\nx\n"

def long_envelopes(count):
    client = connect()
    for n in range(count):
        # Nearly 16 MiB, nobody but the first two.
        names = b"".join(b"Tnobody%016d@%s\0" % (i, sys.argv[4].encode()) for i in range(400_000))
        text = b"Subject: list %d\n\nx\n" % n
        envelope = b"Fmallory0@%s\0Tmallory0@%s\0" % ((sys.argv[4].encode(),) * 2) + names + b"\0"
        client.sendall(b"B" + struct.pack("<BI", 0, 0) + b"M" + struct.pack("<I", len(text)) + text
                       + b"E" + struct.pack("<I", len(envelope)) + envelope)
        code = client.recv(13)[0]
        assert code == 0, code

def small_messages(count):
    client = connect()
    envelope = b"Fmallory2@%s\0Tmallory2-put-off@%s\0\0" % ((sys.argv[4].encode(),) * 2)
    for _ in range(count):
        client.sendall(begin() + b"E" + struct.pack("<I", len(envelope)) + envelope)
        code = client.recv(13)[0]
        assert code == 0, code

def half_envelopes(count):
    clients = []
    for _ in range(count):
        try:
            client = connect()
            client.setblocking(False)
            client.send(begin() + b"E" + struct.pack("<I", 16 << 20) + b"F\0" + b"Ta@b\0" * 10_000)
            clients.append(client)
        except OSError:
            pass
    print(len(clients), flush=True)
    while True:
        for client in clients:
            try:
                client.send(b"Ta@b\0" * 10_000)
            except BlockingIOError:
                pass
            except OSError:
                client.close()
                clients.remove(client)
                try:
                    clients.append(connect())
                    clients[-1].setblocking(False)
                except OSError:
                    pass
                break

globals()[sys.argv[2]](int(sys.argv[3]))
"""


class BoundsCase(InstalledCase):
    @classmethod
    def prepare(cls):
        for name in ["joe", "bob", *HOSTILE]:
            cls.host.add_user(name)
        for name in HOSTILE:
            cls.host.dot(name, "hang", "|sleep 300")
        cls.host.dot("joe", "program", "|echo x >>ran")
        (cls.host.base / "client.py").write_text(CLIENT)

    def setUp(self):
        self.main = self.host.start()
        self.began = len(self.lines())
        self.addCleanup(self.host.stop, self.main)

    def lines(self):
        return (self.host.base / "lines").read_bytes()

    def submit(self, user, recipient, subject="s"):
        self.host.run("setpriv", "--reuid", user, "--regid", user, "--clear-groups",
                      self.host.home / "bin/qmail-inject", "-f", f"{user}@{ME}", f"{recipient}@{ME}",
                      stdin=f"Subject: {subject}\n\nx\n".encode())

    def client(self, user, what, count, **options):
        return self.host.spawn(
            "setpriv", "--reuid", user, "--regid", user, "--clear-groups", sys.executable,
            self.host.base / "client.py", self.host.home / "queue/intake", what, count, ME,
            **options)

    def delivery_seconds(self):
        """How long a mail of bob's to joe takes, with the start of its programs."""
        maildir = self.host.base / "joe/Maildir"
        had = len(self.host.mail(maildir))
        began = time.monotonic()
        self.submit("bob", "joe")
        self.host.wait_mail(maildir, had + 1)
        return time.monotonic() - began

    def program_seconds(self):
        """The same to a program of joe's."""
        ran = self.host.base / "joe/ran"
        had = ran.stat().st_size if ran.exists() else 0
        began = time.monotonic()
        self.submit("bob", "joe-program")
        while not ran.exists() or ran.stat().st_size == had:
            self.assertLess(time.monotonic() - began, 60)
            time.sleep(0.01)
        return time.monotonic() - began

    def memory_peak(self):
        """Of qmail-send, in bytes."""
        [pid] = self.host.pids()["qmail-send"]
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def end_hanging(self):
        """The programs that hang, of this host alone."""
        here = os.readlink(f"/proc/{self.host.holder.pid}/ns/mnt")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if words[:2] == [b"sleep", b"300"] and os.readlink(f"/proc/{pid}/ns/mnt") == here:
                    os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass  # It has ended.

    def restart(self):
        self.host.stop(self.main)
        self.main = self.host.start()


class LocalBounds(BoundsCase):
    def test_hanging_programs_of_five_users_leave_room(self):
        self.delivery_seconds()  # What runs warm does so now.
        self.addCleanup(self.end_hanging)
        for user in HOSTILE:
            for _ in range(HANGING):
                self.submit(user, f"{user}-hang")
            if user == HOSTILE[0]:
                one = self.delivery_seconds()
        five = self.delivery_seconds()
        program = self.program_seconds()
        tell(f"{HANGING} hanging deliveries of one user: another's mail in {one:.2f} s; "
             f"of five users: {five:.2f} s, to a program {program:.2f} s")
        self.assertLess(one, 1)
        self.assertLess(five, 1)
        self.assertLess(program, 1)
        self.end_hanging()

    def test_a_few_dozen_envelopes_of_16_mib(self):
        """Before, another's mail waited for more than 30 seconds while they came. By its name it is
        the first: the programs that hang in another test stay in the queue."""
        limit = MemoryLimit(MEMORY_BYTES)
        self.host.stop(self.main)
        self.addCleanup(limit.close)
        self.addCleanup(lambda: self.host.stop(self.main))
        self.main = self.host.start(before=limit.words())
        count = LONG_ENVELOPES
        self.delivery_seconds()
        if limit.kernel:
            self.assertIn(self.host.pids()["qmail-send"][0], limit.pids())
        flood = self.client("mallory0", "long_envelopes", count)
        slowest = 0
        while flood.poll() is None:
            slowest = max(slowest, self.delivery_seconds())
        self.assertEqual(0, flood.returncode)
        self.host.wait_log(r"^warning: msg \d+: \d+ more deliveries ended as", 200)
        slowest = max(slowest, *(self.delivery_seconds() for _ in range(5)))
        peak = self.memory_peak()
        log = len(self.lines()) - self.began
        self.host.stop(self.main)  # In the middle.
        self.main = self.host.start(before=limit.words())
        restarted = time.monotonic()
        again = self.delivery_seconds()
        peak = max(peak, self.memory_peak())
        how = (f"in a cgroup of {MEMORY_BYTES >> 20} MiB for all processes, {limit.killed()} of them "
               "ended for it" if limit.kernel else "where no cgroup can be made, so measured only")
        tell(f"{count} envelopes of 16 MiB, {how}: qmail-send had {peak >> 20} MiB at most, the log "
             f"{log >> 10} KiB; another's mail took {slowest:.2f} s at most, after a restart "
             f"{again:.2f} s ({time.monotonic() - restarted:.2f} s from its beginning)")
        if limit.kernel:
            self.assertEqual(0, limit.killed())
        self.assertLess(peak, MEMORY_BYTES)
        self.assertLess(log, 10 << 20)
        copies = [path.read_bytes() for path in self.host.mail(self.host.base / "mallory0/Maildir")]
        subjects = re.findall(rb"^Subject: list (\d+)$", b"".join(copies), re.M)
        self.assertEqual(len(set(subjects)), len(subjects))  # None twice.
        self.assertGreater(len(subjects), 0)
        self.assertLess(slowest, 5)

    def test_a_flood_of_half_envelopes(self):
        self.delivery_seconds()
        flood = self.client("mallory1", "half_envelopes", 1000, stdout=subprocess.PIPE)
        try:
            flood.stdout.readline()
            times = []
            for _ in range(11):
                began = time.monotonic()
                self.submit("bob", "joe")
                times.append(time.monotonic() - began)
        finally:
            flood.kill()
            flood.stdout.close()
        refusals = self.lines()[self.began:].count(b"too many connections")
        median = sorted(times)[len(times) // 2]
        tell(f"1,000 connections with half-sent envelopes: another's submission in "
             f"{median:.2f} s (median), {max(times):.2f} s at most; {refusals} lines of refusals")
        self.assertLess(median, 1)  # The slowest is as slow as the host is busy.
        self.assertLess(max(times), 5)
        self.assertLessEqual(refusals, 6)  # Five, and their count.


if __name__ == "__main__":
    unittest.main()

"""More of what can run out or go wrong around the host: quota, inodes, memory, time."""

import errno
import os
import pathlib
import smtplib
import subprocess
import threading
import unittest

from disk import Disk, can_mount
from figures import tell
from host import Host, HostCase, free_port, wait_port

MESSAGE = "Subject: want\r\n\r\nthe text\r\n"
LARGE = MESSAGE + ("x" * 70 + "\r\n") * 6000  # Over 256 KiB: a file of its own in the queue.
FAKETIME = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
MEMORY = pathlib.Path("/sys/fs/cgroup/memory")
YEAR_SECONDS = 365 * 86_400


def send(host, recipient=None, message=MESSAGE):
    with smtplib.SMTP("127.0.0.1", host.smtp_port, timeout=60) as client:
        client.sendmail("s@client.example", [recipient or host.address], message)


class Quota(HostCase):
    """EDQUOT, put into the system calls of one process by strace: kernels without quotas have it
    tried too."""

    def inject(self, name, calls):
        """From now on all such calls of that program fail, until the process given is ended."""
        [pid] = self.host.pids(name)
        tracer = subprocess.Popen(
            ["strace", "-qq", "-f", "-o", os.devnull, "-p", str(pid),
             "-e", f"inject={calls}:error=EDQUOT", "-e", f"trace={calls}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(tracer.kill)
        self.host.wait_until(lambda: all(
            f"TracerPid:\t{tracer.pid}" in (task / "status").read_text()
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()))
        return tracer

    def test_over_quota_while_receiving(self):
        for message in (MESSAGE, LARGE):
            tracer = self.inject("qmail-queue", "pwrite64")
            with self.assertRaises(smtplib.SMTPDataError) as refusal:
                send(self.host, message=message)
            self.assertEqual(451, refusal.exception.smtp_code)
            tracer.terminate()
            tracer.wait()
        self.host.wait_log(r"alert: unable to write the queue: .*(quota|EDQUOT|122)")
        self.assertEqual([], list((self.host.home / "queue/mess/incoming").iterdir()))
        send(self.host)
        self.host.wait_mail(self.host.address, 1)
        self.assertEqual(1, len(self.host.mail_files(self.host.address)))

    def test_over_quota_in_the_mailbox_and_the_state(self):
        send(self.host)
        self.host.wait_mail(self.host.address, 1)
        tracer = self.inject("qmail-local", "openat,fsync")
        send(self.host)
        self.host.wait_log(r"^delivery \d+: deferral: ")
        tracer.terminate()
        tracer.wait()
        self.host.alarm()
        self.host.wait_mail(self.host.address, 2)
        tracer = self.inject("qmail-send", "pwrite64")
        send(self.host)
        self.host.wait_log(r"^(alert|warning): .*queue/state")
        tracer.terminate()
        tracer.wait()
        self.host.wait_mail(self.host.address, 3)
        self.host.wait_log_count(r"^end msg ", 3)


@unittest.skipUnless(can_mount(), "needs root and loop devices")
class Inodes(unittest.TestCase):
    def test_no_inode_while_receiving(self):
        disk = Disk(200_000_000, inodes=256)
        self.addCleanup(disk.close)
        host = Host(base=disk.mount_point, binary=disk.directory / "kopis")
        self.addCleanup(host.close)
        host.add_mailbox()
        host.start()
        send(host)
        host.wait_mail(host.address, 1)
        made = []
        try:
            while True:
                made.append(disk.mount_point / f"filler-{len(made)}")
                made[-1].touch()
        except OSError as error:
            self.assertEqual(errno.ENOSPC, error.errno)
            made.pop()
        with self.assertRaises(smtplib.SMTPDataError) as refusal:
            send(host, message=LARGE)
        self.assertEqual(451, refusal.exception.smtp_code)
        send(host)  # In a segment there is room; the mailbox has none for it yet.
        host.wait_log(r"^delivery \d+: deferral: Temporary_error_on_maildir_delivery")
        for path in made:
            path.unlink()
        host.alarm()
        host.wait_mail(host.address, 2)
        send(host, message=LARGE)
        host.wait_mail(host.address, 3)


def can_limit_memory():
    probe = MEMORY / f"kopis-probe-{os.getpid()}"
    try:
        probe.mkdir()
        (probe / "memory.limit_in_bytes").read_text()
        probe.rmdir()
        return True
    except OSError:
        return False


@unittest.skipUnless(can_limit_memory(), "needs a memory cgroup (v1) that can be written")
class Memory(HostCase):
    """The kernel's limit, beneath the runtime: who goes over it is killed at any moment."""

    CLIENTS = 30
    LIMIT_BYTES = 2_000_000

    def test_over_the_memory_limit(self):
        group = MEMORY / f"kopis-{os.getpid()}"
        group.mkdir()
        self.addCleanup(group.rmdir)
        (group / "memory.limit_in_bytes").write_text(str(self.LIMIT_BYTES))
        [writer] = self.host.pids("qmail-queue")
        (group / "cgroup.procs").write_text(str(writer))  # What it takes from here on counts.
        accepted = []
        clients = [threading.Thread(target=self.send_until_killed, args=(n, accepted))
                   for n in range(self.CLIENTS)]
        for client in clients:
            client.start()
        self.host.wait_log(r"^kopis: warning: qmail-queue ended by signal 9; starting again in ")
        for client in clients:
            client.join()
        self.host.wait_until(self.works, timeout=60)
        self.host.wait_mail(self.host.address, len(accepted) + 1, timeout=60)
        found = b"".join(path.read_bytes() for path in self.host.mail_files(self.host.address))
        for name in accepted:
            self.assertIn(f"X-Number: {name}\n".encode(), found)
        tell(f"memory limit: queue writer killed by the kernel, {len(accepted)} accepted, 0 lost")

    def send_until_killed(self, number, accepted):
        """Bodies just small enough to be held in memory."""
        text = ("y" * 70 + "\r\n") * 3500
        for n in range(20):
            name = f"{number}-{n}"
            try:
                send(self.host, message=f"X-Number: {name}\r\n\r\n{text}")
                accepted.append(name)
            except (OSError, smtplib.SMTPException):
                return

    def works(self):
        try:
            send(self.host)
            return True
        except (OSError, smtplib.SMTPException):
            return False


class TimelessHost(Host):
    """Its wall clock says what a file says; monotonic time goes on as ever."""

    def command(self, *arguments):
        *drop, binary = super().command()
        return [*drop, "env", f"LD_PRELOAD={FAKETIME}", "FAKETIME_NO_CACHE=1",
                f"FAKETIME_TIMESTAMP_FILE={self.base}/clock", "DONT_FAKE_MONOTONIC=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1", binary, *map(str, arguments)]

    def set_clock(self, seconds):
        """So many seconds away from the real time."""
        temporary = self.base / "clock.new"
        temporary.write_text(f"{seconds:+d}\n")
        temporary.rename(self.base / "clock")


@unittest.skipUnless(FAKETIME, "needs libfaketime")
class Clock(unittest.TestCase):
    def start(self):
        host = TimelessHost()
        self.addCleanup(host.close)
        host.set_clock(0)
        self.sink = free_port()
        host.control("smtproutes", f":127.0.0.1:{self.sink}")  # Nobody listens there yet.
        host.add_mailbox()
        host.start()
        send(host, recipient="x@later.example")
        host.wait_log(r"^delivery \d+: deferral: ")
        return host

    def listen(self):
        user = [] if os.geteuid() else ["-u", "nobody"]
        sink = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{self.sink}", "10"])
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        wait_port(self.sink)

    def test_a_year_ahead_gives_old_mail_one_more_try(self):
        host = self.start()
        self.listen()
        host.set_clock(YEAR_SECONDS)
        send(host)  # Wakes everyone up.
        host.wait_mail(host.address, 1)
        host.wait_log(r"^delivery \d+: success: 127\.0\.0\.1")
        self.assertNotIn("bounce msg", host.log())

    def test_a_year_ahead_bounces_what_fails_once_more_and_the_sender_learns(self):
        host = self.start()
        send_from(host, host.address, "y@later.example")
        host.wait_log_count(r"^delivery \d+: deferral: ", 2)
        host.set_clock(YEAR_SECONDS)
        send(host)
        host.wait_log(r"^bounce msg ")
        host.wait_until(lambda: any(
            b"too long" in path.read_bytes() for path in host.mail_files(host.address)))

    def test_a_year_back_nothing_waits_for_a_year(self):
        host = self.start()
        send(host)
        host.wait_mail(host.address, 1)
        self.listen()
        host.set_clock(-YEAR_SECONDS)
        send(host)
        host.wait_mail(host.address, 2)
        host.wait_log(r"^warning: the clock went back 315\d{5} seconds")
        host.wait_log(r"^delivery \d+: success: 127\.0\.0\.1")
        host.set_clock(0)
        send(host)
        host.wait_mail(host.address, 3)
        self.assertNotIn("bounce msg", host.log())


def send_from(host, sender, recipient):
    with smtplib.SMTP("127.0.0.1", host.smtp_port, timeout=60) as client:
        client.sendmail(sender, [recipient], MESSAGE)


if __name__ == "__main__":
    unittest.main()

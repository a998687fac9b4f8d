"""What runs out, stalls or lies: mail waits or gets a 4xx, the log says why, and all recovers."""

import os
import resource
import smtplib
import socket
import subprocess
import threading
import unittest

from disk import Disk, can_mount
from host import NOBODY, Host, HostCase, free_port

MESSAGE = "Subject: resources\r\n\r\nthe text\r\n"


def send(host, recipient=None, message=MESSAGE):
    """One message; its reply code to the dot is 250, or SMTPResponseException tells which."""
    with smtplib.SMTP("127.0.0.1", host.smtp_port, timeout=60) as client:
        client.sendmail("s@client.example", [recipient or host.address], message)


@unittest.skipUnless(can_mount(), "needs root and loop devices")
class Disks(unittest.TestCase):
    """Each directory of the home that is written has a disk of its own, in turn full."""

    def start(self, directory, size=200_000_000, inodes=None):
        """A host with a small disk at home/DIRECTORY."""
        host = Host()
        self.addCleanup(host.close)
        host.add_mailbox()
        host.start()
        host.stop()
        place = host.home / directory
        keep = host.base / "kept"
        place.rename(keep)
        disk = Disk(size, place, inodes)
        self.addCleanup(disk.close)
        self.addCleanup(host.kill_everything)
        for path in [keep, *keep.rglob("*")]:
            target = place / path.relative_to(keep)
            if path.is_dir():
                target.mkdir(exist_ok=True)
            elif path.is_file():
                target.write_bytes(path.read_bytes())
            os.chmod(target, path.stat().st_mode & 0o7777)
            os.chown(target, NOBODY, NOBODY)
        host.start()
        return host, disk

    @staticmethod
    def is_taken(host):
        try:
            send(host)
        except smtplib.SMTPDataError as refusal:
            if refusal.smtp_code != 451:
                raise
            return False
        return True

    def test_no_room_for_the_queue(self):
        host, disk = self.start("queue/mess")
        send(host)
        host.wait_mail(host.address, 1)
        filler = disk.fill(leave=200_000)
        with self.assertRaises(smtplib.SMTPDataError) as refusal:
            for _ in range(100):
                send(host, message=MESSAGE + "x" * 50_000 + "\r\n")
        self.assertEqual(451, refusal.exception.smtp_code, refusal.exception)
        accepted = len(host.wait_mail(host.address, 1))
        filler.unlink()
        host.wait_until(lambda: self.is_taken(host))  # Free space is looked at once a second.
        host.wait_until(lambda: len(host.mail_files(host.address)) > accepted)
        for path in host.mail_files(host.address):
            self.assertIn(b"\n\nthe text\n", path.read_bytes())

    def test_no_room_for_what_became_of_it(self):
        host, disk = self.start("queue/state", size=8_000_000)
        filler = disk.fill()
        began = len(host.log())
        count = 300  # The marks of so many do not fit in the block that the log has.
        with smtplib.SMTP("127.0.0.1", host.smtp_port, timeout=60) as client:
            for _ in range(count):  # The queue has room: they are accepted.
                client.sendmail("s@client.example", [host.address], MESSAGE)
        host.wait_log(r"^(alert|warning): .*", since=began)
        filler.unlink()
        host.alarm()
        host.wait_mail(host.address, count)

    def test_no_room_for_the_mailbox(self):
        host, disk = self.start("users/mail")
        filler = disk.fill()
        send(host, message=MESSAGE + "x" * 50_000 + "\r\n")
        host.wait_log(r"^delivery \d+: deferral: Temporary_error_on_maildir_delivery")
        self.assertEqual([], host.mail_files(host.address))
        filler.unlink()
        host.alarm()
        [path] = host.wait_mail(host.address, 1)
        self.assertIn(b"x" * 900, path.read_bytes())

    def test_no_inodes_for_the_mailbox(self):
        host, disk = self.start("users/mail", inodes=64)
        place = disk.mount_point / "many"
        place.mkdir()
        made = []
        try:
            while True:
                made.append(place / str(len(made)))
                made[-1].touch()
        except OSError:
            made.pop()
        send(host)
        host.wait_log(r"^delivery \d+: deferral: Temporary_error_on_maildir_delivery")
        for path in made:
            path.unlink()
        host.alarm()
        host.wait_mail(host.address, 1)


class FewDescriptors(Host):
    """No process of it may have more than 60 files."""

    def command(self, *arguments):
        return ["prlimit", "--nofile=60", *super().command(*arguments)]


class Descriptors(HostCase):
    def setUp(self):
        self.host = FewDescriptors()
        self.addCleanup(self.host.close)
        self.host.add_mailbox()
        self.host.start()

    def test_a_listener_without_descriptors_serves_again_when_it_has_some(self):
        clients = []
        for _ in range(60):  # More than it can take; the rest wait in the kernel.
            clients.append(socket.create_connection(("127.0.0.1", self.host.smtp_port), 20))
        self.host.wait_log(r"^tcpserver: warning: unable to accept: ")
        for client in clients:
            client.close()
        send(self.host)
        self.host.wait_mail(self.host.address, 1)


class Silence(HostCase):
    CLIENTS = 10_000

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        self.host.control("concurrencyincoming", str(self.CLIENTS + 100))
        self.host.add_mailbox()
        self.host.start()

    def test_ten_thousand_clients_that_say_nothing(self):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        count = min(self.CLIENTS, most - 200)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        clients = []
        try:
            for _ in range(count):
                clients.append(socket.create_connection(("127.0.0.1", self.host.smtp_port), 60))
            send(self.host)
            self.host.wait_mail(self.host.address, 1)
            for client in clients[::1000]:
                self.assertTrue(client.recv(3).startswith(b"220"))
        finally:
            for client in clients:
                client.close()


class Liar(threading.Thread):
    """A resolver that answers every question with the same bytes, behind the question's id."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.answer, self.asked = answer, threading.Event()
        self.start()

    def run(self):
        while True:
            try:
                question, client = self.socket.recvfrom(4096)
            except OSError:
                return
            self.asked.set()
            if (answer := self.answer(question)) is not None:
                self.socket.sendto(answer, client)


def asked(question):
    """The name, type and class that it asks for."""
    return question[12:question.index(b"\0", 12) + 5]


def refused(question):
    return question[:2] + b"\x81\x85\0\1" + bytes(6) + asked(question)


def loop(question):
    """A name that is compressed into itself, in a record longer than the answer."""
    at = 12 + len(asked(question))
    return (question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + asked(question)
            + bytes([0xc0, at]) + b"\0\x0f\0\1\0\0\0\x3c\xff\xff")


class Dns(HostCase):
    """Resolvers that are dead or lie: a deferral, never a bounce, and mail flows afterwards."""

    ANSWERS = {
        "silent": lambda question: None,
        "refuses": refused,
        "junk": lambda question: question[:2] + os.urandom(60),
        "another question": lambda question: b"\0\0" + question[2:],
        "cut short": lambda question: question[:2] + b"\x81\x80" + question[4:11],
        "a looping name": loop,
    }

    def test_nothing_bounces_for_a_resolver_that_fails(self):
        sink = free_port()
        taker = subprocess.Popen(["smtp-sink", f"127.0.0.1:{sink}", "10"] if os.geteuid() else
                                 ["smtp-sink", "-u", "nobody", f"127.0.0.1:{sink}", "10"])
        self.addCleanup(taker.wait)
        self.addCleanup(taker.kill)
        for name, answer in self.ANSWERS.items():
            with self.subTest(name):
                liar = Liar(answer)
                self.addCleanup(liar.socket.close)
                self.host.control("resolvers", liar.place)
                began = len(self.host.log())
                send(self.host, recipient=f"x@{name.replace(' ', '-')}.example")
                self.host.wait_log(
                    r"^delivery \d+: deferral: Sorry,_I_could", 60, since=began)
                self.assertTrue(liar.asked.is_set())
        self.assertNotIn("bounce msg", self.host.log())
        self.host.control("smtproutes", f":127.0.0.1:{sink}")
        self.host.alarm()
        self.host.wait_log_count(r"^delivery \d+: success: ", len(self.ANSWERS))


class Silent(HostCase):
    def test_a_destination_that_accepts_and_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            self.host.control("timeoutremote", "1")
            self.host.control("smtproutes", f":127.0.0.1:{mute.getsockname()[1]}")
            send(self.host, recipient="x@mute.example")
            self.host.wait_log(r"^delivery \d+: deferral: ")
            send(self.host)  # Others do not wait for it.
            self.host.wait_mail(self.host.address, 1)


if __name__ == "__main__":
    unittest.main()

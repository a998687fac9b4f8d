"""Clients: for the rate Postfix's smtp-source or our own, bench/Load, which takes less of the
machine; one watched session for the time to 250."""

import ctypes
import os
import pathlib
import resource
import select
import socket
import subprocess
import threading
import time

SIZE = 4096
LOAD = pathlib.Path(__file__).resolve().parents[1] / "out/load/load"


def source(port, messages, sessions, recipient, keep=False, size=SIZE, text=None,
           sender="sender@src.test"):
    """Sends; the seconds it took. Any refusal is an error. `text` is a file with the message."""
    began = time.perf_counter()
    subprocess.run(
        ["smtp-source", "-s", str(sessions), "-m", str(messages),
         *(["-F", str(text)] if text else ["-l", str(size)]),
         "-f", sender, "-t", recipient, "-M", "client.test",
         *(["-d"] if keep else []), f"127.0.0.1:{port}"],
        check=True, stdout=subprocess.DEVNULL, timeout=900)
    return time.perf_counter() - began


def send(port, messages, sessions, recipients, size=SIZE, keep=False):
    """The same by `load send`, for the recipients in turn; what it prints, by name, and the CPU
    seconds that it took for 1,000 messages ("load")."""
    before = children_seconds()
    done = subprocess.run(
        [LOAD, "send", "-s", str(sessions), "-m", str(messages), "-l", str(size),
         *(["-d"] if keep else []), f"127.0.0.1:{port}", *recipients],
        check=True, stdout=subprocess.PIPE, text=True, timeout=900)
    words = done.stdout.split()
    figures = {name: float(value) for name, value in zip(words[::2], words[1::2])}
    if figures["accepted"] != messages:
        raise AssertionError(done.stdout)
    return figures | {"load": (children_seconds() - before) / messages * 1000}


def children_seconds():
    """CPU seconds of children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Client:
    """One SMTP session."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.reply()
        self.command(b"EHLO client.test")

    def reply(self):
        while True:
            line = self.file.readline()
            if line[3:4] != b"-":
                break
        if line[:1] not in (b"2", b"3"):
            raise AssertionError(f"unexpected reply {line!r}")

    def command(self, line):
        self.socket.sendall(line + b"\r\n")
        self.reply()

    def message(self, recipients, body, sender="sender@src.test", window=100):
        """Sends one; the seconds from the final dot to its 250."""
        self.command(b"MAIL FROM:<%s>" % sender.encode())
        for i in range(0, len(recipients), window):
            part = recipients[i:i + window]
            self.socket.sendall(b"".join(b"RCPT TO:<%s>\r\n" % r.encode() for r in part))
            for _ in part:
                self.reply()
        self.command(b"DATA")
        self.socket.sendall(body)
        began = time.perf_counter()
        self.socket.sendall(b".\r\n")
        self.reply()
        return time.perf_counter() - began

    def close(self):
        try:
            self.command(b"QUIT")
        finally:
            self.file.close()
            self.socket.close()


def body(size=SIZE):
    line = b"x" * 76 + b"\r\n"
    return b"From: <sender@src.test>\r\nSubject: bench\r\n\r\n" + line * (size // len(line))


class Directory:
    """Waits for the next name in a directory (inotify(7)), so that no polling takes part in what is
    measured."""

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_CLOEXEC)
        if self.fd < 0 or libc.inotify_add_watch(self.fd, os.fsencode(path), 0x180) < 0:
            raise OSError(ctypes.get_errno(), "inotify")  # IN_CREATE | IN_MOVED_TO

    def wait(self, seconds=60):
        """Until there is one; when it came (perf_counter)."""
        if not select.select([self.fd], [], [], seconds)[0]:
            raise AssertionError("no message came")
        now = time.perf_counter()
        os.read(self.fd, 4096)
        return now

    def close(self):
        os.close(self.fd)


class Watch:
    """Beside a load: one client, message after message, each on a connection of its own."""

    def __init__(self, port, recipient):
        self.port, self.recipient = port, recipient
        self.times, self.error = [], None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        text = body()
        try:
            while not self._stop.is_set():
                client = Client(self.port)
                self.times.append(client.message([self.recipient], text))
                client.close()
        except (OSError, AssertionError) as error:
            self.error = error

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        if self.error:
            raise self.error

    def at(self, fraction):
        """That quantile of the times to 250, in milliseconds."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] * 1000


class Pop3:
    """One POP3 session."""

    def __init__(self, port, user, password):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.reply()
        self.command(f"USER {user}")
        self.command(f"PASS {password}")

    def reply(self):
        line = self.file.readline()
        if not line.startswith(b"+OK"):
            raise AssertionError(f"unexpected reply {line!r}")
        return line

    def command(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def retrieve(self, number):
        """One message; its length."""
        self.command(f"RETR {number}")
        length = 0
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise AssertionError("hung up in a message")
            length += len(line)
        return length

    def close(self):
        self.command("QUIT")
        self.file.close()
        self.socket.close()

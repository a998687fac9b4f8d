"""An SMTP sink on every address of 127/8: `load sink` of bench/Load."""

import mmap
import resource
import socket
import struct
import subprocess
import tempfile
import time

from load import LOAD

COUNTERS = struct.Struct("<5Q")  # Messages, recipients, sessions, most open at once, last (ns).


class Sink:
    """Counts what comes; can answer the dot late, or keep each message in a Maildir of `mail`."""

    def __init__(self, port, delay=0.0, mail=None):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        with socket.socket() as listener, tempfile.NamedTemporaryFile() as file:
            file.truncate(COUNTERS.size)
            self.memory = mmap.mmap(file.fileno(), COUNTERS.size)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # To the loopback device only: nothing outside reaches it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # Connections have it.
            listener.bind(("0.0.0.0", port))
            listener.listen(4096)
            listener.setblocking(False)
            # What it prints is that it has the file, whose name ends with this.
            self.process = subprocess.Popen(
                [LOAD, *(["keep", str(mail)] if mail else ["sink", str(round(delay * 1000))]),
                 file.name], stdin=listener, stdout=subprocess.PIPE)
            if self.process.stdout.readline() != b"ready\n":
                raise AssertionError("no sink")

    def counters(self):
        """messages, recipients, sessions, most open at once, time of the last message (s)."""
        *counts, last = COUNTERS.unpack(self.memory[:])
        return (*counts, last / 1e9)

    def wait(self, recipients, timeout=300):
        """Until so many were taken: the time of the last one."""
        end = time.monotonic() + timeout
        while (now := self.counters())[1] < recipients:
            if time.monotonic() > end:
                raise AssertionError(f"the sink took {now[1]} of {recipients} recipients")
            time.sleep(0.005)
        return now[4]

    def seconds(self):
        """CPU that it has used."""
        with open(f"/proc/{self.process.pid}/schedstat", encoding="ascii") as stat:
            return int(stat.read().split()[0]) / 1e9

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

"""SMTP sinks on every address of 127/8.

`Sink` counts recipients and can answer the dot late: timers wait, not threads, so any number of
sessions wait at once. `FastSink` is Postfix's smtp-sink, which takes less of the machine.
"""

import heapq
import mmap
import os
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

COUNTERS = struct.Struct("<5Q")  # Messages, recipients, sessions, most open at once, last (ns).
REPLIES = {b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"HELO": b"250 sink\r\n",
           b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}


class Sink:
    """Runs in a child process; the counters are shared memory."""

    def __init__(self, port, delay=0.0):
        file = tempfile.TemporaryFile()
        file.truncate(COUNTERS.size)
        self.memory = mmap.mmap(file.fileno(), COUNTERS.size)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        listener.bind(("0.0.0.0", port))  # To the loopback device only: nothing outside reaches it.
        listener.listen(4096)
        listener.setblocking(False)
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            try:
                _Loop(listener, self.memory, delay).run()
            finally:
                os._exit(1)
        listener.close()

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

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)


class FastSink:
    """smtp-sink; knows of messages only."""

    def __init__(self, port):
        self.process = subprocess.Popen(
            ["smtp-sink", "-c", "-m", "20000", "-u", "nobody", f"0.0.0.0:{port}", "4096"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.taken, self.last = 0, 0.0
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        text = b""
        while got := os.read(self.process.stdout.fileno(), 65536):
            now = time.time()
            text = text[-100:] + got
            if found := re.findall(rb"mesg=(\d+)\s", text):
                with self.changed:
                    self.taken, self.last = int(found[-1]), now
                    self.changed.notify_all()

    def wait(self, messages, timeout=300):
        """Until so many were taken: the time of the last one."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.taken >= messages, timeout):
                raise AssertionError(f"the sink took {self.taken} of {messages} messages")
            return self.last

    def counters(self):
        """As Sink's, where known."""
        return self.taken, self.taken, 0, 0, self.last

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class _Session:
    __slots__ = ("socket", "input", "in_data", "recipients", "waits")

    def __init__(self, connection):
        self.socket = connection
        self.input = b""
        self.in_data = self.waits = False
        self.recipients = 0


class _Loop:
    def __init__(self, listener, memory, delay):
        self.listener, self.memory, self.delay = listener, memory, delay
        self.poller = select.epoll()
        self.poller.register(listener, select.EPOLLIN)
        self.sessions, self.timers, self.counts = {}, [], [0, 0, 0, 0, 0]

    def run(self):
        while True:
            wait = max(0, self.timers[0][0] - time.monotonic()) if self.timers else -1
            for fd, _ in self.poller.poll(wait):
                if fd == self.listener.fileno():
                    self.accept()
                elif session := self.sessions.get(fd):
                    self.read(session)
            while self.timers and self.timers[0][0] <= time.monotonic():
                session = self.timers[0][2]
                heapq.heappop(self.timers)
                session.waits = False
                self.send(session, self.taken(session))
                self.talk(session)
            COUNTERS.pack_into(self.memory, 0, *self.counts)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sessions[connection.fileno()] = session = _Session(connection)
            self.poller.register(connection, select.EPOLLIN)
            self.counts[2] += 1
            self.counts[3] = max(self.counts[3], len(self.sessions))
            self.send(session, b"220 sink ESMTP\r\n")

    def read(self, session):
        try:
            got = session.socket.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        if not got:
            self.hang_up(session)
            return
        session.input += got
        self.talk(session)

    def talk(self, session):
        out = b""
        while not session.waits:
            if session.in_data:
                head, dot, rest = session.input.partition(b"\r\n.\r\n")
                if not dot:
                    session.input = head[-4:] if len(head) > 65536 else head
                    break
                session.input, session.in_data = rest, False
                if self.delay:
                    session.waits = True
                    heapq.heappush(
                        self.timers, (time.monotonic() + self.delay, id(session), session))
                else:
                    out += self.taken(session)
                continue
            line, newline, rest = session.input.partition(b"\n")
            if not newline:
                break
            session.input = rest
            verb = line[:4].upper()
            session.recipients += verb == b"RCPT"
            session.in_data = verb == b"DATA"
            out += REPLIES.get(verb, b"250 ok\r\n")
            if verb == b"QUIT":
                self.send(session, out)
                self.hang_up(session)
                return
        if out:
            self.send(session, out)

    def taken(self, session):
        self.counts[0] += 1
        self.counts[1] += session.recipients
        self.counts[4] = time.time_ns()
        session.recipients = 0
        return b"250 ok\r\n"

    def send(self, session, reply):
        try:
            session.socket.sendall(reply)  # Replies are short: a full buffer is a client gone bad.
        except OSError:
            self.hang_up(session)

    def hang_up(self, session):
        if self.sessions.pop(session.socket.fileno(), None):
            self.poller.unregister(session.socket)
        session.socket.close()

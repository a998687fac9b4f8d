"""An SMTP sink that has limits, as large receivers do, and counts who breaks them.

Each address of 127/8 is a destination of its own: `StrictSink({"127.0.1.1": Limits(...)}, rest)`.
One thread serves all; delays are timers. `violations()` is empty where every limit was kept.
"""

import collections
import dataclasses
import heapq
import itertools
import select
import socket
import threading
import time


@dataclasses.dataclass(frozen=True)
class Limits:
    """0 and None: no limit. What is over a limit is refused with a 4xx and is a violation."""
    connections: int = 0        # Open at once; one more gets 421.
    messages: int = 0           # Of one connection; one more gets 421.
    rate: float = 0             # Messages a second, over any `window` seconds; more get 451.
    window: float = 5
    recipients: int = 0         # Of one transaction; more get 452 (no violation: RFC 5321 lets it).
    closes_after: int = 0       # Messages, then 421 to the next MAIL (no violation).
    greylist: float = 0         # Seconds before the same sender and recipient are taken.
    tarpit: float = 0           # Seconds before each reply.
    is_silent: bool = False     # Accepts connections and never says anything.
    refuses: bytes = b""        # The reply to every RCPT instead.


@dataclasses.dataclass
class Counts:
    open: int = 0
    most_open: int = 0
    sessions: int = 0
    messages: int = 0
    recipients: int = 0
    deferred: int = 0
    refusals: int = 0           # Replies of 4xx.
    overfull: int = 0           # Transactions with more recipients than it takes.
    refused_at: float = 0       # By time.monotonic(); the last one.
    violations: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    times: collections.deque = dataclasses.field(default_factory=collections.deque)
    taken_at: list = dataclasses.field(default_factory=list)    # By time.monotonic(): each message.
    grey: dict = dataclasses.field(default_factory=dict)
    members: set = dataclasses.field(default_factory=set)


class _Session:
    def __init__(self, client, address, limits, counts):
        self.client, self.address = client, address
        self.limits, self.counts = limits, counts
        self.input, self.output = b"", b""
        self.in_data = self.ends = self.waits = False
        self.sender, self.recipients, self.messages = b"", [], 0
        self.is_overfull = False


class StrictSink(threading.Thread):
    def __init__(self, limits=None, rest=Limits(), port=0):
        super().__init__(daemon=True)
        self.limits, self.rest = limits or {}, rest
        self.counts = collections.defaultdict(Counts)
        self.taken = []         # (address, sender, recipients) of each message.
        self.changed = threading.Condition()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        self.listener.bind(("0.0.0.0", port))
        self.listener.listen(4096)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.stop_read, self.stop_write = socket.socketpair()
        self.poller = select.epoll()
        self.poller.register(self.listener, select.EPOLLIN)
        self.poller.register(self.stop_read, select.EPOLLIN)
        self.sessions, self.timers, self.order = {}, [], itertools.count()
        self.start()

    def violations(self):
        """By address: what was broken, and how often."""
        return {address: dict(one.violations) for address, one in list(self.counts.items())
                if one.violations}

    def wait(self, recipients, timeout=60):
        """Until so many recipients were taken."""
        def taken():
            return sum(one.recipients for one in self.counts.values())
        with self.changed:
            if not self.changed.wait_for(lambda: taken() >= recipients, timeout):
                raise AssertionError(f"the sink took {taken()} of {recipients} recipients")

    def close(self):
        self.stop_write.send(b"x")
        self.join()
        for session in list(self.sessions.values()):
            self.hang_up(session)
        for one in (self.listener, self.stop_read, self.stop_write, self.poller):
            one.close()

    def run(self):
        while True:
            wait = max(0, self.timers[0][0] - time.monotonic()) if self.timers else -1
            ready = [fd for fd, _ in self.poller.poll(wait)]
            if self.stop_read.fileno() in ready:
                return
            for fd in ready:    # Ends of connections come before new ones: they are no violation.
                if session := self.sessions.get(fd):
                    self.read(session)
            if self.listener.fileno() in ready:
                self.accept()
            while self.timers and self.timers[0][0] <= time.monotonic():
                _, _, session, reply = heapq.heappop(self.timers)
                session.waits = False
                self.send(session, reply)
                self.talk(session)

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except BlockingIOError:
                return
            address = client.getsockname()[0]
            client.setblocking(False)
            limits, counts = self.limits.get(address, self.rest), self.counts[address]
            session = _Session(client, address, limits, counts)
            for other in list(counts.members):
                self.read(other)    # It may have ended before this one began.
            self.sessions[client.fileno()] = session
            counts.members.add(session)
            self.poller.register(client, select.EPOLLIN)
            counts.sessions += 1
            counts.open += 1
            counts.most_open = max(counts.most_open, counts.open)
            if limits.connections and counts.open > limits.connections:
                counts.violations["connections"] += 1
                session.ends = True
                self.say(session, b"421 4.7.0 Too many connections\r\n")
            elif not limits.is_silent:
                self.say(session, b"220 sink ESMTP\r\n")

    def read(self, session):
        try:
            got = session.client.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        if not got:
            self.hang_up(session)
            return
        session.input += got
        if not session.limits.is_silent:
            self.talk(session)

    def talk(self, session):
        while not session.waits and session.client.fileno() in self.sessions:
            if session.in_data:
                text, dot, rest = session.input.partition(b"\r\n.\r\n")
                if not dot:
                    return
                session.input, session.in_data = rest, False
                self.say(session, self.take(session))
                continue
            line, newline, rest = session.input.partition(b"\n")
            if not newline:
                return
            session.input = rest
            self.say(session, self.answer(session, line.strip()))

    def answer(self, session, line):
        limits, verb = session.limits, line[:4].upper()
        if verb in (b"EHLO", b"HELO"):
            return b"250-sink\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"
        if verb == b"QUIT":
            session.ends = True
            return b"221 2.0.0 bye\r\n"
        if verb == b"MAIL":
            session.sender, session.recipients = line[10:].split(b" ")[0], []
            session.is_overfull = False
            if limits.closes_after and session.messages >= limits.closes_after:
                session.ends = True
                return b"421 4.7.0 Enough for now\r\n"
            if limits.messages and session.messages >= limits.messages:
                session.counts.violations["messages"] += 1
                session.ends = True
                return b"421 4.7.0 Too many messages in this connection\r\n"
            return b"250 2.1.0 ok\r\n"
        if verb == b"RCPT":
            return self.recipient(session, line[8:].split(b" ")[0])
        if verb == b"DATA":
            session.in_data = bool(session.recipients)
            return b"354 go\r\n" if session.in_data else b"503 5.5.1 Nobody to send to\r\n"
        return b"250 2.0.0 ok\r\n"

    def recipient(self, session, address):
        limits, counts = session.limits, session.counts
        if limits.refuses:
            counts.refused_at = time.monotonic()
            return limits.refuses
        if limits.recipients and len(session.recipients) >= limits.recipients:
            counts.deferred += 1
            counts.overfull += not session.is_overfull
            session.is_overfull = True
            return b"452 4.5.3 Too many recipients\r\n"
        if limits.greylist:
            first = counts.grey.setdefault((session.sender, address), time.monotonic())
            if time.monotonic() - first < limits.greylist:
                counts.deferred += 1
                return b"451 4.7.1 Greylisted, try again in %d seconds\r\n" % limits.greylist
        session.recipients.append(address)
        return b"250 2.1.5 ok\r\n"

    def take(self, session):
        limits, counts, now = session.limits, session.counts, time.monotonic()
        session.messages += 1
        if limits.rate:
            while counts.times and counts.times[0] <= now - limits.window:
                counts.times.popleft()
            if len(counts.times) >= max(1, limits.rate * limits.window):
                counts.violations["rate"] += 1
                return b"451 4.7.0 Rate limit exceeded\r\n"
            counts.times.append(now)
        with self.changed:
            counts.messages += 1
            counts.taken_at.append(now)
            counts.recipients += len(session.recipients)
            self.taken.append((session.address, session.sender, tuple(session.recipients)))
            self.changed.notify_all()
        return b"250 2.0.0 taken\r\n"

    def say(self, session, reply):
        session.counts.refusals += reply.startswith(b"4")
        if session.limits.tarpit:
            session.waits = True
            heapq.heappush(self.timers, (
                time.monotonic() + session.limits.tarpit, next(self.order), session, reply))
        else:
            self.send(session, reply)

    def send(self, session, reply):
        if session.client.fileno() not in self.sessions:
            return
        try:
            session.client.sendall(reply)   # Short: a full buffer is a client gone bad.
        except OSError:
            session.ends = True
        if session.ends:
            self.hang_up(session)

    def hang_up(self, session):
        if self.sessions.pop(session.client.fileno(), None):
            self.poller.unregister(session.client)
            session.counts.open -= 1
            session.counts.members.discard(session)
        session.client.close()

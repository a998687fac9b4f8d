"""A milter of the tests' own: strict in what it is told, and free in what it answers.

The protocol is that of Sendmail's libmilter: mfdef.h."""

import socket
import struct
import threading
import time

ALL_ACTIONS = 0x1FF
NO = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "T": 0x200}
QUIET = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000,
         "N": 0x40000, "B": 0x80000}
SKIP, LEADING_SPACE = 0x400, 0x100000
HANG, CRASH = "hang", "crash"  # In the place of a packet.

# What may come after what. M and R begin a message; K ends a connection and begins another.
AFTER = {"O": "C", "C": "HM", "H": "M", "M": "R", "R": "RT", "T": "LNBE", "L": "LN", "N": "BE",
         "B": "BE", "E": "K", "K": "C"}


def packet(letter, data=b""):
    return struct.pack(">I", len(data) + 1) + letter.encode() + data


def text(*parts):
    return b"".join(part.encode() + b"\0" if isinstance(part, str) else part + b"\0"
                    for part in parts)


def number(value):
    return struct.pack(">I", value)


CONTINUE = packet("c")


class Milter:
    """Serves until its test is over. `answers`: packets by the letter of what they answer; a list
    is used up, one entry a time, and then counts no more."""

    def __init__(self, case, version=6, actions=ALL_ACTIONS, steps=0, macros=b"", path=None,
                 cut=0, **answers):
        self.version, self.actions, self.steps, self.macros = version, actions, steps, macros
        self.cut, self.answers = cut, answers
        self.faults, self.told, self.connections, self.closed = [], [], 0, 0
        self.offer = None
        self.lock = threading.Condition()
        self.open = []
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        if not path:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(str(path) if path else ("127.0.0.1", 0))
        if path:
            path.chmod(0o777)
        self.listener.listen(50)
        self.place = f"unix:{path}" if path else "inet:127.0.0.1:%d" % self.listener.getsockname()[1]
        case.addCleanup(self.end)
        case.addCleanup(lambda: case.assertEqual([], self.faults))
        threading.Thread(target=self.accept, daemon=True).start()

    def end(self):
        self.go_away()
        self.hang_up()

    def go_away(self):
        """Listens no more."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def hang_up(self):
        """Closes all connections."""
        for peer in self.open:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.append(peer)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            with peer, peer.makefile("rb") as source:
                self.converse(peer, source)
        except (OSError, EOFError):
            pass
        finally:
            with self.lock:
                self.closed += 1
                self.lock.notify_all()

    def read(self, source):
        head = source.read(4)
        if not head:
            raise EOFError
        length, = struct.unpack(">I", head)
        body = source.read(length) if 1 <= length <= 65536 else b""
        if len(body) != length:
            self.faults.append(f"a packet of {length} bytes has {len(body)}")
            raise EOFError
        return chr(body[0]), body[1:]

    def converse(self, peer, source):
        letter, data = self.read(source)
        if letter != "O" or len(data) != 12:
            self.faults.append(f"begins with {letter} {data}")
        self.offer = struct.unpack(">III", data)
        self.send(peer, self.answers.get("O") or packet(
            "O", struct.pack(">III", self.version, self.actions, self.steps) + self.macros))
        last, macros = "O", None
        while True:
            letter, data = self.read(source)
            if letter == "D":
                macros = self.parse_macros(data)
                continue
            with self.lock:
                self.told.append((letter, data, (macros or (None, {}))[1]))
                self.lock.notify_all()
            if letter in "QA":
                return
            self.check(last, letter, data, macros)
            macros, last = None, letter
            if letter != "K":
                self.answer(peer, letter, data)

    def parse_macros(self, data):
        words = data[1:].split(b"\0")
        if words.pop() != b"" or len(words) % 2:
            self.faults.append(f"macros {data}")
        return chr(data[0]), dict(zip((word.decode() for word in words[::2]), words[1::2]))

    def check(self, last, letter, data, macros):
        skipped = {one for one, bit in NO.items() if self.steps & bit}
        skipped |= {"T"} if self.version < 4 else set()
        allowed, seen = set(AFTER[last]), set()
        while allowed & skipped - seen:  # What is left out leads on.
            one = (allowed & skipped - seen).pop()
            seen.add(one)
            allowed |= set(AFTER[one])
        if letter in skipped or letter not in allowed:
            self.faults.append(f"{letter} after {last}")
        if (macros is not None) != (letter in "CHMRTNE") or (macros and macros[0] != letter):
            self.faults.append(f"macros {macros} before {letter}")
        counts = {"H": 1, "M": 1, "R": 1, "L": 2}
        if letter in counts and (data[-1:] != b"\0" or data.count(b"\0") != counts[letter]):
            self.faults.append(f"{letter} {data}")
        if letter in "MR" and not (data[:1] == b"<" and data[-2:] == b">\0"):
            self.faults.append(f"{letter} {data}")
        if letter == "B" and (b"\n" in data.replace(b"\r\n", b"") or not data):
            self.faults.append("a body without CRLF")

    def answer(self, peer, letter, data):
        mine = self.answers.get(letter)
        if callable(mine):
            mine = mine(data)
        if isinstance(mine, list):
            with self.lock:
                mine = mine.pop(0) if mine else None
        if mine is None:
            mine = b"" if self.steps & QUIET.get(letter, 0) else CONTINUE
        if mine == HANG:
            with self.lock:
                self.lock.wait_for(lambda: False, timeout=60)
        if mine in (HANG, CRASH):
            peer.shutdown(socket.SHUT_RDWR)
            raise EOFError
        for one in mine[0] if isinstance(mine, tuple) else [mine]:  # Packets, and a pause between.
            if isinstance(mine, tuple):
                time.sleep(mine[1])
            self.send(peer, one)

    def send(self, peer, data):
        for at in range(0, len(data), self.cut or len(data) or 1):
            peer.sendall(data[at:at + (self.cut or len(data))])

    # What tests ask -----------------------------------------------------------------------------

    def letters(self):
        return "".join(letter for letter, _, _ in self.told)

    def data(self, letter):
        return [data for one, data, _ in self.told if one == letter]

    def macros_of(self, letter):
        return next(macros for one, _, macros in self.told if one == letter)

    def wait_for(self, letters):
        with self.lock:
            return self.lock.wait_for(lambda: self.letters().endswith(letters), timeout=20)

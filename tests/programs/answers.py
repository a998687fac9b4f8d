"""A name server of the test's own, for answers that no sound one gives."""

import contextlib
import socket
import struct
import threading

from ports import free_port  # Where harness finds it.

A, NS, CNAME, SOA, MX, AAAA, OPT = 1, 2, 5, 6, 15, 28, 41
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 1, 2, 3, 4, 5


def name(text):
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".") if part) + b"\0"


def data(kind, value):
    if kind == MX:
        preference, host = value
        return struct.pack("!H", preference) + name(host)
    if kind in (NS, CNAME):
        return name(value)
    if kind == SOA:
        return name("ns.example") + name("root.example") + struct.pack("!5I", 1, 1, 1, 1, 1)
    return socket.inet_pton(socket.AF_INET if kind == A else socket.AF_INET6, value)


class Question:
    """What was asked; `reply` makes a packet."""

    def __init__(self, packet, transport):
        self.packet, self.transport = packet, transport
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
            at += 1 + packet[at]
        self.name, self.kind = ".".join(labels), struct.unpack_from("!H", packet, at + 1)[0]
        self.section = packet[12:at + 5]
        self.has_opt = struct.unpack_from("!H", packet, 10)[0] > 0

    def reply(self, answers=(), authority=(), code=0, flags=0x8180, add=0):
        def record(owner, kind, value):
            rdata = data(kind, value)
            return name(owner) + struct.pack("!HHIH", kind, 1, 0, len(rdata)) + rdata
        number, = struct.unpack_from("!H", self.packet)
        return struct.pack("!6H", (number + add) & 0xFFFF, flags | code, 1, len(answers),
                           len(authority), 0) + self.section + b"".join(
                               record(*one) for one in (*answers, *authority))


class Answers(threading.Thread):
    """Answers by `talk(question)`: a packet, several, or none; on UDP and on TCP."""

    def __init__(self, case, talk, ip="127.0.0.1"):
        super().__init__(daemon=True)
        self.talk, self.asked = talk, []
        self.tcp = socket.create_server((ip, free_port(ip)))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(self.tcp.getsockname())
        self.address = f"{ip}:{self.tcp.getsockname()[1]}"
        self.streams = threading.Thread(target=self.serve_tcp, daemon=True)
        self.start()
        self.streams.start()
        case.addCleanup(self.close)

    def packets(self, packet, transport):
        question = Question(packet, transport)
        self.asked.append(question)
        said = self.talk(question)
        return [said] if isinstance(said, bytes) else said or []

    def run(self):
        while True:
            packet, sender = self.udp.recvfrom(4096)
            if not packet:
                return
            for one in self.packets(packet, "udp"):
                self.udp.sendto(one, sender)

    def serve_tcp(self):
        while True:
            try:
                client, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_client, args=(client,), daemon=True).start()

    def serve_client(self, client):
        with client, client.makefile("rb") as stream, contextlib.suppress(OSError):
            while len(size := stream.read(2)) == 2:
                for one in self.packets(stream.read(int.from_bytes(size, "big")), "tcp"):
                    client.sendall(len(one).to_bytes(2, "big") + one)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.udp.getsockname())
        self.tcp.shutdown(socket.SHUT_RDWR)
        self.tcp.close()
        self.join()
        self.streams.join()
        self.udp.close()


def zone(**names):
    """A talk that answers from a table, `far_example=[(MX, (10, "a.example"))]`."""
    table = {key.replace("_", "."): records for key, records in names.items()}

    def talk(question):
        records = table.get(question.name)
        if records is None:
            return question.reply(code=NXDOMAIN)
        found = [(question.name, kind, value) for kind, value in records
                 if kind == question.kind]
        alias = [(question.name, kind, value) for kind, value in records if kind == CNAME]
        return question.reply(found or alias)
    return talk

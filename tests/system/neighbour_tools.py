"""What a hostile neighbour works with: system calls, other processes, sockets, and its report."""

import contextlib
import ctypes
import json
import os
import pathlib
import socket
import stat
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_PEEKDATA, PTRACE_POKEDATA, PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = (
    2, 5, 17, 0x4206, 0x4207)
PIDFD_GETFD = 438
RENAME_EXCHANGE = 2
AT_FDCWD = -100
READ_BYTES_MAX = 1 << 20
PLAN = json.loads(pathlib.Path(sys.argv[1]).read_text())
HOME, BASE = pathlib.Path(PLAN["home"]), pathlib.Path(PLAN["base"])
PLACE, DISK = pathlib.Path(PLAN["place"]), pathlib.Path(PLAN["disk"])
ME = PLAN["me"]
UID = os.getuid()
PROBES = [(text.encode(), length) for text, length in PLAN["probes"]]


class Report:
    """Lines of JSON in the attacker's own place: what was tried, and what must not have worked."""

    def __init__(self):
        self.kind, self.count, self.hits = "", 0, 0

    def begin(self, kind):
        self.kind, self.count, self.hits = kind, 0, 0

    def tried(self, worked=False):
        self.count += 1
        self.hits += bool(worked)

    def end(self):
        self.write(kind=self.kind, tried=self.count, worked=self.hits)

    def broken(self, what):
        """A right that nobody gave."""
        self.write(kind=self.kind, broken=what[:2000])

    @staticmethod
    def write(**what):
        file = os.open(PLACE / "report", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, (json.dumps(what) + "\n").encode())
        os.close(file)


REPORT = Report()


def look_at(data, source):
    """Reports canaries in what was read."""
    for probe, length in PROBES:
        at = data.find(probe)
        while at >= 0:
            found = data[at:at + length]
            REPORT.write(kind=REPORT.kind, canary=found.decode("latin-1"), source=str(source))
            at = data.find(probe, at + 1)
    return data


def tried(action, *words):
    """The value of an action, None where it is refused; counted."""
    try:
        value = action(*words)
    except (OSError, ValueError, EOFError):
        REPORT.tried()
        return None
    REPORT.tried(worked=True)
    return value


def call(function, *words):
    """A function of libc; OSError where it says -1."""
    ctypes.set_errno(0)
    result = function(*words)
    if result == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def exchange(one, other):
    call(LIBC.renameat2, AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)


def read_some(path, size=READ_BYTES_MAX):
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return look_at(os.read(file, size), path)
    finally:
        os.close(file)


# Processes --------------------------------------------------------------------------------------


class Other:
    """A process that is not the attack's own."""

    def __init__(self, pid):
        self.pid = pid
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.name = text.split("\n")[0].split("\t")[1]
        self.uids = {int(word) for word in
                     text.partition("\nUid:")[2].split("\n")[0].split()}

    @property
    def is_mine(self):
        return self.uids == {UID}

    def is_still_anothers(self):
        """Asked after something worked: a process may just have become this user for good."""
        try:
            return UID not in Other(self.pid).uids
        except OSError:
            return False

    def threads(self):
        try:
            return [int(name) for name in os.listdir(f"/proc/{self.pid}/task")]
        except OSError:
            return []


def own_tree():
    """Pids of this attack: none of them is a target."""
    return {os.getpid(), os.getppid(), 1}


def others(is_mine=None):
    mine, found = own_tree(), []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            other = Other(int(name))
            words = pathlib.Path(f"/proc/{name}/cmdline").read_bytes()
        except (OSError, IndexError, ValueError):
            continue
        if other.pid in mine or b"neighbour_" in words:
            continue
        if is_mine is None or other.is_mine == is_mine:
            found.append(other)
    return found


def steal(other):
    """Descriptors of a process, by the number that they have there."""
    stolen = {}
    try:
        handle = os.pidfd_open(other.pid)
    except OSError:
        REPORT.tried()
        return stolen
    for number in range(64):
        try:
            stolen[number] = call(LIBC.syscall, PIDFD_GETFD, handle, number, 0)
            REPORT.tried(worked=True)
        except OSError:
            REPORT.tried()
    os.close(handle)
    if stolen and not other.is_mine and other.is_still_anothers():
        REPORT.broken(f"took descriptors {sorted(stolen)} of {other.name} of {other.uids}")
    return stolen


# Sockets ----------------------------------------------------------------------------------------


def unix_sockets():
    """Paths and names of all that listens on Unix sockets in this network namespace."""
    found = []
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and int(words[3], 16) & 0x10000:  # It accepts.
            name = words[7]
            found.append(("\0" + name[1:] if name.startswith("@") else name,
                          int(words[4], 16)))
    for place in (HOME / "queue", HOME / "users", HOME / "queue/lock"):
        with contextlib.suppress(OSError):
            found += [(str(path), kind) for path in place.iterdir() if path.is_socket()
                      for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)]
    return [("/dev/log", socket.SOCK_DGRAM), *found]


def tcp_ports():
    found = set()
    for name in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A":
                found.add(int(words[1].rpartition(":")[2], 16))
    return sorted(found - set(PLAN["spare_ports"]))


def connect_unix(name, kind, timeout=0.3):
    client = socket.socket(socket.AF_UNIX, kind)
    client.settimeout(timeout)
    try:
        client.connect(name)
    except OSError:
        client.close()
        raise
    return client


def connect_tcp(port, timeout=0.3):
    return socket.create_connection(("127.0.0.1", port), timeout)


def hear(client, source):
    """What comes within the client's timeout."""
    with contextlib.suppress(OSError):
        return look_at(client.recv(65536), source)
    return b""


# Frames -----------------------------------------------------------------------------------------


def intake(recipients, sender=f"mallory@{ME}", body="Subject: odd\n\nodd\n", origin=0):
    """A whole submission in the form of queue/intake (docs/ARCHITECTURE.md)."""
    envelope = b"F" + sender.encode() + b"\0" + b"".join(
        b"T" + word.encode() + b"\0" for word in recipients) + b"\0"
    text = body.encode()
    return (b"B" + struct.pack("<BI", origin, 0)
            + b"M" + struct.pack("<I", len(text)) + text
            + b"E" + struct.pack("<I", len(envelope)) + envelope)


def lookup(kind, *fields):
    """A question in the form of users/lookup."""
    body = kind + b"".join(struct.pack("<H", len(word)) + word for word in fields)
    return struct.pack("<H", len(body)) + body


def garbage(rng, size=None):
    return rng.randbytes(size or rng.choice((1, 7, 64, 4096, 65536)))


def is_socket(file):
    return stat.S_ISSOCK(os.fstat(file).st_mode)

"""A hostile neighbour: run as some user of a host under test, it does at random, from a seed, what that
user may do, for so many seconds. Each try is a process of its own, which cannot last."""

import array
import contextlib
import fcntl
import mmap
import os
import pathlib
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time

import neighbour_owned
from neighbour_tools import (BASE, DISK, HOME, LIBC, ME, PLACE, PLAN, PTRACE_DETACH, PTRACE_INTERRUPT,
                             PTRACE_PEEKDATA, PTRACE_POKEDATA, PTRACE_SEIZE, REPORT, UID, call,
                             connect_tcp, connect_unix, exchange, garbage, hear, intake, is_socket,
                             lookup, look_at, others, read_some, steal, tcp_ports, tried,
                             unix_sockets)

WORKERS = 4
TRY_SECONDS = 1.5  # A try that takes longer is ended.
HOLD_SECONDS = 0.6  # How long a lock, a connection or a lie is held.
SIGNALS = (signal.SIGSTOP, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM,
           signal.SIGCHLD, signal.SIGTSTP, signal.SIGUSR1, signal.SIGPIPE, signal.SIGSEGV,
           signal.SIGRTMIN, signal.SIGRTMIN + 5, signal.SIGRTMAX)
TARGETS = ("/etc/secret", "/etc/shadow", "/etc/passwd", "/proc/self/mem", "/dev/zero", "/dev/full",
           str(BASE / "root-only/inside"), str(BASE / "root-only/inside/secret"),
           str(BASE / "eva/Maildir"), str(BASE / "eva/secret"), str(BASE / "kim/Maildir"),
           str(BASE / "joe/Maildir"), str(HOME / "control"), str(HOME / "control/me"),
           str(HOME / "users/virtual"), str(HOME / "alias"), str(HOME / "queue/mess"),
           str(HOME / "users/mail"), str(HOME / "tls"), "..", "/", "/dev/tty", "/dev/stdin")


# Names ------------------------------------------------------------------------------------------


def odd_file(rng, path):
    """Something in the place of a file that others open."""
    kind = rng.randrange(8)
    if kind == 0:
        os.symlink(rng.choice(TARGETS), path)
    elif kind == 1:
        os.mkfifo(path)
    elif kind == 2:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    elif kind == 3:
        with open(path, "wb") as file:
            file.truncate(rng.choice((1 << 20, 16 << 20)))
    elif kind == 4:
        path.write_bytes(garbage(rng))
    elif kind == 5:
        path.mkdir()
    elif kind == 6:
        os.link(rng.choice(TARGETS), path)
    else:
        path.write_bytes(b"")
        path.chmod(rng.choice((0, 0o777, 0o4755, 0o200)))


def links_and_files(rng):
    place = rng.choice(neighbour_owned.places(PLAN["user"]))
    for _ in range(6):
        name = rng.choice(neighbour_owned.names(PLAN["user"]) + [f"odd-{rng.randrange(50)}"])
        tried(odd_file, rng, pathlib.Path(place) / name)


def renames(rng):
    """A name that is one thing now and another then, as fast as it goes."""
    place = pathlib.Path(rng.choice(neighbour_owned.places(PLAN["user"])))
    name = place / rng.choice(neighbour_owned.names(PLAN["user"]))
    other = place / f"flip-{os.getpid()}"
    if tried(os.symlink, rng.choice(TARGETS), other) is None and not other.is_symlink():
        return
    end = time.monotonic() + HOLD_SECONDS / 2
    turns = 0
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            exchange(name, other)
            turns += 1
    if turns % 2:  # What was there is there again.
        tried(exchange, name, other)
    tried(os.unlink, other)


def readable_files():
    places = [HOME / "control", HOME / "users", HOME / "queue/lock", HOME / "bin", HOME / "queue/mess",
              HOME / "queue/state", HOME / "alias", HOME / "tls", pathlib.Path("/etc")]
    found = [pathlib.Path("/etc") / name for name in ("passwd", "hosts", "resolv.conf", "group")]
    for place in places:
        with contextlib.suppress(OSError):
            found += [path for path in place.iterdir() if path.is_file()][:60]
    return found


def locks(rng):
    held = []
    for path in rng.sample(found := readable_files(), min(40, len(found))):
        file = tried(os.open, path, os.O_RDONLY | os.O_NONBLOCK)
        if file is None:
            continue
        held.append(file)
        tried(fcntl.flock, file, rng.choice((fcntl.LOCK_EX, fcntl.LOCK_SH)) | fcntl.LOCK_NB)
        tried(fcntl.lockf, file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        tried(fcntl.fcntl, file, 1024, rng.choice((fcntl.F_RDLCK, fcntl.F_WRLCK)))  # F_SETLEASE
        tried(fcntl.fcntl, file, 1026, 0x3f)  # F_NOTIFY
        tried(mmap.mmap, file, 0, mmap.MAP_SHARED, mmap.PROT_READ)
    time.sleep(HOLD_SECONDS)


def writes(rng):
    """Files that it can write but did not make."""
    for path in rng.sample(found := readable_files(), min(30, len(found))):
        if tried(os.open, path, os.O_WRONLY | os.O_NONBLOCK) is not None and \
                path.stat().st_uid != UID and PLAN["user"] not in ("qmailq", "qmails", "qmailr"):
            REPORT.broken(f"opened {path} for writing")
        for action in (os.unlink, os.chmod, os.chown, os.rename, os.truncate):
            words = {os.chmod: (0o777,), os.chown: (UID, -1), os.rename: (PLACE / "taken",),
                     os.truncate: (0,)}.get(action, ())
            if path.is_relative_to(HOME / "queue") or path.lstat().st_uid == UID:
                break  # Its own to spoil: that has attacks of its own.
            if tried(action, path, *words) is not None:
                REPORT.broken(f"{action.__name__} of {path}")


def grab(rng):
    """Reads all that it may, and looks for secrets in it."""
    places = [BASE, "/etc", "/tmp", "/run", "/var/qmail"]
    end = time.monotonic() + TRY_SECONDS * 0.8
    for place in rng.sample(places, len(places)):
        for where, directories, names in os.walk(place):
            rng.shuffle(directories)
            if where.startswith(str(BASE / "attack")):
                directories.clear()
                continue
            for name in names:
                path = pathlib.Path(where, name)
                with contextlib.suppress(OSError):
                    if path.is_file() and path.stat().st_size < (64 << 20) and "/bin/" not in str(path):
                        tried(read_some, path)
            if time.monotonic() > end:
                return


# Processes --------------------------------------------------------------------------------------


def send_signal(other, thread, number):
    if tried(lambda: call(LIBC.tgkill, other.pid, thread, number) + 1) and not other.is_mine \
            and other.is_still_anothers():
        REPORT.broken(f"signal {number} to thread {thread} of {other.name} ({other.pid}) of "
                      f"{sorted(other.uids)}")


def signals_to_own(rng):
    """Each process and each thread of one's own user."""
    for other in rng.sample(found := others(is_mine=True), min(3, len(found))):
        number = rng.choice(SIGNALS)
        if rng.random() < 0.5:
            tried(os.kill, other.pid, number)
        else:
            for thread in other.threads():
                send_signal(other, thread, number)


def signals_to_others(rng):
    """As fast as it goes at every thread of all others: one that is this user's for a moment will do."""
    end = time.monotonic() + HOLD_SECONDS
    targets = [other for other in others(is_mine=False) if rng.random() < 0.7]
    while time.monotonic() < end and targets:
        for other in targets:
            for thread in other.threads():
                send_signal(other, thread, rng.choice((signal.SIGSTOP, signal.SIGKILL, 0)))


def ptraces(rng):
    for other in others():
        if other.is_mine and rng.random() < 0.5:
            continue
        if tried(lambda: call(LIBC.ptrace, PTRACE_SEIZE, other.pid, None, None) + 1) is None:
            continue
        if not other.is_mine and other.is_still_anothers():
            REPORT.broken(f"traces {other.name} ({other.pid}) of {sorted(other.uids)}")
        if not other.is_mine:
            continue
        LIBC.ptrace(PTRACE_INTERRUPT, other.pid, None, None)
        time.sleep(0.05)
        with contextlib.suppress(OSError, ValueError, IndexError):
            maps = pathlib.Path(f"/proc/{other.pid}/maps").read_text().splitlines()
            line = rng.choice([line for line in maps if " rw-p " in line])
            start, end = (int(word, 16) for word in line.split()[0].split("-"))
            at = rng.randrange(start, end, 8)
            REPORT.tried(LIBC.ptrace(PTRACE_PEEKDATA, other.pid, LONG(at), None))
            if rng.random() < 0.3:
                LIBC.ptrace(PTRACE_POKEDATA, other.pid, LONG(at), LONG(rng.getrandbits(62)))
        if rng.random() < 0.5:
            time.sleep(HOLD_SECONDS)
        LIBC.ptrace(PTRACE_DETACH, other.pid, None, LONG(rng.choice((0, 0, signal.SIGSTOP))))


def LONG(value):  # ctypes passes a plain int as 32 bits.
    import ctypes
    return ctypes.c_void_p(value)


def proc_files(rng):
    names = ("environ", "cmdline", "maps", "fd", "cwd", "root", "io", "syscall", "stack", "mem", "auxv")
    for other in others():
        for name in rng.sample(names, 5):
            path = pathlib.Path(f"/proc/{other.pid}/{name}")
            if name in ("fd", "root", "cwd"):
                worked = tried(os.listdir, path)
                for entry in (worked or [])[:200] if name == "fd" else []:
                    file = tried(os.open, path / entry, rng.choice((os.O_RDONLY, os.O_RDWR)) |
                                 os.O_NONBLOCK)
                    if file is not None and not is_socket(file):
                        look_at(tried(os.read, file, 65536) or b"", path / entry)
            elif name == "mem":
                worked = read_memory(other)
            else:
                worked = tried(read_some, path, 65536)
            if worked and name in ("environ", "mem", "fd", "maps", "auxv") and not other.is_mine \
                    and other.is_still_anothers():
                REPORT.broken(f"read {path} of {other.name} of {sorted(other.uids)}")


def read_memory(other):
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{other.pid}/mem", "rb", 0) as memory:
        REPORT.tried(True)
        for line in pathlib.Path(f"/proc/{other.pid}/maps").read_text().splitlines()[:40]:
            start, end = (int(word, 16) for word in line.split()[0].split("-"))
            if " rw" in line:
                with contextlib.suppress(OSError, OverflowError):
                    memory.seek(start)
                    look_at(memory.read(min(end - start, 1 << 20)), memory.name)
        return True
    REPORT.tried()
    return False


def stolen_descriptors(rng):
    """Speaks, hears and lies on what other processes of this user hold."""
    for other in rng.sample(found := others(), min(4, len(found))):
        stolen = steal(other)
        if stolen and rng.random() < 0.3:
            tried(os.kill, other.pid, signal.SIGSTOP)
        for number, file in stolen.items():
            os.set_blocking(file, False)
            odd_flags(rng, file)
            for _ in range(3):
                data = rng.choice((garbage(rng, 64), neighbour_owned.frame(rng, other.name)))
                tried(os.write, file, data)
            ready, _, _ = select.select([file], [], [], 0)
            if ready:
                look_at(tried(os.read, file, 65536) or b"", f"{other.name} {number}")


def odd_flags(rng, file):
    """What all who hold the same open file have in common."""
    kind = rng.randrange(6)
    if kind == 0:
        tried(fcntl.fcntl, file, fcntl.F_SETPIPE_SZ, 4096)
    elif kind == 1:
        tried(fcntl.fcntl, file, fcntl.F_SETOWN, os.getpid())
        tried(fcntl.fcntl, file, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC | os.O_APPEND)
    elif kind == 2:
        tried(os.ftruncate, file, 0)
    elif kind == 3:
        tried(os.lseek, file, rng.randrange(1 << 20), os.SEEK_SET)
    elif kind == 4 and is_socket(file):
        tried(lambda: socket.socket(fileno=os.dup(file)).shutdown(rng.randrange(3)))
    else:
        tried(fcntl.flock, file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# Sockets ----------------------------------------------------------------------------------------

SMTP_LINES = (b"EHLO x\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<eva@%s>\r\n" % ME.encode(),
              b"DATA\r\n", b"Subject: x\r\n\r\nx\r\n.\r\n", b"STARTTLS\r\n", b"BDAT 99999\r\n",
              b"RSET\r\n", b"VRFY root\r\n", b"AUTH PLAIN AAAA\r\n", b"RCPT TO:<nobody-%d@%s>\r\n"
              % (os.getpid(), ME.encode()), b"X" * 3000 + b"\r\n")
POP_LINES = (b"CAPA\r\n", b"STLS\r\n", b"USER eva\r\n", b"PASS wrong\r\n", b"APOP eva 00\r\n",
             b"AUTH PLAIN\r\n", b"\0" * 500, b"STAT\r\n", b"RETR 1\r\n", b"TOP 1 99999999999\r\n")


def flood(rng):
    """Connections: silent ones, slow ones, garbage, a good beginning and garbage."""
    doors = [("unix", *door) for door in unix_sockets()] + [("tcp", port) for port in tcp_ports()]
    door = rng.choice(doors)
    manner = rng.choice(("garbage", "prefix", "slow", "silent", "close"))
    clients = []
    for _ in range(rng.choice((5, 60, 250))):
        client = tried(connect_unix, *door[1:]) if door[0] == "unix" else tried(connect_tcp, door[1])
        if client is None:
            if len(clients) > 20:
                break
            continue
        clients.append(client)
        if manner == "close":
            client.close()
        elif manner == "garbage":
            tried(client.sendall, garbage(rng))
        elif manner == "prefix":
            tried(client.sendall, prefix(rng, door) + garbage(rng, 300))
    end = time.monotonic() + HOLD_SECONDS
    while manner in ("slow", "silent") and time.monotonic() < end:
        for client in clients if manner == "slow" else ():
            tried(client.send, rng.randbytes(1))
        time.sleep(0.1)
    for client in clients[:20] if manner != "close" else ():
        hear(client, door)


def prefix(rng, door):
    if door[0] == "tcp":
        return b"".join(rng.choices(SMTP_LINES if door[1] != 110 else POP_LINES, k=4))
    whole = neighbour_owned.frame(rng, str(door[1]))
    return whole[:rng.randrange(1, len(whole) + 1)]


def descriptors_passed(rng):
    """SCM_RIGHTS: FIFOs and many of them, with bytes that make sense or none."""
    doors = unix_sockets()
    reading, writing = os.pipe()
    files = [reading, writing, *(os.dup(writing) for _ in range(100))]
    for door in rng.sample(doors, min(4, len(doors))):
        client = tried(connect_unix, *door)
        if client is None:
            continue
        for _ in range(8):
            passed = array.array("i", files[:rng.choice((1, 2, 100))])
            data = rng.choice((b"B", intake([f"eva@{ME}"]), garbage(rng, 64),
                               neighbour_owned.frame(rng, str(door[0]))))
            tried(client.sendmsg, [data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
        hear(client, door)


def odd_frames(rng):
    """Whole frames of the right form to each socket, with odd contents; and their answers."""
    for door in unix_sockets():
        client = tried(connect_unix, *door)
        if client is None:
            continue
        for _ in range(10):
            if tried(client.send, neighbour_owned.frame(rng, str(door[0]))) is None:
                break
        hear(client, door[0])
        client.close()


def odd_mail(rng):
    """By SMTP and the programs that anybody may run."""
    names = ["eva", "kim", "joe", "info", "postmaster", "nobody-there", "root", "alias", "qmaild", "-",
             "../../etc/passwd", "eva-../x", "x" * 900, "\u00e9", "joe-default", "eva-prog"]
    to = f"{rng.choice(names)}@{ME}"
    words = rng.choice((["sendmail", "-t"], ["sendmail", "-f", "", to], ["qmail-inject", to],
                        ["sendmail", "-bs"], ["qmail-queue"], ["sendmail", "-f", "#@[]", to],
                        ["predate", "qmail-inject", to], ["datemail", to], ["forward", to],
                        ["condredirect", to, "true"], ["mailsubj", "x", to]))
    text = b"Subject: odd\nTo: " + to.encode() + b"\n\n" + garbage(rng, 2000)
    environment = {"PATH": os.environ["PATH"], "NEWSENDER": "x@y.example", "SENDER": "x@y.example",
                   "DTLINE": "Delivered-To: x\n", "KOPIS_NEIGHBOUR": PLAN["user"],
                   rng.choice(("KOPIS_LIFELINE", "DOTNET_gcServer", "QMAILQUEUE", "KOPIS_HOME")):
                   rng.choice(("0", "1", str(PLACE), "/etc"))}
    tried(lambda: subprocess.run(
        [HOME / "bin" / words[0], *words[1:]], input=text, env=environment, timeout=1,
        cwd=PLACE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode + 1)


def programs(rng):
    """The host's programs as one's own: servers, cleaners and spawners with what they did not expect."""
    names = sorted(path.name for path in (HOME / "bin").iterdir())
    with contextlib.suppress(subprocess.TimeoutExpired):
        result = subprocess.run(
            [HOME / "bin" / rng.choice(names), *rng.sample(
                ["--serve", "--orders", "--batch", "./Maildir/", "-", "alias", str(UID), "0", "x"],
                rng.randrange(4))], input=rng.choice((garbage(rng, 300), neighbour_owned.frame(rng, ""))),
            env={"KOPIS_NEIGHBOUR": PLAN["user"], "PATH": os.environ["PATH"]}, timeout=1,
            cwd=PLACE, capture_output=True)
        look_at(result.stdout + result.stderr, result.args)
    REPORT.tried(True)


def exhaustion(rng):
    """Descriptors, processes, or its own disk: all that there is of them."""
    kind = rng.randrange(3)
    if kind == 0:
        while tried(os.dup, 0) is not None:
            pass
        for door in unix_sockets():
            tried(connect_unix, *door)
    elif kind == 1:
        for _ in range(60):
            child = tried(os.fork)
            if child == 0:
                time.sleep(HOLD_SECONDS)
                os._exit(0)
            if child is None:
                break
        time.sleep(HOLD_SECONDS / 2)
    else:
        fill = DISK / f"fill-{os.getpid()}"
        with open(fill, "wb", 0) as file:
            while tried(file.write, bytes(1 << 20)):
                pass
        time.sleep(HOLD_SECONDS / 2)
        fill.unlink()


GENERAL = (links_and_files, renames, locks, writes, grab, signals_to_own, signals_to_others, ptraces,
           proc_files, stolen_descriptors, flood, flood, descriptors_passed, odd_frames, odd_mail,
           programs, exhaustion)


def one(attack, seed):
    """In a process of its own."""
    signal.alarm(2)
    REPORT.begin(attack.__name__)
    try:
        neighbour_owned.mark(attack.__name__)
        attack(random.Random(seed))
    except (OSError, MemoryError, subprocess.SubprocessError, struct.error, EOFError):
        pass  # It ran out of what it took, or its target did.
    except (AttributeError, LookupError, NameError, TypeError) as bug:
        REPORT.broken(f"the attack itself is wrong: {bug!r}")
    REPORT.end()


def worker(number, end):
    attacks = GENERAL + neighbour_owned.ATTACKS.get(PLAN["user"], ()) * 4
    rng = random.Random(f"{PLAN['seed']}/{PLAN['user']}/{number}")
    while time.monotonic() < end:
        attack, seed = rng.choice(attacks), rng.getrandbits(64)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                one(attack, seed)
                code = 0
            finally:
                os._exit(code)
        limit = min(time.monotonic() + TRY_SECONDS, end + 0.5)
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            if time.monotonic() > limit:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                REPORT.write(kind=attack.__name__, tried=0, worked=0, ended=1)
                break
            time.sleep(0.005)


def main():
    os.umask(0o077)
    end = time.monotonic() + PLAN["seconds"]
    children = []
    for number in range(WORKERS):
        child = os.fork()
        if child == 0:
            worker(number, end)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    print("done", file=sys.stderr)


if __name__ == "__main__":
    main()

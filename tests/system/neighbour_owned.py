"""What each user of a host has for himself, and what he does with it when he is hostile."""

import array
import contextlib
import json
import os
import pathlib
import poplib
import signal
import socket
import ssl
import struct
import subprocess
import time

from neighbour_tools import (HOME, LIBC, ME, PLACE, DISK, BASE, PLAN, REPORT, UID, call, connect_unix,
                             exchange, garbage, hear, intake, is_socket, look_at, lookup, others, steal, tried)

HOLD_SECONDS = 0.6
MAIL = HOME / "users/mail"
VIRTUAL = PLAN["virtual"]
LIES = (b"joe", b"root", b"alias", b"eva", b"nobody", b"qmaild")


def mark(kind):
    """A file whose owner says as whom this ran: that is looked at from outside."""
    name = f"{PLAN['user']}-{kind}-{os.getpid()}-{time.monotonic_ns()}"
    path = os.path.join(PLAN["collector"], name)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def places(user):
    """Directories that it may write."""
    own = {"alias": [HOME / "alias", HOME / "alias/Maildir", MAIL, MAIL / VIRTUAL,
                     MAIL / VIRTUAL / "mallory", MAIL / VIRTUAL / "mallory/Maildir",
                     MAIL / VIRTUAL / "mallory/Maildir/new", MAIL / VIRTUAL / "vera"],
           "qmaild": [HOME / "tls", HOME / "greylist"],
           "qmaill": [HOME / "journal"], "qmailw": [HOME / "web"],
           "qmailq": [HOME / "queue", HOME / "queue/mess", HOME / "queue/mess/incoming",
                      HOME / "queue/lock"],
           "qmails": [HOME / "queue/state", HOME / "queue/bounce", HOME / "queue/command"],
           "joe": [BASE / "joe", BASE / "joe/Maildir", BASE / "joe/Maildir/new",
                   BASE / "joe/Maildir/tmp", BASE / "joe/Maildir/cur"]}.get(user, [])
    return [place for place in own if place.is_dir()] + [PLACE, DISK, pathlib.Path("/tmp")]


def names(user):
    """Names that others open there."""
    return {"alias": [".qmail-odd", ".qmail-default", "Maildir", "mallory", "vera", VIRTUAL, "new", "tmp",
                      "cur", ".qmail", "quota", "maildirsize"],
            "qmaild": ["account.key", "key.pem", "cert.pem", "servercert.pem", "order"],
            "qmaill": ["socket", "2026-11-30T000000.000000.jsonl", "2026-11-30T000000.000000.idx"],
            "qmailw": ["password", "password.new", "token", "token.new"],
            "qmailq": ["seg-0000000000", "seg-ffffffff", "incoming", "body-1", "writer", "odd"],
            "qmails": ["log-1", "log-999999", "snapshot", "snapshot-1", "1", "2", "state.tmp"],
            "joe": [".qmail", ".qmail-odd", ".qmail-default", "Maildir", "Mailbox", "new", "tmp", "cur",
                    ".forward"]}.get(user, ["odd"])


# Frames -----------------------------------------------------------------------------------------


def frame(rng, hint):
    """Bytes of the form that this socket or process expects, with odd contents."""
    kinds = {"intake": intake_frame, "lookup": lookup_frame, "readers": reader_frame,
             "qmail-queue": intake_frame, "qmail-lookup": lookup_frame, "qmail-getpw": lie,
             "qmail-clean": clean_request, "qmail-lspawn": order, "qmail-rspawn": order,
             "journal": records, "qmail-send": report, "qmail-local": local_frame}
    for name, make in kinds.items():
        if name in hint:
            return make(rng)
    return rng.choice(list(kinds.values()))(rng)


def intake_frame(rng):
    whole = rng.choice((
        intake([f"eva@{ME}"], origin=rng.choice((0, 1, 2, 9))), intake([f"kim@{ME}"] * 300),
        intake([f"joe-odd@{ME}"]), intake([]), intake(["\0", "@", "a" * 5000]),
        intake(["x@elsewhere.example"], sender=""), intake([f"joe@{ME}"], sender="#@[]"),
        intake([f"eva@{ME}"], body="x" * 100_000)))
    return rng.choice((
        whole, whole, whole[:rng.randrange(len(whole))], whole[rng.randrange(20):],
        b"M" + struct.pack("<I", 0xffffffff), b"B\0\0\0\0\0E" + struct.pack("<I", 16 << 20) + b"F",
        b"B\0\0\0\0\0" * 50, b"B\0\1\0\0\0M" + struct.pack("<I", 65537) + bytes(100),
        b"B\0\0\0\0\0E\4\0\0\0Fa\0P", b"Z" + bytes(20)))


def records(rng):
    """Of the journal: what is one, what nearly is, and what forges another's."""
    return rng.choice((
        b'{"e":"accept","msg":%d,"from":"forged"}\n' % rng.randrange(1 << 40) * rng.choice((1, 100)),
        b'{"e":"new","by":"qmails","t":"2000-01-01T00:00:00Z"}\n', b'{"e":"new"}', b'{"e":"new"}\n' * 2000,
        b'{"e":"new","a":' + b"[" * 5000, b'{"e":"\xff\x1b[2J"}\n', b"\n" * 3000, bytes(32768)))


def lookup_frame(rng):
    name = rng.choice((b"joe", b"nobody-%d" % rng.randrange(10**6), b"root", b"", b"a" * 3000,
                       b"../../etc/passwd", b"joe-odd", b"mallory@" + VIRTUAL.encode()))
    return rng.choice((
        lookup(b"R", name, ME.encode()), lookup(b"A", b"joe", name), lookup(b"S", name),
        lookup(b"P", b"10.%d.1.1" % rng.randrange(256), name, b"wrong"), lookup(b"R", name),
        lookup(b"V", b"127.0.0.1", name, b"n=x,r=y", bytes(32)), lookup(b"\xff", name),
        struct.pack("<H", 0xffff) + bytes(30), struct.pack("<H", 0), lookup(b"P", *[b"x"] * 40)))


def reader_frame(rng):
    """A ticket that nobody signed, in the form of ReaderRequest.cs and ReaderTicket.cs."""
    name, home = rng.choice(((b"joe", BASE / "joe"), (b"eva", BASE / "eva"), (b"root", "/root")))
    uid = rng.choice((0, UID, 21000, 0xffffffff))
    ticket = struct.pack("<Q16sII", rng.getrandbits(63), rng.randbytes(16), uid, uid) + name + b"\0" \
        + str(home).encode() + b"\0" + rng.randbytes(32)
    maildir = rng.choice((b"Maildir", b"../eva/Maildir", b"/etc", b"x" * 255))
    return rng.choice((bytes([rng.randrange(3), len(maildir)]) + maildir + ticket, ticket,
                       b"\1\xffMaildir", ticket[:rng.randrange(len(ticket))]))


def lie(rng):
    name = rng.choice(LIES)
    uid = rng.choice((b"0", b"4294967295", b"%d" % UID, b"-1", b"21000", b"99999"))
    home = rng.choice((b"/", b"/root", str(BASE / "eva").encode(), str(BASE / "root-only").encode()))
    if rng.random() < 0.3:  # All true, but of another than who was asked for.
        name, uid, home = b"joe", b"%d" % os.stat(BASE / "joe").st_uid, str(BASE / "joe").encode()
    return b"\0".join([name, uid, uid, home, b"", b""]) + b"\0"


def clean_request(rng):
    return rng.choice((b"foop/%d" % rng.randrange(1 << 34), b"segm/%d" % rng.randrange(9), b"segm/../x",
                       b"hole/0/%d/%d" % (rng.randrange(1 << 26), rng.randrange(1 << 16)),
                       b"foop/-1", b"foop/../../../etc/passwd", b"x" * 200)) + b"\0"


def order(rng):
    number = rng.randrange(1 << 26)
    to = rng.choice((b"joe", b"root", b"eva", b"alias", b"qmaild", b"joe-odd", b"../x")) + b"@" + ME.encode()
    return rng.choice((
        bytes([rng.randrange(256)]) + b"%d/%d\0a@b.example\0%s\0" % (number % 23, number, to),
        b"\0../../etc/passwd\0\0%s\0" % to, struct.pack("<I", rng.randrange(99)) + to + b"\0",
        struct.pack("<II", rng.randrange(99), 0) + to))


def report(rng):
    return bytes([rng.randrange(256)]) + rng.choice((b"K", b"D", b"Z", b"x", b"P")) + b"Lie\0"


def local_frame(rng):
    """A grant or an order in the form of LocalChannel.cs."""
    arguments = [b"eva", str(BASE / "eva").encode(), b"eva", b"", b"", ME.encode(), b"", b"|id"]
    grant = struct.pack("<I", rng.randrange(99)) + b"".join(word + b"\0" for word in arguments)
    body = struct.pack("<IB", rng.randrange(99), 0) + b"a@b.example\0Subject: forged\n\nforged\n"
    return rng.choice((grant, struct.pack("<I", len(body)) + body, struct.pack("<I", 0xffffffff)))


# Users with .qmail files ------------------------------------------------------------------------


def dot_lines(rng):
    """Instructions of a .qmail file, and what they are for."""
    collector = f"{PLAN['collector']}/{PLAN['user']}-dot-$$-$(date +%N)"
    return rng.choice((
        f"|id > {collector}\n", f"|id > {collector}; sleep 20\n", f"|id > {collector}; exit 99\n",
        f"|id > {collector}; kill -STOP $PPID\n", f"|id > {collector}; kill -9 $PPID\n",
        f"|id > {collector}; trap '' TERM HUP; kill -STOP $$\n",
        f"|id > {collector}; (setsid sleep 30 &) ; exit 111\n",
        f"|(env; ls -l /proc/self/fd /proc/$PPID/fd; cat /proc/$PPID/environ; cat <&3 <&4) "
        f"> {PLACE}/inherited-$$ 2>&1; id > {collector}\n",
        f"|head -c 3000000 /dev/zero; id > {collector}\n", f"|{BASE}/attack/none\n",
        f"{BASE}/eva/Maildir/\n", f"{BASE}/root-only/inside/\n", "./Mailbox\n", "/etc/secret\n",
        "./Maildir/new/\n", f"{DISK}/Mailbox\n", f"{DISK}/fifo\n", "&eva\n", f"&joe-odd@{ME}\n" * 5,
        "&" + "x" * 5000 + "\n", "#\n" * 20000, "\0\n", "./" + "a/" * 800 + "\n"))


def deliveries(rng):
    """Odd instructions, and mail that goes to them."""
    home = HOME / "alias" if PLAN["user"] == "alias" else BASE / "joe"
    box = f"odd{rng.randrange(9)}" if PLAN["user"] == "alias" else f"joe-odd{rng.randrange(9)}"
    path = home / f".qmail-{box.removeprefix('joe-')}"
    with contextlib.suppress(OSError):
        path.unlink()
    kind = rng.randrange(6)
    if kind == 0:
        tried(os.symlink, rng.choice((BASE / "eva/secret", "/etc/secret", BASE / "root-only/inside/secret",
                                      "/dev/zero", "/proc/self/environ")), path)
    elif kind == 1:
        tried(os.mkfifo, path)
    else:
        tried(path.write_text, dot_lines(rng))
        tried(path.chmod, rng.choice((0o600, 0o644, 0o644, 0o666, 0)))
    with contextlib.suppress(OSError):
        os.mkfifo(DISK / "fifo")
    for _ in range(3):
        tried(lambda: subprocess.run(
            [HOME / "bin/sendmail", f"{box}@{ME}"], input=b"Subject: odd\n\nodd\n", timeout=1,
            env={"KOPIS_NEIGHBOUR": PLAN["user"]}, stderr=subprocess.DEVNULL).returncode + 1)


def mailbox(rng):
    """Where one's mailbox was there is another's, to and fro, while mail and readers come."""
    if PLAN["user"] == "alias":
        name, home = f"mallory@{VIRTUAL}", MAIL / VIRTUAL / "mallory"
        target = rng.choice((home, home / "Maildir", home / "Maildir/new", home / "Maildir/cur",
                             MAIL / VIRTUAL))
    else:
        name, home = "joe", BASE / "joe"
        target = rng.choice((home / "Maildir", home / "Maildir/new", home / "Maildir/cur"))
    secret = rng.choice((BASE / "eva/Maildir", BASE / "root-only/inside", BASE / "root-only",
                         BASE / "eva/Maildir/cur", "/root", HOME / "control", BASE / "eva",
                         HOME / "alias", BASE / "kim/Maildir"))
    other = target.parent / f"flip-{os.getpid()}"
    if tried(os.symlink, secret, other) is None and not other.is_symlink():
        return
    if not tried(target.exists):
        return
    child = os.fork()
    if child == 0:
        with contextlib.suppress(Exception):
            send_and_read(name)
        os._exit(0)
    end, turns = time.monotonic() + HOLD_SECONDS, 0
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            exchange(target, other)
            turns += 1
            REPORT.tried(True)
        time.sleep(rng.choice((0, 0.001, 0.02)))
    with contextlib.suppress(OSError):
        if target.is_symlink():
            exchange(target, other)
        other.unlink()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def send_and_read(name):
    address = name if "@" in name else f"{name}@{ME}"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    while True:
        subprocess.run([HOME / "bin/sendmail", address], input=b"Subject: flip\n\nflip\n",
                       env={"KOPIS_NEIGHBOUR": PLAN["user"]}, stderr=subprocess.DEVNULL, timeout=2)
        with contextlib.suppress(OSError, EOFError, poplib.error_proto):
            client = poplib.POP3("127.0.0.1", 110, timeout=2)
            client.stls(context)
            client.user(name)
            client.pass_(PLAN["passwords"][name])
            for number in range(1, min(client.stat()[0], 30) + 1):
                look_at(b"\n".join(client.retr(number)[1]), f"POP3 as {name}")
            client.quit()


def readers(rng):
    """One's own mailbox by POP3, with all that may be asked there."""
    name = f"mallory@{VIRTUAL}" if PLAN["user"] == "alias" else "joe"
    child = os.fork()
    if child == 0:
        with contextlib.suppress(Exception):
            send_and_read(name)
        os._exit(0)
    time.sleep(HOLD_SECONDS)
    for other in others(is_mine=True):
        if other.name in ("qmail-pop3d", "qmail-local") and rng.random() < 0.5:
            tried(os.kill, other.pid, rng.choice((signal.SIGSTOP, signal.SIGKILL)))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


# Users of the suite -----------------------------------------------------------------------------


def stop_one(rng):
    """Stops a process of this user for good: whoever waits for it is to notice."""
    for other in others(is_mine=True):
        if rng.random() < 0.5:
            tried(os.kill, other.pid, signal.SIGSTOP)


def false_answers(rng):
    """Takes the place of a process that answers others: stops it and speaks on what it holds."""
    names = {"qmailp": ("qmail-getpw", "qmail-lookup"), "qmailr": ("qmail-rspawn",),
             "qmails": ("qmail-send", "qmail-lspawn"), "qmailq": ("qmail-queue", "qmail-clean"),
             "qmaild": ("tcpserver",), "qmaill": ("splogger", "qmail-journal"),
             "qmailw": ("kopis-web",)}[PLAN["user"]]
    end = time.monotonic() + HOLD_SECONDS
    while time.monotonic() < end:
        for other in others(is_mine=True):
            if other.name not in names:
                continue
            stolen = steal(other)
            if stolen:
                tried(os.kill, other.pid, signal.SIGSTOP)
            speak(rng, other, stolen)
            tried(os.kill, other.pid, rng.choice((signal.SIGCONT, signal.SIGKILL)))
        time.sleep(0.02)


def speak(rng, other, stolen):
    end = time.monotonic() + HOLD_SECONDS / 2
    while stolen and time.monotonic() < end:
        for number, file in stolen.items():
            with contextlib.suppress(OSError):
                os.set_blocking(file, False)
                if PLAN["user"] == "qmailp" and is_socket(file):
                    lie_to_who_asks(rng, file)
                else:
                    look_at(os.read(file, 65536), f"{other.name} {number}")
            if number < 8:
                tried(os.write, file, frame(rng, other.name))
        time.sleep(0.01)
    for file in stolen.values():
        with contextlib.suppress(OSError):
            os.close(file)


def lie_to_who_asks(rng, file):
    """qmail-getpw's part: a question comes with the socket on which it is answered."""
    import socket
    with socket.socket(fileno=os.dup(file)) as service:
        heard, passed, _, _ = socket.recv_fds(service, 65536, 8)
    look_at(heard, "a question of qmail-getpw")
    for answer in passed:
        REPORT.tried(True)
        os.write(answer, rng.choice((b"\0", b"", b"\3", b"\x64")) + lie(rng))
        os.close(answer)


def spoil_files(rng):
    """Odd records in files that this user may write, and names of files in the place of others."""
    wanted = {"qmailr": [HOME / "queue/lock/tcpto"], "qmails": [HOME / "queue/state", HOME / "queue/bounce"],
              "qmailq": [HOME / "queue/mess", HOME / "queue/mess/incoming", HOME / "queue/lock"],
              "qmaild": [HOME / "tls", HOME / "greylist"], "qmaill": [HOME / "journal"],
              "qmailw": [HOME / "web"]}[PLAN["user"]]
    paths = [path for place in wanted for path in (place.iterdir() if place.is_dir() else [place])]
    for path in rng.sample(paths, min(3, len(paths))):
        if not path.is_file():
            tried(path.unlink)
            continue
        file = tried(os.open, path, os.O_RDWR | os.O_NONBLOCK)
        if file is None:
            continue
        size = os.fstat(file).st_size
        kind = rng.randrange(4)
        if kind == 0:
            tried(os.pwrite, file, garbage(rng, 200), rng.randrange(size + 1))
        elif kind == 1:
            tried(os.pwrite, file, garbage(rng, 64), size)
        elif kind == 2:
            tried(os.ftruncate, file, rng.randrange(size + 1))
        else:
            tried(os.rename, path, path.with_name(f"gone-{rng.randrange(9)}"))
        os.close(file)


def false_listener(rng):
    """A socket of one's own in the place of the queue's, or beside it, and back."""
    import socket
    path, aside = HOME / "queue/intake", HOME / "queue/intake.aside"
    if tried(os.rename, path, aside) is None and not aside.exists():
        return
    with socket.socket(socket.AF_UNIX) as server:
        if tried(server.bind, str(path)) is not None or path.exists():
            os.chmod(path, 0o666)
            server.listen(16)
            server.settimeout(0.2)
            end = time.monotonic() + HOLD_SECONDS
            while time.monotonic() < end:
                with contextlib.suppress(OSError):
                    client, _ = server.accept()
                    client.settimeout(0.2)
                    hear(client, "false intake")
                    tried(client.sendall, bytes(13))
        tried(os.rename, aside, path)


def guesses(rng):
    """qmail-lookup's questions by the thousand, as the listeners ask them."""
    client = tried(connect_unix, str(HOME / "users/lookup"), 1, 1)
    end = time.monotonic() + HOLD_SECONDS
    while client and time.monotonic() < end:
        if tried(client.send, lookup_frame(rng)) is None:
            client = tried(connect_unix, str(HOME / "users/lookup"), 1, 1)
        elif not hear(client, "lookup"):
            client = tried(connect_unix, str(HOME / "users/lookup"), 1, 1)


def reader_ticket(answer):
    """The last field of qmail-lookup's answer to a login that was right; None: there is none."""
    for start in range(3, max(3, len(answer) - 40)):
        (length,) = struct.unpack_from("<H", answer, start)
        if start + 2 + length == len(answer) and length > 64:
            return bytearray(answer[start + 2:])
    return None


def tickets(rng):
    """A good ticket, of a login that was right: used twice, late, and with one byte changed."""
    client = tried(connect_unix, str(HOME / "users/lookup"), socket.SOCK_STREAM, 1)
    if client is None or tried(client.send, lookup(
            b"P", b"10.2.3.4", b"joe", PLAN["passwords"]["joe"].encode())) is None:
        return
    ticket = reader_ticket(hear(client, "lookup"))
    if ticket is None:
        REPORT.tried()
        return
    for turn in range(6):
        if turn > 1:
            ticket[rng.randrange(len(ticket))] ^= 1 << rng.randrange(8)
        post = tried(connect_unix, str(HOME / "users/readers"), socket.SOCK_SEQPACKET, 0.5)
        ours, theirs = socket.socketpair()
        ours.settimeout(0.3)
        if post is None or tried(post.sendmsg, [b"\1\7Maildir" + ticket], [
                (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))]) is None:
            continue
        hear(post, "readers")
        said = hear(ours, "a reader")
        if said.startswith(b"+OK") and turn > 0:
            REPORT.broken(f"a ticket served {'twice' if turn == 1 else 'that was changed'}")


def fill_log(rng):
    """Lines of log by the hundred, forged ones among them."""
    import socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        if tried(client.connect, "/dev/log") is None:
            return
        for _ in range(300):
            tried(client.send, b"<22>qmail: 1.0 delivery 1: success: forged_%d" % rng.randrange(99))


def trigger(rng):
    """The FIFO that wakes qmail-send, full and overfull; and its locks."""
    for name in ("trigger", "sendmutex", "writer", "tcpto"):
        file = tried(os.open, HOME / "queue/lock" / name, os.O_RDWR | os.O_NONBLOCK)
        if file is not None:
            tried(os.write, file, bytes(rng.choice((1, 4096, 65536))) if name == "trigger" else b"")
            tried(call, LIBC.flock, file, rng.choice((1 | 4, 2 | 4)))
            time.sleep(0.2)
            os.close(file)


def commands(rng):
    """What the dashboard may ask of qmail-send, what it may not, and more than its places. It pauses
    no destination: an administrator would have to resume it."""
    path = HOME / "queue/command/send"
    held = []
    for _ in range(20):
        one = tried(connect_unix, str(path), socket.SOCK_STREAM)
        if one is not None:
            held.append(one)
    for _ in range(10):
        verb = rng.choice(b"LHFTBXDYRS")
        fields = b"d" + struct.pack("<H", len(ME)) + ME.encode() if rng.random() < 0.5 else b""
        if verb == ord("R"):
            fields += b"a" + struct.pack("<H", 8) + b"x@y.zone"
        one = tried(connect_unix, str(path), socket.SOCK_STREAM)
        if one is None:
            continue
        with one:
            one.settimeout(HOLD_SECONDS)
            tried(one.sendall, struct.pack("<I", 1 + len(fields)) + bytes([verb]) + fields)
            look_at(tried(one.recv, 4096) or b"", "qmail-send's answer")
    for one in held:
        tried(one.sendall, garbage(rng, 100))
        one.close()


def settings_message(rng):
    """A message to a user's process that writes his settings, and whether it may be taken."""
    program = rng.choice(("|id > %s/qmailw-own-$$" % PLAN["collector"], "a@b.example\n|id", "/etc/secret",
                          "./Maildir/new/", "|vacation;id", "&joe", "a@b.example\0|id"))
    good = {"forwards": ["x@elsewhere.example"], "copy": True, "away": False, "text": ""}
    made = rng.choice((good, {**good, "forwards": [program]}, {**good, "forwards": ["a@b.example", program]},
                       {**good, "away": True, "text": "x\n|id\n"}, {**good, "text": "x" * 40_000},
                       {**good, "forwards": [["a@b.example"]]}, {}, [program], {"do": program}))
    body = rng.choice((json.dumps(made).encode(), json.dumps(made).encode(), garbage(rng, 300),
                       b"[" * 5000, b""))
    length = len(body) if rng.random() < 0.8 else rng.choice((0, 1, 1 << 16, 0xffffffff))
    return struct.pack("<I", length) + body, made is good


def own_settings(rng):
    """A user's settings, by a password that the dashboard has heard; and with the same ticket what is
    the listeners' to ask for."""
    client = tried(connect_unix, str(HOME / "users/lookup"), socket.SOCK_STREAM, 1)
    if client is None or tried(client.send, lookup(
            bytes([ord("P") | 0x80]), b"10.2.3.4", b"joe", PLAN["passwords"]["joe"].encode())) is None:
        return
    ticket = reader_ticket(hear(client, "lookup"))
    post = tried(connect_unix, str(HOME / "users/readers"), socket.SOCK_SEQPACKET, 0.5)
    if ticket is None or post is None:
        return
    kind = rng.choice((0, 1, 2, 2, 2, 3, 255))
    if rng.random() < 0.2:
        ticket[rng.randrange(len(ticket))] ^= 1 << rng.randrange(8)
        kind = 0
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(0.6)
        tried(post.sendmsg, [bytes([kind]) + b"\7Maildir" + ticket], [
            (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
        theirs.close()
        first = tried(ours.recv, 1)
        if first and kind != 2:
            REPORT.broken(f"the dashboard's user got a reader of kind {kind}")
        while first and kind == 2:
            message, is_good = settings_message(rng)
            if tried(ours.sendall, message) is None:
                break
            answer = tried(ours.recv, 65536)
            look_at(answer or b"", "a user's settings")
            if not answer:
                break
            if b"|id" in answer or b"/etc/secret" in answer or (b"forwards" in answer and not is_good
                                                                and b"Maildir/new" in answer):
                REPORT.broken(f"settings were taken: {answer[:300]}")


PLAIN = (deliveries, mailbox, readers)
SUITE = (stop_one, false_answers)
ATTACKS = {
    "joe": PLAIN, "alias": PLAIN, "qmaild": (*SUITE, guesses, tickets, spoil_files), "qmailp": SUITE,
    "qmailw": (*SUITE, commands, own_settings, spoil_files), "qmaill": (*SUITE, fill_log, spoil_files), "qmailr": (*SUITE, spoil_files, trigger),
    "qmails": (*SUITE, spoil_files, trigger), "qmailq": (*SUITE, spoil_files, false_listener, trigger),
}

"""What is measured. A group starts its servers once a round and yields (scenario, figures).

Each scenario counts what arrived: a message accepted and not there is an error, not a figure.
"""

import os
import pathlib
import re
import resource
import selectors
import socket
import time

from load import Client, Directory, Pop3, Watch, body, send, source
from peers import Exim, OpenSmtpd
from servers import (
    NOBODY, PASSWORD, USERS, Dovecot, Keeper, Kopis, Peer, SmtpSink, fan_domain, free_port)
from sink import Sink

HOLD = "x@hold.test"


class Field:
    """Who takes part: Kopis, perhaps its binary of before, and the peers unless they are left out."""

    kopis = [Kopis]
    peers = True

    @classmethod
    def servers(cls, *peers):
        return [*cls.kopis, *(peers if cls.peers else ())]


SIZES = {"1 KiB": 1 << 10, "64 KiB": 64 << 10, "200 KiB": 200 << 10, "1 MiB": 1 << 20}

# Mail is taken and kept.
STILL = {"concurrencylocal": "0", "concurrencyremote": "0"}


class Counts:
    """How much of each thing a run does."""

    def __init__(self, quick):
        self.quick = quick
        self.messages = 1500 if quick else 4000
        self.single = 200 if quick else 500
        self.local = 500 if quick else 2000
        self.sized = 100 if quick else 400
        self.lone = 50 if quick else 200
        self.relay = 600 if quick else 3000
        self.recipients = 500 if quick else 1000
        self.list = 2000 if quick else 10_000
        self.idle = 2000 if quick else 10_000
        self.deferred = 100_000 if quick else 1_000_000
        self.waiting = 50_000 if quick else 1_000_000
        self.letters = 200 if quick else 1000


def delivered(server, boxes):
    found = 0
    for i in boxes:
        new = server.box(i) / "new"
        found += sum(1 for _ in os.scandir(new)) if new.is_dir() else 0
    return found


def wait_delivered(server, boxes, count, timeout=300):
    """Until they are in the Maildirs; when the last came (by its inode)."""
    end = time.monotonic() + timeout
    while (now := delivered(server, boxes)) < count:
        if time.monotonic() > end:
            raise AssertionError(f"{server.name}: {now} of {count} messages arrived")
        time.sleep(0.01)
    if now > count:
        raise AssertionError(f"{server.name}: {now} messages where {count} were sent")
    return max(entry.stat().st_ctime_ns for i in boxes
               for entry in os.scandir(server.box(i) / "new")) / 1e9


def queued(server):
    """How many messages a server that delivers nothing has taken so far."""
    if isinstance(server, Kopis):
        return len(re.findall(r"^info msg ", server.log(), re.M))
    if isinstance(server, Peer):
        return sum(len(files) for _, _, files in os.walk(server.base / "queue/hold"))
    return server.held() if isinstance(server, (Exim, OpenSmtpd)) else None


def fewer(server, messages, least=1):
    """How many a server is sent, in whole `least`: the slow ones need no more for a rate."""
    return max(least, messages // getattr(server, "slowness", 1) // least * least)


def at_once(server, sessions):
    """How many sessions a server can have that begin together."""
    return min(sessions, getattr(server, "sessions_most", sessions))


def measured(server, messages, run):
    """Runs; CPU seconds for 1,000 messages beside what `run` tells."""
    server.settled()
    cpu = server.group.seconds()
    figures = run()
    figures["cpu"] = (server.group.seconds() - cpu) / messages * 1000
    server.settled()
    figures["cpu_all"] = (server.group.seconds() - cpu) / messages * 1000
    return figures


def intake(counts):
    """Mail that is taken and kept; nothing is delivered meanwhile."""
    cases = [("intake, 50 sessions, a connection per message", counts.messages, 50, False),
             ("intake, 50 sessions, many messages per connection", counts.messages, 50, True),
             ("intake, 1 session", counts.single, 1, False),
             ("intake, 1,000 sessions at once", counts.messages, 1000, False)]
    for make in Field.servers(Peer, Exim, OpenSmtpd, SmtpSink):
        server = make(**STILL) if issubclass(make, Kopis) else make()
        try:
            source(server.port, 50, at_once(server, 10), HOLD)
            server.settled()
            for title, messages, sessions, keep in cases:
                if sessions == 1000 > at_once(server, sessions):
                    continue
                messages = fewer(server, messages, sessions)
                sessions = at_once(server, sessions)
                before = queued(server)

                def run(messages=messages, sessions=sessions, keep=keep):
                    seconds = source(server.port, messages, sessions, HOLD, keep)
                    return {"rate": messages / seconds}

                figures = measured(server, messages, run)
                with Watch(server.port, HOLD) as watch:
                    source(server.port, messages, sessions, HOLD, keep)
                figures |= {"p50": watch.at(0.5), "p99": watch.at(0.99)}
                server.settled()
                sent = 2 * messages + len(watch.times)
                if before is not None and queued(server) != before + sent:
                    raise AssertionError(
                        f"{server.name}: {queued(server) - before} of {sent} messages")
                yield title, server.name, figures
            yield "memory after intake", server.name, {"processes": server.group.by_program()}
        finally:
            server.close()


def durability(counts):
    """The same intake with and without syncs (libeatmydata makes them do nothing)."""
    [library] = list(pathlib.Path("/usr/lib").glob("*/libeatmydata.so"))
    for name, environ in (("Kopis", {}), ("without sync", {"LD_PRELOAD": str(library)})):
        prefix = ["env", *(f"{k}={v}" for k, v in environ.items())]
        server = Kopis(prefix=prefix, **STILL)
        try:
            source(server.port, 50, 10, HOLD)
            server.settled()
            seconds = source(server.port, counts.messages, 50, HOLD)
            yield "cost of durability", name, {"rate": counts.messages / seconds}
        finally:
            server.close()


def syncs(counts):
    """System calls that wait for the disk, of a whole server, for each message."""
    for sessions in (10, USERS):
        yield from syncs_of(counts, sessions)


def syncs_of(counts, sessions):
    calls = "fsync,fdatasync,sync_file_range,syncfs,sync"
    for make in Field.servers(Peer):
        trace = pathlib.Path(f"/tmp/kopis-bench-{os.getpid()}.strace")
        try:
            server = make(prefix=["strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace={calls}",
                                  "-o", str(trace)])
            try:
                server.users()
                before = trace.read_text().count("sync(") if trace.exists() else 0
                messages = counts.local
                boxes = range(sessions)
                send(server.port, messages, sessions, addresses(boxes))
                wait_delivered(server, boxes, messages)
                server.settled()
                after = trace.read_text().count("sync(")
                yield (f"syncs per message, received over {sessions} sessions and delivered",
                       server.name,
                       {"value": (after - before) / messages})
            finally:
                server.close()
        finally:
            trace.unlink(missing_ok=True)


def addresses(boxes):
    return [f"u{i}@local.test" for i in boxes]


def local_load(counts):
    """The load of the scenarios below against a server that keeps nothing, and against one thread
    that writes each message to its Maildir and syncs, with no queue and nobody's rights: what one
    that keeps and delivers could reach at most."""
    cases = [("50 users, to Maildir/new", counts.local, USERS, USERS, {}),
             ("one user", counts.local, 20, 1, {}),
             ("one user, forwarded to three others", counts.local // 4, 20, 1, {}),
             *((f"messages of {name}", counts.sized, 10, 10, {"size": size})
               for name, size in SIZES.items())]
    for make in (SmtpSink, Keeper):
        server = make()
        try:
            for title, messages, sessions, users, size in cases:
                if make is Keeper and "forwarded" in title:
                    continue
                to = addresses(range(users))

                def run(messages=messages, sessions=sessions, to=to, size=size):
                    load = send(server.port, messages, sessions, to, **size)
                    return load | {"rate": messages / load["seconds"]}

                yield (f"local delivery, {title}", server.name, measured(server, messages, run))
            if make is Keeper:
                kept = sum(1 for _ in server.mail.glob("*/new/*"))
                sent = sum(case[1] for case in cases if "forwarded" not in case[0])
                if kept != sent:
                    raise AssertionError(f"{kept} of {sent} messages are kept")
        finally:
            server.close()


def local(counts):
    """From the client to Maildir/new."""
    if Field.peers:
        yield from local_load(counts)
    for make in Field.servers(Peer, Exim, OpenSmtpd):
        server = make()
        try:
            server.users()
            some = fewer(server, counts.local, USERS)
            source(server.port, 20, at_once(server, 5), "u0@local.test")
            wait_delivered(server, [0], 20)
            clear(server, [0])

            def users():
                began = time.time()
                boxes = range(USERS)
                load = send(server.port, some, at_once(server, USERS), addresses(boxes))
                end = wait_delivered(server, boxes, some)
                return load | {"rate": some / (end - began)}

            yield ("local delivery, 50 users, to Maildir/new", server.name,
                   measured(server, some, users))
            clear(server, range(USERS))

            def one_user():
                began = time.time()
                load = send(server.port, some, at_once(server, 20), addresses([0]))
                return load | {"rate": some / (wait_delivered(server, [0], some) - began)}

            yield "local delivery, one user", server.name, measured(server, some, one_user)
            clear(server, [0])
            yield from sizes(server, counts)
            yield "one local mail on an idle host, 250 to Maildir/new", server.name, lone(
                server, counts.lone)
            clear(server, [0])
            server.forward()
            hub = "hub@local.test" if isinstance(server, Kopis) else "hub@mta.test"
            messages = some // 4

            def forward():
                began = time.time()
                load = send(server.port, messages, at_once(server, 20), [hub])
                end = wait_delivered(server, range(3), 3 * messages)
                return load | {"rate": messages / (end - began)}

            yield ("local delivery, one user, forwarded to three others", server.name,
                   measured(server, messages, forward))
            clear(server, range(3))
            if isinstance(server, (Kopis, Peer)):  # The others limit a message by default.
                yield "one message of 100 MB, to a Maildir", server.name, large(server)
        finally:
            server.close()


def sizes(server, counts):
    """Bodies in the segment's record, at its limit, and in a file of their own."""
    for name, size in SIZES.items():
        messages, boxes = fewer(server, counts.sized, 50), range(10)

        def run(messages=messages, boxes=boxes, size=size):
            began = time.time()
            load = send(
                server.port, messages, at_once(server, len(boxes)), addresses(boxes), size)
            rate = messages / (wait_delivered(server, boxes, messages) - began)
            return load | {"rate": rate, "bytes": rate * size}

        yield (f"local delivery, messages of {name}", server.name,
               measured(server, messages, run))
        clear(server, boxes)


def lone(server, messages):
    """One mail at a time, each some time after the last and over its own connection (Exim delivers
    ten of a connection at once, by default); ms from its 250 to its name in new."""
    times, text, new = [], body(), Directory(server.box(0) / "new")
    try:
        for _ in range(messages):
            client = Client(server.port)
            client.message(["u0@local.test"], text)
            accepted = time.perf_counter()
            times.append(1000 * max(0.0, new.wait() - accepted))
            client.close()
            time.sleep(0.05)  # The host is idle again, its marks are made.
    finally:
        new.close()
    times.sort()
    return {"p50": times[len(times) // 2], "p99": times[int(0.99 * (len(times) - 1))],
            "slowest": times[-1]}


def large(server):
    size = 100_000_000
    began = time.time()
    client = Client(server.port)
    client.message(["u0@local.test"], body(size))
    client.close()
    end = wait_delivered(server, [0], 1)
    [entry] = os.scandir(server.box(0) / "new")
    if entry.stat().st_size < size * 0.98:
        raise AssertionError(f"{server.name}: {entry.stat().st_size} bytes arrived")
    peak = max((int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(
        f"/proc/{pid}/status").read_text())[1]) for pid in server.group.pids()), default=0)
    clear(server, [0])
    return {"rate": 1 / (end - began), "peak": peak}


def clear(server, boxes):
    """Empty mailboxes; what was in them is kept until the end (see Trash)."""
    for i in boxes:
        new = server.box(i) / "new"
        if new.is_dir():
            new.rename(new.with_name(f"read.{time.monotonic_ns()}"))
            new.mkdir(mode=0o700)
            os.chown(new, NOBODY, server.group_id)


def relay(counts):
    """In, and out to a sink."""
    for make in Field.servers(Peer, Exim, OpenSmtpd):
        port = free_port()
        sink = Sink(port)
        server = make(port)
        try:
            messages = fewer(server, counts.relay)
            source(server.port, 20, 5, f"x@{fan_domain(0)}")
            sink.wait(20)

            def run():
                began, sunk = time.time(), sink.seconds()
                load = send(server.port, messages, at_once(server, 20), [f"x@{fan_domain(0)}"])
                end = sink.wait(20 + messages)
                load["load"] += (sink.seconds() - sunk) / messages * 1000
                return load | {"rate": messages / (end - began)}

            yield "relay, in and out to a sink", server.name, measured(server, messages, run)
        finally:
            server.close()
            sink.close()


def lists(counts):
    """One message, many recipients."""
    cases = [
        ("list, 1,000 domains, the sink answers after 0.1 s, concurrency 200", counts.recipients,
         True, 0.1, {"concurrencyremote": "200"},
         {"default_process_limit": "300", "smtp_destination_concurrency_limit": "200"}),
        ("list, 10,000 recipients at 10,000 domains", counts.list, True, 0.0, {}, {}),
        ("list, 10,000 recipients at one domain", counts.list, False, 0.0, {}, {})]
    for title, count, distinct, delay, kopis, postfix in cases:
        for make in Field.servers(Peer):
            settings = kopis if issubclass(make, Kopis) else postfix
            port = free_port()
            sink = Sink(port, delay)
            server = make(port, **settings)
            try:
                names = [f"u{i}@{fan_domain(i if distinct else 0)}" for i in range(count)]
                source(server.port, 1, 1, f"x@{fan_domain(0)}")
                sink.wait(1)

                def run():
                    began, sunk = time.time(), sink.seconds()
                    client = Client(server.port)
                    client.message(names, body())
                    client.close()
                    end = sink.wait(1 + count)
                    messages, _, sessions, most, _ = sink.counters()
                    return {"rate": count / (end - began), "seconds": end - began,
                            "sessions": sessions, "most_open": most, "transactions": messages,
                            "load": (sink.seconds() - sunk) / count * 1000}

                yield title, server.name, measured(server, count, run)
            finally:
                server.close()
                sink.close()


def idle(counts):
    """A host at rest, and with idle clients."""
    server = Kopis()
    try:
        server.settled()
        memory = {name: one[1] for name, one in server.group.by_program().items()}

        def switches():
            """Of each thread; one that has ended takes its number with it."""
            return {path: int(re.search(
                r"^voluntary_ctxt_switches:\s+(\d+)", path.read_text(), re.M)[1])
                    for pid in server.group.pids()
                    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")}

        # Threads of the runtime that served the start end after 20 s without work.
        time.sleep(25)
        cpu, before = server.group.seconds(), switches()
        time.sleep(20)  # The figure is what happens in this time.
        yield "idle host", "Kopis", {
            "pss": sum(memory.values()), "wakeups": sum(
                number - before.get(path, 0) for path, number in switches().items()) / 20,
            "cpu": (server.group.seconds() - cpu) / 20, "memory": memory}
    finally:
        server.close()

    server = Kopis(concurrencyincoming=str(counts.idle + 100))
    try:
        server.settled()
        listener = server.group.by_program()
        yield "idle SMTP connections", "Kopis", idle_clients(server, counts.idle, listener)
    finally:
        server.close()


def idle_clients(server, count, before):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    count = min(count, limit - 200)
    selector, stages, ready = selectors.DefaultSelector(), {}, 0
    try:
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", server.port), 30)
            selector.register(one, selectors.EVENT_READ)
            stages[one] = 0
        end = time.monotonic() + 60
        while ready < count and time.monotonic() < end:
            for key, _ in selector.select(1):
                one = key.fileobj
                got = one.recv(4096)
                if not got:
                    raise AssertionError(f"a client of {count} was refused after {ready}")
                if stages[one] == 0:
                    one.sendall(b"EHLO idle.test\r\n")
                stages[one] += 1
                ready += stages[one] == 2
        if ready < count:
            raise AssertionError(f"only {ready} of {count} clients were served")
        server.settled()
        grown = (server.group.by_program()["tcpserver"][1] - before["tcpserver"][1]) / count
        times = []
        for _ in range(20):
            began = time.perf_counter()
            Client(server.port).close()
            times.append(time.perf_counter() - began)
        return {"clients": count, "kib_each": grown, "served_ms": max(times) * 1000}
    finally:
        for one in stages:
            one.close()


def deferred(counts):
    """Recipients at a host that is down: memory of qmail-send, and its start."""
    dead = free_port()
    server = Kopis(smtproutes=f":127.0.0.1:{dead}")
    try:
        [sender] = server.pids("qmail-send")
        server.settled()
        start = private(sender)
        each = 1000
        client = Client(server.port)
        for i in range(counts.deferred // each):
            client.message([f"r{i}.{n}@dead.test" for n in range(each)], body(300))
        client.close()
        end = time.monotonic() + 600
        while len(re.findall(r"^info msg ", server.log(), re.M)) < counts.deferred // each:
            if time.monotonic() > end:
                raise AssertionError("qmail-send did not take the messages up")
            time.sleep(0.1)
        grown = (private(sender) - start) * 1024 / counts.deferred
        server.stop(60)
        mark = len(server.log())
        began = time.perf_counter()
        server.start()
        server.alarm()  # All of it is due now.
        server.wait_log(r"^starting delivery ", timeout=120, since=mark)
        yield "recipients queued and deferred", "Kopis", {
            "recipients": counts.deferred, "bytes_each": grown,
            "restart": time.perf_counter() - began}
    finally:
        server.close()


def private(pid):
    """Private memory of a process, KiB."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(x) for x in re.findall(r"^Private_\w+:\s+(\d+)", rollup, re.M))


def growth(counts):
    """Intake with many messages waiting."""
    server = Kopis(**STILL)
    try:
        source(server.port, 50, 10, HOLD)
        server.settled()
        rates = {}
        for name, fill in (("none waiting", 0), (f"{counts.waiting:,} waiting", counts.waiting)):
            if fill:
                source(server.port, fill, 50, HOLD, keep=True, size=500)
                server.settled()
            rates[name] = counts.messages / source(server.port, counts.messages, 50, HOLD)
            server.settled()
            yield "queue growth: intake, 50 sessions", name, {"rate": rates[name]}
    finally:
        server.close()


def login(server):
    return Pop3(server.pop3_port, "u0@local.test", PASSWORD)


def pop3(counts):
    """Mail read back, from one Maildir."""
    text = body().replace(b"\r\n", b"\n")
    for make in Field.servers(Dovecot):
        server = make()
        try:
            if isinstance(server, Kopis):
                server.users(1)
            for i in range(counts.letters):
                path = server.box(0) / f"cur/{1_700_000_000 + i}.M{i}P1Q{i}.bench:2,"
                path.write_bytes(text)
                os.chown(path, NOBODY, NOBODY)
                os.utime(path, (1_700_000_000 + i,) * 2)  # Mail of this second waits for the next.
            login(server).close()

            def one_session():
                began = time.perf_counter()
                session = login(server)
                for i in range(1, counts.letters + 1):
                    if session.retrieve(i) < 4000:
                        raise AssertionError("a message came back short")
                session.close()
                return {"rate": counts.letters / (time.perf_counter() - began)}

            def many_sessions():
                began = time.perf_counter()
                for _ in range(counts.letters):
                    session = login(server)
                    session.retrieve(1)
                    session.close()
                return {"rate": counts.letters / (time.perf_counter() - began)}

            yield ("POP3: RETR of 4 KiB in one session", server.name,
                   measured(server, counts.letters, one_session))
            for path in list((server.box(0) / "cur").iterdir())[1:]:
                path.unlink()
            yield ("POP3: sessions of one RETR", server.name,
                   measured(server, counts.letters, many_sessions))
        finally:
            server.close()


GROUPS = {group.__name__: group for group in
          (intake, durability, local, relay, lists, pop3, idle, deferred, growth, syncs)}
ONCE = {"deferred", "growth", "idle", "syncs"}

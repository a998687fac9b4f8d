"""bench/session.py: what TLS and the check of recipients cost a listener, as figures and against bars.

    python3 bench/session.py [--idle N] [--messages N] [--sessions N] [--rounds N] [--only PART]

Idle sessions: memory of the listener's process for each, in the clear and over TLS, after all have said EHLO and a second
has passed. Intake: messages of 4 KiB a second over connections that are used again, by a client in as many processes as
there are cores, into a real queue writer; and CPU of listener and writer for each message, which the client's own work
does not blur. Handshakes: CPU of the listener for a fresh one and a resumed one. Recipients: intake by the same listener with
qmail-lookup asked about each recipient and, by control/norcptcheck, not, in turn, so that other work on the machine meets
both alike; the medians of the rounds are compared. Parts: handshakes, intake, recipients, idle. Needs no root, and leaves
nothing behind.
"""

import argparse
import multiprocessing
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("KOPIS_BIN", ROOT / "out" / "bin")).resolve()
BODY = b"Subject: bench\r\n\r\n" + (b"x" * 70 + b"\r\n") * 56 + b".\r\n"
IDLE_KIB_MAX, INTAKE_SHARE_MIN, RECIPIENTS_COST_MAX = 60, 0.60, 0.05
TICK = os.sysconf("SC_CLK_TCK")


class Listener:
    """A tcpserver with qmail-smtpd and a queue writer, on a home of their own; with users also a
    qmail-lookup and a user x."""

    def __init__(self, users=False):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="kopis-session-"))
        for name in ("control", "queue/mess", "queue/lock", "alias"):
            (self.home / name).mkdir(parents=True)
        for name in ("me", "rcpthosts"):
            (self.home / "control" / name).write_text("mx.example\n")
        self.env = {"PATH": f"{BIN}:/usr/bin:/bin", "KOPIS_HOME": str(self.home)}
        subprocess.run([BIN / "kopis", "certificate"], env=self.env, check=True,
                       stdout=subprocess.DEVNULL)
        self.helpers = [subprocess.Popen([BIN / "qmail-queue", "--serve"], env=self.env)]
        if users:
            (self.home / "users").mkdir()
            subprocess.run([BIN / "kopis", "user", "add", "x@mx.example", "--generate"], env=self.env,
                           check=True, stdout=subprocess.DEVNULL)
            self.helpers.append(subprocess.Popen(
                [BIN / "qmail-lookup", "--single-user", "--serve"], env=self.env))
        self.process = subprocess.Popen(
            [BIN / "tcpserver", "-1HRq", "-c", "100000", "-b", "4096", "127.0.0.1", "0",
             "qmail-smtpd"], env=self.env, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        while not (self.home / "queue/intake").exists() or (
                users and not (self.home / "users/lookup").exists()):
            time.sleep(0.02)

    def close(self):
        for process in (self.process, *self.helpers):
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        self.process.stdout.close()
        shutil.rmtree(self.home)

    def kib(self):
        """Proportional memory of the listener."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))

    def cpu(self):
        """Seconds that listener, writer and qmail-lookup have used."""
        total = 0
        for process in (self.process, *self.helpers):
            fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK


def context():
    made = ssl._create_unverified_context()
    return made


def connect(port, tls, session=None):
    """A session that has said EHLO, and what to read from it."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=120)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    read_reply(peer)
    if tls:
        ask(peer, b"STARTTLS\r\n")
        peer = tls.wrap_socket(peer, server_hostname="mx.example", session=session)
    ask(peer, b"EHLO bench.example\r\n")
    return peer


def ask(peer, words, replies=1):
    peer.sendall(words)
    return read_reply(peer, replies)


def read_reply(peer, replies=1):
    got = b""
    while len(re.findall(rb"^\d\d\d .*\n", got, re.M)) < replies:
        more = peer.recv(16384)
        if not more:
            raise ConnectionError(got)
        got += more
    return got


def idle(count):
    """KiB for each idle session, plain and over TLS."""
    kib = {}
    for name, tls in (("plain", None), ("TLS", context())):
        listener = Listener()
        try:
            connect(listener.port, tls).close()
            time.sleep(1)
            before = listener.kib()
            peers = [connect(listener.port, tls) for _ in range(count)]
            time.sleep(1)
            kib[name] = (listener.kib() - before) / count
            for peer in peers:
                peer.close()
        finally:
            listener.close()
    return kib


def send(port, encrypted, messages, sessions, done):
    """Messages over a few sessions in turn, each one batch of commands and one of data."""
    peers = [connect(port, context() if encrypted else None) for _ in range(sessions)]
    done.wait()
    commands = b"MAIL FROM:<a@bench.example>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\n"
    for _ in range(max(1, messages // sessions)):
        for peer in peers:
            peer.sendall(commands)
        for peer in peers:
            read_reply(peer, 3)
            peer.sendall(BODY)
        for peer in peers:
            if b"250 " not in read_reply(peer):
                raise AssertionError("a message was not taken")


def load(listener, encrypted, messages, sessions):
    """Messages a second, and CPU of ours for each in µs."""
    workers = os.cpu_count() or 1
    share = max(sessions // workers, 1)
    ready = multiprocessing.Barrier(workers + 1)
    processes = [multiprocessing.Process(
        target=send, args=(listener.port, encrypted, messages // workers, share, ready))
        for _ in range(workers)]
    for process in processes:
        process.start()
    ready.wait()
    began, cpu = time.monotonic(), listener.cpu()
    for process in processes:
        process.join()
        if process.exitcode:
            raise AssertionError("a client failed")
    sent = workers * share * max(1, messages // workers // share)
    return sent / (time.monotonic() - began), (listener.cpu() - cpu) / sent * 1e6


def intake(messages, sessions):
    """Messages a second, and CPU of ours for each in µs: {name: (rate, cpu)}."""
    figures = {}
    for name, encrypted in (("plain", False), ("TLS", True)):
        listener = Listener()
        try:
            figures[name] = load(listener, encrypted, messages, sessions)
        finally:
            listener.close()
    return figures


def must_answer(port, code):
    """Whether nobody's address is looked up: else the bench would compare a thing with itself."""
    peer = connect(port, None)
    ask(peer, b"MAIL FROM:<a@bench.example>\r\n")
    said = ask(peer, b"RCPT TO:<nobody@mx.example>\r\n")
    peer.close()
    if said[:3] != code:
        raise AssertionError(said)


def recipients(messages, sessions, rounds):
    """Medians of rate and CPU, checked and not: {name: (rate, cpu)}."""
    listener, figures = Listener(users=True), {"checked": [], "unchecked": []}
    unchecked = listener.home / "control/norcptcheck"
    try:
        load(listener, False, messages // 4, sessions)  # Warm, before either.
        for number in range(rounds):
            # Each goes first in turn.
            for name in ("checked", "unchecked")[::1 if number % 2 else -1]:
                unchecked.unlink(missing_ok=True)
                if name == "unchecked":
                    unchecked.write_text("mx.example\n")
                time.sleep(0.2)  # The listener looks at control files again after 0.1 s.
                must_answer(listener.port, b"550" if name == "checked" else b"250")
                figures[name].append(load(listener, False, messages, sessions))
    finally:
        listener.close()
    return {name: tuple(statistics.median(column) for column in zip(*pairs))
            for name, pairs in figures.items()}


def handshakes(count):
    """CPU of the listener for one, in ms, fresh and resumed; what 1.2 and 1.3 resumed."""
    listener, tls, figures = Listener(), context(), {}
    try:
        first = connect(listener.port, tls)
        for name, session in (("fresh", None), ("resumed", first.session)):
            cpu, reused = listener.cpu(), 0
            for _ in range(count):
                peer = connect(listener.port, tls, session)
                reused += peer.session_reused
                peer.close()
            figures[name] = ((listener.cpu() - cpu) / count * 1e3, reused)
    finally:
        listener.close()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("handshakes", "intake", "recipients", "idle"))
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if arguments.only in (None, "handshakes"):
        for name, (ms, reused) in handshakes(200).items():
            print(f"handshake, {name}: {ms:.2f} ms CPU of the listener; {reused} of 200 resumed")
    if arguments.only in (None, "intake"):
        rates = intake(arguments.messages, arguments.sessions)
        tell_rates("intake", rates)
        share = rates["TLS"][0] / rates["plain"][0]
        print(f"intake over TLS: {share:.0%} of plain (bar: {INTAKE_SHARE_MIN:.0%}), "
              f"{'met' if share >= INTAKE_SHARE_MIN else 'MISSED'}")
    if arguments.only in (None, "recipients"):
        rates = recipients(arguments.messages, arguments.sessions, arguments.rounds)
        tell_rates("recipients", rates)
        cost = rates["checked"][1] / rates["unchecked"][1] - 1
        print(f"recipients checked: {cost:+.1%} CPU (bar: {RECIPIENTS_COST_MAX:.0%}), "
              f"{'met' if cost <= RECIPIENTS_COST_MAX else 'MISSED'}")
    if arguments.only in (None, "idle"):
        kib = idle(arguments.idle)
        print(f"{arguments.idle} idle sessions: {kib['plain']:.1f} KiB each plain, "
              f"{kib['TLS']:.1f} KiB over TLS (bar: {IDLE_KIB_MAX}), "
              f"{'met' if kib['TLS'] <= IDLE_KIB_MAX else 'MISSED'}")


def tell_rates(what, rates):
    for name, (rate, cpu) in rates.items():
        print(f"{what}, {name}: {rate:.0f} messages/s, {cpu:.0f} µs CPU of ours each")


if __name__ == "__main__":
    main()

"""bench/cost.py: what a message costs each process, for one binary or for several in turn.

    unshare --net sh -c 'ip link set lo up && exec python3 bench/cost.py --of local out/kopis OTHER …'

CPU by the scheduler's own clock, system calls by strace; 4 KiB. bench/run has built out/load.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from load import Client, body, send, source
from scenarios import HOLD, STILL, addresses, clear, wait_delivered
from servers import ROOT, TRASH, USERS, Kopis, fan_domain, free_port
from sink import Sink

import host  # Of tests/system, where servers looks.

WATCHED = ("tcpserver", "qmail-queue", "qmail-send", "qmail-lookup", "qmail-lspawn",
           "qmail-lspawn --orders", "qmail-local", "qmail-rspawn")


class Intake:
    """Taken from 50 sessions and kept, a connection each."""

    keep = False
    control = STILL

    def __init__(self):
        self.server = Kopis(self.sink_port(), **self.control)

    def sink_port(self):
        return None

    def run(self, messages):
        source(self.server.port, messages, 50, HOLD, self.keep)

    def close(self):
        self.server.close()


class Kept(Intake):
    """The same over 50 connections."""

    keep = True


class Local(Intake):
    """To the Maildirs of 50 users, from 50 sessions."""

    control = {}
    boxes, to = range(USERS), addresses(range(USERS))
    copies = 1

    def __init__(self):
        super().__init__()
        self.server.users()

    def run(self, messages):
        send(self.server.port, messages, len(self.to), self.to)
        wait_delivered(self.server, self.boxes, self.copies * messages)
        clear(self.server, self.boxes)


class Forward(Local):
    """To one user, who forwards it to three."""

    boxes, to, copies = range(3), ["hub@local.test"] * 20, 3

    def __init__(self):
        super().__init__()
        self.server.forward()


class Relay(Intake):
    """Out to a sink, from 20 sessions."""

    control = {}
    delay = 0.0
    sent = 0

    def sink_port(self):
        port = free_port()
        self.sink = Sink(port, self.delay)
        return port

    def run(self, messages):
        send(self.server.port, messages, 20, [f"x@{fan_domain(0)}"])
        self.sent += messages
        self.sink.wait(self.sent)

    def close(self):
        super().close()
        self.sink.close()


class Domains(Relay):
    """One message to as many domains, none of them a second time."""

    def run(self, messages):
        client = Client(self.server.port)
        client.message([f"u@{fan_domain(self.sent + i)}" for i in range(messages)], body())
        client.close()
        self.sent += messages
        self.sink.wait(self.sent)


class Slow(Domains):
    """The same, 200 at once, to hosts that reply to the final dot after 0.1 s."""

    control = {"concurrencyremote": "200"}
    delay = 0.1


CASES = {case.__name__.lower(): case
         for case in (Intake, Kept, Local, Forward, Relay, Domains, Slow)}


def processes(server, watched=WATCHED):
    """By name, the pids of those that take part; of the listeners only the one that is used."""
    found = {}
    for pid in server.group.pids():
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        name = words[1] if os.path.basename(words[0]) == "kopis" else os.path.basename(words[0])
        name += " --orders" * ("--orders" in words)
        if name in watched and (name != "tcpserver" or str(server.port) in words):
            found[name] = pid
    return found


def cpu(pid):
    """Nanoseconds that the threads of a process have run."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def spend(case, messages):
    """Microseconds for each message, of all processes together and of each; and how many
    milliseconds all messages took."""
    case.server.settled()
    pids = processes(case.server)
    before = {name: cpu(pid) for name, pid in pids.items()}
    whole = case.server.group.seconds()
    began = time.perf_counter()
    case.run(messages)
    took = time.perf_counter() - began
    case.server.settled()
    each = {name: (cpu(pid) - before[name]) / 1000 / messages for name, pid in pids.items()}
    return {"ms": took * 1e3,
            "all": (case.server.group.seconds() - whole) * 1e6 / messages} | each


def calls(case, pid, messages):
    """System calls for each message; of those that are seldom only the sum is told."""
    with tempfile.NamedTemporaryFile("r") as table:
        strace = subprocess.Popen(["strace", "-c", "-f", "-o", table.name, "-p", str(pid)],
                                  stderr=subprocess.PIPE)
        strace.stderr.readline()  # "attached"
        case.run(messages)
        strace.send_signal(2)
        strace.communicate()
        rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +(\w+)$", table.read(), re.M)
    counts = {name: int(count) / messages for count, name in rows if name != "total"}
    return (f"{sum(counts.values()):.1f} system calls",
            {name: round(count, 1) for name, count in counts.items() if count >= 0.3})


def main():
    parser = argparse.ArgumentParser(prog="bench/cost.py", description=__doc__)
    parser.add_argument("binaries", nargs="*", type=pathlib.Path, default=[ROOT / "out/kopis"])
    parser.add_argument("--of", default="intake,kept", help="by commas: " + " ".join(CASES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--calls", action="store_true", help="system calls, too")
    arguments = parser.parse_args()
    for turn in range(arguments.rounds):
        for name in arguments.of.split(","):
            for binary in arguments.binaries:
                host.BINARY = binary
                case = CASES[name]()
                try:
                    case.run(1500)
                    spent = spend(case, arguments.messages)
                    print(name, binary, {who: round(value) for who, value in spent.items()},
                          flush=True)
                    for who, pid in processes(case.server).items() if (
                            arguments.calls and turn == 0) else ():
                        print(name, binary, who, *calls(case, pid, 500), flush=True)
                finally:
                    case.close()
    TRASH.empty()


if __name__ == "__main__":
    sys.exit(main())

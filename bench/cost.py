"""bench/cost.py: what taking a message costs each process, for one binary or for several in turn.

    unshare --net sh -c 'ip link set lo up && exec python3 bench/cost.py out/kopis OTHER …'

CPU by the scheduler's own clock, system calls by strace; 4 KiB, 50 sessions, nothing is delivered.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from load import source
from scenarios import HOLD
from servers import ROOT, TRASH, Kopis

import host  # Of tests/system, where servers looks.

WATCHED = ("tcpserver", "qmail-queue", "qmail-send", "qmail-lookup")


def processes(server, watched=WATCHED):
    """By name, the pids of those that take part; of the listeners only the one that is used."""
    found = {}
    for pid in server.group.pids():
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        name = words[1] if os.path.basename(words[0]) == "kopis" else os.path.basename(words[0])
        if name in watched and (name != "tcpserver" or str(server.port) in words):
            found[name] = pid
    return found


def cpu(pid):
    """Nanoseconds that the threads of a process have run."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def spend(server, messages, keep):
    """Microseconds for each message: of all processes together, and of each."""
    server.settled()
    pids = processes(server)
    before = {name: cpu(pid) for name, pid in pids.items()}
    whole = server.group.seconds()
    source(server.port, messages, 50, HOLD, keep)
    server.settled()
    each = {name: (cpu(pid) - before[name]) / 1000 / messages for name, pid in pids.items()}
    return {"all": (server.group.seconds() - whole) * 1e6 / messages} | each


def calls(server, pid, messages):
    """System calls for each message; of those that are seldom only the sum is told."""
    with tempfile.NamedTemporaryFile("r") as table:
        strace = subprocess.Popen(["strace", "-c", "-f", "-o", table.name, "-p", str(pid)],
                                  stderr=subprocess.PIPE)
        strace.stderr.readline()  # "attached"
        source(server.port, messages, 50, HOLD)
        strace.send_signal(2)
        strace.communicate()
        rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +(\w+)$", table.read(), re.M)
    counts = {name: int(count) / messages for count, name in rows if name != "total"}
    return (f"{sum(counts.values()):.1f} system calls",
            {name: round(count, 1) for name, count in counts.items() if count >= 0.3})


def main():
    parser = argparse.ArgumentParser(prog="bench/cost.py", description=__doc__)
    parser.add_argument("binaries", nargs="*", type=pathlib.Path, default=[ROOT / "out/kopis"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=3000)
    arguments = parser.parse_args()
    for turn in range(arguments.rounds):
        for binary in arguments.binaries:
            host.BINARY = binary
            server = Kopis(concurrencylocal="0", concurrencyremote="0")
            try:
                source(server.port, 1500, 50, HOLD)
                for keep in (False, True):
                    spent = spend(server, arguments.messages, keep)
                    print(binary, "connections kept" if keep else "a connection each",
                          {name: round(value) for name, value in spent.items()}, flush=True)
                for name, pid in processes(server).items() if turn == 0 else ():
                    print(binary, name, *calls(server, pid, 500), flush=True)
            finally:
                server.close()
    TRASH.empty()


if __name__ == "__main__":
    sys.exit(main())

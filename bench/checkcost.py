"""bench/checkcost.py: CPU of checks and signatures by process, for one binary or for several in turn.

    unshare --net --mount sh -c 'echo nameserver 127.0.0.1 >/tmp/resolv.conf &&
        mount --bind /tmp/resolv.conf "$(readlink -f /etc/resolv.conf)" && ip link set lo up &&
        ip address add 192.0.2.53/32 dev lo && exec python3 bench/checkcost.py out/kopis OTHER'

CPU by the scheduler's own clock, in microseconds a message of 4 KiB: each process that takes part,
of mail that is checked and of mail that is not, and qmail-rspawn with and without signatures; and
how many messages the queue writer makes durable with one sync.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from authentication import DOMAIN, SENDER, UNCHECKED, Names, signed_message
from cost import cpu, processes
from load import source
from scenarios import HOLD, STILL
from servers import ROOT, TRASH, Kopis, fan_domain, free_port
from sink import Sink

import host  # Of tests/system, where servers looks.

SIGNED = {"unsigned": None, "ed25519": ["--only", "ed25519"], "rsa+ed25519": []}


TAKING = ("tcpserver", "qmail-queue", "qmail-send", "qmail-journal")


def writes(pid):
    """Calls of write(2) and its like; a batch of the queue writer is two: segment and trigger."""
    return int(re.search(r"^syscw: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M)[1])


def spent(server, names, messages, run):
    server.settled()
    pids = {name: pid for name, pid in processes(server, names).items() if name in names}
    before = {name: cpu(pid) for name, pid in pids.items()}
    writer = pids.get("qmail-queue")
    written = writes(writer) if writer else 0
    run()
    server.settled()
    figures = {name: round((cpu(pid) - before[name]) / 1000 / messages)
               for name, pid in pids.items()}
    if writer:
        figures["messages a sync"] = round(2 * messages / (writes(writer) - written), 1)
    return figures


def checked(messages, message, probe):
    for title, settings in (("unchecked", UNCHECKED), ("checked", {})):
        server = Kopis(**STILL, **settings, checkloopback="1", rcpthosts="hold.test")
        try:
            server.rules(":allow")
            time.sleep(2 * server.LOOK_AGAIN)
            source(server.port, 1500, 50, HOLD, text=message, sender=SENDER)
            for keep in (False, True):
                def run(keep=keep):
                    source(server.port, messages, 50, HOLD, keep, text=message, sender=SENDER)

                yield (f"{title}, connections kept" if keep else f"{title}, a connection each",
                       spent(server, TAKING, messages, run))
            profile(server, "tcpserver", probe if title == "checked" else None, run)
        finally:
            server.close()


def signed(messages, probe):
    for title, options in SIGNED.items():
        port = free_port()
        sink = Sink(port)
        server = Kopis(port)
        try:
            if options is not None and server.run("dkim", "new", DOMAIN, *options).returncode:
                raise AssertionError(title)
            to, sent = f"x@{fan_domain(0)}", 500

            def run():
                nonlocal sent
                source(server.port, messages, 20, to, sender=SENDER)
                sent += messages
                sink.wait(sent)

            source(server.port, sent, 20, to, sender=SENDER)
            sink.wait(sent)
            yield title, spent(server, ("qmail-rspawn",), messages, run)
            profile(server, "qmail-rspawn", probe if title == "rsa+ed25519" else None, run)
        finally:
            server.close()
            sink.close()


def profile(server, name, path, run):
    """Writes perf's samples of a process, where a file is named for them."""
    if path:
        perf = subprocess.Popen(
            ["perf", "record", "-q", "-e", "cpu-clock", "-F", "4000", "-g", "-o", f"{path}.{name}",
             "-p", str(processes(server, (name,))[name])], stdout=subprocess.DEVNULL)
        time.sleep(1)
        run()
        perf.send_signal(2)
        perf.wait(60)


def main():
    parser = argparse.ArgumentParser(prog="bench/checkcost.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", nargs="*", type=pathlib.Path, default=[ROOT / "out/kopis"])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--only", default="checked,signed")
    parser.add_argument("--profile", help="write perf's samples to FILE.PROGRAM")
    arguments = parser.parse_args()
    place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-signed-"))
    message, record = signed_message(place)
    names = Names(record)
    try:
        for _ in range(arguments.rounds):
            for binary in arguments.binaries:
                host.BINARY = binary
                groups = [checked(arguments.messages, message, arguments.profile)
                          if one == "checked" else signed(arguments.messages, arguments.profile)
                          for one in arguments.only.split(",")]
                for group in groups:
                    for title, figures in group:
                        print(binary, title, figures, flush=True)
    finally:
        names.close()
        shutil.rmtree(place)
    TRASH.empty()


if __name__ == "__main__":
    sys.exit(main())

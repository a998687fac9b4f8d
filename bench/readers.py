"""bench/readers.py: mail read back by POP3 from an installed host, for one binary or for several in turn.

    python3 bench/readers.py out/kopis OTHER …

Listeners run as the units say; the client is in the host's network. 4 KiB, rates a second.
"""

import argparse
import os
import pathlib
import poplib
import ssl
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests/system"))

import installed  # noqa: E402
from test_listeners import PASSWORD, UnitsCase  # noqa: E402

USER = "joe"
LETTER = b"Subject: x\n\n" + b"".join(b"line %4d of a letter of 4 KiB, as others are\n" % n for n in range(88))


class Host(UnitsCase):
    """The host of the listeners' test, by another binary."""

    @classmethod
    def prepare(cls):
        super().prepare()
        for number in range(1000):
            path = cls.joe / f"Maildir/cur/{number}.M{number}.host:2,"
            path.write_bytes(LETTER)
            os.chown(path, cls.host.uid(USER), cls.host.gid(USER))
            os.utime(path, (number + 1,) * 2)


def login(port):
    if port == 995:
        client = poplib.POP3_SSL("127.0.0.1", port, timeout=60, context=ssl._create_unverified_context())
    else:
        client = poplib.POP3("127.0.0.1", port, timeout=60)
    client.user(USER)
    client.pass_(PASSWORD)
    return client


def load(port, count):
    """RETR in one session, and sessions of one RETR each; prints both rates."""
    login(port).quit()
    client = login(port)
    began = time.perf_counter()
    for number in range(count):
        client.retr(1 + number % 1000)
    rate = count / (time.perf_counter() - began)
    client.quit()
    began = time.perf_counter()
    for _ in range(count // 5):
        client = login(port)
        client.retr(1)
        client.quit()
    print(rate, count / 5 / (time.perf_counter() - began))


def measure(binary, count):
    """By port and kind, the rate."""
    installed.BINARY = binary
    try:
        Host.setUpClass()
        found = {}
        for port in (110, 995):
            said = Host.host.run("python3", __file__, "--load", port, "--count", count, timeout=600).stdout
            found[port, "RETR"], found[port, "sessions"] = map(float, said.split())
        return found
    finally:
        Host.doClassCleanups()


def main():
    parser = argparse.ArgumentParser(prog="bench/readers.py", description=__doc__)
    parser.add_argument("binaries", nargs="*", type=pathlib.Path, default=[ROOT / "out/kopis"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--load", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        load(arguments.load, arguments.count)
        return
    rates = {}
    for _ in range(arguments.rounds):
        for binary in arguments.binaries:
            for kind, rate in measure(binary.resolve(), arguments.count).items():
                rates.setdefault((binary, *kind), []).append(rate)
                print(binary, *kind, round(rate), flush=True)
    for (binary, port, kind), values in sorted(rates.items(), key=lambda item: item[0][1:]):
        print(f"{port} {kind}: {statistics.median(values):.0f} a second ({min(values):.0f} – "
              f"{max(values):.0f}) by {binary}")


if __name__ == "__main__":
    sys.exit(main())

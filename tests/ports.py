"""Ports for what a test starts. The kernel gives none of them to an outgoing connection, nor to who asks for
any port, so none is taken between the choice and the listener, or while a listener is away. Only where that
leaves no block are they of those that the kernel gives too."""

import random
import socket

LEAST = 10000  # Below are services that a host may have.
BLOCK = 100
_claims = []  # Open until this process ends.


def _kernels_choice():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        return tuple(map(int, file.read().split()))


def _blocks(low, high):
    """First ports of blocks outside this range, in any order; behind them, of those within."""
    every = range(LEAST, 65536 - BLOCK + 1, BLOCK)
    outside = [block for block in every if block + BLOCK <= low or block > high]
    inside = [block for block in every if block not in outside]
    return random.sample(outside, len(outside)) + random.sample(inside, len(inside))


def _ports():
    """Each port of block after block that no other process has: in one network an abstract socket has
    a name once, as a port."""
    for block in _blocks(*_kernels_choice()):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0kopis-test-ports-{block}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        yield from range(block, block + BLOCK)
    raise OSError("no port is left")


_own = _ports()


def free_port(host="127.0.0.1"):
    """A port at which nobody listens at this address, by TCP or UDP, and that no other call gets."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = next(_own)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(family, kind) as probe:
                    probe.bind((host, port))
            return port
        except OSError:
            continue

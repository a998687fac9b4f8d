"""How long one personal mail waits beside lists, and hosts that accept and never answer."""

import statistics
import sys
import time

from load import Client, body
from scenarios import Field, delivered
from servers import ROOT, Kopis, Peer, fan_address, fan_domain

sys.path.insert(0, str(ROOT / "tests"))

from strict_sink import Limits, StrictSink  # noqa: E402

LISTED = 1000       # Domains of the lists; then come silent hosts, and then a friend.
SILENT = 200
FRIEND = LISTED + SILENT
LISTS = 2
SLOTS = "120"
REPLY = 0.015       # Six or seven replies are a tenth of a second.
PATIENCE = 60
ROUNDS = 10


def waits(counts):
    """Each mail from its 250 to the sink or the mailbox, on an idle host and on a busy one."""
    silent = {fan_address(LISTED + i): Limits(is_silent=True) for i in range(SILENT)}
    for make in Field.servers(Peer):
        sink = StrictSink(silent, Limits(tarpit=REPLY))
        slots = "concurrencyremote" if issubclass(make, Kopis) else "default_process_limit"
        server = make(sink.port, **{slots: SLOTS})
        try:
            server.users(1)
            both = (lambda: remote(server, sink)), (lambda: local(server))
            for one in both:
                one()   # The friend answers, and there is a mailbox: that is known from now on.
            idle = rounds(both)
            client = Client(server.port)
            for i in range(SILENT):
                client.message([f"bob@{fan_domain(LISTED + i)}"], body(), "hopeful@src.test")
            for i in range(LISTS):
                client.message([f"m{n}@{fan_domain(n % LISTED)}" for n in range(counts.list)],
                               body(), f"list{i}-owner@src.test")
            client.close()
            for place, before, now in zip(("remote", "local"), idle, rounds(both)):
                yield (f"personal mail beside lists and silent hosts, {place}", server.name,
                       {"idle": before, "busy": now, "times": now / before})
        finally:
            server.close()
            sink.close()


def rounds(both):
    """The medians of both, in ms. Who waits longer than anybody does is not asked again."""
    times = [[], []]
    for _ in range(ROUNDS):
        for one, found in zip(both, times):
            if PATIENCE not in found:
                found.append(one())
    return [1000 * (PATIENCE if PATIENCE in found else statistics.median(found))
            for found in times]


def remote(server, sink):
    counts = sink.counts[fan_address(FRIEND)]
    return waited(server, f"friend@{fan_domain(FRIEND)}", lambda: counts.recipients)


def local(server):
    return waited(server, "u0@local.test", lambda: delivered(server, [0]))


def waited(server, address, count):
    """Seconds, PATIENCE at most."""
    before, client = count(), Client(server.port)
    client.message([address], body(), "joe@src.test")
    began = time.perf_counter()
    client.close()
    while count() == before and time.perf_counter() - began < PATIENCE:
        time.sleep(0.001)
    return min(PATIENCE, time.perf_counter() - began)

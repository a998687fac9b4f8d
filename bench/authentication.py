"""The cost of checks (SPF, DKIM, DMARC) and of signatures. A group yields (scenario, figures)."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from load import source
from scenarios import HOLD, STILL, Field, measured, queued
from servers import ROOT, TRASH, Kopis, Peer, fan_domain, free_port
from sink import Sink

sys.path.insert(0, str(ROOT / "tests/programs"))

from nameserver import NameServer  # noqa: E402

DOMAIN = "src.example"
SENDER = f"sender@{DOMAIN}"
RESOLVER = "192.0.2.53"  # libunbound, which opendkim has, does not ask 127.0.0.1.
FILTERS = "opendkim opendmarc"

UNCHECKED = {"checkspf": "off", "checkdkim": "off", "checkdmarc": "off", "checkiprev": "off"}


class Names:
    """The records of the sender's domain, served on port 53, where resolv.conf sends questions."""

    def __init__(self, key):
        self.stops = []
        self.server = NameServer(
            self, "local=/test/", "local=/example/", f"listen-address={RESOLVER}", "local-ttl=600",
            "host-record=client.test,127.0.0.1",
            "ptr-record=1.0.0.127.in-addr.arpa,client.test",
            f"txt-record={DOMAIN},v=spf1 ip4:127.0.0.1 -all",
            f"txt-record=_dmarc.{DOMAIN},v=DMARC1; p=reject; adkim=s; aspf=s",
            f"txt-record=s._domainkey.{DOMAIN}," + ",".join(
                key[i:i + 250] for i in range(0, len(key), 250)), port=53)

    def addCleanup(self, stop):
        self.stops.append(stop)

    def fail(self, message):
        raise AssertionError(message)

    def close(self):
        for stop in self.stops:
            stop()


def signed_message(place):
    """A message of 4 KiB with an RSA-2048 signature, made by dkimpy; its key's record."""
    key = place / "key.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    public = subprocess.run(["openssl", "rsa", "-in", key, "-pubout"], check=True,
                            capture_output=True, text=True).stdout
    message = place / "message"
    message.write_bytes(
        b"From: <sender@src.example>\r\nTo: <x@hold.test>\r\nSubject: bench\r\n"
        b"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\nMessage-Id: <1@src.example>\r\n\r\n"
        + (b"x" * 76 + b"\r\n") * 50)
    sign = ("import dkim, sys; m = open(sys.argv[1], 'rb').read(); "
            "h = dkim.sign(m, b's', b'src.example', open(sys.argv[2], 'rb').read(), "
            "canonicalize=(b'relaxed', b'relaxed')); "
            "open(sys.argv[1], 'wb').write((h + m).replace(b'\\r\\n', b'\\n'))")
    subprocess.run(["/usr/bin/python3", "-c", sign, message, key], check=True)
    return message, "v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1])


class Unchecked(Kopis):
    """The same without checks."""

    name = "unchecked"


class CheckedPeer(Peer):
    """Postfix with Debian's opendkim, opendmarc and policy daemon for SPF."""

    def __init__(self):
        self.filters = []
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-filters-"))
        self.place.chmod(0o755)
        super().__init__()

    def start(self):
        ports = {name: free_port() for name in FILTERS.split()}
        (self.place / "nobody").write_text("192.0.2.1\n")
        (self.place / "spf").write_text("debugLevel = 0\nskip_addresses = 192.0.2.1\nHELO_reject = False\n"
                                        "Mail_From_reject = False\nHeader_Type = AR\nAuthserv_Id = mta.test\n")
        common = "Syslog no\nUserID nobody\n"
        (self.place / "opendkim").write_text(
            f"{common}Mode v\nSocket inet:{ports['opendkim']}@127.0.0.1\nAuthservID mta.test\n"
            f"InternalHosts {self.place}/nobody\nAlwaysAddARHeader yes\nNameservers {RESOLVER}\n")
        (self.place / "opendmarc").write_text(
            f"{common}Socket inet:{ports['opendmarc']}@127.0.0.1\nAuthservID mta.test\n"
            f"TrustedAuthservIDs mta.test\nIgnoreHosts {self.place}/nobody\nRejectFailures false\n")
        for name in FILTERS.split():
            option = "-x" if name == "opendkim" else "-c"
            self.filters.append(subprocess.Popen(
                self.group.wrap([name, "-f", option, str(self.place / name)]),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait = " ".join(f"inet:127.0.0.1:{port}" for port in ports.values())
        self.set({"smtpd_milters": wait,
                  "smtpd_recipient_restrictions":
                      f"check_recipient_access regexp:{self.config}/access, "
                      "check_policy_service unix:private/spf, permit_mynetworks, reject"})
        with open(self.config / "master.cf", "a", encoding="ascii") as master:
            master.write(f"spf unix - n n - 0 spawn user=nobody argv=/usr/bin/policyd-spf {self.place}/spf\n")
        super().start()

    def close(self):
        for one in self.filters:
            one.kill()
            one.wait()
        super().close()
        TRASH.add(self.place)


def checked_host():
    return Kopis(**STILL, checkloopback="1", rcpthosts="hold.test")


def checked_mail(server):
    """Whether what it took was checked, by what it wrote before a message."""
    if isinstance(server, Peer):
        [one, *_] = [pathlib.Path(base) / name for base, _, names in os.walk(
            server.base / "queue/hold") for name in names]
        return subprocess.run(["postcat", "-c", server.config, "-h", one], capture_output=True,
                              check=True).stdout
    return b"".join(path.read_bytes() for path in (server.home / "queue").rglob("*") if path.is_file())


def checks(counts):
    """Mail of strangers that is taken and kept, with its checks and without."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-signed-"))
    message, record = signed_message(place)
    names = Names(record)
    cases = [("a connection per message", False), ("many messages per connection", True)]
    makers = [checked_host, lambda: Unchecked(**STILL, **UNCHECKED, checkloopback="1", rcpthosts="hold.test")]
    if Field.peers:
        makers.append(CheckedPeer)
    try:
        for make in makers:
            server = make()
            try:
                if isinstance(server, Kopis):
                    server.rules(":allow")  # Nobody may relay: all are strangers.
                    time.sleep(2 * server.LOOK_AGAIN)  # The listener has seen that.
                source(server.port, 50, 10, HOLD, text=message, sender=SENDER)
                server.settled()
                seen = checked_mail(server)
                for result in (b"spf=pass", b"dkim=pass", b"dmarc=pass"):
                    if (result in seen) == isinstance(server, Unchecked):
                        raise AssertionError(f"{server.name}: {result.decode()}: "
                                             f"{seen[seen.find(b'Authentication-Results'):][:600]}")
                for title, keep in cases:
                    before, messages = queued(server), counts.messages

                    def run(keep=keep, messages=messages):
                        return {"rate": messages / source(server.port, messages, 50, HOLD, keep,
                                                          text=message, sender=SENDER)}

                    figures = measured(server, messages, run)
                    if queued(server) != before + messages:
                        raise AssertionError(f"{server.name}: {queued(server) - before} of {messages}")
                    yield f"checked intake, {title}", server.name, figures
            finally:
                server.close()
    finally:
        names.close()
        shutil.rmtree(place)


def signing(counts):
    """In, signed, and out to a sink."""
    unsigned = None
    for title, options in (("unsigned", None), ("signed by Ed25519", ["--only", "ed25519"]),
                           ("signed by RSA-2048 and Ed25519", [])):
        port = free_port()
        sink = Sink(port)
        server = Kopis(port)
        try:
            if options is not None:
                done = server.run("dkim", "new", DOMAIN, *options)
                if done.returncode:
                    raise AssertionError(done)
            source(server.port, 20, 5, f"x@{fan_domain(0)}", sender=SENDER)
            sink.wait(20)

            def run():
                began = time.time()
                source(server.port, counts.relay, 20, f"x@{fan_domain(0)}", sender=SENDER)
                return {"rate": counts.relay / (sink.wait(20 + counts.relay) - began)}

            figures = measured(server, counts.relay, run)
        finally:
            server.close()
            sink.close()
        if options is None:
            unsigned = figures
        else:
            yield f"relay, {title}", "unsigned", unsigned
            yield f"relay, {title}", "Kopis", figures

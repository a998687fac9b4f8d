"""DNS of a test's own: nsd with a root zone that is signed, and unbound, which checks that."""

import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import time

from host import free_port


def query(name, kind, port):
    """The bytes of an answer; empty where there is none at once."""
    labels = b"".join(bytes([len(one)]) + one for one in name.encode().split(b".") if one)
    question = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to:
        to.settimeout(0.5)
        try:
            to.sendto(question, ("127.0.0.1", port))
            return to.recv(4096)
        except OSError:
            return b""


def wait(name, kind, port, wanted=b""):
    deadline = time.monotonic() + 30
    while True:
        answer = query(name, kind, port)
        # An answer without an error, that has the bytes.
        if len(answer) > 12 and answer[3] & 15 in (0, 3) and wanted in answer:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"{name} is not answered by {wanted}: {answer}")
        time.sleep(0.02)


class SignedDns:
    """`signed` are records of the root zone, `plain` those of insecure.example, which is not signed.
    `spoil` are pairs (pattern, text): changes of the zone after it was signed."""

    TXT = 16

    def __init__(self, case, signed, plain, spoil=()):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-dns-"))
        self.authority, self.validating, self.blind = free_port(), free_port(), free_port()
        case.addCleanup(subprocess.run, ["rm", "-rf", self.base])
        self.processes = []
        case.addCleanup(self.stop)
        self.sign(signed, spoil)
        self.serial = 1
        self.write_plain(plain)
        self.start("nsd", "-d", "-c", self.config("nsd.conf", f"""\
server:
  ip-address: 127.0.0.1@{self.authority}
  username: ""
  chroot: ""
  zonesdir: "{self.base}"
  database: ""
  pidfile: "{self.base}/nsd.pid"
  xfrdfile: "{self.base}/xfrd"
  zonelistfile: "{self.base}/zones"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "root.signed"
zone:
  name: "insecure.example."
  zonefile: "plain"
"""))
        wait("mx.insecure.example", 1, self.authority)
        for name, port, modules in (("validating", self.validating, "validator iterator"),
                                    ("blind", self.blind, "iterator")):
            anchor = (f'  trust-anchor-file: "{self.key}.ds"\n' if "validator" in modules else "")
            self.start("unbound", "-d", "-c", self.config(f"{name}.conf", f"""\
server:
  interface: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  directory: "{self.base}"
  pidfile: "{self.base}/{name}.pid"
  use-syslog: no
  logfile: "{self.base}/{name}.log"
  module-config: "{modules}"
  do-not-query-localhost: no
  do-ip6: no
  num-threads: 1
  qname-minimisation: no
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
{anchor}stub-zone:
  name: "."
  stub-addr: 127.0.0.1@{self.authority}
remote-control:
  control-enable: no
"""))
            wait("mx.insecure.example", 1, port)

    def config(self, name, text):
        path = self.base / name
        path.write_text(text)
        return path

    def start(self, *words):
        log = (self.base / f"{words[0]}.out").open("ab")
        self.processes.append(subprocess.Popen(words, stdout=log, stderr=log, cwd=self.base))
        log.close()

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()

    def sign(self, records, spoil):
        zone = self.config("root", "$TTL 1\n. SOA ns. nobody. 1 1 1 1 1\n. NS ns.\n"
                           "ns. A 127.0.0.1\ninsecure.example. NS ns.\n"
                           + "".join(f"{one}\n" for one in records))
        made = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "."], cwd=self.base,
                              capture_output=True, check=True, text=True)
        self.key = self.base / made.stdout.strip()
        subprocess.run(["ldns-signzone", "-o", ".", "-f", "root.signed", zone, self.key],
                       cwd=self.base, capture_output=True, check=True)
        path = self.base / "root.signed"
        text = path.read_text()
        for pattern, other in spoil:
            changed = re.sub(pattern, other, text, flags=re.M | re.I)
            if changed == text:
                raise AssertionError(f"nothing in the zone is {pattern}: {text}")
            text = changed
        path.write_text(text)

    def write_plain(self, records):
        self.config("plain", f"$ORIGIN insecure.example.\n$TTL 0\n@ SOA ns. nobody. {self.serial} 1 1 1 1\n"
                    "@ NS ns.\nmx A 192.0.2.99\n" + "".join(f"{one}\n" for one in records))

    def change_plain(self, records, name, wanted):
        """Other records; waits until the TXT record of a name is seen by who asks."""
        self.serial += 1
        self.write_plain(records)
        self.processes[0].send_signal(1)
        wait(name, self.TXT, self.validating, wanted)

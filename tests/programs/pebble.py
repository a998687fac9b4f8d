"""Debian's pebble: an ACME server for tests, with a name server that finds every name here."""

import json
import os
import ssl
import subprocess
import time
import urllib.request

from nameserver import NameServer
from ports import free_port  # Where harness finds it.


class Pebble:
    """Serves at self.directory; looks for challenges at self.http_port and self.tls_port."""

    def __init__(self, case, validity=None, address="127.0.0.1", **env):
        self.case, self.folder = case, case.home / "pebble"
        self.folder.mkdir(exist_ok=True)
        self.port, self.management = free_port(), free_port()
        self.http_port, self.tls_port = free_port(), free_port()
        self.directory = f"https://127.0.0.1:{self.port}/dir"
        self.names = NameServer(case, f"address=/example/{address}")
        self.authority = self.make_certificate()
        config = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(self.authority), "privateKey": str(self.folder / "key.pem"),
            "httpPort": self.http_port, "tlsPort": self.tls_port,
            "certificateValidityPeriod": validity or 90 * 24 * 3600,
            "domainBlocklist": ["blocked.example"],
        }
        (self.folder / "config.json").write_text(json.dumps({"pebble": config}))
        self.settings = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0",
                         "PEBBLE_AUTHZREUSE": "0", **env}
        self.start()

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.case.addCleanup(self.log.close)
        self.process = subprocess.Popen(
            ["pebble", "-config", str(self.folder / "config.json"),
             "-dnsserver", self.names.address],
            env={"PATH": os.environ["PATH"], **self.settings},
            stdout=self.log, stderr=self.log)
        self.case.addCleanup(self.stop)
        for _ in range(400):
            try:
                self.root()
                return
            except OSError:
                self.case.assertIsNone(self.process.poll(), self.text())
                # Its own start is waited for: there is nothing else to hear.
                time.sleep(0.05)
        self.case.fail("pebble does not answer: " + self.text())

    def stop(self):
        self.process.kill()
        self.process.wait()

    def text(self):
        return (self.folder / "log").read_text(errors="replace")

    def make_certificate(self):
        """Of its own HTTPS; signed by nobody else, so it vouches for itself."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem",
             "-days", "30", "-subj", "/CN=pebble", "-addext", "subjectAltName=IP:127.0.0.1"],
            capture_output=True, check=True)
        return self.folder / "cert.pem"

    def root(self):
        """The root of the certificates that it gives out: a file for a client to trust."""
        context = ssl.create_default_context(cafile=self.authority)
        url = f"https://127.0.0.1:{self.management}/roots/0"
        with urllib.request.urlopen(url, context=context, timeout=10) as answer:
            (self.folder / "root.pem").write_bytes(answer.read())
        return str(self.folder / "root.pem")

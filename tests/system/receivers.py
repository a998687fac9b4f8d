"""Receivers of mail with DNS, web servers and certificates of a test's own."""

import hashlib
import http.server
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

from host import BINARY, ROOT

sys.path.append(str(ROOT / "tests/programs"))

import own_network  # noqa: E402
from peer import Peer, make_certificate, server  # noqa: E402

TOOLS = all(shutil.which(name) for name in ("nsd", "unbound", "ldns-signzone", "openssl"))
MESSAGE = b"Subject: x\n\nbody\n"
WEB = "192.0.2.80"


class Sink(Peer):
    """An SMTP server on an address and port 25."""

    def __init__(self, case, address, pem=None, talk=None, chain=None):
        threading.Thread.__init__(self, daemon=True)
        context = None
        if pem:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain or pem, pem)
            context.sni_callback = lambda _, name, __: self.names.append(name)
        self.names = []
        self.talk, self.context = talk or server(), context
        self.listener = socket.create_server((address, 25))
        self.port, self.sessions = 25, []
        self.start()
        case.addCleanup(self.close)

    def close(self):
        if self.listener.fileno() >= 0:
            super().close()


class Web:
    """Policies by HTTPS, by host; a certificate for each name that has one."""

    def __init__(self, case, certificates, otherwise):
        self.pages, self.asked, self.posted = {}, [], []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append(self.headers["Host"])
                status, kind, body, *more = web.pages.get(self.headers["Host"]) or (404, "text/plain", b"")
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in more:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body if self.path == "/.well-known/mta-sts.txt" else b"")

            def do_POST(self):
                web.posted.append((self.headers["Host"], self.headers["Content-Type"],
                                   self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.handler = Handler
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(otherwise)
        self.contexts = {}
        for name, pem in certificates.items():
            self.contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.contexts[name].load_cert_chain(pem)

        def choose(connection, name, _):
            connection.context = self.contexts.get(name, self.context)

        self.context.sni_callback = choose
        case.addCleanup(self.stop)
        self.start()

    def start(self):
        context = self.context

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass

            def get_request(self):
                client, address = super().get_request()
                try:
                    client.settimeout(10)
                    return context.wrap_socket(client, server_side=True), address
                except OSError:
                    client.close()
                    raise

        self.server = Server((WEB, 443), self.handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    def policy(self, domain, text, kind="text/plain; charset=utf-8", status=200, *more):
        self.pages[f"mta-sts.{domain}"] = (status, kind, text.encode(), *more)


def policy(mode, *hosts, age=86400):
    return "".join(f"{line}\n" for line in (
        "version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts), f"max_age: {age}"))


def digest(pem, what="-pubkey"):
    """SHA-256 of a certificate, or of its public key."""
    if what == "-pubkey":
        key = subprocess.run(["openssl", "x509", "-in", pem, "-pubkey", "-noout"],
                             check=True, capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key,
                             check=True, capture_output=True).stdout
    else:
        der = subprocess.run(["openssl", "x509", "-in", pem, "-outform", "DER"],
                             check=True, capture_output=True).stdout
    return hashlib.sha256(der).hexdigest()


@unittest.skipUnless(os.geteuid() == 0 and TOOLS, "needs root, nsd, unbound and ldnsutils")
class Receivers(unittest.TestCase):
    """Subclasses say which records there are."""

    def setUp(self):
        own_network.enter(self, "route add local 192.0.2.0/24 dev lo")
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="kopis-tls-"))
        self.addCleanup(shutil.rmtree, self.home)
        for name in ("control", "mta-sts", "tlsrpt"):
            (self.home / name).mkdir(mode=0o700)
        self.pems = self.home / "pems"
        self.pems.mkdir()
        self.authority = make_certificate(self.pems / "ca.pem")
        self.control("me", "mx.example")
        self.control("timeoutconnect", "5")

    def control(self, name, *lines):
        (self.home / "control" / name).write_text("".join(f"{line}\n" for line in lines))

    def pem(self, name, *names, ca=None, days=2):
        return make_certificate(self.pems / f"{name}.pem", *names, ca=ca, days=days)

    def resolver(self, port):
        self.control("resolvers", f"127.0.0.1:{port}")

    def remote(self, domain, message=MESSAGE):
        """The report, and what was logged."""
        done = subprocess.run(
            [BINARY, "qmail-remote", domain, "s@x.example", f"a@{domain}"], input=message,
            capture_output=True, timeout=60, env={"KOPIS_HOME": str(self.home), "PATH": "/usr/bin:/bin"})
        return done.stdout.split(b"\0")[-2].decode(), done.stderr.decode()

    def assert_sent(self, domain, sink, tls=True, message=MESSAGE):
        count = len(sink.sessions)
        report, log = self.remote(domain, message)
        self.assertEqual("K", report[0], report + log)
        self.assertEqual(tls, bool(sink.sessions[-1].tls))
        self.assertLess(count, len(sink.sessions))
        return log

    def assert_refused(self, domain, words, sink=None, message=MESSAGE):
        report, log = self.remote(domain, message)
        self.assertRegex(report, rf"\AZ.*{words}", log)
        for session in sink.sessions if sink else ():
            self.assertFalse([line for line in session.lines if line.startswith(b"MAIL")])
        return log

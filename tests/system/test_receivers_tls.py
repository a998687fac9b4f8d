"""What receivers ask of TLS: DANE by unbound and a zone of the test's own, MTA-STS by HTTPS."""

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
from signed_dns import SignedDns

sys.path.append(str(ROOT / "tests/programs"))

import own_network  # noqa: E402
from peer import EHLO_PLAIN, Peer, make_certificate, server  # noqa: E402

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
        self.pages, self.asked = {}, []
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


class Dane(Receivers):
    def setUp(self):
        super().setUp()
        self.good = self.pem("good", "mx.good.example", ca=self.authority)
        self.alone = self.pem("alone", "elsewhere.example", days=-1)
        self.key = digest(self.good)
        other = digest(self.authority)
        root = digest(self.authority, "-whole")
        records = []

        def host(name, address, *tlsa, mx=None):
            records.extend([f"{name}. MX 10 {mx or 'mx.' + name}.", f"mx.{name}. A {address}"])
            records.extend(f"_25._tcp.mx.{name}. TLSA {one}" for one in tlsa)

        host("good.example", "192.0.2.10", f"3 1 1 {other}", f"3 1 1 {self.key}")
        host("wrong.example", "192.0.2.10", f"3 1 1 {other}")
        host("expired.example", "192.0.2.11", f"3 1 1 {digest(self.alone)}")
        host("below.example", "192.0.2.12", f"2 0 1 {root}")
        host("names.example", "192.0.2.13", f"2 0 1 {root}")
        host("useless.example", "192.0.2.11", f"1 1 1 {other}", f"0 0 1 {other}")
        host("clear.example", "192.0.2.14", f"1 1 1 {other}")
        host("bogus.example", "192.0.2.10", f"3 1 1 {self.key}")
        host("stolen.example", "192.0.2.10")
        host("none.example", "192.0.2.11")
        # Signed aliases into a zone without signatures, and into one with.
        records += ["alias.example. MX 10 mx.alias.example.",
                    "mx.alias.example. CNAME host.insecure.example.",
                    f"_25._tcp.mx.alias.example. TLSA 3 1 1 {self.key}",
                    "alias2.example. MX 10 mx.alias2.example.",
                    "mx.alias2.example. CNAME host.insecure.example.",
                    f"_25._tcp.mx.alias2.example. TLSA 3 1 1 {other}",
                    "alias3.example. MX 10 mx.alias3.example.",
                    "mx.alias3.example. CNAME mx.good.example.",
                    f"_25._tcp.mx.alias3.example. TLSA 3 1 1 {other}"]
        self.dns = SignedDns(
            self, records,
            ["@ MX 10 host", "host A 192.0.2.10", f"_25._tcp.host TLSA 3 1 1 {other}"],
            spoil=[(rf"^(_25\._tcp\.mx\.bogus\.example\.\s.*\sTLSA\s.*){self.key}", rf"\g<1>{other}"),
                   (r"^(stolen\.example\.\s.*\sMX\s+10 )mx\.stolen\.example\.", r"\1mx.none.example.")])
        self.resolver(self.dns.validating)
        chain = self.pems / "chain.pem"
        below = self.pem("below", "mx.below.example", ca=self.authority)
        chain.write_text(pathlib.Path(below).read_text() + pathlib.Path(self.authority).read_text())
        self.sink = Sink(self, "192.0.2.10", self.good)
        self.odd = Sink(self, "192.0.2.11", self.alone)
        self.below = Sink(self, "192.0.2.12", below, chain=chain)
        self.names = Sink(self, "192.0.2.13", below, chain=chain)
        self.clear = Sink(self, "192.0.2.14", talk=server(ehlo=EHLO_PLAIN))

    def test_records_are_matched(self):
        self.assert_sent("good.example", self.sink)
        self.assertEqual(["mx.good.example"], self.sink.names)
        self.assert_refused("wrong.example", "matches no TLSA record.*4.7.5")
        self.assert_sent("expired.example", self.odd)  # Names and dates do not count.
        self.assert_sent("below.example", self.below)
        self.assert_refused("names.example", "does not name mx.names.example", self.names)
        # None is of use: any certificate, and TLS.
        self.assert_sent("useless.example", self.odd)
        self.assert_refused("clear.example", "TLS is not offered, and its TLSA records", self.clear)
        self.assert_sent("none.example", self.odd)

    def test_what_is_bogus_waits(self):
        self.assert_refused("bogus.example", "DNS does not say what its TLSA records are")
        self.assert_refused("stolen.example", "couldn't find any host.*4.1.2")
        self.assertFalse(self.sink.sessions)

    def test_aliases(self):
        self.assert_sent("alias.example", self.sink)
        self.assertEqual(["mx.alias.example"], self.sink.names)
        self.assert_refused("alias2.example", "matches no TLSA record")
        self.assert_sent("alias3.example", self.sink)  # The signed name behind it goes first.
        self.assertEqual("mx.good.example", self.sink.names[-1])
        self.assert_sent("insecure.example", self.sink)

    def test_a_resolver_that_does_not_check_is_not_believed(self):
        self.assertNotIn("DNSSEC", self.assert_sent("good.example", self.sink))
        self.resolver(self.dns.blind)
        log = self.assert_sent("wrong.example", self.sink)
        self.assertEqual(1, log.count("the resolver does not check DNSSEC: DANE is not used"), log)
        self.control("tlspolicy", "wrong.example:dane")
        self.assert_refused("wrong.example", "it has no TLSA records, which control/tlspolicy")

    def test_levels(self):
        self.control("tlspolicy", "wrong.example:may", ":dane")
        self.assert_sent("wrong.example", self.sink)
        self.assert_sent("good.example", self.sink)
        self.assert_refused("none.example", "no TLSA records")
        self.assert_refused("insecure.example", "no TLSA records")
        self.assert_refused("useless.example", "none of its TLSA records")
        self.control("tlspolicy", ":sts")
        self.assert_sent("good.example", self.sink)
        self.assert_refused("none.example", "no enforced policy of MTA-STS")

    def test_tls_required_no_rather_sends(self):
        report, _ = self.remote("wrong.example")
        self.assertEqual("Z", report[0])
        self.assert_sent("wrong.example", self.sink, message=b"TLS-Required: No\n" + MESSAGE)
        self.assert_sent("clear.example", self.clear, tls=False,
                         message=b"TLS-Required: No\n" + MESSAGE)
        self.control("tlspolicy", "clear.example:encrypt")  # The operator's word stands.
        report, _ = self.remote("clear.example", b"TLS-Required: No\n" + MESSAGE)
        self.assertEqual("Z", report[0])


class MtaSts(Receivers):
    def setUp(self):
        super().setUp()
        shutil.copy(self.authority, self.home / "control/serverca.pem")
        self.records = ["good MX 10 mx", "strict MX 10 other", "test MX 10 other", "none MX 10 other",
                        "unlisted MX 10 mx", "clear MX 10 clear", "late MX 10 late",
                        "xn--bcher-kva MX 10 mx.xn--bcher-kva", "mx.xn--bcher-kva A 192.0.2.23",
                        "badweb MX 10 other", "redirect MX 10 other", "html MX 10 other",
                        "large MX 10 other", "twice MX 10 other",
                        "other A 192.0.2.21", "clear A 192.0.2.22", "late A 192.0.2.24"]
        self.domains = ["good", "strict", "test", "none", "unlisted", "clear", "late",
                        "xn--bcher-kva", "badweb", "redirect", "html", "large", "twice"]
        self.dns = SignedDns(self, [], self.txt())
        self.resolver(self.dns.blind)
        names = {f"mta-sts.{one}.insecure.example" for one in self.domains}
        web = self.pem("web", *names, ca=self.authority)
        bad = self.pem("badweb", "other.example", ca=self.authority)
        self.web = Web(self, {"mta-sts.badweb.insecure.example": bad}, web)
        self.sink = Sink(self, "192.0.2.99", self.pem("mx", "mx.insecure.example", ca=self.authority))
        self.other = Sink(self, "192.0.2.21", self.pem("x", "x.example", ca=self.authority))
        self.clear = Sink(self, "192.0.2.22", talk=server(ehlo=EHLO_PLAIN))
        self.idn = Sink(self, "192.0.2.23", self.pem(
            "idn", "mx.xn--bcher-kva.insecure.example", ca=self.authority),
            talk=server(inside=b"250-server\r\n250 SMTPUTF8\r\n"))
        self.late = Sink(self, "192.0.2.24", self.pem(
            "late", "late.insecure.example", ca=self.authority, days=-1))

    def txt(self, ids=(), without=()):
        ids = dict(ids)
        return self.records + [f'_mta-sts.{one} TXT "v=STSv1; id={ids.get(one, 1)};"'
                               for one in self.domains if one not in without] + [
            "mta-sts.%s A %s" % (one, WEB) for one in self.domains] + [
            '_mta-sts.twice TXT "v=STSv1; id=2;"']

    def publish(self, domain, *words, **options):
        self.web.policy(f"{domain}.insecure.example", policy(*words, **options))

    def test_what_is_enforced(self):
        self.publish("good", "enforce", "*.insecure.example")
        self.publish("strict", "enforce", "other.insecure.example")
        self.publish("unlisted", "enforce", "*.mx.insecure.example", "insecure.example")
        self.publish("clear", "enforce", "clear.insecure.example")
        self.publish("late", "enforce", "late.insecure.example")
        self.publish("xn--bcher-kva", "enforce", "mx.b\u00fccher.insecure.example")
        self.assert_sent("good.insecure.example", self.sink)
        self.assert_refused("strict.insecure.example", "does not name other.insecure.example",
                            self.other)
        self.assert_refused("unlisted.insecure.example", "policy of MTA-STS does not list it")
        self.assert_refused("clear.insecure.example", "TLS is not offered, and its domain's policy",
                            self.clear)
        self.assert_refused("late.insecure.example", "expired", self.late)
        self.assert_sent("xn--bcher-kva.insecure.example", self.idn)
        self.assert_sent("b\u00fccher.insecure.example", self.idn)
        # A message may rather be sent, and an operator may know better.
        self.assert_sent("strict.insecure.example", self.other,
                         message=b"TLS-Required: No\n" + MESSAGE)
        self.control("tlspolicy", "strict.insecure.example:may")
        self.assert_sent("strict.insecure.example", self.other)

    def test_what_is_tested_or_none_is_sent(self):
        self.publish("test", "testing", "mx.insecure.example")
        self.publish("none", "none")
        log = self.assert_sent("test.insecure.example", self.other)
        self.assertIn("mta-sts: test.insecure.example: testing: 192.0.2.21: ", log)
        self.assertNotIn("testing", self.assert_sent("none.insecure.example", self.other))

    def test_a_policy_that_cannot_be_had_is_none(self):
        name = "{}.insecure.example".format
        for domain in ("badweb", "redirect", "html", "large", "twice"):
            self.publish(domain, "enforce", "mx.insecure.example")
        text = policy("enforce", "mx.insecure.example")
        self.web.policy(name("redirect"), text, "text/plain", 301,
                        ("Location", "https://mta-sts.good.insecure.example/.well-known/mta-sts.txt"))
        self.publish("good", "enforce", "mx.insecure.example")
        self.web.policy(name("html"), text, "text/html")
        self.web.policy(name("large"), text + "\n" * 65536)
        for domain, why in (("badweb", "its certificate is not good"), ("redirect", "status 301"),
                            ("html", "not text/plain"), ("large", "over 65536 bytes")):
            self.assertIn(f"mta-sts: {name(domain)}: {why}: no policy",
                          self.assert_sent(name(domain), self.other))
        self.assert_sent(name("twice"), self.other)  # Two records are none.
        self.assertNotIn("mta-sts.twice.insecure.example", self.web.asked)
        self.assertNotIn("mta-sts.good.insecure.example", self.web.asked)

    def test_it_is_kept_until_it_changes_whoever_is_away(self):
        name = "strict.insecure.example"
        self.publish("strict", "enforce", "mx.insecure.example")
        for _ in range(2):
            self.assert_refused(name, "does not list it")
        self.assertEqual([f"mta-sts.{name}"], self.web.asked)
        self.publish("strict", "testing", "mx.insecure.example")  # With the same id.
        self.assert_refused(name, "does not list it")
        self.assertEqual(1, len(self.web.asked))
        self.web.stop()
        self.dns.change_plain(self.txt({"strict": 2}), f"_mta-sts.{name}", b"id=2")
        self.assertIn("the policy of before holds", self.assert_refused(name, "does not list it"))
        self.web.start()
        self.assert_sent(name, self.other)
        self.assertEqual(2, len(self.web.asked))
        self.dns.change_plain(
            self.txt(without=["strict"]) + ["_mta-sts.strict TXT gone"],
            f"_mta-sts.{name}", b"gone")
        self.publish("strict", "enforce", "mx.insecure.example")
        self.assert_sent(name, self.other)
        self.assertEqual(2, len(self.web.asked))
        kept = self.home / "mta-sts" / name
        self.assertEqual(0o600, kept.stat().st_mode & 0o777)


del Receivers  # Not a test by itself.


if __name__ == "__main__":
    unittest.main()

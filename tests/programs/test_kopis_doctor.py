"""kopis doctor: a sound set-up has no finding, and planted faults are found, each by its id. DNS is
dnsmasq, SMTP our own listener at an address of the test's own network."""

import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
import unittest

from harness import ROOT
from listener import ListenerCase
from nameserver import NameServer, SilentServer

import own_network  # Where harness finds it.

sys.path.append(str(ROOT / "tests/system"))
from signed_dns import SignedDns  # noqa: E402

IP, FOREIGN = "198.51.100.7", "203.0.113.9"
NETWORK = "dns,name,helo,ptr,mx,spf,dkim,dmarc,sts,tlsrpt,list"
HOST = "host.me,host.ascii,control,alias,cert,dkim.files,queue.size,queue.oldest"

# Records of a sound domain, by what they are for.
SOUND = {
    "mx": "mx-host={d},mx.example,10",
    "spf": "txt-record={d},v=spf1 mx -all",
    "dmarc": "txt-record=_dmarc.{d},v=DMARC1; p=reject; rua=mailto:a@{d}",
    "sts": "txt-record=_mta-sts.{d},v=STSv1; id=1",
    "stshost": "address=/mta-sts.{d}/" + IP,
    "tlsrpt": "txt-record=_smtp._tls.{d},v=TLSRPTv1; rua=mailto:a@{d}",
}

# A domain for each fault: what it has instead of a sound record, and the ids that it has to have.
PLANTED = {
    "nomx": ({"mx": "address=/{d}/" + IP}, ["mx.missing", "mx.ipv6", "spf.here"]),
    "none": ({"mx": None}, ["mx.none", "spf.here"]),
    "null": ({"mx": "dns-rr={d},15,000000"}, ["mx.null", "spf.here"]),
    "literal": ({"mx": "mx-host={d}," + IP + ",10"},
                ["mx.literal", "mx.address", "mx.here", "spf.here", "sts.mx"]),
    "nowhere": ({"mx": "mx-host={d},lost.example,10"}, ["mx.address", "mx.here", "spf.here"]),
    "four": ({"mx": "mx-host={d},mx4.example,10"}, ["mx.ipv6"]),
    "away": ({"mx": "mx-host={d},elsewhere.example,10"}, ["mx.here", "spf.here"]),
    "private": ({"mx": "mx-host={d},inside.example,10"}, ["mx.private", "mx.here", "spf.here"]),
    "nospf": ({"spf": None}, ["spf.missing"]),
    "twospf": ({"spf": "txt-record={d},v=spf1 mx -all\ntxt-record={d},v=spf1 -all"},
               ["spf.several"]),
    "badspf": ({"spf": "txt-record={d},v=spf1 foo:bar -all"}, ["spf.syntax"]),
    "loopspf": ({"spf": "txt-record={d},v=spf1 include:{d} -all"}, ["spf.syntax"]),
    "openspf": ({"spf": "txt-record={d},v=spf1 +all"}, ["spf.open"]),
    "otherspf": ({"spf": "txt-record={d},v=spf1 ip4:" + FOREIGN + " -all"}, ["spf.here"]),
    "nodmarc": ({"dmarc": None}, ["dmarc.missing"]),
    "twodmarc": ({"dmarc": "txt-record=_dmarc.{d},v=DMARC1; p=none\n"
                           "txt-record=_dmarc.{d},v=DMARC1; p=reject"}, ["dmarc.several"]),
    "baddmarc": ({"dmarc": "txt-record=_dmarc.{d},v=DMARC1; p=maybe"}, ["dmarc.syntax"]),
    "weakdmarc": ({"dmarc": "txt-record=_dmarc.{d},v=DMARC1; p=none"},
                  ["dmarc.none", "dmarc.reports"]),
    "testdmarc": ({"dmarc": "txt-record=_dmarc.{d},v=DMARC1; p=reject; t=y; rua=mailto:a@{d}"},
                  ["dmarc.test"]),
    "nosts": ({"sts": None}, ["sts.missing"]),
    "twosts": ({"sts": "txt-record=_mta-sts.{d},v=STSv1; id=1\n"
                       "txt-record=_mta-sts.{d},v=STSv1; id=2"}, ["sts.record"]),
    "badsts": ({"sts": "txt-record=_mta-sts.{d},v=STSv1; id=\x1b[31m|x"}, ["sts.record"]),
    "nostshost": ({"stshost": None}, ["sts.host"]),
    "nopolicy": ({}, ["sts.policy"]),
    "stspage": ({}, ["sts.policy"]),
    "otherweb": ({}, ["sts.policy"]),
    "oddpolicy": ({}, ["sts.syntax"]),
    "othermx": ({}, ["sts.mx"]),
    "testsmx": ({}, ["sts.mode"]),
    "shortsts": ({}, ["sts.age"]),
    "notlsrpt": ({"tlsrpt": None}, ["tlsrpt.missing"]),
    "badtlsrpt": ({"tlsrpt": "txt-record=_smtp._tls.{d},v=TLSRPTv1; rua=a@{d}"}, ["tlsrpt.record"]),
    "nokey": ({}, ["dkim.keys"]),
    "keyless": ({}, ["dkim.missing"]),
    "otherkey": ({}, ["dkim.different"]),
    "weakkey": ({}, ["dkim.weak"]),
}

COMMON = (
    f"host-record=mx.example,{IP},2001:db8::7", "txt-record=mx.example,v=spf1 a -all", f"address=/mx4.example/{IP}",
    f"host-record=elsewhere.example,{FOREIGN},2001:db8::9",
    "host-record=inside.example,10.0.0.1,2001:db8::8", "local=/org/", "local=/net/", "local=/7/",
    "ptr-record=7.100.51.198.in-addr.arpa,mx.example",
    "ptr-record=9.100.51.198.in-addr.arpa,lost.example",
    "host-record=odd.example,198.51.100.10", "txt-record=odd.example,v=spf1 -all",
    "ptr-record=10.100.51.198.in-addr.arpa,odd.example",
    "host-record=7.100.51.198.listed.net,127.0.0.4",
    "address=/full.net/127.0.0.2", "host-record=7.100.51.198.public.net,127.255.255.254",
    "host-record=7.100.51.198.typing.net,127.255.255.252",
    "host-record=7.100.51.198.often.net,127.255.255.255",
    f"host-record=7.100.51.198.strange.net,{FOREIGN}")


POLICY = "version: STSv1\r\nmode: enforce\r\nmx: *.example\r\nmax_age: 604800\r\n"

# What the web server of a domain has instead: status, type and body.
POLICIES = {
    "nopolicy": (404, "text/plain", POLICY), "stspage": (200, "text/html", POLICY),
    "oddpolicy": (200, "text/plain", POLICY.replace("STSv1", "STSv2")),
    "othermx": (200, "text/plain", POLICY.replace("*.example", "mail.other.example")),
    "testsmx": (200, "text/plain", POLICY.replace("enforce", "testing")),
    "shortsts": (200, "text/plain", POLICY.replace("604800", "600")),
}


def zone(domain, **instead):
    found = [(instead[kind] if kind in instead else record) for kind, record in SOUND.items()]
    return [line.format(d=domain) for record in found if record for line in record.split("\n")]


class DoctorCase(ListenerCase):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs a network of its own, as root")
        own_network.enter(self, f"addr add {IP}/32 dev lo")

    def doctor(self, *words, code=None, only=NETWORK):
        """All findings: (subject, id) with the whole finding."""
        done = self.run_program("kopis", "doctor", "--json", "--only", only, "--address", IP, *words)
        self.assertEqual(b"", done.stderr, done)
        said = json.loads(done.stdout)
        self.assertEqual(said["exit"], done.returncode)
        if code is not None:
            self.assertEqual(code, done.returncode, said)
        self.assertGreaterEqual(said["checked"], len(said["findings"]))
        return said["findings"]

    def ids(self, *words, **options):
        return {one["id"] for one in self.doctor(*words, **options)}

    def key(self, domain, *words):
        made = self.run_program("kopis", "dkim", "new", domain, "--selector", "s", *words)
        self.assertEqual(0, made.returncode, made)
        name, text = re.search(r"^(\S+)\. IN TXT \( (.*?) \)$", made.stdout.decode(), re.M | re.S).groups()
        return f"txt-record={name}," + ",".join(re.findall(r'"([^"]*)"', text))

    def serve_dns(self, *records):
        self.control("resolvers", NameServer(self, *COMMON, *records).address)

    def certificate(self, name="mx.example", days=90, issuer="/CN=Test CA", before=0):
        """A certificate of a CA; of itself, where that is its own name."""
        place = self.home / "ca"
        place.mkdir(exist_ok=True)
        start = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - before * 86400))
        end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))
        run = lambda *words: subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", issuer)
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "req.pem", "-subj", f"/CN={name}")
        (place / "ext").write_text(f"subjectAltName=DNS:{name}\n")
        (place / "index").write_text("")
        (place / "serial").write_text("01\n")
        (place / "conf").write_text("[ca]\ndefault_ca=x\n[x]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n"
                                    "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
        run("ca", "-batch", "-config", "conf", "-in", "req.pem", "-cert", "ca.pem", "-keyfile", "ca.key",
            "-startdate", start, "-enddate", end, "-extfile", "ext", "-notext", "-out", "cert.pem")
        self.control("servercert.pem", (place / "cert.pem").read_text(), (place / "key.pem").read_text())

    def serve_policies(self, *domains, **instead):
        """A web server with the policies of these domains, whose certificate is for them."""
        place = self.home / "web"
        place.mkdir()
        names = ",".join(f"DNS:mta-sts.{one}" for one in ("good.example", *domains))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=web", "-addext", f"subjectAltName={names}", "-keyout",
             place / "key", "-out", place / "cert"], check=True, capture_output=True)
        self.control("serverca.pem", (place / "cert").read_text())

        class Policy(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.headers["Host"].removeprefix("mta-sts.").split(".")[0]
                status, kind, body = instead.get(name, (200, "text/plain", POLICY))
                self.send_response(status if self.path == "/.well-known/mta-sts.txt" else 404)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer((IP, 443), Policy)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place / "cert", place / "key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def sound_files(self):
        self.control("rcpthosts", "good.example")
        self.control("locals", "good.example")
        for name in ("postmaster", "abuse", "mailer-daemon"):
            (self.home / f"alias/.qmail-{name}").write_text("&joe@good.example\n")


class KopisDoctor(DoctorCase):
    def test_a_sound_set_up_has_no_finding(self):
        self.sound_files()
        self.certificate()
        self.serve_dns(*zone("good.example"), self.key("good.example", "--only", "ed25519"))
        self.serve(host=IP, port="25")
        self.serve_policies()
        found = self.doctor("--peer", "mx.example", code=0, only=f"{NETWORK},{HOST},smtp,submission,pop3")
        self.assertEqual([], found)

    def test_planted_faults_of_domains_are_found_and_no_others(self):
        records = []
        for name, (instead, _) in PLANTED.items():
            domain = f"{name}.example"
            records += zone(domain, **instead)
            if name == "weakkey":
                records.append(self.key(domain, "--rsa-bits", "1024", "--only", "rsa"))
            elif name != "nokey":
                key = self.key(domain, "--only", "ed25519")
                if name == "otherkey":
                    records.append(re.sub("p=.{8}", "p=AAAAAAAA", key))
                elif name != "keyless":
                    records.append(key)
        self.serve_dns(*records)
        self.serve_policies(
            *[f"{name}.example" for name in PLANTED if name != "otherweb"], **POLICIES)
        self.control("rcpthosts", *[f"{name}.example" for name in PLANTED], "localhost", ".sub.example")
        began = time.monotonic()
        found = self.doctor(code=1)
        self.assertLess(time.monotonic() - began, 30)
        for name, (_, wanted) in PLANTED.items():
            with self.subTest(name):
                here = [one for one in found if one["subject"] == f"{name}.example"]
                self.assertEqual(sorted(wanted), sorted(one["id"] for one in here), here)
                for one in here:
                    self.assertTrue(one["why"] and one["mend"] and one["text"], one)
                    self.assertTrue("".join(one.values()).isprintable(), one)
        self.assertEqual(set(), {one["subject"] for one in found} - {f"{name}.example" for name in PLANTED})

    def test_names_and_lists(self):
        self.serve_dns(*zone("good.example"))
        self.control("rcpthosts", "good.example")
        self.control("me", "lost.example")
        self.assertIn("name.address", self.ids())
        self.control("me", "elsewhere.example")
        self.control("helohost", "nohelo.example")
        found = self.ids("--address", "198.51.100.8", "--address", "198.51.100.9", "--address", "198.51.100.10")
        self.assertLessEqual({"name.own", "helo.address", "ptr.missing", "ptr.forward", "ptr.helo"}, found)
        self.assertEqual(set(), {"helo.spf", "helo.here"} & found, "it has no address")
        self.control("helohost", "elsewhere.example")
        [finding] = self.doctor(only="helo")
        self.assertEqual(("helo.spf", "note", 'elsewhere.example. IN TXT "v=spf1 a -all"'),
                         (finding["id"], finding["state"], finding["mend"]))
        self.control("helohost", "odd.example")
        [finding] = self.doctor(only="helo")
        self.assertEqual(("helo.here", "warning", f"SPF says fail of {IP}"),
                         (finding["id"], finding["state"], finding["text"]))
        self.control("me", "mx.example")
        (self.home / "control/helohost").unlink()
        self.control("dnslists", "listed.net", "full.net", "public.net", "typing.net", "often.net", "strange.net")
        found = {(one["subject"], one["id"], one["state"]): one["text"] for one in self.doctor(only="list")}
        self.assertEqual(
            {("listed.net", "list.listed", "fault"), ("full.net", "list.works", "warning"),
             ("public.net", "list.listed", "unchecked"), ("typing.net", "list.listed", "unchecked"),
             ("often.net", "list.listed", "unchecked"), ("strange.net", "list.works", "warning")}, set(found))
        self.assertIn("public resolvers", found["public.net", "list.listed", "unchecked"])

    def test_files_of_the_host(self):
        self.control("me", "bare")
        self.control("locals", "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", "missed.example")
        self.control("concurrencylocal", "many")
        self.control("servercert.pem", "no certificate")
        (self.home / "dkim/good.example").mkdir(parents=True)
        (self.home / "dkim").chmod(0o700)
        bad = self.home / "dkim/good.example/s.pem"
        bad.write_text("no key")
        bad.chmod(0o600)
        found = self.ids(only=f"{HOST},queue,port.listen", code=1)
        self.assertLessEqual(
            {"host.me", "host.ascii", "control.check", "control.rcpthosts", "alias.postmaster",
             "alias.abuse", "alias.mailer-daemon", "cert.readable", "queue.running", "dkim.files",
             "port.listen"}, found)
        self.control("rcpthosts", "good.example")
        self.control("resolvers", "127.0.0.1", "nobody")
        self.assertLessEqual({"control.local", "control.resolvers"}, self.ids(only="control"))

    def test_certificates(self):
        for wanted, options in (
                ({"cert.name"}, {"name": "other.example"}), ({"cert.soon"}, {"days": 5}),
                ({"cert.dates"}, {"days": -1, "before": 5}), ({"cert.dates"}, {"before": -5}),
                ({"cert.issuer"}, {"issuer": "/CN=mx.example"}), (set(), {})):
            with self.subTest(options):
                self.certificate(**options)
                self.assertEqual(wanted, self.ids(only="cert"))

    def test_ports(self):
        self.control("rcpthosts", "good.example")
        self.serve_dns()
        smtp = f"{IP}:25"
        self.assertEqual({"smtp.in", "smtp.out"}, self.ids(only="smtp", code=1))
        self.control("smtpgreeting", "other.example")
        self.serve(host=IP, port="25", RELAYCLIENT="")
        self.assertLessEqual({"smtp.relay", "smtp.name", "smtp.starttls"}, self.ids(only="smtp", code=1))
        self.certificate(name="other.example")
        deadline = time.monotonic() + 60  # The listener looks for it now and then.
        while ("smtp.starttls", smtp) in (found := {
                (one["id"], one["subject"]) for one in self.doctor(only="smtp")}):
            self.assertLess(time.monotonic(), deadline)
        self.assertIn(("smtp.certificate", smtp), found)
        self.assertNotIn(("smtp.starttls", smtp), found)
        self.assertEqual({"smtp.out"}, {one["id"] for one in self.doctor("--peer", "elsewhere.example", only="smtp.out")
                                        if one["state"] == "fault"})

    def test_changes_are_printed_once_and_what_is_unclear_changes_nothing(self):
        state = self.home / "state"
        changes = lambda: self.run_program(
            "kopis", "doctor", "--changes", state, "--only", "spf,alias", "--address", IP).stdout.decode()
        self.control("rcpthosts", "nospf.example")
        self.serve_dns()
        first = changes()
        self.assertIn("fault spf.missing nospf.example: ", first)
        self.assertIn("fault alias.postmaster ", first)
        self.assertEqual(0o600, state.stat().st_mode & 0o777)
        self.assertEqual("", changes())
        before = (self.home / "control/resolvers").read_text()
        self.control("resolvers", SilentServer(self).address)
        self.assertEqual("", changes())
        (self.home / "control/resolvers").write_text(before)
        (self.home / "alias/.qmail-postmaster").write_text("&joe@nospf.example\n")
        self.assertEqual("gone: alias.postmaster this host fault\n", changes())
        (self.home / "alias/.qmail-postmaster").unlink()
        self.assertRegex(changes(), r"\Afault alias\.postmaster [^\n]*\n(    .*\n){3}\Z")

    def test_the_network_is_not_asked_by_root(self):
        self.serve_dns()
        (self.home / "control").chmod(0o700)
        [one] = self.doctor(code=0)
        self.assertEqual(("dns.answers", "unchecked"), (one["id"], one["state"]))
        self.assertRegex(one["text"], "(?i)denied")

    def test_without_a_public_address_what_needs_one_is_not_made(self):
        self.serve_dns(*zone("good.example"))
        subprocess.run(["ip", "addr", "del", f"{IP}/32", "dev", "lo"], check=True)
        done = self.run_program("kopis", "doctor", "--json", "--only", "ptr,smtp.in,list,spf.here", "good.example")
        self.assertEqual(
            {("ptr.missing", "unchecked"), ("smtp.in", "unchecked"), ("list.listed", "unchecked"),
             ("spf.here", "unchecked")},
            {(one["id"], one["state"]) for one in json.loads(done.stdout)["findings"]})

    def test_a_silent_resolver_holds_nothing_and_blames_nobody(self):
        self.control("resolvers", SilentServer(self).address)
        self.control("rcpthosts", *[f"d{number}.example" for number in range(40)])
        began = time.monotonic()
        found = self.doctor(code=1)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual({"dns.answers"}, {one["id"] for one in found if one["state"] == "fault"} - {"list.listed"})
        self.assertEqual({f"d{number}.example" for number in range(40)},
                         {one["subject"] for one in found if one["id"] == "mx.missing"
                          and one["state"] == "unchecked"})

    def test_records_to_publish_are_a_zone_that_the_doctor_finds_sound(self):
        self.key("good.example", "--only", "rsa")
        self.certificate()
        done = self.run_program("kopis", "doctor", "dns", "Good.Example.", "--address", IP)
        self.assertEqual(0, done.returncode, done)
        text = done.stdout.decode()
        for wanted in ("good.example. IN MX 10 mx.example.", f"mx.example. IN A {IP}",
                       "7.100.51.198.in-addr.arpa. IN PTR mx.example.", "s._domainkey.good.example. IN TXT",
                       "_dmarc.good.example. IN TXT", "_mta-sts.good.example. IN TXT",
                       "_smtp._tls.good.example. IN TXT", "_submissions._tcp.good.example. IN SRV 0 1 465"):
            self.assertIn(wanted, text)
        tlsa = re.search(r"^_25\._tcp\.mx\.example\. IN TLSA 3 1 1 ([0-9a-f]{64})$", text, re.M)[1]
        public = subprocess.run(["openssl", "x509", "-in", self.home / "ca/cert.pem", "-noout", "-pubkey"],
                                capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public,
                             capture_output=True, check=True).stdout
        self.assertEqual(subprocess.run(["sha256sum"], input=der, capture_output=True).stdout[:64].decode(), tlsa)
        records = [f"mx-host={name},{host},10" for name, host in
                   re.findall(r"^(\S+)\. IN MX 10 (\S+)\.$", text, re.M)]
        records += [f"txt-record={name}," + ",".join(re.findall(r'"([^"]*)"', strings))
                    for name, strings in re.findall(r"^(\S+)\. IN TXT \( (.*?) \)$", text, re.M)]
        policy = "".join(f"{line}\n" for line in re.findall(
            r"^; ((?:version|mode|mx|max_age): .*)$", text, re.M))
        self.serve_policies(good=(200, "text/plain", policy))
        self.serve_dns(*records, SOUND["stshost"].format(d="good.example"))
        self.control("rcpthosts", "good.example")
        self.assertEqual({"dmarc.none", "sts.mode"}, self.ids(code=0))

    def test_dane(self):
        """By a resolver that checks signatures, and the certificate that port 25 shows."""
        self.certificate()
        self.serve(host=IP, port="25")
        text = self.run_program("kopis", "doctor", "dns", "good.example", "--address", IP).stdout.decode()
        right = re.search(r"^_25\._tcp\.mx\.example\. IN (TLSA .*)$", text, re.M)[1]
        wrong = right[:-4] + ("0000" if right[-4:] != "0000" else "1111")
        address = f"mx.example. A {IP}"
        for records, blind, wanted in (
                ([f"_25._tcp.mx.example. {right}"], False, set()),
                ([f"_25._tcp.mx.example. {wrong}", f"_25._tcp.mx.example. {right}"], False, set()),
                ([f"_25._tcp.mx.example. {wrong}"], False, {("dane.match", "fault")}),
                ([f"_25._tcp.mx.example. {right.replace('3 1 1', '1 1 1')}"], False,
                 {("dane.usable", "warning")}),
                ([], False, {("dane.missing", "note")}),
                ([f"_25._tcp.mx.example. {right}"], True, {("dane.missing", "unchecked")})):
            with self.subTest(records=records, blind=blind):
                dns = SignedDns(self, [address, *records], [])
                self.control("resolvers", f"127.0.0.1:{dns.blind if blind else dns.validating}")
                found = self.doctor(only="dane")
                self.assertEqual(wanted, {(one["id"], one["state"]) for one in found}, found)
                for one in found:
                    self.assertEqual("_25._tcp.mx.example", one["subject"])
                if wanted == {("dane.match", "fault")}:
                    self.assertIn(right, found[0]["mend"])

    def test_dane_of_a_zone_that_is_not_signed_and_of_one_with_wrong_signatures(self):
        self.certificate(name="mx.insecure.example")
        self.control("me", "mx.insecure.example")
        tlsa = "TLSA 3 1 1 " + "ab" * 32
        dns = SignedDns(self, [], [f"_25._tcp.mx {tlsa}"])
        self.control("resolvers", f"127.0.0.1:{dns.validating}")
        self.assertEqual({"dane.signed"}, self.ids(only="dane"))
        self.control("me", "mx.example")
        dns = SignedDns(self, [f"mx.example. A {IP}", f"_25._tcp.mx.example. {tlsa}"], [],
                        spoil=[(r"abab", "cdcd")])
        self.control("resolvers", f"127.0.0.1:{dns.validating}")
        [one] = self.doctor(only="dane")
        self.assertEqual(("dane.missing", "unchecked"), (one["id"], one["state"]), one)

    def test_changes_go_by_mail_and_what_is_not_queued_is_told_the_next_time(self):
        state, mailed = self.home / "state", self.home / "mailed"
        queue = self.home / "queue-stand-in"
        queue.write_text(f"#!/bin/sh\ncat >{mailed}; exit $(cat {self.home}/code)\n")
        queue.chmod(0o755)

        def run(code=0):
            (self.home / "code").write_text(str(code))
            mailed.unlink(missing_ok=True)
            done = self.run_program(
                "kopis", "doctor", "--changes", state, "--mail", "joe@mx.example", "--only", "alias",
                env=self.environment(QMAILQUEUE=str(queue)))
            self.assertEqual(b"", done.stdout)
            return done, mailed.read_text() if mailed.exists() else None

        done, text = run(code=53)
        self.assertEqual(111, done.returncode)
        self.assertIn(b"the mail to joe@mx.example is not queued", done.stderr)
        done, text = run()
        self.assertEqual((1, b""), (done.returncode, done.stderr))
        self.assertIn("To: joe@mx.example\n", text)
        self.assertIn("Subject: mx.example: kopis doctor: 3 new findings, 0 gone\n", text)
        self.assertIn("Auto-Submitted: auto-generated\n", text)
        self.assertIn("\nfault alias.postmaster this host: ", text)
        self.assertEqual(None, run()[1])  # Nothing has changed.
        (self.home / "alias/.qmail-postmaster").write_text("&joe@mx.example\n")
        self.assertIn("\n\ngone: alias.postmaster this host fault\n", run()[1])
        self.assertEqual(None, run()[1])

    def test_the_page_has_every_check_and_words_that_make_no_sense_are_refused(self):
        page = (ROOT / "docs/man/kopis-doctor.8").read_text()
        listed = self.run_program("kopis", "doctor", "list").stdout.decode()
        self.assertEqual(
            re.findall(r"^(\S+) +(\S+) +(.+)$", listed, re.M),
            re.findall(r"^\.It Li (\S+\.\S+)\n([a-z]+): (.+);$", page, re.M))
        for words in (["--only", "nothing"], ["--only"], ["--address", "x"], ["--peer", "-"], ["a..b"],
                      ["--odd"], ["--changes", "here"], ["--json", "--changes", "/x"], ["--mail", "a@b.example"],
                      ["--changes", "/x", "--mail", "a@b.example\nBcc: c@d.example"], ["dns"], ["dns", "a.example", "b.example"]):
            with self.subTest(words):
                done = self.run_program("kopis", "doctor", *words)
                self.assertEqual(100, done.returncode)
                self.assertIn(b"usage: kopis doctor", done.stderr)
        text = self.run_program("kopis", "doctor", "--only", "alias")
        self.assertEqual(1, text.returncode)
        self.assertIn(b"fault alias.postmaster this host: mail for postmaster bounces\n", text.stdout)
        self.assertNotIn(b"\x1b", text.stdout)
        self.assertRegex(text.stdout.decode(), r"\n3 checks: 1 faults, 1 warnings, 1 notes, 0 could not be made\n\Z")


if __name__ == "__main__":
    unittest.main()

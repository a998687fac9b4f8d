"""What receivers ask of TLS: DANE by unbound and a zone of the test's own, MTA-STS by HTTPS, and what
they are told of it."""

import datetime
import email
import email.policy
import gzip
import json
import pathlib
import shutil
import unittest

import receivers
from host import Host
from receivers import MESSAGE, WEB, Sink, Web, digest, policy
from signed_dns import SignedDns

from peer import EHLO_PLAIN, server  # Where receivers finds it.
from tlsrpt_rules import message_faults, packed_faults


class Dane(receivers.Receivers):
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


class MtaSts(receivers.Receivers):
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


class Reports(receivers.Receivers):
    """A whole host: qmail-rspawn collects, shut in as it is, and kopis tlsrpt sends by the same host
    and by HTTPS."""

    def setUp(self):
        super().setUp()
        self.host = Host()
        self.addCleanup(self.host.close)
        dane = self.pem("dane", "mx.dane.example")
        self.dns = SignedDns(self, [
            "dane.example. MX 10 mx.dane.example.", "mx.dane.example. A 192.0.2.10",
            "_25._tcp.mx.dane.example. TLSA 3 1 1 " + digest(self.authority),
            '_smtp._tls.dane.example. TXT "v=TLSRPTv1; rua=mailto:r@dane.example"'], [
            *(f"{one} MX 10 {host}" for one, host in (
                ("good", "mx"), ("strict", "other"), ("test", "other"), ("plain", "mx"),
                ("quiet", "mx"))),
            *(f"mta-sts.{one} A {WEB}" for one in ("good", "strict", "test")), f"web A {WEB}",
            *(f'_mta-sts.{one} TXT "v=STSv1; id=1"' for one in ("good", "strict", "test")),
            *(f'_smtp._tls.{one} TXT "v=TLSRPTv1; rua={to}"' for one, to in (
                ("good", "mailto:r@good.insecure.example"),
                ("strict", "mailto:r@strict.insecure.example,https://web.insecure.example/reports"),
                ("test", "https://web.insecure.example/reports"),
                ("plain", "mailto:r@plain.insecure.example"))),
            "other A 192.0.2.21"])
        web = self.pem("web", *(f"{one}.insecure.example" for one in (
            "mta-sts.good", "mta-sts.strict", "mta-sts.test", "web")), ca=self.authority)
        self.web = Web(self, {}, web)
        for domain, mode, pattern in (("good", "enforce", "mx"), ("strict", "enforce", "other"),
                                      ("test", "testing", "other")):
            self.web.policy(f"{domain}.insecure.example",
                            policy(mode, f"{pattern}.insecure.example"))
        self.sink = Sink(self, "192.0.2.99", self.pem("mx", "mx.insecure.example", ca=self.authority))
        self.other = Sink(self, "192.0.2.21", self.pem("x", "x.example", ca=self.authority))
        self.dane = Sink(self, "192.0.2.10", dane)
        self.host.control("resolvers", f"127.0.0.1:{self.dns.validating}")
        self.host.control("tlsreports", "tls@mx.example The Host")
        self.host.write("control/serverca.pem", pathlib.Path(self.authority).read_text())
        self.host.start()
        made = self.host.run("dkim", "new", "mx.example")
        self.assertEqual(0, made.returncode, made)

    def send(self, domain, fields=""):
        domain = domain if "." in domain else f"{domain}.insecure.example"
        result = self.host.run("sendmail", "-f", "joe@mx.example", f"a@{domain}",
                               input=f"From: joe@mx.example\n{fields}\nhi\n".encode())
        self.assertEqual(0, result.returncode, result)

    def days(self):
        return [path for path in (self.host.home / "tlsrpt").iterdir() if path.is_dir()]

    def test_from_sessions_to_reports(self):
        for domain in ("good", "strict", "test", "plain", "quiet", "dane.example"):
            self.send(domain)
        self.host.wait_log_count(r"delivery \d+: success: ", 4)
        self.host.wait_log(r"deferral: Connected_to_192\.0\.2\.21_but_its_certificate_does_not_name")
        self.host.wait_log(r"deferral: .*matches_no_TLSA_record")
        self.host.wait_log(r"mta-sts: test\.insecure\.example: testing: 192\.0\.2\.21: its cert")
        self.assertEqual(0o700, (self.host.home / "mta-sts").stat().st_mode & 0o777)
        self.assertEqual({"good.insecure.example", "strict.insecure.example",
                          "test.insecure.example"},
                         {path.name for path in (self.host.home / "mta-sts").iterdir()})
        self.host.stop()
        [today] = self.days()
        day = datetime.date.fromisoformat(today.name) - datetime.timedelta(days=1)
        today.rename(today.with_name(day.isoformat()))
        self.host.start()
        sent = self.host.run("tlsrpt", "send")
        self.assertEqual(0, sent.returncode, sent)
        lines = sent.stdout.decode().splitlines()
        self.assertEqual(5, len(lines), lines)  # quiet.example wants none.
        self.assertRegex(lines[4], f"^{day} test.insecure.example: 1 sessions, to web.insecure.example$")
        self.assertEqual([], self.days())
        self.check_posts(day)
        # What tells a domain of its bad certificate is not kept from it for that.
        self.host.wait_until(lambda: len(self.reports()) == 4, timeout=60, why=self.host.log)
        self.check_mail(self.reports())
        # And is in no report.
        self.host.stop()
        self.assertEqual([], self.days())

    def test_an_offer_that_is_gone_is_logged(self):
        self.host.control("timeoutidle", "0")
        self.send("quiet")
        self.host.wait_log_count(r"delivery \d+: success: ", 1)
        self.sink.close()
        Sink(self, "192.0.2.99", talk=server(ehlo=EHLO_PLAIN))
        self.send("quiet")
        self.host.wait_log(r"tls: 192\.0\.2\.99 has offered STARTTLS before, and does not now")
        self.host.wait_log_count(r"delivery \d+: success: ", 2)

    def reports(self):
        return [text for sink in (self.sink, self.other, self.dane) for session in sink.sessions
                for text in session.messages if b"TLS-Report-Domain" in text]

    def check_posts(self, day):
        self.assertEqual(2, len(self.web.posted))
        for host, kind, body in self.web.posted:
            self.assertEqual(("web.insecure.example", "application/tlsrpt+gzip"), (host, kind))
            self.assertEqual([], packed_faults(body))
        strict, test = [json.loads(gzip.decompress(body)) for _, _, body in self.web.posted]
        self.assertEqual(f"{day}T00:00:00Z", strict["date-range"]["start-datetime"])
        self.assertEqual("tls@mx.example", strict["contact-info"])
        [one] = strict["policies"]
        self.assertEqual({"policy-type": "sts", "policy-domain": "strict.insecure.example",
                          "policy-string": policy("enforce", "other.insecure.example").splitlines(),
                          "mx-host": ["other.insecure.example"]}, one["policy"])
        self.assertEqual(0, one["summary"]["total-successful-session-count"])
        [failure] = one["failure-details"]
        self.assertEqual(("certificate-host-mismatch", "other.insecure.example", "192.0.2.21"),
                         (failure["result-type"], failure["receiving-mx-hostname"],
                          failure["receiving-ip"]))
        self.assertRegex(failure["sending-mta-ip"], r"^[0-9.]+$")
        self.assertEqual(
            {"total-successful-session-count": 0, "total-failure-session-count": 1},
            test["policies"][0]["summary"])

    def check_mail(self, texts):
        self.assertEqual(4, len(texts))
        by = {}
        for text in texts:
            self.assertEqual([], message_faults(text))
            message = email.message_from_bytes(text, policy=email.policy.default)
            self.assertIn("d=mx.example", message["DKIM-Signature"])
            self.assertEqual("No", message["TLS-Required"])
            self.assertEqual("mx.example", message["TLS-Report-Submitter"])
            [part] = [part for part in message.walk()
                      if part.get_content_type() == "application/tlsrpt+gzip"]
            by[message["TLS-Report-Domain"]] = json.loads(gzip.decompress(part.get_content()))
            path = self.home / "report"
            path.write_bytes(text)
            shown = self.host.run("tlsrpt", "report", "-", input=text)
            self.assertEqual(0, shown.returncode, shown)
            self.assertIn(f"{message['TLS-Report-Domain']}  ", shown.stdout.decode())
        self.assertEqual({"good.insecure.example", "strict.insecure.example",
                          "plain.insecure.example", "dane.example"}, set(by))
        for name, kind in (("good", "sts"), ("plain", "no-policy-found")):
            [one] = by[f"{name}.insecure.example"]["policies"]
            self.assertEqual((kind, 1), (one["policy"]["policy-type"],
                                         one["summary"]["total-successful-session-count"]))
        [one] = by["dane.example"]["policies"]
        self.assertEqual(["3 1 1 " + digest(self.authority).upper()],
                         [line.upper() for line in one["policy"]["policy-string"]])
        self.assertEqual(("tlsa", 1), (one["policy"]["policy-type"],
                                       one["summary"]["total-failure-session-count"]))


if __name__ == "__main__":
    unittest.main()

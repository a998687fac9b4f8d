"""kopis dmarc: reports that are received are taken apart; what a listener sees is collected, sent
to whom the domain names, and read again by other programs and our own."""

import datetime
import email
import email.policy
import gzip
import io
import json
import os
import re
import smtplib
import stat
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree
import zipfile

from harness import BIN, ROOT, ProgramCase
from listener import ListenerCase
from milter import CONTINUE, Milter, packet
from nameserver import NameServer, SilentServer

EXAMPLE = (ROOT / "tests/Kopis.Mail.Tests/Authentication/Reports/rfc9990.txt").read_bytes()
NAMESPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"
GOOD, BAD, FORWARDER = "127.0.0.5", "127.0.0.6", "127.0.0.7"
REPORTS = "dmarc@mx.example"


class Report(ProgramCase):
    """kopis dmarc report."""

    def report(self, *words, stdin=b"", code=0):
        result = self.run_program("kopis", "dmarc", "report", *words, stdin=stdin)
        self.assertEqual(code, result.returncode, result)
        return result.stdout.decode() if code == 0 else result.stderr.decode()

    def file(self, name, content):
        path = self.home / name
        path.write_bytes(content)
        return path

    def test_the_example_of_the_RFC_as_a_table(self):
        self.assertEqual(
            "Sample Reporter <report_sender@example-reporter.com> about example.com, "
            "1979-08-07 00:00 to 1979-08-07 23:59 UTC: 123 messages, report 3v98abbp8ya9n3va8yr8oa3ya\n"
            "published: p=quarantine sp=none np=none t=n\n"
            "source       count  disposition  dkim  spf   from\n"
            "192.0.2.123    123  pass         pass  fail  example.com  "
            "dkim=pass of example.com/abc123, spf=fail of example.com\n",
            self.report(self.file("r.xml", EXAMPLE)))

    def test_each_form_of_a_file_and_a_pipe(self):
        packed = gzip.compress(EXAMPLE)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
            files.writestr("a.xml", EXAMPLE)
        mail = email.message.EmailMessage()
        mail["Subject"] = "Report Domain: example.com"
        mail.set_content("a report\n")
        mail.add_attachment(packed, maintype="application", subtype="gzip", filename="x.xml.gz")
        wanted = self.report(self.file("r.xml", EXAMPLE))
        for content in (packed, archive.getvalue(), mail.as_bytes(),
                        mail.as_bytes(policy=email.policy.SMTP)):
            self.assertEqual(wanted, self.report(self.file("r", content)))
            self.assertEqual(wanted, self.report("-", stdin=content))
        both = self.report(self.home / "r", self.home / "r.xml")
        self.assertEqual(wanted + "\n" + wanted, both)

    def test_JSON(self):
        [report] = json.loads(self.report("--json", "-", stdin=EXAMPLE))
        self.assertEqual("example.com", report["policy_published"]["domain"])
        [row] = report["records"]
        self.assertEqual(("192.0.2.123", 123, "pass"),
                         (row["source_ip"], row["count"], row["disposition"]))
        self.assertEqual([{"domain": "example.com", "selector": "abc123", "result": "pass"}],
                         row["dkim_results"])
        self.assertEqual([], json.loads(self.run_program(
            "kopis", "dmarc", "report", "--json", "-", stdin=b"x").stdout))

    def test_what_cannot_be_read(self):
        self.assertIn("no report in it", self.report("-", stdin=b"Subject: x\n\nhi\n", code=100))
        self.assertIn("not well-formed XML", self.report("-", stdin=EXAMPLE[:500], code=100))
        entity = EXAMPLE.replace(b"<feedback", b'<!DOCTYPE a [<!ENTITY b "c">]><feedback', 1)
        self.assertIn("not well-formed XML", self.report("-", stdin=entity, code=100))
        self.assertIn("file does not exist", self.report(self.home / "none", code=111))
        os.mkfifo(self.home / "fifo")
        self.report(self.home / "fifo", code=111)
        for words in ((), ("--json",), ("--odd", "x"), ("",)):
            self.assertIn("usage: kopis dmarc", self.report(*words, code=100))

    def test_a_bomb_ends_early(self):
        bomb = gzip.compress(b"<feedback>" + bytes(200 << 20), compresslevel=9)
        self.assertIn("bytes unpacked", self.report("-", stdin=bomb, code=100))
        self.assertIn("file too big", self.report("-", stdin=bytes(33 << 20), code=111))

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user")
    def test_root_only_opens_the_file(self):
        (self.home / "dmarc").mkdir(mode=0o700)
        os.chown(self.home / "dmarc", 65534, 65534)
        path = self.file("r.xml", EXAMPLE)
        path.chmod(0o600)
        wanted = self.report("-", stdin=EXAMPLE)
        self.assertEqual(wanted, self.report(path))
        traced = subprocess.run(
            ["strace", "-f", "-qq", "-e", "trace=read,pread64,setresuid,execve", "-s", "40",
             BIN / "kopis", "dmarc", "report", path],
            capture_output=True, env=self.environment(), timeout=60)
        self.assertEqual(0, traced.returncode)
        trace = traced.stderr.decode()
        self.assertIn("setresuid(65534", trace)
        self.assertLess(trace.index("setresuid(65534"), trace.index("<?xml version"))


class Send(ListenerCase):
    """A listener collects, and kopis dmarc send sends."""

    def setUp(self):
        super().setUp()
        (self.home / "dmarc").mkdir(mode=0o700)
        self.control("rcpthosts", "mx.example")
        self.control("checkloopback", "1")
        self.control("checkdmarc", "policy")
        self.control("checkexempt", FORWARDER)
        self.control("dmarcreports", f"{REPORTS} The \"MX\" of Example")
        self.out = self.home / "out"
        self.out.mkdir()
        self.queue = self.home / "queue.sh"
        self.queue.write_text(f"#!/bin/sh\ncat > {self.out}/message.$$\ncat <&1 > {self.out}/envelope.$$\n")
        self.queue.chmod(0o755)

    def environment(self, **more):
        return {"QMAILQUEUE": str(self.queue), **super().environment(**more)}

    def start(self, *records):
        self.names = NameServer(
            self, f"txt-record=far.example,v=spf1 ip4:{GOOD} -all",
            "txt-record=_dmarc.far.example,v=DMARC1; p=reject; np=none; rua=mailto:r@far.example",
            "txt-record=_dmarc.quiet.example,v=DMARC1; p=reject", *records)
        self.control("resolvers", self.names.address)
        self.serve("-vHR", "-l0")

    def mail(self, source=BAD, domain="far.example", sender=None, to="a@mx.example"):
        with smtplib.SMTP(source_address=(source, 0), timeout=60) as client:
            client.connect("127.0.0.1", self.port)
            client.helo("c.example")
            client.mail(f"s@{domain}" if sender is None else sender)
            client.rcpt(to)
            return client.data(f"From: a@{domain}\r\nSubject: x\r\n\r\nhi\r\n".encode())[0]

    def stop(self):
        """The listener writes what it has."""
        self.process.terminate()
        self.assertEqual(0, self.process.wait(20))
        for path in self.out.iterdir():
            path.unlink()

    def age(self, days=1):
        """The records become those of another day."""
        [today] = [path for path in (self.home / "dmarc").iterdir() if path.is_dir()]
        day = datetime.date.fromisoformat(today.name) - datetime.timedelta(days=days)
        today.rename(today.with_name(day.isoformat()))
        return day

    def send(self, *words, code=0):
        result = self.run_program("kopis", "dmarc", "send", *words)
        self.assertEqual(code, result.returncode, result)
        return (result.stdout if code == 0 else result.stdout + result.stderr).decode()

    def sent(self):
        """Messages and envelopes that came to the queue, as other programs read them."""
        found = []
        for path in sorted(self.out.glob("message.*")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            envelope = path.with_name(path.name.replace("message", "envelope")).read_bytes()
            [part] = [part for part in message.walk()
                      if part.get_content_type() == "application/gzip"]
            found.append((message, envelope, part.get_filename(),
                          ElementTree.fromstring(gzip.decompress(part.get_content())), path))
        return found

    def test_from_mail_to_report(self):
        self.start()
        self.assertEqual(250, self.mail(GOOD))
        self.assertEqual(250, self.mail(GOOD))
        self.assertEqual(550, self.mail(BAD))
        self.assertEqual(250, self.mail(FORWARDER, sender=""))
        self.assertEqual(550, self.mail(BAD, domain="quiet.example"))
        self.assertEqual(550, self.mail(BAD, to=REPORTS))  # What answers reports is in none.
        self.stop()
        for path in (self.home / "dmarc").rglob("*"):
            self.assertEqual(0, stat.S_IMODE(path.stat().st_mode) & 0o077, path)
        self.assertEqual("", self.send())  # Today is not over.
        self.assertIn("is not over", self.send("--day", datetime.date.today().isoformat(), code=100))
        day = self.age()
        dry = self.send("--dry-run")
        self.assertEqual(f"{day} far.example: 4 messages, to r@far.example\n", dry)
        self.assertEqual([], self.sent())

        said = self.send("--day", day.isoformat())

        self.assertRegex(said, f"^{day} far.example: 4 messages, to r@far.example: qp [0-9]+\n$")
        [(message, envelope, name, xml, path)] = self.sent()
        self.assertEqual(f"F{REPORTS}\0Tr@far.example\0\0".encode(), envelope)
        begin = int(datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp())
        self.assertRegex(name, rf"^mx\.example!far\.example!{begin}!{begin + 86399}![0-9a-f]+\.xml\.gz$")
        self.assertRegex(message["Subject"], r"^Report Domain: far\.example\s+Submitter: mx\.example"
                                             r"\s+Report-ID: <[0-9a-f]+>$")
        self.assertEqual(f'"The \\"MX\\" of Example" <{REPORTS}>', message["From"])
        self.assertEqual("auto-generated", message["Auto-Submitted"])
        self.assertEqual(REPORTS.partition("@")[2], message["Message-ID"].strip("<>").split("@")[1])
        self.assertTrue(all(len(line) < 998 for line in path.read_bytes().split(b"\n")))
        self.check(xml)
        self.again(path)
        self.assertEqual("", self.send())
        self.assertEqual([], [path for path in (self.home / "dmarc").iterdir() if path.is_dir()])

    def test_a_message_counts_once_filters_have_decided(self):
        """One that is to come again is counted when it has come; one thrown away is counted."""
        milter = Milter(self, E=[packet("t"), CONTINUE, packet("d"), packet("r"), packet("r")])
        self.control("milters", milter.place)
        self.start()
        self.assertEqual([451, 250, 250, 550], [self.mail(GOOD) for _ in range(4)])
        self.assertEqual(550, self.mail(FORWARDER))
        self.stop()
        day = self.age()
        self.send("--day", day.isoformat())
        [(*_, xml, _)] = self.sent()
        rows = {record.findtext(f"{NAMESPACE}row/{NAMESPACE}source_ip"): [
            record.findtext(f"{NAMESPACE}row/{NAMESPACE}{name}")
            for name in ("count", f"policy_evaluated/{NAMESPACE}disposition")]
            for record in xml.iter(NAMESPACE + "record")}
        self.assertEqual({GOOD: ["3", "pass"], FORWARDER: ["1", "reject"]}, rows)

    def check(self, xml):
        def text(element, path):
            return element.findtext("/".join(NAMESPACE + step for step in path.split("/")))
        self.assertEqual(NAMESPACE + "feedback", xml.tag)
        self.assertEqual("1.0", text(xml, "version"))
        self.assertEqual(["version", "report_metadata", "policy_published", *["record"] * 3],
                         [child.tag.removeprefix(NAMESPACE) for child in xml])
        self.assertEqual("reject", text(xml, "policy_published/p"))
        self.assertEqual("none", text(xml, "policy_published/np"))
        rows = {text(record, "row/source_ip"): record for record in xml.iter(NAMESPACE + "record")}
        evaluated = "row/policy_evaluated/"
        for source, count, disposition, spf, result, reason in (
                (GOOD, "2", "pass", "pass", "pass", None), (BAD, "1", "reject", "fail", "fail", None),
                (FORWARDER, "1", "none", "fail", "none", "trusted_forwarder")):
            row = rows[source]
            self.assertEqual(count, text(row, "row/count"))
            self.assertEqual(disposition, text(row, evaluated + "disposition"))
            self.assertEqual("fail", text(row, evaluated + "dkim"))
            self.assertEqual(spf, text(row, evaluated + "spf"))
            self.assertEqual(reason, text(row, evaluated + "reason/type"))
            self.assertEqual("far.example", text(row, "identifiers/header_from"))
            self.assertEqual(None if source == FORWARDER else "far.example",
                             text(row, "identifiers/envelope_from"))
            self.assertEqual("c.example" if source == FORWARDER else "far.example",
                             text(row, "auth_results/spf/domain"))
            self.assertEqual(result, text(row, "auth_results/spf/result"))
            self.assertEqual("mfrom", text(row, "auth_results/spf/scope"))

    def again(self, path):
        """Our own reader says the same."""
        shown = self.run_program("kopis", "dmarc", "report", path)
        self.assertEqual(0, shown.returncode, shown)
        lines = shown.stdout.decode().splitlines()
        self.assertIn('The "MX" of Example <dmarc@mx.example> about far.example', lines[0])
        self.assertIn(": 4 messages", lines[0])
        self.assertRegex(lines[3], rf"^{re.escape(GOOD)} +2  pass +fail +pass +far\.example  ")
        self.assertIn("override trusted_forwarder", shown.stdout.decode())

    def test_whoever_is_named_elsewhere_is_asked(self):
        zone = self.home / "zone"  # Where quotes keep a comma in a string.
        zone.write_text("".join(
            f'txt-record=_dmarc.{name}.example,"v=DMARC1; p=none; rua={uris}"\n'
            for name, uris in {
                "agreed": "mailto:a@collect.example!10m,mailto:b@no.example, https://x.example/",
                "small": "mailto:a@collect.example!1k",
                "moved": "mailto:a@moving.example", "stolen": "mailto:a@thief.example",
            }.items()))
        self.start(
            f"conf-file={zone}",
            "txt-record=agreed.example._report._dmarc.collect.example,v=DMARC1",
            "txt-record=small.example._report._dmarc.collect.example,v=DMARC1;",
            "txt-record=moved.example._report._dmarc.moving.example,"
            "v=DMARC1; rua=mailto:new@moving.example",
            "txt-record=stolen.example._report._dmarc.thief.example,"
            "v=DMARC1; rua=mailto:victim@far.example")
        for name in ("agreed", "small", "moved", "stolen"):
            self.assertEqual(250, self.mail(domain=f"{name}.example"))
        self.stop()
        day = self.age()
        said = self.send().splitlines()
        self.assertEqual([f"{day} agreed.example: 1 messages, to a@collect.example: qp",
                          f"{day} moved.example: 1 messages, to new@moving.example: qp",
                          f"{day} small.example: nobody takes a report",
                          f"{day} stolen.example: nobody takes a report"],
                         [re.sub("qp [0-9]+$", "qp", line) for line in said])
        self.assertEqual(2, len(self.sent()))
        self.assertEqual("", self.send())

    def test_a_silent_DNS_and_a_full_queue_lose_no_report(self):
        self.start()
        self.mail()
        self.stop()
        self.age()
        self.control("resolvers", SilentServer(self).address)
        self.assertIn("far.example: later: DNS does not answer", self.send(code=111))
        self.control("resolvers", self.names.address)
        self.queue.write_text("#!/bin/sh\nexit 53\n")
        self.send(code=111)
        self.queue.write_text(f"#!/bin/sh\ncat > {self.out}/message.$$\ncat <&1 > {self.out}/envelope.$$\n")
        self.send()
        self.assertEqual(1, len(self.sent()))

    def test_the_same_rows_have_the_same_name(self):
        self.start()
        self.mail()
        self.stop()
        day = self.age()
        kept = (self.home / "dmarc" / day.isoformat() / "far.example").read_bytes()
        self.send()
        (self.home / "dmarc" / day.isoformat()).mkdir(mode=0o700)
        (self.home / "dmarc" / day.isoformat() / "far.example").write_bytes(kept)
        self.send()  # As after a power cut.
        names = [name for _, _, name, _, _ in self.sent()]
        self.assertEqual([names[0]] * 2, names)

    def test_a_flood_fills_a_part_of_its_own_report(self):
        self.start("txt-record=_dmarc.other.example,v=DMARC1; p=none; rua=mailto:r@other.example")
        with smtplib.SMTP(source_address=(BAD, 0), timeout=60) as client:
            client.connect("127.0.0.1", self.port)
            client.helo("c.example")
            for number in range(80):  # 50 of one source are rows.
                client.mail(f"s@{number}.far.example")
                client.rcpt("a@mx.example")
                client.data(b"From: a@far.example\r\n\r\nhi\r\n")
        self.mail(domain="other.example")
        self.stop()
        self.age()
        self.assertEqual(2, len(self.send().splitlines()))
        by = {xml.findtext(f".//{NAMESPACE}policy_published/{NAMESPACE}domain"): xml
              for _, _, _, xml, _ in self.sent()}
        self.assertEqual(50, len(by["far.example"].findall(NAMESPACE + "record")))
        self.assertIn("30 messages are in no row",
                      by["far.example"].findtext(f".//{NAMESPACE}error"))
        self.assertEqual(1, len(by["other.example"].findall(NAMESPACE + "record")))

    def test_without_the_file_nothing_is_collected(self):
        (self.home / "control/dmarcreports").unlink()
        self.start()
        self.mail()
        self.stop()
        self.assertEqual([], list((self.home / "dmarc").iterdir()))
        self.assertIn("there is no", self.send(code=100))

    def test_without_the_directory_mail_is_taken_and_the_log_says_so(self):
        (self.home / "dmarc").rmdir()
        self.start()
        self.assertEqual(250, self.mail(GOOD))
        self.process.terminate()
        self.process.wait(20)
        self.wait_log(r"dmarc: rows of reports are lost: open .*/dmarc: file does not exist")

    def test_what_makes_no_sense(self):
        for words in (("--day",), ("--day", "x"), ("--day", "2026-13-01"), ("x",)):
            self.assertIn("usage: kopis dmarc", self.send(*words, code=100))
        self.control("dmarcreports", "no address")
        self.assertIn("control/dmarcreports", self.send(code=111))


if __name__ == "__main__":
    unittest.main()

"""kopis dkim: keys, records, what DNS has of them, rotation; and mail that qmail-rspawn signs."""

import json
import re
import socket
import stat
import subprocess
import time
import unittest

from harness import BIN, ProgramCase
from nameserver import NameServer
from test_qmail_rspawn import RspawnCase

PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's python3-dkim.

# Verifies each signature of the message on fd 0, with the records of argument 1, as another program.
VERIFY = """
import json, sys
import dkim
records = json.loads(sys.argv[1])
message = sys.stdin.buffer.read()
count = sum(name.lower() == b"dkim-signature" for name, _ in dkim.rfc822_parse(message)[0])
for index in range(count):
    ask = lambda name, timeout=5: records.get(name.decode().rstrip("."), "").encode() or None
    try:
        print(dkim.DKIM(message).verify(index, dnsfunc=ask))
    except dkim.DKIMException as error:
        print(type(error).__name__)
"""


class DkimCase:
    """What both cases have: keys, and their records."""

    def dkim(self, *words, code=0):
        result = self.run_program("kopis", "dkim", *words)
        self.assertEqual(code, result.returncode, result)
        return result.stdout.decode() if code == 0 or result.stdout else result.stderr.decode()

    def records(self, domain="mx.example"):
        """What to publish, by name, as a zone file has it."""
        found = {}
        for name, strings in re.findall(r"^(\S+)\. IN TXT \( (.*?) \)$", self.dkim("show", domain),
                                        re.M | re.S):
            parts = re.findall(r'"([^"]*)"', strings)
            self.assertTrue(all(len(part) <= 255 for part in parts), parts)
            found[name] = "".join(parts)
        return found

    def serve(self, records):
        """A name server that has these."""
        server = NameServer(self, *[
            "txt-record=" + ",".join([name, *re.findall(".{1,255}", text)])
            for name, text in records.items()])
        self.control("resolvers", server.address)

    def selectors(self):
        return sorted(path.stem for path in (self.home / "dkim/mx.example").glob("*.pem"))


class KopisDkim(DkimCase, ProgramCase):
    def test_new_keys_are_for_their_owner_alone_and_their_records_are_printed(self):
        text = self.dkim("new", "MX.Example.")
        self.assertRegex(text, r"\Amade mx\.example/\d{8}a-rsa \(rsa\): signs\n"
                               r"made mx\.example/\d{8}a-ed25519 \(ed25519\): signs\n")
        records = self.records()
        self.assertEqual(2, len(records))
        for name, record in records.items():
            self.assertRegex(name, r"\A\d{8}a-(rsa|ed25519)\._domainkey\.mx\.example\Z")
            self.assertIn(name, text)
            self.assertRegex(record, r"\Av=DKIM1; k=(rsa|ed25519); p=[A-Za-z0-9+/]+=*\Z")
        for path in [self.home / "dkim", *(self.home / "dkim").rglob("*")]:
            self.assertEqual(0, stat.S_IMODE(path.stat().st_mode) & 0o077, path)
        self.assertEqual("mx.example\n", self.dkim("show"))
        self.assertIn("mx.example has keys", self.dkim("new", "mx.example", code=100))
        for kind, shown in (("rsa", b"2048 bit"), ("ed25519", b"ED25519 Private")):
            [path] = (self.home / "dkim/mx.example").glob(f"*-{kind}.pem")
            read = subprocess.run(["openssl", "pkey", "-noout", "-text", "-in", path],
                                  capture_output=True, check=True)
            self.assertIn(shown, read.stdout)

    def test_selectors_kinds_and_sizes(self):
        self.dkim("new", "mx.example", "--selector", "s", "--only", "rsa", "--rsa-bits", "4096")
        self.assertEqual(["s"], self.selectors())
        self.assertGreater(len(self.records()["s._domainkey.mx.example"]), 700)
        self.dkim("new", "mx.example", "--selector", "t")
        self.assertEqual(["s", "t-ed25519", "t-rsa"], self.selectors())
        self.assertIn("has a key t-rsa", self.dkim("new", "mx.example", "--selector", "t", code=100))
        self.dkim("remove", "mx.example", "s")
        self.dkim("remove", "mx.example", "t-rsa")
        self.assertIn("no key of mx.example signs now", self.dkim("remove", "mx.example", "t-ed25519"))
        self.assertFalse((self.home / "dkim/mx.example").exists())
        self.assertIn("has no keys", self.dkim("show", "mx.example", code=100))
        self.assertIn("has no key t", self.dkim("remove", "mx.example", "t", code=100))

    def test_what_makes_no_sense(self):
        for words in ((), ("new",), ("new", "../x"), ("new", "a/b"), ("new", "a..b"), ("new", "."),
                      ("new", "a", "b"), ("new", "a", "--selector", "A"), ("new", "a", "--selector"),
                      ("new", "a", "--selector", "x.y"), ("new", "a", "--rsa-bits", "512"),
                      ("new", "a", "--rsa-bits", "99999999999"), ("new", "a", "--only", "dsa"),
                      ("remove", "a"), ("remove", "a", "../b"), ("rotate",), ("odd",),
                      ("rotate", "a", "--days", "-1"), ("check", "a", "--finish")):
            with self.subTest(words):
                self.assertIn("usage: kopis dkim new", self.dkim(*words, code=100))
        self.assertFalse((self.home / "dkim").exists())
        self.assertIn("usage: kopis dkim new", self.dkim("--help"))
        self.assertIn("there are no keys", self.dkim("show", code=100))
        self.assertIn("there are no keys", self.dkim("rotate", "mx.example", code=100))

    def test_check_compares_with_dns(self):
        self.dkim("new", "mx.example", "--selector", "s")
        self.dkim("new", "other.example", "--selector", "o")
        records = self.records()
        self.serve(records)
        self.assertEqual(["published"] * 2, re.findall(r": ([a-z ]+);", self.dkim("check", "mx.example")))
        everything = self.dkim("check", code=100)
        self.assertEqual(2, everything.count(": published; "))
        self.assertEqual(2, everything.count(".other.example: missing in DNS; "))
        wrong = dict(zip(records, reversed(records.values())))
        self.serve(wrong)
        self.assertEqual(2, self.dkim("check", "mx.example", code=100).count(": different in DNS; "))

    def test_a_name_server_that_is_not_there_is_a_temporary_failure(self):
        self.dkim("new", "mx.example", "--selector", "s", "--only", "ed25519")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.1", 0))
            self.control("resolvers", f"127.0.0.1:{closed.getsockname()[1]}")
            self.assertIn(": DNS does not answer; ", self.dkim("check", "mx.example", code=111))

    def test_rotation_by_date_and_its_end_by_hand(self):
        self.dkim("new", "mx.example", "--selector", "s")
        old = self.records()
        self.assertIn("has no new keys", self.dkim("rotate", "mx.example", "--finish", code=100))
        self.assertEqual(2, self.dkim("rotate", "mx.example", "--days", "5").count("signs from "))
        self.assertIn("do not sign yet", self.dkim("rotate", "mx.example", code=100))
        shown = self.dkim("show", "mx.example")
        self.assertEqual((2, 2), (shown.count(": signs from "), shown.count(": signs until ")))
        both = self.records()
        self.assertEqual(4, len(both))
        files = {path: path.read_bytes() for path in (self.home / "dkim/mx.example").iterdir()}
        self.serve(old)
        self.assertIn("nothing is changed", self.dkim("rotate", "mx.example", "--finish", code=100))
        self.assertEqual(
            files, {path: path.read_bytes() for path in (self.home / "dkim/mx.example").iterdir()})
        self.serve(both)
        ended = self.dkim("rotate", "mx.example", "--finish")
        self.assertEqual(2, ended.count(": signs\n"))
        self.assertEqual(2, ended.count("; keep its record until "))
        self.assertEqual(both, self.records())  # No key has changed.

    def test_a_key_that_others_may_read_is_reported(self):
        self.dkim("new", "mx.example", "--selector", "s")
        (self.home / "dkim/mx.example/s-rsa.pem").chmod(0o644)
        result = self.run_program("kopis", "dkim", "show", "mx.example")
        self.assertEqual(100, result.returncode)
        self.assertIn(b"s-rsa.pem: other users have rights to it", result.stderr)
        self.assertIn(b"s-ed25519._domainkey", result.stdout)


class Signed(DkimCase, RspawnCase):
    """Mail as another host gets it."""

    MAIL = b"From: Joe <joe@mx.example>\nSubject: s\nList-Unsubscribe: <mailto:u@mx.example>\n\nbody\n"

    def verify(self, message, records):
        done = subprocess.run([PYTHON, "-c", VERIFY, json.dumps(records)], input=message,
                              capture_output=True, check=False)
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        return done.stdout.decode().split()

    def send(self, number, recipient=b"r@far.example", **replies):
        """What arrives."""
        server = self.server(**replies)
        server.data = bytearray()  # Grows in its place.
        self.order(1, number, recipient)
        [(_, text)] = self.reports()
        self.assertEqual(b"K", text[:1], text)
        return bytes(server.data)

    def test_a_submitted_message_verifies_and_is_the_same_at_each_host(self):
        self.dkim("new", "mx.example")
        self.start_spawner()
        number = self.intake(self.MAIL, 3)
        first = self.send(number)
        self.assertRegex(first, rb"(?s)\ADKIM-Signature: v=1; a=rsa-sha256; .*\r\n"
                                rb"DKIM-Signature: v=1; a=ed25519-sha256; .*\r\n"
                                rb"Received: \(qmail .*\r\n\r\nbody\r\n\Z")
        records = self.records()
        self.assertEqual(["True", "True"], self.verify(first, records))
        for changed in (first.replace(b"body", b"bodY"), first.replace(b"mailto:u", b"mailto:v"),
                        first.replace(b"Subject:", b"Cc: z@z\r\nSubject:"),
                        first.replace(b"Subject:", b"From: z@z\r\nSubject:")):
            self.assertNotIn("True", self.verify(changed, records))
        self.assertEqual(first, self.send(number, b"q@other.example"))
        self.close()
        self.start_spawner()  # It remembers nothing, and signs alike.
        self.assertEqual(first, self.send(number, b"p@third.example"))

    def test_what_is_signed_and_what_is_only_passed_on(self):
        self.dkim("new", "mx.example", "--only", "ed25519")
        self.start_spawner()
        network = b"Received: from evil.example by mx.example with SMTP; x\n"
        queue = b"Received: (qmail 1 invoked from network); x\n"
        for origin, message, signed in (
                (0, self.MAIL, True), (2, self.MAIL, True), (3, network + self.MAIL, True),
                (1, network + self.MAIL, False),
                (0, b"Delivered-To: joe@mx.example\n" + queue + network + self.MAIL, False),
                (0, queue + network + self.MAIL, False),
                (3, network + b"Delivered-To: joe@mx.example\n" + self.MAIL, False),
                (0, self.MAIL.replace(b"joe@mx", b"joe@no"), False),
                (0, self.MAIL.replace(b"joe@mx", b"joe@below.mx"), True)):
            with self.subTest(origin=origin, message=message):
                got = self.send(self.intake(message, origin))
                self.assertEqual(signed, got.startswith(b"DKIM-Signature: "), got)
                self.assertEqual(["True"] if signed else [], self.verify(got, self.records()))

    def test_programs_that_pass_on_a_message_get_no_signature_for_it(self):
        self.dkim("new", "mx.example", "--only", "ed25519")
        self.start_spawner()
        forged = (b"Received: (qmail 1 invoked from network); x\n"
                  b"Received: from evil.example by mx.example with SMTP; x\n" + self.MAIL)
        more = {"DTLINE": "Delivered-To: joe@mx.example\n", "SENDER": "s@x.example",
                "NEWSENDER": "s@x.example", "RECIPIENT": "joe@mx.example",
                "LOCAL": "joe", "HOST": "mx.example", "EXT": "", "USER": "joe"}
        path = self.home / "forged"
        path.write_bytes(forged)
        for words in (("forward", "r@far.example"), ("condredirect", "r@far.example", "true"),
                      ("qmail-inject", "r@far.example"), ("sendmail", "r@far.example")):
            with self.subTest(words):
                with open(path, "rb") as message:  # As qmail-local gives it: it can be rewound.
                    done = subprocess.run(
                        [BIN / words[0], *words[1:]], stdin=message, capture_output=True,
                        env=self.environment(**more), check=False)
                self.assertIn(done.returncode, (0, 99), done)
                self.assertNotIn(b"DKIM-Signature", self.send(self.newest()))
        done = self.run_program("sendmail", "r@far.example", stdin=self.MAIL)
        self.assertEqual(0, done.returncode, done)
        self.assertIn(b"DKIM-Signature", self.send(self.newest()))

    def newest(self):
        listed = self.run_program("qmail-qread").stdout
        return int(re.findall(rb"  #(\d+)  ", listed)[-1])

    @staticmethod
    def become_old():
        """Waits until what qmail-rspawn knows of keys is not used any more: qmail-rspawn(8)."""
        time.sleep(0.2)

    def test_keys_that_cannot_be_used_keep_the_mail_of_their_domain_alone(self):
        self.dkim("new", "mx.example", "--selector", "s")
        self.start_spawner()
        self.server()
        keys = sorted((self.home / "dkim/mx.example").iterdir())
        keys[0].chmod(0o640)
        self.become_old()
        number = self.intake(self.MAIL, 3)
        self.assertIn(b"a=rsa-sha256", self.send(number))
        keys[1].write_bytes(b"damaged\n")
        self.become_old()
        number = self.intake(self.MAIL, 3)
        self.order(1, number, b"r@far.example")
        [(_, text)] = self.reports()
        self.assertRegex(text, rb"\AZUnable to sign message\. \(#4\.7\.0\)\n"
                               rb"mx\.example/s-ed25519\.pem: other users have rights to it\n\Z")
        self.assertNotIn(b"DKIM-Sig", self.send(self.intake(self.MAIL.replace(b"mx", b"no"), 3)))
        keys[0].chmod(0o600)
        self.become_old()
        self.assertIn(b"a=ed25519-sha256", self.send(number))

    def test_a_large_message_is_signed_in_memory_that_does_not_grow_with_it(self):
        self.dkim("new", "mx.example")
        self.start_spawner()
        small = self.intake(self.MAIL, 3)
        self.send(small)
        before = self.peak()
        body = b"".join(b"%d %s\n" % (line, b"x" * 70) for line in range(250_000))
        got = self.send(self.intake(self.MAIL + body, 3), EHLO=b"250-far\r\n250 PIPELINING\r\n")
        self.assertEqual(["True", "True"], self.verify(got, self.records()))
        self.assertLess(self.peak() - before, 10 << 10, "KiB")  # Of 19 MB.

    def peak(self):
        with open(f"/proc/{self.spawner.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1))

    def test_a_qmail_remote_of_another_make_gets_the_signed_message(self):
        self.dkim("new", "mx.example", "--only", "ed25519")
        other = self.home / "other"
        other.write_text(f"#!/bin/sh\ncat > {self.home}/got\nprintf 'r\\0Kdone\\n\\0'\n")
        other.chmod(0o755)
        self.start_spawner(QMAILREMOTE=str(other))
        self.order(1, self.intake(self.MAIL, 3), b"r@far.example")
        self.assertEqual([(1, b"Kdone\n")], self.reports())
        got = (self.home / "got").read_bytes().replace(b"\n", b"\r\n")
        self.assertEqual(["True"], self.verify(got, self.records()))


if __name__ == "__main__":
    unittest.main()

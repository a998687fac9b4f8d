"""DKIM with dkimpy and OpenDKIM, both ways, and all checks through a real name server.

tests/Kopis.AuthTool is the library's code in a program of the tests' own."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from nameserver import NameServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "artifacts/bin/Kopis.AuthTool/debug/Kopis.AuthTool"
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's modules.
PEER = pathlib.Path(__file__).with_name("dkim_peer.py")

HEADERS = [
    b"From: a@sign.example\n",
    b"From: Ann <a@sign.example>\nTo: b@b.example\nSubject: plain\nDate: Mon, 1 Jan 2026 00:00:00 +0000\n",
    b"FROM:a@sign.example\nsubject:no blank\nTo:\tx@y.example\n",
    b"From: a@sign.example\nSubject: folded\n once\n\tand again\nDate: x\n",
    b"From:\n a@sign.example\nSubject:\n x\n",
    b"From: a@sign.example\nSubject: double  blanks \t and tabs\t\t\n",
    b"From: a@sign.example\nReceived: one\nReceived: two\nReceived: three\nSubject: same\n",
    b"From: a@sign.example\nSubject: J\xc3\xb6rg 8 bit\n",
    b"From: a@sign.example\nSubject: " + b"s" * 900 + b"\n",
    b"From: a@sign.example\nSubject: colons : in ; the = value\nMIME-Version: 1.0\n"
    b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
    b"From: a@sign.example\nList-Unsubscribe: <https://sign.example/u?a=b&c>\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\nMessage-ID: <x@sign.example>\n",
]
UNUSUAL = ("02", "04")  # Of these headers, by number.
BODIES = [
    b"", b"\n", b"\n\n\n", b"x", b"x\n", b"x\n\n\n", b"\n\nx\n", b" \n", b" \t \n\t\n", b"x \t\ny\t \n",
    b" leading\n\ttab\n", b"a  b   c\t\td\n", b"..\n.x\n", b"--\n\n-- \n", b"From x\n",
    b"8 bit: \xe4\xf6\xfc\xff\x80\n", b"l" * 998 + b"\n", b"l" * 997 + b" \n" + b"m" * 998,
    b"one\n\n\ntwo\n \n\t\nthree\n\n \n", b"=20\n=\n", b"x\n y\n  z\n\n", b"last line without end",
]


def on_the_wire(message):
    lines = message.replace(b"\n", b"\r\n")
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def report(text):
    """Printed at the end of ./test."""
    if "KOPIS_FIGURES" in os.environ:
        with open(os.environ["KOPIS_FIGURES"], "a") as figures:
            figures.write(text + "\n")


def records_of(place):
    """dnsmasq's options for the keys: strings of at most 255 characters."""
    for one in "re":
        text = (place / f"{one}.txt").read_text()
        parts = ",".join(text[i:i + 250] for i in range(0, len(text), 250))
        yield f"txt-record={one}._domainkey.sign.example,{parts}"


@unittest.skipUnless(TOOL.exists(), "tests/Kopis.AuthTool is not built")
class AuthenticationCase(unittest.TestCase):
    def setUp(self):
        # OpenDKIM reads no key that others could have changed.
        self.place = pathlib.Path(tempfile.mkdtemp(dir="/root" if os.geteuid() == 0 else None))
        self.addCleanup(shutil.rmtree, self.place)

    def tool(self, *words):
        done = subprocess.run([TOOL, *map(str, words)], capture_output=True, timeout=300)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()

    def home(self, *records):
        server = NameServer(self, *records)
        (self.place / "control").mkdir(exist_ok=True)
        (self.place / "control/resolvers").write_text(server.address + "\n")
        return self.place


class DkimPeers(AuthenticationCase):
    def setUp(self):
        super().setUp()
        self.tool("keys", self.place)
        for name in ("r.pem", "e.pem"):
            (self.place / name).chmod(0o600)

    def write_messages(self, form=lambda message: message):
        for i, header in enumerate(HEADERS):
            for j, body in enumerate(BODIES):
                (self.place / f"{i:02}-{j:02}.msg").write_bytes(form(header + b"\n" + body))

    def opendkim(self, settings, *files):
        """What it says of messages in its test mode, where it is its own client."""
        conf = self.place / "opendkim.conf"
        conf.write_text("Syslog no\n" + settings)
        done = subprocess.run(
            ["opendkim", "-x", conf, "-vvvv", "-t", ",".join(map(str, files))],
            capture_output=True, timeout=300)
        return done.stdout.decode("latin-1") + done.stderr.decode("latin-1")

    def peer(self, *words):
        done = subprocess.run([PYTHON, "-W", "ignore", PEER, *map(str, words)], capture_output=True,
                              timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def verify_here(self, files):
        results = self.tool("verify", self.place, self.home(*records_of(self.place))).splitlines()
        self.assertEqual(len(results), files)
        self.assertEqual([one for one in results if not one.endswith(" pass")], [])

    def test_others_check_what_is_signed_here(self):
        keys = self.place / "keys"
        keys.write_text("".join(
            f"{one}._domainkey.sign.example {(self.place / f'{one}.txt').read_text()}\n"
            for one in "re"))
        total = 0
        for form in ("simple", "relaxed"):
            self.write_messages()
            self.tool("sign", self.place, "sign.example", form)
            files = sorted(self.place.glob("*.signed"))
            self.assertEqual(len(files), len(HEADERS) * len(BODIES))
            said = self.peer("verify", self.place).splitlines()
            self.assertEqual([one for one in said if not one.endswith(" 2")], [])
            if form == "simple":
                # A milter is not told whether there is a blank behind the colon.
                files = [one for one in files if one.name[:2] not in UNUSUAL]
            text = self.opendkim(
                f"Mode v\nTestPublicKeys {keys}\nAlwaysAddARHeader yes\n", *files)
            self.assertEqual(re.findall("dkim=(?!pass).*", text), [])
            self.assertEqual(len(re.findall("dkim=pass", text)), 2 * len(files))
            total += 2 * len(files) + 2 * len(said)
        report(f"dkim: dkimpy and OpenDKIM checked {total} signatures made here")

    def test_what_dkimpy_signs_passes_here(self):
        self.write_messages(on_the_wire)
        self.peer("sign", self.place)
        files = len(list(self.place.glob("*.eml")))
        self.assertGreater(files, 1000)
        self.verify_here(files)
        report(f"dkim: {files} signatures of dkimpy passed here")

    def test_what_opendkim_signs_passes_here(self):
        """In its test mode simple headers come out wrong: dkimpy refuses them as well."""
        self.write_messages(on_the_wire)
        files = sorted(self.place.glob("*.msg"))
        (self.place / "hosts").write_text("0.0.0.0/0\n127.0.0.1\nlocalhost\n")
        count = 0
        for selector, algorithm in (("r", "rsa-sha256"), ("e", "ed25519-sha256")):
            for form in ("relaxed/simple", "relaxed/relaxed"):
                text = self.opendkim(
                    f"Mode s\nDomain sign.example\nSelector {selector}\nCanonicalization {form}\n"
                    f"KeyFile {self.place}/{selector}.pem\nSignatureAlgorithm {algorithm}\n"
                    f"InternalHosts {self.place}/hosts\n", *files)
                fields = re.findall(
                    r"hname='DKIM-Signature' hvalue='([^']*)'", text)
                self.assertEqual(len(fields), len(files), text[-2000:])
                for path, field in zip(files, fields):
                    name = f"{path.stem}-{selector}-{form.replace('/', '-')}.eml"
                    (self.place / name).write_bytes(
                        on_the_wire(b"DKIM-Signature: " + field.encode()) + path.read_bytes())
                    count += 1
        self.verify_here(count)
        report(f"dkim: {count} signatures of OpenDKIM passed here")


class NameServers(AuthenticationCase):
    def check(self, client, sender, message, helo="mx.a.example"):
        path = self.place / "message"
        path.write_bytes(message)
        text = self.tool("check", self.place, client, helo, sender, path)
        return re.sub(r"\n\t ", " ", text)

    def test_spf_dmarc_and_names_through_a_real_name_server(self):
        self.home(
            "txt-record=a.example,v=spf1 include:inc.example a:h.a.example mx -a,ll",
            "txt-record=inc.example,v=spf1 ip6:2001:db8::/32 ?all",
            "host-record=h.a.example,192.0.2.2", "mx-host=a.example,mx.a.example,10",
            "host-record=mx.a.example,192.0.2.1", "ptr-record=1.2.0.192.in-addr.arpa,mx.a.example",
            "txt-record=_dmarc.a.example,v=DMARC1; p=none; sp=reject",
            "cname=alias.example,a.example")
        text = self.check("192.0.2.1", "joe@a.example", b"From: joe@a.example\n\nx\n")
        self.assertIn("spf=pass smtp.mailfrom=a.example", text)
        self.assertIn("dkim=none", text)
        self.assertIn("dmarc=pass header.from=a.example polrec.p=none polrec.domain=a.example", text)
        self.assertIn("iprev=pass policy.iprev=192.0.2.1", text)
        text = self.check("192.0.2.2", "joe@alias.example", b"From: joe@sub.a.example\n\nx\n")
        self.assertIn("spf=pass smtp.mailfrom=alias.example", text)
        self.assertIn("dmarc=fail", text)
        text = self.check("2001:db8::7", "joe@a.example", b"From: joe@a.example\n\nx\n")
        self.assertIn("spf=pass", text)
        self.assertIn("iprev=permerror", text)
        text = self.check("192.0.2.9", "joe@a.example", b"From: joe@nothing.example\n\nx\n")
        self.assertIn("spf=fail", text)
        self.assertIn("dmarc=none", text)

    def test_a_failure_of_dns_is_temporary(self):
        self.home("host-record=h.a.example,192.0.2.2")  # And refuses what is not of .example.
        text = self.check("192.0.2.1", "joe@elsewhere.test", b"From: joe@elsewhere.test\n\nx\n")
        self.assertIn("spf=temperror", text)
        self.assertIn("dmarc=temperror", text)


if __name__ == "__main__":
    unittest.main()

"""Signed mail to and from Postfix with Debian's opendkim and opendmarc, each of which refuses what is
forged: they take what we sign, and we judge what they sign."""

import pathlib
import re
import smtplib
import subprocess
import sys
import unittest

from host import HostCase, free_port, wait_port
from postfix import Postfix

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "programs"))

import own_network  # noqa: E402
from nameserver import NameServer  # noqa: E402

THEM = "postfix.example"
RESOLVER = "192.0.2.53"  # libunbound, which opendkim has, asks nobody at 127.0.0.0/8.
TRUSTED = "127.0.0.9"  # Whose mail opendkim signs.
MESSAGE = "From: {}\r\nTo: <x@y.example>\r\nSubject: signed\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n\r\n" \
          "A line  of text \r\n\r\n.dot\r\n\r\n"


def txt(name, text):
    return f"txt-record={name}," + ",".join(text[i:i + 250] for i in range(0, len(text), 250))


@unittest.skipUnless(HostCase.is_root, "Postfix and a network of its own need root")
class SignedPeers(HostCase):
    def setUp(self):
        own_network.enter(self, f"address add {RESOLVER}/32 dev lo")
        super().setUp()
        self.me = self.host.me
        self.host.control("resolvers", RESOLVER)
        self.host.control("checkloopback", "1")
        self.host.control("checkdmarc", "reject")
        self.host.rules(f"{TRUSTED}:allow,RELAYCLIENT=\"\"", ":allow")
        self.filters = self.host.base / "filters"
        self.filters.mkdir(mode=0o755)
        NameServer(self, "local=/example/", *self.records(), ip=RESOLVER, port=53)
        ports = self.start_filters()
        milters = " ".join(f"inet:127.0.0.1:{port}" for port in ports)
        self.postfix = Postfix(self.host.smtp_port, f"smtpd_milters = {milters}",
                               "milter_default_action = tempfail")
        self.addCleanup(self.postfix.stop)
        self.postfix.start()
        self.host.control("smtproutes", f"{THEM}:127.0.0.1:{self.postfix.port}")

    def records(self):
        """Of both domains: SPF, DMARC, and keys as each makes them."""
        made = self.host.run("dkim", "new", self.me)
        self.assertEqual(0, made.returncode, made)
        for name, text in re.findall(r"^(\S+)\. IN TXT \((.*?)\)$", made.stdout.decode(), re.M | re.S):
            yield txt(name, "".join(re.findall(r'"([^"]*)"', text)))
        subprocess.run(["opendkim-genkey", "-b", "2048", "-d", THEM, "-s", "s", "-D", self.filters],
                       check=True)
        zone = (self.filters / "s.txt").read_text()
        yield txt(f"s._domainkey.{THEM}", "".join(re.findall(r'"([^"]*)"', zone)))
        for domain in (self.me, THEM):
            yield f"txt-record={domain},v=spf1 ip4:127.0.0.1 -all"
            yield f"txt-record=_dmarc.{domain},v=DMARC1; p=reject; aspf=s; adkim=s"

    def start_filters(self):
        """Their ports, in the order in which Postfix asks them."""
        files = {"trusted": f"{TRUSTED}\n", "nobody": "192.0.2.99\n", "resolv": f"nameserver {RESOLVER}\n"}
        for name, text in files.items():
            (self.filters / name).write_text(text)
        dkim, dmarc = free_port(), free_port()
        (self.filters / "opendkim").write_text(
            f"Syslog no\nMode sv\nDomain {THEM}\nSelector s\nKeyFile {self.filters}/s.private\n"
            f"InternalHosts {self.filters}/trusted\nAuthservID {THEM}\nAlwaysAddARHeader yes\n"
            f"Canonicalization relaxed/simple\nNameservers {RESOLVER}\nRequireSafeKeys no\n"
            f"Socket inet:{dkim}@127.0.0.1\n")
        (self.filters / "opendmarc").write_text(
            f"Syslog no\nRejectFailures yes\nSPFSelfValidate yes\nSPFIgnoreResults yes\n"
            f"AuthservID {THEM}\nTrustedAuthservIDs {THEM}\nIgnoreHosts {self.filters}/trusted\n"
            f"Socket inet:{dmarc}@127.0.0.1\n")
        asks = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && '
                'exec "$@"', self.filters / "resolv"]
        for command in (["opendkim", "-f", "-x", self.filters / "opendkim"],
                        [*asks, "opendmarc", "-f", "-c", self.filters / "opendmarc"]):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
        wait_port(dkim)
        wait_port(dmarc)
        return dkim, dmarc

    def send(self, port, sender, author, recipient, source=TRUSTED):
        with smtplib.SMTP("127.0.0.1", port, timeout=60, source_address=(source, 0)) as client:
            client.sendmail(sender, [recipient], MESSAGE.format(author))

    def test_they_take_what_we_sign(self):
        self.send(self.host.smtp_port, self.host.address, f"Ann <{self.host.address}>", f"box@{THEM}")
        self.host.wait_until(self.postfix.mail, 60, lambda: self.postfix.log()[-2000:] + self.host.log()[-2000:])
        text = self.postfix.mail()[0].read_text("latin-1")
        results = re.findall(r"^Authentication-Results: (.*\n(?:\s.*\n)*)", text, re.M)
        self.assertTrue(any("dmarc=pass" in one for one in results), text)
        self.assertTrue(any(re.search(rf"dkim=pass .*header\.d={re.escape(self.me)}", one) for one in results), text)
        self.assertEqual(2, text.count("DKIM-Signature: "))
        self.assertNotIn("dkim=fail", text)

    def test_they_refuse_what_we_did_not_sign(self):
        with self.assertRaisesRegex(smtplib.SMTPDataError, "550.*5\\.7\\.1"):
            self.send(self.postfix.port, "x@forger.example", self.host.address, f"box@{THEM}", "127.0.0.1")

    def test_we_judge_what_they_sign(self):
        self.send(self.postfix.port, f"joe@{THEM}", f"joe@{THEM}", self.host.address)
        text = self.host.wait_mail(self.host.address, 1, timeout=60)[0].read_text("latin-1")
        self.assertRegex(text, r"\nAuthentication-Results: mx\.example;\n\tiprev=.*\n\tspf=pass "
                               r"smtp\.mailfrom=postfix\.example;\n\tdkim=pass header\.d=postfix\.example "
                               r"(.*\n\s)+dmarc=pass ")

    def test_we_refuse_what_they_did_not_sign(self):
        with self.assertRaisesRegex(smtplib.SMTPDataError, "550"):
            self.send(self.host.smtp_port, "x@forger.example", f"joe@{THEM}", self.host.address, "127.0.0.1")


if __name__ == "__main__":
    unittest.main()

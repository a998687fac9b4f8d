"""Checks of a stranger's message by a real listener and a real name server: results before the message,
refusals where control files want them, and nobody refused for good by a DNS that is dead."""

import base64
import pathlib
import smtplib
import subprocess
import sys
import unittest

from listener import ListenerCase
from nameserver import NameServer, SilentServer

sys.path.insert(0, "/usr/lib/python3/dist-packages")

OURS, OTHER = "127.0.0.5", "127.0.0.6"
RECORDS = [
    f"txt-record=far.example,v=spf1 ip4:{OURS} -all",
    "txt-record=_dmarc.far.example,v=DMARC1; p=reject",
    "txt-record=_dmarc.kind.example,v=DMARC1; p=none",
    "txt-record=kind.example,v=spf1 -all",
    "ptr-record=5.0.0.127.in-addr.arpa,good.example", f"host-record=good.example,{OURS}",
]
PLAIN = b"From: a@far.example\r\nSubject: x\r\n\r\nhi\r\n"


class Checks(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.control("checkloopback", "1")
        self.queue = self.script(
            f"cat > {self.home}/message; cat <&1 > {self.home}/envelope\n"
            f'printf %s "$AUTHENTICATION_RESULTS" > {self.home}/results\n')

    def environment(self, **more):
        return {"QMAILQUEUE": self.queue, **super().environment(**more)}

    def start(self, *records, **files):
        self.control("resolvers", NameServer(self, *RECORDS, *records).address)
        for name, value in files.items():
            self.control(name, value)
        self.serve("-vHR", "-l0")

    def send(self, source, message=PLAIN, sender="s@far.example"):
        """The reply to the message."""
        with smtplib.SMTP(source_address=(source, 0), timeout=60) as client:
            client.connect("127.0.0.1", self.port)
            client.helo("c.example")
            client.mail(sender)
            client.rcpt("a@mx.example")
            return client.data(message)

    def message(self):
        return (self.home / "message").read_bytes().decode()

    def test_results_come_before_the_message(self):
        self.start()
        self.assertEqual(250, self.send(OURS)[0])
        self.assertTrue(self.message().startswith(
            "Authentication-Results: mx.example;\n"
            f"\tiprev=pass policy.iprev={OURS};\n"
            "\tspf=pass smtp.mailfrom=far.example;\n"
            "\tdkim=none;\n"
            "\tdmarc=pass header.from=far.example polrec.p=reject\n"
            "\t polrec.domain=far.example\n"
            "Received: from "), self.message())
        self.assertIn("spf=pass", (self.home / "results").read_text())
        self.wait_log(rf"^qmail-smtpd: 1 checks {OURS} <s@far\.example>: iprev=pass spf=pass "
                      r"dkim=none dmarc=pass of far\.example taken$")

    def test_one_that_fails_is_taken_and_marked(self):
        self.start()
        self.assertEqual(250, self.send(OTHER)[0])
        self.assertIn("spf=fail", self.message())
        self.assertIn("dmarc=fail", self.message())

    def test_each_check_may_refuse(self):
        self.start()
        for file, status in (("checkspf", "7.23"), ("checkdmarc", "7.26"), ("checkiprev", "7.25")):
            for action, code in (("reject", 550), ("defer", 451), ("tag", 250), ("off", 250)):
                with self.subTest(file=file, action=action):
                    self.control(file, action)
                    reply, text = self.send(OTHER)
                    self.assertEqual(code, reply)
                    self.assertEqual(code > 400, f"{code // 100}.{status}".encode() in text, text)

    def test_the_policy_of_the_domain_is_followed(self):
        self.start(checkdmarc="policy")
        self.assertEqual(550, self.send(OTHER)[0])
        kind = PLAIN.replace(b"far.example", b"kind.example")
        self.assertEqual(250, self.send(OTHER, kind, "s@kind.example")[0])

    def test_a_known_forwarder_is_taken(self):
        self.start(checkdmarc="policy", checkexempt=OTHER)
        self.assertEqual(250, self.send(OTHER)[0])
        self.assertIn("dmarc=fail", self.message())

    def test_a_silent_DNS_refuses_nobody_for_good(self):
        self.control("resolvers", SilentServer(self).address)
        for file in ("checkspf", "checkdkim", "checkdmarc", "checkiprev"):
            self.control(file, "reject")
        self.serve("-vHR", "-l0")
        code, text = self.send(OTHER)
        self.assertEqual((451, True), (code, b"4.4.3" in text), text)

    def test_forged_results_are_taken_out(self):
        self.start()
        self.send(OURS, b"Authentication-Results: mx.example; spf=pass smtp.mailfrom=bank.example\r\n"
                  b"authentication-results: MX.example (x); dkim=pass\r\n"
                  b"Authentication-Results: other.example; spf=pass\r\n" + PLAIN)
        self.assertNotIn("bank.example", self.message())
        self.assertNotIn("MX.example", self.message())
        self.assertIn("Authentication-Results: other.example; spf=pass\n", self.message())

    def test_a_large_message_is_checked_in_memory_that_does_not_grow_with_it(self):
        self.start()
        line = b"x" * 76 + b"\r\n"
        self.assertEqual(250, self.send(OURS, PLAIN + line * 400_000)[0])  # 31 MB
        self.assertEqual(400_000, (self.home / "message").read_bytes().count(b"x" * 76 + b"\n"))
        self.assertTrue(self.message().startswith("Authentication-Results: "))
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0])
        self.assertLess(peak, 150_000, "KiB")

    def test_a_signature_of_another_program_is_right(self):
        import dkim  # Debian's, which this python may not look for.
        key = pathlib.Path(self.home / "key.pem")
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True,
                       capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-outform", "DER"],
                                check=True, capture_output=True).stdout
        text = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
        parts = ",".join(text[i:i + 200] for i in range(0, len(text), 200))
        self.start(f"txt-record=s._domainkey.far.example,{parts}")
        field = dkim.sign(PLAIN, b"s", b"far.example", key.read_bytes(),
                          canonicalize=(b"relaxed", b"simple"))
        self.assertEqual(250, self.send(OTHER, field + PLAIN)[0])
        self.assertIn("dkim=pass header.d=far.example", self.message())
        self.assertIn("dmarc=pass", self.message())
        self.assertEqual(250, self.send(OTHER, field + PLAIN.replace(b"hi", b"ho"))[0])
        self.assertIn("dkim=fail reason=\"body has changed\" header.d=far.example", self.message())


if __name__ == "__main__":
    unittest.main()

"""A stranger's message that was checked, from SMTP to the mailbox and to a program, on a whole running
host: the results are before it whatever its size, and a program finds them and the whole message."""

import pathlib
import smtplib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "programs"))

from host import HostCase
from nameserver import NameServer

SIZES = (10, 3_000, 60_000, 200_000, 235_000, 240_000, 262_144, 300_000, 3_000_000)
RECORDS = ("txt-record=far.example,v=spf1 ip4:127.0.0.1 -all",)


class Checks(HostCase):
    def setUp(self):
        super().setUp()
        self.host.rules(":allow")  # Nobody may relay.
        self.host.control("checkloopback", "1")
        self.host.control("resolvers", NameServer(self, *RECORDS).address)

    def send(self, recipient, size):
        lines = b"".join(b"%070d\r\n" % number for number in range(size // 72))
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=60) as client:
            client.sendmail("s@far.example", [recipient],
                            b"From: a@far.example\r\nSubject: " + b"%d\r\n\r\n" % size + lines)
        return lines.replace(b"\r\n", b"\n")

    def expect(self, message, lines):
        head, body = message.split(b"\n\n", 1)
        self.assertEqual(lines, body)
        self.assertRegex(head.decode(), r"Received: \(qmail \d+ invoked from network\); .*\n"
                         r"Authentication-Results: [^;\s]+;\n\t(.*\n\s)*spf=pass smtp\.mailfrom=far\.example;"
                         r"\n(\t.*\n)*( .*\n)*Received: from ")

    def test_results_are_before_a_message_of_any_size_in_a_mailbox(self):
        sent = {size: self.send(self.host.address, size) for size in SIZES}
        for path in self.host.wait_mail(self.host.address, len(SIZES), timeout=60):
            message = path.read_bytes()
            size = int(message.split(b"\nSubject: ")[1].split(b"\n")[0])
            self.expect(message, sent.pop(size))
        self.assertEqual({}, sent)

    def test_a_program_finds_the_message_and_the_results(self):
        place = pathlib.Path(self.host.home)
        for size in SIZES:
            name = f"program{size}"
            self.host.write(f"alias/.qmail-{name}",
                            f'|cat > {place}/first; printf %s "$AUTHENTICATION_RESULTS" > {place}/results\n'
                            f"|cat > {place}/second.{size}; mv {place}/first {place}/done.{size}\n")
            lines = self.send(f"{name}@{self.host.address.split('@')[1]}", size)
            done = place / f"done.{size}"
            self.host.wait_until(done.exists, timeout=60, why=lambda: self.host.log()[-800:])
            self.assertEqual(done.read_bytes(), (place / f"second.{size}").read_bytes())
            self.expect(done.read_bytes(), lines)
            self.assertIn("spf=pass smtp.mailfrom=far.example", (place / "results").read_text())


if __name__ == "__main__":
    unittest.main()

"""fastforward and dot-forward on a running host, from .qmail files."""

import smtplib
import unittest

from dotqmail import DotQmailCase
from test_resources import send


class Forwarding(DotQmailCase):
    def setUp(self):
        super().setUp()
        self.box = self.host.maildir(self.host.address).parent
        self.bin = self.host.home / "bin"

    def own_run(self, *arguments):
        result = self.host.run(*arguments)
        self.assertEqual(0, result.returncode, result)

    def test_aliases(self):
        """/etc/aliases' way: a catch-all line, and the database that newaliases makes."""
        self.host.make_maildir(self.box / "team")
        self.own(self.box / "aliases",
                 f"Crew: {self.host.user}-team@{self.host.me},\n  missing\n"
                 f"owner-crew: {self.host.address}\n"
                 f"log: \"|cat > {self.box}/log\"\n"
                 f"staff: :include:{self.box}/staff\n")
        self.own(self.box / "staff", f"{self.host.user}-team@{self.host.me}\n")
        self.own_run("newinclude", self.box / "staff")
        self.own_run("newaliases", self.box / "aliases")
        (self.box / "staff.bin").chmod(0o644)
        self.dot("team", f"{self.box}/team/")
        self.dot("default", f"|{self.bin}/fastforward -d {self.box}/aliases.cdb")
        send(self.host, self.dot_address("CREW"))
        self.delivered_into(self.box / "team", b"the text\n")
        # The other recipient has no mailbox: that bounce goes to the owner.
        self.host.wait_log(rf"from <owner-crew@{self.host.me}>")
        self.host.wait_log(rf"from <> .*\n(?:.*\n)*?.* to local owner-crew@{self.host.me}\n")
        send(self.host, self.dot_address("log"))
        self.host.wait_until(lambda: (self.box / "log").exists())
        send(self.host, self.dot_address("staff"))
        self.host.wait_until(lambda: len(list((self.box / "team/new").iterdir())) == 2)
        with self.assertRaises(smtplib.SMTPRecipientsRefused) as refusal:
            send(self.host, self.dot_address("nobody"))
        [(code, _)] = refusal.exception.recipients.values()
        self.assertEqual(550, code)

    def dot_address(self, extension):
        return f"{self.host.user}-{extension}@{self.host.me}"

    def test_forward_file(self):
        self.host.make_maildir(self.box / "kept")
        self.own(self.box / ".forward", f'{self.host.user}, "|cat > {self.box}/piped"\n')
        address = self.dot("fw", f"|USER={self.host.user} {self.bin}/dot-forward .forward",
                           f"{self.box}/kept/")
        send(self.host, address)
        self.delivered_into(self.box / "kept", b"the text\n")
        piped = (self.box / "piped").read_bytes()
        self.assertTrue(piped.startswith(b"From "))
        self.assertIn(b"\nDelivered-To: ", piped)
        self.host.make_maildir(self.box / "other")
        self.dot("other", f"{self.box}/other/")
        self.own(self.box / ".forward", f"{self.dot_address('other')}\n")
        send(self.host, address)
        self.delivered_into(self.box / "other", b"the text\n")
        self.assertEqual(1, len(list((self.box / "kept/new").iterdir())))


if __name__ == "__main__":
    unittest.main()

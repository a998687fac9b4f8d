"""What a host refuses by its lists, and what clients call themselves: a real listener and its log."""

import smtplib
import unittest

from listener import ListenerCase

OURS, OTHER = "127.0.0.5", "127.0.0.6"


class PolicyCase(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        for check in ("checkspf", "checkdkim", "checkdmarc", "checkiprev"):
            self.control(check, "off")
        self.control("checkloopback", "1")
        self.queue = self.script(
            f"cat > {self.home}/message; cat <&1 > {self.home}/envelope\n")

    def environment(self, **more):
        return {"QMAILQUEUE": self.queue, **super().environment(**more)}

    def client(self, source=OTHER):
        client = smtplib.SMTP(source_address=(source, 0), timeout=60)
        client.connect("127.0.0.1", self.port)
        self.addCleanup(client.close)
        return client

    def rcpt(self, recipient="a@mx.example", sender="s@far.example", helo="c.example",
             source=OTHER):
        """The reply to one recipient."""
        client = self.client(source)
        client.helo(helo)
        client.mail(sender)
        return client.rcpt(recipient)


class Lists(PolicyCase):
    def test_patterns_of_senders_recipients_and_names(self):
        self.control("badmailfrom", "*@*.bulk.example", "!good@a.bulk.example", "^old@.*$")
        self.control("badmailto", "trap-*")
        self.control("badhelo", "*.dyn.example")
        self.serve("-vHR", "-l0")
        self.wait_log(r'badmailfrom: line 3: "\^old@\.\*\$" is not an address.*not understood; '
                      "ignored$")
        self.assertEqual(250, self.rcpt()[0])
        self.assertEqual(250, self.rcpt(sender="good@a.bulk.example")[0])
        for words, reply in (("envelope sender is in my badmailfrom",
                              self.rcpt(sender="b@a.bulk.example")),
                             ("envelope recipient is in my badmailto",
                              self.rcpt("trap-1@mx.example")),
                             ("HELO name is in my badhelo", self.rcpt(helo="h7.dyn.example"))):
            self.assertEqual((553, True), (reply[0], words in reply[1].decode()), reply)
        for name in ("badmailfrom", "badmailto", "badhelo"):
            self.wait_log(rf"^qmail-smtpd: \d+ {OTHER}: refused by {name}: helo=\S+ <\S+@\S+> "
                          rf"<\S+@mx\.example>: 553 sorry, .* my {name} list \(#5\.7\.1\)$")

    def test_names_that_are_none_or_ours(self):
        self.control("checkhelo", "defer")
        self.control("checkheloself", "reject")
        self.serve("-vHR", "-l0")
        self.assertEqual(250, self.rcpt()[0])
        self.assertEqual(250, self.rcpt(helo="[127.0.0.6]")[0])
        self.assertEqual(451, self.rcpt(helo="friend")[0])
        self.wait_log("refused by heloname: helo=friend ")

    def test_a_session_writes_a_bounded_log(self):
        self.serve("-vHR", "-l0")
        client = self.client()
        client.helo("c.example")
        client.mail("s@far.example\x01")
        for number in range(200):
            self.assertEqual(553, client.rcpt(f"x{number}@elsewhere.example")[0])
        client.quit()
        self.wait_log(rf"^qmail-smtpd: \d+ {OTHER}: refused 180 times more$")
        self.assertEqual(20, sum("refused by rcpthosts" in line for line in self.lines))
        self.assertFalse([line for line in self.lines if not line.isprintable()
                          and not line[:-1].isprintable()])


if __name__ == "__main__":
    unittest.main()

"""What comes back to senders: the fields of a bounce, whom it goes to, how long it gets, and what
is kept for it in queue/bounce, in the form of now and in those of before."""

import email
import email.policy
import unittest

from test_qmail_send import MESSAGE_ID, SendCase


class Bounces(SendCase):
    """The test is qmail-lspawn; joe@mx.example is local."""

    def fail(self, *words, sender=b"joe@mx.example", message=b"Subject: s\n\nbody\n"):
        """A message of which each recipient fails with such words."""
        envelope = b"F" + sender + b"\0" + b"".join(
            b"Tgone%d@mx.example\0" % i for i in range(len(words)))
        self.assertEqual(0, self.queue(message, envelope + b"\0"))
        orders = [self.local.order() for _ in words]
        for order, text in zip(orders, words):
            self.local.report(order[0], b"D" + text)

    def bounce(self):
        """The bounce that is delivered next: its text, with the queue's Received line before it."""
        slot, path, sender, recipient = self.local.order()
        self.local.report(slot, b"Kdone\n")
        number = path.split(b"/")[1].decode()
        text = self.run_program("kopis", "queue", "cat", number).stdout
        self.wait_log(rb"^end msg %d\n" % int(number))  # Its marks are durable.
        return text, sender, recipient

    def parsed(self, text):
        return email.message_from_bytes(text, policy=email.policy.default)

    # Whom it goes to ----------------------------------------------------------------------------

    def test_double_and_triple_bounces(self):
        self.control("doublebounceto", "double")
        self.start_send()
        self.send(b"gone@mx.example", sender=b"")
        self.local.report(self.local.order()[0], b"Dno\n")
        slot, _, sender, recipient = self.local.order()
        self.assertEqual((b"#@[]", b"double@mx.example"), (sender, recipient))
        self.assertIn(
            b"I tried to deliver a bounce message to this address, but the bounce bounced!\n\n"
            b"<gone@mx.example>:\nno\n\n--- Below this line is the original bounce.\n\n"
            b"Return-Path: <>\n", self.stored())
        self.local.report(slot, b"Dno\n")
        self.wait_log(rb"^triple bounce: discarding bounce/\d+\nend msg \d+\n")

    def test_a_verp_sender_bounces_to_the_base(self):
        self.start_send()
        self.send(b"gone@mx.example", sender=b"list-@mx.example-@[]")
        order = self.local.order()
        self.assertEqual(b"list-gone=mx.example@mx.example", order[2])
        self.local.report(order[0], b"Dno\n")
        self.assertEqual((b"", b"list-@mx.example"), self.local.order()[2:])

    def test_the_original_of_a_verp_message_has_the_base_for_its_return_path(self):
        self.control("locals", "mx.example", "r.test")
        self.control("envnoathost", "mx.example")
        self.start_send()
        for sender, to in ((b"l-@r.test-@[]", b"l-@r.test"), (b"x-@[]", b"x")):
            with self.subTest(sender):
                self.fail(b"no\n", sender=sender)
                text, _, recipient = self.bounce()
                self.assertEqual(to, recipient.replace(b"@mx.example", b""))
                self.assertIn(b"\nTo: " + to + b"\n", text)
                self.assertIn(b"\n\nReturn-Path: <" + to + b">\nReceived: ", text)

    def test_of_a_sender_that_is_only_the_suffix_nothing_is_left(self):
        self.start_send()
        self.fail(b"no\n", sender=b"-@[]")
        text, sender, recipient = self.bounce()
        self.assertEqual((b"#@[]", b"postmaster@mx.example"), (sender, recipient))
        self.assertIn(b"but the bounce bounced!\n", text)
        self.assertIn(b"\n\nReturn-Path: <>\n", text)

    def test_double_bounces_that_nobody_wants(self):
        for line in ("", "@nowhere.example"):
            with self.subTest(line):
                self.control("doublebounceto", line)
                self.start_send()
                self.fail(b"no\n", sender=b"")
                self.wait_log(rb"^double bounce: discarding bounce/\d+\nend msg \d+\n")
                self.sender.kill()
                self.sender.wait(30)

    # Its fields -----------------------------------------------------------------------------------

    def test_bounces_and_double_bounces_have_a_message_id_and_say_that_no_person_wrote_them(self):
        self.start_send()
        ids = set()
        for sender in (b"joe@mx.example", b"joe@mx.example", b""):
            self.fail(b"no\n", sender=sender)
            text, *_ = self.bounce()
            bounce = self.parsed(text)
            self.assertFalse(bounce.defects)
            self.assertEqual("auto-replied", bounce["Auto-Submitted"])
            self.assertTrue(bounce["Date"].datetime)
            ids.add(bounce["Message-ID"])
            self.assertRegex(bounce["Message-ID"], r"\A<[\w.]+@mx\.example>\Z")
        self.assertEqual(3, len(ids))

    def test_a_bounce_that_a_crash_has_sent_twice_has_one_message_id(self):
        self.start_send()
        self.fail(b"no\n")
        text, *_ = self.bounce()
        self.sender.kill()
        self.sender.wait(30)
        next((self.home / "queue/state").glob("log-*")).unlink()  # All of it is done again, as if no mark had got to the disk.
        self.text = b""
        self.start_send()
        slot, _, _, recipient = self.local.order()
        self.assertEqual(b"gone0@mx.example", recipient)
        again, _, recipient = self.bounce()
        self.assertEqual(b"joe@mx.example", recipient)
        self.local.report(slot, b"Dno\n")
        third, *_ = self.bounce()
        self.assertEqual(
            [MESSAGE_ID.search(text)[1]] * 2,
            [MESSAGE_ID.search(one)[1] for one in (again, third)])

    # How long it gets -----------------------------------------------------------------------------

    def test_of_a_large_message_the_header_and_the_beginning_come_back(self):
        self.start_send()
        body = b"".join(b"line %d\n" % i for i in range(2_000_000))
        self.fail(b"no\n", message=b"Subject: large\nX-Last: header\n\n" + body)
        text, *_ = self.bounce()
        self.assertLess(len(text), 51_000)
        kept, cut = text.split(b"Subject: large\n")[1].split(b"\n\n--- The rest of the message ")
        self.assertTrue((b"X-Last: header\n\n" + body).startswith(kept + b"\n"))
        self.assertRegex(cut, rb"\Ais left out\. It has \d{8} bytes; these were the first \d{5}\.\n\Z")

    def test_the_bound_is_the_administrators(self):
        body = b"x" * 76 + b"\n"
        for line, lines in (("1000", 20), ("0", 20_000), ("100000", 1000), ("500", 1)):
            with self.subTest(line):
                self.control("bouncemaxbytes", line)
                self.text = b""
                self.start_send()
                self.wait_log(rb"\Astatus: ")
                self.fail(b"no\n", message=b"Subject: s\n\n" + body * lines)
                text, *_ = self.bounce()
                whole = line in ("0", "100000") or lines == 1
                self.assertEqual(whole, text.endswith(b"\n\n" + body * lines))
                self.assertEqual(whole, b"The rest of the message is left out" not in text)
                self.assertLessEqual(text.count(body), lines if whole else 1000 / 77)
                self.sender.kill()
                self.sender.wait(30)

    def test_a_header_or_a_line_that_is_too_long_by_itself_is_cut(self):
        self.control("bouncemaxbytes", "2000")
        self.start_send()
        for message in (b"X: y\n" * 100_000, b"Subject: s\n\n" + b"z" * 900_000):
            self.fail(b"no\n", message=message)
            text, *_ = self.bounce()
            self.assertLess(len(text), 3500)
            self.assertIn(b"\n--- The rest of the message is left out. ", text)

    def test_a_bounce_of_very_many_recipients_names_them_all(self):
        self.start_send(120, 120)
        names = [b"gone%d@mx.example" % i for i in range(400)]
        self.assertEqual(0, self.queue(b"Subject: s\n\n", b"Fjoe@mx.example\0" + b"".join(
            b"T" + name + b"\0" for name in names) + b"\0"))
        for _ in names:  # 400 times 9,000 bytes.
            self.local.report(self.local.order()[0], b"D" + b"long words " * 818 + b"(#5.1.1)\n")
            self.wait_log(rb"^delivery \d+: failure: .*\n")  # Its pipe has room for a few.
        text, *_ = self.bounce()
        for name in names:
            self.assertEqual(1, text.count(b"\n<" + name + b">:\n"))
        self.assertEqual(400, text.count(b"(#5.1.1)\n\n"))
        self.assertLess(len(text), 1_200_000)

    # What is said ---------------------------------------------------------------------------------

    def test_odd_reports(self):
        self.start_send()
        for words, kept in ((b"a\n\n\nb\n", b"a\n//b\n\n"), (b"", b"\n"), (b"\n\n", b"/\n\n"),
                            (b"8 bits \xff\xfe \x1b[2J\n", b"8 bits \xff\xfe \x1b[2J\n\n"),
                            (b"y" * 9000, b"y" * 9000 + b"\n\n")):
            with self.subTest(words[:20]):
                self.fail(words)
                text, *_ = self.bounce()
                self.assertIn(b"\n<gone0@mx.example>:\n" + kept
                              + b"--- Below this line is a copy of the message.\n\n", text)

    def test_a_file_of_before_is_gone_on_with(self):
        """Text, as Kopis had it and qmail has it."""
        self.start_send()
        self.assertEqual(0, self.queue(b"Subject: s\n\n", b"Fjoe@mx.example\0Ta@mx.example\0"
                                       b"Tb@mx.example\0\0"))
        self.local.report(self.local.order()[0], b"Dfirst\n")
        self.wait_log(rb"^delivery 1: failure: .*\nstatus: .*\n")
        self.sender.kill()
        self.sender.wait(30)
        bounce, = (self.home / "queue/bounce").iterdir()
        bounce.write_bytes(b"<a@mx.example>:\nold words\n\n")
        self.assertIn(b"\nfailed:\n<a@mx.example>:\nold words\n\n",
                      self.run_program("kopis", "queue", "show", bounce.name).stdout)
        self.assertIn(b">  bouncing\n", self.run_program("qmail-qread").stdout)
        self.text = b""
        self.start_send()
        self.local.report(self.local.order()[0], b"Dsecond\n")
        text, *_ = self.bounce()
        self.assertIn(b"\n\n<a@mx.example>:\nold words\n\n<b@mx.example>:\nsecond\n\n---", text)

    def test_a_file_that_somebody_removed_ends_the_message_without_a_bounce(self):
        self.start_send()
        self.assertEqual(0, self.queue(b"Subject: s\n\n", b"Fjoe@mx.example\0Ta@mx.example\0"
                                       b"Tb@mx.example\0\0"))
        first, second = self.local.order(), self.local.order()
        self.local.report(first[0], b"Dno\n")
        self.wait_log(rb"^delivery \d: failure: .*\n")
        bounce, = (self.home / "queue/bounce").iterdir()
        bounce.unlink()
        self.local.report(second[0], b"Kok\n")
        self.wait_log(rb"^end msg ")
        self.assertTrue(self.local.is_silent())


if __name__ == "__main__":
    unittest.main()

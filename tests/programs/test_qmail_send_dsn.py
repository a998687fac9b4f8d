"""Notices of delivery status: what was asked for is told, once, and read by other programs."""

import email
import email.policy
import os
import re
import select
import signal
import unittest

from test_qmail_queue import WAIT
from test_qmail_send import SendCase

NOBODY = "Sorry, no mailbox here by that name. (#5.1.1)\n"


class Notices(SendCase):
    """The test is qmail-rspawn and qmail-lspawn; notices go to joe@mx.example, which is local."""

    def setUp(self):
        super().setUp()
        self.start_send(120, 120, "--batch")

    def start_again(self):
        if self.sender.poll() is None:
            self.sender.kill()
        self.sender.wait(WAIT)
        self.text = b""
        self.start_send(120, 120, "--batch")
        self.wait_log(rb"\Astatus: .*\n")  # From here on it knows what SIGALRM means.

    def submit(self, mail, *pairs, message=b"Subject: s\nX: y\n\nbody\n", sender=b"joe@mx.example"):
        envelope = b"F" + sender + b"\0" + (b"P" + mail + b"\0" if mail else b"")
        for address, parameters in pairs:
            envelope += b"T" + address + b"\0" + (b"P" + parameters + b"\0" if parameters else b"")
        self.assertEqual(0, self.queue(message, envelope + b"\0"))

    def take_long(self, count=1):
        """A remote order of so many recipients: its slot."""
        def complete(text):
            fields = text[1:].split(b"\0")
            wanted = 5 + 2 * count + 1  # path, sender, two empty ones, parameters; pairs; end
            return sum(len(one) + 1 for one in fields[:wanted]) + 1 if len(fields) > wanted else 0
        return self.remote.read(complete)[0]

    def notice(self):
        """The next notice: it arrives as a local delivery to joe."""
        number = int(self.wait_log(rb"^(?:notice|bounce) msg \d+ qp (\d+)\n")[1])
        slot, path, sender, recipient = self.local.order()
        self.assertEqual((b"", b"joe@mx.example"), (sender, recipient))
        self.local.report(slot, b"Kdone\n")
        stored = self.stored()
        begin = stored.rindex(b"Received: (qmail %d invoked " % number)
        raw = stored[begin:]
        boundary = re.search(rb'boundary="([^"]+)"', raw)
        if boundary:
            raw = raw[:raw.index(b"\n--" + boundary[1] + b"--\n") + len(boundary[1]) + 6]
        return email.message_from_bytes(raw, policy=email.policy.default)

    def parts(self, notice):
        self.assertEqual("multipart/report", notice.get_content_type())
        self.assertEqual("delivery-status", notice.get_param("report-type"))
        self.assertFalse(notice.defects)
        text, status, message = notice.iter_parts()
        self.assertEqual("message/delivery-status", status.get_content_type())
        return text, status.get_payload(), message

    # Failures ---------------------------------------------------------------------------------

    def test_a_failure_to_the_letter(self):
        self.submit(b"RET=FULL ENVID=QQ+2B1", (b"gone@mx.example", b"NOTIFY=FAILURE "
                                               b"ORCPT=rfc822;Old+40x.example"))
        self.local.report(self.local.order()[0], b"D" + NOBODY.encode())
        notice = self.notice()
        self.assertEqual("failure notice", notice["Subject"])
        self.assertEqual("auto-replied", notice["Auto-Submitted"])
        text, (about, gone), message = self.parts(notice)
        self.assertEqual(
            "Hi. This is the qmail-send program at mx.example.\n"
            "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
            "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            f"<gone@mx.example>:\n{NOBODY}\n"
            "--- A copy of the message is the last part of this one.\n", text.get_content())
        self.assertEqual("dns; mx.example", about["Reporting-MTA"])
        self.assertEqual("QQ+1", about["Original-Envelope-Id"])
        self.assertTrue(about["Arrival-Date"])
        self.assertEqual(
            {"Original-Recipient": "rfc822; Old@x.example",
             "Final-Recipient": "rfc822; gone@mx.example", "Action": "failed", "Status": "5.1.1",
             "Diagnostic-Code": "x-qmail; " + NOBODY.strip()}, dict(gone.items()))
        self.assertEqual("message/rfc822", message.get_content_type())
        original = message.get_content()
        self.assertEqual(("<joe@mx.example>", "s", "body\n"),
                         (original["Return-Path"], original["Subject"], original.get_content()))
        self.wait_log(rb"^end msg ")

    def test_only_the_header_where_that_was_asked(self):
        self.submit(b"RET=HDRS", (b"gone@mx.example", b""))
        self.local.report(self.local.order()[0], b"Dno\n")
        text, _, message = self.parts(self.notice())
        self.assertIn("--- The header of the message", text.get_content())
        self.assertEqual("text/rfc822-headers", message.get_content_type())
        self.assertRegex(message.get_content(), r"(?s)\AReturn-Path: .*\nSubject: s\nX: y\n\Z")

    def test_without_dsn_it_is_a_bounce_of_old(self):
        self.submit(b"BODY=8BITMIME SMTPUTF8", (b"gone@mx.example", b""))
        self.local.report(self.local.order()[0], b"Dno\n")
        notice = self.notice()
        self.assertEqual("text/plain", notice.get_content_type())
        self.assertNotIn("MIME-Version", notice)
        self.assertIn(b"F\0PSMTPUTF8\0Tjoe@mx.example\0\0", self.stored())

    def test_who_wants_to_hear_nothing_hears_nothing(self):
        self.submit(b"", (b"never@mx.example", b"NOTIFY=NEVER"),
                    (b"delay@mx.example", b"NOTIFY=DELAY"))
        for _ in range(2):
            self.local.report(self.local.order()[0], b"Dno\n")
        self.wait_log(rb"^end msg ")
        self.assertTrue(self.local.is_silent())
        self.assertNotIn(b"notice", self.stored())

    def test_each_recipient_has_fields_of_its_own(self):
        self.submit(b"ENVID=x", (b"a@far.example", b""), (b"b@far.example", b"NOTIFY=NEVER"),
                    (b"c@far.example", b"NOTIFY=FAILURE"))
        slot = self.take_long(3)
        for text in (b"D1.2.3.4 does not like recipient.\nRemote host said: 550 5.1.1 who?\n",
                     b"Dno\n", b"D(#5.7.1)\n"):
            self.remote.report(slot, text)
        _, statuses, _ = self.parts(self.notice())
        self.assertEqual([None, "rfc822; a@far.example", "rfc822; c@far.example"],
                         [one["Final-Recipient"] for one in statuses])
        self.assertEqual(["5.1.1", "5.7.1"], [one["Status"] for one in statuses[1:]])
        self.assertEqual("smtp; 550 5.1.1 who?", statuses[1]["Diagnostic-Code"])

    def test_a_bounce_asks_for_no_notice(self):
        self.submit(b"RET=HDRS", (b"gone@mx.example", b"NOTIFY=SUCCESS,FAILURE"), sender=b"")
        self.local.report(self.local.order()[0], b"Dno\n")
        self.assertEqual((b"#@[]", b"postmaster@mx.example"), self.local.order()[2:])
        self.assertIn(b"but the bounce bounced!", self.stored())

    def test_requiretls_comes_back_the_same_way(self):
        self.submit(b"ENVID=1 REQUIRETLS", (b"gone@mx.example", b""))
        self.local.report(self.local.order()[0], b"Dno\n")
        _, _, message = self.parts(self.notice())
        self.assertEqual("text/rfc822-headers", message.get_content_type())
        self.assertIn(b"F\0PREQUIRETLS\0Tjoe@mx.example\0\0", self.stored())

    def test_failures_outlive_kill_9(self):
        self.submit(b"ENVID=1", (b"a@mx.example", b""), (b"b@mx.example", b""))
        first, second = self.local.order(), self.local.order()
        self.local.report(first[0], b"Dfirst\n")
        self.wait_log(rb"^delivery \d: failure: first/\n")
        bounce, = (self.home / "queue/bounce").iterdir()
        self.sender.kill()
        self.sender.wait(WAIT)
        with open(bounce, "ab") as torn:
            torn.write(b"\x01\x02\x03\x04 torn by the crash")
        self.start_again()
        slot, _, _, address = self.local.order()
        self.assertEqual(second[3], address)
        self.local.report(slot, b"Dsecond\n")
        text, statuses, _ = self.parts(self.notice())
        self.assertEqual(["rfc822; " + one[3].decode() for one in (first, second)],
                         [one["Final-Recipient"] for one in statuses[1:]])
        self.assertNotIn("torn", text.get_content())
        self.wait_log(rb"^end msg ")
        self.assertFalse(list((self.home / "queue/bounce").iterdir()))

    def test_what_tools_say_of_a_message_with_notices(self):
        self.control("delaynotify", "1")
        self.start_again()
        self.submit(b"ENVID=d", (b"a@far.example", b"NOTIFY=FAILURE,DELAY"), (b"b@far.example", b""))
        slot = self.take_long(2)
        select.select([], [], [], 2.1)  # Now it is older than delaynotify.
        self.defer(slot)
        self.parts_of_delay()
        bounce, = (self.home / "queue/bounce").iterdir()
        delayed = b"\ndelay told <a@far.example>\n"
        self.assertNotIn(b"bouncing", self.run_program("qmail-qread").stdout)
        self.assertTrue(self.kopis("show", bounce.name).endswith(delayed))
        os.kill(self.sender.pid, signal.SIGALRM)
        slot = self.take_long(2)
        self.remote.report(slot, b"ZSorry, not now. (#4.4.1)\n")
        self.remote.report(slot, b"Dno\n\n\nsuch box\n")
        self.wait_log(rb"^delivery \d+: failure: .*\n")
        self.assertRegex(self.run_program("qmail-qread").stdout,
                         rb"> +bouncing\n\tremote\ta@far.example\n  done\tremote\tb@far.example\n")
        failed = b"<b@far.example>:\nno\n//such box\n\n"
        self.assertTrue(self.kopis("show", bounce.name).endswith(delayed + b"failed:\n" + failed))
        self.sender.terminate()
        self.sender.wait(WAIT)
        self.stop_writer()
        self.kopis("export", self.home / "new")
        exported, = (self.home / "new/bounce").iterdir()
        self.assertEqual(failed, exported.read_bytes())

    def test_a_message_that_is_only_delayed_is_exported_without_a_bounce(self):
        self.control("delaynotify", "1")
        self.start_again()
        self.submit(b"ENVID=d", (b"a@far.example", b"NOTIFY=DELAY"), (b"b@far.example", b""))
        slot = self.take_long(2)
        select.select([], [], [], 2.1)
        self.defer(slot)
        self.parts_of_delay()
        self.sender.terminate()
        self.sender.wait(WAIT)
        self.stop_writer()
        self.kopis("export", self.home / "new")
        self.assertFalse(list((self.home / "new/bounce").iterdir()))

    def test_a_message_over_the_bound_comes_back_as_its_header(self):
        self.submit(b"RET=FULL ENVID=1", (b"gone@mx.example", b""),
                    message=b"Subject: s\n\n" + b"line\n" * 20_000)
        self.local.report(self.local.order()[0], b"Dno\n")
        text, _, message = self.parts(self.notice())
        self.assertRegex(
            text.get_content(), r"\n--- The header of the message is the last part of this one\.\n"
            r"The rest is left out: the message has 100\d\d\d bytes\.\n\Z")
        self.assertEqual("text/rfc822-headers", message.get_content_type())
        self.assertRegex(message.get_content(), r"(?s)\AReturn-Path: .*\nSubject: s\n\Z")

    def kopis(self, *words):
        result = self.run_program("kopis", "queue", *map(str, words))
        self.assertEqual(0, result.returncode, result)
        return result.stdout

    # Deliveries and delays --------------------------------------------------------------------

    def test_a_delivery_here_is_told_at_once_where_that_was_asked(self):
        self.submit(b"RET=FULL", (b"a@mx.example", b"NOTIFY=SUCCESS,FAILURE"),
                    (b"b@mx.example", b"NOTIFY=FAILURE"), (b"c@far.example", b""))
        for _ in range(2):
            self.local.report(self.local.order()[0], b"Kdid 1+0+0\n")
        notice = self.notice()  # Before the remote one is done.
        self.assertEqual("delivery notice", notice["Subject"])
        text, statuses, message = self.parts(notice)
        self.assertIn("<a@mx.example>:\ndid 1+0+0\n", text.get_content())
        self.assertEqual([None, "delivered"], [one["Action"] for one in statuses])
        self.assertEqual("2.0.0", statuses[1]["Status"])
        self.assertEqual("text/rfc822-headers", message.get_content_type())
        self.remote.report(self.take_long(), b"Kok\n")
        self.wait_log(rb"^end msg ")
        self.assertTrue(self.local.is_silent())

    def test_handed_on_to_a_server_without_dsn_is_told_as_relayed(self):
        for letter, told in ((b"K", True), (b"P", False)):
            self.submit(b"", (b"a@far.example", b"NOTIFY=SUCCESS"))
            self.remote.report(self.take_long(), letter + b"1.2.3.4 accepted message.\n")
            if told:
                _, statuses, _ = self.parts(self.notice())
                self.assertEqual("relayed", statuses[1]["Action"])
            self.wait_log(rb"^end msg ")
        self.assertTrue(self.local.is_silent())

    def test_a_notice_that_the_queue_refused_is_sent_at_the_end(self):
        self.submit(b"", (b"a@mx.example", b"NOTIFY=SUCCESS"), (b"b@mx.example", b""))
        first, second = self.local.order(), self.local.order()
        self.stop_writer()
        self.local.report(first[0], b"Kfirst\n")
        self.wait_log(rb"^warning: trouble injecting notice, will try later\n")
        self.start_writer()
        self.start_again()  # The one before would not trust the queue for two minutes.
        self.assertEqual(second[3], self.local.order()[3])
        self.local.report(0, b"Ksecond\n")
        _, statuses, _ = self.parts(self.notice())
        self.assertEqual([None, "rfc822; a@mx.example"],
                         [one["Final-Recipient"] for one in statuses])

    def test_a_delay_is_told_once(self):
        self.control("delaynotify", "1")
        self.start_again()
        self.submit(b"ENVID=d", (b"a@far.example", b"NOTIFY=DELAY"), (b"b@far.example", b""))
        slot = self.take_long(2)
        select.select([], [], [], 2.1)  # Now it is older than delaynotify.
        self.defer(slot)
        self.parts_of_delay()
        os.kill(self.sender.pid, signal.SIGALRM)
        self.defer(self.take_long(2))
        self.start_again()  # What was told is remembered.
        os.kill(self.sender.pid, signal.SIGALRM)
        self.defer(self.take_long(2))
        self.assertTrue(self.local.is_silent())
        os.kill(self.sender.pid, signal.SIGALRM)
        slot = self.take_long(2)
        self.remote.report(slot, b"Kok\n")
        self.remote.report(slot, b"Kok\n")
        self.wait_log(rb"^end msg ")
        self.assertFalse(list((self.home / "queue/bounce").iterdir()))

    def defer(self, slot):
        for _ in range(2):
            self.remote.report(slot, b"ZSorry, not now. (#4.4.1)\n")
        self.wait_log(rb"(?s)^delivery \d+: deferral.*?\ndelivery \d+: deferral")

    def parts_of_delay(self):
        notice = self.notice()
        self.assertEqual("delay notice", notice["Subject"])
        text, statuses, _ = self.parts(notice)
        self.assertIn("I'll keep trying", text.get_content())
        self.assertEqual([None, "delayed"], [one["Action"] for one in statuses])
        self.assertEqual("4.4.1", statuses[1]["Status"])
        self.assertTrue(statuses[1]["Will-Retry-Until"])


if __name__ == "__main__":
    unittest.main()

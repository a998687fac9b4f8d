"""vacation(1): who is answered, how often, and with what; the queue is a stand-in."""

import os
import time
import unittest

from test_mail_tools import ToolCase

TO_ME = b"To: joe@mx.example\nSubject: s\nMessage-ID: <1@y>\n\nbody\n"


class Vacation(ToolCase):
    def setUp(self):
        super().setUp()
        self.text(b"Subject: away: $SUBJECT\nFrom: Joe <joe@mx.example>\n\n"
                  b"I am away ($SUBJECT).\n")

    def text(self, content):
        (self.home / ".vacation.msg").write_bytes(content)

    def vacation(self, *words, message=TO_ME, sender="s@y", code=0, **more):
        """The answer, or None."""
        (self.home / "message").unlink(missing_ok=True)
        result = self.tool("vacation", *words, message=message, SENDER=sender,
                           RECIPIENT="joe@mx.example", HOME=str(self.home), **more)
        self.assertEqual(code, result.returncode, result)
        return self.queued()

    def forget(self):
        (self.home / ".vacation.senders").unlink(missing_ok=True)

    def test_a_person_is_answered_once(self):
        answer = self.vacation()
        head, _, body = answer.partition(b"\n\n")
        self.assertEqual(b"I am away (s).\n", body)
        for line in (b"From: Joe <joe@mx.example>", b"To: <s@y>", b"Subject: away: s",
                     b"In-Reply-To: <1@y>", b"References: <1@y>",
                     b"Auto-Submitted: auto-replied (vacation)", b"Precedence: bulk",
                     b"Content-Type: text/plain; charset=utf-8"):
            self.assertIn(line, head.split(b"\n"))
        self.assertEqual(b"F\0Ts@y\0\0", self.envelope())
        self.assertIsNone(self.vacation())
        self.assertIsNone(self.vacation(sender="S@Y"))
        self.assertIsNotNone(self.vacation(sender="t@y"))

    def test_after_the_days_it_answers_again(self):
        senders = self.home / ".vacation.senders"
        for age, words, answered in ((6, (), False), (8, (), True), (2, ("-t", "1"), True),
                                     (8, ("-t", "30"), False), (-900, (), False)):
            senders.write_text(f"{int(time.time()) - age * 86400} s@y\n")
            self.assertEqual(answered, self.vacation(*words) is not None, (age, words))

    def test_whom_it_does_not_answer(self):
        for field in (b"Auto-Submitted: auto-replied", b"Auto-Submitted: auto-generated; x=y",
                      b"Precedence: bulk", b"Precedence: list", b"precedence:\n JUNK",
                      b"List-Id: <l.example>", b"List-Unsubscribe: <mailto:x@y>",
                      b"X-Auto-Response-Suppress: OOF", b"X-Spam-Flag: YES",
                      b"Content-Type: multipart/report; boundary=x"):
            self.assertIsNone(self.vacation(message=field + b"\n" + TO_ME), field)
        for sender in ("", "#@[]", "MAILER-DAEMON@y", "owner-l@y", "l-request@y", "l-owner@y",
                       "l-bounces@y", "l-return-1-joe=mx.example@y", "noreply@y", "joe@mx.example",
                       "JOE@MX.example", "nobody"):
            self.assertIsNone(self.vacation(sender=sender), sender)
        for message in (b"To: other@x\n\n", b"Subject: joe@mx.example\n\nTo: joe@mx.example\n",
                        b"X-To: joe@mx.example\n\n", b"", b"no header\n" + TO_ME):
            self.assertIsNone(self.vacation(message=message), message)
        self.assertFalse((self.home / ".vacation.senders").exists())

    def test_whom_it_answers(self):
        for message in (b"To: other@x,\n Joe <JOE@MX.EXAMPLE>\n\n", b"Cc: joe@mx.example\n\n",
                        b"Resent-To: joe@mx.example\n\n", b"Auto-Submitted: no\n" + TO_ME):
            self.forget()
            self.assertIsNotNone(self.vacation(message=message), message)
        self.forget()
        self.assertIsNotNone(self.vacation("-a", "x@z", "-a", "info@mx.example",
                                           message=b"To: info@mx.example\n\n"))

    def test_a_subject_writes_no_field(self):
        answer = self.vacation(message=b"To: joe@mx.example\nSubject: a\r\n\tBcc: x@y\x1b\n\n")
        head = answer.partition(b"\n\n")[0]
        self.assertNotIn(b"\nBcc", head)
        self.assertNotIn(b"\r", answer)
        self.assertNotIn(b"\x1b", answer)

    def test_a_text_without_a_header_is_the_body(self):
        self.text("Grüße, bin weg.\n".encode())
        head, _, body = self.vacation().partition(b"\n\n")
        self.assertEqual("Grüße, bin weg.\n".encode(), body)
        self.assertIn(b"Subject: Auto: s", head.split(b"\n"))

    def test_what_is_wrong_delays_and_loses_nothing(self):
        self.vacation("-t", "0", code=100)
        self.vacation("-x", code=100)
        self.vacation(QUEUE_EXIT="53", code=111)
        self.assertIsNotNone(self.vacation())  # It was not noted as answered.
        self.forget()
        (self.home / ".vacation.msg").unlink()
        self.vacation(code=111)

    def test_what_is_remembered_has_a_bound(self):
        senders = self.home / ".vacation.senders"
        now = int(time.time())
        senders.write_text("".join(f"{now - 4000 + i} s{i}@y\n" for i in range(2000)) + "junk\n")
        self.assertIsNotNone(self.vacation(sender="new@y"))
        lines = senders.read_text().splitlines()
        self.assertEqual(2000, len(lines))
        self.assertTrue(lines[0].endswith(" s1@y") and lines[-1].endswith(" new@y"), lines[:1])
        self.assertEqual(0o600, os.stat(senders).st_mode & 0o777)
        senders.write_bytes(b"x" * 5_000_000)
        self.assertIsNotNone(self.vacation(sender="new@y"))


if __name__ == "__main__":
    unittest.main()

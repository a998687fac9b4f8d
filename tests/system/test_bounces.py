"""What cannot be delivered comes back once, to the right address, with the right words."""

import re
import time
import unittest

from host import HostCase, free_port


class Bounces(HostCase):
    def send(self, sender, recipient, body="hello"):
        """As a user of the host: over SMTP an address that nobody has is refused at once."""
        self.assertEqual(0, self.host.run(
            "qmail-inject", "-f", sender, "--", recipient,
            input=f"Subject: test\n\n{body}\n".encode()).returncode)

    def bounce(self, number=1):
        return self.host.wait_mail(self.host.address, number, timeout=60)[-1].read_text("latin-1")

    def test_an_unknown_local_user_bounces_to_the_sender(self):
        me = self.host.me
        self.send(self.host.address, f"nobody-here@{me}")
        text = self.bounce()
        self.assertRegex(text, r"^Return-Path: <>\nDelivered-To: ")
        self.assertRegex(text, r"\nReceived: \(qmail \d+ invoked for bounce\); ")
        message_id = re.search(r"\nMessage-ID: (<[0-9a-f.]+\.bounce@\S+>)\n", text)[1]
        self.assertIn(
            f"From: MAILER-DAEMON@{me}\nTo: {self.host.address}\nSubject: failure notice\n"
            f"Message-ID: {message_id}\nAuto-Submitted: auto-replied\n\n"
            f"Hi. This is the qmail-send program at {me}.\n"
            "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
            "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            f"<nobody-here@{me}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
            "--- Below this line is a copy of the message.\n\n"
            f"Return-Path: <{self.host.address}>\n", text)
        self.assertTrue(text.endswith("Subject: test\n\nhello\n"), text)

    def test_an_unreachable_host_is_retried_and_bounces_when_its_time_is_over(self):
        self.host.control("smtproutes", f"away.example:127.0.0.1:{free_port()}")
        self.send(self.host.address, "x@away.example")
        sent = time.time()
        self.host.wait_log(
            r"deferral: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection\._\(#4\.4\.1\)/")
        self.host.stop()
        self.host.control("queuelifetime", "0")
        self.host.start()
        self.host.wait_until(lambda: time.time() > sent + 2)  # Its lifetime of 0 s is over.
        self.host.alarm()
        text = self.bounce()
        self.assertIn("<x@away.example>:\n", text)
        self.assertIn("I'm not going to try again; this message has been in the queue too long.",
                      text)

    def test_a_looping_forward_is_caught_and_bounces(self):
        me = self.host.me
        self.host.write("alias/.qmail-ping", f"&pong@{me}\n")
        self.host.write("alias/.qmail-pong", f"&ping@{me}\n")
        self.send(self.host.address, f"ping@{me}")
        text = self.bounce()
        self.assertIn(f"<ping@{me}>:\nThis message is looping: it already has my Delivered-To "
                      "line. (#5.4.6)\n", text)

    def test_a_bounce_that_bounces_goes_to_the_postmaster_and_a_third_is_dropped(self):
        me = self.host.me
        self.host.write("alias/.qmail-postmaster", f"&{self.host.address}\n")
        self.send(f"gone@{me}", f"nobody-here@{me}")
        text = self.bounce()
        self.assertIn("I tried to deliver a bounce message to this address, but the bounce "
                      "bounced!", text)
        self.assertIn("--- Below this line is the original bounce.\n\nReturn-Path: <>\n", text)
        self.assertRegex(self.host.log(), re.compile(r"^info msg \d+: .* from <#@\[\]> ", re.M))
        self.host.remove("alias/.qmail-postmaster")
        self.send(f"gone@{me}", f"nobody-else@{me}")
        self.host.wait_log(r"^triple bounce: discarding bounce/\d+$")
        self.assertEqual(1, len(self.host.mail_files(self.host.address)))

    def test_the_log_tells_the_whole_story_in_qmails_words(self):
        me = self.host.me
        self.send(self.host.address, f"nobody-here@{me}")
        self.bounce()
        self.host.wait_log(r"delivery \d+: success: did_1\+0\+0/")
        lines = [line for line in self.host.log_lines() if re.match(
            r"(new msg|info msg|starting delivery|delivery|bounce msg|end msg|status)", line)]
        story = "\n".join(lines)
        self.assertRegex(story, re.compile(
            rf"new msg (\d+)\n"
            rf"info msg \1: bytes \d+ from <{re.escape(self.host.address)}> qp \d+ uid \d+\n"
            rf"starting delivery (\d+): msg \1 to local nobody-here@{re.escape(me)}\n"
            r"status: local 1/120 remote 0/20\n"
            r"delivery \2: failure: Sorry,_no_mailbox_here_by_that_name\._\(#5\.1\.1\)/\n"
            r"status: local 0/120 remote 0/20\n"
            r"bounce msg \1 qp \d+\n"
            r"end msg \1\n"
            r"new msg (\d+)\n"
            r"info msg \3: bytes \d+ from <> qp \d+ uid \d+\n"))


if __name__ == "__main__":
    unittest.main()

"""Aliases, catch-alls and quotas of virtual users, on a whole running host."""

import re
import smtplib
import threading
import unittest

from host import HostCase


class VirtualUsers(HostCase):
    def ok(self, *words, **options):
        result = self.host.run(*words, **options)
        self.assertEqual(0, result.returncode, result)
        return result.stdout.decode()

    def user(self, address):
        self.ok("user", "add", address, "--password-file", "-", "--new-domain", input=b"correct horse\n")

    def send(self, recipient, body="x", client=None):
        message = f"Subject: to {recipient}\r\n\r\n{body}\r\n"
        if client:
            client.sendmail("s@client.example", [recipient], message)
            return
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as own:
            own.sendmail("s@client.example", [recipient], message)

    def test_mail_to_an_alias_and_to_the_rest_of_a_domain(self):
        for name in ("ann", "ben"):
            self.user(f"{name}@new.example")
        self.ok("alias", "add", "both@new.example", "ann@new.example", "ben@new.example")
        self.ok("domain", "catchall", "new.example", "ben@new.example")
        self.send("Both@new.example")
        [first] = self.host.wait_mail("ann@new.example", 1)
        self.assertRegex(first.read_text(), r"Return-Path: <s@client\.example>\n"
                         r"Delivered-To: ann@new\.example\n(.*\n)*Delivered-To: Both@new\.example\n")
        self.send("whoever@new.example")
        self.host.wait_mail("ben@new.example", 2)
        self.ok("domain", "catchall", "new.example", "loop@new.example")
        self.send("again@new.example")
        self.host.wait_log(r"failure: This_message_is_looping")

    def test_what_is_over_quota_waits_for_room(self):
        self.user("ann@new.example")
        self.ok("user", "quota", "ann@new.example", "3K")
        self.send("ann@new.example", "x" * 60)
        self.host.wait_mail("ann@new.example", 1)
        self.send("ann@new.example", ("x" * 60 + "\r\n") * 42)
        self.host.wait_log(r"deferral: Mailbox_is_full\._\(#4\.2\.2\)/")
        self.ok("user", "quota", "ann@new.example", "1M")
        self.host.alarm()
        files = self.host.wait_mail("ann@new.example", 2)
        size = sum(path.stat().st_size for path in files)
        self.host.wait_until(  # The file is told after the message is there.
            lambda: f"{size} bytes of 1048576, 2 messages"
            in self.ok("user", "quota", "ann@new.example"))

    def test_changes_under_load_lose_and_bounce_nothing(self):
        for name in ("ann", "ben"):
            self.user(f"{name}@new.example")
        self.ok("alias", "add", "team@new.example", "ann@new.example")
        sent, stop = [0, 0, 0], threading.Event()

        def load(number):
            with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
                while not stop.is_set():
                    self.send("team@new.example", client=client)
                    sent[number] += 1
                    stop.wait(0.01)

        threads = [threading.Thread(target=load, args=(number,)) for number in range(len(sent))]
        for thread in threads:
            thread.start()
        try:
            for turn in range(10):
                self.user(f"u{turn}@new.example")
                self.ok("alias", "add", "team@new.example",
                        f"{'ben' if turn % 2 else 'ann'}@new.example")
                self.ok("user", "remove", f"u{turn}@new.example")
                self.ok("user", "compile")
        finally:
            stop.set()
            for thread in threads:
                thread.join()

        def arrived():
            return sum(len(self.host.mail_files(f"{name}@new.example")) for name in ("ann", "ben"))

        self.host.wait_until(lambda: arrived() >= sum(sent), 60,
                             lambda: f"{arrived()} of {sum(sent)}")
        self.assertEqual(sum(sent), arrived())
        self.assertTrue(self.host.mail_files("ben@new.example"))
        self.assertFalse(re.search(r"delivery \d+: (failure|deferral)", self.host.log()))


if __name__ == "__main__":
    unittest.main()

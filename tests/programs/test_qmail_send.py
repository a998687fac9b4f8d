"""qmail-send with the test as its spawners and its qmail-clean (contract §6.2–§6.5, §13, §14)."""

import os
import re
import select
import signal
import subprocess
import time
import unittest

from harness import BIN
from test_qmail_queue import WAIT, QueueCase

MESSAGE_ID = re.compile(rb"\nMessage-ID: <([0-9a-f.]+\.bounce@mx\.example)>\n")

class Peer:
    """The test's end of the two pipes between qmail-send and one of its peers."""

    def __init__(self, greeting):
        orders, self.send_orders = os.pipe()
        self.send_reports, reports = os.pipe()
        self.orders, self.reports = orders, reports
        os.write(reports, greeting)
        self.buffer = b""

    def close(self):
        """Hangs up, as a peer that dies."""
        for fd in (self.orders, self.reports):
            if fd is not None:
                os.close(fd)
        self.orders = self.reports = None

    def read(self, complete):
        """The next bytes for which `complete` gives a length."""
        deadline = time.monotonic() + WAIT
        while not (length := complete(self.buffer)):
            ready, _, _ = select.select([self.orders], [], [], deadline - time.monotonic())
            if not ready:
                raise AssertionError(f"nothing came, only {self.buffer}")
            got = os.read(self.orders, 65536)
            if not got:
                raise AssertionError(f"qmail-send hung up after {self.buffer}")
            self.buffer += got
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def order(self):
        """slot, path, sender, recipient of the next delivery."""
        def complete(text):
            ends = [i for i, byte in enumerate(text) if byte == 0 and i > 0]
            return ends[2] + 1 if len(ends) > 2 else 0
        text = self.read(complete)
        return (text[0], *text[1:].split(b"\0")[:3])

    def is_silent(self, seconds=0.3):
        """That nothing comes can only be seen by waiting a little."""
        return not self.buffer and not select.select([self.orders], [], [], seconds)[0]

    def report(self, slot, text):
        os.write(self.reports, bytes([slot]) + text + b"\0")


class SendCase(QueueCase):
    def setUp(self):
        super().setUp()
        self.control("locals", "mx.example")
        self.sender = None
        self.text = b""

    def start_send(self, local=120, remote=120, *arguments):
        self.local = Peer(bytes([local]))
        self.remote = remote if isinstance(remote, Peer) else Peer(bytes([remote]))
        self.clean = Peer(b"")
        self.log_fd, log = os.pipe()
        ends = [log]
        for peer in (self.local, self.remote, self.clean):
            ends += [peer.send_orders, peer.send_reports]
        high = [os.dup(fd) for fd in ends]

        def place():
            moved = [os.dup2(fd, 100 + i) for i, fd in enumerate(high)]
            for i, fd in enumerate(moved):
                os.dup2(fd, i)

        self.sender = subprocess.Popen(
            [BIN / "qmail-send", *arguments], env=self.environment(), preexec_fn=place,
            pass_fds=range(7), stdin=None)
        for fd in (*ends, *high):
            os.close(fd)
        self.addCleanup(self.end, self.sender, self.log_fd,
                        (self.local, self.remote, self.clean))

    @staticmethod
    def end(sender, log_fd, peers):
        """Kills it, unless it has ended; hangs up."""
        if sender.poll() is None:
            sender.kill()
        sender.wait(WAIT)
        for peer in peers:
            peer.close()
        os.close(log_fd)

    def restart(self):
        """kill -9, and a new one that has come to its first status."""
        self.sender.kill()
        self.sender.wait(WAIT)
        self.text = b""
        self.start_send()
        self.wait_log(rb"\Astatus: .*\n")

    def wait_log(self, pattern):
        """What is logged up to the pattern, which is taken away; its match."""
        deadline = time.monotonic() + WAIT
        while not (match := re.search(pattern, self.text, re.M)):
            ready, _, _ = select.select([self.log_fd], [], [], deadline - time.monotonic())
            self.assertTrue(ready, f"never logged {pattern}, only {self.text}")
            got = os.read(self.log_fd, 65536)
            self.assertTrue(got, f"qmail-send ended; it logged {self.text}")
            self.text += got
        self.before, self.text = self.text[:match.end()], self.text[match.end():]
        return match

    def send(self, *recipients, sender=b"s@far.example", message=b"Subject: s\n\nbody\n"):
        envelope = b"F" + sender + b"\0" + b"".join(b"T" + r + b"\0" for r in recipients) + b"\0"
        self.assertEqual(0, self.queue(message, envelope))

    def wait_exit(self):
        return self.sender.wait(WAIT)


class QmailSend(SendCase):
    def test_a_local_success_to_the_letter(self):
        self.start_send()
        self.wait_log(rb"\Astatus: local 0/10 remote 0/20\n")
        self.send(b"joe@mx.example")
        slot, path, sender, recipient = self.local.order()
        self.assertEqual((b"s@far.example", b"joe@mx.example"), (sender, recipient))
        split, number = map(int, path.split(b"/"))
        self.assertEqual(number % 23, split)
        self.local.report(slot, b"Kdid 1+0+0\n")
        self.wait_log(rb"^end msg \d+\n")
        size = len(b"Subject: s\n\nbody\n")
        self.assertRegex(self.before, (
            rb"\Anew msg N\ninfo msg N: bytes (\d+) from <s@far\.example> qp %d uid %d\n"
            rb"starting delivery 1: msg N to local joe@mx\.example\n"
            rb"status: local 1/10 remote 0/20\n"
            rb"delivery 1: success: did_1\+0\+0/\n"
            rb"status: local 0/10 remote 0/20\nend msg N\n\Z"
            % (self.pid, os.getuid())).replace(b"N", b"%d" % number))
        received = int(re.search(rb"bytes (\d+)", self.before)[1]) - size
        self.assertGreater(received, 40)

    def test_the_lesser_of_control_file_and_spawner_counts(self):
        self.control("concurrencylocal", "3")
        self.control("concurrencyremote", "100")
        self.start_send(local=5, remote=7)
        self.wait_log(rb"\Astatus: local 0/3 remote 0/7\n")

    def test_a_spawner_of_ours_has_a_number_of_its_own(self):
        """It keeps concurrencylocal itself, for programs."""
        self.control("concurrencylocal", "3")
        self.start_send(120, 7, "--batch")
        self.wait_log(rb"\Astatus: local 0/120 remote 0/7\n")
        self.send(*[b"joe-%d@mx.example" % i for i in range(70)])
        for _ in range(60):
            self.local.order()
        self.assertTrue(self.local.is_silent())  # The other half is for others.
        self.send(b"ann@mx.example")
        self.assertEqual(b"ann@mx.example", self.local.order()[3])

    def test_concurrencymailbox(self):
        self.control("concurrencymailbox", "30")
        self.start_send(120, 7, "--batch")
        self.wait_log(rb"\Astatus: local 0/30 remote 0/7\n")

    def test_concurrencylocal_0_stops_local_mail_whoever_the_spawner_is(self):
        self.control("concurrencylocal", "0")
        self.start_send(120, 7, "--batch")
        self.wait_log(rb"\Astatus: local 0/0 remote 0/7\n")

    def test_no_more_at_once_than_the_concurrency(self):
        self.control("concurrencylocal", "2")
        self.start_send()
        self.send(b"a@mx.example", b"b@mx.example", b"c@mx.example")
        first, second = self.local.order(), self.local.order()
        self.assertEqual([b"a@mx.example", b"b@mx.example"], [first[3], second[3]])
        self.assertTrue(self.local.is_silent())
        self.local.report(first[0], b"Kok\n")
        third = self.local.order()
        self.assertEqual((first[0], b"c@mx.example"), (third[0], third[3]))

    def test_a_user_whose_programs_hang_leaves_room_for_others(self):
        self.start_send()
        self.send(*[b"mallory-%d@mx.example" % i for i in range(14)])
        hanging = [self.local.order() for _ in range(5)]  # Half of concurrencylocal.
        self.assertTrue(self.local.is_silent())
        began = time.monotonic()
        self.send(b"alice@mx.example")
        slot, *_, recipient = self.local.order()
        self.assertEqual(b"alice@mx.example", recipient)
        self.assertLess(time.monotonic() - began, 1)
        self.local.report(slot, b"Kok\n")
        self.local.report(hanging[0][0], b"Kok\n")
        self.assertEqual(b"mallory-5@mx.example", self.local.order()[3])

    def test_concurrencyshared_may_give_one_user_all(self):
        self.control("concurrencyshared", "10")
        self.start_send()
        self.send(*[b"joe-%d@mx.example" % i for i in range(10)])
        for _ in range(10):
            self.local.order()

    def test_concurrency_0_stops_a_channel(self):
        self.control("concurrencyremote", "0")
        self.start_send()
        self.send(b"r@far.example", b"l@mx.example")
        self.local.report(self.local.order()[0], b"Kok\n")
        self.wait_log(rb"^delivery 1: success: ok/\n")
        self.assertTrue(self.remote.is_silent())

    def test_a_failure_bounces_to_the_letter(self):
        self.start_send()
        self.send(b"gone@mx.example", sender=b"joe@mx.example")
        slot, path, *_ = self.local.order()
        number = path.split(b"/")[1]
        self.local.report(slot, b"Dno such\n\nuser\x1b[2J%\n")
        bounce = self.wait_log(rb"^new msg (\d+)\n")
        self.wait_log(rb"^new msg (\d+)\n") if bounce[1] == number else None
        slot, path, sender, recipient = self.local.order()
        self.assertEqual((b"", b"joe@mx.example"), (sender, recipient))
        self.assertIn(b"Date: ", self.stored())
        self.assertIn(
            b"From: MAILER-DAEMON@mx.example\nTo: joe@mx.example\nSubject: failure notice\n"
            b"Message-ID: <" + MESSAGE_ID.search(self.stored())[1] + b">\n"
            b"Auto-Submitted: auto-replied\n\nHi. This is the qmail-send program at mx.example.\n"
            b"I'm afraid I wasn't able to deliver your message to the following addresses.\n"
            b"This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            b"<gone@mx.example>:\nno such\n/user\x1b[2J%\n\n"
            b"--- Below this line is a copy of the message.\n\n"
            b"Return-Path: <joe@mx.example>\n", self.stored())

    def test_what_is_logged_of_a_report_is_safe(self):
        self.start_send()
        self.send(b"r@far.example")
        self.remote.report(self.remote.order()[0], b"Za%b\x1b[2J \xff\nnext\n")
        self.wait_log(rb"^delivery 1: deferral: a_b_\[2J__/next/\n")

    def test_reports_that_lie(self):
        self.start_send()
        self.send(b"a@mx.example")
        slot = self.local.order()[0]
        self.local.report(slot + 5, b"Knever ordered\n")
        self.wait_log(rb"^warning: internal error: delivery report out of range\n")
        self.local.report(slot, b"Xwhat\n")
        self.wait_log(rb"^delivery 1: report mangled, will defer\n")
        os.kill(self.sender.pid, signal.SIGALRM)
        slot = self.local.order()[0]
        self.local.report(slot, b"K" + b"x" * 100_000 + b"\n")
        success = self.wait_log(rb"^delivery 2: success: (x*).*\n")
        self.assertLessEqual(len(success[1]), 10_000)
        self.wait_log(rb"^end msg ")

    def test_a_deferral_waits_and_sigalrm_ends_the_wait(self):
        self.start_send()
        self.send(b"r@far.example")
        self.remote.report(self.remote.order()[0], b"Zlater\n")
        self.wait_log(rb"^delivery 1: deferral: later/\n")
        self.assertTrue(self.remote.is_silent())
        os.kill(self.sender.pid, signal.SIGALRM)
        self.assertEqual(b"r@far.example", self.remote.order()[3])

    def test_the_last_attempt(self):
        self.control("queuelifetime", "0")
        self.start_send()
        self.send(b"r@far.example", sender=b"joe@mx.example")
        orders, text = 0, b""
        while b"failure" not in text:  # The first pass may begin in the second of the arrival.
            self.remote.report(self.remote.order()[0], b"Zlater\n")
            text = self.wait_log(rb"^delivery \d+: (deferral|failure): .*\n")[0]
            orders += 1
            if b"deferral" in text:
                select.select([], [], [], 1.1)
                os.kill(self.sender.pid, signal.SIGALRM)
        self.assertLessEqual(orders, 3)
        self.assertIn(b"later/I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_"
                      b"too_long./", text)

    def test_routes(self):
        self.control("virtualdomains", "vd.test:joe-vd", ".sub.test:joe-sub", "exc.sub.test:",
                     "u@whole.test:joe-w", "hack.test:x")
        self.control("locals", "mx.example", "LOCAL.test")
        self.control("percenthack", "mx.example")
        self.control("envnoathost", "noat.example")
        self.start_send()
        for recipient, channel, routed in (
                (b"x@vd.test", "local", b"joe-vd-x@vd.test"),
                (b"y@a.sub.test", "local", b"joe-sub-y@a.sub.test"),
                (b"z@exc.sub.test", "remote", b"z@exc.sub.test"),
                (b"u@whole.test", "local", b"joe-w-u@whole.test"),
                (b"v@whole.test", "remote", b"v@whole.test"),
                (b"a@local.TEST", "local", b"a@local.TEST"),
                (b"w%vd.test@mx.example", "local", b"joe-vd-w@vd.test"),
                (b"plain", "remote", b"plain@noat.example")):
            with self.subTest(recipient):
                self.send(recipient)
                peer = getattr(self, channel)
                order = peer.order()
                self.assertEqual(routed, order[3])
                peer.report(order[0], b"Kok\n")
                self.wait_log(b"^end msg ")

    def test_a_bounce_names_the_address_without_the_prefix_of_its_virtual_domain(self):
        self.control("virtualdomains", "vd.test:joe-vd")
        self.start_send()
        self.send(b"x@vd.test", sender=b"joe@mx.example")
        self.local.report(self.local.order()[0], b"Dno\n")
        self.local.order()
        self.assertIn(b"\n<x@vd.test>:\nno\n", self.stored())

    def test_sighup_rereads_locals_and_virtualdomains(self):
        self.start_send()
        self.send(b"a@new.example")
        self.remote.report(self.remote.order()[0], b"Kok\n")
        self.wait_log(b"^end msg ")
        self.control("locals", "mx.example", "new.example")
        self.control("concurrencylocal", "1")
        os.kill(self.sender.pid, signal.SIGHUP)
        self.send(b"b@new.example")
        self.local.report(self.local.order()[0], b"Kok\n")
        self.wait_log(rb"^status: local 1/1 ")

    def test_a_changed_file_of_routing_counts_from_the_next_message_on(self):
        """The listeners take an address of a new domain at once: qmail-send is to know it as well.
        The one of before waited for SIGHUP, and bounced the message meanwhile."""
        self.start_send()
        self.send(b"a@new.example")
        self.remote.report(self.remote.order()[0], b"Kok\n")
        self.wait_log(b"^end msg ")
        for name, lines in (("locals", ("mx.example", "new.example")),
                            ("virtualdomains", ("new2.example:joe",)),
                            ("percenthack", ("new3.example",)), ("envnoathost", ("mx.example",))):
            self.control(name, *lines)
            address = {"locals": b"b@new.example", "virtualdomains": b"b@new2.example",
                       "percenthack": b"b%mx.example@new3.example", "envnoathost": b"b"}[name]
            self.send(address)
            self.local.report(self.local.order()[0], b"Kok\n")
        self.control("locals", "mx.example")
        self.send(b"c@new.example")
        self.remote.report(self.remote.order()[0], b"Kok\n")

    def test_files_of_routing_that_cannot_be_read_leave_the_routing_as_it_was(self):
        self.start_send()
        self.send(b"a@mx.example")
        self.local.report(self.local.order()[0], b"Kok\n")
        path = self.home / "control/locals"
        path.unlink()
        path.mkdir()
        self.send(b"b@mx.example")
        self.local.report(self.local.order()[0], b"Kok\n")
        self.wait_log(b"^alert: unable to reread control/locals\n")

    def test_sigterm_finishes_what_runs(self):
        self.start_send()
        self.send(b"a@mx.example")
        slot = self.local.order()[0]
        os.kill(self.sender.pid, signal.SIGTERM)
        self.wait_log(rb"^status: local 1/10 remote 0/20 exitasap\n")
        self.send(b"b@mx.example")
        self.assertTrue(self.local.is_silent())
        self.local.report(slot, b"Kok\n")
        self.wait_log(rb"^status: exiting\n\Z")
        self.assertEqual(0, self.wait_exit())

    def test_sigterm_where_nothing_runs(self):
        """As qmail: no status with exitasap."""
        self.start_send()
        self.wait_log(rb"\Astatus: local 0/10 remote 0/20\n\Z")
        os.kill(self.sender.pid, signal.SIGTERM)
        self.wait_log(rb"\Astatus: exiting\n\Z")
        self.assertEqual(0, self.wait_exit())

    def test_numbers_that_are_too_large_are_the_largest(self):
        """Before: it did not start."""
        self.control("concurrencylocal", "1000")
        self.control("concurrencyremote", "9" * 30)
        self.control("queuelifetime", "4294967296")
        self.start_send()
        for name, value, most in ((b"concurrencylocal", b"1000", b"255"),
                                  (b"concurrencyremote", b"a number of many digits", b"10000"),
                                  (b"queuelifetime", b"4294967296", b"2147483647")):
            self.wait_log(rb"^warning: .*control/" + name + b": " + value
                          + b" is too large, " + most + rb" is used\n")
        self.wait_log(rb"\Astatus: local 0/120 remote 0/120\n")  # And once.

    def test_without_me_and_locals(self):
        """As qmail: it does not start."""
        for name in ("me", "locals"):
            (self.home / "control" / name).unlink(missing_ok=True)
        self.start_send()
        self.wait_log(rb"^alert: cannot start: unable to read controls\n.*control/locals: "
                      rb"missing, and so is me\n")
        self.assertEqual(111, self.wait_exit())

    def test_a_lost_spawner(self):
        self.start_send()
        self.wait_log(rb"\Astatus: .*\n")
        self.remote.close()
        self.wait_log(rb"^alert: oh no! lost spawn connection! dying\.\.\.\n")
        self.wait_exit()

    def test_a_lost_qmail_clean(self):
        self.start_send()
        self.wait_log(rb"\Astatus: .*\n")
        self.clean.close()
        self.wait_log(rb"^alert: oh no! lost qmail-clean connection! dying\.\.\.\n")
        self.wait_exit()

    def test_only_one_runs(self):
        self.start_send()
        self.wait_log(rb"\Astatus: .*\n")
        self.start_send()
        self.wait_log(rb"alert: cannot start: qmail-send is already running\n")
        self.assertEqual(111, self.wait_exit())

    def test_controls_that_cannot_be_read(self):
        self.control("concurrencylocal", "many")
        self.start_send()
        self.wait_log(rb"alert: cannot start: unable to read controls")
        self.assertEqual(111, self.wait_exit())

    def test_a_message_without_recipients_ends_at_once(self):
        self.start_send()
        self.send()
        self.wait_log(rb"^new msg (\d+)\ninfo msg .*\nend msg \1\n")

    def test_a_large_message_is_cleaned_away(self):
        self.start_send()
        self.send(b"a@mx.example", message=b"x" * 400_000)
        slot, path, *_ = self.local.order()
        self.local.report(slot, b"Kok\n")
        number = path.split(b"/")[1]
        request = self.clean.read(lambda text: text.find(b"\0") + 1)
        self.assertEqual(b"foop/" + number + b"\0", request)
        os.write(self.clean.reports, b"!")
        self.wait_log(rb"^warning: qmail-clean unable to clean up foop/" + number)

    def test_what_is_done_is_not_done_again_after_kill_9(self):
        self.start_send()
        self.send(b"a@mx.example", b"b@mx.example", b"r@far.example")
        for _ in range(2):
            order = self.local.order()
            self.local.report(order[0], b"Kok\n" if order[3] == b"a@mx.example" else b"Zno\n")
        self.wait_log(rb"delivery \d: deferral")
        self.remote.order()  # Under way; nobody knows what became of it.
        self.wait_log(rb"^status: local 0/10 remote 1/20\n")
        self.restart()
        os.kill(self.sender.pid, signal.SIGALRM)
        self.assertEqual(b"r@far.example", self.remote.order()[3])
        os.kill(self.sender.pid, signal.SIGALRM)
        self.assertEqual(b"b@mx.example", self.local.order()[3])
        self.assertTrue(self.local.is_silent())

    def test_batches_of_one_host(self):
        self.start_send(120, 120, "--batch")
        self.send(b"a@far.example", b"b@FAR.example", b"c@other.example")
        text = self.remote.read(lambda text: text.find(b"c@other") >= 0 and len(text))
        self.assertIn(b"\0s@far.example\0\0a@far.example\0b@FAR.example\0\0", text)
        slot = text[0]
        self.remote.report(slot, b"Kfirst\n")
        self.remote.report(slot, b"Dsecond\n")
        self.wait_log(rb"^delivery 1: success: first/\n")
        self.wait_log(rb"^delivery 2: failure: second/\n")

    PARAMETERS = (b"Fs@far.example\0PRET=HDRS ENVID=7\0"
                  b"Ta@far.example\0PNOTIFY=DELAY\0Tb@far.example\0\0")

    def test_parameters_go_to_a_spawner_that_knows_batches(self):
        self.start_send(120, 120, "--batch")
        self.assertEqual(0, self.queue(envelope=self.PARAMETERS))
        text = self.remote.read(lambda text: text.endswith(b"b@far.example\0\0\0") and len(text))
        self.assertIn(b"\0s@far.example\0\0\0RET=HDRS ENVID=7\0a@far.example\0NOTIFY=DELAY\0"
                      b"b@far.example\0\0\0", text)

    def test_parameters_outlive_a_restart_and_are_kept_from_qmails_own_spawner(self):
        self.start_send()
        self.assertEqual(0, self.queue(envelope=self.PARAMETERS))
        for address in (b"a@far.example", b"b@far.example"):
            self.assertEqual(address, self.remote.order()[3])
        self.sender.kill()
        self.sender.wait(WAIT)
        self.text = b""
        self.start_send(120, 120, "--batch")
        text = self.remote.read(lambda text: text.endswith(b"b@far.example\0\0\0") and len(text))
        self.assertIn(b"\0\0\0RET=HDRS ENVID=7\0a@far.example\0NOTIFY=DELAY\0", text)


if __name__ == "__main__":
    unittest.main()

"""qmail-rspawn with the test as qmail-send (contract §7.1, §8.1)."""

import contextlib
import os
import re
import select
import socket
import struct
import subprocess
import time
import unittest

from harness import BIN
from test_qmail_queue import GOOD, WAIT, QueueCase
from test_qmail_remote import Server


class RspawnCase(QueueCase):
    def setUp(self):
        super().setUp()
        self.spawner = None

    def control(self, name, *lines):
        super().control(name, *lines)
        if getattr(self, "spawner", None):
            time.sleep(0.12)  # What is known of the control files may be a tenth of a second old.

    def start_spawner(self, **more):
        self.spawner = subprocess.Popen(
            [BIN / "qmail-rspawn"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            env=self.environment(**more))
        self.addCleanup(self.close)
        self.assertEqual(b"\xff", self.spawner.stdout.read(1))

    def close(self):
        """Hangs up; the exit code, once what runs has ended."""
        if self.spawner.stdin:
            self.spawner.stdin.close()
            self.spawner.stdin = None
        code = self.spawner.wait(WAIT)
        self.spawner.stdout.close()
        return code

    def server(self, **replies):
        server = Server(**replies)
        self.addCleanup(server.close)
        self.control("smtproutes", f":127.0.0.1:{server.port}")
        return server

    def number(self, message=b"Subject: s\n\nbody\n"):
        """Queues a message; its number, as qmail-qread shows it."""
        self.assertEqual(0, self.queue(message, GOOD))
        listed = self.run_program("qmail-qread").stdout
        return int(re.findall(rb"  #(\d+)  ", listed)[-1])

    def intake(self, message, origin, envelope=GOOD):
        """Queues a message as a server would; its number."""
        with socket.socket(socket.AF_UNIX) as writer:
            writer.connect(str(self.home / "queue/intake"))
            writer.sendall(b"B" + bytes([origin]) + struct.pack("<I", 0))
            for at in range(0, len(message), 65536):
                piece = message[at:at + 65536]
                writer.sendall(b"M" + struct.pack("<I", len(piece)) + piece)
            writer.sendall(b"E" + struct.pack("<I", len(envelope)) + envelope)
            code, _, number = struct.unpack("<BIQ", writer.recv(13, socket.MSG_WAITALL))
        self.assertEqual(0, code)
        return number

    def order(self, slot, number, *recipients, sender=b"s@x.example"):
        path = number if isinstance(number, bytes) else b"%d/%d" % (number % 23, number)
        self.spawner.stdin.write(bytes([slot]) + path + b"\0" + sender + b"\0" + (
            recipients[0] + b"\0" if len(recipients) == 1
            else b"\0" + b"".join(r + b"\0" for r in recipients) + b"\0"))

    def reports(self, count=1):
        """The next reports, in the order they come: (slot, text)."""
        got, rest = [], b""
        while len(got) < count:
            ready, _, _ = select.select([self.spawner.stdout], [], [], WAIT)
            self.assertTrue(ready, f"no report came, only {got} {rest}")
            piece = os.read(self.spawner.stdout.fileno(), 65536)
            self.assertTrue(piece, "qmail-rspawn ended")
            rest += piece
            while (end := rest.find(b"\0", 1)) >= 0:
                got.append((rest[0], rest[1:end]))
                rest = rest[end + 1:]
        self.assertEqual(b"", rest)
        return got

    def deliver(self, *recipients, **more):
        self.order(7, self.number(), *recipients, **more)
        return [text for slot, text in self.reports(len(recipients)) if slot == 7]


class QmailRspawn(RspawnCase):
    def test_a_delivery(self):
        server = self.server()
        self.start_spawner()
        self.assertEqual(
            [b"K127.0.0.1 accepted message.\nRemote host said: 250 taken\n"],
            self.deliver(b"r@far.example"))
        self.assertIn(b"RCPT TO:<r@far.example>\r\n", server.lines)
        self.assertRegex(server.data, rb"\AReceived: \(qmail [^\n]*\r\nSubject: s\r\n\r\nbody\r\n\Z")

    def test_the_recipients_word_counts_more_than_the_messages(self):
        self.server(RCPT=b"550-no\r\n550 user\r\n")
        self.start_spawner()
        [text] = self.deliver(b"r@far.example")
        self.assertEqual(
            b"D127.0.0.1 does not like recipient.\nRemote host said: 550-no\n550 user\n"
            b"Giving up on 127.0.0.1.\n", text)

    def test_a_recipient_refused_for_now(self):
        self.server(RCPT=b"450 later\r\n")
        self.start_spawner()
        [text] = self.deliver(b"r@far.example")
        self.assertEqual(b"Z127.0.0.1 does not like recipient.\nRemote host said: 450 later\n"
                         b"Giving up on 127.0.0.1.\n", text)

    def test_a_batch_has_a_report_for_each_in_order(self):
        server = self.server(RCPT=[b"250 ok\r\n", b"550 no\r\n", b"450 later\r\n"])
        self.start_spawner()
        texts = self.deliver(b"a@far.example", b"b@far.example", b"c@far.example")
        self.assertEqual(b"KDZ", b"".join(text[:1] for text in texts), texts)
        self.assertEqual(1, server.sessions)

    def test_deliveries_of_one_message_share_it_and_it_is_closed_after_the_last(self):
        def opened():
            found = 0
            for fd in os.scandir(f"/proc/{self.spawner.pid}/fd"):
                with contextlib.suppress(FileNotFoundError):  # Another file, closed meanwhile.
                    found += "/queue/mess/" in os.readlink(fd.path)
            return found

        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(WAIT)
            self.control("smtproutes", f":127.0.0.1:{listener.getsockname()[1]}")
            self.start_spawner()
            number = self.number()
            for slot in range(3):
                self.order(slot, number, b"r@far%d.example" % slot)
            clients = [listener.accept()[0] for _ in range(3)]
            self.assertEqual(1, opened())
            for client in clients:
                client.sendall(b"421 not now\r\n")
            self.assertEqual({0, 1, 2}, {slot for slot, _ in self.reports(3)})
            self.assertEqual(0, opened())
            for client in clients:
                client.close()

    def test_what_is_refused_at_once(self):
        self.start_spawner()
        number = self.number()
        self.order(1, number, b"no-host")
        self.assertEqual(
            [(1, b"DSorry, address must include host name. (#5.1.3)\n")], self.reports())
        for path in (b"0/4242424242", b"../../../etc/passwd", b"/etc/passwd", b"0/seg-1", b""):
            with self.subTest(path):
                self.order(2, path, b"r@far.example")
                [(slot, text)] = self.reports()
                self.assertEqual(2, slot)
                self.assertRegex(text, rb"\A(Zqmail-spawn unable to open message. \(#4\.3\.0\)"
                                       rb"|DInternal error: message id .*\(#5\.3\.5\))\n\Z")
        self.order(255, number, b"r@far.example")
        self.assertEqual(
            [(255, b"ZInternal error: slot in use or out of range. (#4.3.5)\n")], self.reports())

    def test_a_host_that_is_down(self):
        self.control("smtproutes", ":127.0.0.1:1")
        self.start_spawner()
        [text] = self.deliver(b"r@far.example")
        self.assertEqual(
            b"ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
            b"[127.0.0.1]:1: connection refused\n", text)

    def test_a_connect_that_times_out_is_kept_where_qmail_tcpto_shows_it(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(listener.close)
        for _ in range(2):  # The kernel drops what comes when nobody accepts these.
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            self.addCleanup(client.close)
        self.control("smtproutes", f":127.0.0.1:{listener.getsockname()[1]}")
        self.control("timeoutconnect", "1")
        self.start_spawner()
        [text] = self.deliver(b"r@far.example")
        self.assertEqual(
            b"ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
            b"[127.0.0.1]:%d: timed out\n" % listener.getsockname()[1], text)
        self.assertRegex(self.run_program("qmail-tcpto").stdout, (
            rb"\A127\.0\.0\.1 timed out \d+ seconds ago; # recent timeouts: 1\n\Z"))
        self.assertEqual(0, self.run_program("qmail-tcpok").returncode)
        self.assertEqual(b"", self.run_program("qmail-tcpto").stdout)

    def test_it_finishes_what_runs_when_qmail_send_has_gone(self):
        server = self.server()
        self.start_spawner()
        self.order(3, self.number(), b"r@far.example")
        self.spawner.stdin.close()
        self.spawner.stdin = None
        self.assertEqual((3, b"K"), (lambda r: (r[0], r[1][:1]))(self.reports()[0]))
        self.assertEqual(0, self.close())
        self.assertEqual(1, server.sessions)

    def wrapper(self, text):
        """A qmail-remote of another make."""
        path = self.home / "other-remote"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def test_another_qmail_remote(self):
        self.start_spawner(QMAILREMOTE=self.wrapper(
            "printf 'r\\0K%s %s %s said ' \"$1\" \"$2\" \"$3\"; cat | tail -n 1; printf '\\0'\n"))
        self.assertEqual([b"Kfar.example s@x.example r@far.example said body\n"],
                         self.deliver(b"r@far.example"))

    def test_another_qmail_remotes_bad_ends(self):
        for text, report in (
                ("exit 111", b"ZUnable to run qmail-remote.\n"),
                ("exit 100", b"DUnable to run qmail-remote.\n"),
                ("exit 1", b"ZUnable to run qmail-remote.\nexit code 1 (#4.3.0)\n"),
                ("exec /no/such/program 2>/dev/null",
                 b"ZUnable to run qmail-remote.\nexit code 127 (#4.3.0)\n"),
                ("kill -9 $$", b"Zqmail-remote crashed.\n"),
                ("exit 0", b"Zqmail-remote produced no output.\n"),
                ("printf 'hno such\\n\\0Dgave up\\n\\0'", b"Dno such\ngave up\n"),
                ("printf 'snot now\\n\\0Dgave up\\n\\0'", b"Znot now\ngave up\n"),
                ("printf 'r\\0Zlater\\n\\0'", b"Zlater\n")):
            with self.subTest(text):
                self.start_spawner(QMAILREMOTE=self.wrapper(text + "\n"))
                self.assertEqual([report], self.deliver(b"r@far.example"))
                self.close()

    def test_another_qmail_remote_that_does_not_run_delays_mail_and_says_why(self):
        server = self.server()
        path = self.home / "other-remote"
        for make, reason in (
                (lambda: None, b"file does not exist"),
                (lambda: path.write_text("#!/no/such/interpreter\n"), b"access denied"),
                (lambda: path.chmod(0o755), b"file does not exist"),
                (lambda: path.write_bytes(b"\x7fELF junk"), b"exec format error"),
                (lambda: (path.unlink(), path.mkdir()), b"access denied")):
            make()
            with self.subTest(reason=reason):
                self.start_spawner(QMAILREMOTE=str(path))
                [text] = self.deliver(b"r@far.example")
                self.assertRegex(text, rb"\AZUnable to run qmail-remote\.\nrun " + str(path).encode()
                                 + rb": " + reason)
                self.close()
        self.start_spawner(QMAILREMOTE="not-along-path")
        self.assertEqual([b"ZUnable to run qmail-remote.\nQMAILREMOTE, not-along-path: not found "
                          b"(#4.3.0)\n"], self.deliver(b"r@far.example"))
        self.assertEqual(0, server.sessions)


if __name__ == "__main__":
    unittest.main()

"""qmail-remote by QMTP, where the preferences of MX say so and control/mxps has them count."""

import os
import socket
import threading
import unittest

import test_qmail_remote
from answers import A, MX, zone
from harness import ProgramCase
from test_qmail_remote_ways import FIRST, Network, SECOND
from test_wide_rspawn import WideCase

MESSAGE = test_qmail_remote.MESSAGE


class QmtpServer(threading.Thread):
    """Takes messages and answers each recipient by a table; None hangs up instead. A greeting is
    what no server of QMTP says; after an empty one it hangs up at once."""

    def __init__(self, address, replies=(), odd=None, greeting=None):
        super().__init__(daemon=True)
        self.replies, self.odd, self.greeting = dict(replies), odd, greeting
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, 209), family=family)
        self.taken, self.sessions = [], 0
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.sessions += 1
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client):
        with client, client.makefile("rb") as stream:
            try:
                while self.serve(client, stream):
                    pass
            except (OSError, ValueError):
                pass

    @staticmethod
    def netstring(stream):
        length = b""
        while (one := stream.read(1)) not in (b":", b""):
            length += one
        content = stream.read(int(length))
        if stream.read(1) != b",":
            raise ValueError("a comma is missing")
        return content

    def serve(self, client, stream):
        if self.greeting is not None:
            client.sendall(self.greeting)
            if not self.greeting:
                return False
        message, sender, rest = (self.netstring(stream) for _ in range(3))
        recipients = []
        while rest:
            length, _, rest = rest.partition(b":")
            recipients.append(rest[:int(length)])
            assert rest[int(length):int(length) + 1] == b","
            rest = rest[int(length) + 1:]
        self.taken.append((message, sender, recipients))
        if self.odd is not None:
            client.sendall(self.odd)
            return False
        for recipient in recipients:
            reply = self.replies.get(recipient, b"Kok 1 qp 2")
            if reply is None:
                return False
            client.sendall(b"%d:%s," % (len(reply), reply))
        return True

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join()


class Qmtp(Network):
    def setUp(self):
        super().setUp()
        self.enter_network()
        self.zone(12801)
        self.control("mxps", "1")

    def zone(self, preference, host="first.example"):
        self.names(zone(far_example=[(MX, (preference, host))], first_example=[(A, FIRST)],
                        second_example=[(A, SECOND)]))

    def qmtp(self, *replies, **more):
        server = QmtpServer(FIRST, replies, **more)
        self.addCleanup(server.close)
        return server


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class ByQmtp(Qmtp, ProgramCase):
    def test_each_recipient_has_its_own_reply(self):
        server = self.qmtp((b"b@far.example", b"Zlater (#4.2.1)"), (b"c@far.example", b"Dno\nuser"))
        self.assertEqual(
            ["r", f"s{FIRST} does not like recipient.\nRemote host said: later (#4.2.1)\n",
             f"h{FIRST} does not like recipient.\nRemote host said: no user\n",
             f"K{FIRST} accepted message.\nRemote host said: ok 1 qp 2\n"],
            self.remote("a@far.example", "b@far.example", "c@far.example"))
        self.assertEqual([(b"\n" + MESSAGE, b"s@x.example",
                           [b"a@far.example", b"b@far.example", b"c@far.example"])], server.taken)

    def test_where_nobody_is_taken(self):
        self.qmtp((b"a@far.example", b"Dno"))
        self.assertEqual([f"h{FIRST} does not like recipient.\nRemote host said: no\n",
                          f"DGiving up on {FIRST}.\n"], self.remote())

    def test_only_where_preference_and_control_file_say_so(self):
        server, smtp = self.qmtp(), self.at(FIRST)
        for preference, mxps, isQmtp in ((12801, "1", True), (13041, "1", True),
                                         (12817, "1", True), (12800, "1", False),
                                         (12802, "1", False), (13057, "1", False),
                                         (12785, "1", False), (12801, "0", False)):
            with self.subTest(preference=preference, mxps=mxps):
                self.control("mxps", mxps)
                self.zone(preference)
                before = server.sessions, smtp.sessions
                self.assertIn(f"K{FIRST} accepted message.", self.remote()[-1])
                self.assertEqual((before[0] + isQmtp, before[1] + (not isQmtp)),
                                 (server.sessions, smtp.sessions))

    def test_smtp_where_qmtp_does_not_serve_or_tls_is_required(self):
        smtp = self.at(FIRST)
        self.assertIn(f"K{FIRST} accepted message.", self.remote()[-1])
        self.assertEqual(b"", self.run_program("qmail-tcpto").stdout)
        server = self.qmtp()
        self.control("tlspolicy", "far.example:encrypt")
        self.assertIn("requires it. (#4.7.4)", self.remote()[-1])
        self.assertEqual((0, 2), (server.sessions, smtp.sessions))

    def test_smtp_where_another_protocol_is_spoken_at_the_port_of_qmtp(self):
        smtp = self.at(FIRST)
        for greeting in (b"", b"220 smtp.example ESMTP\r\n"):
            with self.subTest(greeting=greeting):
                server = QmtpServer(FIRST, greeting=greeting)
                sessions = smtp.sessions
                self.assertEqual(f"K{FIRST} accepted message.\nRemote host said: 250 taken\n",
                                 self.remote()[-1])
                self.assertEqual((1, sessions + 1), (server.sessions, smtp.sessions))
                server.close()
                self.assertEqual([], server.taken)

    def test_odd_replies_are_no_success_and_no_failure(self):
        for odd in (b"", b"3:Kok", b"0:,", b"5:Xhuh?,", b"K", b"250 ok\r\n", b"99999999999:K",
                    b"9999:K" + b"x" * 9998 + b",", b"3:Kok;"):
            with self.subTest(odd=odd):
                server = QmtpServer(FIRST, odd=odd)
                reports = self.remote()
                self.assertEqual("s", reports[0][0], reports)
                self.assertIn("Possible duplicate! (#4.4.2)", reports[0])
                self.assertEqual(1, len(server.taken))
                server.close()

    def test_who_had_a_reply_before_the_connection_was_lost_has_it(self):
        self.qmtp((b"b@far.example", None))
        reports = self.remote("a@far.example", "b@far.example")
        self.assertEqual(["r", "s", "K"], [one[0] for one in reports])

    def test_a_message_without_its_last_line_end(self):
        self.qmtp()
        self.assertEqual("D", self.remote(message=b"Subject: x\n\nx")[-1][0])


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class Queued(Qmtp, WideCase):
    def test_one_connection_for_several_messages(self):
        server = self.qmtp()
        self.start_spawner()
        number = self.number()
        for _ in range(3):
            self.order(1, number, b"r@far.example")
            [report] = self.reports()
            self.assertEqual(("K", "first.example"), (report.letter, report.host))
        # The first is not kept: nothing says that there will be more mail.
        self.assertEqual((2, 3), (server.sessions, len(server.taken)))

    def test_what_a_message_has_opened_that_asks_for_no_tls_serves_no_other(self):
        server = self.qmtp()
        self.start_spawner()
        lax, usual = self.number(b"TLS-Required: No\n\nbody\n"), self.number()
        for number, sessions in ((lax, 1), (lax, 2), (usual, 3), (usual, 3)):
            self.order(1, number, b"r@far.example")
            [report] = self.reports()
            self.assertEqual(("K", sessions), (report.letter, server.sessions))

    def test_smtp_at_once_where_qmtp_has_failed_lately(self):
        server, smtp = self.qmtp(odd=b""), self.at(FIRST)
        self.start_spawner()
        number = self.number()
        self.order(1, number, b"r@far.example")
        [report] = self.reports()
        self.assertIn(b"Possible duplicate! (#4.4.2)", report.text)
        for _ in range(2):
            self.order(1, number, b"r@far.example")
            self.assertEqual("K", self.reports()[0].letter)
        self.assertEqual((1, 2), (server.sessions, smtp.sessions))

    def test_letters_stand_for_codes_in_control_replies(self):
        self.qmtp((b"r@far.example", b"Zgreylisted, come in 7 minutes"), (b"q@far.example", b"Dbusy"),
                  (b"p@far.example", b"Zbusy"))
        self.control("replies", "* code=5xx pause=17 text=busy", "* code=4xx slow=3/m text=busy")
        self.start_spawner()
        self.order(1, self.number(), b"r@far.example", b"q@far.example", b"p@far.example")
        self.assertEqual(
            [("Z", 0, 5, 420), ("D", 0, 2, 17), ("Z", 0, 1, 300)],
            [(r.letter, r.code, r.action, r.action_seconds) for r in self.reports(3)])

    def test_what_a_refusal_is(self):
        self.qmtp((b"r@far.example", b"Dsorry, no mailbox here by that name. (#5.1.1)"),
                  (b"q@far.example", b"Zsomething odd"))
        self.start_spawner()
        self.order(1, self.number(), b"r@far.example", b"q@far.example")
        reports = self.reports(2)
        self.assertEqual([("D", 1, 0, "5.1.1"), ("Z", 21, 0, "")],
                         [(r.letter, r.bounce_class, r.code, r.status) for r in reports])


if __name__ == "__main__":
    unittest.main()

"""qmail-remote against servers of every mood (contract §8.2), and a real DNS server."""

import os
import re
import socket
import subprocess
import threading
import time
import unittest

from harness import ProgramCase
import own_network  # Where harness finds it.
from ports import free_port  # Where harness finds it.

MESSAGE = b"Subject: test\n\n.dot\nlast line\n"
GREETING = b"220 server\r\n"
EHLO = b"250-server\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 8BITMIME\r\n"
PLAIN = b"250 server\r\n"


DIED = "ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n"
LOST = (r"\[127\.0\.0\.1\]: "
        r"(The server closed the connection\.|connection reset|broken pipe)\n\Z")


class Server(threading.Thread):
    """Answers each command by a table; what it was sent is in `lines`, the data in `data`."""

    def __init__(self, address="127.0.0.1", port=0, **replies):
        super().__init__(daemon=True)
        self.replies = {"greeting": GREETING, "EHLO": EHLO, "HELO": PLAIN, "MAIL": b"250 ok\r\n",
                        "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n", ".": b"250 taken\r\n",
                        "QUIT": b"221 bye\r\n"} | replies
        self.listener = socket.create_server(
            (address, port or free_port(address)), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        self.lines, self.data, self.sessions = [], b"", 0
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.sessions += 1
            with client:
                try:
                    self.serve(client, client.makefile("rb"))
                except OSError:
                    pass

    def serve(self, client, lines):
        def say(key):
            reply = self.replies[key]
            if isinstance(reply, list):
                reply = reply.pop(0)
            if reply is None:
                return False
            client.sendall(reply)
            return True

        if not say("greeting"):
            return
        while line := lines.readline():
            self.lines.append(line)
            verb = line.split(b" ")[0].strip().decode().upper()
            if not say(verb):
                return
            if verb == "DATA" and self.replies["DATA"].startswith(b"354"):
                while (line := lines.readline()) not in (b".\r\n", b""):
                    self.data += line
                if not say("."):
                    return

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # Wakes accept, which would hold the port.
        self.listener.close()
        self.join()


class QmailRemote(ProgramCase):
    def server(self, **replies):
        server = Server(**replies)
        self.addCleanup(server.close)
        self.control("smtproutes", f":127.0.0.1:{server.port}")
        return server

    def remote(self, *recipients, sender="s@x.example", message=MESSAGE, host="far.example", timeout=30):
        result = self.run_program("qmail-remote", host, sender, *(recipients or ["a@far.example"]),
                                  stdin=message, timeout=timeout)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertEqual(b"\0", result.stdout[-1:])
        return result.stdout[:-1].decode("latin-1").split("\0")

    def test_a_message_is_sent_pipelined_and_whole(self):
        server = self.server()
        self.assertEqual(
            ["r", "r", "K127.0.0.1 accepted message.\nRemote host said: 250 taken\n"],
            self.remote("a@far.example", "b c@far.example"))
        self.assertEqual(
            [b"EHLO mx.example\r\n", b"MAIL FROM:<s@x.example> SIZE=%d\r\n" % len(MESSAGE.replace(b"\n", b"\r\n")),
             b"RCPT TO:<a@far.example>\r\n", b'RCPT TO:<"b c"@far.example>\r\n', b"DATA\r\n"],
            server.lines[:5])
        self.assertEqual(b"Subject: test\r\n\r\n..dot\r\nlast line\r\n", server.data)

    def test_a_server_of_old_gets_helo_and_one_command_at_a_time(self):
        server = self.server(EHLO=b"502 what?\r\n")
        self.assertEqual("K", self.remote(message=b"\xe6\n")[-1][0])
        self.assertEqual([b"EHLO mx.example\r\n", b"HELO mx.example\r\n",
                          b"MAIL FROM:<s@x.example>\r\n"], server.lines[:3])

    def test_eight_bits_are_announced_where_there_are_some(self):
        server = self.server()
        self.remote(message=b"\xe6\n")
        self.assertIn(b"MAIL FROM:<s@x.example> SIZE=3 BODY=8BITMIME\r\n", server.lines)

    def test_every_refusal_has_its_report(self):
        said = "Remote host said: "
        for replies, reports in (
                ({"greeting": b"554 go away\r\n"},
                 [f"ZConnected to 127.0.0.1 but greeting failed.\n{said}554 go away\n"]),
                ({"EHLO": b"550 no\r\n", "HELO": b"550 no\r\n"},
                 [f"ZConnected to 127.0.0.1 but my name was rejected.\n{said}550 no\n"]),
                ({"MAIL": b"550 no\r\n"},
                 [f"DConnected to 127.0.0.1 but sender was rejected.\n{said}550 no\n"]),
                ({"MAIL": b"451 later\r\n"},
                 [f"ZConnected to 127.0.0.1 but sender was rejected.\n{said}451 later\n"]),
                ({"RCPT": b"550-no such\r\n550 user\r\n", "DATA": b"503 no\r\n"},
                 [f"h127.0.0.1 does not like recipient.\n{said}550-no such\n550 user\n",
                  "DGiving up on 127.0.0.1.\n"]),
                ({"RCPT": b"450 later\r\n"},
                 [f"s127.0.0.1 does not like recipient.\n{said}450 later\n",
                  "DGiving up on 127.0.0.1.\n"]),
                ({"DATA": b"554 no\r\n"},
                 ["r", f"D127.0.0.1 failed on DATA command.\n{said}554 no\n"]),
                ({"DATA": b"451 no\r\n"},
                 ["r", f"Z127.0.0.1 failed on DATA command.\n{said}451 no\n"]),
                ({".": b"554 spam\r\n"},
                 ["r", f"D127.0.0.1 failed after I sent the message.\n{said}554 spam\n"]),
                ({".": b"451 full\r\n"},
                 ["r", f"Z127.0.0.1 failed after I sent the message.\n{said}451 full\n"]),
                ({".": None},
                 ["r", "ZConnected to 127.0.0.1 but connection died. "
                       "Possible duplicate! (#4.4.2)\nWHY\n"]),
                ({"MAIL": None}, [f"{DIED}WHY\n"]),
                ({"greeting": None}, [f"{DIED}WHY\n"])):
            for offers in (EHLO, PLAIN):
                with self.subTest(replies=replies, offers=offers):
                    self.server(**({"EHLO": offers} | replies))
                    self.assertEqual(reports, [
                        re.sub(LOST, "WHY\\n", report) for report in self.remote()])

    def test_recipients_have_a_verdict_each(self):
        for offers in (EHLO, PLAIN):
            server = self.server(EHLO=offers, RCPT=[b"250 ok\r\n", b"550 no\r\n", b"450 wait\r\n"])
            reports = self.remote("a@far.example", "b@far.example", "c@far.example")
            self.assertEqual(["r", "h", "s", "K"], [report[0] for report in reports])
            self.assertIn(b"last line", server.data)

    def test_a_server_without_end_or_sense_is_left(self):
        for replies in ({"greeting": b"220-" + b"x" * 200_000 + b"\r\n"},
                        {"greeting": b"220-more\r\n" * 20_000},
                        {"EHLO": b"250-more\r\n" * 20_000}):
            self.server(**replies)
            self.assertEqual([f"{DIED}[127.0.0.1]: A reply without end.\n"], self.remote())

    def test_silence_is_waited_for_no_longer_than_timeoutremote(self):
        self.control("timeoutremote", "1")
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        self.control("smtproutes", f":127.0.0.1:{listener.getsockname()[1]}")
        began = time.monotonic()
        self.assertEqual([f"{DIED}[127.0.0.1]: timed out\n"], self.remote())
        self.assertLess(time.monotonic() - began, 10)

    def test_what_cannot_be_sent_is_not_sent(self):
        server = self.server()
        self.assertEqual(["DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n"],
                         self.remote(message=b"no end"))
        self.assertEqual("D", self.remote("a\r\nRCPT TO:<evil@x.example>@far.example")[0][0])
        self.assertEqual(0, server.sessions)

    def test_bare_line_ends_never_reach_a_server(self):
        server = self.server()
        self.remote(message=b"a\rb\r\nc\n\r.\r\nd\n.\n")
        self.assertEqual(b"a\r\nb\r\nc\r\n\r\n..\r\nd\r\n..\r\n", server.data)

    def test_no_connection(self):
        port = free_port()
        self.control("smtproutes", f":127.0.0.1:{port}")
        self.assertEqual(
            ["ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
             f"[127.0.0.1]:{port}: connection refused\n"], self.remote())

    def test_misuse_and_bad_control_files(self):
        result = self.run_program("qmail-remote", "only", "two")
        self.assertEqual(b"DI (qmail-remote) was invoked improperly. (#5.3.5)\n\0",
                         result.stdout)
        self.control("timeoutremote", "soon")
        self.assertRegex(self.remote()[0], r"\AZUnable to read control files\. \(#4\.3\.0\)\n"
                                           r".*timeoutremote.*soon")

    def test_routes_by_domain_suffix_and_exception(self):
        one, two = Server(), Server()
        self.addCleanup(one.close)
        self.addCleanup(two.close)
        self.control("smtproutes", f"Exact.example:127.0.0.1:{one.port}",
                     f".sub.example:[127.0.0.1]:{two.port}")
        self.remote(host="exact.EXAMPLE")
        self.remote(host="a.b.sub.example")
        self.assertEqual((1, 1), (one.sessions, two.sessions))


@unittest.skipUnless(os.geteuid() == 0, "needs a network of its own")
class ByMx(ProgramCase):
    """Debian's dnsmasq answers; servers listen on port 25 in a network of the test's own, at
    addresses that come back to it but are none of its interfaces': those would be ourselves."""

    def setUp(self):
        super().setUp()
        own_network.enter(self, "route add local 192.0.2.0/24 dev lo")
        port = free_port()
        records = ["mx-host=far.example,second.far.example,20",
                   "mx-host=far.example,first.far.example,10",
                   "host-record=first.far.example,192.0.2.1",
                   "host-record=second.far.example,192.0.2.2",
                   "host-record=only-a.example,192.0.2.3",
                   "mx-host=null.example,.,0",
                   "mx-host=self.example,own.self.example,10",
                   "mx-host=self.example,first.far.example,20",
                   "host-record=own.self.example,127.0.0.1",
                   "mx-host=nowhere.example,gone.nowhere.example,10",
                   "txt-record=empty.example,x"]
        self.dns = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
             "--no-hosts", "--listen-address=127.0.0.1", f"--port={port}", "--bind-interfaces",
             "--user=root", "--pid-file=", "--local=/example/",
             *[f"--{record}" for record in records]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.dns.wait)
        self.addCleanup(self.dns.kill)
        self.control("resolvers", f"127.0.0.1:{port}")
        self.wait_dns(port)

    def wait_dns(self, port):
        query = b"\0\1\1\0\0\1\0\0\0\0\0\0\4only\7example\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            for _ in range(50):
                try:
                    s.sendto(query, ("127.0.0.1", port))
                    s.recv(512)
                    return
                except OSError:
                    pass
        self.fail("dnsmasq does not answer")

    remote = QmailRemote.remote

    def at(self, address):
        server = Server(address=address, port=25)
        self.addCleanup(server.close)
        return server

    def test_the_better_mx_is_taken(self):
        self.at("192.0.2.1")
        second = self.at("192.0.2.2")
        self.assertIn("K192.0.2.1 accepted message.", self.remote()[-1])
        self.assertEqual(0, second.sessions)

    def test_the_next_mx_is_taken_where_the_first_does_not_connect(self):
        self.at("192.0.2.2")
        self.assertIn("K192.0.2.2 accepted message.", self.remote()[-1])

    def test_a_host_without_mx_is_its_own(self):
        self.at("192.0.2.3")
        self.assertIn("K192.0.2.3 accepted message.", self.remote(host="only-a.example")[-1])

    def test_no_such_host_no_address_null_mx_and_ourselves(self):
        for host, report in (
                ("missing.example", "DSorry, I couldn't find any host named missing.example. "
                                    "(#5.1.2)\n"),
                ("empty.example", "DSorry, I couldn't find a mail exchanger or IP address. "
                                  "(#5.4.4)\n"),
                ("null.example", "DSorry, that host does not accept mail: it has a null MX. "
                                 "(#5.1.10)\n"),
                ("self.example", "DSorry. Although I'm listed as a best-preference MX or A for "
                                 "that host,\nit isn't in my control/locals file, so I don't "
                                 "treat it as local. (#5.4.6)\n")):
            self.assertEqual([report], self.remote(host=host), host)

    def test_a_dns_server_that_is_down_means_later(self):
        self.dns.kill()
        self.dns.wait()
        self.assertEqual(["ZSorry, I couldn't find any host by that name. (#4.1.2)\n"],
                         self.remote())


if __name__ == "__main__":
    unittest.main()

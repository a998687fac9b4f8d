"""What tcpserver and tcpclient find out of the peer: names by DNS, the user by ident."""

import contextlib
import os
import shutil
import socket
import threading
import unittest

from harness import ProgramCase
from listener import ListenerCase
from nameserver import IS_ROOT, NameServer, SilentServer

# The process id keeps tests that run at the same time apart: ident has only one port.
NET = f"127.92.{os.getpid() // 250 % 250}"
LOCAL, PEER, LIAR, NAMELESS = (f"{NET}.{os.getpid() % 50 * 4 + i + 1}" for i in range(4))


def reverse(address):
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


RECORDS = [
    f"ptr-record={reverse(LOCAL)},Here.Example",
    f"ptr-record={reverse(PEER)},Mail.Peer.Example",
    f"host-record=mail.peer.example,{PEER}",
    f"ptr-record={reverse(LIAR)},mail.peer.example",
    "ptr-record=1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa,"
    "six.example",
]
SHOW = ("sh", "-c", 'echo "${TCPLOCALHOST-unset} ${TCPREMOTEHOST-unset} ${TCPREMOTEINFO-unset} '
                    '${RULE-unset}"')


class IdentServer(threading.Thread):
    """Answers one question; QUESTION in the answer is what was asked."""

    def __init__(self, case, address, answer):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, 113))
        case.addCleanup(self.listener.close)
        self.answer, self.asked = answer, None
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            client, self.peer = self.listener.accept()
            with client:
                self.asked = client.recv(1000)
                client.sendall(self.answer.replace(b"QUESTION", self.asked.strip()))
                client.shutdown(socket.SHUT_WR)
                client.recv(1)


class Asking(ListenerCase):
    """A listener at LOCAL that shows what it found out, and a resolver with RECORDS."""

    def setUp(self):
        super().setUp()
        self.dns()

    def dns(self):
        self.control("resolvers", NameServer(self, *RECORDS).address)

    def show(self, *options, peer=PEER, chain=SHOW):
        self.serve("-v", *options, host=LOCAL, chain=chain)
        _, lines = self.connect(host=LOCAL, source=(peer, 0))
        return lines.read().decode().strip()


class Names(Asking):
    def test_names_are_asked_for_with_h(self):
        self.assertEqual("here.example mail.peer.example unset unset", self.show("-hR"))
        self.wait_log(rf"^tcpserver: ok \d+ here.example:{LOCAL}:\d+ mail.peer.example:{PEER}::")
        self.assertEqual("here.example unset unset unset", self.show("-hR", peer=NAMELESS))
        self.assertEqual("here.example mail.peer.example unset unset", self.show("-hR", peer=LIAR))

    def test_paranoid_believes_only_what_leads_back(self):
        self.assertEqual("here.example mail.peer.example unset unset", self.show("-hpR"))
        self.assertEqual("here.example unset unset unset", self.show("-hpR", peer=LIAR))

    def test_options(self):
        self.assertEqual("name mail.peer.example unset unset", self.show("-hRlname"))
        self.assertEqual("name unset unset unset", self.show("-HRlname"))
        self.assertEqual("name unset unset unset", self.show("-hHpRl", "name"))

    def test_rules_by_name(self):
        rules = self.rules("=mail.peer.example:allow,RULE=\"exact\"\n=.example:deny\n"
                           "=:allow,RULE=\"named\"\n:allow,RULE=\"none\"\n")
        self.assertEqual("0 mail.peer.example unset exact", self.show("-R", "-l0", "-x", rules))
        self.assertEqual("0 unset unset none", self.show("-R", "-l0", "-x", rules, peer=NAMELESS))
        self.assertEqual("0 unset unset none", self.show("-R", "-l0", "-px", rules, peer=LIAR))
        rules = self.rules("=.peer.example:deny\n")
        self.assertEqual("", self.show("-R", "-l0", "-x", rules))
        self.wait_log(rf"^tcpserver: deny \d+ 0:{LOCAL}:\d+ mail.peer.example:{PEER}::\d+\n")
        self.wait_log(r"^tcpserver: end \d+ status 25600\n")

    @unittest.skipUnless(IS_ROOT, "ident's port")
    def test_ident(self):
        for answer, info in (
                (b"QUESTION : USERID : UNIX : joe\r\n", "joe"),
                (b"QUESTION:userid:OTHER, x: a:b c\t\r\n", "a:bc"),
                (b"QUESTION : ERROR : NO-USER\r\n", ""),
                (b"QUESTION : USERID : UNIX : unended", "unset")):
            with self.subTest(answer):
                ident = IdentServer(self, PEER, answer)
                self.serve("-vHr", "-l0", host=LOCAL, chain=SHOW)
                peer, lines = self.connect(host=LOCAL, source=(PEER, 0))
                self.assertEqual(f"0 unset {info} unset\n", lines.read().decode())
                self.assertEqual(f"{peer.getsockname()[1]} , {self.port}\r\n",
                                 ident.asked.decode())
                ident.listener.close()

    @unittest.skipUnless(IS_ROOT, "ident's port")
    def test_rules_by_user(self):
        rules = self.rules(f"joe@{PEER}:allow,RULE=\"joe\"\njoe@=mail.peer.example:deny\n:deny\n")
        IdentServer(self, PEER, b"QUESTION : USERID : UNIX : joe\r\n")
        self.assertEqual("0 unset joe joe", self.show("-Hr", "-l0", "-x", rules))

    def test_nobody_answers_ident(self):
        self.assertEqual("0 unset unset unset", self.show("-Hr", "-l0"))


@unittest.skipUnless(IS_ROOT and shutil.which("tcpserver", path="/usr/bin"),
                     "ucspi-tcp's tcpserver asks port 53")
class NamesByDebian(Names):
    """What these tests say of ours holds for ucspi-tcp's own."""

    program = "/usr/bin/tcpserver"

    def dns(self):
        self.cache = NameServer(self, *RECORDS, ip=LOCAL, port=53).ip

    def environment(self, **more):
        return {**super().environment(**more), "DNSCACHEIP": self.cache}


class OnlyOurs(Asking):
    """Where ours goes further, or another way."""

    def test_nothing_is_asked_unasked(self):
        """By default only what the rules look at; see DIFFERENCES."""
        self.assertEqual("unset unset unset unset", self.show())
        rules = self.rules("=.peer.example:allow,RULE=\"seen\"\n:deny\n")
        self.assertEqual("here.example mail.peer.example unset seen", self.show("-x", rules))
        self.assertEqual("", self.show("-H", "-x", rules))
        if IS_ROOT:
            IdentServer(self, PEER, b"QUESTION : USERID : UNIX : joe\r\n")
            rules = self.rules(f"joe@{PEER}:allow,RULE=\"joe\"\n:deny\n")
            self.assertEqual("unset unset joe joe", self.show("-x", rules))

    def test_ipv6(self):
        self.serve("-h", host="::1", chain=SHOW)
        _, lines = self.connect(host="::1")
        self.assertEqual("six.example six.example unset unset\n", lines.read().decode())

    def test_the_rules_and_received_lines_of_a_session(self):
        self.control("rcpthosts", "mx.example")
        queue = self.script(f"cat > {self.home}/message; cat <&1 > {self.home}/envelope\n")
        self.serve("-h", host=LOCAL, QMAILQUEUE=queue)
        peer, answers = self.connect(host=LOCAL, source=(PEER, 0))
        peer.sendall(b"MAIL FROM:<>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n")
        self.assertTrue(answers.read().endswith(b"221 mx.example\r\n"))
        self.assertIn(b"from mail.peer.example", (self.home / "message").read_bytes())

    @unittest.skipUnless(IS_ROOT, "ident's port")
    def test_a_slow_peer_keeps_nobody_else_waiting(self):
        """One client's ident host takes the question and says nothing; a hundred others pass."""
        silent = socket.create_server((PEER, 113))
        self.addCleanup(silent.close)
        self.serve("-Hr", "-t60", "-c200", "-l0", "-B", "banner\r\n", host=LOCAL)
        slow, slow_lines = self.connect(host=LOCAL, source=(PEER, 0))
        self.assertEqual(b"banner\r\n", slow_lines.readline())  # It comes before the questions.
        held, _ = silent.accept()
        for _ in range(100):
            peer, lines = self.connect(host=LOCAL, source=(NAMELESS, 0))
            self.assertEqual(b"banner\r\n220 mx.example ESMTP\r\n",
                             lines.readline() + lines.readline())
            peer.close()
            lines.close()
        slow.settimeout(0.05)
        with self.assertRaises(TimeoutError):
            slow.recv(1)
        slow.settimeout(20)
        held.close()  # Now it is answered: nobody knows.
        self.assertEqual(b"220 mx.example ESMTP\r\n", slow.recv(100))

    @unittest.skipUnless(IS_ROOT, "ident's port")
    def test_ident_has_its_time(self):
        silent = socket.create_server((PEER, 113))
        self.addCleanup(silent.close)
        self.assertEqual("0 unset unset unset", self.show("-Hr", "-t1", "-l0"))

    def test_the_end_of_the_listener_ends_the_wait(self):
        resolver = SilentServer(self)
        self.control("resolvers", resolver.address)
        self.serve("-h", host=LOCAL)
        _, lines = self.connect(host=LOCAL, source=(PEER, 0))
        # It is accepted: the kernel resets what nobody has accepted when the listener ends.
        resolver.socket.settimeout(20)
        resolver.socket.recv(512)
        self.process.terminate()
        self.assertEqual(0, self.process.wait(10))
        self.assertEqual(b"", lines.read())


class Client(ProgramCase):
    def run_client(self, *options, env=None):
        listener = socket.create_server((PEER, 0))
        self.addCleanup(listener.close)
        self.port = listener.getsockname()[1]
        result = self.run_program("tcpclient", *options, "-i", LOCAL, PEER, str(self.port), *SHOW,
                                  env=env)
        self.assertEqual(0, result.returncode, result)
        return result.stdout.decode().strip()

    def test_names(self):
        self.control("resolvers", NameServer(self, *RECORDS).address)
        for options, shown in (("-hR", "here.example mail.peer.example unset unset"),
                               ("-hRl0", "0 mail.peer.example unset unset"),
                               ("-HRl0", "0 unset unset unset"), ("-l0", "0 unset unset unset")):
            with self.subTest(options):
                self.assertEqual(shown, self.run_client(options))

    def test_the_resolver_of_the_environment(self):
        address = NameServer(self, *RECORDS).address
        self.assertEqual("here.example mail.peer.example unset unset",
                         self.run_client("-hR", env=self.environment(DNSCACHEIP=address)))

    @unittest.skipUnless(IS_ROOT, "ident's port")
    def test_ident(self):
        ident = IdentServer(self, PEER, b"QUESTION : USERID : UNIX : joe\r\n")
        self.assertEqual("0 unset joe unset", self.run_client("-Hr", "-l0"))
        self.assertEqual(LOCAL, ident.peer[0])
        self.assertRegex(ident.asked.decode(), rf"^{self.port} , \d+\r\n$")
        ident.listener.close()
        silent = socket.create_server((PEER, 113))
        self.addCleanup(silent.close)
        self.assertEqual("0 unset unset unset", self.run_client("-Hr", "-t1", "-l0"))


if __name__ == "__main__":
    unittest.main()

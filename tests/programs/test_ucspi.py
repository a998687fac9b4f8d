"""ucspi-tcp's own programs (Debian's) in a chain with ours, in every order: the same result."""

import os
import subprocess
import unittest

from harness import BIN
from listener import ListenerCase
from nameserver import IS_ROOT, NameServer
from test_rblsmtpd import RECORDS

THEIRS = {name: f"/usr/bin/{name}" for name in (
    "tcpserver", "rblsmtpd", "tcpclient", "tcprules", "tcprulescheck", "recordio", "fixcrio")}
RULES = ("127.0.0.9:deny\n127.0.0.10:allow,RELAYCLIENT=\"\"\n127.0.0.11-13:allow,RBLSMTPD=\"-No\"\n"
         "=odd.example:deny\n=.example:allow,A=xbx\njoe@127.1.:deny\n:allow\n")
TALK = b"MAIL FROM:<a@b>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n"


@unittest.skipUnless(IS_ROOT and all(os.path.exists(path) for path in THEIRS.values()),
                     "ucspi-tcp's programs ask a resolver on port 53")
class Chains(ListenerCase):
    def setUp(self):
        super().setUp()
        pid = os.getpid()
        self.dns = NameServer(
            self, *RECORDS, ip=f"127.93.{pid // 250 % 250}.{pid % 250 + 1}", port=53)
        self.control("rcpthosts", "mx.example")
        self.queue = self.script(f"cat > {self.home}/message; cat <&1 > {self.home}/envelope\n")

    def environment(self, **more):
        return {**super().environment(**more), "DNSCACHEIP": self.dns.ip,
                "QMAILQUEUE": self.queue}

    def talk(self, source):
        """What the client is told, and the envelope that was queued."""
        (self.home / "envelope").unlink(missing_ok=True)
        try:
            peer, answers = self.connect(source=(source, 0))
            peer.sendall(TALK)
            said = answers.read()
        except ConnectionError:
            said = b""  # Denied, and closed over what it had sent.
        queued = (self.home / "envelope").exists() and (self.home / "envelope").read_bytes()
        return [line[:20] for line in said.split(b"\r\n")], queued

    def test_every_order(self):
        ok, rbl = b"250 ok", b"250 rblsmtpd.local"
        blocked = b"451 Blocked: see http://block.example/?2"[:20]
        expected = {
            "127.0.0.1": ([b"220 mx.example ESMTP", ok, ok, b"354 go ahead", b"250 ok ",
                           b"221 mx.example", b""], b"Fa@b\0Tx@mx.example\0\0"),
            "127.0.0.2": ([b"220 rblsmtpd.local", rbl, blocked, blocked, blocked, blocked,
                           b"221 rblsmtpd.local", b""], False),
            "127.0.0.12": ([b"220 rblsmtpd.local", rbl] + [b"553 No"] * 4
                           + [b"221 rblsmtpd.local", b""], False),
            "127.0.0.9": ([b""], False),
        }
        rules = self.rules(RULES)
        for server in (BIN / "tcpserver", THEIRS["tcpserver"]):
            for blocker in ("rblsmtpd", THEIRS["rblsmtpd"]):
                for between in ((), (THEIRS["recordio"],), ("env", "C=d")):
                    with self.subTest(server=server, blocker=blocker, between=between):
                        self.program = server
                        self.serve("-vHR", "-l0", "-x", rules, chain=(
                            blocker, "-r", "block.example", *between, "qmail-smtpd"))
                        for source, result in expected.items():
                            said, queued = self.talk(source)
                            said = [b"250 ok " if line.startswith(b"250 ok ") else line
                                    for line in said]
                            self.assertEqual(result, (said, queued), source)
                        self.wait_log(r"^tcpserver: deny \d+ 0:127.0.0.1:\d+ :127.0.0.9::\d+\n")
                        self.wait_log(r"^rblsmtpd: 127.0.0.2 pid \d+: 451 Blocked: see")

    def test_bare_line_feeds_behind_fixcrio(self):
        self.serve("-HR", "-l0", chain=(THEIRS["fixcrio"], "qmail-smtpd"))
        peer, answers = self.connect()
        peer.sendall(TALK.replace(b"\r\n", b"\n"))
        self.assertIn(b"\r\n221 mx.example\r\n", answers.read())
        self.assertEqual(b"Fa@b\0Tx@mx.example\0\0", (self.home / "envelope").read_bytes())

    def test_clients_of_one_make_and_servers_of_the_other(self):
        for server, client in ((BIN / "tcpserver", THEIRS["tcpclient"]),
                               (THEIRS["tcpserver"], BIN / "tcpclient")):
            with self.subTest(server=server):
                self.program = server
                self.serve("-HR", "-l0", chain=("qmail-smtpd",))
                result = subprocess.run(
                    [client, "-RHl0", "127.0.0.1", str(self.port), "sh", "-c",
                     'printf "QUIT\\r\\n" >&7; cat <&6; echo "$TCPREMOTEIP $TCPLOCALHOST"'],
                    capture_output=True, timeout=60, env=self.environment())
                self.assertEqual(b"220 mx.example ESMTP\r\n221 mx.example\r\n127.0.0.1 0\n",
                                 result.stdout, result)

    def compile(self, program, text, name):
        subprocess.run([program, self.home / name, self.home / "tmp"], input=text.encode(),
                       check=True, env=self.environment())
        return self.home / name

    def test_rules_both_ways(self):
        ours = self.compile(BIN / "tcprules", RULES, "ours.cdb")
        theirs = self.compile(THEIRS["tcprules"], RULES, "theirs.cdb")
        self.assertEqual(theirs.read_bytes(), ours.read_bytes())
        for client in ({"TCPREMOTEIP": "127.0.0.9"}, {"TCPREMOTEIP": "127.0.0.10"},
                       {"TCPREMOTEIP": "127.0.0.12"}, {"TCPREMOTEIP": "127.0.0.14"},
                       {"TCPREMOTEIP": "1.2.3.4", "TCPREMOTEHOST": "odd.example"},
                       {"TCPREMOTEIP": "1.2.3.4", "TCPREMOTEHOST": "even.example"},
                       {"TCPREMOTEIP": "127.1.2.3", "TCPREMOTEINFO": "joe"}, {}):
            with self.subTest(client):
                told = {subprocess.run([program, cdb], capture_output=True, timeout=30,
                                       env=self.environment(**client)).stdout
                        for program in (BIN / "tcprulescheck", THEIRS["tcprulescheck"])
                        for cdb in (ours, theirs)}
                self.assertEqual(1, len(told), told)

    def test_networks_are_passed_over_by_who_does_not_know_them(self):
        rules = self.compile(
            BIN / "tcprules", "127.0.0.0/9:deny\n127.1.0.0/16:deny\n:allow\n", "rules.cdb")
        for ip, theirs, ours in (("127.0.0.9", b"allow", b"deny"), ("127.1.0.9", b"deny", b"deny"),
                                 ("127.200.0.9", b"allow", b"allow")):
            for program, word in ((THEIRS["tcprulescheck"], theirs),
                                  (BIN / "tcprulescheck", ours)):
                told = subprocess.run([program, rules], capture_output=True, timeout=30,
                                      env=self.environment(TCPREMOTEIP=ip)).stdout
                self.assertEqual(word + b" connection\n", told.splitlines(True)[-1], ip)

    def test_networks_in_the_listener(self):
        rules = self.rules("127.0.0.64/26:deny\n127.0.0.0/9:allow,DATABYTES=x7x\n")
        self.serve("-HR", "-l0", "-x", rules, chain=("qmail-smtpd",))
        self.assertEqual([b""], self.talk("127.0.0.65")[0])
        peer, answers = self.connect(source=("127.0.0.128", 0))
        peer.sendall(b"EHLO x\r\nQUIT\r\n")
        self.assertIn(b"SIZE 7\r\n", answers.read())

    def test_a_size_without_a_limit_is_said_without_a_number(self):
        """Some clients take SIZE 0 for a limit, though it is none (RFC 1870)."""
        self.control("databytes", "0")
        self.serve("-HR", "-l0", chain=("qmail-smtpd",))
        peer, answers = self.connect()
        peer.sendall(b"EHLO x\r\nMAIL FROM:<> SIZE=99999999999\r\nQUIT\r\n")
        told = answers.read()
        self.assertRegex(told, rb"\r\n250.SIZE\r\n")
        self.assertIn(b"\r\n250 2.1.0 ok\r\n", told)


if __name__ == "__main__":
    unittest.main()

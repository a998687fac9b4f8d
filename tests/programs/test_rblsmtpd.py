"""rblsmtpd by hand, and as a link of tcpserver's chain (contract §12.3)."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import BIN, ProgramCase
from listener import ListenerCase
from nameserver import IS_ROOT, NameServer, SilentServer

# rfc5782's test entries, and one list for each kind of answer.
RECORDS = [
    "txt-record=2.0.0.127.block.example,Blocked: see http://block.example/?2",
    "txt-record=4.0.0.127.block.example,first half ,second half",
    f"txt-record=5.0.0.127.block.example,{'x' * 150},{'y' * 150}",
    "txt-record=6.0.0.127.block.example,tab\there \u00e9",
    "host-record=3.0.0.127.block.example,127.0.0.2",  # An address alone does not list.
    "txt-record=2.0.0.127.other.example,Other list",
    "host-record=2.0.0.127.pardon.example,127.0.0.2",
    "host-record=7.0.0.127.pardon.example,127.0.0.2",
    "txt-record=7.0.0.127.block.example,Listed and pardoned",
    "txt-record=1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.block.example,Six",
]
TALK = (b"HELO x\r\nehlo y\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nRSET\r\nNOOP\r\nVRFY a\r\n\r\n"
        + b"x" * 5000 + b"\r\nQUIT\r\nNOOP\r\n")


def replies(line):
    ok = "250 rblsmtpd.local"
    return "".join(text + "\r\n" for text in (
        "220 rblsmtpd.local", ok, ok, ok, line, line, ok, ok, line, line, line,
        "221 rblsmtpd.local")).encode()


class ByHand(ProgramCase):
    """The program by itself; the same for ucspi-tcp's own in ByDebian."""

    def setUp(self):
        super().setUp()
        self.ask(self.dns())

    def dns(self):
        return NameServer(self, *RECORDS)

    def ask(self, server):
        self.control("resolvers", server.address)

    def rblsmtpd(self, *options, stdin=b"QUIT\r\n", chain=("echo", "let in"), **env):
        result = self.run_program("rblsmtpd", *options, *chain, stdin=stdin,
                                  env=self.environment(**env))
        self.assertEqual(0, result.returncode, result)
        return result.stdout, re.sub(r"pid \d+", "pid P", result.stderr.decode())

    def verdict(self, *options, ip="127.0.0.2", **env):
        """None where the client is let in, else code and text."""
        out, log = self.rblsmtpd("-t0", *options, TCPREMOTEIP=ip, **env)
        if out == b"let in\n":
            self.assertEqual("", log)
            return None
        self.assertEqual(log, f"rblsmtpd: {ip} pid P: {out.decode()[:-2]}\n")
        self.assertTrue(out.endswith(b"\r\n"))
        return out.decode()[:-2]

    def test_the_variable(self):
        for value, verdict in (("", None), ("Go away", "451 Go away"), ("-Never", "553 Never"),
                               ("-", "553 "), ("tab\tand\x7f\u00e9", "451 tab?and???"),
                               ("z" * 300, "451 " + "z" * 200)):
            with self.subTest(value):
                # Set, it decides; no list is asked.
                self.assertEqual(verdict, self.verdict("-r", "block.example", RBLSMTPD=value))
                self.assertEqual(verdict, self.verdict("-b", RBLSMTPD=value))

    def test_lists(self):
        for options, ip, verdict in (
                ("", "127.0.0.2", None),
                ("-r block.example", "127.0.0.2", "451 Blocked: see http://block.example/?2"),
                ("-rblock.example", "127.0.0.1", None),
                ("-r block.example", "127.0.0.3", None),
                ("-r block.example", "127.0.0.4", "451 first half second half"),
                ("-r block.example", "127.0.0.5", "451 " + "x" * 150 + "y" * 50),
                ("-r block.example", "2001:db8::1", "451 Six"),
                ("-r block.example", "2001:db8::2", None),
                ("-r block.example", "unknown", None),
                ("-br block.example", "127.0.0.4", "553 first half second half"),
                ("-bBr block.example", "127.0.0.4", "451 first half second half"),
                ("-r none.example -r other.example -r block.example", "127.0.0.2",
                 "451 Other list"),
                ("-a pardon.example -r block.example", "127.0.0.7", None),
                ("-r block.example -a pardon.example", "127.0.0.7", "451 Listed and pardoned"),
                ("-a pardon.example -r block.example", "127.0.0.4",
                 "451 first half second half")):
            with self.subTest(options=options, ip=ip):
                self.assertEqual(verdict, self.verdict(*options.split(), ip=ip))

    def test_no_answer_of_dns(self):
        """dnsmasq has nobody to ask for a zone that is not its own, and refuses."""
        trouble = "451 temporary RBL lookup error"
        for options, verdict in (
                ("-r away.test", None), ("-Cr away.test", None),
                ("-cr away.test", trouble), ("-bcr away.test", trouble),
                ("-a away.test -r block.example", None),
                ("-ca away.test", None),
                # It might have pardoned: no bounce, whatever another list says.
                ("-bca away.test -r other.example", "451 Other list"),
                ("-br away.test -r other.example", "451 Other list"),
                ("-br other.example", "553 Other list")):
            with self.subTest(options):
                self.assertEqual(verdict, self.verdict(*options.split()))

    def test_a_resolver_that_is_silent_counts_as_no_answer(self):
        self.ask(SilentServer(self))
        self.assertEqual("451 temporary RBL lookup error",
                         self.verdict("-c", "-r", "block.example"))

    def test_the_talk(self):
        out, log = self.rblsmtpd(stdin=TALK, RBLSMTPD="no", TCPREMOTEIP="127.0.0.2")
        self.assertEqual(replies("451 no"), out)
        self.assertEqual("rblsmtpd: 127.0.0.2 pid P: 451 no\n", log)
        out, _ = self.rblsmtpd(stdin=TALK, RBLSMTPD="-no", TCPREMOTEIP="127.0.0.2")
        self.assertEqual(replies("553 no"), out)

    def test_a_client_that_says_nothing(self):
        read, write = os.pipe()
        try:
            result = subprocess.run(
                [self.bin() / "rblsmtpd", "-t1", "echo"], stdin=read, capture_output=True,
                timeout=30, env=self.environment(RBLSMTPD="no", TCPREMOTEIP="127.0.0.2"))
        finally:
            os.close(read)
            os.close(write)
        self.assertEqual((0, b"220 rblsmtpd.local\r\n"), (result.returncode, result.stdout))

    def bin(self):
        return BIN

    def test_usage(self):
        for arguments in ([], ["-b"], ["-z", "true"], ["-r"]):
            self.assertEqual(100, self.run_program("rblsmtpd", *arguments).returncode, arguments)
        result = self.run_program("rblsmtpd", "/no/such")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"rblsmtpd: fatal: unable to run /no/such", result.stderr)

    def test_the_next_program_has_the_connection_and_the_environment(self):
        out, _ = self.rblsmtpd(stdin=b"input", chain=("sh", "-c", 'cat; echo "$A $0"', "zero"),
                               A="b", TCPREMOTEIP="127.0.0.2")
        self.assertEqual(b"inputb zero\n", out)


@unittest.skipUnless(IS_ROOT and shutil.which("rblsmtpd", path="/usr/bin"),
                     "ucspi-tcp's rblsmtpd asks port 53")
class ByDebian(ByHand):
    """What these tests say of ours holds for ucspi-tcp's own."""

    def dns(self):
        # One of Debian's programs asks only port 53; the process id keeps others' tests apart.
        pid = os.getpid()
        return NameServer(self, *RECORDS, ip=f"127.91.{pid // 250 % 250}.{pid % 250 + 1}", port=53)

    def ask(self, server):
        self.cache = server.address.split(":")[0]

    def environment(self, **more):
        return {**super().environment(**more), "DNSCACHEIP": self.cache}

    def bin(self):
        return pathlib.Path("/usr/bin")

    def run_program(self, name, *arguments, stdin=b"", timeout=90, env=None, **options):
        return subprocess.run([f"/usr/bin/{name}", *arguments], input=stdin, capture_output=True,
                              timeout=timeout, env=env or self.environment(), **options)

    def test_lists(self):
        for options, ip, verdict in (
                ("-r block.example", "127.0.0.2", "451 Blocked: see http://block.example/?2"),
                ("-r block.example", "127.0.0.5", "451 " + "x" * 150 + "y" * 50),
                ("-r block.example -a pardon.example", "127.0.0.7", "451 Listed and pardoned"),
                ("-a pardon.example -r block.example", "127.0.0.7", None)):
            self.assertEqual(verdict, self.verdict(*options.split(), ip=ip))

    # It waits a minute for a resolver that is not there.
    test_no_answer_of_dns = test_a_resolver_that_is_silent_counts_as_no_answer = None


class InAListener(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("resolvers", NameServer(self, *RECORDS).address)
        self.control("rcpthosts", "mx.example")

    CHAINS = {
        "fused": ("rblsmtpd", "-r", "block.example", "qmail-smtpd"),
        "by the binary's own name": ("kopis", "rblsmtpd", "-r", "block.example", "qmail-smtpd"),
        "foreign before": ("env", "A=b", "rblsmtpd", "-r", "block.example", "qmail-smtpd"),
        "foreign behind": ("rblsmtpd", "-r", "block.example", "env", "A=b", "qmail-smtpd"),
        "twice": ("rblsmtpd", "-a", "none.example", "rblsmtpd", "-r", "block.example",
                  "qmail-smtpd"),
    }

    def test_every_chain_keeps_the_same_clients_out(self):
        text = "451 Blocked: see http://block.example/?2"
        for name, chain in self.CHAINS.items():
            with self.subTest(name):
                self.serve("-v", chain=chain)
                peer, answers = self.connect(source=("127.0.0.2", 0))
                self.assertEqual(b"220 rblsmtpd.local\r\n", answers.readline())
                self.assertEqual("foreign" in name, self.children() != [])
                peer.sendall(TALK)
                self.assertEqual(replies(text).split(b"\r\n", 1)[1], answers.read())
                number = self.wait_log(r"^tcpserver: pid (\d+) from 127.0.0.2\n").group(1)
                self.wait_log(rf"^rblsmtpd: 127.0.0.2 pid {number}: {re.escape(text)}\n")
                self.wait_log(rf"^tcpserver: end {number} status 0\n")

                peer, answers = self.connect()
                self.assertEqual(b"220 mx.example ESMTP\r\n", answers.readline())
                peer.sendall(b"QUIT\r\n")
                self.assertEqual(b"221 mx.example\r\n", answers.read())

    def test_rules_set_the_variable(self):
        rules = self.rules('127.0.0.8:allow,RBLSMTPD="-Not you"\n127.0.0.2:allow,RBLSMTPD=""\n')
        self.serve("-x", rules, chain=self.CHAINS["fused"])
        peer, answers = self.connect(source=("127.0.0.8", 0))
        peer.sendall(b"DATA\r\nQUIT\r\n")
        self.assertIn(b"\r\n553 Not you\r\n", answers.read())
        _, answers = self.connect(source=("127.0.0.2", 0))
        self.assertEqual(b"220 mx.example ESMTP\r\n", answers.readline())

    def test_time_is_over(self):
        self.serve("-v", chain=("rblsmtpd", "-t1", "-r", "block.example", "qmail-smtpd"))
        _, answers = self.connect(source=("127.0.0.2", 0))
        self.assertEqual(b"220 rblsmtpd.local\r\n", answers.read())
        self.wait_log(r"^tcpserver: end 1 status 0\n")
        self.serve(chain=("rblsmtpd", "-t0", "-r", "block.example", "qmail-smtpd"))
        peer, answers = self.connect(source=("127.0.0.2", 0))
        self.assertEqual(b"451 Blocked: see http://block.example/?2\r\n", answers.read())

    def test_a_link_that_cannot_be_understood_stops_the_start(self):
        result = self.run_program("tcpserver", "127.0.0.1", "0", "rblsmtpd", "-z", "qmail-smtpd")
        self.assertEqual(100, result.returncode, result)

    def test_popup_behind_it(self):
        self.serve(chain=("rblsmtpd", "-r", "block.example", "qmail-popup", "mx.example",
                          "checkpassword", "qmail-pop3d", "Maildir"))
        _, answers = self.connect()
        self.assertTrue(answers.readline().startswith(b"+OK <"))
        _, answers = self.connect(source=("127.0.0.2", 0))
        self.assertEqual(b"220 rblsmtpd.local\r\n", answers.readline())


if __name__ == "__main__":
    unittest.main()

"""recordio and fixcrio: both ways, any program, exit codes, whole chains."""

import os
import re
import signal
import socket
import subprocess
import unittest

from harness import BIN, ProgramCase


class Interposed(ProgramCase):
    def run_shell(self, name, script, stdin=b""):
        return self.run_program(name, "sh", "-c", script, stdin=stdin)

    def records(self, result):
        """recordio's lines without the number, which must be one for all."""
        lines = result.stderr.split(b"\n")[:-1]
        self.assertEqual(1, len({line.split(b" ")[0] for line in lines}), lines)
        return [line.split(b" ", 1)[1] for line in lines]

    def test_recordio_shows_both_ways(self):
        result = self.run_shell("recordio", "cat; exit 7", b"in\nx\r\n\0\xff\x07 partial")
        self.assertEqual((7, b"in\nx\r\n\0\xff\x07 partial"), (result.returncode, result.stdout))
        lines = self.records(result)
        for mark in (b"<", b">"):
            self.assertEqual(
                [mark + b" in ", mark + b" x\r ", mark + b" \0\xff\x07 partial+", mark + b" [EOF]"],
                [line for line in lines if line[:1] == mark])
        self.assertLess(lines.index(b"< in "), lines.index(b"> in "))

    def test_recordio_cuts_long_packets(self):
        result = self.run_shell("recordio", "cat >/dev/null", b"z" * 600 + b"\n" + b"y" * 20)
        self.assertEqual([b"< " + b"z" * 256 + b"+", b"< " + b"z" * 256 + b"+",
                          b"< " + b"z" * 88 + b" ", b"< " + b"y" * 20 + b"+", b"< [EOF]",
                          b"> [EOF]"], self.records(result))

    def test_the_number_is_the_programs(self):
        result = self.run_shell("recordio", "echo $$")
        self.assertEqual(result.stdout.strip(), result.stderr.split(b" ")[0])

    def test_much_both_ways_at_once(self):
        """Neither side waits for the other: the program writes before it reads."""
        data = os.urandom(3_000_000)
        for name in ("recordio", "fixcrio"):
            with self.subTest(name):
                expected = data
                if name == "fixcrio":
                    expected = re.sub(rb"(?<!\r)\n", b"\r\n", data)
                result = self.run_shell(name, "head -c 3000000 /dev/zero; exec sha256sum", data)
                self.assertEqual(b"\0" * 3_000_000, result.stdout[:3_000_000])
                sums = subprocess.run(["sha256sum"], input=expected, capture_output=True,
                                      check=True).stdout
                self.assertEqual(sums.replace(b"\n", b"\r\n" if name == "fixcrio" else b"\n"),
                                 result.stdout[3_000_000:])

    def test_fixcrio(self):
        for text, fixed in ((b"a\nb\r\nc\r\r\nd\re", b"a\r\nb\r\nc\r\r\nd\re"), (b"", b""),
                            (b"\n", b"\r\n"), (b"\n\n\r\n\r", b"\r\n\r\n\r\n\r")):
            result = self.run_program("fixcrio", "cat", stdin=text)
            self.assertEqual((0, fixed), (result.returncode, result.stdout))
        result = self.run_shell("fixcrio", r"printf 'o\np\r\nq\r'; printf '\n'; exit 3")
        self.assertEqual((3, b"o\r\np\r\nq\r\n"), (result.returncode, result.stdout))

    def test_a_line_end_cut_in_two(self):
        for data in (b"a\nb\r\n\r\nc\n", b"\r\n\n\r"):
            process = subprocess.Popen([BIN / "fixcrio", "cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, env=self.environment())
            expected = re.sub(rb"(?<!\r)\n", b"\r\n", data)
            got = b""
            with process.stdin, process.stdout:
                for at, byte in enumerate(data):
                    process.stdin.write(bytes([byte]))
                    process.stdin.flush()
                    want = re.sub(rb"(?<!\r)\n", b"\r\n", data[:at + 1])
                    while len(got) < len(want):
                        got += os.read(process.stdout.fileno(), 100)
                process.stdin.close()
                got += process.stdout.read()
            self.assertEqual((0, expected), (process.wait(20), got))

    def test_a_program_that_does_not_read(self):
        for name in ("recordio", "fixcrio"):
            result = self.run_shell(name, "exec 0<&-; echo hi; exit 5", b"x" * 500_000)
            self.assertEqual((5, b"hi"), (result.returncode, result.stdout.strip()))

    def test_a_peer_that_does_not_read(self):
        """The program is told by SIGPIPE, as it would be without us."""
        for name in ("recordio", "fixcrio"):
            process = subprocess.Popen([BIN / name, "sh", "-c", "exec cat /dev/zero"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, env=self.environment())
            process.stdout.read(1000)
            process.stdout.close()
            self.assertEqual(-signal.SIGPIPE, process.wait(20))

    def test_signals_reach_the_program(self):
        for name in ("recordio", "fixcrio"):
            self.assertEqual(-9, self.run_shell(name, "kill -9 $$").returncode)
            process = subprocess.Popen(
                [BIN / name, "sh", "-c", "trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=self.environment())
            with process.stdout:
                process.stdout.readline()
                process.terminate()
                self.assertEqual(9, process.wait(20))

    def test_usage(self):
        for name in ("recordio", "fixcrio"):
            result = self.run_program(name)
            self.assertEqual(100, result.returncode)
            self.assertIn(b"usage: %s program [ arg ... ]" % name.encode(), result.stderr)
            result = self.run_program(name, "/no/such")
            self.assertEqual(111, result.returncode)
            self.assertIn(b"%s: fatal: unable to run /no/such: " % name.encode(), result.stderr)

    def serve(self, server, *chain):
        process = subprocess.Popen([server, "-1RHl0", "127.0.0.1", "0", *chain],
                                   env=self.environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return int(process.stdout.readline()), process

    def test_chains(self):
        """Our tcpserver and Debian's, ours within Debian's and Debian's within ours."""
        servers = [str(BIN / "tcpserver")]
        fixers, recorders = [["fixcrio"]], [["recordio"]]
        if os.path.exists("/usr/bin/recordio"):
            servers.append("/usr/bin/tcpserver")
            fixers.append(["/usr/bin/fixcrio"])
            recorders.append(["/usr/bin/recordio"])
        for server in servers:
            for recorder in recorders:
                for fixer in fixers:
                    with self.subTest((server, recorder, fixer)):
                        self.one_chain(server, [*recorder, *fixer, "qmail-smtpd"])

    def one_chain(self, server, chain):
        port, process = self.serve(server, *chain)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as peer, \
                peer.makefile("rb") as replies:
            self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
            peer.sendall(b"NOOP\nQUIT\n")
            self.assertEqual(b"250 ok\r\n221 mx.example\r\n", replies.read())
        seen = []
        for line in process.stderr:
            seen.append(re.sub(rb"\A\d+ ", b"", line))
            if seen[-1].startswith(b"> [EOF]"):
                break
        self.assertIn(b"< NOOP \n", seen)
        self.assertIn(b"> 221 mx.example\r \n", seen)


if __name__ == "__main__":
    unittest.main()

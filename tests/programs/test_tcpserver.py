"""tcpserver: fused and foreign chains, environment, rules, limits, log, signals."""

import fcntl
import os
import pathlib
import pty
import signal
import socket
import subprocess
import termios
import time
import unittest

from harness import BIN
from listener import ListenerCase


class TcpServer(ListenerCase):
    # Chains -----------------------------------------------------------------------------------

    def test_the_fused_chain(self):
        self.serve("-v")
        peer, replies = self.connect()
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
        peer.sendall(b"NOOP\r\nQUIT\r\n")
        self.assertEqual(b"250 ok\r\n221 mx.example\r\n", replies.read())
        self.wait_log(r"^tcpserver: end 1 status 0\n")
        local = peer.getsockname()[1]
        self.assertEqual(
            ["tcpserver: status: 0/40\n", "tcpserver: status: 1/40\n",
             "tcpserver: pid 1 from 127.0.0.1\n",
             f"tcpserver: ok 1 :127.0.0.1:{self.port} :127.0.0.1::{local}\n",
             "tcpserver: end 1 status 0\n"], self.lines[:5])

    def test_no_process_is_started_for_a_fused_chain(self):
        self.serve()
        _, replies = self.connect()
        replies.readline()
        self.assertEqual([], self.children())

    def test_an_early_end_is_status_256(self):
        self.serve("-v")
        peer, replies = self.connect()
        replies.readline()
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(b"", replies.read())
        self.wait_log(r"^tcpserver: end 1 status 256\n")

    def test_a_foreign_program(self):
        self.serve("-v", chain=("cat",))
        peer, replies = self.connect()
        peer.sendall(b"hello\n")
        self.assertEqual(b"hello\n", replies.readline())
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(b"", replies.read())
        pid = self.wait_log(r"^tcpserver: pid (\d+) from 127.0.0.1\n").group(1)
        self.wait_log(rf"^tcpserver: end {pid} status 0\n")

    def test_a_wrapper_before_our_program(self):
        """At the first foreign program the rest of the chain is processes: same talk, same mail."""
        queue = self.script(f"cat > {self.home}/message; cat <&1 > {self.home}/envelope\n")
        self.control("rcpthosts", "mx.example")
        self.serve("-v", chain=("/bin/sh", "-c", 'WRAPPED=1 exec "$@"', "sh", "qmail-smtpd"),
                   QMAILQUEUE=queue)
        peer, replies = self.connect()
        peer.sendall(b"MAIL FROM:<>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n")
        self.assertEqual([b"220", b"250", b"250", b"354", b"250", b"221"],
                         [line[:3] for line in replies.read().splitlines()])
        self.assertIn(b"(127.0.0.1)\n  by 127.0.0.1 with SMTP",
                      (self.home / "message").read_bytes())
        self.assertEqual(b"F\0Tx@mx.example\0\0", (self.home / "envelope").read_bytes())

    def test_our_programs_by_the_binarys_own_name(self):
        binary = self.home / "any-name"
        binary.symlink_to(os.path.realpath(BIN / "tcpserver"))
        self.serve(chain=(str(binary), "qmail-smtpd"))
        _, replies = self.connect()
        self.assertTrue(replies.readline().startswith(b"220 "))
        self.assertEqual([], self.children())

    def test_another_program_of_our_names_is_not_ours(self):
        path = self.home / "qmail-smtpd"
        path.write_text("#!/bin/sh\necho foreign\n")
        path.chmod(0o755)
        self.serve(chain=(str(path),))
        self.assertEqual(b"foreign\n", self.connect()[1].read())

    def test_a_program_that_cannot_be_run_drops_the_connection(self):
        self.serve(chain=("/no/such/program",))
        self.assertEqual(b"", self.connect()[1].read())
        self.wait_log(r"^tcpserver: warning: dropping connection, unable to run /no/such/program")

    def test_the_environment(self):
        self.serve("-l", "name.example", chain=("env",), TCPREMOTEHOST="stale", TCPREMOTEINFO="x")
        peer, replies = self.connect()
        lines = replies.read().decode().splitlines()
        for line in ("PROTO=TCP", "TCPLOCALIP=127.0.0.1", f"TCPLOCALPORT={self.port}",
                     "TCPLOCALHOST=name.example", "TCPREMOTEIP=127.0.0.1",
                     f"TCPREMOTEPORT={peer.getsockname()[1]}"):
            self.assertIn(line, lines)
        stale = ("TCPREMOTEHOST", "TCPREMOTEINFO")
        self.assertFalse([line for line in lines if line.startswith(stale)])

    def test_banner(self):
        self.serve("-Bhello ", chain=("echo", "there"))
        self.assertEqual(b"hello there\n", self.connect()[1].read())

    # Rules and limits -------------------------------------------------------------------------

    def test_rules_set_variables_and_deny_and_act_at_once(self):
        self.control("rcpthosts", "mx.example")
        rules = self.rules('127.0.0.1:allow,RELAYCLIENT=""\n:deny\n')
        self.serve("-v", "-x", rules)
        peer, replies = self.connect()
        peer.sendall(b"MAIL FROM:<>\r\nRCPT TO:<x@elsewhere.example>\r\nQUIT\r\n")
        self.assertEqual([b"220", b"250", b"250", b"221"],
                         [line[:3] for line in replies.read().splitlines()])
        self.rules(":allow\n")
        peer, replies = self.connect()
        peer.sendall(b"MAIL FROM:<>\r\nRCPT TO:<x@elsewhere.example>\r\nQUIT\r\n")
        self.assertEqual([b"220", b"250", b"553", b"221"],
                         [line[:3] for line in replies.read().splitlines()])
        self.rules("127.:deny\n")
        self.assertEqual(b"", self.connect()[1].read())
        self.wait_log(r"^tcpserver: deny 3 .*\ntcpserver: end 3 status 25600\n")

    def test_rules_that_cannot_be_read(self):
        missing = str(self.home / "none")
        result = self.run_program("tcpserver", "-x", missing, "127.0.0.1", "0", "cat")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"tcpserver: fatal: ", result.stderr)
        rules = self.rules(":allow\n")
        self.serve("-x", rules, chain=("echo", "in"))
        self.assertEqual(b"in\n", self.connect()[1].read())
        with open(rules, "wb") as file:
            file.write(b"damaged")
        self.become_old()
        self.assertEqual(b"", self.connect()[1].read())
        self.wait_log(r"^tcpserver: warning: dropping connection, ")

    def test_missing_rules_allow_with_capital_x(self):
        self.serve("-X", "-x", str(self.home / "none"), chain=("echo", "in"))
        self.assertEqual(b"in\n", self.connect()[1].read())

    def test_at_the_limit_the_backlog_waits(self):
        self.serve("-v", "-c", "2")
        sessions = [self.connect() for _ in range(2)]
        for _, replies in sessions:
            self.assertTrue(replies.readline())
        waiting, waiting_replies = self.connect()
        waiting.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            waiting.recv(1, socket.MSG_PEEK)
        sessions[0][0].sendall(b"QUIT\r\n")
        waiting.settimeout(20)
        self.assertTrue(waiting_replies.readline().startswith(b"220 "))

    def test_sessions_of_one_address(self):
        self.serve("-v", "-C", "1")
        _, first = self.connect()
        first.readline()
        self.assertEqual(b"421 too many connections from you, try again later (#4.7.0)\r\n",
                         self.connect()[1].read())
        other = self.connect(source=("127.0.0.2", 0))[1]
        self.assertTrue(other.readline().startswith(b"220 "))

    def test_a_slow_session_does_not_hold_another(self):
        self.serve()
        slow, _ = self.connect()
        slow.sendall(b"NO")
        peer, replies = self.connect()
        peer.sendall(b"QUIT\r\n")
        self.assertTrue(replies.read().endswith(b"221 mx.example\r\n"))

    # Control files ----------------------------------------------------------------------------

    def test_control_files_are_read_again_and_never_defaulted(self):
        self.serve()
        self.assertEqual(b"220 mx.example ESMTP\r\n", self.connect()[1].readline())
        self.control("smtpgreeting", "changed.example")
        self.assertEqual(b"220 changed.example ESMTP\r\n", self.connect()[1].readline())
        self.control("databytes", "lots")
        self.assertEqual(b"421 unable to read controls (#4.3.0)\r\n", self.connect()[1].read())
        self.wait_log("databytes.*lots")
        self.control("databytes", "1000")
        self.assertTrue(self.connect()[1].readline().startswith(b"220 "))

    def test_a_listener_does_not_start_with_bad_control_files(self):
        self.control("timeoutsmtpd", "soon")
        result = self.run_program("tcpserver", "127.0.0.1", "0", "qmail-smtpd")
        self.assertEqual(111, result.returncode)
        self.assertRegex(result.stderr, rb"\Atcpserver: fatal: \S+timeoutsmtpd: .*soon.*\n\Z")

    # Start and end ----------------------------------------------------------------------------

    def test_port_in_use(self):
        self.serve()
        result = self.run_program("tcpserver", "127.0.0.1", str(self.port), "cat")
        self.assertEqual(111, result.returncode)
        self.assertRegex(result.stderr.decode(),
                         r"\Atcpserver: fatal: unable to bind: address already used\n\Z")

    def test_usage(self):
        for words in ((), ("127.0.0.1", "25"), ("-Z", "127.0.0.1", "25", "cat"),
                      ("-c", "many", "127.0.0.1", "25", "cat"), ("-c",)):
            result = self.run_program("tcpserver", *words)
            self.assertEqual(100, result.returncode, words)
            self.assertIn(b"usage: tcpserver", result.stderr)
        for words in (("127.0.0.1", "no-such-service", "cat"),
                      ("no.such.host.invalid", "0", "cat")):
            self.assertEqual(111, self.run_program("tcpserver", *words).returncode, words)

    def test_names_in_the_log_are_safe_and_short(self):
        self.serve("-v", "-l", "a:b%c\xff" + "x" * 200)
        self.connect()[1].readline()
        self.wait_log(r"^tcpserver: ok 1 a\?b\?c\?\?x{93}\.\.\.:127")

    def test_options_in_one_word(self):
        self.serve("-vHRDl", "name.example", "-c10", chain=("env",))
        self.assertIn(b"TCPLOCALHOST=name.example\n", self.connect()[1].read())
        self.wait_log(r"^tcpserver: status: 1/10\n")

    @unittest.skipUnless(socket.has_ipv6 and pathlib.Path("/proc/net/if_inet6").exists(), "IPv6")
    def test_an_ipv6_literal(self):
        rules = self.rules("::1:deny\n:allow\n")
        self.serve("-x", rules, host="[::1]", chain=("echo", "in"))
        self.assertEqual(b"", self.connect("::1")[1].read())

    def test_every_address_of_both_families(self):
        self.serve("-v", host="0", chain=("env",))
        self.assertIn(b"TCPREMOTEIP=127.0.0.1\n", self.connect()[1].read())
        inet6 = pathlib.Path("/proc/net/if_inet6")
        if inet6.exists() and inet6.read_text():
            self.assertIn(b"TCPREMOTEIP=::1\n", self.connect("::1")[1].read())
            self.wait_log(r"^tcpserver: ok \d+ :\[::1\]:\d+ :\[::1\]::\d+\n")

    def test_term_ends_idle_sessions_and_lets_a_message_finish(self):
        queue = self.script("cat > /dev/null; cat <&1 > /dev/null\n")
        self.control("rcpthosts", "mx.example")
        self.serve(QMAILQUEUE=queue)
        _, idle = self.connect()
        idle.readline()
        busy, replies = self.connect()
        busy.sendall(b"MAIL FROM:<>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\n")
        while not replies.readline().startswith(b"354"):
            pass
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(b"421 going down (#4.3.2)\r\n", idle.read())
        busy.sendall(b"hi\r\n.\r\n")
        self.assertRegex(replies.read(), rb"\A250 ok \d+ qp \d+\r\n421 going down")
        self.assertEqual(0, self.process.wait(20))
        with self.assertRaises(OSError):
            self.connect()

    def test_term_is_prompt_with_idle_sessions_only(self):
        self.serve()
        sessions = [self.connect() for _ in range(30)]
        for _, replies in sessions:
            replies.readline()
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.process.wait(20))
        self.assertLess(time.monotonic() - began, 1.5)

    def test_term_does_not_wait_for_a_client_that_stops_in_its_data(self):
        self.serve()
        busy, replies = self.connect()
        busy.sendall(b"MAIL FROM:<>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\nhalf")
        while not replies.readline().startswith(b"354"):
            pass
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.process.wait(20))
        self.assertLess(time.monotonic() - began, 4)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_identity(self):
        self.home.chmod(0o755)
        self.serve("-u", "65534", "-g", "65533", chain=("sh", "-c", "id -u; id -g; id -G"))
        self.assertEqual(b"65534\n65533\n65533\n", self.connect()[1].read())
        for status in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/status"):
            text = status.read_text()
            self.assertIn("Uid:\t65534\t65534\t65534\t65534\n", text)
            self.assertIn("Gid:\t65533\t65533\t65533\t65533\n", text)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_who_it_becomes_cannot_type_at_roots_terminal(self):
        """The shell that root started it from would run what is typed there. The binary of before
        kept the terminal: the program of a session opened it, and TIOCSTI worked."""
        self.home.chmod(0o755)
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)

        def take_terminal():
            os.setsid()
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

        shell = subprocess.Popen(
            ["sh", "-c", '"$@"; :', "sh", BIN / "tcpserver", "-1", "-u", "65534", "127.0.0.1", "0",
             "sh", "-c", "(: </dev/tty) 2>/dev/null && echo open || echo closed"],
            env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            preexec_fn=take_terminal)
        os.close(terminal)
        self.addCleanup(shell.stdout.close)
        self.addCleanup(shell.wait)
        self.addCleanup(os.killpg, shell.pid, signal.SIGKILL)
        self.port = int(shell.stdout.readline())
        self.assertEqual(b"closed\n", self.connect()[1].read())

    def test_ids_that_nobody_may_have(self):
        # The binary of before stayed root with -u 0 and with -u 4294967295.
        for words, variables in (
                (("-u", "0"), {}), (("-u", "4294967295", "-g", "1"), {}), (("-g", "0"), {}),
                (("-u", "1", "-g", "4294967295"), {}), (("-U",), {}),
                (("-U",), {"UID": "0", "GID": "1"}), (("-U",), {"UID": "1", "GID": "0"})):
            result = subprocess.run(
                [BIN / "tcpserver", *words, "127.0.0.1", "0", "true"],
                env=self.environment(**variables), capture_output=True, timeout=20)
            self.assertEqual(100, result.returncode, words)
            self.assertIn(b"not an id from 1 to 4294967294", result.stderr)

    def with_lifeline(self, is_blocking):
        """Runs as long as the pipe's other end is open, and says that it listens."""
        reading, writing = os.pipe()
        os.set_blocking(reading, is_blocking)
        process = subprocess.Popen(
            [BIN / "tcpserver", "-1", "127.0.0.1", "0", "qmail-smtpd"], pass_fds=[reading],
            env=self.environment(KOPIS_LIFELINE=str(reading)), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE)
        try:
            os.close(reading)
            port = int(process.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), 20) as client:
                self.assertEqual(b"220", client.recv(3))
            os.close(writing)
            self.assertEqual(111, process.wait(20))
        finally:
            process.kill()
            process.stdout.close()

    def test_the_lifeline(self):
        self.with_lifeline(is_blocking=True)

    def test_a_lifeline_that_another_child_made_non_blocking(self):
        """Before, all children of a supervisor ended at once and for ever when one had done so."""
        self.with_lifeline(is_blocking=False)


if __name__ == "__main__":
    unittest.main()

"""tcpclient and its small companions, addcr, delcr, argv0 (contract §12.4)."""

import os
import socket
import subprocess
import threading
import unittest

from harness import BIN, ProgramCase
from ports import free_port  # Where harness finds it.


class OneShot(threading.Thread):
    """Takes one client: says `first`, keeps what it sends up to `until`, says `answer`."""

    def __init__(self, first=b"", until=None, answer=b"", address="127.0.0.1"):
        super().__init__(daemon=True)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, 0), family=family)
        self.port = str(self.listener.getsockname()[1])
        self.first, self.until, self.answer, self.got = first, until, answer, b""
        self.start()

    def run(self):
        client, _ = self.listener.accept()
        with client, self.listener:
            client.sendall(self.first)
            while self.until and self.until not in self.got:
                piece = client.recv(65536)
                if not piece:
                    break
                self.got += piece
            client.sendall(self.answer)


class TcpClient(ProgramCase):
    def test_the_program_has_6_and_7_and_its_environment(self):
        server = OneShot(b"hello\n", b"bye\n")
        result = self.run_program(
            "tcpclient", "-v", "-HR", "-l", "me.example", "127.0.0.1", server.port, "sh", "-c",
            'head -n 1 <&6; echo bye >&7; echo "$PROTO $TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP '
            '$TCPLOCALHOST ${TCPREMOTEHOST-unset} ${TCPREMOTEINFO-unset}"; exit 7')
        server.join(30)
        self.assertEqual(7, result.returncode, result)
        self.assertEqual(f"hello\nTCP 127.0.0.1 {server.port} 127.0.0.1 me.example unset unset\n",
                         result.stdout.decode())
        self.assertEqual(f"tcpclient: connected to 127.0.0.1 port {server.port}\n",
                         result.stderr.decode())
        self.assertEqual(b"bye\n", server.got)

    def test_hosts(self):
        for host, address in (("0", "127.0.0.1"), ("", "127.0.0.1"), ("localhost", "127.0.0.1"),
                              ("::1", "::1"), ("[::1]", "::1")):
            with self.subTest(host):
                server = OneShot(b"x\n", address=address)
                result = self.run_program("tcpclient", "--", host, server.port, "head", "-c", "0")
                self.assertEqual(0, result.returncode, result)
                server.join(30)

    def test_the_local_end(self):
        server = OneShot(b"x\n")
        port = free_port("127.0.0.5")
        result = self.run_program(
            "tcpclient", "-i", "127.0.0.5", "-p", str(port), "127.0.0.1", server.port, "sh", "-c",
            'echo "$TCPLOCALIP $TCPLOCALPORT"')
        self.assertEqual(f"127.0.0.5 {port}\n", result.stdout.decode(), result)

    def test_no_connection(self):
        port = free_port()
        result = self.run_program("tcpclient", "127.0.0.1", str(port), "true")
        self.assertEqual(
            (111, f"tcpclient: unable to connect to 127.0.0.1 port {port}: "
                  "connection refused\n"), (result.returncode, result.stderr.decode()))

    def test_a_time_limit(self):
        full = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(full.close)
        for _ in range(2):  # The kernel drops what comes when nobody accepts these.
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(full.getsockname())
            self.addCleanup(client.close)
        result = self.run_program(
            "tcpclient", "-T", "1+0", "127.0.0.1", str(full.getsockname()[1]), "true")
        self.assertEqual(111, result.returncode)
        self.assertIn(b": timed out\n", result.stderr)

    def test_usage(self):
        for arguments in ([], ["127.0.0.1"], ["127.0.0.1", "25"], ["-x", "0", "25", "true"],
                          ["-T", "soon", "0", "25", "true"]):
            self.assertEqual(100, self.run_program("tcpclient", *arguments).returncode, arguments)
        server = OneShot()
        result = self.run_program("tcpclient", "0", server.port, "no-such-program")
        self.assertEqual(111, result.returncode)
        self.assertEqual(111, self.run_program("tcpclient", "0", "no-service", "x").returncode)


class Companions(ProgramCase):
    def test_mconnect_speaks_smtps_line_ends(self):
        server = OneShot(b"220 hi\r\n", b"QUIT\r\n", b"221 bye\r\n")
        result = self.run_program("mconnect", "127.0.0.1", server.port, stdin=b"HELP\nQUIT\n")
        self.assertEqual((0, b"220 hi\n221 bye\n"), (result.returncode, result.stdout))
        self.assertEqual(b"HELP\r\nQUIT\r\n", server.got)

    def test_tcpcat(self):
        server = OneShot(b"raw\r\nbytes\0\xff")
        result = self.run_program("tcpcat", "127.0.0.1", server.port)
        self.assertEqual((0, b"raw\r\nbytes\0\xff"), (result.returncode, result.stdout))

    def test_http(self):
        server = OneShot(b"", b"\r\n\r\n", b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n<p>\n\r\nx")
        result = self.run_program("http@", "127.0.0.1", "page", server.port)
        self.assertEqual((0, b"<p>\n\r\nx"), (result.returncode, result.stdout))
        self.assertEqual(f"GET /page HTTP/1.0\r\nHost: 127.0.0.1:{server.port}\r\n\r\n",
                         server.got.decode())

    @unittest.skipUnless(os.geteuid() == 0, "ports below 1024")
    def test_fixed_ports(self):
        for name, port, arguments, sent in (
                ("who@", 11, ["127.9.0.1"], b""), ("date@", 13, ["127.9.0.1"], b""),
                ("finger@", 79, ["joe@127.9.0.1"], b"joe\r\n")):
            with self.subTest(name), socket.create_server(("127.9.0.1", port)) as listener:
                process = subprocess.Popen([BIN / name, *arguments], stdout=subprocess.PIPE,
                                           env=self.environment())
                client, _ = listener.accept()
                with client:
                    got = b""
                    while len(got) < len(sent):
                        got += client.recv(100)
                    client.sendall(b"line\r\nlast\r\n")
                self.assertEqual(b"line\nlast\n", process.communicate(timeout=30)[0])
                self.assertEqual((0, sent), (process.returncode, got))

    def test_addcr_and_delcr(self):
        for name, text, expected in (
                ("addcr", b"a\nb\r\n\nlast", b"a\r\nb\r\r\n\r\nlast"),
                ("delcr", b"a\r\nb\r\r\n\nc\rd\nlast\r", b"a\nb\r\n\nc\rd\nlast\r"),
                ("addcr", b"", b""), ("delcr", b"", b"")):
            result = self.run_program(name, stdin=text)
            self.assertEqual((0, expected), (result.returncode, result.stdout))
        text = os.urandom(300_000).replace(b"\r", b"") + b"\n"
        there = self.run_program("addcr", stdin=text).stdout
        self.assertEqual(text, self.run_program("delcr", stdin=there).stdout)

    def test_argv0(self):
        result = self.run_program("argv0", "sh", "-other", "-c", 'echo "$0"')
        self.assertEqual((0, b"-other\n"), (result.returncode, result.stdout), result)
        self.assertEqual(100, self.run_program("argv0", "sh").returncode)
        self.assertEqual(111, self.run_program("argv0", "/no/such", "x").returncode)


if __name__ == "__main__":
    unittest.main()

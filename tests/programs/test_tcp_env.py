"""tcp-env as inetd starts it: the connection is its standard input (contract §11)."""

import os
import socket
import struct
import subprocess
import threading
import unittest

from harness import BIN, ProgramCase

PTR = 12
SERVFAIL, NXDOMAIN = 2, 3


class Names:
    """A DNS server for PTR: names for addresses, or an error code."""

    def __init__(self, names):
        self.names = {".".join(reversed(ip.split("."))) + ".in-addr.arpa": name
                      for ip, name in names.items()}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(512)
            except OSError:
                return
            if query:
                self.socket.sendto(self.answer(query), client)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12:at + 5]
        found = self.names.get(".".join(labels), NXDOMAIN)
        if isinstance(found, int):
            return query[:2] + struct.pack(">HHHHH", 0x8180 | found, 1, 0, 0, 0) + question
        name = b"".join(bytes([len(part)]) + part.encode() for part in found.split(".")) + b"\0"
        return (query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + question
                + struct.pack(">HHHIH", 0xC00C, PTR, 1, 60, len(name)) + name)


class TcpEnv(ProgramCase):
    def names(self, names):
        server = Names(names)
        self.addCleanup(server.socket.close)
        self.control("resolvers", server.address)

    def ask(self, *options, local="127.0.0.1", remote="127.0.0.1", family=socket.AF_INET, **more):
        """The environment of the program, and the client's port."""
        with socket.socket(family) as listener:
            listener.bind((local, 0))
            listener.listen()
            with socket.create_connection(listener.getsockname()[:2], timeout=20,
                                          source_address=(remote, 0)) as client:
                server, _ = listener.accept()
                with server:
                    result = subprocess.run(
                        [BIN / "tcp-env", *options, "env"], stdin=server, capture_output=True,
                        timeout=60, env=self.environment(**more), check=False)
                self.assertEqual((0, b""), (result.returncode, result.stderr))
                self.client_port, self.server_port = client.getsockname()[1], listener.getsockname()[1]
        return dict(line.split("=", 1) for line in result.stdout.decode().splitlines())

    def seen(self, environment):
        return {name: value for name, value in environment.items()
                if name == "PROTO" or name.startswith("TCP")}

    def test_the_variables(self):
        self.names({"127.0.0.1": "MX.Example", "127.4.5.6": "Client.Example"})
        found = self.seen(self.ask("-R", remote="127.4.5.6", TCPREMOTEINFO="old",
                                   TCPREMOTEHOST="old"))
        self.assertEqual(
            {"PROTO": "TCP", "TCPLOCALIP": "127.0.0.1", "TCPLOCALPORT": str(self.server_port),
             "TCPLOCALHOST": "mx.example", "TCPREMOTEIP": "127.4.5.6",
             "TCPREMOTEPORT": str(self.client_port), "TCPREMOTEHOST": "client.example"}, found)

    def test_names_that_are_not_there(self):
        self.names({"127.0.0.1": SERVFAIL})
        found = self.seen(self.ask("-R", remote="127.4.5.6", PROTO="other"))
        self.assertEqual("softdnserror", found["TCPLOCALHOST"])
        self.assertNotIn("TCPREMOTEHOST", found)

    def test_over_ipv6(self):
        self.names({})
        found = self.seen(self.ask("-R", local="::1", remote="::1", family=socket.AF_INET6))
        self.assertEqual(("::1", "::1"), (found["TCPLOCALIP"], found["TCPREMOTEIP"]))

    def test_it_believes_proto(self):
        result = self.run_program("tcp-env", "env", env=self.environment(
            PROTO="TCP", TCPREMOTEIP="192.0.2.1"))
        self.assertEqual(0, result.returncode)
        self.assertIn(b"\nTCPREMOTEIP=192.0.2.1\n", b"\n" + result.stdout)
        self.assertNotIn(b"TCPLOCALIP", result.stdout)

    @unittest.skipUnless(os.geteuid() == 0, "port 113")
    def test_ident(self):
        self.names({})
        for answer, expected in (
                (b"1 , 2 : USERID : UNIX : joe public\r\n", "joepublic"),
                (b"1,2:USERID:OTHER,US:a:b\n", "a:b"), (b"1 , 2 : ERROR : NO-USER\r\n", None),
                (b"", None), (b"1,2:USERID:UNIX:\r\n", None), (b"x" * 5000, None)):
            asked = []
            with socket.create_server(("127.11.3.1", 113)) as ident:
                def serve():
                    peer, who = ident.accept()
                    with peer:
                        asked.append((who[0], peer.recv(100)))
                        peer.sendall(answer)
                thread = threading.Thread(target=serve)
                thread.start()
                found = self.ask(remote="127.11.3.1")
                thread.join(20)
            self.assertEqual(expected, found.get("TCPREMOTEINFO"), answer)
            self.assertEqual(
                [("127.0.0.1", b"%d , %d\r\n" % (self.client_port, self.server_port))], asked)

    @unittest.skipUnless(os.geteuid() == 0, "port 113")
    def test_ident_has_its_time(self):
        self.names({})
        with socket.create_server(("127.11.3.2", 113)):  # It takes the call and says nothing.
            for options in (["-t1"], ["-t", "1"], ["-Rrt1"], ["-t1", "-R"]):
                found = self.ask(*options, remote="127.11.3.2")
                self.assertNotIn("TCPREMOTEINFO", found)

    def test_no_connection(self):
        ours, unix = socket.socketpair()
        with open("/dev/null", "rb") as null, ours, unix:
            for stdin in (null, unix):
                result = subprocess.run([BIN / "tcp-env", "env"], stdin=stdin, capture_output=True,
                                        timeout=30, env=self.environment(), check=False)
                self.assertEqual((111, b""), (result.returncode, result.stdout))
                self.assertIn(b"tcp-env: fatal: standard input is no", result.stderr)

    def test_usage(self):
        env = self.environment(PROTO="TCP")
        for arguments in ([], ["-R"], ["-x", "env"], ["-t", "env"], ["-t"], ["-tsoon", "env"]):
            self.assertEqual(100, self.run_program("tcp-env", *arguments, env=env).returncode)
        self.assertEqual(111, self.run_program("tcp-env", "/no/such", env=env).returncode)
        result = self.run_program("tcp-env", "-rRt5", "--", "sh", "-c", "exit 7", env=env)
        self.assertEqual(7, result.returncode)


if __name__ == "__main__":
    unittest.main()

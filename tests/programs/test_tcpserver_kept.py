"""tcpserver as a service of systemd's: it says that it serves, its port is kept while it is started anew,
and no client is refused meanwhile. The manager is a socket of the test's."""

import array
import os
import pathlib
import signal
import socket
import subprocess
import unittest

from listener import ListenerCase

WAIT = 20
STARTED = 'exec env LISTEN_PID=$$ "$@"'  # The process number stays: sd_listen_fds(3).


class Kept(ListenerCase):
    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(self.home / "notify"))
        self.manager.settimeout(WAIT)
        self.addCleanup(self.manager.close)
        self.kept = None

    def begin(self, *options, port="0", **env):
        """tcpserver, with the port that is kept as descriptor 3."""
        given, text = {}, STARTED
        if self.kept is not None:
            text += f" 3<&{self.kept}" + (f" {self.kept}<&-" if self.kept != 3 else "")
            given = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "listener"}
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", text, "bash", self.program, "-1", *options, "127.0.0.1", port,
             "qmail-smtpd"],
            env=self.environment(NOTIFY_SOCKET=str(self.home / "notify"), **given, **env),
            cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=[self.kept] if given else [])
        self.addCleanup(self.finish, self.process)
        self.port = int(self.process.stdout.readline() or 0)

    @staticmethod
    def finish(process):
        process.kill()
        process.communicate()

    def said(self):
        """What the manager is told: the text, and the descriptor or None."""
        text, parts, _, _ = self.manager.recvmsg(4096, socket.CMSG_SPACE(4))
        fds = array.array("i")
        for _, _, data in parts:
            fds.frombytes(data)
        return text.decode(), fds[0] if fds else None

    def take(self):
        """The port, as the manager gets it."""
        text, self.kept = self.said()
        self.assertEqual("FDSTORE=1\nFDNAME=listener", text)
        self.assertEqual(("READY=1", None), self.said())

    def greeting(self, client):
        with client.makefile("rb") as lines:
            return lines.readline()

    def client(self):
        client = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
        self.addCleanup(client.close)
        return client

    def test_no_client_is_refused_while_it_is_started_anew(self):
        self.begin("-b", "100")
        self.take()
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.process.wait(WAIT))
        waiting = [self.client() for _ in range(30)]
        self.begin(port=str(self.port))
        text, again = self.said()
        self.assertEqual("FDSTORE=1\nFDNAME=listener", text)
        os.close(again)
        self.assertEqual(("READY=1", None), self.said())
        for client in waiting:
            self.assertTrue(self.greeting(client).startswith(b"220 "))

    def test_a_message_that_is_being_sent_is_finished_before(self):
        self.control("rcpthosts", "mx.example")
        queue = self.script(f"cat > {self.home}/message; cat <&1 > {self.home}/envelope\n")
        self.begin(QMAILQUEUE=queue)
        self.take()
        client = self.client()
        lines = client.makefile("rb")
        self.addCleanup(lines.close)
        client.sendall(b"MAIL FROM:<>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\n")
        self.assertEqual([b"220", b"250", b"250", b"354"], [lines.readline()[:3] for _ in range(4)])
        idle = self.client()
        self.assertTrue(self.greeting(idle).startswith(b"220 "))
        self.process.send_signal(signal.SIGTERM)
        with idle.makefile("rb") as end:  # It has begun to stop.
            self.assertEqual(b"421 going down (#4.3.2)\r\n", end.readline())
        client.sendall(b"Subject: late\r\n\r\n.\r\n")
        self.assertEqual(b"250", lines.readline()[:3])
        self.assertEqual(0, self.process.wait(WAIT))
        self.assertIn(b"Subject: late", (self.home / "message").read_bytes())

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_as_another_user_it_tells_the_manager_too(self):
        self.home.chmod(0o755)
        (self.home / "notify").chmod(0o777)
        self.begin("-u", "65534", "-g", "65534", WATCHDOG_USEC="60000000")
        self.take()
        self.assertTrue(self.greeting(self.client()).startswith(b"220 "))
        self.assertIn("\nUid:\t65534\t65534\t65534\t65534\n",
                      pathlib.Path(f"/proc/{self.process.pid}/status").read_text())

    def test_what_is_kept_and_no_port_is_given_back(self):
        """A file, a socket of packets, and one at which nobody listens."""
        def packets():
            bad = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            bad.bind(("127.0.0.1", 0))
            return bad

        def silent():  # Bound, and its port is free for who reuses it.
            bad = socket.socket()
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bad.bind(("127.0.0.1", 0))
            return bad

        for make in (packets, silent, lambda: open("/dev/null", "rb")):
            with make() as bad:
                at = bad.getsockname()[1] if isinstance(bad, socket.socket) else 0
                self.kept = os.dup(bad.fileno())
            self.begin(port=str(at))
            self.assertEqual(("FDSTOREREMOVE=1\nFDNAME=listener", None), self.said(), make)
            os.close(self.kept)
            self.kept = None
            self.take()
            self.assertTrue(self.greeting(self.client()).startswith(b"220 "))
            self.finish(self.process)
            os.close(self.kept)
            self.kept = None

    def test_a_port_that_the_settings_name_no_more_is_given_back(self):
        self.begin()
        self.take()
        before = self.port
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(WAIT)
        self.begin(port="0")
        self.assertEqual(("FDSTOREREMOVE=1\nFDNAME=listener", None), self.said())
        self.assertNotEqual(before, self.port)
        os.close(self.kept)
        self.kept = None
        self.take()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", before), timeout=WAIT)

    def test_programs_are_not_told_of_the_manager(self):
        queue = self.script(f"env > {self.home}/names; cat >/dev/null; cat <&1 >/dev/null\n")
        self.control("rcpthosts", "mx.example")
        self.begin(QMAILQUEUE=queue, WATCHDOG_USEC="60000000")
        self.take()
        client = self.client()
        client.sendall(b"MAIL FROM:<>\r\nRCPT TO:<x@mx.example>\r\nDATA\r\n.\r\nQUIT\r\n")
        with client.makefile("rb") as lines:
            self.assertEqual([b"220", b"250", b"250", b"354", b"250", b"221"],
                             [line[:3] for line in lines.read().splitlines()])
        names = (self.home / "names").read_text()
        for word in ("NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_"):
            self.assertNotIn(word, names)


if __name__ == "__main__":
    unittest.main()

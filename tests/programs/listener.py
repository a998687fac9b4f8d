"""A tcpserver under test, its log, and clients in the clear and over TLS."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

from harness import BIN, ProgramCase


def children_of(pid):
    """The processes that one has started, those included that it has not waited for."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # It has ended.
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
    return found


class ListenerCase(ProgramCase):
    """A test with listeners on free ports."""

    program = BIN / "tcpserver"
    process = None

    # A listener looks at its control files again after this long, and says so: tcpserver(8).
    LOOK_AGAIN = 0.1

    def serve(self, *options, chain=("qmail-smtpd",), host="127.0.0.1", port="0", **env):
        """Starts a listener on a free port; its log is read line by line."""
        self.process = subprocess.Popen(
            [self.program, "-1", *options, host, port, *chain],
            env=self.environment(**env), cwd=self.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.changed = [], threading.Condition()
        self.reader = threading.Thread(
            target=self.read_log, args=(self.process, self.lines, self.changed), daemon=True)
        self.reader.start()
        self.addCleanup(self.end, self.process, self.reader)
        self.port = int(self.process.stdout.readline() or 0)

    def control(self, name, *lines):
        """A control file that the next connection is served by."""
        super().control(name, *lines)
        self.become_old()

    def become_old(self):
        """Waits until what a listener knows of the control files is not used any more."""
        if self.process:
            time.sleep(self.LOOK_AGAIN)

    @staticmethod
    def read_log(process, lines, changed):
        for line in process.stderr:
            with changed:
                lines.append(line.decode())
                changed.notify_all()

    @staticmethod
    def end(process, reader):
        """A test may have had several listeners, one after another. What a failed test leaves of their
        programs would hold the log open."""
        left = children_of(process.pid)
        process.kill()
        process.wait()
        for child in left:
            for kill in (os.killpg, os.kill):  # Plugins have groups of their own.
                with contextlib.suppress(ProcessLookupError):
                    kill(child, signal.SIGKILL)
        reader.join()
        process.stdout.close()
        process.stderr.close()

    def wait_log(self, pattern):
        with self.changed:
            found = self.changed.wait_for(
                lambda: re.search(pattern, "".join(self.lines), re.M), timeout=20)
        self.assertTrue(found, f"{pattern} is not in {self.lines}")
        return found

    def connect(self, host="127.0.0.1", source=None):
        """A socket and a file of what comes from it."""
        peer = socket.create_connection((host, self.port), timeout=90, source_address=source)
        self.addCleanup(peer.close)
        replies = peer.makefile("rb")
        self.addCleanup(replies.close)
        return peer, replies

    def children(self):
        """Processes of the listener."""
        return children_of(self.process.pid)

    def script(self, text):
        path = self.home / "script"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def rules(self, text):
        """Compiles tcprules for -x; returns their file."""
        subprocess.run([BIN / "tcprules", self.home / "rules", self.home / "rules.tmp"],
                       input=text.encode(), check=True, env=self.environment())
        self.become_old()
        return str(self.home / "rules")

    # TLS --------------------------------------------------------------------------------------

    def certificate(self, file, *names, san=None):
        """control/FILE: a key and a certificate for the names that signs itself."""
        alternatives = san or ",".join(f"DNS:{name}" for name in names)
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", "-", "-out", "-", "-days", "30", "-subj", f"/CN={names[0]}",
             "-addext", f"subjectAltName={alternatives}"],
            capture_output=True, check=True).stdout
        path = self.home / "control" / file
        path.parent.mkdir(exist_ok=True)
        path.with_suffix(".new").write_bytes(made)
        path.with_suffix(".new").rename(path)
        return path

    @staticmethod
    def client_context(trusted=None, **settings):
        """Of a client that trusts the certificates of one file, or takes any."""
        context = ssl.create_default_context(cafile=trusted) if trusted else \
            ssl._create_unverified_context()
        for name, value in settings.items():
            setattr(context, name, value)
        return context

    def encrypt(self, peer, context=None, name="mx.example", session=None):
        """TLS over a connected socket."""
        tls = (context or self.client_context()).wrap_socket(
            peer, server_hostname=name, session=session)
        self.addCleanup(tls.close)
        replies = tls.makefile("rb")
        self.addCleanup(replies.close)
        return tls, replies

    def starttls(self, context=None, name="mx.example", session=None):
        """A connection that has said STARTTLS."""
        peer, replies = self.connect()
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
        peer.sendall(b"STARTTLS\r\n")
        self.assertEqual(b"220 ready for tls\r\n", replies.readline())
        return self.encrypt(peer, context, name, session)

    @staticmethod
    def say(peer, replies, line):
        """Sends a command and returns its whole reply."""
        peer.sendall(line + b"\r\n")
        return ListenerCase.read_reply(replies)

    @staticmethod
    def read_reply(replies):
        reply = b""
        while True:
            line = replies.readline()
            reply += line
            if line[3:4] != b"-":
                return reply

"""kopis acme against Debian's pebble, and against servers that do wrong."""

import contextlib
import functools
import http.server
import json
import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
import unittest

from harness import BIN
from listener import ListenerCase
from pebble import Pebble, free_port


class AcmeCase(ListenerCase):
    def acme(self, *lines, ca=None):
        """control/acme for the server, or for one that a test names."""
        self.control("acme", "agree", f"directory {ca or self.ca.directory}", *lines)

    def begin(self, *lines, **settings):
        """A server, and control/acme for it."""
        self.ca = Pebble(self, **settings)
        shutil.copy(self.ca.authority, self.home / "control/acmeca.pem")
        self.acme(f"listen 127.0.0.1 {self.ca.http_port}", *lines)

    def get(self, *options, code=0):
        """Runs it to its end. Returns what it says."""
        result = self.run_program("kopis", "acme", *options)
        said = (result.stdout + result.stderr).decode()
        self.assertEqual(code, result.returncode, said + (self.ca.text() if self.ca else ""))
        self.assertEqual(b"" if code == 0 else said.encode(), result.stderr)
        self.assertNotIn("PRIVATE", said)
        return said

    ca = None

    @property
    def file(self):
        return self.home / "control/servercert.pem"

    def keep(self, *words):
        """Starts it, or another word of kopis, to stay; wait_log() is for what it says."""
        process = subprocess.Popen(
            [BIN / "kopis", *(words or ("acme", "--keep"))], env=self.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.changed = [], threading.Condition()
        reader = threading.Thread(
            target=self.read_log, daemon=True, args=(process, self.lines, self.changed))
        reader.start()
        self.addCleanup(self.end, process, reader)
        return process

    def serial(self, pem=None):
        """Of a certificate: the one that a file has, or one as DER."""
        where = ["-inform", "DER"] if pem else ["-in", self.file]
        return subprocess.run(["openssl", "x509", "-noout", "-serial", *where], input=pem,
                              capture_output=True, check=True).stdout


class Obtaining(AcmeCase):
    def test_http_01_into_a_running_listener(self):
        self.begin(PEBBLE_WFE_NONCEREJECT="40")
        self.certificate("servercert.pem", "mx.example")
        self.file.chmod(0o640)
        self.serve("-c", "10000")
        before, replies = self.starttls()
        first = before.getpeercert(True)
        said = self.get()
        self.assertRegex(said, r"^acme: new certificate for mx\.example is good until 20\S+ \S+Z\n$")
        self.assertEqual(0o640, self.file.stat().st_mode & 0o777)

        # The session of before goes on; within a second new ones have the new certificate,
        # which a stranger can verify with its chain.
        trusting = self.client_context(self.ca.root())
        deadline = time.monotonic() + 20
        while self.starttls()[0].getpeercert(True) == first:
            self.assertLess(time.monotonic(), deadline)
        after, _ = self.starttls(context=trusting)
        self.assertEqual(self.serial(), self.serial(after.getpeercert(True)))
        self.assertIn(b"250", self.say(before, replies, b"EHLO client.example"))
        self.assertEqual(first, before.getpeercert(True))
        self.assertEqual("", "".join(self.lines))

        # What is good is left alone, and nobody is asked.
        self.ca.stop()
        content = self.file.read_bytes()
        self.assertRegex(self.get(), r"good until .*; the next is asked for 20")
        self.assertEqual(content, self.file.read_bytes())

    def test_tls_alpn_01_for_several_names(self):
        self.ca = Pebble(self, PEBBLE_WFE_NONCEREJECT="20")
        shutil.copy(self.ca.authority, self.home / "control/acmeca.pem")
        self.acme("challenge tls-alpn-01", f"listen 127.0.0.1 {self.ca.tls_port}",
                  "name mx.example", "name mail.other.example", "contact root@mx.example")
        self.assertIn("for mx.example, mail.other.example is good", self.get())
        self.serve()
        for name in ("mx.example", "mail.other.example"):
            self.starttls(context=self.client_context(self.ca.root()), name=name)
        keys = self.home / "tls"
        self.assertEqual(0o700, keys.stat().st_mode & 0o777)
        account = (keys / "account.pem").read_bytes()
        self.assertEqual(0o600, (keys / "account.pem").stat().st_mode & 0o777)
        self.assertEqual(0o600, self.file.stat().st_mode & 0o777)

        # Another, with another key, by the same account; a further name makes it due.
        first = self.file.read_text()
        self.get("--now")
        second = self.file.read_text()
        self.assertNotEqual(first.split("-----")[2], second.split("-----")[2])
        self.acme("challenge tls-alpn-01", f"listen 127.0.0.1 {self.ca.tls_port}",
                  "name mx.example", "name third.example")
        self.get()
        self.assertNotEqual(second, self.file.read_text())
        self.assertEqual(account, (keys / "account.pem").read_bytes())
        self.assertEqual(1, self.ca.text().count("There are now 1 accounts in memory"))
        self.assertEqual(["acme", "acmeca.pem", "me", "servercert.pem"],
                         sorted(os.listdir(self.home / "control")))

    def test_a_webroot(self):
        self.ca = Pebble(self)
        shutil.copy(self.ca.authority, self.home / "control/acmeca.pem")
        root = self.home / "web"
        root.mkdir()
        self.acme(f"webroot {root}")
        handler = functools.partial(QuietFiles, directory=str(root))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.ca.http_port), handler)
        self.run_server(server)
        self.get()
        self.assertEqual([], os.listdir(root / ".well-known/acme-challenge"))
        self.assertIn("/.well-known/acme-challenge/", handler.func.asked[-1])

    def run_server(self, server):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def test_a_link_stays_and_root_becomes_the_owner(self):
        """As on an installed host: control is root's, tls is qmaild's."""
        self.begin()
        keys = self.home / "tls"
        keys.mkdir(mode=0o700)
        made = self.certificate("servercert.pem", "mx.example")
        made.rename(keys / "servercert.pem")
        self.file.symlink_to("../tls/servercert.pem")
        (keys / "servercert.pem").chmod(0o400)
        owner = 61003 if os.geteuid() == 0 else os.geteuid()
        if os.geteuid() == 0:
            os.chown(keys, owner, owner)
            os.chown(keys / "servercert.pem", owner, owner)
        self.get()
        self.assertEqual("../tls/servercert.pem", os.readlink(self.file))
        for name, mode in (("servercert.pem", 0o400), ("account.pem", 0o600)):
            status = (keys / name).stat()
            self.assertEqual((owner, mode), (status.st_uid, status.st_mode & 0o777), name)
        self.assertIn("Pebble", subprocess.run(
            ["openssl", "x509", "-noout", "-issuer", "-in", self.file],
            capture_output=True, text=True).stdout)
        if os.geteuid() == 0:
            result = self.run_program("kopis", "acme", "--keep")
            self.assertEqual(100, result.returncode)
            self.assertIn(b"not as root", result.stderr)


class Keeping(AcmeCase):
    def test_renewal(self):
        self.begin(validity=9)
        process = self.keep()
        self.wait_log(r"new certificate for mx\.example")
        first = self.serial()
        self.wait_log(r"(?s)new certificate.*new certificate")
        self.assertNotEqual(first, self.serial())
        self.assertNotIn("trying again", "".join(self.lines))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(10))

    def test_a_dead_server(self):
        self.begin()
        content = self.certificate("servercert.pem", "mx.example").read_bytes()
        self.ca.stop()
        self.assertIn("connection refused", self.get(code=111))
        process = self.keep()
        self.wait_log(r"warning: no new certificate: .*connection refused.*"
                      r"; trying again in 6\d\d seconds")
        self.assertIsNone(process.poll())
        self.assertEqual(content, self.file.read_bytes())
        self.assertFalse(self.file.with_name("servercert.pem.new").exists())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(10))

    def test_kopis_run_keeps_it(self):
        self.begin()
        listeners = ("smtp", "pop3", "submission", "submissions", "pop3s")
        process = self.keep("run", "--home", str(self.home), *[
            word for name in listeners for word in (f"--{name}", f"127.0.0.1:{free_port()}")])
        self.wait_log(r"acme: new certificate for mx\.example")
        self.assertIn("BEGIN CERTIFICATE", self.file.read_text())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(20))


class Failing(AcmeCase):
    def kept(self, code, pattern, *options):
        """It fails, says why, and all is as it was."""
        content = self.file.read_bytes()
        self.assertRegex(self.get(*options, code=code), pattern)
        self.assertEqual(content, self.file.read_bytes())
        self.assertFalse((self.home / "control/servercert.pem.new").exists())

    def test_what_a_server_refuses(self):
        self.begin()
        self.certificate("servercert.pem", "mx.example")

        # Nobody answers where the server looks; then somebody else does.
        self.acme(f"listen 127.0.0.1 {free_port()}")
        self.kept(111, r"^acme: fatal: the server did not verify mx\.example by http-01: "
                       r"connection: .*refused\n$")
        impostor = http.server.ThreadingHTTPServer(("127.0.0.1", self.ca.http_port), Impostor)
        threading.Thread(target=impostor.serve_forever, daemon=True).start()
        self.addCleanup(impostor.server_close)
        self.addCleanup(impostor.shutdown)
        self.kept(111, r"the server did not verify mx\.example by http-01: unauthorized: ")

        # A name that the server does not want; terms that nobody agreed to.
        self.acme(f"listen 127.0.0.1 {free_port()}", "name x.blocked.example")
        self.kept(100, r"rejectedIdentifier: ")
        self.control("acme", f"directory {self.ca.directory}", f"listen 127.0.0.1 {free_port()}")
        self.kept(100, r'the terms of https://\S+ are not agreed to: read \S+ and put the line '
                       r'"agree" into control/acme')

        # A port that is taken, a lock that is held: nobody is asked.
        asked = self.ca.text().count("POST")
        self.acme(f"listen 127.0.0.1 {self.ca.http_port}")
        self.kept(111, rf"unable to listen at 127\.0\.0\.1:{self.ca.http_port}")
        self.acme(f"listen 127.0.0.1 {free_port()}")
        with open(self.home / "tls/lock", "rb+") as lock:
            held = subprocess.Popen(
                ["flock", "--no-fork", str(lock.name), "sh", "-c", "echo; exec cat"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.addCleanup(held.stdout.close)
            held.stdout.readline()
            self.kept(111, "another kopis acme is running")
            held.communicate()
        self.assertEqual(asked, self.ca.text().count("POST"))

        # A server whose certificate nobody vouches for.
        (self.home / "control/acmeca.pem").unlink()
        self.kept(111, r"certificate")

    def test_control_files(self):
        self.certificate("servercert.pem", "mx.example")
        self.kept(100, r"^acme: fatal: there is no \S+/control/acme\n$")
        self.control("acme", "agree", "directory http://ca.example/dir")
        self.kept(111, r"^acme: fatal: \S+/control/acme: line 2: \"directory_http://ca\.example/dir\" is "
                       r"not understood\n$")
        (self.home / "control/acme").unlink()
        (self.home / "control/acme").mkdir()
        self.kept(111, r"^acme: fatal: \S+/control/acme: ")
        (self.home / "control/acme").rmdir()
        self.control("acme", "agree", f"listen 127.0.0.1 {free_port()}")
        self.control("acmeca.pem", "nothing")
        self.kept(111, r"^acme: fatal: \S+/control/acmeca\.pem: no certificates\n$")
        (self.home / "control/acmeca.pem").unlink()
        (self.home / "tls/account.pem").write_text("broken\n")
        self.kept(111, r"^acme: fatal: \S+/tls/account\.pem: ")
        self.assertEqual("broken\n", (self.home / "tls/account.pem").read_text())

    def test_words(self):
        result = self.run_program("kopis", "acme", "--help")
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        self.assertIn(b"usage: kopis acme", result.stdout)
        for words in (["x"], ["--now", "--keep"], ["--keep", "x"]):
            result = self.run_program("kopis", "acme", *words)
            self.assertEqual((100, b""), (result.returncode, result.stdout))
            self.assertIn(b"usage: kopis acme", result.stderr)


class WrongServers(AcmeCase):
    """Answers of a server's own making."""

    def answer(self, directory):
        self.acme(f"listen 127.0.0.1 {free_port()}", ca=self.server.directory)
        self.server.answers["/dir"] = directory
        return self.get(code=111)

    def test_answers(self):
        self.server = ScriptedCa(self)
        self.certificate("servercert.pem", "mx.example")
        content = self.file.read_bytes()
        for answer, pattern in (
                ((200, b"{}"), 'no good "newNonce"'),
                ((200, b"<html>"), "not JSON"),
                ((200, b" " * 300_000), "an answer of over 262144 bytes"),
                ((200, b"{" + b'"a":[' * 50_000), "not JSON"),
                ((301, b"", ("Location", "https://127.0.0.1:1/")), "HTTP status 301"),
                ((503, b"down"), "HTTP status 503"),
                ((200, b"{}", ("X", "a" * 40_000)), ""),
                (None, "")):
            with self.subTest(pattern=pattern):
                self.assertIn(pattern, self.answer(answer))
        self.assertEqual(content, self.file.read_bytes())

    def test_a_limit_is_waited_for(self):
        self.server = ScriptedCa(self)
        base = self.server.directory.removesuffix("/dir")
        self.server.answers.update({
            "/dir": (200, json.dumps({f"new{word}": f"{base}/{word}" for word in
                                      ("Nonce", "Account", "Order")}).encode()),
            "/Nonce": (200, b"", ("Replay-Nonce", "abc")),
            "/Account": (429, json.dumps({
                "type": "urn:ietf:params:acme:error:rateLimited",
                "detail": "too many\nof them"}).encode(), ("Retry-After", "7200")),
        })
        self.acme(f"listen 127.0.0.1 {free_port()}", ca=self.server.directory)
        self.keep()
        self.wait_log(r"no new certificate: https://\S+/Account: rateLimited: too many\?of them; "
                      r"trying again in 7200 seconds\n")


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    asked = []

    def log_message(self, format, *args):
        self.asked.append(self.path)


class Impostor(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"something else")

    def log_message(self, format, *args):
        pass


class ScriptedCa:
    """An HTTPS server with an answer for each path: status, body, headers; None hangs up."""

    def __init__(self, case):
        self.answers = {}
        answers = self.answers

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer = answers[self.path]
                if answer is None:
                    self.close_connection = True
                    return
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, body, *headers = answer
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    with contextlib.suppress(OSError):
                        self.wfile.write(body)

            do_HEAD = do_POST = do_GET

            def log_message(self, format, *args):
                pass

        made = case.certificate("acmeca.pem", "server", san="IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # A client may leave.
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.directory = f"https://127.0.0.1:{server.server_port}/dir"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)


if __name__ == "__main__":
    unittest.main()

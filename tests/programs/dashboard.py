"""kopis-web as a browser sees it, without a browser: raw requests, cookies, forms."""

import http.client
import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.parse

from harness import BIN
from ports import free_port  # Where harness finds it.
from test_qmail_queue import WAIT

PROGRAM = BIN.parent / "kopis-web"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def token(self):
        return re.search(r'name="csrf" value="([^"]+)"', self.text)[1]

    def cookies(self):
        return [value for name, value in self.headers if name.lower() == "set-cookie"]

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Browser:
    """Keeps cookies, as a browser does; `host` and `origin` can be a stranger's."""

    def __init__(self, port, host=None):
        self.port, self.jar = port, {}
        self.host = host or f"127.0.0.1:{port}"

    def ask(self, method, path, body=None, headers=(), origin="own"):
        given = {"Host": self.host, **dict(headers)}
        if self.jar and "Cookie" not in given:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        if method == "POST":
            given.setdefault("Content-Type", "application/x-www-form-urlencoded")
            if origin is not None:
                given["Origin"] = f"http://{self.host}" if origin == "own" else origin
        given = {name: value for name, value in given.items() if value is not None}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            got = connection.getresponse()
            answer = Answer(got.status, got.getheaders(), got.read())
        finally:
            connection.close()
        for line in answer.cookies():
            name, _, value = line.partition(";")[0].partition("=")
            self.jar[name] = value
            if not value:
                del self.jar[name]
        return answer

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, *fields, **options):
        return self.ask("POST", path, urllib.parse.urlencode(fields).encode(), **options)

    def login(self, password):
        return self.post("/login", ("password", password))


def held(port=None):
    """Sockets at both addresses of localhost, as a socket unit holds them."""
    port, sockets = port or free_port(), []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        one = socket.socket(family)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((address, port))
        one.listen(128)
        sockets.append(one)
    return port, sockets


def start(case, home, password="correct horse", listen=None, sockets=()):
    """kopis-web of a home; the port, the process, and what it logs. Sockets are lent to it."""
    case.assertTrue(PROGRAM.exists(), f"{PROGRAM}: ./build makes it")
    set_password(case, home, password)
    port = sockets[0].getsockname()[1] if sockets else free_port()
    words = [word for one in sockets for word in ("--socket", str(one.fileno()))]
    log = tempfile.TemporaryFile()
    case.addCleanup(log.close)
    process = subprocess.Popen(
        [PROGRAM, *(words or ["--listen", listen or f"127.0.0.1:{port}"])], env=case.environment(),
        stdin=subprocess.DEVNULL, stderr=log, pass_fds=[one.fileno() for one in sockets])

    def end():
        if process.poll() is None:
            process.kill()
        process.wait(WAIT)

    case.addCleanup(end)
    deadline = time.monotonic() + WAIT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=WAIT).close()
            return port, process, log
        except OSError:
            case.assertIsNone(process.poll(), read(log))
            case.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


def set_password(case, home, password):
    result = case.run_program("kopis", "web", "password", "--password-file", "-",
                              stdin=password.encode() + b"\n")
    case.assertEqual((0, b""), (result.returncode, result.stderr), result)
    case.assertEqual(0o600, (home / "web/password").stat().st_mode & 0o777)


def read(log):
    return os.pread(log.fileno(), 1 << 20, 0)

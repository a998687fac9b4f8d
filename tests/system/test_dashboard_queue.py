"""What a page of the dashboard takes while the queue is long: `KOPIS_QUEUED` messages (100,000)."""

import http.client
import os
import re
import statistics
import subprocess
import sys
import time
import unittest
import urllib.parse

import test_dashboard
from host import NOBODY, free_port

QUEUED = int(os.environ.get("KOPIS_QUEUED", "100000"))
PAGE_MS = 100

# Queues messages over one connection to the queue writer (docs/ARCHITECTURE.md, Intake).
MANY = r"""
import socket, struct, sys
path, count = sys.argv[1], int(sys.argv[2])
one = socket.socket(socket.AF_UNIX)
one.connect(path)
body = b"Subject: waits\n\nwaits\n"
left = count
while left:
    some = min(left, 500)
    for i in range(left - some, left):
        to = b"Fs%d@far.example\0Tr%d@later.example\0\0" % (i % 100, i)
        one.sendall(b"B\0" + struct.pack("<I", 0) + b"M" + struct.pack("<I", len(body)) + body
                    + b"E" + struct.pack("<I", len(to)) + to)
    got = b""
    while len(got) < 13 * some:
        got += one.recv(65536)
    if any(got[i * 13] for i in range(some)):
        sys.exit("refused")
    left -= some
"""


class BusyHost(test_dashboard.WebHost):
    """Its log has some lines for each message, and qmail-send waits for who reads it."""

    def _read(self, process):
        is_ready = False
        for line in process.stdout:
            if not is_ready:
                with self._changed:
                    self._parts.append(line.decode("latin-1"))
                    self._length += len(line)
                    self._changed.notify_all()
            is_ready |= line == b"ready\n"
        with self._changed:
            self._changed.notify_all()


class ManyQueued(unittest.TestCase):
    def test_a_page_of_a_long_queue(self):
        host = BusyHost()
        self.addCleanup(host.close)
        port = free_port()
        host.control("smtproutes", f":127.0.0.1:{port}")
        host.start()
        host.run("destinations", "pause", f"relay [127.0.0.1]:{port}")
        drop = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] \
            if os.geteuid() == 0 else []
        began = time.monotonic()
        subprocess.run([*drop, sys.executable, "-c", MANY, host.home / "queue/intake", str(QUEUED)],
                       check=True, timeout=600)
        print(f"queued {QUEUED} messages in {time.monotonic() - began:.1f} s")
        client = Client(host)
        self.addCleanup(client.connection.close)
        deadline = time.monotonic() + 300
        began = time.monotonic()
        while f"{QUEUED} messages in the queue" not in client.get("/queue", may_wait=True):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(1)
        print(f"qmail-send has read them {time.monotonic() - began:.1f} s later")
        worst = {}
        second = re.search(r'rel="next" href="([^"]+)"', client.get("/queue"))[1]
        number = re.search(r"from=(\d+)", second)[1]
        middle = f"/queue?from={int(number) + 400_000}"  # A place is 8 bytes.
        for path in (*test_dashboard.PAGES[:-1], second.replace("&amp;", "&"), middle, "/queue?state=held",
                     f"/queue?number={number}", f"/message?n={number}"):
            times = []
            for _ in range(7):
                began = time.monotonic()
                client.get(path)
                times.append((time.monotonic() - began) * 1000)
            worst[path] = statistics.median(times)
        for path in ("/queue?recipient=r77777@later.example", "/queue?sender=s7@far.example"):
            began = time.monotonic()
            client.get(path)
            print(f"{path}: {(time.monotonic() - began) * 1000:.0f} ms, all looked at")
        print("\n".join(f"{path}: {ms:.1f} ms" for path, ms in worst.items()))
        self.assertFalse({path: ms for path, ms in worst.items() if ms >= PAGE_MS})


class Client:
    """Pages without a browser, to measure what they cost."""

    def __init__(self, host):
        self.place = f"127.0.0.1:{host.web_port}"
        self.connection = http.client.HTTPConnection(self.place, timeout=60)
        self.connection.request(
            "POST", "/login", urllib.parse.urlencode({"password": host.web_password}),
            {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.place}"})
        answer = self.connection.getresponse()
        answer.read()
        self.cookie = "; ".join(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie"))

    def get(self, path, may_wait=False):
        """A page; while qmail-send reads a queue in it may say that it waits for that."""
        self.connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200 and not (may_wait and answer.status == 503):
            raise AssertionError(f"{path}: {answer.status}: {text[-500:]}")
        return text


if __name__ == "__main__":
    unittest.main()

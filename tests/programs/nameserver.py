"""Debian's dnsmasq with records of the test's own."""

import os
import socket
import subprocess

from ports import free_port  # Where harness finds it.


class NameServer:
    """Answers at self.address: on a free port, or on 53 of a loopback address (as root)."""

    def __init__(self, case, *records, ip="127.0.0.1", port=None):
        if port is None:
            port = free_port(ip)
        self.ip, self.port, self.address = ip, port, f"{ip}:{port}"
        self.process = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
             "--no-hosts", f"--listen-address={ip}", f"--port={port}", "--bind-interfaces",
             "--user=root", "--pid-file=", "--local=/example/", "--local=/arpa/",
             *[f"--{record}" for record in records]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        case.addCleanup(self.stop)
        self.wait(case)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def wait(self, case):
        query = b"\0\1\1\0\0\1\0\0\0\0\0\0\5ready\7example\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            for _ in range(150):
                try:
                    s.sendto(query, (self.ip, self.port))
                    s.recv(512)
                    return
                except OSError:
                    pass
        case.fail("dnsmasq does not answer")


class SilentServer:
    """A resolver that takes questions and never answers."""

    def __init__(self, case):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        case.addCleanup(self.socket.close)
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"


IS_ROOT = os.geteuid() == 0

"""An installed host in namespaces of its own: mounts, network, name. Its /etc is a copy, its /dev has
a log; what it does to users, to port 25 or to /dev/log, nobody else sees."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import waiting
from host import BINARY, ROOT

ME = "toyokawa.gcd.org"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

MOUNTS = r"""
set -e
mount --make-rprivate /
mount --bind "$BASE/etc" /etc
mount -t tmpfs dev "$BASE/dev"
for name in $DEVICES; do
    [ -e /dev/$name ] || continue
    touch "$BASE/dev/$name"
    mount --bind /dev/$name "$BASE/dev/$name"
done
ln -s /proc/self/fd "$BASE/dev/fd"
mkdir "$BASE/dev/shm"
touch "$BASE/dev/log"
mount --bind "$BASE/log.socket" "$BASE/dev/log"
mount --rbind "$BASE/dev" /dev
hostname "$ME"
ip link set lo up
"""


def can_install():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "--mount", "--net", "--uts", "true"], capture_output=True).returncode == 0


def unit_command(text):
    """The environment and the command line of a unit's text, as systemd makes them of it."""
    lines = dict(re.findall(r"^(\w+)=(.*)$", text, re.M))
    variables = lines.get("Environment", "").split()
    words = lines["ExecStart"].replace("%H", ME)
    for key, value in (variable.split("=", 1) for variable in variables):
        words = words.replace(f"${{{key}}}", value)
    # A word of an unset variable is no word (systemd.service(5)).
    return lines, variables, [word for word in words.split() if not word.startswith("$")]


class Syslog:
    """What arrives at /dev/log: (pid, uid, bytes) of each datagram."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        os.chmod(path, 0o666)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.lines = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data, parts, _, _ = self.socket.recvmsg(8192, socket.CMSG_SPACE(12))
            except OSError:
                return
            who = [int.from_bytes(parts[0][2][i:i + 4], "little") for i in (0, 4, 8)] if parts else []
            with self._changed:
                self.lines.append((*who[:2], data))
                self._changed.notify_all()

    def wait(self, pattern, timeout=30):
        """The first datagram that matches."""
        deadline = time.monotonic() + timeout
        seen = 0
        with self._changed:
            while True:
                for pid, uid, data in self.lines[seen:]:
                    if re.search(pattern, data):
                        return pid, uid, data
                seen = len(self.lines)
                if time.monotonic() > deadline:
                    raise AssertionError(f"never logged: {pattern}; but: {self.lines[-20:]}")
                self._changed.wait(0.5)

    def close(self):
        self.socket.close()


class Installed:
    """The host; `home` is installed there. Commands run in its namespaces, as root."""

    holder_command = ("unshare", "--mount", "--net", "--uts", "sh", "-c",
                      "echo; exec sleep infinity")
    enter = ("-m", "-n", "-u")  # nsenter's words for the same.

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-installed-"))
        self.base.chmod(0o755)
        self.home = self.base / "qmail"
        self.started = []
        subprocess.run(["cp", "-a", "/etc", self.base / "etc"], check=True)
        (self.base / "dev").mkdir()
        hosts = self.base / "etc/hosts"
        hosts.write_text(f"127.0.0.1 localhost {ME}\n::1 localhost\n")
        self.syslog = Syslog(self.base / "log.socket")
        self.holder = subprocess.Popen(self.holder_command, stdout=subprocess.PIPE)
        self.holder.stdout.readline()  # It is in its namespaces.
        self.inside = self.find_inside()
        self.run("sh", "-c", MOUNTS, BASE=str(self.base), ME=ME, DEVICES=" ".join(DEVICES))

    def find_inside(self):
        """The process whose namespaces are the host's."""
        return self.holder.pid

    # Commands ---------------------------------------------------------------------------------

    def argv(self, *words):
        return ["nsenter", "-t", str(self.inside), *self.enter, "--", *map(str, words)]

    def environment(self, **more):
        return {"PATH": f"{self.home}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **more}

    def run(self, *words, check=True, stdin=b"", timeout=180, **environment):
        """A command to its end; its output as bytes."""
        result = subprocess.run(self.argv(*words), input=stdin, capture_output=True,
                                timeout=timeout, env=self.environment(**environment))
        if check and result.returncode != 0:
            raise AssertionError((words, result.returncode, result.stdout, result.stderr))
        return result

    def shell(self, text, **options):
        return self.run("sh", "-c", text, **options)

    def spawn(self, *words, **options):
        """A command that goes on; it is ended with the host."""
        process = subprocess.Popen(self.argv(*words), env=self.environment(), cwd="/",
                                   **{"stdin": subprocess.DEVNULL, **options})
        self.started.append(process)
        return process

    def install(self, *options):
        """What ./install does once the binary is built."""
        return self.run(BINARY, "install", "--home", self.home, "--pages", ROOT / "docs/man",
                        *options).stdout.decode()

    def uninstall(self, program=BINARY):
        """With a /proc that has no other host's processes: userdel takes a uid for in use where
        any process has it, and hosts of other tests have the same uids."""
        return self.run("unshare", "--pid", "--fork", "--mount-proc", program, "install",
                        "--home", self.home, "--uninstall").stdout.decode()

    def cover(self, directory):
        """Makes a directory of the real host writable for this one alone."""
        place = self.base / "covers" / directory.strip("/").replace("/", "-")
        place.mkdir(parents=True)
        self.shell(f"set -e; mount -t tmpfs cover {place}; mkdir {place}/up {place}/work;"
                   f" mount -t overlay -o lowerdir={directory},upperdir={place}/up,"
                   f"workdir={place}/work overlay {directory}")

    # Users ------------------------------------------------------------------------------------

    def add_user(self, name, *options, maildir=True):
        """A user of the host, home below the base."""
        home = self.base / name
        self.run("useradd", "--create-home", "--home-dir", home, *options, name)
        home.chmod(0o755)
        if maildir:
            self.run("setpriv", "--reuid", name, "--regid", name, "--clear-groups",
                     self.home / "bin/maildirmake", home / "Maildir")
        return home

    def uid(self, name):
        return int(self.run("id", "-u", name).stdout)

    def gid(self, name):
        return int(self.run("id", "-g", name).stdout)

    def dot(self, name, extension, *lines):
        """A user's .qmail file, or alias's."""
        home = self.home / "alias" if name == "alias" else self.base / name
        path = home / (".qmail-" + extension if extension else ".qmail")
        path.write_text("".join(line + "\n" for line in lines))
        os.chown(path, self.uid(name), self.gid(name))
        path.chmod(0o644)

    # Waiting ----------------------------------------------------------------------------------

    @staticmethod
    def wait_until(condition, what, timeout=30):
        return waiting.wait_until(condition, timeout, what)

    def wait_served(self):
        """Until the queue takes mail."""
        self.wait_until(lambda: self.run("sh", "-c", "true") and self.can_connect(),
                        "the queue writer never listened")

    def can_connect(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.home / "queue/intake"))
                return True
            except OSError:
                return False

    def wait_listening(self, port):
        self.wait_until(lambda: self.shell(f"ss -Hltn 'sport = :{port}'").stdout.strip(),
                        f"nobody listens on port {port}")

    def mail(self, directory):
        """Messages in a Maildir's new."""
        new = pathlib.Path(directory) / "new"
        return sorted(new.iterdir()) if new.is_dir() else []

    def wait_mail(self, directory, count=1, timeout=30):
        return self.wait_until(
            lambda: len(self.mail(directory)) >= count and self.mail(directory),
            lambda: f"{len(self.mail(directory))} of {count} in {directory}; log: {self.log()}",
            timeout)

    def log(self):
        path = self.base / "lines"
        text = path.read_text("latin-1")[-3000:] if path.exists() else ""
        return text or [data for _, _, data in self.syslog.lines[-20:]]

    # Life -------------------------------------------------------------------------------------

    def start(self, *words, before=()):
        """qmail-start, its log in `lines`; `before` is a command that runs it."""
        with open(self.base / "lines", "ab") as log:
            process = self.spawn(*before, self.home / "bin/qmail-start", *words or ["./Maildir/"],
                                 stdout=log, stderr=log)
        self.wait_served()
        return process

    def wait_log(self, pattern, timeout=30):
        path = self.base / "lines"
        return self.wait_until(lambda: re.search(pattern, path.read_text("latin-1"), re.M),
                               lambda: f"never logged {pattern}: {self.log()}", timeout)

    def pids(self):
        """All processes of the home's binary, by program."""
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{name}/exe") != str(self.home / "bin/kopis"):
                    continue
                words = pathlib.Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            found.setdefault(os.path.basename(words[0]).decode(), []).append(int(name))
        return found

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        return process.wait(60)

    def close(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.started:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pids in self.pids().values():
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        self.syslog.close()
        shutil.rmtree(self.base, ignore_errors=True)


@unittest.skipUnless(can_install(), "needs root and namespaces")
class InstalledCase(unittest.TestCase):
    """Tests that share one installed host with the user joe."""

    @classmethod
    def setUpClass(cls):
        cls.host = Installed()
        cls.addClassCleanup(cls.host.close)
        cls.host.install()
        cls.prepare()

    @classmethod
    def prepare(cls):
        """Users and files, before anything runs."""

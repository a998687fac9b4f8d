"""A whole mail host under test: a real `kopis run` on a private home and free ports."""

import os
import pathlib
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

import accounts  # noqa: E402
import virtual_users  # noqa: E402
import waiting  # noqa: E402
from ports import free_port  # noqa: E402

accounts.hide_qmails()
BINARY = pathlib.Path(os.environ.get("KOPIS_BINARY", ROOT / "out" / "kopis"))
NOBODY = 65534


def wait_port(port, timeout=20):
    """Until something listens there."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise AssertionError(f"nothing listens on port {port}") from None
            time.sleep(0.02)


def command_line(pid):
    """argv of a process; empty once it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []


def parent(pid):
    """The parent's pid; 0 once the process is gone."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


class Host:
    """One running system. As root it runs as nobody, as a newcomer's would run as a user."""

    me = "mx.example"

    # How long a change of a control file may go unseen: tcpserver(8).
    LOOK_AGAIN = 0.1

    def __init__(self, me=None, base=None, binary=None):
        self.me = me or self.me
        self.user = f"joe-{secrets.token_hex(2)}".replace("-", "")
        self.address = f"{self.user}@{self.me}"
        self.password = secrets.token_urlsafe(12)
        self.base = pathlib.Path(base or tempfile.mkdtemp(prefix="kopis-host-"))
        self.base.chmod(0o755)
        self.home = self.base / "home"
        self.binary = pathlib.Path(binary or self.base / "kopis")
        shutil.copy(BINARY, self.binary)
        self.smtp_host = "127.0.0.1"
        self.smtp_port, self.pop3_port = free_port(), free_port()
        self.submission_port, self.submissions_port = free_port(), free_port()
        self.pop3s_port = free_port()
        self.process = None
        self._parts, self._length = [], 0  # What it printed.
        self._changed = threading.Condition()
        if os.geteuid() == 0:
            os.chown(self.base, NOBODY, NOBODY)
        self.write("control/me", f"{self.me}\n")

    # Life -------------------------------------------------------------------------------------

    def command(self, *arguments):
        """argv of a kopis program, as the host's user."""
        drop = (["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
                if os.geteuid() == 0 else [])
        return [*drop, str(self.binary), *map(str, arguments)]

    def queue(self, sender, recipients, body=b"Subject: news\n\nnews\n"):
        """A message by qmail-queue, as a program of this host hands one over."""
        with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as envelope:
            message.write(body)
            envelope.write(b"F" + sender.encode() + b"\0"
                           + b"".join(b"T" + one.encode() + b"\0" for one in recipients) + b"\0")
            message.seek(0)
            envelope.seek(0)
            subprocess.run(self.command("qmail-queue"), env=self.environment(), stdin=message,
                           stdout=envelope, timeout=60, check=True)

    def environment(self):
        return {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.base),
                "USER": "tester", "KOPIS_HOME": str(self.home)}

    def run(self, *arguments, **options):
        """A kopis program, to its end, on this home."""
        return subprocess.run(self.command(*arguments), env=self.environment(),
                              capture_output=True, timeout=60, **options)

    def popen(self, *arguments, wrapper=()):
        """The host, not yet ready; `wrapper` is what starts it, as who we are."""
        environment = self.environment()
        del environment["KOPIS_HOME"]
        return subprocess.Popen(
            [*wrapper, *self.command(
                "run", "--home", self.home, "--smtp", f"{self.smtp_host}:{self.smtp_port}",
                "--pop3", f"127.0.0.1:{self.pop3_port}",
                "--submission", f"127.0.0.1:{self.submission_port}",
                "--submissions", f"127.0.0.1:{self.submissions_port}",
                "--pop3s", f"127.0.0.1:{self.pop3s_port}", *arguments)],
            env=environment, cwd=self.base, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A shell's background jobs ignore it, and pass that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def start(self):
        """Starts and waits until the host says that it is ready."""
        began = self._length
        self.process = self.popen()
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self.wait_log(r"^ready\b", timeout=30, since=began)

    def _read(self, process):
        for line in process.stdout:
            with self._changed:
                self._parts.append(line.decode("latin-1"))
                self._length += len(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def stop(self, timeout=10):
        """SIGTERM, then its exit code; how long it took is in `stopping`."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        self.stopping = time.monotonic() - began
        return code

    def close(self):
        """Ends everything and removes the files."""
        if self.process and self.process.poll() is None:
            self.kill_everything()
        if self.process:
            self.process.stdout.close()
        shutil.rmtree(self.base, ignore_errors=True)

    def add_mailbox(self):
        """The mailbox of `address` with `password`, which costs little to check. Before the first
        start also that of who starts it, which else is made then with a hash that costs 0.2 s."""
        owner = NOBODY if os.geteuid() == 0 else None
        virtual_users.write(self.home, self.address, self.password.encode(), owner)
        if self.process is None:
            me = pwd.getpwuid(NOBODY if owner else os.geteuid()).pw_name
            virtual_users.write(self.home, f"{me}@{self.me}", secrets.token_bytes(12), owner)
        result = self.run("user", "compile")
        if result.returncode != 0:
            raise AssertionError(result)

    def add_mailbox_by_command(self):
        """The same as whoever runs the host does it, also in a domain that was not the host's."""
        result = self.run("user", "add", self.address, "--password-file", "-", "--new-domain",
                          input=self.password.encode() + b"\n")
        if result.returncode != 0:
            raise AssertionError(result)

    # Processes --------------------------------------------------------------------------------

    def all_pids(self):
        """The supervisor and everything below it."""
        known = {self.process.pid}
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        grown = True
        while grown:
            more = {pid for pid in pids if parent(pid) in known} - known
            known |= more
            grown = bool(more)
        return known

    def name_of(self, pid):
        words = command_line(pid)
        name = os.path.basename(words[0]).decode() if words else ""
        return words[1].decode() if name == "kopis" and len(words) > 1 else name

    def pids(self, name):
        """The processes of one program."""
        return [pid for pid in self.all_pids() if self.name_of(pid) == name]

    def kill_everything(self):
        """SIGKILL to all at once, the supervisor first; waits until all are gone."""
        pids = self.all_pids()
        for pid in [self.process.pid, *(pids - {self.process.pid})]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(10)
        self.wait_until(lambda: not any(self.is_ours(pid) for pid in pids), timeout=20)

    def is_ours(self, pid):
        words = command_line(pid)
        try:
            return bool(words) and os.readlink(f"/proc/{pid}/exe").startswith(str(self.binary))
        except OSError:
            return False

    def memory_peaks(self):
        """(program, pid, peak resident KiB) of each process."""
        peaks = []
        for pid in self.all_pids():
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            if found := re.search(r"^VmHWM:\s+(\d+) kB", status, re.M):
                peaks.append((self.name_of(pid), pid, int(found.group(1))))
        return peaks

    def alarm(self):
        """SIGALRM to qmail-send: everything is due now."""
        for pid in self.pids("qmail-send"):
            os.kill(pid, signal.SIGALRM)

    # Files ------------------------------------------------------------------------------------

    def write(self, name, text):
        """A file of the home, owned as the home is."""
        path = self.home / name
        made = [p for p in [path, *path.parents] if not p.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if os.geteuid() == 0:
            for p in made:
                os.chown(p, NOBODY, NOBODY)

    def remove(self, name):
        (self.home / name).unlink()

    def control(self, name, *lines):
        """A control file, one line each; who runs has seen the change when this returns."""
        self.write(f"control/{name}", "".join(f"{line}\n" for line in lines))
        if self.process and self.process.poll() is None:
            time.sleep(self.LOOK_AGAIN)

    def rules(self, *lines):
        """tcprules.txt, compiled."""
        self.control("tcprules.txt", *lines)
        result = self.run("tcprules", self.home / "control/tcprules.dat",
                          self.home / "control/tcprules.tmp",
                          input=(self.home / "control/tcprules.txt").read_bytes())
        if result.returncode != 0:
            raise AssertionError(result)

    def make_maildir(self, path):
        path = pathlib.Path(path)
        for directory in (path, path / "tmp", path / "new", path / "cur"):
            directory.mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.chown(directory, NOBODY, NOBODY)

    def maildir(self, address):
        local, _, domain = address.partition("@")
        return self.home / "users" / "mail" / domain / local / "Maildir"

    def mail_files(self, address):
        """Delivered files, oldest first."""
        box = self.maildir(address)
        files = {}
        for name in ("new", "cur"):
            for path in (box / name).iterdir() if (box / name).is_dir() else ():
                try:
                    files[path] = path.lstat().st_mtime_ns
                except FileNotFoundError:
                    pass  # A reader took it meanwhile, or moved it: then it is met again.
        return sorted(files, key=files.get)

    # Waiting ----------------------------------------------------------------------------------

    @staticmethod
    def wait_until(condition, timeout=30, why=lambda: "it did not happen"):
        """Polls, for what has no event of its own (files, processes)."""
        return waiting.wait_until(condition, timeout, why)

    def wait_mail(self, address, count, timeout=30):
        self.wait_until(lambda: len(self.mail_files(address)) >= count, timeout,
                        lambda: f"{len(self.mail_files(address))} of {count} messages for "
                                f"{address}; log ends:\n{self.log()[-3000:]}")
        return self.mail_files(address)

    def log(self):
        with self._changed:
            self._parts = ["".join(self._parts)]
            return self._parts[0]

    def log_lines(self):
        return self.log().splitlines()

    def wait_log(self, pattern, timeout=30, since=0):
        """The first match of a pattern (multi-line) in what the host printed."""
        return self._wait(lambda text: re.search(pattern, text[since:], re.M), pattern, timeout)

    def wait_log_count(self, pattern, count, timeout=30):
        """Until so many lines match."""
        def enough(text):
            return len(re.findall(pattern, text, re.M)) >= count
        self._wait(enough, f"{count} × {pattern}", timeout)

    def _wait(self, found, what, timeout):
        deadline = time.monotonic() + timeout
        while True:
            text, looked = self.log(), time.monotonic()
            if match := found(text):
                return match
            cost = time.monotonic() - looked
            left = deadline - time.monotonic()
            dead = self.process is not None and self.process.poll() is not None
            with self._changed:
                more = self._changed.wait_for(
                    lambda: self._length > len(text), 0.5 if dead else min(left, 1))
            if left <= 0 or (dead and not more):
                raise AssertionError(f"never seen: {what}; the host printed:\n{text[-4000:]}")
            time.sleep(2 * cost)  # A long log is not looked at for each line.


class HostCase(unittest.TestCase):
    """A test with a host of its own, started, with one mailbox."""

    is_root = os.geteuid() == 0

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        self.host.add_mailbox()
        self.host.start()

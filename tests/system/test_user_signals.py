"""A local user who stops and kills all that ever carries his uid, each thread of it, while mail is
delivered and read: his own mail may wait for that, nobody else's does."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time
import unittest

from figures import tell
from test_pop3_rights import Pop3Case
from test_listeners import PASSWORD

ROUNDS = 12  # Of a mail and a login each, for each signal.

# Sends the signal to every thread that may be had, most often to root's processes and what these
# have started. Prints what it hit of root's, once each. Arguments: the signal, root's processes.
LOOP = r"""
import ctypes, os, sys
libc, number = ctypes.CDLL(None), 234 if os.uname().machine == "x86_64" else 131
wanted, roots, told = int(sys.argv[1]), [int(word) for word in sys.argv[2:]], set()

def names(path):
    try:
        return [int(name) for name in os.listdir(path) if name.isdigit()]
    except OSError:
        return []

def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []

def hit(pid):
    if pid == os.getpid():
        return
    for tid in names(f"/proc/{pid}/task"):
        if libc.syscall(number, pid, tid, wanted) == 0 and pid in roots and pid not in told:
            told.add(pid)
            print(pid, flush=True)
    try:
        os.kill(pid, wanted)
    except OSError:
        pass

print("ready", flush=True)
while True:
    for _ in range(50):
        for root in roots:
            hit(root)
            for child in children(root):
                hit(child)
    for pid in names("/proc"):
        hit(pid)
"""


class UserSignals(Pop3Case):
    """The binary of before lent a thread of root's to each user for whom it started a process. With
    SIGSTOP qmail-lspawn stood still, the mail of all with it, and nobody noticed; with SIGKILL it
    died, and all deliveries began again. The POP3 listeners, root's, were a user while they served
    him: each of the two ended the sessions of all."""

    @classmethod
    def prepare(cls):
        super().prepare()
        # A uid that no user of another test's host has: signals go to all of the machine.
        cls.mallory = cls.host.add_user("mallory", "--uid", 30_000 + os.getpid() % 30_000)
        cls.host.run("chpasswd", stdin=f"mallory:{PASSWORD}\n".encode())

    def setUp(self):
        super().setUp()
        self.maildir["mallory"] = self.mallory / "Maildir"

    def submit(self, recipient, subject):
        self.host.run(self.host.home / "bin/sendmail", "-f", "", recipient,
                      stdin=f"Subject: {subject}\n\nx\n".encode())

    def roots(self):
        """Root's processes: pid to program."""
        return {pid: name for name, pids in self.host.pids().items() for pid in pids
                if pathlib.Path(f"/proc/{pid}").stat().st_uid == 0}

    def is_there(self, pid):
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return stat[stat.rindex(")") + 2] not in "TtZX"

    def subjects(self, name):
        return [path.read_text("latin-1").partition("Subject: ")[2].partition("\n")[0]
                for path in self.host.mail(self.maildir[name])]

    def log_in(self, name):
        """Whether he is let in; his session ends with that."""
        session = self.login(name)
        if not isinstance(session, tuple):
            return session
        session[1].close()
        session[0].close()
        return True

    def knock(self):
        """mallory logs in, as far as he lets himself."""
        try:
            self.log_in("mallory")
        except (OSError, TypeError):
            pass  # His session was ended before a greeting, or in the middle.

    def test_deliveries(self):
        for name in ("joe", "mallory"):
            self.submit(name, "first")
            self.host.wait_mail(self.maildir[name])
        for sent in (signal.SIGSTOP, signal.SIGKILL):
            with self.subTest(sent.name), self.attack(sent) as roots:
                took = [self.deliver(f"{sent.name} {number}", roots) for number in range(ROUNDS)]
                tell(f"a user sends {sent.name} to all that carries his uid: another's mail takes "
                     f"{max(took):.2f} s at most")
            self.arrive(sent)

    def deliver(self, subject, roots):
        """His mail and another's; how long that takes."""
        self.submit("mallory", subject)
        began = time.monotonic()
        self.submit("joe", subject)
        self.host.wait_until(
            lambda: subject in self.subjects("joe"),
            lambda: f"{subject}: another's mail waits; root's {self.gone(roots)} are not there or "
                    f"stand still; {self.host.log()}")
        took = time.monotonic() - began
        self.assertEqual({}, self.gone(roots), subject)
        return took

    def test_logins(self):
        for sent in (signal.SIGSTOP, signal.SIGKILL):
            with self.subTest(sent.name), self.attack(sent) as roots:
                took = []
                for _ in range(ROUNDS):
                    self.knock()
                    began = time.monotonic()
                    self.assertIs(True, self.log_in("ann"))
                    took.append(time.monotonic() - began)
                    self.assertEqual({}, self.gone(roots))
                tell(f"a user sends {sent.name} to all that carries his uid: another's login takes "
                     f"{max(took):.2f} s at most")

    def gone(self, roots):
        return {pid: name for pid, name in roots.items() if not self.is_there(pid)}

    @contextlib.contextmanager
    def attack(self, sent):
        """While it goes on; at its end he must not have hit anything of root's."""
        roots = self.roots()
        self.assertLessEqual({"qmail-start", "qmail-lspawn"}, set(roots.values()))
        loop = self.host.spawn(
            "setpriv", "--reuid", "mallory", "--regid", "mallory", "--clear-groups", "python3", "-c",
            LOOP, int(sent), *roots, stdout=subprocess.PIPE)
        try:
            self.assertEqual(b"ready\n", loop.stdout.readline())
            yield roots
        finally:
            loop.kill()
            loop.wait()
            hits = loop.stdout.read().split()
            loop.stdout.close()
        self.assertEqual([], [roots[int(pid)] for pid in hits], "he hit root's")
        self.assertEqual(roots, self.roots())

    def arrive(self, sent):
        """What he kept from himself is there once he leaves off; nothing is lost."""
        wanted = {f"{sent.name} {number}" for number in range(ROUNDS)}

        def all_there():
            for pid in self.host.pids().get("qmail-send", []):
                os.kill(pid, signal.SIGALRM)  # All is due.
            time.sleep(0.1)
            return wanted <= set(self.subjects("mallory"))

        self.host.wait_until(
            all_there, lambda: f"of {wanted} there is {self.subjects('mallory')}; {self.host.log()}", 60)


if __name__ == "__main__":
    unittest.main()

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

# Sends one signal to each thread of root's processes, another to all else that may be had, most often to
# what root's have started. Prints what it hit of root's, once each. Arguments: the two signals, root's
# processes.
LOOP = r"""
import ctypes, os, sys
libc, number = ctypes.CDLL(None), 234 if os.uname().machine == "x86_64" else 131
to_root, to_own = map(int, sys.argv[1:3])
roots, told = [int(word) for word in sys.argv[3:]], set()

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
    wanted = to_root if pid in roots else to_own
    for tid in names(f"/proc/{pid}/task"):
        if libc.syscall(number, pid, tid, wanted) == 0 and pid in roots and pid not in told:
            told.add(pid)
            print(pid, flush=True)

print("ready", flush=True)
while True:
    for _ in range(20):
        for root in roots:
            for _ in range(20):
                hit(root)
            for child in children(root):
                hit(child)
    for pid in names("/proc"):
        hit(pid)
"""


class UserSignals(Pop3Case):
    """The binary of before lent a thread of root's to each user for whom it started a process. Here he
    hit qmail-lspawn within four mails: with SIGSTOP it stood still, and another's mail waited for more than
    30 seconds; with SIGKILL it ended. He hit root's POP3 listener, too: with SIGSTOP another's handshake
    timed out, with SIGKILL connections were refused. Where he only stopped his own processes, root was not
    hit, but ten that stood still had all places, and another's mail waited."""

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
        """His own are killed, so that root starts one for each mail, and each is a chance."""
        self.deliveries(signal.SIGSTOP, signal.SIGKILL)

    def test_deliveries_that_end_root(self):
        self.deliveries(signal.SIGKILL, signal.SIGKILL)

    def test_deliveries_that_stand_still(self):
        self.deliveries(signal.SIGSTOP, signal.SIGSTOP)

    def deliveries(self, to_root, to_own):
        for name in ("joe", "mallory"):
            self.submit(name, "first")
            self.host.wait_mail(self.maildir[name])
        word = f"{to_root.name} {to_own.name}"
        with self.attack(to_root, to_own) as roots:
            took = [self.deliver(f"{word} {number}", roots) for number in range(ROUNDS)]
        tell(f"a user sends {to_root.name} to root and {to_own.name} to all of his own: another's mail "
             f"takes {max(took):.2f} s at most")
        self.arrive(word)

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
        self.logins(signal.SIGSTOP)

    def test_logins_that_end_root(self):
        self.logins(signal.SIGKILL)

    def logins(self, sent):
        with self.attack(sent, signal.SIGKILL) as roots:
            took = []
            for _ in range(ROUNDS):
                self.knock()
                began = time.monotonic()
                self.assertIs(True, self.log_in("ann"))
                took.append(time.monotonic() - began)
                self.assertEqual({}, self.gone(roots))
        tell(f"a user sends {sent.name} to root and kills his own: another's login takes "
             f"{max(took):.2f} s at most")

    def gone(self, roots):
        return {pid: name for pid, name in roots.items() if not self.is_there(pid)}

    @contextlib.contextmanager
    def attack(self, to_root, to_own):
        """While it goes on; at its end he must not have hit anything of root's."""
        roots = self.roots()
        self.assertLessEqual({"qmail-start", "qmail-lspawn"}, set(roots.values()))
        loop = self.host.spawn(
            "setpriv", "--reuid", "mallory", "--regid", "mallory", "--clear-groups", "python3", "-c",
            LOOP, int(to_root), int(to_own), *roots, stdout=subprocess.PIPE)
        try:
            self.assertEqual(b"ready\n", loop.stdout.readline())
            yield roots
        finally:
            loop.kill()
            loop.wait()
            hits = [roots.get(int(pid)) for pid in loop.stdout.read().split()]
            loop.stdout.close()
            tell(f"of root's processes he hit {hits}")
        self.assertEqual([], hits)
        self.assertEqual(roots, self.roots())

    def arrive(self, word):
        """What he kept from himself is there once he leaves off; nothing is lost."""
        wanted = {f"{word} {number}" for number in range(ROUNDS)}

        def all_there():
            for pid in self.host.pids().get("qmail-send", []):
                os.kill(pid, signal.SIGALRM)  # All is due.
            time.sleep(0.1)
            return wanted <= set(self.subjects("mallory"))

        self.host.wait_until(
            all_there, lambda: f"of {wanted} there is {self.subjects('mallory')}; {self.host.log()}", 60)


if __name__ == "__main__":
    unittest.main()

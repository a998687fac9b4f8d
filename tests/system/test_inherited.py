"""What users' processes are given of root's: nothing, whatever qmail-start was given."""

import os
import pathlib
import re
import subprocess
import unittest

from test_listeners import PASSWORD, UnitsCase

SECRET = "word-of-roots-environment"
GIVEN = (7, 8, 50, 300)  # Descriptors that qmail-start is started with.
HARMFUL = {  # And variables: what loaders, runtimes and shells obey, and what only looks so.
    "SECRET": SECRET, "ROOT_WORD": SECRET, "LD_PRELOAD": f"/{SECRET}.so",
    "LD_LIBRARY_PATH": f"/{SECRET}", "LD_AUDIT": f"/{SECRET}.so", "DOTNET_gcServer": "0",
    "DOTNET_GCName": f"{SECRET}.so", "BASH_ENV": f"/{SECRET}", "ENV": f"/{SECRET}",
    "IFS": SECRET, "PS4": SECRET, "GCONV_PATH": f"/{SECRET}", "LOCPATH": f"/{SECRET}",
    "MALLOC_PERTURB_": "1", "PYTHONPATH": f"/{SECRET}", "PERL5LIB": f"/{SECRET}",
    "HOME": f"/{SECRET}", "USER": SECRET, "SHELL": f"/{SECRET}", "MAIL": SECRET,
    "SSL_CERT_FILE": f"/{SECRET}", "HOSTALIASES": f"/{SECRET}", "RES_OPTIONS": "debug",
    "SENDER": SECRET, "EXT": SECRET, "HOST9": SECRET, "TCPREMOTEIP": "192.0.2.9", "RELAYCLIENT": "",
}
OUR_OWN = {"PATH", "TZ", "LANG", "QMAILQUEUE", "QMAILREMOTE", "DNSCACHEIP", "HOME"}  # qmail-start(8)
DELIVERY = {  # qmail-command(8)
    "SENDER", "NEWSENDER", "RECIPIENT", "USER", "HOME", "HOST", "HOST2", "HOST3", "HOST4", "LOCAL",
    "EXT", "EXT2", "EXT3", "EXT4", "DEFAULT", "DTLINE", "RPLINE", "UFLINE"}
SHELL = {"PWD", "OLDPWD", "SHLVL", "_"}  # It sets these itself.
# What the runtime opens for itself, sockets and pipes that were made for the process, and a message.
MADE = r"/dev/(null|urandom)|socket:\[\d+\]|pipe:\[\d+\]|anon_inode:.*|/memfd:message \(deleted\)"
USERS = ("qmail-local", "qmail-pop3d")


def environment(pid):
    """Of a process as it was started: name to value."""
    block = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode("latin-1")
    return dict(record.split("=", 1) for record in block.split("\0") if record)


def descriptors(pid):
    """Number to what it leads to."""
    found = {}
    for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(path.name)] = os.readlink(path)
        except FileNotFoundError:
            pass  # Closed meanwhile.
    return found


def is_allowed(name, more=frozenset()):
    return name in OUR_OWN | more or name.startswith(("LC_", "KOPIS_"))


class Inherited(UnitsCase):
    """Before, descriptors 1 and 2 of a user's qmail-local were root's log, and root's whole
    environment and what it had inherited went to it as well, and to all others."""

    @classmethod
    def prepare(cls):
        super().prepare()
        host = cls.host
        host.dot("joe", "wait", f"|env > {cls.joe}/env; mkfifo {cls.joe}/fifo; cat {cls.joe}/fifo;"
                                " echo forged; echo forged >&2; exit 0")

    @classmethod
    def start_host(cls):
        """Given open files above and below those that are used, for reading and for writing."""
        cls.secret = cls.host.base / "secret"
        cls.secret.write_text(SECRET)
        cls.secret.chmod(0o600)
        opened = " ".join(f"{number}<>{cls.secret}" for number in GIVEN)
        variables = [f"{name}={value}" for name, value in HARMFUL.items()]
        path = f"PATH={cls.host.home}/bin:/usr/bin:/bin"
        with open(cls.host.base / "lines", "ab") as log:
            cls.host.spawn("bash", "-c", f"exec {opened}; exec \"$@\"", "bash", "env", *variables,
                           path, cls.host.home / "bin/qmail-start", "./Maildir/",
                           stdout=log, stderr=log)
        cls.host.wait_served()

    def setUp(self):
        if not hasattr(type(self), "started"):
            type(self).started = True
            self.run_all()

    def run_all(self):
        """A host in use: a program of a user's runs, and he reads his mail."""
        host = self.host
        host.shell(f"printf '\\n' | {host.home}/bin/sendmail joe-wait")
        fifo = self.joe / "fifo"
        host.wait_until(fifo.exists, lambda: f"it never ran; log: {host.log()}")
        self.addClassCleanup(self.let_go)
        client = host.spawn("openssl", "s_client", "-quiet", "-connect", "127.0.0.1:995",
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
        self.addClassCleanup(client.stdout.close)
        self.addClassCleanup(client.stdin.close)
        self.assertTrue(client.stdout.readline().startswith(b"+OK"))
        for word in (b"USER joe", f"PASS {PASSWORD}".encode(), b"STAT"):
            client.stdin.write(word + b"\r\n")
            client.stdin.flush()
            said = client.stdout.readline()
            self.assertTrue(said.startswith(b"+OK"), said)

    @classmethod
    def let_go(cls):
        """His program ends, if it still runs."""
        try:
            os.close(os.open(cls.joe / "fifo", os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass  # Nobody reads there.

    def program(self):
        """The shell of joe's program, which waits."""
        [local] = self.host.pids()["qmail-local"]
        [pid] = [int(word) for path in pathlib.Path(f"/proc/{local}/task").glob("*/children")
                 for word in path.read_text().split()]
        return pid

    def test_a_program_of_a_user_has_three_descriptors(self):
        found = descriptors(self.program())
        self.assertEqual({0, 1, 2}, set(found))
        for number in (1, 2):
            self.assertRegex(found[number], r"\Apipe:\[\d+\]\Z")

    def test_a_program_of_a_user_has_the_variables_of_a_delivery(self):
        for names in (environment(self.program()),
                      dict(line.split("=", 1) for line in
                           (self.joe / "env").read_text().splitlines() if "=" in line)):
            self.assertEqual([], [name for name in names if not is_allowed(name, DELIVERY | SHELL)])
            self.assertNotIn(SECRET, str(names))
            self.assertEqual(str(self.joe), names["HOME"])

    def test_users_processes_have_no_output_of_roots(self):
        log = str(self.host.base / "lines")
        for name in USERS:
            [pid] = self.host.pids()[name]
            found = descriptors(pid)
            for number in (1, 2):
                self.assertEqual("/dev/null", found[number], name)
            self.assertNotIn(log, found.values(), name)
            self.assertEqual({}, {number: where for number, where in found.items()
                                  if not re.fullmatch(MADE, where)
                                  and not where.startswith(str(self.joe))}, name)

    def test_who_asks_for_names_has_no_output_of_roots(self):
        """It runs modules of the name service, or the site's own program."""
        for pid in self.host.pids()["qmail-getpw"]:
            found = descriptors(pid)
            self.assertEqual({}, {number: where for number, where in found.items()
                                  if not re.fullmatch(MADE, where)})
            self.assertEqual(("/dev/null", "/dev/null"), (found[1], found[2]))

    def test_no_process_has_what_qmail_start_was_given(self):
        [start] = self.host.pids()["qmail-start"]
        self.assertEqual(str(self.secret), descriptors(start).get(GIVEN[0]))  # It was given it.
        self.assertEqual(SECRET, environment(start)["SECRET"])
        seen = set()
        for name, pids in self.host.pids().items():
            for pid in [pid for pid in pids if pid != start]:
                seen.add(name)
                self.assertNotIn(str(self.secret), descriptors(pid).values(), name)
                if name != "tcpserver":  # The units' own, started by this test.
                    names = environment(pid)
                    self.assertEqual([], [each for each in names if not is_allowed(each)], name)
                    self.assertNotIn(SECRET, str(names), name)
        self.assertLessEqual(
            {"qmail-queue", "qmail-journal", "qmail-send", "qmail-lspawn", "qmail-popspawn", "qmail-lookup",
             "qmail-rspawn", "qmail-clean", "qmail-getpw", *USERS}, seen)

    def test_what_a_program_writes_comes_to_qmail_send_alone(self):
        self.let_go()
        self.host.wait_log(r"^delivery \d+: success: forged/forged/did_0\+0\+1/$")
        self.assertNotRegex((self.host.base / "lines").read_text("latin-1"), r"(?m)^forged")


if __name__ == "__main__":
    unittest.main()

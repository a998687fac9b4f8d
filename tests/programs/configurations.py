"""What test_configurations runs: programs with arguments that end by themselves, and what may come
of them: an answer, or one line and 100 or 111."""

import os
import re
import subprocess

from harness import BIN, NOBODY

MAIL = b"From: joe@mx.example\nTo: ann@mx.example\nSubject: x\n\nbody\n"
SMTP = (b"EHLO client.example\r\nMAIL FROM:<joe@client.example>\r\n"
        b"RCPT TO:<ann@mx.example>\r\nRCPT TO:<x@elsewhere.example>\r\nQUIT\r\n")
TIMEOUT = 30

# Arguments and input; a program that is not here has neither.
WORDS = {
    "addcr": ((), b"a\n"), "delcr": ((), b"a\r\n"), "tai64n": ((), b"a\n"),
    "argv0": (("true", "x"), b""), "except": (("false",), MAIL), "preline": (("cat",), MAIL),
    "fixcrio": (("cat",), b"a\n"), "recordio": (("cat",), b"a\n"),
    "tcp-env": (("-R", "true"), b""), "tcpclient": (("-RHl0", "127.0.0.1", "9", "true"), b""),
    "tcprulescheck": (("control/none",), b""), "maildirmake": (("alias/box",), b""),
    "qmail-getpw": (("nobody-knows-him",), b""), "qmail-lookup": (("x@elsewhere.example",), b""),
    "qmail-inject": (("-n",), MAIL), "sendmail": (("-bp",), b""),
    "qmail-popup": (("mx.example", "true"), b"QUIT\r\n"),
    "qmail-smtpd": (("mx.example", "checkpassword", "true"), SMTP),
    "qmail-remote": (("127.0.0.1", "joe@mx.example", "x@[127.0.0.1]"), MAIL),
    "qmail-local": (("-n", "joe", "alias", "joe", "", "", "mx.example", "", "./Mailbox"), MAIL),
    "tai64nlocal": ((), b"@4000000037c219bf2ef02e94 x\n"),
    "kopis run": (("--nonsense",), b""), "kopis install": (("--nonsense",), b""),
    "kopis check-install": (("--nonsense",), b""), "kopis user": (("list",), b""),
    "kopis domain": (("list",), b""), "kopis alias": (("list",), b""),
    "kopis queue": (("list",), b""), "kopis certificate": (("--nonsense",), b""),
    "kopis backup": (("backup",), b""), "kopis verify": (("backup",), b""),
    "kopis restore": (("backup",), b""), "vacation": (("-t", "7"), MAIL),
    "kopis acme": ((), b""), "kopis config": (("check",), b""),
    "datemail": (("-bp",), b""), "printmaillist": ((), b""),
    "qmail-start": (("./Mailbox", "no-such-logger"), b""),  # Else it starts a host.
    "forward": (("x@mx.example",), MAIL), "condredirect": (("x", "false"), MAIL),
    "bouncesaying": (("no", "false"), MAIL), "mailsubj": (("x", "y"), b""),
}

# Without a word by their contract: the code says it, or their report is not on these descriptors.
SILENT = {"checkpassword", "qmail-getpw", "qmail-lspawn", "qmail-queue", "qmail-qmqpc", "qmail-send",
          "qmail-local", "qmail-rspawn", "tai64n", "tai64nlocal"}

# Descriptors besides 0, 1 and 2 that are part of how they are called.
OWN = {"checkpassword": {3}, "qmail-popspawn": {3}, "qmail-lspawn": {3},
       "qmail-send": {3, 4, 5, 6}, "tcpclient": {6, 7}}

NUMBERS = re.compile(rb"[0-9a-f]{16,}|\d+")
TRACES = re.compile(rb"Unhandled|\bunexpected \w+Exception|^ +at |--->", re.M)


def programs():
    """All of the program table, and the words of kopis."""
    names = subprocess.run([BIN / "kopis", "--programs"], capture_output=True, check=True).stdout
    return [*(name for name in names.decode().split() if name != "kopis"),
            *(name for name in WORDS if name.startswith("kopis "))]


def command(name):
    """argv and input of a program."""
    words, stdin = WORDS.get(name, ((), b""))
    first, *rest = name.split()
    return [str(BIN / first), *rest, *words], stdin


class Outcome:
    """What came of one run."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}, out {self.out[:300]!r}, err {self.err[:600]!r}"

    def same(self):
        """For comparisons: numbers of processes, messages and times are others each time, and two
        who write to standard error have no order."""
        return (self.code, NUMBERS.sub(b"0", self.out),
                sorted(NUMBERS.sub(b"0", self.err).splitlines()))


def run(case, name, shell="", as_root=False, argv=None, stdin=None, **more):
    """Runs a program, as nobody where we are root: some would change the host. `shell` is what sh
    does before it becomes it: redirections."""
    user = None if as_root else non_root()
    words, data = command(name)
    words = argv or words
    if shell:
        words = ["sh", "-c", f"exec \"$0\" \"$@\" {shell}", *words]
    options = {"user": user, "group": user, "extra_groups": []} if user else {}
    try:
        done = subprocess.run(
            words, input=data if stdin is None else stdin, capture_output=True, timeout=TIMEOUT,
            cwd=case.home, env=case.environment(**{"DNSCACHEIP": "127.0.0.1", **more}),
            check=False,
            **options)
    except subprocess.TimeoutExpired as late:
        return Outcome("never", late.stdout or b"", late.stderr or b"")
    return Outcome(done.returncode, done.stdout, done.stderr)


def fault(name, outcome, hears=(1, 2)):
    """What is wrong with an outcome, in a word; None: it is right. `hears` are the descriptors that
    somebody listens to."""
    if outcome.code == "never":
        return "hangs"
    if outcome.code < 0:
        return f"killed by signal {-outcome.code}"
    if TRACES.search(outcome.err) or TRACES.search(outcome.out):
        return "a trace, or a bug"
    if outcome.code in (100, 111) and 2 in hears and name.split()[0] not in SILENT:
        lines = [line for line in outcome.err.splitlines() if b": warning: " not in line]
        if len(lines) != 1 and not outcome.out and b"usage: " not in outcome.err:
            return f"{len(lines)} lines"
    if outcome.code not in (0, 1, 2, 100, 111) and name.split()[0] not in SILENT:
        return "an exit code that is none"
    return None


def non_root():
    """The user for whom mode 0 means something: nobody, where we are root."""
    return NOBODY if os.geteuid() == 0 else None

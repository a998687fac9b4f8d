"""A host by its configuration: each control file and each file of users/ in each state, each program
under each host name and with each set of open descriptors. Always a start with the right answer, or
one line and exit 100 or 111; never a trace, never silence, never a hang. Of many cases each day tries
others, MOST of each test; KOPIS_CASES=all, as ./test --soak sets it, tries all."""

import concurrent.futures
import datetime
import os
import pathlib
import random
import re
import shutil
import socket
import tempfile
import unittest

from configurations import command, fault, non_root, programs, run
from harness import BIN, ProgramCase

WORKERS = max(2, len(os.sched_getaffinity(0)))
MOST = 150

# Who reads control files and ends by himself. qmail-send is given spawners that say nothing.
READERS = ("qmail-smtpd", "qmail-qmtpd", "qmail-qmqpd", "qmail-inject", "qmail-remote",
           "qmail-showctl", "qmail-newmrh", "qmail-qread", "qmail-popup", "kopis domain",
           "kopis acme", "qmail-rspawn", "qmail-qmqpc", "qmail-send")
USERS_READERS = ("qmail-newu", "qmail-pw2u", "qmail-lookup", "qmail-getpw", "kopis user",
                 "kopis alias", "kopis domain")
USERS_FILES = ("assign", "cdb", "virtual", "virtual.cdb", "aliases", "aliases.cdb", "append",
               "include", "exclude", "mailnames", "subusers", "mail", "lookup")

HUGE = b"9" * 60
STATES = {
    "empty": lambda path: path.write_bytes(b""),
    "an empty line": lambda path: path.write_bytes(b"\n\n"),
    "a directory": lambda path: path.mkdir(),
    "a FIFO": lambda path: os.mkfifo(path),
    "a socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
    "a link to nothing": lambda path: path.symlink_to("none"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "unreadable": lambda path: (path.write_bytes(b"x\n"), path.chmod(0)),
    "huge": lambda path: path.write_bytes(HUGE + b"\n"),
    "over 2^31": lambda path: path.write_bytes(b"2147483648\n"),
    "2^31 - 1": lambda path: path.write_bytes(b"2147483647\n"),
    "a long line": lambda path: path.write_bytes(b"a" * 70000 + b"\n"),
    "a NUL": lambda path: path.write_bytes(b"a\0b\n\0\n"),
    "all bytes": lambda path: path.write_bytes(bytes(range(256))),
    "no last LF": lambda path: path.write_bytes(b"1"),
}

# Greetings and replies that wait so long as they are told to are no hang.
WAITS = {"greetdelay": ("huge", "over 2^31", "2^31 - 1")}


def of_today(jobs):
    """All of a few jobs; of many those whose day it is."""
    if len(jobs) <= MOST or os.environ.get("KOPIS_CASES") == "all":
        return jobs
    return random.Random(datetime.date.today().toordinal()).sample(jobs, MOST)


def at_once(jobs, work):
    """Does the jobs side by side; their results in order."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda job: work(*job), jobs))


class Configurations(ProgramCase):
    def check(self, jobs, work):
        """Runs jobs (what, …) through work(…), which says what is wrong."""
        jobs = of_today(jobs)
        wrong = [f"{job}: {said}" for job, said in zip(jobs, at_once(jobs, work)) if said]
        self.assertEqual([], wrong[:40], f"{len(wrong)} of {len(jobs)}")

    def home_of(self, *parts):
        """A home beside ours that a job may spoil; removed afterwards."""
        home = pathlib.Path(tempfile.mkdtemp(prefix="kopis-", dir=self.home))
        home.chmod(0o755)
        shutil.copytree(self.home / "control", home / "control")
        for name in ("users", "alias", "queue/mess", "queue/state", "queue/bounce", "queue/lock",
                     *parts):
            (home / name).mkdir(parents=True, exist_ok=True)
        if non_root():
            for path in [home, *home.rglob("*")]:
                os.chown(path, non_root(), non_root())
        return home

    def run_in(self, home, name, **more):
        """A program with a home of a job's."""
        return run(_Home(self, home), name, **more)

    def showctl(self, home=None):
        return run(_Home(self, home or self.home), "qmail-showctl").out.decode("latin-1")

    def control_files(self):
        """All of qmail-showctl's table."""
        return re.findall(r"^\n([\w.-]+): ", self.showctl(), re.M)


class _Home:
    """A home in place of the case's own."""

    def __init__(self, case, home):
        self.case, self.home = case, home

    def environment(self, **more):
        return self.case.environment(**{"KOPIS_HOME": str(self.home), **more})


class Files(Configurations):
    """Each file in each state, before each program that reads it."""

    def test_there_is_a_table(self):
        self.assertGreater(len(self.control_files()), 80)

    def test_control_files(self):
        readers = self.readers("control", READERS, self.control_files())
        jobs = [(name, state, program) for name, programs_ in readers.items()
                for turn, state in enumerate(STATES) if state not in WAITS.get(name, ())
                for program in self.some(programs_, turn)]
        self.assertGreater(len(jobs), 1000)
        self.check(jobs, lambda name, state, program: self.try_state(
            "control", name, state, program))

    def test_every_control_file_has_a_reader(self):
        """But those that listeners, the queue's writer and kopis run read."""
        readers = self.readers("control", READERS, self.control_files())
        unread = {name for name in self.control_files() if not readers.get(name)}
        self.assertEqual(set(), unread - {
            "concurrencyincoming", "concurrencyintake", "localrecipients", "queueshare",
            "timeoutintake", "concurrencypop3", "maxperaddress", "maxpernetwork", "proxyclients",
            "tcprules.dat", "tcprules.txt", "unknownrcpt", "loginaccounttries",
            "loginnetworktries", "logintries", "loginwindow", "dovecotauth", "oauthaudience",
            "oauthclaim", "oauthissuer", "oauthkeys", "servercert.pem", "servercerts",
            "clientca.pem", "clientcert.pem", "acmeca.pem", "norcptcheck", "submissionrate",
            "submissionrecipients", "pop3cleartext", "openrelay", "morercpthosts.cdb",
            "aliasesfirst", "catchallfirst"})

    def test_the_catalogue_names_who_reads(self):
        """What the kernel sees a program ask for, its row says that it reads."""
        readers = self.readers("control", READERS, self.control_files())
        wrong = []
        for name, programs_ in readers.items():
            said = run(self, "kopis", argv=[str(BIN / "kopis"), "config", "explain", name]).out
            pages = re.search(rb"^read by: (.*)$", said, re.M).group(1).decode()
            wrong += [f"{program} reads {name}, which names {pages}" for program in programs_
                      if program not in ("qmail-showctl", "qmail-qread")
                      and f"{program.replace(' ', '-')}(" not in pages]
        self.assertEqual([], wrong)

    def test_files_of_users(self):
        jobs = [(name, state, program) for name in USERS_FILES
                for turn, state in enumerate(STATES)
                for program in self.some(USERS_READERS, turn, most=3)]
        self.check(jobs, lambda name, state, program: self.try_state(
            "users", name, state, program))

    def test_blanks_and_cr_at_line_ends_mean_nothing(self):
        jobs = [(name, end, program) for name, programs_ in
                self.readers("control", READERS, self.control_files()).items()
                if not name.endswith(".pem")  # Another format.
                for turn, end in enumerate((b"\r\n", b" \t\r\n", b"  \n"))
                for program in self.some(programs_, turn, most=1)]
        self.check(jobs, self.try_end)

    @staticmethod
    def some(programs_, turn, most=2):
        """The first who reads a file, always, and others by turns."""
        others = programs_[1:]
        return [*programs_[:1], *(others[(turn + i) % len(others)] for i in range(
            min(most - 1, len(others))))]

    def readers(self, directory, programs_, names):
        """Which of the programs ask for which of the files, as the kernel sees it."""
        def asked(program):
            home = self.home_of()
            trace = home / "trace"
            words = ["strace", "-f", "-qq", "-e", "trace=open,openat,stat,newfstatat,statx,access",
                     "-o", str(trace), *command(program)[0]]
            self.start(_Home(self, home), program, words)
            text = trace.read_text(errors="replace")
            return set(re.findall(rf'/{directory}/([\w.-]+)"', text))

        found = dict(zip(programs_, at_once([(name,) for name in programs_], asked)))
        self.assertTrue(all(found[name] for name in ("qmail-smtpd", "qmail-send", "qmail-inject")))
        return {name: [program for program in programs_ if name in found[program]]
                for name in names}

    def start(self, home, program, words=None):
        """The program in a home; qmail-send with spawners that go at once."""
        if program != "qmail-send":
            return run(home, program, argv=words)
        words = words or command(program)[0]
        # 0 is the log; 2 and 4 say how many deliveries there may be, and end.
        script = ("printf '\\012' > two; exec \"$0\" \"$@\" "
                  "0>log 2<two 4<two 1>/dev/null 3>/dev/null 5>/dev/null 6</dev/null")
        outcome = run(home, program, argv=["sh", "-c", script, *words])
        log = home.home / "log"
        outcome.err = log.read_bytes() if log.exists() else b""
        return outcome

    def try_state(self, directory, name, state, program):
        home = self.home_of()
        path = home / directory / name
        try:
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
            STATES[state](path)
            if non_root():
                os.chown(path, non_root(), non_root(), follow_symlinks=False)
            outcome = self.start(_Home(self, home), program)
            wrong = fault(program, outcome)
            if program == "qmail-send" and not wrong:
                started = b"status: local 0/" in outcome.err
                refused = outcome.err.startswith(b"alert: cannot start: ")
                wrong = None if started or refused else "neither started nor refused"
            return f"{wrong}: {outcome}" if wrong else None
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def try_end(self, name, end, program):
        said = []
        for last in (b"\n", end):
            home = self.home_of()
            lines = [b"1", b"b.example"] if name not in ("xclients", "proxyclients") else [b"::1"]
            (home / "control" / name).write_bytes(b"".join(line + last for line in lines))
            outcome = self.start(_Home(self, home), program)
            outcome.err = outcome.err.replace(str(home).encode(), b"H")
            outcome.out = outcome.out.replace(str(home).encode(), b"H")
            said.append(outcome)
            shutil.rmtree(home, ignore_errors=True)
        return None if said[0].same() == said[1].same() else f"{said[0]} and {said[1]}"


def names_of(length):
    """Host names of that many bytes, by shape."""
    label = b"a" * 63 + b"."
    yield b"a" * length
    yield (label * 5)[:length].rstrip(b".").ljust(length, b"b")
    yield (b"a." * 160)[:length]


class HostNames(Configurations):
    ODD = (b"a..b", b".a", b"a.", b".", b"-a.b", b"a_b.c", b"mx.example\r", b"mx.example \t",
           b"a b", b"a\tb", b"a/b", b"/", b"..", b"a%b", b"a@b", b"<a>", b"\"a\"", b"a\0b", b"\0",
           b"\xc3\xbc.example", b"\xff\xfe", b"127.0.0.1", b"[::1]", b"-n", b"#mx", b"(none)")

    def try_name(self, program, name):
        home = self.home_of()
        try:
            (home / "control/me").write_bytes(name + b"\n")
            outcome = self.run_in(home, program)
            wrong = fault(program, outcome)
            return f"{wrong}: {outcome}" if wrong else None
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def test_each_program_under_names_of_each_kind(self):
        lengths = (0, 1, 63, 64, 253, 254, 255, 256, 300)
        names = [*{name for length in lengths for name in names_of(length)}, *self.ODD]
        readers = [p for p in programs() if p.startswith("kopis") or p in READERS] + ["sendmail"]
        jobs = [(program, name) for program in readers for name in names]
        jobs += [(program, name) for program in programs() if program not in readers
                 for name in (b"a" * 64, b"a" * 300, b"a..b")]
        self.check(jobs, self.try_name)

    def test_names_of_each_length(self):
        jobs = [(program, b"a" * length) for length in range(301)
                for program in (("qmail-inject", "qmail-smtpd")[length % 2],)]
        self.check(jobs, self.try_name)

    def test_greetings_and_addresses_have_the_name(self):
        for name in (b"a" * 63, b"a" * 64, b"a..b", b"a" * 300, b"x" * 253):
            self.control("me", name.decode())
            self.assertIn(b"220 " + name + b" ESMTP\r\n",
                          run(self, "qmail-smtpd").out)

    @unittest.skipUnless(os.geteuid() == 0, "a host name is root's to set")
    def test_names_of_the_kernel(self):
        names = [b"a" * length for length in (0, 1, 62, 63, 64)] + [
            name for name in self.ODD if b"\0" not in name]
        jobs = [(program, name) for name in names for program in (
            "qmail-local", "qmail-inject", "qmail-smtpd", "qmail-remote", "maildirmake")]
        self.check(jobs, self.try_kernel_name)

    def try_kernel_name(self, program, name):
        words, _ = command(program)
        script = "printf %s \"$1\" > /proc/sys/kernel/hostname; shift; exec \"$@\""
        home = self.home_of()
        outcome = run(_Home(self, home), program, as_root=True, argv=[
            "unshare", "--uts", "sh", "-c", script, "sh", name, *words])
        shutil.rmtree(home, ignore_errors=True)
        wrong = fault(program, outcome)
        return f"{wrong}: {outcome}" if wrong else None


class Surroundings(Configurations):
    """What else a program is started with."""

    FILES = ("", "/", "//", ".", "..", "/no/such", "fifo", "/dev/null", "/dev/tty", "/proc/self/mem",
             "control", "control/me/x", "a" * 300, "a" * 5000, "\udcff")

    def test_what_the_environment_names(self):
        os.mkfifo(self.home / "fifo")
        jobs = [(program, variable, value) for value in self.FILES for program, variables in (
            ("qmail-inject", ("QMAILMFTFILE", "KOPIS_HOME", "QMAILQUEUE", "QMAILDEFAULTHOST")),
            ("qmail-smtpd", ("KOPIS_HOME", "QMAILQUEUE", "TCPREMOTEIP", "DNSCACHEIP")),
            ("maildir2mbox", ("MAILDIR", "MAIL", "MAILTMP")), ("qmail-showctl", ("KOPIS_HOME",)),
            ("qmail-remote", ("DNSCACHEIP",)), ("kopis user", ("KOPIS_HOME",)))
            for variable in variables]
        self.check(jobs, self.try_variable)

    def try_variable(self, program, variable, value):
        outcome = run(self, program, **{"MAILDIR": "box", "MAIL": "mail", "MAILTMP": "tmp",
                                        variable: value})
        wrong = fault(program, outcome)
        return f"{wrong}: {outcome}" if wrong else None

    def test_nothing_at_all(self):
        """No environment, no arguments, and a directory that is gone."""
        self.check([(program, how) for program in programs() for how in (
            "env -i", "exec -a ''", "cd gone")], self.try_bare)

    def try_bare(self, program, how):
        home = self.home_of()
        first, *rest = program.split()
        if first in ("kopis", "qmail-start"):
            rest = command(program)[0][1:]  # Else they start a host.
        script = {"env -i": "exec env -i \"$@\"", "exec -a ''": "exec -a '' \"$@\"",
                  "cd gone": "mkdir gone && cd gone && rmdir ../gone && exec \"$@\""}[how]
        outcome = run(_Home(self, home), program, stdin=b"", argv=[
            "bash", "-c", script, "bash", str(BIN / first), *rest])
        shutil.rmtree(home, ignore_errors=True)
        wrong = fault(program if how != "exec -a ''" else "kopis", outcome)
        return f"{wrong}: {outcome}" if wrong else None


if __name__ == "__main__":
    unittest.main()

"""Each program with each set of open descriptors. Always a start with the right answer, or one line and exit
100 or 111; never a trace, never silence, never a hang. How many are tried: test_configurations."""

import itertools
import shutil
import socket
import subprocess
import unittest

from configurations import OWN, SMTP, fault, programs, run
from harness import BIN
from ports import free_port  # Where harness finds it.
import test_configurations


class Descriptors(test_configurations.Configurations):
    """Programs are started by others, with what those have open."""

    @staticmethod
    def words(opened, closed):
        """sh's words for it."""
        return " ".join([*(f"{fd}</dev/null" for fd in opened), *(f"{fd}<&-" for fd in closed)])

    def test_each_subset_of_the_first_three_closed(self):
        sets = [closed for count in range(1, 4) for closed in
                itertools.combinations(range(3), count)]
        jobs = [(program, closed) for program in programs() for closed in sets]
        self.check(jobs, self.try_closed)

    def try_closed(self, program, closed):
        home = self.home_of()
        outcome = self.run_in(home, program, shell=self.words((), closed))
        left = [path for path in home.rglob("*") if path.is_file()
                and b"fatal: " in path.read_bytes()]  # What was meant for people.
        shutil.rmtree(home, ignore_errors=True)
        wrong = fault(program, outcome, hears=[fd for fd in (1, 2) if fd not in closed])
        wrong = wrong or (f"written into {left}" if left else None)
        return f"{wrong}: {outcome}" if wrong else None

    def test_singles_and_pairs_from_3_to_9(self):
        others = range(3, 10)
        sets = [(), tuple(others), *((fd,) for fd in others),
                *itertools.combinations(others, 2)]
        usual = {program: self.outcome(program, (), others) for program in programs()}
        jobs = [(program, opened) for program in programs() for opened in sets
                if not set(opened) & OWN.get(program.split()[0], set())]
        self.check(jobs, lambda program, opened: self.differs(
            usual[program], self.outcome(
                program, opened, [fd for fd in others if fd not in opened])))

    def test_all_1024_subsets(self):
        usual = self.outcome("qmail-smtpd", (), range(3, 10), stdin=SMTP)
        self.assertIn(b"220 mx.example ESMTP", usual.out)
        jobs = [(tuple(fd for fd in range(10) if bits & 1 << fd),) for bits in range(1024)]
        self.check(jobs, lambda opened: self.try_subset(usual, opened))

    def try_subset(self, usual, opened):
        closed = [fd for fd in range(10) if fd not in opened]
        outcome = run(self, "qmail-smtpd", stdin=SMTP, shell=self.words(
            [fd for fd in opened if fd > 2], closed))
        if {0, 1, 2} <= set(opened):
            return self.differs(usual, outcome)
        wrong = fault("qmail-smtpd", outcome, hears=opened)
        return f"{wrong}: {outcome}" if wrong else None

    def outcome(self, program, opened, closed, **more):
        home = self.home_of()
        outcome = self.run_in(home, program, shell=self.words(opened, closed), **more)
        shutil.rmtree(home, ignore_errors=True)
        for name in ("out", "err"):
            text = getattr(outcome, name).replace(str(home).encode(), b"H")
            setattr(outcome, name, text)
        return outcome

    @staticmethod
    def differs(usual, outcome):
        return None if usual.same() == outcome.same() else f"{outcome}, else {usual}"

    def test_a_listener_serves_whatever_is_closed(self):
        self.control("rcpthosts", "mx.example")
        sets = [closed for count in range(4) for closed in itertools.combinations(range(3), count)]
        for closed in (*sets, tuple(range(10))):
            with self.subTest(closed=closed):
                port = free_port()
                process = subprocess.Popen(
                    ["sh", "-c", f"exec \"$0\" \"$@\" {self.words((), closed)}", BIN / "tcpserver",
                     "-HRl0", "127.0.0.1", str(port), "qmail-smtpd"], env=self.environment(),
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                try:
                    self.assertIn(b"220 mx.example", self.greeting(port, process))
                finally:
                    process.terminate()
                    process.communicate(timeout=20)

    def greeting(self, port, process):
        for _ in range(2000):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                    return client.recv(100)
            except ConnectionRefusedError:
                self.assertIsNone(process.poll())
                self.wait()
        raise AssertionError("nobody listens")

    @staticmethod
    def wait():
        """For what has no event of its own: that somebody listens."""
        import time
        time.sleep(0.01)


if __name__ == "__main__":
    unittest.main()

"""Names that another user may change: links, FIFOs, leases, locks and files without end in the
places that programs read. Nobody waits, follows or believes what only that user says. Each test
says what the binary did before."""

import fcntl
import os
import re
import select
import signal
import subprocess
import time
import unittest

from harness import BIN, ProgramCase
from listener import ListenerCase
from test_kopis_queue import QmailQueue

NOBODY = 65534
SOON = 20  # Seconds: a lease breaks after 45, a lock never.


def locked(path):
    """What any user can do who may read the file."""
    file = open(path, "rb")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


class Locks(ProgramCase):
    def lock(self, *paths):
        for path in paths:
            self.addCleanup(locked(path).close)

    def test_a_lock_on_a_control_file_stops_nothing(self):
        """Before: qmail-inject, qmail-showctl and qmail-getpw's askers exit 111, "being used by
        another process"."""
        self.control("defaultdomain", "mx.example")
        self.lock(*(self.home / "control").iterdir())
        result = self.run_program("qmail-inject", "-n", stdin=b"To: joe\n\n")
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        result = self.run_program("qmail-showctl")
        self.assertEqual((0, b""), (result.returncode, result.stderr))

    def test_a_lock_on_the_users_stops_nothing(self):
        """Before: exit 111."""
        (self.home / "users/virtual").write_text("joe@mx.example:!:mail/mx.example/joe\n")
        self.lock(self.home / "users/virtual")
        result = self.run_program("kopis", "user", "list")
        self.assertEqual((0, b"joe@mx.example\n"), (result.returncode, result.stdout), result)

    def test_no_program_locks_what_it_reads(self):
        """Before: flock(LOCK_SH) for each file that was opened."""
        (self.home / "users/virtual").write_text("joe@mx.example:!:mail/mx.example/joe\n")
        (self.home / "users/assign").write_text(".\n")
        for words in (["qmail-inject", "-n"], ["qmail-showctl"], ["kopis", "user", "list"],
                      ["qmail-newu"], ["dnsip", "localhost"], ["qmail-qstat"], ["qmail-pw2u"],
                      ["tcprules", self.home / "rules", self.home / "rules.tmp"]):
            trace = self.home / "trace"
            subprocess.run(
                ["strace", "-f", "-qq", "-o", trace, "-e", "trace=flock,fcntl", BIN / words[0],
                 *words[1:]], input=b"To: joe\n\n", env=self.environment(), capture_output=True,
                timeout=60, check=False)
            self.assertEqual([], re.findall(r".*(?:flock\(|F_SETLK|F_SETLEASE).*",
                                            trace.read_text()), words)

    def test_the_table_of_timeouts_is_waited_for_a_second(self):
        """Before: for as long as the lock was held."""
        tcpto = self.home / "queue/lock/tcpto"
        tcpto.write_bytes(bytes(1024))
        self.lock(tcpto)
        result = self.run_program("qmail-tcpok", timeout=SOON)
        self.assertEqual(111, result.returncode, result)

    def test_a_signal_goes_to_who_holds_the_lock_and_not_to_whom_the_file_names(self):
        """Before: SIGALRM and SIGHUP from root to the process that qmails wrote there."""
        named = subprocess.Popen(["sleep", "60"])
        self.addCleanup(named.wait)
        self.addCleanup(named.kill)
        mutex = self.home / "queue/lock/sendmutex"
        mutex.write_text(f"{named.pid}\n")
        holder = subprocess.Popen(
            ["python3", "-c", "import fcntl,signal,sys\nfile=open(sys.argv[1])\n"
             "fcntl.flock(file,2)\nsignal.pthread_sigmask(signal.SIG_BLOCK,{14,1})\nprint(flush=True)\n"
             "for _ in range(2): print(signal.sigwait({14,1}),flush=True)", mutex],
            stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        holder.stdout.readline()
        self.assertEqual(0, self.run_program("kopis", "queue", "retry").returncode)
        self.assertTrue(select.select([holder.stdout], [], [], SOON)[0], "another was told")
        self.assertEqual(b"14\n", holder.stdout.readline())
        result = self.run_program("kopis", "domain", "add", "new.example")
        self.assertIn(b"qmail-send was notified", result.stdout)
        self.assertEqual(b"1\n", holder.stdout.readline())
        self.assertIsNone(named.poll())

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_the_lock_of_another_than_the_files_owner_is_none(self):
        """On a disk of his (/run/user) a user has a file of the same number, and /proc/locks says
        the same of it. Before: root sent him SIGALRM, or whoever had his number by then."""
        mutex = self.home / "queue/lock/sendmutex"
        mutex.touch()
        holder = subprocess.Popen(
            ["python3", "-c", "import fcntl,os,sys,time\nfile=open(sys.argv[1])\nos.setuid(65534)\n"
             "fcntl.flock(file,2)\nprint(flush=True)\ntime.sleep(60)", mutex],
            stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        holder.stdout.readline()
        result = self.run_program("kopis", "queue", "retry")
        self.assertEqual((100, b"queue: fatal: no qmail-send runs\n"),
                         (result.returncode, result.stderr))
        self.assertIsNone(holder.poll())


class ControlFiles(ProgramCase):
    def test_a_fifo(self):
        """Before: qmail-inject waited for a writer."""
        os.mkfifo(self.home / "control/defaultdomain")
        result = self.run_program("qmail-inject", "-n", stdin=b"To: joe\n\n", timeout=SOON)
        self.assertEqual(111, result.returncode, result)

    def test_a_file_without_end(self):
        """Before: a GiB was read into memory, and more: up to 2 GiB."""
        with open(self.home / "control/defaultdomain", "wb") as file:
            file.truncate(1 << 30)
        result = self.run_program("qmail-inject", "-n", stdin=b"To: joe\n\n", timeout=SOON)
        self.assertEqual(111, result.returncode)
        self.assertIn(b"file too big", result.stderr)

    def test_a_lease(self):
        """Before: the open waited until the lease broke, 45 seconds."""
        path = self.home / "control/defaultdomain"
        path.write_text("x\n")
        with open(path, "rb+") as file:
            signal.signal(signal.SIGIO, signal.SIG_IGN)  # "Somebody wants to open it."
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            result = self.run_program("qmail-inject", "-n", stdin=b"To: joe\n\n", timeout=SOON)
            self.assertEqual(111, result.returncode, result)

    @unittest.skipUnless(os.geteuid() == 0, "root follows root's links only")
    def test_links_of_root_and_links_of_others(self):
        """Before: all were followed."""
        place = self.home / "of-nobody"
        place.mkdir()
        (self.home / "secret").write_text("secret.example\n")
        (place / "link").symlink_to(self.home / "secret")
        (place / "file").write_text("file.example\n")
        for path in (place, place / "link", place / "file"):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        (self.home / "further").symlink_to(self.home / "secret")
        host = self.home / "control/defaulthost"
        for target, expected in (
                ("../secret", b"@secret.example"), ("../further", b"@secret.example"),
                (str(self.home / "further"), b"@secret.example"),
                ("../of-nobody/file", b"@file.example"), ("../of-nobody/link", None),
                ("../of-nobody/../further", b"@secret.example"), ("defaulthost", None)):
            with self.subTest(target):
                host.unlink(missing_ok=True)
                host.symlink_to(target)
                result = self.run_program("qmail-inject", "-n", stdin=b"To: joe\n\n")
                if expected is None:
                    self.assertEqual(111, result.returncode)
                    self.assertIn(b"symbolic link loop", result.stderr)
                else:
                    self.assertIn(expected, result.stdout, result)


@unittest.skipUnless(os.geteuid() == 0, "the certificate is another's")
class Certificate(ListenerCase):
    """control/servercert.pem leads to qmaild's directory, and root reads it."""

    def setUp(self):
        super().setUp()
        self.tls = self.home / "tls"
        self.tls.mkdir(mode=0o700)
        (self.home / "control/servercert.pem").symlink_to("../tls/servercert.pem")

    def put(self, make):
        path = self.tls / "servercert.pem"
        make(path)
        for each in (self.tls, path):
            os.chown(each, NOBODY, NOBODY, follow_symlinks=False)
        return path

    def test_qmailds_own_file_is_served(self):
        made = self.certificate("other.pem", "mx.example").read_bytes()
        self.put(lambda path: path.write_bytes(made))
        self.serve()
        self.starttls()

    def test_what_is_no_file_of_his(self):
        """Before: the FIFO stopped the listener for good, the link was followed, and the file
        without end was read into memory."""
        secret = self.certificate("other.pem", "mx.example")
        secret.chmod(0o600)

        def endless(path):
            with open(path, "wb") as file:
                file.truncate(1 << 30)

        made = secret.read_bytes()
        path = self.put(lambda path: path.write_bytes(made))
        self.serve()
        for make, reason in ((os.mkfifo, "device not configured"), (endless, "file too big"),
                             (lambda path: path.symlink_to(secret), "symbolic link loop")):
            with self.subTest(reason):
                path.unlink()
                self.put(make)
                told = f"certificates stay as they were: .*{reason}"
                deadline = time.monotonic() + SOON
                while not re.search(told, "".join(self.lines)):  # It looks now and then.
                    self.assertLess(time.monotonic(), deadline, self.lines)
                    for each in self.starttls():
                        each.close()
                    self.become_old()


@unittest.skipUnless(os.geteuid() == 0, "mailboxes are another's")
class VirtualMailboxes(ProgramCase):
    """Whose they are, root says by the owner of users/mail, and nothing below it."""

    mail_owner = NOBODY
    PASSWORD = b"correct horse"

    def setUp(self):
        super().setUp()
        self.add_user("joe@mx.example", self.PASSWORD)
        self.box = self.home / "users/mail/mx.example/joe"
        self.roots = self.home / "roots"
        for part in ("tmp", "new", "cur"):
            (self.roots / "Maildir" / part).mkdir(parents=True)

    def login(self, *before):
        reading, writing = os.pipe()
        os.write(writing, b"joe@mx.example\0" + self.PASSWORD + b"\0stamp\0")
        os.close(writing)
        try:
            return subprocess.run(
                ["sh", "-c", f'exec "$@" 3<&{reading}', "sh", *before, BIN / "checkpassword", "sh",
                 "-c", "id -u; id -g; id -G"],
                pass_fds=[reading], env=self.environment(), capture_output=True, timeout=30)
        finally:
            os.close(reading)

    def test_a_home_that_is_a_link_to_roots_directory(self):
        """Before: checkpassword ran the program as root."""
        self.box.rename(self.box.with_name("elsewhere"))
        self.box.symlink_to(self.roots)
        self.assertEqual(b"65534\n65534\n65534\n", self.login().stdout)

    def test_a_home_that_is_roots(self):
        """Before: as above."""
        os.chown(self.box, 0, 0)
        self.box.chmod(0o755)
        self.assertEqual(b"65534\n65534\n65534\n", self.login().stdout)

    def test_a_home_that_is_not_there(self):
        """Before: it was "our own", so root went on as root, and failed in chdir only: had the
        home come back in between, the program would have run."""
        self.box.rename(self.box.with_name("elsewhere"))
        trace = self.home / "trace"
        result = self.login("strace", "-f", "-o", trace, "-e", "trace=setresuid,setuid,chdir")
        self.assertEqual((111, b""), (result.returncode, result.stdout))
        self.assertRegex(trace.read_text(), r"(?s)set\w*uid\(65534.*chdir\(\"[^\"]*/joe\"")

    def test_no_word_of_root_is_nobody(self):
        """Before: the home's owner, or root."""
        mail = self.home / "users/mail"
        mail.rename(self.home / "moved")
        self.assertEqual((111, b""), (self.login().returncode, self.login().stdout))
        mail.symlink_to(self.home / "moved")
        self.assertEqual((111, b""), (self.login().returncode, self.login().stdout))

    def test_a_mail_directory_of_root_makes_nobody_root(self):
        """Before: the program ran as root."""
        mail = self.home / "users/mail"
        for path in (mail, *mail.rglob("*")):
            os.chown(path, 0, 0)
        result = self.login()
        self.assertEqual((111, b""), (result.returncode, result.stdout))

    def test_a_quota_in_a_directory_that_is_not_the_mailboxs(self):
        """Before: root wrote maildirsize where the link led."""
        maildir = self.box / "Maildir"
        maildir.rename(self.box / "elsewhere")
        maildir.symlink_to(self.roots / "Maildir")
        result = self.run_program("kopis", "user", "quota", "joe@mx.example", "1M")
        self.assertEqual(111, result.returncode, result)
        self.assertEqual(["cur", "new", "tmp"], sorted(os.listdir(self.roots / "Maildir")))

    def test_deleting_a_mailbox_through_links(self):
        """It was so before."""
        keep = self.roots / "Maildir/new/keep"
        keep.touch()
        maildir = self.box / "Maildir"
        maildir.rename(self.box / "elsewhere")
        maildir.symlink_to(self.roots / "Maildir")
        self.run_program("kopis", "user", "remove", "joe@mx.example", "--mail")
        self.assertTrue(keep.exists())


class Queue(ProgramCase):
    """The queue's directories are four users', and root's tools read them all."""

    def kopis(self, *words):
        return self.run_program("kopis", "queue", *map(str, words), timeout=SOON)

    def secret(self):
        path = self.home / "secret"
        path.write_text("root's own words\n")
        path.chmod(0o600)
        return path

    def test_a_fifo_in_place_of_a_segment(self):
        """Before: kopis queue list, and qmail-send, waited for a writer."""
        os.mkfifo(self.home / "queue/mess/seg-0000000000000001")
        self.kopis("list")
        os.mkfifo(self.home / "queue/state/log-0000000000000001")
        self.kopis("list")

    def test_the_lock_of_qmail_send_is_no_link(self):
        """Before: qmail-send emptied the file, and wrote its number into it."""
        secret = self.secret()
        (self.home / "queue/lock/sendmutex").symlink_to(secret)
        self.run_program("qmail-send", timeout=SOON)
        self.assertEqual("root's own words\n", secret.read_text())

    def test_an_export_to_where_others_may_write(self):
        """Before: it was written there, and given away piece by piece."""
        open_to_all = self.home / "open"
        open_to_all.mkdir()
        open_to_all.chmod(0o777)
        link = self.home / "link"
        (self.home / "empty").mkdir()
        link.symlink_to(self.home / "empty")
        for place in (open_to_all, open_to_all / "new", link):
            result = self.kopis("export", place)
            self.assertEqual(100, result.returncode, (place, result))
        self.assertEqual([], os.listdir(self.home / "empty") + os.listdir(open_to_all))
        if os.geteuid() == 0:
            anothers = self.home / "anothers"
            anothers.mkdir()
            os.chown(anothers, NOBODY, NOBODY)
            for place in (anothers, anothers / "new"):
                self.assertEqual(100, self.kopis("export", place).returncode)
            self.assertEqual([], os.listdir(anothers))

    def test_an_export_without_links(self):
        """Before: chown(2) and chmod(2) by path; now by the descriptor of what was made."""
        trace = self.home / "trace"
        subprocess.run(
            ["strace", "-f", "-qq", "-o", trace, "-e", "trace=chown,lchown,fchownat,openat2",
             BIN / "kopis", "queue", "export", self.home / "new"], env=self.environment(),
            capture_output=True, timeout=60, check=True)
        text = trace.read_text()
        self.assertIn("RESOLVE_NO_SYMLINKS", text)
        self.assertNotRegex(text, r"\bl?chown\(|fchownat\(AT_FDCWD|fchownat\(\d+, \"[^\"]")


class Import(ProgramCase):
    """A queue of qmail's whose owner is no friend."""

    def setUp(self):
        super().setUp()
        self.old = QmailQueue(self.home / "old")
        (self.home / "secret").write_text("root's own words\n")

    def kopis(self, code):
        result = self.run_program("kopis", "queue", "import", self.old.path, timeout=SOON)
        self.assertEqual(code, result.returncode, result)
        stored = b"".join(path.read_bytes() for path in (self.home / "queue").rglob("*")
                          if path.is_file())
        self.assertNotIn(b"root's own words", stored)
        return result

    def replace(self, name, number, make):
        path = next(path for path in (self.old.path / name).rglob(str(number)))
        times = path.stat()
        path.rename(self.home / f"was-{name}")  # The next file must not get its number again.
        make(path)
        if not path.is_symlink() and path.is_file():
            os.utime(path, (times.st_atime, times.st_mtime))

    def test_links(self):
        """Before: the file behind them came into the mail, or into its bounce."""
        for name in ("mess", "bounce", "info", "local"):
            number = self.old.add(local=b"Tjoe@mx.example\0", bounce=b"<x@y>:\nno\n\n")
            self.replace(name, number, lambda path: path.symlink_to(self.home / "secret"))
        result = self.kopis(100)
        self.assertIn(b"0 messages imported, 0 were here before, 4 stay", result.stdout)

    def test_fifos(self):
        """Before: each was waited for."""
        for name in ("mess", "bounce", "info", "local"):
            number = self.old.add(local=b"Tjoe@mx.example\0", bounce=b"<x@y>:\nno\n\n")
            self.replace(name, number, os.mkfifo)
        result = self.kopis(100)
        self.assertIn(b"0 messages imported, 0 were here before, 4 stay", result.stdout)

    def test_files_without_end(self):
        """Before: read into memory, or into the queue until its disk was full."""
        def endless(path):
            with open(path, "wb") as file:
                file.truncate(1 << 42)

        for name in ("mess", "bounce", "info", "local"):
            number = self.old.add(local=b"Tjoe@mx.example\0", bounce=b"<x@y>:\nno\n\n")
            self.replace(name, number, endless)
        result = self.kopis(100)
        self.assertIn(b"0 messages imported, 0 were here before, 4 stay", result.stdout)

    def test_a_directory_that_is_a_link(self):
        """Before: followed."""
        number = self.old.add(local=b"Tjoe@mx.example\0")
        place = self.home / "elsewhere"
        split = next((self.old.path / "mess").rglob(str(number))).parent
        split.rename(place)
        split.symlink_to(place)
        self.kopis(100)

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_a_file_of_another_than_the_queues_owner(self):
        """Before: taken. A hard link to another's file can be in the queue, too."""
        number = self.old.add(local=b"Tjoe@mx.example\0")
        path = next((self.old.path / "mess").rglob(str(number)))
        os.chown(path, NOBODY, NOBODY)
        result = self.kopis(100)
        self.assertIn(b"permission denied", result.stderr)


if __name__ == "__main__":
    unittest.main()

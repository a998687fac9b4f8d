"""kopis user: adding, listing, changing and removing virtual users."""

import concurrent.futures
import fcntl
import os
import pty
import signal
import subprocess
import unittest

from harness import BIN, ProgramCase


class KopisUser(ProgramCase):
    def user(self, *words, stdin=b"correct horse\n", **options):
        return self.run_program("kopis", "user", *words, stdin=stdin, **options)

    def ok(self, *words, **options):
        result = self.user(*words, **options)
        self.assertEqual((0, b""), (result.returncode, result.stderr), result)
        return result.stdout.decode()

    def refused(self, reason, *words, code=100, **options):
        result = self.user(*words, **options)
        self.assertEqual((code, b""), (result.returncode, result.stdout), result)
        self.assertIn(reason, result.stderr.decode())
        self.assertEqual(1, result.stderr.count(b"\n"), result.stderr)

    def add(self, address, *words, **options):
        return self.ok("add", address, "--password-file", "-", *words, **options)

    def read(self, name):
        return (self.home / name).read_text()

    def test_the_life_of_a_user(self):
        self.assertIn("added joe@mx.example\n", self.add("Joe"))
        self.add("ann@mx.example")
        self.assertEqual("ann@mx.example\njoe@mx.example\n", self.ok("list"))
        before = self.read("users/virtual")
        self.assertEqual("changed the password of joe@mx.example\n",
                         self.ok("password", "joe", "--password-file", "-", stdin=b"other horse\n"))
        self.assertNotEqual(before, self.read("users/virtual"))
        self.refused("joe@mx.example exists already", "add", "joe", "--password-file", "-")
        mailbox = self.home / "users/mail/mx.example/joe"
        (mailbox / "Maildir/new/a").write_text("mail")
        self.assertIn(f"its mail stays in {mailbox}", self.ok("remove", "joe"))
        self.assertIn("its old mailbox is used again", self.add("joe"))
        self.assertEqual("removed joe@mx.example and its mail\n", self.ok("remove", "--mail", "joe"))
        self.assertFalse(mailbox.exists())
        self.refused("there is no user joe@mx.example", "remove", "joe")
        self.refused("there is no user joe@mx.example", "password", "joe", "--generate")
        self.assertEqual("ann@mx.example\n", self.ok("list"))

    def test_a_lock_keeps_the_password(self):
        self.add("joe")
        before = self.read("users/virtual")
        self.assertEqual("locked joe@mx.example\n", self.ok("lock", "joe"))
        self.assertEqual("joe@mx.example:!" + before.partition(":")[2], self.read("users/virtual"))
        self.assertEqual("locked joe@mx.example\n", self.ok("lock", "joe"))
        self.assertEqual("unlocked joe@mx.example\n", self.ok("unlock", "joe"))
        self.assertEqual(before, self.read("users/virtual"))
        self.ok("lock", "joe")
        self.assertEqual("changed the password of joe@mx.example\njoe@mx.example is locked still\n",
                         self.ok("password", "joe", "--password-file", "-"))
        self.assertIn(":!scram", self.read("users/virtual"))
        self.refused("there is no user ann@mx.example", "lock", "ann")
        (self.home / "users/virtual").write_text("joe@mx.example:!:mail/mx.example/joe\n")
        self.refused("joe@mx.example has no password; set one", "unlock", "joe")

    def test_mail_that_was_left_can_be_removed_later(self):
        self.add("joe")
        mailbox = self.home / "users/mail/mx.example/joe"
        (mailbox / "Maildir/new/a").write_text("mail")
        self.ok("remove", "joe")
        self.assertIn(f"removed the mail that was left in {mailbox}",
                      self.ok("remove", "joe", "--mail"))
        self.assertFalse(mailbox.exists())
        self.refused("there is no user joe@mx.example", "remove", "joe", "--mail")
        self.refused("there is no user ann@mx.example", "remove", "ann", "--mail")

        # A place that another user's line names is hers, and so is what is in it or around it.
        self.add("joe")
        [line] = self.read("users/virtual").splitlines()
        self.ok("remove", "joe")
        for place in ("/joe", "/joe/inner", ""):
            hers = line.replace("joe@", "eve@", 1).replace("example/joe", f"example{place}")
            (self.home / "users/virtual").write_text(hers + "\n")
            self.assertEqual("eve@mx.example\n", self.ok("list"), hers)
            self.refused("there is no user joe@mx.example", "remove", "joe", "--mail")
            self.assertTrue(mailbox.exists())

    def test_passwords(self):
        output = self.ok("add", "joe", "--generate")
        self.assertRegex(output, r"(?m)^password [a-z2-9]{16}   \(shown only now\)$")
        self.assertNotIn(output.split()[3], self.read("users/virtual"))
        secret = self.home / "secret"
        secret.write_bytes(b"from a file\r\nnot this\n")
        self.ok("password", "joe", "--password-file", str(secret))
        for password, reason in ((b"short\n", "fewer than 8"), (b"", "fewer than 8"),
                                 (b"x" * 129 + b"\n", "more than 128"), (b"x" * 5000, "more than"),
                                 (b"nul\0nul\0nul\n", "NUL")):
            self.refused(reason, "password", "joe", "--password-file", "-", stdin=password)
        self.refused("/nonexistent", "add", "ann", "--password-file", "/nonexistent", code=111)

    def test_addresses(self):
        for address, reason in (("jo:e@mx.example", "only letters"), ("a,b@mx.example", "only"),
                                ("#joe@mx.example", "may not begin"), ("joe@", "LOCAL@DOMAIN"),
                                ("joe@.x.example", "a dot"), ("joe@x/y.example", "only letters"),
                                ("joe@-x.example", "hyphen"), ("j\xf6@mx.example", "only letters"),
                                ("a" * 65 + "@mx.example", "longer than 64")):
            self.refused(reason, "add", address, "--generate")
        self.assertEqual("", self.ok("list"))
        self.assertEqual([], list((self.home / "users/mail").glob("*")))
        (self.home / "control/me").unlink()
        self.refused("no control/me", "add", "joe", "--generate")

    def test_names_that_others_refuse(self):
        """Apostrophes, slashes and dots are names, and never a way out of the directory."""
        names = ("o'b", "../joe", "a/b", ".joe", "joe.", "j..oe", "!#$%&'*+-/=?^_`{|}~")
        for name in names:
            self.assertIn(f"added {name}@mx.example", self.add(f"{name}@mx.example"))
        self.assertEqual(sorted(f"{name}@mx.example" for name in names),
                         sorted(self.ok("list").split()))
        boxes = self.home / "users/mail/mx.example"
        self.assertEqual(len(names), len(list(boxes.iterdir())))
        self.assertEqual(len(names), len(list(boxes.glob("*/Maildir/new"))))
        self.assertEqual(["mx.example"], [path.name for path in boxes.parent.iterdir()])
        for name in names:
            self.ok("remove", f"{name}@mx.example", "--mail")
        self.assertEqual([], list(boxes.iterdir()))

    def test_usage(self):
        for words in ((), ("add",), ("remove",), ("list", "x"), ("nonsense", "joe"),
                      ("add", "joe", "ann"), ("add", "joe", "--nonsense"), ("add", "joe", "--mail"),
                      ("add", "joe", "--password-file"), ("remove", "joe", "--generate"),
                      ("add", "joe", "--generate", "--password-file", "-")):
            result = self.user(*words)
            self.assertEqual((100, b""), (result.returncode, result.stdout), words)
            self.assertTrue(result.stderr.startswith(b"usage: kopis user add"))
        for words in (("--help",), ("add", "--help")):
            self.assertTrue(self.ok(*words).startswith("usage: kopis user add"))

    def test_a_new_domain_becomes_the_hosts_own(self):
        self.control("rcpthosts", "mx.example")
        self.assertNotIn("control", self.add("joe"))
        output = self.add("joe@new.example", "--new-domain")
        self.assertIn("added new.example to control/locals and control/rcpthosts\n", output)
        self.assertIn("qmail-send is not running\n", output)
        self.assertEqual("mx.example\nnew.example\n", self.read("control/locals"), "me stays local")
        self.assertEqual("mx.example\nnew.example\n", self.read("control/rcpthosts"))
        self.assertNotIn("control", self.add("ann@new.example"))
        self.control("virtualdomains", "virtual.example:joe")
        self.assertNotIn("control", self.add("joe@virtual.example"))

    def test_no_domain_becomes_the_hosts_own_by_a_slip(self):
        """Without a terminal a word must say it, whichever command it is."""
        self.control("rcpthosts", "mx.example")
        self.control("virtualdomains", "virtual.example:joe")
        self.add("joe")
        for words in (("user", "add", "joe@{}", "--generate"), ("alias", "add", "info@{}", "joe"),
                      ("domain", "catchall", "{}", "joe")):
            def run(domain, *more):
                return self.run_program(
                    "kopis", *(word.format(domain) for word in words), *more)

            for domain in ("exmaple.test", "sub.mx.example", "mx.example.net"):
                result = run(domain)
                self.assertEqual(
                    (100, b"", f"{words[0]}: fatal: {domain} is not a domain of this host; "
                     "--new-domain makes it one\n"),
                    (result.returncode, result.stdout, result.stderr.decode()))
            self.assertFalse((self.home / "control/locals").exists())
            self.assertEqual("mx.example\n", self.read("control/rcpthosts"))
            self.assertNotIn("exmaple", self.read("users/virtual"))
            self.assertFalse((self.home / "users/aliases").exists())
        for number, words in enumerate((
                ("user", "add", "joe@0.example", "--generate"), ("alias", "add", "x@1.example", "joe"),
                ("domain", "catchall", "2.example", "joe"), ("domain", "add", "3.example"))):
            more = () if words[1] == "add" and words[0] == "domain" else ("--new-domain",)
            result = self.run_program("kopis", *words, *more)
            self.assertEqual((0, b""), (result.returncode, result.stderr), words)
            self.assertIn(f"{number}.example\n", self.read("control/locals"))
        # What is routed here needs no word.
        for domain in ("MX.example", "1.example", "virtual.example"):
            result = self.run_program("kopis", "alias", "add", f"y@{domain}", "joe")
            self.assertEqual((0, b""), (result.returncode, result.stderr), domain)

    def test_an_open_relay_is_told_and_not_closed_by_the_way(self):
        self.assertIn("accepts mail for every domain", self.add("joe@new.example", "--new-domain"))
        self.assertFalse((self.home / "control/rcpthosts").exists())

    def test_control_files_keep_their_rights_and_get_whole_lines(self):
        self.control("rcpthosts", "mx.example")
        locals_file = self.home / "control/locals"
        locals_file.write_text("mx.example")
        locals_file.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(locals_file, 1, 2)
        before = locals_file.stat()
        self.add("joe@new.example", "--new-domain")
        self.assertEqual("mx.example\nnew.example\n", locals_file.read_text())
        after = locals_file.stat()
        self.assertEqual((before.st_mode, before.st_uid, before.st_gid),
                         (after.st_mode, after.st_uid, after.st_gid))

    def test_qmail_send_is_told(self):
        self.control("rcpthosts", "mx.example")
        mutex = self.home / "queue/lock/sendmutex"
        mutex.touch()
        self.assertIn("qmail-send is not running\n", self.add("joe@new.example", "--new-domain"))
        # It is found by its lock; what the file says does not matter.
        mutex.write_text(f"{os.getpid()}\n")
        sender = subprocess.Popen(
            ["python3", "-c", "import fcntl, signal, sys\nfile = open(sys.argv[1])\n"
             "fcntl.flock(file, fcntl.LOCK_EX)\nsignal.pthread_sigmask(signal.SIG_BLOCK, {1})\n"
             "print(flush=True)\nprint(signal.sigwait({1}), flush=True)\nsignal.pause()", mutex],
            stdout=subprocess.PIPE)
        try:
            sender.stdout.readline()
            self.assertIn("qmail-send was notified\n", self.add("joe@newer.example", "--new-domain"))
            self.assertEqual(b"1\n", sender.stdout.readline())
        finally:
            sender.kill()
            sender.wait()
            sender.stdout.close()

    def test_many_at_once_lose_nothing(self):
        names = [f"u{n}@mx.example" for n in range(12)]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(self.add, names))
        self.assertEqual(sorted(names), self.ok("list").split())

    def test_a_wrong_line_is_told_and_left(self):
        self.add("joe")
        with open(self.home / "users/virtual", "a") as file:
            file.write("damage\n")
        result = self.user("list")
        self.assertEqual((0, b"joe@mx.example\n"), (result.returncode, result.stdout))
        self.assertIn(b"users/virtual: line 2 is not", result.stderr)
        self.add("ann")
        self.ok("remove", "joe")
        self.assertIn(b"users/virtual: line 1 is not", self.user("compile").stderr)
        self.assertEqual(b"ann@mx.example\n", self.user("list").stdout)
        self.assertTrue(self.read("users/virtual").startswith("damage\nann@"))

    def test_a_terminal_is_asked_twice_without_echo(self):
        for second, code in ((b"correct horse\n", 0), (b"wrong horse\n", 100)):
            pid, terminal = pty.fork()
            if pid == 0:
                os.execve(BIN / "kopis", ["kopis", "user", "add", f"t{code}"],
                          {**os.environ, **self.environment()})
            seen = self.expect(terminal, b"Password: ")
            os.write(terminal, b"correct horse\n")
            seen += self.expect(terminal, b"Once more: ")
            os.write(terminal, second)
            seen += self.expect(terminal, None)
            os.close(terminal)
            self.assertEqual(code, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen)
            self.assertNotIn(b"horse", seen)
        self.assertEqual("t0@mx.example\n", self.ok("list"))

    def test_a_new_domain_is_asked_about_on_a_terminal(self):
        self.control("rcpthosts", "mx.example")
        turns = [(answer, code, domain, words) for domain, *words in (
            ("user.example", "user", "add", "joe@user.example", "--generate"),
            ("alias.example", "alias", "add", "x@alias.example", "joe@mx.example"),
            ("all.example", "domain", "catchall", "all.example", "joe@mx.example"))
            for answer, code in ((b"n\n", 100), (b"\n", 100), (b"y\n", 0))]
        turns.append((None, 0, "other.example", (
            "user", "add", "joe@other.example", "--generate", "--new-domain")))
        for answer, code, domain, words in turns:
            pid, terminal = pty.fork()
            if pid == 0:
                os.execve(BIN / "kopis", ["kopis", *words], {**os.environ, **self.environment()})
            if answer is not None:
                self.expect(terminal, domain.encode() + b" is not a domain of this host. Make it one? [y/N] ")
                os.write(terminal, answer)
            seen = self.expect(terminal, None)
            os.close(terminal)
            self.assertEqual(code, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen)
            self.assertEqual(code == 0, domain in self.read("control/rcpthosts"), seen)

    def test_an_interrupted_question_leaves_the_terminal_as_it_was(self):
        def begin():
            fcntl.ioctl(0, 0x540E, 0)  # TIOCSCTTY
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # A shell's background jobs ignore it.

        ours, theirs = pty.openpty()
        before = subprocess.run(["stty", "-a"], stdin=theirs, capture_output=True).stdout
        process = subprocess.Popen(
            [BIN / "kopis", "user", "add", "joe"], env=self.environment(), stdin=theirs,
            stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=begin)
        self.expect(ours, b"Password: ")
        os.write(ours, b"\x03")
        self.assertEqual(-signal.SIGINT, process.wait(20))
        self.assertEqual(before, subprocess.run(["stty", "-a"], stdin=theirs,
                                                capture_output=True).stdout)
        os.close(ours)
        os.close(theirs)

    @staticmethod
    def expect(terminal, words):
        """Reads up to these words; None: to the end."""
        seen = b""
        while words is None or not seen.endswith(words):
            try:
                piece = os.read(terminal, 1024)
            except OSError:
                piece = b""
            if not piece:
                break
            seen += piece
        return seen

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_acts_as_the_owner_of_the_directory(self):
        (self.home / "users/mail").mkdir(mode=0o700)
        for path in (self.home / "users", self.home / "users/mail"):
            os.chown(path, 65534, 65533)
        self.add("joe")
        for path in (self.home / "users").rglob("*"):
            self.assertEqual((65534, 65533), (path.stat().st_uid, path.stat().st_gid), path)
        # A link that the owner planted leads root nowhere that the owner may not go himself.
        victim = self.home / "victim"
        victim.mkdir(mode=0o700)
        (self.home / "users/mail/evil.example").symlink_to(victim)
        self.refused("", "add", "joe@evil.example", "--generate", "--new-domain", code=111)
        self.assertEqual([], list(victim.iterdir()))
        self.assertEqual("joe@mx.example\n", self.ok("list"))
        self.ok("remove", "joe", "--mail")
        self.assertFalse((self.home / "users/mail/mx.example/joe").exists())

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_an_owner_who_stops_what_is_done_as_him(self):
        """He would keep the command waiting for as long as he likes."""
        (self.home / "users/mail").mkdir(mode=0o700)
        os.chown(self.home / "users/mail", 65534, 65533)
        stopper = subprocess.Popen(
            ["python3", "-c", """if True:
                import os
                os.nice(-20)
                os.setresgid(65533, 65533, 65533)
                os.setresuid(65534, 65534, 65534)
                while True:
                    for pid in filter(str.isdecimal, os.listdir("/proc")):
                        try:
                            if os.stat(f"/proc/{pid}").st_uid == 65534 and int(pid) != os.getpid():
                                os.kill(int(pid), 19)
                        except OSError:
                            pass
            """])
        self.addCleanup(stopper.wait)
        self.addCleanup(stopper.kill)
        for number in range(50):  # On a busy host it may come too late for some.
            result = self.user("add", f"joe{number}", "--generate")
            if result.returncode != 0:
                break
        self.assertEqual((111, b""), (result.returncode, result.stdout), result)
        self.assertIn("the part of user 65534 failed", result.stderr.decode())
        self.assertEqual(1, result.stderr.count(b"\n"), result.stderr)
        stopper.kill()
        stopper.wait()
        self.add("joe")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_names_of_the_owner_do_nothing_to_roots_terminal(self):
        """Before: what a terminal obeys came out as it was."""
        (self.home / "users/mail").mkdir(mode=0o700)
        os.chown(self.home / "users/mail", 65534, 65533)
        self.add("joe")
        place = self.home / "users/mail/mx.example/joe/Maildir/\x1b]0;joe\x07"
        place.mkdir()
        (place / "file").touch()
        for path in (place / "file", place):
            os.chown(path, 1, 1)  # Another's, so that it cannot be deleted and is named.
        place.chmod(0o755)
        result = self.user("remove", "--mail", "joe")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"?]0;joe?", result.stderr)
        self.assertNotIn(b"\x1b", result.stderr)


if __name__ == "__main__":
    unittest.main()

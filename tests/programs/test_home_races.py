"""Files that change between a look at them and their use: homes, .qmail files, mailboxes. At no
moment is anything done that its owner's rights, or a sound .qmail file, do not give."""

import ctypes
import os
import signal
import unittest

from test_qmail_local import NOBODY, LocalCase

DELIVERIES = int(os.environ.get("KOPIS_RACES", "12"))  # Of each kind.
EXCHANGE = 2  # RENAME_EXCHANGE: there is no moment without either name.
AT_FDCWD = -100
LIBC = ctypes.CDLL(None, use_errno=True)
LATER = 111


def exchange(left, right):
    if LIBC.renameat2(AT_FDCWD, os.fsencode(left), AT_FDCWD, os.fsencode(right), EXCHANGE):
        raise OSError(ctypes.get_errno(), "renameat2")


@unittest.skipUnless(os.geteuid() == 0, "what must not be touched is another's")
class Races(LocalCase):
    def setUp(self):
        super().setUp()
        self.home.chmod(0o755)
        self.own(self.home)  # The homes' names are the user's here, to change as he likes.
        self.others = self.home / "others"
        self.others.mkdir(mode=0o755)
        self.secret = self.others / "secret"
        self.secret.write_text("./caught\n")
        self.secret.chmod(0o600)

    def race(self, change, **delivery):
        """Deliveries while the user changes things as fast as he can; their exit codes."""
        pid = os.fork()
        if pid == 0:
            try:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
                while True:
                    change()
            finally:
                os._exit(1)
        try:
            results = [self.deliver(**delivery) for _ in range(DELIVERIES)]
        finally:
            os.kill(pid, signal.SIGKILL)
            self.assertEqual(signal.SIGKILL, os.waitpid(pid, 0)[1], "the user gave up")
        for result in results:
            self.assertIn(result.returncode, (0, LATER), result)
        self.assertEqual(["secret"], os.listdir(self.others))
        self.assertEqual("./caught\n", self.secret.read_text())
        self.assertEqual([], list(self.home.rglob("caught*")))
        for path in (*self.user.rglob("*"), *self.home.glob("other*/**/*")):
            if not path.is_symlink() and not path.samefile(self.secret):
                self.assertEqual(NOBODY, path.lstat().st_uid, path)
        return [result.returncode for result in results]

    def flip(self, left, right):
        return self.race(lambda: exchange(left, right))

    def test_a_home_that_all_may_write_to_and_one_that_none_but_its_owner(self):
        self.dot(".qmail", "|echo >> good\n")
        other = self.home / "joe2"
        other.mkdir()
        (other / ".qmail").write_text("|echo >> caught\n")
        self.own(other)
        self.own(other / ".qmail")
        other.chmod(0o777)
        codes = self.flip(self.user, other)
        self.assertEqual({0, LATER}, set(codes), "no race at all")

    def test_a_dot_qmail_that_all_may_write_to_and_a_sound_one(self):
        for good, bad in (("./good/\n", "./caught/\n"), ("./good\n", "./caught\n"),
                          ("|echo >> good\n", "|echo >> caught\n")):
            with self.subTest(good):
                self.maildir("good") if good.endswith("/\n") else None
                left = self.dot(".qmail", good)
                right = self.dot("other", bad, mode=0o666)
                codes = self.flip(left, right)
                self.assertEqual({0, LATER}, set(codes), "no race at all")
                if (self.user / "good").is_dir():
                    os.rename(self.user / "good", self.user / "was-good")

    def test_a_dot_qmail_whose_mode_changes(self):
        path = self.dot(".qmail", "|echo >> good\n")

        def change():
            for mode in (0o602, 0o664, 0o600, 0o1644, 0o000):
                os.chmod(path, mode)

        self.race(change)

    def test_a_dot_qmail_and_a_link_to_what_its_owner_may_not_read(self):
        left = self.dot(".qmail", "./good\n")
        right = self.user / "other"
        right.symlink_to(self.secret)
        self.flip(left, right)

    def test_a_maildir_and_a_link_to_anothers_directory(self):
        for part in ("tmp", "new", ""):
            with self.subTest(part):
                box = self.maildir(f"box{part}")
                link = self.user / f"link{part}"
                link.symlink_to(self.others)
                self.race(lambda: exchange(box / part if part else box, link),
                          default=f"./box{part}/")

    def test_an_mbox_and_a_link_to_anothers_file(self):
        box = self.user / "box"
        box.touch()
        self.own(box)
        link = self.user / "link"
        link.symlink_to(self.secret)
        self.race(lambda: exchange(box, link), default="./box")

    def test_an_mbox_and_a_hard_link_to_what_is_not_its_owners(self):
        """The kernel makes none where it protects hard links; where one is, rights still hold."""
        box = self.user / "box"
        box.touch()
        self.own(box)
        os.link(self.secret, self.user / "link")
        self.race(lambda: exchange(box, self.user / "link"), default="./box")
        self.assertNotIn(b"From ", self.secret.read_bytes())


if __name__ == "__main__":
    unittest.main()

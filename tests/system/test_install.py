"""./install on a host of the test's own: what it makes, that it makes it once, and that it takes no
mail away again."""

import hashlib
import os
import pathlib
import signal
import stat
import subprocess
import unittest

from host import BINARY, ROOT
from installed import Installed, can_install


def listing(directory):
    """Path, type, mode, owner, group, time of change, and content of all files below."""
    lines = []
    for path in sorted([directory, *directory.rglob("*")]):
        status = path.lstat()
        content = (os.readlink(path) if path.is_symlink()
                   else hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        lines.append((str(path.relative_to(directory)), stat.filemode(status.st_mode),
                      status.st_uid, status.st_gid, status.st_mtime_ns, content))
    return lines


@unittest.skipUnless(can_install(), "installing needs root and namespaces")
class Install(unittest.TestCase):
    def setUp(self):
        self.host = Installed()
        self.addCleanup(self.host.close)
        self.home = self.host.home

    def accounts(self):
        return {name: (self.host.base / "etc" / name).read_text() for name in ("passwd", "group")}

    def check(self, *options):
        """check-install's exit code and lines."""
        result = self.host.run(self.home / "bin/kopis", "check-install", *options, check=False)
        self.assertEqual(b"", result.stderr)
        return result.returncode, result.stdout.decode().splitlines()

    def test_the_script_installs_once_and_takes_away_what_it_made(self):
        before = self.accounts()
        result = subprocess.run(
            self.host.argv("sh", "-c", f'cd {ROOT} && exec ./install --home "$0"', self.home),
            capture_output=True, timeout=600, env=self.host.environment())
        self.assertEqual(0, result.returncode, result)
        first = listing(self.home)
        self.assertEqual((0, []), self.check())
        control = {path.name: path.read_text() for path in (self.home / "control").iterdir()
                   if not path.name.startswith(("tcprules", "servercert"))}
        self.assertEqual({"me": "toyokawa.gcd.org\n", "locals": "toyokawa.gcd.org\n",
                          "rcpthosts": "toyokawa.gcd.org\n", "defaultdomain": "gcd.org\n",
                          "plusdomain": "gcd.org\n"}, control)
        accounts = self.accounts()
        self.assertEqual("", self.host.install())
        self.assertEqual(first, listing(self.home))
        self.assertEqual(accounts, self.accounts())
        said = self.host.uninstall(self.home / "bin/kopis")
        self.assertEqual("", said)
        self.assertFalse(self.home.exists())
        self.assertEqual(before, self.accounts())

    def test_what_people_changed_stays(self):
        self.host.install()
        (self.home / "control/locals").write_text("changed.example\n")
        (self.home / "control/rcpthosts").unlink()
        (self.home / "alias/.qmail-root").write_text("&me@elsewhere.example\n")
        self.assertEqual("", self.host.install())
        self.assertEqual("changed.example\n", (self.home / "control/locals").read_text())
        self.assertFalse((self.home / "control/rcpthosts").exists())
        said = self.host.uninstall()
        self.assertIn(f"{self.home}/control stays", said)
        self.assertEqual(["locals"], os.listdir(self.home / "control"))
        self.assertEqual([".qmail-root"], os.listdir(self.home / "alias"))
        self.assertIn("alias:", self.accounts()["passwd"])

    def test_nothing_stays_of_a_host_that_ran_and_has_no_mail(self):
        before = self.accounts()
        self.host.install()
        self.assertEqual(0, self.host.stop(self.host.start()))
        self.assertEqual((0, []), self.check())
        self.assertEqual("", self.host.uninstall())
        self.assertFalse(self.home.exists())
        self.assertEqual(before, self.accounts())

    def test_signals_of_supervise_reach_qmail_send(self):
        """svc -a and svc -h signal what was started as qmail-start (contract §6.1, trap 30)."""
        self.host.install()
        joe = self.host.add_user("joe")
        self.host.dot("joe", "later", "|exit 111")
        process = self.host.start()
        self.host.shell(f"printf 'Subject: x\n\n' | {self.home}/bin/sendmail joe-later")
        self.host.wait_log(r"deferral")
        self.host.dot("joe", "later", "./Maildir/")
        process.send_signal(signal.SIGALRM)
        self.host.wait_mail(joe / "Maildir")
        with open(self.home / "control/locals", "a") as locals_file:
            locals_file.write("more.example\n")
        process.send_signal(signal.SIGHUP)
        # Until it is read again the name is remote, and has no MX here.
        self.host.shell(f"printf 'Subject: x\n\n' | {self.home}/bin/sendmail joe@more.example")
        self.host.wait_mail(joe / "Maildir", 2)

    def test_users_that_were_there_are_not_taken_away(self):
        self.host.run("groupadd", "--system", "nofiles")
        self.host.run("useradd", "--system", "--gid", "nofiles", "qmaild")
        before = self.accounts()
        self.host.install()
        self.host.uninstall()
        self.assertFalse(self.home.exists())
        self.assertEqual(before, self.accounts())

    def test_no_mail_is_taken_away(self):
        self.host.install()
        joe = self.host.add_user("joe")
        process = self.host.start()
        self.host.shell(f"printf 'Subject: one\n\n' | {self.home}/bin/sendmail postmaster")
        self.host.wait_mail(self.home / "alias/Maildir")
        self.host.shell(f"printf 'Subject: two\n\n' | {self.home}/bin/sendmail joe")
        self.host.wait_mail(joe / "Maildir")
        refused = self.host.run(self.home / "bin/kopis", "install", "--home", self.home,
                                "--uninstall", check=False)
        self.assertEqual(100, refused.returncode)
        self.assertIn(b"stop it first", refused.stderr)
        self.host.dot("joe", "later", "|exit 111")
        self.host.shell(f"printf 'Subject: three\n\n' | {self.home}/bin/sendmail joe-later")
        self.host.wait_log(r"deferral")
        self.assertEqual(0, self.host.stop(process))
        said = self.host.uninstall()
        self.assertIn(f"{self.home}/queue holds mail, and stays", said)
        self.assertIn(f"{self.home}/alias stays", said)
        self.assertFalse((self.home / "bin").exists())
        self.assertEqual(1, len(self.host.mail(joe / "Maildir")))
        self.assertEqual(1, len(self.host.mail(self.home / "alias/Maildir")))
        self.host.install()  # And the queue goes on where it was.
        self.host.dot("joe", "later", "./Maildir/")
        self.host.start()
        [sender] = self.host.wait_until(
            lambda: self.host.pids().get("qmail-send"), "there is no qmail-send")
        self.host.wait_log(r"status: local 0/10 remote 0/20\n\Z")
        os.kill(sender, signal.SIGALRM)
        self.host.wait_mail(joe / "Maildir", 2)

    def test_what_is_wrong_is_found_and_mended(self):
        self.host.install()
        lock = self.home / "queue/lock"
        (self.home / "queue/mess").chmod(0o777)
        os.chown(self.home / "queue/state", 0, 0)
        (lock / "trigger").unlink()
        (self.home / "bin/qmail-send").unlink()
        (self.home / "bin/odd").write_text("")
        (self.home / "bin/odd").chmod(0o4755)
        before = listing(self.home)
        code, lines = self.check()
        self.assertEqual(before, listing(self.home))
        self.assertEqual(100, code)
        qmails, qmail = self.host.uid("qmails"), self.host.gid("qmails")
        qmailq = self.host.uid("qmailq")
        self.assertEqual([
            f"{self.home}/queue/mess is {qmailq}:{qmail} 0777, not qmailq:qmail 0750",
            f"{self.home}/queue/state is 0:0 0700, not qmails:qmail 0700",
            f"there is no {lock}/trigger",
            f"{self.home}/bin/qmail-send is no link to kopis",
            f"{self.home}/bin/odd is setuid or setgid"], lines)
        code, mended = self.check("--mend")
        self.assertEqual((0, [f"mended: {line}" for line in lines]), (code, mended))
        self.assertEqual((0, []), self.check())
        status = (lock / "trigger").stat()
        self.assertEqual((True, 0o622, qmails, qmail), (
            stat.S_ISFIFO(status.st_mode), status.st_mode & 0o7777, status.st_uid, status.st_gid))

    def test_mending_follows_no_link_out_of_the_home(self):
        self.host.install()
        target = self.host.base / "target"
        target.mkdir(mode=0o700)
        (target / "tcpto").write_text("")
        lock = self.home / "queue/lock"
        for name in ("trigger", "sendmutex", "tcpto"):
            (lock / name).unlink()
        lock.rmdir()
        lock.symlink_to(target)
        before = listing(target)
        code, lines = self.check("--mend")
        self.assertEqual(100, code)
        self.assertEqual([f"{path} is a link, or reached through one" for path in
                          (lock, lock / "sendmutex", lock / "tcpto", lock / "trigger")], lines)
        self.assertEqual(before, listing(target))

    def test_units(self):
        units = self.host.base / "etc/systemd/system"
        self.host.install("--systemd")
        names = ["kopis.service", "kopis-queue.service", "kopis-smtp.service", "kopis-submission.service",
                 "kopis-submissions.service", "kopis-pop3.service", "kopis-pop3s.service",
                 "kopis-acme.service"]
        limits = (60, 50, 20, 20, 20, 50, 50, 20)  # Tenths; 100 is wide open.
        first = listing(units)
        self.assertEqual("", self.host.install("--systemd"))
        self.assertEqual(first, listing(units))
        paths = [f"/etc/systemd/system/{name}" for name in names]
        verified = self.host.run("systemd-analyze", "verify", "--man=no", *paths, check=False)
        self.assertEqual((0, b""), (verified.returncode, verified.stderr))
        for path, limit in zip(paths, limits):
            rated = self.host.run("systemd-analyze", "security", "--offline=true",
                                  f"--threshold={limit}", path, check=False)
            self.assertEqual(0, rated.returncode, rated.stdout.decode()[-3000:])
        (units / names[0]).write_text((units / names[0]).read_text() + "# mine\n")
        self.host.install("--systemd")
        self.assertIn("# mine", (units / names[0]).read_text())
        said = self.host.uninstall()
        self.assertIn(f"/etc/systemd/system/{names[0]} was changed by hand, and stays", said)
        self.assertEqual([names[0]], [name for name in names if (units / name).exists()])

    def test_wrong_words(self):
        for words in (["--home"], ["--home", "relative"], ["--home", "/a b"], ["--what"], ["x"]):
            result = self.host.run(BINARY, "install", *words, check=False)
            self.assertEqual((100, b""), (result.returncode, result.stdout), words)
            self.assertIn(b"usage: kopis install", result.stderr)
        self.assertFalse(pathlib.Path("relative").exists())


if __name__ == "__main__":
    unittest.main()

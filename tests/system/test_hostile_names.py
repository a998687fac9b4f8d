"""An installed host and a user who means ill: locks, links and FIFOs in the places that others read."""

import os
import re
import subprocess
import unittest

from installed import InstalledCase

FLIP = r"""
import ctypes, os, sys
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1]))
libc = ctypes.CDLL(None)
left, right = map(os.fsencode, sys.argv[3:5])
print(flush=True)
while True:
    libc.renameat2(-100, left, -100, right, 2)
"""


class HostileNames(InstalledCase):
    @classmethod
    def prepare(cls):
        host = cls.host
        cls.joe, cls.eva = host.add_user("joe"), host.add_user("eva")
        host.run(host.home / "bin/kopis", "user", "add", "v@virtual.example", "--generate",
                 "--new-domain")
        cls.qmail = host.start("./Maildir/")

    def send(self, recipient):
        return self.host.shell(f"printf 'Subject: try\n\nhello\n' | {self.host.home}/bin/sendmail"
                               f" -f '' {recipient}")

    def test_a_users_locks_stop_no_mail(self):
        """Before: sendmail exits 111, and qmail-smtpd answers 421."""
        files = [path for name in ("control", "users") for path in (self.host.home / name).iterdir()
                 if path.is_file() and path.stat().st_mode & 0o004]
        holder = self.host.spawn(
            "setpriv", "--reuid", "joe", "--regid", "joe", "--clear-groups", "python3", "-c",
            "import fcntl, sys\nfiles = [open(name) for name in sys.argv[1:]]\n"
            "[fcntl.flock(file, 2) for file in files]\nprint(flush=True)\nsys.stdin = open('/dev/zero')\n"
            "import signal; signal.pause()", *files, "/etc/resolv.conf", stdout=subprocess.PIPE)
        holder.stdout.readline()
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        before = len(self.host.mail(self.eva / "Maildir"))
        self.send("eva")
        self.host.wait_mail(self.eva / "Maildir", before + 1)
        server = self.host.run("sh", "-c", "echo QUIT | TCPREMOTEIP=192.0.2.1 "
                               f"{self.host.home}/bin/qmail-smtpd")
        self.assertRegex(server.stdout, rb"\A220 ")

    def test_a_virtual_home_that_flips_runs_nothing_as_another_user(self):
        """Before: mail behind the link was delivered as joe, who cannot get there: put off. That it may run
        alias's program as joe is shown by test_qmail_lspawn (virtual users) alone."""
        host, mail = self.host, self.host.home / "users/mail/virtual.example"
        uid, gid = host.uid("alias"), host.gid("alias")
        box, other = mail / "v", mail / "other"
        (box / ".qmail").write_text(f"|id -u >> {self.host.base}/ids\n")
        other.symlink_to(self.joe)
        os.chown(box / ".qmail", uid, gid)
        host.dot("joe", "", f"|id -u >> {self.host.base}/ids")
        (host.base / "ids").touch()
        (host.base / "ids").chmod(0o666)
        box.rename(mail / "aside")
        other.rename(box)
        self.send("v@virtual.example")
        host.wait_until(lambda: (host.base / "ids").read_text(), lambda: host.log(), 60)
        box.rename(other)
        (mail / "aside").rename(box)
        flipper = host.spawn("python3", "-c", FLIP, uid, gid, box, other, stdout=subprocess.PIPE)
        flipper.stdout.readline()
        self.addCleanup(flipper.stdout.close)
        for _ in range(10):
            self.send("v@virtual.example")
        host.wait_until(lambda: len((host.base / "ids").read_text().split()) >= 11,
                        lambda: host.log(), 120)
        flipper.kill()
        flipper.wait()
        (self.joe / ".qmail").unlink()
        self.assertEqual({str(uid)}, set((host.base / "ids").read_text().split()))

    def test_an_export_is_given_away_when_it_is_whole(self):
        """Before: its directories first, then files in them by path."""
        host = self.host
        host.dot("joe", "later", "|exit 111")
        self.send("joe-later")
        host.wait_log("deferral")
        host.stop(self.qmail)
        self.addCleanup(self.restart)
        trace = host.base / "trace"
        host.run("strace", "-f", "-qq", "-o", trace, "-e",
                 "trace=chown,lchown,fchownat,openat2,mkdirat,mkdir,mknodat,renameat",
                 host.home / "bin/kopis", "queue", "export", host.base / "export")
        lines = trace.read_text().splitlines()
        given = [i for i, line in enumerate(lines) if "chown" in line]
        made = [i for i, line in enumerate(lines)
                if re.search(r"mkdir|mknodat|renameat|O_CREAT", line)]
        self.assertGreater(len(given), 100)
        self.assertGreater(min(given), max(made))
        self.assertEqual([], [lines[i] for i in given if not re.search(r'fchownat\(\d+, ""', lines[i])])
        top = (host.base / "export").stat()
        self.assertEqual((host.uid("qmailq"), 0o750), (top.st_uid, top.st_mode & 0o7777))
        owners = {path.relative_to(host.base / "export").parts[0]: path.stat().st_uid
                  for path in (host.base / "export").rglob("*") if path.is_file()}
        self.assertEqual(
            {"mess": host.uid("qmailq"), "info": host.uid("qmails"), "local": host.uid("qmails"),
             "lock": owners["lock"]}, owners)

    @classmethod
    def restart(cls):
        cls.qmail = cls.host.start("./Maildir/")

    def test_a_link_in_the_queue_is_not_exported_and_not_shown(self):
        """Before: root read qmails's link, and gave what it led to to qmails."""
        host = self.host
        host.dot("joe", "later2", "|exit 111")
        self.send("joe-later2")
        host.wait_log("deferral")
        host.stop(self.qmail)
        self.addCleanup(self.restart)
        listed = host.run(host.home / "bin/kopis", "queue", "list").stdout.decode()
        number = re.search(r"#(\d+)", listed).group(1)
        link = host.home / "queue/bounce" / number
        link.symlink_to("/etc/shadow")
        self.addCleanup(link.unlink)
        os.chown(link, host.uid("qmails"), -1, follow_symlinks=False)
        for words in (("show", number), ("export", host.base / "export2")):
            result = host.run(host.home / "bin/kopis", "queue", *words, check=False)
            self.assertEqual(111, result.returncode, result)
            self.assertNotIn(b"root:", result.stdout)


if __name__ == "__main__":
    unittest.main()

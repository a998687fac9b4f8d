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
from installed import ME, Installed, can_install


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
        """check-install's exit code and lines. usermod sees processes of other tests' users as its
        user's, where they have the same number: not in a name space of its own."""
        result = self.host.run("unshare", "--pid", "--fork", "--mount-proc", self.home / "bin/kopis",
                               "check-install", *options, check=False)
        self.assertEqual(b"", result.stderr)
        return result.returncode, result.stdout.decode().splitlines()

    def test_the_script_installs_once_and_takes_away_what_it_made(self):
        before = self.accounts()
        result = subprocess.run(
            self.host.argv("sh", "-c", f'cd {ROOT} && exec ./install --home "$0"', self.home),
            capture_output=True, timeout=600, env=self.host.environment())
        self.assertEqual(0, result.returncode, result)
        lines = result.stdout.decode().splitlines()
        self.assertEqual(["name:", "made:", "runs:", "others:", "next:"],
                         [line.split()[0] for line in lines], result)
        self.assertEqual(f"name:   {ME} ({self.home}/control/me)", lines[0])
        self.assertRegex(lines[1], rf"^made:   \d+ users, .* in {self.home}, Kopis 0\.\S+ \(commit .+\)$")
        self.assertEqual(("runs:   nothing yet", "others: no other program has a port of mail"),
                         (lines[2], lines[3]))
        self.assertIn("new file control/me\n", (ROOT / "out/install.log").read_text())
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

    def test_who_has_a_port_of_mail_is_said(self):
        self.host.install()
        other = self.host.spawn(
            "python3", "-c", "import socket, time; a = socket.create_server(('127.0.0.1', 25));"
            "b = socket.create_server(('::1', 995), family=socket.AF_INET6); print(flush=True);"
            "time.sleep(600)", stdout=subprocess.PIPE)
        self.addCleanup(other.stdout.close)
        other.stdout.readline()
        said = self.host.run(BINARY, "install", "--home", self.home, "--summary", "0").stdout.decode()
        self.assertRegex(said, r"(?m)^made:   nothing new in ")
        self.assertRegex(said, r"(?m)^others: port 25 belongs to python3 \(pid \d+\), "
                               r"port 995 belongs to python3 \(pid \d+\)$")
        self.assertRegex(said, r"(?m)^next:   try Kopis beside python3 .*docs/MOVING\.md$")
        self.assertEqual("", self.host.run(BINARY, "install", "--startable").stdout.decode())
        other.terminate()
        other.wait()
        units = self.host.run(BINARY, "install", "--startable").stdout.decode().split()
        self.assertEqual(["kopis-queue.service", "kopis.service", "kopis-smtp.service"], units[:3])

    def test_what_was_started_by_hand_is_said(self):
        self.host.install()
        self.host.start()
        said = self.host.run(BINARY, "install", "--home", self.home, "--summary", "0").stdout.decode()
        self.assertIn("\nruns:   programs that were started by hand, no unit\n", said)
        refused = self.host.run(self.home / "bin/kopis", "restart", check=False)
        self.assertEqual(100, refused.returncode, refused)
        self.assertRegex(refused.stderr.decode(), r"process \d+ runs .*; restart it where it was started")
        self.assertTrue(self.host.can_connect())

    def test_only_the_packages_program_is_linked_to(self):
        refused = self.host.run(BINARY, "install", "--home", self.home, "--packaged", check=False)
        self.assertEqual(100, refused.returncode, refused)
        self.assertIn(b"--packaged is for /usr/lib/kopis/kopis alone", refused.stderr)

    def test_settings_of_the_units(self):
        settings = self.host.base / "etc/default/kopis"
        self.host.install("--systemd")
        text = settings.read_text()
        for name in ("SMTP", "SUBMISSION", "SUBMISSIONS", "POP3", "POP3S"):
            for what in ("ADDRESS", "PORT", "OPTIONS"):
                self.assertRegex(text, rf"(?m)^#KOPIS_{name}_{what}=")
        self.assertEqual([], [line for line in text.splitlines() if line and line[0] != "#"])
        settings.write_text(text + "KOPIS_SMTP_PORT=2525\n")
        self.host.install("--systemd")
        self.assertIn("\nKOPIS_SMTP_PORT=2525\n", settings.read_text())
        self.assertIn("/etc/default/kopis was changed by hand, and stays", self.host.uninstall())
        self.assertTrue(settings.exists())

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

    def test_what_was_removed_stays_away(self):
        self.host.install()
        removed = ["alias/.qmail-root", "alias/.qmail-postmaster", "control/servercert.pem",
                   "control/tcprules.txt", "control/tcprules.dat", "control/plusdomain"]
        for name in removed:
            (self.home / name).unlink()
        for _ in range(2):
            self.assertEqual("", self.host.install())
            self.assertEqual([], [name for name in removed if (self.home / name).exists()])
        self.assertTrue((self.home / "alias/.qmail-mailer-daemon").exists())
        (self.home / "control/me").unlink()
        self.assertEqual("new file control/me\n", self.host.install())
        (self.home / "users/keep").write_text("")
        self.host.uninstall()
        self.host.install()  # The first one again.
        self.assertEqual([], [name for name in removed if not (self.home / name).exists()])

    def test_a_sites_own_programs_stay(self):
        """A wrapper in qmail-remote's place; before, installing again made it ours."""
        bin_ = self.home / "bin"
        bin_.mkdir(parents=True)
        (bin_ / "qmail-remote").write_text("another qmail's\n")  # The first time it is taken over.
        self.host.install()
        self.assertEqual("kopis", os.readlink(bin_ / "qmail-remote"))
        wrapper = "#!/bin/sh\nexec kopis qmail-remote \"$@\"\n"
        for name in ("qmail-remote", "qmail-queue", "qmail-send", "qmail-clean"):
            (bin_ / name).unlink()
        (bin_ / "qmail-remote").write_text(wrapper)
        (bin_ / "qmail-queue").symlink_to("/bin/true")
        (bin_ / "qmail-send").symlink_to("nowhere")
        (bin_ / "qmail-clean").symlink_to(bin_ / "kopis")  # Ours by another way.
        own = [f"{bin_}/{name} is this site's own, no link to kopis, and stays"
               for name in ("qmail-queue", "qmail-remote")]
        ours = [f"{bin_}/{name} is not a link to kopis" for name in ("qmail-clean", "qmail-send")]
        self.assertEqual(sorted(own + ours), sorted(self.host.install().splitlines()))
        for words in ((), ("--mend",)):
            code, lines = self.check(*words)
            self.assertEqual((100, own), (code, sorted(lines)))
        self.assertEqual(sorted(own), sorted(self.host.install().splitlines()))
        self.assertEqual(wrapper, (bin_ / "qmail-remote").read_text())
        self.assertEqual("/bin/true", os.readlink(bin_ / "qmail-queue"))
        for name in ("qmail-send", "qmail-clean"):
            self.assertEqual("kopis", os.readlink(bin_ / name))
        (bin_ / "qmail-remote").unlink()  # As it says: to have ours again.
        (bin_ / "qmail-queue").unlink()
        self.assertEqual(0, self.check("--mend")[0])
        for name in ("qmail-remote", "qmail-queue"):
            self.assertEqual("kopis", os.readlink(bin_ / name))

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

    def test_an_alias_with_another_home_is_complained_of_and_mended_where_asked(self):
        """Before: nothing was said, and postmaster's mail bounced."""
        self.host.run("groupadd", "--system", "nofiles")
        self.host.run("useradd", "--system", "--gid", "nofiles", "--home-dir", "/nonexistent",
                      "alias")
        before = self.accounts()["passwd"]
        line = (f"user alias is at home in /nonexistent, not in {self.home}/alias, where its "
                ".qmail files are: mail to postmaster bounces")
        said = self.host.install()
        self.assertIn(f"{line} (kopis check-install --mend --home {self.home})\n", said)
        self.assertIn(before, self.accounts()["passwd"])
        self.assertEqual((100, [line]), self.check())
        self.assertEqual((0, [f"corrected: {line}"]), self.check("--mend"))
        self.assertEqual((0, []), self.check())
        self.assertEqual("", self.host.install())
        self.host.start()
        self.host.shell(f"printf 'Subject: one\n\n' | {self.home}/bin/sendmail postmaster")
        self.host.wait_mail(self.home / "alias/Maildir")

    def test_host_names_of_the_kernel(self):
        """Before: 64 bytes without a dot ended install with a trace."""
        for name in ("a" * 64, "a..b", "A_b", "x" * 31 + "." + "y" * 32):
            self.host.shell("printf %s \"$NAME\" > /proc/sys/kernel/hostname", NAME=name)
            self.host.install()
            me = (self.home / "control/me").read_text().strip()
            self.assertRegex(me, r"\A[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+\Z")
            self.assertEqual((0, []), self.check())
            self.assertEqual("", self.host.uninstall())

    def test_without_rcpthosts_an_installed_host_is_no_open_relay(self):
        """Before: it was one at once, as qmail is, and nothing said so."""
        self.host.install()
        self.host.start()
        self.host.add_user("joe")
        self.host.dot("joe", "default", "./Maildir/")
        (self.home / "control/rcpthosts").unlink()
        (self.home / "control/virtualdomains").write_text("virtual.example:joe\n")
        words = (b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<joe@toyokawa.gcd.org>\r\n"
                 b"RCPT TO:<joe-x@virtual.example>\r\nRCPT TO:<x@elsewhere.example>\r\n"
                 b"RCPT TO:<x%elsewhere.example@other.example>\r\nQUIT\r\n")

        def codes(stdin=words, **environment):
            result = self.host.run(self.home / "bin/qmail-smtpd", stdin=stdin, check=False,
                                   TCPREMOTEIP="192.0.2.1", **environment)
            replies = [line[:3] for line in result.stdout.splitlines() if line[3:4] == b" "]
            return replies[3:-1], result.stderr.decode()

        taken, said = codes()
        self.assertEqual([b"250", b"250", b"553", b"553"], taken)
        warning, *refusals = said.splitlines()
        self.assertEqual(
            f"qmail-smtpd: warning: {self.home}/control/rcpthosts: missing, so mail is accepted "
            "for local addresses only (control/openrelay with 1 makes an open relay)", warning)
        self.assertEqual(["qmail-smtpd: 0 192.0.2.1: refused by rcpthosts"] * 2,
                         [line.split(": helo=")[0] for line in refusals])
        self.assertEqual([b"250", b"250"], codes(RELAYCLIENT="")[0][-2:])
        shown = self.host.run(self.home / "bin/qmail-showctl").stdout.decode()
        self.assertIn("\nrcpthosts: (Default.) Missing: SMTP clients may send", shown)
        netstring = b"1:\n,0:,23:19:x@elsewhere.example,,"
        result = self.host.run(self.home / "bin/qmail-qmtpd", stdin=netstring, check=False,
                               TCPREMOTEIP="192.0.2.1")
        self.assertIn(b"rcpthosts", result.stdout)
        (self.home / "control/openrelay").write_text("1\n")
        self.assertEqual(([b"250", b"250"], ""), (codes()[0][-2:], codes()[1]))
        (self.home / "control/openrelay").write_text("yes\n")
        self.assertEqual([], codes()[0])
        (self.home / "control/openrelay").unlink()
        (self.home / "control/rcpthosts").write_text("elsewhere.example\n")
        self.assertEqual([b"553", b"553", b"250", b"553"], codes()[0])

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
        self.host.wait_log(r"status: local 0/120 remote 0/20\n\Z")
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
            f"{self.home}/bin/qmail-send is not a link to kopis",
            f"{self.home}/bin/odd is setuid or setgid"], lines)
        code, mended = self.check("--mend")
        self.assertEqual((0, [f"corrected: {line}" for line in lines]), (code, mended))
        self.assertEqual((0, []), self.check())
        status = (lock / "trigger").stat()
        self.assertEqual((True, 0o622, qmails, qmail), (
            stat.S_ISFIFO(status.st_mode), status.st_mode & 0o7777, status.st_uid, status.st_gid))

    def test_what_readers_may_not_read_is_said(self):
        """Root may, so a check by root said nothing, and all TLS or all mail failed."""
        self.host.install()
        config = lambda *words: self.host.run(self.home / "bin/kopis", "config", "check", *words, check=False)
        self.assertEqual((0, b""), (config().returncode, config().stdout))
        certificate, locals_ = (self.home / "control" / name for name in ("servercert.pem", "locals"))
        os.chown(certificate, 0, 0)
        locals_.chmod(0o600)
        wanted = ["control/locals: qmails may not read it, with mode 0600",
                  "control/servercert.pem: qmaild may not read it, with mode 0400"]
        result = config()
        self.assertEqual((100, wanted), (result.returncode, result.stdout.decode().splitlines()))
        self.assertEqual(wanted[1:], config("servercert.pem").stdout.decode().splitlines())
        found = self.host.run(self.home / "bin/kopis", "doctor", "--only", "control.check",
                              check=False).stdout.decode()
        for line in wanted:
            self.assertIn(line, found)
        os.chown(certificate, self.host.uid("qmaild"), 0)
        locals_.chmod(0o644)
        self.assertEqual((0, b""), (config().returncode, config().stdout))

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
                 "kopis-acme.service", "kopis-dmarc.service", "kopis-tlsrpt.service",
                 "kopis-doctor.service", "kopis-summary.service",
                 "kopis-web.service", "kopis-passwd@.service", "kopis-otlp.service"]
        limits = (60, 50, 20, 20, 20, 50, 50, 20, 20, 20, 50, 20, 20, 50, 20)  # Tenths; 100 is wide open.
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

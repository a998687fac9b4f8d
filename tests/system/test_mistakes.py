"""What users get wrong on an installed host: the documented outcome, the text in the log, nothing
lost, and nobody else's mail held up. And who is let in by which kind of password."""

import contextlib
import ctypes
import os
import signal
import unittest

from installed import InstalledCase

CRYPT = ctypes.CDLL("libcrypt.so.1").crypt
CRYPT.restype = ctypes.c_char_p
SETTINGS = {
    "yescrypt": b"$y$j9T$saltsaltsaltsalt",
    "gost-yescrypt": b"$gy$j9T$saltsaltsaltsalt",
    "scrypt": b"$7$CU..../....saltsaltsaltsalt",
    "bcrypt": b"$2b$05$saltsaltsaltsaltsaltsa",
    "sha512": b"$6$saltsalt",
    "sha256": b"$5$saltsalt",
    "md5": b"$1$saltsalt",
    "des": b"ab",
}


class Mistakes(InstalledCase):
    @classmethod
    def prepare(cls):
        host = cls.host
        cls.homes = {name: host.add_user(name) for name in ("joe", "ann", "eva")}
        cls.qmail = host.start("./Maildir/")

    def queue(self, recipient, subject="mistake"):
        self.host.shell(f"printf 'Subject: {subject}\n\nbody\n' | {self.host.home}/bin/sendmail"
                        f" -f joe {recipient}")

    def subjects(self, user):
        return [line for mail in self.host.mail(self.homes[user] / "Maildir")
                for line in mail.read_text("latin-1").splitlines() if line.startswith("Subject:")]

    def wait_subject(self, user, subject):
        self.host.wait_until(lambda: f"Subject: {subject}" in self.subjects(user),
                             lambda: f"{subject} never came to {user}: {self.host.log()}")

    def retry(self):
        self.host.run(self.host.home / "bin/kopis", "queue", "retry")

    # .qmail -----------------------------------------------------------------------------------

    def test_lines_that_are_wrong_defer_and_are_delivered_once_mended(self):
        wrong = {
            "nodir": ("./no/such/Maildir/", r"Unable_to_chdir_to_maildir\._\(#4\.2\.1\)/"),
            "nofile": ("./no/such/box", r"Unable_to_open_\./no/such/box:_file_does_not_exist"
                                        r"\._\(#4\.2\.1\)/"),
            "noprog": ("|no-such-program", r".*no-such-program:_not_found.*"),
            "blank": ("\n./Maildir/", r"Uh-oh:_first_line_of_\.qmail_file_is_blank\._\(#4\.2\.1\)/"),
        }
        for extension, (line, text) in wrong.items():
            self.host.dot("joe", extension, line)
            self.queue(f"joe-{extension}", extension)
            self.host.wait_log(rf"^starting delivery (\d+): .* to local joe-{extension}@[\s\S]*"
                               rf"^delivery \1: deferral: {text}$")
        self.queue("ann", "unharmed")
        self.wait_subject("ann", "unharmed")
        for extension in wrong:
            self.host.dot("joe", extension, "./Maildir/")
        self.retry()
        for extension in wrong:
            self.wait_subject("joe", extension)

    def test_a_home_that_the_group_or_all_may_write(self):
        self.homes["eva"].chmod(0o775)  # conf-patrn 002: that is his business.
        self.queue("eva", "group")
        self.wait_subject("eva", "group")
        self.homes["eva"].chmod(0o777)
        self.queue("eva", "all")
        self.host.wait_log(r"deferral: Uh-oh:_home_directory_is_writable\._\(#4\.7\.0\)/$")
        self.homes["eva"].chmod(0o755)
        self.retry()
        self.wait_subject("eva", "all")

    def test_a_missing_user_bounces_and_the_sender_reads_why(self):
        self.queue("no-such-user", "to nobody")
        self.host.wait_log(r"failure: Sorry,_no_mailbox_here_by_that_name\._\(#5\.1\.1\)/$")
        bounce = self.host.wait_until(
            lambda: [mail.read_text() for mail in self.host.mail(self.homes["joe"] / "Maildir")
                     if "<no-such-user@" in mail.read_text()], "no bounce came")[0]
        self.assertIn("Sorry, no mailbox here by that name. (#5.1.1)", bounce)
        self.assertIn("Subject: to nobody", bounce)

    def test_a_program_that_hangs_holds_up_nobody_and_loses_nothing(self):
        self.host.dot("joe", "hang", f"|echo $$ > {self.homes['joe']}/hangs; exec sleep 1000000")
        self.queue("joe-hang", "after all")
        path = self.homes["joe"] / "hangs"
        self.host.wait_until(lambda: path.exists() and path.read_text().strip(), "it never ran")
        self.queue("joe", "beside it")
        self.queue("ann", "another")
        self.wait_subject("joe", "beside it")
        self.wait_subject("ann", "another")
        self.assertEqual(0, self.host.stop(self.qmail))
        # As with qmail, who has lost sight of it: it goes on until it ends.
        os.kill(int(path.read_text()), signal.SIGKILL)
        self.host.dot("joe", "hang", "./Maildir/")
        type(self).qmail = self.host.start("./Maildir/")
        self.wait_subject("joe", "after all")

    def test_the_spawner_killed_in_the_midst(self):
        self.host.dot("joe", "slow", f"|touch {self.homes['joe']}/slow; exec sleep 1000000")
        self.queue("joe-slow", "once more")
        self.host.wait_until((self.homes["joe"] / "slow").exists, "it never ran")
        self.host.dot("joe", "slow", "./Maildir/")
        for half in self.host.pids()["qmail-lspawn"]:
            with contextlib.suppress(ProcessLookupError):  # One half ends with the other.
                os.kill(half, signal.SIGKILL)
        self.wait_subject("joe", "once more")

    # Passwords --------------------------------------------------------------------------------

    def login(self, name, password, command="id -u; id -g; id -G; pwd; echo $USER $HOME $SHELL"):
        fields = self.host.base / "fields"
        fields.write_bytes(name + b"\0" + password + b"\0<1.2@x>\0")
        fields.chmod(0o600)
        return self.host.run("sh", "-c", f'exec checkpassword sh -c "$0" 3<{fields}', command,
                             check=False)

    def test_every_hash_of_the_hosts_libcrypt(self):
        home = self.host.add_user("pw", "--groups", "audio", "--shell", "/bin/sh")
        uid, gid = self.host.uid("pw"), self.host.gid("pw")
        tried = []
        for kind, setting in SETTINGS.items():
            made = CRYPT(b"right \xc3\xa4", setting)
            if not made or made.startswith(b"*"):
                continue
            tried.append(kind)
            self.host.run("usermod", "-p", made.decode(), "pw")
            result = self.login(b"pw", b"right \xc3\xa4")
            self.assertEqual(0, result.returncode, (kind, result))
            self.assertEqual(f"{uid}\n{gid}\n{gid}\n{home}\npw {home} /bin/sh\n",
                             result.stdout.decode(), kind)
            for wrong in (b"wrong", b"", made):
                self.assertEqual(1, self.login(b"pw", wrong).returncode, kind)
        self.assertLessEqual({"yescrypt", "bcrypt", "sha512", "sha256", "md5"}, set(tried))

    def test_who_is_never_let_in(self):
        right = CRYPT(b"right", SETTINGS["sha512"]).decode()
        self.host.add_user("locked", maildir=False)
        for hashed in ("!" + right, "*", "!", "", "$6$", "x"):
            self.host.shell(f"usermod -p '{hashed}' locked")
            for password in (b"right", b"", hashed.encode()):
                self.assertEqual(1, self.login(b"locked", password).returncode, hashed)
        self.host.shell(f"usermod -p '{right}' root")
        self.assertEqual(1, self.login(b"root", b"right").returncode)
        self.host.shell(f"useradd -o -u 0 -p '{right}' toor")
        self.assertEqual(1, self.login(b"toor", b"right").returncode)


if __name__ == "__main__":
    unittest.main()

"""kopis migrate: words, passwords, mailboxes, hostile files. What addresses become is test_migrate's, beside the
real servers."""

import base64
import hashlib
import hmac
import os
import subprocess
import unittest

from harness import BIN, ProgramCase

MBOX = b"""From joe@x Sat Jan  1 00:01:02 2000
Subject: one
Status: RO

text
>From here

From ann@x Sun Jan  2 00:00:00 2000
Subject: two

body
"""


def scram(password, salt=b"0123456789abcdef", count=4096):
    """A hash as `doveadm pw -s SCRAM-SHA-256` makes it."""
    key = hashlib.pbkdf2_hmac("sha256", password, salt, count)
    stored = hashlib.sha256(hmac.digest(key, b"Client Key", "sha256")).digest()
    server = hmac.digest(key, b"Server Key", "sha256")
    return b"{SCRAM-SHA-256}%d,%s,%s,%s" % (count, *map(base64.b64encode, (salt, stored, server)))


class KopisMigrate(ProgramCase):
    mail_owner = 61001

    def login(self, name, password):
        """checkpassword, with these on descriptor 3."""
        reading, writing = os.pipe()
        os.write(writing, name + b"\0" + password + b"\0\0")
        os.close(writing)
        try:
            return subprocess.run(
                ["sh", "-c", f'exec "$0" true 3<&{reading}', BIN / "checkpassword"],
                pass_fds=[reading], env=self.environment(), capture_output=True, timeout=30)
        finally:
            os.close(reading)

    def migrate(self, *words, **options):
        return self.run_program("kopis", "migrate", *words, **options)

    def ok(self, *words):
        result = self.migrate(*words)
        self.assertEqual((0, b""), (result.returncode, result.stderr), result)
        return result.stdout.decode()

    def refused(self, reason, *words):
        result = self.migrate(*words)
        self.assertEqual((100, b""), (result.returncode, result.stdout), result)
        self.assertIn(reason, result.stderr.decode())

    def site(self, text, **files):
        place = self.home / "theirs"
        place.mkdir()
        (place / "main.cf").write_text(text.replace("{etc}", str(place)))
        for name, content in files.items():
            (place / name).write_bytes(content)
        return str(place)

    def test_usage(self):
        for words in ((), ("from",), ("from-exim",), ("from-postfix", "--from"), ("--undo", "x"),
                      ("from-postfix", "--nonsense"), ("from-qmail", "--passwords", "x"),
                      ("from-postfix", "--rules", "x"), ("mailbox", "x"), ("mailbox", "x", "y", "z")):
            result = self.migrate(*words)
            self.assertEqual((100, b""), (result.returncode, result.stdout), words)
            self.assertTrue(result.stderr.startswith(b"usage: kopis migrate from-postfix"), words)
        self.assertIn("usage: kopis migrate", self.ok("--help"))
        for kind in ("postfix", "sendmail", "qmail"):
            self.refused("file does not exist", f"from-{kind}", "--from", str(self.home / "none"))
        self.refused("is this home", "from-qmail", "--from", str(self.home))
        self.refused("no migration", "--undo")
        self.refused("no migration", "--accept")

    def test_passwords_that_work_here(self):
        place = self.site("mydestination =\nalias_maps =\nvirtual_mailbox_domains = v.example\n"
                          "virtual_mailbox_maps = texthash:{etc}/boxes\n",
                          boxes=b"joe@v.example j/\nann@v.example a/\neve@v.example e/\n",
                          passwords=b"joe@v.example:" + scram(b"correct horse") + b":1:1::/home\n"
                          b"Ann@v.example:{PLAIN}other horse\n"
                          b"eve@v.example:{SHA512-CRYPT}$6$x$y\nnonsense\n")
        report = self.ok("from-postfix", "--from", place, "--passwords", place + "/passwords")
        for text in ("passwords:3: eve@v.example: a password of kind SHA512-CRYPT cannot be checked",
                     "passwords:4: this line: not user", "boxes:3: eve@v.example: no password"):
            self.assertIn(text, report)
        self.assertNotIn("horse", report)
        lines = dict(line.split(":", 1) for line in
                     (self.home / "users/virtual").read_text().splitlines())
        self.assertRegex(lines["joe@v.example"], r"^scram-sha-256\$4096\$")
        self.assertRegex(lines["ann@v.example"], r"^scram-sha-256\$600000\$")
        self.assertEqual("!", lines["eve@v.example"].split(":")[0])
        for user, password, code in (("joe", b"correct horse", 0), ("joe", b"wrong horse", 1),
                                     ("ann", b"other horse", 0), ("eve", b"y", 1)):
            result = self.login(user.encode() + b"@v.example", password)
            self.assertEqual(code, result.returncode, (user, result))

    def test_what_cannot_be_understood_changes_nothing(self):
        for text in ("a = $a\nmyhostname = $a\n", "mydestination = ${x\n"):
            place = self.site(text)
            before = sorted(str(path) for path in self.home.rglob("*"))
            self.refused("main.cf", "from-postfix", "--from", place)
            self.assertEqual(before, sorted(str(path) for path in self.home.rglob("*")))
            for path in (self.home / "theirs").iterdir():
                path.unlink()
            (self.home / "theirs").rmdir()

    def test_a_table_that_is_no_file_is_told(self):
        place = self.site("alias_maps = hash:{etc}/pipe hash:{etc}/none hash:/dev/zero hash:{etc}\n"
                          "virtual_alias_maps = ldap:x pcre:{etc}/none mysql:/x\n")
        os.mkfifo(place + "/pipe")
        report = self.ok("from-postfix", "--from", place, "--dry-run")
        for text in (f"{place}/pipe: ", f"{place}/none: file does not exist", "/dev/zero: ",
                     f"{place}: is a directory", "tables of type ldap are not read",
                     "tables of type mysql"):
            self.assertIn(text, report)

    def test_a_mailbox(self):
        mbox, maildir = self.home / "mbox", self.home / "Maildir"
        mbox.write_bytes(MBOX)
        (self.home / "Maildir.migrating").mkdir()  # Of a run that was cut short.
        self.assertEqual(f"2 messages in {maildir}\n", self.ok("mailbox", str(mbox), str(maildir)))
        self.assertEqual(MBOX, mbox.read_bytes())
        [one], [two] = list((maildir / "cur").iterdir()), list((maildir / "new").iterdir())
        self.assertTrue(one.name.endswith(".mx.example:2,S"))
        self.assertEqual(b"Subject: one\n\ntext\nFrom here\n", one.read_bytes())
        self.assertEqual(b"Subject: two\n\nbody\n", two.read_bytes())
        self.assertEqual((946684862, 0o600), (int(one.stat().st_mtime), one.stat().st_mode & 0o777))
        self.assertEqual(0o700, maildir.stat().st_mode & 0o777)
        self.assertFalse((self.home / "Maildir.migrating").exists())
        self.refused("is there already", "mailbox", str(mbox), str(maildir))
        mbox.write_bytes(b"Subject: no mbox\n")
        self.refused("is not an mbox", "mailbox", str(mbox), str(self.home / "other"))
        self.assertEqual(["Maildir"], [path.name for path in self.home.glob("*aildir*")])
        os.mkfifo(self.home / "pipe")
        self.refused("is not a regular file", "mailbox", str(self.home / "pipe"), str(self.home / "other"))


if __name__ == "__main__":
    unittest.main()

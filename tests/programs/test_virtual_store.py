"""Domains, aliases, catch-alls and quotas: kopis alias, kopis domain, kopis user quota."""

import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

from harness import BIN, ProgramCase
from test_qmail_lspawn import SpawnCase

DELIVERQUOTA = shutil.which("deliverquota", path="/usr/sbin:/usr/bin")


class StoreCase(ProgramCase):
    def kopis(self, *words, stdin=b"correct horse\n"):
        return self.run_program("kopis", *words, stdin=stdin)

    def ok(self, *words, **options):
        result = self.kopis(*words, **options)
        self.assertEqual((0, b""), (result.returncode, result.stderr), result)
        return result.stdout.decode()

    def refused(self, reason, *words, code=100):
        result = self.kopis(*words)
        self.assertEqual((code, b""), (result.returncode, result.stdout), result)
        self.assertIn(reason, result.stderr.decode())
        self.assertEqual(1, result.stderr.count(b"\n"), result.stderr)

    def add(self, address):
        return self.ok("user", "add", address, "--password-file", "-")

    def look_up(self, address):
        result = self.run_program("qmail-lookup", "--single-user", address)
        return result.stdout.split(b":")[0].decode()

    def maildir(self, address):
        local, domain = address.split("@")
        return self.home / "users/mail" / domain / local / "Maildir"


class Words(StoreCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")

    def test_the_life_of_an_alias(self):
        self.add("joe")
        self.assertEqual("added sales@mx.example: joe@mx.example, ann@y.example\n",
                         self.ok("alias", "add", "Sales", "joe", "Ann@y.example"))
        self.assertEqual("sales@mx.example:joe@mx.example,ann@y.example\n",
                         (self.home / "users/aliases").read_text())
        self.assertEqual("changed sales@mx.example: joe@mx.example\n",
                         self.ok("alias", "add", "sales", "joe"))
        self.assertIn("added new.example to control/locals",
                      self.ok("alias", "add", "info@new.example", "joe", "--new-domain"))
        self.assertEqual("info@new.example: joe@mx.example\nsales@mx.example: joe@mx.example\n",
                         self.ok("alias", "list"))
        self.assertEqual("removed sales@mx.example\n", self.ok("alias", "remove", "sales"))
        self.refused("there is no alias sales@mx.example", "alias", "remove", "sales")
        self.refused("joe@mx.example is a user", "alias", "add", "joe", "ann")
        self.refused("info@new.example is an alias already", "user", "add", "info@new.example",
                     "--generate")

    def test_who_is_removed_and_still_meant_is_told(self):
        self.add("joe")
        self.ok("alias", "add", "sales", "ann", "joe")
        self.ok("domain", "catchall", "mx.example", "joe")
        self.assertIn("mail is still sent there by @mx.example, sales@mx.example\n",
                      self.ok("user", "remove", "joe"))

    def test_an_alias_is_as_good_as_the_best_of_its_targets(self):
        self.control("locals", "mx.example", "new.example")
        self.control("virtualdomains", "away.example:joe")
        self.add("joe")
        for name, targets, verdict in (
                ("good", ("gone", "joe"), "yes"), ("far", ("x@elsewhere.example",), "yes"),
                ("dead", ("gone", "lost"), "no"), ("behind", ("dead", "gone"), "no"),
                ("routed", ("x@away.example",), "no"), ("round", ("again",), "yes"),
                ("again", ("round",), "yes")):
            self.ok("alias", "add", name, *targets)
        for name, _, verdict in (("good", (), "yes"), ("far", (), "yes"), ("dead", (), "no"),
                                 ("behind", (), "no"), ("routed", (), "no"), ("round", (), "yes")):
            self.assertEqual(verdict, self.look_up(f"{name}@mx.example"), name)
        (self.maildir("joe@mx.example") / "maildirsize").write_text("1S\n2 1\n")
        self.assertEqual("full", self.look_up("good@mx.example"))
        self.ok("user", "remove", "joe")
        self.assertEqual("no", self.look_up("good@mx.example"))

    def test_targets_are_checked(self):
        for reason, words in (("may not begin", ("a", "|rm")), ("twice", ("a", "b", "B")),
                              ("only letters", ("a", "b@x,c@x")), ("may not begin", ("#a", "b")),
                              ("1 to 100", ("a", *(f"t{n}" for n in range(101))))):
            self.refused(reason, "alias", "add", *words)
        self.assertFalse((self.home / "users/aliases").exists())

    def test_the_life_of_a_domain(self):
        self.assertIn("added new.example to control/locals and control/rcpthosts\n",
                      self.ok("domain", "add", "New.example"))
        self.refused("delivered here already", "domain", "add", "new.example")
        self.add("joe@new.example")
        self.ok("alias", "add", "a@new.example", "joe@new.example")
        self.assertEqual("mail for unknown addresses at new.example goes to joe@new.example\n",
                         self.ok("domain", "catchall", "new.example", "joe@new.example"))
        self.assertEqual("mx.example: users 0, aliases 0\n"
                         "new.example: users 1, aliases 1, the rest to joe@new.example\n",
                         self.ok("domain", "list"))
        self.refused("has users", "domain", "remove", "new.example")
        self.ok("user", "remove", "joe@new.example")
        self.ok("alias", "remove", "a@new.example")
        self.refused("has users, aliases or a catch-all", "domain", "remove", "new.example")
        self.assertEqual("mail for unknown addresses at new.example is refused\n",
                         self.ok("domain", "catchall", "new.example", "--none"))
        self.refused("no catch-all", "domain", "catchall", "new.example", "--none")
        self.assertIn("removed new.example from control/locals and control/rcpthosts\n",
                      self.ok("domain", "remove", "new.example"))
        self.refused("not in control/locals", "domain", "remove", "new.example")
        self.assertEqual("mx.example\n", (self.home / "control/locals").read_text())
        self.assertEqual("mx.example\n", (self.home / "control/rcpthosts").read_text())

    def test_usage(self):
        for program in ("alias", "domain"):
            for words in ((), ("nonsense",), ("add",), ("remove",), ("list", "x"),
                          ("add", "--force"), ("remove", "a", "b")):
                result = self.kopis(program, *words)
                self.assertEqual((100, b""), (result.returncode, result.stdout), words)
                self.assertTrue(result.stderr.startswith(f"usage: kopis {program} ".encode()))
            self.assertTrue(self.ok(program, "--help").startswith(f"usage: kopis {program} "))

    def test_what_the_look_up_says_changes_with_the_file(self):
        self.add("joe")
        self.assertEqual("no", self.look_up("sales@mx.example"))
        self.ok("alias", "add", "sales", "joe")
        self.assertEqual("yes", self.look_up("Sales@mx.example"))
        self.assertEqual("no", self.look_up("nobody@mx.example"))
        self.ok("domain", "catchall", "mx.example", "joe")
        self.assertEqual("yes", self.look_up("nobody@mx.example"))
        self.assertEqual("no", self.look_up("joe-nothing@mx.example"), "his extension, not the rest")
        (self.home / "users/aliases").write_text(
            "sales@mx.example:bad@@,\n@mx.example:joe@mx.example\n")
        self.assertEqual("later", self.look_up("sales@mx.example"))
        self.assertEqual("yes", self.look_up("nobody@mx.example"))
        self.assertEqual("yes", self.look_up("joe@mx.example"))

    def test_by_hand_and_compiled(self):
        self.add("joe")
        with open(self.home / "users/virtual", "a", encoding="ascii") as file:
            file.write("ann@mx.example:!:mail/mx.example/joe\n")
        self.assertEqual("yes", self.look_up("ann@mx.example"))
        self.assertEqual("users/virtual.cdb\n", self.ok("user", "compile"))
        self.assertEqual("yes", self.look_up("ann@mx.example"))
        with open(self.home / "users/virtual", "a", encoding="ascii") as file:
            file.write("eva@mx.example:damage\n")
        result = self.run_program("kopis", "user", "compile")
        self.assertEqual((0, b"users/virtual.cdb\n"), (result.returncode, result.stdout))
        self.assertIn(b"line 3 is not", result.stderr)
        self.assertEqual("yes", self.look_up("ann@mx.example"))
        self.assertEqual("later", self.look_up("eva@mx.example"))

    def test_a_change_that_is_killed_is_whole_or_not_at_all(self):
        self.add("joe")
        with open(self.home / "users/virtual", "a", encoding="ascii") as file:
            for number in range(20000):  # So that a change takes long enough to be hit.
                file.write(f"u{number}@mx.example:!:mail/mx.example/joe\n")
        self.ok("user", "compile")
        stop = threading.Event()
        wrong = []

        def read():
            while not stop.is_set():
                for address in ("joe", "u19999"):
                    if self.look_up(f"{address}@mx.example") != "yes":
                        wrong.append(address)

        reader = threading.Thread(target=read)
        reader.start()
        done = killed = 0
        try:
            for number in range(16):
                process = subprocess.Popen(
                    [BIN / "kopis", "user", "remove", f"u{number}@mx.example"],
                    env=self.environment(), stdout=subprocess.DEVNULL)
                # At a moment of its own each time, some in the midst of the writing.
                temporary = self.home / "users" / ("virtual.tmp" if number % 2 else "virtual.cdb.tmp")
                while process.poll() is None and not temporary.exists():
                    pass
                process.send_signal(signal.SIGKILL)
                killed += process.wait(30) == -signal.SIGKILL
                lines = (self.home / "users/virtual").read_text().splitlines()
                self.assertTrue(lines[0].startswith("joe@mx.example:"))
                self.assertEqual("u19999@mx.example:!:mail/mx.example/joe", lines[-1])
                done = 20001 - len(lines)
        finally:
            stop.set()
            reader.join()
        self.assertEqual([], wrong)
        self.assertGreater(killed, 0)
        self.assertIn("removed", self.ok("user", "remove", "u100@mx.example"))
        self.assertEqual(20001 - done - 1, len(self.ok("user", "list").splitlines()))


class Delivery(SpawnCase, StoreCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.add("joe")
        self.ok("alias", "add", "sales", "joe", "ann@y.example")
        self.ok("domain", "catchall", "mx.example", "rest@y.example")

    def test_aliases_and_the_catch_all_forward(self):
        self.start("--single-user", "./Maildir/")
        self.assertRegex(self.deliver(b"Sales@mx.example"), rb"^Kdid 0\+2\+0/?\n?.*qp \d+")
        self.assertRegex(self.deliver(b"nobody@mx.example"), rb"^Kdid 0\+1\+0")
        self.assertRegex(self.deliver(b"joe@mx.example"), rb"^Kdid 1\+0\+0")
        self.assertRegex(self.deliver(b"joe-x@mx.example"), rb"^DSorry, no mailbox here")
        self.ok("alias", "add", "sales", "joe")
        self.assertRegex(self.deliver(b"sales@mx.example"), rb"^Kdid 0\+1\+0")
        self.ok("alias", "remove", "sales")
        self.ok("domain", "catchall", "mx.example", "--none")
        self.assertRegex(self.deliver(b"sales@mx.example"), rb"^DSorry, no mailbox here")
        segments = b"".join(path.read_bytes() for path in (self.home / "queue/mess").glob("*")
                            if path.is_file())
        self.assertIn(b"Tjoe@mx.example\0Tann@y.example\0", segments)
        self.assertIn(b"Delivered-To: Sales@mx.example\n", segments)

    def test_over_quota_waits(self):
        self.ok("user", "quota", "joe", "2K")
        self.start("--single-user", "./Maildir/")
        self.assertRegex(self.deliver(b"joe@mx.example"), rb"^Kdid 1\+0\+0")
        body = b"Subject: x\n\n" + b"x" * 1800 + b"\n"
        self.assertEqual(b"ZMailbox is full. (#4.2.2)\n",
                         self.deliver(b"joe@mx.example", number=self.queue(body)))
        self.assertRegex(self.deliver(b"joe@mx.example", number=self.queue(b"x" * 5000)),
                         rb"^DMessage is larger than this mailbox may ever be\. \(#5\.2\.3\)")
        new = self.maildir("joe@mx.example") / "new"
        for path in new.iterdir():
            self.assertIn(f",S={path.stat().st_size}", path.name)
        self.ok("user", "quota", "joe", "1M")
        self.assertRegex(self.deliver(b"joe@mx.example", number=self.queue(body)), rb"^K")
        sizes = [path.stat().st_size for path in new.iterdir()]
        self.assertEqual(f"joe@mx.example: {sum(sizes)} bytes of 1048576, {len(sizes)} messages\n",
                         self.ok("user", "quota", "joe"))


class Quota(StoreCase):
    def setUp(self):
        super().setUp()
        self.add("joe")
        self.box = self.maildir("joe@mx.example")

    def mail(self, name, size):
        path = self.box / name
        path.write_bytes(b"Subject: x\n\n" + b"x" * (size - 12))
        os.utime(path, (time.time() - 100,) * 2)

    def test_words(self):
        self.assertEqual("joe@mx.example: no quota\n", self.ok("user", "quota", "joe"))
        self.mail("new/1", 300)
        self.assertEqual("joe@mx.example: 300 bytes of 524288000, 1 messages of 1000\n",
                         self.ok("user", "quota", "joe", "500M,1000C"))
        self.assertEqual("524288000S,1000C\n         300            1\n",
                         (self.box / "maildirsize").read_text())
        for size in ("0", "-1", "1T", "M", "1.5G", "1M,2M", "9999999999G", "all", ""):
            result = self.kopis("user", "quota", "joe", size)
            self.assertEqual(100, result.returncode, size)
        self.assertEqual("joe@mx.example: no quota\n", self.ok("user", "quota", "joe", "none"))
        self.assertFalse((self.box / "maildirsize").exists())
        self.refused("no user", "user", "quota", "ann", "1M")

    def test_the_check_at_rcpt(self):
        self.ok("user", "quota", "joe", "1K")
        self.assertEqual("yes", self.look_up("joe@mx.example"))
        self.mail("cur/1:2,S", 1024)
        self.ok("user", "quota", "joe", "1K")
        self.assertEqual("full", self.look_up("joe@mx.example"))
        os.utime(self.box / "maildirsize", (time.time() - 1000,) * 2)
        self.assertEqual("yes", self.look_up("joe@mx.example"), "old: a delivery is to find out")

    def test_pop3_gives_back(self):
        for name in ("new/1", "new/2", "cur/3:2,S"):
            self.mail(name, 400)
        self.ok("user", "quota", "joe", "2K")
        options = {}
        if os.geteuid() == 0:
            for path in [self.home, *self.home.rglob("*")]:
                os.lchown(path, 65534, 65534)
            options = {"user": 65534, "group": 65534, "extra_groups": []}
        result = self.run_program("qmail-pop3d", "Maildir", stdin=b"dele 1\r\ndele 3\r\nquit\r\n",
                                  cwd=self.box.parent, **options)
        self.assertEqual(4, result.stdout.count(b"+OK"), result)
        self.assertEqual("2048S\n        1200            3\n        -800           -2\n",
                         (self.box / "maildirsize").read_text())
        self.assertIn("400 bytes of 2048, 1 messages", self.ok("user", "quota", "joe"))

    @unittest.skipUnless(DELIVERQUOTA, "needs deliverquota of maildrop")
    def test_deliverquota_reads_and_writes_the_same_file(self):
        self.mail("new/1", 900)
        self.ok("user", "quota", "joe", "2K")

        def deliver(size):
            return subprocess.run(
                [DELIVERQUOTA, str(self.box)], input=b"Subject: y\n\n" + b"y" * (size - 12),
                capture_output=True, timeout=30).returncode

        self.assertEqual(0, deliver(800))
        self.assertIn("1700 bytes of 2048, 2 messages", self.ok("user", "quota", "joe"))
        self.assertEqual(77, deliver(800), "EX_NOPERM: over quota")
        self.ok("user", "quota", "joe", "3K")
        self.assertEqual(0, deliver(800))
        self.assertIn("2500 bytes of 3072, 3 messages", self.ok("user", "quota", "joe"))

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("doveadm"), "needs root and Dovecot")
    def test_dovecot_reads_the_same_file(self):
        self.mail("new/1,S=900", 900)
        self.mail("cur/2:2,S", 500)
        self.ok("user", "quota", "joe", "2K,10C")
        for path in [self.home, *self.home.rglob("*")]:
            os.lchown(path, 65534, 65534)
        configuration = self.home / "dovecot.conf"
        configuration.write_text(
            f"base_dir = {self.home}/dovecot\nlog_path = {self.home}/dovecot.log\n"
            f"mail_location = maildir:{self.box}\nmail_plugins = quota\n"
            "first_valid_uid = 1\nfirst_valid_gid = 1\nssl = no\n"
            "plugin {\n  quota = maildir:User quota\n}\n")
        result = subprocess.run(
            ["doveadm", "-c", configuration, "-o", "mail_uid=65534", "-o", "mail_gid=65534", "-f",
             "tab", "quota", "get"],
            env={**os.environ, "HOME": str(self.box.parent), "USER": "nobody"},
            capture_output=True, timeout=60)
        rows = [line.split("\t") for line in result.stdout.decode().splitlines()]
        self.assertIn(["User quota", "MESSAGE", "2", "10", "20"], rows, result)
        self.assertIn(["User quota", "STORAGE", "2", "2", "100"], rows, result)


if __name__ == "__main__":
    unittest.main()

"""kopis migrate step: the five steps of docs/MOVING.md on a host where Postfix runs, and all the way
back."""

import os
import unittest

from booted import ME, Booted, can_boot

# Postfix's own unit waits for a network that there is not.
PREPARE = r"""
/srv/kopis/kopis install --home /var/qmail --pages /srv/kopis/man --systemd
sed -E 's/^(\S+\s+\S+\s+\S+\s+\S+\s+)y/\1n/' /usr/share/postfix/master.cf.dist >/etc/postfix/master.cf
cat >/etc/postfix/main.cf <<'CONFIG'
compatibility_level = 3.6
myhostname = old.example
mydestination = localhost
inet_interfaces = 127.0.0.1
alias_maps =
CONFIG
cat >/etc/systemd/system/postfix.service <<'UNIT'
[Service]
Type=forking
ExecStart=/usr/sbin/postfix start
ExecStop=/usr/sbin/postfix stop
[Install]
WantedBy=multi-user.target
UNIT
ln -s /dev/null /etc/systemd/system/postfix@-.service
ln -sf /etc/systemd/system/postfix.service /etc/systemd/system/multi-user.target.wants/
"""
KOPIS = "/var/qmail/bin/kopis"


@unittest.skipUnless(can_boot() and os.path.exists("/usr/lib/postfix/sbin/master"),
                     "needs root, systemd, namespaces and Postfix")
class Moving(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Booted(PREPARE)
        cls.addClassCleanup(cls.host.close)

    def step(self, number, *words):
        return self.host.text(KOPIS, "migrate", "step", number, *words, timeout=120)

    def refused(self, *words):
        result = self.host.run(KOPIS, "migrate", "step", *words, check=False)
        self.assertEqual((100, b""), (result.returncode, result.stdout), result)
        return result.stderr.decode()

    def greeting(self, port):
        script = ("import socket; s = socket.create_connection(('127.0.0.1', %s), timeout=20);"
                  "print(s.makefile('rb').readline().decode())" % port)
        said = []

        def answers():
            result = self.host.run("python3", "-c", script, check=False)
            said[:] = [result.stdout.decode().strip()]
            return result.returncode == 0 and said[0]
        self.host.wait_until(answers, lambda: f"nobody greets at port {port}")
        return said[0]

    def is_active(self, unit):
        return self.host.text("systemctl", "is-active", unit, check=False) == "active"

    def state(self):
        """What the steps change."""
        return (self.host.text("sha256sum", "/usr/sbin/sendmail"),
                self.host.text("stat", "-c", "%F %N %a %U", "/usr/sbin/sendmail"),
                self.host.text("dpkg-divert", "--list", "*sendmail*"),
                self.host.text("ls", "/etc/systemd/system"), self.host.text("ls", "/var/qmail"),
                self.host.text("sh", "-c", "ls -R /etc/systemd/system/*.wants"),
                [self.is_active(unit) for unit in ("postfix", "kopis", "kopis-smtp", "kopis-queue")])

    def test_there_and_back(self):
        self.host.run("systemctl", "start", "postfix", timeout=120)
        self.assertIn("Postfix", self.greeting(25))
        before = self.state()

        self.assertIn("would start kopis.service", self.step(1, "--dry-run"))
        self.assertEqual(before, self.state())
        self.assertIn("step 1: ", self.step(1))
        self.assertTrue(self.is_active("kopis") and self.is_active("kopis-queue"))
        self.assertIn("step 2 has changed nothing", self.refused("2", "--undo"))

        self.step(2)
        self.host.run("/usr/sbin/sendmail", "postmaster", stdin=b"Subject: diverted\n\n")
        self.wait_mail("diverted")
        self.assertIn("diversion of /usr/sbin/sendmail", before[2] + self.host.text(
            "dpkg-divert", "--list", "*sendmail*"))
        self.assertIn("step 2 came after it", self.refused("1", "--undo"))

        self.step(3)
        self.step(4)
        self.assertRegex(self.greeting(10025), rf"^220 {ME} ESMTP")
        self.assertRegex(self.greeting(10110), r"^\+OK ")
        self.assertIn("Postfix", self.greeting(25))

        said = self.step(5)
        self.assertIn("stop postfix.service", said)
        self.assertRegex(self.greeting(25), rf"^220 {ME} ESMTP")
        self.assertFalse(self.is_active("postfix"))
        self.assertFalse(self.is_active("kopis-trial-smtp"))
        self.host.run("curl", "-sS", "smtp://127.0.0.1", "--mail-from", f"you@{ME}", "--mail-rcpt",
                      f"postmaster@{ME}", "-T", "-", stdin=b"Subject: moved\r\n\r\n")
        self.wait_mail("moved")
        self.assertEqual("enabled", self.host.text("systemctl", "is-enabled", "kopis-smtp"))
        # Again: nothing is left to do, and nothing to take back twice.
        self.assertNotIn("start ", self.step(5).split("step 5:")[0])

        for number in (5, 4, 3, 2, 1):
            self.assertIn("took back: ", self.step(number, "--undo"))
        self.host.wait_until(lambda: "Postfix" in self.greeting(25), lambda: self.greeting(25))
        self.assertEqual(before, self.state())

    def wait_mail(self, subject):
        self.host.wait_until(
            lambda: self.host.run("grep", "-rq", f"^Subject: {subject}$", "/var/qmail/alias/Maildir",
                                  check=False).returncode == 0,
            lambda: self.host.journal("kopis"))

    def test_words(self):
        for words in (["6"], ["0"], ["x"], ["1", "--odd"], ["1", "--undo", "--dry-run"], []):
            result = self.host.run(KOPIS, "migrate", "step", *words, check=False)
            self.assertEqual(100, result.returncode)
            self.assertIn(b"usage: kopis migrate", result.stderr)


if __name__ == "__main__":
    unittest.main()

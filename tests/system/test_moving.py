"""kopis migrate and its steps: over from a Postfix that runs, by docs/MOVING.md from its first command to its
last, and all the way back."""

import os
import pathlib
import shutil
import tempfile
import unittest

from booted import ME, Booted, can_boot
from test_package import make_packages

# Postfix's own unit waits for a network that there is not.
BY_INSTALL = "/srv/kopis/kopis install --home /var/qmail --pages /srv/kopis/man --systemd\n"
BY_PACKAGE = "DEBIAN_FRONTEND=noninteractive dpkg -i /srv/kopis/kopis_*.deb\n"
PREPARE = r"""
sed -E 's/^(\S+\s+\S+\s+\S+\s+\S+\s+)y/\1n/' /usr/share/postfix/master.cf.dist >/etc/postfix/master.cf
cat >/etc/postfix/main.cf <<CONFIG
compatibility_level = 3.6
myhostname = $ME
mydestination = $ME, moved.example, localhost
inet_interfaces = 127.0.0.1
alias_maps = hash:/etc/aliases
CONFIG
printf 'info: amy\n' >/etc/aliases
postalias hash:/etc/aliases
useradd --create-home amy
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
OTHER_POP3 = """
import socket
server = socket.create_server(("127.0.0.1", 110))
while True:
    client, _ = server.accept()
    client.sendall(b"+OK other\\r\\n")
    client.close()
"""


@unittest.skipUnless(can_boot() and os.path.exists("/usr/lib/postfix/sbin/master"),
                     "needs root, systemd, namespaces and Postfix")
class Moving(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Booted(BY_INSTALL + PREPARE)
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

    def settings(self):
        """Files of the home that a migration may change, with owners and modes."""
        return self.host.shell(
            "cd /var/qmail && find control users alias -type f ! -path '*/Maildir/*' ! -name '*.lock'"
            " -printf '%p %m %U %G ' -exec sha256sum {} \\; | sort").stdout.decode()

    def test_there_and_back(self):
        self.host.run("systemctl", "start", "postfix", timeout=120)
        self.assertIn("Postfix", self.greeting(25))
        first, settings = self.state(), self.settings()

        self.host.text(KOPIS, "migrate", "from-postfix", "--dry-run")
        self.assertEqual((first, settings), (self.state(), self.settings()))
        self.host.text(KOPIS, "migrate", "from-postfix")
        self.assertEqual("", self.host.text(KOPIS, "config", "check"))
        self.assertRegex(self.host.text("/var/qmail/bin/qmail-lookup", "info@moved.example"), r"\Ayes: .*amy")
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

        self.host.run("systemd-run", "--quiet", "--unit=other-pop3", "python3", "-c", OTHER_POP3)
        self.assertIn("+OK other", self.greeting(110))
        dry = self.step(5, "--dry-run")
        said = self.step(5)
        self.assertIn("stop postfix.service", said)
        for text in (dry, said):
            self.assertRegex(text, r"kopis-pop3\.service is left out: port 110 belongs to python3 ")
            self.assertNotIn("start kopis-pop3.service", text)
        self.assertFalse(self.is_active("kopis-pop3"))
        self.assertTrue(self.is_active("kopis-pop3s"))
        self.assertIn("+OK other", self.greeting(110))
        self.assertRegex(self.greeting(25), rf"^220 {ME} ESMTP")
        self.assertFalse(self.is_active("postfix"))
        self.assertFalse(self.is_active("kopis-trial-smtp"))
        self.host.run("curl", "-sS", "smtp://127.0.0.1", "--mail-from", f"you@{ME}", "--mail-rcpt",
                      f"postmaster@{ME}", "-T", "-", stdin=b"Subject: moved\r\n\r\n")
        self.wait_mail("moved")
        self.host.run("curl", "-sS", "smtp://127.0.0.1", "--mail-from", f"you@{ME}", "--mail-rcpt",
                      "info@moved.example", "-T", "-", stdin=b"Subject: to an alias\r\n\r\n")
        self.wait_mail("to an alias", "/home/amy/Maildir")
        for unit in ("kopis-smtp.service", "kopis-doctor.timer", "kopis-dmarc.timer", "kopis-tlsrpt.timer"):
            self.assertTrue(self.is_active(unit), unit)
            self.assertEqual("enabled", self.host.text("systemctl", "is-enabled", unit))
        self.assertFalse(self.is_active("kopis-acme"))  # It has no setting.
        refused = self.host.run(KOPIS, "install", "--uninstall", check=False)
        self.assertEqual(100, refused.returncode, refused)
        self.assertIn(b"take that back first: kopis migrate step 5 --undo", refused.stderr)
        # Again: nothing is left to do, and nothing to take back twice.
        self.assertNotIn("start ", self.step(5).split("step 5:")[0])

        for number in (5, 4, 3, 2, 1):
            self.assertIn("took back: ", self.step(number, "--undo"))
        self.host.wait_until(lambda: "Postfix" in self.greeting(25), lambda: self.greeting(25))
        self.assertEqual(before, self.state())
        self.host.text(KOPIS, "migrate", "--undo")
        self.assertEqual((first, settings), (self.state(), self.settings()))
        self.host.run("systemctl", "stop", "other-pop3")

    def test_port_25_of_a_server_that_nobody_knows_is_not_touched(self):
        self.host.run("systemctl", "stop", "postfix", timeout=120)
        self.host.run("systemd-run", "--quiet", "--unit=other-smtp", "python3", "-c",
                      OTHER_POP3.replace("110", "25"))
        self.addCleanup(self.host.run, "systemctl", "stop", "other-smtp")
        self.greeting(25)
        before = self.state()
        self.assertIn("port 25 belongs to python3 ", self.refused("5"))
        self.assertEqual(before, self.state())

    def test_without_dpkg_divert_step_2_is_refused_and_noted_nowhere(self):
        self.host.run("mv", "/usr/bin/dpkg-divert", "/usr/bin/away")
        self.addCleanup(self.host.run, "mv", "/usr/bin/away", "/usr/bin/dpkg-divert")
        self.assertIn("there is no program dpkg-divert", self.refused("2"))
        self.host.run("test", "!", "-e", "/var/qmail/moved")
        self.assertIn("step 2 has changed nothing", self.refused("2", "--undo"))

    def wait_mail(self, subject, directory="/var/qmail/alias/Maildir"):
        self.host.wait_until(
            lambda: self.host.run("grep", "-rq", f"^Subject: {subject}$", directory,
                                  check=False).returncode == 0,
            lambda: self.host.journal("kopis"))

    def test_words(self):
        for words in (["6"], ["0"], ["x"], ["1", "--odd"], ["1", "--undo", "--dry-run"], []):
            result = self.host.run(KOPIS, "migrate", "step", *words, check=False)
            self.assertEqual(100, result.returncode)
            self.assertIn(b"usage: kopis migrate", result.stderr)


@unittest.skipUnless(shutil.which("dpkg-deb") and shutil.which("dpkg-shlibdeps"), "no tools of dpkg")
class MovingWithThePackage(Moving):
    """Whose units are elsewhere, and take their ports from /etc/default/kopis."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory(prefix="kopis-packages-") as place:
            kopis, _ = make_packages(pathlib.Path(place), "0.2.0+1.aaaaaaaa")
            cls.host = Booted(BY_PACKAGE + PREPARE, files=[kopis])
        cls.addClassCleanup(cls.host.close)

    def test_a_removal_is_refused_while_the_host_has_moved(self):
        self.step(2)
        self.addCleanup(self.step, 2, "--undo")
        removed = self.host.shell("dpkg --remove kopis 2>&1", check=False)
        self.assertNotEqual(0, removed.returncode)
        self.assertIn(b"kopis migrate step 2 --undo", removed.stdout)
        self.host.run("test", "-x", KOPIS)


if __name__ == "__main__":
    unittest.main()

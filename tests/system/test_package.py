"""The Debian packages that ./package deb makes, on a bare Debian that systemd has booted: installed, updated
under load, rolled back, removed and purged."""

import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import bare_debian
from booted import Booted, can_boot
from host import BINARY, ROOT
from installed import ME
from restarts import Load

sys.path += [str(ROOT / "tests/programs"), str(ROOT / "tests")]

import pages  # noqa: E402
from test_kopis_queue_live import crc32c  # noqa: E402

HOME = "/var/qmail"
UNITS = ["kopis-queue", "kopis", "kopis-smtp", "kopis-pop3", "kopis-submission", "kopis-submissions",
         "kopis-pop3s"]
PORTS = (25, 587, 465, 110, 995)
PREPARE = r"""
useradd --create-home --shell /bin/sh joe
mkdir -p /home/joe/Maildir/tmp /home/joe/Maildir/new /home/joe/Maildir/cur
chown -R joe: /home/joe/Maildir
"""

# Sends a message a little at a time, over the stop of the listener that takes it.
SLOW = r"""
import smtplib, sys, time
client = smtplib.SMTP("127.0.0.1", 25, timeout=60)
client.ehlo()
client.mail("slow@client.example")
client.rcpt(sys.argv[1])
client.putcmd("data")
assert client.getreply()[0] == 354
print("begun", flush=True)
for n in range(int(sys.argv[2])):
    client.send(f"Line {n}: a line that takes its time\r\n".encode())
    time.sleep(0.2)
client.send(b"Subject: slow\r\n\r\n.\r\n")
print(client.getreply()[0], flush=True)
"""


def other_binary(path):
    """The same program as another file, as another build is."""
    shutil.copy(BINARY, path)
    with open(path, "ab") as file:
        file.write(b"another build\n")
    path.chmod(0o755)
    return path


def make_packages(place, version, binary=BINARY):
    """kopis and kopis-mta."""
    made = subprocess.run(
        [ROOT / "package", "deb", "--binary", binary, "--version", version, "--output", place],
        capture_output=True, text=True, timeout=300,
        env={**os.environ, "DEBFULLNAME": "Kopis Test", "DEBEMAIL": "kopis@debian.org"})
    if made.returncode != 0:
        raise AssertionError(made)
    return [pathlib.Path(line) for line in made.stdout.splitlines()]


def make_foreign(place):
    """A package of another mail transport agent, with nothing in it."""
    tree = place / "foreign"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: other-mta\nVersion: 1\nArchitecture: all\nMaintainer: x <x@debian.org>\n"
        "Provides: mail-transport-agent\nConflicts: mail-transport-agent\nDescription: other\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, place / "other.deb"],
                   check=True, capture_output=True)
    return place / "other.deb"


@unittest.skipUnless(shutil.which("dpkg-deb") and shutil.which("dpkg-shlibdeps"), "no tools of dpkg")
class Packages(unittest.TestCase):
    """What is in them, without a host."""

    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.kopis, cls.mta = make_packages(cls.place, "0.2.0+7.0123abcd")

    def fields(self, package):
        text = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True,
                              check=True).stdout
        return dict(re.findall(r"^(\S+): (.*)$", text, re.M))

    def test_what_they_say(self):
        kopis, mta = self.fields(self.kopis), self.fields(self.mta)
        self.assertEqual("0.2.0+7.0123abcd", kopis["Version"])
        self.assertRegex(kopis["Depends"], r"libc6 \(>= 2\.\d+\).*libssl3")
        self.assertNotIn("mail-transport-agent", kopis.get("Conflicts", ""))  # Beside another one.
        self.assertEqual(("kopis (= 0.2.0+7.0123abcd)", "mail-transport-agent", "mail-transport-agent"),
                         (mta["Depends"], mta["Provides"], mta["Conflicts"]))

    def test_the_same_files_make_the_same_package(self):
        again = make_packages(self.place / "again", "0.2.0+7.0123abcd")
        for one, other in zip((self.kopis, self.mta), again):
            self.assertEqual(one.read_bytes(), other.read_bytes())

    def test_no_file_is_setuid_or_anothers(self):
        listing = subprocess.run(["dpkg-deb", "--contents", self.kopis], capture_output=True,
                                 text=True, check=True).stdout
        for line in listing.splitlines():
            self.assertRegex(line, r"^[-dl]r[-w][-x]r-[-x]r-[-x] root/root|^lrwxrwxrwx root/root")

    @unittest.skipUnless(shutil.which("lintian"), "lintian is not installed")
    def test_lintian_finds_nothing(self):
        for package in (self.kopis, self.mta):
            found = subprocess.run(
                ["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0",
                 package], capture_output=True, text=True, timeout=300)
            self.assertEqual((0, ""), (found.returncode, found.stdout), found)

    def test_shells_complete_its_words(self):
        listing = subprocess.run(["dpkg-deb", "--contents", self.kopis], capture_output=True,
                                 text=True, check=True).stdout
        for place in ("bash-completion/completions/kopis", "zsh/vendor-completions/_kopis",
                      "fish/vendor_completions.d/kopis.fish"):
            self.assertRegex(listing, rf"(?m) \./usr/share/{place}$")

    def test_the_profile_has_each_socket_that_the_documents_name(self):
        """A socket or a program that it shuts out would let mail pass without a filter."""
        rules = (ROOT / "packaging/apparmor/kopis-listener").read_text()
        allowed = [word.replace("{,var/}", "").replace("**", "") for word in
                   re.findall(r"^  (/\S+\*\*) rw[a-z]*,$", rules, re.M)]
        named = {place for page in (ROOT / "docs").rglob("*.md")
                 for place in re.findall(r"unix:(?:/var)?(/run/\S+|/var/spool/\S+)", page.read_text())}
        self.assertGreaterEqual(len(named), 2)
        for place in [*named, "/var/spool/postfix/private/dovecot"]:
            self.assertTrue(any(place.startswith(rule) for rule in allowed), (place, allowed))

    @unittest.skipUnless(shutil.which("apparmor_parser"), "apparmor is not installed")
    def test_the_profile_of_apparmor_is_one(self):
        parsed = subprocess.run(
            ["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--debug",
             ROOT / "packaging/apparmor/kopis-listener"], capture_output=True, text=True, timeout=60)
        self.assertEqual(0, parsed.returncode, parsed)
        self.assertRegex(parsed.stdout, r"Name:\s+kopis-listener")


@unittest.skipUnless(can_boot() and bare_debian.is_there(),
                     "needs root, systemd, namespaces, and python3 tests/system/bare_debian.py")
class OnBareDebian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        shutil.copy(BINARY, cls.place / "one")
        cls.first = make_packages(cls.place, "0.2.0+1.aaaaaaaa", cls.place / "one")
        cls.second = make_packages(cls.place, "0.2.0+2.bbbbbbbb", other_binary(cls.place / "other"))
        cls.foreign = make_foreign(cls.place)

    def setUp(self):
        self.host = Booted(PREPARE, bare_debian.PLACE, [*self.first, *self.second, self.foreign])
        self.addCleanup(self.host.close)

    # Helpers ----------------------------------------------------------------------------------

    def install(self, *packages, check=True):
        """dpkg's exit code and what it and the packages say."""
        done = self.host.shell(
            "DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i "
            + " ".join(f"/srv/kopis/{package.name}" for package in packages) + " 2>&1",
            check=False, timeout=300)
        text = done.stdout.decode()
        if check:
            self.assertEqual(0, done.returncode, text)
        return done.returncode, text

    def journals(self):
        return "\n".join(f"{unit}:\n{self.host.journal(unit)}" for unit in UNITS)

    def outer(self, *words, **options):
        """A program of the real host in this one's network."""
        return subprocess.run([*self.host.enter("-n"), *map(str, words)], capture_output=True,
                              timeout=60, **options)

    def listening(self, port):
        return self.outer("ss", "-Hltn", f"sport = :{port}").stdout != b""

    def active(self):
        return [unit for unit in UNITS if self.host.property(unit, "ActiveState") == "active"]

    def mail(self):
        """Subjects of joe's messages."""
        text = self.host.shell("cd /home/joe/Maildir/new && grep -hm1 ^Subject: -r . || true").stdout
        return [line.removeprefix("Subject: ") for line in text.decode().splitlines()]

    def wait_mail(self, *subjects):
        self.host.wait_until(lambda: set(subjects) <= set(self.mail()), self.journals)

    def send(self, subject):
        """By a program of the host."""
        self.host.run(f"{HOME}/bin/sendmail", f"joe@{ME}", stdin=f"Subject: {subject}\n\n".encode())

    def runs(self, package):
        """Whether all that runs is the package's binary."""
        check = self.host.run("kopis", "restart", "--check", check=False)
        self.assertEqual(0, check.returncode, check)
        wanted = self.host.text("md5sum", "/usr/lib/kopis/kopis").split()[0]
        source = self.place / ("one" if package in self.first else "other")
        self.assertEqual(
            subprocess.run(["md5sum", source], capture_output=True, text=True).stdout.split()[0], wanted)

    # Tests ------------------------------------------------------------------------------------

    def test_from_the_first_day_to_the_last(self):
        _, said = self.install(self.first[0])
        lines = re.findall(r"^(name|made|runs|others|next): +(.*)$", said, re.M)
        self.assertEqual(["name", "made", "runs", "others", "next"], [key for key, _ in lines], said)
        words = dict(lines)
        self.assertEqual(f"{ME} ({HOME}/control/me)", words["name"])
        self.assertEqual(", ".join(UNITS), words["runs"])
        self.assertEqual(("no other program has a port of mail", "kopis doctor"),
                         (words["others"], words["next"]))
        self.assertEqual(UNITS, self.active(), self.journals())
        for port in PORTS:
            self.assertTrue(self.listening(port), port)
        self.assertEqual(b"", self.host.run("kopis", "check-install").stdout)
        self.open_the_dashboard()
        self.assertIn(b"0.2.0 (commit ", self.host.run("kopis", "--version").stdout)
        self.send("first day")
        self.wait_mail("first day")
        for unit in [*UNITS, "kopis-doctor.timer", "kopis-tlsrpt.timer"]:
            self.assertEqual("enabled", self.host.property(unit, "UnitFileState"), unit)
        self.update_under_load(self.second, "0.2.0+2.bbbbbbbb")
        self.update_under_load(self.first, "0.2.0+1.aaaaaaaa")  # And back.
        self.change_a_port()
        self.remove_and_install()
        self.take_over_sendmail()
        self.remove_and_purge()

    def open_the_dashboard(self):
        """It is in the package; its sockets are held from the start, and given up when it is removed."""
        self.host.run("systemctl", "enable", "--now", "kopis-web")
        self.host.wait_until(
            lambda: self.host.property("kopis-web", "ActiveState") == "active", self.journals)
        self.assertTrue(self.listening(880))

    def update_under_load(self, packages, version):
        """No connection and no message is refused, none is lost, none comes twice."""
        before = len(self.mail())
        load = Load(25, f"joe@{ME}", enter=self.host.enter("-n"))
        self.addCleanup(load.close)
        self.host.wait_until(lambda: len(self.mail()) >= before + 20, self.journals)
        slow = subprocess.Popen(
            [*self.host.enter("-n"), sys.executable, "-c", SLOW, f"joe@{ME}", "20"],
            stdout=subprocess.PIPE, text=True)
        self.assertEqual("begun\n", slow.stdout.readline())
        began = time.monotonic()
        self.install(packages[0])
        took = time.monotonic() - began
        self.assertEqual("250", slow.communicate(timeout=60)[0].strip())
        done = len(self.mail())
        self.host.wait_until(lambda: len(self.mail()) >= done + 20, self.journals)
        told = load.stop()
        self.assertEqual([], told["refused"], told["put off"])
        self.wait_mail("slow", *told["accepted"])
        found = self.mail()
        self.assertEqual([], [name for name in told["accepted"] if found.count(name) != 1])
        self.assertEqual(UNITS, self.active(), self.journals())
        self.assertEqual(version, self.host.text("dpkg-query", "-W", "-f", "${Version}", "kopis"))
        self.runs(packages[0])
        with open(os.environ.get("KOPIS_FIGURES") or os.devnull, "a", encoding="utf-8") as out:
            out.write(f"package: {version} installed in {took:.1f} s under load: {len(told['accepted'])} accepted, "
                      f"{len(told['put off'])} put off, 0 refused, 0 lost\n")
        self.host.shell("rm -f /home/joe/Maildir/new/*")

    def change_a_port(self):
        """Settings stay over an update, and count after a restart."""
        self.host.shell("echo KOPIS_SMTP_PORT=2525 >>/etc/default/kopis; kopis restart")
        self.assertTrue(self.listening(2525))
        self.assertFalse(self.listening(25))
        self.install(self.second[0])
        self.assertTrue(self.listening(2525))
        self.host.shell("sed -i /^KOPIS_SMTP_PORT/d /etc/default/kopis; kopis restart")
        self.assertTrue(self.listening(25))

    def remove_and_install(self):
        """What was enabled runs again."""
        self.host.run("dpkg", "--remove", "kopis", timeout=300)
        self.assertEqual([], self.active())
        self.install(self.second[0])
        self.assertEqual(UNITS, self.active(), self.journals())

    def take_over_sendmail(self):
        self.install(self.foreign)
        code, said = self.install(self.second[1], check=False)
        self.assertEqual(1, code)
        self.assertIn("conflicting packages", said)
        self.host.run("dpkg", "--remove", "other-mta")
        self.host.shell("dpkg --purge kopis-mta; true")
        self.install(self.second[1])
        self.host.run("/usr/sbin/sendmail", f"joe@{ME}", stdin=b"Subject: by sendmail\n\n")
        self.wait_mail("by sendmail")
        self.host.run("/usr/bin/mailq")

    def remove_and_purge(self):
        self.host.shell("echo '|exit 111' >/home/joe/.qmail-later")
        self.host.run(f"{HOME}/bin/sendmail", f"joe-later@{ME}", stdin=b"Subject: waits\n\n")
        self.host.wait_until(
            lambda: self.host.run("grep", "-rqs", '"verdict":"deferral"', f"{HOME}/journal", check=False)
            .returncode == 0, lambda: self.host.text("qmail-qread") + self.journals())
        self.host.shell("echo mine >/var/qmail/control/smtpgreeting")
        self.host.run("dpkg", "--remove", "kopis-mta", "kopis", timeout=300)
        self.assertEqual([], self.active())
        self.assertFalse(self.listening(880))
        self.host.run("test", "-e", f"{HOME}/control/smtpgreeting")
        self.host.run("test", "-e", "/etc/default/kopis")
        purged = self.host.shell("dpkg --purge kopis 2>&1", timeout=300).stdout.decode()
        self.assertIn(f"mail stays, nobody was asked: queue, alias, users and journal in {HOME}", purged)
        for name in (f"{HOME}/control", f"{HOME}/bin", f"{HOME}/web", "/etc/default/kopis", "/usr/lib/kopis"):
            self.host.run("test", "!", "-e", name)
        self.assertEqual("", self.host.shell(
            "cd /etc/systemd/system && find . -name 'kopis*' ! -name kopis-test.target").stdout.decode())
        self.assertEqual("", self.host.shell("ls -l /proc/[0-9]*/exe | grep /kopis || true").stdout.decode())
        self.host.shell("echo ./Maildir/ >/home/joe/.qmail-later; chown joe: /home/joe/.qmail-later")
        self.install(self.second[0])  # It goes on where it was.
        self.host.run("systemctl", "kill", "--signal=ALRM", "--kill-whom=main", "kopis")
        self.wait_mail("waits")

    def test_a_queue_of_a_later_version(self):
        """Rolled back over a change of formats: what runs runs on, with one clear line."""
        self.install(self.first[0])
        self.send("before")
        self.wait_mail("before")
        self.host.run("systemctl", "stop", "kopis")
        record = struct.pack("<IQq", 7, 99, 1)
        [log] = self.host.text("ls", f"{HOME}/queue/state").split()
        self.host.run("sh", "-c", f"cat >{HOME}/queue/state/{log}",
                      stdin=struct.pack("<I", crc32c(record)) + record)
        pids = {unit: self.host.property(unit, "MainPID") for unit in self.active()}
        self.assertIn("kopis-smtp", pids)
        _, said = self.install(self.second[0])
        refusal = f"queue/state/{log}: written by a later Kopis"
        self.assertIn(refusal, said)
        self.assertIn("the earlier program runs on", said)
        self.assertIn("kopis-smtp (earlier program)", said)
        self.assertEqual(pids, {unit: self.host.property(unit, "MainPID") for unit in self.active()})
        check = self.host.run("kopis", "restart", "--check", check=False)
        self.assertEqual(100, check.returncode, check)
        self.assertIn("kopis-smtp.service runs an earlier program", check.stdout.decode())
        self.host.run("systemctl", "start", "kopis")
        self.host.wait_until(lambda: f"cannot start: {refusal}" in self.host.journal("kopis"), self.journals)

    def test_beside_another_server_nothing_is_started(self):
        """Who has port 25 is named, and keeps it."""
        other = subprocess.Popen(
            [*self.host.enter("-n", "-p"), sys.executable, "-c",
             "import socket, time; s = socket.create_server(('127.0.0.1', 25)); print(flush=True);"
             "open('/proc/self/comm', 'w').write('other-smtpd'); print(flush=True); time.sleep(1000)"],
            stdout=subprocess.PIPE)
        self.addCleanup(other.stdout.close)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)  # nsenter alone: what it started ends with the host.
        other.stdout.readline()
        other.stdout.readline()
        _, said = self.install(self.first[0])
        self.assertRegex(said, r"(?m)^others: port 25 belongs to other-smtpd \(pid \d+\)$")
        self.assertRegex(said, r"(?m)^runs: +nothing yet$")
        self.assertRegex(said, r"(?m)^next: +try Kopis beside other-smtpd .*MOVING")
        self.assertEqual([], self.active())
        # Once the other one is gone, kopis-mta, which takes its place, has Kopis serve.
        self.host.shell("kill $(grep -lx other-smtpd /proc/[0-9]*/comm | cut -d/ -f3)")
        self.host.wait_until(lambda: not self.listening(25), said)
        self.install(self.first[1])
        self.assertEqual(UNITS, self.active(), self.journals())
        self.assertEqual("enabled", self.host.property("kopis-smtp", "UnitFileState"))

    def test_after_an_installation_from_source(self):
        """The package's units count, and what ran becomes the package's program."""
        self.host.run("/srv/kopis/kopis", "install", "--pages", "/srv/kopis/man", "--systemd")
        self.host.run("systemctl", "enable", "--now", *UNITS, timeout=300)
        self.assertEqual(UNITS, self.active(), self.journals())
        _, said = self.install(self.first[0])
        self.assertEqual(UNITS, self.active(), self.journals())
        self.runs(self.first[0])
        self.assertNotIn("earlier program", said)
        for unit in UNITS:
            self.assertEqual(f"/usr/lib/systemd/system/{unit}.service",
                             self.host.property(unit, "FragmentPath").replace("/lib/systemd", "/usr/lib/systemd")
                             .replace("/usr/usr", "/usr"))
            self.assertEqual("enabled", self.host.property(unit, "UnitFileState"), unit)

    # What pages say --------------------------------------------------------------------------------

    def said(self, page, beginning):
        """A block of a page, which names the new package."""
        [text] = [block for _, block in pages.blocks(page) if block.startswith(beginning)]
        return text.replace("apt install ./kopis_*.deb", self.installs(self.first[0]))

    @staticmethod
    def installs(package):
        return f"DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i /srv/kopis/{package.name}"

    def make_qmail(self):
        """/var/qmail as qmail has it, with a message for joe in the queue, and nothing of Kopis."""
        self.install(self.first[0])
        self.host.run("systemctl", "stop", *UNITS)
        self.host.run("systemctl", "start", "kopis-queue")
        self.send("in qmail's queue")
        self.host.run("systemctl", "stop", "kopis-queue")
        self.host.shell(r"""
            set -e
            kopis queue export /srv/queue
            dpkg -P kopis
            rm -rf /var/qmail
            mkdir -p /var/qmail/bin /var/qmail/control /var/qmail/alias
            mv /srv/queue /var/qmail/queue
            printf '#!/bin/sh\necho of qmail\n' >/var/qmail/bin/qmail-send
            chmod 755 /var/qmail/bin/qmail-send
            cd /var/qmail/control
            hostname | tee me locals rcpthosts
            echo '&joe' >/var/qmail/alias/.qmail-postmaster
            chown -R alias: /var/qmail/alias
            """)

    def test_where_qmail_is_and_back(self):
        """docs/MOVING.md, Where qmail is in /var/qmail."""
        self.make_qmail()
        code, said = self.install(self.first[0], check=False)
        self.assertNotEqual(0, code)
        self.assertIn("/var/qmail/queue is a queue of qmail's. Stop qmail, move it away", said)
        self.assertEqual("of qmail", self.host.text("/var/qmail/bin/qmail-send"))
        self.host.shell("set -e\n" + self.said("docs/MOVING.md", "cp -a /var/qmail/bin"), timeout=300)
        self.wait_mail("in qmail's queue")
        self.assertEqual("&joe", self.host.text("cat", "/var/qmail/alias/.qmail-postmaster"))
        self.host.run("systemctl", "stop", "kopis")
        self.send("back")
        self.host.run("systemctl", "stop", *UNITS)
        self.host.shell("set -e\n" + self.said("docs/MOVING.md", "kopis queue export"))
        self.assertEqual("of qmail", self.host.text("/var/qmail/bin/qmail-send"))
        self.assertIn("Subject: back", self.host.shell("cat /var/qmail/queue/mess/*/*").stdout.decode())

    def test_a_backup_becomes_another_host(self):
        """docs/OPERATING.md, Backup: to a new host."""
        self.install(self.first[0])
        self.host.run("kopis", "user", "add", "ada@new.example", "--new-domain", "--password-file", "-",
                      stdin=b"correct-horse\n")
        self.send("before")
        self.wait_mail("before")
        self.host.run("kopis", "backup", "--mail", "/var/backups/kopis")
        self.host.shell("systemctl stop 'kopis*'; dpkg -P kopis; rm -rf /var/qmail", timeout=300)
        self.install(self.second[0])  # As on a host that never had it.
        self.assertEqual(UNITS, self.active(), self.journals())
        self.host.shell("set -e\n" + self.said("docs/OPERATING.md", "systemctl stop 'kopis*'"), timeout=300)
        self.assertEqual(UNITS, self.active(), self.journals())
        self.assertIn("ada@new.example", self.host.text("kopis", "user", "list"))
        self.assertEqual("", self.host.text("kopis", "check-install"))
        self.send("after")
        self.wait_mail("after")


if __name__ == "__main__":
    unittest.main()

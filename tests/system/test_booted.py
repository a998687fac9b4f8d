"""An installed host under systemd: its units started, used, killed and stopped; what they shut in."""

import json
import unittest

from booted import ME, Booted, can_boot
from restarts import Load

# joe has a password, and a program that tells where it may write.
PREPARE = r"""
/srv/kopis/kopis install --home /var/qmail --pages /srv/kopis/man --systemd
useradd --create-home --shell /bin/sh joe
echo joe:correct-horse | chpasswd
su joe -c '/var/qmail/bin/maildirmake ~/Maildir'
cat > /home/joe/.qmail-probe <<'PROGRAM'
|for place in /usr /etc /var/qmail/control /var/qmail/bin /home/joe; do touch $place/probe 2>/dev/null && echo $place >>~/probed; done; grep -c ^ /proc/sys/kernel/hostname >>~/probed
PROGRAM
chown joe: /home/joe/.qmail-probe
cd /etc/systemd/system
mkdir kopis-test.target.wants
ln -s /etc/systemd/system/kopis*.service kopis-test.target.wants/
"""
# As the dashboard's user: asks for a new password, and prints the answer.
CHANGE = r"""
import socket, sys
with socket.socket(socket.AF_UNIX) as one:
    one.connect("/var/qmail/users/passwd")
    one.sendall("\n".join(sys.argv[1:]).encode() + b"\n")
    one.shutdown(socket.SHUT_WR)
    print(one.recv(1000).decode(), end="")
"""
CONNECT = "import socket; socket.socket(socket.AF_UNIX).connect('/var/qmail/queue/intake')"
SMTP = {"kopis-smtp.service": 25, "kopis-submission.service": 587, "kopis-submissions.service": 465}
LISTENERS = {**SMTP, "kopis-pop3.service": 110, "kopis-pop3s.service": 995}

# A user's mail program: what it may not do without a password, and what with one.
CLIENT = r"""
import smtplib, ssl
trust = ssl.create_default_context(cafile="/var/qmail/control/servercert.pem")
trust.check_hostname = False
for port in (587, 465):
    client = smtplib.SMTP_SSL("127.0.0.1", port, context=trust) if port == 465 \
        else smtplib.SMTP("127.0.0.1", port)
    if port == 587:
        assert not client.has_extn("auth")
        client.starttls(context=trust)
    client.ehlo()
    code, text = client.mail("joe@ME")
    assert code == 530, (code, text)
    try:
        client.login("joe", "wrong-horse")
        raise AssertionError("any password will do")
    except smtplib.SMTPAuthenticationError as refusal:
        assert refusal.smtp_code == 535
    client.login("joe", "correct-horse")
    client.sendmail("joe@ME", ["joe@ME"], f"Subject: by {port}\n\n")
    client.quit()
"""


@unittest.skipUnless(can_boot(), "needs root, systemd and namespaces")
class UnderSystemd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Booted(PREPARE)
        cls.addClassCleanup(cls.host.close)
        cls.units = cls.host.shell("cd /etc/systemd/system && ls kopis*.service") \
            .stdout.decode().split()
        cls.units.remove("kopis-acme.service")  # Nothing to do here: test_acme.
        cls.units.remove("kopis-dmarc.service")  # Its timer starts it.
        cls.units.remove("kopis-tlsrpt.service")
        cls.units.remove("kopis-doctor.service")
        cls.units.remove("kopis-summary.service")
        cls.units.remove("kopis-otlp.service")  # Without its setting.
        cls.units.remove("kopis-passwd@.service")  # Its socket starts it.

    def setUp(self):
        self.host.run("systemctl", "start", *self.units)
        self.host.wait_until(self.all_serve, self.journals)

    # Helpers ----------------------------------------------------------------------------------

    def journals(self):
        return "\n".join(f"{unit}:\n{self.host.journal(unit)}" for unit in self.units)

    def all_serve(self):
        return self.host.run("python3", "-c", CONNECT, check=False).returncode == 0 and all(
            self.host.text("ss", "-Hltn", f"sport = :{port}") for port in LISTENERS.values())

    def status(self, unit, field):
        """A field of /proc/PID/status of the unit's first process."""
        pid = self.host.property(unit, "MainPID")
        return self.host.text("sed", "-n", f"s/^{field}:[[:space:]]*//p", f"/proc/{pid}/status")

    def within(self, unit, *words):
        """A command in the unit's view of the files, as root; what it complains of."""
        pid = self.host.property(unit, "MainPID")
        return self.host.run(
            "nsenter", "-t", pid, "-m", "--", *words, check=False).stderr.decode()

    def send(self, to, subject):
        self.host.run("curl", "-sS", "smtp://127.0.0.1", "--mail-from", f"you@{ME}",
                      "--mail-rcpt", f"{to}@{ME}", "-T", "-",
                      stdin=f"Subject: {subject}\r\n\r\n".encode())

    def wait_mail(self, directory, subject):
        self.host.wait_until(
            lambda: self.host.run("grep", "-rq", f"^Subject: {subject}$", directory, check=False)
            .returncode == 0, self.journals)

    # Tests ------------------------------------------------------------------------------------

    def test_all_run_and_mail_flows(self):
        for unit in self.units:
            self.assertEqual("active", self.host.property(unit, "ActiveState"), self.journals())
        self.send("joe", "first")
        self.wait_mail("/home/joe/Maildir", "first")
        self.assertIn("success: did_1+0+0/", self.host.journal("kopis"))
        self.assertIn("success: did_1+0+0/", self.host.text("journalctl", "--no-pager", "--identifier=qmail"))
        self.host.run("/var/qmail/bin/sendmail", "postmaster", stdin=b"Subject: within\n\n")
        self.wait_mail("/var/qmail/alias/Maildir", "within")
        self.host.wait_until(  # The dashboard reads the journal, and asks qmail-send.
            lambda: self.host.run("curl", "-sf", "http://127.0.0.1:880/health", check=False)
            .returncode == 0, self.journals)

    def test_the_dashboard_sees_the_host(self):
        """Figures of processes, and checks that fail only where something is wrong."""
        token = self.host.text("kopis", "web", "token")
        figures = self.host.text("curl", "-sf", "-H", f"Authorization: Bearer {token}",
                                 "http://127.0.0.1:880/metrics")
        for program in ("qmail-send", "qmail-queue", "tcpserver"):
            self.assertIn(f'kopis_processes{{program="{program}"}}', figures)
        pid = self.host.property("kopis-web.service", "MainPID")
        found = self.host.run(
            "nsenter", "-t", pid, "-m", "--", "setpriv", "--reuid", "qmailw", "--regid", "qmailw",
            "--clear-groups", "/var/qmail/bin/kopis", "doctor", "--json", check=False).stdout.decode()
        failed = {one["id"]: one["state"] for one in json.loads(found)["findings"]}
        self.assertNotIn(failed.get("queue.running"), ("fault", "warning"))
        self.assertNotIn(failed.get("cert.readable"), ("fault", "warning"))

    def test_a_mail_users_password_is_changed_for_the_dashboard(self):
        self.host.run("kopis", "user", "add", "vera@virtual.example", "--password-file", "-",
                      "--new-domain", stdin=b"correct horse\n")
        self.host.run("systemctl", "start", "kopis-passwd.socket")

        def change(*words, user="qmailw"):
            return self.host.run(
                "setpriv", "--reuid", user, "--regid", user if user == "qmailw" else "nofiles",
                "--clear-groups", "python3", "-c", CHANGE, "vera@virtual.example", *words, check=False)

        self.assertEqual(b"the current password is wrong\n", change("wrong", "battery staple").stdout)
        before = self.host.text("cat", "/var/qmail/users/virtual")
        said = change("correct horse", "battery staple")
        self.assertEqual(b"changed\n", said.stdout, self.host.text("journalctl", "-n", "30"))
        self.assertNotEqual(before, self.host.text("cat", "/var/qmail/users/virtual"))
        self.assertEqual(b"changed\n", change("battery staple", "correct horse").stdout)
        self.assertIn(b"PermissionError", change("correct horse", "x", user="qmaild").stderr)

    def test_the_dashboards_ports_are_held_while_it_is_away(self):
        self.host.run("systemctl", "stop", "kopis-web.service")
        taken = "import socket; socket.create_server(('{}', 880), family=socket.{})"
        for address, family in (("127.0.0.1", "AF_INET"), ("::1", "AF_INET6")):
            refused = self.host.run(
                "python3", "-c", taken.format(address, family), check=False).stderr
            self.assertIn(b"Address already in use", refused)
        self.host.wait_until(  # It starts again for who asks.
            lambda: self.host.run("curl", "-sf", "http://localhost:880/login", check=False)
            .returncode == 0, self.journals)

    def test_users_send_and_fetch(self):
        self.host.run("python3", "-c", CLIENT.replace("ME", ME))
        for port in (587, 465):
            self.wait_mail("/home/joe/Maildir", f"by {port}")
        for url in ("pop3://127.0.0.1", "pop3s://127.0.0.1"):
            # qmail-pop3d shows no message of this very second.
            self.host.wait_until(lambda: b"Subject: by 465" in self.host.run(
                "curl", "-sS", "--insecure", "--ssl-reqd", "-u", "joe:correct-horse",
                f"{url}/[1-9]", check=False).stdout, self.journals)

    def test_what_is_killed_comes_back(self):
        for unit in self.units:
            before = self.host.property(unit, "MainPID")
            self.host.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", unit)
            self.host.wait_until(
                lambda: self.host.property(unit, "MainPID") not in ("0", before), self.journals)
        self.host.wait_until(self.all_serve, self.journals)
        self.send("joe", "afterwards")
        self.wait_mail("/home/joe/Maildir", "afterwards")

    def test_a_wrong_control_file_fails_the_unit_with_its_line(self):
        """Before, the unit was active and its programs began again and again."""
        for unit, name in (("kopis.service", "queuelifetime"), ("kopis-queue.service", "queueshare"),
                           ("kopis-smtp.service", "databytes")):
            path = f"/var/qmail/control/{name}"
            self.addCleanup(self.host.run, "systemctl", "start", unit)
            self.addCleanup(self.host.run, "rm", "-f", path)
            self.host.run("systemctl", "stop", unit)
            self.host.shell(f"echo nonsense >{path}")
            self.assertNotEqual(
                0, self.host.run("systemctl", "start", unit, check=False).returncode)
            self.assertEqual("failed", self.host.property(unit, "ActiveState"), self.journals())
            self.host.wait_until(
                lambda: f'control/{name}: "nonsense" is not a whole number' in self.host.text(
                    "systemctl", "status", "--full", "--no-pager", unit, check=False),
                self.journals)
            self.assertEqual("failed", self.host.property(unit, "ActiveState"), self.journals())
            self.host.run("rm", path)
            self.host.run("systemctl", "start", unit)
            self.assertEqual("active", self.host.property(unit, "ActiveState"))

    def test_the_doctor_mails_what_has_changed(self):
        self.host.run("systemctl", "start", "kopis-doctor.service", timeout=120)
        self.wait_mail("/var/qmail/alias/Maildir", f"{ME}: kopis doctor: [1-9][0-9]* new findings, 0 gone")
        count = lambda: self.host.text(
            "sh", "-c", "grep -rl 'Subject: .*: kopis doctor' /var/qmail/alias/Maildir | wc -l")
        before = count()
        self.host.shell("touch /home/joe/.qmail-x && rm /var/lib/kopis-doctor/last")
        self.host.run("systemctl", "start", "kopis-doctor.service", timeout=120)
        self.host.wait_until(lambda: count() != before, self.journals)
        known = self.host.text("cat", "/var/lib/kopis-doctor/last")
        self.assertIn("|fault\n", known + "\n")
        self.host.shell("echo 'nothing.invalid|x|fault' >>/var/lib/kopis-doctor/last")
        self.host.run("systemctl", "start", "kopis-doctor.service", timeout=120)
        self.wait_mail("/var/qmail/alias/Maildir", f"{ME}: kopis doctor: [0-9]* new findings, 1 gone")

    def test_the_summary_is_mailed_by_the_journals_user(self):
        for number in range(60):
            self.host.run("/var/qmail/bin/sendmail", "postmaster", stdin=b"Subject: many\n\n")
        # The writer has a record within a second: then there is something to tell.
        self.host.wait_until(
            lambda: "messages taken of this host: 6" in self.host.text("/var/qmail/bin/kopis", "summary"),
            self.journals)
        self.host.run("systemctl", "start", "kopis-summary.service", timeout=120)
        self.wait_mail("/var/qmail/alias/Maildir", f"{ME}: kopis summary: what has changed.*")

    def test_a_stop_ends_all_and_keeps_mail(self):
        self.host.run("systemctl", "stop", *(unit for unit in self.units if unit in LISTENERS))
        self.host.shell("cd /home/joe; echo '|exit 111' >.qmail-later; chown joe .qmail-later")
        self.host.run("/var/qmail/bin/sendmail", f"joe-later@{ME}", stdin=b"Subject: later\n\n")
        self.host.wait_until(lambda: "deferral" in self.host.journal("kopis"), self.journals)
        fatal = self.journals().count("fatal")
        self.host.run("systemctl", "stop", *self.units)
        self.assertEqual(fatal, self.journals().count("fatal"), self.journals())
        self.assertEqual("", self.host.text("pgrep", "-x", "kopis|qmail-.*", check=False))
        for unit in self.units:
            self.assertEqual(("inactive", "success"), (
                self.host.property(unit, "ActiveState"), self.host.property(unit, "Result")), unit)
        self.host.shell("echo ./Maildir/ >/home/joe/.qmail-later")
        before = self.host.journal("kopis").count("status: ")
        self.host.run("systemctl", "start", "kopis")
        self.host.wait_until(lambda: self.host.journal("kopis").count("status: ") > before,
                             self.journals)
        self.host.run("systemctl", "kill", "--signal=ALRM", "--kill-whom=main", "kopis")
        self.wait_mail("/home/joe/Maildir", "later")

    def test_mail_is_taken_while_delivery_is_stopped(self):
        """The binary of before had both in one unit: cron's mail was lost."""
        self.host.run("systemctl", "stop", "kopis")
        self.assertEqual("", self.host.text("pgrep", "-x", "qmail-send|qmail-.spawn", check=False))
        self.send("joe", "meanwhile by SMTP")
        self.host.run("/var/qmail/bin/sendmail", f"joe@{ME}", stdin=b"Subject: meanwhile\n\n")
        self.assertEqual("active", self.host.property("kopis-queue", "ActiveState"))
        self.host.run("systemctl", "start", "kopis")
        for subject in ("meanwhile by SMTP", "meanwhile"):
            self.wait_mail("/home/joe/Maildir", subject)

    def test_an_update_refuses_no_client_and_loses_no_message(self):
        load = Load(25, f"joe@{ME}", enter=self.host.enter("-n"))
        self.addCleanup(load.close)
        count = "grep -rl '^Subject: m[0-9]' /home/joe/Maildir/new | wc -l"
        seen = lambda: int(self.host.shell(count).stdout)  # noqa: E731
        self.host.wait_until(lambda: seen() >= 20, self.journals)
        self.host.shell("cd /var/qmail/bin && cp kopis kopis.new && mv kopis.new kopis")
        told = self.host.run("kopis", "restart", "--check", check=False)
        self.assertEqual(100, told.returncode, told)
        self.assertIn(b"kopis-smtp.service runs an earlier program than /var/qmail/bin/kopis", told.stdout)
        self.host.run("kopis", "restart")
        before = seen()
        self.host.wait_until(lambda: seen() >= before + 20, self.journals)
        done = load.stop()
        self.assertEqual([], done["refused"], done["put off"])
        for name in done["accepted"]:
            self.wait_mail("/home/joe/Maildir", name)
        self.assertEqual(len(done["accepted"]), seen())
        self.host.shell("grep -rl '^Subject: m[0-9]' /home/joe/Maildir/new | xargs rm")
        self.assertEqual(0, self.host.run("kopis", "restart", "--check").returncode)
        for unit in LISTENERS:
            self.assertEqual("notify", self.host.property(unit, "Type"))
            self.assertEqual("1", self.host.property(unit, "NFileDescriptorStore"))

    def test_a_reload_is_taken(self):
        self.host.run("systemctl", "reload", "kopis")
        self.assertEqual("active", self.host.property("kopis", "ActiveState"))

    def test_programs_of_users_write_in_homes_only(self):
        self.host.run("/var/qmail/bin/sendmail", f"joe-probe@{ME}", stdin=b"Subject: x\n\n")
        self.host.wait_until(
            lambda: self.host.run("test", "-s", "/home/joe/probed", check=False).returncode == 0,
            self.journals)
        self.host.wait_until(lambda: self.host.text("cat", "/home/joe/probed") == "/home/joe\n1",
                             lambda: self.host.text("cat", "/home/joe/probed"))

    def test_listeners_are_shut_in(self):
        """Even as root: what the mounts of the unit say holds for whoever breaks in."""
        for unit in LISTENERS:
            self.assertEqual("1", self.status(unit, "NoNewPrivs"))
            self.assertEqual("2", self.status(unit, "Seccomp"))
            for place in ("/etc", "/usr", "/var/qmail/queue", "/var/qmail/control"):
                self.assertIn("Read-only file system",
                              self.within(unit, "touch", f"{place}/probe"), (unit, place))
            self.assertEqual("", self.within(unit, "touch", "/tmp/probe"))  # Its own /tmp.
            self.host.run("test", "!", "-e", "/tmp/probe")
            self.assertEqual(f"{1 << 10:016x}", self.status(unit, "CapEff"))
            self.assertNotEqual("0", self.status(unit, "Uid").split()[0])
            self.assertIn("No such file", self.within(unit, "ls", "/home/joe"))
            self.assertIn("Read-only file system",
                          self.within(unit, "touch", "/var/qmail/alias/probe"))


if __name__ == "__main__":
    unittest.main()

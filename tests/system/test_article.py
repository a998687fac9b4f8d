"""The commands and files of the article that qmail was made known by, as they stand there but for
/var/qmail, which is the home of the installed host."""

import pathlib
import re
import shutil
import subprocess
import unittest

from installed import ME, InstalledCase

RULES = """\
# control/tcprules.txt
127.0.0.1:allow,RELAYCLIENT=""
192.168.1.:allow,RELAYCLIENT=""
210.161.209.178:allow,RELAYCLIENT=""
:allow
"""
TCPRULES = "bin/tcprules control/tcprules.dat control/tcprules.tmp < control/tcprules.txt"
SMTP = "tcpserver -x/var/qmail/control/tcprules.dat toyokawa.gcd.org smtp /var/qmail/bin/qmail-smtpd &"
RBLSMTP = ("tcpserver -x/var/qmail/control/tcprules.dat toyokawa.gcd.org smtp"
           " /var/qmail/bin/rblsmtpd /var/qmail/bin/qmail-smtpd &")
START = "/var/qmail/bin/qmail-start ./Mailbox splogger qmail"
SPARE_SMTP = ("tcpserver -x/var/qmail/control/tcprules.dat toyokawa.gcd.org 10025"
              " /var/qmail/bin/qmail-smtpd")
SPARE_POP = ("tcpserver toyokawa.gcd.org 10110 /var/qmail/bin/qmail-popup toyokawa.gcd.org"
             " checkpassword /var/qmail/bin/qmail-pop3d Maildir")
VIRTUAL = """\
haniwa.com:koala-haniwa
.haniwa.com:koala-haniwa
maczuka.gcd.org:alias-maczuka
.maczuka.gcd.org:alias-maczuka
"""
UUX = '|preline -d /usr/bin/uux - -r -gB -z maczuka!rmail "($EXT2@$HOST)"'
STAND_IN = """\
#!/bin/sh
exec >> "$TO"
for word; do echo "<$word>"; done
cat
echo "end"
"""

# An SMTP session line by line; prints the server's lines.
TALK = r"""
import socket, sys
source, port = sys.argv[1], int(sys.argv[2])
s = socket.create_connection(("127.0.0.1", port), timeout=30,
                             source_address=(source, 0) if source else None)
f = s.makefile("rwb")
def show():
    line = f.readline()
    sys.stdout.buffer.write(line)
    return line
show()
for line in sys.stdin.buffer.read().split(b"\n"):
    f.write(line + b"\r\n")
    f.flush()
    if line.startswith((b"LIST", b"RETR")):
        while (said := show().rstrip()) != b"." and not said.startswith(b"-ERR"):
            pass
    elif not line.startswith((b"-", b"Subject", b"body")) and line != b"":
        show()
"""


class ArticleCase(InstalledCase):
    """The host toyokawa.gcd.org of the article, its rules and virtual domains."""

    @classmethod
    def prepare(cls):
        host = cls.host
        cls.sengoku = host.add_user("sengoku")
        cls.koala = host.add_user("koala")
        host.run("usermod", "-p", host.run("openssl", "passwd", "-6", "pass-word").stdout.decode().strip(),
                 "sengoku")
        (host.home / "control/tcprules.txt").write_text(RULES)
        for name in ("locals", "rcpthosts"):
            (host.home / "control" / name).write_text(f"{ME}\ngcd.org\n")
        with open(host.home / "control/rcpthosts", "a") as file:
            file.write("haniwa.com\n.haniwa.com\nmaczuka.gcd.org\n")
        (host.home / "control/virtualdomains").write_text(VIRTUAL)
        host.shell(f"cd {host.home} && {TCPRULES}")
        cls.talk = host.base / "talk.py"
        cls.talk.write_text(TALK)

    def begin(self, command, port=None):
        """A command of the article, in the background; ended with the test."""
        text = command.rstrip("& ").replace("/var/qmail", str(self.host.home))
        process = self.host.spawn("sh", "-c", "exec " + text, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        if port:
            self.host.wait_listening(port)
        return process

    def start(self):
        process = self.begin(START)
        self.host.wait_served()
        return process

    def session(self, port, lines, source=""):
        """What the server said, line by line."""
        out = self.host.run("python3", self.talk, source, port, stdin=lines.encode()).stdout
        return out.decode().replace("\r", "").splitlines()

    def inject(self, recipient, subject):
        self.host.shell(f"printf 'To: {recipient}\nSubject: {subject}\n\nbody\n' |"
                        f" {self.host.home}/bin/qmail-inject")

    def wait_text(self, path, pattern):
        path = pathlib.Path(path)
        return self.host.wait_until(
            lambda: path.exists() and re.search(pattern, path.read_text("latin-1"), re.M),
            lambda: f"{pattern} never came to {path}; log: {self.host.log()}")


class Article(ArticleCase):
    # Receiving --------------------------------------------------------------------------------

    def accepts(self, recipient, source):
        said = self.session(25, f"HELO x\nMAIL FROM:<a@b.example>\nRCPT TO:<{recipient}>\nQUIT",
                            source)
        return said[3][:3]

    def refuses_relaying(self):
        self.host.shell("ip addr add 192.168.1.4/24 dev lo; ip addr add 10.9.8.7/24 dev lo",
                        check=False)
        self.assertEqual("250", self.accepts("sengoku@gcd.org", "10.9.8.7"))
        self.assertEqual("553", self.accepts("x@elsewhere.example", "10.9.8.7"))
        self.assertEqual("250", self.accepts("x@elsewhere.example", "192.168.1.4"))
        self.assertEqual("250", self.accepts("x@elsewhere.example", "127.0.0.1"))

    def test_the_tcpserver_line(self):
        self.start()
        self.begin(SMTP, 25)
        self.refuses_relaying()
        said = self.session(25, "HELO ozenji.gcd.org\nMAIL FROM:<postmaster@gcd.org>\n"
                                "RCPT TO:<sengoku@gcd.org>\nDATA\nSubject: by the line\n\nbody\n"
                                ".\nQUIT")
        self.assertEqual(["220 toyokawa.gcd.org ESMTP", "250 toyokawa.gcd.org", "250 ok", "250 ok",
                          "354 go ahead"], said[:5])
        self.assertRegex(said[5], r"\A250 ok \d+ qp \d+\Z")
        self.assertEqual("221 toyokawa.gcd.org", said[6])
        self.wait_text(self.sengoku / "Mailbox", r"^Subject: by the line$")

    def test_the_tcpserver_line_with_rblsmtpd(self):
        if not (self.host.home / "bin/rblsmtpd").exists():
            self.skipTest("there is no rblsmtpd yet")
        self.start()
        self.begin(RBLSMTP, 25)
        self.refuses_relaying()

    # Delivering -------------------------------------------------------------------------------

    def test_the_log_comes_by_splogger_as_qmaill(self):
        self.start()
        self.inject("sengoku@gcd.org", "logged")
        _, uid, line = self.host.syslog.wait(rb"starting delivery \d+: msg \d+ to local sengoku@gcd")
        self.assertEqual(self.host.uid("qmaill"), uid)
        self.assertRegex(line, rb"\A<22>.*qmail: \d+\.\d{6} starting delivery")
        self.host.syslog.wait(rb"qmail: \d+\.\d{6} delivery \d+: success: did_1\+0\+0/")

    def test_virtual_domains_of_a_user(self):
        for extension in ("koala", "hanicom", "default"):
            self.host.dot("koala", f"haniwa-{extension}", f"./to-{extension}")
        self.start()
        self.inject("koala@haniwa.com", "first")
        self.inject("hanicom@haniwa.com", "second")
        self.inject("whoever@haniwa.com", "third")
        self.inject("one@sub.haniwa.com", "fourth")
        self.wait_text(self.koala / "to-koala", "^Subject: first$")
        self.wait_text(self.koala / "to-hanicom", "^Subject: second$")
        self.wait_text(self.koala / "to-default", "^Subject: third$")
        self.wait_text(self.koala / "to-default", "^Subject: fourth$")
        self.wait_text(self.koala / "to-default",
                       "^Delivered-To: koala-haniwa-one@sub.haniwa.com$")

    def test_a_domain_by_uucp(self):
        seen = self.host.home / "alias/uux-was-given"
        self.host.cover("/usr/bin")
        script = self.host.base / "uux"
        script.write_text(STAND_IN.replace("$TO", str(seen)))
        script.chmod(0o755)
        self.host.run("cp", script, "/usr/bin/uux")
        self.host.dot("alias", "maczuka-default", UUX)
        self.start()
        self.inject("kouki@maczuka.gcd.org", "by uucp")
        self.wait_text(seen, "^end$")
        text = seen.read_text()
        self.assertTrue(text.startswith("<->\n<-r>\n<-gB>\n<-z>\n<maczuka!rmail>\n"
                                        "<(kouki@maczuka.gcd.org)>\nFrom "), text)
        self.assertNotIn("Delivered-To:", text)  # -d
        self.assertIn("\nReturn-Path: <", text)
        self.assertIn("\nSubject: by uucp\n", text)

    def test_addresses_of_a_user_and_of_alias(self):
        self.host.dot("sengoku", "foo", "./to-foo")
        self.host.dot("sengoku", "default", "./to-default")
        self.host.dot("alias", "postmaster", "./to-postmaster")
        self.host.dot("alias", "default", "./to-unknown")
        self.start()
        self.inject("sengoku-foo@gcd.org", "a")
        self.inject("sengoku-anything@gcd.org", "b")
        self.inject("postmaster@gcd.org", "c")
        self.inject("no-such-user@gcd.org", "d")
        self.inject("root@gcd.org", "e")
        self.wait_text(self.sengoku / "to-foo", "^Subject: a$")
        self.wait_text(self.sengoku / "to-default", "^Subject: b$")
        self.wait_text(self.host.home / "alias/to-postmaster", "^Subject: c$")
        self.wait_text(self.host.home / "alias/to-unknown", "^Subject: d$")
        self.host.wait_mail(self.host.home / "alias/Maildir")  # root: by alias/.qmail-root.


POSTFIX = """\
compatibility_level = 3.6
queue_directory = {base}/postfix/queue
data_directory = {base}/postfix/data
myhostname = toyokawa.gcd.org
mydestination = toyokawa.gcd.org, gcd.org
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
mailbox_command =
home_mailbox = from-postfix
maillog_file = {base}/postfix/log
maillog_file_prefixes = {base}
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
"""


class MovingFromSendmail(ArticleCase):
    """The five steps, beside a Postfix that has port 25 and /usr/sbin/sendmail."""

    @classmethod
    def prepare(cls):
        super().prepare()
        base = cls.host.base
        etc = base / "etc/postfix"
        (base / "postfix/queue").mkdir(parents=True)
        (base / "postfix/data").mkdir()
        shutil.chown(base / "postfix/data", "postfix")
        (etc / "main.cf").write_text(POSTFIX.format(base=base))
        (etc / "master.cf").write_text("".join(
            cls.unchrooted(line) for line in
            pathlib.Path("/usr/share/postfix/master.cf.dist").read_text().splitlines()))
        cls.host.run("postfix", "start")
        cls.addClassCleanup(cls.host.run, "postfix", "stop", check=False)
        cls.host.wait_listening(25)
        cls.host.cover("/usr/sbin")

    @staticmethod
    def unchrooted(line):
        words = line.split()
        if line.startswith(("#", " ")) or len(words) < 8:
            return ""
        words[4] = "n"
        return "  ".join(words) + "\n"

    def banner(self, port=25):
        return self.session(port, "QUIT")[0]

    def test_five_steps(self):
        mailbox = self.sengoku / "Mailbox"
        self.host.shell("printf 'Subject: before\n\n' | /usr/sbin/sendmail sengoku@gcd.org")
        self.wait_text(self.sengoku / "from-postfix", "^Subject: before$")
        # 1: delivery only.
        self.start()
        self.inject("sengoku@gcd.org", "one")
        self.wait_text(mailbox, "^Subject: one$")
        self.assertIn("Postfix", self.banner())
        # 2: every MUA sends through it.
        self.host.shell("mv /usr/sbin/sendmail /usr/sbin/sendmail.old;"
                        f" ln -s {self.host.home}/bin/sendmail /usr/sbin/sendmail")
        self.host.shell("echo body | bsd-mailx -s two sengoku@gcd.org")
        self.wait_text(mailbox, "^Subject: two$")
        self.assertIn("Postfix", self.banner())
        # 3: SMTP on a spare port.
        smtp = self.begin(SPARE_SMTP, 10025)
        said = self.session(10025, "HELO ozenji.gcd.org\nMAIL FROM:<postmaster@gcd.org>\n"
                                   "RCPT TO:<sengoku@gcd.org>\nDATA\nSubject: three\n\nbody\n"
                                   ".\nQUIT")
        self.assertEqual("220 toyokawa.gcd.org ESMTP", said[0])
        self.wait_text(mailbox, "^Subject: three$")
        # 4: POP3 on a spare port.
        self.host.dot("sengoku", "", "./Maildir/")
        self.inject("sengoku@gcd.org", "four")
        self.host.wait_mail(self.sengoku / "Maildir")
        pop = self.begin(SPARE_POP, 10110)
        self.reads_mail(10110)
        # 5: the old one ends, ours take its ports.
        self.host.run("postfix", "stop")
        for process in (smtp, pop):
            process.terminate()
            process.wait(60)
        self.begin(SMTP, 25)
        self.begin(SPARE_POP.replace("10110", "pop3"), 110)
        self.assertEqual("220 toyokawa.gcd.org ESMTP", self.banner())
        self.reads_mail(110)

    def reads_mail(self, port):
        """Transcript 2; the message stays."""
        def once():
            return self.session(port, "USER sengoku\nPASS pass-word\nLIST\nRETR 1\nQUIT")
        said = self.host.wait_until(lambda: (lines := once()) and "1 " in "".join(lines) and lines,
                                    "the mail of this second never came to be seen")
        self.assertRegex(said[0], r"\A\+OK <\d+\.\d+@toyokawa\.gcd\.org>\Z")
        self.assertEqual(["+OK ", "+OK ", "+OK "], said[1:4])
        self.assertRegex(said[4], r"\A1 \d+\Z")
        self.assertEqual(["."], said[5:6])
        self.assertIn("Delivered-To: sengoku@gcd.org", said)
        self.assertIn("Subject: four", said)


if __name__ == "__main__":
    unittest.main()

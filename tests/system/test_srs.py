"""SRS over whole running hosts: a message that one or two of them forward reaches a host that checks SPF, and a
bounce of that host finds back to the sender, who is a stranger to both."""

import pathlib
import re
import smtplib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "programs"))

from host import Host
from installed import InstalledCase
from nameserver import NameServer

# a.example sends from elsewhere only; all hosts of the test are 127.0.0.1.
HERE, ELSEWHERE = "v=spf1 ip4:127.0.0.1 -all", "v=spf1 ip4:192.0.2.1 -all"
RECORDS = [f"txt-record=a.example,{ELSEWHERE}",
           *[f"txt-record={name},{HERE}" for name in (
               "one.example", "two.example", "srs.one.example", "far.example")]]
MESSAGE = b"From: Ann <ann@a.example>\r\nSubject: s\r\n\r\nhi\r\n"


class Forwarded(unittest.TestCase):
    """far.example has the mailboxes of a.example and c.example and checks SPF; one.example and two.example
    forward. one.example has a domain of its own for SRS, two.example takes its name."""

    def setUp(self):
        self.resolver = NameServer(self, *RECORDS).address
        self.far, self.one, self.two = (self.host(name) for name in ("far", "one", "two"))
        self.far.control("locals", "far.example", "a.example", "c.example")
        self.far.control("rcpthosts", "far.example", "a.example", "c.example")
        self.far.control("checkloopback", "1")
        self.far.control("checkspf", "reject")
        self.far.write("alias/.qmail-gone", "|echo no such user here; exit 100\n")
        for host in (self.far, self.one, self.two):
            host.control("smtproutes", *[
                f"{name}:127.0.0.1:{port}" for name, port in (
                    ("a.example", self.far.smtp_port), ("c.example", self.far.smtp_port),
                    ("far.example", self.far.smtp_port), ("srs.one.example", self.one.smtp_port),
                    ("one.example", self.one.smtp_port), ("two.example", self.two.smtp_port))])
            host.control("resolvers", self.resolver)
            host.start()
            host.rules(":allow")  # Nobody may relay.
        for name in ("ann@a.example", "joe@c.example"):
            done = self.far.run("user", "add", name, "--password-file", "-", input=b"secret word\n")
            self.assertEqual(0, done.returncode, done)

    def host(self, name):
        host = Host(me=f"{name}.example")
        self.addCleanup(host.close)
        return host

    def switch_on(self, host, domain):
        self.assertEqual(0, host.run("srs", "new").returncode)
        host.control("srsdomain", domain)

    @staticmethod
    def forward(host, name, target):
        host.write(f"alias/.qmail-{name}", f"&{target}\n")

    @staticmethod
    def send(host, recipient, sender="ann@a.example", message=MESSAGE):
        with smtplib.SMTP("127.0.0.1", host.smtp_port, timeout=60) as client:
            client.ehlo("a.example")
            client.mail(sender)
            code, text = client.rcpt(recipient)
            if code != 250:
                return code, text.decode()
            return client.data(message)[0], ""

    def bounce(self, count=1):
        """What Ann has got back."""
        return self.far.wait_mail("ann@a.example", count, timeout=60)[count - 1].read_bytes()

    def test_without_it_the_next_host_refuses_and_the_log_says_once_what_would_help(self):
        self.forward(self.one, "joe", "joe@c.example")
        for count in (1, 2):
            self.assertEqual(250, self.send(self.one, "joe@one.example")[0])
            bounce = self.bounce(count)
            self.assertIn(b"5.7.23", bounce)
            self.assertIn(b"Return-Path: <>", bounce)
        self.assertEqual(1, self.one.log().count("qmail-rspawn: warning: forwarded mail leaves"))
        self.assertEqual([], self.far.mail_files("joe@c.example"))

    def test_a_message_gets_there_and_its_bounce_comes_back(self):
        self.switch_on(self.one, "srs.one.example")
        self.forward(self.one, "joe", "joe@c.example")
        self.forward(self.one, "gone", "gone@c.example")
        self.forward(self.one, "missing", "missing@c.example")
        self.assertEqual(250, self.send(self.one, "joe@one.example")[0])
        [path] = self.far.wait_mail("joe@c.example", 1)
        message = path.read_bytes()
        address = re.match(rb"Return-Path: <(SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=a\.example=ann@srs\.one\.example)>\n",
                           message)[1]
        self.assertIn(b"spf=pass smtp.mailfrom=srs.one.example", message)
        self.assertTrue(message.endswith(MESSAGE.replace(b"\r\n", b"\n")), message)
        # The far host takes it and bounces it later.
        self.assertEqual(250, self.send(self.one, "gone@one.example")[0])
        bounce = self.bounce()
        self.assertIn(b"no such user here", bounce)
        self.assertIn(b"Return-Path: <>", bounce)
        self.one.wait_log(r"starting delivery \d+: msg \d+ to remote "
                          + re.escape(address.decode()))
        # It refuses it: our own bounce goes to the sender as it was.
        self.assertEqual(250, self.send(self.one, "missing@one.example")[0])
        bounce = self.bounce(2)
        self.assertIn(b"missing@c.example", bounce)
        self.assertIn(b"Return-Path: <ann@a.example>", bounce)
        self.assertNotIn("forwarded mail leaves", self.one.log())
        self.check_at_rcpt(address.decode())

    def check_at_rcpt(self, address):
        """Bounces by hand: only what was made here is taken, whatever has become of its letters."""
        local, _, domain = address.partition("@")
        for good in (address, address.upper(), address.lower()):
            self.assertEqual((250, ""), self.send(self.one, good, sender=""))
        self.assertEqual((250, ""), self.send(self.one, address, sender="b@two.example"))
        paths = self.far.wait_mail("ann@a.example", 6)
        self.assertTrue(any(
            re.match(rb"Return-Path: <SRS0=\w{6}=\w{2}=two\.example=b@srs\.one\.example>\n", path.read_bytes())
            for path in paths))
        for bad in (local.replace("=ann", "=eve"), local.replace("a.example", "b.example"), local + "x",
                    "SRS0=AAAAAA" + local[11:], "SRS1=AAAAAA=a.example==x", "SRS0=x"):
            code, text = self.send(self.one, f"{bad}@{domain}", sender="")
            self.assertEqual(550, code, bad)
            self.assertIn("5.1.1 sorry, that address of forwarded mail is not mine, or too old", text)
        self.assertEqual(553, self.send(self.one, f"joe@{domain}", sender="")[0])
        # A program of the host itself: what was not made here bounces.
        told = self.one.run("qmail-lookup", address)
        self.assertEqual((0, b"yes: goes to ann@a.example\n"), (told.returncode, told.stdout))
        told = self.one.run("qmail-lookup", f"SRS0=x@{domain}")
        self.assertEqual((100, b"no: not made here\n"), (told.returncode, told.stdout))
        self.one.run("qmail-inject", "-f", "joe@one.example", f"SRS0=x@{domain}", input=b"\n\n")
        self.one.wait_log(r"failure: Sorry,_that_address_of_SRS_was_not_made_here\._\(#5\.1\.1\)/")

    def test_a_bounce_comes_back_through_two_forwarders(self):
        self.switch_on(self.one, "srs.one.example")
        self.switch_on(self.two, "two.example")
        self.forward(self.one, "joe", "joe@two.example")
        self.forward(self.one, "gone", "gone@two.example")
        self.forward(self.two, "joe", "joe@c.example")
        self.forward(self.two, "gone", "gone@c.example")
        self.assertEqual(250, self.send(self.one, "joe@one.example")[0])
        [path] = self.far.wait_mail("joe@c.example", 1)
        self.assertRegex(
            path.read_bytes(), rb"\AReturn-Path: <SRS1=[A-Z2-7]{6}=srs\.one\.example==[A-Z2-7]{6}=[A-Z2-7]{2}"
                               rb"=a\.example=ann@two\.example>\n")
        self.assertEqual(250, self.send(self.one, "gone@one.example")[0])
        self.assertIn(b"no such user here", self.bounce())
        self.two.wait_log(r"to remote SRS1=\w{6}=srs\.one\.example==")
        self.one.wait_log(r"to remote SRS0=\w{6}=\w{2}=a\.example=ann@srs\.one\.example")

    def test_secrets_that_are_lost_keep_forwarded_mail_and_nothing_else(self):
        self.switch_on(self.one, "srs.one.example")
        self.forward(self.one, "joe", "joe@c.example")
        secrets = self.one.home / "srs/secrets"
        lost = secrets.rename(secrets.with_name("lost"))
        self.assertEqual(250, self.send(self.one, "joe@one.example")[0])
        self.one.wait_log(r"deferral: Unable_to_read_control_files\._\(#4\.3\.0\)/.*kopis_srs_new")
        code, _ = self.send(self.one, "SRS0=x@srs.one.example", sender="")
        self.assertEqual(451, code)
        self.one.run("qmail-inject", "-f", "joe@one.example", "joe@c.example", input=b"\nhere\n")
        self.assertIn(b"here", self.far.wait_mail("joe@c.example", 1)[0].read_bytes())
        lost.rename(secrets)
        self.one.wait_until(lambda: self.one.alarm() or len(self.far.mail_files("joe@c.example")) == 2, 60)


# Takes all mail and writes what it is told.
PEER = """
import socket, sys
server = socket.create_server(("127.0.0.1", 2525))
print("ready", flush=True)
while True:
    client, _ = server.accept()
    with client:
        lines, in_data = client.makefile("rb"), False
        client.sendall(b"220 peer\\r\\n")
        for line in lines:
            print(line.decode("latin-1").rstrip(), flush=True)
            in_data = not line == b".\\r\\n" if in_data else line.upper() == b"DATA\\r\\n"
            if not in_data or line.upper() == b"DATA\\r\\n":
                client.sendall(b"354 go\\r\\n" if in_data else b"250 ok\\r\\n")
"""

# Codes of RCPT for each word; a message for the last.
BOUNCE = """
import smtplib, sys
client = smtplib.SMTP("127.0.0.1", 25, timeout=60)
client.helo("far.example")
client.mail("")
print(*[client.rcpt(word)[0] for word in sys.argv[1:]], client.data(b"Subject: bounce\\r\\n\\r\\n")[0])
"""


class OnAnInstalledHost(InstalledCase):
    """The secrets are qmailr's, and no user of the host, nor the listener, can read them."""

    @classmethod
    def prepare(cls):
        host = cls.host
        host.add_user("joe")
        host.dot("joe", "away", "&joe@far.example")
        for name, line in (("smtproutes", ":127.0.0.1:2525"), ("srsdomain", "srs.example")):
            (host.home / "control" / name).write_text(line + "\n")
        host.run(host.home / "bin/kopis", "srs", "new")
        cls.peer = host.base / "peer"
        with open(cls.peer, "wb") as lines:
            host.spawn("python3", "-c", PEER, stdout=lines)
        host.start("./Maildir/")
        host.spawn(host.home / "bin/tcpserver", "-u", host.uid("qmaild"), "-g", host.gid("qmaild"),
                   "-H", "-R", "-l0", "127.0.0.1", "smtp", host.home / "bin/qmail-smtpd")
        host.wait_listening(25)

    def wait_peer(self, pattern):
        return self.host.wait_until(lambda: re.search(pattern, self.peer.read_text()),
                                    lambda: f"no {pattern}: {self.peer.read_text()} {self.host.log()}")

    def test_there_and_back_and_who_reads_the_secret(self):
        path = self.host.home / "srs/secrets"
        for place, mode in ((path, 0o100600), (path.parent, 0o40700)):
            self.assertEqual((self.host.uid("qmailr"), mode), (place.stat().st_uid, place.stat().st_mode))
        for user in ("joe", "alias", "qmaild", "qmailq", "qmails", "qmailp", "qmaill", "qmailr"):
            told = self.host.run("setpriv", "--reuid", user, "--regid", self.host.gid(user),
                                 "--init-groups", "cat", path, check=False)
            self.assertEqual(user == "qmailr", told.returncode == 0, (user, told))
        self.host.run(self.host.home / "bin/sendmail", "-f", "ann@a.example", "joe-away", stdin=b"\n\n")
        address = self.wait_peer(r"MAIL FROM:<(SRS0=\w{6}=\w\w=a\.example=ann@srs\.example)>")[1]
        forged = address.replace("=ann", "=eve")
        told = self.host.run("python3", "-c", BOUNCE, forged, address)
        self.assertEqual("550 250 250", told.stdout.decode().strip())
        self.wait_peer(r"(?s)MAIL FROM:<>.*RCPT TO:<ann@a\.example>")
        told = self.host.run(self.host.home / "bin/qmail-lookup", address)
        self.assertEqual(b"yes: goes to ann@a.example\n", told.stdout)
        self.assertNotIn(b"warning", (self.host.base / "lines").read_bytes())


if __name__ == "__main__":
    unittest.main()

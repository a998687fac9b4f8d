"""The journal and kopis trace on a whole host: what mail does is told, and what happens to the
journal happens to no mail."""

import base64
import json
import os
import poplib
import signal
import smtplib
import subprocess
import unittest

from host import HostCase
from installed import ME, InstalledCase


class Told(HostCase):
    def trace(self, *words):
        """The records that kopis trace finds, and the exit code."""
        result = self.host.run("trace", "--json", *words)
        self.assertEqual(b"", result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def wait_trace(self, *words, kinds):
        """Until there are records of these kinds; they may come late."""
        found = []

        def there():
            found[:] = self.trace(*words)
            return set(kinds) <= {record["e"] for record in found}
        self.host.wait_until(there, why=lambda: f"{words}: {kinds} not in {found}")
        return found

    def words(self, *words):
        return self.host.run("trace", *words).stdout.decode()

    def send(self, recipient, sender="joe@client.example", text="Subject: x\r\n\r\n", **options):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.sendmail(sender, [recipient], text, **options)

    def test_a_message_from_session_to_end(self):
        self.host.control("journalsubjects", "1")
        self.send(self.host.address,
                  text="Message-ID: <one@client.example>\r\nSubject: s\x1b\xff\r\n\r\nhi\r\n".encode("latin-1"))
        found = self.wait_trace("<one@client.example>", kinds=["accept", "new", "attempt", "end"])
        accept = next(record for record in found if record["e"] == "accept")
        self.assertEqual(
            ("127.0.0.1", "joe@client.example", [self.host.address], "s\x1b\ufffd"),
            tuple(accept[name] for name in ("ip", "from", "to", "subject")))
        attempt = next(record for record in found if record["e"] == "attempt")
        self.assertEqual(("local", "success"), (attempt["channel"], attempt["verdict"]))
        self.assertEqual({accept["msg"]}, {record["msg"] for record in found})
        self.assertRegex(self.host.log(), rf"accepted qp {accept['qp']} msg {accept['msg']} size \d+ from "
                         rf"<joe@client.example> to <{self.host.address}> <one@client.example>")
        text = self.words(self.host.address)
        self.assertRegex(text, r"(?m)^  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  accepted from smtp client 127")

    def test_a_forward_and_its_bounce(self):
        self.host.control("rcpthosts", self.host.me)
        result = self.host.run("alias", "add", f"list@{self.host.me}", f"gone@gone.{self.host.me}")
        self.assertEqual(0, result.returncode, result)
        self.host.control("smtproutes", f"gone.{self.host.me}:127.0.0.1:1")
        self.send(f"list@{self.host.me}", sender=self.host.address)
        found = self.wait_trace(f"list@{self.host.me}", kinds=["attempt", "queued"])
        parent = next(record for record in found if record["e"] == "accept")["msg"]
        self.host.wait_until(
            lambda: len({record["msg"] for record in self.trace(str(parent))}) >= 2,
            why=lambda: f"no forward in {self.words(str(parent))}")
        self.assertIn("forwarded as message", self.words(str(parent)))

    def test_a_bounce(self):
        self.host.control("smtproutes", ":127.0.0.1:1")
        inject = self.host.run("qmail-inject", "-f", self.host.address,
                               f"nobody-here@{self.host.me}", input=b"Message-ID: <b@x>\n\n")
        self.assertEqual(0, inject.returncode, inject)
        found = self.wait_trace("<b@x>", kinds=["queued", "attempt", "bounce", "end"])
        bounce = next(record for record in found if record["e"] == "bounce")
        self.assertEqual("failure", next(r for r in found if r["e"] == "attempt")["verdict"])
        self.host.wait_mail(self.host.address, 1)
        text = self.words(str(bounce["child"]))
        self.assertIn(f"it is the bounce of message {bounce['msg']}", text)

    def test_a_refusal(self):
        self.host.control("badmailto", "x@elsewhere.example")
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.send("x@elsewhere.example")
        found = self.wait_trace("x@elsewhere.example", kinds=["refuse"])
        self.assertEqual(("badmailto", "joe@client.example"), (found[0]["check"], found[0]["from"]))
        self.assertIn("553", found[0]["text"])

    def test_logins(self):
        client = poplib.POP3("127.0.0.1", self.host.pop3_port, timeout=20)
        client.user(self.host.address)
        client.pass_(self.host.password)
        client.quit()
        client = poplib.POP3("127.0.0.1", self.host.pop3_port, timeout=20)
        client.user("eve@x\x1by")
        with self.assertRaises(poplib.error_proto):
            client.pass_("wrong")
        client.close()
        with smtplib.SMTP("127.0.0.1", self.host.submission_port, timeout=20) as client:
            client.ehlo()
            client.starttls()
            client.ehlo()
            wrong = base64.b64encode(f"\0{self.host.address}\0wrong".encode()).decode()
            self.assertEqual(535, client.docmd("AUTH", f"PLAIN {wrong}")[0])
            client.login(self.host.address, self.host.password)
        found = self.wait_trace(self.host.address, kinds=["login", "close"])
        results = [(record["proto"], record["result"]) for record in found if record["e"] == "login"]
        self.host.wait_until(lambda: len(
            [r for r in self.trace(self.host.address) if r["e"] == "login"]) >= 3)
        self.assertIn(("pop3", "ok"), results)
        results = [(record["proto"], record["result"])
                   for record in self.trace(self.host.address) if record["e"] == "login"]
        self.assertIn(("smtp", "failed"), results)
        self.host.wait_log(r"qmail-popup: \d+ 127.0.0.1: login failed for eve@x_y$")
        self.host.wait_log(rf"qmail-popup: \d+ 127.0.0.1: {self.host.address} logged in$")
        self.host.wait_log(rf"login failed by PLAIN for {self.host.address}$")

    def test_a_writer_that_is_killed_or_stopped_costs_no_mail(self):
        for number, what in enumerate((signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL)):
            self.host.wait_until(lambda: self.host.pids("qmail-journal"))
            writer = self.host.pids("qmail-journal")[0]
            os.kill(writer, what)
            for _ in range(20):
                self.send(self.host.address)
            self.host.wait_mail(self.host.address, 20 * (number + 1))

        def is_told():  # What happens while it starts is lost; what happens after is told again.
            self.sent = getattr(self, "sent", 0) + 1
            self.send(self.host.address, text=f"Message-ID: <after-{self.sent}@x>\r\n\r\n")
            return any(
                {"accept", "end"} <= {record["e"] for record in self.trace(
                    "--since", "1h", f"<after-{number}@x>")}
                for number in range(1, self.sent + 1))
        self.host.wait_until(is_told)


class Installed(InstalledCase):
    """With the users of qmail: who may read, who may send, who floods."""

    FLOOD = ("import socket, time\n"
             "end = time.monotonic() + 2\n"
             "while time.monotonic() < end:\n"
             "    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
             "    try:\n"
             "        s.connect('journal/socket')\n"
             "        s.send(b'{\"e\":\"forged\"}\\n' * 100)\n"
             "    except OSError:\n"
             "        pass\n"
             "    s.close()\n")

    # As many connections as anybody ever had, which are kept.
    HOLD = ("import socket, sys, time\n"
            "kept = []\n"
            "for _ in range(400):\n"
            "    kept.append(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))\n"
            "    kept[-1].connect('journal/socket')\n"
            "print('kept', flush=True)\n"
            "sys.stdin.read()\n")

    SAY = ("import socket\n"
           "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
           "s.connect('journal/socket')\n"
           "s.send(b'{\"e\":\"discard\",\"msg\":77,\"why\":\"heard\"}\\n')\n")

    def as_user(self, name, *words, **options):
        return self.host.run("setpriv", "--reuid", name, "--regid", str(self.host.gid(name)),
                             "--clear-groups", *words, **options)

    def test_rights_and_floods(self):
        self.host.add_user("bob")
        started = self.host.start()
        self.addCleanup(self.host.stop, started)
        journal = self.host.home / "journal"
        for user in ("qmaild", "bob", "alias"):
            seen = self.as_user(user, "ls", journal, check=False)
            self.assertNotEqual(0, seen.returncode, user)
        flood = self.host.spawn("sh", "-c", f"cd {self.host.home} && exec setpriv --reuid bob "
                                f"--regid bob --clear-groups python3 -c \"$0\"", self.FLOOD)
        for number in range(10):
            self.host.run("qmail-inject", "bob", stdin=b"Message-ID: <i%d@x>\n\nhi\n" % number)
        self.host.wait_mail(self.host.base / "bob/Maildir", 10)
        flood.wait(60)
        self.host.run("qmail-inject", "bob", stdin=b"Message-ID: <last@x>\n\nhi\n")
        self.host.wait_until(
            lambda: b'"e":"end"' in self.trace("<last@x>").stdout, "the last is not told")
        records = b"".join(path.read_bytes() for path in journal.glob("*.jsonl"))
        self.assertNotIn(b"forged", records)
        self.assertIn(b'"by":"qmails"', records)
        self.assertIn(b'"by":"qmailq"', records)
        for path in journal.glob("*.jsonl"):
            status = path.stat()
            self.assertEqual((0o640, self.host.uid("qmaill"), self.host.gid("qmailw")),
                             (status.st_mode & 0o777, status.st_uid, status.st_gid))

    def test_a_user_takes_no_connections_of_others(self):
        started = self.host.start()
        self.addCleanup(self.host.stop, started)

        def run(user, code):
            return ("sh", "-c", f"cd {self.host.home} && exec setpriv --reuid {user} "
                    f"--regid {self.host.gid(user)} --clear-groups python3 -c \"$0\"", code)
        greedy = self.host.spawn(*run("qmaild", self.HOLD), stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        self.assertEqual("kept\n", greedy.stdout.readline())
        self.host.run(*run("qmailr", self.SAY))
        self.host.wait_until(lambda: b"heard" in self.trace("77").stdout, "qmailr is not heard")
        greedy.communicate()

    def test_mail_that_comes_by_another_way_than_smtp(self):
        """QMTP, QMQP, qmail-queue by hand, as a user and as a server of another make, and sendmail."""
        def netstring(data):
            return b"%d:%s," % (len(data), data)

        def text(way):
            return b"Message-ID: <%s@x>\nSubject: secret\n\nhi\n" % way
        self.host.add_user("cat")
        started = self.host.start()
        self.addCleanup(self.host.stop, started)
        cat, far, sam = f"cat@{ME}".encode(), b"nobody@far.example", b"sam@s.example"
        programs = self.host.home / "bin"
        client = {"TCPREMOTEIP": "192.0.2.7", "TCPREMOTEHOST": "far.example", "TCPLOCALPORT": "209"}
        self.as_user("qmaild", programs / "qmail-qmtpd", **client, RELAYCLIENT="", stdin=b"".join(
            map(netstring, (b"\n" + text(b"qmtp"), sam, netstring(cat)))))
        self.as_user("qmaild", programs / "qmail-qmqpd", **client, stdin=netstring(b"".join(
            map(netstring, (text(b"qmqp"), sam, cat)))))
        for user in ("cat", "qmaild"):
            self.as_user(user, "sh", "-c", f"cd /tmp; m=$(mktemp); cat >$m; e=$(mktemp); "
                         f"printf 'Fsam@s.example\\0T{cat.decode()}\\0\\0' >$e; "
                         f"{programs}/qmail-queue <$m 1<$e; c=$?; rm $m $e; exit $c",
                         stdin=text(b"queue-" + user.encode()))
        self.as_user("cat", programs / "sendmail", "-f", sam.decode(), cat.decode(), stdin=text(b"sendmail"))
        self.host.wait_mail(self.host.base / "cat/Maildir", 5)
        uid, network = self.host.uid("cat"), self.host.uid("qmaild")
        for way, kind, words in (
                ("qmtp", "accept", r"accepted from qmtp client 192\.0\.2\.7: \d+ bytes, qp \d+, "
                 r"Message-ID <qmtp@x>$"),
                ("qmqp", "accept", r"accepted from qmqp client 192\.0\.2\.7: \d+ bytes"),
                ("queue-cat", "queued", rf"queued by uid {uid}: \d+ bytes"),
                ("queue-qmaild", "queued", rf"queued by uid {network}, from the network: \d+ bytes"),
                ("sendmail", "queued", rf"queued by uid {uid}: \d+ bytes")):
            with self.subTest(way=way):
                def found():
                    return [json.loads(line) for line in self.trace(f"<{way}@x>").stdout.splitlines()]
                self.host.wait_until(
                    lambda: {kind, "new", "attempt", "end"} <= {record["e"] for record in found()},
                    "its story is not whole")
                first = next(record for record in found() if record["e"] == kind)
                self.assertEqual((sam.decode(), f"<{way}@x>"), (first["from"], first["mid"]))
                self.assertEqual([cat.decode()], first["to"])
                self.assertNotIn("subject", first)
                told = self.told(f"<{way}@x>")
                self.assertRegex(told, "(?m)" + words)
                self.assertRegex(told, r"(?m)delivery \d+, local, to .*: success")
        for protocol in ("qmtp", "qmqp"):
            self.assertIn(f"{protocol} client 192.0.2.7 (far.example) connects", self.told("192.0.2.7"))

        # A stranger: what is refused, of whom, and why.
        self.as_user("qmaild", programs / "qmail-qmtpd", **client, stdin=b"".join(
            map(netstring, (b"\nx", sam, netstring(far) * 30))))
        self.host.wait_until(lambda: "refused 10 times more" in self.told("192.0.2.7"),
                             "the refusals are not told")
        self.assertIn("qmtp client 192.0.2.7: refused by rcpthosts, from <sam@s.example> to "
                      "<nobody@far.example>: Dsorry, that domain isn't in my list", self.told(far.decode()))

    def told(self, word):
        return self.host.run("kopis", "trace", word).stdout.decode()

    def test_who_may_ask_how_the_host_is(self):
        self.host.add_user("ann")
        started = self.host.start()
        self.addCleanup(self.host.stop, started)
        self.host.run("qmail-inject", "ann", stdin=b"Message-ID: <c@x>\n\nhi\n")
        self.host.wait_mail(self.host.base / "ann/Maildir", 1)
        counters = (self.host.home / "journal/counters").stat()
        self.assertEqual((0o660, self.host.uid("qmaill"), self.host.gid("qmailw")),
                         (counters.st_mode & 0o777, counters.st_uid, counters.st_gid))

        def metrics():
            return self.host.run("kopis", "metrics").stdout.decode()
        self.host.wait_until(
            lambda: 'kopis_deliveries_total{channel="local",result="success"} 1' in metrics(),
            "it is not counted")
        for part in ("qmail-send", "qmail-queue", "qmail-journal"):
            self.assertIn(f'kopis_up{{part="{part}"}} 1\n', metrics())
        for program in ("qmail-start", "qmail-send", "qmail-lspawn", "qmail-popspawn"):
            self.assertIn(f'kopis_processes{{program="{program}"}} ', metrics())
        for program in ("metrics", "health", "status", "top", "senders"):
            said = self.as_user("ann", "kopis", program, check=False)
            self.assertIn(said.returncode, (100, 111), program)
            self.assertEqual(b"", said.stdout, program)
        code = ("import socket; s=socket.socket(socket.AF_UNIX)\n"
                f"s.connect('{self.host.home}/journal/counters')")
        self.assertNotEqual(
            0, self.as_user("ann", "python3", "-c", code, check=False).returncode)
        self.assertEqual(
            0, self.as_user("qmailw", "python3", "-c", code, check=False).returncode)

    def trace(self, *words):
        return self.host.run("kopis", "trace", "--json", *words, check=False)


if __name__ == "__main__":
    unittest.main()

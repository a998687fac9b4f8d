"""Plugins of control/smtpplugins, by qmail-spp's protocol: real programs of a real listener, good ones and
those that hang, crash and flood."""

import os
import pathlib
import smtplib
import threading
import time
import unittest

from test_qmail_smtpd_policy import OTHER, PolicyCase


class Plugins(PolicyCase):
    def plugin(self, name, text):
        path = self.home / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def test_accept_reject_header_and_environment(self):
        seen = self.home / "seen"
        self.plugin("mark", 'echo "HX-Seen: $SMTPHELOHOST $SMTPMAILFROM $TCPREMOTEIP"\n'
                            "echo noise >&2\n")
        whole = self.plugin("whole", f"env > {seen}; ls -l /proc/self/fd >> {seen}; pwd >> {seen}\n"
                            'case $SMTPRCPTTO in no*) echo "E550 5.7.1 not $SMTPRCPTTO";; esac\n')
        self.control("smtpplugins", "[data]", "mark", "[rcpt]", whole, "[helo]",
                     ":test $SMTPHELOHOST != evil.example || echo R554 go away")
        self.serve("-vHR", "-l0")
        client = self.client()
        client.ehlo("c.example")
        client.mail("s@far.example")
        self.assertEqual((550, b"5.7.1 not no@mx.example"), client.rcpt("no@mx.example"))
        self.assertEqual(250, client.rcpt("a@mx.example")[0])
        self.assertEqual(250, client.data(b"Subject: x\r\n\r\nhi\r\n")[0])
        self.assertIn(f"\nX-Seen: c.example s@far.example {OTHER}\nSubject: x\n",
                      (self.home / "message").read_text())
        text = seen.read_text()
        for line in ("SMTPRCPTTO=a@mx.example", "SMTPRCPTCOUNT=0", "SMTPRCPTCOUNTALL=2",
                     "SMTPRCPTHOSTSOK=1", "SMTPMAILFROM=s@far.example", str(self.home)):
            self.assertIn(line, text.splitlines())
        numbers = {line.split(" -> ")[0].split()[-1]: line.split(" -> ")[1]
                   for line in text.splitlines() if " -> " in line}
        self.assertEqual("/dev/null", numbers["0"])
        self.assertLessEqual(set(numbers), {"0", "1", "2", "3"})  # 3 is the directory that ls reads.
        self.wait_log(r"^noise$")
        self.wait_log(rf"^qmail-smtpd: 1 {OTHER}: refused by rcptplugins: helo=c\.example "
                      r"<s@far\.example> <no@mx\.example>: 550 not no@mx\.example$")
        other = self.client()
        self.assertEqual((554, b"go away"), other.helo("evil.example"))
        self.assertRaises(smtplib.SMTPServerDisconnected, other.noop)

    def test_one_that_fails_is_logged_and_mail_goes_on(self):
        self.control("timeoutplugin", "1")
        crash = self.plugin("crash", "kill -SEGV $$\n")
        flood = self.plugin("flood", "yes HX-Flood: x\n")
        hang = self.plugin("hang", f"echo $$ > {self.home}/pid; sleep 600 & wait\n")
        self.control("smtpplugins", "[mail]", crash, flood, hang, "missing")
        self.serve("-vHR", "-l0")
        client = self.client()
        client.helo("c.example")
        self.assertEqual(250, client.mail("s@far.example")[0])
        for name, reason in (("crash", "crashed"), ("flood", "wrote more than 65536 bytes"),
                             ("hang", "did not end within 1 s"), ("missing", "run .*missing: ")):
            self.wait_log(rf"^qmail-smtpd: warning: 1 {OTHER}: plugin \S*{name}: {reason}")
        pid = (self.home / "pid").read_text().strip()
        self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())
        self.assertEqual([], self.children())
        self.control("smtpplugins", "[mail]", "!missing")
        self.assertEqual(451, self.mail()[0])

    def mail(self):
        client = self.client()
        client.helo("c.example")
        return client.mail("s@far.example")

    def test_one_that_hangs_holds_its_own_session_only(self):
        self.control("timeoutplugin", "20")
        os.mkfifo(self.home / "go")
        self.control("smtpplugins", "[helo]", f":test $SMTPHELOHOST != slow || cat {self.home}/go")
        self.serve("-vHR", "-l0")
        slow = self.client()
        done = []
        waiter = threading.Thread(target=lambda: done.append(slow.helo("slow")))
        waiter.start()
        deadline = time.monotonic() + 20
        while not self.children() and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(5):
            self.assertEqual(250, self.mail()[0])
        self.assertEqual([], done)
        (self.home / "go").write_text("N\n")
        waiter.join()
        self.assertEqual(250, done[0][0])

    def test_many_that_hang_leave_places_for_another_network(self):
        self.control("timeoutplugin", "30")
        os.mkfifo(self.home / "go")
        self.control("smtpplugins", "[helo]", f":test $SMTPHELOHOST != slow || cat {self.home}/go")
        self.serve("-vHR", "-l0")
        slow = [self.client() for _ in range(15)]
        for client in slow:
            client.sock.sendall(b"HELO slow\r\n")
        deadline = time.monotonic() + 20
        while len(self.children()) < 10 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(10, len(self.children()))
        client = self.client("127.0.1.1")
        self.assertEqual(250, client.helo("c.example")[0])
        self.process.terminate()  # They hold the log open.
        self.assertEqual(0, self.process.wait(20))

    def test_a_listener_that_ends_kills_them(self):
        self.control("smtpplugins", "[helo]", f":echo $$ > {self.home}/pid; exec sleep 600")
        self.serve("-vHR", "-l0")
        client = self.client()
        client.sock.sendall(b"HELO c.example\r\n")
        pid = self.home / "pid"
        deadline = time.monotonic() + 20
        while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.process.terminate()
        self.assertEqual(0, self.process.wait(20))
        self.assertFalse(pathlib.Path(f"/proc/{pid.read_text().strip()}").exists())

    def test_nothing_said_in_the_clear_outlives_starttls(self):
        self.certificate("servercert.pem", "mx.example")
        self.control("smtpplugins", "[connection]", ":echo Sfirst=kept",
                     "[helo]", ':echo "Ssaid=$SMTPHELOHOST"; echo LM550 later; echo A',
                     "[mail]", ':echo "E550 $first/$said/$SMTPHELOHOST"')
        self.serve("-vHR", "-l0")
        peer, replies = self.connect(source=(OTHER, 0))
        replies.readline()
        for line, reply in ((b"HELO clear.example", b"250 mx.example\r\n"),
                            (b"MAIL FROM:<>", b"550 later\r\n"),
                            (b"STARTTLS", b"220 ready for tls\r\n")):
            self.assertEqual(reply, self.say(peer, replies, line))
        tls, replies = self.encrypt(peer)
        self.assertEqual(b"550 kept//\r\n", self.say(tls, replies, b"MAIL FROM:<>"))

    def test_auth(self):
        self.control("authloopback", "1")
        self.control("senders", "good:*")
        self.control("smtpplugins", "[auth]",
                     ":test $SMTPAUTHUSER != bad || echo E535 not $SMTPAUTHUSER by $SMTPAUTHMETHOD",
                     "[mail]", ':echo "E550 <$SMTPAUTHUSER>"')
        check = self.script("exit 0\n")
        self.serve("-vHR", "-l0", chain=("qmail-smtpd", "mx.example", check, "true"))
        client = self.client()
        client.ehlo("c.example")
        with self.assertRaises(smtplib.SMTPAuthenticationError) as refused:
            client.user, client.password = "bad", "x"
            client.auth("PLAIN", client.auth_plain)
        self.assertEqual(535, refused.exception.smtp_code)
        self.assertIn(b"not bad by PLAIN", refused.exception.smtp_error)
        self.wait_log("refused by authplugins: 535 not bad by PLAIN$")
        self.assertEqual((550, b"5.7.1 <>"), client.mail("a@mx.example"))
        client.user = "good"
        self.assertEqual(235, client.auth("PLAIN", client.auth_plain)[0])
        self.assertEqual((550, b"5.7.1 <good>"), client.mail("a@mx.example"))


if __name__ == "__main__":
    unittest.main()

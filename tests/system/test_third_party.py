"""Software of others, unmodified, around and between our programs."""

import os
import poplib
import subprocess
import threading
import unittest

import private_dovecot
from dotqmail import DotQmailCase
from host import NOBODY, HostCase, free_port, wait_port
from test_resources import MESSAGE, send


class Around(DotQmailCase):
    def test_procmail_from_dot_qmail(self):
        home = self.host.maildir(self.host.address).parent
        self.own(home / "procmailrc", f"DEFAULT={home}/proc/\nLOGFILE={home}/proc.log\n")
        send(self.host, self.dot("proc", f"|procmail -m {home}/procmailrc"))
        self.delivered_into(home / "proc", b"the text\n")

    def test_maildrop_from_dot_qmail(self):
        home = self.host.maildir(self.host.address).parent
        self.host.make_maildir(home / "dropped")
        self.own(home / "filter", f'to "{home}/dropped"\n')
        send(self.host, self.dot("drop", f"|maildrop {home}/filter"))
        self.delivered_into(home / "dropped", b"the text\n")

    def client(self, *command, text=b"typed\n", **more):
        """A mail reader that sends, as the host's user."""
        result = subprocess.run(
            [*self.host.command()[:-1], *command], input=text, capture_output=True, timeout=60,
            env={**self.host.environment(), "HOME": str(self.host.home), "TERM": "dumb", **more},
            cwd=self.host.home)
        self.assertEqual(0, result.returncode, result)
        [path] = self.host.wait_mail(self.host.address, 1)
        return path.read_bytes()

    def test_mutt_sends(self):
        self.own(self.host.home / "muttrc",
                 f'set sendmail="{self.host.home}/bin/sendmail -oem -oi"\nset record=""\n')
        mail = self.client("mutt", "-F", str(self.host.home / "muttrc"), "-s", "from mutt",
                           self.host.address)
        self.assertIn(b"\nSubject: from mutt\n", mail)
        self.assertIn(b"\ntyped\n", mail)

    def test_mailx_sends(self):
        self.own(self.host.home / "mailrc", f"set sendmail={self.host.home}/bin/sendmail\n")
        mail = self.client("bsd-mailx", "-s", "from mailx", self.host.address,
                           MAILRC=str(self.host.home / "mailrc"))
        self.assertIn(b"\nSubject: from mailx\n", mail)
        self.assertIn(b"\ntyped\n", mail)

    def test_sendmail_as_cron_calls_it(self):
        mail = self.client(
            str(self.host.home / "bin/sendmail"), "-i", "-FCronDaemon", "-B8BITMIME", "-oem",
            self.host.address, text=b"From: root (Cron Daemon)\nTo: joe\nSubject: Cron\n\nran\n")
        self.assertIn(b"\nSubject: Cron\n", mail)

    @unittest.skipUnless(os.geteuid() == 0, "Dovecot here starts as root")
    def test_dovecot_reads_a_maildir_into_which_mail_is_delivered(self):
        port = private_dovecot.start(self, "pop3")
        count = 200
        stop = threading.Event()
        seen = []

        def read():
            while not stop.is_set():
                seen.append(self.stat(port))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for i in range(count):
                send(self.host, message=f"Subject: {i}\r\n\r\nbody {i}\r\n")
            self.host.wait_mail(self.host.address, count)
        finally:
            stop.set()
            reader.join()
        self.assertEqual(sorted(seen), seen)  # It never saw fewer than before.
        box = poplib.POP3("127.0.0.1", port, timeout=30)
        box.user(self.host.address)
        box.pass_(private_dovecot.PASSWORD)
        self.assertEqual(count, box.stat()[0])
        bodies = {box.retr(i + 1)[1][-1] for i in range(count)}
        box.quit()
        self.assertEqual({b"body %d" % i for i in range(count)}, bodies)

    def stat(self, port):
        box = poplib.POP3("127.0.0.1", port, timeout=30)
        box.user(self.host.address)
        box.pass_(private_dovecot.PASSWORD)
        count = box.stat()[0]
        box.quit()
        return count


class Between(HostCase):
    def script(self, name, text):
        path = self.host.home / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def test_a_qmailqueue_wrapper(self):
        wrapper = self.script(
            "wrapper", f'cat > "$KOPIS_HOME/seen"; (echo "X-Seen: yes"; cat "$KOPIS_HOME/seen") |'
                       f' exec {self.host.home}/bin/qmail-queue\n')
        if self.is_root:
            os.chown(self.host.home, NOBODY, NOBODY)
        self.host.rules(f'127.:allow,QMAILQUEUE="{wrapper}"', ":allow")
        send(self.host)
        [path] = self.host.wait_mail(self.host.address, 1)
        self.assertIn(b"\nX-Seen: yes\n", path.read_bytes())

    def test_a_program_between_tcpserver_and_qmail_smtpd(self):
        port = free_port()
        process = subprocess.Popen(
            self.host.command("tcpserver", "-H", "-R", "-l", "0", "127.0.0.1", port, "env",
                              "X_BETWEEN=1", "sh", "-c", 'exec "$@"', "sh",
                              self.host.home / "bin/qmail-smtpd"),
            env=self.host.environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_port(port)
        fused, self.host.smtp_port = self.host.smtp_port, port
        send(self.host)
        self.host.smtp_port = fused
        send(self.host)
        first, second = (path.read_bytes() for path in self.host.wait_mail(self.host.address, 2))

        def shape(mail):
            return [line for line in mail.replace(b"\n ", b" ").split(b"\n")
                    if not line.startswith(b"Received: ")]

        self.assertEqual(shape(first), shape(second))
        self.assertEqual(first.count(b"\nReceived: "), second.count(b"\nReceived: "))
        self.assertIn(MESSAGE.split("\r\n")[2].encode(), first)


class Remote(HostCase):
    def setUp(self):
        super().setUp()
        self.host.stop()
        wrapper = self.host.base / "remote"
        wrapper.write_text(
            '#!/bin/sh\necho "$@" >> "$KOPIS_HOME/ordered"\n'
            f'exec {self.host.home}/bin/qmail-remote "$@"\n')
        wrapper.chmod(0o755)
        plain = self.host.environment
        self.host.environment = lambda: {**plain(), "QMAILREMOTE": str(wrapper)}

    def test_a_qmail_remote_wrapper(self):
        sink = free_port()
        taker = subprocess.Popen(
            ["smtp-sink", *(["-u", "nobody"] if self.is_root else []), f"127.0.0.1:{sink}", "10"])
        self.addCleanup(taker.wait)
        self.addCleanup(taker.kill)
        self.host.control("smtproutes", f":127.0.0.1:{sink}")
        self.host.start()
        send(self.host, recipient="x@far.example")
        self.host.wait_log(r"^delivery \d+: success: 127\.0\.0\.1_accepted_message")
        self.assertEqual("far.example s@client.example x@far.example\n",
                         (self.host.home / "ordered").read_text())


if __name__ == "__main__":
    unittest.main()

"""One mailbox, two programs that read and change it: Dovecot by IMAP, and our own POP3 and deliveries.
Neither knows of the other but by what lies in the Maildir."""

import hashlib
import imaplib
import os
import poplib
import re
import shutil
import threading
import time
import unittest

import private_dovecot
from host import HostCase
from test_resources import send


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("dovecot")
                     and os.path.exists("/usr/lib/dovecot/imap"), "needs root and dovecot-imapd")
class TwoReaders(HostCase):
    def setUp(self):
        super().setUp()
        self.deliver("0")  # So that there is a Maildir, made by us.
        self.port = private_dovecot.start(self, "imap")

    def deliver(self, *subjects):
        before = len(self.host.mail_files(self.host.address))
        for subject in subjects:
            send(self.host, message=f"Subject: n{subject}\r\n\r\nbody {subject}\r\n")
        self.host.wait_mail(self.host.address, before + len(subjects))

    def imap(self):
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=60)
        client.login(self.host.address, private_dovecot.PASSWORD)
        self.addCleanup(self.close_imap, client)
        return client

    @staticmethod
    def close_imap(client):
        try:
            client.shutdown()
        except OSError:
            pass

    def ok(self, answer):
        self.assertEqual("OK", answer[0], answer)
        return answer[1]

    def imap_uids(self, client):
        """Subject to UID of all messages in the selected folder, each once."""
        found = {}
        for part in self.ok(client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")):
            if isinstance(part, tuple):
                uid = re.search(rb"UID (\d+)", part[0]).group(1)
                subject = part[1].split(b":")[1].strip()[1:].decode()
                self.assertNotIn(subject, found)
                found[subject] = uid.decode()
        return found

    def pop3(self):
        client = poplib.POP3("127.0.0.1", self.host.pop3_port, timeout=60)
        self.addCleanup(client.close)
        client.user(self.host.address)
        client.pass_(self.host.password)
        return client

    def pop3_of(self, count):
        """A session of so many messages: those of the running second are the next one's."""
        deadline = time.monotonic() + 30
        while (session := self.pop3()).stat()[0] < count:
            session.quit()
            self.assertLess(time.monotonic(), deadline, "they do not come")
            time.sleep(0.1)
        return session

    def subject(self, client, number):
        lines = client.retr(number)[1]
        [subject] = [line for line in lines if line.startswith(b"Subject: n")]
        text = subject[len(b"Subject: n"):].decode()
        self.assertIn(f"body {text}".encode(), lines[-2:])  # qmail-pop3d adds a line.
        return text

    def uidls(self, client):
        """Subject to unique id, and to number."""
        ids = dict(line.decode().split(" ", 1) for line in client.uidl()[1])
        numbers = {self.subject(client, int(number)): number for number in ids}
        self.assertEqual(len(ids), len(numbers))
        self.assertEqual(len(ids), len(set(ids.values())))
        return {text: ids[number] for text, number in numbers.items()}, numbers

    def test_flags_and_removals_while_a_pop3_session_is_open(self):
        self.deliver("1", "2", "3")
        session = self.pop3_of(4)
        ids, numbers = self.uidls(session)
        self.assertEqual({"0", "1", "2", "3"}, set(ids))
        imap = self.imap()
        self.assertEqual([b"4"], self.ok(imap.select()))  # Moves what is new to cur.
        uids = self.imap_uids(imap)
        for text, flags in (("0", r"\Seen"), ("1", r"(\Answered \Flagged)"), ("3", "(Label)")):
            self.ok(imap.uid("STORE", uids[text], "+FLAGS", flags))
        self.ok(imap.uid("STORE", uids["2"], "+FLAGS", r"(\Deleted)"))
        self.ok(imap.expunge())
        self.ok(imap.uid("STORE", uids["1"], "-FLAGS", r"(\Answered)"))

        self.assertEqual(4, session.stat()[0])
        for text in ("0", "1", "3"):
            self.assertEqual(text, self.subject(session, int(numbers[text])))
        with self.assertRaisesRegex(poplib.error_proto, "unable to open that message"):
            session.retr(int(numbers["2"]))
        session.dele(int(numbers["3"]))
        session.quit()
        self.assertEqual({"0", "1"}, set(self.imap_uids(self.selected())))
        again, _ = self.uidls(self.pop3_of(2))
        self.assertEqual({text: ids[text] for text in ("0", "1")}, again)
        flags = {self.text_of(path): path.name.rpartition(":2,")[2]
                 for path in self.host.mail_files(self.host.address)}
        self.assertEqual({"0": "S", "1": "F"}, flags)

    def selected(self):
        client = self.imap()
        self.ok(client.select())
        return client

    @staticmethod
    def text_of(path):
        return re.search(r"^Subject: n(.*)$", path.read_text(), re.M).group(1)

    def test_deliveries_and_removals_while_an_imap_session_is_open(self):
        self.deliver("1", "2")
        imap = self.selected()
        uids = self.imap_uids(imap)
        session = self.pop3_of(3)
        _, numbers = self.uidls(session)
        session.dele(int(numbers["1"]))
        session.quit()
        self.deliver("3")
        self.host.wait_until(
            lambda: self.ok(imap.noop()) and set(self.imap_uids(imap)) == {"0", "2", "3"},
            why=lambda: f"it has {self.imap_uids(imap)}")
        now = self.imap_uids(imap)
        self.assertEqual((uids["0"], uids["2"]), (now["0"], now["2"]))
        self.assertGreater(int(now["3"]), max(map(int, uids.values())))
        self.assertEqual(now, self.imap_uids(self.selected()))

    def test_what_is_the_others_stays_as_it_is(self):
        imap = self.selected()
        self.ok(imap.create("Sent"))
        self.ok(imap.create("Lists.One"))
        self.ok(imap.subscribe("Sent"))
        self.ok(imap.append("Sent", r"(\Seen)", None, b"Subject: nsent\r\n\r\nbody sent\r\n"))
        self.ok(imap.append("Lists.One", None, None, b"Subject: nlist\r\n\r\nbody list\r\n"))
        imap.logout()
        box = self.host.maildir(self.host.address)
        (box / "tmp/dovecots.young").write_text("x")  # Being written just now.
        before = self.others(box)
        for name in ("dovecot-uidlist", "subscriptions", ".Sent/cur", ".Lists.One"):
            self.assertTrue(any(path.startswith(name) for path in before), (name, sorted(before)))
        self.deliver("1", "2", "3")
        session = self.pop3_of(4)
        ids, numbers = self.uidls(session)
        self.assertEqual({"0", "1", "2", "3"}, set(ids))  # Nothing of the folders.
        session.dele(int(numbers["0"]))
        session.dele(int(numbers["2"]))
        session.quit()
        self.assertEqual(before, self.others(box))
        after = self.selected()
        self.assertEqual({"1", "3"}, set(self.imap_uids(after)))
        self.ok(after.select("Sent"))
        self.assertEqual({"sent"}, set(self.imap_uids(after)))

    @staticmethod
    def others(box):
        """Content, owner and mode of all that is not a message of the mailbox itself."""
        return {str(path.relative_to(box)): (
            path.lstat().st_mode, path.lstat().st_uid,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
            for path in box.rglob("*") if path.relative_to(box).parts[0] not in ("new", "cur")
            and path.name != "tmp"}

    def test_all_at_once_lose_nothing_and_double_nothing(self):
        count, stop, faults, first = 60, threading.Event(), [], {}

        def each(action):
            try:
                while not stop.is_set():
                    action()
            except Exception as fault:  # pylint: disable=broad-except
                faults.append(fault)

        def by_imap():
            client = self.selected()
            for text, uid in self.imap_uids(client).items():
                self.ok(client.uid("STORE", uid, "+FLAGS" if int(text) % 2 else "-FLAGS", r"\Seen"))
            client.logout()

        def by_pop3():
            session = self.pop3()
            listed = [line.decode().split(" ", 1) for line in session.uidl()[1]]
            self.assertEqual(len(listed), len({one for _, one in listed}))
            for number, one in listed:
                text = self.subject(session, int(number))
                self.assertEqual(one, first.setdefault(text, one))
            session.quit()

        threads = [threading.Thread(target=each, args=(action,)) for action in (by_imap, by_pop3)]
        for thread in threads:
            thread.start()
        try:
            for number in range(1, count + 1):
                send(self.host, message=f"Subject: n{number}\r\n\r\nbody {number}\r\n")
            # By name: one that is moved while we look is met twice.
            self.host.wait_until(lambda: len({
                path.name.partition(":")[0]
                for path in self.host.mail_files(self.host.address)}) > count, timeout=120)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual([], faults)
        every = {str(number) for number in range(count + 1)}
        ids, _ = self.uidls(self.pop3_of(count + 1))
        self.assertEqual(every, set(ids))
        self.assertEqual({}, {text: one for text, one in first.items() if ids[text] != one})
        self.assertEqual(every, set(self.imap_uids(self.selected())))
        self.assertEqual(every, {
            self.text_of(path) for path in self.host.mail_files(self.host.address)})


if __name__ == "__main__":
    unittest.main()

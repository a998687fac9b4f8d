"""qmail-local with an LMTP server as the default delivery, and Dovecot's copy of the users."""

import os
import unittest

from harness import ProgramCase
from lmtp_peer import LmtpServer
from test_kopis_user import KopisUser
from test_qmail_local import LocalCase


class LocalLmtp(LocalCase):
    def lmtp(self, name="lmtp", **behaviour):
        self.path = self.home / name
        server = LmtpServer(self.path, **behaviour)
        self.addCleanup(server.close)
        self.addCleanup(lambda: self.assertEqual([], server.faults))
        return server

    def test_the_user_is_the_recipient_of_one_message(self):
        server = self.lmtp()
        result = self.deliver(default=f"lmtp:{self.path}", local="alias", message=b".a\r\nb\0\rc\n")
        self.assertEqual((0, b"did 1+0+0\n"), (result.returncode, result.stdout), result)
        [(sender, people)] = server.envelopes
        self.assertTrue(sender.startswith(b"MAIL FROM:<a@b.example> SIZE="), sender)
        self.assertEqual(["joe"], people)
        self.assertEqual([b"Delivered-To: alias@mx.example\r\n..a\r\nb\0\r\nc\r\n.\r\n"],
                         server.messages)

    def test_a_large_message_in_eight_bits(self):
        server = self.lmtp()
        body = b"Subject: s\n\n" + ("ä" * 40 + "\n").encode() * 800
        self.assertEqual(0, self.deliver(default=f"lmtp:{self.path}", message=body).returncode)
        self.assertIn(b" BODY=8BITMIME", server.envelopes[0][0])
        self.assertTrue(server.messages[0].endswith(body.replace(b"\n", b"\r\n") + b".\r\n"))

    def test_its_reply_is_the_result(self):
        replies = ((b"552 5.2.2 full\r\n", 100), (b"450-4.2.1 it\r\n450 4.2.1 is\r\n", 111),
                   (None, 111), (b"354 what\r\n", 111), (b"99\r\n", 111),
                   (b"250-" + b"x" * 100_000, 111))
        for number, (reply, code) in enumerate(replies):
            with self.subTest(reply=reply and reply[:20]):
                self.lmtp(f"lmtp{number}", verdicts={"joe": reply})
                result = self.deliver(default=f"lmtp:{self.path}")
                self.assertEqual((code, 1), (result.returncode, result.stderr.count(b"\n")), result)
                self.assertIn(str(self.path).encode(), result.stderr)
                if number == 0:
                    self.assertEqual(b"%s said: 552 5.2.2 full\n" % str(self.path).encode(),
                                     result.stderr)
                if number == 1:
                    self.assertIn(b" said: 450-4.2.1 it / 450 4.2.1 is\n", result.stderr)

    def test_an_unknown_user(self):
        self.lmtp(rcpt={"joe": b"550 5.1.1 <joe> \x1b[31m nobody\r\n"})
        result = self.deliver(default=f"lmtp:{self.path}")
        self.assertEqual(100, result.returncode)
        self.assertIn(b" said: 550 5.1.1 <joe> ?[31m nobody\n", result.stderr)

    def test_without_the_server_it_waits(self):
        result = self.deliver(default=f"lmtp:{self.home}/none")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"/none: file does not exist. (#4.4.2)\n", result.stderr)

    def test_a_double_bounce_has_no_sender(self):
        server = self.lmtp()
        for sender in ("", "#@[]"):
            self.assertEqual(0, self.deliver(default=f"lmtp:{self.path}", sender=sender).returncode)
        self.assertTrue(all(sender.startswith(b"MAIL FROM:<>") for sender, _ in server.envelopes))

    def test_only_the_default_delivery_can_say_so(self):
        server = self.lmtp()
        self.dot(".qmail", f"lmtp:{self.path}\n")
        self.assertIn(b"forward lmtp:", self.deliver("-n").stdout)
        self.dot(".qmail", "")
        self.assertIn(b"deliver to lmtp:", self.deliver(
            "-n", default=f"lmtp:{self.path}").stdout)
        self.assertEqual(0, self.deliver(default=f"lmtp:{self.path}").returncode)
        self.assertEqual(1, len(server.messages))

    def test_a_line_end_in_an_address_reaches_no_server(self):
        server = self.lmtp()
        result = self.deliver(default=f"lmtp:{self.path}", sender="a@b>\r\nRSET\r\n<")
        self.assertEqual((100, []), (result.returncode, server.sessions))


class DovecotPasswd(ProgramCase):
    user, ok, add, read = KopisUser.user, KopisUser.ok, KopisUser.add, KopisUser.read
    NAME = "users/dovecot.passwd"

    def test_each_change_makes_it_anew(self):
        self.add("joe")
        self.assertFalse((self.home / self.NAME).exists())
        self.assertEqual(f"{self.NAME}\n", self.ok("passwd-file"))
        path = self.home / self.NAME
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        path.chmod(0o644)  # What others could read they cannot after a change.
        self.add("ann")
        self.assertEqual(0o640, path.stat().st_mode & 0o777)
        lines = path.read_text().splitlines()
        self.assertEqual(["ann@mx.example", "joe@mx.example"],
                         [line.split(":")[0] for line in lines])
        owner = (self.home / "users/mail").stat()
        hashed = dict(line.split(":", 1) for line in self.read("users/virtual").splitlines())
        for line in lines:
            address, keys, uid, gid, _, home, _, _ = line.split(":")
            self.assertEqual("{SCRAM-SHA-256}" + ",".join(
                hashed[address].split(":")[0].split("$")[1:]), keys)
            self.assertEqual((str(owner.st_uid), str(owner.st_gid)), (uid, gid))
            self.assertEqual(str(self.home / "users" / hashed[address].split(":")[1]), home)
        self.ok("password", "joe", "--password-file", "-", stdin=b"other horse\n")
        self.assertNotEqual(lines[1], path.read_text().splitlines()[1])
        self.ok("remove", "ann")
        self.assertEqual(1, path.read_text().count("\n"))

    def test_who_cannot_log_in_has_keys_that_nothing_matches(self):
        self.add("joe")
        path = self.home / "users/virtual"
        text = path.read_text()
        path.write_text("joe@mx.example:!:" + text.split(":")[2])
        self.ok("passwd-file")
        keys = self.read(self.NAME).split(":")[1]
        self.assertRegex(keys, r"^\{SCRAM-SHA-256\}600000,(A+=*),(A+=*),(A+=*)$")

    def test_compile_makes_it_after_a_change_by_hand(self):
        self.add("joe")
        self.add("ann")
        self.ok("passwd-file")
        path = self.home / "users/virtual"
        path.write_text("".join(line for line in path.read_text().splitlines(True)
                                if line.startswith("ann@")))
        self.assertIn(f"{self.NAME}\n", self.ok("compile"))
        self.assertTrue(self.read(self.NAME).startswith("ann@mx.example:{SCRAM"))
        self.assertEqual(1, self.read(self.NAME).count("\n"))

    def test_no_two_have_the_same_second(self):
        """Dovecot looks at the time in seconds, and the size: a lock must not be missed."""
        self.add("joe")
        times = []
        for word in ("lock", "unlock", "lock"):
            self.ok("passwd-file") if not times else self.ok(word, "joe")
            times.append(int((self.home / self.NAME).stat().st_mtime))
        self.assertEqual(3, len(set(times)), times)

    def test_a_link_in_its_place_is_replaced(self):
        self.add("joe")
        other = self.home / "other"
        other.write_text("mine")
        os.symlink(other, self.home / self.NAME)
        self.ok("passwd-file")
        self.assertEqual("mine", other.read_text())
        self.assertTrue(self.read(self.NAME).startswith("joe@mx.example:"))


del KopisUser  # Its tests run where they are.

if __name__ == "__main__":
    unittest.main()

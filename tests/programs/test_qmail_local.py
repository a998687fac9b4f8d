"""qmail-local by hand: arguments, exit codes, texts, mailboxes, programs, forwards."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import BIN, ProgramCase

NOBODY = 65534
MESSAGE = (b"Received: (qmail 1 invoked by uid 0); 1 Jan 2000 00:00:00 -0000\n"
           b"Subject: test\n\nFrom here\n>From there\n>>Fro\nlast line")


class LocalCase(ProgramCase):
    """The user joe, who is nobody where we are root, and deliveries to him."""

    def setUp(self):
        super().setUp()
        self.user = self.home / "joe"
        self.user.mkdir(mode=0o755)
        self.own(self.user)

    def own(self, path):
        """Gives a path to the user that deliveries run as, where we are root."""
        if os.getuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def dot(self, name, content, mode=0o600):
        path = self.user / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        self.own(path)
        self.own(path.parent)
        return path

    def maildir(self, name="Maildir"):
        path = self.user / name
        for part in (path, path / "tmp", path / "new", path / "cur"):
            part.mkdir(mode=0o700)
            self.own(part)
        return path

    def deliver(self, *options, dash="", ext="", local=None, host="mx.example",
                sender="a@b.example", default="./Mailbox", message=MESSAGE, env=None, home=None,
                **more):
        local = local or ("joe" + dash + ext)
        with tempfile.TemporaryFile() as file:
            file.write(message)
            file.seek(min(3, len(message)))  # Its position must not matter.
            drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
            return subprocess.run(
                [BIN / "qmail-local", *options, "--", "joe", str(home or self.user), local, dash,
                 ext, host, sender, default],
                stdin=file, capture_output=True, timeout=60,
                env=env or self.environment(), **drop, **more)


class QmailLocal(LocalCase):
    def assert_result(self, result, code, out=b"", err=b""):
        self.assertEqual((code, out, err), (result.returncode, result.stdout, result.stderr))

    def queue_program(self, script):
        path = self.home / "queue-program"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        (self.home / "kept").mkdir(exist_ok=True)
        self.own(self.home / "kept")
        return self.environment(QMAILQUEUE=str(path))

    def keeping(self):
        kept = self.home / "kept"
        return self.queue_program(f"cat > {kept}/message\ncat <&1 > {kept}/envelope\n")

    # Usage

    def test_wrong_usage(self):
        usage = (b"qmail-local: usage: qmail-local [ -nN ] user homedir local dash ext domain "
                 b"sender aliasempty\n")
        for arguments in ((), ("a",) * 7, ("a",) * 9, ("-x",), ("u", "home", *"ldehsa")):
            result = self.run_program("qmail-local", *arguments)
            self.assert_result(result, 100, err=usage)

    def test_n_describes_only(self):
        self.dot(".qmail", "# why\n./Maildir/\n/var/mbox \t\n|prog a b\n&x@y\nz@y\n+other\n")
        result = self.deliver("-n")
        self.assert_result(
            result, 0, b"maildir ./Maildir/\nmbox /var/mbox\nprogram prog a b\nforward x@y\n"
            b"forward z@y\ndid 2+2+1\n")
        self.assertEqual(111, self.deliver("-nN").returncode)  # The last letter counts.

    # mbox

    def test_mbox_as_default(self):
        self.assert_result(self.deliver(sender="a b\t@c"), 0, b"did 1+0+0\n")
        box = self.user / "Mailbox"
        self.assertEqual(0o600, box.stat().st_mode & 0o777)
        self.assertRegex(
            box.read_bytes(),
            rb'\AFrom a-b-@c \w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}\nReturn-Path: <"a b\t"@c>\n'
            rb"Delivered-To: joe@mx.example\n" + re.escape(
                MESSAGE.replace(b">From t", b">>From t").replace(b"\nFrom h", b"\n>From h"))
            + rb"\n\n\Z")

    def test_mbox_appends(self):
        for _ in range(2):
            self.assert_result(self.deliver(sender=""), 0, b"did 1+0+0\n")
        content = (self.user / "Mailbox").read_bytes()
        self.assertEqual(2, content.count(b"\n\nFrom MAILER-DAEMON ") + content.startswith(
            b"From MAILER-DAEMON "))
        self.assertIn(b"Return-Path: <>\n", content)

    def test_mbox_that_cannot_be_opened(self):
        result = self.deliver(default="./none/box")
        self.assert_result(
            result, 111,
            err=b"Unable to open ./none/box: file does not exist. (#4.2.1)\n")

    def test_mbox_waits_for_its_lock(self):
        box = self.dot("Mailbox", "")
        with open(box, "rb+") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            # The lock goes when this child does; the delivery waits till then.
            holder = subprocess.Popen(["sleep", "1"], pass_fds=[held.fileno()])
            self.addCleanup(holder.wait)
        started = time.monotonic()
        self.assert_result(self.deliver(), 0, b"did 1+0+0\n")
        self.assertGreater(time.monotonic() - started, 0.5)

    # Maildir

    def test_maildir(self):
        maildir = self.maildir()
        self.dot(".qmail", "./Maildir/\n")
        self.assert_result(self.deliver(sender='x"y@z'), 0, b"did 1+0+0\n")
        self.assertEqual([], os.listdir(maildir / "tmp"))
        [name] = os.listdir(maildir / "new")
        self.assertRegex(name, r"\A\d+\.M\d+P\d+Q\d+\." + re.escape(os.uname().nodename[:64]))
        self.assertEqual(
            b'Return-Path: <"x\\"y"@z>\nDelivered-To: joe@mx.example\n' + MESSAGE,
            (maildir / "new" / name).read_bytes())

    def test_the_default_delivery_makes_a_maildir(self):
        for dot in (None, ""):
            if dot is not None:
                self.dot(".qmail", dot)
            self.assert_result(self.deliver(default="./Maildir/"), 0, b"did 1+0+0\n")
            [mail] = (self.user / "Maildir/new").iterdir()
            self.assertEqual(0o700, (self.user / "Maildir").stat().st_mode & 0o777)
            self.assertEqual(self.user.stat().st_uid, mail.stat().st_uid)
            shutil.rmtree(self.user / "Maildir")
            self.assertEqual([], list(self.user.glob(".Maildir.*")))
        (self.user / "Maildir").symlink_to(self.home / "away")  # A disk that is not there.
        self.assertEqual(111, self.deliver(default="./Maildir/").returncode)
        self.assertTrue((self.user / "Maildir").is_symlink())

    def test_no_other_maildir_is_made(self):
        for default in ("./sub/Maildir/", f"{self.home}/Maildir/", "../Maildir/", "./../x/"):
            self.assertEqual(111, self.deliver(default=default).returncode, default)
        self.dot(".qmail", "./Maildir/\n")
        result = self.deliver(default="./Maildir/")
        self.assert_result(result, 111, err=b"Unable to chdir to maildir. (#4.2.1)\n")
        self.assertFalse((self.user / "Maildir").exists())

    def test_maildir_without_its_parts(self):
        (self.user / "Maildir").mkdir()
        self.own(self.user / "Maildir")
        result = self.deliver(default="./Maildir/")
        self.assert_result(result, 111, err=b"Temporary error on maildir delivery. (#4.3.0)\n")

    def test_a_large_message_is_streamed(self):
        maildir = self.maildir()
        line = b"x" * 99 + b"\n"
        with tempfile.TemporaryFile() as file:
            for _ in range(40):
                file.write(line * 10_000)
            drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
            child = subprocess.Popen(
                [BIN / "qmail-local", "joe", str(self.user), "joe", "", "", "h", "s",
                 "./Maildir/"], stdin=file, stdout=subprocess.PIPE, env=self.environment(), **drop)
            out = child.stdout.read()
            child.stdout.close()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual((0, b"did 1+0+0\n"), (child.returncode, out))
        [name] = os.listdir(maildir / "new")
        self.assertGreater((maildir / "new" / name).stat().st_size, 40_000_000)
        self.assertLess(usage.ru_maxrss, 150_000)

    # The home and the .qmail file

    def test_no_mailbox(self):
        result = self.deliver(dash="-", ext="x")
        self.assert_result(result, 100, err=b"Sorry, no mailbox here by that name. (#5.1.1)\n")

    def test_home(self):
        gone = self.user / "gone"
        self.assert_result(
            self.deliver(home=gone), 111, err=b"Unable to switch to %s: file does not "
            b"exist. (#4.3.0)\n" % str(gone).encode())
        self.user.chmod(0o757)
        self.assert_result(
            self.deliver(), 111, err=b"Uh-oh: home directory is writable. (#4.7.0)\n")
        self.user.chmod(0o1755)
        self.assert_result(
            self.deliver(), 111,
            err=b"Home directory is sticky: user is editing his .qmail file. (#4.2.1)\n")
        self.assert_result(
            self.deliver("-n"), 0, b"mbox ./Mailbox\ndid 1+0+0\n",
            b"Warning: home directory is sticky.\n")
        self.user.chmod(0o775)  # conf-patrn is 002: the group may write.
        self.assert_result(self.deliver(), 0, b"did 1+0+0\n")

    def test_writable_dot_qmail(self):
        self.dot(".qmail", "./Mailbox\n", mode=0o602)
        self.assert_result(
            self.deliver(), 111, err=b"Uh-oh: .qmail file is writable. (#4.7.0)\n")

    @unittest.skipIf(os.getuid() != 0, "needs a file of another user")
    def test_unreadable_dot_qmail(self):
        os.chown(self.dot(".qmail-x", "./Mailbox\n", mode=0o600), 0, 0)
        self.assert_result(
            self.deliver(dash="-", ext="x"), 111,
            err=b"Unable to open .qmail-x: access denied. (#4.3.0)\n")

    def test_symlinks_and_what_is_no_file(self):
        (self.user / ".qmail-loop").symlink_to(".qmail-loop")
        (self.user / ".qmail-dir").mkdir()
        os.mkfifo(self.user / ".qmail-fifo")
        self.own(self.user / ".qmail-fifo")
        for ext in ("loop", "dir", "fifo"):
            self.assertEqual(100, self.deliver(dash="-", ext=ext).returncode, ext)
        self.dot(".qmail-real", "./box\n")
        (self.user / ".qmail-link").symlink_to(".qmail-real")
        self.assert_result(self.deliver(dash="-", ext="link"), 0, b"did 1+0+0\n")

    def test_the_articles_addresses(self):
        # koala@haniwa.com and friends, as virtualdomains has rewritten them.
        for name in ("-haniwa-koala", "-haniwa-hanicom", "-haniwa-default"):
            self.dot(".qmail" + name, f"|echo {name} $DEFAULT $EXT2\n")
        for who, said in (("koala", b"-haniwa-koala koala\n"),
                          ("hanicom", b"-haniwa-hanicom hanicom\n"),
                          ("Any.One", b"-haniwa-default Any.One Any.One\n")):
            result = self.deliver(dash="-", ext="haniwa-" + who, host="haniwa.com")
            self.assert_result(result, 0, said + b"did 0+0+1\n")

    def test_dots_and_slashes(self):
        self.dot(".qmail-a:b", "./dots\n")
        self.assert_result(self.deliver(dash="-", ext="A.b"), 0, b"did 1+0+0\n")
        (self.user / ".qmail-dir").mkdir()
        self.own(self.user / ".qmail-dir")
        (self.home / "secret").write_text("./stolen\n")
        result = self.deliver(dash="-", ext="dir/../../secret")
        self.assertEqual(100, result.returncode)
        self.assertFalse((self.user / "stolen").exists())
        self.dot(".qmail-/sub", "./slash\n")
        self.assert_result(self.deliver(dash="-/", ext="sub"), 0, b"did 1+0+0\n")

    def test_empty_file_is_the_default_delivery(self):
        self.dot(".qmail-x", "", mode=0o700)  # The x bit means nothing then.
        self.assert_result(self.deliver(dash="-", ext="x"), 0, b"did 1+0+0\n")
        self.assertTrue((self.user / "Mailbox").exists())

    def test_blank_first_line(self):
        blank = b"Uh-oh: first line of .qmail file is blank. (#4.2.1)\n"
        self.dot(".qmail", " \t\n./Mailbox\n")
        self.assert_result(self.deliver(), 111, err=blank)
        self.dot(".qmail", "#\n\n\n./Mailbox")  # Later ones are nothing; the last LF is optional.
        self.assert_result(self.deliver(), 0, b"did 1+0+0\n")
        self.dot(".qmail", "")
        self.assert_result(self.deliver(default=""), 111, err=blank)

    def test_a_forward_to_nobody_is_an_error_of_the_file(self):
        for line in ("&", "& ", "&\t\r", "&<>", "<>"):
            self.dot(".qmail", f"./Mailbox\n{line}\n&joe@x.example\n")
            self.assert_result(
                self.deliver(), 111,
                err=b"Uh-oh: .qmail file has a forward without an address. (#4.2.1)\n")
            self.assertFalse((self.user / "Mailbox").exists(), line)

    def test_x_bit_and_list(self):
        for content, mode, kind in (("./Mailbox\n", 0o700, b"file"), ("|true\n", 0o700, b"prog"),
                                    ("+list\n./Mailbox\n", 0o600, b"file")):
            self.dot(".qmail", content, mode)
            self.assert_result(
                self.deliver(), 111,
                err=b"Uh-oh: .qmail has " + kind + b" delivery but has x bit set. (#4.7.0)\n")

    def test_loop(self):
        looping = b"Subject: x\nDelivered-To: joe@mx.example\n\nbody\n"
        self.assert_result(
            self.deliver(message=looping), 100,
            err=b"This message is looping: it already has my Delivered-To line. (#5.4.6)\n")
        for fine in (b"Delivered-To: Joe@mx.example\n\nx\n", b"\nDelivered-To: joe@mx.example\n",
                     b"X: y\nDelivered-To: joe@mx.example.org\n\n", b""):
            self.assertEqual(0, self.deliver(message=fine).returncode, fine)

    def test_a_pipe_cannot_be_rewound(self):
        drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        result = self.run_program(
            "qmail-local", "joe", str(self.user), "joe", "", "", "h", "s", "./Mailbox",
            stdin=MESSAGE, **drop)
        self.assert_result(result, 111, err=b"Unable to rewind message. (#4.3.0)\n")

    # Programs

    def test_exit_codes(self):
        for code, expected in {0: 0, 99: 0, 100: 100, 64: 100, 65: 100, 70: 100, 76: 100, 77: 100,
                               78: 100, 112: 100, 1: 111, 71: 111, 75: 111, 111: 111, 127: 111,
                               255: 111}.items():
            self.dot(".qmail", f"|echo said; echo more >&2; exit {code}\n")
            result = self.deliver()
            self.assertEqual(expected, result.returncode, code)
            self.assertEqual(b"more\n", result.stderr)
            self.assertEqual(b"said\n" + (b"did 0+0+1\n" if not expected else b""), result.stdout)

    def test_a_program_that_is_killed(self):
        self.dot(".qmail", "|kill -9 $$\n")
        self.assert_result(self.deliver(), 111, err=b"Aack, child crashed. (#4.3.0)\n")

    def test_programs_get_the_message_from_its_start(self):
        self.dot(".qmail", "|cat > one\n|head -c 5 > two\n|cat > three\n")
        self.assert_result(self.deliver(), 0, b"did 0+0+3\n")
        self.assertEqual(MESSAGE, (self.user / "one").read_bytes())
        self.assertEqual(MESSAGE[:5], (self.user / "two").read_bytes())
        self.assertEqual(MESSAGE, (self.user / "three").read_bytes())

    def test_programs_run_in_the_home_with_broken_pipes_fatal(self):
        self.dot(".qmail", "|pwd; sh -c 'kill -PIPE $$'; echo $?\n")
        self.assert_result(
            self.deliver(), 0,
            f"{self.user}\n{128 + signal.SIGPIPE}\ndid 0+0+1\n".encode())

    def test_exit_99_skips_the_rest_but_not_the_forwards(self):
        self.dot(".qmail", "&first@x\n|exit 99\n&second@x\n./Mailbox\n")
        result = self.deliver(env=self.keeping())
        self.assertRegex(result.stdout, rb"\Adid 0\+1\+1\nqp \d+\n\Z")
        self.assertEqual(b"Fa@b.example\0Tfirst@x\0\0", (self.home / "kept/envelope").read_bytes())
        self.assertFalse((self.user / "Mailbox").exists())

    def test_earlier_deliveries_stay(self):
        self.dot(".qmail", "./Mailbox\n|exit 100\n&x@y\n")
        self.assert_result(self.deliver(env=self.keeping()), 100)
        self.assertTrue((self.user / "Mailbox").exists())
        self.assertFalse((self.home / "kept/envelope").exists())

    def test_environment(self):
        self.dot(".qmail-a-default", "|env -0 > variables\n")
        result = self.deliver(
            dash="-", ext="a-B-c-D-e", host="h.sub.example.org", sender="s t@\nx",
            env=self.environment(KEPT="yes"))
        self.assert_result(result, 0, b"did 0+0+1\n")
        got = dict(pair.split(b"=", 1) for pair in
                   (self.user / "variables").read_bytes().split(b"\0") if pair)
        expected = {
            "SENDER": "s t@\nx", "NEWSENDER": "s t@\nx",
            "RECIPIENT": "joe-a-B-c-D-e@h.sub.example.org",
            "USER": "joe", "HOME": str(self.user), "HOST": "h.sub.example.org",
            "LOCAL": "joe-a-B-c-D-e", "EXT": "a-B-c-D-e", "EXT2": "B-c-D-e", "EXT3": "c-D-e",
            "EXT4": "D-e", "HOST2": "h.sub.example", "HOST3": "h.sub", "HOST4": "h",
            "DEFAULT": "B-c-D-e", "DTLINE": "Delivered-To: joe-a-B-c-D-e@h.sub.example.org\n",
            "RPLINE": 'Return-Path: <"s t"@_x>\n', "KEPT": "yes"}
        for name, value in expected.items():
            self.assertEqual(value.encode(), got.get(name.encode()), name)
        self.assertRegex(got[b"UFLINE"], rb"\AFrom s-t@-x \w{3} .* \d{4}\n\Z")

    def test_bytes_that_are_no_text(self):
        self.dot(".qmail-default", "|printf %s \"$EXT\" > ext; printf %s \"$SENDER\" > sender\n")
        result = self.deliver(dash="-", ext=b"\xff\xfe;'\"$x", local=b"joe", sender=b"\xe9@x")
        self.assert_result(result, 0, b"did 0+0+1\n")
        self.assertEqual(b"\xff\xfe;'\"$x", (self.user / "ext").read_bytes())
        self.assertEqual(b"\xe9@x", (self.user / "sender").read_bytes())

    # Forwards

    def test_forwards_go_once_and_last(self):
        self.dot(".qmail", "&one@x\n./Mailbox\n two@x\nthree\n")
        result = self.deliver(env=self.keeping())
        self.assertRegex(result.stdout, rb"\Adid 1\+3\+0\nqp \d+\n\Z")
        self.assertEqual(b"Fa@b.example\0Tone@x\0T two@x\0Tthree\0\0",
                         (self.home / "kept/envelope").read_bytes())
        self.assertEqual(b"Delivered-To: joe@mx.example\n" + MESSAGE,
                         (self.home / "kept/message").read_bytes())

    def test_owner_and_verp(self):
        self.dot(".qmail-list", "&x@y\n")
        envelope = self.home / "kept/envelope"

        def sender(given="a@b"):
            self.assertEqual(0, self.deliver(
                dash="-", ext="List", sender=given, env=self.keeping()).returncode)
            return envelope.read_bytes().split(b"\0")[0][1:]

        self.assertEqual(b"a@b", sender())
        self.dot(".qmail-list-owner", "")
        self.assertEqual(b"joe-List-owner@mx.example", sender())
        self.dot(".qmail-list-owner-default", "")
        self.assertEqual(b"joe-List-owner-@mx.example-@[]", sender())
        self.assertEqual(b"", sender(""))
        self.assertEqual(b"#@[]", sender("#@[]"))

    def test_a_forward_that_fails(self):
        self.dot(".qmail", "&x@y\n")
        read = "cat > /dev/null; cat <&1 > /dev/null; "
        for script, code, text in (
                ("exit 53", 111, b"qq write error or disk full (#4.3.0)"),
                ("exit 31", 100, b"mail server permanently rejected message (#5.3.0)"),
                ("printf 'Dno (#5.7.1)' >&6; exit 82", 100, b"no (#5.7.1)")):
            result = self.deliver(env=self.queue_program(read + script))
            self.assert_result(result, code, err=b"Unable to forward message: " + text + b".\n")
        self.assert_result(
            self.deliver(), 111,
            err=b"Unable to forward message: qq trouble making network connection (#4.3.0).\n")


class Maildirmake(ProgramCase):
    def test_makes_one(self):
        path = self.home / "Maildir"
        self.assertEqual(0, self.run_program("maildirmake", str(path)).returncode)
        self.assertEqual(["cur", "new", "tmp"], sorted(os.listdir(path)))
        self.assertEqual(0o700, (path / "new").stat().st_mode & 0o777)
        again = self.run_program("maildirmake", str(path))
        self.assertEqual((111, b"maildirmake: fatal: unable to mkdir %s: file already exists\n"
                          % str(path).encode()), (again.returncode, again.stderr))

    def test_usage(self):
        result = self.run_program("maildirmake")
        self.assertEqual((100, b"maildirmake: usage: maildirmake name\n"),
                         (result.returncode, result.stderr))


if __name__ == "__main__":
    unittest.main()

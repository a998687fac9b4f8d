"""Holes that others have had, each tried here under its own name (CVE, paper or article)."""

import concurrent.futures
import os
import pathlib
import random
import re
import smtplib
import socket
import statistics
import threading
import time
import unittest

from figures import tell
from host import HostCase

TIMING_TRIES = int(os.environ.get("KOPIS_TIMING_TRIES", "20"))  # Of each of two kinds.

# End-of-data as some server somewhere takes it: smtpsmuggling.com, VU#302671.
SEQUENCES = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r",
             b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\r\n.\r\r\n"]


class Smtp:
    """A session whose replies are read as they come."""

    def __init__(self, port, hello=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.socket.makefile("rb")
        self.reply()
        if hello:
            assert self.say(b"EHLO client.example")[0] == 250

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """Code and text; (None, b'') at the end of the connection."""
        text = b""
        while True:
            try:
                line = self.lines.readline()
            except ConnectionResetError:
                line = b""
            if not line:
                return None, text
            text += line
            if line[3:4] == b" ":
                return int(line[:3]), text

    def say(self, line):
        self.send(line + b"\r\n")
        return self.reply()


class KnownHoles(HostCase):
    """One host for each class would be purer; it would also be slower."""

    def session(self, **more):
        session = Smtp(self.host.smtp_port, **more)
        self.addCleanup(session.__exit__)
        return session

    def open_message(self, session, sender=b"a@b.example"):
        self.assertEqual(250, session.say(b"MAIL FROM:<" + sender + b">")[0])
        self.assertEqual(250, session.say(b"RCPT TO:<%s>" % self.host.address.encode())[0])
        self.assertEqual(354, session.say(b"DATA")[0])

    def arrived(self, count):
        return [path.read_bytes() for path in self.host.wait_mail(self.host.address, count)]

    def assert_alive(self):
        self.assertNotRegex(self.host.log(), r"ended by signal|starting again|alert:")

    # Class 1 ---------------------------------------------------------------------------------

    def test_smuggling_at_every_cut(self):
        """CVE-2023-51764, -51765, -51766, CVE-2023-51747, CVE-2023-52354: whatever the segments,
        one message or a refusal."""
        inner = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<%s>\r\nDATA\r\nSubject: in\r\n\r\nx\r\n.\r\n"
        inner %= self.host.address.encode()
        taken = 0
        for sequence in SEQUENCES:
            text = b"Subject: out\r\n\r\nbody" + sequence + inner
            start = text.index(sequence)
            for cut in range(start, start + len(sequence) + 1):
                session = self.session()
                self.open_message(session)
                session.send(text[:cut])
                session.send(text[cut:])
                code, said = session.reply()
                self.assertIn(code, (250, 451), (sequence, said))
                taken += code == 250
                if code == 250:
                    session.send(b"QUIT\r\n")
                    self.assertEqual(221, session.reply()[0])
                self.assertEqual((None, b""), session.reply(), sequence)
        bodies = self.arrived(taken) if taken else []
        self.assertEqual(taken, len(self.host.mail_files(self.host.address)))
        for body in bodies:
            self.assertNotIn(b"Return-Path: <evil@", body)
        self.assert_alive()

    # Class 2 (as far as there is TLS) ----------------------------------------------------------

    def test_what_follows_starttls_in_one_segment_is_never_obeyed(self):
        """CVE-2011-0411, CVE-2021-38542: the plain text behind STARTTLS."""
        session = self.session()
        session.send(b"STARTTLS\r\nMAIL FROM:<evil@b.example>\r\nRSET\r\nNOOP\r\n")
        code, said = session.reply()
        self.assertNotEqual(250, code)
        self.assertNotIn(b"250", said)
        self.assertIn(session.reply()[0], (None, 421, 501, 503))

    # Class 5 -----------------------------------------------------------------------------------

    def test_addresses_that_are_commands_files_and_options(self):
        """The article's sendmail 4 hole; CVE-2020-7247 (;id;), CVE-2019-10149 (${run{…}}),
        CVE-2025-26794 (SQL), options of programs: refused, or looked up and not found."""
        me = self.host.me.encode()
        before = set(pathlib.Path("/tmp").iterdir())
        evil = [b"|touch /tmp/kopis-was-here", b"/tmp/kopis-was-here", b";touch /tmp/kopis-was-here;",
                b"`touch /tmp/kopis-was-here`", b"$(touch /tmp/kopis-was-here)",
                b"${run{/bin/touch /tmp/kopis-was-here}}", b":include:/etc/passwd", b"-f",
                b"--help", b"-oQ/tmp/x", b"..", b"../../etc/passwd", b"x'/**/UNION/**/SELECT--",
                b"%s%n%x", b"\\x7c id", b"() { :;}; touch /tmp/kopis-was-here"]
        session = self.session()
        for box in evil:
            quoted = b'"' + box.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
            self.assertEqual(250, session.say(b"MAIL FROM:<" + quoted + b"@b.example>")[0])
            code, _ = session.say(b"RCPT TO:<" + quoted + b"@" + me + b">")
            self.assertIn(code, (250, 550, 553))
            if code == 250:
                session.say(b"DATA")
                self.assertEqual(250, session.say(b"Subject: evil\r\n\r\n.")[0])
            self.assertEqual(250, session.say(b"RSET")[0])
        # All of these got their answer; the host is still there for the next.
        self.open_message(session)
        self.assertEqual(250, session.say(b"Subject: good\r\n\r\n.")[0])
        self.arrived(1)
        self.assertFalse([p for p in set(pathlib.Path("/tmp").iterdir()) - before
                          if p.name.startswith("kopis-was-here")])
        self.assert_alive()

    @unittest.skipUnless(os.geteuid() == 0, "the host runs as nobody only where we are root")
    def test_programs_get_senders_as_data(self):
        """CVE-2014-6271 through .qmail, CVE-2020-8794: whatever the sender is, the program of a
        .qmail file sees it in SENDER, whole, and nothing of it is run."""
        home = self.host.maildir(self.host.address).parent
        self.host.write(str(home.relative_to(self.host.home) / ".qmail"),
                        "|printf '%s\\n' \"$SENDER\" >> seen; env > env\n")
        os.chmod(home / ".qmail", 0o600)
        session = self.session()
        senders = [b"() { :;}; touch owned", b"$(touch owned)", b"`touch owned`", b"x;touch owned",
                   b"-froot", b"a b", b"LD_PRELOAD=x", b"%0aBCC"]
        for sender in senders:
            self.open_message(session, b'"' + sender + b'"@b.example')
            self.assertEqual(250, session.say(b"Subject: x\r\n\r\n.")[0])
        self.host.wait_log_count(r"^delivery \d+: success", len(senders))
        self.assertEqual(sorted(s + b"@b.example" for s in senders),
                         sorted((home / "seen").read_bytes().splitlines()))
        self.assertFalse((home / "owned").exists())
        names = {line.split("=")[0] for line in (home / "env").read_text().splitlines() if "=" in line}
        self.assertNotIn("LD_PRELOAD", names)

    # Class 6 -----------------------------------------------------------------------------------

    def test_sizes_that_do_not_fit(self):
        """CVE-2005-1513..1515 (sizes past 31 and 63 bits), CVE-2020-28022 (an open quote)."""
        session = self.session()
        for size in (b"0", b"-1", b"2147483648", b"4294967296", b"9223372036854775807",
                     b"9223372036854775808", b"18446744073709551616", b"1" + b"0" * 30, b"0x10"):
            code, said = session.say(b"MAIL FROM:<a@b.example> SIZE=" + size)
            self.assertIn(code, (250, 501, 552, 555), (size, said))
        for tail in (b' x="', b" BODY=", b" =", b" " * 500, b" \xff\xfe", b" SIZE=1 SIZE=2"):
            self.assertIsNotNone(session.say(b"MAIL FROM:<a@b.example>" + tail)[0])
        self.assertEqual(250, session.say(b"RSET")[0])
        self.open_message(session)
        self.assertEqual(250, session.say(b"Subject: good\r\n\r\n.")[0])

    def test_an_ehlo_and_a_command_of_a_megabyte(self):
        """CVE-2019-16928, CVE-2023-42115."""
        for start in (b"EHLO ", b"AUTH PLAIN ", b"MAIL FROM:<", b"x"):
            session = self.session(hello=False)
            try:
                session.send(start + b"A" * 1_048_576 + b"\r\nNOOP\r\n")
            except OSError:
                pass
            self.assertIn(session.reply()[0], (500, 421, None))
        self.assert_alive()

    def test_a_hundred_thousand_recipients(self):
        """SmtpServer#163 and header bombs: past the limit 452, and the message still goes."""
        session = self.session()
        self.assertEqual(250, session.say(b"MAIL FROM:<a@b.example>")[0])
        line = b"RCPT TO:<%s>\r\n" % self.host.address.encode()
        codes = {}

        def read():
            for _ in range(100_000):
                code = session.reply()[0]
                codes[code] = codes.get(code, 0) + 1

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(1000):
            session.send(line * 100)  # Across segments as they fall.
        reader.join(120)
        self.assertFalse(reader.is_alive())
        self.assertLessEqual(set(codes), {250, 452, 421, None})
        self.assertGreater(codes[250], 1000)
        for name, _, peak in self.host.memory_peaks():
            self.assertLess(peak, 100 * 1024, name)
        session.__exit__()
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.sendmail("a@b.example", [self.host.address], "Subject: good\r\n\r\n")
        self.arrived(1)

    def test_headers_without_end(self):
        """CVE-2020-28020 (a million continuation lines), a header line of 20 MB, a million fields:
        taken as what they are, in bounded memory."""
        for name, piece, count in (("folded", b" x\r\n", 1_000_000), ("long", b"x" * 1000, 20_000),
                                   ("fields", b"X: y\r\n", 1_000_000)):
            with self.subTest(name):
                session = self.session()
                self.open_message(session)
                session.send(b"Subject: " + name.encode() + (b"" if name == "long" else b"\r\n"))
                block = piece * 10_000 if name != "long" else piece * 100
                for _ in range(count * len(piece) // len(block)):
                    session.send(block)
                self.assertEqual(250, session.say(b"\r\n\r\nbody\r\n.")[0])
        self.arrived(3)
        for name, _, peak in self.host.memory_peaks():
            self.assertLess(peak, 100 * 1024, name)

    # Class 8 -----------------------------------------------------------------------------------

    def test_odd_bodies(self):
        for body in (b".", b"\r\n.", b"..\r\n.", b"..\r\n..\r\n.", b"\0\0\0\r\n.", b"no header\r\n.",
                     b"x" * 5000 + b"\r\n.", b":\r\n\r\n.", b" starts with a blank\r\n."):
            session = self.session()
            self.open_message(session)
            self.assertEqual(250, session.say(body)[0], body[:20])
            self.assertEqual(221, session.say(b"QUIT")[0])
        self.arrived(9)

    # Class 4, logs ------------------------------------------------------------------------------

    def test_nothing_from_outside_moves_a_terminal(self):
        """Terminal escapes and line ends in all that is logged: HELO, addresses, DNS names."""
        escape = b"\x1b[2J\x1b]0;owned\x07\x9b31m\x7f"
        session = self.session(hello=False)
        session.say(b"EHLO " + escape)
        session.say(b"MAIL FROM:<" + escape + b"@b.example>")
        session.say(b"RCPT TO:<" + escape + b"@" + self.host.me.encode() + b">")
        session.say(b"RCPT TO:<%s>" % self.host.address.encode())
        session.say(b"DATA")
        self.assertEqual(250, session.say(b"Subject: " + escape + b"\r\n\r\n.")[0])
        [message] = self.arrived(1)
        self.host.wait_log(r"^info msg .*")
        said = self.host.log().partition("\nready")[2]  # Before it stands what we say to people.
        self.assertNotRegex(said, "[\x00-\x08\x0b-\x1f\x7f-\x9f]")
        received = message[:message.index(b"Subject:")]
        self.assertNotRegex(received.replace(escape, b""), rb"HELO [^)]*[\x00-\x1f\x7f-\xff]")

    # Class 13 ----------------------------------------------------------------------------------

    def test_pipelined_floods(self):
        """A thousand commands in one segment, by twenty clients at once."""
        def flood(results):
            with Smtp(self.host.smtp_port) as session:
                session.send(b"NOOP\r\n" * 5000)
                count = 0
                while (code := session.reply()[0]) == 250:
                    count += 1
                results.append((count, code))

        results = []
        threads = [threading.Thread(target=flood, args=(results,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(20, len(results))
        for count, code in results:  # DIFFERENCES: 1,000 commands without a message.
            self.assertLessEqual(count, 1000)
            self.assertIn(code, (421, None))
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=10) as client:
            client.sendmail("a@b.example", [self.host.address], "Subject: good\r\n\r\n")
        self.arrived(1)

    # Class 16 ----------------------------------------------------------------------------------

    def test_mail_that_loops(self):
        """A hundred Received lines, our own Delivered-To, the null sender to nobody."""
        session = self.session()
        self.open_message(session)
        code, said = session.say(b"Received: x\r\n" * 100 + b"\r\n.")
        self.assertEqual((554, True), (code, b"#5.4.6" in said))
        self.open_message(session, b"")
        loop = b"Delivered-To: %s\r\n\r\n." % self.host.address.encode()
        code, said = session.say(loop)
        self.assertEqual((554, True), (code, b"#5.4.6" in said))
        # Nobody looks at what a local program hands in.
        handed = self.host.run("qmail-inject", "-f", "", self.host.address,
                               input=loop.replace(b"\r", b"").rstrip(b"."))
        self.assertEqual(0, handed.returncode, handed)
        self.host.wait_log(r"^delivery \d+: failure: This_message_is_looping")
        # A bounce that cannot be delivered ends: it makes no bounce to nobody.
        self.host.wait_log(r"^end msg ")
        self.host.wait_until(lambda: b"messages in queue: 0" in self.host.run("qmail-qstat").stdout)
        self.assertLess(len(re.findall(r"^bounce msg ", self.host.log(), re.M)), 3)

    # Class 15, passwords -------------------------------------------------------------------------

    def test_time_tells_nothing_of_users(self):
        """Unknown names and wrong passwords are refused after the same time, however often one
        looks: each try from an address of its own, so that each is the first of its peer."""
        domain = self.host.me
        known = [f"user{n}@{domain}" for n in range(1 + TIMING_TRIES // 40)]
        for name in known:  # At most 40 failures each: past 50 no password is looked at.
            added = self.host.run("user", "add", name, "--password-file", "-",
                                  input=b"right horse\n")
            self.assertEqual(0, added.returncode, added)
        unknown = [name.replace("user", "nobody") for name in known]

        def refusal(number, name):
            source = f"127.{64 + (number >> 12)}.{number >> 6 & 63}.{1 + (number & 63)}"
            with socket.create_connection(("127.0.0.1", self.host.pop3_port), timeout=60,
                                          source_address=(source, 0)) as s:
                lines = s.makefile("rb")
                lines.readline()
                s.sendall(b"USER " + name.encode() + b"\r\n")
                lines.readline()
                began = time.monotonic()
                s.sendall(b"PASS wrong\r\n")
                self.assertRegex(lines.readline(), rb"^-ERR")
                return time.monotonic() - began

        tries = [(names, names[n % len(names)])
                 for n in range(TIMING_TRIES) for names in (known, unknown)]
        random.Random(7).shuffle(tries)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            times = list(pool.map(lambda n: refusal(n, tries[n][1]), range(len(tries))))
        samples = [[t for t, (names, _) in zip(times, tries) if names is which]
                   for which in (known, unknown)]
        score = rank_score(*samples)
        medians = [statistics.median(sample) * 1000 for sample in samples]
        tell(f"password timing: {TIMING_TRIES} tries each: median {medians[0]:.1f} ms for a wrong "
             f"password, {medians[1]:.1f} ms for an unknown name, rank sum {score:+.1f} sigma")
        self.assertLess(abs(score), 4)
        self.assertGreater(min(times), 1.9)


def rank_score(left, right):
    """Mann-Whitney's test: how many standard deviations the ranks of two samples are from those
    of samples that cannot be told apart."""
    ranks = {value: rank for rank, value in enumerate(sorted(left + right), 1)}
    size = len(left) + len(right)
    mean = len(left) * (size + 1) / 2
    deviation = (len(left) * len(right) * (size + 1) / 12) ** 0.5
    return (sum(ranks[value] for value in left) - mean) / deviation


class Confined(HostCase):
    def test_who_can_gain_no_rights(self):
        """no_new_privs where nothing needs to gain any; not where users' programs are started,
        which may be setuid. What it stops, and Landlock: Kopis.Posix.Tests, ConfinementTests."""
        for name in ("qmail-send", "qmail-clean", "qmail-rspawn", "qmail-queue", "tcpserver",
                     "qmail-lspawn"):
            for pid in self.host.pids(name):
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                flag = 0 if name == "qmail-lspawn" and b"--orders" not in words else 1
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                self.assertIn(f"NoNewPrivs:\t{flag}\n", status, name)
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():  # Each thread of it.
                    self.assertIn(f"NoNewPrivs:\t{flag}\n", (task / "status").read_text(), name)
            self.assertTrue(self.host.pids(name), name)

    def test_whose_system_calls_are_filtered(self):
        """What that stops, call by call: Kopis.Posix.Tests, ConfinementTests."""
        for name, filters in (("qmail-send", 2), ("qmail-clean", 2), ("qmail-queue", 2),
                              ("qmail-rspawn", 1), ("tcpserver", 1), ("qmail-lspawn", 0)):
            for pid in self.host.pids(name):
                if b"--orders" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    filters = 2  # The half of qmail-lspawn that is not root.
                elif name == "qmail-lspawn":
                    filters = 0
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    fields = dict(re.findall(r"^(\w+):\t(\d+)$", (task / "status").read_text(),
                                             re.M))
                    self.assertEqual(str(filters), fields["Seccomp_filters"], name)


class Links(HostCase):
    """Symbolic and hard links in a mailbox, class 15: at most the user's own files are touched."""

    def setUp(self):
        super().setUp()
        self.box = self.host.maildir(self.host.address)
        self.target = self.host.base / "target"
        self.target.mkdir()

    def send(self):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.sendmail("a@b.example", [self.host.address], "Subject: x\r\n\r\nbody\r\n")

    @unittest.skipUnless(os.geteuid() == 0, "the target must be another's")
    def test_a_maildir_that_is_a_link_to_anothers(self):
        (self.box / "new").rmdir()
        (self.box / "new").symlink_to(self.target)  # Root's: nobody may not write there.
        self.send()
        self.host.wait_log(r"^delivery \d+: deferral: ")
        self.assertEqual([], list(self.target.iterdir()))

    def test_a_dot_qmail_that_others_may_write(self):
        """OpenSMTPD 7.5, the .forward of another: writable by all is Uh-oh."""
        dot = self.box.parent / ".qmail"
        self.host.write(str(dot.relative_to(self.host.home)), "./Maildir/\n")
        os.chmod(dot, 0o666)
        self.send()
        self.host.wait_log(r"^delivery \d+: deferral: Uh-oh:_\.qmail_file_is_writable\._\(#4\.7\.0\)")
        self.assertEqual([], self.host.mail_files(self.host.address))

    def test_links_that_come_and_go_while_mail_is_delivered(self):
        """A race for the name of the next file: O_EXCL and link(2) never follow one."""
        victim = self.target / "victim"
        victim.write_text("kept")
        over = threading.Event()

        def race():
            while not over.is_set():
                for name in ("tmp", "new"):
                    for path in list((self.box / name).iterdir())[:5]:
                        try:
                            link = path.with_name(path.name + "x")
                            link.symlink_to(victim)
                            link.unlink()
                        except OSError:
                            pass

        thread = threading.Thread(target=race)
        thread.start()
        try:
            for _ in range(50):
                self.send()
            self.host.wait_until(lambda: len(
                [p for p in self.host.mail_files(self.host.address) if not p.is_symlink()]) >= 50)
        finally:
            over.set()
            thread.join()
        self.assertEqual("kept", victim.read_text())


if __name__ == "__main__":
    unittest.main()

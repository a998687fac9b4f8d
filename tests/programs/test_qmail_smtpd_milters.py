"""Milters behind a real listener: all that they are told, all that they may answer, and what becomes
of mail when they are slow, away or mad. Nothing is lost, and nobody is refused for good for it."""

import pathlib
import smtplib
import time
import unittest

from listener import ListenerCase
from milter import (ALL_ACTIONS, CONTINUE, CRASH, HANG, LEADING_SPACE, NO, QUIET, SKIP, Milter,
                    number, packet, text)

PLAIN = b"From: a@far.example\r\nSubject: x\r\n y\r\nTo:b\r\n\r\nhi\r\n\r\nho\r\n"
HEADER = "From: a@far.example\nSubject: x\n y\nTo:b\n"
STAGES = "CHMRTLNBE"


def add(name, value):
    return packet("h", text(name, value))


class MilterCase(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        for check in ("checkspf", "checkdkim", "checkdmarc", "checkiprev"):
            self.control(check, "off")
        self.queue = self.script(
            f"cat > {self.home}/message; cat <&1 > {self.home}/envelope\n"
            f"echo x >> {self.home}/count\n")

    def environment(self, **more):
        return {"QMAILQUEUE": self.queue, **super().environment(**more)}

    def filters(self, *milters, words="", **env):
        self.control("milters", *[f"{one.place} {words}" for one in milters])
        if not self.process:
            self.serve("-vHR", "-l0", **env)
        return milters[0]

    def milter(self, words="", **settings):
        return self.filters(Milter(self, **settings), words=words)

    def send(self, message=PLAIN, sender="s@far.example", recipients=("a@mx.example",)):
        """The first reply that is no 250, else that to the message."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.ehlo("c.example")
            reply = client.mail(sender)
            for one in recipients:
                reply = client.rcpt(one) if reply[0] == 250 else reply
            return client.data(message) if reply[0] == 250 else reply

    def taken(self):
        """The message without our own line, and the envelope; both are gone then."""
        message = (self.home / "message").read_bytes().decode("latin-1")
        envelope = (self.home / "envelope").read_bytes()
        (self.home / "message").unlink()
        received, rest = message.split("\n", 1)
        self.assertTrue(received.startswith("Received: from "), message)
        while rest.startswith((" ", "\t")):
            rest = rest.split("\n", 1)[1]
        return rest, envelope

    def queued(self):
        count = self.home / "count"
        return len(count.read_text()) // 2 if count.exists() else 0


class Told(MilterCase):
    def test_everything_in_order(self):
        milter = self.milter()
        self.assertEqual(250, self.send(recipients=("a@mx.example", "b@MX.example"))[0])
        self.assertTrue(milter.wait_for("K"))
        self.assertEqual((6, ALL_ACTIONS, 0x1FF7FF), milter.offer)
        self.assertEqual("CHMRRTLLLNBEK", milter.letters())
        name, rest = milter.data("C")[0].split(b"\0", 1)
        self.assertEqual(b"[127.0.0.1]", name)
        self.assertEqual((b"4", b"127.0.0.1\0"), (rest[:1], rest[3:]))
        self.assertEqual([b"c.example\0"], milter.data("H"))
        self.assertEqual([b"<s@far.example>\0"], milter.data("M"))
        self.assertEqual([b"<a@mx.example>\0", b"<b@MX.example>\0"], milter.data("R"))
        self.assertEqual([b"From\0a@far.example\0", b"Subject\0x\n y\0", b"To\0b\0"],
                         milter.data("L"))
        self.assertEqual([b"hi\r\n\r\nho\r\n"], milter.data("B"))
        self.assertEqual([b""], milter.data("E"))
        macros = milter.macros_of("C")
        self.assertEqual((b"mx.example", b"127.0.0.1", b"mx.example", b"[127.0.0.1] [127.0.0.1]"),
                         (macros["j"], macros["{client_addr}"], macros["{daemon_name}"],
                          macros["_"]))
        self.assertEqual(b"s@far.example", milter.macros_of("M")["{mail_addr}"])
        self.assertEqual(b"a@mx.example", milter.macros_of("R")["{rcpt_addr}"])
        self.assertEqual(milter.macros_of("M")["i"], milter.macros_of("E")["i"])
        self.assertEqual((HEADER + "\nhi\n\nho\n", b"Fs@far.example\0Ta@mx.example\0"
                          b"Tb@MX.example\0\0"), self.taken())

    def test_the_macros_that_it_names(self):
        names = number(1) + text("{client_addr} nothing") + number(5) + text("{mail_addr}")
        milter = self.milter(macros=names)
        self.send()
        self.assertEqual({"{client_addr}": b"127.0.0.1"}, milter.macros_of("H"))
        self.assertEqual({"{mail_addr}": b"s@far.example"}, milter.macros_of("E"))

    def test_a_blank_after_the_colon(self):
        milter = self.milter(steps=LEADING_SPACE, E=add("X", "y") + CONTINUE)
        self.send()
        self.assertEqual([b"From\0 a@far.example\0", b"Subject\0 x\n y\0", b"To\0b\0"],
                         milter.data("L"))
        self.assertEqual(HEADER + "X:y\n", self.taken()[0].split("\n\n")[0] + "\n")

    def test_what_it_does_not_want(self):
        for letter, bit in NO.items():
            with self.subTest(letter):
                milter = self.milter(steps=bit, E=add("X", "y") + CONTINUE)
                self.assertEqual(250, self.send()[0])
                self.assertNotIn(letter, milter.letters())
                self.assertIn("X: y\n", self.taken()[0])

    def test_what_it_does_not_answer(self):
        for letter, bit in QUIET.items():
            with self.subTest(letter):
                self.milter(steps=bit, E=add("X", "y") + CONTINUE)
                self.assertEqual(250, self.send()[0])
                self.assertIn("X: y\n", self.taken()[0])
        self.milter(steps=sum(QUIET.values()), E=add("X", "y") + CONTINUE)
        self.assertEqual(250, self.send(PLAIN + b"z" * 70 + b"\r\n" * 9000)[0])
        self.assertIn("X: y\n", self.taken()[0])

    def test_old_versions(self):
        for version in (2, 3, 4, 5):
            with self.subTest(version):
                milter = self.milter(version=version, steps=0)
                self.assertEqual(250, self.send()[0])
                self.assertTrue(milter.wait_for("Q"))
                self.assertEqual(version >= 4, "T" in milter.letters())

    def test_a_socket_in_a_file(self):
        milter = self.milter(path=self.home / "m.sock")
        self.assertEqual(250, self.send()[0])
        self.assertIn("E", milter.letters())

    def test_by_chunks(self):
        milter = self.milter(E=add("X", "y") + CONTINUE)
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.ehlo("c.example")
            client.mail("s@far.example")
            client.rcpt("a@mx.example")
            client.send(b"BDAT 10\r\n" + PLAIN[:10])
            self.assertEqual(250, client.getreply()[0])
            client.send(b"BDAT %d LAST\r\n" % (len(PLAIN) - 10) + PLAIN[10:])
            self.assertEqual(250, client.getreply()[0])
        self.assertEqual([b"hi\r\n\r\nho\r\n"], milter.data("B"))
        self.assertEqual(HEADER + "X: y\n\nhi\n\nho\n", self.taken()[0])

    def test_the_client_that_another_host_names(self):
        self.control("xclients", "127.0.0.1")
        milter = self.milter()
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.ehlo("proxy.example")
            self.assertEqual(220, client.docmd(
                "XCLIENT", "ADDR=192.0.2.7 NAME=far.example PORT=4711 HELO=h.example")[0])
            client.ehlo("h.example")
            client.mail("s@far.example")
        self.assertEqual(b"far.example\0" + b"4" + (4711).to_bytes(2, "big") + b"192.0.2.7\0",
                         milter.data("C")[0])
        self.assertEqual(b"192.0.2.7", milter.macros_of("C")["{client_addr}"])
        self.assertEqual([b"h.example\0"], milter.data("H"))

    def test_a_client_that_thinks_otherwise(self):
        milter = self.milter()
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.ehlo("c.example")
            client.mail("one@far.example")
            client.rcpt("a@mx.example")
            client.rset()
            self.assertTrue(milter.wait_for("Q"), milter.letters())
            client.mail("two@far.example")
            client.rcpt("a@mx.example")
            self.assertEqual(250, client.data(PLAIN)[0])
        self.assertTrue(milter.wait_for("K"), milter.letters())
        self.assertEqual("CHMRQCHMRTLLLNBEK", milter.letters())

    def test_addresses_are_quoted(self):
        milter = self.milter(E=packet("-", text('<"a> b"@mx.example>')) + CONTINUE)
        self.assertEqual(250, self.send(recipients=('"a> b"@mx.example', "b@mx.example"))[0])
        self.assertEqual(b'<"a> b"@mx.example>\0', milter.data("R")[0])
        self.assertEqual(b"Fs@far.example\0Tb@mx.example\0\0", self.taken()[1])

    def test_a_batch_is_answered_in_order_however_it_is_cut(self):
        batch = (b"EHLO c\r\nMAIL FROM:<s@far.example>\r\nRCPT TO:<a@mx.example>\r\n"
                 b"RCPT TO:<no@mx.example>\r\nRCPT TO:<b@other.example>\r\nDATA\r\n")
        self.milter(R=lambda data: packet("r") if b"no@" in data else CONTINUE)
        for cut in (1, 7, len(batch)):
            with self.subTest(cut):
                peer, replies = self.connect()
                self.assertEqual(b"220", replies.readline()[:3])
                for at in range(0, len(batch), cut):
                    peer.sendall(batch[at:at + cut])
                codes = [self.read_reply(replies)[-200:].splitlines()[-1][:3] for _ in range(6)]
                self.assertEqual([b"250", b"250", b"250", b"550", b"553", b"354"], codes)
                peer.sendall(PLAIN + b".\r\nQUIT\r\n")
                self.assertEqual([b"250", b"221"],
                                 [self.read_reply(replies)[:3] for _ in range(2)])
                self.assertEqual(b"Fs@far.example\0Ta@mx.example\0\0", self.taken()[1])

    def test_a_user_and_tls(self):
        self.certificate("servercert.pem", "mx.example")
        judge = self.home / "judge"
        judge.write_text('#!/bin/sh\ncat <&3 >/dev/null\nexec "$@"\n')
        judge.chmod(0o755)
        milter = Milter(self)
        self.control("milters", milter.place)
        self.serve("-vHR", "-l0", chain=("qmail-smtpd", "mx.example", str(judge), "true"))
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.starttls(context=self.client_context())
            client.ehlo("c.example")
            client.login("joe@mx.example", "secret")
            client.sendmail("joe@mx.example", ["far@other.example"], b"Subject: x\r\n\r\nhi\r\n")
        macros = {**milter.macros_of("H"), **milter.macros_of("M")}
        self.assertEqual((b"joe@mx.example", b"PLAIN", b"TLSv1.3"), tuple(
            macros[name] for name in ("{auth_authen}", "{auth_type}", "{tls_version}")))
        self.assertTrue(macros["{cipher}"].startswith(b"TLS_"))
        names = [field.split(b"\0")[0] for field in milter.data("L")]
        self.assertEqual({b"Message-ID", b"Date", b"From", b"Subject"}, {*names} | {b"From"})

    def test_a_recipient_that_nobody_has_is_not_asked_about(self):
        milter = self.milter()
        self.assertEqual(553, self.send(recipients=("a@other.example",))[0])
        self.assertEqual([], milter.data("R"))


class Changes(MilterCase):
    CHANGES = (
        add("X-End", "one\n two\nthree") + packet("i", number(1) + text("X-Top", "top"))
        + packet("i", number(2) + text("X-Second", "second"))
        + packet("m", number(1) + text("subject", "[spam] x")) + packet("m", number(1) + text("TO", ""))
        + packet("m", number(3) + text("From", "late"))
        + packet("+", text("<new@mx.example>")) + packet("2", text("<par@mx.example>", "NOTIFY=NEVER"))
        + packet("-", text("<a@MX.example>")) + packet("e", text("<other@far.example>"))
        + packet("p") + packet("b", b"new\r") + packet("b", b"\nbo\rdy\r\n") + CONTINUE)
    RESULT = ("X-Top: top\nX-Second: second\nFrom: a@far.example\nsubject: [spam] x\n"
              "X-End: one\n two\n\tthree\nFrom: late\n\nnew\nbo\rdy\n")
    ENVELOPE = b"Fother@far.example\0Tnew@mx.example\0Tpar@mx.example\0\0"

    def test_each(self):
        self.milter(E=self.CHANGES)
        self.assertEqual(250, self.send()[0])
        self.assertEqual((self.RESULT, self.ENVELOPE), self.taken())

    def test_cut_anywhere(self):
        for cut in (1, 2, 3, 5, 7, 4096):
            with self.subTest(cut):
                self.milter(cut=cut, E=self.CHANGES)
                self.assertEqual(250, self.send()[0])
                self.assertEqual((self.RESULT, self.ENVELOPE), self.taken())

    def test_of_several_in_turn(self):
        first = Milter(self, E=self.CHANGES)
        second = Milter(self, E=add("X-Last", "z") + packet("a"))
        self.filters(first, second)
        self.assertEqual(250, self.send()[0])
        self.assertEqual(
            [b"X-Top", b"X-Second", b"From", b"subject", b"X-End", b"From"],
            [field.split(b"\0")[0] for field in second.data("L")])
        self.assertEqual([b"new\r\nbo\rdy\r\n"], second.data("B"))
        self.assertEqual(self.RESULT.replace("late\n", "late\nX-Last: z\n"), self.taken()[0])

    def test_none_counts_of_one_that_refuses_at_last(self):
        self.milter(E=self.CHANGES[:-5] + packet("r"))
        self.assertEqual(550, self.send()[0])
        self.assertEqual(0, self.queued())

    def test_a_message_without_a_body_or_a_header(self):
        self.milter(E=add("X", "y") + CONTINUE)
        for message, wanted in ((b"A: b\r\n", "A: b\nX: y\n"), (b"\r\nhi\r\n", "X: y\n\nhi\n"),
                                (b"no field\r\n", "X: y\nno field\n"), (b"\r\n", "X: y\n\n")):
            with self.subTest(message):
                self.assertEqual(250, self.send(message)[0])
                self.assertEqual(wanted, self.taken()[0])

    def test_a_large_message_stays_as_it_is(self):
        self.milter(E=add("X", "y") + CONTINUE)
        body = b"".join(b"%06d %s\r\n" % (i, b"x" * 60) for i in range(200_000))  # 14 MB
        self.assertEqual(250, self.send(b"A: b\r\n\r\n" + body)[0])
        self.assertEqual("A: b\nX: y\n\n" + body.decode().replace("\r\n", "\n"), self.taken()[0])
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        self.assertLess(int(status.split("VmHWM:")[1].split()[0]), 150_000, "KiB")

    def test_a_large_body_is_replaced(self):
        self.milter(E=packet("b", b"0123456789abcde\n" * 4000) * 200 + CONTINUE)
        self.assertEqual(250, self.send()[0])
        self.assertEqual(HEADER + "\n" + "0123456789abcde\n" * 800_000, self.taken()[0])

    def test_the_rest_of_the_body_may_be_skipped(self):
        milter = self.milter(steps=SKIP, B=packet("s"), E=add("X", "y") + CONTINUE)
        self.assertEqual(250, self.send(PLAIN + b"x" * 70 + b"\r\n" * 100_000)[0])
        self.assertEqual(1, milter.letters().count("B"))
        self.assertTrue(self.taken()[0].endswith("x\n" + "\n" * 99_999))

    def test_a_message_that_is_left_without_recipients_is_forgotten(self):
        self.milter(E=packet("-", text("<a@mx.example>")) + CONTINUE)
        self.assertEqual(250, self.send()[0])
        self.assertEqual(0, self.queued())

    def test_quarantine(self):
        self.milter(words="quarantine=keeper@mx.example", E=packet("q", text("a virus")) + CONTINUE)
        self.assertEqual(250, self.send()[0])
        message, envelope = self.taken()
        self.assertEqual(b"Fs@far.example\0Tkeeper@mx.example\0\0", envelope)
        self.assertRegex(message, r"^X-Quarantine: inet:\S+ a_virus\n"
                                  r"X-Quarantine-Recipient: a@mx.example\nFrom: a@far")

    def test_a_long_reason_for_quarantine_is_cut(self):
        self.milter(words="quarantine=keeper@mx.example",
                    E=packet("q", text("v" * 60000)) + CONTINUE)
        self.assertEqual(250, self.send()[0])
        self.assertRegex(self.taken()[0], r"^X-Quarantine: inet:\S+ v{200}\nX-")

    def test_quarantine_without_a_keeper(self):
        self.milter(E=packet("q", text("a virus")) + CONTINUE)
        self.assertEqual(451, self.send()[0])
        self.assertEqual(0, self.queued())


class Verdicts(MilterCase):
    def test_a_refusal_at_each_stage(self):
        own = packet("y", text("554 5.7.9 not \x01 you%"))
        for stage in STAGES:
            for answer, code in (("r", 550), ("t", 451), ("y", 554), ("f", 451), ("4", 451)):
                with self.subTest(stage=stage, answer=answer):
                    self.milter(**{stage: own if answer == "y" else packet(answer)})
                    reply, words = self.send()
                    self.assertEqual(code, reply, words)
                    self.assertEqual(0, self.queued())
                    if answer == "y":
                        self.assertEqual(b"5.7.9 not ? you%", words)

    def test_all_is_taken_from_a_stage_on(self):
        for stage in STAGES:
            with self.subTest(stage):
                milter = self.milter(**{stage: packet("a")})
                self.assertEqual(250, self.send()[0])
                self.assertEqual(HEADER + "\nhi\n\nho\n", self.taken()[0])
                self.assertTrue(milter.wait_for("Q"))

    def test_discarded_from_a_stage_on(self):
        for stage in STAGES:
            with self.subTest(stage):
                self.milter(**{stage: packet("d")})
                self.assertEqual(250, self.send()[0])
                self.assertEqual(0, self.queued())

    def test_one_recipient_of_two_is_refused(self):
        self.milter(R=lambda data: packet("r") if b"b@" in data else CONTINUE)
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.ehlo("c.example")
            client.mail("s@far.example")
            self.assertEqual(250, client.rcpt("a@mx.example")[0])
            self.assertEqual(550, client.rcpt("b@mx.example")[0])
            self.assertEqual(250, client.data(PLAIN)[0])
        self.assertEqual(b"Fs@far.example\0Ta@mx.example\0\0", self.taken()[1])

    def test_words_of_several_lines(self):
        self.milter(E=packet("y", text("550-5.7.1 one\r\n550 5.7.1 two")))
        self.assertEqual((550, b"5.7.1 one two"), self.send())

    def test_one_refuses_and_the_next_is_not_asked(self):
        first, second = Milter(self, E=packet("r")), Milter(self)
        self.filters(first, second)
        self.assertEqual(550, self.send()[0])
        self.assertNotIn("E", second.letters())


class Away(MilterCase):
    def expect_later_or_unfiltered(self, milter, pattern):
        """451 by default; taken as it is where that is wanted. Never for good, never lost."""
        self.filters(milter, words="command=1 message=1 connect=1")
        reply, words = self.send()
        self.assertEqual(451, reply, words)
        self.assertEqual(0, self.queued())
        self.wait_log(pattern + ".*told to come again")
        self.filters(milter, words="command=1 message=1 connect=1 default=accept")
        self.assertEqual(250, self.send()[0])
        self.assertEqual(HEADER + "\nhi\n\nho\n", self.taken()[0])
        self.wait_log(pattern + ".*taken without it")
        (self.home / "count").unlink()
        self.become_new()

    def become_new(self):
        """A listener whose log has no lines yet: those of one cause are limited."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def test_nobody_is_there(self):
        gone = Milter(self)
        gone.go_away()
        self.expect_later_or_unfiltered(gone, "cannot be reached: ConnectionRefused")

    def test_it_hangs(self):
        for stage in STAGES:
            with self.subTest(stage):
                self.expect_later_or_unfiltered(
                    Milter(self, **{stage: HANG}), "does not answer in time")

    def test_it_crashes(self):
        for stage in STAGES:
            with self.subTest(stage):
                self.expect_later_or_unfiltered(
                    Milter(self, **{stage: CRASH}), "ends the connection")

    def test_nonsense(self):
        for name, answers in {
                "no offer": {"O": packet("c")},
                "half an offer": {"O": packet("O", b"\0\0\0\6")},
                "a version of the future": {"O": packet("O", number(7) + number(0) * 2)},
                "more than was offered": {"O": packet("O", number(6) + number(0x8000) + number(0))},
                "no letter": {"C": number(0)},
                "too long a packet": {"C": number(0x7FFFFFFF) + b"c"},
                "an unknown letter": {"M": packet("z")},
                "a change before the end": {"N": add("X", "y") + CONTINUE},
                "skip before the body": {"N": packet("s")},
                "a packet that continues": {"M": packet("c", b"x")},
                "no NUL": {"E": packet("h", b"X\0y") + CONTINUE},
                "a third text": {"E": packet("h", text("X", "y", "z")) + CONTINUE},
                "a header's name": {"E": add("X Y", "z") + CONTINUE},
                "a header in a name": {"E": add("X:\nY", "z") + CONTINUE},
                "an index cut": {"E": packet("m", b"\0\0") + CONTINUE},
                "an address with a line end": {"E": packet("+", text("<a\n@b>")) + CONTINUE},
                "an address too long": {"E": packet("+", text("<%s@b>" % ("x" * 1000)))},
                "a reply that is none": {"M": packet("y", text("250 fine"))},
                "words before a code": {"M": packet("y", text("x550 no"))},
                "too many changes": {"E": add("X", "y") * 5000 + CONTINUE},
                "too much": {"E": add("X", "y" * 60_000) * 20 + CONTINUE},
                "a flood of progress": {"E": packet("p") * 300_000 + CONTINUE},
                "a body without end": {"E": packet("b", b"x" * 65_000) * 400 + CONTINUE},
        }.items():
            with self.subTest(name):
                self.expect_later_or_unfiltered(Milter(self, **answers), "qmail-smtpd: warning: filter inet:")

    def test_changes_that_were_not_agreed_on(self):
        for letter, data in (("h", text("X", "y")), ("m", number(1) + text("X", "y")),
                             ("+", text("<a@b>")), ("b", b"x"), ("q", text("x"))):
            with self.subTest(letter):
                self.expect_later_or_unfiltered(
                    Milter(self, actions=0, E=packet(letter, data) + CONTINUE), "not_?.?agreed")

    def test_it_goes_away_in_the_middle(self):
        for stage in "HMRTLNBE":
            with self.subTest(stage):
                milter = Milter(self)

                def leave(_, milter=milter):
                    milter.go_away()
                    return CRASH

                milter.answers[stage] = leave
                self.filters(milter)
                self.assertEqual(451, self.send()[0])
                self.assertEqual(0, self.queued())

    def test_a_message_that_is_refused_anyway_is_not_shown(self):
        self.control("databytes", "100")
        milter = self.milter()
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.ehlo("c.example")
            for _ in range(2):
                client.mail("s@far.example")
                client.rcpt("a@mx.example")
                self.assertEqual(552, client.data(PLAIN * 10)[0])
                self.assertTrue(milter.wait_for("Q"), "and it is not kept waiting")
        self.assertEqual("CHMRQCHMRQ", milter.letters())

    def test_it_is_started_anew_in_the_middle(self):
        for stage in "RTLNBE":
            with self.subTest(stage):
                milter = self.milter(**{stage: [CRASH]}, words="command=5")
                self.assertEqual(250, self.send()[0])
                self.assertEqual(2, milter.connections)
                self.assertEqual(HEADER + "\nhi\n\nho\n", self.taken()[0])

    def test_a_filter_that_is_slower_than_a_client_may_be(self):
        self.control("timeoutsmtpd", "1")

        def slowly(_):
            time.sleep(2.5)
            return CONTINUE

        self.milter(E=slowly)
        self.assertEqual(250, self.send()[0])
        self.assertEqual(1, self.queued())

    def test_it_says_that_it_is_at_work(self):
        milter = Milter(self)
        self.filters(milter, words="message=2")
        milter.answers["E"] = lambda _: ([packet("p")] * 4 + [CONTINUE], 0.8)
        self.assertEqual(250, self.send()[0])

    def test_others_are_served_while_one_waits(self):
        milter = self.milter(
            R=lambda data: HANG if b"slow" in data else CONTINUE, words="command=5")
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as slow:
            slow.ehlo("c.example")
            slow.mail("s@far.example")
            slow.putcmd("RCPT", "TO:<slow@mx.example>")
            with milter.lock:
                milter.lock.wait_for(lambda: any(b"slow" in one for one in milter.data("R")))
            self.assertEqual(250, self.send()[0])
            self.assertEqual(451, slow.getreply()[0])

    def test_a_wrong_line_stops_the_start(self):
        for line in ("inet:127.0.0.1", "unix:relative", "smtp:127.0.0.1:25", "inet:10.1:25",
                     "inet:127.0.0.1:25 default=reject", "inet:127.0.0.1:25 command=0",
                     "inet:127.0.0.1:0", "unix:/" + "x" * 200, "inet:127.0.0.1:25 quarantine=x"):
            with self.subTest(line):
                self.control("milters", line)
                ran = self.run_program("tcpserver", "127.0.0.1", "0", "qmail-smtpd")
                self.assertEqual(111, ran.returncode, ran.stderr)
                self.assertIn(b"milters", ran.stderr)

    def test_and_ends_sessions_of_one_that_runs(self):
        self.milter()
        self.control("milters", "nonsense")
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.ehlo("c.example")
            self.assertEqual(421, client.mail("s@far.example")[0])


class Kept(MilterCase):
    def test_a_connection_serves_several_sessions(self):
        milter = self.milter(E=add("X", "y") + CONTINUE)
        for _ in range(5):
            self.assertEqual(250, self.send()[0])
            self.assertIn("X: y\n", self.taken()[0])
            self.assertTrue(milter.wait_for("K"))
        self.assertEqual((1, 5), (milter.connections, milter.letters().count("K")))

    def test_libmilter_hears_nothing_more_after_another_reply_than_continue(self):
        for answer in ("a", "r", "t", "d"):
            with self.subTest(answer):
                milter = self.milter(E=packet(answer))
                for _ in range(3):
                    self.send()
                    self.assertTrue(milter.wait_for("Q"))
                self.assertEqual(3, milter.connections)

    def test_after_any_where_the_filter_can(self):
        milter = self.milter(words="keep", E=packet("a"))
        for _ in range(3):
            self.assertEqual(250, self.send()[0])
            self.assertTrue(milter.wait_for("K"))
        self.assertEqual(1, milter.connections)

    def test_not_where_it_shall_not(self):
        milter = self.milter(words="once")
        for _ in range(3):
            self.assertEqual(250, self.send()[0])
            self.assertTrue(milter.wait_for("Q"))
        self.assertEqual(3, milter.connections)

    def test_one_that_was_closed_meanwhile_is_not_missed(self):
        milter = self.milter()
        for _ in range(3):
            self.assertEqual(250, self.send()[0])
            self.assertTrue(milter.wait_for("K"))
            milter.hang_up()
        self.assertEqual(3, milter.connections)

    def test_one_that_says_more_than_it_was_asked_is_not_used_again(self):
        milter = self.milter(E=CONTINUE + packet("r"))
        for _ in range(3):
            self.assertEqual(250, self.send()[0])
            self.assertTrue(milter.wait_for("K"))
        self.assertEqual(3, milter.connections)


if __name__ == "__main__":
    unittest.main()

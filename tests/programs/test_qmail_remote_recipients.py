"""Eight recipients in a transaction: none decides for another, whatever the server answers where.

Orders go to qmail-rspawn as qmail-send's batches; the last class has qmail-send itself."""

import os
import select
import signal
import subprocess
import unittest

from harness import BIN
from recipients import ENDS, LIMITS, PEOPLE, SILENT, Case, RecipientServer
from test_qmail_queue import WAIT
from test_qmail_rspawn import RspawnCase
from test_qmail_send import Peer, SendCase

OFFERS = {"plain": b"250 server\r\n", "pipelining": b"250-server\r\n250 PIPELINING\r\n",
          "chunking": b"250-server\r\n250-CHUNKING\r\n250 PIPELINING\r\n"}
REFUSALS = {"450": "Z", "451": "Z", "452": "Z", "452 full": "Z", "451 too many": "Z",
            "550": "D", "552": "D", "552 old": "D", "550 too many": "D"}
EVERYONE = range(1, PEOPLE + 1)


class Batches(RspawnCase):
    def setUp(self):
        super().setUp()
        self.control("timeoutidle", "0")  # A case's connections are its own.
        self.servers = {name: RecipientServer(ehlo) for name, ehlo in OFFERS.items()}
        for server in self.servers.values():
            self.addCleanup(server.close)
        self.control("smtproutes", *(
            f"{name}.example:127.0.0.1:{server.port}" for name, server in self.servers.items()))

    def run_cases(self, *cases, people=EVERYONE):
        """Each case with each server, all at once: (offers, case, letters by person)."""
        self.start_spawner()
        number = self.number()
        waiting = [(name, case()) for name in OFFERS for case in cases]
        places, got, letters, done = list(range(200)), b"", {}, []
        running = {}
        for index, (name, case) in enumerate(waiting):
            self.servers[name].cases[index] = case
        todo = list(enumerate(waiting))
        while todo or running:
            while todo and places:
                index, (name, case) = todo.pop(0)
                slot = places.pop()
                running[slot] = (name, case)
                letters[slot] = ""
                self.order(slot, number, *(b"u%d@%s.example" % (u, name.encode()) for u in people),
                           sender=b"c%d@x.example" % index)
            ready, _, _ = select.select([self.spawner.stdout], [], [], 4 * WAIT)
            self.assertTrue(ready, f"no report of {running}")
            got += os.read(self.spawner.stdout.fileno(), 65536)
            while (end := got.find(b"\0", 1)) >= 0:
                slot, letter, got = got[0], chr(got[1]), got[end + 1:]
                letters[slot] += letter
                if len(letters[slot]) == len(people):
                    done.append((*running.pop(slot), letters.pop(slot)))
                    places.append(slot)
        return done

    def check(self, cases, expected):
        """`expected(case)`: the letters of all, or one letter for all. A server that says how many it takes
        gets no more of any message, so those cases have a qmail-rspawn of their own."""
        for is_limit in (False, True):
            some = [make for make in cases
                    if (make().answer in LIMITS and make().place != 1) == is_limit]
            for name, case, letters in self.run_cases(*some):
                with self.subTest(offers=name, case=case):
                    self.assertEqual(expected(case) * (8 if len(expected(case)) == 1 else 1), letters)
                    delivered = {u: 1 for u, letter in zip(EVERYONE, letters) if letter == "K"}
                    self.assertEqual(delivered, dict(+case.taken))
                    self.assertLessEqual(len(case.sessions), PEOPLE + 1)
            self.close()

    @staticmethod
    def one(place, letter, others="K"):
        return "".join(letter if u == place else others for u in EVERYONE)

    def test_what_is_answered_to_one_person(self):
        def make(answer, place):
            return lambda: Case("RCPT", answer, "person", place)
        self.check([make(answer, place) for place in EVERYONE
                    for answer in (*REFUSALS, *ENDS, "close") if answer not in SILENT],
                   lambda case: self.one(case.place, REFUSALS.get(case.answer, "Z")))

    def test_what_is_answered_at_a_place_of_each_transaction(self):
        def expected(case):
            if case.answer in ENDS or case.answer == "close":
                return "Z" if case.place == 1 else "K"
            if case.answer in LIMITS and case.place > 1:
                return "K"
            return self.one(case.place, REFUSALS[case.answer])

        def make(answer, place):
            return lambda: Case("RCPT", answer, "always", place)
        self.check([make(answer, place) for place in EVERYONE
                    for answer in (*REFUSALS, *ENDS, "close") if answer not in SILENT], expected)

    def test_what_is_answered_in_the_first_connection_only(self):
        def expected(case):
            if case.answer in ENDS or case.answer == "close" or (
                    case.answer in LIMITS and case.place > 1):
                return "K"
            return self.one(case.place, REFUSALS[case.answer])

        def make(answer, place):
            return lambda: Case("RCPT", answer, "once", place)
        self.check([make(answer, place) for place in EVERYONE
                    for answer in (*REFUSALS, *ENDS, "close") if answer not in SILENT], expected)

    def test_what_is_answered_to_the_message(self):
        """At DATA, at its end, or to BDAT: to all alike, or only to several recipients."""
        def expected(case):
            is_said = case.answer in REFUSALS or case.answer.startswith("421")
            if case.where == "." and not is_said:
                return "Z"  # The server may have it: not again before the next try.
            return "K" if case.when != "always" else REFUSALS.get(case.answer, "Z")

        def make(where, answer, when):
            return lambda: Case(where, answer, when)
        cases = [make(where, answer, when) for where in ("DATA", ".")
                 for when in ("always", "several", "once")
                 for answer in (*REFUSALS, *ENDS, "close")
                 if answer not in SILENT and (where, answer) != ("DATA", "354")]
        for name, case, letters in self.run_cases(*cases):
            if (name, case.where) == ("chunking", "DATA"):
                continue  # Never asked.
            with self.subTest(offers=name, case=case):
                self.assertEqual(expected(case) * PEOPLE, letters)
                self.assertEqual({u: 1 for u in EVERYONE} if letters[0] == "K" else {},
                                 dict(+case.taken))
                if case.where == "." and "Z" == expected(case) and case.answer not in REFUSALS \
                        and not case.answer.startswith("421"):
                    self.assertEqual({u: 1 for u in EVERYONE}, dict(case.offered))
                self.assertLessEqual(len(case.sessions), PEOPLE + 1)

    def test_silence_costs_nobody_more_than_one_wait(self):
        self.control("timeoutremote", "5")

        def make(where, answer, when, place=0):
            return lambda: Case(where, answer, when, place)
        people = [make("RCPT", "silence", "person", place) for place in (1, 3, 8)]
        places = [make("RCPT", "half", "always", place) for place in (1, 2, 8)]
        steps = [make(where, "silence", when) for where in ("MAIL", "DATA", ".")
                 for when in ("always", "several") if (where, when) != ("MAIL", "several")]
        for name, case, letters in self.run_cases(*people, *places, *steps):
            if (name, case.where) == ("chunking", "DATA"):
                continue
            with self.subTest(offers=name, case=case):
                expected = (
                    self.one(case.place, "Z") if case.when == "person"
                    else "Z" * PEOPLE if case.where in ("MAIL", ".") and case.when == "always"
                    or case.where == "." or case.place == 1
                    or (case.where, case.when) == ("DATA", "always") else "K" * PEOPLE)
                self.assertEqual(expected, letters)
                self.assertEqual({u: 1 for u in EVERYONE if expected[u - 1] == "K"},
                                 dict(+case.taken))
                self.assertLessEqual(len(case.sessions), PEOPLE + 1)

    def test_a_hundred_at_a_server_that_takes_three(self):
        """By transaction, by connection, and by both, as it says in LIMITS."""
        people = range(1, 101)

        class Counting(Case):
            """The fourth of a connection is too many, whatever the transaction."""

            def applies(self, where, session, user=0, position=0, several=False):
                if where != "RCPT":
                    return False
                session.accepted = getattr(session, "accepted", 0) + 1
                return session.accepted > 3
        for make, most in ((lambda: Counting("RCPT", "452", ""), 35),
                           (lambda: Counting("RCPT", "552", ""), 35),
                           (lambda: Counting("RCPT", "421", ""), 101)):
            for name, case, letters in self.run_cases(make, people=people):
                with self.subTest(offers=name, case=case):
                    self.assertEqual("K" * 100, letters)
                    self.assertEqual({u: 1 for u in people}, dict(+case.taken))
                    self.assertLessEqual(len(case.sessions), most)
            self.close()

    def in_turn(self, *cases, people=range(1, 101)):
        """Each case with each server, one after another with the same qmail-rspawn."""
        self.start_spawner()
        number = self.number()
        for name, server in self.servers.items():
            for index, case in enumerate(make() for make in cases):
                server.cases[index] = case
                self.order(index, number, *(b"u%d@%s.example" % (u, name.encode()) for u in people),
                           sender=b"c%d@x.example" % index)
                letters = "".join(chr(text[0]) for _, text in self.reports(len(people)))
                with self.subTest(offers=name, place=index):
                    yield index, case, letters

    def test_a_servers_limit_is_found_once(self):
        class TakesFive(Case):
            refused = 0

            def applies(self, where, session, user=0, position=0, several=False):
                is_refused = where == "RCPT" and position > 5
                self.refused += is_refused
                return is_refused
        everyone = {u: 1 for u in range(1, 101)}
        for answer in ("452", "452 bare", "450 words"):
            for index, case, letters in self.in_turn(
                    *[lambda: TakesFive("RCPT", answer, "")] * 3):
                self.assertEqual("K" * 100, letters)
                self.assertEqual(everyone, dict(+case.taken))
                self.assertEqual(1, len(case.sessions))
                self.assertEqual(0 if index else 95, case.refused, answer)
            self.close()

    def test_full_mailboxes_are_no_limit_of_the_server(self):
        class Full(Case):
            """All of the first transaction but two."""
            asked = 0

            def applies(self, where, session, user=0, position=0, several=False):
                self.asked += where == "RCPT"
                return where == "RCPT" and user > 2 and self.place == 0

        def full():
            return Full("RCPT", "452 full", "")

        def well():
            return Full("RCPT", "452 full", "", 1)
        for index, case, letters in self.in_turn(full, well):
            self.assertEqual("K" * 100 if index else "KK" + "Z" * 98, letters)
            if index:
                self.assertEqual(100, case.asked)
                self.assertEqual({u: 1 for u in range(1, 101)}, dict(case.offered))
                self.assertEqual(1, len(case.sessions))

    def test_who_was_not_tried_is_not_refused(self):
        """A refusal for good of others is none of those who are left for the next time."""
        class Old(Case):
            """Fifteen in all; one too many by 552 without a status (RFC 5321 4.5.3.1.10)."""

            def applies(self, where, session, user=0, position=0, several=False):
                self.seen = getattr(self, "seen", 0) + (where == "RCPT")
                return where == "RCPT" and self.seen > 15
        server = RecipientServer(b"250-server\r\n250-LIMITS RCPTMAX=10\r\n250 PIPELINING\r\n")
        self.addCleanup(server.close)
        self.servers = {"limited": server}
        self.control("smtproutes", f"limited.example:127.0.0.1:{server.port}")
        for _, case, letters in self.in_turn(lambda: Old("RCPT", "552 old", "")):
            # Two more transactions, of five each, are refused, as any first recipient may be.
            self.assertEqual("K" * 15 + "D" * 10 + "Z" * 75, letters)
            self.assertEqual({u: 1 for u in range(1, 16)}, dict(+case.taken))

    def test_a_server_that_has_no_room_for_anybody_is_not_asked_again_and_again(self):
        """After seven recipients in all: the rest wait for the message's next time."""
        class Seven(Case):
            def applies(self, where, session, user=0, position=0, several=False):
                self.seen = getattr(self, "seen", 0) + (where == "RCPT")
                return where == "RCPT" and self.seen > 7
        for _, case, letters in self.in_turn(lambda: Seven("RCPT", "452", "")):
            self.assertEqual("K" * 7 + "Z" * 93, letters)
            self.assertEqual({u: 1 for u in range(1, 8)}, dict(+case.taken))
            self.assertLessEqual(len(case.sessions), 4)
            self.assertLessEqual(case.seen, 4 * 100)


class EveryByte(RspawnCase):
    def test_a_connection_that_is_lost_at_any_byte_of_the_first_session(self):
        servers = []
        for ehlo in (OFFERS["pipelining"], OFFERS["chunking"]):
            whole = len(b"220 server\r\n" + ehlo + b"250 ok\r\n" * 10 + b"354 go\r\n")
            servers += [CutServer(ehlo, cut) for cut in range(whole)]
        for server in servers:
            self.addCleanup(server.close)
        self.control("smtproutes", *(
            f"c{i}.example:127.0.0.1:{server.port}" for i, server in enumerate(servers)))
        self.start_spawner()
        number = self.number()
        for begin in range(0, len(servers), 100):
            some = list(enumerate(servers))[begin:begin + 100]
            for slot, (i, _) in enumerate(some):
                self.order(slot, number, *(b"u%d@c%d.example" % (u, i) for u in EVERYONE),
                           sender=b"c0@x.example")
            letters = [""] * len(some)
            for slot, text in self.reports(PEOPLE * len(some)):
                letters[slot] += chr(text[0])
            for (_, server), said in zip(some, letters):
                with self.subTest(ehlo=server.offers, cut=server.cut):
                    # All alike: one lost connection is tried again, but for its last reply, and
                    # but for what comes before any recipient: there is no other address.
                    begins = server.cut < len(b"220 server\r\n") + len(server.offers)
                    self.assertIn(said, ("Z" * PEOPLE,) if begins else ("K" * PEOPLE, "Z" * PEOPLE))
                    case = server.cases[0]
                    self.assertEqual({} if said[0] == "Z" else {u: 1 for u in EVERYONE},
                                     dict(+case.taken))
                    self.assertLessEqual(max(case.offered.values(), default=0), 1)
                    if said[0] == "Z" and not begins:
                        self.assertEqual(PEOPLE, len(case.offered), "never sent, never tried again")


class CutServer(RecipientServer):
    """Loses its first connection after so many bytes of replies."""

    def __init__(self, ehlo, cut):
        self.cut = cut
        super().__init__(ehlo)
        self.cases[0] = Case("", "", "always")

    def converse(self, session):
        if self.sessions[0] is session:
            session.say = Cutter(session.say, self.cut)
        super().converse(session)


class Scheduled(SendCase):
    """qmail-send with qmail-rspawn itself."""

    def begin(self, case):
        remote = Peer(b"")  # qmail-rspawn greets by itself.
        self.start_send(120, remote, "--batch")
        server = RecipientServer(OFFERS["pipelining"])
        self.addCleanup(server.close)
        server.cases[0] = case
        self.control("smtproutes", f":127.0.0.1:{server.port}")
        spawner = subprocess.Popen(
            [BIN / "qmail-rspawn"], stdin=remote.orders, stdout=remote.reports,
            env=self.environment())
        self.addCleanup(spawner.wait, WAIT)
        self.addCleanup(spawner.kill)
        os.close(remote.orders)
        os.close(remote.reports)
        remote.orders = remote.reports = None
        self.send(*(b"u%d@far.example" % u for u in EVERYONE), sender=b"c0@x.example")

    def words(self, count):
        return [self.wait_log(rb"^delivery \d+: (\w+): .*\n")[1].decode() for _ in range(count)]

    def try_again(self):
        self.wait_log(rb"status: local 0/120 remote 0/20\n")
        self.sender.send_signal(signal.SIGALRM)

    def test_one_person_at_whom_the_server_ends_the_connection(self):
        case = Case("RCPT", "421", "person", 4)
        self.begin(case)
        self.assertEqual(["success"] * 3 + ["deferral"] + ["success"] * 4, self.words(PEOPLE))
        self.try_again()
        self.assertEqual(["deferral"], self.words(1))
        case.answer = "250"
        self.try_again()
        self.assertEqual(["success"], self.words(1))
        self.wait_log(rb"^end msg ")
        self.assertEqual({u: 1 for u in EVERYONE}, dict(case.taken))

    def test_an_end_without_an_answer_is_tried_again_with_the_next_try_only(self):
        case = Case(".", "close", "once")
        self.begin(case)
        self.assertEqual(["deferral"] * PEOPLE, self.words(PEOPLE))
        self.assertEqual({u: 1 for u in EVERYONE}, dict(case.offered))
        self.try_again()
        self.assertEqual(["success"] * PEOPLE, self.words(PEOPLE))
        self.wait_log(rb"^end msg ")
        self.assertEqual({u: 1 for u in EVERYONE}, dict(+case.taken))

    def test_a_server_that_takes_no_message_of_several(self):
        case = Case(".", "451", "several")
        self.begin(case)
        self.assertEqual(["success"] * PEOPLE, self.words(PEOPLE))
        self.wait_log(rb"^end msg ")


class Cutter:
    """Lets so many bytes through, then hangs up."""

    def __init__(self, say, left):
        self.say, self.left = say, left

    def __call__(self, text):
        self.say(text[:self.left])
        self.left -= len(text)
        if self.left < 0:
            raise EOFError


if __name__ == "__main__":
    unittest.main()

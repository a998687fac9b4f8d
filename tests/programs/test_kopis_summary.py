"""kopis summary: what of two days in the journal is told, and to whom."""

import json
import os
import unittest

from harness import NOBODY, ProgramCase

BEFORE, DAY = "2026-11-28", "2026-11-29"


class Summary(ProgramCase):
    def setUp(self):
        super().setUp()
        (self.home / "journal").mkdir(mode=0o755)
        self.lines = {}

    def add(self, day, count, **fields):
        for number in range(count):
            stamp = f"{day}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.0000000Z"
            self.lines.setdefault(day, []).append(json.dumps({"t": stamp, "by": "qmaild", "pid": 1, **fields}))

    def write(self):
        for day, lines in self.lines.items():
            name = f"{day}T000000.000000.jsonl"
            (self.home / "journal" / name).write_text("".join(line + "\n" for line in sorted(lines)))

    def summary(self, *words, code=0, **options):
        result = self.run_program("kopis", "summary", *words, **options)
        self.assertEqual((code, b""), (result.returncode, result.stderr), result)
        return result.stdout.decode().splitlines()

    def plant(self):
        for day, many in ((BEFORE, 1), (DAY, 3)):
            self.add(day, 30 * many, e="refuse", check="rcpthosts")
            self.add(day, 40, e="refuse", check="badmailfrom")  # The same on both.
            self.add(day, 5 * many, e="refuse", check="badhelo")  # Too few to matter.
            self.add(day, 100 // many, e="attempt", channel="local", verdict="success", to="a@b.example")
        self.add(DAY, 12, e="attempt", channel="remote", verdict="deferral", to="x@Slow.example")
        self.add(DAY, 60, e="accept", proto="smtp", login="ada@mx.example")
        self.add(DAY, 25, e="login", result="failed", ip="192.0.2.66", login="my-pass\x1bword")
        self.add(BEFORE, 6, e="bounce")
        self.add(DAY, 1, e="lost", n=7, why="the disk is full")
        self.add("2026-11-27", 500, e="bounce")  # Of no interest.
        self.add("2026-11-30", 500, e="bounce")
        self.write()

    def test_the_same_as_json(self):
        self.plant()
        self.add(DAY, 20, e="attempt", channel="remote", verdict="deferral", to="x@\x1b\u2028.example")
        self.write()
        text = "\n".join(self.summary("--day", DAY, "--json"))
        self.assertTrue(text.isascii())
        found = json.loads(text)
        self.assertIn({"what": "failed logins from", "name": "192.0.2.66", "before": 0, "now": 25}, found)
        self.assertIn({"what": "deferrals of", "name": "\x1b\u2028.example", "before": 0, "now": 20}, found)
        self.assertEqual(10, len(found))
        self.assertGreater(len(json.loads("\n".join(self.summary("--day", DAY, "--json", "--all")))), 10)
        result = self.run_program("kopis", "summary", "--json", "--mail", "a@b.example")
        self.assertEqual(100, result.returncode)

    def test_what_has_changed_and_nothing_else(self):
        self.plant()
        self.assertEqual(
            ["bounces sent: 0, the day before 6",
             "deferrals of slow.example: 12, the day before 0",
             "deliveries local success: 33, the day before 100",
             "failed logins from 192.0.2.66: 25, the day before 0",
             "messages of ada@mx.example: 60, the day before 0",
             "messages taken by smtp: 60, the day before 0",
             "records lost the disk is full: 7, the day before 0",
             "refused by rcpthosts: 90, the day before 30"],
            self.summary("--day", DAY))
        everything = self.summary("--day", DAY, "--all")
        self.assertIn("refused by badmailfrom: 40, the day before 40", everything)
        self.assertIn("refused by badhelo: 15, the day before 5", everything)

    def test_a_day_like_the_one_before_says_nothing(self):
        for day in (BEFORE, DAY):
            self.add(day, 50, e="refuse", check="rcpthosts")
        self.write()
        self.assertEqual([], self.summary("--day", DAY))

    def test_what_clients_choose_is_bounded_and_shown_as_printing_ascii(self):
        for number in range(5000):
            self.add(DAY, 1, e="accept", proto="smtp", login=f"u{number}\x1b[2J@mx.example")
        self.add(DAY, 60, e="accept", proto="smtp", login="zoe\x1b[2J\n@mx.example")
        (self.home / "journal/junk.jsonl").write_bytes(b"\xff\0nonsense\n{}\n[1]\n")
        self.write()
        for lines in (self.summary("--day", DAY), self.summary("--day", DAY, "--all")):
            self.assertLess(len(lines), 30)
            self.assertTrue("".join(lines).isprintable())

    def test_mail(self):
        self.plant()
        mailed = self.home / "mailed"
        mailed.write_text("")
        mailed.chmod(0o666)
        queue = self.home / "queue-stand-in"
        queue.write_text(f"#!/bin/sh\ncat >>{mailed}\n")
        queue.chmod(0o755)
        environment = self.environment(QMAILQUEUE=str(queue))
        if os.geteuid() == 0:
            os.chown(self.home / "journal", NOBODY, NOBODY)
        for day in (DAY, "2026-11-20"):  # The latter has nothing.
            self.assertEqual([], self.summary("--day", day, "--mail", "joe@mx.example", env=environment))
        text = mailed.read_text()
        self.assertEqual(1, text.count("Subject: mx.example: kopis summary"))
        self.assertIn("To: joe@mx.example\n", text)
        self.assertIn("\nrefused by rcpthosts: 90, the day before 30\n", text)
        self.assertNotIn("my-pass", text)

    def test_words(self):
        for words in (["x"], ["--day"], ["--day", "29.11.2026"], ["--mail"], ["--mail", "a b"]):
            result = self.run_program("kopis", "summary", *words)
            self.assertEqual(100, result.returncode, words)
            self.assertTrue(result.stderr.startswith(b"usage: kopis summary"))
        (self.home / "journal").rmdir()
        self.assertEqual(111, self.run_program("kopis", "summary").returncode)


if __name__ == "__main__":
    unittest.main()

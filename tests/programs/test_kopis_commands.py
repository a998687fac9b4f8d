"""What all commands of kopis have in common: --help, words that they do not know, and what cannot be read."""

import os
import re
import subprocess
import unittest

from harness import BIN, ProgramCase

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


class Commands(ProgramCase):
    def commands(self):
        """Those that kopis lists behind the last program of qmail's world."""
        listed = re.findall(r"(?m)^  (\S+) +\S", self.run_program("kopis", "--help").stdout.decode())
        own = listed[listed.index("run"):]
        self.assertGreater(len(own), 25)
        return own

    def test_help_and_unknown_words(self):
        for command in self.commands():
            with self.subTest(command=command):
                for word in ("--help", "-h"):
                    told = self.run_program("kopis", command, word)
                    self.assertEqual((0, b""), (told.returncode, told.stderr), word)
                    self.assertTrue(told.stdout.startswith(f"usage: kopis {command}".encode()), told.stdout)
                wrong = self.run_program("kopis", command, "--no-such")
                self.assertEqual((100, b""), (wrong.returncode, wrong.stdout))
                self.assertRegex(wrong.stderr, rb"usage|--no-such")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_what_may_not_be_read_is_said_in_the_words_of_the_system(self):
        """An ordinary user asks, and directories of the home are closed to him."""
        (self.home / "journal").mkdir()
        for name in ("journal", "control", "users", "queue/state", "queue/mess", "queue/command"):
            (self.home / name).chmod(0o700)
        for words in (("trace", "a@b.example"), ("senders",), ("summary",), ("status",), ("queue", "list"),
                      ("config", "check"), ("config", "get", "me"), ("doctor",), ("user", "list"),
                      ("domain", "list"), ("alias", "list")):
            with self.subTest(words=words):
                told = subprocess.run(
                    [*NOBODY, BIN / "kopis", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                    timeout=60, env=self.environment())
                self.assertIn(told.returncode, (100, 111), told.stderr)
                self.assertRegex(told.stderr, rf"\A{words[0]}: fatal: [^\n]*: (access|permission) denied\n\Z")

    def test_a_home_without_a_journal(self):
        for words in (("trace", "a@b.example"), ("senders",), ("summary",)):
            with self.subTest(words=words):
                told = self.run_program("kopis", *words)
                self.assertEqual(111, told.returncode)
                self.assertEqual(f"{words[0]}: fatal: {self.home}/journal: there is no journal; "
                                 "qmail-journal has not run here\n", told.stderr.decode())


if __name__ == "__main__":
    unittest.main()

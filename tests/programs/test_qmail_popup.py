"""qmail-popup: its replies, descriptor 3, exit codes, with any checkpassword."""

import re
import unittest

from harness import ProgramCase

GREETING = rb"\+OK (<\d+\.\d{9,10}@pop\.example>)\r\n"


class QmailPopup(ProgramCase):
    def popup(self, commands, *subprogram, **options):
        return self.run_program("qmail-popup", "pop.example", *subprogram, stdin=commands, **options)

    def script(self, text):
        path = self.home / "script"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def test_usage(self):
        for words in ((), ("pop.example",)):
            result = self.run_program("qmail-popup", *words)
            self.assertEqual(b"-ERR usage: popup hostname subprogram\r\n", result.stdout)
            self.assertEqual(1, result.returncode)

    def test_descriptor_3_has_three_fields_and_the_rest_is_the_next_programs(self):
        program = self.script(f"cat <&3 > {self.home}/fields; echo $1; cat\n")
        result = self.popup(b"USER joe@x\r\nPASS two words \r\nSTAT\r\nQUIT\r\n", program, "an argument")
        greeting = re.match(GREETING, result.stdout)
        self.assertTrue(greeting, result.stdout)
        self.assertEqual(b"+OK \r\nan argument\nSTAT\r\nQUIT\r\n", result.stdout[greeting.end():])
        self.assertEqual(b"joe@x\0two words \0" + greeting.group(1) + b"\0",
                         (self.home / "fields").read_bytes())
        self.assertEqual(1, result.returncode)

    def test_apop_hands_the_digest_on(self):
        program = self.script(f"cat <&3 > {self.home}/fields\n")
        result = self.popup(b"APOP joe c4c9334bac560ecc979e58001b3e22fb\r\n", program)
        stamp = re.fullmatch(GREETING, result.stdout).group(1)
        self.assertEqual(b"joe\0c4c9334bac560ecc979e58001b3e22fb\0" + stamp + b"\0",
                         (self.home / "fields").read_bytes())

    def test_what_becomes_of_the_subprogram(self):
        for script, answer in (("exit 0", b""),
                               ("exit 1", b"-ERR authorization failed\r\n"),
                               ("exit 111", b"-ERR authorization failed\r\n"),
                               ("kill -9 $$", b"-ERR aack, child crashed\r\n")):
            result = self.popup(b"USER joe\r\nPASS x\r\nUSER joe\r\n", "sh", "-c", script)
            self.assertRegex(result.stdout, rb"\A" + GREETING + rb"\+OK \r\n"
                             + re.escape(answer) + rb"\Z", script)
            self.assertEqual(1, result.returncode)

    def test_a_subprogram_that_is_not_there(self):
        for program in ("no-such-program", "/no/such/program", "/etc/hostname"):
            result = self.popup(b"USER joe\r\nPASS x\r\n", program)
            self.assertTrue(result.stdout.endswith(b"-ERR authorization failed\r\n"), program)
            self.assertEqual(1, result.returncode)

    def test_one_try(self):
        result = self.popup(b"USER joe\r\nPASS x\r\nPASS y\r\n", "false")
        self.assertEqual(1, result.stdout.count(b"-ERR"))

    def test_quit_end_of_input_and_lines_that_end_in_lf(self):
        self.assertRegex(self.popup(b"QUIT\r\n", "true").stdout, GREETING + rb"\+OK \r\n\Z")
        self.assertRegex(self.popup(b"NOOP\nSTAT\nPASS x\n", "true").stdout,
                         GREETING + rb"\+OK \r\n-ERR authorization first\r\n-ERR USER first\r\n\Z")
        self.assertRegex(self.popup(b"USER jo", "true").stdout, GREETING + rb"\Z")

    def test_long_lines_and_junk(self):
        result = self.popup(b"USER " + b"x" * 100_000 + b"\r\n" + bytes(range(256)) + b"\r\nQUIT\r\n",
                            "true")
        self.assertRegex(result.stdout, GREETING + rb"-ERR syntax error\r\n(-ERR [ a-z]+\r\n)+"
                         rb"\+OK \r\n\Z")


if __name__ == "__main__":
    unittest.main()

"""tai64n and tai64nlocal, as of daemontools 0.76."""

import re
import shutil
import subprocess
import time
import unittest

from harness import BIN, ProgramCase

LINES = (b"@4000000037c219bf2ef02e94 mark\nplain\n\n@4000\n@zz\n@4000000037c219bf2ef02e94zz\n"
         b"@\n@4000000037C219BF2EF02E94 up\nx @4000000037c219bf2ef02e94\n"
         b"@400000006b0741451d0d1c64 next\n")


class TimeStamps(ProgramCase):
    def local(self, lines, zone):
        return self.run_program("tai64nlocal", stdin=lines, env=self.environment(TZ=zone)).stdout

    def test_a_line_gets_the_time_at_which_it_began(self):
        process = subprocess.Popen([BIN / "tai64n"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=self.environment())
        self.addCleanup(process.stdout.close)
        before = time.time()
        process.stdin.write(b"one\nbegin")
        process.stdin.flush()
        first = process.stdout.readline()
        process.stdout.read(len("@400000006b0741451d0d1c64 begin"))
        after = time.time()
        self.assertRegex(first, rb"^@[0-9a-f]{24} one\n$")
        seconds = int(first[1:17], 16) - (1 << 62) - 10 + int(first[17:25], 16) / 1e9
        self.assertTrue(before - 1e-3 <= seconds <= after + 1e-3, (before, seconds, after))
        process.stdin.write(b" end\n\nlast")
        process.stdin.close()
        self.assertRegex(process.stdout.read(), rb"^ end\n@[0-9a-f]{24} \n@[0-9a-f]{24} last$")
        self.assertEqual(0, process.wait())

    def test_local_time(self):
        self.assertEqual(b"1999-08-24 04:04:05.787492500 mark\nplain\n",
                         self.local(LINES[:37], "UTC"))
        self.assertEqual(b"1999-08-23 21:04:05.787492500 mark\nplain\n",
                         self.local(LINES[:37], "PST8PDT,M4.1.0,M10.5.0"))
        # What is no time stays as it is, and a time that no calendar has.
        for line in (b"@4000\n", b"@zz\n", b"@\n", b"@4000000037c219bf2ef02e9", b"@",
                     b"@ffffffffffffffffffffffff x\n", b"@4000000037c219bfffffffff x\n"):
            self.assertEqual(line, self.local(line, "UTC"))

    @unittest.skipUnless(shutil.which("tai64nlocal", path="/usr/bin"), "no daemontools")
    def test_daemontools_says_the_same(self):
        for line in LINES.splitlines(keepends=True):
            if re.match(rb"@[0-9a-f]{24} ", line) or not line.startswith(b"@"):
                theirs = subprocess.run(["/usr/bin/tai64nlocal"], input=line, capture_output=True,
                                        env=self.environment(TZ="UTC"))
                self.assertEqual(theirs.stdout, self.local(line, "UTC"), line)

    def test_a_long_stream(self):
        """Lines of all lengths, cut at all places: nothing is lost."""
        text = b"".join(b"x" * (i % 3000) + b"\n" for i in range(3000))
        stamped = self.run_program("tai64n", stdin=text).stdout
        self.assertEqual(text, b"".join(line[26:] for line in stamped.splitlines(keepends=True)))
        local = self.local(stamped, "UTC")
        self.assertEqual(text, b"".join(line[30:] for line in local.splitlines(keepends=True)))

    def test_nobody_reads(self):
        result = subprocess.run(["sh", "-c", f"yes | {BIN}/tai64n >/dev/full 2>err; echo $?"],
                                capture_output=True, timeout=30, cwd=self.home,
                                env=self.environment())
        self.assertEqual((b"111\n", ""), (result.stdout, (self.home / "err").read_text()))


if __name__ == "__main__":
    unittest.main()

"""tests/suites: a file that stands is stopped at its bound, says where it stood, and has failed."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness

SUITES = pathlib.Path(harness.__file__).resolve().parent.parent / "suites"

STANDS = """
import os, pathlib, subprocess, time, unittest

class Stands(unittest.TestCase):
    def test_that_never_ends(self):
        left = subprocess.Popen(["sleep", "7531"], start_new_session=True)
        print("before it stood", os.readlink(f"/proc/{left.pid}/ns/pid"))
        self.stand_here()

    def stand_here(self):
        time.sleep(3600)
"""

PASSES = """
import unittest

class Passes(unittest.TestCase):
    def test_it(self):
        pass
"""


class Suites(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "tests"
        (place / "programs").mkdir(parents=True)
        shutil.copy(SUITES, place)
        (place / "programs" / "test_stands.py").write_text(STANDS)
        (place / "programs" / "test_passes.py").write_text(PASSES)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KOPIS_")}
        cls.done = subprocess.run(
            [place / "suites", "programs/test_*.py"], capture_output=True, text=True, timeout=120,
            env=environment | {"KOPIS_FILE_SECONDS": "8"})
        cls.said = cls.done.stdout

    def test_a_file_that_stands_has_failed(self):
        self.assertEqual(1, self.done.returncode, self.said)
        self.assertRegex(self.said, r"programs/test_stands\.py +0 passed, 1 failed")
        self.assertIn("\nsuites: 1 passed, 1 failed, 0 skipped\n", self.said)

    def test_it_says_where_it_stood(self):
        self.assertIn("before it stood", self.said)
        self.assertIn("in stand_here", self.said)

    @unittest.skipUnless(os.geteuid() == 0, "needs namespaces")
    def test_what_it_started_is_killed(self):
        space = self.said.split("before it stood ")[1].split("\n")[0]
        there = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                there.append(os.readlink(process / "ns" / "pid"))
            except OSError:
                continue
        self.assertNotIn(space, there)


if __name__ == "__main__":
    unittest.main()

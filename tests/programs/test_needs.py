"""The scripts say before they install a package as root, and install none where that is forbidden (.ci/needs)."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = '. .ci/needs; need no-such-program some-package; echo "and went on" >&2'


class Needs(unittest.TestCase):
    def need(self, prefix=(), **environment):
        """Exit code and what is said, with an apt-get that only says what it was told."""
        place = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        place.chmod(0o755)
        tool = place / "apt-get"
        tool.write_text('#!/bin/sh\necho "apt-get $1" >>"$(dirname "$0")/log"\n')
        tool.chmod(0o755)
        result = subprocess.run(
            [*prefix, "/bin/bash", "-c", SCRIPT, "x/build"], cwd=ROOT, capture_output=True, text=True, timeout=60,
            env={"PATH": f"{place}:/usr/bin:/bin", "HOME": "/nonexistent", **environment})
        log = place / "log"
        return result.returncode, result.stderr, log.read_text().split("\n")[:-1] if log.exists() else []

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_is_told_before(self):
        code, said, done = self.need()
        self.assertEqual(0, code, said)
        self.assertRegex(said, r"\Abuild is root and needs Debian packages; it installs them now "
                               r"\(KOPIS_INSTALLS=no: it does not\)\ninstalling some-package\nand went on\n\Z")
        self.assertEqual(["apt-get update", "apt-get install"], done)

    def test_where_it_is_forbidden_nothing_is_installed(self):
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        cases = [((), {"KOPIS_INSTALLS": "no"})]
        if os.geteuid() == 0:
            cases.append((nobody, {}))
        for prefix, environment in cases:
            with self.subTest(prefix=prefix):
                self.assertEqual(
                    (1, "missing: no-such-program. As root: apt-get install some-package\n", []),
                    self.need(prefix, **environment))

    def test_help_comes_before_any_work(self):
        """Each script that installs or builds something says first what it is asked for."""
        scripts = [path for place in (".", "tests", "bench") for path in sorted((ROOT / place).iterdir())
                   if path.is_file() and os.access(path, os.X_OK) and b"\n. ./.ci/needs\n" in path.read_bytes()]
        self.assertIn(ROOT / "build", scripts)
        for script in scripts:
            with self.subTest(script=script.name):
                told = subprocess.run(
                    [script, "--help"], capture_output=True, text=True, timeout=60,
                    env={"PATH": "/usr/bin:/bin", "KOPIS_INSTALLS": "no"})
                self.assertEqual((0, ""), (told.returncode, told.stderr))
                self.assertGreater(len(told.stdout), 60)

    def test_an_unknown_option_is_refused(self):
        for script in ("build", "tests/supply", "tests/earlier_binary", "tests/fuzz", "install", "package", "test"):
            with self.subTest(script=script):
                told = subprocess.run(
                    [ROOT / script, "--no-such"], capture_output=True, text=True, timeout=60,
                    env={"PATH": "/usr/bin:/bin", "KOPIS_INSTALLS": "no"})
                self.assertEqual(100, told.returncode, told.stderr)
                self.assertIn("--no-such", told.stderr)


if __name__ == "__main__":
    unittest.main()

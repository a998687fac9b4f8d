"""Runs one program of the binary by itself: real files, real descriptors, exit codes, bytes."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("KOPIS_BIN", ROOT / "out" / "bin")).resolve()


class ProgramCase(unittest.TestCase):
    """A test with a qmail home of its own, removed afterwards."""

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="kopis-"))
        self.home.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        for name in ("control", "users", "alias", "queue/mess", "queue/state", "queue/bounce",
                     "queue/lock"):
            (self.home / name).mkdir(parents=True)
        self.control("me", "mx.example")

    def control(self, name, *lines):
        """Writes a control file, one line each."""
        (self.home / "control" / name).write_text("".join(line + "\n" for line in lines))

    def environment(self, **more):
        """A small, known environment with this home."""
        return {"PATH": f"{BIN}:/usr/bin:/bin", "KOPIS_HOME": str(self.home), **more}

    def run_program(self, name, *arguments, stdin=b"", timeout=30, env=None, **options):
        """Runs bin/NAME to its end; the result has returncode, stdout, stderr (bytes)."""
        return subprocess.run(
            [BIN / name, *arguments], input=stdin, capture_output=True, timeout=timeout,
            env=env or self.environment(), **options)

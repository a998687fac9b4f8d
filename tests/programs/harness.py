"""Runs one program of the binary by itself: real files, real descriptors, exit codes, bytes."""

import atexit
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

NOBODY = 65534
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

import accounts  # noqa: E402
import virtual_users  # noqa: E402

accounts.hide_qmails()


def reachable(directory):
    """The programs where other users can run them, too: root's tree may be closed to them."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in directory.parents):
        return directory
    place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-out-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    for binary in ("kopis", "kopis-web"):
        if (directory.parent / binary).exists():
            shutil.copy(directory.parent / binary, place)
    shutil.copytree(directory, place / "bin", symlinks=True)
    return place / "bin"


BIN = (pathlib.Path(os.environ["KOPIS_BIN"]).resolve() if "KOPIS_BIN" in os.environ
       else reachable(ROOT / "out" / "bin"))


class ProgramCase(unittest.TestCase):
    """A test with a qmail home of its own, removed afterwards."""

    mail_owner = None  # Whose all virtual mailboxes are, where we are root; None: ours.

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="kopis-"))
        self.home.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        for name in ("control", "users", "alias", "queue/mess", "queue/state", "queue/bounce",
                     "queue/command", "queue/lock"):
            (self.home / name).mkdir(parents=True)
        if os.geteuid() == 0 and self.mail_owner is not None:
            (self.home / "users/mail").mkdir(mode=0o700)
            os.chown(self.home / "users/mail", self.mail_owner, self.mail_owner)
        self.control("me", "mx.example")

    def control(self, name, *lines):
        """Writes a control file, one line each."""
        (self.home / "control" / name).write_text("".join(line + "\n" for line in lines))

    def add_user(self, address, password):
        """A virtual user whose password costs little to check."""
        virtual_users.write(self.home, address, password)
        result = self.run_program("kopis", "user", "compile")
        self.assertEqual(0, result.returncode, result)

    def environment(self, **more):
        """A small, known environment with this home."""
        return {"PATH": f"{BIN}:/usr/bin:/bin", "KOPIS_HOME": str(self.home), **more}

    def run_program(self, name, *arguments, stdin=b"", timeout=30, env=None, **options):
        """Runs bin/NAME to its end; the result has returncode, stdout, stderr (bytes)."""
        return subprocess.run(
            [BIN / name, *arguments], input=stdin, capture_output=True, timeout=timeout,
            env=env or self.environment(), **options)

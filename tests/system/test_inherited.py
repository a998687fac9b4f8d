"""What users' processes are given of root's: nothing, whatever qmail-start was given."""

import pathlib
import unittest

from installed import InstalledCase

SECRET = "word-of-roots-environment"
LOOK = ("|(env; cat /proc/$PPID/environ; ls -l /proc/self/fd /proc/$PPID/fd; cat <&8;"
        " echo forged >&2) > seen 2>/dev/null; mv seen all")


class Inherited(InstalledCase):
    @classmethod
    def prepare(cls):
        cls.joe = cls.host.add_user("joe")
        cls.host.dot("joe", "look", LOOK)
        secret = cls.host.base / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        with open(cls.host.base / "lines", "ab") as log:
            cls.host.spawn("sh", "-c", f"exec 8<{secret}; ROOT_WORD={SECRET} exec \"$@\"", "sh",
                           cls.host.home / "bin/qmail-start", "./Maildir/", stdout=log, stderr=log)
        cls.host.wait_served()

    def test_a_users_program_sees_neither_roots_log_nor_descriptors_nor_variables(self):
        """Before, descriptors 1 and 2 of a user's qmail-local were root's log, and root's whole
        environment and what it had inherited went to it as well."""
        self.host.shell(f"printf '\\n' | {self.host.home}/bin/sendmail joe-look")
        seen = self.joe / "all"
        self.host.wait_until(seen.exists, lambda: f"it never ran; log: {self.host.log()}")
        text = seen.read_text("latin-1")
        self.assertIn("PATH=", text)
        self.assertNotIn(SECRET, text)
        self.assertNotIn("ROOT_WORD", text)
        opened = {line.rpartition(" -> ")[2] for line in text.splitlines() if " -> " in line}
        self.assertFalse({name for name in opened if name.startswith(str(self.host.base / "lines"))
                          or "secret" in name}, opened)

    def test_no_child_of_qmail_start_has_what_that_inherited(self):
        pids = self.host.pids()
        self.assertEqual(1, len(pids.pop("qmail-start")))  # Its own, and root's.
        for name, pids in pids.items():
            for pid in pids:
                links = {str(path.readlink()) for path in pathlib.Path(f"/proc/{pid}/fd").iterdir()}
                self.assertNotIn(str(self.host.base / "secret"), links, name)


if __name__ == "__main__":
    unittest.main()

"""README.md: its two minutes, as they stand there, on a host of kopis run."""

import subprocess
import sys
import unittest

from host import ROOT, HostCase

sys.path.append(str(ROOT / "tests"))

import pages  # noqa: E402


class TwoMinutes(HostCase):
    def test_its_commands(self):
        [block] = [text for page, text in pages.run_blocks() if page == "README.md"]
        place = self.host.base / "place"
        place.mkdir(mode=0o777)
        place.chmod(0o777)
        (place / "var").symlink_to(self.host.home)
        for port, ours in ((":2525", self.host.smtp_port), (":2110", self.host.pop3_port)):
            self.assertIn(port, block)
            block = block.replace(port, f":{ours}")
        block = block.replace("/tmp/mail", str(place / "mail"))
        command = self.host.command("x")[:-2]
        environment = self.host.environment()
        del environment["KOPIS_HOME"]
        result = subprocess.run(
            [*command, "/bin/sh", "-ec", block], capture_output=True, text=True, timeout=120,
            cwd=place, env=environment)
        self.assertEqual(0, result.returncode, result)
        self.assertIn("added ada@example.test", result.stdout)
        self.assertIn("Subject: by ", result.stdout)  # The message that POP3 gave.
        self.assertIn("Hi. This is the", result.stdout)  # The bounce.
        self.host.wait_mail("ada@example.test", 4)


if __name__ == "__main__":
    unittest.main()

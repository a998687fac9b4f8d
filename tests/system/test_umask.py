"""What `kopis run`, ./install and the commands for users and domains make has the same modes under any
umask."""

import re
import stat
import subprocess
import unittest

from host import Host, ROOT
from installed import Installed, can_install

TRIGGER = "queue/lock/trigger"
UMASKS = ("022", "0", "077", "0777")


def modes(directory, without=lambda name: False):
    """Relative name to type, mode, owner and group, of all that lies there; -N for numbers of the
    queue's files, and times of the journal's."""
    return {re.sub(r"-\d{16}$", "-N", re.sub(r"^journal/\d.*", "journal/time-N", name)):
            (stat.filemode(status.st_mode), status.st_uid, status.st_gid)
            for path in [directory, *directory.rglob("*")]
            for name, status in [(str(path.relative_to(directory)), path.lstat())]
            if not without(name)}


def difference(first, found):
    """Names whose modes differ, with both. Which files of the queue there are yet is a matter of time."""
    return {name: (first.get(name), found.get(name)) for name in first.keys() | found.keys()
            if first.get(name) != found.get(name)
            and not (name.endswith("-N") and (name in first) != (name in found))}


class UnderUmask(Host):
    """`kopis run` as a shell with that umask starts it."""

    def __init__(self, mask):
        super().__init__()
        self.user = "joe"  # The same names each time.
        self.address, self.mask = f"{self.user}@{self.me}", mask

    def command(self, *arguments):
        return ["sh", "-c", f'umask {self.mask}; exec "$@"', "sh", *super().command(*arguments)]


class Run(unittest.TestCase):
    def test_a_home(self):
        """Before, control files and rules were everybody's to change under umask 0."""
        first = None
        for mask in UMASKS:
            with self.subTest(mask):
                found = self.tree(mask)
                first = first or found
                self.assertEqual({}, difference(first, found))
                self.assertEqual({}, {name: mode for name, mode in found.items()
                                      if mode[0][8] == "w" and mode[0][0] not in "ls"})

    def tree(self, mask):
        host = UnderUmask(mask)
        try:
            (host.home / "control/me").unlink()
            (host.home / "control").rmdir()
            host.home.rmdir()  # All is made by the run.
            host.start()
            host.add_mailbox_by_command()
            for words in (("domain", "add", "new.example"),
                          ("alias", "add", "a@new.example", "b@elsewhere.example")):
                made = host.run(*words)
                self.assertEqual(0, made.returncode, made)
            host.me = (host.home / "control/me").read_text().strip()
            first = next((host.home / "users/mail" / host.me).iterdir()).name
            queued = host.run("qmail-inject", f"{first}@{host.me}", input=b"Subject: x\n\n")
            self.assertEqual(0, queued.returncode, queued)
            host.wait_mail(f"{first}@{host.me}", 1)
            self.assertEqual(0, host.stop())
            # Messages have names of their own each time. The FIFO is made by the queue writer or by
            # qmail-send, which give its group different rights, whoever is first.
            return modes(host.home, lambda name: "/Maildir/new/" in name or name == TRIGGER)
        finally:
            host.close()


@unittest.skipUnless(can_install(), "installing needs root and namespaces")
class Install(unittest.TestCase):
    def test_a_home_and_all_else_that_is_made(self):
        first = None
        for mask in UMASKS:
            with self.subTest(mask):
                found = self.tree(mask)
                first = first or found
                self.assertEqual({}, difference(first, found))

    def tree(self, mask):
        host = Installed()
        try:
            before = modes(host.base / "etc")
            result = subprocess.run(
                host.argv("sh", "-c", f'umask {mask}; cd {ROOT} && exec ./install --systemd'
                                      ' --home "$0"', host.home),
                capture_output=True, timeout=600, env=host.environment())
            self.assertEqual(0, result.returncode, result)
            etc = {name: mode for name, mode in modes(host.base / "etc").items()
                   if before.get(name) != mode}
            self.assertIn("systemd/system/kopis.service", etc)
            checked = host.run(host.home / "bin/kopis", "check-install")
            self.assertEqual(b"", checked.stdout)
            host.stop(host.start())
            return {**modes(host.home), **{f"/etc/{name}": mode for name, mode in etc.items()}}
        finally:
            host.close()


if __name__ == "__main__":
    unittest.main()

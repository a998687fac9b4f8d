"""A host whose mailbox's user has .qmail files."""

import os

from host import NOBODY, HostCase


class DotQmailCase(HostCase):
    def dot(self, extension, *lines):
        """A .qmail file of the mailbox's user; the extension's address."""
        path = self.host.maildir(self.host.address).parent / f".qmail-{extension}"
        self.own(path, "".join(line + "\n" for line in lines))
        return f"{self.host.user}-{extension}@{self.host.me}"

    def own(self, path, text, mode=0o600):
        path.write_text(text)
        path.chmod(mode)
        if self.is_root:
            os.chown(path, NOBODY, NOBODY)

    def delivered_into(self, maildir, text):
        """Until a message with the text is in it."""
        self.host.wait_until(
            lambda: any(text in path.read_bytes() for path in (maildir / "new").glob("*")),
            why=lambda: f"nothing in {maildir}; log ends: {self.host.log()[-2000:]}")

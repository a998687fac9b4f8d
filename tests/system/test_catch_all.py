"""A domain's catch-all beside users of the host: who comes first."""

import unittest

from installed import ME, InstalledCase, can_install


@unittest.skipUnless(can_install(), "needs root and namespaces")
class CatchAll(InstalledCase):
    @classmethod
    def prepare(cls):
        cls.joe = cls.host.add_user("joe")
        cls.host.run(cls.host.home / "bin/kopis", "user", "add", f"vic@{ME}", "--password-file", "-",
                     stdin=b"correct horse\n")
        cls.host.run(cls.host.home / "bin/kopis", "domain", "catchall", ME, f"vic@{ME}")
        cls.vic = cls.host.home / f"users/mail/{ME}/vic/Maildir/new"
        cls.host.start()

    def send(self, name, subject):
        self.host.run(self.host.home / "bin/sendmail", f"{name}@{ME}",
                      stdin=f"Subject: {subject}\n\n".encode())

    def has(self, place, subject):
        return any(f"Subject: {subject}\n" in path.read_text() for path in place.glob("*"))

    def wait(self, place, subject):
        self.host.wait_until(lambda: self.has(place, subject), self.host.log)

    def test_users_of_the_host_come_first_unless_told(self):
        """The binary of before gave the catch-all joe's mail."""
        self.send("nobody-there", "unknown")
        self.wait(self.vic, "unknown")
        for name in ("joe", "JOE"):
            self.send(name, f"for {name}")
            self.wait(self.joe / "Maildir/new", f"for {name}")
        (self.host.home / "control/catchallfirst").write_text(f"{ME.upper()}\n")
        self.send("joe", "caught")
        self.wait(self.vic, "caught")
        (self.host.home / "control/catchallfirst").unlink()
        self.send("joe", "his again")
        self.wait(self.joe / "Maildir/new", "his again")


if __name__ == "__main__":
    unittest.main()

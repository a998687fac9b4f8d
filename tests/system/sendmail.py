"""Debian's sendmail beside the host's own server: its packages are unpacked, not installed.

python3 tests/system/sendmail.py gets them; the tests' own network has no way out."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from host import ROOT

NAMES = "sendmail-bin", "sendmail-cf"
PACKAGES = ROOT / "out/sendmail"
PROGRAMS = PACKAGES / "usr/libexec/sendmail"
SOURCE = """\
divert(0)dnl
OSTYPE(`linux')dnl
define(`ALIAS_FILE', `{etc}/aliases')dnl
define(`confDOMAIN_NAME', `{me}')dnl
define(`QUEUE_DIR', `{etc}')dnl
define(`STATUS_FILE', `{etc}/statistics')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')dnl
FEATURE(`use_cw_file')dnl
define(`confCW_FILE', `{etc}/local-host-names')dnl
FEATURE(`virtusertable', `hash {etc}/virtusertable')dnl
FEATURE(`mailertable', `hash {etc}/mailertable')dnl
FEATURE(`access_db', `hash -T<TMPF> {etc}/access')dnl
FEATURE(`nocanonify')dnl
{more}
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
FILES = "local-host-names", "aliases", "virtusertable", "mailertable", "access"
RESULT = re.compile(r"^(.*?)\.\.\. (?:deliverable: mailer (\S+), (?:host (\S+), )?user (.*)|(.*))$")


def available():
    """Whether it can be run here."""
    return os.geteuid() == 0 and bool(shutil.which("m4")) and (PROGRAMS / "sendmail").exists()


def fetch():
    """Gets the packages, once."""
    if not (PROGRAMS / "sendmail").exists():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *NAMES], cwd=PACKAGES, check=True)
        for package in PACKAGES.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, PACKAGES], check=True)


def plain(address):
    """Without quotes that its local part does not need: they are no part of it (RFC 5321 4.1.2)."""
    return re.sub(r'^"([\w!#$%&\'*+/=?^`{|}~-]+(?:\.[\w!#$%&\'*+/=?^`{|}~-]+)*)"@', r"\1@", address)


class Sendmail:
    """A directory of sendmail, and the real one's word on where addresses go. It runs in a host name of its
    own: without a full name it waits a minute for one."""

    def __init__(self, site):
        self.me = site["me"]
        # It trusts no file below a directory that others may write.
        self.config = pathlib.Path(tempfile.mkdtemp(prefix="kopis-sendmail-", dir="/run"))
        self.config.chmod(0o755)
        for name in FILES:
            (self.config / name).write_text(site.get(name, "").replace("{etc}", str(self.config)))
        for name in set(site) - {*FILES, "me", "define", "names", "domains", "more", "told"}:
            (self.config / name).write_text(site[name].replace("{etc}", str(self.config)))
        source = self.config / "sendmail.mc"
        source.write_text(SOURCE.format(etc=self.config, me=self.me, more=site.get("define", "")))
        base = PACKAGES / "usr/share/sendmail/cf"
        text = subprocess.run(
            ["m4", f"-D_CF_DIR_={base}/", base / "m4/cf.m4", source], cwd=base / "cf", check=True,
            capture_output=True).stdout
        (self.config / "sendmail.cf").write_bytes(text)
        for name in ("virtusertable", "mailertable", "access"):
            with open(self.config / name, "rb") as table:
                subprocess.run([PROGRAMS / "makemap", "-C", self.config / "sendmail.cf", "hash",
                                self.config / name], stdin=table, check=True, capture_output=True)
        self.run("-bi")

    def run(self, *words):
        return subprocess.run(
            ["unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"', self.me, PROGRAMS / "sendmail",
             f"-C{self.config}/sendmail.cf", *words], capture_output=True, timeout=60, check=False,
            stdin=subprocess.DEVNULL).stdout.decode()

    def close(self):
        shutil.rmtree(self.config, ignore_errors=True)

    def ask(self, addresses):
        """The last places of each address."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return dict(zip(addresses, pool.map(self.places, addresses)))

    def places(self, address):
        found = set()
        for line in self.run("-bv", address).splitlines():
            if not (match := RESULT.match(line)):
                continue
            name, mailer, host, user, error = match.groups()
            if error:
                found.add(("nobody", ""))
            elif mailer == "prog":
                found.add(("command", user.strip('"').removeprefix("|")))
            elif mailer == "*file*":
                found.add(("file", user.strip('"')))
            elif mailer == "local":
                found.add(("mailbox", user.lower()))
            else:
                domain = user.rpartition("@")[2]
                route = host.rstrip(".").lower()
                found.add(("remote", plain(user.lower()), "mx" if route == domain.lower() else route.strip("[]")))
        return found - {("file", "/dev/null")}


if __name__ == "__main__":
    fetch()

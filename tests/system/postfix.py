"""A private Postfix of Debian's package: own configuration, queue, log; one loopback port."""

import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
import time

from host import free_port, wait_port

MAIN = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = {base}/log
maillog_file_prefixes = {base}
alias_maps =
alias_database =
virtual_mailbox_domains = postfix.example
virtual_mailbox_base = {base}/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
    check_recipient_access inline:{{ {{ refused@postfix.example = REJECT no such box }} }}
    permit
relayhost = [127.0.0.1]:{relay}
disable_dns_lookups = yes
smtp_tls_security_level = none
smtpd_tls_security_level = none
biff = no
"""


class Postfix:
    """Delivers @postfix.example to a Maildir and relays all else to the given port. Needs root.
    Settings are lines of main.cf that come last."""

    def __init__(self, relay_port, *settings):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-postfix-"))
        self.base.chmod(0o755)
        self.port = free_port()
        self.config = self.base / "etc"
        for name in ("etc", "queue", "data", "mail"):
            (self.base / name).mkdir()
        user = pwd.getpwnam("postfix")
        nobody = pwd.getpwnam("nobody")
        os.chown(self.base / "data", user.pw_uid, -1)
        os.chown(self.base / "mail", nobody.pw_uid, nobody.pw_gid)
        for name in ("dynamicmaps.cf", "postfix-files"):
            shutil.copy(f"/etc/postfix/{name}", self.config)
        for name in ("postfix-files.d", "dynamicmaps.cf.d"):
            if os.path.isdir(f"/etc/postfix/{name}"):
                shutil.copytree(f"/etc/postfix/{name}", self.config / name)
        (self.config / "main.cf").write_text(MAIN.format(
            base=self.base, uid=nobody.pw_uid, gid=nobody.pw_gid, relay=relay_port)
            + "".join(line + "\n" for line in settings))
        (self.config / "master.cf").write_text(self.master())

    def master(self):
        """The distribution's services, none in a chroot, the listener on our port."""
        lines = []
        for line in pathlib.Path("/usr/share/postfix/master.cf.dist").read_text().splitlines():
            words = line.split()
            if line.startswith(("#", " ")) or len(words) < 8:
                continue
            if words[:2] == ["smtp", "inet"]:
                words[0] = f"127.0.0.1:{self.port}"
            elif words[1] not in ("unix", "unix-dgram", "pass") or words[7] == "pipe":
                continue
            words[4] = "n"
            lines.append("  ".join(words))
        return "\n".join(lines) + "\n"

    def start(self):
        subprocess.run(["postfix", "-c", self.config, "start"], check=True,
                       capture_output=True, timeout=60)
        wait_port(self.port)

    def stop(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], capture_output=True, timeout=60)
        shutil.rmtree(self.base, ignore_errors=True)

    def log(self):
        path = self.base / "log"
        return path.read_text("latin-1") if path.exists() else ""

    def mail(self):
        """The files in the Maildir of @postfix.example."""
        new = self.base / "mail" / "box" / "new"
        return sorted(new.iterdir()) if new.is_dir() else []

    def wait_log(self, pattern, timeout=60):
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self.log(), re.M)):
            if time.monotonic() > deadline:
                raise AssertionError(f"Postfix never logged {pattern}:\n{self.log()[-3000:]}")
            time.sleep(0.05)
        return found

"""More servers under measurement: Debian's Exim and OpenSMTPD. Their packages exclude Postfix's, so they
are unpacked beside it, and run in a mount namespace of their own where their files are in place."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

from servers import NOBODY, ROOT, TRASH, USERS, CpuGroup, fan_address, fan_domain, free_port, wait_port

PACKAGES = ROOT / "artifacts/peers"
NAMES = "exim4-daemon-light exim4-base opensmtpd"
ACCOUNTS = {"Debian-exim": 470, "opensmtpd": 471, "opensmtpq": 472}
LOGIN = "/nonexistent:/usr/sbin/nologin"

# $0 is the directory of the server; its words are what comes behind.
PLACED = """\
set -e
for place in etc usr var/lib; do
    mount -t overlay overlay -o "lowerdir=$0/$place:/$place" "/$place"
done
mount --bind "$0/spool" /var/spool
mount --bind "$0/run" /run
exec "$@"
"""


def unpack():
    """What apt serves, once, while there is a network."""
    done = PACKAGES / "usr/sbin/smtpd"
    if not done.exists():
        shutil.rmtree(PACKAGES, ignore_errors=True)
        PACKAGES.mkdir(parents=True)
        subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *NAMES.split()],
                       cwd=PACKAGES, check=True, stdout=subprocess.DEVNULL)
        for package in PACKAGES.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, PACKAGES], check=True)


class Other:
    """One of them: its files, its accounts, its processes."""

    group_id = pwd.getpwnam("nobody").pw_gid
    programs = ()
    slowness = 8  # How many times less mail than for Postfix is enough for a rate.

    def __init__(self, sink_port=None, prefix=()):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-peer-"))
        self.base.chmod(0o755)
        self.port, self.sink_port, self.prefix = free_port(), sink_port, list(prefix)
        self.group = CpuGroup(self.name.lower())
        for name in ("etc", "usr", "var/lib", "spool", "run", "mail", "log"):
            self.make(name)
        for name in ("passwd", "group"):
            text = pathlib.Path("/etc", name).read_text()
            for user, number in ACCOUNTS.items():
                text += f"{user}:x:{number}:" + (f"{number}::{LOGIN}\n" if name == "passwd" else "\n")
            (self.base / "etc" / name).write_text(text)
        for program in self.programs:
            place = self.base / "usr" / program
            place.parent.mkdir(parents=True, exist_ok=True)
            source = PACKAGES / "usr" / program
            if source.is_dir():
                shutil.copytree(source, place)
            else:
                shutil.copy(source, place)
        for i in range(USERS):
            os.chown(self.make(f"mail/u{i}"), NOBODY, self.group_id)
        os.chown(self.base / "mail", NOBODY, self.group_id)
        self.configure()
        self.process = subprocess.Popen(
            self.placed(*self.prefix, *self.command()),
            stdout=open(self.base / "log/out", "wb"), stderr=subprocess.STDOUT)
        wait_port(self.port)

    def placed(self, *words):
        return self.group.wrap(
            ["unshare", "--mount", "sh", "-c", PLACED, str(self.base), *map(str, words)])

    def make(self, name, owner=None):
        path = self.base / name
        path.mkdir(parents=True, exist_ok=True)
        if owner is not None:
            os.chown(path, ACCOUNTS[owner], 0)
        return path

    def write(self, name, lines):
        (self.base / name).write_text("".join(line + "\n" for line in lines))
        return self.base / name

    def users(self, count=USERS):
        """They have them."""

    def forward(self):
        """They have it, as hub@mta.test."""

    def box(self, i):
        return self.base / "mail" / f"u{i}"

    def settled(self):
        self.group.settle()

    def close(self):
        for pid in self.group.pids():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        self.process.wait(60)
        TRASH.add(self.base)
        self.group.close()


class Exim(Other):
    """Exim with its defaults, but for domains, ports, how many connect, and names that are not asked."""

    name = "Exim"
    programs = ("sbin/exim4",)

    def configure(self):
        self.make("spool/exim4", "Debian-exim")
        os.chown(self.base / "log", ACCOUNTS["Debian-exim"], ACCOUNTS["Debian-exim"])
        boxes = self.write("boxes", (f"u{i}" for i in range(USERS)))
        routes = self.write("routes", (
            f"{fan_domain(i)}: {fan_address(i)}" for i in range(250) if self.sink_port))
        (self.make("etc/exim4") / "exim4.conf").write_text(f"""\
primary_hostname = mta.test
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = /var/spool/exim4
log_file_path = {self.base}/log/%s
pid_file_path = {self.base}/run/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
smtp_accept_max = 1100
smtp_connect_backlog = 1100
smtp_accept_queue = 0
rfc1413_query_timeout = 0s
host_lookup =
tls_advertise_hosts =
acl_smtp_rcpt = take
begin acl
take:
  accept domains = hold.test
         control = queue
  accept hosts = 127.0.0.1
begin routers
hub:
  driver = redirect
  domains = mta.test
  local_parts = hub
  data = u0@local.test, u1@local.test, u2@local.test
boxes:
  driver = accept
  domains = local.test
  local_parts = lsearch,ret=key;{boxes}
  transport = maildir
away:
  driver = manualroute
  domains = lsearch,ret=key;{routes}
  route_data = ${{lookup{{$domain_data}}lsearch{{{routes}}}}}
  self = send
  transport = smtp
begin transports
maildir:
  driver = appendfile
  directory = {self.base}/mail/$local_part_data
  maildir_format
  user = nobody
  group = nogroup
  delivery_date_add
  envelope_to_add
  return_path_add
smtp:
  driver = smtp
  port = {self.sink_port or 25}
  hosts_avoid_tls = *
begin retry
* * F,2h,15m; G,16h,1h,1.5; F,4d,6h
""")
        (self.base / "usr/sbin/exim4").chmod(0o4755)

    def command(self):
        return ["/usr/sbin/exim4", "-bdf", "-q30m"]

    def held(self):
        return sum(1 for path in (self.base / "spool/exim4/input").rglob("*-H"))


class OpenSmtpd(Other):
    """OpenSMTPD with its defaults, but for domains and ports."""

    name = "OpenSMTPD"
    # It listens with a backlog of 5. Linux forgets a connection beyond it without a word, and the
    # client waits for ever.
    sessions_most = 5
    programs = ("sbin/smtpd", "sbin/smtpctl", "libexec/opensmtpd")

    def configure(self):
        for name, owner, mode in (
                ("spool/smtpd", None, 0o711), ("spool/smtpd/queue", "opensmtpq", 0o700),
                ("spool/smtpd/corrupt", "opensmtpq", 0o700), ("spool/smtpd/incoming", "opensmtpq", 0o700),
                ("spool/smtpd/purge", "opensmtpq", 0o700), ("spool/smtpd/temporary", "opensmtpq", 0o700),
                ("spool/smtpd/offline", None, 0o770), ("var/lib/opensmtpd/empty", None, 0o755)):
            self.make(name, owner).chmod(mode)
        group = ACCOUNTS["opensmtpq"]
        os.chown(self.base / "spool/smtpd/offline", 0, group)
        os.chown(self.base / "usr/sbin/smtpctl", 0, group)
        (self.base / "usr/sbin/smtpctl").chmod(0o2555)
        boxes = self.write("boxes", (
            f"u{i} {NOBODY}:{self.group_id}:{self.base}/mail/u{i}" for i in range(USERS)))
        aliases = self.write("aliases", [
            "hub@mta.test u0@local.test, u1@local.test, u2@local.test"])
        self.write("etc/smtpd.conf", [f"""\
table boxes file:{boxes}
table aliases file:{aliases}
listen on 127.0.0.1 port {self.port} hostname mta.test
action "box" maildir "%{{user.directory}}" userbase <boxes>
action "hub" maildir userbase <boxes> virtual <aliases>
action "hold" relay host smtp://127.0.0.1:9
action "away" relay host smtp://{fan_address(0)}:{self.sink_port or 9}
match from any for domain "local.test" action "box"
match from any for domain "mta.test" action "hub"
match from any for domain "hold.test" action "hold"
match from any for any action "away"
"""])

    def command(self):
        pause = "sleep 1; smtpctl pause mta" if not self.sink_port else "true"
        return ["sh", "-c", f"({pause}) & exec /usr/sbin/smtpd -d"]

    def held(self):
        return sum(1 for path in (self.base / "spool/smtpd/queue").rglob("message"))


if __name__ == "__main__":
    unpack()

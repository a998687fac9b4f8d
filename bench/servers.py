"""The servers under measurement: Kopis, Debian's Postfix, smtp-sink and Dovecot, each private."""

import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))

from host import Host, NOBODY, free_port, wait_port  # noqa: E402
from postfix import Postfix  # noqa: E402
from sink import Sink  # noqa: E402

USERS = 50
PASSWORD = "bench-password"
FAN = 40 * 250  # Domains with an address of their own: d1-B-C.fan.test is 127.1.B.C.


def fan_domain(i):
    return f"d1-{i // 250}-{i % 250 + 1}.fan.test"


def fan_address(i):
    return f"127.1.{i // 250}.{i % 250 + 1}"


class Trash:
    """What is to be removed, after the last measurement: an ext4 without a journal gives no inode
    out again for minutes after it was freed, and looks for another one at length, so that a server
    would pay for the files that the one before it left."""

    def __init__(self):
        self.paths = []

    def add(self, path):
        self.paths.append(path)

    def empty(self):
        for path in self.paths:
            shutil.rmtree(path, ignore_errors=True)


TRASH = Trash()


class CpuGroup:
    """A control group, so that the CPU of processes that live for a millisecond is counted too."""

    def __init__(self, name):
        top = pathlib.Path("/sys/fs/cgroup")
        self.v1 = (top / "cpuacct").is_dir()
        self.path = (top / "cpuacct" if self.v1 else top) / f"kopis-bench-{name}-{os.getpid()}"
        self.path.mkdir()

    def wrap(self, command):
        """argv that joins the group and then runs the command."""
        return ["sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$@"', "sh", *command]

    def pids(self):
        return [int(x) for x in (self.path / "cgroup.procs").read_text().split()]

    def seconds(self):
        """CPU seconds of all that ever ran here."""
        if self.v1:
            return int((self.path / "cpuacct.usage").read_text()) / 1e9
        stat = dict(x.split() for x in (self.path / "cpu.stat").read_text().splitlines())
        return int(stat["usage_usec"]) / 1e6

    def by_program(self):
        """PSS in KiB and CPU seconds of each living process, summed by program."""
        found = {}
        for pid in self.pids():
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            name = os.path.basename(words[0].decode())
            if name == "kopis" and len(words) > 2:
                name = words[1].decode()
            one = found.setdefault(name, [0, 0, 0.0])
            one[0] += 1
            one[1] += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
            one[2] += (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        return found

    def pss(self):
        return sum(one[1] for one in self.by_program().values())

    def settle(self, busy=0.04, window=0.2, limit=60):
        """Until the group uses less than `busy` of one CPU twice in a row."""
        good, end = 0, time.monotonic() + limit
        last = self.seconds()
        while good < 2 and time.monotonic() < end:
            time.sleep(window)
            now = self.seconds()
            good = good + 1 if (now - last) / window < busy else 0
            last = now

    def close(self):
        for _ in range(100):
            try:
                self.path.rmdir()
                return
            except OSError:
                time.sleep(0.05)


class Kopis(Host):
    """`kopis run`, default settings but for who may relay and what a scenario is about."""

    name = "Kopis"
    group_id = NOBODY
    published = None

    def __init__(self, sink_port=None, prefix=(), **control):
        super().__init__("mta.test")
        if self.published:
            shutil.copy(self.published, self.binary)
        self.prefix = list(prefix)
        self.group = CpuGroup("kopis")
        self.control("defaultdomain", "mta.test")
        self.control("databytes", "0")  # One row is a message of 100 MB.
        if sink_port:
            routes = [f"{fan_domain(i)}:{fan_address(i)}:{sink_port}\n" for i in range(FAN)]
            self.write("control/smtproutes", "".join(routes) + f":127.0.0.1:{sink_port}\n")
        for key, value in control.items():
            self.control(key, value)
        self.start()
        self.port = self.smtp_port

    def command(self, *arguments):
        command = super().command(*arguments)
        return self.group.wrap([*self.prefix, *command]) if arguments[0] == "run" else command

    def start(self):
        """As the tests' host does, but the log goes to a file, as Postfix's does: no reader of
        ours takes part in what is measured."""
        self.output = self.base / "log"
        with open(self.output, "ab") as file:
            self.process = subprocess.Popen(
                self.command("run", "--home", self.home,
                             "--smtp", f"{self.smtp_host}:{self.smtp_port}",
                             "--pop3", f"127.0.0.1:{self.pop3_port}"),
                env=self.environment(), cwd=self.base, stdin=subprocess.DEVNULL,
                stdout=file, stderr=file)
        self.wait_log(r"^ready\b")

    def log(self):
        return self.output.read_text("latin-1")

    def wait_log(self, pattern, timeout=30, since=0):
        end = time.monotonic() + timeout
        while not (found := re.search(pattern, self.log()[since:], re.M)):
            if time.monotonic() > end:
                raise AssertionError(f"never seen: {pattern}; the host printed:\n{self.log()[-3000:]}")
            time.sleep(0.02)
        return found

    def users(self, count=USERS):
        """Mailboxes u0@local.test, u1@…; all with the first one's password."""
        self.add("u0@local.test")
        [line] = [line for line in (self.home / "users/virtual").read_text().splitlines()
                  if line.startswith("u0@")]
        address, password, place = line.split(":", 2)  # The middle may have any letters.
        with open(self.home / "users/virtual", "a", encoding="ascii") as table:
            for i in range(1, count):
                name = f"u{i}"
                table.write(f"{address.replace('u0', name)}:{password}:"
                            f"{place.replace('u0', name)}\n")
                home = self.box(i).parent
                home.mkdir(mode=0o700)
                os.chown(home, NOBODY, NOBODY)
                self.make_maildir(self.box(i))
        self.settled()

    def add(self, address):
        self.run("domain", "add", address.partition("@")[2])  # Refused where it is one already.
        done = self.run("user", "add", address, "--password-file", "-",
                        input=PASSWORD.encode() + b"\n")
        if done.returncode:
            raise AssertionError(done)

    def forward(self):
        """hub@local.test to u0, u1 and u2."""
        home = self.maildir("hub@local.test").parent
        self.add("hub@local.test")
        dot = home / ".qmail"
        dot.write_text("".join(f"&u{i}@local.test\n" for i in range(3)))
        dot.chmod(0o600)
        os.chown(dot, NOBODY, NOBODY)

    def box(self, i):
        return self.maildir(f"u{i}@local.test")

    def settled(self):
        self.group.settle()

    def close(self):
        self.kill_everything()
        TRASH.add(self.base)
        self.group.close()


class Before(Kopis):
    """The same with another binary of Kopis, as it was before a change: --before."""

    name = "Kopis before"


class Peer(Postfix):
    """Postfix with Debian's defaults, but for domains, ports and who may relay."""

    name = "Postfix"
    group_id = pwd.getpwnam("nobody").pw_gid

    def __init__(self, sink_port=None, prefix=(), processes="-", **settings):
        self.processes = processes
        super().__init__(sink_port or 9)
        self.prefix = list(prefix)
        self.group = CpuGroup("postfix")
        self.set({
            "myhostname": "mta.test", "mydestination": "mta.test",
            "virtual_mailbox_domains": "local.test",
            "virtual_mailbox_maps": f"hash:{self.config}/boxes",
            "alias_maps": f"hash:{self.config}/aliases",
            "transport_maps": f"hash:{self.config}/transport",
            "smtpd_recipient_restrictions":
                f"check_recipient_access regexp:{self.config}/access, permit_mynetworks, reject",
            "smtpd_recipient_limit": "20000", "message_size_limit": "0",
            "mailbox_size_limit": "0", "virtual_mailbox_limit": "0", **settings})
        self.table("boxes", (f"u{i}@local.test u{i}/" for i in range(USERS)))
        self.table("transport", ["discard.test discard:", *(
            f"{fan_domain(i)} smtp:[{fan_address(i)}]:{sink_port}" for i in range(FAN)
            if sink_port)])
        (self.config / "aliases").write_text(
            "hub: u0@local.test, u1@local.test, u2@local.test\n")
        subprocess.run(["postalias", "-c", self.config, f"hash:{self.config}/aliases"], check=True)
        (self.config / "access").write_text("/@hold\\.test$/ HOLD\n")
        self.start()

    def set(self, settings):
        """Settings in place of those of the base class."""
        main = self.config / "main.cf"
        text = main.read_text()
        for key, value in settings.items():
            text = re.sub(rf"^{key} =.*\n([ \t].*\n)*", "", text, flags=re.M)
            text += f"{key} = {value}\n"
        main.write_text(text)

    def table(self, name, lines):
        (self.config / name).write_text("".join(line + "\n" for line in lines))
        subprocess.run(["postmap", "-c", self.config, f"hash:{self.config}/{name}"], check=True)

    def master(self):
        lines = []
        for line in super().master().splitlines():
            words = line.split()
            if words[0].startswith("127.0.0.1:"):
                words[6] = str(self.processes)
            lines.append("  ".join(words))
        return "\n".join(lines) + "\n"

    def start(self):
        self.process = subprocess.Popen(
            self.group.wrap([*self.prefix, "postfix", "-c", self.config, "start-fg"]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_port(self.port)

    def users(self, count=USERS):
        """The tables have them."""

    def forward(self):
        """The tables have it, as hub@mta.test."""

    def box(self, i):
        return self.base / "mail" / f"u{i}"

    def settled(self):
        self.group.settle()

    def close(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], capture_output=True, check=False)
        self.process.wait(60)
        TRASH.add(self.base)
        self.group.close()


class SmtpSink:
    """Postfix's smtp-sink: takes mail, keeps nothing. What a server could reach at most."""

    name = "smtp-sink"

    def __init__(self):
        self.port = free_port()
        self.group = CpuGroup("sink")
        self.process = subprocess.Popen(
            self.group.wrap(["smtp-sink", "-u", "nobody", f"127.0.0.1:{self.port}", "4096"]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_port(self.port)

    def settled(self):
        self.group.settle()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.group.close()


class Keeper:
    """`load keep`: each message in the Maildir of its recipient before its 250, by one thread."""

    name = "load keep"

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-kept-"))
        self.mail, self.port = self.base / "mail", free_port()
        for i in range(USERS):
            for name in ("tmp", "new"):
                (self.mail / f"u{i}" / name).mkdir(parents=True)
        self.group = CpuGroup("keep")
        self.sink = Sink(self.port, mail=self.mail)
        (self.group.path / "cgroup.procs").write_text(str(self.sink.process.pid))

    def settled(self):
        self.group.settle()

    def close(self):
        self.sink.close()
        TRASH.add(self.base)
        self.group.close()


class Dovecot:
    """Debian's Dovecot, POP3 over one Maildir of user "u0@local.test"."""

    name = "Dovecot"

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-dovecot-"))
        self.base.chmod(0o755)
        self.pop3_port = free_port()
        self.group = CpuGroup("dovecot")
        nobody = pwd.getpwnam("nobody")
        mail = self.base / "u0"
        for part in ("", "new", "cur", "tmp"):
            (mail / part).mkdir()
            os.chown(mail / part, nobody.pw_uid, nobody.pw_gid)
        (self.base / "passwd").write_text(
            f"u0@local.test:{{PLAIN}}{PASSWORD}:{nobody.pw_uid}:{nobody.pw_gid}::{self.base}/u0::\n")
        (self.base / "dovecot.conf").write_text(f"""\
base_dir = {self.base}/run
state_dir = {self.base}/state
log_path = {self.base}/log
protocols = pop3
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{self.base}/u0
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 2000
default_internal_user = dovecot
default_login_user = dovenull
service pop3-login {{
  inet_listener pop3 {{
    address = 127.0.0.1
    port = {self.pop3_port}
  }}
}}
service anvil {{
  client_limit = 4096
}}
passdb {{
  driver = passwd-file
  args = {self.base}/passwd
}}
userdb {{
  driver = passwd-file
  args = {self.base}/passwd
}}
""")
        self.process = subprocess.Popen(
            self.group.wrap(["dovecot", "-F", "-c", self.base / "dovecot.conf"]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_port(self.pop3_port)

    def box(self, _):
        return self.base / "u0"

    def settled(self):
        self.group.settle()

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        TRASH.add(self.base)
        self.group.close()

"""An installed host for hostile neighbours: processes, signals and IPC of its own too, nothing of the
machine writable but what is its own, users with numbers of their own, and secrets laid out."""

import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess

from host import command_line
from installed import ME, Installed, unit_command

HERE = pathlib.Path(__file__).resolve().parent
SEED_MARK = "KOPIS-CANARY-"
TOKEN = "KOPIS_NEIGHBOUR"  # In the environment of all that an attack starts.
VIRTUAL = "virtual.example"
PASSWORDS = {"eva": secrets.token_hex(16), "joe": "joe-own-word",
             f"mallory@{VIRTUAL}": "mallory-own-word", f"vera@{VIRTUAL}": secrets.token_hex(16)}
PORTS = (25, 110, 2580)
SINK_PORT = 2525  # Stands for another host; not a part of this one.
DISK_MEGABYTES = 8
PROBE_BYTES = 12  # Of a canary: how an attack knows one without having it.

# Process 1: it takes over what its parent leaves, as an init does.
INIT = """
import os, time
print(flush=True)
while True:
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.05)
"""

# /tmp is its own, with the base at its place in it; what else is the machine's cannot be written.
PRIVATE = r"""
set -e
mount -t tmpfs -o mode=1777,size=64m tmp /mnt
mkdir "/mnt/$(basename "$BASE")"
mount --rbind "$BASE" "/mnt/$(basename "$BASE")"
mount --move /mnt /tmp
for place in /var/tmp /run /home /root /srv /dev/shm; do
    mount -t tmpfs -o mode=1777,size=8m tmp $place
done
chmod 700 /root
mount -o remount,bind,ro /
"""

# What systemd's Restart=always does.
AGAIN = 'while :; do "$@"; sleep 0.3; done'


class NeighbourHost(Installed):
    holder_command = ("unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork",
                      "--kill-child", "--mount-proc", "python3", "-c", INIT)
    enter = ("-m", "-n", "-u", "-i", "-p")

    def __init__(self):
        super().__init__()
        # The limits that the kernel counts by uid are nobody else's then.
        rules = self.base / "etc/login.defs"
        rules.write_text(rules.read_text() + "\nSYS_UID_MIN 640\nSYS_UID_MAX 690\n"
                         + "UID_MIN 21000\nGID_MIN 21000\nSYS_GID_MIN 640\nSYS_GID_MAX 690\n")
        self.canaries = {}  # Text: which attackers may see it.
        self.proc = pathlib.Path("/proc", str(self.inside), "root", "proc")

    def find_inside(self):
        children = pathlib.Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children")
        [init] = self.wait_until(lambda: children.read_text().split(), "no process 1")
        return int(init)

    # What is there ----------------------------------------------------------------------------

    def furnish(self):
        """Users, control files, units and secrets."""
        self.install("--systemd")
        for name in ("eva", "kim", "joe"):
            self.add_user(name).chmod(0o711)
        for name in ("eva", "joe"):
            hashed = self.run("openssl", "passwd", "-6", PASSWORDS[name]).stdout.decode().strip()
            self.run("usermod", "-p", hashed, name)
        for name in ("vera", "mallory"):
            self.run(self.home / "bin/kopis", "user", "add", f"{name}@{VIRTUAL}", "--password-file",
                     "-", "--new-domain", stdin=PASSWORDS[f"{name}@{VIRTUAL}"].encode() + b"\n")
        (self.home / "control/smtproutes").write_text(f":127.0.0.1:{SINK_PORT}\n")
        self.dot("eva", "prog", "|cat > $(mktemp prog/XXXXXXXX)")
        self.dot("alias", "info", f"&eva@{ME}")
        self.dot("alias", "postmaster", f"&kim@{ME}")
        for user, name in (("eva", "prog"), ("eva", "traffic")):
            place = self.base / user / name
            place.mkdir(mode=0o700)
            os.chown(place, self.uid(user), self.gid(user))
        for name in ("collector", "attack"):
            (self.base / name).mkdir()
            (self.base / name).chmod(0o1777 if name == "collector" else 0o755)
        for name in ("neighbour_attacks.py", "neighbour_owned.py", "neighbour_traffic.py",
                     "neighbour_tools.py"):
            (self.base / "attack" / name).write_bytes((HERE / name).read_bytes())
        self.run(self.home / "bin/kopis", "web", "password", "--password-file", "-",
                 stdin=secrets.token_hex(16).encode() + b"\n")
        self.hide_canaries()
        self.run("sh", "-c", PRIVATE, BASE=str(self.base))

    def hide_canaries(self):
        mail = f"users/mail/{VIRTUAL}/vera/Maildir/cur/canary:2,S"
        for path, owner, may in (
                ("etc/secret", "root", set()), ("qmail/control/secret", "root", set()),
                ("qmail/users/secret", "root", set()), ("root-only/inside/secret", "root", set()),
                ("eva/secret", "eva", {"eva"}), ("eva/Maildir/cur/canary:2,S", "eva", {"eva"}),
                ("kim/secret", "kim", {"kim"}), ("kim/Maildir/cur/canary:2,S", "kim", {"kim"}),
                ("joe/secret", "joe", {"joe"}), ("joe/Maildir/cur/canary:2,S", "joe", {"joe"}),
                ("qmail/alias/secret", "alias", {"alias"}), ("qmail/" + mail, "alias", {"alias"}),
                ("qmail/tls/secret", "qmaild", {"qmaild"}),
                ("qmail/auth/secret", "qmailr", {"qmailr"}),
                ("qmail/dkim/secret", "qmailr", {"qmailr"}),
                ("qmail/srs/secrets", "qmailr", {"qmailr"}),
                ("qmail/web/secret", "qmailw", {"qmailw"})):
            text = self.canary(may)
            path = self.base / path
            for parent in (path.parent.parent, path.parent):
                if not parent.exists():
                    parent.mkdir(mode=0o700)
            path.write_text(f"Subject: secret\n\n{text}\n")
            path.chmod(0o600)
            os.chown(path, self.uid(owner), self.gid(owner))
        for line in (self.base / "etc/shadow").read_text().splitlines():
            if "$6$" in line:
                self.canaries[line.split(":")[1][-40:].encode()] = set()
        for line in (self.home / "users/virtual").read_text().splitlines():
            self.canaries[line.split(":")[1][-40:].encode()] = set()
        self.canaries[(self.home / "web/password").read_bytes().strip()[-40:]] = {"qmailw"}
        key = (self.home / "control/servercert.pem").read_text()
        line = key.partition("PRIVATE KEY-----\n")[2].splitlines()[1]
        self.canaries[line.encode()] = {"qmaild"}
        self.run(self.home / "bin/kopis", "dkim", "new", ME)
        for key in (self.home / "dkim" / ME).glob("*.pem"):
            line = key.read_text().partition("PRIVATE KEY-----\n")[2].splitlines()[0]
            self.canaries[line.encode()] = {"qmailr"}
        for name in ("eva", f"vera@{VIRTUAL}"):  # A listener hears them.
            self.canaries[PASSWORDS[name].encode()] = {"qmaild"}

    def canary(self, may):
        text = SEED_MARK + secrets.token_hex(16)
        self.canaries[text.encode()] = may
        return text

    def forbidden(self, user):
        return [text for text, may in self.canaries.items() if user not in may]

    # Life -------------------------------------------------------------------------------------

    def serve(self):
        """qmail-start and the listeners, each begun again when it ends."""
        secret = self.base / "root-only/inside/secret"
        with open(self.base / "lines", "ab") as lines:
            os.chmod(self.base / "lines", 0o600)
            # Root's log is a pipe, as a system's is: a flag that one process sets on it, all have.
            log = self.spawn("sh", "-c", "exec cat", stdin=subprocess.PIPE, stdout=lines)
        with log.stdin:
            self.spawn("sh", "-c", f"exec 8<{secret}; export ROOT_WORD=$(cat {secret}); {AGAIN}",
                       "again", self.home / "bin/qmail-start", "./Maildir/", "splogger", "qmail",
                       stdout=log.stdin, stderr=log.stdin)
        for name in ("smtp", "pop3"):
            self.start_unit(name)
        with open(self.base / "log-web", "ab") as log:
            os.chmod(self.base / "log-web", 0o600)
            self.spawn("sh", "-c", AGAIN, "again", "setpriv", "--no-new-privs", "--reuid",
                       self.uid("qmailw"), "--regid", self.gid("qmailw"), "--clear-groups",
                       self.home / "bin/kopis-web", stdout=log, stderr=log)
        self.wait_served()
        for port in PORTS:
            self.wait_listening(port)

    def start_unit(self, name):
        """What systemd would start: user, capabilities, environment and command line of a unit."""
        unit = (self.base / f"etc/systemd/system/kopis-{name}.service").read_text()
        lines, variables, words = unit_command(unit)
        capabilities = "+" + ",+".join(
            word.removeprefix("CAP_").lower() for word in lines["CapabilityBoundingSet"].split())
        wrapper = ["setpriv", "--bounding-set", f"-all,{capabilities}", "--no-new-privs"]
        if "User" in lines:
            wrapper += ["--reuid", lines["User"], "--regid", lines["Group"], "--clear-groups",
                        "--inh-caps", f"-all,{capabilities}", "--ambient-caps", f"-all,{capabilities}"]
        with open(self.base / f"log-{name}", "wb") as log:
            os.chmod(self.base / f"log-{name}", 0o600)
            self.spawn("sh", "-c", AGAIN, "again", *wrapper, "env",
                       *variables, *words, stdout=log, stderr=log)

    def spawn_as(self, user, *words, **options):
        return self.spawn("setpriv", "--reuid", self.uid(user), "--regid", self.gid(user),
                          "--clear-groups", *words, **options)

    def attack(self, user, seed, seconds):
        """The attack program of one user, which ends after so many seconds. Its report is a file."""
        place = self.base / "attack" / user
        place.mkdir(mode=0o700, exist_ok=True)
        disk = self.base / "attack" / f"{user}-disk"
        disk.mkdir(exist_ok=True)
        for path in (place, disk):
            os.chown(path, self.uid(user), self.gid(user))
        if self.run("mountpoint", "-q", disk, check=False).returncode:
            self.run("mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=700,"
                     f"uid={self.uid(user)},gid={self.gid(user)}", "disk", disk)
        plan = {"seed": seed, "seconds": seconds, "user": user, "home": str(self.home),
                "base": str(self.base), "place": str(place), "disk": str(disk), "me": ME,
                "virtual": VIRTUAL, "collector": str(self.base / "collector"),
                "spare_ports": [SINK_PORT],
                "passwords": {name: PASSWORDS[name] for name in ("joe", f"mallory@{VIRTUAL}")},
                # Where one of these begins, so many bytes are reported: no secret is told here.
                "probes": [[text[:PROBE_BYTES].decode(), len(text)] for text in self.canaries]}
        (self.base / "attack" / f"{user}.json").write_text(json.dumps(plan))
        with open(self.base / f"attack-{user}", "ab") as log:
            return self.spawn(
                "prlimit", "--nproc=160", "--nofile=512", f"--fsize={16 << 20}", f"--as={2 << 30}",
                "--core=0", "setpriv", "--reuid", self.uid(user), "--regid", self.gid(user),
                "--clear-groups", "env", "-i", f"{TOKEN}={user}", f"PATH={self.home}/bin:/usr/bin:/bin",
                "python3", self.base / "attack/neighbour_attacks.py",
                self.base / "attack" / f"{user}.json", stdout=log, stderr=log)

    # Processes --------------------------------------------------------------------------------

    def processes(self):
        """Outer pids of all that runs in the host."""
        space = os.readlink(f"/proc/{self.inside}/ns/pid")
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{name}/ns/pid") == space:
                    yield int(name)
            except OSError:
                continue

    def sweep(self, uid):
        """Ends what the attacker runs: not the host's own processes of that user. Returns how many."""
        ended = 0
        while found := [pid for pid in self.processes() if self.is_attack(pid, uid)]:
            for pid in found:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            ended = max(ended, len(found))
        return ended

    def is_attack(self, pid, uid):
        try:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            if "\nState:\tZ" in text or f"\nUid:\t{uid}\t" not in text:
                return False
            if os.readlink(f"/proc/{pid}/exe") not in self.own_programs():
                return True
            return TOKEN.encode() + b"=" in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False

    def own_programs(self):
        return [str(self.home / "bin" / name) for name in ("kopis", "kopis-web")]

    def descriptors(self):
        """Open descriptors of the host's own processes, by program and user."""
        counts = {}
        for name, pids in self.pids().items():
            for pid in pids:
                try:
                    uid = os.stat(f"/proc/{pid}").st_uid
                    count = len(os.listdir(f"/proc/{pid}/fd"))
                except OSError:
                    continue
                counts[name, uid] = max(counts.get((name, uid), 0), count)
        return counts

    # Again as it was --------------------------------------------------------------------------

    def keep(self, areas):
        """Copies of what an attacker may change, so that the next one finds it whole."""
        for area in areas:
            to = self.base / "kept" / area
            to.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", self.base / area, to], check=True)
        (self.base / "kept").chmod(0o700)

    def restore(self, areas):
        """Mail may come meanwhile: it is taken away with the rest."""
        for area in areas:
            for path in (self.base / area).iterdir():
                self.wait_until(lambda: self.is_removed(path), f"{path} cannot be removed")
            subprocess.run(["cp", "-a", "-T", self.base / "kept" / area, self.base / area], check=True)

    @staticmethod
    def is_removed(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        return not os.path.lexists(path)

    def renew(self):
        """What an administrator does whose queue is spoilt: ends all, lays a new one, starts again."""
        def ours(pid):
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return words[0] == b"sh" and b"again" in words or \
                os.readlink(f"/proc/{pid}/exe") in self.own_programs()

        for is_loop in (True, False):  # First those who would begin them again.
            for pid in self.processes():
                try:
                    if ours(pid) and (is_loop == (command_line(pid)[0] == b"sh")):
                        os.kill(pid, signal.SIGKILL)
                except (OSError, IndexError):
                    continue
        self.wait_until(lambda: not self.pids(), lambda: f"still there: {self.pids()}")
        self.restore(["qmail/queue"])
        self.serve()

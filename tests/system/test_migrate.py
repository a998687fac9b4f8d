"""kopis migrate: the same addresses go to the same places under the other server and under Kopis, and --undo
gives the home back byte for byte."""

import concurrent.futures
import ctypes
import os
import pathlib
import pwd
import re
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

import migration_sendmail
import migration_sites
import sendmail
from host import BINARY, NOBODY, ROOT, free_port
from postfix import Postfix

MAIN = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = {base}/log
maillog_file_prefixes = {base}
disable_dns_lookups = yes
smtp_tls_security_level = none
smtpd_tls_security_level = none
"""
RESULT = re.compile(
    r"postfix/(\w+)\[\d+\]: ([0-9A-F]+): to=<([^>]*)>, (?:orig_to=<[^>]*>, )?relay=.*"
    r"status=(deliverable|undeliverable|deferred) \((.*)\)$", re.M)
QUEUED = re.compile(r"qmgr\[\d+\]: ([0-9A-F]+): from=<ask(\d+)@nowhere\.example>")
REMOVED = re.compile(r": ([0-9A-F]+): removed$", re.M)
DEPTH = 8


FIRST_UID = 42001
NEW_MOUNTS = 0x20000  # CLONE_NEWNS


BASE = pathlib.Path(tempfile.mkdtemp(prefix="kopis-migrate-"))
HOME = BASE / "home"
PROGRAM = BINARY if "KOPIS_BINARY" in os.environ else BASE / "kopis"


def setUpModule():
    """Users of the host with homes, in this process's own view of /etc/passwd; one qmail home."""
    unittest.addModuleCleanup(shutil.rmtree, BASE, ignore_errors=True)
    if os.geteuid() != 0:
        return
    BASE.chmod(0o755)
    if PROGRAM != BINARY:
        shutil.copy(BINARY, PROGRAM)  # qmail-lookup runs it as a user who may not enter our tree.
    text = pathlib.Path("/etc/passwd").read_text()
    for uid, name in enumerate((*migration_sites.USERS, "alias", "qmailp"), FIRST_UID):
        place = HOME / "alias" if name == "alias" else BASE / name
        text += f"{name}:x:{uid}:{NOBODY}::{place}:/bin/sh\n"
        if name != "alias":
            place.mkdir(mode=0o755)
            os.chown(place, uid, NOBODY)
    (BASE / "passwd").write_text(text)
    if ctypes.CDLL(None).unshare(NEW_MOUNTS) != 0:
        raise OSError("unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", BASE / "passwd", "/etc/passwd"], check=True)


def snapshot(home):
    """Every file and directory with content, mode and owner; not the locks, which are empty and stay."""
    found = {}
    for path in sorted(home.rglob("*")):
        status = path.lstat()
        if path.suffix != ".lock" and path.name != "trigger":
            found[str(path.relative_to(home))] = (
                status.st_mode, status.st_uid, status.st_gid,
                path.read_bytes() if path.is_file() else None)
    return found


def cdb(text):
    """A cdb file (cdb(5)) of lines key:data."""
    records, tables = b"", [[] for _ in range(256)]
    for line in text.encode().splitlines():
        key, _, data = line.partition(b":")
        number = 5381
        for byte in key:
            number = (number * 33 & 0xFFFFFFFF) ^ byte
        tables[number % 256].append((number, 2048 + len(records)))
        records += struct.pack("<II", len(key), len(data)) + key + data
    header, hashes = b"", b""
    for table in tables:
        slots = [(0, 0)] * (2 * len(table))
        for number, at in table:
            slot = number // 256 % len(slots)
            while slots[slot] != (0, 0):
                slot = (slot + 1) % len(slots)
            slots[slot] = (number, at)
        header += struct.pack("<II", 2048 + len(records) + len(hashes), len(slots))
        hashes += b"".join(struct.pack("<II", *slot) for slot in slots)
    return header + records + hashes


class Answering(Postfix):
    """A real Postfix that says by `sendmail -bv` where addresses go."""

    def __init__(self, site, one, two):
        super().__init__(one)
        text = migration_sites.write(site, self.config, one=one, two=two)
        (self.config / "main.cf").write_text(MAIN.format(base=self.base) + text)
        for line in re.findall(r"hash:(\S+)", text.replace("texthash:", "")):
            tool = "postalias" if line.rstrip(",").endswith("aliases") else "postmap"
            subprocess.run([tool, "-c", self.config, f"hash:{line.rstrip(',')}"], check=True,
                           capture_output=True)
        self.known = {}

    def ask(self, addresses):
        """What each comes to, one step: (word, text) pairs."""
        new = [address for address in addresses if address not in self.known]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda address: subprocess.run(
                ["/usr/sbin/sendmail", "-C", self.config, "-f", f"ask{abs(hash(address))}@nowhere.example",
                 "-bv", "--", address], check=True, capture_output=True, timeout=60), new))
        senders, deadline = {str(abs(hash(address))): address for address in new}, time.monotonic() + 60
        while True:
            log = self.log()
            queued = {number: senders[sender] for number, sender in QUEUED.findall(log) if sender in senders}
            removed = queued.keys() & set(REMOVED.findall(log))
            if len(queued) == len(new) and len(removed) == len(new):
                break
            if time.monotonic() > deadline:
                raise AssertionError(log[-3000:])
            time.sleep(0.1)
        for address in new:
            self.known[address] = set()
        for agent, number, to, status, text in RESULT.findall(log):
            if number in queued:
                self.known[queued[number]].add(self.place(agent, to.lower(), status, text))
        return {address: self.known[address] for address in addresses}

    @staticmethod
    def place(agent, to, status, text):
        """One place, in words that both servers have."""
        if text.startswith("forwards to "):
            return ("address", text.removeprefix("forwards to ").lower())
        if text.startswith("delivers to command: "):
            return ("command", text.removeprefix("delivers to command: "))
        if text.startswith("delivers to file: "):
            return ("file", text.removeprefix("delivers to file: "))
        port = re.search(r"\]:(\d+)", text)  # Of a destination that is down `error` says the rest.
        if agent == "smtp" or port:
            at = port.group(1) if port else "mx"
            return ("remote", to, "mx" if to.endswith("]") and at == "25" else at)
        if status != "deliverable":
            return ("nobody", "")
        return ("mailbox", to if agent == "virtual" else to.partition("@")[0])

    def destinations(self, address, seen=()):
        """The last places of an address."""
        places = set()
        for place in self.ask([address])[address]:
            if place[0] == "address" and place[1] not in seen and len(seen) < DEPTH:
                places |= self.destinations(place[1], (*seen, address))
            else:
                places.add(place)
        return places - {("file", "/dev/null")}


class Ours:
    """Where Kopis' own programs say that mail goes, followed through its files."""

    def __init__(self, home, place=lambda route: route.rpartition(":")[2]):
        self.home, self.place = home, place
        self.environment = {"PATH": "/usr/bin:/bin", "KOPIS_HOME": str(home)}
        self.said = {}

    def run(self, *words):
        return subprocess.run([PROGRAM, *words], env=self.environment, capture_output=True, timeout=60)

    def destinations(self, address, seen=()):
        """The last places of an address; a loop is none."""
        if address in seen or len(seen) > DEPTH:
            return {("loop", address)}
        said = self.lookup(address)
        if said == "yes: not a local address":
            return {("remote", address, self.route(address))}
        if said.startswith("no"):
            return {("nobody", "")}
        if match := re.fullmatch(r"yes: \S+, an alias for (.*)", said):
            return self.all(match.group(1).split(", "), (*seen, address))
        match = re.fullmatch(r"yes: (\S+), (\S+)", said)
        if not match:
            raise AssertionError(f"qmail-lookup {address}: {said}")
        user, file = match.group(1), pathlib.Path(match.group(2))
        parts = file.name.split("-")
        for candidate in (file, *(file.with_name("-".join([*parts[:end], "default"]))
                                  for end in range(len(parts) - 1, 0, -1))):
            if candidate.exists():
                local = address.partition("@")[0]
                return self.lines(candidate.read_text(), user, local, (*seen, address), candidate.parent)
        return {("mailbox", user)}

    def lookup(self, address):
        """What qmail-lookup says of an address."""
        if address not in self.said:
            self.said[address] = self.run("qmail-lookup", address).stdout.decode().strip()
        return self.said[address]

    def all(self, addresses, seen):
        return set().union(*(self.destinations(one.lower(), seen) for one in addresses))

    def lines(self, text, user, local, seen, directory):
        """The last places of the lines of a .qmail file in that directory."""
        places = set()
        for line in text.splitlines():
            if line.startswith("&"):
                places |= self.destinations(line[1:].lower(), seen)
            elif line.startswith('|forward "$DEFAULT"'):
                places |= self.destinations(local + line.partition('"$DEFAULT"')[2].strip(), seen)
            elif line.startswith("|"):
                places.add(("command", line[1:]))
            elif line == "./Maildir/":
                places.add(("mailbox", user))
            elif not line.startswith("#"):
                places.add(("file", line))
        return places

    def route(self, address):
        """The port that qmail-remote would go to: control(5) and auth(5)."""
        routes = {}
        for name in ("control/smtproutes", "auth/smtproutes"):
            path = self.home / name
            for line in path.read_text().splitlines() if path.exists() else ():
                domain, _, place = line.partition(":")
                routes[domain] = place.partition("|")[0]
        domain = address.partition("@")[2]
        keys = [domain, *(domain[i:] for i in range(len(domain)) if domain[i] == "."), ""]
        place = next((routes[key] for key in keys if key in routes), "")
        return self.place(place) or "mx"


class Vpopmail(Ours):
    """qmail's files, with what vpopmail's vdelivermail does of them (vdelivermail.c, vpasswd)."""

    def __init__(self, home, files):
        super().__init__(home)
        self.users = {}
        for path, text in files.items():
            if "/vpasswd" in path:
                self.users[home / path.rpartition("/")[0]] = {line.split(":")[0].lower() for line in text.splitlines()}

    def lines(self, text, user, local, seen, directory):
        if directory not in self.users:
            return super().lines(text, user, local, seen, directory)
        places = set()
        for line in text.splitlines():
            if "vdelivermail" in line:
                places |= self.deliver(directory, local, line.split()[-1], seen)
            elif line.startswith("/"):
                places |= {self.mailbox(directory, pathlib.Path(line).parent.name)}
            elif line and line[0] not in "#|&":
                places |= self.destinations(line, seen)
            else:
                places |= super().lines(line, user, local, seen, directory)
        return places

    def deliver(self, directory, local, rest, seen):
        if local in self.users[directory]:
            own = directory / local / ".qmail"
            text = own.read_text() if own.exists() else ""
            return self.lines(text, "", local, seen, directory) if text.strip() else {self.mailbox(directory, local)}
        if rest == "delete":
            return set()
        if rest == "bounce-no-mailbox":
            return {("nobody", "")}
        return {self.mailbox(directory, pathlib.Path(rest).name)} if rest.startswith("/") else \
            self.destinations(rest, seen)

    @staticmethod
    def mailbox(directory, name):
        return ("mailbox", f"{name}@{directory.name}")


class MigrationCase(unittest.TestCase):
    """A home as after an installation, whose alias is another's directory."""

    maxDiff = None

    def setUp(self):
        self.home = HOME
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        for name in ("control", "users/mail", "alias", "auth", "queue/lock", "bin"):
            (self.home / name).mkdir(parents=True)
        (self.home / "bin/qmail-getpw").symlink_to(PROGRAM)
        alias = pwd.getpwnam("alias")
        for name in ("users/mail", "alias", "auth"):
            os.chown(self.home / name, alias.pw_uid, alias.pw_gid)
        (self.home / "auth").chmod(0o711)
        for name, text in {"me": "old.example\n", "locals": "old.example\n", "rcpthosts": "old.example\n",
                           "tcprules.txt": '127.0.0.1:allow,RELAYCLIENT=""\n:allow\n'}.items():
            (self.home / "control" / name).write_text(text)
        (self.home / "control/locals").chmod(0o640)
        os.chown(self.home / "control/locals", 0, alias.pw_gid)
        (self.home / "users/aliases").write_text("# ours\nkeep@old.example:amy@old.example\n")
        (self.home / "users/aliases").chmod(0o600)
        for name in ("root", "postmaster"):
            path = self.home / f"alias/.qmail-{name}"
            path.write_text("./Maildir/\n")
            os.chown(path, alias.pw_uid, alias.pw_gid)
        self.ours = Ours(self.home)

    def migrate(self, *words):
        result = self.ours.run("migrate", *words)
        self.assertEqual((0, b""), (result.returncode, result.stderr), result)
        return result.stdout.decode()

    def compare(self, words, addresses, ask, ours=None, told=(), see=lambda: None):
        """Migrates, asks both about every address, and takes it back. Where they differ the report says so, with
        file and line: `told` has patterns of such addresses, and of what is said.

        `ask` has the last places of an address under the other server."""
        ours = ours or Ours(self.home)
        self.assertGreaterEqual(len(addresses), migration_sites.LEAST)
        before = snapshot(self.home)
        dry = self.migrate(*words, "--dry-run")
        self.assertEqual(before, snapshot(self.home), "a dry run writes nothing")
        report = self.migrate(*words)
        self.assertEqual(dry.splitlines()[:-1], report.splitlines()[:len(dry.splitlines()) - 1])
        self.assertEqual(b"", ours.run("config", "check").stdout)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(ours.lookup, {migration_sites.plain(address) for address in addresses}))
        different, unused = {}, dict(told)
        for address in addresses:
            theirs, here = ask(address), ours.destinations(migration_sites.plain(address))
            said = [pattern for pattern, text in told if re.fullmatch(pattern, address, re.I)
                    and re.search(rf"^not carried: (\S*/)?{text}", report, re.M)]
            if theirs != here and said:
                unused.pop(said[0], None)
            elif theirs != here:
                different[address] = (theirs, here)
        self.assertEqual({}, different, report)
        self.assertEqual({}, unused, "they do not differ")
        see()
        self.assertNotEqual(before, snapshot(self.home))
        self.migrate("--undo")
        self.assertEqual(before, snapshot(self.home))
        return report


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("postfix"), "root and Postfix")
class FromPostfix(MigrationCase):
    def peer(self, name):
        peer = Answering(migration_sites.POSTFIX[name], free_port(), free_port())
        self.addCleanup(peer.stop)
        peer.start()
        return peer

    def against(self, name):
        """The report on a site, after both servers agreed on every address of it."""
        peer = self.peer(name)
        site = migration_sites.POSTFIX[name]
        addresses = migration_sites.addresses(site)
        peer.ask(addresses)
        return self.compare(("from-postfix", "--from", str(peer.config)), addresses, peer.destinations,
                            told=site.get("told", ()))

    def test_a_small_site(self):
        report = self.against("small")
        self.assertIn('tcprules.txt: 192.0.2.0/28:allow,RELAYCLIENT=""', report)
        self.assertIn("control/databytes: 20000000", report)

    def test_virtual_domains(self):
        self.against("virtual")

    def test_relays_and_transports(self):
        report = self.against("relays")
        self.assertIn("control/badmailfrom: @spam.example", report)
        self.assertNotIn("pass:word", report, "the report tells no password")

    def test_an_odd_site(self):
        report = self.against("odd")
        for text in ("patterns:1: /^hidden@/ amy: patterns", "a2-aliases:4: this line:", "header_checks: see docs",
                     "virtual:3: bad: a key without a value"):
            self.assertIn(text, report)

    def test_undo_refuses_what_has_changed(self):
        peer = self.peer("virtual")
        self.migrate("from-postfix", "--from", str(peer.config))
        with open(self.home / "control/locals", "a") as file:
            file.write("later.example\n")
        result = self.ours.run("migrate", "--undo")
        self.assertEqual(100, result.returncode)
        self.assertIn(b"changed since: control/locals", result.stderr)
        again = self.ours.run("migrate", "from-postfix", "--from", str(peer.config))
        self.assertEqual(100, again.returncode)
        self.assertIn(b"--undo or --accept", again.stderr)
        self.migrate("--accept")
        self.assertFalse((self.home / "migration").exists())

    def test_the_commands_of_the_page(self):
        """docs/MOVING.md, step 0, as it is written, where the site is /etc/postfix."""
        peer = self.peer("small")
        place = pathlib.Path("/etc/postfix")
        subprocess.run(["mount", "--bind", peer.config, place], check=True)
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        for name in ("kopis", "qmail-lookup"):
            (self.home / "bin" / name).symlink_to(PROGRAM)
        before = snapshot(self.home)
        text = (ROOT / "docs/MOVING.md").read_text().partition("\n### Where qmail is in ")[0]
        commands = [line for block in text.split("```")[1::2] for line in block.splitlines()
                    if line.startswith(("kopis ", "qmail-lookup "))
                    and "from-sendmail" not in line and "from-qmail" not in line
                    and "migrate step" not in line]
        self.assertEqual(4, len(commands))
        self.assertEqual("kopis migrate from-postfix --dry-run", commands[0])
        commands.insert(1, commands[0].removesuffix(" --dry-run"))
        for command in commands:
            result = subprocess.run(
                ["sh", "-c", command], capture_output=True, timeout=60,
                env={"PATH": f"{self.home}/bin:/usr/bin:/bin", "KOPIS_HOME": str(self.home)})
            self.assertEqual((0, b""), (result.returncode, result.stderr), command)
        self.assertEqual(before, snapshot(self.home))


@unittest.skipUnless(sendmail.available(), "root, m4 and Debian's packages of sendmail")
class FromSendmail(MigrationCase):
    def against(self, name):
        site = migration_sendmail.SENDMAIL[name]
        peer = sendmail.Sendmail(site)
        self.addCleanup(peer.close)
        addresses = migration_sites.addresses(site)
        known = peer.ask(addresses)
        return self.compare(("from-sendmail", "--from", str(peer.config)), addresses, known.get,
                            Ours(self.home, lambda route: route.rpartition(":")[0]), site.get("told", ()))

    def test_a_small_site(self):
        report = self.against("small")
        for text in ('tcprules.txt: 192.0.2.:allow,RELAYCLIENT=""', "control/badmailfrom: @spam.example",
                     "control/badmailto: secret@small.example", "tcprules.txt: 198.51.100.9:deny"):
            self.assertIn(text, report)

    def test_virtual_domains(self):
        self.against("virtual")

    def test_relays(self):
        report = self.against("relays")
        self.assertIn("control/rcpthosts: .inner.example", report)

    def test_an_odd_site(self):
        report = self.against("odd")
        for text in ("plus+x@beta.example amy: extensions after +", "bad@alpha.example error:nouser"):
            self.assertIn(text, report)


@unittest.skipUnless(os.geteuid() == 0, "root")
class FromQmail(MigrationCase):
    def against(self, name, see=lambda: None):
        """A home of qmail's is asked by our own programs, which read it as it is."""
        site = migration_sites.QMAIL[name]
        theirs = BASE / "qmail"
        self.addCleanup(shutil.rmtree, theirs, ignore_errors=True)
        for path, text in site["files"].items():
            file = theirs / path
            file.parent.mkdir(parents=True, exist_ok=True)
            text = text.replace("{base}", str(BASE)).replace("{theirs}", str(theirs))
            file.write_bytes(cdb(text) if path.endswith(".cdb") else text.encode())
        for place in ("users/mail", "bin", "queue/lock"):
            (theirs / place).mkdir(parents=True, exist_ok=True)
        (theirs / "bin/qmail-getpw").symlink_to(PROGRAM)
        old = Vpopmail(theirs, site["files"])
        if (theirs / "users/assign").exists():
            self.assertEqual(0, old.run("qmail-newu").returncode)
        addresses = migration_sites.addresses(site)
        known = {}
        # The password file has one place for alias's files.
        hidden = HOME / "alias.new"
        os.chown(theirs / "alias", pwd.getpwnam("alias").pw_uid, -1)
        (HOME / "alias").rename(hidden)
        (theirs / "alias").rename(HOME / "alias")
        try:
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                list(pool.map(old.lookup, {migration_sites.plain(address) for address in addresses}))
            known.update((address, old.destinations(migration_sites.plain(address))) for address in addresses)
        finally:
            (HOME / "alias").rename(theirs / "alias")
            hidden.rename(HOME / "alias")
        return self.compare(("from-qmail", "--from", str(theirs),
                             *(word.replace("{theirs}", str(theirs)) for word in site.get("words", ()))), addresses,
                            known.get, told=site.get("told", ()), see=see)

    def test_a_small_site(self):
        self.against("small")

    def test_virtual_domains(self):
        self.against("virtual")

    def test_relays(self):
        self.against("relays")

    def test_vpopmail(self):
        report = self.against("vpopmail", self.vpopmail_is_carried)
        self.assertNotIn("correct horse", report)
        for text in (r"vpasswd:3: ann@v1\.example: no password that can be checked",
                     r"vpasswd:4: bob@v1\.example: its flags, 2, forbid"):
            self.assertRegex(report, text)

    def vpopmail_is_carried(self):
        """Passwords in the clear, and quotas."""
        lines = (self.home / "users/virtual").read_text().splitlines()
        hashes = {line.split(":")[0]: line.split(":")[1] for line in lines}
        self.assertTrue(hashes["joe@v1.example"].startswith("scram-sha-256$"))
        self.assertEqual(["!", "!"], [hashes["ann@v1.example"], hashes["bob@v1.example"]])
        for name, words in (("ann@v1.example", b"0 bytes of 10485760, 0 messages of 100"),
                            ("bob@v1.example", b"0 bytes of 5242880"), ("x.y@v1.example", b"0 bytes of 52428800"),
                            ("joe@v1.example", b"no quota")):
            self.assertIn(words, self.ours.run("user", "quota", name).stdout)

    def test_odd_domains_of_vpopmail(self):
        report = self.against("vpopmail-odd")
        for text in (r"vpasswd:1: ops@v4\.example: quota 7Q: kopis user quota", r"vpasswd:2: this line: ",
                     r"quota of ann@v3\.example: 1000000S"):
            self.assertRegex(report, text)

    def test_an_odd_site(self):
        report = self.against("odd")
        self.assertIn("control/spfbehavior: control/checkspf", report)
        self.assertIn("alias/.qmail: its name", report)


if __name__ == "__main__":
    unittest.main()

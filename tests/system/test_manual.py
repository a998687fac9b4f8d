"""The examples of docs/man as they stand there: each command is run on a host, each file is given to its
program, each line of a .qmail file to qmail-local; or it is named here, with the reason why not."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import unittest

from host import NOBODY, ROOT, HostCase, command_line

sys.path.append(str(ROOT / "tests"))

import mdoc  # noqa: E402
import own_network  # noqa: E402

MAN = sorted(path.name for path in (ROOT / "docs/man").iterdir())

# Page and beginning of an example, and the method below that runs it. In this order.
RUN = {
    ("tcprules.8", "127.0.0.1:allow"): "rules",
    ("tcprules.8", "cd /var/qmail"): "compile_rules",
    ("tcprulescheck.8", "TCPREMOTEIP=192.0.2.66"): "check_rules",
    ("tcpserver.8", "192.0.2.:allow"): "rules",
    ("qmail-qmqpd.8", "10.1.2.:allow"): "rules",
    ("qmail-qmqpd.8", ":deny"): "rules",
    ("qmail-users.5", "=joe:joe"): "assignments",
    ("newaliases.1", "# a comment"): "aliases",
    ("setforward.1", "root@yp.to"): "forwards",
    ("tai64nlocal.1", "@4000000037c219bf2ef02e94"): "stamps",
    ("kopis-config.1", "$ kopis config check"): "session",
    ("kopis-certificate.1", "kopis certificate import"): "command",
    ("dot-qmail.5", "cd /var/qmail/alias"): "list",
    ("maildir.5", "kopis user quota"): "command",
    ("maildir.5", "su joe"): "quota_by_hand",
    ("kopis-queue.1", "kopis queue list --all"): "queue",
    ("kopis-senders.1", "kopis senders"): "command",
    ("kopis-summary.1", "# kopis summary"): "summary",
    ("kopis-trace.1", "kopis trace bob@example.org"): "trace",
    ("kopis-trace.1", "kopis trace --follow"): "follow",
    ("kopis-metrics.1", "kopis metrics"): "command",
    ("kopis-migrate.1", "kopis config check"): "command",
    ("kopis-migrate.1", "qmail-lookup postmaster@example.org"): "lookup",
    ("kopis-backup.1", "kopis backup --mail"): "backup",
    ("dot-forward.1", "|dot-forward .forward"): "dot_forward",
    ("fastforward.1", "|fastforward -d"): "fastforward",
    ("kopis-dmarc.8", "|kopis dmarc report"): "report",
    ("vacation.1", "printf 'Subject: Away"): "away",
    ("vacation.1", "./Maildir/"): "vacation",
    ("fixcrio.1", "tcpserver 0 smtp fixcrio"): "serve_smtp",
    ("recordio.1", "tcpserver 0 smtp recordio"): "serve_smtp",
    ("qmail-popup.8", "tcpserver 0 110"): "serve_pop3",
    ("qmail-popup.8", "env POP3S="): "serve_pop3s",
}

# The same of commands that this test does not run, and why.
NOT_RUN = {
    ("kopis-acme.8", "echo agree"): "it gets a certificate of the Internet's: system/test_acme",
    ("kopis-dmarc.8", "echo 'dmarc-reports@example.org"): "systemd: system/test_booted starts the timers",
    ("kopis-tlsrpt.8", "echo 'tls-reports@example.org"): "as that",
    ("kopis-doctor.8", "systemctl enable"): "as that",
    ("kopis-install.1", "systemctl enable"): "as that",
    ("kopis-summary.1", "systemctl enable"): "as that",
    ("kopis-migrate.1", "kopis migrate from-postfix --dry-run"): "other servers' files: system/test_migrate",
    ("kopis-migrate.1", "kopis migrate from-postfix\n"): "as that",
    ("kopis-migrate.1", "kopis migrate --undo"): "as that",
    ("kopis-queue.1", "mv /var/qmail/queue"): "it installs the package: system/test_package",
    ("kopis-queue.1", "kopis queue export"): "with Kopis stopped: system/test_queue_tools",
    ("kopis-token.1", "kopis token new"): "it asks a provider of the Internet: programs/test_kopis_token",
    ("kopis-web.8", "ssh -L"): "another host, and a terminal",
    ("qmail-auth.5", "chown qmailr"): "it needs root and an installed host: system/test_smarthost",
    ("qsmhook.1", "|qsmhook"): "/bin/mail is not on each host: programs/test_mail_tools",
    ("forward.1", "|forward address"): "a form: programs/test_mail_tools",
}

# What a command begins with that is another's.
OTHERS = {"cd", "echo", "mv", "cp", "apt", "systemctl", "su", "ssh", "chown", "env", "printf", "dpkg"}

MESSAGE = b"From: bob@example.org\nTo: joe@example.org\nSubject: s\nMessage-ID: <1@example.org>\n\nhello\n"


def matches(key, name, text):
    return key[0] == name and text.startswith(key[1])


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        said = subprocess.run([ROOT / "out/kopis", "--programs"], capture_output=True, text=True, check=True)
        cls.programs = set(said.stdout.split()) | {"kopis"}

    def is_command(self, text):
        if text.startswith("|") or "\n|" in text:
            return True  # Of a .qmail file.
        line = re.sub(r"^([A-Z][A-Z0-9]*=\S* )+", "", re.sub(r"^[$#] ", "", text).split("\n")[0])
        word = re.sub(r"^bin/", "", line.split(" ")[0])
        return word in self.programs | OTHERS and ":" not in line.split(" ")[0]

    def test_each_command_is_run_or_named(self):
        keys, faults = [*RUN, *NOT_RUN], []
        self.assertEqual(len(keys), len(set(keys)))
        unused = set(keys)
        for name in MAN:
            for text in mdoc.examples(f"docs/man/{name}"):
                named = [key for key in keys if matches(key, name, text)]
                unused -= set(named)
                if len(named) > 1 or (not named and self.is_command(text)):
                    faults.append((name, text.split("\n")[0], named))
        self.assertEqual([], faults)
        self.assertEqual(set(), unused)
        for _, how in NOT_RUN.items():
            for name in re.findall(r"(?:system|programs)/test_\w+", how):
                self.assertTrue((ROOT / f"tests/{name}.py").exists(), name)

    def test_a_new_command_is_found(self):
        for text in ("kopis user list\n", "# kopis status\n", "TCPREMOTEIP=1 tcprulescheck x\n",
                     "|vacation\n", "cd /x\nqmail-showctl\n", "env X= qmail-inject\n"):
            self.assertTrue(self.is_command(text), text)
        for text in ("@400 mark\n", "qmail-lookup: refused: a ticket\n", ":allow\n", "address:hash:home\n"):
            self.assertFalse(self.is_command(text), text)


class Manual(HostCase):
    def setUp(self):
        super().setUp()
        self.place = self.host.base / "place"
        self.place.mkdir(mode=0o777)
        self.place.chmod(0o777)
        links = self.host.base / "bin"
        links.mkdir()
        names = subprocess.run([self.host.binary, "--programs"], capture_output=True, text=True,
                               check=True).stdout.split()
        for name in {*names, "kopis"}:
            (links / name).symlink_to(self.host.binary)
        # Another host, and another user: here, and as who runs the test.
        for name, does in (("ssh", 'shift; cd; exec sh -c "$*"'), ("su", 'shift 2; cd; exec sh -c "$1"')):
            (links / name).write_text(f"#!/bin/sh\n{does}\n")
            (links / name).chmod(0o755)
        self.path = f"{links}:/usr/bin:/bin:/usr/sbin:/sbin"
        self.other = self.host.base / "other"  # Home of that user.
        self.folder(self.other)
        self.ok("kopis", "user", "add", "ada@example.org", "--password-file", "-", "--new-domain",
                input="correct-horse\n")

    # Helpers ----------------------------------------------------------------------------------

    def folder(self, path):
        path.mkdir(mode=0o700)
        if self.is_root:
            os.chown(path, NOBODY, NOBODY)

    def file(self, path, text):
        path.write_text(text)
        if self.is_root:
            os.chown(path, NOBODY, NOBODY)
        return path

    def here(self, text):
        return text.replace("/var/qmail", str(self.host.home)).replace("/var/backups", str(self.place))

    def words(self):
        return self.host.command("x")[:-2]

    def environment(self):
        return {**self.host.environment(), "PATH": self.path, "HOME": str(self.other)}

    def shell(self, text, **options):
        return subprocess.run([*self.words(), "/bin/sh", "-ec", self.here(text)], capture_output=True,
                              timeout=60, env=self.environment(),
                              **{"text": True, "cwd": self.place, **options})

    def ok(self, *words, **options):
        result = subprocess.run([*self.words(), *words], capture_output=True, timeout=60, cwd=self.place,
                                env=self.environment(), **{"text": True, **options})
        self.assertEqual(0, result.returncode, result)
        return result.stdout

    def done(self, text, **options):
        result = self.shell(text, **options)
        self.assertEqual(0, result.returncode, (text, result))
        return result.stdout

    def deliver(self, text, code=0, **more):
        """A message to joe-x@example.org, whose .qmail file this is; the home."""
        home = self.place / f"joe-{len(list(self.place.iterdir()))}"
        self.folder(home)
        for name, content in {".qmail-default": text, **more.get("files", {})}.items():
            self.file(home / name, content).chmod(0o600)
        self.host.make_maildir(home / "Maildir")
        message = self.file(self.place / "message", MESSAGE.decode())
        with message.open() as stdin:
            result = subprocess.run(
                [*self.words(), "qmail-local", "joe", home, "joe-x", "-", "x", "example.org",
                 "bob@example.org", "./Mailbox"], stdin=stdin, capture_output=True, timeout=60,
                cwd=self.place, env={**self.environment(), **more.get("environment", {})})
        self.assertEqual(code, result.returncode, result)
        return home, result.stdout

    # How each is run --------------------------------------------------------------------------

    def command(self, text):
        self.done(text)

    def rules(self, text):
        self.rules_of_page = text
        self.done("tcprules t.cdb t.tmp", input=text)

    def compile_rules(self, text):
        self.file(self.host.home / "control/tcprules.txt", self.rules_of_page)
        said = self.done(text)
        self.assertIn("set environment variable RELAYCLIENT=", said)
        self.assertIn("allow connection", said)

    def check_rules(self, text):
        self.assertIn("deny connection", self.done(text, cwd=self.host.home))

    def assignments(self, text):
        path = self.file(self.host.home / "users/assign", text)
        self.done("qmail-newu")
        (self.host.home / "users/cdb").unlink()  # Its last line takes all addresses.
        path.unlink()

    def aliases(self, text):
        self.file(self.place / "staff", "ann@example.net\n")
        path = self.file(self.place / "aliases", text.replace("/etc/staff", str(self.place / "staff")))
        self.done(f"newinclude {self.place}/staff")
        self.done(f"newaliases {path}")
        said = self.done(f"printforward <{path}.cdb")
        self.assertIn("!weather-server\\ -v\n", said)

    def forwards(self, text):
        self.done("setforward f.cdb f.tmp", input=text)
        self.assertIn("god@heaven.af.mil", self.done("printforward <f.cdb"))

    def stamps(self, text):
        before, after = text.splitlines()
        said = self.done("tai64nlocal", input=before + "\n")
        self.assertEqual(after, said.rstrip("\n"))

    def session(self, text):
        """Commands after $ and #, and what each prints."""
        self.host.control("concurencylocal", "10")
        self.host.control("dnslists", "bl.example", "zen.example:x")
        for part in re.split(r"^[$#] ", text, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            result = self.shell(command)
            self.assertEqual((100 if command == "kopis config check" else 0, expected),
                             (result.returncode, self.told(result.stdout + result.stderr)), command)
        self.host.remove("control/concurencylocal")
        self.host.remove("control/dnslists")

    def told(self, text):
        return text.replace(str(self.host.home), "/var/qmail")

    def list(self, text):
        self.done(text)
        self.done(f"qmail-lookup friends@{self.host.me}")
        lines = (self.host.home / "alias/.qmail-friends").read_text()
        self.assertEqual("&ann@example.org\nbob@example.net\n", lines)

    def quota_by_hand(self, text):
        self.host.make_maildir(self.other / "Maildir")
        self.done(text)
        self.assertEqual("2000000000S\n", (self.other / "Maildir/maildirsize").read_text())

    def queue(self, text):
        self.done("printf 'Subject: s\\n\\n' | qmail-inject -f ada@example.org 'bob@[192.0.2.1]'")
        self.host.wait_log(r"^delivery \d+: deferral: ")
        [number] = re.findall(r"#(\d+)  <ada@example\.org>", self.done("kopis queue list --all"))
        self.done(text.replace("8388610", number))
        self.assertNotIn(number, self.done("kopis queue list --all"))

    def trace(self, text):
        self.done("printf 'Subject: traced\\n\\n' | qmail-inject -f bob@example.org ada@example.org")
        self.host.wait_mail("ada@example.org", 1)
        self.host.wait_until(lambda: "ada@example.org" in self.shell(text).stdout)

    def summary(self, text):
        command, *lines = text.splitlines()
        self.assertEqual(3, len(lines))
        self.done(command.removeprefix("# "))

    def follow(self, text):
        process = subprocess.Popen([*self.words(), "/bin/sh", "-c", f"exec {text}"], cwd=self.place,
                                   env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        self.host.wait_until(lambda: b"--follow" in command_line(process.pid))
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(b"", process.communicate(timeout=20)[0])

    def lookup(self, text):
        self.assertIn("postmaster", self.told(self.shell(text).stdout))

    def backup(self, text):
        said = self.done(text)
        self.assertIn("whole: ", said)
        self.assertGreater((self.other / "kopis.tar").stat().st_size, 1000)

    def dot_forward(self, text):
        home, said = self.deliver(text, files={".forward": "ada@example.org\n"})
        self.assertIn(b"did 0+0+1", said)  # 99: the mailbox is not used.
        self.assertFalse((home / "Mailbox").exists())
        home, said = self.deliver(text)
        self.assertTrue((home / "Mailbox").exists())

    def fastforward(self, text):
        path = self.file(self.place / "fast", "x: ada@example.org\n")
        self.done(f"newaliases {path}")
        _, said = self.deliver(text.replace("/etc/aliases.cdb", f"{path}.cdb"))
        self.assertIn(b"did 0+0+1", said)

    def report(self, text):
        home, _ = self.deliver(text)
        self.assertTrue((home / "reports").exists())

    def away(self, text):
        self.done(text)
        self.assertEqual("Subject: Away: $SUBJECT\n\nI am back on Monday.\n",
                         (self.other / ".vacation.msg").read_text())

    def vacation(self, text):
        text_of_absence = (self.other / ".vacation.msg").read_text()
        home, said = self.deliver(text, files={".vacation.msg": text_of_absence})
        self.assertIn(b"did 1+0+1", said)
        self.assertIn("bob@example.org", (home / ".vacation.senders").read_text())
        # Without a text the message waits, and the mailbox has it already.
        home, _ = self.deliver(text, code=111)
        self.assertEqual(1, len(list((home / "Maildir/new").iterdir())))

    def answer(self, text, port, greeting, secure=False):
        process = subprocess.Popen([*self.words(), "/bin/sh", "-c", f"exec {text}"], cwd=self.place,
                                   env=self.environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.STDOUT)
        try:
            def there():
                self.assertIsNone(process.poll(), text)
                try:
                    return socket.create_connection(("127.0.0.1", port), timeout=20)
                except ConnectionRefusedError:
                    return None
            self.host.wait_until(lambda: (client := there()) is not None and not client.close())
            with there() as client:
                if secure:
                    context = ssl.create_default_context()
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                    client = context.wrap_socket(client)
                with client.makefile("rwb") as file:
                    self.assertTrue(file.readline().startswith(greeting))
                    file.write(b"QUIT\r\n")
                    file.flush()
                    self.assertTrue(file.read())
        finally:
            process.terminate()
            self.assertEqual(0, process.wait(20))

    def serve_smtp(self, text):
        self.answer(text, 25, b"220 ")

    def serve_pop3(self, text):
        self.answer(text, 110, b"+OK ")

    def serve_pop3s(self, text):
        self.answer(text, 995, b"+OK ", secure=True)

    # ------------------------------------------------------------------------------------------

    def test_what_a_program_may_rely_on(self):
        """qmail-command(8), ENVIRONMENT."""
        home = self.host.maildir(self.host.address).parent
        self.file(home / ".qmail-x", "|(pwd; umask; id -G; echo $(ls /proc/$$/fd); tr ' ' _ </proc/$$/stat; "
                  "grep Sig.lk /proc/$$/status; env) >told\n|head -c7 >first\n"
                  "|exec sh -c 'head -c7 >again'\n").chmod(0o600)
        self.done("printf 'Subject: s\\n\\nhi\\n' | qmail-inject " + self.host.address.replace("@", "-x@"))
        self.host.wait_log(r"^delivery \d+: success: did_0\+0\+3/")
        place, mask, groups, descriptors, stat, blocked, *variables = (home / "told").read_text().splitlines()
        self.assertEqual((str(home), "0077", "0 1 2"), (place, mask, descriptors))
        self.assertEqual(1, len(groups.split()))
        fields = stat.rpartition(")_")[2].split("_")
        self.assertEqual((stat.split("_")[0], "0"), (fields[2], fields[4]))  # Its group, and no terminal.
        self.assertEqual("0", blocked.split()[1].lstrip("0") or "0")
        first = (home / "first").read_text()
        self.assertEqual((7, first), (len(first), (home / "again").read_text()))  # From its start, each time.
        variables = [line for line in variables if "=" in line]  # Some end with a line end.
        named = {line.partition("=")[0] for line in variables}
        page = (ROOT / "docs/man/dot-qmail.5").read_text().split(".Sh ENVIRONMENT")[1]
        told = set(re.findall(r"\b(?:[A-Z]{3,}[2-4]?)\b", page)) | {"EXT3", "HOST3"}
        allowed = {"PATH", "TZ", "LANG", "PWD", "_", "SHLVL", "OLDPWD"}
        self.assertEqual(set(), {name for name in named - told - allowed
                                 if not name.startswith(("KOPIS_", "LC_", "JOURNAL_"))})
        self.assertLessEqual({"SENDER", "RECIPIENT", "HOST2", "EXT4", "DTLINE", "PATH"}, named)
        path = dict(line.split("=", 1) for line in variables)["PATH"].split(":")
        self.assertEqual(f"{self.host.home}/bin", path[0])

    @unittest.skipUnless(HostCase.is_root, "needs root, for ports below 1024")
    def test_each_example(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=new", "-addext",
             f"subjectAltName=DNS:{self.host.me}", "-keyout", self.place / "privkey.pem",
             "-out", self.place / "fullchain.pem"], check=True, capture_output=True)
        for name in ("privkey.pem", "fullchain.pem"):
            (self.place / name).chmod(0o644)
        own_network.enter(self)  # For the ports that examples name.
        port_start = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
        subprocess.run(["sh", "-c", f"echo 0 >{port_start}"], check=True)
        for (name, start), how in RUN.items():
            [text] = [text for text in mdoc.examples(f"docs/man/{name}") if text.startswith(start)]
            with self.subTest(page=name, example=start):
                getattr(self, how)(text)


if __name__ == "__main__":
    unittest.main()

"""The dashboard on an installed host: what its user may ask of qmail-send and read, and no more."""

import platform
import re
import select
import unittest

from installed import InstalledCase

# As qmailw: gives a command, prints the kinds of the answers and the text of a refusal.
GIVE = r"""
import socket, struct, sys
path, verb, fields = sys.argv[1], sys.argv[2].encode(), bytes.fromhex(sys.argv[3])
one = socket.socket(socket.AF_UNIX)
one.settimeout(30)
one.connect(path)
one.sendall(struct.pack("<I", 1 + len(fields)) + verb + fields)
got = b""
while piece := one.recv(65536):
    got += piece
kinds = b""
while got:
    length = struct.unpack("<I", got[:4])[0]
    kinds += got[4:5]
    text = got[5:4 + length]
    got = got[4 + length:]
print(kinds.decode(), text.decode("latin-1") if kinds == b"N" else "")
"""

# As qmailw: holds as many connections as it gets, and prints how many were refused.
MANY = r"""
import socket, sys
held, refused = [], 0
for _ in range(12):
    one = socket.socket(socket.AF_UNIX)
    one.connect(sys.argv[1])
    one.settimeout(2)
    held.append(one)
for one in held:
    try:
        refused += b"too many" in one.recv(100)
    except TimeoutError:
        pass
print(refused, flush=True)
sys.stdin.read()
"""

# As qmailw: pauses many destinations that nobody has mail for; prints how many it was refused.
PAUSE = r"""
import socket, struct, sys
failed = 0
for i in range(1100):
    name = b"domain %d.unknown.example" % i
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(30)
    one.connect(sys.argv[1])
    fields = b"m" + struct.pack("<H", len(name)) + name
    one.sendall(struct.pack("<I", 1 + len(fields)) + sys.argv[2].encode() + fields)
    got = b""
    while piece := one.recv(65536):
        got += piece
    one.close()
    failed += struct.unpack("<6Q", got[5:53])[5]
print(failed)
"""

# As qmaild: makes the next process that says when the certificate ends run in a circle: it is not
# stopped, and never ends.
CIRCLE = r"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
def ptrace(what, pid, at=0, data=0):
    return libc.ptrace(what, pid, ctypes.c_void_p(at), ctypes.c_void_p(data))
print("ready", flush=True)
while True:
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if b"certificate-end" not in file.read() or ptrace(0x4206, pid):  # PTRACE_SEIZE
                    continue
            ptrace(0x4207, pid)  # PTRACE_INTERRUPT
            os.waitpid(pid, 0x40000000)
        except OSError:
            continue
        registers = (ctypes.c_ulonglong * 27)()
        ptrace(12, pid, 0, ctypes.addressof(registers))
        at = registers[16]  # rip
        if not ptrace(4, pid, at, ptrace(1, pid, at) & ~0xffff & (1 << 64) - 1 | 0xfeeb):  # jmp to itself
            print("caught", flush=True)
        ptrace(17, pid)
"""

# As qmailw: asks for the queue as often as it may, and reads no answer.
HOLD = r"""
import socket, struct, sys
held = []
for _ in range(4):
    one = socket.socket(socket.AF_UNIX)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect(sys.argv[1])
    one.sendall(struct.pack("<I", 1) + b"L")
    one.recv(1)
    held.append(one)
print("held", flush=True)
sys.stdin.read()
"""

# As anybody: signs in, and gets a page.
VISIT = r"""
import http.client, sys, urllib.parse
place, password, path = sys.argv[1:]
def ask(*words, **options):
    client = http.client.HTTPConnection(place, timeout=30)
    client.request(*words, **options)
    answer = client.getresponse()
    return answer, answer.read().decode()
answer, _ = ask("POST", "/login", urllib.parse.urlencode({"password": password}), headers={
    "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{place}"})
cookie = "; ".join(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie"))
answer, text = ask("GET", path, headers={"Cookie": cookie})
print(answer.status, text)
"""


class DashboardHost(InstalledCase):
    @classmethod
    def prepare(cls):
        cls.host.start()
        cls.path = cls.host.home / "queue/command/send"
        cls.host.wait_until(cls.path.exists, "qmail-send never listened")

    def as_user(self, user, *words, **options):
        return self.host.run(
            "setpriv", "--reuid", user, "--regid", self.host.gid(user), "--clear-groups", *words,
            **options)


class DashboardRights(DashboardHost):
    def give(self, verb, fields=b"", user="qmailw"):
        return self.as_user(
            user, "python3", "-c", GIVE, self.path, verb, fields.hex()).stdout.decode().strip()

    def test_its_verbs_and_no_other(self):
        for verb in "LHFTBX":
            self.assertEqual("E", self.give(verb, b"n" + (8).to_bytes(8, "little")), verb)
        self.assertEqual("SE", self.give("S"))
        self.assertIn("E", self.give("D"))
        to = b"x@far.example"
        reroute = b"n" + (8).to_bytes(8, "little") + b"a" + len(to).to_bytes(2, "little") + to
        uid = self.host.uid("qmailw")
        self.assertEqual(f"N uid {uid} may not give this command", self.give("R", reroute))
        self.host.wait_log(rf"^command hold by uid {uid} \(qmailw\)$")

    def test_it_cannot_say_that_another_asks(self):
        self.give("H", b"n" + (8).to_bytes(8, "little") + b"u" + (0).to_bytes(8, "little"))
        self.assertNotIn(b"by uid 0 ", (self.host.base / "lines").read_bytes())

    def test_others_are_refused_by_the_directory(self):
        for user in ("qmaild", "qmailr", "qmailq", "qmaill", "alias"):
            refused = self.as_user(user, "python3", "-c", GIVE, self.path, "L", "", check=False)
            self.assertIn(b"PermissionError", refused.stderr, user)

    def test_its_places_are_bounded_and_roots_tools_find_some(self):
        many = self.host.spawn(
            "setpriv", "--reuid", "qmailw", "--regid", self.host.gid("qmailw"), "--clear-groups",
            "python3", "-c", MANY, self.path, stdin=-1, stdout=-1)
        self.assertEqual(b"7\n", many.stdout.readline())
        self.assertEqual(0, self.host.run("kopis", "queue", "list", "--json").returncode)
        many.stdin.close()
        many.wait(30)
        many.stdout.close()

    @unittest.skipUnless(platform.machine() == "x86_64", "its registers")
    def test_who_reads_the_certificate_holds_nobody_up(self):
        catcher = self.host.spawn(
            "setpriv", "--reuid", "qmaild", "--regid", self.host.gid("qmaild"), "--clear-groups",
            "python3", "-c", CIRCLE, stdout=-1)
        self.assertEqual(b"ready\n", catcher.stdout.readline())
        for _ in range(100):  # It may end before it is caught.
            said = self.host.run("kopis", "health", check=False, timeout=50)
            self.assertIn(said.returncode, (0, 1, 2), said)
            if select.select([catcher.stdout], [], [], 0)[0]:
                break
        self.assertEqual(b"caught\n", catcher.stdout.readline())
        catcher.kill()
        catcher.wait(30)
        catcher.stdout.close()

    def test_names_that_it_pauses_are_bounded(self):
        def pause(verb):
            return self.as_user(
                "qmailw", "python3", "-c", PAUSE, self.path, verb, timeout=120).stdout.strip()

        self.assertEqual(b"100", pause("P"))
        for verb in ("pause", "resume"):  # Root's tools find room.
            self.host.run("kopis", "destinations", verb, "domain one.more.example")
        self.assertEqual(b"0", pause("U"))
        self.assertNotIn(b"unknown.example", self.host.run("kopis", "destinations").stdout)

    def test_pages_of_qmailw_show_the_queue_and_no_password(self):
        self.host.run("kopis", "web", "password", "--password-file", "-", stdin=b"correct horse\n")
        owner = (self.host.home / "web/password").stat()
        self.assertEqual((self.host.uid("qmailw"), 0o600), (owner.st_uid, owner.st_mode & 0o777))
        self.host.spawn(
            "setpriv", "--reuid", "qmailw", "--regid", self.host.gid("qmailw"), "--clear-groups",
            self.host.home / "bin/kopis-web")
        self.host.wait_listening(2580)
        self.host.run("kopis", "user", "add", "eva@virtual.example", "--generate", "--new-domain")
        self.host.run("kopis", "destinations", "pause", "domain later.example")
        self.host.run("qmail-inject", "x@later.example", stdin=b"Subject: secret\n\nsecret\n")

        def page(path):
            return self.host.run(
                "python3", "-c", VISIT, "127.0.0.1:2580", "correct horse", path).stdout.decode()

        self.host.wait_until(lambda: "x@later.example" in page("/queue"), "the queue is not shown")
        self.assertNotIn("secret", page("/queue"))
        number = re.search(r"message\?n=(\d+)", page("/queue"))[1]
        self.host.wait_until(
            lambda: f"Message {number}" in page(f"/trace?q={number}"), "the journal is not read")
        users = page("/users")
        self.assertTrue(users.startswith("200 "))
        self.assertIn("may not read this", users)
        self.assertNotIn("scram-sha-256", users)
        self.assertTrue(page("/config").startswith("200 "))


class DashboardAnswers(DashboardHost):
    def test_answers_that_it_does_not_read_hold_up_nobody_else(self):
        for part in range(10):
            self.host.run(
                "qmail-inject", *(f"r{part}-{i:04}@held.example" for i in range(1000)),
                stdin=b"Subject: many\n\n")

        def listed():
            text = self.host.run("kopis", "queue", "list", "--json").stdout
            return text.count(b"@held.example") >= 10_000

        self.host.wait_until(listed, "the queue is not that long")
        held = self.host.spawn(
            "setpriv", "--reuid", "qmailw", "--regid", self.host.gid("qmailw"), "--clear-groups",
            "python3", "-c", HOLD, self.path, stdin=-1, stdout=-1)
        self.assertEqual(b"held\n", held.stdout.readline())
        for _ in range(3):
            self.assertTrue(listed())
        held.stdin.close()
        held.wait(30)
        held.stdout.close()


if __name__ == "__main__":
    unittest.main()

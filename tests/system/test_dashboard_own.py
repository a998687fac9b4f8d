"""A mail user's own page on an installed host: his own process writes his settings, and the dashboard's
user has no right but to ask it, after a login."""

import os
import re
import socket
import subprocess
import threading
import unittest

from installed import ME, InstalledCase

EVA, VERA, PAUL = f"eva@{ME}", "vera@virtual.example", "paul@virtual.example"
SECRET = "correct horse"

# As anybody: signs in, and sends a form; prints the status, and the page then.
VISIT = r"""
import http.client, re, sys, urllib.parse
place, name, password, path, *fields = sys.argv[1:]
jar = {}
def ask(method, path, form=None):
    client = http.client.HTTPConnection(place, timeout=40)
    client.request(method, path, urllib.parse.urlencode(form) if form is not None else None, {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{place}",
        "Cookie": "; ".join(f"{key}={value}" for key, value in jar.items())})
    answer = client.getresponse()
    for line in answer.headers.get_all("Set-Cookie") or []:
        key, _, value = line.split(";")[0].partition("=")
        jar[key] = value
    return answer, answer.read().decode()
answer, text = ask("POST", "/own/login", {"name": name, "password": password})
print("login", answer.status)
if answer.status == 303:
    _, text = ask("GET", "/own")
    if path != "/own":
        token = re.search(r'name="csrf" value="([^"]+)"', text)[1]
        form = dict(one.split("=", 1) for one in fields)
        answer, text = ask("POST", path, {"csrf": token, **form})
        print("sent", answer.status, answer.getheader("Location") or "")
    print(text)
"""

# As a user of the suite: what is answered to each question of qmail-lookup, and with a ticket of a login
# to each kind of request for a reader.
TRY = r"""
import array, socket, struct, sys
home, name, password = sys.argv[1], sys.argv[2].encode(), sys.argv[3].encode()
def ask(kind, *fields):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(20)
    one.connect(home + "/users/lookup")
    frame = bytes([kind]) + b"".join(struct.pack("<H", len(field)) + field for field in fields)
    one.sendall(struct.pack("<H", len(frame)) + frame)
    return one.recv(65536)
peer = bytes([0xFD]) + bytes(15)  # As the dashboard names its clients.
for word, fields in (("R", (b"eva", name.partition(b"@")[2])), ("A", (b"eva", name)), ("S", (name,)),
                     ("P", (peer, name, password)), ("U", (name,)), ("L", (peer, name)),
                     ("O", (peer, name, b"\1")), ("T", (peer, name, b"x")), ("H", (name, b"")),
                     ("G", (name, b"")), ("E", (peer, name, password))):
    print(word, "answered" if ask(ord(word), *fields) else "closed")
guess = ask(ord("E"), bytes([10, 2, 3, 4]), name, password)
print("a peer of the network", "answered" if guess else "closed")
guess = ask(ord("P") | 0x80, peer, name, password)
print("a ticket to read", "answered" if guess else "closed")
for kind in (0, 1, 2):
    # A ticket for mail comes with a listener's question, and one for settings with the dashboard's.
    answer = kind != 2 and ask(ord("P") | 0x80, peer, name, password) or ask(ord("E"), peer, name, password)
    fields, at = [], 3
    while at < len(answer):
        length = struct.unpack_from("<H", answer, at)[0]
        fields.append(answer[at + 2:at + 2 + length])
        at += 2 + length
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    post = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    post.connect(home + "/users/readers")
    post.sendmsg([bytes([kind]) + b"\7Maildir" + fields[-1]],
                 [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
    theirs.close()
    print("reader", kind, "taken" if ours.recv(1) == b"T" else "closed")
"""

# As a user of the suite: guesses, each as another client, then the right password; prints the verdicts.
GUESS = r"""
import socket, struct, sys
home, name, password = sys.argv[1], sys.argv[2].encode(), sys.argv[3].encode()
one = socket.socket(socket.AF_UNIX)
one.settimeout(20)
one.connect(home + "/users/lookup")
for i, said in enumerate((b"wrong",) * int(sys.argv[4]) + (password,)):
    fields = (bytes([0xFD, 1 + i]) + bytes(14), name, said)
    frame = b"E" + b"".join(struct.pack("<H", len(field)) + field for field in fields)
    one.sendall(struct.pack("<H", len(frame)) + frame)
    length = struct.unpack("<H", one.recv(2, socket.MSG_WAITALL))[0]
    print(one.recv(length, socket.MSG_WAITALL)[0])
"""

# As the dashboard's user, taken over: opens a channel to a user's settings by his password, and keeps it
# and the last right that it was given; a word for each forward that it tries to set.
KEEP = r"""
import array, base64, json, socket, struct, sys, time
home, name, password = sys.argv[1], sys.argv[2].encode(), sys.argv[3].encode()
lookup = socket.socket(socket.AF_UNIX)
lookup.settimeout(20)
lookup.connect(home + "/users/lookup")
def ask(kind, *fields):
    frame = kind + b"".join(struct.pack("<H", len(field)) + field for field in fields)
    lookup.sendall(struct.pack("<H", len(frame)) + frame)
    frame = lookup.recv(struct.unpack("<H", lookup.recv(2, socket.MSG_WAITALL))[0], socket.MSG_WAITALL)
    found, at = [], 1
    while at < len(frame):
        length = struct.unpack_from("<H", frame, at)[0]
        found.append(frame[at + 2:at + 2 + length])
        at += 2 + length
    return frame[0], found
peer = bytes([0xFD]) + bytes(15)
def enter():
    _, (_, _, mark, ticket) = ask(b"E", peer, name, password)
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    post = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    post.connect(home + "/users/readers")
    # What stands for a Maildir is not his to choose: with a key of his own he would need no right.
    post.sendmsg([b"\2\x40" + b"0" * 64 + ticket],
                 [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
    theirs.close()
    assert ours.recv(1) == b"T"
    return ours, mark
def save(channel, forward, right):
    text = json.dumps({"right": base64.b64encode(right).decode(), "forwards": [forward], "copy": True,
                       "away": False, "text": ""}).encode()
    channel.sendall(struct.pack("<I", len(text)) + text)
    text = channel.recv(struct.unpack("<I", channel.recv(4, socket.MSG_WAITALL))[0], socket.MSG_WAITALL)
    print(forward, json.loads(text).get("fault", "saved"), channel.recv(1) if b"fault" in text else "", flush=True)
(one, mark), (two, _) = enter(), enter()
verdict, (right,) = ask(b"G", name, mark)
save(one, "first@far.example", right)
while ask(b"G", name, mark)[0] == 1:
    time.sleep(0.1)
ended = time.monotonic()
while time.monotonic() < ended + 6:  # So long is a right good, and then some.
    time.sleep(0.1)
save(one, "second@far.example", right)
save(two, "third@far.example", b"")
"""


class DashboardOwn(InstalledCase):
    @classmethod
    def prepare(cls):
        host = cls.host
        host.add_user("eva")
        hashed = host.run("openssl", "passwd", "-6", SECRET).stdout.decode().strip()
        host.run("usermod", "-p", hashed, "eva")
        for name in (VERA, PAUL):
            host.run("kopis", "user", "add", name, "--password-file", "-", "--new-domain",
                     stdin=SECRET.encode() + b"\n")
        (host.home / "control/loginaccounttries").write_text("5\n")
        host.start()
        host.wait_until((host.home / "users/lookup").exists, "qmail-lookup never listened")
        cls.serve_passwords()
        host.spawn("setpriv", "--reuid", "qmailw", "--regid", host.gid("qmailw"), "--clear-groups",
                   host.home / "bin/kopis-web", stderr=open(host.base / "web.log", "wb"))
        host.wait_listening(2580)

    @classmethod
    def serve_passwords(cls):
        """In the place of kopis-passwd.socket, with its owner and mode."""
        path = cls.host.home / "users/passwd"
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        os.chown(path, 0, cls.host.gid("qmailw"))
        path.chmod(0o660)
        server.listen(4)
        cls.addClassCleanup(server.close)

        def serve():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    subprocess.run(
                        cls.host.argv("kopis", "user", "change-password"), stdin=client, stdout=client,
                        stderr=subprocess.DEVNULL, env=cls.host.environment(), timeout=60)

        threading.Thread(target=serve, daemon=True).start()

    def visit(self, name, path="/own", *fields, password=SECRET):
        return self.host.run("python3", "-c", VISIT, "127.0.0.1:2580", name, password, path,
                             *fields).stdout.decode()

    def as_user(self, user, *words, **options):
        return self.host.run("setpriv", "--reuid", user, "--regid", self.host.gid(user),
                             "--clear-groups", *words, **options)

    def test_1_a_user_of_the_host_forwards_and_keeps_a_copy(self):
        said = self.visit(EVA, "/own/mail", f"forwards={VERA}", "copy=yes")
        self.assertIn("sent 303 /own?did=mail", said)
        path = self.host.base / "eva/.qmail"
        self.assertEqual(f"./Maildir/\n&{VERA}\n", path.read_text())
        status = path.stat()
        self.assertEqual((self.host.uid("eva"), 0o600), (status.st_uid, status.st_mode & 0o777))
        said = self.visit("eva", "/own/mail", f"forwards=Eva@{ME}")
        self.assertIn("sent 400", said)
        self.assertIn("mail would come back", said)
        self.host.run("qmail-inject", EVA, stdin=b"Subject: to both\n\n")
        self.host.wait_mail(self.host.base / "eva/Maildir")
        self.host.wait_mail(self.host.home / "users/mail/virtual.example/vera/Maildir")
        page = self.visit("eva")
        self.assertIn(f">{VERA}</textarea>", page)
        self.assertIn("<code>passwd</code>", page)
        self.assertIn("sent 303", self.visit("eva", "/own/mail", "copy=yes"))
        self.assertFalse(path.exists())

    def test_2_a_home_that_is_hostile_ground(self):
        """What he puts there leads his own process nowhere but to what is his."""
        path = self.host.base / "eva/.qmail"
        secret = self.host.base / "secret"
        secret.write_text("&unguessable@x.example\n")
        secret.chmod(0o600)
        for target in (secret, "/etc/shadow", "/dev/zero"):
            path.symlink_to(target)
            self.assertNotIn("unguessable", self.visit("eva"))
            self.assertIn("sent 400", self.visit("eva", "/own/mail", "copy=yes"))
            self.assertTrue(path.is_symlink())
            path.unlink()
        os.mkfifo(path)
        self.assertIn("sent 400", self.visit("eva", "/own/mail", "copy=yes"))
        path.unlink()
        self.assertEqual("&unguessable@x.example\n", secret.read_text())

    def test_3_a_virtual_user_changes_the_password(self):
        said = self.visit(VERA, "/own/password", "current=wrong", "wanted=battery staple",
                          "again=battery staple")
        self.assertIn("sent 400", said)
        self.assertIn("the current password is wrong", said)
        said = self.visit(VERA, "/own/password", f"current={SECRET}", "wanted=battery staple",
                          "again=battery staple")
        self.assertIn("sent 303 /own/login?did=password", said)
        self.assertIn("login 403", self.visit(VERA))
        self.assertIn("login 303", self.visit(VERA, password="battery staple"))
        users = self.host.home / "users/virtual"
        self.assertEqual(0, users.stat().st_uid)
        log = (self.host.base / "web.log").read_text()
        self.assertIn(f"kopis-web: password of {VERA}: changed\n", log)
        self.assertNotIn("staple", log)

    def test_4_the_dashboards_user_may_ask_this_and_no_more(self):
        said = self.as_user("qmailw", "python3", "-c", TRY, self.host.home, EVA, SECRET).stdout.decode()
        self.assertEqual(
            ["R closed", "A closed", "S closed", "P closed", "U closed", "L closed", "O closed",
             "T closed", "H answered", "G answered", "E answered", "a peer of the network closed",
             "a ticket to read closed",
             "reader 0 closed", "reader 1 closed", "reader 2 taken"],
            said.splitlines())
        said = self.as_user("qmaild", "python3", "-c", TRY, self.host.home, EVA, SECRET).stdout.decode()
        self.assertEqual(["reader 0 taken", "reader 1 taken", "reader 2 closed"],
                         said.splitlines()[-3:])
        self.assertIn("G closed", said)
        for user in ("qmailr", "qmaill", "eva"):
            refused = self.as_user(
                user, "python3", "-c", TRY, self.host.home, EVA, SECRET, check=False)
            self.assertNotIn(b"answered", refused.stdout, user)
        connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        for user in ("qmaild", "qmailp", "eva"):
            refused = self.as_user(
                user, "python3", "-c", connect, self.host.home / "users/passwd", check=False)
            self.assertIn(b"PermissionError", refused.stderr, user)

    def test_5_the_process_that_writes_is_the_users_and_has_no_network(self):
        self.visit("eva", "/own/mail", "copy=yes")
        uid = self.host.uid("eva")
        pids = [pid for pid in self.host.pids().get("qmail-pop3d", [])
                if re.search(rf"^Uid:\s+{uid}\s+{uid}\s", open(f"/proc/{pid}/status").read(), re.M)]
        self.assertTrue(pids)

    def test_6_its_guesses_spend_nothing_of_listeners_clients(self):
        def verdicts(user, guesses):
            return self.as_user(user, "python3", "-c", GUESS, self.host.home, EVA, SECRET,
                                str(guesses)).stdout.decode().split()
        no, yes = "2", "1"
        self.assertEqual([no] * 9, verdicts("qmailw", 8))  # After five the right one too.
        self.assertEqual([yes], verdicts("qmaild", 0))

    def test_7_a_lock_ends_a_channel_whoever_has_it(self):
        taken = self.host.spawn(
            "setpriv", "--reuid", "qmailw", "--regid", self.host.gid("qmailw"), "--clear-groups",
            "python3", "-c", KEEP, self.host.home, PAUL, SECRET, stdout=subprocess.PIPE, text=True)
        self.assertEqual("first@far.example saved \n", taken.stdout.readline())
        self.host.run("kopis", "user", "lock", PAUL)
        rest, _ = taken.communicate(timeout=60)
        over = "the login does not hold any more b''"
        self.assertEqual([f"second@far.example {over}", f"third@far.example {over}"], rest.splitlines())
        path = self.host.home / "users/mail/virtual.example/paul/.qmail"
        self.assertEqual("./Maildir/\n&first@far.example\n", path.read_text())


if __name__ == "__main__":
    unittest.main()

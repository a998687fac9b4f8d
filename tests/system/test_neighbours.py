"""The hostile neighbour: each user of an installed host under traffic, but root, does at random what it
may do. Afterwards nothing is read, changed, lost or run that was not its to spoil, and the host serves.

KOPIS_SEED repeats a run, KOPIS_NEIGHBOUR_SECONDS sets how long each user tries (5)."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

import neighbour_checks
from figures import tell
from installed import ME, can_install
from neighbour_host import HERE, PASSWORDS, SINK_PORT, VIRTUAL, NeighbourHost
from process_table import SPOILING, rows, table

SECONDS = float(os.environ.get("KOPIS_NEIGHBOUR_SECONDS", "5"))
SEED = int(os.environ.get("KOPIS_SEED") or random.randrange(10**9))
SERVE_SECONDS = 10  # After the attack: the promise.
DELIVER_SECONDS = 60

SMTP = {"smtp-maildir", "smtp-program", "smtp-virtual", "smtp-forward", "smtp-joe"}
LOCAL = {"local-maildir", "local-program"}
STREAMS = SMTP | LOCAL | {"remote"}

# What each may spoil at worst, of mail that was accepted: docs/ARCHITECTURE.md says it in words.
SPOILS = {"joe": {"smtp-joe"}, "alias": {"smtp-virtual", "smtp-forward"}, "qmaild": SMTP,
          "qmailw": STREAMS, "qmaill": set(), "qmailp": set(), "qmailr": {"remote"}, "qmails": STREAMS,
          "qmailq": STREAMS}

# These may leave a queue behind that only an administrator mends: then all else must be whole.
QUEUE_SPOILERS = {"qmailq", "qmails"}
# And these a program of their own that no longer listens: the socket is theirs to shut down.
RENEWED = QUEUE_SPOILERS | {"qmailw"}


@unittest.skipUnless(can_install(), "needs root and namespaces")
class Neighbours(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tell(f"neighbours: KOPIS_SEED={SEED}, {SECONDS:g} s for each user")
        cls.host = NeighbourHost()
        cls.addClassCleanup(cls.host.close)
        cls.host.furnish()
        cls.eva = {"me": ME, "virtual": VIRTUAL, "home": str(cls.host.home),
                   "place": str(cls.host.base / "eva/traffic"), "sink_port": SINK_PORT,
                   "passwords": {name: PASSWORDS[name] for name in ("eva", f"vera@{VIRTUAL}")},
                   "serve_seconds": SERVE_SECONDS}
        sink = cls.traffic("start", "sink", stdout=subprocess.PIPE)
        cls.addClassCleanup(sink.stdout.close)
        sink.stdout.readline()
        cls.host.keep(["qmail/queue", *dict.fromkeys(sum(neighbour_checks.AREAS.values(), []))])
        cls.host.serve()

    @classmethod
    def traffic(cls, turn, what, **options):
        """A part of the traffic program, as eva."""
        plan = cls.host.base / "eva/traffic" / f"plan-{turn}"
        plan.write_text(json.dumps({**cls.eva, "round": turn}))
        os.chown(plan, cls.host.uid("eva"), cls.host.gid("eva"))
        plan.chmod(0o600)
        return cls.host.spawn_as(
            "eva", "python3", cls.host.base / "attack/neighbour_traffic.py", plan, what, **options)

    # One user ---------------------------------------------------------------------------------

    def try_as(self, user):
        host, began = self.host, time.monotonic()
        uid = host.uid(user)
        before = neighbour_checks.inventory(host, user)
        descriptors = host.descriptors()
        watch = self.start_watch()
        lines = len((host.base / "lines").read_bytes())
        traffic = self.traffic(user, "traffic", stdin=subprocess.PIPE)
        attack = host.attack(user, SEED, SECONDS)
        try:
            attack.wait(SECONDS + 30)
        finally:
            ended = host.sweep(uid)
        served = self.probe(user)
        traffic.stdin.close()
        traffic.wait(60)
        problems = [f"does not serve: {line}" for line in served
                    if "failed" in line and user not in QUEUE_SPOILERS]
        accepted, refused, lost = self.lost(user)
        problems += lost
        problems += self.end_watch(watch)
        ended += host.sweep(uid)  # What its mail has begun since.
        wrong, made = neighbour_checks.markers(host, user)
        kinds, _, broken = neighbour_checks.report(host, user)
        out, looked = neighbour_checks.secrets_out(host, user)
        problems += wrong + broken + [f"a secret came out: {line}" for line in out]
        problems += neighbour_checks.changes(before, neighbour_checks.inventory(host, user))
        problems += self.descriptors_kept(descriptors)
        problems += neighbour_checks.forged_log(host, user, lines)
        log = host.log()[-1500:]
        host.restore(neighbour_checks.AREAS[user])
        if problems or user in RENEWED:
            host.renew()
            if user in QUEUE_SPOILERS:
                renewed = self.probe(user)
                problems += [f"does not serve anew: {line}" for line in renewed if "failed" in line]
        slowest = max((line.get("seconds", 99) for line in served), default=99)
        tell(f"neighbours: {user}: {sum(kinds.values())} tries of {len(kinds)} kinds, {made} markers, "
             f"{ended} processes left; {accepted} accepted, {refused} refused, "
             f"{len(lost)} streams lost mail; serves after {slowest:.1f} s; "
             f"{len(before)} names and {looked} files looked at; {self.looks}; "
             f"{time.monotonic() - began:.0f} s")
        if problems:
            whole = (host.base / "lines").read_text("latin-1")[lines:]
            whole += "\n" + (host.base / "log-web").read_text("latin-1")[-3000:]
            name = pathlib.Path(f"/tmp/neighbours-{SEED}-{user}.log")
            said = b"\n".join(data[:300] for _, _, data in host.syslog.lines[-3000:])
            name.write_text("\n".join(problems) + "\n" + whole + "\n" + said.decode("latin-1"))
        self.assertGreater(sum(kinds.values()), SECONDS * 10)
        self.assertGreater(accepted, 0)
        self.assertEqual([], problems[:40], f"KOPIS_SEED={SEED}; log ends: {log}")

    def probe(self, user):
        process = self.traffic(f"{user}-after", "probe", stdout=subprocess.PIPE)
        out = process.communicate(timeout=SERVE_SECONDS + 30)[0].decode()
        return [json.loads(line) for line in out.splitlines()]

    # Mail -------------------------------------------------------------------------------------

    def lost(self, user):
        """Counts of what was accepted and refused; lines for streams that must not lose and did."""
        journal = self.host.base / "eva/traffic/accepted"
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        journal.unlink()
        accepted = [line for line in lines if "number" in line]
        kept = {line["number"]: line["stream"] for line in accepted
                if line["stream"] not in SPOILS[user]}
        end, turn = time.monotonic() + DELIVER_SECONDS, 0
        while missing := kept.keys() - self.arrived():
            if time.monotonic() > end:
                break
            if turn % 10 == 0:
                self.alarm()  # What was put off meanwhile need not wait for its time.
            turn += 1
            time.sleep(0.2)
        found = [f"{stream}: lost {sorted(n for n in missing if kept[n] == stream)[:5]} of "
                 f"{sum(s == stream for s in kept.values())}"
                 for stream in sorted({kept[number] for number in missing})]
        return len(accepted), sum("refused" in line for line in lines), found

    def alarm(self):
        for pid in self.host.pids().get("qmail-send", []):
            try:
                os.kill(pid, signal.SIGALRM)
            except ProcessLookupError:
                pass

    def arrived(self):
        """Numbers of all messages in a mailbox or at the other host."""
        base = self.host.base
        files = [path for place in ("eva/Maildir", "kim/Maildir", "joe/Maildir",
                                    f"qmail/users/mail/{VIRTUAL}/vera/Maildir")
                 for part in ("new", "cur") for path in (base / place / part).glob("*")]
        files += (base / "eva/prog").iterdir()
        found = set()
        for path in files:
            if path not in self.seen:
                try:
                    text = neighbour_checks.plain(path)
                except OSError:
                    continue
                number, end, _ = text.partition(b"X-Number: ")[2].partition(b"\n")
                if not end:
                    continue  # A program makes its file before it writes there.
                self.seen[path] = number.decode("latin-1")
            found.add(self.seen[path])
        sink = base / "eva/traffic/sink"
        found.update(json.loads(line)["number"] for line in sink.read_text().splitlines())
        return found

    # Processes --------------------------------------------------------------------------------

    def start_watch(self):
        host = self.host
        names = {"0": "root"} | {str(host.uid(name)): name for name in SPOILS}
        plan = {"exe": str(host.home / "bin/kopis"), "names": names,
                "table": {name: sorted(users) for name, users in table().items()},
                "users": [host.uid(name) for name in ("eva", "kim", "joe", "alias")],
                "clients": ["qmail-queue"]}
        watch = subprocess.Popen(
            [sys.executable, HERE / "neighbour_watch.py", host.proc, json.dumps(plan)],
            stdout=subprocess.PIPE)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.kill)
        watch.stdout.readline()
        return watch

    def end_watch(self, watch):
        watch.terminate()
        lines = [json.loads(line) for line in watch.communicate(timeout=20)[0].splitlines()]
        self.looks = f"{lines[-1]['looks']} looks at {lines[-1]['threads']} threads"
        self.assertGreater(lines[-1]["looks"], SECONDS)
        return [json.dumps(line) for line in lines[:-1]]

    def descriptors_kept(self, before):
        """Programs that still hold many more descriptors than before the attack."""
        spare, end = 40, time.monotonic() + 10
        while True:
            now = self.host.descriptors()
            more = [f"{name} as {uid} holds {count} descriptors, not {before.get((name, uid), 0)}"
                    for (name, uid), count in now.items()
                    if count > before.get((name, uid), count) + spare]
            if not more or time.monotonic() > end:
                return more
            time.sleep(0.2)

    def test_the_table_says_what_each_can_spoil(self):
        told = " ".join(row[0] for row in rows(SPOILING))
        for user in SPOILS:
            self.assertRegex(told, "user of the host" if user == "joe" else rf"\b{user}\b")

    def setUp(self):
        self.seen, self.looks = {}, ""


for name in SPOILS:
    setattr(Neighbours, f"test_{name}", lambda self, user=name: self.try_as(user))


if __name__ == "__main__":
    unittest.main()

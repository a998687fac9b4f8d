"""Looks at who runs as whom in a host, again and again: every thread of every process, by /proc. Prints
what the table of docs/ARCHITECTURE.md does not allow, a line of JSON for each, and at its end a count."""

import json
import os
import re
import signal
import sys
import time

STATUS = re.compile(rb"Name:\t(.*)\n(?:.*\n)*?State:\t(.).*\n(?:.*\n)*?PPid:\t(\d+)\n(?:.*\n)*?"
                    rb"Uid:\t(.*)\nGid:\t(.*)\n")
SUSPECTED_SECONDS = 2  # For so long a child may still be on its way to its program.


class Watch:
    def __init__(self, proc, plan):
        self.proc, self.plan, self.told = proc, plan, set()
        self.looks = self.threads = 0

    def status(self, *place):
        try:
            with open("/".join((self.proc, *place, "status")), "rb") as file:
                text = file.read()
        except OSError:
            return None
        name, state, parent, uids, gids = STATUS.search(text).groups()
        return (name.decode("latin-1"), tuple(map(int, uids.split())),
                tuple(map(int, gids.split())), int(parent), state)

    def tell(self, what, **more):
        if what not in self.told:
            self.told.add(what)
            print(json.dumps({"broken": what, **more}), flush=True)

    def look(self):
        self.looks += 1
        for pid in filter(str.isdigit, os.listdir(self.proc)):
            found = self.status(pid)
            if found is None or found[4] == b"Z":
                continue
            self.look_at_process(pid, found)
            try:
                threads = os.listdir(f"{self.proc}/{pid}/task")
            except OSError:
                continue
            for thread in threads:
                self.threads += 1
                own = self.status(pid, "task", thread)
                if own and (own[1:3] != found[1:3] or len(set(own[1])) > 1):
                    self.look_at_thread(pid, thread)

    def look_at_thread(self, pid, thread):
        """Its process may have become another between the two looks: four looks, two of each."""
        first, own = self.status(pid), self.status(pid, "task", thread)
        again, own_again = self.status(pid), self.status(pid, "task", thread)
        if not (first and own and again and own_again) or first[1:3] != again[1:3]:
            return
        if own[1:3] == own_again[1:3] and (own[1:3] != first[1:3] or len(set(own[1])) > 1):
            self.tell(f"a thread of {first[0]} of {first[1]} {first[2]} is {own[1]} {own[2]}")

    def exe(self, pid):
        try:
            return os.readlink(f"{self.proc}/{pid}/exe")
        except OSError:
            return ""

    def is_attack(self, pid):
        try:
            with open(f"{self.proc}/{pid}/environ", "rb") as file:
                return b"KOPIS_NEIGHBOUR=" in file.read()
        except OSError:
            return True  # Gone.

    def look_at_process(self, pid, found):
        name, uids, gids, parent, _ = found
        if len(set(uids)) == 1 and self.allows(name, uids[0], pid, parent):
            return
        end = time.monotonic() + SUSPECTED_SECONDS
        while time.monotonic() < end:
            time.sleep(0.05)
            if self.command(pid) != self.command(str(parent)):
                break
        again = self.status(pid)
        if again and again[:3] == found[:3] and again[4] != b"Z" and \
                not (len(set(uids)) == 1 and self.allows(name, uids[0], pid, parent)):
            self.tell(f"{name} runs as {self.plan['names'].get(str(uids[0]), uids)} {uids}",
                      command=self.command(pid))

    def command(self, pid):
        try:
            with open(f"{self.proc}/{pid}/cmdline", "rb") as file:
                return file.read().decode("latin-1")
        except OSError:
            return ""

    def allows(self, name, uid, pid, parent):
        if self.exe(pid) != self.plan["exe"]:
            # Programs of users, or the test's own: root only where no process of the host made it.
            return uid != 0 or not self.is_hosts_child(parent)
        user = self.plan["names"].get(str(uid), str(uid))
        # A child that has not run its program yet has the name of the thread that made it.
        argument = os.path.basename(self.command(pid).partition("\0")[0])
        for one in {name, argument}:
            allowed = self.plan["table"].get(one, ["the user"])
            if user in allowed or (uid in self.plan["users"] and
                                   ("the user" in allowed or one in self.plan["clients"])):
                return True
        return uid != 0 and self.is_attack(pid)

    def is_hosts_child(self, parent):
        seen = 0
        while parent > 1 and seen < 20:
            if self.exe(parent) == self.plan["exe"]:
                return True
            status = self.status(str(parent))
            if status is None:
                return False
            parent, seen = status[3], seen + 1
        return False


def main():
    proc, plan = sys.argv[1], json.loads(sys.argv[2])
    watch, going = Watch(proc, plan), [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    print("{}", flush=True)
    while going:
        began = time.monotonic()
        watch.look()
        time.sleep(min(0.1, 2 * (time.monotonic() - began)))  # A third of one core at most.
    print(json.dumps({"looks": watch.looks, "threads": watch.threads}), flush=True)


if __name__ == "__main__":
    main()

"""What is looked at before and after a hostile neighbour: files, secrets, markers, reports."""

import collections
import hashlib
import json
import os
import pathlib
import re
import stat

MOVING = {"new", "cur", "tmp", "prog", "traffic", "queue", "attack", "collector", "dev", "fd",
          "journal"}
SCAN_BYTES_MAX = 4 << 20

# What each user may change, below the base: the table of docs/ARCHITECTURE.md.
AREAS = {"joe": ["joe"], "alias": ["qmail/alias", "qmail/users/mail"],
         "qmaild": ["qmail/tls", "qmail/greylist", "qmail/dmarc"],
         "qmailq": [], "qmails": [], "qmailp": [], "qmaill": ["qmail/journal"], "qmailw": ["qmail/web", "joe"],
         "qmailr": ["qmail/auth", "qmail/dkim", "qmail/mta-sts", "qmail/srs", "qmail/tlsrpt"]}
# Whose files in the queue are whose: type, mode, owner of the rest must stay.
QUEUE_OWNERS = {"qmailq", "qmails", "qmailr"}


def plain(path):
    """The beginning of a regular file in a directory that the attack may change: what it puts there
    meanwhile, a FIFO or a link, is an error and holds up nobody."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{path} is no regular file")
        return file.read(SCAN_BYTES_MAX)


def entry(path):
    """What must not change of a name: kind, mode, owner, inode, size and contents."""
    found = path.lstat()
    content = ""
    if stat.S_ISREG(found.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    elif stat.S_ISLNK(found.st_mode):
        content = os.readlink(path)
    size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
    inode = 0 if stat.S_ISSOCK(found.st_mode) else found.st_ino  # Sockets are made anew at a start.
    return (oct(found.st_mode), found.st_uid, found.st_gid, inode, size, content)


def inventory(host, user):
    """All that the user must not change, by path."""
    found = {}
    areas = [host.base / area for area in AREAS[user]]
    for where, directories, names in os.walk(host.base):
        where = pathlib.Path(where)
        directories[:] = [name for name in directories
                          if name not in MOVING and where / name not in areas]
        if where == host.base:
            names = []  # Logs, and the log's socket.
        for path in [where, *(where / name for name in [*names, *directories])]:
            found[str(path.relative_to(host.base))] = entry(path)
    for path in host.base.glob("*/Maildir/cur/canary*"):
        if not any(path.is_relative_to(area) for area in areas):
            found[str(path.relative_to(host.base))] = entry(path)
    if user not in QUEUE_OWNERS:
        for path in [host.home / "queue", *(host.home / "queue").iterdir(),
                     *(host.home / "queue/lock").iterdir()]:
            mode, uid, gid, *_ = entry(path) if not path.is_dir() else entry(path)
            found[str(path.relative_to(host.base))] = (mode, uid, gid)
    return found


def changes(before, after):
    """Lines about what is not as it was."""
    lines = [f"{path} is gone" for path in before.keys() - after.keys()]
    lines += [f"{path} came: {after[path]}" for path in after.keys() - before.keys()]
    lines += [f"{path} was {before[path]}, is {after[path]}"
              for path in before.keys() & after.keys() if before[path] != after[path]]
    return sorted(lines)


def secrets_out(host, user):
    """Secrets in what the user owns, anywhere below the base and on its own disks; in any log."""
    uid, forbidden, found, looked = host.uid(user), host.forbidden(user), [], 0
    root = pathlib.Path(f"/proc/{host.inside}/root")
    for top in (host.base, root / "tmp", root / "var/tmp", root / "dev/shm",
                root / str(host.base / f"attack/{user}-disk").lstrip("/")):
        for where, directories, names in os.walk(top):
            if top == root / "tmp" and where == str(top):
                directories[:] = [name for name in directories if name != host.base.name]
            for name in names:
                path = pathlib.Path(where, name)
                try:
                    status = path.lstat()
                    if not stat.S_ISREG(status.st_mode) or status.st_uid != uid:
                        continue
                    data = plain(path)
                except OSError:
                    continue
                looked += 1
                found += [f"{text.decode('latin-1')} in {path}" for text in forbidden if text in data]
    logs = [(path.name, path.read_bytes()) for path in host.base.glob("l*") if path.is_file()]
    logs.append(("the system's log", b"\n".join(data for _, _, data in host.syslog.lines)))
    found += [f"{text.decode('latin-1')} in {name}" for name, data in logs
              for text in host.canaries if text in data]
    return found, looked


def markers(host, user):
    """Markers of the attack that another uid made, and how many there are."""
    uid, found, wrong = host.uid(user), 0, []
    for path in (host.base / "collector").iterdir():
        found += 1
        owner = path.lstat().st_uid
        if owner != uid:
            wrong.append(f"{path.name} was made by {owner}, not {uid}")
        path.unlink()
    return wrong, found


def report(host, user):
    """What the attack says of itself: tries by kind, what worked, rights that it had not been given,
    secrets that it read though it must not."""
    kinds, broken = collections.Counter(), []
    worked, ended = collections.Counter(), 0
    path = host.base / "attack" / user / "report"
    forbidden = {text.decode("latin-1") for text in host.forbidden(user)}
    for line in path.read_text().splitlines():
        said = json.loads(line)
        if "tried" in said:
            kinds[said["kind"]] += said["tried"]
            worked[said["kind"]] += said["worked"]
            ended += said.get("ended", 0)
        elif "broken" in said:
            broken.append(f"{said['kind']}: {said['broken']}")
        elif said.get("canary") in forbidden:
            broken.append(f"{said['kind']}: read {said['canary']} in {said['source']}")
    path.unlink()
    return kinds, worked, sorted(set(broken))


def forged_log(host, user, since):
    """Lines in root's log that the user's own words are in: only the suite's users have a part there."""
    if user not in ("joe", "alias"):
        return []
    data = (host.base / "lines").read_bytes()[since:]
    odd = [line for line in data.split(b"\n") if re.search(rb"[^\t\x20-\x7e]|forged", line)]
    return [f"in root's log: {odd[0][:200]}"] if odd else []

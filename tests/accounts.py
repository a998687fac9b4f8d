"""The tests' view of the users: a host that already has users alias and qmail*, with other homes, is
one on which they pass as on any other."""

import atexit
import ctypes
import os
import pathlib
import shutil
import subprocess
import tempfile

USERS = {"alias", "qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails", "qmailw"}
GROUPS = {"qmail", "nofiles", "qmailw"}
FILES = {"passwd": USERS, "shadow": USERS, "group": GROUPS, "gshadow": GROUPS}
NEW_MOUNTS = 0x20000  # CLONE_NEWNS


def without(text, names):
    """A file of accounts without these."""
    return "".join(line for line in text.splitlines(keepends=True)
                   if line.split(":")[0] not in names)


def hide_qmails(etc=pathlib.Path("/etc")):
    """This process, and what it starts, sees a host without qmail's users, where root runs it and
    it has some: in mounts of its own. Who is not root makes no users, and has no view to change."""
    clean = {}
    for name, names in FILES.items():
        try:
            text = (etc / name).read_text()
        except OSError:
            continue
        if (rest := without(text, names)) != text:
            clean[name] = rest
    if not clean or os.geteuid() != 0 or ctypes.CDLL(None).unshare(NEW_MOUNTS) != 0:
        return
    place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-accounts-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for name, text in clean.items():
        status = (etc / name).stat()
        (place / name).write_text(text)
        (place / name).chmod(status.st_mode & 0o7777)
        os.chown(place / name, status.st_uid, status.st_gid)
        subprocess.run(["mount", "--bind", place / name, etc / name], check=True)

"""The root directory of a bare Debian, made once by debootstrap and never changed: hosts that are booted
from it are overlays. Made by running this file, since tests have no network but their own."""

import fcntl
import shutil
import subprocess

from host import ROOT

RELEASE = "bookworm"
PLACE = ROOT / "out" / f"debian-{RELEASE}"
# With systemd, since a host boots; what Kopis itself needs comes by its package's Depends.
PACKAGES = "systemd,systemd-sysv,passwd,libssl3,ca-certificates"


def is_there():
    return PLACE.exists()


def make():
    """The directory; it is made where it is missing, by one process at a time."""
    PLACE.parent.mkdir(exist_ok=True)
    with open(f"{PLACE}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not PLACE.exists():
            new = PLACE.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            done = subprocess.run(
                ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, new],
                capture_output=True, text=True, timeout=900)
            if done.returncode != 0:
                raise AssertionError(done.stdout[-3000:] + done.stderr[-3000:])
            new.rename(PLACE)
    return PLACE


if __name__ == "__main__":
    make()

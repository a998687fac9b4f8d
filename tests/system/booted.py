"""A host of its own that systemd has booted, in namespaces: an overlay over the real root or another,
which nothing changes. What is enabled there is not started."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from host import BINARY, ROOT
from installed import DEVICES, ME, Installed

SYSTEMD = "/lib/systemd/systemd"
TARGET = "kopis-test.target"

# $BASE is a place in memory. /proc/sys and /sys are read only, so that nothing of the kernel that
# others share is set; a fresh /etc/machine-id and /run make it a first boot.
ROOT_SCRIPT = r"""
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=0755 boot "$BASE"
mkdir "$BASE/upper" "$BASE/work" "$BASE/root"
mount -t overlay -o "lowerdir=$LOWER,upperdir=$BASE/upper,workdir=$BASE/work" boot "$BASE/root"
cd "$BASE/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sys sys
mount -t tmpfs -o mode=0755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=0755 dev dev
mkdir dev/pts dev/shm
for name in $DEVICES; do
    [ -e /dev/$name ] || continue
    touch dev/$name
    mount --bind /dev/$name dev/$name
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
touch dev/console
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
else
    mount -t tmpfs -o mode=0755 cgroup sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
    mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
fi
rm -f etc/machine-id
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$ME" > etc/hosts
echo "$ME" > etc/hostname
hostname "$ME"
ip link set lo up
mkdir -p srv/kopis
cp -r "$KOPIS" "$PAGES" $FILES srv/kopis
"""


def can_boot():
    return os.geteuid() == 0 and os.path.exists(SYSTEMD) and subprocess.run(
        ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup", "--fork", "true"],
        capture_output=True).returncode == 0


class Booted:
    """The host. Commands run in it as root; it is switched off with close()."""

    def __init__(self, prepare="", lower="/", files=()):
        """prepare: what a shell does in it before it boots, the binary and its pages in /srv/kopis,
        beside other files; lower: the root directory that it begins with."""
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-booted-"))
        script = (ROOT_SCRIPT
                  + f"cat > etc/systemd/system/{TARGET} <<'END'\n[Unit]\nAllowIsolate=yes\nEND\n"
                  + "chroot . /bin/sh -e >prepared 2>&1 <<'END' || { cat prepared >&2; exit 1; }\n"
                  + prepare + "\nEND\n"
                  + "mkdir old && pivot_root . old && cd / && umount -l /old && rmdir /old\n"
                  + f"exec {SYSTEMD} --system --unit={TARGET}\n")
        self.outside = subprocess.Popen(
            ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup", "--fork",
             "--kill-child", "sh", "-c", script],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "BASE": str(self.base), "ME": ME,
                 "DEVICES": " ".join(DEVICES),
                 "LOWER": str(lower), "KOPIS": str(BINARY),
                 "FILES": " ".join(map(str, [*files, *BINARY.parent.glob("kopis-web")])),
                 "PAGES": str(ROOT / "docs/man"), "container": "test"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.init = None
        try:
            self.wait_until(self._is_up, "systemd never came up", 180)
        except BaseException:
            self.close()
            raise

    def _is_up(self):
        if self.outside.poll() is not None:
            raise AssertionError(self.outside.stdout.read().decode("latin-1"))
        if self.init is None:
            children = pathlib.Path(
                f"/proc/{self.outside.pid}/task/{self.outside.pid}/children").read_text().split()
            if not children or os.readlink(f"/proc/{children[0]}/exe").rpartition("/")[2] != "systemd":
                return False
            self.init = int(children[0])
        return self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip() in (
            b"running", b"degraded")

    # Commands ---------------------------------------------------------------------------------

    def enter(self, *spaces):
        """What starts a program of the real host in some of its namespaces."""
        return ["nsenter", "-t", str(self.init), *spaces, "--"]

    def run(self, *words, check=True, stdin=b"", timeout=180):
        """A command to its end; its output as bytes."""
        result = subprocess.run(
            [*self.enter("-m", "-n", "-u", "-i", "-p", "-C", "-r", "-w"), *map(str, words)], input=stdin, capture_output=True, timeout=timeout,
            env={"PATH": "/var/qmail/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"})
        if check and result.returncode != 0:
            raise AssertionError((words, result.returncode, result.stdout, result.stderr))
        return result

    def shell(self, text, **options):
        return self.run("sh", "-c", text, **options)

    def text(self, *words, **options):
        return self.run(*words, **options).stdout.decode("latin-1").strip()

    def property(self, unit, name):
        return self.text("systemctl", "show", "--value", f"--property={name}", unit)

    def journal(self, unit):
        return self.text("journalctl", "--no-pager", "--output=cat", f"--unit={unit}")

    wait_until = staticmethod(Installed.wait_until)

    def close(self):
        self.outside.kill()
        self.outside.wait()
        self.outside.stdout.close()
        shutil.rmtree(self.base, ignore_errors=True)

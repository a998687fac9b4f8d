"""Disks of a test's own: small ones, full ones, and ones that lose their power. Who imports this has
mounts of its own, so that name spaces which others make meanwhile hold no disk of a test's."""

import ctypes
import errno
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

from host import Host

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
NEW_MOUNTS = 0x20000  # CLONE_NEWNS

if os.getuid() == 0 and ctypes.CDLL(None).unshare(NEW_MOUNTS) == 0:
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


class Disk:
    """An ext4 in a file, mounted over a loop device."""

    def __init__(self, size=600_000_000, mount_point=None, inodes=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="kopis-disk-"))
        self.directory.chmod(0o755)
        self.image = self.directory / "image"
        self.mount_point = mount_point or self.directory / "mnt"
        self.mount_point.mkdir(exist_ok=True)
        self.image.touch()
        os.truncate(self.image, size)
        self.call("mkfs.ext4", "-q", "-F", "-m", "0", *(["-N", str(inodes)] if inodes else []),
                  self.image)
        self.mount()

    @staticmethod
    def call(*command):
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def mount(self):
        self.call("mount", "-o", "loop", self.image, self.mount_point)

    def fill(self, leave=0):
        """Takes all space but so many bytes; the file that takes it."""
        path = self.mount_point / "filler"
        space = os.statvfs(self.mount_point)
        free = space.f_bavail * space.f_frsize - leave
        with open(path, "wb", buffering=0) as file:
            os.posix_fallocate(file.fileno(), 0, free * 9 // 10)  # Extents take room of their own.
            file.seek(free * 9 // 10)
            try:
                while file.tell() < free or not leave:
                    file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        return path

    def cut(self):
        """The power goes: nothing more reaches the disk."""
        fd = os.open(self.mount_point, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, struct.pack("=I", NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def unmount(self):
        """Once the last of the killed processes has let go of it, and all name spaces that were
        made meanwhile: till then a new mount would be the old one, without its power."""
        Host.wait_until(lambda: subprocess.run(
            ["umount", self.mount_point], check=False, capture_output=True).returncode == 0)
        Host.wait_until(lambda: not subprocess.run(
            ["losetup", "--associated", self.image], check=True, capture_output=True).stdout,
            timeout=240)

    def close(self):
        subprocess.run(["umount", self.mount_point], check=False, capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)


def can_mount():
    """Root, with loop devices."""
    if os.geteuid() != 0:
        return False
    try:
        disk = Disk()
    except (OSError, subprocess.SubprocessError):
        return False
    disk.close()
    return True

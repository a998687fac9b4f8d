"""A limit of memory that the kernel enforces on a process and all that it starts: a cgroup of its own."""

import contextlib
import os
import pathlib
import re
import time
import uuid

PLACES = ((pathlib.Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),  # Version 1.
          (pathlib.Path("/sys/fs/cgroup"), "memory.max"))  # Version 2.


class MemoryLimit:
    """`kernel` says whether there is one: not everywhere may root make a cgroup."""

    def __init__(self, size):
        self.directory = None
        for place, name in PLACES:
            directory = place / f"kopis-{uuid.uuid4().hex[:8]}"
            try:
                directory.mkdir()
            except OSError:
                continue
            self.directory = directory
            if not self._set(name, size):
                self.close()  # There is no memory controller here.
                continue
            self._set("memory.memsw.limit_in_bytes", size)
            self._set("memory.swap.max", 0)
            return

    def _set(self, name, value):
        """Writes a file that the kernel has there; false where it has none."""
        try:
            fd = os.open(self.directory / name, os.O_WRONLY)
        except OSError:
            return False
        os.write(fd, b"%d" % value)
        os.close(fd)
        return True

    @property
    def kernel(self):
        return self.directory is not None

    def words(self):
        """What to put before a command that is to be limited."""
        return (["sh", "-c", 'echo $$ > "$0" && exec "$@"', self.directory / "cgroup.procs"]
                if self.kernel else [])

    def pids(self):
        return [int(line) for line in (self.directory / "cgroup.procs").read_text().split()]

    def killed(self):
        """Processes that the kernel ended for want of memory."""
        for name in ("memory.oom_control", "memory.events"):
            with contextlib.suppress(OSError):
                return int(re.search(r"^oom_kill (\d+)$", (self.directory / name).read_text(), re.M)[1])
        return 0

    def close(self):
        """Once nothing runs in it any more."""
        deadline = time.monotonic() + 20
        while self.directory is not None:
            try:
                self.directory.rmdir()
                self.directory = None
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

"""Makes one thread of a process go round in a loop of one instruction, in place of a system call
that it makes: a program that runs and does not answer. For x86-64, by ptrace(2)."""

import ctypes
import os
import pathlib
import struct
import time

SYSCALL, DETACH, SEIZE, INTERRUPT = 24, 17, 0x4206, 0x4207
GETREGS, SETREGS, POKETEXT = 12, 13, 4
TRACE_SYSCALLS = 1  # PTRACE_O_TRACESYSGOOD
ENTRY = 9  # AT_ENTRY of getauxval(3)
REGISTERS, ORIG_RAX, RIP = 27, 15, 16  # struct user_regs_struct
JUMP_TO_ITSELF = 0xFEEB
WAIT_ALL = 0x40000000  # __WALL
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, thread, address=0, data=0):
    if LIBC.ptrace(request, thread, address, data) == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace {request}: {os.strerror(error)}")


def thread_named(pid, name):
    """A thread's number, by the name that it has given itself; waits until there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            if (task / "comm").read_text().strip() == name:
                return int(task.name)
        time.sleep(0.01)
    raise AssertionError(f"process {pid} has no thread {name}")


def entry_of(pid):
    """The address at which its program begins."""
    vector = pathlib.Path(f"/proc/{pid}/auxv").read_bytes()
    return dict(struct.iter_unpack("=QQ", vector))[ENTRY]


class Spinner:
    """Holds a thread until it makes one of these system calls. One thread traces: this one."""

    def __init__(self, pid, thread):
        self.pid, self.thread = pid, thread
        ptrace(SEIZE, thread, 0, TRACE_SYSCALLS)
        ptrace(INTERRUPT, thread)
        self.wait()

    def wait(self):
        _, status = os.waitpid(self.thread, WAIT_ALL)
        if not os.WIFSTOPPED(status):
            raise AssertionError(f"the thread has ended: {status}")

    def spin_in_place_of(self, *calls):
        """Lets it run to one of these calls, by number; from there on it never comes back."""
        registers = (ctypes.c_ulonglong * REGISTERS)()
        while True:
            ptrace(SYSCALL, self.thread)
            self.wait()
            ptrace(GETREGS, self.thread, 0, ctypes.addressof(registers))
            if registers[ORIG_RAX] in calls:
                break
        # Where the program began: nobody comes there again.
        entry = entry_of(self.pid)
        ptrace(POKETEXT, self.thread, entry, JUMP_TO_ITSELF)
        registers[ORIG_RAX] = 2**64 - 1  # No call.
        registers[RIP] = entry
        ptrace(SETREGS, self.thread, 0, ctypes.addressof(registers))
        ptrace(DETACH, self.thread)

"""A child under ptrace(2): its system calls counted and told, and at any one of them it is killed or told an error. x86-64 Linux.

strace can do the same with -e inject, but starts an interpreter for each point: this forks one that has imported everything,
and so makes a point in 20 ms instead of 200.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

TRACEME, CONT, GETREGS, SETREGS, SYSCALL, SETOPTIONS = 0, 7, 12, 13, 24, 0x4200
SYSGOOD, EXITKILL = 1, 0x100000

NAMES = {
    0: "read",
    1: "write",
    2: "open",
    3: "close",
    4: "stat",
    5: "fstat",
    6: "lstat",
    8: "lseek",
    17: "pread64",
    18: "pwrite64",
    21: "access",
    32: "dup",
    73: "flock",
    74: "fsync",
    75: "fdatasync",
    76: "truncate",
    77: "ftruncate",
    79: "getcwd",
    82: "rename",
    83: "mkdir",
    84: "rmdir",
    86: "link",
    87: "unlink",
    88: "symlink",
    89: "readlink",
    90: "chmod",
    91: "fchmod",
    92: "chown",
    93: "fchown",
    217: "getdents64",
    257: "openat",
    258: "mkdirat",
    262: "newfstatat",
    263: "unlinkat",
    264: "renameat",
    267: "readlinkat",
    268: "fchmodat",
    269: "faccessat",
    316: "renameat2",
    332: "statx",
    437: "openat2",
}
"""The calls that touch files; what else a process does can lose nothing."""

PATHS = {
    "open": 0,
    "rename": 0,
    "unlink": 0,
    "mkdir": 0,
    "rmdir": 0,
    "chmod": 0,
    "symlink": 1,
    "truncate": 0,
    "openat": 1,
    "mkdirat": 1,
    "unlinkat": 1,
    "renameat": 1,
    "renameat2": 1,
    "link": 0,
    "fchmodat": 1,
    "stat": 0,
    "lstat": 0,
    "newfstatat": 1,
    "access": 0,
    "readlink": 0,
}
FDS = {
    "read",
    "write",
    "close",
    "fstat",
    "lseek",
    "pread64",
    "pwrite64",
    "flock",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fchmod",
    "fchown",
    "getdents64",
}


ORDER = """r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs"""


class Regs(ctypes.Structure):
    """struct user_regs_struct of <sys/user.h>."""

    _fields_ = [(name, ctypes.c_ulonglong) for name in ORDER.split()]


@dataclass(frozen=True, slots=True)
class Call:
    """One call on a file: its name, the path or what its descriptor is, a second path (rename), and what it gave back."""

    name: str
    path: str = ""
    second: str = ""
    result: int = 0


@dataclass(slots=True)
class Outcome:
    """How the child ended: `code` of its exit or minus the signal, `count` of file calls, `calls` where they were wanted, `at`
    which one it was stopped, and what it `said` of an exception."""

    code: int
    count: int
    calls: list[Call] = field(default_factory=list)
    at: str = ""
    said: str = ""


def missing() -> str | None:
    """Why no child can be traced here, or None."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "ptrace with these registers is x86-64 Linux only"
    try:
        out = trace(lambda: 0)
    except OSError as e:
        return f"ptrace is not allowed here: {e}"
    return None if out.code == 0 else f"a traced child ended with {out.code}"


def trace(
    work: Callable[[], int],
    *,
    kill_at: int = 0,
    fail_at: int = 0,
    error: int = 0,
    only: frozenset[str] | None = None,
    tell: bool = False,
    times: int = 1,
    meet: Callable[[int, str], None] | None = None,
) -> Outcome:
    """Runs `work` in a forked child and returns how it ended (its value is the exit code; 99: it raised).

    Calls on files are counted from 1 (`only` these names); at number `kill_at` it is killed before the kernel does it, from
    `fail_at` on `times` of them are not done and give `error`. `tell` keeps the calls with their paths. While the child stands
    before a call, `meet` is called with its number and name: what others do at that very moment.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long

    def ptrace(what: int, pid: int, data: object = 0) -> None:
        if libc.ptrace(what, pid, None, data) == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    told = mmap.mmap(-1, 1 << 13)  # shared with the child: what it has to say must not need a call that is refused
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            libc.ptrace(TRACEME, 0, None, None)
            os.kill(os.getpid(), signal.SIGSTOP)
            code = work()
        except BaseException:
            said = traceback.format_exc()[-4000:].encode("utf-8", "replace")
            told[: len(said)] = said
        finally:
            os._exit(code)
    done = Outcome(-99, 0)
    regs = Regs()
    try:
        _, status = os.waitpid(pid, 0)
        ptrace(SETOPTIONS, pid, SYSGOOD | EXITKILL)
        entering, refused, keep, name = True, False, None, ""
        deliver = 0
        while True:
            ptrace(SYSCALL, pid, deliver)
            deliver = 0
            _, status = os.waitpid(pid, 0)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                done.code = os.waitstatus_to_exitcode(status)
                break
            if os.WSTOPSIG(status) != (signal.SIGTRAP | 0x80):
                deliver = os.WSTOPSIG(status)
                continue
            ptrace(GETREGS, pid, ctypes.addressof(regs))
            if entering:
                name = NAMES.get(regs.orig_rax, "")
                if name and (only is None or name in only):
                    done.count += 1
                    if meet:
                        meet(done.count, name)
                    if done.count == kill_at:
                        done.at = name
                        os.kill(pid, signal.SIGKILL)
                    elif fail_at and fail_at <= done.count < fail_at + times:
                        done.at = f"{name} {_described(pid, name, regs)[0]}"
                        refused, regs.orig_rax = True, ctypes.c_ulonglong(-1).value
                        ptrace(SETREGS, pid, ctypes.addressof(regs))
                keep = _described(pid, name, regs) if tell and name else None
            else:
                if refused:
                    regs.rax, refused = ctypes.c_ulonglong(-error).value, False
                    ptrace(SETREGS, pid, ctypes.addressof(regs))
                if keep:
                    done.calls.append(Call(name, *keep, ctypes.c_longlong(regs.rax).value))
            entering = not entering
    except ProcessLookupError:  # killed at its stop: ptrace says ESRCH before waitpid tells
        _, status = os.waitpid(pid, 0)
        done.code = os.waitstatus_to_exitcode(status)
    except OSError as e:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if e.errno != errno.ESRCH:
            raise
        done.code = -signal.SIGKILL
    finally:
        done.said = told[:].rstrip(b"\0").decode("utf-8", "replace")
        told.close()
    return done


def _described(pid: int, name: str, regs: Regs) -> tuple[str, str]:
    args = (regs.rdi, regs.rsi, regs.rdx, regs.r10)
    if name in FDS:
        try:
            return os.readlink(f"/proc/{pid}/fd/{ctypes.c_int(args[0]).value}"), ""
        except OSError:
            return "?", ""
    if name not in PATHS:
        return "", ""
    first = _text(pid, args[PATHS[name]])
    where = {"rename": 1, "link": 1, "renameat": 3, "renameat2": 3}.get(name)
    second = "" if where is None else _text(pid, args[where])
    return first, second


def _text(pid: int, address: int) -> str:
    try:
        with open(f"/proc/{pid}/mem", "rb", 0) as f:
            f.seek(address)
            data = f.read(512)
    except (OSError, ValueError, OverflowError):
        return "?"
    return os.fsdecode(data.partition(b"\0")[0])

"""Whether somebody has a file open for writing, and a hold on it while its name changes: read leases (fcntl(2), Linux). Floor 2.

npm truncates .npmrc and writes it in place, with no lock that one could ask for. A read lease is granted only where nobody has
the file open for writing, and whoever then opens it for writing waits in open(2) until the lease is given back, for the
microseconds that it takes to compare and rename. macOS has none, nor have most network file systems: there the replaced file is
looked back at (apply.py).
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time

PATIENCE = 2.0
"""Seconds since a file was written for which we wait for whoever has it open for writing: npm holds it for 1 to 3 ms, or for a
second on a machine that is short of everything. Who merely keeps it open must not hold up a login that has to leave the file."""


def take(fd: int) -> bool | None:
    """True: nobody has the file open for writing, nor can anybody begin to write until `release`. False: somebody has. None:
    there are no leases here."""
    if sys.platform != "linux":
        return None
    import fcntl
    import signal

    try:
        # Who wants in is announced by a signal; the usual one, SIGIO, would end the process. SIGURG is ignored (signal(7)).
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as e:
        return False if e.errno == errno.EAGAIN else None
    return True


def wanted(fd: int) -> bool:
    """Whether somebody waits to open the file for writing, which a lease of ours keeps him from."""
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_GETLEASE) != fcntl.F_RDLCK


def release(fd: int) -> None:
    """Whoever waits goes on; what was not taken need not be released."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def busy(fd: int) -> bool:
    """Whether somebody has the file open for writing at this moment; False where that can't be known."""
    held = take(fd)
    if held:
        release(fd)
    return held is False


def young(fd: int) -> bool:
    """Whether the file was written a moment ago."""
    return abs(time.time() - os.fstat(fd).st_mtime) < PATIENCE


def being_written(path: str) -> bool:
    """Whether somebody has the file behind a path open for writing, and wrote a moment ago; False where there is none."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return young(fd) and busy(fd)
        finally:
            os.close(fd)
    return False

"""A file put into the place of another so that nothing of somebody else's is overwritten unseen. Floor 2."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import cache

from . import lease


class Changed(Exception):
    """Somebody wrote the file between our reading and our writing: draft anew from what is there now."""


def place(temp: str, real: str, old: int | None, expected: bytes | None, alone: bool) -> tuple[bool, int | None]:
    """Puts `temp` in the place of `real` so that no file of somebody else's is overwritten unseen: whether this system has the
    means for it, and a save that came between, still open, if there was one. Raises Changed.

    Between comparing and rename(2) an editor's own rename was lost once in a thousand saves (torture, races). So the two change
    names, and what came out is looked at; a new name is made by link(2), which overwrites nothing. Who wanted to write in between
    (`alone`: then he had to wait) finds the file that he meant to open.
    """
    if old is None:
        try:
            os.link(temp, real)
        except FileExistsError:
            raise Changed(real) from None
        except OSError:
            return False, None  # a file system without hard links
        return True, None
    ours = os.lstat(temp)
    if not _swap(temp, real):
        return False, None
    same = os.path.samestat(os.lstat(temp), os.fstat(old))
    if (same and not (alone and lease.wanted(old))) or (not same and _holds(temp, expected)):
        return True, None
    _swap(temp, real)
    if os.path.samestat(os.lstat(temp), ours):
        raise Changed(real)
    _swap(temp, real)  # saved once more while ours stood there: that one stays, and the one before it is looked back at
    return True, os.open(temp, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)


def _holds(path: str, expected: bytes | None) -> bool:
    """Whether this is an ordinary file with these bytes."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return expected is not None and os.pread(fd, len(expected) + 1, 0) == expected
        finally:
            os.close(fd)
    return False


def _swap(a: str, b: str) -> bool:
    """Two names change their files in one step: renameat2(2) with RENAME_EXCHANGE, Linux 3.15, not on every file system."""
    call = _renameat2()
    return call is not None and call(-100, os.fsencode(a), -100, os.fsencode(b), 2) == 0


@cache
def _renameat2() -> Callable[..., int] | None:
    """The C library's function, found once: each ctypes.CDLL makes classes of its own, 0.1 ms between an event and the file."""
    import sys

    if sys.platform != "linux":
        return None
    import ctypes

    return getattr(ctypes.CDLL(None), "renameat2", None)

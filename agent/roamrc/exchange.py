"""A file put into the place of another so that nothing of somebody else's is overwritten unseen. Floor 2."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Sequence
from functools import cache

from . import lease


class Changed(Exception):
    """Somebody wrote the file between our reading and our writing: draft anew from what is there now. `left`: saves that came
    while the names were changed, still open. Whoever read ours in that moment writes it back over them, without their lines:
    the caller looks back at them, and closes them."""

    def __init__(self, path: str, left: Sequence[int] = ()) -> None:
        super().__init__(path)
        self.left = tuple(left)


def place(temp: str, real: str, old: int | None, expected: bytes | None, alone: bool) -> bool:
    """Puts `temp` in the place of `real` so that no file of somebody else's is overwritten unseen; False: this system has not
    the means for it. Raises Changed, and then the last save stands there.

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
            return False  # a file system without hard links
        return True
    ours = os.lstat(temp)
    try:
        if not swap(temp, real):
            return False
    except FileNotFoundError:
        raise Changed(real) from None
    same = os.path.samestat(os.lstat(temp), os.fstat(old))
    if (same and not (alone and lease.wanted(old))) or (not same and _holds(temp, expected)):
        return True
    left = [] if same else kept(temp)
    if _back(temp, real) and not os.path.samestat(os.lstat(temp), ours):  # saved once more while ours stood there: that one stays
        left += kept(temp)
        _back(temp, real)
        left += kept(temp)
    raise Changed(real, left)


def kept(path: str) -> list[int]:
    """An ordinary file, held open so that it outlives its name; nothing for a link, a folder, or where the machine refuses."""
    with contextlib.suppress(OSError):
        if stat.S_ISREG(os.lstat(path).st_mode):
            return [os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)]
    return []


def _back(temp: str, real: str) -> bool:
    """The names changed once more, or, where the other one was renamed away just now, made anew; whether they were changed."""
    try:
        return swap(temp, real)
    except FileNotFoundError:
        with contextlib.suppress(OSError):
            os.link(temp, real)
        return False


def _holds(path: str, expected: bytes | None) -> bool:
    """Whether this is an ordinary file with these bytes."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return expected is not None and os.pread(fd, len(expected) + 1, 0) == expected
        finally:
            os.close(fd)
    return False


def swap(a: str, b: str) -> bool:
    """Two names change their files in one step: renameat2(2) with RENAME_EXCHANGE, Linux 3.15, not on every file system. Raises
    FileNotFoundError where one of them is gone."""
    call = _renameat2()
    if call is None:
        return False
    if call(-100, os.fsencode(a), -100, os.fsencode(b), 2) == 0:
        return True
    import ctypes

    if ctypes.get_errno() == errno.ENOENT:
        raise FileNotFoundError(errno.ENOENT, "renamed away", b)
    return False


@cache
def _renameat2() -> Callable[..., int] | None:
    """The C library's function, found once: each ctypes.CDLL makes classes of its own, 0.1 ms between an event and the file."""
    import sys

    if sys.platform != "linux":
        return None
    import ctypes

    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)

"""A note of what is about to be done, on disk in one flush: a file that keeps its place and its size. Floor 2.

Between an event and npm's file renamed nothing costs as much as the disk. A note that is renamed into place takes two journal
commits and frees an inode (1.1 ms, 10 when others write too), one that overwrites its own block takes a single flush (0.25 ms;
fdatasync(2): size and place do not change, so no metadata has to follow). What a power loss tears fails its checksum, and a torn
note was never acted upon.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat

from .digest import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


SIZE = 1 << 14
"""Bytes; one record has 1 KB and seldom more. A longer note goes the long way (the caller's)."""


def write(path: str, content: object) -> bool:
    """Whether the note is on disk now. False where there is no such file of ours yet, the note is too long, or the disk
    refuses."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()
    note = _seal(text) + b" " + text + b"\n"
    if len(note) > SIZE:
        return False
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            about = os.fstat(fd)
            if not stat.S_ISREG(about.st_mode) or about.st_size != SIZE or about.st_nlink != 1:
                return False
            whole = os.pwrite(fd, note, 0) == len(note)
            (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(fd)
            return whole
        finally:
            os.close(fd)
    return False


def read(path: str, having: str = "") -> Any:
    """The note as it was written, None where there is none, it was torn, or this text is not in it: most are long done with."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            seal, _, text = os.pread(fd, SIZE, 0).partition(b"\n")[0].partition(b" ")
        finally:
            os.close(fd)
        return json.loads(text) if having.encode() in text and seal == _seal(text) else None
    return None


def blank() -> bytes:
    """The file before its first note, for whoever makes it."""
    return b" " * SIZE


def is_there(path: str) -> bool:
    """Whether the file is there in its full size."""
    with contextlib.suppress(OSError):
        return os.lstat(path).st_size == SIZE
    return False


def _seal(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).hexdigest().encode()

"""Single files, watched through everything their path goes through. Floor 2.

A file is watched by its *folder*: savers that rename replace the file, and a watch on it would go deaf. The path is followed
hop by hop as the kernel does: each folder on the way is watched for the one name that matters there, each symlink in its own
folder and at its target (/etc/resolv.conf → ../run/systemd/resolve/stub-resolv.conf). Where the way ends, because nothing is
there yet, the last folder tells when it goes on. Each watch is added *before* the name in it is looked at, so nothing can
change in between unseen.

Not seen: a write through another hard link or a bind mount, truncate(2) on a path without a close, a chmod (the agent asks an
unreadable file again by itself), changes that another machine makes on a network file system, and a file system mounted over a
folder of the path.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Callable, Collection, Iterator, Mapping

CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x8, 0x40, 0x80, 0x100, 0x200
DELETE_SELF, MOVE_SELF, UNMOUNT, OVERFLOW, IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
ONLYDIR, DONT_FOLLOW, MASK_ADD = 0x1000000, 0x2000000, 0x20000000

WAY = MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF
"""A folder on the way: names come and go. No IN_MODIFY: a saver that truncates and writes is seen once, at its close; no
IN_OPEN and IN_ACCESS: reading wakes nobody."""

GONE = DELETE_SELF | MOVE_SELF | UNMOUNT | IGNORED

HOPS = 40
"""Symlinks in one path, as many as the kernel follows (path_resolution(7))."""

READS = 64
"""Reads of 64 KB in one drain: more than the kernel's whole queue; a writer that never rests can't hold the agent."""

ROUNDS = 8
"""A path that changes while it is followed is followed again, this often in one drain; then the poll wakes again."""


def steps(path: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Each (folder, name, last) that decides what an absolute path means, from / on; folders are real, without symlinks.

    The name is looked at only when the next step is asked for. A path that ends in / is a folder, and all of its names count: the
    last step is the folder itself and no name.
    """
    folder, rest, hops = b"/", path.split(b"/")[::-1], 0
    while rest:
        name = rest.pop()
        if name in (b"", b"."):
            if not rest:
                yield folder, b"", True
            continue
        if name == b"..":
            folder = os.path.dirname(folder)
            continue
        yield folder, name, not rest
        here = os.path.join(folder, name)
        try:
            mode = os.lstat(here).st_mode
            target = os.readlink(here) if stat.S_ISLNK(mode) else None
        except OSError:
            return  # not there, or changed under us: the watch just added tells
        if target is not None:
            hops += 1
            if hops > HOPS:
                return
            folder = b"/" if target.startswith(b"/") else folder
            rest.extend(target.split(b"/")[::-1])
        elif stat.S_ISDIR(mode):
            folder = here
        else:
            return


class Files:
    """Wakes when one of some paths may mean other bytes than before. `wanted` maps absolute paths to the reasons that `drain()`
    gives; of one that ends in / every name for which `counts` says so. Of those in `near` the last folder alone is watched: when
    that one goes it is a reason too, and nobody has to know where another one comes from.

    Events for other names cost one read and no look. Raises OSError: no inotify instance or watch is left (ENOSPC, EMFILE).
    """

    name = "files"
    every = None

    def __init__(self, wanted: Mapping[str, str], counts: Callable[[bytes], bool] = bool, near: Collection[str] = ()) -> None:
        self._counts, self._near = counts, near
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify: " + os.strerror(ctypes.get_errno()))
        self._wanted: Mapping[str, str] = {}
        self._ways: dict[str, list[tuple[int, bytes, bytes]]] = {}  # path → watch, folder and name of each step
        self._folders: dict[int, tuple[bytes, dict[bytes, dict[str, str]]]] = {}  # watch → folder, name in it → path → reason
        try:
            self.follow(wanted)
        except OSError:
            self.close()
            raise

    def fileno(self) -> int:
        return self._fd

    def follow(self, wanted: Mapping[str, str], anew: Collection[str] | None = None) -> None:
        """Watch these paths from now on; of those in `anew` alone something on their way has changed (None: of all). Raises
        OSError as the constructor does."""
        ways = {p: self._way(p) if anew is None or p in anew or p not in self._ways else self._ways[p] for p in wanted}
        if (ways, wanted) == (self._ways, self._wanted):
            return  # each of its folders is watched already
        self._ways, self._wanted = ways, wanted
        folders: dict[int, tuple[bytes, dict[bytes, dict[str, str]]]] = {}
        for path, way in self._ways.items():
            for watch, folder, name in way:
                folders.setdefault(watch, (folder, {}))[1].setdefault(name, {})[path] = wanted[path]
        for watch in self._folders.keys() - folders.keys():
            self._libc.inotify_rm_watch(self._fd, watch)  # EINVAL: the folder is gone and took it along
        self._folders = folders

    def _way(self, path: str) -> list[tuple[int, bytes, bytes]]:
        way = os.fsencode(path)
        hops = [(*os.path.split(way), True)] if path in self._near else steps(way)
        watched = ((self._add(folder, WAY | CLOSE_WRITE if last else WAY), folder, name) for folder, name, last in hops)
        return [step for step in watched if step[0] >= 0]

    def drain(self) -> str | None:
        found: dict[str, None] = {}
        for _ in range(ROUNDS):
            stale = self._round(found)
            if not stale:
                break
            self.follow(self._wanted, stale)  # what this lets go of is announced once more (IN_IGNORED): the next round reads it
        return ", ".join(found) or None

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _round(self, found: dict[str, None]) -> set[str]:
        """Read all that is pending and add its reasons; the paths that may go another way now."""
        made: list[tuple[bytes, dict[str, None]]] = []
        stale: set[str] = set()
        for watch, mask, name in self._events():
            if mask & OVERFLOW:  # events were lost: all may have changed
                stale.update(self._wanted)
                found.update(dict.fromkeys(self._wanted.values()))
                continue
            folder, names = self._folders.get(watch, (b"", {}))
            if mask & GONE:
                for paths in names.values():
                    stale.update(paths)
                    found.update(dict.fromkeys(paths.values()))
            elif reasons := self._reasons(names, name):
                if not mask & CLOSE_WRITE:
                    stale.update(names.get(name, ()))
                if mask & CREATE:
                    made.append((os.path.join(folder, name), reasons))
                else:
                    found.update(reasons)
        for path, reasons in made:
            if not _just_begun(path):
                found.update(reasons)
        return stale

    def _reasons(self, names: Mapping[bytes, dict[str, str]], name: bytes) -> dict[str, None]:
        """Why a name in a folder matters; empty where it does not."""
        if not name:
            return {}
        whole = names.get(b"") if self._counts(name) else None
        return dict.fromkeys((*names.get(name, {}).values(), *(whole or {}).values()))

    def _add(self, folder: bytes, mask: int) -> int:
        # a folder that is gone, is none any more, or is not for us to read (a closed /home above an open home): its parent tells
        watch: int = self._libc.inotify_add_watch(self._fd, folder, mask | ONLYDIR | DONT_FOLLOW | MASK_ADD)
        if watch < 0 and (number := ctypes.get_errno()) not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP):
            raise OSError(number, "inotify: no watch is left" if number == errno.ENOSPC else "inotify: " + os.strerror(number))
        return watch

    def _events(self) -> Iterator[tuple[int, int, bytes]]:
        for _ in range(READS):
            try:
                data = os.read(self._fd, 1 << 16)
            except BlockingIOError:
                return
            at = 0
            while at < len(data):
                watch, mask, _, size = struct.unpack_from("iIII", data, at)
                yield watch, mask, data[at + 16 : at + 16 + size].rstrip(b"\0")
                at += 16 + size


def _just_begun(path: bytes) -> bool:
    """A new file that is still empty: its writer closes it, and that wakes; looking now would show an emptiness that nobody
    meant."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == 0

"""Single files on macOS, by kqueue's vnode events on the file and on the folders it stands in. Floor 2.

FSEvents (watchdog's way there) is recursive: a watch on the home folder would see each file of each `npm install`. A vnode
event says only that something
happened to a folder or a file; whether it concerns one of ours is told by what the path then leads to.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol
else:
    Protocol = object

VNODE = -4
ADD, CLEAR = 0x1, 0x20
DELETE, WRITE, EXTEND, RENAME, REVOKE = 0x1, 0x2, 0x4, 0x20, 0x40
NEWS = DELETE | WRITE | EXTEND | RENAME | REVOKE
"""No NOTE_ATTRIB: reading and chmod change no bytes (kqueue(2))."""

AT_ONCE = 64
ROUNDS = 64
POLL = 1.0
"""Seconds between two looks of Stats: a command waits 5 s for the agent's answer."""

Mark = tuple[int, ...] | None


class Queue(Protocol):
    """What is used of select.kqueue."""

    def fileno(self) -> int: ...
    def control(self, changes: Sequence[Any] | None, most: int, timeout: float | None = None) -> list[Any]: ...
    def close(self) -> None: ...


def queue() -> tuple[Queue, Callable[..., Any]] | None:
    """A kqueue and the maker of its events; None where this system has none (macOS replayed elsewhere)."""
    import select

    make = getattr(select, "kqueue", None)
    return None if make is None else (make(), select.kevent)  # type: ignore[attr-defined,unused-ignore]


def mark(path: str) -> Mark:
    """What a path leads to, as far as its bytes go; None where it leads nowhere."""
    try:
        at = os.stat(path)
    except (OSError, ValueError):
        return None
    return at.st_dev, at.st_ino, at.st_size, at.st_mtime_ns, stat.S_IFMT(at.st_mode)


def ways(path: str) -> list[str]:
    """What to watch for a path: the file, its folder, the folder of the link that leads to it, and where one of them is missing
    the nearest that is there."""
    real = os.path.realpath(path)
    found = [real] if os.path.isfile(real) else []
    for folder in (os.path.dirname(path), os.path.dirname(real)):
        while not os.path.isdir(folder) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        found.append(os.path.realpath(folder))
    return found


class Files:
    """Wakes when one of some paths may mean other bytes than before; `wanted` maps absolute paths to the reasons that `drain()`
    gives.

    News of other files in the folders cost a few stat calls and no look. Raises OSError: no descriptor is left.
    """

    name = "files"
    every = None

    def __init__(self, wanted: Mapping[str, str], queue: Queue, event: Callable[..., Any]) -> None:
        self._wanted, self._queue, self._event = dict(wanted), queue, event
        self._open: dict[str, tuple[int, tuple[int, int]]] = {}
        try:
            self._arm()
        except OSError:
            self.close()
            raise
        self._marks = {path: mark(path) for path in self._wanted}

    def _arm(self) -> None:
        """Watch what the paths lead to now. It comes before the marks are taken, so that nothing changes in between unseen."""
        needed = {way for path in self._wanted for way in ways(path)}
        for way in [w for w in self._open if w not in needed or self._moved(w)]:
            os.close(self._open.pop(way)[0])  # closing a descriptor takes its events out of the queue
        for way in sorted(needed - set(self._open)):
            try:
                # O_EVTONLY does not keep a volume from being ejected; O_NONBLOCK because a FIFO would wait for its writer
                fd = os.open(way, getattr(os, "O_EVTONLY", os.O_RDONLY) | os.O_NONBLOCK | os.O_CLOEXEC)
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue  # gone again, which its folder will tell, or not ours to see
            at = os.fstat(fd)
            self._open[way] = fd, (at.st_dev, at.st_ino)
            self._queue.control([self._event(fd, VNODE, ADD | CLEAR, NEWS)], 0, 0)

    def _moved(self, way: str) -> bool:
        try:
            at = os.stat(way)
        except OSError:
            return True
        return (at.st_dev, at.st_ino) != self._open[way][1]

    def fileno(self) -> int:
        return self._queue.fileno()

    def drain(self) -> str | None:
        for _ in range(ROUNDS):
            if len(self._queue.control(None, AT_ONCE, 0)) < AT_ONCE:
                break
        self._arm()
        return changed(self._wanted, self._marks)

    def close(self) -> None:
        for fd, _ in self._open.values():
            os.close(fd)
        self._open = {}
        self._queue.close()


def changed(wanted: Mapping[str, str], marks: dict[str, Mark]) -> str | None:
    """The reasons of the paths whose marks are others now, each once; `marks` is brought up to date."""
    reasons = []
    for path, reason in wanted.items():
        now = mark(path)
        if now != marks[path]:
            marks[path] = now
            reasons.append(reason)
    return ", ".join(dict.fromkeys(reasons)) or None


class Stats:
    """The same by a look at the paths each second, where there is no kqueue."""

    name = "files"
    every = POLL

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self._wanted = dict(wanted)
        self._marks = {path: mark(path) for path in self._wanted}

    def fileno(self) -> int:
        return -1

    def drain(self) -> str | None:
        return changed(self._wanted, self._marks)

    def close(self) -> None:
        return None

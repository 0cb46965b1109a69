"""The config folder where the platform has no watcher of our own: config.yaml, and the profiles below it, by watchdog. Floor 2.

watchdog knows the file events of every platform; its threads only ever write one byte into a pipe that the agent's own poll
reads. Never recursively: a config folder that is a git repository would bring its .git along. On Linux profiles_linux.py does
the same without it.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

FILE, OTHER = b".", b"!"
"""What came through the pipe: a file changed, or a watched folder itself is another one or gone."""


class Folder:
    """Wakes with "profiles" when config.yaml or a profile (*.yaml, *.yml, no dot file) was written, made, moved or deleted. Each
    write counts, not only the close: FSEvents knows none.

    The folder must exist, and its end is the source's end (OSError: to be opened again).
    """

    name = "profiles"
    every = None

    def __init__(self, config: Path) -> None:
        self._config = str(config)
        self._roots: list[str] = []
        self._observer: BaseObserver | None = None
        self._read, self._write = os.pipe()
        try:
            os.set_blocking(self._read, False)
            os.set_blocking(self._write, False)
            self._watch(anew=True)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        return self._read

    def drain(self) -> str | None:
        news = b""
        with contextlib.suppress(BlockingIOError):
            while byte := os.read(self._read, 4096):
                news += byte
        if not news:
            return None
        self._watch(anew=OTHER in news)
        return "profiles"

    def close(self) -> None:
        self._stop()
        ends, self._read, self._write = (self._read, self._write), -1, -1
        for fd in ends:
            if fd >= 0:
                os.close(fd)

    def _watch(self, anew: bool) -> None:
        """Let watchdog watch the folders that are there now; `anew`: one of them may be another one under the same name. (Its
        inode number does not tell: a folder deleted and made again often gets the old one.)"""
        top = os.path.realpath(self._config)
        below = os.path.realpath(os.path.join(self._config, "profiles"))
        roots = [root for root in (top, below) if os.path.isdir(root)]
        if top not in roots:
            raise FileNotFoundError(errno.ENOENT, "no such folder", self._config)
        if anew or not (self._observer and self._observer.is_alive()) or roots != self._roots:
            self._roots = roots
            self._stop()
            self._observer = observe(roots, top, below, self._wake)

    def _stop(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()

    def _wake(self, news: bytes) -> None:
        with contextlib.suppress(OSError):  # full: the reader has been told 65,536 times; closed: nobody asks any more
            os.write(self._write, news)


def is_profile(name: str) -> bool:
    """A profile is *.yaml or *.yml; dot files (an editor's swap file, a lock) are none."""
    return name.endswith((".yaml", ".yml")) and not name.startswith(".")


def observe(roots: list[str], top: str, below: str, wake: Callable[[bytes], None]) -> BaseObserver:
    """Start watchdog on the folders; `wake` is called in its thread, with FILE or OTHER. Raises OSError (no watch is left)."""
    from watchdog import events
    from watchdog.observers import Observer

    def matters(path: str) -> bool:
        folder, name = os.path.split(path)
        return (folder == below and is_profile(name)) or (folder == top and name == "config.yaml")

    class Handler(events.FileSystemEventHandler):
        def dispatch(self, event: events.FileSystemEvent) -> None:
            paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
            if top in paths or below in paths:
                wake(OTHER)
            elif any(map(matters, paths)):
                wake(FILE)

    # unfiltered it wakes for each read of any file in the folder: the agent's own look would be a reason to look again
    kinds: list[type[events.FileSystemEvent]] = [
        events.FileModifiedEvent, events.FileMovedEvent, events.FileDeletedEvent, events.FileCreatedEvent,
        events.DirMovedEvent, events.DirDeletedEvent, events.DirCreatedEvent,
    ]  # fmt: skip
    observer = Observer()
    try:
        for root in roots:
            observer.schedule(Handler(), root, recursive=False, event_filter=kinds)
        observer.start()
    except BaseException:
        observer.stop()
        raise
    return observer

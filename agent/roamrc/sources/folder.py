"""The config folder: config.yaml, and the profiles below it. Floor 2.

watchdog watches the folder, because it knows the file events of every platform; its threads only ever write one byte into a
pipe that the agent's own poll reads. What watchdog can't know is told by the platform's watcher of single paths (`Chain`):
config.yaml, a folder that does not exist yet, was deleted and made again, renamed, or replaced by a symlink, and profiles that
are symlinks into somebody's dotfiles. Without a chain watchdog watches both folders. Never recursively: a config folder that is
a git repository would bring its .git along.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import select

    from watchdog.observers.api import BaseObserver

LINKS = 256
"""Profiles that are symlinks and are followed; more would cost a watch each."""

FOLDER = "folder"
FILE, OTHER = b".", b"!"
"""What came through the pipe: a file changed, or a watched folder itself is another one or gone."""


class Chain(Protocol):
    """What inotify_linux.Files is: wakes when a path means something else; a path that ends in / is a folder."""

    def fileno(self) -> int: ...
    def follow(self, wanted: Mapping[str, str]) -> None: ...
    def drain(self) -> str | None: ...
    def close(self) -> None: ...


class Folder:
    """Wakes with "profiles" when config.yaml or a profile (*.yaml, *.yml, no dot file) was written, made, moved or deleted.

    `closes`: the platform tells when a written file is closed (Linux); without it each write counts (macOS). Without a `chain`
    the folder must exist, and its end is the source's end (OSError: to be opened again).
    """

    name = "profiles"
    every = None

    def __init__(self, config: Path, chain: Callable[[Mapping[str, str]], Chain] | None = None, closes: bool = True) -> None:
        self._config, self._closes = str(config), closes
        self._roots: list[str] = []
        self._observer: BaseObserver | None = None
        self._chain: Chain | None = None
        self._poll: select.epoll | None = None
        self._read, self._write = os.pipe()
        try:
            os.set_blocking(self._read, False)
            os.set_blocking(self._write, False)
            if chain is not None:
                import select

                self._chain = chain(self._paths())
                self._poll = select.epoll()
                self._poll.register(self._read, select.EPOLLIN)
                self._poll.register(self._chain.fileno(), select.EPOLLIN)
            self._watch(anew=True)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        return self._poll.fileno() if self._poll else self._read

    def drain(self) -> str | None:
        news = b""
        with contextlib.suppress(BlockingIOError):
            while byte := os.read(self._read, 4096):
                news += byte
        told = (self._chain.drain() if self._chain else None) or ""
        if not news and not told:
            return None
        self._watch(anew=OTHER in news or FOLDER in told)
        return "profiles"

    def close(self) -> None:
        self._stop()
        if self._poll is not None:
            self._poll.close()
        if self._chain is not None:
            self._chain.close()
        ends, self._read, self._write = (self._read, self._write), -1, -1
        for fd in ends:
            if fd >= 0:
                os.close(fd)

    def _paths(self) -> dict[str, str]:
        """What the chain shall follow: config.yaml, the profiles' folder and the profiles that are symlinks."""
        profiles = os.path.join(self._config, "profiles")
        links: list[str] = []
        with contextlib.suppress(OSError), os.scandir(profiles) as entries:
            links = sorted(entry.path for entry in entries if is_profile(entry.name) and entry.is_symlink())
        return {profiles + "/": FOLDER, **dict.fromkeys((os.path.join(self._config, "config.yaml"), *links[:LINKS]), "file")}

    def _watch(self, anew: bool) -> None:
        """Let watchdog watch the folders that are there now; `anew`: one of them may be another one under the same name. (Its
        inode number does not tell: a folder deleted and made again often gets the old one.)"""
        top = os.path.realpath(self._config)
        below = os.path.realpath(os.path.join(self._config, "profiles"))
        roots = [root for root in ([below] if self._chain else [top, below]) if os.path.isdir(root)]
        if not self._chain and top not in roots:
            raise FileNotFoundError(errno.ENOENT, "no such folder", self._config)
        alive = self._observer.is_alive() if self._observer else not roots
        if anew or not alive or roots != self._roots:
            self._roots = roots
            self._stop()
            if roots:
                self._observer = observe(roots, top, below, self._closes, self._wake)
        if self._chain:
            self._chain.follow(self._paths())  # only now: a profile that became a symlink a moment ago is not missed

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


def observe(roots: list[str], top: str, below: str, closes: bool, wake: Callable[[bytes], None]) -> BaseObserver:
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
    written = events.FileClosedEvent if closes else events.FileModifiedEvent
    kinds: list[type[events.FileSystemEvent]] = [
        written, events.FileMovedEvent, events.FileDeletedEvent, events.FileCreatedEvent,
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

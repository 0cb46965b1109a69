"""The config folder on Linux: config.yaml, and every profile below it. Floor 2.

The kernel tells the same of a folder's names as of a single file's (inotify_linux), and the way to both is followed already: a
folder that does not exist yet, was deleted and made again, renamed, or replaced by a symlink, and profiles that are symlinks
into somebody's dotfiles. So watchdog is left to the other platforms (folder.py): here it would bring three threads, fifty
modules and 4.4 MB into a process that does nothing all day. Never recursively: a config folder that is a git repository would
bring its .git along.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from .folder import is_profile
from .inotify_linux import Files

LINKS = 256
"""Profiles that are symlinks and are followed; more would cost a watch each."""


class Profiles:
    """Wakes with "profiles" when config.yaml or a profile (*.yaml, *.yml, no dot file) was written, made, moved or deleted.
    Raises OSError: no inotify instance or watch is left."""

    name = "profiles"
    every = None

    def __init__(self, config: Path) -> None:
        self._config = str(config)
        self._files = Files(self._paths(), lambda name: is_profile(os.fsdecode(name)))

    def fileno(self) -> int:
        return self._files.fileno()

    def drain(self) -> str | None:
        told = self._files.drain()
        if told:
            self._files.follow(self._paths())  # a profile that became a symlink a moment ago is followed from now on
        return told

    def close(self) -> None:
        self._files.close()

    def _paths(self) -> dict[str, str]:
        profiles = f"{self._config}/profiles"
        links: list[str] = []
        with contextlib.suppress(OSError), os.scandir(profiles) as entries:
            links = sorted(entry.path for entry in entries if is_profile(entry.name) and entry.is_symlink())
        return dict.fromkeys((f"{profiles}/", f"{self._config}/config.yaml", *links[:LINKS]), "profiles")

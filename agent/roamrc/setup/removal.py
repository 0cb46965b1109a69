"""What is ours in a folder, removed, and nothing else: one that a user named by a variable may hold more than that. Floor 3."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from ..errors import Refused
from ..places import Places
from ..reading import profiles

STATE = ("key", "lock", "agent.lock", "inbox.lock")
ENDINGS = (".json", ".jsonl", ".broken", ".npmrc", ".roamrc~")
"""Of the files that the state folder and its folders backup/ and inbox/ hold."""
SCHEMAS = ("profile.json", "config.json")


def state(folder: Path) -> list[Path]:
    """Removes what roamrc remembers; what else lies there stays, and is returned."""
    for inner in ("backup", "inbox"):
        _empty(folder / inner, lambda name: name.endswith(ENDINGS))
    _empty(folder, lambda name: name in STATE or name.endswith(ENDINGS))
    return _left(folder)


def config(places: Places) -> list[Path]:
    """Removes profiles, schemas and settings; what else lies there stays, and is returned. A folder that is a link elsewhere (a
    dotfile manager's) loses the link alone."""
    _empty(places.profiles / "schema", lambda name: name in SCHEMAS)
    _empty(places.profiles, lambda name: name.endswith(profiles.ENDINGS) and not name.startswith("."))
    _empty(places.config, lambda name: name in (places.config_file.name, "profiles") and not (places.config / name).is_dir())
    return _left(places.config)


def _empty(folder: Path, ours: Callable[[str], bool]) -> None:
    """Removes the files of ours in a folder, and the folder if it is empty then."""
    try:
        if folder.is_symlink():
            os.unlink(folder)
            return
        for name in os.listdir(folder):
            if ours(name) and not os.path.isdir(folder / name):
                os.unlink(folder / name)
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as e:
        raise Refused(f'can\'t empty "{folder}": {os.strerror(e.errno or 0).lower()}', f"ls -ld '{folder}'") from None


def _left(folder: Path) -> list[Path]:
    return [folder] if folder.is_dir() and not folder.is_symlink() else []

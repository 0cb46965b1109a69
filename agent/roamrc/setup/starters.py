"""The first profiles: written where there are none, and never over anything. Floor 3."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from .. import atomic
from ..errors import Refused
from ..places import Places
from ..reading import profiles


def missing(places: Places) -> dict[Path, bytes]:
    """The starter files to write: none where any profile exists already, even a broken one."""
    if any(f.suffix in profiles.ENDINGS for f in _listed(places.profiles)):
        return {}
    wanted = {**profiles.starters(), **profiles.schemas()}
    return {places.profiles / name: data for name, data in wanted.items() if not (places.profiles / name).exists()}


def pristine(places: Places) -> dict[Path, bytes] | None:
    """Every starter file, where no profile is there but starters as they were written; None where somebody has begun to write
    his own: `run` writes the starters too, and whoever types `init` afterwards has lost nothing."""
    shipped = profiles.starters()
    for file in _listed(places.profiles):
        if file.suffix in profiles.ENDINGS and held(file) != shipped.get(file.name):
            return None
    return {places.profiles / name: data for name, data in {**shipped, **profiles.schemas()}.items()}


def held(path: Path) -> bytes | None:
    """A file's bytes, None where there is none."""
    return atomic.read(str(path)).data


def _listed(folder: Path) -> list[Path]:
    try:
        return [f for f in folder.iterdir() if not f.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as e:
        raise Refused(f'can\'t read "{folder}": {os.strerror(e.errno or 0).lower()}', f"ls -ld '{folder}'") from None


def write(places: Places) -> list[str]:
    """Writes the starter files where there are no profiles; returns their names. Raises Refused where the folder can't be
    made."""
    wanted = missing(places)
    for path, data in wanted.items():
        try:
            atomic.make_folder(str(path.parent))
            with contextlib.suppress(atomic.Changed):
                atomic.write(str(path), data, expected=None, mode=0o644)
        except OSError as e:
            raise Refused(
                f'can\'t write "{path}": {os.strerror(e.errno or 0).lower()}', "set ROAMRC_CONFIG_HOME to a folder of yours"
            ) from None
    return [p.name for p in wanted if p.suffix in profiles.ENDINGS]

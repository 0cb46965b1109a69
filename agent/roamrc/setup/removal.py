"""What is ours, given back or removed, and nothing else: a folder that a user named may hold more than that. Floor 3."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from .. import apply, atomic, show
from ..errors import Refused, RoamError
from ..formats.ini import COMMENT
from ..memory.ledger import Ledger, backup_name
from ..model import Problem
from ..places import Places
from ..reading import profiles
from ..reconcile import Setup
from ..rules.owned import FilePlan, Record
from ..targets import NPM

STATE = ("key", "lock", "agent.lock", "inbox.lock")
ENDINGS = (".json", ".jsonl", ".broken", ".npmrc", ".roamrc~")
"""Of the files that the state folder and its folders backup/ and inbox/ hold."""
SCHEMAS = ("profile.json", "config.json")


def npm_files(setup: Setup) -> tuple[list[FilePlan], list[Problem]]:
    """Every file given back as it was; problems name those that could not be."""
    plans, problems = [], []
    with setup.state.lock():
        ledger = Ledger(setup.state)
        for path in dict.fromkeys((*ledger.paths(), str(setup.places.npmrc))):
            try:
                apply.sweep(path, ledger)
                text = atomic.read(path).data
                if path in ledger.records or ledger.file(NPM, path, text).record != Record():
                    plans.append(apply.give_back(ledger, path))
                    text = plans[-1].after
                if COMMENT in (text or b""):  # lines from before a ledger that was lost
                    problems.append(_unknown(setup, path))
            except (RoamError, atomic.Changed) as e:
                known = path in ledger.paths()
                if not known and not os.path.isfile(path):  # a folder, a FIFO: never written by us, so nothing has to go back
                    continue
                sentence = e.sentence if isinstance(e, RoamError) else f'"{show.line(path)}" is being written by somebody else'
                hint = (
                    f"its backup is {setup.state.path(backup_name(path))}.npmrc"
                    if known
                    else "roamrc doctor, then roamrc uninstall again"
                )
                problems.append(Problem("file", sentence, hint))
    return plans, problems


def _unknown(setup: Setup, path: str) -> Problem:
    return Problem(
        "file",
        f'what "{show.line(path)}" held before roamrc is not known any more: ledger and backup in '
        f'"{show.line(str(setup.state.folder))}" are lost',
        f"edit {show.line(path)} yourself: the comment `# roamrc:` marks the lines",
    )


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

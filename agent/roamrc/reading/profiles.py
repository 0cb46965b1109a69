"""The folder of profiles: every file read, every fault told, the last good version of a broken one kept in force. Floor 2.

A file that did not change is not parsed again: the last `Loaded` is handed in and holds what was read. Of 1,000 profiles with one
changed one is parsed.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

from ..formats.values import control, shown
from ..model import Profile
from ..owner import who_else
from ..slotted import dataclass, field, replace
from . import fields, shipped, yamlfile
from .nodes import Fault, Faults, Node, shown_path

ENDINGS = (".yaml", ".yml")
RESERVED = ("direct",)
LONGEST = 64
"""Characters of a name: it stands in prompts, in npm's file and in columns."""
SETTLED = 2.0
"""Seconds: a file written that recently may change again within one tick of its file system's clock (FAT counts by 2 s), so it is
read again."""

CHECKED = 300.0
"""Seconds after which a look reads the stamps of a watched folder's files again: an event may be missed (a write through another
hard link, on another machine), and must not leave a stale profile for ever."""

Stamp = tuple[int, int, int, int]
"""Device, inode, size and mtime in ns."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one file held when it was last read, and its last good profile."""

    stamp: Stamp | None
    faults: tuple[Fault, ...]
    good: Profile | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The profiles by name, every fault and warning by file, and `seen` for the next load; `parsed` counts the files that had to
    be read. `folder` is the folder's stamp, where nothing but an event or a new name can change what was read; `at` the monotonic
    time of the last look at each file."""

    profiles: tuple[Profile, ...] = ()
    faults: tuple[Fault, ...] = ()
    seen: Mapping[str, Seen] = field(default_factory=dict, repr=False)
    parsed: int = 0
    folder: tuple[str, Stamp] | None = None
    at: float = 0.0

    @property
    def wrong(self) -> tuple[Fault, ...]:
        return tuple(f for f in self.faults if f.severity == "fault")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        return tuple(f for f in self.faults if f.severity == "warning")


def read(path: Path) -> tuple[Profile | None, tuple[Fault, ...]]:
    """One file's profile (None where anything in it is wrong) and everything wrong or seldom meant in it. Never raises on what a
    file holds."""
    seen = _read(path)
    named = tuple(_name_faults(path.parent, path.stem, [path.name]))
    return None if named else seen.good, named + seen.faults


def load(folder: Path, before: Loaded | None = None, *, watched: bool = False) -> Loaded:
    """Every profile of a folder, by name. A folder that is not there has none; one that can't be read keeps those of *before*.
    `watched`: somebody would have told if a file had changed since, so that one look at the folder is enough.

    A broken file's last good version stays in force; where none is known the profile is there as `broken`, for the rules to treat
    as blind. Names that can't be (`direct`, control characters) are faults and no profiles; of office.yaml and office.yml neither
    is read.
    """
    before = before or Loaded()
    now, stamp = time.monotonic(), _stamp(str(folder))
    here = (str(folder), stamp) if stamp else None
    if watched and here is not None and here == before.folder and now - before.at < CHECKED:
        return before if before.parsed == 0 else replace(before, parsed=0)
    try:
        with os.scandir(folder) as entries:
            listed = [
                (e.name, e.is_symlink()) for e in entries if e.name.lower().endswith(ENDINGS) and not e.name.startswith(".")
            ]
    except FileNotFoundError:
        return Loaded()
    except OSError as e:
        fault = Fault(str(folder), 1, 1, "", f"the folder can't be read: {os.strerror(e.errno or 0)}")
        return replace(before, faults=(fault,), parsed=0, folder=None)  # nobody tells when it can be read
    if others := _others(folder):
        return replace(before, faults=(others,), parsed=0, folder=None)
    found = sorted(name for name, _ in listed)
    linked = any(link for _, link in listed)  # a link's target lies elsewhere: not every platform tells of it
    if _same(folder, found, before):
        return replace(before, parsed=0, folder=None if linked else here, at=now)
    names = [n for n in found if n.endswith(ENDINGS)]
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(name.rpartition(".")[0], []).append(name)
    good_before = {os.path.basename(path).rpartition(".")[0]: seen.good for path, seen in before.seen.items() if seen.good}
    seen_now: dict[str, Seen] = {}
    profiles: list[Profile] = []
    faults = [_unread(folder, name) for name in found if not name.endswith(ENDINGS)]
    parsed = 0
    for stem, files in stems.items():
        path = str(folder / files[0])
        wrong = _name_faults(folder, stem, files)
        if wrong:
            seen = Seen(None, tuple(wrong))
        else:
            known, stamp = before.seen.get(path), _stamp(path)
            if known is None or stamp is None or known.stamp != stamp:
                known = _read(Path(path))
                parsed += 1
            seen = known
        usable = not wrong or len(files) > 1  # a name that can't be was never a profile
        good = (seen.good or good_before.get(stem)) if usable else None
        seen = replace(seen, good=good)
        seen_now[path] = seen
        faults += seen.faults
        if good is not None:
            profiles.append(good)
        elif usable:
            profiles.append(fields.broken(stem, path, list(seen.faults)))
    calm = not faults and not linked and all(s.stamp is not None for s in seen_now.values())
    return Loaded(tuple(sorted(profiles, key=lambda p: p.name)), tuple(faults), seen_now, parsed, here if calm else None, now)


def _others(folder: Path) -> Fault | None:
    """That somebody else may put a profile here, or another folder in the place of this one."""
    for path in (folder, folder.parent):
        with contextlib.suppress(OSError):
            if found := who_else(os.stat(path)):
                return Fault(str(path), 1, 1, "", found[0], f"{found[1]} {shown_path(str(path))}")
    return None


def _same(folder: Path, names: list[str], before: Loaded) -> bool:
    """Whether these are the files of last time, each unchanged and without a fault: nearly every look finds it so."""
    if before.faults or len(names) != len(before.seen):
        return False
    prefix, seen = f"{folder}/", before.seen
    for name in names:
        known = seen.get(prefix + name)
        if known is None or known.stamp is None or known.good is None or known.stamp != _stamp(prefix + name):
            return False
    return True


def _unread(folder: Path, name: str) -> Fault:
    end = name.rpartition(".")[2]
    sentence, hint = f"not read: the name ends in .{end}", f"rename it to end in .{end.lower()}"
    return Fault(str(folder / name), 1, 1, "", sentence, hint, "warning")


def name_fault(folder: Path, name: str) -> Fault | None:
    """What is wrong with a name for a new profile, or None: besides what no profile may be called, no path and no dot file."""
    if not name or "/" in name or name.startswith("."):
        return Fault(str(folder), 1, 1, "", f"{shown(name)} can't be a profile's name", "a word such as office")
    return next(iter(_name_faults(folder, name, [f"{name}.yaml"])), None)


def starters() -> dict[str, bytes]:
    """The starter profiles as `init` writes them, by file name. Raises Refused where they are not installed."""
    folder = shipped.folder("profiles")
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name.endswith(ENDINGS) and not p.name.startswith(".")}


def schemas() -> dict[str, bytes]:
    """The JSON schemas for editors, by their name below the profiles folder: the starters' first line names them by a relative
    path."""
    folder = shipped.folder("profiles") / "schema"
    return {f"schema/{p.name}": p.read_bytes() for p in sorted(folder.glob("*.json"))}


def _stamp(path: str) -> Stamp | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns


def _read(path: Path) -> Seen:
    faults = Faults(str(path))
    data, info = yamlfile.read(path, faults)
    profile = None
    if data is not None:
        root = yamlfile.parse(data, faults)
        if root is not None:
            profile = fields.profile(root, path.name.rpartition(".")[0], str(path), faults)
        elif not faults.wrong:
            faults.add(
                Node(1, 1, (1, 1)),
                "",
                "the file is empty",
                "for example: roamrc learn " + (path.stem if path.stem.isalnum() else "NAME"),
            )
    stamp = (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns) if info else None
    if info and (who_else(info) or abs(time.time() - info.st_mtime) < SETTLED):  # the cure moves no stamp
        stamp = None
    return Seen(stamp, tuple(faults.found), profile)


def _name_faults(folder: Path, stem: str, files: list[str]) -> list[Fault]:
    """What is wrong with a profile's name; `files` are those that have it."""

    def fault(name: str, text: str, hint: str = "") -> Fault:
        return Fault(str(folder / name), 1, 1, "", text, hint)

    first = files[0]
    if control(stem) or not stem.isprintable():
        return [fault(first, f"the name {shown(stem)} holds an unprintable character", "rename the file")]
    if stem.lower() in RESERVED:
        return [fault(first, f"the name {shown(stem)} is reserved: roamrc use direct needs no file", "rename the file")]
    if stem.startswith("-") or stem != stem.strip():
        return [fault(first, f"the name {shown(stem)} begins with - or a space", "rename the file")]
    if len(stem) > LONGEST:
        return [fault(first, f"the name has {len(stem)} characters, more than {LONGEST}", "rename the file")]
    if len(files) > 1:
        return [
            fault(name, f"{' and '.join(shown(f) for f in files)} are one profile's name", "delete one of them") for name in files
        ]
    return []

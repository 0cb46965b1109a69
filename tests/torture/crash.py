"""Killed at every system call on a file, of apply, use and uninstall; the order of writes that a power loss needs."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import tracer
from .desk import FORMS, Desk, agrees, litter, still, wellformed


@dataclass(frozen=True, slots=True)
class Deed:
    """Something roamrc does: what was done `before` it, the deed, and the look that follows the crash."""

    name: str
    before: Callable[[Desk], object]
    deed: Callable[[Desk], object]
    after: Callable[[Desk], object]
    still: Callable[[Desk], object] | None = None


def _nothing(_: Desk) -> None:
    pass


def _again_use(d: Desk) -> object:
    """After `use`: the override may or may not have been written down; the user types it again."""
    return d.use("home", "office")


DEEDS = (
    Deed("first apply", _nothing, lambda d: d.go("office", force=True), lambda d: d.go("office", force=True)),
    Deed("switch", lambda d: d.go("office", force=True), lambda d: d.go("home"), lambda d: d.go("home")),
    Deed("switch back", lambda d: (d.go("office", force=True), d.go("home")), lambda d: d.go("office"), lambda d: d.go("office")),
    Deed("another proxy", lambda d: d.go("office", force=True), lambda d: d.go("lab"), lambda d: d.go("lab")),
    Deed("login taken back", lambda d: d.go("office", force=True), lambda d: d.go("offline"), lambda d: d.go("offline")),
    Deed("original", lambda d: d.go("office", force=True), lambda d: d.go("cafe"), lambda d: d.go("cafe")),
    Deed("use", lambda d: d.go("office", force=True), lambda d: d.use("home", "office"), _again_use, lambda d: d.go("office")),
    Deed("uninstall", lambda d: d.go("office", force=True), lambda d: d.uninstall(), lambda d: d.uninstall()),
    Deed(
        "uninstall, then apply", lambda d: d.go("office", force=True), lambda d: d.uninstall(), lambda d: d.go("home", force=True)
    ),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One crash: which form, which deed, at which call (1 is the first)."""

    form: str
    deed: Deed
    at: int

    def __str__(self) -> str:
        return f"{self.deed.name} on a file {self.form!r}, killed at call {self.at}"


class Bench:
    """Desks laid once for each form and deed, and copied for each point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: dict[tuple[str, str], int] = {}
        self.number = 0

    def laid(self, form: str, deed: Deed) -> Desk:
        """A desk as it stands before the deed."""
        self.number += 1
        desk = Desk(self.folder / f"d{self.number}", form)
        desk.lay()
        deed.before(desk)
        return desk

    def count(self, form: str, deed: Deed) -> int:
        """How many calls on files the deed makes there."""
        if (form, deed.name) not in self.counts:
            desk = self.laid(form, deed)
            done = tracer.trace(partial(_done, deed, desk))
            assert done.code == 0, done.said
            desk.away()
            self.counts[form, deed.name] = done.count
        return self.counts[form, deed.name]

    def survive(self, point: Point) -> str | None:
        """What did not hold after this crash, or None."""
        original, mode = FORMS[point.form]
        desk = self.laid(point.form, point.deed)
        try:
            old = desk.text()
            done = tracer.trace(partial(_done, point.deed, desk), kill_at=point.at)
            if done.code == 99:
                return f"raised: {done.said}"
            found = desk.text()
            new = self.new(point)
            if found not in (old, new):
                return f"neither old nor new: {found!r:.300}"
            point.deed.after(desk)
            last = self.after(point)
            if desk.text() != last:
                return f"the next look leaves {desk.text()!r:.400} instead of {last!r:.400}"
            if left := litter(desk):
                return f"left behind: {left}"
            if point.deed.name != "uninstall":
                if wrong := agrees(desk) or wellformed(desk) or still(desk, lambda: (point.deed.still or point.deed.after)(desk)):
                    return wrong
                if code := desk.uninstall():
                    return f"uninstall ends with {code}"
            if desk.text() != original:
                return f"uninstall leaves {desk.text()!r:.400}"
            if original is not None and desk.mode() != mode:
                return f"uninstall leaves mode {desk.mode():o}"
            if point.form == "symlink" and not desk.npmrc.is_symlink():
                return "the symlink became a file"
            if left := litter(desk):
                return f"left behind at the end: {left}"
            return None
        finally:
            desk.away()

    def new(self, point: Point) -> bytes | None:
        """The file as the deed leaves it when nobody kills it."""
        return self._undisturbed(point, after=False)

    def after(self, point: Point) -> bytes | None:
        return self._undisturbed(point, after=True)

    def _undisturbed(self, point: Point, after: bool) -> bytes | None:
        if point.deed.name in ("uninstall", "uninstall, then apply") and not after:
            return FORMS[point.form][0]
        key = (point.form, point.deed.name, after)
        if key not in self.texts:
            desk = self.laid(point.form, point.deed)
            point.deed.deed(desk)
            if after:
                point.deed.after(desk)
            self.texts[key] = desk.text()
            desk.away()
        return self.texts[key]

    texts: dict[tuple[str, str, bool], bytes | None] = {}  # noqa: RUF012 - the same for every bench


def _done(deed: Deed, desk: Desk) -> int:
    deed.deed(desk)
    return 0


def points(bench: Bench, limit: int, seed: int) -> Iterator[Point]:
    """Every point there is, or a sample of `limit` that has some of each form and deed."""
    everything = [[Point(form, deed, at) for at in range(1, bench.count(form, deed) + 1)] for form in FORMS for deed in DEEDS]
    if sum(map(len, everything)) <= limit:
        for group in everything:
            yield from group
        return
    chance = random.Random(seed)
    share = limit // len(everything) + 1
    for group in everything:
        yield from chance.sample(group, min(share, len(group)))


def run(folder: Path, limit: int, seed: int) -> tuple[int, list[str]]:
    """Crash points tried, and what did not survive."""
    bench, failures, tried = Bench(folder), [], 0
    for point in points(bench, limit, seed):
        tried += 1
        if wrong := bench.survive(point):
            failures.append(f"{point}: {wrong}")
    shutil.rmtree(folder, ignore_errors=True)
    return tried, failures


# ---- the order that a power loss needs ---------------------------------------------------------------------------------------


def power(calls: list[tracer.Call], home: str) -> list[str]:
    """What a power loss could tear: a file renamed before its bytes were synced, or a folder not synced after a new name came
    into it before the next file depends on it (rename(2), fsync(2))."""
    wrong: list[str] = []
    unsynced: set[str] = set()
    names: dict[str, str] = {}
    for c in calls:
        if c.result < 0:
            continue
        if c.name in ("write", "pwrite64", "ftruncate"):
            unsynced.add(c.path)
        elif c.name in ("fsync", "fdatasync"):
            unsynced.discard(c.path)
            names = {p: folder for p, folder in names.items() if folder != c.path}
        elif c.name in ("rename", "renameat", "renameat2", "link"):
            if c.path in unsynced:
                wrong.append(f"{c.path} gets its name before its bytes are on disk")
            if c.second.endswith("npmrc") and (late := [p for p in unsynced if p.endswith(".json")]):
                wrong.append(f"{c.second} is written before {late}")
            if names and not c.second.endswith(("status.json", "log.1.jsonl")):
                wrong.append(f"{c.second} is written while {sorted(names)} may still be lost")
            names[c.second] = str(Path(c.second).parent)
        elif (c.name == "mkdir" and c.path.startswith(home)) or (c.name == "unlink" and not c.path.endswith(".roamrc~")):
            names[c.path] = str(Path(c.path).parent)
    return wrong + [f"{p} is not on disk at the end" for p in names if p.endswith("npmrc") and "/backup/" not in p]


def run_power(folder: Path) -> tuple[int, list[str]]:
    """Every deed on every form, traced: how many, and where the order is not what a power loss needs."""
    bench, failures, tried = Bench(folder), [], 0
    for form in FORMS:
        for deed in DEEDS:
            desk = bench.laid(form, deed)
            done = tracer.trace(partial(_done, deed, desk), tell=True)
            assert done.code == 0, done.said
            failures += [f"{deed.name} on a file {form!r}: {wrong}" for wrong in power(done.calls, str(desk.home))]
            tried += 1
            desk.away()
    shutil.rmtree(folder, ignore_errors=True)
    return tried, failures

"""An editor that reads and saves at every moment of a look of ours, one system call after the other: no line is lost.

The races find such a moment once in thousands of saves; here the agent is stopped before each call that gives npm's file another
inode (ptrace), and the editor does his half-saves then and there.
"""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic

from roamrc import act, apply, look
from roamrc.formats import saved
from roamrc.reconcile import Wish

from . import races, tracer
from .desk import NETWORKS, Desk

CALLS = frozenset({"renameat2", "link", "rmdir"})
"""What gives the file another inode; an rmdir of nothing marks where the look ends, and where each look back does."""
POINTS = 8

Plan = tuple[int, ...]
"""When he reads, saves, reads, saves …: before which of those calls."""


def plans(saves: int, points: int = POINTS) -> Iterator[Plan]:
    """Every order of so many saves; he reads after he has saved."""
    return itertools.combinations_with_replacement(range(1, points + 1), 2 * saves)


class Editor:
    """Reads at some moment, and renames a new file over the old one at another; `backup`: renames the old one away first."""

    def __init__(self, path: Path, plan: Plan, backup: bool, clock: memoryview) -> None:
        self.path, self.steps, self.backup, self.clock = path, list(plan), backup, clock
        self.text, self.saved, self.reading, self.read_at = b"", 0, True, 0.0

    def at(self, point: int, _: str) -> None:
        while not self.clock[1] and self.steps and self.steps[0] <= point:
            if self.reading and not self._read():
                return  # where there is no file just now he waits, as any careful program does
            if not self.reading and self.clock[0] - self.read_at >= apply.LOOK_BACK[-1]:
                self._read()  # who sleeps for longer is not saved
            if not self.reading:
                self._save()
            self.steps.pop(0)
            self.reading = not self.reading

    def _read(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            self.text = races.add(self.path.read_bytes(), b"x%d=1" % self.saved)
            self.read_at = self.clock[0]
            return True
        return False

    def _save(self) -> None:
        beside = self.path.with_name("theirs")
        beside.write_bytes(self.text)
        if self.backup:
            with contextlib.suppress(FileNotFoundError):
                self.path.rename(self.path.with_name("before"))
        beside.rename(self.path)
        self.saved += 1


def looks(desk: Desk, place: str, clock: memoryview) -> int:
    """A look, the one that a save brings about, and all looks back, as the agent does them; `clock` is their time, and whether
    he has gone: then there is a last look."""
    setup, trouble = look.setup(desk.system)
    wish, memory, rescues = Wish(force=True), look.Memory(), apply.Rescues()
    for last in (False, False, True):
        clock[1] = last
        seen = look.look(setup, memory, network=saved.from_json(NETWORKS[place], "between"))
        report, _ = act.carry_out(seen, wish, trouble)
        wish = Wish(past=wish.past)
        rescues.add(report.rescues, clock[0])
        if last:
            break
        _mark()
        while rescues.all:
            clock[0] = min(rescues.due())
            rescues.look(setup.state, clock[0])
            _mark()
    rescues.close()
    return 0


def _mark() -> None:
    with contextlib.suppress(OSError):
        os.rmdir("")


def clock() -> memoryview:
    """The child's time and whether it looks for the last time, shared with it."""
    made = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("d")
    made[0] = monotonic()
    return made


def meet(desk: Desk, plan: Plan, backup: bool) -> str | None:
    """What was lost where he came as planned, or None."""
    desk.lay()
    desk.npmrc.write_bytes(races.START)
    desk.go("office", force=True)
    time = clock()
    editor = Editor(desk.npmrc, plan, backup, time)
    out = tracer.trace(lambda: looks(desk, "lab", time), only=CALLS, meet=editor.at)
    if out.code:
        return f"ended with {out.code}: {out.said}"
    desk.go("office", force=True)
    raced = races.judged(desk, editor.saved)
    if raced.lost:
        return f"{raced.lost} of {editor.saved} lines lost: {desk.text()!r}"
    desk.uninstall()
    text = desk.text() or b""
    lines = sorted([*races.START.splitlines(), *(b"x%d=1" % n for n in range(editor.saved))])
    return "; ".join(raced.wrong) or (None if sorted(text.splitlines()) == lines else f"not given back: {text!r}")


def run(folder: Path, limit: int, seed: int) -> tuple[int, list[str]]:
    """Orders tried, and those that lost something: all of one save and two, then of three and four by chance."""
    wrong, tried, r = [], 0, Random(seed)
    known = [(p, b) for b in (False, True) for saves in (1, 2) for p in plans(saves, 5)]
    chance = ((tuple(sorted(r.choices(range(1, POINTS + 1), k=r.choice((6, 8))))), r.random() < 0.3) for _ in itertools.count())
    for plan, backup in itertools.islice(itertools.chain(known, chance), limit):
        desk = Desk(folder / f"b{tried}", "new")
        if found := meet(desk, plan, backup):
            wrong.append(f"{plan}{' by backup' * backup}: {found}")
        desk.away()
        tried += 1
    return tried, wrong

"""Writes a plan: what was before, the intent, the file whole, the outcome; and looks back for what a slower writer left behind.
Floor 3.

npm and others truncate .npmrc and write it in place. One that opened the file before our rename writes into the old inode,
which has no name any more: its text would be lost. So nothing is renamed while somebody has the file open for writing
(lease.py); where that can't be known, or lasts, the old inode stays open for a moment and is read again, and what was written
there since is drafted anew.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence

from . import atomic, lease
from .errors import RoamError
from .formats.ini import Document
from .memory.ledger import Ledger
from .memory.state import State
from .rules.owned import FilePlan
from .rules.plan import lines, redraft, undo
from .slotted import dataclass, field, replace
from .targets import NPM

LOOK_BACK = (0.02, 0.2)
"""Seconds after the rename at which the old inode is read again; npm holds the file open for 1 to 3 ms."""

LONG = 60.0
"""Seconds for which it is read again as long as somebody has it open for writing."""

RESTLESS = 2.0
"""Seconds for which it is read again as long as that saves something: who read npm's file just before saves it just after, and
what we had saved is gone once more."""

TRIES = 5
"""How often a file that changes under our hands is drafted anew before we leave it to the next look."""


@dataclass(frozen=True, slots=True)
class Rescue:
    """Files that are looked back at, still open, and the plan that replaced them, or failed because they came between (`between`:
    then more than one may have)."""

    fds: list[int]
    plan: FilePlan
    between: bool = False
    since: float = field(default_factory=time.monotonic)

    def busy(self) -> bool:
        """Whether somebody has one of them open for writing."""
        return any(lease.busy(fd) for fd in self.fds)

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)


def came(changed: atomic.Changed, plan: FilePlan) -> list[Rescue]:
    """What came between while a plan was carried out, to be looked back at."""
    return [Rescue(list(changed.left), plan, between=True)] if changed.left else []


def sweep(path: str, ledger: Ledger) -> None:
    """Removes the temporary file of a killed process, or puts back the save that it had in its hands; call it under the lock.

    Only where its intent still stands: the file that a finished write replaced may lie there too, where the disk refused to
    remove it, and of the lines in that nobody knows any more that they were ours (refuse, `unlink`)."""
    record = ledger.records.get(path)
    ours = (*(record.keys if record else ()), NPM.list)
    lacks = (lambda now, came: bool(lines(Document(came), ours) - lines(Document(now), ours))) if ledger.open else None
    atomic.sweep(path, lacks)


def read(path: str, known: bool) -> atomic.Seen:
    """npm's file. Where its size is not `known` yet, one that somebody is writing is read again, for a second at most; one that
    was emptied just now for a tenth: what npm has truncated and not yet written would be taken for all that the user had."""
    seen = atomic.read(path)
    for n in range(0 if known else 100):
        emptied = n < 10 and seen.data == b"" and abs(time.time() - seen.mtime) < 1
        if not emptied and not lease.being_written(path):
            break
        time.sleep(0.01)
        seen = atomic.read(path)
    return seen


def commit(plan: FilePlan, ledger: Ledger, mode: int | None) -> Rescue | None:
    """Carries a plan out; raises atomic.Changed where the file is not as it was read, errors.Refused where the machine says
    no."""
    path = plan.file.path
    if not plan.writes:
        if plan.priors.keys() - plan.file.priors.keys():  # a key that already held what is wanted: `uninstall` took it away
            ledger.before(plan)
        ledger.after(plan)
        return None
    if lease.being_written(path):
        raise atomic.Changed(path)
    ledger.before(plan)
    assert plan.file.text is not None or plan.after is not None
    fd = None
    try:
        if plan.after is None:
            assert plan.file.text is not None
            sweep(path, ledger)
            atomic.remove(path, expected=plan.file.text)
        else:
            fd = atomic.write(path, plan.after, expected=plan.file.text, mode=mode, shared=True)
    except atomic.Changed as e:
        if not e.left:  # else ours stood there for a moment and may be written back: the intent stands, as after a cut
            ledger.take_back(plan)
        raise
    ledger.after(plan)
    return Rescue([fd], plan) if fd is not None else None


def mode_for(plan: FilePlan, present: int) -> tuple[FilePlan, int]:
    """The permissions the file shall have: 0600 as soon as a login of ours is inside, and never wider again but by
    `uninstall`."""
    if plan.record.lent is not None and present & 0o077:
        return replace(plan, record=replace(plan.record, mode=present)), 0o600
    return plan, present


def give_back(ledger: Ledger, path: str) -> FilePlan:
    """Puts every key of ours in a file back as it was before roamrc, with the old permissions where the file is the old one."""
    between: list[Rescue] = []
    sweep(path, ledger)
    for attempt in range(TRIES):
        seen = read(path, known=False)
        backup = ledger.backup(path)
        plan = undo(NPM, ledger.file(NPM, path, seen.data), backup, ledger.digest)
        mode = plan.file.record.mode if plan.after == backup and plan.file.record.mode is not None else seen.mode
        try:
            rescue = commit(plan, ledger, mode)
        except atomic.Changed as e:
            between += came(e, plan)
            if attempt + 1 == TRIES:
                see_out(between, lambda r: look_back(r, ledger))
                raise
            continue
        if rescue:
            rescue.close()
        see_out(between, lambda r: look_back(r, ledger))
        if not plan.writes and seen.data is not None and mode != seen.mode:
            os.chmod(path, mode)
        ledger.forget(path)
        return plan
    raise AssertionError("unreachable")


def look_back(rescue: Rescue, ledger: Ledger) -> FilePlan | None:
    """What a slower writer put into a replaced file, or what came between and was written over since, with our edits made again,
    written; None where there was nothing to save. Call it under the lock."""
    made = [_look_back(fd, rescue, ledger) for fd in rescue.fds[:]]
    return next((plan for plan in made if plan), None)


def _look_back(old: int, rescue: Rescue, ledger: Ledger) -> FilePlan | None:
    plan = rescue.plan
    for _ in range(TRIES):
        text = atomic.contents(old)
        if text == plan.file.text or not text:
            return None
        now = read(plan.file.path, known=False).data
        fresh = redraft(NPM, plan, text, ledger.file(NPM, plan.file.path, now), ledger.digest)
        if fresh.after is None or fresh.after == now:
            return None
        ledger.before(fresh)
        try:
            fd = atomic.write(plan.file.path, fresh.after, expected=now, shared=True)
        except atomic.Changed as e:
            rescue.fds.extend(e.left)
            continue
        if fd is not None:
            os.close(fd)
        ledger.after(fresh)
        return fresh
    return None


def _stirs(rescue: Rescue, look: Callable[[Rescue], object]) -> bool:
    """Whether looking back saved something, or somebody came between once more."""
    found, known = None, len(rescue.fds)
    with contextlib.suppress(RoamError, atomic.Changed):  # the next look finds the file as it is
        found = look(rescue)
    return found is not None or len(rescue.fds) > known


def see_out(rescues: Sequence[Rescue], look: Callable[[Rescue], object]) -> None:
    """For whoever has nobody to look back later: once, when nobody has a replaced file open any more (after a second at most, or
    20 ms where that can't be known); again where a save came between, and as long as something stirs. Closes them."""
    begin, pause, again = time.monotonic(), LOOK_BACK[0], bool(rescues)
    while again:
        time.sleep(pause)
        end = time.monotonic() + 1
        while any(r.busy() for r in rescues) and time.monotonic() < end:
            time.sleep(LOOK_BACK[0])
        stirred = [_stirs(r, look) for r in rescues]
        again = any(stirred) or (pause == LOOK_BACK[0] and any(r.between for r in rescues))
        again, pause = again and time.monotonic() - begin < RESTLESS, LOOK_BACK[-1]
    for rescue in rescues:
        rescue.close()


class Rescues:
    """The replaced files that are still looked back at: each twice, and once more after anything stirred."""

    def __init__(self) -> None:
        self.all: list[tuple[float, Rescue]] = []

    def add(self, rescues: Iterable[Rescue], now: float) -> None:
        self.all += [(now + t, r) for r in rescues for t in LOOK_BACK]

    def due(self) -> list[float]:
        """When to look back."""
        return [at for at, _ in self.all]

    def look(self, state: State, now: float) -> bool:
        """Looks back at those that are due; whether a slower writer's text was found and drafted anew."""

        def locked(rescue: Rescue) -> FilePlan | None:
            with state.lock():
                return look_back(rescue, Ledger(state))

        news = False
        for entry in [e for e in self.all if e[0] <= now]:
            self.all.remove(entry)
            rescue = entry[1]
            stirred = _stirs(rescue, locked)
            news = news or stirred
            last = all(r is not rescue for _, r in self.all)
            if now - rescue.since < (RESTLESS if stirred else LONG if last and rescue.busy() else 0.0):
                self.all.append((now + LOOK_BACK[-1], rescue))
            elif last:
                rescue.close()
        return news

    def close(self) -> None:
        for rescue in {id(r): r for _, r in self.all}.values():
            rescue.close()
        self.all.clear()

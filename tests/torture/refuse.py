"""The machine says no, at every call on a file: a sentence, npm's file old or new, and the next run puts it right."""

from __future__ import annotations

import errno
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roamrc.errors import RoamError

from . import tracer
from .crash import DEEDS, Bench, Deed, Point
from .desk import FORMS, Desk, agrees, litter, wellformed

ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EACCES", "EROFS", "EINTR", "EMFILE")
WRITES = frozenset({"write", "fsync", "rename", "mkdir", "fchmod", "chmod", "ftruncate", "openat", "unlink"})
READS = frozenset(
    {"read", "openat", "newfstatat", "fstat", "lseek", "flock", "readlink", "getdents64", "pread64", "unlink", "rename"}
)
AT = {
    "ENOSPC": WRITES,
    "EDQUOT": WRITES,
    "EROFS": WRITES,
    "EMFILE": frozenset({"openat"}),
    "EACCES": WRITES | READS,
    "EIO": WRITES | READS,
    "EINTR": WRITES | READS,
}
"""Where each of them can come from."""


@dataclass(frozen=True, slots=True)
class No:
    """One refusal: form, deed, which error, at which of the calls it can come from, and how many times on end."""

    form: str
    deed: Deed
    error: str
    at: int
    times: int = 1

    def __str__(self) -> str:
        return f"{self.deed.name} on a file {self.form!r}, {self.error} at call {self.at}" + (
            " and ever after" if self.times > 1 else ""
        )


def told(deed: Deed, desk: Desk) -> int:
    """0: done without a word; 1: done, or not, and a problem says what; 2: refused with a sentence."""
    try:
        found: Any = deed.deed(desk)
    except RoamError as e:
        return 2 if e.sentence else 98
    except OSError as e:
        if "/.config/" in str(e.filename):  # the command line makes a sentence of it (cli.main), and nothing has begun yet
            return 2
        raise
    if isinstance(found, int):
        return 2 if found == 4 else 98 if found == 3 else found
    return 1 if found[1]["problems"] else 0


def endure(bench: Bench, no: No) -> str | None:
    """What did not hold, or None."""
    point = Point(no.form, no.deed, 0)
    original, mode = FORMS[no.form]
    desk = bench.laid(no.form, no.deed)
    try:
        old, new = desk.text(), bench.new(point)
        done = tracer.trace(
            lambda: told(no.deed, desk), fail_at=no.at, error=getattr(errno, no.error), only=AT[no.error], times=no.times
        )
        if done.code not in (0, 1, 2):
            return f"{done.at}: ended with {done.code}: {done.said[-1500:]}"
        found = desk.text()
        # a profile that can't be read holds, and a login is not lent under hold; one not to be had leaves the proxy without it
        bare = [(t or b"").replace(b"alice:s3cret@", b"") for t in (old, new)]
        if found not in (old, new, *bare):
            return f"{done.at}: neither old nor new: {found!r:.300}"
        if found != new and done.code == 0:
            return f"{done.at}: not done, and not a word of it"
        no.deed.after(desk)
        if desk.text() != bench.after(point):
            return f"{done.at}: the next look leaves {desk.text()!r:.300}"
        if left := litter(desk):
            return f"{done.at}: left behind: {left}"
        if no.deed.name != "uninstall":
            if wrong := agrees(desk) or wellformed(desk):
                return f"{done.at}: {wrong}"
            if code := desk.uninstall():
                return f"{done.at}: uninstall ends with {code}"
        if desk.text() != original:
            return f"{done.at}: uninstall leaves {desk.text()!r:.300}"
        if original is not None and desk.mode() != mode:
            return f"{done.at}: uninstall leaves mode {desk.mode():o}"
        return None
    finally:
        desk.away()


def refusals(bench: Bench, limit: int, seed: int) -> Iterator[No]:
    """Some of each error, deed and form; every fifth goes on for good, as a full disk does (not EINTR: PEP 475)."""
    chance = random.Random(seed)
    groups = [(form, deed, error) for form in FORMS for deed in DEEDS for error in ERRORS]
    chance.shuffle(groups)
    for i in range(limit):
        form, deed, error = groups[i % len(groups)]
        desk = bench.laid(form, deed)
        most = counted(bench, desk, deed, error)
        desk.away()
        yield No(form, deed, error, chance.randint(1, most), 1 if i % 5 or error == "EINTR" else 1_000_000)


COUNTS: dict[tuple[str, str, str], int] = {}


def counted(bench: Bench, desk: Desk, deed: Deed, error: str) -> int:
    """How many calls there are where the error can come from."""
    key = (desk.form, deed.name, error)
    if key not in COUNTS:
        bench.new(Point(desk.form, deed, 0))  # all that is imported on the way is imported now
        COUNTS[key] = tracer.trace(lambda: told(deed, desk), only=AT[error]).count
    return COUNTS[key]


def run(folder: Path, limit: int, seed: int) -> tuple[int, list[str]]:
    """Errors injected, and what they broke."""
    bench, failures = Bench(folder), []
    for no in refusals(bench, limit, seed):
        if wrong := endure(bench, no):
            failures.append(f"{no}: {wrong}")
    shutil.rmtree(folder, ignore_errors=True)
    return limit, failures

"""Numbers as the tables show them: median and spread of repeated runs."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, first and last tenth, and extremes of some runs, in the unit of what was measured; `runs` tells how many there
    were, `missed` how many of them never got there."""

    median: float
    low: float
    high: float
    least: float
    most: float
    runs: int
    missed: int = 0

    def json(self) -> dict[str, float]:
        return {k: getattr(self, k) for k in self.__slots__}


def spread(values: Sequence[float | None]) -> Spread | None:
    """The spread of what was measured; None in *values* is a run that never got there, None as a result that no run did."""
    found = sorted(v for v in values if v is not None)
    if not found:
        return None
    tenth = len(found) // 10
    most = len(found) - 1
    middle, low, high, least, top = (
        round(x, 4) for x in (statistics.median(found), found[tenth], found[most - tenth], found[0], found[most])
    )
    return Spread(middle, low, high, least, top, len(values), len(values) - len(found))


def load() -> float:
    """The machine's load of the last minute."""
    return os.getloadavg()[0]


def short(value: float) -> str:
    """A number with three digits that count: 0.771, 12.3, 1,234."""
    if value == int(value) and abs(value) < 1000:
        return str(int(value))
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def shown(s: Spread | None, unit: str = "") -> str:
    """A spread in a cell: median, and the middle eight tenths."""
    if s is None:
        return "never"
    missed = f", {s.missed} of {s.runs} never" if s.missed else ""
    return f"{short(s.median)}{unit} ({short(s.low)}–{short(s.high)}{missed})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns padded so that it can be read as it is."""
    width = [max(len(r[i]) for r in (head, *rows)) for i in range(len(head))]
    line = "|" + "|".join("-" * (w + 2) for w in width) + "|"
    body = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, width, strict=True)) + " |" for r in (head, *rows)]
    return "\n".join([body[0], line, *body[1:]])

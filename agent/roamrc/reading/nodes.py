"""Places in a file, and what is wrong there: every fault of a file is told in one run, never only the first. Floor 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..formats.values import shown
from ..slotted import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


MOST = 100
"""Faults told of one file: who has more has another kind of file, and 100,000 searches for a near word would take minutes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file: the place (line and column from 1), the path of keys, the sentence, and what to type. A warning
    works nevertheless."""

    file: str
    line: int
    col: int
    path: str
    text: str
    hint: str = ""
    severity: Literal["fault", "warning"] = "fault"

    @property
    def where(self) -> str:
        return f"{shown_path(self.file)}:{self.line}:{self.col}"

    def __str__(self) -> str:
        told = ": ".join(x for x in (self.where, self.path, "warning" if self.severity == "warning" else "", self.text) if x)
        return f"{told}\nhint: {self.hint}" if self.hint else told

    def as_json(self) -> dict[str, str | int]:
        return {
            "file": shown_path(self.file),
            "line": self.line,
            "col": self.col,
            "path": self.path,
            "text": self.text,
            "hint": self.hint,
        }


def report(faults: Iterable[Fault]) -> dict[str, object]:
    """The JSON of `check`: what is wrong under `faults`, what works but is seldom meant under `warnings`."""
    found = list(faults)
    return {
        "version": 1,
        "faults": [f.as_json() for f in found if f.severity == "fault"],
        "warnings": [f.as_json() for f in found if f.severity == "warning"],
    }


def shown_path(path: str) -> str:
    """A file's name, safe on a terminal."""
    return path if path.isprintable() else shown(path, 4096)[1:-1]


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a file, from (line, col) to `end`, all from 1; as itself: something already told as a fault."""

    line: int
    col: int
    end: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A text; `plain`: without quotes."""

    text: str
    plain: bool = True

    @property
    def null(self) -> bool:
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Listing(Node):
    items: Sequence[Node] = ()


@dataclass(frozen=True, slots=True)
class Table(Node):
    """A mapping; its keys are texts, each once."""

    pairs: Sequence[tuple[Scalar, Node]] = ()


@dataclass(slots=True)
class Faults:
    """The faults of one file, as they are found; local to one reading."""

    file: str
    found: list[Fault] = field(default_factory=list)
    wrong: int = 0
    warned: int = 0

    def add(self, at: Node, path: str, text: str, hint: str = "") -> None:
        self.wrong += 1
        if self.wrong <= MOST:
            self.found.append(Fault(self.file, at.line, at.col, path, text, hint))

    def warn(self, at: Node, path: str, text: str, hint: str = "") -> None:
        self.warned += 1
        if self.warned <= MOST:
            self.found.append(Fault(self.file, at.line, at.col, path, text, hint, "warning"))

    @property
    def full(self) -> bool:
        return self.wrong >= MOST

    def where(self, at: Node, path: str) -> str:
        """`office.yaml:3:5 when[0].ssid`: how a check names where it was asked for."""
        return f"{shown_path(self.file.rpartition('/')[2])}:{at.line}:{at.col} {path}"

"""The house has floors: a room imports only from the floors below, and the pure ones know no operating system."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "agent" / "roamrc"

VALUES = {"model", "errors"}
PURE = {
    "match",
    "checks",
    "clues",
    "pace",
    "owned",
    "draft",
    "plan",
    "override",
    "saved",
    "show",
    "decode",
    "nodes",
    "fields",
    "conditions",
    "folders",
    "formats",
    "targets",
}
UPPER = {
    "look",
    "reconcile",
    "waiting",
    "errands",
    "lending",
    "apply",
    "ledger",
    "journal",
    "handing",
    "act",
    "agent",
    "watch",
    "doctor",
    "trust",
    "trial",
    "starters",
    "learn",
    "present",
    "removal",
    "demo",
    "setup",
}
TOP = {"cli", "commands", "asking", "out", "surface", "manual", "completion", "share", "__main__"}
IMPURE = {
    "os",
    "subprocess",
    "socket",
    "time",
    "yaml",
    "select",
    "signal",
    "shutil",
    "pathlib",
    "threading",
    "ctypes",
    "psutil",
    "watchdog",
}
LONGEST = 340


def floor(name: str) -> int:
    """The floor of a room, by its first name; every room that is not named above is an edge."""
    return 0 if name in VALUES else 1 if name in PURE else 3 if name in UPPER else 4 if name in TOP else 2


def rooms() -> list[Path]:
    return [p for p in sorted(ROOT.rglob("*.py")) if p.parent != ROOT or p.name != "__init__.py"]


def imports(path: Path) -> set[str]:
    """First names of roamrc's rooms, and names of other modules with a ^ in front, that a file imports anywhere in it."""
    package = ("roamrc", *path.relative_to(ROOT).parts[:-1])
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {"^" + a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add("^" + (node.module or "").split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            parts = (*base[1:], *(node.module or "").split("."))
            parts = tuple(p for p in parts if p)
            found |= {parts[0]} if parts else {a.name for a in node.names}
    return found


@pytest.mark.parametrize("path", rooms(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_stands_above_all_that_it_imports(path: Path) -> None:
    name = path.relative_to(ROOT).parts[0].removesuffix(".py")
    here = floor(name)
    for other in imports(path):
        if other.startswith("^"):
            if here <= 1:
                assert other[1:] not in IMPURE, f"{name} is pure and imports {other[1:]}"
        elif other not in (name, "__version__"):
            assert floor(other) <= here, f"{name} (floor {here}) imports {other} (floor {floor(other)})"


def test_nobody_imports_the_command_line() -> None:
    for path in rooms():
        name = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if floor(name) < 4:
            assert not imports(path) & TOP, name


def test_no_room_is_a_hall() -> None:
    long = {str(p.relative_to(ROOT)): n for p in rooms() if (n := len(p.read_text().splitlines())) > LONGEST}
    assert not long


def test_the_floors_name_only_rooms_that_are_there() -> None:
    there = {p.relative_to(ROOT).parts[0].removesuffix(".py") for p in rooms()}
    assert there >= VALUES | PURE | TOP

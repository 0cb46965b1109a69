"""The house has floors: a room imports only from the floors below, and the pure ones know no operating system."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "agent" / "roamrc"

VALUES = {"model", "errors", "slotted"}
PURE = {"rules", "formats", "targets", "show", "folders"} | {f"reading.{n}" for n in ("nodes", "decode", "conditions", "fields")}
UPPER = {"look", "reconcile", "lending", "apply", "act", "journal", "daemon", "setup", "doctor", "demo"}
TOP = {"cli", "commands", "terminal", "__main__"}

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
    """The floor of a module, by its folder or its own name; every one that is not named above is an edge."""
    names = {name, name.split(".")[0]}
    return 0 if names & VALUES else 1 if names & PURE else 3 if names & UPPER else 4 if names & TOP else 2


def rooms() -> list[Path]:
    return [p for p in sorted(ROOT.rglob("*.py")) if p.parent != ROOT or p.name != "__init__.py"]


def called(path: Path) -> str:
    """A module's name as its importers write it: `rules.match`; a folder's own file is the folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


THERE = {called(p) for p in rooms()} | {p.name for p in ROOT.iterdir() if p.is_dir()}


def imports(path: Path) -> set[str]:
    """Names of roamrc's modules, and names of other modules with a ^ in front, that a file imports anywhere in it."""
    package = ("roamrc", *path.relative_to(ROOT).parts[:-1])
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {"^" + a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add("^" + (node.module or "").split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            parts = tuple(p for p in (*base[1:], *(node.module or "").split(".")) if p)
            modules = {".".join((*parts, a.name)) for a in node.names} & THERE
            found |= modules or {".".join(parts) or "__init__"}
    return found


@pytest.mark.parametrize("path", rooms(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_stands_above_all_that_it_imports(path: Path) -> None:
    name = called(path)
    here = floor(name)
    for other in imports(path):
        if other.startswith("^"):
            if here <= 1:
                assert other[1:] not in IMPURE, f"{name} is pure and imports {other[1:]}"
        elif other != "__init__":
            assert floor(other) <= here, f"{name} (floor {here}) imports {other} (floor {floor(other)})"


def test_values_are_our_own() -> None:
    """`dataclasses.replace` knows none of them, and typing costs what a type checker alone needs (slotted.py)."""
    for path in rooms():
        text = path.read_text()
        assert "from dataclasses" not in text or called(path) == "slotted", path
        assert "\nfrom typing" not in text, path


def test_nobody_imports_the_command_line() -> None:
    for path in rooms():
        if floor(called(path)) < 4:
            assert not {o.split(".")[0] for o in imports(path)} & TOP, path


def test_no_room_is_a_hall() -> None:
    long = {str(p.relative_to(ROOT)): n for p in rooms() if (n := len(p.read_text().splitlines())) > LONGEST}
    assert not long


def test_the_root_is_short_enough_to_read() -> None:
    """The line itself and what all rooms use; sixty modules lay there once, and nobody found anything."""
    assert len([p for p in rooms() if p.parent == ROOT]) <= 20


def test_the_floors_name_only_rooms_that_are_there() -> None:
    assert VALUES | PURE | UPPER | TOP <= THERE

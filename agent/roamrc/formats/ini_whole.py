"""A whole .npmrc as npm's ini has it, sections as objects: needed only for a key that the name of a section can hide. Floor 1.

Where npm throws (a section below a key that is null, and no npm command runs), the key counts as replaced. One thing is left
out: a section that has the name of an array, with numbers or `length` for keys.
"""

from __future__ import annotations

from collections.abc import Iterable

from .ini_line import assign, chars, entry, section
from .ini_value import Js


def _split(name: str) -> tuple[list[str], str]:
    """A name's parts at the dots that have no backslash before them: the parents, and the last."""
    parts, start = [], 0
    for at, c in enumerate(name):
        if c == "." and not (at and name[at - 1] == "\\"):
            parts.append(name[start:at])
            start = at + 1
    return parts, name[start:]


def reach(name: str) -> set[str]:
    """The top-level keys that an object of this name (a section, or a null with a dot in its key) may hide, move or replace."""
    parts, last = _split(name)
    parts = [p for p in parts if p != "__proto__"]
    plain = last.replace("\\.", ".")
    return {name} | ({parts[0]} if parts else {plain} if plain == name else reach(plain))


def decode(lines: Iterable[bytes]) -> dict[str, Js]:
    """The whole file. `[a.b]` becomes an object in `a` and throws a top-level `a=…` away; `[a]` replaces an `a` that is empty,
    false, null or zero."""
    out: dict[str, Js] = {}
    into: Js = out
    for line in map(chars, lines):
        name = section(line)
        if name is not None:
            if name != "__proto__" and (name not in out or out[name] in ("", False, None)):
                out[name] = {}
            into = {} if name == "__proto__" else out[name]
        elif isinstance(into, dict) and (found := entry(line)):
            assign(into, *found)
    moved = []
    for name in list(out):  # JavaScript lists integers first; they have no dot, so it makes no difference
        if out[name] is not None and not isinstance(out[name], dict):
            continue
        parts, last = _split(name)
        at: dict[str, Js] = out
        for part in parts:
            if part != "__proto__":
                at = _child(at, part)
        plain = last.replace("\\.", ".")
        if at is not out or plain != last:
            at[plain] = out[name]
            moved.append(name)
    for name in moved:
        out.pop(name, None)
    return out


def _child(at: dict[str, Js], name: str) -> dict[str, Js]:
    child = at.get(name)
    if isinstance(child, dict):
        return child
    fresh: dict[str, Js] = {}
    if not isinstance(child, list):  # an array takes the section as a property of its own, and stays an array
        at[name] = fresh
    return fresh

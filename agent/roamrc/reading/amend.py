"""A profile's file with one thing more in it: bytes are put in, none of the others moves. Floor 2.

The places come from the parser's nodes, the text is never written anew from a tree (that would drop every comment). Whatever was
made is read again before it is believed: it must hold the old items, the new one and nothing else, or the file stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import RoamError
from ..model import Condition, Item, Profile
from ..slotted import replace
from . import fields, yamlfile
from .nodes import Faults, Listing, Node, Scalar, Table

Keys = Sequence[tuple[str, str | bool]]
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""Line breaks as YAML 1.1 counts them."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*[A-Za-z0-9._/-]|[A-Za-z0-9]")
_WORDS = {"yes", "no", "on", "off", "y", "n", "null", "true", "false", "~"}


def add_item(data: bytes, name: str, keys: Keys) -> bytes:
    """The bytes of profile *name* with one item more in `when`; all others are as they were, in their order.

    `when` may be [], a list in lines or in brackets, or one mapping, which becomes the first item of a list. Raises RoamError
    where the file is broken, matches every network already, or is written in a way that an item can't be added to safely; the
    hint is then the item to write.
    """
    before, root = _read(data, name)
    paste = f"add it to `when:` yourself: - {flow(keys)}"
    if any(c.fact == "anywhere" for item in before.when for c in item):
        raise RoamError(f'profile "{name}" matches every network already (`when: anywhere`)', "learn another name")
    found = next((v for k, v in root.pairs if k.text == "when"), None)
    text = data.decode("utf-8")
    bom = text[:1] == "\ufeff"
    made = None if found is None else _Text(text[1:] if bom else text).insert(found, keys)
    if made is not None:
        made = text[:1] * bom + made
        after = _quiet(made.encode(), name)
        wanted = (*map(_bare, before.when), tuple(Condition(k, (v,)) for k, v in keys))
        if after and tuple(map(_bare, after.when)) == wanted and _rest(after) == _rest(before):
            return made.encode()
    raise RoamError(f'profile "{name}" is written in a way that no item can be added to', paste)


def set_proxy(data: bytes, name: str, proxy: str, login: str | None = None) -> bytes:
    """The bytes of profile *name* with another `proxy:`, and a `login:` below it where one is given; for files in lines, which
    ours are. Raises RoamError where that can't be done safely."""
    before, root = _read(data, name)
    made = data.decode("utf-8")
    apply = next((v for k, v in root.pairs if k.text == "apply"), None)
    found = [(k, v) for k, v in apply.pairs if k.text == "proxy"] if isinstance(apply, Table) else []
    if found and not made.startswith("\ufeff"):
        key, value = found[0]
        text = _Text(made)
        start, end, close = text.at((value.line, value.col)), text.at(value.end), text.line_end(value.end[0])
        below = f"{text.eol}{' ' * (key.col - 1)}login: {scalar(login)}" if login else ""
        made = made[:start] + scalar(proxy) + made[end:close] + below + made[close:]
    after = _quiet(made.encode(), name)
    wanted = replace(before.apply, proxy=proxy, login=login or before.apply.login)
    if after is None or _rest(replace(after, apply=wanted)) != _rest(replace(before, apply=wanted)) or after.apply != wanted:
        raise RoamError(f'the proxy of profile "{name}" can\'t be set', f"roamrc check; then write proxy: into {name}.yaml")
    return made.encode()


def parsed(data: bytes, name: str) -> Profile:
    """The profile that these bytes are. Raises RoamError with the first fault."""
    return _read(data, name)[0]


def block(keys: Keys, indent: int, eol: str) -> str:
    """An item in lines, without the last line's end: `- a: b`, and the other keys below it."""
    lines = [f"{k}: {scalar(v)}" for k, v in keys]
    return " " * indent + "- " + (eol + " " * (indent + 2)).join(lines)


def flow(keys: Keys) -> str:
    """An item in braces."""
    return "{" + ", ".join(f"{k}: {scalar(v)}" for k, v in keys) + "}"


def scalar(value: str | bool) -> str:
    """A value that any YAML reader takes for this text, in lines and in braces; JSON's quotes where it must have some."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS and not value.replace(".", "").replace("_", "").isdigit():
        return value
    if _PLAIN.fullmatch(value) and value.count(".") == 3:
        return value  # an IPv4 address is no number
    import json

    return json.dumps(value, ensure_ascii=not value.isprintable())


def _read(data: bytes, name: str) -> tuple[Profile, Table]:
    faults = Faults(f"{name}.yaml")
    root = yamlfile.parse(data, faults)
    profile = fields.profile(root, name, "", faults) if root is not None and not faults.wrong else None
    if root is None or profile is None:
        told = next((f for f in faults.found if f.severity == "fault"), None)
        raise RoamError(f'profile "{name}" is broken: {told.text if told else "the file is empty"}', "roamrc check")
    return profile, root


def _quiet(data: bytes, name: str) -> Profile | None:
    try:
        return _read(data, name)[0]
    except RoamError:
        return None


def _bare(item: Item) -> Item:
    return tuple(replace(c, where="") for c in item)


def _rest(p: Profile) -> Profile:
    return replace(p, when=(), unless=tuple(map(_bare, p.unless)))


class _Text:
    """A text with its lines as the parser counts them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(m.end() for m in _BREAK.finditer(text))]
        first = _BREAK.search(text)
        self.eol = first.group() if first else "\n"

    def at(self, place: tuple[int, int]) -> int:
        return self.starts[place[0] - 1] + place[1] - 1

    def insert(self, when: Node, keys: Keys) -> str | None:
        """The text with the item put into `when`; None where this is no list and no mapping."""
        start = self.at((when.line, when.col))
        braces = self.text[start : start + 1] in ("[", "{")
        if isinstance(when, Table):
            return self._wrap(when, start, keys) if braces else self._listed(when, keys)
        if not isinstance(when, Listing):
            return None
        if not when.items:
            return self._first(when, start, keys)
        last = when.items[-1]
        if braces:
            end = self.at(last.end)
            return f"{self.text[:end]}, {flow(keys)}{self.text[end:]}"
        return self._below(last, when.col - 1, keys)

    def _first(self, when: Listing, start: int, keys: Keys) -> str:
        """`[]` becomes a list in lines below it, or is filled where it stands among other brackets or over several lines."""
        end = self.at(when.end)
        bare = self.text.lstrip(" \t\r\n")[:1] != "{" and self.text[start:end] == "[]"
        tail = self.text[end : self.line_end(when.end[0])]
        if not bare or (tail.strip() and not tail.lstrip().startswith("#")):
            return f"{self.text[: start + 1]}{flow(keys)}{self.text[start + 1 :]}"
        close = self.line_end(when.end[0])
        head = self.text[:start] if tail else self.text[:start].rstrip(" ")  # no blank is left at the line's end
        return f"{head}{tail}{self.eol}{block(keys, 2, self.eol)}{self.text[close:]}"

    def _wrap(self, when: Table, start: int, keys: Keys) -> str:
        end = self.at(when.end)
        return f"{self.text[:start]}[{self.text[start:end]}, {flow(keys)}]{self.text[end:]}"

    def _listed(self, when: Table, keys: Keys) -> str:
        """A mapping in lines becomes the first item: a dash before its first line, two blanks before the others."""
        first, last = when.line, self._last_line(when)
        made = self.text[: self.starts[first - 1]]
        for number in range(first, last + 1):
            line = self.text[self.starts[number - 1] : self._next(number)]
            at = when.col - 1 if number == first else 0
            put = "- " if number == first else "  " if line.strip() else ""
            made += line[:at] + put + line[at:]
        rest = self.text[self._next(last) :]
        return self._joined(made, block(keys, when.col - 1, self.eol), rest)

    def _below(self, last: Node, indent: int, keys: Keys) -> str:
        close = self._next(self._last_line(last))
        return self._joined(self.text[:close], block(keys, indent, self.eol), self.text[close:])

    def _joined(self, above: str, item: str, rest: str) -> str:
        """The item on lines of its own; a file without a final newline stays one."""
        if above and not _BREAK.fullmatch(above[-1]):
            return above + self.eol + item + rest
        return above + item + self.eol + rest

    def _last_line(self, node: Node) -> int:
        """The last line that a node's own text stands on: the parser's end of a list in lines is where the next thing begins."""
        if self.text[self.at((node.line, node.col)) : self.at((node.line, node.col)) + 1] not in ("[", "{"):
            if isinstance(node, Table) and node.pairs:
                return max(self._last_line(node.pairs[-1][1]), node.pairs[-1][0].line)
            if isinstance(node, Listing) and node.items:
                return self._last_line(node.items[-1])
        line, col = node.end
        return line - 1 if col == 1 and line > node.line and isinstance(node, Scalar) else line

    def _next(self, line: int) -> int:
        return self.starts[line] if line < len(self.starts) else len(self.text)

    def line_end(self, line: int) -> int:
        found = _BREAK.search(self.text, self.starts[line - 1])
        return found.start() if found else len(self.text)

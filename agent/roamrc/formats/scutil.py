"""What scutil(8) and `ipconfig getsummary` print: property lists as indented text. Text in, values out; never raises. Floor 1.

The grammar is configd's own description format: `<dictionary> {`, `KEY : VALUE`, `<array> {`, `0 : VALUE`, `}`, two spaces a
level, `<data> 0x…`, TRUE, FALSE. Values are not
escaped: a DHCP packet or the name of a network may run over lines and spell `SSID : CorpNet`. So the indent decides what a line
is, and a key that is said twice is Hidden:
of two claims one was made by the network.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias


Node: TypeAlias = "str | bytes | Hidden | dict[str, Node] | list[Node]"
"""A value as printed: numbers, dates and TRUE are their text; bytes for data; Hidden("said twice") where a key came twice."""

DEEPEST = 32
"""Levels that are followed. configd's own keys go to 6; what is deeper is text."""

_OPEN = {"<dictionary> {", "<array> {"}


def documents(text: str) -> list[Node | None]:
    """Every value that was printed, in order; None for each "No such key".

    One pass over the lines, linear in the text, whatever it holds: a file cut at any place, with its trailing white space lost
    or with a head that is missing gives
    what can still be told. What is not a dictionary or an array at the top is passed over.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]  # not splitlines: \x0b, \x85 and U+2028 may stand in a name
    if not lines[-1]:
        lines.pop()  # the end of the last line, not part of a value that was cut off there
    return _Reader(lines).read()


class _Reader:
    """The state of one pass: the open containers, and the value that the next unindented line would belong to."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.found: list[Node | None] = []
        self.open: list[dict[str, Node] | list[Node]] = []
        self.base = 0
        self.pending: tuple[dict[str, Node] | list[Node], str, list[str]] | None = None

    def read(self) -> list[Node | None]:
        for number, line in enumerate(self.lines):
            body = line.lstrip(" ")
            indent = len(line) - len(body)
            if not self.open:
                self.top(body.rstrip(), indent)
            elif body.rstrip() == "}" and indent == self.base + 2 * (len(self.open) - 1):
                self.flush()
                self.open.pop()
            elif (indent != self.base + 2 * len(self.open) or not self.entry(body, number)) and self.pending is not None:
                self.pending[2].append(line)  # a value that runs over the line
        self.flush()
        return self.found

    def top(self, body: str, indent: int) -> None:
        if body == "No such key":
            self.found.append(None)
        for word in _OPEN:  # "> <dictionary> {" after a prompt, "Extended Status <dictionary> {"
            if body == word or body.endswith(" " + word):
                self.base = indent
                self.open.append({} if word == "<dictionary> {" else [])
                self.found.append(self.open[0])

    def entry(self, body: str, number: int) -> bool:
        key, colon, value = body.partition(" : ")
        if not colon:
            if not body.rstrip().endswith(" :"):  # "0 : " with its trailing space lost
                return False
            key, value = body.rstrip()[:-2], ""
        into = self.open[-1]
        if isinstance(into, list) and not key.isdecimal():
            return False
        self.flush()
        word = value.rstrip()
        if word in _OPEN and len(self.open) < DEEPEST and self.opens(number + 1):
            inner: dict[str, Node] | list[Node] = {} if word == "<dictionary> {" else []
            _put(into, key, inner)
            self.open.append(inner)
        else:
            self.pending = (into, key, [value])
        return True

    def opens(self, number: int) -> bool:
        """Whether a brace was the printer's: then the next line stands one level deeper, or closes it at once. (A network may
        be named "<array> {".)"""
        if number >= len(self.lines):
            return True
        line = self.lines[number]
        body = line.lstrip(" ")
        indent, here = len(line) - len(body), self.base + 2 * len(self.open)
        return indent == here + 2 or (indent == here and body.rstrip() == "}")

    def flush(self) -> None:
        if self.pending is not None:
            into, key, parts = self.pending
            self.pending = None
            _put(into, key, _value("\n".join(parts)))


def _put(into: dict[str, Node] | list[Node], key: str, value: Node) -> None:
    if isinstance(into, list):
        into.append(value)
    else:
        into[key] = Hidden("said twice") if key in into else value


def _value(text: str) -> Node:
    if text.startswith("<data> 0x"):
        try:
            return bytes.fromhex(text[9:].strip())
        except ValueError:
            return text
    return text


def subkeys(text: str) -> list[str]:
    """The keys that `list` printed (`  subKey [0] = State:/Network/Global/IPv4`)."""
    found = []
    for line in text.split("\n"):
        head, equals, key = line.strip().partition("] = ")
        if equals and head.startswith("subKey ["):
            found.append(key)
    return found


def summary(text: str) -> dict[str, Node]:
    """`ipconfig getsummary`: its one dictionary. A text whose head was cut off is read as the inside of it."""
    if not any(line.rstrip() == "<dictionary> {" for line in text.split("\n")):
        text = "<dictionary> {\n" + text
    for node in documents(text):
        if isinstance(node, dict):
            return node
    return {}


def table(node: Node | None, *path: str) -> dict[str, Node]:
    """The dictionary at a path of keys, {} where there is none."""
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def text(node: object, key: str) -> str:
    """The text at a key, "" where there is none."""
    value = node.get(key) if isinstance(node, Mapping) else None
    return value if isinstance(value, str) else ""


def texts(node: object, key: str) -> tuple[str, ...]:
    """The texts of an array at a key (a single text counts as one), in order, empty ones left out."""
    value = node.get(key) if isinstance(node, dict) else None
    if isinstance(value, str):
        value = [value]
    return tuple(v for v in value if isinstance(v, str) and v) if isinstance(value, list) else ()

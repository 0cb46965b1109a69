"""Nodes of a file, read by the type of the field they stand in; every fault of the file is found in one run, with its place.
Floor 1.

YAML's own guess is never asked: it turns a MAC address into 41135085296 and the network called "no" into False. A kind reads one
value (`read`, None where it is wrong) and tells an editor what it accepts (`schema`): one table serves both, so they can't drift
apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..formats.values import Wrong, near, shown
from ..slotted import dataclass, field
from .nodes import Faults, Listing, Node, Scalar, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeAlias
else:
    Protocol = object

Schema: TypeAlias = "dict[str, Any]"


class Kind(Protocol):
    """How one value is read (None: wrong, and told), and what an editor is told of it."""

    def read(self, node: Node, path: str, faults: Faults) -> Any: ...

    def schema(self) -> Schema: ...


def scalar(node: Node, path: str, faults: Faults) -> str | None:
    """The text of a node, whatever YAML would make of it; nothing there is a fault."""
    if isinstance(node, Scalar):
        if not node.null:
            return node.text
        word = node.text.lower() == "null"
        faults.add(
            node,
            path,
            "nothing stands here",
            "leave the line out" + (', or put "null" in quotes to mean the text' if word else ""),
        )
    elif isinstance(node, Listing | Table):
        faults.add(node, path, f"must be one text, not a {'list' if isinstance(node, Listing) else 'mapping'}")
    return None


@dataclass(frozen=True, slots=True)
class Text:
    """One text, held to a rule that gives its normal form or raises Wrong."""

    rule: Callable[[str], object]
    form: Mapping[str, Any]

    def read(self, node: Node, path: str, faults: Faults) -> object:
        text = scalar(node, path, faults)
        if text is None:
            return None
        try:
            return self.rule(text)
        except Wrong as e:
            faults.add(node, path, e.text, e.hint)
            return None

    def schema(self) -> Schema:
        return dict(self.form)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One value or a list of at least one; always a tuple."""

    one: Kind

    def read(self, node: Node, path: str, faults: Faults) -> tuple[object, ...] | None:
        if not isinstance(node, Listing):
            value = self.one.read(node, path, faults)
            return None if value is None else (value,)
        if not node.items:
            faults.add(node, path, "the list is empty: nothing could match", "name at least one, or leave the line out")
            return None
        return listed(self.one, node, path, faults)

    def schema(self) -> Schema:
        one = self.one.schema()
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def listed(one: Kind, node: Listing, path: str, faults: Faults) -> tuple[Any, ...] | None:
    """Every value of a list, or None where one is wrong; all its faults are told."""
    read = [one.read(item, f"{path}[{i}]", faults) for i, item in enumerate(node.items) if not faults.full]
    found = tuple(value for value in read if value is not None)
    return found if len(found) == len(node.items) else None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two bounds."""

    low: int
    high: int

    def read(self, node: Node, path: str, faults: Faults) -> int | None:
        text = scalar(node, path, faults)
        if text is None:
            return None
        digits = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
        if digits.isascii() and digits.isdigit() and len(digits) < 10 and self.low <= int(text) <= self.high:
            return int(text)
        faults.add(node, path, f"{shown(text)} is no whole number from {self.low} to {self.high}")
        return None

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; `names` are words people write for them."""

    words: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    def read(self, node: Node, path: str, faults: Faults) -> str | None:
        text = scalar(node, path, faults)
        if text is None or text in self.words:
            return text
        meant = near(text, self.words, dict(self.names))
        faults.add(node, path, f"{shown(text)} is none of {', '.join(self.words)}", f"did you mean {meant}?" if meant else "")
        return None

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    def read(self, node: Node, path: str, faults: Faults) -> bool | None:
        text = scalar(node, path, faults)
        if text is None:
            return None
        if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
            return text.lower() == "true"
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(text.lower(), "")
        faults.add(node, path, f"{shown(text)} is neither true nor false", f"did you mean {meant}?" if meant else "")
        return None

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a mapping: its kind, what it is for (the text of schema, help and docs), and an example."""

    name: str
    kind: Kind
    doc: str
    required: bool = False
    example: object = None


@dataclass(frozen=True, slots=True)
class Read:
    """What stood at a key: the key's and the value's place, the path, and the value (None: wrong, and told)."""

    key: Scalar
    node: Node
    path: str
    value: Any


def below(path: str, key: str) -> str:
    """The path of a key below another: `apply.proxy`, `apply.npm["//host/:x"]`."""
    simple = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return f"{path}.{key}".lstrip(".") if simple else f"{path}[{shown(key)}]"


def keys(node: Node, path: str, faults: Faults, table: Sequence[Field], near_words: Mapping[str, str]) -> dict[str, Read]:
    """The keys of a mapping, each read by its kind. Unknown keys and missing ones are faults; `near_words` maps what people write
    to the right place."""
    if not isinstance(node, Table):
        if isinstance(node, Scalar | Listing):
            faults.add(
                node,
                path,
                "must be a mapping of keys to values",
                _example(table[0]),
            )
        return {}
    fields = {f.name: f for f in table}
    misspelt: set[str] = set()
    read: dict[str, Read] = {}
    for key, value in node.pairs:
        if faults.full:
            break
        known = fields.get(key.text)
        if known is None:
            meant = near_words.get(key.text.lower()) or near(key.text, fields)
            misspelt.add(meant)
            faults.add(
                key,
                path,
                f"{shown(key.text)} is no key here",
                f"did you mean {meant}?" if meant else "known: " + ", ".join(fields),
            )
            continue
        inner = f"{path}.{key.text}".lstrip(".")
        read[key.text] = Read(key, value, inner, known.kind.read(value, inner, faults))
    for f in table:
        if f.required and f.name not in read and f.name not in misspelt:
            faults.add(node, below(path, f.name), "is missing", _example(f))
    return read


def _example(f: Field) -> str:
    if f.example is None:
        return ""
    import json

    shown_as = f.example if isinstance(f.example, str) else json.dumps(f.example).replace('"', "")
    return f"for example {f.name}: {shown_as}"


def table_schema(table: Sequence[Field], **more: object) -> Schema:
    """A mapping of these keys and no other, as an editor is told."""
    properties = {f.name: described(f) for f in table}
    required = [f.name for f in table if f.required]
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **more,
    }


def described(f: Field) -> Schema:
    made = {"description": f.doc, **f.kind.schema()}
    return made if f.example is None else {**made, "examples": [f.example]}

"""A YAML file, read to nodes with their places: one document, one mapping, no aliases, tags or merges, bounded in size and depth.
Floor 2.

The tree is built from the parser's events, in one pass and without recursion: an alias is refused before it can multiply (a
"billion laughs" file of 1 KB composes to shared nodes that take hours to walk), and depth 33 is a fault and not a RecursionError.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..formats.values import shown
from ..owner import who_else
from .nodes import Faults, Listing, Node, Scalar, Table, shown_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


LIMIT = 1 << 20
"""Bytes: the largest profile seen had 4 KB; a megabyte takes the parser a second, a gigabyte the machine."""
DEPTH = 32
"""Nested lists and mappings; a profile needs 4."""

_START = Node(1, 1, (1, 1))
_PROBLEMS = (
    ("mapping values are not allowed", "a second colon in one line", 'put the text in quotes, key: "a: b"'),
    ("cannot start any token", "a text can't begin with this character", "put the text in quotes"),
    ("alphabetic or numeric", "a text that begins with * or & must stand in quotes", 'for example "*"'),
    ("could not find expected ':'", "a key without its colon", "write key: value, with a space after the colon"),
    ("unexpected end of stream", "a quote is not closed", "close the quote"),
    ("unexpected document indicator", "a quote is not closed", "close the quote"),
    ("unknown escape character", "a backslash in double quotes begins an escape", "use single quotes: 'CORP\\alice'"),
    ("expected hexdecimal", "a backslash in double quotes begins an escape", "use single quotes: 'CORP\\alice'"),
    ("node content", "a value is missing here, or a [ or { is not closed", ""),
    ("<document start>", "something follows the end of the document", "delete the line ..."),
    ("unexpected ':'", "no space after the colon", "write key: value"),
    ("escape sequence", "a backslash in double quotes begins an escape", "use single quotes: 'CORP\\alice'"),
    ("',' or ']'", "a list [a, b] is not closed", "close it with ]"),
    ("',' or '}'", "a mapping {a: b} is not closed", "close it with }"),
    (
        "expected key",
        "the indentation does not fit the lines above",
        "begin keys of one mapping, and items of one list, in one column",
    ),
    (
        "expected <block end>",
        "the indentation does not fit the lines above",
        "begin keys of one mapping, and items of one list, in one column",
    ),
    (
        "'-' indicator",
        "the indentation does not fit the lines above",
        "begin keys of one mapping, and items of one list, in one column",
    ),
    ("block sequence entries are not allowed", "a list can't begin here", "begin it on a line of its own"),
)


def read(path: Path, faults: Faults) -> tuple[bytes | None, os.stat_result | None]:
    """The bytes of a regular file of at most 1 MB, and its stat; else None and a fault. Never waits: a FIFO is not opened for
    long (open(2), O_NONBLOCK). A file that somebody else may write is a fault (owner.who_else)."""
    import stat

    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        dangling = path.is_symlink()
        faults.add(
            _START, "", "a symlink to nothing" if dangling else "no such file", "ls -l " + shown(path.name) if dangling else ""
        )
        return None, None
    except OSError as e:
        faults.add(
            _START,
            "",
            f"can't be read: {os.strerror(e.errno or 0)}",
            f"chmod u+r {shown_path(faults.file)}" if isinstance(e, PermissionError) else "",
        )
        return None, None
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            faults.add(_START, "", "a folder, not a file" if stat.S_ISDIR(info.st_mode) else "not a regular file")
            return None, info
        if others := who_else(info):
            faults.add(_START, "", others[0], f"{others[1]} {shown_path(faults.file)}")
            return None, info
        data = b""
        while len(data) <= LIMIT and (more := os.read(fd, LIMIT + 1 - len(data))):
            data += more
    except OSError as e:
        faults.add(_START, "", f"can't be read: {os.strerror(e.errno or 0)}")
        return None, None
    finally:
        os.close(fd)
    if len(data) > LIMIT:
        faults.add(_START, "", "the file is larger than 1 MB, the limit")
        return None, info
    return data, info


def text_of(data: bytes, faults: Faults) -> str | None:
    """The text of a file in UTF-8 (a BOM is allowed) without control characters; else None and the fault's place."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        faults.add(_START, "", "the file is UTF-16", "save it as UTF-8")
        return None
    if b"\0" in data:
        faults.add(
            _place(data[: data.index(b"\0")].decode("utf-8", "replace")),
            "",
            "the file is binary: it holds a NUL byte",
            "save it as UTF-8",
        )
        return None
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as e:
        faults.add(
            _place(e.object[: e.start].decode("utf-8", "replace")),
            "",
            f"the byte 0x{e.object[e.start]:02x} is not UTF-8",
            "save the file as UTF-8",
        )
        return None
    import re

    # what YAML 1.1 itself calls unprintable, and DEL; the C parser says so without a place
    bad = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if bad:
        faults.add(
            _place(text[: bad.start()]), "", f"the character U+{ord(bad.group()):04X} can't stand in a text file", "delete it"
        )
        return None
    return text.replace("\ufeff", " ") if "\ufeff" in text else text  # a second BOM comes from files joined by cat


def _lines(text: str) -> list[str]:
    """The lines as YAML 1.1 counts them."""
    import re

    return re.split("\r\n|[\r\n\x85\u2028\u2029]", text)


def _place(before: str) -> Node:
    lines = _lines(before)
    at = (len(lines), len(lines[-1]) + 1)
    return Node(*at, at)


def parse(data: bytes, faults: Faults, loader: Any = None) -> Table | None:
    """The file's one mapping, its aliases, tags and doubled keys told as faults; None where there is none (an empty file: also no
    fault). `loader` is a class of yaml, by default libyaml's where it was built in (10 times faster)."""
    text = text_of(data, faults)
    if text is None:
        return None
    import yaml

    try:
        root = _build(yaml.parse(text, Loader=loader or getattr(yaml, "CSafeLoader", yaml.SafeLoader)), faults)
    except yaml.YAMLError as e:
        # libyaml since PyYAML 6.0.4 gives up at depth 1000 of what it scans ahead, before the event of depth 33 is out
        if "nesting depth" in str(e) and loader is None:
            return parse(data, faults, yaml.SafeLoader)
        _problem(text, e, faults)
        return None
    if root is None or isinstance(root, Table) or type(root) is Node:
        return root if isinstance(root, Table) else None
    if isinstance(root, Scalar) and root.null:
        return None
    faults.add(
        root,
        "",
        "must be keys and values, not a " + ("list" if isinstance(root, Listing) else "text"),
        "write key: value, with a space after the colon",
    )
    return None


def _problem(text: str, e: Exception, faults: Faults) -> None:
    mark = getattr(e, "problem_mark", None) or getattr(e, "context_mark", None)
    line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = str(getattr(e, "problem", "") or getattr(e, "context", "") or "it can't be parsed")
    lines = _lines(text)
    for number in (line, line - 1):  # the parser often stops one line late
        here = lines[number - 1] if 0 < number <= len(lines) else ""
        indent = here[: len(here) - len(here.lstrip())]
        if "\t" in indent:
            at = (number, indent.index("\t") + 1)
            return faults.add(Node(*at, at), "", "a tab in the indentation", "indent with spaces")
    at = (line, col)
    if lines[line - 1 : line] and lines[line - 1].lstrip().startswith("- "):
        before = [x for x in lines[: line - 1] if x.strip() and not x.lstrip().startswith("#")]
        if before and before[-1].partition(" #")[0].rstrip().endswith("[]"):
            return faults.add(Node(*at, at), "", "a list below a line that ends with []", "delete that []")
    above = lines[line - 2] if line > 1 else ""
    if "mapping values" in said and ":" in above and ": " not in above + " ":
        at = (line - 1, above.index(":") + 1)
        return faults.add(Node(*at, at), "", "no space after the colon", "write key: value")
    for sign, sentence, hint in _PROBLEMS:
        if sign in said:
            return faults.add(Node(*at, at), "", sentence, hint)
    return faults.add(Node(*at, at), "", f"not YAML: {shown(said, 120)[1:-1]}")


def _build(events: Any, faults: Faults) -> Node | None:
    """The tree of the first document; every further one is a fault."""
    root: Node | None = None
    documents = 0
    stack: list[tuple[Any, bool, list[Node]]] = []
    for event in events:
        name = type(event).__name__
        if name == "DocumentStartEvent":
            documents += 1
            if documents == 2:
                faults.add(_node(event), "", "a second document begins here", "one file, one document: delete the line ---")
        if documents > 1:
            continue
        made: Node | None = None
        if name in ("SequenceStartEvent", "MappingStartEvent"):
            if len(stack) == DEPTH:
                faults.add(_node(event), "", f"nested deeper than {DEPTH}")
                return Node(1, 1, (1, 1))
            stack.append((event, _odd(event, faults), []))
        elif name == "ScalarEvent":
            value = event.value.removesuffix("\n") if event.style in ("|", ">") else event.value
            made = (
                _node(event)
                if _odd(event, faults)
                else Scalar(*_at(event), text=value, plain=event.style is None or event.style == "")
            )
        elif name == "AliasEvent":
            faults.add(
                _node(event),
                "",
                f"an alias, {shown('*' + event.anchor)}: roamrc reads none",
                "write the value out, or put a text that begins with * in quotes",
            )
            made = _node(event)
        elif name in ("SequenceEndEvent", "MappingEndEvent"):
            start, odd, inner = stack.pop()
            place = (start.start_mark.line + 1, start.start_mark.column + 1, (event.end_mark.line + 1, event.end_mark.column + 1))
            if odd:
                made = Node(*place)
            elif name == "SequenceEndEvent":
                made = Listing(*place, items=inner)
            else:
                made = Table(*place, pairs=_pairs(inner, faults))
        if made is not None:
            if stack:
                stack[-1][2].append(made)
            else:
                root = made
    return root


def _at(event: Any) -> tuple[int, int, tuple[int, int]]:
    return event.start_mark.line + 1, event.start_mark.column + 1, (event.end_mark.line + 1, event.end_mark.column + 1)


def _node(event: Any) -> Node:
    return Node(*_at(event))


def _odd(event: Any, faults: Faults) -> bool:
    """Whether a node has an anchor or a tag; that is a fault."""
    if event.anchor is not None:
        faults.add(
            _node(event),
            "",
            f"an anchor, {shown('&' + event.anchor)}: roamrc reads none",
            "write the value out, or put a text that begins with & in quotes",
        )
        return True
    if event.tag is not None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        faults.add(
            _node(event), "", f"a tag, {shown(tag)}: roamrc reads none", "delete it, or put a text that begins with ! in quotes"
        )
        return True
    return False


def _pairs(inner: list[Node], faults: Faults) -> list[tuple[Scalar, Node]]:
    pairs: dict[str, tuple[Scalar, Node]] = {}
    for key, value in zip(inner[::2], inner[1::2], strict=True):
        if not isinstance(key, Scalar):
            if isinstance(key, Listing | Table):
                faults.add(key, "", "a key must be one text")
        elif key.plain and key.text == "<<":
            faults.add(key, "", "a merge key (<<): roamrc reads none", "write the keys out")
        elif key.text in pairs:
            faults.add(
                key, "", f"{shown(key.text)} stands here twice, first on line {pairs[key.text][0].line}", "keep one of them"
            )
        else:
            pairs[key.text] = (key, value)
    return list(pairs.values())

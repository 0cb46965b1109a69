r"""One line of an .npmrc: what it sets, and how to spell or edit one that sets what is wanted. Floor 1.

Where npm's ini throws on a line (a key that reads as null: `'null'=x`, and no npm command runs), the line is passed over here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import RoamError
from .ini_value import BLANK, Js, name_of, text_of, unquote

Entry = tuple[str, bool, Js]
"""A key, whether it was written `key[]`, and its value."""

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
# The ASCII bytes that mean themselves in a key: not = (ends it), ; # \ (comment, escape), quotes (JSON), [ ] (array, section).
_PLAIN = bytes(b for b in range(0x20, 0x7F) if b not in b"=;#\\\"'[]")
# Those in a value.
_SAME = _PLAIN + b"=[]"


def bare(line: bytes) -> bytes:
    """A line without its end."""
    return line.rstrip(b"\r\n")


def end(line: bytes) -> bytes:
    """A line's end: LF, CRLF, a lone CR, or nothing."""
    return line[len(line.rstrip(b"\r\n")) :]


def chars(line: bytes) -> str:
    """A line's text without its end, as npm decodes it: what is not UTF-8 becomes U+FFFD."""
    return line.rstrip(b"\r\n").decode("utf-8", "replace")


def section(line: str) -> str | None:
    """The name in a `[section]` line, None for any other. ` [x]` (indented, or behind a BOM) and `[x] ; c` are keys for npm."""
    stop = line.find("]")
    if stop < 1 or line[0] != "[" or line[stop + 1 :].strip(BLANK):
        return None
    return name_of(unquote(line[1:stop]))


def entry(line: str) -> Entry | None:
    """What a line (without its end, no section) sets. None where npm passes over it: blank, a comment, `=x`, `__proto__`, or a
    value with U+2028 or U+2029, which the `.` of its regular expression does not match."""
    first = line.strip(BLANK)[:1]
    if not first or first in ";#" or line[0] == "=":
        return None
    left, is_set, right = line.partition("=")
    if "\u2028" in right or "\u2029" in right:
        return None
    name = unquote(left)
    if name is None or name in ("__proto__", "__proto__[]") or (isinstance(name, dict) and "length" in name):
        return None
    key, many = name_of(name), False
    if key[-2:] == "[]" and len(key) > 2 and isinstance(name, str):
        key, many = key[:-2], True
    value = unquote(right) if is_set else True
    return key, many, _WORDS.get(value, value) if isinstance(value, str) else value


def key_of(line: bytes) -> str | None:
    """The key that a line (no section) sets, None for none. A common line is neither decoded nor parsed."""
    head = line.partition(b"=")[0].strip()
    if head and not head.translate(None, _PLAIN) and b"\xe2\x80" not in line and head != b"__proto__":
        return head.decode("ascii")
    if head[:1] in (b"#", b";"):
        return None
    found = entry(chars(line))
    return found[0] if found else None


def assign(into: dict[str, Js], key: str, many: bool, value: Js) -> None:
    """One line's effect: the last scalar wins, `key[]` collects, and after an array every later value is appended."""
    present = into.get(key)
    if many and not isinstance(present, list):
        present = into[key] = [present] if key in into else []
    if isinstance(present, list):
        present.append(value)
    else:
        into[key] = value


def fold(lines: Iterable[bytes]) -> dict[str, Js]:
    """What some lines set together."""
    out: dict[str, Js] = {}
    for line in lines:
        if found := entry(chars(line)):
            assign(out, *found)
    return out


def reads(line: bytes, key: str, many: bool, value: str) -> bool:
    """Whether npm reads this one line (without its end) as exactly this."""
    text = chars(line)
    if b"\n" in line or b"\r" in line or section(text) is not None:
        return False
    found = entry(text)
    return found is not None and found[:2] == (key, many) and not isinstance(found[2], list) and text_of(found[2]) == value


def _spellings(text: str) -> Iterator[str]:
    """Plainest first: as it is, with `;` and `#` escaped, with every backslash too, as JSON, as JSON in ASCII."""
    yield text
    yield text.replace(";", "\\;").replace("#", "\\#")
    yield text.replace("\\", "\\\\").replace(";", "\\;").replace("#", "\\#")
    import json

    yield json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    yield json.dumps(text)


def spell_value(value: str) -> bytes:
    """A value as npm reads it back, by the plainest means: as it is, escaped, or as JSON in quotes. Any text can be spelled."""
    if value and value.isascii() and value == value.strip() and not value.encode().translate(None, _SAME):
        return value.encode()
    for way in _spellings(value):
        raw = way.encode("utf-8", "replace")  # half a surrogate pair: only JSON in ASCII can spell it
        if reads(b"k=" + raw, "k", False, value):
            return raw
    raise RoamError("npm's file can't hold this value", "roamrc check")


def spell_line(key: str, many: bool, value: str) -> bytes:
    """`key=value` or `key[]=value`, without an end. RoamError for a key that npm can't hold (`__proto__`, or it ends in `[]`)."""
    tail = b"=" + spell_value(value)
    for way in _spellings(key + "[]" if many else key):
        for head in (way.encode("utf-8", "replace"), way.replace("=", "\\u003d").encode("utf-8", "replace")):
            if reads(head + tail, key, many, value):
                return head + tail
    raise RoamError(f"npm can't hold a key named {key!a}", "roamrc check")


def spell(key: str, value: str | tuple[str, ...]) -> list[bytes]:
    """The lines for a value: one for a text, one each for a tuple's; `key='[]'` for an empty tuple."""
    if isinstance(value, str):
        return [spell_line(key, False, value)]
    return [spell_line(key, True, v) for v in value] or [spell_line(key, False, "") + b"'[]'"]


def edited(line: bytes, value: str) -> Iterator[bytes]:
    """Ways to write a value into a line (without its end) that has one, the way that keeps most of the line first."""
    left, is_set, right = line.partition(b"=")
    if is_set:
        text, new = right.decode("utf-8", "replace"), spell_value(value)
        lead = text[: len(text) - len(text.lstrip(BLANK))].encode()
        yield left + b"=" + lead + new + _comment(right)
        yield left + b"=" + lead + new


def _comment(value: bytes) -> bytes:
    """The blanks and the comment after a value. A `#` with no blank before it was more likely meant as a part of the value."""
    body, at = value.strip(), 0 if b";" in value or b"#" in value else len(value)
    if not body or (body[:1] in (b'"', b"'") and body[:1] == body[-1:]):
        return b""
    while at < len(value) and value[at : at + 1] not in (b";", b"#"):
        at += 2 if value[at : at + 1] == b"\\" else 1
    blank = len(value[:at].rstrip(b" \t"))
    return value[blank:] if at >= len(value) or blank < at else b""

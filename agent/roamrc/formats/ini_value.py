"""One value of an .npmrc as npm's own `ini` package (1.3.8 to 6.0.0) reads it. Floor 1.

The rules are measured against that package, not taken from a description: JavaScript's white space, its JSON.parse, the way it
prints a number.
"""

from __future__ import annotations

from ..model import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias


Js: TypeAlias = "str | bool | float | list[Js] | dict[str, Js] | None"

BLANK = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What JavaScript's trim takes (ECMA-262, WhiteSpace and LineTerminator): U+FEFF too, but none of \\x1c-\\x1f and \\x85, as
Python's strip does."""


def _refuse(word: str) -> float:
    raise ValueError(word)


def _json(text: str) -> Js:
    """JSON.parse: ValueError where it throws. Python's own takes NaN and Infinity, and keeps long integers whole."""
    import json  # only a quoted value with escapes or of another type pays for it

    try:
        found: Js = json.loads(text, parse_int=float, parse_constant=_refuse)
    except RecursionError as e:
        raise ValueError("nested too deep") from e
    return found


def unquote(text: str) -> Js:
    """A key or a value as ini's `unsafe` has it: trimmed, then JSON in quotes, else cut at the first unescaped `;` or `#`."""
    text = text.strip(BLANK)
    if text[:1] in ('"', "'") and text[:1] == text[-1:]:
        inner = text[1:-1]
        if text[0] == '"' and len(text) > 1 and inner.isprintable() and '"' not in inner and "\\" not in inner:
            return inner
        if text[0] == "'":
            text = inner
        try:
            return _json(text)
        except ValueError:
            return text
    if not (";" in text or "#" in text or "\\" in text):
        return text
    out, at = [], 0
    while at < len(text) and text[at] not in ";#":
        if text[at] == "\\" and text[at + 1 : at + 2] in ("\\", ";", "#"):
            at += 1
        out.append(text[at])
        at += 1
    return "".join(out).strip(BLANK)


def _number(x: float) -> str:
    """A number as JavaScript prints it (ECMA-262, Number::toString)."""
    if x == 0:
        return "0"
    sign, body = ("-" if x < 0 else ""), repr(abs(x))
    if body == "inf":
        return sign + "Infinity"
    mantissa, _, e = body.partition("e")
    whole_part, _, rest = mantissa.partition(".")
    digits = (whole_part + rest).lstrip("0")
    n = len(whole_part) + int(e or 0) - (len(whole_part + rest) - len(digits))  # where the point is
    digits = digits.rstrip("0")
    if len(digits) <= n <= 21:
        return sign + digits.ljust(n, "0")
    if 0 < n <= 21:
        return f"{sign}{digits[:n]}.{digits[n:]}"
    if -6 < n <= 0:
        return f"{sign}0.{'0' * -n}{digits}"
    return f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{n - 1:+d}"


def _stringify(value: Js) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_stringify(k)}:{_stringify(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_stringify, value)) + "]"
    if isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and value - value != 0:
        return "null"
    return text_of(value)


def text_of(value: Js) -> str:
    """A value as text: the words for true, false and null, JSON for an object or an array in an array."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _number(value) if isinstance(value, float) else _stringify(value)


def value_of(value: Js) -> Value:
    """What `Document.get` hands out: text, or a tuple of texts for an array."""
    return tuple(map(text_of, value)) if isinstance(value, list) else text_of(value)


def name_of(value: Js) -> str:
    """What JavaScript makes of a value that is used as a property's name."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join("" if v is None else name_of(v) for v in value)
    return "[object Object]" if isinstance(value, dict) else text_of(value)


def whole(text: str) -> str:
    """The text as JavaScript holds it: two halves of a surrogate pair are one character."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

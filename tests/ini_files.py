"""Files in npm's ini dialect as nobody should write them: every odd shape that its parser tells apart, joined at random."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

BLANKS = [
    "",
    "",
    "",
    "",
    " ",
    "\t",
    "  ",
    "\x0b",
    "\x0c",
    "\xa0",
    "\u3000",
    "\ufeff",
    "\x1c",
    "\x85",
    "\u2028",
]
NAMES = [
    "proxy",
    "https-proxy",
    "noproxy",
    "registry",
    "//npm.corp.test/:_authToken",
    "a",
    "a.b",
    "a.b.c",
    "a\\.b",
    "proxy.x",
    "PROXY",
    "",
    "__proto__",
    "constructor",
    "length",
    "0",
    "10",
    "2",
    "ключ",
    "@s:registry",
    "key with blanks",
    "[x]",
    "[]",
]
KEYS = [
    "proxy",
    "https-proxy",
    "noproxy",
    "registry",
    "//npm.corp.test/:_authToken",
    "a",
]
TEXTS = [
    "http://proxy.corp.test:8080",
    "v",
    "",
    "true",
    "false",
    "null",
    "undefined",
    "123",
    "a;b",
    "a#b",
    "a\\;b",
    "a\\",
    "\\\\srv\\x",
    "C:\\Users",
    "a=b",
    "=",
    "[x]",
    '"',
    "'",
    '"a"',
    "'a'",
    '"a',
    "a'",
    '"a" ; c',
    "a ; c",
    "a\t# c",
    "a;c",
    ' "a;b" ',
    "'true'",
    "'null'",
    "'123'",
    "'1.50'",
    "'1e21'",
    "'1e-7'",
    "'123456789012345678901'",
    "'-0'",
    "'0'",
    "'NaN'",
    "'Infinity'",
    "'1e999'",
    "' 7 '",
    "'[1,\"b\"]'",
    "'[]'",
    '\'{"x":1,"y":[true,null,{}]}\'',
    "' a '",
    '"\\u0041\\n"',
    '"\\ud800"',
    '"a\\',
    '"a\tb"',
    "${X}",
    "\\${X}",
    "é日😀",
    "a\u2028b",
    "\u2028",
    "a\xa0",
    "a\x00b",
    "a,b, c",
    "\x1ca\x1c",
    "a\x85",
    "http://u:p@[::1]:8080/ ;x",
    "'{\"length\":5}'",
]
SECTIONS = [
    "[x]",
    "[x] ",
    "[x]\t\u2028",
    " [x]",
    "[x] ; c",
    "[]",
    "[a]",
    "[a.b]",
    "[a.b.c]",
    "[a\\.b]",
    "[proxy]",
    "[proxy.x]",
    "[__proto__]",
    '["a"]',
    "['null']",
    "['1']",
    "[proxy",
    "[registry.",
    "[__proto__.a]",
    "[a.]",
    "[.a]",
    "[x;y]",
    "[ a ]",
    "[x\\.a.b]",
    "[noproxy]",
]
LOOSE = [
    "# c",
    "; c",
    " # c",
    "\t;c",
    "#proxy=x",
    "=x",
    " =x",
    "==",
    "===",
    "# roamrc: set for profile x; see roamrc status",
    "# roamrc: mine",
]
ENDS = [
    "\n",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r\n",
    "\r",
    "\n\n",
    "\r\n\r\n",
    "\r\r",
    "\n\r",
    "\r\n\n",
    "\n  \n",
]
NOISE = b'\xff\xe9\xed\xa0\xe2\x80\xc3\xf0\r\n\0"\\='


INDEXES = ("length", "0", "2", "10")  # in a section with the name of an array they are its elements: left out


def _key(r: Random, names: Sequence[str]) -> str:
    name = r.choice(names)
    many = r.choice(["", "", "", "[]"])
    match r.randrange(16):
        case 0:
            name = f'"{name}{many}"'
        case 1:
            name = f"'{name}{many}'"
        case 2:
            name = f'"{name}"{many}'
        case 3:
            name = f"{name}{many}{r.choice([';x', '#', ' ; y', chr(92) + ';z', chr(92)])}"
        case 4:
            name = f'"\\u{ord(name[0]):04x}{name[1:]}{many}"' if name else name
        case 5:
            name = r.choice(["'null'", "'1.50'", "'[\"proxy\"]'", "'true'", "'{\"length\":5}'", "'{}'", "'[null,2]'"])
        case _:
            name += many
    return name


def line(r: Random, names: Sequence[str] = NAMES) -> str:
    """One line without its end."""
    match r.randrange(20):
        case 0:
            return r.choice(LOOSE)
        case 1:
            return r.choice(BLANKS)
        case 2:
            return r.choice(BLANKS) + _key(r, names) + r.choice(BLANKS)
        case _:
            pad = [r.choice(BLANKS) for _ in range(4)]
            return f"{pad[0]}{_key(r, names)}{pad[1]}={pad[2]}{r.choice(TEXTS)}{pad[3]}"


def make(r: Random) -> bytes:
    """One file: up to a dozen lines, often a section or two, a fifth of the files with noise in the bytes."""
    sections = r.random() < 0.4
    names = [n for n in NAMES if not (sections and n in INDEXES)]
    names = names if r.random() < 0.5 else r.sample(names, 4)
    lines = [line(r, names) for _ in range(r.randrange(12))]
    if sections:
        lines += [r.choice(SECTIONS), line(r, names)] * r.randrange(1, 3)
        if r.random() < 0.3:
            lines.insert(r.randrange(len(lines)), r.choice(SECTIONS))
    ends = [r.choice(ENDS)] if r.random() < 0.7 else ENDS
    text = "".join(part + r.choice(ends) for part in lines)
    if r.random() < 0.3:
        text = text.rstrip("\r\n")
    if r.random() < 0.15:
        text = "\ufeff" + text
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if r.random() < 0.2:
        for _ in range(r.randrange(1, 4)):
            data.insert(r.randrange(len(data) + 1), r.choice(NOISE))
    return bytes(data)


def value(r: Random) -> str:
    """A text to put: one of the odd ones, or a few of their characters."""
    if r.random() < 0.6:
        return r.choice([*TEXTS, "a\nb", "\r", " a ", "\ud800", "\ufeffa", "a\u2029"])
    return "".join(r.choice("ab;#\\\"'=[]{}\n\t\u2028\u00a0é😀 1,") for _ in range(r.randrange(8)))

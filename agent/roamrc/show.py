"""How anything from outside is printed: one line, no control characters, no secrets. Floor 1, pure.

An SSID, a domain or a line of a file is text that a stranger may have written; a terminal obeys what it is sent.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .model import Value

SECRET_KEYS = ("_auth", "_password", "password", "key", "cert", "keypass", "otp")
"""npm keys whose value is never shown, whatever stands before them (`//host/:_auth`, `//host/:_password`, `//host/:key`)."""
SECRET_WORDS = ("token", "secret", "passw", "credential")
"""Words in any other key that promise a secret (`_authToken`, `//host/:_authToken`, a `npm_token` of somebody's own)."""


def line(text: str, limit: int = 200) -> str:
    """The text on one line: control, format and bidirectional characters as escapes, cut at `limit` characters."""
    if len(text) > limit:
        text = text[:limit] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(c: str) -> str:
    n = ord(c)
    return f"\\x{n:02x}" if n < 0x100 else f"\\u{n:04x}" if n < 0x10000 else f"\\U{n:08x}"


def url(text: str) -> str:
    """A URL with its password, and whatever stands before the last @ of a broken one, as `***`. A list of URLs likewise, each by
    itself where that is beyond doubt; else all at once: rather too much is hidden than a comma in a password believed."""
    parts = _parts(text)
    if all(("://" in p) if "@" in p else ":" not in p for p in parts):
        return line("".join(_masked(p) for p in parts))
    return line(_masked(text))


def prose(text: str, limit: int = 500) -> str:
    """A sentence on one line, with the password of any URL in it as `***`: a reason or a fault may quote one."""
    if "@" in text:
        text = "".join(_masked(p) for p in _parts(text, " \t"))
    return line(text, limit)


def _parts(text: str, between: str = ", \t") -> list[str]:
    """The text cut at separators, which stay with what is before them."""
    parts = [""]
    for c in text:
        parts[-1] += c
        if c in between:
            parts.append("")
    return parts


def _masked(text: str) -> str:
    head, sep, rest = text.partition("://")
    if not sep or "@" in head:
        head, sep, rest = "", "", text
    at = rest.rfind("@")  # the last one of all: a raw / in a password ends the authority for npm, and must still not be shown
    if at < 0:
        return text
    user, colon, _ = rest[:at].partition(":")
    return f"{head}{sep}{user + ':***' if colon else user}{rest[at:]}"


def secret(key: str) -> bool:
    """Whether a key's value is never shown."""
    name = key.lower().removesuffix("[]").rpartition(":")[2]
    if any(name == s or name.endswith("_" + s.lstrip("_")) for s in SECRET_KEYS):
        return True
    return any(w in name for w in SECRET_WORDS)


def setting(key: str, value: Value) -> str:
    """A key's value as a user may see it: secrets as ***, absent as (none), arrays joined."""
    if value is None:
        return "(none)"
    if secret(key):
        return "***"
    return ", ".join(url(v) for v in value) if isinstance(value, tuple) else url(value)


def fact(value: object) -> str:
    """A fact of model.Network in words: hidden facts say why, missing ones `none`."""
    from .model import Hidden, Tunnel  # a prompt has no facts

    if isinstance(value, Hidden):
        return f"hidden: {line(value.why)}"
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return ", ".join(
            f"{line(v.name)}{' (default)' if v.default else ''}" if isinstance(v, Tunnel) else line(str(v)) for v in value
        )
    return line(str(value))

"""Proxy and registry URLs, split as npm's URL parser splits them, every other byte as it was written. Floor 1.

An own parser: urllib.parse costs 5 ms at import, unquotes nothing that we need and fails on `${VAR}`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..slotted import dataclass
from .login import Login, decode

DEFAULT_PORTS = {"http": 80, "https": 443}
SCHEMES = frozenset(("http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"))
"""What a proxy's URL begins with; `u://x:@h` may as well be the user u with a password that begins with //."""


@dataclass(frozen=True, slots=True, repr=False)
class Url:
    """`scheme://userinfo@host:port` + rest, as written: `userinfo` is still encoded (None: there is no @), `host` keeps its
    brackets."""

    scheme: str
    userinfo: str | None
    host: str
    port: str
    rest: str

    def __str__(self) -> str:
        at = "" if self.userinfo is None else f"{self.userinfo}@"
        return f"{self.scheme}://{at}{self.host}{self.port}{self.rest}"

    def __repr__(self) -> str:
        return f"Url({masked(str(self))!r})"


def split(url: str) -> Url | None:
    """*url* in its parts (`port` with its colon, or ""); None where it has no scheme, no host or a control character.

    The authority ends at the first of `/ ? # \\`, and its last @ ends the user info (WHATWG URL, and measured in npm 6-11).
    """
    scheme, found, tail = url.partition("://")
    if not found or not _scheme(scheme) or _control(url):
        return None
    authority, rest = _authority(tail)
    info, at, place = authority.rpartition("@")
    if place.startswith("["):
        close = place.find("]") + 1
        host, port = place[:close], place[close:]
    else:
        host, colon, number = _outside_variables(place)
        port = colon + number
    if host in ("", "[]") or port[:1] not in ("", ":") or " " in host:
        return None
    return Url(scheme, info if at else None, host, port, rest)


def host_port(url: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) for comparing and dialling: lower case, no brackets, the default port filled in; None where *url*
    is none.

    >>> host_port("HTTP://u:p@Proxy.Corp.Example/")
    ('http', 'proxy.corp.example', 80)
    """
    parts = split(url)
    if parts is None:
        return None
    scheme = parts.scheme.lower()
    number = parts.port[1:]
    if number == "":
        port = DEFAULT_PORTS.get(scheme, 0)
    elif number.isascii() and number.isdigit() and len(number) <= 8:
        port = int(number)
    else:
        return None
    if not 0 < port < 65536:
        return None
    host = parts.host if "${" in parts.host else parts.host.lower()  # names of variables have a case
    return scheme, host[1:-1] if host.startswith("[") else host, port


def userinfo(url: str) -> str | None:
    """The text before the @, as written (encoded); None where *url* has no user info."""
    parts = split(url)
    return parts.userinfo if parts else None


def user_password(url: str) -> tuple[str | None, str | None]:
    """User and password of *url*, decoded; None for one that is not there or empty."""
    user, _, password = (userinfo(url) or "").partition(":")
    return decode(user) or None, decode(password) or None


def with_login(url: str, login: Login | None) -> str:
    """*url* with this login for its user info; without a login *url* as it is written, a user or password of its own
    included."""
    parts = split(url)
    if login is None or parts is None:
        return url
    return str(Url(parts.scheme, login.userinfo(), parts.host, parts.port, parts.rest))


def without_login(url: str) -> str:
    """*url* without user and password; every other byte stays."""
    parts = split(url)
    return url if parts is None else str(Url(parts.scheme, None, parts.host, parts.port, parts.rest))


def masked(url: str) -> str:
    """*url* for people: the password as `***`, also in texts that are no good URL. When in doubt too much is hidden, never too
    little."""
    scheme, found, tail = url.partition("://")
    if scheme.lower() not in SCHEMES or not found:
        scheme, found, tail = "", "//" * url.startswith("//"), url.removeprefix("//")
    authority, rest = _authority(tail)
    scope = rest.startswith("/@") and rest.count("@") == 1 and authority.rpartition(":")[2].isdigit() and "@" not in authority
    if "@" in rest and ":" in authority and not scope:
        authority, rest = tail, ""  # a raw / ? # or \ in the password: not a path but the rest of the secret follows
    info, at, place = authority.rpartition("@")
    user, colon, _ = info.partition(":")
    hidden = f"{user}{':***' if colon else ''}{at}{place}{rest}"
    return f"{scheme}{found}{hidden}"


def expand(text: str, env: Mapping[str, str]) -> tuple[str, str | None]:
    """*text* with `${NAME}` put in as npm does; and the first name that is not set (its place stays as written), else None."""
    out, missing = "", None
    while (start := text.find("${")) >= 0 and (end := text.find("}", start)) >= 0:
        name = text[start + 2 : end]
        if name not in env:
            missing = missing or name
        out, text = out + text[:start] + env.get(name, text[start : end + 1]), text[end + 1 :]
    return out + text, missing


def _authority(tail: str) -> tuple[str, str]:
    end = min((i for c in "/?#\\" if (i := tail.find(c)) >= 0), default=len(tail))
    return tail[:end], tail[end:]


def _outside_variables(place: str) -> tuple[str, str, str]:
    """host, colon, port; a colon inside `${HOST:-x}` (pnpm) is none."""
    start = place.rfind("}") + 1
    host, colon, port = place[start:].partition(":")
    return place[:start] + host, colon, port


def _control(text: str) -> bool:
    return not text.isprintable() and any(c < " " or c == "\x7f" for c in text)


def _scheme(text: str) -> bool:
    return text in DEFAULT_PORTS or (text[:1].isalpha() and text.isascii() and all(c.isalnum() or c in "+-." for c in text))

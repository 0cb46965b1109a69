"""A user and a password on their way into a proxy's URL, in no form that prints. Floor 1."""

from __future__ import annotations

from ..errors import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-")
"""RFC 3986 unreserved: the only bytes that npm 6-11, pnpm and yarn read alike without quoting, in the ini file and in the URL
(measured)."""


def encode(text: str) -> str:
    """*text* for the user info of a URL: UTF-8, everything outside `[A-Za-z0-9._~-]` as %XX. Raises UnicodeEncodeError for
    half a surrogate."""
    return "".join(chr(b) if b in SAFE else f"%{b:02X}" for b in text.encode())


def decode(text: str) -> str:
    """What `encode` was given. A % without two hex digits stays; bytes that are not UTF-8 become surrogates, which no `Login`
    takes."""
    out, raw, i = bytearray(), text.encode("utf-8", "surrogateescape"), 0
    while i < len(raw):
        digits = raw[i + 1 : i + 3]
        if raw[i] == 0x25 and len(digits) == 2 and all(d in b"0123456789abcdefABCDEF" for d in digits):
            out.append(int(digits, 16))
            i += 3
        else:
            out.append(raw[i])
            i += 1
    return out.decode("utf-8", "surrogateescape")


class Login:
    """A user and a password (or None). Prints as `Login(***)`, can't be pickled or copied; Refused where one is empty or not
    UTF-8.

    Not a dataclass: its fields would be in the repr, in asdict() and in every traceback that shows locals.
    """

    __slots__ = ("_password", "_user")

    def __init__(self, user: str, password: str | None) -> None:
        # the checks raise outside any except block: a UnicodeEncodeError carries the text it choked on
        if not user:
            raise Refused("the login has an empty user")
        if password == "":
            raise Refused("the login has an empty password")
        if not _utf8(user + (password or "")):
            raise Refused("the login is not UTF-8 text, npm would stop with `URI malformed`")
        self._user, self._password = user, password

    @property
    def user(self) -> str:
        return self._user

    @property
    def password(self) -> str | None:
        return self._password

    def userinfo(self) -> str:
        """`user:password`, each percent-encoded exactly once; `user` alone where there is no password."""
        if self._password is None:
            return encode(self._user)
        return f"{encode(self._user)}:{encode(self._password)}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Login) and (self._user, self._password) == (other._user, other._password)

    __hash__ = None  # type: ignore[assignment]  # a key in a dict is a place where it would be kept

    def __repr__(self) -> str:
        return "Login(***)"

    def __getstate__(self) -> NoReturn:
        raise TypeError("a login can't be pickled or copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a login can't be pickled or copied")


def _utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def first_line(data: bytes) -> str | None:
    """The first line of what a file or a command gives, without its end; None where it is not UTF-8 (the exception would carry
    it)."""
    try:
        return data.partition(b"\n")[0].removesuffix(b"\r").decode("utf-8-sig")  # an editor's BOM is no part of the user's name
    except UnicodeDecodeError:
        return None

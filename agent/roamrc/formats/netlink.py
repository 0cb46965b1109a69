"""Netlink's envelope, shared by rtnetlink and generic netlink: messages and attributes, no socket. Pure, floor 1.

Layouts are those of linux/netlink.h (netlink(7)), in native byte order. Bytes cut short end the walk instead of raising.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

ERROR, DONE, OVERRUN = 2, 3, 4
REQUEST, DUMP, DUMP_INTR = 0x1, 0x300, 0x10

_HEAD, _ATTR, _U32 = struct.Struct("=IHHII"), struct.Struct("=HH"), struct.Struct("=I")


def message(kind: int, body: bytes, flags: int = REQUEST, seq: int = 1) -> bytes:
    """A whole netlink message around a body."""
    return _HEAD.pack(16 + len(body), kind, flags, seq, 0) + body


def attr(kind: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return _ATTR.pack(4 + len(value), kind) + value + bytes(-len(value) % 4)


def messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """The messages of one datagram as (type, flags, sequence number, body)."""
    at, end = 0, len(data)
    while end - at >= 16:
        size, kind, flags, seq, _ = _HEAD.unpack_from(data, at)
        if size < 16 or at + size > end:
            return
        yield kind, flags, seq, data[at + 16 : at + size]
        at += (size + 3) & ~3


def attrs(data: bytes, at: int = 0) -> dict[int, bytes]:
    """The attributes from `at` on, by number; the last one wins, flags in the number (nested, byte order) are taken off."""
    found: dict[int, bytes] = {}
    end = len(data)
    unpack = _ATTR.unpack_from
    while end - at >= 4:
        size, kind = unpack(data, at)
        if size < 4 or at + size > end:
            break
        found[kind & 0x3FFF] = data[at + 4 : at + size]
        at += (size + 3) & ~3
    return found


def u32(raw: bytes | None, absent: int = 0) -> int:
    """A number of four bytes, or `absent`."""
    return int(_U32.unpack_from(raw)[0]) if raw is not None and len(raw) >= 4 else absent


def text(raw: bytes | None) -> str:
    """A C string; a name may hold any byte but NUL and slash."""
    return (raw or b"").split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def errno(body: bytes) -> int:
    """The positive error number of an ERROR or DONE message, 0 for none."""
    return -int(struct.unpack_from("=i", body)[0]) if len(body) >= 4 else 0

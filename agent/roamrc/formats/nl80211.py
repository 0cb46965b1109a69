"""Wi-Fi as the kernel tells it: generic netlink and nl80211 bodies packed and read, and an SSID's bytes as text. Pure, floor 1.

Numbers are those of linux/genetlink.h and linux/nl80211.h (uapi).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from ..slotted import dataclass
from .netlink import attr, attrs, u32

GENERIC, CONTROL = 16, 16
"""The protocol's number, and the family that knows the other families (GENL_ID_CTRL)."""

GET_INTERFACE, GET_STATION, GET_SCAN = 5, 17, 32
STATION, P2P_CLIENT = 2, 8
"""Types of an interface that joins someone else's network (NL80211_IFTYPE_); an access point's SSID is our own."""

ASSOCIATED = 1

RSN, OWE = 48, b"\x00\x0f\xac\x12"
"""The element that tells how a network is protected (IEEE 802.11, 9.4.2.24), and the one way without a secret: anyone can offer
it."""


@dataclass(frozen=True, slots=True)
class Interface:
    """What NL80211_CMD_GET_INTERFACE says: NL80211_IFTYPE_ and the SSID's bytes (empty where it is on no network)."""

    index: int
    type: int
    ssid: bytes


@dataclass(frozen=True, slots=True)
class Bss:
    """One network of a scan: its BSSID as text, its SSID's bytes, whether we are in it, and whether one must know a secret to be
    (`keyed`): then so must whoever offers it."""

    bssid: str
    ssid: bytes
    associated: bool
    keyed: bool = False


def family_request(name: str) -> bytes:
    """Body of the question for a family's number."""
    return struct.pack("=BBH", 3, 1, 0) + attr(2, name.encode() + b"\0")


def family(body: bytes) -> int:
    """The family's number, 0 where the answer has none."""
    raw = attrs(body, 4).get(1, b"")
    return int(struct.unpack_from("=H", raw)[0]) if len(raw) >= 2 else 0


def request(command: int, index: int) -> bytes:
    """Body of a question about one interface."""
    return struct.pack("=BBH", command, 0, 0) + attr(3, struct.pack("=I", index))


def interface(body: bytes) -> Interface:
    """The answer to GET_INTERFACE."""
    a = attrs(body, 4)
    return Interface(u32(a.get(3)), u32(a.get(5)), a.get(52, b""))


def station(body: bytes) -> str:
    """The peer's address in an answer to GET_STATION: for one who joined a network, the access point's."""
    raw = attrs(body, 4).get(6, b"")
    return raw.hex(":") if len(raw) == 6 else ""


def bss(body: bytes) -> Bss:
    """One answer to GET_SCAN."""
    a = attrs(body, 4)
    b = attrs(a.get(47, b""))
    raw = b.get(1, b"")
    ssid, rsn = (element(b.get(6, b""), n) or element(b.get(11, b""), n) for n in (0, RSN))
    return Bss(raw.hex(":") if len(raw) == 6 else "", ssid, 9 in b and u32(b[9]) == ASSOCIATED, _keyed(rsn))


def associated(bodies: Iterable[bytes]) -> Bss | None:
    """The network of a scan that we are in."""
    return next((b for b in map(bss, bodies) if b.associated), None)


def _keyed(rsn: bytes) -> bool:
    """Whether each way in (AKM suite) asks for a secret: version, group cipher, pairwise ciphers, then these."""
    if len(rsn) < 8:
        return False
    at = 8 + 4 * struct.unpack_from("<H", rsn, 6)[0]
    count = struct.unpack_from("<H", rsn, at)[0] if at + 2 <= len(rsn) else 0
    ways = [rsn[at + 2 + 4 * n : at + 6 + 4 * n] for n in range(count)]
    return bool(ways) and all(len(w) == 4 and w != OWE for w in ways)


def element(raw: bytes, number: int) -> bytes:
    """One of the information elements (IEEE 802.11, 9.4.2: number, length, value; the SSID is number 0)."""
    at = 0
    while at + 2 <= len(raw):
        size = raw[at + 1]
        if raw[at] == number:
            return raw[at + 2 : at + 2 + size] if at + 2 + size <= len(raw) else b""
        at += 2 + size
    return b""


def name(ssid: bytes) -> str:
    """An SSID as text: UTF-8 as it is, every other byte as `\\xNN`. A backslash is doubled only where it would be read as part of
    such an escape: before another backslash, before an escaped byte, before `xNN`. `raw` is the way back, for any bytes."""
    pieces = ssid.decode("utf-8", "surrogateescape")
    out = []
    for i, c in enumerate(pieces):
        if "\udc80" <= c <= "\udcff":
            out.append(f"\\x{ord(c) - 0xDC00:02x}")
        elif c == "\\" and _escapes(pieces[i + 1 : i + 4]):
            out.append("\\\\")
        else:
            out.append(c)
    return "".join(out)


def _escapes(after: str) -> bool:
    return after[:1] == "\\" or "\udc80" <= after[:1] <= "\udcff" or (after[:1] == "x" and _hex(after[1:3]))


def _hex(two: str) -> bool:
    return len(two) == 2 and all(c in "0123456789abcdefABCDEF" for c in two)


def raw(shown: str) -> bytes:
    """The bytes of an SSID that `name` showed."""
    out, i = bytearray(), 0
    while i < len(shown):
        if shown[i] == "\\" and shown[i + 1 : i + 2] == "\\":
            out += b"\\"
            i += 2
        elif shown[i] == "\\" and shown[i + 1 : i + 2] == "x" and _hex(shown[i + 2 : i + 4]):
            out.append(int(shown[i + 2 : i + 4], 16))
            i += 4
        else:
            out += shown[i].encode()
            i += 1
    return bytes(out)

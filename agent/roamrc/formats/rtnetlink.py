"""The kernel's own words on links, addresses, routes, rules and neighbours: rtnetlink bodies packed and read. Pure, floor 1.

Layouts and numbers are those of linux/{rtnetlink,if_link,if_addr,neighbour,fib_rules,nexthop}.h (uapi, native byte order); see
rtnetlink(7). A body that is too short gives None: the reader leaves it out rather than guess.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from ..slotted import dataclass
from .netlink import attr, attrs, text, u32

NEWLINK, GETLINK, NEWADDR, GETADDR, NEWROUTE, GETROUTE = 16, 18, 20, 22, 24, 26
NEWNEIGH, GETNEIGH, NEWRULE, GETRULE, NEWNEXTHOP, GETNEXTHOP = 28, 30, 32, 34, 104, 106
GROUP_NEIGH = 0x4
INET, INET6 = 2, 10

IFF_UP, IFF_LOOPBACK, IFF_RUNNING, IFF_NOARP, IFF_LOWER_UP = 0x1, 0x8, 0x40, 0x80, 0x10000
OPER_BAD = (1, 2, 3, 4, 5)
"""Not present, down, lower layer down, testing, dormant (Wi-Fi before its keys): no packet passes (RFC 2863; 0 is unknown, 6 is
up)."""

IFA_TEMPORARY, IFA_DADFAILED, IFA_OPTIMISTIC, IFA_DEPRECATED, IFA_TENTATIVE = 0x01, 0x08, 0x04, 0x20, 0x40
UNICAST = 1
TABLE_DEFAULT, TABLE_MAIN, TABLE_LOCAL = 253, 254, 255
HOP_DEAD, HOP_LINKDOWN = 1, 16
NUD_FAILED = 0x20
NUD_READABLE = 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80
"""Reachable, stale, delay, probe, noarp, permanent: the link-layer address in the entry is the one in use."""


@dataclass(frozen=True, slots=True)
class Link:
    """One interface. `hardware` is the ARPHRD number (1 is Ethernet), `kind` the driver's word (tun, veth, bridge …; empty for a
    card), `lower` what a vlan or macvlan sits on, `foreign` that its other half is in another namespace, `active` a bond's port
    in use, `losses` of carrier, `parent` whether a bus device stands behind it (None: the kernel does not say, before 5.14)."""

    index: int
    name: str
    flags: int = 0
    hardware: int = 1
    oper: int = 0
    carrier: bool = True
    kind: str = ""
    master: int = 0
    lower: int = 0
    foreign: bool = False
    active: int = 0
    losses: int | None = None
    mac: str = ""
    parent: bool | None = None

    @property
    def up(self) -> bool:
        """Whether packets can pass: administratively up, with carrier, and in no state below up."""
        return bool(self.flags & IFF_UP) and self.carrier and self.oper not in OPER_BAD


@dataclass(frozen=True, slots=True)
class Address:
    """One address of an interface: `raw` is 4 or 16 bytes, `length` of its prefix in bits."""

    index: int
    raw: bytes
    length: int
    flags: int = 0

    @property
    def link_local(self) -> bool:
        """169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291), which say nothing about a network."""
        return link_local(self.raw)

    @property
    def usable(self) -> bool:
        """Not link-local, and duplicate address detection neither runs nor failed (an optimistic address is in use, RFC 4429)."""
        tentative = self.flags & IFA_TENTATIVE and not self.flags & IFA_OPTIMISTIC
        return not (tentative or self.flags & IFA_DADFAILED or self.link_local)

    @property
    def text(self) -> str:
        """As "10.1.2.3/24"."""
        return f"{ip(self.raw)}/{self.length}"


@dataclass(frozen=True, slots=True)
class Hop:
    """A way out of a route: the interface, the gateway's bytes (of either family, RFC 5549; None on the link itself), RTNH_F_
    flags."""

    index: int
    gateway: bytes | None = None
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """A route: `dst` as packed bytes (all zero for a default), its `length`, `hops`; `nexthop` is the id of a nexthop object."""

    family: int
    dst: bytes
    length: int
    hops: tuple[Hop, ...] = ()
    table: int = TABLE_MAIN
    metric: int = 0
    type: int = UNICAST
    nexthop: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of policy routing (ip-rule(8)) that leads to a `table`. `selective`: it looks at source, interface, mark, user, port
    … so that ordinary traffic does not meet it; `suppress`: routes of this length or shorter do not count."""

    family: int
    table: int
    priority: int = 0
    dst: bytes = b""
    length: int = 0
    suppress: int | None = None
    selective: bool = False


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry of the neighbour table: state is a NUD_ bit, `mac` lower case or empty; `confirmed`: how long ago it last was, in
    ticks of USER_HZ."""

    index: int
    raw: bytes
    state: int
    mac: str
    confirmed: int | None = None


# packing ------------------------------------------------------------------------------------------------------------------------


def links_request() -> bytes:
    """Body of a dump of all interfaces, without their counters (RTEXT_FILTER_SKIP_STATS: a third of the bytes)."""
    return struct.pack("=BxHiII", 0, 0, 0, 0, 0) + attr(29, struct.pack("=I", 8))


def addresses_request() -> bytes:
    """Body of a dump of all addresses of both families."""
    return struct.pack("=BBBBI", 0, 0, 0, 0, 0)


def routes_request(family: int, kind: int = UNICAST) -> bytes:
    """Body of a dump of routes; with strict checking the kernel itself leaves out all types but `kind` (0 where it is not
    strict)."""
    return struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, kind, 0)


def route_request(dst: bytes) -> bytes:
    """Body of the question "which way to this address", asked for ordinary traffic of this user; the answer names its table."""
    family = INET if len(dst) == 4 else INET6
    return struct.pack("=BBBBBBBBI", family, len(dst) * 8, 0, 0, 0, 0, 0, 0, 0x1000) + attr(1, dst)


def rules_request(family: int) -> bytes:
    """Body of a dump of the rules of policy routing."""
    return struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, 0, 0)


def nexthops_request() -> bytes:
    """Body of a dump of nexthop objects (ip-nexthop(8), kernel 5.3)."""
    return struct.pack("=BBBBI", 0, 0, 0, 0, 0)


def neighbour_request(index: int, raw: bytes) -> bytes:
    """Body of the question for one neighbour (kernel 5.0)."""
    return struct.pack("=BxxxiHBB", INET if len(raw) == 4 else INET6, index, 0, 0, 0) + attr(1, raw)


def neighbours_request(family: int) -> bytes:
    """Body of a dump of the neighbours of one family, for kernels that know no single question."""
    return struct.pack("=BxxxiHBB", family, 0, 0, 0, 0)


# reading ------------------------------------------------------------------------------------------------------------------------


SEEN = 64
"""Bodies whose meaning is kept: from look to look nearly all are the same, and an interface has 40 attributes, 25 to 50 µs."""


@lru_cache(SEEN)
def link(body: bytes) -> Link | None:
    """An interface, from RTM_NEWLINK."""
    if len(body) < 16:
        return None
    _, hardware, index, flags, _ = struct.unpack_from("=BxHiII", body)
    a = attrs(body, 16)
    info = attrs(a[18]) if 18 in a else {}
    kind = text(info.get(1))
    raw = a.get(1, b"")
    return Link(
        index=index,
        name=text(a.get(3)),
        flags=flags,
        hardware=hardware,
        oper=a[16][0] if a.get(16) else 0,
        carrier=bool(a[33][0]) if a.get(33) else bool(flags & IFF_LOWER_UP),
        kind=kind,
        master=u32(a.get(10)),
        lower=u32(a.get(5)),
        foreign=37 in a,
        active=u32(attrs(info[2]).get(2)) if kind == "bond" and 2 in info else 0,
        losses=u32(a[48]) if 48 in a else None,
        mac=raw.hex(":") if len(raw) == 6 else "",
        parent=True if 56 in a else None,
    )


def address(body: bytes) -> Address | None:
    """An address, from RTM_NEWADDR; IFA_LOCAL is our own end where the other one is named as well."""
    if len(body) < 8:
        return None
    _, length, flags, _, index = struct.unpack_from("=BBBBI", body)
    a = attrs(body, 8)
    raw = a.get(2) or a.get(1) or b""
    return Address(index, raw, length, u32(a.get(8), flags)) if len(raw) in (4, 16) else None


def _gateway(a: dict[int, bytes]) -> bytes | None:
    raw = a.get(5) or (a[18][2:] if 18 in a else b"")
    return raw if len(raw) in (4, 16) and any(raw) else None


@lru_cache(SEEN)
def route(body: bytes) -> Route | None:
    """A route, from RTM_NEWROUTE, with all its hops."""
    if len(body) < 12:
        return None
    family, length, _, _, table, _, _, kind, flags = struct.unpack_from("=BBBBBBBBI", body)
    if family not in (INET, INET6):
        return None
    a = attrs(body, 12)
    hops = [Hop(u32(a[4]), _gateway(a), flags & 0xFF)] if 4 in a else []
    rest = a.get(9, b"")
    while len(rest) >= 8:
        size, hop_flags, _, index = struct.unpack_from("=HBBi", rest)
        if size < 8 or size > len(rest):
            break
        hops.append(Hop(index, _gateway(attrs(rest[:size], 8)), hop_flags))
        rest = rest[(size + 3) & ~3 :]
    size = 4 if family == INET else 16
    dst = a.get(1, b"").ljust(size, b"\0")[:size]
    return Route(family, dst, length, tuple(hops), u32(a.get(15), table), u32(a.get(6)), kind, u32(a.get(30)))


@lru_cache(SEEN)
def rule(body: bytes, uid: int = 0) -> Rule | None:
    """A rule that leads to a table, from RTM_NEWRULE, as unmarked traffic that this machine's user `uid` starts would meet it."""
    if len(body) < 12:
        return None
    family, length, from_length, tos, table, _, _, action, flags = struct.unpack_from("=BBBBBBBBI", body)
    if action != 1 or family not in (INET, INET6):
        return None
    a = attrs(body, 12)
    mark, mask = u32(a.get(10)), u32(a.get(16), 0xFFFFFFFF)
    users = struct.unpack_from("=II", a[20]) if len(a.get(20, b"")) >= 8 else (0, 0xFFFFFFFF)
    meets = not (
        from_length
        or tos
        or text(a.get(3)) not in ("", "lo")  # what the machine itself sends comes in by lo
        or 17 in a
        or (mark & mask) != 0
        or any(a.get(19, b""))  # l3mdev: sockets of a VRF
        or any(a.get(12, b""))
        or any(k in a for k in (22, 23, 24))
        or not users[0] <= uid <= users[1]
    )
    dst = a.get(1, b"")
    if flags & 2:  # FIB_RULE_INVERT: wg-quick's "not fwmark 51820" is how a full WireGuard tunnel takes everything
        meets, dst, length = not meets or bool(length), b"", 0
    shortest = u32(a.get(14), 0xFFFFFFFF)
    suppress = None if shortest == 0xFFFFFFFF else shortest
    return Rule(family, u32(a.get(15), table), u32(a.get(6)), dst, length, suppress, not meets)


def nexthops(bodies: list[bytes]) -> dict[int, tuple[Hop, ...]]:
    """Nexthop objects by their id, groups resolved, from RTM_NEWNEXTHOP."""
    single: dict[int, Hop] = {}
    groups: dict[int, list[int]] = {}
    for body in bodies:
        if len(body) < 8:
            continue
        a = attrs(body, 8)
        if 2 in a:
            groups[u32(a.get(1))] = [u32(a[2][i : i + 4]) for i in range(0, len(a[2]) - 7, 8)]
        elif 5 in a:
            gateway = a.get(6, b"")
            single[u32(a.get(1))] = Hop(u32(a[5]), gateway if gateway and any(gateway) else None, u32(body[4:8]) & 0xFF)
    found: dict[int, tuple[Hop, ...]] = {i: (hop,) for i, hop in single.items()}
    found.update({i: tuple(single[m] for m in members if m in single) for i, members in groups.items()})
    return found


def neighbour(body: bytes) -> Neighbour | None:
    """A neighbour, from RTM_NEWNEIGH."""
    if len(body) < 12:
        return None
    _, index, state, _, _ = struct.unpack_from("=BxxxiHBB", body)
    a = attrs(body, 12)
    mac = a.get(2, b"")
    ago = u32(a[3]) if 3 in a else None  # struct nda_cacheinfo: confirmed, used, updated, refcnt
    return Neighbour(index, a.get(1, b""), state, mac.hex(":") if len(mac) == 6 and any(mac) else "", ago)


# addresses as numbers -----------------------------------------------------------------------------------------------------------


def ip(raw: bytes) -> str:
    """An address as text; IPv6 as RFC 5952 writes it."""
    if len(raw) == 4:
        return ".".join(map(str, raw))
    import ipaddress  # 1.2 ms, and IPv4 needs none of it

    return str(ipaddress.IPv6Address(raw))


def link_local(raw: bytes) -> bool:
    """169.254.0.0/16 or fe80::/10."""
    return raw[:2] == b"\xa9\xfe" if len(raw) == 4 else raw[:1] == b"\xfe" and raw[1] & 0xC0 == 0x80


def covers(outer: bytes, outer_length: int, inner: bytes, inner_length: int) -> bool:
    """Whether the first network holds the second one; those of two families never do."""
    if len(outer) != len(inner) or inner_length < outer_length:
        return False
    shift = len(outer) * 8 - outer_length
    return int.from_bytes(outer, "big") >> shift == int.from_bytes(inner, "big") >> shift

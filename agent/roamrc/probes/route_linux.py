"""Which interface carries the traffic, which gateway stands behind it, and which tunnels lie over it. Pure rules over the
kernel's routes; the question itself is asked by `linux`. Floor 2.

Asked is RTM_GETROUTE, for an address in each half of the Internet: it is right under metrics, policy routing, fwmark tables
(wg-quick), multipath, nexthop objects and halves (def1), where reading the default row of the main table is not. The table is
read only where the answer is a tunnel or a dead link: then the physical uplink is where the tunnel's own packets leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..formats.rtnetlink import (
    HOP_DEAD,
    HOP_LINKDOWN,
    INET,
    INET6,
    TABLE_DEFAULT,
    TABLE_MAIN,
    UNICAST,
    Hop,
    Link,
    Route,
    Rule,
    covers,
)
from ..model import Tunnel
from ..slotted import dataclass, replace
from .devices_linux import CARD, LAST, STANDIN, Devices

PUBLIC4 = (bytes((12, 0, 0, 1)), bytes((192, 175, 48, 1)))
"""One address in each half of IPv4 (0/1 and 128/1, which OpenVPN's def1 routes separately). Nothing is ever sent to them.
Documentation networks would not do: all lie in the upper half, and careful hosts give them unreachable routes (RFC 6890). The
upper one is the AS112 sink (RFC 7534): globally reachable, and no one's service. The lower half has no such network; this one is
in an old allocation of a telephone company, which split tunnels, made to single out offices, clouds and resolvers, have no cause
to name."""

PUBLIC6 = (bytes.fromhex("20010004011200000000000000000001"),)
"""2001:4:112::1, AS112 again: the only global unicast addresses are in 2000::/3, one half of ::/0."""

PRIVATE = tuple((bytes.fromhex(x), n) for x, n in (("0a000000", 8), ("ac100000", 12), ("c0a80000", 16), ("fc" + "00" * 15, 7)))
"""RFC 1918 and RFC 4193."""

MESH = ((bytes.fromhex("64400000"), 10), (bytes.fromhex("fd7a115ca1e0" + "00" * 10), 48))
"""100.64.0.0/10 (RFC 6598, used by meshes for their nodes) and Tailscale's prefix."""

SILENT = tuple(
    (bytes.fromhex(x), n) for x, n in (("e0000000", 4), ("a9fe0000", 16), ("ff" + "00" * 15, 8), ("fe80" + "00" * 14, 10))
)
"""Multicast and link-local: every interface has such routes."""

Net = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class Ways:
    """What the kernel said about routes: the answers to the public questions, all unicast routes, and the rules (empty: not
    asked)."""

    answers: tuple[Route, ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()

    def answer(self, family: int) -> tuple[Hop, ...]:
        """The first hops of the answers of one family."""
        return tuple(r.hops[0] for r in self.answers if r.family == family and r.hops)


def resolve(routes: Iterable[Route], nexthops: Mapping[int, tuple[Hop, ...]]) -> tuple[Route, ...]:
    """Routes that name only a nexthop object (net.ipv4.nexthop_compat_mode=0) get its hops."""
    return tuple(replace(r, hops=nexthops.get(r.nexthop, ())) if r.nexthop and not r.hops else r for r in routes)


def reached(route: Route, rules: Sequence[Rule]) -> tuple[Net, ...]:
    """The networks that ordinary traffic reaches by this route: those of its table that a rule leads to, cut to the rule's own
    `to`; none for a table that only marked traffic, other users or other sources see. Without rules: the tables main and
    default."""
    if not any(r.family == route.family for r in rules):
        return ((route.dst, route.length),) if route.table in (TABLE_MAIN, TABLE_DEFAULT) else ()
    found: list[Net] = []
    for rule in rules:
        if rule.selective or rule.family != route.family or rule.table != route.table:
            continue
        if rule.suppress is not None and route.length <= rule.suppress:
            continue
        if not rule.length or covers(rule.dst, rule.length, route.dst, route.length):
            found.append((route.dst, route.length))
        elif covers(route.dst, route.length, rule.dst, rule.length):
            found.append((rule.dst, rule.length))
    return tuple(dict.fromkeys(found))


def default(net: Net) -> bool:
    """A default, half of one (def1), or all of global IPv6."""
    dst, length = net
    return length <= 1 or (len(dst) == 16 and length <= 4 and dst[0] >> 5 == 1)


def overlap(a: Net, b: Net) -> bool:
    """Whether two networks share an address."""
    return covers(*a, *b) or covers(*b, *a)


def tunnels(devices: Devices, ways: Ways) -> tuple[Tunnel, ...]:
    """The tunnels that are up and have routes, by name. `default` and `mesh` as model.Tunnel says; a route counts only where
    ordinary traffic meets its table."""
    nets: dict[int, list[Net]] = {}
    for route in ways.routes:
        if route.type == UNICAST and any(h.index in devices.links for h in route.hops):
            for net in reached(route, ways.rules):
                if not any(covers(*silent, *net) for silent in SILENT):
                    for hop in route.hops:
                        nets.setdefault(hop.index, []).append(net)
    answered = {hop.index for r in ways.answers for hop in r.hops[:1]}
    found = []
    for link in devices.tunnels:
        own = nets.get(link.index, [])
        if own or link.index in answered:
            whole = link.index in answered or any(default(n) for n in own)
            private = any(overlap(n, p) and not any(covers(*m, *n) for m in MESH) for n in own for p in PRIVATE)
            found.append(Tunnel(link.name, whole, not whole and not private))
    return tuple(found)


def uplink(devices: Devices, ways: Ways) -> Link | None:
    """The physical interface that carries the traffic, a tunnel's included; None where none is up.

    The kernel's answer for IPv4 if it is physical and up; else the best default route out of a physical interface; the same for
    IPv6; else, under a full tunnel, the interface of a host route (the VPN's own server); else the first with a network.
    """
    floor = devices.floor

    def fit(hops: Iterable[Hop], least: int) -> Link | None:
        for hop in hops:
            link = devices.links.get(hop.index)
            if link and link.up and devices.grade(link) >= least and not hop.flags & (HOP_DEAD | HOP_LINKDOWN):
                return link
        return None

    allowed = CARD if floor == CARD else LAST
    for family in (INET, INET6):
        found = fit(ways.answer(family), allowed) or fit((h for r in defaults(ways, family) for h in r.hops), allowed)
        if found:
            return found
    found = fit((h for r in hosts(devices, ways) for h in r.hops), allowed)
    rest = (x for x in devices.links.values() if devices.grade(x) >= max(floor, STANDIN) and devices.addressed(x))
    return found or min(rest, key=lambda x: x.index, default=None)


def gateway(devices: Devices, ways: Ways, link: Link) -> bytes | None:
    """The router behind the uplink: of IPv4 first, else of IPv6; None where the network has none (a modem, `default dev
    eth0`)."""
    for family in (INET, INET6):
        told = [h for h in ways.answer(family) if h.index == link.index]
        told = told or [h for r in defaults(ways, family) for h in r.hops if h.index == link.index]
        if told and told[0].gateway:
            return told[0].gateway
    return next((h.gateway for r in hosts(devices, ways) for h in r.hops if h.index == link.index), None)


def defaults(ways: Ways, family: int) -> list[Route]:
    """The default routes of one family, best first: those of the main table, which is where a DHCP client puts them, by
    metric."""
    usable = [r for r in ways.routes if r.family == family and r.length == 0 and r.type == UNICAST]
    usable = [r for r in usable if r.table in (TABLE_MAIN, TABLE_DEFAULT) or reached(r, ways.rules)]
    return sorted(usable, key=lambda r: (r.table != TABLE_MAIN, r.metric))


def hosts(devices: Devices, ways: Ways) -> list[Route]:
    """Under a full tunnel that took the default's place: routes to single hosts through a gateway, which the tunnel's client made
    for its server."""
    over = {x.index for x in devices.tunnels}
    if not any(h.index in over for f in (INET, INET6) for h in ways.answer(f)):
        return []
    found = (r for r in ways.routes if r.type == UNICAST and r.length == len(r.dst) * 8 and any(h.gateway for h in r.hops))
    return sorted((r for r in found if r.table == TABLE_MAIN), key=lambda r: (r.family, r.metric))

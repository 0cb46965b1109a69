"""Netlink bodies, packed by hand from the uapi headers, read by formats.rtnetlink; and bytes cut anywhere, which must never
raise."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamrc.formats import netlink, rtnetlink
from roamrc.formats.rtnetlink import Hop


def a(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def u32(n: int) -> bytes:
    return struct.pack("=I", n)


def link(*attrs: bytes, index: int = 7, flags: int = 0x11043, hardware: int = 1) -> bytes:
    return struct.pack("=BxHiII", 0, hardware, index, flags, 0) + b"".join(attrs)


def route(*attrs: bytes, family: int = 2, length: int = 0, table: int = 254, kind: int = 1, flags: int = 0) -> bytes:
    return struct.pack("=BBBBBBBBI", family, length, 0, 0, table, 3, 0, kind, flags) + b"".join(attrs)


NAME = a(3, b"eth0\0")
WG = a(18, a(1, b"wireguard\0"))

LINKS = {
    "a card": (
        link(NAME, a(1, bytes.fromhex("020000001a01")), a(16, b"\6"), a(33, b"\1"), a(48, u32(3)), a(56, b"0000:00:1f.6\0")),
        {"name": "eth0", "up": True, "mac": "02:00:00:00:1a:01", "losses": 3, "kind": "", "parent": True},
    ),
    "carrier lost": (link(NAME, a(16, b"\2"), a(33, b"\0")), {"up": False}),
    "carrier but dormant": (link(NAME, a(16, b"\5"), a(33, b"\1")), {"up": False}),
    "operstate unknown": (link(NAME, a(16, b"\0"), a(33, b"\1"), WG), {"up": True, "kind": "wireguard"}),
    "administratively down": (link(NAME, a(33, b"\1"), flags=0x1002), {"up": False}),
    "no IFLA_CARRIER, the flag tells": (link(NAME, flags=0x1), {"up": False, "losses": None, "parent": None}),
    "a bond's active port": (
        link(NAME, a(18, a(1, b"bond\0") + a(2, a(1, b"\1") + a(2, u32(4))))),
        {"kind": "bond", "active": 4},
    ),
    "a vlan": (
        link(NAME, a(5, u32(2)), a(18, a(1, b"vlan\0") + a(2, a(1, b"\5\0")))),
        {"kind": "vlan", "lower": 2, "active": 0, "foreign": False},
    ),
    "a nested flag in the number": (
        link(NAME, a(18 | 0x8000, a(1, b"veth\0")), a(5, u32(9)), a(37, u32(0))),
        {"kind": "veth", "foreign": True},
    ),
    "a port": (link(NAME, a(10, u32(5))), {"master": 5}),
    "a name that is not UTF-8": (link(a(3, b"et\xff\0")), {"name": "et\\xff"}),
    "no Ethernet address": (link(NAME, a(1, bytes(4)), hardware=768), {"mac": "", "hardware": 768}),
}


@pytest.mark.parametrize(("body", "wanted"), LINKS.values(), ids=LINKS)
def test_link(body: bytes, wanted: dict[str, object]) -> None:
    found = rtnetlink.link(body)
    assert found is not None
    assert {k: getattr(found, k) for k in wanted} == wanted


def addr(raw: bytes, *more: bytes, length: int = 24, flags: int = 0) -> bytes:
    return struct.pack("=BBBBI", 2 if len(raw) == 4 else 10, length, flags, 0, 7) + a(1, raw) + b"".join(more)


V6 = bytes.fromhex("20010db8" + "00" * 11 + "05")
ADDRESSES = {
    "plain": (addr(bytes((10, 1, 2, 3))), "10.1.2.3/24", True),
    "our end of a pair": (addr(bytes((10, 8, 0, 5)), a(2, bytes((10, 8, 0, 6))), length=32), "10.8.0.6/32", True),
    "link-local": (addr(bytes((169, 254, 0, 9)), length=16), "169.254.0.9/16", False),
    "IPv6": (addr(V6, length=64, flags=0x80), "2001:db8::5/64", True),
    "IPv6 link-local": (addr(bytes.fromhex("fe80" + "00" * 13 + "01"), length=64), "fe80::1/64", False),
    "the last of fe80::/10": (addr(bytes.fromhex("febf" + "00" * 13 + "01"), length=64), "febf::1/64", False),
    "just above it": (addr(bytes.fromhex("fec0" + "00" * 13 + "01"), length=64), "fec0::1/64", True),
    "tentative": (addr(V6, a(8, u32(0x40)), length=64), "2001:db8::5/64", False),
    "tentative but optimistic": (addr(V6, a(8, u32(0x44)), length=64), "2001:db8::5/64", True),
    "a duplicate": (addr(V6, a(8, u32(0x88)), length=64), "2001:db8::5/64", False),
    "deprecated": (addr(V6, a(8, u32(0x20)), length=64), "2001:db8::5/64", True),
}


@pytest.mark.parametrize(("body", "text", "usable"), ADDRESSES.values(), ids=ADDRESSES)
def test_address(body: bytes, text: str, usable: bool) -> None:
    found = rtnetlink.address(body)
    assert found is not None
    assert (found.index, found.text, found.usable) == (7, text, usable)


GW, GW6 = bytes((10, 1, 1, 1)), bytes.fromhex("fe80" + "00" * 13 + "09")


def hop(index: int, *attrs: bytes, flags: int = 0) -> bytes:
    body = b"".join(attrs)
    return struct.pack("=HBBi", 8 + len(body), flags, 0, index) + body


ROUTES = {
    "default by a gateway": (
        route(a(4, u32(2)), a(5, GW), a(6, u32(100))),
        {"hops": (Hop(2, GW),), "length": 0, "metric": 100, "dst": bytes(4)},
    ),
    "on the link": (route(a(4, u32(2))), {"hops": (Hop(2, None),)}),
    "an IPv6 next hop": (route(a(4, u32(2)), a(18, struct.pack("=H", 10) + GW6)), {"hops": (Hop(2, GW6),)}),
    "multipath": (
        route(a(9, hop(2, a(5, GW)) + hop(3, a(18, struct.pack("=H", 10) + GW6), flags=16))),
        {"hops": (Hop(2, GW), Hop(3, GW6, 16))},
    ),
    "link down": (route(a(4, u32(2)), a(5, GW), flags=16), {"hops": (Hop(2, GW, 16),)}),
    "a table above 255": (route(a(15, u32(51820)), a(4, u32(2)), table=252), {"table": 51820}),
    "a nexthop object alone": (route(a(30, u32(5))), {"hops": (), "nexthop": 5}),
    "unreachable": (route(kind=7), {"type": 7, "hops": ()}),
    "a network": (route(a(1, bytes((10, 9))), length=16), {"dst": bytes((10, 9, 0, 0)), "length": 16}),
    "IPv6 without a gateway": (route(a(4, u32(2)), a(5, bytes(16)), family=10), {"hops": (Hop(2, None),), "dst": bytes(16)}),
}


@pytest.mark.parametrize(("body", "wanted"), ROUTES.values(), ids=ROUTES)
def test_route(body: bytes, wanted: dict[str, object]) -> None:
    found = rtnetlink.route(body)
    assert found is not None
    assert {k: getattr(found, k) for k in wanted} == wanted


def rule(
    *attrs: bytes, length: int = 0, source: int = 0, tos: int = 0, table: int = 254, action: int = 1, flags: int = 0
) -> bytes:
    return struct.pack("=BBBBBBBBI", 2, length, source, tos, table, 0, 0, action, flags) + b"".join(attrs)


RULES = {
    "everyone to main": (rule(a(6, u32(32766))), {"table": 254, "selective": False, "suppress": None, "priority": 32766}),
    "marked traffic": (rule(a(10, u32(7)), a(16, u32(0xFFFFFFFF)), a(15, u32(90)), table=252), {"table": 90, "selective": True}),
    "not marked (wg-quick)": (
        rule(a(10, u32(51820)), a(15, u32(51820)), table=252, flags=2),
        {"table": 51820, "selective": False},
    ),
    "a mark of which nothing is looked at": (rule(a(10, u32(7)), a(16, u32(0))), {"selective": False}),
    "suppressed defaults": (rule(a(14, u32(0))), {"suppress": 0, "selective": False}),
    "no suppression": (rule(a(14, u32(0xFFFFFFFF))), {"suppress": None}),
    "from one source": (rule(a(2, GW), source=32), {"selective": True}),
    "not from one source": (rule(a(2, GW), source=32, flags=2), {"selective": False}),
    "to one network": (
        rule(a(1, bytes((10, 0, 0, 0))), length=8),
        {"dst": bytes((10, 0, 0, 0)), "length": 8, "selective": False},
    ),
    "to all but one network": (rule(a(1, bytes((10, 0, 0, 0))), length=8, flags=2), {"length": 0, "selective": False}),
    "what the machine sends": (rule(a(3, b"lo\0")), {"selective": False}),
    "what comes in": (rule(a(3, b"eth0\0")), {"selective": True}),
    "what is bound to an interface": (rule(a(17, b"eth0\0")), {"selective": True}),
    "sockets of a VRF": (rule(a(19, b"\1")), {"selective": True}),
    "no VRF": (rule(a(19, b"\0")), {"selective": False}),
    "this user": (rule(a(20, struct.pack("=II", 1000, 1000))), {"selective": False}),
    "another user": (rule(a(20, struct.pack("=II", 0, 999))), {"selective": True}),
    "one port": (rule(a(24, struct.pack("=HH", 443, 443))), {"selective": True}),
}


@pytest.mark.parametrize(("body", "wanted"), RULES.values(), ids=RULES)
def test_rule(body: bytes, wanted: dict[str, object]) -> None:
    found = rtnetlink.rule(body, uid=1000)
    assert found is not None
    assert {k: getattr(found, k) for k in wanted} == wanted


def test_a_rule_that_leads_nowhere_is_none() -> None:
    assert rtnetlink.rule(rule(action=7)) is None


def test_neighbour() -> None:
    body = struct.pack("=BxxxiHBB", 2, 7, 0x02, 0, 1) + a(1, GW) + a(2, bytes.fromhex("02AA00000001"))
    assert rtnetlink.neighbour(body) == rtnetlink.Neighbour(7, GW, 2, "02:aa:00:00:00:01")
    empty = struct.pack("=BxxxiHBB", 2, 7, 0x40, 0, 1) + a(1, GW) + a(2, bytes(6))
    found = rtnetlink.neighbour(empty)
    assert found is not None
    assert found.mac == ""


def test_nexthops_and_groups() -> None:
    def nexthop(*attrs: bytes) -> bytes:
        return struct.pack("=BBBBI", 2, 0, 0, 0, 0) + b"".join(attrs)

    bodies = [
        nexthop(a(1, u32(5)), a(5, u32(2)), a(6, GW)),
        nexthop(a(1, u32(6)), a(5, u32(3))),
        nexthop(
            a(1, u32(9)),
            a(2, struct.pack("=IBBH", 5, 0, 0, 0) + struct.pack("=IBBH", 6, 0, 0, 0) + struct.pack("=IBBH", 7, 0, 0, 0)),
        ),
    ]
    assert rtnetlink.nexthops(bodies) == {5: (Hop(2, GW),), 6: (Hop(3),), 9: (Hop(2, GW), Hop(3))}


def test_requests_are_what_the_kernel_reads() -> None:
    asked = rtnetlink.route_request(bytes((12, 0, 0, 1)))
    assert asked == bytes((2, 32, 0, 0, 0, 0, 0, 0)) + u32(0x1000) + a(1, bytes((12, 0, 0, 1)))
    whole = netlink.message(26, asked, 1, 9)
    assert list(netlink.messages(whole)) == [(26, 1, 9, asked)]
    assert rtnetlink.links_request()[16:] == a(29, u32(8))
    assert rtnetlink.neighbour_request(7, GW) == struct.pack("=BxxxiHBB", 2, 7, 0, 0, 0) + a(1, GW)


@pytest.mark.parametrize(
    ("outer", "inner", "held"),
    [
        ((GW, 0), (GW, 32), True),
        ((bytes((10, 0, 0, 0)), 8), (bytes((10, 9, 0, 0)), 16), True),
        ((bytes((10, 9, 0, 0)), 16), (bytes((10, 0, 0, 0)), 8), False),
        ((bytes((10, 0, 0, 0)), 9), (bytes((10, 128, 0, 0)), 16), False),
        ((bytes(4), 0), (bytes(16), 0), False),
    ],
)
def test_covers(outer: tuple[bytes, int], inner: tuple[bytes, int], held: bool) -> None:
    assert rtnetlink.covers(*outer, *inner) is held


BODIES = [b for b, *_ in (*LINKS.values(), *ADDRESSES.values(), *ROUTES.values(), *RULES.values())]


@given(st.sampled_from(BODIES), st.integers(0, 400), st.binary(max_size=8))
def test_bytes_cut_or_spoilt_never_raise(body: bytes, cut: int, tail: bytes) -> None:
    spoilt = body[:cut] + tail
    for read in (rtnetlink.link, rtnetlink.address, rtnetlink.route, rtnetlink.rule, rtnetlink.neighbour):
        read(spoilt)
    rtnetlink.nexthops([spoilt])


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=20)), unique_by=lambda x: x[0]))
def test_attributes_come_back(pairs: list[tuple[int, bytes]]) -> None:
    assert netlink.attrs(b"".join(netlink.attr(k, v) for k, v in pairs)) == dict(pairs)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFF),
            st.integers(0, 99),
            st.binary(max_size=20).map(lambda b: b[: len(b) & ~3]),
        )
    )
)
def test_messages_come_back(sent: list[tuple[int, int, int, bytes]]) -> None:
    assert list(netlink.messages(b"".join(netlink.message(k, b, f, s) for k, f, s, b in sent))) == sent


@given(st.binary(max_size=64))
def test_any_datagram_ends(data: bytes) -> None:
    for _, _, _, body in netlink.messages(data):
        netlink.attrs(body)
        netlink.errno(body)

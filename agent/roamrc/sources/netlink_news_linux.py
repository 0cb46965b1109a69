"""Which of the kernel's messages is no reason to look. Floor 2, pure: bytes come in.

A subscription alone would wake a laptop every few seconds for nothing: router advertisements renew lifetimes, Wi-Fi cards report
each scan, containers come and go. So a message is compared with what was last said about the same thing, and dropped only where
the facts can't differ:

- routes of table local, cached ones, and those to link-local or multicast networks; link-local addresses. Not "scope link": the
  only routes of a VPN, and the network's own, have that scope;
- a link that says again what it said: statistics, a promiscuous tcpdump, a Wi-Fi scan. The count of carrier losses belongs to
  what it says: a cable that was out and in again between two messages is a change;
- a link that is made and not up yet, and a link's end that was not up: it has no addresses and no routes. A container's or a
  virtual machine's end of a bridge (a veth or tap that is its port) likewise: what it brings is told by the bridge;
- a veth that was made under our eyes and has no address and no route yet: 500 pairs told of their carriers for twelve seconds;
- with a card in the machine, what only serves containers: a veth, and a bridge that has no other ports than such (docker0,
  virbr0), whose carrier comes and goes with each of them. Without a card, as in a lab or a container, it may be the uplink;
- an address or an IPv6 route said again with other lifetimes only.

The memory is bounded and lossy in one direction: what is not remembered wakes. Lost messages (ENOBUFS) wake and empty it.
"""

from __future__ import annotations

import socket
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    K = TypeVar("K")
    V = TypeVar("V")


MEMORY = 4096
"""Links, addresses and routes that are remembered, of each kind; one more and all of that kind is forgotten."""

NEWLINK, DELLINK, NEWADDR, DELADDR, NEWROUTE, DELROUTE = 16, 17, 20, 21, 24, 25
UP, PROMISCUOUS = 0x1, 0x300
JUST_MADE = 0xFFFFFFFF
SCANS = frozenset((0x8B19, 0x8C00, 0x8C01, 0x8C02))
"""Wireless events that say nothing of the connection: scan done, packet dropped, quality, the driver's own (linux/wireless.h)."""

State = tuple[object, ...]
DOWN: State = ("carries nothing",)

ENDS, PORTS = frozenset((b"veth", b"netkit")), frozenset((b"veth", b"tun"))
"""Kinds of a link to a container; and of a bridge's port behind which there is only a container or a virtual machine."""


class News:
    """Remembers what was last said of each link, address and IPv6 route, to tell news from repetition; `whole`: it has heard of
    every link there is."""

    __slots__ = ("_addresses", "_bare", "_cards", "_links", "_ports", "_routes", "whole")

    def __init__(self) -> None:
        self.whole = False
        self._cards: set[int] = set()
        self._bare: set[int] = set()  # made since, and nothing was heard of an address or a route of theirs
        self._ports: dict[int, int] = {}  # a port behind which there may be a network → its master
        self._links: dict[int, State] = {}
        self._addresses: dict[State, int] = {}
        self._routes: dict[State, bytes] = {}

    def stirs(self, kind: int, body: bytes) -> bool:
        """Whether this message is a reason to look; one that can't be read or isn't known is."""
        try:
            if kind in (NEWLINK, DELLINK):
                return self._link(kind == NEWLINK, body)
            if kind in (NEWADDR, DELADDR):
                return self._address(kind == NEWADDR, body)
            if kind in (NEWROUTE, DELROUTE):
                return self._route(kind == NEWROUTE, body)
        except (struct.error, IndexError):
            return True
        return kind not in (1, 2, 3)  # noop, error, done: talk about messages

    def _link(self, new: bool, body: bytes) -> bool:
        family, index, flags, change = struct.unpack_from("=BxxxiII", body)
        if family == socket.AF_UNSPEC:
            a = attributes(body, 16)
            known = self._links.get(index)
            if 11 in a:  # IFLA_WIRELESS: such a message tells name and flags, and nothing else of the link
                if (known is None or known is DOWN or known[1] == flags & ~PROMISCUOUS) and _scans(a[11]):
                    return False
            elif new:
                made = known is None and change == JUST_MADE
                if made and self.whole and len(self._bare) < MEMORY:
                    self._bare.add(index)
                state = DOWN if self._spare(index, body, a) or not flags & UP else _state(flags, a)
                _keep(self._links, index, state)
                if state == known or (made and state is DOWN and (not flags & UP or index in self._bare)):
                    return False
            else:
                self._cards.discard(index)
                self._bare.discard(index)
                self._ports.pop(index, None)
                if self._links.pop(index, None) is DOWN:
                    return False
            if not new:
                self._addresses.clear()
            self._routes.clear()  # a link takes routes along without a word (seen: the default route)
            return True
        return bool(family != 7)  # AF_BRIDGE: a port's settings; the link itself is told as well

    def _spare(self, index: int, body: bytes, a: dict[int, bytes]) -> bool:
        """Whether no fact can depend on the link, up or down (devices_linux.Devices.grade, told from its messages alone)."""
        # IFLA_LINKINFO: its kind, and as what it serves; in a bond or VRF it is no such end
        about = attributes(a.get(18, b""), 0)
        kind, serves, master = about.get(1, b"").rstrip(b"\0"), about.get(4, b"").rstrip(b"\0"), a.get(10)
        if not kind and 56 in a and struct.unpack_from("=H", body, 2)[0] == 1:  # IFLA_PARENT_DEV_NAME (5.14), ARPHRD_ETHER
            self._cards.add(index)
        if serves == b"bridge" and kind in PORTS:
            self._ports.pop(index, None)
            return True
        if master:
            self._ports[index] = struct.unpack("=I", master)[0]
        else:
            self._ports.pop(index, None)
        if kind in ENDS and index in self._bare:
            return True
        if not self._cards:
            return False
        return kind in ENDS or (kind == b"bridge" and self.whole and index not in self._ports.values())

    def _address(self, new: bool, body: bytes) -> bool:
        family, prefix, low, _, index = struct.unpack_from("=BBBBI", body)
        a = attributes(body, 8)
        address = a.get(2) or a.get(1) or b""
        if _link_local(family, address):
            return False
        self._bare.discard(index)
        key, flags = (index, family, prefix, address, a.get(1)), struct.unpack("=I", a[8])[0] if 8 in a else low
        if new and self._addresses.get(key) == flags:
            return False  # only the lifetimes are new
        if new:
            _keep(self._addresses, key, flags)
        else:
            self._addresses.pop(key, None)
        self._routes.clear()
        return True

    def _route(self, new: bool, body: bytes) -> bool:
        family, size, source, tos, table, _, _, _, flags = struct.unpack_from("=BBBBBBBBI", body)
        a = attributes(body, 12)
        if 15 in a:
            table = struct.unpack("=I", a[15])[0]
        to = a.get(1, b"")
        if table == 255 or flags & 0x200 or _narrow(family, to, size):
            return False
        if 4 in a:  # RTA_OIF; a multipath route or a nexthop object may go over any link
            self._bare.discard(*struct.unpack("=I", a[4]))
        else:
            self._bare.clear()
        if family != socket.AF_INET6 or 30 in a:  # an IPv4 route, or one of a nexthop object, can go without a word
            return True
        key = (table, size, to, source, a.get(2), tos, a.get(6))
        said = body[:12] + b"".join(bytes((n,)) + struct.pack("=H", len(v)) + v for n, v in a.items() if n not in (12, 23))
        if new and self._routes.get(key) == said:
            return False  # a router advertised again what it advertised: the expiry (RTA_CACHEINFO, RTA_EXPIRES) is new
        if new:
            _keep(self._routes, key, said)
        else:
            self._routes.pop(key, None)
        return True


def _state(flags: int, a: dict[int, bytes]) -> State:
    """What a link says that facts can depend on: name, flags, operstate, carrier and its changes and losses, master. Not its MAC:
    a bridge takes that of its lowest port, and no fact is a MAC of our own."""
    return (a.get(3), flags & ~PROMISCUOUS, a.get(16), a.get(33), a.get(35), a.get(48), a.get(10))


def _scans(data: bytes) -> bool:
    """Whether a stream of wireless events (each: length, command, …) holds only such that say nothing of the connection."""
    at = 0
    while at + 4 <= len(data):
        size, command = struct.unpack_from("=HH", data, at)
        if command not in SCANS or size < 4:
            return False
        at += size
    return at > 0


def _link_local(family: int, address: bytes) -> bool:
    if family == socket.AF_INET6:
        return address[:1] == b"\xfe" and address[1] & 0xC0 == 0x80
    return address[:2] == b"\xa9\xfe"


def _narrow(family: int, to: bytes, size: int) -> bool:
    """A route to link-local or multicast addresses only: within fe80::/10, ff00::/8, 169.254.0.0/16, 224.0.0.0/4."""
    if family == socket.AF_INET6:
        return (size >= 10 and _link_local(family, to)) or (size >= 8 and to[0] == 0xFF)
    return (size >= 16 and _link_local(family, to)) or (size >= 4 and to[0] & 0xF0 == 0xE0)


def _keep(memory: dict[K, V], key: K, value: V) -> None:
    if len(memory) >= MEMORY and key not in memory:
        memory.clear()
    memory[key] = value


def attributes(data: bytes, at: int) -> dict[int, bytes]:
    """Attribute number → value, of a body whose fixed part ends at `at`; an end that is cut off is left out."""
    found: dict[int, bytes] = {}
    while at + 4 <= len(data):
        size, number = struct.unpack_from("=HH", data, at)
        if size < 4:
            break
        found[number & 0x3FFF] = data[at + 4 : at + size]
        at += (size + 3) & ~3
    return found

"""macOS's links and routes as text: arp, ndp, ifconfig, netstat -rn, route get. Pure; never raises; what is not recognised is
left out. Floor 1.

Formats by Apple's sources (network_cmds) and by published outputs of macOS 10.6 to 26: columns came and went, octets are
unpadded, indents may be
tabs. What is configured on them (scutil, networksetup) is in `macos_config`.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from ..slotted import dataclass

Net = IPv4Network | IPv6Network


def mac(text: str) -> str | None:
    """A MAC address in lower case with two digits an octet (`0:b8:c2:39:55:a`); None for what is none, for broadcast and for
    all zeros."""
    octets = text.strip().lower().split(":")
    if len(octets) != 6 or not all(1 <= len(o) <= 2 and all(c in "0123456789abcdef" for c in o) for o in octets):
        return None
    padded = ":".join(o.zfill(2) for o in octets)
    return None if padded in ("ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00") else padded


def address(text: str) -> str | None:
    """An IP address in its usual form, a zone (`%en0`) left out; None for what is none."""
    try:
        return str(ip_address(text.strip().partition("%")[0]))
    except ValueError:
        return None


def suffix(text: str) -> str:
    """A DNS suffix as it is compared: lower case, no dots at the ends."""
    return text.strip().strip(".").lower()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A row of arp or ndp: `mac` is None while it is (incomplete)."""

    address: str
    mac: str | None
    interface: str


def arp(text: str) -> tuple[Neighbour, ...]:
    """`arp -a`, `arp -n HOST`: `? (10.0.0.1) at 0:4:ed:de:41:bf on en1 ifscope [ethernet]`, `… at (incomplete) on en0 …`, `… --
    no entry`."""
    found = []
    for line in text.splitlines():
        head, at, tail = line.partition(") at ")
        ip = address(head.rpartition("(")[2])
        words = tail.split()
        if at and ip and words:
            found.append(Neighbour(ip, mac(words[0]), words[2] if len(words) > 2 and words[1] == "on" else ""))
    return tuple(found)


def ndp(text: str) -> tuple[Neighbour, ...]:
    """`ndp -an`: neighbour, link-layer address, interface; zones are left out of the address."""
    found = []
    for line in text.splitlines():
        words = line.split()
        ip = address(words[0]) if len(words) >= 3 else None
        if ip:
            found.append(Neighbour(ip, mac(words[1]), words[2]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Interface:
    """A block of ifconfig: `active` is None where no status line is told; addresses as "10.1.2.3/24", those still tentative,
    detached or duplicated left out."""

    name: str
    up: bool
    active: bool | None
    ether: str | None
    addresses: tuple[str, ...]


def ifconfig(text: str) -> dict[str, Interface]:
    """`ifconfig`, `ifconfig en0`: every interface by name. Indents may be tabs, spaces or lost; netmasks are hex or dotted."""
    found: dict[str, Interface] = {}
    name, up, active, ether, addresses = "", False, None, None, []  # type: str, bool, bool | None, str | None, list[str]
    for line in [*text.splitlines(), "\0: flags="]:
        head, flags, rest = line.partition(": flags=")
        if flags and not head[:1].isspace():
            if name:
                found[name] = Interface(name, up, active, ether, tuple(addresses))
            name, up, active, ether, addresses = head, "UP" in rest.partition("<")[2].partition(">")[0].split(","), None, None, []
            continue
        words = line.split()
        if len(words) >= 2 and words[0] == "ether":
            ether = mac(words[1])
        elif len(words) >= 2 and words[0] == "status:":
            active = words[1] == "active"
        elif len(words) >= 4 and words[0] in ("inet", "inet6") and not {"tentative", "detached", "duplicated"} & set(words):
            ip, mask = address(words[1]), _after(words, "netmask") or _after(words, "prefixlen")
            length = prefix(mask) if ip and mask else None
            if ip:
                addresses.append(f"{ip}/{length}" if length is not None else ip)
    return found


def _after(words: list[str], word: str) -> str:
    return words[words.index(word) + 1] if word in words[:-1] else ""


def prefix(mask: str) -> int | None:
    """The length of a netmask: `0xffffff00`, `255.255.255.0` or `24`; None for a mask with holes or what is none."""
    try:
        if mask.startswith("0x"):
            mask = str(ip_address(int(mask, 16)))
        return int(mask) if mask.isascii() and mask.isdigit() and int(mask) <= 128 else ip_network(f"0.0.0.0/{mask}").prefixlen
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the routing table that may carry traffic. `scoped`: only for sockets bound to that interface, so no default of
    the machine's."""

    to: Net
    gateway: str
    interface: str
    scoped: bool
    host: bool


def netstat(text: str) -> tuple[Route, ...]:
    """`netstat -rn`: the routes of both families, in order. Left out: rejected (R, B), cloned (W) and multicast rows, and what
    is not a destination.

    The column of the interface is where the header says `Netif` (macOS 10.14 and older have Refs and Use before it). I is
    RTF_IFSCOPE (netstat(1)).
    """
    found = []
    column, six = 3, False
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["Destination"]:
            column = words.index("Netif") if "Netif" in words else 3
        elif words and words[0] in ("Internet:", "Internet6:"):
            six = words[0] == "Internet6:"
        elif len(words) > column:
            to = destination(words[0], six or (words[0] == "default" and ":" in words[1]))
            if to and not to.is_multicast and not set("RBWm") & set(words[2]):
                found.append(Route(to, words[1], words[column], "I" in words[2], "H" in words[2]))
    return tuple(found)


def destination(text: str, six: bool = False) -> Net | None:
    """A destination as netstat shortens it: `default`, `0/1`, `10.244/14`, `192.168.68` (/24 by its octets), `10.9.0.15`,
    `fe80::%en0/64`; None for others."""
    if text == "default":
        return ip_network("::/0") if six else ip_network("0.0.0.0/0")
    host, slash, length = text.partition("/")
    host = host.partition("%")[0]
    try:
        if ":" in host:
            return ip_network(host + slash + length, strict=False)
        octets = host.split(".")
        if len(octets) > 4 or not all(o.isascii() and o.isdigit() for o in octets):
            return None
        return ip_network(f"{'.'.join(octets + ['0'] * (4 - len(octets)))}/{length or 8 * len(octets)}", strict=False)
    except ValueError:
        return None


def route(text: str) -> tuple[str | None, str | None]:
    """`route -n get default`: the gateway (None for `link#18` and none) and the interface; (None, None) offline."""
    said = dict(pairs(text))
    return address(said.get("gateway", "")), said.get("interface") or None


def pairs(text: str) -> list[tuple[str, str]]:
    """`   key: value`, one a line."""
    found = []
    for line in text.splitlines():
        key, colon, value = line.partition(": ")
        if colon:
            found.append((key.strip(), value.strip("\r")))
    return found

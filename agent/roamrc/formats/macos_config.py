"""macOS's network configuration as text: scutil --dns, --nwi, --nc list, networksetup, airport, DHCP option 119. Pure; never
raises. Floor 1.

Formats by Apple's sources (configd) and by published outputs of macOS 10.6 to 26. Names in it are whatever a network or a user
chose.
"""

from __future__ import annotations

from ..slotted import dataclass
from .macos import mac, pairs, suffix


@dataclass(frozen=True, slots=True)
class Resolver:
    """A block of `scutil --dns`. `scoped`: of the second list, one for each interface. `domain` of a Supplemental one is a
    routing domain; `search` are suffixes in force."""

    scoped: bool
    interface: str
    domain: str
    search: tuple[str, ...]
    nameservers: tuple[str, ...]
    supplemental: bool


def dns(text: str) -> tuple[Resolver, ...]:
    """`scutil --dns`: its resolvers in order; () for "No DNS configuration available". Indexes of search domains may have gaps,
    flags and reach may be missing."""
    found: list[Resolver] = []
    scoped, seen = False, False
    block: dict[str, list[str]] = {}

    def close() -> None:
        if seen:
            interface = (block.get("if_index") or [""])[0].partition("(")[2].rstrip(") ")
            flags = [f.strip() for f in (block.get("flags") or [""])[0].split(",")]
            domain = suffix((block.get("domain") or [""])[0])
            search = tuple(s for s in map(suffix, block.get("search domain", ())) if s)
            servers = tuple(block.get("nameserver", ()))
            found.append(Resolver(scoped or "Scoped" in flags, interface, domain, search, servers, "Supplemental" in flags))

    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith(("DNS configuration", "resolver #")):
            close()
            block, seen = {}, bare.startswith("resolver #")
            scoped = scoped if seen else "scoped" in bare
            continue
        key, colon, value = bare.partition(" : ")
        if colon:
            block.setdefault(key.partition("[")[0].strip(), []).append(value.strip())
    close()
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Information:
    """`scutil --nwi`: interfaces with IPv4 and with IPv6, and all of them by rank (the first carries the traffic)."""

    four: tuple[str, ...]
    six: tuple[str, ...]
    ranked: tuple[str, ...]


def nwi(text: str) -> Information:
    """`scutil --nwi`; nothing in it for "No network information"."""
    lists: dict[str, list[str]] = {"IPv4": [], "IPv6": []}
    family, ranked = "", ()  # type: str, tuple[str, ...]
    for line in text.splitlines():
        words = line.split()
        if line[:4] in lists:
            family = line[:4]
        elif line.startswith("Network interfaces:"):
            ranked = tuple(words[2:])
        elif family and words[1:4] == [":", "flags", ":"]:
            lists[family].append(words[0])
    return Information(tuple(lists["IPv4"]), tuple(lists["IPv6"]), ranked or tuple(dict.fromkeys(lists["IPv4"] + lists["IPv6"])))


@dataclass(frozen=True, slots=True)
class Connection:
    """A row of `scutil --nc list`: status as printed (Connected, Disconnected, Connecting …), id of the service, the name its
    owner gave it, and its type (VPN:IPSec, PPP:Modem)."""

    status: str
    service: str
    name: str
    kind: str

    @property
    def tunnel(self) -> bool:
        """Whether it is a connected VPN; a serial device shows up as a connected PPP:Modem and is none."""
        serial = ("modem", "pppoe", "pppserial", "bluetooth", "wwan")
        return self.status == "Connected" and self.kind.rpartition(":")[2].lower() not in serial


def connections(text: str) -> tuple[Connection, ...]:
    """`scutil --nc list`. The closing quote of a name may be missing, and a name may hold anything."""
    found = []
    for line in text.splitlines():
        body = line.lstrip("* \t")
        status, closed, rest = body[1:].partition(")")
        words = rest.split(None, 1)
        if not body.startswith("(") or not closed or len(words) < 2:
            continue
        said, _, kind = words[1].rstrip().rpartition("[")
        name = said.partition('"')[2].rstrip()
        found.append(Connection(status, words[0], name.removesuffix('"').rstrip(), kind.rstrip("]")))
    return tuple(found)


def ports(text: str) -> dict[str, str]:
    """`networksetup -listallhardwareports` or `-listnetworkserviceorder`: the hardware port of each device (`{"en0":
    "Wi-Fi"}`); services without a device are left out."""
    found: dict[str, str] = {}
    port = ""
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("(Hardware Port: "):
            port, _, device = bare[16:].rstrip(")").rpartition(", Device:")
            if device.strip():
                found[device.strip()] = port
        elif bare.startswith("Hardware Port: "):
            port = bare[15:]
        elif bare.startswith("Device:") and port:
            device, port_of = bare[7:].strip(), port
            if device:
                found[device] = port_of
            port = ""
    return found


def airport_network(text: str) -> str:
    """`networksetup -getairportnetwork en0`: the name, "" for "You are not associated with an AirPort network." (from macOS 15
    on the same text is said while associated)."""
    for label in ("Current Wi-Fi Network: ", "Current AirPort Network: "):
        if text.startswith(label):
            return text[len(label) :].removesuffix("\n")
    return ""


def airport(text: str) -> tuple[str, str | None]:
    """`airport -I` (up to macOS 14.3): SSID and BSSID; ("", None) where it is only the stub that says it is deprecated, or
    Wi-Fi is off."""
    said = dict(pairs(text))
    return said.get("SSID", ""), mac(said.get("BSSID", ""))


def search_list(data: bytes) -> tuple[str, ...]:
    """The suffixes of DHCP option 119: DNS names one after the other, compressed within the option (RFC 3397); what is broken
    ends the list."""
    found: list[str] = []
    at = 0
    while at < len(data) and len(found) < 64:
        labels: list[str] = []
        place, end = at, 0
        for _ in range(128):  # a pointer may lead in a circle
            size = data[place] if place < len(data) else 0xFF
            if size == 0:
                break
            if 0xC0 <= size < 0xFF and place + 1 < len(data):
                end = end or place + 2
                place = int.from_bytes(data[place : place + 2], "big") & 0x3FFF
            elif size < 64:
                labels.append(data[place + 1 : place + 1 + size].decode("utf-8", "replace"))
                place += 1 + size
            else:
                return tuple(found)
        else:
            return tuple(found)
        if name := suffix(".".join(labels)):
            found.append(name)
        at = end or place + 1
    return tuple(found)

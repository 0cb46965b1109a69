"""The physical uplink in configd's store: which interface carries the traffic, also below a VPN, and what configd knows of its
router. Floor 2.

Pure functions of the store. Carrier losses are not counted by macOS: `losses` of a Link is the ConnectionID of Wi-Fi where it is
told, else 0; a cable that is pulled is seen because configd posts it at once, a sleep by System.slept, another network by the
router's MAC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import ip_address, ip_network

from ..formats import macos, scutil
from ..model import Hidden
from ..slotted import dataclass
from .store_darwin import Store, interface_of, services

PHYSICAL = ("en", "bond", "vlan", "fw", "wwan")
"""Ethernet, Wi-Fi, Thunderbolt, phones by USB and Bluetooth are all en*; what the owner builds of them is bond* and vlan*.
bridge* below 100 too."""

TUNNELS = ("utun", "ppp", "ipsec", "tap", "tun", "gpd", "feth", "zt", "wg", "cscotun")
"""gpd: GlobalProtect's old kernel extension; feth and zt: ZeroTier."""

SYNTHETIC = ip_network("192.0.0.0/29")
"""RFC 7335: the address that 464XLAT puts on an IPv6-only network; the same on all of them, as is its router."""


def stem(name: str) -> str:
    return name.rstrip("0123456789")


def physical(name: str) -> bool:
    """Whether an interface is, or carries, a network of its own: bridge100 is a virtual machine's, awdl0 a neighbour's phone."""
    return stem(name) in PHYSICAL or (stem(name) == "bridge" and len(name) < 9)


def tunnel(name: str) -> bool:
    return stem(name) in TUNNELS


@dataclass(frozen=True, slots=True)
class Uplink:
    """The interface that carries the traffic; `mac` is the router's as configd verified it by ARP, None while it is not told."""

    interface: str
    service: str | None
    gateway: str | None
    mac: str | None
    addresses: tuple[str, ...]
    via: str


def active(store: Store, interface: str) -> bool:
    """Carrier: State:/Network/Interface/<name>/Link Active; an interface that tells nothing of it (ppp) has one while it is
    there."""
    return scutil.text(store.get(f"State:/Network/Interface/{interface}/Link"), "Active") != "FALSE"


def addresses(store: Store, interface: str, service: str | None = None) -> tuple[str, ...]:
    """An interface's own addresses as "10.1.2.3/24", IPv4 first, sorted; link-local, synthetic and not yet usable ones left
    out."""
    found: dict[str, int] = {}
    for family, lengths in (("IPv4", "SubnetMasks"), ("IPv6", "PrefixLength")):
        for place in (f"Interface/{interface}/{family}", f"Service/{service}/{family}"):
            state = store.get(f"State:/Network/{place}", {})
            masks, flags = scutil.texts(state, lengths), scutil.texts(state, "Flags")
            for number, text in enumerate(scutil.texts(state, "Addresses")):
                usable = number >= len(flags) or not flags[number].isdecimal() or not int(flags[number]) & 0x0E
                ip = macos.address(text)
                if ip and usable and not is_local(ip):
                    length = macos.prefix(masks[number]) if number < len(masks) else None
                    found.setdefault(ip, length if length is not None else (128 if ":" in ip else 32))
            if found and any((":" in ip) is (family == "IPv6") for ip in found):
                break
    return tuple(f"{ip}/{found[ip]}" for ip in sorted(found, key=lambda a: (":" in a, ip_address(a).packed)))


def is_local(ip: str) -> bool:
    """Whether an address says nothing of the network: link-local, loopback, or made up by the machine itself."""
    a = ip_address(ip)
    return a.is_link_local or a.is_loopback or a.is_unspecified or is_synthetic(ip)


def find(store: Store, dialled: Collection[str], ranked: Callable[[], tuple[str, ...]]) -> Uplink | None:
    """The physical uplink: the primary interface where it is physical, else (below a VPN) the first of the user's ServiceOrder
    that has a router.

    IPv4 first, then IPv6; without any router an active interface with an address is one too: no default route is not offline.
    `dialled` are services whose ppp interface is a modem or PPPoE, so a link of its own; `ranked` gives the interfaces of
    `--nwi`, asked only where the store has no ServiceOrder. None: offline.
    """
    order = {service: n for n, service in enumerate(scutil.texts(store.get("Setup:/Network/Global/IPv4"), "ServiceOrder"))}

    def place(service: str) -> int:
        return order.get(service, len(order))

    usable = []
    for service in services(store):
        name = interface_of(store, service)
        if name and (physical(name) or (service in dialled and stem(name) == "ppp")) and active(store, name):
            usable.append((service, name))
    rank = {name: n for n, name in enumerate(ranked())} if not order and len({name for _, name in usable}) > 1 else {}
    for family in ("IPv4", "IPv6"):
        whole = store.get(f"State:/Network/Global/{family}", {})
        primary = scutil.text(whole, "PrimaryInterface")
        routed = [(s, n, r) for s, n in usable if (r := router(store, s, family))]
        if routed:
            service, name, gateway = min(routed, key=lambda c: (c[1] != primary, place(c[0]), rank.get(c[1], 99), c[1:]))
            via = f"scutil Global/{family}" if name == primary else "scutil ServiceOrder"
            return Uplink(name, service, gateway, mac(store, service, family, gateway), addresses(store, name, service), via)
        way = macos.address(scutil.text(whole, "Router"))
        if physical(primary) and active(store, primary) and way and not is_synthetic(way):
            service = scutil.text(whole, "PrimaryService")
            return Uplink(primary, service or None, way, None, addresses(store, primary, service), f"scutil Global/{family}")
    interfaces = [key.split("/")[3] for key in store if key.startswith("State:/Network/Interface/")]
    of = {name: service for service, name in reversed(usable)}
    links = {n for n in interfaces if physical(n) and active(store, n)}
    for name in sorted(links, key=lambda n: (place(of.get(n, "")), len(n), n)):
        if own := addresses(store, name):
            return Uplink(name, of.get(name), None, None, own, "scutil Interface")
    return None


def is_synthetic(ip: str) -> bool:
    return ":" not in ip and ip_address(ip) in SYNTHETIC


def router(store: Store, service: str, family: str) -> str | None:
    """A service's router; none for the synthetic IPv4 of an IPv6-only network (CLAT46)."""
    state = store.get(f"State:/Network/Service/{service}/{family}", {})
    found = macos.address(scutil.text(state, "Router"))
    return None if not found or is_synthetic(found) or scutil.text(state, "CLAT46") == "TRUE" else found


def mac(store: Store, service: str, family: str, gateway: str) -> str | None:
    """The router's MAC once configd has verified it (0.1 to 2 s after the address), only where it is said of this very router:
    `ARPResolvedHardwareAddress`, else `NetworkSignature` (IPv4.Router=…;IPv4.RouterHardwareAddress=…, or IPv6.Prefix=…)."""
    state = store.get(f"State:/Network/Service/{service}/{family}", {})
    known = macos.mac(scutil.text(state, "ARPResolvedHardwareAddress"))
    if known and macos.address(scutil.text(state, "ARPResolvedIPAddress")) == gateway:
        return known
    said = dict(part.partition("=")[::2] for part in scutil.text(state, "NetworkSignature").split(";"))
    of = macos.address(said.get(f"{family}.Router", ""))
    if of == gateway or (of is None and family == "IPv6"):
        return macos.mac(said.get(f"{family}.RouterHardwareAddress", ""))
    return None


def kind(store: Store, interface: str, service: str | None, ports: Callable[[], dict[str, str]]) -> tuple[str | Hidden, str]:
    """wifi, wired, cellular or other, and by which means.

    An AirPort key is there for every Wi-Fi device, in every language of the system; `ports` (a child) is asked only where the
    store does not say.
    """
    if store.get(f"State:/Network/Interface/{interface}/AirPort") is not None:
        return "wifi", "scutil AirPort"
    if not physical(interface):
        return "cellular", "scutil --nc list"
    setup = store.get(f"Setup:/Network/Service/{service}/Interface", {})
    hardware = scutil.text(setup, "Hardware")
    if hardware and scutil.text(setup, "DeviceName") == interface:
        return of_port("Wi-Fi" if hardware == "AirPort" else scutil.text(setup, "UserDefinedName")), "scutil Interface"
    if stem(interface) in ("bond", "vlan"):
        return "wired", "the interface's name"
    if port := ports().get(interface):
        return of_port(port), "networksetup -listallhardwareports"
    return Hidden("no hardware port of this name is listed"), ""


def of_port(port: str) -> str:
    """The kind of a hardware port by its name: Wi-Fi, Ethernet, USB 10/100/1000 LAN, AX88179A, Thunderbolt Bridge, iPhone USB,
    Bluetooth PAN."""
    low = port.lower()
    if low in ("wi-fi", "airport", "wlan"):
        return "wifi"
    if any(word in low for word in ("iphone", "ipad", "modem", "wwan", "lte", "cellular", "mobile")):
        return "cellular"
    return "other" if "bluetooth" in low else "wired"

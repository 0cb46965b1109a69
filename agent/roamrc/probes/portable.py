"""The network as psutil and netifaces tell it: for a platform without a reader of its own, and where netlink is denied. Floor 2.

Both are known to be wrong under policy routing, multipath, a default without gateway, a gateway of the other family, and tunnels
(netifaces: 7 of 12 situations right). So each claim is held against the kernel's own choice of a source address (System.source,
no packet is sent) and against the interface's subnet; what does not agree is Hidden. Better no answer than a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Hidden, Network
from ..slotted import dataclass, replace
from ..system import System
from . import dns_linux, place_linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


PSUTIL, NETIFACES = "psutil", "netifaces"
UNTOLD = Hidden("not told by psutil")
UNSURE = Hidden("netifaces can't be trusted here")
TUNNELS = (
    "tun",
    "tap",
    "utun",
    "ppp",
    "wg",
    "ipsec",
    "vti",
    "gre",
    "sit",
    "ipip",
    "xfrm",
    "gpd",
    "tailscale",
    "zt",
    "nordlynx",
    "proton",
    "cscotun",
    "CloudflareWARP",
    "nebula",
    "ovpn",
    "feth",
)
CONTAINERS = (
    "docker",
    "br-",
    "virbr",
    "veth",
    "vboxnet",
    "vmnet",
    "vmenet",
    "cni",
    "flannel",
    "lxc",
    "lxd",
    "podman",
    "bridge",
    "awdl",
    "llw",
    "anpi",
    "ap",
    "gif",
    "stf",
    "dummy",
    "ifb",
    "vxlan",
    "cali",
    "vnet",
)
"""Prefixes of names: here nothing better tells what an interface is."""

PUBLIC = ("12.0.0.1", "192.175.48.1")
"""As in route_linux: an address in each half of IPv4, to which nothing is sent."""


@dataclass(frozen=True, slots=True)
class Card:
    """An interface: whether it is up and running, and its addresses with the length of their prefix."""

    name: str
    up: bool
    pointopoint: bool
    loopback: bool
    addresses: tuple[tuple[str, int], ...]


def read(system: System) -> Network:
    """What can be told without doubt; the rest is Hidden. Never raises for want of a library."""
    suffixes = dns_linux.suffixes(system) if system.platform != "darwin" else UNTOLD
    try:
        cards = _cards()
    except Exception as e:  # psutil raises what its platform does; without it nothing is known
        return _nothing(f"psutil: {type(e).__name__}", suffixes)
    network = judge(system, cards, _gateways(), tuple(system.source(x) for x in PUBLIC), suffixes)
    if system.platform == "linux" and place_linux.container(system):
        return place_linux.veil(network, place_linux.CONTAINER, "container mark")
    if system.platform == "linux" and network.kind == "wifi" and isinstance(network.interface, str):
        return _wifi(system, network, network.interface)
    return network


def _wifi(system: System, network: Network, interface: str) -> Network:
    """The same with what the daemons tell of Wi-Fi over D-Bus: where netlink is denied, that may be allowed."""
    from . import wifi_linux

    wifi, how = wifi_linux.asked(system, interface, wifi_linux.Wifi(network.ssid, network.bssid))
    via = {**network.via, "ssid": how, "bssid": how} if wifi.ssid != network.ssid else network.via
    return replace(network, ssid=wifi.ssid, bssid=wifi.bssid, via=via)


def judge(
    system: System,
    cards: tuple[Card, ...],
    gateways: Mapping[Any, Any] | None,
    sources: tuple[str | None, ...],
    suffixes: tuple[str, ...] | Hidden,
) -> Network:
    """The facts from what the libraries say: `gateways` as netifaces has it (None: not installed), `sources` our addresses
    towards the two halves of IPv4."""
    tunnels = [c for c in cards if c.up and c.addresses and tunnel(system, c)]
    physical = [c for c in cards if c.up and not c.loopback and not tunnel(system, c) and not c.name.startswith(CONTAINERS)]
    addressed = [c for c in physical if c.addresses]
    spoken = {s: c for c in cards for s, _ in c.addresses}
    leaving = {None if s is None else spoken[s].name if s in spoken else "" for s in sources}  # None: no way; "": not ours
    interface: str | Hidden | None
    if tunnels:
        interface = Hidden("a tunnel is up, and psutil can't see below it")
    elif len(leaving) == 1 and None not in leaving:
        (interface,) = leaving
        interface = interface if interface in {c.name for c in addressed} else UNSURE
    elif leaving == {None} and len(addressed) <= 1:
        interface = addressed[0].name if addressed else None
    else:
        interface = UNSURE
    card = next((c for c in cards if c.name == interface), None)
    known = isinstance(interface, str) and card is not None
    return Network(
        online=bool(addressed),
        interface=interface,
        kind=_kind(system, card.name) if known and card else interface,
        ssid=UNTOLD,
        bssid=UNTOLD,
        dns_suffixes=suffixes,
        gateway=gateway(card, gateways, leaving) if known and card else interface,
        gateway_mac=UNTOLD,
        addresses=tuple(f"{a}/{n}" for a, n in card.addresses) if known and card else () if interface is None else UNSURE,
        vpn=Hidden("psutil can't tell what a tunnel carries") if tunnels else (),
        via={
            **dict.fromkeys(("online", "interface", "kind", "ssid", "bssid", "gateway_mac", "addresses", "vpn"), PSUTIL),
            "gateway": NETIFACES,
            "dns_suffixes": dns_linux.VIA,
        },
    )


def tunnel(system: System, card: Card) -> bool:
    """It looks like a tunnel: point to point, named like one, or with tun_flags in /sys."""
    return card.pointopoint or card.name.startswith(TUNNELS) or bool(system.stat(f"/sys/class/net/{card.name}/tun_flags"))


def gateway(card: Card, gateways: Mapping[Any, Any] | None, leaving: set[str | None]) -> str | Hidden | None:
    """netifaces' default gateway of IPv4, believed only where it is its one claim for this interface, the traffic really leaves
    there, and the address lies in a subnet of it."""
    import ipaddress

    if gateways is None:
        return Hidden("netifaces is not installed")
    default = gateways.get("default", {}).get(2)
    claims = [g for g in gateways.get(2, ()) if g[1] == card.name]
    if leaving != {card.name} or default is None or default[1] != card.name or len(claims) != 1:
        return UNSURE
    try:
        address = ipaddress.ip_address(default[0])
        inside = any(address in ipaddress.ip_network(f"{a}/{n}", strict=False) for a, n in card.addresses)
    except ValueError:
        return UNSURE
    return str(address) if inside else UNSURE


def _kind(system: System, name: str) -> str | Hidden:
    from ..formats.rtnetlink import Link
    from . import devices_linux

    if system.platform != "linux" or not system.stat(f"/sys/class/net/{name}"):
        return UNTOLD
    return devices_linux.kind(system, Link(0, name))


def _cards() -> tuple[Card, ...]:
    import psutil  # 19 ms, and no native look pays for it

    stats, found = psutil.net_if_stats(), []
    for name, entries in psutil.net_if_addrs().items():
        told = stats.get(name)
        flags = getattr(told, "flags", "") or ""
        own = [(e.address.partition("%")[0], _length(e.netmask)) for e in entries if e.family.name in ("AF_INET", "AF_INET6")]
        ours = tuple(sorted(((a, n) for a, n in own if not _silent(a)), key=lambda x: (":" in x[0], x)))
        pair = any(e.ptp for e in entries) or "pointopoint" in flags
        found.append(Card(name, bool(told and told.isup), pair, "loopback" in flags or name in ("lo", "lo0"), ours))
    return tuple(found)


def _length(mask: str | None) -> int:
    import ipaddress

    return int(ipaddress.ip_address(mask)).bit_count() if mask else 128


def _silent(address: str) -> bool:
    import ipaddress

    found = ipaddress.ip_address(address)
    return found.is_link_local or found.is_loopback


def _gateways() -> Mapping[Any, Any] | None:
    try:
        import netifaces
    except ImportError:
        return None
    try:
        found: Mapping[Any, Any] = netifaces.gateways()
    except Exception:  # it raises OSError, and ValueError on kernels it does not know
        return {}
    return found


def _nothing(why: str, suffixes: tuple[str, ...] | Hidden) -> Network:
    return replace(place_linux.veil(Network(online=True), why, PSUTIL), dns_suffixes=suffixes)

"""What an interface is: a card, a stand-in for one, a tunnel, or nothing that carries a laptop; and which of them has a network.
Pure rules over what the kernel said; only `parents` asks /sys. Floor 2.

The order of trust: the driver's own word (IFLA_INFO_KIND), the hardware number (ARPHRD), a device behind it on a bus. Names never
decide where one of these does: a laptop's `docker0` may be a Wi-Fi card that its user renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping

from ..formats.rtnetlink import IFF_LOOPBACK, Address, Link
from ..slotted import dataclass, field
from ..system import System

CARD, STANDIN, LAST = 3, 2, 1
"""Grades: a card; what stands for one in a container or a lab (veth) and counts only where there is no card; a bridge of such,
which counts only where the route leads there."""

TUNNELS = frozenset(
    (
        "tun",
        "wireguard",
        "amneziawg",
        "ovpn",
        "ovpn-dco",
        "ppp",
        "ipip",
        "ip6tnl",
        "sit",
        "gre",
        "gretap",
        "ip6gre",
        "ip6gretap",
        "erspan",
        "ip6erspan",
        "vti",
        "vti6",
        "xfrm",
        "l2tp_eth",
        "gtp",
    )
)
TUNNEL_HARDWARE = frozenset((512, 768, 769, 776, 778, 823))
"""ARPHRD_PPP, TUNNEL, TUNNEL6, SIT, IPGRE, IP6GRE (linux/if_arp.h): drivers from before they had a kind."""

NEVER = frozenset(["dummy", "ifb", "nlmon", "vcan", "vxcan", "can", "vxlan", "geneve", "bareudp", "vrf", "netdevsim", "amt"])
"""Overlays between hosts, sinks and test devices; a VRF's routes name its ports."""

STACKED = frozenset(["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"])
GROUPED = frozenset(["bridge", "bond", "team", "hsr", "batadv", "openvswitch"])
CARDS = frozenset(("", "wwan", "rmnet", "dsa", "virt_wifi"))

PHONES = frozenset(("rndis_host", "ipheth"))
"""Drivers of a phone on a USB cable (Android's tethering, an iPhone). cdc_ether and cdc_ncm serve docks as well, so they are
wired; a modem that speaks any of these names itself (DEVTYPE=wwan)."""


@dataclass(frozen=True, slots=True)
class Devices:
    """All interfaces by index, the usable addresses of each, and the ports of bridges and bonds."""

    links: Mapping[int, Link]
    addresses: Mapping[int, tuple[Address, ...]]
    ports: Mapping[int, tuple[Link, ...]]
    virtual: frozenset[int] = frozenset()
    ppp_is_uplink: bool = field(default=False)

    def addressed(self, link: Link) -> bool:
        """It is up and has an address that says something."""
        return link.up and bool(self.addresses.get(link.index))

    def grade(self, link: Link, depth: int = 8) -> int:
        """CARD, STANDIN, LAST, or 0 for what never is the uplink: loopback, tunnels, overlays."""
        if link.flags & IFF_LOOPBACK or depth == 0 or link.kind in NEVER:
            return 0
        if self.tunnel(link):
            return CARD if is_ppp(link) and self.ppp_is_uplink else 0
        if link.kind in STACKED:
            lower = None if link.foreign else self.links.get(link.lower)
            return STANDIN if lower is None else self.grade(lower, depth - 1)
        if link.kind in GROUPED:
            best = max((self.grade(p, depth - 1) for p in self.ports.get(link.index, ())), default=0)
            return CARD if best == CARD else LAST
        return CARD if link.kind in CARDS and link.index not in self.virtual else STANDIN

    def tunnel(self, link: Link) -> bool:
        """It carries packets inside other packets (or to a peer over ppp)."""
        return link.kind in TUNNELS or (not link.kind and link.hardware in TUNNEL_HARDWARE)

    @property
    def tunnels(self) -> tuple[Link, ...]:
        """The tunnels that are up, by name; a persistent tun without a program behind it has no carrier."""
        found = (x for x in self.links.values() if self.tunnel(x) and x.up and not (is_ppp(x) and self.ppp_is_uplink))
        return tuple(sorted(found, key=lambda x: x.name))

    @property
    def floor(self) -> int:
        """The lowest grade that counts: with a card in the machine, plugged or not, stand-ins are a container's business."""
        grades = {self.grade(x) for x in self.links.values()}
        return CARD if CARD in grades else STANDIN if STANDIN in grades else LAST

    def card(self, link: Link, depth: int = 8) -> Link:
        """The device that carries this one: a bond's active port, the first port of a bridge that is up, what a vlan sits on."""
        below: Link | None = None
        if link.kind in STACKED and not link.foreign:
            below = self.links.get(link.lower)
        elif link.kind in GROUPED:
            ports = self.ports.get(link.index, ())
            below = min(ports, key=lambda p: (p.index != link.active, not p.up, -self.grade(p), p.index), default=None)
        return link if below is None or depth == 0 else self.card(below, depth - 1)


def devices(links: Iterable[Link], addresses: Iterable[Address], virtual: frozenset[int] = frozenset()) -> Devices:
    """All interfaces put in order. A ppp link is a tunnel, unless no card has a network: then it is the way out (a modem,
    PPPoE)."""
    by_index = {x.index: x for x in links}
    owned: dict[int, list[Address]] = {}
    for a in addresses:
        if a.usable:
            owned.setdefault(a.index, []).append(a)
    ports: dict[int, list[Link]] = {}
    for x in by_index.values():
        if x.master:
            ports.setdefault(x.master, []).append(x)
    usable = {i: tuple(sorted(a, key=lambda a: (len(a.raw), a.raw, a.length))) for i, a in owned.items()}
    found = Devices(by_index, usable, {i: tuple(p) for i, p in ports.items()}, virtual)
    network = any(found.grade(x) >= STANDIN and found.addressed(x) for x in by_index.values())
    if not network and any(is_ppp(x) for x in by_index.values()):
        return Devices(found.links, found.addresses, found.ports, virtual, ppp_is_uplink=True)
    return found


def is_ppp(link: Link) -> bool:
    """A ppp link: a tunnel (pptp, l2tp), a modem, or PPPoE; the kernel does not tell which."""
    return link.kind == "ppp" or (not link.kind and link.hardware == 512)


def parents(system: System, links: Iterable[Link]) -> frozenset[int]:
    """The interfaces without a device on a bus behind them, though their driver names no kind: VirtualBox's vboxnet0, VMware's
    vmnet8. Where neither the kernel (5.14) nor /sys tells, an interface is taken for a card."""
    found = set()
    for x in links:
        if x.kind or x.parent or x.flags & IFF_LOOPBACK or not sane(x.name):
            continue
        if system.stat(f"/sys/class/net/{x.name}") and not system.stat(f"/sys/class/net/{x.name}/device"):
            found.add(x.index)
    return frozenset(found)


def kind(system: System, link: Link, memory: MutableMapping[str, str] | None = None) -> str:
    """wifi, wired, cellular or other, for a card (sysfs-class-net: cfg80211 and wwan devices name themselves in `uevent`).
    A phone tethered by USB is cellular, as on macOS. With a `memory` it is read once, where it can be: these are five files."""
    name = f"kind {link.index} {link.name}"
    if memory is not None and name in memory:
        return memory[name]
    raw = system.read(f"/sys/class/net/{link.name}/uevent", 4096) if sane(link.name) else None
    lines = raw.decode("utf-8", "replace").splitlines() if isinstance(raw, bytes) else []
    found = _kind(system, link, lines)
    if memory is not None and lines:
        memory[name] = found
    return found


def _kind(system: System, link: Link, lines: list[str]) -> str:
    told_type = next((x.removeprefix("DEVTYPE=") for x in lines if x.startswith("DEVTYPE=")), "")
    if told_type == "wlan" or (lines and any(system.stat(f"/sys/class/net/{link.name}/{x}") for x in ("phy80211", "wireless"))):
        return "wifi"
    if told_type == "wwan" or link.kind in ("wwan", "rmnet") or link.name.startswith(("wwan", "rmnet")) or is_ppp(link):
        return "cellular"
    if told_type == "bluetooth" or link.hardware not in (1, 32):
        return "other"
    driver = system.readlink(f"/sys/class/net/{link.name}/device/driver") if sane(link.name) else None
    return "cellular" if driver and driver.rpartition("/")[2] in PHONES else "wired"


def sane(name: str) -> bool:
    """Fit for a path: interface names come from outside."""
    return bool(name) and "/" not in name and name not in (".", "..") and "\0" not in name

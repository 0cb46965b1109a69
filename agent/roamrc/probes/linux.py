"""The network as the Linux kernel tells it, over netlink; the reader of Linux. Floor 2.

One look, a dozen questions, less than a millisecond of kernel time; routes and rules are only dumped where a tunnel is up or the
kernel's answer is no physical interface.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, MutableMapping

from ..formats import rtnetlink
from ..formats.rtnetlink import INET, INET6, Link, Route, Rule
from ..model import Hidden, Network, Tunnel
from ..model import Link as Lent
from ..slotted import replace
from ..system import System
from . import devices_linux, dns_linux, gateway_linux, place_linux, route_linux, trust_linux, wifi_linux
from .devices_linux import Devices
from .netlink_linux import Netlink
from .route_linux import Ways

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")


ROUTE = "netlink RTM_GETROUTE"
DENIED = (errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EOPNOTSUPP, errno.ENOSYS)
"""Of a sandbox or a foreign kernel, where the portable reader may speak. A dump that never came out whole is not among them."""


def read(
    system: System,
    patience: float = 0.0,
    cached_scan: bool = False,
    ssid_command: str | None = None,
    memory: MutableMapping[str, str] | None = None,
) -> Network:
    """What is true of the network now. OSError where netlink is denied altogether; any lesser failure is a Hidden fact.
    `patience` is for the gateway's MAC, in seconds; `memory` keeps since when each link is the one it is (trust_linux). The means
    for a hidden SSID are another platform's."""
    with Netlink(system) as kernel:
        kernel.strict()
        try:
            links = listed(kernel, rtnetlink.GETLINK, rtnetlink.links_request(), rtnetlink.link)
            addresses = listed(kernel, rtnetlink.GETADDR, rtnetlink.addresses_request(), rtnetlink.address)
        except OSError as e:
            if e.errno in DENIED:
                raise
            suffixes = dns_linux.suffixes(system)
            known = Network(online=True, dns_suffixes=suffixes, via={"dns_suffixes": dns_linux.VIA})
            return place_linux.veil(known, f"netlink: {e.strerror}", "netlink", but=("dns_suffixes",))
        devices = devices_linux.devices(links, addresses, devices_linux.parents(system, links))
        if memory is not None:
            trust_linux.note(memory, links, system.slept(), system.monotonic())
        ways, trouble = asked(kernel, devices)
        link = route_linux.uplink(devices, ways)
        gateway = route_linux.gateway(devices, ways, link) if link else None
        mac = _mac(system, kernel, devices, link, gateway, patience, memory) if link and gateway else None
    vpn = None if trouble else route_linux.tunnels(devices, ways)
    network = told(system, devices, link, gateway, mac, vpn, memory)
    if trouble:  # below a tunnel the uplink can't be told without the routes: a guess could be another network
        return place_linux.veil(network, trouble.why, "netlink", but=("online", "dns_suffixes"))
    return network


def told(
    system: System,
    devices: Devices,
    link: Link | None,
    gateway: bytes | None,
    mac: str | Hidden | None,
    vpn: tuple[Tunnel, ...] | None,
    memory: MutableMapping[str, str] | None = None,
) -> Network:
    """The facts put together, and hidden again where the network is a host's; `vpn` is None where it could not be told."""
    kind: str | Hidden | None = None
    wifi, how = wifi_linux.Wifi(None, None), "sysfs"
    if link:
        card = devices.card(link)
        kind = devices_linux.kind(system, card, memory)
        known = system.stat("/sys/class/net") is not None
        if kind == "wifi" or (not known and kind == "wired" and not card.kind):
            wifi, how = wifi_linux.read(system, card.index), wifi_linux.VIA
            if kind == "wifi":
                if wifi.present is False:
                    wifi = wifi_linux.Wifi(Hidden("no nl80211"), Hidden("no nl80211"))
                wifi, how = wifi_linux.asked(system, card.name, wifi, memory)
            elif kind != "wifi" and wifi.present is not False:
                kind = "wifi" if wifi.present else wifi.ssid
    own = devices.addresses.get(link.index, ()) if link else ()
    suffixes, of_dns = dns_linux.found(system, vpn is None or any(not t.mesh for t in vpn), memory)
    network = Network(
        online=online(devices, link),
        interface=link.name if link else None,
        kind=kind,
        ssid=wifi.ssid,
        bssid=wifi.bssid,
        dns_suffixes=suffixes,
        gateway=rtnetlink.ip(gateway) if gateway else None,
        gateway_mac=mac,
        addresses=tuple(a.text for a in own if not a.flags & rtnetlink.IFA_DEPRECATED),
        vpn=vpn or (),
        via={
            "online": "netlink carrier and address",
            "interface": ROUTE,
            "kind": "sysfs" if kind != "wifi" else how,
            "ssid": how,
            "bssid": how,
            "dns_suffixes": of_dns,
            "gateway": ROUTE,
            "gateway_mac": "netlink RTM_GETNEIGH",
            "addresses": "netlink RTM_GETADDR",
            "vpn": ROUTE,
        },
        link=lent(system, devices, link, mac, memory, wifi) if link else None,
    )
    if (link is None or link.kind in ("veth", "netkit")) and place_linux.container(system):
        inside = any(devices.addressed(x) and not x.flags & rtnetlink.IFF_LOOPBACK for x in devices.links.values())
        return place_linux.veil(replace(network, online=network.online or inside), place_linux.CONTAINER, "container mark")
    maker = place_linux.hypervisor(gateway, mac, devices.card(link), own) if link and isinstance(mac, str) else None
    return place_linux.veil(network, place_linux.NAT, f"{maker}: the gateway's MAC") if maker else network


def online(devices: Devices, link: Link | None) -> bool:
    """A physical interface has carrier and an address that is not link-local. Stand-ins count where there is no card, a bridge of
    them only as the uplink."""
    least = max(devices.floor, devices_linux.STANDIN)
    return any(devices.addressed(x) and (devices.grade(x) >= least or x == link) for x in devices.links.values())


def lent(
    system: System,
    devices: Devices,
    link: Link,
    mac: str | Hidden | None,
    memory: MutableMapping[str, str] | None = None,
    wifi: wifi_linux.Wifi | None = None,
) -> Lent:
    """The link that a login is lent to. A bond or bridge loses its carrier with its card's, which is counted too; a Wi-Fi network
    with a key is the same after each."""
    card = devices.card(link)
    network = wifi.ssid if wifi and wifi.keyed and isinstance(wifi.ssid, str) else ""
    losses = losses_of(system, link) + (losses_of(system, card) if card.index != link.index else 0)
    boot = place_linux.kernel(system, "random/boot_id", memory)
    known = mac if isinstance(mac, str) else "" if mac == gateway_linux.SILENT else None
    return Lent(boot, link.index, 0 if network else losses, round(system.slept(), 1) + 0.0, known, network)


def losses_of(system: System, link: Link) -> int:
    """How often the interface lost its carrier: IFLA_CARRIER_DOWN_COUNT (4.16), or the same from /sys."""
    if link.losses is not None:
        return link.losses
    raw = system.read(f"/sys/class/net/{link.name}/carrier_down_count", 32) if devices_linux.sane(link.name) else None
    return int(raw) if isinstance(raw, bytes) and raw.strip().isdigit() else 0


def listed(kernel: Netlink, kind: int, body: bytes, parse: Callable[[bytes], T | None]) -> list[T]:
    """A whole dump, parsed."""
    return [x for x in map(parse, kernel.dump(kind, body)) if x is not None]


def asked(kernel: Netlink, devices: Devices) -> tuple[Ways, Hidden | None]:
    """Which ways the kernel would take, and, where that is not the whole answer, its routes and rules; Hidden where these can't
    be read."""
    answers = tuple(r for dst in (*route_linux.PUBLIC4, *route_linux.PUBLIC6) if (r := _way(kernel, dst)))
    ways = Ways(answers)
    first = ways.answer(INET)[:1]
    plain = first and (found := route_linux.uplink(devices, ways)) and found.index == first[0].index
    if plain and not devices.tunnels:
        return ways, None
    try:
        routes: list[Route] = []
        rules: list[Rule] = []
        for family in (INET, INET6):
            routes += listed(kernel, rtnetlink.GETROUTE, rtnetlink.routes_request(family), rtnetlink.route)
            rules += _rules(kernel, family)
        if any(r.nexthop and not r.hops for r in routes):
            hops = rtnetlink.nexthops(kernel.dump(rtnetlink.GETNEXTHOP, rtnetlink.nexthops_request()))
            return Ways(answers, route_linux.resolve(routes, hops), tuple(rules)), None
    except OSError as e:
        return ways, Hidden(f"netlink: {e.strerror}")
    return Ways(answers, tuple(routes), tuple(rules)), None


def _way(kernel: Netlink, dst: bytes) -> Route | None:
    try:
        found = rtnetlink.route(kernel.one(rtnetlink.GETROUTE, rtnetlink.route_request(dst)))
    except OSError:  # no route, or one that says unreachable, prohibit, blackhole
        return None
    return found if found and found.type == rtnetlink.UNICAST and found.hops else None


def _rules(kernel: Netlink, family: int) -> list[Rule]:
    try:
        bodies = kernel.dump(rtnetlink.GETRULE, rtnetlink.rules_request(family))
    except OSError as e:
        if e.errno in (errno.EOPNOTSUPP, errno.EAFNOSUPPORT):
            return []  # a kernel without policy routing, or without IPv6
        raise
    uid = os.geteuid()
    return [r for r in (rtnetlink.rule(b, uid) for b in bodies) if r is not None and r.family == family]


def _mac(
    system: System,
    kernel: Netlink,
    devices: Devices,
    link: Link,
    gateway: bytes,
    patience: float,
    memory: MutableMapping[str, str] | None,
) -> str | Hidden | None:
    since = None if memory is None else trust_linux.since(memory, {link.index, devices.card(link).index})
    try:
        return gateway_linux.mac(system, kernel, link, gateway, patience, memory, since)
    except OSError as e:
        return Hidden(f"netlink: {e.strerror}")

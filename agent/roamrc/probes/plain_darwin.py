"""macOS without configd's store: what ifconfig, netstat and arp tell. Floor 2.

Only asked where scutil gives no readable answer. It knows the link, the router and the tunnels; suffixes and the Wi-Fi name stay
Hidden.
"""

from __future__ import annotations

from ipaddress import ip_interface

from ..formats import macos, macos_config
from ..formats.macos import Interface, Route
from ..model import Hidden, Link, Network, Tunnel
from ..slotted import replace
from ..system import System
from .link_darwin import is_local, of_port, physical, tunnel
from .store_darwin import output
from .vpn_darwin import is_private, is_wide


def read(system: System, why: Hidden, link: Link) -> Network | None:
    """The network by its links and routes, `why` for what they don't tell; None where ifconfig does not answer either.

    The interface is that of the first default route on a physical one: the unscoped, else (below a VPN) the scoped. Two active
    interfaces without any default are left undecided.
    """
    text, table = output(system, "ifconfig"), output(system, "netstat", "-rn")
    if isinstance(text, Hidden) or isinstance(table, Hidden) or "lo0" not in (interfaces := macos.ifconfig(text)):
        return None
    routes = macos.netstat(table)
    vpn = tuple(t for t in (_tunnel(i, routes) for i in interfaces.values()) if t)
    usable = {n: i for n, i in interfaces.items() if physical(n) and i.active is not False and _own(i)}
    network = Network(bool(usable), vpn=vpn, via={"vpn": "ifconfig, netstat -rn"}, link=link)
    if not usable:
        return network
    network = replace(network, ssid=why, bssid=why, dns_suffixes=why)
    ways = [r for r in routes if r.to.prefixlen == 0 and r.interface in usable]
    names = [r.interface for r in sorted(ways, key=lambda r: (r.scoped, r.to.version))] or list(usable)
    if not ways and len(names) > 1:
        return replace(network, interface=why, kind=why, gateway=why, gateway_mac=why, addresses=why)
    name = names[0]
    gateways = [macos.address(r.gateway) for r in sorted(ways, key=lambda r: r.to.version) if r.interface == name]
    gateway = next((g for g in gateways if g), None)
    mac = _mac(system, gateway, name) if gateway else None
    ports = output(system, "networksetup", "-listallhardwareports")
    port = {} if isinstance(ports, Hidden) else macos_config.ports(ports)
    if name in port and of_port(port[name]) != "wifi":
        network = replace(network, ssid=None, bssid=None)
    return replace(
        network,
        interface=name,
        kind=of_port(port[name]) if name in port else why,
        gateway=gateway,
        gateway_mac=mac,
        addresses=tuple(sorted(_own(usable[name]), key=lambda a: (":" in a, ip_interface(a).packed))),
        via={**network.via, "interface": "netstat -rn", "gateway": "netstat -rn", "gateway_mac": "arp", "addresses": "ifconfig"},
        link=replace(link, index=int.from_bytes(name.encode()[:7], "big"), mac=mac if isinstance(mac, str) else None),
    )


def _own(interface: Interface) -> list[str]:
    return [a for a in interface.addresses if not is_local(a.partition("/")[0])]


def _tunnel(interface: Interface, routes: tuple[Route, ...]) -> Tunnel | None:
    four = [ip_interface(a).network for a in _own(interface) if ":" not in a]
    if not tunnel(interface.name) or not interface.up or not four:
        return None
    mine = [r for r in routes if r.interface == interface.name]
    default = any(map(is_wide, mine))
    private = any(map(is_private, [*(r.to for r in mine), *four]))
    return Tunnel(interface.name, default, mesh=not default and not private, device=interface.name)


def _mac(system: System, gateway: str, interface: str) -> str | Hidden:
    six = ":" in gateway
    text = output(system, "ndp", "-an") if six else output(system, "arp", "-n", gateway)
    if isinstance(text, Hidden):
        return text
    for row in macos.ndp(text) if six else macos.arp(text):
        if row.address == gateway and row.mac and row.interface in ("", interface):
            return row.mac
    return Hidden("the router has not answered yet")

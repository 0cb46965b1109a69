"""Tunnels that are up on macOS, and what they carry. Floor 2; pure functions of the store, the connections and the routes.

A Mac without any VPN has four utun interfaces, with IPv6 default routes: none of that is a tunnel. An IPv4 address decides, or
that the machine's traffic goes there, or a service that says it is connected. A scoped default route (flag I) is for sockets
bound to the interface and carries nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from ipaddress import ip_interface, ip_network

from ..formats import scutil
from ..formats.macos import Net, Route
from ..formats.macos_config import Connection
from ..formats.scutil import Node
from ..model import Tunnel
from ..slotted import dataclass
from .link_darwin import addresses, tunnel
from .store_darwin import Store, interface_of, services

PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
MESH = tuple(map(ip_network, ("100.64.0.0/10", "fd7a:115c:a1e0::/48")))


@dataclass(frozen=True, slots=True)
class Tunnels:
    """`found`, sorted by name; `devices` are the interfaces that are up, `services` the ids of services that run over them."""

    found: tuple[Tunnel, ...]
    devices: frozenset[str]
    services: frozenset[str]


def up(store: Store, dialled: Collection[str]) -> list[str]:
    """Tunnel interfaces with an IPv4 address, or that are primary; those of a modem or PPPoE are no tunnels."""
    links = {interface_of(store, service) for service in dialled}
    primary = [scutil.text(store.get(f"State:/Network/Global/{f}"), "PrimaryInterface") for f in ("IPv4", "IPv6")]
    names = {key.split("/")[3] for key in store if key.startswith("State:/Network/Interface/") and key.endswith("/IPv4")}
    if names - {"lo0"}:
        own = {n for n in names if any(":" not in a for a in addresses(store, n))}
    else:  # the store tells of services alone
        own = {interface_of(store, s) for s in services(store) if scutil.texts(state(store, s), "Addresses")}
    return sorted({n for n in [*own, *primary] if tunnel(n)} - links, key=lambda n: (len(n), n))


def state(store: Store, service: str) -> dict[str, Node]:
    return store.get(f"State:/Network/Service/{service}/IPv4", {})


def find(
    store: Store, connections: Sequence[Connection], dialled: Collection[str], routes: Callable[[], tuple[Route, ...]]
) -> Tunnels:
    """Every tunnel: interfaces that are up, and connected services.

    A tunnel's name is what its owner called it (`scutil --nc list`, or the service's own name), else the interface: utun numbers
    change from day to day. `routes` (a child) is asked only where an interface is up.
    """
    devices = up(store, dialled)
    table = routes() if devices else ()
    rows = {c.service: c for c in connections if c.tunnel}
    of = {interface_of(store, s): s for s in services(store) if interface_of(store, s) in devices}
    bare = [d for d in devices if d not in of]
    lone = [c for c in rows.values() if c.service not in of.values()]
    if len(bare) == 1 and len(lone) == 1:  # the only tunnel without a service, and the only service without an interface
        of[bare[0]] = lone.pop().service
    found = []
    for device in devices:
        service = of.get(device, "")
        default = is_default(store, device, service, table)
        nets = [r.to for r in table if r.interface == device] + granted(store, service) + own_nets(store, device)
        named = scutil.text(store.get(f"Setup:/Network/Service/{service}"), "UserDefinedName")
        name = (rows[service].name if service in rows else named) or device
        found.append(Tunnel(name, default, mesh=not default and not any(map(is_private, nets)), device=device))
    for row in lone:
        primary = scutil.text(store.get("State:/Network/Global/IPv4"), "PrimaryService") == row.service
        found.append(Tunnel(row.name or row.service, default=primary))
    ids = frozenset([*of.values(), *(c.service for c in lone)])
    return Tunnels(tuple(sorted(found, key=lambda t: (t.name, t.device))), frozenset(devices), ids)


def is_default(store: Store, device: str, service: str, table: Sequence[Route]) -> bool:
    """Whether the machine's traffic goes there: it is primary, says so (OverridePrimary), or has an unscoped route to a quarter
    of
    all addresses or more (0/1 and 128/1 of OpenVPN, four quarters, 2000::/3)."""
    if any(scutil.text(store.get(f"State:/Network/Global/{f}"), "PrimaryInterface") == device for f in ("IPv4", "IPv6")):
        return True
    if scutil.text(state(store, service), "OverridePrimary") in ("1", "TRUE"):
        return True
    return any(r.interface == device and is_wide(r) for r in table)


def is_wide(route: Route) -> bool:
    return not route.scoped and route.to.prefixlen <= (2 if route.to.version == 4 else 3)


def own_nets(store: Store, device: str) -> list[Net]:
    return [ip_interface(a).network for a in addresses(store, device) if ":" not in a]


def granted(store: Store, service: str) -> list[Net]:
    """The networks that a service says it routes (IncludedRoutes, AdditionalRoutes) and its own address."""
    pairs = [(a, "255.255.255.255") for a in scutil.texts(state(store, service), "Addresses")]
    for key in ("IncludedRoutes", "AdditionalRoutes"):
        entries = state(store, service).get(key)
        for entry in entries if isinstance(entries, list) else ():
            pairs.append((scutil.text(entry, "DestinationAddress"), scutil.text(entry, "SubnetMask") or "255.255.255.255"))
    found: list[Net] = []
    for address, mask in pairs:
        try:
            found.append(ip_network(f"{address}/{mask}", strict=False))
        except ValueError:
            continue
    return found


def is_private(net: Net) -> bool:
    """Whether a route leads into somebody's private network, meshes' own addresses apart."""
    inside = any(net.version == m.version and net.subnet_of(m) for m in MESH)  # type: ignore[arg-type]
    return not inside and net.prefixlen > 3 and any(net.version == p.version and net.overlaps(p) for p in PRIVATE)

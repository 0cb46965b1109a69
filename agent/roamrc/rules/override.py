"""The manual override: which profile was named by hand, and whether that still holds. Floor 1, pure."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_interface

from ..model import Network, Override
from ..slotted import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


NAME = "override.json"


def subnets(network: Network) -> tuple[str, ...]:
    """The networks our own addresses lie in, IPv4 before IPv6; IPv6 privacy addresses change, their networks don't."""
    if not isinstance(network.addresses, tuple):
        return ()
    return tuple(sorted({str(ip_interface(a).network) for a in network.addresses}))


def anchored(override: Override, network: Network) -> Override:
    """The override with the place it was given at; what can't be read is left open."""
    mac, gateway = network.gateway_mac, network.gateway
    return replace(
        override,
        mac=mac if isinstance(mac, str) else None,
        gateway=gateway if isinstance(gateway, str) else None,
        subnets=subnets(network),
    )


def ended(override: Override, network: Network, now: float) -> str | None:
    """Why the override has ended, or None. `--for` ends by the clock. `--until-moved` ends when the gateway's MAC, else
    gateway and subnet, can be read and differs from that at `use`: being offline, another access point of the same network and
    a VPN are no move."""
    if override.until is not None and now >= override.until:
        return "its time is over"
    if not override.until_moved or not network.online:
        return None
    mac, gateway = network.gateway_mac, network.gateway
    if override.mac and isinstance(mac, str):
        return None if mac == override.mac else f"moved: the gateway is {mac}, not {override.mac}"
    if override.gateway and isinstance(gateway, str) and isinstance(network.addresses, tuple):
        here = subnets(network)
        if gateway != override.gateway or (override.subnets and here and not set(here) & set(override.subnets)):
            return (
                f"moved: the gateway is {gateway} in {', '.join(here)}, not {override.gateway} in {', '.join(override.subnets)}"
            )
    return None


def to_json(override: Override) -> dict[str, Any]:
    return {
        "profile": override.profile,
        "since": override.since,
        "until": override.until,
        "until_moved": override.until_moved,
        "mac": override.mac,
        "gateway": override.gateway,
        "subnets": list(override.subnets),
    }


def from_json(found: Mapping[str, Any] | None) -> Override | None:
    """The override as stored; None where there is none or it makes no sense."""
    if not found or not isinstance(found.get("profile"), str):
        return None
    until, since, mac, gateway, nets = (found.get(k) for k in ("until", "since", "mac", "gateway", "subnets"))
    return Override(
        str(found["profile"]),
        float(since) if isinstance(since, (int, float)) else 0.0,
        float(until) if isinstance(until, (int, float)) else None,
        found.get("until_moved") is True,
        mac if isinstance(mac, str) else None,
        gateway if isinstance(gateway, str) else None,
        tuple(str(n) for n in nets) if isinstance(nets, list) else (),
    )

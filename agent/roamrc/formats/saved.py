"""A network as JSON: what `facts --json` prints and `explain --facts` reads. Floor 1, pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import RoamError
from ..model import Hidden, Network, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


FACTS = ("interface", "kind", "ssid", "bssid", "dns_suffixes", "gateway", "gateway_mac", "addresses", "vpn")
LISTS = ("dns_suffixes", "addresses", "vpn")


def to_json(network: Network) -> dict[str, Any]:
    """Every fact; a hidden one as {"hidden": why}."""
    return {"online": network.online, **{f: _fact(f, getattr(network, f)) for f in FACTS}, "via": dict(network.via)}


def _fact(name: str, value: Any) -> Any:
    if isinstance(value, Hidden):
        return {"hidden": value.why}
    if name == "addresses":
        return [a.partition("/")[0] for a in value]
    if name == "vpn":
        return [_tunnel(t) for t in value]
    return list(value) if isinstance(value, tuple) else value


def _tunnel(t: Tunnel) -> dict[str, Any]:
    """`name` and `default`; what a tunnel has besides is there only where it has it."""
    more = {"mesh": t.mesh, "device": t.device}
    return {"name": t.name, "default": t.default, **{k: v for k, v in more.items() if v}}


def from_json(found: Any, where: str) -> Network:
    """A saved network; raises RoamError for what is none. A fact that is missing is one that the network does not have."""
    if not isinstance(found, Mapping) or not isinstance(found.get("online", True), bool):
        raise RoamError("no saved network: `online` and the facts are expected", "roamrc facts --json", where)
    version = found.get("version", 1)
    if version != 1:
        raise RoamError(f"a saved network of version {version!r}", "upgrade roamrc", where)
    facts = {f: _value(f, found.get(f), where) for f in FACTS}
    via = found.get("via")
    told = {str(k): str(v) for k, v in via.items()} if isinstance(via, Mapping) else {}
    return Network(found.get("online", True), **facts, via=told)


def _value(name: str, value: Any, where: str) -> Any:
    if isinstance(value, Mapping) and set(value) == {"hidden"}:
        return Hidden(str(value["hidden"]))
    if value is None:
        return () if name in LISTS else None
    if (
        name == "vpn"
        and isinstance(value, list)
        and all(isinstance(t, Mapping) and isinstance(t.get("name"), str) for t in value)
    ):
        return tuple(Tunnel(t["name"], t.get("default") is True, t.get("mesh") is True, _text(t.get("device"))) for t in value)
    if name in LISTS and name != "vpn" and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(_normal(name, v) for v in value)
    if name not in LISTS and isinstance(value, str):
        return _normal(name, value)
    raise RoamError(f"`{name}` is {value!r:.60}, which is no such fact", "roamrc facts --json shows the form", where)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _normal(name: str, text: str) -> str:
    """As the probes give it: suffixes lower case without a trailing dot, MACs lower case."""
    if name == "dns_suffixes":
        return text.lower().strip(".")
    return text.lower() if name in ("gateway_mac", "bssid") else text

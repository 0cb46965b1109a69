"""What `when` and `unless` may say: the table of condition keys, and items of them. Floor 1."""

from __future__ import annotations

from ..formats import values
from ..formats.values import shown
from ..model import Condition, Item
from ..slotted import dataclass
from . import decode
from .decode import AnyOf, Choice, Field, Schema, Text
from .nodes import Faults, Listing, Node, Scalar, Table

WORD: Schema = {"type": ["string", "number", "boolean"]}
"""What an editor may take for a number or a boolean and is text here: `ssid: no`, `ssid: 1234`."""
HOST_PORT = r"^(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):[0-9]{1,5}$"


def pattern(form: str, most: int = 0) -> Schema:
    return {"type": "string", "pattern": form, **({"maxLength": most} if most else {})}


MAC: Schema = pattern("^[0-9A-Fa-f]{1,2}([:-][0-9A-Fa-f]{1,2}){5}$")
ADDRESS: Schema = pattern(r"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$")
NETWORK: Schema = pattern(r"^[0-9A-Fa-f:.]+/[0-9]{1,3}$")
SUFFIX: Schema = {**WORD, "pattern": r"^[^\s*./:@]+(\.[^\s*./:@]+)*\.?$"}
GLOB: Schema = {**WORD, "minLength": 1}
TUNNEL: Schema = {**GLOB, "not": {"enum": ["yes", "no", "on", "off"]}}

CONDITIONS = (
    Field(
        "ssid", AnyOf(Text(values.glob, GLOB)), example="CorpNet*",
        doc="Name of the Wi-Fi, a glob (*, ?, [abc]); case-sensitive. Anyone can use this name.",
    ),
    Field("bssid", AnyOf(Text(values.mac, MAC)), "MAC address of the access point.", example="02:00:5e:10:00:01"),
    Field(
        "dns_suffix", AnyOf(Text(values.suffix, SUFFIX)), example="corp.example",
        doc="A DNS suffix of the network is this domain or lies below it: corp.example matches eu.corp.example, "
        "never notcorp.example.",
    ),
    Field(
        "interface", AnyOf(Text(values.glob, GLOB)), example="eth*",
        doc="Name of the physical interface, a glob. Says nothing about which network this is.",
    ),
    Field(
        "kind", AnyOf(Choice(values.KINDS, values.KIND_NAMES)), example="wired",
        doc="Kind of the physical interface. Says nothing about which network this is.",
    ),
    Field(
        "gateway", AnyOf(Text(values.gateway, ADDRESS)), example="10.20.0.1",
        doc="Address of the default gateway, or a network that it lies in.",
    ),
    Field(
        "gateway_mac", AnyOf(Text(values.mac, MAC)), example="52:54:00:12:34:56",
        doc="MAC address of the default gateway: the surest fact of a home network.",
    ),
    Field(
        "subnet", AnyOf(Text(values.network, NETWORK)), example="10.20.0.0/16",
        doc="One of this machine's own addresses lies in this network.",
    ),
    Field(
        "vpn", AnyOf(Text(values.tunnel, TUNNEL)), example="tun*",
        doc="true: a VPN is up; false: none is; or a glob on a tunnel's name.",
    ),
    Field(
        "resolves", AnyOf(Text(values.resolvable, {**WORD, "pattern": r"^[^\s*/:@]+$"})), example="intranet.corp.example",
        doc="A host name that resolves here, while a random name beside it does not.",
    ),
    Field(
        "reachable", AnyOf(Text(values.host_port, pattern(HOST_PORT))), example="proxy.corp.example:8080",
        doc="host:port that accepts a TCP connection.",
    ),
)  # fmt: skip

CONDITION_NAMES = {
    "wifi": "ssid", "essid": "ssid", "wlan": "ssid", "name": "ssid", "mac": "gateway_mac", "router_mac": "gateway_mac",
    "router": "gateway", "gw": "gateway", "dns": "dns_suffix", "domain": "dns_suffix", "search": "dns_suffix",
    "suffix": "dns_suffix", "dns_suffixes": "dns_suffix", "dns_domain": "dns_suffix", "network": "subnet",
    "address": "subnet", "addresses": "subnet", "ip": "subnet", "cidr": "subnet", "tunnel": "vpn", "host": "resolves",
    "hostname": "resolves", "connects": "reachable", "port": "reachable", "iface": "interface", "device": "interface",
    "type": "kind", "not": "unless", "anywhere": "when: anywhere",
}  # fmt: skip
"""What people write for these keys."""


@dataclass(frozen=True, slots=True)
class OneItem:
    """The keys of one item, all of which must hold."""

    def read(self, node: Node, path: str, faults: Faults) -> Item | None:
        if isinstance(node, Scalar) and node.text == "anywhere":
            faults.add(node, path, "anywhere stands alone", "when: anywhere")
            return None
        before = faults.wrong
        read = decode.keys(node, path, faults, CONDITIONS, CONDITION_NAMES)
        if isinstance(node, Table) and not node.pairs:
            faults.add(
                node, path, "an item without a key would match nothing", "when: anywhere, when: [], or a key such as dns_suffix:"
            )
        if faults.wrong > before or type(node) is Node or any(got.value is None for got in read.values()):
            return None  # an anchor or a tag was told as a fault when the file was parsed
        return tuple(Condition(key, got.value, faults.where(got.key, got.path)) for key, got in read.items())

    def schema(self) -> Schema:
        return decode.table_schema(CONDITIONS, minProperties=1)


@dataclass(frozen=True, slots=True)
class Items:
    """A list of items (any-of), one mapping (one item), [] (none), and for `when` the word anywhere."""

    anywhere: bool

    def read(self, node: Node, path: str, faults: Faults) -> tuple[Item, ...] | None:
        if isinstance(node, Listing):
            return decode.listed(OneItem(), node, path, faults)
        if isinstance(node, Scalar):
            if self.anywhere and node.text == "anywhere":
                return ((Condition("anywhere", (True,), faults.where(node, path)),),)
            self._word(node, path, faults)
            return None
        item = OneItem().read(node, path, faults)
        return None if item is None else (item,)

    def _word(self, node: Scalar, path: str, faults: Faults) -> None:
        if not self.anywhere:
            faults.add(node, path, "must be a list of items or one mapping", "unless: []")
        elif node.null or node.text.lower() in ("never", "none", "nowhere", "no", "false", "off"):
            faults.add(
                node,
                path,
                "nothing stands here" if node.null else f"{shown(node.text)} is no condition",
                "when: [] matches no network, when: anywhere every one",
            )
        elif node.text.lower() in ("always", "any", "all", "everywhere", "*", "true", "yes", "on", "default") or values.near(
            node.text, ("anywhere",)
        ):
            faults.add(node, path, f"{shown(node.text)} is no condition", "did you mean anywhere?")
        else:
            faults.add(node, path, f"{shown(node.text)} is no condition", "for example when: {dns_suffix: corp.example}")

    def schema(self) -> Schema:
        item = {"$ref": "#/definitions/item"}
        return {"anyOf": [*([{"const": "anywhere"}] if self.anywhere else []), item, {"type": "array", "items": item}]}

"""What this network can be known by again: one item of `when`, and how sure it is. Floor 1, pure.

A claim (a DNS suffix, a Wi-Fi's name) is what a network says of itself and anyone can say; a link fact (gateway, subnet, the
gateway's MAC) is what this machine has seen on the wire. An item joins one of each, so that a café that calls itself like the
office is not it. The MAC stands alone only where nobody names the network: at home.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import RoamError
from ..model import Condition, Hidden, Item, Network
from ..slotted import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias


Sure: TypeAlias = "Literal['sure', 'fair', 'weak']"


@dataclass(frozen=True, slots=True)
class Clue:
    """One item of `when` as (key, value) texts, how sure it is, and why in a sentence."""

    keys: tuple[tuple[str, str | bool], ...]
    sure: Sure
    why: str

    def item(self) -> Item:
        """As a profile holds it."""
        return tuple(Condition(k, (v,)) for k, v in self.keys)


class Unknowable(RoamError):
    """Nothing here tells this network from others; exit code 1, since nothing is wrong with anybody's files."""

    code = 1


GENERIC = (
    "home.arpa", "fritz.box", "easy.box", "o2.box", "speedport.ip", "attlocal.net", "mynetworksettings.com", "gateway.2wire.net",
    "mshome.net", "routerlogin.net", "tplinkwifi.net", "tplinklogin.net", "domain.name", "hitronhub.home", "home.gateway",
    "ec2.internal", "compute.internal",
)  # fmt: skip
"""Suffixes that routers and clouds hand out to everybody. So is every single label (lan, local, home, internal): a company's name
has two."""
EVERYWHERE = (".compute.internal", ".google.internal", ".ts.net", ".arpa", ".comcast.net", ".invalid", ".localhost")
"""Endings of suffixes that say nothing of the place: clouds, a mesh that comes along, an access provider."""

SHARED = (
    ("00:00:5e:00:01:", "VRRP"),
    ("00:00:5e:00:02:", "VRRP"),
    ("00:00:0c:07:ac:", "HSRP"),
    ("00:00:0c:9f:f", "HSRP"),
    ("00:05:73:a0:0", "HSRP"),
    ("00:07:b4:0", "GLBP"),
    ("00:1c:42:", "Parallels"),
    ("00:15:5d:", "Hyper-V"),
    ("00:50:56:", "VMware"),
    ("00:0c:29:", "VMware"),
    ("00:05:69:", "VMware"),
    ("00:16:3e:", "Xen"),
    ("08:00:27:", "VirtualBox"),
    ("0a:00:27:", "VirtualBox"),
    ("52:54:00:", "QEMU"),
    ("52:55:", "QEMU"),
    ("02:42:", "Docker"),
)
"""MACs that many gateways have at once: routers in pairs (RFC 5798 and Cisco's) and virtual ones. VRRP 10 is the same MAC
wherever somebody began to count at 10."""

COMMON = (
    "192.168.0.0/23", "192.168.2.0/24", "192.168.8.0/24", "192.168.10.0/24", "192.168.43.0/24", "192.168.49.0/24",
    "192.168.86.0/24", "192.168.100.0/24", "192.168.122.0/24", "192.168.137.0/24", "192.168.178.0/24", "192.168.188.0/24",
    "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.1.1.0/24", "172.17.0.0/16", "172.20.10.0/28", "100.64.0.0/10",
)  # fmt: skip
"""What routers, phones and hypervisors come with: a subnet that half the homes have."""
HOTSPOT = "172.20.10.0/28"
"""An iPhone's own; the MAC of its gateway is another one each day."""


def clue(network: Network) -> Clue:
    """The best item for this network. Raises Unknowable: offline, behind NAT, or nothing tells it from others."""
    if not network.online:
        raise Unknowable("offline: there is no network here to learn", "connect to it, then the same command again")
    veiled = [v.why for v in (network.gateway, network.addresses, network.gateway_mac) if isinstance(v, Hidden)]
    if len(veiled) == 3:
        why = veiled[0]
        inside = why.startswith(("behind", "in "))
        sentence = f"this machine stands {why}: what it sees is the same in every café" if inside else f"all is hidden: {why}"
        raise Unknowable(sentence, "roamrc learn on the host itself; roamrc facts shows what is known")
    found = next((c for rule in RULES for c in rule(network)), None)
    if found is None:
        raise Unknowable(_nothing(network), "roamrc facts shows what is known here; then write the `when:` yourself")
    return found


def generic(suffix: str) -> bool:
    """Whether a DNS suffix says nothing about which network this is."""
    name = suffix.lower().strip(".")
    return "." not in name or name in GENERIC or name.endswith(EVERYWHERE)


def shared(mac: str) -> str | None:
    """What a MAC is that many gateways have ("VRRP"), or None."""
    return next((what for prefix, what in SHARED if mac.lower().startswith(prefix)), None)


def escaped(ssid: str) -> str:
    """A Wi-Fi's name as a glob that matches it alone: `*`, `?` and `[` as sets of one."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in ssid)


# ---- the rules, surest first -------------------------------------------------------------------------------------------------


def _tunnel(n: Network) -> Iterator[Clue]:
    """Under a VPN the suffix may be the tunnel's: it is the VPN that is learnt, from wherever you are."""
    if not _vpn(n):
        return
    for suffix in _suffixes(n):
        yield Clue(
            (("vpn", True), ("dns_suffix", suffix)),
            "fair",
            "a VPN is up, so this is the VPN from wherever you are: its suffix is a claim, its routes are seen",
        )
    why = "a VPN is up and brings no domain of its own: what is learnt now would be neither the VPN nor the network below it"
    raise Unknowable(why, "end the VPN, then the same command again; for the VPN itself write `when: {vpn: NAME}`")


def _domain(n: Network) -> Iterator[Clue]:
    for suffix in _suffixes(n):
        for key, value in _places(n):
            yield Clue(
                (("dns_suffix", suffix), (key, value)),
                "sure",
                f"the suffix is a claim that anyone can make, the {key} ties it to this place",
            )


def _router(n: Network) -> Iterator[Clue]:
    """Only where no domain names the network; a company's gateway is replaced without notice."""
    mac = n.gateway_mac
    if isinstance(mac, str) and not shared(mac) and not _suffixes(n) and not _lies_in(n, (HOTSPOT,)):
        local = int(mac[:2], 16) & 2
        yield Clue(
            (("gateway_mac", mac),),
            "fair" if local else "sure",
            "the gateway's MAC was made up by software: a phone's hotspot may have another one tomorrow"
            if local
            else "no other router has this MAC; who has seen it can copy it",
        )


def _wifi(n: Network) -> Iterator[Clue]:
    """Last of those that name the network: anyone can call his Wi-Fi so."""
    if isinstance(n.ssid, str) and n.ssid and n.ssid.isprintable():
        for key, value in _places(n):
            yield Clue(
                (("ssid", escaped(n.ssid)), (key, value)),
                "weak",
                f"anyone can give a Wi-Fi this name, and the {key} is no secret: no login should hang on it",
            )


def _numbers(n: Network) -> Iterator[Clue]:
    """A cable without a domain: its numbers, where they are not those of half the homes."""
    keys = tuple(_places(n))
    if len(keys) == 2 and not _lies_in(n, COMMON):
        yield Clue(keys, "weak", "only numbers tell this network, and others may count the same way: no login should hang on it")


RULES: tuple[Callable[[Network], Iterator[Clue]], ...] = (_tunnel, _domain, _router, _wifi, _numbers)


# ---- facts -------------------------------------------------------------------------------------------------------------------


def _vpn(n: Network) -> bool:
    return isinstance(n.vpn, tuple) and any(not t.mesh for t in n.vpn)


def _suffixes(n: Network) -> list[str]:
    """Those that a condition can name, and that name somebody."""
    from ..formats import values

    found = []
    for text in n.dns_suffixes if isinstance(n.dns_suffixes, tuple) else ():
        try:
            name = values.suffix(text)
        except values.Wrong:
            continue  # a stranger's DHCP server said it
        if not generic(name):
            found.append(name)
    return found


def _places(n: Network) -> Iterator[tuple[str, str]]:
    """The link facts that tie a claim to a place: the gateway's address, then the subnet."""
    from ipaddress import ip_address, ip_interface

    if isinstance(n.gateway, str):
        gateway = ip_address(n.gateway)
        if not gateway.is_link_local and not gateway.is_unspecified:
            yield "gateway", str(gateway)
    if isinstance(n.addresses, tuple):
        nets = [ip_interface(a).network for a in n.addresses]
        for net in sorted(nets, key=lambda net: net.version):
            if 0 < net.prefixlen < net.max_prefixlen:  # a host's own address is no network
                yield "subnet", str(net)
                return


def _lies_in(n: Network, networks: tuple[str, ...]) -> bool:
    from ipaddress import ip_interface, ip_network

    if not isinstance(n.addresses, tuple):
        return False
    own = [ip_interface(a).ip for a in n.addresses]
    return any(ip in ip_network(net) for ip in own if ip.version == 4 for net in networks)


def _nothing(n: Network) -> str:
    """Why no item would do."""
    told = []
    if isinstance(n.gateway_mac, Hidden):
        told.append(f"the gateway's MAC is hidden ({n.gateway_mac.why})")
    elif isinstance(n.gateway_mac, str) and (what := shared(n.gateway_mac)):
        told.append(f"the gateway's MAC is one that many share ({what})")
    if isinstance(n.dns_suffixes, tuple) and n.dns_suffixes and not _suffixes(n):
        told.append(f"the DNS suffix is one that everybody has ({n.dns_suffixes[0]})")
    if isinstance(n.ssid, Hidden):
        told.append(f"the Wi-Fi's name is hidden ({n.ssid.why})")
    return "nothing tells this network from others: " + (", ".join(told) or "it has no domain, no name and no gateway")

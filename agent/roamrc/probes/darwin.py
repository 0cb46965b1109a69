"""What is true of the network on macOS: one look. Floor 2.

One `scutil` child for configd's store, and few more: `--dns`, `--nc list`, `ipconfig getsummary` for Wi-Fi, `netstat -rn` while a
tunnel is up, `arp` while configd has not verified the router. What they mean is in link_, vpn_, dns_ and wifi_darwin. A store
that
can't be read is no sign of being offline: then plain_darwin asks ifconfig and netstat, and names stay Hidden.
"""

from __future__ import annotations

import time
from collections.abc import MutableMapping

from ..formats import macos, macos_config
from ..model import BEHIND_NAT, Hidden, Link, Network
from ..slotted import dataclass, replace
from ..system import System
from . import dns_darwin, link_darwin, plain_darwin, vpn_darwin, wifi_darwin
from .link_darwin import Uplink
from .store_darwin import Store, output
from .store_darwin import read as read_store

FACTS = ("interface", "kind", "ssid", "bssid", "dns_suffixes", "gateway", "gateway_mac", "addresses", "vpn")
NAT = Hidden(BEHIND_NAT)
PAUSE = 0.2
"""Seconds between two looks for the router's MAC: configd verifies it 0.1 to 2 s after the address."""

Memory = MutableMapping[str, str]


def read(
    system: System,
    patience: float = 0.0,
    cached_scan: bool = False,
    ssid_command: str | None = None,
    memory: Memory | None = None,
) -> Network:
    """What is known of the network; never raises, and what is not told is Hidden.

    `patience`: seconds to wait for the router's MAC. `cached_scan` and `ssid_command` are config.yaml's `ssid.*`. `memory` is the
    caller's: what stays the same from look to look is kept in it (the boot's id, the names a command told), some dozen short
    texts.
    """
    try:
        return _read(system, patience, cached_scan, ssid_command, {} if memory is None else memory)
    except Exception as e:  # one odd answer of one tool must not end the agent: nothing known means nothing changed
        return unknown(f"{type(e).__name__} while reading the network")


def unknown(why: str) -> Network:
    """Online, for all that is known, and every fact Hidden: a profile can neither match nor be ruled out."""
    return Network(online=True, **dict.fromkeys(FACTS, Hidden(why)))  # type: ignore[arg-type]


def _read(system: System, patience: float, cached_scan: bool, ssid_command: str | None, memory: Memory) -> Network:
    store = read_store(system)
    nowhere = link(system, memory, "", 0, None)
    if isinstance(store, Hidden):
        return plain_darwin.read(system, store, nowhere) or unknown(store.why)
    connections = macos_config.connections(told(output(system, "scutil", "--nc", "list")))
    dialled = dials(store, connections)
    uplink = link_darwin.find(store, dialled, lambda: macos_config.nwi(told(output(system, "scutil", "--nwi"))).ranked)
    tunnels = vpn_darwin.find(store, connections, dialled, lambda: macos.netstat(told(output(system, "netstat", "-rn"))))
    via = {"vpn": "scutil, netstat -rn" if tunnels.devices else "scutil"}
    if uplink is None:
        return Network(online=False, vpn=tunnels.found, via=via, link=nowhere)
    router = resolve(system, store, uplink, dialled, patience)
    store, uplink, mac = router.store, router.uplink, router.mac
    resolvers = macos_config.dns(told(output(system, "scutil", "--dns")))
    suffixes = dns_darwin.suffixes(store, uplink.interface, uplink.service, tunnels.devices, tunnels.services, resolvers)
    kind, kind_via = link_darwin.kind(store, uplink.interface, uplink.service, lambda: hardware(system))
    via |= {"interface": uplink.via, "gateway": uplink.via, "gateway_mac": router.via, "kind": kind_via}
    via |= {"addresses": "scutil Interface", "dns_suffixes": "scutil Service, --dns"}
    network = Network(
        online=bool(uplink.addresses or uplink.gateway),
        interface=uplink.interface,
        kind=kind,
        dns_suffixes=suffixes,
        gateway=uplink.gateway,
        gateway_mac=mac,
        addresses=uplink.addresses,
        vpn=tunnels.found,
    )
    connection = 0
    if kind == "wifi":
        airport = store.get(f"State:/Network/Interface/{uplink.interface}/AirPort", {})
        place = f"{uplink.interface} {uplink.gateway} {mac}" if isinstance(mac, str) else None
        wifi = wifi_darwin.read(system, uplink.interface, airport, place, cached_scan, ssid_command, memory)
        network, connection = replace(network, ssid=wifi.ssid, bssid=wifi.bssid), wifi.connection
        via |= {"ssid": wifi.via, "bssid": wifi.via if isinstance(wifi.bssid, str) else ""}
    elif isinstance(kind, Hidden):
        network = replace(network, ssid=kind, bssid=kind)
    at = link(system, memory, uplink.interface, connection, mac if isinstance(mac, str) else None)
    network = replace(network, via={fact: how for fact, how in via.items() if how}, link=at)
    return behind(network) if kernel(system, memory).get("kern.hv_vmm_present") == "1" else network


def told(text: str | Hidden) -> str:
    """A helper's output; one that is missing or hangs only adds nothing to what the store says."""
    return "" if isinstance(text, Hidden) else text


def dials(store: Store, connections: tuple[macos_config.Connection, ...]) -> frozenset[str]:
    """Services whose ppp interface is a modem or PPPoE: an uplink, no tunnel."""
    serial = {c.service for c in connections if c.status == "Connected" and not c.tunnel}
    for key, value in store.items():
        of_setup = key.startswith("Setup:/") and key.endswith("/Interface")
        if of_setup and value.get("SubType") in ("PPPoE", "PPPSerial", "Modem", "WWAN", "Bluetooth"):
            serial.add(key.split("/")[3])
    return frozenset(serial)


def hardware(system: System) -> dict[str, str]:
    return macos_config.ports(told(output(system, "networksetup", "-listallhardwareports")))


@dataclass(frozen=True, slots=True)
class Router:
    """The router's MAC and by which means, with the store and the uplink it was found in."""

    mac: str | Hidden | None
    via: str
    store: Store
    uplink: Uplink


def resolve(system: System, store: Store, uplink: Uplink, dialled: frozenset[str], patience: float) -> Router:
    """The router's MAC: as configd verified it, else from the neighbour table; asked again until `patience` (s) is over.

    Nothing is sent to the router: configd does that itself on each new link, and a datagram of ours would need the Local Network
    permission (macOS 15).
    """
    until = system.monotonic() + patience
    while True:
        if uplink.gateway is None or not link_darwin.physical(uplink.interface):
            return Router(None, "", store, uplink)
        if uplink.mac:
            return Router(uplink.mac, "scutil NetworkSignature", store, uplink)
        six = ":" in uplink.gateway
        text = told(output(system, "ndp", "-an") if six else output(system, "arp", "-n", uplink.gateway))
        for row in macos.ndp(text) if six else macos.arp(text):
            if row.address == uplink.gateway and row.mac and row.interface in ("", uplink.interface):
                return Router(row.mac, "ndp" if six else "arp", store, uplink)
        if system.monotonic() >= until:
            return Router(Hidden("the router has not answered yet"), "", store, uplink)
        time.sleep(min(PAUSE, max(0.0, until - system.monotonic())))
        later = read_store(system)
        if not isinstance(later, Hidden):
            again = link_darwin.find(later, dialled, tuple)
            if again and again.interface == uplink.interface:
                store, uplink = later, again


def link(system: System, memory: Memory, interface: str, connection: int, mac: str | None) -> Link:
    """The connection a login is lent to. `index` stands for the interface's name (if_nametoindex would ask another machine in a
    replay); `losses` for the associations of Wi-Fi where they are told: macOS counts no carrier losses."""
    index = int.from_bytes(interface.encode()[:7], "big")
    return Link(kernel(system, memory).get("kern.bootsessionuuid", ""), index, connection, round(system.slept(), 1), mac)


def kernel(system: System, memory: Memory) -> dict[str, str]:
    """kern.bootsessionuuid, new at each start (kern.boottime moves with the clock), and kern.hv_vmm_present, 1 in a virtual
    machine; asked once for a memory."""
    if "kernel" not in memory:
        text = output(system, "sysctl", "kern.bootsessionuuid", "kern.hv_vmm_present")
        if isinstance(text, Hidden):
            return {}
        memory["kernel"] = text
    return dict(macos.pairs(memory["kernel"]))


def behind(network: Network) -> Network:
    """Inside a virtual machine whose router is the hypervisor's own NAT, all facts are the hypervisor's, and the same everywhere.

    192.168.64.1 is vmnet's shared mode (UTM, Tart, Virtualization.framework), 10.211.55.1 Parallels', 10.0.2.2 that of QEMU and
    VirtualBox, and VMware's has a MAC of 00:50:56 and ends in .2. A bridged machine stands in the real network and is read.
    """
    gateway, mac = str(network.gateway), str(network.gateway_mac)
    known = gateway in ("192.168.64.1", "10.211.55.1", "10.0.2.2") or (mac.startswith("00:50:56:") and gateway.endswith(".2"))
    return replace(network, via={}, **dict.fromkeys(FACTS, NAT)) if known else network  # type: ignore[arg-type]

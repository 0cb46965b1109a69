# ruff: noqa: E501 -- outputs stand as the tools print them
"""Whole looks at a Mac made of files: what each situation means, by which means, and with how many children."""

from __future__ import annotations

import os
import plistlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from macos import Mac, Replay
from macos import situations as at
from roamrc.model import Hidden, Network, Tunnel
from roamrc.probes import darwin, link_darwin, store_darwin, vpn_darwin
from roamrc.system import Ran, System

UNTOLD = Hidden("macOS does not tell the name of the Wi-Fi network")
NO_BSSID = Hidden("macOS does not tell the BSSID")
HOME = {
    "online": True, "interface": "en0", "kind": "wifi", "ssid": "HomeNet", "bssid": NO_BSSID, "dns_suffixes": ("home.example",),
    "gateway": "192.168.1.1", "gateway_mac": "30:5a:3a:00:a1:e0", "addresses": ("192.168.1.23/24",), "vpn": (),
}  # fmt: skip
OFFICE = {
    "online": True, "interface": "en0", "kind": "wifi", "ssid": "CorpNet", "bssid": "00:b8:c2:39:55:0a",
    "dns_suffixes": ("corp.example", "eu.corp.example"), "gateway": "10.20.0.1", "gateway_mac": "00:00:5e:00:01:0a",
    "addresses": ("10.20.3.4/16",), "vpn": (),
}  # fmt: skip


@pytest.fixture
def mac(tmp_path: Path) -> Mac:
    return Mac(tmp_path / "mac")


def look(mac: Mac, answers: dict[str, Any], **options: Any) -> Network:
    mac.put(answers)
    return darwin.read(mac.system(Replay), **options)


def facts(network: Network) -> dict[str, Any]:
    return {name: getattr(network, name) for name in ("online", *darwin.FACTS)}


SITUATIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("home", at.HOME, HOME),
    ("office", at.OFFICE, OFFICE),
    ("the name is hidden", at.HIDDEN_SSID, {**OFFICE, "ssid": UNTOLD, "bssid": NO_BSSID}),
    (
        "full VPN: the facts stay those of the physical network",
        at.FULL_VPN,
        {**HOME, "dns_suffixes": ("home.example", "corp.example"), "vpn": (Tunnel("Office VPN", True, device="utun4"),)},
    ),
    (
        "split VPN: what is routed only, and what a dead VPN left behind, is no suffix",
        at.SPLIT_VPN,
        {**HOME, "dns_suffixes": ("home.example", "corp.example"), "vpn": (Tunnel("Office VPN", False, device="utun4"),)},
    ),
    (
        "a mesh matches by name only",
        at.TAILNET,
        {**HOME, "dns_suffixes": ("home.example", "tail1234.example.net"), "vpn": (Tunnel("Mesh", False, mesh=True, device="utun5"),)},
    ),
    (
        "phone hotspot",
        at.HOTSPOT,
        {**HOME, "ssid": "Phone", "dns_suffixes": (), "gateway": "172.20.10.1", "gateway_mac": "9a:00:00:00:00:64",
         "addresses": ("172.20.10.4/28",)},
    ),
    (
        "offline",
        at.OFFLINE,
        {**dict.fromkeys(HOME), "online": False, "dns_suffixes": (), "addresses": (), "vpn": ()},
    ),
    (
        "IPv6 only: the made-up IPv4 of 464XLAT is no fact",
        at.IPV6_ONLY,
        {**HOME, "dns_suffixes": ("six.example",), "gateway": "fe80::1", "gateway_mac": "0c:83:cc:fb:a1:07",
         "addresses": ("2001:db8:1::5/64", "2001:db8:1::7/64")},
    ),
    (
        "docked with Wi-Fi on",
        at.DOCKED,
        {**HOME, "interface": "en7", "kind": "wired", "ssid": None, "bssid": None, "dns_suffixes": ("corp.example",),
         "gateway": "10.20.0.1", "gateway_mac": "02:00:00:00:20:01", "addresses": ("10.20.3.5/16",)},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "wanted"), [s[1:] for s in SITUATIONS], ids=[s[0] for s in SITUATIONS])
def test_a_situation_gives_its_facts_each_with_its_means(mac: Mac, answers: dict[str, Any], wanted: dict[str, Any]) -> None:
    network = look(mac, answers)
    assert facts(network) == wanted
    known = {f for f in darwin.FACTS if getattr(network, f) not in (None, ()) and not isinstance(getattr(network, f), Hidden)}
    assert known <= set(network.via)
    assert network.link is not None
    assert network.link.boot == "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize("answers", [at.SPLIT_VPN, at.DOCKED])
def test_real_children_tell_the_same(mac: Mac, answers: dict[str, Any]) -> None:
    assert look(mac, answers) == darwin.read(mac.system())


@pytest.mark.parametrize("answers", [s[1] for s in SITUATIONS], ids=[s[0] for s in SITUATIONS])
def test_show_and_list_give_the_same_as_one_pattern(mac: Mac, answers: dict[str, Any]) -> None:
    with_pattern = look(mac, answers)
    without = look(mac, {**answers, "no-pattern": ""})
    assert without == with_pattern


def test_one_scutil_child_for_the_store_and_arp_only_where_the_signature_is_missing(mac: Mac) -> None:
    memory: dict[str, str] = {}
    mac.put(at.HOME)
    darwin.read(mac.system(Replay), memory=memory)
    assert sorted(mac.calls()) == [
        "ipconfig getsummary en0", "scutil", "scutil --dns", "scutil --nc list", "sysctl kern.bootsessionuuid kern.hv_vmm_present",
    ]  # fmt: skip
    darwin.read(mac.system(Replay), memory=memory)
    assert "sysctl kern.bootsessionuuid kern.hv_vmm_present" not in mac.calls()
    store = {k: v for k, v in at.HOME["store"].items() if not k.endswith(f"{at.WIFI}/IPv4")}
    store |= at.four("en0", at.WIFI, "192.168.1.23", "192.168.1.1")
    network = look(mac, {**at.HOME, "store": store, "arp": "? (192.168.1.1) at 30:5a:3a:0:a1:e0 on en0 ifscope [ethernet]\n"})
    assert network.gateway_mac == "30:5a:3a:00:a1:e0"
    assert network.via["gateway_mac"] == "arp"
    assert "arp -n 192.168.1.1" in mac.calls()


@pytest.mark.parametrize(
    "arp",
    [
        "? (192.168.1.1) at (incomplete) on en0 ifscope [ethernet]\n",
        "192.168.1.1 (192.168.1.1) -- no entry\n",
        "? (192.168.1.1) at 2:0:0:0:0:9 on en7 ifscope [ethernet]\n",  # another interface's router of the same address
        "? (192.168.1.2) at 2:0:0:0:0:9 on en0 ifscope [ethernet]\n",
        "",
    ],
)
def test_a_router_that_has_not_answered_is_hidden(mac: Mac, arp: str) -> None:
    store = dict(at.HOME["store"]) | at.four("en0", at.WIFI, "192.168.1.23", "192.168.1.1")
    network = look(mac, {**at.HOME, "store": store, "arp": arp})
    assert network.gateway_mac == Hidden("the router has not answered yet")
    assert network.link is not None
    assert network.link.mac is None


def test_patience_waits_for_what_configd_finds_out(mac: Mac) -> None:
    """The router answers while the look waits: here after the second question for it."""
    store = dict(at.HOME["store"]) | at.four("en0", at.WIFI, "192.168.1.23", "192.168.1.1")
    mac.put({**at.HOME, "store": store})

    class Late(Replay):
        def run(self, argv: Sequence[str], stdin: bytes = b"", timeout: float = 5.0) -> Ran | Hidden:
            if argv[0].endswith("/arp"):
                mac.put(at.HOME)
            return Replay.run(self, argv, stdin, timeout)

    late = mac.system(Late)
    assert darwin.read(late, patience=5.0).gateway_mac == "30:5a:3a:00:a1:e0"


@pytest.mark.parametrize(
    ("signature", "wanted"),
    [
        ({"NetworkSignature": "IPv4.Router=192.168.1.1;IPv4.RouterHardwareAddress=2:0:0:0:0:1"}, "02:00:00:00:00:01"),
        ({"NetworkSignature": "IPv4.Router=192.168.1.9;IPv4.RouterHardwareAddress=2:0:0:0:0:1"}, None),
        ({"ARPResolvedHardwareAddress": "2:0:0:0:0:1", "ARPResolvedIPAddress": "192.168.1.9"}, None),
        ({"NetworkSignature": "VPN.RemoteAddress=vpn.example"}, None),
        ({"NetworkSignature": "IPv4.Router=192.168.1.1;IPv4.RouterHardwareAddress=ff:ff:ff:ff:ff:ff"}, None),
    ],
)
def test_a_routers_mac_is_believed_only_of_this_router(signature: dict[str, str], wanted: str | None) -> None:
    store = {"State:/Network/Service/A/IPv4": {"Router": "192.168.1.1", "InterfaceName": "en0", **signature}}
    assert link_darwin.mac(store, "A", "IPv4", "192.168.1.1") == wanted


def found(store: dict[str, Any], ranked: tuple[str, ...] = ()) -> link_darwin.Uplink | None:
    return link_darwin.find(store, (), lambda: ranked)


def test_below_a_vpn_the_users_order_decides_then_the_rank_of_the_system() -> None:
    both = (
        at.link("en0") | at.link("en7") | at.four("en0", "B", "10.0.0.2", "10.0.0.1") | at.four("en7", "A", "10.1.0.2", "10.1.0.1")
        | at.primary("utun4", "V", "10.9.0.1")
    )  # fmt: skip
    for order, wanted in ((["A", "B"], "en7"), (["B", "A"], "en0"), (["C", "A"], "en7")):
        uplink = found(both | at.setup(*order))
        assert uplink is not None
        assert (uplink.interface, uplink.via) == (wanted, "scutil ServiceOrder")
    uplink = found(both, ("utun4", "en7", "en0"))
    assert uplink is not None
    assert uplink.interface == "en7"


def test_what_is_no_network_of_its_own_is_never_the_uplink() -> None:
    for name in ("bridge100", "awdl0", "llw0", "vmnet8", "utun3", "anpi0", "ap1", "p2p0", "lo0", "ppp0", ""):
        assert not link_darwin.physical(name), name
    for name in ("en0", "en12", "bridge0", "bond0", "vlan3"):
        assert link_darwin.physical(name), name
    virtual = at.LO0 | at.four("bridge100", "X", "192.168.64.1") | at.four("vmnet8", "Y", "192.168.71.1")
    assert found(virtual) is None


def test_without_a_route_an_address_is_enough_but_not_a_link_local_one_nor_a_dead_link() -> None:
    lone = at.LO0 | at.link("en7") | at.four("en7", "A", "10.1.0.2")
    uplink = found(lone)
    assert uplink is not None
    assert (uplink.interface, uplink.gateway, uplink.addresses) == ("en7", None, ("10.1.0.2/24",))
    assert found(at.LO0 | at.link("en7") | at.four("en7", "A", "169.254.3.4", mask="255.255.0.0")) is None
    assert found(lone | at.link("en7", active=False)) is None
    assert (
        found(at.link("en7", active=False) | at.four("en7", "A", "10.1.0.2", "10.1.0.1") | at.primary("en7", "A", "10.1.0.1"))
        is None
    )


@pytest.mark.parametrize(
    ("port", "kind"),
    [
        ("Wi-Fi", "wifi"), ("AirPort", "wifi"), ("Ethernet", "wired"), ("USB 10/100/1000 LAN", "wired"), ("AX88179A", "wired"),
        ("Thunderbolt Bridge", "wired"), ("iPhone USB", "cellular"), ("Bluetooth PAN", "other"),
    ],
)  # fmt: skip
def test_the_kind_of_a_hardware_port(port: str, kind: str) -> None:
    assert link_darwin.kind({}, "en3", "A", lambda: {"en3": port})[0] == kind
    setup = {"Setup:/Network/Service/A/Interface": {"DeviceName": "en3", "Hardware": "Ethernet", "UserDefinedName": port}}
    assert link_darwin.kind(setup, "en3", "A", dict)[0] == kind


def test_an_unlisted_port_leaves_kind_and_name_hidden(mac: Mac) -> None:
    network = look(mac, {**at.DOCKED, "ports": ""})
    assert isinstance(network.kind, Hidden)
    assert isinstance(network.ssid, Hidden)
    assert network.interface == "en7"


def tunnels(store: dict[str, Any], rows: tuple[Any, ...] = (), routes: tuple[Any, ...] = ()) -> tuple[Tunnel, ...]:
    return vpn_darwin.find(store, rows, (), lambda: routes).found


def test_four_utuns_with_ipv6_are_no_vpn_and_ask_for_no_routes(mac: Mac) -> None:
    assert look(mac, at.HOME).vpn == ()
    assert not any(call.startswith("netstat") for call in mac.calls())


def test_a_vpn_without_any_address_counts_where_it_says_it_is_connected() -> None:
    from roamrc.formats.macos_config import connections

    rows = connections(at.NC + at.VPN_ROW)
    assert tunnels(at.HOME["store"], rows) == (Tunnel("Office VPN", False),)
    # it keeps en0, but the machine's traffic is its: IKEv2 without an interface of its own
    primary = at.HOME["store"] | at.primary("en0", at.VPN, "10.0.0.1")
    assert tunnels(primary, rows) == (Tunnel("Office VPN", True),)
    modem = connections(at.NC + f'* (Connected)   {at.VPN} PPP --> Gadget "Gadget: hw_v1  [PPP:Modem]\n')
    assert tunnels(at.HOME["store"], modem) == ()


@pytest.mark.parametrize(
    ("routes", "default", "mesh"),
    [
        ("default link#18 UCSg utun3", True, False),
        ("0/1 10.8.0.1 UGSc utun3\n128.0/1 10.8.0.1 UGSc utun3", True, False),
        ("0/2 utun3 UScg utun3\n64/2 utun3 USc utun3\n128.0/2 utun3 USc utun3\n192.0.0/2 utun3 USc utun3", True, False),
        ("default link#25 UCSIg utun3", False, True),  # scoped: for sockets bound to it
        ("10.9/24 198.51.100.9 UGSc utun3", False, False),
        ("100.64/10 link#3 UCS utun3", False, True),
        ("10.9.0.7 10.9.0.1 UHW3Ig utun3", False, True),  # a cloned row of a moment ago
        ("10.9/24 10.9.0.1 UGScR utun3", False, True),  # rejected
        ("224.0.0/4 link#3 UmCS utun3", False, True),
        ("", False, True),
    ],
)
def test_what_a_tunnel_carries(routes: str, default: bool, mesh: bool) -> None:
    from roamrc.formats import macos

    table = macos.netstat("Internet:\nDestination Gateway Flags Netif Expire\n" + routes)
    store = at.HOME["store"] | at.four("utun3", "V", "198.51.100.9", mask="255.255.255.255")
    assert tunnels(store, (), table) == (Tunnel("utun3", default, mesh, "utun3"),)


def test_ppp_of_a_modem_is_the_uplink_and_no_tunnel(mac: Mac) -> None:
    store = (
        at.LO0 | at.setup("M") | at.primary("ppp0", "M", "10.64.64.64") | at.four("ppp0", "M", "10.64.1.2", "10.64.64.64", mask="255.255.255.255")
        | {"Setup:/Network/Service/M/Interface": {"DeviceName": "usbmodem1", "Hardware": "Modem", "SubType": "PPPSerial", "Type": "PPP"}}
    )  # fmt: skip
    network = look(mac, {"store": store, "nc": at.NC})
    assert (network.interface, network.kind, network.ssid, network.vpn) == ("ppp0", "cellular", None, ())
    assert network.gateway_mac is None


NAMES: list[tuple[str, dict[str, Any], str, str | Hidden, str]] = [
    ("15", {"SSID_STR": "Store"}, at.summary("Summary"), "Store", "scutil AirPort SSID_STR"),
    ("15", {"SSID_STR": "<redacted>"}, at.summary("Summary"), "Summary", "ipconfig getsummary"),
    ("15", {}, at.summary("<SSID Redacted>"), UNTOLD, ""),
    ("15", {}, at.summary(""), UNTOLD, ""),
    ("15", {}, at.summary(None), UNTOLD, ""),  # type: ignore[arg-type]
    ("15", {}, "", UNTOLD, ""),
    ("26.5", {}, at.summary("<redacted>", packet="sname =\nSSID : Evil\n  SSID : Evil\nend (none):\n"), UNTOLD, ""),
    ("26.5", {}, at.summary("<redacted>", packet="x\n        }\n      }\n    }\n  }\n  SSID : Evil\n"), UNTOLD, ""),
    ("14.3", {}, "", "Old", "networksetup -getairportnetwork"),
]


@pytest.mark.parametrize(("version", "airport", "summary", "ssid", "via"), NAMES)
def test_where_a_name_comes_from(
    mac: Mac, version: str, airport: dict[str, Any], summary: str, ssid: str | Hidden, via: str
) -> None:
    store = at.HOME["store"] | at.link("en0", wifi=airport)
    network = look(
        mac, {**at.HOME, "store": store, "summary": summary, "macos": version, "airportnetwork": "Current Wi-Fi Network: Old\n"}
    )
    assert network.ssid == ssid
    assert network.via.get("ssid", "") == via
    assert network.gateway_mac == "30:5a:3a:00:a1:e0"


def test_not_associated_is_never_a_name(mac: Mac) -> None:
    network = look(
        mac, {**at.HOME, "summary": "", "macos": "14.0", "airportnetwork": "You are not associated with an AirPort network.\n"}
    )
    assert network.ssid == UNTOLD


def scan(age: int | None, ssid: str = "Cached") -> dict[str, Any]:
    record: dict[str, Any] = {"SSID_STR": ssid, "BSSID": "0:1:2:3:4:5"} | ({} if age is None else {"AGE": age})
    objects: list[Any] = ["$null", {"$class": plistlib.UID(2), "NS.keys": [], "NS.objects": []}, {"$classname": "NSDictionary"}]
    for key, value in record.items():
        objects += [key, value]
        objects[1]["NS.keys"].append(plistlib.UID(len(objects) - 2))
        objects[1]["NS.objects"].append(plistlib.UID(len(objects) - 1))
    archive = {"$archiver": "NSKeyedArchiver", "$version": 100000, "$top": {"root": plistlib.UID(1)}, "$objects": objects}
    return {"CachedScanRecord": {"data": plistlib.dumps(archive, fmt=plistlib.FMT_BINARY).hex()}}


@pytest.mark.parametrize(
    ("record", "asked", "ssid"),
    [
        (scan(1200), True, "Cached"),
        (scan(1200), False, UNTOLD),  # undocumented, and beside the Location permission: only where the user asks for it
        (scan(30_001), True, UNTOLD),
        (scan(None), True, UNTOLD),
        (scan(-5), True, UNTOLD),
        (scan(10, "<redacted>"), True, UNTOLD),
        ({"CachedScanRecord": {"data": "62706c69737430"}}, True, UNTOLD),
        ({"CachedScanRecord": "text"}, True, UNTOLD),
    ],
)
def test_the_cached_scan_is_opt_in_and_must_be_fresh(mac: Mac, record: dict[str, Any], asked: bool, ssid: str | Hidden) -> None:
    store = at.HOME["store"] | at.link("en0", wifi=record)
    network = look(mac, {**at.HOME, "store": store, "summary": at.summary("<redacted>")}, cached_scan=asked)
    assert network.ssid == ssid
    assert network.bssid == ("00:01:02:03:04:05" if ssid == "Cached" else NO_BSSID)


def test_a_users_command_tells_the_name_once_a_network(mac: Mac, tmp_path: Path) -> None:
    count = tmp_path / "count"
    command = tmp_path / "name of the network"
    command.write_text(f"#!/bin/sh\necho x >> {count}\necho 'Told Net'\n")
    command.chmod(0o755)
    memory: dict[str, str] = {}
    hidden = {**at.HOME, "summary": at.summary("<redacted>")}
    for _ in range(3):
        network = look(mac, hidden, ssid_command=f"'{command}' --quietly", memory=memory)
        assert (network.ssid, network.via["ssid"]) == ("Told Net", "ssid.command")
    assert count.read_text() == "x\n"
    look(mac, {**hidden, "summary": at.summary("<redacted>", ConnectionID=201)}, ssid_command=f"'{command}'", memory=memory)
    assert count.read_text() == "x\nx\n"
    for bad in ("'", "", "/nowhere/at/all", "false"):
        assert look(mac, hidden, ssid_command=bad).ssid == UNTOLD


def test_a_link_changes_with_router_association_and_sleep_and_with_nothing_else(mac: Mac) -> None:
    mac.sleep(0)
    first = look(mac, at.HOME).link
    assert first is not None
    again = look(mac, at.HOME).link
    assert again is not None
    assert again.same(first)
    mac.sleep(7.5)
    slept = look(mac, at.HOME).link
    assert slept is not None
    assert not slept.same(first)
    mac.sleep(0)
    other = look(mac, {**at.HOME, "summary": at.summary("HomeNet", ConnectionID=201)}).link
    assert other is not None
    assert not other.same(first)
    office = look(mac, at.OFFICE).link
    assert office is not None
    assert not office.same(first)
    docked = look(mac, at.DOCKED).link
    assert docked is not None
    assert not docked.same(first)


def test_behind_a_hypervisors_nat_everything_is_hidden_and_in_a_bridged_machine_nothing(mac: Mac) -> None:
    inside = {"sysctl": "kern.bootsessionuuid: X\nkern.hv_vmm_present: 1\n"}
    nat = (
        at.LO0
        | at.link("en0")
        | at.primary("en0", at.DOCK, "192.168.64.1")
        | at.four("en0", at.DOCK, "192.168.64.7", "192.168.64.1")
    )
    network = look(mac, {**at.HOME, **inside, "store": nat})
    assert {getattr(network, f) for f in darwin.FACTS} == {Hidden("behind NAT")}
    assert network.online
    assert look(mac, {**at.HOME, **inside}).gateway == "192.168.1.1"
    assert look(mac, {**at.HOME, "store": nat}).gateway == "192.168.64.1"


IFCONFIG = """\
lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether 02:00:00:00:00:00
\tinet6 fe80::1%en0 prefixlen 64 secured scopeid 0xa
\tinet 192.168.1.23 netmask 0xffffff00 broadcast 192.168.1.255
\tstatus: active
utun4: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
\tinet 10.99.0.2 --> 10.99.0.2 netmask 0xffffffff
"""


def test_without_configd_links_and_routes_are_told_by_other_tools_and_names_are_hidden(mac: Mac) -> None:
    answers = {
        "no-configd": "", "ifconfig": IFCONFIG, "netstat": at.FULL_VPN["netstat"], "ports": at.PORTS,
        "arp": "? (192.168.1.1) at 30:5a:3a:0:a1:e0 on en0 ifscope [ethernet]\n",
    }  # fmt: skip
    network = look(mac, answers)
    why = Hidden("scutil: no answer that can be read")
    untold = dict.fromkeys(("ssid", "bssid", "dns_suffixes"), why)
    assert facts(network) == {**HOME, **untold, "vpn": (Tunnel("utun4", True, device="utun4"),)}
    offline = look(mac, {**answers, "ifconfig": IFCONFIG.replace("status: active", "status: inactive")})
    assert not offline.online
    two = IFCONFIG + IFCONFIG[IFCONFIG.index("en0:") : IFCONFIG.index("utun4:")].replace("en0", "en5")
    undecided = look(mac, {**answers, "ifconfig": two, "netstat": "Internet:\n"})
    assert undecided.interface == why
    assert undecided.online


def test_a_mac_that_answers_nothing_hides_everything_and_is_not_offline(mac: Mac) -> None:
    network = look(mac, {"no-configd": ""})
    assert network.online
    assert all(isinstance(getattr(network, f), Hidden) for f in darwin.FACTS)
    nothing = darwin.read(System(env={}, platform="darwin", root=str(mac.root / "nowhere")))
    assert nothing.online
    assert isinstance(nothing.interface, Hidden)


def test_an_empty_store_is_offline_and_an_answer_that_does_not_fit_is_hidden(mac: Mac) -> None:
    assert look(mac, {"store": {}, "nc": at.NC}).online is False
    odd = {**at.HOME, "no-pattern": "", "store": at.HOME["store"] | {"Setup:/Network/Global/IPv4": "a text, no dictionary"}}
    mac.put(odd)
    assert store_darwin.read(mac.system(Replay)) == Hidden("scutil: its answers do not fit the questions")


def test_helpers_that_fail_only_leave_out_what_they_would_add(mac: Mac) -> None:
    network = look(mac, {"store": at.FULL_VPN["store"]})
    assert facts(network) == {
        **HOME, "ssid": UNTOLD, "dns_suffixes": ("home.example", "corp.example"), "vpn": (Tunnel("utun4", True, device="utun4"),),
    }  # fmt: skip


def test_dhcp_options_serve_where_configd_made_no_suffix_of_them(mac: Mac) -> None:
    listed = b"\x04corp\x07example\x00\x02eu\xc0\x00"
    lease = {"Option_15": {"data": b"Lease.Example\0".hex()}, "Option_119": {"data": listed.hex()}}
    store = at.HOTSPOT["store"] | {f"State:/Network/Service/{at.WIFI}/DHCP": lease}
    assert look(mac, {**at.HOTSPOT, "store": store}).dns_suffixes == ("lease.example", "corp.example", "eu.corp.example")


def test_a_suffix_typed_into_the_settings_is_in_force_too(mac: Mac) -> None:
    store = at.HOME["store"] | {f"Setup:/Network/Service/{at.WIFI}/DNS": {"SearchDomains": ["typed.example"]}}
    assert look(mac, {**at.HOME, "store": store}).dns_suffixes == ("home.example", "typed.example")


def test_what_only_the_merged_list_holds_is_nobodys(mac: Mac) -> None:
    """After a sleep the first resolver still names the office's suffix, by the interface of the Wi-Fi at home."""
    merged = at.HOME["dns"].replace(
        "  search domain[0] : home.example\n", "  search domain[0] : home.example\n  search domain[1] : corp.example\n", 1
    )
    assert look(mac, {**at.HOME, "dns": merged}).dns_suffixes == ("home.example",)


@pytest.mark.parametrize(
    ("block", "wanted"),
    [
        (
            "  domain   : old.example\n  if_index : 14 (en0)\n  flags    : Scoped\n",
            ("home.example", "old.example"),
        ),  # 10.6: no search list
        ("  domain   : routed.example\n  if_index : 14 (en0)\n  flags    : Supplemental\n", ("home.example",)),
        ("  search domain[0] : in.example\n  if_index : 14 (en0)\n  flags    : Supplemental\n", ("home.example", "in.example")),
        ("  search domain[0] : gone.example\n  if_index : 22 (utun4)\n  flags    : Scoped\n", ("home.example",)),
    ],
)
def test_a_resolver_bound_to_an_interface(mac: Mac, block: str, wanted: tuple[str, ...]) -> None:
    assert look(mac, {**at.HOME, "dns": at.HOME["dns"] + "\nresolver #2\n" + block}).dns_suffixes == wanted


def test_a_connected_service_without_interface_and_a_tunnel_without_service_are_one() -> None:
    from roamrc.formats.macos_config import connections

    address = {"State:/Network/Interface/utun4/IPv4": {"Addresses": ["10.9.0.15"], "SubnetMasks": ["255.255.255.255"]}}
    rows = connections(at.NC + at.VPN_ROW)
    assert tunnels(at.HOME["store"] | address, rows) == (Tunnel("Office VPN", False, device="utun4"),)
    second = {"State:/Network/Interface/utun5/IPv4": {"Addresses": ["10.8.0.15"], "SubnetMasks": ["255.255.255.255"]}}
    assert [t.name for t in tunnels(at.HOME["store"] | address | second, rows)] == ["Office VPN", "utun4", "utun5"]


def test_a_service_that_overrides_the_primary_one_is_default() -> None:
    store = at.HOME["store"] | at.four("ppp0", "V", "10.163.0.9", mask="255.255.255.255")
    assert tunnels(store) == (Tunnel("ppp0", False, device="ppp0"),)
    store["State:/Network/Service/V/IPv4"]["OverridePrimary"] = "1"
    assert tunnels(store) == (Tunnel("ppp0", True, device="ppp0"),)


def test_the_name_its_owner_gave_a_vpn_that_is_not_listed() -> None:
    store = at.HOME["store"] | at.four("utun4", "V", "10.9.0.15") | {"Setup:/Network/Service/V": {"UserDefinedName": "Work"}}
    assert tunnels(store)[0].name == "Work"


def test_the_primary_interface_carries_the_traffic_whatever_the_order() -> None:
    both = at.four("en0", "B", "10.0.0.2", "10.0.0.1") | at.four("en7", "A", "10.1.0.2", "10.1.0.1")
    uplink = found(both | at.setup("A", "B") | at.primary("en0", "B", "10.0.0.1"))
    assert uplink is not None
    assert (uplink.interface, uplink.via) == ("en0", "scutil Global/IPv4")


def test_a_router_said_to_be_made_up_is_none() -> None:
    store = at.link("en0") | at.four("en0", "B", "10.0.0.2", "10.0.0.1")
    store["State:/Network/Service/B/IPv4"]["CLAT46"] = "TRUE"
    uplink = found(store)
    assert uplink is not None
    assert uplink.gateway is None


def test_a_primary_interface_of_no_known_service() -> None:
    store = at.primary("en0", "B", "10.0.0.1") | at.link("en0")
    uplink = found(store)
    assert uplink is not None
    assert (uplink.interface, uplink.gateway, uplink.mac, uplink.addresses) == ("en0", "10.0.0.1", None, ())
    assert found(at.primary("utun4", "B", "10.0.0.1")) is None


def test_a_command_that_fails_tells_no_name(mac: Mac) -> None:
    hidden = {**at.HOME, "summary": at.summary("<redacted>")}
    assert look(mac, hidden, ssid_command="sh -c 'echo Net; exit 3'").ssid == UNTOLD
    assert look(mac, hidden, ssid_command="sh -c 'echo Net'").ssid == "Net"
    assert look(mac, hidden, ssid_command="sh -c 'echo \"<redacted>\"'").ssid == UNTOLD


def test_tools_on_path_serve_a_replay_without_a_root(mac: Mac) -> None:
    """This machine has an arp of its own; what is replayed is not this machine."""
    mac.put(at.OFFICE)
    folder = str(mac.root / "usr/sbin")
    path = System(env={"PATH": f"{folder}:relative:{os.environ['PATH']}", "FAKE_MAC": str(mac.state)}, platform="darwin")
    assert path.tool("arp") == f"{folder}/arp"
    assert path.tool("no such tool") == "no such tool"
    assert facts(darwin.read(path)) == OFFICE
    own = System(env={"PATH": folder}, platform=sys.platform)
    assert own.tool("sh") in ("/bin/sh", "/usr/bin/sh")
    assert mac.system().tool("scutil") == f"{folder}/scutil"

"""Every route situation that misled other readers, on the real kernel in a namespace of its own: commands to facts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from room import Room, need, room, until

pytestmark = pytest.mark.lab

HOME = ("ip addr add 10.1.1.5/24 dev eth0", "ip route add default via 10.1.1.1 metric 100")
DOCK = ("ip link set eth1 up", "ip addr add 10.2.2.5/24 dev eth1")
TUN = ("ip addr add 10.99.0.2/24 dev tun0", "ip link set tun0 up")
VIRTUAL = (
    "ip link add virbr0 type bridge stp_state 1 forward_delay 0; ip addr add 192.168.122.1/24 dev virbr0; ip link set virbr0 up",
    "ip link set vnet0 master virbr0; ip link set vnet0 up",
    "ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up",
    "ip link add veth1 type veth peer name inner; ip link set veth1 master docker0; ip link set veth1 up; ip link set inner up",
    "ip link add cali1 type veth peer name pod; ip link set cali1 up; ip link set pod up; ip route add 10.244.0.7 dev cali1",
)
"""libvirt's network with a machine that runs, docker's with a container, and a pod's end that is routed, not bridged."""
AT_HOME = {
    "online": True,
    "interface": "eth0",
    "kind": "wired",
    "ssid": None,
    "gateway": "10.1.1.1",
    "addresses": ["10.1.1.5/24"],
}


def wait_up(name: str) -> str:
    """A shell line that ends when the interface has carrier, or after 5 s."""
    return f"i=0; until ip -br link show {name} | grep -q LOWER_UP || [ $i = 100 ]; do i=$((i+1)); sleep 0.05; done"


@dataclass(frozen=True)
class Case:
    """What is set up at the laptop, the tunnels it holds open, and the facts that must come out."""

    name: str
    script: tuple[str, ...]
    facts: dict[str, object]
    tuns: dict[str, str] = field(default_factory=dict)


CASES = (
    Case("plain", HOME, {**AT_HOME, "vpn": [], "dns_suffixes": ["corp.test"]}),
    Case("no default is not offline", HOME[:1], {**AT_HOME, "gateway": None, "gateway_mac": None}),
    Case("no address", (), {"online": False, "interface": None, "addresses": [], "link": None}),
    Case("link-local alone", ("ip addr add 169.254.3.4/16 dev eth0",), {"online": False, "interface": None, "addresses": []}),
    Case(
        "default without gateway", (*HOME[:1], "ip route add default dev eth0"), {**AT_HOME, "gateway": None, "gateway_mac": None}
    ),
    Case(
        "IPv4 by an IPv6 neighbour",
        (*HOME[:1], "ip route add default via inet6 fe80::9 dev eth0"),
        {**AT_HOME, "gateway": "fe80::9"},
    ),
    Case(
        "two uplinks, the better metric",
        (*HOME, *DOCK, "ip route add default via 10.2.2.1 metric 50"),
        {"interface": "eth1", "gateway": "10.2.2.1", "addresses": ["10.2.2.5/24"]},
    ),
    Case(
        "policy routing",
        (*HOME, *DOCK, "ip route add default via 10.2.2.1 table 77", "ip rule add prio 100 lookup 77"),
        {"interface": "eth1", "gateway": "10.2.2.1"},
    ),
    Case(
        "a table for marked traffic alone",
        (*HOME, *DOCK, "ip route add default via 10.2.2.1 table 77", "ip rule add prio 100 fwmark 7 lookup 77"),
        AT_HOME,
    ),
    Case(
        "a multipath default",
        (*HOME[:1], "ip route add default nexthop via 10.1.1.1 nexthop via 10.1.1.2 weight 1"),
        {"interface": "eth0"},
    ),
    Case(
        "a nexthop object",
        (*HOME[:1], "ip nexthop add id 5 via 10.1.1.1 dev eth0", "ip route add default nhid 5"),
        AT_HOME,
    ),
    Case(
        "a nexthop object below a tunnel",
        (
            *HOME[:1],
            "echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode",
            "ip nexthop add id 5 via 10.1.1.1 dev eth0",
            "ip nexthop add id 6 group 5",
            "ip route add default nhid 6",
            *TUN,
            "ip route add 0.0.0.0/1 dev tun0",
            "ip route add 128.0.0.0/1 dev tun0",
        ),
        {**AT_HOME, "vpn": [["tun0", True, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "unreachable default",
        (*HOME[:1], "ip route add unreachable default"),
        {**AT_HOME, "gateway": None},
    ),
    Case("blackhole default", (*HOME[:1], "ip route add blackhole default"), {**AT_HOME, "gateway": None}),
    Case(
        "IPv6 alone",
        ("ip -6 addr add fd12::5/64 dev eth0 nodad", "ip -6 route add default via fe80::1 dev eth0"),
        {"online": True, "interface": "eth0", "gateway": "fe80::1", "addresses": ["fd12::5/64"]},
    ),
    Case(
        "IPv4 first, sorted, deprecated left out",
        (
            *HOME,
            "ip addr add 10.1.1.4/24 dev eth0",
            "ip -6 addr add fd12::5/64 dev eth0 nodad",
            "ip -6 addr add fd13::5/64 dev eth0 nodad preferred_lft 0",
        ),
        {"addresses": ["10.1.1.4/24", "10.1.1.5/24", "fd12::5/64"]},
    ),
    Case(
        "a tentative address is none yet",
        ("echo 60 > /proc/sys/net/ipv6/conf/eth0/dad_transmits", "ip -6 addr add fd12::5/64 dev eth0"),
        {"online": False, "addresses": []},
    ),
    Case(
        "def1: two halves over the default",
        (
            *HOME,
            *TUN,
            "ip route add 0.0.0.0/1 dev tun0",
            "ip route add 128.0.0.0/1 dev tun0",
            "ip route add 198.51.100.9 via 10.1.1.1",
        ),
        {**AT_HOME, "vpn": [["tun0", True, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "one half",
        (*HOME, *TUN, "ip route add 128.0.0.0/1 dev tun0"),
        {**AT_HOME, "vpn": [["tun0", True, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "a tunnel in the default's place",
        (*HOME[:1], *TUN, "ip route add 198.51.100.9 via 10.1.1.1", "ip route add default dev tun0"),
        {**AT_HOME, "vpn": [["tun0", True, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "as wg-quick does it",
        (
            *HOME,
            *TUN,
            "ip route add default dev tun0 table 51820",
            "ip rule add not fwmark 51820 table 51820",
            "ip rule add table main suppress_prefixlength 0",
        ),
        {**AT_HOME, "vpn": [["tun0", True, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "split tunnel",
        (*HOME, *TUN, "ip route add 10.10.0.0/16 dev tun0"),
        {**AT_HOME, "vpn": [["tun0", False, False]]},
        {"tun0": "tun"},
    ),
    Case("a tunnel's own network is a route", (*HOME, *TUN), {"vpn": [["tun0", False, False]]}, {"tun0": "tun"}),
    Case("a tunnel without routes", (*HOME, "ip link set tun0 up"), {"vpn": []}, {"tun0": "tun"}),
    Case("a tunnel that is down", (*HOME, *TUN, "ip link set tun0 down"), {"vpn": []}, {"tun0": "tun"}),
    Case(
        "a persistent tun that no one holds",
        (*HOME, "ip tuntap add tun0 mode tun", *TUN, "ip route add 128.0.0.0/1 dev tun0"),
        {**AT_HOME, "vpn": []},
    ),
    Case(
        "a mesh, in a table of its own",
        (
            *HOME,
            "ip addr add 100.101.102.103/32 dev tun0",
            "ip link set tun0 up",
            "ip route add 100.100.100.100 dev tun0 table 52",
            "ip route add 100.64.0.0/10 dev tun0 table 52",
            "ip rule add prio 5210 fwmark 0x80000/0xff0000 lookup main",
            "ip rule add prio 5270 lookup 52",
        ),
        {**AT_HOME, "vpn": [["tun0", False, True]]},
        {"tun0": "tun"},
    ),
    Case(
        "a mesh with an exit node",
        (
            *HOME,
            "ip addr add 100.101.102.103/32 dev tun0",
            "ip link set tun0 up",
            "ip route add default dev tun0 table 52",
            "ip rule add prio 5270 lookup 52",
        ),
        {**AT_HOME, "vpn": [["tun0", True, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "a mesh that routes an office",
        (*HOME, "ip addr add 100.101.102.103/32 dev tun0", "ip link set tun0 up", "ip route add 10.30.0.0/16 dev tun0"),
        {"vpn": [["tun0", False, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "a default for some destinations",
        (*HOME, "ip link set tun0 up", "ip route add default dev tun0 table 90", "ip rule add prio 90 to 10.0.0.0/8 lookup 90"),
        {**AT_HOME, "vpn": [["tun0", False, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "a tunnel for marked traffic",
        (*HOME, "ip link set tun0 up", "ip route add default dev tun0 table 90", "ip rule add prio 90 fwmark 7 lookup 90"),
        {**AT_HOME, "vpn": []},
        {"tun0": "tun"},
    ),
    Case(
        "a tunnel for another user",
        (
            *HOME,
            "ip link set tun0 up",
            "ip route add default dev tun0 table 90",
            "ip rule add prio 90 uidrange 4000-4999 lookup 90",
        ),
        {**AT_HOME, "vpn": []},
        {"tun0": "tun"},
    ),
    Case(
        "a tap is a tunnel",
        (*HOME, "ip addr add 10.99.0.2/24 dev tap0", "ip link set tap0 up"),
        {**AT_HOME, "vpn": [["tap0", False, False]]},
        {"tap0": "tap"},
    ),
    Case(
        "a tunnel for IPv6 alone",
        (*HOME, "ip -6 addr add fd77::2/64 dev tun0 nodad", "ip link set tun0 up", "ip -6 route add default dev tun0"),
        {**AT_HOME, "vpn": [["tun0", True, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "a tunnel over IPv6",
        (
            "ip -6 addr add fd12::5/64 dev eth0 nodad",
            "ip -6 route add default via fe80::1 dev eth0",
            *TUN,
            "ip route add default dev tun0",
        ),
        {"interface": "eth0", "gateway": "fe80::1", "vpn": [["tun0", True, False]]},
        {"tun0": "tun"},
    ),
    Case(
        "a bridge over the card carries the address",
        (
            "ip link add br0 type bridge forward_delay 0",
            "ip link set eth0 master br0",
            "ip link set br0 up",
            "ip addr add 10.1.1.5/24 dev br0",
            "ip route add default via 10.1.1.1",
            wait_up("br0"),
        ),
        {"interface": "br0", "gateway": "10.1.1.1", "addresses": ["10.1.1.5/24"], "kind": "wired", "online": True},
    ),
    Case(
        "a container's bridge is no network",
        (
            "ip link set eth0 down",
            "ip link add docker0 type bridge",
            "ip link add veth1 type veth peer name inner",
            "ip link set veth1 master docker0",
            "ip link set veth1 up; ip link set inner up",
            "ip link set docker0 up",
            "ip addr add 172.17.0.1/16 dev docker0",
        ),
        {"online": False, "interface": None},
    ),
    Case(
        "virtual machines and containers beside a cable",
        (*HOME, *VIRTUAL),
        {**AT_HOME, "vpn": [], "dns_suffixes": ["corp.test"]},
        {"vnet0": "tap"},
    ),
    Case(
        "virtual machines and containers alone",
        ("ip link set eth0 down", *VIRTUAL[:-1]),
        {"online": False, "interface": None, "vpn": []},
        {"vnet0": "tap"},
    ),
    Case(
        "an overlay and a sink are no network",
        (
            "ip link set eth0 down",
            "ip link add vx type vxlan id 4 dstport 4789 remote 10.9.9.9",
            "ip link set vx up; ip addr add 10.200.0.1/16 dev vx",
            "ip link add ifb9 type ifb; ip link set ifb9 up; ip addr add 10.201.0.1/16 dev ifb9",
        ),
        {"online": False, "interface": None},
    ),
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_situation(here: Room, case: Case) -> None:
    if case.tuns or any("tuntap" in x for x in case.script):
        need(os.path.exists("/dev/net/tun"), "no /dev/net/tun")
    found = here.look(*case.script, tuns=case.tuns)
    assert {k: found[k] for k in case.facts} == case.facts


def test_the_cable_is_out_and_the_route_stays(here: Room) -> None:
    here.look(*HOME)
    here.at_peer("ip link set p0 down")
    found = here.look()
    assert (found["online"], found["interface"], found["gateway"], found["link"]) == (False, None, None, None)


def test_a_dead_dock_gives_way_to_the_next_uplink(here: Room) -> None:
    here.look(*HOME, *DOCK, "ip route add default via 10.2.2.1 metric 600")
    here.at_peer("ip link set p0 down")
    found = here.look()
    assert (found["online"], found["interface"], found["gateway"]) == (True, "eth1", "10.2.2.1")


def test_the_gateways_mac_after_one_prod(here: Room) -> None:
    first, second = here.looks(*HOME, looks=(0.0, 5.0))
    assert first["gateway_mac"] == "?not answered yet"
    assert second["gateway_mac"] == "02:00:00:00:0f:01"
    assert second["link"]["mac"] == "02:00:00:00:0f:01"  # type: ignore[index]
    assert first["link"]["mac"] is None  # type: ignore[index]


def test_a_look_without_patience_has_prodded(here: Room) -> None:
    assert here.look(*HOME)["gateway_mac"] == "?not answered yet"
    until(lambda: "02:00:00:00:0f:01" in here.output("ip neigh show 10.1.1.1"))


def test_patience_alone_finds_the_mac(here: Room) -> None:
    assert here.look(*HOME, patience=5.0)["gateway_mac"] == "02:00:00:00:0f:01"


def test_a_link_local_gateway_is_prodded_on_its_interface(here: Room) -> None:
    here.at_peer("ip addr add fe80::9/64 dev p0 nodad")
    script = ("ip -6 addr add fe80::5/64 dev eth0 nodad", *HOME[:1], "ip route add default via inet6 fe80::9 dev eth0")
    assert here.look(*script, patience=5.0)["gateway_mac"] == "02:00:00:00:0f:01"


def test_a_silent_gateway_is_not_waited_for_longer_than_asked(here: Room) -> None:
    found = here.looks(*HOME[:1], "ip route add default via 10.1.1.77", looks=(0.2, 0.0))
    assert [f["gateway_mac"] for f in found] == ["?not answered yet"] * 2


def test_a_failed_neighbour_tells_no_mac(here: Room) -> None:
    found = here.look(*HOME, "ip neigh replace 10.1.1.1 dev eth0 nud failed")
    assert found["gateway_mac"] == "?does not answer"


def test_a_neighbour_that_is_known_needs_no_prod(here: Room) -> None:
    found = here.look(*HOME, "ip neigh replace 10.1.1.1 lladdr 02:AA:00:00:00:01 dev eth0 nud stale")
    assert found["gateway_mac"] == "02:aa:00:00:00:01"


def test_another_gateway_with_the_same_address_is_told_by_its_mac(here: Room) -> None:
    assert here.look(*HOME, patience=5.0)["gateway_mac"] == "02:00:00:00:0f:01"
    here.at_peer("ip link set p0 down")
    until(lambda: not here.output("ip neigh show 10.1.1.1"))  # linkwatch tells of a lost carrier once a second at most
    here.at_peer("ip link set p0 address 02:00:00:00:c1:01", "ip link set p0 up")
    assert here.look(patience=5.0)["gateway_mac"] == "02:00:00:00:c1:01"


def test_a_flap_between_two_looks_is_a_loss(here: Room) -> None:
    before = here.look(*HOME)["link"]
    here.at_peer("ip link set p0 down", "ip link set p0 up")
    after = here.look(wait_up("eth0"))["link"]
    assert after["losses"] == before["losses"] + 1  # type: ignore[index]
    assert (after["index"], after["boot"]) == (before["index"], before["boot"])  # type: ignore[index]


def test_a_gateway_with_a_hypervisors_signature_hides_the_network(here: Room) -> None:
    found = here.look(
        "ip addr add 10.0.2.15/24 dev eth0",
        "ip route add default via 10.0.2.2",
        "ip neigh replace 10.0.2.2 lladdr 52:54:00:12:35:02 dev eth0 nud reachable",
    )
    hidden = ("interface", "kind", "ssid", "bssid", "gateway", "gateway_mac", "addresses", "vpn", "dns_suffixes")
    assert {found[k] for k in hidden} == {"?behind NAT"}
    assert found["online"] is True


def test_no_way_is_asked_twice_where_nothing_changed(here: Room) -> None:
    first, second = here.looks(
        *HOME,
        *TUN,
        "ip neigh replace 10.1.1.1 lladdr 02:aa:00:00:00:01 dev eth0 nud permanent",
        tuns={"tun0": "tun"},
        looks=(0, 0),
    )
    assert first == second


def test_hundreds_of_interfaces(here: Room) -> None:
    made = "; ".join(f"ip link add x{i} type veth peer name y{i}" for i in range(150))
    found = here.look(*HOME, made, "ip neigh replace 10.1.1.1 lladdr 02:aa:00:00:00:01 dev eth0 nud permanent")
    assert {k: found[k] for k in AT_HOME} == AT_HOME


def test_a_container_mark_hides_a_veth_unless_the_namespace_is_another(here: Room) -> None:
    (here.root / ".dockerenv").touch()
    (here.root / "proc").unlink()
    assert here.look(*HOME)["interface"] == "?in a container"
    (here.root / "proc").symlink_to("/proc")
    ours = here.look("test \"$(readlink /proc/self/ns/pid)\" != 'pid:[4026531836]' || touch " + str(here.root / "first"))
    if (here.root / "first").exists():
        assert ours["interface"] == "eth0"


@pytest.mark.parametrize(
    ("script", "tuns", "facts"),
    [
        (HOME, {}, {**AT_HOME, "ssid": "?not told by psutil", "vpn": []}),
        (HOME[:1], {}, {**AT_HOME, "ssid": "?not told by psutil", "gateway": "?netifaces can't be trusted here"}),
        ((*HOME[:1], "ip route add default dev eth0"), {}, {"interface": "eth0", "gateway": "?netifaces can't be trusted here"}),
        (
            (*HOME, *DOCK, "ip route add default via 10.2.2.1 table 77", "ip rule add prio 100 lookup 77"),
            {},
            {"interface": "eth1", "gateway": "?netifaces can't be trusted here"},
        ),
        (
            (*HOME[:1], *DOCK, "ip route add default nexthop via 10.1.1.1 nexthop via 10.2.2.1"),
            {},
            {"online": True, "gateway": "?netifaces can't be trusted here"},
        ),
        ((*HOME[:1], "ip route add default via inet6 fe80::9 dev eth0"), {}, {"gateway": "?netifaces can't be trusted here"}),
        (
            (*HOME, *TUN, "ip route add 0.0.0.0/1 dev tun0", "ip route add 128.0.0.0/1 dev tun0"),
            {"tun0": "tun"},
            {
                "vpn": "?psutil can't tell what a tunnel carries",
                "interface": "?a tunnel is up, and psutil can't see below it",
                "online": True,
            },
        ),
        ((), {}, {"online": False, "interface": None, "addresses": []}),
    ],
    ids=["plain", "no default", "no gateway", "policy", "multipath", "via inet6", "tunnel", "offline"],
)
def test_the_portable_reader_is_right_or_silent(
    here: Room, script: tuple[str, ...], tuns: dict[str, str], facts: dict[str, object]
) -> None:
    pytest.importorskip("netifaces")
    found = here.look(
        "echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6; true", *script, tuns=tuns, env={"ROAMRC_READER": "portable"}
    )
    # a veth is named like a cable here: the portable reader has only names
    assert {k: found[k] for k in facts} == facts
    assert found["gateway_mac"] == "?not told by psutil"

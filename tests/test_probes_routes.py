"""Rules over what a kernel says, for devices that the test machine's kernel may not have: cards, Wi-Fi, WireGuard, bonds, ppp,
modems."""

from __future__ import annotations

from pathlib import Path

import pytest

from roamrc.formats.rtnetlink import Address, Hop, Link, Route, Rule
from roamrc.model import Tunnel
from roamrc.probes import devices_linux, linux, route_linux, trust_linux
from roamrc.probes.devices_linux import Devices
from roamrc.probes.route_linux import Ways
from roamrc.slotted import replace
from roamrc.system import System

UP = 0x1 | 0x40 | 0x10000


def ip(text: str) -> bytes:
    return bytes(map(int, text.split(".")))


def link(index: int, name: str, kind: str = "", **more: object) -> Link:
    return replace(Link(index, name, UP, kind=kind), **more)  # type: ignore[arg-type]


LO = Link(1, "lo", UP | 0x8, 772)
ETH = link(2, "eth0")
WLAN = link(3, "wlan0")
WG = link(4, "wg0", "wireguard", hardware=65534)
GW, GW2 = ip("10.1.1.1"), ip("10.2.2.1")


def devices(*links: Link, at: dict[int, str] | None = None, virtual: frozenset[int] = frozenset()) -> Devices:
    own = [Address(i, ip(a), 24) for i, a in (at if at is not None else {2: "10.1.1.5", 3: "10.2.2.5"}).items()]
    return devices_linux.devices((LO, *links), own, virtual)


def route(dst: str, length: int, index: int, gateway: bytes | None = None, **more: object) -> Route:
    return replace(Route(2, ip(dst), length, (Hop(index, gateway),)), **more)  # type: ignore[arg-type]


def answer(index: int, gateway: bytes | None = None) -> Route:
    return route("12.0.0.1", 32, index, gateway)


def shown(found: Devices, ways: Ways) -> tuple[str | None, bytes | None]:
    up = route_linux.uplink(found, ways)
    return (up.name, route_linux.gateway(found, ways, up)) if up else (None, None)


DOWN = {"flags": 0x1, "carrier": False, "oper": 2}
UPLINKS = {
    "the answer": (devices(ETH, WLAN), Ways((answer(3, GW2),)), ("wlan0", GW2)),
    "the answer is a veth while there is a card": (
        devices(ETH, link(9, "veth0", "veth"), at={2: "10.1.1.5", 9: "10.9.9.9"}),
        Ways((answer(9, GW2),), (route("0.0.0.0", 0, 2, GW),)),
        ("eth0", GW),
    ),
    "WireGuard over Wi-Fi": (devices(ETH, WLAN, WG), Ways((answer(4),), (route("0.0.0.0", 0, 3, GW2),)), ("wlan0", GW2)),
    "below a tunnel the better metric": (
        devices(ETH, WLAN, WG),
        Ways((answer(4),), (route("0.0.0.0", 0, 3, GW2, metric=600), route("0.0.0.0", 0, 2, GW, metric=100))),
        ("eth0", GW),
    ),
    "below a tunnel the better metric is on a dead link": (
        devices(replace(ETH, **DOWN), WLAN, WG),  # type: ignore[arg-type]
        Ways((answer(4),), (route("0.0.0.0", 0, 3, GW2, metric=600), route("0.0.0.0", 0, 2, GW, metric=100))),
        ("wlan0", GW2),
    ),
    "a route marked linkdown": (
        devices(ETH, WLAN, WG),
        Ways((answer(4),), (Route(2, bytes(4), 0, (Hop(2, GW, 16),)), route("0.0.0.0", 0, 3, GW2, metric=600))),
        ("wlan0", GW2),
    ),
    "one half answers": (devices(ETH, WG), Ways((answer(4), answer(2, GW))), ("eth0", GW)),
    "the default replaced, a route to the server": (
        devices(ETH, WLAN, WG),
        Ways((answer(4),), (route("0.0.0.0", 0, 4), route("198.51.100.9", 32, 3, GW2))),
        ("wlan0", GW2),
    ),
    "a static route is no gateway": (
        devices(ETH),
        Ways((), (route("10.50.0.0", 16, 2, GW), route("10.60.0.1", 32, 2, GW))),
        ("eth0", None),
    ),
    "no card at all": (devices(WG), Ways((answer(4),)), (None, None)),
    "a card without a network, and a veth with one": (
        devices(replace(ETH, **DOWN), link(9, "veth0", "veth"), at={9: "172.17.0.1"}),  # type: ignore[arg-type]
        Ways(),
        (None, None),
    ),
    "a hypervisor's own interface without a device": (
        devices(replace(ETH, **DOWN), link(9, "vboxnet0"), at={9: "192.168.56.1"}, virtual=frozenset((9,))),  # type: ignore[arg-type]
        Ways(),
        (None, None),
    ),
    "a modem by ppp": (devices(link(8, "ppp0", "ppp", hardware=512), at={8: "100.70.0.2"}), Ways((answer(8),)), ("ppp0", None)),
    "ppp over a cable with a network is a tunnel": (
        devices(ETH, link(8, "ppp0", "ppp", hardware=512), at={2: "10.1.1.5", 8: "10.99.0.2"}),
        Ways((answer(8),), (route("0.0.0.0", 0, 2, GW),)),
        ("eth0", GW),
    ),
    "a vlan": (devices(ETH, link(6, "eth0.5", "vlan", lower=2), at={6: "10.5.0.2"}), Ways((answer(6, GW),)), ("eth0.5", GW)),
    "a vlan over a tunnel": (
        devices(WG, link(6, "wg0.5", "vlan", lower=4), at={6: "10.5.0.2"}),
        Ways((answer(6, GW),)),
        (None, None),
    ),
    "a bond": (
        devices(replace(ETH, master=7), replace(WLAN, master=7), link(7, "bond0", "bond", active=3), at={7: "10.1.1.5"}),
        Ways((answer(7, GW),)),
        ("bond0", GW),
    ),
    "a bridge of containers beside a card": (
        devices(ETH, link(7, "br-0a1b", "bridge"), link(9, "veth0", "veth", master=7), at={7: "172.18.0.1", 2: "10.1.1.5"}),
        Ways((answer(7),), (route("0.0.0.0", 0, 2, GW),)),
        ("eth0", GW),
    ),
    "a WWAN card": (devices(link(5, "wwan0", "wwan", hardware=519), at={5: "10.64.1.2"}), Ways((answer(5),)), ("wwan0", None)),
    "a loop of vlans ends": (
        devices(link(6, "a", "vlan", lower=7), link(7, "b", "vlan", lower=6), at={6: "10.1.1.5"}),
        Ways((answer(6, GW),)),
        (None, None),
    ),
}


@pytest.mark.parametrize(("found", "ways", "wanted"), UPLINKS.values(), ids=UPLINKS)
def test_uplink_and_gateway(found: Devices, ways: Ways, wanted: tuple[str | None, bytes | None]) -> None:
    assert shown(found, ways) == wanted


MAIN = Rule(2, 254, 32766)
WG_QUICK = (Rule(2, 254, 32764, suppress=0), Rule(2, 51820, 32765), MAIN)
VPNS = {
    "WireGuard by wg-quick": ((route("0.0.0.0", 0, 4, table=51820),), WG_QUICK, (Tunnel("wg0", True),)),
    "its table without its rule": ((route("0.0.0.0", 0, 4, table=51820),), (MAIN,), ()),
    "a default that main suppresses": ((route("0.0.0.0", 0, 4),), (Rule(2, 254, 1, suppress=0),), ()),
    "def1": ((route("0.0.0.0", 1, 4), route("128.0.0.0", 1, 4)), (), (Tunnel("wg0", True),)),
    "upper half": ((route("128.0.0.0", 1, 4),), (), (Tunnel("wg0", True),)),
    "all of global IPv6": ((Route(10, bytes.fromhex("20" + "00" * 15), 3, (Hop(4),)),), (), (Tunnel("wg0", True),)),
    "a private network": ((route("172.20.0.0", 16, 4),), (), (Tunnel("wg0", False),)),
    "one private host": ((route("192.168.7.9", 32, 4),), (), (Tunnel("wg0", False),)),
    "a supernet over a private one": ((route("8.0.0.0", 5, 4),), (), (Tunnel("wg0", False),)),
    "unique local IPv6": ((Route(10, bytes.fromhex("fd12" + "00" * 14), 48, (Hop(4),)),), (), (Tunnel("wg0", False),)),
    "a mesh": (
        (route("100.64.0.0", 10, 4), Route(10, bytes.fromhex("fd7a115ca1e0" + "00" * 10), 48, (Hop(4),))),
        (),
        (Tunnel("wg0", False, True),),
    ),
    "a mesh's neighbour prefix": (
        (Route(10, bytes.fromhex("fd7a115ca1e1" + "00" * 10), 48, (Hop(4),)),),
        (),
        (Tunnel("wg0", False, False),),
    ),
    "one public network": ((route("203.0.113.0", 24, 4),), (), (Tunnel("wg0", False, True),)),
    "link-local and multicast alone": (
        (Route(10, bytes.fromhex("fe80" + "00" * 14), 64, (Hop(4),)), route("224.0.0.0", 4, 4)),
        (),
        (),
    ),
    "an unreachable route": ((route("10.0.0.0", 8, 4, type=7),), (), ()),
    "a rule cuts it to its own network": (
        (route("0.0.0.0", 0, 4, table=9),),
        (Rule(2, 9, 5, ip("10.0.0.0"), 8), MAIN),
        (Tunnel("wg0", False),),
    ),
    "a rule for a network it does not reach": (
        (route("10.9.0.0", 16, 4, table=9),),
        (Rule(2, 9, 5, ip("172.16.0.0"), 12), MAIN),
        (),
    ),
    "a multipath default through it": ((Route(2, bytes(4), 0, (Hop(2, GW), Hop(4))),), (), (Tunnel("wg0", True),)),
}


@pytest.mark.parametrize(("routes", "rules", "wanted"), VPNS.values(), ids=VPNS)
def test_vpn(routes: tuple[Route, ...], rules: tuple[Rule, ...], wanted: tuple[Tunnel, ...]) -> None:
    assert route_linux.tunnels(devices(ETH, WG), Ways((answer(2, GW),), routes, rules)) == wanted


def test_the_kernels_answer_alone_makes_a_default() -> None:
    assert route_linux.tunnels(devices(ETH, WG), Ways((answer(4),))) == (Tunnel("wg0", True),)


@pytest.mark.parametrize("kind", ["tun", "wireguard", "ppp", "ipip", "gre", "vti", "xfrm", "sit", "ovpn"])
def test_a_tunnel_of_any_kind(kind: str) -> None:
    found = devices(ETH, link(4, "t0", kind, hardware=65534))
    assert [x.name for x in found.tunnels] == ["t0"]
    assert found.grade(found.links[4]) == 0


def test_tunnels_come_by_name_and_up() -> None:
    found = devices(
        ETH, replace(WG, index=9, name="wg9"), WG, replace(WG, index=5, name="wg5", flags=0), link(6, "gre0", hardware=778)
    )
    assert [x.name for x in found.tunnels] == ["gre0", "wg0", "wg9"]


def test_the_card_below() -> None:
    found = devices(
        replace(ETH, master=7), replace(WLAN, master=7), link(7, "bond0", "bond", active=3), link(8, "bond0.4", "vlan", lower=7)
    )
    assert found.card(found.links[8]).name == "wlan0"
    assert found.card(found.links[2]).name == "eth0"
    other = devices(replace(ETH, master=7), link(9, "vnet0", "tun", master=7), link(7, "br0", "bridge"))
    assert other.card(other.links[7]).name == "eth0"


ONLINE = {
    "a card": (devices(ETH), True),
    "no carrier": (devices(replace(ETH, **DOWN)), False),  # type: ignore[arg-type]
    "a tunnel alone": (devices(WG, at={4: "10.99.0.2"}), False),
    "a container's bridge beside a dead card": (
        devices(replace(ETH, **DOWN), link(7, "docker0", "bridge"), link(9, "v", "veth", master=7), at={7: "172.17.0.1"}),  # type: ignore[arg-type]
        False,
    ),
    "a container's veth": (devices(link(9, "eth0", "veth", foreign=True), at={9: "172.17.0.2"}), True),
    "a dummy": (devices(link(9, "d", "dummy"), at={9: "10.0.0.1"}), False),
}


@pytest.mark.parametrize(("found", "wanted"), ONLINE.values(), ids=ONLINE)
def test_online(found: Devices, wanted: bool) -> None:
    assert linux.online(found, route_linux.uplink(found, Ways())) is wanted


@pytest.mark.parametrize(
    ("name", "uevent", "extra", "more", "wanted"),
    [
        ("wlan0", "DEVTYPE=wlan\nINTERFACE=wlan0\n", None, {}, "wifi"),
        ("wlp2s0", "INTERFACE=wlp2s0\n", "phy80211", {}, "wifi"),
        ("ath0", "INTERFACE=ath0\n", "wireless", {}, "wifi"),
        ("enp0s31f6", "INTERFACE=enp0s31f6\n", None, {}, "wired"),
        ("wwp0s20u4", "DEVTYPE=wwan\n", None, {}, "cellular"),
        ("wwan0", None, None, {"hardware": 519}, "cellular"),
        ("mhi0", None, None, {"kind": "wwan", "hardware": 65534}, "cellular"),
        ("ppp0", None, None, {"kind": "ppp", "hardware": 512}, "cellular"),
        ("bnep0", "DEVTYPE=bluetooth\n", None, {}, "other"),
        ("weird", None, None, {"hardware": 65534}, "other"),
        ("eth0", None, None, {}, "wired"),
        ("..", None, None, {}, "wired"),
    ],
)
def test_kind(tmp_path: Path, name: str, uevent: str | None, extra: str | None, more: dict[str, object], wanted: str) -> None:
    folder = tmp_path / "sys/class/net" / name
    if uevent is not None:
        folder.mkdir(parents=True)
        (folder / "uevent").write_text(uevent)
    if extra:
        (folder / extra).mkdir()
    assert devices_linux.kind(System(root=str(tmp_path)), link(2, name, **more)) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("driver", "uevent", "wanted"),
    [
        ("rndis_host", "INTERFACE=usb0\n", "cellular"),
        ("ipheth", "INTERFACE=enx1a2b3c4d5e6f\n", "cellular"),
        ("cdc_ether", "INTERFACE=enx1a2b3c4d5e6f\n", "wired"),  # docks too
        ("cdc_ether", "DEVTYPE=wwan\n", "cellular"),
        ("r8152", "INTERFACE=enx1a2b3c4d5e6f\n", "wired"),
    ],
)
def test_a_phone_on_a_usb_cable(tmp_path: Path, driver: str, uevent: str, wanted: str) -> None:
    folder = tmp_path / "sys/class/net/usb0"
    (folder / "device").mkdir(parents=True)
    (folder / "uevent").write_text(uevent)
    (folder / "device/driver").symlink_to(f"../../../../bus/usb/drivers/{driver}")
    assert devices_linux.kind(System(root=str(tmp_path)), link(2, "usb0")) == wanted


def test_an_interface_without_a_device_is_no_card(tmp_path: Path) -> None:
    for name in ("vboxnet0", "eth0"):
        (tmp_path / "sys/class/net" / name).mkdir(parents=True)
    (tmp_path / "sys/class/net/eth0/device").mkdir()
    told = [link(2, "eth0"), link(3, "vboxnet0"), link(4, "unknown"), link(5, "vmnet8", parent=True), link(6, "veth0", "veth")]
    assert devices_linux.parents(System(root=str(tmp_path)), told) == {3}


def test_losses_count_the_card_below_a_bond(tmp_path: Path) -> None:
    found = devices(replace(ETH, master=7, losses=3), link(7, "bond0", "bond", active=2, losses=2))
    (tmp_path / "proc/sys/kernel/random").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/random/boot_id").write_text("b00t\n")
    lent = linux.lent(System(root=str(tmp_path)), found, found.links[7], None)
    assert (lent.boot, lent.index, lent.losses, lent.mac) == ("b00t", 7, 5, None)


def test_losses_from_sys_on_an_old_kernel(tmp_path: Path) -> None:
    (tmp_path / "sys/class/net/eth0").mkdir(parents=True)
    (tmp_path / "sys/class/net/eth0/carrier_down_count").write_text("4\n")
    assert linux.losses_of(System(root=str(tmp_path)), ETH) == 4
    assert linux.losses_of(System(root=str(tmp_path)), WLAN) == 0


def test_what_a_card_is_is_read_once_but_not_where_it_could_not_be(tmp_path: Path) -> None:
    system, memory, card = System(root=str(tmp_path)), dict[str, str](), link(2, "wlan0")
    assert devices_linux.kind(system, card, memory) == "wired"
    folder = tmp_path / "sys/class/net/wlan0"
    folder.mkdir(parents=True)
    (folder / "uevent").write_text("DEVTYPE=wlan\nINTERFACE=wlan0\n")
    assert devices_linux.kind(system, card, memory) == "wifi", "what could not be read was not remembered"
    (folder / "uevent").unlink()
    assert devices_linux.kind(system, card, memory) == "wifi"
    assert devices_linux.kind(system, link(2, "wlan1"), memory) == "wired"
    trust_linux.forget(memory, 2)
    assert devices_linux.kind(system, card, memory) == "wired"

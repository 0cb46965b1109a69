"""The portable reader's judgement: what psutil and netifaces claim, held against the kernel's choice of a source; right or
hidden, never wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roamrc.model import Hidden
from roamrc.probes import portable
from roamrc.probes.portable import UNSURE, Card
from roamrc.system import System

ETH = Card("eth0", True, False, False, (("10.1.1.5", 24), ("fd12::5", 64)))
WLAN = Card("wlan0", True, False, False, (("10.2.2.5", 24),))
LO = Card("lo", True, False, True, ())
DEFAULT: dict[Any, Any] = {"default": {2: ("10.1.1.1", "eth0")}, 2: [("10.1.1.1", "eth0", True)]}
LEAVES = ("10.1.1.5", "10.1.1.5")
TUNNEL_UP = Hidden("a tunnel is up, and psutil can't see below it")

CASES: dict[str, tuple[tuple[Card, ...], dict[Any, Any] | None, tuple[str | None, ...], dict[str, object]]] = {
    "plain": (
        (LO, ETH),
        DEFAULT,
        LEAVES,
        {"online": True, "interface": "eth0", "gateway": "10.1.1.1", "addresses": ("10.1.1.5/24", "fd12::5/64"), "vpn": ()},
    ),
    "netifaces is not installed": ((ETH,), None, LEAVES, {"interface": "eth0", "gateway": Hidden("netifaces is not installed")}),
    "no default known": ((ETH,), {"default": {}}, LEAVES, {"interface": "eth0", "gateway": UNSURE}),
    "the gateway is outside": (
        (ETH,),
        {"default": {2: ("10.9.9.1", "eth0")}, 2: [("10.9.9.1", "eth0", True)]},
        LEAVES,
        {"interface": "eth0", "gateway": UNSURE},
    ),
    "two gateways on one interface": (
        (ETH,),
        {"default": {2: ("10.1.1.1", "eth0")}, 2: [("10.1.1.1", "eth0", True), ("10.1.1.2", "eth0", False)]},
        LEAVES,
        {"gateway": UNSURE},
    ),
    "the default is another interface": (
        (ETH, WLAN),
        DEFAULT,
        ("10.2.2.5", "10.2.2.5"),
        {"interface": "wlan0", "gateway": UNSURE},
    ),
    "the halves leave by two": (
        (ETH, WLAN),
        DEFAULT,
        ("10.1.1.5", "10.2.2.5"),
        {"interface": UNSURE, "gateway": UNSURE, "addresses": UNSURE},
    ),
    "no way out, one network": ((ETH,), {"default": {}}, (None, None), {"online": True, "interface": "eth0", "gateway": UNSURE}),
    "no way out, but netifaces knows one": ((ETH,), DEFAULT, (None, None), {"interface": "eth0", "gateway": UNSURE}),
    "no way out, two networks": ((ETH, WLAN), {"default": {}}, (None, None), {"online": True, "interface": UNSURE}),
    "a half has no way": ((ETH,), DEFAULT, ("10.1.1.5", None), {"interface": UNSURE}),
    "a source that no interface has": ((ETH,), DEFAULT, ("192.0.2.7", "192.0.2.7"), {"interface": UNSURE}),
    "offline": (
        (LO, Card("eth0", False, False, False, (("10.1.1.5", 24),))),
        DEFAULT,
        (None, None),
        {"online": False, "interface": None, "addresses": ()},
    ),
    "point to point": (
        (ETH, Card("corp", True, True, False, (("10.99.0.2", 24),))),
        DEFAULT,
        LEAVES,
        {
            "online": True,
            "interface": TUNNEL_UP,
            "gateway": TUNNEL_UP,
            "addresses": UNSURE,
            "vpn": Hidden("psutil can't tell what a tunnel carries"),
        },
    ),
    "a tunnel by its name": (
        (ETH, Card("tap7", True, False, False, (("10.99.0.2", 24),))),
        DEFAULT,
        LEAVES,
        {"interface": TUNNEL_UP},
    ),
    "a utun without an address": ((ETH, Card("utun0", True, True, False, ())), DEFAULT, LEAVES, {"interface": "eth0", "vpn": ()}),
    "a tunnel alone": ((Card("tun0", True, True, False, (("10.99.0.2", 24),)),), DEFAULT, ("10.99.0.2",) * 2, {"online": False}),
    "a container's bridge alone": (
        (Card("docker0", True, False, False, (("172.17.0.1", 16),)),),
        {"default": {}},
        (None, None),
        {"online": False, "interface": None},
    ),
}


@pytest.mark.parametrize(("cards", "gateways", "sources", "wanted"), CASES.values(), ids=CASES)
def test_right_or_hidden(
    tmp_path: Path,
    cards: tuple[Card, ...],
    gateways: dict[Any, Any] | None,
    sources: tuple[str | None, ...],
    wanted: dict[str, object],
) -> None:
    found = portable.judge(System(root=str(tmp_path), platform="linux"), cards, gateways, sources, ("corp.test",))
    assert {k: getattr(found, k) for k in wanted} == wanted
    assert found.gateway_mac == found.ssid == found.bssid == Hidden("not told by psutil")
    assert found.dns_suffixes == ("corp.test",)
    assert found.link is None
    assert found.via["gateway"] == "netifaces"


def test_tun_flags_tell_a_tunnel_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "sys/class/net/corp0").mkdir(parents=True)
    (tmp_path / "sys/class/net/corp0/tun_flags").touch()
    assert portable.tunnel(System(root=str(tmp_path)), Card("corp0", True, False, False, ()))
    assert not portable.tunnel(System(root=str(tmp_path)), ETH)


def test_the_kind_is_told_by_sys_or_not_at_all(tmp_path: Path) -> None:
    system = System(root=str(tmp_path), platform="linux")
    assert portable.judge(system, (ETH,), DEFAULT, LEAVES, ()).kind == Hidden("not told by psutil")
    (tmp_path / "sys/class/net/eth0").mkdir(parents=True)
    (tmp_path / "sys/class/net/eth0/uevent").write_text("DEVTYPE=wlan\n")
    assert portable.judge(system, (ETH,), DEFAULT, LEAVES, ()).kind == "wifi"


def test_this_machine_is_read_without_a_fault(tmp_path: Path) -> None:
    found = portable.read(System(root=str(tmp_path)))
    assert found.via["online"] == "psutil"
    assert found.gateway_mac == Hidden("not told by psutil")

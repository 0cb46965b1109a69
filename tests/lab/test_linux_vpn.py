"""VPNs that people run: name, routes and suffix of each, full and split, left in order and killed; and what npm's file holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import NETS, Lab, desktop, missing, vpns
from lab.agent import AgentProcess
from lab.day import OWN, direct, profiles, with_login
from lab.looking import Facts, Looking
from lab.vpns import OpenVPN, Plugin, WireGuard

pytestmark = pytest.mark.lab


def at_home(facts: Facts, vpn: list[object], *suffixes: str) -> bool:
    told = [facts[k] for k in ("online", "interface", "gateway", "gateway_mac", "vpn")]
    return told == [True, "eth0", NETS["home"].gateway, NETS["home"].mac, vpn] and set(facts["dns_suffixes"]) == set(suffixes)


def ups_and_downs(lab: Lab, vpn: OpenVPN | WireGuard, left: str) -> None:
    """`left` is the suffix in force after the client was killed."""
    agent = AgentProcess(lab)
    lab.npmrc(OWN)
    profiles(agent)
    with Looking(lab) as eyes, agent:

        def step(name: str, tunnels: list[object], *suffixes: str) -> None:
            try:
                eyes.until(lambda f: at_home(f, tunnels, *suffixes), 15, patience=0.2)
            except AssertionError as e:
                e.add_note(f"{vpn.name}, {name}\n{lab.resolv_conf()}\n{lab.sh('ip addr; ip route; ip rule')}{lab.log('openvpn')}")
                raise
            agent.wait_npmrc(with_login if tunnels else direct, 10, f"{vpn.name}, {name}")

        step("at home", [], "lan")
        for mode in ("split", "full"):
            vpn.up(mode)
            step(mode, [[vpn.name, mode == "full", False]], "corp.test", "lan")
            vpn.down()
            step(f"{mode}, down", [], "lan")
        vpn.up("full")
        step("full again", [[vpn.name, True, False]], "corp.test", "lan")
        vpn.kill()
        step("killed", [], *{left, "lan"})


@pytest.mark.parametrize("kind", [OpenVPN, WireGuard])
def test_a_client_of_its_own(lab: Lab, kind: type[OpenVPN | WireGuard]) -> None:
    if reason := vpns.missing(vpns.OPENVPN if kind is OpenVPN else vpns.WIREGUARD):
        pytest.skip(reason)
    vpn = kind(lab)
    lab.plug("home")
    try:
        ups_and_downs(lab, vpn, left="corp.test")  # nobody knows better
    finally:
        vpn.down()


@pytest.fixture
def managed() -> Iterator[Lab]:
    if reason := missing() or vpns.missing(vpns.PLUGIN):
        pytest.skip(reason)
    with Lab() as lab:
        desktop.network_manager(lab)
        desktop.roam(lab, "home")
        yield lab


def test_networkmanagers_plugin(managed: Lab) -> None:
    ups_and_downs(managed, Plugin(managed), left="lan")

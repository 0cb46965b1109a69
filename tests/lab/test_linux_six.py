"""A network with IPv6 alone: router, suffix and address come by advertisement, whichever manager takes them up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import NETS, Lab, desktop, missing, networkd, vpns
from lab.agent import AgentProcess
from lab.day import OWN, direct, profiles
from lab.looking import Facts, Looking

pytestmark = pytest.mark.lab

ADVERTISES = """dnsmasq --no-daemon --conf-file=/dev/null --port=0 --bind-interfaces --interface=lan0 --enable-ra
 --dhcp-range=fd00:40::,ra-stateless,64,1h --dhcp-option=option6:domain-search,lan6 --dhcp-option=option6:dns-server,[fd00:40::1]
 --dhcp-leasefile={state}/six.leases --pid-file={state}/six.pid --log-facility={state}/log/six.log"""
UNIT = """[Match]
Name=eth0
[Network]
DHCP=no
IPv6AcceptRA=yes
[IPv6AcceptRA]
UseDomains=yes
"""


@pytest.fixture(params=["NetworkManager", pytest.param("networkd", marks=pytest.mark.slow)])
def laptop(request: pytest.FixtureRequest) -> Iterator[Lab]:
    by_nm = request.param == "NetworkManager"
    lacking = vpns.missing({"/usr/bin/nmcli": "network-manager"}) if by_nm else networkd.missing()
    if reason := missing() or lacking:
        pytest.skip(reason)
    with Lab() as lab:
        lab.sh("ip addr add fd00:40::1/64 dev lan0 nodad", "home")
        lab.daemon("six", ADVERTISES.format(state=lab.state).split(), "home")
        if by_nm:
            desktop.network_manager(lab)
            lab.sh("nmcli con mod Wired ipv4.method disabled ipv6.method auto")
            desktop.roam(lab, "home")
        else:
            networkd.networkd(lab, {})
            lab.exec(["sh", "-c", "cat > /run/systemd/network/10-eth0.network; networkctl reload"], input=UNIT, check=True)
            lab.move_cable("home")
        yield lab


def test_ipv6_alone(laptop: Lab) -> None:
    agent = AgentProcess(laptop)
    laptop.npmrc(OWN)
    profiles(agent)

    def there(f: Facts) -> bool:
        told = (f["online"], f["interface"], f["kind"], f["gateway_mac"], f["vpn"], f["dns_suffixes"])
        here = ["fd00:40:" in a for a in f["addresses"]]
        return told == (True, "eth0", "wired", NETS["home"].mac, [], ["lan6"]) and bool(here) and all(here)

    with Looking(laptop) as eyes, agent:
        found = eyes.until(there, 20, patience=0.2)
        assert str(found["gateway"]).startswith("fe80::")
        agent.wait_npmrc(direct, 10, "home, by its router's MAC")

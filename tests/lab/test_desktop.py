"""The agent under a real NetworkManager, which orders and delays things otherwise than dhclient does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from lab import Lab, desktop, missing
from lab.agent import AgentProcess
from lab.day import ELSEWHERE, HOME, OWN, direct, office, wait_status, with_login, without_login

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def laptop() -> Iterator[Lab]:
    lacking = sorted({p for tool, p in desktop.TOOLS.items() if not shutil.which(tool)})
    if reason := missing() or (f"not installed: {' '.join(lacking)}" if lacking else ""):
        pytest.skip(reason)
    with Lab() as lab:
        lab.move_cable("home")
        desktop.network_manager(lab)
        yield lab


def test_network_manager_moves_the_laptop(laptop: Lab) -> None:
    for net, suffix in (("office", "search corp.test"), ("home", "search lan"), ("office", "search corp.test")):
        desktop.roam(laptop, net)
        laptop.wait_facts(f"grep -q '{suffix}' /etc/resolv.conf")


def test_the_agent_follows_network_manager(laptop: Lab) -> None:
    agent = AgentProcess(laptop)
    laptop.npmrc(OWN)
    office(agent)
    agent.profile("home", HOME)
    agent.profile("elsewhere", ELSEWHERE)
    desktop.roam(laptop, "home")
    with agent:
        agent.wait_npmrc(direct, what="direct at home")
        desktop.roam(laptop, "office")
        agent.wait_npmrc(with_login, what="the login in the office")
        laptop.carrier(False)  # under 6 s: NetworkManager keeps address, route and DNS
        agent.wait_npmrc(without_login, what="no login without a cable")
        laptop.move_cable("home")
        agent.wait_npmrc(lambda keys: not with_login(keys), what="no login on a network that does not answer as the office does")
        desktop.roam(laptop, "cafe")
        agent.wait_npmrc(direct, what="direct in the cafe")
        laptop.sh("nmcli con down Wired")
        wait_status(agent, "hold")
        assert direct(agent.keys())

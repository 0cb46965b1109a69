"""A profile chosen by hand on a laptop that moves: what ends it, and what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab, until
from lab.agent import AgentProcess
from lab.day import OWN, direct, profiles, wait_status, with_login, without_login

pytestmark = pytest.mark.lab


@pytest.fixture
def agent(lab: Lab) -> Iterator[AgentProcess]:
    agent = AgentProcess(lab)
    lab.npmrc(OWN)
    profiles(agent)
    with agent:
        yield agent


def by_hand(agent: AgentProcess) -> object:
    return (agent.cli("status", "--json").json["override"] or {}).get("profile")


def test_until_moved_ends_on_another_network_and_on_nothing_else(lab: Lab, agent: AgentProcess) -> None:
    lab.plug("home")
    wait_status(agent, "apply", "home")
    assert agent.cli("use", "office", "--until-moved").code in (0, 1)
    agent.wait_npmrc(lambda k: "proxy" in k, what="the office's proxy at home")
    lab.offline()
    assert by_hand(agent) == "office"
    lab.plug("home")
    wait_status(agent, "apply", "office")
    lab.vpn_up("split")
    assert by_hand(agent) == "office"
    lab.vpn_down()
    lab.flap(2, 0.05)
    assert by_hand(agent) == "office"
    lab.plug("clone")  # the same addresses behind another gateway
    agent.wait_npmrc(direct, what="the network's own decision again")
    until(lambda: by_hand(agent) is None, 10, "the override's end in status")


def test_until_moved_given_offline_is_bound_to_the_first_place(lab: Lab, agent: AgentProcess) -> None:
    assert agent.cli("use", "office", "--until-moved").code in (0, 1)
    lab.plug("home")
    bound = Path(agent.state, "override.json")  # status said "office" before we came here: what it says is no sign of a look
    until(lambda: json.loads(bound.read_text())["gateway"] == "192.168.1.1", 10, "the place it is bound to")
    assert by_hand(agent) == "office"
    lab.plug("office")  # at once: home's gateway need not have answered for its MAC
    until(lambda: by_hand(agent) is None, 10, "the override's end in status")
    agent.wait_npmrc(with_login, what="the office, by its own right")


def test_by_hand_holds_offline_and_everywhere_until_auto(lab: Lab, agent: AgentProcess) -> None:
    lab.plug("office")
    agent.wait_npmrc(with_login, what="the login in the office")
    assert agent.cli("use", "direct").code == 0
    assert direct(agent.keys())
    lab.offline()
    assert direct(agent.keys())
    lab.plug("office")
    wait_status(agent, "apply", "direct")
    assert direct(agent.keys())
    assert agent.cli("auto").code in (0, 1)
    agent.wait_npmrc(lambda k: without_login(k) or with_login(k), what="the office again")

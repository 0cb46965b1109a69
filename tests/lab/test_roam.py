"""A laptop's day with the real agent: after each move npm's file is what the profile says, and `npm install` works by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from lab import NETS, Lab, until
from lab.agent import AgentProcess
from lab.day import ELSEWHERE, LEFT_OVER, OWN, Keys, direct, no_login, office, profiles, wait_status, with_login, without_login

pytestmark = pytest.mark.lab


@pytest.fixture
def agent(lab: Lab) -> Iterator[AgentProcess]:
    """An agent that a test starts itself; npm's file holds the user's own lines."""
    agent = AgentProcess(lab)
    lab.npmrc(OWN)
    yield agent
    agent.stop()


def installs(lab: Lab, *, by_proxy: bool, env: Mapping[str, str]) -> None:
    """A real `npm install`: it works, and by the way that is meant."""
    tunnels = sum("TCP_TUNNEL/200" in x for x in lab.proxy_log())
    seen = len(lab.requests("public"))
    r = lab.npm("install", "lab-hello", env={"NPM_TOKEN": "t", **env})
    assert r.returncode == 0, r.stdout + r.stderr
    clients = {x["client"].rsplit(".", 1)[0] for x in lab.requests("public")[seen:]}
    if by_proxy:
        until(lambda: sum("TCP_TUNNEL/200" in x for x in lab.proxy_log()) > tunnels, 5, "the proxy's log grows")
        assert clients == {"203.0.113"}
    else:
        assert clients == {NETS[lab.current or ""].host(0).rsplit(".", 1)[0]}


class Day:
    """The steps of a day: each one's time from the event's end to the right file is kept."""

    def __init__(self, agent: AgentProcess) -> None:
        self.agent, self.lab, self.times = agent, agent.lab, dict[str, float]()

    def step(self, name: str, move: Callable[[], object], holds: Callable[[Keys], bool], *, by_proxy: bool | None = None) -> None:
        move()
        self.times[name] = self.agent.wait_npmrc(holds, 5, name)
        if by_proxy is not None:  # in a new shell, or by turns in one where an old proxy's variables are left over
            installs(self.lab, by_proxy=by_proxy, env=LEFT_OVER if len(self.times) % 2 else {})
        assert holds(self.agent.keys()), f"{name}: it did not stay\n{self.agent.read()}\n{self.agent.log()}"
        kept = "".join(x for x in self.agent.read().splitlines(keepends=True) if x in OWN.splitlines(keepends=True))
        assert kept == OWN, f"{name}: a line of the user's own is gone\n{self.agent.read()}"


def test_a_day(lab: Lab, agent: AgentProcess, record_property: Callable[[str, object], None]) -> None:
    profiles(agent)
    with agent:
        day = Day(agent)
        day.step("office", lambda: lab.plug("office"), with_login, by_proxy=True)
        day.step("home", lambda: lab.plug("home"), direct, by_proxy=False)
        wait_status(agent, "apply", "home")
        day.step("cafe", lambda: lab.plug("cafe"), direct, by_proxy=False)
        wait_status(agent, "apply", "elsewhere")
        day.step("clone", lambda: lab.plug("clone"), direct, by_proxy=False)
        wait_status(agent, "apply", "elsewhere")
        day.step("home again", lambda: lab.plug("home"), direct)
        wait_status(agent, "apply", "home")
        day.step("full VPN", lambda: lab.vpn_up("full"), with_login, by_proxy=True)
        wait_status(agent, "apply", "vpn")
        day.step("VPN down", lab.vpn_down, direct, by_proxy=False)
        day.step("split VPN", lambda: lab.vpn_up("split"), with_login, by_proxy=True)
        day.step("VPN down again", lab.vpn_down, direct, by_proxy=False)
        day.step("VPN", lambda: lab.vpn_up("full"), with_login)
        day.step("VPN killed", lab.kill_vpn, direct)
        day.step("office after it", lambda: lab.plug("office"), with_login, by_proxy=True)
        day.step("offline", lab.offline, without_login)
        wait_status(agent, "hold")
        day.step("office from nothing", lambda: lab.plug("office"), with_login, by_proxy=True)
        day.step("cable out", lambda: lab.offline(flush=False), without_login)
        day.step("cable in", lambda: lab.plug("office"), with_login)
        day.step("flapping", lambda: lab.flap(5, 0.05), with_login, by_proxy=True)
        day.step("home at last", lambda: lab.plug("home"), direct, by_proxy=False)
        day.step("cable moved", lambda: lab.move_cable("office"), direct)
    record_property("seconds", {k: round(v, 3) for k, v in day.times.items()})
    slow = {k: round(v, 3) for k, v in day.times.items() if v > 2}
    assert not slow, f"right only after more than 2 s: {slow}"
    assert lab.captured() == [], (lab.trapped("rogue"), lab.trapped("cafe"), agent.log())


def test_a_cafe_that_answers_everything_gets_no_password(lab: Lab, agent: AgentProcess) -> None:
    profiles(agent)
    lab.behave("cafe", "liar")
    with agent:
        lab.plug("office")
        agent.wait_npmrc(with_login, what="the login in the office")
        lab.plug("cafe")
        lab.npm("view", "lab-hello", env={"NPM_TOKEN": "t"})  # at once, as a watcher or a dev server does
        agent.wait_npmrc(direct, what="direct in the cafe")
        assert lab.npm("install", "lab-hello", env={"NPM_TOKEN": "t", **LEFT_OVER}).returncode == 1
    assert lab.trapped("cafe")
    assert lab.captured() == [], (lab.trapped("rogue"), lab.trapped("cafe"), agent.log())


def test_held_by_no_profile_the_proxy_stays_and_the_password_goes(lab: Lab, agent: AgentProcess) -> None:
    office(agent)
    lab.behave("cafe", "liar")
    with agent:
        lab.plug("office")
        agent.wait_npmrc(with_login, what="the login in the office")
        lab.plug("cafe")
        lab.npm("view", "lab-hello", env={"NPM_TOKEN": "t"})
        agent.wait_npmrc(without_login, what="the bare proxy in the cafe")
        assert "E407" in lab.npm("install", "lab-hello", env={"NPM_TOKEN": "t"}).stderr
        wait_status(agent, "hold")
        lab.plug("office")
        agent.wait_npmrc(with_login, what="the login back in the office")
    assert [x for x in lab.trapped("cafe") if x["port"] == 3128]
    assert lab.captured() == [], (lab.trapped("rogue"), lab.trapped("cafe"), agent.log())


def test_a_rogue_office_that_can_not_prove_itself_gets_no_password(lab: Lab, agent: AgentProcess) -> None:
    office(agent, f"prove: {{url: 'https://registry.corp.test/', ca: '{lab.state}/tls/ca.pem'}}")
    agent.profile("elsewhere", ELSEWHERE)
    lab.behave("rogue", "liar")
    with agent:
        lab.plug("office")
        agent.wait_npmrc(with_login, what="the login in the real office")
        lab.plug("rogue")
        agent.wait_npmrc(no_login, what="the login leaves with the link")
        lab.npm("view", "lab-hello", env={"NPM_TOKEN": "t"})
        until(lambda: [x for x in lab.trapped("rogue") if x["port"] == 443], 10, "the rogue is asked for proof")
        lab.npm("install", "lab-hello", env={"NPM_TOKEN": "t"})
        assert no_login(agent.keys())
        lab.plug("office")
        agent.wait_npmrc(with_login, what="the login back in the real office")
    assert lab.captured() == [], (lab.trapped("rogue"), lab.trapped("cafe"), agent.log())


def test_a_passed_portal_is_noticed_without_an_event(lab: Lab, agent: AgentProcess) -> None:
    agent.profile(
        "guest", 'when: {gateway: 172.20.0.1, resolves: registry.public.test}\napply: {proxy: "http://proxy.corp.test:3128"}\n'
    )
    lab.behave("cafe", "portal")
    with agent:
        lab.plug("cafe")
        wait_status(agent, "hold")
        assert not without_login(agent.keys())
        lab.behave("cafe", "honest")
        agent.wait_npmrc(without_login, 30, "the guest's profile once the portal is passed")


def test_the_agent_may_die_and_come_back_anywhere(lab: Lab, agent: AgentProcess) -> None:
    profiles(agent)
    lab.plug("office")
    agent.start()
    agent.wait_npmrc(with_login, what="the login in the office")
    agent.stop(9)
    lab.plug("home")
    assert with_login(agent.keys())  # nobody was there to see it
    agent.start()
    agent.wait_npmrc(direct, what="direct at home after the start")
    assert agent.stop() == 0, agent.log()
    text = agent.read()
    agent.start()
    assert agent.read() == text

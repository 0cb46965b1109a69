"""When not to use a proxy: the public registry is forbidden here, or the registry is inside. With real npm and squid."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import PROXY_PASSWORD, PROXY_USER, Lab, until
from lab.agent import AgentProcess
from lab.day import FULL, LEFT_OVER, OWN, direct, wait_status, with_login

pytestmark = pytest.mark.lab

RULE = "the rules of this site allow its own mirror only"
POLICY = """
    priority: 70
    when: {{dns_suffix: corp.test, gateway: 10.10.0.1}}
    apply: {{proxy: direct, {wants}}}
    because: {rule}
"""
HOME = "when: {gateway_mac: 02:00:00:00:40:01}\napply: {proxy: direct}\n"
BOTH = OWN + "@corp:registry=https://registry.corp.test/\n"
TOKEN = {"NPM_TOKEN": "t"}


@pytest.fixture
def agent(lab: Lab) -> Iterator[AgentProcess]:
    agent = AgentProcess(lab)
    lab.npmrc(OWN)
    yield agent
    agent.stop()


def noproxy(agent: AgentProcess) -> list[str]:
    return agent.keys().get("noproxy", "").split(",")


def clients(lab: Lab, which: str) -> set[str]:
    """Where the requests that a registry saw came from, by network."""
    return {x["client"] for x in (lab.requests("corp") if which == "corp" else lab.requests("public"))}


def inside_profile(agent: AgentProcess, when: str) -> None:
    login = agent.secret("login", f"{PROXY_USER}:{PROXY_PASSWORD}\n")
    agent.profile("office", f"when: {when}\napply: {{proxy: 'http://proxy.corp.test:3128', login: '{login}'}}\n")


# ---- policy forbids the public registry here -----------------------------------------------------------------------------------


def test_a_mirror_is_used_where_the_rules_say_so_and_all_is_back_at_home(lab: Lab, agent: AgentProcess) -> None:
    agent.profile("policy", POLICY.format(wants="registry: 'http://registry.corp.test/'", rule=RULE))
    agent.profile("home", HOME)
    with agent:
        lab.plug("office")
        agent.wait_npmrc(lambda k: k.get("registry") == "http://registry.corp.test/", what="the mirror")
        assert "registry.corp.test" in noproxy(agent)
        assert not {"proxy", "https-proxy"} & set(agent.keys())
        for env in (TOKEN, {**TOKEN, **LEFT_OVER}):
            r = lab.npm("install", "lab-hello", env=env)
            assert r.returncode == 0, r.stderr
        assert clients(lab, "corp")
        assert clients(lab, "public") == set()
        wait_status(agent, "apply", "policy")
        status = agent.cli("status", "--json").json
        assert status["because"].startswith(RULE)
        assert RULE in agent.cli("status").out
        lab.plug("home")
        agent.wait_npmrc(direct, what="home")
        assert "registry=https://registry.public.test/\n" in agent.read()
        assert lab.npm("install", "lab-hello", env=TOKEN).returncode == 0
        assert clients(lab, "public")
    agent.cli("uninstall", "--yes")
    assert agent.read() == OWN


def test_where_no_registry_is_allowed_npm_fails_at_once_with_a_reason(lab: Lab, agent: AgentProcess) -> None:
    """Without it npm would ask in vain for 475 s here: packets to the outside are dropped."""
    agent.profile("policy", POLICY.format(wants="npm: {offline: true}", rule="no npm in the clean room"))
    agent.profile("home", HOME)
    with agent:
        lab.plug("office")
        agent.wait_npmrc(lambda k: k.get("offline") == "true", what="offline")
        r = lab.npm("install", "lab-hello", env=TOKEN, timeout=40)  # raises where npm waits for the network
        assert r.returncode != 0
        assert "ENOTCACHED" in r.stderr
        assert (clients(lab, "public"), clients(lab, "corp")) == (set(), set())
        wait_status(agent, "apply", "policy")
        assert "no npm in the clean room" in agent.cli("status").out
        lab.plug("home")
        agent.wait_npmrc(lambda k: direct(k) and "offline" not in k, what="home")
        assert lab.npm("install", "lab-hello", env=TOKEN).returncode == 0


# ---- the registry is inside ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["{dns_suffix: corp.test}", "{gateway: 10.10.0.1}"], ids=["named suffix", "private address"])
def test_the_inner_registry_directly_and_the_public_one_by_the_proxy(lab: Lab, agent: AgentProcess, when: str) -> None:
    """One profile, one npm file, one install: the profile names the suffix, or nobody names anything and the address tells."""
    lab.npmrc(BOTH)
    inside_profile(agent, when)
    with agent:
        lab.plug("office")
        agent.wait_npmrc(with_login, what="the proxy")
        agent.wait_npmrc(lambda _: "registry.corp.test" in noproxy(agent), 10, "the inner registry in noproxy")
        assert "registry.public.test" not in noproxy(agent)
        r = lab.npm("install", "lab-hello", "@corp/internal", env=TOKEN)
        assert r.returncode == 0, r.stderr
        own = lab.sh("ip -4 -o addr show eth0").split()[3].partition("/")[0]
        assert clients(lab, "corp") == {own}
        assert {c.rsplit(".", 1)[0] for c in clients(lab, "public")} == {"203.0.113"}
        assert any("TCP_TUNNEL/200" in x and "registry.public.test" in x for x in lab.proxy_log())
        assert not any("registry.corp.test" in x and "CONNECT" in x for x in lab.proxy_log())
        text = agent.read()
        agent.cli("apply")
        assert agent.read() == text, "a command leaves it as it is"


def test_a_registry_that_moved_outside_leaves_the_list(lab: Lab, agent: AgentProcess) -> None:
    lab.npmrc(BOTH)
    inside_profile(agent, "{gateway: 10.10.0.1}")
    with agent:
        lab.plug("office")
        agent.wait_npmrc(lambda _: "registry.corp.test" in noproxy(agent), 10, "the inner registry in noproxy")
        try:
            lab.sh("echo 203.0.113.10 registry.corp.test >> /etc/hosts")
            lab.plug("office")
            agent.wait_npmrc(lambda k: k.get("proxy") == FULL and "registry.corp.test" not in noproxy(agent), 10, "it left")
        finally:
            lab.sh("sed -i /registry.corp.test/d /etc/hosts")


def test_a_sinkhole_pulls_nothing_in(lab: Lab, agent: AgentProcess) -> None:
    """A café whose DNS has one private address for every name: neither registry is taken for one inside."""
    lab.npmrc(BOTH)
    agent.profile("guest", "when: {gateway: 172.20.0.1}\napply: {proxy: 'http://172.20.0.1:3128'}\n")
    lab.behave("cafe", "liar")
    lab.plug("cafe")
    for _ in range(2):
        assert agent.cli("apply", "--json").json["profile"] == "guest"
        assert agent.keys()["proxy"] == "http://172.20.0.1:3128"
        assert noproxy(agent) == ["localhost", "127.0.0.1", "::1", "[::1]"]
    agent.start()
    asked = lambda: "guest" in agent.cli("status", "--json").out  # noqa: E731
    until(asked, 10, "the agent's status")
    lab.behave("cafe", "honest")
    assert noproxy(agent) == ["localhost", "127.0.0.1", "::1", "[::1]"]

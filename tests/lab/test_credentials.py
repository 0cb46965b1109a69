"""Who is lent the password, and what a proxy that is dead or says no looks like: the real agent, real networks, real npm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import NETS, PROXY_PASSWORD, PROXY_USER, Lab, until
from lab.agent import AgentProcess
from lab.day import ELSEWHERE, OWN, direct, no_login, office, wait_status, with_login, without_login
from lab.spaces import program

pytestmark = pytest.mark.lab

TOKEN = {"NPM_TOKEN": "t"}
PROVE = "prove: {{url: 'https://registry.corp.test/', ca: '{state}/tls/ca.pem'}}"
AT_OFFICE = "when: {{dns_suffix: corp.test, gateway: 10.10.0.1}}\napply: {{proxy: 'http://{proxy}'}}\n"
LATER = 40
"""Seconds in which the ladder (1, 3, 10, 30) comes by often enough on a busy machine."""


@pytest.fixture
def agent(lab: Lab) -> Iterator[AgentProcess]:
    agent = AgentProcess(lab)
    lab.npmrc(OWN)
    yield agent
    agent.stop()


def problems(agent: AgentProcess) -> dict[str, dict[str, str]]:
    """The problems of `roamrc status`, by their code."""
    status: dict[str, Any] = agent.cli("status", "--json").json or {}
    return {p["code"]: p for p in status.get("problems", ())}


def wait_problem(agent: AgentProcess, code: str, limit: float = 15) -> dict[str, str]:
    until(lambda: code in problems(agent), limit, f"the problem {code}; there is {problems(agent)}\n{agent.log()}")
    return problems(agent)[code]  # it stays while what it is about is tried again


def wait_no_problem(agent: AgentProcess, limit: float = LATER) -> None:
    until(lambda: not problems(agent), limit, f"no problem; there is {problems(agent)}\n{agent.log()}")


def real_proxy(lab: Lab, port: int) -> None:
    """A proxy at the office beside squid, for the length of the test."""
    hosts = f"registry.public.test={NETS['office'].registry},registry.corp.test=10.10.0.20"
    argv = program("proxy", "10.10.0.1", port, PROXY_USER, PROXY_PASSWORD, f"{lab.state}/log/second-proxy.log")
    lab.popen(argv, node="office", env={"LAB_HOSTS": hosts})
    lab.wait_tcp("office", "10.10.0.1", port)


# ---- whether the proxy lives ---------------------------------------------------------------------------------------------------


def test_a_dead_proxy_is_seen_and_its_return_as_well(lab: Lab, agent: AgentProcess) -> None:
    """Refused, silent and dropped: named in `status` within seconds, where npm would take minutes or for ever."""
    login = agent.secret("login", f"{PROXY_USER}:{PROXY_PASSWORD}\n")
    with agent:
        agent.profile("office", AT_OFFICE.format(proxy="10.10.0.1:3199"))
        lab.plug("office")
        assert "refuses connections" in wait_problem(agent, "proxy-refused")["message"]
        assert agent.keys()["proxy"] == "http://10.10.0.1:3199", "it is written all the same (on_dead_proxy: apply)"
        assert agent.cli("status").code == 1

        mute = lab.popen(program("silent", "10.10.0.1", 3198), node="office")
        lab.wait_tcp("office", "10.10.0.1", 3198)
        agent.profile("office", AT_OFFICE.format(proxy="10.10.0.1:3198"))
        told = wait_problem(agent, "proxy-silent")
        assert "never answers" in told["message"]
        assert told["hint"] == "roamrc use direct --until-moved"
        lab.stop(mute)

        agent.profile("office", AT_OFFICE.format(proxy="203.0.113.77:3128"))
        assert "does not answer" in wait_problem(agent, "proxy-dropped")["message"]

        agent.profile("office", AT_OFFICE.format(proxy=f"10.10.0.1:3199', login: '{login}"))
        agent.wait_npmrc(lambda k: f"{PROXY_USER}:{PROXY_PASSWORD}@10.10.0.1:3199" in k.get("proxy", ""), what="the login")
        wait_problem(agent, "proxy-refused")
        real_proxy(lab, 3199)
        wait_no_problem(agent)
    assert lab.npm("install", "lab-hello", env=TOKEN).returncode == 0


def test_a_proxy_not_known_to_live_is_not_written_where_the_user_says_so(lab: Lab, agent: AgentProcess) -> None:
    os.makedirs(agent.config)
    with open(f"{agent.config}/config.yaml", "w") as f:
        f.write("on_dead_proxy: hold\n")
    agent.profile("office", AT_OFFICE.format(proxy="10.10.0.1:3199"))
    with agent:
        lab.plug("office")
        wait_problem(agent, "proxy-refused")
        wait_status(agent, "hold")
        assert agent.read() == OWN, "what stands there stays"
        assert agent.cli("use", "office", "--json").json["action"] == "apply", "by hand it is written"
        assert agent.keys()["proxy"] == "http://10.10.0.1:3199"
        agent.cli("auto")
        real_proxy(lab, 3199)
        wait_status(agent, "apply", "office", LATER)
        wait_problem(agent, "proxy-407")  # who asks for a login lives
    agent.cli("use", "direct")
    agent.cli("auto")
    assert agent.keys()["proxy"] == "http://10.10.0.1:3199", "without an agent the command tries it by itself"


# ---- logins --------------------------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_told_and_the_new_one_taken(lab: Lab, agent: AgentProcess) -> None:
    """The proxy says 407, so the login is fetched anew until it is right: nobody restarts anything."""
    office(agent)
    agent.secret("login", f"{PROXY_USER}:last-month\n")
    with agent:
        lab.plug("office")
        told = wait_problem(agent, "proxy-407")
        assert "does not accept the login" in told["message"]
        assert "roamrc login set office" in told["hint"]
        assert "E407" in lab.npm("install", "lab-hello", env=TOKEN).stderr
        agent.secret("login", f"{PROXY_USER}:{PROXY_PASSWORD}\n")
        agent.wait_npmrc(with_login, LATER, "the new password")
        wait_no_problem(agent)
        assert lab.npm("install", "lab-hello", env=TOKEN).returncode == 0
    assert "last-month" not in agent.log()
    assert PROXY_PASSWORD not in agent.log()


def test_a_locked_keyring_is_a_sentence_and_its_unlocking_is_noticed(lab: Lab, agent: AgentProcess) -> None:
    pytest.importorskip("keyring")
    folder = f"{lab.home}/.config/python_keyring"
    os.makedirs(folder)

    def backend(name: str) -> None:
        with open(f"{folder}/keyringrc.cfg", "w") as f:
            f.write(f"[backend]\ndefault-keyring=keyring_stand.{name}\nkeyring-path={Path(__file__).parent.parent}\n")

    backend("Locked")
    with open(f"{lab.home}/store.json", "w") as f:
        f.write(f'{{"corp-proxy\\n{PROXY_USER}": "{PROXY_PASSWORD}"}}')
    agent.env["XDG_DATA_HOME"] = lab.home
    office(agent)
    agent.profile("office", AT_OFFICE.format(proxy="proxy.corp.test:3128', login: 'keyring:corp-proxy/alice"))
    with agent:
        lab.plug("office")
        told = wait_problem(agent, "login")
        assert told["message"] == 'no login for profile "office": the keyring is locked'
        assert without_login(agent.keys()), "a 407 in 0.3 s beats 475 s"
        assert "E407" in lab.npm("install", "lab-hello", env=TOKEN).stderr
        backend("Kept")
        agent.wait_npmrc(with_login, LATER, "the login of the unlocked keyring")
        wait_no_problem(agent)
        assert lab.npm("install", "lab-hello", env=TOKEN).returncode == 0
        mode = os.stat(agent.npmrc).st_mode & 0o777
        assert mode == 0o600
    assert PROXY_PASSWORD not in agent.log()


# ---- proof ---------------------------------------------------------------------------------------------------------------------


def test_a_split_vpn_at_home_proves_nothing(lab: Lab, agent: AgentProcess) -> None:
    """It brings the office's suffix and reaches its intranet, with the right certificate: but not by the physical uplink."""
    login = agent.secret("login", f"{PROXY_USER}:{PROXY_PASSWORD}\n")
    prove = PROVE.format(state=lab.state)
    wants = f"{prove}\napply: {{proxy: 'http://proxy.corp.test:3128', login: '{login}'}}\n"
    agent.profile("office", f"when: {{dns_suffix: corp.test}}\n{wants}")
    agent.profile("home", "when: {gateway_mac: 02:00:00:00:40:01}\napply: {proxy: direct}\n")
    with agent:
        lab.plug("home")
        agent.wait_npmrc(direct, what="direct at home")
        lab.vpn_up("split")
        trail = lambda: agent.cli("explain", "office").out  # noqa: E731
        until(lambda: "not the physical uplink" in trail(), 15, trail())
        assert no_login(agent.keys())
        wait_status(agent, "apply", "home")
        assert lab.npm("install", "lab-hello", env=TOKEN).returncode == 0
        agent.profile("vpn", f"priority: 60\nwhen: {{dns_suffix: corp.test, vpn: true}}\n{wants}")
        agent.wait_npmrc(with_login, 10, "a profile that names the VPN is proven through it")
        lab.vpn_down()
        agent.wait_npmrc(direct, what="the login leaves with the VPN")
    assert PROXY_PASSWORD not in agent.log()


def test_a_portal_that_claims_all_gets_nothing(lab: Lab, agent: AgentProcess) -> None:
    """Every name resolves to it, every page redirects; nobody signed its certificate."""
    office(agent, PROVE.format(state=lab.state))
    text = Path(f"{agent.config}/profiles/office.yaml").read_text()
    agent.profile("office", text.replace("dns_suffix: corp.test, gateway: 10.10.0.1", "gateway: [10.10.0.1, 172.20.0.1]"))
    agent.profile("elsewhere", ELSEWHERE)
    lab.behave("cafe", "portal")
    with agent:
        lab.plug("office")
        agent.wait_npmrc(with_login, what="the login in the office")
        lab.plug("cafe")
        agent.wait_npmrc(no_login, what="the login leaves with the link")
        until(lambda: [x for x in lab.trapped("cafe") if x["port"] == 443], 10, "the portal is asked for proof")
        lab.npm("view", "lab-hello", env=TOKEN, timeout=30)
        assert no_login(agent.keys())
    assert lab.captured() == []

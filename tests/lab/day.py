"""The profiles of the laptop's user, and what npm's file must hold under each."""

from __future__ import annotations

from . import PROXY_PASSWORD, PROXY_USER, until
from .agent import AgentProcess

Keys = dict[str, str]
BARE = "http://proxy.corp.test:3128"
FULL = f"http://{PROXY_USER}:{PROXY_PASSWORD}@proxy.corp.test:3128"
LEFT_OVER = {"HTTPS_PROXY": BARE, "https_proxy": BARE}
OWN = """; kept by hand
registry=https://registry.public.test/

//registry.public.test/:_authToken = ${NPM_TOKEN}
fetch-retries=0
"""
OFFICE = """
    priority: 50
    when: {{dns_suffix: corp.test, gateway: 10.10.0.1}}
    {prove}
    apply: {{proxy: "http://proxy.corp.test:3128", login: "{login}", no_proxy: [corp.test]}}
    because: the office lets nothing out but by its proxy
"""
VPN = """
    priority: 60
    when: {{vpn: true, dns_suffix: corp.test}}
    apply: {{proxy: "http://proxy.corp.test:3128", login: "{login}"}}
"""
HOME = """
    priority: 10
    when: {gateway_mac: 02:00:00:00:40:01}
    apply: {proxy: direct}
"""
ELSEWHERE = """
    when: anywhere
    apply: {proxy: direct}
"""


def with_login(keys: Keys) -> bool:
    return keys.get("proxy") == keys.get("https-proxy") == FULL


def without_login(keys: Keys) -> bool:
    return keys.get("proxy") == keys.get("https-proxy") == BARE


def direct(keys: Keys) -> bool:
    return not {"proxy", "https-proxy"} & set(keys) and "registry.public.test" in keys.get("noproxy", "").split(",")


def no_login(keys: Keys) -> bool:
    return not any("@" in keys.get(k, "") for k in ("proxy", "https-proxy"))


def office(agent: AgentProcess, prove: str = "") -> None:
    agent.profile("office", OFFICE.format(login=agent.secret("login", f"{PROXY_USER}:{PROXY_PASSWORD}\n"), prove=prove))


def profiles(agent: AgentProcess) -> None:
    office(agent)
    agent.profile("vpn", VPN.format(login=f"file:{agent.lab.home}/login"))
    agent.profile("home", HOME)
    agent.profile("elsewhere", ELSEWHERE)


def wait_status(agent: AgentProcess, action: str, profile: str = "", limit: float = 5) -> None:
    """Until `roamrc status` says so; which profile a hold names is left open."""

    def says() -> bool:
        status = agent.cli("status", "--json").json
        return bool(status) and status["action"] == action and profile in ("", status["profile"])

    until(says, limit, f"status: {action} {profile}\n{agent.cli('status').out}\n{agent.log()}")

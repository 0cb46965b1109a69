"""What a user feels: from arriving at home with the office's proxy left in npm's file to the end of `npm install`.

Without `long` npm is given no retries (fetch-retries=0) and the fast failure alone is measured, `runs` times by turns; `long`
measures npm as it comes as well, once, also where packets are dropped: 475 s.
"""

from __future__ import annotations

import time
from typing import Any

from lab import Lab
from lab.agent import AgentProcess

from . import proc
from .figures import spread

REGISTRY = "registry=https://registry.public.test/\n"
PROXIES = {"name unknown here": "http://proxy.corp.test:3128", "packets dropped": "http://10.10.0.1:3128"}
LIMIT = 600.0
"""Seconds after which an install counts as never ended."""


def run(runs: int, *, long: bool) -> dict[str, Any]:
    """{how the proxy fails: {"without"/"with": spread of seconds, and how many installs were `ok`}}."""
    found: dict[str, Any] = {}
    with Lab() as lab:
        fast = PROXIES["name unknown here"]
        found["name unknown here, no retries"] = _turns(lab, fast, "fetch-retries=0\n", runs)
        if long:
            found |= {name: _turns(lab, proxy, "", 1) for name, proxy in PROXIES.items()}
    return found


def _turns(lab: Lab, proxy: str, retries: str, runs: int) -> dict[str, Any]:
    took: dict[str, list[dict[str, Any]]] = {"with": [], "without": []}
    for _ in range(runs):
        lab.reset()
        took["with"].append(_with(lab, proxy, retries))
        took["without"].append(_without(lab, proxy, retries))
    made = {}
    for how, each in took.items():
        s = spread([one["seconds"] for one in each])
        assert s
        made[how] = {**s.json(), "ok": sum(one["ok"] for one in each)}
    return made


def _without(lab: Lab, proxy: str, retries: str) -> dict[str, Any]:
    lab.npmrc(f"{REGISTRY}{retries}proxy={proxy}\nhttps-proxy={proxy}\n")
    lab.plug("home")
    return _install(lab)


def _with(lab: Lab, proxy: str, retries: str) -> dict[str, Any]:
    lab.npmrc(REGISTRY + retries)
    agent = AgentProcess(lab)
    agent.profile("office", f"priority: 50\nwhen: {{dns_suffix: corp.test}}\napply: {{proxy: '{proxy}'}}\n")
    agent.profile("elsewhere", "when: {gateway_mac: 02:00:00:00:40:01}\napply: {proxy: direct}\n")
    with agent:
        lab.plug("office")
        agent.wait_npmrc(lambda keys: keys.get("proxy") == proxy, what="the proxy in the office")
        proc.calm(agent.pid)  # nobody leaves the office in the second in which he came: that is one burst (rules/pace.py)
        lab.plug("home")
        return _install(lab)


def _install(lab: Lab) -> dict[str, Any]:
    begin = time.monotonic()
    try:
        ok = lab.npm("install", "lab-hello", timeout=LIMIT).returncode == 0
    except TimeoutError:
        ok = False
    return {"seconds": round(time.monotonic() - begin, 2), "ok": ok}

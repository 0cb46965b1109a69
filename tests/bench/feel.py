"""What a user feels: from arriving at home with the office's proxy left in npm's file to the end of `npm install`.

`quick` gives npm no retries (fetch-retries=0) and measures the fast failure alone; the long form is npm as it comes, also where
packets are dropped: 475 s.
"""

from __future__ import annotations

import time
from typing import Any

from lab import Lab
from lab.agent import AgentProcess

REGISTRY = "registry=https://registry.public.test/\n"
PROXIES = {"name unknown here": "http://proxy.corp.test:3128", "packets dropped": "http://10.10.0.1:3128"}
LIMIT = 600.0
"""Seconds after which an install counts as never ended."""


def run(*, quick: bool) -> dict[str, Any]:
    """{how the proxy fails: {"without"/"with": {seconds, ok}}}."""
    found: dict[str, Any] = {"fetch_retries": 0 if quick else 2}
    retries = "fetch-retries=0\n" if quick else ""
    with Lab() as lab:
        for name, proxy in PROXIES.items():
            if quick and name != "name unknown here":
                continue
            lab.reset()
            found[name] = {"with": _with(lab, proxy, retries), "without": _without(lab, proxy, retries)}
    return found


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
        lab.plug("home")
        return _install(lab)


def _install(lab: Lab) -> dict[str, Any]:
    begin = time.monotonic()
    try:
        ok = lab.npm("install", "lab-hello", timeout=LIMIT).returncode == 0
    except TimeoutError:
        ok = False
    return {"seconds": round(time.monotonic() - begin, 2), "ok": ok}

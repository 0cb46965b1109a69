"""A laptop that is closed on one network and opened on another: the agent stands still meanwhile, and hears all of it at once.

Stopped, it is frozen as by a suspend, but for the clock: that a suspend itself is noticed is tested in test_sources_clock.py, and
for real in test_linux_wifi.py.
"""

from __future__ import annotations

import os
import signal

import pytest

from lab import Lab
from lab.agent import AgentProcess
from lab.day import OWN, direct, no_login, profiles, with_login

pytestmark = pytest.mark.lab


SLOW = pytest.mark.slow
PLACES = [
    ("home", direct),
    ("rogue", no_login),
    pytest.param("cafe", direct, marks=SLOW),
    pytest.param("office", with_login, marks=SLOW),
]


@pytest.mark.parametrize(("there", "holds"), PLACES)
def test_opened_on_another_network(lab: Lab, there: str, holds: object) -> None:
    assert callable(holds)
    agent = AgentProcess(lab)
    lab.npmrc(OWN)
    profiles(agent)
    agent.profile(
        "office",
        "priority: 50\nwhen: {dns_suffix: corp.test, gateway_mac: '02:00:00:00:0f:01'}\n"
        f'apply: {{proxy: "http://proxy.corp.test:3128", login: "file:{lab.home}/login"}}\n',
    )
    lab.behave("rogue", "liar")
    lab.plug("office")
    try:
        with agent:
            agent.wait_npmrc(with_login, what="the login in the office")
            os.kill(agent.pid, signal.SIGSTOP)
            lab.offline(flush=False)
            lab.plug(there)
            assert with_login(agent.keys()), "nobody is awake to see it"
            os.kill(agent.pid, signal.SIGCONT)
            agent.wait_npmrc(holds, 10, f"opened: {there}")
    finally:
        if agent.alive():
            os.kill(agent.pid, signal.SIGCONT)
            agent.stop()
    assert lab.captured() == []

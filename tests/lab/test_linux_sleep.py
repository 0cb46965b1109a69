"""A laptop that is closed on one network and opened on another: the agent stands still meanwhile, and hears all of it at once.

Stopped, it is frozen as by a suspend, but for the clock. A real suspend to memory, and the real agent in it, is the slow test's.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from lab import Lab, guest
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


SUSPEND = r"""
ip link set lo up; mkdir -p home/.config/roamrc/profiles; export HOME=/work/home; ip netns add world
ip link add eth0 address 02:00:00:00:1a:01 type veth peer name p0 netns world; ip link set eth0 up; ip -n world link set lo up
printf 'alice:s3cret\n' > login; chmod 600 login; echo fund=false > $HOME/.npmrc
cat > $HOME/.config/roamrc/profiles/office.yaml <<X
when: {dns_suffix: corp.test, gateway_mac: "02:00:00:00:0f:01"}
apply: {proxy: "http://proxy.corp.test:3128", login: "file:/work/login"}
X
echo 'when: {gateway_mac: "02:00:00:00:40:01"}
apply: {proxy: direct}' > $HOME/.config/roamrc/profiles/home.yaml
network() { # MAC NET SUFFIX: another network at the cable's end, and its lease
  ip -n world link set p0 down; ip -n world addr flush dev p0; ip -n world link set p0 address $1
  ip -n world addr add $2.1/24 dev p0; ip -n world link set p0 up
  ip addr flush dev eth0; ip addr add $2.9/24 dev eth0; ip route add default via $2.1; echo search $3 > /etc/resolv.conf
}
until_file() { i=0; until eval "$1" || [ $i = 300 ]; do i=$((i+1)); sleep 0.1; done; [ $i != 300 ]; }
login() { grep -q alice:s3cret@ $HOME/.npmrc; }
told() { r=$1; shift; "$@" && echo "@$r true" || echo "@$r false"; }
asleep() { echo 0 > /sys/class/rtc/rtc0/wakealarm; echo +3 > /sys/class/rtc/rtc0/wakealarm; echo mem > /sys/power/state; }
network 02:00:00:00:0f:01 10.10.0 corp.test
$PYTHON -m roamrc run > agent.log 2>&1 &
told office until_file login
asleep; network 02:00:00:00:40:01 192.168.1 lan; told home until_file "! grep -q ^proxy $HOME/.npmrc"
network 02:00:00:00:0f:01 10.10.0 corp.test; told office_again until_file login
asleep; network 02:00:00:00:60:01 10.10.0 corp.test; told rogue until_file "! login"
i=0; while [ $i != 30 ] && ! login; do i=$((i+1)); sleep 0.1; done; told rogue_later [ $i = 30 ]
cat > slept.py <<'X'
from roamrc.system import System
print("@slept", System().slept())
X
$PYTHON slept.py; tail -n 20 agent.log
"""


@pytest.mark.slow
def test_a_real_suspend(tmp_path: Path) -> None:
    """Suspended to memory twice: woken at home, then on a network that copies the office's addresses and suffix."""
    if reason := guest.missing():
        pytest.skip(reason)
    said = guest.alone(tmp_path, SUSPEND, ("veth", "rtc_cmos"))
    seen = guest.seen(said)
    assert float(seen.pop("slept", 0)) > 2, said[-3000:]
    assert seen == dict.fromkeys(("office", "home", "office_again", "rogue", "rogue_later"), True), said[-3000:]

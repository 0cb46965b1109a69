"""A cable moved quicker than the kernel notices: the old gateway's MAC, which its neighbour table still holds, never counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from lab import LAPTOP_MAC, NETS, Lab, missing, until
from lab.agent import AgentProcess
from lab.day import ELSEWHERE, OFFICE, OWN, direct, no_login, office, with_login, without_login
from lab.looking import Looking
from lab.spaces import program

pytestmark = pytest.mark.lab

BACK = "?not answered since the link came back"
SILENT = "import socket, time; s = socket.socket(type=2); s.bind(('', 9)); print(flush=True); time.sleep(600)"


@pytest.fixture(scope="module")
def card() -> Iterator[Lab]:
    """A laptop whose cable ends in what the kernel takes for a card.

    Linkwatch handles the news of cards once a second, of stacked devices at once; a veth is a stacked one, unless both its ends
    have the same number (linkwatch_urgent_event: dev->ifindex != dev_get_iflink(dev)).
    """
    if reason := missing():
        pytest.skip(reason)
    with Lab() as lab:
        end = f"peer name eth0 index 77 address {LAPTOP_MAC} netns {lab.ns_pid(lab.laptop)}"
        lab.sh(f"ip link del lap0; ip link add lap0 index 77 type veth {end}", "sw")
        lab.sh("ip link set eth0 up")
        yield lab


@pytest.fixture
def lab(card: Lab) -> Iterator[Lab]:
    card.reset()
    yield card
    card.reset()


@pytest.fixture
def eyes(lab: Lab) -> Iterator[Looking]:
    with Looking(lab) as eyes:
        yield eyes


def arp(lab: Lab, gateway: str) -> str:
    return lab.sh(f"ip neigh show {gateway} dev eth0")


def flap(lab: Lab) -> None:
    """Shorter than the kernel's own look at the carrier."""
    lab.sh("ip link set lap0 down; ip link set lap0 up", "sw")


def unheard(lab: Lab, eyes: Looking, net: str, move: Callable[[], object]) -> None:
    """On the network, its gateway known; then a move of the cable that the kernel does not notice: it heard of the link less than
    a second ago. It keeps the gateway's entry then, which is tried until it is so."""
    for _ in range(5):
        lab.plug(net)
        eyes.until(lambda f: f["gateway_mac"] == NETS[net].mac, patience=0.5)
        move()
        if NETS[net].mac in arp(lab, NETS[net].gateway):
            return
    raise AssertionError("the kernel forgets the gateway each time")


def stay(eyes: Looking, holds: Callable[[object], bool], seconds: float) -> list[object]:
    """The gateway's MAC look after look, for a time; it must hold in each."""
    seen: list[object] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen.append(eyes.look()["gateway_mac"])
        assert holds(seen[-1]), seen
    return seen


@pytest.mark.parametrize(("here", "there"), [("home", "clone"), ("office", "rogue")])
@pytest.mark.parametrize("dhcp", [False, True], ids=["kept", "renewed"])
def test_the_old_mac_never_counts(lab: Lab, eyes: Looking, here: str, there: str, dhcp: bool) -> None:
    old, new = NETS[here].mac, NETS[there].mac
    unheard(lab, eyes, here, lambda: lab.move_cable(there))
    if dhcp:
        lab.dhcp()
    seen = stay(eyes, lambda mac: mac != old, 1.5)
    assert seen[0] == BACK or new in seen, seen


def test_a_flap_on_the_same_network_costs_one_answer(lab: Lab, eyes: Looking) -> None:
    unheard(lab, eyes, "home", lambda: flap(lab))
    eyes.until(lambda f: f["gateway_mac"] == NETS["home"].mac, 5)


def test_a_loss_that_the_kernel_heard_of_needs_no_answer(lab: Lab, eyes: Looking) -> None:
    lab.plug("home")
    eyes.until(lambda f: f["gateway_mac"] == NETS["home"].mac, patience=0.5)
    lab.carrier(False)
    until(lambda: not arp(lab, NETS["home"].gateway), 5, "the kernel forgets")
    assert eyes.look()["online"] is False
    lab.carrier(True)
    eyes.until(lambda f: f["gateway_mac"] == NETS["home"].mac, 5)


@pytest.fixture
def silent_home(lab: Lab) -> Iterator[None]:
    """No echo, no "port unreachable" from home's gateway, as behind many a firewall."""
    lab.sh("sysctl -qw net.ipv4.icmp_echo_ignore_all=1", "home")
    mute = lab.popen(["python3", "-c", SILENT], node="home", stdout=-1)
    lab.wait_line(mute, "silence")
    yield
    lab.stop(mute)
    mute.stdout.close()
    lab.sh("sysctl -qw net.ipv4.icmp_echo_ignore_all=0", "home")


@pytest.mark.usefixtures("silent_home")
def test_a_gateway_that_answers_nothing_is_confirmed_by_any_tcp_answer(lab: Lab, eyes: Looking) -> None:
    unheard(lab, eyes, "home", lambda: flap(lab))
    assert set(stay(eyes, lambda mac: mac == BACK, 1.0)) == {BACK}
    lab.exec(program("inside", "wait-tcp", NETS["home"].registry, 80, 5), check=True)
    eyes.until(lambda f: f["gateway_mac"] == NETS["home"].mac, 2)


@pytest.mark.slow
@pytest.mark.usefixtures("silent_home")
def test_a_gateway_that_answers_nothing_is_confirmed_by_the_kernel(
    lab: Lab, eyes: Looking, record_property: Callable[[str, object], None]
) -> None:
    """Without any traffic of the user's: the kernel begins to doubt after 15 to 45 s, and takes 5 s and a probe more."""
    unheard(lab, eyes, "home", lambda: flap(lab))
    begin = time.monotonic()
    eyes.until(lambda f: f["gateway_mac"] == NETS["home"].mac, 90)
    record_property("seconds", time.monotonic() - begin)


@pytest.mark.slow
def test_in_the_end_the_new_gateway_is_known(lab: Lab, eyes: Looking) -> None:
    """The address stays, as under NetworkManager: the kernel's probes of the old MAC fail, and it asks anew."""
    unheard(lab, eyes, "home", lambda: lab.move_cable("clone"))
    eyes.until(lambda f: f["gateway_mac"] == NETS["clone"].mac, 90)


TRAFFIC = """
import socket, time
s = socket.socket(type=socket.SOCK_DGRAM)
while True:
    s.sendto(b"x", ("10.10.0.1", 9)); time.sleep(0.05)
"""
HASTE = (
    "for x in base_reachable_time_ms=500 delay_first_probe_time=1 retrans_time_ms=100; do sysctl -qw net.ipv4.neigh.eth0.$x; done"
)
"""The kernel's own doubts within two seconds, for 15 to 60."""


@pytest.mark.parametrize("change", ["another MAC", "silent"])
def test_a_gateway_that_becomes_another_while_the_link_stays(lab: Lab, change: str) -> None:
    """A dock, or a switch under the desk: no carrier, address or route tells of it; the login stayed for good."""
    agent = AgentProcess(lab)
    lab.npmrc(OWN)
    office(agent)
    agent.profile("elsewhere", ELSEWHERE)
    lab.plug("office")
    lab.sh(HASTE)
    talk = None
    try:
        with agent:
            agent.wait_npmrc(with_login, what="the login in the office")
            talk = lab.popen(["python3", "-c", TRAFFIC])
            if change == "silent":
                lab.sh("ip link set lap0 master br-home", "sw")
                agent.wait_npmrc(no_login, 20, what="the login leaves with the gateway")
                assert without_login(agent.keys()), "silence is no proof of another network"
                lab.sh("ip link set lap0 master br-office", "sw")
                agent.wait_npmrc(with_login, 20, what="the gateway answers again")
            else:
                agent.profile(
                    "office",
                    OFFICE.format(login=agent.secret("login", "alice:s3cret\n"), prove="").replace(
                        "gateway: 10.10.0.1", "gateway_mac: '02:00:00:00:0f:01'"
                    ),
                )
                agent.wait_npmrc(with_login, what="the login by the gateway's MAC")
                lab.sh("ip link set lan0 address 02:00:00:00:0f:99", "office")
                agent.wait_npmrc(direct, 20, what="the other gateway is seen")
    finally:
        agent.stop()
        if talk:
            lab.stop(talk)
        lab.sh("ip link set lan0 address 02:00:00:00:0f:01", "office")


def test_a_cable_moved_to_a_rogue_is_lent_no_login(lab: Lab) -> None:
    agent = AgentProcess(lab)
    lab.npmrc(OWN)
    reference = agent.secret("login", "alice:s3cret\n")
    agent.profile(
        "office",
        "when: {dns_suffix: corp.test, gateway_mac: '02:00:00:00:0f:01'}\n"
        f'apply: {{proxy: "http://proxy.corp.test:3128", login: "{reference}"}}\n',
    )
    lab.behave("rogue", "liar")
    lab.plug("office")
    try:
        with agent:
            agent.wait_npmrc(with_login, what="the login in the office")
            lab.move_cable("rogue")
            agent.wait_npmrc(no_login, what="the login leaves with the link")
            lab.popen(["npm", "view", "lab-hello"], env={"NPM_TOKEN": "t"}, stdout=-3, stderr=-3)
            end = time.monotonic() + 4
            while time.monotonic() < end:
                assert no_login(agent.keys()), agent.log()
            lab.dhcp()
            end = time.monotonic() + 2
            while time.monotonic() < end:
                assert no_login(agent.keys()), agent.log()
    finally:
        agent.stop()
    assert lab.captured("rogue") == []

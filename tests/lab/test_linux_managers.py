"""One list of situations under dhclient, NetworkManager, and networkd with resolved: the same facts, the same npm file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_interface

import pytest

from lab import NETS, Lab, desktop, missing, networkd
from lab.agent import AgentProcess
from lab.day import ELSEWHERE, OWN, Keys, direct, no_login, office, profiles, wait_status, with_login
from lab.looking import Facts, Looking

pytestmark = pytest.mark.lab

Holds = Callable[[Facts], object]
FULL, SPLIT = [["tun0", True, False]], [["tun0", False, False]]


@dataclass
class Laptop:
    """A laptop whose network one of them manages; `eth1` is the dock's cable."""

    lab: Lab
    manager: str

    def start(self) -> None:
        self.lab.sh(f"ip link add lap1 type veth peer name eth1 netns {self.lab.ns_pid(self.lab.laptop)}", "sw")
        self.lab.sh("ip link set lap1 down", "sw")
        if self.manager == "dhclient":
            self.lab.sh("ip link set eth1 up")
        elif self.manager == "NetworkManager":
            desktop.network_manager(self.lab)
            self.lab.sh("nmcli con mod Wired ipv4.route-metric 600")
            self.lab.sh("nmcli con add type ethernet con-name Dock ifname eth1 ipv6.method ignore ipv4.route-metric 50")
        else:
            networkd.networkd(self.lab, {"eth0": 600, "eth1": 50})

    def plug(self, net: str) -> None:
        """Onto a network, as the manager does it when it notices."""
        if self.manager == "dhclient":
            self.lab.plug(net)
        elif self.manager == "NetworkManager":
            desktop.roam(self.lab, net)
        else:
            self.lab.move_cable(net)

    def dock(self, net: str) -> None:
        """A second cable, whose route is the better one."""
        self.lab.sh(f"ip link set lap1 master br-{net} up", "sw")
        if self.manager == "dhclient":
            way, state = f"default via {NETS['home'].gateway} dev eth0", self.lab.state
            self.lab.sh(f"ip route add {way} metric 600; ip route del {way} metric 0")
            self.lab.sh(f"dhclient -4 -1 -lf {state}/eth1.leases -pf {state}/eth1.pid eth1")

    def undock(self) -> None:
        self.lab.sh("ip link set lap1 nomaster down", "sw")
        if self.manager == "dhclient":
            self.lab.sh(f"kill $(cat {self.lab.state}/eth1.pid); ip addr flush dev eth1")

    def vpn(self, mode: str) -> None:
        """A client that says its suffix to whom it concerns."""
        self.lab.vpn_up(mode)
        if self.manager == "networkd":
            networkd.tunnel(self.lab)


@pytest.fixture(params=["dhclient", "NetworkManager", pytest.param("networkd", marks=pytest.mark.slow)], scope="module")
def laptop(request: pytest.FixtureRequest) -> Iterator[Laptop]:
    lacking = {
        "dhclient": "",
        "NetworkManager": "" if shutil.which("NetworkManager") and shutil.which("nmcli") else "not installed: network-manager",
        "networkd": networkd.missing(),
    }
    if reason := missing() or lacking[request.param]:
        pytest.skip(reason)
    with Lab() as lab:
        made = Laptop(lab, request.param)
        made.start()
        yield made


def at(net: str, vpn: list[object] | None = None, interface: str = "eth0") -> Holds:
    """The facts of this network, to the last one; of suffixes and tunnels, what it brings (the order is the manager's own)."""
    wanted = NETS[net]

    def holds(facts: Facts) -> object:
        said = {k: facts[k] for k in ("online", "interface", "kind", "ssid", "bssid", "gateway", "gateway_mac", "vpn")}
        same = said == {
            "online": True,
            "interface": interface,
            "kind": "wired",
            "ssid": None,
            "bssid": None,
            "gateway": wanted.gateway,
            "gateway_mac": wanted.mac,
            "vpn": vpn or [],
        }
        nets = {str(ip_interface(a).network) for a in facts["addresses"]}
        return same and nets == {f"{wanted.host(0)}/24"}

    return holds


def suffixes(*wanted: str) -> Holds:
    return lambda facts: set(facts["dns_suffixes"]) == set(wanted)


Row = tuple[str, str]
TABLE: dict[str, dict[str, Row]] = {}
"""Manager → situation → the facts and the file, as test_the_same_facts_and_the_same_file saw them."""

KNOWN = {"full VPN", "VPN killed", "docked", "moved cable, under 6 s"}
"""Where the managers themselves differ, and only in what is in force: whose suffix gives way to whose, and who asks for a new
address at once. npm's file is the same in these too."""


def note(manager: str, name: str, facts: Facts, file: str) -> None:
    """The facts in words, and npm's file but for our comment: it names the profile that wrote the lines, and where another one
    wants the very same lines nothing is written (elsewhere, then home, where home's router was slow to answer)."""
    file = "".join(x for x in file.splitlines(keepends=True) if not x.startswith("# roamrc:"))
    tunnels = [f"{n} {'full' if default else 'split'}" for n, default, _ in facts["vpn"]]
    where = [facts["interface"], facts["gateway"], facts["gateway_mac"], *sorted(facts["dns_suffixes"]), *tunnels]
    TABLE.setdefault(manager, {})[name] = (" · ".join(str(x) for x in where), file)


def in_words(file: str) -> str:
    keys = dict(line.split("=", 1) for line in file.splitlines() if line.startswith(("proxy=", "noproxy=")))
    proxy = keys.get("proxy", "")
    return "proxy and login" if "@" in proxy else "proxy" if proxy else "direct"


def test_the_same_facts_and_the_same_file(laptop: Laptop) -> None:
    lab = laptop.lab
    agent = AgentProcess(lab)
    shutil.rmtree(agent.config, ignore_errors=True)
    lab.npmrc(OWN)
    profiles(agent)
    with Looking(lab) as eyes, agent:

        def step(name: str, there: Holds, dns: Holds, file: Callable[[Keys], bool], profile: str) -> None:
            try:
                found = eyes.until(lambda f: there(f) and dns(f), 15, patience=0.2)
            except AssertionError as e:
                e.add_note(f"{laptop.manager}, {name}\n{lab.resolv_conf()}\n{lab.sh('ip addr; ip route')}")
                raise
            agent.wait_npmrc(file, 10, f"{laptop.manager}, {name}")
            wait_status(agent, "apply", profile, 10)  # the file may have been right before the agent came to it
            note(laptop.manager, name, found, agent.read())

        laptop.plug("office")
        step("office", at("office"), suffixes("corp.test"), with_login, "office")
        laptop.plug("home")
        step("home", at("home"), suffixes("lan"), direct, "home")
        laptop.plug("cafe")
        step("cafe", at("cafe"), suffixes(), direct, "elsewhere")
        laptop.plug("clone")
        step("clone", at("clone"), suffixes(), direct, "elsewhere")
        laptop.plug("home")
        step("home again", at("home"), suffixes("lan"), direct, "home")
        laptop.vpn("split")
        step("split VPN", at("home", SPLIT), suffixes("corp.test", "lan"), with_login, "vpn")
        lab.vpn_down()
        step("VPN down", at("home"), suffixes("lan"), direct, "home")
        laptop.vpn("full")  # a client that writes resolv.conf leaves out the network's own suffix
        step("full VPN", at("home", FULL), lambda f: "corp.test" in f["dns_suffixes"], with_login, "vpn")
        lab.kill_vpn()
        left = ("corp.test",) if laptop.manager == "dhclient" else ("lan",)  # nobody knows better under dhclient
        step("VPN killed", at("home"), suffixes(*left), direct, "home")
        laptop.dock("office")
        step("docked", at("office", interface="eth1"), lambda f: "corp.test" in f["dns_suffixes"], with_login, "office")
        laptop.undock()
        laptop.plug("office")
        step("office once more", at("office"), suffixes("corp.test"), with_login, "office")
        before = agent.read()
        lab.flap(1, 0.05)  # another link, though the same network
        agent.wait_npmrc(no_login, 5, f"{laptop.manager}, the link was lost")
        step("link lost and back", at("office"), suffixes("corp.test"), with_login, "office")
        assert agent.read() == before
        lab.move_cable("home")  # NetworkManager and dhclient keep the office's address; networkd asks anew
        agent.wait_npmrc(no_login, 5, f"{laptop.manager}, moved cable")
        stale = eyes.look(0.2)
        assert stale["gateway_mac"] != NETS["office"].mac
        note(laptop.manager, "moved cable, under 6 s", stale, agent.read())
        laptop.plug("home")
        step("home at last", at("home"), suffixes("lan"), direct, "home")


def test_the_table(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> None:
    """After the test above ran under more than one manager: cell by cell the same. `-s` shows it."""
    managers = [m for m, rows in TABLE.items() if rows]
    if len(managers) < 2:
        return
    first = TABLE[managers[0]]
    lines = [f"| | {' | '.join(managers)} | npm's file |", "|---" * (len(managers) + 2) + "|"]
    differ = []
    for name, row in first.items():
        cells = [TABLE[m].get(name, ("not run", "")) for m in managers]
        same = all(c == row for c in cells)
        shown = [row[0], *("the same" if c[0] == row[0] else c[0] for c in cells[1:])]
        files = {in_words(c[1]) for c in cells}
        identical = " (byte for byte)" if len({c[1] for c in cells}) == 1 else ""
        lines.append(f"| {name} | {' | '.join(shown)} | {' / '.join(sorted(files))}{identical} |")
        if not same and name not in KNOWN:
            differ.append(name)
    table = "\n".join(lines)
    record_property("table", table)
    with capsys.disabled():
        print(f"\n{table}" if os.environ.get("ROAMRC_SLOW") == "1" else "", end="")
    assert not differ, "\n".join([table, *differ])


GUEST = """
    priority: 20
    when: {{gateway: 172.20.0.1, resolves: registry.public.test}}
    apply: {{proxy: "http://proxy.corp.test:3128", login: "{login}"}}
"""


def test_a_portal_is_held_and_lent_nothing_until_it_is_passed(laptop: Laptop) -> None:
    """Behind it every name resolves and nothing is true; that it was passed is told by no event, only by asking again."""
    lab = laptop.lab
    agent = AgentProcess(lab)
    shutil.rmtree(agent.config, ignore_errors=True)
    lab.npmrc(OWN)
    office(agent)
    agent.profile("guest", GUEST.format(login=f"file:{lab.home}/login"))
    agent.profile("elsewhere", ELSEWHERE)
    lab.behave("cafe", "portal")
    with Looking(lab) as eyes, agent:
        laptop.plug("office")
        agent.wait_npmrc(with_login, 15, f"{laptop.manager}, office")
        laptop.plug("cafe")
        lab.npm("view", "lab-hello", env={"NPM_TOKEN": "t"})  # at once, as a watcher does
        eyes.until(at("cafe"), 15, patience=0.2)
        wait_status(agent, "hold", limit=10)
        assert no_login(agent.keys())
        before = agent.read()
        assert agent.cli("apply").json is None
        assert agent.read() == before, "held: nothing is written while the portal stands"
        lab.behave("cafe", "honest")
        agent.wait_npmrc(with_login, 40, f"{laptop.manager}, the portal was passed")
    assert lab.captured("cafe") == [], lab.trapped("cafe")


@pytest.mark.parametrize("laptop", ["networkd"], indirect=True)
def test_resolved_says_on_the_bus_what_its_file_says(laptop: Laptop) -> None:
    """Why the file is enough: the property Domains, without what only routes, is its search line, also after a link has gone."""
    lab = laptop.lab
    laptop.plug("home")
    lab.wait_facts("grep -qx 'search lan' /etc/resolv.conf", 10)
    lab.vpn_up("split")
    networkd.tunnel(lab)

    def bus() -> set[str]:
        ask = "busctl --json=short get-property org.freedesktop.resolve1 /org/freedesktop/resolve1"
        told = json.loads(lab.sh(f"{ask} org.freedesktop.resolve1.Manager Domains"))["data"]
        return {name for _, name, routes_only in told if not routes_only}

    with Looking(lab) as eyes:
        assert set(eyes.until(suffixes("corp.test", "lan"))["dns_suffixes"]) == bus()
        lab.kill_vpn()
        assert set(eyes.until(suffixes("lan"))["dns_suffixes"]) == bus()

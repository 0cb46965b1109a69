"""The lab itself: a test of roamrc that fails here says nothing about roamrc."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab import LAPTOP_MAC, NETS, PROXY_PASSWORD, PROXY_USER, Lab, until

pytestmark = pytest.mark.lab

PROXY = "http://{}proxy.corp.test:3128"
LOGIN = f"{PROXY_USER}:{PROXY_PASSWORD}@"
HTTPS = "registry=https://registry.public.test/\n"
QUICK = "fetch-retries=0\nfetch-timeout=3000\n"


def proxied(login: str = LOGIN) -> str:
    url = PROXY.format(login)
    return f"{HTTPS}{QUICK}proxy={url}\nhttps-proxy={url}\n"


def addresses(lab: Lab) -> list[str]:
    found = json.loads(lab.sh(f"ip -j -4 addr show dev {lab.ifname}"))
    return [f"{a['local']}/{a['prefixlen']}" for link in found for a in link.get("addr_info", [])]


def default(lab: Lab) -> list[str]:
    return [r["gateway"] for r in json.loads(lab.sh("ip -j -4 route show default"))]


def resolver(lab: Lab) -> dict[str, str]:
    return {k: v.rstrip(".") for k, _, v in (x.partition(" ") for x in lab.resolv_conf().splitlines()) if v}


def has_tun(lab: Lab) -> bool:
    return lab.exec("ip link show tun0").returncode == 0


def route_to(lab: Lab, address: str) -> str:
    return str(json.loads(lab.sh(f"ip -j route get {address}"))[0]["dev"])


def tunnelled(lab: Lab) -> bool:
    """Whether the office's proxy let something through; squid logs a tunnel when it is closed, a moment after npm has ended."""
    return any("TCP_TUNNEL/200" in line for line in lab.proxy_log())


@pytest.mark.parametrize("name", NETS)
def test_a_lease_brings_what_the_network_claims(lab: Lab, name: str) -> None:
    net = NETS[name]
    lab.plug(name)
    (address,) = addresses(lab)
    assert address.startswith(net.host(1)[:-1])
    assert address.endswith("/24")
    assert default(lab) == [net.gateway]
    assert resolver(lab) == {"nameserver": net.gateway} | ({"domain": net.domain, "search": net.domain} if net.domain else {})
    lab.exec(["getent", "hosts", "nowhere.test"])  # so that the kernel has asked for the gateway's MAC
    neighbours = {n["dst"]: n.get("lladdr") for n in json.loads(lab.sh("ip -j neigh"))}
    assert neighbours[net.gateway] == net.mac


def test_the_laptop_has_a_machine_of_its_own(lab: Lab) -> None:
    real = pwd.getpwuid(os.geteuid()).pw_dir
    assert lab.sh("cat /sys/class/net/eth0/address").strip() == LAPTOP_MAC
    assert lab.sh("hostname").strip() == "laptop"
    assert lab.exec(["test", "-s", f"{real}/.npmrc"]).returncode == 1
    if not os.path.isdir(real):
        return  # an account without a home
    before = Path(real, ".npmrc").read_bytes() if Path(real, ".npmrc").exists() else None
    lab.sh(f"echo proxy=http://wrong.test:1 > {real}/.npmrc")  # as a dhclient hook without HOME would
    after = Path(real, ".npmrc").read_bytes() if Path(real, ".npmrc").exists() else None
    assert after == before
    lab.sh(f": > {real}/.npmrc")


def test_its_environment_is_built_not_inherited(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HTTPS_PROXY",
        "https_proxy",
        "npm_config_proxy",
        "NPM_CONFIG_USERCONFIG",
        "ROAMRC_STATE_HOME",
        "XDG_CONFIG_HOME",
    ):
        monkeypatch.setenv(name, "http://wrong.test:1")
    found = dict(x.split("=", 1) for x in lab.sh("env").splitlines())
    assert "http://wrong.test:1" not in found.values()
    assert found["HOME"] == lab.home
    assert os.path.getsize(found["npm_config_globalconfig"]) == 0
    assert lab.exec(["npm", "config", "get", "proxy"]).stdout == "null\n"


def test_carrier_is_the_cable_alone(lab: Lab) -> None:
    lab.plug("home")
    carrier = f"cat /sys/class/net/{lab.ifname}/carrier"
    before = (addresses(lab), resolver(lab))
    lab.carrier(False)
    assert lab.sh(carrier) == "0\n"
    assert (addresses(lab), resolver(lab)) == before
    lab.carrier(True)
    assert lab.sh(carrier) == "1\n"
    losses = f"cat /sys/class/net/{lab.ifname}/carrier_down_count"
    n = int(lab.sh(losses))
    lab.flap(3, 0.02)
    assert int(lab.sh(losses)) == n + 3


def test_offline_with_and_without_cleaning_up(lab: Lab) -> None:
    lab.plug("office")
    lab.offline(flush=False)
    assert lab.sh(f"cat /sys/class/net/{lab.ifname}/operstate").strip() in ("down", "lowerlayerdown")
    assert addresses(lab)
    assert resolver(lab)["search"] == "corp.test"
    lab.offline()
    assert (addresses(lab), default(lab), resolver(lab)) == ([], [], {})


def test_a_moved_cable_keeps_the_old_address_on_the_new_lan(lab: Lab) -> None:
    lab.plug("home")
    before = (addresses(lab), default(lab), resolver(lab))
    lab.move_cable("office")
    assert (addresses(lab), default(lab), resolver(lab)) == before
    lab.move_cable("clone")  # home's addresses again, another gateway
    lab.sh("ip neigh flush all; getent hosts nowhere.test || true")
    assert {n["dst"]: n.get("lladdr") for n in json.loads(lab.sh("ip -j neigh"))}["192.168.1.1"] == NETS["clone"].mac


@pytest.mark.parametrize(("mode", "public"), [("full", "tun0"), ("split", "eth0")])
@pytest.mark.parametrize("net", ["home", "cafe", "clone"])
def test_the_vpn_comes_and_goes(lab: Lab, net: str, mode: str, public: str) -> None:
    lab.plug(net)
    before = lab.resolv_conf()
    lab.vpn_up(mode)
    assert route_to(lab, "10.10.0.1") == "tun0"
    assert route_to(lab, "198.51.100.7") == public
    assert default(lab) == [NETS[net].gateway]  # the default row itself never changes
    suffixes = ["corp.test", NETS[net].domain] if mode == "split" and NETS[net].domain else ["corp.test"]
    assert resolver(lab)["search"].replace(".", "").split() == [str(s).replace(".", "") for s in suffixes]
    lab.npmrc(proxied())
    assert lab.npm("install", "lab-hello").returncode == 0
    until(lambda: tunnelled(lab), 5, "the proxy's log has the tunnel")
    lab.vpn_down()
    assert not has_tun(lab)
    assert lab.resolv_conf() == before


def test_a_killed_vpn_leaves_its_suffix_behind(lab: Lab) -> None:
    lab.plug("home")
    lab.vpn_up("full")
    lab.kill_vpn()
    assert not has_tun(lab)
    assert route_to(lab, "198.51.100.7") == lab.ifname
    assert "search corp.test" in lab.resolv_conf()


@pytest.mark.parametrize(
    ("npmrc", "env", "code", "says"),
    [
        (proxied(), {}, 0, "added 1 package"),
        (proxied(""), {}, 1, "E407"),
        (proxied(f"{PROXY_USER}:wrong@"), {}, 1, "E407"),
        (HTTPS + QUICK, {"HTTPS_PROXY": PROXY.format(LOGIN)}, 0, "added 1 package"),
    ],
    ids=["login", "no login", "wrong login", "shell's proxy"],
)
def test_the_office_lets_out_by_its_proxy_alone(lab: Lab, npmrc: str, env: Mapping[str, str], code: int, says: str) -> None:
    lab.plug("office")
    lab.npmrc(npmrc)
    r = lab.npm("install", "lab-hello", env=env)
    assert (r.returncode, says in r.stdout + r.stderr) == (code, True), r
    assert bool([x for x in lab.requests("public") if x["path"].endswith(".tgz")]) == (code == 0)
    until(lambda: tunnelled(lab) if code == 0 else lab.proxy_log(), 5, "the proxy's log has the request")
    assert tunnelled(lab) == (code == 0)


def test_the_office_drops_what_goes_direct(lab: Lab) -> None:
    lab.plug("office")
    direct = "import socket; socket.create_connection(('registry.public.test', 443), 0.5)"
    r = lab.exec([sys.executable, "-c", direct])
    assert "TimeoutError" in r.stderr
    assert lab.requests("public") == []


@pytest.mark.parametrize("net", ["home", "cafe", "clone"])
def test_elsewhere_direct_is_the_way(lab: Lab, net: str) -> None:
    lab.plug(net)
    lab.npmrc(HTTPS)
    assert lab.npm("install", "lab-hello").returncode == 0
    assert {x["client"].rsplit(".", 1)[0] + ".0" for x in lab.requests("public")} == {NETS[net].host(0)}
    assert lab.proxy_log() == []
    lab.npmrc(proxied())
    assert lab.npm("install", "lab-hello").returncode == 1  # the proxy's name is not known here


def test_the_internal_registry_needs_no_proxy(lab: Lab) -> None:
    lab.plug("office")
    lab.npmrc("@corp:registry=https://registry.corp.test/\n")
    assert lab.npm("install", "@corp/internal").returncode == 0
    assert [x["path"] for x in lab.requests("corp")] == ["/@corp%2finternal", "/@corp/internal/-/internal-2.0.0.tgz"]
    assert lab.proxy_log() == []


@pytest.mark.parametrize("net", ["cafe", "rogue"])
@pytest.mark.parametrize("login", [LOGIN, ""])
def test_a_liar_gets_what_it_is_given(lab: Lab, net: str, login: str) -> None:
    """The test of a test: a login left in npm's file is seen here, so that `captured() == []` means something."""
    lab.plug(net)
    lab.behave(net, "liar")
    lab.npmrc(proxied(login))
    assert lab.npm("install", "lab-hello").returncode == 1
    assert lab.trapped(net)
    assert bool(lab.captured(net)) == bool(login)
    lab.reset()
    assert lab.trapped() == []


def test_a_portal_stands_before_everything_until_it_is_passed(lab: Lab) -> None:
    url = "http://registry.public.test/generate_204"
    ask = [sys.executable, "-c", f"import urllib.request as u; r = u.urlopen({url!r}, timeout=3); print(r.status, r.url)"]
    lab.plug("cafe")
    lab.behave("cafe", "portal")
    assert lab.exec(ask).stdout == "200 http://portal.cafe.test/\n"
    assert [x["first"] for x in lab.trapped()] == ["GET /generate_204 HTTP/1.1", "GET / HTTP/1.1"]
    lab.npmrc(HTTPS + QUICK)
    assert lab.npm("install", "lab-hello").returncode == 1
    before = (addresses(lab), default(lab), lab.resolv_conf())
    lab.behave("cafe", "honest")
    assert lab.exec(ask).stdout == f"204 {url}\n"
    assert lab.npm("install", "lab-hello").returncode == 0
    assert (addresses(lab), default(lab), lab.resolv_conf()) == before


def test_reset_leaves_nothing_of_the_test_before(lab: Lab) -> None:
    lab.plug("home")
    lab.vpn_up()
    lab.npmrc("a=b\n")
    p = lab.popen(["sleep", "1000"])
    lab.reset()
    assert p.poll() is not None
    assert os.listdir(lab.home) == []
    assert not has_tun(lab)
    assert (addresses(lab), resolver(lab), lab.current) == ([], {}, None)
    assert (lab.requests("public"), lab.proxy_log()) == ([], [])


def test_nothing_outlives_a_killed_run(lab: Lab, tmp_path: Path) -> None:
    """kill -9 of the test process: its namespaces, daemons and folder go by themselves."""
    script = f"""
        import sys, time
        sys.path.insert(0, {os.path.dirname(os.path.dirname(__file__))!r})
        from lab import Lab
        with Lab(proxy="python", tls=False) as l:
            l.plug("home"); l.vpn_up()
            print(l.state, l.holder, flush=True)
            time.sleep(1000)
    """
    p = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert p.stdout
    with p.stdout:
        state, holder = p.stdout.readline().split()
    p.send_signal(signal.SIGKILL)
    p.wait()
    until(lambda: not os.path.exists(f"/proc/{holder}"), 10, "the holder ends")
    until(lambda: not os.path.exists(state), 10, "the folder goes")


def test_a_roam_is_quick_enough_to_test_with(lab: Lab) -> None:
    t0 = time.monotonic()
    for net in ("office", "home") * 3:
        lab.plug(net)
    assert time.monotonic() - t0 < 30  # 0.6 s on two cores; a DHCP that falls into its retries takes 60

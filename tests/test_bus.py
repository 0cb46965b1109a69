"""What NetworkManager, iwd and wpa_supplicant say of Wi-Fi over a real bus; and buses that misbehave."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.mockbus import MockBus, Tree
from roamrc.model import Hidden, Network
from roamrc.probes import bus_linux, dns_linux, portable, wifi_bus_linux, wifi_linux
from roamrc.probes.wifi_bus_linux import IWD, NM, NM_PATH, WPA, Told
from roamrc.probes.wifi_linux import Wifi
from roamrc.slotted import replace
from roamrc.system import System
from room import need

pytestmark = pytest.mark.lab

AP = "02:C0:FF:EE:00:01"
UNNAMED = Hidden("hidden network")


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[MockBus]:
    need(sys.platform == "linux" and shutil.which("dbus-daemon"), "no dbus-daemon")
    with MockBus(tmp_path) as made:
        yield made


def machine(bus: MockBus, root: str = "") -> System:
    return System(env=bus.env, platform="linux", root=root)


def nm(ssid: bytes, point: str = "/ap/1", managed: bool = True) -> tuple[Tree, dict[str, Any]]:
    device = {
        f"{NM}.Device": {"Managed": ("b", managed)},
        f"{NM}.Device.Wireless": {"ActiveAccessPoint": ("o", point)},
    }
    tree: Tree = {"/dev/1": device, "/ap/1": {f"{NM}.AccessPoint": {"Ssid": ("ay", ssid), "HwAddress": ("s", AP)}}}
    return tree, {"GetDeviceByIpIface": lambda name: ("o", {"wlan0": "/dev/1"}[name])}


def iwd(ssid: str, state: str = "connected", bss: bool = True) -> Tree:
    station: dict[str, tuple[str, Any]] = {"State": ("s", state), "Scanning": ("b", False)}
    if state != "disconnected":
        station["ConnectedNetwork"] = ("o", "/iwd/net")
        if bss:
            station["ConnectedAccessPoint"] = ("o", "/iwd/bss")
    return {
        "/iwd/0": {f"{IWD}.Device": {"Name": ("s", "wlan0")}, f"{IWD}.Station": station},
        "/iwd/net": {f"{IWD}.Network": {"Name": ("s", ssid)}},
        "/iwd/bss": {f"{IWD}.BasicServiceSet": {"Address": ("s", AP.lower())}},
    }


def wpa(ssid: bytes, state: str = "completed") -> tuple[Tree, dict[str, Any]]:
    bss = {f"{WPA}.BSS": {"SSID": ("ay", ssid), "BSSID": ("ay", bytes.fromhex(AP.replace(":", "")))}}
    tree: Tree = {"/if": {f"{WPA}.Interface": {"State": ("s", state), "CurrentBSS": ("o", "/bss")}}, "/bss": bss}
    return tree, {"GetInterface": lambda name: ("o", {"wlan0": "/if"}[name])}


NAMES = {
    "plain": (b"CorpNet", "CorpNet"),
    "not ASCII": ("Café ☕".encode(), "Café ☕"),
    "not UTF-8": (b"caf\xe9", "caf\\xe9"),
    "hidden, empty": (b"", UNNAMED),
    "hidden, zeros": (b"\0\0\0", UNNAMED),
}


@pytest.mark.parametrize(("raw", "shown"), NAMES.values(), ids=NAMES)
def test_network_manager_and_wpa_supplicant_give_bytes(bus: MockBus, raw: bytes, shown: str | Hidden) -> None:
    first = bus.own(NM, *nm(raw))
    assert wifi_bus_linux.read(machine(bus), "wlan0") == Told(shown, AP.lower(), "NetworkManager")
    first.close()
    bus.own(WPA, *wpa(raw))
    assert wifi_bus_linux.read(machine(bus), "wlan0") == Told(shown, AP.lower(), "wpa_supplicant")


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (iwd("Café"), Told("Café", AP.lower(), "iwd")),
        (iwd("Café", "roaming"), Told("Café", AP.lower(), "iwd")),
        (iwd("Café", bss=False), Told("Café", Hidden("iwd does not tell"), "iwd")),
        (iwd("Café", "disconnected"), Told(None, None, "iwd")),
        (iwd("Café", "connecting"), Told(None, None, "iwd")),
        ({}, Hidden("no daemon on D-Bus tells")),
    ],
    ids=["connected", "roaming", "old iwd", "disconnected", "connecting", "no such device"],
)
def test_iwd_tells_text(bus: MockBus, tree: Tree, told: Told | Hidden) -> None:
    bus.own(IWD, tree)
    assert wifi_bus_linux.read(machine(bus), "wlan0") == told


def test_the_first_daemon_that_has_the_interface_tells(bus: MockBus) -> None:
    bus.own(NM, *nm(b"Wrong", point="/", managed=False))
    bus.own(IWD, iwd("CorpNet"))
    found = wifi_bus_linux.read(machine(bus), "wlan0")
    assert found == Told("CorpNet", AP.lower(), "iwd")


def test_network_manager_without_an_access_point_is_on_no_network(bus: MockBus) -> None:
    bus.own(NM, *nm(b"x", point="/"))
    assert wifi_bus_linux.read(machine(bus), "wlan0") == Told(None, None, "NetworkManager")


def test_wpa_supplicant_has_joined_only_when_it_is_done(bus: MockBus) -> None:
    bus.own(WPA, *wpa(b"CorpNet", "associating"))
    assert wifi_bus_linux.read(machine(bus), "wlan0") == Told(None, None, "wpa_supplicant")


def test_a_daemon_that_may_not_tell_us_hides_and_says_so(bus: MockBus) -> None:
    def denied(_: str) -> tuple[str, Any]:
        raise PermissionError("root only")

    bus.own(WPA, {}, {"GetInterface": denied})
    assert wifi_bus_linux.read(machine(bus), "wlan0") == Hidden("no daemon on D-Bus tells")


def test_no_daemon_is_started_by_asking(bus: MockBus) -> None:
    marks = [bus.startable(name) for name in (NM, IWD, WPA)]
    subprocess.run(["kill", "-HUP", str(bus.pid)], check=True)
    assert wifi_bus_linux.read(machine(bus), "wlan0") == Hidden("no daemon on D-Bus tells")
    assert not any(mark.exists() for mark in marks)


def test_answers_of_a_wrong_type_are_no_answers(bus: MockBus) -> None:
    tree, methods = nm(b"x")
    tree["/ap/1"][f"{NM}.AccessPoint"] = {"Ssid": ("u", 7), "HwAddress": ("s", "no MAC")}
    bus.own(NM, tree, methods)
    assert wifi_bus_linux.read(machine(bus), "wlan0") == Told(UNNAMED, None, "NetworkManager")


KERNEL = {
    "nothing hidden": (Wifi("A", "x"), Wifi("A", "x"), "nl80211"),
    "on no network": (Wifi(None, None), Wifi(None, None), "nl80211"),
    "a hidden network": (Wifi(UNNAMED, "x"), Wifi(UNNAMED, "x"), "nl80211"),
    "no nl80211": (Wifi(Hidden("n"), Hidden("n"), False), Wifi("CorpNet", AP.lower(), False), "D-Bus NetworkManager"),
    "denied": (Wifi(Hidden("n"), Hidden("n"), None), Wifi("CorpNet", AP.lower(), None), "D-Bus NetworkManager"),
    "no BSSID": (Wifi("A", Hidden("n")), Wifi("A", AP.lower()), "nl80211"),
}


@pytest.mark.parametrize(("kernel", "wanted", "via"), KERNEL.values(), ids=KERNEL)
def test_the_bus_is_asked_only_for_what_the_kernel_hides(bus: MockBus, kernel: Wifi, wanted: Wifi, via: str) -> None:
    daemon = bus.own(NM, *nm(b"CorpNet"))
    assert wifi_linux.asked(machine(bus), "wlan0", kernel) == (wanted, via)
    assert bool(daemon.asked) == (kernel != wanted)


def test_where_netlink_is_denied_the_daemons_still_tell(bus: MockBus) -> None:
    bus.own(NM, *nm(b"CorpNet"))
    why = Hidden("not told by psutil")
    blind = Network(online=True, interface="wlan0", kind="wifi", ssid=why, bssid=why)
    told = portable._wifi(machine(bus), blind, "wlan0")
    assert (told.ssid, told.bssid, told.via["ssid"]) == ("CorpNet", AP.lower(), "D-Bus NetworkManager")
    assert portable._wifi(machine(bus), replace(blind, ssid="A", bssid="b"), "wlan0").via == {}


def test_an_access_point_left_for_another_of_the_same_name(bus: MockBus) -> None:
    tree, methods = nm(b"CorpNet")
    bus.own(NM, tree, methods)
    before = wifi_bus_linux.read(machine(bus), "wlan0")
    tree["/ap/2"] = {f"{NM}.AccessPoint": {"Ssid": ("ay", b"CorpNet"), "HwAddress": ("s", "02:C0:FF:EE:00:02")}}
    tree["/dev/1"][f"{NM}.Device.Wireless"]["ActiveAccessPoint"] = ("o", "/ap/2")
    after = wifi_bus_linux.read(machine(bus), "wlan0")
    assert isinstance(before, Told)
    assert isinstance(after, Told)
    assert (before.ssid, after.ssid) == ("CorpNet", "CorpNet")
    assert (before.bssid, after.bssid) == ("02:c0:ff:ee:00:01", "02:c0:ff:ee:00:02")


def test_no_bus_is_no_answer(tmp_path: Path) -> None:
    system = System(env={}, platform="linux", root=str(tmp_path))
    assert wifi_bus_linux.read(system, "wlan0") == Hidden("D-Bus: No such file or directory")
    none = Wifi(Hidden("no nl80211"), Hidden("no nl80211"), False)
    assert wifi_linux.asked(system, "wlan0", none)[0].ssid == Hidden("D-Bus: No such file or directory")


def listening(path: Path, talk: list[bytes]) -> contextlib.closing[socket.socket]:
    """A bus that says these things, one after each thing it hears, and then nothing."""
    s = socket.socket(socket.AF_UNIX)
    s.bind(str(path))
    s.listen(4)

    def serve() -> None:
        with contextlib.suppress(OSError):
            peer, _ = s.accept()
            for word in talk:
                peer.recv(1 << 16)
                peer.sendall(word)
            while peer.recv(1 << 16):
                pass

    threading.Thread(target=serve, daemon=True).start()
    return contextlib.closing(s)


HANGS = {"before the welcome": [], "after it": [b"OK 0123456789abcdef0123456789abcdef\r\n"]}


@pytest.mark.parametrize("talk", HANGS.values(), ids=HANGS)
def test_a_bus_that_hangs_is_waited_for_once(tmp_path: Path, talk: list[bytes]) -> None:
    memory: dict[str, str] = {}
    with listening(tmp_path / "bus", talk):
        system = System(env={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/bus"}, platform="linux")
        begin = time.monotonic()
        assert isinstance(wifi_bus_linux.read(system, "wlan0", memory), Hidden)
        first = time.monotonic() - begin
        assert wifi_bus_linux.read(system, "wlan0", memory) == Hidden("D-Bus: no answer lately")
    assert first >= bus_linux.LIMIT * 0.9
    assert time.monotonic() - begin < first + bus_linux.LIMIT / 2


@pytest.mark.parametrize("talk", [[b"REJECTED EXTERNAL\r\n"], [b"OK 0\r\n", b"\xff" * 64], [b"nonsense\r\n" * 9]])
def test_a_bus_that_talks_nonsense_is_no_answer(tmp_path: Path, talk: list[bytes]) -> None:
    with listening(tmp_path / "bus", talk):
        system = System(env={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/bus"}, platform="linux")
        assert isinstance(wifi_bus_linux.read(system, "wlan0", {}), Hidden)


ADDRESSES = {
    "": "/run/dbus/system_bus_socket",
    "unix:path=/a,guid=0": "/a",
    "tcp:host=x;unix:path=/b": "/b",
    "unix:abstract=/c": "\0/c",
    "nonsense": "/run/dbus/system_bus_socket",
}


@pytest.mark.parametrize(("env", "path"), ADDRESSES.items())
def test_where_the_bus_is(env: str, path: str) -> None:
    assert bus_linux.address(System(env={"DBUS_SYSTEM_BUS_ADDRESS": env})) == path


# what a VPN client left in resolv.conf ---------------------------------------------------------------------------------------

LEFT = "search corp.test lan\nnameserver 10.10.0.1\n"
STAT = f"cpu 1 2 3\nbtime {int(time.time()) - 3600}\nprocesses 1\n"


def files(root: Path, **texts: str) -> Path:
    names = {"etc": "etc/resolv.conf", "nm": "run/NetworkManager/resolv.conf", "stat": "proc/stat"}
    names["resolved"] = "run/systemd/resolve/stub-resolv.conf"
    for key, text in texts.items():
        path = root / names[key]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def manager(kind: str) -> Tree:
    return {f"{NM_PATH}/DnsManager": {f"{NM}.DnsManager": {"RcManager": ("s", kind)}}}


LEAVINGS = {
    "left by a killed VPN": ("file", LEFT, False, ("lan",)),
    "while a tunnel is up it may be the tunnel's": ("file", LEFT, True, ("corp.test", "lan")),
    "NetworkManager does not write the file": ("unmanaged", LEFT, False, ("corp.test", "lan")),
    "vpnc-script leaves NetworkManager's mark": ("file", "#@VPNC@\n# Generated by NetworkManager\n" + LEFT, False, ("lan",)),
    "a mesh that writes the file itself": ("file", "# generated by tailscale\n" + LEFT, False, ("corp.test", "lan")),
    "it says no more than NetworkManager": ("file", "search lan\n", False, ("lan",)),
}


@pytest.mark.parametrize(("kind", "etc", "tunnel", "wanted"), LEAVINGS.values(), ids=LEAVINGS)
def test_a_suffix_left_behind(bus: MockBus, tmp_path: Path, kind: str, etc: str, tunnel: bool, wanted: tuple[str, ...]) -> None:
    bus.own(NM, manager(kind))
    root = files(tmp_path / "root", etc=etc, nm="search lan\nnameserver 192.168.1.1\n", stat=STAT)
    assert dns_linux.found(machine(bus, str(root)), tunnel)[0] == wanted


def test_a_dead_network_manager_knows_nothing_better(bus: MockBus, tmp_path: Path) -> None:
    root = files(tmp_path / "root", etc=LEFT, nm="search lan\n", stat=STAT)
    assert dns_linux.found(machine(bus, str(root)), False)[0] == ("corp.test", "lan")


def test_a_file_made_once_and_for_all_is_no_vpns(bus: MockBus, tmp_path: Path) -> None:
    bus.own(NM, manager("file"))
    root = files(tmp_path / "root", etc=LEFT, nm="search lan\n", stat=f"btime {int(time.time()) + 60}\n")
    assert dns_linux.found(machine(bus, str(root)), False)[0] == ("corp.test", "lan")


STUB = "# Do not edit.\nnameserver 127.0.0.53\noptions edns0 trust-ad\n"
RESOLVED = {
    "resolved's own file": (STUB + "search corp.test lan\n", STUB + "search corp.test lan\n", ("corp.test", "lan")),
    "no suffix": (STUB + "search .\n", STUB + "search .\n", ()),
    "another's file that asks resolved": ("nameserver 127.0.0.53\n", STUB + "search corp.test\n", ("corp.test",)),
    "both": ("search own.test\nnameserver 127.0.0.53\n", STUB + "search corp.test\n", ("own.test", "corp.test")),
    "another's file with servers of its own": ("search lan\nnameserver 10.0.0.1\n", STUB + "search corp.test\n", ("lan",)),
    "one server more": ("search lan\nnameserver 127.0.0.53\nnameserver 10.0.0.1\n", STUB + "search corp.test\n", ("lan",)),
}


@pytest.mark.parametrize(("etc", "own", "wanted"), RESOLVED.values(), ids=RESOLVED)
def test_the_file_that_asks_resolved(tmp_path: Path, etc: str, own: str, wanted: tuple[str, ...]) -> None:
    root = files(tmp_path, etc=etc, resolved=own)
    assert dns_linux.suffixes(System(env={}, platform="linux", root=str(root))) == wanted

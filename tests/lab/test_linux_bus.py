"""The real NetworkManager and wpa_supplicant on a real system bus, on a laptop without Wi-Fi: nothing told, nothing started."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from lab import Lab, desktop, missing, vpns
from lab.looking import Looking

pytestmark = pytest.mark.lab

WPA = {"/sbin/wpa_supplicant": "wpasupplicant", "/usr/libexec/iwd": "iwd", "/usr/bin/nmcli": "network-manager"}
ASK = """
import json, sys
from roamrc.model import Hidden
from roamrc.probes import bus_linux, wifi_bus_linux
from roamrc.system import System
def shown(told):
    return "?" + told.why if isinstance(told, Hidden) else [told.ssid, told.bssid, told.via]
memory = {}
said = {name: shown(wifi_bus_linux.read(System(), name, memory)) for name in sys.argv[1:]}
with bus_linux.connect(System(), memory) as bus:
    said["names"] = [x for x in ("org.freedesktop.NetworkManager", "net.connman.iwd", "fi.w1.wpa_supplicant1") if bus.owned(x)]
    all_of_them = bus.call(bus_linux.DBUS, "/org/freedesktop/DBus", bus_linux.DBUS, "ListActivatableNames")
    said["could start"] = "net.connman.iwd" in all_of_them
print(json.dumps(said))
"""
NOBODY = "?no daemon on D-Bus tells"


@pytest.fixture(scope="module")
def laptop() -> Iterator[Lab]:
    if reason := missing() or vpns.missing(WPA):
        pytest.skip(reason)
    with Lab() as lab:
        desktop.system_bus(lab)
        yield lab


def ask(lab: Lab) -> dict[str, object]:
    """What the daemons say of a cable, and of a Wi-Fi card that is not there; who is on the bus afterwards."""
    said: dict[str, object] = json.loads(lab.exec([sys.executable, "-c", ASK, "eth0", "wlan0"], check=True).stdout)
    return said


def test_no_daemon_tells_and_none_is_started(laptop: Lab) -> None:
    lab = laptop
    lab.plug("home")
    said = {"eth0": NOBODY, "wlan0": NOBODY, "names": [], "could start": True}
    assert ask(lab) == said
    lab.daemon("wpa", ["wpa_supplicant", "-u", "-s"], "laptop")
    lab.wait_facts("busctl list --acquired | grep -q fi.w1.wpa_supplicant1", 10)
    assert ask(lab) == {**said, "names": ["fi.w1.wpa_supplicant1"]}
    desktop.manage(lab)
    assert ask(lab) == {**said, "names": ["org.freedesktop.NetworkManager", "fi.w1.wpa_supplicant1"]}
    with Looking(lab) as eyes:
        told = eyes.until(lambda f: f["gateway"])
    assert (told["kind"], told["ssid"], told["bssid"]) == ("wired", None, None)

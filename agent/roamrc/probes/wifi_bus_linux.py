"""The Wi-Fi network's name and access point from the daemon that joined it: NetworkManager, iwd or wpa_supplicant, over D-Bus.
Floor 2; asked only where nl80211 does not tell (an old driver, a sandbox).

NetworkManager and wpa_supplicant give the SSID's bytes, iwd text. wpa_supplicant answers root and the group netdev alone.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from ..formats import nl80211
from ..model import Hidden
from ..slotted import dataclass
from ..system import System
from . import bus_linux
from .bus_linux import Bus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


UNNAMED = Hidden("hidden network")

NM, NM_PATH = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
IWD = "net.connman.iwd"
WPA, WPA_PATH = "fi.w1.wpa_supplicant1", "/fi/w1/wpa_supplicant1"


@dataclass(frozen=True, slots=True)
class Told:
    """What a daemon says of an interface: name and access point as wifi_linux.Wifi has them, and which daemon it was."""

    ssid: str | Hidden | None
    bssid: str | Hidden | None
    via: str


def read(system: System, interface: str, memory: MutableMapping[str, str] | None = None) -> Told | Hidden:
    """What the first daemon that has this interface says of it; Hidden where none does, with what went wrong."""
    try:
        with bus_linux.connect(system, memory) as bus:
            for name, ask in ((NM, network_manager), (IWD, iwd), (WPA, wpa_supplicant)):
                if not bus.owned(name):
                    continue
                try:
                    told = ask(bus, interface)
                except LookupError:
                    continue  # not its interface, or it may not tell us
                if told is not None:
                    return told
    except OSError as e:
        return Hidden(f"D-Bus: {e.strerror or type(e).__name__}")
    return Hidden("no daemon on D-Bus tells")


def network_manager(bus: Bus, interface: str) -> Told | None:
    """NetworkManager's active access point; None where the interface is no Wi-Fi of its own."""
    device = bus.call(NM, NM_PATH, NM, "GetDeviceByIpIface", "s", interface)
    point = bus.get(NM, device, f"{NM}.Device.Wireless", "ActiveAccessPoint")
    if point == "/":
        managed = bus.get(NM, device, f"{NM}.Device", "Managed")
        return Told(None, None, "NetworkManager") if managed else None
    ssid = bus.get(NM, point, f"{NM}.AccessPoint", "Ssid")
    return Told(name(ssid), mac(bus.get(NM, point, f"{NM}.AccessPoint", "HwAddress")), "NetworkManager")


def iwd(bus: Bus, interface: str) -> Told | None:
    """iwd's station on this interface; the access point in some versions alone (2.3 does not tell)."""
    tree = bus.call(IWD, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    if not isinstance(tree, dict):
        return None
    path = next((p for p, i in tree.items() if value(i, f"{IWD}.Device", "Name") == interface), "")
    station = f"{IWD}.Station"
    state = value(tree.get(path), station, "State")
    if state not in ("connected", "roaming"):
        return None if state is None else Told(None, None, "iwd")
    ssid = value(tree.get(value(tree.get(path), station, "ConnectedNetwork")), f"{IWD}.Network", "Name")
    point = tree.get(value(tree.get(path), station, "ConnectedAccessPoint"))
    bssid = mac(value(point, f"{IWD}.BasicServiceSet", "Address"))
    return Told(name(ssid), Hidden("iwd does not tell") if bssid is None else bssid, "iwd")


def wpa_supplicant(bus: Bus, interface: str) -> Told | None:
    """wpa_supplicant's current BSS. It is of a network joined only in the state `completed`."""
    path = bus.call(WPA, WPA_PATH, WPA, "GetInterface", "s", interface)
    if bus.get(WPA, path, f"{WPA}.Interface", "State") != "completed":
        return Told(None, None, "wpa_supplicant")
    point = bus.get(WPA, path, f"{WPA}.Interface", "CurrentBSS")
    if point == "/":
        return Told(None, None, "wpa_supplicant")
    ssid, bssid = (bus.get(WPA, point, f"{WPA}.BSS", prop) for prop in ("SSID", "BSSID"))
    return Told(name(ssid), mac(bssid), "wpa_supplicant")


def value(interfaces: Any, interface: str, prop: str) -> Any:
    """A property in an answer of GetManagedObjects ({interface: {property: (signature, value)}}); None where there is none."""
    found = interfaces.get(interface, {}).get(prop) if isinstance(interfaces, dict) else None
    return found[1] if isinstance(found, tuple) and len(found) == 2 else None


def name(ssid: Any) -> str | Hidden:
    """The name from the SSID's bytes (or text): UTF-8 as it is, other bytes escaped without loss; hidden where it is empty or all
    zero."""
    if isinstance(ssid, str):
        ssid = ssid.encode()
    raw = bytes(ssid) if isinstance(ssid, bytes | list | tuple) else b""
    return nl80211.name(raw) if any(raw) else UNNAMED


def mac(told: Any) -> str | Hidden | None:
    """An access point's address, from text or six bytes, lower case; None for none."""
    if isinstance(told, bytes | list | tuple) and len(told) == 6:
        return bytes(told).hex(":")
    if isinstance(told, str) and len(told) == 17:
        return told.lower()
    return None

"""The Wi-Fi network's name and access point, from nl80211. Floor 2.

Unprivileged, and the same under NetworkManager, iwd, wpa_supplicant or ConnMan. Where a driver does not speak nl80211, or it is
denied, the daemons are asked over D-Bus (`asked`).
"""

from __future__ import annotations

import errno
from collections.abc import MutableMapping

from ..formats import nl80211
from ..model import Hidden
from ..slotted import dataclass
from ..system import System
from .netlink_linux import Netlink

VIA = "nl80211"
UNNAMED = Hidden("hidden network")


@dataclass(frozen=True, slots=True)
class Wifi:
    """Name and access point, each a text, None (on no network) or Hidden; `present`: the kernel takes the interface
    for Wi-Fi (None: it did not tell); `keyed`: whoever offers this network knows its secret."""

    ssid: str | Hidden | None
    bssid: str | Hidden | None
    present: bool | None = True
    keyed: bool = False


def read(system: System, index: int) -> Wifi:
    """What network the interface has joined. A kernel without nl80211, or to whom this is no Wi-Fi interface: nothing joined."""
    try:
        with Netlink(system, nl80211.GENERIC) as kernel:
            try:
                number = nl80211.family(kernel.one(nl80211.CONTROL, nl80211.family_request("nl80211")))
                body = kernel.one(number, nl80211.request(nl80211.GET_INTERFACE, index))
            except (FileNotFoundError, NotADirectoryError):
                return Wifi(None, None, present=False)
            except OSError as e:
                if e.errno in (errno.ENODEV, errno.EOPNOTSUPP):
                    return Wifi(None, None, present=False)
                raise
            return told(nl80211.interface(body), *_bss(kernel, number, index))
    except OSError as e:
        why = Hidden(f"nl80211: {e.strerror}")
        return Wifi(why, why, present=None)


def _bss(kernel: Netlink, number: int, index: int) -> tuple[nl80211.Bss | Hidden | None, str]:
    """The scan's entry that we are in, and the peer's address where the scan does not tell (some drivers keep none)."""
    found: nl80211.Bss | Hidden | None
    try:
        found = nl80211.associated(kernel.dump(number, nl80211.request(nl80211.GET_SCAN, index)))
    except OSError as e:
        found = Hidden(f"nl80211: {e.strerror}")
    if isinstance(found, nl80211.Bss) and found.bssid:
        return found, ""
    try:
        peers = kernel.dump(number, nl80211.request(nl80211.GET_STATION, index))
    except OSError:
        return found, ""
    return found, nl80211.station(peers[0]) if peers else ""


def told(own: nl80211.Interface, found: nl80211.Bss | Hidden | None, peer: str = "") -> Wifi:
    """The three states from the kernel's answers: the interface's own SSID is first (it holds the real name of a network that
    hides it), then the scan's. An empty or all-zero name is Hidden("hidden network"). As an access point we are on no one's
    network."""
    if own.type not in (nl80211.STATION, nl80211.P2P_CLIENT):
        return Wifi(None, None)
    entry = found if isinstance(found, nl80211.Bss) else None
    ssid = own.ssid if any(own.ssid) else entry.ssid if entry else b""
    bssid = entry.bssid if entry and entry.bssid else peer
    if any(ssid):
        known = bssid or (found if isinstance(found, Hidden) else Hidden("the driver does not tell"))
        return Wifi(nl80211.name(ssid), known, keyed=entry is not None and entry.keyed)
    if entry or own.ssid or peer:
        return Wifi(UNNAMED, bssid or Hidden("the driver does not tell"))
    return Wifi(found, found) if isinstance(found, Hidden) else Wifi(None, None)


def asked(system: System, name: str, wifi: Wifi, memory: MutableMapping[str, str] | None = None) -> tuple[Wifi, str]:
    """The same with what the kernel hides asked of the daemons, and by which means. A network that hides its own name is not
    asked for: the daemons know no more. Nothing is asked where nothing is hidden."""
    dark = [isinstance(x, Hidden) and x != UNNAMED for x in (wifi.ssid, wifi.bssid)]
    if not any(dark):
        return wifi, VIA
    from . import wifi_bus_linux  # jeepney: only a machine whose kernel does not tell pays for it

    told = wifi_bus_linux.read(system, name, memory)
    if isinstance(told, Hidden):
        if wifi.present is False:
            return Wifi(told, told, present=False), "D-Bus"
        return wifi, VIA
    ssid = told.ssid if dark[0] else wifi.ssid
    bssid = told.bssid if dark[1] and (told.bssid is not None or told.ssid is None) else wifi.bssid
    return Wifi(ssid, bssid, wifi.present), f"D-Bus {told.via}" if dark[0] else VIA

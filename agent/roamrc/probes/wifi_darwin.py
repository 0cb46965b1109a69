"""The name of the Wi-Fi network on macOS, by the means that are left of it (README, support table). Floor 2.

A name, or Hidden: on Wi-Fi and not told. From macOS 14.4 on the system keeps names from programs without a Location grant, which
a background Python can't have; "" and `<redacted>` are such refusals, never names (formats/wifi_name).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from ..formats import macos_config, scutil, wifi_name
from ..formats.scutil import Node
from ..model import Hidden
from ..slotted import dataclass
from ..system import Ran, System
from .store_darwin import output

HIDDEN = Hidden("macOS does not tell the name of the Wi-Fi network")
REMEMBERED = 64
"""Networks whose name a command has told; a day at a fair must not fill the memory."""

AIRPORT = "/System/Library/PrivateFrameworks/Apple80211.framework/Versions/Current/Resources/airport"


@dataclass(frozen=True, slots=True)
class Wifi:
    """`connection` counts associations where macOS tells it (getsummary's ConnectionID, 15 and later), else 0."""

    ssid: str | Hidden
    bssid: str | Hidden
    via: str
    connection: int = 0


def summary(system: System, interface: str) -> dict[str, Node]:
    """`ipconfig getsummary`, {} where it gives none. Only its first level says SSID: the DHCP packet in it is the network's own
    text."""
    text = output(system, "ipconfig", "getsummary", interface)
    return {} if isinstance(text, Hidden) else scutil.summary(text)


def read(
    system: System,
    interface: str,
    airport: Mapping[str, Node],
    place: str | None,
    cached_scan: bool = False,
    command: str | None = None,
    memory: MutableMapping[str, str] | None = None,
) -> Wifi:
    """In this order: AirPort SSID_STR; CachedScanRecord (only `cached_scan`); getsummary; networksetup and airport on macOS 14
    and older; `command`; else Hidden.

    `place` tells networks apart for `command` (None: not known yet, so that its answer is not kept): `memory` keeps one answer a
    place.
    """
    told = summary(system, interface)
    number = scutil.text(told, "ConnectionID")
    connection = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
    station = told.get("BSSID") or airport.get("BSSID")
    text = station.hex(":") if isinstance(station, bytes) else station if isinstance(station, str) else ""
    bssid: str | Hidden = wifi_name.bssid(text) or Hidden("macOS does not tell the BSSID")

    def found(name: str, via: str, better: str | None = None) -> Wifi:
        return Wifi(name, better or bssid, via, connection)

    if name := wifi_name.name(scutil.text(airport, "SSID_STR")):
        return found(name, "scutil AirPort SSID_STR")
    record = airport.get("CachedScanRecord")
    if cached_scan and isinstance(record, bytes) and (scan := wifi_name.cached_scan(record)):
        return found(scan[0], "scutil AirPort CachedScanRecord", scan[1])
    if name := wifi_name.name(scutil.text(told, "SSID")):
        return found(name, "ipconfig getsummary")
    if older(system):
        said = output(system, "networksetup", "-getairportnetwork", interface)
        if isinstance(said, str) and (name := wifi_name.name(macos_config.airport_network(said))):
            return found(name, "networksetup -getairportnetwork")
        ran = system.run([system.path(AIRPORT), "-I"])
        name, better = macos_config.airport(ran.out.decode("utf-8", "replace")) if isinstance(ran, Ran) else ("", None)
        if wifi_name.name(name):
            return found(name, "airport -I", better)
    if command and (name := ask(system, command, f"{place} {connection}" if place else None, memory)):
        return found(name, "ssid.command")
    return Wifi(HIDDEN, bssid, "", connection)


def older(system: System) -> bool:
    """Whether this is macOS 14 or older; where the version can't be read, no. (A Python built for 10.15 is told 10.16 by later
    systems: harmless.)"""
    text = system.read("/System/Library/CoreServices/SystemVersion.plist", 1 << 14)
    if not isinstance(text, bytes):
        return False
    version = text.partition(b"<key>ProductVersion</key>")[2].partition(b"<string>")[2].partition(b"<")[0]
    major = version.split(b".")[0]
    return major.isdigit() and int(major) <= 14


def ask(system: System, command: str, place: str | None, memory: MutableMapping[str, str] | None) -> str | None:
    """The first line that the user's own command prints (a Shortcut, a helper program), 5 s at most; kept for a place."""
    if place and memory and (known := memory.get(f"ssid {place}")):
        return known
    import shlex

    try:
        argv = shlex.split(command)
    except ValueError:
        return None
    ran = system.run(argv) if argv else None
    if not isinstance(ran, Ran) or ran.code != 0:
        return None
    name = wifi_name.name(ran.out.decode("utf-8", "replace").partition("\n")[0].rstrip("\r"))
    if name and place and memory is not None:
        for old in [key for key in memory if key.startswith("ssid ")][: -REMEMBERED + 1]:
            del memory[old]
        memory[f"ssid {place}"] = name
    return name

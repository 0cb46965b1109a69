"""The search suffixes in force, whoever manages them. Floor 2.

/etc/resolv.conf is what programs obey: dhclient, NetworkManager and VPN clients write it, systemd-resolved links it to a file of
its own, whose `search` line names the suffixes of all links in order, routing-only domains left out: the same list as its
property Domains on D-Bus has, without a question on each look. Two cases need more than the file, and the managers keep copies
of their own word for both:

- the file only says "ask resolved" (nameserver 127.0.0.53) but is not resolved's: then resolved's own list is in force too;
- NetworkManager writes the file, but somebody wrote over it since and there is no VPN (any more): what a killed VPN client
  left. NetworkManager knows better, while it lives and the file is its business. Its mark in the file says nothing: vpnc-script
  leaves all lines there but its own.
"""

from __future__ import annotations

import stat
from collections.abc import MutableMapping

from ..model import Hidden
from ..system import System

RESOLV = "/etc/resolv.conf"
VIA = "resolv.conf"
RESOLVED = "/run/systemd/resolve/stub-resolv.conf"
NM_OWN = "/run/NetworkManager/resolv.conf"
"""resolved and NetworkManager always write these, whether or not resolv.conf is theirs (systemd-resolved(8), "/ETC/RESOLV.CONF";
NetworkManager.conf(5), rc-manager)."""

STUBS = (b"127.0.0.53", b"127.0.0.54")
MESHES = (b"tailscale", b"netbird")
"""Meshes that write resolv.conf themselves and name themselves in it: their suffix is nobody's left-over."""

BEING_WRITTEN = 1.0
"""Seconds that an empty file counts as being written: dhclient truncates it in place, and it was seen empty for 1 ms."""

NM, DNS = "org.freedesktop.NetworkManager", "org.freedesktop.NetworkManager.DnsManager"


def suffixes(system: System) -> tuple[str, ...] | Hidden:
    """The suffixes in order, lower case, without trailing dots and doubles; () where there is no file or no such line.
    Hidden where the file can't be read, or is empty and younger than a second."""
    return found(system)[0]


def found(
    system: System, vpn: bool = True, memory: MutableMapping[str, str] | None = None
) -> tuple[tuple[str, ...] | Hidden, str]:
    """The same, and by which means; without a `vpn` a suffix that one left behind is told apart. The tap of
    a virtual machine is none, nor is a mesh: it may be up all day."""
    about = system.stat(RESOLV)
    if about is not None and not stat.S_ISREG(about.st_mode):
        return Hidden("resolv.conf is not a file"), VIA  # reading a FIFO would wait for ever
    raw = system.read(RESOLV)
    if isinstance(raw, Hidden):
        return raw, VIA
    if raw is None:
        return (), VIA
    if not raw.strip():
        about = system.stat(RESOLV)
        if about is not None and abs(system.now() - about.st_mtime) < BEING_WRITTEN:
            return Hidden("resolv.conf is being written"), VIA
    own = parse(raw)
    if servers(raw) and set(servers(raw)) <= set(STUBS):
        more = system.read(RESOLVED)
        both = own + (parse(more) if isinstance(more, bytes) else ())
        return tuple(dict.fromkeys(both)), VIA if both == own else f"{VIA}, systemd-resolved"
    if own and not vpn and not any(mesh in raw.lower() for mesh in MESHES):
        theirs = system.read(NM_OWN)
        if isinstance(theirs, bytes) and set(own) - set(parse(theirs)) and _managed(system, memory):
            return parse(theirs), "NetworkManager"
    return own, VIA


def parse(raw: bytes) -> tuple[str, ...]:
    """The suffixes of a resolv.conf: the last `search` or `domain` line wins, `domain` names one; both stand at the line's start
    (resolver(5), and glibc's reader: blanks are space and tab). Bytes that are not UTF-8 become `\\xNN`."""
    last: list[str] = []
    for line in raw.decode("utf-8", "backslashreplace").split("\n"):
        word, blank, rest = line.replace("\t", " ").rstrip("\r").partition(" ")
        names = [x for x in rest.split(" ") if x]
        if blank and names and word in ("search", "domain"):
            last = names if word == "search" else names[:1]
    return tuple(dict.fromkeys(x for x in (name.lower().rstrip(".") for name in last) if x))


def servers(raw: bytes) -> tuple[bytes, ...]:
    """The addresses of the `nameserver` lines."""
    lines = (line.split() for line in raw.splitlines() if line.startswith((b"nameserver ", b"nameserver\t")))
    return tuple(words[1] for words in lines if len(words) > 1)


def _managed(system: System, memory: MutableMapping[str, str] | None) -> bool:
    """Whether a NetworkManager that lives says resolv.conf is its own to write, and the file was written since the machine
    started: one that a user made once and for all is no VPN's."""
    from . import bus_linux  # asked only where somebody wrote over NetworkManager's file

    about, booted = system.stat(RESOLV), system.read("/proc/stat", 1 << 20)
    since = booted.partition(b"\nbtime ")[2].split()[:1] if isinstance(booted, bytes) else []
    if about is None or not since or about.st_mtime < int(since[0]):
        return False
    try:
        with bus_linux.connect(system, memory) as bus:
            if not bus.owned(NM):
                return False
            return bus.get(NM, "/org/freedesktop/NetworkManager/DnsManager", DNS, "RcManager") in ("file", "symlink")
    except (OSError, LookupError):
        return False

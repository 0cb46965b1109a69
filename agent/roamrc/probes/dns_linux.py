"""The search suffixes in force, from /etc/resolv.conf. Floor 2.

On systemd-resolved the file is a link to its stub, whose `search` line carries the suffixes of all links, tunnels included;
NetworkManager, dhclient and VPN clients write the file itself. Other means (resolved or NetworkManager over D-Bus) belong in
`suffixes`, before the file.
"""

from __future__ import annotations

import stat

from ..model import Hidden
from ..system import System

RESOLV = "/etc/resolv.conf"
VIA = "resolv.conf"

BEING_WRITTEN = 1.0
"""Seconds that an empty file counts as being written: dhclient truncates it in place, and it was seen empty for 1 ms."""


def suffixes(system: System) -> tuple[str, ...] | Hidden:
    """The suffixes in order, lower case, without trailing dots and doubles; () where there is no file or no such line.
    Hidden where the file can't be read, or is empty and younger than a second."""
    about = system.stat(RESOLV)
    if about is not None and not stat.S_ISREG(about.st_mode):
        return Hidden("resolv.conf is not a file")  # reading a FIFO would wait for ever
    raw = system.read(RESOLV)
    if isinstance(raw, Hidden):
        return raw
    if raw is None:
        return ()
    if not raw.strip():
        about = system.stat(RESOLV)
        if about is not None and abs(system.now() - about.st_mtime) < BEING_WRITTEN:
            return Hidden("resolv.conf is being written")
    return parse(raw)


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

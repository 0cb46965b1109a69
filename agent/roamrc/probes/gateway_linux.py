"""The gateway's MAC, from the kernel's neighbour table, after one harmless prod where the kernel has not asked yet. Floor 2."""

from __future__ import annotations

import errno

from ..formats import rtnetlink
from ..formats.rtnetlink import IFF_NOARP, Link
from ..model import Hidden
from ..system import System
from .netlink_linux import Netlink

NOT_YET = "not answered yet"


def mac(system: System, kernel: Netlink, link: Link, gateway: bytes, patience: float = 0.0) -> str | Hidden | None:
    """The gateway's MAC, lower case; None on a link that has none (a modem).

    Hidden("not answered yet") where the kernel does not know it: it was prodded, and is waited for up to `patience` seconds. An
    entry that failed or is incomplete tells nothing. The kernel drops its entries with the carrier, of whose loss it hears once a
    second at most (linkwatch): after a shorter flap it keeps to the old MAC itself, for up to a minute, and so does this;
    Link.losses counts it.
    """
    if link.flags & IFF_NOARP or link.hardware not in (1, 32):
        return None
    known = _ask(kernel, link.index, gateway)
    if known:
        return known
    if patience <= 0:
        system.prod(rtnetlink.ip(gateway), link.name, link.index)
        return Hidden(NOT_YET)
    with system.netlink(groups=rtnetlink.GROUP_NEIGH, timeout=min(patience, 0.25)) as news:
        end = system.monotonic() + patience
        system.prod(rtnetlink.ip(gateway), link.name, link.index)
        while True:
            known = _ask(kernel, link.index, gateway)  # after the prod: news of before the subscription would never come again
            if known or system.monotonic() >= end:
                return known or Hidden(NOT_YET)
            try:
                news.recv(1 << 16)
            except OSError as e:
                if e.errno not in (errno.EAGAIN, errno.ENOBUFS, errno.EINTR):
                    return Hidden(f"netlink: {e.strerror}")


def _ask(kernel: Netlink, index: int, gateway: bytes) -> str | None:
    try:
        bodies = [kernel.one(rtnetlink.GETNEIGH, rtnetlink.neighbour_request(index, gateway))]
    except OSError as e:
        if e.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            return None  # ENOENT: no entry
        family = rtnetlink.INET if len(gateway) == 4 else rtnetlink.INET6
        bodies = kernel.dump(rtnetlink.GETNEIGH, rtnetlink.neighbours_request(family))  # before 5.0
    for body in bodies:
        n = rtnetlink.neighbour(body)
        if n and (n.index, n.raw) == (index, gateway) and n.state & rtnetlink.NUD_READABLE and n.mac:
            return n.mac
    return None

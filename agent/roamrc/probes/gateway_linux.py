"""The gateway's MAC, from the kernel's neighbour table, after one harmless prod where the kernel has not asked yet. Floor 2."""

from __future__ import annotations

import errno
import os

from ..formats import rtnetlink
from ..formats.rtnetlink import IFF_NOARP, Link, Neighbour
from ..model import Hidden
from ..system import System
from . import echo_linux, trust_linux
from .netlink_linux import Netlink
from .trust_linux import Memory

NOT_YET = "not answered yet"
NOT_SINCE = "not answered since the link came back"
SILENT = Hidden("does not answer")

ECHO, AGAIN = 0.03, 0.25
"""Seconds that a look without patience waits for the gateway's answer where its MAC is in doubt, and before it does so once
more: a burst of looks must not wait in each."""


def mac(
    system: System,
    kernel: Netlink,
    link: Link,
    gateway: bytes,
    patience: float = 0.0,
    memory: Memory | None = None,
    since: float | None = None,
) -> str | Hidden | None:
    """The gateway's MAC, lower case; None on a link that has none (a modem).

    Hidden("not answered yet") where the kernel does not know it: it was prodded, and is waited for up to `patience` seconds;
    SILENT where it asked and gave up (NUD_FAILED: 3 s without an answer), until it answers again. After the link was away
    (`since`, monotonic seconds) the entry counts only if it was confirmed, made or changed since, or the gateway answers at this
    MAC now; else Hidden("not answered since the link came back").
    """
    if link.flags & IFF_NOARP or link.hardware not in (1, 32):
        return None
    entry = _entry(kernel, link.index, gateway)
    known = _told(entry)
    if since is not None and memory is not None and not trust_linux.trusted(memory, link.index, gateway.hex(), since):
        if known and not _answers(system, kernel, link, known, patience, memory, since):
            return Hidden(NOT_SINCE)
        trust_linux.trust(memory, link.index, gateway.hex(), since)
        known = _told(entry := _entry(kernel, link.index, gateway))
    if known:
        trust_linux.heard(memory, link.index, gateway.hex())
        return known.mac
    given_up = entry is not None and bool(entry.state & rtnetlink.NUD_FAILED)
    unheard = SILENT if trust_linux.unheard(memory, link.index, gateway.hex(), given_up) else Hidden(NOT_YET)
    if patience <= 0:
        system.prod(rtnetlink.ip(gateway), link.name, link.index)
        return unheard
    with system.netlink(groups=rtnetlink.GROUP_NEIGH, timeout=min(patience, 0.25)) as news:
        end = system.monotonic() + patience
        system.prod(rtnetlink.ip(gateway), link.name, link.index)
        while True:
            known = _ask(kernel, link.index, gateway)  # after the prod: news of before the subscription would never come again
            if known or system.monotonic() >= end:
                return known.mac if known else unheard
            try:
                news.recv(1 << 16)
            except OSError as e:
                if e.errno not in (errno.EAGAIN, errno.ENOBUFS, errno.EINTR):
                    return Hidden(f"netlink: {e.strerror}")


def _answers(
    system: System, kernel: Netlink, link: Link, known: Neighbour, patience: float, memory: Memory, since: float
) -> bool:
    """Whether this entry is of the connection that lasts `since`: the kernel confirmed it, it replaced another, or the gateway
    answers at once."""
    now, name = system.monotonic(), known.raw.hex()
    if trust_linux.confirmed(known.confirmed, os.sysconf("SC_CLK_TCK"), since, now):
        return True
    if trust_linux.other(memory, link.index, name, since, known.mac):
        return True
    asked = float(memory.get("asked") or -AGAIN)
    if patience <= 0 and 0 <= now - asked < AGAIN:
        return False
    memory["asked"] = repr(now)
    echoed = echo_linux.answered(rtnetlink.ip(known.raw), link.name, link.index, max(patience, ECHO))
    later = _ask(kernel, link.index, known.raw)
    if later is None or later.mac != known.mac:
        return True  # given up or learned anew while we asked: what stands there now is no older than the question
    return echoed


def _ask(kernel: Netlink, index: int, gateway: bytes) -> Neighbour | None:
    """The gateway's entry, if it holds a MAC that is in use."""
    return _told(_entry(kernel, index, gateway))


def _told(n: Neighbour | None) -> Neighbour | None:
    return n if n and n.state & rtnetlink.NUD_READABLE and n.mac else None


def _entry(kernel: Netlink, index: int, gateway: bytes) -> Neighbour | None:
    try:
        bodies = [kernel.one(rtnetlink.GETNEIGH, rtnetlink.neighbour_request(index, gateway))]
    except OSError as e:
        if e.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            return None  # ENOENT: no entry
        family = rtnetlink.INET if len(gateway) == 4 else rtnetlink.INET6
        bodies = kernel.dump(rtnetlink.GETNEIGH, rtnetlink.neighbours_request(family))  # before 5.0
    for body in bodies:
        n = rtnetlink.neighbour(body)
        if n and (n.index, n.raw) == (index, gateway):
            return n
    return None

"""The kernel's news of links, addresses, routes and rules. Floor 2.

rtnetlink(7), multicast. What of it is no reason to look is dropped by netlink_filter_linux, in the kernel already, and by
netlink_news_linux.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

from ..formats import netlink, rtnetlink
from . import netlink_filter_linux
from .netlink_news_linux import NEWLINK, News

GROUPS = 0x1 | 0x10 | 0x100 | 0x40 | 0x400 | 0x80 | 0x40000 | 0x80000000
"""link; addresses, routes and rules of IPv4 and IPv6; nexthop objects. Rules: wg-quick's last step is a rule, and it alone
moves the default route. Nexthops: a route goes with its nexthop, without a word of its own. No neighbours: they change all the
time, and of one alone there is a source of its own (neighbour_linux)."""

BUFFER = 1 << 20
"""Bytes of receive buffer: 500 veth pairs are 1.5 MB in 0.25 s; with the default of 208 KB a slow reader lost nine tenths."""

MESSAGES = 20_000
"""Messages in one drain: far more than the buffer holds; a flood that never ends can't hold the agent."""

DUMPS = 3
"""How often the list of links is asked for where it changed while it was read."""


class Netlink:
    """Wakes with "network". Raises OSError where the machine denies netlink (a sandbox without AF_NETLINK)."""

    name = "netlink"
    every = None

    def __init__(self) -> None:
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        try:
            try:
                s.setsockopt(socket.SOL_SOCKET, 33, BUFFER)  # SO_RCVBUFFORCE, root only
            except PermissionError:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)  # the kernel gives what net.core.rmem_max allows
            netlink_filter_linux.attach(s)
            s.bind((0, GROUPS))
            self._socket, self._news, self._buffer = s, News(), bytearray(1 << 17)
            self._survey()
        except BaseException:
            s.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def drain(self) -> str | None:
        wake, view = False, memoryview(self._buffer)
        for _ in range(MESSAGES):
            try:
                size, _, flags, sender = self._socket.recvmsg_into([view])
            except BlockingIOError:
                break
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
                self._news, wake = News(), True  # events were lost: that is an event too
                self._survey()
                continue
            if sender[0] != 0:
                continue  # another process of this machine: only the kernel has news
            if flags & socket.MSG_TRUNC:
                wake = True
                continue
            for kind, body in messages(bytes(view[:size])):
                wake = self._news.stirs(kind, body) or wake
        return "network" if wake else None

    def _survey(self) -> None:
        """Learn what links there are; whoever opens a source, or is told of lost events, looks afterwards. The kernel writes the
        list while we read it, so nothing is waited for."""
        for turn in range(1, DUMPS + 1):
            done = torn = False
            try:
                request = netlink.message(NEWLINK + 2, rtnetlink.links_request(), netlink.REQUEST | netlink.DUMP, turn)
                self._socket.sendto(request, (0, 0))
                while not done:  # what is queued behind the list is for drain()
                    data, sender = self._socket.recvfrom(1 << 17)
                    for kind, about, seq, body in netlink.messages(data) if sender[0] == 0 else ():
                        self._news.stirs(kind, body)
                        torn |= seq == turn and bool(about & netlink.DUMP_INTR)
                        if seq == turn and kind in (netlink.ERROR, netlink.DONE):
                            done = True
                            self._news.whole = kind == netlink.DONE and not netlink.errno(body) and not torn
            except OSError:
                continue
            if self._news.whole:
                return

    def close(self) -> None:
        self._socket.close()


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (type, body) of each message in a datagram (netlink(7): length, type, flags, sequence, port; aligned to 4)."""
    at = 0
    while at + 16 <= len(data):
        size, kind = struct.unpack_from("=IH", data, at)
        if size < 16:
            return
        yield kind, data[at + 16 : at + size]
        at += (size + 3) & ~3

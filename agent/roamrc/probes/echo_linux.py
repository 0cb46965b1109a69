"""Does the gateway answer, at the very MAC that the neighbour table holds? One datagram to it, and the answer. Floor 2.

The kernel itself takes 8 s and more to find out (5 s of DELAY, then three probes; up to 45 s before that where the entry still
counts as reachable), and no unprivileged call makes it faster. But a datagram leaves at once for the MAC of the table, and only
its owner can answer: 0.1 ms on a cable, some milliseconds on Wi-Fi.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time

RECVERR, ERRQUEUE, FROM_ICMP = {socket.AF_INET: 11, socket.AF_INET6: 25}, 0x2000, (2, 3)
"""IP_RECVERR, IPV6_RECVERR; MSG_ERRQUEUE; SO_EE_ORIGIN_ICMP and _ICMP6 (linux/errqueue.h)."""


def answered(address: str, interface: str, index: int, limit: float) -> bool:
    """Whether the host at `address` answered within `limit` seconds, straight out of this interface.

    Two are sent: an echo request where the user may (ping_group_range: most desktops), and an empty datagram to the discard port
    (9, RFC 863), whose answer is ICMP's "port unreachable". Its sender is looked at: a firewall of our own that rejects the
    datagram says the same, but from an address of ours. The datagram also makes the kernel begin its own check.
    """
    with contextlib.ExitStack() as stack:
        asked = [s for s in (_echo(address, interface, index), _discard(address, interface, index)) if s is not None]
        for s in asked:
            stack.enter_context(s)
        poll = select.poll()
        for s in asked:
            poll.register(s, select.POLLIN)
        by_fd = {s.fileno(): s for s in asked}
        end = time.monotonic() + limit
        while by_fd and (left := end - time.monotonic()) > 0:
            for fd, events in poll.poll(left * 1000):
                said = _refused(by_fd[fd], address) if events & select.POLLERR else _said(by_fd[fd], address)
                if said:
                    return True
    return False


def _open(address: str, kind: int, interface: str) -> socket.socket:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM, kind)
    s.setblocking(False)
    with contextlib.suppress(OSError):  # unprivileged since Linux 5.7
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
    return s


def _echo(address: str, interface: str, index: int) -> socket.socket | None:
    six = ":" in address
    try:
        s = _open(address, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP, interface)
    except OSError:
        return None  # EACCES: not in ping_group_range
    with contextlib.suppress(OSError):
        s.sendto(struct.pack("!BBHHH", 128 if six else 8, 0, 0, 0, 1), (address, 0, 0, index) if six else (address, 0))
    return s


def _discard(address: str, interface: str, index: int) -> socket.socket | None:
    try:
        s = _open(address, 0, interface)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        s.setsockopt(socket.IPPROTO_IPV6 if s.family == socket.AF_INET6 else socket.IPPROTO_IP, RECVERR[s.family], 1)
        s.connect((address, 9, 0, index) if s.family == socket.AF_INET6 else (address, 9))
        s.send(b"")
    return s


def _said(s: socket.socket, address: str) -> bool:
    """Whether what came is the host's own answer (an echo reply, or of a program on the discard port)."""
    try:
        data, sender = s.recvfrom(512)
    except OSError:
        return False
    reply = s.proto not in (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6) or data[:1] in (b"\0", b"\x81")
    return reply and sender[0].partition("%")[0] == address


def _refused(s: socket.socket, address: str) -> bool:
    """Whether the error that waits is one that the host itself reported (recvmsg(2) MSG_ERRQUEUE, ip(7) IP_RECVERR)."""
    try:
        _, about, _, _ = s.recvmsg(512, 512, ERRQUEUE)
    except OSError:
        s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return False
    for _, _, data in about:
        if len(data) >= 24 and data[4] in FROM_ICMP:
            family = int(struct.unpack_from("=H", data, 16)[0])
            raw = data[20:24] if family == socket.AF_INET else data[24:40]
            if len(raw) in (4, 16) and socket.inet_ntop(family, raw) == address:
                return True
    return False

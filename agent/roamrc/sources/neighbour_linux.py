"""The kernel's news of one neighbour: the gateway, where it has another MAC than at the last look, or answers no more. Floor 2.

A dock or a switch under the desk keeps the link up while the network behind it becomes another one: no carrier, address or route
says so. The neighbour table does, but it changes all the time; so a filter in the kernel lets through what is news of the gateway
alone, and an idle agent is not woken (classic BPF; the attributes' places are those of neigh_fill_info, net/core/neighbour.c).
"""

from __future__ import annotations

import contextlib
import socket

from ..formats import rtnetlink
from ..model import Network
from .netlink_filter_linux import JEQ, LDH, LDW, RET, Row, attach

NOTHING: tuple[Row, ...] = (("", RET, 0, "", ""),)


def program(index: int, gateway: bytes, mac: bytes) -> tuple[Row, ...]:
    """Passes the gateway's entry on this link where it holds another MAC, or has failed. Without a `mac` any it holds: as long as
    the gateway is silent, each question of ours ends with "failed" once more."""
    half, then = socket.htons, 32 + len(gateway)
    words = [(32 + n, int.from_bytes(gateway[n : n + 4], "big")) for n in range(0, len(gateway), 4)]
    return (
        ("", LDH, 4, "", ""), ("", JEQ, half(28), "", "drop"),  # RTM_NEWNEIGH
        ("", LDW, 20, "", ""), ("", JEQ, socket.htonl(index), "", "drop"),
        ("", LDH, 28, "", ""), ("", JEQ, half(4 + len(gateway)), "", "drop"), *(
            row for at, word in words for row in (("", LDW, at, "", ""), ("", JEQ, word, "", "drop"))
        ),
        ("", LDH, 24, "", ""), ("", JEQ, half(rtnetlink.NUD_FAILED), "pass" if mac else "drop", ""),
        ("", LDH, then + 2, "", ""), ("", JEQ, half(2), "", "drop"), *(  # NDA_LLADDR
            (("", LDW, then + 4, "", ""), ("", JEQ, int.from_bytes(mac[:4], "big"), "", "pass"),
             ("", LDH, then + 8, "", ""), ("", JEQ, int.from_bytes(mac[4:], "big"), "drop", "pass")) if mac else ()
        ),
        ("pass", RET, 0xFFFFFFFF, "", ""),
        ("drop", RET, 0, "", ""),
    )  # fmt: skip


class Neighbour:
    """Wakes with "gateway". Raises OSError where the machine denies netlink; where it has no filters nothing is heard."""

    name = "gateway"
    every = None

    def __init__(self) -> None:
        self._minded: tuple[int, bytes, bytes] | None = None
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
        )
        try:
            if attach(self._socket, NOTHING):
                self._socket.bind((0, rtnetlink.GROUP_NEIGH))
        except BaseException:
            self._socket.close()
            raise

    def mind(self, network: Network) -> bool:
        """From now on the gateway of this look, and what it then was, is what news is compared with. True: it had not answered,
        and if it did before this call, nobody tells."""
        about = _about(network)
        if about == self._minded:
            return False
        self._minded = about
        attach(self._socket, program(*about) if about else NOTHING)
        return about is not None and not about[2]

    def fileno(self) -> int:
        return self._socket.fileno()

    def drain(self) -> str | None:
        found = False
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(1 << 16):
                found = True
        return self.name if found else None

    def close(self) -> None:
        self._socket.close()


def _about(network: Network) -> tuple[int, bytes, bytes] | None:
    gateway, mac = network.gateway, network.gateway_mac
    if network.link is None or not isinstance(gateway, str) or mac is None:
        return None
    raw = socket.inet_pton(socket.AF_INET6 if ":" in gateway else socket.AF_INET, gateway)
    return network.link.index, raw, bytes.fromhex(mac.replace(":", "")) if isinstance(mac, str) else b""

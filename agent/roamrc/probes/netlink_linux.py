"""Questions to the kernel over one netlink socket: a question with one answer, and a dump that is whole or asked again. Floor
2."""

from __future__ import annotations

import errno
import os
from types import TracebackType

from ..formats import netlink
from ..system import System

RECEIVE, TRUNC = 1 << 16, 0x20
"""Bytes taken at a time: of a dump the kernel fills at most 32 KB, an answer to one question can be longer; MSG_TRUNC has one
that is longer still tell its size (recvmsg(2))."""

TRIES = 3
"""How often a dump is asked for: interfaces that come by the hundred interrupt it (NLM_F_DUMP_INTR) or overrun the buffer
(ENOBUFS)."""


class Netlink:
    """One socket for one look. Opening raises OSError where netlink is denied."""

    def __init__(self, system: System, protocol: int = 0) -> None:
        self._socket = system.netlink(protocol)
        self._seq = 0
        self._buffer = memoryview(bytearray(RECEIVE))  # a fresh one for each answer is mapped and given back

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def strict(self) -> None:
        """Let the kernel judge our requests strictly and filter dumps itself (NETLINK_GET_STRICT_CHK, 4.20); older ones send
        all."""
        try:
            self._socket.setsockopt(270, 12, 1)
        except OSError:
            return

    def one(self, kind: int, body: bytes) -> bytes:
        """The body of the one answer. OSError with the kernel's number where it is an error: ENETUNREACH, ENOENT, EOPNOTSUPP …"""
        return self._exchange(kind, body, netlink.REQUEST)[0]

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """The bodies of all answers, taken at one moment. OSError where the kernel refuses, or its answer never came out
        whole."""
        for turn in range(TRIES):
            try:
                return self._exchange(kind, body, netlink.REQUEST | netlink.DUMP)
            except InterruptedError:
                continue
            except OSError as e:
                if e.errno != errno.ENOBUFS or turn == TRIES - 1:
                    raise
        raise OSError(errno.EAGAIN, "changed while it was read")

    def _exchange(self, kind: int, body: bytes, flags: int) -> list[bytes]:
        self._seq += 1
        self._socket.sendto(netlink.message(kind, body, flags, self._seq), (0, 0))
        found: list[bytes] = []
        torn = False
        while True:
            size = self._socket.recv_into(self._buffer, 0, TRUNC)
            if size > RECEIVE:
                raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
            for answer, answer_flags, seq, rest in netlink.messages(bytes(self._buffer[:size])):
                if seq != self._seq:
                    continue  # the tail of a dump that was given up
                torn |= bool(answer_flags & netlink.DUMP_INTR)
                if answer in (netlink.ERROR, netlink.DONE):
                    number = netlink.errno(rest)
                    if number:
                        raise OSError(number, os.strerror(number))
                    if torn:
                        raise InterruptedError(errno.EINTR, "the dump was interrupted")
                    if answer == netlink.DONE or found:
                        return found
                    raise OSError(errno.ENODATA, "an empty answer")
                found.append(rest)
                if not flags & netlink.DUMP & ~netlink.REQUEST:
                    return found

"""Dumps that are torn, overrun or refused: asked again three times, then given up with the kernel's reason. A scripted socket
answers."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from roamrc import probes
from roamrc.formats import netlink
from roamrc.formats.rtnetlink import Link
from roamrc.model import Hidden, Network
from roamrc.probes import gateway_linux
from roamrc.probes.netlink_linux import Netlink
from roamrc.system import System

DUMP = netlink.REQUEST | netlink.DUMP
Answer = Callable[[int], bytes]


@dataclass
class Wire:
    """A socket that gives the next of its datagrams, made for the sequence number last asked; an errno is raised."""

    datagrams: list[Answer | int]
    sent: list[tuple[int, int, int, bytes]] = field(default_factory=list)
    closed: bool = False

    def sendto(self, data: bytes, _: object) -> None:
        self.sent += netlink.messages(data)

    def recv_into(self, buffer: memoryview, size: int = 0, flags: int = 0) -> int:
        answer = self.datagrams.pop(0)
        if isinstance(answer, int):
            raise OSError(answer, "scripted")
        data = answer(self.sent[-1][2])
        buffer[: len(data)] = data[: len(buffer)]
        return len(data) if flags & socket.MSG_TRUNC else min(len(data), len(buffer))

    def setsockopt(self, *_: object) -> None:
        raise OSError(errno.ENOPROTOOPT, "an old kernel")

    def close(self) -> None:
        self.closed = True


class Machine(System):
    """A machine with that wire."""

    __slots__ = ("wire",)
    wire: Wire

    def netlink(self, protocol: int = 0, groups: int = 0, timeout: float = 1.0) -> socket.socket:
        return cast(socket.socket, self.wire)


def on(*datagrams: Answer | int) -> tuple[Netlink, Wire]:
    wire = Wire(list(datagrams))
    machine = Machine()
    object.__setattr__(machine, "wire", wire)
    return Netlink(machine), wire


def part(text: bytes, flags: int = 2, shift: int = 0) -> Answer:
    return lambda seq: netlink.message(16, text, flags, seq + shift)


def done(number: int = 0, flags: int = 2) -> Answer:
    return lambda seq: netlink.message(netlink.DONE, struct.pack("=i", -number), flags, seq)


def refused(number: int) -> Answer:
    return lambda seq: netlink.message(netlink.ERROR, struct.pack("=i", -number) + bytes(16), 0, seq)


def both(*answers: Answer) -> Answer:
    return lambda seq: b"".join(a(seq) for a in answers)


def test_a_dump_in_parts() -> None:
    kernel, wire = on(both(part(b"one1"), part(b"two2")), part(b"thre"), done())
    assert kernel.dump(18, b"") == [b"one1", b"two2", b"thre"]
    assert [m[:2] for m in wire.sent] == [(18, DUMP)]


def test_an_empty_dump() -> None:
    kernel, _ = on(done())
    assert kernel.dump(18, b"") == []


def test_a_torn_dump_is_asked_again() -> None:
    kernel, wire = on(part(b"old1", 2 | netlink.DUMP_INTR), done(), part(b"new1"), done())
    assert kernel.dump(18, b"") == [b"new1"]
    assert [m[2] for m in wire.sent] == [1, 2]


def test_a_dump_torn_at_its_end_is_asked_again() -> None:
    kernel, _ = on(part(b"old1"), done(flags=2 | netlink.DUMP_INTR), part(b"new1"), done())
    assert kernel.dump(18, b"") == [b"new1"]


def test_an_overrun_dump_is_asked_again_and_its_tail_ignored() -> None:
    kernel, _ = on(part(b"old1"), errno.ENOBUFS, part(b"old2", shift=-1), part(b"new1"), done())
    assert kernel.dump(18, b"") == [b"new1"]


@pytest.mark.parametrize(
    ("turn", "number"),
    [((part(b"old1", 2 | netlink.DUMP_INTR), done()), errno.EAGAIN), ((errno.ENOBUFS,), errno.ENOBUFS)],
    ids=["torn", "overrun"],
)
def test_three_times_and_no_more(turn: tuple[Answer | int, ...], number: int) -> None:
    kernel, wire = on(*turn * 4)
    with pytest.raises(OSError, match=r".") as e:
        kernel.dump(18, b"")
    assert (e.value.errno, len(wire.sent)) == (number, 3)


def test_an_answer_that_was_cut_off_is_not_taken_for_whole() -> None:
    kernel, _ = on(part(bytes(1 << 16)), done())
    with pytest.raises(OSError, match="long") as e:
        kernel.dump(18, b"")
    assert e.value.errno == errno.EMSGSIZE


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EACCES])
def test_a_refusal_is_raised_at_once(number: int) -> None:
    for answer in (refused(number), done(number)):
        kernel, wire = on(answer)
        with pytest.raises(OSError, match=r".") as e:
            kernel.dump(18, b"")
        assert (e.value.errno, len(wire.sent)) == (number, 1)


def test_silence_is_raised() -> None:
    kernel, _ = on(errno.EAGAIN)
    with pytest.raises(BlockingIOError):
        kernel.dump(18, b"")


def test_one_answer() -> None:
    kernel, wire = on(part(b"way1", 0))
    assert kernel.one(26, b"body") == b"way1"
    assert wire.sent == [(26, netlink.REQUEST, 1, b"body")]


def test_no_answer_but_an_acknowledgement() -> None:
    kernel, _ = on(refused(0))
    with pytest.raises(OSError, match="empty"):
        kernel.one(26, b"")


def test_no_such_entry() -> None:
    kernel, _ = on(refused(errno.ENOENT))
    with pytest.raises(FileNotFoundError):
        kernel.one(30, b"")


def test_the_socket_is_closed_and_an_old_kernel_is_not_strict() -> None:
    kernel, wire = on()
    with kernel:
        kernel.strict()
    assert wire.closed


def neighbour(state: int, index: int = 7) -> Answer:
    gateway, mac = bytes((10, 1, 1, 1)), bytes.fromhex("020000000f01")
    body = struct.pack("=BxxxiHBB", 2, index, state, 0, 1) + netlink.attr(1, gateway) + netlink.attr(2, mac)
    return lambda seq: netlink.message(28, body, 2, seq)


def mac(*datagrams: Answer | int, memory: dict[str, str] | None = None) -> str | Hidden | None:
    kernel, _ = on(*datagrams)
    return gateway_linux.mac(Quiet(), kernel, Link(7, "eth0"), bytes((10, 1, 1, 1)), memory=memory)


class Quiet(System):
    """A machine that sends nothing."""

    __slots__ = ()

    def prod(self, address: str, interface: str, index: int) -> None:
        assert (address, interface, index) == ("10.1.1.1", "eth0", 7)


@pytest.mark.parametrize(
    ("state", "known"),
    [
        (0x01, False),
        (0x02, True),
        (0x04, True),
        (0x08, True),
        (0x10, True),
        (0x20, False),
        (0x40, True),
        (0x80, True),
        (0, False),
    ],
    ids=["incomplete", "reachable", "stale", "delay", "probe", "failed", "noarp", "permanent", "none"],
)
def test_which_states_of_a_neighbour_tell_its_mac(state: int, known: bool) -> None:
    hidden = Hidden("does not answer" if state == 0x20 else "not answered yet")
    assert mac(neighbour(state)) == ("02:00:00:00:0f:01" if known else hidden)


def test_a_gateway_that_fell_silent_stays_so_until_it_answers() -> None:
    """Asked anew its entry is "incomplete", as that of one that was never asked."""
    memory: dict[str, str] = {}
    for state, found in (
        (0x01, Hidden("not answered yet")),
        (0x20, Hidden("does not answer")),
        (0x01, Hidden("does not answer")),
        (0x02, "02:00:00:00:0f:01"),
        (0x01, Hidden("not answered yet")),
    ):
        assert mac(neighbour(state), memory=memory) == found


def test_a_kernel_without_the_single_question_is_asked_for_all() -> None:
    assert mac(refused(errno.EOPNOTSUPP), both(neighbour(2, index=3), neighbour(2)), done()) == "02:00:00:00:0f:01"
    assert mac(refused(errno.EOPNOTSUPP), neighbour(2, index=3), done()) == Hidden("not answered yet")


def test_a_link_without_neighbours_has_no_mac() -> None:
    kernel, wire = on()
    assert gateway_linux.mac(Quiet(), kernel, Link(7, "wwan0", flags=0x80), bytes((10, 1, 1, 1))) is None
    assert gateway_linux.mac(Quiet(), kernel, Link(7, "wwan0", hardware=519), bytes((10, 1, 1, 1))) is None
    assert wire.sent == []


def observed(*datagrams: Answer | int) -> Network:
    machine = Machine(platform="linux", env={}, root="/nowhere")
    object.__setattr__(machine, "wire", Wire(list(datagrams)))
    return probes.observe(machine)


def test_interfaces_that_never_stand_still_are_hidden_and_not_asked_of_another_reader() -> None:
    found = observed(*(part(b"", 2 | netlink.DUMP_INTR), done()) * 3)
    assert found.online is True
    assert found.interface == found.vpn == found.gateway == Hidden("netlink: changed while it was read")
    assert found.via["interface"] == "netlink"
    assert found.dns_suffixes == ()


def test_interfaces_that_are_denied_are_asked_of_the_portable_reader() -> None:
    assert observed(refused(errno.EACCES)).via["interface"] == "psutil"

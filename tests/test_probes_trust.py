"""Whether what the neighbour table holds was learned on this connection: the rules, without a kernel."""

from __future__ import annotations

import sys

import pytest

from roamrc.formats import rtnetlink
from roamrc.formats.netlink import attr
from roamrc.formats.rtnetlink import Link
from roamrc.probes import trust_linux

GW = "0a010101"


def eth(losses: int | None, index: int = 2) -> Link:
    return Link(index, "eth0", losses=losses)


def noted(*looks: tuple[int | None, float, float]) -> dict[str, str]:
    """The memory after looks at (losses, seconds slept, now)."""
    memory: dict[str, str] = {}
    for losses, slept, now in looks:
        trust_linux.note(memory, [eth(losses)], slept, now)
    return memory


LOOKS = {
    "the first look knows of nothing before it": (((3, 100.0, 50.0),), None),
    "nothing happened": (((3, 0.0, 50.0), (3, 0.0, 60.0)), None),
    "a loss": (((3, 0.0, 50.0), (4, 0.0, 60.5)), 60.5),
    "the last of two losses": (((3, 0.0, 50.0), (4, 0.0, 60.5), (5, 0.0, 61.0)), 61.0),
    "quiet after a loss": (((3, 0.0, 50.0), (4, 0.0, 60.5), (4, 0.0, 99.0)), 60.5),
    "a counter that began anew": (((3, 0.0, 50.0), (0, 0.0, 60.5)), 60.5),
    "a sleep, the carrier kept": (((3, 0.0, 50.0), (3, 30.0, 51.0)), 51.0),
    "a hiccup of the clocks": (((3, 0.0, 50.0), (3, 0.3, 51.0)), None),
    "a kernel that does not count": (((None, 0.0, 50.0), (None, 0.0, 60.0)), None),
}


@pytest.mark.parametrize(("looks", "since"), LOOKS.values(), ids=LOOKS)
def test_since_when_a_link_is_the_one_it_is(looks: tuple[tuple[int | None, float, float], ...], since: float | None) -> None:
    assert trust_linux.since(noted(*looks), [2]) == since


def test_a_bond_is_as_old_as_its_card() -> None:
    memory: dict[str, str] = {}
    trust_linux.note(memory, [eth(0), eth(1, 7)], 0.0, 10.0)
    trust_linux.note(memory, [eth(0), eth(2, 7)], 0.0, 11.0)
    assert trust_linux.since(memory, [2]) is None
    assert trust_linux.since(memory, [2, 7]) == 11.0


CONFIRMED = {
    "long before": (500, False),
    "a tick too near": (99, False),
    "after": (97, True),
    "now": (0, True),
    "untold": (None, False),
}


@pytest.mark.parametrize(("ticks", "counts"), CONFIRMED.values(), ids=CONFIRMED)
def test_confirmed_since(ticks: int | None, counts: bool) -> None:
    assert trust_linux.confirmed(ticks, 100, 60.0, 61.0) is counts


def test_trust_ends_with_the_next_loss() -> None:
    memory = noted((1, 0.0, 1.0), (2, 0.0, 2.0))
    trust_linux.trust(memory, 2, GW, 2.0)
    assert trust_linux.trusted(memory, 2, GW, 2.0)
    assert not trust_linux.trusted(memory, 2, "0a010102", 2.0)
    trust_linux.note(memory, [eth(3)], 0.0, 3.0)
    assert not trust_linux.trusted(memory, 2, GW, 3.0)


def test_another_mac_than_right_after_the_loss_was_learned_since() -> None:
    memory = noted((1, 0.0, 1.0), (2, 0.0, 2.0))
    assert not trust_linux.other(memory, 2, GW, 2.0, "aa")
    assert not trust_linux.other(memory, 2, GW, 2.0, "aa")
    assert trust_linux.other(memory, 2, GW, 2.0, "bb")
    assert not trust_linux.other(memory, 2, GW, 3.0, "bb")  # after the next loss it is the old one itself


def test_links_that_are_gone_are_forgotten() -> None:
    memory: dict[str, str] = {}
    for n in range(500):
        trust_linux.note(memory, [eth(n), eth(1, 100 + n)], 0.0, float(n))
        trust_linux.trust(memory, 100 + n, GW, 1.0)
        trust_linux.other(memory, 100 + n, GW, 1.0, "aa")
    trust_linux.note(memory, [eth(9)], 0.0, 501.0)
    assert len(memory) < 6


def test_the_kernel_says_when_a_neighbour_was_confirmed() -> None:
    body = bytes(12) + attr(1, bytes.fromhex(GW)) + attr(2, bytes.fromhex("020000000f01"))
    body += attr(3, (7).to_bytes(4, sys.byteorder) + bytes(12))
    found = rtnetlink.neighbour(body)
    assert found is not None
    assert (found.confirmed, found.mac) == (7, "02:00:00:00:0f:01")
    bare = rtnetlink.neighbour(bytes(12))
    assert bare is not None
    assert bare.confirmed is None

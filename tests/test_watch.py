"""Sources that die are restarted with back-off and shown; fakes with fields, no clock but the numbers handed in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pytest

from roamrc.daemon.watch import Watch
from roamrc.errors import Refused
from roamrc.rules.pace import LADDER
from roamrc.sources import Opener


@dataclass
class FakeSource:
    """A pipe's end that says its line when it is readable; `dead` makes drain fail."""

    name: str = "fake"
    every: float | None = None
    dead: bool = False
    says: str | None = "network"
    closed: bool = False
    pipe: tuple[int, int] = field(default_factory=os.pipe)

    def fileno(self) -> int:
        return self.pipe[0]

    def drain(self) -> str | None:
        if self.dead:
            raise OSError(5, "Input/output error")
        return self.says

    def close(self) -> None:
        if not self.closed:
            os.close(self.pipe[0])
            os.close(self.pipe[1])
        self.closed = True


@dataclass
class FakeOpener:
    """Hands out sources in order; an exception in the list is raised instead."""

    sources: list[FakeSource | Exception]

    def opener(self) -> Opener:
        return Opener("fake", self)

    def __call__(self) -> FakeSource:
        found = self.sources.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def watch(*sources: FakeSource | Exception) -> Watch:
    return Watch([FakeOpener(list(sources)).opener()], 0.0)


def test_a_living_source_says_why() -> None:
    source = FakeSource()
    w = watch(source)
    assert w.by_fd().keys() == {source.fileno()}
    assert w.reasons({source.fileno()}, 1.0) == ["network"]
    assert w.reasons(set(), 1.0) == []
    assert w.next_due() == []
    w.close()
    assert source.closed


def test_noise_is_no_reason() -> None:
    source = FakeSource(says=None)
    w = watch(source)
    assert w.reasons({source.fileno()}, 1.0) == []
    w.close()


def test_a_source_that_dies_is_shown_and_reopened_and_a_look_follows() -> None:
    first, second = FakeSource(dead=True), FakeSource()
    w = watch(first, second)
    assert w.reasons({first.fileno()}, 10.0) == ["fake died"]
    assert first.closed
    assert [p.code for p in w.problems()] == ["source"]
    assert "input/output error" in w.problems()[0].message.lower()
    assert w.by_fd() == {}
    assert w.next_due() == [10.0 + LADDER[0]]
    assert w.reasons(set(), 10.0 + LADDER[0] - 0.1) == []
    assert w.reasons(set(), 10.0 + LADDER[0]) == ["fake restarted"]
    assert w.problems() == ()
    w.close()


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), Refused("no netlink here", "roamrc doctor")])
def test_one_that_can_not_be_opened_is_tried_again_ever_later(error: Exception) -> None:
    w = watch(*[error] * 8)
    waits = []
    for _ in range(7):
        [due] = w.next_due()
        waits.append(due)
        assert w.reasons(set(), due) == []
    assert [round(b - a, 3) for a, b in zip([0.0, *waits], waits, strict=False)] == [*LADDER, LADDER[-1]]
    assert w.problems()[0].hint


def test_one_with_a_clock_of_its_own_is_drained_when_it_is_late() -> None:
    source = FakeSource(every=60.0, says="time")
    w = watch(source)
    assert w.reasons(set(), 1.0) == []
    assert w.next_due() == [60.0]
    assert w.reasons(set(), 60.0) == ["time"]
    assert w.next_due() == [120.0]
    source.every = 3.0  # after a sleep it wants to be asked sooner
    assert w.next_due() == [63.0]
    assert w.reasons(set(), 63.0) == ["time"]
    w.close()

"""What a look costs with many profiles and a long .npmrc, in calls of Python's functions, which no slow machine can blur. The
milliseconds are those of tests/bench/growth.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from roamrc import act, look
from roamrc.model import Link, Network
from roamrc.reconcile import Wish
from roamrc.system import System

PROFILE = "when: {{dns_suffix: o{n}.test, gateway: 10.0.0.1}}\napply: {{proxy: 'http://proxy{n}.test:3128'}}\n"


def at(n: int) -> Network:
    link = Link("boot", 2, n, 0.0, None)
    return Network(True, "eth0", "wired", None, None, (f"o{n}.test",), "10.0.0.1", None, ("10.0.0.9/8",), link=link)


class Laptop:
    """An agent's looks at networks that are handed in; `watched` as where an agent lives."""

    def __init__(self, home: Path, profiles: int, lines: int) -> None:
        folder = home / ".config/roamrc/profiles"
        folder.mkdir(parents=True)
        for n in range(profiles):
            path = folder / f"o{n}.yaml"
            path.write_text(PROFILE.format(n=n))
            os.utime(path, (1e9, 1e9))
        (home / ".npmrc").write_text("".join(f"//r{n}.test/:_authToken=t{n}\n" for n in range(lines)))
        self.setup, _ = look.setup(System(env={}, home=home))
        self.memory, self.turn = look.Memory(), 0
        for _ in range(3):
            self.write()
        self.memory.watched = True

    def write(self) -> None:
        self.turn += 1
        self._look(edits=True)

    def look(self) -> None:
        self._look(edits=False)

    def _look(self, edits: bool) -> None:
        report, _ = act.carry_out(look.look(self.setup, self.memory, network=at(self.turn % 2)), Wish())
        assert bool(report.edits) is edits, report.problems
        for rescue in report.rescues:
            rescue.close()


def calls(work: Callable[[], object]) -> int:
    """How many functions of Python a piece of work calls."""
    found = 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal found
        found += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


@pytest.mark.parametrize(("profiles", "lines"), [(600, 10), (10, 6000)])
def test_with_six_hundred_times_as_much_a_look_is_a_few_times_the_work_and_a_write_is_linear(
    tmp_path: Path, profiles: int, lines: int
) -> None:
    small, large = Laptop(tmp_path / "small", 10, 10), Laptop(tmp_path / "large", profiles, lines)
    few, many = calls(small.look), calls(large.look)
    assert many < 6 * few, (few, many)
    few, many = calls(small.write), calls(large.write)
    assert many < few + 6 * profiles + 4 * lines, (few, many)

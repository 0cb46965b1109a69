"""The clock and sleep. No test may set a machine's clock, so the kernel's answer to a jump is a fake read; the timer is real."""

from __future__ import annotations

import errno
import sys
from dataclasses import dataclass

import pytest

from waking import readable

if sys.platform != "linux":
    pytest.skip("timerfd is Linux", allow_module_level=True)

from roamrc.sources import clock_linux
from roamrc.sources.clock_linux import Clock


@dataclass
class Machine:
    """What the kernel answers to read(2) on the timer, and how long it slept."""

    error: int = errno.ECANCELED
    asleep: float = 100.0

    def read(self, fd: int, size: int) -> bytes:
        if self.error:
            raise OSError(self.error, "fake")
        return bytes(size)

    def slept(self) -> float:
        return self.asleep


def opened(machine: Machine) -> Clock:
    return Clock(machine.slept, machine.read)


@pytest.mark.parametrize(
    ("asleep", "why"),
    [(100.0, "clock"), (100.2, "clock"), (100.5, "woke up"), (9000.0, "woke up")],
    ids=["the clock was set", "two clocks read one after the other", "a nap", "a night"],
)
def test_a_cancelled_timer_is_a_jump_or_a_sleep(asleep: float, why: str) -> None:
    machine = Machine()
    clock = opened(machine)
    machine.asleep = asleep
    assert clock.drain() == why
    assert clock.drain() == "clock"  # the sleep is told once
    clock.close()


def test_nothing_to_read_is_noise() -> None:
    clock = opened(Machine(errno.EAGAIN))
    assert clock.drain() is None
    clock.close()


def test_an_expired_timer_wakes_too() -> None:
    clock = opened(Machine(error=0))
    assert clock.drain() == "clock"
    clock.close()


@pytest.mark.parametrize("number", [errno.EBADF, errno.EIO])
def test_any_other_error_is_the_sources_end(number: int) -> None:
    clock = opened(Machine(number))
    with pytest.raises(OSError, match="fake"):
        clock.drain()
    clock.close()


def test_the_real_timer_is_armed_far_away_for_a_cancel_on_set() -> None:
    """timerfd's own account in /proc: CLOCK_REALTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, an expiry in the future."""
    clock = Clock(lambda: 0.0)
    with open(f"/proc/self/fdinfo/{clock.fileno()}") as f:
        about = dict(line.rstrip("\n").split(":", 1) for line in f if ":" in line)
    assert about["clockid"].strip() == "0"
    assert int(about["settime flags"], 8) == clock_linux.ABSTIME | clock_linux.CANCEL_ON_SET
    assert int(about["it_value"].strip(" ()").split(",")[0]) > 3600 * 24 * 365
    assert not readable(clock)
    assert clock.drain() is None
    clock.close()
    clock.close()
    with pytest.raises(OSError, match=r".+"):
        clock.drain()

"""One look a minute whatever happens, and a few more after a sleep. Floor 2.

macOS posts no event that a program without a run loop could wait for when it wakes. But time that was slept can be read at any
moment
(System.slept), so each event and each minute asks for it. The router is often not there yet at that moment: hence two more looks.
A dark wake (a minute of mail, with the lid closed) goes the same way and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

MINUTE = 60.0
AFTER = (3.0, 7.0)
"""Seconds from the wake-up to the second look, and from that to the third (3 and 10 s after it): DHCP and ARP on a slow Wi-Fi."""

SLEEP = 0.5
"""Seconds: less was not a sleep."""


class Sleep:
    """Whether the machine has slept since it was last asked, and how long until it should be looked at again."""

    def __init__(self, slept: Callable[[], float]) -> None:
        self._slept = slept
        self._before = slept()
        self._woke = False
        self._steps: tuple[float, ...] = ()

    @property
    def wait(self) -> float:
        """Seconds from the last `tick` to the next."""
        return 0.0 if self._woke else self._steps[0] if self._steps else MINUTE

    def look(self) -> None:
        """Called with every event: a sleep that it finds makes the next tick due at once."""
        now = self._slept()
        if now - self._before >= SLEEP:
            self._woke, self._steps = True, AFTER
        self._before = now

    def tick(self) -> bool:
        """True at a wake-up and at the two looks after it; False for the minute's poll."""
        self.look()
        if self._woke:
            self._woke = False
            return True
        after, self._steps = bool(self._steps), self._steps[1:]
        return after


class Clock:
    """Wakes with "woke up" after a sleep (then again 3 and 10 s later), with "poll" each minute. It has no descriptor: `every`
    is its clock."""

    name = "clock"

    def __init__(self, sleep: Sleep) -> None:
        self._sleep = sleep

    @property
    def every(self) -> float | None:
        return self._sleep.wait

    def fileno(self) -> int:
        return -1

    def drain(self) -> str | None:
        return "woke up" if self._sleep.tick() else "poll"

    def close(self) -> None:
        return None

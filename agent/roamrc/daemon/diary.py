"""When the agent looks next: after some seconds, or as soon as things have come to rest. Floor 3."""

from __future__ import annotations

from collections.abc import Callable

from ..rules.pace import Pace


class Diary:
    """Two appointments at most, the sooner of all that were asked for: the one to keep, and the one that waits for rest."""

    def __init__(self, clock: Callable[[], float], pace: Pace) -> None:
        self.clock, self.pace = clock, pace
        self.look: float | None = None
        self.quiet: float | None = None

    def again(self, seconds: float) -> None:
        """A look in so many seconds."""
        self.look = _sooner(self.look, self.clock() + seconds)

    def when_quiet(self, seconds: float) -> None:
        """A look then, put off for as long as things stir: or a flood would bring one every quarter of a second (torture)."""
        self.quiet = _sooner(self.quiet, self.clock() + seconds + 0.001)

    def begin(self) -> None:
        """A look begins: it keeps every appointment."""
        self.look = self.quiet = None

    def times(self) -> list[float]:
        """When something is due."""
        return [at for at in (self.look, self.quiet) if at is not None]

    def due(self, now: float) -> bool:
        """Whether to look now. The look itself is held against the clock and not `now`, since when something may have come due:
        it would cost one more poll, 1 ms."""
        if self.quiet is not None and self.quiet <= now:
            self.quiet = None
            if (rest := self.pace.rest(now)) > 0:
                self.when_quiet(rest)
            else:
                self.again(0.0)
        return self.look is not None and self.look <= self.clock()


def _sooner(a: float | None, b: float) -> float:
    return b if a is None else min(a, b)

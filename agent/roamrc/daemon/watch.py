"""The sources and their lives: opened, drained, and opened again with back-off when they die. Floor 3."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from .. import show, sources
from ..errors import RoamError
from ..model import Network, Problem
from ..rules.pace import LADDER


class Source:
    """One source with its life: open, dead and waiting to be reopened, or never opened."""

    def __init__(self, opener: sources.Opener) -> None:
        self.opener = opener
        self.source: sources.Source | None = None
        self.failures = 0
        self.retry = 0.0
        self.error = ""

    def open(self, now: float) -> bool:
        """Tries to open it; on failure the next try is later, 1 s to 5 min."""
        try:
            self.source = self.opener()
        except (OSError, RoamError) as e:
            self.fail(now, e)
            return False
        self.error = ""
        return True

    def fail(self, now: float, e: Exception) -> None:
        self.close()
        self.error = show.line(str(e))
        self.retry = now + LADDER[min(self.failures, len(LADDER) - 1)]
        self.failures += 1

    def close(self) -> None:
        if self.source is not None:
            with contextlib.suppress(OSError):
                self.source.close()
            self.source = None


class Watch:
    """All sources of the agent, polled by descriptor; `reasons` says why to look."""

    def __init__(self, openers: Sequence[sources.Opener], now: float) -> None:
        self.all = [Source(o) for o in openers]
        self.drained: dict[str, float] = {}
        for s in self.all:
            s.open(now)
            self.drained[s.opener.name] = now

    def by_fd(self) -> dict[int, Source]:
        """The descriptors to poll for reading."""
        return {s.source.fileno(): s for s in self.all if s.source is not None and s.source.fileno() >= 0}

    def next_due(self) -> list[float]:
        """When something must be done though nothing is readable: a source to reopen, or one with a clock of its own."""
        return [s.retry if s.source is None else self._due(s) for s in self.all if s.source is None or s.source.every is not None]

    def reasons(self, ready: set[int], now: float) -> list[str]:
        """Drains what is readable or late and reopens what is due; each reason to look in a few words."""
        found = [self._drain(s, now) for fd, s in self.by_fd().items() if fd in ready]
        found += [self._drain(s, now) for s in self.all if self._late(s, now)]
        found += [f"{s.opener.name} restarted" for s in self.all if s.source is None and s.retry <= now and s.open(now)]
        return [r for r in found if r]

    def mind(self, network: Network) -> bool:
        """Tells the sources that listen for one thing alone what the last look saw, after its write: a filter in the kernel costs
        0.2 ms. Whether one of them may have missed something meanwhile."""
        missed = [mind(network) for s in self.all if (mind := getattr(s.source, "mind", None))]
        return any(missed)

    def alive(self, name: str) -> bool:
        """Whether a source would tell of what it watches."""
        return any(s.opener.name == name and s.source is not None for s in self.all)

    def problems(self) -> tuple[Problem, ...]:
        """The sources that are dead at the moment."""
        return tuple(
            Problem("source", f"can't watch {s.opener.name}: {s.error}; tried again by itself", "roamrc doctor")
            for s in self.all
            if s.source is None
        )

    def close(self) -> None:
        for s in self.all:
            s.close()

    def _due(self, s: Source) -> float:
        """When a source with a clock of its own must be drained; its `every` may be another one after each drain."""
        assert s.source is not None
        return self.drained[s.opener.name] + (s.source.every or 0.0)

    def _late(self, s: Source, now: float) -> bool:
        if s.source is None or s.source.every is None:
            return False
        self.drained.setdefault(s.opener.name, now)
        return self._due(s) <= now

    def _drain(self, s: Source, now: float) -> str | None:
        self.drained[s.opener.name] = now
        try:
            assert s.source is not None
            reason = s.source.drain()
        except OSError as e:
            s.fail(now, e)
            return f"{s.opener.name} died"
        if reason:
            s.failures = 0
        return reason

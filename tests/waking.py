"""Waiting for a source: for a wake-up with a limit, and for none without a clock."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import Protocol

LIMIT = 10.0
"""Seconds until a wake-up that does not come is a failure: only a broken source waits that long."""


class Drained(Protocol):
    def fileno(self) -> int: ...
    def drain(self) -> str | None: ...


def readable(source: Drained, seconds: float = 0.0) -> bool:
    """Whether a poll would wake the agent now (or within so many seconds)."""
    poll = select.poll()
    poll.register(source.fileno(), select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def reason(source: Drained) -> str:
    """The next reason to look; fails when none comes."""
    end = time.monotonic() + LIMIT
    while (left := end - time.monotonic()) > 0:
        if readable(source, left) and (why := source.drain()):
            return why
    raise AssertionError(f"no wake-up within {LIMIT:g} s")


def until(true: Callable[[], object], what: str) -> None:
    """Wait until a condition holds; fails when it does not."""
    end = time.monotonic() + LIMIT
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"not within {LIMIT:g} s: {what}")
        time.sleep(0.005)

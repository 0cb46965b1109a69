"""Waiting for a condition, with a limit: the one place in the lab that polls."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(holds: Callable[[], object], limit: float = 5.0, what: str = "", every: float = 0.005) -> float:
    """Seconds until `holds()` was true; AssertionError with `what` where it is still false after `limit` seconds."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > limit:
            raise AssertionError(f"not within {limit:g} s: {what or getattr(holds, '__name__', 'the condition')}")
        time.sleep(every)
    return time.monotonic() - begin

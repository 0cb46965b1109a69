"""Whether the clock can be believed: certificates, `prove` and `use --for` hang on it. For doctor. Floor 3."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator

from .. import show
from ..journal import STATUS, rfc3339
from ..model import Advice
from ..reconcile import Setup
from ..system import System

EARLIEST = 1767225600
"""2026-01-01: roamrc did not exist before. A machine without a battery begins in 1970 or at its image's date."""
SLACK = 60
"""Seconds that a state may lie in the future: two clocks of one machine never differ by more."""
TIME_ERROR = 5
"""What adjtimex(2) returns where no time service keeps the kernel's clock (STA_UNSYNC)."""


def advice(setup: Setup) -> Iterable[Advice]:
    now = setup.system.now()
    cure = (
        "sudo sntp -sS time.apple.com"
        if setup.system.platform == "darwin"
        else "timedatectl status; sudo timedatectl set-ntp true"
    )
    found = [*_wrong(setup, now, cure)]
    if not found and kept(setup.system) is False:
        sentence = (
            "no time service keeps the clock: when it is wrong by hours, npm and `prove` take every certificate for expired"
        )
        found = [Advice("clock", "warn", f"{rfc3339(now)}; {sentence}", cure)]
    yield from found or [Advice("clock", "ok", rfc3339(now))]


def _wrong(setup: Setup, now: float, cure: str) -> Iterator[Advice]:
    if now < EARLIEST:
        sentence = f"the clock says {rfc3339(now)}, which is long ago: every certificate is not valid yet, npm and `prove` fail"
        yield Advice("clock", "fail", sentence, cure)
        return
    told = (setup.state.load(STATUS) or {}).get("since")
    if isinstance(told, str) and told > rfc3339(now + SLACK):
        sentence = f"the clock went back: the last switch was at {show.line(told)}, and now it is {rfc3339(now)}"
        yield Advice("clock", "warn", sentence, cure)


def kept(system: System) -> bool | None:
    """Whether a time service keeps the kernel's clock; None where that can't be asked. It changes nothing (modes is 0)."""
    if system.platform != "linux":
        return None
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR

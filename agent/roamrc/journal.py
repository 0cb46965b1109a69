"""What roamrc tells of itself: the status as of the last look, and the log of switches. Floor 3.

Both hold what a user may see and nothing else: values are masked before they come here. A look that changes nothing writes
nothing.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence

from . import show
from .errors import RoamError
from .model import Edit, Override, Problem
from .reconcile import Report, Setup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


STATUS = "status.json"


def rfc3339(seconds: float) -> str:
    """A Unix time as RFC 3339 in UTC, whole seconds; one beyond all calendars is the last moment that they know."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):
        return "9999-12-31T23:59:59Z"


def edits_json(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """Edits as commands print them: values masked, None for absent."""
    return [
        {
            "target": e.target,
            "path": e.path,
            "key": e.key,
            "before": None if e.before is None else show.setting(e.key, e.before),
            "after": None if e.after is None else show.setting(e.key, e.after),
        }
        for e in edits
    ]


def override_json(override: Override | None) -> dict[str, Any] | None:
    if override is None:
        return None
    return {
        "profile": override.profile,
        "until": None if override.until is None else rfc3339(override.until),
        "until_moved": override.until_moved,
    }


def snapshot(setup: Setup, report: Report, override: Override | None, extra: Sequence[Problem], since: float) -> dict[str, Any]:
    """The status of the contract, without what only the reader can know (whether the agent still lives).

    Under hold `profile` is the one whose settings stand: the last that was applied.
    """
    d = report.decision
    stands = d.profile.name if d.profile else (setup.state.load(STATUS) or {}).get("profile")
    problems = list(dict.fromkeys((*report.problems, *extra)))
    return {
        "action": d.action,
        "profile": stands,
        "because": show.prose(d.because),
        "since": rfc3339(since),
        "override": override_json(override),
        "files": [{"target": f.target, "path": f.path, "state": f.state, "keys": dict(f.keys)} for f in report.files],
        "problems": [{"code": p.code, "message": show.prose(p.message), "hint": show.prose(p.hint)} for p in problems],
        "places": {"profiles": str(setup.places.profiles), "npmrc": str(setup.places.npmrc)},
    }


def record(
    setup: Setup, report: Report, override: Override | None, extra: Sequence[Problem] = (), ended: str | None = None
) -> dict[str, Any]:
    """Writes status and log if there is anything new in them, in the log also why an override has `ended`; returns the status.
    Where the machine refuses that (a full disk), it is a problem of the report's and of the status returned: npm's file is right
    nevertheless."""
    try:
        # a lock that was waited for in vain is not waited for again: exit code 4 came after 20 s instead of 10
        busy = any(p.code == "state" for p in report.problems)
        with setup.state.lock(0.0) if busy else contextlib.nullcontext():
            return _record(setup, report, override, extra, ended)
    except RoamError as e:
        if any(p.message == e.sentence for p in report.problems):
            return snapshot(setup, report, override, extra, setup.system.now())
        report.problems.append(Problem("state", e.sentence, e.hint))
        return snapshot(setup, report, override, extra, setup.system.now())


def _record(
    setup: Setup, report: Report, override: Override | None, extra: Sequence[Problem], ended: str | None
) -> dict[str, Any]:
    before = setup.state.load(STATUS) or {}
    now = setup.system.now()
    status = snapshot(setup, report, override, extra, now)
    same = (before.get("action"), before.get("profile")) == (status["action"], status["profile"])
    if same and isinstance(before.get("since"), str):
        status["since"] = before["since"]
    lost = {k: show.setting(k, v) for plan in report.plans for k, v in plan.lost.items()}
    keys = list(dict.fromkeys(e.key for e in report.edits))
    if keys or lost or not same:
        entry: dict[str, Any] = {
            "at": rfc3339(now),
            "from": _label(before),
            "to": _label(status),
            "because": f"no more by hand ({show.line(ended)}): {status['because']}" if ended else status["because"],
            "keys": keys,
        }
        if lost:
            entry["lost"] = lost
        setup.state.log(entry)
    if {k: v for k, v in before.items() if k not in ("version", "pid")} != status:
        setup.state.save(STATUS, {**status, "pid": os.getpid()})
    return status


def headline(status: Mapping[str, Any]) -> str:
    """Profile and reason in one line, for the terminal and systemd."""
    if not status:
        return "starting"
    profile, action = status["profile"], status["action"]
    head = f"{profile} stands" if profile and action == "hold" else profile or action
    return f"{head}: {status['because']}"


def _label(status: Mapping[str, Any]) -> str | None:
    """What the log calls a state: hold, or the profile's name; None before the first."""
    label = "hold" if status.get("action") == "hold" else status.get("profile")
    return label if isinstance(label, str) else None

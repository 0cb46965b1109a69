"""What the commands `apply`, `use` and `auto` do, in the agent or alone: set or end the override, look, reconcile, tell. Floor
3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import journal, look, match, override
from .errors import RoamError
from .look import Look, Memory
from .model import Override, Problem
from .reconcile import Report, Setup, Wish, reconcile

VERBS = ("apply", "use", "auto")
PATIENCE = 0.2
"""Seconds a command waits for the gateway's MAC: an ARP answer takes under 30 ms on a Wi-Fi that works."""


def prepare(
    setup: Setup, memory: Memory, verb: str, args: Mapping[str, Any], *, settled: bool = True, dry_run: bool = False
) -> Look:
    """Changes the override as asked and looks. Raises RoamError where the profile to use does not exist or is broken; then
    nothing has changed."""
    seen = look.look(setup, memory, patience=PATIENCE, settled=settled)
    if verb == "auto" and seen.override is not None:
        if not dry_run:
            setup.state.discard(override.NAME)
        return look.decided(seen, None, memory.answers, settled)
    if verb != "use":
        return seen
    name = str(args["profile"])
    profile = next((p for p in (*seen.loaded.profiles, match.DIRECT) if p.name == name), None)
    if profile is None:
        raise RoamError(f'there is no profile "{name}"', _near(name, [p.name for p in seen.loaded.profiles]))
    if profile.broken is not None:
        raise RoamError(f'profile "{name}" is broken: {profile.broken}', "roamrc check")
    now = setup.system.now()
    seconds = args.get("for")
    wanted = Override(name, now, now + float(seconds) if seconds else None, bool(args.get("until_moved")))
    wanted = override.anchored(wanted, seen.network)
    if not dry_run:
        setup.state.save(override.NAME, override.to_json(wanted))
    return look.decided(seen, wanted, memory.answers, settled)


def answered(seen: Look) -> Look:
    """For a command that has no time to come back: what is still open is asked now, a few seconds at most."""
    if not seen.decision.questions:
        return seen
    from .inquiry import answer_now

    return look.decided(seen, seen.override, answer_now(seen.decision.questions, seen.network, seen.setup.system), True)


def _near(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, [*names, "direct"], 1)
    return f"did you mean `roamrc use {close[0]}`?" if close else "roamrc explain lists the profiles there are"


def carry_out(seen: Look, wish: Wish, extra: Sequence[Problem] = ()) -> tuple[Report, dict[str, Any]]:
    """Reconciles what a look decided and writes it down; the dictionary is the status."""
    report = reconcile(seen.setup, seen.loaded.profiles, seen.network, seen.decision, wish)
    problems = (*seen.problems, *extra)
    if wish.dry_run:
        return report, journal.snapshot(seen.setup, report, seen.override, problems, seen.setup.system.now())
    return report, journal.record(seen.setup, report, seen.override, problems)

"""What the commands `apply`, `use` and `auto` do, in the agent or alone: set or end the override, look, reconcile, tell. Floor
3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import journal, look, show
from .daemon import waiting
from .errors import Refused, RoamError
from .look import Look, Memory
from .model import Override, Problem
from .reconcile import Report, Setup, Wish, reconcile
from .rules import match, override
from .slotted import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


VERBS = ("apply", "use", "auto")
PATIENCE = 0.2
"""Seconds a command waits for the gateway's MAC: an ARP answer takes under 30 ms on a Wi-Fi that works."""


def prepare(
    setup: Setup, memory: Memory, verb: str, args: Mapping[str, Any], *, settled: bool = True, dry_run: bool = False
) -> Look:
    """Changes the override as asked and looks. Raises RoamError where the profile to use does not exist or is broken; then
    nothing has changed."""
    seen = look.look(setup, memory, patience=PATIENCE, settled=settled)
    for p in seen.problems:
        if p.code == "state":
            raise Refused(p.message, p.hint)
    if verb == "auto" and seen.override is not None:
        if not dry_run:
            setup.state.discard(override.NAME)
        return look.decided(replace(seen, ended=None, bound=None), None, memory.answers, settled)
    if verb != "use":
        return seen
    name = str(args["profile"])
    profile = next((p for p in (*seen.loaded.profiles, match.DIRECT) if p.name == name), None)
    if profile is None:
        for fault in seen.loaded.faults:
            # of a folder that is not obeyed, or can't be read, no profile is known
            if fault.file in (str(setup.places.profiles), str(setup.places.config)):
                raise RoamError(fault.text, fault.hint, fault.where)
        raise RoamError(f'there is no profile "{name}"', _near(name, [p.name for p in seen.loaded.profiles]))
    if profile.broken is not None:
        raise RoamError(f'profile "{name}" is broken: {profile.broken}', "roamrc check")
    now = setup.system.now()
    seconds = args.get("for")
    wanted = Override(name, now, now + float(seconds) if seconds else None, bool(args.get("until_moved")))
    wanted = override.anchored(wanted, seen.network)
    if not dry_run:
        setup.state.save(override.NAME, override.to_json(wanted))
    return look.decided(replace(seen, ended=None, bound=None), wanted, memory.answers, settled)


def answered(seen: Look) -> Look:
    """For a command that has no time to come back: what is still open is asked now, a few seconds at most."""
    if not seen.decision.questions:
        return seen
    from .children.inquiry import answer_now

    return look.decided(seen, seen.override, answer_now(seen.decision.questions, seen.network, seen.setup.system), True)


def alone(seen: Look, wish: Wish, extra: Sequence[Problem] = ()) -> tuple[Report, dict[str, Any]]:
    """`carry_out` for a command that nobody comes back for: whether the proxy lives (`on_dead_proxy: hold`), and which
    registries are inside, is asked before."""
    system = seen.setup.system
    first = waiting.to_try_first(seen)
    if first and not wish.force:
        from .children import health

        proxy, registry, _, cafile = first
        seen = waiting.held_back(seen, health.Probe(proxy, registry, system, ca=cafile).wait())
    if seen.setup.config.no_proxy_auto:
        drafted = reconcile(seen.setup, seen.loaded.profiles, seen.network, seen.decision, Wish(wish.force, dry_run=True))
        questions = waiting.inside_questions(drafted)
        if questions:
            from .children.inquiry import answer_now

            told = answer_now(questions, seen.network, system)
            wish.private = frozenset(q.wanted for q, a in told.items() if a.verdict == "yes")
    return carry_out(seen, wish, extra)


def _near(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, [*names, "direct"], 1)
    if not names:
        return f"roamrc learn {show.line(name)} makes this network that profile; roamrc use direct needs none"
    return f"did you mean `roamrc use {close[0]}`?" if close else "roamrc explain lists the profiles there are"


def carry_out(seen: Look, wish: Wish, extra: Sequence[Problem] = (), *, passing: bool = False) -> tuple[Report, dict[str, Any]]:
    """Reconciles what a look decided and writes it down; the dictionary is the status. `passing`: a state in the middle of a
    roam, which is not noted unless a file had to follow; its status is empty."""
    if not wish.dry_run:
        look.keep(seen)
    report = reconcile(seen.setup, seen.loaded.profiles, seen.network, seen.decision, wish)
    problems = (*seen.problems, *extra)
    if passing and not report.edits:
        return report, {}
    if wish.dry_run:
        return report, journal.snapshot(seen.setup, report, seen.override, problems, seen.setup.system.now())
    return report, journal.record(seen.setup, report, seen.override, problems, seen.ended)

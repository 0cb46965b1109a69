"""every profile and every check behind the decision

The checks shown are the very ones that decided. `yes` and `no` are what a check found; `?` is a fact that is hidden or not
asked, and proves nothing either way. A profile is `blind` where such a fact could make it match, and `fallback` where it
matches by conditions that every network meets.

    roamrc explain                      why this profile, here and now
    roamrc explain office               why it matches, or why not
    roamrc explain --facts cafe.json    what would be done on a network saved by `roamrc facts --json`

Exit codes: 0 a profile is chosen, or offline; 1 nothing is (a hold); 2 no such profile, or FILE is no saved network.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from difflib import get_close_matches

from .. import act, atomic, look, show
from ..errors import RoamError
from ..formats import saved
from ..model import Decision, Judgement
from ..reading import profiles
from ..rules import match
from ..slotted import asdict, replace
from ..terminal import out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


MARKS = {"yes": ("yes", "good"), "no": ("no ", "dim"), "hidden": ("?  ", "warn"), "unasked": ("?  ", "warn")}


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("profile", nargs="?", metavar="PROFILE", help="only this one")
    p.add_argument("--facts", metavar="FILE", help="judge a network saved by `roamrc facts --json` instead of this one")


def run(args: argparse.Namespace) -> int:
    setup, _ = look.setup(out.machine())
    if args.facts is not None:
        network = saved.from_json(_read(args.facts), args.facts)
        loaded = profiles.load(setup.places.profiles)
        decision = match.decide(network, loaded.profiles)
    else:
        seen = act.answered(look.look(setup, look.Memory(), patience=act.PATIENCE))
        network, loaded, decision = seen.network, seen.loaded, seen.decision
    decision = _whole(decision, match.judge_all(network, loaded.profiles))
    if args.profile is not None and args.profile not in {j.profile for j in decision.judged}:
        close = get_close_matches(args.profile, [j.profile for j in decision.judged], 1)
        hint = (
            f"did you mean `roamrc explain {close[0]}`?"
            if close
            else "roamrc explain lists the profiles there are"
            if decision.judged
            else out.HOLDS["there are no profiles"]
        )
        raise RoamError(f'there is no profile "{args.profile}"', hint)
    if args.json:
        out.as_json(as_json(decision, args.profile))
    else:
        tell(decision, args.profile)
        out.cure(decision.because)
        out.problems(asdict(p) for p in (*decision.problems, *look.fault_problems(loaded.faults)))
    return 0 if decision.action != "hold" or not network.online else 1


def _whole(decision: Decision, everyone: Sequence[Judgement]) -> Decision:
    """The decision with every profile in its trail, also those that one fact rules out, or where none was asked (offline),
    or only the one named by hand."""
    told = {j.profile: j for j in decision.judged}
    listed = [told.pop(j.profile, j) for j in everyone]
    return replace(decision, judged=(*told.values(), *listed))


def _read(path: str) -> Any:
    if os.path.exists(path) and not os.path.isfile(path):
        raise RoamError(f'"{path}" is no ordinary file', "roamrc facts --json > FILE")
    data = atomic.read(path).data
    if data is None:
        raise RoamError(f'there is no file "{path}"', "roamrc facts --json > FILE")
    try:
        return json.loads(data)
    except json.JSONDecodeError as e:
        where = f"{path}:{e.lineno}:{e.colno}"
        raise RoamError(f"no JSON: {e.msg.lower()}", "roamrc facts --json shows the form", where) from None
    except (ValueError, RecursionError):
        raise RoamError("no JSON, but something else", "roamrc facts --json shows the form", path) from None


def as_json(decision: Decision, only: str | None = None) -> dict[str, Any]:
    """The trail as the contract has it."""
    return {
        "decision": {
            "action": decision.action,
            "profile": decision.profile.name if decision.profile else None,
            "because": show.prose(decision.because),
        },
        "profiles": [
            {
                "name": j.profile,
                "verdict": j.verdict,
                "checks": [
                    {
                        "fact": c.fact,
                        "wanted": show.prose(c.wanted),
                        "found": show.prose(c.found),
                        "verdict": c.verdict,
                        "via": c.via,
                        "where": c.where,
                    }
                    for c in j.checks
                ],
            }
            for j in decision.judged
            if only in (None, j.profile)
        ],
    }


def tell(decision: Decision, only: str | None = None) -> None:
    """The trail in words."""
    head = decision.profile.name if decision.profile else decision.action
    print(f"{out.styled(show.line(head), 'bold')}: {show.prose(decision.because)}")
    for j in decision.judged:
        if only not in (None, j.profile):
            continue
        print(f"\n{show.line(j.profile)}: {j.verdict}")
        if not j.checks:
            print("  no conditions: it never matches by itself")
        for c in j.checks:
            mark, style = MARKS[c.verdict]
            where = out.styled(f"  {show.line(c.where)}", "dim") if c.where else ""
            print(f"  {out.styled(mark, style)} {c.fact} {show.prose(c.wanted)}; found {show.prose(c.found)}{where}")

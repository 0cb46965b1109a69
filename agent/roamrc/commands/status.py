"""which profile is in force, why, and what was written

Read from what was stored at the last look; the network is not looked at. Without a running agent it says "as of then": the
network may be another one by now.

    roamrc status           one screen
    roamrc status --json    the same for scripts

Exit codes: 0 all is well, or offline; 1 there is something to see: no agent, a problem, a hand edit that stands, a hold.
"""

from __future__ import annotations

import os

from .. import folders, show
from ..memory import glance
from ..terminal import out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def run(args: Any) -> int:
    folder = out.meant(glance.state())
    found, pid = glance.stored(folder), glance.agent_pid(folder)
    status = shown(found or {}, pid)
    if args.json:
        out.as_json(status)
    else:
        tell(status, known=found is not None)
        for note in strangers(found or {}):
            print(note)
    return exit_code(status)


def shown(stored: Mapping[str, Any], pid: int | None) -> dict[str, Any]:
    """The contract's status from the stored one; whatever in it is not what it should be is as if it were not there."""
    status = {k: stored.get(k) for k in ("action", "profile", "because", "since", "override")}
    if not stored:
        status.update(action="hold", because="roamrc has not looked at the network yet")
    status["because"] = show.prose(str(status["because"] or ""))
    if not isinstance(status["override"], dict):
        status["override"] = None
    service = glance.service(os.environ, glance.home(), glance.platform())
    return {
        **status,
        "files": _rows(stored, "files", ("target", "path", "state")),
        "agent": {"running": pid is not None, "pid": pid, "service": service},
        "problems": _rows(stored, "problems", ("code", "message", "hint")),
    }


def _rows(stored: Mapping[str, Any], name: str, words: tuple[str, ...]) -> list[dict[str, Any]]:
    """A list of the status whose entries have all their texts; keys of a file are texts as well."""
    found = stored.get(name)
    listed = found if isinstance(found, list) else []
    rows = [r for r in listed if isinstance(r, dict) and all(isinstance(r.get(w), str) for w in words)]
    if name == "files":
        return [{**r, "keys": r["keys"] if isinstance(r.get("keys"), dict) else {}} for r in rows]
    return rows


def exit_code(status: Mapping[str, Any], needs_agent: bool = True) -> int:
    """0 where all is well or offline; 1 where there is something to see."""
    if status["problems"] or (needs_agent and not status["agent"]["running"]):
        return 1
    if any(f["state"] in ("conflict", "unreadable") for f in status["files"]):
        return 1
    return 1 if status["action"] == "hold" and status["because"] != "offline" else 0


def strangers(stored: Mapping[str, Any]) -> list[str]:
    """What this shell has elsewhere than the agent: its places are used, and that is said."""
    told = stored.get("places")
    if not isinstance(told, dict):
        return []
    env, base = os.environ, glance.home()
    here = {"npmrc": folders.npm_file(env, base)[0], "profiles": f"{folders.config(env, base)}/profiles"}
    words = {
        "npmrc": "npm in this shell reads {here}, roamrc looks after {told}",
        "profiles": "this shell's settings name the profiles {here}, roamrc reads {told}",
    }
    return [
        f"note: {words[k].format(here=out.home(here[k]), told=out.home(told[k]))}"
        for k in words
        if isinstance(told.get(k), str) and os.path.realpath(told[k]) != os.path.realpath(here[k])
    ]


def tell(status: Mapping[str, Any], known: bool = True) -> None:
    """One screen."""
    running = status["agent"]["running"]
    head = status["profile"] or status["action"]
    since = f" since {show.line(str(status['since']))}" if status.get("since") else ""
    stale = "  as of then; no agent is running now (roamrc run, or roamrc install)" if known and not running else ""
    held = " (held: nothing is changed)" if status["profile"] and status["action"] == "hold" else ""
    print(f"{out.styled(show.line(str(head)), 'bold')}{held}{since}{out.styled(stale, 'warn') if stale else ''}")
    print(f"  why       {status['because']}")
    if status["override"]:
        print(f"  by hand   {by_hand(status['override'])}")
    for f in status["files"]:
        print(f"  {show.line(f['target']):9} {out.home(f['path'])}: {show.line(f['state'])}")
        for key, value in f["keys"].items():
            print(f"    {show.line(key)} = {'(none)' if value is None else show.line(str(value), 300)}")
    by = f", started by {status['agent']['service']}" if status["agent"]["service"] else ", in the foreground"
    print(f"  agent     {'running, pid ' + str(status['agent']['pid']) + by if running else 'not running'}")
    if not known and not running:
        print("  hint: roamrc init writes the first profiles, roamrc run watches, roamrc install does so at every log-in")
    out.cure(status["because"])
    out.problems(status["problems"])


def by_hand(override: Mapping[str, Any]) -> str:
    """Which profile, and until when."""
    until = override.get("until")
    end = f"until {show.line(str(until))}" if until else "until `roamrc auto`"
    if override.get("until_moved"):
        end = "until you move"
    return f"{show.line(str(override.get('profile')))}, {end}"

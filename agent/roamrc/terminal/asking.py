"""`apply`, `use` and `auto` from the command line: handed to the agent where one lives, done here where none does. Floor 4.

Where an agent lives nothing is imported but what hands a request over: it has looked already.
"""

from __future__ import annotations

from ..commands import status as screen
from ..errors import RoamError
from ..memory import glance
from . import out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..reconcile import Report, Setup
    from ..rules.owned import FilePlan


def request(verb: str, args: Mapping[str, Any], *, as_json: bool, dry_run: bool) -> int:
    """Carries a request out and prints what came of it; returns the exit code of the contract."""
    folder = glance.state()
    content = None
    if glance.agent_pid(folder) is not None:
        content = _by_agent(out.meant(folder), verb, args, dry_run)
    if content is None:
        content = _alone(verb, args, dry_run)
    status = screen.shown(content["status"], glance.agent_pid(folder))
    edits = content["edits"]
    if as_json:
        out.as_json({**status, "edits": edits})
    else:
        _tell(status, edits, dry_run)
        for note in screen.strangers(content["status"]):
            print(note)
    refused = any(p["code"] in ("state", "file") for p in status["problems"])
    return 4 if refused else screen.exit_code(status, needs_agent=False)


def _by_agent(folder: str, verb: str, args: Mapping[str, Any], dry_run: bool) -> dict[str, Any] | None:
    """What the agent answered; None where it died meanwhile. Its errors are raised here as if they were ours."""
    from pathlib import Path

    from ..daemon import handing
    from ..memory.state import State

    try:
        reply = handing.ask(State(Path(folder)), handing.DRAFT if dry_run else verb, {"verb": verb, **args})
    except LookupError:
        return None
    error = reply.get("error")
    if isinstance(error, dict):
        e = RoamError(str(error["sentence"]), str(error["hint"]), str(error["where"]))
        e.code = int(error["code"])
        raise e
    return reply


def _alone(verb: str, args: Mapping[str, Any], dry_run: bool) -> dict[str, Any]:
    from .. import act, journal, look
    from ..reconcile import Wish

    setup, trouble = look.setup(out.machine())
    seen = act.answered(act.prepare(setup, look.Memory(), verb, args, dry_run=dry_run))
    wish = Wish(force=verb == "use" or bool(args.get("force")), dry_run=dry_run, login=not dry_run)
    report, status = act.alone(seen, wish, trouble)
    finish(setup, report)
    return {"status": status, "edits": journal.edits_json(report.edits)}


def finish(setup: Setup, report: Report) -> None:
    """Alone there is nobody to look back later."""
    if not report.rescues:
        return
    from .. import apply
    from ..memory.ledger import Ledger

    def look(rescue: apply.Rescue) -> FilePlan | None:
        with setup.state.lock():
            return apply.look_back(rescue, Ledger(setup.state))

    apply.see_out(report.rescues, look)


def _tell(status: Mapping[str, Any], edits: list[dict[str, Any]], dry_run: bool) -> None:
    from .. import show

    head = status["action"] if status["action"] == "hold" else status["profile"]
    print(f"{out.styled(show.line(str(head)), 'bold')}: {status['because']}")
    out.diff(edits)
    if not edits:
        stands = any(f["state"] != "in-sync" for f in status["files"])  # a conflict, or a write that the machine refused
        print("nothing to change" if dry_run else "nothing was changed" if stands else "nothing had to change")
    elif dry_run:
        print("nothing was written (--dry-run)")
    if status["override"] and not dry_run:
        print(f"by hand: {screen.by_hand(status['override'])}")
    out.cure(status["because"])
    out.problems(status["problems"])

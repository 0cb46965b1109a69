"""stop it and put every setting back as it was

Every key that still is roamrc's returns to what it was before; a file that nobody else touched is the old one byte for byte.
Profiles are kept, unless --purge. Backups are kept where something could not be put back.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import time

from .. import journal, look, out, show
from ..errors import Refused
from ..reconcile import Setup, uninstall_files
from ..system import System


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--yes", action="store_true", help="do not ask")
    p.add_argument("--purge", action="store_true", help="remove your profiles and settings as well")


def run(args: argparse.Namespace) -> int:
    setup, _ = look.setup(System.real())
    if not args.yes and not args.json and not out.ask("stop roamrc and put npm's settings back as they were?"):
        print("nothing was changed\nhint: roamrc uninstall --yes does it without asking")
        return 1
    done = _stop(setup)
    plans, problems = uninstall_files(setup)
    edits = journal.edits_json([e for plan in plans for e in plan.edits])
    stands = [f"{k} in {out.home(plan.file.path)}" for plan in plans for k in plan.conflicts]
    kept = bool(problems or stands)
    if kept:
        done.append(f"backups are kept in {out.home(setup.state.path('backup'))}")
    elif setup.state.folder.exists():
        shutil.rmtree(setup.state.folder)
        done.append(f"removed {out.home(str(setup.state.folder))}")
    if args.purge and setup.places.config.exists():
        shutil.rmtree(setup.places.config)
        done.append(f"removed {out.home(str(setup.places.config))}")
    if args.json:
        out.as_json(
            {
                "done": done,
                "edits": edits,
                "left": stands,
                "problems": [{"code": p.code, "message": p.message, "hint": p.hint} for p in problems],
            }
        )
        return 4 if problems else 1 if stands else 0
    out.diff(edits)
    for text in done:
        print(show.line(text, 400))
    for text in stands:
        print(f"left alone: {show.line(text)} was changed by hand")
    out.problems({"code": p.code, "message": p.message, "hint": p.hint} for p in problems)
    print(
        f"npm's settings are {'back as they were' if edits else 'as they were'}"
        if not kept
        else "not everything went back; see above"
    )
    return 4 if problems else 1 if stands else 0


def _stop(setup: Setup) -> list[str]:
    """Ends service and agent first, or they would write everything anew."""
    from .. import services

    found = services.find(setup.system)
    done = [] if not hasattr(found, "uninstall") else list(found.uninstall())
    pid = setup.state.agent_pid()
    if pid:
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 5
        while setup.state.agent_pid() is not None:
            if time.monotonic() > end:
                raise Refused(f"the agent (pid {pid}) does not end", f"kill {pid}")
            time.sleep(0.01)
        done.append(f"stopped the agent (pid {pid})")
    return done

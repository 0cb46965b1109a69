"""stop it and put every setting back as it was

Every key that still is roamrc's returns to what it was before; a file that nobody else touched is the old one byte for byte.
What you changed by hand meanwhile stays. Profiles are kept, unless --purge. Backups are kept where something could not be put
back.

    roamrc uninstall            ask, then undo everything
    roamrc uninstall --yes      without asking
    roamrc uninstall --purge    your profiles and settings go as well

Exit codes: 0 all is as it was; 1 you said no, or a value that you changed by hand stands; 4 the machine refused.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from pathlib import Path

from .. import journal, look, show
from ..errors import Refused, RoamError
from ..formats.ini import Document
from ..model import Hidden
from ..reconcile import Setup
from ..services import files, find, frozen, leftovers
from ..setup import pages, present, removal
from ..system import System
from ..terminal import out


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--yes", action="store_true", help="do not ask")
    p.add_argument("--purge", action="store_true", help="remove your profiles and settings as well")


def run(args: argparse.Namespace) -> int:
    system, note = frozen.installed(System.real())
    setup, _ = look.setup(system)
    if note and not args.json:
        print(note)
    if not args.yes and (args.json or not out.ask("stop roamrc and put npm's settings back as they were?")):
        if args.json:
            out.as_json({"done": [], "edits": [], "left": [], "problems": []})
        else:
            print("nothing was changed\nhint: roamrc uninstall --yes does it without asking")
        return 1
    done = [*_service(setup), *_agent(setup), *pages.unlink(system, setup.state)]
    remembered = setup.state.folder.exists()
    plans, problems = removal.npm_files(setup)
    edits = journal.edits_json([e for plan in plans for e in plan.edits])
    stands = [f"{k} in {out.home(plan.file.path)}" for plan in plans for k in plan.conflicts]
    kept = bool(problems or stands)
    if kept:
        done.append(f"backups are kept in {out.home(setup.state.path('backup'))}")
    else:
        left = removal.state(setup.state.folder)
        done += _removed("what roamrc remembered", setup.state.folder, left) if remembered else []
    if args.purge and setup.places.config.exists():
        done += _removed("profiles and settings", setup.places.config, removal.config(setup.places))
    now = _npm(setup)
    if args.json:
        told = [{"code": p.code, "message": p.message, "hint": p.hint} for p in problems]
        out.as_json({"done": done, "edits": edits, "left": stands, "problems": told, "npm": now})
        return 4 if problems else 1 if stands else 0
    out.diff(edits)
    for text in done:
        print(show.line(text, 400))
    for text in stands:
        print(f"left alone: {show.line(text)} was changed by hand")
    out.problems({"code": p.code, "message": p.message, "hint": p.hint} for p in problems)
    print(f"npm's settings {'are back' if edits else 'are'} as they were" if not kept else "not everything went back; see above")
    print(now)
    return 4 if problems else 1 if stands else 0


def _service(setup: Setup) -> list[str]:
    """Ends the service first, or it would write everything anew; without its manager (ssh, a container) its files go."""
    service = find(setup.system)
    if not isinstance(service, Hidden):
        return list(service.uninstall())
    return [f"removed {files.tilde(setup.system, path)}" for path in leftovers(setup.system) if files.remove(path)]


def _agent(setup: Setup) -> list[str]:
    pid = setup.state.agent_pid()
    if not pid:
        return []
    try:
        os.kill(pid, signal.SIGTERM)
    except OSError as e:
        raise Refused(f"the agent (pid {pid}) can't be ended: {os.strerror(e.errno or 0).lower()}", f"kill {pid}") from None
    end = time.monotonic() + 5
    while setup.state.agent_pid() == pid:
        if time.monotonic() > end:
            raise Refused(f"the agent (pid {pid}) does not end", f"kill -9 {pid}, then roamrc uninstall")
        time.sleep(0.01)
    return [f"stopped the agent (pid {pid})"]


def _removed(what: str, folder: Path, left: list[Path]) -> list[str]:
    name = out.home(str(folder))
    return [f"removed {what}, but {name} holds more than that and stays"] if left else [f"removed {what} in {name}"]


def _npm(setup: Setup) -> str:
    """What npm does now, in a sentence."""
    path = out.home(str(setup.places.npmrc))
    try:
        doc = present.read(str(setup.places.npmrc))
    except RoamError as e:
        return f"npm: {show.prose(e.sentence)}"
    found = present.found(doc)
    if found:
        return f"npm goes through {show.url(found.proxy)} ({found.source} in {path})"
    shell = present.found(Document(b""), setup.system.env)
    if shell:
        return f"npm has no proxy in {path}, and goes through {show.url(shell.proxy)} in this shell ({shell.source})"
    return f"npm has no proxy in {path}"

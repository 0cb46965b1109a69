"""start the agent at every log-in

A user service, systemd's or launchd's, for you alone; no root. What it would change in npm's file on this network is shown first,
and nothing is done before you agree. The folders and npm's file that are in force in this shell are frozen, so that the agent
means the same ones. Typed again, it brings the service up to date.

    roamrc install             show, ask, install
    roamrc install --yes       without asking
    roamrc install --linger    also at boot before you log in, and after you log out (systemd)

Exit codes: 0 installed; 1 you said no, or there is something to see in npm's file; 2 a profile or setting can't be used by a
service; 4 there is no service manager here, it refused, or another agent owns the files.
"""

from __future__ import annotations

import argparse
import os
import sys

from .. import __version__, act, atomic, journal, look, services, show
from ..daemon import renewal
from ..errors import Refused, RoamError
from ..formats import reference
from ..formats.ini import COMMENT
from ..look import Look
from ..memory.ledger import Ledger
from ..model import Hidden, Profile
from ..reading import config
from ..reconcile import Report, Setup, Wish
from ..rules import match
from ..services import Service, command, frozen
from ..services.files import tilde
from ..setup import learn, pages, starters
from ..system import System
from ..terminal import asking, out
from . import status as screen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--yes", action="store_true", help="do not ask")
    p.add_argument("--linger", action="store_true", help="start at boot, and stay after log-out (systemd)")


def run(args: argparse.Namespace) -> int:
    system, note = frozen.installed(System.real())
    if note and not args.json:
        print(f"{note}; for others, roamrc uninstall first")
    setup, trouble = look.setup(system)
    if trouble:
        raise RoamError(f"the settings can't be frozen: {trouble[0].message}", "roamrc check")
    service = services.find(system)
    if isinstance(service, Hidden):
        raise Refused(service.why, "roamrc run, in a terminal, does the same for as long as it stands")
    program = _program(system)
    env = command.environment(system, setup.places, command.account_home())
    _tenant(setup, service, program)
    _stranger(setup)
    seen = act.answered(act.prepare(setup, look.Memory(), "apply", {}, dry_run=True))
    _shell_only(seen.loaded.profiles)
    draft, held = _draft(seen)
    if not args.json:
        _show(setup, service, program, env, seen, draft, held)
    if not args.yes and (args.json or not out.ask("go ahead?")):
        return _declined(args.json, draft)
    done = _freeze(setup, env)
    written = starters.write(setup.places)
    done += [f"wrote the starter profiles {', '.join(written)}: they change nothing until you fill them in"] if written else []
    done += service.install(program, env, command.log(system), linger=args.linger)
    done += pages.link(system, setup.state)
    report, status = _adopt(look.setup(system)[0], seen, held)
    edits = journal.edits_json(report.edits or draft.edits)
    status = screen.shown(status, setup.state.agent_pid())
    if args.json:
        out.as_json({"done": done, "service": service.name, "program": program, "edits": edits, "problems": status["problems"]})
    else:
        _tell(done, status)
    return screen.exit_code(status, needs_agent=False)


def _program(system: System) -> list[str]:
    """The command of the service, once it has shown that it starts this very version from anywhere."""
    program = command.program(sys.argv, sys.executable)
    ran = system.run([*program[:-1], "--version"], timeout=10.0)
    said = ran.why if isinstance(ran, Hidden) else ran.out.decode("utf-8", "replace").strip()
    if said != f"roamrc {__version__}":
        raise Refused(
            f'the service would start "{show.line(" ".join(program))}", and that is not this roamrc: {said or "it fails"}',
            "pip install roamrc, pipx install roamrc or uv tool install roamrc; then roamrc install",
        )
    return program


def _tenant(setup: Setup, service: Service, program: list[str]) -> None:
    """Refuses where a living agent owns the files that is not the one this install would bring up to date."""
    there = renewal.tenant(setup.state)
    if there is None:
        return
    ours = service.state().pid == there.pid
    home = str(setup.system.home)
    if there.home and there.home != home:
        who = f"for the home {show.line(there.home)}"
    elif there.release != __version__ and not (ours and _starts(service, program)):
        who = f"of version {show.line(there.release or 'unknown')}, not {__version__}"
    elif not ours:
        who = "in the foreground"
    else:
        return
    cure = "roamrc uninstall with that version" if ours else f"end it (kill {there.pid}), then roamrc install"
    raise Refused(f"an agent {who} looks after these files already (pid {there.pid})", cure)


def _stranger(setup: Setup) -> None:
    """Refuses a file that another roamrc has written, of another HOME or state folder: two would undo each other's work."""
    path, state = str(setup.places.npmrc), out.home(str(setup.state.folder))
    known = map(os.path.realpath, Ledger(setup.state).paths())
    if COMMENT in (atomic.read(path).data or b"") and os.path.realpath(path) not in known and renewal.tenant(setup.state) is None:
        raise Refused(
            f'another roamrc looks after "{show.line(path)}": its lines there are unknown in {state}',
            "roamrc uninstall with its HOME or ROAMRC_STATE_HOME; or delete the comment `# roamrc:` and what is wrong below it",
        )


def _starts(service: Service, program: list[str]) -> bool:
    """Whether the service starts this very program: it was upgraded in its place then, and has not noticed yet."""
    files = service.plan(program, {}, command.log(System.real()))
    return any(program[0].encode() in (atomic.read(str(f.path)).data or b"") for f in files)


def _shell_only(profiles: tuple[Profile, ...]) -> None:
    for p in profiles:
        if p.when and p.apply.login and reference.parse(p.apply.login).kind == "env":
            raise RoamError(
                f'profile "{show.line(p.name)}" takes its login from variables of a shell (env:), which a service does not have',
                f"login: keyring:SERVICE/USER in {out.home(p.path)}, then roamrc login set {show.line(p.name)}",
            )


def _draft(seen: Look) -> tuple[Report, bool]:
    """What would be changed here and now; and whether it takes the user's word to do so: a proxy that no profile knows gives
    way."""
    report, _ = act.carry_out(seen, Wish(dry_run=True, login=False))
    if not any(plan.held for plan in report.plans):
        return report, False
    return act.carry_out(seen, Wish(dry_run=True, login=False, force=True))[0], True


def _show(setup: Setup, service: Service, program: list[str], env: dict[str, str], seen: Look, draft: Report, held: bool) -> None:
    print(f"{service.name} will start `{show.line(' '.join(program), 400)}` at each log-in")
    for name, value in env.items():
        print(out.styled(f"  {name}={show.line(value, 400)}", "dim"))
    if pages.missing(setup.system):
        print(f"manual page and completions are linked into {tilde(setup.system, pages.data(setup.system))}")
    if seen.decision.profile and seen.decision.action != "hold":
        print(f"\non this network: {show.line(seen.decision.profile.name)} ({show.prose(seen.decision.because)})")
    else:
        print(f"\non this network nothing changes: {show.prose(seen.decision.because)}")
    out.diff(journal.edits_json(draft.edits))
    if held:
        print("the proxy that stands there is one that no profile knows: it gives way, and `roamrc uninstall` puts it back")
    elif not draft.edits and seen.decision.action != "hold":
        print("npm's file is right already")


def _declined(as_json: bool, draft: Report) -> int:
    if as_json:
        out.as_json({"done": [], "edits": journal.edits_json(draft.edits), "problems": []})
    else:
        print("nothing was changed\nhint: roamrc install --yes does it without asking")
    return 1


def _freeze(setup: Setup, env: dict[str, str]) -> list[str]:
    """npm.userconfig into config.yaml, where a variable of this shell names npm's file: the service has no such variable."""
    if setup.config.userconfig is not None or not setup.places.npmrc_from.startswith("$"):
        return []
    path = str(setup.places.config_file)
    before = atomic.read(path).data
    data = config.put(before or b"", "npm.userconfig", str(setup.places.npmrc))
    learn.save(setup.places.config_file, data, before)
    return [f"wrote npm.userconfig to {out.home(path)}: {setup.places.npmrc_from} is unknown to a service"]


def _adopt(setup: Setup, confirmed: Look, held: bool) -> tuple[Report, dict[str, Any]]:
    """Brings npm's file in line as it was shown; by force only where the user has agreed to it, and nothing moved meanwhile."""
    seen = act.answered(act.prepare(setup, look.Memory(), "apply", {}))
    same = (seen.decision.action, _name(seen)) == (confirmed.decision.action, _name(confirmed))
    report, status = act.carry_out(seen, Wish(force=held and same, login=False))
    asking.finish(setup, report)
    return report, status


def _name(seen: Look) -> str:
    return seen.decision.profile.name if seen.decision.profile else match.DIRECT.name


def _tell(done: list[str], status: dict[str, Any]) -> None:
    for text in done or ["the service is as it should be already"]:
        print(show.line(text, 400))
    head = status["action"] if status["action"] == "hold" else status["profile"]
    print(f"{out.styled(show.line(str(head)), 'bold')}: {status['because']}")
    out.problems(status["problems"])
    print("roamrc status tells what is in force, roamrc log what was switched; roamrc uninstall puts everything back")

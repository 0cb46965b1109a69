"""What commands print: lines or JSON, escaped, with colour only where a person looks. Floor 4."""

from __future__ import annotations

import os
import sys

from .. import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..system import System

STYLES = {"good": "32", "bad": "31", "warn": "33", "dim": "2", "bold": "1"}


def styled(text: str, style: str) -> str:
    """The text in a style, on a terminal that wants it (NO_COLOR, TERM=dumb and pipes don't)."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def as_json(content: Mapping[str, Any]) -> None:
    """One JSON object, version first, in ASCII: nothing in it can reach a terminal as a control character."""
    import json

    print(json.dumps({"version": 1, **{k: v for k, v in content.items() if k != "version"}}, indent=2))


def home(path: str) -> str:
    """A path with ~ for the home."""
    base = os.path.expanduser("~").rstrip("/")
    return show.line("~" + path[len(base) :] if base and path.startswith(base + "/") else path, 300)


def problems(found: Iterable[Mapping[str, str]]) -> None:
    """Each problem with its cure below it."""
    for p in found:
        print(f"{styled(show.line(p['code']), 'warn')}: {show.prose(p['message'])}")
        if p["hint"]:
            print(f"  hint: {show.prose(p['hint'])}")


def diff(edits: Iterable[Mapping[str, Any]]) -> None:
    """Edits as a diff that shows only our own lines."""
    last = None
    for e in edits:
        if e["path"] != last:
            print(styled(f"--- {home(e['path'])}", "bold"))
            last = e["path"]
        if e["before"] is not None:
            print(styled(f"-{show.line(e['key'])}={show.line(e['before'], 500)}", "bad"))
        if e["after"] is not None:
            print(styled(f"+{show.line(e['key'])}={show.line(e['after'], 500)}", "good"))


HOLDS = {
    "there are no profiles": "roamrc init writes the first ones; roamrc learn NAME makes this network one",
    "no profile matches": "roamrc explain tells why; roamrc learn NAME makes this network a profile",
}
"""Why a decision changes nothing, in the words of rules.match, and what to type."""


def cure(because: str) -> None:
    """The way on where there is no profile to apply."""
    if because in HOLDS:
        print(f"hint: {HOLDS[because]}")


def ask(question: str) -> bool:
    """A yes-or-no question; no terminal to answer it is no."""
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def meant(state: str) -> str:
    """The state folder that glance.state() told; that it is the installed agent's and not this shell's is said on standard
    error."""
    from .. import folders

    if os.path.realpath(state) != os.path.realpath(folders.state(os.environ, os.path.expanduser("~"))):
        print(f"note: this shell names another state folder; the installed agent's is used, {home(state)}", file=sys.stderr)
    return state


def machine() -> System:
    """This machine, with the folders of the installed or the living agent where this shell names others; that is said on standard
    error."""
    from ..memory import glance
    from ..system import System

    system, note = System.real(), ""
    if glance.service(system.env, str(system.home), system.platform) is not None:
        from .. import folders
        from ..services import frozen

        there, note = frozen.installed(system)
        meant = not note or folders.state(there.env, str(there.home)) == glance.state()
        system, note = (there, note) if meant else (system, "")
    if not note:
        system, note = _living(system)
    if note:
        print(show.line(note, 400), file=sys.stderr)
    return system


def _living(system: System) -> tuple[System, str]:
    """The machine with the profiles that the agent of this state folder reads, and a sentence where this shell's are others: a
    profile learnt or looked at elsewhere says nothing of what npm will do."""
    from .. import folders
    from ..memory import glance

    state = folders.state(system.env, str(system.home))
    told = (glance.stored(state) or {}).get("places") if glance.agent_pid(state) is not None else None
    profiles = told.get("profiles") if isinstance(told, dict) else None
    if not isinstance(profiles, str) or not profiles.startswith("/") or os.path.basename(profiles) != "profiles":
        return system, ""
    config = os.path.dirname(profiles)
    if os.path.realpath(config) == os.path.realpath(folders.config(system.env, str(system.home))):
        return system, ""
    there = type(system)({**system.env, "ROAMRC_CONFIG_HOME": config}, system.home, system.platform, system.root)
    return there, f"note: the running agent's profiles are meant, {home(profiles)}"

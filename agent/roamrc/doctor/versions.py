"""Which roamrc, Python and npm are at work here, and whether they are those that one means. For doctor. Floor 3."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping

from .. import __version__, show
from ..daemon import renewal
from ..model import Advice
from ..reconcile import Setup

MEASURED = range(6, 12)
"""The npm versions whose handling of proxies was measured."""


def advice(setup: Setup) -> Iterable[Advice]:
    found = npm(setup.system.env)
    told = f"roamrc {__version__}, Python {platform.python_version()}, {'npm ' + found if found else 'no npm on this PATH'}"
    yield Advice("versions", "ok", told)
    yield from _agent(setup)
    yield from _doubles(setup.system.env)
    major = found.partition(".")[0]
    if major.isdigit() and int(major) not in MEASURED:
        sentence = f"npm {found} is none of the versions that were measured, {MEASURED[0]} to {MEASURED[-1]}: it may differ"
        yield Advice("versions", "warn", sentence, "npm config get proxy tells what it makes of them")


def _agent(setup: Setup) -> Iterator[Advice]:
    """An agent of another version goes on until it wakes, and then becomes the one that is installed where it came from."""
    there = renewal.tenant(setup.state)
    if there is not None and there.release not in ("", __version__):
        sentence = f"the agent that runs is roamrc {show.line(there.release)}, this one is {__version__}"
        yield Advice("versions", "warn", sentence, "roamrc apply wakes it; stays it as it is: roamrc install")


def _doubles(env: Mapping[str, str]) -> Iterator[Advice]:
    """Two roamrc on the PATH: the shell takes the first, an upgrade may go to the second."""
    folders = dict.fromkeys(f for f in env.get("PATH", os.defpath).split(os.pathsep) if f.startswith("/"))
    paths = {os.path.realpath(p): p for f in reversed(list(folders)) if os.access(p := f"{f}/roamrc", os.X_OK)}
    if len(paths) > 1:
        named = " and ".join(sorted(show.line(p) for p in paths.values()))
        yield Advice(
            "versions", "warn", f"there are {len(paths)} roamrc on this PATH: {named}", "uninstall those that you do not use"
        )


def npm(env: Mapping[str, str]) -> str:
    """The version of the npm that this PATH finds, "" where none is found or it does not tell: read from beside it, since asking
    npm itself takes a fifth of a second."""
    program = shutil.which("npm", path=env.get("PATH", os.defpath))
    if not program:
        return ""
    folder = os.path.dirname(os.path.realpath(program))
    for place in (f"{folder}/../package.json", f"{folder}/../lib/node_modules/npm/package.json"):
        try:
            with open(place, "rb") as f:
                found = json.loads(f.read(1 << 20))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and found.get("name") == "npm" and isinstance(found.get("version"), str):
            return show.line(found["version"])
    return ""

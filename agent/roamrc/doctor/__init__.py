"""Asks every module for its advice and adds it up. Floor 3: a new check is a function of the module it is about, and one line
here; what only doctor looks at stands in this folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from .. import atomic, show
from ..errors import RoamError
from ..formats import url
from ..formats.ini import Document
from ..memory import glance
from ..model import Advice
from ..reconcile import Setup
from ..slotted import replace
from ..targets import npm
from . import clock, files, rivals, sight, trust, versions

Check = Callable[[Setup], Iterable[Advice]]


def advice(setup: Setup) -> list[Advice]:
    """Everything that stands in the way, and what is all right. A check that fails itself is a finding, not an end."""
    found: list[Advice] = []
    setup = _agents(setup)
    for name, check in CHECKS:
        try:
            found += check(setup)
        except RoamError as e:
            found.append(Advice(name, "fail", e.sentence, e.hint))
    return found


def _agents(setup: Setup) -> Setup:
    """With the file that the living agent looks after, where this shell's npm reads another one (files.environment tells)."""
    try:
        told = (setup.state.load(glance.STATUS) or {}).get("places") if setup.state.agent_pid() is not None else None
    except RoamError:  # _state tells of it
        return setup
    path = told.get("npmrc") if isinstance(told, dict) else None
    if not isinstance(path, str) or not path.startswith("/"):
        return setup
    return replace(setup, places=replace(setup.places, npmrc=Path(path)))


def _proxy(setup: Setup) -> Iterable[Advice]:
    """Whether the proxy that stands in npm's file answers from here, within five seconds. It is asked without the login: who
    answers here may be anyone, and 407 is an answer too."""
    doc = Document(atomic.read(str(setup.places.npmrc)).data or b"")
    proxy = next((v for k in reversed(npm.URLS) if npm.is_proxy(v := doc.get(k))), None)
    if not isinstance(proxy, str):
        yield Advice("proxy", "skip", "npm's file names no proxy")
        return
    from ..children import health

    registry = doc.get("registry")
    asked = url.without_login(proxy)
    found = health.Probe(asked, registry if isinstance(registry, str) else None, setup.system, ca=_ca(doc)).wait()
    if found.code == "proxy-407":
        yield Advice("proxy", "ok", f"{show.url(asked)} answers, and wants a login")
    else:
        yield Advice("proxy", "ok" if found.ok else "fail" if found.ok is False else "skip", found.message, found.hint)


def _ca(doc: Document) -> str | None:
    value = doc.get("cafile")
    return value if isinstance(value, str) and os.path.isabs(value) else None


def _service(setup: Setup) -> Iterable[Advice]:
    from .. import services
    from ..services import command, frozen

    env = frozen.environment(setup.system)
    try:
        program = command.program(sys.argv, sys.executable)
    except RoamError:
        program = []  # an environment made for one command: what the service starts is judged alone
    yield from services.advice(setup.system, program if env else (), env or None)


def _state(setup: Setup) -> Iterable[Advice]:
    if setup.state.folder.exists():
        setup.state.ready()
    pid = setup.state.agent_pid()
    yield (
        Advice("agent", "ok", f"running, pid {pid}")
        if pid is not None
        else Advice("agent", "warn", "no agent is running", "roamrc run, or roamrc install")
    )


CHECKS: tuple[tuple[str, Check], ...] = (
    ("network", sight.advice),
    ("profiles", files.loaded),
    ("settings", files.settings),
    ("npm file", files.npm_file),
    ("layers", files.shadowing),
    ("environment", files.environment),
    ("permissions", files.permissions),
    ("proxy", _proxy),
    ("login", trust.advice),
    ("service", _service),
    ("agent", _state),
    ("rivals", rivals.advice),
    ("versions", versions.advice),
    ("clock", clock.advice),
)

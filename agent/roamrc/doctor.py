"""Asks every module for its advice and adds it up. Floor 3: a new check is a function of the module it is about, and one line
here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from . import atomic, profiles
from .errors import RoamError
from .formats.ini import Document
from .model import Advice
from .reconcile import Setup
from .targets import npm

Check = Callable[[Setup], Iterable[Advice]]


def advice(setup: Setup) -> list[Advice]:
    """Everything that stands in the way, and what is all right. A check that fails itself is a finding, not an end."""
    found: list[Advice] = []
    for check in CHECKS:
        try:
            found += check(setup)
        except RoamError as e:
            found.append(Advice(check.__name__.strip("_"), "fail", e.sentence, e.hint))
    return found


def _profiles(setup: Setup) -> Iterable[Advice]:
    loaded = profiles.load(setup.places.profiles)
    for f in loaded.faults:
        yield Advice("profiles", "fail" if f.severity == "fault" else "warn", f"{f.where}: {f.text}", f.hint or "roamrc check")
    if not loaded.profiles:
        yield Advice("profiles", "warn", "there are no profiles", "roamrc init")
    elif not loaded.faults:
        yield Advice("profiles", "ok", f"{len(loaded.profiles)} profiles, no fault")
    if loaded.profiles and not any(p.when for p in loaded.profiles if p.apply.proxy != "keep"):
        yield Advice(
            "profiles", "warn", "no profile has conditions yet, so nothing ever switches", "roamrc learn NAME, or edit `when:`"
        )


def _npm_file(setup: Setup) -> Iterable[Advice]:
    seen = atomic.read(str(setup.places.npmrc))
    if seen.data is None:
        yield Advice("npm file", "ok", f"{setup.places.npmrc} does not exist yet; it is made when it is needed")
        return
    yield from npm.advice(Document(seen.data), setup.system.env)


def _environment(setup: Setup) -> Iterable[Advice]:
    yield from npm.environment(setup.system.env)


def _service(setup: Setup) -> Iterable[Advice]:
    from . import services

    yield from services.advice(setup.system)


def _state(setup: Setup) -> Iterable[Advice]:
    setup.state.ready()
    pid = setup.state.agent_pid()
    yield (
        Advice("agent", "ok", f"running, pid {pid}")
        if pid is not None
        else Advice("agent", "warn", "no agent is running", "roamrc run, or roamrc install")
    )


CHECKS: tuple[Check, ...] = (_profiles, _npm_file, _environment, _service, _state)

"""The one straight line: network and decision to drafted edits to files, under one lock. Floor 3.

`apply`, `use`, `auto` and the agent all come through here. No lock is held while something outside is waited for: logins are
fetched first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from . import apply, atomic, show
from .errors import Refused, RoamError
from .formats.ini import Document, Prior
from .lending import Fetch, Lending
from .memory.ledger import Ledger
from .memory.past import Past
from .memory.state import State
from .model import Decision, Edit, Network, Problem, Profile, Value
from .places import Places
from .reading.config import Config
from .rules.owned import File, FilePlan
from .rules.plan import draft, lost_update, unlend
from .slotted import dataclass, field, replace
from .system import System
from .targets import NPM, npm

YOUNG = 1.0
"""Seconds: a file that shrank less than this ago may be in the middle of being written in place."""

LOST = 2.0
"""Seconds after a write in which an old text that comes back is somebody's lost update, not his will: npm reads the file 0.1
to 0.3 s before it writes it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run stands on: the machine, where things are, the user's settings, our memory. `unsure`: config.yaml is broken, and
    `places.npmrc` no more than a guess."""

    system: System
    places: Places
    config: Config
    state: State
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class FileState:
    """A target's file as status shows it; `keys` are those we manage, masked, None where the file has no such key."""

    target: str
    path: str
    state: str
    keys: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """What a reconcile found and did. `again`: seconds after which to look once more (a file in the middle of being written)."""

    decision: Decision
    files: list[FileState] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rescues: list[apply.Rescue] = field(default_factory=list)
    plans: list[FilePlan] = field(default_factory=list)
    again: float | None = None


@dataclass(slots=True)
class Wish:
    """How a reconcile is asked for: `force` by the user's own command, `dry_run` for a diff, `login` fetched anew even where
    one stands, `lend` whether this network may be lent a login yet, `past` what is remembered of the files."""

    force: bool = False
    dry_run: bool = False
    login: bool = False
    lend: bool = True
    past: Past = field(default_factory=Past)
    private: frozenset[str] = frozenset()
    fetch: Fetch | None = None


def reconcile(setup: Setup, profiles: Sequence[Profile], network: Network, decision: Decision, wish: Wish) -> Report:
    """Makes the files what the decision says, or with `dry_run` only drafts it. Problems are reported, not raised, file by
    file."""
    report = Report(decision, problems=list(decision.problems))
    login = Lending(setup.system, setup.places, setup.state, decision, network, anew=wish.login, lend=wish.lend, fetch=wish.fetch)
    report.problems += login.fetch_ahead(wish.dry_run)
    try:
        if wish.dry_run:
            _all_files(setup, profiles, network, decision, wish, report, login)
        else:
            with setup.state.lock():
                try:
                    _all_files(setup, profiles, network, decision, wish, report, login)
                finally:
                    setup.state.tidy()  # not before: what a killed process left is in nobody's way, and npm's file waits for it
    except RoamError as e:
        report.problems.append(Problem("state" if isinstance(e, Refused) else "file", e.sentence, e.hint))
    return report


def _all_files(
    setup: Setup, profiles: Sequence[Profile], network: Network, decision: Decision, wish: Wish, report: Report, login: Lending
) -> None:
    ledger = Ledger(setup.state, wish.dry_run)
    if not wish.dry_run:
        apply.sweep(str(setup.places.npmrc), ledger)
    paths = [str(setup.places.npmrc)]
    if setup.unsure:
        paths = ledger.paths() or paths
    else:
        for path in [p for p in ledger.paths() if p not in paths]:
            _guarded(report, path, partial(_put_back, ledger, path, report, wish))
    for path in paths:
        _guarded(report, path, partial(_one_file, setup, profiles, decision, wish, report, login, ledger, path))


def _guarded(report: Report, path: str, work: Callable[[], None]) -> None:
    try:
        work()
    except RoamError as e:
        report.problems.append(Problem("file", e.sentence, e.hint))
        report.files.append(FileState(NPM.name, path, "unreadable"))
    except atomic.Changed:
        report.again = 0.1
        report.files.append(FileState(NPM.name, path, "pending"))


def _one_file(
    setup: Setup,
    profiles: Sequence[Profile],
    decision: Decision,
    wish: Wish,
    report: Report,
    login: Lending,
    ledger: Ledger,
    path: str,
) -> None:
    for attempt in range(apply.TRIES):
        seen = apply.read(path, known=path in wish.past.sizes and not wish.force)
        if _in_the_middle(seen, wish, report):
            report.files.append(FileState(NPM.name, path, "pending"))
            return
        file = ledger.file(NPM, path, seen.data)
        when, last = wish.past.recent.get(path, (0.0, None))
        if last is not None and setup.system.monotonic() - when < LOST:
            file = lost_update(file, last)
        plan = _plan(setup, profiles, decision, wish, login, ledger, file)
        if plan.held:
            _say_held(plan, report)
        if plan.conflicts and not wish.dry_run:
            _say_conflict(plan, report)
        if wish.dry_run or plan.held:
            report.plans.append(plan)
            report.edits += plan.edits
            report.files.append(
                _state(plan, "conflict" if plan.held or plan.conflicts else "pending" if plan.writes else "in-sync")
            )
            return
        try:
            plan, mode = apply.mode_for(plan, seen.mode)
            rescue = apply.commit(plan, ledger, mode)
        except atomic.Changed as e:
            report.rescues += apply.came(e, plan)
            if attempt + 1 == apply.TRIES:
                raise
            continue
        except RoamError as e:  # it could be read, and not written: a disk that is full, a file that is read-only
            report.problems.append(Problem("file", e.sentence, e.hint))
            report.files.append(_state(_nothing(file), "pending"))
            return
        if rescue:
            report.rescues.append(rescue)
        wish.past.sizes[path] = len(plan.after or b"")
        if plan.edits:
            wish.past.recent[path] = (setup.system.monotonic(), plan)
        report.plans.append(plan)
        report.edits += plan.edits
        report.files.append(_state(plan, "conflict" if plan.conflicts else "in-sync"))
        return


def _in_the_middle(seen: atomic.Seen, wish: Wish, report: Report) -> bool:
    """Whether a saver that truncates and writes in place may be at work: the file shrank, and only just now."""
    size = len(seen.data or b"")
    before = wish.past.sizes.get(seen.path)
    if seen.data is None or before is None or size >= before or (wish.force and size):
        wish.past.sizes[seen.path] = size
        return False
    if abs(time.time() - seen.mtime) >= YOUNG:
        wish.past.sizes[seen.path] = size
        return False
    report.again = 0.1
    return True


def _plan(
    setup: Setup,
    profiles: Sequence[Profile],
    decision: Decision,
    wish: Wish,
    login: Lending,
    ledger: Ledger,
    file: File,
) -> FilePlan:
    profile = decision.profile
    if decision.action == "hold" or profile is None:
        return unlend(NPM, file, ledger.digest, "login taken back") if file.record.lent else _nothing(file)
    proxy, lent = login.url_for(file, ledger)
    asked = (file, profile, setup.config, wish.force, wish.private, proxy, ledger.key)
    if known := wish.past.drafted(asked):
        return known
    get, keys = _after(file, profile)
    wanted = npm.wanted(profile, get, keys, auto=setup.config.no_proxy_auto, private=wish.private, proxy=proxy)
    if profile.apply.proxy == "keep" and file.record.lent:
        gone = unlend(NPM, file, ledger.digest, "login taken back")
        if gone.edits:
            return gone  # the rest of a `keep` profile follows at the next look, which this write brings about
    plan = draft(
        NPM,
        file,
        wanted,
        profile.name,
        ledger.digest,
        foreign=lambda v: npm.foreign(v, profiles),
        force=wish.force,
        overwrite=setup.config.hand_edits == "overwrite",
        comment=f"set for profile {show.line(profile.name)}",
        backup=partial(ledger.backup, file.path),
    )
    if plan.held:
        return plan
    if plan.conflicts and any(k in NPM.urls for k in plan.conflicts):
        lent = None
    return wish.past.keep(asked, replace(plan, record=replace(plan.record, lent=lent)))


def _nothing(file: File) -> FilePlan:
    return FilePlan(file, file.text, file.record, file.priors)


def _after(file: File, profile: Profile) -> tuple[npm.Get, list[str]]:
    """The file as it will be for registries: those the profile names in place, those of ours that it does not name given back."""
    named: dict[str, Value] = dict(profile.apply.npm)
    if profile.apply.registry is not None:
        named["registry"] = profile.apply.registry
    doc = Document(file.text or b"")
    for key in file.record.keys:
        if key not in named and key not in NPM.urls:
            before = Document(b"")
            before.restore(key, file.priors.get(key, Prior()))
            named[key] = before.get(key)
    return (lambda k: named[k] if k in named else doc.get(k)), list(dict.fromkeys((*doc.keys(), *named)))


def _put_back(ledger: Ledger, path: str, report: Report, wish: Wish) -> None:
    """A file that is no longer npm's (its path was changed in the settings) gets its own lines back and is forgotten."""
    if wish.dry_run:
        return
    report.edits += apply.give_back(ledger, path).edits


def _say_held(plan: FilePlan, report: Report) -> None:
    doc = Document(plan.file.text or b"")
    found = next((show.setting(k, doc.get(k)) for k in NPM.urls if npm.is_proxy(doc.get(k))), "")
    report.problems.append(
        Problem(
            "held",
            f'"{show.line(plan.file.path)}" names a proxy that no profile knows ({found}), and is left alone until you say so',
            "roamrc use PROFILE, or roamrc apply --force; put the proxy into a profile first if you want it back",
        )
    )


def _say_conflict(plan: FilePlan, report: Report) -> None:
    keys, verb = " and ".join(plan.conflicts), "was" if len(plan.conflicts) == 1 else "were"
    report.problems.append(
        Problem(
            "conflict",
            f'{keys} in "{show.line(plan.file.path)}" {verb} changed by hand: that stands until another profile is applied',
            "roamrc apply --force, to have the profile's value now",
        )
    )


def _state(plan: FilePlan, state: str) -> FileState:
    doc = Document(plan.after or b"")
    record = plan.record
    found = {k: doc.get(k) for k in (*record.keys, *((NPM.list,) if record.entries else ()))}
    keys = {k: None if v is None else show.setting(k, v) for k, v in found.items()}
    return FileState(NPM.name, plan.file.path, state, keys)

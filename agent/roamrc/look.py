"""One look: settings, profiles, network, override, decision, and what it leads to. Floor 3; the agent and the one-shot
commands share it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from . import places, probes, show
from .errors import RoamError
from .formats import reference
from .memory.state import State
from .model import Answer, Decision, Hidden, Network, Override, Problem, Question
from .reading import config, profiles
from .reading.nodes import Fault
from .reconcile import Setup
from .rules import match, override
from .slotted import dataclass, field, replace
from .system import System

BEING_WRITTEN = "being written"
"""In the words of a Hidden fact: it will be readable in a moment, so that a look now would be a look at half a change."""


@dataclass(slots=True)
class Memory:
    """What is kept between looks: the profiles' last good versions, the answers had on this link, and the last network.
    `watched`: since the last look nobody has told of a change in the profiles' folder, and whoever would is alive."""

    watched: bool = False
    loaded: profiles.Loaded | None = None
    answers: dict[Question, Answer] = field(default_factory=dict)
    network: Network | None = None
    moved: bool = False
    means: probes.Means = field(default_factory=probes.Means)


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen and decided. `problems` are those of files, override and settings; `ended` says why the override that lies
    there is over, `bound` is that override where it must be written anew, bound to this place: `keep` does either."""

    setup: Setup
    network: Network
    loaded: profiles.Loaded
    override: Override | None
    decision: Decision
    problems: tuple[Problem, ...] = ()
    ended: str | None = None
    bound: Override | None = None


def setup(system: System, last: config.Config | None = None) -> tuple[Setup, tuple[Problem, ...]]:
    """Where things are and what the user set; a broken config.yaml leaves the last good settings in force, and where none are
    known those of its keys that are right."""
    here = places.find(system.env, system.home)
    loaded = config.load(here.config_file, system.home, last)
    found = places.find(system.env, system.home, loaded.config.userconfig)
    return Setup(system, found, loaded.config, State(found.state), loaded.unsure), fault_problems(loaded.faults)


def look(s: Setup, memory: Memory, *, patience: float = 0.0, settled: bool = True, network: Network | None = None) -> Look:
    """Looks once. Changes nothing but the memory. An override that can't be read holds: it may be the user's word."""
    loaded = profiles.load(s.places.profiles, memory.loaded, watched=memory.watched)
    memory.loaded = loaded
    withheld = _passwords(loaded)
    if withheld != s.system.withheld:
        s = replace(s, system=replace(s.system, withheld=withheld))
    memory.means.cached_scan, memory.means.ssid_command = s.config.cached_scan, s.config.ssid_command
    seen = network or probes.observe(s.system, patience, memory.means)
    before = memory.network
    memory.moved = before is not None and not _same_link(before, seen)
    if memory.moved:
        memory.answers.clear()
    memory.network = seen
    try:
        by_hand, ended, bound = standing(s, seen)
    except RoamError as e:
        unread = Problem("state", e.sentence, e.hint)
        held = Decision("hold", None, "a choice made by hand can't be read")
        return Look(s, seen, loaded, None, held, (*fault_problems(loaded.faults), unread))
    decision = _decide(s, seen, loaded, by_hand, memory.answers, settled)
    return Look(s, seen, loaded, by_hand, decision, fault_problems(loaded.faults), ended, bound)


def standing(s: Setup, network: Network) -> tuple[Override | None, str | None, Override | None]:
    """The override in force, or why it has just ended; and one given offline as it is bound to the first place that can be read.
    Raises Refused where it can't be read."""
    found = override.from_json(s.state.load(override.NAME))
    if found is None:
        return None, None, None
    why = override.ended(found, network, s.system.now())
    if why:
        return None, why, None
    unbound = found.until_moved and not found.mac and found.gateway in (None, network.gateway)
    if unbound and network.online and isinstance(network.gateway, str):
        # by its gateway first: who left home before that had answered for its MAC was bound to the next place, the office
        bound = override.anchored(found, network)
        return bound, None, bound if bound != found else None
    return found, None, None


def keep(seen: Look) -> None:
    """Writes down what a look found of the override; commands that only look do not. Where the disk refuses, each look finds it
    anew."""
    with contextlib.suppress(RoamError):
        if seen.ended:
            seen.setup.state.discard(override.NAME)
        elif seen.bound:
            seen.setup.state.save(override.NAME, override.to_json(seen.bound))


def decided(seen: Look, by_hand: Override | None, answers: Mapping[Question, Answer], settled: bool) -> Look:
    """The same look decided anew, with another override or more answers."""
    decision = _decide(seen.setup, seen.network, seen.loaded, by_hand, answers, settled)
    return replace(seen, override=by_hand, decision=decision)


def _decide(
    s: Setup,
    network: Network,
    loaded: profiles.Loaded,
    by_hand: Override | None,
    answers: Mapping[Question, Answer],
    settled: bool,
) -> Decision:
    decision = match.decide(network, loaded.profiles, by_hand, answers, settled)
    if not s.unsure:
        return decision
    because = f'"{show.line(s.places.config_file.name)}" is broken, so that npm\'s file may be another one'
    return replace(decision, action="hold", profile=None, because=because, questions=(), waits=False)


def _passwords(loaded: profiles.Loaded) -> frozenset[str]:
    """The variables that hold a password by a profile's word (`login: env:USERVAR,PASSVAR`): no child is given them."""
    logins = [p.apply.login for p in loaded.profiles if p.apply.login and p.apply.login.startswith("env:")]
    return frozenset(reference.parse(text).password for text in logins)


def half_seen(network: Network) -> bool:
    """Whether a fact is hidden only because it is being written at this very moment."""
    return isinstance(network.dns_suffixes, Hidden) and BEING_WRITTEN in network.dns_suffixes.why


def _same_link(a: Network, b: Network) -> bool:
    return a.online and b.online and a.link is not None and b.link is not None and a.link.same(b.link)


def fault_problems(faults: tuple[Fault, ...]) -> tuple[Problem, ...]:
    """Each broken file once, with its first fault."""
    seen: dict[str, Problem] = {}
    for f in faults:
        if f.severity == "fault":
            seen.setdefault(f.file, Problem("profile", f"{f.file}:{f.line}:{f.col}: {f.text}", "roamrc check"))
    return tuple(seen.values())

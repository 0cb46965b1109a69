"""One look: settings, profiles, network, override, decision, and what it leads to. Floor 3; the agent and the one-shot
commands share it."""

from __future__ import annotations

from collections.abc import Mapping

from . import places, probes, show
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
    """What was seen and decided. `problems` are those of files, override and settings; `ended` says why an override was
    dropped."""

    setup: Setup
    network: Network
    loaded: profiles.Loaded
    override: Override | None
    decision: Decision
    problems: tuple[Problem, ...] = ()
    ended: str | None = None


def setup(system: System, last: config.Config | None = None) -> tuple[Setup, tuple[Problem, ...]]:
    """Where things are and what the user set; a broken config.yaml leaves the last good settings in force, and where none are
    known those of its keys that are right."""
    here = places.find(system.env, system.home)
    loaded = config.load(here.config_file, system.home, last)
    found = places.find(system.env, system.home, loaded.config.userconfig)
    return Setup(system, found, loaded.config, State(found.state), loaded.unsure), fault_problems(loaded.faults)


def look(s: Setup, memory: Memory, *, patience: float = 0.0, settled: bool = True, network: Network | None = None) -> Look:
    """Looks once. Changes nothing but an override whose time is over, and the memory."""
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
    by_hand, ended = standing(s, seen)
    decision = _decide(s, seen, loaded, by_hand, memory.answers, settled)
    return Look(s, seen, loaded, by_hand, decision, fault_problems(loaded.faults), ended)


def standing(s: Setup, network: Network) -> tuple[Override | None, str | None]:
    """The override in force, or why it has just ended; one given offline is bound to the first place that can be read."""
    found = override.from_json(s.state.load(override.NAME))
    if found is None:
        return None, None
    why = override.ended(found, network, s.system.now())
    if why:
        s.state.discard(override.NAME)
        return None, why
    unbound = found.until_moved and not found.mac and found.gateway in (None, network.gateway)
    if unbound and network.online and isinstance(network.gateway, str):
        # by its gateway first: who left home before that had answered for its MAC was bound to the next place, the office
        bound = override.anchored(found, network)
        if bound != found:
            s.state.save(override.NAME, override.to_json(bound))
        return bound, None
    return found, None


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

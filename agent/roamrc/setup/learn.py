"""`learn NAME`: this network as a profile, or as one more item of a profile that is there. Floor 3.

A new profile, and a starter that nobody has touched yet, takes npm's present proxy along; into a file that a person has written
goes the item and not a byte more.
"""

from __future__ import annotations

import os
from pathlib import Path

from .. import atomic, show
from ..errors import Refused, RoamError
from ..formats import url
from ..model import Item, Network, Profile
from ..reading import amend, profiles
from ..reading.amend import Keys
from ..reconcile import Setup
from ..rules import clues, match
from ..rules.clues import Clue
from ..slotted import dataclass, field, replace
from . import present
from .present import Kept, Person

PRIORITY = 50
CURE = "write another `proxy:` if that is wrong"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What `learn` would write: `data` is the whole file, `before` what it holds now (None: no such file). `added` is None where
    the profile knows this network already. `notes` are sentences for the user; `rebuild` writes it with another proxy."""

    name: str
    path: Path
    clue: Clue
    added: Keys | None
    before: bytes | None = field(repr=False)
    data: bytes = field(repr=False)
    kept: Kept | None = None
    present: present.Present | None = None
    notes: tuple[str, ...] = ()


def lesson(setup: Setup, name: str, network: Network, person: Person | None = None) -> Lesson:
    """What this network adds to profile *name*. Tries npm's proxy where a profile is to take it along (5 s at most); where npm
    has none, the *person* is asked. Writes nothing. Raises clues.Unknowable, RoamError for a name that can't be and for a profile
    that can't be added to."""
    clue = clues.clue(network)
    loaded = profiles.load(setup.places.profiles)
    known = next((p for p in loaded.profiles if p.name == name), None)
    path = Path(known.path) if known else setup.places.profiles / f"{name}.yaml"
    if known is None:
        _check_name(setup.places.profiles, name)
    elif known.broken is not None:
        raise RoamError(f'profile "{show.line(name)}" is broken: {known.broken}', "roamrc check")
    before = atomic.read(str(path)).data
    others = [p for p in loaded.profiles if p.name != name]
    if known is None or before is None:
        found, kept, notes = _proxy(setup, others, name, person)
        data = written(name, clue, kept, setup.places.profiles)
        return _checked(Lesson(name, path, clue, clue.keys, before, data, kept, found, notes), network, others)
    if any(_same(item, clue.item()) for item in known.when):
        return Lesson(name, path, clue, None, before, before)
    if before != profiles.starters().get(path.name):
        data = amend.add_item(before, name, clue.keys)
        return _checked(Lesson(name, path, clue, clue.keys, before, data), network, others)
    if known.apply.registry is not None:
        hint = f"write the registry that is allowed into {show.line(str(path))}, then the same command again"
        raise RoamError(f'profile "{name}" still names the example\'s registry, {show.url(known.apply.registry)}', hint)
    if not known.apply.sets_proxy:
        data = amend.add_item(before, name, clue.keys)
        return _checked(Lesson(name, path, clue, clue.keys, before, data), network, others)
    found, kept, notes = _proxy(setup, others, name, person)
    data = starter(before, name, kept, clue.keys)
    return _checked(Lesson(name, path, clue, clue.keys, before, data, kept, found, notes), network, others)


def write(lesson: Lesson, setup: Setup) -> Lesson:
    """Stores the login, if one goes to the keyring, and writes the file; with the notes that came of it. Raises Refused, also
    where somebody else has written the file meanwhile."""
    if lesson.added is None:
        return lesson
    if lesson.kept and lesson.present:
        kept, note = present.stored(lesson.kept, lesson.present, setup.system, lesson.name)
        data = lesson.data
        if kept != lesson.kept:
            base = lesson.before
            data = (
                written(lesson.name, lesson.clue, kept, setup.places.profiles)
                if base is None
                else starter(base, lesson.name, kept, lesson.added)
            )
        lesson = replace(lesson, kept=kept, data=data, notes=(*lesson.notes, *([note] if note else [])))
    save(lesson.path, lesson.data, lesson.before, secret=bool(lesson.kept and lesson.kept.clear))
    return lesson


def save(path: Path, data: bytes, before: bytes | None, *, secret: bool = False) -> None:
    """Writes a profile whole; a new one is 0644, one with a password inside 0600. Raises Refused."""
    try:
        atomic.make_folder(str(path.parent))
        old = atomic.write(str(path), data, expected=before, mode=0o600 if secret else 0o644 if before is None else None)
    except atomic.Changed:
        raise Refused(f'"{show.line(str(path))}" has just been written by somebody else', "the same command again") from None
    except OSError as e:
        why = os.strerror(e.errno or 0).lower()
        raise Refused(f'can\'t write "{show.line(str(path))}": {why}', "set ROAMRC_CONFIG_HOME to a folder of yours") from None
    if old is not None:
        os.close(old)


def written(name: str, clue: Clue, kept: Kept, folder: Path) -> bytes:
    """A new profile's file."""
    schema = "# yaml-language-server: $schema=./schema/profile.json\n#\n" if (folder / "schema/profile.json").exists() else ""
    login = f"  login: {amend.scalar(kept.login)}\n" if kept.login else ""
    prove = (
        "\n# With a login: an address inside that only the real network can answer; a name or a number anyone can copy.\n"
        "# prove: https://intranet.corp.example/\n"
        if kept.login or kept.clear
        else ""
    )
    return (
        f"{schema}# Learnt by `roamrc learn {name}`; `roamrc explain {name}` shows each check.\n\npriority: {PRIORITY}\n\n"
        f"when:\n  # {clue.sure}: {clue.why}\n{amend.block(clue.keys, 2, chr(10))}\n\n"
        f"apply:\n  proxy: {amend.scalar(kept.proxy)}\n{login}{prove}"
    ).encode()


def starter(data: bytes, name: str, kept: Kept, keys: Keys | None) -> bytes:
    """A starter with a real proxy in the example's place, and the item where one is given."""
    data = amend.set_proxy(data, name, kept.proxy, kept.login)
    return amend.add_item(data, name, keys) if keys else data


def _proxy(
    setup: Setup, others: list[Profile], name: str, person: Person | None
) -> tuple[present.Present | None, Kept, tuple[str, ...]]:
    """npm's present proxy for a profile of this network: only one that lives here, else none. Raises RoamError where one that was
    typed does not."""
    doc = present.read(str(setup.places.npmrc))
    found = present.found(doc, setup.system.env)
    asked = found is None and person is not None
    if asked and person and (text := person.proxy()):
        found = present.Present(text, "typed")
    if found is None:
        return None, Kept("direct"), () if asked else (f"npm has no proxy at present, so this profile is direct; {CURE}",)
    alive, health = present.tried(found, doc, setup.system)
    if not alive and asked:
        raise RoamError(
            f"{health.message}; nothing was written", f"roamrc learn {show.line(name)}, with the address that is right"
        )
    if not alive:
        return (
            None,
            Kept("direct"),
            (f"npm's present proxy is not taken along: {health.message}; this profile is direct; {CURE}",),
        )
    if health.code != "proxy-407" or url.userinfo(found.proxy) is not None:
        return found, present.kept(found, others, setup.system), ()
    found, reference, note = present.wanting(found, others, person, name)
    kept = Kept(found.proxy, reference) if reference else present.kept(found, others, setup.system)
    return found, kept, (note,) if note else ()


def _check_name(folder: Path, name: str) -> None:
    fault = profiles.name_fault(folder, name)
    if fault:
        raise RoamError(fault.text, "roamrc learn office, for example")


def _checked(lesson: Lesson, network: Network, others: list[Profile]) -> Lesson:
    """The lesson, once it is sure that the item holds here; with a note where another profile goes before it."""
    made = amend.parsed(lesson.data, lesson.name)
    alone = replace(made, when=(lesson.clue.item(),), unless=(), prove=None)
    if match.judge_all(network, [alone])[0].verdict != "yes":
        raise RoamError("what was learnt here does not match here", "roamrc facts; then write the `when:` yourself")
    notes = []
    decision = match.decide(network, [*others, made])
    if decision.profile and decision.profile.name != lesson.name:
        other = show.line(decision.profile.name)
        notes.append(f'"{other}" matches here too and goes first: roamrc explain; the higher `priority:` wins')
    if (made.apply.login or url.userinfo(made.apply.proxy)) and made.prove is None:
        notes.append("a login hangs on what anyone can claim: add `prove:` with an address that only the real network answers")
    return replace(lesson, notes=(*lesson.notes, *notes))


def _same(a: Item, b: Item) -> bool:
    return {(c.fact, c.wanted) for c in a} == {(c.fact, c.wanted) for c in b}

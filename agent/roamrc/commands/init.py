"""write the first profiles

Each file is shown before it is written; what you have written yourself is not touched. A proxy that stands in npm's file is tried
from here: if it answers, it becomes the office profile of this network; if not, the office profile keeps it and matches nothing
until you type `roamrc learn office` there. Its password goes to the keyring, if there is one.

    roamrc init          show, ask, write
    roamrc init --yes    without asking; networks that no profile knows are then left as they are

Exit codes: 0 written, or there are profiles already; 1 you said no; 4 the machine refused.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import act, look, probes, show
from ..formats import url
from ..reading import amend, profiles
from ..reconcile import Setup
from ..rules import clues
from ..setup import learn, present, starters
from ..setup.present import Kept, Present
from ..slotted import dataclass, field
from ..terminal import out

OFFICE, ELSEWHERE = "office", "elsewhere"
ASKED = "on networks that no profile knows: shall npm go without a proxy (else its settings are left as they are)?"


@dataclass(frozen=True, slots=True)
class Draft:
    """The office profile to be: how it names npm's proxy, the item of this network where the proxy lives here, and notes."""

    present: Present
    kept: Kept
    keys: amend.Keys | None
    notes: tuple[str, ...]
    file: bytes = field(repr=False)

    def data(self, kept: Kept) -> bytes:
        return learn.starter(self.file, OFFICE, kept, self.keys)


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--yes", action="store_true", help="write without asking")


def run(args: argparse.Namespace) -> int:
    setup, _ = look.setup(out.machine())
    files = starters.pristine(setup.places)
    if files is None:
        return _there(setup, args.json)
    draft = _office(setup, files)
    if draft:
        files[_path(setup, OFFICE)] = draft.data(draft.kept)
    ask = not args.yes and not args.json
    if ask and out.ask(ASKED):
        path = _path(setup, ELSEWHERE)
        files[path] = amend.set_proxy(files[path], ELSEWHERE, "direct")
    new = {p: d for p, d in files.items() if starters.held(p) != d}
    if not new:
        return _there(setup, args.json)
    if not args.json:
        _show(new, draft.notes if draft else ())
    folder = out.home(str(setup.places.profiles))
    names = [p.name for p in new if p.suffix in profiles.ENDINGS]
    schema = " and the schema that editors check them by" if len(names) < len(new) else ""
    if not args.yes and (args.json or not out.ask(f"write these {len(names)} profiles{schema} to {folder}?")):
        if args.json:
            out.as_json({"written": [], "bound": False, "notes": []})
        else:
            print("nothing was written\nhint: roamrc init --yes writes them")
        return 1
    notes = _write(setup, new, draft)
    bound = draft is not None and draft.keys is not None
    if args.json:
        out.as_json({"written": names, "bound": bound, "notes": [*(draft.notes if draft else ()), *notes]})
        return 0
    print(f"wrote {', '.join(names)}")
    for note in notes:
        print(f"note: {show.prose(note)}")
    print("hint: roamrc install" if bound else "hint: roamrc learn office, typed at the office; then roamrc install")
    return 0


def _path(setup: Setup, name: str) -> Path:
    return setup.places.profiles / f"{name}.yaml"


def _there(setup: Setup, as_json: bool) -> int:
    if as_json:
        out.as_json({"written": [], "bound": False, "notes": []})
    else:
        print(f"there are profiles in {out.home(str(setup.places.profiles))} already; nothing was written")
        print("hint: roamrc check looks for faults, roamrc learn NAME makes this network a profile")
    return 0


def _office(setup: Setup, files: dict[Path, bytes]) -> Draft | None:
    """npm's present proxy as the office profile; bound to this network only where it answers here."""
    doc = present.read(str(setup.places.npmrc))
    found = present.found(doc)
    if found is None:
        return None
    name = show.url(found.proxy)
    alive, health = present.tried(found, doc, setup.system)
    keys, notes = None, [f"npm's proxy {name} was tried from here: {health.message}"]
    if alive:
        try:
            means = probes.Means(setup.config.cached_scan, setup.config.ssid_command)
            clue = clues.clue(probes.observe(setup.system, act.PATIENCE, means))
            keys = clue.keys
            notes.append(f"office.yaml is for this network from now on; {clue.sure}: {clue.why}")
        except clues.Unknowable as e:
            notes.append(f"it can't be bound to this network: {e.sentence}")
    if keys is None:
        notes.append("office.yaml keeps it and matches no network yet: `roamrc learn office`, typed at the office, fills that in")
    if health.code == "proxy-407" and url.userinfo(found.proxy) is None:
        notes.append(present.wanting(found, (), None, OFFICE)[2])
    kept = present.kept(found, (), setup.system)
    if kept.clear:
        notes.append(present.in_clear(OFFICE))
    return Draft(found, kept, keys, tuple(notes), files[_path(setup, OFFICE)])


def _show(files: dict[Path, bytes], notes: tuple[str, ...]) -> None:
    for path, data in files.items():
        if path.suffix != ".json":
            print(out.styled(f"--- {out.home(str(path))}", "bold"))
            print("\n".join(show.prose(x) for x in data.decode().splitlines()) + "\n")
    for note in notes:
        print(show.prose(note))


def _write(setup: Setup, new: dict[Path, bytes], draft: Draft | None) -> list[str]:
    notes, clear = [], False
    if draft:
        kept, note = present.stored(draft.kept, draft.present, setup.system, OFFICE)
        new[_path(setup, OFFICE)] = draft.data(kept)
        clear = kept.clear
        notes = [note] if note and not draft.kept.clear else []
    for path, data in new.items():
        learn.save(path, data, starters.held(path), secret=clear and path == _path(setup, OFFICE))
    return notes

"""Profiles and settings as people get them wrong: told in their place, npm's file as it was (but for a login, which goes with its
profile), and all right once they are mended."""

from __future__ import annotations

import os
import random
import shutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import test_config
from bad_profiles import BAD
from roamrc.formats.ini import Document
from roamrc.model import Value

from .desk import PLAIN, PROFILES, Desk
from .rubbish import SEEN, quiet
from .soak import KEYS

FACES: dict[str, Callable[[Path], None]] = {
    "gone": lambda p: p.unlink(missing_ok=True),
    "a folder": lambda p: (p.unlink(missing_ok=True), p.mkdir())[1],
    "a FIFO": lambda p: (p.unlink(missing_ok=True), os.mkfifo(p))[1],
    "a link that leads nowhere": lambda p: (p.unlink(missing_ok=True), p.symlink_to("nowhere"))[1],
    "a link to itself": lambda p: (p.unlink(missing_ok=True), p.symlink_to(p.name))[1],
    "two megabytes": lambda p: p.write_bytes(b"#" * 2_000_000) and None,
    "binary": lambda p: p.write_bytes(bytes(range(256))) and None,
    "zeros, as after a power loss": lambda p: p.write_bytes(bytes(300)) and None,
    "UTF-16": lambda p: p.write_bytes("when: []\n".encode("utf-16")) and None,
    "deep": lambda p: p.write_bytes(b"[" * 100_000) and None,
    "many lines": lambda p: p.write_bytes(b"x: 1\n" * 50_000) and None,
}
"""What may stand where a file should."""


UNSURE = "npm's file may be another one"
"""Of the reason to hold where config.yaml is broken and npm.userconfig may be what is wrong (look._decide)."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One file of the user's, and what became of it; `harmless`: nothing is wrong then."""

    name: str
    what: str
    make: Callable[[Path], None]
    harmless: bool = False


def _text(text: str, path: Path) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


def mistakes(seed: int) -> Iterator[Mistake]:
    """Every wrong profile that we know, every wrong setting, what is no file, and good ones cut off anywhere."""
    r = random.Random(seed)
    office, settings = "profiles/office.yaml", "config.yaml"
    for n, (text, _) in enumerate(BAD):
        yield Mistake(office, f"wrong profile {n}", partial(_text, text))
    for text in test_config.BAD:
        yield Mistake(settings, text[:30], partial(_text, text + "\n"))
    for name in (office, settings):
        for what, make in FACES.items():
            yield Mistake(name, what, make, harmless=what == "gone")
    for _ in range(40):
        text = PROFILES["office"]
        at = r.randrange(1, text.index("http") + 4)
        yield Mistake(office, f"cut off at {at}", partial(_text, text[:at]))
    for _ in range(40):
        text, junk = PROFILES["office"], r.choice(("\t", "\x00", "\x1b[31m", "{", "]", "\u202e", '"', ": :", "&a", "\ud800"))
        at = r.randrange(text.index("apply"))
        yield Mistake(office, f"{junk!r} at {at}", partial(_text, text[:at] + junk + text[at:]))


def endure(folder: Path, mistake: Mistake, n: int) -> str | None:
    """What did not hold, or None."""
    desk = Desk(folder / f"m{n}", "existing")
    desk.lay()
    path = desk.home / ".config/roamrc" / mistake.name
    right = PROFILES["office"] if "office" in mistake.name else "notify: 'off'\n"
    path.write_text(right)
    try:
        desk.go("office", force=True)
        before = said(desk)
        mistake.make(path)
        for argv in (*SEEN, ("check",), ("check", "--json")):
            if wrong := quiet(desk, argv):
                return wrong
        code = desk.command("check")
        status = desk.go("office")[1]
        without = {k: v.replace("alice:s3cret@", "") if isinstance(v, str) else v for k, v in before.items()}
        if said(desk) not in (before, without) and not _undone(desk, mistake, status):
            return f"npm's file is {desk.text()!r:.300}"
        told = [p for p in status["problems"] if path.name in p["message"]]
        if not mistake.harmless and code == 2 and not told:
            return f"check finds a fault, and status has not a word of it: {status['problems']}"
        if not mistake.harmless and code != 2:
            return f"check ends with {code}"
        if UNSURE in desk.go("home")[1]["because"]:  # which file is npm's can't be known: then none is touched
            if mistake.name != "config.yaml" or said(desk) not in (before, without):
                return f"held, and npm's file is {desk.text()!r:.300}"
        elif b"corp.example:8080" in (desk.text() or b""):
            return "the good profile of another place does not apply"
        _removed(path)
        path.write_text(right)
        if desk.go("office")[1]["problems"] or said(desk) != before:
            return f"once mended: {desk.text()!r:.300}"
        return f"uninstall leaves {desk.text()!r:.300}" if desk.uninstall() or desk.text() != PLAIN else None
    finally:
        desk.away()


def said(desk: Desk) -> dict[str, Value]:
    """What npm's file says, key by key."""
    doc = Document(desk.text() or b"")
    return {k: doc.get(k) for k in KEYS}


def _undone(desk: Desk, mistake: Mistake, status: dict[str, object]) -> bool:
    """A profile that is gone, or one cut off where it still makes sense, is another decision of the user's."""
    return "office" in mistake.name and status["profile"] != "office" and status["action"] == "apply"


def _removed(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def run(folder: Path, limit: int, seed: int) -> tuple[int, list[str]]:
    """Mistakes made, and those not endured; `limit` picks a sample."""
    everything = list(mistakes(seed))
    chosen = everything if len(everything) <= limit else random.Random(seed).sample(everything, limit)
    failures = []
    for n, mistake in enumerate(chosen):
        try:
            wrong = endure(folder, mistake, n)
        except Exception:
            wrong = traceback.format_exc()[-1200:]
        if wrong:
            failures.append(f"{mistake.name}, {mistake.what}: {wrong}")
    shutil.rmtree(folder, ignore_errors=True)
    return len(chosen), failures

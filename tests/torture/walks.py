"""Random walks through profiles, commands and uninstalls over generated files, with the real ledger: what was the user's comes
back byte for byte, and with other hands in the file every line of theirs."""

from __future__ import annotations

import shutil
import traceback
from pathlib import Path
from random import Random

import ini_files
from roamrc.formats.ini import COMMENT, Document
from roamrc.reconcile import Report
from roamrc.targets import NPM

from . import desk
from .desk import Desk

PROFILES = {
    "office": "when: [{dns_suffix: corp.example}]\napply:\n  proxy: http://alice:s3cret@proxy.corp.example:8080\n"
    "  no_proxy: [intra.corp.example]\n  registry: https://npm.corp.example/\n  npm: {cafile: /etc/corp.pem, a: 'x;y'}\n",
    "lab": "when: [{dns_suffix: lab.example}]\napply: {proxy: 'http://lab.example:3128', npm: {strict-ssl: 'false', a: null}}\n",
    "home": 'when: {gateway_mac: "02:00:00:00:00:02"}\napply: {proxy: direct}\n',
    "elsewhere": "when: anywhere\napply: {proxy: original}\n",
    "kept": "when: []\napply: {proxy: keep, npm: {cafile: /etc/k.pem}}\n",
    "half": "when: []\napply: {proxy: original, npm: {fund: 'false', '@s:registry': 'https://s.example/'}}\n",
}
OURS = (*NPM.urls, NPM.list, "registry", "cafile", "a", "strict-ssl", "fund", "@s:registry")
BOM = b"\xef\xbb\xbf"
LINES = (b"zz=1", b"; a note", b"//other.example/:_authToken=1", b"zz[]=2")


def walk(folder: Path, seed: int) -> str | None:
    """What was not given back at the end of one walk, or None."""
    r = Random(seed)
    here = Desk(folder / f"w{seed}", "new")
    here.lay()
    profiles = here.home / ".config/roamrc/profiles"
    for name, text in PROFILES.items():
        (profiles / f"{name}.yaml").write_text(text)
    start: bytes | None = None
    if r.random() > 0.05:
        start = (crowded(r) if r.random() < 0.5 else ini_files.make(r)).replace(COMMENT, b"# someone: ")
        here.npmrc.write_bytes(start)
    user = start  # the file as it would be without us
    try:
        told: list[str] = []
        for _ in range(r.randrange(3, 9)):
            told.append(step(here, r))
            if told[-1] == "uninstall" and (wrong := given_back(here.text(), user, user == start)):
                return f"{told}: {wrong}"
            if r.random() < 0.2 and (text := here.text()) and user and not any(x[:1] == b"[" for x in text.splitlines()):
                line = r.choice(LINES)
                at = r.choice(places(text, user))
                here.npmrc.write_bytes(add(text, at, line))
                user = add(user, at, line)
        told.append("uninstall")
        here.uninstall()
        wrong = given_back(here.text(), user, user == start)
        return f"{told}: {wrong}" if wrong else None
    finally:
        here.away()


def step(here: Desk, r: Random) -> str:
    """One thing that a user or his laptop does; its name."""
    if (roll := r.random()) < 0.12:
        here.uninstall()
        return "uninstall"
    if roll < 0.4:
        name = r.choice(list(PROFILES))
        _asked(here.use(name, "cafe")[0])
        return f"use {name}"
    place = r.choice(list(desk.NETWORKS))
    (here.state / "override.json").unlink(missing_ok=True)
    _asked(here.go(place, force=r.random() < 0.8)[0])
    return place


def _asked(report: Report) -> None:
    """A key that a section hides is refused with a sentence; anything else must have worked."""
    for problem in report.problems:
        assert problem.code != "state", problem
        assert problem.code != "file" or "hides it" in problem.message, problem


def crowded(r: Random) -> bytes:
    """A file in which our keys stand again and again, between a few others."""
    names = r.sample(OURS, 3)
    lines = [ini_files.line(r, names if r.random() < 0.7 else ("other", "zz")) for _ in range(r.randrange(3, 14))]
    return "".join(line + r.choice(("\n", "\n", "\r\n")) for line in lines).encode("utf-8", "surrogatepass")


def places(text: bytes, user: bytes) -> list[bytes]:
    """Lines of others after which somebody may add one: they stand once in the file, and once in it as it would be without us."""
    there = [Document(t).without(OURS).splitlines() for t in (text, user)]
    whole = (*there, text.splitlines(), user.splitlines())
    return [b"", *(x for x in there[1] if x.strip() and all(lines.count(x) == 1 for lines in whole))]


def add(text: bytes, at: bytes, line: bytes) -> bytes:
    """A line more, after another one or at the end."""
    lines = text.splitlines(keepends=True)
    n = next((i for i, x in enumerate(lines) if at and x.rstrip(b"\r\n") == at), len(lines) - 1)
    if not lines[n].endswith((b"\n", b"\r")) and text != BOM:
        lines[n] += b"\n"
    return b"".join((*lines[: n + 1], line + b"\n", *lines[n + 1 :]))


def given_back(found: bytes | None, user: bytes | None, alone: bool) -> str | None:
    """What is not as it was. `alone`: nobody else wrote, and every byte must be; else every line, and what each key says."""
    if found == user:
        return None
    if alone or found is None or user is None:
        return f"{found!r} instead of {user!r}"
    now, then = Document(found), Document(user)
    lines = [[x for x in d.without(OURS).splitlines() if x] for d in (now, then)]
    if lines[0] != lines[1]:
        return f"other lines: {found!r} instead of {user!r}"
    said = [k for k in OURS if now.get(k) != then.get(k)]
    return f"{said} say something else: {found!r} instead of {user!r}" if said else None


def run(folder: Path, walks: int, seed: int) -> tuple[int, list[str]]:
    """Walks made, and those that did not lead back."""
    wrong = []
    for n in range(seed, seed + walks):
        try:
            if found := walk(folder, n):
                wrong.append(f"seed {n}: {found}")
        except Exception:
            wrong.append(f"seed {n}: {traceback.format_exc()[-1500:]}")
    shutil.rmtree(folder, ignore_errors=True)
    return walks, wrong

"""Generated files and profiles through the drafting of edits: npm's own ini sees our keys changed alone, and all goes back."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import ini_files
from roamrc.errors import RoamError
from roamrc.formats import ini_value
from roamrc.formats.ini import COMMENT, Document, Prior
from roamrc.memory.ledger import digest_with
from roamrc.model import Apply, Profile, Value
from roamrc.rules.owned import File, FilePlan, Record, Wanted
from roamrc.rules.plan import draft, undo
from roamrc.slotted import replace
from roamrc.targets import NPM, npm
from test_ini_npm import Npm, same

DIGEST = digest_with(b"torture" * 4)
PROXIES = (
    "http://p.example:8080",
    "http://al%69ce:p%40ss%3B%23@p.example:3128",
    "https://[fd00::1]:8443/",
    "direct",
    "direct",
    "original",
    "keep",
)
EXTRA = ("cafile", "strict-ssl", "fund", "//npm.corp.test/:_authToken", "@s:registry", "ключ")
BATCH = 200
BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Step:
    """One edit of one file: before, after, and which keys were ours to change."""

    seed: int
    before: bytes
    after: bytes
    keys: frozenset[str]


def profile(r: Random, name: str) -> Profile:
    """A profile nobody would write: any proxy, odd values for other keys."""
    extra: dict[str, Value] = {}
    for key in r.sample(EXTRA, r.randrange(3)):
        extra[key] = r.choice([None, "x", "a;b", 'say "hi"', ("one", "two"), "true", "null", " padded ", "#", "é"])
    return Profile(
        name,
        Apply(
            r.choice(PROXIES),
            no_proxy=tuple(r.sample(["intra.example", "10.1.2.3", "*.x.example", "LOCAL"], r.randrange(3))),
            registry=r.choice([None, None, "https://npm.example/"]),
            npm=extra,
        ),
    )


def one(seed: int) -> tuple[list[Step], str | None]:
    """Two to four switches on a generated file, then all given back; the steps to show to npm, and what went wrong already."""
    r = Random(seed)
    # a comment in our own words is ours to remove: not here
    text: bytes | None = None if r.random() < 0.02 else ini_files.make(r).replace(COMMENT, b"# someone: ")
    start = text
    steps: list[Step] = []
    file = File("/f", text, Record(adopted=True, missing=text is None), {})
    backup: bytes | None = None
    for n in range(r.randrange(2, 5)):
        p = profile(r, f"p{n}")
        doc = Document(file.text or b"")
        wanted = npm.wanted(p, doc.get, doc.keys())
        try:
            plan = drafted(file, wanted, p.name, backup)
        except RoamError:
            continue  # a section hides a key of ours: the file stays, and the user is told
        if plan.file.text != file.text:
            return steps, "the plan is for another file"
        mine = {*plan.file.record.keys, *plan.record.keys, NPM.list}
        before, after = file.text or b"", plan.after or b""
        if wrong := moved(before, after, mine):
            return steps, wrong
        if isinstance(wanted.urls, dict):
            for key, value in {**wanted.urls, **wanted.keys}.items():
                found, meant = Document(after).get(key), ini_whole(value)
                if found != meant:
                    return steps, f"{key} is {found!r}, not {meant!r}: {after!r}"
        steps.append(Step(seed, before, after, frozenset(mine)))
        backup = ledger_backup(plan, backup)
        again = drafted(kept(plan, file), wanted, p.name, backup)
        if again.writes or again.edits:
            return steps, f"a second look writes: {plan.after!r} becomes {again.after!r}"
        file = kept(plan, file)
    if r.random() < 0.5 or start is None or b"[noproxy" in start:
        plan = undo(NPM, file, backup, DIGEST)
        return steps, None if plan.after == start else f"given back {plan.after!r} instead of {start!r}"
    foreign = r.choice([b"\nzz=1\n", b"\r\nzz = 1", b"\n; note\n", b"\n[zz]\nproxy=x\n"])  # somebody else wrote meanwhile
    plan = undo(NPM, replace(file, text=(file.text or b"") + foreign), backup, DIGEST)
    steps.append(Step(seed, start + foreign, plan.after or b"", frozenset()))
    return steps, None if foreign.strip() in (plan.after or b"") else f"a foreign line was lost: {plan.after!r}"


def drafted(file: File, wanted: Wanted, name: str, backup: bytes | None) -> FilePlan:
    """As reconcile does it for a user who asks for this profile now."""
    comment = f"set for profile {name}"
    return draft(
        NPM, file, wanted, name, DIGEST, foreign=lambda v: False, force=True, comment=comment, backup=lambda: backup
    )  # fmt: skip


def ledger_backup(plan: FilePlan, backup: bytes | None) -> bytes | None:
    """The backup after this plan: made where the first key becomes ours, as the ledger does it."""
    old, new = plan.file.record, plan.record
    first = not old.keys and not old.entries and bool(new.keys or new.entries)
    return plan.file.text if first and plan.file.text is not None else backup


def moved(before: bytes, after: bytes, mine: set[str]) -> str | None:
    """Whether a byte outside our lines moved. Where a lone CR or a LF CR stands, two line ends become one when what stood between
    them goes, and comes apart again: there the lines count, not their ends. A BOM that opens the file stays, with a blank line
    between it and a [, which npm would read as one word; one before a line further down is a blank to npm, and opens the file
    while that line is the first (seeds 39964, 41978, 51295, 132506)."""
    if before.startswith(BOM) and not any(line.startswith(BOM) for line in after.splitlines()):
        return f"the BOM is gone: {before!r} became {after!r}"
    kept = [Document(t).without(mine) for t in (before, after)]
    if any(b"\r" in t.replace(b"\r\n", b"") or b"\n\r\n" in t for t in (before, after)):
        same = [[line for line in t.removeprefix(BOM).splitlines() if line] for t in kept]
        return None if same[0] == same[1] else f"lines that are not ours moved: {before!r} became {after!r}"
    kept = [b"".join(line.removeprefix(BOM) for line in t.splitlines(keepends=True)) for t in kept]
    if before.startswith(BOM):
        kept = [t.lstrip(b"\r\n") for t in kept]
    return None if kept[0] == kept[1] else f"bytes outside our lines moved: {before!r} became {after!r}"


def ini_whole(value: Value) -> Value:
    """As the file can hold it: what is not UTF-8 becomes U+FFFD in npm's eyes."""
    if value is None:
        return None
    return ini_value.whole(value) if isinstance(value, str) else tuple(map(ini_value.whole, value))


def kept(plan: FilePlan, file: File) -> File:
    """The file as the ledger knows it at the next look: priors by way of JSON."""
    merged = {**plan.priors, **{k: p for k, p in file.priors.items() if k in plan.priors}}
    priors = {k: Prior.from_json(json.loads(json.dumps(p.to_json()))) for k, p in merged.items()}
    return File(file.path, plan.after, plan.record, priors)


def wrongs(steps: list[Step], child: Npm) -> Iterator[str]:
    """What npm itself reads differently that is not ours. A file that npm can't read (it throws, and no command runs) may become
    one that it can, by a key of ours, and the user's own again when that goes back (seed 50306); no other may ever become one."""
    seen = child.read([t for s in steps for t in (s.before, s.after)])
    threw: dict[int, bool] = {}
    for i, s in enumerate(steps):
        before, after = seen[2 * i], seen[2 * i + 1]
        threw.setdefault(s.seed, "!" in before)
        if "!" in after:
            if not threw[s.seed]:
                yield f"seed {s.seed}: npm throws ({after['!'][1]}): {s.before!r} became {s.after!r}"
            continue
        for key in before.keys() | after.keys() if "!" not in before else ():
            inside = any(
                k.startswith(f"{key}.") for k in s.keys
            )  # npm makes an object of a key with dots that holds null or an object
            if key not in s.keys and not inside and before.get(key) != after.get(key):
                told = f"npm reads {key} as {after.get(key)}, it was {before.get(key)}"
                yield f"seed {s.seed}: {told}: {s.before!r} became {s.after!r}"
        doc = Document(s.after)
        for key in s.keys:
            section = (
                doc.get(key) is None and after.get(key, ("", ""))[0] == "o"
            )  # [proxy] further down, which no line of ours can mend
            if not section and not same(doc.get(key), after.get(key)):
                yield f"seed {s.seed}: we read {key} as {doc.get(key)!r}, npm as {after.get(key)}: {s.after!r}"


def oracle() -> Npm | str:
    """npm's own ini in a child, or why there is none."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node or npm is not on the PATH"
    root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
    module = Path(root) / "npm" / "node_modules" / "ini"
    return Npm(module) if module.is_dir() else f"npm's ini is not in {module}"


def run(limit: int, seed: int, child: Npm) -> tuple[int, list[str]]:
    """Files tried, and what was not as it must be; seeds run from `seed` on."""
    failures: list[str] = []
    batch: list[Step] = []
    for n in range(seed, seed + limit):
        steps, wrong = one(n)
        batch += steps
        if wrong:
            failures.append(f"seed {n}: {wrong}")
        if len(batch) >= BATCH:
            failures += wrongs(batch, child)
            batch = []
    if batch:
        failures += wrongs(batch, child)
    return limit, failures

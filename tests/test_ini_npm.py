"""The editor against npm's own parser: what we read is what npm reads, and after an edit exactly our keys read differently."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

import ini_files
from roamrc.errors import RoamError
from roamrc.formats.ini import Document, Prior
from roamrc.model import Value

FILES = int(os.environ.get("ROAMRC_INI_FILES", "4000"))
BATCH = 250
Found = dict[str, tuple[str, object]]


class Npm:
    """npm's `ini` in one child; a question is a list of files."""

    def __init__(self, module: Path) -> None:
        argv = ["node", str(Path(__file__).parent / "oracle" / "ini.js"), str(module)]
        self.child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, files: list[bytes]) -> list[Found]:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(json.dumps([base64.b64encode(f).decode() for f in files]).encode() + b"\n")
        self.child.stdin.flush()
        return [{k: (kind, v) for k, (kind, v) in found} for found in json.loads(self.child.stdout.readline())]

    def close(self) -> None:
        assert self.child.stdin
        self.child.stdin.close()
        self.child.wait(10)


def _missing(why: str) -> None:
    if os.environ.get("ROAMRC_LAB") == "required":
        pytest.fail(f"ROAMRC_LAB=required, but {why}")
    pytest.skip(why)


@pytest.fixture(scope="module")
def npm() -> Iterator[Npm]:
    if not shutil.which("node") or not shutil.which("npm"):
        _missing("node or npm is not on the PATH")
    root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
    module = Path(root) / "npm" / "node_modules" / "ini"
    if not module.is_dir():
        _missing(f"npm's ini is not in {module}")
    child = Npm(module)
    yield child
    child.close()


def same(ours: Value, theirs: tuple[str, object] | None) -> bool:
    """Whether what we read is what npm reads; an object is compared as JSON, for its order of keys says nothing."""
    if theirs is None:
        return ours is None
    kind, found = theirs
    if kind == "o":
        return isinstance(ours, str) and json.loads(ours) == json.loads(str(found))
    if isinstance(ours, tuple):
        return kind == "a" and isinstance(found, list) and [_loose(o) for o in ours] == [_loose(f) for f in found]
    return kind == "t" and ours == found


def _loose(text: str) -> object:
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except ValueError:
        return text


def throws(found: Found) -> bool:
    return found.get("!", ("", ""))[0] == "throws"


def edit(text: bytes, r: Random) -> tuple[bytes, dict[str, Value], set[str]]:
    """A few of the steps that a draft is made of: the text after them, what the keys put must hold, and all keys touched."""
    doc, put, touched = Document(text), dict[str, Value](), set[str]()
    priors: dict[str, Prior] = {}
    for _ in range(r.randrange(1, 5)):
        key = r.choice(ini_files.KEYS)
        priors.setdefault(key, doc.lift(key))
        before = doc.text
        touched.add(key)
        match r.randrange(8):
            case 0:
                doc.put(key, None)
                put[key] = None
            case 1:
                doc.restore(key, priors[key])
                put.pop(key, None)
            case 2:
                doc.mark([key], r.choice(["set", "a\nproxy=x", None]))
            case 3 | 4:
                wanted: Value = tuple(ini_files.value(r) for _ in range(r.randrange(4)))
                now = doc.get(key)
                if isinstance(now, tuple) and r.random() < 0.5:
                    wanted = (*now, *(wanted or ())) if r.random() < 0.5 else now[: r.randrange(len(now) + 1)]
                _put(doc, key, wanted, put, before)
            case _:
                _put(doc, key, ini_files.value(r), put, before)
    return doc.text, put, touched


def _put(doc: Document, key: str, wanted: Value, put: dict[str, Value], before: bytes) -> None:
    try:
        doc.put(key, wanted)
        put[key] = wanted
    except RoamError:
        assert doc.text == before


def test_we_read_what_npm_reads_and_change_only_our_keys(npm: Npm) -> None:
    compared = edited = 0
    for start in range(0, FILES, BATCH):
        seeds = range(start, min(start + BATCH, FILES))
        texts = [ini_files.make(Random(s)) for s in seeds]
        edits = [edit(t, Random(-1 - s)) for s, t in zip(seeds, texts, strict=True)]
        found = npm.read([*texts, *(e[0] for e in edits)])
        for i, (seed, text, (after, put, touched)) in enumerate(zip(seeds, texts, edits, strict=True)):
            then, now = found[i], found[len(texts) + i]
            where = f"seed {seed}: {text!r}"
            if throws(then):
                continue
            compared += 1
            doc = Document(text)
            assert doc.text == text, where
            keys = doc.keys()
            for key in keys:
                assert same(doc.get(key), then.get(key)), (where, key, doc.get(key), then.get(key))
            for key in then.keys() - set(keys):  # sections, and `a\\.b=null`, which npm renames to a.b
                assert then[key][0] == "o" or (then[key] == ("t", "null") and "." in key), (where, key)
            if throws(now):
                raise AssertionError(f"{where} became {after!r}, on which npm throws")
            edited += 1
            # a null or an object in //npm.corp.test/… lives in //npm for npm
            others = (then.keys() | now.keys()) - touched - {"//npm"}
            assert {k: then.get(k) for k in others} == {k: now.get(k) for k in others}, (where, after, put)
            for key, wanted in put.items():
                if wanted is None and now.get(key, ("o",))[0] == "o":
                    continue  # a section of that name has come to light
                assert same(_whole(wanted), now.get(key)), (where, after, key, wanted, now.get(key))
    assert compared > 0.8 * FILES
    assert edited == compared


def _whole(wanted: Value) -> Value:
    return tuple(map(str, wanted)) if isinstance(wanted, tuple) else wanted

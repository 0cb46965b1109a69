"""State files that no roamrc wrote: cut off, binary, huge, of wrong types, a newer version's, edited by hand, no files at all."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from roamrc import cli
from roamrc.daemon import handing
from roamrc.errors import RoamError
from roamrc.memory.state import State

from .desk import FORMS, Desk, environment

NAMES = (
    "ledger.json",
    "intent.json",
    "status.json",
    "override.json",
    "key",
    "prior",
    "log.jsonl",
    "inbox/request.json",
    "reply.json",
    "lock",
    "agent.lock",
)
SEEN = (("status",), ("status", "--json"), ("log",), ("log", "--json"), ("explain",), ("prompt",), ("doctor",))
"""Commands that only look: none of them may stumble over a file of ours."""

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "\u202e\x1b[31m\n",
    "\ud800",
    [],
    [[]],
    [None],
    {},
    {"a": {}},
    "/../../etc/passwd",
    "\x00",
)


@dataclass(frozen=True, slots=True)
class Damage:
    """One file and what is done to it; `kept`: it can be told that it is broken, so that its bytes are kept aside."""

    name: str
    what: str
    do: Callable[[Path], None]
    stays: bool = False
    """Refused until the user removes it: a newer version's file, a symlink."""


def damages(seed: int) -> Iterator[Damage]:
    """Every name with every kind of damage; `seed` chooses where."""
    r = random.Random(seed)
    for name in NAMES:
        yield Damage(name, "gone", _gone)
        yield Damage(name, "empty", _put(b""))
        yield Damage(name, "cut off", partial(_cut, r=r))
        yield Damage(name, "noise", _put(r.randbytes(500)))
        yield Damage(name, "zeros, as after a power loss", _zeros)
        yield Damage(name, "huge", _put(b"[" * 5_000_000))
        yield Damage(name, "deep", _put(b'{"version":1,"files":' + b"[" * 100_000))
        yield Damage(name, "a flipped bit", partial(_flip, r=r))
        yield Damage(name, "UTF-16", _put('{"version":1}'.encode("utf-16")))
        if name.endswith(("json", "prior")):
            for value in VALUES:
                yield Damage(name, f"JSON {value!r:.20}", _put(json.dumps(value).encode()))
                yield Damage(
                    name,
                    f"only a version and {value!r:.20}",
                    _put(json.dumps({"version": 1, "files": value, "keys": value}).encode()),
                )
            for text in (
                b'{"version":1,"until":NaN}',
                b'{"version":1e999}',
                b'{"version":1}{}',
                b'{"version":true}',
                b'{"version":-1,"files":{}}',
            ):
                yield Damage(name, f"{text!r:.40}", _put(text))
            for n in range(8):
                yield Damage(name, f"a field of another type ({n})", partial(_edited, r=r, values=VALUES))
                yield Damage(name, f"a field missing ({n})", partial(_edited, r=r, values=None))
        if name not in ("lock", "agent.lock"):
            yield Damage(name, "a folder", _folder)
            yield Damage(name, "a FIFO", _fifo)
    for name in NAMES:
        if name != "log.jsonl":
            yield Damage(name, "a symlink elsewhere", _link, stays=True)
        if name.endswith(("json", "prior")) and name != "intent.json":
            yield Damage(name, "a newer version's", _newer, stays=True)


def _gone(path: Path) -> None:
    path.unlink(missing_ok=True)


def _folder(path: Path) -> None:
    _gone(path)
    path.mkdir()


def _fifo(path: Path) -> None:
    _gone(path)
    os.mkfifo(path)


def _link(path: Path) -> None:
    _gone(path)
    path.symlink_to("/etc/hostname")


def _zeros(path: Path) -> None:
    if path.exists():
        path.write_bytes(bytes(path.stat().st_size))


def _cut(path: Path, r: random.Random) -> None:
    if path.exists():
        path.write_bytes(path.read_bytes()[: r.randrange(max(1, path.stat().st_size))])


def _put(data: bytes) -> Callable[[Path], None]:
    def put(path: Path) -> None:
        path.write_bytes(data)

    return put


def _flip(path: Path, r: random.Random) -> None:
    if path.exists() and (data := bytearray(path.read_bytes())):
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
        path.write_bytes(data)


def _newer(path: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        path.write_bytes(json.dumps({**json.loads(path.read_bytes()), "version": 2}).encode())


def _edited(path: Path, r: random.Random, values: tuple[Any, ...] | None) -> None:
    """Somewhere in the file another value, or nothing."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return
    found = copy.deepcopy(found)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for k in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            if k != "version":
                places.append((node, k))
            walk(node[k])

    walk(found)
    if places:
        node, key = r.choice(places)
        if values is None:
            del node[key]
        else:
            node[key] = r.choice(values)
    path.write_bytes(json.dumps(found).encode())


def endure(folder: Path, damage: Damage, seed: int, *, form: str = "existing") -> str | None:
    """What did not hold after this damage, or None: no traceback, npm's file right, the user's own bytes back at uninstall."""
    desk = Desk(folder / f"r{seed}", form)
    desk.lay()
    try:
        desk.go("office", force=True)
        desk.go("home")
        wanted = desk.text()
        desk.go("office")
        desk.use("office", "office")
        with contextlib.suppress(LookupError):
            State(desk.state).save(handing.REQUEST, {"id": "1-1", "verb": "use", "args": {"verb": "use", "profile": "home"}})
            State(desk.state).save(handing.REPLY, {"id": "1-1", "error": None})
        path = target(desk, damage.name)
        damage.do(path)
        broken = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        before = desk.text()
        for argv in SEEN:
            if wrong := quiet(desk, argv):
                return wrong
        handing.pending(State(desk.state))
        if desk.text() != before:
            return "a command that only looks wrote npm's file"
        (desk.state / "override.json").unlink(missing_ok=True) if damage.name != "override.json" else None
        status = went(desk)
        if damage.stays:
            if (
                damage.name not in ("reply.json", "inbox/request.json", "agent.lock")
                and not status["problems"]
                and os.path.lexists(path)
            ):
                return "not a word of it"
            held = (before or b"").replace(b"alice:s3cret@", b"")  # what can't be read holds, and lends nothing to another link
            if desk.text() not in (before, wanted, held):
                return f"npm's file is {desk.text()!r:.300}"
            path.unlink(missing_ok=True)
            went(desk)
        aside = path.with_name(path.name + ".broken")
        if damage.name == "override.json":
            desk.command("auto")  # whatever it names now, the user ends it
            went(desk)
        if desk.text() != wanted:
            return f"npm's file is {desk.text()!r:.400} instead of {wanted!r:.400}"
        if damage.name == "ledger.json" and broken and not readable(broken) and not aside.exists():
            return "the broken file was not kept aside"
        code = desk.uninstall()
        if code not in (0, 1) or desk.text() != FORMS[form][0]:
            return f"uninstall ends with {code} and leaves {desk.text()!r:.400}"
        return None
    finally:
        desk.away()


def went(desk: Desk) -> dict[str, Any]:
    """A look at home; one that is refused says so as a command would."""
    try:
        status: dict[str, Any] = desk.go("home")[1]
    except RoamError as e:
        return {"problems": [{"code": "refused", "message": e.sentence, "hint": e.hint}]}
    return status


def readable(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def target(desk: Desk, name: str) -> Path:
    if name == "prior":
        return next((desk.state / "backup").glob("*.prior.json"))
    return desk.state / name


def quiet(desk: Desk, argv: tuple[str, ...]) -> str | None:
    """A command in this process: what it prints has no control characters, and it never is a bug of ours."""
    out, err = io.StringIO(), io.StringIO()
    env = {**desk.system.env, "ROAMRC_ROOT": str(desk.home / "root")}
    with environment(env), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(list(argv))
    for text in (out.getvalue(), err.getvalue()):
        if bad := [c for c in text if not (c.isprintable() or c == "\n")]:
            return f"{' '.join(argv)} prints {bad[:5]!r}: {text!r:.300}"
    return f"{' '.join(argv)}: {err.getvalue()}" if code == 3 or "Traceback" in err.getvalue() else None


def run(folder: Path, limit: int, seed: int) -> tuple[int, list[str]]:
    """Damages tried and those not endured; `limit` picks a sample, all where it is larger than there are."""
    everything = list(damages(seed))
    chosen = everything if len(everything) <= limit else random.Random(seed).sample(everything, limit)
    failures = []
    for n, damage in enumerate(chosen):
        try:
            wrong = endure(folder, damage, n)
        except Exception as e:
            wrong = f"raised {type(e).__name__}: {e}"
            import traceback

            wrong += traceback.format_exc()[-1500:]
        if wrong:
            failures.append(f"{damage.name}, {damage.what}: {wrong}")
    shutil.rmtree(folder, ignore_errors=True)
    return len(chosen), failures

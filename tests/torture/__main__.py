"""`python -m torture [--long] [--seed N] [NAME …]`, in tests/: the table of what was tried and what survived."""

from __future__ import annotations

import argparse
import atexit
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from . import between, crash, differ, floods, mistakes, races, refuse, rubbish, soak, strangers, tracer, walks, wander

Trial = Callable[[], tuple[int, list[str]]]


def scratch() -> Path:
    """A folder in memory where there is one: an fsync there costs nothing, and none of these trials measures time."""
    shm = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(prefix="roamrc-torture-", dir=shm if shm.is_dir() else None))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def raced(writer: str, rounds: int, seed: int, pause: float = 0.006) -> tuple[int, list[str]]:
    """Rounds raced with an agent and a command at once, a hundred on each file, and lines lost or torn."""
    wrong: list[str] = []
    for n in range(0, rounds, 100):
        out = races.race(scratch(), writer, 100, seed + n, second=True, pause=pause)
        wrong += [f"seed {seed + n}: {out.lost} lines lost"] * bool(out.lost)
        wrong += [f"seed {seed + n}: {text}" for text in out.wrong]
    return rounds, wrong


def trials(long: bool, seed: int) -> Iterator[tuple[str, Trial | str]]:
    """Name and trial; a text where it can't be made here."""
    traced = tracer.missing()
    yield "crash points", traced or (lambda: crash.run(scratch(), 5000 if long else 160, seed))
    yield "order of writes for a power loss", traced or (lambda: crash.run_power(scratch()))
    yield "errors injected", traced or (lambda: refuse.run(scratch(), 5000 if long else 150, seed))
    npm = differ.oracle()
    if isinstance(npm, str):
        yield "files against npm's own ini", npm
    else:
        yield "files against npm's own ini", lambda: differ.run(200_000 if long else 2000, seed, npm)
    yield "walks that lead back", lambda: walks.run(scratch(), 4000 if long else 100, seed)
    for writer in races.WRITERS:
        yield f"races with a writer like {writer}", partial(raced, writer, 3300 if long else 100, seed)
    yield "races step by step", traced or (lambda: between.run(scratch(), 5000 if long else 100, seed))
    yield "races with npm itself", npm if isinstance(npm, str) else (lambda: npm_itself(100 if long else 4, seed))
    yield "roams simulated", lambda: soak.run(scratch(), *((100_000, seed, wander.LIVES) if long else (2000, seed, 1)))
    yield (
        "roams by dhclient in the lab",
        wander.missing() or (lambda: wander.run(10_000, seed) if long else wander.run(12, seed, 1)),
    )
    yield "floods", floods.missing() or floods.run
    yield "state files that are rubbish", lambda: rubbish.run(scratch(), 10_000 if long else 120, seed)
    yield "profiles and settings that are wrong", lambda: mistakes.run(scratch(), 10_000 if long else 60, seed)
    yield "hostile texts", lambda: strangers.run_hostile(scratch())
    yield "trespasses", strangers.missing() or (lambda: strangers.run_rights(scratch()))


def npm_itself(rounds: int, seed: int) -> tuple[int, list[str]]:
    out = races.real_npm(scratch(), rounds, seed)
    return rounds, [*([f"{out.lost} lines lost"] if out.lost else []), *out.wrong]


def main() -> int:
    p = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    p.add_argument("--long", action="store_true", help="two hours instead of four minutes")
    p.add_argument("--seed", type=int, default=1, help="where the chance begins (1)")
    p.add_argument("name", nargs="*", help="only trials whose name holds this word")
    args = p.parse_args()
    failures = 0
    print(f"{'':36}{'tried':>9}{'survived':>10}{'seconds':>9}")
    for name, trial in trials(args.long, args.seed):
        if args.name and not any(word in name for word in args.name):
            continue
        if isinstance(trial, str):
            print(f"{name:36}{'skipped':>9}  {trial}", flush=True)
            continue
        begin = time.monotonic()
        tried, wrong = trial()
        failures += len(wrong)
        print(f"{name:36}{tried:9}{tried - len(wrong):10}{time.monotonic() - begin:9.0f}", flush=True)
        for text in wrong[:10]:
            print(f"    {text[:1000]}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

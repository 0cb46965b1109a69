"""A life of roams, simulated: npm's file right after each, and memory, descriptors, threads, log and state stand still."""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from roamrc.formats.ini import Document
from roamrc.memory.state import LOG_LIMIT
from roamrc.model import Value

from .desk import NETWORKS, PLAIN, Desk
from .races import Agent

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
GROWTH = 1 << 20
"""Bytes of memory that may come on top after the warm-up: fragments, not leaks."""
REPORT = 10_000
"""Roams after which a long life tells how far it is."""
KEYS = ("proxy", "https-proxy", "noproxy", "registry", "cafile", "strict-ssl", "fund", "//npm.example/:_authToken")


Lived = tuple[int, list[str]]
Say = Callable[[str], None]


@dataclass(slots=True)
class Stand:
    """What a process holds and what lies on its disk."""

    memory: int
    descriptors: int
    threads: int
    log: int
    files: int
    state: int


def stand(desk: Desk) -> Stand:
    gc.collect()
    with open("/proc/self/statm", "rb") as f:
        memory = int(f.read().split()[1]) * PAGE
    files = [p for p in desk.state.rglob("*") if p.is_file()]
    log = sum(p.stat().st_size for p in files if p.name.startswith("log"))
    total = sum(p.stat().st_size for p in files)
    return Stand(memory, len(os.listdir("/proc/self/fd")), threading.active_count(), log, len(files), total - log)


def live(folder: Path, roams: int, seed: int, say: Say) -> Lived:
    """Roams made in one process, and what was not right."""
    desk = Desk(folder / "soak", "existing")
    desk.lay()
    r, agent = random.Random(seed), Agent(desk)
    right: dict[str, dict[str, Value]] = {}
    wrong: list[str] = []
    places = list(NETWORKS)
    desk.go("office", force=True)
    warm, first, before = max(1000, min(10_000, roams // 2)), None, "office"  # the log turns over after 8,000
    for n in range(roams):
        place = r.choice([p for p in places if p != before])
        agent.look(place)
        found = {k: Document(desk.text() or b"").get(k) for k in KEYS}
        if place == "offline":
            wanted = {k: v.replace("alice:s3cret@", "") if isinstance(v, str) else v for k, v in right.get(before, found).items()}
        else:
            wanted = right.setdefault(place, found)
            before = place
        if found != wanted:
            wrong.append(f"roam {n} to {place}: {found} instead of {wanted}")
            break
        if n == warm:
            agent.settle("office")
            first, before = stand(desk), "office"
        if n and n % REPORT == 0:
            say(f"life {seed}: {n} roams, {stand(desk)}")
    agent.settle("office")
    last = stand(desk)
    if first and last.memory - first.memory > GROWTH:
        wrong.append(f"memory grew by {last.memory - first.memory} bytes in {roams - warm} roams")
    if first and (last.descriptors, last.threads) != (first.descriptors, first.threads):
        wrong.append(f"descriptors and threads: {asdict(first)} became {asdict(last)}")
    if last.log > LOG_LIMIT:
        wrong.append(f"the log has {last.log} bytes")
    if first and (last.files > first.files + 1 or last.state > first.state + 20_000):
        wrong.append(f"the state grew: {asdict(first)} became {asdict(last)}")
    if desk.uninstall() or desk.text() != PLAIN:
        wrong.append(f"uninstall leaves {desk.text()!r:.300}")
    shutil.rmtree(folder, ignore_errors=True)
    return roams, [f"seed {seed}: {text}" for text in wrong]


def lives(count: int, seed: int, live: Callable[[int, Say], Lived]) -> Lived:
    """Several lives at once, each in a process of its own that tells how far it is; seeds run from `seed` on."""
    begin = time.monotonic()

    def say(text: str) -> None:
        print(f"    {time.monotonic() - begin:6.0f} s  {text}", file=sys.stderr, flush=True)

    told = [_forked(seed + n, live, say) for n in range(count)]
    made, wrong = 0, list[str]()
    for pid, fd in told:
        with os.fdopen(fd, "rb") as f:
            text = f.read()
        os.waitpid(pid, 0)
        n, found = json.loads(text or b'[0, ["it died"]]')
        made, wrong = made + n, wrong + found
    return made, wrong


def _forked(seed: int, live: Callable[[int, Say], Lived], say: Say) -> tuple[int, int]:
    """A life's process, and where it tells what came of it."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        return pid, told
    os.close(told)
    try:
        out = live(seed, say)
    except BaseException:
        out = 0, [f"seed {seed}: {traceback.format_exc()[-2000:]}"]
    with os.fdopen(tell, "wb") as f:
        f.write(json.dumps(out).encode())
    os._exit(0)


def run(folder: Path, roams: int, seed: int, count: int = 1) -> Lived:
    """Roams made by `count` lives together, and what was not right."""
    return lives(count, seed, lambda n, say: live(folder / str(n), roams // count, n, say))

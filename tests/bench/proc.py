"""What the kernel says of a process: wake-ups, time, threads, memory; counts that no clock can blur."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Taken:
    """Of all threads together: `wakeups` (context switches), `ticks` of processor time (1/100 s); `rss`, `pss`, `private` in
    KB."""

    wakeups: int
    ticks: int
    threads: int
    rss: int
    pss: int
    private: int


def take(pid: int) -> Taken:
    """The process as it is now. Raises OSError where it is gone."""
    wakeups = threads = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        about = _fields(f"/proc/{pid}/task/{task}/status")
        wakeups += int(about["voluntary_ctxt_switches"]) + int(about["nonvoluntary_ctxt_switches"])
        threads += 1
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    memory = {k: int(v.split()[0]) for k, v in _fields(f"/proc/{pid}/smaps_rollup").items() if v.endswith("kB")}
    private = memory["Private_Clean"] + memory["Private_Dirty"]
    return Taken(wakeups, int(stat[11]) + int(stat[12]), threads, memory["Rss"], memory["Pss"], private)


def _fields(path: str) -> dict[str, str]:
    lines = Path(path).read_text().splitlines()
    return {k: v.strip() for k, _, v in (line.partition(":") for line in lines)}


def calm(pid: int, quiet: float = 1.5, limit: float = 30.0) -> bool:
    """Whether the process came to rest: no wake-up for `quiet` seconds, within `limit`."""
    end, before, since = time.monotonic() + limit, -1, time.monotonic()
    while time.monotonic() < end:
        now = take(pid).wakeups
        if now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since >= quiet:
            return True
        time.sleep(0.1)
    return False


def costs(before: Taken, after: Taken, seconds: float) -> dict[str, float]:
    """What a process cost in some seconds; its memory as it is at their end."""
    return {
        "seconds": seconds,
        "wakeups": after.wakeups - before.wakeups,
        "ticks": after.ticks - before.ticks,
        "threads": after.threads,
        "rss_mb": round(after.rss / 1024, 1),
        "pss_mb": round(after.pss / 1024, 1),
        "private_mb": round(after.private / 1024, 1),
    }

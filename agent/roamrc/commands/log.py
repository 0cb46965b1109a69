"""the switches so far: when, from, to, why, and which keys

Times are UTC. A value of yours that gave way is named; the value itself is in backup/ of the state folder.

    roamrc log                   the last 20
    roamrc log --since 2h        of the last two hours (30m, 1d, 2026-01-31, 2026-01-31T09:00:00Z)
    roamrc log -n 0 --follow     new ones as they come, until Ctrl-C
    roamrc log --json            a JSON object a line

Exit codes: 0 also where nothing has been switched yet; 2 --since is no time; 4 the log may not be read.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from .. import show
from ..errors import RoamError
from ..memory import glance
from ..memory.state import State
from ..terminal import out
from .use import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


LAST = 20
"""Entries shown without -n and --since: a screen."""
MOST = 1 << 20
"""Bytes read at once while following: the log is turned over at half of that."""


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("-n", metavar="N", help=f"the last N only ({LAST}, or with --since all)")
    p.add_argument("--since", metavar="T", help="since a time (2026-01-31, 2026-01-31T09:00:00Z) or for so long (2h)")
    p.add_argument("--follow", "-f", action="store_true", help="go on with new ones until stopped")


def run(args: argparse.Namespace) -> int:
    state = State(Path(out.meant(glance.state())))
    since = moment(args.since, time.time()) if args.since is not None else ""
    last = _count(args.n) if args.n is not None else None if since else LAST
    news = follow(state.path("log.jsonl")) if args.follow else None
    if news is not None:
        next(news)  # stands at the end of the file before the old ones are read, so that none is lost in between
    found = [e for e in state.log_entries() if e["at"] >= since]
    for entry in found if last is None else found[len(found) - min(last, len(found)) :]:
        tell(entry, args.json)
    if news is None:
        if not found and not args.json:
            print("no switches yet" if not since else "no switches since then")
        return 0
    try:
        for new in news:
            if new is not None:
                tell(new, args.json)
    except KeyboardInterrupt:  # the way a person ends it
        pass
    return 0


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise RoamError(f'-n "{text}" is no number', "roamrc log -n 20")


def moment(text: str, now: float) -> str:
    """A time as the log writes it, from an RFC 3339 time, a date (its midnight here), or a length of time before now."""
    from datetime import UTC, datetime

    from ..journal import rfc3339

    try:
        then = datetime.fromisoformat(text)
        return rfc3339((then if then.tzinfo else then.astimezone()).astimezone(UTC).timestamp())
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return rfc3339(now - duration(text, "--since"))
    except RoamError:
        raise RoamError(f'--since "{text}" is no time', "roamrc log --since 2h, or --since 2026-01-31T09:00:00Z") from None


def follow(path: str, pause: float = 0.5) -> Iterator[dict[str, Any] | None]:
    """None at once and whenever nothing is new (every `pause` seconds; a person waits here), else new entries as they come. When
    the log is turned over the old file is read to its end first; a torn line is passed over."""
    f, rest = _opened(path), b""
    if f is not None:
        f.seek(0, os.SEEK_END)
    yield None
    while True:
        turned = _turned(path, f)  # asked before the last read, or what is written in between would be lost
        data = f.read(MOST) if f is not None else b""
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict) and isinstance(entry.get("at"), str):
                yield entry
        if len(data) == MOST:
            continue
        if turned:
            if f is not None:
                f.close()
            f, rest = _opened(path), b""
            continue
        yield None
        time.sleep(pause)


def _opened(path: str) -> Any:
    try:
        return open(path, "rb", buffering=0)
    except FileNotFoundError:
        return None


def _turned(path: str, f: Any) -> bool:
    """Whether another file stands there by now than the one that is open, or this one was cut."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    if f is None:
        return True
    ours = os.fstat(f.fileno())
    return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino) or there.st_size < f.tell()


def tell(entry: dict[str, Any], as_json: bool) -> None:
    """One switch: a line, and one more for each value that gave way. A field of the wrong shape is as if it were not there."""
    if as_json:
        print(json.dumps(entry), flush=True)
        return
    changed, lost = entry.get("keys"), entry.get("lost")
    keys = ", ".join(show.line(str(k)) for k in changed) if isinstance(changed, list) and changed else "nothing to write"
    before = f"{show.line(str(entry['from']))} → " if entry.get("from") is not None else ""
    print(
        f"{show.line(entry['at'])}  {before}{out.styled(show.line(str(entry.get('to'))), 'bold')}: "
        f"{show.prose(str(entry.get('because')), 300)} ({keys})",
        flush=True,
    )
    for key, value in lost.items() if isinstance(lost, dict) else ():
        print(f"    your {show.line(key)} gave way: {show.line(str(value))} (kept in backup/)", flush=True)

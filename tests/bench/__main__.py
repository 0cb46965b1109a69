"""The command: see the package's own page (`tests/bench/__init__.py`)."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":  # run as `python tests/bench`: the folder itself is on the path then, its parent should be
    sys.path[0] = str(HERE.parent)

from bench import commands, damage, feel, growth, idle, report, roam  # noqa: E402
from bench.figures import load  # noqa: E402
from lab import missing  # noqa: E402

PARTS = ("roam", "damage", "idle", "commands", "growth", "feel")
QUICK = (roam.OURS, roam.FLOOR, roam.DISPATCHER)


def works(quick: bool, long: bool, runs: int, idle_seconds: float) -> dict[str, Callable[[], Any]]:
    """Each part, as what is called to measure it."""
    return {
        "roam": lambda: roam.run(runs, blocks=1 if quick else 3, rivals=QUICK if quick else roam.RIVALS),
        "damage": damage.run,
        "idle": lambda: idle.run(idle_seconds, rivals=not quick),
        "commands": lambda: commands.run(runs),
        "growth": lambda: growth.run(runs, quick=quick),
        "feel": lambda: feel.run(runs, long=long),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/bench", description="roamrc measured beside what people would use instead")
    parser.add_argument("--quick", action="store_true", help="a minute: fewer runs, fewer rivals")
    parser.add_argument("--long", action="store_true", help="also npm's own 475 s, and ten idle minutes")
    parser.add_argument("--idle", type=float, metavar="SECONDS", help="length of the idle part (default: 60, quick 10, long 600)")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--runs", type=int, help="runs of each (default: 15, quick 2)")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "build/bench", help="folder of bench.json and the charts")
    parser.add_argument("--from", type=Path, dest="source", help="a bench.json that is there already")
    args = parser.parse_args()
    found: dict[str, Any] = json.loads(args.source.read_text()) if args.source else measured(args)
    keep(found, args.out)
    print(report.tables(found))
    print(f"\n{args.out}: bench.json and charts")
    return 0


def keep(found: dict[str, Any], out: Path) -> None:
    """bench.json and the charts of what is measured so far."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    for name, svg in report.charts(json.loads(json.dumps(found))).items():
        (out / name).write_text(svg)


def measured(args: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    why = missing()
    runs, idle_seconds = args.runs or (2 if args.quick else 15), args.idle or (10 if args.quick else 600 if args.long else 60)
    for name, work in works(args.quick, args.long, runs, idle_seconds).items():
        if name not in args.only:
            continue
        if why and name in ("roam", "idle", "feel"):
            print(f"{name}: skipped: {why}", file=sys.stderr)
            continue
        before, begin = load(), time.monotonic()
        result = work()
        found[name] = {"load": [before, load()], "seconds": round(time.monotonic() - begin, 1), "result": result}
        keep(found, args.out)  # the whole takes most of an hour, and may be stopped
        print(f"{name}: {found[name]['seconds']} s, load {before:.2f} to {load():.2f}", file=sys.stderr, flush=True)
    # JSON knows keys of text alone: what is read back is what is shown
    again: dict[str, Any] = json.loads(json.dumps(found))
    return again


if __name__ == "__main__":
    sys.exit(main())

"""From the JSON to tables, verdicts on the budgets, and charts."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

from . import chart
from .figures import Spread, short, shown, table
from .roam import DISPATCHER, FLOOR, OURS

Found = dict[str, Any]


MEASURES = ("start", "look", "edited", "write")


def tables(found: Found) -> str:
    """Every part that was measured, as Markdown."""
    parts: dict[str, Callable[[Found], str]] = {
        "roam": _roam, "damage": _damage, "idle": _idle, "commands": _commands, "growth": _growth, "feel": _feel,
    }  # fmt: skip
    made = [make(found[name]["result"]) for name, make in parts.items() if name in found]
    rows = [[what, budget, got, "yes" if holds else "NO"] for what, budget, got, holds in budgets(found)]
    return "\n\n".join([*made, "Budgets\n\n" + table(["what", "budget", "measured", "holds"], rows) if rows else ""])


def typical(result: Found, who: str, which: str = "right") -> float | None:
    """The median over all moves of a rival; None where one of its moves was never seen."""
    medians = [m[which]["median"] if m[which] else None for m in result["times"][who].values()]
    return None if None in medians else round(statistics.median(m for m in medians if m is not None), 3)


def budgets(found: Found) -> Iterator[tuple[str, str, str, bool]]:
    """(what, budget, measured, whether it holds) of design.md 11, for the parts that were measured."""
    if "roam" in found:
        roam = found["roam"]["result"]
        ours, floor, slow = (typical(roam, r) if r in roam["times"] else None for r in (OURS, FLOOR, DISPATCHER))
        if ours and floor:
            yield (
                "event to file",
                "≤ 4 × the floor",
                f"{short(ours / floor)} × ({short(ours)} ms, {short(floor)} ms)",
                ours <= 4 * floor,
            )
        if ours and slow:
            first = typical(roam, DISPATCHER, "first") or slow
            yield "event to file", "≥ 20 × ahead of the dispatcher, first right", f"{short(first / ours)} ×", first >= 20 * ours
            yield "event to file", "≥ 20 × ahead of the dispatcher, right for good", f"{short(slow / ours)} ×", slow >= 20 * ours
    if "idle" in found:
        idle = found["idle"]["result"][OURS]
        for key, most, unit in (("wakeups", 0, ""), ("threads", 5, ""), ("rss_mb", 22, " MB"), ("private_mb", 13, " MB")):
            yield (
                f"idle {idle['seconds']:g} s: {key.removesuffix('_mb')}",
                f"≤ {most}{unit}",
                f"{short(idle[key])}{unit}",
                idle[key] <= most,
            )
    if "commands" in found:
        for name, most in (("status", 3), ("prompt", 2), ("use", 8), ("apply", 8)):
            ratio = found["commands"]["result"][name]["ratio"]
            yield f"roamrc {name}", f"≤ {most} × a bare Python", f"{short(ratio)} ×", ratio <= most
    if "growth" in found:
        growth = found["growth"]["result"]
        for what, many in (("profiles", "1000"), ("lines", "10000")):
            if many in growth[what]:
                for measure in ("look", "write"):
                    ratio = growth[what][many][measure]["median"] / growth[what]["10"][measure]["median"]
                    yield f"{measure}, {many} {what}", "≤ 10 × that of 10", f"{short(ratio)} ×", ratio <= 10


def charts(found: Found) -> dict[str, str]:
    """File name → SVG."""
    made = {}
    if "roam" in found:
        roam = found["roam"]["result"]
        rows = [(who, typical(roam, who)) for who in roam["times"]]
        made["event-to-file.svg"] = chart.bars("From the last fact of a roam to a right npm file", "ms", rows)
    if "idle" in found:
        idle = found["idle"]["result"]
        rows = [(who, m["rss_mb"]) for who, m in idle.items() if "rss_mb" in m]
        made["idle-memory.svg"] = chart.bars("Memory while nothing happens (RSS)", "MB", rows)
    if "commands" in found:
        rows = [(name, m["median"]) for name, m in found["commands"]["result"].items()]
        made["commands.svg"] = chart.bars("A command, from start to end", "ms", rows, ours=("prompt", "status", "use", "apply"))
    if "damage" in found:
        rows = [(who, float(m["set"])) for who, m in found["damage"]["result"].items()]
        made["damage.svg"] = chart.bars("Bytes of the user's own lines changed by a switch", "bytes", rows)
    if "growth" in found:
        growth = found["growth"]["result"]
        rows = [(f"{int(n):,} {what}", m["look"]["median"]) for what, by in growth.items() for n, m in by.items() if m]
        made["growth.svg"] = chart.bars(
            "A look that changes nothing (processor time)", "ms", rows, ours=[name for name, _ in rows]
        )
    if "feel" in found:
        feel = found["feel"]["result"]
        rows = [(f"{HOW[w]}, {how}", m[w]["median"]) for how, m in feel.items() for w in HOW]
        ours = [name for name, _ in rows if name.startswith("roamrc")]
        made["npm-install.svg"] = chart.bars("At home with the office's proxy: `npm install`", "s", rows, ours=ours)
    return made


HOW = {"with": "roamrc", "without": "nothing"}


def _spread(found: Found | None) -> Spread | None:
    return Spread(**found) if found else None


def _roam(result: Found) -> str:
    moves = list(next(iter(result["times"].values())))
    rows = [
        [who, *(shown(_spread(by[m]["right"])) for m in moves), str(result["torn"][who])] for who, by in result["times"].items()
    ]
    return "Event to file, ms: both keys right\n\n" + table(["who", *moves, "torn files seen"], rows)


def _damage(result: Found) -> str:
    rows = [[who, str(m["set"]), str(m["unset"])] for who, m in result.items()]
    return "Damage, bytes outside the keys\n\n" + table(["who", "changed while set", "different after unset"], rows)


def _idle(result: Found) -> str:
    keys = ("seconds", "wakeups", "ticks", "threads", "rss_mb", "pss_mb", "private_mb")
    rows = [[who, *(short(m[k]) if k in m else m.get("skipped", "") for k in keys)] for who, m in result.items()]
    return "Idle\n\n" + table(["who", *keys], rows)


def _commands(result: Found) -> str:
    rows = [
        [name, shown(Spread(**{k: v for k, v in m.items() if k != "ratio"})), short(m["ratio"])] for name, m in result.items()
    ]
    return "Commands, ms\n\n" + table(["command", "median", "× bare Python"], rows)


def _growth(result: Found) -> str:
    rows = [
        [what, f"{int(n):,}", *(shown(_spread(m.get(k))) if k in m else "" for k in MEASURES)]
        for what, by in result.items()
        for n, m in by.items()
        if m
    ]
    return "Growth, ms of processor time\n\n" + table(["what", "how many", *MEASURES], rows)


def _feel(result: Found) -> str:
    rows = [
        [how, *(f"{shown(_spread({k: v for k, v in m[w].items() if k != 'ok'}), ' s')}, {m[w]['ok']} of {m[w]['runs']} installed"
                for w in ("without", "with"))]
        for how, m in result.items()
    ]  # fmt: skip
    head = "Home with the office's proxy left behind: from the cable to the end of `npm install`\n\n"
    return head + table(["the proxy", "without roamrc", "with roamrc"], rows)

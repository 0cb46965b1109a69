"""Bars as SVG, made from the JSON alone, without a library: one bar a rival, on a logarithmic scale, light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from .figures import short

STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.h{font-weight:600}.n{fill:#57606a}.b{fill:#8c959f}.o{fill:#1a7f37}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#8b949e}.b{fill:#6e7681}.o{fill:#3fb950}}"
)
WIDTH, LEFT, ROW = 760, 250, 26


def bars(title: str, unit: str, rows: Sequence[tuple[str, float | None]], ours: Sequence[str] = ("roamrc",)) -> str:
    """An SVG; a value of None is told as never, and one of 0 as 0: neither has a bar. `ours` are the rows in colour."""
    values = [v for _, v in rows if v]
    low, high = (min(values) / 2, max(values)) if values else (1.0, 2.0)
    room = WIDTH - LEFT - 110

    def length(value: float) -> float:
        return max(3.0, room * math.log(value / low) / math.log(high / low)) if value > low else 3.0

    height = 40 + ROW * len(rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text x="0" y="18" class="h">{escape(title)}</text>',
        f'<text x="{WIDTH}" y="18" class="n" text-anchor="end">{escape(unit)}, logarithmic</text>',
    ]
    for n, (name, value) in enumerate(rows):
        y = 34 + n * ROW
        out.append(f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        wide = length(value) if value else 0
        if value:
            out.append(
                f'<rect x="{LEFT}" y="{y}" width="{max(wide, 1):.1f}" height="18" rx="2" class="{"o" if name in ours else "b"}"/>'
            )
        text = "never" if value is None else f"{short(value)} {unit}"
        out.append(f'<text x="{LEFT + wide + 8:.1f}" y="{y + 14}" class="n">{escape(text)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"

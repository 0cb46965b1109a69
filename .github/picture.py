"""Draws README's picture from what `roamrc demo --fast` really prints: python .github/picture.py"""

from __future__ import annotations

import subprocess
import sys
from html import escape
from pathlib import Path

LINES, WIDTH, HEIGHT = 36, 8.2, 18
COLOURS = {"+": "#7ee787", "-": "#ff7b72", "0": "#79c0ff", "1": "#79c0ff"}


def main() -> None:
    ran = subprocess.run([sys.executable, "-m", "roamrc", "demo", "--fast"], capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    start = next(n for n, line in enumerate(lines) if line[:2].isdigit())
    shown = ["$ roamrc demo", "", *lines[start : start + LINES], "…"]
    width = max(map(len, shown)) * WIDTH + 40
    text = "\n".join(
        f'<text x="20" y="{30 + n * HEIGHT}" fill="{colour(line)}" xml:space="preserve">{escape(line)}</text>'
        for n, line in enumerate(shown)
    )
    Path(__file__).with_name("demo.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {len(shown) * HEIGHT + 40}" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n{text}\n</svg>\n'
    )


def colour(line: str) -> str:
    if line.startswith("--- "):
        return "#8b949e"
    return COLOURS.get(line[:1], "#e6edf3")


if __name__ == "__main__":
    main()

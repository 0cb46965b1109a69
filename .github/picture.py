"""Draws README's pictures from what was really printed: python .github/picture.py demo, python .github/picture.py start

demo    what `roamrc demo --fast` prints
start   tests/lab/film.py: README's three commands typed in a terminal at the office, then at home (root, tmux, and the lab's
        programs; tests/lab/test_film.py tells when the picture is no longer what is printed)
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WIDTH, HEIGHT = 8.2, 18
PLAIN, DIM, COLOURS = "#e6edf3", "#8b949e", {"31": "#ff7b72", "32": "#7ee787", "33": "#d29922", "2": "#8b949e"}
DEMO_LINES = 36
SHOWN = {"roamrc init": (1, 3), "npm view lab-hello version": (1, 0)}
"""Of the lines of a command, how many are shown at its start and at its end; … stands for the others."""


def main() -> None:
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what == "demo":
        picture = demo()
    elif what == "start":
        sys.path.insert(0, str(HERE.parent / "tests"))
        from lab import film

        with tempfile.TemporaryDirectory() as folder:
            picture = start(film.draft(Path(folder)))
    else:
        sys.exit(__doc__)
    (HERE / f"{what}.svg").write_text(picture)


def demo() -> str:
    ran = subprocess.run([sys.executable, "-m", "roamrc", "demo", "--fast"], capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    first = next(n for n, line in enumerate(lines) if line[:2].isdigit())
    return svg(["$ roamrc demo", "", *map(marked, lines[first : first + DEMO_LINES]), "…"])


def marked(line: str) -> str:
    """A line of the demo with the colours that a terminal shows."""
    code = {"+": "32", "-": "31"}.get(line[:1], "")
    return f"\x1b[{code}m{line}\x1b[0m" if code and not line.startswith("---") else line


def start(shots: Iterable[Any]) -> str:
    """The film's picture: each command with what it printed."""
    lines: list[str] = []
    for shot in shots:
        head, tail = SHOWN.get(shot.typed, (len(shot.lines), 0))
        last = shot.lines[len(shot.lines) - tail :] if tail else []
        between = ["…"] if len(shot.lines) > head + tail else []
        lines += [f"$ {shot.typed}", *shot.lines[:head], *between, *last, ""]
    return svg(lines[:-1])


def svg(lines: list[str]) -> str:
    """Lines with escape sequences for colours, as a terminal shows them."""
    widest = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    text = "\n".join(
        f'<text x="20" y="{30 + n * HEIGHT}" xml:space="preserve">{"".join(spans(line))}</text>'
        for n, line in enumerate(lines)
        if line
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {widest * WIDTH + 40:.0f} {len(lines) * HEIGHT + 40}" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" fill="{PLAIN}">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n{text}\n</svg>\n'
    )


def spans(line: str) -> Iterable[str]:
    style: set[str] = set()
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            for code in part[2:-1].split(";"):
                style = style | {code} if code not in ("", "0", "22", "39") else set()
        elif part:
            fill = next((c for code, c in COLOURS.items() if code in style), DIM if part.startswith("$ #") else "")
            bold = ' font-weight="bold"' if "1" in style or part.startswith("$ ") else ""
            words = (f' fill="{fill}"' if fill else "") + bold
            yield f"<tspan{words}>{escape(part)}</tspan>" if words else escape(part)


if __name__ == "__main__":
    main()

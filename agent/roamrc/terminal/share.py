"""The files in agent/share: the manual page and the completions; `python -m roamrc.terminal.share` makes them anew. Floor 4.

They are made ahead and shipped as data of the wheel (share/man, share/bash-completion, …), where man and the shells look by
themselves, also below ~/.local and in pipx's folder: nobody has to add a line to a start-up file.
"""

from __future__ import annotations

from pathlib import Path

from . import completion, manual, surface


def files() -> dict[str, str]:
    """Each file by its name below agent/share."""
    found = surface.commands()
    return {
        "man/roamrc.1": manual.page(found),
        "completion/roamrc.bash": completion.bash(found),
        "completion/_roamrc": completion.zsh(found),
        "completion/roamrc.fish": completion.fish(found),
    }


def write(folder: Path) -> list[Path]:
    """Writes those that differ from what lies in a folder; returns them."""
    written = []
    for name, text in files().items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            written.append(path)
    return written


if __name__ == "__main__":
    for made in write(Path(__file__).resolve().parent.parent.parent / "share"):
        print(f"wrote {made}")

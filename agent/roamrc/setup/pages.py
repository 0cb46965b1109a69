"""The manual page and the completions, where man and the shells look: linked by `install`, taken away by `uninstall`. Floor 3.

pip --user and a new pipx put them there; uv tool, an old pipx and a plain venv leave them in an environment that nobody searches.
Which links are ours is remembered: pipx's own look the same.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import RoamError
from ..memory.state import State
from ..services.files import prune, tilde
from ..system import System

NAME = "pages.json"
PAGES = (
    "man/man1/roamrc.1",
    "bash-completion/completions/roamrc",
    "zsh/site-functions/_roamrc",
    "fish/vendor_completions.d/roamrc.fish",
)
"""Below share/ of the environment (pyproject.toml, shared-data), and below the user's data folder."""


def missing(system: System, prefix: str = sys.prefix) -> list[tuple[str, str]]:
    """(source, place) of each page that this environment has and that is not at its place yet. What stands at a place stays,
    unless it is a link that leads nowhere."""
    if prefix == sys.base_prefix:  # the system's own share/ is searched
        return []
    found = []
    for page in PAGES:
        source, place = f"{prefix}/share/{page}", f"{data(system)}/{page}"
        if os.path.isfile(source) and not os.path.exists(place):
            found.append((source, place))
    return found


def data(system: System) -> str:
    """The user's data folder (XDG Base Directory)."""
    own = system.env.get("XDG_DATA_HOME", "")
    return own if own.startswith("/") else f"{system.home}/.local/share"


def link(system: System, state: State, prefix: str = sys.prefix) -> list[str]:
    """Links what is missing; a sentence where anything was done. A folder that can't be written is no reason to fail: the agent
    needs no manual."""
    made = []
    for source, place in missing(system, prefix):
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if os.path.islink(place):
                os.unlink(place)
            os.symlink(source, place)
            made.append(place)
    if not made:
        return []
    state.save(NAME, {"links": sorted({*_ours(state), *made})})
    return [f"linked the manual page and the completions into {tilde(system, data(system))}"]


def unlink(system: System, state: State) -> list[str]:
    """Takes the links away that `link` made, and folders that are empty then; what is no link any more stays."""
    gone = []
    for place in _ours(state):
        with contextlib.suppress(OSError):
            if os.path.islink(place):
                os.unlink(place)
                gone.append(place)
        folder = Path(place).parent
        prune(folder, folder.parent)
    return [f"removed the manual page and the completions from {tilde(system, data(system))}"] if gone else []


def _ours(state: State) -> Iterator[str]:
    try:
        links = (state.load(NAME) or {}).get("links")
    except RoamError:
        return
    for place in links if isinstance(links, list) else ():
        if isinstance(place, str) and place.startswith("/") and place.endswith(PAGES):
            yield place

"""the profile's name, for a shell prompt

One stored file is read and nothing is looked at, so that it can run before each line you type. Prints nothing where no profile
has been applied yet.

    PS1='$(roamrc prompt) \\$ '     in ~/.bashrc (in zsh with setopt prompt_subst)

In starship.toml: [custom.roamrc] with command = "roamrc prompt" and when = true.

Exit codes: 0 always, unless the stored file is a newer roamrc's or may not be read (4).
"""

from __future__ import annotations

from .. import show
from ..memory import glance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(args: Any) -> int:
    found = glance.stored(glance.state()) or {}
    name = found.get("profile")
    if args.json:
        from ..terminal import out

        out.as_json({"profile": name, "action": found.get("action")})
    elif isinstance(name, str):
        print(show.line(name, 64))
    return 0

"""Where the user's folders and npm's file are, as texts: the rules behind places.py for who can't afford its imports. Floor 1.

A shell prompt asks for one of these at each line; pathlib alone would cost it half a bare Python.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing costs as much as Python itself; a type checker takes the name for its own
if TYPE_CHECKING:
    from collections.abc import Mapping


def config(env: Mapping[str, str], home: str) -> str:
    """The folder of profiles/ and config.yaml: ROAMRC_CONFIG_HOME, then XDG_CONFIG_HOME/roamrc, then ~/.config/roamrc."""
    return _own(env, home, "CONFIG", ".config")


def state(env: Mapping[str, str], home: str) -> str:
    """The folder of what roamrc remembers: ROAMRC_STATE_HOME, then XDG_STATE_HOME/roamrc, then ~/.local/state/roamrc."""
    return _own(env, home, "STATE", ".local/state")


def _own(env: Mapping[str, str], home: str, kind: str, usual: str) -> str:
    """Empty and relative values are ignored, as the XDG Base Directory specification asks for its own."""
    ours, xdg = env.get(f"ROAMRC_{kind}_HOME", ""), env.get(f"XDG_{kind}_HOME", "")
    if ours.startswith("/"):
        return ours
    return f"{(xdg if xdg.startswith('/') else _in(home, usual)).rstrip('/')}/roamrc"


def npm_file(env: Mapping[str, str], home: str) -> tuple[str, str]:
    """npm's user file as npm itself finds it, and by which means.

    NPM_CONFIG_USERCONFIG and npm_config_userconfig: of several the last in the order of the environment wins, as npm 10 and 11
    fold the case (measured; npm 6 to 9 and pnpm prefer lower case). Of their values `~/` is the home; empty is unset; relative
    means another file in each folder, so it is ignored.
    """
    found = _in(home, ".npmrc"), "~/.npmrc"
    for name, value in env.items():
        if name.lower() == "npm_config_userconfig":
            path = _in(home, value[2:]) if value.startswith("~/") else value
            if path.startswith("/"):
                found = path, f"${name}"
    return found


def _in(home: str, name: str) -> str:
    return f"{home.rstrip('/')}/{name}"

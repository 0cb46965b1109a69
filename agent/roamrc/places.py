"""Where things are: the user's folders and npm's file, from the environment and the home. Floor 2; the rules are in folders.py.

Empty and relative values are ignored, as the XDG Base Directory specification asks for its own: a relative one would mean another
folder in each terminal, and the service starts in /.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from . import folders
from .slotted import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """`config` holds `profiles` and `config_file`; `npmrc_from` says in words why npm's file is this one."""

    config: Path
    profiles: Path
    config_file: Path
    state: Path
    npmrc: Path
    npmrc_from: str


def find(env: Mapping[str, str], home: Path, userconfig: Path | None = None) -> Places:
    """The places of this user; `userconfig` is npm.userconfig of config.yaml and goes before the environment.

    ROAMRC_CONFIG_HOME, then XDG_CONFIG_HOME/roamrc, then ~/.config/roamrc; the same with STATE and ~/.local/state/roamrc; macOS
    too.
    """
    config, state = Path(folders.config(env, str(home))), Path(folders.state(env, str(home)))
    npmrc, why = npm_file(env, home)
    if userconfig is not None:
        npmrc, why = userconfig, "npm.userconfig in config.yaml"
    return Places(config, config / "profiles", config / "config.yaml", state, npmrc, why)


def npm_file(env: Mapping[str, str], home: Path) -> tuple[Path, str]:
    """npm's user file as npm itself finds it, and by which means (folders.npm_file)."""
    path, why = folders.npm_file(env, str(home))
    return Path(path), why

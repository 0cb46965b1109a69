"""What the service starts, and with which environment: frozen at `install`, the same at every log-in. Floor 2."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import Refused
from ..places import Places
from ..system import System

PASSING = ("/uv/archive-v", "/uv/builds-v", "/pipx/.cache/", "/.cache/pipx/", "/Library/Caches/")
"""Parts of paths of environments that `uvx` and `pipx run` make for one command."""

USUAL = ("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
FLEETING = ("/tmp/", "/var/tmp/", "/run/", "/private/", "/var/folders/", "/dev/")  # noqa: S108 - compared, never used
"""Where shells put folders that are gone with the session (fnm's multishells, a nix shell's)."""

KEYRING = ("PYTHON_KEYRING_BACKEND", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
"""What decides which keyring is asked: `login set` in a shell and the agent must mean the same one."""


def program(argv: Sequence[str], executable: str) -> list[str]:
    """The agent's command with absolute paths that outlive an upgrade: the console script as it was called (a link of pipx, uv
    or brew stays one), else this Python with `-P -m roamrc` (-P: a folder called roamrc in the home is not meant). Raises Refused
    in an environment that was made for one command."""
    found = script(argv[0] if argv else "")
    command = [stable(found)] if found else [stable(executable), "-P", "-m", "roamrc"]
    if any(part in os.path.realpath(command[0]) or part in command[0] for part in PASSING):
        raise Refused(f"this roamrc stands in an environment made for one command: {command[0]!r}", "uv tool install roamrc")
    return [*command, "run"]


def script(argv0: str) -> str | None:
    """The console script that this process was started by, absolute; None where it was `python -m roamrc`."""
    if os.path.basename(argv0) != "roamrc":
        return None
    path = os.path.abspath(argv0)
    if "/" not in argv0:
        path = next((p for d in os.get_exec_path() if os.access(p := os.path.join(d, argv0), os.X_OK)), "")
    return path if path.startswith("/") and os.path.isfile(path) and os.access(path, os.X_OK) else None


def stable(path: str) -> str:
    """A path that brew's next upgrade leaves where it is: never …/Cellar/NAME/VERSION/…, where a link to it stands outside."""
    prefix, cellar, rest = path.partition("/Cellar/")
    parts = rest.split("/", 2)
    if not cellar or len(parts) < 3:
        return path
    links = (f"{prefix}/opt/{parts[0]}/{parts[2]}", f"{prefix}/bin/{os.path.basename(path)}")
    return next((p for p in links if os.access(p, os.X_OK)), path)


def environment(system: System, places: Places, account_home: str) -> dict[str, str]:
    """What the agent shall see: its folders as they are resolved here and now, a PATH for git and login commands, and HOME where
    it is not the account's."""
    env = {"ROAMRC_CONFIG_HOME": str(places.config), "ROAMRC_STATE_HOME": str(places.state), "PATH": search_path(system)}
    if os.path.realpath(system.home) != os.path.realpath(account_home):
        env["HOME"] = str(system.home)
    return {**env, **{k: v for k in KEYRING if (v := system.env.get(k, "")) and (v.startswith("/") or k == KEYRING[0])}}


def search_path(system: System) -> str:
    """This shell's PATH without what will not be there tomorrow or is anyone's to write: relative and missing folders, those of
    the session, of a project and of an activated environment; and the usual ones at the end."""
    named = [f.rstrip("/") for f in system.env.get("PATH", "").split(os.pathsep)]
    own = system.env.get("VIRTUAL_ENV", "")
    kept = [f for f in named if _lasting(f) and "node_modules" not in f and not (own and f.startswith(own.rstrip("/") + "/"))]
    return os.pathsep.join(dict.fromkeys([*kept, *(f for f in USUAL if os.path.isdir(f))]))


def _lasting(folder: str) -> bool:
    if not folder.startswith("/") or f"{folder}/".startswith(FLEETING) or not folder.isprintable():
        return False
    try:
        info = os.stat(folder)
    except OSError:
        return False
    return os.path.isdir(folder) and not info.st_mode & 0o002


def log(system: System) -> Path:
    """Where launchd sends what the agent prints; systemd has its journal."""
    return system.home / "Library/Logs/roamrc/agent.log"


def account_home() -> str:
    """The home that the account has, whatever HOME says: the service manager starts everything with this one."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a container's uid without an account
        return os.path.expanduser("~")

"""What `install` has frozen into the service: another shell's commands mean the same folders. Floor 2."""

from __future__ import annotations

from collections.abc import Mapping

from .. import places, services
from ..errors import Refused
from ..system import System
from . import files, unit

FOLDERS = ("ROAMRC_CONFIG_HOME", "ROAMRC_STATE_HOME")


def installed(system: System) -> tuple[System, str]:
    """The machine with the folders of the installed agent, where this shell names others; and a sentence that says so."""
    env = environment(system)
    there = System({**system.env, **{n: env[n] for n in FOLDERS if n in env}}, system.home, system.platform, system.root)
    here, agents = places.find(system.env, system.home), places.find(there.env, system.home)
    if (here.config, here.state) == (agents.config, agents.state):
        return system, ""
    shown = f"{files.tilde(system, agents.config)} and {files.tilde(system, agents.state)}"
    return there, f"note: the installed agent's folders are meant, {shown}"


def environment(system: System) -> Mapping[str, str]:
    """The environment of the installed service; empty where there is none that can be read."""
    path = next(
        (p for p in services.leftovers(system) if p.suffix in (".service", ".plist") and p.parent.name != "default.target.wants"),
        None,
    )
    try:
        data = files.read(path) if path else None
    except Refused:
        return {}
    if data is None or path is None:
        return {}
    if path.suffix == ".service":
        return unit.environment(data)
    import plistlib

    try:
        env = plistlib.loads(data)["EnvironmentVariables"]
        return {str(k): str(v) for k, v in env.items()}
    except Exception:  # expat's, plistlib's and the shape's errors have no base in common
        return {}

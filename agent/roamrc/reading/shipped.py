"""Finds what is shipped beside the code: the starter profiles and the LaunchAgent. Floor 2.

A wheel holds them in roamrc/shipped/, an editable install has them in the checkout's root. Plain paths: importlib.resources costs
30 ms on the command line's way and can't be handed to another program.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import Refused

NAMES = ("profiles", "launchd")


def folder(name: str, package: Path | None = None) -> Path:
    """The folder of shipped files called *name* (profiles or launchd); `package` is the folder of this package. Raises Refused
    where it is not there."""
    package = package or Path(__file__).resolve().parent.parent
    places = [package / "shipped" / name]
    if package.parent.name == "agent":
        places.append(package.parent.parent / name)
    for place in places:
        if name in NAMES and place.is_dir():
            return place
    raise Refused(f'the shipped folder "{name}" is not there', "pip install --force-reinstall roamrc")

"""Machines that stand in a folder: a root, a home, and programs that a test wrote."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import fake_launchctl
from roamrc import services
from roamrc.services import launchd
from roamrc.system import System

PROGRAM = [sys.executable, "-m", "roamrc", "run"]
FAKE = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -IS {shlex.quote(fake_launchctl.__file__)} "$@"\n'


def machine(tmp_path: Path, platform: str = "linux", **programs: str) -> System:
    """A System below tmp_path whose /bin has these shell scripts."""
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True, exist_ok=True)
    (tmp_path / "home").mkdir(exist_ok=True)
    for name, script in programs.items():
        (root / "bin" / name).write_text(script)
        (root / "bin" / name).chmod(0o755)
    return System(env={"PATH": str(root / "bin")}, home=tmp_path / "home", platform=platform, root=str(root))


class Mac:
    """A Mac with a fake launchctl; `pauses` are the seconds that were waited for, without waiting."""

    def __init__(self, tmp_path: Path, **start: Any) -> None:
        system = machine(tmp_path, "darwin", launchctl=FAKE)
        self.file = tmp_path / "launchd.json"
        self.file.write_text(json.dumps({**fake_launchctl.START, **start}))
        self.system = System({**system.env, "FAKE_LAUNCHD": str(self.file)}, system.home, "darwin", system.root)
        self.log = system.home / "Library/Logs/roamrc/agent.log"
        self.plist = system.home / "Library/LaunchAgents/dev.roamrc.agent.plist"
        self.pauses: list[float] = []

    @property
    def launchd(self) -> launchd.Launchd:
        found = services.find(self.system)
        assert isinstance(found, launchd.Launchd), found
        return found

    def install(self, program: list[str] = PROGRAM) -> list[str]:
        return self.launchd.install(program, {"PATH": "/usr/bin:/bin"}, self.log, pause=self.pauses.append)

    def uninstall(self) -> list[str]:
        return self.launchd.uninstall(pause=self.pauses.append)

    def set(self, **change: Any) -> None:
        self.file.write_text(json.dumps({**json.loads(self.file.read_text()), **change}))

    def calls(self) -> list[str]:
        """The calls that change something, since the last time."""
        calls: list[str] = json.loads(self.file.read_text())["calls"]
        self.set(calls=[])
        return [c for c in calls if not c.startswith("print")]

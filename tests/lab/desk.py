"""A user at a systemd box, who has roamrc: the service is driven as the command line drives it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import roamrc
from roamrc.services.systemd import UNIT

from .systemd_box import Box

HERE = Path(__file__).parent
STANDIN = [sys.executable, str(HERE / "standin.py")]
SHARED = {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix), str(HERE), str(Path(roamrc.__file__).parent)}


class Desk(Box):
    """A box with a user at it who has roamrc."""

    def call(self, do: str, shell: str = "", **todo: Any) -> dict[str, Any]:
        command = f"{shell} {shlex.join([sys.executable, str(HERE / 'service_driver.py')])}"
        run = self.exec(command, input=json.dumps({"do": do, **todo}), timeout=90)
        assert run.returncode == 0, run.stderr
        result: dict[str, Any] = json.loads(run.stdout)
        return result

    def install(self, *arguments: str, **todo: Any) -> dict[str, Any]:
        return self.call("install", program=[*STANDIN, *arguments], **todo)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.call("state")["state"]
        return state

    def show(self, prop: str) -> str:
        return self.exec(f"systemctl --user show -p {prop} --value {UNIT}").stdout.strip()

    def seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = json.loads(self.exec("cat seen.json").stdout)
        return seen

    def files(self) -> str:
        return self.exec("find . -printf '%P %y %l\n' | sort").stdout

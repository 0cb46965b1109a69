"""The service as the command line will drive it, one call as JSON on standard input, its result as JSON: for a user in a systemd
box.

{"do": "install", "program": [...], "env": {...}, "linger": false} -> {"name", "said"} or {"refused", "hint"}; also uninstall,
state, advice.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from roamrc import services
from roamrc.errors import RoamError
from roamrc.model import Hidden
from roamrc.slotted import asdict
from roamrc.system import System


def call(todo: dict[str, Any]) -> dict[str, Any]:
    system, program, env, log = System(), todo.get("program", []), todo.get("env", {}), Path("/dev/null")
    if todo["do"] == "advice":
        return {"said": [list(asdict(a).values())[1:] for a in services.advice(system, program, env, log)]}
    service = services.find(system)
    if isinstance(service, Hidden):
        return {"hidden": service.why}
    if todo["do"] == "install":
        return {"name": service.name, "said": service.install(program, env, log, linger=todo.get("linger", False))}
    if todo["do"] == "uninstall":
        return {"said": service.uninstall()}
    return {"state": asdict(service.state())}


if __name__ == "__main__":
    try:
        result = call(json.load(sys.stdin))
    except RoamError as e:
        result = {"refused": e.sentence, "hint": e.hint}
    json.dump(result, sys.stdout)

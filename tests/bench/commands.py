"""The command line against a bare Python and its neighbours; every command in turn, so that all of them have the same machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from .figures import spread

BARE = "python -c pass"
PROFILE = "when: {when}\npriority: {n}\napply: {{proxy: 'http://{name}.corp.test:3128'}}\n"


def commands(home: str) -> dict[str, list[str]]:
    """Name → argv; the user's file is ready for each of them. `use` is asked for the other profile each time: it writes."""
    script = os.path.join(os.path.dirname(sys.executable), "roamrc")
    roamrc = [script] if os.path.exists(script) else [sys.executable, "-m", "roamrc"]
    found = {
        BARE: [sys.executable, "-c", "pass"],
        **{name: [*roamrc, *name.split()] for name in ("prompt", "status", "--help", "apply", "use one", "use two")},
        "git config --get": ["git", "config", "--get", "user.name"],
        "npm config get": ["npm", "config", "get", "registry"],
    }
    return {k: v for k, v in found.items() if shutil.which(v[0])}


def run(runs: int) -> dict[str, Any]:
    """{command: spread of milliseconds}, with `ratio` to a bare Python's median; `use` is both directions, `apply` changes
    nothing."""
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "npm_config_update_notifier": "false"}
        os.makedirs(f"{home}/.config/roamrc/profiles")
        for n, name in enumerate(("one", "two")):
            path = f"{home}/.config/roamrc/profiles/{name}.yaml"
            with open(path, "w") as f:
                f.write(PROFILE.format(when="anywhere" if n else "[]", n=n, name=name))
            os.utime(path, (1e9, 1e9))
        times: dict[str, list[float | None]] = {}
        for turn in range(runs + 1):
            for name, argv in commands(home).items():
                took = timed(argv, env)
                if turn:  # the first of all fills caches, and writes what is not there yet
                    times.setdefault(name.split()[0] if name.startswith("use") else name, []).append(took)
    found = {name: s for name, t in times.items() if (s := spread(t))}
    return {name: {**s.json(), "ratio": round(s.median / found[BARE].median, 2)} for name, s in found.items()}


def timed(argv: list[str], env: Mapping[str, str]) -> float:
    """Milliseconds from start to end of a process."""
    begin = time.perf_counter()
    subprocess.run(argv, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return (time.perf_counter() - begin) * 1e3

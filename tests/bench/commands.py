"""The command line against a bare Python and its neighbours; every command in turn, so that all of them have the same machine.
`use` and `apply` twice: alone, where they look at the network and write by themselves, and beside an agent, which does it for
them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from roamrc.memory import glance

from .figures import spread

BARE = "python -c pass"
PROFILE = "when: {when}\npriority: {n}\napply: {{proxy: 'http://{name}.corp.test:3128'}}\n"


def script() -> list[str]:
    """roamrc as it is typed."""
    path = os.path.join(os.path.dirname(sys.executable), "roamrc")
    return [path] if os.path.exists(path) else [sys.executable, "-m", "roamrc"]


def commands() -> dict[str, list[str]]:
    """Name → argv; the user's file is ready for each of them. `use` is asked for the other profile each time: it writes."""
    found = {
        BARE: [sys.executable, "-c", "pass"],
        **{name: [*script(), *name.split()] for name in ("prompt", "status", "--help", "apply", "use one", "use two")},
        "git config --get": ["git", "config", "--get", "user.name"],
        "npm config get": ["npm", "config", "get", "registry"],
    }
    return {k: v for k, v in found.items() if shutil.which(v[0])}


def beside() -> dict[str, list[str]]:
    """What is measured again while an agent lives."""
    return {k: v for k, v in commands().items() if k in (BARE, "apply") or k.startswith("use")}


def run(runs: int) -> dict[str, Any]:
    """{command: spread of milliseconds}, with `ratio` to a bare Python's median of the same turns; `use` is both directions,
    `apply` changes nothing."""
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "npm_config_update_notifier": "false"}
        os.makedirs(f"{home}/.config/roamrc/profiles")
        for n, name in enumerate(("one", "two")):
            path = f"{home}/.config/roamrc/profiles/{name}.yaml"
            with open(path, "w") as f:
                f.write(PROFILE.format(when="anywhere" if n else "[]", n=n, name=name))
            os.utime(path, (1e9, 1e9))
        found = _turns(commands(), env, runs)
        with _agent(home, env):
            with_agent = _turns(beside(), env, runs)
    return {**found, **{f"{name}, beside an agent": s for name, s in with_agent.items() if name != BARE}}


def _turns(argvs: Mapping[str, list[str]], env: Mapping[str, str], runs: int) -> dict[str, Any]:
    times: dict[str, list[float | None]] = {}
    for turn in range(runs + 1):
        for name, argv in argvs.items():
            took = timed(argv, env)
            if turn:  # the first of all fills caches, and writes what is not there yet
                times.setdefault(name.split()[0] if name.startswith("use") else name, []).append(took)
    found = {name: s for name, t in times.items() if (s := spread(t))}
    return {name: {**s.json(), "ratio": round(s.median / found[BARE].median, 2)} for name, s in found.items()}


@contextmanager
def _agent(home: str, env: Mapping[str, str]) -> Iterator[None]:
    """An agent in a network of its own, where it can try no proxy."""
    own = ["unshare", "-n"] if os.geteuid() == 0 else []
    with subprocess.Popen(
        [*own, *script(), "run"], env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        try:
            end = time.monotonic() + 20
            while not glance.agent_pid(f"{home}/.local/state/roamrc"):
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the agent does not run")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def timed(argv: list[str], env: Mapping[str, str]) -> float:
    """Milliseconds from start to end of a process."""
    begin = time.perf_counter()
    subprocess.run(argv, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return (time.perf_counter() - begin) * 1e3

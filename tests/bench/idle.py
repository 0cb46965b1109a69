"""Idle: what each of them costs a laptop on which nothing happens. All at the same time, side by side in the lab's laptop.

This very process runs the same Python: the pages of libpython that are never written are shared with it, as they are on a laptop
with any other program in Python, and count for RSS and not as private. A bare Python is measured in the same way for comparison.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from lab import Lab, until
from lab.agent import AgentProcess
from lab.spaces import Process, children

from . import proc
from .roam import HERE, OWN, PROFILES

PACKAGES = ("px-proxy", "pyroute2")


def scratch() -> tuple[str, str]:
    """A virtual environment with the rivals' packages, kept for the next run, and "" or why there is none."""
    folder = os.path.join(tempfile.gettempdir(), f"roamrc-bench-{sys.version_info[0]}.{sys.version_info[1]}")
    python = f"{folder}/bin/python"
    if not os.path.exists(f"{folder}/ready"):
        for argv in ([sys.executable, "-m", "venv", folder], [python, "-m", "pip", "install", "-q", *PACKAGES]):
            ran = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
            if ran.returncode:
                return "", f"{' '.join(PACKAGES)} can't be installed: {(ran.stderr.strip().splitlines() or ['?'])[-1]}"
        open(f"{folder}/ready", "w").close()
    return python, ""


@contextmanager
def quiet_folder() -> Iterator[None]:
    """The lab stands in a folder that nobody else uses: each file made in one above npm's wakes whoever follows that path, and
    /tmp is the machine's busiest."""
    before, quiet = tempfile.tempdir, [x for x in ("/srv", "/mnt", "/opt") if os.access(x, os.W_OK)]
    tempfile.tempdir = quiet[0] if quiet else before
    try:
        yield
    finally:
        tempfile.tempdir = before


def run(seconds: float, *, rivals: bool = True) -> dict[str, Any]:
    """{name: what it costs in `seconds`}; a rival that could not be had is {"skipped": why}."""
    found: dict[str, Any] = {}
    python, why = scratch() if rivals else ("", "")
    with quiet_folder(), Lab(proxy="python", tls=False) as lab:
        lab.npmrc(OWN)
        agent = AgentProcess(lab)
        script = os.path.join(os.path.dirname(sys.executable), "roamrc")  # as the service starts it
        agent.argv = [script, "run"] if os.path.exists(script) else agent.argv
        for name, text in PROFILES.items():
            agent.profile(name, text)
        lab.plug("home")  # where the office's proxy would be tried again and again
        lab.exec(f"kill $(cat {lab.state}/dhclient.pid)")  # its renewals would wake us, as they should
        with agent:
            bare = [sys.executable, "-c", "import signal; signal.pause()"]
            pids = {"roamrc": agent.pid, "a bare Python": _pid(_started(lab, bare))}
            if rivals:
                for name, argv in {
                    "asyncio + pyroute2 skeleton": [python, str(HERE / "rivals/skeleton.py")],
                    "px-proxy": [python, "-m", "px", "--port=3199", "--proxy=10.10.0.1:3128", "--workers=1"],
                }.items():
                    if why:
                        found[name] = {"skipped": why}
                    else:
                        pids[name] = _pid(_started(lab, argv))
            restless = []
            for name, pid in pids.items():
                with suppress(OSError):
                    restless += [] if proc.calm(pid) else [name]
            found |= _watch(pids, seconds)
            for name in restless:
                if name in found:
                    found[name]["never_calm"] = True
    return found


def _started(lab: Lab, argv: Sequence[str]) -> Process:
    log = open(f"{lab.state}/log/rival.log", "ab")  # noqa: SIM115 - the child's
    with log:
        return lab.popen(list(argv), stdout=log, stderr=log)


def _pid(p: Process) -> int:
    """The program's own pid, once it runs."""
    until(lambda: children(p.pid) and "python" in os.readlink(f"/proc/{children(p.pid)[0]}/exe"), 10, f"{p.args!r} runs")
    return children(p.pid)[0]


def _watch(pids: dict[str, int], seconds: float) -> dict[str, Any]:
    before = {}
    found: dict[str, Any] = {}
    for name, pid in pids.items():
        try:
            before[name] = proc.take(pid)
        except OSError:
            found[name] = {"skipped": "ended by itself, see rival.log"}
    time.sleep(seconds)
    for name, old in before.items():
        found[name] = proc.costs(old, proc.take(pids[name]), seconds)
    return found

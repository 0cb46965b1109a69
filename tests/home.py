"""A user's home with profiles and an .npmrc, and the command line as a process of its own in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OFFICE = """priority: 50
when: {dns_suffix: corp.example}
apply:
  proxy: http://proxy.corp.example:8080
  no_proxy: [corp.example]
because: the office lets nothing else out
"""
CAFE = "when: {ssid: Cafe*}\napply: {proxy: direct}\n"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Home:
    """`roamrc(…)` runs a command in it; `env` is what the shell adds to a bare environment."""

    path: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def npmrc(self) -> Path:
        return self.path / ".npmrc"

    @property
    def state(self) -> Path:
        return self.path / ".local/state/roamrc"

    def profile(self, name: str, text: str) -> Path:
        folder = self.path / ".config/roamrc/profiles"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(text)
        return folder / f"{name}.yaml"

    def settings(self, text: str) -> None:
        (self.path / ".config/roamrc").mkdir(parents=True, exist_ok=True)
        (self.path / ".config/roamrc/config.yaml").write_text(text)

    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.env}

    def roamrc(self, *argv: str, stdin: str = "", **more: str) -> Ran:
        p = subprocess.run(
            [sys.executable, "-m", "roamrc", *argv],
            input=stdin.encode(),
            capture_output=True,
            env={**self.environment(), **more},
            timeout=60,
            check=False,
        )
        return Ran(p.returncode, p.stdout.decode(errors="surrogateescape"), p.stderr.decode(errors="surrogateescape"))

    @contextmanager
    def agent(self, *argv: str) -> Iterator[subprocess.Popen[str]]:
        """A real agent that watches this machine's network (it only reads it), up when the body runs."""
        p = subprocess.Popen(
            [sys.executable, "-m", "roamrc", "run", *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(),
        )
        try:
            wait(lambda: p.poll() is not None or (self.state / "status.json").exists(), "the agent's first look")
            assert p.poll() is None, p.communicate()[0]
            yield p
        finally:
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
            p.communicate(timeout=20)


def wait(condition: Callable[[], object], what: str, limit: float = 30.0) -> None:
    """Until it holds; fails after `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"waited {limit:g} s for {what}"
        time.sleep(0.02)

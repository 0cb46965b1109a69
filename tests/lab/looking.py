"""The facts as the laptop's own reader gives them, look after look with one memory, as the agent does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, Self

from .lab import Lab
from .spaces import HERE, Process
from .wait import until

Facts = dict[str, Any]


class Looking:
    """A context manager: observer.py on the laptop."""

    def __init__(self, lab: Lab, env: Mapping[str, str] | None = None) -> None:
        self.lab, self.env = lab, env
        self.process: Process | None = None

    def __enter__(self) -> Self:
        self.process = self.lab.popen(
            [sys.executable, f"{HERE}/observer.py"],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.lab.wait_line(self.process, "observer")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            assert self.process.stdin
            assert self.process.stdout
            self.process.stdin.close()
            self.process.wait(10)
            self.process.stdout.close()

    def look(self, patience: float = 0.0) -> Facts:
        """The facts of one look; Hidden is "?why", `took` its seconds."""
        assert self.process
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{patience}\n")
        self.process.stdin.flush()
        facts: Facts = json.loads(self.process.stdout.readline())
        return facts

    def until(self, holds: Callable[[Facts], object], limit: float = 10, patience: float = 0.0) -> Facts:
        """The facts of the first look of which this is true; AssertionError with the last ones after `limit` s."""
        last: list[Facts] = []

        def seen() -> object:
            last[:] = [self.look(patience)]
            return holds(last[0])

        try:
            until(seen, limit, every=0.02)
        except AssertionError as e:
            raise AssertionError(f"{e}: {last}") from None
        return last[0]

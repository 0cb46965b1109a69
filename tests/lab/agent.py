"""The real agent on the lab's laptop, and roamrc's commands beside it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .lab import Lab
from .spaces import LabError, Process
from .wait import until


@dataclass(frozen=True)
class Ran:
    """A command's end: exit code, text, and its output read as JSON (None where it is none)."""

    code: int
    out: str
    err: str
    json: Any = field(default=None, repr=False)


class AgentProcess:
    """`roamrc run` in the laptop, with the laptop's environment; as a context manager from ready to SIGTERM.

    Ready is what the service manager is told (READY=1 on NOTIFY_SOCKET), so the tests wait for the same word as systemd does.
    """

    def __init__(self, lab: Lab, env: Mapping[str, str] | None = None) -> None:
        self.lab, self.env = lab, dict(env or {})
        self.config = f"{lab.home}/.config/roamrc"
        self.state = f"{lab.home}/.local/state/roamrc"
        self.npmrc = f"{lab.home}/.npmrc"
        self.log_file = f"{lab.state}/log/agent.log"
        self.ready_after = 0.0
        self.argv = [sys.executable, "-m", "roamrc", "run"]
        self._process: Process | None = None
        open(self.log_file, "wb").close()

    # ---- what stands in the home -----------------------------------------------------
    def profile(self, name: str, text: str) -> None:
        """Write profiles/NAME.yaml as an editor would, whole."""
        os.makedirs(f"{self.config}/profiles", exist_ok=True)
        path = f"{self.config}/profiles/{name}.yaml"
        with open(f"{path}.new", "w") as f:
            f.write(text)
        os.replace(f"{path}.new", path)

    def secret(self, name: str, text: str) -> str:
        """A file of mode 0600 in the home; the reference that a profile names it by."""
        path = f"{self.lab.home}/{name}"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(text)
        return f"file:{path}"

    def read(self) -> str:
        """npm's file, "" where there is none."""
        try:
            with open(self.npmrc, encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def keys(self) -> dict[str, str]:
        """The plain `key=value` lines of npm's file."""
        lines = [x.partition("=") for x in self.read().splitlines() if "=" in x and not x.startswith(("#", ";"))]
        return {k.strip(): v.strip() for k, _, v in lines}

    def wait_npmrc(self, holds: Callable[[dict[str, str]], object], timeout: float = 5.0, what: str = "") -> float:
        """Seconds until npm's keys are as wanted; AssertionError with the file and the agent's log after `timeout`."""
        begin = time.monotonic()
        try:
            return until(lambda: holds(self.keys()), timeout)
        except AssertionError:
            took = time.monotonic() - begin
            raise AssertionError(f"{what or 'npm file'} not within {took:.1f} s:\n{self.read()}\nagent:\n{self.log()}") from None

    # ---- the process -----------------------------------------------------------------
    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout: float = 10) -> None:
        """Start it and wait until it says that it is ready; LabError with its log where it ends or stays silent."""
        path = f"{self.lab.state}/notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as said:
            if os.path.exists(path):
                os.unlink(path)
            said.bind(path)
            said.settimeout(0.05)
            begin = time.monotonic()
            with open(self.log_file, "ab") as log:
                self._process = self.lab.popen(self.argv, env={**self.env, "NOTIFY_SOCKET": path}, stdout=log, stderr=log)
            while not self._ready(said):
                if self._process.poll() is not None or time.monotonic() - begin > timeout:
                    self.stop()
                    raise LabError(f"the agent is not ready:\n{self.log()}")
            self.ready_after = time.monotonic() - begin

    @staticmethod
    def _ready(said: socket.socket) -> bool:
        try:
            return "READY=1" in said.recv(4096).decode().splitlines()
        except TimeoutError:
            return False

    def stop(self, sig: int = signal.SIGTERM) -> int | None:
        """End it and wait for its end; its exit code (None where none runs)."""
        if not self._process:
            return None
        code = self.lab.stop(self._process, sig)
        self._process = None
        return code

    @property
    def pid(self) -> int:
        """Its pid as the host numbers it (for /proc)."""
        if not self._process:
            raise LabError("no agent runs")
        return self.lab.pid(self._process)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        return self.lab.log("agent", 6000)

    # ---- commands --------------------------------------------------------------------
    def cli(self, *args: str, input: str | None = None, env: Mapping[str, str] | None = None, timeout: float = 30) -> Ran:
        """`roamrc ARGS…` as the laptop's user types it."""
        argv = [sys.executable, "-m", "roamrc", *args]
        r = self.lab.exec(argv, env={**self.env, **(env or {})}, input=input, timeout=timeout)
        try:
            parsed = json.loads(r.stdout)
        except ValueError:
            parsed = None
        return Ran(r.returncode, r.stdout, r.stderr, parsed)

"""configd's news from a `scutil` child that watches a few keys: where notify does not answer. Floor 2."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Callable, Mapping

from .notify_darwin import nothing

COMMANDS = b"""\
show State:/Network/Global/IPv4
n.add State:/Network/Global/IPv4
n.add State:/Network/Global/IPv6
n.add State:/Network/Global/DNS
n.add State:/Network/Interface/[^/]+/(Link|AirPort) pattern
n.watch
"""
"""`show` comes first because it always answers, be it "No such key": the self-test. AirPort tells of a roam that keeps the
address."""

PATIENCE_MS = 3000


class Watch:
    """Wakes with "network" whenever the child prints. Its standard input stays open: at its end scutil leaves, so it can't
    outlive the agent.

    Raises OSError where the child can't be started or does not answer its first command, and in `drain` once it has died.
    """

    name = "scutil"
    every = None

    def __init__(self, program: str, env: Mapping[str, str], seen: Callable[[], None] = nothing) -> None:
        import subprocess

        self._seen = seen
        self._child = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(env), bufsize=0
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._in, self._out = self._child.stdin, self._child.stdout
        try:
            os.set_blocking(self._out.fileno(), False)
            self._in.write(COMMANDS)
            poll = select.poll()
            poll.register(self._out.fileno(), select.POLLIN)
            if not poll.poll(PATIENCE_MS):
                raise OSError(errno.ETIMEDOUT, f"{program}: no answer")
            self._read()
        except OSError:
            self.close()
            raise

    def _read(self) -> bool:
        found = False
        while True:
            more = self._out.read(1 << 16)
            if more is None:
                return found
            if not more:
                raise OSError(errno.EPIPE, "scutil: the child has ended")
            found = True

    def fileno(self) -> int:
        return -1 if self._out.closed else self._out.fileno()

    def drain(self) -> str | None:
        found = self._read()
        self._seen()
        return "network" if found else None

    def close(self) -> None:
        import contextlib
        import subprocess

        with contextlib.suppress(OSError):
            self._in.close()
        self._out.close()
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(1.0)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

"""A short-lived child of this very package: asked over stdin, it answers over stdout; outlives neither its limit nor us. Floor
2.

What may hang (a keyring that asks on the screen, a name server, a proxy) must not hang the agent, and a thread can't be
stopped: a child can. What may be secret goes through the pipes: argv and environment of a process are shown to others by ps
and /proc.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping

from ..model import Hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from typing import IO

SPARE = 0.5  # seconds beyond the child's own alarm: it ends by itself, so that its pipe wakes the agent and no timer is needed
LARGEST = 1 << 20
BOOT = (
    "import sys; sys.path.append(sys.argv[1]); from importlib import import_module as i; "
    "i('roamrc.children.child').serve(i('roamrc.children.' + sys.argv[2]).answer, float(sys.argv[3]))"
)
"""-m would not find the package under -I where it was installed with `pip --user`, or runs from a checkout: so its folder is
named."""


def minimal(env: Mapping[str, str], more: tuple[str, ...] = ()) -> dict[str, str]:
    """The few variables of *env* that a child needs: what else a shell exports is often a secret, or a proxy."""
    return {**{k: env[k] for k in ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", *more) if k in env}, "LC_ALL": "C"}


class Child:
    """`children.NOUN.answer(request)` in a process of its own: `poll` after `fileno` became readable, `close` at the end.

    *request* and the answer are anything that JSON can hold; *limit* is in seconds. `site`: the child sees installed packages.
    """

    __slots__ = ("_answer", "_buffer", "_deadline", "_limit", "_pipe", "_process")

    def __init__(self, noun: str, request: object, env: Mapping[str, str], limit: float, *, site: bool = False) -> None:
        import subprocess

        self._answer: object = None
        self._buffer, self._limit = bytearray(), limit
        self._deadline = time.monotonic() + limit + SPARE
        self._process: subprocess.Popen[bytes] | None = None
        folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        argv = [sys.executable, *(("-P",) if site else ("-I", "-S")), "-c", BOOT, folder, noun, f"{limit:g}"]
        try:
            # a session of its own: what it starts can be ended with it, and no terminal is there to be asked on
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(env),
                cwd="/",
                start_new_session=True,
                bufsize=0,
            )
        except OSError as e:
            read, write = os.pipe()  # at its end at once: who waits for it is woken
            os.close(write)
            self._pipe: IO[bytes] = os.fdopen(read, "rb", 0)
            self._answer = Hidden(f"no child could be started: {os.strerror(e.errno or 0)}")
            return
        assert self._process.stdin
        assert self._process.stdout
        self._pipe = self._process.stdout
        os.set_blocking(self._pipe.fileno(), False)
        self._send(self._process.stdin.fileno(), request)

    def fileno(self) -> int:
        """Readable when `poll` has something to do; also where the child could not be started."""
        return self._pipe.fileno()

    def poll(self) -> object:
        """The answer, Hidden(why) where there will be none, or None as long as it may still come; never waits."""
        while self._answer is None:
            try:
                chunk = os.read(self._pipe.fileno(), 1 << 16)
            except BlockingIOError:
                if time.monotonic() <= self._deadline:
                    return None
                self._end(self._silence())
                break
            self._buffer += chunk
            if not chunk:
                self._end(self._parsed())
            elif len(self._buffer) > LARGEST:
                self._end(Hidden("the child says too much"))
        return self._answer

    def wait(self) -> object:
        """As `poll`, and waits for the end: an answer or Hidden(why), at most half a second beyond the limit."""
        import select

        poller = select.poll()
        poller.register(self._pipe, select.POLLIN)
        try:
            while (answer := self.poll()) is None:
                poller.poll(max(0.0, self._deadline - time.monotonic()) * 1000 + 10)
            return answer
        finally:
            self.close()

    def close(self) -> None:
        """Ends the child with all that it started, if it still runs. Twice is harmless."""
        self._end(Hidden("closed"))
        self._pipe.close()

    def _send(self, fd: int, request: object) -> None:
        import json
        import select

        text = json.dumps(request).encode() + b"\n"
        os.set_blocking(fd, False)
        poller = select.poll()
        poller.register(fd, select.POLLOUT)
        with contextlib.suppress(BrokenPipeError):
            while text and time.monotonic() < self._deadline:
                try:
                    text = text[os.write(fd, text) :]
                except BlockingIOError:  # more than a pipe holds: 64 KB
                    poller.poll(100)
        # stdin stays open: its end tells the child that we are gone

    def _parsed(self) -> object:
        import json
        import signal

        if self._buffer.endswith(b"\n"):
            # a JSONDecodeError carries the whole text, so it ends here
            with contextlib.suppress(ValueError):
                return json.loads(self._buffer)
        self._kill()
        assert self._process
        return self._silence() if self._process.wait() == -signal.SIGALRM else Hidden("the child ended without an answer")

    def _silence(self) -> Hidden:
        return Hidden(f"no answer in {self._limit:g} s")

    def _end(self, answer: object) -> None:
        if self._answer is None:
            self._answer = answer
        self._buffer.clear()
        if self._process and self._process.stdin and not self._process.stdin.closed:
            self._kill()
            self._process.wait()
            self._process.stdin.close()  # the other pipe stays until `close`: the agent may have its number in a poll set

    def _kill(self) -> None:
        import signal

        assert self._process
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def serve(answer: Callable[[object], object], limit: float) -> None:
    """The child's side: one request, one answer, and the end; also when *limit* (seconds) is over, or nobody listens any
    more."""
    import json
    import signal
    import threading

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, limit)
    out, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # a library that prints would break the answer
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_alone, daemon=True).start()
    try:
        said = answer(json.loads(line))
    except Exception as e:  # its text may hold the secret: the type alone
        said = {"fault": "bug", "detail": type(e).__name__}
    text = json.dumps(said).encode() + b"\n"
    while text:
        text = text[os.write(out, text) :]
    os._exit(0)


def _alone() -> None:
    """Ends this process and all that it started when stdin ends: the parent is dead, or waits no longer."""
    import signal

    with contextlib.suppress(OSError, ValueError):
        sys.stdin.buffer.read()
    if os.getpgrp() == os.getpid():  # started by hand the group would be the shell's
        os.kill(0, signal.SIGKILL)
    os._exit(1)

"""A package that was upgraded under the running agent: noticed by its version file, and the agent becomes the new one. Floor 3.

The process keeps its pid and the agent's lock: the kernel's lock belongs to the open file, which lives through exec (flock(2)),
so that no second agent can come in between, and the service manager sees no restart.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .. import __version__
from ..errors import RoamError
from ..memory.state import State
from ..model import Hidden
from ..services import command
from ..slotted import dataclass
from ..system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


NAME = "agent.json"
"""Who the living agent is; it counts only with the pid that holds the lock."""

Stamp = tuple[int, int, int]
LADDER = (1.0, 3.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds after which a version that can't be started is tried again."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """The agent that lives: its version and home ("" where it has not said so: an older one)."""

    pid: int
    release: str
    home: str


def tenant(state: State) -> Tenant | None:
    """Who holds the agent's lock, or None."""
    pid = state.agent_pid()
    if pid is None:
        return None
    told = state.load(NAME) or {}
    if told.get("pid") != pid:
        told = {}
    return Tenant(pid, str(told.get("release", "")), str(told.get("home", "")))


class Stopped(Exception):
    """The agent shall end."""


class Hold:
    """The agent's lock as long as it lives, `fd`."""

    __slots__ = ("fd", "state", "system")

    def __init__(self, state: State, system: System, fd: int) -> None:
        self.state, self.system, self.fd = state, system, fd

    def keep(self, tell: Callable[[str, None], None]) -> None:
        """Raises Stopped where another agent has the lock: two at one file undo each other's work. A state folder that was
        removed took the lock's file along, so that nobody could see the agent any more: it is taken anew."""
        try:
            if os.path.samestat(os.stat(self.state.path("agent.lock")), os.fstat(self.fd)):
                return
        except OSError:
            pass
        try:
            fd = self.state.agent_lock()
        except RoamError:  # the folder can't be made again: npm's file shall be right all the same
            return
        if fd is None:
            tell("another agent has taken over; this one ends", None)
            raise Stopped
        os.close(self.fd)
        self.fd = fd
        sign(self.state, self.system)


def hold(state: State, system: System, request: str) -> Hold | None:
    """The agent's lock, as an older version handed it over with this process, or new; None where another agent has it. Says who
    the agent is from now on. A new agent drops the file `request`: whoever left it waits no longer."""
    fd = inherited(state)
    if fd is None:
        fd = state.agent_lock()
        if fd is None:
            return None
        with contextlib.suppress(RoamError):
            state.discard(request)
    sign(state, system)
    return Hold(state, system, fd)


def sign(state: State, system: System) -> None:
    """Says who the agent is."""
    with contextlib.suppress(RoamError):  # on a full disk npm's file shall be right all the same
        state.save(NAME, {"pid": os.getpid(), "release": __version__, "home": str(system.home)})


def become(argv: Sequence[str], lock: int) -> NoReturn:
    """This process goes on as what `argv` starts, with the agent's lock. Raises OSError."""
    import signal

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # "look again" must not kill the new one before it listens
    os.set_inheritable(lock, True)
    os.execv(argv[0], tuple(argv))  # noqa: S606 - the very command that started this process


class Renewed(Exception):
    """The package is another one: this process shall become it, by the command `argv`."""

    def __init__(self, argv: Sequence[str]) -> None:
        super().__init__("another version is installed")
        self.argv = argv


class Renewal:
    """How this process was started, and the version file as it was then. `again`: when a new version that can't be started yet is
    tried once more (monotonic seconds)."""

    def __init__(self, system: System, argv: Sequence[str], file: str) -> None:
        self.system, self.argv, self.file = system, tuple(argv), file
        self.stamp = stamp(file)
        self.tried = self.stamp
        self.again: float | None = None
        self.rung = 0

    def changed(self) -> bool:
        """Whether the package is another one now, or gone."""
        return stamp(self.file) != self.stamp

    def due(self) -> list[float]:
        """When there is something to check though nothing stirs."""
        return [] if self.again is None else [self.again]

    def check(self, now: float, *, urgent: bool = False) -> None:
        """Raises Renewed where another version stands there and can be started; in the middle of an upgrade half of its files are
        missing, and it is tried again after 1, 3, 10, 30, 60 s, then every 5 min, and at once where that is `urgent`: whoever
        types a command after an upgrade means the new version."""
        found = stamp(self.file)
        if found == self.stamp:
            self.again, self.rung = None, 0
            return
        if found != self.tried:  # an upgrade goes on: the file went, and now it is there
            self.again, self.rung, self.tried = None, 0, found
        if urgent or self.again is None or now >= self.again:
            ran = self.system.run([*self.argv, "--help"], timeout=10.0)
            if not isinstance(ran, Hidden) and ran.code == 0:
                raise Renewed(self.argv)
            self.again = now + LADDER[min(self.rung, len(LADDER) - 1)]
            self.rung += 1

    @contextlib.contextmanager
    def torn(self) -> Iterator[None]:
        """An import that fails because the package is being replaced is no bug: the new version is waited for."""
        try:
            yield
        except ImportError:
            if not self.changed():
                raise
            self.again = self.again or self.system.monotonic() + LADDER[0]


def watch(system: System) -> Renewal:
    """To be called once, as early as can be."""
    file = str(Path(__file__).parent.with_name("__init__.py"))
    return Renewal(system, started(sys.argv, sys.orig_argv), file)


def started(argv: Sequence[str], original: Sequence[str]) -> list[str]:
    """The command that starts this process anew. The console script by its stable path where there is one: its first line names
    the Python of the new version, which brew keeps elsewhere than the old one's."""
    found = command.script(argv[0] if argv else "")
    return [command.stable(found), *argv[1:]] if found else [sys.executable, *original[1:]]


def stamp(file: str) -> Stamp | None:
    """Inode, size and time of a file; None where it is not there."""
    try:
        info = os.stat(file)
    except OSError:
        return None
    return info.st_ino, info.st_size, info.st_mtime_ns


def inherited(state: State) -> int | None:
    """The agent's lock as an older version handed it over with this process, or None."""
    if state.agent_pid() != os.getpid():
        return None
    try:
        wanted = os.stat(state.path("agent.lock"), follow_symlinks=False)
        numbers = [int(n) for n in os.listdir("/dev/fd")]
    except (OSError, ValueError):
        return None
    for fd in sorted(numbers):
        try:
            same = fd > 2 and os.path.samestat(os.fstat(fd), wanted)
        except OSError:
            continue
        if same:
            os.set_inheritable(fd, False)
            return fd
    return None

"""Who starts the agent at log-in and brings it back: systemd's user manager, or launchd. Floor 2.

`find` picks the one of this machine, or says why there is none: then `roamrc run` in a terminal is the way. A service writes
exactly the files that `plan` shows, and `uninstall` leaves none of them behind. Another one is a module beside these and a line
in `find`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..memory import glance
from ..model import Advice, Hidden
from ..slotted import dataclass
from ..system import System
from .files import File, tilde

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, Protocol
else:
    Protocol = object

Pause = Callable[[float], None]
"""Waits so many seconds; a test hands in one that does not."""


@dataclass(frozen=True, slots=True)
class State:
    """What the service manager knows of the service. `enabled`: it will start at the next log-in. `failed`: the agent ended
    badly. `detail` is a few words for `status`."""

    installed: bool
    enabled: bool
    running: bool
    pid: int | None
    detail: str
    failed: bool = False


class Service(Protocol):
    """A service manager. `program` is the whole command with an absolute path first, `env` what the agent shall see and nothing
    else, `log` the file for its output where the manager keeps no journal of its own."""

    @property
    def name(self) -> str:
        """systemd or launchd."""

    def plan(self, program: Sequence[str], env: Mapping[str, str], log: Path, *, linger: bool = False) -> tuple[File, ...]:
        """The files that `install` writes. Touches nothing. Raises Refused where a path can't be written in the manager's
        syntax."""

    def install(
        self, program: Sequence[str], env: Mapping[str, str], log: Path, *, linger: bool = False, pause: Pause | None = None
    ) -> list[str]:
        """Write, switch on and start, or bring up to date; one sentence for each thing that was done (none: all was well). Raises
        Refused."""

    def uninstall(self, *, pause: Pause | None = None) -> list[str]:
        """Stop, switch off and remove; one sentence for each thing that was done (none: nothing was there). Raises Refused."""

    def state(self) -> State:
        """As the service manager sees it now."""

    def advice(self, program: Sequence[str] = (), env: Mapping[str, str] | None = None, log: Path | None = None) -> list[Advice]:
        """What `doctor` says. With `program`, `env` and `log` as `install` would give them it also tells a stale service."""


def find(system: System) -> Service | Hidden:
    """The service manager of this user's session, or Hidden("no service manager: why") in a container, over ssh, in WSL without
    systemd."""
    if system.platform == "darwin":
        from . import launchd

        return launchd.find(system)
    if system.platform == "linux":
        from . import systemd

        return systemd.find(system)
    return Hidden(f"no service manager: none is known for {system.platform}")


def advice(
    system: System, program: Sequence[str] = (), env: Mapping[str, str] | None = None, log: Path | None = None
) -> list[Advice]:
    """The service's part of `doctor`; a machine without a service manager is no fault."""
    service = find(system)
    if isinstance(service, Hidden):
        found = leftovers(system)
        if found:
            return [say("warn", f"{service.why}, but an install left {tilde(system, found[0])}", "roamrc uninstall")]
        return [say("skip", service.why, "roamrc run")]
    return service.advice(program, env, log)


def leftovers(system: System) -> tuple[Path, ...]:
    """The files that an install made, where the service manager itself can't be asked (ssh, container): removing them is enough,
    then."""
    paths = map(Path, glance.files(system.env, str(system.home), system.platform))
    return tuple(p for p in paths if os.path.lexists(p))


# -- what the services share


def say(result: Literal["ok", "warn", "fail", "skip"], message: str, hint: str = "") -> Advice:
    """An advice of the check "service"."""
    return Advice("service", result, message, hint)


def judge(
    system: System, state: State, *, start: str, log: str, stale: bool, program: str | None, wanted: str | None
) -> list[Advice]:
    """What can be said of any service by its state: `start` and `log` are the commands to type, `program` is what it starts and
    `wanted` what it should, `stale` that its files are not those that `install` would write now. The first fault is said, not
    each that follows from it."""
    if not state.installed:
        return [say("warn", "no service is installed: the agent does not start at log-in", "roamrc install")]
    if program and not os.access(program, os.X_OK):
        return [say("fail", f"the service starts {tilde(system, program)!r}, which is not there", "roamrc install")]
    if not state.enabled:
        return [say("warn", f"the service is switched off: {state.detail}", "roamrc install")]
    if not state.running:
        return [say("fail", f"the service does not run: {state.detail}", log if state.failed else start)]
    if program and wanted and os.path.abspath(program) != os.path.abspath(wanted):
        other = f"the service starts {tilde(system, program)!r}, not this {tilde(system, wanted)!r}"
        return [say("warn", other, "roamrc install")]
    if stale:
        return [say("warn", "the service is not as this version installs it", "roamrc install")]
    return [say("ok", state.detail)]


def tail(text: bytes, limit: int = 300) -> str:
    """The last line that a child printed, fit for a message: no control characters, not long."""
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return "".join(c if c.isprintable() else "?" for c in lines[-1].strip())[:limit] if lines else ""

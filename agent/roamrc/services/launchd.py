"""The agent as a macOS LaunchAgent: `dev.roamrc.agent`, started at log-in, back after a crash. Floor 2.

Not run on a Mac by us: the sequence and the exit codes are those of Apple's launchctl as users recorded them, and the tests hold
it to them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import Refused
from ..model import Advice, Hidden
from ..slotted import dataclass
from ..system import Ran, System
from . import Pause, State, judge, say, tail
from .files import File, prune, quoted, read, remove, tilde, which, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


LABEL = "dev.roamrc.agent"
NOT_LOADED = (3, 113)
"""launchctl bootout, kickstart: "No such process", "Could not find service"."""
GONE_SOON = 36
"""launchctl bootout: "Operation now in progress"; it is taken out, and not yet gone."""
IO_ERROR = 5
"""launchctl bootstrap: still loaded, draining, disabled, no desktop session, a bad plist or owner; all say "Input/output
error"."""
THERE_ALREADY = (17, 37)
"""launchctl bootstrap: "File exists", "Operation already in progress"."""
WRONG_DOMAIN = 125
"""launchctl: "Domain does not support specified action": no desktop session."""
TRIES = 3
STEP, LIMIT = 0.1, 5.0
"""Seconds between two looks, and until we give up: bootout is asynchronous, and an agent in the middle of a write takes its
time."""


@dataclass(frozen=True, slots=True)
class Launchd:
    """The desktop session `gui/UID` of a user; `template` is the plist as shipped."""

    system: System
    template: bytes
    uid: int
    launchctl: str = "/bin/launchctl"
    name: str = "launchd"

    @property
    def path(self) -> Path:
        return self.system.home / "Library/LaunchAgents" / f"{LABEL}.plist"

    @property
    def domain(self) -> str:
        return f"gui/{self.uid}"

    @property
    def target(self) -> str:
        return f"{self.domain}/{LABEL}"

    def plan(self, program: Sequence[str], env: Mapping[str, str], log: Path, *, linger: bool = False) -> tuple[File, ...]:
        """The one plist; its output goes to `log`; launchd knows no lingering. Raises Refused where a path can't stand in a
        plist."""
        import plistlib

        if not program or not program[0].startswith("/"):
            raise Refused(f"{' '.join(program)!r} has no absolute path to start", "command -v roamrc")
        agent: dict[str, Any] = plistlib.loads(self.template)
        agent["ProgramArguments"] = list(program)
        agent["EnvironmentVariables"] = dict(sorted(env.items()))
        agent["StandardOutPath"] = agent["StandardErrorPath"] = str(log)
        try:
            content = plistlib.dumps(agent, sort_keys=False)
        except ValueError:  # UnicodeEncodeError is one
            why = "a path or variable can't stand in a plist: it holds a control character or is not UTF-8"
            raise Refused(why, "roamrc run") from None
        return (File(self.path, content),)

    def install(
        self, program: Sequence[str], env: Mapping[str, str], log: Path, *, linger: bool = False, pause: Pause | None = None
    ) -> list[str]:
        """Write the plist where it differs, load it and look for its pid; one that is loaded, equal and running is left alone.
        Raises Refused with what launchd meant, as far as it can be told."""
        done = []
        pause = pause or sleep
        (file,) = self.plan(program, env, log)
        if write(file):
            done.append(f"wrote {tilde(self.system, file.path)}")
        elif self._pid() is not None and not self._disabled():
            return []
        self._prepare(log)
        self._take_out(pause)
        self._call("enable", self.target)
        self._bring_in(pause)
        if not wait(lambda: self._pid() is not None, pause, seconds=1.0):
            ran = self._call("kickstart", self.target)
            if ran.code:
                raise self._refused("kickstart", ran)
            if not wait(lambda: self._pid() is not None, pause):
                raise Refused(f"launchd took the agent, and it did not stay up: {self.state().detail}", f"tail {quoted(log)}")
        return [*done, f"loaded {LABEL}: it runs, and starts at log-in"]

    def uninstall(self, *, pause: Pause | None = None) -> list[str]:
        """Stop and unload the agent and remove its plist and log; where there is no desktop session the removal is enough."""
        done = []
        log = self._log()
        if self._take_out(pause or sleep):
            done.append(f"stopped {LABEL}")
        if remove(self.path):
            done.append(f"removed {tilde(self.system, self.path)}")
        logs = self.system.home / "Library/Logs"
        ours = log and log.is_relative_to(logs) and ".." not in log.parts and log.relative_to(logs).parts[0].startswith("roamrc")
        if log and ours and remove(log):
            prune(*([log.parent] if log.parent != logs else []))
            done.append(f"removed {tilde(self.system, log)}")
        return done

    def state(self) -> State:
        """As `launchctl print` has it."""
        ran = self._call("print", self.target)
        on_disk = os.path.lexists(self.path)
        disabled = self._disabled()
        if ran.code:
            detail = "switched off in Login Items" if disabled else "not loaded"
            return State(on_disk, on_disk and not disabled, False, None, detail)
        shown = printed(ran.out)
        pid = number(shown)
        status = shown.get("last exit code", "")
        failed = pid is None and status not in ("", "0", "(never exited)")
        detail = f"it failed (last exit code {status})" if failed else shown.get("state", "loaded")
        if disabled:
            detail = "switched off in Login Items"
        return State(on_disk, on_disk and not disabled, pid is not None, pid, detail, failed)

    def advice(self, program: Sequence[str] = (), env: Mapping[str, str] | None = None, log: Path | None = None) -> list[Advice]:
        """Switched off, failed, another program, a stale plist: the first that holds."""
        import plistlib

        now = self.state()
        if now.installed and self._disabled():
            cure = "System Settings > General > Login Items: allow roamrc in the background, then `roamrc install`"
            return [say("warn", f"{LABEL!r} is switched off: it does not start at log-in", cure)]
        content = read(self.path)
        starts, stale, kept = None, False, self._log() or Path("/dev/null")
        if content is not None:
            try:
                starts = str(plistlib.loads(content)["ProgramArguments"][0])
            except Exception:  # expat's, plistlib's and the shape's errors have no base in common
                return [say("fail", f"{tilde(self.system, self.path)} is no plist that launchd would take", "roamrc install")]
            stale = bool(program) and content != self.plan(program, env or {}, log or kept)[0].content
        return judge(
            self.system,
            now,
            start=f"launchctl kickstart {self.target}" if self._loaded() else "roamrc install",
            log=f"tail {quoted(kept)}",
            stale=stale,
            program=starts,
            wanted=program[0] if stale else None,
        )

    def _call(self, *words: str) -> Ran:
        ran = self.system.run([self.launchctl, *words], timeout=10.0)
        if isinstance(ran, Hidden):
            raise Refused(f"launchctl does not answer: {ran.why}", f"launchctl print {self.domain}")
        return ran

    def _pid(self) -> int | None:
        ran = self._call("print", self.target)
        return None if ran.code else number(printed(ran.out))

    def _loaded(self) -> bool:
        return self._call("print", self.target).code == 0

    def _disabled(self) -> bool:
        ran = self._call("print-disabled", self.domain)
        return ran.code == 0 and switched_off(ran.out)

    def _prepare(self, log: Path) -> None:
        """launchd makes no folder for a log, and the file would be readable by all."""
        try:
            os.makedirs(log.parent, exist_ok=True)
            os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        except OSError as e:
            raise Refused(f"{str(log)!r} can't be written: {os.strerror(e.errno or 0)}", f"ls -ld {quoted(log.parent)}") from None

    def _take_out(self, pause: Pause) -> bool:
        """Whether the agent was loaded; it is gone when this returns."""
        ran = self._call("bootout", self.target)
        if ran.code not in (0, GONE_SOON):
            if ran.code not in NOT_LOADED and self._loaded():
                raise self._refused("bootout", ran)
            return False
        if not wait(lambda: not self._loaded(), pause):
            raise Refused(f"launchd has not let go of {LABEL!r} after {LIMIT:g} s", f"launchctl print {self.target}")
        return True

    def _bring_in(self, pause: Pause) -> None:
        for attempt in range(TRIES):
            ran = self._call("bootstrap", self.domain, str(self.path))
            if ran.code == 0 or ran.code in THERE_ALREADY:
                return
            if ran.code != IO_ERROR:
                break
            if attempt < TRIES - 1:
                pause(1.0)
        raise self._refused("bootstrap", ran)

    def _refused(self, word: str, ran: Ran) -> Refused:
        """What launchd meant: its own words are the same for half a dozen faults."""
        if ran.code == WRONG_DOMAIN or self._call("print", self.domain).code:
            return Refused("no desktop session of yours is open: launchd starts agents only there", "roamrc run")
        if self._disabled():
            off = f"{LABEL!r} is switched off in System Settings > General > Login Items"
            return Refused(off, f"launchctl enable {self.target}")
        said = tail(b"\n".join(line for line in ran.err.splitlines() if b"Try re-running" not in line)) or f"exit code {ran.code}"
        return Refused(f"launchctl {word}: {said}", f"plutil -lint {quoted(self.path)}")

    def _log(self) -> Path | None:
        """The log that the installed plist names."""
        import plistlib

        try:
            return Path(plistlib.loads(read(self.path) or b"")["StandardErrorPath"])
        except Exception:  # expat's, plistlib's and the shape's errors have no base in common
            return None


def find(system: System) -> Launchd | Hidden:
    """The desktop session of this user; over ssh there is one only while the user is logged in at the screen."""
    from ..reading import shipped

    launchctl = which(system, "launchctl", "/bin")
    if not launchctl:
        return Hidden("no service manager: there is no launchctl")
    uid = os.getuid()
    ran = system.run([launchctl, "print", f"gui/{uid}"])
    if isinstance(ran, Hidden):
        return Hidden(f"no service manager: {ran.why}")
    if ran.code:
        return Hidden("no service manager: no desktop session of yours is open (ssh, sudo)")
    return Launchd(system, (shipped.folder("launchd") / f"{LABEL}.plist").read_bytes(), uid, launchctl)


def sleep(seconds: float) -> None:
    """The real pause."""
    import time

    time.sleep(seconds)


def wait(condition: Callable[[], bool], pause: Pause, seconds: float = LIMIT) -> bool:
    """Whether the condition held within the limit, looked at every STEP seconds."""
    for _ in range(round(seconds / STEP)):
        if condition():
            return True
        pause(STEP)
    return condition()


def printed(out: bytes) -> dict[str, str]:
    """The outer `key = value` lines of `launchctl print gui/UID/LABEL`: one tab deep. What lies deeper is the environment and the
    arguments, any text."""
    text = out.decode("utf-8", "replace").split("\n")
    lines = (line[1:] for line in text if line[:1] == "\t" and line[1:2] not in ("\t", " ", ""))
    return {key: value for key, mark, value in (line.partition(" = ") for line in lines) if mark and value != "{"}


def number(shown: Mapping[str, str]) -> int | None:
    """The pid that `printed` has, None where nothing runs."""
    pid = shown.get("pid", "")
    return int(pid) if pid.isascii() and pid.isdigit() else None


def switched_off(out: bytes) -> bool:
    """Whether `launchctl print-disabled gui/UID` names the agent: `"LABEL" => disabled`, and `=> true` up to macOS 12."""
    for line in out.decode("utf-8", "replace").split("\n"):
        name, mark, value = line.strip().partition(" => ")
        if mark and name == f'"{LABEL}"':
            return value in ("disabled", "true")
    return False

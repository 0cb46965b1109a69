"""The agent as a systemd user service: `roamrc.service`, started at log-in, back within a second after a crash. Floor 2."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import Refused
from ..model import Advice, Hidden
from ..probes import place_linux
from ..slotted import dataclass, replace
from ..system import Ran, System
from . import Pause, State, judge, say, tail, unit
from .files import File, prune, quoted, read, remove, tilde, which, write

UNIT = "roamrc.service"
LOG = f"journalctl --user -u {UNIT} -n 20"
START = f"systemctl --user start {UNIT}"
SLOW = 45.0
"""Seconds: a start waits for READY=1 (30 s at most), a stop for the agent's end (10 s)."""
SHOWN = (
    "LoadState,UnitFileState,ActiveState,SubState,Result,MainPID,NRestarts,StatusText,NeedDaemonReload,ExecStart,ExecMainStatus"
)


@dataclass(frozen=True, slots=True)
class Systemd:
    """The user manager that answers at `system`'s bus; its units of ours live in `folder`, its `version` is 252 for
    "252.39-1"."""

    system: System
    folder: Path
    version: int
    systemctl: str = "systemctl"
    name: str = "systemd"

    @property
    def path(self) -> Path:
        return self.folder / UNIT

    def plan(self, program: Sequence[str], env: Mapping[str, str], log: Path, *, linger: bool = False) -> tuple[File, ...]:
        """The one unit file; its output goes to the journal, so `log` is not used. Raises Refused where a path can't stand in a
        unit."""
        return (File(self.path, unit.text(program, env, self.version, linger=linger)),)

    def install(
        self, program: Sequence[str], env: Mapping[str, str], log: Path, *, linger: bool = False, pause: Pause | None = None
    ) -> list[str]:
        """Write the unit where it differs, enable it and (re)start it where that is needed. `linger`: start at boot, before
        log-in, and stay after log-out. Raises Refused where the unit is masked or the agent does not come up."""
        done = []
        before = self.shown()
        if before.get("LoadState") == "masked":
            raise Refused(f"{UNIT!r} is masked: someone forbade it to start", f"systemctl --user unmask {UNIT}")
        lingers = self._lingers()
        ours = unit.LINGER.encode() in (read(self.path) or b"")
        (file,) = self.plan(program, env, log, linger=ours or (linger and not lingers))
        if linger and not lingers:
            self._linger("enable-linger")
            done.append("switched lingering on: the agent starts at boot and stays after log-out")
        changed = write(file)
        if changed:
            done.append(f"wrote {tilde(self.system, file.path)}")
        if changed or before.get("NeedDaemonReload") == "yes" or before.get("LoadState") != "loaded":
            self._do("daemon-reload")
        if before.get("UnitFileState") != "enabled":
            self._do("enable", UNIT)
            done.append(f"enabled {UNIT}: it starts at log-in")
        if before.get("ActiveState") == "failed":
            self._do("reset-failed", UNIT)
        running = before.get("ActiveState") not in ("inactive", "failed")
        if changed and running:
            self._start("restart")
            done.append(f"restarted {UNIT}")
        elif not running:
            self._start("start")
            done.append(f"started {UNIT}")
        return done

    def uninstall(self, *, pause: Pause | None = None) -> list[str]:
        """Stop and disable the unit, remove its file and links, and forget its failures. A drop-in folder of the user's own
        stays, and is named."""
        done = []
        before = self.shown()
        if before.get("ActiveState") not in (None, "inactive", "failed"):
            self._do("stop", UNIT, timeout=SLOW)
            done.append(f"stopped {UNIT}")
        if before.get("LoadState") == "masked":
            return [*done, f"left {tilde(self.system, self.path)}: you masked it"]
        lingers = unit.LINGER.encode() in (read(self.path) or b"")
        if before.get("UnitFileState"):
            self._do("disable", UNIT)
        found = [remove(p) for p in (self.folder / "default.target.wants" / UNIT, self.path)]
        if any(found):
            done.append(f"removed {tilde(self.system, self.path)}")
        prune(self.folder / "default.target.wants", self.folder, self.folder.parent)
        self._run("daemon-reload")
        self._run("reset-failed", UNIT)  # it says "not loaded" where nothing had failed
        if lingers:
            self._linger("disable-linger")
            done.append("switched lingering off again")
        drop = self.folder / f"{UNIT}.d"
        if os.path.isdir(drop):
            done.append(f"left {tilde(self.system, drop)}: it is yours")
        return done

    def state(self) -> State:
        """As `systemctl --user show` has it: the status text is the agent's own."""
        return state(self.shown(), os.path.lexists(self.path))

    def advice(self, program: Sequence[str] = (), env: Mapping[str, str] | None = None, log: Path | None = None) -> list[Advice]:
        """Switched off, failed, another program, a stale unit: the first that holds."""
        shown = self.shown()
        now = state(shown, os.path.lexists(self.path))
        if shown.get("LoadState") == "masked":
            return [say("warn", f"{UNIT!r} is masked: it can't start", f"systemctl --user unmask {UNIT}")]
        if now.installed and shown.get("LoadState") == "bad-setting":
            return [say("fail", f"systemd can't read {tilde(self.system, self.path)}", "roamrc install")]
        content = read(self.path) or b""
        stale = False
        if program:
            linger = unit.LINGER.encode() in content
            stale = content != self.plan(program, env or {}, log or Path(), linger=linger)[0].content
        starts, wanted = started(shown.get("ExecStart", "")), program[0] if stale else None
        found = judge(self.system, now, start=START, log=LOG, stale=stale, program=starts, wanted=wanted)
        if now.installed and shown.get("NeedDaemonReload") == "yes":
            cure = "systemctl --user daemon-reload"
            found.append(say("warn", f"{UNIT!r} was changed on disk, systemd still uses the old one", cure))
        if int(shown.get("NRestarts") or 0) >= 3:
            found.append(say("warn", f"the agent had to be restarted {shown['NRestarts']} times", LOG))
        return found

    def shown(self) -> dict[str, str]:
        """The properties of the unit. Raises Refused where the user manager does not answer."""
        return properties(self._do("show", "-p", SHOWN, UNIT).out)

    def _run(self, *words: str, timeout: float = 10.0) -> Ran | Hidden:
        return self.system.run([self.systemctl, "--user", "--no-pager", *words], timeout=timeout)

    def _do(self, *words: str, timeout: float = 10.0) -> Ran:
        ran = self._run(*words, timeout=timeout)
        if isinstance(ran, Hidden):
            raise Refused(f"the service manager does not answer: {ran.why}", "systemctl --user status")
        if ran.code:
            raise Refused(f"systemctl {words[0]}: {tail(ran.err) or f'exit code {ran.code}'}", f"systemctl --user status {UNIT}")
        return ran

    def _start(self, word: str) -> None:
        """Start or restart, and look whether the agent is really there: one that finds another agent ends at once, and well."""
        ran = self._run(word, UNIT, timeout=SLOW)
        now = self.state()
        if isinstance(ran, Hidden) or ran.code or not now.running:
            raise Refused(f"the agent did not stay up: {ran.why if isinstance(ran, Hidden) else now.detail}", LOG)

    def _lingers(self) -> bool:
        user = self._user()
        return bool(user) and os.path.exists(self.system.path(f"/var/lib/systemd/linger/{user}"))

    def _linger(self, word: str) -> None:
        ran = self.system.run(["loginctl", "--no-ask-password", word, self._user()], timeout=10.0)
        if isinstance(ran, Hidden) or ran.code:
            why = ran.why if isinstance(ran, Hidden) else tail(ran.err)
            raise Refused(f"lingering can't be switched: {why}", f"sudo loginctl {word} {quoted(self._user())}")

    def _user(self) -> str:
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return ""


def find(system: System) -> Systemd | Hidden:
    """The user manager of this user, also from `su` or `sudo -u`, where the way to its bus has to be found first
    (sd_booted(3))."""
    systemctl = which(system, "systemctl", "/usr/bin", "/bin")
    if not systemctl or not os.path.isdir(system.path("/run/systemd/system")):
        return Hidden(f"no service manager: systemd does not run {_where(system)}")
    runtime = system.path(f"/run/user/{os.getuid()}")
    if not system.env.get("XDG_RUNTIME_DIR") and os.path.exists(f"{runtime}/systemd/private"):
        system = replace(system, env={**system.env, "XDG_RUNTIME_DIR": runtime})
    ran = system.run([systemctl, "--user", "show", "-p", "Version", "-p", "UnitPath"])
    if isinstance(ran, Hidden):
        return Hidden(f"no service manager: {ran.why}")
    if ran.code:
        return Hidden(f"no service manager: this session has no user manager of systemd ({tail(ran.err)})")
    answer = properties(ran.out)
    return Systemd(system, folder(system, answer.get("UnitPath", "")), number(answer.get("Version", "")), systemctl)


def _where(system: System) -> str:
    """The place in words: in two of them a user can know what to do."""
    if place_linux.wsl(system):
        return "in this WSL (`systemd=true` below [boot] in /etc/wsl.conf switches it on)"
    return "in this container" if place_linux.container(system) else "here"


def folders(system: System) -> tuple[Path, ...]:
    """Where a user's units live: below $XDG_CONFIG_HOME, else ~/.config."""
    usual = system.home / ".config/systemd/user"
    config = system.env.get("XDG_CONFIG_HOME", "")
    own = Path(config) / "systemd/user"
    return (own, usual) if config.startswith("/") and own != usual else (usual,)


def folder(system: System, unit_path: str) -> Path:
    """The first of `folders` that the manager looks into: one set in a shell's start file is unknown to it, and a unit there is
    never found."""
    usual = folders(system)
    return next((f for f in usual if f" {f} " in f" {unit_path} "), usual[0])


def properties(out: bytes) -> dict[str, str]:
    """What `systemctl show` prints: a property a line, no value runs over lines."""
    return dict(line.split("=", 1) for line in out.decode("utf-8", "replace").split("\n") if "=" in line)


def number(version: str) -> int:
    """252 of "252.39-1~deb12u2", 0 of anything else: the unit then has only what every systemd knows."""
    digits = version[: next((i for i, c in enumerate(version) if not c.isdigit()), len(version))]
    return int(digits) if digits else 0


def started(value: str) -> str | None:
    """The program in ExecStart as `systemctl show` prints it: `{ path=/usr/bin/x ; argv[]=… ; … }`."""
    _, mark, rest = value.partition("{ path=")
    path, end, _ = rest.partition(" ; argv[]=")
    return path if mark and end else None


def state(shown: Mapping[str, str], on_disk: bool) -> State:
    """The state of a unit by its properties."""
    active, pid = shown.get("ActiveState", "unknown"), int(shown.get("MainPID") or 0)
    failed = active != "active" and shown.get("Result", "success") != "success"  # also while the next try is waited for
    detail = "".join(c for c in shown.get("StatusText", "") if c.isprintable())
    if active != "active":
        detail = f"{active}, it said: {detail}" if detail else active
    if failed:
        status = shown.get("ExecMainStatus", "")
        detail = f"it failed ({shown.get('Result', '?')}{', exit code ' + status if status not in ('', '0') else ''})"
    enabled = shown.get("UnitFileState") in ("enabled", "enabled-runtime")
    if not enabled and on_disk:
        detail = f"unit file is {shown.get('UnitFileState') or 'unknown to systemd'}"
    return State(on_disk, enabled, active == "active", pid or None, detail or active, failed)

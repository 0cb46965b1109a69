"""What `status` and `prompt` tell without a look: one stored file, and whether an agent lives. Floor 2.

A prompt runs this at every line and everything here is counted in imports: no json, no dataclasses, no pathlib, no typing.
Nothing is written, nothing is put aside: whoever only looks leaves all as it is.
"""

from __future__ import annotations

import os

from .. import folders
from ..errors import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

STATUS, AGENT = "status.json", "agent.lock"
VERSION = 1
LIMIT = 1 << 20
"""Bytes of a status that are read; one with 1,000 problems has 200,000."""


def home() -> str:
    return os.path.expanduser("~")


def platform() -> str:
    """As sys.platform has it; ROAMRC_PLATFORM stands in for another one (system.System.real)."""
    import sys

    return os.environ.get("ROAMRC_PLATFORM") or sys.platform


def state() -> str:
    """The state folder that is meant: the installed agent's, where its service names one; that of this process where no agent
    lives there and one does here."""
    own = folders.state(os.environ, home())
    for path in files(os.environ, home(), platform()):
        told = _frozen(_read(path))
        if told.startswith("/"):
            folder = folders.state({"ROAMRC_STATE_HOME": told}, home())
            foreground = folder != own and agent_pid(folder) is None and agent_pid(own) is not None
            return own if foreground else folder
    return own


def _frozen(text: bytes) -> str:
    """ROAMRC_STATE_HOME as `install` has written it into a unit or a plist, "" where it has not: a prompt can't afford to import
    what reads either."""
    unit = b'Environment="ROAMRC_STATE_HOME='
    line = next((x[len(unit) : -1] for x in text.split(b"\n") if x.startswith(unit)), None)
    if line is not None and (b"\\" in line or b"%" in line):
        from ..services.unit import environment  # escapes are rare

        line = os.fsencode(environment(text).get("ROAMRC_STATE_HOME", ""))
    if line is None:
        line = text.partition(b"<key>ROAMRC_STATE_HOME</key>")[2].partition(b"<string>")[2].partition(b"</string>")[0]
        line = line.replace(b"&lt;", b"<").replace(b"&gt;", b">").replace(b"&amp;", b"&")
    return "" if b"\0" in line else os.fsdecode(line)


def _read(path: str) -> bytes:
    """A service file; nothing where there is none that can be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as f:
            return f.read(LIMIT) or b""  # None: a pipe that nobody writes into
    except OSError:
        return b""


def stored(folder: str) -> Mapping[str, Any] | None:
    """The status as last written, by the agent or by a command; None where there is none that makes sense. Raises Refused for a
    newer version's, and where the folder is out of reach: that is not the same as never having looked."""
    path = f"{folder}/{STATUS}"
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as f:
            found: Mapping[str, Any] = parse(f.read(LIMIT))
    except PermissionError:
        raise Refused(f'can\'t read "{path}": permission denied', f"ls -ld '{folder}' '{path}'") from None
    except (OSError, ValueError, RecursionError):
        return None
    version = found.get("version") if isinstance(found, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        return None
    if version > VERSION:
        raise Refused(f'"{path}" was written by a newer roamrc (version {version})', "upgrade roamrc, or remove that file")
    return found


def parse(data: bytes) -> Any:
    """JSON as json.loads reads it. Raises ValueError or RecursionError.

    The scanner in C that json itself stands on is asked first: the package around it brings re, enum and functools, two thirds of
    a bare Python's start. Whatever it dislikes (a file cut off, another Python's demands) is left to json to judge.
    """
    text = data.decode().strip()
    try:
        from _json import make_scanner

        found, end = make_scanner(_Rules)(text, 0)  # type: ignore[arg-type]
        if end == len(text):
            return found
    except Exception:  # noqa: S110 - 3.11 raises SystemError for a torn file while json is not imported
        pass
    import json

    return json.loads(text)


class _Rules:
    """What the scanner asks of a json.JSONDecoder."""

    strict, object_hook, object_pairs_hook = True, None, None
    parse_float, parse_int, parse_constant = float, int, float


def agent_pid(folder: str) -> int | None:
    """The pid of the living agent (0: it has not said it yet), or None: only the lock tells, a pid in a file may be anyone's by
    now."""
    try:
        fd = os.open(f"{folder}/{AGENT}", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        text = os.read(fd, 32).strip()
        return int(text) if text.isdigit() else 0
    except OSError:  # a file system without locks: no agent can have taken one
        return None
    finally:
        os.close(fd)


def service(env: Mapping[str, str], home: str, platform: str) -> str | None:
    """The service manager that has our service, told by its files alone: asking the manager costs a
    child."""
    found = any(os.path.lexists(path) for path in files(env, home, platform))
    return ("launchd" if platform == "darwin" else "systemd") if found else None


def files(env: Mapping[str, str], home: str, platform: str) -> tuple[str, ...]:
    """Where an install writes its service; the link in default.target.wants leads to the other one, or to nothing."""
    if platform == "darwin":
        return (f"{home}/Library/LaunchAgents/dev.roamrc.agent.plist",)
    own = env.get("XDG_CONFIG_HOME", "")
    bases = dict.fromkeys((own if own.startswith("/") else f"{home}/.config", f"{home}/.config"))
    parts = ("roamrc.service", "default.target.wants/roamrc.service")
    return tuple(f"{base}/systemd/user/{part}" for base in bases for part in parts)

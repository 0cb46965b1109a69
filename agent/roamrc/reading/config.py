"""config.yaml, the settings: seven keys, nested or dotted, each with a default; a broken file leaves the last good settings in
force, and where none are known what can be read of it. Floor 2."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ..errors import RoamError
from ..formats import values
from ..formats.values import Wrong
from ..slotted import dataclass
from . import decode, yamlfile
from .decode import Choice, Field, Flag, Text
from .nodes import Fault, Faults, Node, Scalar, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Config:
    """The settings; `userconfig` is absolute, None means npm's own place (places.npm_file). `ssid_command` is a command line
    without a shell."""

    userconfig: Path | None = None
    notify: Literal["off", "on", "problems"] = "off"
    hand_edits: Literal["stand", "overwrite"] = "stand"
    on_dead_proxy: Literal["apply", "hold"] = "apply"
    no_proxy_auto: bool = True
    cached_scan: bool = False
    ssid_command: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force and everything wrong in the file. `unsure`: the file is there, and which file is npm's can't be read
    from it."""

    config: Config
    faults: tuple[Fault, ...] = ()
    unsure: bool = False


def command(text: str) -> str:
    """A command line with its quotes closed."""
    import shlex

    if values.control(text):
        raise Wrong("holds a control character")
    try:
        words = shlex.split(text)
    except ValueError:
        raise Wrong("a quote in the command is not closed") from None
    if not words:
        raise Wrong("is empty")
    return text


_PATH = {"type": "string", "pattern": "^(/|~/)"}
FIELDS = (
    Field(
        "npm.userconfig", Text(values.home_path, _PATH), example="~/.npmrc",
        doc="npm's file, absolute or below ~/. Default: $NPM_CONFIG_USERCONFIG, else ~/.npmrc.",
    ),
    Field(
        "notify", Choice(("off", "on", "problems"), {"true": "on", "yes": "on", "false": "off", "no": "off", "never": "off"}),
        doc="A desktop notification at each switch (on), at problems only, or never. Default: off.", example="problems",
    ),
    Field(
        "hand_edits", Choice(("stand", "overwrite"), {"keep": "stand", "hold": "stand", "replace": "overwrite"}), example="stand",
        doc="A value that you changed by hand in npm's file stands until another profile is applied, or is overwritten at once. "
        "Default: stand.",
    ),
    Field(
        "on_dead_proxy", Choice(("apply", "hold"), {"write": "apply", "keep": "hold"}), example="hold",
        doc="A proxy that does not answer is written nevertheless (apply), or what stands there stays (hold). Default: apply.",
    ),
    Field(
        "no_proxy_auto", Flag(), example=True,
        doc="Registries inside the network never go through the proxy: they join noproxy by themselves. Default: true.",
    ),
    Field(
        "ssid.cached_scan", Flag(), example=False,
        doc="macOS: read the Wi-Fi's name from the cached scan, which needs no permission and is undocumented. Default: false.",
    ),
    Field(
        "ssid.command", Text(command, {"type": "string", "minLength": 1}), example="shortcuts run ssid",
        doc="A command that prints the Wi-Fi's name, run where the system hides it; no shell.",
    ),
)  # fmt: skip
GROUPS = ("npm", "ssid")
_HARMLESS = frozenset(f.name for f in FIELDS if f.name != "npm.userconfig")
"""Where a fault says nothing of npm's file; any other may be that very key, misspelt or cut off."""
_NAMES = {
    "userconfig": "npm.userconfig", "npmrc": "npm.userconfig", "cached_scan": "ssid.cached_scan", "notifications": "notify",
    "noproxy_auto": "no_proxy_auto",
}  # fmt: skip


def load(path: Path, home: Path, before: Config | None = None) -> Loaded:
    """The settings of a file; no file means the defaults, a broken one *before*, or where that is not known the keys of it that
    are right. `~/` is *home*. Never raises."""
    faults = Faults(str(path))
    if _absent(path):
        return Loaded(Config())
    data, _ = yamlfile.read(path, faults)
    made = Config() if data is None else _decoded(data, home, faults)
    found = tuple(faults.found)
    if not faults.wrong:
        return Loaded(made, found)
    if before is not None:
        return Loaded(before, found)
    return Loaded(made, found, unsure=any(f.severity == "fault" and f.path not in _HARMLESS for f in found))


def _absent(path: Path) -> bool:
    """Whether there is no such file; a folder that nobody may look into is not an absent file (seen: the agent died of it)."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def stamp(path: Path) -> object:
    """Equal as long as the file is the same one, or there is none; one written less than 2 s ago equals nothing, as it may change
    again within a tick of its file system's clock."""
    try:
        info = os.stat(path)
    except OSError as e:
        return e.errno
    if abs(time.time() - info.st_mtime) < 2.0:
        return object()
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_mode


def decoded(data: bytes, home: Path, faults: Faults) -> Config | None:
    """The settings that a file's bytes are, or None where anything is wrong; an empty file is all defaults."""
    made = _decoded(data, home, faults)
    return None if faults.wrong else made


def _decoded(data: bytes, home: Path, faults: Faults) -> Config:
    """The settings of those keys that are right; the defaults for the others."""
    root = yamlfile.parse(data, faults)
    read = {} if root is None else decode.keys(_flat(root, faults), "", faults, FIELDS, _NAMES)

    def get(key: str, default: Any) -> Any:
        value = read[key].value if key in read else None
        return default if value is None else value

    place = get("npm.userconfig", None)
    return Config(
        None if place is None else home / place[2:] if place.startswith("~/") else Path(place),
        get("notify", "off"),
        get("hand_edits", "stand"),
        get("on_dead_proxy", "apply"),
        get("no_proxy_auto", True),
        get("ssid.cached_scan", False),
        get("ssid.command", None),
    )


def put(data: bytes, key: str, value: str) -> bytes:
    """The bytes of a config.yaml with one key set to a text and every other byte as it was: its value is replaced, or a dotted
    line is added at the end.

    Raises RoamError where the file is broken, or where it is not a block of lines that one could be added to.
    """
    import json

    faults = Faults("config.yaml")
    root = yamlfile.parse(data, faults)
    told = next((f for f in faults.found if f.severity == "fault"), None)
    if told:
        raise RoamError(told.text, "roamrc check", told.where)
    text = data.decode("utf-8")
    quoted = json.dumps(value, ensure_ascii=False)
    old = next((n for k, n in _flat(root, faults).pairs if k.text == key), None) if root else None
    if isinstance(old, Scalar) and not old.null:
        start, end = _offset(text, (old.line, old.col)), _offset(text, old.end)
        made = text[:start] + quoted + text[end:]
    else:
        eol = "\r\n" if "\r\n" in text else "\n"
        made = text + ("" if not text or text.endswith(("\n", "\r")) else eol) + f"{key}: {quoted}{eol}"
    again = Faults("config.yaml")
    check = yamlfile.parse(made.encode(), again)
    now = {k.text: n for k, n in _flat(check, again).pairs} if check else {}
    was = {k.text for k, _ in _flat(root, faults).pairs} if root else set()
    new = now.get(key)
    if again.wrong or not isinstance(new, Scalar) or new.text != value or set(now) != was | {key}:
        raise RoamError(
            f'"{key}" can\'t be added to config.yaml: it is not a block of `key: value` lines', f"write {key}: {quoted} yourself"
        )
    return made.encode()


def _offset(text: str, place: tuple[int, int]) -> int:
    at = 0
    for _ in range(place[0] - 1):
        at = text.index("\n", at) + 1
    return at + place[1] - 1 + (place[0] == 1 and text.startswith("\ufeff"))


def _flat(root: Table, faults: Faults) -> Table:
    """The mapping with `npm: {userconfig: …}` as `npm.userconfig: …`; a key given in both forms is a fault."""
    pairs: dict[str, tuple[Scalar, Node]] = {}

    def add(key: Scalar, name: str, value: Node) -> None:
        if name in pairs:
            faults.add(key, name, f"stands here twice, first on line {pairs[name][0].line}", "keep one of them")
        else:
            pairs[name] = (Scalar(key.line, key.col, key.end, name), value)

    for key, value in root.pairs:
        if key.text in GROUPS and isinstance(value, Table):
            for inner, node in value.pairs:
                add(inner, f"{key.text}.{inner.text}", node)
        elif key.text in GROUPS and not (isinstance(value, Scalar) and value.null):
            if isinstance(value, Scalar) or type(value) is not Node:
                faults.add(
                    value,
                    key.text,
                    "must be a mapping",
                    f"for example {next(f.name for f in FIELDS if f.name.startswith(key.text))}: …",
                )
        elif key.text not in GROUPS:
            add(key, key.text, value)
    return Table(root.line, root.col, root.end, list(pairs.values()))

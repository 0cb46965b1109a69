"""Damage: what each rival does to the lines of a real .npmrc that are none of its business, and what is left when it is told to
go."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .roam import PROXY

USERS = (Path(__file__).parent / "npmrc").read_bytes()
KEYS = (b"proxy", b"https-proxy", b"noproxy")


def foreign(text: bytes) -> list[bytes]:
    """The lines that no proxy setter should touch: all but the three keys' and roamrc's own comment."""
    mine = [x for x in text.splitlines(keepends=True) if x.partition(b"=")[0].strip() in KEYS or x.startswith(b"# roamrc:")]
    return [x for x in text.splitlines(keepends=True) if x not in mine]


def bytes_changed(before: bytes, after: bytes) -> int:
    """Bytes of lines that are gone or new, outside the keys."""
    a, b = ([x.decode("latin-1") for x in foreign(t)] for t in (before, after))
    return sum(len(x) - 2 for x in difflib.ndiff(a, b) if x[:2] in ("- ", "+ "))


def run() -> dict[str, Any]:
    """{rival: {"set": bytes changed outside the keys while set, "unset": bytes that differ from the first after}}."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {"HOME": folder, "PATH": os.environ["PATH"], "PROXY": PROXY, "npm_config_update_notifier": "false"}
        found["roamrc"] = _case(home, env, _roamrc(home, "use", "office"), _roamrc(home, "uninstall", "--yes"))
        if shutil.which("npm"):
            on = [["npm", "config", "set", k, PROXY] for k in ("proxy", "https-proxy")]
            found["npm config set ×2"] = _case(home, env, on, [["npm", "config", "delete", k] for k in ("proxy", "https-proxy")])
        sed = "sed '/^proxy=/d; /^https-proxy=/d' .npmrc > .n; {}mv .n .npmrc"
        add = 'printf \'proxy=%s\\nhttps-proxy=%s\\n\' "$PROXY" "$PROXY" >> .n; '
        found["shell loop (sed, mv)"] = _case(home, env, [["sh", "-c", sed.format(add)]], [["sh", "-c", sed.format("")]])
    return found


def _roamrc(home: Path, *args: str) -> list[list[str]]:
    profile = home / ".config/roamrc/profiles/office.yaml"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(f"when: []\napply: {{proxy: '{PROXY}'}}\n")
    return [[sys.executable, "-m", "roamrc", *args]]


def _case(home: Path, env: dict[str, str], on: list[list[str]], off: list[list[str]]) -> dict[str, int]:
    npmrc = home / ".npmrc"
    npmrc.write_bytes(USERS)

    def after(commands: list[list[str]]) -> bytes:
        for argv in commands:
            subprocess.run(argv, cwd=home, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return npmrc.read_bytes() if npmrc.exists() else b""

    during = after(on)
    assert PROXY.encode() in during, on
    mode = {"set": bytes_changed(USERS, during), "unset": 0}
    end = after(off)
    mode["unset"] = 0 if end == USERS else max(1, bytes_changed(USERS, end))
    return mode

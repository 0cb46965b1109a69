"""A Secret Service without a desktop: dbus-daemon and gnome-keyring-daemon, unlocked or locked, all private to one folder.

with SecretService() as env:
    subprocess.run([...], env=env)
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from typing import Any

from .wait import until

TOOLS = {"dbus-daemon": "dbus", "gnome-keyring-daemon": "gnome-keyring", "busctl": "systemd"}
CONF = """<busconfig><type>session</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""


class SecretService:
    """A context manager whose value is the environment that leads to it. Locked, it prompts and nobody ever answers."""

    def __init__(self, password: str = "lab", unlock: bool = True) -> None:
        self.password, self.unlock = password, unlock
        self.folder = ""
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> dict[str, str]:
        with contextlib.ExitStack() as stack:
            self.folder = folder = tempfile.mkdtemp(prefix="secret-")
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            with open(f"{folder}/bus.conf", "w") as f:
                f.write(CONF.format(folder=folder))  # no <standard_session_servicedirs/>: nothing else is activated
            for d in ("home", "run", "data"):
                os.mkdir(f"{folder}/{d}", 0o700)
            env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
            env |= {"HOME": f"{folder}/home", "XDG_RUNTIME_DIR": f"{folder}/run", "XDG_DATA_HOME": f"{folder}/data"}
            env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={folder}/bus"
            self._start(stack, ["dbus-daemon", "--nofork", "--config-file", f"{folder}/bus.conf"], env)
            until(lambda: os.path.exists(f"{folder}/bus"), 5, "the session bus")
            keyring = ["gnome-keyring-daemon", "--foreground", "--components=secrets", *(["--unlock"] if self.unlock else [])]
            p = self._start(stack, keyring, env)
            p.stdin.write(self.password.encode())  # no newline: it would be part of the password
            p.stdin.close()
            there = ["busctl", "--user", "status", "org.freedesktop.secrets"]
            until(
                lambda: subprocess.run(there, env=env, capture_output=True, check=False).returncode == 0, 5, "the Secret Service"
            )
            self._stack = stack.pop_all()
        return env

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @staticmethod
    def _start(stack: contextlib.ExitStack, argv: list[str], env: dict[str, str]) -> Any:
        p = subprocess.Popen(
            argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

        def end() -> None:
            if p.stdin and not p.stdin.closed:
                p.stdin.close()
            p.terminate()
            try:
                p.wait(3)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()

        stack.callback(end)
        return p

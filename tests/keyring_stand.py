"""Keyring backends for the tests, loaded by the keyring library in roamrc's child through its own config file."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from keyring import errors
from keyring.backend import KeyringBackend

STORE = Path(os.environ.get("XDG_DATA_HOME", "/nowhere")) / "store.json"


class Kept(KeyringBackend):
    """A store that works: a JSON file."""

    priority = 1

    def _all(self) -> dict[str, str]:
        return dict(json.loads(STORE.read_text())) if STORE.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        print("a library that prints must not break the answer", flush=True)
        return self._all().get(f"{service}\n{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        STORE.write_text(json.dumps({**self._all(), f"{service}\n{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        STORE.write_text(json.dumps({k: v for k, v in self._all().items() if k != f"{service}\n{username}"}))


class Locked(Kept):
    """A store whose dialogue was dismissed."""

    def get_password(self, service: str, username: str) -> str | None:
        raise errors.KeyringLocked("locked")


class Prompting(Kept):
    """A store that asks on the screen, where nobody sits."""

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(600)
        return None


class Talkative(Kept):
    """A store whose errors quote what they were given, and which prints."""

    def set_password(self, service: str, username: str, password: str) -> None:
        print(password, flush=True)
        raise RuntimeError(f"cannot store {password}")


class Forgetful(Kept):
    """A store that takes everything and keeps nothing (keyring.backends.null)."""

    def get_password(self, service: str, username: str) -> str | None:
        return None


class Crashing(Kept):
    """A backend that takes the process with it."""

    def get_password(self, service: str, username: str) -> str | None:
        os._exit(7)

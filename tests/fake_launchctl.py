"""A launchctl as users recorded it: bootout is asynchronous, most faults are 5, and the words say little.

Its launchd is the JSON file in $FAKE_LAUNCHD; START is what a test may change there. Stands alone, on the standard library.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

LABEL = "dev.roamrc.agent"
DOMAIN = f"gui/{os.getuid()}"
TARGET = f"{DOMAIN}/{LABEL}"
START: dict[str, Any] = {
    "session": True,  # somebody is logged in at the screen
    "loaded": False,
    "pid": 0,
    "disabled": False,
    "login_item_off": False,  # the user's switch in System Settings, which `enable` does not move
    "drain": 0,  # looks for which an agent that was taken out is still there
    "draining": 0,
    "starts": True,  # RunAtLoad does what it says
    "slow": 0,  # looks until there is a pid
    "kicks": True,  # kickstart helps
    "exit": "0",
    "faults": {},  # word: the codes of its next calls, 0 for what would be
    "words": ["disabled", "enabled"],
    "calls": [],
}
SAID = {
    3: "No such process",
    5: "Input/output error",
    17: "File exists",
    36: "Operation now in progress",
    37: "Operation already in progress",
    125: "Domain does not support specified action",
}
NAMES = {"bootstrap": "Bootstrap", "bootout": "Boot-out"}


class Launchd:
    """One call."""

    def __init__(self, path: str) -> None:
        self.path = path
        with open(path) as f:
            self.s: dict[str, Any] = json.load(f)

    def end(self, code: int, err: str = "", out: str = "") -> NoReturn:
        with open(self.path, "w") as f:
            json.dump(self.s, f)
        sys.stderr.write(err)
        sys.stdout.write(out)
        sys.exit(code)

    def fail(self, word: str, code: int) -> NoReturn:
        if code == 113:
            self.end(113, f'Could not find service "{LABEL}" in domain for user gui: {os.getuid()}\n')
        if word == "kickstart":
            self.end(code, f'Could not kickstart service "{LABEL}": {code}: {SAID[code]}\n')
        more = "Try re-running the command as root for richer errors.\n" if code == 5 else ""
        self.end(code, f"{NAMES.get(word, word)} failed: {code}: {SAID[code]}\n{more}")

    def call(self, word: str, target: str, *more: str) -> NoReturn:
        assert target in (DOMAIN, TARGET), target
        self.s["calls"].append(" ".join([word, *(["DOMAIN"] if target == DOMAIN else []), *(["PLIST"] if more else [])]))
        faults = self.s["faults"].get(word, [])
        code = faults.pop(0) if faults else 0
        if code:
            self.fail(word, code)
        if word == "print":
            self.show(target)
        if word == "print-disabled":
            off = self.s["words"][0 if self.s["disabled"] else 1]
            self.end(0, out=f'disabled services = {{\n\t\t"com.other.agent" => disabled\n\t\t"{LABEL}" => {off}\n\t}}\n')
        if not self.s["session"]:
            self.fail(word, 125)
        if word == "enable":
            self.s["disabled"] = self.s["login_item_off"]
        elif word == "bootout":
            if not self.s["loaded"]:
                self.fail(word, 3)
            self.s.update(loaded=False, pid=0, draining=self.s["drain"])
        elif word == "bootstrap":
            self.bootstrap(*more)
        elif word == "kickstart":
            if not self.s["loaded"]:
                self.fail(word, 113)
            self.s["pid"] = 4711 if self.s["kicks"] else 0
        else:
            self.end(64, f"Unrecognized subcommand: {word}\n")
        self.end(0)

    def show(self, target: str) -> NoReturn:
        if not self.s["session"]:
            self.end(113, f"Could not find domain for user gui: {os.getuid()}\n")
        if target == DOMAIN:
            self.end(0, out=f"{DOMAIN} = {{\n}}\n")
        if self.s["draining"]:
            self.s["draining"] -= 1
            self.end(0, out=f"{TARGET} = {{\n\tstate = SIGTERMed\n}}\n")
        if not self.s["loaded"]:
            self.fail("print", 113)
        if self.s["slow"]:
            self.s["slow"] -= 1
            self.s["pid"] = 0 if self.s["slow"] else 4711
        state = f"\tstate = running\n\tpid = {self.s['pid']}\n" if self.s["pid"] else "\tstate = not running\n"
        deeper = "\tenvironment = {\n\t\tX => y\n\t\tpid = 1\n\t}\n"
        self.end(0, out=f"{TARGET} = {{\n\tactive count = 1\n{deeper}{state}\tlast exit code = {self.s['exit']}\n}}\n")

    def bootstrap(self, path: str) -> None:
        import plistlib  # slow to start with

        with open(path, "rb") as f:
            agent = plistlib.load(f)
        ok = agent["Label"] + ".plist" == os.path.basename(path) and not os.stat(path).st_mode & 0o022
        ok = ok and os.path.isdir(os.path.dirname(agent["StandardErrorPath"]))
        if not ok or self.s["loaded"] or self.s["draining"] or self.s["disabled"]:
            self.fail("bootstrap", 5)
        self.s["loaded"] = True
        self.s["pid"] = 4711 if agent["RunAtLoad"] and self.s["starts"] and not self.s["slow"] else 0


if __name__ == "__main__":
    Launchd(os.environ["FAKE_LAUNCHD"]).call(*sys.argv[1:])

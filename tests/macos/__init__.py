"""A Mac made of files: executables that answer as macOS's tools do, from a folder of state. Everything here is synthetic.

The grammar is Apple's (configd, network_cmds, bootp in their open sources); the values are invented.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from macos import answers
from roamrc.model import Hidden
from roamrc.slotted import dataclass
from roamrc.system import Ran, System

TOOLS = ("scutil", "ipconfig", "networksetup", "arp", "ndp", "netstat", "ifconfig", "sysctl", "route")


@dataclass(frozen=True, slots=True)
class Replay(System):
    """The same Mac without children: its tools answer in this process."""

    def run(self, argv: Sequence[str], stdin: bytes = b"", timeout: float = 5.0) -> Ran | Hidden:
        name = os.path.basename(argv[0])
        if name not in TOOLS:
            return System.run(self, argv, stdin, timeout)
        state = self.path("/state")
        code, text = answers.reply(state, name, argv[1:])
        if code is None:
            code, text = 0, "".join(answers.command(state, line.split()) for line in stdin.decode().splitlines())
        return Ran(code, text.encode("utf-8", "surrogateescape"), b"")


class Mac:
    """A root folder with fake tools; `put` sets what they answer, `calls` tells which were started."""

    def __init__(self, root: Path) -> None:
        self.root, self.state = root, root / "state"
        self.state.mkdir(parents=True)
        (root / "usr/sbin").mkdir(parents=True)
        for tool in TOOLS:
            (root / "usr/sbin" / tool).symlink_to(Path(__file__).with_name("fake.py"))
        version = root / "System/Library/CoreServices/SystemVersion.plist"
        version.parent.mkdir(parents=True)
        self.version = version
        os.mkfifo(self.state / "poke")
        self.sleep(0)

    def system(self, kind: type[System] = System) -> System:
        """With executables, or (`Replay`) without."""
        return kind(env={"PATH": os.environ["PATH"]}, home=self.root / "home", platform="darwin", root=str(self.root))

    def put(self, answers: Mapping[str, Any]) -> None:
        """Answers by tool: `store` is configd's as nested values, `macos` the version, the others are texts; what is not named
        answers nothing."""
        answers = {"sysctl": "kern.bootsessionuuid: 00000000-0000-4000-8000-000000000001\nkern.hv_vmm_present: 0\n", **answers}
        folder = Path(tempfile.mkdtemp(dir=self.root))
        for name, answer in answers.items():
            if name == "macos":
                plist = f"<plist><dict><key>ProductVersion</key>\n<string>{answer}</string></dict></plist>"
                self.version.write_text(plist)
            else:
                (folder / name).write_text(json.dumps(answer) if name == "store" else answer)
        link = folder.with_suffix(".link")
        link.symlink_to(folder)
        link.rename(self.state / "now")  # all at once: a look that is going on sees the old answers or the new

    def sleep(self, seconds: float) -> None:
        """Seconds in suspend since boot."""
        path = self.root / "var/run/slept"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(seconds))

    def poke(self) -> None:
        """Let every `n.watch` see a change."""
        with open(self.state / "poke", "r+b", buffering=0) as fifo:
            fifo.write(b"State:/Network/Global/IPv4\n")

    def calls(self) -> list[str]:
        """The tools started since the last call of this, with their arguments."""
        path = self.state / "calls"
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

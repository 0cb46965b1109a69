"""A network of one's own: two namespaces, a laptop and what it is plugged into, for tests of the probes on the real kernel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

INSIDE = r"""
import fcntl, json, os, struct, subprocess, sys
from pathlib import Path
from roamrc import probes
from roamrc.system import System
asked = json.load(sys.stdin)
held = []
for name, mode in asked["tuns"].items():
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", name.encode(), {"tun": 0x1001, "tap": 0x1002}[mode]))
    held.append(fd)
for line in asked["script"]:
    subprocess.run(line, shell=True, check=True)
system = System(env={**os.environ, **asked["env"]}, home=Path("/nowhere"), root=asked["root"])
shown = []
for patience in asked["looks"]:
    n = probes.observe(system, patience)
    facts = {k: getattr(n, k) for k in n.__slots__}
    facts["via"] = dict(n.via)
    facts["link"] = {k: getattr(n.link, k) for k in n.link.__slots__} if n.link else None
    if isinstance(n.vpn, tuple):
        facts["vpn"] = [[t.name, t.default, t.mesh] for t in n.vpn]
    shown.append(facts)
    for line in asked["between"]:
        subprocess.run(line, shell=True, check=True)
print(json.dumps(shown, default=lambda x: "?" + x.why))
"""


def need(condition: object, reason: str) -> None:
    """Skip without the means; conftest makes a failure of it where the lab is required."""
    if not condition:
        pytest.skip(reason)


def until(holds: Callable[[], object], limit: float = 10) -> None:
    """Wait for a condition; a failure where it does not hold within the limit (s)."""
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, f"not within {limit} s"
        time.sleep(0.02)


class Room:
    """`laptop` has eth0 (02:00:00:00:1a:01) and eth1, plugged into p0 and p1 of `peer` (10.1.1.1, 02:00:00:00:0f:01; 10.2.2.1,
    …:02)."""

    def __init__(self, folder: Path) -> None:
        tag = uuid.uuid4().hex[:8]
        self.laptop, self.peer, self.root = f"roamrc-l{tag}", f"roamrc-p{tag}", folder
        (folder / "etc").mkdir()
        (folder / "etc/resolv.conf").write_text("search Corp.Test.\n")
        for name in ("proc", "sys"):
            (folder / name).symlink_to(f"/{name}")

    def up(self) -> None:
        """Both namespaces, two cables, addresses on the peer's side."""
        self.host(f"ip netns add {self.laptop}", f"ip netns add {self.peer}")
        for i in (0, 1):
            self.host(
                f"ip -n {self.laptop} link add eth{i} address 02:00:00:00:1a:0{i + 1} type veth "
                f"peer name p{i} address 02:00:00:00:0f:0{i + 1} netns {self.peer}",
                f"ip -n {self.peer} addr add 10.{i + 1}.{i + 1}.1/24 dev p{i}",
                f"ip -n {self.peer} link set p{i} up",
            )
        self.host(f"ip -n {self.laptop} link set lo up", f"ip -n {self.laptop} link set eth0 up")

    def down(self) -> None:
        """Both namespaces go, and all that is in them."""
        for name in (self.laptop, self.peer):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    @staticmethod
    def host(*lines: str) -> None:
        """Commands outside, each of which must succeed."""
        for line in lines:
            p = subprocess.run(line, shell=True, capture_output=True, text=True)
            assert p.returncode == 0, f"{line}: {p.stderr}"

    def output(self, line: str) -> str:
        """What a command at the laptop prints."""
        run = subprocess.run(["ip", "netns", "exec", self.laptop, *line.split()], capture_output=True, text=True, check=True)
        return run.stdout

    def at_peer(self, *lines: str) -> None:
        """Commands at the cable's other end."""
        self.host(*(f"ip netns exec {self.peer} {line}" for line in lines))

    def looks(
        self,
        *script: str,
        tuns: dict[str, str] | None = None,
        looks: tuple[float, ...] = (0.0,),
        between: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
    ) -> list[dict[str, object]]:
        """Run the script at the laptop (with these tun or tap devices open), look with each patience, give the facts.
        Hidden is "?why"."""
        asked = {
            "tuns": tuns or {},
            "script": script,
            "looks": looks,
            "between": between,
            "env": {"ROAMRC_READER": "", **(env or {})},
            "root": str(self.root),
        }
        p = subprocess.run(
            ["ip", "netns", "exec", self.laptop, sys.executable, "-c", INSIDE],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert p.returncode == 0, p.stderr
        found: list[dict[str, object]] = json.loads(p.stdout)
        return found

    def look(
        self, *script: str, tuns: dict[str, str] | None = None, patience: float = 0.0, env: dict[str, str] | None = None
    ) -> dict[str, object]:
        """The facts of one look."""
        return self.looks(*script, tuns=tuns, looks=(patience,), env=env)[0]


@contextmanager
def room(folder: Path) -> Iterator[Room]:
    """A room for one test; gone afterwards."""
    need(sys.platform == "linux" and os.geteuid() == 0, "network namespaces need root")
    need(shutil.which("ip"), "iproute2 is not installed")
    made = Room(folder)
    try:
        made.up()
        yield made
    finally:
        made.down()

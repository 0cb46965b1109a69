"""All sources together: the platform's list, and an agent's worth of them that costs nothing while nothing happens."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import roamrc
from roamrc.errors import Refused
from roamrc.sources import PLATFORMS, Watched, open_sources
from roamrc.system import System
from waking import reason, until

if sys.platform != "linux":
    pytest.skip("the Linux sources", allow_module_level=True)

IDLE = 5.0
"""Seconds of silence that are watched: a thread that polls each second would be seen five times."""

CHILD = """
import ctypes, os, select, sys
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
# a network and a file tree of its own: what others do on this machine would wake it, as it should
assert libc.unshare(0x40020000) == 0 and libc.mount(b"none", b"/", None, 0x44000, None) == 0
assert libc.mount(b"tmpfs", b"/mnt", b"tmpfs", 0, None) == 0
from roamrc.sources import Watched, open_sources
from roamrc.system import System
home = Path("/mnt/home")
for folder in ("config/profiles", "state/request", "etc"):
    (home / folder).mkdir(parents=True)
(home / "etc/resolv.conf").write_text("search corp.test")
(home / ".npmrc").write_text("a=1")
watched = Watched(home / "config", (home / ".npmrc",), home / "state/request/now.json", (home / "etc/resolv.conf",))
sources = {s.fileno(): s for s in (opener() for opener in open_sources(System(), watched))}
poll = select.poll()
for fd in (*sources, 0):
    poll.register(fd, select.POLLIN)
print("ready", flush=True)
while True:
    for fd, _ in poll.poll():
        if fd == 0:
            if not os.read(0, 100):
                sys.exit()
            (home / "config/profiles/new.yaml").write_text("when: []")
        elif why := sources[fd].drain():
            print(why, flush=True)
"""


def switches(pid: int) -> dict[str, tuple[int, int]]:
    """Each thread of a process: how often it gave up the processor by itself, and how often it lost it."""
    found = {}
    for task in sorted(os.listdir(f"/proc/{pid}/task")):
        about = Path(f"/proc/{pid}/task/{task}/status").read_text()
        by_name = dict(line.split(":", 1) for line in about.splitlines())
        found[task] = (int(by_name["voluntary_ctxt_switches"]), int(by_name["nonvoluntary_ctxt_switches"]))
    return found


@pytest.mark.lab
def test_open_sources_cost_nothing_while_nothing_happens() -> None:
    if os.getuid() != 0:
        pytest.skip("needs root for namespaces of its own")
    env = {**os.environ, "PYTHONPATH": str(Path(roamrc.__file__).parents[1])}
    argv, pipe = [sys.executable, "-c", CHILD], subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, env=env) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "ready\n"
            quiet = [switches(child.pid)]

            def settled() -> bool:
                time.sleep(0.5)
                quiet.append(switches(child.pid))
                return quiet[-1] == quiet[-2]

            until(settled, "the start is over")
            assert len(quiet[-1]) <= 5  # threads, the agent's own included
            time.sleep(IDLE)
            assert switches(child.pid) == quiet[-1]
            child.stdin.write("write a profile\n")
            child.stdin.flush()
            assert child.stdout.readline() == "profiles\n"  # idle, not deaf
        finally:
            child.stdin.close()
            child.wait(30)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    npm = (tmp_path / ".npmrc", tmp_path / "other")
    return Watched(tmp_path / "config", npm, tmp_path / "state/request", (tmp_path / "resolv.conf", tmp_path / "run/stub"))


def test_linux_has_five_sources_and_they_can_be_opened_again(watched: Watched) -> None:
    openers = open_sources(System(platform="linux"), watched)
    assert [opener.name for opener in openers] == ["netlink", "gateway", "files", "profiles", "clock"]
    for _ in range(2):
        sources = [opener() for opener in openers]
        assert [source.name for source in sources] == [opener.name for opener in openers]
        assert [source.every for source in sources] == [None] * 5
        assert len({source.fileno() for source in sources}) == 5
        for source in sources:
            source.close()
            source.close()


def test_each_watched_path_has_its_reason(watched: Watched) -> None:
    files = next(opener for opener in open_sources(System(platform="linux"), watched) if opener.name == "files")()
    for path, why in ((watched.npm[1], "npm's file"), (watched.resolv[0], "resolv.conf"), (watched.npm[0], "npm's file")):
        path.write_text("x")
        assert reason(files) == why
    watched.resolv[1].parent.mkdir()
    while files.drain():
        pass
    watched.resolv[1].write_text("search corp.test")  # resolved's own, where resolv.conf only names its stub
    assert reason(files) == "resolv.conf"
    watched.override.parent.mkdir()
    while files.drain():
        pass
    watched.override.write_text("{}")
    assert reason(files) == "override"
    files.close()


def test_a_platform_without_sources_says_so(watched: Watched) -> None:
    with pytest.raises(Refused, match="plan9"):
        open_sources(System(platform="plan9"), watched)


def test_each_platform_is_a_module() -> None:
    folder = Path(roamrc.__file__).parent / "sources"
    assert {f"{name}.py" for name in PLATFORMS.values()} - {"darwin.py"} <= set(os.listdir(folder))

"""The budgets as counts, which no slow machine can blur: what an idle agent holds, and what a look that changes nothing costs.

The agent runs in a network and a file tree of its own: what others do on this machine would wake it, as it should. The figures in
milliseconds and megabytes are those of tests/bench.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import roamrc
from bench import proc

pytestmark = pytest.mark.lab

if sys.platform != "linux":
    pytest.skip("what the Linux kernel counts", allow_module_level=True)

MODULES = 215
"""Of Python and roamrc together in an idle agent: 203 on 3.11, 202 on 3.12, 205 on 3.13; one library more (watchdog: 60, ssl: 60)
is seen."""

STRANGERS = {
    "dataclasses", "inspect", "typing", "argparse", "locale", "shutil", "logging", "threading", "subprocess", "watchdog",
    "asyncio", "ssl", "hashlib", "_hashlib", "http", "email", "psutil", "netifaces", "keyring", "multiprocessing",
    "xml", "importlib.metadata", "importlib.resources", "sqlite3", "unittest", "difflib", "pyroute2",
    "concurrent.futures",
}  # fmt: skip
"""What an idle agent has no use for: OpenSSL alone is 3.4 MB."""

CALLS = 160
"""System calls of a look that changes nothing, from the wake-up to the next sleep; 134, with however many profiles."""

LOOKS = 10
"""Of a burst of 500 new interfaces."""

INSIDE = """
import ctypes, os, shutil, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
assert libc.unshare(0x40020000) == 0 and libc.mount(b"none", b"/", None, 0x44000, None) == 0
kept = {name: open(f"/etc/{name}", "rb").read() for name in ("passwd", "group", "ld.so.cache") if os.path.exists(f"/etc/{name}")}
for folder in (b"/mnt", b"/etc"):
    assert libc.mount(b"tmpfs", folder, b"tmpfs", 0, None) == 0
for name, data in kept.items():
    open(f"/etc/{name}", "wb").write(data)
assert libc.mount(b"sysfs", b"/sys", b"sysfs", 0, None) == 0
lines = ("link set lo up", "link add eth0 type veth peer name p0", "link set eth0 addrgenmode none",
         "link set p0 addrgenmode none", "link set p0 up", "link set eth0 up", "addr add 10.1.1.2/24 dev eth0",
         "route add default via 10.1.1.1",
         "neigh replace 10.1.1.1 lladdr 02:00:00:00:0f:01 dev eth0 nud permanent")
for line in lines:
    subprocess.run(["ip", *line.split()], check=True)
open("/etc/resolv.conf", "w").write("search lan\\n")
profiles = "/mnt/home/.config/roamrc/profiles"
os.makedirs(profiles)
for n in range(int(os.environ.get("MANY", "0"))):
    open(f"{profiles}/o{n}.yaml", "w").write(f"when: {{dns_suffix: o{n}.test}}\\napply: {{proxy: 'http://p{n}.test:1'}}\\n")
    os.utime(f"{profiles}/o{n}.yaml", (1e9, 1e9))
for name, text in {"office": "when: {dns_suffix: corp.test}\\napply: {proxy: 'http://proxy.corp.test:3128'}\\n",
                   "home": "when: {dns_suffix: lan}\\napply: {proxy: direct}\\n"}.items():
    open(f"{profiles}/{name}.yaml", "w").write(text)
    os.utime(f"{profiles}/{name}.yaml", (1e9, 1e9))
open("/mnt/home/.npmrc", "w").write("fund=false\\n")
os.chdir("/mnt/home")
env = {"HOME": "/mnt/home", "PATH": os.environ["PATH"], "PYTHONPATH": os.environ["PYTHONPATH"], "LANG": "C.UTF-8"}
os.execve(sys.executable, [sys.executable, *sys.argv[1:], "-m", "roamrc", "run"], env)
"""


class Agent:
    """The agent in its own small world."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self.pid, self.log = process, process.pid, log
        self.root = Path(f"/proc/{self.pid}/root")
        self.home = self.root / "mnt/home"

    def calm(self) -> None:
        until(lambda: self.process.poll() is None and (self.home / ".local/state/roamrc/status.json").exists(), "the first look")
        assert proc.calm(self.pid), "the agent does not come to rest"

    def world(self) -> dict[str, tuple[int, int, int]]:
        """Every file of the home, as it can only be while nobody writes any."""
        return {
            str(p.relative_to(self.home)): (s.st_ino, s.st_size, s.st_mtime_ns) for p in self.home.rglob("*") if (s := p.lstat())
        }

    def network(self, *lines: str) -> None:
        text = "\n".join(lines) + "\n"
        subprocess.run(["nsenter", "-t", str(self.pid), "-n", "ip", "-batch", "-"], input=text, text=True, check=True)

    def suffix(self, name: str) -> None:
        new = self.root / "etc/resolv.conf.new"
        new.write_text(f"search {name}\n")
        new.replace(self.root / "etc/resolv.conf")

    @contextmanager
    def traced(self, folder: Path) -> Iterator[Path]:
        """The agent's system calls, one a line, while the body runs."""
        found = folder / "strace"
        with subprocess.Popen(
            ["strace", "-f", "-p", str(self.pid), "-o", str(found)], stderr=subprocess.PIPE, text=True
        ) as tracer:
            assert tracer.stderr
            line = tracer.stderr.readline()
            if "attached" not in line:
                tracer.wait()
                pytest.skip(f"strace can't attach: {line.strip()}")
            try:
                yield found
            finally:
                tracer.terminate()
                try:
                    tracer.wait(10)
                except subprocess.TimeoutExpired:  # strace 6.1 waits for ever for one who is between vfork and exec
                    tracer.kill()


def until(holds: object, what: str, limit: float = 20.0) -> None:
    assert callable(holds)
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, f"not within {limit:g} s: {what}"
        time.sleep(0.02)


@contextmanager
def agent(folder: Path, *python: str, many: int = 0) -> Iterator[Agent]:
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces of its own")
    env = {**os.environ, "PYTHONPATH": str(Path(roamrc.__file__).parents[1]), "MANY": str(many)}
    log = folder / "agent.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-c", INSIDE, *python], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, text=True
        ) as process,
    ):
        made = Agent(process, log)
        try:
            made.calm()
            yield made
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            process.wait(20)


def test_an_idle_agent_wakes_for_nothing_and_holds_little(tmp_path: Path) -> None:
    with agent(tmp_path) as a:
        before = proc.take(a.pid)
        time.sleep(5)
        after = proc.take(a.pid)
        assert after.wakeups - before.wakeups == 0
        assert after.ticks == before.ticks
        assert after.threads == 1
        a.suffix("corp.test")
        until(lambda: "proxy=http://proxy.corp.test:3128" in (a.home / ".npmrc").read_text(), "it is idle, not deaf")


def test_an_idle_agent_has_imported_what_it_needs(tmp_path: Path) -> None:
    with agent(tmp_path, "-X", "importtime"):
        pass
    lines = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s*(\S+)$", (tmp_path / "agent.log").read_text(), re.MULTILINE)
    imported = set(lines)
    assert "roamrc.daemon.agent" in imported
    assert not imported & STRANGERS
    assert len(imported) <= MODULES, sorted(imported)


def look(a: Agent, folder: Path, name: str = "look") -> list[str]:
    """The system calls of one look at a network that has not changed; a new address to listen at is a reason to look."""
    a.network("addr add 10.1.1.3/24 dev eth0")  # the first look of its kind may import something
    a.calm()
    world = a.world()
    (folder / name).mkdir()
    with a.traced(folder / name) as trace:
        a.network("addr add 10.1.1.4/24 dev eth0")
        a.calm()
    assert a.world() == world, "no byte was written, and no time of a file moved"
    a.network("addr del 10.1.1.4/24 dev eth0", "addr del 10.1.1.3/24 dev eth0")
    return trace.read_text().splitlines()


def looks(calls: list[str]) -> int:
    """How often the profiles' folder was looked at."""
    return len([x for x in calls if re.search(r'stat\w*\([^)]*roamrc/profiles"', x)])


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_look_that_changes_nothing_writes_nothing_and_asks_little(tmp_path: Path) -> None:
    with agent(tmp_path) as a:
        calls = look(a, tmp_path)
    assert looks(calls) >= 1
    assert not [x for x in calls if re.search(r"\b(rename|fsync|fdatasync|unlink|pwrite64)\w*\(", x) and "ENOENT" not in x]
    assert len(calls) <= CALLS * looks(calls), "\n".join(calls)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_on_the_way_npm_s_file_and_the_ledger_are_left_alone(tmp_path: Path) -> None:
    """The look that an event brings finds what it found before; only the one after it, at rest, reads both again."""
    with agent(tmp_path) as a:
        calls = look(a, tmp_path)
    for name in ("ledger.json", ".npmrc"):
        assert len([x for x in calls if re.search(rf'open\w*\([^)]*/{re.escape(name)}"', x)]) == 1, "\n".join(calls)
    assert looks(calls) >= 2


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_look_costs_the_same_with_many_profiles(tmp_path: Path) -> None:
    with agent(tmp_path, many=300) as a:
        calls = look(a, tmp_path)
        assert len(calls) <= CALLS * looks(calls), "\n".join(calls)
        assert not [x for x in calls if "/o7.yaml" in x]
        os.kill(a.pid, signal.SIGHUP)  # "look again": at everything
        a.calm()
        with a.traced(tmp_path) as trace:
            os.kill(a.pid, signal.SIGHUP)
            a.calm()
        assert len(re.findall(r"/o7\.yaml", trace.read_text())) == 1


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_burst_of_interfaces_costs_few_looks_and_ends_right(tmp_path: Path) -> None:
    with agent(tmp_path) as a:
        with a.traced(tmp_path) as trace:
            a.network(*(f"link add v{n} up type veth peer name w{n}" for n in range(250)))
            a.suffix("corp.test")
            until(lambda: "proxy=http://proxy.corp.test:3128" in (a.home / ".npmrc").read_text(), "the end is right")
            found = looks(trace.read_text().splitlines())
        assert 1 <= found <= LOOKS

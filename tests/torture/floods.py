"""Floods: hundreds of interfaces, thousands of routes, a cable that flaps, files rewritten without a rest. Few looks, and right
in the end."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import proc
from lab import Lab, until
from lab.agent import AgentProcess
from lab.day import OWN, direct, office, profiles, with_login

from . import wander

LOOKS = 10
"""A burst may cost this many, and one more for each two seconds that it lasts beyond four: the widest gap of rules/pace.py. As
many may follow it: what waited for quiet, a login fetched, a gateway that answers, a proxy tried."""
GAP, LASTS = 2.0, 4.0
UNSEEN = "500 veth pairs"
"""What may cost no look at all; the others show that looks are counted."""
SHARE = 0.2
"""Of one processor, until all is calm: the kernel tells of 500 new pairs for twelve seconds, a hundred a second (linkwatch)."""


class Shore:
    """A laptop in the lab with a real agent on it, each of whose looks is counted: it asks once for an override."""

    def __init__(self, lab: Lab, agent: AgentProcess) -> None:
        self.lab, self.agent = lab, agent

    def ip(self, *lines: str, node: str = "laptop") -> None:
        """Commands for ip(8), all in one process: as fast as the kernel takes them."""
        self.lab.exec(["ip", "-force", "-batch", "-"], node=node, input="\n".join(lines) + "\n", check=True)

    @contextmanager
    def counted(self) -> Iterator[list[float]]:
        """When the agent looked in the body (s since the epoch), filled in at its end."""
        found: list[float] = []
        trace = Path(self.lab.state, "looks")
        argv = ["strace", "-f", "-ttt", "-e", "trace=openat", "-p", str(self.agent.pid), "-o", str(trace)]
        with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr
            assert "attached" in tracer.stderr.readline()
            try:
                yield found
            finally:
                tracer.terminate()
                tracer.wait(20)
        found += map(float, re.findall(r"^\d+ +([\d.]+) openat\([^)]*roamrc/override\.json\"", trace.read_text(), re.MULTILINE))


def veths(s: Shore) -> None:
    """500 pairs, as a machine full of containers makes them."""
    s.ip(*(f"link add v{n} up type veth peer name w{n}" for n in range(500)))


def routes(s: Shore) -> None:
    """2,000, as a VPN with a long list brings them."""
    s.ip("link add d0 up type veth peer name d1", "link set d1 up", "addr add 10.200.0.1/16 dev d0")
    s.ip(*(f"route add 10.{201 + n // 250}.{n % 250}.0/24 dev d0" for n in range(2000)))


def flaps(s: Shore) -> None:
    """A cable whose contact is bad: out and in 50 times a second."""
    argv = ["ip", "-force", "-batch", "-"]
    with s.lab.popen(argv, node="sw", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, bufsize=1) as p:
        assert p.stdin
        for _ in range(150):
            for way in ("down", "up"):
                p.stdin.write(f"link set lap0 {way}\n")
                time.sleep(0.01)


def resolv(s: Shore) -> None:
    """resolv.conf rewritten 1,000 times, every other time in place."""
    s.lab.exec(
        "i=0; while [ $i -lt 500 ]; do echo search x$i.test > /etc/resolv.conf; echo search y$i.test > /etc/r; "
        "mv /etc/r /etc/resolv.conf; i=$((i+1)); done",
        check=True,
    )


def churn(s: Shore) -> None:
    """The profiles' folder: 300 files made, renamed and removed, one of ours saved over and over."""
    folder = Path(s.agent.config, "profiles")
    mine = (folder / "home.yaml").read_text()
    for n in range(300):
        new = folder / f"n{n}.yaml"
        new.write_text(f"when: []\npriority: {n}\napply: {{proxy: direct}}\n")
        new.rename(folder / f"m{n}.yaml")
        s.agent.profile("home", mine)
        (folder / f"m{n}.yaml").unlink()


FLOODS: dict[str, Callable[[Shore], None]] = {
    UNSEEN: veths,
    "2,000 routes": routes,
    "50 flaps a second": flaps,
    "resolv.conf 1,000 times": resolv,
    "the profiles' folder churned": churn,
}


def flood(name: str) -> str | None:
    """What did not hold in and after this flood, or None."""
    with Lab(tls=False, proxy="python") as lab:
        lab.npmrc(OWN)
        agent = AgentProcess(lab)
        profiles(agent)
        office(agent)
        with agent:
            shore = Shore(lab, agent)
            lab.plug("office")
            agent.wait_npmrc(with_login, 20, "the office before the flood")
            proc.calm(agent.pid)
            with shore.counted() as looks:
                before, begin = proc.take(agent.pid), time.time()
                FLOODS[name](shore)
                end = time.time()
                until(lambda: proc.calm(agent.pid, 1.5), 20)
                after, rest = proc.take(agent.pid), time.time() - begin
            lab.plug("home")
            agent.wait_npmrc(direct, 20, "home after the flood")
            lab.plug("office")
            agent.wait_npmrc(with_login, 20, "the office after it")
            if not agent.alive():
                return f"{name}: the agent died: {agent.log()}"
        took, during = end - begin, sum(at <= end for at in looks)
        ticks = after.ticks - before.ticks
        told = f"{name}: {during} looks in {took:.1f} s, {len(looks) - during} after it, {ticks} ticks of the processor"
        allowed = LOOKS + max(0.0, took - LASTS) / GAP
        if during > allowed or len(looks) > allowed + LOOKS or not (looks or name == UNSEEN):
            return told
        if ticks > 100 * max(1.0, rest * SHARE):
            return f"{told} in {rest:.0f} s: others had to wait"
        print(f"    {told}", file=sys.stderr, flush=True)
        return None


def run() -> tuple[int, list[str]]:
    """Floods made, and what was wrong."""
    return len(FLOODS), [wrong for name in FLOODS if (wrong := flood(name))]


def missing() -> str | None:
    """Why none can be made here, or None."""
    if os.geteuid() or not shutil.which("strace"):
        return "only root can count another process's calls" if os.geteuid() else "strace is not installed"
    return wander.missing()

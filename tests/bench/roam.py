"""Event to file: from the last deciding fact of a roam to npm's file renamed, roamrc and what people use instead.

All rivals in one run, in the lab, by turns (three blocks each), so that none has the machine's quiet minute for itself. roamrc's
profiles are matched by a DNS suffix or a tunnel, facts that act at the first look; a login, which waits for a second of quiet by
design, is not among them.
"""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab import Lab
from lab.agent import AgentProcess

from .figures import spread

HERE = Path(__file__).parent
PROXY = "http://proxy.corp.test:3128"
OWN = """; kept by hand
registry=https://registry.public.test/

# the team's token, from the environment
//registry.public.test/:_authToken = ${NPM_TOKEN}
save-exact = true
fund=false
audit=false

//npm.other.test/:_authToken=${OTHER_TOKEN}
"""
PROFILES = {
    "office": f"priority: 50\nwhen: {{dns_suffix: corp.test}}\napply: {{proxy: '{PROXY}', no_proxy: [corp.test]}}\n",
    "vpn": f"priority: 60\nwhen: {{vpn: true}}\napply: {{proxy: '{PROXY}', no_proxy: [corp.test]}}\n",
    "home": "priority: 10\nwhen: {dns_suffix: lan}\napply: {proxy: direct}\n",
}
ROUND = ("office", "home", "vpn up", "vpn down", "offline", "office from nothing", "home")
MOVES = ("office", "home", "vpn up", "vpn down", "office from nothing")
OURS, FLOOR, DISPATCHER = "roamrc", "floor", "dispatcher: npm config set ×2"
RIVALS = (OURS, FLOOR, "floor, nothing lost", DISPATCHER, "shell loop over ip monitor", "poll every 5 s")
LIMITS = {"poll every 5 s": 7.0, "shell loop over ip monitor": 1.5}
"""Seconds after which a change counts as never seen: else 4."""

AGENT_ENV: dict[str, str] = {}
REST = 0.6
"""Seconds between two moves: nobody roams twice a second, and what a rival does afterwards belongs to no other move."""


class Bench:
    """The laptop with its stopwatch."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.npmrc = f"{lab.home}/.npmrc"
        argv = [sys.executable, "-I", "-S", str(HERE / "stopwatch.py"), self.npmrc, lab.ifname]
        pipe = subprocess.PIPE
        env = {"PROXY": PROXY, "NPM_TOKEN": "t", "OTHER_TOKEN": "t"}
        self.watch = lab.popen(argv, stdin=pipe, stdout=pipe, text=True, env=env)
        self._line()

    def _line(self) -> Any:
        assert self.watch.stdout
        return json.loads(self.watch.stdout.readline())

    def ask(self, **asked: object) -> dict[str, Any]:
        assert self.watch.stdin
        self.watch.stdin.write(json.dumps(asked) + "\n")
        self.watch.stdin.flush()
        found: dict[str, Any] = self._line()
        return found

    def move(self, move: str, limit: float, spawn: Sequence[str] = ()) -> dict[str, Any]:
        """One move; nothing comes back from going offline, where nothing may change."""
        if move == "offline":
            self.lab.sh("ip link set lap0 nomaster; ip link set lap0 down", "sw")
            return self.ask(move=move)
        place = move.partition(" ")[0]
        if place in ("office", "home"):
            self.lab.move_cable(place)
        want = PROXY if place == "office" or move == "vpn up" else None
        return self.ask(move=move if place == "vpn" else place, want=want, limit=limit, spawn=list(spawn))

    def close(self) -> None:
        if self.watch.stdin:
            self.watch.stdin.close()
        self.watch.wait(10)
        if self.watch.stdout:
            self.watch.stdout.close()


@contextmanager
def rival(bench: Bench, name: str) -> Iterator[Sequence[str]]:
    """The rival, running; what the stopwatch itself must start at the moment of the change."""
    lab = bench.lab
    python = [
        sys.executable,
        "-I",
        "-S",
        str(HERE / "rivals/floor.py"),
        bench.npmrc,
        f"{lab.state}/at-work",
        f"{lab.state}/at-home",
    ]
    if name == "roamrc":
        agent = AgentProcess(lab, AGENT_ENV)
        for profile, text in PROFILES.items():
            agent.profile(profile, text)
            os.utime(f"{agent.config}/profiles/{profile}.yaml", (1e9, 1e9))  # one just written is read again at each look
        with agent:
            yield ()
        return
    if name.startswith("dispatcher"):
        yield ["sh", str(HERE / "rivals/dispatcher.sh")]
        return
    how = {"floor": [], "floor, nothing lost": ["safe"], "poll every 5 s": ["poll"]}
    argv = [*python, *how[name]] if name in how else ["sh", str(HERE / "rivals/monitor.sh"), bench.npmrc]
    p = lab.popen(argv, stdout=subprocess.PIPE, env={"PROXY": PROXY})
    try:
        lab.wait_line(p, name)
        yield ()
    finally:
        lab.stop(p, 9)
        if p.stdout:
            p.stdout.close()


def settled(bench: Bench, seconds: float) -> None:
    """Lets what was just started look around."""
    select.select([], [], [], seconds)


def run(rounds: int, blocks: int = 3, rivals: Sequence[str] = RIVALS) -> dict[str, Any]:
    """{"times": {rival: {move: spreads}}, "torn": {rival: reads}}: `rounds` rounds of five moves for each rival, in `blocks`."""
    times: dict[str, dict[str, list[dict[str, Any]]]] = {r: {m: [] for m in MOVES} for r in rivals}
    with Lab(proxy="python", tls=False) as lab:
        bench = Bench(lab)
        try:
            for block in range(blocks):
                for name in rivals:
                    n = rounds * (block + 1) // blocks - rounds * block // blocks
                    _block(bench, name, n, times[name])
        finally:
            bench.close()
    return {
        "times": {r: {m: _spreads(found) for m, found in by.items()} for r, by in times.items()},
        "torn": {r: sum(f["torn"] for found in by.values() for f in found) for r, by in times.items()},
    }


def _block(bench: Bench, name: str, rounds: int, times: dict[str, list[dict[str, Any]]]) -> None:
    limit = LIMITS.get(name, 4.0)
    lab = bench.lab
    lab.npmrc(OWN)
    lab.move_cable("home")
    with rival(bench, name) as spawn:
        settled(bench, 0.3)
        for move in ("office", "home"):  # the first changes of a life warm what is used for the first time
            bench.move(move, limit, spawn)
            settled(bench, REST)
            if name == "roamrc":
                with open(f"{lab.state}/at-{'work' if move == 'office' else move}", "w") as f, open(bench.npmrc) as npmrc:
                    f.write(npmrc.read())
        for _ in range(rounds):
            for n, move in enumerate(ROUND):
                if name.startswith("poll"):  # each change found is the clock's stroke: the next must fall anywhere between two
                    settled(bench, random.uniform(0, 5))
                found = bench.move(move, limit, spawn)
                if move in times and n < len(ROUND) - 1:
                    times[move].append(found)
                settled(bench, REST)


def _spreads(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {k: (s.json() if (s := spread([f[k] for f in found])) else None) for k in ("first", "right", "good")}

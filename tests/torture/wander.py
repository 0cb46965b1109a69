"""A life of roams in the lab: the real agent, real dhclient, the file right after each; the process and its state stand still."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

from bench import proc
from lab import Lab, until
from lab import missing as lab_missing
from lab.agent import AgentProcess
from lab.day import OWN, Keys, direct, profiles, with_login, without_login
from roamrc.memory.state import LOG_LIMIT

from .soak import GROWTH, Lived, Say, Stand, lives

LIVES = 4
"""Labs at once: a roam is a second of waiting (a login and a fallback want one of quiet) and little work."""
REPORT = 100
"""Roams after which a life tells how far it is."""
PATIENCE = 15.0
"""Seconds until the file must be right; on a machine with nothing else to do it is one."""
PLACES = ("office", "home", "cafe", "clone", "offline")
HELD: dict[str, tuple[str, Callable[[Keys], bool]]] = {
    "office": ("office", with_login),
    "home": ("home", direct),
    "cafe": ("elsewhere", direct),
    "clone": ("elsewhere", direct),
}


class Life:
    """One laptop: where it is, what its file must hold, and what was not so."""

    def __init__(self, lab: Lab, agent: AgentProcess, r: random.Random) -> None:
        self.lab, self.agent, self.r = lab, agent, r
        self.place, self.last = "office", "office"

    def move(self) -> str:
        """Somewhere else, now and then by a bad cable, out and in again, or with a tunnel for a moment; what was done."""
        here = self.place
        if here in ("home", "cafe") and self.r.random() < 0.02:
            mode = self.r.choice(("full", "split"))
            self.lab.vpn_up(mode)
            self.right("vpn", "vpn", with_login)
            self.lab.vpn_down()
            return f"{here} after a {mode} VPN"
        if here == "office" and self.r.random() < 0.05:
            self.lab.flap(self.r.randrange(1, 4), 0.05)
            return "office after flapping"
        self.place = self.r.choice([p for p in PLACES if p != here])
        if self.place == "offline":
            self.lab.offline(flush=self.r.random() < 0.5)
        else:
            self.lab.plug(self.place)
            self.last = self.place
        return self.place

    def roam(self) -> None:
        """One move; raises AssertionError where the file does not become right."""
        done = self.move()
        if self.place != "offline":
            self.right(done, *HELD[self.place])
        else:
            self.right(done, None, without_login if self.last == "office" else direct)

    def right(self, done: str, profile: str | None, holds: Callable[[Keys], bool]) -> None:
        """Until npm's file and the status are as they must be (`profile` None: held), and the user's own lines are there."""

        def so() -> bool:
            if not holds(self.agent.keys()):
                return False
            status = self.status()
            return status.get("action") == "hold" if profile is None else status.get("profile") == profile

        try:
            until(so, PATIENCE, every=0.01)
        except AssertionError:
            raise AssertionError(f"{done}: {self.agent.read()}\n{self.status()}\n{self.agent.log()[-1500:]}") from None
        lines = self.agent.read().splitlines(keepends=True)
        if "".join(x for x in lines if x in OWN.splitlines(keepends=True)) != OWN:
            raise AssertionError(f"{done}: a line of the user's own is gone: {self.agent.read()}")

    def status(self) -> dict[str, object]:
        """What the agent wrote last of itself."""
        try:
            found: dict[str, object] = json.loads(Path(self.agent.state, "status.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def stand(self) -> Stand:
        """What the agent holds at rest, and what lies on its disk."""
        proc.calm(self.agent.pid, 0.5, 10)
        found = proc.take(self.agent.pid)
        files = [p for p in Path(self.agent.state).rglob("*") if p.is_file()]
        log = sum(p.stat().st_size for p in files if p.name.startswith("log"))
        size = sum(p.stat().st_size for p in files) - log
        return Stand(found.rss * 1024, len(os.listdir(f"/proc/{self.agent.pid}/fd")), found.threads, log, len(files), size)


def live(roams: int, seed: int, say: Say) -> Lived:
    """Roams made by one agent, and what was not right; it goes on after a wrong one, and ends after ten."""
    wrong: list[str] = []
    with Lab() as lab:
        lab.npmrc(OWN)
        agent = AgentProcess(lab)
        profiles(agent)
        with agent:
            life = Life(lab, agent, random.Random(seed))
            bare = life.stand()
            lab.plug("office")
            life.right("office", *HELD["office"])
            warm, first, n = roams // 4, None, 0
            while n < roams and len(wrong) < 10:
                try:
                    life.roam()
                except AssertionError as e:
                    wrong.append(f"seed {seed}, roam {n}: {e}")
                n += 1
                if n == warm:
                    first = life.stand()
                if n % REPORT == 0:
                    say(f"life {seed}: {n} roams, {len(wrong)} wrong, {proc.take(agent.pid).rss} KB, {agent.alive()}")
            last = life.stand()
            say(f"life {seed}: {bare} became {first}, {last}")
            wrong += grown(bare, first, last)
            if agent.stop() != 0:
                wrong.append(f"seed {seed}: the agent did not end in order: {agent.log()[-500:]}")
        gone = agent.cli("uninstall", "--yes")
        if agent.read() != OWN:
            wrong.append(f"seed {seed}: uninstall leaves {agent.read()!r} ({gone.out}{gone.err})")
    return n, wrong


def grown(bare: Stand, first: Stand | None, last: Stand) -> list[str]:
    """What did not stand still: descriptors and threads since the start, the rest since the first roams."""
    told = []
    if (last.descriptors, last.threads) != (bare.descriptors, bare.threads):
        told.append(f"descriptors and threads: {bare} became {last}")
    if first and last.memory - first.memory > GROWTH:
        told.append(f"memory grew by {last.memory - first.memory} bytes")
    if first and (last.log > LOG_LIMIT or last.files > first.files + 1 or last.state > first.state + 20_000):
        told.append(f"log or state grew: {first} became {last}")
    return told


def run(roams: int, seed: int, count: int = LIVES) -> Lived:
    """Roams made in `count` labs at once, and what was not right."""
    return lives(count, seed, lambda n, say: live(roams // count, n, say))


def missing() -> str | None:
    """Why there is no lab here, or None."""
    return lab_missing() or None

"""What the agent remembers from look to look changes nothing but the time it takes: with it and without, the same bytes."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from roamrc import act, look
from roamrc.formats import saved
from roamrc.memory.past import LONGEST, MOST, Past
from roamrc.reconcile import Report, Wish
from roamrc.setup import removal
from roamrc.system import System

PLACES: dict[str, dict[str, Any]] = {
    name: {
        "online": True,
        "interface": "eth0",
        "dns_suffixes": suffixes,
        "gateway": gateway,
        "gateway_mac": f"02:00:00:00:00:0{n}",
    }
    for n, (name, suffixes, gateway) in enumerate(
        (("office", ["corp.example"], "10.1.0.1"), ("lab", ["lab.example"], "10.9.0.1"), ("home", ["lan"], "192.168.1.1"))
    )
}
PROFILES = {
    "office": "when: {dns_suffix: corp.example}\napply: {proxy: 'http://proxy.corp.example:8080', registry: 'https://npm.corp.example/'}\n",
    "lab": "when: {dns_suffix: lab.example}\napply: {proxy: 'http://alice:s3cret@lab.example:3128', no_proxy: [lab.example]}\n",
    "home": "when: {dns_suffix: lan}\napply: {proxy: direct}\n",
    "original": "when: []\napply: {proxy: original}\n",
}
FILES = [
    b"fund=false\r\nregistry=https://npm.example/\r\n",
    b"proxy=http://proxy.corp.example:8080\nnoproxy=a.example",
    b"; mine\n[sect]\nproxy=http://not.ours:1\n",
    None,
]


class Person:
    """A home, and what happens there; `past` where an agent lives there."""

    def __init__(self, home: Path, past: Past | None) -> None:
        self.system, self.past, self.npmrc = System({"HOME": str(home)}, home), past, home / ".npmrc"
        (home / ".config/roamrc/profiles").mkdir(parents=True)
        for name, text in PROFILES.items():
            (home / f".config/roamrc/profiles/{name}.yaml").write_text(text)

    def go(self, place: str, force: bool = False) -> Report:
        setup, _ = look.setup(self.system)
        seen = look.look(setup, look.Memory(), network=saved.from_json(PLACES[place], "test"))
        report, _ = act.carry_out(seen, Wish(force=force, past=self.past or Past()))
        for rescue in report.rescues:
            rescue.close()
        return report

    def write(self, data: bytes | None) -> None:
        if data is None:
            self.npmrc.unlink(missing_ok=True)
        else:
            self.npmrc.write_bytes(data)

    def text(self) -> bytes | None:
        return self.npmrc.read_bytes() if self.npmrc.exists() else None


@pytest.mark.parametrize("seed", range(10))
def test_it_makes_no_difference_to_the_file(tmp_path: Path, seed: int) -> None:
    random, past = Random(seed), Past()
    agent, other = Person(tmp_path / "agent", past), Person(tmp_path / "other", None)
    first = random.choice(FILES)
    for person in (agent, other):
        person.write(first)
    for _ in range(30):
        text = agent.text() or b""
        step = random.choice([*PLACES, *PLACES, *PLACES, "force", "a line", "a proxy", "emptied"])
        if step in ("a line", "a proxy", "emptied"):
            more = {"a line": text + b"\naudit=false\n", "a proxy": text + b"\nproxy=http://mine.example:1\n", "emptied": b""}[
                step
            ]
            agent.write(more)
            other.write(more)
        place, force = random.choice([*PLACES]) if step not in PLACES else step, step == "force"
        past.recent.clear()  # what happens here happens slowly: a hand edit is no lost update, a file that shrank is no half
        past.sizes.clear()
        a, b = agent.go(place, force), other.go(place, force)
        assert agent.text() == other.text()
        assert [(e.key, e.before, e.after, e.why) for e in a.edits] == [(e.key, e.before, e.after, e.why) for e in b.edits]
        assert [(f.state, f.keys) for f in a.files] == [(f.state, f.keys) for f in b.files]
        assert [p.code for p in a.problems] == [p.code for p in b.problems]
    removal.npm_files(look.setup(agent.system)[0])
    removal.npm_files(look.setup(other.system)[0])
    assert agent.text() == other.text()


def test_the_way_back_is_not_drafted_anew(tmp_path: Path) -> None:
    past = Past()
    agent = Person(tmp_path, past)
    agent.write(b"fund=false\n")
    for place in ("office", "home") * 3:
        past.recent.clear()
        agent.go(place)
        agent.go(place)
    known = [plan for _, plan in past.drafts]
    for place in ("office", "home", "office"):
        past.recent.clear()
        agent.go(place)
        assert past.recent[str(agent.npmrc)][1] in known
    assert len(past.drafts) == len(known)


def test_no_login_no_large_file_and_not_for_ever(tmp_path: Path) -> None:
    past = Past()
    agent = Person(tmp_path, past)
    for place in ("office", "lab", "office", "lab"):
        agent.go(place)
        assert b"s3cret" not in repr(past.drafts).encode()
    assert b"s3cret" in (agent.text() or b"")
    for n in range(MOST + 1):
        agent.write((agent.text() or b"") + b"; %d\n" % n)
        agent.go("home")
    assert len(past.drafts) == MOST
    agent.write((agent.text() or b"") + b"; long\n" * (LONGEST // 7))
    before = past.drafts
    agent.go("office")
    assert past.drafts == before

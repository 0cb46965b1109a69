"""What the agent remembers from look to look changes nothing but the time it takes: each plan is what would be drafted."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from roamrc import act, look
from roamrc.formats import saved
from roamrc.memory.past import LONGEST, MOST, Past
from roamrc.reconcile import Report, Wish
from roamrc.rules.owned import FilePlan
from roamrc.slotted import replace
from roamrc.system import System

PLACES: dict[str, dict[str, Any]] = {
    name: {"online": True, "dns_suffixes": suffixes, "gateway": gateway, "gateway_mac": f"02:00:00:00:00:0{n}"}
    for n, (name, suffixes, gateway) in enumerate(
        (
            ("office", ["corp.example"], "10.1.0.1"),
            ("lab", ["lab.example"], "10.9.0.1"),
            ("home", ["lan"], "192.168.1.1"),
            ("login", ["login.example"], "10.8.0.1"),
        )
    )
}
PROXY = "http://proxy.corp.example:8080"
PROFILES = {
    "office": f"when: {{dns_suffix: corp.example}}\napply: {{proxy: '{PROXY}', registry: 'https://npm.corp.example/'}}\n",
    "lab": "when: {dns_suffix: lab.example}\napply: {proxy: 'http://lab.example:3128', no_proxy: [lab.example]}\n",
    "home": "when: {dns_suffix: lan}\napply: {proxy: direct}\n",
    "login": "when: {dns_suffix: login.example}\napply: {proxy: 'http://alice:s3cret@login.example:3128'}\n",
}
FILES = [
    b"fund=false\r\nregistry=https://npm.example/\r\n",
    b"proxy=http://proxy.corp.example:8080\nnoproxy=a.example",
    b"; mine\n[sect]\nproxy=http://not.ours:1\n",
    None,
]


class Person:
    """A home, and the agent's way of looking there, with what it remembers."""

    def __init__(self, home: Path) -> None:
        self.system, self.past, self.npmrc = System({"HOME": str(home)}, home), Past(), home / ".npmrc"
        self.config = home / ".config/roamrc"
        (self.config / "profiles").mkdir(parents=True)
        for name, text in PROFILES.items():
            self.profile(name, text)
        self.key()

    def key(self) -> None:
        """The digests' key: a dry run without one would make its own."""
        look.setup(self.system)[0].state.key()

    def profile(self, name: str, text: str) -> None:
        (self.config / f"profiles/{name}.yaml").write_text(text)

    def _look(self, place: str, wish: Wish) -> Report:
        setup, _ = look.setup(self.system)
        seen = look.look(setup, look.Memory(), network=saved.from_json(PLACES[place], "test"))
        report, _ = act.carry_out(seen, wish)
        for rescue in report.rescues:
            rescue.close()
        return report

    def go(self, place: str, force: bool = False, private: frozenset[str] = frozenset()) -> tuple[FilePlan, bool]:
        """The plan that was carried out, and whether it was remembered; asserts that it is the one drafted from nothing.

        What happens here happens slowly: a hand edit is no lost update, a file that shrank is no half-written one."""
        self.past.recent.clear()
        self.past.sizes.clear()
        fresh = self._look(place, Wish(force=force, private=private, dry_run=True)).plans[-1]
        known = [id(plan) for _, plan in self.past.drafts]
        plan = self._look(place, Wish(force=force, private=private, past=self.past)).plans[-1]
        assert plan == fresh or plan.record.lent, "what is lent belongs to one moment"
        return plan, id(plan) in known

    def write(self, data: bytes | None) -> None:
        if data is None:
            self.npmrc.unlink(missing_ok=True)
        else:
            self.npmrc.write_bytes(data)

    def text(self) -> bytes:
        return self.npmrc.read_bytes() if self.npmrc.exists() else b""


@pytest.mark.parametrize("seed", range(10))
def test_what_is_remembered_is_what_would_be_drafted(tmp_path: Path, seed: int) -> None:
    random, agent, hits = Random(seed), Person(tmp_path), 0
    agent.write(random.choice(FILES))
    edits = {
        "a line": lambda: agent.write(agent.text() + b"\naudit=false\n"),
        "a proxy": lambda: agent.write(agent.text() + b"\nproxy=http://mine.example:1\n"),
        "emptied": lambda: agent.write(b""),
        "settings": lambda: (agent.config / "config.yaml").write_text(
            f"hand_edits: {random.choice(['stand', 'overwrite'])}\nno_proxy_auto: {random.choice(['true', 'false'])}\n"
        ),
        "profile": lambda: agent.profile("office", PROFILES["office"].replace("8080", random.choice(["8080", "9090"]))),
    }
    for n in range(40):
        if n > 20 and random.random() < 0.25:
            edits[random.choice([*edits])]()
        private = frozenset(("npm.example",)) if random.random() < 0.1 else frozenset()
        place = random.choice(["office", "lab", "home"]) if random.random() < 0.9 else "login"
        hits += agent.go(place, force=random.random() < 0.1, private=private)[1]
    assert hits > 3


def test_the_way_back_is_not_drafted_anew(tmp_path: Path) -> None:
    agent = Person(tmp_path)
    agent.write(b"fund=false\n")
    for place in ("office", "home") * 3:
        agent.go(place)
        agent.go(place)
    for place in ("office", "office", "home", "office"):
        assert agent.go(place)[1]


def test_the_question_is_asked_whole(tmp_path: Path) -> None:
    """A hand edit that stands gives way to --force and to the settings; the registries inside, the profile and the key count."""
    agent = Person(tmp_path)
    agent.write(b"registry=https://npm.example/\n")
    for place in ("office", "home", "lab", "home", "lab", "home"):
        agent.go(place)
    for private in (frozenset[str](), frozenset(("npm.example",))) * 2:
        agent.go("lab", private=private)
    agent.profile("lab", PROFILES["lab"].replace("no_proxy: [lab.example]", "no_proxy: [other.example]"))
    assert b"other.example" in (agent.go("lab")[0].after or b"")
    agent.write(agent.text().replace(b"lab.example:3128", b"mine.example:1"))
    assert agent.go("lab")[0].conflicts
    assert agent.go("lab", force=True)[0].writes
    (agent.npmrc.parent / ".local/state/roamrc/key").unlink()
    agent.key()
    assert not agent.go("lab")[1]


def test_no_login_no_large_file_and_not_for_ever(tmp_path: Path) -> None:
    agent = Person(tmp_path)
    agent.write(b"//npm.example/:_authToken=deleted-soon\n")
    for place in ("office", "login", "office", "login", "home", "office"):
        agent.go(place)
        assert "s3cret" not in repr(agent.past.drafts)
    assert "deleted-soon" in repr(agent.past.drafts)
    agent.write(agent.text().replace(b"//npm.example/:_authToken=deleted-soon\n", b""))
    plan, _ = agent.go("office")
    assert "deleted-soon" not in repr(agent.past.drafts), "what the user took out of his file is nowhere"
    for n in range(MOST + 3):
        agent.past.keep((n,), plan)
    assert len(agent.past.drafts) == MOST
    before, large = agent.past.drafts, replace(plan, after=b"x" * LONGEST)
    assert agent.past.keep(("large",), large) is large
    assert agent.past.drafts == before

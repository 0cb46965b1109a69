"""Decisions by scenario: network, profiles and npm's file before; decision, file and explanation after. Each step is run
twice, and the second time nothing is left to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from roamrc import act, look
from roamrc.formats import saved
from roamrc.reconcile import Wish
from roamrc.rules import match
from roamrc.setup import removal
from roamrc.system import System

FOLDER = Path(__file__).parent / "scenarios"


def scenarios() -> list[Any]:
    files = [(p.stem, yaml.safe_load(p.read_text())) for p in sorted(FOLDER.glob("*.yaml"))]
    return [pytest.param(s, id=f"{stem}-{s['about'].replace(' ', '-')[:60]}") for stem, found in files for s in found]


class Laptop:
    """A home with profiles and an .npmrc; the network is handed in."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.npmrc = home / ".npmrc"
        self.memory = look.Memory()
        self.system = System({"HOME": str(home), "PATH": os.environ["PATH"], "OFFICE_USER": "alice", "OFFICE_PASS": "p@ss"}, home)

    def profiles(self, files: Mapping[str, str]) -> None:
        folder = self.home / ".config/roamrc/profiles"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text)

    def step(self, network: Mapping[str, Any], step: Mapping[str, Any]) -> tuple[look.Look, dict[str, Any], Any]:
        setup, _ = look.setup(self.system)
        seen = look.look(setup, self.memory, network=saved.from_json(network, "scenario"), settled=step.get("settled", True))
        if name := step.get("use"):
            seen = look.decided(seen, match.Override(name, 0.0), {}, True)
        wish = Wish(force=bool(step.get("force") or step.get("use")), lend=step.get("settled", True))
        report, status = act.carry_out(seen, wish)
        for rescue in report.rescues:
            rescue.close()
        return seen, status, report


def write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))


def read(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else None


@pytest.mark.parametrize("scenario", scenarios())
def test_scenario(scenario: dict[str, Any], tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.profiles(scenario["profiles"])
    if scenario.get("config"):
        (tmp_path / ".config/roamrc/config.yaml").write_text(scenario["config"])
    write(laptop.npmrc, scenario["npmrc"])
    for n, step in enumerate(scenario["steps"]):
        where = f"step {n}: {step.get('at') or 'uninstall'}"
        if "hand" in step:
            write(laptop.npmrc, step["hand"])
        if "profiles" in step:
            laptop.profiles(step["profiles"])
        if step.get("uninstall"):
            setup, _ = look.setup(laptop.system)
            removal.npm_files(setup)
            assert read(laptop.npmrc) == step["after"], where
            continue
        network = scenario["networks"][step["at"]]
        seen, status, _ = laptop.step(network, step)
        assert (status["action"], status["profile"]) == (step["action"], step.get("profile")), (where, status["because"])
        if "after" in step:
            assert read(laptop.npmrc) == step["after"], where
        if "because" in step:
            assert step["because"] in status["because"], where
        if "problems" in step:
            assert [p["code"] for p in status["problems"]] == step["problems"], where
        if "explain" in step:
            told = (*match.judge_all(seen.network, seen.loaded.profiles), *seen.decision.judged)
            assert {j.profile: j.verdict for j in told} == step["explain"], where
        if "state" in step:
            assert [f["state"] for f in status["files"]] == [step["state"]], where
        before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in tmp_path.rglob("*") if p.is_file()}
        again = laptop.step(
            network, {k: v for k, v in step.items() if k not in ("use", "force")} if not step.get("use") else step
        )[2]
        assert again.edits == [], where
        after = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in tmp_path.rglob("*") if p.is_file()}
        assert before == after, f"{where}: the second look wrote something"

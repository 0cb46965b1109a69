"""A package upgraded by pip under the running agent: it becomes the new version, with its pid, its lock and its requests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.wait import until
from roamrc.memory.state import State
from wheels import Venv

OFFICE = "when: []\napply: {proxy: 'http://proxy.corp.example:8080'}\n"


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    return Venv(tmp_path_factory.mktemp("venv"))


class Running:
    """`roamrc run` of a venv in a home."""

    def __init__(self, venv: Venv, home: Path, *command: str) -> None:
        self.venv, self.home = venv, home
        self.state = State(home / ".local/state/roamrc")
        (home / ".config/roamrc/profiles").mkdir(parents=True)
        (home / ".config/roamrc/profiles/office.yaml").write_text(OFFICE)
        self.log = open(home / "agent.log", "wb")  # noqa: SIM115 - closed in stop
        self.process = subprocess.Popen([*command, "run"], env=self.env(), stdout=self.log, stderr=self.log, cwd=home)
        until(self.looked, 20, "the agent has looked")

    def env(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": os.defpath}

    def looked(self) -> bool:
        assert self.process.poll() is None, self.said()
        return os.path.exists(self.state.path("status.json"))

    def said(self) -> str:
        return (self.home / "agent.log").read_text()

    def release(self) -> Any:
        return (self.state.load("agent.json") or {}).get("release")

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.venv.roamrc, *words], env=self.env(), capture_output=True, text=True, timeout=60, cwd=self.home
        )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            self.log.close()


@pytest.mark.parametrize("module", [False, True], ids=["script", "python -m"])
def test_the_agent_becomes_the_new_version(venv: Venv, tmp_path: Path, module: bool) -> None:
    venv.install("1.0.1")
    command = [venv.python, "-P", "-m", "roamrc"] if module else [venv.roamrc]
    agent = Running(venv, tmp_path, *command)
    try:
        assert agent.release() == "1.0.1"
        pid = agent.state.agent_pid()
        venv.install("1.0.2")
        used = agent.type("use", "office", "--json")
        assert used.returncode in (0, 1), used.stderr + agent.said()
        assert json.loads(used.stdout)["profile"] == "office"
        assert "proxy=http://proxy.corp.example:8080" in (tmp_path / ".npmrc").read_text()
        assert (agent.release(), agent.state.agent_pid(), agent.process.pid) == ("1.0.2", pid, pid)
        assert "roamrc 1.0.2 watches" in agent.said()
        assert agent.type("run").stdout == f"an agent is running already (pid {pid})\n"
        assert agent.type("auto").returncode in (0, 1)
    finally:
        assert agent.stop() == 0, agent.said()
    assert "Traceback" not in agent.said()


def test_an_upgrade_is_noticed_though_nothing_else_happens(venv: Venv, tmp_path: Path) -> None:
    venv.install("1.1.1")
    agent = Running(venv, tmp_path, venv.roamrc)
    try:
        pid = agent.state.agent_pid()
        venv.install("1.1.2")
        until(lambda: agent.release() == "1.1.2", 30, "the new version, by the package's own file")
        until(lambda: agent.said().rpartition("watches")[2].count("\n") > 1, 20, "its first look")
        assert agent.state.agent_pid() == pid
    finally:
        assert agent.stop() == 0, agent.said()


def test_a_package_that_is_gone_for_a_while_does_not_end_the_agent(venv: Venv, tmp_path: Path) -> None:
    venv.install("2.0.1")
    agent = Running(venv, tmp_path, venv.roamrc)
    try:
        pid = agent.state.agent_pid()
        venv.pip("uninstall", "--yes", "roamrc")
        os.kill(agent.process.pid, signal.SIGHUP)  # a look, with half of the modules never imported and not to be had
        (tmp_path / ".config/roamrc/profiles/home.yaml").write_text("when: {subnet: 198.51.100.0/24}\napply: {proxy: direct}\n")
        venv.install("2.0.2")
        until(lambda: agent.release() == "2.0.2", 30, "the new version")
        until(lambda: agent.said().rpartition("watches")[2].count("\n") > 1, 20, "its first look")
        assert agent.state.agent_pid() == pid
    finally:
        assert agent.stop() == 0, agent.said()
    assert "Traceback" not in agent.said()

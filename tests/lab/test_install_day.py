"""From a clean home to a laptop that roams, with a real systemd, a real pip and nothing but the commands of the README; and back,
to the byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, missing, systemd_box, until
from lab.desk import SHARED, Desk
from wheels import Venv

pytestmark = pytest.mark.lab
OWN = "//npm.corp.test/:_authToken=${NPM_TOKEN}\nfund = false   ; mine\nproxy=http://proxy.corp.test:3128\n"
BARE = "proxy=http://proxy.corp.test:3128\n"


class User(Desk):
    """Somebody who types; roamrc stands in a venv that the machine shares with the box."""

    venv: Venv

    def type(self, *words: str, code: int = 0, shell: str = "") -> str:
        run = self.exec(f"{shell} {self.venv.roamrc} {' '.join(words)}", timeout=60)
        assert run.returncode == code, f"{words}: {run.returncode}\n{run.stdout}{run.stderr}"
        return run.stdout + run.stderr

    def npmrc(self) -> str:
        return self.exec("cat ~/.npmrc").stdout

    def office(self) -> bool:
        return f"https-{BARE}" in self.npmrc()

    def home(self) -> bool:
        return "proxy.corp.test" not in self.npmrc() and "noproxy" in self.npmrc()

    def release(self) -> Any:
        found = self.exec("cat ~/.local/state/roamrc/agent.json").stdout
        return json.loads(found)["release"] if found else None


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[tuple[Lab, User]]:
    if why := missing() or systemd_box.missing():
        pytest.skip(why)
    venv = Venv(tmp_path / "venv")
    venv.install("3.0.1")
    with Lab(proxy="python", tls=False) as lab:
        lab.plug("office")
        with User(lab, share=[*SHARED, venv.folder]) as user:
            user.venv = venv
            user.exec("cat > ~/.npmrc", input=OWN)
            yield lab, user


def test_three_commands_and_a_day(laptop: tuple[Lab, User]) -> None:
    lab, user = laptop
    user.log_in()
    said = user.type("init", "--yes")
    assert "was tried from here" in said
    assert "office.yaml is for this network from now on" in said
    assert user.npmrc() == OWN
    assert user.type("check").strip()
    shown = user.type("install", "--yes")
    assert "+https-proxy=http://proxy.corp.test:3128" in shown
    until(user.office, 10, "the office's proxy")
    assert user.show("ActiveState") == "active"

    lab.plug("home")
    assert "gateway_mac" in user.type("learn", "home")
    until(user.home, 10, "no proxy at home")
    lab.plug("office")
    until(user.office, 10, "the office's proxy again")

    pid = user.state()["pid"]
    user.root(f"kill -9 {pid}")
    until(lambda: user.state()["running"] and user.state()["pid"] != pid, 10, "the agent is back")
    assert user.office()
    gone, back = (int(user.show(f"{x}EnterTimestampMonotonic")) for x in ("Inactive", "Active"))
    print(f"kill -9: systemd had it back, ready and looked, after {(back - gone) / 1e6:.2f} s")

    user.type("use", "direct", "--for", "3s")
    assert user.home()
    until(user.office, 10, "the override is over")

    pid = user.state()["pid"]
    user.venv.install("3.0.2")
    lab.plug("home")
    until(user.home, 10, "home, by whichever version")
    until(lambda: user.release() == "3.0.2", 10, "the new version")
    assert (user.state()["pid"], user.show("NRestarts")) == (pid, "1")
    assert "already" in user.type("install", "--yes")

    user.log_out()
    lab.plug("office")
    user.log_in()
    until(user.office, 15, "the next log-in brings the agent")

    said = user.type("uninstall", "--yes")
    assert "npm goes through http://proxy.corp.test:3128 (proxy in ~/.npmrc)" in said
    assert user.npmrc() == OWN
    assert user.show("LoadState") == "not-found"
    assert user.exec("find ~/.config/systemd ~/.local/state/roamrc 2>/dev/null").stdout == ""
    assert "home.yaml" in user.exec("ls ~/.config/roamrc/profiles").stdout
    user.type("uninstall", "--yes", "--purge")
    assert user.exec("ls -A ~/.config/roamrc 2>/dev/null; cat ~/.npmrc").stdout == OWN


def test_install_with_folders_of_ones_own_and_an_agent_in_the_foreground(laptop: tuple[Lab, User]) -> None:
    _, user = laptop
    user.log_in()
    own = "ROAMRC_STATE_HOME=$HOME/memory ROAMRC_CONFIG_HOME=$HOME/conf NPM_CONFIG_USERCONFIG=$HOME/other.npmrc"
    user.exec("cp ~/.npmrc ~/other.npmrc")
    user.type("init", "--yes", shell=own)
    user.exec(f"{own} setsid {user.venv.roamrc} run > ~/run.log 2>&1 & echo $! > ~/pid")
    until(lambda: user.exec("cat ~/memory/status.json").stdout, 10, "the agent in the foreground has looked")
    assert "in the foreground" in user.type("install", "--yes", code=4, shell=own)
    user.exec("kill $(cat ~/pid)")
    until(lambda: user.exec("kill -0 $(cat ~/pid)").returncode, 10, "it ended")
    user.type("install", "--yes", shell=own)
    until(lambda: f"https-{BARE}" in user.exec("cat ~/other.npmrc").stdout, 10, "npm's other file")
    assert user.npmrc() == OWN
    said = user.type("uninstall", "--yes")
    assert "the installed agent's folders are meant, ~/conf and ~/memory" in said
    assert user.exec("cat ~/other.npmrc").stdout == OWN
    assert user.exec("ls -d ~/memory 2>/dev/null").stdout == ""

"""The LaunchAgent: its plist, and the sequence of `install` and `uninstall` against a launchctl that fails as recorded."""

from __future__ import annotations

import plistlib
import stat
import sys
from pathlib import Path

import pytest

from fake_launchctl import TARGET
from machines import PROGRAM, Mac, machine
from roamrc import services
from roamrc.errors import Refused
from roamrc.model import Advice, Hidden
from roamrc.reading import shipped
from roamrc.services import launchd
from roamrc.system import System


def test_launchd_install_and_again_and_uninstall(tmp_path: Path) -> None:
    mac = Mac(tmp_path)
    assert mac.install() == [
        "wrote ~/Library/LaunchAgents/dev.roamrc.agent.plist", "loaded dev.roamrc.agent: it runs, and starts at log-in",
    ]  # fmt: skip
    assert mac.calls() == ["bootout", "enable", "bootstrap DOMAIN PLIST"]
    assert mac.pauses == []
    assert mac.launchd.state() == services.State(True, True, True, 4711, "running")
    assert stat.S_IMODE(mac.plist.stat().st_mode) == 0o644
    assert stat.S_IMODE(mac.log.stat().st_mode) == 0o600
    agent = plistlib.loads(mac.plist.read_bytes())
    assert agent["ProgramArguments"] == PROGRAM
    assert agent["EnvironmentVariables"] == {"PATH": "/usr/bin:/bin"}
    assert agent["StandardOutPath"] == agent["StandardErrorPath"] == str(mac.log)
    assert mac.install() == []
    assert mac.calls() == []
    assert mac.uninstall() == [
        "stopped dev.roamrc.agent",
        "removed ~/Library/LaunchAgents/dev.roamrc.agent.plist",
        "removed ~/Library/Logs/roamrc/agent.log",
    ]
    assert [p for p in mac.system.home.rglob("*") if p.is_file()] == []
    assert mac.launchd.state() == services.State(False, False, False, None, "not loaded")
    assert mac.uninstall() == []


def test_the_shipped_plist_is_the_installed_one() -> None:
    shown = plistlib.loads((shipped.folder("launchd") / f"{launchd.LABEL}.plist").read_bytes())
    system = System(env={}, home=Path("/Users/ann"), platform="darwin")
    agent = launchd.Launchd(system, (shipped.folder("launchd") / f"{launchd.LABEL}.plist").read_bytes(), 501)
    (file,) = agent.plan(["/Users/ann/.local/bin/roamrc", "run"], {"PATH": "/x y:&<"}, Path("/Users/ann/Library/Logs/roamrc.log"))
    made = plistlib.loads(file.content)
    filled = {"ProgramArguments", "EnvironmentVariables", "StandardOutPath", "StandardErrorPath"}
    assert {k: v for k, v in made.items() if k not in filled} == {k: v for k, v in shown.items() if k not in filled}
    assert made["EnvironmentVariables"] == {"PATH": "/x y:&<"}
    assert made["KeepAlive"] == {"SuccessfulExit": False}
    assert made["Label"] == file.path.stem == "dev.roamrc.agent"
    assert (made["RunAtLoad"], made["ThrottleInterval"], made["ProcessType"], made["Umask"]) == (True, 30, "Background", 0o077)


@pytest.mark.parametrize("program", [[], ["roamrc", "run"], ["/a\x01", "run"], ["/a\udcff", "run"]])
def test_what_can_not_stand_in_a_plist_is_refused(tmp_path: Path, program: list[str]) -> None:
    mac = Mac(tmp_path)
    with pytest.raises(Refused) as e:
        mac.install(program)
    assert e.value.code == 4
    assert not mac.plist.exists()


@pytest.mark.parametrize("left_in", [0, 36])
def test_an_upgrade_waits_until_the_old_one_is_gone(tmp_path: Path, left_in: int) -> None:
    mac = Mac(tmp_path)
    mac.install()
    mac.calls()
    mac.set(drain=7)
    if left_in:
        mac.set(faults={"bootout": [left_in]}, loaded=False, draining=7)
    assert len(mac.install([*PROGRAM, "--new"])) == 2
    assert mac.calls() == ["bootout", "enable", "bootstrap DOMAIN PLIST"]
    assert mac.pauses == [launchd.STEP] * 7
    assert mac.launchd.state().running


def test_one_that_never_goes(tmp_path: Path) -> None:
    mac = Mac(tmp_path, loaded=True, pid=1, drain=10_000)
    with pytest.raises(Refused, match="has not let go") as e:
        mac.install()
    assert sum(mac.pauses) == pytest.approx(launchd.LIMIT)
    assert e.value.hint == f"launchctl print {TARGET}"


@pytest.mark.parametrize(
    ("faults", "pauses"),
    [
        ({"bootout": [113]}, []),
        ({"bootout": [3]}, []),
        ({"bootstrap": [5]}, [1.0]),
        ({"bootstrap": [5, 5]}, [1.0, 1.0]),
    ],
)
def test_faults_that_pass(tmp_path: Path, faults: dict[str, list[int]], pauses: list[float]) -> None:
    mac = Mac(tmp_path, faults=faults)
    mac.install()
    assert mac.pauses == pauses
    assert mac.launchd.state().running


@pytest.mark.parametrize("code", [17, 37])
def test_there_already(tmp_path: Path, code: int) -> None:
    mac = Mac(tmp_path, faults={"bootstrap": [code]})
    mac.set(loaded=True, drain=0, faults={"bootout": [113], "bootstrap": [code]})  # launchd says both: not there, and there
    assert mac.install()[-1].startswith("loaded")
    assert mac.calls() == ["bootout", "enable", "bootstrap DOMAIN PLIST", "kickstart"]
    assert mac.launchd.state().pid == 4711


def test_io_error_to_the_end_says_what_launchd_said(tmp_path: Path) -> None:
    mac = Mac(tmp_path, faults={"bootstrap": [5, 5, 5]})
    with pytest.raises(Refused) as e:
        mac.install()
    assert e.value.sentence == "launchctl bootstrap: Bootstrap failed: 5: Input/output error"
    assert e.value.hint == f"plutil -lint {mac.plist}"
    assert mac.calls().count("bootstrap DOMAIN PLIST") == launchd.TRIES
    assert mac.pauses == [1.0, 1.0]


@pytest.mark.parametrize("words", [["disabled", "enabled"], ["true", "false"]])
def test_switched_off_in_login_items(tmp_path: Path, words: list[str]) -> None:
    mac = Mac(tmp_path, disabled=True, login_item_off=True, words=words)
    with pytest.raises(Refused, match="is switched off in System Settings > General > Login Items"):
        mac.install()
    assert mac.launchd.state() == services.State(True, False, False, None, "switched off in Login Items")
    (advice,) = services.advice(mac.system, PROGRAM, {"PATH": "/usr/bin:/bin"}, mac.log)
    assert (advice.result, advice.message) == ("warn", "'dev.roamrc.agent' is switched off: it does not start at log-in")
    mac.set(login_item_off=False)  # allowed again in the settings; only launchctl's own switch is left
    mac.install()
    assert mac.launchd.state().running


def test_no_desktop_session(tmp_path: Path) -> None:
    mac = Mac(tmp_path)
    mac.install()
    agent = mac.launchd
    mac.set(session=False, loaded=False, pid=0)
    assert services.find(mac.system) == Hidden("no service manager: no desktop session of yours is open (ssh, sudo)")
    (advice,) = services.advice(mac.system)
    assert (advice.result, advice.hint) == ("warn", "roamrc uninstall")
    assert "an install left ~/Library/LaunchAgents/dev.roamrc.agent.plist" in advice.message
    with pytest.raises(Refused, match="no desktop session of yours is open"):
        agent.install([*PROGRAM, "--new"], {}, mac.log, pause=mac.pauses.append)
    assert agent.uninstall(pause=mac.pauses.append)[0] == "removed ~/Library/LaunchAgents/dev.roamrc.agent.plist"
    assert services.leftovers(mac.system) == ()


def test_loaded_but_not_started_is_kicked(tmp_path: Path) -> None:
    mac = Mac(tmp_path, starts=False)
    mac.install()
    assert mac.calls()[-1] == "kickstart"
    assert mac.launchd.state().running


def test_a_slow_start_is_waited_for(tmp_path: Path) -> None:
    mac = Mac(tmp_path, slow=4)
    mac.install()
    assert "kickstart" not in mac.calls()
    assert mac.pauses == [launchd.STEP] * 3


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (113, "launchctl kickstart: Could not find service"),
        (125, "no desktop session of yours is open: launchd starts agents only there"),
    ],
)
def test_kickstart_refused(tmp_path: Path, code: int, sentence: str) -> None:
    mac = Mac(tmp_path, starts=False, faults={"kickstart": [code]})
    with pytest.raises(Refused, match=sentence):
        mac.install()


def test_no_session_to_load_it_into(tmp_path: Path) -> None:
    mac = Mac(tmp_path, faults={"bootstrap": [125]})
    with pytest.raises(Refused, match="launchd starts agents only there") as e:
        mac.install()
    assert e.value.hint == "roamrc run"
    assert mac.calls().count("bootstrap DOMAIN PLIST") == 1, "it will not change by waiting"


def test_an_agent_that_does_not_stay_up(tmp_path: Path) -> None:
    mac = Mac(tmp_path, starts=False, kicks=False, exit="78: EX_CONFIG")
    with pytest.raises(Refused) as e:
        mac.install()
    assert e.value.sentence == "launchd took the agent, and it did not stay up: it failed (last exit code 78: EX_CONFIG)"
    assert e.value.hint == f"tail {mac.log}"
    (advice,) = services.advice(mac.system)
    assert (advice.result, advice.hint) == ("fail", f"tail {mac.log}")


def test_what_doctor_says_of_a_launch_agent(tmp_path: Path) -> None:
    mac = Mac(tmp_path)
    env = {"PATH": "/usr/bin:/bin"}
    (advice,) = services.advice(mac.system, PROGRAM, env, mac.log)
    assert (advice.result, advice.hint) == ("warn", "roamrc install")
    mac.install()
    assert services.advice(mac.system, PROGRAM, env, mac.log) == [Advice("service", "ok", "running")]
    (advice,) = services.advice(mac.system, [*PROGRAM, "--new"], env, mac.log)
    assert advice == Advice("service", "warn", "the service is not as this version installs it", "roamrc install")
    (advice,) = services.advice(mac.system, ["/opt/bin/roamrc", "run"], env, mac.log)
    assert advice.message == f"the service starts '{sys.executable}', not this '/opt/bin/roamrc'"
    mac.set(loaded=False, pid=0)
    (advice,) = services.advice(mac.system, PROGRAM, env, mac.log)
    assert advice == Advice("service", "fail", "the service does not run: not loaded", "roamrc install")
    mac.install([str(mac.system.home / "venv/bin/roamrc"), "run"])
    (advice,) = services.advice(mac.system)
    assert advice == Advice("service", "fail", "the service starts '~/venv/bin/roamrc', which is not there", "roamrc install")
    mac.plist.write_text("no plist")
    (advice,) = services.advice(mac.system)
    assert advice.result == "fail"
    assert "is no plist that launchd would take" in advice.message


def test_a_log_elsewhere_is_not_removed(tmp_path: Path) -> None:
    mac = Mac(tmp_path)
    mac.log = mac.system.home / "notes.txt"
    mac.log.write_text("mine")
    mac.install()
    mac.uninstall()
    assert mac.log.read_text() == "mine"


def test_launchctl_is_not_there(tmp_path: Path) -> None:
    assert services.find(machine(tmp_path, "darwin")) == Hidden("no service manager: there is no launchctl")

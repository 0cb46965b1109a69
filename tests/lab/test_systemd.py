"""The systemd user service under a real systemd: start, crash, log-out, upgrade, removal."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator

import pytest

from lab import systemd_box, until
from lab.desk import HERE, SHARED, STANDIN, Desk
from roamrc.services.systemd import UNIT

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def box() -> Iterator[Desk]:
    if why := systemd_box.missing():
        pytest.skip(why)
    with Desk(share=SHARED) as box:
        yield box


@pytest.fixture
def fresh() -> Iterator[Desk]:
    """A box of the test's own: what logind is told outlives a clean-up."""
    if why := systemd_box.missing():
        pytest.skip(why)
    with Desk(share=SHARED) as box:
        yield box


@pytest.fixture
def desk(box: Desk) -> Iterator[Desk]:
    """The box with no trace of an earlier test."""
    yield box
    box.exec(f"for verb in unmask stop disable; do systemctl --user $verb {UNIT}; done; rm -rf ~/.config ~/seen.json ~/odd*")
    box.exec(f"systemctl --user daemon-reload; systemctl --user reset-failed {UNIT}")


def test_install_starts_it_now_and_at_log_in(desk: Desk) -> None:
    result = desk.install("stay")
    assert result == {
        "name": "systemd",
        "said": [f"wrote ~/.config/systemd/user/{UNIT}", f"enabled {UNIT}: it starts at log-in", f"started {UNIT}"],
    }
    state = desk.state()
    assert state == {
        "installed": True,
        "enabled": True,
        "running": True,
        "pid": desk.seen()["pid"],
        "detail": "office: gateway 10.10.0.1 MAINPID=1",  # a network's name can't tell systemd another pid
        "failed": False,
    }
    assert desk.install("stay")["said"] == []
    assert desk.state()["pid"] == state["pid"]
    assert desk.call("advice", program=[*STANDIN, "stay"])["said"] == [["ok", state["detail"], ""]]


def test_systemd_takes_every_line_of_the_unit(desk: Desk) -> None:
    desk.install("stay")
    verify = desk.exec(f"systemd-analyze --user verify ~/.config/systemd/user/{UNIT}")
    assert (verify.returncode, verify.stderr) == (0, "")
    status = desk.root(f"cat /proc/{desk.state()['pid']}/status").stdout
    assert "NoNewPrivs:\t1\n" in status
    assert "Seccomp:\t2\n" in status
    assert desk.seen()["umask"] == 0o077
    exposure = desk.exec(f"systemd-analyze --user security {UNIT} --no-pager").stdout.splitlines()[-1]
    figure = float(exposure.split(": ")[1].split()[0])
    print(exposure)
    assert figure < 7, exposure  # 9.8 with nothing set; 6.6 with systemd 252


def test_kill_9_brings_it_back(desk: Desk) -> None:
    desk.install("stay")
    before = desk.state()["pid"]
    desk.root(f"kill -9 {before}")
    until(lambda: desk.show("NRestarts") == "1" and desk.show("ActiveState") == "active", 10, "the agent is back")
    assert desk.seen()["pid"] == desk.state()["pid"] != before


def test_the_user_manager_goes_and_comes(desk: Desk) -> None:
    desk.install("stay")
    before = desk.state()["pid"]
    desk.root("systemctl stop user@2000.service")
    assert desk.root(f"test -e /proc/{before}").returncode == 1
    hidden = desk.call("state")["hidden"]
    assert hidden.startswith("no service manager: this session has no user manager of systemd (")
    left = f"{hidden}, but an install left ~/.config/systemd/user/{UNIT}"
    assert desk.call("advice")["said"] == [["warn", left, "roamrc uninstall"]]
    desk.root("systemctl start user@2000.service")
    until(lambda: desk.show("ActiveState") == "active", 10, "the agent is back after log-in")
    assert desk.state()["pid"] != before


def test_a_session_that_ends_takes_the_agent_with_it_and_the_next_brings_it(fresh: Desk) -> None:
    fresh.log_in()
    fresh.install("stay")
    before = fresh.state()["pid"]
    fresh.log_out()
    assert fresh.root(f"test -e /proc/{before}").returncode == 1
    fresh.log_in()
    until(lambda: fresh.show("ActiveState") == "active", 10, "the agent is back after log-in")
    assert fresh.state()["pid"] == fresh.seen()["pid"] != before


def test_upgrade_in_place(desk: Desk) -> None:
    desk.install("old", "stay")
    before = desk.state()["pid"]
    advice = desk.call("advice", program=[*STANDIN, "new", "stay"])["said"]
    assert advice == [["warn", "the service is not as this version installs it", "roamrc install"]]
    other = desk.call("advice", program=["/opt/roamrc/bin/roamrc", "run"])["said"]
    assert other == [["warn", f"the service starts '{sys.executable}', not this '/opt/roamrc/bin/roamrc'", "roamrc install"]]
    assert desk.install("new", "stay")["said"] == [f"wrote ~/.config/systemd/user/{UNIT}", f"restarted {UNIT}"]
    assert desk.seen()["argv"] == ["new", "stay"]
    assert desk.state()["pid"] == desk.seen()["pid"] != before


def test_a_changed_unit_that_systemd_has_not_read(desk: Desk) -> None:
    desk.install("stay")
    desk.exec(f"echo '# mine' >> ~/.config/systemd/user/{UNIT}")
    said = desk.call("advice")["said"]
    assert ["warn", f"'{UNIT}' was changed on disk, systemd still uses the old one", "systemctl --user daemon-reload"] in said


def test_every_word_arrives_as_it_is(desk: Desk) -> None:
    words = ["$HOME", "${HOME}", "$$", "%h %% %n", 'q"q', "it's", "b\\c \\n", ";", "", " two  words ", "ü €", "{}", "a=b", "#x"]
    words.append("stay")
    env = {"ODD": "$HOME %h \"q\" 'q' \\z ; # ü", "EMPTY": "", "PATH": "/a b:/usr/bin:/bin"}
    desk.install(*words, env=env)
    seen = desk.seen()
    assert seen["argv"] == words
    assert {k: seen["env"][k] for k in env} == env


@pytest.mark.parametrize("folder", ["odd $HOME ${x} %h", "odd \"q\" 'q' \\z $$", "odd=1;2 ü"])
def test_a_program_in_an_odd_folder(desk: Desk, folder: str) -> None:
    program = f"/home/lab/{folder}/python"
    there, file = shlex.quote(os.path.dirname(program)), shlex.quote(program)
    script = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
    made = desk.exec(f"mkdir -p {there} && cat > {file} && chmod +x {file}", input=script)
    assert made.returncode == 0, made.stderr
    command = [program, str(HERE / "standin.py"), "$HOME", "stay"]
    result = desk.call("install", program=command)
    assert result["said"][-1] == f"started {UNIT}", result
    assert desk.call("advice", program=command)["said"][0][0] == "ok"
    assert desk.seen()["argv"] == ["$HOME", "stay"]
    assert desk.state()["pid"] == desk.seen()["pid"]


def test_one_that_ends_well_is_not_started_again(desk: Desk) -> None:
    result = desk.install("done")
    assert result["refused"].startswith("the agent did not stay up: it failed (protocol")
    assert result["hint"] == f"journalctl --user -u {UNIT} -n 20"
    assert (desk.show("NRestarts"), desk.show("SubState")) == ("0", "failed")


def test_one_that_fails_is_tried_again_and_an_install_cures_it(desk: Desk) -> None:
    result = desk.install("fail")
    assert result["refused"] == "the agent did not stay up: it failed (exit-code, exit code 3)"
    until(lambda: int(desk.show("NRestarts")) >= 3, 30, "it is started again and again")
    said = desk.call("advice")["said"]
    assert said[0][0] == "fail"
    assert said[1][:1] == ["warn"]
    assert "the agent had to be restarted" in said[1][1]
    assert desk.install("stay")["said"] == [f"wrote ~/.config/systemd/user/{UNIT}", f"restarted {UNIT}"]
    assert desk.state()["running"]


def test_masked_is_respected(desk: Desk) -> None:
    desk.exec(f"systemctl --user mask {UNIT}")
    result = desk.install("stay")
    cure = f"systemctl --user unmask {UNIT}"
    assert result == {"refused": f"'{UNIT}' is masked: someone forbade it to start", "hint": cure}
    assert desk.call("advice")["said"] == [["warn", f"'{UNIT}' is masked: it can't start", cure]]
    assert desk.call("uninstall")["said"] == [f"left ~/.config/systemd/user/{UNIT}: you masked it"]
    assert desk.exec(f"readlink ~/.config/systemd/user/{UNIT}").stdout == "/dev/null\n"


def test_switched_off_by_hand(desk: Desk) -> None:
    desk.install("stay")
    desk.exec(f"systemctl --user disable --now {UNIT}")
    assert desk.call("advice")["said"] == [["warn", "the service is switched off: unit file is disabled", "roamrc install"]]
    assert desk.install("stay")["said"] == [f"enabled {UNIT}: it starts at log-in", f"started {UNIT}"]
    desk.exec(f"systemctl --user stop {UNIT}")
    stopped = "the service does not run: inactive, it said: office: gateway 10.10.0.1 MAINPID=1"
    assert desk.call("advice")["said"] == [["fail", stopped, f"systemctl --user start {UNIT}"]]


def test_a_program_that_is_gone(desk: Desk) -> None:
    desk.call("install", program=["/home/lab/odd/roamrc", "run"])
    said = desk.call("advice")["said"]
    assert said[0] == ["fail", "the service starts '~/odd/roamrc', which is not there", "roamrc install"]


def test_without_the_way_to_the_bus(desk: Desk) -> None:
    """`su USER` and `sudo -u USER` leave no XDG_RUNTIME_DIR."""
    desk.install("stay")
    bare = "env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS"
    assert desk.call("state", shell=bare)["state"]["running"]


def test_a_config_home_that_only_the_shell_knows(desk: Desk) -> None:
    shell = "XDG_CONFIG_HOME=/home/lab/odd"
    assert desk.call("install", shell=shell, program=[*STANDIN, "stay"])["said"][-1] == f"started {UNIT}"
    assert desk.exec(f"test -e ~/.config/systemd/user/{UNIT}").returncode == 0
    removed = [f"stopped {UNIT}", f"removed ~/.config/systemd/user/{UNIT}"]
    assert desk.call("uninstall", shell=shell)["said"] == removed


def test_uninstall_leaves_nothing(desk: Desk) -> None:
    desk.exec("mkdir -p ~/.config")
    before = desk.files()
    desk.install("stay")
    pid = desk.state()["pid"]
    assert desk.call("uninstall")["said"] == [f"stopped {UNIT}", f"removed ~/.config/systemd/user/{UNIT}"]
    desk.exec("rm seen.json")  # the stand-in's own
    assert desk.files() == before
    assert (desk.show("LoadState"), desk.show("ActiveState")) == ("not-found", "inactive")
    for words in ("list-units --all --plain", "list-unit-files"):
        assert desk.exec(f"systemctl --user {words} --no-legend {UNIT}").stdout == ""
    assert desk.root(f"test -e /proc/{pid}").returncode == 1
    assert desk.call("uninstall")["said"] == []
    missing = "no service is installed: the agent does not start at log-in"
    assert desk.call("advice")["said"] == [["warn", missing, "roamrc install"]]


def test_settings_of_the_users_own_stay(desk: Desk) -> None:
    folder = f"~/.config/systemd/user/{UNIT}.d"
    desk.exec(f"mkdir -p {folder}; printf '[Service]\nEnvironment=MINE=1\n' > {folder}/override.conf")
    desk.install("stay")
    assert desk.seen()["env"]["MINE"] == "1"
    assert desk.call("uninstall")["said"][-1] == f"left {folder}: it is yours"


def test_lingering_only_when_asked_and_undone(fresh: Desk) -> None:
    unit, linger = f"~/.config/systemd/user/{UNIT}", "/var/lib/systemd/linger/lab"
    fresh.install("stay")
    assert "Linger" not in fresh.exec(f"cat {unit}").stdout
    assert fresh.install("stay", linger=True)["said"] == []  # it lingers already: not ours to switch off later
    fresh.log_in()
    said = fresh.install("stay", linger=True)
    if fresh.root("test -e /usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service").returncode:
        assert said["hint"] == "sudo loginctl enable-linger lab"  # without polkit only root may
        return
    assert said["said"][0] == "switched lingering on: the agent starts at boot and stays after log-out"
    assert fresh.root(f"test -e {linger}").returncode == 0
    assert fresh.install("stay")["said"] == []
    assert fresh.call("uninstall")["said"][-1] == "switched lingering off again"
    assert fresh.root(f"test -e {linger}").returncode == 1


def test_lingering_that_is_not_allowed_leaves_all_as_it_was(fresh: Desk) -> None:
    fresh.log_in()
    fresh.root("systemctl mask --now --runtime polkit.service")
    before = fresh.files()
    result = fresh.install("stay", linger=True)
    assert result["refused"].startswith("lingering can't be switched: ")
    assert result["hint"] == "sudo loginctl enable-linger lab"
    assert fresh.files() == before

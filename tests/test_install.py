"""`install` and `uninstall` as a user meets them, against a fake launchctl; what is frozen; an upgrade under the agent."""

from __future__ import annotations

import json
import os
import plistlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from machines import Mac
from roamrc import __version__, cli
from roamrc.daemon import renewal
from roamrc.errors import Refused
from roamrc.memory import glance
from roamrc.memory.state import State
from roamrc.places import find
from roamrc.services import command, frozen, unit
from roamrc.setup import removal
from roamrc.system import System

OWN = b"; mine\nfund = false   ; why not\nproxy=http://left.over.example:1\n"
DIRECT = "when: anywhere\napply: {proxy: direct}\n"


class Desk(Mac):
    """A Mac whose user types; its home is the test's HOME."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **start: Any) -> None:
        super().__init__(home, **start)
        self.home, self.capsys = home, capsys
        for name, value in {
            "ROAMRC_PLATFORM": "darwin",
            "ROAMRC_ROOT": self.system.root,
            "FAKE_LAUNCHD": str(self.file),
        }.items():
            patch.setenv(name, value)
        self.plist = home / "Library/LaunchAgents/dev.roamrc.agent.plist"
        self.npmrc = home / ".npmrc"
        self.npmrc.write_bytes(OWN)

    def profile(self, name: str, text: str) -> None:
        path = self.home / f".config/roamrc/profiles/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def type(self, *words: str) -> tuple[int, str, str]:
        code = cli.main(words)
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def agent(self) -> dict[str, Any]:
        found: dict[str, Any] = plistlib.loads(self.plist.read_bytes())
        return found

    def files(self) -> set[str]:
        tree = [p for p in self.home.rglob("*") if p.is_file() and not p.is_relative_to(self.home / "root")]
        return {str(p.relative_to(self.home)) for p in tree} - {"launchd.json"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


# ---- install -----------------------------------------------------------------------------------------------------------------


def test_nothing_is_done_before_the_user_agrees(desk: Desk) -> None:
    before = desk.files()
    code, said, _ = desk.type("install")
    assert code == 1
    assert "roamrc install --yes" in said
    code, said, _ = desk.type("install", "--json")
    assert (code, json.loads(said)["done"]) == (1, [])
    assert desk.npmrc.read_bytes() == OWN
    assert {f for f in desk.files() if "roamrc" not in f} == before
    assert not desk.plist.exists()
    assert desk.calls() == []


def test_install_shows_the_diff_first_and_adopts_a_proxy_that_nobody_knows(desk: Desk) -> None:
    desk.profile("anywhere", DIRECT)
    code, said, err = desk.type("install", "--yes")
    shown, done = said.index("-proxy=http://left.over.example:1"), said.index("loaded dev.roamrc.agent")
    assert shown < done, err
    assert "gives way" in said
    assert b"left.over" not in desk.npmrc.read_bytes()
    assert desk.npmrc.read_bytes().startswith(OWN[:30])
    assert (code, desk.agent()["ProgramArguments"][1:]) == (0, ["-P", "-m", "roamrc", "run"])
    assert desk.agent()["ProgramArguments"][0] == sys.executable
    code, said, _ = desk.type("uninstall", "--yes")
    assert code == 0
    assert "+proxy=http://left.over.example:1" in said
    assert "npm goes through http://left.over.example:1 (proxy in ~/.npmrc)" in said
    assert desk.npmrc.read_bytes() == OWN
    assert desk.files() == {".npmrc", ".config/roamrc/profiles/anywhere.yaml"}


def test_folders_and_npms_file_are_frozen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.profile("anywhere", DIRECT)
    other = desk.home / "elsewhere/npmrc"
    other.parent.mkdir()
    other.write_bytes(OWN)
    config = desk.home / ".config/roamrc/config.yaml"
    config.write_text("notify: off  # quiet\n")
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(other))
    monkeypatch.setenv("ROAMRC_STATE_HOME", str(desk.home / "memory"))
    assert desk.type("install", "--yes")[0] == 0
    assert config.read_text() == f'notify: off  # quiet\nnpm.userconfig: "{other}"\n'
    env = desk.agent()["EnvironmentVariables"]
    assert env["ROAMRC_STATE_HOME"] == str(desk.home / "memory")
    assert env["ROAMRC_CONFIG_HOME"] == str(desk.home / ".config/roamrc")
    assert env["HOME"] == str(desk.home)
    assert "NPM_CONFIG_USERCONFIG" not in env
    assert b"left.over" not in other.read_bytes()
    assert desk.npmrc.read_bytes() == OWN
    monkeypatch.delenv("NPM_CONFIG_USERCONFIG")
    monkeypatch.delenv("ROAMRC_STATE_HOME")
    code, said, _ = desk.type("uninstall", "--yes")
    assert (code, other.read_bytes(), desk.npmrc.read_bytes()) == (0, OWN, OWN)
    assert "note: the installed agent's folders are meant" in said
    assert not (desk.home / "memory").exists()


def test_every_command_means_the_installed_agent_s_state(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.profile("anywhere", DIRECT)
    monkeypatch.setenv("ROAMRC_STATE_HOME", str(desk.home / "memory"))
    assert desk.type("install", "--yes")[0] == 0
    monkeypatch.delenv("ROAMRC_STATE_HOME")
    note = "the installed agent's"
    for words, shown in ((["status"], "anywhere"), (["log"], "anywhere"), (["apply"], "anywhere"), (["use", "direct"], "direct")):
        _, said, err = desk.type(*words)
        assert (shown in said, note in err) == (True, True), (words, said, err)
    assert desk.type("prompt") == (0, "direct\n", ""), "nothing may stand before the prompt"
    assert desk.type("auto")[0] == 0
    assert not (desk.home / ".local/state/roamrc").exists()
    monkeypatch.setenv("ROAMRC_STATE_HOME", str(desk.home / "memory"))
    assert note not in desk.type("status")[2]


def test_install_again_leaves_all_as_it_is(desk: Desk) -> None:
    desk.profile("anywhere", DIRECT)
    assert desk.type("install", "--yes")[0] == 0
    desk.calls()
    stamp = desk.npmrc.stat().st_mtime_ns
    code, said, _ = desk.type("install", "--yes")
    assert (code, desk.calls(), desk.npmrc.stat().st_mtime_ns) == (0, [], stamp)
    assert "as it should be already" in said


def test_the_first_profiles_are_written_where_there_are_none(desk: Desk) -> None:
    code, said, _ = desk.type("install", "--yes")
    assert code == 0
    assert "office.yaml" in said
    assert (desk.home / ".config/roamrc/profiles/office.yaml").exists()
    assert desk.npmrc.read_bytes() == OWN


def test_without_a_service_manager_run_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path, monkeypatch, capsys, session=False)
    code, said, err = desk.type("install", "--yes")
    assert (code, said) == (4, "")
    assert "no service manager" in err
    assert "roamrc run" in err
    assert desk.npmrc.read_bytes() == OWN


def test_where_the_manager_is_out_of_reach_uninstall_removes_its_files(desk: Desk) -> None:
    desk.profile("anywhere", DIRECT)
    assert desk.type("install", "--yes")[0] == 0
    desk.set(session=False)
    code, said, _ = desk.type("uninstall", "--yes")
    assert (code, desk.plist.exists(), desk.npmrc.read_bytes()) == (0, False, OWN)
    assert "removed ~/Library/LaunchAgents/dev.roamrc.agent.plist" in said


@pytest.mark.parametrize(("when", "refused"), [("{ssid: a}", True), ("[]", False)])
def test_a_login_from_a_shell_is_none_for_a_service(desk: Desk, when: str, refused: bool) -> None:
    desk.profile("office", f"when: {when}\napply: {{proxy: 'http://p.example:1', login: 'env:A,B'}}\n")
    code, _, err = desk.type("install", "--yes")
    assert (code == 2) == refused
    assert ("keyring:SERVICE/USER" in err) == refused
    assert desk.plist.exists() != refused


def test_broken_settings_are_not_frozen(desk: Desk) -> None:
    desk.profile("anywhere", DIRECT)
    (desk.home / ".config/roamrc/config.yaml").write_text("notify: perhaps\n")
    code, _, err = desk.type("install", "--yes")
    assert (code, desk.plist.exists()) == (2, False)
    assert "roamrc check" in err


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[State]:
    """Something that holds the agent's lock in a process of its own."""
    state = State(tmp_path / ".local/state/roamrc")
    code = (
        "import sys; from pathlib import Path; from roamrc.memory.state import State; s = State(Path(sys.argv[1])); "
        "fd = s.agent_lock(); print(fd, flush=True); sys.stdin.read()"
    )
    p = subprocess.Popen([sys.executable, "-c", code, str(state.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert p.stdout
    assert p.stdin
    assert p.stdout.readline()
    yield state
    p.stdin.close()
    p.wait(10)
    p.stdout.close()


@pytest.mark.parametrize(
    ("release", "home", "words"),
    [
        ("0.0.9", None, "version 0.0.9"),
        (None, None, "foreground"),
        (None, "/home/other", "/home/other"),
        ("", None, "version unknown"),
    ],
)
def test_an_agent_that_owns_the_files_is_not_taken_over(
    desk: Desk, agent: State, release: str | None, home: str | None, words: str
) -> None:
    told = {"release": __version__ if release is None else release, "home": home or str(desk.home)}
    agent.save(renewal.NAME, {"pid": agent.agent_pid(), **told})
    code, _, err = desk.type("install", "--yes")
    assert code == 4
    assert words in err
    assert str(agent.agent_pid()) in err
    assert (desk.plist.exists(), desk.npmrc.read_bytes()) == (False, OWN)


def test_a_file_that_another_roamrc_has_written_is_not_taken_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.profile("anywhere", DIRECT)
    monkeypatch.setenv("ROAMRC_STATE_HOME", str(desk.home / "other"))
    assert desk.type("apply", "--force")[0] == 0
    monkeypatch.delenv("ROAMRC_STATE_HOME")
    code, _, err = desk.type("install", "--yes")
    assert (code, desk.plist.exists()) == (4, False)
    assert "another roamrc" in err


def test_the_folders_of_the_first_install_stay(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.profile("anywhere", DIRECT)
    assert desk.type("install", "--yes")[0] == 0
    before = desk.plist.read_bytes()
    monkeypatch.setenv("ROAMRC_STATE_HOME", str(desk.home / "other"))
    code, said, _ = desk.type("install", "--yes")
    assert (code, desk.plist.read_bytes()) == (0, before)
    assert said.startswith("note: the installed agent's folders are meant, ~/.config/roamrc and ~/.local/state/roamrc")
    assert not (desk.home / "other").exists()


def test_a_stale_word_of_another_agent_does_not_count(agent: State) -> None:
    agent.save(renewal.NAME, {"pid": 1, "release": "9", "home": "/x"})
    there = renewal.tenant(agent)
    assert there == renewal.Tenant(agent.agent_pid() or 0, "", "")


# ---- uninstall ---------------------------------------------------------------------------------------------------------------


def test_uninstall_asks_first(desk: Desk) -> None:
    desk.profile("anywhere", DIRECT)
    desk.type("install", "--yes")
    now = desk.npmrc.read_bytes()
    for words in (["uninstall"], ["uninstall", "--json"], ["uninstall", "--purge"]):
        assert desk.type(*words)[0] == 1
    assert (desk.npmrc.read_bytes(), desk.plist.exists()) == (now, True)


def test_a_hand_edit_stands_and_the_backup_is_kept_and_named(desk: Desk) -> None:
    desk.profile("anywhere", DIRECT)
    desk.type("install", "--yes")
    desk.npmrc.write_bytes(desk.npmrc.read_bytes() + b"proxy=http://by.hand.example:2\n")
    code, said, _ = desk.type("uninstall", "--yes")
    assert code == 1
    assert "changed by hand" in said
    assert "backups are kept in ~/.local/state/roamrc/backup" in said
    assert b"by.hand.example:2" in desk.npmrc.read_bytes()
    assert list((desk.home / ".local/state/roamrc/backup").glob("*.npmrc"))


def test_purge_takes_what_is_ours_and_no_more(desk: Desk) -> None:
    desk.profile("anywhere", DIRECT)
    mine = desk.home / ".config/roamrc/thesis.tex"
    mine.write_text("years of work")
    desk.type("install", "--yes")
    state = desk.home / ".local/state/roamrc"
    (state / "photos").mkdir()
    code, said, _ = desk.type("uninstall", "--yes", "--purge")
    assert (code, mine.read_text()) == (0, "years of work")
    assert "holds more than that and stays" in said
    assert not (desk.home / ".config/roamrc/profiles").exists()
    assert [p.name for p in state.iterdir()] == ["photos"]


def test_a_linked_folder_of_profiles_loses_the_link_alone(tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "office.yaml").write_text("x")
    places = find({}, tmp_path)
    places.config.mkdir(parents=True)
    places.profiles.symlink_to(dotfiles)
    assert removal.config(places) == []
    assert (dotfiles / "office.yaml").exists()
    assert not places.config.exists()


# ---- what is frozen ----------------------------------------------------------------------------------------------------------


def executable(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_the_script_is_started_by_the_path_that_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = executable(tmp_path / "venvs/roamrc/bin/roamrc")
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin/roamrc"
    link.symlink_to(real)
    assert command.program([str(link), "install"], "/usr/bin/python3") == [str(link), "run"]
    monkeypatch.chdir(tmp_path)
    assert command.program(["bin/roamrc"], "/usr/bin/python3") == [str(link), "run"]
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert command.program(["roamrc"], "/usr/bin/python3") == [str(link), "run"]
    assert command.program(["/x/roamrc/__main__.py"], "/usr/bin/python3") == ["/usr/bin/python3", "-P", "-m", "roamrc", "run"]
    assert command.program(["/gone/bin/roamrc"], "/usr/bin/python3")[0] == "/usr/bin/python3"


def test_no_path_with_a_version_of_brews_in_it(tmp_path: Path) -> None:
    cellar = tmp_path / "Cellar/roamrc/1.2.3"
    inside = executable(cellar / "libexec/bin/roamrc")
    assert command.stable(inside) == inside
    outside = executable(tmp_path / "bin/roamrc")
    assert command.program([inside], "x") == [outside, "run"]
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt/roamrc").symlink_to(cellar)
    assert command.program([inside], "x") == [str(tmp_path / "opt/roamrc/libexec/bin/roamrc"), "run"]


def test_an_environment_for_one_command_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="one command"):
        command.program([executable(tmp_path / "uv/archive-v0/abc/bin/roamrc")], "x")


def test_the_path_that_is_frozen_holds_what_will_be_there_tomorrow(tmp_path: Path) -> None:
    for name in ("bin", "venv/bin", "proj/node_modules/.bin", "open"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    # the folder of the tests is itself below /tmp: a root elsewhere stands for the lasting ones
    path = [
        "",
        "bin",
        "/usr/bin/",
        "/gone",
        f"{tmp_path}/open",
        f"{tmp_path}/proj/node_modules/.bin",
        "/usr/bin",
        "/run",
        "/usr/local/bin",
    ]
    system = System({"PATH": ":".join(path), "VIRTUAL_ENV": f"{tmp_path}/venv"}, tmp_path)
    found = command.search_path(system).split(":")
    assert found[0] == "/usr/bin"
    assert found.count("/usr/bin") == 1
    assert all(f.startswith("/usr/") or f in ("/bin", "/sbin", "/opt/homebrew/bin") for f in found)


@pytest.mark.parametrize("value", ["/plain", '/a "b"', "/back\\slash\\\\", "/100%/%h", "/$HOME/ü"])
def test_what_was_frozen_is_read_back_from_the_unit(value: str) -> None:
    env = {"ROAMRC_STATE_HOME": value, "PATH": "/usr/bin:/bin"}
    assert unit.environment(unit.text(["/usr/bin/roamrc", "run"], env, 252)) == env


@pytest.mark.parametrize("value", ["/plain", '/a "b"', "/100%/%h", "/$HOME/ü"])
def test_what_was_frozen_is_read_back_from_an_installed_unit(tmp_path: Path, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    system = System({}, tmp_path, platform="linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ROAMRC_PLATFORM", "linux")
    assert frozen.environment(system) == {}
    assert glance.state() == str(tmp_path / ".local/state/roamrc")
    path = tmp_path / ".config/systemd/user/roamrc.service"
    path.parent.mkdir(parents=True)
    path.write_bytes(unit.text(["/usr/bin/roamrc", "run"], {"ROAMRC_STATE_HOME": value}, 252))
    assert frozen.environment(system) == {"ROAMRC_STATE_HOME": value}
    for own in ("/other", value):
        monkeypatch.setenv("ROAMRC_STATE_HOME", own)
        assert glance.state() == value
    monkeypatch.setenv("ROAMRC_STATE_HOME", "/other\udcff")
    for text in (
        b"Environment=ROAMRC_STATE_HOME=/by/hand",
        b'#Environment="ROAMRC_STATE_HOME=/off"',
        b'Environment="ROAMRC_STATE_HOME=x"',
    ):
        path.write_bytes(b"[Service]\n" + text + b"\n")
        assert glance.state() == "/other\udcff", "a unit that is not of our making says nothing"
    path.write_bytes(b'Environment="ROAMRC_STATE_HOME=/a\0b"\n')
    assert glance.state() == "/other\udcff"
    path.unlink()
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    assert glance.state() == "/other\udcff", "a pipe that nobody writes into"
    os.close(writer)


def test_an_agent_of_this_shell_s_own_goes_before_an_installed_one_that_is_dead(
    agent: State, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    desk.plist.parent.mkdir(parents=True, exist_ok=True)
    desk.plist.write_bytes(plistlib.dumps({"EnvironmentVariables": {"ROAMRC_STATE_HOME": str(desk.home / "a & b")}}))
    assert glance.state() == str(agent.folder)
    monkeypatch.setenv("ROAMRC_STATE_HOME", str(desk.home / "none"))
    assert glance.state() == str(desk.home / "a & b"), "no agent lives in either"


# ---- an upgrade under the agent ------------------------------------------------------------------------------------------------


def changed(tmp_path: Path, script: str) -> renewal.Renewal:
    version = tmp_path / "__init__.py"
    version.write_text("old")
    found = renewal.Renewal(System({"PATH": os.defpath}, tmp_path), ["/bin/sh", "-c", script, "x"], str(version))
    assert not found.changed()
    found.check(0.0)
    assert found.due() == []
    version.unlink()
    return found


def test_a_new_version_takes_over_once_it_can_be_started(tmp_path: Path) -> None:
    found = changed(tmp_path, f'[ "$1" = --help ] && [ -e {tmp_path}/ready ]')
    for now, due in ((0.0, 1.0), (0.5, 1.0), (1.0, 4.0), (4.0, 14.0)):
        found.check(now)
        assert found.due() == [due]
    (tmp_path / "ready").touch()
    found.check(5.0)
    with pytest.raises(renewal.Renewed) as e:
        found.check(14.0)
    assert e.value.argv[0] == "/bin/sh"


def test_an_import_that_fails_is_a_bug_unless_the_package_is_gone(tmp_path: Path) -> None:
    found = changed(tmp_path, "exit 1")
    with found.torn():
        raise ImportError("no module named roamrc.children.inquiry")
    assert len(found.due()) == 1
    (tmp_path / "again").mkdir()
    version = tmp_path / "again/__init__.py"
    version.write_text("x")
    whole = renewal.Renewal(System({}, tmp_path), ["x"], str(version))
    with pytest.raises(ImportError), whole.torn():
        raise ImportError("a bug")


def test_how_this_process_was_started(tmp_path: Path) -> None:
    script = executable(tmp_path / "roamrc")
    assert renewal.started([script, "run", "--json"], ["/usr/bin/python3", script, "run", "--json"]) == [script, "run", "--json"]
    assert renewal.started(["/x/roamrc/__main__.py", "run"], ["python3", "-P", "-m", "roamrc", "run"]) == [
        sys.executable, "-P", "-m", "roamrc", "run",
    ]  # fmt: skip


def test_the_lock_goes_on_with_the_process(tmp_path: Path) -> None:
    """A process takes the lock and becomes another program: the lock is still held, by the same pid, and found there."""
    code = (
        "import sys; from pathlib import Path; from roamrc import system\n"
        "from roamrc.daemon import renewal; from roamrc.memory import state\n"
        "folder, n, code = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]\n"
        "s = state.State(folder); fd = renewal.hold(s, system.System.real(), 'inbox/request.json').fd\n"
        "left = (folder / 'inbox/request.json').exists()\n"
        "print(n, fd is not None, s.agent_pid() is not None, renewal.tenant(s).release, left, flush=True)\n"
        "again = [sys.executable, '-c', code, sys.argv[1], str(n + 1), code]\n"
        "renewal.become(again, fd) if n < 2 else sys.stdin.read()"
    )
    state = State(tmp_path / "state")
    state.ready()
    state.save("inbox/request.json", {"id": "1"})
    p = subprocess.Popen(
        [sys.executable, "-c", code, str(state.folder), "0", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert p.stdout
    assert p.stdin
    lines = [p.stdout.readline().split()]
    state.save("inbox/request.json", {"id": "2"})
    lines += [p.stdout.readline().split() for _ in range(2)]
    assert [x[:4] for x in lines] == [[str(n), "True", "True", __version__] for n in range(3)]
    assert lines[0][4] == "False", "a fresh agent drops what nobody waits for"
    assert state.agent_pid() == p.pid
    p.stdin.close()
    assert p.wait(10) == 0
    p.stdout.close()
    assert state.agent_pid() is None

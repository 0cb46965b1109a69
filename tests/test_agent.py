"""The agent's life as a process of its own in a home of its own: what a user changes is followed, and nothing needs a restart."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from home import Home, wait

PROXY = "http://proxy.corp.example:8080"
HERE = "when: anywhere\napply: {proxy: '" + PROXY + "'}\n"
DIRECT = "when: anywhere\napply: {proxy: direct}\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose only profile sets a proxy anywhere, so that these tests need no network of their own."""
    home = Home(tmp_path)
    home.profile("here", HERE)
    home.npmrc.write_text("; mine\nfund=false\n")
    return home


def holds(home: Home, text: str) -> bool:
    return home.npmrc.exists() and text in home.npmrc.read_text()


def status(home: Home) -> dict[str, object]:
    found = home.roamrc("status", "--json").json
    assert isinstance(found, dict)
    return found


def test_profiles_are_followed_as_they_change(home: Home) -> None:
    with home.agent():
        wait(lambda: holds(home, PROXY), "the profile")
        home.profile("here", HERE.replace("8080", "9090"))
        wait(lambda: holds(home, "9090"), "the profile as changed")
        home.profile("here", "when: anywhere\napply: {prxy: direct}\n")
        wait(lambda: "profile" in [p["code"] for p in status(home)["problems"]], "the fault in status")  # type: ignore[attr-defined]
        assert holds(home, "9090"), "the last good version stays in force"
        home.profile("here", DIRECT)
        wait(lambda: not holds(home, "proxy.corp.example"), "the file mended")
        wait(lambda: status(home)["problems"] == [], "no problem any more")


def test_the_folder_of_profiles_may_go_and_come_back(home: Home) -> None:
    folder = home.path / ".config/roamrc/profiles"
    with home.agent():
        wait(lambda: holds(home, PROXY), "the profile")
        shutil.rmtree(folder)
        wait(lambda: status(home)["because"] == "there are no profiles", "the folder's end")
        assert holds(home, PROXY), "the absence of profiles removes no proxy"
        home.profile("here", DIRECT)
        wait(lambda: not holds(home, PROXY), "the folder made again")
        home.profile("here", HERE)
        wait(lambda: holds(home, PROXY), "a change in the folder made again")


def test_settings_are_followed_and_their_faults_are_told_in_place(home: Home) -> None:
    before = home.npmrc.read_bytes()
    with home.agent():
        wait(lambda: holds(home, PROXY), "the profile")
        other = home.path / "work.npmrc"
        home.settings(f"npm: {{userconfig: {other}}}\n")
        wait(lambda: other.exists() and PROXY in other.read_text(), "npm's other file")
        wait(lambda: home.npmrc.read_bytes() == before, "the first file put back")
        other.write_text("audit=false\n")
        wait(
            lambda: PROXY not in other.read_text() and status(home)["files"][0]["state"] == "conflict",
            "a hand edit in the other file",
        )  # type: ignore[index]
        home.settings("hand_edit: overwrite\n")
        wait(lambda: any("config.yaml:1:1" in p["message"] for p in status(home)["problems"]), "the fault")  # type: ignore[attr-defined]
        home.settings(f"npm: {{userconfig: {other}}}\nhand_edits: overwrite\n")
        wait(lambda: PROXY in other.read_text(), "the hand edit overwritten as asked")


def test_a_hand_edit_is_seen_at_once_and_stands(home: Home) -> None:
    with home.agent():
        wait(lambda: holds(home, PROXY), "the profile")
        home.npmrc.write_text(home.npmrc.read_text().replace(f"\nproxy={PROXY}", "\nproxy=http://mine.example:1"))
        wait(lambda: not holds(home, PROXY), "our part taken back")
        assert holds(home, "proxy=http://mine.example:1")
        assert not holds(home, "noproxy")
        ran = home.roamrc("apply", "--force")
        assert ran.code in (0, 1), ran  # 1: the proxy of these tests does not exist, and that is to be seen
        assert f"+proxy={PROXY}" in ran.out
        assert holds(home, f"proxy={PROXY}")
        assert "mine.example" in home.roamrc("log").out


def test_an_override_is_handed_over_and_ends_by_itself(home: Home) -> None:
    with home.agent():
        wait(lambda: holds(home, PROXY), "the profile")
        ran = home.roamrc("use", "direct", "--for", "2s", "--json")
        assert (ran.code, ran.json["profile"], ran.json["override"]["profile"]) == (0, "direct", "direct")
        assert not holds(home, PROXY)
        wait(lambda: holds(home, PROXY), "the end of the override")
        wait(lambda: status(home)["override"] is None, "the end of the override in status")
        assert "no more by hand (its time is over): " in home.roamrc("log").out
        assert home.roamrc("use", "nowhere").code == 2
        assert holds(home, PROXY)


def test_it_says_so_where_one_runs_already_and_ends_well(home: Home) -> None:
    with home.agent() as p:
        second = home.roamrc("run")
        assert (second.code, f"pid {p.pid}" in second.out) == (0, True)
        p.send_signal(signal.SIGTERM)
        assert p.wait(20) == 0
    assert status(home)["agent"] == {"running": False, "pid": None, "service": None}
    assert home.roamrc("status").code == 1


def test_it_may_be_killed_and_leaves_nothing_half_done(home: Home) -> None:
    before = home.npmrc.read_bytes()
    with home.agent() as p:
        wait(lambda: holds(home, PROXY), "the profile")
        p.kill()
        p.wait(20)
    (home.path / ".npmrc.roamrc~").write_text("left by a killed process")
    (home.path / "..npmrc.roamrc~").write_text("left by a killed process")
    with home.agent():
        wait(lambda: not (home.path / "..npmrc.roamrc~").exists(), "the broom")
    assert (home.path / ".npmrc.roamrc~").exists(), "a name that is not ours is nobody's business"
    assert home.roamrc("uninstall", "--yes").code == 0
    assert home.npmrc.read_bytes() == before


def test_a_writer_in_place_loses_nothing(home: Home) -> None:
    """npm truncates and writes; what it writes into the inode that we replaced is drafted anew."""
    with home.agent():
        wait(lambda: holds(home, PROXY), "the profile")
        for n in range(10):
            with open(home.npmrc, "r+") as f:  # as npm: read all, truncate, write all
                text = f.read()
                home.profile("here", HERE.replace("8080", str(9000 + n)))
                f.seek(0)
                f.truncate()
                f.write(text + f"; line {n}\n")
            wait(lambda n=n: holds(home, f"; line {n}\n") and holds(home, f":{9000 + n}"), f"round {n}")  # type: ignore[misc]
    assert [n for n in range(10) if f"; line {n}\n" not in home.npmrc.read_text()] == []


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux alone")
def test_it_keeps_to_few_threads(home: Home) -> None:
    with home.agent() as p:
        wait(lambda: holds(home, PROXY), "the profile")
        assert len(os.listdir(f"/proc/{p.pid}/task")) <= 5


def test_an_old_text_that_comes_back_after_a_switch_is_a_lost_update_and_brings_no_login_back(home: Home) -> None:
    """`npm config set` reads the file, takes 0.1 s, and writes all of it: what it read may be from before our switch."""
    secret = home.path / "secret"
    secret.write_text("alice:s3cret\n")
    secret.chmod(0o600)
    home.profile("office", "when: []\napply: {proxy: '" + PROXY + "', login: 'file:~/secret'}\n")
    home.profile("here", DIRECT)
    with home.agent():
        assert home.roamrc("use", "office").code in (0, 1)
        wait(lambda: holds(home, "alice:s3cret@"), "the login")
        old = home.npmrc.read_bytes()
        assert home.roamrc("auto").code == 0
        assert not holds(home, "alice")
        home.npmrc.write_bytes(old + b"audit=false\n")
        wait(
            lambda: not holds(home, "alice") and holds(home, "audit=false"),
            "the login taken back again, and the new line kept",
            5,
        )
        wait(lambda: status(home)["files"][0]["state"] == "in-sync", "no hand edit in it")  # type: ignore[index]


def test_a_login_command_is_not_given_another_profile_s_password(home: Home) -> None:
    """`env:` logins stand in the agent's own environment; a child has no business with them."""
    home.profile("other", "when: []\napply: {proxy: '" + PROXY + "', login: 'env:OTHER_USER,OTHER_PASS'}\n")
    script = home.path / "ask"
    script.write_text(f"#!/bin/sh\nenv > {home.path}/seen\necho alice:s3cret\n")
    script.chmod(0o700)
    home.profile("here", HERE.replace("apply: {", "apply: {login: 'command:" + str(script) + "', "))
    home.env |= {"OTHER_USER": "bob", "OTHER_PASS": "planted"}
    assert home.roamrc("apply").code in (0, 1)
    seen = (home.path / "seen").read_text()
    assert "OTHER_USER=bob" in seen
    assert "planted" not in seen
    assert holds(home, "alice:s3cret@")


def test_a_state_folder_that_is_removed_brings_no_second_agent(home: Home) -> None:
    with home.agent() as first:
        wait(lambda: holds(home, PROXY), "the profile")
        home.state.rename(home.path / "gone")
        wait(lambda: status(home)["agent"]["pid"] == first.pid, "the lock taken anew")  # type: ignore[index]
        second = home.roamrc("run")
        assert (second.code, f"an agent is running already (pid {first.pid})" in second.out) == (0, True), second
        assert home.roamrc("use", "direct").code == 0
        assert status(home)["agent"]["pid"] == first.pid, "the agent answered"  # type: ignore[index]
        wait(lambda: not holds(home, PROXY), "the choice by hand")


def test_the_agent_whose_lock_another_one_has_ends(home: Home) -> None:
    with home.agent() as first:
        wait(lambda: holds(home, PROXY), "the profile")
        first.send_signal(signal.SIGSTOP)
        home.state.rename(home.path / "gone")
        with home.agent() as second:
            first.send_signal(signal.SIGCONT)
            said, _ = first.communicate(timeout=30)
            assert (first.returncode, "another agent has taken over" in said) == (0, True), said
            assert status(home)["agent"]["pid"] == second.pid  # type: ignore[index]

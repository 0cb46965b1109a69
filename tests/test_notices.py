"""Desktop notifications: what is worth one, how often, and that no text of a stranger's becomes a command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from home import Home, wait
from roamrc.daemon.notices import GAP, Notices, command
from roamrc.system import System


def status(profile: str, *problems: str, action: str = "apply", because: str = "why") -> dict[str, Any]:
    return {"action": action, "profile": profile, "because": because, "problems": [{"message": p} for p in problems]}


@pytest.mark.parametrize(
    ("how", "steps", "want"),
    [
        ("on", [status("office"), status("home")], ("roamrc: home", "why")),
        ("on", [status("office")], None),
        ("on", [status("office"), status("office")], None),
        ("on", [status("office"), status("office", action="hold", because="offline")], ("roamrc: hold", "offline")),
        ("on", [status("office"), status("office", "dead")], ("roamrc: office", "dead")),
        ("problems", [status("office"), status("home")], None),
        ("problems", [status("office", "dead")], ("roamrc: office", "dead")),
        ("problems", [status("office", "dead"), status("office", "dead", "worse")], ("roamrc: office", "worse")),
        ("off", [status("office"), status("home", "dead")], None),
    ],
)
def test_what_is_worth_one(how: str, steps: list[dict[str, Any]], want: tuple[str, str] | None) -> None:
    notices = Notices(System({}))
    for step in steps:
        notices.waiting = None
        notices.seen(step, how)
    assert notices.waiting == want


def test_never_more_than_one_in_a_while_and_the_newest_wins(tmp_path: Path) -> None:
    seen = desktop(tmp_path)
    notices = Notices(System({"PATH": f"{tmp_path}:/usr/bin:/bin"}))
    notices.seen(status("office"), "on")
    for n in range(5):
        notices.seen(status(f"p{n}"), "on")
        notices.show(100.0 + n)
    wait(lambda: seen.exists(), "the first one")
    assert notices.due() == [100.0 + GAP]
    notices.show(100.0 + GAP)
    wait(lambda: len(seen.read_text().splitlines()) == 2, "the second one")
    assert [line.split("|")[1] for line in seen.read_text().splitlines()] == ["roamrc: p0", "roamrc: p4"]
    assert notices.due() == []


def test_the_first_one_is_due_at_once(tmp_path: Path) -> None:
    """It was due at minus infinity, which is no time to poll for: the agent ended at its first notice."""
    notices = Notices(System({"PATH": str(tmp_path)}))
    notices.seen(status("office", "dead"), "problems")
    assert notices.due() == [0.0]


def test_the_text_is_an_argument_and_its_markup_is_none() -> None:
    words = command(System({}, platform="linux"), "roamrc: x", '<b>$(touch pwned)</b> & "more"')
    assert words[-3:] == ("--", "roamrc: x", '&lt;b&gt;$(touch pwned)&lt;/b&gt; &amp; "more"')
    script = command(System({}, platform="darwin"), "t", '" & do shell script "x"')
    assert script[-1] == '" & do shell script "x"'
    assert not any("x" in part for part in script[1:-2] if "display" in part and "do shell" in part)


def test_no_desktop_is_no_problem(tmp_path: Path) -> None:
    notices = Notices(System({"PATH": str(tmp_path)}))
    notices.seen(status("office", "dead"), "on")
    notices.show(1.0)
    assert notices.due() == []


def desktop(folder: Path) -> Path:
    """A notify-send that writes down what it was told."""
    seen = folder / "seen"
    tool = folder / "notify-send"
    tool.write_text(f'#!/bin/sh\nprintf "%s|%s|%s\\n" "$1" "$3" "$4" >> {seen}\n')
    tool.chmod(0o755)
    return seen


def test_the_agent_tells_a_switch_where_it_was_asked_to(tmp_path: Path) -> None:
    seen = desktop(tmp_path)
    home = Home(tmp_path, {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    home.settings("notify: on\n")
    home.profile("here", "when: anywhere\napply: {proxy: direct}\n")
    with home.agent():
        wait(lambda: "noproxy" in home.npmrc.read_text(), "the first look")
        assert not seen.exists()
        assert home.roamrc("use", "direct").code == 0
        wait(lambda: seen.exists() and "roamrc: direct" in seen.read_text(), "the notification")


def test_a_problem_at_the_first_look_is_told_and_the_notifier_gets_no_password(tmp_path: Path) -> None:
    seen = desktop(tmp_path)
    (tmp_path / "notify-send").write_text(
        f'#!/bin/sh\nenv > {tmp_path}/env.new; mv {tmp_path}/env.new {tmp_path}/env; echo "$3" > {seen}\n'
    )
    home = Home(tmp_path, {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CORP_USER": "alice", "CORP_PASS": "s3cret"})
    home.settings("notify: problems\n")
    home.profile("here", "when: anywhere\napply: {proxy: 'http://p.example:8080', login: 'env:CORP_USER,CORP_PASS'}\n")
    home.profile("broken", "when: [\n")
    with home.agent() as agent:
        wait(lambda: seen.exists(), "the notification")
        assert "s3cret" not in (tmp_path / "env").read_text()
        assert agent.poll() is None

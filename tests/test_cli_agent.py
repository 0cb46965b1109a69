"""Commands beside a living agent: requests are handed over, and what a second agent, a dry run or an old agent makes of it."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from home import CAFE, OFFICE, Home, wait
from roamrc.daemon import handing
from roamrc.errors import Refused
from roamrc.memory.state import State


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.profile("office", OFFICE)
    made.profile("cafe", CAFE)
    return made


def test_a_day_with_an_agent(home: Home) -> None:
    with home.agent() as agent:
        used = home.roamrc("use", "office", "--for", "2h", "--json")
        assert used.code == 0, used
        assert used.json["agent"] == {"running": True, "pid": agent.pid, "service": None}
        assert used.json["profile"] == "office"
        assert {e["key"] for e in used.json["edits"]} == {"proxy", "https-proxy", "noproxy"}
        assert "proxy=http://proxy.corp.example:8080" in home.npmrc.read_text()

        status = home.roamrc("status")
        assert status.out.startswith("office since ")
        assert f"running, pid {agent.pid}, in the foreground" in status.out
        assert "as of" not in status.out
        assert home.roamrc("prompt").out == "office\n"

        before = home.npmrc.read_bytes()
        dry = home.roamrc("use", "direct", "--dry-run")
        assert "-proxy=http://proxy.corp.example:8080\n" in dry.out
        assert "nothing was written (--dry-run)\n" in dry.out
        assert home.npmrc.read_bytes() == before
        assert home.roamrc("status", "--json").json["override"]["profile"] == "office"

        wrong = home.roamrc("use", "offic")
        assert (wrong.code, wrong.out) == (2, "")
        assert wrong.err == 'roamrc: there is no profile "offic"\nhint: did you mean `roamrc use office`?\n'

        second = home.roamrc("run")
        assert (second.code, second.out) == (0, f"an agent is running already (pid {agent.pid})\n")

        auto = home.roamrc("auto", "--json")
        assert auto.json["override"] is None
        assert home.roamrc("apply").code in (0, 1)
    after = home.roamrc("status")
    assert after.code == 1
    assert "as of then; no agent is running now" in after.out


def test_a_second_agent_writes_no_profiles(home: Home) -> None:
    with home.agent() as agent:
        for file in (home.path / ".config/roamrc/profiles").iterdir():
            file.unlink()
        assert home.roamrc("run").out == f"an agent is running already (pid {agent.pid})\n"
        assert not list((home.path / ".config/roamrc/profiles").iterdir())


def test_the_agents_places_are_used_and_a_shell_with_others_is_told(home: Home) -> None:
    with home.agent():
        r = home.roamrc("use", "office", NPM_CONFIG_USERCONFIG=str(home.path / "other"))
        assert r.code == 0
        assert "note: npm in this shell reads ~/other, roamrc looks after ~/.npmrc\n" in r.out
        assert "proxy=" in home.npmrc.read_text()
        assert not (home.path / "other").exists()


def test_the_agent_says_what_it_does_a_line_at_a_time(home: Home) -> None:
    with home.agent("--json") as agent:
        home.roamrc("use", "office")
        assert agent.poll() is None
        agent.send_signal(signal.SIGTERM)
        out, _ = agent.communicate(timeout=20)
    import json

    lines = [json.loads(line) for line in out.splitlines()]
    assert all(line["version"] == 1 for line in lines)
    assert "watches this network" in lines[0]["message"]
    assert any(line.get("profile") == "office" for line in lines)
    assert agent.returncode == 0


def test_an_agent_that_does_not_answer_is_said_and_one_that_dies_is_stood_in_for(home: Home) -> None:
    state = State(home.state)
    fd = state.agent_lock()
    assert fd is not None
    with pytest.raises(Refused) as e:
        handing.ask(state, "apply", {}, wait=0.05)
    assert e.value.code == 4
    assert e.value.hint.startswith("roamrc status")
    timer = threading.Timer(0.3, os.close, (fd,))
    timer.start()
    with pytest.raises(LookupError):
        handing.ask(state, "apply", {}, wait=20)
    timer.join()
    assert home.roamrc("use", "office").code == 0


def test_an_agent_that_does_not_know_the_word_refuses(home: Home) -> None:
    with home.agent():
        reply = handing.ask(State(home.state), "tango", {})
        assert reply["error"]["sentence"] == 'the agent does not know "tango"'
        assert handing.ask(State(home.state), handing.DRAFT, {"verb": "tango"})["error"]["code"] == 2


def test_follow_shows_switches_as_they_come(home: Home) -> None:
    import subprocess
    import sys

    home.roamrc("use", "office")
    p = subprocess.Popen(
        [sys.executable, "-m", "roamrc", "log", "--follow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=home.environment(),
    )
    seen: list[str] = []
    assert p.stdout is not None
    reader = threading.Thread(target=lambda: seen.extend(p.stdout or ()))
    reader.start()
    try:
        wait(lambda: len(seen) == 1, "the old entry")
        home.roamrc("use", "direct")
        wait(lambda: len(seen) == 2, "the new one")
    finally:
        p.send_signal(signal.SIGINT)
        p.wait(20)
        reader.join(20)
    assert "office → direct: chosen by hand (" in seen[1]
    assert (p.returncode, p.stderr.read() if p.stderr else None) == (0, "")


def test_a_shell_with_other_folders_learns_and_looks_where_the_agent_does(home: Home, tmp_path: Path) -> None:
    other = {"XDG_CONFIG_HOME": str(tmp_path / "other")}
    with home.agent():
        for command in (["explain", "office"], ["check"], ["doctor"], ["login", "test", "office"]):
            said = home.roamrc(*command, **other)
            assert said.err.startswith("note: the running agent's profiles are meant, ~/.config/roamrc/profiles\n"), command
        home.roamrc("learn", "here", **other)
        assert home.roamrc("explain").err == ""
    assert not (tmp_path / "other").exists()
    assert home.roamrc("check", **other).err == ""


@pytest.mark.parametrize("text", ['{"version": 2}', None], ids=["of a newer version", "a symlink"])
def test_a_choice_that_can_not_be_read_holds_and_ends_nobody(home: Home, text: str | None) -> None:
    """The agent ended with 4, and so did each new one; what it had lent stayed in npm's file."""
    (home.path / "login").write_text("alice:s3cret\n")
    (home.path / "login").chmod(0o600)
    home.profile("office", OFFICE.replace("  no_proxy", "  login: file:~/login\n  no_proxy"))
    with home.agent() as agent:
        assert home.roamrc("use", "office").code == 0
        assert "s3cret" in home.npmrc.read_text()
        (home.state / "override.json").unlink()
        (home.state / "override.json").write_text(text) if text else (home.state / "override.json").symlink_to("x")
        home.profile("cafe", CAFE + "# stir\n")
        wait(lambda: "s3cret" not in home.npmrc.read_text(), "the login taken back")
        assert "proxy=http://proxy.corp.example:8080" in home.npmrc.read_text()
        status = home.roamrc("status", "--json").json
        assert (status["action"], status["because"]) == ("hold", "a choice made by hand can't be read")
        assert "state" in [p["code"] for p in status["problems"]]
        assert home.roamrc("apply").code == 4
        assert agent.poll() is None


def test_an_answer_that_can_not_be_written_ends_nobody(home: Home) -> None:
    with home.agent() as agent:
        work = State(home.state)
        (home.state / "reply.json").symlink_to("x")
        work.save(handing.REQUEST, {"id": "1", "verb": "use", "args": {"profile": "office"}})
        wait(lambda: home.npmrc.exists() and "corp.example" in home.npmrc.read_text(), "the request carried out")
        (home.state / "reply.json").unlink()
        assert home.roamrc("auto").code in (0, 1)
        assert agent.poll() is None


def test_a_request_that_was_refused_is_not_carried_out_later(home: Home) -> None:
    with home.agent() as agent:
        agent.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(Refused, match="did not answer"):
                handing.ask(State(home.state), "use", {"profile": "office"}, wait=0.2)
        finally:
            agent.send_signal(signal.SIGCONT)
        assert not (home.state / handing.REQUEST).exists()
        assert home.roamrc("apply", "--json").json["override"] is None


def test_who_only_looks_leaves_every_byte_of_the_state(home: Home) -> None:
    """`explain` and dry runs ended an override that was bound to another gateway."""
    assert home.roamrc("use", "office", "--until-moved").code == 0
    path = home.state / "override.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mac": "02:00:00:00:00:99", "gateway": "203.0.113.1"}))
    before = {p: p.read_bytes() for p in home.state.rglob("*") if p.is_file()}
    for argv in (
        ["explain"],
        ["facts"],
        ["apply", "--dry-run"],
        ["use", "direct", "--dry-run"],
        ["auto", "--dry-run"],
        ["check"],
    ):
        home.roamrc(*argv)
    assert {p: p.read_bytes() for p in home.state.rglob("*") if p.is_file()} == before


def test_a_dry_run_shows_what_happens_then(home: Home) -> None:
    home.profile("office", OFFICE.replace("http://proxy", "http://alice:s3cret@proxy"))
    dry = home.roamrc("use", "office", "--dry-run", "--json").json["edits"]
    done = home.roamrc("use", "office", "--json").json["edits"]
    assert dry == done
    assert "alice" in home.npmrc.read_text()

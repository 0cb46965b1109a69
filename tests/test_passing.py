"""A roam's passing states: what asks nothing of npm's file is not carried out, and nothing that might is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from roamrc.daemon.agent import Agent
from roamrc.daemon.passing import Passing
from roamrc.formats import saved
from roamrc.look import Look, Memory, look, setup
from roamrc.model import Apply, Decision, Problem, Profile, Question
from roamrc.reconcile import FileState, Report
from roamrc.rules.owned import File, FilePlan, Record
from roamrc.slotted import replace
from roamrc.system import System

HOME = Profile("home", Apply("direct"))
OFFICE = Profile("office", Apply("http://proxy.corp.example:8080"))
LOGIN = Profile("login", Apply("http://proxy.corp.example:8080", login="file:/x"))

AT_HOME, AT_WORK = Decision("apply", HOME, "lan"), Decision("apply", OFFICE, "corp.example")
OFFLINE = Decision("hold", None, "offline")
FAULT = Problem("profile", "broken", "roamrc check")


@pytest.fixture
def seen(tmp_path: Path) -> Look:
    return look(setup(System({"HOME": str(tmp_path)}, tmp_path))[0], Memory(), network=saved.from_json({"online": False}, "test"))


def found(decision: Decision, *states: str, again: float | None = None, problems: tuple[Problem, ...] = ()) -> Report:
    return Report(decision, [FileState("npm", "/f", s) for s in states], again=again, problems=list(problems))


CASES: dict[str, tuple[Report, Decision, bool]] = {
    "the same profile": (found(AT_HOME, "in-sync"), AT_HOME, True),
    "offline on the way": (found(AT_HOME, "in-sync"), OFFLINE, True),
    "a fallback that waits": (found(AT_HOME, "in-sync"), replace(OFFLINE, waits=True, because="quiet"), True),
    "another profile": (found(AT_HOME, "in-sync"), AT_WORK, False),
    "one of the same name, read anew": (found(AT_HOME, "in-sync"), replace(AT_HOME, profile=replace(HOME, priority=1)), False),
    "a hand edit stands": (found(AT_HOME, "conflict"), AT_HOME, False),
    "two files, one of them unreadable": (found(AT_HOME, "in-sync", "unreadable"), AT_HOME, False),
    "being written": (found(AT_HOME, "in-sync", again=0.1), AT_HOME, False),
    "a problem of the last look": (found(AT_HOME, "in-sync", problems=(FAULT,)), AT_HOME, False),
    "hold has said nothing of the file": (found(OFFLINE, "in-sync"), AT_HOME, False),
    "hold after a write that failed": (found(AT_WORK, "pending", problems=(FAULT,)), OFFLINE, False),
    "hold while the file is being written": (found(AT_HOME, "pending", again=0.1), OFFLINE, False),
    "a question": (found(AT_HOME, "in-sync"), replace(AT_HOME, questions=(Question("resolves", "x"),)), False),
    "a question under hold": (found(AT_HOME, "in-sync"), replace(OFFLINE, questions=(Question("resolves", "x"),)), False),
    "a problem of the decision": (found(AT_HOME, "in-sync"), replace(AT_HOME, problems=(FAULT,)), False),
    "a login is due": (found(Decision("apply", LOGIN, ""), "in-sync"), Decision("apply", LOGIN, ""), False),
}


@pytest.mark.parametrize(("before", "decision", "passed"), CASES.values(), ids=CASES)
def test_what_is_passed_over(seen: Look, before: Report, decision: Decision, passed: bool) -> None:
    passing = Passing()
    assert not passing.nothing_new(replace(seen, decision=decision), lent=False), "nothing is known yet"
    passing.carried_out(before)
    assert passing.nothing_new(replace(seen, decision=decision), lent=False) is passed
    assert not passing.nothing_new(replace(seen, decision=decision), lent=True), "a login stands in the file"
    for more in ({"problems": (FAULT,)}, {"ended": "its time is over"}):
        assert not passing.nothing_new(replace(seen, decision=decision, **more), lent=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("held", [OFFLINE, replace(AT_WORK, waits=True)], ids=["offline", "waiting"])
def test_what_stirred_under_hold_is_not_settled_by_it(seen: Look, held: Decision) -> None:
    """Offline the user edits the file, or names another one: at home again the look is a whole one."""
    passing, home = Passing(), replace(seen, decision=AT_HOME)
    passing.carried_out(found(AT_HOME, "in-sync"))
    passing.carried_out(found(held, "in-sync"))
    assert passing.nothing_new(home, lent=False), "nothing stirred"
    passing.stirred(["npm's file"])
    passing.carried_out(found(held, "in-sync"))
    assert not passing.nothing_new(home, lent=False)
    assert passing.nothing_new(replace(seen, decision=OFFLINE), lent=False)
    passing.carried_out(found(AT_HOME, "in-sync"))
    assert passing.nothing_new(home, lent=False)


def test_what_became_of_a_login_is_not_known_without_a_plan(tmp_path: Path) -> None:
    """The disk failed after the rename: the login may stand in the file, and each look goes after it."""
    system = System({"HOME": str(tmp_path)}, tmp_path)
    agent = Agent(system, lambda *_: None)
    plan = FilePlan(File("/f", b"", Record()), b"", Record(), {})
    for report, lent in ((Report(AT_WORK, plans=[plan]), False), (found(AT_WORK, "pending", problems=(FAULT,)), True)):
        agent._note(report, 0.0)
        assert agent.lent is lent


@pytest.mark.parametrize(
    ("reasons", "passed"),
    [
        (["network"], True),
        (["network", "gateway", "resolv.conf"], True),
        ([], True),
        (["npm's file"], False),
        (["resolv.conf, npm's file"], False),
        (["network", "profiles"], False),
        (["override"], False),
        (["woke up"], False),
        (["files restarted"], False),
    ],
)
def test_another_reason_asks_for_a_whole_look(seen: Look, reasons: list[str], passed: bool) -> None:
    passing = Passing()
    passing.carried_out(found(AT_HOME, "in-sync"))
    passing.stirred(reasons)
    passing.stirred(["network"])
    assert passing.nothing_new(replace(seen, decision=AT_HOME), lent=False) is passed
    passing.carried_out(found(AT_HOME, "in-sync"))
    assert passing.nothing_new(replace(seen, decision=AT_HOME), lent=False), "it was had"

"""What the agent has others ask: nothing that is wanted meanwhile is forgotten."""

from __future__ import annotations

import select
from pathlib import Path

from lab.wait import until
from loopback import closed_port, full, stand
from roamrc.daemon.errands import Errands
from roamrc.errors import RoamError
from roamrc.formats.login import Login
from roamrc.model import Answer, Network, Question
from roamrc.system import System

HERE = Network(True, addresses=("127.0.0.1/8",))


def turn(errands: Errands) -> bool:
    """One turn of the agent: waits for whatever is out, and takes it in."""
    poller = select.poll()
    for fd in errands.fds():
        poller.register(fd, select.POLLIN)
    return errands.back({fd for fd, _ in poller.poll(10_000)})


def test_another_proxy_does_not_wait_for_the_one_that_is_being_tried() -> None:
    """The profile changed while a dead proxy was tried again: its answer was no news, and the new one was never tried (seen)."""
    errands = Errands(System())
    with stand(None) as silent:
        first, second = f"http://127.0.0.1:{silent.port}", f"http://127.0.0.1:{closed_port()}"
        errands.try_proxy(first, None, "office", None)
        errands.try_proxy(first, None, "office", None)
        assert len(errands.out) == 1
        errands.try_proxy(second, None, "office", None)
        until(lambda: turn(errands) or second in errands.health)
    assert errands.health[second].code == "proxy-refused"
    assert first not in errands.health
    errands.close()


def test_why_there_is_no_login_is_not_forgotten_while_it_is_asked_for_anew(tmp_path: Path) -> None:
    word = tmp_path / "word"
    script = tmp_path / "store"
    script.write_text(f"#!/bin/sh\ncat {word}\n")
    script.chmod(0o700)
    errands, wanted = Errands(System()), (f"command:{script}", "http://proxy.test:3128", "office")

    def asked() -> object:
        try:
            return errands.login(*wanted)
        except RoamError as e:
            return e.sentence

    assert asked() is None, "on its way"
    until(lambda: turn(errands) or errands.logins)
    told = asked()
    assert isinstance(told, str)
    assert (asked(), len(errands.out)) == (told, 1), "asked for anew, and the old answer stands until then"
    until(lambda: turn(errands) or errands.logins)
    word.write_text("alice:s3cret\n")
    assert asked() == told
    assert asked() == told
    until(lambda: turn(errands) or errands.logins)
    assert asked() == Login("alice", "s3cret")
    assert asked() is None, "on its way once more, and nothing is wrong"
    errands.forget()


def test_a_question_that_came_too_late_for_the_child_is_a_reason_to_look_again() -> None:
    errands = Errands(System())
    with full() as port:
        early, late = Question("reachable", f"127.0.0.1:{port}"), Question("private", "10.1.2.3")
        errands.answers[early] = Answer("no", "as before")
        errands.ask((early,), HERE, again=True)
        errands.ask((early, late), HERE, again=False)
        news = []
        until(lambda: news.append(turn(errands)) or not errands.out)
    assert news[-1], "the answer itself is as before"
    errands.ask((early, late), HERE, again=False)
    until(lambda: turn(errands) or late in errands.answers)
    assert errands.inside() == {"10.1.2.3"}
    errands.forget()
    assert errands.answers == {}
    assert errands.inside() == {"10.1.2.3"}, "until the new link has answered"
    errands.answers[late] = Answer("no", "203.0.113.1")
    assert errands.inside() == frozenset()
    errands.answers[late] = Answer("hidden", "no answer")
    assert errands.inside() == frozenset()
    assert errands.unsure((late,))
    errands.close()

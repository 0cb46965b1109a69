"""Questions that only the network can answer (resolves, reachable, prove, private), asked in one short-lived child. Floor 2."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..model import Answer, Hidden, Network, Question

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ..system import System

LIMIT = 2.0  # a question's seconds, name resolution included: a resolver answers in 0.1 s, glibc's own patience is 5 s a server
END = 4.0  # the child's
VIA = {"resolves": "getaddrinfo", "reachable": "TCP connect", "prove": "TLS", "private": "getaddrinfo"}


class Inquiry:
    """Questions under way: when `fileno` is readable `poll` gives the answers; `close` at the end. Beginning never waits for the
    network. *network* tells which addresses are the physical uplink's."""

    __slots__ = ("_answers", "_child", "_questions")

    def __init__(self, questions: Sequence[Question], network: Network, system: System) -> None:
        from . import child

        self._questions = tuple(dict.fromkeys(questions))
        self._answers: dict[Question, Answer] | None = None
        request = {
            "platform": system.platform,
            "addresses": [a.partition("/")[0] for a in network.addresses] if isinstance(network.addresses, tuple) else None,
            "tunnels": None if isinstance(network.vpn, Hidden) else bool(network.vpn),
            "limit": LIMIT,
            "questions": [[q.fact, q.wanted, _ca(q.ca, system), list(q.subnets), q.vpn] for q in self._questions],
        }
        self._child = child.Child("questions", request, child.minimal(system.env), END)

    def fileno(self) -> int:
        """Readable when `poll` has the answers."""
        return self._child.fileno()

    def poll(self) -> dict[Question, Answer] | None:
        """An answer for every question, None as long as they may still come; never waits."""
        if self._answers is None:
            said = self._child.poll()
            if said is not None:
                self._answers = _answers(self._questions, said)
        return self._answers

    def wait(self) -> dict[Question, Answer]:
        """As `poll`, and waits; 4.5 s at most."""
        return _answers(self._questions, self._child.wait())

    def close(self) -> None:
        """Ends the child, if it still runs."""
        self._child.close()


def answer_now(questions: Sequence[Question], network: Network, system: System) -> dict[Question, Answer]:
    """For one-shot commands: all answers, after 2.1 s at most as a rule, 4.5 s where the machine is slow."""
    if not questions:
        return {}
    return Inquiry(questions, network, system).wait()


def _ca(ca: str | None, system: System) -> str | None:
    return os.path.join(system.home, ca[2:]) if ca and ca.startswith("~/") else ca


def _answers(questions: Sequence[Question], said: object) -> dict[Question, Answer]:
    if isinstance(said, list) and len(said) == len(questions):
        return {q: Answer(_verdict(v), str(found), VIA.get(q.fact, "")) for q, (v, found) in zip(questions, said, strict=True)}
    why = said.why if isinstance(said, Hidden) else "the child ended without an answer"
    return {q: Answer("hidden", why, VIA.get(q.fact, "")) for q in questions}


def _verdict(text: str) -> Literal["yes", "no", "hidden"]:
    return "yes" if text == "yes" else "no" if text == "no" else "hidden"

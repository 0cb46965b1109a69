"""How a command hands its request to the living agent: one file that the agent watches, one that it answers with. Floor 3.

No socket, no protocol: the request survives nothing and needs nothing; both files are the user's own, 0600, and hold no secret.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from ..errors import Refused, RoamError
from ..memory.state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


REQUEST, REPLY = "inbox/request.json", "reply.json"
# the inbox is a folder of its own: the agent watches it, and its own writes beside it must not wake it
DRAFT = "draft"
"""The verb of a --dry-run; the one that is meant stands in its arguments."""
WAIT = 5.0
"""Seconds a command waits for the agent: the longest a look with a keyring in it should take."""


def ask(state: State, verb: str, args: Mapping[str, Any], wait: float = WAIT) -> dict[str, Any]:
    """Leaves the request and waits for its answer; raises Refused where none comes while the agent still lives, LookupError
    where it died. Commands take turns: of six typed at once, three wrote over the others' requests."""
    with _turn(state, wait):
        return _asked(state, verb, args, wait)


@contextmanager
def _turn(state: State, wait: float) -> Iterator[None]:
    import fcntl

    end = time.monotonic() + wait
    fd = os.open(state.path("inbox.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise Refused(f"another command has waited for the agent for {wait:g} s", "roamrc status") from None
            time.sleep(0.003)
        yield
    finally:
        os.close(fd)


def _asked(state: State, verb: str, args: Mapping[str, Any], wait: float) -> dict[str, Any]:
    ident = f"{os.getpid()}-{time.monotonic_ns()}"
    state.discard(REPLY)
    state.save(REQUEST, {"id": ident, "verb": verb, "args": dict(args)})
    end = time.monotonic() + wait
    try:
        while time.monotonic() < end:
            if os.path.exists(state.path(REPLY)):
                reply = state.load(REPLY)
                if reply and reply.get("id") == ident:
                    state.discard(REPLY)
                    return reply
            if state.agent_pid() is None:
                raise LookupError("the agent has gone")
            time.sleep(0.003)
    finally:
        with suppress(RoamError):  # or an agent that was stopped would carry it out later, though it was refused
            state.discard(REQUEST)
    raise Refused(f"the agent did not answer in {wait:g} s", "roamrc status; its log tells more")


def pending(state: State) -> dict[str, Any] | None:
    """The request that lies there, taken away; None where it is not one that a command leaves."""
    if not os.path.lexists(state.path(REQUEST)):
        return None
    found = None
    with suppress(Refused):  # a symlink, a newer command's, a disk that fails: whoever asked will be told that no answer came
        found = state.load(REQUEST)
    try:
        state.discard(REQUEST)
    except Refused:
        return None  # it would be carried out at every wake-up
    return found if found and _sound(found.get("verb"), found.get("args")) else None


def _sound(verb: object, args: object) -> bool:
    """Whether verb and arguments are such as `use`, `auto` and `apply` leave."""
    if not isinstance(verb, str) or not isinstance(args, dict) or ("use" in (verb, args.get("verb")) and "profile" not in args):
        return False
    seconds = args.get("for")
    return (
        isinstance(args.get("profile", ""), str)
        and (seconds is None or (isinstance(seconds, (int, float)) and 0 < seconds < 1e9))
        and all(isinstance(args.get(k, False), bool) for k in ("until_moved", "force"))
    )


def serve(state: State, work: Callable[[str, dict[str, Any], bool], Mapping[str, Any]]) -> None:
    """Has the agent do what a command asked for (`work` takes the verb, its arguments, and whether it is a draft), and tells the
    command the result; a mistake of the command's is its own to show."""
    request = pending(state)
    if request is None:
        return
    verb, args = request["verb"], request["args"]
    dry = verb == DRAFT  # a word of its own: an older agent that does not know it must refuse, not carry it out
    try:
        content = work(str(args.get("verb")) if dry else verb, args, dry)
    except RoamError as e:
        content = {"error": {"sentence": e.sentence, "hint": e.hint, "where": e.where, "code": e.code}}
    with suppress(RoamError):  # a full disk, a symlink: the command will say that no answer came
        state.save(REPLY, {"id": request.get("id"), **content})

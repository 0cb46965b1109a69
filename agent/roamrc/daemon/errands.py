"""What the agent has others ask for it: questions to the network, a login, whether the proxy lives. Floor 3.

Each is a short-lived child with a time limit, and a descriptor that becomes readable when it is back: the agent itself never
waits. What comes back is kept until the next look uses it, or until the link changes.
"""

from __future__ import annotations

from collections.abc import Callable

from ..children import health, inquiry, secrets
from ..errors import RoamError
from ..formats.login import Login
from ..look import Look
from ..model import Answer, Network, Question
from ..system import System
from . import handing, waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object


class Errand(Protocol):
    """A child on its way."""

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class Errands:
    """At most one child for each purpose; `back` takes in what has arrived."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.answers: dict[Question, Answer] = {}
        self.out: dict[str, tuple[Errand, Callable[[], bool]]] = {}
        self.logins: dict[tuple[str, str], Login | RoamError] = {}
        self.refused: dict[tuple[str, str], RoamError] = {}
        self.health: dict[str, health.Health] = {}
        self.private: dict[Question, Answer] = {}
        self.asking: tuple[Question, ...] = ()
        self.more = False
        self.trying = ""

    def fds(self) -> dict[int, str]:
        """The descriptors to poll, each with its purpose."""
        return {e.fileno(): name for name, (e, _) in self.out.items()}

    def back(self, ready: set[int]) -> bool:
        """Takes in what is back; whether it tells anything new, so that a look is due."""
        news = False
        for fd, name in self.fds().items():
            if fd in ready:
                errand, take = self.out[name]
                before = len(self.out)
                news = take() or news
                if len(self.out) < before:
                    errand.close()
        return news

    def forget(self) -> None:
        """The link is another one: what was learned on the old one says nothing any more."""
        self.answers.clear()
        self.logins.clear()
        self.refused.clear()
        self.health.clear()
        self.close()

    def close(self) -> None:
        for errand, _ in self.out.values():
            errand.close()
        self.out.clear()

    # ---- questions ---------------------------------------------------------------------------------------------------------

    def ask(self, questions: tuple[Question, ...], network: Network, *, again: bool) -> None:
        """Asks what has no answer yet; with `again` also what was not answered with yes."""
        wanted = tuple(q for q in questions if q not in self.answers or (again and self.answers[q].verdict != "yes"))
        if "questions" in self.out:
            self.more = self.more or any(q not in self.asking for q in wanted)
        elif wanted:
            self.asking, self.more = wanted, False
            asked = inquiry.Inquiry(wanted, network, self.system)
            self.out["questions"] = (asked, lambda: self._answered(asked))

    def inside(self) -> frozenset[str]:
        """Registries with private addresses; until the new link has answered, what the last one said: else each roam would write
        twice."""
        known = {**self.private, **self.answers}
        return frozenset(q.wanted for q, a in known.items() if q.fact == "private" and a.verdict == "yes")

    def unsure(self, questions: tuple[Question, ...]) -> bool:
        """Whether one of these was answered with neither yes nor no."""
        return any(a.verdict == "hidden" for q in questions if (a := self.answers.get(q)))

    def _answered(self, asked: inquiry.Inquiry) -> bool:
        found = asked.poll()
        if found is None:
            return False
        del self.out["questions"]
        news = self.more or any(q not in self.answers or self.answers[q].verdict != a.verdict for q, a in found.items())
        self.answers.update(found)
        self.private.update({q: a for q, a in found.items() if q.fact == "private"})
        return news

    # ---- logins ------------------------------------------------------------------------------------------------------------

    def login(self, reference: str, url: str, profile: str) -> Login | None:
        """The login if it is here; None where it is on its way, and a look follows when it comes. Raises RoamError where there
        is none, and where there was none and it is asked for anew: or `status` would forget why, each time for as long."""
        key = (reference, url)
        found = self.logins.pop(key, None)
        if isinstance(found, RoamError):
            self.refused[key] = found
            raise found
        if found is not None:
            self.refused.pop(key, None)
        elif "login" not in self.out:
            fetching = secrets.start(reference, url, self.system, profile)
            if fetching.fileno() < 0:
                return fetching.poll()
            self.out["login"] = (fetching, lambda: self._fetched(key, fetching))
        if found is None and key in self.refused:
            raise self.refused[key]
        return found

    def login_now(self, reference: str, url: str, profile: str) -> Login:
        """For a command that waits: the login within the time that the command does."""
        return secrets.fetch(reference, url, self.system, profile, limit=handing.WAIT - 1)

    def _fetched(self, key: tuple[str, str], fetching: secrets.Fetching) -> bool:
        try:
            login = fetching.poll()
        except RoamError as e:
            self.logins[key] = e
        else:
            if login is None:
                return False
            self.logins[key] = login
        del self.out["login"]
        return True

    # ---- the proxy -----------------------------------------------------------------------------------------------------------

    def once_alive(self, seen: Look, force: bool, *, again: bool) -> tuple[Look, bool]:
        """With `on_dead_proxy: hold` a proxy is written once it has answered on this link, or the user names it (`force`): the
        look, holding if need be, and whether it is known to be dead. `again`: a dead one is tried once more."""
        first = None if force else waiting.to_try_first(seen)
        if first is None:
            return seen, False
        name = f"first {first[0]}"
        found = self.health.get(name)
        if found is None or (found.dead and again):
            self.try_proxy(*first, name)
            found = self.health.get(name)
        return waiting.held_back(seen, found), found is not None and found.dead

    def try_proxy(self, proxy: str, registry: str | None, profile: str, ca: str | None, name: str | None = None) -> None:
        """Tries the proxy on the way to a registry; the result stands under the proxy's URL, or under `name`."""
        name = name or proxy
        if "health" in self.out and name != self.trying:  # its answer would be no news to anybody
            self.out.pop("health")[0].close()
        self.trying = name
        if "health" not in self.out:
            probe = health.Probe(proxy, registry, self.system, ca=ca, profile=profile)
            if probe.fileno() < 0:
                self._tried(name, probe)
            else:
                self.out["health"] = (probe, lambda: self._tried(name, probe))

    def _tried(self, proxy: str, probe: health.Probe) -> bool:
        found = probe.poll()
        if found is None:
            return False
        self.out.pop("health", None)
        news = self.health.get(proxy) != found
        if proxy.startswith("first ") and not found.dead:  # what was written by hand meanwhile is to be tried anew
            self.health.clear()
        self.health[proxy] = found
        return news

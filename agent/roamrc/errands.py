"""What the agent has others ask for it: questions to the network, a login, whether the proxy lives. Floor 3.

Each is a short-lived child with a time limit, and a descriptor that becomes readable when it is back: the agent itself never
waits. What comes back is kept until the next look uses it, or until the link changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from . import health, inquiry, secrets
from .errors import RoamError
from .formats.login import Login
from .model import Answer, Network, Question
from .system import System


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
        self.health: dict[str, health.Health] = {}

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
        if wanted and "questions" not in self.out:
            asked = inquiry.ask(wanted, network, self.system)
            self.out["questions"] = (asked, lambda: self._answered(asked))

    def _answered(self, asked: inquiry.Inquiry) -> bool:
        found = asked.poll()
        if found is None:
            return False
        del self.out["questions"]
        news = any(q not in self.answers or self.answers[q].verdict != a.verdict for q, a in found.items())
        self.answers.update(found)
        return news

    # ---- logins ------------------------------------------------------------------------------------------------------------

    def login(self, reference: str, url: str, profile: str) -> Login | None:
        """The login if it is here; None where it is on its way, and a look follows when it comes. Raises RoamError where there
        is none."""
        key = (reference, url)
        found = self.logins.pop(key, None)
        if isinstance(found, RoamError):
            raise found
        if found is None and "login" not in self.out:
            fetching = secrets.start(reference, url, self.system, profile)
            if fetching.fileno() < 0:
                return fetching.poll()
            self.out["login"] = (fetching, lambda: self._fetched(key, fetching))
        return found

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

    def try_proxy(self, proxy: str, registry: str | None, profile: str, ca: str | None) -> None:
        """Tries the proxy on the way to a registry; the result stands under the proxy's URL."""
        if "health" not in self.out:
            probe = health.start(proxy, registry, self.system, ca=ca, profile=profile)
            if probe.fileno() < 0:
                self._tried(proxy, probe)
            else:
                self.out["health"] = (probe, lambda: self._tried(proxy, probe))

    def _tried(self, proxy: str, probe: health.Probe) -> bool:
        found = probe.poll()
        if found is None:
            return False
        self.out.pop("health", None)
        news = self.health.get(proxy) != found
        self.health[proxy] = found
        return news

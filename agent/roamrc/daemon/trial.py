"""The applied proxy on trial: before it is written where the user says so, else after it; again while it is dead. Floor 3."""

from __future__ import annotations

from ..children.health import Health
from ..look import Look
from ..model import Decision, Problem
from ..reconcile import Report
from ..rules.pace import Pace
from . import waiting
from .errands import Errands


class Trial:
    """What is known of the proxy. `rotated`: it does not accept the login any more, so that this is to be fetched anew; `held`:
    it is dead, and not written therefore."""

    def __init__(self, errands: Errands, pace: Pace) -> None:
        self.errands, self.pace = errands, pace
        self.health: Health | None = None
        self.profile = ""
        self.rotated = self.held = False

    def forget(self) -> None:
        """The link is another one."""
        self.health, self.rotated = None, False

    def before(self, seen: Look, force: bool, now: float) -> Look:
        """The look, holding for a proxy that has not answered on this link yet (`on_dead_proxy: hold`)."""
        seen, self.held = self.errands.once_alive(seen, force, again=now >= self.pace.ask_again)
        return seen

    def after(self, report: Report, now: float) -> float | None:
        """Has the proxy that was written tried, once a link and again on the ladder while it is dead. Seconds until the next look
        is due for it, None: there is no hurry."""
        known = self.health and self.health.problem
        due = self._after(report, now)
        # status and log: what was just written down says what was known before
        return 0.0 if (self.health and self.health.problem) != known else due

    def _after(self, report: Report, now: float) -> float | None:
        written = waiting.proxy_written(report)
        self.health, self.rotated = None, False
        profile = report.decision.profile
        if written is None or profile is None or (waiting.needs_login(report.decision) and not self.pace.settled):
            return None  # without its login the proxy says 407, and that would be no news
        proxy, registry, cafile = written
        self.health, self.profile = self.errands.health.get(proxy), profile.name
        self.rotated = self.health is not None and self.health.code == "proxy-407" and profile.apply.login is not None
        if self.health is None:
            self.pace.rung = 0
        elif self.health.ok is True or now < self.pace.ask_again:
            return None
        if rest := self.pace.rest(now):
            return rest + 0.001
        self.errands.try_proxy(proxy, registry, profile.name, cafile)
        return None

    @property
    def late(self) -> bool:
        """Whether the proxy is to be tried again after a while."""
        return self.held or (self.health is not None and self.health.ok is not True)

    def problem(self, d: Decision) -> Problem | None:
        """What `status` shows of it: under the profile that it was tried for."""
        mine = d.profile is not None and (d.action, d.profile.name) == ("apply", self.profile)
        return self.health.problem if self.health and mine else None

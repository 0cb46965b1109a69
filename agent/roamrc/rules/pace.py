"""How soon to look after something stirred, and whether things have come to rest. Floor 1, pure: times are handed in, in seconds.

No debounce: the first looks of a burst come at once, since the last of its facts is the one that matters. Only a flood is
spaced out.
"""

from __future__ import annotations

from ..slotted import dataclass

QUIET, PATIENT = 1.0, 10.0
"""Without an event before a fallback acts or a login is lent; and the most that a restless network can put that off."""

FREE, GAP, GAP_LIMIT, CALM = 7, 0.4, 2.0, 0.4
"""A burst's first looks are free (a roam takes 4 to 7); then each waits twice as long, from GAP to GAP_LIMIT: ten looks in 3 s.
CALM ends it."""

REST = 0.25
"""Without an event before what can wait is done (a passing state noted, a proxy tried): the fsyncs and children of a roam's
passing states stood in the way of its last look, which took 20 ms instead of 4. PATIENT is the most that it is put off."""

LADDER = (1.0, 3.0, 10.0, 30.0, 60.0, 300.0)
"""After which what failed or is not known yet is tried again; the last one goes on for as long as it matters."""


@dataclass(slots=True)
class Pace:
    """The rhythm of one agent; `settled` holds from the first quiet second until the network stirs again."""

    last_event: float
    unsettled: float = 0.0
    settled: bool = False
    last_stir: float = 0.0
    looks: int = 0
    rung: int = 0
    ask_again: float = 0.0

    def __post_init__(self) -> None:
        self.unsettled = self.last_stir = self.last_event

    def stirred(self, now: float, *, network: bool, urgent: bool) -> float:
        """Something happened: seconds to wait before the look. `network`: facts may have changed, so that things are unsettled;
        `urgent`: the link itself went, and no flood may hide that."""
        if now - self.last_stir >= CALM:
            self.looks = 0
        self.last_stir = now
        if network:
            if self.settled:
                self.unsettled, self.settled = now, False
            self.last_event, self.rung, self.ask_again = now, 0, now
        return 0.0 if urgent else self.gap()

    def gap(self) -> float:
        """Seconds between two looks of a burst as it is by now."""
        return 0.0 if self.looks < FREE else min(GAP_LIMIT, GAP * 2.0 ** min(self.looks - FREE, 10))

    def looking(self, now: float) -> bool:
        """A look begins; whether things have settled."""
        self.looks += 1
        self.settled = self.settled or now >= self.settles_at()
        return self.settled

    def settles_at(self) -> float:
        """When it will be quiet, if nothing stirs until then."""
        return min(self.last_event + QUIET, self.unsettled + PATIENT)

    def rest(self, now: float) -> float:
        """Seconds until what can wait may be done; 0: now."""
        return max(0.0, min(self.last_event + REST, self.unsettled + PATIENT) - now)

    def rung_due(self, now: float) -> bool:
        """Whether what is still open may be asked again; if so, the next time is a rung later."""
        if now < self.ask_again:
            return False
        self.ask_again = now + LADDER[min(self.rung, len(LADDER) - 1)]
        self.rung += 1
        return True

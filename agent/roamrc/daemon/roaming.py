"""A card on its way from one access point to the next. Floor 3, reads only what it is given.

mac80211 takes the carrier away while it joins the next access point, for 0.1 to 1 s. Without it nothing can be sent, so a login
in npm's file goes nowhere; and where the network has a key, only an access point that has it too brings the carrier back. So the
look that finds it gone changes nothing for a moment. Any other network, and another uplink, ends the moment at once.
"""

from __future__ import annotations

from ..look import Memory

MOMENT = 2.0
"""Seconds; a whole 802.1X login takes one."""


class Roaming:
    """Since when a Wi-Fi network with a key is away."""

    def __init__(self) -> None:
        self.since: float | None = None

    def rest(self, before: Memory, memory: Memory, now: float) -> float:
        """Seconds for which a look that found the carrier gone says nothing yet; then the `memory` is as it was `before`. 0: it
        does."""
        was, seen = before.network, memory.network
        name = was.link.network if was and was.link else ""
        if not name or seen is None or seen.online or seen.ssid not in (None, name):
            self.since = None
            return 0.0
        self.since = now if self.since is None else self.since
        rest = max(0.0, self.since + MOMENT - now)
        if rest:
            memory.network, memory.moved = was, False
            memory.answers.update(before.answers)
        return rest

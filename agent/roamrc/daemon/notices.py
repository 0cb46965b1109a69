"""A desktop notification for each switch or problem, where the user asked for it (`notify: on|problems`). Floor 3.

By notify-send or osascript in a child of its own that nobody waits for; never more than one in GAP seconds, the newest wins.
The text is an argument and never a script: an SSID in it is a stranger's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..show import prose
from ..slotted import dataclass, field
from ..system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


GAP = 10.0
"""Seconds between two: a flapping cable must not fill the screen."""

SCRIPT = ("-e", "on run argv", "-e", "display notification (item 2 of argv) with title (item 1 of argv)", "-e", "end run")


def command(system: System, title: str, text: str) -> Sequence[str]:
    """What shows a notification here; notify-send reads markup in its text, so that is escaped."""
    if system.platform == "darwin":
        return (system.tool("osascript"), *SCRIPT, title, text)
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (system.tool("notify-send"), "--app-name=roamrc", "--", title, plain)


@dataclass(slots=True)
class Notices:
    """What was shown last, and what waits; `seen` takes each status as it is written down."""

    system: System
    last: float = -GAP
    waiting: tuple[str, str] | None = None
    before: Mapping[str, Any] = field(default_factory=dict)

    def seen(self, status: Mapping[str, Any], how: str) -> None:
        """Notes what is new in a status: another profile (`how` on), a problem that was not there (on, problems)."""
        before, self.before = self.before, status
        if how == "off" or not status:
            return
        known = [p["message"] for p in before.get("problems", ())]
        fresh = [p for p in status["problems"] if p["message"] not in known]
        head = "hold" if status["action"] == "hold" else status["profile"]
        if fresh:
            self.waiting = (f"roamrc: {prose(str(head))}", prose(fresh[0]["message"]))
        elif how == "on" and before and (before["action"], before["profile"]) != (status["action"], status["profile"]):
            self.waiting = (f"roamrc: {prose(str(head))}", prose(str(status["because"])))

    def due(self) -> list[float]:
        """When the one that waits may be shown."""
        return [self.last + GAP] if self.waiting else []

    def show(self, now: float) -> None:
        """Shows the one that waits, if its time has come. A desktop that is not there is no problem."""
        if self.waiting is None or now < self.last + GAP:
            return
        title, text = self.waiting
        self.waiting, self.last = None, now
        # the shell leaves it behind, so that there is no child of ours to wait for
        self.system.run(("/bin/sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *command(self.system, title, text)), timeout=2.0)

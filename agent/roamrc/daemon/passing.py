"""The passing states of a roam, in which npm's file is known to stand as it should already. Floor 3, reads only what it is given.

Address gone, address there, route there: each is a look, and the fact that matters is the last one (resolv.conf, the tunnel's
route). A look that read ledger and file again to find nothing to do kept that one waiting for up to 1 ms (bench, roam). So on the
way only what would be written is carried out; the first look after the roam does all of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..look import Look
from ..model import Profile
from ..reconcile import Report
from . import waiting

NETWORK = frozenset(("network", "gateway", "resolv.conf"))
"""The reasons that say nothing of npm's file, the profiles, the settings or a request."""


class Passing:
    """`standing` is the profile that the files were last found to follow; `elsewhere` tells that something other than the network
    has stirred since, or that the last whole look had a remark: then nothing is passed over."""

    def __init__(self) -> None:
        self.standing: Profile | None = None
        self.elsewhere = True

    def stirred(self, reasons: Iterable[str]) -> None:
        """Why a look is due."""
        self.elsewhere = self.elsewhere or any(r not in NETWORK for r in reasons)

    def carried_out(self, report: Report) -> None:
        """What a whole look found of the files. Under hold they are not held against the profile: what stirred there since is not
        settled by it (a hand edit made offline, another npm file in the settings)."""
        d = report.decision
        if d.action != "hold" and not d.waits:
            self.standing = d.profile
        elif self.elsewhere or report.edits:
            self.standing = None
        self.elsewhere = bool(report.problems) or report.again is not None or any(f.state != "in-sync" for f in report.files)

    def nothing_new(self, seen: Look, lent: bool) -> bool:
        """Whether this state asks nothing of the files: the same profile as they follow, or none yet. A login (`lent`: it stands
        in a file, or may), a question and a problem are never passed over."""
        d = seen.decision
        if self.elsewhere or lent or seen.ended or seen.bound or seen.problems or d.problems or d.questions:
            return False
        if d.action == "hold" or d.waits:
            return True
        return d.profile is not None and d.profile is self.standing and not waiting.needs_login(d)

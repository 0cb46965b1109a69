"""What an agent remembers of npm's file from one look to the next, and a command does not need. Floor 2.

Nothing here is believed of the file: it is read at each look, and what is remembered only says how to take what stands there.
"""

from __future__ import annotations

from ..rules.owned import FilePlan
from ..slotted import dataclass, field

MOST, LONGEST = 16, 1 << 16
"""Plans that are kept, and the bytes of a file up to which they are: between three places there are nine, and a file of 4 MB
would be kept 32 times."""

Asked = tuple[object, ...]


@dataclass(slots=True)
class Past:
    """`sizes` of the files as last seen, `recent` the last write to each, and when (monotonic seconds); `drafts` are plans by all
    that they rest on, the last used last."""

    sizes: dict[str, int] = field(default_factory=dict)
    recent: dict[str, tuple[float, FilePlan]] = field(default_factory=dict)
    drafts: list[tuple[Asked, FilePlan]] = field(default_factory=list)

    def drafted(self, asked: Asked) -> FilePlan | None:
        """The plan that was drafted from the very same: a roam leads back to where the file was like this before, and drafting it
        anew took a tenth of the way from the event to the file (bench, roam)."""
        for entry in self.drafts:
            if entry[0] == asked:
                self.drafts.remove(entry)
                self.drafts.append(entry)
                return entry[1]
        return None

    def keep(self, asked: Asked, plan: FilePlan) -> FilePlan:
        """Keeps a plan, but not one that rests on more than the file, its record and the profile (a proxy of the user's own that
        no profile names, a backup), nor one with a login in it, which shall lie in no memory longer than in the file. A text that
        no plan has left was written by somebody else: what rests on older ones goes, and a token that he deleted with it."""
        old, new = plan.file.record, plan.record
        plain = old.adopted and new.keys and not (old.lent or new.lent or plan.conflicts or plan.lost)
        if plain and len(plan.file.text or b"") + len(plan.after or b"") <= LONGEST:
            known = self.drafts[1 - MOST :] if any(p.after == plan.file.text for _, p in self.drafts) else []
            self.drafts = [*known, (asked, plan)]
        return plan

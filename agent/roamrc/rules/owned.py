"""What we know of a file that is partly ours: the record of it, what a profile wants of it, and the plan for it. Floor 1,
pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..formats.ini import Prior
from ..model import Edit, Link, Value
from ..slotted import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


Digest = Callable[[Value], str]
"""A keyed digest of a value: the ledger never holds a value that may hold a password."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a profile wants of one file: the proxy URLs (or "keep" them, or give "prior" back), our list entries, any other
    key."""

    urls: Mapping[str, Value] | Literal["keep", "prior"]
    entries: tuple[str, ...] = ()
    keys: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lent:
    """Which login stands in the file's proxy URLs, for whom, and the one link that it is lent to."""

    profile: str
    reference: str
    url: str
    link: Link


@dataclass(frozen=True, slots=True)
class Record:
    """What we know of one file. `keys`: digests of what we wrote last (several while a write is under way); `entries`: those
    of the list that are ours; `profile`: the last one applied; `adopted`: the user's own proxy in it, if any, was taken over
    with his consent or named by a profile; `missing`: there was no file; `mode`: its permissions before we tightened them;
    `whole`: the digest of the backup, and those of the file as we left it since, as long as nobody else wrote: then the backup's
    very bytes can go back."""

    profile: str | None = None
    adopted: bool = False
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entries: tuple[str, ...] = ()
    lent: Lent | None = None
    missing: bool = False
    mode: int | None = None
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """Which keys of a target are proxy URLs, and which one is its list of exceptions."""

    name: str
    urls: tuple[str, ...]
    list: str


@dataclass(frozen=True, slots=True)
class File:
    """A file as it stands: its bytes (None: not there), our record of it, and the raw lines its keys had before us."""

    path: str
    text: bytes | None
    record: Record
    priors: Mapping[str, Prior] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The file after, the record and priors that go with it, and what a user should know: edits, hand edits that stand
    (`conflicts`) or that were overwritten (`lost`), and whether the whole file is `held`. `theirs`: digests of the
    user's own value of each key that becomes ours with this plan, or ceases to be."""

    file: File
    after: bytes | None
    record: Record
    priors: Mapping[str, Prior]
    edits: tuple[Edit, ...] = ()
    conflicts: tuple[str, ...] = ()
    lost: Mapping[str, Value] = field(default_factory=dict)
    held: bool = False
    comment: str | None = None
    theirs: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        return self.after != self.file.text

    @property
    def intent(self) -> Record:
        """What the ledger says while the write is under way: old and new are both ours, whichever the file turns out to hold.
        What is known of the user's own file, and that a login stands in it, is forgotten only with the outcome: cut off here, a
        login would stay in the file on every later link, and a file that was not there would come to stay. The user's own value
        counts too: a disk that was full made it a hand edit of ours, which stood for ever, and so did an uninstall that was
        killed."""
        old, new = self.file.record, self.record
        theirs = {k: (d,) for k, d in self.theirs.items()}
        keys = {
            k: tuple(dict.fromkeys((*old.keys.get(k, ()), *theirs.get(k, ()), *new.keys.get(k, ()))))
            for k in (*old.keys, *new.keys)
        }
        entries = tuple(dict.fromkeys((*old.entries, *new.entries)))
        return Record(
            old.profile, old.adopted or new.adopted, keys, entries, old.lent or new.lent, old.missing or new.missing,
            old.mode if new.mode is None else new.mode,
            (new.whole[0], *dict.fromkeys((*old.whole[1:], *new.whole[1:]))) if new.whole else (),
        )  # fmt: skip

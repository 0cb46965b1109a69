"""One file being drafted: values set, given back and listed, with the account of each step. Floor 1, pure."""

from __future__ import annotations

from ..formats.ini import Document, Prior
from ..model import Edit, Value
from ..slotted import replace
from .owned import Digest, File, FilePlan, Record, Shape


def entries(value: Value) -> tuple[str, ...]:
    """The entries of a list value, as npm splits it: commas, blanks trimmed; null and absent have none."""
    if value is None or value == "null":
        return ()
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(e.strip() for p in parts for e in p.split(",") if e.strip())


class Draft:
    """One file being drafted: every step changes the document, the record and the account of it together."""

    def __init__(self, shape: Shape, file: File, digest: Digest, why: str) -> None:
        self.shape, self.file, self.digest, self.why = shape, file, digest, why
        self.doc = Document(file.text or b"")
        self.keys = dict(file.record.keys)
        self.entries = file.record.entries
        self.priors = dict(file.priors)
        self.doc.guests |= {k for k, prior in self.priors.items() if not prior.lines}
        self.edits: list[Edit] = []
        self.conflicts: list[str] = []
        self.lost: dict[str, Value] = {}
        self.theirs: dict[str, str] = {}

    def edited(self, key: str) -> bool:
        """Whether a key of ours holds what somebody else wrote."""
        return key in self.keys and self.digest(self.doc.get(key)) not in self.keys[key]

    def prior(self, key: str) -> Value:
        """What a key of ours held before us."""
        before = Document(b"")
        before.restore(key, self.priors.get(key, Prior()))
        return before.get(key)

    def _with_prior(self, key: str) -> Value:
        """What the key would hold if its lines came back here: beside a section of its name that is another value."""
        there = Document(self.doc.text)
        there.restore(key, self.priors[key])
        return there.get(key)

    def _lift(self, key: str) -> None:
        self.priors[key] = self.doc.lift(key)
        if not self.priors[key].lines:
            self.doc.guests.add(key)

    def set(self, key: str, value: Value) -> None:
        """The key holds `value` from now on, and is ours; what it held before us is kept."""
        found = self.doc.get(key)
        if key not in self.keys:
            self._lift(key)
            self.theirs[key] = self.digest(found)
        elif found != value and self.edited(key):
            self.lost[key] = found
        self.keys[key] = (self.digest(value),)
        if found != value:
            self.doc.put(key, value, self.priors.get(key))
            self._note(key, found)

    def give_back(self, key: str, *, release: bool = True) -> None:
        """The key's raw lines return as they were before us; released, it is the user's again."""
        found = self.doc.get(key)
        if self.edited(key):
            self.lost[key] = found
        self.doc.restore(key, self.priors.get(key, Prior()))
        self._note(key, found)
        if release:
            self.theirs[key] = self.digest(self.doc.get(key))
            self.release(key)
        else:
            self.keys[key] = (self.digest(self.doc.get(key)),)

    def release(self, key: str) -> None:
        self.keys.pop(key, None)
        self.priors.pop(key, None)
        self.doc.guests.discard(key)

    def list_entries(self, wanted: tuple[str, ...]) -> None:
        """Our entries of the list become `wanted`; the user's stay where they are, and one he has himself is never ours."""
        key = self.shape.list
        found = self.doc.get(key)
        mine = set(self.entries)
        theirs = [e for e in entries(found) if e not in mine]
        ours = tuple(e for e in wanted if e not in theirs)
        if not ours and not self.entries and key not in self.priors:
            return
        if ours and key not in self.priors:
            self._lift(key)
        self.entries = ours
        if ours:
            if entries(found) != (*theirs, *ours):
                self.doc.put(key, _joined(found, theirs, ours), self.priors.get(key))
        else:
            if entries(self.prior(key)) == tuple(theirs) or entries(self._with_prior(key)) == tuple(theirs):
                self.doc.restore(key, self.priors[key])
            elif entries(found) != tuple(theirs):
                self.doc.put(key, _joined(found, theirs, ()))
            self.release(key)
        self._note(key, found)

    def _note(self, key: str, before: Value) -> None:
        after = self.doc.get(key)
        if after != before:
            self.edits.append(Edit(self.shape.name, self.file.path, key, before, after, self.why))

    def as_left(self) -> bool:
        """Whether the file is as we left it last, and nobody else wrote since its backup was made."""
        return self._digest(self.file.text) in self.file.record.whole[1:]

    def is_backup(self, text: bytes | None) -> bool:
        """Whether this is the very text that the file had when its backup was made."""
        return self.file.record.whole[:1] == (self._digest(text),)

    def _digest(self, text: bytes | None) -> str:
        return self.digest(None if text is None else text.decode("latin-1"))

    def _whole(self, text: bytes | None) -> tuple[str, ...]:
        before = self.file.record
        first = not (before.keys or before.entries)  # now the backup is made
        if text == self.file.text and not (first and (self.keys or self.entries)):
            return before.whole
        if first:
            return (self._digest(self.file.text), self._digest(text))
        return (before.whole[0], self._digest(text)) if self.as_left() else ()

    def done(self, record: Record, comment: str | None) -> FilePlan:
        """The plan: the comment line is set anew only where something else changes, since a comment alone is no reason to
        write."""
        if self.edits or not (self.keys or self.entries):
            lines = [k for k, d in self.keys.items() if self.digest(None) not in d] + ([self.shape.list] if self.entries else [])
            self.doc.mark(lines, comment if lines else None)
        text: bytes | None = self.doc.text
        if (self.file.text is None and not text) or (record.missing and not text and not self.keys):
            text = None
        record = replace(record, keys=self.keys, entries=self.entries, whole=self._whole(text))
        return FilePlan(
            self.file, text, record, self.priors, tuple(self.edits), tuple(self.conflicts), self.lost, comment=comment,
            theirs=self.theirs,
        )  # fmt: skip


def _joined(found: Value, theirs: list[str], ours: tuple[str, ...]) -> Value:
    """A list value with our entries after the user's, in the form that the file has: array lines stay array lines, as they
    were written."""
    if isinstance(found, tuple):
        kept = tuple(p for p in found if not entries(p) or any(e in theirs for e in entries(p)))
        return (*kept, *ours) or None
    return ",".join((*theirs, *ours)) or None

"""The ledger as it lies on disk: one record a file, no values; priors and backups beside it in backup/. Floor 2.

Order of writing: what stood there before us (backup, priors), the intent, the file itself, the outcome. Whatever is cut off in
between, the next look finds either the old value or the new one, knows both as ours, and what was there before is never lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from .. import atomic
from ..formats import url
from ..formats.ini import COMMENT, Document, Prior
from ..model import Link, Value
from ..rules.draft import entries
from ..rules.owned import Digest, File, FilePlan, Lent, Record, Shape
from ..slotted import replace
from . import intent
from .digest import blake2b
from .state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


NAME = "ledger.json"
INTENT = "intent.json"
"""What is about to be written, in place (intent.py); it counts for the one ledger whose number it bears."""


def digest_with(key: bytes) -> Digest:
    """A keyed digest of a value (BLAKE2b, 16 bytes): the same value gives the same word, and the word tells nothing without
    the key."""

    def digest(value: Value) -> str:
        text = "-" if value is None else "=" + value if isinstance(value, str) else "[" + "\0".join(value)
        return blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=16).hexdigest()

    return digest


class Ledger:
    """All records, read once under the lock. `lost` tells that there is no ledger, or none that its key fits; `damaged` are the
    files whose record makes no sense: what was ours there is pieced together from the priors, else from the backup."""

    def __init__(self, state: State, dry: bool = False) -> None:
        """`dry`: nothing will be written, not even the key; digests of this run then fit this run alone."""
        self.state, self.dry = state, dry
        self.key = state.known_key()
        found = state.meaning(NAME, self._read, self.key or b"")
        self.lost = found is None
        read, self.number = found or ({}, None)
        self.records: dict[str, Record] = {path: r for path, r in read.items() if r is not None}
        self.damaged = [path for path, r in read.items() if r is None]
        self.open = False
        self._take_intent()

    def _read(self, found: Mapping[str, Any]) -> tuple[dict[str, Record | None], object]:
        """The records and the number. Raises ValueError where these are not the records as we wrote them, with this very key:
        half a record makes values of ours the user's, another key makes each a hand edit, and either would stay for ever."""
        files = found["files"]
        if self.key is None or not isinstance(files, dict) or found.get("check") != digest_with(self.key)(_sealed(files)):
            raise ValueError
        return {path: _record(r) for path, r in files.items() if _is_path(path)}, found.get("number")

    def _take_intent(self) -> None:
        """A write that was cut off left its intent: that is the record then. `open` until a whole ledger is written again."""
        note = intent.read(self.state.path(INTENT), self.number) if isinstance(self.number, str) else None
        if not isinstance(note, dict) or note.get("number") != self.number or not isinstance(note.get("path"), str):
            return
        record = _record(note.get("record"))
        if record is not None and _is_path(note["path"]):
            self.records[note["path"]], self.open = record, True

    def paths(self) -> list[str]:
        """Every file that is, or may be, partly ours."""
        found = [*self.records, *self.damaged]
        if self.lost:
            for name in self.state.names("backup", ".prior.json"):
                path = (self.state.load(name) or {}).get("path")
                if isinstance(path, str) and _is_path(path) and backup_name(path) + ".prior.json" == name:
                    found.append(path)
        return list(dict.fromkeys(found))

    def digest(self, value: Value) -> str:
        if self.key is None:
            self.key = self.state.known_key() or (os.urandom(32) if self.dry else self.state.key())
        return digest_with(self.key)(value)

    # ---- one file ----------------------------------------------------------------------------------------------------------

    def file(self, shape: Shape, path: str, text: bytes | None) -> File:
        """The file with its record and priors; what a write that was cut off left open is settled by what the file holds."""
        record = self.records.get(path)
        kept = self._priors(path)
        if record is None and (self.lost or path in self.damaged):
            record = self._recovered(shape, path, text, kept)
        record = self._settled(shape, record or Record(), text)
        needed = [*record.keys, *([shape.list] if record.entries else [])]
        if any(k not in kept for k in needed):
            whole = Document(self.backup(path) or b"")
            kept = {**{k: whole.lift(k) for k in needed}, **kept}
        return File(path, text, record, {k: p for k, p in kept.items() if k in needed})

    def _recovered(self, shape: Shape, path: str, text: bytes | None, kept: Mapping[str, Prior]) -> Record | None:
        """A record from what is left: a key is ours where it has a prior and holds something else; without priors it is a proxy
        key or the list that differs from the backup, in a file that bears our comment. A login in it is one of ours to take
        back."""
        backup = self.backup(path)
        names, now, before = tuple(kept), Document(text or b""), Document(b"")
        for key, prior in kept.items():
            before.restore(key, prior)
        if not kept:
            if backup is None or COMMENT not in (text or b""):
                return None
            names, before = (*shape.urls, shape.list), Document(backup)
        keys = {k: (self.digest(now.get(k)),) for k in names if k != shape.list and now.get(k) != before.get(k)}
        theirs = entries(before.get(shape.list))
        ours = tuple(e for e in entries(now.get(shape.list)) if e not in theirs) if shape.list in names else ()
        if not keys and not ours:
            return None
        held = [now.get(k) for k in shape.urls if k in keys]
        lent = Lent("", "", "", Link("", 0, 0, 0.0, None)) if any(isinstance(v, str) and url.userinfo(v) for v in held) else None
        return Record(None, True, keys, ours, lent, missing=backup is None)

    def _settled(self, shape: Shape, record: Record, text: bytes | None) -> Record:
        """An intent whose outcome the file shows; a key that holds neither is a hand edit and stays open."""
        if all(len(d) == 1 for d in record.keys.values()):
            return record
        doc = Document(text or b"")
        listed = entries(doc.get(shape.list))
        held = {k: self.digest(doc.get(k)) for k in record.keys}
        keys = {k: (held[k],) if held[k] in d else d for k, d in record.keys.items()}
        return replace(record, keys=keys, entries=tuple(e for e in record.entries if e in listed))

    def backup(self, path: str) -> bytes | None:
        """The whole file as it was before roamrc first touched it."""
        return atomic.read(self.state.path(backup_name(path) + ".npmrc")).data

    def _priors(self, path: str) -> dict[str, Prior]:
        """The priors as kept; damaged ones are put aside, and the backup serves in their place."""
        return self.state.meaning(backup_name(path) + ".prior.json", _priors) or {}

    # ---- around a write ----------------------------------------------------------------------------------------------------

    def before(self, plan: FilePlan) -> None:
        """Backup, priors and intent: all that must be on disk before the file itself changes."""
        path, old = plan.file.path, plan.file.record
        if not old.keys and not old.entries and plan.file.text is not None and self.backup(path) != plan.file.text:
            self.state.write(backup_name(path) + ".npmrc", plan.file.text)
        merged = {**plan.priors, **plan.file.priors}
        if merged != dict(plan.file.priors):
            self._save_priors(path, merged)
        if plan.lost:
            self._save_lost(plan)
        meant = plan.intent
        if self.records.get(path) != meant:
            self.records[path] = meant
            note = {"number": self.number, "path": path, "record": _json(meant)}
            self.open = not self.open and self.number is not None and intent.write(self.state.path(INTENT), note)
            if not self.open:
                self._write()

    def take_back(self, plan: FilePlan) -> None:
        """Somebody else wrote, and the plan with its intent is void. Or the priors of a text that was half written would stay:
        npm had emptied the file, and `uninstall` then took the user's own lines away (torture, races)."""
        path = plan.file.path
        if plan.file.record == Record():
            self.records.pop(path, None)
        else:
            self.records[path] = plan.file.record
        self._write()

    def after(self, plan: FilePlan) -> None:
        """The outcome: what we wrote is what stands there now."""
        path = plan.file.path
        if plan.record != self.records.get(path) or self.open:
            self.records[path] = plan.record
            self._write()
            if plan.writes and not intent.is_there(self.state.path(INTENT)):
                self.state.write(INTENT, intent.blank())
        if dict(plan.priors) != {**plan.priors, **plan.file.priors}:
            self._save_priors(path, plan.priors)

    def forget(self, path: str) -> None:
        """The file is the user's alone again; its backup stays until `uninstall` removes the state."""
        if self.records.pop(path, None) is not None:
            self._write()
        self.state.discard(backup_name(path) + ".prior.json")

    def _write(self) -> None:
        files = {p: _json(r) for p, r in self.records.items()}
        self.number, self.open = os.urandom(8).hex(), False
        self.state.save(NAME, {"check": self.digest(_sealed(files)), "number": self.number, "files": files})

    def _save_priors(self, path: str, priors: Mapping[str, Prior]) -> None:
        keys = {k: p.to_json() for k, p in priors.items()}
        self.state.save(backup_name(path) + ".prior.json", {"path": path, "keys": keys, "check": _checksum(keys)})

    def _save_lost(self, plan: FilePlan) -> None:
        """Hand edits that give way: kept in backup/, newest last, the last hundred."""
        name = backup_name(plan.file.path) + ".lost.jsonl"
        lines = (atomic.read(self.state.path(name)).data or b"").splitlines(keepends=True)[-99:]
        lines.append(json.dumps({"file": plan.file.path, "values": dict(plan.lost)}).encode() + b"\n")
        self.state.write(name, b"".join(lines))


def _sealed(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _priors(found: Mapping[str, Any]) -> dict[str, Prior]:
    """The priors as kept; raises ValueError, or what their form brings about, where they are damaged."""
    priors = {k: Prior.from_json(v) for k, v in found["keys"].items()}
    if found["check"] != _checksum(found["keys"]):
        raise ValueError
    for key, prior in priors.items():
        Document(b"").restore(key, prior)
    return priors


def _checksum(content: object) -> str:
    """Of the priors, and without the key: they must still be believed when the key is lost."""
    return blake2b(_sealed(content).encode(), digest_size=16).hexdigest()


def backup_name(path: str) -> str:
    return "backup/" + blake2b(path.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()


def _json(record: Record) -> dict[str, Any]:
    lent = record.lent
    return {
        "profile": record.profile,
        "adopted": record.adopted,
        "keys": {k: list(v) for k, v in record.keys.items()},
        "entries": list(record.entries),
        "lent": None
        if lent is None
        else {
            "profile": lent.profile,
            "reference": lent.reference,
            "url": lent.url,
            "link": [lent.link.boot, lent.link.index, lent.link.losses, lent.link.slept, lent.link.mac, lent.link.network],
        },
        "missing": record.missing,
        "mode": record.mode,
        "whole": list(record.whole),
    }


def _record(found: object) -> Record | None:
    """A record from JSON, or None where any field has the wrong shape: half a record would make values of ours the user's."""
    if not isinstance(found, dict):
        return None
    keys, listed, lent, mode = found.get("keys"), found.get("entries"), found.get("lent"), found.get("mode")
    profile, adopted, gone = found.get("profile"), found.get("adopted"), found.get("missing")
    if not (isinstance(keys, dict) and _texts(listed) and all(v and _texts(v) for v in keys.values())):
        return None
    if not (isinstance(profile, str | None) and isinstance(adopted, bool) and isinstance(gone, bool)):
        return None
    if not (mode is None or (type(mode) is int and 0 <= mode <= 0o7777)):
        return None
    if lent is not None:
        try:
            boot, index, losses, slept, mac, network = (*lent["link"], "")[:6]  # five until 0.1.0
            whole = _texts([boot, network, *(lent[k] for k in ("profile", "reference", "url"))]) and isinstance(mac, str | None)
            link = Link(boot, int(index), int(losses), float(slept), mac, network)
            lent = Lent(lent["profile"], lent["reference"], lent["url"], link)
        except (KeyError, TypeError, ValueError):
            return None
        if not whole:
            return None
    assert isinstance(listed, list)
    whole = found.get("whole", [])
    if not _texts(whole):
        return None
    return Record(profile, adopted, {k: tuple(v) for k, v in keys.items()}, tuple(listed), lent, gone, mode, tuple(whole))


def _texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(t, str) for t in found)


def _is_path(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return text.startswith("/") and "\0" not in text

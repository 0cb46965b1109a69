"""Whose key is it, and what must change: from what a profile wants, what the file holds and what we wrote last, to a plan. Floor
1, pure.

A key is ours while it holds what we wrote last (or meant to write when we were cut off); what it held before stays known, byte
for byte. A value that somebody else wrote is a hand edit: it stands until another profile is applied. Values are compared as
npm parses them. The two proxy URLs and our noproxy entries are one group: a hand edit of a URL takes our part of the group
back, or our noproxy would make the user's own proxy deaf.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from ..formats import url
from ..formats.ini import Document
from ..model import Value
from ..slotted import replace
from .draft import Draft
from .owned import Digest, File, FilePlan, Record, Shape, Wanted


def draft(
    shape: Shape,
    file: File,
    wanted: Wanted,
    profile: str,
    digest: Digest,
    *,
    foreign: Callable[[Value], bool],
    force: bool,
    overwrite: bool = False,
    comment: str,
    backup: Callable[[], bytes | None] | None = None,
) -> FilePlan:
    """What must change for `profile`. `force`: the user asks for it now (`use`, `--force`), so that his own proxy and hand
    edits give way; `overwrite`: hand edits always do. A file never managed that holds a proxy which no profile names is held.
    `backup` reads the file before us: asked only where nothing is ours any more (original; keep after a profile's other keys)."""
    record = file.record
    d = Draft(shape, file, digest, profile)
    keep = wanted.urls == "keep"
    touches = isinstance(wanted.urls, Mapping) or bool(wanted.keys)
    if touches and not record.adopted and not force and any(foreign(d.doc.get(k)) for k in shape.urls):
        return FilePlan(file, file.text, record, file.priors, held=True)
    switch = not keep and record.profile is not None and record.profile != profile
    give_way = force or overwrite or switch
    # What goes back goes first, what was taken last before all others: these lines know their place by other keys, as they stood
    # then (differ, seeds 162922, 15093). The list is taken after the URLs, the other keys after the list.
    for key in [k for k in reversed(d.keys) if k not in shape.urls and k not in wanted.keys]:
        _return(d, key, give_way)
    if wanted.urls == "prior":
        d.list_entries(())
        for key in [k for k in reversed(d.keys) if k in shape.urls]:
            _return(d, key, give_way)
    elif isinstance(wanted.urls, Mapping):
        _group(d, wanted.urls, wanted.entries, give_way)
    for key, value in wanted.keys.items():
        if d.edited(key) and d.doc.get(key) != value and not give_way:
            d.conflicts.append(key)
        else:
            d.set(key, value)
    changed = replace(
        record,
        profile=record.profile if keep else profile,
        adopted=record.adopted or not keep,
        missing=record.missing if record.keys or record.entries else file.text is None,
    )
    plan = d.done(changed, comment)
    bare = plan.edits and not plan.record.keys and not plan.record.entries
    return _very_bytes(d, plan, backup(), tuple(record.keys)) if bare and backup else plan


def _group(d: Draft, urls: Mapping[str, Value], entries: tuple[str, ...], give_way: bool) -> None:
    by_hand = [k for k in urls if d.edited(k) and d.doc.get(k) != urls[k] and not give_way]
    if not by_hand:
        for key, value in urls.items():
            d.set(key, value)
        d.list_entries(entries)
        return
    d.conflicts += by_hand
    for key in urls:  # a URL that we had removed stays removed: what stood there before us may be a stale proxy
        if key not in by_hand and key in d.keys and not d.edited(key) and d.digest(None) not in d.keys[key]:
            d.give_back(key, release=False)
    d.list_entries(())


def _return(d: Draft, key: str, give_way: bool) -> None:
    if d.edited(key) and not give_way:
        d.release(key)  # the user's own value, under a profile that has no say in it
    else:
        d.give_back(key)


def redraft(shape: Shape, plan: FilePlan, text: bytes, now: File, digest: Digest) -> FilePlan:
    """What stands in the file `now`, and what a slower writer made of the text before `plan`: his lines are saved, and so is a
    key of ours that he changed; our keys and entries are those of now. Nothing changes where he has no line that is not there.

    The file may have been written again since: a roam within 20 ms, or a command that saw it empty while npm was writing.
    """
    intent, ours = plan.intent, now.record
    keys = {k: tuple(dict.fromkeys((*ours.keys.get(k, ()), *intent.keys.get(k, ())))) for k in (*ours.keys, *intent.keys)}
    present, priors = Document(now.text or b""), {**plan.priors, **plan.file.priors, **now.priors}
    missing = lines(Document(text), (*keys, shape.list)) - lines(present, (*keys, shape.list))
    edited = [k for k in keys if digest(Document(text).get(k)) not in keys[k]]
    if not missing and not edited:
        return FilePlan(now, now.text, ours, now.priors)
    base = _joined(text, lines(present, (*keys, shape.list)) - lines(Document(text), (*keys, shape.list)))
    both = replace(ours, keys=keys, entries=tuple(dict.fromkeys((*ours.entries, *intent.entries))))
    d = Draft(shape, File(now.path, base, both, priors), digest, "slower writer")
    for key in keys:
        if key not in edited and key in ours.keys:
            d.set(key, present.get(key))
        elif key not in ours.keys and key not in edited:
            d.give_back(key)
        elif key not in ours.keys:
            d.release(key)
    d.list_entries(ours.entries)
    made = d.done(ours, plan.comment)
    return replace(made, file=now, record=replace(made.record, whole=()), edits=made.edits or plan.edits)


def lines(doc: Document, ours: tuple[str, ...]) -> Counter[bytes]:
    """The lines of a file that are not ours, blank ones aside."""
    return Counter(line for line in doc.without(ours).splitlines() if line.strip())


def _joined(text: bytes, more: Counter[bytes]) -> bytes:
    """A text with lines in front that it lacks: there they stand before every section, and what follows wins over them."""
    bom = text[:3] if text.startswith(b"\xef\xbb\xbf") else b""
    return bom + b"".join(line + b"\n" for line in more.elements()) + text[len(bom) :]


def lost_update(file: File, plan: FilePlan) -> File:
    """The file as it must be taken where somebody read it before our write and wrote the old text after it: what stood there
    before is as much ours as what we wrote, the login that we had lent included."""
    doc = Document(file.text or b"")
    held = [(doc.get(e.key), e) for e in plan.edits]
    if plan.file.text is None or not all(value in (e.before, e.after) for value, e in held):
        return file
    if all(value == e.after for value, e in held):  # a line of theirs beside what we wrote
        return file
    intent = plan.intent
    both = replace(file.record, keys=intent.keys, entries=intent.entries, lent=file.record.lent or plan.file.record.lent)
    return replace(file, record=both, priors={**plan.priors, **plan.file.priors, **file.priors})


def unlend(shape: Shape, file: File, digest: Digest, why: str) -> FilePlan:
    """User and password leave the proxy URLs that are still ours; the proxy itself stays. The only write made under hold or
    offline."""
    d = Draft(shape, file, digest, why)
    for key in shape.urls:
        value = d.doc.get(key)
        if key in d.keys and not d.edited(key) and isinstance(value, str) and url.userinfo(value):
            d.set(key, url.without_login(value))
    return d.done(replace(file.record, lent=None), f"set for profile {file.record.profile}")


def undo(shape: Shape, file: File, backup: bytes | None, digest: Digest) -> FilePlan:
    """Every key still ours goes back to what it was; hand edits stay and are named in `conflicts`. Where then only our lines
    differ from the backup, the backup's very bytes; a file that was not there is gone again."""
    d = Draft(shape, file, digest, "original")
    last_first = list(d.keys)[::-1]  # as `draft` does it
    owned = sorted(last_first, key=lambda k: k in shape.urls)
    for key in owned:
        if key in shape.urls:
            d.list_entries(())
        if d.edited(key):
            if d.doc.get(key) != d.prior(key):  # else it went back already, by an uninstall that was cut off or by hand
                d.conflicts.append(key)
            d.release(key)
        else:
            d.give_back(key)
    d.list_entries(())
    plan = d.done(file.record, None)
    return replace(_very_bytes(d, plan, backup, tuple(owned)), record=Record())


def _very_bytes(d: Draft, plan: FilePlan, backup: bytes | None, owned: tuple[str, ...]) -> FilePlan:
    """A plan that gives all back, with the backup's very bytes where nobody else wrote, or only lines of ours differ from it."""
    if d.as_left() and d.is_backup(None if plan.file.record.missing else backup):
        return replace(plan, after=None if plan.file.record.missing else backup)
    if backup is None or plan.after is None or plan.conflicts:
        return plan
    ours = (*owned, d.shape.list)
    now, then = Document(plan.after), Document(backup)
    same = _outside(now, ours) == _outside(then, ours) and all(now.get(k) == then.get(k) for k in ours)
    return replace(plan, after=backup) if same else plan


def _outside(doc: Document, ours: tuple[str, ...]) -> bytes:
    """All that is not ours; without the blank line that keeps a BOM from the [section] behind it while our line between them is
    gone (torture, seed 128)."""
    text = doc.without(ours)
    rest = text[3:].lstrip(b"\r\n")
    return text[:3] + rest if text.startswith(b"\xef\xbb\xbf") and rest[:1] in (b"[", b"=") else text

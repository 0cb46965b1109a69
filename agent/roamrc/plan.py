"""Whose key is it, and what must change: from what a profile wants, what the file holds and what we wrote last, to a plan. Floor
1, pure.

A key is ours while it holds what we wrote last (or meant to write when we were cut off); what it held before stays known, byte
for byte. A value that somebody else wrote is a hand edit: it stands until another profile is applied. Values are compared as
npm parses them. The two proxy URLs and our noproxy entries are one group: a hand edit of a URL takes our part of the group
back, or our noproxy would make the user's own proxy deaf.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from .draft import Draft
from .formats import url
from .formats.ini import Document
from .model import Value
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
) -> FilePlan:
    """What must change for `profile`. `force`: the user asks for it now (`use`, `--force`), so that his own proxy and hand
    edits give way; `overwrite`: hand edits always do. A file never managed that holds a proxy which no profile names is held."""
    record = file.record
    d = Draft(shape, file, digest, profile)
    keep = wanted.urls == "keep"
    touches = isinstance(wanted.urls, Mapping) or bool(wanted.keys)
    if touches and not record.adopted and not force and any(foreign(d.doc.get(k)) for k in shape.urls):
        return FilePlan(file, file.text, record, file.priors, held=True)
    switch = not keep and record.profile is not None and record.profile != profile
    give_way = force or overwrite or switch
    if wanted.urls == "prior":
        for key in [k for k in shape.urls if k in d.keys]:
            _return(d, key, give_way)
        d.list_entries(())
    elif isinstance(wanted.urls, Mapping):
        _group(d, wanted.urls, wanted.entries, give_way)
    for key, value in wanted.keys.items():
        if d.edited(key) and d.doc.get(key) != value and not give_way:
            d.conflicts.append(key)
        else:
            d.set(key, value)
    for key in [k for k in d.keys if k not in shape.urls and k not in wanted.keys]:
        _return(d, key, give_way)
    changed = replace(
        record,
        profile=record.profile if keep else profile,
        adopted=record.adopted or not keep,
        missing=record.missing if record.keys or record.entries else file.text is None,
    )
    return d.done(changed, comment)


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


def redraft(shape: Shape, plan: FilePlan, text: bytes, digest: Digest) -> FilePlan:
    """The same edits on what a slower writer made of the old text: its foreign lines stay, and so does a key of ours that it
    changed."""
    both = replace(plan.record, keys=plan.intent.keys, entries=plan.intent.entries)
    d = Draft(shape, File(plan.file.path, text, both, {**plan.priors, **plan.file.priors}), digest, "slower writer")
    for e in plan.edits:
        if e.key != shape.list and not d.edited(e.key):
            d.set(e.key, e.after)
    for key in [k for k in d.keys if k not in plan.record.keys]:
        d.release(key)
    d.list_entries(plan.record.entries)
    return d.done(plan.record, plan.comment)


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
    owned = list(d.keys)
    for key in owned:
        if d.edited(key):
            if d.doc.get(key) != d.prior(key):  # else it went back already, by an uninstall that was cut off or by hand
                d.conflicts.append(key)
            d.release(key)
        else:
            d.give_back(key)
    d.list_entries(())
    plan = d.done(file.record, None)
    if backup is not None and plan.after is not None and not d.conflicts:
        ours = [*owned, shape.list]
        now, then = Document(plan.after), Document(backup)
        if now.without(ours) == then.without(ours) and all(now.get(k) == then.get(k) for k in ours):
            plan = replace(plan, after=backup)
    return replace(plan, record=Record())

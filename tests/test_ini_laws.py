"""Laws of the editor, for any file at all: what is not ours never moves, what is put is read back, what is undone is gone."""

from __future__ import annotations

import json
from random import Random

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import ini_files
from roamrc.errors import RoamError
from roamrc.formats import ini, ini_line, ini_value
from roamrc.formats.ini import Document, Prior
from roamrc.model import Value

RANDOMS = st.integers(0, 2**32).map(Random)
PIECES = [b"\n", b"\r", b"=", b"[", b"]", b"#", b"proxy", b'"', b"\\", b"\xff", b" ", b"a", b"\0"]
NOISE = st.lists(st.sampled_from(PIECES)).map(b"".join)
FILES = st.one_of(RANDOMS.map(ini_files.make), NOISE, st.binary(max_size=60))
KEYS = st.sampled_from(ini_files.KEYS)
SEVERAL = st.lists(KEYS, min_size=1, max_size=3, unique=True)
TEXTS = st.one_of(RANDOMS.map(ini_files.value), st.text(max_size=20), st.text(st.characters(), max_size=6)).map(ini_value.whole)
ONE_BOM = FILES.map(lambda text: text[:3] + text[3:].replace(b"\xef\xbb\xbf", b""))
"""A BOM at the start of a later line is a blank for npm; once that line is the first, it is the file's BOM for every reader."""
VALUES: st.SearchStrategy[str | tuple[str, ...]] = st.one_of(TEXTS, st.lists(TEXTS, max_size=4).map(tuple))


BOM = b"\xef\xbb\xbf"


def is_ours(line: bytes) -> bool:
    return line.startswith(ini.COMMENT) and line.endswith(ini.TAIL)


def top(text: bytes) -> list[bytes]:
    """The lines before the first section, without their ends and without a BOM (one before `[` is no section's)."""
    lines = text.splitlines()
    stop = next((i for i, line in enumerate(lines) if ini_line.section(ini_line.chars(line)) is not None), len(lines))
    return [line.removeprefix(BOM) if i == 0 else line for i, line in enumerate(lines[:stop])]


def foreign(text: bytes, keys: list[str]) -> list[bytes]:
    """The bytes of every line that sets none of the keys and is not our comment, line ends cut, blank lines left out."""
    head = top(text)
    kept = [line for line in head if ini_line.key_of(line) not in keys and not is_ours(line)]
    return [line for line in (*kept, *text.splitlines()[len(head) :]) if line]


def put(doc: Document, key: str, value: Value) -> bool:
    """Whether a value could be put; where it could not, nothing may have changed."""
    before = doc.text
    try:
        doc.put(key, value)
    except RoamError:
        assert doc.text == before
        return False
    return True


@given(FILES)
def test_a_file_that_is_only_read_stays_as_it_is(text: bytes) -> None:
    doc = Document(text)
    for key in {*doc.keys(), *ini_files.KEYS}:
        doc.get(key)
        doc.lift(key)
    assert doc.text == text


@given(FILES, KEYS, VALUES)
@settings(max_examples=200)
def test_what_is_put_is_read_back_here_and_by_the_next_reader(text: bytes, key: str, value: Value) -> None:
    doc = Document(text)
    assume(put(doc, key, value))
    assert doc.get(key) == value
    again = Document(doc.text)
    assert again.get(key) == value
    assert again.text == doc.text


@given(TEXTS, st.text(min_size=1, max_size=8))
def test_npm_can_hold_any_text_under_any_key_but_two_kinds(value: str, key: str) -> None:
    key = ini_value.whole(key)
    doc = Document(b"a=1\n[s]\nb=2\n")
    if key == "__proto__" or key.endswith("[]") or ("." in key and value == "null") or key in ("s", "a"):
        return
    doc.put(key, value)
    assert doc.get(key) == value
    assert Document(doc.text).get(key) == value


@given(FILES, KEYS, VALUES)
@settings(max_examples=200)
def test_foreign_lines_keep_their_bytes_and_their_order(text: bytes, key: str, value: Value) -> None:
    doc = Document(text)
    assume(put(doc, key, value))
    assert foreign(doc.text, [key]) == foreign(text, [key])
    doc.put(key, None)
    assert doc.get(key) is None
    assert foreign(doc.text, [key]) == foreign(text, [key])


@given(FILES, SEVERAL, VALUES, st.text(max_size=10))
@settings(max_examples=200)
def test_set_and_unset_leaves_the_identical_bytes(text: bytes, keys: list[str], value: Value, comment: str) -> None:
    doc = Document(text)
    doc.mark([], None)
    for key in keys:
        doc.put(key, None)
    before = doc.text
    for key in keys:
        assume(put(doc, key, value))
    doc.mark(keys, comment)
    doc = Document(doc.text)
    assert doc.without(keys) == Document(before).without(keys)
    doc.mark(keys, None)
    for key in keys:
        doc.put(key, None)
    assert doc.text == before


@given(ONE_BOM, KEYS, st.lists(st.one_of(st.none(), VALUES), max_size=3), st.booleans())
@settings(max_examples=250)
def test_restore_brings_the_identical_file_back_where_nothing_else_changed(
    text: bytes, key: str, values: list[Value], marked: bool
) -> None:
    doc = Document(text)
    doc.mark([], None)
    before, prior = doc.text, doc.lift(key)
    assume(not text.startswith(BOM))  # a BOM that came to stand before [ or = keeps the line end it was given
    kept = Prior.from_json(json.loads(json.dumps(prior.to_json())))
    assert kept == prior
    for i, value in enumerate(values):
        assume(value is None or i == 0)  # a key that was gone in between comes back where it stands then
        put(doc, key, value)
    if marked:
        doc.mark([key], "set for profile x")
    doc = Document(doc.text)
    doc.mark([], None)
    doc.restore(key, kept)
    assert doc.text == before


@given(ONE_BOM, KEYS, ONE_BOM, st.one_of(st.none(), VALUES), RANDOMS)
@settings(max_examples=200)
def test_restore_after_foreign_edits_brings_the_raw_lines_and_moves_no_other(
    text: bytes, key: str, other: bytes, value: Value, r: Random
) -> None:
    prior = Document(text).lift(key)
    lines = (text if r.random() < 0.7 else b"").splitlines(keepends=True)
    for line in other.splitlines(keepends=True):  # somebody else's edits: lines come and go
        lines.insert(r.randrange(len(lines) + 1), line)
        if r.random() < 0.3:
            del lines[r.randrange(len(lines))]
    doc = Document(b"".join(lines))
    put(doc, key, value)
    then = doc.text
    doc.restore(key, prior)
    assert foreign(doc.text, [key]) == foreign(then, [key])
    assert [raw.text for raw in Document(doc.text).lift(key).lines] == [raw.text for raw in prior.lines]


@given(ONE_BOM, st.lists(KEYS, min_size=2, max_size=3, unique=True), st.booleans())
def test_keys_removed_one_after_the_other_come_back_in_their_order(text: bytes, keys: list[str], backwards: bool) -> None:
    assume(b"\r" not in text.replace(b"\r\n", b""))
    doc, priors = Document(text), {}
    for key in keys:
        priors[key] = doc.lift(key)
        doc.put(key, None)
    gone = doc.text
    for key in reversed(keys) if backwards else keys:
        doc.restore(key, priors[key])
    for key in keys:
        assert [raw.text for raw in doc.lift(key).lines] == [raw.text for raw in priors[key].lines]
    assert foreign(doc.text, keys) == foreign(gone, keys)


@given(FILES, SEVERAL, st.text(max_size=12))
@example(b"proxy=x", ["proxy"], "a\nregistry=evil\r\u2028")
def test_the_comment_is_one_line_above_our_first_and_marking_twice_is_marking_once(
    text: bytes, keys: list[str], comment: str
) -> None:
    doc = Document(text)
    values = {k: doc.get(k) for k in sorted(doc.keys())}
    doc.mark(keys, comment)
    once = doc.text
    assert {k: doc.get(k) for k in sorted(Document(once).keys())} == values
    doc.mark(keys, comment)
    assert doc.text == once
    again = Document(once)
    again.mark(keys, comment)
    assert again.text == once
    lines = top(once)
    ours = [i for i, line in enumerate(lines) if is_ours(line)]
    first = [i for i, line in enumerate(lines) if ini_line.key_of(line) in keys][:1]
    assert ours == [i - 1 for i in first]
    again.mark(keys, None)
    clean = Document(text)
    clean.mark([], None)
    assert again.text == clean.text


@given(FILES, KEYS, st.lists(TEXTS, min_size=1, max_size=3), st.lists(TEXTS, max_size=3))
def test_a_longer_array_only_adds_lines(text: bytes, key: str, first: list[str], more: list[str]) -> None:
    doc = Document(text)
    assume(put(doc, key, tuple(first)))
    lines = [raw.text for raw in doc.lift(key).lines]
    assume(len(lines) == len(first))
    doc.put(key, (*first, *more))
    assert [raw.text for raw in doc.lift(key).lines][: len(lines)] == lines

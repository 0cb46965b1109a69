"""The note of what is about to be written: whole or not there, for one ledger alone, and never in the way of an older one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamrc.memory import intent
from roamrc.memory.ledger import INTENT, Ledger
from roamrc.memory.state import State
from roamrc.rules.owned import File, FilePlan, Record

PATH = "/home/user/.npmrc"


def ready(folder: Path) -> str:
    path = folder / "intent.json"
    path.write_bytes(intent.blank())
    return str(path)


def test_a_note_is_read_as_it_was_written_and_keeps_its_place(tmp_path: Path) -> None:
    path = ready(tmp_path)
    before = os.stat(path)
    assert intent.read(path) is None
    for content in ({"a": [1, "é"]}, {"b": None}):
        assert intent.write(path, content)
        assert intent.read(path) == content
    after = os.stat(path)
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)


@given(cut=st.integers(0, 200), new=st.text(max_size=300))
def test_a_torn_note_is_none(tmp_path_factory: pytest.TempPathFactory, cut: int, new: str) -> None:
    """Whatever part of the second note is on disk over the first: one of the two, or nothing."""
    path = ready(tmp_path_factory.mktemp("torn"))
    assert intent.write(path, {"first": 1})
    first = Path(path).read_bytes()
    assert intent.write(path, {"second": new})
    second = Path(path).read_bytes()
    Path(path).write_bytes(second[:cut] + first[cut:])
    assert intent.read(path) in (None, {"first": 1}, {"second": new})


@pytest.mark.parametrize("data", [b"", b"{}", b"\0" * intent.SIZE, b"x y\n", b"\xff" * intent.SIZE])
def test_what_is_no_note_is_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "intent.json"
    path.write_bytes(data)
    assert intent.read(str(path)) is None


def test_what_is_not_ours_is_not_written(tmp_path: Path) -> None:
    path = ready(tmp_path)
    assert not intent.write(path, {"long": "x" * intent.SIZE})
    assert not intent.write(str(tmp_path / "none"), {})
    (tmp_path / "short").write_bytes(b"x")
    assert not intent.write(str(tmp_path / "short"), {})
    (tmp_path / "link").symlink_to(path)
    assert not intent.write(str(tmp_path / "link"), {})
    os.link(path, tmp_path / "other")
    assert not intent.write(path, {})
    assert Path(path).read_bytes() == intent.blank()


# ---- in the ledger -----------------------------------------------------------------------------------------------------------


def plan(before: Record, after: Record, path: str = PATH) -> FilePlan:
    return FilePlan(File(path, b"old\n", before), b"new\n", after, {})


def switched(state: State, old: Record, new: Record, path: str = PATH, *, cut_off: bool = False) -> None:
    ledger = Ledger(state)
    ledger.before(plan(old, new, path))
    if not cut_off:
        ledger.after(plan(old, new, path))


def record(value: str) -> Record:
    return Record("office", True, {"proxy": (value,)})


def test_a_switch_that_was_cut_off_is_known_by_its_note(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    one, two = record("1" * 32), record("2" * 32)
    switched(state, Record(), one)
    before = (tmp_path / "state/ledger.json").read_bytes()
    switched(state, one, two, cut_off=True)
    assert (tmp_path / "state/ledger.json").read_bytes() == before, "the note alone was written"
    assert Ledger(state).records[PATH].keys == {"proxy": ("1" * 32, "2" * 32)}
    switched(state, one, two)
    assert Ledger(state).records[PATH] == two


def test_a_second_file_does_not_overwrite_what_the_first_left_open(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    one, two = record("1" * 32), record("2" * 32)
    switched(state, Record(), one)
    switched(state, one, two, cut_off=True)
    switched(state, Record(), record("3" * 32), "/other", cut_off=True)
    found = Ledger(state).records
    assert found[PATH].keys == {"proxy": ("1" * 32, "2" * 32)}
    assert found["/other"].keys == {"proxy": ("3" * 32,)}


def test_a_note_counts_for_its_own_ledger_alone(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    one, two = record("1" * 32), record("2" * 32)
    switched(state, Record(), one)
    switched(state, one, two, cut_off=True)
    note = (tmp_path / "state" / INTENT).read_bytes()
    switched(state, one, two)
    (tmp_path / "state" / INTENT).write_bytes(note)  # an older one, from a backup
    assert Ledger(state).records[PATH] == two
    Ledger(state).forget(PATH)
    assert PATH not in Ledger(state).records


def test_without_the_note_s_file_the_ledger_itself_is_written_first(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    one, two = record("1" * 32), record("2" * 32)
    switched(state, Record(), one)
    os.unlink(tmp_path / "state" / INTENT)
    switched(state, one, two, cut_off=True)
    assert Ledger(state).records[PATH].keys == {"proxy": ("1" * 32, "2" * 32)}
    switched(state, one, two)
    assert (tmp_path / "state" / INTENT).stat().st_size == intent.SIZE, "made again for the next time"

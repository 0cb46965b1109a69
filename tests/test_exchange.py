"""What came between our comparing and our renaming stands there again, whatever it is, and is held open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roamrc import exchange

OLD, NEW, THEIRS = b"fund=false\n", b"proxy=http://p.example:1\n", b"theirs=1\n"


@pytest.fixture
def names(tmp_path: Path) -> tuple[Path, Path]:
    """Our file beside npm's, where two names can change their files in one step."""
    temp, real = tmp_path / "temp", tmp_path / ".npmrc"
    temp.write_bytes(NEW)
    real.write_bytes(OLD)
    if not exchange.swap(str(temp), str(real)):
        pytest.skip("names can't be exchanged on this system")
    exchange.swap(str(temp), str(real))
    return temp, real


def placed(temp: Path, real: Path, come: Path | None) -> exchange.Changed:
    """The old file was compared; then somebody put another one in its place, or took it away."""
    old = os.open(real, os.O_RDONLY)
    try:
        if come:
            come.rename(real)
        else:
            real.unlink()
        with pytest.raises(exchange.Changed) as e:
            exchange.place(str(temp), str(real), old, OLD, alone=False)
        return e.value
    finally:
        os.close(old)


def test_a_save_that_came_between_stands_and_is_held_open(names: tuple[Path, Path]) -> None:
    temp, real = names
    (theirs := real.with_name("theirs")).write_bytes(THEIRS)
    changed = placed(temp, real, theirs)
    assert real.read_bytes() == THEIRS
    assert [os.pread(fd, 99, 0) for fd in changed.left] == [THEIRS]
    os.close(changed.left[0])


@pytest.mark.parametrize("kind", ["link", "fifo"])
def test_what_is_no_ordinary_file_stands_again_and_is_not_opened(kind: str, names: tuple[Path, Path]) -> None:
    temp, real = names
    theirs = real.with_name("theirs")
    if kind == "link":
        theirs.symlink_to("dotfiles/npmrc")
    else:
        os.mkfifo(theirs)
    inode = theirs.lstat().st_ino
    changed = placed(temp, real, theirs)
    assert (real.lstat().st_ino, changed.left) == (inode, ())


def test_a_file_that_was_renamed_away_is_not_made_by_us(names: tuple[Path, Path]) -> None:
    """vim renames the old one away and then writes the new: ours, renamed to that name, overwrote what he had written."""
    temp, real = names
    assert placed(temp, real, None).left == ()
    assert not real.exists()


def test_a_file_with_the_same_bytes_gives_way(names: tuple[Path, Path]) -> None:
    temp, real = names
    old = os.open(real, os.O_RDONLY)
    (theirs := real.with_name("theirs")).write_bytes(OLD)
    theirs.rename(real)
    assert exchange.place(str(temp), str(real), old, OLD, alone=False)
    os.close(old)
    assert real.read_bytes() == NEW

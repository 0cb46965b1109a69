"""No save falls between our comparing and our renaming: who writes is waited for, and who wants to write waits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from home import wait
from roamrc import atomic, exchange, lease

OLD, NEW = b"fund=false\n", b"proxy=http://p.example:1\nfund=false\n"
LATER = "import os, sys; fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC); os.write(fd, b'theirs=1\\n')"
"""A save in place, as npm's: opened and truncated, then written."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".npmrc"
    path.write_bytes(OLD)
    if not held(path):
        pytest.skip("this file system has no leases")
    return path


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    fd = os.open(path, flags)
    try:
        yield fd
    finally:
        os.close(fd)


def held(path: Path) -> bool:
    """Whether a lease can be had here; it is given back."""
    with opened(path, os.O_RDONLY) as fd:
        return lease.take(fd) is True


def litter(path: Path) -> list[str]:
    return [p.name for p in path.parent.iterdir() if p != path]


def test_a_reader_is_nobody_to_wait_for_and_a_writer_is(file: Path) -> None:
    with opened(file, os.O_RDONLY) as mine:
        with opened(file, os.O_RDONLY):
            assert not lease.busy(mine)
        with opened(file, os.O_WRONLY):
            assert lease.busy(mine)
            assert lease.take(mine) is False
        assert not lease.busy(mine)


def test_nothing_is_written_while_somebody_writes(file: Path) -> None:
    with opened(file, os.O_WRONLY | os.O_TRUNC) as theirs:
        with pytest.raises(atomic.Changed):
            atomic.write(str(file), NEW, expected=b"", shared=True)
        with pytest.raises(atomic.Changed):
            atomic.remove(str(file), expected=b"")
        assert file.read_bytes() == b""
        os.write(theirs, OLD)
    assert litter(file) == []
    assert atomic.write(str(file), NEW, expected=OLD, shared=True) is None, "nobody is left who could write the old file"
    assert file.read_bytes() == NEW


def test_who_merely_keeps_it_open_holds_nothing_up_and_is_looked_back_at(file: Path) -> None:
    os.utime(file, (1e9, 1e9))
    with opened(file, os.O_WRONLY | os.O_APPEND) as theirs:
        old = atomic.write(str(file), NEW, expected=OLD, shared=True)
        assert old is not None
        os.write(theirs, b"theirs=1\n")
    assert atomic.contents(old) == OLD + b"theirs=1\n"
    assert not lease.busy(old)
    os.close(old)


def test_who_wants_to_write_in_between_finds_the_file_he_meant(file: Path) -> None:
    temp = atomic._temp(str(file))
    Path(temp).write_bytes(NEW)
    with opened(file, os.O_RDONLY) as mine:
        assert lease.take(mine)
        assert not lease.wanted(mine)
        p = subprocess.Popen([sys.executable, "-c", LATER, str(file)])
        wait(lambda: lease.wanted(mine), "the other one at the door")
        assert file.read_bytes() == OLD
        with pytest.raises(atomic.Changed):
            exchange.place(temp, str(file), mine, OLD, alone=True)
        assert (file.read_bytes(), Path(temp).read_bytes()) == (OLD, NEW)
        lease.release(mine)
        assert p.wait(20) == 0
    assert file.read_bytes() == b"theirs=1\n"


def test_where_there_is_no_file_nobody_writes_it(tmp_path: Path) -> None:
    assert not lease.being_written(str(tmp_path / "none"))

"""What only a Mac can tell. Skipped elsewhere; everything it rests on is replayed by the other tests of macOS."""

from __future__ import annotations

import select
import sys
from pathlib import Path

import pytest

from roamrc.model import Hidden
from roamrc.probes import darwin, store_darwin
from roamrc.sources import kqueue_darwin, notify_darwin, scutil_darwin
from roamrc.system import System

pytestmark = pytest.mark.skipif(sys.platform != "darwin", reason="not a Mac")


def test_configds_store_answers_the_one_pattern() -> None:
    store = store_darwin.read(System())
    assert not isinstance(store, Hidden)
    assert "State:/Network/Interface/lo0/IPv4" in store
    listed = store_darwin.ask(System(), f"list {store_darwin.PATTERN}\n")
    assert isinstance(listed, str)
    assert "subKey" in listed


def test_a_look_reads_the_link() -> None:
    network = darwin.read(System(), patience=2.0)
    assert network.link is not None
    assert len(network.link.boot) == 36
    assert network.online is False or network.interface is not None


def test_notify_passes_its_self_test_and_scutil_watches() -> None:
    for source in (notify_darwin.Notify(), scutil_darwin.Watch(System().tool("scutil"), System().env)):
        assert source.fileno() >= 0
        source.close()


def test_kqueue_sees_writes_and_renames(tmp_path: Path) -> None:
    npmrc = tmp_path / ".npmrc"
    npmrc.write_text("a")
    queue = kqueue_darwin.queue()
    assert queue is not None
    source = kqueue_darwin.Files({str(npmrc): "npm's file"}, *queue)
    for step in (lambda: npmrc.write_text("in place"), lambda: (tmp_path / "new").rename(npmrc), npmrc.unlink):
        (tmp_path / "new").write_text("by rename")
        source.drain()
        step()
        assert select.select([source.fileno()], [], [], 10)[0]
        assert source.drain() == "npm's file"
    source.close()


def test_time_slept_is_told() -> None:
    assert System().slept() >= -0.001

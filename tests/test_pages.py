"""The manual page and the completions: linked where man and the shells look, and taken away again."""

from __future__ import annotations

from pathlib import Path

import pytest

from roamrc.memory.state import State
from roamrc.setup import pages
from roamrc.system import System


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    for page in pages.PAGES:
        path = tmp_path / "venv/share" / page
        path.parent.mkdir(parents=True)
        path.write_text(page)
    return str(tmp_path / "venv")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def user(home: Path, **env: str) -> System:
    home.mkdir(exist_ok=True)
    return System({"PATH": "/usr/bin", **env}, home)


def tree(home: Path) -> list[str]:
    return sorted(str(p.relative_to(home)) for p in home.rglob("*"))


def test_linked_once_and_removed_without_a_trace(tmp_path: Path, prefix: str, state: State) -> None:
    system = user(tmp_path / "home")
    assert pages.link(system, state, prefix) == ["linked the manual page and the completions into ~/.local/share"]
    for page in pages.PAGES:
        assert (system.home / ".local/share" / page).read_text() == page
    assert pages.link(system, state, prefix) == []
    assert pages.unlink(system, state) == ["removed the manual page and the completions from ~/.local/share"]
    assert tree(system.home) == [".local", ".local/share"] or tree(system.home) == []
    assert pages.unlink(system, state) == []


def test_what_stands_there_stays(tmp_path: Path, prefix: str, state: State) -> None:
    system = user(tmp_path / "home", XDG_DATA_HOME=str(tmp_path / "data"))
    man, bash, zsh, fish = (tmp_path / "data" / page for page in pages.PAGES)
    for place in (man, bash, zsh):
        place.parent.mkdir(parents=True)
    man.symlink_to(f"{prefix}/share/{pages.PAGES[0]}")  # pipx's own
    bash.write_text("mine")
    zsh.symlink_to("/nowhere/_roamrc")  # of an environment that is gone
    pages.link(system, state, prefix)
    assert (bash.read_text(), zsh.read_text(), fish.read_text()) == ("mine", pages.PAGES[2], pages.PAGES[3])
    zsh.unlink()
    zsh.write_text("mine now")
    pages.unlink(system, state)
    assert man.is_symlink()
    assert (bash.read_text(), zsh.read_text(), fish.exists()) == ("mine", "mine now", False)


def test_nothing_to_link(tmp_path: Path, prefix: str, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    system = user(tmp_path / "home")
    assert pages.missing(system, str(tmp_path / "other")) == []
    monkeypatch.setattr("sys.base_prefix", prefix)
    assert pages.missing(system, prefix) == []
    assert pages.link(system, state, prefix) == []
    assert not state.folder.exists()


def test_a_folder_that_can_not_be_made_is_no_reason_to_fail(tmp_path: Path, prefix: str, state: State) -> None:
    system = user(tmp_path / "home")
    (system.home / ".local").mkdir()
    (system.home / ".local/share").write_text("a file")
    assert pages.link(system, state, prefix) == []


def test_a_list_that_somebody_wrote_removes_nothing_else(tmp_path: Path, state: State) -> None:
    system = user(tmp_path / "home")
    (system.home / "x").symlink_to("y")
    state.save(pages.NAME, {"links": [str(system.home / "x"), 7, "rel/man/man1/roamrc.1"]})
    assert pages.unlink(system, state) == []
    assert (system.home / "x").is_symlink()

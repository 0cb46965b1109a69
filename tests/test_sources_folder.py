"""The config folder, by inotify and by the real watchdog. watchdog's threads report late, so wake-ups are waited for, and their
absence is shown by the order of a queue."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from roamrc.sources.folder import FILE, Folder, is_profile, observe
from roamrc.sources.profiles_linux import Profiles
from waking import readable, reason, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    config = tmp_path / "config/roamrc"
    (config / "profiles").mkdir(parents=True)
    (config / "profiles/office.yaml").write_text("when: []\n")
    return config


@pytest.fixture(params=[Profiles, Folder])
def folder(config: Path, request: pytest.FixtureRequest) -> Iterator[Profiles | Folder]:
    folder = request.param(config)
    yield folder
    folder.close()


@pytest.fixture
def profiles(config: Path) -> Iterator[Profiles]:
    folder = Profiles(config)
    yield folder
    folder.close()


def replace(path: Path, text: str) -> None:
    beside = path.with_name("." + path.name + ".swp")
    beside.write_text(text)
    os.replace(beside, path)


def git_checkout(config: Path) -> None:
    shutil.rmtree(config / "profiles")
    (config / "profiles").mkdir()
    (config / "profiles/home.yaml").write_text("when: []\n")


CHANGES: dict[str, Callable[[Path], object]] = {
    "saved by rename": lambda c: replace(c / "profiles/office.yaml", "when: anywhere\n"),
    "saved by truncation": lambda c: (c / "profiles/office.yaml").write_text("when: anywhere\n"),
    "new": lambda c: (c / "profiles/home.yml").write_text("when: []\n"),
    "deleted": lambda c: (c / "profiles/office.yaml").unlink(),
    "renamed": lambda c: (c / "profiles/office.yaml").rename(c / "profiles/work.yaml"),
    "moved in": lambda c: ((c / "x").write_text("when: []\n"), (c / "x").rename(c / "profiles/x.yaml")),
    "moved out": lambda c: (c / "profiles/office.yaml").rename(c.parent / "office.yaml"),
    "a hard link": lambda c: os.link(c / "profiles/office.yaml", c / "profiles/b.yaml"),
    "a symlink": lambda c: (c / "profiles/b.yaml").symlink_to("office.yaml"),
    "config.yaml made": lambda c: (c / "config.yaml").write_text("notify: on\n"),
    "config.yaml renamed onto": lambda c: replace(c / "config.yaml", "notify: on\n"),
    "a name that is no text": lambda c: open(os.fsencode(c / "profiles") + b"/\xff.yaml", "w").close(),
    "git checkout": git_checkout,
    "profiles/ renamed away": lambda c: (c / "profiles").rename(c / "old"),
}
ALL_GONE: dict[str, Callable[[Path], object]] = {"all deleted": shutil.rmtree}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_wakes(folder: Profiles | Folder, config: Path, what: str) -> None:
    CHANGES[what](config)
    assert reason(folder) == "profiles"


def test_half_a_file_wakes_nobody(profiles: Profiles, config: Path) -> None:
    for name in ("office", "new"):
        with open(config / f"profiles/{name}.yaml", "w") as f:
            assert profiles.drain() is None  # empty at this moment: not a state anyone meant
            f.write("when: anywhere\n")
            f.flush()
            assert not readable(profiles)
        assert profiles.drain() == "profiles"
        assert profiles.drain() is None


def attic(config: Path) -> None:
    (config / "profiles/attic").mkdir()
    (config / "profiles/attic/office.yaml").write_text("x")


def repository(config: Path) -> None:
    (config / ".git/refs").mkdir(parents=True)
    (config / ".git/config.yaml").write_text("x")


def vim(config: Path) -> None:
    (config / "profiles/4913").write_text("")
    (config / "profiles/4913").unlink()
    (config / "profiles/.office.yaml.swp").write_text("swap")


NOISE: dict[str, Callable[[Path], object]] = {
    "a profile read": lambda c: [p.read_text() for p in (c / "profiles").glob("*.yaml")],
    "a chmod": lambda c: (c / "profiles/office.yaml").chmod(0o600),
    "vim's probe and swap file": vim,
    "a dot file": lambda c: (c / "profiles/.hidden.yaml").write_text("x"),
    "a note": lambda c: (c / "profiles/README.md").write_text("x"),
    "an editor's backup": lambda c: (c / "profiles/office.yaml~").write_text("x"),
    "yaml beside the folder": lambda c: (c / "office.yaml").write_text("x"),
    "a folder in the folder": attic,
    "a repository": repository,
}


@pytest.mark.parametrize("what", NOISE)
def test_noise_wakes_nobody(profiles: Profiles, config: Path, what: str) -> None:
    NOISE[what](config)
    assert profiles.drain() is None


@pytest.mark.parametrize("what", NOISE.keys() - {"a chmod"})
def test_noise_wakes_nobody_through_watchdog(config: Path, what: str) -> None:
    """Two renames follow the noise: watchdog reports in order, so what it made of the noise would have come before the second."""
    woken: list[bytes] = []
    top, below = str(config), str(config / "profiles")
    observer = observe([top, below], top, below, woken.append)
    try:
        NOISE[what](config)
        for n in (1, 2):
            replace(config / "profiles/office.yaml", "when: anywhere\n")
            until(lambda n=n: len(woken) >= n, f"rename {n}")  # type: ignore[misc]
    finally:
        observer.stop()
        observer.join()
    assert woken == [FILE, FILE]


def test_the_agents_own_look_does_not_wake_it(folder: Profiles | Folder, config: Path) -> None:
    (config / "profiles/office.yaml").write_text("when: anywhere\n")
    assert reason(folder) == "profiles"
    for _ in range(3):
        for path in (config / "profiles").iterdir():
            path.read_text()
    (config / "profiles/office.yaml").unlink()
    assert reason(folder) == "profiles"


@pytest.mark.parametrize("missing", ["roamrc", "profiles"])
def test_a_folder_that_comes_later_is_watched(config: Path, missing: str) -> None:
    shutil.rmtree(config if missing == "roamrc" else config / "profiles")
    folder = Profiles(config)
    assert not readable(folder)
    (config / "profiles").mkdir(parents=True)
    assert reason(folder) == "profiles"
    settle(folder)
    (config / "profiles/home.yaml").write_text("when: []\n")
    assert reason(folder) == "profiles"
    folder.close()


@pytest.mark.parametrize("what", ["all deleted", "git checkout", "profiles/ renamed away"])
def test_a_folder_made_again_is_watched_again(profiles: Profiles, config: Path, what: str) -> None:
    folder = profiles
    {**CHANGES, **ALL_GONE}[what](config)
    assert reason(folder) == "profiles"
    (config / "profiles").mkdir(parents=True, exist_ok=True)
    settle(folder)
    (config / "profiles/home.yaml").write_text("when: anywhere\n")
    assert reason(folder) == "profiles"
    settle(folder)
    (config / "config.yaml").write_text("notify: on\n")
    assert reason(folder) == "profiles"


def settle(folder: Profiles | Folder) -> None:
    """Drain until nothing more comes: a change reported twice is allowed, but must not pass for the next one."""
    while readable(folder, 0.7 if isinstance(folder, Folder) else 0.0):  # watchdog holds half of a rename back for 0.5 s
        folder.drain()


def test_folders_and_profiles_that_are_symlinks_are_followed(config: Path, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    (dotfiles / "profiles").mkdir(parents=True)
    (dotfiles / "single.yaml").write_text("when: []\n")
    (config / "profiles/single.yaml").symlink_to(dotfiles / "single.yaml")
    (config / "config.yaml").symlink_to(dotfiles / "settings")
    folder = Profiles(config)
    (dotfiles / "single.yaml").write_text("when: anywhere\n")
    assert reason(folder) == "profiles"
    settle(folder)
    (dotfiles / "settings").write_text("notify: on\n")
    assert reason(folder) == "profiles"
    settle(folder)
    shutil.rmtree(config / "profiles")
    (config / "profiles").symlink_to("../../dotfiles/profiles")
    assert reason(folder) == "profiles"
    settle(folder)
    (dotfiles / "profiles/linked.yaml").write_text("when: []\n")
    assert reason(folder) == "profiles"
    folder.close()


def test_a_profile_that_becomes_a_symlink_is_followed(profiles: Profiles, config: Path, tmp_path: Path) -> None:
    folder = profiles
    (tmp_path / "later").write_text("when: []\n")
    (config / "profiles/later.yaml").symlink_to(tmp_path / "later")
    assert reason(folder) == "profiles"
    settle(folder)
    (tmp_path / "later").write_text("when: anywhere\n")
    assert reason(folder) == "profiles"


@pytest.mark.parametrize("kind", [Profiles, Folder])
def test_a_config_folder_behind_a_symlink(tmp_path: Path, config: Path, kind: Callable[[Path], Profiles | Folder]) -> None:
    (tmp_path / "link").symlink_to(config)
    folder = kind(tmp_path / "link")
    (config / "profiles/home.yaml").write_text("when: []\n")
    assert reason(folder) == "profiles"
    folder.close()


def test_for_watchdog_the_folder_must_be_there(tmp_path: Path, config: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Folder(tmp_path / "nowhere")
    folder = Folder(config)
    shutil.rmtree(config)
    with pytest.raises(FileNotFoundError):
        reason(folder)
    folder.close()


def test_without_news_of_a_close_each_write_counts(config: Path) -> None:
    folder = Folder(config)
    with open(config / "profiles/office.yaml", "a") as f:
        f.write("because: of it\n")
        f.flush()
        assert reason(folder) == "profiles"  # still open
    folder.close()


@pytest.mark.parametrize("kind", [Profiles, Folder])
def test_close_ends_every_thread_and_descriptor(config: Path, kind: Callable[[Path], Profiles | Folder]) -> None:
    def held() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    before = held()
    for _ in range(3):
        folder = kind(config)
        assert threading.active_count() <= before[0] + 4
        folder.close()
        folder.close()
    until(lambda: held() == before, "threads and descriptors are given back")


def test_a_profile_is_known_by_its_name() -> None:
    names = ("a.yaml", "a.yml", ".a.yaml", "a.yaml~", "a.YAML", "yaml", ".yaml", "4913")
    assert [name for name in names if is_profile(name)] == ["a.yaml", "a.yml"]

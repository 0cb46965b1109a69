"""Single files: what wakes, what does not, and that no path is ever lost. inotify queues an event before the call that caused it
returns, so nothing here waits."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roamrc.sources.inotify_linux import Files, steps
from waking import readable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text("a=1\n")
    return home


@pytest.fixture
def files(home: Path) -> Iterator[Files]:
    files = Files({str(home / ".npmrc"): "npm's file"})
    yield files
    files.close()


def replace(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(text)
    os.replace(beside, path)


def test_a_rename_onto_the_file_wakes_once(files: Files, home: Path) -> None:
    replace(home / ".npmrc", "a=2\n")
    assert files.drain() == "npm's file"
    assert files.drain() is None


def test_truncate_and_write_wakes_at_the_close_and_not_before(files: Files, home: Path) -> None:
    with open(home / ".npmrc", "w") as f:
        assert not readable(files)  # the file is empty at this moment: not a state anyone meant
        f.write("a=2\n")
        f.flush()
        assert not readable(files)
    assert files.drain() == "npm's file"


def test_a_new_file_wakes_at_its_close_and_not_while_it_is_empty(files: Files, home: Path) -> None:
    (home / ".npmrc").unlink()
    assert files.drain() == "npm's file"
    with open(home / ".npmrc", "w") as f:
        assert files.drain() is None
        f.write("a=2\n")
    assert files.drain() == "npm's file"


def symlink(path: Path) -> None:
    path.unlink()
    path.symlink_to("other")


def hard_link(path: Path) -> None:
    path.with_name("other").write_text("b=1\n")
    path.unlink()
    os.link(path.with_name("other"), path)


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def below(path: Path) -> None:
    path.with_name("d").mkdir()
    (path.with_name("d") / ".npmrc").write_text("x")


ENDS: dict[str, Callable[[Path], object]] = {
    "deleted": lambda p: p.unlink(),
    "moved away": lambda p: p.rename(p.with_name("elsewhere")),
    "opened for writing and closed": lambda p: open(p, "a").close(),
    "replaced by a symlink": symlink,
    "replaced by a hard link": hard_link,
    "replaced by a folder": become_a_folder,
    "its folder renamed": lambda p: p.parent.rename(p.parent.with_name("moved")),
    "its folder deleted": lambda p: shutil.rmtree(p.parent),
}


@pytest.mark.parametrize("what", ENDS)
def test_what_changes_the_file_wakes(files: Files, home: Path, what: str) -> None:
    ENDS[what](home / ".npmrc")
    assert files.drain() == "npm's file"


SILENT: dict[str, Callable[[Path], object]] = {
    "read": lambda p: p.read_bytes(),
    "listed": lambda p: list(p.parent.iterdir()),
    "asked for": lambda p: p.stat(),
    "chmod": lambda p: p.chmod(0o600),
    "touched": lambda p: os.utime(p),
    "another read": lambda p: p.with_name("other").exists(),
}


@pytest.mark.parametrize("what", SILENT)
def test_reading_wakes_nobody_at_all(files: Files, home: Path, what: str) -> None:
    SILENT[what](home / ".npmrc")
    assert not readable(files)


NOISE: dict[str, Callable[[Path], object]] = {
    "another file written": lambda p: p.with_name(".bash_history").write_text("x"),
    "another file renamed": lambda p: replace(p.with_name("notes"), "x"),
    "a name that begins alike": lambda p: p.with_name(".npmrc.bak").write_text("x"),
    "a folder made": lambda p: p.with_name("node_modules").mkdir(),
    "a file below": below,
}


@pytest.mark.parametrize("what", NOISE)
def test_other_names_of_a_busy_home_are_no_reason_to_look(files: Files, home: Path, what: str) -> None:
    NOISE[what](home / ".npmrc")
    assert files.drain() is None


def test_several_paths_come_as_one_text(home: Path) -> None:
    etc = home / "etc"
    etc.mkdir()
    files = Files({str(home / ".npmrc"): "npm's file", str(etc / "npmrc"): "npm's file", str(etc / "resolv.conf"): "resolv.conf"})
    (etc / "resolv.conf").write_text("search x\n")
    (etc / "npmrc").write_text("x\n")
    (home / ".npmrc").write_text("x\n")
    assert files.drain() == "resolv.conf, npm's file"
    files.close()


# every hop of a path ------------------------------------------------------------------------------------------------


@pytest.fixture
def resolv(tmp_path: Path) -> Path:
    """/etc/resolv.conf as systemd-resolved has it: a relative symlink into another tree."""
    stub = tmp_path / "run/systemd/resolve/stub-resolv.conf"
    stub.parent.mkdir(parents=True)
    stub.write_text("search corp.test\n")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    return tmp_path / "etc/resolv.conf"


def test_a_symlink_is_followed_to_its_target(resolv: Path) -> None:
    files = Files({str(resolv): "resolv.conf"})
    target = resolv.resolve()
    for change in (lambda: replace(target, "search a\n"), lambda: target.write_text("search b\n"), target.unlink):
        change()
        assert files.drain() == "resolv.conf"
    files.close()


def test_a_symlink_that_points_elsewhere_leaves_the_old_target(resolv: Path) -> None:
    files = Files({str(resolv): "resolv.conf"})
    old, new = resolv.resolve(), resolv.with_name("static.conf")
    new.write_text("search d\n")
    resolv.unlink()
    resolv.symlink_to("static.conf")
    assert files.drain() == "resolv.conf"
    old.write_text("search e\n")
    assert not readable(files)
    new.write_text("search f\n")
    assert files.drain() == "resolv.conf"
    files.close()


def test_a_whole_tree_below_a_symlink_may_vanish_and_return(resolv: Path, tmp_path: Path) -> None:
    files = Files({str(resolv): "resolv.conf"})
    shutil.rmtree(tmp_path / "run")  # resolved is stopped: /run/systemd/resolve goes
    assert files.drain() == "resolv.conf"
    (tmp_path / "run/systemd/resolve").mkdir(parents=True)
    files.drain()
    (tmp_path / "run/systemd/resolve/stub-resolv.conf").write_text("search g\n")
    assert files.drain() == "resolv.conf"
    files.close()


def test_links_of_links_and_a_folder_that_is_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles/npm").mkdir(parents=True)
    (tmp_path / "dotfiles/npm/npmrc").write_text("a=1\n")
    (tmp_path / "conf").symlink_to(tmp_path / "dotfiles")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.npmrc").symlink_to("../conf/./npm//../npm/npmrc")
    files = Files({str(tmp_path / "home/.npmrc"): "npm's file"})
    replace(tmp_path / "dotfiles/npm/npmrc", "a=2\n")
    assert files.drain() == "npm's file"
    (tmp_path / "other/npm").mkdir(parents=True)
    (tmp_path / "conf").unlink()
    (tmp_path / "conf").symlink_to("other")
    assert files.drain() == "npm's file"
    (tmp_path / "other/npm/npmrc").write_text("a=3\n")
    assert files.drain() == "npm's file"
    files.close()


def test_a_path_of_which_nothing_exists_is_watched_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "state/roamrc/request.json"
    files = Files({str(path): "override"})
    path.parent.parent.mkdir()
    files.drain()
    path.parent.mkdir()
    files.drain()
    replace(path, "{}")
    assert files.drain() == "override"
    (path.parent / "ledger.json").write_text("{}")  # the agent's own state beside it
    assert files.drain() is None
    files.close()


def test_a_folder_made_with_its_file_in_one_go_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "ready").mkdir()
    (tmp_path / "ready/request.json").write_text("{}")
    files = Files({str(tmp_path / "state/request.json"): "override"})
    (tmp_path / "ready").rename(tmp_path / "state")
    assert files.drain() == "override"
    files.close()


def test_a_renamed_folder_is_followed_by_its_name(files: Files, home: Path) -> None:
    home.rename(home.with_name("old"))
    assert files.drain() == "npm's file"
    home.mkdir()
    files.drain()
    home.with_name("old").joinpath(".npmrc").write_text("not ours any more\n")
    assert not readable(files)
    (home / ".npmrc").write_text("a=3\n")
    assert files.drain() == "npm's file"


def test_symlinks_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    files = Files({str(tmp_path / "a"): "npm's file"})
    (tmp_path / "b").unlink()
    assert files.drain() == "npm's file"
    (tmp_path / "b").write_text("x\n")
    assert files.drain() == "npm's file"
    files.close()


def test_watches_do_not_pile_up(tmp_path: Path) -> None:
    path = tmp_path / "etc/resolv.conf"
    files = Files({str(path): "resolv.conf"})

    def watches() -> int:
        return Path(f"/proc/self/fdinfo/{files.fileno()}").read_text().count("inotify wd:")

    def turn() -> None:
        path.parent.mkdir()
        files.drain()
        path.write_text("x\n")
        files.drain()
        shutil.rmtree(path.parent)
        files.drain()

    turn()
    before = watches()
    for _ in range(20):
        turn()
    assert watches() == before == len(tmp_path.parts)
    files.close()


def test_steps_name_each_folder_and_the_name_in_it(tmp_path: Path) -> None:
    top = os.fsencode(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "d/link").symlink_to("../file")
    found = [(folder, name, last) for folder, name, last in steps(top + b"/d/link") if folder.startswith(top)]
    assert found == [(top, b"d", False), (top + b"/d", b"link", True), (top, b"file", True)]
    found = [(folder, name, last) for folder, name, last in steps(top + b"/d/") if folder.startswith(top)]
    assert found == [(top, b"d", False), (top + b"/d", b"", True)]


def test_lost_events_are_a_reason_to_look_and_heal(files: Files, home: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 100_000:
        pytest.skip(f"max_queued_events is {limit}")
    a, b = (os.open(home / name, os.O_WRONLY | os.O_CREAT) for name in "ab")
    for n in range(limit // 2 + 10):
        (home / f"noise{n % 2}").touch()
    os.close(a)
    os.close(b)
    for n in range(limit):
        os.rename(home / f"noise{n % 2}", home / f"noise{n % 2}x")
        os.rename(home / f"noise{n % 2}x", home / f"noise{n % 2}")
        if n * 4 > limit:
            break
    replace(home / ".npmrc", "unseen\n")
    assert files.drain() == "npm's file"
    assert not readable(files)
    replace(home / ".npmrc", "seen\n")
    assert files.drain() == "npm's file"


def test_a_dead_source_raises(files: Files) -> None:
    files.close()
    with pytest.raises(OSError, match=r".+"):
        files.drain()
    files.close()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody else")
def test_a_parent_that_may_not_be_read_is_no_obstacle() -> None:
    """/home is closed (0711) on shared machines: the user's own folder is not."""
    top = Path(tempfile.mkdtemp())
    told, tell = os.pipe()
    try:
        (top / "alice").mkdir()
        os.chown(top / "alice", 65534, 65534)
        top.chmod(0o711)
        child = os.fork()
        if child == 0:
            try:  # not by exec: nobody may not be able to run this very Python
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                files = Files({str(top / "alice/.npmrc"): "npm's file"})
                (top / "alice/.npmrc").write_text("a=1\n")
                os.write(tell, repr((os.access(top, os.R_OK), files.drain())).encode())
            finally:
                os._exit(0)
        os.close(tell)
        os.waitpid(child, 0)
        assert os.read(told, 100).decode() == repr((False, "npm's file"))
    finally:
        os.close(told)
        shutil.rmtree(top)


# the law ------------------------------------------------------------------------------------------------------------

NAMES = ("a", "b", "a/f", "b/f", "a/g", "b/a", "f", "a/b", "a/b/f")
TARGETS = ("../b", "b", "f", "../a/g", "g", "a/b")
OPERATION = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(NAMES), st.integers(0, 9)),
    st.tuples(st.just("replace"), st.sampled_from(NAMES), st.integers(0, 9)),
    st.tuples(st.just("mkdir"), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("remove"), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("symlink"), st.sampled_from(NAMES), st.sampled_from(TARGETS)),
)


def perform(top: Path, what: str, name: str, more: object) -> None:
    path = top / name
    try:
        if what == "write":
            path.write_text(str(more))
        elif what == "replace":
            (top / "made").write_text(str(more))
            os.replace(top / "made", path)
        elif what == "mkdir":
            path.mkdir()
        elif what == "remove":
            path.unlink() if path.is_symlink() or not path.is_dir() else shutil.rmtree(path)
        elif what == "rename":
            os.rename(path, top / str(more))
        else:
            path.symlink_to(str(more))
    except OSError:
        pass  # not possible in this tree: nothing has changed


def content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    before=st.lists(OPERATION, max_size=8),
    batches=st.lists(st.lists(OPERATION, min_size=1, max_size=4), min_size=1, max_size=8),
)
def test_whatever_happens_to_a_tree_a_file_that_reads_differently_wakes(
    before: list[tuple[str, str, object]], batches: list[list[tuple[str, str, object]]]
) -> None:
    top = Path(tempfile.mkdtemp())
    files = None
    try:
        for operation in before:
            perform(top, *operation)
        files = Files({str(top / "a/f"): "it"})
        for batch in batches:
            was = content(top / "a/f")
            for operation in batch:
                perform(top, *operation)
            told = files.drain()
            assert told == "it" or content(top / "a/f") == was
            assert files.drain() is None  # following anew is no news
    finally:
        if files:
            files.close()
        shutil.rmtree(top)


def test_of_a_file_near_by_only_its_own_folder_is_watched(tmp_path: Path) -> None:
    """The package's version file: a checkout may lie below /tmp, where somebody makes a file at every moment."""
    package = tmp_path / "site/package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("1")
    near = str(package / "__init__.py")
    files = Files({near: "roamrc itself"}, near=[near])
    try:
        (tmp_path / "noise").write_text("x")
        (tmp_path / "site/noise").write_text("x")
        assert not readable(files)
        replace(package / "__init__.py", "2")
        assert files.drain() == "roamrc itself"
        shutil.rmtree(tmp_path / "site")
        assert files.drain() == "roamrc itself"
    finally:
        files.close()

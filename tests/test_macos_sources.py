"""When to look, on macOS: each source against a stand-in of what it waits for, and the fail-over between them."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from macos import Mac, Replay
from macos import situations as at
from roamrc.sources import Watched, clock_darwin, darwin, kqueue_darwin, notify_darwin, open_sources, scutil_darwin
from roamrc.system import System

LIMIT = 10.0


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has collected yet has."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def until(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true within LIMIT seconds."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def readable(fd: int, seconds: float = LIMIT) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


@dataclass
class Library:
    """notify(3) over a pipe."""

    status: int = 0
    answers: bool = True
    names: list[bytes] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    ends: tuple[int, int] = (-1, -1)

    def notify_register_file_descriptor(self, name: Any, fd: Any, flags: Any, token: Any) -> int:
        if self.status:
            return self.status
        if flags.value & notify_darwin.REUSE:
            assert fd._obj.value == self.ends[0]
        else:
            self.ends = os.pipe()
            fd._obj.value = self.ends[0]
        self.names.append(name.value)
        token._obj.value = len(self.names)
        return 0

    def post(self, token: int) -> None:
        os.write(self.ends[1], token.to_bytes(4, "big"))

    def notify_post(self, name: Any) -> int:
        if self.answers:
            self.post(self.names.index(name.value) + 1)
        return 0

    def notify_cancel(self, token: Any) -> int:
        self.cancelled.append(token.value)
        if len(self.cancelled) == len(self.names):
            os.close(self.ends[0])
        return 0


def test_notify_wakes_at_each_post_and_tells_whoever_asked() -> None:
    library, seen = Library(), []  # type: Library, list[int]
    source = notify_darwin.Notify("any", lambda: seen.append(1), lambda _: library)
    assert library.names[0] == b"com.apple.system.config.network_change"
    assert source.drain() is None
    assert not readable(source.fileno(), 0)
    for _ in range(1000):
        library.post(1)
    assert readable(source.fileno())
    assert source.drain() == "network"
    assert source.drain() is None
    assert not readable(source.fileno(), 0)
    library.post(2)  # a second answer to its own question
    assert source.drain() is None
    assert len(seen) == 4
    source.close()
    source.close()
    assert sorted(library.cancelled) == [1, 2]
    os.close(library.ends[1])


def test_notify_that_registers_but_stays_silent_is_refused() -> None:
    library = Library(answers=False)
    with pytest.raises(OSError, match="did not arrive"):
        notify_darwin.Notify("any", load=lambda _: library)
    assert sorted(library.cancelled) == [1, 2]


def test_notify_refused_by_status_by_a_missing_library_and_by_one_without_the_calls(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="status 1000000"):
        notify_darwin.Notify("any", load=lambda _: Library(status=1000000))
    with pytest.raises(OSError, match="nowhere"):
        notify_darwin.Notify(str(tmp_path / "nowhere.dylib"))
    with pytest.raises(OSError, match="notify_register_file_descriptor"):
        notify_darwin.Notify("any", load=lambda _: object())


def test_a_closed_descriptor_is_the_end_of_the_source() -> None:
    library = Library()
    source = notify_darwin.Notify("any", load=lambda _: library)
    os.close(library.ends[1])
    with pytest.raises(OSError, match="closed"):
        source.drain()
    source.close()


@pytest.fixture(scope="session")
def stub(tmp_path_factory: pytest.TempPathFactory) -> str:
    """notify(3) as a real shared library, for ctypes as it is used."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler for the stub of libSystem")
    out = str(tmp_path_factory.mktemp("stub") / "libSystem.B.dylib")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", out, str(Path(__file__).with_name("macos") / "notify.c")], check=True)
    return out


def test_notify_by_ctypes(stub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    monkeypatch.setenv("NOTIFY_FIFO", str(fifo))
    source = notify_darwin.Notify(shutil.copy(stub, tmp_path / "own.so"))
    with open(fifo, "r+b", buffering=0) as other:
        other.write(b"\0\0\0\x01")
    assert readable(source.fileno())
    assert source.drain() == "network"
    fd = source.fileno()
    source.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    monkeypatch.setenv("NOTIFY_SILENT", "1")
    with pytest.raises(OSError, match="did not arrive"):
        notify_darwin.Notify(shutil.copy(stub, tmp_path / "silent.so"), load=ctypes.CDLL)


@pytest.fixture
def mac(tmp_path: Path) -> Mac:
    mac = Mac(tmp_path / "mac")
    mac.put(at.HOME)
    return mac


def watch(mac: Mac) -> scutil_darwin.Watch:
    system = mac.system()
    return scutil_darwin.Watch(system.tool("scutil"), system.env)


def watching(mac: Mac) -> int:
    """The pid of the child once it watches."""
    path = mac.state / "watching"
    assert until(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


def test_a_scutil_child_wakes_when_a_key_changes_and_not_by_its_first_answer(mac: Mac) -> None:
    source = watch(mac)
    pid = watching(mac)
    assert source.drain() is None
    mac.poke()
    assert readable(source.fileno())
    assert source.drain() == "network"
    assert source.drain() is None
    source.close()
    source.close()
    assert source.fileno() == -1
    assert gone(pid)


def test_a_scutil_child_that_ends_is_the_end_of_the_source(mac: Mac) -> None:
    source = watch(mac)
    os.kill(watching(mac), 15)
    assert readable(source.fileno())
    with pytest.raises(OSError, match="ended"):
        source.drain()
    source.close()


def test_a_scutil_that_can_not_start_or_answers_nothing_is_refused(mac: Mac, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        scutil_darwin.Watch(str(tmp_path / "nowhere"), {})
    mac.put({"no-configd": ""})
    with pytest.raises(OSError, match=r"ended|Broken pipe"):
        watch(mac)


def test_the_child_leaves_with_its_agent(mac: Mac) -> None:
    """Its standard input ends with the agent, also when that is killed."""
    code = (
        "import sys, os; from roamrc.sources.scutil_darwin import Watch\n"
        "w = Watch(sys.argv[1], dict(os.environ)); print('up', flush=True); sys.stdin.read()"
    )
    import sys

    agent = subprocess.Popen(
        [sys.executable, "-c", code, mac.system().tool("scutil")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert agent.stdout is not None
    assert agent.stdout.readline() == b"up\n"
    pid = watching(mac)
    agent.kill()
    agent.wait()
    assert until(lambda: gone(pid))
    agent.stdout.close()
    assert agent.stdin is not None
    agent.stdin.close()


@dataclass
class Times:
    slept: float = 0.0


def test_after_a_sleep_there_are_looks_at_once_after_3_and_after_10_seconds() -> None:
    times = Times()
    sleep = clock_darwin.Sleep(lambda: times.slept)
    clock = clock_darwin.Clock(sleep)
    assert (clock.fileno(), clock.every, clock.drain(), clock.every) == (-1, 60.0, "poll", 60.0)
    times.slept = 3600.0
    assert clock.every == 60.0  # nobody has asked yet
    sleep.look()  # configd's news after the wake-up
    assert (clock.every, clock.drain()) == (0.0, "woke up")
    assert (clock.every, clock.drain()) == (3.0, "woke up")
    assert (clock.every, clock.drain()) == (7.0, "woke up")
    assert (clock.every, clock.drain()) == (60.0, "poll")
    times.slept = 3600.4  # reading the clocks takes time, that is no sleep
    assert clock.drain() == "poll"
    times.slept = 3700.0  # noticed by the minute's poll alone
    assert clock.drain() == "woke up"
    assert clock.every == 3.0
    times.slept = 3800.0  # asleep again between: from the start
    assert clock.drain() == "woke up"
    assert [clock.every, clock.drain(), clock.every, clock.drain(), clock.every] == [3.0, "woke up", 7.0, "woke up", 60.0]


@dataclass
class Event:
    ident: int
    filter: int
    flags: int
    fflags: int


class Queue:
    """kqueue's vnode filter by what fstat tells of each descriptor: an event where a file or folder is not what it was."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[int, ...]] = {}
        self.pipe = os.pipe()
        self.closed = False

    def fileno(self) -> int:
        return self.pipe[0]

    @staticmethod
    def state(fd: int) -> tuple[int, ...]:
        at = os.fstat(fd)
        return at.st_ino, at.st_mtime_ns, at.st_size, at.st_nlink

    def control(self, changes: Any, most: int, timeout: float | None = None) -> list[Any]:
        for event in changes or ():
            assert (event.filter, event.flags) == (-4, 0x21)
            assert event.fflags == kqueue_darwin.NEWS
            self.known[event.ident] = self.state(event.ident)
        found: list[Any] = []
        for fd in list(self.known) if most else ():
            try:
                now = self.state(fd)
            except OSError:  # closed: its events are gone
                del self.known[fd]
                continue
            if now != self.known[fd]:
                self.known[fd] = now
                found.append(Event(fd, -4, 0, 2))
        return found

    def stirs(self) -> bool:
        return any(self.state(fd) != known for fd, known in self.known.items())

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self.pipe[0])
            os.close(self.pipe[1])


@pytest.fixture
def queue() -> Iterator[Queue]:
    queue = Queue()
    yield queue
    queue.close()


def files(queue: Queue, *paths: Path) -> kqueue_darwin.Files:
    return kqueue_darwin.Files({str(path): "npm's file" for path in paths}, queue, Event)


def replace(path: Path, text: str) -> None:
    new = path.with_name(".new")
    new.write_text(text)
    new.rename(path)


def test_a_file_written_replaced_deleted_and_made_again(queue: Queue, tmp_path: Path) -> None:
    npmrc = tmp_path / ".npmrc"
    npmrc.write_text("a")
    source = files(queue, npmrc)
    assert source.drain() is None
    steps: list[Callable[[], object]] = [
        lambda: npmrc.write_text("in place"), lambda: replace(npmrc, "by rename"), lambda: npmrc.write_text("in place again"),
        npmrc.unlink, lambda: npmrc.write_text("new"), lambda: npmrc.write_text("new, longer"),
    ]  # fmt: skip
    for step in steps:
        step()
        assert queue.stirs()
        assert source.drain() == "npm's file"
        assert source.drain() is None
    source.close()


def test_reading_chmod_and_other_files_are_no_reason(queue: Queue, tmp_path: Path) -> None:
    npmrc = tmp_path / ".npmrc"
    npmrc.write_text("a")
    source = files(queue, npmrc)
    npmrc.read_text()
    npmrc.chmod(0o600)
    (tmp_path / "other").write_text("x")
    assert source.drain() is None


def test_a_symlink_is_followed_to_its_file_and_to_its_next_target(queue: Queue, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "one").write_text("1")
    (dotfiles / "two").write_text("2")
    npmrc = tmp_path / ".npmrc"
    npmrc.symlink_to(dotfiles / "one")
    source = files(queue, npmrc)
    (dotfiles / "one").write_text("1, written")
    assert queue.stirs()
    assert source.drain() == "npm's file"
    replace(dotfiles / "one", "1, replaced")
    assert queue.stirs()
    assert source.drain() == "npm's file"
    npmrc.unlink()
    npmrc.symlink_to(dotfiles / "two")
    assert queue.stirs()
    assert source.drain() == "npm's file"
    (dotfiles / "two").write_text("2, written")
    assert queue.stirs()
    assert source.drain() == "npm's file"


def test_a_dangling_symlink_whose_file_comes(queue: Queue, tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    npmrc = tmp_path / ".npmrc"
    npmrc.symlink_to(tmp_path / "dotfiles/npmrc")
    source = files(queue, npmrc)
    (tmp_path / "dotfiles/npmrc").write_text("a")
    assert queue.stirs()
    assert source.drain() == "npm's file"


def test_a_folder_that_is_not_there_yet(queue: Queue, tmp_path: Path) -> None:
    request = tmp_path / "state/roamrc/override"
    source = kqueue_darwin.Files({str(request): "override"}, queue, Event)
    request.parent.mkdir(parents=True)
    assert queue.stirs()
    assert source.drain() is None
    request.write_text("use office")
    assert queue.stirs()
    assert source.drain() == "override"
    shutil.rmtree(tmp_path / "state")
    assert queue.stirs()
    assert source.drain() == "override"
    request.parent.mkdir(parents=True)
    source.drain()
    request.write_text("auto")
    assert source.drain() == "override"


def test_neither_fifo_nor_folder_nor_loop_in_its_place_hangs_it(queue: Queue, tmp_path: Path) -> None:
    for name, make in (("fifo", os.mkfifo), ("folder", os.mkdir), ("loop", lambda p: os.symlink(p, p))):
        make(tmp_path / name)
        source = files(queue, tmp_path / name)
        assert source.drain() is None


def test_no_descriptor_is_left_behind(queue: Queue, tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    npmrc = tmp_path / ".npmrc"
    npmrc.write_text("a")
    source = files(queue, npmrc)
    for n in range(50):
        replace(npmrc, f"{n}")
        assert source.drain() == "npm's file"
    assert len(os.listdir("/dev/fd")) <= before + 3
    source.close()
    source.close()
    assert len(os.listdir("/dev/fd")) <= before


def test_the_same_by_a_look_a_second(tmp_path: Path) -> None:
    npmrc, request = tmp_path / ".npmrc", tmp_path / "override"
    source = kqueue_darwin.Stats({str(npmrc): "npm's file", str(request): "override"})
    assert (source.fileno(), source.every, source.drain()) == (-1, 1.0, None)
    npmrc.write_text("a")
    assert source.drain() == "npm's file"
    request.write_text("x")
    npmrc.unlink()
    assert source.drain() == "npm's file, override"
    source.close()


def watched(tmp_path: Path) -> Watched:
    config = tmp_path / "config"
    (config / "profiles").mkdir(parents=True)
    return Watched(config, (tmp_path / ".npmrc",), tmp_path / "override")


def opened(mac: Mac, tmp_path: Path, kind: type[System] = System) -> dict[str, Any]:
    return {opener.name: opener for opener in open_sources(mac.system(kind), watched(tmp_path))}


def test_the_network_comes_by_notify_else_by_scutil_else_by_the_poll_alone(
    mac: Mac, tmp_path: Path, stub: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    openers = opened(mac, tmp_path)
    assert list(openers) == ["network", "files", "profiles", "clock"]
    by_scutil = openers["network"]()
    assert by_scutil.name == "scutil"
    by_scutil.close()

    os.mkfifo(tmp_path / "fifo")
    monkeypatch.setenv("NOTIFY_FIFO", str(tmp_path / "fifo"))
    library = Path(mac.system().path(notify_darwin.LIBRARY))
    library.parent.mkdir(parents=True)
    shutil.copy(stub, library)
    by_notify = openers["network"]()
    assert by_notify.name == "notify"
    by_notify.close()

    monkeypatch.delenv("NOTIFY_FIFO")
    mac.put({"no-configd": ""})
    with pytest.raises(OSError, match=r"notify: status 1.*; .*(ended|Broken pipe)"):
        openers["network"]()
    assert openers["clock"]().every == 60.0


def test_news_of_the_network_let_the_clock_find_a_sleep_at_once(mac: Mac, tmp_path: Path) -> None:
    mac.sleep(0)
    openers = {opener.name: opener for opener in darwin.openers(mac.system(), watched(tmp_path))}
    network, clock = openers["network"](), openers["clock"]()
    watching(mac)
    network.drain()
    mac.sleep(900)
    mac.poke()
    assert readable(network.fileno())
    assert network.drain() == "network"
    assert (clock.every, clock.drain(), clock.every) == (0.0, "woke up", 3.0)
    network.close()
    clock.close()


def test_profiles_and_files_open_here_too(mac: Mac, tmp_path: Path) -> None:
    openers = opened(mac, tmp_path, Replay)
    sources = [openers["profiles"](), openers["files"]()]
    assert [source.name for source in sources] == ["profiles", "files"]
    (tmp_path / "config/profiles/office.yaml").write_text("when: []\n")
    assert readable(sources[0].fileno())
    assert until(lambda: sources[0].drain() == "profiles")
    for source in sources:
        source.close()


@pytest.mark.parametrize("name", ["notify_darwin", "scutil_darwin", "kqueue_darwin", "clock_darwin", "darwin"])
def test_modules_of_macos_import_anywhere(name: str) -> None:
    import sys

    code = f"import sys; import roamrc.sources.{name}; assert 'subprocess' not in sys.modules and 'watchdog' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

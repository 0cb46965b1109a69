"""What roamrc remembers: the ledger, the override, the last status, the log, backups; one folder, 0700, files 0600. Floor 2.

No file here holds a value of the user's, but for backup/: the ledger has keyed digests, status and log have masked values. A
file that can't be read is put aside, never overwritten; one from a newer version is left alone and refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from .. import atomic
from ..atomic import Unfit
from ..errors import Refused, RoamError
from . import glance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")


VERSION = 1
LOG_LIMIT = 1 << 20
"""Bytes of log kept: half in the present file, half in the one before."""


class State:
    """The state folder. Made on first write; refused where it is a symlink, belongs to another user or is open to others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._folder = str(folder)
        self._held = False
        self._known: dict[str, tuple[bytes, bytes, Any]] = {}

    def path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def ready(self) -> None:
        """Makes the folder and backup/ with mode 0700; raises Refused where somebody else may write there."""
        for folder in (self._folder, self.path("backup"), self.path("inbox")):
            try:
                try:
                    info = os.lstat(folder)
                except FileNotFoundError:
                    atomic.make_folder(folder, 0o700)
                    info = os.lstat(folder)
            except OSError as e:
                raise Refused(
                    f'can\'t make "{folder}": {os.strerror(e.errno or 0).lower()}', "set ROAMRC_STATE_HOME to a folder of yours"
                ) from None
            if not stat.S_ISDIR(info.st_mode):
                raise Refused(f'"{folder}" is no folder', f"ls -ld '{folder}'")
            if info.st_uid != os.geteuid():
                raise Refused(
                    f'"{folder}" belongs to another user (uid {info.st_uid})', "run roamrc as that user, or set ROAMRC_STATE_HOME"
                )
            if info.st_mode & 0o077:
                with _refusing("tighten", folder):
                    os.chmod(folder, 0o700)

    # ---- JSON files ------------------------------------------------------------------------------------------------------

    def load(self, name: str) -> dict[str, Any] | None:
        """A JSON object, or None where there is none. A file that is broken is put aside as NAME.broken; raises Refused for a
        newer version's, and where the disk fails: the file may be good then, and stays."""
        data = self._whole(name)
        return None if data is None else self._object(name, data)

    def meaning(self, name: str, read: Callable[[dict[str, Any]], T], salt: bytes = b"") -> T | None:
        """What `read` makes of a JSON object, or None. The same bytes (and `salt`, where more than they decides) mean what they
        meant: each look needs the ledger and the priors of the one before it. Where it raises, the file is put aside."""
        data = self._whole(name)
        if data is None:
            return None
        meant: T | None
        known, told, meant = self._known.get(name, (b"", b"", None))
        if meant is None or (known, told) != (data, salt):
            found = self._object(name, data)
            try:
                meant = None if found is None else read(found)
            except (ValueError, TypeError, KeyError, AttributeError, RoamError):
                self.aside(name)
            self._known[name] = data, salt, meant
        return meant

    def _whole(self, name: str) -> bytes | None:
        try:
            return self._bytes(name)
        except Unfit:
            self.aside(name)
            return None

    def _object(self, name: str, data: bytes) -> dict[str, Any] | None:
        try:
            found = json.loads(data, parse_constant=_number, parse_float=_number, parse_int=_number)
            version = found.get("version")
            if not isinstance(version, int) or isinstance(version, bool):
                raise ValueError("no version")
        except (ValueError, AttributeError, RecursionError):
            self.aside(name)
            return None
        if version > VERSION:
            raise Refused(
                f'"{self.path(name)}" was written by a newer roamrc (version {version})', "upgrade roamrc, or remove that file"
            )
        assert isinstance(found, dict)
        return found

    def save(self, name: str, content: Mapping[str, Any]) -> None:
        """Writes a JSON object whole, 0600, with its version."""
        data = json.dumps({"version": VERSION, **content}, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        self.write(name, data)

    def write(self, name: str, data: bytes) -> None:
        """Writes a file whole, 0600, under the lock: two writers have one temporary file, and one would give the other's half
        its name."""
        path = self.path(name)
        with self.lock():
            self._no_link(name)
            for _ in range(3):
                with contextlib.suppress(atomic.Changed):
                    try:
                        expected = atomic.read(path, 1 << 30).data
                    except Unfit:
                        self.aside(name)
                        expected = None
                    fd = atomic.write(path, data, expected=expected, mode=0o600)
                    if fd is not None:
                        os.close(fd)
                    return
        raise Refused(f'"{path}" is being written by somebody else', "roamrc doctor")

    def discard(self, name: str) -> None:
        """Removes a file, if it is there."""
        with _refusing("remove", self.path(name)), contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(name))

    def tidy(self) -> None:
        """Removes the temporary files of a killed process; call it under the lock."""
        for folder in (self._folder, self.path("backup"), self.path("inbox")):
            with contextlib.suppress(OSError):
                for name in os.listdir(folder):
                    if name.startswith(".") and name.endswith(".roamrc~"):
                        os.unlink(f"{folder}/{name}")

    def names(self, folder: str, ending: str) -> list[str]:
        """The files of a folder of ours by their ending, as `load` takes them."""
        try:
            found = os.listdir(self.folder / folder)
        except OSError:
            return []
        return sorted(f"{folder}/{n}" for n in found if n.endswith(ending) and not n.startswith("."))

    def aside(self, name: str) -> None:
        """A file that is broken keeps its bytes as NAME.broken, for whoever wants to know what it was."""
        with contextlib.suppress(OSError):
            os.rename(self.path(name), self.path(name + ".broken"))

    def _bytes(self, name: str) -> bytes | None:
        """A file of ours, None where there is none. Refused where it is a symlink: so none has to be followed, and a look reads
        half a dozen of them."""
        try:
            return atomic.read_real(self.path(name))
        except Refused:
            self._no_link(name)
            raise

    def _no_link(self, name: str) -> None:
        if os.path.islink(path := self.path(name)):
            raise Refused(f'"{path}" is a symlink, which roamrc never made', f"ls -l '{path}', and remove it")

    # ---- the digest key ----------------------------------------------------------------------------------------------------

    def key(self) -> bytes:
        """The key of the ledger's digests, made once: without it a digest of a password could be guessed offline."""
        data = self.known_key()
        if data is None:
            with self.lock():
                data = self.known_key() or os.urandom(32)
                self.write("key", data)
        return data

    def known_key(self) -> bytes | None:
        """The key if it is there and whole."""
        try:
            data = self._bytes("key")
        except Unfit:
            return None
        return data if data is not None and len(data) == 32 else None

    # ---- locks -------------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self, timeout: float = 10.0) -> Iterator[None]:
        """The lock around one read-draft-write; raises Refused after `timeout` seconds. The kernel releases it with its
        holder. Who holds it already goes on."""
        if self._held:
            yield
            return
        import time

        end = time.monotonic() + timeout
        self.ready()
        fd = self._lock_file("lock", os.O_CREAT)
        try:
            while not (_flock(fd) and self._is_there("lock", fd)):
                if time.monotonic() > end:
                    raise Refused("another roamrc holds its lock and does not let go", "roamrc status")
                if not self._is_there("lock", fd):  # an uninstall took the folder away, and the lock's file with it
                    os.close(fd)
                    fd = -1
                    self.ready()
                    fd = self._lock_file("lock", os.O_CREAT)
                else:
                    time.sleep(0.005)
            self._held = True
            yield
        finally:
            self._held = False
            if fd >= 0:
                os.close(fd)

    def _is_there(self, name: str, fd: int) -> bool:
        try:
            return os.path.samestat(os.stat(self.path(name), follow_symlinks=False), os.fstat(fd))
        except OSError:
            return False

    def _lock_file(self, name: str, flags: int) -> int:
        with _refusing("open", self.path(name)):
            return os.open(self.path(name), os.O_RDWR | flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def agent_lock(self) -> int | None:
        """The lock an agent holds for life, as an open descriptor; None where another one has it."""
        import time

        self.ready()
        fd = self._lock_file("agent.lock", os.O_CREAT)
        for _ in range(20):  # a command that asks whether an agent lives holds the lock for a moment
            if _flock(fd):
                break
            time.sleep(0.005)
        else:
            os.close(fd)
            return None
        with _refusing("write", self.path("agent.lock")):
            os.ftruncate(fd, 0)
            os.write(fd, f"{os.getpid()}\n".encode())
        return fd

    def agent_pid(self) -> int | None:
        """The pid of the living agent (0: it has not said it yet), or None."""
        return glance.agent_pid(str(self.folder))

    # ---- the log -----------------------------------------------------------------------------------------------------------

    def log(self, entry: Mapping[str, Any]) -> None:
        """One line more; at half the limit the file becomes the one before. A line cut off by a crash is closed first."""
        path = self.path("log.jsonl")
        line = json.dumps(entry, ensure_ascii=True).encode() + b"\n"
        with self.lock(), _refusing("write", path):  # two that rotate at once would throw away the half that was kept
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                size = os.fstat(fd).st_size
                if size and os.pread(fd, 1, size - 1) != b"\n":
                    line = b"\n" + line
                os.write(fd, line)
            finally:
                os.close(fd)
            if size + len(line) > LOG_LIMIT // 2:
                os.replace(path, self.path("log.1.jsonl"))

    def log_entries(self) -> Iterator[dict[str, Any]]:
        """All switches kept, oldest first; lines that make no sense are passed over. Raises Refused for a file that can't be
        read."""
        for name in ("log.1.jsonl", "log.jsonl"):
            for text in (atomic.read(self.path(name)).data or b"").splitlines():
                with contextlib.suppress(ValueError, RecursionError):
                    entry = json.loads(text)
                    if isinstance(entry, dict) and _is_entry(entry):
                        yield entry


def _is_entry(entry: Mapping[str, Any]) -> bool:
    keys, lost = entry.get("keys", []), entry.get("lost")
    return isinstance(entry.get("at"), str) and isinstance(keys, list) and (lost is None or isinstance(lost, dict))


def _number(text: str) -> int | float:
    """A number of a file of ours: none is NaN, infinite or larger than a Unix time in nanoseconds; one that is was never written
    by us."""
    value = float(text)
    if not abs(value) < 1e18:
        raise ValueError(text)
    return value if set(text) & set(".eE") else int(text)


@contextlib.contextmanager
def _refusing(verb: str, path: str) -> Iterator[None]:
    """What the machine refuses here is said in a sentence."""
    try:
        yield
    except OSError as e:
        raise atomic.refused(path, e, verb) from None


def _flock(fd: int) -> bool:
    """Raises Refused where the file system has no locks."""
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as e:
        why = os.strerror(e.errno or 0).lower()
        raise Refused(f"a lock in the state folder can't be taken: {why}", "set ROAMRC_STATE_HOME") from None
    return True

"""Files that are written whole or not at all. Floor 2.

A temporary file in the same folder, same mode, group and attributes, fsync, read the target again and compare, rename, fsync of
the folder (rename(2): a reader sees the old file or the new one; fsync(2): only the folder's own fsync makes the new name
survive a power loss).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable

from . import exchange, lease
from .errors import Refused
from .exchange import Changed as Changed
from .owner import not_anothers
from .slotted import dataclass

LIMIT = 4 << 20
"""Bytes; a larger .npmrc is not one that people write, and is left alone."""


class Unfit(Refused):
    """What stands there can't be such a file (a folder, a FIFO, too large), now or later; a disk that fails is not that."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was read: its bytes (None: no such file), permissions and age."""

    path: str
    data: bytes | None
    mode: int = 0o600
    mtime: float = 0.0

    @property
    def real(self) -> str:
        """The path behind all symlinks. Raises Refused where one can be seen and not be read."""
        return _resolved(self.path, "read")


def read(path: str, limit: int = LIMIT) -> Seen:
    """Reads a file through its symlinks; never hangs on a FIFO. Raises Refused for anything that is not a readable regular
    file of ours."""
    found = _read(path, 0, limit)
    return Seen(path, None) if found is None else Seen(path, found[0], stat.S_IMODE(found[1].st_mode), found[1].st_mtime)


def read_real(path: str, limit: int = LIMIT) -> bytes | None:
    """The bytes of a file that is no symlink, None where there is none. Raises Refused as `read` does, and for a symlink."""
    found = _read(path, os.O_NOFOLLOW, limit)
    return found[0] if found else None


def _read(path: str, flags: int, limit: int) -> tuple[bytes, os.stat_result] | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as e:
        raise refused(path, e, "read") from None
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            kind = "a folder" if stat.S_ISDIR(info.st_mode) else "no ordinary file"
            raise Unfit(f'"{path}" is {kind}', f"ls -ld '{path}'")
        if info.st_size > limit:
            raise Unfit(f'"{path}" is too large ({info.st_size} bytes, limit {limit})', f"wc '{path}'")
        return contents(fd), info
    except OSError as e:
        raise refused(path, e, "read") from None
    finally:
        os.close(fd)


def write(path: str, data: bytes, *, expected: bytes | None, mode: int | None = None, shared: bool = False) -> int | None:
    """Replaces the file behind `path` if it still holds `expected` (None: if there still is none). `shared`: others write it too.

    Returns a descriptor of the file that was replaced, still open, where a slower writer may yet put something there; the caller
    closes it. None where there is nobody who could. Raises Changed (also where somebody is at it), or Refused with the reason and
    a cure; then nothing has changed and no temporary file is left.
    """
    real = _real(path, "write")
    folder, temp = os.path.dirname(real), _temp(real)
    old: int | None = None
    try:
        old = _open_owned(path, real)
        info = os.fstat(old) if old is not None else None
        if info is None:
            not_anothers(folder)
        bits = mode if mode is not None else stat.S_IMODE(info.st_mode) if info else 0o600
        _write_temp(temp, data, bits, old)
        alone = _alone(old, path) if shared else False
        if _content(old, real) != expected:
            raise Changed(path)
        if not (shared and exchange.place(temp, real, old, expected, alone)):
            os.rename(temp, real)
        if shared and old is not None and not alone:
            keep, old = old, None
            sync_folder(folder)
            return keep
        if old is not None:
            lease.release(old)
        sync_folder(folder)
        return None
    except OSError as e:
        raise refused(path, e, "write") from None
    finally:
        if old is not None:
            os.close(old)
        _discard(temp)


def _alone(fd: int | None, path: str) -> bool:
    """Whether nobody has the file open for writing, nor can until its lease is released or it is closed. Raises Changed where
    somebody is writing it."""
    if fd is None:
        return False
    held = lease.take(fd)
    if held is False and lease.young(fd):
        raise Changed(path)
    return held is True


def remove(path: str, *, expected: bytes) -> None:
    """Removes the file behind `path` if it still holds `expected`; raises Changed or Refused."""
    real = _real(path, "remove")
    temp = _temp(real)
    old: int | None = None
    try:
        old = _open_owned(path, real)
        alone = _alone(old, path)
        if old is None or _content(old, real) != expected:
            raise Changed(path)
        os.rename(real, temp)  # by another name first, under which it can come back
        same = os.path.samestat(os.lstat(temp), os.fstat(old))
        if not same or (alone and lease.wanted(old)):
            left = [] if same else exchange.kept(temp)
            with contextlib.suppress(FileExistsError):
                os.link(temp, real)
            raise Changed(path, left)
        os.unlink(temp)
        sync_folder(os.path.dirname(real))
    except OSError as e:
        raise refused(path, e, "remove") from None
    finally:
        if old is not None:
            os.close(old)
        _discard(temp)


def _temp(real: str) -> str:
    """The temporary file beside a file."""
    folder, name = os.path.split(real)
    return os.path.join(folder, f".{name}.roamrc~")


def sweep(path: str, lacks: Callable[[bytes, bytes], bool] | None = None) -> None:
    """Removes the temporary file that a killed process left beside `path`; call it under the lock.

    Killed between the two changes of names it left somebody's save there, and ours in its place: that one goes back where `lacks`
    says that the file (first) has not all of it, and nobody wrote the file since. The one call that changes two names gives
    both the same time.
    """
    real = _real(path, "write")
    temp = _temp(real)
    with contextlib.suppress(OSError, Refused):
        if lacks and os.lstat(temp).st_ctime_ns == os.lstat(real).st_ctime_ns:
            came, now = read_real(temp), read_real(real)
            if came is not None and now is not None and lacks(now, came):
                exchange.swap(temp, real)
    _discard(temp)


def _real(path: str, verb: str) -> str:
    """The path of the file itself, which is no symlink; that of a folder may be one: the kernel follows it quicker."""
    return path if path.startswith("/") and not os.path.islink(path) else _resolved(path, verb)


def _resolved(path: str, verb: str) -> str:
    """The path behind all symlinks; realpath itself raises where a link can be seen and not be read."""
    try:
        return os.path.realpath(path)
    except OSError as e:
        raise refused(path, e, verb) from None


def make_folder(folder: str, mode: int = 0o777) -> None:
    """A folder with those above it, each on disk before the next: a ledger in a folder that a power loss takes away knows
    nothing. Raises OSError; Refused where root would make it in another user's."""
    if os.path.isdir(folder):
        return
    above = os.path.dirname(folder) or "."
    try:
        os.stat(above)
    except FileNotFoundError:
        make_folder(above, mode)
    not_anothers(above)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, mode)
    sync_folder(above)


def _open_owned(path: str, real: str) -> int | None:
    try:
        fd = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise Refused(f'"{path}" is no ordinary file', f"ls -ld '{path}'")
        if info.st_uid != os.geteuid():
            raise Refused(f'"{path}" belongs to another user (uid {info.st_uid})', "run roamrc as that user")
        if not info.st_mode & stat.S_IWUSR:
            raise Refused(f'"{path}" is read-only', f"chmod u+w '{path}'")
    except (Refused, OSError):
        os.close(fd)
        raise
    return fd


def _write_temp(temp: str, data: bytes, mode: int, old: int | None) -> None:
    _discard(temp)
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if old is not None:
            group = os.fstat(old).st_gid
            try:
                if group != os.fstat(fd).st_gid:
                    os.fchown(fd, -1, group)
            except PermissionError:
                mode &= 0o707  # a group that we are not in: its rights must not go to another one
            _keep_attributes(old, fd)
        os.fchmod(fd, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _keep_attributes(old: int, new: int) -> None:
    """What a file carries beside its bytes, its access list among them, goes on with it (xattr(7), acl(5)), and nothing else: a
    folder's default list would let those in who could not read the file before. Linux; what the system refuses stays behind."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):  # a file system that knows none
        here = os.listxattr(old)
        for name in {*here, *os.listxattr(new)}:
            with contextlib.suppress(OSError):
                if name in here:
                    os.setxattr(new, name, os.getxattr(old, name))
                else:
                    os.removexattr(new, name)


def _content(fd: int | None, real: str) -> bytes | None:
    """What the path holds now: the open inode is read again if it still is the one behind the name."""
    try:
        info = os.stat(real, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if fd is not None and os.path.samestat(info, os.fstat(fd)):
        return contents(fd)
    if not stat.S_ISREG(info.st_mode):
        raise Changed(real)
    other = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return contents(other)
    finally:
        os.close(other)


def contents(fd: int) -> bytes:
    """All that an open file holds now, from its start."""
    os.lseek(fd, 0, os.SEEK_SET)
    parts = []
    while part := os.read(fd, 1 << 16):
        parts.append(part)
    return b"".join(parts)


def sync_folder(folder: str) -> None:
    """The names in a folder are on disk from now on (fsync(2)); raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as e:
        if e.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems have no fsync for folders
            raise
    finally:
        os.close(fd)


def _discard(temp: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(temp)


def refused(path: str, e: OSError, verb: str) -> Refused:
    """What the machine said, as a sentence with a cure; `verb` is what could not be done."""
    cures = {
        errno.ENOSPC: ("no space left on its disk", "df -h"),
        errno.EDQUOT: ("your disk quota is used up", "quota"),
        errno.EROFS: ("its file system is read-only", "mount"),
        errno.EBUSY: (
            "it is a mount point of its own (a bind mount of a container?), which can't be replaced",
            "set `npm.userconfig` in config.yaml",
        ),
        errno.EACCES: ("permission denied", f"ls -ld '{os.path.dirname(path)}' '{path}'"),
        errno.EPERM: ("not permitted", f"lsattr '{path}'"),
        errno.EEXIST: (
            "something else stands where its temporary file goes",
            f"ls -ld '{_temp(path)}'",
        ),
        errno.ELOOP: ("a symlink where none may be, or symlinks that lead in a circle", f"ls -l '{path}'"),
    }
    reason, hint = cures.get(e.errno or 0, (os.strerror(e.errno or 0).lower(), "roamrc doctor"))
    return Refused(f'can\'t {verb} "{path}": {reason}', hint)

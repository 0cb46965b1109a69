"""The files that a service consists of: written whole or not at all, removed without a trace. Floor 2."""

from __future__ import annotations

import os
from pathlib import Path

from .. import atomic
from ..errors import Refused
from ..slotted import dataclass
from ..system import System


@dataclass(frozen=True, slots=True)
class File:
    """A file that a service consists of."""

    path: Path
    content: bytes
    mode: int = 0o644


def tilde(system: System, path: str | Path) -> str:
    """A path as a user writes it, safe to paste in public."""
    text, home = str(path), str(system.home)
    return "~" + text[len(home) :] if text == home or text.startswith(home + "/") else text


def read(path: Path) -> bytes | None:
    """A file's bytes, None where it is not there. Raises Refused where it can't be read."""
    return atomic.read(str(path)).data


def write(file: File) -> bool:
    """Whether the file had to be written. A symbolic link stays one: dotfile managers keep their units elsewhere. Raises
    Refused."""
    path = str(file.path)
    while (seen := atomic.read(path)).data != file.content:
        try:
            atomic.make_folder(os.path.dirname(seen.real))
            old = atomic.write(path, file.content, expected=seen.data, mode=file.mode)
        except atomic.Changed:
            continue
        except OSError as e:
            raise refused(file.path, "written", e) from None
        if old is not None:
            os.close(old)
        return True
    return False


def remove(path: Path) -> bool:
    """Whether a file or link was there to be removed. Raises Refused."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as e:
        raise refused(path, "removed", e) from None
    return True


def refused(path: Path, verb: str, e: OSError) -> Refused:
    """An error of the system as a sentence."""
    return Refused(f"{str(path)!r} can't be {verb}: {os.strerror(e.errno or 0).lower()}", f"ls -ld {quoted(path.parent)}")


def prune(*folders: Path) -> None:
    """Remove the folders that are empty, innermost first."""
    for folder in folders:
        try:
            os.rmdir(folder)
        except OSError:
            continue  # not empty, or not there


def quoted(path: str | Path) -> str:
    """A path for a command to type."""
    import shlex

    return shlex.quote(str(path))


def which(system: System, name: str, *usual: str) -> str | None:
    """A program's absolute path: where it usually is, below the system's root, else on the user's PATH."""
    for folder in usual:
        if os.access(system.path(f"{folder}/{name}"), os.X_OK):
            return system.path(f"{folder}/{name}")
    for folder in system.env.get("PATH", "").split(os.pathsep):
        if folder.startswith("/") and os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    return None

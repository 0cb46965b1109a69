"""Whose a file or folder is, and who else may write it. Floor 2."""

from __future__ import annotations

import os
import stat

from .errors import Refused


def not_anothers(folder: str) -> None:
    """Root makes no file in another user's folder: `sudo` keeps HOME on some systems, and what root left there the user could
    never write again. Raises Refused; OSError where the folder is not there."""
    if os.geteuid() == 0 and (owner := os.stat(folder).st_uid):
        raise Refused(f'"{folder}" belongs to another user (uid {owner})', "run roamrc as that user, without sudo")


def who_else(info: os.stat_result) -> tuple[str, str] | None:
    """Why somebody else chooses what stands in a file or folder, in words, and the command that cures it, but for its path: a
    profile says where npm's traffic goes and who is sent its password, `ssid.command` runs a command. None where only this user
    or root may write it (ssh and git ask the same of their files). A sticky folder is no better: anyone may add a profile."""
    if info.st_mode & stat.S_IWOTH:
        return "others may write it, and so choose your proxy and who is sent its password", "chmod o-w"
    me = os.geteuid()
    if info.st_uid not in (0, me):
        cure = f"sudo chown {me}" if me else "run roamrc as that user, without sudo; ls -ld"
        return f"it belongs to another user (uid {info.st_uid}), who so chooses your proxy and who is sent its password", cure
    return None

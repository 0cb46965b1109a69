"""What can tell of a change on Linux: the kernel's news, that of the gateway, single files, the profiles, the clock. Floor 2."""

from __future__ import annotations

import os

from ..system import System
from . import Opener, Source, Watched


def openers(system: System, watched: Watched) -> list[Opener]:
    """The sources of Linux; each imports its module only when it is opened."""

    def netlink() -> Source:
        from . import netlink_linux

        return netlink_linux.Netlink()

    def gateway() -> Source:
        from . import neighbour_linux

        return neighbour_linux.Neighbour()

    def files() -> Source:
        from . import inotify_linux

        wanted = {**dict.fromkeys(map(str, watched.resolv), "resolv.conf"), str(watched.override): "override"}
        release = [os.path.realpath(watched.release)] if watched.release is not None else []
        wanted |= dict.fromkeys(release, "roamrc itself")
        return inotify_linux.Files({**wanted, **{str(path): "npm's file" for path in watched.npm}}, near=release)

    def profiles() -> Source:
        from . import profiles_linux

        return profiles_linux.Profiles(watched.config)

    def clock() -> Source:
        from . import clock_linux

        return clock_linux.Clock(system.slept)

    return [
        Opener("netlink", netlink),
        Opener("gateway", gateway),
        Opener("files", files),
        Opener("profiles", profiles),
        Opener("clock", clock),
    ]

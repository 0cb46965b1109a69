"""What can tell of a change on macOS: configd's news, npm's file, the profiles, and one poll a minute below them. Floor 2."""

from __future__ import annotations

from ..system import System
from . import Opener, Source, Watched


def openers(system: System, watched: Watched) -> list[Opener]:
    """The sources of macOS; each imports its module only when it is opened.

    configd's news come by a notify descriptor, else from a `scutil` child; `name` of the open source says which. npm's file by
    kqueue: FSEvents is recursive, and would wake for every file of every `npm install` below the home.
    """
    from . import clock_darwin

    sleep = clock_darwin.Sleep(system.slept)

    def network() -> Source:
        from . import notify_darwin, scutil_darwin

        try:
            return notify_darwin.Notify(system.path(notify_darwin.LIBRARY), sleep.look)
        except OSError as first:
            try:
                return scutil_darwin.Watch(system.tool("scutil"), {**system.for_children(), "LC_ALL": "C"}, sleep.look)
            except OSError as second:
                raise OSError(second.errno, f"{first.strerror or first}; {second.strerror or second}") from None

    def files() -> Source:
        from . import kqueue_darwin

        wanted = {str(watched.override): "override", **{str(path): "npm's file" for path in watched.npm}}
        if watched.release is not None:
            wanted[watched.release] = "roamrc itself"
        queue = kqueue_darwin.queue()
        return kqueue_darwin.Stats(wanted) if queue is None else kqueue_darwin.Files(wanted, *queue)

    def profiles() -> Source:
        from . import folder

        return folder.Folder(watched.config)

    def clock() -> Source:
        return clock_darwin.Clock(sleep)

    return [Opener("network", network), Opener("files", files), Opener("profiles", profiles), Opener("clock", clock)]

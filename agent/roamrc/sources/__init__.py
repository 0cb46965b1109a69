"""When to look, never what is true. Floor 2.

A source is a file descriptor that becomes readable when something may have changed. The agent polls all of them in its one
thread, calls `drain()` on the readable ones and looks; what it then does rests on that look alone. So a doubled wake-up costs a
look and a dropped one is forbidden: *in doubt a source wakes*. Sources carry no facts, and nothing of what woke them is kept.

How the agent uses them:

- `drain()` reads everything that is pending, in one call: 1,000 messages of a container burst are one wake-up. It never blocks.
- Several reasons come as one text ("resolv.conf, npm's file"), for the log and for what to read anew; the order means nothing.
- A source that can't be opened, or dies in `drain()`, raises OSError: close it, open it again with back-off, look once after it
  is back (what happened meanwhile was not seen), and show the error in `status` until then.
- `every` is None for a source that needs no clock. A number is a safety net: drain it after that many seconds, readable or not
  (it may be another number after a drain); `fileno()` is -1 where such a source has no descriptor.
- `mind(network)`, where a source has it, tells it what a look saw: it listens for what differs from that alone; True where what
  happened since that look may have been missed.
- The agent limits its looks by itself: bringing up 500 interfaces is 1,000 changes that might each be the one.

A platform is one module that has `openers(system, watched)`, and one line in PLATFORMS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import Refused
from ..slotted import dataclass
from ..system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

PLATFORMS: Mapping[str, str] = {"linux": "linux", "darwin": "darwin"}
"""sys.platform → the module of this folder that knows its sources."""


RESOLV = tuple(map(Path, ("/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf", "/run/NetworkManager/resolv.conf")))
"""Where suffixes are read (probes/dns_linux.py): resolved's and NetworkManager's own change without resolv.conf where that only
names the stub, or was written over by somebody else."""


class Source(Protocol):
    """One thing that tells when to look."""

    @property
    def name(self) -> str:
        """What `status` calls it: netlink, files, profiles, clock."""

    @property
    def every(self) -> float | None:
        """Seconds after which it is drained though nothing is readable; None: never, it costs nothing while nothing happens."""

    def fileno(self) -> int:
        """The descriptor to poll for reading, -1 where there is none."""

    def drain(self) -> str | None:
        """Read all that is pending and say why to look; None: noise. Raises OSError when the source has died."""

    def close(self) -> None:
        """Give back descriptors, threads and children; a second call does nothing."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The paths whose change is a reason to look, absolute: `config` is the folder of config.yaml and profiles/, `npm` are
    npm's files, `override` is the one file of the state folder through which commands talk to the agent, `resolv` is
    resolv.conf and what is read beside it, `release` the file of roamrc's own version."""

    config: Path
    npm: tuple[Path, ...]
    override: Path
    resolv: tuple[Path, ...] = RESOLV
    release: str | None = None


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens a source, or opens it again after it died; `name` is known before, so that `status` can name what could not be
    opened."""

    name: str
    open: Callable[[], Source]

    def __call__(self) -> Source:
        return self.open()


def open_sources(system: System, watched: Watched) -> list[Opener]:
    """What can tell of a change on this platform, each still to be opened. Raises errors.Refused on a platform that has none."""
    import importlib

    module = PLATFORMS.get(system.platform)
    if module is None:
        raise Refused(f"no way to notice a change on '{system.platform}'", "roamrc apply")
    openers: list[Opener] = importlib.import_module(f".{module}", __package__).openers(system, watched)
    return openers

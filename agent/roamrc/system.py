"""The machine, as one small object that is handed in: environment, files, clocks and short-lived children. Floor 2.

Everything that is not pure goes through it, so that a test can stand in another root, with another clock and another PATH.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .model import Hidden
from .slotted import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket


@dataclass(frozen=True, slots=True)
class Ran:
    """What a child printed and how it ended."""

    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True, slots=True)
class System:
    """`env` and `home` of the user, `platform` as sys.platform has it, `root` before /etc, /proc and /sys (tests put a folder
    there), `withheld` the variables that no child is given."""

    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    home: Path = field(default_factory=lambda: Path(os.path.expanduser("~")))
    platform: str = sys.platform
    root: str = ""
    withheld: frozenset[str] = frozenset()

    @classmethod
    def real(cls) -> System:
        """This machine. ROAMRC_PLATFORM and ROAMRC_ROOT stand in for another one: so the macOS agent is replayed on Linux."""
        env = dict(os.environ)
        return cls(env, platform=env.get("ROAMRC_PLATFORM") or sys.platform, root=env.get("ROAMRC_ROOT", ""))

    def path(self, name: str) -> str:
        """An absolute path of the system, below `root`."""
        return self.root + name

    def read(self, name: str, limit: int = 1 << 20) -> bytes | Hidden | None:
        """A file of the system: its bytes, None where it is not there, Hidden where it can't be read."""
        try:
            fd = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC)
            try:
                parts = []
                while limit > 0 and (part := os.read(fd, min(limit, 1 << 16))):
                    parts.append(part)
                    limit -= len(part)
                return b"".join(parts)
            finally:
                os.close(fd)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as e:
            return Hidden(f"{name}: {os.strerror(e.errno or 0)}")

    def for_children(self) -> dict[str, str]:
        """The environment that a child is given: without the variables that hold a login (`withheld`)."""
        return {k: v for k, v in self.env.items() if k not in self.withheld}

    def run(self, argv: Sequence[str], stdin: bytes = b"", timeout: float = 5.0) -> Ran | Hidden:
        """A short-lived child with LC_ALL=C and a time limit (seconds); Hidden where it can't be started or does not end."""
        import subprocess  # 8 ms: only a command that starts a child pays for it

        try:
            env = {**self.for_children(), "LC_ALL": "C"}
            p = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, env=env, check=False)
        except subprocess.TimeoutExpired:
            return Hidden(f"{os.path.basename(argv[0])}: no answer in {timeout:g} s")
        except OSError as e:
            return Hidden(f"{os.path.basename(argv[0])}: {os.strerror(e.errno or 0)}")
        return Ran(p.returncode, p.stdout, p.stderr)

    def tool(self, name: str) -> str:
        """The path of a program of the system: below `root` in /usr/sbin, /usr/bin, /sbin, /bin, else on PATH, else its bare
        name, which then can't be started.

        Where `platform` is not the one that runs (macOS replayed on Linux), PATH comes first: this machine's arp is not meant.
        """
        own = [self.path(f"{folder}/{name}") for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin")]
        named = [f"{folder}/{name}" for folder in self.env.get("PATH", "").split(":") if folder.startswith("/")]
        places = named + own if self.platform != sys.platform and not self.root else own + named
        return next((path for path in places if os.access(path, os.X_OK)), name)

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump and stand still in suspend."""
        return time.monotonic()

    def slept(self) -> float:
        """Seconds that this machine has spent in suspend since it booted; setting the clock does not change it.

        Linux: CLOCK_BOOTTIME less CLOCK_MONOTONIC. macOS: CLOCK_MONOTONIC_RAW, which goes on in sleep, less CLOCK_UPTIME_RAW,
        which does not (clock_gettime(3)). Wall clock less monotonic clock would drift by all that NTP corrects: it is for systems
        that have neither pair. Below a `root` the file /var/run/slept holds the seconds: a test puts its machine to sleep so.
        """
        if self.root and isinstance(told := self.read("/var/run/slept", 32), bytes):
            return float(told or 0)
        for awake, always in (("CLOCK_UPTIME_RAW", "CLOCK_MONOTONIC_RAW"), ("CLOCK_MONOTONIC", "CLOCK_BOOTTIME")):
            if hasattr(time, awake) and hasattr(time, always):
                return time.clock_gettime(getattr(time, always)) - time.clock_gettime(getattr(time, awake))
        return self.now() - self.monotonic()

    def stat(self, name: str) -> os.stat_result | None:
        """What a file of the system is, through symlinks; None where it is not there or can't be seen."""
        try:
            return os.stat(self.path(name))
        except (OSError, ValueError):
            return None

    def readlink(self, name: str) -> str | None:
        """Where a symlink of the system points; None where it can't be told."""
        try:
            return os.readlink(self.path(name))
        except (OSError, ValueError):
            return None

    def netlink(self, protocol: int = 0, groups: int = 0, timeout: float = 1.0) -> socket.socket:
        """A netlink socket (0: rtnetlink, 16: generic), subscribed to `groups`; a receive without an answer raises after
        `timeout` (s). OSError where the kernel or a sandbox denies it."""
        import socket  # 7 ms: only a look at the network pays for it
        import struct

        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(timeout), int(timeout % 1 * 1e6)))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            if groups:
                s.bind((0, groups))
        except OSError:
            s.close()
            raise
        return s

    def prod(self, address: str, interface: str, index: int) -> None:
        """Make the kernel ask who has `address`: one empty UDP datagram to its discard port (9, RFC 863), out of this
        interface only. Harmless, and a failure shows as an unanswered neighbour."""
        import socket

        six = ":" in address
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            with contextlib.suppress(OSError, AttributeError):  # unprivileged since Linux 5.7
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
            s.sendto(b"", (address, 9, 0, index) if six else (address, 9))

    def source(self, address: str) -> str | None:
        """Our own address that the kernel would use towards `address`: routing is asked by connecting a UDP socket,
        nothing is sent. None where there is no way."""
        import socket

        try:
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.connect((address, 9))
                return str(s.getsockname()[0])
        except OSError:
            return None

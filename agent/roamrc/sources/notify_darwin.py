"""configd's own news through notify(3): a plain descriptor, no run loop, no root, four bytes a post. Floor 2.

configd posts `com.apple.system.config.network_change` once DNS, routes and interfaces are in step, so that a look after it sees
one state.
The library is not on the disk of a current macOS, yet loads (dyld's shared cache): only trying tells.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


LIBRARY = "/usr/lib/libSystem.B.dylib"
CHANGE = b"com.apple.system.config.network_change"
REUSE = 1
"""NOTIFY_REUSE of notify.h: register into the descriptor that is given."""

PATIENCE_MS = 1000
"""How long the self-test waits for its own post; notifyd answers within a millisecond."""


def nothing() -> None:
    """What to do with an event besides waking."""


class Notify:
    """Wakes with "network" at each post. Opening it posts one name of its own and waits for it on the very descriptor: one that
    registers,
    but stays silent (a sandbox, a test's stub, a changed library) raises OSError, so that the next source takes over.

    `seen` is called with each event; `load` turns `library` into its functions.
    """

    name = "notify"
    every = None

    def __init__(
        self, library: str = LIBRARY, seen: Callable[[], None] = nothing, load: Callable[[str], Any] = ctypes.CDLL
    ) -> None:
        self._seen, self._fd, self._tokens = seen, -1, []  # type: Callable[[], None], int, list[int]
        try:
            self._library = load(library)
            own = f"dev.roamrc.agent.self-test.{os.getpid()}".encode()
            self._register(CHANGE, 0)
            os.set_blocking(self._fd, False)
            self._test = self._register(own, REUSE)
            self._check(own, self._library.notify_post(ctypes.c_char_p(own)))
            self._answered()
        except AttributeError as e:
            self.close()
            raise OSError(errno.ENOSYS, f"{library}: {e}") from None
        except OSError:
            self.close()
            raise

    def _register(self, name: bytes, flags: int) -> int:
        fd, token = ctypes.c_int(self._fd), ctypes.c_int(-1)
        register = self._library.notify_register_file_descriptor
        self._check(name, register(ctypes.c_char_p(name), ctypes.byref(fd), ctypes.c_int(flags), ctypes.byref(token)))
        self._fd = fd.value
        self._tokens.append(token.value)
        return token.value

    def _check(self, name: bytes, status: int) -> None:
        if status != 0:
            raise OSError(errno.EIO, f"notify: status {status} for '{name.decode()}'")

    def _answered(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if not poll.poll(PATIENCE_MS) or self._test not in self._read():
            raise OSError(errno.ETIMEDOUT, "notify: its own post did not arrive")

    def _read(self) -> list[int]:
        """The tokens that are pending, each 32 bits in network byte order (notify(3))."""
        data = b""
        while True:
            try:
                more = os.read(self._fd, 1 << 16)
            except BlockingIOError:
                break
            if not more:
                raise OSError(errno.EPIPE, "notify: the descriptor was closed")
            data += more
            if len(more) < 1 << 16:
                break
        return [int.from_bytes(data[i : i + 4], "big") for i in range(0, len(data), 4)]

    def fileno(self) -> int:
        return self._fd

    def drain(self) -> str | None:
        tokens = self._read()
        self._seen()
        return "network" if any(token != self._test for token in tokens) else None

    def close(self) -> None:
        """Cancelling the last token of a descriptor closes it (notify_cancel, libnotify); closing it here too would hit
        somebody else's."""
        tokens, self._tokens, self._fd = self._tokens, [], -1
        for token in tokens:
            self._library.notify_cancel(ctypes.c_int(token))

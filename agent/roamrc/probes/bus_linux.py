"""Questions to daemons on the system's D-Bus: one connection, one deadline for all of it. Floor 2.

jeepney packs and reads the messages (pure Python; imported only where something is asked: 4 ms and 0.4 MB). The socket is ours,
because a bus may hang at any point, also before it says welcome. Nothing is asked of a name that nobody owns: that would start
the daemon (asking net.connman.iwd starts iwd, which takes the card from NetworkManager).
"""

from __future__ import annotations

import errno
import socket
from collections.abc import MutableMapping
from types import TracebackType

from ..system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jeepney import Message

LIMIT = 2.0
"""Seconds for the connection and all questions of a look; a bus that works takes 2-5 ms."""

REST = 60.0
"""Seconds for which a bus that hung is not asked again: each look would hang with it."""

LARGEST = 1 << 22
"""Bytes of answers in all: iwd's whole tree at a fair is some 100 KB."""

DBUS, PROPERTIES = "org.freedesktop.DBus", "org.freedesktop.DBus.Properties"


def connect(system: System, memory: MutableMapping[str, str] | None = None) -> Bus:
    """A connection to the system bus. OSError where there is none, it refuses us, or it hung less than a minute ago (`memory`
    keeps that)."""
    now, kept = system.monotonic(), {} if memory is None else memory
    if "bus hung" in kept and now - float(kept["bus hung"]) < REST:
        raise TimeoutError(errno.ETIMEDOUT, "no answer lately")
    try:
        return Bus(system, kept)
    except ImportError:
        raise OSError(errno.ENOSYS, "jeepney is not installed") from None


class Bus:
    """One connection, as a context manager. A question that goes wrong raises OSError; TimeoutError marks the bus as hanging."""

    def __init__(self, system: System, memory: MutableMapping[str, str], limit: float = LIMIT) -> None:
        from jeepney import Parser
        from jeepney.auth import BEGIN, AuthenticationError, Authenticator

        self._system, self._memory, self._end = system, memory, system.monotonic() + limit
        self._serial, self._left, self._parser = 0, LARGEST, Parser()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            self._wait()
            self._socket.connect(address(system))
            talk = Authenticator()
            for line in talk:
                self._send(line)
                talk.feed(self._receive())
            self._send(BEGIN)
            self.call(DBUS, "/org/freedesktop/DBus", DBUS, "Hello")
        except AuthenticationError:
            self._socket.close()
            raise PermissionError(errno.EACCES, "the bus does not let us in") from None
        except BaseException as e:
            self._socket.close()
            if isinstance(e, TimeoutError):
                memory["bus hung"] = repr(system.monotonic())
            raise

    def __enter__(self) -> Bus:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()
        if isinstance(error, TimeoutError):
            self._memory["bus hung"] = repr(self._system.monotonic())

    def owned(self, name: str) -> bool:
        """Whether a daemon has this name now; asking starts none."""
        return self.call(DBUS, "/org/freedesktop/DBus", DBUS, "NameHasOwner", "s", name) is True

    def get(self, name: str, path: str, interface: str, prop: str) -> Any:
        """The value of a property. LookupError where the daemon has no such thing, or says it in a way that can't be read."""
        value = self.call(name, path, PROPERTIES, "Get", "ss", interface, prop)
        try:
            return value[1]
        except (TypeError, IndexError, KeyError):
            raise LookupError(prop) from None

    def call(self, name: str, path: str, interface: str, method: str, signature: str = "", *body: object) -> Any:
        """What the method returns (its first value, None for none). LookupError where the daemon answers with an error."""
        from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call

        message = new_method_call(DBusAddress(path, name, interface), method, signature or None, body)
        message.header.flags = 2  # NO_AUTO_START: it may have gone since NameHasOwner
        self._serial += 1
        try:
            data = message.serialise(serial=self._serial)
        except Exception as e:  # a path that a daemon gave, and that is none
            raise LookupError(path) from e
        self._send(data)
        while True:
            answer = self._message()
            if answer.header.fields.get(HeaderFields.reply_serial) != self._serial:
                continue
            if answer.header.message_type == MessageType.error:
                raise LookupError(str(answer.header.fields.get(HeaderFields.error_name)))
            return answer.body[0] if answer.body else None

    def _message(self) -> Message:
        while (message := self._parsed()) is None:
            data = self._receive()
            self._left -= len(data)
            if self._left < 0:
                raise OSError(errno.EMSGSIZE, "too long an answer")
            self._parser.add_data(data)
        return message

    def _parsed(self) -> Message | None:
        try:
            return self._parser.get_next_message()
        except Exception as e:  # it raises what its dictionaries and struct raise
            raise OSError(errno.EPROTO, "an answer that can't be read") from e

    def _wait(self) -> None:
        left = self._end - self._system.monotonic()
        if left <= 0:
            raise TimeoutError(errno.ETIMEDOUT, "no answer in time")
        self._socket.settimeout(left)

    def _send(self, data: bytes) -> None:
        self._wait()
        self._socket.sendall(data)

    def _receive(self) -> bytes:
        self._wait()
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, "the bus hung up")
        return data


def address(system: System) -> str:
    """The socket of the system bus: DBUS_SYSTEM_BUS_ADDRESS, else /run/dbus/system_bus_socket (D-Bus specification)."""
    for part in system.env.get("DBUS_SYSTEM_BUS_ADDRESS", "").split(";"):
        kind, _, about = part.partition(":")
        keys = dict(pair.partition("=")[::2] for pair in about.split(","))
        if kind == "unix" and keys.get("path"):
            return keys["path"]
        if kind == "unix" and keys.get("abstract"):
            return "\0" + keys["abstract"]
    return system.path("/run/dbus/system_bus_socket")

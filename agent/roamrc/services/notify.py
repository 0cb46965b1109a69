"""The agent's word to the service manager: ready, and in a few words what it is at (sd_notify(3), without libsystemd). Floor 2.

`ready` must be said before anything else that may end the agent well: a unit of Type=notify whose program ends with 0 before it
is ready has failed ("protocol"), and `systemctl start` says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..slotted import dataclass

LIMIT = 200
"""Characters of a status text; `systemctl status` shows one line of it."""


@dataclass(frozen=True, slots=True)
class Notify:
    """Where to say it: $NOTIFY_SOCKET as systemd gives it, a path or `@name` in the abstract namespace; None outside of a
    service."""

    address: str | None = None

    def ready(self, status: str = "") -> bool:
        """The agent is up and watching. May be said again, after the agent has replaced itself by a newer one."""
        return self._send("READY=1", status)

    def status(self, text: str) -> bool:
        """What `systemctl --user status roamrc` shows: the profile, or why there is none."""
        return self._send("", text)

    def stopping(self, status: str = "") -> bool:
        """The agent goes, of its own will."""
        return self._send("STOPPING=1", status)

    def _send(self, word: str, status: str) -> bool:
        """Whether it was said. Never raises and never waits: a full or vanished socket must not hold up the agent."""
        if not self.address or self.address[0] not in "/@":
            return False
        lines = [word] if word else []
        if status:
            lines.append("STATUS=" + one_line(status))
        import socket

        address = b"\0" + self.address[1:].encode("utf-8", "surrogateescape") if self.address[0] == "@" else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | getattr(socket, "SOCK_CLOEXEC", 0)) as s:
                s.setblocking(False)
                s.sendto("\n".join(lines).encode(), address)
        except (OSError, ValueError):
            return False
        return True


def listener(env: Mapping[str, str]) -> Notify:
    """The service manager that started this process, by its environment; one that says nothing where there is none."""
    return Notify(env.get("NOTIFY_SOCKET") or None)


def one_line(text: str) -> str:
    """A status text that stays one: a network's name with a line feed in it must not say MAINPID=1 to the service manager.
    systemd drops a status that is not UTF-8."""
    clean = "".join(c if c.isprintable() else " " for c in text.encode("utf-8", "replace").decode())
    return clean if len(clean) <= LIMIT else clean[: LIMIT - 1] + "…"

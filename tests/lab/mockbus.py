"""A system bus of one's own (a real dbus-daemon on a private socket) with daemons that say what a test wants.

    with MockBus(folder) as bus:
        bus.own("org.freedesktop.NetworkManager", {PATH: {INTERFACE: {PROPERTY: ("s", "value")}}}, {METHOD: answer})

A daemon is a name, a tree of objects, interfaces and properties (signature, value), and methods that answer from their
arguments. Properties.Get and ObjectManager.GetManagedObjects read the tree; all else is an error, as of a real daemon.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_call, new_method_return
from jeepney.io.blocking import DBusConnection, open_dbus_connection

Tree = dict[str, dict[str, dict[str, tuple[str, Any]]]]
Method = Callable[..., tuple[str, Any]]

CONF = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><servicedir>{services}</servicedir><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/><allow user="*"/></policy></busconfig>
"""
ACTIVATED = """[D-BUS Service]
Name={name}
Exec=/bin/sh -c 'touch {mark}'
User=root
"""


class Daemon:
    """One name on the bus, answered by a thread; `asked` are the methods and properties that were asked for."""

    def __init__(self, address: str, name: str, tree: Tree, methods: dict[str, Method]) -> None:
        self.name, self.tree, self.methods, self.asked = name, tree, methods, list[str]()
        self._bus: DBusConnection = open_dbus_connection(address)
        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        self._bus.send_and_get_reply(new_method_call(bus, "RequestName", "su", (name, 0)), timeout=5)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The name goes; a second call does nothing."""
        if not self._thread.is_alive():
            return
        self._bus.sock.shutdown(2)
        self._thread.join(5)
        self._bus.close()

    def _serve(self) -> None:
        try:
            while True:
                message = self._bus.receive()
                if message.header.message_type == MessageType.method_call:
                    self._bus.send(self._answer(message))
        except (OSError, ConnectionError):
            return

    def _answer(self, message: Any) -> Any:
        fields = message.header.fields
        path, method = fields[HeaderFields.path], fields[HeaderFields.member]
        try:
            if method == "Get":
                interface, prop = message.body
                self.asked.append(f"{interface}.{prop}")
                return new_method_return(message, "v", (self.tree[path][interface][prop],))
            self.asked.append(method)
            if method == "GetManagedObjects" and path == "/":
                return new_method_return(message, "a{oa{sa{sv}}}", (self.tree,))
            signature, answer = self.methods[method](*message.body)
            return new_method_return(message, signature, (answer,))
        except KeyError as e:
            return new_error(message, "org.freedesktop.DBus.Error.UnknownProperty", "s", (str(e),))
        except PermissionError as e:
            return new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "s", (str(e),))


class MockBus:
    """A context manager; `env` is what leads to the bus."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bus"
        self._process: subprocess.Popen[bytes] | None = None
        self._daemons: list[Daemon] = []

    @property
    def env(self) -> dict[str, str]:
        return {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.path}"}

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def __enter__(self) -> Self:
        services = self.folder / "services"
        services.mkdir(exist_ok=True)
        conf = self.folder / "bus.conf"
        conf.write_text(CONF.format(path=self.path, services=services))
        argv = ["dbus-daemon", f"--config-file={conf}", "--nofork", "--nopidfile", "--print-address"]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert self._process.stdout
        assert self._process.stdout.readline(), "dbus-daemon did not start"
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in self._daemons:
            daemon.close()
        if self._process:
            self._process.terminate()
            self._process.wait(5)
            if self._process.stdout:
                self._process.stdout.close()

    def own(self, name: str, tree: Tree, methods: dict[str, Method] | None = None) -> Daemon:
        """A daemon of this name."""
        self._daemons.append(Daemon(self.env["DBUS_SYSTEM_BUS_ADDRESS"], name, tree, methods or {}))
        return self._daemons[-1]

    def startable(self, name: str) -> Path:
        """A daemon that the bus would start if it were asked for; the file that then appears."""
        mark = self.folder / f"{name}.started"
        (self.folder / "services" / f"{name}.service").write_text(ACTIVATED.format(name=name, mark=mark))
        return mark

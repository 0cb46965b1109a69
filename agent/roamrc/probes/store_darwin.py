"""configd's dynamic store by one `scutil` child: everything a look needs of it, at one moment. Floor 2."""

from __future__ import annotations

from collections.abc import Mapping

from ..formats import scutil
from ..formats.scutil import Node
from ..model import Hidden
from ..system import Ran, System

Store = Mapping[str, dict[str, Node]]
"""Key → its dictionary: `State:/Network/Global/IPv4` and so on; keys that are no dictionaries are left out."""

PATTERN = (
    "(State|Setup):/Network/(Global/IPv[46]|Service/[^/]+(/(IPv4|IPv6|DNS|DHCP|Interface))?"
    "|Interface/[^/]+/(IPv4|IPv6|Link|AirPort))"
)
"""Extended regular expression, matched whole (configd, pattern.c). No space and no backslash: scutil reads its line by words."""


def read(system: System) -> Store | Hidden:
    """The keys of PATTERN; {} where the store has none of them (offline since boot), Hidden where scutil gives no readable
    answer.

    `show … pattern` is one consistent answer (SCDynamicStoreCopyMultiple). Where it is not understood: `list`, then `show` for
    each key in a second child. scutil's exit code is 0 even on errors, so that only what it printed counts.
    """
    shown = ask(system, f"show {PATTERN} pattern\n")
    if isinstance(shown, Hidden):
        return shown
    for node in scutil.documents(shown):
        if isinstance(node, dict) and any(key.startswith(("State:/", "Setup:/")) for key in node):
            return {key: value for key, value in node.items() if isinstance(value, dict)}
    listed = ask(system, f"list {PATTERN}\n")
    if isinstance(listed, Hidden):
        return listed
    keys = [key for key in scutil.subkeys(listed) if not set("\n\r \"'\\") & set(key)]
    if not keys:
        return {} if "no keys" in listed else Hidden("scutil: no answer that can be read")
    each = ask(system, "".join(f"show {key}\n" for key in keys))
    if isinstance(each, Hidden):
        return each
    nodes = scutil.documents(each)
    if len(nodes) != len(keys):  # a key that holds no dictionary would put every later one under a wrong name
        return Hidden("scutil: its answers do not fit the questions")
    return {key: node for key, node in zip(keys, nodes, strict=True) if isinstance(node, dict)}


HELPER = 2.0
"""Seconds for a tool that only adds to the store; they take 5 to 50 ms, and one that hangs must not stop the agent for long."""


def ask(system: System, commands: str) -> str | Hidden:
    """What scutil prints for commands on its standard input."""
    ran = system.run([system.tool("scutil")], commands.encode())
    return ran.out.decode("utf-8", "replace") if isinstance(ran, Ran) else ran


def output(system: System, name: str, *arguments: str) -> str | Hidden:
    """What a program of the system prints on its standard output."""
    ran = system.run([system.tool(name), *arguments], timeout=HELPER)
    return ran.out.decode("utf-8", "replace") if isinstance(ran, Ran) else ran


def services(store: Store) -> list[str]:
    """The ids of all services that the state knows, sorted."""
    parts = (key.split("/") for key in store)
    return sorted({p[3] for p in parts if p[:3] == ["State:", "Network", "Service"] and len(p) == 5})


def interface_of(store: Store, service: str) -> str:
    """The interface a service runs over, "" where it is not told."""
    for family in ("IPv4", "IPv6", "DNS"):
        state = store.get(f"State:/Network/Service/{service}/{family}")
        if found := scutil.text(state, "InterfaceName") or scutil.text(state, "ConfirmedInterfaceName"):
            return found
    return scutil.text(store.get(f"Setup:/Network/Service/{service}/Interface"), "DeviceName")

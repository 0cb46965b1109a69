"""What is true of the network: `observe` picks the reader of this platform and gives one Network. Floor 2.

A reader is a module of this package with `read(system, patience) -> Network`, and one line in NATIVE. It raises OSError where the
machine denies it the means altogether; a fact that it can't tell is Hidden. `portable` (psutil, netifaces) answers only where
there is no native reader or it was denied, never beside one: its known wrong answers must not correct right ones.
"""

from __future__ import annotations

from ..model import Network
from ..slotted import dataclass, field
from ..system import System

NATIVE = {"linux": "linux", "darwin": "darwin"}
"""sys.platform to the module that reads it."""


@dataclass(slots=True)
class Means:
    """What a reader may use beside the system: the user's choices for the Wi-Fi's name (config.yaml, macOS alone), and a
    memory that lives as long as its owner (what does not change until the next boot, or was seen when)."""

    cached_scan: bool = False
    ssid_command: str | None = None
    memory: dict[str, str] = field(default_factory=dict)


def observe(system: System, patience: float = 0.0, means: Means | None = None) -> Network:
    """The network at this moment. Never raises: where nothing can be read, all facts are Hidden and `online` is true, so that the
    absence of evidence holds and removes no proxy.

    `patience` (s) is how long it may wait for the gateway's MAC after one harmless prod; with 0 it prods, and says "not answered
    yet". ROAMRC_READER=portable in the environment forces the portable reader (for tests, and to see what a sandbox would).
    """
    from . import place_linux

    means = means or Means()
    try:
        network = _read(system, patience, means)
    except Exception as e:  # a bug of ours, or a machine of the future: it must hold, not fall over
        network = place_linux.veil(Network(online=True), f"the reader failed: {type(e).__name__}", "nothing")
    if system.platform == "linux" and place_linux.wsl(system, means.memory):
        return place_linux.veil(network, place_linux.NAT, "osrelease names microsoft")
    return network


def _read(system: System, patience: float, means: Means) -> Network:
    from importlib import import_module

    name = NATIVE.get(system.platform)
    if name and system.env.get("ROAMRC_READER") != "portable":
        try:
            found = import_module(f"{__name__}.{name}").read(
                system, patience, means.cached_scan, means.ssid_command, means.memory
            )
            return found if isinstance(found, Network) else Network(online=True)
        except OSError:
            pass  # netlink denied (a sandbox, Android)
    from . import portable

    return portable.read(system)

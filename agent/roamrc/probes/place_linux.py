"""Where we stand: in WSL, a container, or behind a hypervisor's NAT the network seen is one the host made up, the same in every
café. Floor 2.

Each sign is a pair that nothing else has, since a wrong one blinds every profile: a MAC alone never is enough (52:54:00 is every
QEMU guest, an office's router may be a virtual machine).
"""

from __future__ import annotations

from collections.abc import MutableMapping

from ..formats.rtnetlink import Address, Link
from ..model import BEHIND_NAT, Hidden, Network
from ..slotted import replace
from ..system import System

NAT, CONTAINER = BEHIND_NAT, "in a container"


def kernel(system: System, name: str, memory: MutableMapping[str, str] | None = None) -> str:
    """One of the kernel's own words in /proc/sys/kernel that last until the next boot ("" where it is not told), read once where
    there is a `memory`."""
    if memory is not None and name in memory:
        return memory[name]
    raw = system.read(f"/proc/sys/kernel/{name}", 4096)
    word = raw.decode("ascii", "replace").strip() if isinstance(raw, bytes) else ""
    if memory is not None and word:
        memory[name] = word
    return word


def wsl(system: System, memory: MutableMapping[str, str] | None = None) -> bool:
    """Windows' Linux, which names microsoft in its kernel release (Microsoft's own advice for scripts)."""
    return "microsoft" in kernel(system, "osrelease", memory).lower()


def container(system: System) -> bool:
    """Docker (/.dockerenv) or Podman (/run/.containerenv) made this machine, and our network is that of its first process.

    The mark alone is not enough: it stays in a virtual machine made from an image (there our PID namespace is the kernel's first
    one, PID_NS_INIT_INO of linux/nsfs.h), and says nothing of one who stands in another network namespace than PID 1.
    """
    if not (system.stat("/.dockerenv") or system.stat("/run/.containerenv")):
        return False
    if system.readlink("/proc/self/ns/pid") == "pid:[4026531836]":
        return False
    first, ours = system.readlink("/proc/1/ns/net"), system.readlink("/proc/self/ns/net")
    return first is None or ours is None or first == ours


def hypervisor(gateway: bytes | None, gateway_mac: str, own: Link, addresses: tuple[Address, ...]) -> str | None:
    """The hypervisor whose NAT the gateway is, or None.

    VirtualBox NAT: 52:54:00:12:35:0N with N the address's last number (special_ethaddr in its slirp; the manual, 10.0.2.2); its
    NAT network has one MAC, …:00, for .1 and .2. QEMU's user network, VirtualBox 7, slirp4netns: 52:55 and the gateway's four
    bytes (libslirp). VMware NAT: gateway .2 (vmnetnat.conf) with a MAC above 00:50:56:e0, which VMware keeps for its own; ESXi
    gives up to bf. Hyper-V's Default Switch: a /20 of 172.16.0.0/12, both ends with Hyper-V's 00:15:5d. Parallels shared network:
    00:1c:42:00:00:18, its host end. libvirt's `default` network: 192.168.122.1, both ends with QEMU's 52:54:00.
    """
    if gateway is None or len(gateway) != 4:
        return None
    ours, host = own.mac, gateway[3]
    if (gateway_mac == f"52:54:00:12:35:{host:02x}" and host == 2) or (gateway_mac == "52:54:00:12:35:00" and host in (1, 2)):
        return "VirtualBox"
    if gateway_mac == "52:55:" + gateway.hex(":"):
        return "QEMU"
    if gateway_mac.startswith("00:50:56:") and gateway_mac[9] in "ef" and host == 2:
        return "VMware"
    if gateway_mac == "00:1c:42:00:00:18":
        return "Parallels"
    if gateway_mac.startswith("00:15:5d:") and ours.startswith("00:15:5d:"):
        twenty = any(len(a.raw) == 4 and a.length == 20 for a in addresses)
        return "Hyper-V" if twenty and gateway[0] == 172 and gateway[1] & 0xF0 == 16 else None
    if gateway == bytes((192, 168, 122, 1)) and gateway_mac.startswith("52:54:00:") and ours.startswith("52:54:00:"):
        return "libvirt"
    return None


def veil(network: Network, why: str, how: str, but: tuple[str, ...] = ("online",)) -> Network:
    """The network with every fact hidden but these; the link stays, for it is the machine's own."""
    hidden = Hidden(why)
    facts = ("interface", "kind", "ssid", "bssid", "dns_suffixes", "gateway", "gateway_mac", "addresses", "vpn")
    names = [n for n in facts if n not in but]
    via = {**{k: v for k, v in network.via.items() if k in but}, **dict.fromkeys(names, how)}
    return replace(network, **dict.fromkeys(names, hidden), via=via)  # type: ignore[arg-type]

"""An hour of a busy laptop in some seconds, in two network namespaces of its own; prints what of it reaches an agent, as JSON.

Runs as `chatter.py`, in a fresh network namespace (unshare --net). eth0 is the laptop's cable to a router that advertises IPv6
every ten seconds; containers come and go on a bridge; a sniffer opens and closes; DHCP renews; neighbours change all the time.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

from roamrc.sources import netlink_linux

ROUTER = "00:00:5e:00:53:01"
ADVERTS, CONTAINERS, NEIGHBOURS, SNIFFERS, RENEWALS = 360, 30, 1000, 20, 2


def ip(*lines: str) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True, capture_output=True)


def enter(space: int) -> None:
    """Stand in this network namespace (os.setns is of Python 3.12)."""
    if ctypes.CDLL(None).setns(space, 0x40000000):
        raise OSError("setns")


def advert(lifetime: int) -> bytes:
    """A router advertisement (RFC 4861, 4.2) with one on-link, autonomous prefix; the checksum is the kernel's work."""
    prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:1::")
    head = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    return head + struct.pack("!BBBBIII", 3, 4, 64, 0xC0, lifetime, lifetime // 2, 0) + prefix


class Ears:
    """The agent's source, and a subscription without its filter beside it."""

    def __init__(self) -> None:
        self.source = netlink_linux.Netlink()
        self.plain = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        self.plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.plain.bind((0, netlink_linux.GROUPS | 0x4))
        self.told: dict[str, list[int]] = {}

    def card(self, there: bool) -> None:
        """A card comes or goes, by the word that the kernel would have for it: a namespace can be given none."""
        attributes = struct.pack("=HH8sHH8s", 12, 3, b"wlan9\0\0\0", 12, 56, b"0000:00\0")  # IFLA_IFNAME, IFLA_PARENT_DEV_NAME
        self.source._news.stirs(16 if there else 17, struct.pack("=BxHiII", 0, 1, 9999, 0x11043, 0xFFFFFFFF) + attributes)

    def hear(self, what: str, quiet: float = 0.05) -> None:
        """Everything that is said until it is quiet: messages, wake-ups of the process, looks."""
        counts = self.told.setdefault(what, [0, 0, 0])
        poll = select.poll()
        poll.register(self.source, select.POLLIN)
        while poll.poll(quiet * 1000):
            counts[1] += 1
            counts[2] += bool(self.source.drain())
        try:
            while data := self.plain.recv(1 << 17):
                counts[0] += sum(1 for _ in netlink_linux.messages(data))
        except BlockingIOError:
            return


def container(n: int, at_router: list[str], ears: Ears, what: str) -> None:
    """One comes and goes, as docker does it."""
    ip(f"link add v{n} type veth peer name c{n}", f"link set v{n} master br0", f"link set c{n} netns {at_router[2]}")
    ip(f"link set v{n} up")
    subprocess.run([*at_router, "ip", "link", "set", f"c{n}", "up"], check=True)
    ears.hear(what, 0.02)
    ip(f"link del v{n}")
    ears.hear(what, 0.02)


def main() -> None:
    with open("/proc/sys/net/ipv6/conf/default/accept_ra", "w") as f:
        f.write("1")
    router = subprocess.Popen(["unshare", "--net", "sleep", "600"])
    while os.readlink(f"/proc/{router.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
        time.sleep(0.01)
    try:
        ip(
            "link set lo up",
            f"link add eth0 type veth peer name r0 address {ROUTER} netns {router.pid}",
            "link set eth0 up",
            "addr add 10.1.1.5/24 dev eth0 valid_lft 3600 preferred_lft 3600",
        )
        at_router = ["nsenter", "-t", str(router.pid), "-n"]
        subprocess.run([*at_router, "ip", "link", "set", "r0", "up"], check=True)
        with open(f"/proc/{router.pid}/ns/net") as there, open("/proc/self/ns/net") as here:
            enter(there.fileno())
            s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            index = socket.if_nametoindex("r0")
            enter(here.fileno())
        ears = Ears()
        for _ in range(200):  # until both ends have their link-local addresses, and the first advert made its address and route
            time.sleep(0.05)
            try:
                s.sendto(advert(7200), ("ff02::1", 0, 0, index))
            except OSError:
                continue
            text = subprocess.run(["ip", "-6", "addr"], capture_output=True, text=True, check=True).stdout
            if "2001:db8:1:" in text and "tentative" not in text:
                break
        ears.hear("start", 1.0)
        for n in range(ADVERTS):
            s.sendto(advert(7200 + n), ("ff02::1", 0, 0, index))
            ears.hear("router advertisements", 0.005)
        ears.hear("router advertisements", 0.3)
        ip("link add br0 type bridge", "link set br0 up", "addr add 172.17.0.1/16 dev br0")
        ears.hear("the bridge", 1.2)
        for n in range(CONTAINERS):
            container(n, at_router, ears, "a lone container each time")
        ears.card(True)
        for n in range(CONTAINERS):
            container(n, at_router, ears, "a lone container each time, with a card")
        ears.card(False)
        ip(f"link add stays type veth peer name c netns {router.pid}", "link set stays master br0", "link set stays up")
        subprocess.run([*at_router, "ip", "link", "set", "c", "up"], check=True)
        ears.hear("one container stays", 1.2)
        for n in range(CONTAINERS):
            container(n, at_router, ears, "containers beside it")
        for n in range(NEIGHBOURS // 100):
            ip(*(f"neigh replace 10.1.1.{x} lladdr 02:00:00:00:{n:02x}:{x:02x} dev eth0 nud stale" for x in range(10, 110)))
            ears.hear("neighbours", 0.01)
        for _ in range(SNIFFERS):
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sniffer:
                sniffer.bind(("eth0", 3))
                member = struct.pack("iHH8s", socket.if_nametoindex("eth0"), 1, 0, b"")  # PACKET_MR_PROMISC
                sniffer.setsockopt(263, 1, member)
                ears.hear("sniffers", 0.01)
            ears.hear("sniffers", 0.01)
        for n in range(RENEWALS):
            ip(f"addr change 10.1.1.5/24 dev eth0 valid_lft {3600 - n} preferred_lft {3600 - n}")
            ears.hear("DHCP renewals")
        ip("route add default via 10.1.1.1")
        ears.hear("a new default route")
        print(json.dumps(ears.told))
    finally:
        router.kill()
        router.wait()


if __name__ == "__main__":
    sys.exit(main())

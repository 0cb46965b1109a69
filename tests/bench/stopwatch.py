"""On the lab's laptop: makes a change of network happen and watches npm's file by inotify. `stopwatch.py NPMRC INTERFACE`, one
JSON request a line on stdin, one answer a line on stdout. Stands alone, on the standard library.

All times are milliseconds of CLOCK_MONOTONIC from just before the system call that makes the last deciding fact true: the rename
of resolv.conf, the message that adds or deletes the tunnel's route. Addresses and routes of a roam are made right before it, as a
DHCP client does, so whoever looks at each change may still be busy with them.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

CREATE, MODIFY, CLOSE_WRITE, MOVED_TO, DELETE = 0x100, 0x2, 0x8, 0x80, 0x200
QUIET = 0.15
"""Seconds without an event of the file after which a right file counts as right for good."""

PLACES = {
    "office": ("10.10.0.50", "10.10.0.1", "search corp.test\nnameserver 10.10.0.1\n"),
    "home": ("192.168.1.50", "192.168.1.1", "search lan\nnameserver 192.168.1.1\n"),
}


def keys(text: bytes) -> dict[bytes, bytes]:
    lines = [line.partition(b"=") for line in text.splitlines() if b"=" in line and line[:1] not in b"#;"]
    return {k.strip(): v.strip() for k, _, v in lines}


def route(kind: int, flags: int, index: int) -> bytes:
    """RTM_NEWROUTE (24) or RTM_DELROUTE (25) of 10.10.0.0/24 over an interface."""
    body = struct.pack("=BBBBBBBBI", 2, 24, 0, 0, 254, 4, 253, 1, 0)
    body += struct.pack("=HH4s", 8, 1, bytes((10, 10, 0, 0))) + struct.pack("=HHI", 8, 4, index)
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body


class Laptop:
    def __init__(self, npmrc: str, interface: str) -> None:
        self.npmrc, self.interface = npmrc, interface
        libc = ctypes.CDLL(None, use_errno=True)
        self.events = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        libc.inotify_add_watch(self.events, os.path.dirname(npmrc).encode(), CREATE | MODIFY | CLOSE_WRITE | MOVED_TO | DELETE)
        self.name = os.path.basename(npmrc).encode()
        self.tunnel = -1
        self.kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)

    # ---- facts -----------------------------------------------------------------------------------------------------

    def ip(self, *lines: str) -> None:
        subprocess.run(
            ["ip", "-force", "-batch", "-"], input="\n".join(lines) + "\n", text=True, capture_output=True, check=False
        )

    def carrier(self) -> None:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            with open(f"/sys/class/net/{self.interface}/operstate") as f:
                if f.read().strip() == "up":
                    return
            time.sleep(0.002)

    def resolv(self, text: str) -> Callable[[], object]:
        with open("/etc/resolv.conf.new", "w") as f:
            f.write(text)
        return lambda: os.rename("/etc/resolv.conf.new", "/etc/resolv.conf")

    def settle(self, place: str) -> Callable[[], object]:
        """All facts of a place but the last, which is handed back."""
        address, gateway, text = PLACES[place]
        last = self.resolv(text)
        self.carrier()
        i = self.interface
        self.ip(f"addr flush dev {i}", f"addr add {address}/24 dev {i}", f"route replace default via {gateway} dev {i}")
        return last

    def offline(self) -> None:
        self.ip(f"addr flush dev {self.interface}")
        self.resolv("")()

    def vpn_up(self) -> Callable[[], object]:
        self.tunnel = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.tunnel, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))
        self.ip("link set tun0 up", "addr add 10.99.0.2/32 dev tun0")
        message = route(24, 0x1 | 0x400 | 0x100, socket.if_nametoindex("tun0"))
        return lambda: self.kernel.sendto(message, (0, 0))

    def vpn_down(self) -> Callable[[], object]:
        message = route(25, 0x1, socket.if_nametoindex("tun0"))
        return lambda: self.kernel.sendto(message, (0, 0))

    # ---- the file --------------------------------------------------------------------------------------------------

    def text(self) -> bytes:
        try:
            with open(self.npmrc, "rb") as f:
                return f.read()
        except FileNotFoundError:
            return b""

    def change(self, move: str, want: str | None, limit: float, spawn: list[str]) -> dict[str, Any]:
        """Makes the move (and starts `spawn` at that moment, as a dispatcher at its best would) and watches.

        `first`: npm would go the right way; `right`: both keys are; `good`: and nothing came after; None where that was not
        within `limit` seconds. `torn`: how often the user's own setting was missing when the file was read.
        """
        last = {"vpn up": self.vpn_up, "vpn down": self.vpn_down}[move]() if move.startswith("vpn") else self.settle(move)
        wanted = want.encode() if want else None
        self.drained()
        poll = select.poll()
        poll.register(self.events, select.POLLIN)
        first = right = good = None
        torn = events = 0
        begin = time.monotonic()
        last()
        started = subprocess.Popen(spawn, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) if spawn else None
        while True:
            now = time.monotonic()
            end = begin + limit if right is None else max(good or 0.0, begin) + QUIET
            if now >= end:
                break
            if not poll.poll((end - now) * 1000 + 1):
                continue
            now = time.monotonic()
            if not self.drained():
                continue
            text = self.text()
            events += 1
            found = keys(text)
            torn += b"registry" not in found
            proxies = found.get(b"https-proxy"), found.get(b"proxy")
            whole = b"registry" in found  # an empty or half-written file is nobody's right one
            if first is None and whole and (proxies[0] or proxies[1]) == wanted:
                first = now
            is_right = whole and proxies == (wanted, wanted)
            if is_right and right is None:
                right = now
            good = now if is_right else None
        if started:
            started.wait()
        if move == "vpn down":
            os.close(self.tunnel)
        times = {"first": first, "right": right, "good": good}
        ms = {k: None if t is None else round((t - begin) * 1e3, 3) for k, t in times.items()}
        return {**ms, "torn": torn, "events": events}

    def drained(self) -> bool:
        ours = False
        while True:
            try:
                data = os.read(self.events, 1 << 16)
            except BlockingIOError:
                return ours
            at = 0
            while at < len(data):
                _, _, _, size = struct.unpack_from("iIII", data, at)
                ours = ours or data[at + 16 : at + 16 + size].rstrip(b"\0") == self.name
                at += 16 + size


def main() -> None:
    laptop = Laptop(sys.argv[1], sys.argv[2])
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["move"] == "offline":
            laptop.offline()
            print(json.dumps({}), flush=True)
        else:
            print(json.dumps(laptop.change(**asked)), flush=True)


if __name__ == "__main__":
    main()

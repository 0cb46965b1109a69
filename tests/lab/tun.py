"""A VPN: plain IP packets in UDP, tun0 at both ends (lab only: no encryption).

`tun.py server ADDRESS…` is the gateway, one public address for each network that it can be reached from.
`tun.py client NAME full|split` is the laptop's end: full routes all traffic (0/1 and 128/1), split only 10.10.0.0/24.
It brings the suffix corp.test and the office's DNS into resolv.conf (renamed over, the old servers kept behind it when split) and
puts the old file back at SIGTERM; at SIGKILL, as with any VPN, not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys

ROUTES = {"full": ["0.0.0.0/1", "128.0.0.0/1"], "split": ["10.10.0.0/24"]}


def tun(name: str = "tun0") -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
    return fd


def ip(*cmds: str) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(cmds), text=True, check=True)


def readable(*files: int | socket.socket) -> list[int | socket.socket]:
    return select.select(files, [], [])[0]


def server(*addresses: str) -> None:
    fd = tun()
    ip("addr add 10.99.0.1/24 dev tun0", "link set tun0 mtu 1400 up")
    socks: list[socket.socket] = []
    for a in addresses:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((a, 1194))
        socks.append(s)
    peer: tuple[socket.socket, tuple[str, int]] | None = None
    while True:
        for r in readable(fd, *socks):
            if isinstance(r, int):
                data = os.read(fd, 2048)
                if peer:
                    with contextlib.suppress(OSError):  # the laptop is not to be reached: drop
                        peer[0].sendto(data, peer[1])
            else:
                data, where = r.recvfrom(2048)
                peer = (r, where)
                if data == b"hello":
                    r.sendto(b"welcome", where)
                else:
                    os.write(fd, data)


def hello(s: socket.socket) -> None:
    s.settimeout(1)
    for _ in range(5):
        try:
            s.send(b"hello")
            if s.recv(100) == b"welcome":
                return s.settimeout(None)
        except OSError:
            pass
    sys.exit("no answer from the VPN gateway")


def write_resolv(text: str) -> None:
    if os.path.islink("/etc/resolv.conf"):
        return  # resolved's: whoever started this tells it (networkd.tunnel)
    with open("/etc/resolv.conf.vpn", "w") as f:
        f.write(text)
    os.rename("/etc/resolv.conf.vpn", "/etc/resolv.conf")


def resolv_with_vpn(old: str) -> str:
    """The office's suffix and server before the old ones, on one `search` line: of several only the last is in force."""
    lines = [x.split() for x in old.splitlines() if x.strip()]
    suffixes = [w for x in lines if x[0] == "search" for w in x[1:]] or [w for x in lines if x[0] == "domain" for w in x[1:]]
    servers = [x[1] for x in lines if x[0] == "nameserver"]
    return "".join(["search ", " ".join(["corp.test", *suffixes]), "\n", *(f"nameserver {s}\n" for s in ["10.10.0.1", *servers])])


def client(name: str, mode: str) -> None:
    addr = socket.gethostbyname(name)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((addr, 1194))
    hello(s)
    via = subprocess.run(["ip", "-o", "route", "get", addr], capture_output=True, text=True, check=True).stdout.split()
    hop = f"via {via[via.index('via') + 1]} " if "via" in via else ""
    host = f"route replace {addr}/32 {hop}dev {via[via.index('dev') + 1]}"
    fd = tun()
    ip("addr add 10.99.0.2/24 dev tun0", "link set tun0 mtu 1400 up", host, *[f"route add {r} dev tun0" for r in ROUTES[mode]])
    with open("/etc/resolv.conf") as f:
        old = f.read()
    write_resolv(resolv_with_vpn(old if mode == "split" else ""))

    def leave(*_: object) -> None:
        subprocess.run(["ip", "route", "del", f"{addr}/32"], stderr=subprocess.DEVNULL, check=False)
        os.close(fd)  # tun0 and its routes go with it
        write_resolv(old)
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    print("up", flush=True)
    while True:
        for r in readable(fd, s):
            try:
                if isinstance(r, int):
                    s.send(os.read(fd, 2048))
                else:
                    os.write(fd, s.recv(2048))
            except OSError:  # the base network is away: drop, as a real VPN does
                pass


if __name__ == "__main__":
    (server if sys.argv[1] == "server" else client)(*sys.argv[2:])

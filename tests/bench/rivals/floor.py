"""The floor: a bare Python loop on netlink and on resolv.conf's folder that writes, fsyncs and renames the right bytes. It keeps
nothing of the user's, knows no profiles and remembers nothing. `floor.py NPMRC OFFICE HOME [safe|poll]`, files with the bytes.

safe: with what no writer that promises not to lose anything can leave out: what is about to be done is on disk before, the file
is read again just before the rename, and the folder is on disk after it. poll: no events, a look every five seconds.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import sys
import time


def main() -> None:
    npmrc, office, home, *rest = sys.argv[1:]
    how = rest[0] if rest else ""
    with open(office, "rb") as f:
        a = f.read()
    with open(home, "rb") as f:
        b = f.read()
    folder = os.path.dirname(npmrc)
    temp, note = f"{folder}/.npmrc.tmp", f"{folder}/.note"
    poll = select.poll()
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
    libc = ctypes.CDLL(None)
    names = libc.inotify_init1(os.O_NONBLOCK)
    if how != "poll":
        kernel.bind((0, 0x1 | 0x10 | 0x40))
        libc.inotify_add_watch(names, b"/etc", 0x80 | 0x8)
        poll.register(kernel, select.POLLIN)
        poll.register(names, select.POLLIN)
    written = b""
    print("ready", flush=True)
    while True:
        with open("/etc/resolv.conf", "rb") as f:
            suffix = f.read()
        with open("/proc/net/route", "rb") as f:
            tunnel = f.read()
        wanted = a if b"corp.test" in suffix or b"tun0" in tunnel else b if b"lan" in suffix else written
        if wanted != written:
            if how == "safe":
                durable(f"{note}~", note, wanted[:200])
                with open(npmrc, "rb") as f:
                    f.read()
                durable(temp, npmrc, wanted)
            else:
                fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                os.write(fd, wanted)
                os.fsync(fd)
                os.close(fd)
                os.rename(temp, npmrc)
            written = wanted
        if how == "poll":
            time.sleep(5)
            continue
        poll.poll()
        for fd in (kernel.fileno(), names):
            try:
                while True:
                    os.read(fd, 1 << 16)
            except BlockingIOError:
                pass


def durable(temp: str, path: str, data: bytes) -> None:
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)
    os.rename(temp, path)
    fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)


if __name__ == "__main__":
    main()

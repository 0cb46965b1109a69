"""A small forward proxy with basic auth, where squid is not to be had: `proxy.py ADDRESS PORT USER PASSWORD LOG`.

Names are looked up in the environment: LAB_HOSTS=name=address,…
"""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import sys
import threading
import time

NEED_LOGIN = b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="corp"\r\nContent-Length: 0\r\n\r\n'


def pump(a: socket.socket, b: socket.socket) -> None:
    """Bytes from one socket to the other until the first ends."""
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    with contextlib.suppress(OSError):
        b.shutdown(socket.SHUT_WR)


def read_head(c: socket.socket) -> tuple[str, list[str], bytes] | None:
    """The request line, the header lines and what came after them."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = c.recv(65536)
        if not data:
            return None
        head += data
    head, _, rest = head.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin1").split("\r\n")
    return first, lines, rest


def serve(c: socket.socket, good: str, user: str, log: str, hosts: dict[str, str]) -> None:
    with c:
        head = read_head(c)
        if not head:
            return
        first, lines, rest = head
        method, target, _ = first.split(" ", 2)
        auth = next((x.split(":", 1)[1].strip() for x in lines if x.lower().startswith("proxy-authorization:")), None)
        code = 200 if auth == good else 407
        with open(log, "a") as f:
            what = "TCP_DENIED" if code == 407 else "TCP_TUNNEL" if method == "CONNECT" else "TCP_MISS"  # squid's words
            print(f"{time.time():.3f} {what}/{code} {method} {target} {user if code == 200 else '-'}", file=f)
        if code == 407:
            c.sendall(NEED_LOGIN)
            return
        host, _, port = (target if method == "CONNECT" else target.split("/", 3)[2]).partition(":")
        try:
            up = socket.create_connection((hosts.get(host, host), int(port or 80)), 10)
        except OSError as e:
            c.sendall(f"HTTP/1.1 503 {e}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        with up:
            if method == "CONNECT":
                c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                up.sendall(rest)
            else:
                keep = [x for x in lines if not x.lower().startswith(("proxy-", "connection:"))]
                path = "/" + [*target.split("/", 3), ""][3]
                up.sendall(
                    "\r\n".join([f"{method} {path} HTTP/1.1", *keep, "Connection: close", "Via: 1.1 lab", "", ""]).encode(
                        "latin1"
                    )
                    + rest
                )
            threading.Thread(target=pump, args=(c, up), daemon=True).start()
            pump(up, c)


def main(addr: str, port: str, user: str, password: str, log: str) -> None:
    hosts = dict(x.split("=") for x in os.environ.get("LAB_HOSTS", "").split(",") if x)
    good = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    with socket.create_server((addr, int(port)), backlog=64) as s:
        while True:
            threading.Thread(target=serve, args=(s.accept()[0], good, user, log, hosts), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Who stands behind every name where the DNS lies: `trap.py liar|portal ADDRESS LOG TLS`.

liar    a proxy on :3128 that asks for the login (407) and, given any, lets everything "through"; :80 and :443 as well
portal  a captive portal: :80 redirects to its page, :443 has a certificate that nobody signed, no proxy
What is said becomes lines of JSON in LOG: {port, tls, first, headers}; `first` is null for a TLS handshake broken off.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading

LOCK = threading.Lock()
ASK = b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="corp"\r\nContent-Length: 0\r\n\r\n'
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\nplease sign in"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://portal.cafe.test/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def head_of(c: socket.socket) -> tuple[str, dict[str, str]] | None:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 65536:
        data = c.recv(65536)
        if not data:
            return None
        head += data
    first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin1").split("\r\n")
    return first, {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)}


def serve(c: socket.socket, mode: str, port: int, log: str, context: ssl.SSLContext) -> None:
    def note(first: str | None, headers: dict[str, str]) -> None:
        with LOCK, open(log, "a") as f:
            print(json.dumps({"port": port, "tls": port == 443, "first": first, "headers": headers}), file=f)

    c.settimeout(30)
    try:
        if port == 443:
            try:
                c = context.wrap_socket(c, server_side=True)
            except OSError:
                return note(None, {})
        if head := head_of(c):
            note(*head)
            if port == 3128 and "proxy-authorization" not in head[1]:
                c.sendall(ASK)
                return None
            if head[0].startswith("CONNECT "):  # and then hear what was meant for the registry
                c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                return note(f"{len(c.recv(65536))} bytes for {head[0].split()[1]}", {})
            c.sendall(MOVED if mode == "portal" and head[1].get("host") != "portal.cafe.test" else PAGE)
            return None
    except OSError:
        pass
    finally:
        c.close()
    return None


def main(mode: str, addr: str, log: str, tls: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{tls}/cert.pem", f"{tls}/key.pem")

    def listen(port: int) -> None:
        with socket.create_server((addr, port), backlog=64) as s:
            while True:
                threading.Thread(target=serve, args=(s.accept()[0], mode, port, log, context), daemon=True).start()

    for port in (443, 3128) if mode == "liar" else (443,):
        threading.Thread(target=listen, args=(port,), daemon=True).start()
    listen(80)


if __name__ == "__main__":
    main(*sys.argv[1:])

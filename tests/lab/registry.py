"""A toy npm registry over http and, given a folder with cert.pem and key.pem, https: `registry.py corp|public ADDRESS LOG [TLS]`.

It has lab-hello@1.0.0, and the corp one @corp/internal@2.0.0 as well; each request becomes a line of JSON in LOG.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import socketserver
import ssl
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEPT = ("host", "user-agent", "authorization", "proxy-authorization", "via", "x-forwarded-for")
WPAD = b'function FindProxyForURL(u,h){if(dnsDomainIs(h,".corp.test"))return "DIRECT";return "PROXY proxy.corp.test:3128";}'


def tarball(name: str, version: str) -> bytes:
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w:gz") as t:
        for file, text in (
            ("package/package.json", json.dumps({"name": name, "version": version, "main": "index.js"})),
            ("package/index.js", f"module.exports = 'hello from {name}'\n"),
        ):
            info = tarfile.TarInfo(file)
            info.size = len(text.encode())
            t.addfile(info, io.BytesIO(text.encode()))
    return buf.getvalue()


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    which = ""
    log = ""
    lock = threading.Lock()
    packages: dict[str, tuple[str, bytes]] = {}  # noqa: RUF012  (set once in main)

    def log_message(self, *_: object) -> None:
        pass

    @property
    def tls(self) -> bool:
        return isinstance(self.connection, ssl.SSLSocket)

    def answer(self, code: int, body: Any, ctype: str = "application/json") -> None:
        headers = {k.lower(): v for k, v in self.headers.items() if k.lower() in KEPT}
        line = {
            "t": round(time.monotonic(), 3),
            "client": self.client_address[0],
            "method": self.command,
            "path": self.path,
            "tls": self.tls,
            "code": code,
            "headers": headers,
        }
        with self.lock, open(self.log, "a") as f:
            print(json.dumps(line), file=f)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("content-type", ctype)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        path = self.path.split("?")[0].replace("%2f", "/").replace("%2F", "/").strip("/")
        if path == "wpad.dat":
            return self.answer(200, WPAD, "application/x-ns-proxy-autoconfig")
        if path == "-/ping":
            return self.answer(200, {})
        if path == "generate_204":
            return self.answer(204, b"")
        for name, (version, tgz) in self.packages.items():
            if path == name:
                return self.answer(200, self.document(name, version, tgz))
            if path.startswith(f"{name}/-/"):
                return self.answer(200, tgz, "application/octet-stream")
        return self.answer(404, {"error": "not found"})

    def document(self, name: str, version: str, tgz: bytes) -> dict[str, Any]:
        base = f"{'https' if self.tls else 'http'}://{self.headers.get('host') or self.client_address[0]}"
        dist = {
            "tarball": f"{base}/{name}/-/{name.split('/')[-1]}-{version}.tgz",
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(tgz).digest()).decode(),
            "shasum": hashlib.sha1(tgz).hexdigest(),
        }
        entry = {"name": name, "version": version, "dist": dist, "labRegistry": self.which}
        return {"name": name, "dist-tags": {"latest": version}, "versions": {version: entry}}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.answer(200, {})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:  # HTTPServer's own asks the DNS for its name and may wait for seconds
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


def main(which: str, addr: str, log: str, tls: str = "") -> None:
    Registry.which, Registry.log = which, log
    Registry.packages = {"lab-hello": ("1.0.0", tarball("lab-hello", "1.0.0"))}
    if which == "corp":
        Registry.packages["@corp/internal"] = ("2.0.0", tarball("@corp/internal", "2.0.0"))
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{tls}/cert.pem", f"{tls}/key.pem")
        secure = Server((addr, 443), Registry)
        secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=secure.serve_forever, daemon=True).start()
    Server((addr, 80), Registry).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

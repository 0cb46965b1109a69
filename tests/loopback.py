"""Servers on loopback for the tests of what asks the network: each connection is handed to a function, in a thread."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Talk = Callable[[socket.socket], None]


class Stand:
    """`port` of 127.0.0.1; what each client said first is in `heard`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[bytes] = []


@contextlib.contextmanager
def stand(reply: bytes | None, tls: ssl.SSLContext | None = None) -> Iterator[Stand]:
    """A server that reads the head of a request and answers `reply`: b"" closes, None stays silent until the end of the test."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Stand(listener.getsockname()[1])

        def talk(client: socket.socket) -> None:
            with client, contextlib.suppress(OSError):
                client.settimeout(10)
                s = tls.wrap_socket(client, server_side=True) if tls else client
                text = b""
                while b"\r\n\r\n" not in text and (chunk := s.recv(4096)):
                    text += chunk
                made.heard.append(text)
                if reply is None:
                    over.wait(10)
                else:
                    s.sendall(reply)
                s.close()

        def serve() -> None:
            while True:
                try:
                    client = listener.accept()[0]
                except OSError:
                    return
                threading.Thread(target=talk, args=(client,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@contextlib.contextmanager
def full() -> Iterator[int]:
    """A port whose queue is full, so that the kernel drops what knocks: packets are lost, as behind a firewall."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = int(listener.getsockname()[1])
        for _ in range(8):
            s = stack.enter_context(socket.socket())
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", port))
        yield port


def closed_port() -> int:
    """A port that refuses."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return int(s.getsockname()[1])


class Papers:
    """A root of one's own and what it signed: `ca` is its file, `context(name)` a server that shows a certificate for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = str(folder / "ca.pem")
        folder.mkdir()
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=a root of the tests", "-keyout", "ca.key", "-out", "ca.pem",
                      "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip

    def context(self, name: str, days: int = 2) -> ssl.SSLContext:
        """A server's side of TLS with a certificate for this DNS name."""
        (self.folder / "ext").write_text(f"subjectAltName=DNS:{name}\nbasicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                      "-keyout", "s.key", "-out", "s.csr")  # fmt: skip
        self._openssl("x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                      "-extfile", "ext", "-days", str(days), "-out", "s.pem")  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "s.pem", self.folder / "s.key")
        return context

    def _openssl(self, *words: str) -> None:
        p = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True, check=False)
        assert p.returncode == 0, p.stderr


def papers(folder: Path) -> Papers:
    """Certificates made now, by openssl."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return Papers(folder / "papers")

"""The child's side of `health`: a proxy's name, TCP and first answer, each within its limit. Runs in a process of its own
(`child`), never in the agent. Floor 2.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from . import dial

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

Told = tuple[str, str]
"""What happened (one of health's sentences, "ok" or "unknown"), and a detail."""


def answer(request: object) -> object:
    """[what, detail] of a proxy being tried."""
    assert isinstance(request, dict)
    connect, reply = request["limits"]
    told = dial.within(connect + reply, [lambda say: _try(request, float(connect), float(reply), say)])[0]
    return told or ("unknown", "no answer")


def _try(request: Mapping[str, object], connect: float, reply: float, say: Callable[[Told], None]) -> None:
    proxy = request["proxy"]
    assert isinstance(proxy, list)
    scheme, host, port = str(proxy[0]), str(proxy[1]), int(proxy[2])
    end = time.monotonic() + connect
    say(("unresolvable", "the name server gives no answer"))
    try:
        places = dial.resolve(host, port)
        say(("dropped", ""))
        plain = dial.connect(places, max(0.1, end - time.monotonic()), str(request["platform"]))
    except dial.Failed as e:
        say(("unresolvable" if e.why == "no-dns" else e.why, e.text))
        return
    say(("silent", ""))
    with plain:
        say(_told(plain, scheme, host, request, time.monotonic() + reply))


def _told(plain: socket.socket, scheme: str, host: str, request: Mapping[str, object], end: float) -> Told:
    import ssl

    try:
        plain.settimeout(max(0.1, end - time.monotonic()))
        if scheme == "https":
            ca = request["ca"]
            plain = dial.verified(None if ca is None else str(ca)).wrap_socket(plain, server_hostname=host)
        target = request["target"]
        assert isinstance(target, list)
        plain.sendall(_request(target, request["login"]))
        head = dial.head(plain, end)
    except TimeoutError:
        return "silent", ""
    except ssl.SSLCertVerificationError as e:
        return "tls", f"the certificate is not verified, {e.verify_message}"
    except ssl.SSLError as e:
        return "tls", str(e.reason or "it does not speak TLS").lower().replace("_", " ")
    except FileNotFoundError:
        return "tls", "the ca file is not there"
    except OSError as e:
        return "closed", os.strerror(e.errno or 0)
    finally:
        plain.close()
    if not head:
        return "closed", ""
    told = judged(dial.status(head), target[0] == "https")
    # npm's built-in registry is not ours to name: the proxy was asked for itself, and what it thinks of that is its own affair
    return told if request["named"] or told[0] not in ("403", "5xx") else ("ok", "")


def _request(target: list[object], login: object) -> bytes:
    host = f"[{target[1]}]" if ":" in str(target[1]) else str(target[1])
    place = f"{host}:{target[2]}"
    line = f"CONNECT {place}" if target[0] == "https" else f"HEAD http://{place}/"
    secret = f"Proxy-Authorization: Basic {login}\r\n" if login else ""
    return f"{line} HTTP/1.1\r\nHost: {place}\r\n{secret}Connection: close\r\n\r\n".encode()


def judged(code: int | None, tunnel: bool) -> Told:
    """What the answer to CONNECT (*tunnel*) or to the HEAD of an http registry says about the proxy. To a HEAD the registry
    itself may have answered, so only what a proxy alone says counts then: 407, 502, 503, 504."""
    if code is None:
        return "no-proxy", "something that is not HTTP"
    if code == 407:
        return "407", ""
    if code in (502, 503, 504) or (tunnel and code >= 500):
        return "5xx", str(code)
    if not tunnel:
        return ("unknown", "403, from the proxy or from the registry") if code == 403 else ("ok", "")
    if 200 <= code < 300:
        return "ok", ""
    if code == 403:
        return "403", ""
    return ("portal" if 300 <= code < 400 else "no-proxy"), str(code)

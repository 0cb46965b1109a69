"""A TCP connection to whichever address answers first, and why there is none: for the children that ask the network. Floor
2."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias, TypeVar

    T = TypeVar("T")
    import ssl

Why: TypeAlias = "Literal['unresolvable', 'no-dns', 'refused', 'unreachable', 'dropped', 'unknown']"
Place = tuple[int, str, int]  # family, address, port

ROOTS = (
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)
"""Where systems keep their roots. python.org's macOS Python looks in its own framework folder, which is empty until a script
was run."""


class Failed(Exception):
    """No connection: `why` for the program, `text` for people."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why: Why = why
        self.text = text


def resolve(host: str, port: int = 0) -> list[Place]:
    """The addresses of *host* in the resolver's order (hosts file, search list and all); it may take as long as the resolver
    likes.

    Raises Failed: `unresolvable` the answer is that there is no such name (or no address), `no-dns` there was no answer.
    macOS says the former also where no server answers (getaddrinfo(3) there gives EAI_NONAME for both).
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as e:
        absent = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        if e.errno in absent:
            raise Failed("unresolvable", "no such name") from None
        raise Failed("no-dns", "the name server gives no answer") from None
    except (UnicodeError, OSError, ValueError):
        raise Failed("unresolvable", "not a name that can be resolved") from None
    families = (socket.AF_INET, socket.AF_INET6)
    places = [(family, str(place[0]), int(place[1])) for family, _, _, _, place in found if family in families]
    if not places:
        raise Failed("unresolvable", "no address")
    return list(dict.fromkeys(places))


def connect(places: Sequence[Place], limit: float, platform: str) -> socket.socket:
    """Dials the first six addresses at once; the first that answers wins. *limit* is in seconds, for all together.

    Raises Failed, with the most telling of the failures. At once, because a name with one dead IPv6 address is common.
    """
    import select

    poller, open_ = select.poll(), {}
    end = time.monotonic() + limit
    errors: list[int] = []
    try:
        for family, address, port in places[:6]:
            s = socket.socket(family, socket.SOCK_STREAM)
            s.setblocking(False)
            open_[s.fileno()] = s
            poller.register(s, select.POLLOUT)
            try:
                s.connect((address, port))
            except BlockingIOError:
                continue
            except OSError as e:
                errors.append(e.errno or 0)
                poller.unregister(s)
                open_.pop(s.fileno()).close()
        while open_:
            left = end - time.monotonic()
            ready = poller.poll(left * 1000) if left > 0 else []
            if not ready:
                break
            for fd, _ in ready:
                s = open_.pop(fd)
                poller.unregister(fd)
                error = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                # a closed port among the ephemeral ones may be our own end: TCP then connects to itself
                if error == 0 and s.getsockname() != s.getpeername():
                    s.settimeout(limit)
                    return s
                errors.append(error or errno.ECONNREFUSED)
                s.close()
        raise failure(errors, bool(open_), platform)
    finally:
        for s in open_.values():
            s.close()


def failure(errors: Sequence[int], dropped: bool, platform: str) -> Failed:
    """What the errno of each address, and silence (`dropped`), come to together: the most telling one.

    On macOS EHOSTUNREACH (65) tells nothing: from macOS 15 on Local Network Privacy gives it to a launchd program for every
    host of the own subnet. EPERM, EACCES and whatever else is this machine's own refusal tell nothing about the host either.
    """
    kinds = {_kind(e, platform): e for e in errors}
    order: tuple[Why, ...] = ("unknown", "refused", "unreachable", "dropped")
    for why in order:
        if why == "unknown" and why in kinds and platform == "darwin" and kinds[why] in (errno.EHOSTUNREACH, 65):
            return Failed(why, "no route to host, which macOS also says of a local network that it keeps from us")
        if why in kinds and why != "dropped":
            return Failed(why, os.strerror(kinds[why]).lower())
    return Failed("dropped", "no answer") if dropped or kinds else Failed("unknown", "no address was tried")


def _kind(error: int, platform: str) -> Why:
    if platform == "darwin" and error in (errno.EHOSTUNREACH, 65):
        return "unknown"
    if error in (errno.ECONNREFUSED, errno.ECONNRESET):
        return "refused"
    if error in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL):
        return "unreachable"
    return "dropped" if error == errno.ETIMEDOUT else "unknown"


def verified(ca: str | None) -> ssl.SSLContext:
    """A TLS client that checks chain and name, against the roots of the system or of the file *ca* alone. OSError: *ca* can't
    be read."""
    import ssl

    if ca is not None:
        return ssl.create_default_context(cafile=ca)
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not paths.cafile and not (paths.capath and os.listdir(paths.capath)):
        for name in ROOTS:
            if os.path.isfile(name):
                context.load_verify_locations(name)
                break
    return context


def head(s: socket.socket, end: float, largest: int = 16384) -> bytes:
    """The head of an HTTP answer, up to its empty line or the end of the stream. TimeoutError at *end* (monotonic seconds),
    however slowly it drips."""
    text = b""
    while b"\r\n\r\n" not in text and b"\n\n" not in text and len(text) < largest:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        s.settimeout(left)
        chunk = s.recv(4096)
        if not chunk:
            break
        text += chunk
    return text


def status(text: bytes) -> int | None:
    """The code of an HTTP answer; None where it is none."""
    parts = text.split(b"\n", 1)[0].split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or len(parts[1]) != 3 or not parts[1].isdigit():
        return None
    return int(parts[1])


def within(limit: float, jobs: Sequence[Callable[[Callable[[T], None]], None]]) -> list[T | None]:
    """Runs all *jobs* at once for *limit* seconds; each tells what it knows so far with `say(result)`, and its last word
    counts.

    A thread that hangs in the resolver is left behind: the process is short-lived. None: a job that said nothing.
    """
    import threading

    said: list[T | None] = [None] * len(jobs)
    open_ = threading.Semaphore(0)

    def run(i: int, job: Callable[[Callable[[T], None]], None]) -> None:
        try:
            job(lambda result: said.__setitem__(i, result))
        finally:
            open_.release()

    threading.stack_size(1 << 18)  # a thousand questions are a thousand threads
    end, started = time.monotonic() + limit, 0
    for i, job in enumerate(jobs):
        try:
            threading.Thread(target=run, args=(i, job), daemon=True).start()
        except RuntimeError:  # the machine allows no more
            break
        started += 1
    for _ in range(started):
        if not open_.acquire(timeout=max(0.0, end - time.monotonic())):
            break
    return list(said)

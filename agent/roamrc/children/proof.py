"""The one check that stands against a network that wants to be mistaken for another (design: who may see the password). Floor
2.

An SSID, a suffix, even a MAC is a claim that anyone can make; a verified certificate, seen from near, is not. Runs in
`inquiry`'s child.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..formats import settings, url
from ..slotted import dataclass
from . import dial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a proof may come from: the profile's `subnets`, through a tunnel or not (`vpn`); `own` are the physical uplink's
    addresses (None: not known), `tunnels` tells whether there are any."""

    subnets: tuple[str, ...] = ()
    vpn: bool = False
    own: tuple[str, ...] | None = None
    tunnels: bool = True

    def near(self, address: str) -> bool:
        """Whether an answer from there counts: a private address, or one inside the profile's own subnet."""
        return settings.near(str(_plain(address)), self.subnets)

    def physical(self, local: str) -> bool:
        """Whether a connection from *local* goes out by the physical uplink, or may use a tunnel. What is not known is no.

        An IPsec tunnel without an address of its own can't be told from the uplink so.
        """
        if self.vpn:
            return True
        if self.own is None:
            return not self.tunnels
        return _plain(local) in [_plain(a) for a in self.own]


def prove(wanted: str, ca: str | None, ground: Ground, end: float, platform: str, say: Callable[[tuple[str, str]], None]) -> None:
    """yes: a host with a verified certificate for this name answers from near, by the physical uplink, neither with a redirect
    nor with a 5xx; else hidden, never no. *end* is in monotonic seconds.

    401, 403 and 404 prove as well as 200: it is the certificate that proves. Addresses that are not near are not even dialled.
    """
    import ssl

    say(("hidden", "no answer"))
    try:
        say(_told(wanted, ca, ground, end, platform))
    except dial.Failed as e:
        say(("hidden", e.text))
    except ssl.SSLCertVerificationError as e:
        say(("hidden", f"the certificate is not verified: {e.verify_message}"))
    except (TimeoutError, EOFError):
        say(("hidden", "no answer"))
    except OSError as e:
        say(("hidden", f"no TLS: {getattr(e, 'reason', None) or e.strerror or type(e).__name__}"))


def _told(wanted: str, ca: str | None, ground: Ground, end: float, platform: str) -> tuple[str, str]:
    parts, at = url.split(wanted), url.host_port(wanted)
    if parts is None or at is None or at[0] != "https" or " " in wanted or not wanted.isascii():
        return "hidden", "not an https URL"
    try:
        context = dial.verified(ca)
    except OSError:
        return "hidden", "the ca file can't be read, or holds no certificate"
    places = dial.resolve(at[1], at[2])
    near = [p for p in places if ground.near(p[1])]
    if not near:
        return "hidden", f"{places[0][1]} is neither a private address nor in a subnet of the profile"
    with dial.connect(near, end - time.monotonic(), platform) as plain:
        local, peer = str(plain.getsockname()[0]), str(plain.getpeername()[0])
        if not ground.physical(local):
            return "hidden", f"{peer} is reached from {local}, which is not the physical uplink"
        with context.wrap_socket(plain, server_hostname=at[1]) as tls:
            path = parts.rest.partition("#")[0]
            path = path if path.startswith("/") else f"/{path}"
            host = f"{parts.host}{parts.port}"
            tls.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode())
            code = dial.status(dial.head(tls, end))
    if code is None:
        return "hidden", f"{peer} does not speak HTTP"
    if 300 <= code < 400:
        return "hidden", f"{peer} redirects ({code})"
    return ("yes" if 200 <= code < 500 else "hidden"), f"{code} from {peer}"


def _plain(address: str) -> IPv4Address | IPv6Address:
    from ipaddress import ip_address

    ip = ip_address(address.partition("%")[0])
    return getattr(ip, "ipv4_mapped", None) or ip

"""Is the proxy alive? Tried by TCP and CONNECT, each with a limit, in a short-lived child. Floor 2.

npm has no such limit: behind a proxy that drops packets it takes 475 s to fail, behind one that accepts and never answers it
had not given up after 18 minutes (measured), and prints nothing meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping

from .. import show
from ..formats import url as urls
from ..model import Hidden, Problem
from ..slotted import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..system import System

CONNECT_LIMIT = 2.0  # name and TCP; one lost SYN is sent again after 1 s
ANSWER_LIMIT = 3.0  # a proxy that asks its directory about the login takes a second


@dataclass(frozen=True, slots=True)
class Health:
    """`ok`: True alive, False dead, None can't be told. `code`, `message` and `hint` are a Problem's; code is "" where all is
    well."""

    ok: bool | None
    code: str
    message: str
    hint: str = ""

    @property
    def dead(self) -> bool:
        """Whether npm would only wait there. One that says 407 or 403, or can't reach the registry, lives; TLS may fail for want
        of a CA file that npm has."""
        return self.ok is False and self.code in _DEAD

    @property
    def problem(self) -> Problem | None:
        """What `status` shows: nothing where the proxy lives or nobody can tell."""
        return Problem(self.code, self.message, self.hint) if self.ok is False else None


class Probe:
    """*proxy* being tried on the way to *registry* (its user info, still encoded, becomes Proxy-Authorization): when `fileno` is
    readable `poll` has the result; `close` at the end.

    *registry* is a URL or `host:port`: CONNECT as npm does for https, HEAD of the whole URL as npm does for http; None: CONNECT
    to the proxy's own name, which it can always resolve, and any answer of a proxy's will do. *ca* is a file that verifies an
    https:// proxy, *limits* are seconds for name and TCP, and for the answer.
    """

    __slots__ = ("_child", "_health", "_shown")

    def __init__(
        self,
        proxy: str,
        registry: str | None,
        system: System,
        *,
        ca: str | None = None,
        limits: tuple[float, float] = (CONNECT_LIMIT, ANSWER_LIMIT),
        profile: str = "NAME",
    ) -> None:
        from . import child

        proxy, missing = urls.expand(proxy, system.env)
        at = urls.host_port(proxy)
        target = _target(registry)
        self._child: child.Child | None = None
        self._health: Health | None = None
        self._shown = _Shown("", "", False, profile)
        if missing is not None:
            self._health = Health(None, "proxy-unknown", f"the variable {show.line(missing)} of the proxy's URL is not set here")
        elif at is None or at[0] not in ("http", "https"):
            self._health = Health(None, "proxy-unknown", "the proxy's URL is none that can be tried")
        else:
            user, password = urls.user_password(proxy)
            self._shown = _Shown(_place(at[1], at[2]), _place(target[1], target[2]) if target else "", user is not None, profile)
            request = {
                "proxy": at,
                "target": target or ("https", at[1], 443),
                "named": target is not None,
                "login": None if user is None else _basic(user, password or ""),
                "ca": ca,
                "limits": limits,
                "platform": system.platform,
            }
            self._child = child.Child("handshake", request, child.minimal(system.env), sum(limits) + 1)

    def fileno(self) -> int:
        """Readable when the result is there; -1 where `poll` has it already."""
        return self._child.fileno() if self._child else -1

    def poll(self) -> Health | None:
        """The result, None as long as it may still come; never waits."""
        if self._health is None and self._child and (said := self._child.poll()) is not None:
            self._health = _health(said, self._shown)
        return self._health

    def wait(self) -> Health:
        """As `poll`, and waits; the limits and 1.5 s at most."""
        if self._health is None:
            assert self._child
            self._health = _health(self._child.wait(), self._shown)
        return self._health

    def close(self) -> None:
        """Ends the child, if it still runs."""
        if self._child:
            self._child.close()


@dataclass(frozen=True, slots=True)
class _Shown:
    proxy: str
    target: str
    login: bool
    profile: str


_DEAD = frozenset(
    f"proxy-{why}" for why in ("unresolvable", "refused", "unreachable", "dropped", "silent", "closed", "no-proxy", "portal")
)


def _place(host: str, port: int) -> str:
    return show.line(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def _basic(user: str, password: str) -> str:
    from base64 import b64encode

    return b64encode(f"{user}:{password}".encode("utf-8", "surrogateescape")).decode()


def _target(registry: str | None) -> tuple[str, str, int] | None:
    if registry is None:
        return None
    found = urls.host_port(registry if "://" in registry else f"https://{registry}")
    return found if found and found[0] in ("http", "https") else None


_SENTENCES: Mapping[str, tuple[str, str]] = {
    "unresolvable": ("the name of the proxy {proxy} does not resolve here: {detail}", "roamrc use direct --until-moved"),
    "refused": ("the proxy {proxy} refuses connections", "roamrc use direct --until-moved"),
    "unreachable": ("there is no way to the proxy {proxy}: {detail}", "roamrc use direct --until-moved"),
    "dropped": ("the proxy {proxy} does not answer, npm would wait for minutes", "roamrc use direct --until-moved"),
    "silent": ("the proxy {proxy} takes connections and never answers, npm would hang", "roamrc use direct --until-moved"),
    "closed": ("the proxy {proxy} takes connections and closes them", "roamrc use direct --until-moved"),
    "tls": ("no TLS with the proxy {proxy}: {detail}", "npm config get cafile, or write the proxy with http://"),
    "no-proxy": ("{proxy} is no proxy: it answers {detail}", "roamrc explain, then correct `proxy:` in the profile"),
    "portal": ("{proxy} answers with a redirect ({detail}), as a login page of a network does", "open any page in a browser"),
    "407": ("the proxy {proxy} wants a login (407)", "add `login: keyring:SERVICE/USER`, then `roamrc login set {profile}`"),
    "407-login": ("the proxy {proxy} does not accept the login (407)", "roamrc login set {profile}"),
    "403": ("the proxy {proxy} forbids {target} (403)", "name an allowed mirror with `registry:` in the profile"),
    "5xx": ("the proxy {proxy} can't reach {target}: it answers {detail}", "roamrc use direct --until-moved"),
}


def _health(said: object, shown: _Shown) -> Health:
    what, detail = ("unknown", said.why) if isinstance(said, Hidden) else ("unknown", "the child ended without an answer")
    if isinstance(said, list) and len(said) == 2:
        what, detail = str(said[0]), str(said[1])
    if what == "ok":
        return Health(True, "", f"the proxy {shown.proxy} answers")
    if what == "407" and shown.login:
        what = "407-login"
    if what not in _SENTENCES:
        return Health(None, "proxy-unknown", f"whether the proxy {shown.proxy} lives can't be told: {show.line(detail)}")
    words = {"profile": show.line(shown.profile), "proxy": shown.proxy, "target": shown.target, "detail": show.line(detail)}
    sentence, hint = (text.format_map(words) for text in _SENTENCES[what])
    return Health(False, f"proxy-{what.removesuffix('-login')}", sentence, hint)

"""The proxy that npm uses at present, taken into a profile: whether it lives here, and where its login goes. Floor 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import atomic, show
from ..children import secrets
from ..children.health import Health, Probe
from ..errors import RoamError
from ..formats import url
from ..formats.ini import Document
from ..formats.login import Login
from ..formats.reference import check as login_faults
from ..model import Profile
from ..slotted import dataclass, field
from ..system import System
from ..targets import npm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

VARIABLES = ("npm_config_https_proxy", "npm_config_proxy", "https_proxy", "http_proxy")
"""Where npm finds a proxy when its files name none, in its own order (measured, npm 6 to 11)."""

ALIVE = ("proxy-407", "proxy-403")
"""Answers of a proxy that lives and only wants something else."""


@dataclass(frozen=True, slots=True)
class Present:
    """npm's proxy as it is written, and `source`: the key of npm's file or the variable."""

    proxy: str = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A proxy as a profile names it: without a login that stands elsewhere. `secret` is to be stored under `login`; `clear`: a
    password stays in the URL."""

    proxy: str = field(repr=False)
    login: str | None = None
    secret: str | None = field(default=None, repr=False)
    clear: bool = False


class Person(Protocol):
    """Who sits at the terminal and knows what npm does not."""

    def proxy(self) -> str:
        """The URL of this network's proxy, "" where it has none."""

    def login(self, proxy: str) -> Login | None:
        """User and password for it; None where none were given."""


def read(path: str) -> Document:
    """npm's file. Raises Refused where it can't be read."""
    return Document(atomic.read(path).data or b"")


def found(doc: Document, env: Mapping[str, str] | None = None) -> Present | None:
    """npm's proxy: `https-proxy` before `proxy`, then, with `env`, the variables; None without one that npm can use."""
    for key in ("https-proxy", "proxy"):
        value = doc.get(key)
        if isinstance(value, str) and npm.is_proxy(value) and url.host_port(value):
            return Present(value, key)
    lower = {k.lower(): (k, v) for k, v in (env or {}).items()}
    for name in VARIABLES:
        written, value = lower.get(name, ("", ""))
        if npm.is_proxy(value) and url.host_port(value):
            return Present(value, f"${written}")
    return None


def tried(present: Present, doc: Document, system: System) -> tuple[bool, Health]:
    """Whether the proxy lives here, by TCP and by CONNECT to the registry that npm is configured with; 5 s at most. It is asked
    without the login: who answers on a network that is only being learnt may be anyone, and 407 is an answer too."""
    registry, ca = doc.get("registry"), doc.get("cafile")
    bare = url.without_login(present.proxy)
    health = Probe(bare, registry if isinstance(registry, str) else None, system, ca=ca if isinstance(ca, str) else None).wait()
    return health.ok is True or health.code in ALIVE, health


def kept(present: Present, profiles: Sequence[Profile], system: System) -> Kept:
    """How a profile names this proxy. Its login is one that another profile of the same proxy has, or goes to the keyring where
    one answers, or else stays in the URL. Asks the keyring, stores nothing."""
    raw = url.userinfo(present.proxy)
    user, password = url.user_password(present.proxy)
    if raw is None or "${" in raw or user is None or password is None:
        return Kept(present.proxy)
    bare = url.without_login(present.proxy)
    place = url.host_port(bare)
    same = shared(present, profiles)
    if same:
        return Kept(bare, same)
    assert place
    reference = f"keyring:roamrc-{place[1].strip('[]')}/{user}"
    if not login_faults(reference, bare) and "/" not in user and secrets.ready(system):
        return Kept(bare, reference, password)
    return Kept(present.proxy, clear=True)


def shared(present: Present, profiles: Sequence[Profile]) -> str | None:
    """The login that another profile of the same proxy has."""
    place = url.host_port(present.proxy)
    return next((p.apply.login for p in profiles if p.apply.login and url.host_port(p.apply.proxy) == place), None)


def wanting(present: Present, profiles: Sequence[Profile], person: Person | None, name: str) -> tuple[Present, str | None, str]:
    """A proxy that wants a login and has none: with one that is typed, or the reference that another profile has, or a sentence
    that says how to give it one."""
    reference = shared(present, profiles)
    if reference:
        return present, reference, ""
    login = person.login(present.proxy) if person else None
    if login:
        return Present(url.with_login(present.proxy, login), present.source), None, ""
    cure = f"`login: keyring:SERVICE/USER` below its proxy, then roamrc login set {show.line(name)}"
    return present, None, f"the proxy wants a login, and the profile has none yet: {cure}"


def stored(kept_: Kept, present: Present, system: System, name: str) -> tuple[Kept, str]:
    """Puts the login into the keyring, if that is where it goes; what became of it, and a sentence ("" where nothing did)."""
    if kept_.secret is None or kept_.login is None:
        return kept_, in_clear(name) if kept_.clear else ""
    try:
        secrets.store(kept_.login, kept_.proxy, kept_.secret, system, name)
    except RoamError as e:
        return Kept(present.proxy, clear=True), f"the keyring did not take the password ({e.sentence}): {in_clear(name)}"
    return kept_, f"the proxy's password is in the keyring now, as {show.line(kept_.login)}"


def in_clear(name: str) -> str:
    """What to say of a password that stays in a profile."""
    cure = f"`login: keyring:SERVICE/USER`, then roamrc login set {show.line(name)}"
    return f"the proxy's password stands in the profile, in clear, for want of a keyring; cure: {cure}"

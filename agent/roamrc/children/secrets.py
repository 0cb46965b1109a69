"""Where a proxy's user and password come from: keyring, environment, a command, a file. Floor 2.

A store may be locked, ask on the screen or hang, so keyring and command run in a short-lived child; the secret comes back over
its pipe. No message from here holds a secret, nor any text of the keyring library: its exceptions sometimes quote what they
were given.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from .. import show
from ..errors import Refused
from ..formats import reference as references
from ..formats import url as urls
from ..formats.login import Login, first_line
from ..formats.reference import Reference
from ..formats.reference import check as check_reference
from ..model import Hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..system import System
    from .child import Child

__all__ = ["Fetching", "Login", "check_reference", "fetch", "forget", "ready", "start", "store"]

KEYRING_LIMIT = 5.0  # an unlocked store answers in 0.1 s; a dialogue on the screen is not waited for, it is asked again later
COMMAND_LIMIT = 10.0  # password managers that ask a server
LARGEST = 1 << 16
SESSION = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "KDE_FULL_SESSION",
    "KDE_SESSION_VERSION",
    "PYTHON_KEYRING_BACKEND",
    "SECURITYSESSIONID",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_CONFIG_HOME",
    "XDG_CURRENT_DESKTOP",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
)
"""What keyring's backends need to find the user's session; KEYRING_PROPERTY_* stays away, it may hold the store's own
password."""


class Fetching:
    """A login on its way: poll it when `fileno` is readable. file: and env: are there at the first poll."""

    __slots__ = ("_child", "_profile", "_ref", "_result", "_user")

    def __init__(self, ref: Reference, user: str | None, profile: str, result: Login | None, child: Child | None) -> None:
        self._ref, self._user, self._profile, self._result, self._child = ref, user, profile, result, child

    def fileno(self) -> int:
        """Readable when the login is there; -1 where `poll` has it already."""
        return self._child.fileno() if self._child else -1

    def poll(self) -> Login | None:
        """The login, or None as long as it may still come. Raises Refused where there will be none."""
        if self._child is None:
            return self._result
        said = self._child.poll()
        return None if said is None else self._read(said)

    def wait(self) -> Login:
        """As `poll`, and waits: 5 s for a keyring, 10 s for a command."""
        if self._child is None:
            assert self._result
            return self._result
        return self._read(self._child.wait())

    def close(self) -> None:
        if self._child:
            self._child.close()

    def _read(self, said: object) -> Login:
        said = _checked(said, self._ref, self._profile)
        secret = said.get("secret")
        if not isinstance(secret, str):
            raise Refused(f"{_name(self._ref)} has no password for {_shown(self._user)}", f"roamrc login set {self._profile}")
        if self._ref.kind == "keyring":
            return Login(self._user or "", secret)
        return _from_line(secret, self._user, _name(self._ref))


def start(reference: str, url: str, system: System, profile: str = "NAME", limit: float | None = None) -> Fetching:
    """Begins to fetch the login of a profile whose proxy is *url* (it may name the user); never waits for a store.

    *limit*: seconds that a keyring (else 5) or a command (else 10) has. *profile* is named in hints.
    Raises Refused (the store says no) or RoamError (the reference is wrong); no message holds the secret.
    """
    ref, user = _resolved(reference, url)
    if ref.kind == "env":
        return Fetching(ref, user, profile, _from_env(ref, system.env), None)
    if ref.kind == "file":
        return Fetching(ref, user, profile, _from_file(ref, user, str(system.home)), None)
    return Fetching(ref, user, profile, None, _child(ref, {"op": "get", "user": user}, system, limit))


def fetch(reference: str, url: str, system: System, profile: str = "NAME", limit: float | None = None) -> Login:
    """The login behind *reference* for the proxy *url*: `start`, and waits for it."""
    fetching = start(reference, url, system, profile, limit)
    try:
        return fetching.wait()
    finally:
        fetching.close()


def store(reference: str, url: str, password: str, system: System, profile: str = "NAME") -> None:
    """Puts *password* into the keyring entry that *reference* names, and reads it back. Raises Refused; also for other
    references, which are not ours to write."""
    ref, user = _keyring_only(reference, url)
    Login(user, password)  # refuses what no URL could carry
    said = _checked(_child(ref, {"op": "set", "user": user, "password": password}, system).wait(), ref, profile)
    if said.get("secret") != password:
        raise Refused("the keyring took the password and does not give it back", "keyring --list-backends")


def ready(system: System) -> bool:
    """Whether a keyring answers here: it is asked for an entry that nobody has."""
    said = _child(Reference("keyring", "roamrc"), {"op": "get", "user": "nobody"}, system).wait()
    return isinstance(said, dict) and "fault" not in said


def forget(reference: str, url: str, system: System, profile: str = "NAME") -> bool:
    """Removes the keyring entry that *reference* names; False where there was none. Raises Refused as `store` does."""
    ref, user = _keyring_only(reference, url)
    said = _checked(_child(ref, {"op": "delete", "user": user}, system).wait(), ref, profile)
    return said.get("found") is True


def _resolved(reference: str, url: str) -> tuple[Reference, str | None]:
    ref = references.parse(reference)
    raw = (urls.userinfo(url) or "").partition(":")[0]
    user = ref.user or urls.user_password(url)[0]
    if ref.user is None and ref.kind != "env" and "${" in raw:
        raise Refused("the user in the proxy's URL is a variable, so nobody can be looked up", "login: keyring:SERVICE/USER")
    if ref.kind == "keyring" and user is None:
        raise Refused("the login names no user, and the proxy's URL has none", "login: keyring:SERVICE/USER")
    return ref, user


def _keyring_only(reference: str, url: str) -> tuple[Reference, str]:
    ref, user = _resolved(reference, url)
    if ref.kind != "keyring":
        raise Refused(f"the login comes from {_name(ref)}, which is yours to write", "login: keyring:SERVICE/USER")
    assert user
    return ref, user


def _child(ref: Reference, request: Mapping[str, object], system: System, limit: float | None = None) -> Child:
    from . import child

    if ref.kind == "keyring":
        # no -I here: the library may be where only the site module finds it (pip --user)
        env = child.minimal(system.env, SESSION)
        return child.Child("stores", {**request, "service": ref.name}, env, limit or KEYRING_LIMIT, site=True)
    limit = limit or COMMAND_LIMIT
    # a command is the user's own: it gets the user's own environment (gpg and ssh agents, tokens of a password manager)
    return child.Child("stores", {"op": "run", "argv": ref.argv, "limit": limit}, system.for_children(), limit + 1)


def _from_env(ref: Reference, env: Mapping[str, str]) -> Login:
    for name in (ref.name, ref.password):
        if not env.get(name):
            raise Refused(f"the variable {name} is not set here", f"export {name}=… in the shell that starts roamrc")
    return Login(env[ref.name].removesuffix("\n"), env[ref.password].removesuffix("\n"))


def _from_file(ref: Reference, user: str | None, home: str) -> Login:
    from shlex import quote

    path = os.path.join(home, ref.name[2:]) if ref.name.startswith("~/") else ref.name
    name, cure = f'the login file "{show.line(path)}"', show.line(f"chmod 600 {quote(path)}")
    trouble = ""
    try:
        # a FIFO would wait for a writer, a terminal would become ours
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError) as e:
        trouble = os.strerror(getattr(e, "errno", 0) or 22).lower()
    if trouble:
        raise Refused(f"{name} can't be read: {trouble}", show.line(f"write user:password into {quote(path)}, then ") + cure)
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode):
            raise Refused(f"{name} is no file", "login: file:PATH")
        if about.st_uid != os.geteuid():
            raise Refused(f"{name} belongs to another user", show.line(f"chown $(id -u) {quote(path)}"))
        if about.st_mode & 0o077:
            raise Refused(f"{name} can be read by others", cure)
        data = os.read(fd, LARGEST)
    finally:
        os.close(fd)
    line = first_line(data)
    if line is None:
        raise Refused(f"{name} holds text that is not UTF-8", show.line(f"iconv -f latin1 -t utf-8 {quote(path)}"))
    return _from_line(line, user, name)


def _from_line(line: str, user: str | None, name: str) -> Login:
    """The whole line is the password where the user is known; else it is split at the first colon."""
    if not line:
        wanted = "user:password" if user is None else "the password"
        raise Refused(f"{name} gives nothing", f"its first line shall be {wanted}")
    if user is None:
        user, colon, line = line.partition(":")
        if not colon:
            cure = "its first line shall be user:password, or name the user in the URL: http://USER@HOST:PORT"
            raise Refused(f"{name} gives one word, and nobody says whose password it is", cure)
    if not user or not line:
        raise Refused(f"{name} gives no {'password' if user else 'user'}", "its first line shall be user:password")
    return Login(user, line)


def _name(ref: Reference) -> str:
    what = {"keyring": "keyring entry", "env": "environment", "command": "command", "file": "login file"}[ref.kind]
    name = os.path.basename(ref.argv[0]) if ref.kind == "command" else ref.name
    return f'the {what} "{show.line(name)}"'


def _shown(user: str | None) -> str:
    return f'"{show.line(user or "")}"'


def _checked(said: object, ref: Reference, profile: str) -> Mapping[str, object]:
    """The child's answer, or the sentence and the cure of what went wrong there."""
    if isinstance(said, Hidden):
        if ref.kind == "keyring":
            raise Refused(f"the keyring: {said.why}; is it locked, or asking on the screen?", f"roamrc login test {profile}")
        raise Refused(f"{_name(ref)}: {said.why}", f"roamrc login test {profile}")
    if not isinstance(said, dict) or "fault" not in said:
        return said if isinstance(said, dict) else {}
    fault, detail = str(said["fault"]), show.line(str(said.get("detail", "")))
    if ref.kind == "command":
        sentence = f"{_name(ref)} {fault}{': ' if detail else ''}{detail}"
        raise Refused(sentence, str(said.get("hint") or f"roamrc login test {profile}"))
    from sys import executable

    no_store = "login: file:PATH or command:PROGRAM …, there is no keyring without a desktop session"
    sentence, hint = {
        "library": ("the keyring library is not installed", show.line(f"{executable} -m pip install keyring")),
        "no-store": ("this session has no keyring that could hold a password", no_store),
        "locked": ("the keyring is locked", f"unlock it, then `roamrc login test {profile}`"),
    }.get(fault, (f"the keyring fails ({detail or fault})", "keyring --list-backends"))
    raise Refused(sentence, hint)

"""Where a login is kept: the grammar of `login:` in a profile. Floor 1.

No message here repeats the reference: who writes `login: alice:s3cret` by mistake shall not find it in a log.
"""

from __future__ import annotations

import contextlib

from ..errors import RoamError
from ..slotted import dataclass
from . import url as urls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias


Kind: TypeAlias = "Literal['keyring', 'env', 'command', 'file']"
FORMS = "keyring:SERVICE/USER, env:USERVAR,PASSVAR, command:ARGV or file:PATH"


@dataclass(frozen=True, slots=True)
class Reference:
    """A login's place. keyring: `name` is the service, `user` may be None (then the URL has it). env: `name` and `password`
    are variables. command: `argv`. file: `name` is a path, absolute or below `~/`."""

    kind: Kind
    name: str = ""
    user: str | None = None
    password: str = ""
    argv: tuple[str, ...] = ()


def parse(reference: str) -> Reference:
    """The reference as a value. Raises RoamError (a sentence that does not repeat it, and the form that is right)."""
    kind, colon, body = reference.partition(":")
    if not colon or kind not in ("keyring", "env", "command", "file"):
        raise RoamError("the login is no reference, it begins with none of keyring: env: command: file:", f"login: {FORMS}")
    if not body.strip() or any(c < " " or c == "\x7f" for c in body):
        raise RoamError(f"the {kind}: reference is empty or has control characters", f"login: {FORMS}")
    if kind == "keyring":
        return _keyring(body)
    if kind == "env":
        return _env(body)
    if kind == "command":
        return _command(body)
    if not body.startswith(("/", "~/")):
        raise RoamError(
            "the path of file: is relative, and the agent has no folder of its own", "login: file:/PATH or file:~/PATH"
        )
    return Reference("file", body)


def check(reference: str, url: str) -> list[tuple[str, str]]:
    """Every fault of a login and the proxy URL it is for, as (text, hint): the grammar, a user that is named nowhere or twice,
    and a password that stands in the URL as well."""
    try:
        ref = parse(reference)
    except RoamError as e:
        return [(e.sentence, e.hint)]
    faults = []
    user, password = urls.user_password(url)
    if password is not None:
        faults.append(("the URL has a password and there is a login as well", f"proxy: {urls.without_login(url)}"))
    raw = urls.userinfo(url) or ""
    if "${" in raw.partition(":")[0] and ref.user is None and ref.kind != "env":
        faults.append(("the user in the URL is a variable, so nobody can be looked up", "login: keyring:SERVICE/USER"))
    elif ref.kind == "keyring" and ref.user is None and user is None:
        faults.append(("the login names no user, and the URL has none", "login: keyring:SERVICE/USER"))
    elif ref.kind == "keyring" and ref.user is not None and user is not None and ref.user != user:
        faults.append(("the login names another user than the URL", f"proxy: {urls.without_login(url)}"))
    return faults


def _keyring(body: str) -> Reference:
    # the last / splits: services are often URLs, users never
    service, slash, user = body.rpartition("/")
    if not slash:
        return Reference("keyring", body)
    if not service or not user:
        raise RoamError("the keyring: reference lacks its service or its user", "login: keyring:SERVICE/USER")
    return Reference("keyring", service, user)


def _env(body: str) -> Reference:
    names = [n.strip() for n in body.split(",")]
    if len(names) != 2 or not all(n.isascii() and n.isidentifier() for n in names):
        raise RoamError("the env: reference is not two names of variables", "login: env:USERVAR,PASSVAR")
    return Reference("env", names[0], password=names[1])


def _command(body: str) -> Reference:
    import shlex  # brings `re`: only who has a command: pays

    argv: tuple[str, ...] = ()
    with contextlib.suppress(ValueError):
        argv = tuple(shlex.split(body))
    if not argv or not argv[0]:
        raise RoamError("the command: reference is empty or has a quote that is not closed", "login: command:PROGRAM ARGUMENT…")
    return Reference("command", argv=argv)

"""keep a profile's proxy password in the keyring

The profile names the entry (`login: keyring:SERVICE/USER`), this puts the password there. It is asked for without being shown,
or read from the first line of standard input; never as an argument, which every process on the machine could read.

    roamrc login set office               asks; a running agent uses it at once
    pass corp | roamrc login set office   from a password manager
    roamrc login test office              what would be sent, without the password; sends nothing
    roamrc login forget office            removes the entry

Exit codes: 0 done; 1 there was nothing to forget; 2 no such profile, or it has no login; 4 the keyring refused.
"""

from __future__ import annotations

import argparse
import sys

from .. import look, show
from ..children import secrets
from ..daemon import handing
from ..errors import RoamError
from ..formats import reference, url
from ..formats.login import first_line
from ..model import Profile
from ..reading import profiles
from ..reconcile import Setup
from ..terminal import out

LARGEST = 1 << 16


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("action", choices=("set", "test", "forget"), help="what to do with the entry")
    p.add_argument("profile", metavar="NAME", help="the profile whose login it is")
    p.add_argument("--stdin", action="store_true", help="read the password from standard input, also in a terminal")


def run(args: argparse.Namespace) -> int:
    setup, _ = look.setup(out.machine())
    profile = _profile(setup, args.profile)
    assert profile.apply.login
    at = (profile.apply.login, profile.apply.proxy)
    result: dict[str, object] = {"profile": profile.name, "action": args.action}
    if args.action == "test":
        login = secrets.fetch(*at, setup.system, profile.name)
        place = url.host_port(profile.apply.proxy)
        host = f"{place[1]}:{place[2]}" if place else "the proxy"
        text = f'user "{show.line(login.user)}" and {"a password" if login.password else "no password"} would be sent to {host}'
        result.update(user=login.user, password=login.password is not None, proxy=host)
    elif args.action == "set":
        _ours(profile)
        secrets.store(*at, _password(profile, args.stdin), setup.system, profile.name)
        text = f"the password of {show.line(profile.name)} is in the keyring"
    elif secrets.forget(*at, setup.system, profile.name):
        text = f"the password of {show.line(profile.name)} is not in the keyring any more"
    else:
        result["found"] = False
        text = f"the keyring has no password of {show.line(profile.name)}"
    applied = args.action != "test" and "found" not in result and _apply(setup)
    if args.json:
        out.as_json({**result, "applied": applied})
    else:
        print(text)
        if applied:
            print("the agent has applied it")
        elif args.action == "set":
            print(f"hint: roamrc login test {show.line(profile.name)}; then roamrc apply")
    return 1 if result.get("found") is False else 0


def _profile(setup: Setup, name: str) -> Profile:
    loaded = profiles.load(setup.places.profiles)
    found = next((p for p in loaded.profiles if p.name == name), None)
    if found is None:
        from difflib import get_close_matches

        close = get_close_matches(name, [p.name for p in loaded.profiles], 1)
        hint = f"did you mean {close[0]}?" if close else f"roamrc learn {show.line(name)} makes this network that profile"
        raise RoamError(f'there is no profile "{name}"', hint)
    if found.broken is not None:
        raise RoamError(f'profile "{name}" is broken: {found.broken}', "roamrc check")
    if not found.apply.login:
        where = out.home(found.path)
        raise RoamError(f'profile "{name}" has no login', f"write `login: keyring:SERVICE/USER` below apply: in {where}")
    return found


def _ours(profile: Profile) -> None:
    """Refuses before anybody types a password that can't be kept."""
    kind = reference.parse(profile.apply.login or "").kind
    if kind != "keyring":
        raise RoamError(
            f'the login of profile "{profile.name}" comes from {kind}:, which is yours to write', "login: keyring:SERVICE/USER"
        )


def _password(profile: Profile, from_stdin: bool) -> str:
    """From the terminal without being shown, else the first line of standard input; not a byte of it but the line's end goes."""
    if sys.stdin is not None and sys.stdin.isatty() and not from_stdin:
        from getpass import getpass

        password: str | None = None
        try:
            password = getpass(f"password for {show.line(profile.name)} ({show.line(_user(profile))}): ")
        except EOFError:
            password = None
    else:
        line = sys.stdin.buffer.readline(LARGEST) if sys.stdin is not None else b""
        password = first_line(line)
        if password is None:
            raise RoamError("the password on standard input is not UTF-8", "iconv -t utf-8")
    if not password:
        raise RoamError("no password was given; nothing was stored", f"roamrc login set {show.line(profile.name)}")
    return password


def _user(profile: Profile) -> str:
    return reference.parse(profile.apply.login or "").user or url.user_password(profile.apply.proxy)[0] or "?"


def _apply(setup: Setup) -> bool:
    """Has a running agent apply the profile anew, so that the file follows the keyring; whether one did."""
    if setup.state.agent_pid() is None:
        return False
    try:
        return "error" not in handing.ask(setup.state, "apply", {})
    except (LookupError, RoamError):
        return False  # it is done at the next look that needs the login

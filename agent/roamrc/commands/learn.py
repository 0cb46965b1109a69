"""make this network a profile

A new profile takes npm's present proxy along if that answers here, else it is direct; where npm has none at all, you are asked
for it. A profile that exists gets one item more in `when`, and not a byte of the rest moves. What a network says of itself (its
domain, its Wi-Fi's name) is joined to what was seen on the wire, so that a stranger's network with the same name is not taken
for it.

    roamrc learn office    typed at the office
    roamrc learn home      typed at home

Exit codes: 0 learnt, or known already; 1 nothing tells this network from others (offline, behind NAT); 2 the profile is broken,
or no item can be added to it; 4 the machine refused.
"""

from __future__ import annotations

import argparse
import sys

from .. import look, probes, show
from ..errors import RoamError
from ..formats import url
from ..formats.login import Login
from ..memory import glance
from ..reading import amend
from ..setup import learn
from ..targets import npm
from ..terminal import out

PATIENCE = 1.0
"""Seconds for the gateway's MAC: the one fact that a home has must not be missed for haste."""


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("name", metavar="NAME", help="the profile's name: office, home, …")


def run(args: argparse.Namespace) -> int:
    setup, _ = look.setup(out.machine())
    means = probes.Means(setup.config.cached_scan, setup.config.ssid_command)
    network = probes.observe(setup.system, PATIENCE, means)
    person = Person() if not args.json and sys.stdin is not None and sys.stdin.isatty() else None
    lesson = learn.write(learn.lesson(setup, args.name, network, person), setup)
    added = dict(lesson.added) if lesson.added is not None else None
    if args.json:
        out.as_json({"profile": lesson.name, "path": str(lesson.path), "added": added, "notes": list(lesson.notes)})
        return 0
    path = out.home(str(lesson.path))
    if added is None:
        print(f"{out.styled(show.line(lesson.name), 'bold')} knows this network already; nothing was written")
        return 0
    verb = "made" if lesson.before is None else "added an item to"
    print(f"{out.styled(show.line(lesson.name), 'bold')}: {verb} {path}")
    for key, value in added.items():
        print(out.styled(f"+ {key}: {show.line(amend.scalar(value))}", "good"))
    if lesson.kept:
        print(out.styled(f"+ proxy: {show.url(lesson.kept.proxy)}", "good"))
    print(f"{lesson.clue.sure}: {lesson.clue.why}")
    for note in lesson.notes:
        print(f"note: {show.prose(note)}")
    if glance.agent_pid(str(setup.state.folder)) is None:
        print("hint: roamrc install starts the agent at each log-in; roamrc apply does it once")
    return 0


class Person:
    """Asks at the terminal; a password is not shown. Ctrl-D is no answer."""

    def proxy(self) -> str:
        for _ in range(3):
            text = _line("npm has no proxy at present. This network's proxy (HOST:PORT; Enter: there is none): ")
            whole = text if "://" in text or not text else f"http://{text}"
            if not whole or (npm.is_proxy(whole) and url.host_port(whole)):
                return whole
            print(f"{show.url(whole)} is no proxy's address; it looks like http://proxy.corp.example:8080")
        raise RoamError("no proxy's address was given; nothing was written", "roamrc learn NAME, again")

    def login(self, proxy: str) -> Login | None:
        from getpass import getpass

        user = _line(f"{show.url(proxy)} wants a login. User name (Enter: later): ")
        if not user:
            return None
        try:
            password = getpass("Password (it is not shown): ")
        except EOFError:
            password = ""
        return Login(user, password) if password else None


def _line(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        print()
        return ""

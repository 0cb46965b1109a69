"""Who else switches npm's proxy: two that do undo each other's work, and each looks broken. For doctor. Floor 3.

What can be known for sure is told as a fault (a second agent at the same file); what stands in scripts is told with file and
line, for only its owner knows when it runs; what nobody can find is told by its traces in roamrc's own log.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import quote

from .. import atomic, look, show
from ..errors import RoamError
from ..formats.ini import COMMENT
from ..journal import rfc3339
from ..memory.ledger import Ledger
from ..model import Advice
from ..reconcile import Setup
from ..system import System

DAY, OFTEN = 86400, 3
"""Seconds, and how many values that gave way within them are no slip of a hand any more."""

SETS = re.compile(
    rb"\b(?:npm|pnpm|yarn)\s+(?:config\s+|c\s+)?(?:set|delete|rm|unset)\s+(?:(?:-g|-L|--global|--location[= ]\w+)\s+)*"
    rb"(?:https?-)?proxy\b|>>?\s*[\"']?[^\s|;&]*\.npmrc\b"
)
"""A command that sets or removes npm's proxy, or a redirection into an .npmrc."""

STARTED = (
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".zshenv",
    ".zlogin",
    ".config/fish/config.fish",
)
"""What shells read when they start."""
IN_HOME = (".config/fish/conf.d", ".config/systemd/user", "Library/LaunchAgents", ".locations")
IN_SYSTEM = (
    "etc/profile.d",
    "etc/NetworkManager/dispatcher.d",
    "usr/lib/NetworkManager/dispatcher.d",
    "etc/networkd-dispatcher",
    "etc/network/if-up.d",
    "etc/dhcp/dhclient-exit-hooks.d",
    "etc/dhcp/dhclient-enter-hooks.d",
    "etc/ppp/ip-up.d",
    "etc/proxydriver.d",
)
"""What is run when a network comes or a session begins; the folders of one floor below belong to them (NetworkManager's
pre-up.d)."""
MOST, LARGEST = 400, 1 << 18
"""Files and bytes of each that are looked at: a home may hold anything under these names."""


def advice(setup: Setup) -> Iterable[Advice]:
    found = [*_agents(setup), *_stranger(setup), *_link(setup), *_scripts(setup), *_traces(setup)]
    yield from found or [Advice("rivals", "ok", "nothing else was found that switches npm's proxy")]


def _agents(setup: Setup) -> Iterator[Advice]:
    """Another living `roamrc run` of this user that has the same file of npm's, with another state folder."""
    import psutil

    ours, mine = os.path.realpath(setup.places.npmrc), setup.state.agent_pid()
    for process in psutil.process_iter(["pid", "uids", "cmdline"]):
        pid, words = process.info["pid"], process.info["cmdline"] or []
        if pid == mine or words[-1:] != ["run"] or not any(os.path.basename(w) == "roamrc" for w in words):
            continue
        with contextlib.suppress(psutil.Error, OSError, RoamError, KeyError):
            env = process.environ()
            there = look.setup(System(env, Path(env["HOME"]), setup.system.platform, setup.system.root))[0]
            if os.path.realpath(there.places.npmrc) == ours and there.state.agent_pid() == pid:
                sentence = f"another roamrc (pid {pid}, its state in {there.state.folder}) switches {setup.places.npmrc} too"
                yield Advice("rivals", "fail", sentence, f"kill {pid}")


def _stranger(setup: Setup) -> Iterator[Advice]:
    """roamrc's lines in a file of which this state folder knows nothing."""
    path = str(setup.places.npmrc)
    if COMMENT not in (atomic.read(path).data or b""):
        return
    known = map(os.path.realpath, Ledger(setup.state, dry=True).paths())
    if os.path.realpath(path) not in known:
        sentence = f"{path} has lines of a roamrc with another HOME or state folder than {setup.state.folder}"
        yield Advice("rivals", "warn", sentence, "roamrc uninstall with that one's HOME or ROAMRC_STATE_HOME")


def _link(setup: Setup) -> Iterator[Advice]:
    """The npm package npmrc: it makes npm's file a link into ~/.npmrcs and changes where it points."""
    path = str(setup.places.npmrc)
    if os.path.islink(path) and "/.npmrcs/" in os.path.realpath(path):
        sentence = f"{path} is switched by the program npmrc as well: each of its files gets roamrc's lines"
        yield Advice("rivals", "warn", sentence, "stay with one of its files, or uninstall it (npm uninstall -g npmrc)")


def _scripts(setup: Setup) -> Iterator[Advice]:
    for path in _files(setup.system):
        try:
            with open(path, "rb") as f:
                text = f.read(LARGEST)
        except OSError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if SETS.search(line) and not line.lstrip().startswith((b"#", b"//")):
                sentence = f"{path}:{number} sets npm's proxy itself: where it runs, it undoes roamrc's work and is undone"
                yield Advice("rivals", "warn", sentence, f"remove that line (sed -n {number}p {quote(path)} shows it)")
                break


def _files(system: System) -> Iterator[str]:
    """The scripts that start with a session or a network, a bounded number of them."""
    home, left = str(system.home), MOST
    yield from (path for name in STARTED if os.path.isfile(path := f"{home}/{name}"))
    folders = [*(f"{home}/{name}" for name in IN_HOME), *(system.path(f"/{name}") for name in IN_SYSTEM)]
    for top in folders:
        for folder, inner, names in os.walk(top):
            inner[:] = inner[:20] if folder == top else []
            for name in sorted(names)[:left]:
                left -= 1
                if os.path.isfile(path := os.path.join(folder, name)):
                    yield path


def _traces(setup: Setup) -> Iterator[Advice]:
    """Values of somebody else's that gave way again and again."""
    since = rfc3339(setup.system.now() - DAY)
    gone = [e for e in setup.state.log_entries() if e["at"] >= since and isinstance(e.get("lost"), dict)]
    if len(gone) >= OFTEN:
        keys = show.line(" and ".join(sorted({k for e in gone for k in e["lost"]})))
        sentence = f"somebody else wrote {keys} {len(gone)} times within a day, last before {show.line(gone[-1]['at'])}"
        yield Advice("rivals", "warn", sentence, "roamrc log --since 1d names the values; look for the script that sets them")

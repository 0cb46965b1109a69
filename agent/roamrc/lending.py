"""The login in a proxy's URL: fetched only when it must be, lent to one link, and never into a git work tree. Floor 3."""

from __future__ import annotations

import os
from collections.abc import Callable

from . import atomic, show
from .errors import RoamError
from .formats import url
from .formats.login import Login
from .memory.ledger import Ledger
from .memory.state import State
from .model import Decision, Hidden, Link, Network, Problem
from .places import Places
from .rules.draft import Draft
from .rules.owned import File, Lent
from .slotted import replace
from .system import System
from .targets import NPM

Fetch = Callable[[str, str, str], Login | None]
"""From reference, proxy and profile to the login; None: it is on its way, the proxy goes without it until then. Raises
RoamError."""


class Lending:
    """The proxy URL with its login, for as long as this one link lasts; fetched outside the lock, and only when it must be."""

    def __init__(
        self,
        system: System,
        places: Places,
        state: State,
        decision: Decision,
        network: Network,
        *,
        anew: bool,
        lend: bool,
        fetch: Fetch | None,
    ) -> None:
        """`anew`: fetch it even where one stands; `lend`: whether this network may be lent a login yet; `fetch`: how, if not
        here."""
        self.system, self.places, self.state, self.network, self.anew = system, places, state, network, anew
        self.fetch = fetch
        self.lend = lend and self._link().mac != ""  # a gateway that fell silent: nobody knows who answers next
        profile = decision.profile if decision.action == "apply" else None
        self.profile = profile if profile and profile.apply.sets_proxy else None
        self.reference = ""
        self.bare = ""
        self.full: str | None = None
        if self.profile:
            written = self.profile.apply.proxy
            inside = url.userinfo(written)
            self.reference = self.profile.apply.login or ("url" if inside and ":" in inside else "")
            self.bare = url.without_login(written) if self.reference else written

    def _here(self, reference: str, url: str, profile: str) -> Login | None:
        from .children import secrets

        return secrets.fetch(reference, url, self.system, profile)

    def fetch_ahead(self, dry: bool = False) -> list[Problem]:
        """Fetches the login if a file will need it; one not to be had is a problem, and the proxy is written without it. `dry`:
        nobody is asked for one; that in the profile's own URL is known."""
        if not self.profile or not self.reference or not self.lend:
            return []
        ledger = Ledger(self.state, dry)
        path = str(self.places.npmrc)
        try:
            seen = atomic.read(path)
            if not self.anew and self._stands(ledger.file(NPM, path, seen.data), ledger):
                return []
            if why := in_repository(seen.real, self.system):
                return [
                    Problem("in-repo", why, "set `npm.userconfig` in config.yaml to a file outside, or ignore the file in git")
                ]
            if self.reference == "url":
                self.full = self.profile.apply.proxy
            elif not dry:
                login = (self.fetch or self._here)(self.reference, self.profile.apply.proxy, self.profile.name)
                self.full = url.with_login(self.bare, login) if login else None
        except RoamError as e:
            return [Problem("login", f'no login for profile "{show.line(self.profile.name)}": {e.sentence}', e.hint)]
        return []

    def _link(self) -> Link:
        mac = self.network.gateway_mac
        return self.network.link or Link("", 0, 0, 0.0, mac if isinstance(mac, str) else None)

    def _stands(self, file: File, ledger: Ledger) -> bool:
        """Whether the login that stands in the file is still lent: same profile, reference, proxy and link, and our own bytes."""
        lent = file.record.lent
        if not lent or not self.profile:
            return False
        same = (lent.profile, lent.reference, lent.url) == (self.profile.name, self.reference, ledger.digest(self.bare))
        return same and lent.link.same(self._link()) and self._written(file, ledger) is not None

    def _written(self, file: File, ledger: Ledger) -> str | None:
        """The proxy URL with a login as it stands in the file, if both keys still hold just what we wrote."""
        d = Draft(NPM, file, ledger.digest, "")
        values = {d.doc.get(k) for k in NPM.urls}
        value = next(iter(values)) if len(values) == 1 else None
        if not isinstance(value, str) or any(k not in d.keys or d.edited(k) for k in NPM.urls):
            return None
        return value if url.userinfo(value) and url.without_login(value) == self.bare else None

    def url_for(self, file: File, ledger: Ledger) -> tuple[str | None, Lent | None]:
        """The proxy URL to write, and the record of what is lent with it."""
        if not self.profile or not self.reference:
            return None, None
        if self.full is None and self._stands(file, ledger):
            lent = file.record.lent
            assert lent is not None
            if lent.link.mac is None and self._link().mac is not None:
                lent = replace(lent, link=self._link())
            return self._written(file, ledger), lent
        if self.full is None:
            return self.bare, None
        return self.full, Lent(self.profile.name, self.reference, ledger.digest(self.bare), self._link())


def in_repository(real: str, system: System) -> str | None:
    """Why a login must not stand in this file: it lies in a git work tree that does not ignore it. None where it may."""
    folder = os.path.dirname(real)
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    from .children import child

    # the variables of an env: login stand in ours, and a GIT_DIR of the shell's would mislead it
    bare = replace(system, env=child.minimal(system.env, ("XDG_CONFIG_HOME",)))
    ran = bare.run(["git", "-C", folder, "check-ignore", "-q", "--", real], timeout=2.0)
    if not isinstance(ran, Hidden) and ran.code == 0:
        return None
    return f'"{show.line(real)}" lies in the git work tree "{show.line(folder)}" and is not ignored: no login is written there'

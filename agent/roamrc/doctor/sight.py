"""What roamrc can and can't see from where it stands, and which profiles suffer from that. For doctor. Floor 3.

Names no network, no address and no MAC: what doctor says is pasted in public.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .. import probes, show
from ..formats.saved import FACTS
from ..model import BEHIND_NAT, Advice, Hidden, Network
from ..reading import profiles
from ..reconcile import Setup
from ..rules import match

PATIENCE = 0.2
"""Seconds for the gateway's MAC."""


def advice(setup: Setup) -> Iterable[Advice]:
    network = probes.observe(setup.system, PATIENCE, probes.Means(setup.config.cached_scan, setup.config.ssid_command))
    if setup.system.env.get("SSH_CONNECTION"):
        yield Advice(
            "network",
            "ok",
            "this is an ssh session: what is seen is the network of the machine at the other end, as its npm has it",
        )
    yield from _seen(network)
    yield from _judged(network, setup)


def _seen(network: Network) -> Iterator[Advice]:
    dark: dict[str, list[str]] = {}
    for name in FACTS:
        value = getattr(network, name)
        if isinstance(value, Hidden):
            dark.setdefault(value.why, []).append(name)
    for why, names in dark.items():
        few = f"{', '.join(names)} can't be seen: {show.line(why)}"
        if {"gateway", "dns_suffixes"} <= set(names):
            yield Advice(
                "network",
                "warn",
                f"{few}; no profile can match, and nothing changes by itself",
                "roamrc use NAME switches by hand",
            )
        else:
            yield Advice(
                "network", "warn", f"{few}; profiles that ask for it can't be judged", "roamrc learn NAME writes what can be seen"
            )
    if not dark:
        yield Advice("network", "ok", "online, and every fact can be seen" if network.online else "offline; nothing is hidden")


def _judged(network: Network, setup: Setup) -> Iterator[Advice]:
    """Profiles that can't be judged on this network, and those that another one always beats."""
    found = [p for p in profiles.load(setup.places.profiles).profiles if p.broken is None]  # its fault is told, with its place
    for j in match.judge_all(network, found):
        if j.verdict == "blind":
            dark = dict.fromkeys(f"{c.fact} is {c.found}" for c in j.checks if c.verdict == "hidden")
            if dark:
                nothing = any(BEHIND_NAT in text for text in dark)
                hint = (
                    f"roamrc use {j.profile}, where you know that it is right"
                    if nothing
                    else f"roamrc learn {j.profile}: it writes facts that can be read here"
                )
                yield Advice("profiles", "warn", f'"{j.profile}" can\'t be judged here: {"; ".join(dark)}', hint)
    for beaten, by in match.never_win(found):
        yield Advice(
            "profiles",
            "warn",
            f'"{beaten}" can never win: "{by}" has the same conditions and goes first',
            "give it a higher `priority:`",
        )

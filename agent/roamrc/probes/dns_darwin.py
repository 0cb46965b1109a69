"""DNS suffixes in force on macOS: those of the physical service and of tunnels that are up. Floor 2; pure.

Global/DNS, resolv.conf and the first resolver of `scutil --dns` are the merged view, and resolvers of a dead VPN survive a sleep
in all of them: only what belongs to an interface that is up counts, else yesterday's office would be here today.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ..formats import scutil
from ..formats.macos import suffix
from ..formats.macos_config import Resolver, search_list
from .store_darwin import Store, interface_of, services


def suffixes(
    store: Store,
    uplink: str,
    first: str | None,
    devices: Collection[str],
    tunnels: Collection[str],
    resolvers: Sequence[Resolver],
) -> tuple[str, ...]:
    """Lower case, no dots at the ends, each once; the uplink's (service `first` before others on it), then the tunnels'.

    `devices` are tunnel interfaces that are up, `tunnels` the services over them. Of each service DomainName and SearchDomains,
    of
    state and setup; DHCP options 15 and 119 of the uplink where configd has made nothing of them; and the search domains of
    resolvers bound to one of these interfaces. A domain that only says which names go to a tunnel (SupplementalMatchDomains)
    counts where the merged search list has it too.
    """
    ids = sorted(services(store), key=lambda s: (s != first, s))
    here = [s for s in ids if interface_of(store, s) == uplink]
    there = [s for s in ids if s not in here and (s in tunnels or interface_of(store, s) in devices)]
    merged = {name for r in resolvers if not r.scoped and not r.supplemental for name in r.search}
    found = [name for s in here for name in of_service(store, s)]
    found = found or [name for s in here for name in of_lease(store, s)]
    found += of_interface(resolvers, [uplink])
    for service in there:
        found += of_service(store, service)
        found += [name for name in map(suffix, matched(store, service)) if name in merged]
    found += of_interface(resolvers, devices)
    return tuple(dict.fromkeys(name for name in found if name))


def of_service(store: Store, service: str) -> list[str]:
    found: list[str] = []
    for place in ("State", "Setup"):
        dns = store.get(f"{place}:/Network/Service/{service}/DNS")
        found += [scutil.text(dns, "DomainName"), *scutil.texts(dns, "SearchDomains")]
    return [suffix(name) for name in found if suffix(name)]


def matched(store: Store, service: str) -> Iterable[str]:
    dns = store.get(f"State:/Network/Service/{service}/DNS")
    if scutil.text(dns, "SupplementalMatchDomainsNoSearch") in ("1", "TRUE"):
        return ()
    return scutil.texts(dns, "SupplementalMatchDomains")


def of_lease(store: Store, service: str) -> list[str]:
    """What the DHCP server said: option 15 (domain name) and 119 (search list, RFC 3397)."""
    lease = store.get(f"State:/Network/Service/{service}/DHCP", {})
    name, more = lease.get("Option_15"), lease.get("Option_119")
    found = [suffix(name.rstrip(b"\0").decode("utf-8", "replace"))] if isinstance(name, bytes) else []
    return found + (list(search_list(more)) if isinstance(more, bytes) else [])


def of_interface(resolvers: Sequence[Resolver], interfaces: Collection[str]) -> list[str]:
    """Search domains of resolvers bound to one of these interfaces; the unscoped default resolver names one too, but holds the
    merged list."""
    bound = [r for r in resolvers if r.interface in interfaces and (r.scoped or r.supplemental)]
    return [name for r in bound for name in (r.search or ((r.domain,) if r.scoped and not r.supplemental else ()))]

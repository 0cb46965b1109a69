"""The child's side of `inquiry`: resolves, reachable, prove and private, asked of the network. Runs in a process of its own
(`child`), never in the agent. Floor 2.

No proxy is used and no variable of the environment steers it: the answer must be the network's, not the shell's.

A failed connection is a `no`, also where packets are dropped in silence: cafés drop packets to private addresses, and if that
were `hidden` an office told by `reachable` alone would keep every other profile waiting for ever. Whoever is not `yes` is
asked again. What can't be told: a portal that accepts every TCP connection looks `reachable`; a hostile name server can tell a
sibling name apart. Only `prove` stands against somebody who wants to be mistaken for the office.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence

from . import dial

NOWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, never bound

Said = tuple[str, str]  # verdict, found
Say = Callable[[Said], None]


def answer(request: object) -> object:
    """[verdict, found] for each question, in their order. The same question of two profiles is asked once."""
    assert isinstance(request, dict)
    asked = [_frozen(q) for q in request["questions"]]
    once = list(dict.fromkeys(asked))
    end = time.monotonic() + float(request["limit"])
    told = dial.within(float(request["limit"]), [_job(q, request, end) for q in once])
    silent = ("hidden", f"no answer in {request['limit']:g} s")
    known = {q: said or silent for q, said in zip(once, told, strict=True)}
    return [known[q] for q in asked]


Asked = tuple[str, str, str | None, tuple[str, ...], bool]


def _frozen(q: Sequence[object]) -> Asked:
    fact, wanted, ca, subnets, vpn = q
    assert isinstance(subnets, list)
    return str(fact), str(wanted), None if ca is None else str(ca), tuple(map(str, subnets)), bool(vpn)


def _job(q: Asked, request: Mapping[str, object], end: float) -> Callable[[Say], None]:
    fact, wanted, ca, subnets, vpn = q
    platform = str(request["platform"])
    if fact == "resolves":
        return lambda say: resolves(wanted, say)
    if fact == "reachable":
        return lambda say: reachable(wanted, end, platform, say)
    if fact == "private":
        return lambda say: private(wanted, say)
    if fact == "prove":
        from . import proof

        addresses, tunnels = request["addresses"], request["tunnels"]
        own = tuple(map(str, addresses)) if isinstance(addresses, list) else None
        ground = proof.Ground(subnets, vpn, own, tunnels is None or bool(tunnels))
        return lambda say: proof.prove(wanted, ca, ground, end, platform, say)
    return lambda say: say(("hidden", "not a question"))


def resolves(name: str, say: Say) -> None:
    """yes: the name has an address, and a random sibling in the same domain has none (or there is no word about it). hidden:
    the sibling resolves too, so this name server answers everything; or it does not answer. no: there is no such name.

    0.0.0.0 and :: are how a filter says no.
    """
    say(("hidden", "the name server gives no answer"))
    try:
        found = [place[1] for place in dial.resolve(name)]
    except dial.Failed as e:
        say(("no" if e.why == "unresolvable" else "hidden", e.text))
        return
    if all(address in NOWHERE for address in found):
        say(("no", f"blocked: {found[0]}"))
        return
    yes = ", ".join(found[:3])
    say(("yes", yes))  # stands also where the server is silent about the sibling: an island without the Internet answers so
    if _sibling_resolves(name):
        say(("hidden", f"{yes}, but a random name beside it resolves too"))


def _sibling_resolves(name: str) -> bool:
    """Whether a name that nobody has made has an address too: then the server answers everything, and its word is worth
    nothing."""
    _, dot, domain = name.partition(".")
    try:
        dial.resolve(f"r{os.urandom(8).hex()}{dot}{domain}")
    except dial.Failed:
        return False
    return True


def private(host: str, say: Say) -> None:
    """yes: every address of the host is private (RFC 1918, RFC 4193), and a random sibling has none. no: one of them is not, or
    there is no such name. hidden: the name server answers everything, or not at all.

    Loopback, 0.0.0.0 and :: are no: so a filter says that the name is blocked.
    """
    from . import proof

    say(("hidden", "the name server gives no answer"))
    try:
        found = [place[1] for place in dial.resolve(host)]
    except dial.Failed as e:
        say(("no" if e.why == "unresolvable" else "hidden", e.text))
        return
    ground = proof.Ground()
    outside = next((a for a in found if not ground.near(a)), None)
    if outside is not None:
        say(("no", outside))
        return
    yes = ", ".join(found[:3])
    # until the sibling is asked nothing is said: a sinkhole that is slow about it must not pull a public registry in
    sinkhole = host not in found and _sibling_resolves(host)
    say(("hidden", f"{yes}, but a random name beside it resolves too") if sinkhole else ("yes", yes))


def reachable(wanted: str, end: float, platform: str, say: Say) -> None:
    """yes: a TCP connection can be made. no: it can't be, for any reason but those of this machine; hidden: no name server
    answers, or macOS says 65, which it also says of networks that it keeps from us."""
    from ..formats import url

    place = url.host_port("tcp://" + wanted)
    if place is None:
        say(("hidden", "not host:port"))
        return
    say(("hidden", "the name server gives no answer"))
    try:
        places = dial.resolve(place[1], place[2])
        say(("no", "no answer"))
        dial.connect(places, end - time.monotonic(), platform).close()
    except dial.Failed as e:
        say(("hidden" if e.why in ("no-dns", "unknown") else "no", e.text))
    else:
        say(("yes", "connected"))

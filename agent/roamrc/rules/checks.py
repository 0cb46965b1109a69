"""One condition held against one network: yes, no or hidden, and the three-valued logic over them. Floor 1, pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .. import show
from ..model import Answer, Check, Condition, Hidden, Network, Question, Verdict

ACTIVE = ("resolves", "reachable", "prove")
"""Facts that must be asked of the network; all others are read."""

Answers = Mapping[Question, Answer]


# ---- three-valued logic ------------------------------------------------------------------------------------------------


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """no if any is no, else hidden if any is not yes, else yes (Kleene's and)."""
    worst: Verdict = "yes"
    for v in verdicts:
        if v == "no":
            return "no"
        if v != "yes":
            worst = "hidden"
    return worst


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """yes if any is yes, else hidden if any is not no, else no (Kleene's or)."""
    best: Verdict = "no"
    for v in verdicts:
        if v == "yes":
            return "yes"
        if v != "no":
            best = "hidden"
    return best


# ---- one condition against one network -----------------------------------------------------------------------------------


def glob(pattern: str, text: str) -> bool:
    """Shell glob, case-sensitive, over the whole text; a pattern without `*?[` is the text itself."""
    if not any(c in pattern for c in "*?["):
        return pattern == text
    from fnmatch import fnmatchcase  # 3 ms, only where a glob is written

    return fnmatchcase(text, pattern)


def _in_network(address: str, network: str) -> bool:
    if not (":" in network or "/" in network):
        return address.partition("/")[0] == network  # an IPv4 address has one spelling alone (ipaddress refuses leading zeros)
    from ipaddress import ip_interface, ip_network

    try:
        return ip_interface(address).ip in ip_network(network, strict=False)
    except ValueError:
        return False


def _one(fact: str, wanted: str | bool, network: Network) -> bool:
    """Whether a fact that can be read is as wanted; the fact is neither Hidden nor None here."""
    match fact:
        case "anywhere":
            return True
        case "dns_suffix":
            assert isinstance(network.dns_suffixes, tuple)
            below = f".{wanted}"
            for s in network.dns_suffixes:  # noqa: SIM110 - as in `fails`
                if s == wanted or s.endswith(below):
                    return True
            return False
        case "subnet":
            assert isinstance(network.addresses, tuple)
            return any(_in_network(a, str(wanted)) for a in network.addresses)
        case "gateway":
            return _in_network(str(network.gateway), str(wanted))
        case "vpn":
            assert isinstance(network.vpn, tuple)
            if isinstance(wanted, bool):
                return any(not t.mesh for t in network.vpn) is wanted
            return any(glob(wanted, name) for t in network.vpn for name in (t.name, t.device) if name)
        case "ssid" | "interface":
            return glob(str(wanted), str(getattr(network, fact)))
        case _:  # kind, bssid, gateway_mac
            return str(getattr(network, fact)) == wanted


_FIELDS = {"dns_suffix": "dns_suffixes", "subnet": "addresses"}


def fails(condition: Condition, network: Network) -> bool:
    """Whether a fact that is known is not as wanted: what `check` calls no, without the words for it. Of a fact that must be
    asked nothing is known here."""
    fact = condition.fact
    if fact == "anywhere" or fact in ACTIVE:
        return False
    value = getattr(network, _FIELDS.get(fact, fact))
    if value is None:
        return True
    if isinstance(value, Hidden):
        return False
    for wanted in condition.wanted:  # noqa: SIM110 - a thousand times a look, and `any` would be two calls more
        if _one(fact, wanted, network):
            return False
    return True


def check(condition: Condition, network: Network, answers: Answers) -> Check:
    fact, words = condition.fact, " or ".join(show.line(_word(w)) for w in condition.wanted)
    if fact in ACTIVE:
        known = [answers.get(Question(fact, str(w))) for w in condition.wanted]
        verdict = any_of(a.verdict if a else "unasked" for a in known)
        told = [a for a in known if a]
        if not told:
            return Check(fact, words, "not asked", "unasked", where=condition.where)
        found = "; ".join(show.line(a.found) for a in told)
        return Check(fact, words, found, verdict, told[0].via, condition.where)
    name = _FIELDS.get(fact, fact)
    value = "anywhere" if fact == "anywhere" else getattr(network, name)
    found, via = show.fact(value), network.via.get(name, "")
    if isinstance(value, Hidden):
        return Check(fact, words, found, "hidden", via, condition.where)
    hit = [w for w in condition.wanted if value is not None and _one(fact, w, network)]
    identifies = fact not in ("anywhere", "kind", "interface") and any(w is not False for w in hit)
    return Check(fact, words, found, "yes" if hit else "no", via, condition.where, identifies)


def _word(wanted: str | bool) -> str:
    return {True: "true", False: "false"}[wanted] if isinstance(wanted, bool) else wanted

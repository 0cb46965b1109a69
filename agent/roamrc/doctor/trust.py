"""What a login rests on, as far as this network can show: for doctor. Floor 3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .. import atomic, lending, probes, show
from ..children import inquiry
from ..formats import url
from ..model import Advice, Answer, Network, Profile, Question
from ..reading import profiles
from ..reconcile import Setup
from ..rules import match
from ..rules.checks import ACTIVE, all_of, check

PATIENCE = 0.2
"""Seconds for the gateway's MAC to be learnt: without it a profile may look as if it did not match here."""


def lends(profile: Profile) -> bool:
    """Whether the profile puts a password into npm's file."""
    return profile.apply.sets_proxy and (profile.apply.login is not None or url.user_password(profile.apply.proxy)[1] is not None)


def advice(setup: Setup) -> Iterable[Advice]:
    """Where the password may not be written, and which proofs answer where they should not; asks the network, 2 s as a rule.

    Logins that rest on claims alone are told by `check`, and so among doctor's faults of the profiles.
    """
    known = [p for p in profiles.load(setup.places.profiles).profiles if p.broken is None]
    if not any(map(lends, known)):
        yield Advice("login", "skip", "no profile has a login")
        return
    repository = lending.in_repository(atomic.read(str(setup.places.npmrc)).real, setup.system)
    if repository:
        cure = "set `npm.userconfig` in config.yaml to a file outside, or ignore the file in git"
        yield Advice("login", "warn", repository, cure)
    yield from _shared(known)
    proving = [p for p in known if p.prove is not None]
    network = probes.observe(setup.system, PATIENCE)
    if not proving or not network.online:
        return
    questions = tuple(dict.fromkeys(q for p in proving for q in match.proofs(p)))
    answers = inquiry.answer_now(questions, network, setup.system)
    for p in proving:
        yield proven(p, network, answers)


def proven(profile: Profile, network: Network, answers: Mapping[Question, Answer]) -> Advice:
    """What a proof says here: it must answer where the profile's other conditions hold, and nowhere else."""
    assert profile.prove is not None
    name, place = show.line(profile.name), show.url(profile.prove.url)
    held = [all_of(check(c, network, {}).verdict for c in item if c.fact not in ACTIVE) for item in profile.when]
    told = [answers[q] for q in match.proofs(profile) if q in answers]
    yes = any(a.verdict == "yes" for a in told)
    if yes and held and all(v == "no" for v in held):
        return Advice(
            "login",
            "warn",
            f'{place} answers here too, where "{name}" does not match: as its proof it proves nothing',
            "name an address that only that network answers",
        )
    if not yes and "yes" in held and told:
        return Advice(
            "login",
            "warn",
            f'"{name}" would match here, but {place} does not prove it: {show.line(told[0].found)}',
            f"roamrc explain {name}",
        )
    words = f'{place} proves "{name}" here' if yes else f'"{name}" does not match here, nor does {place} answer'
    return Advice("login", "ok", words)


def _shared(known: Sequence[Profile]) -> Iterable[Advice]:
    """Two profiles of one proof and different logins: where one is, the other one's password may go as well."""
    first: dict[tuple[str, str | None], Profile] = {}
    for p in known:
        if p.prove is None or not lends(p):
            continue
        other = first.setdefault((p.prove.url, p.prove.ca), p)
        if (other.apply.login, other.apply.proxy) != (p.apply.login, p.apply.proxy):
            yield Advice(
                "login",
                "warn",
                f'"{show.line(other.name)}" and "{show.line(p.name)}" have one proof and two logins: it does not tell them apart',
                "give each `prove:` of its own",
            )

"""Which profile holds here, by three-valued rules. Floor 1, pure: the same facts give the same decision and the same trail.

The rule in a sentence: *presence is proof and acts at the first look; absence needs patience; hidden is neither*. A check is
yes, no or ? (hidden, or not answered yet). An item of `when` needs all of its checks, a profile any of its items. A profile
that would win by conditions that identify no network (`anywhere`, `kind`, `interface`, `vpn: false`) is a fallback: it waits
for quiet, and for every blind profile that wants something else.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import show
from ..model import (
    BEHIND_NAT,
    Action,
    Apply,
    Check,
    Decision,
    Item,
    Judgement,
    Network,
    Outcome,
    Override,
    Problem,
    Profile,
    Question,
    Verdict,
)
from .checks import ACTIVE, Answers, all_of, any_of, check, fails

DIRECT = Profile("direct", Apply("direct"))
"""The profile behind `roamrc use direct`; no file may bear its name."""

# ---- one profile ---------------------------------------------------------------------------------------------------------


def _judge(profile: Profile, network: Network, answers: Answers, ready: bool = False) -> tuple[Judgement, tuple[Question, ...]]:
    """The profile's verdict and what must still be asked to be sure of it. `ready`: named by hand, so that only `prove`
    counts."""
    if profile.broken is not None:
        return Judgement(
            profile.name, "blind", (Check("file", "readable", show.line(profile.broken), "hidden", "", profile.path),)
        ), ()
    whens = (
        [(Check("override", profile.name, profile.name, "yes"), *_proof(profile, _named(profile), answers))]
        if ready
        else [(*(check(c, network, answers) for c in item), *_proof(profile, item, answers)) for item in profile.when]
    )
    unlesses = [] if ready else [tuple(check(c, network, answers) for c in item) for item in profile.unless]
    veto = any_of(all_of(c.verdict for c in item) for item in unlesses)
    verdicts = [all_of(c.verdict for c in item) for item in whens]
    outcome: Outcome
    if veto == "yes":
        outcome = "no"
    elif "yes" in verdicts:
        sure = any(c.identifies for item, v in zip(whens, verdicts, strict=True) if v == "yes" for c in item)
        outcome = "blind" if veto == "hidden" else "yes" if sure else "fallback"
    elif any(v == "hidden" and any(c.verdict == "yes" for c in item) for item, v in zip(whens, verdicts, strict=True)):
        outcome = "blind"
    else:
        outcome = "blind" if verdicts and all(v == "hidden" for v in verdicts) else "no"
    questions: tuple[Question, ...] = ()
    if veto != "yes" and ("yes" not in verdicts or veto == "hidden"):
        questions = (*_open(profile.when, whens, profile), *_open(profile.unless, unlesses, profile))
    held = tuple(c for item, v in zip(whens, verdicts, strict=True) if v == "yes" for c in item)
    return Judgement(profile.name, outcome, tuple(c for item in (*whens, *unlesses) for c in item), held), questions


def _plainly_no(profile: Profile, network: Network) -> bool:
    """Whether each item of `when` has a condition that this network does not meet: then the profile is no, whatever else it asks,
    and nothing need be asked of the network for it."""
    if profile.broken is not None or (profile.unless and any(c.fact in ACTIVE for item in profile.unless for c in item)):
        return False
    for item in profile.when:
        for c in item:
            if fails(c, network):
                break
        else:
            return False
    return True


def _named(profile: Profile) -> Item:
    """All conditions of a profile, for one that is named by hand."""
    return tuple(c for item in profile.when for c in item)


def _proof(profile: Profile, item: Item, answers: Answers) -> tuple[Check, ...]:
    if profile.prove is None:
        return ()
    answer = answers.get(_prove(profile, item))
    if answer is None:
        return (Check("prove", profile.prove.url, "not asked", "unasked", where=profile.proof),)
    verdict: Verdict = "yes" if answer.verdict == "yes" else "hidden"  # prove is yes or ?, never no: silence proves nothing
    return (Check("prove", profile.prove.url, show.line(answer.found), verdict, answer.via, profile.proof),)


def _prove(profile: Profile, item: Item) -> Question:
    """A tunnel may carry the proof of an item that names one, and of no other: a split VPN reaches the intranet from anywhere,
    and its proof must not stay behind for the item that a café can claim."""
    assert profile.prove is not None
    subnets = tuple(str(w) for c in _named(profile) if c.fact == "subnet" for w in c.wanted)
    vpn = any(c.fact == "vpn" and any(w is not False for w in c.wanted) for c in item)
    return Question("prove", profile.prove.url, profile.prove.ca, profile.name, subnets, vpn)


def proofs(profile: Profile) -> tuple[Question, ...]:
    """The questions by which a profile may be proven: one for items that name a tunnel, one for the others."""
    return () if profile.prove is None else tuple(dict.fromkeys(_prove(profile, item) for item in profile.when))


def _open(items: Sequence[Item], checked: Sequence[tuple[Check, ...]], profile: Profile) -> tuple[Question, ...]:
    """The questions of items whose passive checks all hold. One answered with no is open too: a portal passed turns it into
    yes."""
    found: list[Question] = []
    for n, checks in enumerate(checked):
        if any(c.verdict != "yes" for c in checks if c.fact not in ACTIVE):
            continue
        for condition in items[n] if n < len(items) else ():
            if condition.fact in ACTIVE:
                found += [Question(condition.fact, str(w)) for w in condition.wanted]
        if any(c.fact == "prove" for c in checks):
            found.append(_prove(profile, _named(profile) if checks[0].fact == "override" else items[n]))
    return tuple(found)


# ---- the decision ----------------------------------------------------------------------------------------------------------


def decide(
    network: Network,
    profiles: Sequence[Profile],
    override: Override | None = None,
    answers: Answers | None = None,
    settled: bool = True,
) -> Decision:
    """What shall be done on this network, why, and the trail of every profile that a single fact does not rule out.

    An override names the profile; offline holds; else the sure profiles by priority, those that set a proxy before others,
    then by name; else a fallback, once things are `settled` and no blind profile wants something else. `answers` are those had
    so far.
    """
    answers = answers or {}
    if override is not None:
        return _by_hand(override, network, profiles, answers)
    if not network.online:
        return Decision("hold", None, "offline")
    # of a thousand profiles nearly all are of other places: their trail is told when somebody asks for it (judge_all)
    here = [p for p in profiles if not _plainly_no(p, network)]
    pairs = [_judge(p, network, answers) for p in here]
    judged = tuple(j for j, _ in pairs)
    questions = tuple(dict.fromkeys(q for _, qs in pairs for q in qs))
    ranked = sorted(zip(here, judged, strict=True), key=lambda pj: _rank(pj[0]))
    sure = [(p, j) for p, j in ranked if j.verdict == "yes"]
    fallbacks = [(p, j) for p, j in ranked if j.verdict == "fallback"]
    blind = [(p, j) for p, j in ranked if j.verdict == "blind"]
    if sure:
        return _winner(sure, judged, questions)
    if fallbacks:
        others = [(p, j) for p, j in blind if p.broken is not None or p.apply != fallbacks[0][0].apply]
        if others:
            return _blinded(others, judged, questions, f'fallback "{show.line(fallbacks[0][0].name)}" is held back')
        if not settled:
            return Decision(
                "hold",
                None,
                f'waiting for a moment of quiet before fallback "{show.line(fallbacks[0][0].name)}"',
                judged,
                (),
                questions,
                waits=True,
            )
        return _winner(fallbacks, judged, questions)
    if blind:
        return _blinded(blind, judged, questions, "no other profile matches")
    return Decision("hold", None, "no profile matches" if profiles else "there are no profiles", judged, (), questions)


def _rank(profile: Profile) -> tuple[int, bool, str]:
    """Of several that match: by priority, then those that set a proxy, then by name."""
    return -profile.priority, not profile.apply.sets_proxy, profile.name


def never_win(profiles: Sequence[Profile]) -> list[tuple[str, str]]:
    """Profiles whose very conditions another one has that always goes first: (the beaten, the winner)."""
    first: dict[object, str] = {}
    found = []
    for p in sorted((p for p in profiles if p.when and p.broken is None), key=_rank):
        plain = [frozenset((c.fact, c.wanted) for c in item) for item in p.when]
        key = (frozenset(plain), frozenset(frozenset((c.fact, c.wanted) for c in item) for item in p.unless), p.prove)
        if first.setdefault(key, p.name) != p.name:
            found.append((p.name, first[key]))
    return found


def judge_all(network: Network, profiles: Sequence[Profile], answers: Answers | None = None) -> tuple[Judgement, ...]:
    """Every profile's judgement, also of those that `decide` rules out by one fact, and where none of them decides (an override,
    offline): for `explain`."""
    return tuple(_judge(p, network, answers or {})[0] for p in profiles)


def _by_hand(override: Override, network: Network, profiles: Sequence[Profile], answers: Answers) -> Decision:
    name = show.line(override.profile)
    profile = next((p for p in (*profiles, DIRECT) if p.name == override.profile), None)
    if profile is None:
        return _held("override", f'profile "{name}", chosen by hand, does not exist', "roamrc auto")
    if profile.broken is not None:
        return _held("override", f'profile "{name}", chosen by hand, is broken: {show.line(profile.broken)}', "roamrc check")
    judgement, questions = _judge(profile, network, answers, ready=True)
    if judgement.verdict != "yes":
        proof = show.url(profile.prove.url if profile.prove else "")
        return Decision(
            "hold",
            None,
            f'profile "{name}", chosen by hand, is not proven here',
            (judgement,),
            (
                Problem(
                    "unproven",
                    f'"{name}" must be proven by {proof}, and that did not answer as it must',
                    "roamrc explain",
                ),
            ),
            questions,
        )
    return Decision(_action(profile), profile, _because(profile, "chosen by hand"), (judgement,))


def _held(code: str, sentence: str, hint: str) -> Decision:
    return Decision("hold", None, sentence, (), (Problem(code, sentence, hint),))


def _winner(
    ranked: Sequence[tuple[Profile, Judgement]], judged: tuple[Judgement, ...], questions: tuple[Question, ...]
) -> Decision:
    profile, judgement = ranked[0]
    ties = [p.name for p, _ in ranked[1:] if p.priority == profile.priority]
    problems = tuple(
        Problem(
            "tie",
            f'"{show.line(profile.name)}" and "{show.line(t)}" both match with priority {profile.priority}',
            "give one of them a higher `priority:`",
        )
        for t in ties[:1]
    )
    reasons = [f"{c.fact} {c.found}" for c in judgement.held if c.fact != "anywhere"]
    return Decision(
        _action(profile), profile, _because(profile, ", ".join(dict.fromkeys(reasons)) or "anywhere"), judged, problems, questions
    )


def _blinded(
    blind: Sequence[tuple[Profile, Judgement]], judged: tuple[Judgement, ...], questions: tuple[Question, ...], tail: str
) -> Decision:
    profile, judgement = blind[0]
    name = show.line(profile.name)
    unknown = [c for c in judgement.checks if c.verdict in ("hidden", "unasked")]
    dark = [c.found if c.fact == "file" else f"{c.fact} is {c.found}" for c in unknown]
    because = f'"{name}" can\'t be judged ({"; ".join(dict.fromkeys(dark))}), and {tail}'
    hint = (
        "roamrc check"
        if profile.broken is not None
        else f"roamrc use {name}"  # learn has nothing to go by there, and says so
        if any(BEHIND_NAT in c.found for c in unknown)
        else "roamrc explain"
        if any(c.fact in ACTIVE for c in judgement.checks)
        else f"roamrc learn {name}"
    )
    return Decision("hold", None, because, judged, (Problem("blind", because, hint),), questions)


def _action(profile: Profile) -> Action:
    return "keep" if profile.apply.proxy == "keep" else "apply"


def _because(profile: Profile, reason: str) -> str:
    return f"{show.line(profile.because)} ({reason})" if profile.because else reason

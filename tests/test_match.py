"""The rules of choice: three-valued logic exhaustively, then the rule of presence, patience and blindness by tables."""

from __future__ import annotations

import random
from itertools import product

import pytest

from roamrc.model import (
    Answer,
    Apply,
    Condition,
    Decision,
    Hidden,
    Network,
    Override,
    Profile,
    Prove,
    Question,
    Tunnel,
    Verdict,
)
from roamrc.rules import checks, match
from roamrc.slotted import replace

OFFICE = Network(
    True,
    "eth0",
    "wired",
    None,
    None,
    ("corp.example",),
    "10.1.0.1",
    "02:00:00:00:00:01",
    ("10.1.0.7/24",),
    (Tunnel("tun0", False),),
)
HOME = Network(True, "wlan0", "wifi", "Heim", None, ("lan",), "192.168.1.1", "02:00:00:00:00:02", ("192.168.1.7/24",))
VERDICTS: tuple[Verdict, ...] = ("yes", "no", "hidden", "unasked")
DARK = Hidden("not told")


def profile(name: str, *items: dict[str, object], proxy: str = "http://p.example:1", **more: object) -> Profile:
    """A profile whose items are {fact: wanted or (wanted, …)}."""
    when = tuple(
        tuple(Condition(f, w if isinstance(w, tuple) else (w,), f"{name}.yaml:1:1 when[{n}].{f}") for f, w in item.items())  # type: ignore[arg-type]
        for n, item in enumerate(items)
    )
    return Profile(name, Apply(proxy), when, **more)  # type: ignore[arg-type]


def anywhere(name: str, proxy: str = "direct", **more: object) -> Profile:
    return profile(name, {"anywhere": True}, proxy=proxy, **more)


def verdict(p: Profile, network: Network) -> str:
    """By the whole trail; `decide` must come to the same, where it leaves the trail out too."""
    whole = match.judge_all(network, [p])[0].verdict
    assert next((j.verdict for j in match.decide(network, [p]).judged), "no") == whole
    return whole


# ---- logic -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_all_of_is_the_worst_and_any_of_the_best(n: int) -> None:
    for values in product(VERDICTS, repeat=n):
        worst = "no" if "no" in values else "yes" if all(v == "yes" for v in values) else "hidden"
        best = "yes" if "yes" in values else "no" if all(v == "no" for v in values) else "hidden"
        assert checks.all_of(values) == worst
        assert checks.any_of(values) == best


FACT = {"yes": ("corp.example",), "no": ("other.example",), "hidden": DARK}
MAC = {"yes": "02:00:00:00:00:01", "no": "02:00:00:00:00:09", "hidden": DARK}
SSID = {"yes": "Corp", "no": "Other", "hidden": DARK}


def test_a_profile_of_two_items_in_every_combination() -> None:
    """yes if any item is yes; else blind if a ? item contains a yes or all items are ?; else no. unless: yes vetoes, ? makes
    blind."""
    p = profile("p", {"dns_suffix": "corp.example", "gateway_mac": "02:00:00:00:00:01"}, {"ssid": "Corp"})
    p = replace(p, unless=((Condition("interface", ("eth*",)),),))
    for a, b, c, veto in product(("yes", "no", "hidden"), repeat=4):
        network = Network(
            True, {"yes": "eth0", "no": "wlan0", "hidden": DARK}[veto], "wifi", SSID[c], None, FACT[a], None, MAC[b]
        )
        first = "no" if "no" in (a, b) else "yes" if (a, b) == ("yes", "yes") else "hidden"
        items = (first, c)
        if "yes" in items:
            want = "blind" if veto == "hidden" else "yes"
        elif (first == "hidden" and "yes" in (a, b)) or items == ("hidden", "hidden"):
            want = "blind"
        else:
            want = "no"
        assert verdict(p, network) == ("no" if veto == "yes" else want), (a, b, c, veto)


def test_no_items_never_match_and_are_not_blind() -> None:
    assert verdict(profile("p"), OFFICE) == "no"


# ---- one condition -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "wanted", "network", "want"),
    [
        ("dns_suffix", "corp.example", replace(OFFICE, dns_suffixes=("eu.corp.example",)), "yes"),
        ("dns_suffix", "corp.example", replace(OFFICE, dns_suffixes=("notcorp.example",)), "no"),
        ("dns_suffix", "eu.corp.example", OFFICE, "no"),
        ("dns_suffix", "corp.example", replace(OFFICE, dns_suffixes=()), "no"),
        ("dns_suffix", "corp.example", replace(OFFICE, dns_suffixes=DARK), "blind"),
        ("gateway", "10.1.0.1", OFFICE, "yes"),
        ("gateway", "10.0.0.0/8", OFFICE, "yes"),
        ("gateway", "10.2.0.0/16", OFFICE, "no"),
        ("gateway", "fe80::1", replace(OFFICE, gateway="fe80::1"), "yes"),
        ("gateway", "10.1.0.1", replace(OFFICE, gateway=None), "no"),
        ("gateway", "10.1.0.1", replace(OFFICE, gateway=DARK), "blind"),
        ("subnet", "10.1.0.0/16", OFFICE, "yes"),
        ("subnet", "10.2.0.0/16", OFFICE, "no"),
        ("subnet", "2001:db8::/32", replace(OFFICE, addresses=("10.1.0.7/24", "2001:db8::7/64")), "yes"),
        ("gateway_mac", "02:00:00:00:00:01", OFFICE, "yes"),
        ("gateway_mac", "02:00:00:00:00:02", OFFICE, "no"),
        ("ssid", "Hei*", HOME, "yes"),
        ("ssid", "hei*", HOME, "no"),
        ("ssid", "Heim", OFFICE, "no"),
        ("ssid", "[weird", replace(HOME, ssid="[weird"), "yes"),
        ("ssid", "Heim", replace(HOME, ssid=DARK), "blind"),
        ("vpn", True, OFFICE, "yes"),
        ("vpn", True, HOME, "no"),
        ("vpn", True, replace(HOME, vpn=(Tunnel("tailscale0", False, mesh=True),)), "no"),
        ("vpn", "tailscale*", replace(HOME, vpn=(Tunnel("tailscale0", False, mesh=True),)), "yes"),
        ("vpn", "wg*", OFFICE, "no"),
        ("vpn", False, HOME, "fallback"),
        ("vpn", False, OFFICE, "no"),
        ("vpn", True, replace(OFFICE, vpn=DARK), "blind"),
        ("kind", "wired", OFFICE, "fallback"),
        ("kind", "wifi", OFFICE, "no"),
        ("interface", "eth*", OFFICE, "fallback"),
        ("bssid", "02:aa:00:00:00:01", replace(HOME, bssid="02:aa:00:00:00:01"), "yes"),
    ],
)
def test_one_condition(fact: str, wanted: str | bool, network: Network, want: str) -> None:
    assert verdict(profile("p", {fact: wanted}), network) == want


def test_a_list_in_a_key_is_any_of_and_identifies_by_what_matched() -> None:
    assert verdict(profile("p", {"vpn": (False, "tun*")}), OFFICE) == "yes"
    assert verdict(profile("p", {"vpn": (False, "tun*")}), HOME) == "fallback"
    assert verdict(profile("p", {"gateway": ("10.9.0.1", "10.1.0.1")}), OFFICE) == "yes"


def test_a_fallback_in_one_item_and_proof_in_another_is_proof() -> None:
    assert verdict(profile("p", {"kind": "wired"}, {"dns_suffix": "corp.example"}), OFFICE) == "yes"


# ---- the decision ----


def decide(*profiles: Profile, network: Network = OFFICE, **more: object) -> Decision:
    return match.decide(network, profiles, **more)  # type: ignore[arg-type]


def test_priority_then_proxy_then_name() -> None:
    a, b = profile("a", {"dns_suffix": "corp.example"}, proxy="direct"), profile("b", {"dns_suffix": "corp.example"})
    c = profile("c", {"dns_suffix": "corp.example"}, proxy="direct", priority=1)
    for order in ((a, b, c), (c, b, a)):
        assert decide(*order).profile == c
    assert decide(a, b).profile == b
    assert decide(replace(a, name="x"), a).profile == a


def test_two_of_one_priority_are_a_tie_and_still_decided() -> None:
    d = decide(profile("a", {"dns_suffix": "corp.example"}), profile("b", {"gateway": "10.1.0.1"}))
    assert d.profile is not None
    assert d.profile.name == "a"
    assert [p.code for p in d.problems] == ["tie"]
    assert not decide(profile("a", {"dns_suffix": "corp.example"}, priority=2), profile("b", {"gateway": "10.1.0.1"})).problems


def test_a_fallback_waits_for_quiet_whatever_its_priority() -> None:
    sure, rest = profile("office", {"dns_suffix": "corp.example"}), anywhere("rest", priority=99)
    assert decide(sure, rest, settled=False).profile == sure
    waiting = decide(rest, settled=False)
    assert (waiting.action, waiting.waits, waiting.profile) == ("hold", True, None)
    assert decide(rest, settled=True).profile == rest


def test_a_fallback_never_acts_while_a_blind_profile_wants_something_else() -> None:
    office = profile("office", {"ssid": "Corp"})
    network = replace(HOME, ssid=DARK)
    held = decide(office, anywhere("rest"), network=network)
    assert (held.action, held.profile, [p.code for p in held.problems]) == ("hold", None, ["blind"])
    assert "not told" in held.because
    same = anywhere("rest", proxy="http://p.example:1")
    assert decide(office, same, network=network).profile == same


def test_presence_acts_though_a_blind_profile_has_more_priority() -> None:
    sure = profile("home", {"gateway_mac": "02:00:00:00:00:02"}, proxy="direct")
    assert decide(profile("office", {"ssid": "Corp"}, priority=9), sure, network=replace(HOME, ssid=DARK)).profile == sure


def test_a_broken_profile_counts_as_blind() -> None:
    broken = Profile("office", Apply("keep"), broken="office.yaml:3:1: no such key")
    d = decide(broken, anywhere("rest"))
    assert (d.action, d.problems[0].hint) == ("hold", "roamrc check")


@pytest.mark.parametrize(("why", "cure"), [("behind NAT", "roamrc use office"), ("no grant", "roamrc learn office")])
def test_what_can_not_be_learnt_here_is_chosen_by_hand(why: str, cure: str) -> None:
    d = decide(profile("office", {"ssid": "Corp"}), network=replace(HOME, ssid=Hidden(why)))
    assert (d.action, d.problems[0].hint) == ("hold", cure)


def test_offline_holds_and_an_override_does_not_care() -> None:
    off = Network(False)
    assert (decide(anywhere("rest"), network=off).because, decide(network=off).action) == ("offline", "hold")
    assert decide(anywhere("rest"), network=off, override=Override("direct", 0.0)).profile == match.DIRECT


@pytest.mark.parametrize("name", ["gone", "broken"])
def test_an_override_that_can_not_be_is_held_and_said(name: str) -> None:
    d = decide(Profile("broken", Apply("keep"), broken="why"), anywhere("rest"), override=Override(name, 0.0))
    assert (d.action, d.problems[0].code) == ("hold", "override")


def test_an_override_skips_when_and_unless_but_not_prove() -> None:
    p = replace(profile("p", {"ssid": "Nowhere"}), unless=((Condition("anywhere", (True,)),),))
    assert decide(p, override=Override("p", 0.0)).profile == p
    proven = replace(p, prove=Prove("https://intranet.example/"))
    held = decide(proven, override=Override("p", 0.0))
    assert (held.action, len(held.questions)) == ("hold", 1)
    told = {held.questions[0]: Answer("yes", "200")}
    assert decide(proven, override=Override("p", 0.0), answers=told).profile == proven


def test_nothing_matches_holds() -> None:
    assert decide(profile("p", {"dns_suffix": "other.example"})).because == "no profile matches"
    assert decide().because == "there are no profiles"


# ---- questions ----


def test_a_question_is_open_only_where_the_passive_checks_hold() -> None:
    p = profile("p", {"dns_suffix": "corp.example", "resolves": "intranet.corp.example"})
    d = decide(p, anywhere("rest"))
    assert d.questions == (Question("resolves", "intranet.corp.example"),)
    assert (d.action, d.judged[0].verdict) == ("hold", "blind")
    assert decide(p, anywhere("rest"), network=HOME).questions == ()
    assert decide(p, network=replace(OFFICE, dns_suffixes=DARK)).questions == ()


@pytest.mark.parametrize(("answer", "want"), [("yes", "p"), ("no", "rest"), ("hidden", None)])
def test_answers_decide(answer: Verdict, want: str | None) -> None:
    p = profile("p", {"reachable": "intranet.corp.example:443"})
    d = decide(p, anywhere("rest"), answers={Question("reachable", "intranet.corp.example:443"): Answer(answer, "told")})
    assert (d.profile.name if d.profile else None) == want


def test_a_proof_is_yes_or_unknown_and_never_no() -> None:
    p = replace(profile("p", {"dns_suffix": "corp.example"}), prove=Prove("https://intranet.example/"))
    question = decide(p).questions[0]
    for verdict_ in ("no", "hidden"):
        assert decide(p, answers={question: Answer(verdict_, "told")}).judged[0].verdict == "blind"
    assert decide(p, answers={question: Answer("yes", "told")}).profile == p
    everywhere = replace(anywhere("q"), prove=Prove("https://intranet.example/"))
    question = decide(everywhere).questions[0]
    assert decide(everywhere, answers={question: Answer("yes", "200")}).judged[0].verdict == "yes"


def test_the_reason_names_what_holds_and_nothing_of_an_item_that_does_not() -> None:
    p = profile(
        "p",
        {"dns_suffix": OFFICE.dns_suffixes[0], "gateway": "203.0.113.1"},
        {"interface": OFFICE.interface, "kind": OFFICE.kind},
    )
    d = decide(p)
    assert (d.profile, d.because) == (p, f"interface {OFFICE.interface}, kind {OFFICE.kind}")


def test_the_reason_names_the_profile_s_own_words_and_no_control_character() -> None:
    p = replace(profile("p", {"ssid": "Evil*"}), because="policy 7")
    d = decide(p, network=replace(HOME, ssid="Evil\x1b[31m\n"))
    assert d.because == "policy 7 (ssid Evil\\x1b[31m\\x0a)"


def test_a_profile_that_another_one_always_beats_is_told() -> None:
    a = profile("a", {"dns_suffix": "corp.example"}, {"gateway": "10.1.0.1"})
    b = profile("b", {"gateway": "10.1.0.1"}, {"dns_suffix": "corp.example"}, priority=-1)
    c = profile("c", {"dns_suffix": "corp.example"})
    assert match.never_win([b, a, c]) == [("b", "a")]
    assert match.never_win([replace(b, unless=((Condition("vpn", (True,)),),)), a, c, profile("d"), profile("e")]) == []


# ---- a thousand profiles -----------------------------------------------------------------------------------------------------

WANTED: dict[str, tuple[object, ...]] = {
    "anywhere": (True,), "dns_suffix": ("corp.example", "lan", "example"), "ssid": ("Heim", "H*", "none"),
    "kind": ("wifi", "wired"), "gateway": ("10.1.0.1", "10.0.0.0/8", "192.168.1.1"), "vpn": (True, False, "tun*"),
    "subnet": ("10.1.0.0/24", "172.16.0.0/12"), "gateway_mac": ("02:00:00:00:00:01",),
    "resolves": ("intranet.corp.example",), "reachable": ("10.1.0.9:80",),
}  # fmt: skip
FACTS = ("dns_suffixes", "ssid", "kind", "gateway", "gateway_mac", "addresses", "vpn")


@pytest.mark.parametrize("seed", range(200))
def test_a_trail_left_out_changes_nothing_but_the_trail(seed: int) -> None:
    """Random profiles on random networks, some facts hidden, some questions answered: what is left out is no and asks nothing."""
    r = random.Random(seed)

    def items(most: int) -> tuple[tuple[Condition, ...], ...]:
        made = [{f: r.choice(WANTED[f]) for f in r.sample(list(WANTED), r.randint(1, 3))} for _ in range(r.randint(0, most))]
        return profile("x", *made).when

    found = [
        Profile(
            f"p{n}", Apply(r.choice(("direct", "keep", "http://p.example:1", "http://q.example:1"))), items(3), items(1),
            r.choice((None, None, Prove("https://i.corp.example/"))), r.randint(0, 2),
        )
        for n in range(8)
    ]  # fmt: skip
    base = r.choice((OFFICE, HOME))
    network = replace(base, **{f: DARK for f in FACTS if r.random() < 0.2})
    answers = {Question("resolves", "intranet.corp.example"): Answer(r.choice(VERDICTS), "told")} if r.random() < 0.5 else {}
    short = match.decide(network, found, answers=answers, settled=r.random() < 0.5)
    whole = {j.profile: j for j in match.judge_all(network, found, answers)}
    assert all(whole[j.profile] == j for j in short.judged)
    left_out = whole.keys() - {j.profile for j in short.judged}
    assert all(whole[name].verdict == "no" for name in left_out)
    blocking = [p for p in found if p.name in left_out]
    assert not any(match._judge(p, network, answers)[1] for p in blocking), "nothing was to be asked for them"


def test_of_a_thousand_profiles_one_has_a_trail() -> None:
    many = [profile(f"p{n}", {"dns_suffix": f"o{n}.test"}) for n in range(1000)]
    d = match.decide(replace(OFFICE, dns_suffixes=("o7.test",)), many)
    assert d.profile is many[7]
    assert [j.profile for j in d.judged] == ["p7"]

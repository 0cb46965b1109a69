"""What doctor says of logins and proofs: where the proof answers though nothing else matches, and where it does not though all
does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from roamrc import look
from roamrc.doctor import trust
from roamrc.model import Advice, Answer, Apply, Condition, Network, Profile, Prove, Question
from roamrc.reading.fields import profile as read_profile
from roamrc.reading.nodes import Faults
from roamrc.reading.yamlfile import parse
from roamrc.rules import match
from roamrc.rules.checks import Answers
from roamrc.system import System

URL = "https://intranet.corp.test/"
OFFICE = Network(True, dns_suffixes=("corp.test",), gateway="10.1.1.1", addresses=("10.1.1.9/24",))
HOME = Network(True, dns_suffixes=("lan",), gateway="192.168.1.1", addresses=("192.168.1.9/24",))


def profile(name: str = "office", *items: tuple[Condition, ...], login: str | None = "file:/x", prove: str = URL) -> Profile:
    when = items or ((Condition("dns_suffix", ("corp.test",)),),)
    return Profile(name, Apply("http://proxy.corp.test:8080", login), when, prove=Prove(prove))


def answered(p: Profile, verdict: str) -> Answers:
    answer = Answer("yes", "200 from 10.0.0.1") if verdict == "yes" else Answer("hidden", "no answer")
    return dict.fromkeys(match.proofs(p), answer)


SAID = [
    (OFFICE, "yes", "ok", 'proves "office" here'),
    (OFFICE, "hidden", "warn", "does not prove it: no answer"),
    (HOME, "yes", "warn", "as its proof it proves nothing"),
    (HOME, "hidden", "ok", "nor does"),
]


@pytest.mark.parametrize(("network", "verdict", "result", "words"), SAID)
def test_a_proof_shall_answer_there_and_nowhere_else(network: Network, verdict: str, result: str, words: str) -> None:
    p = profile()
    found = trust.proven(p, network, answered(p, verdict))
    assert (found.check, found.result) == ("login", result)
    assert words in found.message


def test_a_tunnel_may_carry_the_proof_of_the_item_that_names_it_alone() -> None:
    """A split VPN reaches the intranet from anywhere: its proof must not stay behind for an item that a café can claim."""
    p = profile("office", (Condition("subnet", ("10.1.1.0/24",)),), (Condition("vpn", (True,)),), (Condition("vpn", (False,)),))
    plain, tunnel = match.proofs(p)
    assert (plain.vpn, tunnel.vpn) == (False, True)
    assert plain.subnets == tunnel.subnets == ("10.1.1.0/24",)
    claimed = Network(True, gateway="10.1.1.1", addresses=("10.1.1.9/24",))
    yes = Answer("yes", "200")
    assert match.decide(claimed, [p], answers={tunnel: yes}).action == "hold"
    assert match.decide(claimed, [p], answers={plain: yes}).profile == p


def advice(tmp_path: Path, **profiles: str) -> list[Advice]:
    folder = tmp_path / ".config/roamrc/profiles"
    folder.mkdir(parents=True)
    for name, text in profiles.items():
        (folder / f"{name}.yaml").write_text(text)
    setup, _ = look.setup(System(env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, home=tmp_path))
    return list(trust.advice(setup))


LOGIN = "apply: {{proxy: 'http://proxy.corp.test:8080', login: 'file:/{}'}}\n"


def test_no_login_is_no_worry(tmp_path: Path) -> None:
    (found,) = advice(tmp_path, home="when: anywhere\napply: {proxy: direct}\n")
    assert found.result == "skip"


def test_a_file_in_a_repository_is_told(tmp_path: Path) -> None:
    if subprocess.run(["git", "init", "-q", str(tmp_path)], check=False).returncode:
        pytest.skip("git is not installed")
    found = advice(tmp_path, office="when: []\n" + LOGIN.format("x"))
    assert [(a.result, "git work tree" in a.message) for a in found] == [("warn", True)]


def test_one_proof_for_two_logins_tells_nothing_apart(tmp_path: Path) -> None:
    prove = f"when: []\nprove: {URL}\n"
    found = advice(tmp_path, a=prove + LOGIN.format("x"), b=prove + LOGIN.format("y"), c=prove + LOGIN.format("x"))
    told = [a.message for a in found if "two logins" in a.message]
    assert told == ['"a" and "b" have one proof and two logins: it does not tell them apart']


VAIN = [
    ("https://203.0.113.5/", "dns_suffix: corp.test", "neither a private address"),
    ("https://203.0.113.5/", "subnet: 203.0.113.0/24", ""),
    ("https://10.1.1.1/", "dns_suffix: corp.test", ""),
    ("https://localhost:8443/", "dns_suffix: corp.test", "this machine itself"),
    ("https://127.0.0.1/", "dns_suffix: corp.test", "neither"),
    ("https://intranet.corp.test/", "dns_suffix: corp.test", ""),
]


@pytest.mark.parametrize(("url", "when", "words"), VAIN)
def test_check_warns_of_a_proof_that_can_not_prove(url: str, when: str, words: str) -> None:
    faults = Faults("office.yaml")
    root = parse(f"when: {{{when}}}\nprove: {url}\n{LOGIN.format('x')}".encode(), faults)
    assert root
    assert read_profile(root, "office", "office.yaml", faults)
    told = [f for f in faults.found if f.path == "prove"]
    assert [f.severity for f in told] == (["warning"] if words else [])
    assert all(words in f.text for f in told)


def test_check_warns_of_a_login_on_claims_alone() -> None:
    faults = Faults("office.yaml")
    root = parse(f"when: {{ssid: Corp}}\n{LOGIN.format('x')}".encode(), faults)
    assert root
    read_profile(root, "office", "office.yaml", faults)
    assert "any network that claims to be this one" in faults.found[0].text


def test_questions_of_one_profile_are_one_where_no_item_names_a_tunnel() -> None:
    p = profile("office", (Condition("ssid", ("a",)),), (Condition("ssid", ("b",)),))
    assert match.proofs(p) == (Question("prove", URL, None, "office"),)

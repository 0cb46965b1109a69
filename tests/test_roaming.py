"""A card between two access points: for a moment, and only where nobody without the key can bring the carrier back."""

from __future__ import annotations

import pytest

from roamrc.daemon.roaming import MOMENT, Roaming
from roamrc.look import Memory
from roamrc.memory.ledger import _json, _record
from roamrc.model import Answer, Link, Network, Question
from roamrc.rules.owned import Lent, Record
from roamrc.slotted import replace

CORP = Network(True, "wlan0", "wifi", "CorpNet", link=Link("boot", 3, 0, 0.0, "02:00:00:00:00:01", "CorpNet"))
OPEN = replace(CORP, link=Link("boot", 3, 7, 0.0, "02:00:00:00:00:01"))
AWAY = Network(False)
TOLD = {Question("prove", "https://intranet.corp.example/"): Answer("yes", "")}

CASES: dict[str, tuple[Network | None, Network, bool]] = {
    "the carrier is gone": (CORP, AWAY, True),
    "associated, no key yet": (CORP, replace(AWAY, ssid="CorpNet"), True),
    "another name": (CORP, replace(AWAY, ssid="Cafe"), False),
    "a network without a key": (OPEN, AWAY, False),
    "on the cable instead": (CORP, Network(True, "eth0"), False),
    "it is back": (CORP, CORP, False),
    "the first look": (None, AWAY, False),
}


@pytest.mark.parametrize(("before", "seen", "waits"), CASES.values(), ids=CASES)
def test_what_a_look_says_nothing_of(before: Network | None, seen: Network, waits: bool) -> None:
    memory = Memory(network=seen, moved=True)
    rest = Roaming().rest(Memory(network=before, answers=dict(TOLD)), memory, 100.0)
    assert rest == (MOMENT if waits else 0.0)
    assert (memory.network, memory.moved, memory.answers) == ((before, False, TOLD) if waits else (seen, True, {}))


def test_a_moment_ends_and_another_may_begin() -> None:
    roaming = Roaming()

    def rest(seen: Network, now: float) -> float:
        return roaming.rest(Memory(network=CORP), Memory(network=seen), now)

    assert [rest(AWAY, 100.0), rest(AWAY, 101.5), rest(AWAY, 102.0), rest(AWAY, 103.0)] == [2.0, 0.5, 0.0, 0.0]
    assert [rest(CORP, 104.0), rest(AWAY, 105.0)] == [0.0, 2.0]


def test_a_network_with_a_key_is_one_link() -> None:
    assert CORP.link is not None
    assert CORP.link.same(replace(CORP.link, mac=None))
    assert not CORP.link.same(replace(CORP.link, network="Cafe"))
    assert not CORP.link.same(replace(CORP.link, network="", losses=1))
    assert not CORP.link.same(replace(CORP.link, mac=""))


def test_the_ledger_keeps_it_and_reads_what_an_older_version_kept() -> None:
    assert CORP.link is not None
    record = Record("office", lent=Lent("office", "file:x", "digest", CORP.link))
    kept = _json(record)
    assert _record(kept) == record
    kept["lent"]["link"].pop()
    assert _record(kept) == Record("office", lent=Lent("office", "file:x", "digest", replace(CORP.link, network="")))

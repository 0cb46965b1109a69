"""A saved network: what `facts --json` prints is what `explain --facts` reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamrc.errors import RoamError
from roamrc.formats import saved
from roamrc.model import Hidden, Network, Tunnel

HIDDEN = st.builds(Hidden, st.text())
TEXT = st.none() | HIDDEN | st.text()
LOWER = st.none() | HIDDEN | st.from_regex(r"\A[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
NETWORKS = st.builds(
    Network,
    st.booleans(),
    interface=TEXT,
    kind=st.none() | HIDDEN | st.sampled_from(("wifi", "wired", "cellular", "other")),
    ssid=TEXT,
    bssid=LOWER,
    dns_suffixes=HIDDEN | st.lists(st.from_regex(r"\A[a-z0-9]+(\.[a-z0-9]+)*\Z")).map(tuple),
    gateway=st.none() | HIDDEN | st.ip_addresses().map(str),
    gateway_mac=LOWER,
    addresses=HIDDEN | st.lists(st.ip_addresses().map(str)).map(tuple),
    vpn=HIDDEN | st.lists(st.builds(Tunnel, st.text(), st.booleans(), st.booleans(), st.text())).map(tuple),
    via=st.dictionaries(st.sampled_from(saved.FACTS), st.text()),
)


@given(NETWORKS)
def test_there_and_back_nothing_is_lost(network: Network) -> None:
    told = json.loads(json.dumps({"version": 1, **saved.to_json(network)}))
    assert saved.from_json(told, "x.json") == network


def test_the_keys_are_those_of_the_contract() -> None:
    found = saved.to_json(Network(True, vpn=(Tunnel("tun0", True),), addresses=("10.1.2.3/24",)))
    assert list(found) == [
        "online", "interface", "kind", "ssid", "bssid", "dns_suffixes", "gateway", "gateway_mac", "addresses", "vpn", "via",
    ]  # fmt: skip
    assert (found["vpn"], found["addresses"]) == ([{"name": "tun0", "default": True}], ["10.1.2.3"])


def test_a_fact_that_is_missing_is_one_that_the_network_does_not_have() -> None:
    assert saved.from_json({"ssid": "Cafe"}, "x") == Network(True, ssid="Cafe")


def test_suffixes_and_macs_are_read_as_the_probes_give_them() -> None:
    found = saved.from_json({"dns_suffixes": ["Corp.Example."], "gateway_mac": "AA:BB:CC:00:11:22", "ssid": "CaFe"}, "x")
    assert (found.dns_suffixes, found.gateway_mac, found.ssid) == (("corp.example",), "aa:bb:cc:00:11:22", "CaFe")


WRONG: tuple[Any, ...] = (
    None, 7, "text", [], [1], {"online": "yes"}, {"online": None}, {"version": 2}, {"version": "1"}, {"ssid": 7}, {"ssid": ["a"]},
    {"ssid": {"hidden": "x", "more": 1}}, {"ssid": True}, {"dns_suffixes": "corp.example"}, {"dns_suffixes": [7]},
    {"addresses": {"a": 1}}, {"vpn": ["tun0"]}, {"vpn": [{"default": True}]}, {"vpn": {"name": "x"}}, {"vpn": True},
)  # fmt: skip


@pytest.mark.parametrize("found", WRONG, ids=repr)
def test_what_is_no_saved_network_is_said_with_its_place(found: Any) -> None:
    with pytest.raises(RoamError) as e:
        saved.from_json(found, "x.json")
    assert (e.value.code, e.value.where) == (2, "x.json")
    assert e.value.hint.startswith(("roamrc facts --json", "upgrade roamrc"))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)))
def test_anything_else_is_a_network_or_one_sentence(found: Any) -> None:
    try:
        told: Network | RoamError = saved.from_json(found, "x")
    except RoamError as e:
        told = e
    assert isinstance(told, Network) or told.sentence.startswith(("no saved network", "a saved network", "`"))

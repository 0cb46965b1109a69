"""A choice by hand: how it is kept, and when it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines import machine
from roamrc import look
from roamrc.model import Hidden, Network, Override, Tunnel
from roamrc.rules import override
from roamrc.slotted import replace

HOME = Network(
    True,
    "wlan0",
    "wifi",
    "Home",
    "aa:aa:aa:aa:aa:01",
    (),
    "192.168.1.1",
    "aa:aa:aa:aa:aa:aa",
    ("192.168.1.7/24", "2001:db8:1::7/64"),
)
MOVED = override.anchored(Override("office", 100.0, None, True), HOME)
HIDDEN = Hidden("netlink: permission denied")

PLACES: tuple[tuple[str, Network, bool], ...] = (
    ("the same place", HOME, False),
    ("another access point of it", replace(HOME, bssid="aa:aa:aa:aa:aa:02", addresses=("192.168.1.99/24",)), False),
    ("a VPN comes up", replace(HOME, vpn=(Tunnel("tun0", True),)), False),
    ("offline", Network(False), False),
    ("offline, with an address left", replace(HOME, online=False, gateway=None, gateway_mac=None), False),
    ("nothing can be read", replace(HOME, gateway=HIDDEN, gateway_mac=HIDDEN, addresses=HIDDEN), False),
    ("the MAC is not known yet", replace(HOME, gateway_mac=Hidden("no answer")), False),
    ("a clone with the same addresses", replace(HOME, gateway_mac="bb:bb:bb:bb:bb:bb"), True),
    ("another network", replace(HOME, gateway="10.20.0.1", gateway_mac="cc:cc:cc:cc:cc:cc", addresses=("10.20.3.4/16",)), True),
    (
        "another gateway, its MAC hidden",
        replace(HOME, gateway="10.20.0.1", gateway_mac=HIDDEN, addresses=("10.20.3.4/16",)),
        True,
    ),
    ("the same gateway, another net", replace(HOME, gateway_mac=HIDDEN, addresses=("192.168.1.7/16",)), True),
    ("a new IPv6 privacy address", replace(HOME, gateway_mac=HIDDEN, addresses=("192.168.1.7/24", "2001:db8:1::99/64")), False),
)


@pytest.mark.parametrize(("network", "moved"), [p[1:] for p in PLACES], ids=[p[0] for p in PLACES])
def test_until_moved_ends_where_the_gateway_is_readably_another_one(network: Network, moved: bool) -> None:
    why = override.ended(MOVED, network, 200.0)
    assert bool(why and why.startswith("moved: ")) is moved


@pytest.mark.parametrize(("now", "over"), [(0.0, False), (199.999, False), (200.0, True), (1e12, True)])
@pytest.mark.parametrize("network", [HOME, Network(False)], ids=["online", "offline"])
def test_for_so_long_ends_by_the_clock_wherever_one_is(network: Network, now: float, over: bool) -> None:
    assert override.ended(Override("office", 100.0, 200.0), network, now) == ("its time is over" if over else None)


def test_without_an_end_it_stands_everywhere() -> None:
    assert all(override.ended(Override("office", 100.0), network, 1e12) is None for _, network, _ in PLACES)


def test_a_place_that_could_not_be_read_ends_nothing() -> None:
    nowhere = override.anchored(Override("office", 100.0, None, True), Network(False))
    assert (nowhere.mac, nowhere.gateway, nowhere.subnets) == (None, None, ())
    assert all(override.ended(nowhere, network, 200.0) is None for _, network, _ in PLACES)


SILENT = replace(HOME, gateway_mac=HIDDEN)
CLONE = replace(HOME, gateway_mac="bb:bb:bb:bb:bb:bb")
AWAY = replace(HOME, gateway="10.20.0.1", gateway_mac="cc:cc:cc:cc:cc:cc", addresses=("10.20.3.4/16",))


@pytest.mark.parametrize(
    ("stays", "moved"),
    [((HOME,), AWAY), ((SILENT,), AWAY), ((SILENT, Network(False), HOME), CLONE), ((HOME, SILENT), CLONE)],
    ids=["its gateway answers", "it has not answered yet", "it answers later", "it answers no more"],
)
def test_given_offline_it_is_bound_to_the_first_place(tmp_path: Path, stays: tuple[Network, ...], moved: Network) -> None:
    s, _ = look.setup(machine(tmp_path))
    s.state.save(override.NAME, override.to_json(Override("office", 100.0, None, True)))
    for network in (Network(False), *stays, Network(False)):
        seen = look.look(s, look.Memory(), network=network)
        assert seen.ended is None
        look.keep(seen)
    seen = look.look(s, look.Memory(), network=moved)
    assert (seen.override, str(seen.ended)[:7]) == (None, "moved: ")
    assert look.standing(s, moved)[1] == seen.ended, "a look alone ends nothing"
    look.keep(seen)
    assert look.standing(s, HOME) == (None, None, None)


@given(
    st.builds(
        Override,
        st.text(min_size=1),
        st.floats(0, 1e10),
        st.none() | st.floats(0, 1e10),
        st.booleans(),
        st.none() | st.text(min_size=1),
        st.none() | st.text(min_size=1),
        st.lists(st.text()).map(tuple),
    )
)
def test_kept_and_read_it_is_the_same(given_: Override) -> None:
    assert override.from_json(json.loads(json.dumps(override.to_json(given_)))) == given_


@pytest.mark.parametrize("found", [None, {}, {"profile": 7}, {"since": 1.0}, {"profile": None}], ids=repr)
def test_a_file_that_makes_no_sense_is_no_override(found: dict[str, object] | None) -> None:
    assert override.from_json(found) is None


def test_fields_of_the_wrong_shape_are_as_if_they_were_not_there() -> None:
    found = override.from_json({"profile": "office", "since": "x", "until": [], "until_moved": 1, "mac": 7, "subnets": "a"})
    assert found == Override("office", 0.0)

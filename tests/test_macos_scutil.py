# ruff: noqa: E501 -- outputs stand as the tools print them
"""The dictionary grammar of scutil and getsummary: laws by generated texts, and the traps one by one."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macos.render import shown
from roamrc.formats import scutil
from roamrc.model import Hidden

tame = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12).map(str.strip)
leaf = tame.filter(lambda s: not s.startswith(("<", "}")) and " :" not in s)
name = leaf.filter(bool)
values = st.recursive(leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(name, inner, max_size=4), max_leaves=30)
grammar = st.sampled_from(
    [
        "<dictionary> {",
        "<array> {",
        "}",
        "  ",
        "    ",
        " : ",
        "\n",
        "KEY",
        "0",
        "SSID : x",
        "<data> 0x",
        "00ff",
        "\r",
        "No such key",
        "> ",
        "\x85",
    ]
)


@given(st.dictionaries(name, values, max_size=6))
def test_what_is_printed_is_read_back(value: dict[str, Any]) -> None:
    assert scutil.documents(shown(value) + "\n") == [value]
    assert scutil.summary(shown(value)) == value


@given(st.lists(st.dictionaries(name, values, max_size=3) | st.none(), max_size=5))
def test_answers_stay_in_order(many: list[dict[str, Any] | None]) -> None:
    text = "".join("  No such key\n" if value is None else shown(value) + "\n" for value in many)
    assert scutil.documents(text) == many


@given(st.lists(grammar, max_size=60).map("".join) | st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    scutil.documents(text)
    scutil.summary(text)
    scutil.subkeys(text)


@given(st.dictionaries(name, values, min_size=1, max_size=4), st.integers(0, 400))
def test_a_text_cut_anywhere_keeps_what_came_before(value: dict[str, Any], at: int) -> None:
    text = shown(value)
    found = scutil.documents(text[:at])
    whole = text[:at].rpartition("\n")[0]
    if "\n" in whole:
        first = whole.split("\n")[1]
        key, _, rest = first.strip().partition(" : ")
        assert isinstance(found[0], dict)
        if not rest.startswith("<") and whole.count("\n") >= 2:
            assert scutil.text(found[0], key).partition("\n")[0] == rest


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=200))
def test_a_packets_text_can_say_nothing_on_the_first_level(packet: str) -> None:
    """The worst it can do is to close the dictionaries itself: then the real name comes twice, and twice is Hidden."""
    text = shown({"IPv4": [{"DHCP": {"Packet": f"\n{packet}", "State": "BOUND"}}], "SSID": "<redacted>"})
    assert scutil.summary(text).get("SSID") in ("<redacted>", Hidden("said twice"), None)


def test_a_packet_that_closes_the_dictionaries_and_names_a_network_is_found_out() -> None:
    packet = "x\n        }\n      }\n    }\n  }\n  SSID : CorpNet"
    text = shown({"IPv4": [{"A": {"DHCP": {"Packet": packet, "State": "BOUND"}}}], "SSID": "<redacted>"})
    assert scutil.summary(text.replace("        }\n      }\n    }", "        }\n      }\n    }"))["SSID"] != "CorpNet"


def test_lines_of_a_packet_belong_to_the_packet() -> None:
    text = "<dictionary> {\n  DHCP : <dictionary> {\n    Packet : op = BOOTREPLY\nSSID : Evil\n  SSID : Evil\n}\n\n    State : BOUND\n  }\n  SSID : Real\n}\n"
    found = scutil.summary(text)
    assert found["SSID"] == "Real"
    assert scutil.table(found, "DHCP") == {"Packet": "op = BOOTREPLY\nSSID : Evil\n  SSID : Evil\n}\n", "State": "BOUND"}


@pytest.mark.parametrize("name", ["<dictionary> {", "<array> {", "}", "a : b", " : ", "<data> 0xzz", " two  spaces ", "0 : x"])
def test_any_name_of_a_network_is_only_a_name(name: str) -> None:
    assert scutil.documents(shown({"SSID_STR": name, "Z": "after"})) == [{"SSID_STR": name, "Z": "after"}]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("  No such key\n", [None]),
        ("<dictionary> {\n}\n", [{}]),
        ("<dictionary> {\n  A : <array> {\n  }\n}", [{"A": []}]),
        ("<dictionary> {\n  A :\n  B : \n}", [{"A": "", "B": ""}]),
        ("<dictionary> {\r\n  A : x\r\n}\r\n", [{"A": "x"}]),
        ("> <dictionary> {\n  A : x\n}\n> <dictionary> {\n  B : y\n}\n", [{"A": "x"}, {"B": "y"}]),
        ("Connected\nExtended Status <dictionary> {\n  Status : 2\n}\n", [{"Status": "2"}]),
        ("  <dictionary> {\n    A : x\n  }\n", [{"A": "x"}]),
        ("<dictionary> {\n  D : <data> 0x00ff\n  E : <data> 0x\n  F : <data> 0x0\n}", [{"D": b"\0\xff", "E": b"", "F": "<data> 0x0"}]),
        ("<dictionary> {\n  A : 1\n  A : 2\n}", [{"A": Hidden("said twice")}]),
        ("<dictionary> {\n  State:/Network/Global/IPv4 : <dictionary> {\n    Router : 10.0.0.1\n  }\n}",
         [{"State:/Network/Global/IPv4": {"Router": "10.0.0.1"}}]),
        ("<dictionary> {\n  A : one\ntwo\n\n  B : x\n}", [{"A": "one\ntwo\n", "B": "x"}]),
        ("<dictionary> {\n  A : cut of", [{"A": "cut of"}]),
        ("<array> {\n  0 : x\n  3 : y\n}", [["x", "y"]]),
    ],
)  # fmt: skip
def test_shapes(text: str, wanted: list[Any]) -> None:
    assert scutil.documents(text) == wanted


def test_a_summary_whose_head_is_lost_is_read_from_the_inside() -> None:
    assert scutil.summary("...\n  }\n  InterfaceType : WiFi\n  SSID : <redacted>\n}\n") == {
        "InterfaceType": "WiFi",
        "SSID": "<redacted>",
    }


@pytest.mark.parametrize(
    "text",
    [
        "<dictionary> {\n" * 70_000,
        "\n" * 1_000_000,
        "<dictionary> {\n  A : b\n" + "x\n" * 500_000,
        "<dictionary> {\n" + "".join("  " * i + "A : <dictionary> {\n" for i in range(1, 1000)),
        " " * 1_000_000,
        "<dictionary> {\n  A : <data> 0x" + "0" * 1_000_000,
        "<dictionary> {\n" + "  A : <array> {\n" * 60_000,
        "<dictionary> {\n  A : " + " : " * 300_000,
        "<dictionary> {\n" + "  A : x\n" * 120_000,
    ],
)
def test_a_megabyte_is_read_in_bounded_time(text: str) -> None:
    before = time.process_time()
    scutil.documents(text)
    scutil.summary(text)
    assert time.process_time() - before < 20  # seconds; a quadratic reader takes hours


def test_depth_is_bounded_and_what_lies_deeper_is_not_lost_above() -> None:
    text = "<dictionary> {\n" + "".join("  " * i + "A : <dictionary> {\n" for i in range(1, 60)) + "}\n"
    depth, node = 0, scutil.documents(text)[0]
    while isinstance(node, dict) and "A" in node:
        depth, node = depth + 1, node["A"]
    assert depth == scutil.DEEPEST


def test_subkeys() -> None:
    assert scutil.subkeys("  subKey [0] = State:/A\n  subKey [11] = State:/B/x\n  no keys\n") == ["State:/A", "State:/B/x"]


def test_readers_of_a_node_take_anything() -> None:
    for node in (None, "x", b"x", Hidden("x"), [], {}, {"K": b"x"}, {"K": Hidden("x")}):
        assert scutil.text(node, "K") == ""
        assert scutil.texts(node, "K") == ()
        assert scutil.table(node, "K") == {}
    assert scutil.texts({"K": ["a", "", b"x", "b"]}, "K") == ("a", "b")
    assert scutil.texts({"K": "a"}, "K") == ("a",)

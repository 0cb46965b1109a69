"""nl80211's answers, packed by hand from linux/nl80211.h (no test machine here has Wi-Fi), and an SSID's bytes as text and
back."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamrc.formats import nl80211
from roamrc.model import Hidden
from roamrc.probes import wifi_linux
from roamrc.probes.wifi_linux import Wifi


def a(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def u32(n: int) -> bytes:
    return struct.pack("=I", n)


AP = bytes.fromhex("02c0ffee0001")
OWN = bytes.fromhex("020000001a01")


def interface(ssid: bytes | None, kind: int = 2) -> nl80211.Interface:
    """As nl80211_send_iface packs it: ifindex, name, type, wiphy, wdev, our own MAC, generation, 4addr, ssid."""
    body = struct.pack("=BBH", 7, 1, 0)
    body += (
        a(3, u32(5))
        + a(4, b"wlan0\0")
        + a(1, u32(0))
        + a(5, u32(kind))
        + a(153, bytes(8))
        + a(6, OWN)
        + a(46, u32(4))
        + a(83, b"\0")
    )
    return nl80211.interface(body + (a(52, ssid) if ssid is not None else b""))


CCMP = b"\x00\x0f\xac\x04"


def scanned(ssid: bytes, status: int | None, bssid: bytes = AP, more: bytes = b"") -> bytes:
    """As nl80211_send_bss packs it: the BSS nested, with its elements (SSID, rates, country)."""
    elements = bytes((0, len(ssid))) + ssid + bytes((1, 2, 0x82, 0x84)) + bytes((7, 3)) + b"DE " + more
    bss = (
        a(1, bssid)
        + a(14, b"")
        + a(3, bytes(8))
        + a(6, elements)
        + a(4, b"\x64\0")
        + a(5, b"\x11\4")
        + a(2, u32(2412))
        + a(7, u32(0xFFFFEE90))
    )
    bss += a(10, u32(120)) + (a(9, u32(status)) if status is not None else b"")
    return struct.pack("=BBH", 34, 1, 0) + a(46, u32(7)) + a(3, u32(5)) + a(47 | 0x8000, bss)


def test_the_family_is_found() -> None:
    body = struct.pack("=BBH", 1, 2, 0) + a(2, b"nl80211\0") + a(1, struct.pack("=H", 0x1C)) + a(3, u32(1))
    assert nl80211.family(body) == 0x1C
    assert nl80211.family_request("nl80211") == struct.pack("=BBH", 3, 1, 0) + a(2, b"nl80211\0")


def test_the_question_names_the_interface() -> None:
    assert nl80211.request(nl80211.GET_SCAN, 5) == struct.pack("=BBH", 32, 0, 0) + a(3, u32(5))


def test_an_interface() -> None:
    assert interface(b"CorpNet") == nl80211.Interface(5, 2, b"CorpNet")
    assert interface(None).ssid == b""


def test_the_network_we_are_in_among_others() -> None:
    bodies = [scanned(b"Cafe", None, bytes(6)), scanned(b"CorpNet", 0), scanned(b"CorpNet", 1)]
    assert nl80211.associated(bodies) == nl80211.Bss("02:c0:ff:ee:00:01", b"CorpNet", True)
    assert nl80211.associated(bodies[:2]) is None
    assert nl80211.associated([]) is None


PSK, OWE = b"\x00\x0f\xac\x02", b"\x00\x0f\xac\x12"
WAYS: dict[str, tuple[tuple[bytes, ...] | None, bool]] = {
    "open": (None, False),
    "a passphrase": ((PSK,), True),
    "a passphrase or SAE": ((PSK, b"\x00\x0f\xac\x08"), True),
    "encrypted, and open to all": ((OWE,), False),
    "one of two ways is open to all": ((PSK, OWE), False),
    "none": ((), False),
}


@pytest.mark.parametrize(("ways", "keyed"), WAYS.values(), ids=WAYS)
def test_whether_a_network_has_a_key(ways: tuple[bytes, ...] | None, keyed: bool) -> None:
    ciphers = b"\1\0" + CCMP + b"\1\0" + CCMP
    rsn = b"" if ways is None else ciphers + struct.pack("<H", len(ways)) + b"".join(ways) + b"\0\0"
    (entry,) = [nl80211.bss(scanned(b"CorpNet", 1, more=bytes((48, len(rsn))) + rsn if rsn else b""))]
    assert (entry.ssid, entry.keyed) == (b"CorpNet", keyed)
    for cut in range(len(rsn)):
        nl80211.bss(scanned(b"CorpNet", 1, more=bytes((48, cut)) + rsn[:cut]))


def test_a_stations_address_is_the_access_points() -> None:
    assert (
        nl80211.station(struct.pack("=BBH", 19, 1, 0) + a(3, u32(5)) + a(6, AP) + a(46, u32(1)) + a(21, a(7, b"\xc4")))
        == "02:c0:ff:ee:00:01"
    )


@pytest.mark.parametrize(
    ("raw", "ssid"),
    [
        (b"", b""),
        (b"\0\4Corp", b"Corp"),
        (b"\1\1\x82\0\4Corp", b"Corp"),
        (b"\0\0\1\1\x82", b""),
        (b"\0\x20Corp", b""),
        (b"\1", b""),
    ],
    ids=["none", "first", "later", "hidden", "cut", "stub"],
)
def test_the_ssid_among_the_elements(raw: bytes, ssid: bytes) -> None:
    assert nl80211.element(raw, 0) == ssid


HIDDEN = Hidden("hidden network")
MUTE = Hidden("the driver does not tell")
DENIED = Hidden("nl80211: Operation not permitted")
ENTRY = nl80211.Bss("02:c0:ff:ee:00:01", b"CorpNet", True)
UNNAMED = nl80211.Bss("02:c0:ff:ee:00:01", b"\0\0\0", True)

STATES = {
    "named": (b"CorpNet", 2, ENTRY, "", Wifi("CorpNet", "02:c0:ff:ee:00:01")),
    "the beacon hides the name, the interface knows it": (b"CorpNet", 2, UNNAMED, "", Wifi("CorpNet", "02:c0:ff:ee:00:01")),
    "an old kernel, the scan knows it": (None, 2, ENTRY, "", Wifi("CorpNet", "02:c0:ff:ee:00:01")),
    "no scan kept, the peer is known": (b"CorpNet", 2, None, "02:c0:ff:ee:00:02", Wifi("CorpNet", "02:c0:ff:ee:00:02")),
    "no scan kept, no peer": (b"CorpNet", 2, None, "", Wifi("CorpNet", MUTE)),
    "the scan denied": (b"CorpNet", 2, DENIED, "", Wifi("CorpNet", DENIED)),
    "nameless to the interface, the scan knows it": (b"\0\0", 2, ENTRY, "", Wifi("CorpNet", "02:c0:ff:ee:00:01")),
    "nameless everywhere": (b"\0\0", 2, UNNAMED, "", Wifi(HIDDEN, "02:c0:ff:ee:00:01")),
    "empty": (b"", 2, UNNAMED, "", Wifi(HIDDEN, "02:c0:ff:ee:00:01")),
    "on no network": (None, 2, None, "", Wifi(None, None)),
    "denied": (None, 2, DENIED, "", Wifi(DENIED, DENIED)),
    "our own hotspot": (b"MyPhone", 3, None, "", Wifi(None, None)),
    "a monitor": (None, 6, None, "", Wifi(None, None)),
    "a hotspot by Wi-Fi Direct": (b"DIRECT-x", 8, ENTRY, "", Wifi("DIRECT-x", "02:c0:ff:ee:00:01")),
}


@pytest.mark.parametrize(("ssid", "kind", "entry", "peer", "wanted"), STATES.values(), ids=STATES)
def test_three_states(ssid: bytes | None, kind: int, entry: nl80211.Bss | Hidden | None, peer: str, wanted: Wifi) -> None:
    assert wifi_linux.told(interface(ssid, kind), entry, peer) == wanted


NAMES = {
    b"CorpNet": "CorpNet",
    "Café ☕".encode(): "Café ☕",
    b"caf\xe9": "caf\\xe9",
    b"a\\b": "a\\b",
    b"a\\xe9": "a\\\\xe9",
    b"a\\xzz": "a\\xzz",
    b"\\\\": "\\\\\\",
    b"end\\": "end\\",
    b"\\\xff": "\\\\\\xff",
    b"\xed\xa0\x80": "\\xed\\xa0\\x80",
    b"two\nlines": "two\nlines",
    b"<redacted>": "<redacted>",
}


@pytest.mark.parametrize(("raw", "shown"), NAMES.items(), ids=[repr(k) for k in NAMES])
def test_a_name_as_text(raw: bytes, shown: str) -> None:
    assert nl80211.name(raw) == shown
    assert nl80211.raw(shown) == raw


@given(
    st.lists(st.sampled_from([b"\\", b"x", b"e", b"9", b"\xff", b"\xc3", b"\xa9", b"A", b"\0"]), max_size=12).map(b"".join)
    | st.binary(max_size=32)
)
def test_any_ssid_comes_back(raw: bytes) -> None:
    assert nl80211.raw(nl80211.name(raw)) == raw


@given(st.binary(max_size=32), st.binary(max_size=32))
def test_two_ssids_are_never_the_same_text(one: bytes, other: bytes) -> None:
    assert (nl80211.name(one) == nl80211.name(other)) == (one == other)


@given(st.binary(max_size=80))
def test_any_body_is_read(body: bytes) -> None:
    nl80211.family(body)
    nl80211.interface(body)
    nl80211.station(body)
    nl80211.bss(body)

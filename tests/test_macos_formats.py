# ruff: noqa: E501 -- outputs stand as the tools print them
"""The other texts that macOS prints, one trap a row. Outputs are written for this test, by the grammar of Apple's tools."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamrc.formats import macos, macos_config, wifi_name
from roamrc.formats.macos import Neighbour


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0:b8:c2:39:55:a", "00:b8:c2:39:55:0a"), ("AA:BB:CC:DD:EE:FF", "aa:bb:cc:dd:ee:ff"), ("(incomplete)", None), ("", None),
        ("ff:ff:ff:ff:ff:ff", None), ("0:0:0:0:0:0", None), ("1:2:3:4:5", None), ("1:2:3:4:5:6:7", None), ("1:2:3:4:5:g", None),
        ("1:2:3:4:5:006", None), ("1:2:3:4:5:", None), ("<redacted>", None), ("1:2:3:4:5:٣", None),
    ],
)  # fmt: skip
def test_mac(text: str, wanted: str | None) -> None:
    assert macos.mac(text) == wanted


def test_arp_and_ndp() -> None:
    text = (
        "router.lan (10.0.0.1) at 0:4:ed:de:41:bf on en1 ifscope [ethernet]\n? (10.0.0.2) at (incomplete) on en1 ifscope [ethernet]\n"
        "? (10.0.0.255) at ff:ff:ff:ff:ff:ff on en1 ifscope [ethernet]\n10.0.0.9 (10.0.0.9) -- no entry\narp: 10.0.0.9: bad\n"
        "evil) at name (10.0.0.3) at 2:0:0:0:0:3 on en1 permanent [ethernet]\n"
    )
    assert macos.arp(text)[:3] == (
        Neighbour("10.0.0.1", "00:04:ed:de:41:bf", "en1"), Neighbour("10.0.0.2", None, "en1"), Neighbour("10.0.0.255", None, "en1"),
    )  # fmt: skip
    text = (
        "Neighbor                                Linklayer Address  Netif Expire    St Flgs Prbs\n"
        "2001:db8::1                             c:83:cc:fb:a1:7      en0 17s       R  R\n"
        "fe80::1%en0                             (incomplete)         en0 22s       R\n"
    )
    assert macos.ndp(text) == (Neighbour("2001:db8::1", "0c:83:cc:fb:a1:07", "en0"), Neighbour("fe80::1", None, "en0"))


IFCONFIG = """en0: flags=8863<UP,BROADCAST> mtu 1500
{0}ether a4:83:e7:0:62:8f
{0}inet 10.1.2.3 netmask 0xffff0000 broadcast 10.1.255.255
{0}inet6 fe80::1%en0 prefixlen 64 secured scopeid 0xa
{0}inet6 2001:db8::9 prefixlen 64 tentative
{0}inet6 2001:db8::a prefixlen 64 deprecated autoconf temporary
{0}media: autoselect
{0}status: inactive
utun4: flags=8051<UP,POINTOPOINT> mtu 1380
{0}inet 10.85.40.243 --> 10.85.40.243 netmask 0xffffffff
fw0: flags=8822<BROADCAST> mtu 4078
"""


@pytest.mark.parametrize("indent", ["\t", "        ", ""])
def test_ifconfig_whatever_the_indent(indent: str) -> None:
    found = macos.ifconfig(IFCONFIG.format(indent))
    assert list(found) == ["en0", "utun4", "fw0"]
    assert found["en0"] == macos.Interface(
        "en0", True, False, "a4:83:e7:00:62:8f", ("10.1.2.3/16", "fe80::1/64", "2001:db8::a/64")
    )
    assert found["utun4"].addresses == ("10.85.40.243/32",)
    assert (found["fw0"].up, found["fw0"].active) == (False, None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("default", "0.0.0.0/0"), ("0/1", "0.0.0.0/1"), ("128.0/1", "128.0.0.0/1"), ("10", "10.0.0.0/8"), ("10.244/14", "10.244.0.0/14"),
        ("192.168.68", "192.168.68.0/24"), ("169.254", "169.254.0.0/16"), ("192.168.0.1/32", "192.168.0.1/32"), ("10.9.0.15", "10.9.0.15/32"),
        ("224.0.0/4", "224.0.0.0/4"), ("fe80::%lo0/64", "fe80::/64"), ("2000::/3", "2000::/3"), ("::1", "::1/128"),
        ("10.0.0/&0xff00ff", None), ("1.2.3.4.5", None), ("host.name", None), ("", None), ("300", None), ("10/99", None), ("link#4", None),
    ],
)  # fmt: skip
def test_destination(text: str, wanted: str | None) -> None:
    found = macos.destination(text)
    assert (None if found is None else str(found)) == wanted


def test_netstat_of_two_ages_and_both_families() -> None:
    new = macos.netstat(
        "Routing tables\n\nInternet:\nDestination        Gateway            Flags               Netif Expire\n"
        "default            10.0.0.1           UGScg                 en0\ndefault            link#18            UCSIg               utun3\n"
        "127.0.0.1          127.0.0.1          UH                    lo0\n8.8.8.8            link#18            UHW3Ig              utun3     11\n"
        "\nInternet6:\nDestination   Gateway   Flags  Netif Expire\ndefault       fe80::%utun0  UGcIg  utun0\n"
    )
    assert [(str(r.to), r.interface, r.scoped) for r in new] == [
        ("0.0.0.0/0", "en0", False), ("0.0.0.0/0", "utun3", True), ("127.0.0.1/32", "lo0", False), ("::/0", "utun0", True),
    ]  # fmt: skip
    old = macos.netstat(
        "Routing tables\n\nInternet:\nDestination        Gateway            Flags        Refs      Use   Netif Expire\n"
        "default            10.0.0.1           UGSc           35        0     en1\n10.0/16            link#4             UCS             2        0     en1\n"
    )
    assert [(str(r.to), r.interface) for r in old] == [("0.0.0.0/0", "en1"), ("10.0.0.0/16", "en1")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("   route to: default\ndestination: default\n    gateway: 10.0.0.1\n  interface: en0\n", ("10.0.0.1", "en0")),
        ("   route to: default\n    gateway: link#18\n  interface: utun3\n", (None, "utun3")),
        ("route: writing to routing socket: not in table\n", (None, None)),
        ("", (None, None)),
    ],
)
def test_route_get(text: str, wanted: tuple[str | None, str | None]) -> None:
    assert macos.route(text) == wanted


def test_dns_with_gaps_old_reach_lines_and_lost_headers() -> None:
    text = (
        "DNS configuration\n\nresolver #1\n  search domain[0] : Foo.Example.\n  search domain[3] : hq\n  nameserver[0] : 10.0.0.1\n"
        "  if_index : 13 (en4)\n  flags    : Request A records\nReachable\n\nresolver #2\n  domain   : foo.example.\n"
        "  if_index : 26 (utun10)\n  flags    : Supplemental, Request A records\n  order    : 102600\n\n"
        "DNS configuration (for scoped queries)\n\nresolver #1\n  search domain[0] : hq\n  if_index : 13 (en4)\n  reach    : Reachable\n"
    )
    first, second, third = macos_config.dns(text)
    assert (first.search, first.interface, first.scoped, first.supplemental) == (("foo.example", "hq"), "en4", False, False)
    assert (second.domain, second.search, second.supplemental, second.interface) == ("foo.example", (), True, "utun10")
    assert (third.scoped, third.search) == (True, ("hq",))
    assert macos_config.dns(text.removeprefix("DNS configuration\n\n")) == (first, second, third)
    assert macos_config.dns("No DNS configuration available\n") == ()


def test_nwi() -> None:
    text = (
        "Network information\n\nIPv4 network interface information\n   utun6 : flags      : 0x5 (IPv4,DNS)\n           address    : 10.100.0.2\n"
        "           VPN server : 127.0.0.1\n     en0 : flags      : 0x5 (IPv4,DNS)\n\n   REACH : flags 0x00000003 (Reachable)\n\n"
        "IPv6 network interface information\n   No IPv6 states found\n\n   REACH : flags 0x00000000 (Not Reachable)\n\n"
    )
    wanted = macos_config.Information(("utun6", "en0"), (), ("utun6", "en0"))
    assert macos_config.nwi(text) == wanted
    assert macos_config.nwi(text + "Network interfaces: utun6 en0\n") == wanted
    assert macos_config.nwi("No network information\n") == macos_config.Information((), (), ())


@pytest.mark.parametrize(
    ("row", "name", "tunnel"),
    [
        (
            '* (Connected)      ID1 VPN (com.example.vpn) "Office VPN"                    [VPN:com.example.vpn]',
            "Office VPN",
            True,
        ),
        ('  (Connected)      ID1 IPSec "Office IKEv2"   [VPN:IPSec]', "Office IKEv2", True),
        ('* (Connected)      ID1 PPP --> L2TP       "My VPN"    [PPP:L2TP]', "My VPN", True),
        ('* (Disconnected)   ID1 PPP --> L2TP       "My VPN"    [PPP:L2TP]', "My VPN", False),
        ('* (Connecting)     ID1 VPN (x) "a"    [VPN:x]', "a", False),
        ('* (Connected)   ID1 PPP --> Gadget: v1, v2 "Gadget: v1, v2  [PPP:Modem]', "Gadget: v1, v2", False),
        ('* (Connected)   ID1 VPN (x) "a "quoted" name"  [VPN:x]', 'a "quoted" name', True),
        ('* (Connected)   ID1 VPN (x) "[PPP:Modem]"  [VPN:x]', "[PPP:Modem]", True),
    ],
)
def test_connections(row: str, name: str, tunnel: bool) -> None:
    (found,) = macos_config.connections(f"Available network connection services in the current set (*=enabled):\n{row}\n")
    assert (found.service, found.name, found.tunnel) == ("ID1", name, tunnel)


@pytest.mark.parametrize(
    "text", ["", "Available network connection services in the current set (*=enabled):\n", "(", "* (Connected)", "* ()"]
)
def test_no_connections(text: str) -> None:
    assert macos_config.connections(text) == ()


def test_ports() -> None:
    listed = "\nHardware Port: Thunderbolt Bridge\nDevice: bridge0\nEthernet Address: 02:0:0:0:0:1\n\nHardware Port: Wi-Fi\nDevice: en1\n\nVLAN Configurations\n=====\n"
    assert macos_config.ports(listed) == {"bridge0": "Thunderbolt Bridge", "en1": "Wi-Fi"}
    order = "An asterisk (*) denotes that a network service is disabled.\n(1) Wi-Fi\n(Hardware Port: Wi-Fi, Device: en0)\n\n(*) Mesh\n(Hardware Port: io.example.mesh, Device: )\n"
    assert macos_config.ports(order) == {"en0": "Wi-Fi"}
    assert macos_config.ports("Device: en0\n") == {}


def test_airport_and_its_stub() -> None:
    text = "     agrCtlRSSI: -58\n          state: running\n          BSSID: 0:b8:c2:39:55:a\n           SSID: A: Name\n        channel: 40,80\n"
    assert macos_config.airport(text) == ("A: Name", "00:b8:c2:39:55:0a")
    assert macos_config.airport("WARNING: The airport command line tool is deprecated\nAirPort: Off\n") == ("", None)
    assert macos_config.airport_network("Current Wi-Fi Network:  odd \n") == " odd "
    assert macos_config.airport_network("Current AirPort Network: Old\n") == "Old"
    assert macos_config.airport_network("You are not associated with an AirPort network.\n") == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\0\0\0",
        "<redacted>",
        "<SSID Redacted>",
        "<Redacted> ",
        "<private>",
        "You are not associated with an AirPort network.\n",
    ],
)
def test_never_a_name(text: str) -> None:
    assert wifi_name.name(text) is None


@pytest.mark.parametrize("text", ["home", "redacted", "<3", "< >", "<mine>", " x", "Office <redacted", "\0x"])
def test_a_name(text: str) -> None:
    assert wifi_name.name(text) == text


def test_a_bssid_that_stands_for_untold() -> None:
    assert wifi_name.bssid("02:00:00:00:00:00") is None
    assert wifi_name.bssid("2:0:0:0:0:1") == "02:00:00:00:00:01"


def archive(objects: list[Any], fmt: Any = plistlib.FMT_BINARY) -> bytes:
    return plistlib.dumps(
        {"$archiver": "NSKeyedArchiver", "$version": 100000, "$top": {"root": plistlib.UID(1)}, "$objects": objects}, fmt=fmt
    )


UID = plistlib.UID
RECORDS: list[tuple[bytes, tuple[str, str | None] | None]] = [
    (archive(["$null", {"SSID_STR": UID(2), "AGE": 5, "BSSID": UID(3)}, "Net", "0:1:2:3:4:5"]), ("Net", "00:01:02:03:04:05")),
    (archive(["$null", {"SSID_STR": UID(2), "AGE": 5}, {"NS.string": "Net"}]), ("Net", None)),
    (
        archive(["$null", {"NS.keys": [UID(2), UID(4)], "NS.objects": [UID(3), UID(5)]}, "SSID_STR", "Net", "AGE", 30_000]),
        ("Net", None),
    ),
    (plistlib.dumps({"SSID_STR": "Net", "AGE": 0.5}), ("Net", None)),
    (archive(["$null", {"SSID_STR": UID(2), "AGE": 30_001}, "Net"]), None),
    (archive(["$null", {"SSID_STR": UID(2)}, "Net"]), None),
    (archive(["$null", {"SSID_STR": UID(99), "AGE": 5}]), None),
    (archive(["$null", {"SSID_STR": UID(1), "AGE": 5}]), None),
    (
        archive(
            ["$null", {"NS.keys": [UID(2), UID(4)] * 150, "NS.objects": [UID(3), UID(5)] * 150}, "SSID_STR", "Net", "AGE", 5]
        ),
        None,
    ),
    (plistlib.dumps([1, 2]), None),
    (b"", None),
    (b"bplist00", None),
    (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><plist><string>&a;</string></plist>", None),
    (b"x" * 300_000, None),
]


@pytest.mark.parametrize(("data", "wanted"), RECORDS)
def test_cached_scan(data: bytes, wanted: tuple[str, str | None] | None) -> None:
    assert wifi_name.cached_scan(data) == wanted


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda b: RECORDS[0][0][:40] + b + RECORDS[0][0][40:]))
def test_no_scan_record_raises(data: bytes) -> None:
    found = wifi_name.cached_scan(data)
    assert found is None or isinstance(found[0], str)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"\x04corp\x07example\x00", ("corp.example",)),
        (b"\x04corp\x07example\x00\x02eu\xc0\x00", ("corp.example", "eu.corp.example")),
        (b"\x02eu\xc0\x00", ()),  # points at itself
        (b"\xc0\x00", ()), (b"\x01a\xc0\x02\x01b\xc0\x00", ()), (b"\xc0", ()), (b"", ()), (b"\x3fshort", ()), (b"\x80x", ()), (b"\x00", ()),
        (b"\x01a\x00" * 100, ("a",) * 64),
    ],
)  # fmt: skip
def test_dhcp_search_list(data: bytes, wanted: tuple[str, ...]) -> None:
    assert macos_config.search_list(data) == wanted


@given(st.binary(max_size=600))
def test_no_search_list_raises_or_loops(data: bytes) -> None:
    assert len(macos_config.search_list(data)) <= 64


PARSERS = [
    macos.arp, macos.ndp, macos.ifconfig, macos.netstat, macos.route, macos_config.dns, macos_config.nwi, macos_config.connections,
    macos_config.ports, macos_config.airport, macos_config.airport_network, macos.destination, macos.prefix, macos.mac, wifi_name.name,
]  # fmt: skip
words = st.sampled_from(
    ["default", "10.0/16", "en0", "utun3", " ", "\n", "  ", "(", ")", ") at ", "inet", "inet6", "netmask", "prefixlen", ": flags=<UP>", "status:", " : ",
     "resolver #1", "if_index", "Destination", "Netif", "Internet6:", "fe80::1%en0", "0xffffff00", "::/0", "* (Connected)", '"', "[VPN:x]", "Hardware Port: ",
     "Device:", "IPv4", "REACH", "\0", "٣", "1e9", "search domain[0]", "Supplemental"]
)  # fmt: skip


@given(st.lists(words, max_size=40).map(" ".join) | st.lists(words, max_size=40).map("".join) | st.text(max_size=100))
def test_no_text_raises(text: str) -> None:
    for parser in PARSERS:
        parser(text)

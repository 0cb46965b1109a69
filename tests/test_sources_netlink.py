"""The kernel's news: which messages are noise, as a table and by a real kernel in a network namespace of the test's own."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamrc.sources import netlink_filter_linux
from roamrc.sources.netlink_linux import GROUPS, Netlink, messages
from roamrc.sources.netlink_news_linux import MEMORY, News, attributes
from waking import reason, until

if sys.platform != "linux":
    pytest.skip("netlink is Linux", allow_module_level=True)

UP, RUNNING, LOWER_UP, PROMISC = 0x1, 0x40, 0x10000, 0x100
ON = UP | RUNNING | LOWER_UP
MADE = 0xFFFFFFFF


def attr(number: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), number) + value + bytes(-len(value) % 4)


def u32(number: int) -> bytes:
    return struct.pack("=I", number)


def link(
    index: int, flags: int, change: int = 0, name: str = "eth0", oper: int = 6, carrier: int = 1, losses: int = 0,
    more: bytes = b"", family: int = 0,
) -> bytes:  # fmt: skip
    return (
        struct.pack("=BxHiII", family, 1, index, flags, change)
        + attr(3, name.encode() + b"\0") + attr(16, bytes((oper,))) + attr(33, bytes((carrier,))) + attr(48, u32(losses)) + more
    )  # fmt: skip


def kind(name: str, serves: str = "") -> bytes:
    slave = attr(4, serves.encode() + b"\0") if serves else b""
    return attr(18, attr(1, name.encode() + b"\0") + slave)


def wireless(index: int, flags: int, *commands: int) -> bytes:
    stream = b"".join(struct.pack("=HH", 12, command) + bytes(8) for command in commands)
    return struct.pack("=BxHiII", 0, 1, index, flags, 0) + attr(3, b"eth0\0") + attr(11, stream)


def address(ip: str, index: int = 2, flags: int = 0x80, life: int = 100) -> bytes:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    raw = socket.inet_pton(family, ip)
    return struct.pack("=BBBBI", family, 24, flags & 0xFF, 0, index) + attr(1, raw) + attr(8, u32(flags)) + attr(6, u32(life) * 4)


def route(
    to: str = "default", via: str = "", table: int = 254, flags: int = 0, expires: int = 0, v6: bool = False, metric: int = 0,
    more: bytes = b"", oif: int = 2,
) -> bytes:  # fmt: skip
    ip, _, size = to.partition("/")
    family = socket.AF_INET6 if ":" in to + via or v6 else socket.AF_INET
    body = struct.pack("=BBBBBBBBI", family, int(size or 0), 0, 0, min(table, 255), 9, 0, 1, flags) + attr(15, u32(table))
    if to != "default":
        body += attr(1, socket.inet_pton(family, ip))
    if via:
        body += attr(5, socket.inet_pton(family, via))
    return body + (attr(4, u32(oif)) if oif else b"") + attr(6, u32(metric)) + attr(12, u32(expires) * 8) + more


NL, DL, NA, DA, NR, DR = 16, 17, 20, 21, 24, 25

STORIES: dict[str, list[tuple[int, bytes, bool]]] = {
    "a link says the same again": [(NL, link(2, ON), True), (NL, link(2, ON), False), (NL, link(2, ON, change=1), False)],
    "tcpdump": [(NL, link(2, ON), True), (NL, link(2, ON | PROMISC, change=PROMISC), False)],
    "cable out and in": [(NL, link(2, ON), True), (NL, link(2, UP, 0, "eth0", 2, 0, 1), True), (NL, link(2, ON, losses=1), True)],
    "a flap between two messages": [(NL, link(2, ON, losses=1), True), (NL, link(2, ON, losses=2), True)],
    "operstate alone (dormant Wi-Fi)": [(NL, link(2, ON, oper=5), True), (NL, link(2, ON, oper=6), True)],
    "renamed": [(NL, link(2, ON), True), (NL, link(2, ON, name="uplink0"), True)],
    "a bridge takes its port's MAC": [
        (NL, link(2, ON, more=attr(1, b"\2aaaaa")), True), (NL, link(2, ON, more=attr(1, b"\2bbbbb")), False),
    ],
    "made, not up, gone": [(NL, link(9, 0, MADE), False), (NL, link(9, 0), False), (DL, link(9, 0, MADE), False)],
    "made, then up": [(NL, link(9, 0, MADE), False), (NL, link(9, ON, change=1), True)],
    "goes down, not known before": [(NL, link(9, 0, change=UP), True)],
    "gone, not known before": [(DL, link(9, 0, MADE), True)],
    "gone while up": [(NL, link(2, ON), True), (DL, link(2, ON, MADE), True)],
    "a virtual machine's end of a bridge": [
        (NL, link(9, 0, MADE, more=kind("tun")), False),
        (NL, link(9, ON, more=attr(10, u32(3)) + kind("tun", "bridge")), False),
        (DL, link(9, 0, MADE), False),
    ],
    "a tunnel": [(NL, link(9, ON, more=kind("tun")), True), (DL, link(9, 0, MADE), True)],
    "a container's end of a bridge": [
        (NL, link(9, 0, MADE, more=kind("veth")), False),
        (NL, link(9, ON, more=attr(10, u32(3)) + kind("veth", "bridge")), False),
        (DL, link(9, 0, MADE), False),
    ],
    "a veth that is the uplink": [(NL, link(9, 0, MADE, more=kind("veth")), False), (NL, link(9, ON, more=kind("veth")), True)],
    "a veth in a VRF": [(NL, link(9, 0, MADE), False), (NL, link(9, ON, more=attr(10, u32(3)) + kind("veth", "vrf")), True)],
    "the uplink becomes a port": [
        (NL, link(9, ON, more=kind("veth")), True), (NL, link(9, ON, more=kind("veth", "bridge")), True),
    ],
    "a bridge's port messages": [(NL, link(2, ON, family=7), False), (DL, link(2, ON, family=7), False)],
    "Wi-Fi scans": [(NL, link(2, ON), True), (NL, wireless(2, ON, 0x8B19), False), (NL, link(2, ON), False)],
    "Wi-Fi roams": [(NL, link(2, ON), True), (NL, wireless(2, ON, 0x8B19, 0x8B15), True), (NL, wireless(2, ON, 0x8B15), True)],
    "Wi-Fi down, told by a scan": [(NL, link(2, ON), True), (NL, wireless(2, UP, 0x8B19), True)],
    "Wi-Fi event without a command": [(NL, wireless(2, ON), True)],
    "a lease renewed": [(NA, address("10.0.0.5"), True), (NA, address("10.0.0.5", life=999), False)],
    "an address back": [(NA, address("10.0.0.5"), True), (DA, address("10.0.0.5"), True), (NA, address("10.0.0.5"), True)],
    "no longer tentative": [(NA, address("fd00::5", flags=0x40), True), (NA, address("fd00::5", flags=0), True)],
    "the same on another link": [(NA, address("10.0.0.5"), True), (NA, address("10.0.0.5", index=3), True)],
    "link-local addresses": [
        (NA, address("fe80::1"), False), (NA, address("169.254.3.4"), False), (DA, address("febf::1"), False),
    ],
    "addresses that only look like it": [(NA, address("fec0::1"), True), (NA, address("169.253.0.1"), True)],
    "table local": [(NR, route("10.0.0.5/32", table=255), False), (DR, route("fd00::5/128", table=255), False)],
    "a table with a large number": [(NR, route("10.0.0.0/8", table=51820), True)],
    "a cached route": [(NR, route("10.9.9.9/32", flags=0x200), False)],
    "narrow routes": [(NR, route("fe80::/64"), False), (NR, route("ff00::/8"), False), (NR, route("224.0.0.0/4"), False),
                      (NR, route("169.254.0.0/16"), False), (DR, route("fe80::/10"), False)],
    "wide routes": [(NR, route("fe00::/7"), True), (NR, route("::/0", v6=True), True), (NR, route(), True),
                    (NR, route("128.0.0.0/1"), True), (NR, route("169.0.0.0/8"), True), (NR, route("8000::/1"), True)],
    "a router advertises again": [(NR, route(via="fe80::1", expires=30), True), (NR, route(via="fe80::1", expires=29), False)],
    "another router, and back": [(NR, route(via=f"fe80::{n}"), True) for n in (1, 2, 1)],
    "a route back": [(NR, route(via="fe80::1"), True), (DR, route(via="fe80::1"), True), (NR, route(via="fe80::1"), True)],
    "IPv4 routes can go silently": [(NR, route(via="10.0.0.1"), True), (NR, route(via="10.0.0.1"), True)],
    "routes of a nexthop object": [(NR, route("fd01::/64", more=attr(30, u32(7))), True)] * 2,
    "routes go with an address": [
        (NR, route(via="fe80::1"), True), (DA, address("fd00::5"), True), (NR, route(via="fe80::1"), True),
    ],
    "routes go with a link": [(NR, route(via="fe80::1"), True), (NL, link(2, UP), True), (NR, route(via="fe80::1"), True)],
    "metrics are different routes": [(NR, route(via="fe80::1", metric=1), True), (NR, route(via="fe80::1", metric=2), True)],
    "a policy rule": [(32, bytes(12), True), (33, bytes(12), True)],
    "a nexthop": [(104, bytes(8), True), (105, bytes(8), True)],
    "talk about messages": [(1, b"", False), (2, bytes(20), False), (3, bytes(4), False)],
    "the kernel says it overran": [(4, b"", True)],
    "cut off": [(NL, b"\0\0", True), (NA, b"", True), (NR, b"\2", True)],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_what_is_news(story: str) -> None:
    news = News()
    assert [news.stirs(number, body) for number, body, _ in STORIES[story]] == [stirs for *_, stirs in STORIES[story]]


CARD = attr(56, b"0000:00:1f.6\0")
BRIDGE = kind("bridge")


def flips(news: News, index: int, more: bytes) -> list[bool]:
    """Whether each of four carrier changes of a link stirs, after its first mention."""
    news.stirs(NL, link(index, ON, name="br0", more=more))
    states = [link(index, UP, 0, "br0", 2, 0, 1, more), link(index, ON, losses=1, name="br0", more=more)] * 2
    return [news.stirs(NL, x) for x in states]


def port(index: int, master: int, of: bytes) -> bytes:
    return link(index, ON, name=f"p{index}", more=attr(10, u32(master)) + of)


@pytest.mark.parametrize(
    ("links", "whole", "stirs"),
    [
        ([link(2, ON, more=CARD), port(9, 7, kind("veth", "bridge"))], True, False),
        ([link(2, ON, more=CARD), port(9, 7, kind("tun", "bridge"))], True, False),
        ([link(2, 0, more=CARD), port(9, 7, kind("veth", "bridge"))], True, False),  # a card that is off is a card
        ([link(2, ON, more=CARD)], True, False),
        ([link(2, ON, more=CARD)], False, True),  # who knows what is behind it
        ([link(2, ON)], True, True),  # a lab, a container: it may be the uplink
        ([port(2, 7, CARD)], True, True),
        ([port(2, 0, CARD), port(3, 7, kind("vlan", "bridge"))], True, True),
        ([port(2, 8, CARD), port(8, 7, kind("bond", "bridge"))], True, True),
    ],
    ids=["container", "virtual machine", "card off", "no port", "not surveyed", "no card", "card", "vlan", "bond"],
)
def test_a_bridge_of_containers_is_no_news_beside_a_card(links: list[bytes], whole: bool, stirs: bool) -> None:
    news = News()
    news.whole = whole
    for found in links:
        news.stirs(NL, found)
    assert flips(news, 7, BRIDGE) == [stirs] * 4


def test_a_bridge_that_gets_or_loses_a_card() -> None:
    news = News()
    news.whole = True
    news.stirs(NL, link(2, ON, more=CARD))
    news.stirs(NL, link(3, ON, name="eth1", more=CARD))
    assert flips(news, 7, BRIDGE) == [False] * 4
    assert news.stirs(NL, port(3, 7, CARD + kind("", "bridge"))), "the card itself tells that it is a port now"
    assert flips(news, 7, BRIDGE) == [True] * 4
    assert news.stirs(NL, link(3, ON, name="eth1", more=CARD))
    news.stirs(NL, link(7, UP, more=BRIDGE))
    assert flips(news, 7, BRIDGE) == [False] * 4
    assert news.stirs(DL, link(2, 0, MADE))
    assert news.stirs(DL, link(3, 0, MADE)), "the last card"
    assert flips(news, 7, BRIDGE) == [True] * 4


def test_a_veth_is_no_news_beside_a_card() -> None:
    news = News()
    assert flips(news, 9, kind("veth")) == [True] * 4
    news.stirs(NL, link(2, ON, more=CARD))
    assert flips(news, 9, kind("veth")) == [False] * 4
    assert not news.stirs(DL, link(9, 0, MADE))


VETH = kind("veth")


@pytest.mark.parametrize(
    ("then", "stirs"),
    [
        ((), False),
        (((NA, address("fe80::1", index=9)), (NR, route("fe80::/64", more=attr(4, u32(9))))), False),
        (((NA, address("10.0.0.5")), (NR, route("10.0.0.0/8"))), False),
        (((NA, address("10.0.0.5", index=9)),), True),
        (((NA, address("10.0.0.5", index=9)), (DA, address("10.0.0.5", index=9))), True),
        (((NR, route("10.0.0.0/8", more=attr(4, u32(9)))),), True),
        (((NR, route("10.0.0.0/8", oif=0)),), True),
        (((DL, link(9, 0, MADE)), (NL, link(9, 0, more=VETH))), True),
    ],
    ids=["bare", "link-local", "others", "address", "gone again", "route", "by many ways", "back, and not seen made"],
)
def test_a_veth_made_is_no_news_until_it_has_an_address_or_a_route(then: tuple[tuple[int, bytes], ...], stirs: bool) -> None:
    news = News()
    news.whole = True
    assert not news.stirs(NL, link(9, UP, MADE, oper=7, carrier=0, more=VETH))
    for number, body in then:
        news.stirs(number, body)
    assert [news.stirs(NL, link(9, ON, more=VETH)), news.stirs(NL, link(9, UP, 0, "eth0", 2, 0, 1, VETH))] == [stirs] * 2
    assert news.stirs(DL, link(9, 0, MADE)) is stirs


def test_what_was_there_before_or_is_no_veth_is_news() -> None:
    news = News()
    news.stirs(NL, link(9, ON, MADE, more=VETH))  # the list of links is not read to its end yet
    news.whole = True
    assert news.stirs(NL, link(9, UP, 0, "eth0", 2, 0, 1, VETH))
    assert news.stirs(NL, link(10, ON, MADE, more=kind("tun")))
    assert news.stirs(NL, link(10, UP, 0, "tun0", 2, 0, 1, kind("tun")))


def test_what_does_not_fit_the_memory_wakes() -> None:
    news = News()
    for n in range(MEMORY + 1):
        news.stirs(NA, address(f"fd00::{n:x}"))
    assert news.stirs(NA, address("fd00::0"))  # forgotten
    assert not news.stirs(NA, address(f"fd00::{MEMORY:x}"))
    assert not news.stirs(NA, address("fd00::0"))


@given(st.integers(0, 200), st.binary(max_size=80))
def test_no_bytes_break_it(number: int, body: bytes) -> None:
    news = News()
    assert news.stirs(number, body) in (True, False)
    assert isinstance(attributes(body, 0), dict)
    assert sum(16 + len(found) for _, found in messages(body)) <= len(body)


def test_messages_are_split_where_they_are_aligned() -> None:
    one = struct.pack("=IHHII", 18, 16, 0, 0, 0) + b"ab" + bytes(2)
    two = struct.pack("=IHHII", 20, 24, 0, 0, 0) + b"cdef"
    assert list(messages(one + two)) == [(16, b"ab"), (24, b"cdef")]
    assert list(messages(struct.pack("=IHHII", 3, 16, 0, 0, 0))) == []


def test_a_closed_source_raises() -> None:
    source = Netlink()
    source.close()
    with pytest.raises(OSError, match=r".+"):
        source.drain()


# a real kernel ------------------------------------------------------------------------------------------------------


IPV6 = "# of IPv6"


def ip(*commands: str) -> None:
    """Run `ip` commands, all in one process; with IPV6 as the last one, as `ip -6`."""
    family = ["-6"] if commands[-1] == IPV6 else []
    argv, lines = ["ip", *family, "-batch", "-"], "\n".join(commands) + "\n"
    done = subprocess.run(argv, input=lines, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def alone(body: Callable[[], None]) -> None:
    """Run it in a thread with a network namespace of its own, which ends with the thread."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
            ip("link set lo up")
            body()
        except BaseException as e:
            raised.append(e)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


@pytest.fixture
def kernel() -> None:
    if os.getuid() != 0 or not shutil.which("ip"):
        pytest.skip("needs root and iproute2")


def listening() -> socket.socket:
    """A socket that hears all that a source subscribes to, without a filter."""
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    s.setsockopt(socket.SOL_SOCKET, 33, 1 << 20)
    s.bind((0, GROUPS))
    return s


def hear(s: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield s.recv(1 << 16)
        except BlockingIOError:
            return


ADDRESSES = (
    "addr flush dev eth0",
    "addr add 10.1.0.5/24 dev eth0",
    "addr add fd00:1::5/64 dev eth0 nodad",
    "route replace default via 10.1.0.1",
)


def cabled() -> Netlink:
    """eth0, up and with carrier (its other end is `peer`), an address and a default route; the source has read all of that."""
    ip("link add eth0 type veth peer name peer", "link set peer up", "link set eth0 up", *ADDRESSES)
    source = Netlink()
    # the kernel reports carrier a moment later: that must not pass for the change under test
    until(lambda: all("state UP" in shown("link", "show", end) for end in ("eth0", "peer")), "both ends have carrier")
    source.drain()
    return source


WAKES: dict[str, list[str]] = {
    "link down": ["link set eth0 down"],
    "an address": ["addr add 10.2.0.5/24 dev eth0"],
    "an address away": ["addr del 10.1.0.5/24 dev eth0"],
    "a default route away": ["route del default"],
    "a default route without a gateway": ["route replace default dev eth0"],
    "half a default route": ["route add 128.0.0.0/1 dev eth0"],
    "an IPv6 route": ["route add default via fd00:1::1"],
    "a wide route that begins like a link-local one": ["route add fe80::/9 dev eth0"],
    "a policy rule": ["rule add fwmark 7 table 51820"],
    "an IPv6 policy rule": ["rule add from fd00::/8 table 51820", IPV6],
    "a route in another table": ["route add default dev eth0 table 51820"],
    "a nexthop object": ["nexthop add id 7 via 10.1.0.2 dev eth0"],
    "a tunnel": ["tuntap add dev tun9 mode tun", "link set tun9 up"],
    "renamed": ["link set eth0 name uplink0"],
}


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("what", WAKES)
def test_a_change_of_the_network_wakes(what: str) -> None:
    def body() -> None:
        source = cabled()
        ip(*WAKES[what])
        assert source.drain() == "network"  # the kernel has queued it before `ip` came back

    alone(body)


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_carrier_that_goes_and_comes_before_the_drain_wakes() -> None:
    def body() -> None:
        source = cabled()
        for _ in range(2):
            ip("link set peer down")
            ip("link set peer up")
            assert reason(source) == "network"

    alone(body)


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_noise_of_a_real_kernel_wakes_nobody() -> None:
    def body() -> None:
        source = cabled()
        settled(source)
        ip("link set eth0 promisc on", "link set eth0 promisc off", "link set eth0 allmulticast on")
        assert source.drain() is None
        ip("addr change 10.1.0.5/24 dev eth0 valid_lft 500 preferred_lft 400")
        assert source.drain() == "network"  # a lease where there was none
        ip("addr change 10.1.0.5/24 dev eth0 valid_lft 800 preferred_lft 700")
        assert source.drain() is None  # renewed
        ip("link add spare type veth peer name spar", "link set spare address 02:00:00:00:00:09")
        ip("link set spare name other", "link del other")
        assert source.drain() is None
        ip("addr add fe80::77/64 dev eth0 nodad", "addr add 169.254.7.7/16 dev eth0", "addr del fe80::77/64 dev eth0")
        assert source.drain() is None
        ip("route add local 10.1.0.77/32 dev lo table local", "route del local 10.1.0.77/32 dev lo table local")
        assert source.drain() is None
        ip("neigh add 10.1.0.9 lladdr 02:00:00:00:00:01 dev eth0")
        assert source.drain() is None
        ip("addr add 10.1.0.6/24 dev eth0")
        assert source.drain() == "network"

    alone(body)


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_a_new_source_knows_every_link_there_is() -> None:
    def body() -> None:
        cabled().close()
        ip(*(f"link add s{n} type veth peer name t{n}" for n in range(100)))  # more than one answer of the kernel's
        source = Netlink()
        ip("link set eth0 mtu 1400", "link set s5 mtu 1400")
        assert source.drain() is None
        ip("link set eth0 down")
        assert source.drain() == "network"
        assert source._news.whole

    alone(body)


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_containers_that_come_and_go_cost_no_look() -> None:
    def body() -> None:
        ip("link add br0 type bridge", "link set br0 up", "link add keep type veth peer name kept", "link set kept up",
           "link set keep master br0", "link set keep up")  # fmt: skip
        source = cabled()
        settled(source)
        for n in range(5):
            ip(f"link add v{n} type veth peer name c{n}", f"link set v{n} master br0", f"link set v{n} up")
            ip(f"link del v{n}")
        assert source.drain() is None

    alone(body)


def settled(source: Netlink) -> None:
    """The kernel reports carrier late (linkwatch, up to 1 s a link): go on once the last of it was read."""
    import select

    poll = select.poll()
    poll.register(source.fileno(), select.POLLIN)
    while poll.poll(1200):
        source.drain()


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_a_burst_of_pairs_is_no_news_and_one_of_addresses_is_one() -> None:
    def body() -> None:
        source = cabled()
        for n in range(0, 500, 50):  # all at once they don't fit the buffer, unless somebody reads meanwhile
            ip(*(f"link add a{n + k} up type veth peer name b{n + k}" for k in range(50)))
            assert source.drain() is None
        ip(*(f"addr add 10.1.1.{n}/24 dev eth0" for n in range(200)))
        assert source.drain() == "network"
        assert source.drain() is None

    alone(body)


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_a_veth_is_news_from_its_first_address() -> None:
    def body() -> None:
        source = cabled()
        ip("link add a7 up type veth peer name b7", "link set b7 up")
        until(lambda: all("state UP" in shown("link", "show", end) for end in ("a7", "b7")), "both ends have carrier")
        settled(source)
        ip("link set b7 down")
        until(lambda: "state UP" not in shown("link", "show", "a7"), "the carrier's loss")
        assert source.drain() is None
        ip("addr add 10.7.0.1/24 dev a7")
        assert source.drain() == "network"
        ip("link set b7 up")
        until(lambda: "state UP" in shown("link", "show", "a7"), "the carrier")
        assert source.drain() == "network"

    alone(body)


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_lost_messages_wake_and_are_forgotten() -> None:
    def body() -> None:
        source = cabled()
        with socket.socket(fileno=os.dup(source.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ip("addr change 10.1.0.5/24 dev eth0 valid_lft 500 preferred_lft 400")
        assert source.drain() == "network"
        ip(*(f"link add d{n} type veth peer name e{n}" for n in range(50)))  # each is noise, and they don't fit
        assert source.drain() == "network"
        ip("addr change 10.1.0.5/24 dev eth0 valid_lft 600 preferred_lft 400")
        assert source.drain() == "network"  # what was lost may have been about this address

    alone(body)


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_the_kernels_filter_drops_nothing_that_is_news() -> None:
    """Two sockets hear the same; what only the unfiltered one hears must be noise, and the filter must spare some wake-ups."""

    def body() -> None:
        pair = [listening(), listening()]
        assert netlink_filter_linux.attach(pair[0])
        cabled().close()
        ip("link add br0 type bridge", "link set peer master br0", "link set br0 up", "link set peer nomaster", "link del br0")
        for commands in WAKES.values():
            ip(*commands)
            if "name uplink0" in commands[0] or "down" in commands[0]:
                ip("link set dev uplink0 name eth0" if "name" in commands[0] else "link set eth0 up", *ADDRESSES)
        spared, all_of_it = [list(hear(s)) for s in pair]
        dropped = list(all_of_it)
        for datagram in spared:
            dropped.remove(datagram)
        assert len(all_of_it) > len(spared) > 20
        news = News()
        assert [d for d in dropped if any(news.stirs(number, found) for number, found in messages(d))] == []
        for s in pair:
            s.close()

    alone(body)


def shown(*what: str) -> str:
    return subprocess.run(["ip", "-6", *what], capture_output=True, text=True, timeout=60).stdout


def advertisement(life: int) -> bytes:
    """An Ethernet frame with a router advertisement (RFC 4861) of fe80::1: default route, and a prefix for autoconfiguration."""
    mac = b"\x02\0\0\0\0\1"
    source, to = socket.inet_pton(socket.AF_INET6, "fe80::1"), socket.inet_pton(socket.AF_INET6, "ff02::1")
    prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 7200, 7200, 0) + socket.inet_pton(socket.AF_INET6, "fd00:77::")
    icmp = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, life, 0, 0) + bytes((1, 1)) + mac + prefix
    total = sum(struct.unpack(f"!{(40 + len(icmp)) // 2}H", source + to + struct.pack("!II", len(icmp), 58) + icmp))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    icmp = icmp[:2] + struct.pack("!H", ~total & 0xFFFF) + icmp[4:]
    return b"\x33\x33\0\0\0\1" + mac + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(icmp), 58, 255) + source + to + icmp


@pytest.mark.lab
@pytest.mark.usefixtures("kernel")
def test_router_advertisements_wake_once_and_not_each_time() -> None:
    def body() -> None:
        ip("link add eth0 type veth peer name peer", "link set peer addrgenmode none", "link set peer up", "link set eth0 up")
        source = Netlink()
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("peer", 0))
            # one that comes before the link is ready is lost, as on a real cable
            until(lambda: wire.send(advertisement(1800)) and "default via fe80::1" in shown("route"), "the route")
            until(lambda: "fd00:77:" in shown("addr") and "tentative" not in shown("addr"), "the address, no duplicate")
            settled(source)
            with listening() as everything:
                for life in (1700, 1600, 1500):
                    wire.send(advertisement(life))
                    until(lambda: list(hear(everything)), "the kernel tells of the advertisement")
                    assert source.drain() is None
            wire.send(advertisement(0))  # the router goes
            assert reason(source) == "network"

    alone(body)

"""The gateway's own news, by a real kernel: what differs from the last look wakes, and nothing else."""

from __future__ import annotations

import os
import shutil
import socket
import sys

import pytest

from roamrc.model import Hidden, Link, Network
from roamrc.sources.neighbour_linux import Neighbour
from test_sources_netlink import alone, ip
from waking import readable

if sys.platform != "linux":
    pytest.skip("netlink is Linux", allow_module_level=True)

MAC, OTHER = "02:00:00:00:0f:01", "02:00:00:00:0f:99"
V4, V6 = "10.1.1.1", "fe80::1"
UNHEARD = Hidden("not answered yet")

NEWS: dict[str, tuple[str | Hidden | None, str, bool]] = {
    "the same again": (MAC, "replace {gw} dev x0 lladdr 02:00:00:00:0f:01 nud stale", False),
    "another MAC": (MAC, "replace {gw} dev x0 lladdr 02:00:00:00:0f:99 nud stale", True),
    "another MAC, its end alone": (OTHER, "replace {gw} dev x0 lladdr 02:00:00:00:0f:01 nud reachable", True),
    "given up": (MAC, "replace {gw} dev x0 nud failed", True),
    "asked": (MAC, "replace {gw} dev x0 nud incomplete", False),
    "of another host": (MAC, "replace {other} dev x0 lladdr 02:00:00:00:0f:99 nud stale", False),
    "on another link": (MAC, "replace {gw} dev x1 lladdr 02:00:00:00:0f:99 nud stale", False),
    "it answers": (UNHEARD, "replace {gw} dev x0 lladdr 02:00:00:00:0f:01 nud reachable", True),
    "given up once more": (UNHEARD, "replace {gw} dev x0 nud failed", False),
    "of a link without neighbours": (None, "replace {gw} dev x0 lladdr 02:00:00:00:0f:99 nud stale", False),
}


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("ip"), reason="needs root and iproute2")
@pytest.mark.parametrize("gateway", [V4, V6])
@pytest.mark.parametrize(("mac", "deed", "wakes"), NEWS.values(), ids=NEWS)
def test_what_is_news_of_the_gateway(gateway: str, mac: str | Hidden | None, deed: str, wakes: bool) -> None:
    def body() -> None:
        ip("link add x0 type veth peer name x1", "link set x0 up", "link set x1 up")
        source = Neighbour()
        try:
            line = deed.format(gw=gateway, other=gateway[:-1] + "2")
            ip("neigh " + line)
            assert not readable(source), "nothing is minded yet"
            ip(f"neigh del {line.split()[1]} dev {line.split()[3]}")
            here = Link("boot", socket.if_nametoindex("x0"), 0, 0.0, None)
            seen = Network(True, "x0", gateway=gateway, gateway_mac=mac, link=here)
            assert source.mind(seen) is isinstance(mac, Hidden), "an answer of before the filter is told by nobody"
            assert not source.mind(seen), "once"
            if isinstance(mac, str):
                ip(f"neigh add {gateway} dev x0 lladdr {mac} nud stale")
                assert not readable(source), "as it was seen"
            ip("neigh " + line)
            assert (readable(source), source.drain()) == ((True, "gateway") if wakes else (False, None))
            source.mind(Network(False))
            ip("neigh " + line.replace("0f:01", "0f:02").replace("0f:99", "0f:98"))
            assert not readable(source), "nobody is minded offline"
        finally:
            source.close()

    alone(body)

"""systemd-networkd and systemd-resolved for real on the lab's laptop, without systemd. They change /etc there: a test makes its
own Lab. A VPN client that knows resolved tells it of tun0 (`tunnel`), and does not write resolv.conf."""

from __future__ import annotations

import os

from . import desktop
from .lab import Lab

LIB = "/lib/systemd"
CABLE = """[Match]
Name={name}
[Network]
DHCP=ipv4
IPv6AcceptRA=no
LinkLocalAddressing=no
[DHCPv4]
UseDomains=yes
RouteMetric={metric}
"""


def missing() -> str:
    """Why they can't run here, in words; "" where they can."""
    tools = {f"{LIB}/systemd-networkd": "systemd", f"{LIB}/systemd-resolved": "systemd-resolved", "/usr/bin/dbus-daemon": "dbus"}
    lacking = sorted({package for tool, package in tools.items() if not os.path.exists(tool)})
    return f"not installed: {' '.join(lacking)}" if lacking else ""


def networkd(lab: Lab, cables: dict[str, int]) -> None:
    """Both daemons, with these interfaces (each with its route's metric) on DHCP, and resolv.conf as resolved wants it."""
    desktop.system_bus(lab)
    lab.sh("cd /run; mkdir -p systemd/netif/links systemd/netif/leases systemd/netif/lldp systemd/resolve systemd/network")
    lab.sh("chown -R systemd-network: /run/systemd/netif; chown systemd-resolve: /run/systemd/resolve")
    for name, metric in cables.items():
        unit = f"cat > /run/systemd/network/10-{name}.network"
        lab.exec(["sh", "-c", unit], input=CABLE.format(name=name, metric=metric), check=True)
    lab.daemon("networkd", [f"{LIB}/systemd-networkd"], "laptop")
    lab.daemon("resolved", [f"{LIB}/systemd-resolved"], "laptop")
    lab.wait_facts("test -e /run/systemd/resolve/stub-resolv.conf", 10)
    lab.sh("ln -sfT ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf")


def tunnel(lab: Lab) -> None:
    """What a client's up script does (openvpn's update-systemd-resolved): its suffix and server, on its own link."""
    lab.sh("resolvectl dns tun0 10.10.0.1; resolvectl domain tun0 corp.test '~route.only'")

# ruff: noqa: E501 -- outputs stand as the tools print them
"""Where a Mac may stand, as the answers of its tools. Synthetic: every address, name and id is invented."""

from __future__ import annotations

from typing import Any

Answers = dict[str, Any]
Store = dict[str, Any]

WIFI, DOCK, VPN, MESH = (f"0000000{n}-0000-4000-8000-000000000000" for n in range(1, 5))
PORTS = """
Hardware Port: Ethernet Adapter (en4)
Device: en4
Ethernet Address: 02:00:00:00:00:04

Hardware Port: Wi-Fi
Device: en0
Ethernet Address: 02:00:00:00:00:00

Hardware Port: USB 10/100/1000 LAN
Device: en7
Ethernet Address: 02:00:00:00:00:07

Hardware Port: iPhone USB
Device: en9
Ethernet Address: 02:00:00:00:00:09

VLAN Configurations
===================
"""
NC = "Available network connection services in the current set (*=enabled):\n"


def setup(*order: str) -> Store:
    return {"Setup:/Network/Global/IPv4": {"ServiceOrder": list(order)}} if order else {}


def primary(interface: str, service: str, router: str, family: str = "IPv4") -> Store:
    return {f"State:/Network/Global/{family}": {"PrimaryInterface": interface, "PrimaryService": service, "Router": router}}


def link(interface: str, active: bool = True, wifi: dict[str, Any] | None = None) -> Store:
    found: Store = {f"State:/Network/Interface/{interface}/Link": {"Active": "TRUE" if active else "FALSE"}}
    if wifi is not None:
        found[f"State:/Network/Interface/{interface}/AirPort"] = {"Busy": False, "Power Status": True, **wifi}
    return found


def four(
    interface: str, service: str, ip: str, router: str = "", mac: str = "", mask: str = "255.255.255.0", **dns: Any
) -> Store:
    """An interface's IPv4, by its service; with `mac` configd has verified the router."""
    told: Store = {"Addresses": [ip], "SubnetMasks": [mask]}
    state: Store = {**told, "InterfaceName": interface, "ConfirmedInterfaceName": interface}
    if router:
        state |= {"Router": router, "AdditionalRoutes": [{"DestinationAddress": ip, "SubnetMask": "255.255.255.255"}]}
    if mac:
        signature = f"IPv4.Router={router};IPv4.RouterHardwareAddress={mac}"
        state |= {"ARPResolvedHardwareAddress": mac, "ARPResolvedIPAddress": router, "NetworkSignature": signature}
    found = {f"State:/Network/Interface/{interface}/IPv4": told, f"State:/Network/Service/{service}/IPv4": state}
    if dns:
        found[f"State:/Network/Service/{service}/DNS"] = dns
    return found


LO0: Store = {"State:/Network/Interface/lo0/IPv4": {"Addresses": ["127.0.0.1"], "SubnetMasks": ["255.0.0.0"]}}
"""On every Mac, and utun0 to utun3 with nothing but link-local IPv6: no VPN."""
for _n in range(4):
    LO0[f"State:/Network/Interface/utun{_n}/IPv6"] = {"Addresses": [f"fe80::{_n + 1}"], "Flags": [1024], "PrefixLength": [64]}
LO0["State:/Network/Interface/awdl0/IPv6"] = {"Addresses": ["fe80::9"], "Flags": [1024], "PrefixLength": [64]}


def summary(
    ssid: str, packet: str = "op = BOOTREPLY\nhtype = 1\ndomain_name (string): home.example\nend (none):\n", **more: Any
) -> str:
    """`ipconfig getsummary en0`, with a DHCP packet whose text is not indented."""
    from macos.render import shown

    value = {
        "BSSID": "<redacted>",
        "ConnectionID": 200,
        "IPv4": [{"ConfigMethod": "DHCP", "DHCP": {"Packet": packet, "State": "BOUND"}, "Router": "192.168.1.1"}],
        "InterfaceType": "WiFi",
        "LinkStatusActive": True,
        "NetworkID": "<redacted>",
        "SSID": ssid,
        "Security": "WPA2_PSK",
        **more,
    }
    return shown({k: v for k, v in value.items() if v is not None}) + "\n"


HOME: Answers = {
    "store": LO0
    | setup(DOCK, WIFI)
    | link("en0", wifi={"SSID_STR": "", "CHANNEL": {"CHANNEL": 44}})
    | primary("en0", WIFI, "192.168.1.1")
    | four(
        "en0",
        WIFI,
        "192.168.1.23",
        "192.168.1.1",
        "30:5a:3a:0:a1:e0",
        DomainName="Home.Example.",
        ServerAddresses=["192.168.1.1"],
    ),
    "summary": summary("HomeNet"),
    "dns": "DNS configuration\n\nresolver #1\n  search domain[0] : home.example\n  nameserver[0] : 192.168.1.1\n  if_index : 14 (en0)\n"
    "  flags    : Request A records\n  reach    : 0x00020002 (Reachable,Directly Reachable Address)\n\n"
    "DNS configuration (for scoped queries)\n\nresolver #1\n  search domain[0] : home.example\n  nameserver[0] : 192.168.1.1\n"
    "  if_index : 14 (en0)\n  flags    : Scoped, Request A records\n",
    "nc": NC,
    "ports": PORTS,
}

OFFICE_STORE = (
    LO0
    | setup(DOCK, WIFI)
    | link("en0", wifi={})
    | primary("en0", WIFI, "10.20.0.1")
    | four(
        "en0",
        WIFI,
        "10.20.3.4",
        "10.20.0.1",
        "00:00:5e:00:01:0a",
        "255.255.0.0",
        DomainName="corp.example",
        SearchDomains=["eu.corp.example", "corp.example"],
    )
)
HIDDEN_SSID: Answers = {**HOME, "store": OFFICE_STORE, "summary": summary("<redacted>"), "dns": ""}
OFFICE: Answers = {**HIDDEN_SSID, "summary": summary("CorpNet", BSSID="0:b8:c2:39:55:a")}

VPN_ROW = f'* (Connected)      {VPN} VPN (com.example.vpn) "Office VPN"                    [VPN:com.example.vpn]\n'
FULL_VPN: Answers = {
    **HOME,
    "store": HOME["store"]
    | primary("utun4", VPN, "10.99.0.2")
    | four("utun4", VPN, "10.99.0.2", "10.99.0.2", mask="255.255.255.255", DomainName="corp.example"),
    "nc": NC + VPN_ROW,
    "netstat": "Routing tables\n\nInternet:\nDestination        Gateway            Flags               Netif Expire\n"
    "default            link#22            UCSg                utun4\ndefault            192.168.1.1        UGScIg                en0\n"
    "8.8.8.8            link#22            UHW3Ig              utun4     40\n",
}

SPLIT_VPN: Answers = {
    **HOME,
    "store": HOME["store"]
    | four("utun4", VPN, "10.9.0.15", mask="255.255.255.255", SupplementalMatchDomains=["corp.example", "routed.example"])
    | {f"State:/Network/Service/{MESH}/DNS": {"SearchDomains": ["stale.example"], "ServerAddresses": ["10.7.0.1"]}},
    "nc": NC + VPN_ROW,
    "netstat": "Routing tables\n\nInternet:\nDestination        Gateway            Flags               Netif Expire\n"
    "default            192.168.1.1        UGScg                 en0\n10.9/24            10.9.0.15          UGSc                utun4\n"
    "10.9.0.15          10.9.0.15          UH                  utun4\n\nInternet6:\nDestination   Gateway   Flags  Netif Expire\n"
    "default            fe80::%utun0       UGcIg               utun0\ndefault            fe80::%utun4       UGcIg               utun4\n",
    "dns": "DNS configuration\n\nresolver #1\n  search domain[0] : home.example\n  search domain[2] : corp.example\n"
    "  nameserver[0] : 192.168.1.1\n  if_index : 14 (en0)\n  flags    : Request A records\n\n"
    "resolver #2\n  domain   : corp.example\n  nameserver[0] : 10.9.0.1\n  if_index : 22 (utun4)\n  flags    : Supplemental\n"
    "  order    : 102200\n\nresolver #3\n  search domain[0] : gone.example\n  nameserver[0] : 100.96.128.1\n  if_index : 25 (utun7)\n"
    "  flags    : Supplemental, Request A records\n\nDNS configuration (for scoped queries)\n\nresolver #1\n"
    "  search domain[0] : home.example\n  if_index : 14 (en0)\n  flags    : Scoped\n",
}

TAILNET: Answers = {
    **HOME,
    "store": HOME["store"]
    | four("utun5", MESH, "100.101.102.103", mask="255.255.255.255", SearchDomains=["tail1234.example.net"]),
    "nc": NC + f'* (Connected)      {MESH} VPN (io.example.mesh) "Mesh"  [VPN:io.example.mesh]\n',
    "netstat": "Internet:\nDestination        Gateway            Flags               Netif Expire\n"
    "default            192.168.1.1        UGScg                 en0\n100.64/10          link#30            UCS                 utun5\n"
    "100.101.102.103    100.101.102.103    UH                  utun5\n",
}

HOTSPOT: Answers = {
    **HOME,
    "store": LO0
    | setup(WIFI)
    | link("en0", wifi={})
    | primary("en0", WIFI, "172.20.10.1")
    | four("en0", WIFI, "172.20.10.4", "172.20.10.1", "9a:00:00:00:00:64", "255.255.255.240", ServerAddresses=["172.20.10.1"]),
    "summary": summary("Phone"),
    "dns": "",
}

OFFLINE: Answers = {
    "store": LO0 | setup(DOCK, WIFI) | link("en0", active=False, wifi={}),
    "dns": "No DNS configuration available\n",
    "nwi": "No network information\n",
    "nc": NC,
    "ports": PORTS,
}

IPV6_ONLY: Answers = {
    **HOME,
    "store": LO0
    | setup(WIFI)
    | link("en0", wifi={})
    | primary("en0", WIFI, "fe80::1%en0", "IPv6")
    | primary("en0", WIFI, "192.0.0.1")
    | {
        f"State:/Network/Service/{WIFI}/IPv4": {
            "Addresses": ["192.0.0.2"], "CLAT46": True, "InterfaceName": "en0", "Router": "192.0.0.1", "SubnetMasks": ["255.255.255.255"],
        },
        f"State:/Network/Service/{WIFI}/IPv6": {
            "Addresses": ["2001:db8:1::5"], "InterfaceName": "en0", "PrefixLength": [64], "Router": "fe80::1%en0",
            "NetworkSignature": "IPv6.Prefix=2001:db8:1::/64;IPv6.RouterHardwareAddress=c:83:cc:fb:a1:7",
        },
        "State:/Network/Interface/en0/IPv4": {"Addresses": ["192.0.0.2"], "SubnetMasks": ["255.255.255.255"]},
        "State:/Network/Interface/en0/IPv6": {
            "Addresses": ["fe80::5", "2001:db8:1::5", "2001:db8:1::6", "2001:db8:1::7"], "Flags": [1024, 1088, 2, 192], "PrefixLength": [64] * 4,
        },
        f"State:/Network/Service/{WIFI}/DNS": {"SearchDomains": ["six.example"]},
    },
    "dns": "",
}  # fmt: skip

DOCKED: Answers = {
    **HOME,
    "store": HOME["store"]
    | link("en7")
    | primary("en7", DOCK, "10.20.0.1")
    | four("en7", DOCK, "10.20.3.5", "10.20.0.1", "02:00:00:00:20:01", "255.255.0.0", DomainName="corp.example"),
}

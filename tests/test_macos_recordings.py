# ruff: noqa: E501 -- outputs stand as the tools print them
"""An extra: every recorded output in the folder that $ROAMRC_RECORDINGS names parses to the right facts, or to Hidden.

Files are called `<command>--<situation>--<os version>.txt`. What a recording must give follows from the text itself, read in a
second, simpler way, and from
the words of its name (offline, hidden, redacted, stub); so recordings that nobody has seen here can be added.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from roamrc.formats import macos, macos_config, scutil, wifi_name

FOLDER = os.environ.get("ROAMRC_RECORDINGS", "")
FILES = sorted(Path(FOLDER).glob("*.txt")) if FOLDER else []

IP4 = r"\d{1,3}(?:\.\d{1,3}){3}"
UNPADDED = r"(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}"


def padded(text: str) -> str:
    return ":".join(octet.zfill(2) for octet in text.split(":"))


def arp(text: str, about: str) -> None:
    rows = re.findall(rf"\(({IP4})\) at (\S+) on (\S+)", text)
    wanted = [(ip, None if "incomplete" in mac or mac == "ff:ff:ff:ff:ff:ff" else padded(mac), name) for ip, mac, name in rows]
    assert [(n.address, n.mac, n.interface) for n in macos.arp(text)] == wanted


def ndp(text: str, about: str) -> None:
    rows = [line.split() for line in text.splitlines()[1:] if line.strip()]
    assert [n.address for n in macos.ndp(text)] == [str(ip_address(row[0].split("%")[0])) for row in rows]
    assert [n.mac for n in macos.ndp(text)] == [padded(row[1]) if re.fullmatch(UNPADDED, row[1]) else None for row in rows]


def ifconfig(text: str, about: str) -> None:
    found = macos.ifconfig(text)
    assert list(found) == re.findall(r"^(\w+): flags=", text, re.M)
    usable = [line for line in re.findall(r"^\s*inet6? .*", text, re.M) if not re.search("tentative|detached|duplicated", line)]
    assert sum(len(i.addresses) for i in found.values()) == len(usable)
    assert sum(i.active is True for i in found.values()) == len(re.findall(r"status: active", text))
    assert all("/" in address for i in found.values() for address in i.addresses)


def netstat(text: str, about: str) -> None:
    found = macos.netstat(text)
    if not re.search(r"^Destination", text, re.M):
        return
    lines = [
        row
        for row in re.findall(r"^(default)\s+(\S+)\s+(\S+)\s+(?:\d+\s+\d+\s+)?(\w+)", text, re.M)
        if not set("RBW") & set(row[2])
    ]
    assert [(r.interface, r.scoped) for r in found if r.to.prefixlen == 0] == [(row[3], "I" in row[2]) for row in lines]
    rows = [
        row.split() for row in text.splitlines() if re.match(r"(default|[0-9a-f.:%/]*[0-9a-f][\w.:%/]*) +\S+ +[A-Za-z0-9]+ ", row)
    ]
    assert len(found) <= len([row for row in rows if not set("WRBm") & set(row[2])])
    tunnels = {r.interface for r in found if not r.scoped and r.to.prefixlen <= 2 and r.interface.startswith(("utun", "ppp"))}
    if "full-tunnel" in about or "split-default" in about:
        assert tunnels
    if "tunnel-defaults-only" in about or "openvpn-split" in about:
        assert not tunnels


def route(text: str, about: str) -> None:
    gateway, interface = macos.route(text)
    assert interface == (m.group(1) if (m := re.search(r"interface: (\S+)", text)) else None)
    assert gateway == (m.group(1) if (m := re.search(rf"gateway: ({IP4})$", text, re.M)) else None)


def dns(text: str, about: str) -> None:
    found = macos_config.dns(text)
    assert len(found) == len(re.findall(r"^\s*resolver #", text, re.M))
    wanted = [s.rstrip(".").lower() for s in re.findall(r"search domain\[\d+\] : (\S+)", text)]
    assert [name for r in found for name in r.search] == wanted
    assert [r.interface for r in found if r.interface] == re.findall(r"if_index : \d+ \((\S+)\)", text)
    assert sum(r.supplemental for r in found) == len(re.findall(r"flags +: Supplemental", text))


def nwi(text: str, about: str) -> None:
    found = macos_config.nwi(text)
    assert set(found.four) | set(found.six) == set(re.findall(r"^ *(\w+) : flags +:", text, re.M))
    if m := re.search(r"Network interfaces: (.*)", text):
        assert found.ranked == tuple(m.group(1).split())


def connections(text: str, about: str) -> None:
    found = macos_config.connections(text)
    assert [(c.status, c.service) for c in found] == re.findall(r"^[* ] *\((\w+)\) +(\S+)", text, re.M)
    assert [bool(c.name) for c in found] == ['"' in row for row in text.splitlines() if re.match(r"[* ] *\(", row)]
    assert not any(c.name.endswith('"') for c in found)
    assert not any(c.tunnel for c in found if c.kind == "PPP:Modem" or c.status != "Connected")


def ports(text: str, about: str) -> None:
    found = macos_config.ports(text)
    devices = re.findall(r"Device: ?(\w+)", text)
    assert list(found) == devices
    for port, device in re.findall(r"Hardware Port: ([^\n,]+)\n?,? ?Device: (\w+)", text):
        assert found[device] == port


def airport_network(text: str, about: str) -> None:
    name = wifi_name.name(macos_config.airport_network(text))
    assert (name is None) == ("not associated" in text or not text.startswith("Current"))


def airport(text: str, about: str) -> None:
    name, bssid = macos_config.airport(text)
    m = re.search(r"^ +SSID: (.*)$", text, re.M)
    assert name == (m.group(1) if m else "")
    n = re.search(rf" BSSID: ({UNPADDED})$", text, re.M)
    assert bssid == (padded(n.group(1)) if n else None)


def summary(text: str, about: str) -> None:
    found = scutil.summary(text)
    names = re.findall(r"^  SSID : (.*)$", text, re.M)
    assert scutil.text(found, "SSID") == (names[0] if len(names) == 1 else "")
    if "redacted" in about or "<redacted>" in (names or [""])[0]:
        assert wifi_name.name(scutil.text(found, "SSID")) is None
    elif names:
        assert wifi_name.name(scutil.text(found, "SSID")) == names[0]
    if m := re.search(r"^  InterfaceType : (\S+)", text, re.M):
        assert scutil.text(found, "InterfaceType") == m.group(1)
    if m := re.search(rf"^      Router : ({IP4})", text, re.M):
        entries = found["IPv4"]
        assert isinstance(entries, list)
        assert scutil.text(entries[0], "Router") == m.group(1)


def dictionary(text: str, about: str) -> None:
    found = scutil.documents(text)
    assert len(found) == len(re.findall(r"^(?! ).*<(?:dictionary|array)> \{$", text, re.M)) + text.count("No such key")
    for node in found if len(found) == 1 else ():
        assert isinstance(node, dict)
        for key, value in re.findall(r"^  ([A-Za-z0-9]+) : ?(\S*)$", text, re.M):
            assert scutil.text(node, key) == value
        if m := re.search(r"SearchDomains : <array> \{\n((?:    \d+ : .*\n)*)", text):
            assert scutil.texts(node, "SearchDomains") == tuple(re.findall(r" : (\S+)", m.group(1)))


def subkeys(text: str, about: str) -> None:
    assert scutil.subkeys(text) == re.findall(r"subKey \[\d+\] = (\S+)", text)


def no_name(text: str, about: str) -> None:
    """Not read by any look: no parser may fall over it, nor take a refusal in it for a name."""
    for parser in (
        macos.arp,
        macos.ndp,
        macos.ifconfig,
        macos.netstat,
        macos.route,
        macos_config.dns,
        macos_config.nwi,
        macos_config.connections,
    ):
        parser(text)
    said = (macos_config.airport_network(text), macos_config.airport(text)[0], scutil.text(scutil.summary(text), "SSID"))
    assert not any("redacted" in name.lower() for name in said if wifi_name.name(name))


READERS: dict[str, Callable[[str, str], None]] = {
    "arp": arp, "ndp": ndp, "ifconfig": ifconfig, "netstat-nr": netstat, "netstat-rn": netstat, "netstat-i": no_name, "route": route,
    "scutil-dns": dns, "scutil-nwi": nwi, "scutil-nc-list": connections, "scutil-nc": dictionary, "scutil-proxy": dictionary,
    "scutil-show": dictionary, "scutil-list": subkeys, "networksetup-listallhardwareports": ports,
    "networksetup-listnetworkserviceorder": ports, "networksetup-getairportnetwork": airport_network, "airport": airport,
    "ipconfig-getsummary": summary,
}  # fmt: skip


def test_every_reader_is_named_so_that_it_is_found() -> None:
    assert reader("scutil-nc-list--x--15.txt") is connections
    assert reader("scutil-nc-status--x--15.txt") is dictionary
    assert reader("unheard-of--x--15.txt") is no_name


def reader(name: str) -> Callable[[str, str], None]:
    fitting = [prefix for prefix in READERS if name.startswith(prefix)]
    return READERS[max(fitting, key=len)] if fitting else no_name


NONE = pytest.param(None, id="none", marks=pytest.mark.skip(reason="ROAMRC_RECORDINGS names no folder of recordings"))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FILES] or [NONE])
def test_a_recording_parses(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    command, _, about = path.stem.partition("--")
    reader(command)(text, about)
    if "offline" in about:
        assert macos.route(text) == (None, None)

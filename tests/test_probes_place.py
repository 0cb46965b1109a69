"""WSL, containers, hypervisors' NAT; resolv.conf in all its forms; and that `observe` never raises."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamrc import probes
from roamrc.formats.rtnetlink import Address, Link
from roamrc.model import Hidden, Network
from roamrc.probes import dns_linux, place_linux
from roamrc.system import System

FACTS = ("interface", "kind", "ssid", "bssid", "dns_suffixes", "gateway", "gateway_mac", "addresses", "vpn")


def machine(root: Path, **files: str) -> System:
    """A machine whose files are these (a double underscore is a slash)."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return System(root=str(root), platform="linux", env={})


def ip(text: str) -> bytes:
    return bytes(map(int, text.split(".")))


# where we stand -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "wanted"),
    [
        ("5.15.153.1-microsoft-standard-WSL2", True),
        ("4.4.0-19041-Microsoft", True),
        ("6.1.0-18-amd64", False),
        ("6.6.0-micro-soft", False),
    ],
)
def test_wsl(tmp_path: Path, release: str, wanted: bool) -> None:
    system = machine(tmp_path, proc__sys__kernel__osrelease=release + "\n")
    assert place_linux.wsl(system) is wanted
    found = probes.observe(system)
    assert ({getattr(found, f) for f in FACTS} == {Hidden("behind NAT")}) is wanted


def test_no_release_is_no_wsl(tmp_path: Path) -> None:
    assert place_linux.wsl(machine(tmp_path)) is False


@pytest.mark.parametrize(
    ("mark", "pid", "first", "ours", "wanted"),
    [
        (".dockerenv", "pid:[4026532500]", "net:[1]", "net:[1]", True),
        ("run/.containerenv", "pid:[4026532500]", "net:[1]", "net:[1]", True),
        (".dockerenv", "pid:[4026532500]", None, "net:[1]", True),
        (".dockerenv", "pid:[4026532500]", "net:[1]", "net:[2]", False),
        (".dockerenv", "pid:[4026531836]", "net:[1]", "net:[1]", False),
        (None, "pid:[4026532500]", "net:[1]", "net:[1]", False),
    ],
    ids=["docker", "podman", "PID 1 out of sight", "another namespace", "a virtual machine made from an image", "no mark"],
)
def test_container(tmp_path: Path, mark: str | None, pid: str, first: str | None, ours: str, wanted: bool) -> None:
    for who, what, target in (("self", "pid", pid), ("1", "net", first), ("self", "net", ours)):
        if target:
            (tmp_path / "proc" / who / "ns").mkdir(parents=True, exist_ok=True)
            (tmp_path / "proc" / who / "ns" / what).symlink_to(target)
    if mark:
        (tmp_path / mark).parent.mkdir(exist_ok=True)
        (tmp_path / mark).touch()
    assert place_linux.container(machine(tmp_path)) is wanted


NATS = {
    "VirtualBox": ("10.0.2.2", "52:54:00:12:35:02", "08:00:27:aa:bb:cc", "VirtualBox"),
    "VirtualBox, the second card": ("10.0.3.2", "52:54:00:12:35:02", "08:00:27:aa:bb:cc", "VirtualBox"),
    "VirtualBox NAT network": ("10.0.2.1", "52:54:00:12:35:00", "08:00:27:aa:bb:cc", "VirtualBox"),
    "QEMU": ("10.0.2.2", "52:55:0a:00:02:02", "52:54:00:12:34:56", "QEMU"),
    "QEMU, another network": ("192.168.76.2", "52:55:c0:a8:4c:02", "52:54:00:12:34:56", "QEMU"),
    "VMware": ("192.168.136.2", "00:50:56:e7:01:02", "00:0c:29:aa:bb:cc", "VMware"),
    "VMware, fe": ("172.16.5.2", "00:50:56:fe:01:02", "00:0c:29:aa:bb:cc", "VMware"),
    "Parallels": ("10.211.55.1", "00:1c:42:00:00:18", "00:1c:42:83:95:fc", "Parallels"),
    "Hyper-V": ("172.29.112.1", "00:15:5d:01:02:03", "00:15:5d:aa:bb:cc", "Hyper-V"),
    "libvirt's default network": ("192.168.122.1", "52:54:00:6b:3c:58", "52:54:00:aa:bb:cc", "libvirt"),
    "a QEMU guest is the router": ("10.20.0.1", "52:54:00:12:34:56", "52:54:00:aa:bb:cc", None),
    "a QEMU guest with VirtualBox's MAC": ("10.20.0.1", "52:54:00:12:35:02", "aa:bb:cc:dd:ee:ff", None),
    "libvirt's address at home": ("192.168.122.1", "52:54:00:6b:3c:58", "3c:22:fb:aa:bb:cc", None),
    "a router on ESXi": ("10.20.0.2", "00:50:56:9f:01:02", "3c:22:fb:aa:bb:cc", None),
    "VMware's own range, another address": ("10.20.0.1", "00:50:56:e7:01:02", "3c:22:fb:aa:bb:cc", None),
    "a router on Hyper-V, we are hardware": ("172.29.112.1", "00:15:5d:01:02:03", "3c:22:fb:aa:bb:cc", None),
    "a router on Hyper-V, a bridged guest": ("10.20.0.1", "00:15:5d:01:02:03", "00:15:5d:aa:bb:cc", None),
    "a router on Hyper-V, a public network": ("172.200.0.1", "00:15:5d:01:02:03", "00:15:5d:aa:bb:cc", None),
    "a Parallels guest is the router": ("10.20.0.1", "00:1c:42:83:95:fc", "3c:22:fb:aa:bb:cc", None),
    "an office": ("10.10.0.1", "02:00:00:00:0f:01", "3c:22:fb:aa:bb:cc", None),
}


@pytest.mark.parametrize(("gateway", "mac", "own", "wanted"), NATS.values(), ids=NATS)
def test_hypervisor(gateway: str, mac: str, own: str, wanted: str | None) -> None:
    at = (Address(2, ip(gateway), 20),)
    assert place_linux.hypervisor(ip(gateway), mac, Link(2, "eth0", mac=own), at) == wanted


def test_an_ipv6_gateway_is_no_hypervisors() -> None:
    assert place_linux.hypervisor(bytes(16), "52:54:00:12:35:02", Link(2, "eth0"), ()) is None
    assert place_linux.hypervisor(None, "52:54:00:12:35:02", Link(2, "eth0"), ()) is None


# resolv.conf ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("search corp.test.\nnameserver 10.0.0.1\n", ("corp.test",)),
        ("search Corp.Test  eu.corp.test\n", ("corp.test", "eu.corp.test")),
        ("domain one.test two.test\n", ("one.test",)),
        ("domain one.test\nsearch two.test\n", ("two.test",)),
        ("search two.test\ndomain one.test\n", ("one.test",)),
        ("search corp.test\nsearch .\n", ()),
        ("search corp.test\nsearch \n", ("corp.test",)),
        ("search\tcorp.test\t\tb.test\n", ("corp.test", "b.test")),
        ("search a.test A.TEST. b.test\n", ("a.test", "b.test")),
        (" search corp.test\n", ()),
        ("searchcorp.test\n", ()),
        ("# search corp.test\n; search corp.test\n", ()),
        ("search corp.test # not a comment\n", ("corp.test", "#", "not", "a", "comment")),
        ("search corp.test\r\nnameserver 1.1.1.1\r\n", ("corp.test",)),
        ("search corp.test", ("corp.test",)),
        ("search evil\x1b[2J\x0b.test\n", ("evil\x1b[2j\x0b.test",)),
        ("nameserver 10.0.0.1\n", ()),
        ("search localdomain..\n", ("localdomain",)),
    ],
)
def test_suffixes(tmp_path: Path, text: str, wanted: tuple[str, ...]) -> None:
    system = machine(tmp_path, etc__resolv="x")
    (tmp_path / "etc/resolv.conf").write_bytes(text.encode())
    assert dns_linux.suffixes(system) == wanted


def test_suffixes_of_odd_bytes() -> None:
    assert dns_linux.parse(b"search a\xff.test \x00.test\n") == ("a\\xff.test", "\x00.test")


@given(st.binary(max_size=200))
def test_any_file_gives_clean_suffixes(raw: bytes) -> None:
    found = dns_linux.parse(b"search " + raw)
    assert len(set(found)) == len(found)
    assert all(x and not x.endswith(".") and x == x.lower() and " " not in x and "\n" not in x for x in found)


class Later(System):
    """A machine on which it is ten seconds later than the files say."""

    __slots__ = ()

    def now(self) -> float:
        return super().now() + 10


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_file_is_being_written_for_a_second(tmp_path: Path, text: str) -> None:
    system = machine(tmp_path, etc__x="")
    (tmp_path / "etc/resolv.conf").write_text(text)
    assert dns_linux.suffixes(system) == Hidden("resolv.conf is being written")
    assert dns_linux.suffixes(Later(root=str(tmp_path))) == ()


def test_no_file_is_no_suffix(tmp_path: Path) -> None:
    assert dns_linux.suffixes(machine(tmp_path)) == ()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    assert dns_linux.suffixes(machine(tmp_path)) == ()
    machine(tmp_path, **{"run__systemd__resolve__stub-resolv.conf": "search a.test b.test\n"})
    assert dns_linux.suffixes(machine(tmp_path)) == ("a.test", "b.test")


def test_what_is_not_a_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    os.mkfifo(tmp_path / "etc/resolv.conf")
    assert dns_linux.suffixes(machine(tmp_path)) == Hidden("resolv.conf is not a file")


# observe never raises ----------------------------------------------------------------------------------


class Denied(System):
    """A sandbox: every socket of the reader is refused, as seccomp does it."""

    __slots__ = ()

    def netlink(self, protocol: int = 0, groups: int = 0, timeout: float = 1.0) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")


class Broken(System):
    """A machine on which the reader meets something that no one thought of."""

    __slots__ = ()

    def netlink(self, protocol: int = 0, groups: int = 0, timeout: float = 1.0) -> socket.socket:
        raise RuntimeError("secret text")


def test_a_denied_reader_gives_way_to_the_portable_one(tmp_path: Path) -> None:
    found = probes.observe(Denied(root=str(tmp_path), platform="linux", env={}))
    assert found.via["interface"] == "psutil"
    assert found.gateway_mac == Hidden("not told by psutil")


def test_a_platform_without_a_reader_is_read_portably(tmp_path: Path) -> None:
    assert probes.observe(System(root=str(tmp_path), platform="sunos5", env={})).via["interface"] == "psutil"


def test_total_failure_is_online_and_hidden(tmp_path: Path) -> None:
    found = probes.observe(Broken(root=str(tmp_path), platform="linux", env={}))
    assert found.online is True
    assert {getattr(found, f) for f in FACTS} == {Hidden("the reader failed: RuntimeError")}
    assert "secret" not in repr(found)


def test_a_veil_keeps_nothing_but_online_and_the_link() -> None:
    network = Network(
        online=False, interface="eth0", addresses=("10.1.1.5/24",), via={"online": "netlink", "interface": "netlink"}
    )
    found = place_linux.veil(network, "behind NAT", "osrelease")
    assert found.online is False
    assert {getattr(found, f) for f in FACTS} == {Hidden("behind NAT")}
    assert found.via == {"online": "netlink", **dict.fromkeys(FACTS, "osrelease")}


def test_a_native_look_imports_neither_psutil_nor_netifaces() -> None:
    import subprocess
    import sys

    if sys.platform != "linux":
        pytest.skip("the native reader of Linux")
    code = (
        "import sys; from roamrc import probes; from roamrc.system import System; probes.observe(System()); print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"psutil", "netifaces", "yaml", "subprocess", "ssl", "asyncio"} & set(out)
    assert "roamrc.probes.linux" in out


def test_looks_from_two_threads_do_not_mix(tmp_path: Path) -> None:
    found: list[Network] = []
    system = System(root=str(tmp_path), env={})
    threads = [threading.Thread(target=lambda: found.append(probes.observe(system))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(10)
    assert len(found) == 4
    assert len({n.interface for n in found}) == 1

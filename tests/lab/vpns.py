"""VPNs as people run them, both ends for real: OpenVPN (TLS, pushed routes and suffix), WireGuard in user space, and OpenVPN by
NetworkManager's plugin.

The servers stand in the office, beside the lab's own gateway (tun.py). A client brings its suffix as such clients do, by up and
down scripts; killed, it does not take it back.
"""

from __future__ import annotations

import os
import signal
import subprocess

from .lab import Lab
from .spaces import Process, stop

OPENVPN = {"/usr/sbin/openvpn": "openvpn"}
WIREGUARD = {"/usr/bin/wg": "wireguard-tools", "/usr/bin/wireguard-go": "wireguard-go"}
PLUGIN = {**OPENVPN, "/usr/lib/NetworkManager/nm-openvpn-service": "network-manager-openvpn", "/usr/bin/nmcli": "network-manager"}

SERVER = """--dev ovpn-office --dev-type tun --proto udp4 --port 1195 --multihome --topology subnet --dh none --duplicate-cn
 --server 10.98.0.0 255.255.255.0 --keepalive 2 8 --ca ca.pem --cert cert.pem --key key.pem"""
PUSHED = ["route 10.10.0.0 255.255.255.0", "dhcp-option DOMAIN corp.test", "dhcp-option DNS 10.10.0.1"]
CLIENT = """--client --dev corpvpn --dev-type tun --proto udp4 --remote vpn.corp.test 1195 --nobind --ca ca.pem --cert cert.pem
 --key key.pem --connect-retry 1 --script-security 2"""

DNS = """#!/bin/sh
# a tunnel's suffix and server ahead of the old ones, and the old file back
new=/etc/resolv.conf.new before=/run/resolv.before
case "${script_type:-$1}" in
  up) cp /etc/resolv.conf $before
    echo search corp.test $(sed -n 's/^search //p' $before) > $new
    echo nameserver 10.10.0.1 >> $new
    grep ^nameserver $before >> $new ;;
  down) cp $before $new ;;
esac
mv $new /etc/resolv.conf
"""
WG_FULL = """wg set corpwg fwmark 51820
ip route add default dev corpwg table 51820
ip rule add not fwmark 51820 table 51820
ip rule add table main suppress_prefixlength 0"""
WG_DOWN = "ip rule del not fwmark 51820 2>/dev/null; ip rule del table main suppress_prefixlength 0 2>/dev/null"
"""As wg-quick does it, where it takes everything; by hand, because for that it also asks for a firewall."""


def missing(tools: dict[str, str]) -> str:
    """Which packages these lack, in words; "" where none."""
    lacking = sorted({package for tool, package in tools.items() if not os.path.exists(tool)})
    return f"not installed: {' '.join(lacking)}" if lacking else ""


def dns_script(lab: Lab) -> str:
    path = f"{lab.state}/vpn-dns"
    with open(path, "w") as f:
        f.write(DNS)
    os.chmod(path, 0o755)
    return path


class OpenVPN:
    """The company's server, and the client on the laptop; its interface is `corpvpn`."""

    name = "corpvpn"

    def __init__(self, lab: Lab) -> None:
        self.lab, self.script = lab, dns_script(lab)
        self.client: Process | None = None
        push = [x for line in PUSHED for x in ("--push", line)]
        lab.daemon("openvpn-office", ["openvpn", "--cd", f"{lab.state}/tls", *SERVER.split(), *push], "office")

    def up(self, mode: str) -> None:
        more = ["--redirect-gateway", "def1"] if mode == "full" else []
        argv = ["openvpn", "--cd", f"{self.lab.state}/tls", *CLIENT.split(), "--up", self.script, "--down", self.script, *more]
        with open(f"{self.lab.state}/log/openvpn.log", "ab") as log:
            self.client = self.lab.popen(argv, stdout=log, stderr=log)
        self.lab.wait_tcp("laptop", "10.10.0.1", 3128, 20)

    def down(self, sig: int = signal.SIGTERM) -> None:
        if self.client:
            stop(self.client, sig)
            self.client = None

    def kill(self) -> None:
        self.down(signal.SIGKILL)


class WireGuard:
    """The same by WireGuard in user space (a kernel with the module is guest.py's); `corpwg`."""

    name = "corpwg"

    def __init__(self, lab: Lab) -> None:
        self.lab, self.script = lab, dns_script(lab)
        self.client: Process | None = None
        keys = [self._key(who) for who in ("office", "laptop")]
        lab.daemon("wireguard-office", ["wireguard-go", "-f", "wg-office"], "office")
        self._wait("office", "wg-office")
        lab.sh(
            f"wg set wg-office listen-port 51820 private-key {lab.state}/office.key peer {keys[1]} allowed-ips 10.97.0.2/32\n"
            "ip addr add 10.97.0.1/24 dev wg-office; ip link set wg-office up",
            "office",
        )
        self.office = keys[0]

    def _key(self, who: str) -> str:
        private = subprocess.run(["wg", "genkey"], capture_output=True, text=True, check=True).stdout
        with open(os.open(f"{self.lab.state}/{who}.key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(private)
        return subprocess.run(["wg", "pubkey"], input=private, capture_output=True, text=True, check=True).stdout.strip()

    def _wait(self, node: str, name: str) -> None:
        self.lab.sh(f"i=0; until wg show {name} >/dev/null 2>&1 || [ $i = 200 ]; do i=$((i+1)); sleep 0.05; done", node)

    def up(self, mode: str) -> None:
        allowed = "0.0.0.0/0" if mode == "full" else "10.97.0.0/24,10.10.0.0/24"
        with open(f"{self.lab.state}/log/wireguard.log", "ab") as log:
            self.client = self.lab.popen(["wireguard-go", "-f", self.name], stdout=log, stderr=log)
        self._wait("laptop", self.name)
        peer = f"peer {self.office} endpoint vpn.corp.test:51820 allowed-ips {allowed}"
        self.lab.sh(
            f"wg set {self.name} private-key {self.lab.state}/laptop.key {peer}; ip addr add 10.97.0.2/32 dev {self.name}"
        )
        routes = WG_FULL if mode == "full" else f"ip route add 10.10.0.0/24 dev {self.name}"
        self.lab.sh(f"ip link set {self.name} up\n{routes}\n{self.script} up")
        self.lab.wait_tcp("laptop", "10.10.0.1", 3128, 20)

    def down(self) -> None:
        """Also after kill(), which leaves the rules behind."""
        if self.client:
            self.lab.sh(f"{self.script} down")
            stop(self.client)
            self.client = None
        self.lab.exec(WG_DOWN)

    def kill(self) -> None:
        if self.client:
            stop(self.client, signal.SIGKILL)
            self.client = None


class Plugin(OpenVPN):
    """OpenVPN as NetworkManager's plugin runs it: NetworkManager knows name, routes and suffix."""

    def up(self, mode: str) -> None:
        tls, never = f"{self.lab.state}/tls", "no" if mode == "full" else "yes"
        data = f"connection-type=tls,remote=vpn.corp.test:1195:udp,dev={self.name},dev-type=tun,cert-pass-flags=4"
        data += f",ca={tls}/ca.pem,cert={tls}/cert.pem,key={tls}/key.pem"
        self.lab.exec("nmcli con del CorpVPN")
        more = f"ipv6.method ignore ipv4.never-default {never}"
        self.lab.sh(f"nmcli con add type vpn vpn-type openvpn con-name CorpVPN vpn.data '{data}' {more}; nmcli con up CorpVPN")
        self.lab.wait_tcp("laptop", "10.10.0.1", 3128, 20)

    def down(self, sig: int = signal.SIGTERM) -> None:
        self.lab.exec("nmcli con down CorpVPN")

    def kill(self) -> None:
        """openvpn alone dies; the plugin notices."""
        here = os.readlink(f"/proc/{self.lab.laptop}/ns/net")
        for pid in subprocess.run(["pidof", "openvpn"], capture_output=True, text=True, check=True).stdout.split():
            if os.readlink(f"/proc/{pid}/ns/net") == here:
                os.kill(int(pid), signal.SIGKILL)

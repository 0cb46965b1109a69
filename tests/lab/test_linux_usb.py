"""A phone on a USB cable and ppp, by the kernel's own drivers (a USB gadget on a dummy controller; pppd on a pty). Slow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import guest

QUIET = """
import select, subprocess
from roamrc.sources.netlink_linux import Netlink
source, wakes, looks = Netlink(), 0, 0
def hear():
    global wakes, looks
    while select.select([source], [], [], 1.5)[0]:
        wakes += 1
        looks += bool(source.drain())
def ip(lines):
    subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True)
for n in range(4):
    ip(f"link add v{n} type veth peer name c{n}\\nlink set v{n} master docker0\\nlink set v{n} up\\nlink set c{n} up\\n")
    hear()
    ip(f"link del v{n}\\n")
    hear()
lone = [wakes, looks]
ip("link set usb0 down\\n")
hear()
ip("link set usb0 up\\nroute add default via 192.168.42.129 metric 100\\n")
hear()
print("@quiet", lone)
print("@card", int(looks > lone[1]))
"""
"""Lone containers beside a real card: its bridge gains and loses its carrier with each; then the card itself."""

SCRIPT = r"""
mkdir -p /dev/pts; mount -t devpts p /dev/pts; modprobe configfs; mount -t configfs c /sys/kernel/config
for m in dummy_hcd libcomposite usb_f_rndis usb_f_ecm rndis_host cdc_ether ppp_async; do modprobe $m; done
ip netns add phone
plug() { # FUNCTION ADDRESS METRIC: a phone that speaks it, with a network
  g=/sys/kernel/config/usb_gadget/$1; mkdir $g $g/configs/c.1 $g/functions/$1.0
  echo 0x18d1 > $g/idVendor; echo 0x4ee3 > $g/idProduct
  echo $2:01 > $g/functions/$1.0/dev_addr; echo $2:02 > $g/functions/$1.0/host_addr
  ln -s $g/functions/$1.0 $g/configs/c.1; ls /sys/class/net > before; ls /sys/class/udc > $g/UDC
  ip link set $(cat $g/functions/$1.0/ifname) netns phone name $1
  ip -n phone addr add 192.168.42.129/24 dev $1; ip -n phone link set $1 up
  i=0; until usb=$(ls /sys/class/net | grep -vxFf before) && [ -n "$usb" ] || [ $i = 100 ]; do i=$((i+1)); sleep 0.2; done
  ip link set $usb name usb0; ip link set usb0 up; ip addr add 192.168.42.50/24 dev usb0
  ip route add default via 192.168.42.129 metric $3
  i=0; until ip -br link show usb0 | grep -q LOWER_UP || [ $i = 100 ]; do i=$((i+1)); sleep 0.1; done
}
unplug() { echo > /sys/kernel/config/usb_gadget/$1/UDC; ip -n phone addr flush dev $1; }
plug rndis 02:00:00:00:70 100; see rndis 5
for m in veth bridge; do modprobe $m; done
ip link add docker0 type bridge; ip link set docker0 up; ip addr add 172.17.0.1/16 dev docker0; sleep 2
$PYTHON quiet.py
unplug rndis; see unplugged
plug ecm 02:00:00:00:71 100; see ecm 5
pppd="$GUEST/usr/sbin/pppd nodetach noauth local"; mkdir -p /etc/ppp; : > /etc/ppp/options
$pppd nodefaultroute 10.55.0.2:10.55.0.1 pty "ip netns exec phone $pppd notty" > ppp.log 2>&1 &
i=0; until ip -br addr show ppp0 2>/dev/null | grep -q 10.55 || [ $i = 100 ]; do i=$((i+1)); sleep 0.2; done
see own; ip route add 10.10.0.0/16 dev ppp0; see split; ip route add default dev ppp0 metric 10; see full
unplug ecm; see modem
"""


@pytest.mark.slow
def test_a_phone_by_usb_and_ppp(tmp_path: Path) -> None:
    if reason := guest.missing():
        pytest.skip(reason)
    tmp_path.chmod(0o755)
    (tmp_path / "quiet.py").write_text(QUIET)
    said = guest.run(tmp_path, f"cp {tmp_path}/quiet.py .\n{guest.EYES}{SCRIPT}")
    seen = guest.seen(said)
    here = {"online": True, "interface": "usb0", "ssid": None, "gateway": "192.168.42.129", "addresses": ["192.168.42.50/24"]}
    phone = {**here, "kind": "cellular", "gateway_mac": "02:00:00:00:70:01", "vpn": []}
    dock = {**here, "kind": "wired", "gateway_mac": "02:00:00:00:71:01"}
    wanted: dict[str, dict[str, Any]] = {
        "rndis": phone,
        "unplugged": {"online": False, "interface": None, "gateway": None},
        "ecm": {**dock, "vpn": []},
        "own": {**dock, "vpn": [["ppp0", False, False]]},  # its peer is a route
        "split": {**dock, "vpn": [["ppp0", False, False]]},
        "full": {**dock, "vpn": [["ppp0", True, False]]},
        "modem": {"online": True, "interface": "ppp0", "kind": "cellular", "gateway": None, "vpn": []},
    }
    assert seen.keys() >= wanted.keys(), said[-3000:]
    wrong = {name: seen[name] for name, facts in wanted.items() if not facts.items() <= seen[name].items()}
    assert not wrong
    wakes, looks = seen["quiet"]
    assert (wakes > 4, looks <= 1, seen["card"]) == (True, True, 1)  # the first word of a bridge that the source had only read of

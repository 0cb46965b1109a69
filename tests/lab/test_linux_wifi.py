"""Real 802.11 with WPA2: a name that is not ASCII, two access points, and both go away; WireGuard in the kernel; suspend.
In an emulated machine (guest.py says what it needs): slow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import guest

SSID = "Café ☕"

SCRIPT = r"""
modprobe mac80211_hwsim radios=3
for m in bridge wireguard rtc_cmos dummy_hcd libcomposite usb_f_ecm cdc_ether configfs; do modprobe $m; done
ip netns add ap; for p in phy1 phy2; do $GUEST/sbin/iw phy $p set netns name ap; done
ip -n ap link add br0 type bridge; ip -n ap link set br0 address 02:00:00:00:50:01 up; ip -n ap addr add 192.168.50.1/24 dev br0
for i in 1 2; do cat > ap$i.conf <<X
interface=wlan$i
bridge=br0
ssid2=P"Caf\xc3\xa9 \xe2\x98\x95"
hw_mode=g
channel=$((i*5+1))
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_passphrase=correct horse
X
done
printf 'network={\n ssid=436166c3a920e29895\n psk="correct horse"\n}\n' > wpa.conf
ap() { ip netns exec ap $GUEST/usr/sbin/hostapd -B -P ap$1.pid ap$1.conf > ap$1.log; }
keys() { grep -qx up /sys/class/net/wlan0/operstate; } # associated alone, it is dormant
joined() { i=0; until $GUEST/sbin/iw dev wlan0 link | grep -q Connected && keys || [ $i = 120 ]; do i=$((i+1)); sleep 0.5; done; }
ap 1; see nowhere
$GUEST/sbin/wpa_supplicant -B -i wlan0 -c wpa.conf > wpa.log; joined
ip addr add 192.168.50.9/24 dev wlan0; ip route add default via 192.168.50.1 metric 600; see joined 5
echo "@nobody $(echo 1 | setpriv --reuid=65534 --clear-groups $PYTHON $LAB/observer.py | tail -n 1)"
ap 2; sleep 1; kill $(cat ap1.pid); sleep 2; joined; see roamed 5
mount -t configfs c /sys/kernel/config; g=/sys/kernel/config/usb_gadget/dock; ip netns add office; ls /sys/class/net > before
mkdir $g $g/configs/c.1 $g/functions/ecm.0; echo 0x18d1 > $g/idVendor; echo 02:00:00:00:0f:01 > $g/functions/ecm.0/dev_addr
ln -s $g/functions/ecm.0 $g/configs/c.1; ls /sys/class/udc > $g/UDC
ip link set $(cat $g/functions/ecm.0/ifname) netns office name d0
ip -n office addr add 10.10.0.1/24 dev d0; ip -n office link set d0 up
i=0; until usb=$(ls /sys/class/net | grep -vxFf before) && [ -n "$usb" ] || [ $i = 100 ]; do i=$((i+1)); sleep 0.2; done
ip link set $usb name dock0; ip link set dock0 up; ip addr add 10.10.0.9/24 dev dock0
ip route add default via 10.10.0.1 metric 100
see docked 5; ip route change default via 192.168.50.1 dev wlan0 metric 600; ip route del default dev dock0
ip route add default via 10.10.0.1 metric 700; see metrics 5; echo > $g/UDC; sleep 1; see undocked 5
ip link add wg0 type wireguard; ip addr add 10.9.0.2/24 dev wg0; ip link set wg0 up; ip route add 10.44.0.0/16 dev wg0; see split
ip route add default dev wg0 table 51820; ip rule add not fwmark 51820 table 51820
ip rule add table main suppress_prefixlength 0; see full
ip link del wg0; kill $(cat ap2.pid); sleep 4; see gone
cat > wakes.py <<'X'
import select, sys
from roamrc.sources.clock_linux import Clock
from roamrc.system import System
clock = Clock(System().slept)
print("waiting", file=sys.stderr, flush=True)
select.select([clock], [], [], 60)
print(f'\n@sleep "{clock.drain()}"\n@end', flush=True)
X
$PYTHON wakes.py 2> waits & i=0; until [ -s waits ] || [ $i = 100 ]; do i=$((i+1)); sleep 0.2; done
rtcwake -m mem -s 4 > /dev/null; sleep 60
"""


@pytest.mark.slow
def test_real_wifi(tmp_path: Path) -> None:
    if reason := guest.missing():
        pytest.skip(reason)
    tmp_path.chmod(0o755)
    said = guest.run(tmp_path, guest.EYES + SCRIPT)
    seen = guest.seen(said)
    assert seen.keys() >= {"nowhere", "joined", "nobody", "roamed", "split", "full", "gone"}, said[-3000:]
    here = {"online": True, "interface": "wlan0", "kind": "wifi", "ssid": SSID, "gateway": "192.168.50.1"}
    mac = {"gateway_mac": "02:00:00:00:50:01"}
    first, second = {"bssid": "02:00:00:00:01:00"}, {"bssid": "02:00:00:00:02:00"}
    wanted: dict[str, dict[str, Any]] = {
        "nowhere": {"online": False, "ssid": None},
        "joined": {**here, **first, **mac, "vpn": []},
        "nobody": {**here, **first, **mac},
        "roamed": {**here, **second, **mac, "vpn": []},
        "docked": {"online": True, "interface": "dock0", "kind": "wired", "ssid": None, "bssid": None, "gateway": "10.10.0.1"},
        "metrics": {**here, **second, **mac},
        "undocked": {**here, **second, **mac},
        "split": {**here, **second, "vpn": [["wg0", False, False]]},
        "full": {**here, **second, "vpn": [["wg0", True, False]]},
        "gone": {"online": False, "interface": None, "ssid": None, "bssid": None, "gateway": None},
    }
    wrong = {name: seen[name] for name, facts in wanted.items() if not facts.items() <= seen[name].items()}
    assert not wrong
    assert seen.get("sleep") == "woke up", "suspend to memory, and the timer that is cancelled by it"

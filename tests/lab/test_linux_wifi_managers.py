"""Real 802.11 with WPA2 under each manager: what nl80211 and the manager's own D-Bus say, two access points of one name, and both
gone; npm's file is not touched by the roam, not even with a login in it. In an emulated machine (guest.py): slow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import guest

SSID = "Café ☕"

ASK = """
import json, socket, sys
from roamrc.model import Hidden
from roamrc.probes import bus_linux, wifi_bus_linux
from roamrc.system import System
told = wifi_bus_linux.read(System(), "wlan0")
shown = lambda x: "?" + x.why if isinstance(x, Hidden) else x
with bus_linux.connect(System()) as bus:
    iwd = bus.owned("net.connman.iwd")
said = shown(told) if isinstance(told, Hidden) else [shown(told.ssid), shown(told.bssid), told.via]
print("@" + sys.argv[1], json.dumps({"bus": said, "iwd": iwd}))
"""

SCRIPT = r"""
modprobe mac80211_hwsim radios=3; for m in bridge algif_hash algif_skcipher ecb cbc cmac md4 ccm; do modprobe $m 2>/dev/null; done
ip netns add ap; for p in phy1 phy2; do $GUEST/sbin/iw phy $p set netns name ap; done
ip -n ap link set lo up; ip -n ap link add br0 type bridge forward_delay 0; ip -n ap link set br0 address 02:00:00:00:50:01 up
ip -n ap addr add 192.168.50.1/24 dev br0
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
printf 'ctrl_interface=/run/wpa\nnetwork={\n ssid=436166c3a920e29895\n psk="correct horse"\n}\n' > wpa.conf
ip netns exec ap dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --interface=br0 --bind-interfaces --no-ping \
  --dhcp-authoritative --dhcp-range=192.168.50.100,192.168.50.150,1h --dhcp-option=option:domain-search,wifi.test \
  --domain=wifi.test --pid-file=/run/ap.pid --dhcp-leasefile=/run/work/ap.leases
mkdir -p /run/dbus; cp -r $GUEST/etc/dbus-1/. /etc/dbus-1/; cp -r $GUEST/usr/share/dbus-1/. /usr/share/dbus-1/
dbus-uuidgen --ensure=/etc/machine-id; dbus-daemon --system --nopidfile --fork; mount -o remount,ro /sys
export HOME=/run/work/home; mkdir -p $HOME/.config/roamrc/profiles
printf 'when: {ssid: "Café ☕"}\napply: {proxy: "http://proxy.corp.test:3128"}\n' > $HOME/.config/roamrc/profiles/office.yaml
$PYTHON -m roamrc run > agent.log 2>&1 &
wait_for() { i=0; until eval "$2" || [ $i = 240 ]; do i=$((i+1)); sleep 0.25; done; [ $i != 240 ] || echo "late: $1"; }
ap() { ip netns exec ap $GUEST/usr/sbin/hostapd -B -P ap$1.pid ap$1.conf > ap$1.log; }
no_ap() { kill $(cat ap$1.pid) 2>/dev/null; }
ask() { $PYTHON ask.py $1; }
at() { wait_for "at $1" "$GUEST/sbin/iw dev wlan0 link | grep -q 02:00:00:00:0$1:00"; }
file() { stat -c '%i %Y %Z %s' $HOME/.npmrc; }
bound() { ip -4 addr show wlan0 | grep -q 192.168.50 && ip route | grep -q default && grep -q wifi.test /etc/resolv.conf; }
lease() { wait_for lease bound; }
day() { # NAME, once its first access point is joined
  at 1; lease; see $1_joined 5; ask $1_bus
  wait_for file "grep -q ^https-proxy $HOME/.npmrc"; before="$(file)"
  ap 2; sleep 1; no_ap 1; at 2; lease; see $1_roamed 5; sleep 1; echo "@$1_file [\"$before\", \"$(file)\"]"
  no_ap 2; wait_for gone "! $GUEST/sbin/iw dev wlan0 link | grep -q Connected"; sleep 1; see $1_gone; ask $1_gone_bus; ap 1
}
office() { printf 'when: {ssid: "Café ☕"}\napply: {proxy: "http://proxy.corp.test:3128"%s}\n' "$1" \
  > $HOME/.config/roamrc/profiles/office.yaml; }
cli() { $GUEST/sbin/wpa_cli -p /run/wpa -i wlan0 $*; }
heard() { cli scan_results | grep -q $1 || { cli scan > scan.log; sleep 1; false; }; }
lent() { # from one living access point to the next, with a login in the file
  echo alice:s3cret > $HOME/login; chmod 600 $HOME/login; office ", login: \"file:$HOME/login\""
  wait_for login "grep -q alice $HOME/.npmrc"; ap 2; wait_for second "heard 02:00:00:00:02:00"; before="$(file)"
  losses=$(cat /sys/class/net/wlan0/carrier_down_count); cli roam 02:00:00:00:02:00 > roam.log; at 2; sleep 4
  echo "@lent_file [\"$before\", \"$(file)\", $(($(cat /sys/class/net/wlan0/carrier_down_count)-losses))]"
  no_ap 2; no_ap 1; wait_for taken_back "! grep -q alice $HOME/.npmrc"
  echo "@lent_gone {\"lines\": $(grep -c alice $HOME/.npmrc)}"
  office; ap 1; at 1; }
wpa="$GUEST/sbin/wpa_supplicant -B -u -P wpa.pid"
ap 1; ask nobody_there
$wpa -i wlan0 -c wpa.conf > wpa.log; at 1; dhclient -4 -1 -q -pf dhclient.pid wlan0; lent; day dhclient
kill $(cat dhclient.pid) $(cat wpa.pid); ip addr flush dev wlan0; : > /etc/resolv.conf; sleep 1
printf '[main]\nplugins=keyfile\nauth-polkit=false\ndhcp=internal\nrc-manager=file\n[connectivity]\nenabled=false\n' \
  > /etc/NetworkManager/NetworkManager.conf
mkdir -p /var/lib/NetworkManager; rm -rf /etc/NetworkManager/conf.d /etc/NetworkManager/system-connections/*
$wpa; NetworkManager --no-daemon > nm.log 2>&1 & nm=$!
wait_for nm "nmcli -t general > /dev/null 2>&1"
nmcli con add type wifi ifname wlan0 con-name W ssid 'Café ☕' wifi-sec.key-mgmt wpa-psk wifi-sec.psk 'correct horse' \
  ipv6.method ignore wifi.cloned-mac-address permanent; nmcli -w 60 con up W; day nm
kill $nm; sleep 1; kill $(cat wpa.pid); ip addr flush dev wlan0; sleep 1
cd /run; mkdir -p systemd/netif/links systemd/netif/leases systemd/netif/lldp systemd/resolve systemd/network
chown -R systemd-network: systemd/netif; chown systemd-resolve: systemd/resolve; cd /run/work
printf '[Match]\nName=wlan0\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\nLinkLocalAddressing=no\n[DHCPv4]\nUseDomains=yes\n' \
  > /run/systemd/network/10-wlan0.network
/lib/systemd/systemd-networkd > networkd.log 2>&1 & /lib/systemd/systemd-resolved > resolved.log 2>&1 &
wait_for resolved "test -e /run/systemd/resolve/stub-resolv.conf"; ln -sfT /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
$wpa -i wlan0 -c wpa.conf > wpa.log; day networkd
kill $(cat wpa.pid); sleep 1; mkdir -p /var/lib/iwd
printf '[Security]\nPassphrase=correct horse\n' > '/var/lib/iwd/=436166c3a920e29895.psk'
$GUEST/usr/libexec/iwd > iwd.log 2>&1 & day iwd
tail -n 5 agent.log
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_wifi_under_each_manager(tmp_path: Path) -> None:
    if reason := guest.missing():
        pytest.skip(reason)
    tmp_path.chmod(0o755)
    (tmp_path / "ask.py").write_text(ASK)
    said = guest.run(tmp_path, f"cp {tmp_path}/ask.py .\n{guest.EYES}{SCRIPT}", 800)
    seen = guest.seen(said)
    here = {"online": True, "interface": "wlan0", "kind": "wifi", "ssid": SSID, "gateway": "192.168.50.1", "vpn": []}
    here |= {"gateway_mac": "02:00:00:00:50:01", "dns_suffixes": ["wifi.test"]}
    gone: dict[str, Any] = {"online": False, "interface": None, "ssid": None, "bssid": None, "gateway": None}
    first, second = "02:00:00:00:01:00", "02:00:00:00:02:00"
    assert seen["nobody_there"] == {"bus": "?no daemon on D-Bus tells", "iwd": False}, said[-3000:]
    wrong: dict[str, Any] = {}
    before, after, losses = seen.get("lent_file", ["", "?", 0])
    if before != after or losses == 0 or seen.get("lent_gone") != {"lines": 0}:
        wrong["lent"] = [before, after, losses, seen.get("lent_gone")]
    for name, via in {"dhclient": "wpa_supplicant", "nm": "NetworkManager", "networkd": "wpa_supplicant", "iwd": "iwd"}.items():
        bssid = "?iwd does not tell" if via == "iwd" else first
        wanted: dict[str, dict[str, Any]] = {
            f"{name}_joined": {**here, "bssid": first},
            f"{name}_bus": {"bus": [SSID, bssid, via], "iwd": via == "iwd"},
            f"{name}_roamed": {**here, "bssid": second},
            f"{name}_gone": gone,
            f"{name}_gone_bus": {"bus": [None, None, via], "iwd": via == "iwd"},
        }
        wrong |= {n: seen.get(n) for n, facts in wanted.items() if not facts.items() <= seen.get(n, {}).items()}
        before, after = seen.get(f"{name}_file", ["", "?"])
        if not before or before != after:
            wrong[f"{name}_file"] = [before, after]
    assert not wrong, said[-4000:]

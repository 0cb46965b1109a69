#!/bin/sh
# What people put into /etc/NetworkManager/dispatcher.d (or a VPN's up-script): npm config set, twice.
at_work() { grep -q corp.test /etc/resolv.conf || ip route show dev tun0 2>/dev/null | grep -q .; }
if at_work; then
  npm config set proxy "$PROXY"
  npm config set https-proxy "$PROXY"
else
  npm config delete proxy
  npm config delete https-proxy
fi

#!/bin/sh
# The same idea as a shell loop: each line of `ip monitor` is a reason to look, sed edits a copy, mv replaces the file.
npmrc=$1
at_work() { grep -q corp.test /etc/resolv.conf || ip route show dev tun0 2>/dev/null | grep -q .; }
was=
echo ready
ip monitor link address route | while read -r _; do
  if at_work; then now=work; else now=home; fi
  [ "$now" = "$was" ] && continue
  was=$now
  sed '/^proxy=/d; /^https-proxy=/d' "$npmrc" > "$npmrc.new"
  if [ "$now" = work ]; then printf 'proxy=%s\nhttps-proxy=%s\n' "$PROXY" "$PROXY" >> "$npmrc.new"; fi
  mv "$npmrc.new" "$npmrc"
done

#!/bin/sh
# Makes the golden dumps anew: unshare -n sh golden/make.sh, as root, with iptables 1.8 of both back ends.
set -eu
cd "$(dirname "$0")"
for family in ip ip6; do
  for back in legacy nft; do
    "${family}tables-$back-restore" < "written.$family"
    "${family}tables-$back-save" > "$family.$back.save" 2>/dev/null
  done
  for table in nat filter mangle raw; do "${family}tables-nft" -t "$table" -nvL --line-numbers 2>/dev/null; done > "$family.nft.list"
done

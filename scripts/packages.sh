#!/bin/bash
# The Debian packages that the kernel tests, the tests against a real API server and the lab use: installed where we are root,
# named where we are not.
set -euo pipefail

# package:command that proves it
needed=(
  binutils:strip
  conntrack:conntrack
  etcd-server:etcd
  haproxy:haproxy
  iproute2:ip
  ipset:ipset
  iptables:iptables-nft-restore
  libcap2-bin:setcap
  nftables:nft
  openssl:openssl
  pgbouncer:pgbouncer
  postgresql:pg_ctlcluster
  procps:sysctl
  util-linux:setpriv
)

PATH=$PATH:/usr/sbin:/sbin
missing=()
for entry in "${needed[@]}"; do
  command -v "${entry#*:}" >/dev/null || missing+=("${entry%%:*}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "setup   not installed, so some tests will be skipped: ${missing[*]}"
  echo "        on Debian: sudo apt-get install ${missing[*]}"
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
# where init is not systemd: programs are installed, not started
export RUNLEVEL=1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 </dev/null || { tail -n 30 "$log" >&2; return 1; }; }

echo "setup   apt-get install ${missing[*]}"
if ! { quietly apt-get update && quietly apt-get install -y --no-install-recommends "${missing[@]}"; }; then
  echo "setup   apt-get failed; tests that need ${missing[*]} will be skipped" >&2
fi

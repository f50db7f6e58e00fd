#!/bin/bash
# Runs test/vm/guest.sh under a second kernel: Debian's linux-image-amd64 in an emulated machine (no KVM needed)
# whose root is this machine's, read-only. Exit code: the guest's. Where that is impossible it says why and passes,
# except under CI, where it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly cache=$PWD/node_modules/.cache/vm
readonly limit=${EVENKEEL_VM_SECONDS:-1200}
readonly packages=(qemu-system-x86 linux-image-amd64 ipvsadm ipset iptables busybox-static python3-venv kmod iproute2 nftables)

say() { printf 'vm      %s\n' "$*"; }

cannot() {
  say "not run: $*" >&2
  [ -z "${CI:-}" ] || exit 1
  exit 0
}

quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

install_packages() {
  command -v dpkg-query >/dev/null || cannot "needs Debian's packages: ${packages[*]}"
  local missing=() package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || cannot "on Debian: sudo apt-get install ${missing[*]}"
  say "apt-get install ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-get update || say "apt-get update failed; trying the lists that are here" >&2
  quietly apt-get install -y --no-install-recommends "${missing[@]}" || cannot "apt-get could not install ${missing[*]}"
}

# A copy of the requirements marks an environment that was built to the end.
install_virtme() {
  local venv=$cache/venv
  export PATH=$venv/bin:$PATH
  cmp -s test/vm/requirements.txt "$venv/built-from" && return 0
  say "pip install $(grep -o 'virtme-ng==.*' test/vm/requirements.txt)"
  rm -rf "$venv"
  quietly /usr/bin/python3 -m venv "$venv" || cannot 'python3 -m venv failed'
  quietly "$venv/bin/pip" install --only-binary :all: --no-input -r test/vm/requirements.txt || cannot 'pip could not install virtme-ng from PyPI'
  cp test/vm/requirements.txt "$venv/built-from"
}

# What the metapackage depends on, e.g. /boot/vmlinuz-6.1.0-56-amd64.
kernel_image() {
  local release
  release=$(dpkg-query -W -f '${Depends}' linux-image-amd64 | grep -o 'linux-image-[0-9][^ ,]*' | head -n 1)
  echo "/boot/vmlinuz-${release#linux-image-}"
}

# One archive, because each file opened over 9p costs the guest milliseconds: it unpacks this into memory.
pack_checkout() {
  tar -cf "$shared/checkout.tar" \
    --exclude-vcs --exclude=./.cache --exclude=./coverage --exclude='./node_modules/.[cv]*' \
    --exclude='./node_modules/@biomejs' --exclude='./node_modules/*oxlint*' --exclude='./node_modules/@typescript' \
    --exclude='./node_modules/node-linux-*/include' --exclude='./node_modules/node-linux-*/lib' --exclude='./node_modules/node-linux-*/share' .
}

# Where processes of the guest were when a signal ended them. A core has only what was written; programs and libraries are here too.
tell_cores() {
  local core
  for core in "$shared"/core.*; do
    [ -e "$core" ] || continue
    mv -f "$core" "$cache/last-core"
    say "a signal ended a process of the guest (name, process, signal): $(basename "$core"), kept as $cache/last-core"
    command -v gdb >/dev/null || continue
    timeout 120 gdb -nx -batch -iex 'set solib-search-path node_modules/@koromix/koffi-linux-x64/linux_x64' \
      -ex 'print $_siginfo.si_code' -ex 'print $_siginfo._sifields._sigfault.si_addr' -ex 'info registers' -ex 'x/6i $pc' \
      -ex 'backtrace 40' -ex 'thread apply all backtrace 8' node_modules/.bin/node "$cache/last-core" 2>&1 |
      grep -v anon_inode | cut -c 1-240 | head -n 200 || true
  done
}

[ "$(uname -m)" = x86_64 ] || cannot "needs an x86_64 host (this is $(uname -m)): the kernel is Debian's amd64"
install_packages
install_virtme
kernel=$(kernel_image)
[ -r "$kernel" ] || cannot "cannot read $kernel"
shared=$(mktemp -d "$cache/run.XXXXXX") # the only directory the guest can write to
trap 'rm -rf "$shared"' EXIT
pack_checkout

say "booting $(basename "$kernel") (emulated, at most $limit s)"
started=$SECONDS
# Through a pipe, because qemu opens stdout a second time and a file would be overwritten.
timeout --kill-after=10 "$limit" vng --run "$kernel" --disable-kvm --force-9p --user root --cpus 2 --memory 3G --rwdir="$shared" \
  -- "bash test/vm/guest.sh '$shared' $*" </dev/null 2>&1 | tr -d '\r' || true

tell_cores
# The guest's own word counts: a panic or a lost console also ends qemu.
if ! code=$(cat "$shared/exit-code" 2>/dev/null); then
  say "the machine ended without a result after $((SECONDS - started)) s (limit $limit s)" >&2
  exit 1
fi
say "$(cat "$shared/release" 2>/dev/null): exit code $code after $((SECONDS - started)) s"
exit "$code"

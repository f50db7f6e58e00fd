#!/bin/bash
# Inside the emulated machine: guest.sh SHARED [TEST...]. Unpacks the checkout into memory, runs the real-packet conformance
# table and our kernel tests, or only the tests that are named, and leaves its exit code in SHARED.
set -uo pipefail
shared=$1
shift
tests=("$@")
# not src/dataplane/iptables: each of its hundreds of restores is a process, and takes seconds here
whole=
if [ ${#tests[@]} -eq 0 ]; then
  whole=yes
  tests=(src/kernel src/dataplane/nftables src/inspect/kube-proxy/ipvs src/simulate/policies/ipvs)
fi

checkout=/run/checkout
export PATH=$checkout/node_modules/.bin:$PATH:/usr/sbin:/sbin
export HOME=/run TMPDIR=/run NODE_COMPILE_CACHE=/run/node-cache NO_COLOR=1

unpack() {
  mkdir -p "$checkout" && tar -xf "$shared/checkout.tar" -C "$checkout" && cd "$checkout"
}

# Under emulation a process of Node ends by a signal now and then (SIGSEGV where it was told, nothing printed; not seen on
# a real processor, the cause is not known): that is told and tried once more. What fails twice, or fails otherwise in the
# conformance table, fails.
conformance() {
  local code=0
  node test/conformance/main.ts --patience 4 || code=$?
  [ "$code" -ge 128 ] || return "$code"
  echo "vm      the conformance table ended by signal $((code - 128)); once more"
  node test/conformance/main.ts --patience 4
}

# Emulation is about ten times slower: the tests' own limits grow with it.
kernel_tests() {
  node node_modules/vitest/vitest.mjs run --project kernel --passWithNoTests --reporter=default \
    --testTimeout=300000 --hookTimeout=300000 --retry=1 --exclude '**/conformance.kernel.test.ts' "$@"
}

run() {
  unpack || return 1
  modprobe -a ip_vs ip_vs_rr dummy || return 1
  echo "vm      Linux $(uname -r), up $(cut -d' ' -f1 /proc/uptime) s"
  local failed=0
  [ -z "$whole" ] || conformance || failed=1
  kernel_tests "${tests[@]}" || failed=1
  return "$failed"
}

uname -r >"$shared/release"
run
code=$?
echo "$code" >"$shared/exit-code"
exit "$code"

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
# Node takes the types out of TypeScript by WebAssembly. While V8 runs it, a thread replaces its functions by faster ones: it writes
# over the jumps that lead to them, and the old ones are freed. qemu (7.2, two processors) now and then goes on with a jump as it was
# before, into memory that is no more: SIGSEGV. The cores show the new jump in memory and the old function at work. With V8's
# --stress-wasm-code-gc 4 of 18 processes ended so, without the replacing 0 of 18, and on a real processor 0 of 60.
export NODE_OPTIONS="--require $checkout/test/vm/no-tier-up.cjs"

# What a signal ends without a word leaves a core, from which the host tells where it was.
keep_cores() {
  ulimit -c unlimited
  ln -s "$shared" /run/shared # a pattern is cut after 127 characters
  echo '/run/shared/core.%e.%p.%s' >/proc/sys/kernel/core_pattern
}

# What the kernel says of processes that it ended: bad accesses, want of memory.
tell_kernel() {
  dmesg | grep -E 'segfault at|traps: |general protection|ut of memory|oom-kill|BUG:|Oops' | sed 's/^/vm      kernel: /' | tail -n 40
}

unpack() {
  mkdir -p "$checkout" && tar -xf "$shared/checkout.tar" -C "$checkout" && cd "$checkout"
}

# A signal that ends it is told and its core read (test-vm.sh), and the table begun once more: the processor is an emulated one.
# What fails twice, or fails otherwise, fails.
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

memory() { awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }

run() {
  keep_cores
  unpack || return 1
  modprobe -a ip_vs ip_vs_rr dummy || return 1
  echo "vm      Linux $(uname -r), up $(cut -d' ' -f1 /proc/uptime) s, $(memory) MiB of memory left"
  local failed=0
  [ -z "$whole" ] || conformance || failed=1
  kernel_tests "${tests[@]}" || failed=1
  return "$failed"
}

uname -r >"$shared/release"
run
code=$?
tell_kernel
echo "$code" >"$shared/exit-code"
exit "$code"

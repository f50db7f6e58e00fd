import { expect, test } from 'vitest'
import { isPure, whyNot } from './layers.ts'

test.for([
  ['src/routing/frontends.ts', '../model/service.ts'],
  ['src/dataplane/nftables/trace.ts', '../plane.ts'],
  ['src/dataplane/nftables/trace.ts', './compile.ts'],
  ['src/dataplane/nftables/driver.ts', '../../kernel/nftables/socket.ts'],
  ['src/dataplane/registry.ts', './nftables/index.ts'],
  ['src/dataplane/iptables/compile.ts', 'node:crypto'],
  ['src/kernel/netlink/socket.ts', 'koffi'],
  ['src/kernel/exec.ts', 'node:child_process'],
  ['src/lab/pod.ts', 'node:child_process'],
  ['src/agent/run.ts', 'node:fs/promises'],
  ['src/cli/trace/trace.ts', 'commander'],
  ['src/routing/frontends.test.ts', '../dataplane/conformance/conformance.ts'],
  ['src/dataplane/nftables/index.ts', '../conformance/case.ts'],
  ['bench/main.ts', '../src/agent/run.ts'],
] as const)('%s may import %s', ([file, specifier]) => {
  expect(whyNot(file, specifier)).toBeUndefined()
})

test.for([
  ['src/model/service.ts', '../routing/frontends.ts', 'routing stands after model'],
  ['src/kernel/nftables/types.ts', '../../rules/model.ts', 'rules stands after kernel'],
  ['src/dataplane/plane.ts', '../agent/run.ts', 'agent stands after dataplane'],
  ['src/dataplane/nftables/trace.ts', '../iptables/trace.ts', 'does not import the iptables plane'],
  ['src/dataplane/reconciler/desired.ts', '../nftables/index.ts', 'only src/dataplane/registry.ts knows the planes'],
  ['src/routing/frontends.ts', 'node:fs', 'this file is pure'],
  ['src/dataplane/ebpf/compile.ts', 'node:net', 'this file is pure'],
  ['src/dataplane/ebpf/trace.ts', 'node:fs/promises', 'this file is pure'],
  ['src/dataplane/ebpf/driver.ts', 'koffi', 'only src/kernel talks to the kernel'],
  ['src/kernel/nftables/socket.ts', 'node:child_process', 'processes are started by src/kernel/exec'],
  ['src/agent/run.ts', 'commander', 'flags are parsed in src/cli'],
  ['src/agent/run.ts', './run.test.ts', 'sources do not import tests'],
  ['src/agent/run.ts', '../../bench/main.ts', 'tests and benchmarks stand outside'],
] as const)('%s may not import %s', ([file, specifier, reason]) => {
  expect(whyNot(file, specifier)).toContain(reason)
})

test.for([
  ['src/model/address.ts', true],
  ['src/rules/evaluate.ts', true],
  ['src/dataplane/ipvs/compile.ts', true],
  ['src/dataplane/ipvs/trace.ts', true],
  ['src/dataplane/ipvs/compile.test.ts', false],
  ['src/dataplane/ipvs/driver.ts', false],
  ['src/dataplane/reconciler/reconciler.ts', false],
  ['src/dataplane/reconciler/trace-story.ts', false],
  ['src/util/clock.ts', false],
] as const)('%s is pure: %s', ([file, pure]) => {
  expect(isPure(file)).toBe(pure)
})

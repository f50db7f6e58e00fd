import { execFileSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { openKernel } from './index.ts'
import type { Kernel } from './kernel.ts'
import { enterPrivateNetwork } from './namespace.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
let kernel: Kernel

beforeAll(async () => {
  await enterPrivateNetwork()
  kernel = await openKernel()
})

const restore = (rule: string): void => {
  const input = `*filter\n${rule}\nCOMMIT\n`
  execFileSync('iptables-legacy-restore', ['--noflush'], { input, stdio: ['pipe', 'pipe', 'pipe'] })
}

test('counters are made once, rules count in them, and what a rule counts in stays', async ({ skip }) => {
  using accounting = await kernel.accounting()
  if ((await accounting.names()) === null) skip('this kernel has no nfacct')
  expect(await accounting.names()).toEqual(new Set())
  const rule = 'OUTPUT -m nfacct --nfacct-name two'
  expect(() => restore(`-A ${rule}`)).toThrow(/iptables-restore|nfacct/)
  await accounting.make(['one', 'two'])
  await accounting.make(['two', 'three'])
  expect(await accounting.names()).toEqual(new Set(['one', 'two', 'three']))
  restore(`-A ${rule}`)
  await accounting.remove(['one', 'two', 'never'])
  expect(await accounting.names()).toEqual(new Set(['two', 'three']))
  restore(`-D ${rule}`)
  await accounting.remove(['two'])
  expect(await accounting.names()).toEqual(new Set(['three']))
})

test('a name that the kernel cannot take is an error that names it', async ({ skip }) => {
  using accounting = await kernel.accounting()
  if ((await accounting.names()) === null) skip('this kernel has no nfacct')
  await expect(accounting.make(['x'.repeat(64)])).rejects.toThrow(/nfacct add x{64}: E/)
})

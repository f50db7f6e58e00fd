import { expect, test } from 'vitest'
import { nameOf, runnablePlanes, runnableVariants } from './variant.ts'

test('a variant is named after its programs', () => {
  expect(nameOf({ plane: 'nftables' })).toBe('nftables')
  expect(nameOf({ plane: 'iptables', iptables: 'legacy' })).toBe('iptables-legacy')
  expect(nameOf({ plane: 'ipvs' })).toBe('ipvs')
})

test('a plane of a later version is skipped with the reason', async () => {
  const { run, skipped } = await runnablePlanes(['userspace', 'nftables'])
  expect(run).toEqual(['nftables'])
  expect(skipped).toEqual([{ plane: 'userspace', reason: expect.stringMatching(/not in this version, which has/) }])
})

test('iptables is run where any of its back ends is, and named where none is', async () => {
  const { variants, skipped } = await runnableVariants(['iptables', 'nftables'])
  expect(variants.length + skipped.length).toBe(3)
  const here = variants.some(({ plane }) => plane === 'iptables')
  const { run, skipped: planes } = await runnablePlanes(['iptables', 'nftables'])
  expect(run.includes('iptables')).toBe(here)
  expect(planes).toEqual(here ? [] : skipped)
})

test('nothing to run is an error that says why', async () => {
  await expect(runnablePlanes(['ipvs', 'ebpf'])).rejects.toThrow(/ipvs: not in this version.*; ebpf: not in/)
})

import { expect, test } from 'vitest'
import { absentPlane } from '../../test/support/absent-plane.ts'
import { nameOf, runnablePlanes, runnableVariants } from './variant.ts'

test('a variant is named after its programs', () => {
  expect(nameOf({ plane: 'nftables' })).toBe('nftables')
  expect(nameOf({ plane: 'iptables', iptables: 'legacy' })).toBe('iptables-legacy')
  expect(nameOf({ plane: absentPlane })).toBe(absentPlane)
})

test('a plane of a later version is skipped with the reason', async () => {
  const { run, skipped } = await runnablePlanes([absentPlane, 'nftables'])
  expect(run).toEqual(['nftables'])
  expect(skipped).toEqual([{ plane: absentPlane, reason: expect.stringMatching(/not in this version, which has/) }])
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
  await expect(runnablePlanes([absentPlane, absentPlane])).rejects.toThrow(/^absent: not in .*; absent: not in/)
})

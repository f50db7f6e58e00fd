import { expect, test } from 'vitest'
import { lanesOf } from './side-by-side.ts'

const variants = ['few', 'many'].map((name) => ({ name, selector: { app: 'server' } }))

const addresses = (seed: string): readonly string[] =>
  lanesOf(['rr', 'random'], variants, seed).flatMap(({ service }) => service.clusterIPs)

test('each lane has an address of its own, the same with the same seed and another in the next repetition', () => {
  const first = addresses('scale-up 1 nftables 1')
  expect(new Set(first).size).toBe(4)
  expect(addresses('scale-up 1 nftables 1')).toEqual(first)
  // where a rotation begins is decided by the address
  for (const [i, address] of addresses('scale-up 1 nftables 2').entries()) expect(address).not.toBe(first[i])
})

test('a lane without variants has the name of its scheduler, and a port of its own in the pods', () => {
  const lanes = lanesOf(['rr', 'random'], variants.slice(0, 1), 'seed')
  expect(lanes.map(({ service: { name }, podPort }) => [name, podPort])).toEqual([
    ['rr', 8000],
    ['random', 8001],
  ])
})

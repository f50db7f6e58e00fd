import { expect, test } from 'vitest'
import { readFlags, UsageError } from './flags.ts'

test('what is not said has the value of the benchmark, or of all', () => {
  const flags = readFlags(['sync', '--endpoints', '3'])
  expect([flags.benchmark, flags.json, flags.plane(), flags.iptables()]).toEqual(['sync', false, 'nftables', 'nft'])
  expect([flags.number('services', 70), flags.number('endpoints'), flags.number('storm')]).toEqual([70, 3, 1_000])
})

test.each<[string, readonly string[]]>([
  ['a flag that nobody knows', ['sync', '--nope']],
  ['two benchmarks', ['sync', 'connect']],
  ['another output', ['sync', '-o', 'yaml']],
])('%s: usage', (_, args) => {
  expect(() => readFlags(args)).toThrow(UsageError)
})

test('a value that is none is told when it is asked for', () => {
  const flags = readFlags(['sync', '--services', '0', '--plane', 'absent', '--peers', 'x', '--iptables-backend', 'y'])
  expect(() => flags.number('services', 5)).toThrow('--services: a whole number from 1, not 0')
  expect(() => flags.plane()).toThrow(UsageError)
  expect(() => flags.peers()).toThrow('--peers: some of ')
  expect(() => flags.iptables()).toThrow('--iptables-backend: legacy or nft, not y')
})

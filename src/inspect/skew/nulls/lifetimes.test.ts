import { expect, test } from 'vitest'
import { judge } from '../judge.ts'
import type { CauseCode } from '../causes/codes.ts'
import type { Observation } from '../observation.ts'

const open = [90, 45, 54, 92, 52, 35]

const codeOf = (opened: readonly number[], more: Partial<Observation> = {}): CauseCode | undefined =>
  judge({
    service: null,
    unit: 'connections',
    backends: open.map((count, i) => ({ name: `pod-${i}`, count, opened: opened[i] ?? 0 })),
    facts: { scheduler: 'rr', counted: 'open' },
    ...more,
  }).cause?.code

const nodesOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ node: `node-${n}`, counts: open.map(() => 0), odds: null }))

test.each<[string, readonly number[], Partial<Observation> | undefined, CauseCode | undefined]>([
  ['one node dealt them', [1204, 1203, 1203, 1204, 1204, 1204], undefined, 'round-robin-lifetimes'],
  ['a few did, nobody says how many', [1205, 1203, 1203, 1204, 1204, 1206], undefined, 'round-robin-lifetimes'],
  ['as uneven as luck', [1230, 1180, 1190, 1240, 1200, 1184], undefined, 'unexplained'],
  [
    'more uneven than the one node that there is deals',
    [1207, 1203, 1203, 1204, 1204, 1204],
    { nodes: nodesOf(1) },
    'unexplained',
  ],
])('still open are uneven, opened: %s', (_, opened, more, code) => {
  expect(codeOf(opened, more)).toBe(code)
})

import { expect, test } from 'vitest'
import { shareOf } from './lane-clients.ts'

test('sessions are shared as equally as it goes, and none is lost', () => {
  const pool = { kind: 'pool', sessions: 7, settled: false, retryMs: 5 } as const
  expect([0, 1, 2].map((i) => shareOf(pool, i, 3))).toEqual([3, 2, 2].map((sessions) => ({ ...pool, sessions })))
})

test('arrivals come as often together as one client would make them', () => {
  const arrivals = { kind: 'arrivals', perSecond: 40, count: 5 } as const
  expect([0, 1].map((i) => shareOf(arrivals, i, 2))).toEqual([
    { kind: 'arrivals', perSecond: 20, count: 3 },
    { kind: 'arrivals', perSecond: 20, count: 2 },
  ])
  expect(shareOf({ ...arrivals, count: null }, 0, 2)).toEqual({ kind: 'arrivals', perSecond: 20, count: null })
})

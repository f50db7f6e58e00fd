import { expect, test } from 'vitest'
import type { SessionConnection } from '../../sessions/protocol.ts'
import { inTurn, outOfTurn, shareByClock } from './clock.ts'

const connection = (session: number, pod: string, dueAt: number, late = 0): SessionConnection => ({
  session,
  pod,
  fromPort: 1,
  dueAt,
  openedAt: dueAt + late,
  closedAt: null,
  requests: 1,
  openMs: 1,
  end: 'open',
})

test('each session is where its last connection came to that was due, however late it was', () => {
  const one = { connections: [connection(0, 'old', 0), connection(1, 'old', 1), connection(0, 'new', 5, 3)] }
  const other = { connections: [connection(0, 'old', 0), connection(0, 'new', 6), connection(0, 'old', 9)] }
  const share = shareByClock([one, other], new Set(['new']))
  expect([-1, 0, 4.9, 5, 7, 9].map(share)).toEqual([0, 0, 0, 1 / 3, 2 / 3, 1 / 3])
  expect(shareByClock([], new Set(['new']))(1)).toBe(0)
})

test('what a client opened out of turn stands for what was due in its place', () => {
  const answer = { connections: [connection(0, 'a', 1, 2), connection(1, 'b', 2), connection(0, 'c', 4)] }
  expect(inTurn(answer).connections.map(({ pod, dueAt }) => [pod, dueAt])).toEqual([
    ['b', 1],
    ['a', 2],
    ['c', 4],
  ])
  expect(outOfTurn([answer])).toBe(1)
  expect(outOfTurn([{ connections: [connection(0, 'a', 1, 3), connection(1, 'b', 2, 2.5)] }])).toBe(0)
  expect(outOfTurn([])).toBe(0)
})

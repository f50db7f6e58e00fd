import { expect, test } from 'vitest'
import type { SessionConnection } from '../../sessions/protocol.ts'
import { shareByClock } from './clock.ts'

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

import { expect, test } from 'vitest'
import { PastCounts } from './past-counts.ts'

const A = '10.96.0.1:80/TCP'
const B = '10.96.0.2:80/TCP'

test('adds up what one backend counted in several slots', () => {
  const past = new PastCounts()
  past.add(A, '10.1.0.1:80', 2)
  past.add(A, '10.1.0.1:80', 3)
  expect([...past.entries()]).toEqual([[A, '10.1.0.1:80', 5]])
})

test('a limit over all: the frontend that changed longest ago goes first, whole', () => {
  const past = new PastCounts(3)
  past.add(A, '10.1.0.1:80', 1)
  past.add(B, '10.1.0.2:80', 1)
  past.add(A, '10.1.0.3:80', 1)
  past.add(A, '10.1.0.4:80', 1)
  expect([...past.entries()].map(([frontend]) => frontend)).toEqual([A, A, A])
  expect(past.size).toBe(3)
})

test('pods of one frontend that come and go for ever do not add up', () => {
  const past = new PastCounts(10)
  for (let pod = 0; pod < 1_000; pod++) past.add(A, `10.1.${pod >> 8}.${pod & 255}:80`, 1)
  expect(past.size).toBe(10)
  expect([...past.entries()].at(-1)?.[1]).toBe('10.1.3.231:80')
})

test('what is not in force any more is forgotten', () => {
  const past = new PastCounts()
  past.add(A, '10.1.0.1:80', 1)
  past.add(A, '10.1.0.2:80', 1)
  past.add(B, '10.1.0.3:80', 1)
  past.retain(new Map([[A, new Map([['10.1.0.2:80', 7]])]]))
  expect([...past.entries()]).toEqual([[A, '10.1.0.2:80', 1]])
  expect(past.size).toBe(1)
})

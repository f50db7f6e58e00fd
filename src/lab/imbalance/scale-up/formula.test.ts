import { expect, test } from 'vitest'
import { seededRandom } from '../../../util/random.ts'
import { drawResidual, type Lifetime } from '../../sessions/lifetime.ts'
import { secondsUntil, shareOfNewcomers } from './formula.ts'

const memoryless: Lifetime = { kind: 'exponential', seconds: 10 }

test('memoryless: 63 % after T, 95 % after 3T', () => {
  expect(shareOfNewcomers(memoryless, 0, 10)).toBeCloseTo(0.632, 3)
  expect(shareOfNewcomers(memoryless, 0, 30)).toBeCloseTo(0.95, 3)
  expect(secondsUntil(1 - 1 / Math.E, memoryless, 0)).toBeCloseTo(10, 6)
})

test('without reconnects a new pod stays idle', () => {
  expect(shareOfNewcomers({ kind: 'forever' }, 0, 1e9)).toBe(0)
  expect(secondsUntil(0.5, { kind: 'forever' }, 0)).toBeNull()
})

test('a fixed life, or so many requests, is linear', () => {
  expect(shareOfNewcomers({ kind: 'fixed', seconds: 10 }, 0, 5)).toBe(0.5)
  expect(shareOfNewcomers({ kind: 'requests', count: 20 }, 2, 5)).toBe(0.5)
  expect(shareOfNewcomers({ kind: 'requests', count: 20 }, 2, 11)).toBe(1)
})

test.each<Lifetime>([
  memoryless,
  { kind: 'fixed', seconds: 10 },
  { kind: 'max-age', seconds: 10, jitter: 0.1 },
  { kind: 'max-age', seconds: 10, jitter: 1 },
])('%j is the distribution of what is left of connections', (lifetime) => {
  const random = seededRandom('rest')
  const rests = Array.from({ length: 20_000 }, () => drawResidual(lifetime, random).seconds)
  for (const seconds of [1, 5, 9, 10, 12, 20])
    expect(rests.filter((rest) => rest <= seconds).length / rests.length).toBeCloseTo(
      shareOfNewcomers(lifetime, 0, seconds),
      1.7,
    )
})

import { expect, test } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import { drawLife, drawResidual, type Lifetime } from './lifetime.ts'

const draws = 20_000

const meanOf = (draw: typeof drawLife, lifetime: Lifetime): number => {
  const random = seededRandom('lifetimes')
  let sum = 0
  for (let i = 0; i < draws; i++) sum += draw(lifetime, random).seconds
  return sum / draws
}

test.each<[Lifetime, number]>([
  [{ kind: 'fixed', seconds: 10 }, 10],
  [{ kind: 'exponential', seconds: 10 }, 10],
  [{ kind: 'lognormal', seconds: 10, sigma: 0.5 }, 10 * Math.exp(0.125)],
  [{ kind: 'max-age', seconds: 10, jitter: 0.1 }, 10],
])('%j has its mean', (lifetime, mean) => {
  expect(meanOf(drawLife, lifetime)).toBeCloseTo(mean, 0)
})

// renewal theory: the mean residual life is E[L²] / 2E[L]
test.each<[Lifetime, number]>([
  [{ kind: 'fixed', seconds: 10 }, 5],
  [{ kind: 'exponential', seconds: 10 }, 10],
  [{ kind: 'lognormal', seconds: 10, sigma: 0.5 }, (10 * Math.exp(0.375)) / 2],
  [{ kind: 'max-age', seconds: 10, jitter: 0.5 }, (100 + 25 / 3) / 20],
])('what is left of %j in a settled pool has its mean', (lifetime, mean) => {
  expect(meanOf(drawResidual, lifetime)).toBeCloseTo(mean, 0)
})

test('requests are counted, not timed', () => {
  const random = seededRandom('requests')
  const lifetime: Lifetime = { kind: 'requests', count: 4 }
  expect(drawLife(lifetime, random)).toEqual({ seconds: Infinity, requests: 4 })
  const left = new Set(Array.from({ length: 200 }, () => drawResidual(lifetime, random).requests))
  expect([...left].sort()).toEqual([1, 2, 3, 4])
})

test('forever is forever', () => {
  const random = seededRandom('forever')
  for (const draw of [drawLife, drawResidual])
    expect(draw({ kind: 'forever' }, random)).toEqual({ seconds: Infinity, requests: Infinity })
})

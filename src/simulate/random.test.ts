import { describe, expect, test } from 'vitest'
import { seededRandom } from '../util/random.ts'
import type { Duration } from './model.ts'
import { gammaOf, meanOf, residualOf, samplerOf, uniformOf } from './random.ts'

const uniform = uniformOf(seededRandom('random'))
const drawn = (sampler: () => number, count = 100_000): number[] => Array.from({ length: count }, sampler)
const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const durations: [name: string, duration: Duration, mean: number, residual: number][] = [
  ['fixed', { kind: 'fixed', seconds: 8 }, 8, 4],
  // E[X²]/2E[X]: (4² + 4·12 + 12²)/3 / 16
  ['uniform', { kind: 'uniform', low: 4, high: 12 }, 8, 13 / 3],
  ['exponential', { kind: 'exponential', mean: 8 }, 8, 8],
  ['lognormal', { kind: 'lognormal', median: 8, sigma: 0.5 }, 8 * Math.exp(0.125), 4 * Math.exp(0.375)],
  [
    'mixture',
    {
      kind: 'mixture',
      of: [
        { weight: 3, duration: { kind: 'fixed', seconds: 2 } },
        { weight: 1, duration: { kind: 'fixed', seconds: 10 } },
      ],
    },
    4,
    (3 * 4 + 100) / 4 / 8,
  ],
  [
    'cycle',
    {
      kind: 'cycle',
      of: [
        { kind: 'fixed', seconds: 2 },
        { kind: 'fixed', seconds: 10 },
      ],
    },
    6,
    104 / 2 / 12,
  ],
]

describe('durations', () => {
  test.each(durations)('%s: mean, and mean of what is left', (_, duration, mean, residual) => {
    expect(meanOf(duration)).toBeCloseTo(mean, 10)
    expect(average(drawn(samplerOf(duration, uniform))) / mean).toBeCloseTo(1, 1)
    expect(Math.abs(average(drawn(residualOf(duration, uniform))) / residual - 1)).toBeLessThan(0.02)
  })

  test('a cycle goes round', () => {
    const of: Duration[] = [{ kind: 'fixed', seconds: 9 }, { kind: 'fixed', seconds: 1 }, { kind: 'forever' }]
    expect(drawn(samplerOf({ kind: 'cycle', of }, uniform), 5)).toEqual([9, 1, Infinity, 9, 1])
  })

  test('of lives some of which never end, only those are met', () => {
    const of = [
      { weight: 9, duration: { kind: 'fixed', seconds: 1 } },
      { weight: 1, duration: { kind: 'forever' } },
    ] as const
    expect(meanOf({ kind: 'mixture', of })).toBe(Infinity)
    expect(new Set(drawn(residualOf({ kind: 'mixture', of }, uniform), 100))).toEqual(new Set([Infinity]))
    expect(
      average(drawn(samplerOf({ kind: 'mixture', of }, uniform), 10_000).map((v) => (v === 1 ? 1 : 0))),
    ).toBeCloseTo(0.9, 1)
  })

  test('a weight of 0 is never drawn', () => {
    const of = [
      { weight: 1, duration: { kind: 'fixed', seconds: 1 } },
      { weight: 0, duration: { kind: 'forever' } },
    ] as const
    expect(meanOf({ kind: 'mixture', of })).toBe(1)
    expect(
      new Set(
        drawn(
          samplerOf({ kind: 'mixture', of }, () => 1 - 2 ** -53),
          10,
        ),
      ),
    ).toEqual(new Set([1]))
  })

  test('an exponential is memoryless: 63 % end within the mean', () => {
    const lives = drawn(samplerOf({ kind: 'exponential', mean: 1 }, uniform))
    expect(lives.filter((life) => life < 1).length / lives.length).toBeCloseTo(1 - Math.exp(-1), 2)
  })

  test.each([[1], [5], [100]])('gamma of shape %i: mean and variance are the shape', (shape) => {
    const values = drawn(gammaOf(shape, uniform))
    const mean = average(values)
    expect(mean / shape).toBeCloseTo(1, 1)
    expect(average(values.map((value) => (value - mean) ** 2)) / shape).toBeCloseTo(1, 1)
  })
})

import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import { cells, sampler } from './draw.ts'
import { type Draws, drawsTest, testDraws } from './draws-test.ts'
import { sum } from './numbers.ts'
import { testCounts } from './skew-test.ts'

/** Seconds on a busy machine. */
const patience = 60_000
const thirds = [1 / 3, 1 / 3, 1 / 3]

describe('totals of draws that are all alike', () => {
  it('are tested as counts', () => {
    const { cvLuck, ...test } = testDraws([38, 35, 27], [{ odds: thirds, count: 100 }])
    expect(test).toEqual(testCounts([38, 35, 27]))
    expect(cvLuck).toBeCloseTo(0.1414, 4)
  })

  it('whatever each weighs, and however they are cut into lots', () => {
    const test = testDraws(
      [380, 350, 270],
      [
        { odds: thirds, count: 60, weight: 10 },
        { odds: thirds, count: 40, weight: 10 },
      ],
    )
    expect(test).toMatchObject({ n: 100, test: 'chi2', verdict: 'FAIR', needed: 80 })
    expect(test.p).toBeCloseTo(0.379, 3)
    expect(test.expected.map(Math.round)).toEqual([333, 333, 333])
  })

  it('are none where nothing was drawn', () => {
    expect(testDraws([0, 0], [])).toMatchObject({ n: 0, p: 1, verdict: 'NOT-ENOUGH-DATA' })
    expect(testDraws([0, 0], [{ odds: [0.5, 0.5], count: 3, weight: 0 }])).toMatchObject({ n: 0, p: 1 })
  })
})

describe('draws that differ', () => {
  it('in weight: one heavy client is worth one draw', () => {
    const draws = [
      { odds: thirds, count: 30, weight: 1 },
      { odds: thirds, count: 1, weight: 300 },
    ]
    const heavy = testDraws([310, 10, 10], draws)
    expect(heavy).toMatchObject({ test: 'monte-carlo', verdict: 'NOT-ENOUGH-DATA' })
    expect(heavy.n).toBeCloseTo(330 ** 2 / (30 + 300 ** 2), 10)
    // as connections of their own they would be proof
    expect(testCounts([310, 10, 10]).verdict).toBe('SKEWED')
  })

  it('in odds: two pods from the start, a third that came later', () => {
    const draws = [
      { odds: [0.5, 0.5, 0], count: 800 },
      { odds: thirds, count: 200 },
    ]
    const explained = testDraws([490, 450, 60], draws)
    expect(explained.expected.map(Math.round)).toEqual([467, 467, 67])
    expect(explained.verdict).toBe('FAIR')
    expect(testCounts([490, 450, 60]).verdict).toBe('SKEWED')
    expect(testDraws([430, 430, 140], draws).verdict).toBe('SKEWED')
    expect(testDraws([467, 467, 66], draws).verdict).toBe('TOO-EVEN')
  })

  it('by odds of 0 it is impossible to be chosen', () => {
    const draws = [
      { odds: [0.5, 0.5, 0], count: 40, weight: 2 },
      { odds: [0.9, 0.1, 0], count: 10 },
    ]
    expect(testDraws([50, 39, 1], draws)).toMatchObject({ statistic: Infinity, p: 0, verdict: 'SKEWED' })
  })

  it('far out, χ² says how far', () => {
    const draws = [
      { odds: [0.25, 0.25, 0.5], count: 300 },
      { odds: thirds, count: 300 },
    ]
    const { p, test } = testDraws([300, 100, 200], draws)
    expect(test).toBe('chi2')
    expect(p).toBeLessThan(1e-10)
  })

  it('false alarms stay at the level in each tail', { timeout: patience }, () => {
    const random = seededRandom('draws')
    const draws: readonly Draws[] = [
      { odds: [0.5, 0.5, 0, 0], count: 25, weight: 1 },
      { odds: [0.25, 0.25, 0.25, 0.25], count: 30, weight: 1 },
      { odds: [0.25, 0.25, 0.25, 0.25], count: 6, weight: 7 },
    ]
    const samplers = draws.map(({ odds, count, weight }) => sampler(count, cells(odds), weight))
    const runs = 10_000
    const test = drawsTest(draws, 4)
    let [upper, lower] = [0, 0]
    for (let i = 0; i < runs; i++) {
      const totals = new Float64Array(4)
      for (const add of samplers) add(random, totals)
      const { p, pLower } = test([...totals])
      if (p <= 0.05) upper++
      if (pLower <= 0.05) lower++
    }
    // three standard errors
    expect(Math.max(upper, lower) / runs).toBeLessThan(0.05 + 0.0066)
    expect(Math.min(upper, lower) / runs).toBeGreaterThan(0.05 - 0.0066)
  })

  it('many weights are put into classes', { timeout: patience }, () => {
    const weights = Array.from({ length: 6000 }, (_, i) => 1 + i / 100)
    const odds = [0.5, 0.5]
    const half = sum(weights.filter((_, i) => i % 2 === 0))
    const test = testDraws(
      [half, sum(weights) - half],
      weights.map((weight) => ({ odds, count: 1, weight })),
    )
    expect(test.n).toBeGreaterThan(4000)
    expect(test.p).toBeGreaterThan(0.5)
  })

  it.each<readonly [string, readonly number[], readonly Draws[], string]>([
    ['half a draw', [1, 1], [{ odds: [1, 1], count: 1.5 }], 'draws[0].count is 1.5'],
    ['a negative weight', [1, 1], [{ odds: [1, 1], count: 1, weight: -1 }], 'draws[0].weight is -1'],
    ['odds of other backends', [1, 1], [{ odds: [1], count: 2 }], 'draws[0].odds has 1 entries for 2 totals'],
    ['a total that is no number', [NaN, 1], [{ odds: [0.5, 0.5], count: 2 }], 'totals[0] is NaN'],
    [
      'totals of more than was drawn',
      [5, 5],
      [{ odds: [0.5, 0.5], count: 2 }],
      'totals sum to 10, what was drawn to 2',
    ],
  ])('refuses %s', (_, totals, draws, message) => {
    expect(() => testDraws(totals, draws)).toThrow(message)
  })
})

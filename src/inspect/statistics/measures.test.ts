import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import { cells, sampler } from './draw.ts'
import { expectedIdle, expectedMaxOverMean } from './extremes.ts'
import { effectiveCount, jain, maxOverMean, variation, variationByLuck } from './measures.ts'
import { sum } from './numbers.ts'
import { pearson } from './pearson.ts'

const fair = (k: number): readonly number[] => Array.from({ length: k }, () => 1 / k)

describe('measures of counts', () => {
  it('has the population’s variation', () => {
    expect(variation([2, 4])).toBeCloseTo(1 / 3, 12)
    expect(variation([5, 5, 5])).toBe(0)
    expect(variation([0, 0])).toBe(0)
    expect(variation([38, 35, 27])).toBeCloseTo(0.139, 3)
  })

  it('relates the busiest to the mean', () => {
    expect(maxOverMean([38, 35, 27])).toBeCloseTo(1.14, 10)
    expect(maxOverMean([30, 10])).toBe(1.5)
    expect(maxOverMean([0, 0])).toBe(0)
  })

  it('X² = n·CV² and Jain = n/(n + X²) for uniform odds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 2, maxLength: 20 }), (counts) => {
        const n = sum(counts)
        fc.pre(n > 0)
        const statistic = pearson(counts, fair(counts.length), n)
        expect(statistic).toBeCloseTo(n * variation(counts) ** 2, 6)
        expect(jain(counts)).toBeCloseTo(n / (n + statistic), 10)
      }),
    )
  })

  it('Jain is 1/k when one has all', () => {
    expect(jain([7, 0, 0, 0])).toBeCloseTo(0.25, 12)
    expect(jain([7, 7])).toBe(1)
  })

  it('equal weights count in full, one that outweighs all others as one', () => {
    expect(effectiveCount([3, 3, 3, 3])).toBe(4)
    expect(effectiveCount([1e9, 1, 1])).toBeCloseTo(1, 6)
    expect(effectiveCount([1, 2, 3])).toBeCloseTo(36 / 14, 12)
    expect(effectiveCount([])).toBe(0)
    expect(effectiveCount([0, 0])).toBe(0)
    expect(effectiveCount([1e200, 1e200])).toBe(2)
  })
})

describe('what luck alone gives', () => {
  it('a variation of √((k − 1)/n)', () => {
    expect(variationByLuck(100, fair(3))).toBeCloseTo(0.1414, 4)
    expect(variationByLuck(1000, fair(10))).toBeCloseTo(Math.sqrt(9 / 1000), 12)
  })

  it('with the variation of the odds in it', () => {
    const odds = [0.6, 0.3, 0.1]
    const draw = sampler(50, cells(odds))
    const random = seededRandom('cv')
    const runs = 20_000
    let squares = 0
    for (let i = 0; i < runs; i++) {
      const counts = new Float64Array(3)
      draw(random, counts)
      squares += variation([...counts]) ** 2
    }
    expect(Math.abs(Math.sqrt(squares / runs) / variationByLuck(50, odds) - 1)).toBeLessThan(0.01)
  })

  // (n, k): published
  it.each([
    [10, 10, 2.75],
    [30, 10, 1.97],
    [100, 10, 1.51],
    [1000, 10, 1.16],
    [100, 3, 1.15],
    [500, 100, 2.28],
  ])('%d connections on %d pods: the busiest has %d times the mean', (n, k, published) => {
    expect(expectedMaxOverMean(n, k).toFixed(2)).toBe(published.toFixed(2))
  })

  it('the busiest of two, by hand', () => {
    // 2 connections on 2 pods: 2 and 0 in half of the cases
    expect(expectedMaxOverMean(2, 2)).toBeCloseTo(1.5, 9)
    // 3 on 3: all apart 6/27, two together 18/27, all together 3/27
    expect(expectedMaxOverMean(3, 3)).toBeCloseTo((6 + 2 * 18 + 3 * 3) / 27, 9)
    expect(expectedMaxOverMean(0, 5)).toBe(1)
    expect(expectedMaxOverMean(7, 1)).toBe(1)
  })

  it('the exact and the normal way meet', () => {
    // the first of each pair is computed exactly, the second by the normal limit
    for (const [k, n] of [
      [10, 5_000],
      [100, 20_000],
    ] as const) {
      const scaled = (m: number): number => (expectedMaxOverMean(m, k) - 1) * Math.sqrt(m / k)
      expect(Math.abs(scaled(n) / scaled(n * 100) - 1)).toBeLessThan(0.06)
    }
    expect(expectedMaxOverMean(2 ** 53, 10)).toBeGreaterThan(1)
  })

  it('idle pods: of 10 connections on 10 pods 3.49', () => {
    expect(expectedIdle(10, fair(10))).toBeCloseTo(3.49, 2)
    expect(expectedIdle(0, fair(4))).toBe(4)
    expect(expectedIdle(5, [1, 0])).toBe(1)
  })
})

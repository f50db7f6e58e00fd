import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import { binomialLogPmf } from './binomial.ts'
import { chiSquare } from './chi-square.ts'
import { cells, drawBinomial, sampler } from './draw.ts'
import { exactTails, exactUniformTails, outcomes, partitions } from './exact.ts'
import { gStatistic } from './likelihood.ts'
import { sum } from './numbers.ts'
import { pearson } from './pearson.ts'
import { evenAtMost } from './pearson-null.ts'
import { skewTest } from './skew-test.ts'

const fair = (k: number): readonly number[] => Array.from({ length: k }, () => 1 / k)

describe('draws', () => {
  // below and above np = 10, where the algorithm changes, and p above a half
  it.each([
    [8, 0.5],
    [30, 0.1],
    [24, 0.5],
    [200, 0.3],
    [90, 0.9],
    [5000, 0.01],
  ])('binomial of %d by %d follows its distribution', (n, p) => {
    const random = seededRandom(`binomial ${n} ${p}`)
    const runs = 20_000
    const seen = new Float64Array(n + 1)
    for (let i = 0; i < runs; i++) {
      const count = drawBinomial(random, n, p)
      seen[count] = (seen[count] ?? 0) + 1
    }
    let [statistic, degrees, rest, restExpected] = [0, -1, 0, 0]
    for (const [count, times] of seen.entries()) {
      const expected = runs * Math.exp(binomialLogPmf(count, n, p))
      if (expected >= 5) {
        statistic += (times - expected) ** 2 / expected
        degrees++
      } else {
        rest += times
        restExpected += expected
      }
    }
    if (restExpected > 0) statistic += (rest - restExpected) ** 2 / Math.max(1, restExpected)
    expect(chiSquare(degrees + 1, statistic).upper).toBeGreaterThan(0.001)
  })

  it.each([
    [0, 0.5, 0],
    [10, 0, 0],
    [10, 1, 10],
  ])('binomial of %d by %d is %d', (n, p, count) => {
    expect(drawBinomial(seededRandom('x'), n, p)).toBe(count)
  })

  it('of 2^53 connections take no longer', () => {
    const count = drawBinomial(seededRandom('large'), 2 ** 53 - 1, 0.25)
    expect(Math.abs(count - 2 ** 51)).toBeLessThan(6 * Math.sqrt(2 ** 53 * 0.1875))
  })

  // one by one, and cell by cell
  it.each([[20], [100_000]])('over cells: %d of them, none where the odds are 0', (n) => {
    const odds = [0, 0.5, 0, 0.125, 0.375, 0]
    const draw = sampler(n, cells(odds))
    const random = seededRandom(`cells ${n}`)
    const totals = new Float64Array(6)
    const runs = 2000
    for (let i = 0; i < runs; i++) draw(random, totals)
    expect(sum([...totals])).toBe(n * runs)
    expect([totals[0], totals[2], totals[5]]).toEqual([0, 0, 0])
    expect(skewTest(n * runs, odds)([...totals]).p).toBeGreaterThan(0.001)
    expect(skewTest(n * runs, odds)([...totals]).pLower).toBeGreaterThan(0.001)
  })

  it('add their weight', () => {
    const totals = new Float64Array(2)
    sampler(10, cells([0.5, 0.5]), 2.5)(seededRandom('w'), totals)
    expect(sum([...totals])).toBe(25)
  })
})

describe('all outcomes', () => {
  it('are counted', () => {
    expect(outcomes(4, 2)).toBe(5)
    expect(outcomes(10, 3)).toBe(66)
    expect(outcomes(1e15, 1000)).toBeGreaterThan(2 ** 53)
    // 5, 4+1, 3+2, 3+1+1, 2+2+1, 2+1+1+1, 1+1+1+1+1
    expect(partitions(5, 9, 1000)).toBe(7)
    expect(partitions(5, 2, 1000)).toBe(3)
    expect(partitions(50, 1000, 1e6)).toBe(204_226)
    expect(partitions(1e9, 10, 1e6)).toBe(Infinity)
  })

  it('have probabilities that sum to 1', () => {
    expect(exactTails(0, 12, [0.2, 0.3, 0.5]).upper).toBeCloseTo(1, 11)
    expect(exactTails(Infinity, 12, [0.2, 0.3, 0.5]).upper).toBe(0)
    expect(exactUniformTails(30, 1000)(0).upper).toBeCloseTo(1, 10)
  })

  it('are the same one by one and by partitions', () => {
    const byPartitions = exactUniformTails(9, 4)
    for (const counts of [
      [9, 0, 0, 0],
      [3, 2, 2, 2],
      [5, 2, 1, 1],
    ]) {
      const statistic = pearson(counts, fair(4), 9)
      const byOne = exactTails(statistic, 9, fair(4))
      expect(byPartitions(statistic).upper).toBeCloseTo(byOne.upper, 11)
      expect(byPartitions(statistic).lower).toBeCloseTo(byOne.lower, 11)
    }
  })
})

describe('a bound for counts that are very even', () => {
  it.each([
    [60, 3],
    [61, 3],
    [300, 3],
    [40, 4],
    [203, 4],
    [50, 5],
    [101, 2],
    [5000, 2],
  ])('is no less than the exact tail: %d on %d', (n, k) => {
    const exact = exactUniformTails(n, k)
    for (const off of [0, 1, 2, 3]) {
      const least = Math.floor(n / k)
      const counts = fair(k).map((_, i) => least + (i < n % k ? 1 : 0) + (i === 0 ? off : i === 1 ? -off : 0))
      const statistic = pearson(counts, fair(k), n)
      expect(evenAtMost(statistic, n, fair(k))).toBeGreaterThanOrEqual(exact(statistic).lower)
    }
  })

  it('and for odds that differ', () => {
    for (const odds of [
      [0.7, 0.2, 0.1],
      [0.45, 0.45, 0.1],
    ])
      for (const n of [50, 60, 250])
        for (const off of [0, 1, 3]) {
          const [a = 0, b = 0] = odds.map((p) => Math.round(n * p))
          const statistic = pearson([a + off, b - off, n - a - b], odds, n)
          expect(evenAtMost(statistic, n, odds)).toBeGreaterThanOrEqual(exactTails(statistic, n, odds).lower)
        }
  })
})

describe('the likelihood ratio', () => {
  it('G is twice Σ c·ln(c/e), near X² for counts near what is expected', () => {
    expect(gStatistic([38, 35, 27], [100 / 3, 100 / 3, 100 / 3])).toBeCloseTo(1.9945, 4)
    expect(gStatistic([10, 0], [5, 5])).toBeCloseTo(20 * Math.log(2), 10)
    expect(gStatistic([1, 1], [2, 0])).toBe(Infinity)
    expect(gStatistic([2, 0], [2, 0])).toBe(0)
  })
})

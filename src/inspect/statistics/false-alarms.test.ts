import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import { cells, sampler } from './draw.ts'
import { familyVerdicts } from './family.ts'
import { powerToSee } from './needed.ts'
import { sum } from './numbers.ts'
import { type SkewTest, skewTest } from './skew-test.ts'

/** Many seconds on a busy machine. */
const patience = 120_000
const draws = 10_000

/** Three standard errors above the level: what 10,000 draws can tell. */
const bound = (level: number): number => level + 3 * Math.sqrt((level * (1 - level)) / draws)

const fairOdds = (k: number): readonly number[] => Array.from({ length: k }, () => 1 / k)

const countsFrom = (n: number, odds: readonly number[], seed: string): (() => readonly number[]) => {
  const draw = sampler(n, cells(odds))
  const random = seededRandom(seed)
  return () => {
    const counts = new Float64Array(odds.length)
    draw(random, counts)
    return [...counts]
  }
}

/** Shares of `draws` fair draws whose p is at most the level, upper and lower. */
const alarms = (n: number, odds: readonly number[], level = 0.05) => {
  const test = skewTest(n, odds, { level })
  const next = countsFrom(n, odds, `fair ${n} ${odds.length}`)
  const alike = odds.every((p) => p === odds[0])
  const known = new Map<number, SkewTest>()
  const seen = Array.from({ length: draws }, () => {
    const counts = next()
    if (!alike) return test(counts)
    // of uniform odds, all that matters
    const squares = sum(counts.map((count) => count * count))
    const result = known.get(squares) ?? test(counts)
    known.set(squares, result)
    return result
  })
  return {
    upper: seen.filter(({ p }) => p <= level).length / draws,
    lower: seen.filter(({ pLower }) => pLower <= level).length / draws,
  }
}

describe('false alarms over 10,000 fair draws stay at the level in each tail', () => {
  const sizes = [5, 10, 30, 100, 300, 3000]
  it.each([2, 3, 4, 10, 30, 100])(
    'on %d backends, 5 to 3,000 connections',
    (k) => {
      for (const n of sizes) {
        const { upper, lower } = alarms(n, fairOdds(k))
        expect(upper, `n ${n}`).toBeLessThanOrEqual(bound(0.05))
        expect(lower, `n ${n}`).toBeLessThanOrEqual(bound(0.05))
        // where outcomes are many the test is not timid either
        if (n >= 300 && k >= 10) expect(Math.min(upper, lower), `n ${n}`).toBeGreaterThan(0.042)
      }
    },
    patience,
  )

  it.each([
    [100, 3],
    [60, 12],
    [1000, 10],
  ])(
    'at a level of .01, %d connections on %d backends',
    (n, k) => {
      const { upper, lower } = alarms(n, fairOdds(k), 0.01)
      expect(upper).toBeLessThanOrEqual(bound(0.01))
      expect(lower).toBeLessThanOrEqual(bound(0.01))
    },
    patience,
  )

  it.each([
    [40, [0.7, 0.2, 0.1]],
    [1000, [0.7, 0.2, 0.1]],
    [200, [0.5, 0.3, 0.1, 0.05, 0.03, 0.02]],
    [100_000, [0.5, 0.3, 0.1, 0.05, 0.03, 0.02]],
  ] as const)(
    'of %d connections by odds %j',
    (n, odds) => {
      const { upper, lower } = alarms(n, odds)
      expect(upper).toBeLessThanOrEqual(bound(0.05))
      expect(lower).toBeLessThanOrEqual(bound(0.05))
    },
    patience,
  )

  it(
    'of a hundred Services together: one false discovery in twenty families',
    () => {
      const families = 400
      const sizes = [12, 40, 150, 900]
      const nulls = sizes.map((n) => skewTest(n, fairOdds(5), { family: 100 }))
      const next = sizes.map((n) => countsFrom(n, fairOdds(5), `family ${n}`))
      const alarmed = (method: 'holm' | 'benjamini-hochberg', tests: readonly SkewTest[]): boolean =>
        familyVerdicts(tests, 0.05, method).includes('SKEWED')
      let [holm, hochberg] = [0, 0]
      for (let i = 0; i < families; i++) {
        const tests = Array.from({ length: 100 }, (_, j) => nulls[j % 4]?.(next[j % 4]?.() ?? []) as SkewTest)
        if (alarmed('holm', tests)) holm++
        if (alarmed('benjamini-hochberg', tests)) hochberg++
      }
      // three standard errors of 400 families
      expect(holm / families).toBeLessThan(0.05 + 0.033)
      expect(hochberg / families).toBeLessThan(0.05 + 0.033)
    },
    patience,
  )
})

describe('power: one of ten pods gets 20 % more', () => {
  const odds = fairOdds(10).map((p, i) => (i === 0 ? 1.2 * p : p * (1 - 0.2 / 9)))
  const found = (n: number): number => {
    const test = skewTest(n, fairOdds(10))
    const next = countsFrom(n, odds, `skewed ${n}`)
    return Array.from({ length: draws }, next).filter((counts) => test(counts).verdict === 'SKEWED').length / draws
  }

  it('is found in four cases of five with 3,700 connections', { timeout: patience }, () => {
    expect(found(3700)).toBeGreaterThanOrEqual(0.8)
    // the formula sees a little more than there is
    expect(powerToSee(3700, fairOdds(10), { skew: 0.2 })).toBeCloseTo(0.823, 2)
  })

  it('is found in about half of the cases with 2,000', { timeout: patience }, () => {
    expect(Math.abs(found(2000) - 0.5)).toBeLessThan(0.02)
    expect(powerToSee(2000, fairOdds(10), { skew: 0.2 })).toBeCloseTo(0.504, 2)
  })
})

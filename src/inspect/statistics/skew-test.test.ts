import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sum } from './numbers.ts'
import { skewTest, testCounts } from './skew-test.ts'
import type { SkewVerdict } from './verdict.ts'

describe('published counts', () => {
  const table: readonly (readonly [readonly number[], number, SkewVerdict])[] = [
    [[38, 35, 27], 0.379, 'FAIR'],
    [[346, 336, 318], 0.547, 'FAIR'],
    [[13, 2, 12], 0.016, 'SKEWED'],
    [[60, 10, 7, 3, 6, 4, 10], 7e-35, 'SKEWED'],
    [[4, 0], 0.125, 'NOT-ENOUGH-DATA'],
    [[4, 4, 2], 0.79, 'NOT-ENOUGH-DATA'],
  ]
  it.each(table)('%j: p %d, %s', (counts, published, verdict) => {
    const { p, verdict: found } = testCounts(counts)
    expect(found).toBe(verdict)
    // one unit of the last digit published, and of 7e-35 half of one
    if (published < 1e-10) expect(p.toExponential(0)).toBe('7e-35')
    else expect(Math.abs(p - published)).toBeLessThan(published > 0.7 ? 0.005 : 0.0005)
  })

  it.each([[[34, 33, 33]], [[334, 333, 333]], [[250, 250, 250, 250]]])('%j is TOO-EVEN', (counts) => {
    expect(testCounts(counts).verdict).toBe('TOO-EVEN')
  })

  it('has the statistic without the noise of its last digits', () => {
    expect(testCounts([38, 35, 27]).statistic).toBe(1.94)
  })

  it('says how many connections are needed to see a pod off by half', () => {
    expect(testCounts([38, 35, 27]).needed).toBe(80)
    expect(testCounts(Array.from({ length: 10 }, () => 10)).needed).toBe(570)
  })

  it('calls the CPU of four PgBouncer pods skewed only if each millicore were a connection', () => {
    expect(testCounts([977, 995, 585, 993]).verdict).toBe('SKEWED')
    // 40 connections, of which the third pod has six
    expect(testCounts([11, 12, 6, 11])).toMatchObject({ verdict: 'NOT-ENOUGH-DATA', needed: 140 })
  })
})

describe('verdicts', () => {
  it('judges against the odds, not against 1/k', () => {
    expect(testCounts([300, 100], [3, 1]).verdict).toBe('TOO-EVEN')
    expect(testCounts([310, 90], [3, 1]).verdict).toBe('FAIR')
    expect(testCounts([200, 200], [3, 1]).verdict).toBe('SKEWED')
  })

  it('takes a backend that the rules never choose out of the question, unless it was chosen', () => {
    expect(testCounts([310, 290, 0], [1, 1, 0])).toMatchObject({ k: 2, verdict: 'FAIR' })
    expect(testCounts([310, 290, 1], [1, 1, 0])).toMatchObject({ statistic: Infinity, p: 0, verdict: 'SKEWED' })
  })

  it('cannot judge one pod or no connection', () => {
    expect(testCounts([1000])).toMatchObject({ p: 1, verdict: 'NOT-ENOUGH-DATA' })
    expect(testCounts([0, 0])).toMatchObject({ p: 1, verdict: 'NOT-ENOUGH-DATA' })
  })

  it('has not enough data where no outcome could be rejected', () => {
    // the rarest outcome of three connections on two pods has p .25
    expect(testCounts([3, 0])).toMatchObject({ p: 0.25, verdict: 'NOT-ENOUGH-DATA' })
    expect(testCounts([400, 0], undefined, { level: 1e-130 }).verdict).toBe('NOT-ENOUGH-DATA')
  })

  it('follows the level', () => {
    expect(testCounts([38, 35, 27], undefined, { level: 0.4 }).verdict).toBe('SKEWED')
    expect(testCounts([13, 2, 12], undefined, { level: 0.01 }).verdict).not.toBe('SKEWED')
  })

  it('is the same of odds as kernels round them', () => {
    const rounded = [0.333333333489, 0.333333333256, 0.333333333256]
    expect(testCounts([4, 4, 2], rounded).p).toBe(testCounts([4, 4, 2]).p)
    expect(testCounts([2, 4, 4], rounded).p).toBe(testCounts([4, 4, 2]).p)
  })
})

describe('what cannot be tested', () => {
  it.each<readonly [readonly number[], readonly number[] | undefined, string]>([
    [[], undefined, '0 odds sum to 0'],
    [[1], [1, 1], '1 counts of 1 against 2 odds'],
    [[1, 1], [0, 0], '2 odds sum to 0'],
    [[1, 1], [1, -1], 'odds[1] is -1'],
    [[1, 1], [1, NaN], 'odds[1] is NaN'],
    [[1, 1], [1, Infinity], 'odds[1] is Infinity'],
    [[1, -1], undefined, 'counts[1] is -1'],
    [[1, 1.5], undefined, 'counts[1] is 1.5'],
    [[NaN, 1], undefined, 'counts[0] is NaN'],
    [[2 ** 53, 1], undefined, 'counts[0] is 9007199254740992'],
    [[2 ** 53 - 1, 1], undefined, 'more than 2^53 - 1'],
  ])('refuses %j against %j: %s', (counts, odds, message) => {
    expect(() => testCounts(counts, odds)).toThrow(RangeError)
    expect(() => testCounts(counts, odds)).toThrow(message)
  })

  it.each([0, 1, -0.05, NaN, 5])('refuses the level %d', (level) => {
    expect(() => testCounts([1, 2], undefined, { level })).toThrow('not between 0 and 1')
  })

  it('refuses counts of another n', () => {
    expect(() => skewTest(10, [1, 1])([5, 6])).toThrow(RangeError)
  })
})

describe('which test', () => {
  it.each([
    [[50, 45], 'chi2'],
    // near the level the approximation is not good enough: it says .0455, and luck is as uneven in .0569 of cases
    [[60, 40], 'exact'],
    [[5, 4], 'exact'],
    [Array.from({ length: 30 }, () => 2), 'monte-carlo'],
    // 37 connections have 21,637 partitions: exact for any number of backends
    [Array.from({ length: 1000 }, (_, i) => (i < 37 ? 1 : 0)), 'exact'],
    // so far out that no draw comes there
    [[900, 50, 20, 10, 10, 10], 'chi2'],
  ] as const)('%j: %s', (counts, test) => {
    expect(testCounts(counts).test).toBe(test)
  })

  it('finds p of [60, 40] as the binomial distribution has it', () => {
    expect(testCounts([60, 40]).p).toBeCloseTo(0.05688793364098078, 12)
  })

  it('draws the same with the same seed', () => {
    const counts = Array.from({ length: 20 }, (_, i) => i % 8)
    expect(testCounts(counts, undefined, { seed: 'a' })).toEqual(testCounts(counts, undefined, { seed: 'a' }))
  })

  it('draws down to what a family needs', () => {
    const counts = Array.from({ length: 30 }, (_, i) => (i === 0 ? 40 : 2))
    const alone = testCounts(counts)
    const together = testCounts(counts, undefined, { family: 200 })
    expect(alone).toMatchObject({ test: 'monte-carlo', p: 1 / 20_000 })
    expect(together.p).toBeLessThan(0.05 / 200)
    expect(together.p).toBeLessThan(alone.p)
  })

  it('is the same for one outcome as for many of the same null', () => {
    const test = skewTest(60, [1, 2, 3, 4])
    for (const counts of [
      [6, 12, 18, 24],
      [12, 12, 12, 24],
      [6, 6, 24, 24],
    ])
      expect(test(counts)).toEqual(testCounts(counts, [1, 2, 3, 4]))
  })
})

describe('numbers that are large', () => {
  it('of up to 2^53 connections', () => {
    const half = 2 ** 52 - 1
    expect(testCounts([half, half]).verdict).toBe('TOO-EVEN')
    expect(testCounts([half + 2 ** 26, half - 2 ** 26]).verdict).toBe('FAIR')
    expect(testCounts([half + 2 ** 28, half - 2 ** 28]).verdict).toBe('SKEWED')
    // the third is expected half a connection
    expect(testCounts([half, half, 1], [1, 1, 1e-16])).toMatchObject({
      test: 'monte-carlo',
      verdict: 'NOT-ENOUGH-DATA',
    })
  })

  it('of 10,000 backends', () => {
    const counts = Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 105 : 95))
    const result = testCounts(counts)
    expect(result.test).toBe('chi2')
    expect(result.verdict).toBe('TOO-EVEN')
    expect(testCounts(counts.map((count, i) => (i < 2 ? 300 : count))).needed).toBe(14_283_730)
  })

  it('of 10,000 backends by odds that differ, one of which was chosen', () => {
    const odds = Array.from({ length: 10_000 }, (_, i) => 1 + (i % 2))
    const counts = odds.map((_, i) => (i === 0 ? 1 : 0))
    expect(testCounts(counts, odds)).toMatchObject({ n: 1, verdict: 'NOT-ENOUGH-DATA' })
  })

  it('never leaves 0 … 1', () => {
    const count = fc.oneof(fc.nat(5), fc.nat(1000), fc.integer({ min: 0, max: 2 ** 50 }))
    const backend = fc.tuple(count, fc.double({ min: 0.001, max: 1, noNaN: true }))
    fc.assert(
      fc.property(fc.array(backend, { minLength: 1, maxLength: 5 }), (backends) => {
        const counts = backends.map(([count]) => count)
        const odds = backends.map(([, p]) => p)
        const { p, pLower, n, expected } = testCounts(counts, odds)
        expect(p).toBeGreaterThanOrEqual(0)
        expect(p).toBeLessThanOrEqual(1)
        expect(pLower).toBeGreaterThanOrEqual(0)
        expect(pLower).toBeLessThanOrEqual(1)
        expect(p + pLower).toBeGreaterThan(0.99)
        expect(Math.abs(sum(expected) - n)).toBeLessThanOrEqual(1e-12 * n)
      }),
      { numRuns: 60, seed: 6 },
    )
  })
})

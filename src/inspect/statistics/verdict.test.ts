import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { familyVerdicts, maxOverMean, type SkewVerdict, testCounts, variation } from './verdict.ts'
import { chiSquare, chiSquareCritical, incompleteGamma, logGamma, noncentralityFor } from './gamma.ts'
import { exactTails, outcomes, pearson, sampledTails } from './multinomial.ts'

/** relative */
const error = (actual: number, expected: number): number => Math.abs(actual - expected) / Math.abs(expected)

describe('published counts', () => {
  const table: readonly (readonly [readonly number[], number, SkewVerdict])[] = [
    [[38, 35, 27], 0.379, 'FAIR'],
    [[346, 336, 318], 0.547, 'FAIR'],
    [[13, 2, 12], 0.016, 'SKEWED'],
    [[60, 10, 7, 3, 6, 4, 10], 7e-35, 'SKEWED'],
    [[4, 0], 0.125, 'NOT-ENOUGH-DATA'],
    [[4, 4, 2], 0.79, 'NOT-ENOUGH-DATA'],
  ]
  it.each(table)('%j: p %d, %s', (counts, p, verdict) => {
    const result = testCounts(counts)
    expect(result.verdict).toBe(verdict)
    expect(error(result.p, p)).toBeLessThanOrEqual(p < 1e-10 ? 0.08 : 0.04)
  })

  it.each([[[34, 33, 33]], [[334, 333, 333]], [[250, 250, 250, 250]]])('%j is TOO-EVEN', (counts) => {
    expect(testCounts(counts).verdict).toBe('TOO-EVEN')
  })

  it('says how many connections are needed to see a pod off by half', () => {
    expect(testCounts([38, 35, 27]).needed).toBe(80)
    expect(testCounts(Array.from({ length: 10 }, () => 10)).needed).toBe(570)
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

  it.each([
    [[], []],
    [[1], [1, 1]],
    [
      [1, 1],
      [0, 0],
    ],
  ])('refuses %j against %j', (counts, odds) => {
    expect(() => testCounts(counts, odds)).toThrow(RangeError)
  })

  it('follows the level', () => {
    expect(testCounts([38, 35, 27], undefined, { level: 0.4 }).verdict).toBe('SKEWED')
    expect(testCounts([13, 2, 12], undefined, { level: 0.01 }).verdict).not.toBe('SKEWED')
  })
})

describe('verdicts of a family', () => {
  const fair = testCounts([346, 336, 318])
  const odd = testCounts([13, 2, 12])

  it('is the verdict of one alone', () => {
    expect(familyVerdicts([odd], 0.05)).toEqual(['SKEWED'])
    expect(familyVerdicts([], 0.05)).toEqual([])
  })

  it('takes more to be skewed among many', () => {
    // p .016 is below .05 / 3 and above .05 / 4
    expect(familyVerdicts([fair, odd, fair], 0.05)).toEqual(['FAIR', 'SKEWED', 'FAIR'])
    expect(familyVerdicts([fair, fair, odd, fair], 0.05)[2]).not.toBe('SKEWED')
  })

  it('steps down: each rejection leaves more of the level for the next', () => {
    const skewed = testCounts([60, 10, 7, 3, 6, 4, 10])
    expect(familyVerdicts([odd, skewed, skewed, fair], 0.05)).toEqual(['SKEWED', 'SKEWED', 'SKEWED', 'FAIR'])
  })
})

describe('which test', () => {
  it.each([
    [[5, 5], 'chi2'],
    [[5, 4], 'exact'],
    [Array.from({ length: 30 }, () => 3), 'monte-carlo'],
  ] as const)('%j: %s', (counts, test) => {
    expect(testCounts(counts).test).toBe(test)
  })

  it('draws the same with the same seed', () => {
    const counts = Array.from({ length: 20 }, (_, i) => i % 4)
    expect(testCounts(counts, undefined, { seed: 'a' })).toEqual(testCounts(counts, undefined, { seed: 'a' }))
  })
})

describe('distributions', () => {
  // R: pchisq(x, df, lower.tail = FALSE)
  it.each([
    [1, 3.841458820694124, 0.05],
    [2, 5.991464547107979, 0.05],
    [9, 16.91897760462045, 0.05],
    [9, 2.700389499980359, 0.975],
    [99, 123.2252214533618, 0.05],
  ])('chi-square of %d degrees at %d: %d', (degrees, x, upper) => {
    expect(error(chiSquare(degrees, x).upper, upper)).toBeLessThanOrEqual(1e-12)
    expect(error(chiSquareCritical(degrees, upper), x)).toBeLessThanOrEqual(1e-10)
  })

  it('keeps its digits far out in the tail', () => {
    // two degrees: exp(−x/2)
    for (const x of [10, 100, 1000]) expect(error(chiSquare(2, x).upper, Math.exp(-x / 2))).toBeLessThanOrEqual(1e-12)
    for (const x of [1e-12, 1e-6, 0.01])
      expect(error(chiSquare(2, x).lower, -Math.expm1(-x / 2))).toBeLessThanOrEqual(1e-12)
  })

  it('has complementary tails', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        fc.double({ min: 0, max: 1000, noNaN: true }),
        (a, x) => {
          const { lower, upper } = incompleteGamma(a, x)
          expect(lower + upper).toBeCloseTo(1, 12)
        },
      ),
    )
  })

  it('knows factorials', () => {
    expect(error(logGamma(11), Math.log(3628800))).toBeLessThanOrEqual(1e-14)
    expect(error(logGamma(0.5), Math.log(Math.PI) / 2)).toBeLessThanOrEqual(1e-14)
  })

  it.each([
    [1, 7.849],
    [2, 9.635],
    [9, 15.65],
  ])('non-centrality for power 0.8 at %d degrees: %d', (degrees, lambda) => {
    expect(error(noncentralityFor(degrees, 0.05, 0.8), lambda)).toBeLessThanOrEqual(1e-3)
  })
})

describe('multinomial tails', () => {
  it('counts the outcomes', () => {
    expect(outcomes(4, 2)).toBe(5)
    expect(outcomes(10, 3)).toBe(66)
  })

  it('visits outcomes whose probabilities sum to 1', () => {
    expect(exactTails(0, 12, [0.2, 0.3, 0.5]).upper).toBeCloseTo(1, 12)
    expect(exactTails(Infinity, 12, [0.2, 0.3, 0.5]).upper).toBe(0)
  })

  it('draws what it would have counted', () => {
    const odds = [0.1, 0.2, 0.3, 0.4]
    for (const counts of [
      [3, 2, 3, 4],
      [6, 2, 2, 2],
      [1, 2, 4, 5],
    ]) {
      const statistic = pearson(counts, odds)
      const exact = exactTails(statistic, 12, odds)
      const sampled = sampledTails(statistic, 12, odds, { seed: 'draws', draws: 20_000 })
      expect(Math.abs(sampled.upper - exact.upper)).toBeLessThan(0.02)
      expect(Math.abs(sampled.lower - exact.lower)).toBeLessThan(0.02)
    }
  })
})

describe('measures', () => {
  it('has the population’s variation', () => {
    expect(variation([2, 4])).toBeCloseTo(1 / 3, 12)
    expect(variation([5, 5, 5])).toBe(0)
    expect(variation([0, 0])).toBe(0)
  })

  it('relates the busiest to the mean', () => {
    expect(maxOverMean([38, 35, 27])).toBeCloseTo(1.14, 10)
    expect(maxOverMean([30, 10])).toBe(1.5)
    expect(maxOverMean([0, 0])).toBe(0)
  })

  it('X² = n·CV² for uniform odds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 2, maxLength: 20 }), (counts) => {
        const n = counts.reduce((a, b) => a + b, 0)
        fc.pre(n > 0)
        expect(
          pearson(
            counts,
            counts.map(() => 1 / counts.length),
          ),
        ).toBeCloseTo(n * variation(counts) ** 2, 6)
      }),
    )
  })
})

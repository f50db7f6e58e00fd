import { neededFor } from './needed.ts'
import { largest, smallest, sum } from './numbers.ts'
import { type Judged, pearson, type TestMethod } from './pearson.ts'
import { pearsonNull } from './pearson-null.ts'
import { type SkewVerdict, verdictOf } from './verdict.ts'

export interface SkewOptions {
  /** of each tail, default 0.05 */
  readonly level?: number
  /** of the Monte-Carlo draws, where counts are too small and too many for the exact test */
  readonly seed?: string
  /** tests that will be judged together (`familyVerdicts`), default 1: p is known down to level / family where time allows */
  readonly family?: number
}

export interface SkewTest {
  readonly n: number
  /** backends that can be chosen at all */
  readonly k: number
  readonly level: number
  readonly test: TestMethod
  /** Pearson's X²; Infinity where a backend that the rules never choose has connections */
  readonly statistic: number
  /** upper tail: how often luck alone is at least this uneven */
  readonly p: number
  /** lower tail: how often luck alone is at least this even */
  readonly pLower: number
  readonly verdict: SkewVerdict
  /** connections at which a backend off by half would be found with power 0.8, rounded up to the next ten */
  readonly needed: number
  /** for each backend, in the order given */
  readonly expected: readonly number[]
}

/**
 * Tests `counts` against `odds` (any non-negative numbers in proportion; missing: uniform).
 * Throws RangeError when there are no counts, one is not a whole number from 0 to 2⁵³, the lengths differ or no odds are positive.
 */
export const testCounts = (
  counts: readonly number[],
  odds: readonly number[] = counts.map(() => 1),
  options: SkewOptions = {},
): SkewTest => {
  checkCounts(counts)
  return skewTest(sum(counts), odds, options)(counts)
}

/**
 * The test for many counts of one n and one set of odds: what the null takes to compute (draws, the number needed) is computed
 * once. Throws RangeError as `testCounts`, and where counts do not sum to n.
 */
export const skewTest = (
  n: number,
  odds: readonly number[],
  { level = 0.05, seed = 'skew', family = 1 }: SkewOptions = {},
): ((counts: readonly number[]) => SkewTest) => {
  checkLevel(level)
  const shares = sharesOf(odds)
  const possible = shares.filter((p) => p > 0)
  const k = possible.length
  const judge = pearsonNull(n, nearlyUniform(possible, n) ? possible.map(() => 1 / k) : possible, {
    level,
    seed,
    family,
  })
  const needed = neededFor(possible, level)
  const expected = shares.map((p) => n * p)
  return (counts) => {
    checkCounts(counts)
    if (counts.length !== odds.length || sum(counts) !== n)
      throw new RangeError(`cannot test ${counts.length} counts of ${sum(counts)} against ${odds.length} odds of ${n}`)
    const statistic = pearson(counts, shares, n)
    const { test, tails } = statistic === Infinity ? impossible : judge(counts.filter((_, i) => (shares[i] ?? 0) > 0))
    const rejected = { upper: tails.upper <= level, lower: tails.lower <= level }
    const verdict = verdictOf(rejected, { n, k, needed })
    return {
      n,
      k,
      level,
      test,
      statistic: rounded(statistic),
      p: tails.upper,
      pLower: tails.lower,
      verdict,
      needed,
      expected,
    }
  }
}

/** What adding in another order changes. */
const rounded = (statistic: number): number => Number(statistic.toPrecision(12))

const impossible: Judged = { test: 'exact', tails: { upper: 0, lower: 1 } }

/** Throws RangeError unless all are whole numbers from 0, and their sum too is exact. */
export const checkCounts = (counts: readonly number[]): void => {
  const index = counts.findIndex((count) => !Number.isSafeInteger(count) || count < 0)
  if (index >= 0) throw new RangeError(`counts[${index}] is ${counts[index]}, not a whole number from 0 to 2^53 - 1`)
  if (!Number.isSafeInteger(sum(counts))) throw new RangeError(`counts sum to ${sum(counts)}, more than 2^53 - 1`)
}

/** Throws RangeError unless it is between 0 and 1. */
export const checkLevel = (level: number): void => {
  if (!(level > 0 && level < 1)) throw new RangeError(`level is ${level}, not between 0 and 1`)
}

/** Odds in proportion become shares that sum to 1. */
export const sharesOf = (odds: readonly number[]): readonly number[] => {
  const index = odds.findIndex((p) => !Number.isFinite(p) || p < 0)
  if (index >= 0) throw new RangeError(`odds[${index}] is ${odds[index]}, not a number from 0`)
  const total = sum(odds)
  if (!(total > 0 && total < Infinity)) throw new RangeError(`${odds.length} odds sum to ${total}`)
  return odds.map((p) => p / total)
}

/** Kernel rules miss 1/k in the tenth digit; what that adds to X² is nothing, but it would tell equal outcomes apart. */
const nearlyUniform = (odds: readonly number[], n: number): boolean => {
  const off = largest(odds) / smallest(odds) - 1
  return off < 1e-3 && n * off * off < 1e-3
}

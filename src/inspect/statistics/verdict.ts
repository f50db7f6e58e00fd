import { chiSquare, noncentralityFor } from './gamma.ts'
import { exactTails, outcomes, pearson, sampledTails, type Tails } from './multinomial.ts'

/** Counts per backend against the odds that the rules give. */

export type SkewVerdict = 'SKEWED' | 'TOO-EVEN' | 'FAIR' | 'NOT-ENOUGH-DATA'

export interface SkewOptions {
  /** of each tail, default 0.05 */
  readonly level?: number
  /** of the Monte-Carlo draws, where counts are too small and too many for the exact test */
  readonly seed?: string
}

export interface SkewTest {
  readonly n: number
  /** backends that can be chosen at all */
  readonly k: number
  readonly level: number
  readonly test: 'chi2' | 'exact' | 'monte-carlo'
  /** Pearson's X²; Infinity where a backend that the rules never choose has connections */
  readonly statistic: number
  /** upper tail: how often luck alone is at least this uneven */
  readonly p: number
  /** lower tail: how often luck alone is at least this even */
  readonly pLower: number
  readonly verdict: SkewVerdict
  /** connections at which a backend off by half would be found with power 0.8, rounded up to the next ten */
  readonly needed: number
  readonly expected: readonly number[]
}

const power = 0.8
const skewToSee = 0.5
const enoughForChiSquare = 5
const mostOutcomes = 200_000
/** with 19,999 draws a p of .05 is known to ±.003; many backends cost time, and get fewer */
const drawsFor = (k: number): number => Math.max(999, Math.min(19_999, Math.floor(4_000_000 / k)))

const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0)

/**
 * Tests `counts` against `odds` (any non-negative numbers in proportion; missing: uniform).
 * Throws RangeError when there are no counts, the lengths differ or all odds are 0.
 */
export const testCounts = (
  counts: readonly number[],
  odds: readonly number[] = counts.map(() => 1),
  options: SkewOptions = {},
): SkewTest => {
  const level = options.level ?? 0.05
  const total = sum(odds)
  if (counts.length === 0 || counts.length !== odds.length || !(total > 0))
    throw new RangeError(`cannot test ${counts.length} counts against ${odds.length} odds that sum to ${total}`)
  const shares = odds.map((p) => p / total)
  const n = sum(counts)
  const statistic = pearson(counts, shares)
  const possible = shares.filter((p) => p > 0)
  const { test, tails } = tailsOf(statistic, n, possible, options.seed ?? 'skew')
  const needed = neededFor(possible, level)
  return {
    n,
    k: possible.length,
    level,
    test,
    statistic,
    p: tails.upper,
    pLower: tails.lower,
    verdict: verdictOf({ upper: tails.upper <= level, lower: tails.lower <= level }, { n, k: possible.length, needed }),
    needed,
    expected: shares.map((p) => n * p),
  }
}

const tailsOf = (
  statistic: number,
  n: number,
  odds: readonly number[],
  seed: string,
): { readonly test: SkewTest['test']; readonly tails: Tails } => {
  if (statistic === Infinity) return { test: 'exact', tails: { upper: 0, lower: 1 } }
  if (n === 0 || odds.length === 1) return { test: 'exact', tails: { upper: 1, lower: 1 } }
  if (Math.min(...odds) * n >= enoughForChiSquare) return { test: 'chi2', tails: chiSquare(odds.length - 1, statistic) }
  if (outcomes(n, odds.length) <= mostOutcomes) return { test: 'exact', tails: exactTails(statistic, n, odds) }
  return { test: 'monte-carlo', tails: sampledTails(statistic, n, odds, { seed, draws: drawsFor(odds.length) }) }
}

/**
 * Rejected: upper tail first. Not rejected: FAIR only when a backend off by half would probably have been seen.
 * One backend, or no connection, leaves nothing that could be rejected.
 */
const verdictOf = (
  { upper, lower }: { readonly upper: boolean; readonly lower: boolean },
  { n, k, needed }: Pick<SkewTest, 'n' | 'k' | 'needed'>,
): SkewVerdict => {
  if (upper) return 'SKEWED'
  if (lower) return 'TOO-EVEN'
  return k === 1 || n < needed ? 'NOT-ENOUGH-DATA' : 'FAIR'
}

/**
 * The verdicts of tests that were asked together: Holm's procedure for each tail at its level, so that many Services do not
 * make one look skewed by their number.
 */
export const familyVerdicts = (tests: readonly SkewTest[], level: number): readonly SkewVerdict[] => {
  const upper = holm(
    tests.map(({ p }) => p),
    level,
  )
  const lower = holm(
    tests.map(({ pLower }) => pLower),
    level,
  )
  return tests.map((test, i) => verdictOf({ upper: upper.has(i), lower: lower.has(i) }, test))
}

/** Indices of the hypotheses that are rejected. */
const holm = (ps: readonly number[], level: number): ReadonlySet<number> => {
  const ascending = [...ps.entries()].sort(([, a], [, b]) => a - b)
  const kept = ascending.findIndex(([, p], i) => p > level / (ps.length - i))
  return new Set(ascending.slice(0, kept < 0 ? ps.length : kept).map(([index]) => index))
}

/** n ≈ λ(k−1)/δ² for uniform odds; in general λ(1−p)/(δ²p) of the backend with the smallest odds. */
const neededFor = (odds: readonly number[], level: number): number => {
  if (odds.length < 2) return 0
  const least = Math.min(...odds)
  const n = (noncentralityFor(odds.length - 1, level, power) * (1 - least)) / (skewToSee ** 2 * least)
  return Math.ceil(n / 10) * 10
}

/** The population's coefficient of variation of the counts, 0 when there are none. */
export const variation = (counts: readonly number[]): number => {
  const mean = sum(counts) / counts.length
  if (!(mean > 0)) return 0
  return Math.sqrt(sum(counts.map((count) => (count - mean) ** 2)) / counts.length) / mean
}

/** The busiest backend over the mean of all, 0 when there are no counts. */
export const maxOverMean = (counts: readonly number[]): number => {
  const n = sum(counts)
  return n === 0 ? 0 : (Math.max(...counts) * counts.length) / n
}

import { maxOverMean, type SkewVerdict, testCounts, variation } from '../statistics/index.ts'
import type { Observation } from './observation.ts'
import type { SkewReport } from './report.ts'

export interface JudgeOptions {
  /** of each tail, default 0.05 */
  readonly level?: number
  /** of every Monte-Carlo draw, default `skew`: the same observation gives the same report */
  readonly seed?: string
  /** `familyVerdicts` says it where several Services were tested together; default: the verdict of this test alone */
  readonly verdict?: SkewVerdict
}

/**
 * Is it luck, and if not, why: the counts against the odds of the rules, then, where an even split is rejected, the causes' nulls in
 * order until one fits. Pure and deterministic.
 * Throws RangeError for counts that are negative or not finite, names that come twice and lists of different lengths.
 */
export const judge = (observation: Observation, options: JudgeOptions = {}): SkewReport => {
  const counts = observation.backends.map(({ count }) => count)
  const odds = observation.backends.map(({ expectedOdds }) => expectedOdds ?? 1)
  const test = testCounts(counts, odds, options)
  return {
    service: observation.service,
    unit: observation.unit,
    n: test.n,
    k: test.k,
    level: test.level,
    draws: test.n,
    test: test.test,
    statistic: test.statistic,
    p: test.p,
    pLower: test.pLower,
    verdict: options.verdict ?? test.verdict,
    cause: null,
    nulls: [],
    maxOverMean: maxOverMean(counts),
    cv: variation(counts),
    cvLuck: null,
    needed: test.needed,
    backends: observation.backends.map(({ name, count }, i) => ({
      name,
      count,
      expected: test.expected[i] ?? 0,
      low: null,
      high: null,
    })),
    notes: [],
  }
}

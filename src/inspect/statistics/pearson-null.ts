import { chiSquare } from './chi-square.ts'
import { cells, drawCost, sampler } from './draw.ts'
import { exactTails, exactUniformTails, outcomes, partitions } from './exact.ts'
import { drawsAreWorthIt, type SampledTails, sampledTails } from './monte-carlo.ts'
import { smallest, sum } from './numbers.ts'
import { type Judged, pearson, type Tails } from './pearson.ts'

export interface NullOptions {
  /** of each tail */
  readonly level: number
  readonly seed: string
  readonly family: number
}

const enoughForChiSquare = 5
const mostOutcomes = 200_000
const mostVisits = 500_000
/** the approximation's upper tail is not off by this factor at levels from .01 */
const sure = 3
const usualLevel = 0.01
/** nor by this one anywhere that matters */
const verySure = 1000

/**
 * From these expected counts on the approximation is good to some per cent of any p: with few backends the outcomes are few and
 * lie apart, so it takes more.
 */
const trustedFrom = (k: number): number => 10 ** Math.max(2, 7 - k)

/**
 * P(X² ≥ seen) and P(X² ≤ seen) of `n` draws over odds that are positive and sum to 1. Where an expected count is below 5,
 * exactly or by Monte Carlo. Elsewhere by χ², whose p may be off by some per cent, and in the lower tail of few backends by far
 * more; so a p from which a verdict hangs is found exactly or by Monte Carlo there, too, until counts are large; but for
 * counts so even that a bound is enough.
 */
export const pearsonNull = (
  n: number,
  odds: readonly number[],
  options: NullOptions,
): ((counts: readonly number[]) => Judged) => {
  const k = odds.length
  if (n === 0 || k === 1) return () => ({ test: 'exact', tails: { upper: 1, lower: 1 } })
  const least = smallest(odds) * n
  const approximate = chiSquareTails(n, odds)
  const exact = enumeration(n, odds)
  const drawn = sampledTails({ draw: statisticDraw(n, odds), cost: drawCost(n, k) + k, ...options })
  const { level } = options
  const strictest = level / options.family
  const rejected = strictest / (strictest >= usualLevel ? sure : verySure)
  const settled = least >= trustedFrom(k) || (exact === undefined && !drawsAreWorthIt(drawCost(n, k) + k))

  return (counts) => {
    const statistic = pearson(counts, odds, n)
    const rough = approximate(statistic)
    const { upper, lower } = rough
    const even = evenAtMost(statistic, n, odds)
    if (least >= enoughForChiSquare && !settled && even <= level / sure)
      return { test: 'chi2', tails: { upper, lower: Math.max(even, lower) } }
    const doubt = !settled && upper > rejected && Math.min(upper, lower) <= level * sure
    if (least >= enoughForChiSquare && !doubt) return { test: 'chi2', tails: rough }
    if (exact !== undefined) return { test: 'exact', tails: exact(statistic) }
    const sampled = drawn(statistic)
    if (least >= enoughForChiSquare && outOfReach(sampled, rough)) return { test: 'chi2', tails: rough }
    return { test: 'monte-carlo', tails: { upper: sampled.upper, lower: sampled.lower } }
  }
}

/** No draw was as uneven; the approximation tells how far out that is. */
const outOfReach = (sampled: SampledTails, rough: Tails): boolean =>
  sampled.upper <= sampled.least && rough.upper < sampled.least

/**
 * An upper bound of P(X² ≤ x), good where x is small: outcomes are the points of a lattice, no point of space is farther from one
 * than r, and none is likelier than the density in the middle; so they are at most what a ball larger by r holds of it. In X²,
 * r² = k/(4n·least p).
 */
export const evenAtMost = (x: number, n: number, odds: readonly number[]): number => {
  const k = odds.length
  const reach = (Math.sqrt(x) + Math.sqrt(k / (4 * n * smallest(odds)))) ** 2
  return Math.min(1, chiSquare(k - 1, reach).lower * Math.exp(reach / 2))
}

/** χ² with k − 1 degrees; the lower tail holds at least the likeliest outcome, (2πn)^(−(k−1)/2)·∏p^(−½) by Stirling. */
const chiSquareTails = (n: number, odds: readonly number[]): ((statistic: number) => Tails) => {
  const degrees = odds.length - 1
  const mode = Math.exp(-0.5 * (degrees * Math.log(2 * Math.PI * n) + sum(odds.map(Math.log))))
  return (statistic) => {
    const { upper, lower } = chiSquare(degrees, statistic)
    return { upper, lower: Math.min(1, Math.max(lower, mode)) }
  }
}

/** All outcomes, where they are few enough to visit; each statistic is computed once. */
const enumeration = (n: number, odds: readonly number[]): ((statistic: number) => Tails) | undefined => {
  const k = odds.length
  if (odds.every((p) => p === odds[0])) {
    if (partitions(n, k, mostOutcomes) > mostOutcomes) return undefined
    let tails: ((statistic: number) => Tails) | undefined
    return (statistic) => (tails ??= exactUniformTails(n, k))(statistic)
  }
  if (outcomes(n, k) * k > mostVisits) return undefined
  const known = new Map<number, Tails>()
  return (statistic) => {
    const tails = known.get(statistic) ?? exactTails(statistic, n, odds)
    known.set(statistic, tails)
    return tails
  }
}

const statisticDraw = (n: number, odds: readonly number[]): ((random: () => number) => number) => {
  const draw = sampler(n, cells(odds))
  const counts = new Float64Array(odds.length)
  const expected = Float64Array.from(odds, (p) => n * p)
  const reciprocal = expected.map((e) => 1 / e)
  return (random) => {
    counts.fill(0)
    draw(random, counts)
    let total = 0
    for (let i = 0; i < counts.length; i++) {
      const off = (counts[i] ?? 0) - (expected[i] ?? 0)
      total += off * off * (reciprocal[i] ?? 0)
    }
    return total
  }
}

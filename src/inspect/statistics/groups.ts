import { chiSquare } from './chi-square.ts'
import { cells, drawCost, sampler } from './draw.ts'
import { sampledTails } from './monte-carlo.ts'
import { smallest, sum } from './numbers.ts'
import { pearson, type TestMethod } from './pearson.ts'
import { checkCounts, type SkewOptions, sharesOf } from './skew-test.ts'

/** Counts that came about by themselves, with odds of their own: what one node sent to each backend, or one hour. */
export interface Group {
  readonly counts: readonly number[]
  /** in proportion */
  readonly odds: readonly number[]
}

export interface GroupsTest {
  readonly n: number
  /** Σ (k − 1) over the groups, k the backends that a group can choose */
  readonly degrees: number
  readonly test: TestMethod
  /** Σ X² over the groups */
  readonly statistic: number
  readonly p: number
  readonly pLower: number
}

/**
 * Does every group follow its own odds? It sees groups that are off in different ways where the sum of them looks fair; for the sum,
 * `testLots` sees more. Throws RangeError as `testCounts`.
 */
export const testGroups = (
  groups: readonly Group[],
  { level = 0.05, seed = 'skew', family = 1 }: SkewOptions = {},
): GroupsTest => {
  const nulls = groups.map(({ counts, odds }, i) => {
    checkCounts(counts)
    if (counts.length !== odds.length)
      throw new RangeError(`groups[${i}] has ${counts.length} counts and ${odds.length} odds`)
    const shares = sharesOf(odds)
    return { counts, shares, possible: shares.filter((p) => p > 0), n: sum(counts) }
  })
  const choosing = nulls.filter(({ n, possible }) => n > 0 && possible.length > 1)
  const n = sum(nulls.map(({ n }) => n))
  const degrees = sum(choosing.map(({ possible }) => possible.length - 1))
  const statistic = sum(nulls.map(({ counts, shares, n }) => pearson(counts, shares, n)))
  if (statistic === Infinity) return { n, degrees, test: 'exact', statistic, p: 0, pLower: 1 }
  if (degrees === 0) return { n, degrees, test: 'exact', statistic, p: 1, pLower: 1 }
  const { upper, lower } = chiSquare(degrees, statistic)
  const least = smallest(choosing.map(({ n, possible }) => n * smallest(possible)))
  if (least >= 5 && (Math.min(upper, lower) > 3 * level || upper < 1e-12))
    return { n, degrees, test: 'chi2', statistic, p: upper, pLower: lower }
  const draws = choosing.map(({ n, possible }) => ({ n, possible, draw: sampler(n, cells(possible)) }))
  const sampled = sampledTails({
    level,
    seed,
    family,
    cost: sum(draws.map(({ n, possible }) => drawCost(n, possible.length) + possible.length)),
    draw: (random) => {
      let total = 0
      for (const { n, possible, draw } of draws) {
        const counts = new Float64Array(possible.length)
        draw(random, counts)
        total += pearson(counts, possible, n)
      }
      return total
    },
  })(statistic)
  return { n, degrees, test: 'monte-carlo', statistic, p: sampled.upper, pLower: sampled.lower }
}

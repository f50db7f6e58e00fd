import { leastSuccesses, uniformity } from '../../inspect/statistics/index.ts'
import type { BandSeries, ImbalanceRun } from './report.ts'

/** Chance that luck alone leaves fewer runs of a series inside of their bands than are asked for: for each of the rules of faults.ts. */
export const falseWord = 0.01

/** How many of the runs are inside of their bands, and how many luck leaves inside: exact, each run with the share that its own band holds. */
export const bandSeries = (
  runs: readonly Pick<ImbalanceRun, 'insideBand' | 'bandHolds' | 'bandRank'>[],
): BandSeries => {
  const { least, chance } = leastSuccesses(
    runs.map(({ bandHolds }) => bandHolds),
    1 - falseWord,
  )
  return {
    runs: runs.length,
    inside: runs.filter(({ insideBand }) => insideBand).length,
    least,
    chance,
    ranksP: uniformity(runs.map(({ bandRank }) => bandRank)),
  }
}

/** `18 of 20 runs are inside the band; luck leaves 16 or more inside in 99.7 % of such series` */
export const seriesWords = ({ runs, inside, least, chance }: BandSeries): string =>
  `${inside} of ${runs} runs are inside the band; luck leaves ${least === runs ? `all ${runs}` : `${least} or more`} inside in ${percent(chance)} of such series`

/** fewer ranks hardly tell anything */
const enoughRanks = 10

/** `their ranks among simulated runs are as luck has them (p = 0.43)`; null: too few runs to tell. */
export const ranksWords = ({ runs, ranksP }: BandSeries, ranks: readonly number[]): string | null => {
  if (runs < enoughRanks) return null
  const p = `(p = ${ranksP.toPrecision(2)})`
  if (ranksP > falseWord) return `their ranks among simulated runs are as luck has them ${p}`
  const middle = ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length
  return middle > 0.5
    ? `they keep closer to the middle than simulated runs do ${p}: the band is wider than it need be`
    : `they are farther out than simulated runs are ${p}`
}

/** Never 100 where it is a little less. */
const percent = (share: number): string => `${Math.min(99.99, 100 * share).toFixed(share > 0.999 ? 2 : 1)} %`

import { atMost, holm } from '../../inspect/statistics/index.ts'
import { bandSeries, falseWord, seriesWords } from './band-series.ts'
import type { ImbalanceRun } from './report.ts'

type BandRun = Pick<ImbalanceRun, 'insideBand' | 'bandP' | 'bandHolds' | 'bandRank'>

/**
 * Is a run outside of the simulator's band luck? One run in twenty is. It is not where a run is so far out that in as many runs it does not happen
 * (Holm over all runs), where repetitions of one are outside too often (Holm over what was repeated), or where fewer of all are inside than luck
 * leaves there. Each rule is wrong once in a hundred times at most. Answers sentences; none: luck.
 */
export const bandFaults = <T extends BandRun>(runs: readonly T[], nameOf: (run: T) => string): readonly string[] => {
  const all = bandSeries(runs)
  return [...tooFarOut(runs, nameOf), ...tooOften(runs, nameOf), ...(all.inside < all.least ? [seriesWords(all)] : [])]
}

const tooFarOut = <T extends BandRun>(runs: readonly T[], nameOf: (run: T) => string): readonly string[] => {
  const adjusted = holm(runs.map(({ bandP }) => bandP))
  return runs.flatMap((run, i) =>
    !run.insideBand && (adjusted[i] ?? 1) <= falseWord
      ? [`${nameOf(run)}: not what the simulator predicts (p = ${run.bandP.toPrecision(2)})`]
      : [],
  )
}

const tooOften = <T extends BandRun>(runs: readonly T[], nameOf: (run: T) => string): readonly string[] => {
  const repeated = [...Map.groupBy(runs, nameOf)].filter(([, own]) => own.length > 1)
  const adjusted = holm(
    repeated.map(([, own]) =>
      atMost(
        bandSeries(own).inside,
        own.map(({ bandHolds }) => bandHolds),
      ),
    ),
  )
  return repeated.flatMap(([name, own], i) =>
    (adjusted[i] ?? 1) <= falseWord ? [`${name}: ${seriesWords(bandSeries(own))}`] : [],
  )
}

import { release } from 'node:os'
import type { Skipped } from '../report.ts'
import { judgedTogether } from './family.ts'
import { bandSeries, ranksWords, seriesWords } from './band-series.ts'
import { bandFaults } from './faults.ts'
import type { BandCount, Claim, FigureTable, ImbalanceReport, ImbalanceRun } from './report.ts'
import type { ImbalanceOptions, ImbalanceResult } from './scenario.ts'
import { imbalances, type ImbalanceName } from './scenarios.ts'

/** What a scenario has when all its trials are done. */
export interface Finished {
  readonly scenario: ImbalanceName
  readonly claims: readonly Claim[]
  readonly runs: readonly ImbalanceRun[]
  readonly skipped: readonly Skipped[]
  readonly tables?: readonly FigureTable[]
  readonly findings: readonly string[]
  /** connections fail on purpose here; default false */
  readonly failuresExpected?: boolean
  /** in words, found by the scenario itself */
  readonly faults?: readonly string[]
}

/** The report, and what is not as it should be but for luck. */
export const imbalanceResult = (
  { seed, level }: Pick<ImbalanceOptions, 'seed' | 'level'>,
  finished: Finished,
): ImbalanceResult => {
  const { scenario, claims, skipped, tables = [], findings, failuresExpected = false, faults = [] } = finished
  const runs = judgedTogether(finished.runs, level)
  return {
    report: {
      scenario,
      summary: imbalances[scenario].summary,
      seed,
      node: { kernel: release() },
      claims,
      runs,
      bands: bandCounts(runs),
      series: bandSeries(runs),
      tables,
      findings,
      skipped,
    },
    faults: [...faults, ...(failuresExpected ? [] : runs.flatMap(failureFaults)), ...bandFaults(runs, nameOfRun)],
  }
}

/** `nftables, rr, 5 clients` */
export const nameOfRun = ({ plane, scheduler, variant }: Pick<BandCount, 'plane' | 'scheduler' | 'variant'>): string =>
  [plane, scheduler, variant].filter((part) => part !== undefined).join(', ')

/** `nftables, rr (2)`: the second time */
export const titleOfRun = (run: ImbalanceRun): string =>
  `${nameOfRun(run)}${run.repetition > 1 ? ` (${run.repetition})` : ''}`

/** For a person: how many of all runs are inside, how many luck leaves inside, and the names of the others. */
export const seriesSentence = ({ series, runs }: Pick<ImbalanceReport, 'series' | 'runs'>): string => {
  const outside = runs
    .filter(({ insideBand }) => !insideBand)
    .map((run) => `${titleOfRun(run)} with p = ${run.bandP.toPrecision(2)}`)
  const ranks = ranksWords(
    series,
    runs.map(({ bandRank }) => bandRank),
  )
  return [
    ranks === null ? `${seriesWords(series)}.` : `${seriesWords(series)}; ${ranks}.`,
    ...(outside.length === 0 ? [] : [`Outside: ${outside.join('; ')}.`]),
  ].join(' ')
}

const bandCounts = (runs: readonly ImbalanceRun[]): readonly BandCount[] =>
  [...Map.groupBy(runs, nameOfRun).values()].flatMap((own) => {
    const [first] = own
    if (first === undefined) return []
    const { plane, scheduler, variant } = first
    return {
      plane,
      scheduler,
      ...(variant !== undefined && { variant }),
      ...bandSeries(own),
    }
  })

const failureFaults = (run: ImbalanceRun): readonly string[] =>
  run.failures === 0
    ? []
    : [
        `${nameOfRun(run)}: ${run.failures} of ${run.connections} connections failed: ${Object.entries(run.errors ?? {})
          .map(([error, count]) => `${count} × ${error}`)
          .join(', ')}`,
      ]

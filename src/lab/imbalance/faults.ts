import { holm } from '../../inspect/statistics/index.ts'
import type { ImbalanceRun } from './report.ts'

/** Chance of a false word over all runs of a report, for each of the two rules. */
const level = 0.01
/** of runs that luck takes out of the band */
const outsideByLuck = 0.05

/**
 * Is a run outside of the simulator's band luck? One run in twenty is. It is not where a run is so far out that in as many runs it does not happen
 * (Holm over all runs), or where more runs are outside than one in twenty makes (binomial). Answers sentences; none: luck.
 */
export const bandFaults = (
  runs: readonly Pick<ImbalanceRun, 'insideBand' | 'bandP'>[],
  nameOf: (index: number) => string,
): readonly string[] => {
  const adjusted = holm(runs.map(({ bandP }) => bandP))
  const faults = [...runs.entries()]
    .filter(([i, { insideBand }]) => !insideBand && (adjusted[i] ?? 1) <= level)
    .map(([i, { bandP }]) => `${nameOf(i)}: not what the simulator predicts (p = ${bandP.toPrecision(2)})`)
  const outside = runs.filter(({ insideBand }) => !insideBand).length
  if (atLeast(outside, runs.length, outsideByLuck) <= level)
    faults.push(`${outside} of ${runs.length} runs are outside of the simulator’s band: luck takes one in twenty`)
  return faults
}

/** P(X ≥ k) of the binomial distribution of n trials. */
export const atLeast = (k: number, n: number, p: number): number => {
  let term = (1 - p) ** n
  let below = 0
  for (let i = 0; i < k; i++) {
    below += term
    term *= ((n - i) / (i + 1)) * (p / (1 - p))
  }
  return Math.max(0, 1 - below)
}

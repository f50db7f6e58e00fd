import type { SkewReport } from '../../inspect/skew/report.ts'
import { holm } from '../../inspect/statistics/index.ts'
import type { ImbalanceRun } from './report.ts'

/**
 * skew's verdicts of runs that were made together: of twenty fair runs one is SKEWED or TOO-EVEN by luck. Those that Holm does not reject among all
 * lose the verdict, with a note; what has a cause (EXPLAINED, and rr that is TOO-EVEN) keeps it. Pure.
 */
export const judgedTogether = (runs: readonly ImbalanceRun[], level: number): readonly ImbalanceRun[] => {
  const upper = holm(runs.map(({ skew }) => skew?.p ?? 1))
  const lower = holm(runs.map(({ skew }) => skew?.pLower ?? 1))
  return runs.map((run, i) => {
    const { skew } = run
    if (skew === null || (skew.cause !== null && skew.cause.code !== 'unexplained')) return run
    const p = { SKEWED: upper[i], 'TOO-EVEN': lower[i] }[skew.verdict as string]
    return p === undefined || p <= level ? run : { ...run, skew: byLuck(skew, runs.length, p) }
  })
}

const byLuck = (skew: SkewReport, runs: number, p: number): SkewReport => ({
  ...skew,
  verdict: skew.n < skew.needed ? 'NOT-ENOUGH-DATA' : 'FAIR',
  cause: null,
  notes: [
    ...skew.notes,
    `alone it would be ${skew.verdict}; among ${runs} runs one like it is no surprise (p = ${p.toPrecision(2)})`,
  ],
})

import { benjaminiHochberg } from '../statistics/index.ts'
import { judge } from './judge.ts'
import type { Observation } from './observation.ts'
import type { SkewReport } from './report.ts'

/** One of many Services that were judged together. */
export interface RankedReport extends SkewReport {
  /** p of the upper tail adjusted for their number (Benjamini and Hochberg 1995); null with `p` */
  readonly q: number | null
}

/**
 * Judges many Services at once, so that their number makes none look skewed: in each tail, false discoveries stay below the level. SKEWED
 * comes first, then what is explained; within, the most evidence, the most counts, the name.
 */
export const rank = (
  observations: readonly Observation[],
  options: { readonly level: number },
): readonly RankedReport[] => {
  const alone = observations.map((observation) => ({ observation, report: judge(observation, options) }))
  const tested = alone.filter(({ report }) => report.p !== null)
  const upper = benjaminiHochberg(tested.map(({ report }) => report.p ?? 1))
  const lower = benjaminiHochberg(tested.map(({ report }) => report.pLower ?? 1))
  const adjusted = new Map(
    tested.map(({ observation }, i) => [observation, { q: upper[i] ?? 1, qLower: lower[i] ?? 1 }]),
  )
  return alone
    .map(({ observation, report }): RankedReport => {
      const found = adjusted.get(observation)
      if (found === undefined) return { ...report, q: null }
      return { ...withVerdict(observation, report, found, options.level), q: found.q }
    })
    .sort(byEvidence)
}

/** A verdict that only stood alone falls back to what is left when neither tail rejects. */
const withVerdict = (
  observation: Observation,
  report: SkewReport,
  { q, qLower }: { readonly q: number; readonly qLower: number },
  level: number,
): SkewReport => {
  const rejected = report.verdict === 'SKEWED' || report.verdict === 'EXPLAINED' || report.verdict === 'TOO-EVEN'
  if (!rejected || q <= level || qLower <= level) return report
  const fair = report.k > 1 && (report.draws ?? 0) >= report.needed
  return judge(observation, { level, verdict: fair ? 'FAIR' : 'NOT-ENOUGH-DATA' })
}

const gravity = ['SKEWED', 'EXPLAINED', 'TOO-EVEN', 'FAIR', 'NOT-ENOUGH-DATA'] as const

const byEvidence = (a: RankedReport, b: RankedReport): number =>
  gravity.indexOf(a.verdict) - gravity.indexOf(b.verdict) ||
  (a.p ?? 2) - (b.p ?? 2) ||
  b.n - a.n ||
  ((a.service ?? '') < (b.service ?? '') ? -1 : 1)

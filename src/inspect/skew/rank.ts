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
  { level }: { readonly level: number },
): readonly RankedReport[] => {
  const options = { level, family: Math.max(1, observations.length) }
  const alone = observations.map((observation) => ({ observation, report: judge(observation, options) }))
  const tested = alone.filter(({ report }) => report.p !== null)
  const adjust = (pOf: (report: SkewReport) => number): ReadonlyMap<Observation, number> => {
    const adjusted = benjaminiHochberg(tested.map(({ report }) => pOf(report)))
    return new Map(tested.map(({ observation }, i) => [observation, adjusted[i] ?? 1]))
  }
  const upper = adjust(({ p }) => p ?? 1)
  const lower = adjust(({ pLower }) => pLower ?? 1)
  const even = adjust(({ p, nulls }) => nulls.find(({ name }) => name === 'uniform')?.p ?? p ?? 1)
  return alone
    .map(({ observation, report }): RankedReport => {
      const q = upper.get(observation)
      if (q === undefined) return { ...report, q: null }
      const holds = stillRejected(report, {
        upper: q <= level,
        lower: (lower.get(observation) ?? 1) <= level,
        even: (even.get(observation) ?? 1) <= level,
      })
      return { ...(holds ? report : judge(observation, { ...options, verdict: unrejected(report) })), q }
    })
    .sort(byEvidence)
}

interface Rejected {
  /** too uneven, too even for the rules; uneven for an even split */
  readonly upper: boolean
  readonly lower: boolean
  readonly even: boolean
}

/** Does the verdict hold among all the others? */
const stillRejected = ({ verdict }: SkewReport, { upper, lower, even }: Rejected): boolean => {
  switch (verdict) {
    case 'SKEWED':
      return upper
    case 'TOO-EVEN':
      return lower
    case 'EXPLAINED':
      return upper || lower || even
    case 'FAIR':
    case 'NOT-ENOUGH-DATA':
      return true
  }
}

const unrejected = ({ k, draws, needed }: SkewReport): 'FAIR' | 'NOT-ENOUGH-DATA' =>
  k > 1 && (draws ?? 0) >= needed ? 'FAIR' : 'NOT-ENOUGH-DATA'

const gravity = ['SKEWED', 'EXPLAINED', 'TOO-EVEN', 'FAIR', 'NOT-ENOUGH-DATA'] as const

const byEvidence = (a: RankedReport, b: RankedReport): number =>
  gravity.indexOf(a.verdict) - gravity.indexOf(b.verdict) ||
  (a.p ?? 2) - (b.p ?? 2) ||
  b.n - a.n ||
  ((a.service ?? '') < (b.service ?? '') ? -1 : 1)

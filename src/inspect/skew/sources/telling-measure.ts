import { testCounts } from '../../statistics/index.ts'

/** Of both measures of the same backends, by which rules can be judged; counts and odds are in one order. */
export interface BothMeasures {
  readonly scheduler: string | null
  readonly opened: readonly number[]
  readonly open: readonly number[]
  /** null: not known */
  readonly odds: readonly number[] | null
}

const level = 0.05

/**
 * Round robin opens connections evenly by construction, which says nothing of who has how many: where those that are open are uneven
 * beyond luck and those that were opened are not, the open ones are asked for.
 */
export const asksForOpen = ({ scheduler, opened, open, odds }: BothMeasures): boolean => {
  if (scheduler !== 'rr' && scheduler !== 'wrr') return false
  const shares = odds ?? opened.map(() => 1)
  const rejected = (counts: readonly number[]): boolean =>
    counts.some((count) => count > 0) && testCounts(counts, shares).p <= level
  return shares.filter((p) => p > 0).length > 1 && rejected(open) && !rejected(opened)
}

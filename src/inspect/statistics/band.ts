import { binomialQuantile } from './binomial.ts'

/** Counts from `low` to `high`, both included, are what luck gives. */
export interface LuckBand {
  readonly low: number
  readonly high: number
}

export interface BandOptions {
  /** chance that luck leaves the band, half of it at each end at most; default 0.05 */
  readonly level?: number
  /**
   * `each` (default): the chance is that of each backend, so one in twenty is outside by luck alone. `all`: that of any
   * backend at all, so one that is outside stands out (Bonferroni: the level is shared out among them).
   */
  readonly among?: 'each' | 'all'
}

/** What luck allows one backend of `n` connections when it is chosen with odds `p`: binomial quantiles. 38 of 100 is within 24 … 43 of a third. */
export const band = (n: number, p: number, level = 0.05): LuckBand => ({
  low: binomialQuantile(level / 2, n, p),
  high: binomialQuantile(1 - level / 2, n, p),
})

/** What luck allows each backend. Backends with equal odds cost no more than one. */
export const bands = (
  n: number,
  odds: readonly number[],
  { level = 0.05, among = 'each' }: BandOptions = {},
): readonly LuckBand[] => {
  const choices = odds.filter((p) => p > 0).length
  const share = among === 'each' ? level : level / Math.max(1, choices)
  const known = new Map<number, LuckBand>()
  return odds.map((p) => {
    const found = known.get(p) ?? band(n, p, share)
    known.set(p, found)
    return found
  })
}

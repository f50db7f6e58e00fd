import { deviance, stirlingError } from './gamma.ts'
import { sum } from './numbers.ts'

/**
 * G = 2·Σ c·ln(c/e), the likelihood-ratio statistic of counts against expected counts of the same sum: about χ² with k − 1
 * degrees under the null. Of nested nulls, the G by which the richer fits better is about χ² with the parameters it adds. Infinity where nothing
 * was expected and something came.
 */
export const gStatistic = (counts: readonly number[], expected: readonly number[]): number =>
  2 *
  sum(
    counts.map((count, i) => {
      const e = expected[i] ?? 0
      if (e > 0) return deviance(count, e)
      return count > 0 ? Infinity : 0
    }),
  )

/** ln of the multinomial probability of exactly these counts, to full precision up to 2⁵³; odds sum to 1. */
export const logLikelihood = (counts: readonly number[], odds: readonly number[]): number => {
  const n = sum(counts)
  if (n === 0) return 0
  const rooted = (count: number): number => (count > 0 ? 0.5 * Math.log(2 * Math.PI * count) + stirlingError(count) : 0)
  return (
    rooted(n) -
    sum(counts.map(rooted)) -
    gStatistic(
      counts,
      odds.map((p) => n * p),
    ) /
      2
  )
}

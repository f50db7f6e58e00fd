import { deviance } from './gamma.ts'
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

/** Both tails of a statistic under the null; what was seen belongs to both. */
export interface Tails {
  /** P(X² ≥ seen): small when luck is seldom as uneven */
  readonly upper: number
  /** P(X² ≤ seen): small when luck is seldom as even */
  readonly lower: number
}

/** How a p was found: by the χ² approximation, by all outcomes, or by draws. */
export type TestMethod = 'chi2' | 'exact' | 'monte-carlo'

export interface Judged {
  readonly test: TestMethod
  readonly tails: Tails
}

/** Equal statistics that were summed in another order differ by less. */
export const tieMargin = (statistic: number): number => 1e-9 * Math.max(1, statistic)

/** Pearson's X² of counts under odds that sum to 1; a count where the odds are 0 makes it infinite. */
export const pearson = (counts: ArrayLike<number>, odds: readonly number[], n: number): number => {
  let total = 0
  for (let i = 0; i < odds.length; i++) {
    const count = counts[i] ?? 0
    const expected = n * (odds[i] ?? 0)
    if (expected > 0) total += (count - expected) ** 2 / expected
    else if (count > 0) return Infinity
  }
  return total
}

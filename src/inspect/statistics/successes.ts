/** Trials that succeed with odds of their own (Poisson binomial distribution), by exact convolution. Pure. */

/** P(exactly i of the trials succeed) for i = 0 … trials. */
export const successChances = (odds: readonly number[]): readonly number[] =>
  odds.reduce<readonly number[]>(
    (chances, p) => [...chances, 0].map((chance, i) => chance * (1 - p) + (chances[i - 1] ?? 0) * p),
    [1],
  )

export interface LeastSuccesses {
  readonly least: number
  /** P(at least so many succeed) */
  readonly chance: number
}

/** The most successes of which there are at least so many with a chance of `chance` or more. */
export const leastSuccesses = (odds: readonly number[], chance: number): LeastSuccesses => {
  const chances = successChances(odds)
  let more = 0
  for (let least = odds.length; least > 0; least--) {
    more += chances[least] ?? 0
    if (more >= chance) return { least, chance: Math.min(1, more) }
  }
  return { least: 0, chance: 1 }
}

/** P(at most `count` of the trials succeed). */
export const atMost = (count: number, odds: readonly number[]): number =>
  Math.min(
    1,
    successChances(odds)
      .slice(0, count + 1)
      .reduce((sum, one) => sum + one, 0),
  )

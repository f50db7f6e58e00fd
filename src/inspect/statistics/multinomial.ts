import { seededRandom } from '../../util/random.ts'
import { logGamma } from './gamma.ts'

/** Both tails of a goodness-of-fit statistic; the outcome seen belongs to both. */
export interface Tails {
  /** P(X² ≥ seen) */
  readonly upper: number
  /** P(X² ≤ seen) */
  readonly lower: number
}

/** Equal statistics that were summed in another order differ in the last digits. */
const slack = 1e-9

/** Pearson's X² of counts under odds that sum to 1; a count where the odds are 0 makes it infinite. */
export const pearson = (counts: readonly number[], odds: readonly number[]): number => {
  const n = counts.reduce((sum, count) => sum + count, 0)
  return counts.reduce((sum, count, i) => {
    const expected = n * (odds[i] ?? 0)
    if (expected === 0) return count === 0 ? sum : Infinity
    return sum + (count - expected) ** 2 / expected
  }, 0)
}

/** How many outcomes n draws over k cells have: C(n + k − 1, k − 1). */
export const outcomes = (n: number, k: number): number => {
  let total = 1
  for (let i = 1; i < k; i++) total = (total * (n + i)) / i
  return Math.round(total)
}

/** The tails by visiting every outcome; costs `outcomes(n, k)`. Odds must be positive. */
export const exactTails = (statistic: number, n: number, odds: readonly number[]): Tails => {
  const logOdds = odds.map(Math.log)
  const logFactorial = Array.from({ length: n + 1 }, (_, i) => logGamma(i + 1))
  const margin = slack * Math.max(1, statistic)
  let upper = 0
  let lower = 0
  const visit = (cell: number, left: number, logWeight: number, x2: number): void => {
    const last = cell === odds.length - 1
    const expected = n * (odds[cell] ?? 0)
    for (let count = last ? left : 0; count <= left; count++) {
      const weight = logWeight + count * (logOdds[cell] ?? 0) - (logFactorial[count] ?? 0)
      const sum = x2 + (count - expected) ** 2 / expected
      if (!last) visit(cell + 1, left - count, weight, sum)
      else {
        const probability = Math.exp(weight)
        if (sum >= statistic - margin) upper += probability
        if (sum <= statistic + margin) lower += probability
      }
    }
  }
  visit(0, n, logFactorial[n] ?? 0, 0)
  return { upper: Math.min(1, upper), lower: Math.min(1, lower) }
}

/** A binomial draw by inversion, outwards from the mode: O(√npq). */
const binomial = (random: () => number, n: number, p: number): number => {
  if (n === 0 || p <= 0) return 0
  if (p >= 1) return n
  const mode = Math.min(n, Math.floor((n + 1) * p))
  const logMode =
    logGamma(n + 1) - logGamma(mode + 1) - logGamma(n - mode + 1) + mode * Math.log(p) + (n - mode) * Math.log1p(-p)
  const odds = p / (1 - p)
  let rest = (random() + 0.5) / 2 ** 32
  let [down, up] = [mode, mode]
  let below = Math.exp(logMode)
  let above = below
  rest -= below
  while (rest > 0 && (down > 0 || up < n)) {
    if (up < n) {
      above *= ((n - up) / (up + 1)) * odds
      up++
      rest -= above
      if (rest <= 0) return up
    }
    if (down > 0) {
      below *= down / ((n - down + 1) * odds)
      down--
      rest -= below
      if (rest <= 0) return down
    }
  }
  return mode
}

/** One multinomial draw, cell by cell. */
const draw = (random: () => number, n: number, odds: readonly number[]): number[] => {
  let left = n
  let mass = 1
  return odds.map((p, i) => {
    const count = i === odds.length - 1 ? left : binomial(random, left, Math.min(1, p / mass))
    left -= count
    mass -= p
    return count
  })
}

/** The tails from seeded draws, (hits + 1) / (draws + 1), so never 0. Odds must be positive. */
export const sampledTails = (
  statistic: number,
  n: number,
  odds: readonly number[],
  options: { readonly seed: string; readonly draws: number },
): Tails => {
  const random = seededRandom(options.seed)
  const margin = slack * Math.max(1, statistic)
  let upper = 1
  let lower = 1
  for (let i = 0; i < options.draws; i++) {
    const x2 = pearson(draw(random, n, odds), odds)
    if (x2 >= statistic - margin) upper++
    if (x2 <= statistic + margin) lower++
  }
  return { upper: upper / (options.draws + 1), lower: lower / (options.draws + 1) }
}

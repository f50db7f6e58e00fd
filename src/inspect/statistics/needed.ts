import { chiSquareCritical, noncentralityFor, noncentralUpper } from './chi-square.ts'
import { smallest } from './numbers.ts'

export interface Sight {
  /** how far one backend is off its share, relative: 0.5 is half more or less; default 0.5 */
  readonly skew?: number
  /** of the test, default 0.05 */
  readonly level?: number
  /** probability to find it, default 0.8 */
  readonly power?: number
}

/** χ²'s non-centrality for each connection when the backend with the smallest odds is off by `skew` and the others make up for it. */
const perConnection = (odds: readonly number[], skew: number): number => {
  const least = smallest(odds)
  return (skew ** 2 * least) / (1 - least)
}

/**
 * Connections at which a backend off by `skew` is found: n ≈ λ(1 − p)/(δ²p) for the smallest odds p, which is λ(k − 1)/δ² for
 * uniform ones; λ is the non-centrality that gives the power at k − 1 degrees. Not rounded; 0 where there is no choice.
 * @param odds positive, sum to 1
 */
export const connectionsToSee = (
  odds: readonly number[],
  { skew = 0.5, level = 0.05, power = 0.8 }: Sight = {},
): number => (odds.length < 2 ? 0 : noncentralityFor(odds.length - 1, level, power) / perConnection(odds, skew))

/** `connectionsToSee` half more or less with power 0.8, rounded up to the next ten. */
export const neededFor = (odds: readonly number[], level: number): number =>
  Math.ceil(connectionsToSee(odds, { level }) / 10) * 10

/**
 * `connectionsToSee` for a test of one backend that was named before anyone looked: λ/(δ²p) with λ of one degree. (The variance taken is
 * Poisson's, a little more than the binomial's: the exact test moves in steps and needs it.)
 */
export const connectionsToSeeNamed = (share: number, { skew = 0.5, level = 0.05, power = 0.8 }: Sight = {}): number =>
  noncentralityFor(1, level, power) / (skew ** 2 * share)

/** The probability that `n` connections show a backend off by `skew`; the level where there is no choice. */
export const powerToSee = (
  n: number,
  odds: readonly number[],
  { skew = 0.5, level = 0.05 }: Omit<Sight, 'power'> = {},
): number =>
  odds.length < 2
    ? level
    : noncentralUpper(odds.length - 1, n * perConnection(odds, skew), chiSquareCritical(odds.length - 1, level))

import { type Draws, sum } from '../../statistics/index.ts'
import { type Case, effectiveChoices } from './choices.ts'

/** A model is wrong about this share of the choices, which fall anywhere: one that it calls impossible does not refute it. */
const astray = 1e-3

/**
 * Log odds of what was chosen under one set of draws against another. Where the choice of each is known they are the exact likelihoods, and
 * counts that follow the second reach ln x once in x cases at most (Markov); else those of the totals, as of equal draws.
 */
export const gainBetween = (situation: Case, draws: readonly Draws[], before: readonly Draws[]): number => {
  const { choices, totals } = situation
  if (choices.some(({ backend }) => backend === null))
    return gainOf(totals, expectedOf(draws), expectedOf(before), effectiveChoices(situation))
  const k = totals.length
  const logOdds = (of: Draws | undefined, backend: number | null): number =>
    Math.log((1 - astray) * (of?.odds[backend ?? 0] ?? 0) + astray / k)
  return sum(choices.map(({ backend, count }, i) => count * (logOdds(draws[i], backend) - logOdds(before[i], backend))))
}

/** What draws come to, per backend. */
export const expectedOf = (draws: readonly Draws[]): readonly number[] =>
  (draws[0]?.odds ?? []).map((_, i) => sum(draws.map(({ odds, count, weight = 1 }) => count * weight * (odds[i] ?? 0))))

/** Log odds of the totals under one expectation against another, as of `draws` draws. */
export const gainOf = (
  totals: readonly number[],
  expected: readonly number[],
  before: readonly number[],
  draws: number,
): number => {
  const n = sum(totals)
  const each = totals.map((total, i) => {
    if (total === 0) return 0
    if ((expected[i] ?? 0) === 0) return -Infinity
    return (before[i] ?? 0) === 0 ? Infinity : total * Math.log((expected[i] ?? 0) / (before[i] ?? 0))
  })
  return n === 0 ? 0 : (sum(each) * draws) / n
}

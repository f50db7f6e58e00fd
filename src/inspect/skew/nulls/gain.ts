import { type Draws, sum } from '../../statistics/index.ts'
import { type Case, effectiveChoices } from './choices.ts'
import { epochs } from './odds.ts'

/** A model is wrong about this share of the choices, which fall anywhere: one that it calls impossible does not refute it. */
const astray = 1e-3

/**
 * Log odds of what was chosen under one set of draws against another. Where the choice of each is known they are the exact likelihoods, and
 * counts that follow the second reach ln x once in x cases at most (Markov); else those of the totals, as of equal draws.
 */
export const gainBetween = (situation: Case, draws: readonly Draws[], before: readonly Draws[]): number => {
  const { choices, totals } = situation
  if (choices.some(({ backend }) => backend === null)) return gainOfTotals(situation, draws, before)
  const k = totals.length
  const logOdds = (of: Draws | undefined, backend: number | null): number =>
    Math.log((1 - astray) * (of?.odds[backend ?? 0] ?? 0) + astray / k)
  return sum(choices.map(({ backend, count }, i) => count * (logOdds(draws[i], backend) - logOdds(before[i], backend))))
}

/**
 * Log odds of the totals alone under one set of draws against another: of how often each was chosen, else of the load as of equal draws.
 * What came to each node is none of the nulls' doing, but their totals tell it, and so it pays for itself: one parameter for each kind of odds
 * more. When connections came the totals do not tell.
 */
export const gainOfTotals = (
  situation: Case,
  draws: readonly Draws[],
  before: readonly Draws[],
  moments: readonly number[] = [],
): number => {
  const { choices, totals } = situation
  const kinds = (some: readonly Draws[]): number => Math.min(totals.length, kindsAtOnce(situation, some, moments))
  const parameters = Math.max(0, kinds(draws) - kinds(before))
  if (choices.some(({ backend }) => backend === null)) {
    const n = effectiveChoices(situation)
    return gainOf(totals, expectedOf(draws), expectedOf(before), n) - (parameters / 2) * Math.log(Math.max(1, n))
  }
  const chosen = totals.map(() => 0)
  for (const { backend, count } of choices) chosen[backend ?? 0] = (chosen[backend ?? 0] ?? 0) + count
  const n = sum(chosen)
  const expected = (some: readonly Draws[]): readonly number[] =>
    expectedOf(some.map((draw) => ({ ...draw, weight: 1 }))).map((e) => (1 - astray) * e + (astray * n) / totals.length)
  return gainOf(chosen, expected(draws), expected(before), n) - (parameters / 2) * Math.log(Math.max(1, n))
}

/** How many different odds there are at one moment. */
const kindsAtOnce = ({ observation, choices }: Case, draws: readonly Draws[], times: readonly number[]): number => {
  const epochOf = epochs(observation, times)
  const moments = new Map<number, Set<readonly number[]>>()
  for (const [i, { odds }] of draws.entries()) {
    const epoch = epochOf(choices[i]?.openedAt ?? null)
    moments.set(epoch, (moments.get(epoch) ?? new Set()).add(odds))
  }
  return Math.max(0, ...[...moments.values()].map(({ size }) => size))
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

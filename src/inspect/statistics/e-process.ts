/**
 * Anytime-valid evidence against odds, for counts that come in look by look: the Dirichlet-multinomial mixture of Lindon and Malek
 * 2022, "Anytime-valid inference for multinomial count data". However often one looks, and whenever one stops, the chance that
 * E ever reaches 1/level is at most the level while the odds are what they are said to be (Ville 1939). Pure.
 */
import { deviance, stirlingError } from './gamma.ts'

/** What one look brought: connections of each backend, and the odds (sum to 1) by which each was chosen meanwhile. */
export interface Look {
  readonly names: readonly string[]
  readonly counts: readonly number[]
  readonly odds: readonly number[]
}

/** One backend since the start of a stretch. */
interface Tally {
  readonly count: number
  /** by the odds of each look */
  readonly expected: number
}

/** A stretch of connections, up to now, with an E of its own that began at 1. */
export interface Stretch {
  /** of its start among all starts: 0, 1, … */
  readonly order: number
  /** connections before it */
  readonly from: number
  readonly n: number
  readonly tallies: ReadonlyMap<string, Tally>
  /** ln E for each of `concentrations` */
  readonly logEs: readonly number[]
}

/**
 * How close to the odds the alternatives lie, as Dirichlet weight for each backend: shares that are off by about 100 %, 30 %, 10 %, 3 %.
 * The mean of their E is an E.
 */
const concentrations = [1, 10, 100, 1000] as const

export const newStretch = (order: number, from: number): Stretch => ({
  order,
  from,
  n: 0,
  tallies: new Map(),
  logEs: concentrations.map(() => 0),
})

export const logSumExp = (logs: readonly number[]): number => {
  const most = logs.reduce((a, b) => Math.max(a, b), -Infinity)
  if (!Number.isFinite(most)) return most
  return most + Math.log(logs.reduce((total, log) => total + Math.exp(log - most), 0))
}

/** ln E of a stretch */
export const evidenceOf = ({ logEs }: Stretch): number => logSumExp(logEs) - Math.log(logEs.length)

/**
 * The stretch with a look more. Before it, the past predicts the shares: for each backend the odds now, times the ratio of what it got to
 * what it was expected to get, both with the prior's weight. With constant odds this is the posterior; where odds
 * change, or backends come and go, it is still a prediction made beforehand, and so still fair. The bet is
 * Dirichlet-multinomial around it, against the multinomial of the odds.
 */
export const extended = (stretch: Stretch, { names, counts, odds }: Look): Stretch => {
  const seen = names.map((name) => stretch.tallies.get(name) ?? { count: 0, expected: 0 })
  const arrived = counts.reduce((total, count) => total + count, 0)
  const logEs = stretch.logEs.map((logE, j) => {
    const prior = (concentrations[j] ?? 1) * odds.length
    return logE + logFactor(predicted(seen, odds, prior, stretch.n), counts, odds)
  })
  const tallies = new Map(stretch.tallies)
  names.forEach((name, i) => {
    const { count, expected } = seen[i] ?? { count: 0, expected: 0 }
    tallies.set(name, { count: count + (counts[i] ?? 0), expected: expected + arrived * (odds[i] ?? 0) })
  })
  return { ...stretch, n: stretch.n + arrived, tallies, logEs }
}

/** Dirichlet parameters that sum to prior + n. */
const predicted = (seen: readonly Tally[], odds: readonly number[], prior: number, n: number): readonly number[] => {
  const shares = odds.map((p, i) => {
    const { count, expected } = seen[i] ?? { count: 0, expected: 0 }
    return p === 0 ? 0 : (p * (prior * p + count)) / (prior * p + expected)
  })
  const total = shares.reduce((a, b) => a + b, 0)
  return shares.map((share) => (share / total) * (prior + n))
}

/** ln of Dirichlet-multinomial over multinomial: ln ∏ Γ(aᵢ + cᵢ)/Γ(aᵢ) · Γ(A)/Γ(A + n) · ∏ pᵢ^(−cᵢ), its digits kept at any size. */
const logFactor = (weights: readonly number[], counts: readonly number[], odds: readonly number[]): number => {
  if (odds.some((p, i) => p === 0 && (counts[i] ?? 0) > 0)) return Infinity
  return (
    shape(
      weights.map((a, i) => a + (counts[i] ?? 0)),
      odds,
    ) - shape(weights, odds)
  )
}

/** ln ∏ Γ(xᵢ)/Γ(X) − Σ xᵢ·ln pᵢ without the constants that the difference of two such loses */
const shape = (weights: readonly number[], odds: readonly number[]): number => {
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.reduce(
    (log, x, i) => {
      const p = odds[i] ?? 0
      return p === 0 ? log : log + deviance(x, total * p) - 0.5 * Math.log(x) + stirlingError(x)
    },
    0.5 * Math.log(total) - stirlingError(total),
  )
}

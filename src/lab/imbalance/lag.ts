import { fixed } from '../../simulate/defaults.ts'
import type { Duration, Scenario } from '../../simulate/model.ts'
import { samplerOf, uniformOf } from '../../simulate/random.ts'
import type { SchedulerName } from '../../model/frontend.ts'
import { seededRandom } from '../../util/random.ts'

/**
 * How long a change took to come into a node's rules, as the connections of its clients tell. The first that met a new pod came after the change.
 * Each before might have met one, but for luck: the more there were, the less likely the rules were there already. The same backwards for a pod
 * that goes. Pure.
 */
export interface LagEvidence {
  /**
   * Seconds after the change, from the first connection that met the pods back: between two connections nothing is known. `weight` is how likely so
   * many in a row meet none of them although they are in the rules, and the next one does.
   */
  readonly gaps: readonly { readonly low: number; readonly high: number; readonly weight: number }[]
}

/** What a client's connection tells. */
export interface Witness {
  /** seconds since the epoch */
  readonly at: number
  /** it came to a pod that the change is about */
  readonly met: boolean
}

export interface LagQuestion {
  /** seconds since the epoch */
  readonly changedAt: number
  readonly scheduler: SchedulerName
  /** that the change is about */
  readonly pods: number
  /** that are in the rules all the time */
  readonly others: number
}

/** Of pods that come. null: none was met. A moment before the change counts as the change. */
export const lagOfComing = (witnesses: readonly Witness[], question: LagQuestion): LagEvidence | null => {
  const { changedAt } = question
  const first = witnesses.filter(({ met }) => met).reduce((least, { at }) => Math.min(least, at), Infinity)
  if (first === Infinity) return null
  const before = witnesses.flatMap(({ at }) => (at > changedAt && at < first ? [at - changedAt] : []))
  const moments = [Math.max(0, first - changedAt), ...before.sort((a, b) => b - a)]
  return {
    gaps: moments.map((high, i) => ({ high, low: moments[i + 1] ?? 0, weight: chanceOfMisses(i, question) })),
  }
}

/** Of pods that go and answer or refuse until `until` (seconds since the epoch): witnesses after that tell nothing. null: there are none. */
export const lagOfGoing = (
  witnesses: readonly Witness[],
  question: LagQuestion & { readonly until: number },
): LagEvidence | null => {
  const { changedAt, until } = question
  const told = witnesses.filter(({ at }) => at > changedAt && at < until)
  if (told.length === 0) return null
  const last = told.filter(({ met }) => met).reduce((most, { at }) => Math.max(most, at), changedAt)
  const moments = [last, ...told.flatMap(({ at }) => (at > last ? [at] : [])).sort((a, b) => a - b), until]
  return {
    gaps: moments.slice(1).map((high, i) => ({
      low: (moments[i] ?? high) - changedAt,
      high: high - changedAt,
      weight: chanceOfMisses(i, question),
    })),
  }
}

/** So many misses in a row, and then none. */
const chanceOfMisses = (misses: number, { scheduler, pods, others }: LagQuestion): number => {
  const all = pods + others
  switch (scheduler) {
    case 'random':
    case 'maglev':
      return (others / all) ** misses * (pods / all)
    case 'rr': {
      let chance = misses > others ? 0 : pods / (all - misses)
      for (let i = 0; i < Math.min(misses, others); i++) chance *= (others - i) / (all - i)
      return chance
    }
    default:
      // a client that is hashed moves with its next connection or never, and what looks at open ones fills new pods first
      return misses === 0 ? 1 : 0
  }
}

/** A lag in seconds, as likely as the evidence makes it: before anything was seen every moment was as likely. `uniform` answers 0 … 1. */
export const drawLag = ({ gaps }: LagEvidence, uniform: () => number): number => {
  const weights = gaps.map(({ low, high, weight }) => (high - low) * weight)
  let left = uniform() * weights.reduce((sum, weight) => sum + weight, 0)
  const chosen = gaps.find((_, i) => (left -= weights[i] ?? 0) < 0) ?? gaps[0]
  return chosen === undefined ? 0 : chosen.low + (chosen.high - chosen.low) * uniform()
}

/** Of a lane and by node: its own evidence, or where its connections tell nothing, that of the others. */
export const evidenceOf = (lags: readonly (readonly (LagEvidence | null)[])[], lane: number): NodeLags =>
  (lags[lane] ?? []).map((own, node) => (own === null ? lags.flatMap((other) => other[node] ?? []) : [own]))

/** By node, in order: one of these is right; none: nothing is known. */
export type NodeLags = readonly (readonly LagEvidence[])[]

/** seconds: of a node where no connection tells */
const usualLag: Duration = { kind: 'uniform', low: 0, high: 1 }

/** A run's lags, drawn by the seed: `sooner` seconds, and what the evidence says. A node learns of all pods of a change at one moment. */
export const withLags = (scenario: Scenario, lags: NodeLags, seed: string, sooner = 0): Scenario => {
  const uniform = uniformOf(seededRandom(seed))
  const lagOf = (evidence: readonly LagEvidence[]): number => {
    const one = evidence[Math.floor(uniform() * evidence.length)]
    return one === undefined ? samplerOf(usualLag, uniform)() : drawLag(one, uniform)
  }
  const nodes = scenario.nodes.map((node, i) => ({ ...node, lag: fixed(sooner + lagOf(lags[i] ?? [])) }))
  return { ...scenario, nodes }
}

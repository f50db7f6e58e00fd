import { formatSeconds } from '../util/chart/axis.ts'
import { isL7 } from './facts.ts'
import type { Outcome, Policy, Scenario } from './model.ts'
import { reasonOf } from './reasons.ts'

/** Which of the compared policies to take in this scenario, and why. */
export interface Recommendation {
  /** name of the policy; null: there was only one to look at */
  readonly policy: string | null
  /** as even and as safe, within what matters; the recommended one asks the least of these */
  readonly equals: readonly string[]
  /** why each comes out as it does */
  readonly reasons: readonly { readonly policy: string; readonly reason: string }[]
  /** for people */
  readonly sentences: readonly string[]
}

interface Candidate {
  readonly policy: Policy
  readonly outcome: Outcome
  /** broken and refused, of the connections tried with the policy that tries the fewest */
  readonly lost: number
  /** mean over the runs of max/mean at the end */
  readonly uneven: number
  readonly cost: number
}

/**
 * First what is lost, then how even it ends, then what it takes. Differences that nobody would notice do not count: one connection in a
 * hundred (or a fifth of those) lost, a fifth (or .05) of what max/mean is above 1.
 */
export const recommend = (
  scenario: Scenario,
  policies: readonly Policy[],
  outcomes: readonly Outcome[],
): Recommendation => {
  const tried = outcomes.reduce((fewest, one) => Math.min(fewest, one.opened.mean + one.refused.mean), Infinity)
  const candidates = policies.flatMap((policy, index): readonly Candidate[] => {
    const outcome = outcomes[index]
    return outcome === undefined ? [] : [candidate(policy, outcome, tried)]
  })
  const reasons = candidates.map(({ policy, outcome }) => ({
    policy: policy.name,
    reason: reasonOf(scenario, policy, outcome),
  }))
  const safest = Math.min(...candidates.map(({ lost }) => lost))
  const safe = candidates.filter(({ lost }) => isAsSafe(lost, safest))
  const mostEven = Math.min(...safe.map(({ uneven }) => uneven))
  const good = safe.filter(({ uneven }) => isAsEven(uneven, mostEven)).toSorted((a, b) => a.cost - b.cost)
  const [best, ...equals] = good
  if (best === undefined || candidates.length < 2) return { policy: null, equals: [], reasons, sentences: [] }
  return {
    policy: best.policy.name,
    equals: equals.map(({ policy }) => policy.name),
    reasons,
    sentences: [...sentencesOf({ scenario, candidates, best, equals })],
  }
}

const candidate = (policy: Policy, outcome: Outcome, tried: number): Candidate => ({
  policy,
  outcome,
  lost: (outcome.broken.mean + outcome.refused.mean) / Math.max(1, tried),
  uneven: outcome.maxOverMean.end.mean,
  cost: costOf(policy),
})

const isAsSafe = (lost: number, least: number): boolean => lost - least <= Math.max(0.01, 0.2 * least)

const isAsEven = (uneven: number, best: number): boolean => uneven - best <= Math.max(0.05, 0.2 * (best - 1))

/** What a policy asks of those who run the cluster. */
const costOf = (policy: Policy): number =>
  (isL7(policy) ? 5 : 0) +
  (policy.counts === 'shared' ? 3 : 0) +
  (policy.maxAgeSeconds !== null || policy.maxRequests !== null ? 2 : 0) +
  (policy.scheduler === 'p2c' || policy.scheduler === 'lc' ? 1 : 0)

function* sentencesOf({
  scenario,
  candidates,
  best,
  equals,
}: {
  readonly scenario: Scenario
  readonly candidates: readonly Candidate[]
  readonly best: Candidate
  readonly equals: readonly Candidate[]
}): Generator<string> {
  const { outcome, policy } = best
  const worst = candidates.reduce((a, b) => (b.uneven > a.uneven ? b : a))
  const reason = reasonOf(scenario, policy, outcome)
  if (equals.length + 1 === candidates.length)
    yield `${candidates.length === 2 ? 'Both policies' : `All ${candidates.length} policies`} are alike here: on average the busiest pod has at most ${ratio(worst.uneven)} times the mean. ${policy.name} asks the least.`
  else {
    const [low, high] = [ratio(outcome.maxOverMean.end.low), ratio(outcome.maxOverMean.end.high)]
    const range = low === high ? '' : ` (${low} to ${high} in 90% of the runs)`
    yield `Take ${policy.name}: the busiest pod has on average ${ratio(best.uneven)} times the mean${range}${worst === best ? '' : `; with ${worst.policy.name} it has ${ratio(worst.uneven)} times`}.`
  }
  yield `Why: ${reason}.`
  if (worst !== best && worst.uneven > best.uneven * 1.05)
    yield `${worst.policy.name}: ${reasonOf(scenario, worst.policy, worst.outcome)}.`
  if (equals.length > 0 && equals.length + 1 < candidates.length)
    yield `As even: ${equals.map((one) => `${one.policy.name} (${ratio(one.uneven)})`).join(', ')}.`
  const need = needs(policy)
  if (need !== null) yield `It needs ${need}.`
  const riskier = candidates.filter(({ lost }) => !isAsSafe(lost, best.lost))
  if (best.lost > 0.001 || riskier.length > 0)
    yield `Of the connections ${percent(best.lost)} break or are refused${riskier.length === 0 ? '' : `; ${riskier.map((one) => `${percent(one.lost)} with ${one.policy.name}`).join(', ')}`}.`
  yield* settling(best, scenario)
}

function* settling({ outcome, uneven }: Candidate, { evenLimit, events }: Scenario): Generator<string> {
  const { reached, seconds } = outcome.timeToEven
  const since = events.length === 0 ? 'the start' : 'the last event'
  if (uneven > evenLimit && reached < 0.5)
    yield `Even so it is not even: max/mean stays above ${evenLimit} in ${percent(1 - reached)} of the runs.`
  else if (seconds !== null && seconds.median > 0 && reached >= 0.5)
    yield `It is even (max/mean ≤ ${evenLimit}) ${formatSeconds(Math.round(seconds.median))} after ${since}, in ${percent(reached)} of the runs before the end.`
}

const needs = (policy: Policy): string | null => {
  const list = [
    ...(isL7(policy) ? ["a proxy that sees requests (a mesh, an ingress, or gRPC's own balancing)"] : []),
    ...(policy.counts === 'shared' ? ["nodes that know each other's counts"] : []),
    ...(policy.maxAgeSeconds !== null
      ? [
          'servers that end connections at an age (gRPC: MAX_CONNECTION_AGE; HTTP: keep-alive limits; pools: a maximum lifetime)',
        ]
      : []),
    ...(policy.maxRequests !== null ? ['clients or servers that end connections after so many requests'] : []),
  ]
  return list.length === 0 ? null : list.join(', and ')
}

const ratio = (value: number): string => value.toFixed(2)
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 && share > 0 ? 1 : 0)}%`
